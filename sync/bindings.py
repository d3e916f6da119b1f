"""Give every unlinked record its entity: the hub row it matches, the one its twin founds, or one of its own.

The decisions are ``matching.match``; this module keeps the identity keys it looks at and asks people when it doubts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mapping import identity as keys_of
from mapping.fields import Unseen
from mapping.records import TITLE_FIELD, EntityKind, Value
from store import hub, identity, inbox, links, outbox, reviews, streams, worklist
from store.hub import DirtyMark
from store.inbox import Item
from store.links import Link
from store.reviews import Review
from store.tx import Tx
from store.uids import new_uid
from sync import reasons
from sync.matching import HUB, WEAK_PREFIX, Doubt, Group, Matching, Node, match
from sync.report import LineAction, PlanLine, RunReport
from sync.spokes import ChunkRefs, Spoke, prefetch
from sync.views import MADE

CHUNK = 1000
_KEYED = ("live", "archived", "deleted")
"""Rows that a newcomer may be: meeting one that a person deleted is that person's question."""
_STANDING = ("live", "suspended")
"""Links whose record is not known to be deleted."""


@dataclass(slots=True)
class Work:
    """What one chunk is about.

    Args:
        uids: entities to plan, sorted.
        new: uid -> records that become this entity now.
        bound_by: uid -> why they were brought together.
        marks: uid -> the dirty mark to clear once it is planned.
        key_taken: entities that a person made of a record which carries another's key.
    """

    uids: list[str]
    new: dict[str, list[Item]] = field(default_factory=dict)
    bound_by: dict[str, str] = field(default_factory=dict)
    marks: dict[str, DirtyMark] = field(default_factory=dict)
    key_taken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Meetings:
    """Which records meet, and which are in doubt."""

    uids: dict[Node, tuple[str | None, str]] = field(default_factory=dict)
    members: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    doubts: dict[Node, Doubt] = field(default_factory=dict)
    fresh: dict[Node, str] = field(default_factory=dict)
    reappeared: set[Node] = field(default_factory=set)


class Binder:
    """Binds the unlinked records of one entity kind, inside the caller's transaction."""

    def __init__(
        self, tx: Tx, entity: EntityKind, spokes: Mapping[str, Spoke], report: RunReport, now_ms: int, *, keyed: bool
    ) -> None:
        self._tx = tx
        self._entity = entity
        self._spokes = spokes
        self._report = report
        self._now_ms = now_ms
        self._keyed = keyed
        self.lines: list[PlanLine] = []

    def work(self) -> Iterator[Work]:
        """Yield chunks of new entities and fresh meetings."""
        if next(self._unlinked(), None) is None:
            return
        if self._keyed:
            self._index()
        barred = self._kept_back()
        meetings = self._meet(barred)
        done: set[Node] = set()
        for items in self._unlinked():
            yield self._bind(items, meetings, barred, done)

    def _unlinked(self) -> Iterator[list[Item]]:
        after = 0
        while items := inbox.unlinked(self._tx, self._entity, after_id=after, limit=CHUNK):
            after = items[-1].id or 0
            yield [item for item in items if item.connection in self._spokes]

    def _index(self) -> None:
        """Write the identity keys of the newcomers; those that went again before they met anybody lose theirs."""
        for items in self._unlinked():
            for name, spoke in self._spokes.items():
                left = [item.remote_id for item in items if item.connection == name and _left(item)]
                if left:
                    identity.drop(self._tx, self._entity, name, left)
                mine = [item for item in items if item.connection == name and item.doc is not None]
                if not mine:
                    continue
                refs = ChunkRefs(spoke.directory)
                prefetch(self._tx, spoke, refs, self._entity, [item.doc or {} for item in mine], [])
                rows = [(item.remote_id, self._keys(item, spoke, refs)) for item in mine]
                identity.put(self._tx, self._entity, name, rows)

    def _keys(self, item: Item, spoke: Spoke, refs: ChunkRefs) -> list[str]:
        values = hub_values(spoke, self._entity, item.doc or {}, refs)
        if self._entity != "comment":
            return index_keys(self._entity, values)
        ours = item.created_by is not None and item.created_by == spoke.identity.user_id
        others = [name for name in self._spokes if name != spoke.name]
        return keys_of.mirror_keys(values, spoke.name, others, ours=ours)

    def _meet(self, barred: frozenset[Node]) -> _Meetings:
        out = _Meetings()
        decided = self._decided(out)
        shared = identity.shared(self._tx, self._entity) if self._keyed else []
        shared = [row for row in shared if (row[1], row[2]) not in barred] if barred else shared
        matching = self._match(shared, decided) if shared else Matching()
        for group in matching.groups:
            reason = reasons.MATCHED_KEY if group.by_key else reasons.MATCHED_IDENTITY
            for record in group.records:
                out.uids[record] = (group.uid, reason)
                out.members[record] = group.records
        out.doubts = {doubt.record: doubt for doubt in matching.doubts}
        self._ask_about_deleted(out, matching.groups)
        return out

    def _ask_about_deleted(self, out: _Meetings, groups: Sequence[Group]) -> None:
        """Let nobody bind silently to a row that a person deleted; one that is no more in the hub binds nobody.

        A row taken out by plain SQL is a deleted one until its records are deleted too: an edit of theirs may yet bring
        it back, and a newcomer made its own meanwhile would stand beside it.
        """
        uids = sorted({group.uid for group in groups if group.uid is not None})
        rows = hub.read(self._tx, self._entity, uids)
        found = links.by_uids(self._tx, self._entity, [uid for uid in uids if uid not in rows])
        vanished = {uid for uid, some in found.items() if any(one.state in _STANDING for one in some)}
        for group in groups:
            row = rows.get(group.uid) if group.uid is not None else None
            if group.uid is None or (row is not None and row.state != "deleted"):
                continue
            for record in group.records:
                if row is None and group.uid not in vanished:
                    out.uids[record] = (None, out.uids[record][1])
                else:
                    out.doubts[record] = Doubt(record, ((HUB, group.uid),), name_only=False)
                    out.reappeared.add(record)

    def _decided(self, out: _Meetings) -> dict[Node, str | None]:
        """Read what people decided about doubtful records and nobody acted on yet."""
        decided: dict[Node, str | None] = {}
        for review in reviews.resolved(self._tx, "match"):
            if review.entity != self._entity or review.resolution is None:
                continue
            node = (review.connection, review.remote_id)
            uid = review.resolution.get("match")
            decided[node] = uid
            if uid is not None:
                out.uids[node] = (uid, reasons.MATCHED_PERSON)
            else:
                out.fresh[node] = str(review.id)
        return decided

    def _match(self, shared: Sequence[tuple[str, str, str]], decided: Mapping[Node, str | None]) -> Matching:
        uids = sorted({ref for _, side, ref in shared if side == HUB})
        found = links.by_uids(self._tx, self._entity, uids)
        taken = {uid: [one for one in rows if one.state in _STANDING] for uid, rows in found.items()}
        return match(
            shared,
            {uid: frozenset(link.connection for link in rows) for uid, rows in taken.items()},
            settled=decided,
            made_at={
                uid: frozenset(one.connection for one in rows if one.notes.get(MADE)) for uid, rows in taken.items()
            },
            asked=self._asked(),
        )

    def _kept_back(self) -> frozenset[Node]:
        """Give the records that may be what a create of unknown fate made: they meet nobody until that is known."""
        barred = worklist.barred(self._tx, self._entity) & self._spokes.keys()
        me = {name: self._spokes[name].identity.user_id for name in barred}
        return frozenset(
            (item.connection, item.remote_id)
            for items in (self._unlinked() if me else ())
            for item in items
            if item.created_by is not None and item.created_by == me.get(item.connection)
        )

    def _asked(self) -> set[tuple[Node, str]]:
        return {
            ((review.connection, review.remote_id), ref)
            for review in reviews.open_(self._tx, "match")
            if review.entity == self._entity
            for side, ref in review.data.get("candidates", ())
            if side == HUB
        }

    def _bind(self, items: Sequence[Item], meetings: _Meetings, barred: frozenset[Node], done: set[Node]) -> Work:
        work = Work([])
        dropped: list[int] = []
        for item in items:
            node = (item.connection, item.remote_id)
            if node in done:
                continue
            if _left(item):
                dropped += [item.id] if item.id is not None else []
            elif node in barred:
                self._say(item, "skip", reasons.WAITS_FOR_CREATE)
            elif node in meetings.doubts:
                self._doubt(item, meetings.doubts[node], again=node in meetings.reappeared)
            else:
                self._place(item, meetings, work, done)
        inbox.remove(self._tx, dropped)
        work.uids = sorted(work.new)
        return work

    def _place(self, item: Item, meetings: _Meetings, work: Work, done: set[Node]) -> None:
        node = (item.connection, item.remote_id)
        uid, reason = meetings.uids.get(node, (None, ""))
        group = meetings.members.get(node)
        twins = self._twins(item, group) if group else [item]
        uid = uid or uid_for(twins[0], meetings.fresh.get(node, ""))
        work.new.setdefault(uid, []).extend(twins)
        if group:  # nobody else comes twice, and of a first pull's newcomers there may be any number
            done.update((twin.connection, twin.remote_id) for twin in twins)
        if reason:
            work.bound_by[uid] = reason
        if node in meetings.fresh and self._key_taken(item):
            work.key_taken.add(uid)
        for twin in twins:
            if twin.state == "review":
                worklist.close_matches(self._tx, twin.connection, twin.object, [twin.remote_id], self._now_ms)

    def _key_taken(self, item: Item) -> bool:
        key = (item.doc or {}).get("key")
        return bool(key) and bool(hub.select(self._tx, self._entity, where={"key": key}, states=(), limit=1))

    def _twins(self, item: Item, group: Sequence[Node]) -> list[Item]:
        """Give the records that become one entity together, in the order of their connections."""
        twins = [item]
        for connection, remote_id in group:
            if connection == item.connection or connection not in self._spokes:
                continue
            name = self._spokes[connection].maps[self._entity].map.object
            found = inbox.by_remote(self._tx, connection, name, [remote_id])
            twins += [twin for twin in found.values() if not twin.gone and twin.in_scope]
        order = {name: rank for rank, name in enumerate(self._spokes)}
        return sorted(twins, key=lambda twin: order[twin.connection])

    def _doubt(self, item: Item, doubt: Doubt, *, again: bool) -> None:
        reason = reasons.NAME_ONLY if doubt.name_only else reasons.REAPPEARED if again else reasons.AMBIGUOUS
        data = {"candidates": [list(node) for node in doubt.candidates], "reason": reason}
        question = Review(
            id=None, kind="match", entity=self._entity, connection=item.connection, object=item.object,
            remote_id=item.remote_id, data=data, opened_ms=self._now_ms, run_id=self._report.run_id,
        )  # fmt: skip
        reviews.put(self._tx, [question])
        if item.id is not None and item.state != "review":
            inbox.mark(self._tx, [item.id], "review", reason)
        self._say(item, "review", reason)

    def _say(self, item: Item, action: LineAction, reason: str) -> None:
        title = (item.doc or {}).get(TITLE_FIELD[self._entity])
        self.lines.append(
            PlanLine(
                entity=self._entity, action=action, connection=item.connection, reason=reason,
                title=title if isinstance(title, str) else "", object=item.object, remote_id=item.remote_id,
            )
        )  # fmt: skip


def keep_keys(tx: Tx, entity: EntityKind, spokes: Mapping[str, Spoke], now_ms: int) -> bool:
    """Say whether identity keys are kept for this kind; makes up for the time they were not.

    With one connection, nothing in the hub that it lacks and nothing that we made there, there is nobody to meet and
    keys would only cost.
    """
    name = f"@identity.{entity}"
    marker = streams.load_snapshot(tx, "", name)
    complete = marker is not None and marker[0] == "complete"
    if complete:
        return True
    if len(spokes) < 2 and not _has_strangers(tx, entity, next(iter(spokes))):
        return False
    after = ""
    while rows := hub.select(tx, entity, states=_KEYED, after=after, limit=CHUNK):
        identity.put(tx, entity, HUB, [(row.uid, index_keys(entity, row.values)) for row in rows])
        after = rows[-1].uid
    vanished = links.by_uids(tx, entity, links.orphaned_uids(tx, entity))
    identity.put(tx, entity, HUB, [(uid, index_keys(entity, remembered(some))) for uid, some in vanished.items()])
    streams.save_snapshot(tx, "", name, "complete", {}, now_ms)
    return True


def remembered(some: Iterable[Link]) -> dict[str, Value]:
    """Give what the links of a row that vanished from the hub remember of it."""
    return {name: value for link in some if link.state != "retired" for name, value in link.shadow_hub.items()}


def _has_strangers(tx: Tx, entity: EntityKind, connection: str) -> bool:
    """Say whether an unlinked record exists that a hub row may want, or that may be the double of one we made."""
    if not inbox.unlinked(tx, entity, limit=1):
        return False
    return bool(links.unlinked_uids(tx, entity, connection, limit=1)) or outbox.made_any(tx, connection, entity)


def _left(item: Item) -> bool:
    return item.gone or not item.in_scope or item.doc is None


def hub_values(spoke: Spoke, entity: EntityKind, doc: Mapping[str, Value], refs: ChunkRefs) -> dict[str, Value]:
    """Give a remote document in hub values, as far as its references are known."""
    out: dict[str, Value] = {}
    for bound in spoke.maps[entity].fields:
        name = bound.map.field
        if name in doc:
            value = bound.codec.to_hub(doc[name], None, refs)
            if not isinstance(value, Unseen):
                out[name] = value
    return out


def uid_for(item: Item, again: str = "") -> str:
    """Give the uid of the entity a new record founds: a UUIDv7 whose time is the record's creation.

    The same record always founds the same uid, so a plan made twice is the same plan; *again* tells apart an entity
    that a person made of a record which had founded one before.
    """
    origin = f"{item.connection}\t{item.object}\t{item.remote_id}\t{again}".encode()
    digest = hashlib.sha256(origin).digest()
    return new_uid(max(0, item.created_ms or 0), lambda count: digest[:count])


def index_keys(entity: EntityKind, values: Mapping[str, Value]) -> list[str]:
    """Give all keys a record is found by, weak ones marked so that they never meet strong ones."""
    strong = keys_of.keys(entity, values)
    weak = [*keys_of.weak_keys(entity, values), *(key for key in strong if keys_of.key_kind(key) == "an")]
    return [*strong, *(WEAK_PREFIX + key for key in dict.fromkeys(weak))]
