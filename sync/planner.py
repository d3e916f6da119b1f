"""What one entity needs, seen from the hub and all spokes at once. Pure.

``plan_entity`` looks at one snapshot and says everything that should happen: hub changes, at most one write per
spoke, shadows that need no write, questions for people; each with its reason. It reads no clock and draws nothing,
so equal snapshots give equal plans, and the order in which spokes were polled cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mapping.fields import UNSEEN, BoundField, Unseen
from mapping.kinds import kind_of
from mapping.records import TITLE_FIELD, EntityKind, Value, hub_field, is_blank
from mapping.stages import judge_stage_move
from mapping.status import TERMINAL, judge_task_move
from sync import reasons
from sync.importing import moves_of, take_fields
from sync.merge import FieldOutcome, FieldSide, merge_field
from sync.presence import bring_back, mark_gone, plan_creates, plan_deleted, plan_gone, points_home
from sync.report import FieldChange
from sync.views import (
    OURS,
    EntityPlan,
    EntityView,
    LinkStep,
    OpStep,
    ReviewStep,
    SideView,
    add_line,
    kept_link,
    present,
)

_LOSSY = frozenset({"normalised", "too_long"})
_PROSE = frozenset({"text", "long_text"})
_NOTHING: Mapping[str, Value] = {}
_ENDINGS: Mapping[tuple[EntityKind, str], frozenset[str]] = {("task", "status"): frozenset(TERMINAL)}
_REMOTE_STEPS = frozenset({reasons.REMOTE_CHANGED, reasons.OWNER_WINS})


def plan_entity(view: EntityView) -> EntityPlan:
    """Say everything that should happen to one entity, and why."""
    plan = EntityPlan(view.entity, view.uid, state_before=view.state if view.exists else None)
    live = [side for side in view.sides if present(side)]
    gone = [side for side in view.sides if side.base is not None and side.seen is not None and side.seen.gone]
    if not view.exists and not live:
        plan.ghost = True
        return plan
    if any(side.busy for side in view.sides):
        add_line(plan, view, "skip", "", reasons.OPEN_OP)
        plan.waits = True
        return plan
    if view.state == "merged":
        return plan
    if view.state == "deleted":
        if plan_deleted(plan, view, live) == "revive":
            _plan_fields(plan, view, live, outward=True)
            bring_back(plan, view, [side for side in view.sides if _absent(side)])
            plan_creates(plan, view)
            _put_back(plan, view)
        else:
            mark_gone(plan, gone)
        return plan
    if view.state == "archived" and not _returns(live):
        _plan_fields(plan, view, live, outward=False)
        mark_gone(plan, gone)
        return plan
    if view.state == "archived":
        plan.state = "live"
        add_line(plan, view, "revive", "", reasons.RESTORED_AT_REMOTE)
    left = plan_gone(plan, view, live, gone) if gone else "all"
    if left != "done":
        _plan_fields(plan, view, live, outward=True)
    if left == "revive":
        parted = {step.connection for step in plan.links if step.state == "retired"}
        bring_back(plan, view, [side for side in view.sides if _absent(side) and side.connection not in parted])
    if left == "all":
        bring_back(plan, view, [side for side in view.sides if _lapsed(side)], reasons.REAPPEARED)
    if left != "done":
        plan_creates(plan, view)
    return plan


def _absent(side: SideView) -> bool:
    """Say whether the record of that spoke is known to be deleted."""
    if side.base is None or side.seen is not None:
        return side.base is not None and side.seen is not None and side.seen.gone
    return side.base.state == "gone"


def _lapsed(side: SideView) -> bool:
    """Say whether the record was deleted while its row is live: somebody brought the row back, and nobody is asked.

    Where a delete is a question, only what we deleted ourselves is brought back unasked.
    """
    if side.base is None or side.base.state != "gone":
        return False
    return _absent(side) and (side.on_remote_delete != "review" or bool(side.base.notes.get(OURS)))


def _put_back(plan: EntityPlan, view: EntityView) -> None:
    """Give a row that was taken out of the hub for good its place again, with everything the links remember."""
    if view.vanished:
        plan.insert = True
        plan.values = {name: value for name, value in {**view.values, **plan.values}.items() if value is not None}


def _returns(live: Iterable[SideView]) -> bool:
    """Say whether a record came back: taken out of the bin, or made anew."""
    return any(side.seen is not None and (side.base is None or side.base.state == "gone") for side in live)


# --- fields -----------------------------------------------------------------------------------------------------


def _plan_fields(plan: EntityPlan, view: EntityView, live: Sequence[SideView], *, outward: bool) -> None:
    """Merge every mapped field over the hub and all present spokes; fill links, ops, reviews and hub changes."""
    steps = _Steps(live)
    patches: dict[str, dict[str, Value]] = {}
    changes: dict[str, list[FieldChange]] = {side.connection: [] for side in live}
    hub_changes: list[FieldChange] = []
    single = len(live) == 1 and not view.exists and not view.parked and live[0].base is None
    if single:
        _import_single(plan, view, live[0], steps[live[0].connection], hub_changes)
    else:
        moved = _moved(view, live)
        by_field: dict[str, list[tuple[SideView, BoundField]]] = {}
        for side in live if moved else ():
            for bound in side.bound.fields:
                if bound.map.field in moved:
                    by_field.setdefault(bound.map.field, []).append((side, bound))
        for name, group in by_field.items():
            outcome = merge_field(
                view.values.get(name),
                [_field_side(view.entity, side, bound) for side, bound in group],
                view.parked.get(name),
            )
            _take(plan, view, name, outcome, steps, patches, changes, hub_changes, group, outward)
        _tell_irregular(plan, view, hub_changes)
    _hub_step(plan, view, live, hub_changes)
    for side in live:
        _side_step(plan, view, side, steps, patches.get(side.connection), changes[side.connection])
    _scope_steps(plan, view)


class _Steps(dict[str, LinkStep]):
    """How each link stands after the plan, made when somebody first wants to change it: most links stay as they are."""

    def __init__(self, live: Sequence[SideView]) -> None:
        self._live = live

    def __missing__(self, connection: str) -> LinkStep:
        step = self[connection] = _step(next(side for side in self._live if side.connection == connection))
        return step

    def agree(self, side: SideView, name: str, shadow_hub: Value | Unseen, shadow_remote: Value | Unseen) -> None:
        """Set what both ends last agreed on for a field, and forget its loss."""
        connection, base = side.connection, side.base
        if connection not in self and base is not None and name not in base.notes:
            before = base.shadow_hub.get(name, UNSEEN), base.shadow_remote.get(name, UNSEEN)
            if _same(before[0], shadow_hub) and _same(before[1], shadow_remote):
                return
        step = self[connection]
        _set(step.shadow_hub, name, shadow_hub)
        _set(step.shadow_remote, name, shadow_remote)
        step.notes.pop(name, None)


def _same(one: Value | Unseen, other: Value | Unseen) -> bool:
    return one is other or (type(one) is type(other) and one == other)


def _import_single(
    plan: EntityPlan, view: EntityView, side: SideView, step: LinkStep, hub_changes: list[FieldChange]
) -> None:
    """Take a record nobody else knows."""
    assert side.seen is not None
    take_fields(plan, step, side.seen.doc, moves_of(side.bound, side.homes), side.refs)
    if view.key_taken:
        plan.values.pop("key", None)
    if view.detail:
        hub_changes += [
            FieldChange(field=name, old=None, new=value, reason=reasons.NEW_AT_REMOTE)
            for name, value in plan.values.items()
        ]


def _moved(view: EntityView, live: Sequence[SideView]) -> set[str]:
    """Give the fields that are not at rest at every side: a few of most records, so that the rest costs one look."""
    values = view.values
    moved = set(view.parked)
    for side in live:
        base = side.base
        if base is None:
            moved.update(bound.map.field for bound in side.bound.fields)
            continue
        doc = side.seen.doc if side.seen is not None else _NOTHING
        hub, remote = base.shadow_hub, base.shadow_remote
        for bound in side.bound.fields:
            name = bound.map.field
            if name in hub and name in remote:
                agreed = remote[name]
                if values.get(name) == hub[name] and (name not in doc or doc[name] == agreed):
                    continue
            moved.add(name)
    return moved


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


def _field_side(entity: EntityKind, side: SideView, bound: BoundField) -> FieldSide:
    name = bound.map.field
    base, seen = side.base, side.seen
    wrote = base.notes.get("wrote", ()) if base is not None else ()
    type_ = hub_field(entity, name).type
    return FieldSide(
        connection=side.connection,
        bound=bound,
        refs=side.refs,
        former=side.former,
        observed=seen.doc.get(name, UNSEEN) if seen is not None else UNSEEN,
        shadow_remote=base.shadow_remote.get(name, UNSEEN) if base is not None else UNSEEN,
        shadow_hub=base.shadow_hub.get(name, UNSEEN) if base is not None else UNSEEN,
        echo=seen is not None and seen.echo and isinstance(wrote, list | tuple) and name in wrote,
        lossy=base is not None and base.notes.get(name) in _LOSSY,
        points=points_home(side, entity, name),
        free_text=type_ in _PROSE,
        endings=_ENDINGS.get((entity, name), frozenset()),
    )


def _take(
    plan: EntityPlan,
    view: EntityView,
    name: str,
    outcome: FieldOutcome,
    steps: _Steps,
    patches: dict[str, dict[str, Value]],
    changes: dict[str, list[FieldChange]],
    hub_changes: list[FieldChange],
    group: Sequence[tuple[SideView, BoundField]],
    outward: bool,
) -> None:
    """Write one field's outcome into the plan."""
    hub = view.values.get(name)
    sides = {side.connection: side for side, _ in group}
    for connection, (shadow_hub, shadow_remote) in outcome.shadows.items():
        steps.agree(sides[connection], name, shadow_hub, shadow_remote)
    for connection, loss in outcome.losses.items():
        steps[connection].notes[name] = loss
        if loss != "normalised":
            add_line(plan, view, "skip", connection, reasons.LOSS_PREFIX + loss, FieldChange(field=name, old=None, new=outcome.value, reason=loss))  # fmt: skip  # noqa: E501
    for connection, value in outcome.patches.items():
        side = sides[connection]
        if side.may_write and outward and side.bound.map.writable:
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
    silent = _silent(view, name, group, outcome.value) if name in view.parked else {}
    replaced = _replaced(view, name, group, outcome.value) if name in view.parked else {}
    if replaced:
        plan.losers[name] = {**replaced, **outcome.losers}
    if outcome.settled is not None:
        plan.settled.append(outcome.settled)
        if silent and not view.parked[name].resolved:
            plan.losers[name] = {**{side: told for side, (_, told) in silent.items()}, **outcome.losers}
    if outcome.conflict is not None:
        if not view.exists and name == TITLE_FIELD[view.entity]:
            _borrow_title(plan, name, outcome, group)
        _conflict(plan, view, name, outcome, group, silent)
    elif outcome.value != hub:
        plan.values[name] = outcome.value
        plan.old[name] = hub
        plan.origins[name] = outcome.origin
        hub_changes.append(FieldChange(field=name, old=hub, new=outcome.value, reason=outcome.reason))


def _tell_irregular(plan: EntityPlan, view: EntityView, hub_changes: list[FieldChange]) -> None:
    """Mark the steps of a task that a remote took and its states do not know: they cannot be refused there any more."""
    if view.entity != "task":
        return
    for at, change in enumerate(hub_changes):
        if change.reason in _REMOTE_STEPS and _irregular(change, {**view.values, **plan.values}):
            plan.irregular.append(change.field)
            hub_changes[at] = replace(change, reason=reasons.IRREGULAR)


def _irregular(change: FieldChange, task: Mapping[str, Value]) -> bool:
    """Say whether a status or stage made a step that is not in its table.

    Args:
        task: as it stands after the change: what kind it is may have come with it.
    """
    old, new = change.old, change.new
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    if change.field == "status":
        return judge_task_move(old, new) in ("irregular", "conflict")
    return change.field == "stage" and judge_stage_move(kind_of(task)[0], old, new) == "irregular"


def _silent(
    view: EntityView, name: str, group: Sequence[tuple[SideView, BoundField]], hub: Value
) -> dict[str, tuple[Value, Value]]:
    """Give what a field's question shows of records that are away now, in their own words and in the hub's.

    Nobody else remembers it: the record may be deleted, and its shadow is older than the question.
    """
    shown, here = view.parked[name].sides, {side.connection for side, _ in group}
    out: dict[str, tuple[Value, Value]] = {}
    for side in view.sides:
        bound = next((one for one in side.bound.fields if one.map.field == name), None)
        if bound is None or side.connection in here or side.connection not in shown:
            continue
        told = bound.codec.to_hub(shown[side.connection], hub, side.refs)
        if not isinstance(told, Unseen) and not is_blank(told):
            out[side.connection] = (shown[side.connection], told)
    return out


def _replaced(
    view: EntityView, name: str, group: Sequence[tuple[SideView, BoundField]], hub: Value
) -> dict[str, Value]:
    """Give what a field's question shows of records whose place another one took: the journal is to remember it."""
    parked = view.parked[name]
    out: dict[str, Value] = {}
    for side, bound in group if not parked.resolved else ():
        if side.base is not None or side.seen is None or side.connection not in parked.sides:
            continue
        shown = parked.sides[side.connection]
        told = bound.codec.to_hub(shown, hub, side.refs)
        if shown != side.seen.doc.get(name) and not isinstance(told, Unseen) and not is_blank(told):
            out[side.connection] = told
    return out


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


def _conflict(
    plan: EntityPlan,
    view: EntityView,
    name: str,
    outcome: FieldOutcome,
    group: Sequence[tuple[SideView, BoundField]],
    silent: Mapping[str, tuple[Value, Value]],
) -> None:
    """Ask a person; beside what each side says stands what it means in the hub's own words, to choose from."""
    assert outcome.conflict is not None
    sides: dict[str, Any] = {**{side: said for side, (said, _) in silent.items()}, **outcome.conflict}
    parked = view.parked.get(name)
    if parked is None or parked.resolved or dict(parked.sides) != sides or parked.hub != outcome.value:
        told = {
            side.connection: bound.codec.to_hub(sides[side.connection], outcome.value, side.refs)
            for side, bound in group
            if side.connection in sides
        }
        values = {connection: value for connection, value in told.items() if not isinstance(value, Unseen)}
        values |= {connection: value for connection, (_, value) in silent.items()}
        data: dict[str, Any] = {
            "hub": outcome.value, "sides": sides, "values": values, "reason": outcome.conflict_reason,
        }  # fmt: skip
        plan.reviews.append(ReviewStep(kind="conflict", connection="", field=name, data=data))
    shown = [FieldChange(field=name, old=outcome.value, new=v, reason=c) for c, v in outcome.conflict.items()]
    add_line(plan, view, "conflict", "", outcome.conflict_reason, *shown)


# --- hub and links ----------------------------------------------------------------------------------------------


def _hub_step(plan: EntityPlan, view: EntityView, live: Sequence[SideView], changes: Sequence[FieldChange]) -> None:
    new_links = [side for side in live if side.base is None]
    if not view.exists:
        plan.insert = True
        for side in new_links[1:] if len(new_links) > 1 else ():
            add_line(plan, view, "match", side.connection, view.bound_by or reasons.MATCHED_IDENTITY, remote=side)
        first = new_links[0] if new_links else None
        add_line(plan, view, "import", first.connection if first else "", reasons.NEW_AT_REMOTE, *changes, remote=first)
        return
    for side in new_links:
        add_line(plan, view, "match", side.connection, view.bound_by or reasons.MATCHED_IDENTITY, remote=side)
    if changes:
        add_line(plan, view, "update", "", changes[0].reason, *changes)


def _side_step(
    plan: EntityPlan,
    view: EntityView,
    side: SideView,
    steps: _Steps,
    patch: dict[str, Value] | None,
    changes: Sequence[FieldChange],
) -> None:
    base = side.base
    step = steps[side.connection] if base is None or base.state != "live" else steps.get(side.connection)
    if step is not None and (
        base is None
        or base.state != "live"
        or step.shadow_hub != base.shadow_hub
        or step.shadow_remote != base.shadow_remote
        or step.notes != base.notes
    ):
        plan.links.append(step)
    if patch:
        known = step or base
        assert known is not None
        values = {**view.values, **plan.values} if plan.values else view.values
        plan.ops.append(
            OpStep(
                connection=side.connection, object=side.object, action="update", remote_id=known.remote_id,
                values=patch, hub_values={name: values.get(name) for name in patch},
                base={name: known.shadow_remote[name] for name in patch if name in known.shadow_remote},
            )
        )  # fmt: skip
        add_line(plan, view, "patch", side.connection, changes[0].reason, *changes, remote=side)


def _scope_steps(plan: EntityPlan, view: EntityView) -> None:
    """Suspend links whose record left the scope; never a delete."""
    for side in view.sides:
        if side.base is None or side.seen is None or side.seen.gone or side.seen.in_scope:
            continue
        if side.base.state != "suspended":
            plan.links.append(kept_link(side, "suspended"))
            add_line(plan, view, "skip", side.connection, reasons.OUT_OF_SCOPE, remote=side)
