"""What opens the closure gate: what was sent and said for this end, not midway nor for an earlier end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from store import journal
from store.database import Database
from store.journal import Entry
from supervise import acting, agreeing, meeting, steering
from supervise.agreeing import Accepting
from supervise.cases import read_setting
from supervise.dossier import read_dossier
from supervise.due import local_day
from supervise.ending import Closing, closing_of, names_the_end, survey_counts
from supervise.knobs import Knobs
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def lacks(desk: ProjectDesk, now: str) -> set[str]:
    """Give what keeps the gate shut."""
    with desk.db.read() as tx:
        dossier = read_dossier(tx, "p", read_setting(tx, now_ms=ms(now), knobs=Knobs()))
    assert dossier is not None
    return {item.code for item in dossier.gate.open}


def lacks_survey(desk: ProjectDesk, now: str) -> bool:
    return "survey" in lacks(desk, now)


def stepped(desk: ProjectDesk, now: str, before: str | None, after: str) -> None:
    """Move the project as a sync or a rule does."""
    desk.edit("project", "p", lifecycle=after)
    entry = Entry("r", ms(now), "supervise", "project", "p", who="rule", changes={"lifecycle": [before, after]})
    with desk.db.write() as tx:
        journal.append(tx, [entry], bytes(32))


# --- pure ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "closing"),
    [
        ([], Closing()),
        ([("2026-05-01", None, "active")], Closing()),
        ([("2026-05-01", "active", "delivered")], Closing(since=on("2026-05-01"))),
        (
            [("2026-05-01", "active", "delivered"), ("2026-05-08", "delivered", "accepted")],
            Closing(since=on("2026-05-01")),  # naive: the last step
        ),
        ([("2026-05-01", "active", "delivered"), ("2026-05-04", "delivered", "active")], Closing()),
        (
            [
                ("2026-05-01", "active", "accepted"),
                ("2026-05-04", "accepted", "active"),
                ("2026-06-01", "active", "delivered"),
            ],
            Closing(since=on("2026-06-01"), reopened=on("2026-05-04"), reopened_ms=ms("2026-05-04T00:00")),
        ),
        ([("2026-05-01", None, "closed")], Closing(since=on("2026-05-01"))),
        (
            [("2026-05-01", "closed", "cancelled")],
            Closing(reopened=on("2026-05-01"), reopened_ms=ms("2026-05-01T00:00")),
        ),
    ],
)  # fmt: skip
def test_a_project_closes_from_the_day_it_was_last_delivered(
    steps: list[tuple[str, str | None, str]], closing: Closing
) -> None:
    moves = [(ms(f"{day}T00:00"), before, after) for day, before, after in steps]
    assert closing_of(moves, lambda at_ms: local_day(at_ms, ZoneInfo("Asia/Shanghai"))) == closing


@pytest.mark.parametrize(
    ("sent", "began", "reopened", "words", "counts"),
    [
        ("2026-06-02", "2026-06-01", None, "Q2", True),
        ("2026-06-01", "2026-06-01", None, "Q2", True),
        ("2026-05-29", "2026-06-01", None, "Q2", False),  # naive: any wave will do
        ("2026-05-29", None, None, "Q2", False),
        ("2026-05-29", None, None, "Closing survey", True),
        ("2026-05-29", None, "2026-06-01", "结项满意度", False),  # naive: the last end's final survey
        ("2026-06-02", None, "2026-06-01", "结项满意度", True),
        (None, "2026-06-01", None, "Q2", False),
        (None, None, None, "final", True),
    ],
)
def test_a_survey_counts_since_the_project_began_to_close(
    sent: str | None, began: str | None, reopened: str | None, words: str, counts: bool
) -> None:
    closing = Closing(reopened=on(reopened) if reopened else None)
    found = survey_counts(closing, on(began) if began else None, sent=on(sent) if sent else None, words=words)
    assert found is counts


def test_a_wave_is_known_for_the_last_by_its_name() -> None:
    assert [names_the_end(words) for words in ("FINAL", "项目收尾调查", "2026Q2", "")] == [True, True, False, False]


# --- through the gate ---------------------------------------------------------------------------------------------


def test_a_wave_of_the_projects_middle_does_not_open_the_gate(desk: ProjectDesk) -> None:
    meeting.send_survey(desk.hand("2026-04-01T10:00"), "p", "Q1", ["wang"])
    steering.set_lifecycle(desk.hand("2026-06-01T10:00"), "p", "delivered")
    assert lacks_survey(desk, "2026-06-01T11:00")  # naive: a survey was sent once
    meeting.send_survey(desk.hand("2026-06-02T10:00"), "p", "Q2", ["wang"])
    assert not lacks_survey(desk, "2026-06-02T11:00")


def test_a_survey_counts_once_all_there_is_to_accept_was_accepted(desk: ProjectDesk) -> None:
    for uid in ("one", "two"):
        desk.task(uid, "acceptance", stage="testing", status="waiting_client")
    agreeing.accept(desk.hand("2026-05-06T10:00"), "one", Accepting(outcome="accepted", signer="wang"))
    meeting.send_survey(desk.hand("2026-05-07T10:00"), "p", "Q1", ["wang"])
    agreeing.accept(desk.hand("2026-06-01T10:00"), "two", Accepting(outcome="accepted", signer="wang"))
    assert lacks_survey(desk, "2026-06-01T11:00")
    meeting.send_survey(desk.hand("2026-06-10T10:00"), "p", "Q2", ["wang"])
    assert not lacks_survey(desk, "2026-06-10T11:00")


@pytest.mark.parametrize("how", ["wave", "note", "waiver"])
def test_the_survey_of_an_earlier_end_does_not_serve_a_project_that_was_opened_again(
    desk: ProjectDesk, how: str
) -> None:
    stepped(desk, "2026-04-01T10:00", "active", "delivered")

    def said(now: str) -> None:
        if how == "wave":
            meeting.send_survey(desk.hand(now), "p", f"final {now}", ["wang"])
        elif how == "note":
            acting.record(desk.hand(now), "project", "p", "survey_sent", {})
        else:
            acting.waive(desk.hand(now), "project", "p", "survey", "wang")

    said("2026-04-02T10:00")
    stepped(desk, "2026-04-03T10:00", "delivered", "accepted")
    assert not lacks_survey(desk, "2026-04-04T10:00")
    stepped(desk, "2026-05-06T10:00", "accepted", "active")
    stepped(desk, "2026-06-01T10:00", "active", "delivered")
    assert lacks_survey(desk, "2026-06-01T11:00")
    said("2026-06-02T10:00")
    assert not lacks_survey(desk, "2026-06-02T11:00")


@pytest.mark.parametrize(
    ("kind", "doc", "code"),
    [
        ("report_issued", {"report": "closure"}, "final_report"),  # naive: it was issued once
        ("report_issued", {}, "final_report"),
        ("retro_held", {}, "retro"),
        ("waiver", {"what": "retro", "side": "vendor"}, "retro"),
        ("survey_sent", {}, "survey"),
    ],
)
@pytest.mark.parametrize("end", ["accepted", "closed"])
def test_what_was_said_of_an_earlier_end_does_not_serve_the_next(
    desk: ProjectDesk, end: str, kind: str, doc: dict[str, Any], code: str
) -> None:
    stepped(desk, "2026-06-01T09:00", "active", "delivered")
    acting.record(desk.hand("2026-06-01T10:00"), "project", "p", kind, doc)
    stepped(desk, "2026-06-01T11:00", "delivered", end)
    assert code not in lacks(desk, "2026-06-01T11:30")
    stepped(desk, "2026-06-01T12:00", end, "active")  # on the same day: the day alone would let the morning's act count
    assert code in lacks(desk, "2026-06-01T12:30")
    stepped(desk, "2026-06-20T09:00", "active", "delivered")
    assert code in lacks(desk, "2026-06-20T09:30")
    assert code not in lacks(desk, "2026-06-01T11:30")  # a look back still finds the gate as it was
    acting.record(desk.hand("2026-06-20T10:00"), "project", "p", kind, doc)
    assert code not in lacks(desk, "2026-06-20T10:30")


def test_a_rejected_delivery_is_no_reopening(desk: ProjectDesk) -> None:
    stepped(desk, "2026-06-01T09:00", "active", "delivered")
    acting.record(desk.hand("2026-06-01T10:00"), "project", "p", "retro_held", {})
    stepped(desk, "2026-06-02T09:00", "delivered", "active")
    assert "retro" not in lacks(desk, "2026-06-02T10:00")


@pytest.mark.parametrize(
    ("values", "lacks"),
    [
        ({"stage": "planned", "status": "not_started"}, True),
        ({"stage": "sent", "status": "waiting_client", "due": "2026-04-10"}, True),  # naive: its stage is enough
        ({"stage": "sent", "status": "waiting_client", "due": "2026-06-10"}, False),
        ({"stage": "responded", "status": "done", "start": "2026-04-01", "due": "2026-06-10"}, True),
        ({"status": "waiting_client", "due": "2026-06-10"}, False),  # a CRM without a field for stages
        ({"stage": "sent", "status": "waiting_client", "title": "结项满意度调查"}, False),
        ({"stage": "sent", "status": "waiting_client", "wave": "final"}, False),
    ],
)
def test_a_survey_item_counts_by_when_it_can_have_gone_out(
    desk: ProjectDesk, values: dict[str, Any], lacks: bool
) -> None:
    steering.set_lifecycle(desk.hand("2026-06-01T10:00"), "p", "delivered")
    desk.task("s", "survey", **{"title": "调查", **values})
    assert lacks_survey(desk, "2026-06-02T10:00") is lacks


def test_a_survey_sent_by_its_stage_counts_from_that_day(desk: ProjectDesk) -> None:
    desk.task("s", "survey", stage="planned", status="not_started")
    acting.set_stage(desk.hand("2026-05-20T10:00"), "s", "sent")
    steering.set_lifecycle(desk.hand("2026-06-01T10:00"), "p", "delivered")
    assert lacks_survey(desk, "2026-06-02T10:00")
    desk.task("t", "survey", stage="planned", status="not_started")
    acting.set_stage(desk.hand("2026-06-02T10:00"), "t", "sent")
    assert not lacks_survey(desk, "2026-06-02T11:00")
