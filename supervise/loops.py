"""Whether somebody answers what a client said: a low score, a complaint or a wish is followed up in time (R13).

A loop is closed by an action that follows it up, by an owner where words alone were said, or by its being resolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from mapping.records import Value
from supervise.calendar import Calendar
from supervise.reasons import Reason
from supervise.satisfaction import is_low

LOOP_BD: Final = 2
"""Working days in which a low score or a complaint must have its follow-up."""

_SETTLED: Final = frozenset({"resolved", "closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopCase:
    """One feedback and what was done about it.

    Args:
        on: local day it came.
        follow_up: uid of the action that follows it up; "" for none.
        follow_up_on: local day that action was made.
        due: a day somebody set for it; None for two working days.
    """

    uid: str
    kind: str
    on: date
    score: Decimal | None = None
    scale: str = ""
    owner: str = ""
    follow_up: str = ""
    follow_up_on: date | None = None
    status: str = "new"
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopView:
    """Whether a feedback's loop is closed.

    Args:
        wants: it needs a follow-up at all.
        due: the last day for it; None when it needs none.
        open: that day is over and nobody follows it up.
        late: it is followed up, but that came after the day.
    """

    uid: str
    wants: bool
    due: date | None = None
    open: bool = False
    late: bool = False
    reasons: tuple[Reason, ...] = ()


def view_loop(case: LoopCase, *, today: date, calendar: Calendar) -> LoopView:
    """Give where the loop of one feedback stands on a day.

    A low score or a complaint needs an action of its own; words that ask for something need an owner or an action.
    What was resolved is closed.
    """
    low = is_low(case.kind, case.score, case.scale)
    if not low and case.kind not in {"comment", "suggestion"}:
        return LoopView(uid=case.uid, wants=False)
    due = case.due or calendar.add_bd(case.on, LOOP_BD)
    answered = bool(case.follow_up) or case.status in _SETTLED or (not low and bool(case.owner))
    if answered:
        late = case.follow_up_on is not None and case.follow_up_on > due
        return LoopView(uid=case.uid, wants=True, due=due, late=late)
    if today <= due:
        return LoopView(uid=case.uid, wants=True, due=due)
    data: dict[str, Value] = {"due": due.isoformat(), "days": calendar.bd(due, today), "kind": case.kind}
    score = None if case.score is None else str(case.score)
    why = Reason("R13", "loop_open", case.uid, "score" if low else "owner", score, data)
    return LoopView(uid=case.uid, wants=True, due=due, open=True, reasons=(why,))
