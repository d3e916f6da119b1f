"""What those who run duban should know: a connection stopped, reviews wait, a quota ends, a message may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from mapping.records import Value
from store import notices, reviews, streams
from store.tx import Tx
from supervise.nagging import digest_of

AlertCode = Literal["connection_stopped", "connection_rests", "quota_low", "reviews_wait", "notice_unknown"]
OPERATOR: Final = "operator"
LOOKED_AT: Final = 200
WORTH_TELLING_MS: Final = 15 * 60_000
"""A shorter rest is nobody's business."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to know.

    Args:
        subject: what it is about: a connection's name, or "".
        episode: the same as long as it is the same story; a new one is told anew.
    """

    code: AlertCode
    subject: str
    episode: str
    data: Mapping[str, Value] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Give it as one word of fixed length."""
        return digest_of(["alert", self.code, self.subject, self.episode])


def find_alerts(
    tx: Tx, *, now_ms: int, today: str, left: Mapping[str, int], least: int, language: str = "zh"
) -> list[Alert]:
    """Give what holds now, in a stable order.

    Args:
        today: the organisation's civil day.
        left: connection -> calls or credits it has left, where that is known.
        least: fewer than these are told.
    """
    found: list[Alert] = []
    for state in streams.connections(tx):
        if state.stopped:
            why = state.stopped_in(language) or ""
            found.append(Alert("connection_stopped", state.name, digest_of([state.stopped]), {"why": why}))
        elif state.retry_at_ms - now_ms > WORTH_TELLING_MS:
            found.append(Alert("connection_rests", state.name, today, {"until_ms": state.retry_at_ms}))
    found += [
        Alert("quota_low", name, today, {"left": count}) for name, count in sorted(left.items()) if 0 < count < least
    ]
    waiting = reviews.open_(tx)
    if waiting:
        newest = max(review.id or 0 for review in waiting)
        found.append(Alert("reviews_wait", "", str(newest), {"count": len(waiting)}))
    # What operators themselves may have missed is left out: it would make a new alert of itself each time.
    lost = [one for one in notices.listed(tx, states=("unknown",), limit=LOOKED_AT) if one.rule != OPERATOR]
    if lost:
        found.append(Alert("notice_unknown", "", digest_of(sorted(one.id for one in lost)), {"count": len(lost)}))
    return found
