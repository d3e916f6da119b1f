"""What one run did, record by record, as the journal tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mapping.records import EntityKind, Value

_KINDS = frozenset({"insert", "update", "create", "delete", "restore"})


@dataclass(frozen=True, slots=True)
class Wrote:
    """One value that the run wrote at a connection.

    Args:
        old, new: in that connection's own words.
        hub: [old, new] of the hub; None when hub and connection had not agreed before, so that the hub stood still;
            the empty tuple when the hub says it in the same words.
    """

    old: Value
    new: Value
    hub: tuple[Value, ...] | None = ()


@dataclass(slots=True)
class FieldPast:
    """One field: what the run did to it in the hub, and at each connection."""

    hub: tuple[Value, Value] | None = None
    wrote: dict[str, Wrote] = field(default_factory=dict)


@dataclass(slots=True)
class RecordPast:
    """Everything one run did to one record.

    Args:
        inserted: the run took it into the hub.
        state: of the hub row before (None when nobody wrote that down) and after.
        created, deleted, restored: connections where it made, deleted, brought back a record.
        last_seq: the newest entry of the run about it.
    """

    entity: EntityKind
    uid: str
    inserted: bool = False
    state: tuple[str | None, str] | None = None
    fields: dict[str, FieldPast] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    restored: set[str] = field(default_factory=set)
    last_seq: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One journal entry, free of the store (see ``store.journal.Entry``); ``write`` when it tells of a connection."""

    seq: int
    kind: str
    entity: EntityKind
    uid: str
    connection: str
    changes: Mapping[str, list[Any]]
    write: bool


def past_of(entries: Iterable[Told]) -> dict[tuple[EntityKind, str], RecordPast]:
    """Gather the entries of one run by record; of several changes of one field the first old and the last new count."""
    out: dict[tuple[EntityKind, str], RecordPast] = {}
    for entry in entries:
        if not entry.uid or entry.kind not in _KINDS:
            continue
        past = out.setdefault((entry.entity, entry.uid), RecordPast(entry.entity, entry.uid))
        past.last_seq = max(past.last_seq, entry.seq)
        if not entry.write:
            _hub(past, entry)
        elif entry.kind == "update":
            _wrote(past, entry)
        else:
            {"create": past.created, "delete": past.deleted, "restore": past.restored}[entry.kind].add(entry.connection)
    return out


def _hub(past: RecordPast, entry: Told) -> None:
    past.inserted |= entry.kind == "insert"
    for name, change in entry.changes.items():
        old, new = change[0], change[1]
        if name == "state":
            past.state = (past.state[0] if past.state else old, new)
            continue
        one = past.fields.setdefault(name, FieldPast())
        one.hub = (one.hub[0] if one.hub else old, new)


def _wrote(past: RecordPast, entry: Told) -> None:
    for name, change in entry.changes.items():
        said = change[2] if len(change) > 2 else ()
        hub = None if said is None else tuple(said)
        one = past.fields.setdefault(name, FieldPast())
        before = one.wrote.get(entry.connection)
        if before is None:
            one.wrote[entry.connection] = Wrote(change[0], change[1], hub)
        else:
            one.wrote[entry.connection] = Wrote(before.old, change[1], before.hub)
