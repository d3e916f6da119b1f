"""Since when something is so, where no field says it: the journal, the first stage seen, the kind read off a title."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mapping.errors import InputError
from mapping.records import EntityKind
from store import hub, journal, links, streams
from store.database import Database
from store.journal import Entry
from store.links import Link
from store.streams import ConnectionState, Stream
from supervise import acting, agreeing, meeting
from supervise.baselines import read_baselines
from supervise.cases import read_setting
from supervise.dossier import Dossier, read_dossier
from supervise.following import follow_up
from supervise.knobs import Knobs
from supervise.material import Material, read_materials
from supervise.meeting import Answered
from supervise.satisfaction import Answer, satisfaction
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def material(desk: ProjectDesk, now: str) -> Material:
    with desk.db.read() as tx:
        return read_materials(tx, ["p"], read_setting(tx, now_ms=ms(now), knobs=Knobs()))[0]


def look(desk: ProjectDesk, now: str) -> Dossier:
    with desk.db.read() as tx:
        found = read_dossier(tx, "p", read_setting(tx, now_ms=ms(now), knobs=Knobs()))
    assert found is not None
    return found


def journalled(
    desk: ProjectDesk, at: str, entity: EntityKind, uid: str, kind: str = "pull", **changes: list[Any]
) -> None:
    with desk.db.write() as tx:
        journal.append(tx, [Entry("r", ms(at), kind, entity, uid, changes=changes)], b"s" * 32)


def test_a_project_is_active_since_it_became_so_whatever_its_planned_start(desk: ProjectDesk) -> None:
    desk.edit("project", "p", start="2026-03-02")
    journalled(desk, "2026-05-20T10:00", "project", "p", lifecycle=[None, "planned"])
    journalled(desk, "2026-06-01T10:00", "project", "p", lifecycle=["planned", "active"])
    assert material(desk, "2026-06-02T10:00").active_since == date(2026, 6, 1)
    assert {flag.code for flag in look(desk, "2026-06-02T10:00").flags} & {
        "silence",
        "started_without_charter",
    } == set()


def test_what_lost_and_what_a_crm_was_told_says_nothing_of_when_a_project_became_active(desk: ProjectDesk) -> None:
    journalled(desk, "2026-05-20T10:00", "project", "p", lifecycle=[None, "planned"])
    with desk.db.write() as tx:
        told = Entry(
            "r", ms("2026-05-22T10:00"), "update", "project", "p", connection="b", op_id="op",
            changes={"lifecycle": ["planned", "active", ["planned", "delivered"]]},
        )  # fmt: skip
        journal.append(tx, [told], b"s" * 32)
    journalled(desk, "2026-06-01T10:00", "project", "p", lifecycle=["planned", "active", {"b": "on_hold"}])
    assert material(desk, "2026-06-02T10:00").active_since == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("start", "since"), [("2026-03-02", date(2026, 3, 2)), ("2026-12-01", date(2026, 6, 1)), ("2026-3-2", None)]
)
def test_a_project_first_seen_active_is_so_since_its_start_unless_that_is_to_come(
    desk: ProjectDesk, start: str, since: date | None
) -> None:
    with desk.db.write() as tx:
        tx.conn.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
        tx.conn.exec_driver_sql("UPDATE project SET start = ?", (start,))
    journalled(desk, "2026-06-01T10:00", "project", "p", lifecycle=[None, "active"])
    assert material(desk, "2026-06-02T10:00").active_since == (since or date(2026, 6, 1))


def test_a_change_first_seen_in_a_later_stage_ages_from_then_on(desk: ProjectDesk) -> None:
    desk.task("cr", "change_request", stage="negotiating", status="waiting_client")
    desk.task("old", "change_request", stage="quoted", status="waiting_client")
    journalled(desk, "2026-05-18T10:00", "task", "cr", "insert", stage=[None, "quoted"])
    journalled(desk, "2026-05-25T10:00", "task", "cr", stage=["quoted", "negotiating"])
    journalled(desk, "2026-06-01T10:00", "task", "old", "insert", title=[None, "old"])
    found = look(desk, "2026-06-08T10:00")
    assert {view.uid: (view.age_bd, view.flags) for view in found.changes} == {
        "cr": (15, ("decision_ageing",)), "old": (5, ()),
    }  # fmt: skip
    assert found.change_totals.oldest_age_bd == 15


def test_a_milestone_and_a_change_told_by_their_titles_count_like_others(desk: ProjectDesk) -> None:
    desk.plant("task", "m", title="【里程碑】UAT", project="p", due="2026-07-01", status="in_progress")
    desk.plant("task", "t", title="【客户】数据", project="p", due="2026-06-04", blocks="【里程碑】UAT")
    (item,) = look(desk, "2026-06-05T10:00").client_items
    assert item.severity == "S2"  # one level up: the next milestone waits for it
    desk.plant(
        "task", "cr", title="【变更】接口", project="p", stage="negotiating", status="waiting_client", affected="m",
        change_impact="i", change_cost="0", change_days=3,
    )  # fmt: skip
    agreeing.decide(desk.hand(), "cr", agreeing.Deciding(approve=True, approver="wang"))
    follow_up(desk.db, now_ms=ms("2026-06-08T11:00"), knobs=Knobs(), random_bytes=lambda size: b"f" * size)
    with desk.db.read() as tx:
        assert [version.dates for version in read_baselines(tx, "p")] == [
            {"m": date(2026, 7, 1)}, {"m": date(2026, 7, 6)},
        ]  # fmt: skip


def test_feedback_without_a_day_opens_its_loop_from_the_day_it_was_first_seen(desk: ProjectDesk) -> None:
    desk.plant("feedback", "f", subject="太慢", kind="complaint", project="p")
    journalled(desk, "2026-06-01T10:00", "feedback", "f", "insert", subject=[None, "太慢"])
    assert not look(desk, "2026-06-03T10:00").feedback[0].loop_open
    (line,) = look(desk, "2026-06-20T10:00").feedback
    assert (line.loop_open, line.loop_due) == (True, date(2026, 6, 3))


def test_a_promise_or_an_objection_of_the_client_is_a_word_from_it(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="waiting_client", contact="li")
    desk.task("ours", "action", status="waiting_vendor", contact="li")
    acting.promise(desk.hand("2026-06-04T10:00"), "ours", date(2026, 6, 30))
    assert [line.last_two_way_ms for line in look(desk, "2026-06-08T12:00").contacts if line.uid == "li"] == [None]
    acting.promise(desk.hand("2026-06-05T10:00"), "t", date(2026, 6, 30))
    acting.dispute(desk.hand("2026-06-08T10:00"), "t", "2026-06-05", "已给")
    heard = {line.uid: line.last_two_way_ms for line in look(desk, "2026-06-08T12:00").contacts}
    assert heard["li"] == ms("2026-06-08T10:00")


def test_who_was_not_asked_does_not_raise_the_rate_of_answers() -> None:
    given = [Answer(contact=f"c{n}", wave="w", scale="0-10", score=Decimal(9), at_ms=n, kind="nps") for n in range(6)]
    found = satisfaction(given, {"w": {"c0", "c1", "x", "y"}}, Knobs())
    assert (found.scores[0].response_rate, found.waves[0].response_rate) == (Decimal("50.0"), Decimal("50.0"))
    assert (found.scores[0].n, found.waves[0].invited) == (6, 4)
    assert satisfaction(given, {"w": 4}, Knobs()).waves[0].response_rate == Decimal("100.0")


def test_a_survey_counts_calendar_days_reminds_once_and_leaves_out_who_does_not_want_it(desk: ProjectDesk) -> None:
    desk.plant("project", "q", name="另一项目", account="a")
    meeting.send_survey(desk.hand("2026-06-01T18:00"), "p", "2026Q2", ["wang"])
    meeting.send_survey(desk.hand("2026-06-03T09:00"), "p", "2026Q2", ["wang"])  # its reminder
    for project in ("p", "q"):
        with pytest.raises(InputError, match="days must lie between"):
            meeting.send_survey(desk.hand("2026-06-04T09:00"), project, "2026Q2", ["wang"])
    meeting.send_survey(desk.hand("2026-06-01T18:00"), "p", "w1", ["li"])
    meeting.send_survey(desk.hand("2026-07-01T09:00"), "p", "w2", ["li"])  # thirty calendar days, not 30 times 24 hours
    desk.edit("contact", "li", opt_out=True)
    with pytest.raises(InputError, match="not to be asked"):
        meeting.send_survey(desk.hand("2026-09-01T09:00"), "p", "w3", ["li"])


def test_word_of_a_project_heard_long_ago_is_doubted_where_nobody_states_its_lifecycle(desk: ProjectDesk) -> None:
    with desk.db.write() as tx:
        streams.save_connection(tx, ConnectionState("zoho", "zoho"))
        links.insert(tx, [Link(None, "project", "p", "zoho", "Deals", "d-1")])
        streams.save(tx, Stream("zoho", "project", "P", updated_ms=ms("2026-06-08T09:00")))
        streams.save(tx, Stream("zoho", "task", "T", updated_ms=ms("2026-06-05T09:00")))
    desk.task("t", "action", status="in_progress", due="2026-06-30")
    assert look(desk, "2026-06-05T10:00").health.confidence == "high"
    assert look(desk, "2026-06-08T10:00").health.confidence == "low"


def test_answers_of_the_desk_still_name_their_day(desk: ProjectDesk) -> None:
    done = meeting.answer(desk.hand(), "wang", Answered(wave="w", scale="1-5", score="2", project="p"))
    with desk.db.read() as tx:
        assert hub.read(tx, "feedback", [done.uid])[done.uid].values["submitted_at"] == ms("2026-06-08T10:00")
