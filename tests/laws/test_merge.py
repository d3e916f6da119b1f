"""Laws of one field, over its whole small domain: every hub value, shadow, observation and direction."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest

from mapping.fields import UNSEEN, BoundField, Direction, Encoded, FieldMap, Refs, Unseen
from mapping.records import Value
from sync.merge import FieldOutcome, FieldSide, merge_field

VALUES: tuple[Value, ...] = (None, "a", "b")
SHADOWS: tuple[Value | Unseen, ...] = (UNSEEN, None, "a", "b")


class Plain:
    """A codec whose two spaces are one."""

    lossy = False

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        return payload.get("f", UNSEEN)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return Encoded(value)

    def write(self, remote: Value) -> dict[str, Any]:
        return {"f": remote}


REFS: Any = object()


def side(name: str, direction: Direction, observed: Any, shadow_remote: Any, shadow_hub: Any) -> FieldSide:
    bound = BoundField(FieldMap(field="f", remote=("f",), direction=direction), Plain())
    return FieldSide(
        connection=name, bound=bound, refs=REFS, observed=observed, shadow_remote=shadow_remote, shadow_hub=shadow_hub
    )


def singles(directions: tuple[Direction, ...] = get_args(Direction)) -> Iterator[tuple[Value, FieldSide]]:
    for direction, hub, observed, remote, agreed in itertools.product(directions, VALUES, SHADOWS, SHADOWS, SHADOWS):
        if isinstance(remote, Unseen) and not isinstance(agreed, Unseen):
            continue  # no base on one side means no base at all
        yield hub, side("a", direction, observed, remote, agreed)


def pairs() -> Iterator[tuple[Value, FieldSide, FieldSide]]:
    states = [
        (observed, remote, agreed)
        for observed, remote, agreed in itertools.product(SHADOWS, SHADOWS, SHADOWS)
        if not (isinstance(remote, Unseen) and not isinstance(agreed, Unseen))
    ]
    for hub, left, right in itertools.product(VALUES, states, states):
        yield hub, side("a", "both", *left), side("b", "both", *right)


def after(outcome: FieldOutcome, some: FieldSide) -> FieldSide:
    """Give the side as it stands once the outcome is carried out and its echo was read."""
    hub, remote = outcome.shadows.get(some.connection, (some.shadow_hub, some.shadow_remote))
    if some.connection in outcome.patches:
        hub, remote = outcome.value, outcome.patches[some.connection]
    return replace(some, observed=remote, shadow_hub=hub, shadow_remote=remote)


def quiet(outcome: FieldOutcome, hub: Value) -> bool:
    return outcome.value == hub and not outcome.patches and outcome.conflict is None


def test_an_unseen_field_without_a_base_is_never_pushed() -> None:
    for hub, one in singles():
        if isinstance(one.observed, Unseen) and isinstance(one.shadow_remote, Unseen):
            assert merge_field(hub, [one]).patches == {}


def test_a_second_plan_is_empty() -> None:
    for hub, one in singles():
        outcome = merge_field(hub, [one])
        if outcome.conflict is None:
            assert quiet(merge_field(outcome.value, [after(outcome, one)]), outcome.value), (hub, one, outcome)


def test_a_second_plan_of_two_sides_is_empty() -> None:
    for hub, left, right in pairs():
        outcome = merge_field(hub, [left, right])
        if outcome.conflict is None:
            again = merge_field(outcome.value, [after(outcome, left), after(outcome, right)])
            assert quiet(again, outcome.value), (hub, left, right, outcome, again)


def test_the_order_of_polling_is_no_matter() -> None:
    for hub, left, right in pairs():
        one, other = merge_field(hub, [left, right]), merge_field(hub, [right, left])
        assert one.value == other.value
        assert one.patches == other.patches
        assert one.conflict == other.conflict
        assert one.shadows == other.shadows


def test_nothing_is_invented() -> None:
    for hub, left, right in pairs():
        known = {hub} | {
            value
            for some in (left, right)
            for value in (some.observed, some.shadow_remote)
            if not isinstance(value, Unseen)
        }
        outcome = merge_field(hub, [left, right])
        assert outcome.value in known
        assert set(outcome.patches.values()) <= known


def test_two_different_moves_are_a_question_and_nobody_is_written() -> None:
    asked = 0
    for hub, one in singles(("both",)):
        values = (one.observed, one.shadow_remote, one.shadow_hub)
        if any(isinstance(value, Unseen) for value in values):
            continue
        moved = one.observed != one.shadow_remote
        if moved and hub != one.shadow_hub and one.observed != hub:
            outcome = merge_field(hub, [one])
            assert outcome.conflict == {"a": one.observed}
            assert outcome.patches == {}
            assert outcome.value == hub
            asked += 1
    assert asked > 0


def test_a_move_of_one_side_alone_reaches_hub_and_other_side() -> None:
    for old, new in itertools.permutations(VALUES, 2):
        left, right = side("a", "both", new, old, old), side("b", "both", UNSEEN, old, old)
        outcome = merge_field(old, [left, right])
        assert outcome.value == new
        assert outcome.patches == {"b": new}


def test_no_write_leaves_a_shadow_that_would_hide_its_failure() -> None:
    """Until a write is settled its field must look unagreed, whatever becomes of the write."""
    for hub, one in singles():
        outcome = merge_field(hub, [one])
        for name in outcome.patches:
            assert outcome.shadows[name][0] != outcome.value


@pytest.mark.parametrize("direction", ["to_hub", "create_only", "to_remote"])
def test_one_way_fields_keep_their_way(direction: Direction) -> None:
    for hub, one in singles((direction,)):
        outcome = merge_field(hub, [one])
        if direction in ("to_hub", "create_only"):
            assert outcome.patches == {}
        else:
            assert outcome.value == hub


def test_lists_merge_as_sets() -> None:
    base = ["x", "y"]
    bound = BoundField(FieldMap(field="f", remote=("f",)), Plain(), set_typed=True)
    left = replace(side("a", "both", ["x", "y", "z"], base, base), bound=bound)
    right = replace(side("b", "both", ["y"], base, base), bound=bound)
    outcome = merge_field(["w", "x", "y"], [left, right])
    assert outcome.value == ["w", "y", "z"]
    assert outcome.patches == {"a": ["w", "y", "z"], "b": ["w", "y", "z"]}


def test_our_own_echo_is_learnt_not_answered() -> None:
    cut = replace(side("a", "both", "a", "b", "b"), echo=True)
    outcome = merge_field("b", [cut])
    assert quiet(outcome, "b")
    assert outcome.shadows == {"a": ("b", "a")}
    assert outcome.losses == {"a": "normalised"}


def test_an_edit_of_a_cut_text_is_a_question() -> None:
    edited = replace(side("a", "both", "b", "a", "a longer one"), lossy=True)
    assert merge_field("a longer one", [edited]).conflict == {"a": "b"}
