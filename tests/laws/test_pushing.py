"""The short way for rows that changed in the hub alone says what the planner says, or leaves the row to it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, get_args

import pytest

from mapping.fields import UNSEEN, BoundField, BoundMap, Direction, Encoded, FieldMap, ObjectMap, Refs, Unseen
from mapping.records import Value
from sync.planner import plan_entity
from sync.pushing import outlet_of, push_row
from sync.report import PlanLine
from sync.views import Base, EntityPlan, EntityView, SideView

_FIELDS: Final = ("name", "title", "description", "roles", "key")
_VALUES: Final[tuple[Value, ...]] = (None, "a", "b", "long", "nowhere", "forms")
_NOTES: Final[tuple[tuple[str, Any], ...]] = (
    ("title", "too_long"), ("description", "normalised"), ("wrote", ["title"]), ("fresh", 1), ("made", True),
)  # fmt: skip
_DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
_REFS: Final[Any] = object()


class Coarse:
    """A codec that cuts one value, has no place for another and puts a third into its own words."""

    lossy = True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        value: Value | Unseen = payload.get("f", UNSEEN)
        return value

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value == "long":
            return Encoded("lon", "too_long")
        if value == "nowhere":
            return Encoded(UNSEEN, "no_option")
        return Encoded("a" if value == "forms" else value)

    def write(self, remote: Value) -> dict[str, Any]:
        return {"f": remote}


def draw(rng: random.Random) -> EntityView:
    """Draw a live row with a live record at every connection, none of which was looked at; most fields are at rest."""
    values = {name: rng.choice(_VALUES) for name in _FIELDS}
    sides = [_side(rng, name, values) for name in "abc"[: rng.randint(1, 3)]]
    return EntityView(entity="contact", uid="u", exists=True, state="live", values=values, sides=sides)


def _side(rng: random.Random, name: str, values: Mapping[str, Value]) -> SideView:
    plain = rng.random() < 0.6
    fields = tuple(
        BoundField(
            FieldMap(field=one, remote=(one,), direction="both" if plain else rng.choice(_DIRECTIONS)),
            Coarse(),
            writable=plain or rng.random() < 0.9,
        )
        for one in _FIELDS
        if rng.random() < 0.9
    )
    map_ = ObjectMap(
        entity="contact", connection=name, object="people", fields=tuple(one.map for one in fields),
        writable=rng.random() < 0.95,
    )  # fmt: skip
    calm = rng.random() < 0.7
    hub = {one: value if rng.random() < 0.6 else rng.choice(_VALUES) for one, value in values.items()}
    remote = {one: rng.choice((*_VALUES, "lon")) for one in values}
    for shadow in (hub, remote):
        for one in () if calm else rng.sample(_FIELDS, 2):
            shadow.pop(one, None)
    notes = {} if calm else dict(rng.sample(_NOTES, 2))
    base = Base(remote_id=f"{name}1", state="live", shadow_hub=hub, shadow_remote=remote, notes=notes)
    return SideView(connection=name, object="people", bound=BoundMap(map_, fields), refs=_REFS, base=base)


def _told(plan: EntityPlan) -> list[PlanLine]:
    return [replace(line, fields=tuple(sorted(line.fields, key=lambda field: field.field))) for line in plan.lines]


@pytest.mark.parametrize("first", range(0, 20_000, 5_000))
def test_the_short_way_says_what_the_planner_says(first: int) -> None:
    ways: Counter[str] = Counter()
    for seed in range(first, first + 5_000):
        view = draw(random.Random(seed))
        short = push_row(
            "contact", "u", view.values,
            [(outlet_of(side.connection, side.bound, side.refs), side.base) for side in view.sides if side.base],
        )  # fmt: skip
        plan = plan_entity(view)
        ways["long" if short is None else "told" if short.ops else "at rest"] += 1
        if short is not None:
            assert _told(short) == _told(plan), seed
            assert replace(short, lines=[]) == replace(plan, lines=[]), seed
    assert min(ways.values()) > 100
    assert len(ways) == 3
