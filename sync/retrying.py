"""Try parked records again: slowly by themselves, at once when a person asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from connectors.base import RemoteRecord, chunks
from mapping.errors import DubanError, RecordRefused
from mapping.fields import BoundMap
from mapping.ports import Clock
from mapping.scope import in_scope
from store import hub, inbox, links, quarantine, worklist
from store.database import Database
from store.quarantine import Held
from store.tx import Tx
from sync.absorb import gone_item, live_item, refused_item
from sync.report import RunReport
from sync.spokes import Spoke

_FIRST_WAIT_S = 900
_LONGEST_WAIT_S = 86_400


class Retrier:
    """Puts what is due back on the work list; what fails again is parked again, for longer."""

    def __init__(self, db: Database, clock: Clock, report: RunReport) -> None:
        self._db = db
        self._clock = clock
        self._report = report

    def run(self, spokes: Sequence[Spoke]) -> None:
        """Wake everything that is due at these connections."""
        by_name = {spoke.name: spoke for spoke in spokes}
        now_ms = self._clock.now_ms()
        with self._db.read() as tx:
            due = [held for held in quarantine.due(tx, now_ms) if held.connection in by_name]
        if not due:
            return
        with self._db.write() as tx:
            for held in due:
                if held.op_id and held.uid:
                    hub.mark_dirty(tx, held.entity, [held.uid], "retry", now_ms)
            worklist.postpone(tx, [(held.id, now_ms + wait_ms(held.attempts)) for held in due if held.id is not None])
        unread = [held for held in due if not held.op_id and held.remote_id]
        unread.sort(key=lambda held: (held.connection, held.entity))
        for (name, entity), group in groupby(unread, key=lambda held: (held.connection, held.entity)):
            if entity in by_name[name].maps:
                self._read_again(by_name[name], list(group))

    def _read_again(self, spoke: Spoke, some: Sequence[Held]) -> None:
        bound = spoke.maps[some[0].entity]
        now_ms = self._clock.now_ms()
        for part in chunks([held.remote_id for held in some], spoke.connector.capabilities.fetch_size):
            try:
                found = spoke.connector.fetch(bound.map.object, part, bound.wire_fields)
            except DubanError as error:
                self._report.note(error)
                return
            items = [gone_item(spoke, bound, id_, now_ms) for id_ in self._gone(spoke, bound, found)]
            odd: list[Held] = []
            for record in found.values():
                if record is None:
                    continue
                try:
                    doc = bound.read(record.payload)
                except RecordRefused as error:
                    odd.append(refused_item(spoke, bound, record, error, now_ms))
                    continue
                scoped = not bound.map.where or in_scope(bound.map.where, record.payload)
                items.append(live_item(spoke, bound, record, doc, now_ms, scoped=scoped))
            with self._db.write() as tx:
                inbox.put(tx, items)
                park(tx, odd, now_ms)
                worklist.close_unread(tx, spoke.name, bound.map.object, [item.remote_id for item in items], now_ms)

    def _gone(self, spoke: Spoke, bound: BoundMap, found: Mapping[str, RemoteRecord | None]) -> list[str]:
        """Give the records that were not found and need no other proof that they are deleted: nobody has them, or
        nothing else would tell.
        """
        missing = [id_ for id_, record in found.items() if record is None]
        if not missing or not spoke.connector.capabilities.deleted_feed:
            return missing
        with self._db.read() as tx:
            linked = links.by_remote(tx, spoke.name, bound.map.object, missing)
        return [id_ for id_ in missing if id_ not in linked]


def park(tx: Tx, helds: Sequence[Held], now_ms: int) -> None:
    """Park records; each rests the longer the more often it failed."""
    quarantine.put(tx, helds)
    worklist.postpone(tx, [(held.id, now_ms + wait_ms(held.attempts)) for held in helds if held.id is not None])


def wait_ms(attempts: int) -> int:
    """Give how long a record rests after that many failures: a quarter of an hour, doubling up to a day."""
    return int(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(max(attempts - 1, 0), 10)) * 1000)
