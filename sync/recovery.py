"""Find out what became of writes whose answer never came, before anything new is planned.

A write is never repeated blindly. Updates and deletes are settled by reading the record. A create is looked for by
its key once it must be visible; without a key by who made it and when; and where neither can tell, a person is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from connectors.base import RemoteRecord, chunks
from mapping.errors import DubanError, RecordRefused
from mapping.fields import BoundMap
from mapping.ports import Clock
from mapping.records import Value
from store import inbox, links, outbox, reviews
from store.database import Database
from store.inbox import Item
from store.outbox import Op
from store.reviews import Review
from sync.absorb import gone_item, live_item
from sync.repeating import says, shares, unlinked
from sync.report import RunReport
from sync.sending import judge_guard, send_rows
from sync.settling import Settler, Verdict
from sync.spokes import Spoke

_SKEW_MS = 90_000_000
"""How far a remote's created time may lie before our own clock's idea of the first attempt: a day, and an hour more.

Two machines' clocks are compared here and nowhere else; a clock that was set wrong must not make a record twice.
"""


class Recovery:
    """Settles ops in ``intent`` or ``unknown`` of the given connections."""

    def __init__(self, db: Database, clock: Clock, report: RunReport, salt: bytes) -> None:
        self._db = db
        self._clock = clock
        self._report = report
        self._settler = Settler(db, clock, report, salt)

    def run(self, spokes: Sequence[Spoke]) -> None:
        """Probe every write of unknown fate that may be probed now; the others wait for their time."""
        for spoke in spokes:
            with self._db.read() as tx:
                lost = outbox.open(tx, connection=spoke.name, states=("intent", "unknown"))
            lost = [op for op in lost if op.entity in spoke.maps]
            lost.sort(key=lambda op: (op.entity, op.action, op.id))
            for (entity, action), group in groupby(lost, key=lambda op: (op.entity, op.action)):
                bound = spoke.maps[entity]
                try:
                    if action == "create":
                        self._creates(spoke, bound, list(group))
                    else:
                        self._others(spoke, bound, list(group))
                except DubanError as error:
                    self._report.note(error)
                    break

    def _others(self, spoke: Spoke, bound: BoundMap, ops: list[Op]) -> None:
        for part in chunks(ops, spoke.connector.capabilities.fetch_size):
            ids = [op.remote_id or "" for op in part]
            found = spoke.connector.fetch(bound.map.object, ids, bound.wire_fields)
            verdicts = [self._reread(bound, op, found.get(op.remote_id or "")) for op in part]
            self._finish(spoke, bound, [verdict for verdict in verdicts if verdict.outcome != "ready"])
            lost = [verdict for verdict in verdicts if verdict.outcome == "ready"]
            for some in chunks(lost, spoke.connector.capabilities.batch_size):
                self._send_again(spoke, bound, some)

    def _reread(self, bound: BoundMap, op: Op, record: RemoteRecord | None) -> Verdict:
        if op.action == "restore":
            return Verdict(op, "transient") if record is None else judge_guard(bound, op, record)
        verdict = judge_guard(bound, op, record)
        return verdict if verdict.outcome == "ready" else verdict._replace(probed=True)

    def _send_again(self, spoke: Spoke, bound: BoundMap, lost: Sequence[Verdict]) -> None:
        """Send what did not arrive, on the read that showed it: any later look would only cost a call more."""
        now_ms = self._clock.now_ms()
        with self._db.write(durable=True) as tx:
            not_before_ms = now_ms + int(spoke.settings.visible_after_s * 1000)
            outbox.intend(tx, [verdict.op for verdict in lost], now_ms, not_before_ms)
        sent = send_rows(spoke, bound, lost)
        self._settler.settle(spoke, bound, sent)
        stop = next((verdict.stop for verdict in sent if verdict.stop is not None), None)
        if stop is not None:
            raise stop

    def _creates(self, spoke: Spoke, bound: BoundMap, ops: list[Op]) -> None:
        now_ms = self._clock.now_ms()
        due = [op for op in ops if op.not_before_ms <= now_ms or (bound.key_unique and op.key)]
        keyed = [op for op in due if op.key and bound.key_field]
        if keyed:
            self._by_key(spoke, bound, keyed)
        bare = [op for op in due if not (op.key and bound.key_field)]
        if bare and spoke.settings.dedicated_user and spoke.connector.capabilities.created_by_filter:
            self._by_author(spoke, bound, bare)
        elif bare:
            self._ask(spoke, bound, bare)

    def _by_key(self, spoke: Spoke, bound: BoundMap, ops: list[Op]) -> None:
        """Look for each key. Not found and long visible, or held by a unique index: the create may be sent again."""
        assert bound.key_field is not None
        by_key: dict[str, list[RemoteRecord]] = {op.key or "": [] for op in ops}
        for part in chunks(list(by_key), 50):
            for record in spoke.connector.find(bound.map.object, bound.key_field, part, bound.wire_fields):
                by_key.get(str(_key_of(bound, record)), []).append(record)
        shown = {record.id for some in by_key.values() for record in some}
        wanted = by_key.keys()
        for record in self._listed(
            spoke, bound, lambda item: (item.doc or {}).get("key") in wanted and item.remote_id not in shown
        ):
            by_key.get(str(_key_of(bound, record)), []).append(record)
        found = {op.id: sorted(by_key[op.key or ""], key=_age) for op in ops}
        self._settle_found(spoke, bound, found, ops)

    def _settle_found(
        self, spoke: Spoke, bound: BoundMap, found: Mapping[str, Sequence[RemoteRecord]], ops: list[Op]
    ) -> None:
        """Settle creates by the records they may have made, read again by id: a search may show them as they were.

        The first that lives is it: a create that was sent again may have made two, and people deleted one.
        """
        ids = list(dict.fromkeys(record.id for some in found.values() for record in some))
        now: dict[str, RemoteRecord | None] = {}
        for part in chunks(ids, spoke.connector.capabilities.fetch_size):
            now.update(spoke.connector.fetch(bound.map.object, part, bound.wire_fields))
        verdicts = []
        for op in ops:
            some = found.get(op.id, ())
            record = next((shown for record in some if (shown := now.get(record.id)) is not None), None)
            if record is None and some and self._may_hide(op):
                continue
            # One that is not shown any more still says, as the search knew it, which attempt it came from.
            verdicts.append(self._found(bound, op, record or next(iter(some), None)))
        self._finish(spoke, bound, verdicts)
        self._note_gone(spoke, bound, [id_ for id_, record in now.items() if record is None])

    def _may_hide(self, op: Op) -> bool:
        """Say whether a later sending may have made a record that cannot be seen yet, beside one that is deleted."""
        return op.attempts > 1 and op.not_before_ms > self._clock.now_ms()

    def _found(self, bound: BoundMap, op: Op, record: RemoteRecord | None) -> Verdict:
        if record is None:
            return Verdict(op, "transient")
        try:
            doc = bound.read(record.payload)
        except RecordRefused:  # it is there all the same; the next pull says what is wrong with it
            return Verdict(op, "applied", remote_id=record.id)
        return Verdict(op, "applied", remote_id=record.id, record=record, doc=doc)

    def _by_author(self, spoke: Spoke, bound: BoundMap, ops: list[Op]) -> None:
        """Among records our own user made since, take the one that says what we sent, by elimination.

        One that only resembles it may be it, edited since: then nothing is sent again and a person is asked.
        """
        since = min(op.first_intent_ms or 0 for op in ops) - _SKEW_MS
        made = list(spoke.connector.find_created(bound.map.object, since, bound.wire_fields))
        shown = {record.id for record in made}
        me = spoke.identity.user_id
        made += self._listed(spoke, bound, lambda item: item.created_by == me and item.remote_id not in shown)
        with self._db.read() as tx:
            linked = links.by_remote(tx, spoke.name, bound.map.object, [record.id for record in made])
        free = sorted((record for record in made if record.id not in linked), key=lambda r: (r.created_ms or 0, r.id))
        docs: dict[str, dict[str, Value]] = {}
        found: dict[str, list[RemoteRecord]] = {}
        for record in free:
            try:
                docs[record.id] = bound.read(record.payload)
            except RecordRefused:
                continue
        for op in ops:
            match = next((record for record in free if record.id in docs and says(op, docs[record.id])), None)
            if match is not None:
                free.remove(match)
                found[op.id] = [match]
        left = [docs[record.id] for record in free if record.id in docs]
        doubtful = [op for op in ops if op.id not in found and any(shares(op, doc) for doc in left)]
        self._settle_found(spoke, bound, found, [op for op in ops if op not in doubtful])
        if doubtful:
            self._ask(spoke, bound, doubtful)

    def _listed(self, spoke: Spoke, bound: BoundMap, wanted: Callable[[Item], bool]) -> list[RemoteRecord]:
        """Read the unlinked records that a listing has shown already: a search may lag behind it."""
        with self._db.read() as tx:
            ids = [item.remote_id for item in unlinked(tx, spoke, bound.entity, wanted)]
        found: list[RemoteRecord] = []
        for part in chunks(ids, spoke.connector.capabilities.fetch_size):
            answer = spoke.connector.fetch(bound.map.object, part, bound.wire_fields)
            found += [record for record in answer.values() if record is not None]
            self._note_gone(spoke, bound, [id_ for id_, record in answer.items() if record is None])
        return found

    def _note_gone(self, spoke: Spoke, bound: BoundMap, ids: Sequence[str]) -> None:
        """Take down what a point read proved gone: no listing will tell of it again."""
        if ids:
            with self._db.write() as tx:
                inbox.put(tx, [gone_item(spoke, bound, id_, self._clock.now_ms()) for id_ in ids])

    def _ask(self, spoke: Spoke, bound: BoundMap, ops: list[Op]) -> None:
        now_ms = self._clock.now_ms()
        with self._db.write() as tx:
            for op in ops:
                op.state = "unknown"
            outbox.save(tx, ops)
            questions = [
                Review(
                    id=None, kind="unknown", entity=op.entity, uid=op.uid, connection=spoke.name,
                    object=bound.map.object, data={"op": op.id, "since_ms": op.first_intent_ms}, opened_ms=now_ms,
                    run_id=self._report.run_id,
                )
                for op in ops
            ]  # fmt: skip
            reviews.put(tx, questions)

    def _finish(self, spoke: Spoke, bound: BoundMap, verdicts: list[Verdict]) -> None:
        """Settle; a found record also goes to the inbox, so that what people changed on it since is seen."""
        self._report.tally("recovered", sum(verdict.outcome == "applied" for verdict in verdicts))
        self._settler.settle(spoke, bound, verdicts)
        now_ms = self._clock.now_ms()
        news = [
            live_item(spoke, bound, verdict.record, dict(verdict.doc), now_ms)
            for verdict in verdicts
            if verdict.outcome == "applied" and verdict.record is not None and verdict.doc is not None
        ]
        if news:
            with self._db.write() as tx:
                inbox.put(tx, news)


def _key_of(bound: BoundMap, record: RemoteRecord) -> Value:
    """Give the key a record carries, even when the rest of it cannot be read."""
    try:
        return bound.read(record.payload).get("key")
    except RecordRefused:
        raw = record.payload.get(bound.key_field or "")
        return raw if isinstance(raw, str) else None


def _age(record: RemoteRecord) -> tuple[int, str]:
    """Sort records by when they were made, oldest first."""
    return record.created_ms or 0, record.id
