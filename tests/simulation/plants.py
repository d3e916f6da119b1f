"""Bugs that a synchroniser of this kind tends to have, planted from outside into the code as it is shipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connectors import memory, memory_world
from connectors.base import WriteResult
from mapping.errors import Transient
from mapping.fields import UNSEEN, Unseen
from sandbox.drill import fields, scene
from store import links, streams
from sync import absorb, applying, merge, planning, presence, recovery, sending, settling
from sync.settling import Verdict
from sync.views import Seen

Plant = Callable[[pytest.MonkeyPatch], None]


# --- merging ----------------------------------------------------------------------------------------------------


def merging(how: Callable[[merge.FieldOutcome, Any, Any], None], *places: Any) -> Plant:
    honest = merge.merge_field

    def spoilt(hub: Any, sides: Any, parked: Any = None) -> merge.FieldOutcome:
        out = honest(hub, sides, parked)
        how(out, hub, sides)
        return out

    def plant(patch: pytest.MonkeyPatch) -> None:
        for place in places:
            patch.setattr(place, "merge_field", spoilt)

    return plant


def first_wins(out: merge.FieldOutcome, _hub: Any, _sides: Any) -> None:
    if out.conflict:
        out.value, out.conflict, out.reason = next(iter(out.conflict.values())), None, "came first"


def pushes_blindly(out: merge.FieldOutcome, hub: Any, sides: Any) -> None:
    for side in sides:
        out.patches.setdefault(side.connection, hub)
        out.patch_reasons.setdefault(side.connection, "because")


def silent(out: merge.FieldOutcome, _hub: Any, _sides: Any) -> None:
    out.patch_reasons.clear()


def forgets_a_side(out: merge.FieldOutcome, _hub: Any, _sides: Any) -> None:
    out.patches.pop("b", None)


def keeps_references(out: merge.FieldOutcome, _hub: Any, sides: Any) -> None:
    if any(side.bound.map.field == "account" for side in sides):
        out.patches.clear()


def unseen_is_blank(patch: pytest.MonkeyPatch) -> None:
    honest = merge.merge_field

    def spoilt(hub: Any, sides: Any, parked: Any = None) -> merge.FieldOutcome:
        shown = [replace(s, observed=None) if isinstance(s.observed, Unseen) else s for s in sides]
        return honest(hub, shown, parked)

    patch.setattr(fields, "merge_field", spoilt)


def shown_is_agreed(patch: pytest.MonkeyPatch) -> None:
    """What a side shows counts as what was agreed with it."""
    honest = merge.merge_field

    def spoilt(hub: Any, sides: Any, parked: Any = None) -> merge.FieldOutcome:
        known = [
            replace(s, shadow_remote=s.observed, shadow_hub=hub) if s.shadow_remote is not UNSEEN else s for s in sides
        ]
        return honest(hub, known, parked)

    patch.setattr(fields, "merge_field", spoilt)


# --- lost answers -----------------------------------------------------------------------------------------------


def blind_create(patch: pytest.MonkeyPatch) -> None:
    def creates(self: Any, spoke: Any, bound: Any, ops: Any) -> None:
        self._finish(spoke, bound, [Verdict(op, "transient") for op in ops])

    patch.setattr(recovery.Recovery, "_creates", creates)


def search_at_once(patch: pytest.MonkeyPatch) -> None:
    honest = recovery.Recovery._creates

    def creates(self: Any, spoke: Any, bound: Any, ops: Any) -> None:
        for op in ops:
            op.not_before_ms = 0
        honest(self, spoke, bound, ops)

    patch.setattr(recovery.Recovery, "_creates", creates)
    patch.setattr(applying, "shown", lambda _tx, _spoke, _ops: set(), raising=False)


def upsert_retry(patch: pytest.MonkeyPatch) -> None:
    """A create that meets its own key writes its old body over what stands there."""
    honest = memory.MemoryConnector._apply

    def apply(self: Any, object: str, row: Any) -> Any:
        try:
            return honest(self, object, row)
        except memory_world.Refusal as no:
            if row.action != "create" or no.outcome != "duplicate" or no.holder is None:
                raise
            return no.holder, self.world.update(object, no.holder, row.values, self.settings.user_id)

    blind_create(patch)
    patch.setattr(memory.MemoryConnector, "_apply", apply)
    patch.setattr(applying, "shown", lambda _tx, _spoke, _ops: set(), raising=False)


def asks_nobody(patch: pytest.MonkeyPatch) -> None:
    """Without a key and without an author to look for, a lost create is simply sent again."""

    def ask(self: Any, spoke: Any, bound: Any, ops: Any) -> None:
        self._finish(spoke, bound, [Verdict(op, "transient") for op in ops])

    patch.setattr(recovery.Recovery, "_ask", ask)
    patch.setattr(applying, "shown", lambda _tx, _spoke, _ops: set(), raising=False)


def unknown_is_done(patch: pytest.MonkeyPatch) -> None:
    honest = sending._judge

    def judge(spoke: Any, verdict: Any, result: WriteResult | None) -> Verdict:
        out = honest(spoke, verdict, result)
        return out._replace(outcome="applied") if out.outcome == "unknown" and out.op.action == "update" else out

    patch.setattr(sending, "_judge", judge)


def missing_answer_is_done(patch: pytest.MonkeyPatch) -> None:
    honest = sending._judge

    def judge(spoke: Any, verdict: Any, result: WriteResult | None) -> Verdict:
        if result is None and verdict.op.action == "create":
            return verdict._replace(outcome="refused", message="no answer for this row")
        return honest(spoke, verdict, result)

    patch.setattr(sending, "_judge", judge)


def answers_by_position(patch: pytest.MonkeyPatch) -> None:
    def write(spoke: Any, bound: Any, verdicts: Any) -> dict[str, WriteResult]:
        codecs = {field.map.field: field.codec for field in bound.fields}
        rows = [sending._row(bound, codecs, verdict.op) for verdict in verdicts]
        results = spoke.connector.write(bound.map.object, rows)
        return {row.op_id: res._replace(op_id=row.op_id) for row, res in zip(rows, results, strict=False)}

    patch.setattr(sending, "_write", write)


def adopted_as_agreed(patch: pytest.MonkeyPatch) -> None:
    """A record found again counts as agreed on as it stands now, whatever people did to it meanwhile."""
    honest = settling.Settler._move

    def move(self: Any, link: Any, verdict: Any, now_ms: int) -> None:
        honest(self, link, verdict, now_ms)
        if verdict.op.action == "create" and verdict.doc is not None and verdict.record is not None:
            link.shadow_remote, link.version = dict(verdict.doc), verdict.record.version
            link.remote_text = None

    patch.setattr(settling.Settler, "_move", move)


# --- listings ---------------------------------------------------------------------------------------------------


def no_overlap(patch: pytest.MonkeyPatch) -> None:
    honest = scene.Scene._of
    patch.setattr(scene.Scene, "_of", lambda self, rank: honest(self, rank).model_copy(update={"overlap_s": 0.0}))


def strict_cursor(patch: pytest.MonkeyPatch) -> None:
    no_overlap(patch)
    patch.setattr(
        memory, "_within",
        lambda lo_ms, shot, hi_ms: (lo_ms is None or shot.modified_ms > lo_ms) and shot.modified_ms <= hi_ms,
    )  # fmt: skip


def local_clock(patch: pytest.MonkeyPatch) -> None:
    honest = memory.MemoryConnector._page

    def page(self: Any, request: Any, place: Any) -> Any:
        if place.hi_ms is None:
            place = replace(place, hi_ms=self.ports.clock.now_ms())
        return honest(self, request, place)

    patch.setattr(memory.MemoryConnector, "_page", page)


def offset_paging(patch: pytest.MonkeyPatch) -> None:
    """Pages are counted off instead of continued behind the last id."""
    no_overlap(patch)
    honest = memory.MemoryConnector._listed

    def listed(self: Any, object: str, place: Any, hi_ms: int, limit: int) -> Any:
        walks = self.__dict__.setdefault("walks", {})
        skip = walks.get((object, place.lo_ms, hi_ms), 0) if place.last_id else 0
        found = honest(self, object, replace(place, last_id=""), hi_ms, skip + limit)[skip:]
        walks[object, place.lo_ms, hi_ms] = skip + limit - 1
        return found

    patch.setattr(memory.MemoryConnector, "_listed", listed)


def stops_at_a_page(patch: pytest.MonkeyPatch) -> None:
    """A walk that was cut off is taken for finished."""
    honest = memory.MemoryConnector._page

    def page(self: Any, request: Any, place: Any) -> Any:
        out, ahead = honest(self, request, place)
        if out.last:
            return out, ahead
        done = memory.Place(self.world.stamp_ms() - int(self.settings.overlap_s * 1000))
        return replace(out, last=True, watermark=done.text()), done

    patch.setattr(memory.MemoryConnector, "_page", page)


def late_is_news(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(absorb.Absorber, "freshen", lambda _self, _spoke, _bound, page, _report: page)


def delete_by_absence(patch: pytest.MonkeyPatch) -> None:
    """What a late search does not show counts as deleted."""
    honest = memory.MemoryConnector.fetch

    def fetch(self: Any, object: str, ids: Any, fields: Any) -> Any:
        listed = {row.id for row, _ in self._seen(object, self.world.list_lag_s)}
        found = honest(self, object, ids, fields)
        return {id: record if id in listed else None for id, record in found.items()}

    patch.setattr(memory.MemoryConnector, "fetch", fetch)


def deletes_unheard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(absorb.Absorber, "_confirm", lambda _self, _spoke, _bound, _page: [])


def delete_unread(patch: pytest.MonkeyPatch) -> None:
    """What the feed of deletes names counts as deleted, without a look at the record."""

    def confirm(self: Any, spoke: Any, bound: Any, page: Any) -> Any:
        with self._db.read() as tx:
            linked = links.by_remote(tx, spoke.name, bound.map.object, list(page.deleted_ids))
        fresh = [id_ for id_ in page.deleted_ids if id_ in linked and linked[id_].state != "gone"]
        return [absorb.gone_item(spoke, bound, id_, self._clock.now_ms()) for id_ in fresh]

    patch.setattr(absorb.Absorber, "_confirm", confirm)


def cursor_first(patch: pytest.MonkeyPatch) -> None:
    """The watermark is kept before the page it stands for."""
    honest = absorb.Absorber._store

    def store(self: Any, listing: Any, page: Any, gone: Any, report: Any) -> None:
        with self._db.write() as tx:
            streams.save(tx, absorb._advance(listing, page, 0, self._clock.now_ms()))
        honest(self, listing, page, gone, report)

    patch.setattr(absorb.Absorber, "_store", store)


# --- writes -----------------------------------------------------------------------------------------------------


def no_guard_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sending, "judge_guard", lambda _bound, op, record: Verdict(op, "ready", record=record))


def delete_unguarded(patch: pytest.MonkeyPatch) -> None:
    honest = sending.judge_guard

    def judge(bound: Any, op: Any, record: Any) -> Verdict:
        out = honest(bound, op, record)
        return out._replace(outcome="ready") if op.action == "delete" and out.outcome == "stale" else out

    patch.setattr(sending, "judge_guard", judge)


def intent_after(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(applying.Applier, "_intend", lambda _self, batches: list(batches))


def whole_record(patch: pytest.MonkeyPatch) -> None:
    """Every mapped field is written as it was last known, not only those that changed."""
    honest = applying.Applier._intend

    def intend(self: Any, batches: Any) -> Any:
        out = honest(self, batches)
        for batch in out:
            with self._db.read() as tx:
                held = links.by_uids(tx, batch.bound.entity, [op.uid for op in batch.ops])
            for op in batch.ops:
                link = next((one for one in held.get(op.uid, ()) if one.remote_id == op.remote_id), None)
                if op.action == "update" and link is not None:
                    op.values = {**link.shadow_remote, **op.values}
                    op.hub_values = {**link.shadow_hub, **op.hub_values}
        return out

    patch.setattr(applying.Applier, "_intend", intend)


def shadow_first(patch: pytest.MonkeyPatch) -> None:
    """The shadows move when a write is sent, not when it is known to be in."""
    honest = applying.Applier._intend

    def intend(self: Any, batches: Any) -> Any:
        out = honest(self, batches)
        for batch in out:
            with self._db.write() as tx:
                held = links.by_uids(tx, batch.bound.entity, [op.uid for op in batch.ops])
                moved = []
                for op in batch.ops:
                    for link in held.get(op.uid, ()):
                        if op.action == "update" and link.remote_id == op.remote_id:
                            link.shadow_hub.update(op.hub_values)
                            link.shadow_remote.update(op.values)
                            moved.append(link)
                links.update(tx, moved)
        return out

    patch.setattr(applying.Applier, "_intend", intend)


def greedy_shadow(patch: pytest.MonkeyPatch) -> None:
    """The version after a write is taken as seen, with whatever else it holds."""
    honest = settling.Settler._move

    def move(self: Any, link: Any, verdict: Any, now_ms: int) -> None:
        honest(self, link, verdict, now_ms)
        link.version = verdict.version or link.version

    patch.setattr(settling.Settler, "_move", move)


def clear_unsent(patch: pytest.MonkeyPatch) -> None:
    honest = sending._row

    def row(bound: Any, codecs: Any, op: Any) -> Any:
        out = honest(bound, codecs, op)
        return out._replace(values={name: value for name, value in out.values.items() if value is not None})

    patch.setattr(sending, "_row", row)


def unmapped_written(patch: pytest.MonkeyPatch) -> None:
    honest = sending._row

    def row(bound: Any, codecs: Any, op: Any) -> Any:
        out = honest(bound, codecs, op)
        return out._replace(values={**out.values, "phone": None}) if op.action == "update" else out

    patch.setattr(sending, "_row", row)


def delete_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(presence, "_moved", lambda _view, _side: False)


def crash_swallowed(patch: pytest.MonkeyPatch) -> None:
    """Whatever ends a walk ends that walk only."""

    def inline(self: Any, listings: Any) -> Any:
        for listing in listings:
            try:
                for page in listing.spoke.connector.pull(self._request(listing)):
                    yield listing, page
            except GeneratorExit:
                raise
            except BaseException:
                yield listing, Transient("the walk failed")

    patch.setattr(absorb.Absorber, "_inline", inline)


def echo(patch: pytest.MonkeyPatch) -> None:
    """What a system made of our write is taken for a person's edit."""
    patch.setattr(planning, "Seen", lambda **seen: Seen(**{**seen, "echo": False}))
