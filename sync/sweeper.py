"""Lists every record again, within a budget of calls, and puts what the feed of changes missed on the work list.

Reads only. Each page is stored together with the place behind it, so that a sweep that was cut off, by a kill or by
its budget, goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from connectors.base import Page, PullRequest, RemoteRecord, chunks
from mapping.errors import DubanError, NeedsOperator, PageMalformed, RecordRefused
from mapping.fields import BoundMap
from mapping.ports import Clock
from mapping.records import EntityKind, Value
from mapping.scope import in_scope
from store import inbox, links, outbox, quarantine, reviews, streams, sweeps, worklist
from store.database import Database
from store.links import Link
from store.quarantine import Held
from store.statements import loads_dict
from store.sweeps import Seen, Sweep
from store.tx import Tx
from sync.absorb import Absorber, gone_item, live_item, refused_item, unreadable_item
from sync.guards import Rails, check_listing
from sync.halting import Halt, never
from sync.report import RunReport
from sync.spokes import Spoke
from sync.sweeping import TAKEN, Known, Read, content_digest, counts_agree, differing, judge_absent, judge_listed
from sync.withheld import ask_access

log = logging.getLogger(f"duban.{__name__}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOptions:
    """How far a sweep may go.

    Args:
        calls: calls per connection; what is left is done by the next sweep.
        allow: rail -> number a person accepted.
    """

    calls: int = 2000
    allow: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Task:
    spoke: Spoke
    bound: BoundMap
    sweep: Sweep
    before_ms: int | None
    named: set[str] | None = None


class Sweeper:
    """Sweeps connections, one object after the other.

    Args:
        absorber: reads again what a late list may show as it was before our own last write.
        used: connection -> calls its connector has made so far.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rails: Rails,
        report: RunReport,
        *,
        absorber: Absorber,
        used: Callable[[str], int],
        options: SweepOptions,
        halt: Halt = never,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rails = rails
        self._report = report
        self._absorber = absorber
        self._used = used
        self._options = options
        self._halt = halt
        self._started: dict[str, int] = {}

    def run(self, spokes: Sequence[Spoke], high_ms: Mapping[tuple[str, EntityKind], int | None]) -> None:
        """Sweep every object that was listed once; what fails is named in the report, the others go on.

        Args:
            high_ms: newest change known of each stream before the feed was read just now.
        """
        for spoke in spokes:
            self._started[spoke.name] = self._used(spoke.name)
            for entity, turn in self._turns(spoke):
                if self._stops(spoke):
                    self._report.tally("sweep_unfinished")
                    continue
                self._object(self._begin(spoke, entity, turn, high_ms.get((spoke.name, entity))))

    def _turns(self, spoke: Spoke) -> list[tuple[EntityKind, int]]:
        """Give what is to be swept now, and the number of that sweep.

        As long as some object is behind the others, only those are: a small budget reaches every object in the end.
        """
        with self._db.read() as tx:
            listed = {one.entity for one in streams.all(tx) if one.connection == spoke.name and one.backfilled_ms}
            last = {entity: sweeps.get(tx, spoke.name, entity) for entity in spoke.entities() if entity in listed}
        newest = max((one.generation for one in last.values() if one is not None), default=0)
        behind = [entity for entity, one in last.items() if one is None or one.unfinished or one.generation < newest]
        if newest and behind:
            return [(entity, newest) for entity in behind]
        return [(entity, newest + 1) for entity in last]

    def _object(self, task: _Task) -> None:
        try:
            if task.sweep.state == "listing":
                self._list(task)
            if task.sweep.state == "judging":
                self._judge(task)
        except DubanError as error:
            tally = self._report.connections[task.spoke.name]
            if tally.error is None:
                tally.error, tally.error_exit = str(error), error.exit_code
            self._report.note(error)
            if isinstance(error, PageMalformed):
                self._end(task, "failed", "malformed")
        if task.sweep.unfinished:
            self._report.tally("sweep_unfinished")

    def _stops(self, spoke: Spoke) -> bool:
        return self._halt() or self._used(spoke.name) - self._started[spoke.name] >= self._options.calls

    def _begin(self, spoke: Spoke, entity: EntityKind, turn: int, high_ms: int | None) -> _Task:
        """Go on with an unfinished sweep of the same scope, else begin one."""
        bound = spoke.maps[entity]
        scope = _scope(bound)
        with self._db.write() as tx:
            stream = streams.get(tx, spoke.name, entity)
            watermark = stream.watermark if stream else None
            last = sweeps.get(tx, spoke.name, entity)
            same = last is not None and last.scope == scope
            if last is not None and last.unfinished and same:
                return _Task(spoke, bound, last, last.high_ms)
            if last is not None and not same:
                sweeps.start_over(tx, spoke.name, bound.map.object)
            sweep = Sweep(
                connection=spoke.name, entity=entity, object=bound.map.object, state="listing", scope=scope,
                generation=max(turn, last.generation + 1 if last else 1),
                complete=last.complete if last and same else 0,
                feed_mark=(last.began_mark if last else None) or watermark, began_mark=watermark,
                high_ms=high_ms, started_ms=self._clock.now_ms(),
            )  # fmt: skip
            sweeps.save(tx, sweep)
        return _Task(spoke, bound, sweep, high_ms)

    def _end(self, task: _Task, state: sweeps.SweepState, reason: str = "") -> None:
        sweep = task.sweep
        sweep.state, sweep.reason, sweep.ended_ms = state, reason, self._clock.now_ms()
        if state == "complete":
            sweep.complete = sweep.generation
            self._report.tally("sweep_complete")
        else:
            self._report.tally("sweep_incomplete")
        with self._db.write() as tx:
            sweeps.save(tx, sweep)

    def _found(self, task: _Task, kind: str, by: int = 1) -> None:
        task.sweep.findings[kind] = task.sweep.findings.get(kind, 0) + by
        self._report.tally(f"sweep_{kind}", by)

    # --- what is listed -----------------------------------------------------------------------------------------

    def _list(self, task: _Task) -> None:
        bound = task.bound
        request = PullRequest(
            entity=bound.entity, object=bound.map.object, fields=bound.wire_fields, watermark=task.sweep.watermark,
            where=bound.map.where, deletes=False,
        )  # fmt: skip
        for page in task.spoke.connector.pull(request):
            self._page(task, self._absorber.freshen(task.spoke, bound, page, self._report))
            if page.last or self._stops(task.spoke):
                return

    def _page(self, task: _Task, page: Page) -> None:
        """Store a page: what is news goes to the inbox, what each record said is kept, the place moves on."""
        spoke, bound, sweep = task.spoke, task.bound, task.sweep
        now_ms = self._clock.now_ms()
        with self._db.write() as tx:
            known = _known(tx, spoke, bound, [record.id for record in page.records])
            held = [unreadable_item(spoke, bound, id_, reason, now_ms) for id_, reason in page.bad]
            items: list[inbox.Item] = []
            noted: list[Seen] = []
            for record in page.records:
                try:
                    doc = bound.read(record.payload)
                except RecordRefused as error:
                    held.append(refused_item(spoke, bound, record, error, now_ms))
                    noted.append(_seen(sweep, record, "", [], scoped=True))
                    continue
                item = self._record(task, tx, record, doc, known.get(record.id, Known()), noted)
                items += [item] if item is not None else []
            inbox.put(tx, items)
            worklist.close_unread(tx, spoke.name, bound.map.object, [item.remote_id for item in items], now_ms)
            quarantine.put(tx, [one for one in held if not known.get(one.remote_id, Known()).held])
            sweeps.put_seen(tx, spoke.name, bound.map.object, noted)
            sweep.listed += len(page.records) + len(page.bad)
            sweep.watermark = page.watermark
            if page.last:
                sweep.state = "judging"
            sweeps.save(tx, sweep)

    def _record(
        self, task: _Task, tx: Tx, record: RemoteRecord, doc: dict[str, Value], known: Known, noted: list[Seen]
    ) -> inbox.Item | None:
        bound, now_ms = task.bound, self._clock.now_ms()
        scoped = not bound.map.where or in_scope(bound.map.where, record.payload)
        digest = content_digest(doc)
        kind = judge_listed(
            known, doc, digest, record.version, record.modified_ms, scoped=scoped, high_ms=task.before_ms
        )
        noted.append(_seen(task.sweep, record, digest, differing(doc, known.agreed or {}), scoped=scoped))
        left = kind == "out_of_scope" and known.state == "live"
        if kind not in TAKEN and not left:
            return None
        self._found(task, kind)
        if kind == "back":
            sweeps.close_access(tx, task.spoke.name, bound.map.object, [record.id], now_ms)
        return live_item(task.spoke, bound, record, doc, now_ms, scoped=scoped)

    # --- what is not --------------------------------------------------------------------------------------------

    def _judge(self, task: _Task) -> None:
        """Look into what was not listed, once the listing as a whole can be believed."""
        spoke, bound, sweep = task.spoke, task.bound, task.sweep
        if spoke.connector.capabilities.count and not bound.map.where:
            counted = spoke.connector.count(bound.map.object)
            if not counts_agree(counted, sweep.listed):
                log.warning("%s.%s: %s counted, %s listed", spoke.name, bound.entity, counted, sweep.listed)
                self._end(task, "failed", "count")
                return
        with self._db.read() as tx:
            known, missing = sweeps.known_before(tx, sweep), sweeps.count_missing(tx, sweep)
        tripped = check_listing(self._rails, spoke.name, bound.entity, known, known - missing)
        if tripped is not None and tripped.found < self._options.allow.get("listing", tripped.found + 1):
            shown = {name: value for name, value in asdict(tripped).items() if value != ""}
            self._report.guard = {**shown, "allow": tripped.allow}
            self._end(task, "failed", "listing")
            return
        while True:
            with self._db.read() as tx:
                rows = sweeps.missing(tx, sweep, spoke.connector.capabilities.fetch_size)
            if not rows:
                self._end(task, "complete")
                return
            if self._stops(spoke):
                return
            self._absent(task, rows)

    def _absent(self, task: _Task, rows: Sequence[tuple[Link, Seen]]) -> None:
        spoke, bound, sweep = task.spoke, task.bound, task.sweep
        found, forbidden = self._read([link.remote_id for link, _ in rows], spoke, bound)
        feed = spoke.connector.capabilities.deleted_feed
        named = self._named(task) if feed and any(record is None for record in found.values()) else set()
        now_ms = self._clock.now_ms()
        with self._db.write() as tx:
            waiting = inbox.by_remote(tx, spoke.name, bound.map.object, [link.remote_id for link, _ in rows])
            busy = outbox.open_pairs(tx, bound.entity, [link.uid for link, _ in rows])
            for link, seen in rows:
                seen.judged, seen.misses, seen.outcome = sweep.generation, seen.misses + 1, "absent"
                if link.remote_id in waiting or (link.uid, spoke.name) in busy:
                    continue
                record = found.get(link.remote_id)
                read: Read = "forbidden" if link.remote_id in forbidden else "none" if record is None else "live"
                verdict = judge_absent(read, named=link.remote_id in named, has_feed=feed, misses=seen.misses)
                if verdict == "late" and record is not None:
                    self._late(tx, task, record, seen)
                elif verdict == "gone":
                    seen.outcome = "gone"
                    inbox.put(tx, [gone_item(spoke, bound, link.remote_id, now_ms)])
                elif verdict == "access":
                    seen.outcome = "access"
                    ask_access(tx, link, read, self._report.run_id, now_ms)
                self._found(task, {"late": "unlisted", "wait": "absent"}.get(verdict, verdict))
            sweeps.put_seen(tx, spoke.name, bound.map.object, [seen for _, seen in rows])
            sweeps.save(tx, sweep)

    def _late(self, tx: Tx, task: _Task, record: RemoteRecord, seen: Seen) -> None:
        """Take a record that the listing left out although it is there."""
        try:
            doc = task.bound.read(record.payload)
        except RecordRefused as error:
            quarantine.put(tx, [refused_item(task.spoke, task.bound, record, error, self._clock.now_ms())])
            return
        scoped = not task.bound.map.where or in_scope(task.bound.map.where, record.payload)
        inbox.put(tx, [live_item(task.spoke, task.bound, record, doc, self._clock.now_ms(), scoped=scoped)])
        seen.outcome, seen.digest, seen.misses = "late", content_digest(doc), 0

    def _read(
        self, ids: Sequence[str], spoke: Spoke, bound: BoundMap
    ) -> tuple[dict[str, RemoteRecord | None], set[str]]:
        """Read records by id; one that is refused to us alone is told apart from a connection that is."""
        try:
            return dict(spoke.connector.fetch(bound.map.object, ids, bound.wire_fields)), set()
        except (NeedsOperator, RecordRefused):
            if len(ids) == 1:
                return {}, set(ids)
        found: dict[str, RemoteRecord | None] = {}
        forbidden: set[str] = set()
        for part in chunks(ids, 1):
            one, refused = self._read(part, spoke, bound)
            found |= one
            forbidden |= refused
        return found, forbidden

    def _named(self, task: _Task) -> set[str]:
        """Ask the feed again for deletes, back to where the sweep before this one began."""
        if task.named is None:
            bound = task.bound
            request = PullRequest(
                entity=bound.entity, object=bound.map.object, fields=bound.wire_fields,
                watermark=task.sweep.feed_mark, where=bound.map.where, deletes=True,
            )  # fmt: skip
            task.named = {id_ for page in task.spoke.connector.pull(request) for id_ in page.deleted_ids}
        return task.named


def _seen(sweep: Sweep, record: RemoteRecord, digest: str, differs: list[str], *, scoped: bool) -> Seen:
    return Seen(
        record.id, generation=sweep.generation, outcome="listed", version=record.version,
        modified_ms=record.modified_ms, digest=digest, differs=differs, in_scope=scoped,
    )  # fmt: skip


def _known(tx: Tx, spoke: Spoke, bound: BoundMap, ids: Sequence[str]) -> dict[str, Known]:
    """Give what we know of the records of a page."""
    name, object_ = spoke.name, bound.map.object
    linked = links.known(tx, name, object_, ids)
    waiting = inbox.by_remote(tx, name, object_, ids)
    before = sweeps.seen(tx, name, object_, ids)
    held = {one.remote_id for one in _quarantined(tx, name) if one.object == object_ and not one.op_id}
    parked = _parked(tx, spoke, bound, [id_ for id_ in ids if id_ in linked])
    return {
        id_: Known(
            state=linked[id_][2] if id_ in linked else None,  # type: ignore[arg-type]  # the store keeps no other state
            version=linked[id_][0] if id_ in linked else "",
            agreed=loads_dict(linked[id_][3]) if id_ in linked else None,
            waiting=waiting[id_].doc if id_ in waiting else None,
            parked=parked.get(id_, frozenset()),
            held=id_ in held,
            swept=before[id_].digest if id_ in before else "",
        )
        for id_ in ids
    }


def _quarantined(tx: Tx, connection: str) -> list[Held]:
    return quarantine.open_(tx, connection) if quarantine.count(tx) else []


def _parked(tx: Tx, spoke: Spoke, bound: BoundMap, ids: Sequence[str]) -> dict[str, frozenset[str]]:
    if not reviews.counts(tx):
        return {}
    uids = links.uids(tx, spoke.name, bound.entity, ids)
    asked = reviews.active_fields(tx, bound.entity, uids.values())
    return {id_: frozenset(asked[uid]) for id_, uid in uids.items() if uid in asked}


def _scope(bound: BoundMap) -> str:
    text = repr((bound.map.object, bound.map.where, bound.wire_fields))
    return hashlib.sha256(text.encode()).hexdigest()
