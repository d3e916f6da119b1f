"""Every planted bug must be noticed within a quarter of what its level plays, or the checks have gone blind.

A run counts only when the same run without the bug keeps every promise. Each test prints where its bug fell
(``pytest -rP`` shows it).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from sandbox.drill import entities, fields
from sandbox.drill.acts import Setting, draw_hot
from sandbox.drill.play import play
from tests.simulation.bank import BUGS, Bug
from tests.simulation.crashing import play_scenario
from tests.simulation.normalising import play_normalised
from tests.simulation.scenarios import SCENARIOS

_L0_CASES = int(os.environ.get("DUBAN_L0_CASES", "1000000"))
_L1_SEEDS = 240
"""A reduced budget: a quarter of it must be enough for every bug, so that what CI plays is far more than enough."""
_NORMALISED = 40
_FIRST_SEED = 50_000
_A_CHUNK = 500
_MISFITS = ("raised AttributeError", "raised TypeError")
"""What a bug shows that no longer fits the code it is planted in: nothing was noticed."""

Found = Callable[[], list[str]]


def _attempts(bug: Bug) -> list[Found]:
    """Give what a quarter of the level plays, in the order it is played."""
    if bug.level in ("merge", "plan"):
        many = fields.play_fields if bug.level == "merge" else entities.play_entities
        cases = _L0_CASES * 9 // 10 if bug.level == "merge" else _L0_CASES // 10
        return [partial(many, at, _A_CHUNK) for at in range(0, cases // 4, _A_CHUNK)]
    if bug.level == "hot":
        seeds = range(_FIRST_SEED, _FIRST_SEED + _L1_SEEDS // 4)
        return [partial(_played, replace(draw_hot(seed), **bug.world)) for seed in seeds]
    if bug.level == "normalised":
        return [partial(play_normalised, seed) for seed in range(_NORMALISED // 4)]
    points = [(name, at) for name in bug.scenarios for at in range(1, play_scenario(SCENARIOS[name]).points + 1)]
    random.Random(bug.name).shuffle(points)
    return [partial(_swept, name, at) for name, at in points[: len(points) // 4]]


def _played(setting: Setting) -> list[str]:
    return play(setting).broken


def _swept(name: str, at: int) -> list[str]:
    return play_scenario(SCENARIOS[name], [at]).broken


def _planted(bug: Bug, attempt: Found) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        bug.plant(patch)
        return [line for line in attempt() if not line.startswith(_MISFITS)]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_noticed_in_time(name: str) -> None:
    bug = BUGS[name]
    attempts = _attempts(bug)
    for count, attempt in enumerate(attempts, start=1):
        broken = _planted(bug, attempt)
        if broken and not attempt():
            print(f"{bug.level:10} {name}: fell at {count} of {len(attempts)}: {broken[0]}")
            return
    pytest.fail(f"{name}: not noticed in {len(attempts)} attempts of level {bug.level}")


@pytest.mark.parametrize("seed", range(_NORMALISED))
def test_a_system_with_its_own_way_of_storing_is_told_once(seed: int) -> None:
    assert play_normalised(seed) == []
