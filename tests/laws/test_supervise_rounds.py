"""Laws of rounds: judging only what moved or came due leaves exactly what judging everything would."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapping.records import LIFECYCLES, EntityKind
from store import claims, hub, links, reviews, streams, supervision
from store.claims import Claim
from store.database import Database
from store.hub import HubChange, HubRow
from store.links import Link, LinkState
from store.statements import fetch
from store.streams import Stream
from store.supervision import CalendarDay, Flag, Override, Pause
from store.tx import Tx
from supervise.cases import read_setting
from supervise.knobs import Knobs
from supervise.moving import late_candidates
from supervise.report import SupervisionReport
from supervise.rounds import supervise_once
from supervise.views import overdue_view
from tests.support.clocks import StoppedClock

START_MS = 1_780_876_800_000  # 2026-06-08 08:00 in Shanghai, a Monday
MINUTE_MS = 60_000
TASKS = [f"t{at}" for at in range(8)]
PROJECTS, CONTACTS, ACCOUNTS = ["p0", "p1"], ["c0", "c1", "c2"], ["a0", "a1"]
Edit = Callable[[Tx, int], None]


@dataclass(frozen=True)
class Step:
    """One thing that happens; *edit* is None for a round."""

    name: str
    minutes: int
    edit: Edit | None
    knobs: Knobs


# --- what people, syncs and plain SQL do ------------------------------------------------------------------------------


def edited(entity: EntityKind, uid: str, values: dict[str, Any]) -> Edit:
    def run(tx: Tx, now_ms: int) -> None:
        row = hub.read(tx, entity, [uid]).get(uid)
        if row is not None:
            hub.update(tx, entity, [HubChange(uid, row.rev, values)], now_ms)

    return run


def by_sql(sql: str, *params: Any) -> Edit:
    return lambda tx, _now: tx.conn.exec_driver_sql(sql, params) and None


def filed(entity: EntityKind, uid: str, state: Any) -> Edit:
    def run(tx: Tx, now_ms: int) -> None:
        row = hub.read(tx, entity, [uid]).get(uid)
        if row is not None:
            hub.update(tx, entity, [HubChange(uid, row.rev, {}, state=state)], now_ms)

    return run


def scoped(entity: EntityKind, uid: str, state: LinkState) -> Edit:
    def run(tx: Tx, now_ms: int) -> None:
        (link,) = links.by_uids(tx, entity, [uid])[uid]
        link.state = state
        links.update(tx, [link])

    return run


def claimed(uid: str, name: str, connection: str, value: str) -> Edit:
    return lambda tx, now: claims.put(tx, [Claim("project", uid, name, connection, value, None, now)])


def answered(value: str) -> Edit:
    def run(tx: Tx, now_ms: int) -> None:
        for review in reviews.open_(tx):
            reviews.resolve(tx, review.id or 0, {"value": value}, now_ms)

    return run


def heard(connection: str) -> Edit:
    return lambda tx, now: streams.save(tx, Stream(connection, "project", "P", updated_ms=now))


days = st.integers(-12, 25).map(lambda off: (date(2026, 6, 8) + timedelta(days=off)).isoformat())
statuses = st.sampled_from(
    ["waiting_client"] * 3 + ["in_progress", "not_started", "on_hold", "done", "cancelled", "submitted", None]
)
zones = st.sampled_from([None, "America/New_York", "Pacific/Apia", "Asia/Kolkata"])
calendars = st.sampled_from([None, "US", "own"])
task_fields = st.fixed_dictionaries(
    {},
    optional={
        "status": statuses,
        "due": st.none() | days,
        "owner_side": st.sampled_from([None, "client", "vendor"]),
        "priority": st.sampled_from([None, "critical"]),
        "contact": st.sampled_from([None, *CONTACTS]),
        "project": st.sampled_from([None, *PROJECTS]),
        "kind": st.sampled_from([None, "action", "milestone", "acceptance"]),
        "title": st.sampled_from(["需求", "【客户】确认", "M1", "【里程碑】M1"]),
        "owner": st.sampled_from([None, "pm@vendor.example"]),
        "blocks": st.sampled_from([None, "M1", "t0"]),
        "due_policy": st.sampled_from([None, "fixed"]),
        "overdue_since": st.none() | days,
        "severity": st.sampled_from([None, "S3"]),
    },
)
milestone_fields = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["done", "in_progress", "waiting_client"]),
        "title": st.sampled_from(["M1", "M2"]),
        "kind": st.sampled_from(["milestone", "action"]),
        "project": st.sampled_from(PROJECTS),
    },
)
columns = st.sampled_from(
    [
        ("status", "waiting_client"), ("status", "done"), ("due", "2026-06-02"), ("due", None), ("kind", "milestone"),
        ("kind", None), ("project", "p1"), ("priority", "critical"), ("severity", "S4"), ("title", "M1"),
    ]
)  # fmt: skip
place = st.fixed_dictionaries({}, optional={"zone": zones, "calendar": calendars})
edits: st.SearchStrategy[Edit] = st.one_of(
    st.builds(edited, st.just("task"), st.just("t0"), milestone_fields),
    st.builds(edited, st.just("task"), st.just("t0"), milestone_fields),
    st.builds(edited, st.just("task"), st.sampled_from(TASKS), task_fields),
    st.builds(edited, st.just("task"), st.sampled_from(TASKS), task_fields),
    st.builds(
        lambda pair, uid: by_sql(f'UPDATE task SET "{pair[0]}" = ? WHERE uid = ?', pair[1], uid),
        columns,
        st.sampled_from(TASKS),
    ),
    st.builds(lambda uid: by_sql("DELETE FROM task WHERE uid = ?", uid), st.sampled_from(TASKS)),
    st.builds(
        lambda uid, status, due: by_sql(
            "INSERT OR IGNORE INTO task (uid, title, status, due, project) VALUES (?, 'new', ?, ?, 'p0')",
            uid, status, due,
        ),
        st.sampled_from([*TASKS, "n1"]), statuses, days,
    ),
    st.builds(lambda uid: by_sql("UPDATE OR IGNORE task SET uid = 'r' WHERE uid = ?", uid), st.sampled_from(TASKS)),
    st.builds(filed, st.just("task"), st.sampled_from(TASKS), st.sampled_from(["archived", "live", "deleted"])),
    st.builds(filed, st.just("project"), st.sampled_from(PROJECTS), st.sampled_from(["archived", "live"])),
    st.builds(scoped, st.just("task"), st.sampled_from(TASKS), st.sampled_from(["suspended", "live"])),
    st.builds(scoped, st.just("project"), st.sampled_from(PROJECTS), st.sampled_from(["suspended", "live"])),
    st.builds(
        edited, st.just("project"), st.sampled_from(PROJECTS),
        st.fixed_dictionaries(
            {}, optional={"zone": zones, "calendar": calendars, "account": st.sampled_from([None, *ACCOUNTS]),
                          "lifecycle": st.sampled_from(LIFECYCLES)},
        ),
    ),
    st.builds(
        edited, st.just("contact"), st.sampled_from(CONTACTS),
        st.fixed_dictionaries(
            {}, optional={"zone": zones, "calendar": calendars, "account": st.sampled_from([None, *ACCOUNTS])}
        ),
    ),
    st.builds(edited, st.just("account"), st.sampled_from(ACCOUNTS), place),
    st.builds(
        lambda uid, country: by_sql("UPDATE account SET country = ? WHERE uid = ?", country, uid),
        st.sampled_from(ACCOUNTS), st.sampled_from(["US", "中国", None]),
    ),
    st.builds(
        lambda uid, start, until: lambda tx, now: supervision.add_pause(tx, Pause("task", uid, start, until)),
        st.sampled_from(TASKS), days, st.none() | days,
    ),
    st.builds(
        lambda uid, until: lambda tx, now: supervision.end_pause(tx, "task", uid, until) and None,
        st.sampled_from(TASKS), days,
    ),
    st.builds(
        claimed, st.sampled_from(PROJECTS), st.sampled_from(["lifecycle", "declared_health"]),
        st.sampled_from(["zoho", "fxiaoke"]), st.sampled_from([*LIFECYCLES, "red"]),
    ),
    st.builds(
        lambda uid, value, until: lambda tx, now: supervision.save_override(
            tx, Override("project", uid, "lifecycle", value, "", "li", now, until)
        ),
        st.sampled_from(PROJECTS), st.sampled_from(LIFECYCLES), st.none() | days,
    ),
    st.builds(
        lambda uid: lambda tx, now: supervision.drop_override(tx, "project", uid, "lifecycle"),
        st.sampled_from(PROJECTS),
    ),
    st.builds(answered, st.sampled_from(LIFECYCLES)),
    st.builds(heard, st.sampled_from(["zoho", "fxiaoke"])),
    st.builds(
        lambda name, day, kind: lambda tx, now: supervision.save_calendar_days(tx, [CalendarDay(name, day, kind)]),
        st.sampled_from(["own", "CN", "US"]), days, st.sampled_from(["off", "work"]),
    ),
)  # fmt: skip
rounds = st.tuples(
    st.just("round"),
    st.sampled_from([5, 5, 60, 180, 600, 1440, 1440, 4000, -300]),
    st.none(),
    st.sampled_from([Knobs()] * 9 + [Knobs(grace_bd=1)]),
)
steps = st.lists(
    st.one_of(
        rounds,
        st.tuples(st.just("edit"), st.integers(0, 90), edits, st.just(Knobs())),
        st.tuples(st.just("edit"), st.integers(0, 90), edits, st.just(Knobs())),
    ).map(lambda drawn: Step(*drawn)),
    min_size=8,
    max_size=30,
)


# --- two stores, the same story ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a few of everything, nothing judged yet."""
    path = tmp_path_factory.mktemp("rounds") / "planted.db"
    db = Database.open(f"sqlite:///{path}", clock=StoppedClock())
    with db.write() as tx:
        supervision.save_calendar_days(tx, [CalendarDay("own", "2026-06-09", "off")])
        for at, uid in enumerate(ACCOUNTS):
            hub.insert(tx, "account", [HubRow(uid, 1, "live", {"name": uid, "country": ["中国", "US"][at]})], 0)
        for at, uid in enumerate(CONTACTS):
            hub.insert(tx, "contact", [HubRow(uid, 1, "live", {"name": uid, "account": ACCOUNTS[at % 2]})], 0)
        for at, uid in enumerate(PROJECTS):
            values: dict[str, Any] = {"name": uid, "account": ACCOUNTS[at], "lifecycle": "active"}
            hub.insert(tx, "project", [HubRow(uid, 1, "live", values)], 0)
            links.insert(tx, [Link(None, "project", uid, "zoho", "P", uid)])
            supervision.raise_flag(tx, Flag("project", uid, "R11", None, "red", {}, START_MS))
            claims.put(tx, [Claim("project", uid, "lifecycle", "zoho", "active", None, START_MS)])
        for at, uid in enumerate(TASKS):
            task = {
                "title": "M1" if at == 0 else uid, "kind": "milestone" if at == 0 else None,
                "blocks": "M1" if at % 3 else None,
                "status": "waiting_client", "due": (date(2026, 6, 1) + timedelta(days=at)).isoformat(),
                "project": PROJECTS[at % 2], "contact": CONTACTS[at % 3],
            }  # fmt: skip
            hub.insert(tx, "task", [HubRow(uid, 1, "live", task)], 0)
            links.insert(tx, [Link(None, "task", uid, "zoho", "T", uid)])
        for entity, name in (("project", "P"), ("task", "T")):
            streams.save(tx, Stream("zoho", entity, name, updated_ms=START_MS))
    db.close()
    return path


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_a_round_leaves_what_judging_everything_would_leave(planted: Path, story: list[Step]) -> None:
    mine, full = (_opened(planted, name) for name in ("mine.db", "full.db"))
    try:
        now_ms = START_MS
        for at, step in enumerate([Step("round", 0, None, Knobs()), *story, Step("round", 1440, None, Knobs())]):
            now_ms += step.minutes * MINUTE_MS
            if step.edit is not None:
                for db in (mine, full):
                    with db.edit() as tx:
                        step.edit(tx, now_ms)
                continue
            found, expected = _judged(mine, at, now_ms, step.knobs), _judged(full, at, now_ms, step.knobs, full=True)
            assert found.as_dict() == expected.as_dict()
            assert _left(mine) == _left(full)
            _knows_what_may_be_late(mine, now_ms + 13 * 60 * MINUTE_MS, step.knobs)
    finally:
        mine.close()
        full.close()


def _opened(planted: Path, name: str) -> Database:
    path = planted.with_name(name)
    for old in path.parent.glob(name + "*"):
        old.unlink()
    shutil.copy(planted, path)
    return Database.open(f"sqlite:///{path}", clock=StoppedClock())


def _judged(db: Database, at: int, now_ms: int, knobs: Knobs, *, full: bool = False) -> SupervisionReport:
    return supervise_once(
        db, now_ms=now_ms, run_id=f"r{at}", knobs=knobs, full=full, chunk=3, random_bytes=lambda size: b"s" * size
    )


def _knows_what_may_be_late(db: Database, later_ms: int, knobs: Knobs) -> None:
    """Hold that what becomes overdue is among what the round names for it."""
    with db.read() as tx:
        setting = read_setting(tx, now_ms=later_ms, knobs=knobs)
        named = late_candidates(tx, setting)
    seen = overdue_view(db, now_ms=later_ms, knobs=knobs)
    assert named is not None
    assert {item.uid for item in (*seen.overdue, *seen.ours)} <= set(named)


def _left(db: Database) -> dict[str, Any]:
    """Give everything a round may write, in an order that does not tell in which it was written."""
    tables = {
        "task": "SELECT * FROM task ORDER BY uid",
        "project": "SELECT * FROM project ORDER BY uid",
        "flag": "SELECT uid, since, severity, data, raised_ms, cleared_ms FROM flag ORDER BY uid, raised_ms, since",
        "ball": "SELECT uid, at_ms, side, cause, data FROM ball_event ORDER BY uid, at_ms",
        "review": "SELECT uid, field, data, state, opened_ms, closed_ms FROM review ORDER BY uid, opened_ms, field",
        "journal": "SELECT run_id, uid, changes, cause FROM journal ORDER BY run_id, uid, cause",
        "dirty": "SELECT entity, uid, reason FROM dirty ORDER BY entity, uid, reason",
        "verdict": "SELECT * FROM verdict ORDER BY entity, uid",
    }
    with db.read() as tx:
        return {name: [tuple(row) for row in fetch(tx, sql)] for name, sql in tables.items()}
