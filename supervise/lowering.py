"""Lowers the flags of what is not supervised any more: deleted, archived, merged, or outside every scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mapping.records import Value
from store import supervision
from store.hub import HubChange, HubRow
from store.journal import Entry
from store.supervision import Flag
from store.tx import Tx
from supervise.cases import Setting
from supervise.recording import Chunk

OUT_OF_SCOPE: Final = "out_of_scope"
REMOVED: Final = "removed"
_SHOWN: Final = ("overdue_since", "severity")


@dataclass(frozen=True, slots=True)
class Lowered:
    """What falls with one record.

    Args:
        why: how it left: its state, ``out_of_scope``, or ``removed`` when the row itself is gone.
        values: what is cleared in the row.
        rules: of the flags that fall.
        told: what the journal says.
    """

    uid: str
    why: str
    values: Mapping[str, Value]
    rules: tuple[str, ...]
    told: Mapping[str, list[Value]]


def lowered(uid: str, row: HubRow | None, flags: Sequence[Flag]) -> Lowered | None:
    """Give what falls with a record that is not supervised any more; None when nothing stands.

    Args:
        row: None when the row is gone; one that is live has left every scope.
        flags: those of it that hold.
    """
    values = row.values if row is not None else {}
    cleared: dict[str, Value] = {name: None for name in _SHOWN if values.get(name) is not None}
    if not cleared and not flags:
        return None
    why = REMOVED if row is None else OUT_OF_SCOPE if row.state == "live" else row.state
    told = {name: [values[name], None] for name in cleared}
    told |= {f"flag {flag.rule}": [flag.severity or None, None] for flag in flags}
    return Lowered(uid, why, cleared, tuple(flag.rule for flag in flags), told)


def lower(
    tx: Tx, entity: Literal["task", "project"], uids: Sequence[str], rows: Mapping[str, HubRow], setting: Setting,
    chunk: Chunk, run_id: str,
) -> list[Lowered]:  # fmt: skip
    """Lower the flags of those records and put into *chunk* what becomes of their rows, with the reason.

    A row that is deleted or archived is not put on the list of those to look at: nothing of it goes out any more.
    """
    standing: dict[str, list[Flag]] = {}
    for flag in supervision.flags(tx, entity, uids):
        standing.setdefault(flag.uid, []).append(flag)
    found = [lowered(uid, rows.get(uid), standing.get(uid, ())) for uid in sorted(uids)]
    fallen = [each for each in found if each is not None]
    for each in fallen:
        for rule in each.rules:
            supervision.clear_flag(tx, entity, each.uid, rule, setting.now_ms)
        row = rows.get(each.uid)
        if row is not None and each.values:
            chunk.changes.append(HubChange(row.uid, row.rev, dict(each.values)))
            chunk.dirty.extend([row.uid] if row.state == "live" else [])
        chunk.entries.append(_entry(entity, each, setting.now_ms, run_id))
    return fallen


def _entry(entity: Literal["task", "project"], each: Lowered, now_ms: int, run_id: str) -> Entry:
    return Entry(run_id, now_ms, "supervise", entity, each.uid, who="rule", changes=dict(each.told), cause=each.why)
