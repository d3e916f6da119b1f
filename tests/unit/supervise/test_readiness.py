"""R12b: silence and what is lacking, on dated cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country
from supervise.readiness import Flagged, ItemState, ReadinessCase, read_cadence, readiness

CALENDARS = Calendars(org="CN", country=find_country)
CHINA = CALENDARS.of()
EGYPT = CALENDARS.of(("account", "EG"))
BOTH = frozenset({"approver", "sponsor"})


def flags(today: str, calendar: Calendar = CHINA, **case: Any) -> list[Flagged]:
    for name in ("active_since", "last_client_event"):
        if case.get(name):
            case[name] = date.fromisoformat(case[name])
    quiet = {"uid": "p1", "charter_in_force": True, "roles": BOTH}
    made = ReadinessCase(today=date.fromisoformat(today), calendar=calendar, **{**quiet, **case})
    return list(readiness(made))


@pytest.mark.parametrize(
    ("last", "cadence", "today", "since"),
    [
        ("2026-06-01", 5, "2026-06-15", None),  # ten working days; naive (calendar days): silent since 06-12
        ("2026-06-01", 5, "2026-06-16", "2026-06-16"),  # the eleventh
        ("2026-06-01", 5, "2026-07-16", "2026-06-16"),
        (
            "2026-02-10",
            5,
            "2026-03-02",
            None,
        ),  # a festival with two worked Saturdays; naive (weekends only): since 02-25
        ("2026-02-10", 5, "2026-03-03", "2026-03-03"),
        ("2026-06-01", 10, "2026-06-29", None),
        ("2026-06-01", 10, "2026-07-01", "2026-07-01"),
    ],
)
def test_silence_begins_after_twice_the_cadence(last: str, cadence: int, today: str, since: str | None) -> None:
    found = flags(today, last_client_event=last, cadence_bd=cadence, last_client_ref="zoho:Notes:7")
    assert [each.code for each in found] == (["silence"] if since else [])
    if since:
        assert found[0].since == date.fromisoformat(since)
        reason = found[0].reasons[0]
        assert (reason.code, reason.data["last"], reason.data["ref"]) == ("silence", last, "zoho:Notes:7")


@pytest.mark.parametrize(
    ("today", "since"),
    [
        ("2026-11-19", None),  # naive (Monday to Friday): silent since Friday the 20th
        ("2026-11-21", None),
        ("2026-11-22", "2026-11-22"),  # a Sunday
        ("2026-11-25", "2026-11-22"),
    ],
)
def test_silence_counts_in_the_clients_week(today: str, since: str | None) -> None:
    found = flags(today, EGYPT, last_client_event="2026-11-05")
    assert [each.since for each in found] == ([date.fromisoformat(since)] if since else [])


def test_a_client_who_never_said_a_word_is_silent_from_the_start() -> None:
    found = flags("2026-06-16", active_since="2026-06-01")
    assert [(each.code, each.reasons[0].code) for each in found] == [("silence", "silence_from_start")]
    assert flags("2026-06-16") == []  # nobody knows since when


@pytest.mark.parametrize("lifecycle", ["planned", "on_hold", "accepted", "closed", "cancelled"])
def test_a_project_that_does_not_run_is_not_silent(lifecycle: str) -> None:
    case: dict[str, Any] = {"active_since": "2026-01-05", "roles": frozenset(), "charter_in_force": False}
    assert flags("2026-06-16", lifecycle=lifecycle, last_client_event="2026-01-05", **case) == []


def test_a_delivered_project_still_waits_for_a_word() -> None:
    assert [each.code for each in flags("2026-06-16", lifecycle="delivered", last_client_event="2026-06-01")] == [
        "silence"
    ]


@pytest.mark.parametrize(
    ("active", "signed", "today", "since"),
    [
        ("2026-06-01", False, "2026-06-08", None),
        ("2026-06-01", False, "2026-06-09", "2026-06-09"),  # the sixth working day; naive (calendar days): 06-07
        ("2026-06-01", True, "2026-07-09", None),
        ("2026-09-28", False, "2026-10-10", None),  # over National Day, the 10th is a worked Saturday
        ("2026-09-28", False, "2026-10-12", "2026-10-12"),
        (None, False, "2026-06-09", None),
    ],
)
def test_a_project_may_start_five_working_days_before_its_charter(
    active: str | None, signed: bool, today: str, since: str | None
) -> None:
    found = flags(today, active_since=active, charter_in_force=signed, last_client_event=today)
    assert [each.code for each in found] == (["started_without_charter"] if since else [])
    assert [each.since for each in found] == ([date.fromisoformat(since)] if since else [])


def test_a_running_project_needs_an_approver_and_a_sponsor() -> None:
    found = flags("2026-06-02", roles=frozenset({"sponsor", "key_user"}), active_since="2026-06-01")
    assert [(each.code, each.since) for each in found] == [("missing_role", date(2026, 6, 1))]
    assert [(reason.code, reason.value) for reason in found[0].reasons] == [("missing_approver", "approver")]
    both = flags("2026-06-02", roles=frozenset({"decision_maker"}))
    assert [reason.value for reason in both[0].reasons] == ["approver", "sponsor"]


def test_what_items_lack_is_listed_one_by_one() -> None:
    items = [
        ItemState(uid="t1", due=False, since=date(2026, 6, 1)),
        ItemState(uid="t2", owner=False, sided=False),
        ItemState(uid="t3"),
    ]
    found = flags("2026-06-02", items=items)
    assert [(each.code, each.uid, each.since) for each in found] == [
        ("no_due", "t1", date(2026, 6, 1)), ("no_owner", "t2", None), ("no_side", "t2", None),
    ]  # fmt: skip
    assert [each.reasons[0].field for each in found] == ["due", "owner", "owner_side"]


@pytest.mark.parametrize(
    ("value", "days"),
    [("weekly", 5), (" Biweekly ", 10), ("双周", 10), ("monthly", 20), ("7", 7), ("0", 3), ("often", 3), (None, 3),
     ("", 3), ("²", 3)],
)  # fmt: skip
def test_a_cadence_is_read(value: Any, days: int) -> None:
    assert read_cadence(value, 3) == days
