"""Where a record must be made, removed or brought back. Pure; the fields are the planner's business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from mapping.fields import UNSEEN, BoundField, Unseen
from mapping.records import TITLE_FIELD, EntityKind, Value, is_blank
from sync import importing, reasons
from sync.merge import lapsed
from sync.report import FieldChange
from sync.views import MADE, EntityPlan, EntityView, OpStep, ReviewStep, SideView, add_line, kept_link, present

Next = Literal["done", "revive", "all"]
"""What the planner still has to do after a delete was looked at: nothing, or the fields and then what is missing."""


def points_home(side: SideView, entity: EntityKind, name: str) -> bool:
    """Say whether the field points to a record that this spoke may come to know."""
    return importing.points_home(side.homes, entity, name)


def plan_creates(plan: EntityPlan, view: EntityView) -> None:
    """Plan a record at every spoke that has none, restores first where the remote can."""
    values = {**view.values, **plan.values}
    absent = [side for side in view.sides if side.base is None and side.seen is None]
    wanted = [side for side in absent if _creatable(plan, view, side, values)]
    wants_key = view.key_taken or any(side.bound.key_field for side in wanted)
    if wants_key and is_blank(values.get("key")):
        values["key"] = view.uid
        plan.values["key"] = view.uid
        _push_key(plan, view)
    for side in wanted:
        _create(plan, view, side, values)


def _creatable(plan: EntityPlan, view: EntityView, side: SideView, values: Mapping[str, Value]) -> bool:
    if not side.bound.map.writable or not side.may_write:
        return False
    if not side.may_create:
        add_line(plan, view, "skip", side.connection, reasons.WAITS_FOR_BACKFILL)
        return False
    if values.get("internal") is True:
        add_line(plan, view, "skip", side.connection, reasons.INTERNAL)
        return False
    title = values.get(TITLE_FIELD[view.entity])
    if is_blank(title) and is_blank(values.get("body")):
        add_line(plan, view, "skip", side.connection, reasons.NO_TITLE)
        return False
    return True


def _create(plan: EntityPlan, view: EntityView, side: SideView, values: Mapping[str, Value]) -> None:
    sent: dict[str, Value] = {}
    hub_values: dict[str, Value] = {}
    changes: list[FieldChange] = []
    for bound in side.bound.fields:
        name = bound.map.field
        value = values.get(name)
        if bound.map.direction == "to_hub" or not bound.writable:
            continue
        if name in view.parked:
            sent |= _own_word(view, side, name)
            continue
        if any(step.field == name for step in plan.reviews):
            continue
        encoded = bound.codec.to_remote(value, side.refs)
        if isinstance(encoded.value, Unseen):
            if not is_blank(value):
                add_line(plan, view, "skip", side.connection, reasons.LOSS_PREFIX + (encoded.loss or "no_home"),
                      FieldChange(field=name, old=None, new=value, reason=encoded.loss or "no_home"))  # fmt: skip
            if encoded.loss == "not_linked" and points_home(side, view.entity, name):
                plan.waits = True
            else:
                hub_values[name] = value
            continue
        sent[name] = encoded.value
        hub_values[name] = value
        if not is_blank(value):
            changes.append(FieldChange(field=name, old=None, new=encoded.value, reason=reasons.NEW_IN_HUB))
    if view.entity == "comment" and is_blank(hub_values.get("parent")):
        add_line(plan, view, "skip", side.connection, reasons.WAITS_FOR_PARENT)
        plan.waits = True
        return
    plan.ops.append(
        OpStep(
            connection=side.connection, object=side.object, action="create", remote_id=None,
            values=sent, hub_values=hub_values, base={},
        )
    )  # fmt: skip
    add_line(plan, view, "create", side.connection, reasons.NEW_IN_HUB, *changes)


def _own_word(view: EntityView, side: SideView, name: str) -> dict[str, Value]:
    """Let a record that is made anew say what it said before in a field that waits for a person; nobody's word goes."""
    parked = view.parked[name]
    said = parked.sides.get(side.connection)
    return {} if parked.resolved or is_blank(said) else {name: said}


def _push_key(plan: EntityPlan, view: EntityView) -> None:
    """Write the new key to the records that exist already, beside whatever else they are sent."""
    for side in view.sides:
        bound = next((b for b in side.bound.fields if b.map.field == "key"), None)
        if bound is None or not present(side) or not side.may_write or not bound.writable:
            continue
        step = next((link for link in plan.links if link.connection == side.connection), None)
        if step is None:
            step = kept_link(side, "live")
            plan.links.append(step)
        there = step.shadow_remote.get("key")
        if not (is_blank(there) or view.key_taken):
            continue
        step.shadow_hub.pop("key", None)
        step.shadow_remote["key"] = there
        op = next((o for o in plan.ops if o.connection == side.connection), None)
        if op is None:
            op = OpStep(connection=side.connection, object=side.object, action="update", remote_id=step.remote_id,
                        values={}, hub_values={}, base={})  # fmt: skip
            plan.ops.append(op)
        op.values["key"], op.hub_values["key"], op.base["key"] = view.uid, view.uid, there
        change = FieldChange(field="key", old=there, new=view.uid, reason=reasons.FILL_BLANK)
        add_line(plan, view, "patch", side.connection, reasons.FILL_BLANK, change, remote=side)


# --- deleting ---------------------------------------------------------------------------------------------------


def mark_gone(plan: EntityPlan, gone: Sequence[SideView]) -> None:
    for side in gone:
        if side.base is not None and side.base.state != "gone":
            plan.links.append(kept_link(side, "gone"))


def plan_gone(plan: EntityPlan, view: EntityView, live: Sequence[SideView], gone: Sequence[SideView]) -> Next:
    """Follow a proven remote delete: first where it only ends the link, then where it says more."""
    fresh = [side for side in gone if side.base is not None and side.base.state != "gone"]
    leaving = [side for side in fresh if side.on_remote_delete == "unlink"]
    _part(plan, view, leaving)
    fresh = [side for side in fresh if side not in leaving]
    if not fresh:
        return "all"
    policy = fresh[0].on_remote_delete
    if policy == "review":
        plan.reviews.append(ReviewStep(kind="delete", connection=fresh[0].connection, field="", data={}))
        add_line(plan, view, "review", fresh[0].connection, reasons.REMOTE_DELETED, remote=fresh[0])
        mark_gone(plan, fresh)
        return "done"
    if policy == "restore" or _edited_since(view, live, fresh):
        return "revive"
    mark_gone(plan, fresh)
    if policy == "propagate":
        plan.state = "deleted"
        for side in live:
            _delete(plan, view, side)
        return "done"
    plan.state = "archived"
    add_line(plan, view, "archive", fresh[0].connection, reasons.REMOTE_DELETED, remote=fresh[0])
    return "done"


def _part(plan: EntityPlan, view: EntityView, leaving: Sequence[SideView]) -> None:
    for side in leaving:
        step = kept_link(side, "retired")
        step.notes["unlinked"] = True
        plan.links.append(step)
        add_line(plan, view, "skip", side.connection, reasons.REMOTE_DELETED, remote=side)


def _edited_since(view: EntityView, live: Sequence[SideView], gone: Sequence[SideView]) -> bool:
    """Say whether anybody changed the entity since the deleted side last agreed: an edit beats a delete."""
    for side in gone:
        assert side.base is not None
        for bound in side.bound.fields:
            name = bound.map.field
            if bound.map.direction in ("to_hub", "to_remote") or name == "key":
                continue
            agreed = side.base.shadow_hub.get(name, UNSEEN)
            value = view.values.get(name)
            if not isinstance(agreed, Unseen) and value != agreed:
                return True
            if isinstance(agreed, Unseen) and _never_arrived(view, side, bound, value):
                return True
    return any(_moved(view, side) or side.base is None for side in live)


def _never_arrived(view: EntityView, side: SideView, bound: BoundField, value: Value) -> bool:
    """Say whether a value was on its way there when the record went; what has no form there was never on its way.

    Neither was a reference whose parent is made anew: it stood there, and nobody touched it.
    """
    assert side.base is not None
    name, remote = bound.map.field, side.base.shadow_remote
    if points_home(side, view.entity, name) and lapsed(bound, side.refs, remote.get(name, UNSEEN), None):
        return False
    sent = bound.map.direction == "both" and bound.writable and name in remote
    return sent and name not in side.base.notes and not is_blank(value)


def _ground(view: EntityView, side: SideView) -> dict[str, Value]:
    """Give the remote values we know of: agreed on, shown to a person in an open conflict, or never said.

    A field that was never agreed on counts as blank: what stands there then is a person's word that nobody else holds.
    A reference of theirs may stand there all the time and wait for its parent.
    """
    assert side.base is not None
    made = MADE in side.base.notes
    unsaid = [
        bound.map.field
        for bound in side.bound.fields
        if bound.map.direction == "both"
        and (made or (bound.map.field != "key" and not points_home(side, view.entity, bound.map.field)))
    ]
    shown = {name: one.sides[side.connection] for name, one in view.parked.items() if side.connection in one.sides}
    ground = {**dict.fromkeys(unsaid), **side.base.shadow_remote, **shown}
    return {**ground, **_lapsed_references(view, side, ground)}


def _lapsed_references(view: EntityView, side: SideView, ground: Mapping[str, Value]) -> dict[str, Value]:
    """Give the references that went blank with what they pointed to: that is no edit of this record."""
    doc = side.seen.doc if side.seen is not None else {}
    return {
        bound.map.field: doc[bound.map.field]
        for bound in side.bound.fields
        if bound.map.field in doc and bound.map.field in ground and points_home(side, view.entity, bound.map.field)
        and lapsed(bound, side.refs, ground[bound.map.field], doc[bound.map.field])
    }  # fmt: skip


def _moved(view: EntityView, side: SideView) -> bool:
    if side.base is None or side.seen is None:
        return False
    shadow = _ground(view, side)
    ours = side.base.notes.get("wrote", ()) if side.seen.echo else ()
    return any(
        b.map.field not in ours and b.map.direction != "to_remote"
        and b.map.field in side.seen.doc and b.map.field in shadow
        and side.seen.doc[b.map.field] != shadow[b.map.field]
        for b in side.bound.fields
    )  # fmt: skip


def bring_back(
    plan: EntityPlan, view: EntityView, gone: Sequence[SideView], reason: str = reasons.EDIT_BEATS_DELETE
) -> None:
    """Bring deleted records back with the fields as planned: restore where the remote can, else make them anew."""
    for side in gone:
        if not side.may_write or not side.bound.map.writable:
            mark_gone(plan, [side])
            continue
        assert side.base is not None
        if side.may_restore:
            plan.links.append(kept_link(side, "gone"))
            plan.ops.append(
                OpStep(
                    connection=side.connection, object=side.object, action="restore", remote_id=side.base.remote_id,
                    values={}, hub_values={}, base={},
                )
            )  # fmt: skip
            add_line(plan, view, "restore", side.connection, reason, remote=side)
        else:
            plan.links.append(kept_link(side, "retired"))
            _create(plan, view, side, {**view.values, **plan.values})


def plan_deleted(plan: EntityPlan, view: EntityView, live: Sequence[SideView]) -> Next:
    """A person deleted it in the hub: delete softly everywhere, unless somebody edited it meanwhile."""
    if any(side.base is None or _moved(view, side) for side in live):
        plan.state = "live"
        add_line(plan, view, "revive", "", reasons.EDIT_BEATS_DELETE)
        return "revive"
    for side in live:
        if side.base is not None:
            _delete(plan, view, side)
    return "done"


def _delete(plan: EntityPlan, view: EntityView, side: SideView) -> None:
    assert side.base is not None
    if not side.may_write or not side.bound.map.writable:
        add_line(plan, view, "skip", side.connection, reasons.NOT_APPROVED, remote=side)
        return
    plan.ops.append(
        OpStep(
            connection=side.connection, object=side.object, action="delete", remote_id=side.base.remote_id,
            values={}, hub_values={}, base=_ground(view, side),
        )
    )  # fmt: skip
    add_line(plan, view, "delete", side.connection, reasons.HUB_DELETED, remote=side)
