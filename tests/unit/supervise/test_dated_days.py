"""R3 on dated cases: China with its make-up workdays, the US, the UK, Friday-Saturday weekends, own days.

Each case also holds what a build that only knows Monday to Friday would say, and that this is another answer.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country

OWN = {
    "bank": {date(2026, 2, 14): False, date(2026, 2, 28): False, date(2026, 5, 9): False},  # never works a make-up day
    "plant": {date(2026, 1, 10): True, date(2026, 1, 17): True},  # works two more Saturdays
    "shutdown": {date(2026, 8, at): False for at in range(3, 15)},  # closed for two weeks of summer
}
CALENDARS = Calendars(org="CN", country=find_country, own=OWN)


def calendar(name: str) -> Calendar:
    return CALENDARS.of(("account", name)) if name in OWN else CALENDARS.of(country=name)


def day(text: str) -> date:
    return date.fromisoformat(text)


def weekdays(after: date, to: date) -> int:
    """Count as a naive build does."""
    if to < after:
        return -weekdays(to, after)
    return sum(1 for at in range(after.toordinal() + 1, to.toordinal() + 1) if date.fromordinal(at).weekday() < 5)


def add_weekdays(start: date, days: int) -> date:
    """Add as a naive build does."""
    while days:
        start += timedelta(days=1)
        days -= start.weekday() < 5
    return start


@pytest.mark.parametrize(
    ("name", "after", "to", "count", "naive"),
    [
        ("CN", "2024-12-31", "2025-12-31", 248, 261),
        ("CN", "2025-12-31", "2026-12-31", 248, 261),
        ("CN", "2025-01-24", "2025-02-10", 7, 11),  # Spring Festival, worked Sunday before, worked Saturday after
        ("CN", "2025-04-25", "2025-05-06", 5, 7),  # Labour Day, worked Sunday
        ("CN", "2025-05-30", "2025-06-03", 1, 2),  # Dragon Boat
        ("CN", "2025-09-26", "2025-10-13", 7, 11),  # eight days with Mid-Autumn, worked Sunday and Saturday
        ("CN", "2025-12-31", "2026-01-05", 2, 3),  # New Year, worked Sunday
        ("CN", "2026-02-13", "2026-03-02", 7, 11),  # nine days off, two worked Saturdays
        ("CN", "2026-04-03", "2026-04-07", 1, 2),  # Tomb-Sweeping
        ("CN", "2026-04-30", "2026-05-11", 5, 7),
        ("CN", "2026-06-18", "2026-06-22", 1, 2),
        ("CN", "2026-09-18", "2026-09-21", 2, 1),  # a worked Sunday, more than naive
        ("CN", "2026-09-30", "2026-10-12", 4, 8),
        ("CN", "2026-10-12", "2026-09-30", -4, -8),
        ("US", "2025-12-31", "2026-12-31", 250, 261),
        ("US", "2025-06-30", "2025-07-07", 4, 5),  # Independence Day
        ("US", "2026-07-01", "2026-07-06", 2, 3),  # observed on Friday the 3rd, for the 4th is a Saturday
        ("US", "2026-11-25", "2026-11-30", 2, 3),  # Thanksgiving; the Friday is worked
        ("GB", "2026-04-02", "2026-04-07", 1, 3),  # Good Friday, Easter Monday
        ("GB-SCT", "2026-04-02", "2026-04-07", 2, 3),
        ("GB", "2026-12-24", "2026-12-29", 1, 3),  # Boxing Day moved to Monday the 28th
        ("GB", "2025-08-22", "2025-08-26", 1, 2),
        ("AE", "2026-11-27", "2026-12-04", 3, 5),  # Saturday-Sunday weekend since 2022, National Day
        ("QA", "2026-11-05", "2026-11-06", 0, 1),  # Friday
        ("QA", "2026-11-07", "2026-11-08", 1, 0),  # Sunday
        ("SA", "2025-11-06", "2025-11-08", 0, 1),
        ("EG", "2025-11-08", "2025-11-09", 1, 0),
        ("IL", "2026-06-05", "2026-06-07", 1, 0),
        ("bank", "2026-02-13", "2026-03-02", 5, 11),
        ("plant", "2026-01-09", "2026-01-19", 8, 6),
        ("shutdown", "2026-07-31", "2026-08-17", 1, 11),
    ],
)
def test_working_days_between(name: str, after: str, to: str, count: int, naive: int) -> None:
    assert calendar(name).bd(day(after), day(to)) == count
    assert weekdays(day(after), day(to)) == naive != count
    assert not calendar(name).provisional(day(after) + timedelta(days=1), day(to))


@pytest.mark.parametrize(
    ("name", "start", "days", "end", "naive"),
    [
        ("CN", "2025-01-24", 5, "2025-02-07", "2025-01-31"),
        ("CN", "2025-04-25", 4, "2025-04-30", "2025-05-01"),
        ("CN", "2025-09-26", 5, "2025-10-10", "2025-10-03"),
        ("CN", "2026-01-01", 1, "2026-01-04", "2026-01-02"),  # ends on a worked Sunday
        ("CN", "2026-02-13", 3, "2026-02-25", "2026-02-18"),
        ("CN", "2026-02-27", 1, "2026-02-28", "2026-03-02"),  # ends on a worked Saturday
        ("CN", "2026-05-08", 1, "2026-05-09", "2026-05-11"),
        ("CN", "2026-09-24", 3, "2026-09-30", "2026-09-29"),
        ("CN", "2026-10-09", 1, "2026-10-10", "2026-10-12"),
        ("US", "2026-11-25", 2, "2026-11-30", "2026-11-27"),
        ("US", "2025-07-03", 1, "2025-07-07", "2025-07-04"),
        ("GB", "2026-04-02", 1, "2026-04-07", "2026-04-03"),
        ("GB", "2026-12-24", 1, "2026-12-29", "2026-12-25"),
        ("QA", "2026-11-05", 1, "2026-11-08", "2026-11-06"),
        ("IL", "2026-06-04", 1, "2026-06-07", "2026-06-05"),
        ("bank", "2026-02-13", 1, "2026-02-24", "2026-02-16"),
        ("plant", "2026-01-09", 1, "2026-01-10", "2026-01-12"),
        ("shutdown", "2026-07-31", 1, "2026-08-17", "2026-08-03"),
    ],
)
def test_working_days_added(name: str, start: str, days: int, end: str, naive: str) -> None:
    assert calendar(name).add_bd(day(start), days) == day(end)
    assert add_weekdays(day(start), days) == day(naive) != day(end)


@pytest.mark.parametrize(
    ("name", "start", "following", "preceding"),
    [
        ("CN", "2025-01-28", "2025-02-05", "2025-01-27"),
        ("CN", "2025-02-08", "2025-02-08", "2025-02-08"),  # a worked Saturday stays; naive: Monday the 10th
        ("CN", "2026-01-04", "2026-01-04", "2026-01-04"),
        ("CN", "2026-02-15", "2026-02-24", "2026-02-14"),  # naive: Monday the 16th
        ("CN", "2026-09-20", "2026-09-20", "2026-09-20"),
        ("US", "2026-07-03", "2026-07-06", "2026-07-02"),
        ("GB", "2026-12-26", "2026-12-29", "2026-12-24"),  # naive: Monday the 28th
        ("QA", "2026-11-06", "2026-11-08", "2026-11-05"),
        ("QA", "2026-11-08", "2026-11-08", "2026-11-08"),  # a Sunday; naive: Monday the 9th
        ("bank", "2026-02-14", "2026-02-24", "2026-02-13"),
    ],
)
def test_a_day_off_rolls(name: str, start: str, following: str, preceding: str) -> None:
    assert calendar(name).roll(day(start)) == day(following)
    assert calendar(name).roll(day(start), "preceding") == day(preceding)
    assert calendar(name).roll(day(start), "none") == day(start)


@pytest.mark.parametrize(
    ("name", "first", "last", "provisional"),
    [
        ("CN", "2026-12-31", "2026-12-31", False),
        ("CN", "2026-12-31", "2027-01-01", True),
        (
            "CN",
            "2027-02-08",
            "2027-02-08",
            True,
        ),  # naive: a package's guess of 2027 without make-up days passes as known
        ("US", "2027-01-01", "2027-12-31", False),  # set by statute
        ("EG", "2026-03-01", "2026-03-31", True),  # the moon has not been seen yet
        ("bank", "2026-02-14", "2026-02-14", False),
    ],
)
def test_what_is_only_reckoned_says_so(name: str, first: str, last: str, provisional: bool) -> None:
    assert calendar(name).provisional(day(first), day(last)) is provisional


def test_own_days_make_a_provisional_year_known_where_they_speak() -> None:
    told = Calendars(org="CN", country=find_country, own={"CN": {date(2027, 2, 8): False, date(2027, 2, 9): True}})
    assert not told.of().provisional(day("2027-02-08"), day("2027-02-09"))
    assert told.of().provisional(day("2027-02-08"), day("2027-02-10"))
    assert told.of().add_bd(day("2027-02-05"), 1) == day("2027-02-09")  # naive: Monday the 8th
