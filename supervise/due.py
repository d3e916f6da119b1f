"""When a promise falls due: the rolled civil day, and the instant at which it is broken (R4, R5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from mapping.records import Value
from supervise.calendar import FIRST_DAY, LAST_DAY, ONE_DAY, Calendar
from supervise.knobs import Roll

DAY_MS: Final = 86_400_000
DAY_MIN: Final = 1440


@dataclass(frozen=True, slots=True)
class Due:
    """A due date as it counts.

    Args:
        kind: ``date`` lasts to the end of its local day, or to the hour at which days end there; ``datetime`` is an
            exact instant and never rolled.
        day: the local civil day lateness counts from.
        instant_ms: the first instant that is too late.
    """

    kind: Literal["date", "datetime"]
    day: date
    instant_ms: int


def read_due(value: Value) -> date | int | None:
    """Give a due value as civil day or instant.

    Returns:
        None for a blank or unreadable value, and for a day outside 1970 to 2199: nobody promised that.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int):
        return value if FIRST_DAY <= date(1970, 1, 1) + _days_of(value) <= LAST_DAY else None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def due_of(
    raw: date | int, calendar: Calendar, zone: ZoneInfo, roll: Roll = "following", *, ends_min: int = DAY_MIN
) -> Due:
    """Give the due day and instant of *raw* in the calendar and zone of whoever must move.

    Args:
        ends_min: minutes after midnight at which a day ends.
    """
    if isinstance(raw, int):
        return Due("datetime", local_day(raw, zone), raw)
    return end_of_day(calendar.roll(raw, roll), zone, ends_min=ends_min)


def end_of_day(day: date, zone: ZoneInfo, *, ends_min: int = DAY_MIN) -> Due:
    """Give the due of an item that may be delivered until *day* is over, or until its hour of closing."""
    if ends_min == DAY_MIN:
        return Due("date", day, opening_ms(day + ONE_DAY, zone))
    return Due("date", day, _clock_ms(day, ends_min, zone))


@lru_cache(maxsize=8192)
def opening_ms(day: date, zone: ZoneInfo) -> int:
    """Give the first instant whose local date is *day*, or later where the clocks skip it.

    Shape: 2018-11-04 at America/Sao_Paulo, where midnight was skipped -> 03:00 UTC, which is 01:00 there
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    at = int(midnight.timestamp())
    if datetime.fromtimestamp(at, zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return at * 1000
    low, high = at - 86_400, at + 86_400
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).date() >= day:
            high = middle
        else:
            low = middle
    return high * 1000


@lru_cache(maxsize=1024)
def _clock_ms(day: date, minutes: int, zone: ZoneInfo) -> int:
    """Give the first instant at which the clocks there show a time; where they skip it, as much after the skip."""
    at = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
    return int(at.timestamp()) * 1000


@lru_cache(maxsize=1024)
def local_day(instant_ms: int, zone: ZoneInfo) -> date:
    """Give the civil day of an instant there."""
    return datetime.fromtimestamp(instant_ms // 1000, UTC).astimezone(zone).date()


def zone_of(names: Iterable[Value]) -> tuple[ZoneInfo, tuple[str, ...]]:
    """Give the first usable zone of *names*, and the names that are no zones.

    Raises:
        ValueError: none of them is usable.
    """
    bad: list[str] = []
    for name in names:
        if not isinstance(name, str) or not name:
            continue
        zone = _zone(name)
        if zone is not None:
            return zone, tuple(bad)
        bad.append(name)
    raise ValueError(f"no usable time zone among {bad}")


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError; odd paths are a ValueError
        return None


def _days_of(instant_ms: int) -> timedelta:
    limit = 10**6
    return timedelta(days=max(-limit, min(limit, instant_ms // DAY_MS)))
