"""Laws of R6 to R8: whose a day is, what a pause moves, and that neither depends on how it was told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.records import TASK_STATUSES
from supervise.ball import Holder
from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country
from supervise.due import local_day, opening_ms
from supervise.history import BallMove, read_history
from supervise.knobs import DuePolicy, Knobs
from supervise.pauses import Pause, apply_pauses, overdue_days
from supervise.verdict import TaskCase, evaluate_task

CALENDARS = Calendars(
    org="CN", country=find_country, own={"bank": {date(2026, 2, 14): False, date(2026, 2, 28): False}}
)
CHAINS = [CALENDARS.of(), CALENDARS.of(("account", "bank")), *(CALENDARS.of(country=c) for c in ("US", "GB", "QA"))]
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Europe/London", "Africa/Cairo")]
SIDES: tuple[Holder, ...] = ("client", "vendor", "third_party")
FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
START_MS = opening_ms(FIRST, ZONES[0])
HOUR_MS = 3_600_000
unhurried = settings(deadline=None)
"""The first use of a country reads its book of holidays, which is no fault of the example."""

calendars = st.sampled_from(CHAINS)
zones = st.sampled_from(ZONES)
days = st.dates(FIRST, date(2026, 10, 31))
closed = st.tuples(days, st.integers(0, 40)).map(lambda pair: Pause(pair[0], pair[0] + timedelta(days=pair[1])))
pauses = st.lists(closed, max_size=5)
policies = st.sampled_from(["floating", "fixed"])
open_statuses = [status for status in TASK_STATUSES if status not in ("done", "cancelled")]


@st.composite
def histories(draw: st.DrawFn) -> list[BallMove]:
    hours = draw(st.lists(st.integers(0, 400 * 24), min_size=1, max_size=8, unique=True))
    return [
        BallMove(START_MS + hour * HOUR_MS, draw(st.sampled_from([*SIDES, "none"])), "in_progress", "2025-03-03")
        for hour in sorted(hours)
    ]


def holder_at_dawn(moves: list[BallMove], day: date, zone: ZoneInfo) -> Holder | None:
    """Give who had the ball when the day began, straight from the definition; None before anybody did."""
    before = [move for move in moves if local_day(move.at_ms, zone) < day]
    return before[-1].holder if before else None


@unhurried
@given(histories(), calendars, zones, days)
def test_every_working_day_belongs_to_whoever_had_the_ball_when_it_began(
    moves: list[BallMove], calendar: Calendar, zone: ZoneInfo, today: date
) -> None:
    owned: dict[date, list[Holder]] = {}
    for side in SIDES:
        if all(move.holder != side for move in moves):
            continue
        history = read_history(moves, side, "2025-03-03", zone)
        counting = apply_pauses(FIRST, history.pauses, today=today, calendar=calendar, held_from=history.held_from)
        first = next(local_day(move.at_ms, zone) for move in moves if move.holder == side)
        for day in calendar.working_days(first, today):
            mine = day not in counting.excused
            assert mine is (holder_at_dawn(moves, day, zone) == side), day
            if mine:
                owned.setdefault(day, []).append(side)
    assert all(len(owners) == 1 for owners in owned.values())


@unhurried
@given(histories(), calendars, zones, days, days)
def test_lateness_is_the_days_after_the_due_day_that_were_the_sides_own(
    moves: list[BallMove], calendar: Calendar, zone: ZoneInfo, due: date, today: date
) -> None:
    for side in SIDES:
        history = read_history(moves, side, "2025-03-03", zone)
        counting = apply_pauses(due, history.pauses, today=today, calendar=calendar, policy="fixed",
                                held_from=history.held_from)  # fmt: skip
        since = next((local_day(move.at_ms, zone) for move in moves if move.holder == side), None)
        if since is None:
            continue
        known = [day for day in calendar.working_days(due, today) if day > since]
        unknown = [day for day in calendar.working_days(due, today) if day <= since and moves[0].holder == side]
        mine = [day for day in known if holder_at_dawn(moves, day, zone) == side]
        assert overdue_days(counting, today=today, calendar=calendar) == len(mine) + len(unknown)


@unhurried
@given(calendars, days, closed, days)
def test_a_floating_pause_moves_by_exactly_its_working_days(
    calendar: Calendar, start: date, pause: Pause, today: date
) -> None:
    due = calendar.roll(start)
    assert pause.end is not None
    counting = apply_pauses(due, [pause], today=today, calendar=calendar)
    moved = calendar.bd(pause.start, pause.end) if pause.start <= due else 0
    assert calendar.bd(due, counting.due_eff) == moved
    assert len(counting.excused) == calendar.bd(pause.start, pause.end)


@unhurried
@given(calendars, days, pauses, days, policies)
def test_pauses_are_the_union_of_their_days(
    calendar: Calendar, due: date, spans: list[Pause], today: date, policy: DuePolicy
) -> None:
    counting = apply_pauses(due, spans, today=today, calendar=calendar, policy=policy)
    union = {day for pause in spans for day in calendar.working_days(pause.start, pause.end or today)}
    assert counting.excused == union
    assert calendar.bd(due, counting.due_eff) <= len(union)


@unhurried
@given(calendars, days, pauses, days, policies, st.data())
def test_how_a_pause_is_told_is_no_matter(
    calendar: Calendar, due: date, spans: list[Pause], today: date, policy: DuePolicy, data: st.DataObject
) -> None:
    once = apply_pauses(due, spans, today=today, calendar=calendar, policy=policy)
    cut: list[Pause] = []
    for pause in spans:
        assert pause.end is not None
        middle = pause.start + timedelta(days=data.draw(st.integers(0, (pause.end - pause.start).days)))
        overlap = data.draw(st.integers(0, (middle - pause.start).days))
        cut += [Pause(middle - timedelta(days=overlap), pause.end), Pause(pause.start, middle)]
    told = data.draw(st.permutations([*cut, *data.draw(st.lists(st.sampled_from(spans), max_size=2) if spans
                                                         else st.just([]))]))  # fmt: skip
    assert apply_pauses(due, told, today=today, calendar=calendar, policy=policy) == once


@unhurried
@given(calendars, days, pauses, days, policies)
def test_nothing_is_late_before_its_day_and_nothing_is_excused_twice(
    calendar: Calendar, due: date, spans: list[Pause], today: date, policy: DuePolicy
) -> None:
    counting = apply_pauses(due, spans, today=today, calendar=calendar, policy=policy)
    late = overdue_days(counting, today=today, calendar=calendar)
    after = [day for day in calendar.working_days(counting.due_eff, today) if day not in counting.excused]
    assert late == len(after)
    if today <= counting.due_eff:
        assert late == 0


@unhurried
@given(calendars, days, pauses, days)
def test_a_fixed_date_never_moves_and_a_floating_one_is_never_later_counted(
    calendar: Calendar, due: date, spans: list[Pause], today: date
) -> None:
    fixed = apply_pauses(due, spans, today=today, calendar=calendar, policy="fixed")
    assert fixed.due_eff == due
    floating = apply_pauses(due, spans, today=today, calendar=calendar)
    assert overdue_days(floating, today=today, calendar=calendar) <= overdue_days(fixed, today=today, calendar=calendar)


@unhurried
@given(calendars, days, st.integers(-60, 60))
def test_shifting_there_and_back_is_staying(calendar: Calendar, start: date, count: int) -> None:
    day = calendar.roll(start)
    there = calendar.shift(day, count)
    assert calendar.bd(day, there) == count
    assert calendar.shift(there, -count) == day


@unhurried
@given(histories(), days, st.integers(0, 23), st.sampled_from(["priority", "owner", "title", "description"]))
def test_changing_anything_else_keeps_the_pauses(moves: list[BallMove], today: date, hour: int, name: str) -> None:
    now_ms = opening_ms(today, ZONES[0]) + hour * HOUR_MS
    task: dict[str, Any] = {"status": "waiting_client", "due": "2025-03-03"}
    told = [evaluate_task(TaskCase(uid="t", task=each, moves=moves), CALENDARS, now_ms=now_ms, knobs=Knobs())
            for each in (task, {**task, name: "critical"})]  # fmt: skip
    assert (told[0].due_eff, told[0].obd) == (told[1].due_eff, told[1].obd)


@unhurried
@given(days, st.integers(1, 90), st.integers(0, 40), st.sampled_from(["waiting_client", "in_progress"]))
@pytest.mark.parametrize("country", ["CN", "US", "QA"])
def test_a_reopened_item_is_never_late_for_the_days_it_was_done(
    country: str, done: date, rest: int, later: int, status: str
) -> None:
    zone, account = ZONES[0], {"country": country}
    reopened = done + timedelta(days=rest)
    now = reopened + timedelta(days=later)
    moves = [
        BallMove(_noon(done - timedelta(days=200)), "client", status, "2025-03-03"),
        BallMove(_noon(done), "none", "done", "2025-03-03"),
        BallMove(_noon(reopened), "client", status, "2025-03-03"),
    ]
    task = {"status": "waiting_client", "due": "2025-03-03"}
    verdict = evaluate_task(TaskCase(uid="t", task=task, account=account, moves=moves), CALENDARS,
                            now_ms=_noon(now), knobs=Knobs())  # fmt: skip
    calendar = CALENDARS.of(country=country)
    assert verdict.due_eff == max(date(2025, 3, 3), calendar.add_bd(reopened, 3))
    assert verdict.obd == max(0, calendar.bd(verdict.due_eff, local_day(_noon(now), zone)))


def _noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=ZONES[0]).timestamp() * 1000)
