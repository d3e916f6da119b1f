"""The judgement on one task: whose move, due when, late by how much, how loud, and why (R1 to R9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from mapping.kinds import kind_of
from mapping.records import Value, Values
from mapping.status import is_open
from supervise.ball import Ball, Holder, ball_of
from supervise.calendar import Calendar, Calendars
from supervise.due import Due, due_of, end_of_day, local_day, read_due, zone_of
from supervise.history import BallMove, History, read_history
from supervise.knobs import DuePolicy, Knobs
from supervise.moments import Standing, next_change
from supervise.pauses import Counting, Pause, after_reopening, apply_pauses, overdue_days, reopened_due
from supervise.reasons import Reason
from supervise.severity import Lateness, Severity, severity_of

_NOBODY: Final[Mapping[str, Value]] = {}
_OPEN_AS: Final[Mapping[Holder, str]] = {
    "client": "waiting_client", "vendor": "waiting_vendor", "third_party": "waiting_third_party", "none": "on_hold",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCase:
    """Everything the judgement on one task looks at.

    Args:
        moves: the ball's history, oldest first.
        pauses: pauses a person agreed on.
        blocks: the next milestone of the project waits for this task.
    """

    uid: str
    task: Values
    project: Values = field(default_factory=dict)
    contact: Values = field(default_factory=dict)
    account: Values = field(default_factory=dict)
    moves: Sequence[BallMove] = ()
    pauses: Sequence[Pause] = ()
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskVerdict:
    """What supervision says about one task at one moment; while a pause people agreed on lasts, it is not overdue.

    Args:
        is_client_action: open and the move is the client's.
        due_eff: civil day lateness counts from, rolled and moved by pauses; None without a due date.
        due_instant_ms: the first instant that is too late, grace included.
        obd: working days of delay.
        since: first civil day on which it is overdue.
        provisional: the sums rest on days that no official list covers.
        gaps: what the item lacks: ``no_due``, ``no_owner``.
        next_ms: the first later instant at which time alone may change this; None when it never does.
    """

    uid: str
    is_client_action: bool
    ball: Holder
    due_eff: date | None = None
    due_instant_ms: int | None = None
    overdue: bool = False
    obd: int = 0
    since: date | None = None
    severity: Severity | None = None
    provisional: bool = False
    zone: str = ""
    calendar: str = ""
    gaps: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    next_ms: int | None = None

    @property
    def overdue_client_action(self) -> bool:
        """Say whether the flag belongs on it: the client's move, and too late."""
        return self.is_client_action and self.overdue


def evaluate_task(
    case: TaskCase, calendars: Calendars, *, now_ms: int, knobs: Knobs, explain: bool = True, closing: bool = False
) -> TaskVerdict:
    """Judge one task at *now_ms*; same input, same verdict.

    Args:
        explain: False leaves the reasons at the ball's, for those who judge many and show few.
        closing: it is finished at that moment: a pause then is no excuse for days before it.
    """
    ball = ball_of(case.uid, case.task)
    raw = read_due(case.task.get("due"))
    if not is_open(_text(case.task.get("status"))) or raw is None:
        return _undated(case, ball, raw)
    party = _party(case, ball.holder, calendars, knobs)
    due = due_of(raw, party.calendar, party.zone, knobs.roll, ends_min=knobs.day_ends_min)
    today = local_day(now_ms, party.zone)
    counted = _count(case, ball.holder, due, today, party, knobs)
    limit = _limit(counted.counting.due_eff, due, party, knobs)
    paused = any(pause.covers(today) for pause in case.pauses)
    if closing and paused:
        paused = overdue_days(counted.counting, today=today, calendar=party.calendar) == 0
    held = ball.holder != "none" and not paused
    overdue = held and now_ms >= limit.instant_ms
    standing = Standing(
        today=today, due_eff=counted.counting.due_eff, limit_ms=limit.instant_ms, held=held, overdue=overdue,
        away=counted.away, turns=tuple(day for pause in case.pauses for day in pause.turns),
    )  # fmt: skip
    changes = next_change(standing, now_ms=now_ms, calendar=party.calendar, zone=party.zone, soon_bd=knobs.due_soon_bd)
    verdict, late = _judge(case, ball, party, counted, limit, standing, knobs=knobs, next_ms=changes)
    return replace(verdict, reasons=_why(case, ball, late, verdict, party, counted)) if explain else verdict


def verdict_at_close(
    case: TaskCase, holder: Holder, calendars: Calendars, *, closed_ms: int, knobs: Knobs
) -> TaskVerdict:
    """Judge a finished task as it stood when *holder* finished it: by its pauses, on its calendar, late or in time."""
    task = {**case.task, "status": _OPEN_AS[holder]}
    before = [move for move in case.moves if move.at_ms < closed_ms]
    as_it_was = replace(case, task=task, moves=before)
    return evaluate_task(as_it_was, calendars, now_ms=closed_ms, knobs=knobs, explain=False, closing=True)


@dataclass(frozen=True, slots=True)
class _Party:
    """Where and when the holder of the ball works."""

    calendar: Calendar
    zone: ZoneInfo
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    counting: Counting
    reasons: tuple[Reason, ...]
    away: bool


def _undated(case: TaskCase, ball: Ball, raw: date | int | None) -> TaskVerdict:
    """Judge what no date can be held against: closed, or without a due date (listed, never overdue)."""
    gaps = _gaps(case)
    reasons: tuple[Reason, ...] = (ball.reason,)
    if raw is None and is_open(_text(case.task.get("status"))):
        gaps = ("no_due", *gaps)
        code = "no_due" if case.task.get("due") in (None, "") else "due_unreadable"
        reasons = (*reasons, Reason("R5", code, case.uid, "due", case.task.get("due")))
    client = ball.holder == "client"
    return TaskVerdict(uid=case.uid, is_client_action=client, ball=ball.holder, gaps=gaps, reasons=reasons)


def _party(case: TaskCase, holder: Holder, calendars: Calendars, knobs: Knobs) -> _Party:
    """Give the calendar and zone of the holder: the client's own layers, or the project's for everybody else."""
    contact, account = (case.contact, case.account) if holder == "client" else (_NOBODY, _NOBODY)
    calendar = calendars.of(
        ("contact", _text(contact.get("calendar"))),
        ("account", _text(account.get("calendar"))),
        ("project", _text(case.project.get("calendar"))),
        country=_text(account.get("country")),
    )
    names = (case.task.get("due_zone"), contact.get("zone"), account.get("zone"), case.project.get("zone"), knobs.zone)
    zone, bad = zone_of(names)
    return _Party(
        calendar,
        zone,
        (
            *(Reason("R3", "calendar_unknown", case.uid, "calendar", name) for name in calendar.unknown),
            *(Reason("R4", "zone_unknown", case.uid, "zone", name) for name in bad),
        ),
    )


def _count(case: TaskCase, holder: Holder, due: Due, today: date, party: _Party, knobs: Knobs) -> _Counted:
    """Move the due day by reopening and pauses, and say so."""
    value = case.task.get("due")
    reasons: list[Reason] = []
    if due.kind == "date" and isinstance(value, str) and due.day.isoformat() != value:
        reasons.append(Reason("R4", "due_rolled", case.uid, "due", value, {"to": due.day.isoformat()}))
    history = read_history(case.moves, holder, value, party.zone)
    start, pauses = due.day, [*history.pauses, *case.pauses]
    if history.reopened_on is not None:
        start, pauses = _reopen(history, start, pauses, party, knobs)
        data: dict[str, Value] = {"on": history.reopened_on.isoformat(), "due": start.isoformat()}
        reasons.append(Reason("R8", "reopened", case.uid, "status", case.task.get("status"), data))
    counting = apply_pauses(
        start,
        pauses,
        today=today,
        calendar=party.calendar,
        policy=_policy(case, knobs),
        held_from=history.held_from,
    )
    if history.held_from is not None and history.held_from > counting.due_eff:
        data = {"on": history.held_from.isoformat()}
        reasons.append(Reason("R6", "handed_over_late", case.uid, "status", case.task.get("status"), data))
    if counting.excused:
        data = {"days": len(counting.excused), "due": counting.due_eff.isoformat()}
        reasons.append(Reason("R7", "paused", case.uid, "status", case.task.get("status"), data))
    return _Counted(counting, tuple(reasons), any(pause.end is None for pause in pauses))


def _reopen(
    history: History, start: date, pauses: list[Pause], party: _Party, knobs: Knobs
) -> tuple[date, list[Pause]]:
    assert history.reopened_on is not None
    again = reopened_due(start, history.reopened_on, days=knobs.reopen_bd, calendar=party.calendar)
    return again, after_reopening(pauses, history.reopened_on)


def _policy(case: TaskCase, knobs: Knobs) -> DuePolicy:
    own = case.task.get("due_policy")
    if own == "fixed":
        return "fixed"
    if own == "floating":
        return "floating"
    return knobs.milestone_policy if kind_of(case.task)[0] == "milestone" else knobs.due_policy


def _limit(due_eff: date, due: Due, party: _Party, knobs: Knobs) -> Due:
    """Give the moment the flag may rise: the due instant itself, or the end of the grace days."""
    if knobs.grace_bd > 0:
        due_eff = party.calendar.add_bd(due_eff, knobs.grace_bd)
    elif due_eff == due.day:
        return due
    return end_of_day(due_eff, party.zone, ends_min=knobs.day_ends_min)


def _judge(
    case: TaskCase, ball: Ball, party: _Party, counted: _Counted, limit: Due, standing: Standing, *,
    knobs: Knobs, next_ms: int | None,
) -> tuple[TaskVerdict, Lateness]:  # fmt: skip
    due_eff, today, overdue = standing.due_eff, standing.today, standing.overdue
    obd = overdue_days(counted.counting, today=today, calendar=party.calendar)
    provisional = party.calendar.provisional(_first(case, due_eff), max(today, due_eff) if overdue else due_eff)
    since = local_day(limit.instant_ms, party.zone)
    late = Lateness(
        overdue=overdue,
        obd=obd,
        days_left=party.calendar.bd(today, due_eff),
        critical=case.task.get("priority") == "critical",
        blocks=case.blocks,
        provisional=provisional,
        survey=kind_of(case.task)[0] == "survey",
    )
    verdict = TaskVerdict(
        uid=case.uid,
        is_client_action=ball.holder == "client",
        ball=ball.holder,
        due_eff=due_eff,
        due_instant_ms=limit.instant_ms,
        overdue=overdue,
        obd=obd if overdue else 0,
        since=since if overdue else None,
        severity=severity_of(late, knobs) if standing.held else None,
        provisional=provisional,
        zone=party.zone.key,
        calendar=party.calendar.name,
        gaps=_gaps(case),
        reasons=(ball.reason,),
        next_ms=next_ms,
    )
    return verdict, late


def _why(
    case: TaskCase, ball: Ball, late: Lateness, verdict: TaskVerdict, party: _Party, counted: _Counted
) -> tuple[Reason, ...]:
    """Give the evidence of the ball, the due day and the level."""
    value = case.task.get("due")
    due: dict[str, Value] = {"due": str(verdict.due_eff), "zone": verdict.zone, "calendar": verdict.calendar}
    reasons = [Reason("R5", "overdue" if late.overdue else "not_due", case.uid, "due", value, due)]
    if late.provisional:
        reasons.append(Reason("R3", "calendar_provisional", case.uid, "due", value, due))
    if verdict.severity is not None:
        data: dict[str, Value] = {
            "obd": late.obd, "left": late.days_left, "blocks": late.blocks, "level": verdict.severity,
        }  # fmt: skip
        reasons.append(Reason("R9", "severity", case.uid, "priority", case.task.get("priority"), data))
    return (ball.reason, *party.reasons, *counted.reasons, *reasons)


def _first(case: TaskCase, due_eff: date) -> date:
    """Give the earliest day the sums touched: the day as it was typed, or the counted one."""
    raw = read_due(case.task.get("due"))
    return min(raw, due_eff) if isinstance(raw, date) else due_eff


def _gaps(case: TaskCase) -> tuple[str, ...]:
    if not is_open(_text(case.task.get("status"))):
        return ()
    return ("no_owner",) if case.task.get("owner") in (None, "") else ()


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
