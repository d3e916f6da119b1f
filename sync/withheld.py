"""Records kept from us: neither shown nor among the deleted. Nothing happens to them until a person has looked."""

from __future__ import annotations

from store import links, reviews
from store.links import Link
from store.reviews import Review
from store.tx import Tx
from sync.sweeping import Read


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
