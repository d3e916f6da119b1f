"""When a milestone will be reached, as far as its open blockers tell (R16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from mapping.records import Value
from supervise.ball import Holder
from supervise.calendar import Calendar
from supervise.reasons import Reason

LEAST_SAMPLES: Final = 5
"""Fewer finished items of a side and kind say nothing about the next one."""
GUESS_BD: Final = 1
Habits = Mapping[tuple[Holder, str], int]
"""Median working days of delay by side and kind, where enough items were finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Something a milestone waits for.

    Args:
        due_eff: the day it counts as due; None when nobody gave one.
        side: who has, or last had, the ball.
        remaining_bd: working days it still takes, as its owner says.
        open: not done, not cancelled.
        done_on: the day it was finished.
    """

    uid: str
    title: str = ""
    due_eff: date | None = None
    side: Holder = "none"
    kind: str = "action"
    remaining_bd: int | None = None
    open: bool = True
    done_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A milestone with what it waits for.

    Args:
        baseline_due: as first agreed, never edited.
        approved_due: as moved by approved changes; without one the baseline counts.
        after_bd: working days between its last blocker and itself.
    """

    uid: str
    title: str = ""
    baseline_due: date | None = None
    approved_due: date | None = None
    achieved_on: date | None = None
    after_bd: int = 0
    blockers: tuple[Blocker, ...] = ()

    @property
    def agreed(self) -> date | None:
        """Give the day it is held against."""
        return self.approved_due or self.baseline_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expected day of a milestone.

    Args:
        day: None when neither a date nor a blocker says anything.
        slip_bd: working days behind the approved day, negative when it was reached early; None without a day.
    """

    day: date | None
    slip_bd: int | None
    reasons: tuple[Reason, ...] = ()


def habits_of(finished: Iterable[tuple[Holder, str, int]]) -> dict[tuple[Holder, str], int]:
    """Give the median delay of each side and kind with enough samples (side, kind, working days late; half up)."""
    found: dict[tuple[Holder, str], list[int]] = defaultdict(list)
    for side, kind, late in finished:
        found[side, kind].append(max(0, late))
    return {key: _median(sorted(days)) for key, days in found.items() if len(days) >= LEAST_SAMPLES}


def forecast(milestone: Milestone, *, calendar: Calendar, today: date, habits: Habits | None = None) -> Forecast:
    """Give the day *milestone* will be reached and its slip.

    A blocker in time is expected on its due day; a late one some working days from today: what its owner says is
    left, else what this side's items of that kind usually take, else one. A milestone that is not reached is never
    expected before today.
    """
    if milestone.achieved_on is not None:
        said = Reason("R16", "milestone_achieved", milestone.uid, "done_at", milestone.achieved_on.isoformat())
        return _against(milestone, milestone.achieved_on, calendar, (said,))
    expected = [
        _expect(blocker, calendar, today, habits or {})
        for blocker in sorted(milestone.blockers, key=lambda one: one.uid)
    ]
    reasons = tuple(reason for _, reason in expected if reason is not None)
    days = [day for day, _ in expected if day is not None]
    agreed = milestone.agreed
    if not days and agreed is None:
        return Forecast(day=None, slip_bd=None, reasons=(*reasons, Reason("R16", "milestone_undated", milestone.uid)))
    after = [calendar.add_bd(max(days), milestone.after_bd)] if days else []
    day = max([*after, *([agreed] if agreed is not None else [])])
    if day < today:
        day = calendar.roll(today)
        reasons = (*reasons, Reason("R16", "not_before_today", milestone.uid, data={"day": day.isoformat()}))
    return _against(milestone, day, calendar, reasons)


def _expect(blocker: Blocker, calendar: Calendar, today: date, habits: Habits) -> tuple[date | None, Reason | None]:
    """Give the day a blocker will be out of the way, and why; nothing for one that says nothing."""
    if not blocker.open:
        if blocker.done_on is None:
            return None, None
        return blocker.done_on, _said(blocker, "blocker_done", blocker.done_on)
    if blocker.due_eff is None:
        return None, Reason("R16", "blocker_undated", blocker.uid, "due")
    if today <= blocker.due_eff:
        return blocker.due_eff, _said(blocker, "blocker_in_time", blocker.due_eff)
    code, left = _left(blocker, habits)
    day = calendar.add_bd(today, left)
    return day, _said(blocker, code, day, left)


def _left(blocker: Blocker, habits: Habits) -> tuple[str, int]:
    if blocker.remaining_bd is not None:
        return "blocker_remaining", max(0, blocker.remaining_bd)
    usual = habits.get((blocker.side, blocker.kind))
    return ("blocker_guess", GUESS_BD) if usual is None else ("blocker_habit", usual)


def _said(blocker: Blocker, code: str, day: date, left: int | None = None) -> Reason:
    due = blocker.due_eff.isoformat() if blocker.due_eff else None
    data: dict[str, Value] = {"day": day.isoformat(), "side": blocker.side}
    return Reason("R16", code, blocker.uid, "due", due, data if left is None else {**data, "left": left})


def _against(milestone: Milestone, day: date, calendar: Calendar, reasons: tuple[Reason, ...]) -> Forecast:
    agreed = milestone.agreed
    if agreed is None:
        return Forecast(day=day, slip_bd=None, reasons=reasons)
    slip = calendar.bd(agreed, day)
    data: dict[str, Value] = {"day": day.isoformat(), "slip": slip}
    said = Reason("R16", "milestone_forecast", milestone.uid, "approved_due", agreed.isoformat(), data)
    return Forecast(day=day, slip_bd=slip, reasons=(*reasons, said))


def _median(days: list[int]) -> int:
    middle = len(days) // 2
    return days[middle] if len(days) % 2 else (days[middle - 1] + days[middle] + 1) // 2
