"""The laws of merging and planning over the whole small domain of a field and over a million drawn cases.

``DUBAN_L0_CASES`` sets how many are drawn; nine of ten are fields, every tenth is an entity.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from sandbox.drill import entities, fields
from sync import planner
from sync.merge import FieldOutcome, merge_field

_CASES = int(os.environ.get("DUBAN_L0_CASES", "1000000"))
_A_CHUNK = 25_000
_PARTS = 4

pytestmark = pytest.mark.no_cover
"""A million cases say nothing new to the coverage, and being watched would take them minutes."""


@pytest.mark.parametrize("part", range(_PARTS))
def test_the_whole_small_domain_of_a_field_keeps_the_laws(part: int) -> None:
    assert fields.play_domain(part, _PARTS) == []


@pytest.mark.parametrize("first", range(0, _CASES, _A_CHUNK))
def test_drawn_cases_keep_the_laws(first: int) -> None:
    worlds = _A_CHUNK // 10
    assert fields.play_fields(first, _A_CHUNK - worlds) == []
    assert entities.play_entities(first, worlds) == []


def _spoilt(how: Any) -> Any:
    def merge(hub: Any, sides: Any, parked: Any = None) -> FieldOutcome:
        out = merge_field(hub, sides, parked)
        how(out, hub, sides)
        return out

    return merge


def _first_wins(out: FieldOutcome, _hub: Any, _sides: Any) -> None:
    if out.conflict:
        out.value, out.conflict = next(iter(out.conflict.values())), None


def _takes_the_first(out: FieldOutcome, _hub: Any, sides: Any) -> None:
    out.origin = sides[0].connection
    out.patches = {name: value for name, value in out.patches.items() if name != sides[-1].connection}


def _silent(out: FieldOutcome, _hub: Any, _sides: Any) -> None:
    out.patch_reasons.clear()


def _pushes_blindly(out: FieldOutcome, hub: Any, sides: Any) -> None:
    for side in sides:
        out.patches.setdefault(side.connection, hub)
        out.patch_reasons.setdefault(side.connection, "because")


@pytest.mark.parametrize("bug", [_first_wins, _takes_the_first, _silent, _pushes_blindly])
def test_a_planted_bug_of_the_merge_is_noticed(bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "merge_field", _spoilt(bug))
    assert fields.play_fields(0, 2000) != []


@pytest.mark.parametrize("bug", [_first_wins, _takes_the_first])
def test_a_planted_bug_of_the_plan_is_noticed(bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "merge_field", _spoilt(bug))
    assert entities.play_entities(0, 2000) != []
