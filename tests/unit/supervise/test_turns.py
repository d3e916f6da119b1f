"""Rounds, first pass and the days of each side, told from what happened to a deliverable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from store import hub, journal
from store.database import Database
from store.hub import HubChange
from store.journal import Entry
from supervise import acting
from supervise.calendar import Calendar, Calendars
from supervise.cases import read_setting
from supervise.countries import find_country
from supervise.dossier import Dossier, read_dossier
from supervise.knobs import Knobs
from supervise.turns import Rounds, Step, first_pass_share, rounds_of
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk

TODAY = date(2026, 5, 20)
BY_STAGE = {
    "preparing": "in_progress", "delivered": "waiting_client", "in_review": "waiting_client",
    "changes_requested": "waiting_vendor", "rework": "waiting_vendor", "approved": "done",
}  # fmt: skip
TWICE_RETURNED = [
    (6, "delivered"), (8, "changes_requested"), (8, "rework"), (9, "delivered"), (13, "changes_requested"),
    (13, "rework"), (14, "delivered"), (15, "approved"),
]  # fmt: skip


def china() -> Calendar:
    return Calendars(org="CN", country=find_country, own={}).of()


def judged(*steps: Step, **task: Any) -> Rounds:
    last = {"stage": steps[-1].stage, "status": steps[-1].status} if steps else {}
    return rounds_of("d", {**last, **task}, "deliverable_review", steps, today=TODAY, calendar=china())


def step(day: int, stage: str) -> Step:
    return Step(date(2026, 5, day), stage, BY_STAGE[stage])


def waits(found: Rounds) -> list[tuple[str, int, int | None, int]]:
    return [
        (turn.side, turn.since.day, turn.until.day if turn.until else None, turn.working_days) for turn in found.turns
    ]


def test_a_deliverable_returned_twice_is_in_its_third_round_with_each_wait_on_its_side() -> None:
    found = judged(*(step(day, stage) for day, stage in TWICE_RETURNED))
    assert (found.rounds, found.first_pass, found.stage) == (3, False, "approved")
    assert waits(found) == [  # Saturday 9 May is worked, Sunday the 10th is not
        ("client", 6, 8, 2), ("vendor", 8, 9, 1), ("client", 9, 13, 3), ("vendor", 13, 14, 1), ("client", 14, 15, 1),
    ]  # fmt: skip
    assert (found.working_days("client"), found.working_days("vendor")) == (6, 2)


def test_what_the_client_takes_the_first_time_is_first_pass_and_review_is_no_second_round() -> None:
    found = judged(step(6, "preparing"), step(7, "delivered"), step(8, "in_review"), step(11, "approved"))
    assert (found.rounds, found.first_pass) == (1, True)
    assert waits(found) == [("vendor", 6, 7, 1), ("client", 7, 11, 3)]


def test_before_the_client_has_said_anything_nothing_is_passed_or_failed() -> None:
    assert judged(step(6, "preparing")).first_pass is None
    found = judged(step(6, "delivered"))
    assert (found.rounds, found.first_pass) == (1, None)
    assert waits(found) == [("client", 6, None, 11)]  # up to today
    assert judged().rounds == 0


@pytest.mark.parametrize("pause", ["on_hold", "waiting_third_party"])
def test_a_pause_or_a_third_party_in_between_is_no_return(pause: str) -> None:
    steps = (step(6, "delivered"), Step(date(2026, 5, 7), "delivered", pause), step(8, "delivered"))
    assert judged(*steps).rounds == 1
    ended = Step(date(2026, 5, 11), "delivered", "done")
    assert judged(*steps[:2], ended).first_pass is True
    assert judged(*steps, ended).first_pass is True


def test_a_crm_without_stages_tells_the_rounds_by_its_status() -> None:
    said = [(6, "waiting_client"), (7, "waiting_vendor"), (8, "waiting_client"), (9, "done")]
    found = judged(*(Step(date(2026, 5, day), None, status) for day, status in said))
    assert (found.rounds, found.first_pass) == (2, False)
    assert waits(found) == [("client", 6, 7, 1), ("vendor", 7, 8, 1), ("client", 8, 9, 1)]


def test_a_stage_moved_alone_names_the_side_whatever_the_status_still_says() -> None:
    back = Step(date(2026, 5, 7), "changes_requested", "waiting_client")
    assert waits(judged(step(6, "delivered"), back))[1][:2] == ("vendor", 7)


def test_a_record_that_knows_of_more_rounds_than_the_history_is_believed() -> None:
    found = judged(Step(None, "rework", "waiting_vendor"), step(6, "delivered"), step(7, "approved"), round="3")
    assert (found.rounds, found.first_pass) == (3, False)
    assert waits(found) == [("client", 6, 7, 1)]  # since when we had it before, nobody wrote down


def test_a_day_typed_in_later_never_makes_a_wait_negative() -> None:
    assert waits(judged(step(8, "delivered"), step(6, "rework"))) == [("client", 8, 8, 0), ("vendor", 8, None, 9)]


def test_the_share_counts_only_what_was_answered() -> None:
    passed = judged(step(6, "delivered"), step(7, "approved"))
    failed, open_ = replace(passed, first_pass=False), replace(passed, first_pass=None)
    assert first_pass_share([passed, failed, failed, open_]) == (Decimal("33.3"), 3)
    assert first_pass_share([open_]) == (None, 0)


# --- over a store -------------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def look(desk: ProjectDesk, now: str, *, past: bool = False) -> Dossier:
    with desk.db.read() as tx:
        setting = read_setting(tx, now_ms=ms(now), knobs=Knobs(), looking_back=True)
        found = read_dossier(tx, "p", setting, past=past)
    assert found is not None
    return found


def moved_in_crm(desk: ProjectDesk, uid: str, stage: str, when: str) -> None:
    """Take over what somebody did in a CRM, as a round of the sync writes it down."""
    new = {"stage": stage, "status": BY_STAGE[stage]}
    with desk.db.write() as tx:
        row = hub.read(tx, "task", [uid])[uid]
        changes = {name: [row.values.get(name), value] for name, value in new.items()}
        hub.update(tx, "task", [HubChange(uid, row.rev, dict(new))], ms(when))
        entry = Entry("r", ms(when), "update", "task", uid, "zoho", "1", who="zoho", changes=changes)
        journal.append(tx, [entry], b"s" * 32)


def test_rounds_are_counted_when_a_crm_moved_the_stages(desk: ProjectDesk) -> None:
    desk.task("d", "deliverable_review", title="设计文档", stage="preparing", status="in_progress")
    for day, stage in TWICE_RETURNED:
        moved_in_crm(desk, "d", stage, f"2026-05-{day:02}T10:00")
    (found,) = look(desk, "2026-05-20T10:00").rounds
    assert (found.rounds, found.first_pass, len(found.turns)) == (3, False, 5)
    assert look(desk, "2026-05-20T10:00").first_pass == (Decimal("0.0"), 1)
    (before,) = look(desk, "2026-05-08T09:00", past=True).rounds
    assert (before.rounds, before.first_pass, before.stage) == (1, None, "delivered")


def test_a_command_that_tells_of_an_earlier_day_counts_from_that_day(desk: ProjectDesk) -> None:
    desk.task("d", "deliverable_review", stage="preparing", status="in_progress")
    acting.set_stage(desk.hand("2026-05-08T10:00", at="2026-05-06T10:00"), "d", "delivered")
    moved_in_crm(desk, "d", "changes_requested", "2026-05-11T10:00")
    (found,) = look(desk, "2026-05-11T11:00").rounds
    assert waits(found) == [("client", 6, 11, 4), ("vendor", 11, None, 0)]
