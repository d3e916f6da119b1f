"""A store full of projects for W7, written straight into the tables: what years of rounds would have left."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from assembly.machine import SystemClock
from store import schema
from store.database import Database

TASKS_EACH: Final = 100
FIRST_MOMENT: Final = int(datetime(2026, 6, 10, 1, 0, tzinfo=UTC).timestamp() * 1000)
"""Nine in the morning in China, a Wednesday."""
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_BATCH: Final = 20_000
_TODAY: Final = date(2026, 6, 10)
_COUNTRIES: Final = ("中国", "CN", "US", "GB", "SG", None)
_STATUSES: Final = (
    "done", "done", "done", "done", "cancelled", "not_started", "in_progress", "in_progress", "submitted", "on_hold",
    "waiting_client", "waiting_client", "waiting_client", "waiting_vendor", "waiting_third_party",
)  # fmt: skip


def plant(path: Path, projects: int) -> None:
    """Make the store: accounts, contacts, projects with claims of two sources, tasks with what their ball did."""
    chance = random.Random(7)
    db = Database.open(f"sqlite:///{path}", clock=SystemClock())
    with db.write() as tx:
        for table, rows in (
            ("account", _accounts(projects // 5)),
            ("contact", _contacts(projects * 2, projects // 5)),
            ("project", _projects(projects, projects // 5)),
            ("claim", _claims(projects, chance)),
            ("task", _tasks(projects, chance)),
            ("pause", _pauses(projects)),
        ):
            _insert(tx.conn, table, rows)
    db.close()


def _insert(conn: sa.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            conn.execute(sa.insert(schema.metadata.tables[table]), batch)
            batch = []
    if batch:
        conn.execute(sa.insert(schema.metadata.tables[table]), batch)


def _accounts(count: int) -> Iterator[dict[str, Any]]:
    for at in range(count):
        yield {"uid": f"a{at:05}", "rev": 1, "name": f"客户 {at}", "country": _COUNTRIES[at % len(_COUNTRIES)]}


def _contacts(count: int, accounts: int) -> Iterator[dict[str, Any]]:
    for at in range(count):
        yield {"uid": f"c{at:05}", "rev": 1, "name": f"联系人 {at}", "account": f"a{at % accounts:05}"}


def _projects(count: int, accounts: int) -> Iterator[dict[str, Any]]:
    for at in range(count):
        yield {
            "uid": f"p{at:05}", "rev": 1, "name": f"项目 {at}", "code": f"P-{at}", "account": f"a{at % accounts:05}",
            "lifecycle": "active",
        }  # fmt: skip


def _claims(projects: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for at in range(projects):
        for connection in ("zoho", "fxiaoke"):
            said = "delivered" if chance.random() < 0.02 else "active"
            yield {
                "entity": "project", "uid": f"p{at:05}", "field": "lifecycle", "connection": connection,
                "value": f'"{said}"', "remote_ms": None, "seen_ms": FIRST_MOMENT,
            }  # fmt: skip


def _tasks(projects: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for at in range(projects * TASKS_EACH):
        project, number = divmod(at, TASKS_EACH)
        due = _TODAY + timedelta(days=chance.randint(-30, 150))
        milestone = number in (30, 60, 90)
        extra = f'{{"blocks":"M{project}-60"}}' if number % 20 == 7 else None
        yield {
            "uid": _uid(at), "rev": 1,
            "title": f"M{project}-{number}" if milestone else f"事项 {at}",
            "status": chance.choice(_STATUSES), "priority": chance.choice(("low", "normal", "normal", "critical")),
            "due": None if number % 25 == 3 else due, "kind": "milestone" if milestone else "action",
            "owner": None if number % 50 == 9 else "pm@vendor.example", "project": f"p{project:05}",
            "contact": f"c{chance.randrange(projects * 2):05}", "extra": extra,
        }  # fmt: skip


def _uid(at: int) -> str:
    """Give a task's uid: scattered, as real ones are."""
    return hashlib.sha256(str(at).encode()).hexdigest()[:24]


def _pauses(projects: int) -> Iterator[dict[str, Any]]:
    for at in range(projects):
        start = _TODAY - timedelta(days=at % 20)
        yield {
            "entity": "task", "uid": _uid(at * TASKS_EACH + 50), "start": start, "until": start + timedelta(days=3),
            "reason": "", "who": "",
        }  # fmt: skip


def change_some(path: Path, one_in: int) -> int:
    """Edit every so-manieth task as a person's SQL would; gives how many."""
    db = Database.open(f"sqlite:///{path}", clock=SystemClock())
    with db.edit() as tx:
        done = tx.conn.exec_driver_sql(
            "UPDATE task SET status = CASE status WHEN 'waiting_client' THEN 'in_progress' ELSE 'waiting_client' END "
            "WHERE rowid % ? = 0", (one_in,),
        ).rowcount  # fmt: skip
    db.close()
    return done


def moments(count: int, first: int = FIRST_MOMENT) -> Sequence[int]:
    """Give the moments of successive rounds, five minutes apart."""
    return [first + at * HOUR_MS // 12 for at in range(count)]
