"""What supervision tells its readers: commands print it, ``--json`` serialises it, reports and pages render it.

Civil days are ISO text here, so that the same report gives the same bytes everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mapping.records import Value
from supervise.ball import Holder
from supervise.lifecycle import Confidence, Outcome
from supervise.reasons import Reason
from supervise.severity import Severity


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Where a statement can be looked up: the record at a connection and when it last changed there."""

    connection: str
    object: str
    remote_id: str
    modified_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskItem:
    """One listed task.

    Args:
        due: as typed in the CRM; ``due_eff``: as it counts.
        owner: who minds it on our side.
        kind: of the task; blocks: titles of the milestones that wait for it; internal: not for the client's eyes.
        zone, calendar: its days are reckoned by; paused: a pause that people agreed on covers this day.
        sources: the linked records.
        evidence: what each statement rests on.
    """

    uid: str
    title: str
    project: str = ""
    project_uid: str = ""
    account: str = ""
    contact: str = ""
    owner: str = ""
    due: Value = None
    due_eff: str | None = None
    zone: str = ""
    obd: int = 0
    since: str | None = None
    severity: Severity | None = None
    ball: Holder = "none"
    provisional: bool = False
    kind: str = "action"
    blocks: tuple[str, ...] = ()
    internal: bool = False
    calendar: str = ""
    paused: bool = False
    sources: tuple[SourceRef, ...] = ()
    evidence: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """What one connection says about a project field."""

    connection: str
    value: str
    seen_ms: int
    remote_ms: int | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectItem:
    """Where one project stands.

    Args:
        lifecycle: the hub's value.
        computed: what the claims would make of it; another one under an override or before a round wrote it.
        claims: connection -> the lifecycle it states; ``statements`` has the same with times.
        flags: what a reader must know: the outcome when it is none of the quiet ones.
        disagree: the hub and the sources do not all say the same.
        client_open, client_overdue, ours_overdue: counts of tasks.
        worst: the loudest overdue client action.
    """

    uid: str
    name: str
    code: str = ""
    account: str = ""
    pm: str = ""
    lifecycle: str | None = None
    computed: str | None = None
    outcome: Outcome = "agreed"
    confidence: Confidence = "high"
    disagree: bool = False
    needs_person: bool = False
    claims: Mapping[str, str] = field(default_factory=dict)
    statements: tuple[ClaimView, ...] = ()
    flags: tuple[str, ...] = ()
    client_open: int = 0
    client_overdue: int = 0
    ours_overdue: int = 0
    worst: Severity | None = None
    health: str | None = None
    evidence: tuple[Reason, ...] = ()
    sources: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """One project with everything that is open on it."""

    project: ProjectItem
    overdue: tuple[TaskItem, ...] = ()
    ours: tuple[TaskItem, ...] = ()
    client_open: tuple[TaskItem, ...] = ()
    undated: tuple[TaskItem, ...] = ()
    now_ms: int = 0
    zone: str = ""


@dataclass(slots=True, kw_only=True)
class SupervisionReport:
    """What one look at all tasks and projects found.

    Args:
        overdue: overdue client actions, loudest first; a long list keeps the first, ``counts["overdue"]`` has all.
        ours: overdue items whose move is ours or a third party's, for the list is symmetrical.
        due_soon: client actions that are due within the next working days (never synced).
        disagreements: projects on which the hub and the sources do not all say the same.
        counts: totals by name: ``tasks``, ``open``, ``client_actions``, ``overdue``, ``ours_overdue``, ``due_soon``,
            ``provisional``, ``no_due``, ``no_owner``, ``S1`` to ``S4``, ``projects``, ``disagreements``,
            ``flags_raised``, ``flags_moved``, ``flags_cleared``, ``lifecycle_set``, ``health_set``, ``reviews_opened``.
        changed: rows of the hub this round wrote.
        stale: connections that were not heard lately.
        knobs: the knobs that differ from the defaults.
    """

    run_id: str
    now_ms: int
    zone: str
    overdue: list[TaskItem] = field(default_factory=list)
    ours: list[TaskItem] = field(default_factory=list)
    due_soon: list[TaskItem] = field(default_factory=list)
    disagreements: list[ProjectItem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    stale: tuple[str, ...] = ()
    knobs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def no_due(self) -> int:
        """Count open tasks without a due date."""
        return self.counts.get("no_due", 0)

    @property
    def no_owner(self) -> int:
        """Count open tasks nobody minds on our side."""
        return self.counts.get("no_owner", 0)

    def tally(self, name: str, by: int = 1) -> None:
        """Count *by* more of *name*."""
        self.counts[name] = self.counts.get(name, 0) + by

    def as_dict(self) -> dict[str, Any]:
        """Give the report as plain JSON values."""
        return {"schema": 1, **asdict(self), "no_due": self.no_due, "no_owner": self.no_owner}


_RANK = {None: 0, "S0": 0, "S1": 1, "S2": 2, "S3": 3, "S4": 4}


Loudness = tuple[int, int, str, str, str]


def loudness(severity: Severity | None, obd: int, due_eff: str | None, title: str, uid: str) -> Loudness:
    """Give the place in a list of tasks, loudest first: severity, days, due day, then title."""
    return (-_RANK[severity], -obd, due_eff or "9999", title, uid)


def loudest_first(item: TaskItem) -> Loudness:
    """Give the sort key of a listed task."""
    return loudness(item.severity, item.obd, item.due_eff, item.title, item.uid)
