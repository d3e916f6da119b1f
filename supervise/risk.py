"""The shared risk register: score, level, and whether somebody looked lately (R11 H3).

A score is likelihood times effect, 1 to 25; a risk that was not scored has no level rather than a good one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from mapping.records import Value
from supervise.ball import Holder
from supervise.calendar import Calendar
from supervise.knobs import Knobs
from supervise.reasons import Reason

RiskLevel = Literal["green", "yellow", "red"]
YELLOW_FROM: Final = 8
RED_FROM: Final = 15
HIGHEST: Final = 5
_OVER: Final = frozenset({"closed", "occurred"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One risk as it stands.

    Args:
        probability, impact: 1 to 5; None while not assessed.
        side: whose risk it is to treat.
        response: escalate, avoid, transfer, mitigate or accept; "" while none was chosen.
        reviewed_on: local day of the last review; None before the first.
        identified_on: local day it was entered, from which the first review is due.
        status: its stage; a closed one, or one that occurred, is no risk any more.
        joint: client and we identified it together.
    """

    uid: str
    title: str = ""
    probability: int | None = None
    impact: int | None = None
    side: Holder = "vendor"
    response: str = ""
    reviewed_on: date | None = None
    identified_on: date | None = None
    status: str = "identified"
    joint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskView:
    """What the register says of one risk.

    Args:
        score: 1 to 25; None when it was not scored.
        level: None when it was not scored or is over.
        review_overdue_bd: working days since the review fell due; 0 while it has not.
        live: it can still happen; occurred: it did.
    """

    uid: str
    title: str
    score: int | None
    level: RiskLevel | None
    review_overdue_bd: int
    live: bool
    side: Holder = "vendor"
    response: str = ""
    joint: bool = False
    reviewed_on: date | None = None
    occurred: bool = False
    reasons: tuple[Reason, ...] = ()


def view_risk(risk: Risk, *, today: date, calendar: Calendar, knobs: Knobs) -> RiskView:
    """Give score, level and review of one risk on a day."""
    live = risk.status not in _OVER
    score = _score(risk)
    overdue = _review_overdue(risk, today, calendar, knobs) if live else 0
    return RiskView(
        uid=risk.uid,
        title=risk.title,
        score=score,
        level=level_of(score) if live and score is not None else None,
        review_overdue_bd=overdue,
        live=live,
        occurred=risk.status == "occurred",
        side=risk.side,
        response=risk.response,
        joint=risk.joint,
        reviewed_on=risk.reviewed_on,
        reasons=tuple(_why(risk, score, overdue, live=live)),
    )


def level_of(score: int) -> RiskLevel:
    """Give the level of a score: from 8 on yellow, from 15 on red."""
    return "red" if score >= RED_FROM else "yellow" if score >= YELLOW_FROM else "green"


def rank_risks(views: Iterable[RiskView]) -> list[RiskView]:
    """Give the live risks as a list to work through: highest score first, unscored ones before the lowest."""
    live = (view for view in views if view.live)
    return sorted(live, key=lambda view: (-(view.score or 1), -view.review_overdue_bd, view.title, view.uid))


def read_grade(value: Value) -> int | None:
    """Give a grade of 1 to 5 as people or CRMs write it; None for anything else.

    Shape: "4" -> 4; "4.0" -> 4; 6 -> None
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    whole, _, rest = str(value).strip().partition(".")
    if not (whole.isascii() and whole.isdecimal()) or rest.strip("0"):
        return None
    return int(whole) if 1 <= int(whole) <= HIGHEST else None


def _score(risk: Risk) -> int | None:
    grades = (risk.probability, risk.impact)
    if any(grade is None or not 1 <= grade <= HIGHEST for grade in grades):
        return None
    return (risk.probability or 0) * (risk.impact or 0)


def _review_overdue(risk: Risk, today: date, calendar: Calendar, knobs: Knobs) -> int:
    since = risk.reviewed_on or risk.identified_on
    return 0 if since is None else max(0, calendar.bd(since, today) - knobs.risk_review_bd)


def _why(risk: Risk, score: int | None, overdue: int, *, live: bool) -> Iterable[Reason]:
    if score is None and live:
        yield Reason("R11.H3", "risk_unscored", risk.uid, "probability", risk.probability, {"impact": risk.impact})
    elif score is not None:
        data: dict[str, Value] = {"probability": risk.probability, "impact": risk.impact, "score": score}
        yield Reason("R11.H3", "risk_score", risk.uid, "probability", risk.probability, data)
    if overdue:
        last = risk.reviewed_on.isoformat() if risk.reviewed_on else None
        yield Reason("R11.H3", "risk_review_overdue", risk.uid, "reviewed_on", last, {"days": overdue})
