"""Flags fall with what is not supervised any more: deleted, archived, merged, gone, or outside every scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mapping.records import EntityKind
from store import hub, journal, links, streams, supervision
from store.database import Database
from store.hub import HubChange, HubRow
from store.links import Link, LinkState
from store.streams import Stream
from store.supervision import Flag
from store.tx import Tx
from supervise.cases import read_setting
from supervise.dossier import portfolio
from supervise.following import follow_up
from supervise.knobs import Knobs
from supervise.lowering import lowered
from supervise.report import SupervisionReport
from supervise.rounds import supervise_once
from supervise.views import overdue_view
from tests.support.clocks import StoppedClock, ms


@pytest.fixture
def db() -> Iterator[Database]:
    """A late client action on a project of whose health and lacks flags stand, both linked to one CRM."""
    database = Database.open("sqlite://", clock=StoppedClock())
    task = {"title": "需求签字", "status": "waiting_client", "due": "2026-06-08", "project": "p1"}
    with database.write() as tx:
        hub.insert(tx, "project", [HubRow("p1", 1, "live", {"name": "ERP", "lifecycle": "active"})], 0)
        hub.insert(tx, "task", [HubRow("t1", 1, "live", task)], 0)
        streams.save(tx, Stream("zoho", "task", "Tasks", updated_ms=ms("2026-06-11T09:00")))
        streams.save(tx, Stream("zoho", "project", "Deals", updated_ms=ms("2026-06-11T09:00")))
        links.insert(
            tx, [Link(None, "task", "t1", "zoho", "Tasks", "1"), Link(None, "project", "p1", "zoho", "Deals", "2")]
        )
    look(database, "2026-06-11T10:00")
    follow_up(database, now_ms=ms("2026-06-11T10:01"), knobs=Knobs(), random_bytes=salt)
    yield database
    database.close()


def salt(size: int) -> bytes:
    return b"s" * size


def look(db: Database, at: str, **more: Any) -> SupervisionReport:
    return supervise_once(db, now_ms=ms(at), run_id="r", random_bytes=salt, **more)


def flags(db: Database, entity: EntityKind, uid: str) -> list[str]:
    with db.read() as tx:
        return [flag.rule for flag in supervision.flags(tx, entity, [uid])]


def told(db: Database, entity: EntityKind, uid: str) -> journal.Entry:
    with db.read() as tx:
        assert journal.verify(tx) is None
        return journal.of(tx, entity, uid)[-1]


def filed(entity: EntityKind, uid: str, state: Any) -> Callable[[Tx], Any]:
    return lambda tx: hub.update(tx, entity, [HubChange(uid, hub.read(tx, entity, [uid])[uid].rev, {}, state=state)], 0)


def linked(entity: EntityKind, uid: str, state: LinkState) -> Callable[[Tx], Any]:
    def run(tx: Tx) -> None:
        (link,) = [one for one in links.by_uids(tx, entity, [uid])[uid] if one.connection == "zoho"]
        link.state = state
        links.update(tx, [link])

    return run


LEAVING: dict[str, Callable[[EntityKind, str], Callable[[Tx], Any]]] = {
    "deleted": lambda entity, uid: filed(entity, uid, "deleted"),
    "archived": lambda entity, uid: filed(entity, uid, "archived"),
    "merged": lambda entity, uid: filed(entity, uid, "merged"),
    "removed": lambda entity, uid: lambda tx: tx.conn.exec_driver_sql(f"DELETE FROM {entity} WHERE uid = '{uid}'"),
    "out_of_scope": lambda entity, uid: linked(entity, uid, "suspended"),
}


@pytest.mark.parametrize("why", LEAVING)
def test_the_flags_of_a_task_fall_with_it_and_the_journal_says_why(db: Database, why: str) -> None:
    assert flags(db, "task", "t1") == ["R5"]
    with db.edit() as tx:
        LEAVING[why]("task", "t1")(tx)
    report = look(db, "2026-06-11T11:00")
    assert flags(db, "task", "t1") == []
    assert (report.counts["flags_cleared"], report.overdue) == (1, [])
    entry = told(db, "task", "t1")
    assert (entry.kind, entry.who, entry.cause) == ("supervise", "rule", why)
    assert entry.changes["flag R5"] == ["S2", None]
    with db.read() as tx:
        row = hub.read(tx, "task", ["t1"]).get("t1")
    assert row is None or (row.values["overdue_since"], row.values["severity"]) == (None, None)
    assert overdue_view(db, now_ms=ms("2026-06-11T11:00")).overdue == []
    again = look(db, "2026-06-11T11:05", full=True)
    assert (again.changed, again.counts.get("flags_cleared")) == (0, None)


@pytest.mark.parametrize("why", LEAVING)
def test_the_flags_of_a_project_fall_with_it_and_nobody_raises_them_again(db: Database, why: str) -> None:
    assert flags(db, "project", "p1") == ["R11", "R12b:missing_role"]
    with db.edit() as tx:
        LEAVING[why]("project", "p1")(tx)
    look(db, "2026-06-11T11:00")
    follow_up(db, now_ms=ms("2026-06-11T11:01"), knobs=Knobs(), random_bytes=salt)
    assert flags(db, "project", "p1") == []
    entry = told(db, "project", "p1")
    assert (entry.who, entry.cause, set(entry.changes)) == ("rule", why, {"flag R11", "flag R12b:missing_role"})
    with db.read() as tx:
        assert list(portfolio(tx, read_setting(tx, now_ms=ms("2026-06-11T11:02"), knobs=Knobs()))) == []


def test_what_one_connection_still_has_in_its_scope_keeps_its_flags(db: Database) -> None:
    with db.edit() as tx:
        links.insert(tx, [Link(None, "task", "t1", "fxiaoke", "duban_task__c", "9")])
        linked("task", "t1", "suspended")(tx)
    look(db, "2026-06-11T11:00")
    assert flags(db, "task", "t1") == ["R5"]


@pytest.mark.parametrize("back", [linked("task", "t1", "live"), None], ids=["the same record", "another connection"])
def test_what_comes_back_into_a_scope_is_flagged_again_at_once(db: Database, back: Callable[[Tx], Any] | None) -> None:
    with db.edit() as tx:
        linked("task", "t1", "suspended")(tx)
    look(db, "2026-06-11T11:00")
    with db.edit() as tx:
        if back is not None:
            back(tx)
        else:
            links.insert(tx, [Link(None, "task", "t1", "fxiaoke", "duban_task__c", "9")])
    look(db, "2026-06-11T11:05")
    assert flags(db, "task", "t1") == ["R5"]
    assert look(db, "2026-06-11T11:06", full=True).changed == 0


def test_flags_left_by_an_earlier_release_fall_with_the_next_full_round(db: Database) -> None:
    with db.edit() as tx:
        supervision.raise_flag(tx, Flag("task", "nobody", "R5", "2026-06-01", "S3", {}, 1))
        supervision.raise_flag(tx, Flag("project", "nothing", "R11", None, "red", {}, 1))
    look(db, "2026-06-11T11:00", full=True)
    assert (flags(db, "task", "nobody"), flags(db, "project", "nothing")) == ([], [])
    assert told(db, "task", "nobody").cause == "removed"


def test_nothing_is_said_of_what_had_no_flag() -> None:
    assert lowered("t1", HubRow("t1", 1, "archived", {"severity": None}), []) is None
    assert lowered("t1", None, []) is None
