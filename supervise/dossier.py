"""Everything there is to say about one project at a moment, composed from the rules; and a portfolio of projects.

What is read here is never written back. Each figure carries its reasons; ``sources`` of the project and of its items
say where each can be looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from mapping.records import Values
from store import hub, streams
from store.notices import WAITING, Notice
from store.tx import Tx
from supervise import feedback, papers, people, schedule
from supervise.assumptions import Assumption, assumptions
from supervise.cases import Setting, supervised, unusual
from supervise.change import Baseline, ChangeTotals, ChangeView, change_totals
from supervise.closing import AcceptanceView, ClosureGate, closure_gate
from supervise.delay import Attribution
from supervise.engagement import Engagement
from supervise.feedback import FeedbackLine
from supervise.health import Health, HealthCase, health, read_memory
from supervise.judging import ProjectTally, is_due_soon, louder, task_items
from supervise.lessons import Proposal, improvements, proposals
from supervise.lifecycle import Confidence
from supervise.material import Material, read_materials, text
from supervise.papers import civil
from supervise.people import ContactLine, MeetingLine
from supervise.projects import project_items
from supervise.readiness import Flagged
from supervise.report import ProjectItem, TaskItem, loudest_first
from supervise.risk import RiskView, rank_risks
from supervise.satisfaction import SatisfactionResult
from supervise.schedule import LedgerLine, MilestoneLine
from supervise.signing import SignOffView, charter_in_force, signed_of
from supervise.turns import Rounds, first_pass_share

__all__ = [
    "ContactLine", "DecisionLine", "Dossier", "FeedbackLine", "Freshness", "LedgerLine", "MeetingLine",
    "MilestoneLine", "Proposal", "Standing", "portfolio", "read_dossier",
]  # fmt: skip

HEALTH: Final = "health"
"""The key of a project's ``meta`` under which the last evaluations of its health are remembered."""
CHUNK: Final = 50
"""Projects read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How fresh what we know of a connection is."""

    connection: str
    last_ok_ms: int | None = None
    stale: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """A decision that waits: which, until when, for how many working days."""

    uid: str
    title: str
    due: date | None = None
    age_bd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a project stands, in the few words of a list.

    Args:
        signed, to_sign: mandatory signatures in force, and all of them.
        next_milestone: the open milestone that comes first.
    """

    project: ProjectItem
    health: Health
    engagement: Engagement
    flags: tuple[Flagged, ...] = ()
    signed: int = 0
    to_sign: int = 0
    next_milestone: MilestoneLine | None = None
    decisions: int = 0
    oldest_decision_bd: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One project at one moment.

    Args:
        values, account: the records themselves.
        client_items, our_items, third_items, on_hold: open tasks by whose move it is, loudest first.
        due_soon: client actions that fall due within the next days; undated: open tasks without a due date.
        rounds: how often deliverables and acceptances went to the client, and who had them how long.
        first_pass: the percentage of those that the client took the first time, and of how many.
        assumptions: what is taken for granted until somebody made sure of it.
        gate: what keeps the project from being closed.
        attribution: milestone uid -> whose days its delay is made of.
        ledger: every move of the ball, in the order it was written down.
        lessons, improvements: what was learnt, and the actions that answer it; proposals: what earlier lessons
            of this client suggest for this plan.
        internal: uids of the tasks and the feedback that are not for the client's eyes.
        knobs: those that differ from the defaults.
    """

    project: ProjectItem
    values: Values
    account: Values = field(default_factory=dict)
    account_name: str = ""
    freshness: tuple[Freshness, ...] = ()
    calendar: str = ""
    zone: str = ""
    now_ms: int = 0
    today: date = date.min
    contacts: tuple[ContactLine, ...] = ()
    client_items: tuple[TaskItem, ...] = ()
    our_items: tuple[TaskItem, ...] = ()
    third_items: tuple[TaskItem, ...] = ()
    on_hold: tuple[TaskItem, ...] = ()
    due_soon: tuple[TaskItem, ...] = ()
    undated: tuple[TaskItem, ...] = ()
    milestones: tuple[MilestoneLine, ...] = ()
    sign_offs: tuple[SignOffView, ...] = ()
    acceptance: tuple[AcceptanceView, ...] = ()
    rounds: tuple[Rounds, ...] = ()
    first_pass: tuple[Decimal | None, int] = (None, 0)
    gate: ClosureGate = field(default_factory=ClosureGate)
    risks: tuple[RiskView, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    changes: tuple[ChangeView, ...] = ()
    change_totals: ChangeTotals = field(default_factory=ChangeTotals)
    baselines: tuple[Baseline, ...] = ()
    meetings: tuple[MeetingLine, ...] = ()
    decisions: tuple[DecisionLine, ...] = ()
    feedback: tuple[FeedbackLine, ...] = ()
    satisfaction: SatisfactionResult = field(default_factory=SatisfactionResult)
    engagement: Engagement = field(default_factory=lambda: Engagement(index=None, parts=(), confidence="none"))
    health: Health = field(default_factory=lambda: Health(level="unknown", computed_today="unknown"))
    flags: tuple[Flagged, ...] = ()
    attribution: Mapping[str, Attribution] = field(default_factory=dict)
    ledger: tuple[LedgerLine, ...] = ()
    lessons: tuple[FeedbackLine, ...] = ()
    improvements: tuple[TaskItem, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    held_notices: tuple[Notice, ...] = ()
    internal: frozenset[str] = frozenset()
    knobs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def signed(self) -> tuple[int, int]:
        """Give the mandatory signatures in force, and all of them."""
        return signed_of(self.sign_offs)


def read_dossier(tx: Tx, uid: str, setting: Setting, *, past: bool = False) -> Dossier | None:
    """Give everything about one project; None when there is no such live project.

    Args:
        past: the setting's moment is not now: what was said, moved or typed later does not count.
    """
    found = read_materials(tx, [uid], setting, past=past)
    return compose(tx, found[0]) if found else None


def portfolio(
    tx: Tx, setting: Setting, *, uids: Sequence[str] | None = None, past: bool = False, chunk: int = CHUNK
) -> Iterator[Standing]:
    """Give how every live project stands, or those named, a chunk of them read at once."""
    for each in materials(tx, setting, uids=uids, past=past, chunk=chunk):
        yield standing(tx, each)


def materials(
    tx: Tx, setting: Setting, *, uids: Sequence[str] | None = None, past: bool = False, chunk: int = CHUNK
) -> Iterator[Material]:
    """Give the material of every live project, or of those named, in the order of their uids."""
    after = ""
    while True:
        where = {"uid": list(uids)} if uids is not None else {}
        rows = hub.select(tx, "project", where=where, fields=(), after=after, limit=chunk)
        kept = supervised(tx, "project", rows) if uids is None else rows
        yield from read_materials(tx, [row.uid for row in kept], setting, past=past)
        if len(rows) < chunk:
            return
        after = rows[-1].uid


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of one project's material."""

    signs: Sequence[SignOffView]
    changes: Sequence[ChangeView]
    risks: Sequence[RiskView]
    satisfaction: SatisfactionResult
    engagement: Engagement
    milestones: Sequence[MilestoneLine]
    flags: tuple[Flagged, ...]
    health: Health
    heard: Sequence[people.Heard]


def judge(material: Material) -> Judgement:
    """Let every rule speak that a list of projects needs."""
    events = people.heard(material)
    signs, changes = papers.sign_offs(material), papers.changes(material)
    risks, result = papers.risks(material), feedback.measured(material)
    taking_part = people.engaged(material, events)
    lines = schedule.milestone_lines(material, schedule.milestones_of(material))
    flags = people.lacking(material, events, charter=charter_in_force(signs))
    said = material.project.values.get("declared_health")
    case = HealthCase(
        uid=material.project.uid,
        today=material.today,
        slips=schedule.slips(lines),
        client_items=schedule.late_items(material, client=True),
        our_items=schedule.late_items(material, client=False),
        risks=risks,
        changes=changes,
        mood=feedback.mood(material, result),
        engagement=taking_part,
        declared=said if isinstance(said, str) else None,
        previous=read_memory(material.project.meta.get(HEALTH)),
        confidence=confidence_in(material),
    )
    judged = health(case, material.setting.knobs)
    return Judgement(signs, changes, risks, result, taking_part, lines, flags, judged, events)


def confidence_in(material: Material) -> Confidence:
    """Give how far what we know of a project can be trusted: as its claims agree, and as its records are fresh."""
    mine = [material.project.uid, *(row.uid for row in material.tasks)]
    known = {ref.connection for uid in mine for ref in material.sources.get(uid, ())}
    silent = known & material.setting.silent
    agreed = material.reconciled.verdicts["lifecycle"].confidence
    if silent and (silent == known or silent & set(material.setting.knobs.authority[:1])):
        return "low"
    return "medium" if silent and agreed == "high" else agreed


def standing(tx: Tx, material: Material, judged: Judgement | None = None) -> Standing:
    """Give how one project stands."""
    judged = judged or judge(material)
    totals = change_totals(judged.changes)
    signed, to_sign = signed_of(judged.signs)
    return Standing(
        project=_listed(tx, material),
        health=judged.health,
        engagement=judged.engagement,
        flags=judged.flags,
        signed=signed,
        to_sign=to_sign,
        next_milestone=next((line for line in judged.milestones if line.open), None),
        decisions=totals.undecided,
        oldest_decision_bd=totals.oldest_age_bd,
    )


def compose(tx: Tx, material: Material) -> Dossier:
    """Give everything about one project."""
    judged = judge(material)
    accepted, rounds = papers.acceptance(material), papers.rounds(material)
    milestones = schedule.milestones_of(material)
    answers = feedback.feedback_lines(material)
    items = _items(tx, material)
    account = material.account
    return Dossier(
        project=_listed(tx, material),
        values=material.project.values,
        account=account.values if account is not None else {},
        account_name=text(account.values, "name") if account is not None else "",
        freshness=freshness(tx, material.setting),
        calendar=material.calendar.name,
        zone=material.zone.key,
        now_ms=material.setting.now_ms,
        today=material.today,
        contacts=tuple(people.contact_lines(material, judged.heard)),
        client_items=tuple(item for item in items if item.ball == "client"),
        our_items=tuple(item for item in items if item.ball == "vendor"),
        third_items=tuple(item for item in items if item.ball == "third_party"),
        on_hold=tuple(item for item in items if item.ball == "none"),
        due_soon=tuple(item for item in items if is_due_soon(material.judged[item.uid].verdict)),
        undated=tuple(item for item in items if "no_due" in material.judged[item.uid].verdict.gaps),
        milestones=tuple(judged.milestones),
        sign_offs=tuple(judged.signs),
        acceptance=tuple(accepted),
        rounds=tuple(rounds),
        first_pass=first_pass_share(rounds),
        gate=closure_gate(papers.closure_case(material, accepted)),
        risks=(*rank_risks(judged.risks), *(view for view in judged.risks if not view.live)),
        assumptions=tuple(assumptions(material)),
        changes=tuple(judged.changes),
        change_totals=change_totals(judged.changes),
        baselines=tuple(material.baselines),
        meetings=tuple(people.meetings(material)),
        decisions=tuple(_decisions(material, judged.changes)),
        feedback=tuple(answers),
        satisfaction=judged.satisfaction,
        engagement=judged.engagement,
        health=judged.health,
        flags=judged.flags,
        attribution=schedule.attributions(material, milestones),
        ledger=tuple(schedule.ledger(material)),
        lessons=tuple(line for line in answers if line.kind == "lesson"),
        improvements=tuple(improvements(material, items)),
        proposals=tuple(proposals(tx, material)),
        held_notices=tuple(
            one for row in material.tasks for one in material.notices.get(row.uid, ()) if one.state in WAITING
        ),
        internal=frozenset(
            row.uid for row in (*material.tasks, *material.feedback) if row.values.get("internal") is True
        ),
        knobs=unusual(material.setting.knobs),
    )


def freshness(tx: Tx, setting: Setting) -> tuple[Freshness, ...]:
    """Give how fresh each connection is."""
    read: dict[str, int] = {}
    for stream in streams.all(tx):
        read[stream.connection] = max(read.get(stream.connection, 0), stream.updated_ms)
    return tuple(
        Freshness(
            connection=one.name, last_ok_ms=read.get(one.name) or None, stale=one.name in setting.stale,
            error=one.stopped_in("en") or "",
        )
        for one in streams.connections(tx)
    )  # fmt: skip


def _items(tx: Tx, material: Material) -> tuple[TaskItem, ...]:
    mine = [material.judged[row.uid] for row in material.tasks if row.uid in material.judged]
    items = sorted(task_items(tx, mine, material.setting), key=loudest_first)
    return schedule.with_blocks(items, material)


def _listed(tx: Tx, material: Material) -> ProjectItem:
    """Give the project as lists show it."""
    tally = ProjectTally()
    for row in material.tasks:
        judged = material.judged.get(row.uid)
        if judged is None:
            continue
        verdict = judged.verdict
        tally.client_open += verdict.is_client_action
        tally.client_overdue += verdict.overdue_client_action
        tally.ours_overdue += verdict.overdue and not verdict.is_client_action
        if verdict.overdue_client_action:
            tally.worst = louder(tally.worst, verdict.severity)
    return project_items(tx, [material.reconciled], material.setting, {material.project.uid: tally})[0]


def _decisions(material: Material, changes: Sequence[ChangeView]) -> Iterator[DecisionLine]:
    """Give the changes that wait for a decision, the oldest first."""
    dues = {row.uid: civil(row.values.get("due")) for row in material.tasks}
    waiting = sorted((view for view in changes if view.undecided), key=lambda view: (-(view.age_bd or 0), view.uid))
    for view in waiting:
        yield DecisionLine(uid=view.uid, title=view.title, due=dues.get(view.uid), age_bd=view.age_bd or 0)
