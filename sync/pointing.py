"""Let children point to a parent that got another record somewhere: made anew there, or met another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mapping.records import ENTITIES, FIELDS, EntityKind
from store import hub, links
from store.links import Link
from store.tx import Tx
from sync.views import EntityPlan


def made_anew(plans: Iterable[EntityPlan], linked: Mapping[str, Sequence[Link]]) -> dict[str, list[str]]:
    """Give connection -> entities that get another record there than the one they had."""
    out: dict[str, list[str]] = {}
    for plan in plans:
        if plan.uid not in linked:
            continue
        new = {step.connection for step in plan.links if step.new}
        new.update(op.connection for op in plan.ops if op.action == "create")
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


def _pointers_to(entity: EntityKind, uids: Sequence[str]) -> Iterator[tuple[EntityKind, str, list[str]]]:
    """Give (kind, field, values) of everything that may point to those entities."""
    for child in ENTITIES:
        for name, spec in FIELDS[child].items():
            if spec.type == "ref" and spec.target == entity:
                yield child, name, list(uids)
            elif spec.type == "parent":
                yield child, name, [f"{entity}:{uid}" for uid in uids]
