"""Write down what became of each write: shadows of the fields we wrote, quarantine, or back on the work list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from connectors.base import Outcome, RemoteRecord
from mapping.errors import DubanError
from mapping.fields import BoundMap
from mapping.ports import Clock
from mapping.records import Value
from store import claims, hub, identity, inbox, journal, links, outbox, reviews, worklist
from store.claims import Claim
from store.database import Database
from store.journal import Entry
from store.links import Link
from store.outbox import Op
from store.quarantine import Held
from store.reviews import Review
from store.tx import Tx
from sync import overwrites
from sync.absorb import FRESH, live_item, note_fresh
from sync.carrying import Carried
from sync.pointing import names_deleted, point_anew
from sync.report import RunReport
from sync.retrying import park
from sync.spokes import Spoke
from sync.views import MADE, MISSED, OURS
from sync.withheld import missed


class Verdict(NamedTuple):
    """What became of one op, or ``ready`` before it is sent (a tuple: two are made for every write).

    Args:
        record, doc: the record as a guard read or a probe saw it.
        version: what the record's version is, or will be if nobody else writes.
        steps: finished parts of a write of several calls.
        stop: the error that rests the whole connection.
        probed: the record was read after a write whose answer never came: it may show that write.
    """

    op: Op
    outcome: Outcome | str
    message: str = ""
    code: str | None = None
    remote_id: str | None = None
    record: RemoteRecord | None = None
    doc: Mapping[str, Value] | None = None
    version: str | None = None
    modified_ms: int | None = None
    retry_after_s: float | None = None
    steps: tuple[str, ...] = ()
    stop: DubanError | None = None
    probed: bool = False


class Settler:
    """Commits verdicts, one transaction per batch."""

    def __init__(
        self, db: Database, clock: Clock, report: RunReport, salt: bytes, carried: Carried | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._report = report
        self._salt = salt
        self._carried = carried or Carried()

    def settle(self, spoke: Spoke, bound: BoundMap, verdicts: Sequence[Verdict]) -> None:
        """Write down a batch."""
        if not verdicts:
            return
        now_ms = self._clock.now_ms()
        with self._db.write() as tx:
            applied = [v for v in verdicts if v.outcome == "applied"]
            others = [v for v in verdicts if v.outcome != "applied"]
            self._applied(tx, spoke, bound, applied, now_ms)
            if applied:
                self._report.tally("applied", len(applied))
            for verdict in others:
                self._report.tally(str(verdict.outcome))
                self._other(tx, spoke, bound, verdict, now_ms)
            outbox.mark(tx, [verdict.op for verdict in others])
            outbox.log_attempts(
                tx,
                [
                    (v.op.id, v.op.attempts, v.op.first_intent_ms or now_ms, now_ms, str(v.outcome), v.code)
                    for v in verdicts
                    if v.outcome != "applied" or v.op.attempts > 1
                ],
            )

    # --- applied ------------------------------------------------------------------------------------------------

    def _applied(self, tx: Tx, spoke: Spoke, bound: BoundMap, verdicts: Sequence[Verdict], now_ms: int) -> None:
        there = self._links_of_made(tx, spoke, bound, verdicts)
        strangers = [v for v in verdicts if (link := there.get(v.op.id)) is not None and link.uid != v.op.uid]
        for verdict in strangers:
            self._taken(tx, spoke, bound, verdict, there[verdict.op.id].uid, now_ms)
        verdicts = [verdict for verdict in verdicts if verdict not in strangers] if strangers else verdicts
        if not verdicts:
            return
        uids = [verdict.op.uid for verdict in verdicts]
        carried = {op.id: link for v in verdicts if (link := self._carried.link(op := v.op)) is not None}
        held = links.by_uids(tx, bound.entity, [v.op.uid for v in verdicts if v.op.id not in carried])
        new: list[Link] = []
        changed: list[Link] = []
        agreed: dict[str, dict[str, Value]] = {}
        for verdict in verdicts:
            op = verdict.op
            link = carried.get(op.id)
            if link is None:
                mine = [one for one in held.get(op.uid, ()) if one.connection == spoke.name]
                link = next((one for one in mine if one.remote_id == op.remote_id), None)
            if op.id in there:
                op.remote_id = verdict.remote_id
                changed.append(_met_again(there[op.id]))
                continue
            if op.action == "create":
                if verdict.doc is not None:
                    _say_as_sent(tx, op, verdict.doc)
                link = self._new_link(spoke, bound, verdict, now_ms)
                new.append(link)
            elif link is not None:
                changed.append(link)
                agreed[op.id] = {name: link.shadow_hub[name] for name in op.values if name in link.shadow_hub}
            if link is not None:
                self._ask_overwritten(tx, spoke, bound, link, verdict, now_ms)
                self._move(link, verdict, now_ms)
        outbox.finish(tx, [verdict.op for verdict in verdicts])
        back = [verdict.op.uid for verdict in verdicts if verdict.op.action == "restore" or verdict.op.id in there]
        hub.mark_dirty(tx, bound.entity, back, "restored", now_ms)
        if restored := [verdict for verdict in verdicts if verdict.op.action == "restore"]:
            point_anew(tx, bound.entity, {spoke.name: [verdict.op.uid for verdict in restored]}, now_ms)
            self._tell_what_was_back(tx, spoke, bound, restored, now_ms)
        links.insert(tx, new)
        if new:  # a listing may have shown them as newcomers before their answers were found
            identity.drop(tx, bound.entity, spoke.name, [link.remote_id for link in new])
        links.update(tx, changed)
        _overtake(tx, spoke, bound, [verdict.op for verdict in verdicts if verdict.op.action == "update"])
        worklist.close_held(tx, spoke.name, uids, now_ms)
        claims.put(tx, _stated(spoke, bound, verdicts, now_ms))
        journal.append(tx, [self._entry(spoke, v, now_ms, agreed.get(v.op.id, {})) for v in verdicts], self._salt)

    def _tell_what_was_back(
        self, tx: Tx, spoke: Spoke, bound: BoundMap, restored: Sequence[Verdict], now_ms: int
    ) -> None:
        """Take what a record says that was back before us: the listing that showed it so may be long past."""
        items = [live_item(spoke, bound, v.record, dict(v.doc), now_ms) for v in restored if v.record and v.doc]
        inbox.put(tx, items)

    def _links_of_made(self, tx: Tx, spoke: Spoke, bound: BoundMap, verdicts: Sequence[Verdict]) -> dict[str, Link]:
        """Give the links that records of our creates have already, by op: a listing may have shown one before its
        answer was found.
        """
        made = {v.op.id: v.remote_id for v in verdicts if v.op.action == "create" and v.remote_id}
        found = links.by_remote(tx, spoke.name, bound.map.object, made.values()) if made else {}
        return {op: found[remote_id] for op, remote_id in made.items() if remote_id in found}

    def _ask_overwritten(
        self, tx: Tx, spoke: Spoke, bound: BoundMap, link: Link, verdict: Verdict, now_ms: int
    ) -> None:
        """Ask when somebody wrote between our guard read and our write, about the fields that say what we wrote."""
        record, doc, op = verdict.record, verdict.doc or {}, verdict.op
        if not spoke.connector.capabilities.record_version or record is None or op.action != "update":
            return
        calls = len(verdict.steps)
        if verdict.probed:
            ours = record.modified_by == spoke.identity.user_id
            others = overwrites.since_plan(link, record.version, calls, ours=ours)
            op = replace(op, values={name: value for name, value in op.values.items() if doc.get(name) == value})
        else:
            others = overwrites.others_between(record.version, verdict.version, calls)
        if others and op.values:
            overwrites.ask_written(tx, spoke, bound, op, {}, "version_gap", self._report, now_ms)

    def _new_link(self, spoke: Spoke, bound: BoundMap, verdict: Verdict, now_ms: int) -> Link:
        op = verdict.op
        op.remote_id = verdict.remote_id
        return Link(
            id=None, entity=op.entity, uid=op.uid, connection=spoke.name, object=bound.map.object,
            remote_id=verdict.remote_id or "", created_ms=now_ms, notes={MADE: True},
        )  # fmt: skip

    def _move(self, link: Link, verdict: Verdict, now_ms: int) -> None:
        """Move the shadows of the fields we wrote, and no other: what else changed arrives as news."""
        op = verdict.op
        if op.action == "delete":
            left = link.notes.pop("leaves", None) == op.run_id
            link.state = "retired" if left else "gone"
            link.notes[OURS] = True
            link.notes[FRESH] = now_ms
            if left:
                link.notes["unlinked"] = True
            return
        link.state = "live"
        link.notes.pop(MISSED, None)
        link.notes.pop(OURS, None)
        for name, value in op.hub_values.items():
            link.shadow_hub[name] = value
            link.shadow_remote[name] = op.values.get(name)
        link.notes["wrote"] = sorted(op.hub_values)
        link.notes[FRESH] = now_ms
        if verdict.record is not None:
            link.notes[overwrites.GUARD] = [verdict.record.version, verdict.record.modified_ms]
        link.expect_version = verdict.version
        if verdict.doc is not None and verdict.record is not None and verdict.version == verdict.record.version:
            if dict(verdict.doc) == link.shadow_remote:
                link.version, link.modified_ms = verdict.record.version, verdict.record.modified_ms
            else:  # this very version also holds what somebody else changed
                link.expect_version = None

    def _entry(self, spoke: Spoke, verdict: Verdict, now_ms: int, agreed: Mapping[str, Value]) -> Entry:
        op = verdict.op
        changes: dict[str, list[Any]] = {}
        for name, value in op.values.items():
            change = changes[name] = [op.base.get(name), value]
            if op.action == "update":
                told = [agreed[name], op.hub_values.get(name)] if name in agreed else None
                if told != change:
                    change.append(told)
        return Entry(
            self._report.run_id, now_ms, op.action, op.entity, op.uid, spoke.name, op.remote_id or "", op.id, "sync",
            changes, "op",
        )  # fmt: skip

    # --- everything else ----------------------------------------------------------------------------------------

    def _other(self, tx: Tx, spoke: Spoke, bound: BoundMap, verdict: Verdict, now_ms: int) -> None:
        op = verdict.op
        op.code, op.message = verdict.code, verdict.message or None
        op.steps_done = sorted({*op.steps_done, *verdict.steps})
        if verdict.outcome == "refused":
            op.state = "refused"
            self._hold(tx, spoke, verdict, now_ms)
            if names_deleted(tx, op):  # the rest of it need not wait for another try
                hub.mark_dirty(tx, op.entity, [op.uid], "parent", now_ms)
        elif verdict.outcome == "duplicate":
            self._duplicate(tx, spoke, bound, verdict, now_ms)
        elif verdict.outcome == "unknown":
            op.state = "unknown"
            op.not_before_ms = now_ms + int(spoke.settings.visible_after_s * 1000)
            self._hold(tx, spoke, verdict, now_ms)
        elif verdict.outcome == "transient":
            op.state = "ready"
            op.not_before_ms = now_ms + int((verdict.retry_after_s or 0) * 1000)
        else:  # stale, busy, gone: plan it again from what is true now
            op.state = "superseded"
            self._again(tx, spoke, bound, verdict, now_ms)

    def _again(self, tx: Tx, spoke: Spoke, bound: BoundMap, verdict: Verdict, now_ms: int) -> None:
        op = verdict.op
        if verdict.outcome == "gone" and op.action == "restore":
            self._give_up(tx, spoke, op)
        elif verdict.outcome == "gone" and op.remote_id:
            missed(tx, spoke, bound, op.remote_id, self._link_of(tx, spoke, op), self._report.run_id, now_ms)
        elif verdict.record is not None and verdict.doc is not None:
            if verdict.probed and (link := self._link_of(tx, spoke, op)) is not None:
                self._ask_overwritten(tx, spoke, bound, link, verdict, now_ms)
            inbox.put(tx, [live_item(spoke, bound, verdict.record, dict(verdict.doc), now_ms)])
            note_fresh(tx, spoke, bound, [verdict.record.id], now_ms)
        hub.mark_dirty(tx, op.entity, [op.uid], str(verdict.outcome), now_ms)
        if verdict.outcome == "busy":
            self._hold(tx, spoke, verdict, now_ms)

    def _link_of(self, tx: Tx, spoke: Spoke, op: Op) -> Link | None:
        held = links.by_uids(tx, op.entity, [op.uid]).get(op.uid, ())
        return next((link for link in held if (link.connection, link.remote_id) == (spoke.name, op.remote_id)), None)

    def _give_up(self, tx: Tx, spoke: Spoke, op: Op) -> None:
        """Forget a record that is not even in the bin any more, so that it is made anew."""
        link = self._link_of(tx, spoke, op)
        if link is not None:
            link.state = "retired"
            links.update(tx, [link])

    def _hold(self, tx: Tx, spoke: Spoke, verdict: Verdict, now_ms: int) -> None:
        op = verdict.op
        held = Held(
            id=None, connection=spoke.name, entity=op.entity, object=op.object, remote_id=op.remote_id or "",
            uid=op.uid, op_id=op.id, code=verdict.code or str(verdict.outcome), message=verdict.message,
            payload={"action": op.action, "fields": sorted(op.values)}, attempts=op.attempts, first_ms=now_ms,
            last_ms=now_ms, state="open",
        )  # fmt: skip
        park(tx, [held], now_ms)

    def _duplicate(self, tx: Tx, spoke: Spoke, bound: BoundMap, verdict: Verdict, now_ms: int) -> None:
        """A unique value is taken: by our own lost create (adopt it), or by a stranger (ask)."""
        op = verdict.op
        holder = verdict.remote_id or ""
        taken = links.by_remote(tx, spoke.name, bound.map.object, [holder]).get(holder) if holder else None
        if op.action == "create" and holder and taken is None and _ours(verdict):
            self._adopt(tx, spoke, bound, verdict, now_ms)
        else:
            self._taken(tx, spoke, bound, verdict, taken.uid if taken else "", now_ms)

    def _taken(self, tx: Tx, spoke: Spoke, bound: BoundMap, verdict: Verdict, holder_uid: str, now_ms: int) -> None:
        """Ask about a record that stands where ours should: two entities want to be it."""
        op = verdict.op
        op.state = "refused"
        outbox.mark(tx, [op])
        self._hold(tx, spoke, verdict, now_ms)
        question = Review(
            id=None, kind="duplicate", entity=op.entity, uid=op.uid, connection=spoke.name, object=bound.map.object,
            remote_id=verdict.remote_id or "", data={"code": verdict.code, "holder_uid": holder_uid}, opened_ms=now_ms,
            run_id=self._report.run_id,
        )  # fmt: skip
        reviews.put(tx, [question])

    def _adopt(self, tx: Tx, spoke: Spoke, bound: BoundMap, verdict: Verdict, now_ms: int) -> None:
        """Take our own lost create for what it is; what people did to it since arrives as news."""
        self._applied(tx, spoke, bound, [verdict], now_ms)
        if verdict.record is not None and verdict.doc is not None:
            inbox.put(tx, [live_item(spoke, bound, verdict.record, dict(verdict.doc), now_ms)])


def _overtake(tx: Tx, spoke: Spoke, bound: BoundMap, ops: Sequence[Op]) -> None:
    """Let observations that waited while we wrote say what we wrote: in these fields they are older than the write.

    What else they say was not planned yet, and is news still.
    """
    written = {op.remote_id: op.values for op in ops if op.remote_id}
    waits = bool(written) and inbox.holds_any(tx, spoke.name)
    older = inbox.by_remote(tx, spoke.name, bound.map.object, written) if waits else {}
    for item in older.values():
        item.doc = None if item.doc is None else {**item.doc, **written[item.remote_id]}
    inbox.put(tx, [item for item in older.values() if item.doc is not None])


def _met_again(link: Link) -> Link:
    """Let a link count again whose record was found where a new one was to be made.

    What both ends last agreed on stays: the record never said what the create wanted, and the next plan tells it.
    """
    if not link.notes.get("unlinked"):
        link.state = "live"
    return link


def _say_as_sent(tx: Tx, op: Op, doc: Mapping[str, Value]) -> None:
    """Let a create that was found, not made just now, say what the attempt it came from said.

    Attempts of different rounds may have sent different values, and any of them may be the one that landed: the one
    the record looks most like. What it does not say then is what a person wrote.
    """
    sent: list[Op] = []
    for other in outbox.of_uid(tx, op.uid):
        if (other.entity, other.connection, other.action) != (op.entity, op.connection, "create"):
            continue
        sent = [] if other.state == "done" else [*sent, *([other] if other.attempts else [])]
    if sent:
        first = max(sent, key=lambda one: sum(doc.get(name) == value for name, value in one.values.items()))
        op.values, op.hub_values = first.values, first.hub_values


def _stated(spoke: Spoke, bound: BoundMap, verdicts: Sequence[Verdict], now_ms: int) -> list[Claim]:
    """What we wrote into a claim field is what that source states from now on."""
    names = [field.map.field for field in bound.fields if field.map.direction == "claim"]
    return [
        Claim(
            entity=bound.entity, uid=verdict.op.uid, field=name, connection=spoke.name,
            value=verdict.op.hub_values.get(name), remote_ms=None, seen_ms=now_ms,
        )
        for verdict in verdicts
        for name in names
        if name in verdict.op.values
    ]  # fmt: skip


def _ours(verdict: Verdict) -> bool:
    """Say whether the record that holds the unique value carries our key: then it is our own create."""
    return verdict.doc is not None and bool(verdict.op.key) and verdict.doc.get("key") == verdict.op.key
