"""Promises held over many seeds; more by hand with ``python -m sandbox.drill FIRST COUNT``."""

from __future__ import annotations

import pytest

from sandbox.drill.acts import draw_setting
from sandbox.drill.play import play, shrink, story

_SEEDS = 120
_A_BATCH = 20


@pytest.mark.parametrize("first", range(0, _SEEDS, _A_BATCH))
def test_no_promise_breaks_under_people_faults_and_crashes(first: int) -> None:
    for seed in range(10_000 + first, 10_000 + first + _A_BATCH):
        played = play(draw_setting(seed))
        if played.broken:
            pytest.fail("\n" + story(shrink(played)), pytrace=False)


@pytest.mark.parametrize("seed", [3, 112, 283])
def test_the_same_seed_plays_the_same_run(seed: int) -> None:
    first, second = play(draw_setting(seed)), play(draw_setting(seed))
    assert first.digest == second.digest
    assert first.script == second.script


@pytest.mark.parametrize("seed", [3, 112, 283])
def test_a_run_played_from_its_script_is_the_same_run(seed: int) -> None:
    made_up = play(draw_setting(seed))
    assert play(made_up.setting, made_up.script).digest == made_up.digest
