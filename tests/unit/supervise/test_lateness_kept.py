"""What is on record of lateness stays: when an item is done, gets another date, or rests by agreement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from store import journal, supervision
from store.database import Database
from supervise import acting
from supervise.cases import read_setting
from supervise.delay import Attribution
from supervise.dossier import Dossier, read_dossier
from supervise.knobs import Knobs
from supervise.report import SupervisionReport
from supervise.rounds import supervise_once
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    made = ProjectDesk(database)
    made.task("m", "milestone", title="UAT", due="2026-06-05", status="in_progress")
    yield made
    database.close()


def look(desk: ProjectDesk, now: str) -> Dossier:
    with desk.db.read() as tx:
        found = read_dossier(tx, "p", read_setting(tx, now_ms=ms(now), knobs=Knobs()))
    assert found is not None
    return found


def delay(desk: ProjectDesk, now: str) -> Attribution:
    return look(desk, now).attribution["m"]


def shares(one: Attribution) -> tuple[int, int, int, int, int]:
    return one.client, one.vendor, one.neutral, one.unexplained, one.claimable


def days(one: Attribution, holder: str) -> list[date]:
    return [entry.day for entry in one.days if entry.holder == holder]


def play(desk: ProjectDesk, now: str) -> SupervisionReport:
    return supervise_once(desk.db, now_ms=ms(now), run_id="r", random_bytes=now.encode().ljust)


def action(desk: ProjectDesk, **values: str) -> None:
    desk.task("a", "action", **{"blocks": "m", "due": "2026-06-04", "owner": "pm@vendor.example", **values})


def test_the_days_of_an_item_stay_whose_they_were_when_it_is_done(desk: ProjectDesk) -> None:
    action(desk, status="in_progress")
    for at, side in (("2026-05-20", "client"), ("2026-06-02", "vendor"), ("2026-06-05", "client")):
        acting.move_ball(desk.hand(f"{at}T10:00"), "a", side, "x")
    before = delay(desk, "2026-06-12T09:00")
    assert shares(before) == (3, 0, 0, 2, 3)
    acting.set_stage(desk.hand("2026-06-12T10:00"), "a", "done")
    after = delay(desk, "2026-06-12T11:00")
    assert (shares(after), after.days) == (shares(before), before.days)
    assert shares(delay(desk, "2026-06-16T09:00"))[:2] == (3, 0)


def test_a_new_due_date_leaves_the_lateness_under_the_old_one_on_record(desk: ProjectDesk) -> None:
    action(desk, status="waiting_client")
    play(desk, "2026-06-01T09:00")
    assert shares(delay(desk, "2026-06-12T09:00")) == (6, 0, 0, 0, 5)
    desk.edit("task", "a", due="2026-06-24")
    play(desk, "2026-06-12T15:00")
    assert play(desk, "2026-06-12T16:00").overdue == []
    assert shares(delay(desk, "2026-06-12T17:00")) == (6, 0, 0, 0, 5)
    late = delay(desk, "2026-06-26T09:00")
    assert days(late, "client") == [
        *(date(2026, 6, day) for day in (5, 8, 9, 10, 11, 12)), date(2026, 6, 25), date(2026, 6, 26),
    ]  # fmt: skip
    with desk.db.read() as tx:
        told = [(one.side, one.cause, one.data["due"]) for one in supervision.ball_events(tx, "task", ["a"])]
    assert told == [("client", "status_names_holder", "2026-06-04"), ("client", "due_moved", "2026-06-24")]


def test_lateness_under_an_old_date_counts_from_where_its_pauses_had_moved_it(desk: ProjectDesk) -> None:
    action(desk, status="in_progress")
    for at, side in (("2026-05-20", "client"), ("2026-06-02", "vendor"), ("2026-06-05", "client")):
        acting.move_ball(desk.hand(f"{at}T10:00"), "a", side, "x")
    desk.edit("task", "a", due="2026-06-24")
    play(desk, "2026-06-12T15:00")
    assert days(delay(desk, "2026-06-12T17:00"), "client") == [date(2026, 6, day) for day in (10, 11, 12)]


def test_a_pause_people_agreed_on_stops_the_flag_and_its_end_brings_it_back(desk: ProjectDesk) -> None:
    action(desk, status="waiting_client", due="2026-06-10")
    play(desk, "2026-06-01T09:00")
    assert [item.uid for item in play(desk, "2026-06-11T09:00").overdue] == ["a"]
    acting.pause(desk.hand("2026-06-11T10:00"), "a", None, date(2026, 6, 16), "客户停产检修")
    assert [item.uid for item in play(desk, "2026-06-11T11:00").overdue] == ["a"]  # the day it began still counts
    for at in ("2026-06-12T00:01", "2026-06-16T23:00"):
        assert play(desk, at).overdue == []
        assert desk.values("task", "a")["severity"] is None
    (item,) = play(desk, "2026-06-17T00:01").overdue
    assert (item.obd, item.due_eff, item.since) == (2, "2026-06-10", "2026-06-11")


def test_an_open_pause_keeps_a_fixed_date_from_becoming_overdue(desk: ProjectDesk) -> None:
    action(desk, status="waiting_client", due="2026-06-10", due_policy="fixed")
    acting.pause(desk.hand("2026-06-08T10:00"), "a", None, None, "双方同意")
    (item,) = look(desk, "2026-06-12T09:00").client_items
    assert (item.severity, item.obd, item.since) == (None, 0, None)


def test_days_of_an_agreed_pause_are_nobodys(desk: ProjectDesk) -> None:
    action(desk, status="waiting_client")
    play(desk, "2026-06-01T09:00")
    acting.pause(desk.hand("2026-06-08T10:00"), "a", None, date(2026, 6, 12), "双方同意")
    found = look(desk, "2026-06-18T09:00")
    assert found.client_items[0].obd == 6
    assert shares(found.attribution["m"]) == (6, 0, 4, 3, 6)
    assert days(found.attribution["m"], "neutral") == [date(2026, 6, day) for day in (9, 10, 11, 12)]


@pytest.mark.parametrize(
    ("then", "told"),
    [("not_started", True), ("cancelled", True), ("waiting_client", False), ("done", False), ("on_hold", True)],
)
def test_a_step_a_crm_takes_from_an_ended_item_is_taken_and_told(desk: ProjectDesk, then: str, told: bool) -> None:
    action(desk, status="done")
    play(desk, "2026-06-01T09:00")
    desk.edit("task", "a", status=then)
    play(desk, "2026-06-02T09:00")
    play(desk, "2026-06-03T09:00")
    with desk.db.read() as tx:
        noted = [one.changes for one in journal.of(tx, "task", "a") if one.kind == "irregular_transition"]
    assert noted == ([{"status": ["done", then]}] if told else [])
    assert desk.values("task", "a")["status"] == then


def test_what_was_late_before_a_pause_is_done_late_in_it(desk: ProjectDesk) -> None:
    action(desk, status="waiting_client", due="2026-06-05")
    play(desk, "2026-06-01T09:00")
    acting.pause(desk.hand("2026-06-09T10:00"), "a", None, None, "双方同意")
    acting.set_stage(desk.hand("2026-06-12T10:00"), "a", "done")
    (part,) = [part for part in look(desk, "2026-06-12T11:00").engagement.parts if part.name == "on_time"]
    assert (part.value, part.n) == (0, 1)
