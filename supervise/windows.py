"""When a person may be written to: inside their own hours, on their own working days (R9b)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from mapping.records import Value
from supervise.calendar import ONE_DAY, Calendar
from supervise.due import local_day

_SPAN: Final = re.compile(r"^\s*(\d{1,2}):(\d{2})\s*[-–—~至]\s*(\d{1,2}):(\d{2})\s*$")
_LOOKED_AHEAD_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class SendWindow:
    """Hours of a day: from *opens*, up to but not including *closes*."""

    opens: time = time(9)
    closes: time = time(18)

    def __post_init__(self) -> None:
        if not self.opens < self.closes:
            raise ValueError(f"a send window opens before it closes, not {self.opens:%H:%M}-{self.closes:%H:%M}")


USUAL: Final = SendWindow()


def read_window(text: Value, usual: SendWindow = USUAL) -> SendWindow:
    """Give the hours that *text* names (``09:00-18:00``); the usual ones when it names none."""
    match = _SPAN.match(text) if isinstance(text, str) else None
    if match is None:
        return usual
    try:
        opens, closes = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
        return SendWindow(opens, closes)
    except ValueError:
        return usual


def is_open(now_ms: int, window: SendWindow, zone: ZoneInfo, calendar: Calendar) -> bool:
    """Say whether a person who lives by that zone and calendar may be written to now."""
    there = _local(now_ms, zone)
    return window.opens <= there.time() < window.closes and calendar.workday(there.date())


def next_opening(now_ms: int, window: SendWindow, zone: ZoneInfo, calendar: Calendar) -> int:
    """Give the first instant from *now_ms* on at which the window is open."""
    if is_open(now_ms, window, zone, calendar):
        return now_ms
    day = local_day(now_ms, zone)
    for _ in range(_LOOKED_AHEAD_DAYS):
        at = _opening(day, window, zone)
        # The hours of a day in spring may be skipped whole; the day is then passed over.
        if at >= now_ms and is_open(at, window, zone, calendar):
            return at
        day += ONE_DAY
    raise ValueError(f"calendar {calendar.name} has no working day in the {_LOOKED_AHEAD_DAYS} days up to {day}")


def opening_on(day: date, window: SendWindow, zone: ZoneInfo, calendar: Calendar) -> int:
    """Give the first open instant on or after *day* begins there."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000
    return next_opening(start, window, zone, calendar)


def _opening(day: date, window: SendWindow, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, window.opens, tzinfo=zone).timestamp()) * 1000


def _local(now_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(now_ms // 1000, UTC).astimezone(zone)
