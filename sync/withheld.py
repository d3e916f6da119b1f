"""Records kept from us: neither shown nor among the deleted. Nothing happens to them until a person has looked."""

from __future__ import annotations

from mapping.fields import BoundMap
from store import inbox, links, reviews
from store.links import Link
from store.reviews import Review
from store.tx import Tx
from sync.absorb import gone_item
from sync.spokes import Spoke
from sync.sweeping import Read, judge_absent
from sync.views import MISSED


def missed(tx: Tx, spoke: Spoke, bound: BoundMap, remote_id: str, link: Link | None, run_id: str, now_ms: int) -> None:
    """Judge a record that a read by its id did not find, once a later read misses it too.

    A right that is taken from us for a while looks like a delete, and a delete may be carried on: where there is a
    feed of deletes, it is the feed that says so.
    """
    if link is not None:
        first = link.notes.get(MISSED)
        if not isinstance(first, int):
            link.notes[MISSED] = now_ms
            links.update(tx, [link])
            return
        if now_ms - first < max(1, int(spoke.settings.visible_after_s * 1000)):
            return
    feed = spoke.connector.capabilities.deleted_feed
    if link is not None and judge_absent("none", named=False, has_feed=feed, misses=2) == "access":
        ask_access(tx, link, "none", run_id, now_ms)
    else:
        inbox.put(tx, [gone_item(spoke, bound, remote_id, now_ms)])


def ask_access(tx: Tx, link: Link, read: Read, run_id: str, now_ms: int) -> None:
    """Suspend a pair whose record we may no longer see, and ask about it.

    Args:
        read: what reading it by its id gave.
    """
    link.state = "suspended"
    links.update(tx, [link])
    question = Review(
        id=None, kind="access", entity=link.entity, uid=link.uid, connection=link.connection, object=link.object,
        remote_id=link.remote_id, data={"reason": f"access_{read}"}, opened_ms=now_ms, run_id=run_id,
    )  # fmt: skip
    reviews.put(tx, [question])
