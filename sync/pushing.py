"""Tell the records of an entity what changed in the hub alone: the common case of a push, kept short on purpose. Pure.

Whatever is not as plain as that (a loss, a question, a record that moved) is left to ``planner.plan_entity``, which
says the same of the plain cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mapping.fields import BoundMap, Encoded, Refs, Unseen
from mapping.records import TITLE_FIELD, EntityKind, Value
from sync import reasons
from sync.report import FieldChange, PlanLine
from sync.views import EntityPlan, OpStep

_PLAIN = frozenset({"both", "to_remote"})


class Agreed(Protocol):
    """What both ends last agreed on (a link, or what the planner sees of one)."""

    @property
    def remote_id(self) -> str: ...
    @property
    def shadow_hub(self) -> Mapping[str, Value]: ...
    @property
    def shadow_remote(self) -> Mapping[str, Value]: ...
    @property
    def notes(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Outlet:
    """One connection that rows are told to.

    Args:
        fields: hub field -> how it is put there; None where it takes more than that.
    """

    connection: str
    object: str
    fields: Sequence[tuple[str, Callable[[Value, Refs], Encoded] | None]]
    refs: Refs


def outlet_of(connection: str, bound: BoundMap, refs: Refs) -> Outlet:
    """Give the outlet of a map, worked out once for many rows."""
    fields = [
        (
            one.map.field,
            one.codec.to_remote if one.map.direction in _PLAIN and one.writable and bound.map.writable else None,
        )
        for one in bound.fields
    ]
    return Outlet(connection, bound.map.object, fields, refs)


def push_row(
    entity: EntityKind,
    uid: str,
    values: Mapping[str, Value],
    outlets: Sequence[tuple[Outlet, Agreed]],
    *,
    tell: bool = True,
) -> EntityPlan | None:
    """Give the plan of a live row of which no side showed anything new.

    Args:
        outlets: every connection that maps the entity, each with the live link there.
        tell: False leaves out the lines that tell the plan: nobody would keep them.

    Returns:
        None when it takes the long way.
    """
    plan = EntityPlan(entity, uid, state_before="live")
    for outlet, base in outlets:
        patch = _patch(values, outlet, base)
        if patch is None:
            return None
        if patch:
            remote = base.shadow_remote
            step = OpStep(
                connection=outlet.connection, object=outlet.object, action="update", remote_id=base.remote_id,
                values=patch, hub_values={name: values.get(name) for name in patch},
                base={name: remote[name] for name in patch},
            )  # fmt: skip
            plan.ops.append(step)
            if tell:
                plan.lines.append(_line(entity, uid, values, step))
    return plan


def _line(entity: EntityKind, uid: str, values: Mapping[str, Value], step: OpStep) -> PlanLine:
    title = values.get(TITLE_FIELD[entity])
    return PlanLine(
        entity=entity, action="patch", connection=step.connection, reason=reasons.HUB_CHANGED,
        title=title if isinstance(title, str) else "", uid=uid, object=step.object, remote_id=step.remote_id or "",
        fields=tuple(
            FieldChange(field=name, old=step.base[name], new=value, reason=reasons.HUB_CHANGED)
            for name, value in step.values.items()
        ),
    )  # fmt: skip


def _patch(values: Mapping[str, Value], outlet: Outlet, base: Agreed) -> dict[str, Value] | None:
    """Give what a record is to be told, by field; None when that is not plain."""
    hub, remote, notes = base.shadow_hub, base.shadow_remote, base.notes
    out: dict[str, Value] = {}
    for name, encode in outlet.fields:
        if name not in remote:  # never agreed on, and not shown now: nothing can be said of it
            continue
        value = values.get(name)
        if name in hub and hub[name] == value:
            continue
        if encode is None or name in notes:
            return None
        encoded = encode(value, outlet.refs)
        if encoded.loss is not None or isinstance(encoded.value, Unseen) or encoded.value == remote[name]:
            return None
        out[name] = encoded.value
    return out
