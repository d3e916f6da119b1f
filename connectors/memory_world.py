"""A little remote system in memory: its records, their whole history, its people, its moods.

It is the truth that the memory connector talks to. Tests plant, edit and remove records as people do, ask it to be
slow or to lose an answer, and afterwards compare what it holds with what was meant.
"""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.base import FieldSchema, ObjectSchema, RemoteUser
from mapping.ports import Clock
from mapping.records import FIELDS, EntityKind, HubField

OBJECTS: Mapping[EntityKind, str] = {
    "account": "accounts", "contact": "contacts", "project": "projects",
    "task": "tasks", "feedback": "feedbacks", "comment": "comments",
}  # fmt: skip

FaultKind = Literal[
    "lost_after",  # the call is applied, then its answer is lost
    "lost_before",  # the call is never applied, and nobody can tell
    "hang",  # like lost_before, and a whole deadline passes
    "refuse", "busy", "gone", "stale",  # what a row of a write is told
    "transient",  # the call did not happen
    "later",  # the call did not happen, and the answer says when to come again
    "twice",  # a write is delivered twice; the answer is the second one's
    "half",  # the answer of a write leaves out every other row
    "reordered",  # the answer of a write names its rows in another order
    "unreadable",  # one record of a listing cannot be read
    "auth", "operator",  # the credentials or the rights are refused
    "malformed",  # a listing that is not one
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A record as it stood from *at_ms* on."""

    at_ms: int
    values: Mapping[str, Any]
    version: int
    modified_ms: int
    modified_by: str
    deleted: bool = False


@dataclass(slots=True)
class Row:
    """One record with its history, oldest first."""

    id: str
    created_ms: int
    created_by: str
    history: list[Snapshot]
    locked: bool = False

    @property
    def now(self) -> Snapshot:
        return self.history[-1]

    def at(self, at_ms: int) -> Snapshot | None:
        """Give the record as it stood then, None when it did not exist yet."""
        if self.history[-1].at_ms <= at_ms:
            return self.history[-1]
        return next((shot for shot in reversed(self.history) if shot.at_ms <= at_ms), None)


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the system saw it."""

    at_ms: int
    name: str
    object: str
    mutating: bool = False
    rows: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True, kw_only=True)
class Fault:
    """A mood: what happens to the *nth* matching call and the *times* - 1 after it (None = for ever).

    Args:
        call: name of the connector's method; "" for any.
        match: values a row must carry (``id`` is its remote id); a write is hit when one of its rows does.
    """

    kind: FaultKind
    call: str = "write"
    object: str | None = None
    match: Mapping[str, Any] = field(default_factory=dict)
    nth: int = 1
    times: int | None = 1
    seen: int = 0

    def meant(self, call: Call) -> bool:
        """Say whether *call* is of the kind that this fault waits for."""
        if self.call and self.call != call.name:
            return False
        if self.object not in (None, call.object):
            return False
        return not self.match or any(self.hits(row) for row in call.rows)

    def hits(self, row: Mapping[str, Any]) -> bool:
        """Say whether a row carries every value this fault looks for."""
        return all(row.get(name) == value for name, value in self.match.items())

    def due(self) -> bool:
        """Count one more matching call and say whether it is struck."""
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


class Refusal(Exception):
    """The system does not want this change; *outcome* and *code* say why, *holder* who has the unique value."""

    def __init__(self, outcome: Literal["refused", "busy", "gone", "duplicate"], code: str, holder: str | None = None):
        super().__init__(code)
        self.outcome = outcome
        self.code = code
        self.holder = holder


class MemoryWorld:
    """The truth of one memory system; several connectors may share it.

    Args:
        clock: the system's clock; ``skew_ms`` sets it apart from everybody else's.
        granularity_ms: step of modified and created times.
        list_lag_s, search_lag_s: how long a change stays invisible in pulls, and in find and find_created.
        unique_key: fields of type ``key`` are unique.
        objects: schemas by object name; by default one object per entity with the hub's own field names.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        granularity_ms: int = 1000,
        list_lag_s: float = 0.0,
        search_lag_s: float = 0.0,
        skew_ms: int = 0,
        unique_key: bool = True,
        deleted_feed: bool = True,
        record_version: bool = True,
        created_by_filter: bool = True,
        org_id: str = "memory-1",
        zone: str = "Asia/Shanghai",
        objects: Mapping[str, ObjectSchema] | None = None,
    ) -> None:
        self.clock = clock
        self.granularity_ms = granularity_ms
        self.list_lag_s = list_lag_s
        self.search_lag_s = search_lag_s
        self.skew_ms = skew_ms
        self.unique_key = unique_key
        self.deleted_feed = deleted_feed
        self.record_version = record_version
        self.created_by_filter = created_by_filter
        self.org_id = org_id
        self.zone = zone
        self.schemas = dict(default_schemas(unique_key) if objects is None else objects)
        self.users: list[RemoteUser] = [
            RemoteUser(id="u-duban", name="duban", email="duban@vendor.example"),
            RemoteUser(id="u-1", name="王莉", email="wang@vendor.example"),
            RemoteUser(id="u-2", name="Ana Costa", email="ana@vendor.example"),
            RemoteUser(id="u-3", name="赵离职", email="zhao@vendor.example", active=False),
        ]
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in self.schemas}
        self.ids: dict[str, list[str]] = {name: [] for name in self.schemas}
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.on_call: Callable[[str, Call], None] | None = None
        self.lock = threading.RLock()
        self._next_id = 0
        self._taken: dict[tuple[str, str, Any], str] = {}
        self._hidden: set[tuple[str, str]] = set()
        self._shapes: dict[tuple[str, str], Callable[[Any], Any]] = {}

    # What people do.

    def plant(self, object: str, values: Mapping[str, Any], *, by: str = "u-1", id: str | None = None) -> str:
        """Create a record as a person and give its id."""
        with self.lock:
            return self.create(object, values, by, id=id)

    def edit(self, object: str, id: str, values: Mapping[str, Any], *, by: str = "u-1") -> None:
        """Change some fields of a record as a person."""
        with self.lock:
            self.update(object, id, values, by)

    def remove(self, object: str, id: str, *, by: str = "u-1") -> None:
        """Move a record to the bin as a person."""
        with self.lock:
            self.delete(object, id, by)

    def revive(self, object: str, id: str, *, by: str = "u-1") -> None:
        """Take a record back out of the bin as a person."""
        with self.lock:
            self.restore(object, id, by)

    def lock_record(self, object: str, id: str, locked: bool = True) -> None:
        """Make writes to a record answer ``busy``, or stop that."""
        self.rows[object][id].locked = locked

    # What the administrator and the weather do.

    def fault(self, kind: FaultKind, call: str = "write", **how: Any) -> Fault:
        """Arm a fault (see ``Fault``) and give it, so that a test can look at ``seen``."""
        fault = Fault(kind=kind, call=call, **how)
        self.faults.append(fault)
        return fault

    def shape(self, object: str, field: str, change: Callable[[Any], Any]) -> None:
        """Store every later value of a field changed, silently: cut, trimmed, lower-cased ..."""
        self._shapes[object, field] = change

    def hide(self, object: str, field: str, hidden: bool = True) -> None:
        """Stop showing a field, as a lost field permission does; or show it again."""
        (self._hidden.add if hidden else self._hidden.discard)((object, field))

    # What can be looked at afterwards.

    def live(self, object: str) -> dict[str, Mapping[str, Any]]:
        """Give the values of every record that is not in the bin, by id."""
        return {row.id: row.now.values for row in self.rows[object].values() if not row.now.deleted}

    def writes(self) -> list[Call]:
        """Give the mutating calls so far."""
        return [call for call in self.calls if call.mutating]

    # What the connector uses; the lock is held.

    def after(self, object: str, last_id: str) -> Iterator[Row]:
        """Yield the records behind an id, in id order; a page costs a page. Rows that a test took out are left out."""
        ids, rows = self.ids[object], self.rows[object]
        behind = (rows.get(ids[place]) for place in range(bisect_right(ids, last_id), len(ids)))
        return (row for row in behind if row is not None)

    def now_ms(self) -> int:
        """Give the system's own time, which nobody else's clock needs to agree with."""
        return self.clock.now_ms() + self.skew_ms

    def stamp_ms(self) -> int:
        """Give the system's time as its records carry it."""
        return self.now_ms() // self.granularity_ms * self.granularity_ms

    def shown(self, object: str, values: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
        """Give the fields that may be seen; one that is blank is shown as None."""
        known = self.schemas[object].fields
        return {name: values.get(name) for name in fields if name in known and (object, name) not in self._hidden}

    def create(self, object: str, values: Mapping[str, Any], by: str, *, id: str | None = None) -> str:
        """Store a new record.

        Raises:
            Refusal: a value is not acceptable, or a unique one is taken.
        """
        kept = self._judged(object, values, id=None)
        blank = [f.name for f in self.schemas[object].fields.values() if f.required and kept.get(f.name) in (None, "")]
        if blank:
            raise Refusal("refused", "REQUIRED")
        self._next_id += 1
        new_id = id or f"{object[:3]}-{self._next_id:08d}"
        stamp = self.stamp_ms()
        shot = Snapshot(self.now_ms(), kept, 1, stamp, by)
        self.rows[object][new_id] = Row(new_id, stamp, by, [shot])
        insort(self.ids[object], new_id)
        self._note_unique(object, new_id, kept)
        return new_id

    def update(self, object: str, id: str, values: Mapping[str, Any], by: str) -> Snapshot:
        """Store changed fields and give the new state."""
        row = self._row(object, id, deleted=False)
        kept = {**row.now.values, **self._judged(object, values, id)}
        self._note_unique(object, id, kept)
        return self._append(row, by, kept)

    def delete(self, object: str, id: str, by: str) -> Snapshot:
        """Move a record to the bin."""
        row = self._row(object, id, deleted=False)
        return self._append(row, by, row.now.values, deleted=True)

    def restore(self, object: str, id: str, by: str) -> Snapshot:
        """Take a record out of the bin."""
        row = self._row(object, id, deleted=True)
        return self._append(row, by, row.now.values)

    def strike(self, call: Call) -> list[Fault]:
        """Note a call and give the faults that hit it."""
        self.calls.append(call)
        return [fault for fault in self.faults if fault.meant(call) and fault.due()]

    def _append(self, row: Row, by: str, values: Mapping[str, Any], deleted: bool = False) -> Snapshot:
        shot = Snapshot(self.now_ms(), values, row.now.version + 1, self.stamp_ms(), by, deleted)
        row.history.append(shot)
        return shot

    def _row(self, object: str, id: str, *, deleted: bool) -> Row:
        row = self.rows[object].get(id)
        if row is None or row.now.deleted is not deleted:
            raise Refusal("gone", "NO_SUCH_RECORD")
        if row.locked:
            raise Refusal("busy", "LOCKED")
        return row

    def _judged(self, object: str, values: Mapping[str, Any], id: str | None) -> dict[str, Any]:
        """Give the values as they will be kept."""
        kept = {}
        for name, value in values.items():
            schema = self.schemas[object].fields.get(name)
            if schema is None:
                raise Refusal("refused", "NO_SUCH_FIELD")
            self._judge(object, schema, value, id)
            change = self._shapes.get((object, name))
            kept[name] = value if change is None else change(value)
        return kept

    def _judge(self, object: str, schema: FieldSchema, value: Any, id: str | None) -> None:
        if value in (None, "", []):
            return
        if schema.length is not None and isinstance(value, str) and len(value) > schema.length:
            raise Refusal("refused", "TOO_LONG")
        options = value if isinstance(value, list) else [value]
        if schema.options and not set(options) <= set(schema.options):
            raise Refusal("refused", "NO_SUCH_OPTION")
        if schema.target is not None and not self._is_live(schema.target, str(value)):
            raise Refusal("refused", "NO_SUCH_REFERENCE")
        if schema.unique:
            holder = self._holder(object, schema.name, value, id)
            if holder is not None:
                raise Refusal("duplicate", "DUPLICATE", holder)

    def _is_live(self, object: str, id: str) -> bool:
        row = self.rows[object].get(id)
        return row is not None and not row.now.deleted

    def _holder(self, object: str, name: str, value: Any, but: str | None) -> str | None:
        id = self._taken.get((object, name, value))
        if id is None or id == but or not self._is_live(object, id):
            return None
        return id if self.rows[object][id].now.values.get(name) == value else None

    def _note_unique(self, object: str, id: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if self.schemas[object].fields[name].unique and value not in (None, ""):
                self._taken[object, name, value] = id


def default_schemas(unique_key: bool) -> dict[str, ObjectSchema]:
    """Give one object per entity, its fields named as in the hub (a comment's parent takes two)."""
    return {
        OBJECTS[entity]: ObjectSchema(
            name=OBJECTS[entity],
            label=entity,
            fields={schema.name: schema for hub in fields.values() for schema in _schemas(hub, unique_key)},
        )
        for entity, fields in FIELDS.items()
    }


def _schemas(hub: HubField, unique_key: bool) -> Sequence[FieldSchema]:
    if hub.type == "parent":
        kinds = tuple(OBJECTS)
        return [
            FieldSchema(name="parent_id", type="ref"),
            FieldSchema(name="parent_kind", type="option", options=kinds),
        ]
    return [
        FieldSchema(
            name=hub.name,
            type=hub.type,
            label=hub.name,
            length=255 if hub.type in ("text", "key") else None,
            unique=unique_key and hub.type == "key",
            options=hub.codes,
            target=OBJECTS[hub.target] if hub.target else None,
        )
    ]
