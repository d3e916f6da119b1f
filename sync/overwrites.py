"""Edits that may have been lost between our last read of a record and our write: made visible, never repaired alone.

No CRM here lets us write only if nobody else has. What is left is to notice: versions that moved further than our own
calls, and listings that still show what stood in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import RemoteRecord
from mapping.errors import RecordRefused
from mapping.fields import BoundMap, Unseen
from mapping.records import Value
from store import links, outbox, reviews
from store.links import Link
from store.outbox import Op
from store.reviews import Review
from store.tx import Tx
from sync.report import RunReport
from sync.spokes import ChunkRefs, Spoke, prefetch

GUARD = "guard"
"""Note of a link: version and modified time of the record as our last guard read saw it."""


def others_between(before: str, after: str | None, own_calls: int) -> int:
    """Give how many writes of others lie between two versions, besides our own calls; 0 where versions do not count."""
    if after is None or not before.isdecimal() or not after.isdecimal():
        return 0
    return max(0, int(after) - int(before) - max(1, own_calls))


def beyond(expected: str, version: str, *, ours: bool) -> bool:
    """Say whether somebody wrote before us although we were last: the version is past ours and we are its author.

    With another author, somebody edited the record after us, which is everyday work and nobody's loss.
    """
    return ours and expected.isdecimal() and version.isdecimal() and int(version) > int(expected)


def since_plan(link: Link, version: str, own_calls: int, *, ours: bool) -> int:
    """Give how many writes of others may lie before ours, when only the record as it is now tells that ours arrived.

    The guard read died with its process or its answer, so all that is left to count from is what the plan stood on.
    One write of somebody who is the last author came after ours.
    """
    known = [int(one) for one in (link.version, link.expect_version) if one and one.isdecimal()]
    found = others_between(str(max(known)), version, own_calls) if known else 0
    return found if ours else max(0, found - 1)


def lost_values(
    shown: Mapping[str, Value], base: Mapping[str, Value], wrote: Mapping[str, Value], now: Mapping[str, Value]
) -> dict[str, Value]:
    """Give the fields whose value stood for a moment between our read and our write, and stands nowhere now.

    Args:
        shown: an older state of the record, later than our read; base: what we read; wrote: what we wrote.
    """
    return {
        name: shown[name]
        for name, mine in wrote.items()
        if name in shown and shown[name] not in (base.get(name), mine) and now.get(name) == mine
    }


def is_between(guard: Any, record: RemoteRecord, *, exact: bool) -> bool:
    """Say whether a shown state is younger than our guard read, by the remote's own count or clock."""
    if not isinstance(guard, list) or len(guard) != 2:
        return False
    version, modified_ms = guard
    if exact and str(version).isdecimal() and record.version.isdecimal():
        return int(record.version) > int(version)
    return modified_ms is not None and record.modified_ms is not None and record.modified_ms > modified_ms


def ask_written(
    tx: Tx,
    spoke: Spoke,
    bound: BoundMap,
    op: Op,
    lost: Mapping[str, Value],
    reason: str,
    report: RunReport,
    now_ms: int,
) -> None:
    """Ask about the fields of a write: those known to be lost, else all it wrote."""
    names = sorted(lost) or sorted(op.values)
    refs = ChunkRefs(spoke.directory)
    if lost:
        prefetch(tx, spoke, refs, op.entity, [dict(lost)], [])
    codecs = {field.map.field: field.codec for field in bound.fields}
    asked: list[Review] = []
    for name in names:
        if name == "key":
            continue
        values: dict[str, Value] = {"before": op.base.get(name), "ours": op.values[name]}
        data: dict[str, Any] = {"values": values, "op": op.id, "reason": reason, "hub": op.hub_values.get(name)}
        if name in lost and name in codecs:
            values["lost"] = lost[name]
            back = codecs[name].to_hub(lost[name], op.hub_values.get(name), refs)
            if not isinstance(back, Unseen):
                data["put_back"] = back
        asked.append(
            Review(
                id=None, kind="possible_overwrite", entity=op.entity, uid=op.uid, connection=spoke.name,
                object=op.object, remote_id=op.remote_id or "", field=name, data=data, opened_ms=now_ms,
                run_id=report.run_id,
            )
        )  # fmt: skip
    reviews.put(tx, asked)
    report.tally("possible_overwrite", len(asked))


def last_write(tx: Tx, link: Link) -> Op | None:
    """Give the last change we made of a record, None when we made none."""
    done = [
        op
        for op in outbox.of_uid(tx, link.uid)
        if op.connection == link.connection and op.action == "update" and op.state == "done"
    ]
    return done[-1] if done else None


def ask_listed(
    tx: Tx, spoke: Spoke, bound: BoundMap, records: Sequence[RemoteRecord], report: RunReport, now_ms: int
) -> None:
    """Ask about records whose version went past our own write although we are their last author."""
    held = links.by_remote(tx, spoke.name, bound.map.object, [record.id for record in records])
    for record in records:
        link = held.get(record.id)
        op = last_write(tx, link) if link is not None else None
        if op is not None:
            ask_written(tx, spoke, bound, op, {}, "version_gap", report, now_ms)


def ask_late(
    tx: Tx,
    spoke: Spoke,
    bound: BoundMap,
    shown: Sequence[RemoteRecord],
    fresh: Mapping[str, RemoteRecord | None],
    report: RunReport,
    now_ms: int,
) -> None:
    """Ask about values that a late listing still shows, although they stood only between our read and our write."""
    exact = spoke.connector.capabilities.record_version
    strangers = [one for one in shown if one.modified_by not in (None, spoke.identity.user_id) and fresh.get(one.id)]
    held = links.by_remote(tx, spoke.name, bound.map.object, [one.id for one in strangers])
    for one in strangers:
        link, now = held.get(one.id), fresh[one.id]
        if link is None or now is None or not is_between(link.notes.get(GUARD), one, exact=exact):
            continue
        op = last_write(tx, link)
        try:
            lost = lost_values(bound.read(one.payload), op.base, op.values, bound.read(now.payload)) if op else {}
        except RecordRefused:
            continue
        if op is not None and lost:
            ask_written(tx, spoke, bound, op, lost, "seen_late", report, now_ms)
