"""R1, R2, R4 to R9 on dated cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mapping.records import Values
from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.due import due_of, local_day, opening_ms, read_due, zone_of
from supervise.history import BallMove
from supervise.knobs import Knobs, Ladder
from supervise.pauses import Pause
from supervise.verdict import TaskCase, TaskVerdict, evaluate_task
from tests.support.clocks import ms

KNOBS = Knobs()
CALENDARS = Calendars(org="CN", country=find_country, own={"bank": {date(2026, 2, 14): False}})


def day(text: str) -> date:
    return date.fromisoformat(text)


def judge(
    now: str, task: dict[str, Any], *, zone: str = "Asia/Shanghai", knobs: Knobs = KNOBS, **case: Any
) -> TaskVerdict:
    values: Values = {"title": "数据确认", "status": "waiting_client", "owner": "pm@vendor.example", **task}
    return evaluate_task(TaskCase(uid="t1", task=values, **case), CALENDARS, now_ms=ms(now, zone), knobs=knobs)


def codes(verdict: TaskVerdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("task", "ball", "code"),
    [
        ({"status": "waiting_client", "owner_side": "vendor"}, "client", "status_names_holder"),
        ({"status": "waiting_vendor", "owner_side": "client"}, "vendor", "status_names_holder"),
        ({"status": "submitted", "owner_side": "client"}, "vendor", "status_names_holder"),
        ({"status": "waiting_third_party"}, "third_party", "status_names_holder"),
        ({"status": "on_hold", "owner_side": "client"}, "none", "status_names_holder"),
        ({"status": "done", "owner_side": "client"}, "none", "status_names_holder"),
        ({"status": "cancelled"}, "none", "status_names_holder"),
        ({"status": "in_progress", "owner_side": "client"}, "client", "side_field"),
        ({"status": "not_started", "owner_side": "third_party"}, "third_party", "side_field"),
        ({"status": "in_progress", "owner_side": "vendor", "title": "[client] x"}, "vendor", "side_field"),
        ({"status": None, "tags": ["urgent", "Client"]}, "client", "client_tag"),
        ({"status": "in_progress", "tags": "急;客户"}, "client", "client_tag"),
        ({"status": "in_progress", "title": "[Client] sign"}, "client", "client_prefix"),
        ({"status": "in_progress", "title": " 【客户】签字"}, "client", "client_prefix"),
        (
            {"status": "in_progress", "title": "【验收】【客户】签字"},
            "client",
            "client_prefix",
        ),  # naive: first mark only
        ({"status": "in_progress", "title": "客户签字", "contact": "c1", "tags": 3}, "vendor", "no_side_is_ours"),
        ({"status": "in_progress", "kind": "sign_off"}, "vendor", "no_side_is_ours"),
    ],
)
def test_whose_move_it_is(task: dict[str, Any], ball: str, code: str) -> None:
    verdict = judge("2026-06-01T09:00", task)
    assert verdict.ball == ball
    assert verdict.is_client_action is (ball == "client")
    assert verdict.reasons[0].code == code
    assert verdict.reasons[0].uid == "t1"


@pytest.mark.parametrize(
    ("now", "due", "due_eff", "overdue", "obd", "severity"),
    [
        ("2026-06-10T23:59:59", "2026-06-10", "2026-06-10", False, 0, "S0"),
        ("2026-06-11T00:00:00", "2026-06-10", "2026-06-10", True, 1, "S1"),
        ("2026-06-08T09:00", "2026-06-10", "2026-06-10", False, 0, "S0"),
        ("2026-06-05T09:00", "2026-06-10", "2026-06-10", False, 0, None),
        ("2026-06-12T09:00", "2026-06-10", "2026-06-10", True, 2, "S1"),
        ("2026-06-15T09:00", "2026-06-10", "2026-06-10", True, 3, "S2"),
        ("2026-06-17T09:00", "2026-06-10", "2026-06-10", True, 5, "S3"),
        ("2026-06-24T23:00", "2026-06-10", "2026-06-10", True, 9, "S3"),  # the 19th is a holiday
        ("2026-06-25T00:00", "2026-06-10", "2026-06-10", True, 10, "S4"),
        ("2026-06-13T09:00", "2026-06-12", "2026-06-12", True, 0, "S1"),  # overdue on a Saturday
        ("2026-10-08T23:59", "2026-10-03", "2026-10-08", False, 0, "S0"),  # rolled over National Day
        ("2026-10-09T00:00", "2026-10-03", "2026-10-08", True, 1, "S1"),
        ("2026-02-14T23:00", "2026-02-14", "2026-02-14", False, 0, "S0"),  # a worked Saturday is no day off
        ("2026-02-23T12:00", "2026-02-14", "2026-02-14", True, 0, "S1"),  # the whole festival counts nothing
        ("2026-02-24T12:00", "2026-02-14", "2026-02-14", True, 1, "S1"),
        ("2025-01-26T12:00", "2025-01-24", "2025-01-24", True, 1, "S1"),  # Sunday before the festival, worked
        ("2025-10-11T12:00", "2025-09-30", "2025-09-30", True, 3, "S2"),
    ],
)  # fmt: skip
def test_a_dated_case(now: str, due: str, due_eff: str, overdue: bool, obd: int, severity: str | None) -> None:
    verdict = judge(now, {"due": due})
    assert (verdict.due_eff, verdict.overdue, verdict.obd, verdict.severity) == (day(due_eff), overdue, obd, severity)
    assert not verdict.provisional
    assert (verdict.since is not None) is overdue


def test_since_is_the_first_overdue_day_and_stays() -> None:
    assert judge("2026-10-09T08:00", {"due": "2026-10-03"}).since == day("2026-10-09")
    assert judge("2026-11-20T08:00", {"due": "2026-10-03"}).since == day("2026-10-09")


def test_a_contact_who_does_not_work_the_make_up_day_has_until_after_the_festival() -> None:
    verdict = judge("2026-02-23T23:59:59", {"due": "2026-02-14"}, contact={"calendar": "bank"})
    assert (verdict.due_eff, verdict.overdue) == (day("2026-02-24"), False)
    assert verdict.calendar == "contact:bank>CN"
    assert "due_rolled" in codes(verdict)


@pytest.mark.parametrize(("now", "overdue"), [("2026-11-01T23:59:59", False), ("2026-11-02T00:00", True)])
def test_the_day_ends_at_midnight_of_the_client_also_when_the_clocks_change(now: str, overdue: bool) -> None:
    contact = {"zone": "America/New_York", "calendar": "EG"}  # a Sunday is a working day there
    verdict = judge(now, {"due": "2026-11-01"}, zone="America/New_York", contact=contact)
    assert (verdict.overdue, verdict.zone) == (overdue, "America/New_York")


@pytest.mark.parametrize(
    ("values", "zone"),
    [
        ({"contact": {"zone": "Asia/Tokyo"}, "account": {"zone": "Asia/Dubai"}}, "Asia/Tokyo"),
        ({"account": {"zone": "Asia/Dubai"}, "project": {"zone": "Europe/Berlin"}}, "Asia/Dubai"),
        ({"project": {"zone": "Europe/Berlin"}}, "Europe/Berlin"),
        ({"contact": {"zone": "Mars/Base"}, "account": {"zone": "../../etc/passwd"}}, "Asia/Shanghai"),
        ({}, "Asia/Shanghai"),
    ],
)
def test_the_zone_is_the_clients_own(values: dict[str, Any], zone: str) -> None:
    verdict = judge("2026-06-01T09:00", {"due": "2026-06-10"}, **values)
    assert verdict.zone == zone
    assert codes(verdict).count("zone_unknown") == (2 if "Mars/Base" in str(values) else 0)


def test_our_own_items_follow_the_projects_calendar_not_the_clients() -> None:
    task = {"status": "in_progress", "due": "2026-10-02"}
    verdict = judge("2026-10-09T09:00", task, account={"country": "US", "zone": "America/New_York"})
    assert (verdict.ball, verdict.due_eff, verdict.zone) == ("vendor", day("2026-10-08"), "Asia/Shanghai")
    assert verdict.overdue
    assert not verdict.overdue_client_action


def test_an_unknown_calendar_is_told() -> None:
    assert "calendar_unknown" in codes(
        judge("2026-06-01T09:00", {"due": "2026-06-10"}, account={"country": "Atlantis"})
    )


def test_friday_and_saturday_are_the_weekend_where_they_are() -> None:
    account = {"country": "Egypt", "zone": "Africa/Cairo"}
    verdict = judge("2026-11-22T12:00", {"due": "2026-11-20"}, zone="Africa/Cairo", account=account)
    assert verdict.due_eff == day("2026-11-22")
    assert judge("2026-11-23T12:00", {"due": "2026-11-19"}, zone="Africa/Cairo", account=account).obd == 2


def test_a_provisional_year_caps_the_level_and_says_so() -> None:
    verdict = judge("2027-03-01T09:00", {"due": "2027-01-15", "priority": "critical"}, blocks=True)
    assert verdict.provisional
    assert verdict.obd > 20
    assert verdict.severity == "S2"
    assert "calendar_provisional" in codes(verdict)
    assert judge("2027-01-04T09:00", {"due": "2026-12-31"}).provisional
    assert not judge("2026-12-31T09:00", {"due": "2026-12-31"}).provisional


@pytest.mark.parametrize(
    ("priority", "blocks", "now", "severity"),
    [
        ("normal", False, "2026-06-12T09:00", "S1"),
        ("normal", True, "2026-06-12T09:00", "S2"),
        ("critical", False, "2026-06-11T09:00", "S1"),
        ("critical", False, "2026-06-12T09:00", "S2"),
        ("critical", False, "2026-06-15T09:00", "S3"),
        ("critical", False, "2026-06-17T09:00", "S4"),
        ("critical", True, "2026-06-15T09:00", "S4"),
        ("critical", True, "2026-06-30T09:00", "S4"),
        ("high", False, "2026-06-15T09:00", "S2"),
    ],
)
def test_the_ladder(priority: str, blocks: bool, now: str, severity: str) -> None:
    assert judge(now, {"due": "2026-06-10", "priority": priority}, blocks=blocks).severity == severity


def test_the_ladder_is_a_knob() -> None:
    knobs = Knobs(ladder=Ladder(1, 2, 3))
    assert judge("2026-06-15T09:00", {"due": "2026-06-10"}, knobs=knobs).severity == "S4"


@pytest.mark.parametrize("due", [None, "", "soon", "2026-13-01", "0001-01-01", "9999-12-31", True, 2**62])
def test_without_a_usable_date_it_is_listed_and_never_overdue(due: Any) -> None:
    verdict = judge("2026-06-15T09:00", {"due": due, "owner": None})
    assert (verdict.overdue, verdict.severity) == (False, None)
    assert verdict.gaps == ("no_due", "no_owner")


@pytest.mark.parametrize("status", ["done", "cancelled", "on_hold"])
def test_what_is_closed_or_paused_is_never_overdue(status: str) -> None:
    verdict = judge("2026-07-15T09:00", {"due": "2026-06-10", "status": status})
    assert (verdict.overdue, verdict.severity, verdict.since) == (False, None, None)


def test_an_exact_instant_is_not_rolled() -> None:
    due = ms("2026-06-13T15:00")  # a Saturday
    assert not judge("2026-06-13T14:59:59", {"due": due}).overdue
    verdict = judge("2026-06-13T15:00", {"due": due})
    assert (verdict.overdue, verdict.obd, verdict.since) == (True, 0, day("2026-06-13"))
    assert judge("2026-06-16T09:00", {"due": due}).obd == 2


def test_grace_holds_the_flag_but_not_the_count() -> None:
    knobs = Knobs(grace_bd=2)
    held = judge("2026-06-12T23:59:59", {"due": "2026-06-10"}, knobs=knobs)
    assert (held.overdue, held.severity, held.since) == (False, "S0", None)
    verdict = judge("2026-06-13T00:00", {"due": "2026-06-10"}, knobs=knobs)
    assert (verdict.overdue, verdict.obd, verdict.since) == (True, 2, day("2026-06-13"))


def moves(*steps: tuple[str, str, str], due: str = "2026-06-10") -> list[BallMove]:
    return [BallMove(ms(at), holder, status, due) for at, holder, status in steps]  # type: ignore[arg-type]


def test_a_pause_moves_a_floating_due_date_by_the_working_days_it_covered() -> None:
    past = moves(
        ("2026-06-01T10:00", "client", "waiting_client"),
        ("2026-06-04T10:00", "vendor", "waiting_vendor"),
        ("2026-06-09T10:00", "client", "waiting_client"),
    )
    verdict = judge("2026-06-15T09:00", {"due": "2026-06-10"}, moves=past)
    assert verdict.due_eff == day("2026-06-15")  # the 5th, 8th and 9th were ours
    assert not verdict.overdue
    assert "paused" in codes(verdict)


def test_a_pause_after_the_due_day_only_excuses_its_days() -> None:
    past = moves(
        ("2026-06-01T10:00", "client", "waiting_client"),
        ("2026-06-12T10:00", "vendor", "waiting_vendor"),
        ("2026-06-16T10:00", "client", "waiting_client"),
    )
    verdict = judge("2026-06-17T09:00", {"due": "2026-06-10"}, moves=past)
    assert (verdict.due_eff, verdict.obd) == (day("2026-06-10"), 3)  # 11th, 12th, 17th


def test_days_before_the_client_had_it_are_not_the_clients_and_move_nothing() -> None:
    past = moves(("2026-06-01T10:00", "vendor", "in_progress"), ("2026-06-12T10:00", "client", "waiting_client"))
    arrived = judge("2026-06-12T11:00", {"due": "2026-06-10"}, moves=past)
    assert (arrived.due_eff, arrived.overdue, arrived.obd) == (day("2026-06-10"), True, 0)  # naive: 2 days late at once
    assert "handed_over_late" in codes(arrived)
    verdict = judge("2026-06-16T09:00", {"due": "2026-06-10"}, moves=past)
    assert (verdict.due_eff, verdict.obd) == (day("2026-06-10"), 2)  # 15th, 16th; naive: 4
    early = judge("2026-06-12T09:00", {"due": "2026-06-10"}, moves=past[:1] + moves(
        ("2026-06-03T10:12", "client", "waiting_client")))  # fmt: skip
    assert (early.due_eff, early.obd) == (day("2026-06-10"), 2)  # naive (every absence a pause): due on the 12th
    assert "handed_over_late" not in codes(early)
    unknown = judge("2026-06-12T09:00", {"due": "2026-06-10"}, moves=past[1:])
    assert unknown.obd == 2  # first seen with them: theirs as far back as we know


def test_our_days_after_a_reopening_are_a_pause_of_the_new_date() -> None:
    past = moves(
        ("2026-06-01T10:00", "client", "waiting_client"),
        ("2026-06-11T10:00", "none", "done"),
        ("2026-06-22T10:00", "vendor", "waiting_vendor"),
        ("2026-06-29T10:00", "client", "waiting_client"),
    )
    verdict = judge("2026-07-01T09:00", {"due": "2026-06-10"}, moves=past)
    assert (verdict.due_eff, verdict.overdue) == (day("2026-07-02"), False)  # naive: due on the 25th, 4 days late


@pytest.mark.parametrize(
    ("now", "overdue", "since"),
    [
        ("2026-06-10T17:59:59", False, None),
        ("2026-06-10T18:00", True, "2026-06-10"),  # naive: not before midnight
        ("2026-06-11T09:00", True, "2026-06-10"),
    ],
)
def test_a_day_may_end_with_the_office_hours(now: str, overdue: bool, since: str | None) -> None:
    verdict = judge(now, {"due": "2026-06-10"}, knobs=Knobs(day_end="18:00"))
    assert (verdict.overdue, verdict.since) == (overdue, day(since) if since else None)
    graced = judge("2026-06-11T17:59", {"due": "2026-06-10"}, knobs=Knobs(day_end="18:00", grace_bd=1))
    assert not graced.overdue


def test_a_survey_is_never_pressed() -> None:
    for task in ({"kind": "survey"}, {"title": "【满意度】一期"}):
        verdict = judge("2026-07-30T09:00", {"due": "2026-06-10", "priority": "critical", **task}, blocks=True)
        assert (verdict.severity, verdict.overdue) == ("S1", True)  # naive: a letter to the steering committee


def test_a_milestone_told_by_its_title_is_fixed_too() -> None:
    span = [Pause(day("2026-06-04"), day("2026-06-12"))]
    assert judge("2026-06-15T09:00", {"due": "2026-06-10", "title": "[里程碑] UAT"}, pauses=span).due_eff == day(
        "2026-06-10"
    )


def test_a_milestone_does_not_move_with_a_pause() -> None:
    span = [Pause(day("2026-06-04"), day("2026-06-12"))]
    task = {"due": "2026-06-10", "kind": "milestone"}
    verdict = judge("2026-06-15T09:00", task, pauses=span)
    assert (verdict.due_eff, verdict.obd) == (day("2026-06-10"), 1)
    assert judge("2026-06-15T09:00", {**task, "due_policy": "floating"}, pauses=span).due_eff == day("2026-06-18")
    assert judge("2026-06-15T09:00", {"due": "2026-06-10", "due_policy": "fixed"}, pauses=span).obd == 1


def test_overlapping_pauses_count_once_and_a_pause_inside_a_day_counts_nothing() -> None:
    spans = [
        Pause(day("2026-06-04"), day("2026-06-08")),
        Pause(day("2026-06-05"), day("2026-06-09")),
        Pause(day("2026-06-03"), day("2026-06-03")),
    ]
    assert judge("2026-06-09T09:00", {"due": "2026-06-10"}, pauses=spans).due_eff == day("2026-06-15")


def test_an_open_pause_runs_to_today() -> None:
    span = [Pause(day("2026-06-08"))]
    assert judge("2026-06-12T09:00", {"due": "2026-06-10"}, pauses=span).due_eff == day("2026-06-16")


def test_a_day_belongs_to_whoever_held_the_ball_when_it_began() -> None:
    verdict = judge("2026-06-13T09:00", {"due": "2026-06-10"})
    assert verdict.obd == 2  # Saturday is nobody's
    assert judge("2026-07-13T09:00", {"due": "2026-07-09"}).obd == 2


REOPENED = moves(
    ("2026-06-01T10:00", "client", "waiting_client"),
    ("2026-06-11T10:00", "none", "done"),
    ("2026-06-22T10:00", "client", "waiting_client"),
)


def test_a_reopened_item_gets_three_working_days_and_keeps_no_old_lateness() -> None:
    verdict = judge("2026-06-25T23:00", {"due": "2026-06-10"}, moves=REOPENED)
    assert (verdict.due_eff, verdict.overdue) == (day("2026-06-25"), False)
    assert "reopened" in codes(verdict)
    late = judge("2026-06-26T09:00", {"due": "2026-06-10"}, moves=REOPENED)
    assert (late.overdue, late.obd, late.since) == (True, 1, day("2026-06-26"))


def test_a_new_due_date_that_comes_with_the_reopening_counts() -> None:
    verdict = judge("2026-06-25T09:00", {"due": "2026-06-24"}, moves=REOPENED)
    assert (verdict.due_eff, verdict.obd) == (day("2026-06-24"), 1)


def test_reopening_never_shortens_a_promise() -> None:
    past = [replace(move, due="2026-07-31") for move in REOPENED]
    assert judge("2026-06-25T09:00", {"due": "2026-07-31"}, moves=past).due_eff == day("2026-07-31")


def test_pauses_after_the_reopening_still_count_and_older_ones_do_not() -> None:
    past = [
        *moves(("2026-06-01T10:00", "client", "waiting_client"), ("2026-06-02T10:00", "vendor", "waiting_vendor"),
               ("2026-06-08T10:00", "client", "waiting_client")),
        *REOPENED[1:],
        *moves(("2026-06-23T10:00", "vendor", "waiting_vendor"), ("2026-06-24T10:00", "client", "waiting_client")),
    ]  # fmt: skip
    spans = [Pause(day("2026-06-02"), day("2026-06-05")), Pause(day("2026-06-18"), day("2026-06-24"))]
    verdict = judge("2026-06-26T09:00", {"due": "2026-06-10"}, moves=past, pauses=spans)
    assert verdict.due_eff == day("2026-06-29")  # three days from the 22nd, and the 23rd and 24th not counted


def test_when_midnight_is_skipped_the_day_opens_at_the_first_instant_there_is() -> None:
    brazil = ZoneInfo("America/Sao_Paulo")
    assert opening_ms(day("2018-11-04"), brazil) == ms("2018-11-04T03:00", "UTC")
    samoa = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
    assert local_day(opening_ms(day("2011-12-30"), samoa), samoa) == day("2011-12-31")
    cuba = ZoneInfo("America/Havana")  # lived midnight of 1 November 2020 twice
    assert opening_ms(day("2020-11-01"), cuba) == ms("2020-11-01T04:00", "UTC")


@pytest.mark.parametrize("value", [0, "1970-01-01", "2199-12-31", 1_781_000_000_000])
def test_usable_due_values_are_read(value: Any) -> None:
    assert read_due(value) is not None


def test_an_instant_keeps_its_local_day() -> None:
    at = int(datetime(2026, 6, 10, 20, tzinfo=UTC).timestamp() * 1000)
    due = due_of(at, CALENDARS.of(), ZoneInfo("Asia/Shanghai"))
    assert (due.kind, due.day) == ("datetime", day("2026-06-11"))


def test_without_any_zone_there_is_no_judgement() -> None:
    with pytest.raises(ValueError, match="no usable time zone"):
        zone_of([None, "", "Nowhere/Land"])
