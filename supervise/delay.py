"""Whose days a milestone's delay is made of (R6, R16): every working day has one owner, and the parts give the whole.

A working day belongs to whoever held the ball when it began. What cannot be laid at anybody's door is said to be
unexplained, and days that were made up for are said to be recovered. This is a convention of the product, not legal
advice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal
from zoneinfo import ZoneInfo

from mapping.records import Value
from mapping.status import TERMINAL
from supervise.ball import Holder
from supervise.calendar import ONE_DAY, Calendar
from supervise.due import due_of, local_day, opening_ms, read_due
from supervise.forecast import Blocker, Milestone
from supervise.history import BallMove
from supervise.knobs import Knobs
from supervise.pauses import Pause
from supervise.reasons import Reason

DayHolder = Literal["client", "vendor", "both", "third_party", "neutral"]
_CLOSED: Final = frozenset(TERMINAL)
_FAR: Final = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A blocker with its past.

    Args:
        moves: the ball's history, oldest first; before the first of them nothing is known, so nothing is held
            against anybody.
        dues: (day it was set, due day from then on), oldest first, where the due day was not always the same; a
            new one counts for the days after the one it was set on. Empty: ``blocker.due_eff`` counts throughout.
        pauses: those people agreed on; their days are nobody's.
        notice_ms: when the holder was first told that it is late.
    """

    blocker: Blocker
    moves: Sequence[BallMove] = ()
    pauses: Sequence[Pause] = ()
    dues: tuple[tuple[date, date | None], ...] = ()
    notice_ms: int | None = None

    def due_on(self, day: date) -> date | None:
        """Give the due day in force when *day* began."""
        if not self.dues:
            return self.blocker.due_eff
        return next((due for since, due in reversed(self.dues) if since < day), self.dues[0][1])


@dataclass(frozen=True, slots=True)
class Held:
    """Who had an item when a day began, and the move that says so."""

    holder: Holder
    status: str
    at_ms: int

    @property
    def closed(self) -> bool:
        """Say whether the item was done or cancelled by then."""
        return self.status in _CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEvidence:
    """One late item of one day: who held it since when, what it was due, when its holder was told."""

    uid: str
    title: str
    holder: Holder
    ball_ms: int
    due_eff: date
    notice_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEntry:
    """One working day of the ledger.

    Args:
        holder: whose day it is.
        items: uids of the late items that decided it.
        disputed: what the client says against it; "" when nothing.
    """

    day: date
    holder: DayHolder
    items: tuple[str, ...]
    evidence: tuple[DayEvidence, ...]
    disputed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """A milestone's delay and its parts, in working days.

    client + vendor + concurrent + third + unexplained - recovered == delay, always.

    Args:
        neutral: days on which everything late was on hold by agreement; not part of the sum.
        relief: days by which the term may be extended.
        claimable: days that are the client's alone however one counts.
    """

    delay: int
    client: int = 0
    vendor: int = 0
    concurrent: int = 0
    third: int = 0
    neutral: int = 0
    unexplained: int = 0
    recovered: int = 0
    relief: int = 0
    claimable: int = 0
    days: tuple[DayEntry, ...] = ()
    reasons: tuple[Reason, ...] = field(default=())


def holders_by_day(moves: Sequence[BallMove], first: date, last: date, zone: ZoneInfo) -> dict[date, Held]:
    """Give who had the ball when each day from *first* to *last* began; days before the first move are not there."""
    found: dict[date, Held] = {}
    at, now = 0, None
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        begins_ms = opening_ms(day, zone)
        while at < len(moves) and moves[at].at_ms <= begins_ms:
            now = Held(moves[at].holder, moves[at].status, moves[at].at_ms)
            at += 1
        if now is not None:
            found[day] = now
    return found


def attribute(
    milestone: Milestone,
    tracked: Sequence[Tracked],
    *,
    calendar: Calendar,
    zone: ZoneInfo,
    today: date,
    disputes: Mapping[date, str] | None = None,
) -> Attribution:
    """Lay a milestone's delay at the doors of those who held what it waited for.

    Args:
        tracked: its blockers, finished ones too.
        calendar, zone: the project's.
        disputes: what the client says against the entry of a day.
    """
    agreed = milestone.agreed
    if agreed is None:
        return Attribution(delay=0, reasons=(Reason("R16", "milestone_undated", milestone.uid, "approved_due"),))
    end = milestone.achieved_on or today
    days = _days(tracked, end, calendar, zone, disputes or {})
    delay = max(0, calendar.bd(agreed, end))
    return _sum(milestone, delay, days, end)


def due_steps(
    moves: Sequence[BallMove], due_eff: date | None, *, calendar: Calendar, zone: ZoneInfo, knobs: Knobs,
    counted: Callable[[Sequence[BallMove]], date | None] = lambda _moves: None,
) -> tuple[tuple[date, date | None], ...]:  # fmt: skip
    """Give the due days an item had, as ``Tracked.dues`` takes them; ``()`` when it had one only.

    Args:
        moves: the ball's history, oldest first, each with the due value of its moment.
        due_eff: the due day that counts now; the last step has it.
        counted: gives the due day that counted at the end of a part of the history that the next move ended, with
            its pauses; None for the day as it was set.
    Shape: due 4 June, done on the 8th, reopened on the 10th -> ((5 May, 4 June), (10 June, 15 June))
    """
    steps: list[tuple[date, date | None]] = []
    ends: list[int] = []
    for at, (before, move) in enumerate(zip([None, *moves], moves, strict=False)):
        reopened = before is not None and before.status in _CLOSED and move.status not in _CLOSED
        if before is not None and not reopened and before.due == move.due:
            continue
        day = local_day(move.at_ms, zone)
        ends.append(at)
        again = reopened and before is not None and before.due == move.due
        steps.append((day, calendar.add_bd(day, knobs.reopen_bd) if again else _due(move.due, calendar, zone, knobs)))
    if len(steps) < 2:
        return ()
    told = [(since, counted(moves[: end + 1]) or due) for (since, due), end in zip(steps[:-1], ends[1:], strict=True)]
    return (*told, (steps[-1][0], due_eff))


def _due(raw: Value, calendar: Calendar, zone: ZoneInfo, knobs: Knobs) -> date | None:
    read = read_due(raw)
    return None if read is None else due_of(read, calendar, zone, knobs.roll).day


def _days(
    tracked: Sequence[Tracked], end: date, calendar: Calendar, zone: ZoneInfo, disputes: Mapping[date, str]
) -> tuple[DayEntry, ...]:
    """Give an entry for each working day on which anything late was open."""
    known = [one for one in sorted(tracked, key=lambda each: each.blocker.uid) if one.moves]
    begin = min((_begin(one, zone) for one in known), default=_FAR)
    if begin >= end:
        return ()
    working = calendar.working_days(begin, end)
    late: dict[date, list[DayEvidence]] = {day: [] for day in working}
    for one in known:
        held = holders_by_day(one.moves, begin, end, zone)
        for day in working:
            evidence = _evidence(one, day, held.get(day))
            if evidence is not None:
                late[day].append(evidence)
    return tuple(_entry(day, found, disputes.get(day, "")) for day, found in late.items() if found)


def _begin(one: Tracked, zone: ZoneInfo) -> date:
    """Give a day before which this item was certainly not late as far as anybody knows."""
    dues = [due for _, due in one.dues] if one.dues else [one.blocker.due_eff]
    return max(
        min((due for due in dues if due is not None), default=_FAR), local_day(one.moves[0].at_ms, zone) - ONE_DAY
    )


def _evidence(one: Tracked, day: date, held: Held | None) -> DayEvidence | None:
    due = one.due_on(day)
    if held is None or held.closed or due is None or not due < day:
        return None
    told = one.notice_ms
    return DayEvidence(
        uid=one.blocker.uid,
        title=one.blocker.title,
        holder="none" if any(pause.covers(day) for pause in one.pauses) else held.holder,
        ball_ms=held.at_ms,
        due_eff=due,
        notice_ms=told,
    )


def _entry(day: date, late: Sequence[DayEvidence], disputed: str) -> DayEntry:
    holders = {one.holder for one in late}
    owner: DayHolder
    if {"client", "vendor"} <= holders:
        owner = "both"
    elif "client" in holders:
        owner = "client"
    elif "vendor" in holders:
        owner = "vendor"
    elif "third_party" in holders:
        owner = "third_party"
    else:
        owner = "neutral"
    deciding = tuple(one for one in late if one.holder != "none") or tuple(late)
    return DayEntry(
        day=day, holder=owner, items=tuple(one.uid for one in deciding), evidence=deciding, disputed=disputed
    )


def _sum(milestone: Milestone, delay: int, days: tuple[DayEntry, ...], end: date) -> Attribution:
    count = Counter(entry.holder for entry in days)
    client, vendor, both, third = count["client"], count["vendor"], count["both"], count["third_party"]
    told = client + vendor + both + third
    made: dict[str, int] = {
        "delay": delay, "client": client, "vendor": vendor, "concurrent": both, "third": third,
        "neutral": count["neutral"], "unexplained": max(0, delay - told), "recovered": max(0, told - delay),
        "relief": min(client + both, delay), "claimable": min(client, max(0, delay - vendor - both - third)),
    }  # fmt: skip
    agreed = milestone.agreed.isoformat() if milestone.agreed else None
    data: dict[str, Value] = {**made, "until": end.isoformat(), "achieved": milestone.achieved_on is not None}
    reason = Reason("R16", "delay_attributed", milestone.uid, "approved_due", agreed, data)
    return Attribution(**made, days=days, reasons=(reason,))
