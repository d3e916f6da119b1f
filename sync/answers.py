"""Carry out what people answered: deletes, taken unique values, writes whose fate nobody can tell.

Conflicts and doubtful matches are carried out by the planner itself, which looks at them with everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mapping.errors import DubanError, InputError
from mapping.ports import Clock
from store import hub, inbox, journal, links, outbox, reviews
from store.database import Database
from store.hub import HubChange
from store.journal import Entry
from store.links import Link
from store.outbox import Op
from store.reviews import Review
from store.tx import Tx
from sync.absorb import gone_item, live_item
from sync.report import RunReport
from sync.spokes import Spoke

_CARRIED = ("delete", "duplicate", "unknown", "access", "possible_overwrite")


class Answers:
    """Closes answered reviews of the given connections by doing what was said."""

    def __init__(self, db: Database, clock: Clock, report: RunReport, new_id: Callable[[], str], salt: bytes) -> None:
        self._db = db
        self._clock = clock
        self._report = report
        self._new_id = new_id
        self._salt = salt

    def run(self, spokes: Sequence[Spoke]) -> None:
        """Do everything that was answered since the last round."""
        by_name = {spoke.name: spoke for spoke in spokes}
        with self._db.read() as tx:
            answered = [one for one in reviews.resolved(tx) if one.kind in _CARRIED]
        for review in answered:
            spoke = by_name.get(review.connection)
            if spoke is None or review.entity not in spoke.maps or review.id is None:
                continue
            accepted = bool((review.resolution or {}).get("accept"))
            try:
                self._carry_out(spoke, review, accepted)
            except DubanError as error:
                self._report.note(error)

    def _carry_out(self, spoke: Spoke, review: Review, accepted: bool) -> None:
        held = self._holder(spoke, review) if review.kind == "duplicate" and accepted else None
        with self._db.write() as tx:
            if review.kind == "delete":
                self._delete(tx, spoke, review, accepted)
            elif review.kind == "unknown":
                self._unknown(tx, review, accepted)
            elif review.kind == "possible_overwrite":
                if not accepted:
                    self._put_back(tx, review)
            elif review.kind == "access":
                if accepted:  # else the pair rests as it is, until the record is shown again
                    bound = spoke.maps[review.entity]
                    inbox.put(tx, [gone_item(spoke, bound, review.remote_id, self._clock.now_ms())])
            elif held is not None:
                inbox.put(tx, [held[1]])
                links.insert(tx, [held[0]])
            hub.mark_dirty(tx, review.entity, [review.uid], "answered", self._clock.now_ms())
            reviews.close(tx, [review.id or 0], self._clock.now_ms())

    def _delete(self, tx: Tx, spoke: Spoke, review: Review, accepted: bool) -> None:
        """Yes: the hub follows the delete. No: the record is brought back, or made anew where it cannot be."""
        row = hub.read(tx, review.entity, [review.uid]).get(review.uid)
        mine = [
            link
            for link in links.by_uids(tx, review.entity, [review.uid]).get(review.uid, ())
            if link.connection == spoke.name and link.state == "gone"
        ]
        if row is None or not mine:
            return
        if accepted:
            hub.update(tx, review.entity, [HubChange(review.uid, row.rev, {}, "archived", None)], self._clock.now_ms())
        elif spoke.connector.capabilities.restore:
            outbox.add(tx, [self._restore(spoke, review, mine[0])])
        else:
            mine[0].state = "retired"
            links.update(tx, [mine[0]])

    def _restore(self, spoke: Spoke, review: Review, link: Link) -> Op:
        return Op(
            id=self._new_id(), run_id=self._report.run_id, digest="", entity=review.entity, uid=review.uid,
            connection=spoke.name, object=link.object, action="restore", remote_id=link.remote_id,
            created_ms=self._clock.now_ms(),
        )  # fmt: skip

    def _put_back(self, tx: Tx, review: Review) -> None:
        """Say again what was overwritten, as an edit of the hub, unless somebody has edited the field since."""
        row = hub.read(tx, review.entity, [review.uid]).get(review.uid)
        if row is None or "put_back" not in review.data or row.values.get(review.field) != review.data.get("hub"):
            self._report.note(
                InputError(
                    f"{review.field} is not put back: what was lost is not known, or the field was edited since",
                    zh=f"{review.field} 未还原：丢失的值未知，或该字段其后已被修改",
                    connection=review.connection, record=f"{review.object}/{review.remote_id}",
                    next_step="look it up in the record's history there and use duban set",
                    next_step_zh="请在对方记录的历史中查找，然后执行 duban set",
                )
            )  # fmt: skip
            return
        value, now_ms = review.data["put_back"], self._clock.now_ms()
        change = HubChange(review.uid, row.rev, {review.field: value}, None, None)
        hub.update(tx, review.entity, [change], now_ms)
        entry = Entry(
            run_id=self._report.run_id, at_ms=now_ms, kind="put_back", entity=review.entity, uid=review.uid,
            connection=review.connection, remote_id=review.remote_id, op_id="", who="person",
            changes={review.field: [row.values.get(review.field), value]}, cause="possible_overwrite",
        )  # fmt: skip
        journal.append(tx, [entry], self._salt)

    def _unknown(self, tx: Tx, review: Review, accepted: bool) -> None:
        """Yes: it happened, its record will be met when it is seen. No: it did not, send it again."""
        op = outbox.get(tx, [str(review.data.get("op", ""))]).get(str(review.data.get("op", "")))
        if op is not None and op.state == "unknown":
            op.state = "superseded" if accepted else "ready"
            op.not_before_ms = 0
            outbox.save(tx, [op])

    def _holder(self, spoke: Spoke, review: Review) -> tuple[Link, inbox.Item] | None:
        """Give a link to the record that holds the unique value, unless it belongs to another hub row already."""
        bound = spoke.maps[review.entity]
        with self._db.read() as tx:
            taken = links.by_remote(tx, spoke.name, bound.map.object, [review.remote_id])
        record = spoke.connector.fetch(bound.map.object, [review.remote_id], bound.wire_fields).get(review.remote_id)
        if taken or record is None:
            self._report.note(
                InputError(
                    "not linked, it is gone or belongs to another", zh="未关联：它已不存在或属于另一条记录",
                    connection=spoke.name, record=f"{bound.map.object}/{review.remote_id}",
                )
            )  # fmt: skip
            return None
        now_ms = self._clock.now_ms()
        link = Link(
            id=None, entity=review.entity, uid=review.uid, connection=spoke.name, object=bound.map.object,
            remote_id=record.id, created_ms=now_ms,
        )  # fmt: skip
        return link, live_item(spoke, bound, record, bound.read(record.payload), now_ms)
