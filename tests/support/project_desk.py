"""A store with one client, its people and one project, and hands that act in it at given moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mapping.records import EntityKind
from store import acts, hub, journal, supervision
from store.database import Database
from store.hub import HubChange, HubRow
from supervise.hand import Hand
from tests.support.clocks import ms


class ProjectDesk:
    """A store with one project, its people, and a hand at a given moment."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.plant("account", "a", name="华星")
        self.plant("contact", "wang", name="王总", account="a", roles=["approver"])
        self.plant("contact", "li", name="李工", account="a", roles=["key_user"])
        self.plant("project", "p", name="ERP 二期", account="a", lifecycle="active")

    def plant(self, entity: EntityKind, uid: str, **values: Any) -> str:
        with self.db.write() as tx:
            hub.insert(tx, entity, [HubRow(uid, 1, "live", values)], 0)
        return uid

    def edit(self, entity: EntityKind, uid: str, **values: Any) -> None:
        with self.db.write() as tx:
            row = hub.read(tx, entity, [uid])[uid]
            assert hub.update(tx, entity, [HubChange(uid, row.rev, values)], 0) == []

    def task(self, uid: str, kind: str, **values: Any) -> str:
        return self.plant("task", uid, **{"title": uid, "kind": kind, "project": "p", **values})

    def hand(self, now: str = "2026-06-08T10:00", at: str | None = None) -> Hand:
        fixed = (lambda size: b"s" * size) if at is None else (lambda size: b"t" * size)
        counter = iter(range(1_000_000))
        vary: Callable[[int], bytes] = lambda size: (next(counter).to_bytes(4, "big") + fixed(size))[:size]  # noqa: E731
        return Hand(db=self.db, who="小陈", now_ms=ms(now), at_ms=ms(at) if at else None, random_bytes=vary)

    def values(self, entity: EntityKind, uid: str) -> dict[str, Any]:
        with self.db.read() as tx:
            return hub.read(tx, entity, [uid])[uid].values

    def acts(self, entity: EntityKind, uid: str) -> list[tuple[str, str, dict[str, Any]]]:
        with self.db.read() as tx:
            assert acts.verify(tx) is None
            assert journal.verify(tx) is None
            return [(act.kind, act.who, act.doc) for act in acts.of(tx, entity, [uid])]

    def balls(self, uid: str) -> list[tuple[int, str, str]]:
        with self.db.read() as tx:
            return [(one.at_ms, one.side, one.cause) for one in supervision.ball_events(tx, "task", [uid])]

    def size(self) -> tuple[int, ...]:
        """Count everything an act may write."""
        with self.db.read() as tx:
            tables = ("act", "journal", "ball_event", "dirty", "task", "pause", "override", "baseline", "feedback")
            return tuple(tx.conn.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in tables)
