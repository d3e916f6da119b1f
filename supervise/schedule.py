"""What a project's records say of its dates: milestones and what they wait for, slips, whose days. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mapping.kinds import kind_of
from mapping.records import Value
from mapping.status import is_open
from store.hub import HubRow
from store.supervision import BallEvent
from supervise.ball import Holder
from supervise.baselines import named, whole_of
from supervise.calendar import Calendar
from supervise.change import extension_bd
from supervise.delay import Attribution, Tracked, attribute, due_steps
from supervise.forecast import Blocker, Habits, Milestone, forecast, habits_of
from supervise.health import LateItem, Slip
from supervise.history import BallMove
from supervise.material import Material, text
from supervise.papers import civil, civil_in
from supervise.people import as_finished, judged_at, last_holder
from supervise.reasons import Reason
from supervise.report import TaskItem
from supervise.stages import milestone_stage, stage_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneLine:
    """One milestone: first agreed, approved, expected, reached.

    Args:
        stage: where it is by the calendar: ``planned``, ``due``, ``missed``, ``achieved`` or ``reopened``.
        slip_bd: working days the forecast lies behind the approved day.
        extension_bd: working days by which approved changes moved it; None without both days.
        blockers: uids of what it waits for.
    """

    uid: str
    title: str
    baseline: date | None = None
    approved: date | None = None
    forecast: date | None = None
    slip_bd: int | None = None
    extension_bd: int | None = None
    stage: str = ""
    achieved_on: date | None = None
    blockers: tuple[str, ...] = ()
    critical: bool = False
    open: bool = True
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One move of the ball, with what it rests on.

    Args:
        source, record: connection and remote id of the item.
        evidence: status and due day at that moment, when and by whom the record had been changed, when we saw it.
        disputed: what the client says against it.
    """

    at_ms: int
    uid: str
    title: str
    holder: str
    cause: str
    source: str
    record: str
    evidence: str
    chain: str
    disputed: str = ""


def milestones_of(material: Material) -> list[tuple[HubRow, Milestone]]:
    """Give the project's milestones that were not called off, with what each waits for."""
    rows = [row for row in material.of_kind("milestone") if text(row.values, "status") != "cancelled"]
    waiting: dict[str, list[HubRow]] = {row.uid: [] for row in rows}
    for row in material.tasks:
        for uid in named(row.values.get("blocks"), rows) if row.values.get("blocks") else ():
            if uid != row.uid and text(row.values, "status") != "cancelled":
                waiting[uid].append(row)
    return [(row, _milestone(material, row, waiting[row.uid])) for row in rows]


def _milestone(material: Material, row: HubRow, waiting: Sequence[HubRow]) -> Milestone:
    first = material.baselines[0].dates.get(row.uid) if material.baselines else None
    newest = material.baselines[-1].dates.get(row.uid) if material.baselines else None
    baseline = first or civil(row.values.get("baseline_due")) or civil_in(row.values.get("due"), material)
    return Milestone(
        uid=row.uid,
        title=text(row.values, "title"),
        baseline_due=baseline,
        approved_due=newest or civil(row.values.get("approved_due")) or baseline,
        achieved_on=achieved_on(material, row),
        after_bd=whole_of(row.values.get("after_bd")) or 0,
        blockers=tuple(_blocker(material, each) for each in waiting),
    )


def achieved_on(material: Material, row: HubRow) -> date | None:
    """Give the day a task was finished; None while it is open, or where nobody knows."""
    if is_open(text(row.values, "status")):
        return None
    done = civil_in(row.values.get("done_at"), material)
    closed = [move.at_ms for move in material.moves.get(row.uid, ()) if not is_open(move.status)]
    return done or (material.day(closed[-1]) if closed else civil_in(row.values.get("due"), material))


def _blocker(material: Material, row: HubRow) -> Blocker:
    judged = material.judged.get(row.uid)
    due = civil_in(row.values.get("due"), material)
    last = last_holder(material, row.uid)
    side: Holder = judged.verdict.ball if judged is not None else last
    verdict = judged.verdict if judged is not None else as_finished(material, row, last)
    counted = verdict.due_eff if verdict is not None else None
    return Blocker(
        uid=row.uid,
        title=text(row.values, "title"),
        due_eff=counted if counted or judged is not None else (material.calendar.roll(due) if due else None),
        side=last if side == "none" else side,
        kind=kind_of(row.values)[0],
        remaining_bd=whole_of(row.values.get("remaining_bd")),
        open=judged is not None,
        done_on=achieved_on(material, row),
    )


def habits(material: Material) -> Habits:
    """Give how late each side's finished items of each kind usually were."""
    finished = []
    for row in material.tasks:
        due, done = civil_in(row.values.get("due"), material), achieved_on(material, row)
        if text(row.values, "status") == "done" and due is not None and done is not None:
            side = last_holder(material, row.uid)
            verdict = as_finished(material, row, side)
            late = verdict.obd if verdict is not None else material.calendar.bd(material.calendar.roll(due), done)
            finished.append((side, str(kind_of(row.values)[0]), late))
    return habits_of(finished)


def _behind(blocker: Blocker, today: date) -> bool:
    """Say whether the expectation of a blocker rests on what its side's items usually take."""
    return blocker.open and blocker.remaining_bd is None and blocker.due_eff is not None and blocker.due_eff < today


def milestone_lines(material: Material, found: Sequence[tuple[HubRow, Milestone]]) -> list[MilestoneLine]:
    """Give the milestones with forecast and slip, by approved day."""
    late = any(_behind(blocker, material.today) for _, milestone in found for blocker in milestone.blockers)
    usual = habits(material) if late else {}
    lines = []
    for row, milestone in found:
        calendar, agreed = material.calendar, milestone.agreed
        expected = forecast(milestone, calendar=calendar, today=material.today, habits=usual)
        due_on = calendar.roll(agreed) if agreed is not None else None
        lines.append(
            MilestoneLine(
                uid=row.uid, title=milestone.title, baseline=milestone.baseline_due, approved=agreed,
                stage=milestone_stage(stage_of("milestone", row.values), due_on, material.today),
                extension_bd=_extension(milestone, calendar),
                forecast=expected.day, slip_bd=expected.slip_bd, achieved_on=milestone.achieved_on,
                blockers=tuple(blocker.uid for blocker in milestone.blockers),
                critical=text(row.values, "priority") == "critical", open=is_open(text(row.values, "status")),
                reasons=expected.reasons,
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: (line.approved or date.max, line.title, line.uid))


def _extension(milestone: Milestone, calendar: Calendar) -> int | None:
    first, agreed = milestone.baseline_due, milestone.agreed
    return extension_bd(first, agreed, calendar) if first is not None and agreed is not None else None


def slips(lines: Sequence[MilestoneLine]) -> list[Slip]:
    """Give the open milestones' slips."""
    return [
        Slip(uid=line.uid, title=line.title, slip_bd=line.slip_bd, due=line.approved, critical=line.critical)
        for line in lines
        if line.open and line.slip_bd is not None
    ]


def late_items(material: Material, *, client: bool) -> list[LateItem] | None:
    """Give the open items of one side with their delay; None where the project has no items at all.

    A milestone is no item to be done: what it waits for is. An invitation to a survey presses nobody.
    """
    if not material.tasks:
        return None
    found = [material.judged[row.uid] for row in material.tasks if row.uid in material.judged]
    sides = ("client",) if client else ("vendor",)
    return [
        LateItem(
            uid=each.verdict.uid, title=text(each.context.row.values, "title"), obd=each.verdict.obd,
            blocking=each.context.case.blocks,
        )
        for each in found
        if each.verdict.ball in sides and kind_of(each.context.row.values)[0] not in ("milestone", "survey")
    ]  # fmt: skip


def attributions(material: Material, found: Sequence[tuple[HubRow, Milestone]]) -> dict[str, Attribution]:
    """Give whose days each milestone's delay is made of."""
    rows = {row.uid: row for row in material.tasks}
    out: dict[str, Attribution] = {}
    for row, milestone in found:
        tracked = [_tracked(material, rows[blocker.uid], blocker) for blocker in milestone.blockers]
        out[row.uid] = attribute(
            milestone, tracked, calendar=material.calendar, zone=material.zone, today=material.today,
            disputes=_disputes(material, [row.uid, *(blocker.uid for blocker in milestone.blockers)]),
        )  # fmt: skip
    return out


def _tracked(material: Material, row: HubRow, blocker: Blocker) -> Tracked:
    moves = material.moves.get(row.uid, ())
    knobs = material.setting.knobs
    steps = due_steps(
        moves, blocker.due_eff, calendar=material.calendar, zone=material.zone, knobs=knobs,
        counted=lambda part: _due_then(material, row, part),
    )  # fmt: skip
    return Tracked(
        blocker=blocker, moves=moves, dues=steps, pauses=material.pauses.get(row.uid, ()),
        notice_ms=_told_ms(material, row.uid),
    )  # fmt: skip


def _due_then(material: Material, row: HubRow, moves: Sequence[BallMove]) -> date | None:
    """Give the due day that counted until the last of those moves; None where nobody held the item before."""
    at_ms, before = moves[-1].at_ms, list(moves[:-1])
    while before and not is_open(before[-1].status):
        at_ms = before.pop().at_ms
    held = [move for move in before if move.holder != "none"]
    if not held or before[-1].due is None:
        return None
    return judged_at(material, row, held[-1].holder, at_ms, before, before[-1].due).due_eff


def _told_ms(material: Material, uid: str) -> int | None:
    """Give when its holder was first told that it is late; a draft, or a message of unknown fate, tells nobody."""
    told = (
        one.at_ms
        for one in material.notices.get(uid, ())
        if one.state == "sent" and one.data.get("audience") in ("assignee", "sponsor")
    )
    return min(told, default=None)


def _disputes(material: Material, uids: Sequence[str]) -> dict[date, str]:
    return {
        day: str(act.doc.get("text") or "")
        for uid in uids
        for act in material.said(uid, "dispute")
        if (day := civil(act.doc.get("entry")))
    }


def ledger(material: Material) -> list[LedgerLine]:
    """Give every move of the ball in the order it was written down."""
    lines = []
    for row in material.tasks:
        linked = next((f"{one.object}/{one.remote_id}" for one in material.sources.get(row.uid, ())), "")
        near = next((one.connection for one in material.sources.get(row.uid, ())), "")
        disputes = _disputes(material, [row.uid])
        lines += [
            (
                event.id or 0,
                LedgerLine(
                    at_ms=event.at_ms, uid=row.uid, title=text(row.values, "title"), holder=event.side,
                    cause=event.cause, source=str(event.data.get("source") or near),
                    record=str(event.data.get("record") or linked), evidence=_evidence(event), chain=event.chain,
                    disputed=disputes.get(material.day(event.at_ms), ""),
                ),
            )
            for event in material.events.get(row.uid, ())
        ]  # fmt: skip
    return [line for _, line in sorted(lines, key=lambda pair: (pair[0], pair[1].at_ms))]


def _evidence(event: BallEvent) -> str:
    """Give what a move rests on, as it was when it was seen: what became of the record since is no evidence of it."""
    parts: Mapping[str, Value] = {
        "event": event.id, "status": event.data.get("status"), "due": event.data.get("due"), "run": event.run_id,
        "remote_modified_ms": event.data.get("modified_ms"), "remote_modified_by": event.data.get("by"),
        "seen_ms": event.data.get("seen_ms"),
    }  # fmt: skip
    return " ".join(f"{name}={value}" for name, value in parts.items() if value not in (None, ""))


def with_blocks(items: Sequence[TaskItem], material: Material) -> tuple[TaskItem, ...]:
    """Give listed tasks with the titles of the milestones that wait for them."""
    milestones = material.of_kind("milestone")
    titles = {row.uid: text(row.values, "title") for row in milestones}
    blocks = {row.uid: row.values.get("blocks") for row in material.tasks if row.values.get("blocks")}
    return tuple(
        replace(item, blocks=tuple(titles[uid] for uid in named(blocks[item.uid], milestones)))
        if item.uid in blocks
        else item
        for item in items
    )
