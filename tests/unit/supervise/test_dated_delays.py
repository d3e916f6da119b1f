"""R6, R7 and R8 on dated cases: whose day it was, what a pause moves, how late that makes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supervise.ball import Holder
from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country
from supervise.history import BallMove
from supervise.knobs import Knobs
from supervise.pauses import Pause, apply_pauses, overdue_days
from supervise.verdict import TaskCase, TaskVerdict, evaluate_task

OWN = {"bank": {date(2026, 2, 14): False, date(2026, 2, 28): False}}
CALENDARS = Calendars(org="CN", country=find_country, own=OWN)
ZONES = {"US": "America/New_York", "QA": "Asia/Qatar", "GB": "Europe/London"}


def calendar(name: str) -> Calendar:
    return CALENDARS.of(("account", name)) if name in OWN else CALENDARS.of(country=name)


def day(text: str) -> date:
    return date.fromisoformat(text)


def spans(*texts: str) -> list[Pause]:
    """Read "06-02/06-05" of 2026; an open end is "06-02/"."""
    halves = (text.partition("/") for text in texts)
    return [Pause(day(f"2026-{start}"), day(f"2026-{end}") if end else None) for start, _, end in halves]


@pytest.mark.parametrize(
    ("name", "due", "pauses", "due_eff", "naive"),
    [
        ("CN", "2026-02-12", spans("02-10/02-13"), "2026-02-24", "2026-02-17"),  # into the festival
        ("CN", "2026-05-11", spans("05-08/05-09"), "2026-05-12", "2026-05-11"),  # a worked Saturday is a day
        ("CN", "2026-09-30", spans("09-29/10-09"), "2026-10-10", "2026-10-12"),
        ("CN", "2026-06-10", spans("06-02/06-05", "06-04/06-09"), "2026-06-17", "2026-06-18"),  # overlap counts once
        ("CN", "2026-06-10", spans("06-04/06-09", "06-02/06-05"), "2026-06-17", "2026-06-18"),  # in any order
        ("CN", "2026-06-10", spans("06-02/06-12", "06-03/06-05"), "2026-06-23", "2026-06-25"),  # one inside another
        ("CN", "2026-06-10", spans("06-02/06-05", "06-02/06-05"), "2026-06-15", "2026-06-18"),  # told twice
        ("CN", "2026-06-10", spans("06-02/06-04", "06-04/06-08"), "2026-06-16", "2026-06-17"),  # end to end
        # the second begins on the weekend on which the first ends: one absence; naive: two, the second too late
        ("CN", "2026-06-10", spans("06-10/06-14", "06-13/06-16"), "2026-06-16", "2026-06-12"),
        ("CN", "2026-06-10", spans("06-10/06-12"), "2026-06-12", "2026-06-10"),  # begins on the due day itself
        ("CN", "2026-06-10", spans("06-11/06-15"), "2026-06-10", "2026-06-12"),  # begins too late to move it
        # the first pause moves the day to the 16th, so the second, begun on the 15th, moves it too
        ("CN", "2026-06-10", spans("06-08/06-12", "06-15/06-17"), "2026-06-18", "2026-06-16"),
        ("CN", "2026-06-12", spans("06-12/06-14"), "2026-06-12", "2026-06-15"),  # a weekend pauses nothing
        ("CN", "2026-06-10", spans("06-09/06-09"), "2026-06-10", "2026-06-11"),  # inside one day
        ("CN", "2026-06-18", spans("06-18/06-19"), "2026-06-18", "2026-06-19"),  # a holiday pauses nothing
        ("CN", "2026-06-10", spans("06-08/"), "2026-06-17", "2026-06-10"),  # still away on the 15th
        ("US", "2026-11-25", spans("11-25/11-30"), "2026-11-30", "2026-12-02"),  # Thanksgiving inside
        ("GB", "2026-04-02", spans("04-02/04-08"), "2026-04-08", "2026-04-10"),  # Easter inside
        ("QA", "2026-11-08", spans("11-05/11-07"), "2026-11-08", "2026-11-09"),  # Friday and Saturday
        ("QA", "2026-11-05", spans("11-04/11-08"), "2026-11-09", "2026-11-08"),  # Sunday counts
        ("bank", "2026-02-13", spans("02-12/02-14"), "2026-02-24", "2026-02-25"),  # does not work that Saturday
    ],
)  # fmt: skip
def test_a_pause_moves_a_floating_date(name: str, due: str, pauses: list[Pause], due_eff: str, naive: str) -> None:
    counting = apply_pauses(day(due), pauses, today=day("2026-06-15"), calendar=calendar(name))
    assert counting.due_eff == day(due_eff) != day(naive)
    fixed = apply_pauses(day(due), pauses, today=day("2026-06-15"), calendar=calendar(name), policy="fixed")
    assert fixed.due_eff == day(due)
    assert fixed.excused == counting.excused


@pytest.mark.parametrize(
    ("name", "due", "pauses", "policy", "today", "obd", "naive"),
    [
        ("CN", "2025-01-24", [], "floating", "2025-02-06", 4, 9),  # naive throughout: Monday to Friday
        ("CN", "2025-04-25", [], "floating", "2025-05-06", 5, 7),
        ("CN", "2025-09-30", [], "floating", "2025-10-11", 3, 8),
        ("CN", "2026-01-02", [], "floating", "2026-01-04", 1, 0),  # late on a worked Sunday
        ("CN", "2026-02-14", [], "floating", "2026-02-23", 0, 6),  # overdue all through the festival, by no day
        ("CN", "2026-02-13", [], "floating", "2026-03-02", 7, 11),
        ("CN", "2026-06-10", [], "floating", "2026-06-22", 7, 8),
        ("CN", "2026-06-12", [], "floating", "2026-06-14", 0, 2),  # a weekend; naive: calendar days
        ("US", "2026-07-01", [], "floating", "2026-07-06", 2, 3),
        ("US", "2026-11-25", [], "floating", "2026-11-30", 2, 3),
        ("GB", "2026-12-24", [], "floating", "2026-12-29", 1, 3),
        ("QA", "2026-11-05", [], "floating", "2026-11-06", 0, 1),
        ("QA", "2026-11-05", [], "floating", "2026-11-08", 1, 2),  # naive: calendar days less one weekend day
        ("bank", "2026-02-13", [], "floating", "2026-03-02", 5, 7),  # naive: the country's days
        # fixed: the day stays, the paused days do not count
        ("CN", "2026-02-12", spans("02-13/02-25"), "fixed", "2026-03-02", 5, 8),
        ("CN", "2026-06-10", spans("06-04/06-12"), "fixed", "2026-06-15", 1, 3),
        ("CN", "2026-06-10", spans("06-11/06-16", "06-12/06-17"), "fixed", "2026-06-18", 2, 0),  # naive: overlap twice
        ("CN", "2026-06-10", spans("06-11/"), "fixed", "2026-06-18", 1, 6),
        # floating, begun after the due day: the same
        ("CN", "2026-06-10", spans("06-11/06-15"), "floating", "2026-06-16", 2, 4),
        # floating, moved: nothing is excused twice; naive (moved and excused): 0
        ("CN", "2026-06-10", spans("06-08/06-12"), "floating", "2026-06-18", 2, 0),
        ("CN", "2026-06-10", spans("06-08/06-12", "06-15/06-17"), "floating", "2026-06-22", 1, 2),
    ],
)  # fmt: skip
def test_how_many_working_days_late(
    name: str, due: str, pauses: list[Pause], policy: Any, today: str, obd: int, naive: int
) -> None:
    place, at = calendar(name), day(today)
    counting = apply_pauses(day(due), pauses, today=at, calendar=place, policy=policy)
    assert overdue_days(counting, today=at, calendar=place) == obd != naive


# --- through the ball's history; naive, unless said otherwise: the working days since the date as typed -----------


def moves(zone: str, *steps: tuple[str, Holder, str], due: Any = "2026-02-12") -> list[BallMove]:
    at = ZoneInfo(zone)
    return [
        BallMove(int(datetime.fromisoformat(when).replace(tzinfo=at).timestamp() * 1000), holder, status, due)
        for when, holder, status in steps
    ]


def judge(now: str, country: str, due: str, past: list[BallMove], **task: Any) -> TaskVerdict:
    zone = ZONES.get(country, "Asia/Shanghai")
    values = {"status": "waiting_client", "owner": "pm@vendor.example", "due": due, **task}
    case = TaskCase(uid="t1", task=values, account={"country": country, "zone": zone}, moves=past)
    now_ms = int(datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    return evaluate_task(case, CALENDARS, now_ms=now_ms, knobs=Knobs())


@pytest.mark.parametrize(
    ("country", "due", "reopened", "due_eff", "naive"),
    [
        ("CN", "2026-02-12", "2026-02-13T10:00", "2026-02-25", "2026-02-18"),  # over the festival
        ("CN", "2026-02-12", "2026-09-19T10:00", "2026-09-22", "2026-09-23"),  # reopened on a day off, Sunday is worked
        ("CN", "2026-02-12", "2026-06-17T23:59", "2026-06-23", "2026-06-22"),
        ("CN", "2026-02-12", "2026-09-30T10:00", "2026-10-10", "2026-10-05"),
        ("US", "2026-02-12", "2026-11-25T10:00", "2026-12-01", "2026-11-30"),
        ("QA", "2026-02-12", "2026-11-06T10:00", "2026-11-10", "2026-11-11"),
        ("GB", "2026-02-12", "2026-04-02T10:00", "2026-04-09", "2026-04-07"),
    ],
)
def test_a_reopened_item_gets_three_working_days(
    country: str, due: str, reopened: str, due_eff: str, naive: str
) -> None:
    zone = ZONES.get(country, "Asia/Shanghai")
    past = moves(
        zone,
        ("2026-02-02T10:00", "client", "waiting_client"),
        ("2026-02-20T10:00", "none", "done"),
        (reopened, "client", "waiting_client"),
    )
    if reopened < "2026-02-20":
        past[1] = moves(zone, ("2026-02-13T09:00", "none", "done"))[0]
    verdict = judge(f"{due_eff}T23:59", country, due, past)
    assert (verdict.due_eff, verdict.overdue, verdict.obd) == (day(due_eff), False, 0)
    assert due_eff != naive


@pytest.mark.parametrize(
    ("steps", "now", "due_eff", "obd", "naive"),
    [
        # finished late, open again, late again: only the second lateness is this item's now
        ([("2026-02-02T10:00", "client", "waiting_client"), ("2026-02-27T10:00", "none", "done"),
          ("2026-03-09T10:00", "client", "waiting_client")], "2026-03-16T09:00", "2026-03-12", 2, 18),
        # reopened twice: the last one counts; naive: the first
        ([("2026-02-02T10:00", "client", "waiting_client"), ("2026-02-10T10:00", "none", "done"),
          ("2026-03-02T10:00", "client", "waiting_client"), ("2026-03-03T10:00", "none", "done"),
          ("2026-03-09T10:00", "client", "waiting_client")], "2026-03-13T09:00", "2026-03-12", 1, 6),
        # cancelled and reinstated is opened again as well
        ([("2026-02-02T10:00", "client", "waiting_client"), ("2026-02-10T10:00", "none", "cancelled"),
          ("2026-03-09T10:00", "client", "waiting_client")], "2026-03-13T09:00", "2026-03-12", 1, 17),
        # an agreed pause before the end of the term moves it; the festival in between counts nothing
        ([("2026-02-02T10:00", "client", "waiting_client"), ("2026-02-10T10:00", "none", "on_hold"),
          ("2026-02-25T10:00", "client", "waiting_client")], "2026-03-02T09:00", "2026-02-27", 2, 8),
        # away and back within one day is no pause; naive (Monday to Friday): 1
        ([("2026-02-02T10:00", "client", "waiting_client"), ("2026-02-10T10:00", "vendor", "waiting_vendor"),
          ("2026-02-10T18:00", "client", "waiting_client")], "2026-02-14T09:00", "2026-02-12", 2, 1),
        # left a minute before midnight: the next day began with us
        ([("2026-02-02T10:00", "client", "waiting_client"), ("2026-02-10T23:59", "vendor", "waiting_vendor"),
          ("2026-02-11T00:01", "client", "waiting_client")], "2026-02-14T09:00", "2026-02-13", 1, 2),
        # through a third party and us and back: one span
        ([("2026-02-02T10:00", "client", "waiting_client"), ("2026-02-06T10:00", "vendor", "waiting_vendor"),
          ("2026-02-09T10:00", "third_party", "waiting_third_party"),
          ("2026-02-11T10:00", "client", "waiting_client")], "2026-02-27T09:00", "2026-02-24", 3, 6),
    ],
)  # fmt: skip
def test_days_belong_to_whoever_held_the_ball_when_they_began(
    steps: list[tuple[str, Holder, str]], now: str, due_eff: str, obd: int, naive: int
) -> None:
    verdict = judge(now, "CN", "2026-02-12", moves("Asia/Shanghai", *steps))
    assert (verdict.due_eff, verdict.obd) == (day(due_eff), obd)
    assert obd != naive


def test_midnight_is_the_clients_own() -> None:
    steps: list[tuple[str, Holder, str]] = [
        ("2026-06-01T10:00", "client", "waiting_client"),
        ("2026-06-08T22:00", "vendor", "waiting_vendor"),
        ("2026-06-09T02:00", "client", "waiting_client"),
    ]
    here = judge("2026-06-12T09:00", "CN", "2026-06-10", moves("Asia/Shanghai", *steps))
    assert here.due_eff == day("2026-06-11")  # the 9th began with us
    there = judge("2026-06-12T09:00", "US", "2026-06-10", moves("Asia/Shanghai", *steps))
    assert there.due_eff == day("2026-06-10")  # in New York it left and came back on the 8th; naive: 06-11
