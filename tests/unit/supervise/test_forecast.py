"""R16, first half: when a milestone will be reached. Each case names the answer a naive sum would give."""

from __future__ import annotations

from datetime import date

import pytest

from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country
from supervise.forecast import Blocker, Forecast, Milestone, forecast, habits_of


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture(scope="module")
def china() -> Calendar:
    return Calendars(org="CN", country=find_country).of()


def blocker(uid: str = "b", due: str | None = "2026-06-04", **more: object) -> Blocker:
    return Blocker(uid=uid, due_eff=day(due) if due else None, side="client", **more)  # type: ignore[arg-type]


def milestone(*blockers: Blocker, approved: str | None = "2026-06-05", **more: object) -> Milestone:
    return Milestone(uid="m", approved_due=day(approved) if approved else None, blockers=blockers, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "today", "expected", "slip", "naive"),
    [
        # A blocker in time is expected on its due day, and the milestone keeps its own.
        (milestone(blocker()), "2026-06-01", "2026-06-05", 0, "2026-06-04: the blocker's day"),
        # On the due day itself it is still in time.
        (milestone(blocker(due="2026-06-05")), "2026-06-05", "2026-06-05", 0, "2026-06-08: late a day early"),
        # Late, nobody knows how much is left: one working day; Friday's is Monday.
        (milestone(blocker()), "2026-06-05", "2026-06-08", 1, "2026-06-06: a Saturday"),
        # Over the dragon boat holiday (Friday 19 June): Thursday and two working days is Tuesday.
        (milestone(blocker(remaining_bd=2)), "2026-06-18", "2026-06-23", 11, "2026-06-22: the holiday counted"),
        # Saturday 9 May is a make-up workday.
        (milestone(blocker(due="2026-05-06"), approved="2026-05-07"), "2026-05-08", "2026-05-09", 2, "2026-05-11"),
        # What follows the last blocker is added in working days.
        (milestone(blocker(), after_bd=5), "2026-06-01", "2026-06-11", 4, "2026-06-09: calendar days"),
        # A blocker that is done still starts the clock of what follows it.
        (milestone(blocker(open=False, done_on=day("2026-06-08")), after_bd=3), "2026-06-09", "2026-06-11", 4,
         "2026-06-05: the approved day, gone by"),
        # The slowest of several decides.
        (milestone(blocker("a"), blocker("b", due="2026-06-15")), "2026-06-09", "2026-06-15", 6, "2026-06-10"),
        # Due on a Sunday milestone: a day without blockers stays as approved.
        (milestone(), "2026-06-01", "2026-06-05", 0, "unknown"),
        # Nothing holds it and its day is gone: it cannot be reached in the past.
        (milestone(), "2026-06-13", "2026-06-15", 6, "2026-06-05: in the past"),
        (milestone(blocker(remaining_bd=0)), "2026-06-10", "2026-06-10", 3, "2026-06-11"),
        # An undated blocker says nothing and is named.
        (milestone(blocker(due=None)), "2026-06-01", "2026-06-05", 0, "never"),
        # Reached: the real day, early or late.
        (milestone(achieved_on=day("2026-06-22")), "2026-07-01", "2026-06-22", 10, "11: 19 June is a holiday"),
        (milestone(achieved_on=day("2026-06-03")), "2026-07-01", "2026-06-03", -2, "0"),
        # Without an approved day there is a day but no slip.
        (milestone(blocker(), approved=None), "2026-06-01", "2026-06-04", None, "0"),
        (milestone(approved=None), "2026-06-01", None, None, "today"),
    ],
)  # fmt: skip
def test_a_milestone_is_forecast(
    china: Calendar, case: Milestone, today: str, expected: str | None, slip: int | None, naive: str
) -> None:
    found = forecast(case, calendar=china, today=day(today))
    assert (str(found.day) if found.day else None, found.slip_bd) == (expected, slip), f"naive: {naive}"


def test_the_baseline_counts_where_nothing_was_approved(china: Calendar) -> None:
    case = Milestone(uid="m", baseline_due=day("2026-06-05"), achieved_on=day("2026-06-08"))
    assert forecast(case, calendar=china, today=day("2026-06-09")).slip_bd == 1


def test_what_its_owner_says_goes_before_the_habit_of_the_side(china: Calendar) -> None:
    habits = {("client", "action"): 4}
    told = forecast(milestone(blocker(remaining_bd=1)), calendar=china, today=day("2026-06-08"), habits=habits)
    usual = forecast(milestone(blocker()), calendar=china, today=day("2026-06-08"), habits=habits)
    assert (codes(told)[0], told.day) == ("blocker_remaining", day("2026-06-09"))
    assert (codes(usual)[0], usual.day) == ("blocker_habit", day("2026-06-12"))


def test_an_undated_blocker_is_named(china: Calendar) -> None:
    assert (
        codes(forecast(milestone(blocker(due=None)), calendar=china, today=day("2026-06-01")))[0] == "blocker_undated"
    )


def test_a_habit_needs_five_finished_items() -> None:
    four = [("client", "action", late) for late in (1, 2, 3, 9)]
    assert habits_of(four) == {}  # type: ignore[arg-type]
    assert habits_of([*four, ("client", "action", 2)]) == {("client", "action"): 2}  # type: ignore[list-item]
    assert habits_of([*four, ("vendor", "action", 2)]) == {}  # type: ignore[list-item]
    six = [("client", "action", late) for late in (-3, 0, 2, 3, 4, 9)]
    assert habits_of(six) == {("client", "action"): 3}, "half up; early is no delay"  # type: ignore[arg-type]


def codes(found: Forecast) -> list[str]:
    return [reason.code for reason in found.reasons]
