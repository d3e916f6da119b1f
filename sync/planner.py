"""What one entity needs, seen from the hub and all spokes at once. Pure.

``plan_entity`` looks at one snapshot and says everything that should happen: hub changes, at most one write per
spoke, shadows that need no write, questions for people; each with its reason. It reads no clock and draws nothing,
so equal snapshots give equal plans, and the order in which spokes were polled cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mapping.fields import UNSEEN, BoundField, BoundMap, Refs, Unseen
from mapping.records import ENTITIES, TITLE_FIELD, EntityKind, EntityState, Value, hub_field, is_blank
from sync import reasons
from sync.merge import FieldOutcome, FieldSide, Parked, merge_field
from sync.report import FieldChange, LineAction, PlanLine

LinkState = Literal["live", "gone", "suspended", "retired"]
OnRemoteDelete = Literal["archive", "propagate", "restore", "unlink", "review"]
_LOSSY = frozenset({"normalised", "too_long"})
_PROSE = frozenset({"text", "long_text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a link remembers: the two shadows and what was learned on the way.

    Args:
        notes: field -> loss last seen there; the key ``wrote`` lists the fields of our own last write.
    """

    remote_id: str
    state: LinkState
    shadow_hub: Mapping[str, Value]
    shadow_remote: Mapping[str, Value]
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One record as just observed.

    Args:
        doc: remote values by hub field; empty for one that is gone.
        echo: its version is exactly the one our last write left, and we are its last author.
    """

    remote_id: str
    doc: Mapping[str, Value]
    gone: bool = False
    in_scope: bool = True
    echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One spoke seen from this entity.

    Args:
        may_write: changes may be planned there at all (mode, approval).
        may_create: missing records may be made there (its backfill is complete, the object is writable).
        may_restore: a deleted record can be brought back there.
        homes: entities that are mapped there; what points to any other kind has nowhere to point.
        busy: an earlier write of this pair is still open.
    """

    connection: str
    object: str
    bound: BoundMap
    refs: Refs
    base: Base | None = None
    seen: Seen | None = None
    may_write: bool = True
    may_create: bool = True
    may_restore: bool = False
    homes: frozenset[EntityKind] = frozenset(ENTITIES)
    busy: bool = False
    on_remote_delete: OnRemoteDelete = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityView:
    """Everything the planner may know about one entity.

    Args:
        exists: False for an entity that is only about to become a hub row.
        bound_by: why its spokes were brought together, when that happened just now.
        detail: False leaves the single fields out of the lines of plain imports (long first pulls).
    """

    entity: EntityKind
    uid: str
    exists: bool
    state: EntityState
    values: Mapping[str, Value]
    sides: Sequence[SideView]
    parked: Mapping[str, Parked] = field(default_factory=dict)
    bound_by: str = ""
    detail: bool = True


@dataclass(slots=True, kw_only=True)
class LinkStep:
    """How a link stands after the plan; ``new`` when it is to be made."""

    connection: str
    object: str
    remote_id: str
    state: LinkState
    shadow_hub: dict[str, Value]
    shadow_remote: dict[str, Value]
    notes: dict[str, Any]
    new: bool = False


@dataclass(slots=True, kw_only=True)
class OpStep:
    """One intended write: remote values, the hub values they came from, and the remote values the plan saw."""

    connection: str
    object: str
    action: Literal["create", "update", "delete", "restore"]
    remote_id: str | None
    values: dict[str, Value]
    hub_values: dict[str, Value]
    base: dict[str, Value]


@dataclass(slots=True, kw_only=True)
class ReviewStep:
    """A question for a person."""

    kind: Literal["conflict", "delete"]
    connection: str
    field: str
    data: dict[str, Any]


@dataclass(slots=True)
class EntityPlan:
    """Everything that should happen to one entity; empty when nothing should."""

    entity: EntityKind
    uid: str
    insert: bool = False
    state: EntityState | None = None
    values: dict[str, Value] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    old: dict[str, Value] = field(default_factory=dict)
    links: list[LinkStep] = field(default_factory=list)
    ops: list[OpStep] = field(default_factory=list)
    reviews: list[ReviewStep] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    claims: list[tuple[str, str, Value]] = field(default_factory=list)
    losers: dict[str, dict[str, Value]] = field(default_factory=dict)
    lines: list[PlanLine] = field(default_factory=list)
    waits: bool = False
    ghost: bool = False

    @property
    def writes_hub(self) -> bool:
        return self.insert or bool(self.values) or self.state is not None


def plan_entity(view: EntityView) -> EntityPlan:
    """Say everything that should happen to one entity, and why."""
    plan = EntityPlan(view.entity, view.uid)
    live = [side for side in view.sides if _present(side)]
    gone = [side for side in view.sides if side.base is not None and side.seen is not None and side.seen.gone]
    if not view.exists and not live:
        plan.ghost = True
        return plan
    if any(side.busy for side in view.sides):
        _line(plan, view, "skip", "", reasons.OPEN_OP)
        plan.waits = True
        return plan
    if view.state == "deleted":
        return _plan_deleted(plan, view, live)
    if view.state == "archived" and not _returns(live):
        _plan_fields(plan, view, live, outward=False)
        _mark_gone(plan, gone)
        return plan
    if view.state == "archived":
        plan.state = "live"
        _line(plan, view, "revive", "", reasons.RESTORED_AT_REMOTE)
    if gone and _plan_gone(plan, view, live, gone):
        return plan
    _plan_fields(plan, view, live, outward=True)
    _plan_creates(plan, view)
    return plan


def _present(side: SideView) -> bool:
    """Say whether that spoke has a record of this entity that we may look at."""
    if side.seen is not None:
        return not side.seen.gone and side.seen.in_scope
    return side.base is not None and side.base.state == "live"


def _returns(live: Iterable[SideView]) -> bool:
    return any(side.base is not None and side.base.state == "gone" and side.seen is not None for side in live)


# --- fields -----------------------------------------------------------------------------------------------------


def _plan_fields(plan: EntityPlan, view: EntityView, live: Sequence[SideView], *, outward: bool) -> None:
    """Merge every mapped field over the hub and all present spokes; fill links, ops, reviews and hub changes."""
    steps = {side.connection: _step(side) for side in live}
    patches: dict[str, dict[str, Value]] = {}
    changes: dict[str, list[FieldChange]] = {side.connection: [] for side in live}
    hub_changes: list[FieldChange] = []
    single = len(live) == 1 and not view.exists and not view.parked and live[0].base is None
    if single:
        _import_single(plan, live[0], steps[live[0].connection], hub_changes, detail=view.detail)
    else:
        by_field: dict[str, list[tuple[SideView, BoundField]]] = {}
        for side in live:
            for bound in side.bound.fields:
                by_field.setdefault(bound.map.field, []).append((side, bound))
        for name, group in by_field.items():
            outcome = merge_field(
                view.values.get(name),
                [_field_side(view.entity, side, bound) for side, bound in group],
                view.parked.get(name),
            )
            _take(plan, view, name, outcome, steps, patches, changes, hub_changes, group, outward)
    _hub_step(plan, view, live, hub_changes)
    for side in live:
        _side_step(plan, view, side, steps[side.connection], patches.get(side.connection), changes[side.connection])
    _scope_steps(plan, view)


def _import_single(
    plan: EntityPlan, side: SideView, step: LinkStep, hub_changes: list[FieldChange], *, detail: bool
) -> None:
    """Take a record nobody else knows: the common case of a first pull, kept short on purpose."""
    assert side.seen is not None
    doc = side.seen.doc
    for bound in side.bound.fields:
        name = bound.map.field
        remote = doc.get(name, UNSEEN)
        if isinstance(remote, Unseen):
            continue
        direction = bound.map.direction
        if direction in ("to_remote", "create_only"):
            step.shadow_remote[name] = remote
            if is_blank(remote):
                step.shadow_hub[name] = None
            continue
        value = bound.codec.to_hub(remote, None, side.refs)
        if isinstance(value, Unseen):
            if _points(side, plan.entity, name):
                plan.waits = True
            else:
                step.shadow_remote[name], step.shadow_hub[name], step.notes[name] = remote, None, "no_home"
            continue
        step.shadow_remote[name] = remote
        if direction == "claim":
            step.shadow_hub[name] = None
            plan.claims.append((name, side.connection, value))
            continue
        step.shadow_hub[name] = value
        if value is not None:
            plan.values[name] = value
            plan.origins[name] = side.connection
            if detail:
                hub_changes.append(FieldChange(field=name, old=None, new=value, reason=reasons.NEW_AT_REMOTE))


def _step(side: SideView) -> LinkStep:
    base = side.base
    if base is None:
        assert side.seen is not None
        return LinkStep(
            connection=side.connection, object=side.object, remote_id=side.seen.remote_id, state="live",
            shadow_hub={}, shadow_remote={}, notes={}, new=True,
        )  # fmt: skip
    return LinkStep(
        connection=side.connection, object=side.object, remote_id=base.remote_id, state="live",
        shadow_hub=dict(base.shadow_hub), shadow_remote=dict(base.shadow_remote), notes=dict(base.notes),
    )  # fmt: skip


def _points(side: SideView, entity: EntityKind, name: str) -> bool:
    """Say whether the field points to a record that this spoke may come to know."""
    spec = hub_field(entity, name)
    return spec.type == "parent" or (spec.type == "ref" and spec.target in side.homes)


def _field_side(entity: EntityKind, side: SideView, bound: BoundField) -> FieldSide:
    name = bound.map.field
    base, seen = side.base, side.seen
    wrote = base.notes.get("wrote", ()) if base is not None else ()
    type_ = hub_field(entity, name).type
    return FieldSide(
        connection=side.connection,
        bound=bound,
        refs=side.refs,
        observed=seen.doc.get(name, UNSEEN) if seen is not None else UNSEEN,
        shadow_remote=base.shadow_remote.get(name, UNSEEN) if base is not None else UNSEEN,
        shadow_hub=base.shadow_hub.get(name, UNSEEN) if base is not None else UNSEEN,
        echo=seen is not None and seen.echo and isinstance(wrote, list | tuple) and name in wrote,
        lossy=base is not None and base.notes.get(name) in _LOSSY,
        points=_points(side, entity, name),
        free_text=type_ in _PROSE,
    )


def _take(
    plan: EntityPlan,
    view: EntityView,
    name: str,
    outcome: FieldOutcome,
    steps: Mapping[str, LinkStep],
    patches: dict[str, dict[str, Value]],
    changes: dict[str, list[FieldChange]],
    hub_changes: list[FieldChange],
    group: Sequence[tuple[SideView, BoundField]],
    outward: bool,
) -> None:
    """Write one field's outcome into the plan."""
    hub = view.values.get(name)
    may_write = {side.connection: side.may_write and outward and side.bound.map.writable for side, _ in group}
    for connection, (shadow_hub, shadow_remote) in outcome.shadows.items():
        _set(steps[connection].shadow_hub, name, shadow_hub)
        _set(steps[connection].shadow_remote, name, shadow_remote)
        steps[connection].notes.pop(name, None)
    for connection, loss in outcome.losses.items():
        steps[connection].notes[name] = loss
        if loss != "normalised":
            _line(plan, view, "skip", connection, reasons.LOSS_PREFIX + loss, FieldChange(field=name, old=None, new=outcome.value, reason=loss))  # fmt: skip  # noqa: E501
    for connection, value in outcome.patches.items():
        if may_write[connection]:
            patches.setdefault(connection, {})[name] = value
            standing = outcome.shadows[connection][1]
            old = None if isinstance(standing, Unseen) else standing
            changes[connection].append(
                FieldChange(field=name, old=old, new=value, reason=outcome.patch_reasons[connection])
            )
    for connection, value in outcome.claims.items():
        plan.claims.append((name, connection, value))
    if outcome.waits:
        plan.waits = True
    if outcome.losers:
        plan.losers[name] = outcome.losers
    if outcome.settled is not None:
        plan.settled.append(outcome.settled)
    if outcome.conflict is not None:
        if not view.exists and name == TITLE_FIELD[view.entity]:
            _borrow_title(plan, name, outcome, group)
        _conflict(plan, view, name, outcome)
    elif outcome.value != hub:
        plan.values[name] = outcome.value
        plan.old[name] = hub
        plan.origins[name] = outcome.origin
        hub_changes.append(FieldChange(field=name, old=hub, new=outcome.value, reason=outcome.reason))


def _borrow_title(
    plan: EntityPlan, name: str, outcome: FieldOutcome, group: Sequence[tuple[SideView, BoundField]]
) -> None:
    """Let a new hub row carry the first side's name while a person decides: a row nobody can name helps nobody."""
    for side, bound in group:
        remote = (outcome.conflict or {}).get(side.connection)
        value = bound.codec.to_hub(remote, None, side.refs)
        if not isinstance(value, Unseen) and not is_blank(value):
            outcome.value = plan.values[name] = value
            plan.origins[name] = side.connection
            return


def _set(shadow: dict[str, Value], name: str, value: Value | Unseen) -> None:
    if isinstance(value, Unseen):
        shadow.pop(name, None)
    else:
        shadow[name] = value


def _conflict(plan: EntityPlan, view: EntityView, name: str, outcome: FieldOutcome) -> None:
    assert outcome.conflict is not None
    sides: dict[str, Any] = dict(outcome.conflict)
    parked = view.parked.get(name)
    if parked is None or parked.resolved or dict(parked.sides) != sides or parked.hub != outcome.value:
        data: dict[str, Any] = {"hub": outcome.value, "sides": sides, "reason": outcome.conflict_reason}
        plan.reviews.append(ReviewStep(kind="conflict", connection="", field=name, data=data))
    shown = [FieldChange(field=name, old=outcome.value, new=v, reason=c) for c, v in outcome.conflict.items()]
    _line(plan, view, "conflict", "", outcome.conflict_reason, *shown)


# --- hub and links ----------------------------------------------------------------------------------------------


def _hub_step(plan: EntityPlan, view: EntityView, live: Sequence[SideView], changes: Sequence[FieldChange]) -> None:
    new_links = [side for side in live if side.base is None]
    if not view.exists:
        plan.insert = True
        for side in new_links[1:] if len(new_links) > 1 else ():
            _line(plan, view, "match", side.connection, view.bound_by or reasons.MATCHED_IDENTITY, remote=side)
        first = new_links[0] if new_links else None
        _line(plan, view, "import", first.connection if first else "", reasons.NEW_AT_REMOTE, *changes, remote=first)
        return
    for side in new_links:
        _line(plan, view, "match", side.connection, view.bound_by or reasons.MATCHED_IDENTITY, remote=side)
    if changes:
        _line(plan, view, "update", "", changes[0].reason, *changes)


def _side_step(
    plan: EntityPlan,
    view: EntityView,
    side: SideView,
    step: LinkStep,
    patch: dict[str, Value] | None,
    changes: Sequence[FieldChange],
) -> None:
    base = side.base
    if (
        base is None
        or base.state != "live"
        or step.shadow_hub != base.shadow_hub
        or step.shadow_remote != base.shadow_remote
        or step.notes != base.notes
    ):
        plan.links.append(step)
    if patch:
        values = {**view.values, **plan.values}
        plan.ops.append(
            OpStep(
                connection=side.connection, object=side.object, action="update", remote_id=step.remote_id,
                values=patch, hub_values={name: values.get(name) for name in patch},
                base={name: step.shadow_remote[name] for name in patch if name in step.shadow_remote},
            )
        )  # fmt: skip
        _line(plan, view, "patch", side.connection, changes[0].reason, *changes, remote=side)


def _scope_steps(plan: EntityPlan, view: EntityView) -> None:
    """Suspend links whose record left the scope; never a delete."""
    for side in view.sides:
        if side.base is None or side.seen is None or side.seen.gone or side.seen.in_scope:
            continue
        if side.base.state != "suspended":
            plan.links.append(_kept(side, "suspended"))
            _line(plan, view, "skip", side.connection, reasons.OUT_OF_SCOPE, remote=side)


def _kept(side: SideView, state: LinkState) -> LinkStep:
    assert side.base is not None
    return LinkStep(
        connection=side.connection, object=side.object, remote_id=side.base.remote_id, state=state,
        shadow_hub=dict(side.base.shadow_hub), shadow_remote=dict(side.base.shadow_remote),
        notes=dict(side.base.notes),
    )  # fmt: skip


# --- creating ---------------------------------------------------------------------------------------------------


def _plan_creates(plan: EntityPlan, view: EntityView) -> None:
    """Plan a record at every spoke that has none, restores first where the remote can."""
    values = {**view.values, **plan.values}
    absent = [side for side in view.sides if side.base is None and side.seen is None]
    wanted = [side for side in absent if _creatable(plan, view, side, values)]
    if wanted and is_blank(values.get("key")) and any(side.bound.key_field for side in wanted):
        values["key"] = view.uid
        plan.values["key"] = view.uid
        _push_key(plan, view)
    for side in wanted:
        _create(plan, view, side, values)


def _creatable(plan: EntityPlan, view: EntityView, side: SideView, values: Mapping[str, Value]) -> bool:
    if not side.bound.map.writable or not side.may_write:
        return False
    if not side.may_create:
        _line(plan, view, "skip", side.connection, reasons.WAITS_FOR_BACKFILL)
        return False
    if values.get("internal") is True:
        _line(plan, view, "skip", side.connection, reasons.INTERNAL)
        return False
    title = values.get(TITLE_FIELD[view.entity])
    if is_blank(title) and is_blank(values.get("body")):
        _line(plan, view, "skip", side.connection, reasons.NO_TITLE)
        return False
    return True


def _create(plan: EntityPlan, view: EntityView, side: SideView, values: Mapping[str, Value]) -> None:
    sent: dict[str, Value] = {}
    hub_values: dict[str, Value] = {}
    changes: list[FieldChange] = []
    for bound in side.bound.fields:
        name = bound.map.field
        value = values.get(name)
        if bound.map.direction == "to_hub" or not bound.writable or name in view.parked:
            continue
        if any(step.field == name for step in plan.reviews):
            continue
        encoded = bound.codec.to_remote(value, side.refs)
        if isinstance(encoded.value, Unseen):
            if not is_blank(value):
                _line(plan, view, "skip", side.connection, reasons.LOSS_PREFIX + (encoded.loss or "no_home"),
                      FieldChange(field=name, old=None, new=value, reason=encoded.loss or "no_home"))  # fmt: skip
            if encoded.loss == "not_linked" and _points(side, view.entity, name):
                plan.waits = True
            else:
                hub_values[name] = value
            continue
        sent[name] = encoded.value
        hub_values[name] = value
        if not is_blank(value):
            changes.append(FieldChange(field=name, old=None, new=encoded.value, reason=reasons.NEW_IN_HUB))
    if view.entity == "comment" and is_blank(hub_values.get("parent")):
        _line(plan, view, "skip", side.connection, reasons.WAITS_FOR_PARENT)
        plan.waits = True
        return
    plan.ops.append(
        OpStep(
            connection=side.connection, object=side.object, action="create", remote_id=None,
            values=sent, hub_values=hub_values, base={},
        )
    )  # fmt: skip
    _line(plan, view, "create", side.connection, reasons.NEW_IN_HUB, *changes)


def _push_key(plan: EntityPlan, view: EntityView) -> None:
    """Write the new key to the records that exist already, beside whatever else they are sent."""
    for side in view.sides:
        bound = next((b for b in side.bound.fields if b.map.field == "key"), None)
        if bound is None or not _present(side) or not side.may_write or not bound.writable:
            continue
        step = next((link for link in plan.links if link.connection == side.connection), None)
        if step is None:
            step = _kept(side, "live")
            plan.links.append(step)
        if not is_blank(step.shadow_remote.get("key")):
            continue
        step.shadow_hub.pop("key", None)
        step.shadow_remote["key"] = None
        op = next((o for o in plan.ops if o.connection == side.connection), None)
        if op is None:
            op = OpStep(connection=side.connection, object=side.object, action="update", remote_id=step.remote_id,
                        values={}, hub_values={}, base={})  # fmt: skip
            plan.ops.append(op)
        op.values["key"], op.hub_values["key"], op.base["key"] = view.uid, view.uid, None
        change = FieldChange(field="key", old=None, new=view.uid, reason=reasons.FILL_BLANK)
        _line(plan, view, "patch", side.connection, reasons.FILL_BLANK, change, remote=side)


# --- deleting ---------------------------------------------------------------------------------------------------


def _mark_gone(plan: EntityPlan, gone: Sequence[SideView]) -> None:
    for side in gone:
        if side.base is not None and side.base.state != "gone":
            plan.links.append(_kept(side, "gone"))


def _plan_gone(plan: EntityPlan, view: EntityView, live: Sequence[SideView], gone: Sequence[SideView]) -> bool:
    """Follow a proven remote delete; True when that is all there is to do."""
    fresh = [side for side in gone if side.base is not None and side.base.state != "gone"]
    if not fresh:
        return False
    policy = fresh[0].on_remote_delete
    if policy == "review":
        plan.reviews.append(ReviewStep(kind="delete", connection=fresh[0].connection, field="", data={}))
        _line(plan, view, "review", fresh[0].connection, reasons.REMOTE_DELETED, remote=fresh[0])
        _mark_gone(plan, fresh)
        return True
    if policy == "unlink":
        for side in fresh:
            plan.links.append(_kept(side, "retired"))
            _line(plan, view, "skip", side.connection, reasons.REMOTE_DELETED, remote=side)
        return False
    edited = policy == "restore" or _edited_since(view, live, fresh)
    if edited:
        _revive(plan, view, fresh)
        _plan_fields(plan, view, live, outward=True)
        return True
    _mark_gone(plan, fresh)
    if policy == "propagate":
        plan.state = "deleted"
        for side in live:
            _delete(plan, view, side)
        return True
    plan.state = "archived"
    _line(plan, view, "archive", fresh[0].connection, reasons.REMOTE_DELETED, remote=fresh[0])
    return True


def _edited_since(view: EntityView, live: Sequence[SideView], gone: Sequence[SideView]) -> bool:
    """Say whether anybody changed the entity since the deleted side last agreed: an edit beats a delete."""
    for side in gone:
        assert side.base is not None
        for bound in side.bound.fields:
            name = bound.map.field
            if bound.map.direction in ("to_hub", "to_remote") or name == "key":
                continue
            agreed = side.base.shadow_hub.get(name, UNSEEN)
            if not isinstance(agreed, Unseen) and view.values.get(name) != agreed:
                return True
    return any(_moved(side) for side in live)


def _moved(side: SideView) -> bool:
    if side.base is None or side.seen is None or side.seen.echo:
        return False
    shadow = side.base.shadow_remote
    return any(
        b.map.direction != "to_remote" and b.map.field in side.seen.doc and b.map.field in shadow
        and side.seen.doc[b.map.field] != shadow[b.map.field]
        for b in side.bound.fields
    )  # fmt: skip


def _revive(plan: EntityPlan, view: EntityView, gone: Sequence[SideView]) -> None:
    """Bring a deleted record back: restore where the remote can, else make it anew."""
    for side in gone:
        if not side.may_write or not side.bound.map.writable:
            _mark_gone(plan, [side])
            continue
        assert side.base is not None
        if side.may_restore:
            plan.links.append(_kept(side, "gone"))
            plan.ops.append(
                OpStep(
                    connection=side.connection, object=side.object, action="restore", remote_id=side.base.remote_id,
                    values={}, hub_values={}, base={},
                )
            )  # fmt: skip
            _line(plan, view, "restore", side.connection, reasons.EDIT_BEATS_DELETE, remote=side)
        else:
            plan.links.append(_kept(side, "retired"))
            _create(plan, view, side, {**view.values, **plan.values})


def _plan_deleted(plan: EntityPlan, view: EntityView, live: Sequence[SideView]) -> EntityPlan:
    """A person deleted it in the hub: delete softly everywhere, unless somebody edited it meanwhile."""
    if any(_moved(side) for side in live):
        plan.state = "live"
        _line(plan, view, "revive", "", reasons.EDIT_BEATS_DELETE)
        _plan_fields(plan, view, live, outward=True)
        return plan
    for side in live:
        if side.base is not None:
            _delete(plan, view, side)
    return plan


def _delete(plan: EntityPlan, view: EntityView, side: SideView) -> None:
    assert side.base is not None
    if not side.may_write or not side.bound.map.writable:
        _line(plan, view, "skip", side.connection, reasons.NOT_APPROVED, remote=side)
        return
    plan.ops.append(
        OpStep(
            connection=side.connection, object=side.object, action="delete", remote_id=side.base.remote_id,
            values={}, hub_values={}, base=dict(side.base.shadow_remote),
        )
    )  # fmt: skip
    _line(plan, view, "delete", side.connection, reasons.HUB_DELETED, remote=side)


# --- lines ------------------------------------------------------------------------------------------------------


def _line(
    plan: EntityPlan,
    view: EntityView,
    action: LineAction,
    connection: str,
    reason: str,
    *fields: FieldChange,
    remote: SideView | None = None,
) -> None:
    name = TITLE_FIELD[view.entity]
    title = plan.values.get(name, view.values.get(name))
    remote_id = ""
    if remote is not None:
        remote_id = remote.base.remote_id if remote.base else remote.seen.remote_id if remote.seen else ""
    plan.lines.append(
        PlanLine(
            entity=view.entity, action=action, connection=connection, reason=reason,
            title=title if isinstance(title, str) else "", uid=view.uid,
            object=remote.object if remote else "", remote_id=remote_id, fields=fields,
        )
    )  # fmt: skip
