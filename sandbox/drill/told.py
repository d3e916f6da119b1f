"""The way out of a quarter: a wire that loses answers, and what must hold of everything that was said or not said."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from connectors.channels.base import Message, Sent
from connectors.testing_rig import HandClock
from mapping.errors import OutcomeUnknown, Transient
from sandbox.drill.hearing import MANAGER, STEERING, Hearing, missing, nameless, read_kept
from sandbox.drill.stores import CrashingStore
from store import notices
from supervise.knobs import Knobs
from supervise.notices import NoticeReport, Outbound

WIRE: Final = "wire"
OUTBOUND: Final = Outbound(
    to_clients=True, internal=WIRE, clients=WIRE, delivery_manager=MANAGER, steering=(STEERING,)
)  # fmt: skip
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that reached the other side."""

    at_ms: int
    message: Message


class Wire:
    """A channel that now and then is down, or carries a message and loses the answer.

    Args:
        point: told before and after each message; the process may die there.
        arrived: told of each message that reached the other side.
    """

    personal: ClassVar[bool] = True
    name = WIRE

    def __init__(
        self, clock: HandClock, rng: random.Random, point: Callable[[str], None], arrived: Callable[[Message], None]
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._point = point
        self._arrived = arrived
        self.calm = False
        self.delivered: list[Delivered] = []

    def send(self, message: Message) -> Sent:
        """Deliver a message, or not."""
        mood = 1.0 if self.calm else self._rng.random()
        self._point("before")
        if mood < 0.02:
            raise Transient("the wire is down", zh="线路中断")
        if mood < 0.03:
            raise OutcomeUnknown("no answer", zh="没有回答")
        self.delivered.append(Delivered(self._clock.ms, message))
        self._arrived(message)
        self._point("after")
        if mood < 0.06:
            raise OutcomeUnknown("the answer was lost", zh="回答丢失")
        return Sent("ok")

    def close(self) -> None:
        """Nothing to close."""


class Ear:
    """Listens to what was said, and asks why the rest was not."""

    def __init__(self, store: CrashingStore, clock: HandClock, knobs: Knobs) -> None:
        self._store = store
        self._clock = clock
        self.hearing = Hearing(store, clock, knobs)
        self._broken: list[str] = []
        self.figures: Counter[str] = Counter()

    def heard(self, report: NoticeReport) -> None:
        """Hold that everybody was told of everything overdue, or was not by a rule that is written down."""
        self.figures.update({f"notices {state}": number for state, number in report.counts.items()})
        with self._store.read() as tx:
            if unfinished := notices.unfinished(tx):
                self._break(f"{len(unfinished)} messages are neither said nor unsaid after a whole run")
            look = self.hearing.look(tx)
            for id in nameless(tx):
                self._break(f"the silence {id} has no rule")
            kept = read_kept(tx)
            for uid in look.overdue:
                for who in missing(look.around(uid), kept):
                    self._break(f"{who} was not told of {uid} and no rule says why")

    def judge(self, wire: Wire) -> list[str]:
        """Give every broken promise of the whole story."""
        said: Counter[str] = Counter(one.message.id for one in wire.delivered)
        lines: Counter[str] = Counter(
            line for one in wire.delivered for line in one.message.facts.get("notices", ()) if isinstance(line, str)
        )
        for what, counter in (("message", said), ("notice", lines)):
            for id, number in counter.items():
                if number > 1:
                    self._break(f"{what} {id} was delivered {number} times")
        with self._store.read() as tx:
            kept = notices.get(tx, list(said))
            listed = notices.listed(tx, limit=1_000_000)
        for id in said:
            state = kept[id].state if id in kept else "nothing"
            if state not in {"sent", "unknown"}:
                self._break(f"message {id} was delivered, the outbox says {state}")
        for row in listed:
            if row.state == "sent" and row.id not in said:
                self._break(f"message {row.id} is said to be sent and never was")
        self.figures["delivered"] = len(wire.delivered)
        self.figures["unknown listed"] = sum(row.state == "unknown" for row in listed)
        return self.broken()

    def broken(self) -> list[str]:
        """Give the promises that are broken so far."""
        return [*self.hearing.broken[:_MOST], *self._broken]

    def _break(self, said: str) -> None:
        if len(self._broken) < _MOST:
            self._broken.append(f"{self._clock.ms}: {said}")
