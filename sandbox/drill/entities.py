"""The laws of one entity's plan over drawn worlds: hub row, two or three sides, every state, every policy.

By hand: ``python -m sandbox.drill.entities FIRST COUNT``.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal, get_args

from mapping.fields import BoundField, BoundMap, FieldMap, ObjectMap
from mapping.records import EntityState, Value
from sandbox.drill.fields import Plain
from sync.planner import plan_entity
from sync.planning import plan_digest
from sync.views import Base, EntityPlan, EntityView, LinkState, OnRemoteDelete, Seen, SideView

State = Literal["none", "new", "quiet", "seen", "gone", "was gone", "back", "left", "was left", "returned"]
_STATES: Final[tuple[State, ...]] = get_args(State)
_CALM: Final[tuple[State, ...]] = ("quiet", "seen")
_POLICIES: Final[tuple[OnRemoteDelete, ...]] = get_args(OnRemoteDelete)
_HUB: Final[tuple[EntityState, ...]] = get_args(EntityState)
_REFS: Final[Any] = object()
_FIELDS: Final = ("key", "name", "title", "description")
_LINK: Final[Mapping[str, LinkState]] = {
    "was gone": "gone", "back": "gone", "was left": "suspended", "returned": "suspended",
}  # fmt: skip
_AGREED: Final[dict[str, Value]] = {"key": "u", "name": "Ann", "title": "a", "description": None}


def _bound(connection: str) -> BoundMap:
    fields = tuple(BoundField(FieldMap(field=name, remote=(name,)), Plain(name)) for name in _FIELDS)
    map_ = ObjectMap(entity="contact", connection=connection, object="people", fields=tuple(f.map for f in fields))
    return BoundMap(map_, fields, "key", True)


_MAPS: Final = {name: _bound(name) for name in "abc"}


def draw(rng: random.Random) -> EntityView:
    """Draw one world."""
    names = "ab" if rng.random() < 0.7 else "abc"
    calm = rng.random() < 0.5
    values = {**_AGREED, "title": rng.choice("aaab"), "description": rng.choice([None, None, "b"])}
    policy = rng.choice(_POLICIES)
    return EntityView(
        entity="contact", uid="u", exists=True, state="live" if calm else rng.choice(_HUB), values=values,
        sides=[_side(rng, name, rng.choice(_CALM if calm else _STATES), policy) for name in names],
    )  # fmt: skip


def _side(rng: random.Random, name: str, state: State, policy: OnRemoteDelete) -> SideView:
    base = seen = None
    if state not in ("none", "new"):
        base = Base(remote_id=f"{name}1", state=_LINK.get(state, "live"), shadow_hub=_AGREED, shadow_remote=_AGREED)
    if state in ("new", "seen", "gone", "back", "left", "returned"):
        doc = {**_AGREED, "title": rng.choice("aab" + name), "description": rng.choice([None, None, "b", name])}
        gone = state == "gone"
        seen = Seen(remote_id=f"{name}1", doc={} if gone else doc, gone=gone, in_scope=state != "left")
    return SideView(
        connection=name, object="people", bound=_MAPS[name], refs=_REFS, base=base, seen=seen, on_remote_delete=policy,
        may_write=rng.random() < 0.85, may_restore=rng.random() < 0.7,
    )  # fmt: skip


def broken(view: EntityView) -> str:
    """Give the first law that the plan of this world breaks; "" when it keeps them all."""
    plan = plan_entity(view)
    if plan_digest(plan) != plan_digest(plan_entity(view)):
        return "two plans of one world differ"
    turned = plan_entity(replace(view, sides=view.sides[::-1]))
    if (_ops(turned), turned.state, turned.values) != (_ops(plan), plan.state, plan.values):
        return "the order of the sides matters"
    told = {line.connection for line in plan.lines if line.reason}
    if any(op.connection not in told for op in plan.ops) or any(not line.reason for line in plan.lines):
        return "something is done without a reason"
    if len({op.connection for op in plan.ops}) < len(plan.ops):
        return "two writes for one side"
    may = {side.connection for side in view.sides if side.may_write}
    if any(op.connection not in may for op in plan.ops):
        return "a side is written that may not be"
    lost = _lost(view, plan)
    if lost:
        return f"the edit {lost} is lost"
    return _unrest(view, plan) or _entangled(view, plan)


def _ops(plan: EntityPlan) -> list[tuple[str, str, list[tuple[str, Value]]]]:
    return sorted((op.connection, op.action, sorted(op.values.items(), key=str)) for op in plan.ops)


def _lost(view: EntityView, plan: EntityPlan) -> str:
    """Give an edit of a live record that is neither the hub's new word nor told to anybody."""
    if view.state != "live" or plan.state is not None or any(side.seen and side.seen.gone for side in view.sides):
        return ""
    asked = {step.field for step in plan.reviews}
    for side in view.sides:
        if side.base is None or side.base.state != "live" or side.seen is None or not side.seen.in_scope:
            continue
        for name, value in side.seen.doc.items():
            final = plan.values.get(name, view.values.get(name)) == value
            loser = value in plan.losers.get(name, {}).values()
            if value != side.base.shadow_remote[name] and not (final or loser or name in asked or plan.reviews):
                return f"{side.connection}.{name} = {value}"
    return ""


def _unrest(view: EntityView, plan: EntityPlan) -> str:
    """Carry out the plan of a calm world, without outside edits, and plan again: nothing may be left to do."""
    calm = all(side.base is not None and side.base.state == "live" and side.may_write for side in view.sides)
    if not calm or view.state != "live" or plan.reviews or plan.state is not None or plan.links == []:
        return ""
    if any(side.seen is not None and (side.seen.gone or not side.seen.in_scope) for side in view.sides):
        return ""
    stands = {link.connection: link for link in plan.links}
    written = {op.connection: op for op in plan.ops}
    sides = []
    for side in view.sides:
        base, op = side.base, written.get(side.connection)
        assert base is not None
        link = stands.get(side.connection)
        hub = {**(link.shadow_hub if link else base.shadow_hub), **(op.hub_values if op else {})}
        remote = {**(link.shadow_remote if link else base.shadow_remote), **(op.values if op else {})}
        sides.append(replace(side, base=replace(base, shadow_hub=hub, shadow_remote=remote), seen=None))
    again = plan_entity(replace(view, values={**view.values, **plan.values}, sides=sides))
    return "a second plan is not empty" if again.ops or again.values or again.state or again.reviews else ""


def _entangled(view: EntityView, plan: EntityPlan) -> str:
    """Hold that what becomes of the title does not depend on the description."""
    if any(side.seen is None or side.base is None or side.seen.gone for side in view.sides) or view.state != "live":
        return ""
    sides = [
        replace(side, seen=replace(side.seen, doc={**side.seen.doc, "description": None}))
        for side in view.sides
        if side.seen is not None
    ]
    alone = plan_entity(replace(view, values={**view.values, "description": None}, sides=sides))
    if alone.state != plan.state or any(op.action != "update" for op in (*plan.ops, *alone.ops)):
        return ""
    both = [
        (
            some.values.get("title"),
            sorted((op.connection, op.values["title"]) for op in some.ops if "title" in op.values),
        )
        for some in (plan, alone)
    ]
    return "" if both[0] == both[1] else "one field depends on another"


def play_entities(first: int, count: int) -> list[str]:
    """Judge *count* drawn worlds; gives a line for each that breaks a law."""
    out = []
    for seed in range(first, first + count):
        law = broken(draw(random.Random(seed)))
        if law:
            out.append(f"world {seed}: {law}; again: python -m sandbox.drill.entities {seed} 1")
    return out


if __name__ == "__main__":
    began = time.perf_counter()
    start, many = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    failed = play_entities(start, many)
    print(*failed[:15], sep="\n")
    print(f"{many} worlds, {len(failed)} failed, {time.perf_counter() - began:.1f} s")
    sys.exit(bool(failed))
