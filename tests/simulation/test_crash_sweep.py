"""The process dies at every point of twelve scenarios, one point a run, and at sampled pairs of points.

A point is every call of a port and both sides of every commit; listings and searches lag. ``DUBAN_SWEEP=all`` (the
default) takes every point, a number takes every so-many-th; ``DUBAN_SWEEP_PAIRS`` sets the pairs of each scenario.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import pytest

from tests.simulation.crashing import play_scenario
from tests.simulation.scenarios import SCENARIOS

_STRIDE = 1 if (_GIVEN := os.environ.get("DUBAN_SWEEP", "all")) == "all" else int(_GIVEN)
_PAIRS = int(os.environ.get("DUBAN_SWEEP_PAIRS", "8"))
_PARTS = 4

each = pytest.mark.parametrize("name", SCENARIOS)


def _survives(name: str, crash_at: Sequence[int]) -> None:
    told = play_scenario(SCENARIOS[name], crash_at)
    assert len(told.crashed) == len(crash_at), f"{name}: nobody died at {crash_at}"
    assert not told.broken, f"{name}, dead at {list(zip(crash_at, told.crashed, strict=True))}: {told.broken[:5]}"


@each
def test_a_scenario_ends_well_when_nothing_dies(name: str) -> None:
    told = play_scenario(SCENARIOS[name])
    assert not told.broken
    assert told.points > 50
    assert play_scenario(SCENARIOS[name]).digest == told.digest


@each
@pytest.mark.parametrize("part", range(_PARTS))
def test_a_crash_at_any_point_loses_nothing(name: str, part: int) -> None:
    points = play_scenario(SCENARIOS[name]).points
    for at in range(1 + part * _STRIDE, points + 1, _PARTS * _STRIDE):
        _survives(name, [at])


@each
def test_a_second_crash_while_it_recovers_loses_nothing(name: str) -> None:
    rng = random.Random(name)
    points = play_scenario(SCENARIOS[name]).points
    for _ in range(_PAIRS):
        first = rng.randint(1, points)
        longer = play_scenario(SCENARIOS[name], [first]).points
        if first < longer:
            _survives(name, [first, rng.randint(first + 1, longer)])
