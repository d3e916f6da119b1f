"""Take a connection that left the configuration out of the store for good. Nothing is deleted anywhere else."""

from __future__ import annotations

from collections import defaultdict

from mapping.errors import InputError
from mapping.records import EntityKind
from store import hub, journal, retiring, reviews
from store.journal import Entry
from store.tx import Tx


def retirable(tx: Tx, name: str, configured: frozenset[str]) -> dict[str, int]:
    """Count what would end with a connection.

    Raises:
        InputError: it is still configured, or the store never met it.
    """
    if name in configured:
        raise InputError(
            "it is still in the configuration", zh="它仍在配置中", connection=name,
            next_step=f"take [connections.{name}] and its maps out of the configuration first",
            next_step_zh=f"请先从配置中删去 [connections.{name}] 及其映射",
        )  # fmt: skip
    if not retiring.is_known(tx, name):
        raise InputError(
            "the store knows no such connection", zh="库中没有这个连接", connection=name,
            next_step="see duban status", next_step_zh="请查看 duban status",
        )  # fmt: skip
    return retiring.counts(tx, name)


def retire(tx: Tx, name: str, *, now_ms: int, who: str, salt: bytes) -> None:
    """End a connection: links retired, questions closed, places and news forgotten; every link in the journal."""
    cause = "connection retired"
    for page in retiring.linked(tx, name):
        entries = [
            Entry(
                "", now_ms, "retire", entity, uid, name, remote_id, who=who or "person",
                changes={"link": [f"{name}:{remote_id}", None]}, cause=cause,
            )
            for entity, uid, remote_id in page
        ]  # fmt: skip
        journal.append(tx, entries, salt)
    moot, shared = _conflicts(tx, name)
    reviews.close(tx, moot, now_ms)
    for entity, uids in shared.items():
        hub.mark_dirty(tx, entity, uids, "retired", now_ms)
    retiring.forget(tx, name, now_ms)


def _conflicts(tx: Tx, name: str) -> tuple[list[int], dict[EntityKind, list[str]]]:
    """Give the conflicts that nobody else has a part in, and the records of the others."""
    moot: list[int] = []
    shared: dict[EntityKind, list[str]] = defaultdict(list)
    for review in reviews.open_(tx):
        sides = review.data.get("sides") or {}
        if name not in sides:
            continue
        if set(sides) == {name} and review.id is not None:
            moot.append(review.id)
        else:
            shared[review.entity].append(review.uid)
    return moot, shared
