"""One connection as a round sees it: its connector, its bound maps, its people and what it may do."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain

from connectors.base import Connector, ConnectorSettings, Identity, RemoteUser
from mapping.fields import BoundMap
from mapping.records import ENTITIES, EntityKind, Value, hub_field, known_fields
from store import links
from store.tx import Tx

PENDING = "@"
"""Marks a remote id that will only exist once an open create has been sent: ``@<uid>``."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is who among our own people at one connection.

    Args:
        emails: remote user id -> canonical e-mail; ids: canonical e-mail -> remote user id.
        fallback: remote user id that stands in for unknown people, or None.
    """

    emails: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    fallback: str | None = None

    @staticmethod
    def build(
        users: Iterable[RemoteUser], aliases: Mapping[str, Mapping[str, str]], connection: str, fallback: str | None
    ) -> Directory:
        """Join the remote's users with the ``[users]`` table (canonical e-mail -> e-mail or id at each connection)."""
        users = list(users)
        there = {user.email.lower(): user.id for user in users if user.email and user.active}
        former = {user.email.lower(): user.id for user in users if user.email and not user.active}
        named = {other[connection].lower(): email.lower() for email, other in aliases.items() if connection in other}
        emails = {id_: named.get(email, email) for email, id_ in {**former, **there}.items()}
        emails |= {user.id: named[user.id.lower()] for user in users if user.id.lower() in named}
        ids = {named.get(email, email): id_ for email, id_ in there.items()}
        ids |= {emails[user.id]: user.id for user in users if user.active and user.id.lower() in named}
        stand_in = None
        if fallback:
            known = {user.id for user in users}
            stand_in = there.get(fallback.lower()) or (fallback if fallback in known else None)
        return Directory(emails, ids, stand_in)


@dataclass(slots=True, kw_only=True)
class Spoke:
    """A connection that is logged in, pinned and mapped.

    Args:
        approved: its first contact was approved, or needs no approval.
        asked: a person asked for exactly what is done now (``apply``), which is an approval of its own.
        backfilled: entities whose full first listing is absorbed.
    """

    name: str
    connector: Connector
    settings: ConnectorSettings
    identity: Identity
    maps: Mapping[EntityKind, BoundMap]
    directory: Directory
    approved: bool = False
    asked: bool = False
    backfilled: set[EntityKind] = field(default_factory=set)

    @property
    def live(self) -> bool:
        """Say whether a plain round may commit and write for this connection."""
        if self.asked:
            return self.settings.mode in ("plan", "live")
        return self.settings.mode == "live" and self.approved

    def entities(self) -> Sequence[EntityKind]:
        return [entity for entity in ENTITIES if entity in self.maps]


class ChunkRefs:
    """Refs of one connection for the entities of one chunk: looked up in bulk before planning, then plain dicts."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._uids: MutableMapping[tuple[EntityKind, str], str] = {}
        self._ids: dict[tuple[EntityKind, str], str] = {}
        self._former: dict[tuple[EntityKind, str], str] = {}

    def learn(self, entity: EntityKind, uid: str, remote_id: str) -> None:
        self._uids[entity, remote_id] = uid
        self._ids[entity, uid] = remote_id

    def remember(self, entity: EntityKind, uid: str, remote_id: str) -> None:
        """Note what a record was that is deleted there."""
        self._former[entity, remote_id] = uid

    @property
    def former(self) -> ChunkRefs | None:
        """Give the same with deleted records known for what they were; None where there are none."""
        if not self._former:
            return None
        wider = ChunkRefs(self._directory)
        wider._uids, wider._ids = ChainMap(self._uids, self._former), self._ids
        return wider

    def expect(self, entity: EntityKind, uid: str) -> None:
        """Note that a create of this entity is open: its id is not known yet but will be when it matters."""
        self._ids.setdefault((entity, uid), PENDING + uid)

    def known_uids(self) -> dict[EntityKind, set[str]]:
        """Give the hub rows learnt so far, by entity."""
        out: dict[EntityKind, set[str]] = {}
        for (entity, _), uid in chain(self._uids.items(), self._former.items()):
            out.setdefault(entity, set()).add(uid)
        return out

    def uid(self, entity: EntityKind, remote_id: str) -> str | None:
        return self._uids.get((entity, remote_id))

    def remote_id(self, entity: EntityKind, uid: str) -> str | None:
        return self._ids.get((entity, uid))

    def email(self, user_id: str) -> str | None:
        return self._directory.emails.get(user_id)

    def user_id(self, email: str) -> str | None:
        return self._directory.ids.get(email.lower()) or self._directory.fallback


@cache
def _pointers(entity: EntityKind) -> tuple[tuple[str, EntityKind | None], ...]:
    """Give the fields of an entity that point to others, with the kind they point to (None: told by the value)."""
    known = [hub_field(entity, name) for name in known_fields(entity)]
    return tuple((spec.name, spec.target) for spec in known if spec.type in ("ref", "parent"))


def pointed_at(entity: EntityKind, values: Iterable[Mapping[str, Value]]) -> dict[EntityKind, set[str]]:
    """Collect what the ref fields of hub values or remote documents point to, by entity."""
    out: dict[EntityKind, set[str]] = {}
    pointers = _pointers(entity)
    if not pointers:
        return out
    for row in values:
        for name, target in pointers:
            value = row.get(name)
            if not isinstance(value, str) or not value:
                continue
            if target is not None:
                out.setdefault(target, set()).add(value)
            else:
                kind, _, ref = value.partition(":")
                if kind in ENTITIES and ref:
                    out.setdefault(kind, set()).add(ref)
    return out


def prefetch(
    tx: Tx,
    spoke: Spoke,
    refs: ChunkRefs,
    entity: EntityKind,
    docs: Iterable[Mapping[str, Value]],
    hub_values: Iterable[Mapping[str, Value]],
) -> None:
    """Look up everything a chunk may ask *refs* for, in a few statements."""
    for kind, ids in pointed_at(entity, docs).items():
        known = links.uids(tx, spoke.name, kind, sorted(ids))
        for remote_id, uid in known.items():
            refs.learn(kind, uid, remote_id)
        if ids := ids - known.keys():
            for remote_id, uid in links.former(tx, spoke.name, kind, sorted(ids)).items():
                refs.remember(kind, uid, remote_id)
    for kind, uids in pointed_at(entity, hub_values).items():
        for uid, remote_id in links.remote_ids(tx, spoke.name, kind, sorted(uids)).items():
            refs.learn(kind, uid, remote_id)
