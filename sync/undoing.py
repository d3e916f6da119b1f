"""What taking a run back needs for one record. Pure.

An undo puts back what the run wrote, place by place: the hub and each connection. It never puts back what a person
typed at a connection, unless asked to (``at_source``); it then leaves that connection saying something else than the
hub, and the links remember that this is meant. A field that somebody changed since, anywhere, is kept everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mapping.fields import UNSEEN, BoundField, Unseen
from mapping.records import EntityState, Value, hub_field, is_blank
from sync import reasons
from sync.past import FieldPast, RecordPast
from sync.presence import bring_back
from sync.report import FieldChange
from sync.views import EntityPlan, EntityView, LinkStep, OpStep, SideView, add_line, kept_link

LEAVES = "leaves"
"""Note of a link: the run whose delete takes the pair out of the sync, so that no round makes the record anew."""

_UNDONE = "undone"
_SILENT = frozenset({"key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be taken back.

    Args:
        run_id: the run; uid, field: only that record, only that field.
        at_source: put back also what people typed at a connection and the run only carried on.
    """

    run_id: str
    uid: str = ""
    field: str = ""
    at_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What stands around one record.

    Args:
        view: hub row and sides as they are now; a side that an undo took out of the sync has a retired base.
        away: connections with a live link that cannot be reached in this run.
        touched: somebody changed the record after the run.
        by: id of the undo itself.
    """

    view: EntityView
    away: frozenset[str] = frozenset()
    touched: bool = False
    by: str = ""


class _Held(Exception):
    """This cannot be put back, and why."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.reason, self.where = reason, where


def undo_record(past: RecordPast, ground: Ground, ask: Ask) -> EntityPlan:
    """Say everything that puts one record back, and what stays as it is and why."""
    view = ground.view
    plan = EntityPlan(view.entity, view.uid, state_before=view.state if view.exists else None)
    whole = not ask.field
    reason = _blocked(ground)
    if reason is not None:
        add_line(plan, view, "skip", reason.where, reason.reason)
        return plan
    try:
        if whole and past.inserted and not past.created:
            raise _Held(reasons.UNDO_IMPORTED)
        if whole and _revived(past):
            _take_away_again(plan, past, ground)
            return plan
        if whole and (past.deleted or (past.state is not None and past.state[1] in ("archived", "deleted"))):
            _bring_back(plan, past, ground, ask)
            return plan
    except _Held as held:
        add_line(plan, view, "skip", held.where, held.reason)
    for name in sorted(past.created) if whole else ():
        try:
            _delete(plan, ground, _side(view, name), leaves=ground.by)
        except _Held as held:
            add_line(plan, view, "skip", name, held.reason)
    _fields(plan, past, ground, ask)
    return plan


def _blocked(ground: Ground) -> _Held | None:
    view = ground.view
    if any(side.busy for side in view.sides):
        return _Held(reasons.UNDO_OPEN_OP)
    if view.vanished or view.state == "merged" or not view.exists:
        return _Held(reasons.UNDO_GONE)
    if ground.away:
        return _Held(reasons.UNDO_AWAY, sorted(ground.away)[0])
    return None


def _revived(past: RecordPast) -> bool:
    return past.state is not None and past.state[1] == "live"


# --- fields -----------------------------------------------------------------------------------------------------


def _fields(plan: EntityPlan, past: RecordPast, ground: Ground, ask: Ask) -> None:
    view = ground.view
    steps: dict[str, LinkStep] = {}
    ops: dict[str, OpStep] = {}
    told: dict[str, list[FieldChange]] = {}
    for name, was in sorted(past.fields.items()):
        if name in _SILENT or (ask.field and name != ask.field) or (past.inserted and not was.wrote):
            continue
        group = [(side, bound) for side in view.sides for bound in side.bound.fields if bound.map.field == name]
        try:
            _field(plan, past, ground, ask, name, was, group, steps, ops, told)
        except _Held as held:
            change = FieldChange(field=name, old=view.values.get(name), new=view.values.get(name), reason=held.reason)
            add_line(plan, view, "skip", held.where, held.reason, change)
    mine = told.pop("", [])
    if mine:
        add_line(plan, view, "update", "", reasons.UNDO, *mine)
    plan.links += steps.values()
    plan.ops += ops.values()
    for name, changes in told.items():
        add_line(plan, view, "patch", name, reasons.UNDO, *changes, remote=_side(view, name))


def _field(
    plan: EntityPlan,
    past: RecordPast,
    ground: Ground,
    ask: Ask,
    name: str,
    was: FieldPast,
    group: Sequence[tuple[SideView, BoundField]],
    steps: dict[str, LinkStep],
    ops: dict[str, OpStep],
    told: dict[str, list[FieldChange]],
) -> None:
    """Put one field back everywhere, or nowhere."""
    view = ground.view
    now = view.values.get(name)
    if hub_field(view.entity, name).rule_written or any(b.map.direction == "claim" for _, b in group):
        raise _Held(reasons.UNDO_RULED)
    if name in view.parked:
        raise _Held(reasons.UNDO_PARKED)
    if view.state != "live":
        raise _Held(reasons.UNDO_GONE)
    old, new = _hub_values(was, now, group, inserted=past.inserted)
    targets = _targets(was, old, new, now, group, at_source=ask.at_source and not past.inserted)
    standing = {side.connection: _standing(side, name) for side, _ in group}
    if now == old and all(standing.get(conn) == value for conn, value in targets.items()):
        raise _Held(reasons.UNDO_ALREADY)
    if now != new:
        raise _Held(reasons.UNDO_EDITED)
    for side, bound in group:
        _may(side, bound, name, old, now, written=side.connection in was.wrote, target=targets.get(side.connection))
    if old != now:
        plan.values[name], plan.old[name] = old, now
        told.setdefault("", []).append(FieldChange(field=name, old=now, new=old))
    for side, bound in group:
        if side.base is None or side.base.state != "live":
            continue
        remote = standing[side.connection]
        target = targets.get(side.connection, remote)
        step = steps.get(side.connection)
        if step is None:
            step = steps[side.connection] = kept_link(side, "live")
        _remember(step, side, bound, name, old, target, moved=target != remote)
        if target != remote:
            _write(ops, side, name, target, old, remote)
            told.setdefault(side.connection, []).append(FieldChange(field=name, old=_plain(remote), new=_plain(target)))
        elif old != now and step.notes.get(name) == _UNDONE:
            change = FieldChange(field=name, old=_plain(remote), new=_plain(remote), reason=reasons.UNDO_TYPED)
            add_line(plan, view, "skip", side.connection, reasons.UNDO_TYPED, change, remote=side)


def _hub_values(
    was: FieldPast, now: Value, group: Sequence[tuple[SideView, BoundField]], *, inserted: bool
) -> tuple[Value, Value]:
    """Give what the hub said before the run and after it; the same twice where the run left it alone."""
    if was.hub is not None:
        return (was.hub[1], was.hub[1]) if inserted else was.hub
    bound_of = {side.connection: (side, bound) for side, bound in group}
    for name, wrote in sorted(was.wrote.items()):
        if wrote.hub is None:
            continue
        if wrote.hub:
            return wrote.hub[0], wrote.hub[1]
        side, bound = bound_of.get(name, (None, None))
        if side is None or bound is None:
            continue
        new = bound.codec.to_hub(wrote.new, now, side.refs)
        old = bound.codec.to_hub(wrote.old, now, side.refs)
        if not isinstance(old, Unseen) and not isinstance(new, Unseen):
            return old, new
        raise _Held(reasons.UNDO_NO_WAY, name)
    return now, now


def _targets(
    was: FieldPast, old: Value, new: Value, now: Value, group: Sequence[tuple[SideView, BoundField]], *, at_source: bool
) -> dict[str, Value | Unseen]:
    """Give what each connection is to say: what it said before the run, where the run wrote."""
    out: dict[str, Value | Unseen] = {name: wrote.old for name, wrote in was.wrote.items()}
    for side, bound in group if at_source and old != new else ():
        remote = _standing(side, bound.map.field)
        if side.connection in out or isinstance(remote, Unseen) or bound.map.direction != "both":
            continue
        if bound.codec.to_hub(remote, now, side.refs) == new and bound.codec.to_hub(remote, old, side.refs) != old:
            encoded = bound.codec.to_remote(old, side.refs)
            if isinstance(encoded.value, Unseen) and not is_blank(old):
                raise _Held(reasons.UNDO_NO_WAY, side.connection)
            out[side.connection] = encoded.value
    return out


def _standing(side: SideView, name: str) -> Value | Unseen:
    """Give what a connection says now, as far as we know."""
    known = side.base.shadow_remote.get(name, UNSEEN) if side.base is not None else UNSEEN
    return side.seen.doc.get(name, known) if side.seen is not None and not side.seen.gone else known


def _may(
    side: SideView,
    bound: BoundField,
    name: str,
    old: Value,
    now: Value,
    *,
    written: bool,
    target: Value | Unseen | None,
) -> None:
    """Refuse where somebody edited since, or where the map does not let us.

    Raises:
        _Held: with the reason and the place.
    """
    base, where = side.base, side.connection
    if base is None or base.state == "retired":
        if written:
            raise _Held(reasons.UNDO_LEFT, where)
        return
    if base.state == "gone" or (side.seen is not None and side.seen.gone):
        raise _Held(reasons.UNDO_GONE_THERE, where)
    if base.state == "suspended" or (side.seen is not None and not side.seen.in_scope):
        raise _Held(reasons.UNDO_OUT_OF_SCOPE, where)
    if _news(side, name):
        raise _Held(reasons.UNDO_EDITED, where)
    remote = _standing(side, name)
    if bound.map.direction == "to_hub" and old != now and not isinstance(remote, Unseen):
        if bound.codec.to_hub(remote, old, side.refs) != old:
            raise _Held(reasons.UNDO_OWNED, where)
        return
    if target is None or target == remote:
        return
    if not (side.may_write and side.bound.map.writable and bound.writable):
        raise _Held(reasons.UNDO_READ_ONLY, where)
    if bound.map.direction == "create_only" or (
        bound.map.direction == "fill_blank" and not is_blank(_plain(remote)) and not is_blank(_plain(target))
    ):
        raise _Held(reasons.UNDO_ONCE, where)


def _news(side: SideView, name: str) -> bool:
    """Say whether that connection shows an edit that no round has taken in yet."""
    if side.base is None or side.seen is None or name not in side.seen.doc:
        return False
    wrote = side.base.notes.get("wrote", ())
    if side.seen.echo and isinstance(wrote, list | tuple) and name in wrote:
        return False
    return name in side.base.shadow_remote and side.seen.doc[name] != side.base.shadow_remote[name]


def _remember(
    step: LinkStep,
    side: SideView,
    bound: BoundField,
    name: str,
    old: Value,
    target: Value | Unseen,
    *,
    moved: bool,
) -> None:
    """Keep in mind what both ends say from now on, and that it is meant when it is not the same."""
    if isinstance(target, Unseen):
        return
    step.notes.pop(name, None)
    if bound.codec.to_hub(target, old, side.refs) != old:
        step.notes[name] = _UNDONE
    if not moved:  # a write moves them once it is in
        step.shadow_hub[name], step.shadow_remote[name] = old, target


def _write(
    ops: dict[str, OpStep], side: SideView, name: str, target: Value | Unseen, hub: Value, remote: Value | Unseen
) -> None:
    assert side.base is not None
    op = ops.get(side.connection)
    if op is None:
        op = ops[side.connection] = OpStep(
            connection=side.connection, object=side.object, action="update", remote_id=side.base.remote_id,
            values={}, hub_values={}, base={},
        )  # fmt: skip
    op.values[name], op.hub_values[name] = _plain(target), hub
    if not isinstance(remote, Unseen):
        op.base[name] = remote


def _plain(value: Value | Unseen) -> Value:
    return None if isinstance(value, Unseen) else value


# --- whole records ----------------------------------------------------------------------------------------------


def _side(view: EntityView, name: str) -> SideView:
    for side in view.sides:
        if side.connection == name:
            return side
    raise _Held(reasons.UNDO_AWAY, name)


def _delete(plan: EntityPlan, ground: Ground, side: SideView, *, leaves: str) -> None:
    """Delete a record the run made, if nobody touched it since.

    Args:
        leaves: the run that takes it out of the sync there; "" when the hub row goes as well.
    """
    base = side.base
    if base is None or base.state in ("gone", "retired") or (side.seen is not None and side.seen.gone):
        raise _Held(reasons.UNDO_ALREADY, side.connection)
    if ground.touched or _differs(ground.view, side):
        raise _Held(reasons.UNDO_TOUCHED, side.connection)
    if not side.may_write or not side.bound.map.writable:
        raise _Held(reasons.UNDO_READ_ONLY, side.connection)
    step = kept_link(side, base.state)
    if leaves:
        step.notes[LEAVES] = leaves
    plan.links.append(step)
    plan.ops.append(
        OpStep(
            connection=side.connection, object=side.object, action="delete", remote_id=base.remote_id, values={},
            hub_values={}, base=_ground_of(side),
        )
    )  # fmt: skip
    add_line(plan, ground.view, "delete", side.connection, reasons.UNDO, remote=side)


def _differs(view: EntityView, side: SideView) -> bool:
    """Say whether the hub or that connection says something that no round has carried yet."""
    base = side.base
    assert base is not None
    for bound in side.bound.fields:
        name = bound.map.field
        if _news(side, name):
            return True
        if bound.map.direction == "both" and name in base.shadow_hub and view.values.get(name) != base.shadow_hub[name]:
            return True
    return False


def _ground_of(side: SideView) -> dict[str, Value]:
    assert side.base is not None
    names = [b.map.field for b in side.bound.fields if b.map.direction != "to_remote"]
    return {name: side.base.shadow_remote[name] for name in names if name in side.base.shadow_remote}


def _take_away_again(plan: EntityPlan, past: RecordPast, ground: Ground) -> None:
    """Take back that the run brought a record to life: everything it made or brought back goes again, the row too."""
    view = ground.view
    assert past.state is not None
    before = past.state[0]
    if view.state != "live":
        raise _Held(reasons.UNDO_ALREADY)
    ours = past.created | past.restored
    live = [side for side in view.sides if side.base is not None and side.base.state == "live"]
    others = sorted(side.connection for side in live if side.connection not in ours)
    if others or before not in ("archived", "deleted"):
        raise _Held(reasons.UNDO_LIVES, others[0] if others else "")
    for side in live:
        _delete(plan, ground, side, leaves="")
    plan.state = "deleted" if before == "deleted" else "archived"
    add_line(plan, view, "delete" if before == "deleted" else "archive", "", reasons.UNDO)


def _bring_back(plan: EntityPlan, past: RecordPast, ground: Ground, ask: Ask) -> None:
    """Take back that the run deleted records: bring them back where it deleted them, and the row with them."""
    view = ground.view
    state: EntityState = view.state
    if past.state is not None and past.state[1] != state:
        raise _Held(reasons.UNDO_ALREADY if state == "live" else reasons.UNDO_EDITED)
    gone = [side for side in view.sides if _is_gone(side)]
    mine = [side for side in gone if side.connection in past.deleted]
    if state == "live" and not mine:
        raise _Held(reasons.UNDO_ALREADY)
    if state == "archived" and past.state is None:
        raise _Held(reasons.UNDO_GONE)
    theirs = [side for side in gone if side.connection not in past.deleted and side.base and side.base.state == "gone"]
    back = mine + (theirs if ask.at_source else [])
    if any(not side.may_write or not side.bound.map.writable for side in back):
        raise _Held(reasons.UNDO_READ_ONLY)
    if state != "live":
        plan.state = "live"
        add_line(plan, view, "revive", "", reasons.UNDO)
    bring_back(plan, view, [_cleaned(side) for side in back], reasons.UNDO)
    for step in plan.links:
        step.notes.pop("unlinked", None)
    for side in () if ask.at_source else theirs:
        step = kept_link(side, "retired")
        step.notes["unlinked"] = True
        plan.links.append(step)
        add_line(plan, view, "skip", side.connection, reasons.UNDO_DELETED_THERE, remote=side)


def _is_gone(side: SideView) -> bool:
    return side.base is not None and (side.base.state in ("gone", "retired") or bool(side.seen and side.seen.gone))


def _cleaned(side: SideView) -> SideView:
    assert side.base is not None
    notes = {name: value for name, value in side.base.notes.items() if name not in ("unlinked", LEAVES)}
    return replace(side, base=replace(side.base, state="gone", notes=notes))


def bucket_of(code: str) -> str:
    """Say whether a reason stands for something kept (somebody's own) or something that cannot be put back."""
    if code in reasons.UNDO_KEPT:
        return "kept"
    return "cannot" if code in reasons.UNDO_CANNOT else ""
