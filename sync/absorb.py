"""Pull what changed and put it on the work list: pages into the inbox, the watermark in the same transaction."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

from connectors.base import Page, PullRequest, RemoteRecord, chunks
from mapping.errors import DubanError, RecordRefused
from mapping.fields import BoundMap
from mapping.ports import Clock
from mapping.records import EntityKind, Value
from mapping.scope import in_scope
from store import inbox, links, quarantine, reviews, streams, sweeps, worklist
from store.database import Database
from store.inbox import Item
from store.links import Known, Link
from store.quarantine import Held
from store.statements import dumps_flat
from store.streams import Stream
from store.tx import Tx
from sync import overwrites
from sync.halting import Halt, never
from sync.report import RunReport
from sync.spokes import Spoke
from sync.turns import Turns

log = logging.getLogger(f"duban.{__name__}")

_PULL_THREADS = 12
_PAGES_WAITING = 4
_REREAD_MS = 900_000

FRESH = "fresh_ms"
"""Note of a link: when, by our own clock, we last wrote the record, or read it or missed it by its id."""


def canonical(doc: dict[str, Value]) -> str:
    """Give the one text of a document; equal texts are equal documents (the form shadows are stored in)."""
    return dumps_flat(doc)


@dataclass(slots=True)
class Listing:
    """One stream while it is pulled: how many known records a full listing has shown so far.

    Args:
        map_hash: of the map it is read with now.
    """

    spoke: Spoke
    entity: EntityKind
    stream: Stream
    before: Stream | None
    known: int
    map_hash: str = ""
    finished: bool = False
    error: DubanError | None = None

    @property
    def anew(self) -> bool:
        """Say whether records are read for another map than before: what has not changed there may be news then."""
        return self.stream.map_hash != self.map_hash


Pages = Generator[tuple[Listing, Page | DubanError]]
"""What listings give one after the other; closed, it asks for no more."""


class Absorber:
    """Pulls the given connections side by side and stores page after page in the calling thread."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        parallel: bool = True,
        progress: Callable[[str, int], None] | None = None,
        halt: Halt = never,
    ) -> None:
        self._db = db
        self._clock = clock
        self._parallel = parallel
        self._progress = progress
        self._halt = halt

    def run(self, spokes: Sequence[Spoke], report: RunReport, *, full: bool = False) -> list[Listing]:
        """Absorb everything that changed; a failing stream stops alone and is named in the report.

        Args:
            full: list everything again instead of what changed since the watermark.
        """
        listings = self._open(spokes, report, full=full)
        with closing(self._threads(listings) if self._parallel and listings else self._inline(listings)) as source:
            for listing, page in source:
                if self._halt():
                    break
                if isinstance(page, DubanError):
                    listing.error = page
                elif listing.error is None:  # a page behind one that was not stored would move the watermark past it
                    self._take(listing, page, report)
        return listings

    def _take(self, listing: Listing, page: Page, report: RunReport) -> None:
        """Store a page once its deletes are proven; when they cannot be read now, the stream stops before it."""
        spoke, bound = listing.spoke, listing.spoke.maps[listing.entity]
        try:
            gone = self._confirm(spoke, bound, page)
            page = self.freshen(spoke, bound, page, report)
        except DubanError as error:
            listing.error = error
            return
        self._store(listing, page, gone, report)

    def _open(self, spokes: Sequence[Spoke], report: RunReport, *, full: bool) -> list[Listing]:
        out: list[Listing] = []
        with self._db.read() as tx:
            for spoke in spokes:
                for entity in spoke.entities():
                    bound = spoke.maps[entity]
                    before = streams.get(tx, spoke.name, entity)
                    stream = before or Stream(
                        connection=spoke.name, entity=entity, object=bound.map.object, watermark=None,
                        backfilled_ms=None, generation=0, listed=0, map_hash="", updated_ms=0,
                    )  # fmt: skip
                    stream = replace(stream, map_hash=stream.map_hash or bound.digest)
                    known = links.count(tx, spoke.name, bound.map.object)
                    listing = Listing(spoke, entity, stream, before, known, bound.digest)
                    if (full or listing.anew) and stream.backfilled_ms is not None:
                        listing.stream = replace(stream, watermark=None, backfilled_ms=None, listed=0)
                        if listing.anew:
                            report.tally("map_changed")
                    out.append(listing)
        return out

    def _request(self, listing: Listing) -> PullRequest:
        """Give what to ask for. Where no record is known yet none can be missed: deletes are asked for from then on."""
        bound = listing.spoke.maps[listing.entity]
        known = listing.known or listing.stream.backfilled_ms is not None
        return PullRequest(
            entity=listing.entity,
            object=bound.map.object,
            fields=bound.wire_fields,
            watermark=listing.stream.watermark,
            where=bound.map.where,
            deletes=listing.spoke.connector.capabilities.deleted_feed and bool(known),
        )

    def _inline(self, listings: Sequence[Listing]) -> Pages:
        for listing in listings:
            try:
                for page in listing.spoke.connector.pull(self._request(listing)):
                    yield listing, page
            except DubanError as error:
                yield listing, error

    def _threads(self, listings: Sequence[Listing]) -> Pages:
        """Fetch in threads, hand over in one: few pages wait, so memory stays flat and a kill loses little."""
        pages: queue.Queue[tuple[Listing, Page | BaseException | None]] = queue.Queue(_PAGES_WAITING)
        turns = Turns((listing.spoke.name, listing.entity) for listing in listings)

        def fetch(listing: Listing) -> None:
            end: BaseException | None = None
            try:
                for page in listing.spoke.connector.pull(self._request(listing)):
                    pages.put((listing, page))
                    if not turns.wait(listing.spoke.name, listing.entity):
                        break  # and still say that this listing ended: the other side counts the ends
            except BaseException as error:
                end = error
            turns.end(listing.spoke.name)
            pages.put((listing, end))

        with ThreadPoolExecutor(min(_PULL_THREADS, len(listings)), thread_name_prefix="pull") as pool:
            for listing in listings:
                pool.submit(fetch, listing)
            open_, failed = len(listings), None
            try:
                while open_:
                    listing, page = pages.get()
                    if page is None or isinstance(page, DubanError):
                        open_ -= 1
                    elif isinstance(page, BaseException):
                        open_ -= 1
                        failed = failed or page
                        continue
                    if page is not None and failed is None:
                        yield listing, page
                    if isinstance(page, Page):
                        turns.stored(listing.spoke.name, listing.entity)
            finally:
                turns.stop()
                while open_:
                    _, rest = pages.get()
                    open_ -= rest is None or isinstance(rest, BaseException)
            if failed is not None:
                raise failed

    def _store(self, listing: Listing, page: Page, gone: list[Item], report: RunReport) -> None:
        spoke, entity = listing.spoke, listing.entity
        bound = spoke.maps[entity]
        now_ms = self._clock.now_ms()
        with self._db.write() as tx:
            items, held, listed = _sort_out(tx, spoke, bound, page, report, now_ms, anew=listing.anew)
            items += gone
            inbox.put(tx, items)
            sweeps.close_access(tx, spoke.name, bound.map.object, [item.remote_id for item in items], now_ms)
            if quarantine.count(tx):
                worklist.close_unread(tx, spoke.name, bound.map.object, [item.remote_id for item in items], now_ms)
            quarantine.put(tx, held)
            listing.stream = _advance(listing, page, listed, now_ms)
            streams.save(tx, listing.stream)
        listing.finished = page.last
        tally = report.connections[spoke.name]
        tally.pulled += len(page.records)
        tally.gone += len(gone)
        tally.quarantined += len(held)
        if page.last and page.backfill:
            tally.backfilled.append(entity)
        if self._progress is not None:
            self._progress(f"{spoke.name}.{entity}", len(page.records))

    def freshen(self, spoke: Spoke, bound: BoundMap, page: Page, report: RunReport) -> Page:
        """Read again what a late list may show as it was before we last wrote or read it: old is not news."""
        now_ms, ids = self._clock.now_ms(), [record.id for record in page.records]
        with self._db.read() as tx:
            known = links.known(tx, spoke.name, bound.map.object, ids)
            exact = spoke.connector.capabilities.record_version
            moved = [one.id for one in page.records if one.id in known and _is_news(bound, one, known[one.id], exact)]
            held = links.by_remote(tx, spoke.name, bound.map.object, moved)
        since_ms = now_ms - int(spoke.settings.visible_after_s * 1000)
        late = [id_ for id_, link in held.items() if int(link.notes.get(FRESH) or 0) > since_ms]
        found: dict[str, RemoteRecord | None] = {}
        for part in chunks(late, spoke.connector.capabilities.fetch_size):
            found.update(spoke.connector.fetch(bound.map.object, part, bound.wire_fields))
        if not found:
            return page
        with self._db.write() as tx:
            shown_late = [record for record in page.records if record.id in found]
            overwrites.ask_late(tx, spoke, bound, shown_late, found, report, now_ms)
            note_fresh(tx, spoke, bound, late, now_ms)
        shown = [found.get(record.id, record) for record in page.records]
        return replace(page, records=[record for record in shown if record is not None])

    def _confirm(self, spoke: Spoke, bound: BoundMap, page: Page) -> list[Item]:
        """Turn reported deletes of linked records into proven ones by reading each again."""
        if not page.deleted_ids:
            return []
        with self._db.read() as tx:
            linked = links.by_remote(tx, spoke.name, bound.map.object, list(page.deleted_ids))
            waiting = inbox.by_remote(tx, spoke.name, bound.map.object, list(page.deleted_ids))
        fresh = [id_ for id_ in page.deleted_ids if (id_ in linked and linked[id_].state != "gone") or id_ in waiting]
        out: list[Item] = []
        size = spoke.connector.capabilities.fetch_size
        for start in range(0, len(fresh), size):
            now = spoke.connector.fetch(bound.map.object, fresh[start : start + size], bound.wire_fields)
            out += [gone_item(spoke, bound, id_, self._clock.now_ms()) for id_, rec in now.items() if rec is None]
        return out


def _sort_out(
    tx: Tx, spoke: Spoke, bound: BoundMap, page: Page, report: RunReport, now_ms: int, *, anew: bool = False
) -> tuple[list[Item], list[Held], int]:
    """Keep what is news: not the echo of our own writes, not what an overlap showed again, not what is out of scope.

    Args:
        anew: records are read for another map: a version that is known says nothing of the fields it lacked.
    """
    known = links.known(tx, spoke.name, bound.map.object, [record.id for record in page.records])
    exact = spoke.connector.capabilities.record_version
    items: list[Item] = []
    held = [unreadable_item(spoke, bound, id_, reason, now_ms) for id_, reason in page.bad]
    same: list[tuple[RemoteRecord, dict[str, Value]]] = []
    doubtful: list[RemoteRecord] = []
    for record in page.records:
        link = known.get(record.id)
        if exact and link is not None and link[1]:
            ours = record.modified_by == spoke.identity.user_id
            doubtful += [record] if overwrites.beyond(link[1], record.version, ours=ours) else []
        scoped = not bound.map.where or in_scope(bound.map.where, record.payload)
        if link is None and not scoped:
            continue
        if link is not None and scoped and exact and not anew and link[0] == record.version and link[2] == "live":
            continue
        try:
            doc = bound.read(record.payload)
        except RecordRefused as error:
            held.append(refused_item(spoke, bound, record, error, now_ms))
            continue
        if link is not None and scoped and link[2] == "live" and canonical(doc) == link[3]:
            same.append((record, doc))
            continue
        items.append(live_item(spoke, bound, record, doc, now_ms, scoped=scoped))
    if doubtful:
        overwrites.ask_listed(tx, spoke, bound, doubtful, report, now_ms)
    items += _taken_back(tx, spoke, bound, same, now_ms)
    touched = {record.id: record for record, _ in same if known[record.id][0] != record.version}
    if touched:
        mine = links.by_remote(tx, spoke.name, bound.map.object, list(touched))
        items += _asked_otherwise(tx, spoke, bound, [one for one in same if one[0].id in mine], mine, now_ms)
        links.touch(
            tx,
            [(mine[id_].id or 0, record.version, record.modified_ms) for id_, record in touched.items()],
        )
    return items, held, len(known)


def _taken_back(
    tx: Tx, spoke: Spoke, bound: BoundMap, same: Sequence[tuple[RemoteRecord, dict[str, Value]]], now_ms: int
) -> list[Item]:
    """Give records that say again what was agreed while an older observation of them still waits to be planned."""
    waiting = inbox.by_remote(tx, spoke.name, bound.map.object, [record.id for record, _ in same]) if same else {}
    return [
        live_item(spoke, bound, record, doc, now_ms)
        for record, doc in same
        if record.id in waiting and (record.modified_ms or 0) >= (waiting[record.id].modified_ms or 0)
    ]


def _asked_otherwise(
    tx: Tx, spoke: Spoke, bound: BoundMap, same: Sequence[tuple[RemoteRecord, dict[str, Value]]],
    mine: Mapping[str, Link], now_ms: int,
) -> list[Item]:  # fmt: skip
    """Give records that say again what was agreed while a question still shows something else of them."""
    asked = reviews.active_fields(tx, bound.entity, [link.uid for link in mine.values()])
    return [
        live_item(spoke, bound, record, doc, now_ms)
        for record, doc in same
        if (record.modified_ms or 0) >= (mine[record.id].modified_ms or 0)
        and any(
            name in doc and doc[name] != (review.data.get("sides") or {}).get(spoke.name, doc[name])
            for name, review in asked.get(mine[record.id].uid, {}).items()
        )
    ]


def _advance(listing: Listing, page: Page, listed: int, now_ms: int) -> Stream:
    """Give the stream after a page; a finished backfill stands from then on, read for the map of now."""
    stream = listing.stream
    map_hash = listing.map_hash if page.last else stream.map_hash
    done = now_ms if page.backfill and page.last else stream.backfilled_ms
    seen = stream.listed + listed if page.backfill else stream.listed
    return replace(
        stream, watermark=page.watermark, backfilled_ms=done, listed=seen, map_hash=map_hash, updated_ms=now_ms
    )


def _is_news(bound: BoundMap, record: RemoteRecord, known: Known, exact: bool) -> bool:
    """Say whether a listed record says something else than what we know of it, or is known to be deleted.

    Args:
        exact: a version stands for one state. A modified time does not, and what a link remembers is the one before
            our own write: just what a late listing shows.
    """
    if known[2] == "gone":
        return True
    if exact and known[0] == record.version:
        return False
    try:
        return canonical(bound.read(record.payload)) != known[3]
    except RecordRefused:
        return False


def note_fresh(tx: Tx, spoke: Spoke, bound: BoundMap, remote_ids: Sequence[str], now_ms: int) -> None:
    """Note that we know these records as they are now: for a while a list may still show them as they were."""
    held = links.by_remote(tx, spoke.name, bound.map.object, list(remote_ids))
    for link in held.values():
        link.notes[FRESH] = now_ms
    links.update(tx, list(held.values()))


def live_item(
    spoke: Spoke, bound: BoundMap, record: RemoteRecord, doc: dict[str, Value], now_ms: int, *, scoped: bool = True
) -> Item:
    """Give the inbox item of a record as it was just read."""
    return Item(
        id=None, connection=spoke.name, entity=bound.entity, object=bound.map.object, remote_id=record.id,
        version=record.version, modified_ms=record.modified_ms, modified_by=record.modified_by,
        created_ms=record.created_ms, created_by=record.created_by, doc=doc, gone=False, in_scope=scoped,
        state="new", reason="", seen_ms=now_ms,
    )  # fmt: skip


def gone_item(spoke: Spoke, bound: BoundMap, remote_id: str, now_ms: int) -> Item:
    """Give the inbox item of a record that a point read proved gone."""
    return Item(
        id=None, connection=spoke.name, entity=bound.entity, object=bound.map.object, remote_id=remote_id,
        version="", modified_ms=None, modified_by=None, created_ms=None, created_by=None, doc=None, gone=True,
        in_scope=True, state="new", reason="", seen_ms=now_ms,
    )  # fmt: skip


def unreadable_item(spoke: Spoke, bound: BoundMap, remote_id: str, reason: str, now_ms: int) -> Held:
    """Give the quarantine entry of a row that is none."""
    return Held(
        id=None, connection=spoke.name, entity=bound.entity, object=bound.map.object, remote_id=remote_id, uid="",
        op_id="", code="unreadable", message=reason, payload={}, attempts=1, first_ms=now_ms, last_ms=now_ms,
        retry_ms=now_ms + _REREAD_MS, state="open",
    )  # fmt: skip


def refused_item(spoke: Spoke, bound: BoundMap, record: RemoteRecord, error: RecordRefused, now_ms: int) -> Held:
    """Give the quarantine entry of a record that was shown and cannot be read."""
    return Held(
        id=None, connection=spoke.name, entity=bound.entity, object=bound.map.object, remote_id=record.id, uid="",
        op_id="", code=error.code or "value", message=error.message, payload=dict(record.payload), attempts=1,
        first_ms=now_ms, last_ms=now_ms, retry_ms=now_ms + _REREAD_MS, state="open",
    )  # fmt: skip
