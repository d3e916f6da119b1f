"""Let children follow their parent: to another record of it somewhere, or to the row it was merged into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mapping.records import ENTITIES, FIELDS, EntityKind, is_blank
from store import hub, links, quarantine
from store.hub import HubChange
from store.links import Link
from store.outbox import Op
from store.tx import Tx
from sync.spokes import pointed_at
from sync.views import EntityPlan


@dataclass(frozen=True, slots=True)
class Followed:
    """A reference of a row that was pointed elsewhere."""

    entity: EntityKind
    uid: str
    field: str
    old: str
    new: str


def made_anew(plans: Iterable[EntityPlan], linked: Mapping[str, Sequence[Link]]) -> dict[str, list[str]]:
    """Give connection -> entities that get another record there than the one they had, or theirs back."""
    out: dict[str, list[str]] = {}
    for plan in plans:
        if plan.uid not in linked or not (plan.links or any(op.action == "create" for op in plan.ops)):
            continue
        new = {step.connection for step in plan.links if step.new}
        new.update(op.connection for op in plan.ops if op.action == "create")
        live = {step.connection for step in plan.links if step.state == "live"}
        new.update(link.connection for link in linked[plan.uid] if link.state == "gone" and link.connection in live)
        if new:
            for name in sorted(new & {link.connection for link in linked[plan.uid]}):
                out.setdefault(name, []).append(plan.uid)
    return out


def point_anew(tx: Tx, entity: EntityKind, anew: Mapping[str, Sequence[str]], now_ms: int) -> None:
    """Put what points to those entities on the work list, its references there no longer agreed on."""
    for connection, uids in anew.items():
        for child, name, values in _pointers_to(entity, uids):
            rows = hub.of_ref(tx, child, name, values)
            stale = [
                link
                for some in links.by_uids(tx, child, rows).values()
                for link in some
                if link.connection == connection and link.shadow_hub.pop(name, None) is not None
            ]
            links.update(tx, stale)
            hub.mark_dirty(tx, child, [link.uid for link in stale], "parent", now_ms)


def deleted(plans: Iterable[EntityPlan]) -> dict[str, list[str]]:
    """Give connection -> entities whose record there was just found deleted."""
    out: dict[str, list[str]] = {}
    for plan in plans:
        for step in plan.links:
            if step.state == "gone":
                out.setdefault(step.connection, []).append(plan.uid)
    return out


def try_again(tx: Tx, entity: EntityKind, gone: Mapping[str, Sequence[str]], now_ms: int) -> None:
    """Put refused writes of what points to those entities on the work list: they may have been refused for that."""
    if not gone or not quarantine.count(tx):
        return
    for connection, uids in gone.items():
        for child, name, values in _pointers_to(entity, uids):
            parked = quarantine.of_uids(tx, child, hub.of_ref(tx, child, name, values))
            refused = sorted({held.uid for held in parked if held.op_id and held.connection == connection})
            hub.mark_dirty(tx, child, refused, "parent", now_ms)


def names_deleted(tx: Tx, op: Op) -> bool:
    """Say whether a write names a record that is known there no more: that may be why it was refused."""
    named = {name: op.hub_values.get(name) for name, value in op.values.items() if not is_blank(value)}
    pointed = pointed_at(op.entity, [named])
    return any(len(links.remote_ids(tx, op.connection, kind, uids)) < len(uids) for kind, uids in pointed.items())


def follow_merge(tx: Tx, entity: EntityKind, drop: str, keep: str, now_ms: int) -> list[Followed]:
    """Point everything that points to one row to the one it was merged into."""
    moved: list[Followed] = []
    for (child, name, (old,)), (_, _, (new,)) in zip(
        _pointers_to(entity, [drop]), _pointers_to(entity, [keep]), strict=True
    ):
        rows = hub.read(tx, child, hub.of_ref(tx, child, name, [old]))
        hub.update(tx, child, [HubChange(row.uid, row.rev, {name: new}) for row in rows.values()], now_ms)
        moved += [Followed(child, uid, name, old, new) for uid in sorted(rows)]
    return moved


def _pointers_to(entity: EntityKind, uids: Sequence[str]) -> Iterator[tuple[EntityKind, str, list[str]]]:
    """Give (kind, field, values) of everything that may point to those entities."""
    for child in ENTITIES:
        for name, spec in FIELDS[child].items():
            if spec.type == "ref" and spec.target == entity:
                yield child, name, list(uids)
            elif spec.type == "parent":
                yield child, name, [f"{entity}:{uid}" for uid in uids]
