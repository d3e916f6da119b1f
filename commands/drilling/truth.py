"""The ending of a drill, read from the CRMs' own records with their history and from what was asked of them.

Of duban's own tables only these count: which records it ties together, what it told people, and its stored intents.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from commands.drilling.people import shared_fields
from mapping.errors import RecordRefused
from mapping.fields import BoundField, Unseen
from mapping.records import ENTITIES, EntityKind, Value, is_blank
from mapping.scope import in_scope
from sandbox.main import Running
from sandbox.trial.asked import Exchange, was_unseen
from sandbox.trial.joining import bot_of, server_of
from sandbox.trial.score import Difference, Edit
from sandbox.world import Row
from sync.spokes import ChunkRefs, Spoke

Place = tuple[str, str]
"""Kind of CRM and record id."""
Marks = Mapping[tuple[str, str, str], int]
TICK_MS: Final = 1000
_WHOLE: Final = ("match", "delete", "duplicate", "unknown", "access")


def mark(running: Running, kinds: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """Note how long the history of every record is: what comes later belongs to the drill."""
    return {
        (kind, name, row.id): len(row.history)
        for kind in kinds
        for name, table in server_of(running, kind).face.world.objects.items()
        for row in table.rows.values()
    }


@dataclass(slots=True)
class Told:
    """What duban told people and stored before it wrote.

    Args:
        fields: (uid, field) -> values that a question or the journal names; ``parked`` where a question is open;
            ``doubted`` where that is whether our write took the place of an edit.
        records: uids and remote ids that an open question or the quarantine is about.
        intents: (connection, remote id) -> when the first intent about it was stored.
        stated: (connection, remote id) -> fields that duban stated when it made the record.
    """

    fields: dict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))
    parked: set[tuple[str, str]] = field(default_factory=set)
    doubted: set[tuple[str, str]] = field(default_factory=set)
    records: dict[str, str] = field(default_factory=dict)
    intents: dict[tuple[str, str], int] = field(default_factory=dict)
    stated: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    links: list[tuple[EntityKind, str, str, str, str]] = field(default_factory=list)


def read_told(store: Path) -> Told:
    """Read what a store holds of all that."""
    told = Told()
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        for kind, uid, remote_id, name, data, state in db.execute(
            "SELECT kind, uid, remote_id, field, data, state FROM review"
        ):
            doc = json.loads(data)
            told.fields[uid, name] += [
                doc.get("hub"),
                *(doc.get("sides") or {}).values(),
                *(doc.get("values") or {}).values(),
            ]
            if state != "closed" and kind in _WHOLE:
                told.records |= {one: "question" for one in (uid, remote_id) if one}
            elif state != "closed":
                told.parked.add((uid, name))
            if state != "closed" and kind == "possible_overwrite":
                told.doubted.add((uid, name))
        for uid, changes in db.execute("SELECT uid, changes FROM journal WHERE op_id = ''"):
            for name, change in json.loads(changes).items():
                for losers in change[2:]:  # what lost against a rule; only the hub's own entries say so
                    told.fields[uid, name] += list(losers.values()) if isinstance(losers, dict) else []
        for uid, remote_id in db.execute("SELECT uid, remote_id FROM quarantine WHERE state <> 'closed'"):
            told.records |= {one: "quarantine" for one in (uid, remote_id) if one}
        for connection, remote_id, at_ms in db.execute(
            "SELECT connection, remote_id, min(created_ms) FROM op WHERE remote_id IS NOT NULL GROUP BY 1, 2"
        ):
            told.intents[connection, remote_id] = at_ms
        for connection, remote_id, values in db.execute(
            "SELECT connection, remote_id, \"values\" FROM op WHERE action = 'create' AND remote_id IS NOT NULL"
        ):
            told.stated[connection, remote_id] = {
                name for name, value in json.loads(values).items() if not is_blank(value)
            }
        told.links = db.execute("SELECT entity, uid, connection, remote_id, state FROM link ORDER BY id").fetchall()
    return told


class Truth:
    """Both CRMs as they are now, tied together by what duban says belongs together."""

    def __init__(
        self, running: Running, spokes: Mapping[str, Spoke], told: Told, marks: Marks, exchanges: Sequence[Exchange]
    ) -> None:
        self._running = running
        self._spokes = spokes
        self._told = told
        self._marks = marks
        self._exchanges = exchanges
        self._bots = {kind: bot_of(running, kind) for kind in spokes}
        self._kinds = {spoke.name: kind for kind, spoke in spokes.items()}
        self._refs = {kind: ChunkRefs(spoke.directory) for kind, spoke in spokes.items()}
        self._uid: dict[Place, str] = {}
        self._twins: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for entity, uid, connection, remote_id, _state in told.links:
            kind = self._kinds[connection]
            self._uid[kind, remote_id] = uid
            self._twins[uid][kind].append(remote_id)
            if self._is_live(kind, entity, remote_id):  # nobody can be shown a reference to a deleted record
                self._refs[kind].learn(entity, uid, remote_id)

    def entities(self) -> list[EntityKind]:
        """Give what both sides have."""
        return [entity for entity in ENTITIES if all(entity in spoke.maps for spoke in self._spokes.values())]

    # --- differences ---------------------------------------------------------------------------------------------

    def differences(self) -> tuple[int, int, list[Difference]]:
        """Compare every record and field; gives how many of each, and what is not the same."""
        records = fields = 0
        out: list[Difference] = []
        for entity in self.entities():
            left, right = self._spokes
            for row in self._live(left, entity):
                twin = self._twin(left, entity, row.id)
                records += 1
                if twin is None:
                    out.append(self._missing(left, entity, row))
                    continue
                for one, other in shared_fields(*(self._spokes[kind].maps[entity] for kind in (left, right))):
                    fields += 1
                    reason = self._field_reason(entity, (left, row, one), (right, twin, other))
                    if reason != "same":
                        out.append(Difference(entity=entity, field=one.name, record=row.id, reason=reason))
            for row in self._live(right, entity):
                if self._twin(right, entity, row.id) is None:
                    records += 1
                    out.append(self._missing(right, entity, row))
        return records, fields, out

    def _missing(self, kind: str, entity: EntityKind, row: Row) -> Difference:
        return Difference(
            entity=entity, field="", record=f"{kind} {row.id}", reason=self._missing_reason(kind, entity, row)
        )

    def _missing_reason(self, kind: str, entity: EntityKind, row: Row) -> str:
        uid = self._uid.get((kind, row.id), "")
        map_ = self._spokes[kind].maps[entity].map
        if not in_scope(map_.where, self._shown(kind, entity, row)):
            return "scope"
        found = self._told.records.get(row.id) or self._told.records.get(uid)
        if found:
            return found
        if self._gone(kind, entity, row):
            return "deleted"
        if not all(self._spokes[other].maps[entity].map.writable for other in self._spokes if other != kind):
            return "read_only"
        if entity == "comment" and not self._parent_shared(kind, row):
            return "parent"
        return ""

    def _parent_shared(self, kind: str, row: Row) -> bool:
        """Say whether what a comment hangs on stands on both sides."""
        bound = next((one for one in self._spokes[kind].maps["comment"].fields if one.name == "parent"), None)
        if bound is None:
            return False
        value = self._hub(kind, bound, bound.codec.read(self._shown(kind, "comment", row)))
        if not isinstance(value, str):
            return False
        return len(self._twins.get(value.partition(":")[2], {})) == len(self._spokes)

    def _field_reason(
        self, entity: EntityKind, left: tuple[str, Row, BoundField], right: tuple[str, Row, BoundField]
    ) -> str:
        """Give "same", why two values differ, or "" when nothing accounts for it."""
        (kind, row, one), (there, twin, other) = left, right
        try:
            mine = one.codec.read(self._shown(kind, entity, row))
            theirs = other.codec.read(self._shown(there, entity, twin))
        except RecordRefused:
            return "unreadable"
        if self._agree((kind, one, mine), (there, other, theirs)):
            return "same"
        uid = self._uid.get((kind, row.id), "")
        if (uid, one.name) in self._told.parked:
            return "question"
        if uid in self._told.records:
            return self._told.records[uid]
        if _folded(mine) == _folded(theirs) and not self._set_since(
            (kind, entity, row, one), (there, entity, twin, other)
        ):
            return "spelling"
        if self._filled_in((kind, entity, row, one, theirs), (there, entity, twin, other, mine)):
            return "default"
        return self._loss((kind, one, mine), (there, other, theirs))

    def _filled_in(self, *sides: tuple[str, EntityKind, Row, BoundField, Any]) -> bool:
        """Say whether a CRM put a value of its own into a record we made, where the other side says nothing."""
        for kind, _entity, row, bound, elsewhere in sides:
            stated = self._told.stated.get((self._spokes[kind].name, row.id))
            later = any(name in changed for _, _, changed in row.history[1:] for name in bound.map.remote)
            if stated is not None and bound.name not in stated and is_blank(elsewhere) and not later:
                return True
        return False

    def _set_since(self, *sides: tuple[str, EntityKind, Row, BoundField]) -> bool:
        """Say whether anybody set a field on any side since the drill began."""
        for kind, entity, row, bound in sides:
            first = self._marks.get((kind, self._spokes[kind].maps[entity].map.object, row.id), 0)
            if any(name in changed for _, _, changed in row.history[first:] for name in bound.map.remote):
                return True
        return False

    def _agree(self, left: tuple[str, BoundField, Any], right: tuple[str, BoundField, Any]) -> bool:
        """Say whether two remote values stand for the same, either seen with the other in mind."""
        mine, theirs = self._hub(*left), self._hub(*right)
        if isinstance(mine, Unseen) or isinstance(theirs, Unseen):
            return False
        if mine == theirs or (is_blank(mine) and is_blank(theirs)):
            return True
        return self._hub(*left, theirs) == theirs or self._hub(*right, mine) == mine

    def _loss(self, left: tuple[str, BoundField, Any], right: tuple[str, BoundField, Any]) -> str:
        """Give why a value cannot stand on the other side as it is; "" when it could."""
        for source, target in ((left, right), (right, left)):
            value = self._hub(*source)
            if isinstance(value, Unseen):
                return "reference"
            encoded = target[1].codec.to_remote(value, self._refs[target[0]])
            if encoded.loss == "not_linked":
                return "reference"
            if encoded.loss and (isinstance(encoded.value, Unseen) or encoded.value == target[2]):
                return "loss"
        return ""

    def _hub(self, kind: str, bound: BoundField, remote: Any, current: Value = None) -> Value | Unseen:
        if isinstance(remote, Unseen):
            return remote
        return bound.codec.to_hub(remote, current, self._refs[kind])

    # --- edits ---------------------------------------------------------------------------------------------------

    def edits(self) -> list[Edit]:
        """Give every field that a person set since the drill began, and every record a person made."""
        return [edit for entity in self.entities() for kind in self._spokes for edit in self._edits(kind, entity)]

    def _edits(self, kind: str, entity: EntityKind) -> Iterator[Edit]:
        there = next(other for other in self._spokes if other != kind)
        pairs = {
            one.map.remote[0]: (one, other)
            for one, other in shared_fields(self._spokes[kind].maps[entity], self._spokes[there].maps[entity])
            if len(one.map.remote) == len(other.map.remote) == 1
        }
        object = self._spokes[kind].maps[entity].map.object
        for row in self._rows(kind, object):
            first = self._marks.get((kind, object, row.id), 0)
            for at in range(first, len(row.history)):
                _, who, changed = row.history[at]
                if who == self._bots[kind]:
                    continue
                if at == 0:
                    yield self._born(kind, entity, row)
                    continue
                for name, (_, new) in changed.items():
                    if name in pairs:
                        yield self._edit(entity, (kind, row, at, name, new), there, pairs[name])

    def _born(self, kind: str, entity: EntityKind, row: Row) -> Edit:
        uid = self._uid.get((kind, row.id), "")
        return Edit(
            entity=entity, field="", side=kind, record=row.id, value=row.id, stands=not row.deleted,
            stands_there=self._twin(kind, entity, row.id) is not None, gone=self._gone(kind, entity, row),
            asked=bool(self._told.records.get(row.id) or self._told.records.get(uid)),
        )  # fmt: skip

    def _edit(
        self,
        entity: EntityKind,
        where: tuple[str, Row, int, str, Any],
        there: str,
        fields: tuple[BoundField, BoundField],
    ) -> Edit:
        kind, row, at, name, new = where
        one, other = fields
        said = one.codec.read({name: new})
        now = one.codec.read(self._shown(kind, entity, row))
        uid = self._uid.get((kind, row.id), "")
        twin = self._any_twin(kind, entity, row.id)
        stands = now == said
        theirs = other.codec.read(self._shown(there, entity, twin)) if twin is not None else None
        agreed = twin is not None and not twin.deleted and self._agree((kind, one, said), (there, other, theirs))
        reached, answered = self._reached(twin, (kind, one, said), (there, other))
        told = self._told.fields.get((uid, one.name), [])
        # What was written over must be named itself; a question about the record or the field is not enough then.
        about = uid in self._told.records or row.id in self._told.records or (uid, one.name) in self._told.parked
        asked = (stands and about) or (uid, one.name) in self._told.doubted
        after = next((change for change in row.history[at + 1 :] if name in change[2]), None)
        return Edit(
            entity=entity, field=one.name, side=kind, record=row.id, value=str(new), stands=stands, stands_there=agreed,
            reached=reached, answered=answered,
            replaced=after is not None and after[1] != self._bots[kind],
            gone=self._gone(kind, entity, row),
            asked=asked or said in told or self._hub(kind, one, said) in told,
            explained=self._loss((kind, one, said), (there, other, theirs)) if twin is not None and not agreed else "",
            unseen=after is not None and was_unseen(
                self._exchanges, kind, row.id, name, new, replaced_ms=after[0]
            ),
        )  # fmt: skip

    def _reached(
        self, twin: Row | None, mine: tuple[str, BoundField, Any], other: tuple[str, BoundField]
    ) -> tuple[bool, bool]:
        """Say whether a twin ever took a value, and whether a person set the field there after that."""
        reached = answered = False
        name = other[1].map.remote[0]
        for _, who, changed in twin.history if twin is not None else ():
            if name not in changed:
                continue
            answered = answered or (reached and who != self._bots[other[0]])
            reached = reached or self._agree(mine, (*other, other[1].codec.read({name: changed[name][1]})))
        return reached, answered

    # --- twins and intents ---------------------------------------------------------------------------------------

    def duplicates(self) -> list[str]:
        """Give every record that duban made and that is one too many."""
        out: list[str] = []
        for kind, spoke in self._spokes.items():
            for entity in self.entities():
                bound = spoke.maps[entity]
                made: Counter[str] = Counter()
                keys: Counter[str] = Counter()
                for row in self._live(kind, entity):
                    key = row.values.get(bound.key_field) if bound.key_field else None
                    keys[str(key or "")] += 1
                    if not self._is_ours(kind, bound.map.object, row):
                        continue
                    uid = self._uid.get((kind, row.id))
                    if uid is None and row.id not in self._told.records:
                        out.append(f"{kind} {entity} {row.id}: made, and tied to nothing")
                    made[uid or ""] += 1
                out += [f"{kind} {entity}: {n} records made for {uid}" for uid, n in made.items() if uid and n > 1]
                out += [f"{kind} {entity}: {n} records carry the key {key}" for key, n in keys.items() if key and n > 1]
        return out

    def _is_ours(self, kind: str, object: str, row: Row) -> bool:
        new = (kind, object, row.id) not in self._marks
        return new and bool(row.history) and row.history[0][1] == self._bots[kind]

    def unintended(self) -> list[str]:
        """Give every change of ours at a CRM before which no intent was stored."""
        out = []
        for kind, spoke in self._spokes.items():
            for bound in spoke.maps.values():
                for row in self._rows(kind, bound.map.object):
                    first = self._marks.get((kind, bound.map.object, row.id), 0)
                    ours = [at_ms for at_ms, who, _ in row.history[first:] if who == self._bots[kind]]
                    stored = self._told.intents.get((spoke.name, row.id))
                    if ours and (stored is None or stored >= ours[0] + TICK_MS):
                        out.append(f"{kind} {bound.map.object} {row.id}")
        return out

    # --- looking -------------------------------------------------------------------------------------------------

    def _rows(self, kind: str, object: str) -> list[Row]:
        table = server_of(self._running, kind).face.world.objects.get(object)
        return list(table.rows.values()) if table is not None else []

    def _live(self, kind: str, entity: EntityKind) -> list[Row]:
        return [row for row in self._rows(kind, self._spokes[kind].maps[entity].map.object) if not row.deleted]

    def _shown(self, kind: str, entity: EntityKind, row: Row) -> dict[str, Any]:
        """Give a record in full; a field it does not show is empty, not unseen."""
        bound = self._spokes[kind].maps[entity]
        shown = server_of(self._running, kind).face.state_record(bound.map.object, row)
        return {**dict.fromkeys(bound.wire_fields), **shown}

    def _is_live(self, kind: str, entity: EntityKind, id: str) -> bool:
        bound = self._spokes[kind].maps.get(entity)
        table = server_of(self._running, kind).face.world.objects.get(bound.map.object) if bound is not None else None
        return table is not None and id in table.rows and not table.rows[id].deleted

    def _any_twin(self, kind: str, entity: EntityKind, id: str) -> Row | None:
        """Give the record tied to this one at the other side, a deleted one only when no other is."""
        uid = self._uid.get((kind, id))
        there = next(other for other in self._spokes if other != kind)
        table = server_of(self._running, there).face.world.objects.get(self._spokes[there].maps[entity].map.object)
        rows = (
            [table.rows[one] for one in self._twins[uid][there] if one in table.rows]
            if uid and table is not None
            else []
        )
        return min(rows, key=lambda row: bool(row.deleted), default=None)

    def _twin(self, kind: str, entity: EntityKind, id: str) -> Row | None:
        twin = self._any_twin(kind, entity, id)
        return twin if twin is not None and not twin.deleted else None

    def _gone(self, kind: str, entity: EntityKind, row: Row) -> bool:
        """Say whether a person deleted a record or its twin."""
        there = next(other for other in self._spokes if other != kind)
        twin = self._any_twin(kind, entity, row.id)
        sides = ((kind, row), (there, twin))
        return any(one is not None and one.deleted and one.deleted_by != self._bots[side] for side, one in sides)


def _folded(value: Any) -> Any:
    """Give a text without what two people write differently and mean alike: width, case, spaces."""
    if not isinstance(value, str):
        return value
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())
