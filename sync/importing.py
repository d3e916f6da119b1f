"""Take a record that nobody else knows into the hub: the common case of a first pull, kept short on purpose. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mapping.fields import UNSEEN, BoundMap, Refs, Unseen
from mapping.records import ENTITIES, EntityKind, Value, hub_field, is_blank
from sync.views import EntityPlan, LinkStep


def points_home(homes: frozenset[EntityKind], entity: EntityKind, name: str) -> bool:
    """Say whether the field points to a record that a spoke with these mapped entities may come to know."""
    spec = hub_field(entity, name)
    return spec.type == "parent" or (spec.type == "ref" and spec.target in homes)


@dataclass(frozen=True, slots=True)
class Move:
    """How one field of a new record comes in.

    Args:
        outward: the hub speaks here and the remote does not; what stands there is only noted.
        claim: what the remote says is kept beside the hub value.
        waits: it may point to a record that is not linked yet.
    """

    field: str
    to_hub: Callable[[Value, Value, Refs], Value | Unseen]
    outward: bool
    claim: bool
    waits: bool


def moves_of(bound: BoundMap, homes: frozenset[EntityKind] = frozenset(ENTITIES)) -> tuple[Move, ...]:
    """Give the moves of a map, worked out once for many records."""
    return tuple(
        Move(
            field=one.map.field,
            to_hub=one.codec.to_hub,
            outward=one.map.direction in ("to_remote", "create_only"),
            claim=one.map.direction == "claim",
            waits=points_home(homes, bound.entity, one.map.field),
        )
        for one in bound.fields
    )


def take_fields(plan: EntityPlan, step: LinkStep, doc: Mapping[str, Value], moves: Sequence[Move], refs: Refs) -> None:
    """Fill a plan and its link from what the remote shows."""
    shadow_hub, shadow_remote, values, origins = step.shadow_hub, step.shadow_remote, plan.values, plan.origins
    connection = step.connection
    for move in moves:
        name = move.field
        remote = doc.get(name, UNSEEN)
        if isinstance(remote, Unseen):
            continue
        if move.outward:
            shadow_remote[name] = remote
            if is_blank(remote):
                shadow_hub[name] = None
            continue
        value = move.to_hub(remote, None, refs)
        if isinstance(value, Unseen):
            if move.waits:
                plan.waits = True
            else:
                shadow_remote[name], shadow_hub[name], step.notes[name] = remote, None, "no_home"
            continue
        shadow_remote[name] = remote
        if move.claim:
            shadow_hub[name] = None
            plan.claims.append((name, connection, value))
            continue
        shadow_hub[name] = value
        if value is not None:
            values[name] = value
            origins[name] = connection


def import_record(
    entity: EntityKind, uid: str, connection: str, object: str, remote_id: str, doc: Mapping[str, Value],
    moves: Sequence[Move], refs: Refs,
) -> EntityPlan:  # fmt: skip
    """Give the plan of a new entity with one record, without the lines that ``plan_entity`` would tell it by."""
    plan = EntityPlan(entity, uid, insert=True)
    step = LinkStep(
        connection=connection, object=object, remote_id=remote_id, state="live", shadow_hub={}, shadow_remote={},
        notes={}, new=True,
    )  # fmt: skip
    take_fields(plan, step, doc, moves, refs)
    plan.links.append(step)
    return plan
