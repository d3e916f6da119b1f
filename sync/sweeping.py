"""What a sweep makes of a record that is listed, and of one that is not. Pure.

A sweep lists everything again and holds it against what was agreed. Absence alone is never a delete: it takes a point
read, and the deleted feed or a second complete sweep.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mapping.records import Value, is_blank
from sync.views import LinkState

Listed = Literal["agreed", "told", "waiting", "parked", "new", "gap", "silent", "back", "out_of_scope", "not_ours"]
"""What a listed record is to us:

agreed, told (differs as it did at the last sweep, and was planned then), waiting (on the work list already), parked (a
person is asked about each field that differs), new (changed since the feed was last read), gap (the feed should have
shown it), silent (other values at the same version: a formula, a rollup), back (shown again after it was not), out_of_scope,
not_ours (nothing to do with us).
"""  # noqa: E501
TAKEN: Final[frozenset[Listed]] = frozenset({"new", "gap", "silent", "back"})
"""What goes to the inbox, and from there into the next plan."""

Absent = Literal["late", "wait", "gone", "access"]
"""What an absent record is: there after all, not proven yet, proven deleted, or kept from us."""

Read = Literal["live", "none", "forbidden"]

COUNT_FLOOR: Final = 10
COUNT_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we know of a record that a sweep lists.

    Args:
        state: of its link; None without one.
        version: of the record as last absorbed.
        agreed: the remote values last agreed on.
        waiting: the values that wait in the inbox; None when nothing does.
        parked: fields a person is asked about.
        held: it is in quarantine.
        swept: digest at the sweep before; "" when there was none.
    """

    state: LinkState | None = None
    version: str = ""
    agreed: Mapping[str, Value] | None = None
    waiting: Mapping[str, Value] | None = None
    parked: frozenset[str] = frozenset()
    held: bool = False
    swept: str = ""


def differing(doc: Mapping[str, Value], agreed: Mapping[str, Value]) -> list[str]:
    """Name the fields that do not say what was agreed; one that is not shown says nothing, and blank is blank."""
    return sorted(
        name
        for name, value in doc.items()
        if agreed.get(name) != value and not (is_blank(value) and is_blank(agreed.get(name)))
    )


def content_digest(doc: Mapping[str, Value], fields: Collection[str] | None = None) -> str:
    """Give the digest of what a record says (in those fields); a blank field says nothing."""
    said = {name: value for name, value in doc.items() if not is_blank(value) and (fields is None or name in fields)}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def judge_listed(
    known: Known,
    doc: Mapping[str, Value],
    digest: str,
    version: str,
    modified_ms: int | None,
    *,
    scoped: bool,
    high_ms: int | None,
) -> Listed:
    """Say what a listed record is to us.

    Args:
        scoped: it satisfies the scope of its map.
        high_ms: newest change the feed had shown before it was last read, in the remote's own time: whatever changed
            before that and is news all the same was dropped by the feed.
    """
    if known.state == "retired":
        return "not_ours"
    if not scoped:
        return "out_of_scope"
    if known.held or (known.waiting is not None and dict(known.waiting) == dict(doc)):
        return "waiting"
    if known.state == "live" and known.agreed is not None:
        fields = differing(doc, known.agreed)
        if not fields:
            return "agreed"
        if known.parked.issuperset(fields):
            return "parked"
        if version == known.version:
            return "told" if known.swept == digest else "silent"
    elif known.state in ("gone", "suspended"):
        return "back"
    dropped = modified_ms is not None and high_ms is not None and modified_ms < high_ms
    return "gap" if dropped else "new"


def judge_absent(read: Read, *, named: bool, has_feed: bool, misses: int) -> Absent:
    """Say what the absence of a linked record means.

    Args:
        read: what reading it by its id gave.
        named: the deleted feed names it.
        has_feed: there is such a feed; then a record it does not name was not deleted but is kept from us.
        misses: complete sweeps in a row that did not list it, this one included.
    """
    if read == "live":
        return "late"
    if read == "forbidden":
        return "access"
    if named:
        return "gone"
    if has_feed:
        return "access"
    return "gone" if misses >= 2 else "wait"


def counts_agree(counted: int | None, listed: int) -> bool:
    """Say whether a listing shows about as many records as the remote counts; people work while we list."""
    return counted is None or abs(counted - listed) <= max(COUNT_FLOOR, int(counted * COUNT_SHARE))
