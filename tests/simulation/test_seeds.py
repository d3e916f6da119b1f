"""Promises held over many seeds; more by hand with ``python -m sandbox.drill FIRST COUNT``.

``DUBAN_L1_SEEDS`` sets how many are played, ``DUBAN_REPLAYS`` how many of them twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from sandbox.drill.acts import Setting, draw_hot, draw_setting
from sandbox.drill.play import play, shrink, story

_SEEDS = int(os.environ.get("DUBAN_L1_SEEDS", "120"))
_REPLAYS = int(os.environ.get("DUBAN_REPLAYS", "40"))
_A_BATCH = 20


@pytest.mark.parametrize("draw", [draw_setting, draw_hot], ids=["calm", "hot"])
@pytest.mark.parametrize("first", range(0, _SEEDS, _A_BATCH))
def test_no_promise_breaks_under_people_faults_and_crashes(first: int, draw: Callable[[int], Setting]) -> None:
    for seed in range(10_000 + first, 10_000 + first + _A_BATCH):
        played = play(draw(seed))
        if played.broken:
            pytest.fail("\n" + story(shrink(played)), pytrace=False)


@pytest.mark.parametrize("first", range(0, _REPLAYS, _A_BATCH))
def test_the_same_seed_plays_the_same_run(first: int) -> None:
    for seed in range(20_000 + first, 20_000 + first + _A_BATCH):
        one, other = play(draw_hot(seed)), play(draw_hot(seed))
        assert (one.digest, one.script) == (other.digest, other.script), seed


@pytest.mark.parametrize("seed", [3, 112, 283])
def test_a_run_played_from_its_script_is_the_same_run(seed: int) -> None:
    made_up = play(draw_setting(seed))
    assert play(made_up.setting, made_up.script).digest == made_up.digest
