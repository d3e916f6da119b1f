"""What moved is noted by whoever moved it, and rounds in every database judge it and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.records import EntityKind
from store import claims, hub, reviews, supervision, verdicts
from store.claims import Claim
from store.database import Database
from store.hub import HubChange, HubRow
from store.reviews import Review
from store.supervision import BallEvent, Override, Pause
from store.tx import Tx
from store.verdicts import Round, Verdict
from supervise.report import SupervisionReport
from supervise.rounds import supervise_once
from tests.support.clocks import ms


def plant(tx: Tx, entity: EntityKind, uid: str, **values: Any) -> None:
    hub.insert(tx, entity, [HubRow(uid, 1, "live", values)], 0)


def noted(tx: Tx) -> set[tuple[str, str]]:
    """Take the marks away and give what they name."""
    marks = verdicts.marks(tx, 100)
    verdicts.drop_marks(tx, marks)
    return {(mark.entity, mark.uid) for mark in marks}


@pytest.fixture
def planted(db: Database) -> Database:
    with db.write() as tx:
        plant(tx, "account", "a1", name="华星")
        plant(tx, "contact", "c1", name="王总", account="a1")
        plant(tx, "project", "p1", name="ERP", account="a1", lifecycle="active")
        plant(tx, "task", "t1", title="签字", status="waiting_client", due="2026-06-10", project="p1", contact="c1")
        plant(tx, "task", "t2", title="数据", status="waiting_client", due="2026-06-30", project="p1", contact="c1")
    return db


def test_whatever_a_verdict_rests_on_leaves_a_mark(planted: Database) -> None:
    with planted.write() as tx:
        everything = {
            ("account", "a1"), ("contact", "c1"), ("project", "p1"), ("site", "p1"), ("task", "t1"), ("task", "t2"),
        }  # fmt: skip
        assert noted(tx) == everything
        hub.update(tx, "task", [HubChange("t1", 1, {"title": "签字 v2"})], 0)
        hub.update(tx, "contact", [HubChange("c1", 1, {"zone": "Asia/Tokyo"})], 0)
        assert noted(tx) == {("task", "t1"), ("contact", "c1")}
        hub.update(tx, "contact", [HubChange("c1", 2, {"title": "CEO"})], 0)
        hub.update(tx, "account", [HubChange("a1", 1, {"phone": "+861066667777"})], 0)
        assert noted(tx) == set()
        hub.update(tx, "project", [HubChange("p1", 1, {"lifecycle": "delivered"})], 0)
        assert noted(tx) == {("project", "p1")}
        supervision.add_pause(tx, Pause("task", "t2", "2026-06-01", None))
        supervision.append_ball_events(tx, [BallEvent("task", "t1", 1, "client", "x", {})])
        claims.put(tx, [Claim("project", "p1", "lifecycle", "zoho", "active", None, 1)])
        assert noted(tx) == {("task", "t2"), ("task", "t1"), ("project", "p1")}
        claims.put(tx, [Claim("project", "p1", "lifecycle", "zoho", "active", None, 2)])
        assert noted(tx) == {("project", "p1")}
        supervision.save_override(tx, Override("project", "p1", "lifecycle", "active"))
        assert noted(tx) == {("project", "p1")}
        (asked,) = reviews.put(tx, [Review(None, "conflict", "project", "p1", field="lifecycle")])
        noted(tx)
        reviews.resolve(tx, asked, {"value": "active"}, 1)
        supervision.end_pause(tx, "task", "t2", "2026-06-03")
        assert noted(tx) == {("project", "p1"), ("task", "t2")}


def test_plain_sql_leaves_a_mark_too(planted: Database) -> None:
    with planted.edit() as tx:
        noted(tx)
        tx.conn.exec_driver_sql("UPDATE task SET status = 'done' WHERE uid = 't1'")
        assert noted(tx) == {("task", "t1")}
        tx.conn.exec_driver_sql("UPDATE task SET uid = 't9' WHERE uid = 't1'")
        assert noted(tx) == {("task", "t1"), ("task", "t9")}
        tx.conn.exec_driver_sql("INSERT INTO task (uid, title) VALUES ('t3', 'T')")
        tx.conn.exec_driver_sql("DELETE FROM task WHERE uid = 't2'")
        assert noted(tx) == {("task", "t3"), ("task", "t2")}


def test_verdicts_are_due_by_their_moment_and_add_to_the_counts(planted: Database) -> None:
    with planted.write() as tx:
        assert verdicts.last_round(tx) == Round()
        verdicts.keep_round(tx, Round("g", 7, ("zoho",)))
        verdicts.keep_round(tx, Round("g", 8, ("zoho",)))
        assert verdicts.last_round(tx) == Round("g", 8, ("zoho",))
        late = Verdict("task", "t1", 50, "p1", "action", tally="tasks open", listed="overdue", severity="S2", obd=3)
        quiet = Verdict("task", "t2", None, "p1", "milestone", blocks=True, tally="tasks open")
        verdicts.save(tx, [late, quiet])
        assert verdicts.due(tx, "task", 49, 10) == []
        assert verdicts.due(tx, "task", 50, 10) == ["t1"]
        assert verdicts.of(tx, "task", ["t1", "t2", "none"]) == {"t1": late, "t2": quiet}
        assert verdicts.tallies(tx) == [("tasks open", 2)]
        assert list(verdicts.in_task_list(tx, "overdue")) == [(late, "签字")]
        assert verdicts.blockers(tx, ["p1"]) == ["t2"]
        verdicts.make_due(tx, "task", ["t2", "new"])
        assert verdicts.due(tx, "task", 50, 10) == ["new", "t2", "t1"]
        verdicts.drop(tx, "task", ["new"])
        verdicts.make_all_due(tx)
        assert verdicts.due(tx, "task", 1, 10) == ["t1", "t2"]
        assert verdicts.due(tx, "project", 1, 10) == ["p1"]
        assert verdicts.marks(tx, 10) == []


def look(db: Database, at: str) -> SupervisionReport:
    return supervise_once(db, now_ms=ms(at), run_id="r", random_bytes=lambda size: b"s" * size)


def test_a_round_judges_what_moved_and_what_time_has_changed(planted: Database) -> None:
    db = planted
    first = look(db, "2026-06-10T18:00")
    assert (first.counts["tasks"], first.counts.get("overdue", 0), first.changed) == (2, 0, 0)
    assert look(db, "2026-06-10T19:00").changed == 0
    late = look(db, "2026-06-11T00:00")
    assert (late.counts["overdue"], late.changed) == (1, 1)
    assert [item.uid for item in late.overdue] == ["t1"]
    with db.edit() as tx:
        tx.conn.exec_driver_sql("UPDATE task SET due = '2026-06-09' WHERE uid = 't2'")
    both = look(db, "2026-06-11T00:05")
    assert (both.counts["overdue"], both.counts["flags_raised"]) == (2, 1)
    assert [item.uid for item in both.overdue] == ["t2", "t1"]
    with db.read() as tx:
        assert {flag.uid for flag in supervision.flags(tx, "task")} == {"t1", "t2"}
