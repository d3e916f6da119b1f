"""Writes what one chunk of a round wants: hub changes with their marks and journal entries, moves of the ball."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from mapping.records import EntityKind, Value
from store import hub, journal, supervision
from store.hub import HubChange, HubRow
from store.journal import Entry
from store.supervision import BallEvent
from store.tx import Tx
from supervise.cases import Setting
from supervise.report import SupervisionReport

SALT_BYTES: Final = 32


@dataclass(slots=True)
class Chunk:
    """What one chunk wants written."""

    entity: EntityKind
    changes: list[HubChange] = field(default_factory=list)
    dirty: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    events: list[BallEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes chunks and counts in the report what was written."""

    report: SupervisionReport
    setting: Setting
    random_bytes: Callable[[int], bytes]

    def change(
        self, chunk: Chunk, row: HubRow, values: dict[str, Value], cause: str, meta: dict[str, Any] | None = None
    ) -> None:
        """Want values of a row changed by rule; *cause* says by which."""
        chunk.changes.append(HubChange(row.uid, row.rev, values, meta=meta))
        chunk.dirty.append(row.uid)
        said = {name: [row.values.get(name), value] for name, value in values.items()}
        run_id, now_ms = self.report.run_id, self.setting.now_ms
        chunk.entries.append(
            Entry(run_id, now_ms, "supervise", chunk.entity, row.uid, who="rule", changes=said, cause=cause)
        )

    def store(self, tx: Tx, chunk: Chunk) -> None:
        """Write a chunk; a row that somebody edited in between is judged again next round."""
        now_ms = self.setting.now_ms
        stale = set(hub.update(tx, chunk.entity, chunk.changes, now_ms)) if chunk.changes else set()
        self.report.changed += len(chunk.dirty) - len(stale & set(chunk.dirty))
        supervision.append_ball_events(tx, chunk.events)
        hub.mark_dirty(tx, chunk.entity, [uid for uid in chunk.dirty if uid not in stale], "rule", now_ms)
        entries = [entry for entry in chunk.entries if entry.uid not in stale]
        if entries:
            journal.append(tx, entries, self.random_bytes(SALT_BYTES))
