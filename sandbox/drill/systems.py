"""What the drill adds to a system in memory: a feed that names what still lives, records that are kept from us, and a
clock of ours that somebody sets while the systems' go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import PullRequest, RemoteRecord, WriteRow
from connectors.memory import MemoryConnector, Place
from connectors.memory_world import Call, MemoryWorld, Refusal, Row, Snapshot
from connectors.testing_rig import HandClock


class SteppedClock:
    """Our machine's clock, which may be set to another time; what it measures and sleeps is true all the same."""

    def __init__(self, hand: HandClock) -> None:
        self._hand = hand
        self.off_ms = 0

    def now_ms(self) -> int:
        return self._hand.now_ms() + self.off_ms

    def monotonic(self) -> float:
        return self._hand.monotonic()

    def sleep(self, seconds: float) -> None:
        self._hand.sleep(seconds)


class MoodyWorld(MemoryWorld):
    """A system that may keep records from our user, and whose feed of deletes may be wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept_back: set[str] = set()
        self.replaced: dict[tuple[str, str, str], Call] = {}
        """What a write of ours replaced after it had begun (record, field, value); here a write is one moment."""
        self.ghosts: dict[str, int] = {}

    def keep_back(self, id: str, kept: bool) -> None:
        """Take our user's right to a record, or give it back; nothing is logged about either."""
        (self.kept_back.add if kept else self.kept_back.discard)(id)

    def misreport(self, id: str) -> None:
        """Let the feed of deletes name a record that lives on."""
        self.ghosts[id] = self.stamp_ms()


class MoodyConnector(MemoryConnector):
    """The memory connector of a moody world."""

    world: MoodyWorld

    def fetch(self, object: str, ids: Sequence[str], fields: tuple[str, ...]) -> Mapping[str, RemoteRecord | None]:
        found = super().fetch(object, ids, fields)
        kept = self.world.kept_back
        return {id: None if id in kept else record for id, record in found.items()} if kept else found

    def _listed(self, object: str, place: Place, hi_ms: int, limit: int) -> list[tuple[Row, Snapshot]]:
        kept = self.world.kept_back
        if not kept:
            return super()._listed(object, place, hi_ms, limit)
        return [one for one in super()._listed(object, place, hi_ms, limit + len(kept)) if one[0].id not in kept][
            :limit
        ]

    def _seen(self, object: str, lag_s: float) -> list[tuple[Row, Snapshot]]:
        return [one for one in super()._seen(object, lag_s) if one[0].id not in self.world.kept_back]

    def _deleted(self, request: PullRequest, place: Place) -> Sequence[str]:
        gone = super()._deleted(request, place)
        if not (self.world.ghosts or self.world.kept_back) or not request.deletes:
            return gone
        rows, lo_ms = self.world.rows[request.object], place.lo_ms or 0
        ghosts = {id for id, at_ms in self.world.ghosts.items() if id in rows and at_ms >= lo_ms}
        return sorted({*gone, *ghosts} - self.world.kept_back)

    def _apply(self, object: str, row: WriteRow) -> tuple[str, Snapshot]:
        if row.remote_id in self.world.kept_back:
            raise Refusal("gone", "NO_SUCH_RECORD")
        return super()._apply(object, row)
