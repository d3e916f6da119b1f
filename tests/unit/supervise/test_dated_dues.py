"""R4 and R5 on dated cases: when a promise is broken, to the second, where the promising side lives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.knobs import Knobs
from supervise.verdict import TaskCase, TaskVerdict, evaluate_task

CALENDARS = Calendars(
    org="CN", country=find_country, own={"bank": {date(2026, 2, 14): False}, "site": {date(2026, 10, 11): True}}
)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def judge(now_ms: int, due: Any, **case: Any) -> TaskVerdict:
    task = {"status": "waiting_client", "owner": "pm@vendor.example", "due": due, **case.pop("task", {})}
    knobs = case.pop("knobs", Knobs())
    return evaluate_task(TaskCase(uid="t1", task=task, **case), CALENDARS, now_ms=now_ms, knobs=knobs)


@pytest.mark.parametrize(
    ("zone", "country", "due", "instant", "naive"),
    [
        # naive throughout: the day ends at midnight UTC
        ("Asia/Shanghai", "CN", "2026-06-10", "2026-06-10T16:00:00", "2026-06-11T00:00:00"),
        ("America/New_York", "US", "2026-06-10", "2026-06-11T04:00:00", "2026-06-11T00:00:00"),
        ("America/New_York", "US", "2026-03-06", "2026-03-07T05:00:00", "2026-03-07T00:00:00"),
        # the due Sunday of the change rolls to Monday, and the offset is the new one; naive: 05:00 as in winter
        ("America/New_York", "US", "2026-03-08", "2026-03-10T04:00:00", "2026-03-10T05:00:00"),
        ("America/New_York", "US", "2026-10-30", "2026-10-31T04:00:00", "2026-10-31T05:00:00"),
        ("America/New_York", "US", "2026-11-01", "2026-11-03T05:00:00", "2026-11-03T04:00:00"),
        ("Europe/London", "GB", "2026-03-27", "2026-03-28T00:00:00", "2026-03-27T23:00:00"),
        ("Europe/London", "GB", "2026-03-29", "2026-03-30T23:00:00", "2026-03-31T00:00:00"),
        ("Europe/London", "GB", "2026-10-25", "2026-10-27T00:00:00", "2026-10-26T23:00:00"),
        # Cairo skips midnight of Friday 24 April: that day opens at 01:00
        ("Africa/Cairo", "EG", "2026-04-23", "2026-04-23T22:00:00", "2026-04-23T21:00:00"),
        # and lives the last hour of Thursday 29 October twice; naive: over at the first midnight
        ("Africa/Cairo", "EG", "2026-10-29", "2026-10-29T22:00:00", "2026-10-29T21:00:00"),
        # a Friday there rolls to Sunday; naive: it is due on Friday
        ("Asia/Qatar", "QA", "2026-11-06", "2026-11-08T21:00:00", "2026-11-06T21:00:00"),
        ("Asia/Shanghai", "CN", "2026-02-14", "2026-02-14T16:00:00", "2026-02-16T16:00:00"),  # worked Saturday
        ("Asia/Shanghai", "CN", "2026-02-16", "2026-02-24T16:00:00", "2026-02-16T16:00:00"),  # festival
        ("Asia/Shanghai", "CN", "2025-01-26", "2025-01-26T16:00:00", "2025-01-27T16:00:00"),  # worked Sunday
        ("Asia/Shanghai", "CN", "2025-10-08", "2025-10-09T16:00:00", "2025-10-08T16:00:00"),  # eighth day off
        ("Asia/Kathmandu", "CN", "2026-06-10", "2026-06-10T18:15:00", "2026-06-11T00:00:00"),
        ("Pacific/Kiritimati", "CN", "2026-06-10", "2026-06-10T10:00:00", "2026-06-11T00:00:00"),
    ],
)
def test_the_last_second_of_the_due_day(zone: str, country: str, due: str, instant: str, naive: str) -> None:
    where = {"account": {"zone": zone, "country": country}}
    at = utc(instant)
    assert not judge(at - 1000, due, **where).overdue
    verdict = judge(at, due, **where)
    assert verdict.overdue
    assert verdict.due_instant_ms == at != utc(naive)
    assert verdict.since == datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date()


@pytest.mark.parametrize(
    ("case", "due", "due_eff", "calendar"),
    [
        ({}, "2026-10-03", "2026-10-08", "CN"),
        ({"contact": {"calendar": "US"}}, "2026-10-03", "2026-10-05", "US"),  # naive (the project's days): 10-08
        ({"account": {"country": "US"}}, "2026-11-26", "2026-11-27", "US"),
        ({"account": {"country": "US"}, "contact": {"calendar": "CN"}}, "2026-11-26", "2026-11-26", "CN"),
        ({"account": {"calendar": "bank"}}, "2026-02-14", "2026-02-24", "account:bank>CN"),
        ({"project": {"calendar": "site"}}, "2026-10-11", "2026-10-11", "project:site>CN"),  # naive: Monday the 12th
        ({"project": {"calendar": "site"}, "account": {"calendar": "bank"}}, "2026-10-11", "2026-10-11",
         "account:bank>project:site>CN"),
        # our own item keeps the project's days, whoever the client is
        ({"account": {"country": "US"}, "task": {"status": "waiting_vendor"}}, "2026-10-03", "2026-10-08", "CN"),
    ],
)  # fmt: skip
def test_the_days_are_those_of_whoever_must_move(case: dict[str, Any], due: str, due_eff: str, calendar: str) -> None:
    verdict = judge(utc("2026-01-05T00:00:00"), due, **case)
    assert (verdict.due_eff, verdict.calendar) == (date.fromisoformat(due_eff), calendar)


@pytest.mark.parametrize(
    ("roll", "due_eff"), [("following", "2026-02-24"), ("preceding", "2026-02-14"), ("none", "2026-02-17")]
)
def test_a_due_day_in_the_festival_rolls_as_agreed(roll: str, due_eff: str) -> None:
    verdict = judge(utc("2026-01-05T00:00:00"), "2026-02-17", knobs=Knobs(roll=roll))  # type: ignore[arg-type]
    assert verdict.due_eff == date.fromisoformat(due_eff)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2021-04-30", "2021-04-30"),
        (utc("2021-04-29T16:00:00"), "2021-04-30"),  # an instant: midnight in Shanghai; naive (UTC): the 29th
        (utc("2026-06-10T15:59:59"), "2026-06-10"),
        (utc("2026-06-10T16:00:00"), "2026-06-11"),
    ],
)
def test_the_civil_day_is_the_local_one(value: Any, day: str) -> None:
    assert judge(utc("2020-01-05T00:00:00"), value).due_eff == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("status", "due", "overdue"),
    [
        ("waiting_client", "2026-06-10", True),
        ("not_started", "2026-06-10", True),
        ("submitted", "2026-06-10", True),
        ("on_hold", "2026-06-10", False),  # agreed pause; naive: late
        ("done", "2026-06-10", False),
        ("cancelled", "2026-06-10", False),
        ("waiting_client", None, False),  # naive: a missing date sorts first and is overdue
        ("waiting_client", "2026-06-11", False),  # red on the day itself
    ],
)
def test_what_can_be_overdue(status: str, due: str | None, overdue: bool) -> None:
    noon = utc("2026-06-11T04:00:00")
    assert judge(noon, due, task={"status": status}).overdue is overdue


def test_each_second_of_a_short_and_of_a_long_day_belongs_to_it() -> None:
    # New York, 8 March 2026 has 23 hours and 1 November 25; on a calendar that works Sundays both are due days
    for due, hours in (("2026-03-08", 23), ("2026-11-01", 25)):
        where = {"contact": {"zone": "America/New_York", "calendar": "QA"}}
        opens = datetime.fromisoformat(due).replace(tzinfo=ZoneInfo("America/New_York"))
        ends = int(opens.timestamp() * 1000) + hours * 3_600_000
        assert not judge(ends - 1, due, **where).overdue
        assert judge(ends, due, **where).overdue
        assert int(opens.timestamp() * 1000) + 24 * 3_600_000 != ends  # naive: every day has 24 hours
