"""Rule by rule: why an item is or is not overdue, on whom, and since when. Pure but for one read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mapping.kinds import kind_of
from mapping.records import Value
from mapping.status import is_open
from store import acts, hub
from store.acts import Act
from store.hub import HubRow
from store.tx import Tx
from supervise.cases import Setting, read_moves, supervised
from supervise.due import local_day, read_due, zone_of
from supervise.history import BallMove
from supervise.judging import judge_tasks, task_items
from supervise.lowering import OUT_OF_SCOPE
from supervise.material import rows_back
from supervise.report import SourceRef, TaskItem
from supervise.verdict import TaskCase, TaskVerdict, evaluate_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one rule says.

    Args:
        rule: its number.
        verdict: its answer in a word or a figure: a side, a day, yes or no, a level.
        code: what it rests on, a stable word.
        data: figures and fields a reader needs to follow it.
    """

    rule: str
    verdict: str
    code: str
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An item with every rule's word on it.

    Args:
        steps: in the order in which the rules rest on each other.
        unsupervised: why it is in no list and has no flag, whatever the rules say of it: ``out_of_scope``, or its
            state when it is not live; "" when it is supervised.
        sources: the remote records its fields come from.
    """

    item: TaskItem
    steps: tuple[Step, ...]
    now_ms: int
    unsupervised: str = ""
    sources: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainCase:
    """What the explanation of one item looks at.

    Args:
        zone: the organisation's, where those are who snooze.
        said: promises and snoozes, oldest first.
    """

    case: TaskCase
    verdict: TaskVerdict
    now_ms: int
    zone: str = ""
    said: Sequence[Act] = ()


def read_explanation(tx: Tx, uid: str, setting: Setting, *, past: bool = False) -> Explanation | None:
    """Give every rule's word on one task; None when there was no such task.

    Args:
        past: the moment is not now: what came later does not count.
    """
    rows = rows_back(tx, "task", list(hub.read(tx, "task", [uid]).values()), setting, past=past)
    if not rows:
        return None
    (judged,) = judge_tasks(tx, rows, setting)
    case = judged.context.case
    knobs = setting.knobs_of(judged.context.account, judged.context.project)
    verdict = evaluate_task(case, setting.calendars, now_ms=setting.now_ms, knobs=knobs)
    said = [act for act in acts.of(tx, "task", [uid], ["promise", "snooze"]) if act.at_ms <= setting.now_ms]
    moves = read_moves(tx, [uid], setting.now_ms).get(uid, [])
    zone = setting.knobs.zone
    steps = explain(ExplainCase(case=case, verdict=verdict, now_ms=setting.now_ms, zone=zone, said=said), moves)
    (item,) = task_items(tx, [judged], setting)
    return Explanation(
        item=item, steps=steps, now_ms=setting.now_ms, unsupervised=_left(tx, rows[0]), sources=item.sources
    )


def _left(tx: Tx, row: HubRow) -> str:
    """Give why a record is not supervised; "" when it is."""
    if row.state != "live":
        return row.state
    return "" if supervised(tx, "task", [row]) else OUT_OF_SCOPE


def explain(case: ExplainCase, moves: Sequence[BallMove] = ()) -> tuple[Step, ...]:
    """Give what each rule says of an item, in the order in which they rest on each other."""
    return tuple(_steps(case, moves))


def _steps(case: ExplainCase, moves: Sequence[BallMove]) -> Iterator[Step]:
    verdict, task = case.verdict, case.case.task
    ball = verdict.reasons[0]
    kind, inferred = kind_of(task)
    yield Step(rule="B1", verdict=kind, code="kind_inferred" if inferred else "kind_stated")
    since = _since(moves, verdict.ball)
    data: dict[str, Value] = {"field": ball.field, "value": ball.value, "since_ms": since}
    yield Step(rule="R1", verdict=verdict.ball, code=ball.code, data=data)
    yield Step(rule="R2", verdict=_yes(verdict.is_client_action), code="client_action")
    if not is_open(_text(task.get("status"))):
        yield Step(rule="R5", verdict="no", code="closed", data={"status": task.get("status")})
        return
    if verdict.due_eff is None:
        code = next((reason.code for reason in verdict.reasons if reason.rule == "R5"), "no_due")
        yield Step(rule="R5", verdict="no", code=code, data={"due": task.get("due")})
        return
    yield from _dated(case)
    yield from _quiet(case)


def _dated(case: ExplainCase) -> Iterator[Step]:
    """Say how the due day came about and what it means today."""
    verdict, task = case.verdict, case.case.task
    code = "calendar_provisional" if verdict.provisional else "calendar_known"
    yield Step(rule="R3", verdict=verdict.calendar, code=code)
    due = {"due": task.get("due"), "zone": verdict.zone, "instant_ms": verdict.due_instant_ms}
    yield Step(rule="R4", verdict=str(verdict.due_eff), code="due_day", data=due)
    for reason in verdict.reasons[1:]:
        if reason.rule in {"R3", "R4", "R6", "R7", "R8"} and reason.code != "calendar_provisional":
            yield Step(rule=reason.rule, verdict="", code=reason.code, data=reason.data)
    since = verdict.since.isoformat() if verdict.since else None
    yield Step(
        rule="R5", verdict=_yes(verdict.overdue), code=_standing(case), data={"since": since, "on": verdict.ball}
    )
    yield Step(rule="R8", verdict=str(verdict.obd), code="lateness", data={"days": verdict.obd})
    level = next((reason for reason in verdict.reasons if reason.rule == "R9"), None)
    if level is not None:
        yield Step(rule="R9", verdict=str(verdict.severity), code="severity", data=level.data)


def _standing(case: ExplainCase) -> str:
    """Give why it is or is not overdue now: past its last instant, only a pause that people agreed on keeps it back."""
    verdict = case.verdict
    if verdict.overdue or verdict.ball == "none":
        return "overdue" if verdict.overdue else "on_hold"
    past = verdict.due_instant_ms is not None and case.now_ms >= verdict.due_instant_ms
    return "paused_today" if past else "not_due"


def _quiet(case: ExplainCase) -> Iterator[Step]:
    """Say what keeps reminders back: a promise until its day is over where the item is due, a snooze where we are."""
    there, here = case.verdict.zone, case.zone
    for kind, name, zone in (("promise", "by", there), ("snooze", "until", here or there)):
        today = local_day(case.now_ms, zone_of([zone])[0])
        said = [act for act in case.said if act.kind == kind]
        day = _civil(said[-1].doc.get(name)) if said else None
        if day is None:
            continue
        held = "holds" if today <= day else "broken" if kind == "promise" else "over"
        data: dict[str, Value] = {"day": day.isoformat(), "who": said[-1].who, "at_ms": said[-1].at_ms}
        yield Step(rule="R9b", verdict=day.isoformat(), code=f"{kind}_{held}", data=data)


def _since(moves: Sequence[BallMove], holder: str) -> int | None:
    """Give the moment since which that side has had the ball without a break; None where it is not on record."""
    since: int | None = None
    for move in moves:
        if move.holder != holder:
            since = None
        elif since is None:
            since = move.at_ms
    return since


def _civil(value: Any) -> date | None:
    found = read_due(value)
    return found if isinstance(found, date) else None


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
