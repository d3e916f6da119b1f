"""How far the client takes part, as one number from five, or none where too little is known (R12).

Parts that nothing was measured for are left out and the others weigh more; below half of the weight there is no
number. Sums are exact fractions, rounded half up at the end.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from statistics import median
from typing import Final, Literal
from zoneinfo import ZoneInfo

from supervise.ball import Holder
from supervise.calendar import Calendar
from supervise.due import local_day
from supervise.history import BallMove
from supervise.reasons import Reason

PartName = Literal["on_time", "responsiveness", "attendance", "survey", "breadth"]
WINDOW_BD: Final = 20
LOW: Final = 40
"""Below it a project's health turns yellow."""
WEIGHTS: Final[dict[PartName, Fraction]] = {
    "on_time": Fraction(35, 100),
    "responsiveness": Fraction(25, 100),
    "attendance": Fraction(20, 100),
    "survey": Fraction(10, 100),
    "breadth": Fraction(10, 100),
}
ENOUGH: Final = Fraction(1, 2)
_SURE: Final = Fraction(3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementCase:
    """What was measured in the window.

    Args:
        on_time, due: client actions that fell due, and those of them done in time.
        response_days: working days each stretch with the client lasted.
        attended, invited: seats of the client in meetings that were held or missed.
        survey_answered, survey_sent: contacts.
        active_contacts, expected_contacts: contacts of the client seen lately, and those who should be.
    """

    uid: str = ""
    on_time: int = 0
    due: int = 0
    response_days: Sequence[Decimal | int] = ()
    attended: int = 0
    invited: int = 0
    survey_answered: int = 0
    survey_sent: int = 0
    active_contacts: int = 0
    expected_contacts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the five.

    Args:
        weight: its share in percent, of those that could be measured.
        value: 0 to 100, rounded half up to one decimal; None when nothing was measured.
        n: what it rests on: actions, stretches, seats, surveys, contacts.
    """

    name: PartName
    weight: Decimal
    value: Decimal | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """The index and what it is made of.

    Args:
        index: 0 to 100; None when too little was measured.
        confidence: high with all five parts, medium from three quarters of the weight, low below, none without index.
    """

    index: int | None
    parts: tuple[Part, ...]
    confidence: Literal["high", "medium", "low", "none"]
    reasons: tuple[Reason, ...] = ()


def engagement(case: EngagementCase) -> Engagement:
    """Give the index of one project."""
    measured = _measured(case)
    values = {name: value for name, (value, _) in measured.items() if value is not None}
    weight = sum((WEIGHTS[name] for name in values), Fraction())
    enough = weight >= ENOUGH
    total = sum((WEIGHTS[name] * value for name, value in values.items()), Fraction())
    index = floor(total / weight + Fraction(1, 2)) if enough else None
    parts = tuple(
        Part(name=name, weight=_percent(name, values, weight), value=_shown(value), n=n)
        for name, (value, n) in measured.items()
    )
    return Engagement(index=index, parts=parts, confidence=_confidence(weight), reasons=_why(case, index, weight))


def client_responses(
    moves: Sequence[BallMove], *, first: date, last: date, calendar: Calendar, zone: ZoneInfo, side: Holder = "client"
) -> tuple[int, ...]:
    """Give how many working days each stretch with *side* lasted that ended between *first* and *last*.

    Args:
        moves: of one item, oldest first.
    """
    found: list[int] = []
    since: date | None = None
    for move in moves:
        day = local_day(move.at_ms, zone)
        if move.holder == side:
            since = since or day
        elif since is not None:
            if first <= day <= last:
                found.append(calendar.bd(since, day))
            since = None
    return tuple(found)


def responsiveness(days: Fraction) -> Fraction:
    """Give 100 for a median of a day or less, 0 from ten on, and a straight line between."""
    return min(Fraction(100), max(Fraction(), 100 * (10 - days) / 9))


def _measured(case: EngagementCase) -> dict[PartName, tuple[Fraction | None, int]]:
    days = [Fraction(each) for each in case.response_days]
    return {
        "on_time": (_share(case.on_time, case.due), case.due),
        "responsiveness": (responsiveness(Fraction(median(days))) if days else None, len(days)),
        "attendance": (_share(case.attended, case.invited), case.invited),
        "survey": (_share(case.survey_answered, case.survey_sent), case.survey_sent),
        "breadth": (_share(case.active_contacts, case.expected_contacts), case.expected_contacts),
    }


def _share(part: int, whole: int) -> Fraction | None:
    return min(Fraction(100), Fraction(100 * part, whole)) if whole > 0 else None


def _percent(name: PartName, values: Container[PartName], weight: Fraction) -> Decimal:
    return _tenths(100 * WEIGHTS[name] / weight) if name in values else Decimal(0)


def _shown(value: Fraction | None) -> Decimal | None:
    return None if value is None else _tenths(value)


def _tenths(value: Fraction) -> Decimal:
    return Decimal(floor(value * 10 + Fraction(1, 2))).scaleb(-1)


def _confidence(weight: Fraction) -> Literal["high", "medium", "low", "none"]:
    if weight < ENOUGH:
        return "none"
    return "high" if weight == 1 else "medium" if weight >= _SURE else "low"


def _why(case: EngagementCase, index: int | None, weight: Fraction) -> tuple[Reason, ...]:
    share = floor(weight * 100 + Fraction(1, 2))
    code = "engagement_unknown" if index is None else "engagement_low" if index < LOW else "engagement"
    return (Reason("R12", code, case.uid, "", index, {"index": index, "weight": share}),)
