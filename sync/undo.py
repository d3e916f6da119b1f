"""Take a run back: a round of its own that plans from the journal instead of from news."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from connectors.base import chunks
from mapping.errors import DubanError, InputError
from mapping.records import ENTITIES, EntityKind, Value, hub_field
from store import hub, inbox, journal, links, outbox, reviews, runs
from store.inbox import Item
from store.journal import Entry
from store.links import Link
from store.tx import Tx
from sync import reasons
from sync.absorb import live_item, note_fresh
from sync.bindings import Work, keep_keys
from sync.committing import Committer, Planned
from sync.engine import RULED, Engine, RoundOptions
from sync.guards import Tally, check_tally
from sync.merge import Parked
from sync.past import RecordPast, Told, past_of
from sync.planning import plan_digest
from sync.report import RunReport
from sync.spokes import ChunkRefs, Spoke, prefetch
from sync.undoing import Ask, Ground, bucket_of, undo_record
from sync.views import Base, EntityPlan, EntityView, Seen, SideView

_CHUNK = 500
_LINES_KEPT = 100_000
_WRITES = frozenset({"create", "update", "delete", "restore"})
_RANK = {"live": 0, "suspended": 1, "gone": 2, "retired": 3}


class _Rollback(Exception):
    """Leaves the planning transaction without committing."""


class UndoEngine(Engine):
    """Runs rounds that take one run back; everything but the planning is as in any round.

    Args:
        ask: what is to be taken back; who: the person who wants it.
    """

    def __init__(self, *args: Any, ask: Ask, who: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self._ask = ask
        self._who = who or "person"
        self._again: dict[tuple[str, EntityKind], list[str]] = {}

    def _round(self, report: RunReport, spokes: Sequence[Spoke], options: RoundOptions) -> None:
        report.undo = {**asdict(self._ask), "who": self._who}
        self._again.clear()
        super()._round(report, spokes, options)
        if options.kind != "plan":
            self._look_again(spokes, report)

    def _plan(self, report: RunReport, spokes: Sequence[Spoke], options: RoundOptions) -> None:
        """Plan the undo in one transaction: a rail that trips, or a plan only shown, leaves nothing behind."""
        tally, met = Tally(), set[str]()
        tripped = None
        try:
            with self._db.write() as tx:
                past = _past(tx, self._ask)
                for entity in ENTITIES:
                    mine = [one for (kind, _), one in sorted(past.items()) if kind == entity]
                    for part in chunks(mine, _CHUNK):
                        self._part(tx, report, spokes, options, entity, list(part), tally, met)
                linked: dict[str, int] = {entity: _linked(tx, spokes, entity) for entity in ENTITIES}
                tripped = check_tally(self._rails, tally, linked, options.allow, RULED)
                if options.approved is not None:
                    report.counts["stale"] = len(options.approved - met)
                if tripped is not None or options.kind == "plan":
                    raise _Rollback
        except _Rollback:
            pass
        if tripped is not None:
            self._trip(report, tripped, raises=options.kind != "plan")

    def _part(
        self,
        tx: Tx,
        report: RunReport,
        spokes: Sequence[Spoke],
        options: RoundOptions,
        entity: EntityKind,
        past: Sequence[RecordPast],
        tally: Tally,
        met: set[str],
    ) -> None:
        there = {s.name: s for s in spokes if entity in s.maps and (options.kind == "plan" or s.live)}
        reader = _Reader(tx, entity, there, [one.uid for one in past], past, report.run_id)
        taken: list[Planned] = []
        for one in past:
            plan = undo_record(one, reader.ground(one), self._ask)
            if self._admit(report, plan, options, met):
                tally.add(plan)
                if plan.writes_hub or plan.ops or plan.links:
                    taken.append((plan, [], reader.best(one.uid)))
        committer = Committer(
            tx, report, now_ms=self._clock.now_ms(), new_id=self._new_id, salt=self._salt(),
            keyed=keep_keys(tx, entity, there, self._clock.now_ms()), who=self._who, cause=reasons.UNDO,
        )  # fmt: skip
        committer.commit(entity, there, Work([plan.uid for plan, _, _ in taken]), reader.rows, taken)
        for plan, _, _ in taken:
            for op in plan.ops:
                if op.remote_id and op.action == "update" and op.connection in reader.waiting(plan.uid):
                    self._again.setdefault((op.connection, entity), []).append(op.remote_id)

    def _admit(self, report: RunReport, plan: EntityPlan, options: RoundOptions, met: set[str]) -> bool:
        """Report a plan and say whether it may be committed now."""
        acting = plan.writes_hub or bool(plan.ops) or bool(plan.links)
        if acting:
            digest = plan_digest(plan)
            met.add(digest)
            plan.lines = [replace(li, digest=digest if li.action != "skip" else "") for li in plan.lines]
            if options.approved is not None and digest not in options.approved:
                report.tally("not_in_plan")
                return False
        for line in plan.lines:
            bucket = bucket_of(line.reason)
            report.tally(bucket or line.action, max(1, len(line.fields)) if bucket else 1)
            report.lines_total += 1
            if len(report.lines) < _LINES_KEPT:
                report.lines.append(line)
        if acting:
            report.tally("undone", max(1, len(plan.values)))
        return True

    def _look_again(self, spokes: Sequence[Spoke], report: RunReport) -> None:
        """Read anew what waited as news while we wrote: as it was observed it still shows the value we took back."""
        for spoke in spokes:
            for (name, entity), ids in self._again.items():
                if name != spoke.name or entity not in spoke.maps:
                    continue
                bound = spoke.maps[entity]
                try:
                    for part in chunks(ids, spoke.connector.capabilities.fetch_size):
                        found = spoke.connector.fetch(bound.map.object, part, bound.wire_fields)
                        now_ms = self._clock.now_ms()
                        records = [record for record in found.values() if record is not None]
                        news = [live_item(spoke, bound, one, bound.read(one.payload), now_ms) for one in records]
                        with self._db.write() as tx:
                            inbox.put(tx, news)
                            note_fresh(tx, spoke, bound, [one.id for one in records], now_ms)
                except DubanError as error:
                    report.note(error)


def undo_ask(tx: Tx, run_id: str, *, uid: str = "", field: str = "", at_source: bool = False) -> Ask:
    """Give what is asked for, once it is sure that the run did something there.

    Raises:
        InputError: no such run; a plan, which wrote nothing; nothing done to that record or field.
    """
    run = runs.get(tx, run_id)
    if run is None:
        raise InputError(
            f"there is no run {run_id}; see `duban runs`", zh=f"没有运行记录 {run_id}，请查看 `duban runs`"
        )
    ask = Ask(run_id=run_id, uid=uid, field=field, at_source=at_source)
    past = _past(tx, ask)
    if not past:
        what, what_zh = (f" to {uid}", f"对 {uid} ") if uid else ("", "")
        raise InputError(
            f"run {run_id} did nothing{what} that can be taken back", zh=f"运行 {run_id} {what_zh}没有可撤销的操作"
        )
    known = sorted({name for one in past.values() for name in one.fields})
    if field and field not in known:
        near = difflib.get_close_matches(field, known)
        shown = ", ".join(near or known) or "-"
        raise InputError(
            f"run {run_id} did not change the field {field}; it changed {shown}",
            zh=f"运行 {run_id} 未改动字段 {field}；改动过：{shown}",
        )
    return ask


def _past(tx: Tx, ask: Ask) -> dict[tuple[EntityKind, str], RecordPast]:
    entries = journal.of_work(tx, ask.run_id)
    return past_of(_told(entry) for entry in entries if not ask.uid or entry.uid == ask.uid)


def _told(entry: Entry) -> Told:
    return Told(
        seq=entry.seq or 0, kind=entry.kind, entity=entry.entity, uid=entry.uid, connection=entry.connection,
        changes=entry.changes, write=bool(entry.op_id) and entry.kind in _WRITES,
    )  # fmt: skip


def _linked(tx: Tx, spokes: Sequence[Spoke], entity: EntityKind) -> int:
    return max((links.count(tx, s.name, s.maps[entity].map.object) for s in spokes if entity in s.maps), default=0)


class _Reader:
    """Everything about a chunk of records, read in a few statements."""

    def __init__(
        self,
        tx: Tx,
        entity: EntityKind,
        spokes: Mapping[str, Spoke],
        uids: Sequence[str],
        past: Sequence[RecordPast],
        by: str,
    ) -> None:
        self._tx, self._entity, self._spokes, self._by = tx, entity, spokes, by
        self.rows = hub.read(tx, entity, uids)
        self._links = links.by_uids(tx, entity, uids)
        self._items = inbox.of_uids(tx, entity, uids)
        self._parked = reviews.active_fields(tx, entity, uids)
        self._busy = outbox.open_pairs(tx, entity, uids)
        self._touched = self._touched_since(past)
        self._refs = {name: self._refs_of(spoke, past) for name, spoke in spokes.items()}

    def best(self, uid: str) -> dict[str, Link]:
        """Give the link of each connection that counts; one an undo or a person cut off is better than none."""
        out: dict[str, Link] = {}
        for link in sorted(self._links.get(uid, ()), key=lambda link: (_RANK[link.state], -(link.id or 0))):
            if link.state != "retired" or link.notes.get("unlinked"):
                out.setdefault(link.connection, link)
        return out

    def waiting(self, uid: str) -> set[str]:
        """Give the connections from which something about the record waits to be planned."""
        return {item.connection for item in self._items.get(uid, ())}

    def ground(self, past: RecordPast) -> Ground:
        row, best = self.rows.get(past.uid), self.best(past.uid)
        sides = [self._side(name, spoke, past.uid, best.get(name)) for name, spoke in self._spokes.items()]
        parked = {
            name: Parked(review_id=one.id or 0, hub=one.data.get("hub"), sides=one.data.get("sides", {}))
            for name, one in self._parked.get(past.uid, {}).items()
        }
        view = EntityView(
            entity=self._entity, uid=past.uid, exists=row is not None, state=row.state if row else "deleted",
            values=row.values if row else {}, sides=sides, parked=parked,
        )  # fmt: skip
        away = {name for name, link in best.items() if link.state != "retired" and name not in self._spokes}
        return Ground(view=view, away=frozenset(away), touched=past.uid in self._touched, by=self._by)

    def _side(self, name: str, spoke: Spoke, uid: str, link: Link | None) -> SideView:
        bound = spoke.maps[self._entity]
        item = None
        if link is not None:
            mine = (one for one in self._items.get(uid, ()) if one.connection == name)
            item = next((one for one in mine if one.remote_id == link.remote_id), None)
        base = None
        if link is not None:
            base = Base(
                remote_id=link.remote_id, state=link.state, shadow_hub=link.shadow_hub,
                shadow_remote=link.shadow_remote, notes=link.notes,
            )  # fmt: skip
        return SideView(
            connection=name, object=bound.map.object, bound=bound, refs=self._refs[name], base=base,
            seen=_seen(spoke, link, item), may_create=self._entity in spoke.backfilled,
            may_restore=spoke.connector.capabilities.restore, homes=frozenset(spoke.maps),
            busy=(uid, name) in self._busy, on_remote_delete=spoke.settings.on_remote_delete,
        )  # fmt: skip

    def _touched_since(self, past: Sequence[RecordPast]) -> set[str]:
        last = {one.uid: one.last_seq for one in past}
        if not last:
            return set()
        later = journal.since(self._tx, self._entity, sorted(last), min(last.values()))
        return {one.uid for one in later if (one.seq or 0) > last[one.uid] and _touches(self._entity, one)}

    def _refs_of(self, spoke: Spoke, past: Sequence[RecordPast]) -> ChunkRefs:
        refs = ChunkRefs(spoke.directory)
        docs: list[Mapping[str, Value]] = [item.doc for some in self._items.values() for item in some if item.doc]
        docs += [li.shadow_remote for some in self._links.values() for li in some if li.connection == spoke.name]
        docs += [
            {name: w.old}
            for one in past
            for name, field in one.fields.items()
            for c, w in field.wrote.items()
            if c == spoke.name
        ]
        values: list[Mapping[str, Value]] = [row.values for row in self.rows.values()]
        values += [{name: field.hub[0]} for one in past for name, field in one.fields.items() if field.hub]
        prefetch(self._tx, spoke, refs, self._entity, docs, values)
        return refs


def _seen(spoke: Spoke, link: Link | None, item: Item | None) -> Seen | None:
    if link is None or item is None:
        return None
    ours = item.modified_by is None or item.modified_by == spoke.identity.user_id
    echo = ours and bool(link.expect_version) and link.expect_version == item.version
    return Seen(remote_id=item.remote_id, doc=item.doc or {}, gone=item.gone, in_scope=item.in_scope, echo=echo)


def _touches(entity: EntityKind, entry: Entry) -> bool:
    """Say whether an entry is somebody's work on the record, not a key or a flag of ours."""
    return any(name != "key" and not hub_field(entity, name).rule_written for name in entry.changes)
