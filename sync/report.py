"""What a round says about itself: one line per thing done, kept, parked or refused, and why.

Commands print these, ``--json`` serialises them; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from mapping.errors import DubanError
from mapping.records import EntityKind, Value

LineAction = Literal[
    "match",  # two existing records are one entity
    "import",  # a remote record becomes a hub row
    "update",  # a hub row takes values of a remote
    "archive",  # a hub row follows a proven remote delete
    "revive",  # a deleted or archived hub row lives again
    "create",  # a record is made at a connection
    "patch",  # changed fields are written at a connection
    "delete",  # a record is soft-deleted at a connection
    "restore",  # a record is brought back at a connection
    "conflict",  # one field waits for a person
    "review",  # a record waits for a person
    "skip",  # nothing done, with the reason
    "stale",  # an approved step that is not done: its ground moved
]


STOPPING: Final = (5, 3, 6, 7)
"""Exit codes of what stops a connection, the weightiest first: rights, configuration, no answer, another writer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    field: str
    old: Value
    new: Value
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One intended or refused step.

    Args:
        connection: where it happens; "" for the hub itself.
        reason: a code of ``sync.reasons``; commands translate it.
        digest: same digest = same intent on the same ground; "" for lines that do nothing.
    """

    entity: EntityKind
    action: LineAction
    connection: str
    reason: str
    title: str = ""
    uid: str = ""
    object: str = ""
    remote_id: str = ""
    fields: tuple[FieldChange, ...] = ()
    digest: str = ""


@dataclass(slots=True, kw_only=True)
class ConnectionReport:
    """Tallies of one connection in one round.

    Args:
        starts: the remote's own automations that our writes ask for; None when the connector cannot say.
    """

    name: str
    mode: str
    pulled: int = 0
    gone: int = 0
    quarantined: int = 0
    backfilled: list[str] = field(default_factory=list)
    starts: list[str] | None = None
    calls: int = 0
    credits: int = 0
    error: str | None = None
    error_exit: int = 0


@dataclass(slots=True, kw_only=True)
class RunReport:
    """Everything a round has to tell.

    Args:
        kind: ``sync``, ``plan`` or ``apply``.
        counts: tallies by line action, plus ``applied``, ``refused``, ``unknown``, ``stale``, ``waiting``.
        lines: in plan order; long runs keep the first ``lines_kept`` and count the rest.
        guard: the rail that stopped the run: ``{"rail", "found", "limit", "allow"}``; None when none did.
        problems: what went wrong, a line each; ``problems_zh`` the same lines in Chinese.
        needs_person: open items after the round by kind: conflicts, reviews, quarantine, unknown, held.
        made_of: connection -> fingerprint of its settings and maps, and the organisation it is pinned to.
        plan: run whose plan an ``apply`` does.
        undo: what an undo was asked for (``sync.undoing.Ask``); None for every other run.
        held_run: run to apply for the steps that are held; "" for this one.
    """

    run_id: str
    kind: str
    started_ms: int
    ended_ms: int = 0
    exit_code: int = 0
    connections: dict[str, ConnectionReport] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    lines: list[PlanLine] = field(default_factory=list)
    lines_total: int = 0
    guard: Mapping[str, Any] | None = None
    problems: list[str] = field(default_factory=list)
    problems_zh: list[str] = field(default_factory=list)
    needs_person: dict[str, int] = field(default_factory=dict)
    made_of: dict[str, dict[str, str]] = field(default_factory=dict)
    plan: str = ""
    undo: dict[str, Any] | None = None
    held_run: str = ""

    def tally(self, name: str, by: int = 1) -> None:
        """Count *by* more of *name*."""
        self.counts[name] = self.counts.get(name, 0) + by

    def note(self, error: DubanError) -> None:
        """Keep what went wrong, in both languages."""
        self.problems.append(error.text("en"))
        self.problems_zh.append(error.text("zh"))

    def problems_in(self, language: str) -> list[str]:
        """Give what went wrong in a language; a run of an older program knows English only."""
        spoken = self.problems_zh if language == "zh" else self.problems
        return spoken if len(spoken) == len(self.problems) else self.problems

    def told_in(self, language: str) -> list[str]:
        """Give what went wrong, and what stopped a connection where that was not noted; each names its connection."""
        told = list(self.problems_in(language))
        for one in self.connections.values():
            if one.error and one.error not in self.problems:
                named = one.error.startswith((f"{one.name}: ", f"{one.name} "))
                told.append(one.error if named else f"{one.name}: {one.error}")
        return told


_REPORT = tuple(field.name for field in fields(RunReport) if field.name not in ("connections", "lines"))
_TALLY = tuple(field.name for field in fields(ConnectionReport))
_LINE = tuple(field.name for field in fields(PlanLine))
_CHANGE = tuple(field.name for field in fields(FieldChange))


def shown_line(line: PlanLine) -> dict[str, Any]:
    """Give a line as a document; the same as ``asdict`` without copying every value on the way."""
    shown = {name: getattr(line, name) for name in _LINE}
    shown["fields"] = [{name: getattr(change, name) for name in _CHANGE} for change in line.fields]
    return shown


def summary(report: RunReport) -> dict[str, Any]:
    """Give a report without its lines as a document; every idle round writes one, so nothing is copied on the way."""
    shown = {name: getattr(report, name) for name in _REPORT}
    shown["connections"] = {
        name: {part: getattr(tally, part) for part in _TALLY} for name, tally in report.connections.items()
    }
    return shown
