"""What a connection told when a row last came in: which record said it, when that was changed there, when we saw it.

Only while the row is as that import left it: what was edited here since was told by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mapping.records import Value
from store.hub import TOLD, HubRow

_BALL: Final = frozenset({"status", "owner_side", "tags", "title", "due"})
"""The fields a move of the ball may come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a value came from.

    Args:
        modified_ms: when the record was last changed there; never after *seen_ms*, whatever its clock says.
        by: the remote user who changed it; "" when the remote does not say.
    """

    connection: str
    object: str
    remote_id: str
    modified_ms: int
    seen_ms: int
    by: str = ""

    def moment(self, last_ms: int | None) -> int:
        """Give when the ball moved: as the record says, but not before what is known of it already."""
        return self.modified_ms if last_ms is None else max(self.modified_ms, last_ms)

    def as_data(self) -> dict[str, Value]:
        """Give it as a move of the ball keeps it."""
        kept: dict[str, Value] = {
            "source": self.connection, "record": f"{self.object}/{self.remote_id}", "modified_ms": self.modified_ms,
            "seen_ms": self.seen_ms,
        }  # fmt: skip
        return {**kept, "by": self.by} if self.by else kept


def told_of(row: HubRow, now_ms: int) -> Told | None:
    """Give who told what the ball of a task goes by; None when the row moved here since, or the record says no time.

    Args:
        now_ms: the moment of the look; what was told later is not known yet.
    """
    kept: Mapping[str, Any] | None = row.meta.get(TOLD)
    if kept is None or kept["rev"] != row.rev or kept["seen_ms"] > now_ms:
        return None
    if kept["fields"] is not None and not _BALL & set(kept["fields"]):
        return None
    connection, object_, remote_id = kept["record"]
    modified_ms = min(kept["modified_ms"], now_ms)
    return Told(
        connection=connection, object=object_, remote_id=remote_id, modified_ms=modified_ms, seen_ms=now_ms,
        by=kept["by"] or "",
    )  # fmt: skip


def seen_ms(at_ms: int, data: Mapping[str, Any]) -> int:
    """Give when a move of the ball came to our eyes, which may be later than it happened."""
    seen = data.get("seen_ms")
    return seen if isinstance(seen, int) else at_ms
