"""Laws of one entity's plan, over every small world: each state of the hub, each state of two sides, each policy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

from mapping.fields import UNSEEN, BoundField, BoundMap, Encoded, FieldMap, ObjectMap, Refs, Unseen
from mapping.records import EntityState, Value
from sync.planner import plan_entity
from sync.planning import plan_digest
from sync.views import Base, EntityPlan, EntityView, LinkState, OnRemoteDelete, Seen, SideView

REFS: Any = object()
State = Literal["none", "new", "quiet", "same", "edited", "gone", "was gone", "back", "left", "was left", "returned"]


class Plain:
    """A codec whose two spaces are one."""

    lossy = False

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        return payload.get(self.name, UNSEEN)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return Encoded(value)

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.name: remote}


def bound(connection: str) -> BoundMap:
    fields = tuple(BoundField(FieldMap(field=name, remote=(name,)), Plain(name)) for name in ("key", "name", "title"))
    map_ = ObjectMap(entity="contact", connection=connection, object="people", fields=tuple(f.map for f in fields))
    return BoundMap(map_, fields, "key", True)


MAPS = {name: bound(name) for name in ("a", "b")}
AGREED: dict[str, Value] = {"key": "u", "name": "Ann", "title": "CTO"}
LINK: Mapping[str, LinkState] = {"was gone": "gone", "back": "gone", "was left": "suspended", "returned": "suspended"}


def side(name: str, state: State, policy: OnRemoteDelete = "archive", **more: Any) -> SideView:
    """Give one spoke in one of its states towards an entity agreed as ``AGREED``."""
    base = None
    if state not in ("none", "new"):
        base = Base(remote_id=f"{name}1", state=LINK.get(state, "live"), shadow_hub=AGREED, shadow_remote=AGREED)
    doc = {**AGREED, "title": "CEO"} if state == "edited" else {} if state == "gone" else dict(AGREED)
    seen = None
    if state in ("new", "same", "edited", "gone", "back", "left", "returned"):
        seen = Seen(remote_id=f"{name}1", doc=doc, gone=state == "gone", in_scope=state != "left")
    return SideView(
        connection=name, object="people", bound=MAPS[name], refs=REFS, base=base, seen=seen, on_remote_delete=policy,
        **more,
    )  # fmt: skip


def view(left: SideView, right: SideView, state: EntityState, values: Mapping[str, Value] = AGREED) -> EntityView:
    return EntityView(entity="contact", uid="u", exists=True, state=state, values=values, sides=[left, right])


def worlds() -> Iterator[EntityView]:
    states: tuple[State, ...] = get_args(State)
    for left, right, hub, policy, may, restorable in itertools.product(
        states, states, get_args(EntityState), get_args(OnRemoteDelete), (True, False), (True, False)
    ):
        for title in ("CTO", "CIO"):
            sides = [side(n, s, policy, may_write=may, may_restore=restorable) for n, s in (("a", left), ("b", right))]
            yield view(sides[0], sides[1], hub, {**AGREED, "title": title})


def state_of(some: SideView) -> str:
    return "none" if some.base is None else some.base.state


def ops(plan: EntityPlan) -> list[tuple[str, str]]:
    return sorted((op.connection, op.action) for op in plan.ops)


def test_equal_worlds_give_equal_plans_and_the_order_of_the_sides_is_no_matter() -> None:
    for one in worlds():
        plan = plan_entity(one)
        assert plan_digest(plan) == plan_digest(plan_entity(one))
        turned = plan_entity(replace(one, sides=list(reversed(one.sides))))
        assert (ops(turned), turned.state, turned.values) == (ops(plan), plan.state, plan.values), one


def test_there_is_at_most_one_write_for_a_side_and_each_has_its_line() -> None:
    for one in worlds():
        plan = plan_entity(one)
        told = [op.connection for op in plan.ops]
        assert len(told) == len(set(told)), one
        lines = {line.connection for line in plan.lines if line.action in ("create", "patch", "delete", "restore")}
        assert set(told) == lines, one
        assert all(line.reason for line in plan.lines)


def test_nothing_is_written_where_nothing_may_be_written() -> None:
    for one in worlds():
        if not any(some.may_write for some in one.sides):
            assert plan_entity(one).ops == [], one


def test_a_delete_needs_a_person_who_deleted() -> None:
    for one in worlds():
        plan = plan_entity(one)
        if not any(op.action == "delete" for op in plan.ops):
            continue
        propagated = plan.state == "deleted" and any(some.seen and some.seen.gone for some in one.sides)
        assert one.state == "deleted" or propagated, one


def test_an_edit_beats_a_delete_in_every_world() -> None:
    for one in worlds():
        edited = any(some.base and some.seen and some.seen.doc.get("title") == "CEO" for some in one.sides)
        if one.state in ("live", "deleted") and edited:
            asking = any(some.on_remote_delete == "review" for some in one.sides)
            plan = plan_entity(one)
            assert all(op.action != "delete" for op in plan.ops), one
            assert asking or plan.state in (None, "live"), one
            assert one.state == "live" or plan.state == "live", one


def test_an_open_write_lets_everything_wait() -> None:
    for one in worlds():
        plan = plan_entity(replace(one, sides=[replace(one.sides[0], busy=True), one.sides[1]]))
        assert plan.ops == []
        assert plan.links == []
        assert not plan.writes_hub
        assert plan.waits or plan.ghost


def test_a_record_out_of_sight_is_neither_written_nor_deleted() -> None:
    for one in worlds():
        plan = plan_entity(one)
        for some in one.sides:
            unseen = some.seen is None and state_of(some) == "suspended"
            if unseen or (some.seen is not None and not some.seen.in_scope):
                assert all(op.connection != some.connection for op in plan.ops), one


def test_an_archived_row_writes_nothing_until_a_record_comes_back() -> None:
    for one in worlds():
        if one.state != "archived":
            continue
        here = [some for some in one.sides if some.seen and not some.seen.gone and some.seen.in_scope]
        lost = any(some.seen and some.seen.gone for some in one.sides)
        plan = plan_entity(one)
        if any(state_of(some) in ("none", "gone") for some in here):
            assert lost or plan.state == "live", one
        else:
            assert plan.ops == [], one


def test_a_row_that_was_merged_away_does_nothing() -> None:
    for one in worlds():
        if one.state == "merged":
            plan = plan_entity(one)
            assert (plan.ops, plan.links, plan.writes_hub) == ([], [], False)


def test_what_is_quiet_and_agreed_stays_so() -> None:
    for left, right in itertools.product(("quiet", "same"), repeat=2):
        plan = plan_entity(view(side("a", left), side("b", right), "live"))  # type: ignore[arg-type]
        assert (plan.ops, plan.links, plan.values, plan.reviews, plan.lines) == ([], [], {}, [], [])


def test_ghosts_found_nothing() -> None:
    gone = replace(side("a", "gone"), base=None)
    one = replace(view(gone, side("b", "none"), "live", {}), exists=False)
    plan = plan_entity(one)
    assert plan.ghost
    assert (plan.ops, plan.links, plan.writes_hub) == ([], [], False)
