"""A move of the ball is dated by the record that told it, and keeps that record's time as it was when it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import hub, links, supervision
from store.database import Database
from store.hub import TOLD, HubChange, HubRow
from store.links import Link
from store.supervision import BallEvent
from supervise.cases import read_setting
from supervise.delay import holders_by_day
from supervise.dossier import read_dossier
from supervise.history import BallMove
from supervise.judging import fresh_move
from supervise.knobs import Knobs
from supervise.rounds import supervise_once
from supervise.told import told_of
from supervise.views import overdue_view
from tests.support.clocks import StoppedClock, ms

ZONE = ZoneInfo("Asia/Shanghai")
FRIDAY, MONDAY = ms("2026-06-12T18:00"), ms("2026-06-15T09:00")


@pytest.fixture
def db() -> Iterator[Database]:
    """A client action seen on Thursday, while everything ran."""
    database = Database.open("sqlite://", clock=StoppedClock())
    task = {"title": "测试数据", "status": "waiting_client", "due": "2026-06-11", "project": "p", "kind": "action"}
    with database.write() as tx:
        hub.insert(tx, "project", [HubRow("p", 1, "live", {"name": "ERP", "lifecycle": "active"})], 0)
        hub.insert(tx, "task", [HubRow("t", 1, "live", task)], 0)
        links.insert(tx, [Link(None, "task", "t", "zoho", "Tasks", "77", modified_ms=ms("2026-06-11T08:00"))])
    look(database, "2026-06-11T10:00")
    yield database
    database.close()


def look(db: Database, at: str) -> None:
    supervise_once(db, now_ms=ms(at), run_id=f"r {at}", random_bytes=lambda size: b"s" * size)


def told(rev: int, modified_ms: int, seen_ms: int, *fields: str) -> dict[str, Any]:
    return {
        "rev": rev, "seen_ms": seen_ms, "record": ["zoho", "Tasks", "77"], "modified_ms": modified_ms, "by": "u1",
        "fields": sorted(fields) or None,
    }  # fmt: skip


def imported(db: Database, modified_ms: int, seen_ms: int, **values: Any) -> None:
    """Change the task as an import does."""
    with db.edit() as tx:
        rev = hub.read(tx, "task", ["t"])["t"].rev
        meta = {TOLD: told(rev + 1, modified_ms, seen_ms, *values)}
        assert hub.update(tx, "task", [HubChange("t", rev, values, meta=meta)], seen_ms) == []


def events(db: Database) -> list[BallEvent]:
    with db.read() as tx:
        assert supervision.verify_ball_events(tx) is None
        return supervision.ball_events(tx, "task", ["t"])


def test_a_weekend_that_the_daemon_slept_through_is_not_the_clients(db: Database) -> None:
    imported(db, FRIDAY, MONDAY, status="waiting_vendor")
    look(db, "2026-06-15T09:05")
    last = events(db)[-1]
    assert (last.side, last.at_ms) == ("vendor", FRIDAY)
    moves = [BallMove(one.at_ms, "client" if one.side == "client" else "vendor", "") for one in events(db)]
    owners = holders_by_day(moves, date(2026, 6, 12), date(2026, 6, 15), ZONE)
    assert owners[date(2026, 6, 12)].holder == "client"
    assert owners[date(2026, 6, 15)].holder == "vendor"  # by our clock it was the client's


def test_the_ledger_keeps_the_records_time_as_it_was_then(db: Database) -> None:
    imported(db, FRIDAY, MONDAY, status="waiting_vendor")
    look(db, "2026-06-15T09:05")
    with db.edit() as tx:  # the record is edited again, and read again
        (link,) = links.by_uids(tx, "task", ["t"])["t"]
        link.modified_ms = ms("2026-06-20T12:00")
        links.update(tx, [link])
    with db.read() as tx:
        dossier = read_dossier(tx, "p", read_setting(tx, now_ms=ms("2026-06-20T13:00"), knobs=Knobs()))
    assert dossier is not None
    first, last = dossier.ledger
    assert (last.source, last.record) == ("zoho", "Tasks/77")
    assert f"remote_modified_ms={FRIDAY}" in last.evidence.split()
    assert {"remote_modified_by=u1", f"seen_ms={ms('2026-06-15T09:05')}"} <= set(last.evidence.split())
    assert "remote_modified_ms" not in first.evidence  # nobody told when: no later time is put there


@pytest.mark.parametrize(
    ("modified", "expected"),
    [
        ("2026-06-16T00:00", "2026-06-15T09:05"),  # its clock is ahead
        ("2026-06-11T09:00", "2026-06-11T10:00"),  # its clock is behind: not before the move before
        ("2026-06-12T18:00", "2026-06-12T18:00"),
    ],
)
def test_a_clock_that_is_off_never_dates_a_move_later_than_now_or_before_the_last(
    db: Database, modified: str, expected: str
) -> None:
    imported(db, ms(modified), MONDAY, status="waiting_vendor")
    look(db, "2026-06-15T09:05")
    assert events(db)[-1].at_ms == ms(expected)


def test_what_was_edited_here_since_is_dated_here(db: Database) -> None:
    imported(db, FRIDAY, MONDAY, status="in_progress")
    with db.edit() as tx:
        tx.conn.exec_driver_sql("UPDATE task SET status = 'waiting_third_party' WHERE uid = 't'")
    look(db, "2026-06-15T09:05")
    last = events(db)[-1]
    assert (last.side, last.at_ms) == ("third_party", ms("2026-06-15T09:05"))
    assert "source" not in last.data


def test_an_import_of_something_else_dates_no_move() -> None:
    row = HubRow("t", 3, "live", {"status": "waiting_client"}, {TOLD: told(3, FRIDAY, MONDAY, "description")})
    assert told_of(row, MONDAY) is None
    assert told_of(HubRow("t", 3, "live", {}, {TOLD: told(3, FRIDAY, MONDAY)}), MONDAY) is not None
    assert told_of(HubRow("t", 3, "live", {}, {TOLD: told(3, FRIDAY, MONDAY)}), MONDAY - 1) is None


def test_a_look_back_at_the_weekend_still_knows_nothing_of_it(db: Database) -> None:
    imported(db, FRIDAY, MONDAY, status="waiting_vendor")
    look(db, "2026-06-15T09:05")
    with db.read() as tx:
        saturday = read_dossier(tx, "p", read_setting(tx, now_ms=ms("2026-06-13T12:00"), knobs=Knobs()), past=True)
    assert saturday is not None
    assert [line.holder for line in saturday.ledger] == ["client"]
    assert overdue_view(db, now_ms=ms("2026-06-15T10:00")).ours[0].uid == "t"


@given(
    st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000),
    st.sampled_from(["waiting_vendor", "done", "in_progress"]),
)  # fmt: skip
def test_no_clock_turns_the_history_around(last: int, modified: int, now: int, status: str) -> None:
    row = HubRow("t", 2, "live", {"status": status}, {TOLD: told(2, modified, now)})
    move = fresh_move(row, [BallMove(last, "client", "waiting_client")], now)
    assert move is not None
    assert last <= move.at_ms <= max(last, now)
    assert move.at_ms == max(last, min(modified, now))
