"""What a pause does to a promise: it moves a floating due date and excuses days of delay (R6, R7, R8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from supervise.calendar import ONE_DAY, Calendar
from supervise.knobs import DuePolicy


@dataclass(frozen=True, slots=True, order=True)
class Pause:
    """A span in which the move was not with the side we measure.

    A working day belongs to whoever held the ball when it began, so the span covers the days d with
    start < d <= end; a pause inside one day covers none.

    Args:
        start: local day the ball left.
        end: local day it came back; None while it is away.
    """

    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Say whether *day* is one of those that do not count."""
        return self.start < day and (self.end is None or day <= self.end)

    @property
    def turns(self) -> tuple[date, ...]:
        """Give the first day that does not count, and the first that counts again."""
        return (self.start + ONE_DAY,) if self.end is None else (self.start + ONE_DAY, self.end + ONE_DAY)


@dataclass(frozen=True, slots=True)
class Counting:
    """The due day after pauses, and the days that do not count as delay.

    Args:
        held_from: the day the side first got the ball; no day up to it is its delay. None: as far back as we know.
    """

    due_eff: date
    excused: frozenset[date]
    held_from: date | None = None


def apply_pauses(
    due: date,
    pauses: Sequence[Pause],
    *,
    today: date,
    calendar: Calendar,
    policy: DuePolicy = "floating",
    held_from: date | None = None,
) -> Counting:
    """Give the due day that counts.

    Args:
        due: the rolled due day.
        pauses: in any order; overlapping ones count once.
        policy: ``floating`` moves the due day by the working days of every pause that began on or before it;
            ``fixed`` never moves it and only excuses the days.
        held_from: see ``Counting``.
    """
    paused: set[date] = set()
    for start, end in _merged(pauses, today):
        fresh = calendar.working_days(start, end)
        if policy == "floating" and fresh and start <= due:
            due = calendar.add_bd(due, len(fresh))
        paused.update(fresh)
    return Counting(due, frozenset(paused), held_from)


def _merged(pauses: Sequence[Pause], today: date) -> list[tuple[date, date]]:
    """Give the pauses as spans that neither overlap nor touch, oldest first; an open one runs to *today*."""
    spans: list[tuple[date, date]] = []
    for start, end in sorted((pause.start, pause.end or today) for pause in pauses):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        elif start < end:
            spans.append((start, end))
    return spans


def overdue_days(counting: Counting, *, today: date, calendar: Calendar) -> int:
    """Count the working days of delay: after the due day, up to today, without the excused ones.

    An item that became overdue on a day off has 0, and so has one that somebody else handed over late.
    """
    start = max(counting.due_eff, counting.held_from or counting.due_eff)
    if today <= start:
        return 0
    return calendar.bd(start, today) - sum(1 for day in counting.excused if start < day <= today)


def reopened_due(due: date, reopened_on: date, *, days: int, calendar: Calendar) -> date:
    """Give the due day of an item that was done, is open again and got no new date.

    The days while it was done are nobody's. A due day that still lies further ahead stays: reopening never shortens
    a promise.
    """
    return max(due, calendar.add_bd(reopened_on, days))


def after_reopening(pauses: Sequence[Pause], reopened_on: date) -> list[Pause]:
    """Give the pauses that still matter once the count starts anew."""
    keep = (pause for pause in pauses if pause.end is None or pause.end > reopened_on)
    return [Pause(max(pause.start, reopened_on), pause.end) for pause in keep]
