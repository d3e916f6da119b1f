"""Laws of taking one record back, over generated pasts and worlds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mapping.fields import BoundField, BoundMap, Encoded, FieldMap, ObjectMap, Refs, Unseen
from mapping.records import Value
from sync import reasons
from sync.past import RecordPast, Told, past_of
from sync.undoing import Ask, Ground, bucket_of, undo_record
from sync.views import Base, EntityPlan, EntityView, Seen, SideView

VALUES = st.sampled_from([None, "x", "y", "z"])
ASK = Ask(run_id="r")


class Plain:
    """A codec whose two spaces are one."""

    lossy = False

    def read(self, payload: Any) -> Value | Unseen:
        return payload.get("title")  # type: ignore[no-any-return]

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return Encoded(value)

    def write(self, remote: Value) -> dict[str, Any]:
        return {"title": remote}


TITLE = FieldMap(field="title", remote=("title",))


def side(name: str, now: Value, shadow: Value, hub: Value) -> SideView:
    bound = BoundMap(
        ObjectMap(entity="contact", connection=name, object="people", fields=(TITLE,)), (BoundField(TITLE, Plain()),)
    )
    base = Base(remote_id="1", state="live", shadow_hub={"title": hub}, shadow_remote={"title": shadow})
    seen = None if now == shadow else Seen(remote_id="1", doc={"title": now})
    return SideView(connection=name, object="people", bound=bound, refs=Any, base=base, seen=seen)  # type: ignore[arg-type]


@st.composite
def carried(draw: st.DrawFn) -> tuple[list[Told], dict[str, Value]]:
    """A run that carried one change from the hub or from one side, and what every place says after it."""
    old, new = draw(st.lists(VALUES, min_size=2, max_size=2, unique=True))
    origin = draw(st.sampled_from(["hub", "a", "b"]))
    told = []
    if origin != "hub":
        told.append(Told(1, "update", "contact", "u", origin, {"title": [old, new]}, False))
    told += [Told(2, "update", "contact", "u", s, {"title": [old, new]}, True) for s in "ab" if s != origin]
    return told, {"old": old, "new": new, "origin": origin}


def ground(after: Value, hub: Value, a: Value, b: Value) -> Ground:
    sides = [side("a", a, after, after), side("b", b, after, after)]
    return Ground(
        view=EntityView(entity="contact", uid="u", exists=True, state="live", values={"title": hub}, sides=sides)
    )


def record(told: list[Told]) -> RecordPast:
    return past_of(told)["contact", "u"]


def written(plan: EntityPlan) -> dict[str, Value]:
    return {op.connection: op.values["title"] for op in plan.ops}


@given(carried())
def test_what_the_run_wrote_goes_back_and_what_was_typed_stays(case: tuple[list[Told], dict[str, Value]]) -> None:
    told, facts = case
    new, old = facts["new"], facts["old"]
    plan = undo_record(record(told), ground(new, new, new, new), ASK)
    assert plan.values == {"title": old}
    assert written(plan) == {s: old for s in "ab" if s != facts["origin"]}
    source = undo_record(record(told), ground(new, new, new, new), replace(ASK, at_source=True))
    assert written(source) == {"a": old, "b": old}


@given(carried(), VALUES, VALUES, VALUES)
def test_a_field_is_put_back_everywhere_or_kept_everywhere(
    case: tuple[list[Told], dict[str, Value]], hub: Value, a: Value, b: Value
) -> None:
    told, facts = case
    plan = undo_record(record(told), ground(facts["new"], hub, a, b), ASK)
    untouched = hub == a == b == facts["new"]
    assert bool(plan.values or plan.ops) == untouched
    if not untouched:
        (line,) = plan.lines
        assert bucket_of(line.reason) == "kept" or line.reason == reasons.UNDO_ALREADY


@given(carried())
def test_an_undo_overwrites_only_what_it_saw(case: tuple[list[Told], dict[str, Value]]) -> None:
    told, facts = case
    plan = undo_record(record(told), ground(facts["new"], facts["new"], facts["new"], facts["new"]), ASK)
    assert all(op.base == {"title": facts["new"]} and op.action == "update" for op in plan.ops)
    assert all(op.hub_values == {"title": facts["old"]} for op in plan.ops)


@given(carried())
def test_undo_of_the_undo_is_where_it_began(case: tuple[list[Told], dict[str, Value]]) -> None:
    told, facts = case
    old, new = facts["old"], facts["new"]
    plan = undo_record(record(told), ground(new, new, new, new), ASK)
    journal = [Told(3, "update", "contact", "u", "", {"title": [new, old]}, False)]
    journal += [Told(4, "update", "contact", "u", op.connection, {"title": [new, old]}, True) for op in plan.ops]
    wrote = written(plan)
    sides = [side(s, old if s in wrote else new, old if s in wrote else new, old) for s in "ab"]
    view = EntityView(entity="contact", uid="u", exists=True, state="live", values={"title": old}, sides=sides)
    again = undo_record(record(journal), Ground(view=view), ASK)
    assert again.values == {"title": new}
    assert written(again) == dict.fromkeys(wrote, new)
