"""Why an item is or is not overdue, rule by rule, as it stood at the moment asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from store import hub, links, streams
from store.database import Database
from store.hub import HubChange
from store.links import Link
from store.streams import Stream
from supervise import acting
from supervise.cases import read_setting
from supervise.explaining import Explanation, read_explanation
from supervise.knobs import Knobs
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def why(desk: ProjectDesk, uid: str, now: str, *, past: bool = False) -> Explanation:
    with desk.db.read() as tx:
        found = read_explanation(tx, uid, read_setting(tx, now_ms=ms(now), knobs=Knobs()), past=past)
    assert found is not None
    return found


def said(found: Explanation) -> list[tuple[str, str, str]]:
    return [(step.rule, step.verdict, step.code) for step in found.steps]


def test_a_late_client_action_is_explained_from_the_ball_to_the_level(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="in_progress", due="2026-06-19")  # Dragon Boat day, off until Monday the 22nd
    acting.move_ball(desk.hand(at="2026-06-01T10:00"), "t", "client", "要数据")
    found = why(desk, "t", "2026-06-26T10:00")
    assert said(found) == [
        ("B1", "action", "kind_stated"), ("R1", "client", "status_names_holder"), ("R2", "yes", "client_action"),
        ("R3", "CN", "calendar_known"), ("R4", "2026-06-22", "due_day"), ("R4", "", "due_rolled"),
        ("R5", "yes", "overdue"), ("R8", "4", "lateness"), ("R9", "S2", "severity"),
    ]  # fmt: skip
    assert found.steps[1].data["since_ms"] == ms("2026-06-01T10:00")
    assert found.steps[6].data["since"] == "2026-06-23"


def test_a_promise_that_was_broken_and_a_snooze_are_named(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="waiting_client", due="2026-06-03")
    acting.promise(desk.hand(), "t", date(2026, 6, 9), "下周二")
    acting.snooze(desk.hand(), "t", date(2026, 6, 12), "出差")
    assert said(why(desk, "t", "2026-06-09T10:00"))[-2:] == [
        ("R9b", "2026-06-09", "promise_holds"), ("R9b", "2026-06-12", "snooze_holds"),
    ]  # fmt: skip
    assert [code for _, _, code in said(why(desk, "t", "2026-06-15T10:00"))[-2:]] == ["promise_broken", "snooze_over"]
    assert said(why(desk, "t", "2026-06-05T10:00", past=True))[-1][0] == "R9"


@pytest.mark.parametrize(
    ("values", "last"),
    [
        ({"status": "done", "due": "2026-06-03"}, ("R5", "no", "closed")),
        ({"status": "waiting_client"}, ("R5", "no", "no_due")),
        ({"status": "waiting_client", "due": "soon"}, ("R5", "no", "due_unreadable")),
    ],
)
def test_what_no_date_can_be_held_against_says_so(
    desk: ProjectDesk, values: dict[str, str], last: tuple[str, str, str]
) -> None:
    due = values.pop("due", None)
    desk.task("t", "action", **values)
    if due == "soon":
        with desk.db.write() as tx:
            tx.conn.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
            tx.conn.exec_driver_sql("UPDATE task SET due = 'soon' WHERE uid = 't'")
    elif due:
        desk.edit("task", "t", due=due)
    assert said(why(desk, "t", "2026-06-09T10:00"))[-1] == last


def test_an_item_on_hold_and_one_of_an_unpublished_year_are_told_apart(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="on_hold", due="2026-06-03")
    assert ("R5", "no", "on_hold") in said(why(desk, "t", "2026-06-09T10:00"))
    desk.task("far", "action", status="waiting_client", due="2028-02-02")
    assert ("R3", "CN", "calendar_provisional") in said(why(desk, "far", "2026-06-09T10:00"))


def test_an_item_in_an_agreed_pause_is_past_its_day_and_not_said_to_be_before_it(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="waiting_client", due="2026-06-03")
    assert ("R5", "no", "not_due") in said(why(desk, "t", "2026-06-03T12:00"))
    acting.pause(desk.hand("2026-06-05T10:00"), "t", None, date(2026, 6, 10), "品牌评审")
    assert ("R5", "yes", "overdue") in said(why(desk, "t", "2026-06-05T12:00"))
    assert ("R5", "no", "paused_today") in said(why(desk, "t", "2026-06-09T10:00"))
    assert ("R5", "yes", "overdue") in said(why(desk, "t", "2026-06-12T10:00"))


@pytest.mark.parametrize("state", ["live", "suspended", "gone"])
def test_an_item_outside_every_scope_is_said_to_be_supervised_by_nobody(desk: ProjectDesk, state: Any) -> None:
    desk.task("t", "action", status="waiting_client", due="2026-06-03")
    with desk.db.edit() as tx:
        streams.save(tx, Stream("zoho", "task", "Tasks"))
        links.insert(tx, [Link(None, "task", "t", "zoho", "Tasks", "1", state=state)])
    found = why(desk, "t", "2026-06-09T10:00")
    assert found.unsupervised == ("out_of_scope" if state == "suspended" else "")
    assert ("R5", "yes", "overdue") in said(found), "what the rules would say stays readable"


def test_an_archived_item_says_that_it_is(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="waiting_client", due="2026-06-03")
    with desk.db.edit() as tx:
        row = hub.read(tx, "task", ["t"])["t"]
        hub.update(tx, "task", [HubChange("t", row.rev, {}, state="archived")], 0)
    assert why(desk, "t", "2026-06-09T10:00").unsupervised == "archived"


def test_nothing_is_explained_about_what_was_not_there(desk: ProjectDesk) -> None:
    with desk.db.read() as tx:
        assert read_explanation(tx, "ghost", read_setting(tx, now_ms=0, knobs=Knobs())) is None
