"""How a project goes: the worst of seven signals that can be told, each with its evidence (R11).

Health is another axis than lifecycle. A signal nothing was measured for says nothing; without any the health is
unknown, never green. Worse applies at once, better only after some days in a row that were better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from mapping.records import Value
from supervise.change import ChangeView
from supervise.engagement import LOW, Engagement
from supervise.knobs import Knobs
from supervise.lifecycle import Confidence
from supervise.reasons import Reason
from supervise.risk import RiskView

Level = Literal["green", "yellow", "red"]
HealthLevel = Literal["unknown", "green", "yellow", "red"]
SignalCode = Literal["H1", "H2", "H3", "H4", "H5", "H6", "H7"]
RANK: Final[dict[str, int]] = {"green": 0, "yellow": 1, "red": 2}
_BY_RANK: Final[tuple[Level, ...]] = ("green", "yellow", "red")
LATE_BD: Final = 5
"""Working days overdue at which a blocking item turns red and any other yellow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A milestone that is still open.

    Args:
        slip_bd: working days its forecast lies after its approved day.
        due: approved day; None sorts last.
    """

    uid: str
    title: str
    slip_bd: int
    due: date | None = None
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LateItem:
    """An open item with its working days of delay; ``blocking`` when the next milestone waits for it."""

    uid: str
    title: str
    obd: int
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """What is known of the client's satisfaction.

    Args:
        unhappy: key contacts who gave a CSAT of 2 or less in the last wave, by the uid of their answer.
        complaints: open complaints of high or critical severity, by uid.
    """

    unhappy: Sequence[str] = ()
    complaints: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthMemory:
    """The worst level of each of the last evaluated days, oldest first."""

    days: tuple[tuple[date, Level], ...] = ()

    def as_data(self) -> list[list[str]]:
        """Give it as plain JSON values."""
        return [[day.isoformat(), level] for day, level in self.days]


def read_memory(data: object) -> HealthMemory:
    """Give what ``as_data`` wrote; what is none of its entries is passed over."""
    pairs = [pair for pair in data if isinstance(pair, list) and len(pair) == 2] if isinstance(data, list) else []
    known = ((date.fromisoformat(str(day)), _BY_RANK[RANK[level]]) for day, level in pairs if level in RANK)
    return HealthMemory(days=tuple(sorted(known)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCase:
    """Everything the health of one project rests on.

    Args:
        slips: milestones that are open; none: nothing to be told.
        client_items, our_items: open items of each side; None where the project has no items at all to judge by.
        risks, changes: the registers; empty: nothing to be told.
        mood: None where nobody was ever asked and nobody complained.
        declared: what the sources or a person say; None or ``unknown`` when nobody does.
        previous: what the last evaluation remembered.
        confidence: how far the sources can be trusted, as reconciling them found.
    """

    uid: str
    today: date
    slips: Sequence[Slip] = ()
    client_items: Sequence[LateItem] | None = None
    our_items: Sequence[LateItem] | None = None
    risks: Sequence[RiskView] = ()
    changes: Sequence[ChangeView] = ()
    mood: Mood | None = None
    engagement: Engagement | None = None
    declared: str | None = None
    previous: HealthMemory | None = None
    confidence: Confidence = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One of the seven, with the evidence that decided it."""

    code: SignalCode
    level: Level
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a project goes.

    Args:
        level: what is shown; it gets better later than ``computed_today``.
        signals: those that can be told, worst first.
        declared_gap: how many levels worse it is than declared; None when either is unknown.
        watermelon: declared better than it is: green outside, red inside.
        memory: to be handed to the next evaluation.
    """

    level: HealthLevel
    computed_today: HealthLevel
    signals: tuple[Signal, ...] = ()
    confidence: Confidence = "high"
    declared: str | None = None
    declared_gap: int | None = None
    watermelon: bool = False
    memory: HealthMemory = HealthMemory()
    reasons: tuple[Reason, ...] = ()


def health(case: HealthCase, knobs: Knobs) -> Health:
    """Judge one project on a day; judged again on the same day the worst of that day is remembered."""
    signals = tuple(sorted(_signals(case, knobs), key=lambda each: (-RANK[each.level], each.code)))
    computed: HealthLevel = signals[0].level if signals else "unknown"
    level, memory = settle(computed, case.previous, case.today, knobs.hysteresis_days)
    gap = _gap(level, case.declared)
    return Health(
        level=level,
        computed_today=computed,
        signals=signals,
        confidence=case.confidence,
        declared=case.declared,
        declared_gap=gap,
        watermelon=gap is not None and gap >= 1,
        memory=memory,
        reasons=tuple(_why(case, level, computed, gap, signals)),
    )


def settle(
    computed: HealthLevel, previous: HealthMemory | None, today: date, days: int
) -> tuple[HealthLevel, HealthMemory]:
    """Give the level to show and what to remember: the worst of the last *days* evaluated days.

    A day counts once, with its worst. A day on which nothing can be told shows ``unknown`` and is not remembered, so
    that a silent source cannot turn red into green.
    """
    before = tuple(each for each in (previous or HealthMemory()).days if each[0] <= today)
    if computed == "unknown":
        return "unknown", HealthMemory(days=before)
    worst: Level = join([computed, *(level for day, level in before if day == today)])
    kept = (*(each for each in before if each[0] != today), (today, worst))[-days:]
    return join([level for _, level in kept]), HealthMemory(days=kept)


def join(levels: Sequence[Level]) -> Level:
    """Give the worst of some levels.

    Raises:
        ValueError: there are none.
    """
    return _BY_RANK[max(RANK[level] for level in levels)]


def _signals(case: HealthCase, knobs: Knobs) -> Iterable[Signal]:
    found = (
        _schedule(case, knobs),
        _late("H2", case.uid, case.client_items),
        _risks(case),
        _changes(case),
        _mood(case),
        _engaged(case),
        _late("H7", case.uid, case.our_items),
    )
    return (signal for signal in found if signal is not None)


def _signal(code: SignalCode, level: Level, uid: str, what: str, value: Value, **data: Value) -> Signal:
    return Signal(code=code, level=level, reason=Reason(f"R11.{code}", what, uid, "", value, data))


def _schedule(case: HealthCase, knobs: Knobs) -> Signal | None:
    """Judge the next milestone: of the critical ones where any is marked so, else of all."""
    critical = [slip for slip in case.slips if slip.critical]
    following = min(critical or case.slips, key=lambda each: (each.due or date.max, each.uid), default=None)
    if following is None:
        return None
    slip = following.slip_bd
    level: Level = "red" if slip >= knobs.slip_red_bd else "yellow" if slip >= knobs.slip_yellow_bd else "green"
    return _signal("H1", level, following.uid, "milestone_slips" if slip > 0 else "on_plan", slip,
                   title=following.title, days=slip)  # fmt: skip


def _late(code: SignalCode, uid: str, items: Sequence[LateItem] | None) -> Signal | None:
    if items is None:
        return None
    worst = max(items, key=lambda each: (RANK[_late_level(each)], each.obd, each.blocking, each.uid), default=None)
    if worst is None or worst.obd < 1:
        return _signal(code, "green", uid, "nothing_late", 0)
    said = "blocking_item_late" if worst.blocking else "item_late"
    return _signal(code, _late_level(worst), worst.uid, said, worst.obd, title=worst.title, days=worst.obd)


def _late_level(item: LateItem) -> Level:
    if item.blocking:
        return "red" if item.obd >= LATE_BD else "yellow" if item.obd >= 1 else "green"
    return "yellow" if item.obd >= LATE_BD else "green"


def _risks(case: HealthCase) -> Signal | None:
    known = [view for view in case.risks if view.live and (view.level is not None or view.review_overdue_bd)]
    worst = max(known, key=lambda each: (RANK[_risk_level(each)], each.score or 0, each.uid), default=None)
    if worst is None:
        return None
    said = "risk_review_overdue" if worst.review_overdue_bd else "risk_score"
    return _signal("H3", _risk_level(worst), worst.uid, said, worst.score, title=worst.title, score=worst.score,
                   days=worst.review_overdue_bd)  # fmt: skip


def _risk_level(view: RiskView) -> Level:
    return join([view.level or "green", "yellow" if view.review_overdue_bd else "green"])


def _changes(case: HealthCase) -> Signal | None:
    if not case.changes:
        return None
    for flag in ("unauthorised_change", "decision_ageing"):
        flagged = [view for view in case.changes if flag in view.flags]
        if flagged:
            oldest = max(flagged, key=lambda each: (each.age_bd or 0, each.uid))
            age = oldest.age_bd
            return _signal("H4", "yellow", oldest.uid, flag, age, title=oldest.title, days=age or 0)
    return _signal("H4", "green", case.uid, "changes_in_hand", len(case.changes))


def _mood(case: HealthCase) -> Signal | None:
    if case.mood is None:
        return None
    if case.mood.complaints:
        count = len(case.mood.complaints)
        return _signal("H5", "red", min(case.mood.complaints), "complaint_open", count, count=count)
    if case.mood.unhappy:
        count = len(case.mood.unhappy)
        return _signal("H5", "yellow", min(case.mood.unhappy), "contact_unhappy", count, count=count)
    return _signal("H5", "green", case.uid, "nobody_unhappy", 0)


def _engaged(case: HealthCase) -> Signal | None:
    index = case.engagement.index if case.engagement is not None else None
    if index is None:
        return None
    low = index < LOW
    return _signal("H6", "yellow" if low else "green", case.uid, "engagement_low" if low else "engagement", index,
                   index=index)  # fmt: skip


def _gap(level: HealthLevel, declared: str | None) -> int | None:
    if level == "unknown" or declared not in RANK:
        return None
    return RANK[level] - RANK[declared]


def _why(
    case: HealthCase, level: HealthLevel, computed: HealthLevel, gap: int | None, signals: Sequence[Signal]
) -> Iterable[Reason]:
    if not signals:
        yield Reason("R11", "health_unknown", case.uid)
    if level != computed:
        yield Reason("R11", "health_settling", case.uid, "", level, {"shown": level, "computed": computed})
    if gap is not None and gap >= 1:
        data: dict[str, Value] = {"declared": case.declared, "shown": level, "gap": gap}
        yield Reason("R11", "watermelon", case.uid, "declared_health", case.declared, data)
    yield from (signal.reason for signal in signals)
