"""When time alone may next change a verdict: until then, a record that nobody touched need not be judged again.

A moment that is named too early costs one judgement that finds nothing; too late would be a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from supervise.calendar import LAST_DAY, LONGEST_BREAK_DAYS, ONE_DAY, Calendar
from supervise.due import opening_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an item stands today, as far as time can move it.

    Args:
        limit_ms: the first instant that is too late, grace included.
        held: somebody has the ball, and no pause people agreed on lasts.
        away: a pause without an end goes on, so that every day of it may move the due day.
        turns: days on which a pause people agreed on begins to count or is over.
    """

    today: date
    due_eff: date
    limit_ms: int
    held: bool
    overdue: bool
    away: bool
    turns: tuple[date, ...] = ()


def next_change(standing: Standing, *, now_ms: int, calendar: Calendar, zone: ZoneInfo, soon_bd: int) -> int | None:
    """Give the first instant after *now_ms* at which anything about the item may change; None when never.

    Args:
        soon_bd: how many working days before the due day it counts as due soon.
    """
    ahead = [opening_ms(day, zone) for day in standing.turns if day > standing.today]
    if standing.away or (standing.held and standing.overdue):
        ahead.append(_next_counted(standing.today, calendar, zone))
    if standing.held and not standing.overdue:
        ahead.append(standing.limit_ms)
        soon = soon_from(standing.due_eff, calendar, soon_bd)
        if soon > standing.today:
            ahead.append(opening_ms(soon, zone))
    return min((at for at in ahead if at > now_ms), default=None)


def soon_from(due_eff: date, calendar: Calendar, days: int) -> date:
    """Give the first day with no more than *days* working days left to *due_eff*."""
    day, left = due_eff, 0
    for _ in range(LONGEST_BREAK_DAYS):
        works = calendar.workday(day)
        if works and left == days:
            break
        left += works
        day -= ONE_DAY
    return day


_FAR_AHEAD: Final = 40


def _next_counted(today: date, calendar: Calendar, zone: ZoneInfo) -> int:
    """Give when the next day opens that counts as delay or as pause, or that no official list covers."""
    day = min(today + ONE_DAY, LAST_DAY)
    for _ in range(_FAR_AHEAD):
        fact = calendar.day(day)
        if fact.working or not fact.known or day == LAST_DAY:
            break
        day += ONE_DAY
    return opening_ms(day, zone)
