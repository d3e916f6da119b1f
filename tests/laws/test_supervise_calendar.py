"""Laws of counting working days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country
from supervise.pauses import Pause, apply_pauses, overdue_days

CALENDARS = Calendars(
    org="CN",
    country=find_country,
    own={"bank": {date(2026, 2, 14): False, date(2025, 9, 28): False}, "plant": {date(2026, 1, 10): True}},
)
CHAINS = [
    CALENDARS.of(),
    CALENDARS.of(("account", "bank")),
    CALENDARS.of(("contact", "plant"), ("account", "bank")),
    CALENDARS.of(("account", "EG")),
    CALENDARS.of(country="US"),
]
calendars = st.sampled_from(CHAINS)
unhurried = settings(deadline=None)
"""The first use of a country reads its book of holidays, which is no fault of the example."""
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
pauses = st.lists(st.tuples(days, days | st.none()).map(lambda pair: Pause(*pair)), max_size=4)


@unhurried
@given(calendars, days, st.integers(1, 260))
def test_counting_undoes_adding(calendar: Calendar, start: date, count: int) -> None:
    end = calendar.add_bd(start, count)
    assert calendar.workday(end)
    assert calendar.bd(start, end) == count


@unhurried
@given(calendars, days, days, days)
def test_counts_add_up_over_a_midpoint(calendar: Calendar, first: date, middle: date, last: date) -> None:
    assert calendar.bd(first, middle) + calendar.bd(middle, last) == calendar.bd(first, last)


@unhurried
@given(calendars, days, days)
def test_the_running_sums_agree_with_counting_by_hand(calendar: Calendar, first: date, last: date) -> None:
    low, high = sorted((first, last))
    by_hand = [
        day
        for day in map(date.fromordinal, range(low.toordinal() + 1, high.toordinal() + 1))
        if calendar.day(day).working
    ]
    assert calendar.bd(low, high) == len(by_hand)
    assert calendar.working_days(low, high) == by_hand
    assert calendar.provisional(first, last) == any(
        not calendar.day(date.fromordinal(at)).known for at in range(low.toordinal(), high.toordinal() + 1)
    )


@unhurried
@given(calendars, days)
def test_rolling_twice_is_rolling_once(calendar: Calendar, start: date) -> None:
    for rule in ("following", "preceding", "none"):
        once = calendar.roll(start, rule)  # type: ignore[arg-type]
        assert calendar.roll(once, rule) == once  # type: ignore[arg-type]
    assert calendar.roll(start, "preceding") <= start <= calendar.roll(start)


@unhurried
@given(calendars, days, pauses, days, st.integers(1, 30))
@pytest.mark.parametrize("policy", ["floating", "fixed"])
def test_lateness_never_falls_as_days_pass(
    policy: str, calendar: Calendar, due: date, spans: list[Pause], today: date, ahead: int
) -> None:
    closed = [Pause(min(p.start, p.end), max(p.start, p.end)) for p in spans if p.end is not None]
    late = []
    for at in (today, date.fromordinal(today.toordinal() + ahead)):
        counting = apply_pauses(due, closed, today=at, calendar=calendar, policy=policy)  # type: ignore[arg-type]
        late.append(overdue_days(counting, today=at, calendar=calendar))
    assert 0 <= late[0] <= late[1]


@unhurried
@given(calendars, days, pauses, days)
def test_pauses_never_bring_a_due_day_forward_and_never_add_delay(
    calendar: Calendar, due: date, spans: list[Pause], today: date
) -> None:
    start = calendar.roll(due)
    plain = overdue_days(apply_pauses(start, [], today=today, calendar=calendar), today=today, calendar=calendar)
    for policy in ("floating", "fixed"):
        counting = apply_pauses(start, spans, today=today, calendar=calendar, policy=policy)  # type: ignore[arg-type]
        assert counting.due_eff >= start
        assert overdue_days(counting, today=today, calendar=calendar) <= plain


@unhurried
@given(calendars, days, pauses, days)
def test_pauses_count_as_a_set(calendar: Calendar, due: date, spans: list[Pause], today: date) -> None:
    once = apply_pauses(due, spans, today=today, calendar=calendar, policy="fixed")
    twice = apply_pauses(due, [*reversed(spans), *spans], today=today, calendar=calendar, policy="fixed")
    assert once == twice
