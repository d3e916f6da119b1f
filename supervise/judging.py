"""Judges a chunk of tasks and gathers what the reader is shown; reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mapping.kinds import kind_of
from mapping.records import Value
from mapping.status import is_open
from store.hub import HubRow
from store.tx import Tx
from supervise.ball import ball_of
from supervise.cases import Setting, TaskContext, read_moves, read_tasks, sources_of, unusual
from supervise.due import local_day, zone_of
from supervise.history import BallMove
from supervise.pauses import Pause
from supervise.report import Loudness, SupervisionReport, TaskItem, loudest_first, loudness
from supervise.severity import Severity
from supervise.told import told_of
from supervise.verdict import TaskVerdict, evaluate_task

CHUNK: Final = 2000
LISTED: Final = 1000
"""How many tasks a list keeps; the counts have all."""
ListName = Literal["", "overdue", "ours", "due_soon"]
"""A list of the report by its field; the three never share a task."""
LISTS: Final[tuple[ListName, ...]] = ("overdue", "ours", "due_soon")


@dataclass(frozen=True, slots=True)
class Judged:
    """One task with its verdict, and the ball's move that this look is the first to see."""

    context: TaskContext
    verdict: TaskVerdict
    move: BallMove | None


@dataclass(slots=True)
class ProjectTally:
    """Counts of one project's tasks."""

    client_open: int = 0
    client_overdue: int = 0
    ours_overdue: int = 0
    worst: Severity | None = None

    def add(self, listed: ListName, severity: Severity | None, *, client: bool) -> None:
        """Count one task."""
        self.client_open += client
        self.client_overdue += listed == "overdue"
        self.ours_overdue += listed == "ours"
        if listed == "overdue":
            self.worst = louder(self.worst, severity)


def blank_report(setting: Setting, run_id: str = "") -> SupervisionReport:
    """Give a report that says what it rests on and nothing yet of what was found."""
    return SupervisionReport(
        run_id=run_id, now_ms=setting.now_ms, zone=setting.knobs.zone, stale=tuple(sorted(setting.stale)),
        knobs=unusual(setting.knobs),
    )  # fmt: skip


def judge_tasks(
    tx: Tx,
    rows: Sequence[HubRow],
    setting: Setting,
    *,
    whole: bool = False,
    known: Mapping[str, Sequence[BallMove]] | None = None,
) -> list[Judged]:
    """Judge those rows at the setting's moment.

    Args:
        known: the ball's history of at least those tasks up to that moment, where the caller has read it.
        whole: count what was seen later too: a round knows all that was ever seen, also when the clock went back.
    """
    until_ms = None if whole else setting.now_ms
    moves = known if known is not None else read_moves(tx, [row.uid for row in rows], until_ms)
    fresh = {row.uid: fresh_move(row, moves.get(row.uid, ()), setting.now_ms) for row in rows}
    told = {row.uid: _with(moves.get(row.uid, ()), fresh[row.uid]) for row in rows}
    out: list[Judged] = []
    for context in read_tasks(tx, rows, told, until_ms):
        knobs = setting.knobs_of(context.account, context.project)
        verdict = evaluate_task(context.case, setting.calendars, now_ms=setting.now_ms, knobs=knobs, explain=False)
        out.append(Judged(context, verdict, fresh[context.row.uid]))
    return out


def fresh_move(row: HubRow, moves: Sequence[BallMove], now_ms: int) -> BallMove | None:
    """Give the move that is not in the history yet: another holder, opened or closed since, closed otherwise, or due
    on another day.

    A new due day is kept while the item is open, so that lateness under the old one stays what it was.
    It is dated by the record it came from, where that says when it was changed (R6: what nobody saw over a weekend
    happened then all the same); never later than now, and never before the move before it.
    """
    holder = ball_of(row.uid, row.values).holder
    status = _text(row.values.get("status"))
    last, due = moves[-1] if moves else None, row.values.get("due")
    same = last is not None and last.holder == holder and is_open(last.status) == is_open(status)
    if last is not None and same and (last.due == due if is_open(status) else last.status == status):
        return None
    told = told_of(row, now_ms)
    if told is not None:
        return BallMove(told.moment(last.at_ms if last else None), holder, status, due)
    return BallMove(max(now_ms, last.at_ms) if last else now_ms, holder, status, due)


@dataclass(slots=True)
class Gathering:
    """Counts and lists while the chunks pass by.

    Args:
        listed: how many items a list keeps; None keeps all.
    """

    report: SupervisionReport
    setting: Setting
    listed: int | None = LISTED
    tallies: dict[str, ProjectTally] = field(default_factory=lambda: defaultdict(ProjectTally))

    def add(self, tx: Tx, judged: Sequence[Judged]) -> None:
        """Count a chunk and keep its loudest items."""
        for each in judged:
            self._count(each)
        for name in LISTS:
            self._keep(tx, getattr(self.report, name), [each for each in judged if list_of(each.verdict) == name])

    def _keep(self, tx: Tx, items: list[TaskItem], found: list[Judged]) -> None:
        """Take into a list what is loud enough for it; only that is looked up and explained."""
        if len(items) == self.listed and items:
            least = loudest_first(items[-1])
            found = [each for each in found if _loudness(each) < least]
        if found:
            items.extend(task_items(tx, sorted(found, key=_loudness)[: self.listed], self.setting))
            items.sort(key=loudest_first)
            items[:] = items[: self.listed]

    def _count(self, each: Judged) -> None:
        verdict = each.verdict
        for name in counted_as(verdict):
            self.report.tally(name)
        project = each.context.project
        if project is not None:
            self.tallies[project.uid].add(list_of(verdict), verdict.severity, client=verdict.is_client_action)


def counted_as(verdict: TaskVerdict) -> tuple[str, ...]:
    """Give the names of the counts that an open task adds one to."""
    listed = list_of(verdict)
    names = ["tasks", "open", *verdict.gaps]
    if verdict.provisional:
        names.append("provisional")
    if verdict.is_client_action:
        names.append("client_actions")
    if listed:
        names.append("ours_overdue" if listed == "ours" else listed)
    if listed == "overdue":
        names.append(str(verdict.severity))
    return tuple(names)


def list_of(verdict: TaskVerdict) -> ListName:
    """Give the list an open task stands in."""
    if verdict.overdue:
        return "overdue" if verdict.is_client_action else "ours"
    return "due_soon" if is_due_soon(verdict) else ""


def louder(one: Severity | None, other: Severity | None) -> Severity | None:
    """Give the louder of two levels; None is silence."""
    return one if (one or "") >= (other or "") else other


def is_due_soon(verdict: TaskVerdict) -> bool:
    """Say whether it is a client action that falls due within the next days."""
    return verdict.is_client_action and verdict.severity == "S0"


def task_items(tx: Tx, judged: Sequence[Judged], setting: Setting) -> list[TaskItem]:
    """Give the listed form of judged tasks, with the evidence and where each can be looked up."""
    sources = sources_of(tx, "task", [each.context.row.uid for each in judged])
    return [
        _item(each, _explained(each, setting), sources.get(each.context.row.uid, ()), setting.now_ms) for each in judged
    ]


def _explained(each: Judged, setting: Setting) -> TaskVerdict:
    knobs = setting.knobs_of(each.context.account, each.context.project)
    return evaluate_task(each.context.case, setting.calendars, now_ms=setting.now_ms, knobs=knobs)


def _loudness(each: Judged) -> Loudness:
    verdict = each.verdict
    due_eff = verdict.due_eff.isoformat() if verdict.due_eff else None
    return loudness(verdict.severity, verdict.obd, due_eff, name_of(each.context.row, "title"), verdict.uid)


def _item(each: Judged, verdict: TaskVerdict, sources: Any, now_ms: int) -> TaskItem:
    context = each.context
    return TaskItem(
        uid=verdict.uid,
        title=name_of(context.row, "title"),
        project=name_of(context.project, "name"),
        project_uid=context.project.uid if context.project else "",
        account=name_of(context.account, "name"),
        contact=name_of(context.contact, "name"),
        owner=_text(context.row.values.get("owner")),
        due=context.row.values.get("due"),
        due_eff=verdict.due_eff.isoformat() if verdict.due_eff else None,
        zone=verdict.zone,
        obd=verdict.obd,
        since=verdict.since.isoformat() if verdict.since else None,
        severity=verdict.severity,
        ball=verdict.ball,
        provisional=verdict.provisional,
        kind=kind_of(context.row.values)[0],
        internal=context.row.values.get("internal") is True,
        calendar=verdict.calendar,
        paused=_on_hold(context.case.pauses, verdict, now_ms),
        sources=sources,
        evidence=verdict.reasons,
    )


def _on_hold(pauses: Sequence[Pause], verdict: TaskVerdict, now_ms: int) -> bool:
    if verdict.overdue or not verdict.zone:
        return False
    today = local_day(now_ms, zone_of([verdict.zone])[0])
    return any(pause.covers(today) for pause in pauses)


def name_of(row: HubRow | None, name: str) -> str:
    """Give what a person knows the row by; "" when there is none."""
    return _text(row.values.get(name)) if row is not None else ""


def _with(moves: Sequence[BallMove], fresh: BallMove | None) -> Sequence[BallMove]:
    return moves if fresh is None else [*moves, fresh]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
