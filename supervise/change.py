"""Change control: what an approval must rest on, and what it does to the plan (R15).

The first baseline is never edited; an approved change makes the next version. Slip and delay are measured against the
approved dates, the extension is what lies between the original and the approved ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from mapping.records import Value
from supervise.calendar import Calendar
from supervise.knobs import Knobs
from supervise.reasons import Reason

DECIDING_ROLES: Final = frozenset({"approver", "decision_maker", "sponsor"})
APPROVED: Final = frozenset({"approved", "implementing", "verifying", "closed"})
_STARTED: Final = frozenset({"implementing", "verifying", "closed"})
UNDECIDED: Final = frozenset({"submitted", "assessing", "quoted", "negotiating"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """One request to change what was agreed.

    Args:
        impact: what it does to the project, in words.
        cost: what it costs; zero is an answer, None is none.
        days: working days it adds to the affected milestones; zero is an answer, None is none.
        approver: who decided; ``approver_roles`` are the roles that person holds.
        decided_on, submitted_on, started_on: local days; None while it has not happened.
        affected: the milestones it moves, by uid.
    """

    uid: str
    title: str = ""
    impact: str = ""
    cost: Decimal | None = None
    days: int | None = None
    approver: str = ""
    approver_roles: Sequence[str] = ()
    decided_on: date | None = None
    stage: str = "draft"
    submitted_on: date | None = None
    affected: Sequence[str] = ()
    started_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One version of the plan's dates.

    Args:
        dates: milestone uid -> day.
        cr: the change that made it; "" for the first.
    """

    version: int
    dates: Mapping[str, date]
    cr: str = ""
    approved_by: str = ""
    approved_on: date | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """What is to be said of one change request.

    Args:
        approved: decided for, with everything an approval needs.
        undecided: it waits for its decision.
        age_bd: working days since it was submitted, up to its decision or today; None before.
        missing: what stands between it and an approval.
        flags: ``decision_ageing``, ``unauthorised_change``, ``approved_incomplete``.
    """

    uid: str
    title: str
    stage: str
    cost: Decimal | None
    days: int | None
    approved: bool
    undecided: bool
    age_bd: int | None
    impact: str = ""
    approver: str = ""
    decided_on: date | None = None
    missing: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTotals:
    """All changes of a project together.

    Args:
        count: requests that were submitted, whatever became of them.
        approved, cost, days: number, money and working days of the approved ones.
        undecided: those that wait for a decision; ``oldest_age_bd`` is the age of the oldest, None without any.
        unauthorised: those begun before they were approved.
    """

    count: int = 0
    approved: int = 0
    cost: Decimal = field(default_factory=Decimal)
    days: int = 0
    undecided: int = 0
    oldest_age_bd: int | None = None
    unauthorised: int = 0


def gate(cr: ChangeRequest) -> tuple[str, ...]:
    """Give what an approval still lacks; nothing when it may be approved.

    Zero cost and zero days are answers; a blank is not.
    """
    present = {
        "impact": bool(cr.impact.strip()),
        "cost": cr.cost is not None,
        "days": cr.days is not None,
        "approver": bool(cr.approver.strip()),
        "approver_role": not DECIDING_ROLES.isdisjoint(cr.approver_roles),
        "decided_on": cr.decided_on is not None,
    }
    return tuple(name for name, there in present.items() if not there)


def first_baseline(dates: Mapping[str, date], *, approved_by: str = "", approved_on: date | None = None) -> Baseline:
    """Give version 1: the dates as they were first agreed."""
    return Baseline(version=1, dates=dict(dates), approved_by=approved_by, approved_on=approved_on)


def rebaseline(baselines: Sequence[Baseline], cr: ChangeRequest, calendar: Calendar) -> Baseline:
    """Give the next version of the plan, after an approved change; the earlier versions stay as they are.

    Each affected milestone moves by the change's working days from its last approved day; a milestone that the plan
    does not know cannot move, and the version says so.

    Raises:
        ValueError: there is no baseline yet, or the change lacks something of its approval (named).
    """
    if not baselines:
        raise ValueError(f"change {cr.uid} has no baseline to move")
    missing = gate(cr)
    if missing:
        raise ValueError(f"change {cr.uid} cannot move the plan; it lacks {', '.join(missing)}")
    last = max(baselines, key=lambda each: each.version)
    days = cr.days or 0
    moved = {uid: calendar.shift(last.dates[uid], days) for uid in cr.affected if uid in last.dates}
    return Baseline(
        version=last.version + 1,
        dates={**last.dates, **moved},
        cr=cr.uid,
        approved_by=cr.approver,
        approved_on=cr.decided_on,
        reasons=tuple(_moves(cr, last, moved)),
    )


def extension_bd(baseline: date, approved: date, calendar: Calendar) -> int:
    """Give the working days by which changes extended a milestone."""
    return calendar.bd(baseline, approved)


def view_change(cr: ChangeRequest, *, today: date, calendar: Calendar, knobs: Knobs) -> ChangeView:
    """Give where one change request stands on a day."""
    missing = gate(cr)
    undecided = cr.stage in UNDECIDED and cr.decided_on is None
    age = None if cr.submitted_on is None else calendar.bd(cr.submitted_on, cr.decided_on or today)
    reasons = tuple(_flags(cr, missing, undecided=undecided, age=age, knobs=knobs))
    return ChangeView(
        uid=cr.uid,
        title=cr.title,
        stage=cr.stage,
        cost=cr.cost,
        days=cr.days,
        approved=cr.stage in APPROVED and not missing,
        undecided=undecided,
        age_bd=age,
        impact=cr.impact,
        approver=cr.approver,
        decided_on=cr.decided_on,
        missing=missing,
        flags=tuple(reason.code for reason in reasons),
        reasons=reasons,
    )


def change_totals(views: Iterable[ChangeView]) -> ChangeTotals:
    """Add up the changes of a project; cost and days are those of the approved ones."""
    seen = list(views)
    approved = [view for view in seen if view.approved]
    undecided = [view for view in seen if view.undecided]
    return ChangeTotals(
        count=sum(1 for view in seen if view.stage != "draft"),
        approved=len(approved),
        cost=sum((view.cost for view in approved if view.cost is not None), Decimal()),
        days=sum(view.days or 0 for view in approved),
        undecided=len(undecided),
        oldest_age_bd=max((view.age_bd for view in undecided if view.age_bd is not None), default=None),
        unauthorised=sum(1 for view in seen if "unauthorised_change" in view.flags),
    )


def _moves(cr: ChangeRequest, last: Baseline, moved: Mapping[str, date]) -> Iterable[Reason]:
    for uid in cr.affected:
        if uid in moved:
            data: dict[str, Value] = {
                "from": last.dates[uid].isoformat(), "to": moved[uid].isoformat(), "days": cr.days, "cr": cr.uid,
            }  # fmt: skip
            yield Reason("R15", "milestone_moved", uid, "approved_due", moved[uid].isoformat(), data)
        else:
            yield Reason("R15", "milestone_unknown", cr.uid, "affected", uid, {"milestone": uid})


def _flags(
    cr: ChangeRequest, missing: tuple[str, ...], *, undecided: bool, age: int | None, knobs: Knobs
) -> Iterable[Reason]:
    if undecided and age is not None and age > knobs.change_age_bd:
        yield Reason("R15", "decision_ageing", cr.uid, "stage", cr.stage, {"days": age})
    if _unauthorised(cr):
        begun = cr.started_on.isoformat() if cr.started_on else None
        decided = cr.decided_on.isoformat() if cr.decided_on else None
        yield Reason("R15", "unauthorised_change", cr.uid, "stage", cr.stage, {"begun": begun, "decided": decided})
    if cr.stage in APPROVED and missing:
        yield Reason("R15", "approved_incomplete", cr.uid, "stage", cr.stage, {"missing": list(missing)})


def _unauthorised(cr: ChangeRequest) -> bool:
    """Say whether work began before the change was approved."""
    if cr.started_on is None and cr.stage not in _STARTED:
        return False
    if cr.decided_on is None or cr.stage not in APPROVED:
        return True
    return cr.started_on is not None and cr.started_on < cr.decided_on
