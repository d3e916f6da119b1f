"""Simulated people of both companies: they edit, create and delete on both sides, between requests and inside them."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from mapping.fields import BoundField, BoundMap, Unseen
from mapping.records import TITLE_FIELD, EntityKind, Value, hub_field
from sandbox.main import Running
from sandbox.trial.faults import Profile
from sandbox.trial.joining import change_of, server_of
from sync.spokes import ChunkRefs, Spoke

_TYPED: Final = frozenset({"text", "long_text", "url", "date", "money"})
"""Hub types of which every edit can be told from every other: no value is typed twice."""
_BORN: Final[tuple[EntityKind, ...]] = ("account", "contact", "task", "feedback")
_FIRST_DAY: Final = date(2031, 1, 1)
_MOST_DELETES: Final = 2


def shared_fields(left: BoundMap, right: BoundMap) -> list[tuple[BoundField, BoundField]]:
    """Give the fields that both sides may write, each way."""
    there = {one.name: one for one in right.fields}
    return [
        (one, there[one.name])
        for one in left.fields
        if one.name in there and all(_two_way(side) for side in (one, there[one.name]))
    ]


def _two_way(one: BoundField) -> bool:
    return one.direction == "both" and one.writable and one.name != "key"


@dataclass(slots=True)
class People:
    """Everybody who is not duban.

    Args:
        spokes: kind of CRM -> connection, opened; links: reads (entity, uid, kind, remote id) of what is linked now.
    """

    running: Running
    spokes: Mapping[str, Spoke]
    store: str
    names: Mapping[str, str]
    rng: random.Random
    created: int = 0
    deleted: int = 0
    inside: int = 0
    _typed: int = 0
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def act(self, count: int) -> None:
        """Do so many things, each somewhere else."""
        with self._busy:
            pairs = self._pairs()
            for _ in range(count):
                self._one(pairs)

    def prepare_inside(self, count: int) -> None:
        """Edit on one side now, and on the other inside the very request that carries it there."""
        with self._busy:
            pairs = self._pairs()
            for _ in range(count if pairs else 0):
                entity, ids = self.rng.choice(pairs)
                here, there = self.rng.sample(list(self.spokes), 2)
                fields = self._editable(entity)
                if not fields:
                    continue
                self._edit(here, entity, ids[here], self.rng.choice(fields))
                self._edit_inside(there, entity, ids[there], self.rng.choice(fields))

    def meanwhile(self, profile: Profile, over: threading.Event) -> None:
        """Go on acting until *over* is set."""
        while not over.wait(profile.meanwhile_s * self.rng.uniform(0.5, 1.5)):
            self.act(1)

    def _one(self, pairs: Sequence[tuple[EntityKind, dict[str, str]]]) -> None:
        drawn = self.rng.random()
        if drawn < 0.1 or not pairs:
            self._create(self.rng.choice(list(self.spokes)), self.rng.choice(_BORN))
            return
        entity, ids = self.rng.choice(pairs)
        side = self.rng.choice(list(self.spokes))
        if drawn < 0.13 and self.deleted < _MOST_DELETES:
            self._delete(side, entity, ids[side])
            return
        fields = self._editable(entity)
        if not fields:
            return
        name = self.rng.choice(fields)
        self._edit(side, entity, ids[side], name)
        if drawn > 0.93:  # somebody over there has the same idea
            other = next(kind for kind in self.spokes if kind != side)
            self._edit(other, entity, ids[other], name)

    # --- deeds ---------------------------------------------------------------------------------------------------

    def _edit(self, side: str, entity: EntityKind, id: str, name: str) -> None:
        values = self._wire(side, entity, {name: self._fresh(entity, name)})
        try:
            server_of(self.running, side).face.edit(self._object(side, entity), id, values)
        except (KeyError, ValueError):
            return  # deleted meanwhile, or not a value for that CRM: people get such answers, too

    def _edit_inside(self, side: str, entity: EntityKind, id: str, name: str) -> None:
        values = self._wire(side, entity, {name: self._fresh(entity, name)})
        what = {"object": self._object(side, entity), "id": id, "values": values}
        rule = {**change_of(side, id), "action": "edit", **what, "when": self.rng.choice(("before", "after"))}
        server_of(self.running, side).faults.add([rule])
        self.inside += 1

    def _create(self, side: str, entity: EntityKind) -> None:
        maps = self.spokes[side].maps
        if entity not in maps or any(spoke.maps.get(entity) is None for spoke in self.spokes.values()):
            return
        if any(spoke.maps[entity].map.where for spoke in self.spokes.values()):
            return  # it might be made outside of what is in scope
        title = TITLE_FIELD[entity]
        self._typed += 1
        wanted: dict[str, Value] = {title: f"Drill {entity} {self._typed}"}
        if entity == "contact":
            wanted["email"] = f"drill{self._typed}@client.example"
        values = {**maps[entity].map.constants, **self._wire(side, entity, wanted)}
        try:
            server_of(self.running, side).face.plant(self._object(side, entity), values)
        except (KeyError, ValueError):
            return
        self.created += 1

    def _delete(self, side: str, entity: EntityKind, id: str) -> None:
        try:
            server_of(self.running, side).face.remove(self._object(side, entity), id)
        except (KeyError, ValueError):
            return
        self.deleted += 1

    # --- what they know ------------------------------------------------------------------------------------------

    def _pairs(self) -> list[tuple[EntityKind, dict[str, str]]]:
        """Give what stands on both sides, with its id at each."""
        kinds = {name: kind for kind, name in self.names.items()}
        found: dict[tuple[EntityKind, str], dict[str, str]] = {}
        for entity, uid, connection, remote_id, state in links_in(self.store):
            if state == "live" and entity != "comment":
                found.setdefault((entity, uid), {})[kinds[connection]] = remote_id
        return [(entity, ids) for (entity, _), ids in sorted(found.items()) if len(ids) == len(self.spokes)]

    def _editable(self, entity: EntityKind) -> list[str]:
        left, right = (spoke.maps[entity] for spoke in self.spokes.values())
        return [
            one.name
            for one, other in shared_fields(left, right)
            if hub_field(entity, one.name).type in _TYPED and len(one.map.remote) == len(other.map.remote) == 1
        ]

    def _object(self, side: str, entity: EntityKind) -> str:
        return self.spokes[side].maps[entity].map.object

    def _fresh(self, entity: EntityKind, name: str) -> Value:
        """Give a value that nobody has typed before."""
        self._typed += 1
        match hub_field(entity, name).type:
            case "date":
                return (_FIRST_DAY + timedelta(days=self._typed)).isoformat()
            case "url":
                return f"https://v{self._typed}.example"
            case "money":
                return str(100_000 + self._typed)
        return f"{name} v{self._typed}"

    def _wire(self, side: str, entity: EntityKind, values: Mapping[str, Value]) -> dict[str, Any]:
        spoke = self.spokes[side]
        refs = ChunkRefs(spoke.directory)
        out: dict[str, Any] = {}
        for bound in spoke.maps[entity].fields:
            if bound.name in values:
                encoded = bound.codec.to_remote(values[bound.name], refs).value
                if not isinstance(encoded, Unseen):
                    out |= bound.codec.write(encoded)
        return out


def links_in(store: str) -> list[tuple[EntityKind, str, str, str, str]]:
    """Give (entity, uid, connection, remote id, state) of every link."""
    db = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)
    try:
        return db.execute("SELECT entity, uid, connection, remote_id, state FROM link ORDER BY id").fetchall()
    finally:
        db.close()
