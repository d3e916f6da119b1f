"""Promises held over many seeds; more by hand with ``python -m sandbox.drill FIRST COUNT``.

``DUBAN_L1_SEEDS`` sets how many are played in all, ``DUBAN_REPLAYS`` how many of them twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import pytest

from sandbox.drill.acts import DRAWS
from sandbox.drill.play import play, shrink, story
from tests.simulation.open_cases import OPEN

_SEEDS = int(os.environ.get("DUBAN_L1_SEEDS", "20000"))
_REPLAYS = int(os.environ.get("DUBAN_REPLAYS", "40"))
_SHARES: Final = {"calm": 0.1, "hot": 0.45, "wide": 0.45}
_A_BATCH = 250


def _batches() -> Iterator[tuple[str, int, int]]:
    for mix, share in _SHARES.items():
        count = round(_SEEDS * share)
        yield from ((mix, at, min(_A_BATCH, count - at)) for at in range(0, count, _A_BATCH))


@pytest.mark.no_cover  # thousands of runs say nothing new to the coverage, and being watched would double their time
@pytest.mark.parametrize(("mix", "at", "count"), list(_batches()))
def test_no_promise_breaks_under_people_faults_and_crashes(mix: str, at: int, count: int) -> None:
    for seed in range(10_000 + at, 10_000 + at + count):
        if (mix, seed) in OPEN:
            continue
        played = play(DRAWS[mix](seed))
        if played.broken:
            pytest.fail(f"{mix} seed {seed}\n" + story(shrink(played)), pytrace=False)


@pytest.mark.parametrize("mix", _SHARES)
@pytest.mark.parametrize("at", range(0, _REPLAYS, 20))
def test_the_same_seed_plays_the_same_run(at: int, mix: str) -> None:
    for seed in range(20_000 + at, 20_000 + at + 20):
        one, other = play(DRAWS[mix](seed)), play(DRAWS[mix](seed))
        assert (one.digest, one.script) == (other.digest, other.script), seed


@pytest.mark.parametrize("mix", _SHARES)
@pytest.mark.parametrize("seed", [3, 112, 283])
def test_a_run_played_from_its_script_is_the_same_run(seed: int, mix: str) -> None:
    made_up = play(DRAWS[mix](seed))
    assert play(made_up.setting, made_up.script).digest == made_up.digest
