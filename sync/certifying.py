"""The certificate: what the hub and every side hold, as counts and set digests, and why they differ where they do.

"Unexplained: 0" is the promise. A difference is explained by something that stands in the store: work that waits, a
question to a person, a loss that was accepted, a scope. What nothing explains is listed record by record.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mapping.records import ENTITIES, TITLE_FIELD, EntityKind, is_blank
from store import hub, inbox, links, outbox, quarantine, reviews, sweeps
from store.hub import HubRow
from store.inbox import Item
from store.links import Link
from store.quarantine import Held
from store.reviews import Review
from store.sweeps import Seen, Sweep
from store.tx import Tx
from sync.absorb import FRESH
from sync.spokes import Spoke
from sync.sweeping import content_digest

_PAGE: Final = 1000
_LINES: Final = 200
_ALL: Final = 1 << 31
_MODULUS: Final = 1 << 256


@dataclass(slots=True)
class SetDigest:
    """A count and a digest of a set that do not depend on the order its members came in."""

    count: int = 0
    total: int = 0

    def add(self, id_: str, digest: str) -> None:
        """Take a member in."""
        self.count += 1
        self.total += int.from_bytes(hashlib.sha256(f"{id_}\0{digest}".encode()).digest(), "big")
        self.total %= _MODULUS

    def doc(self) -> dict[str, Any]:
        return {"count": self.count, "digest": f"{self.total:064x}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One hub row and one connection, with everything that may explain why they differ.

    Args:
        link: that counts there; None without one.
        swept: the last sweep there when it was complete, else None.
    """

    spoke: Spoke
    entity: EntityKind
    row: HubRow
    link: Link | None
    swept: Sweep | None = None
    seen: Seen | None = None
    item: Item | None = None
    held: bool = False
    busy: bool = False
    dirty: bool = False
    asked: Collection[str] = ()
    questions: Collection[str] = ()
    cut_off: bool = False


Difference = tuple[str, str]
"""Reason (``unexplained`` when there is none) and the field, "" for the whole record."""


def differences(pair: Pair) -> list[Difference]:
    """Name every difference of a pair with its reason. Pure."""
    link = pair.link
    if link is None or link.state in ("gone", "retired"):
        return [(_why_absent(pair), "")] if pair.row.state == "live" else []
    if link.state == "suspended":
        return [("access" if "access" in pair.questions or _kept_from_us(pair) else "out_of_scope", "")]
    if pair.row.state != "live":
        return [(_pending(pair) or ("archived" if pair.row.state == "archived" else _unwritten(pair)), "")]
    return [*_remote_side(pair), *_hub_side(pair)]


def _pending(pair: Pair) -> str:
    """Give the work or question that waits for this pair; "" for none."""
    if pair.busy:
        return "open_op"
    if pair.held:
        return "quarantine"
    if pair.item is not None:
        return "review" if pair.item.state == "review" else "to_plan"
    if pair.dirty:
        return "to_plan"
    return ""


def _unwritten(pair: Pair) -> str:
    """Say why nothing is written there, or that nothing explains it."""
    if not pair.spoke.live:
        return "mode"
    return "unexplained" if pair.spoke.maps[pair.entity].map.writable else "read_only"


def _kept_from_us(pair: Pair) -> bool:
    return pair.seen is not None and pair.seen.outcome == "access"


def _why_absent(pair: Pair) -> str:
    values = pair.row.values
    if pair.cut_off:
        return "unlinked"
    if "delete" in pair.questions or "duplicate" in pair.questions or "unknown" in pair.questions:
        return "review"
    if values.get("internal") is True:
        return "internal"
    if is_blank(values.get(TITLE_FIELD[pair.entity])) and is_blank(values.get("body")):
        return "no_title"
    if pair.entity not in pair.spoke.backfilled:
        return "backfill"
    return _pending(pair) or _unwritten(pair)


def _remote_side(pair: Pair) -> Iterator[Difference]:
    """Compare what the last sweep was shown with what was agreed."""
    link, seen, swept = pair.link, pair.seen, pair.swept
    if link is None or swept is None:
        return
    if seen is None or seen.generation != swept.generation:
        outcome = seen.outcome if seen is not None else ""
        since = link.created_ms >= swept.started_ms
        yield ("since_sweep" if since else {"absent": "absent", "late": "unlisted"}.get(outcome, _pending(pair))
               or "unexplained", "")  # fmt: skip
        return
    if seen.digest == content_digest(link.shadow_remote):
        return
    fresh = int(link.notes.get(FRESH) or 0) >= swept.started_ms
    if fresh or link.version != seen.version:
        yield ("since_sweep", "")
        return
    for name in seen.differs:
        yield _field_reason(pair, link, name) or _pending(pair) or "unexplained", name
    if not seen.differs:  # a field we are not shown any more, or one that a sweep took note of in another form
        yield _pending(pair) or "not_shown", ""


def _hub_side(pair: Pair) -> Iterator[Difference]:
    """Compare what the hub says with what was agreed."""
    link = pair.link
    if link is None:
        return
    for bound in pair.spoke.maps[pair.entity].fields:
        name = bound.map.field
        mine, agreed = pair.row.values.get(name), link.shadow_hub.get(name)
        if mine == agreed or (is_blank(mine) and is_blank(agreed)):
            continue
        told = _field_reason(pair, link, name)
        if not told and (not bound.writable or bound.map.direction in ("to_hub", "create_only", "fill_blank", "claim")):
            told = "direction"
        yield told or _pending(pair) or _unwritten(pair), name


def _field_reason(pair: Pair, link: Link, name: str) -> str:
    if name in pair.asked:
        return "parked"
    note = link.notes.get(name)
    return note if note in ("no_home", "undone") else "lossy" if name in link.notes else ""


# --- reading ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ledger:
    """The certificate in the making."""

    reasons: Counter[str] = field(default_factory=Counter)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def note(self, found: Iterable[Difference], entity: str, connection: str, uid: str, remote_id: str) -> None:
        for reason, name in found:
            self.reasons[reason] += 1
            if reason == "unexplained" and len(self.lines) < _LINES:
                self.lines.append(
                    {"entity": entity, "connection": connection, "uid": uid, "remote_id": remote_id, "field": name}
                )


@dataclass(slots=True)
class _Side:
    spoke: Spoke
    swept: Sweep | None
    remote: SetDigest = field(default_factory=SetDigest)
    agreed_remote: SetDigest = field(default_factory=SetDigest)
    hub: SetDigest = field(default_factory=SetDigest)
    agreed_hub: SetDigest = field(default_factory=SetDigest)
    met: set[str] = field(default_factory=set)


def certify(tx: Tx, spokes: Sequence[Spoke], now_ms: int) -> dict[str, Any]:
    """Give the certificate of everything these connections share with the hub."""
    known = {(sweep.connection, sweep.entity): sweep for sweep in sweeps.all(tx)}
    held = quarantine.open_(tx)
    objects: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for entity in ENTITIES:
        sides = [_Side(spoke, _complete(known.get((spoke.name, entity)))) for spoke in spokes if entity in spoke.maps]
        if not sides:
            continue
        ledger = _Ledger()
        dirty = {mark.uid for mark in hub.dirty(tx, entity, limit=_ALL)}
        whole = _pairs(tx, entity, sides, held, dirty, ledger)
        for side in sides:
            _listed(tx, entity, side, held, dirty, ledger)
        objects.append(
            {
                "entity": entity, "hub": whole.doc(), "sides": [_side_doc(entity, side) for side in sides],
                "differences": dict(sorted(ledger.reasons.items())), "unexplained": ledger.reasons["unexplained"],
            }
        )  # fmt: skip
        lines += ledger.lines
    return {
        "certified_ms": now_ms, "objects": objects, "lines": lines[:_LINES],
        "unexplained": sum(one["unexplained"] for one in objects),
    }  # fmt: skip


def _complete(sweep: Sweep | None) -> Sweep | None:
    return sweep if sweep is not None and sweep.state == "complete" else None


def _side_doc(entity: EntityKind, side: _Side) -> dict[str, Any]:
    swept = side.swept
    return {
        "connection": side.spoke.name, "object": side.spoke.maps[entity].map.object,
        "swept_ms": swept.ended_ms if swept else None, "findings": swept.findings if swept else {},
        "remote": side.remote.doc() if swept else None, "agreed_remote": side.agreed_remote.doc(),
        "hub": side.hub.doc(), "agreed_hub": side.agreed_hub.doc(),
    }  # fmt: skip


def _pairs(
    tx: Tx, entity: EntityKind, sides: Sequence[_Side], held: Sequence[Held], dirty: Collection[str], ledger: _Ledger
) -> SetDigest:
    """Walk all hub rows with every side; gives the digest of the hub's own."""
    whole = SetDigest()
    parked = {(one.connection, one.uid) for one in held if one.uid} | {
        (one.connection, one.remote_id) for one in held if one.remote_id
    }
    after = ""
    while True:
        rows = hub.select(tx, entity, states=(), after=after, limit=_PAGE)
        if not rows:
            return whole
        after = rows[-1].uid
        uids = [row.uid for row in rows]
        linked = links.by_uids(tx, entity, uids)
        items = inbox.of_uids(tx, entity, uids)
        busy = outbox.open_pairs(tx, entity, uids)
        asked = reviews.active_fields(tx, entity, uids)
        questions: dict[tuple[str, str], set[str]] = {}
        for one in reviews.of_uids(tx, entity, uids):
            questions.setdefault((one.connection, one.uid), set()).add(one.kind)
        for row in rows:
            if row.state == "live":
                whole.add(row.uid, content_digest(row.values))
        for side in sides:
            name = side.spoke.name
            mine = {uid: [link for link in some if link.connection == name] for uid, some in linked.items()}
            ids = [link.remote_id for some in mine.values() for link in some]
            seen = sweeps.seen(tx, name, side.spoke.maps[entity].map.object, ids)
            for row in rows:
                link = _counting(mine.get(row.uid, ()))
                pair = Pair(
                    spoke=side.spoke, entity=entity, row=row, link=link, swept=side.swept,
                    seen=seen.get(link.remote_id) if link else None,
                    item=next((one for one in items.get(row.uid, ()) if one.connection == name), None),
                    held=(name, row.uid) in parked or (link is not None and (name, link.remote_id) in parked),
                    busy=(row.uid, name) in busy, dirty=row.uid in dirty, asked=asked.get(row.uid, {}),
                    questions=questions.get((name, row.uid), ()),
                    cut_off=any(one.notes.get("unlinked") for one in mine.get(row.uid, ())),
                )  # fmt: skip
                _weigh(side, pair)
                ledger.note(differences(pair), entity, name, row.uid, link.remote_id if link else "")
            side.met.update(link.remote_id for some in mine.values() for link in some if link.state != "retired")


def _counting(some: Sequence[Link]) -> Link | None:
    rank = {"live": 0, "suspended": 1, "gone": 2, "retired": 3}
    return min(some, key=lambda link: rank[link.state], default=None)


def _weigh(side: _Side, pair: Pair) -> None:
    link, seen = pair.link, pair.seen
    if link is None or link.state != "live":
        return
    fields = {bound.map.field for bound in side.spoke.maps[pair.entity].fields}
    side.agreed_remote.add(link.remote_id, content_digest(link.shadow_remote))
    side.agreed_hub.add(link.uid, content_digest(link.shadow_hub, fields))
    side.hub.add(link.uid, content_digest(pair.row.values, fields))
    if seen is not None and side.swept is not None and seen.generation == side.swept.generation:
        side.remote.add(seen.remote_id, seen.digest)


def _listed(
    tx: Tx, entity: EntityKind, side: _Side, held: Sequence[Held], dirty: Collection[str], ledger: _Ledger
) -> None:
    """Walk what the sweep listed and no hub row of ours is tied to."""
    swept = side.swept
    if swept is None:
        return
    name = side.spoke.name
    parked = {one.remote_id for one in held if one.connection == name and one.object == swept.object}
    after = ""
    while True:
        page = sweeps.listed_in(tx, name, swept.object, swept.generation, after=after)
        if not page:
            return
        after = page[-1].remote_id
        free = [one for one in page if one.remote_id not in side.met and one.in_scope]
        ids = [one.remote_id for one in free]
        items = inbox.by_remote(tx, name, swept.object, ids)
        linked = links.by_remote(tx, name, swept.object, ids)
        asked = reviews.about(tx, name, swept.object, ids)
        for one in free:
            side.remote.add(one.remote_id, one.digest)
            item, link = items.get(one.remote_id), linked.get(one.remote_id)
            reason = _why_free(item, link, asked.get(one.remote_id), one.remote_id in parked, live=side.spoke.live)
            if reason == "unexplained" and link is not None and link.uid in dirty:
                reason = "to_plan"  # its hub row was taken out with plain SQL
            ledger.note([(reason, "")], entity, name, link.uid if link else "", one.remote_id)


def _why_free(item: Item | None, link: Link | None, asked: Review | None, held: bool, *, live: bool) -> str:
    """Say why a listed record has no place in the hub."""
    if asked is not None:
        return "decided" if asked.state == "closed" else "review"
    if held:
        return "quarantine"
    if item is not None:
        return "review" if item.state == "review" else "to_plan"
    if link is not None:
        return "unlinked" if link.state == "retired" else "to_plan" if link.state == "gone" else "unexplained"
    return "unexplained" if live else "mode"
