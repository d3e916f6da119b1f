"""The way out of a quarter: a wire that loses answers, and what must hold of everything that was said or not said."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from connectors.channels.base import Message, Sent
from connectors.testing_rig import HandClock
from mapping.errors import OutcomeUnknown, Transient
from sandbox.drill.stores import CrashingStore
from store import hub, notices
from store.hub import HubRow
from store.tx import Tx
from supervise.cases import read_setting
from supervise.knobs import Knobs
from supervise.notices import AnyMessage, NoticeReport, Outbound, Words
from supervise.report import TaskItem

WIRE: Final = "wire"
OUTBOUND: Final = Outbound(
    to_clients=True, internal=WIRE, clients=WIRE, delivery_manager="dm@vendor.example",
    steering=("ceo@vendor.example",),
)  # fmt: skip
_SPOKEN: Final = frozenset({"intent", "sent", "unknown", "failed", "draft"})
_MOST: Final = 50


def words(_message: AnyMessage) -> Words:
    """Give the words of a message; nobody reads them here."""
    return Words("督办", "…")


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that reached the other side."""

    at_ms: int
    message: Message
    was_open: bool


class Wire:
    """A channel that now and then is down, or carries a message and loses the answer.

    Args:
        point: told before and after each message; the process may die there.
        is_open: says whether the person may be written to now.
    """

    personal: ClassVar[bool] = True
    name = WIRE

    def __init__(
        self, clock: HandClock, rng: random.Random, point: Callable[[str], None], is_open: Callable[[Message], bool]
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._point = point
        self._is_open = is_open
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
        self.delivered.append(Delivered(self._clock.ms, message, self._is_open(message)))
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
        self._knobs = knobs
        self._broken: list[str] = []
        self.figures: Counter[str] = Counter()

    def may_hear(self, message: Message) -> bool:
        """Say whether the recipient's own clock stands in office hours of a working day."""
        with self._store.read() as tx:
            setting = read_setting(tx, now_ms=self._clock.ms, knobs=self._knobs)
            zone, chain, country = self._home(tx, message)
        there = datetime.fromtimestamp(self._clock.ms / 1000, UTC).astimezone(ZoneInfo(zone or self._knobs.zone))
        calendar = setting.calendars.of(*chain, country=country)
        return 9 <= there.hour < 18 and calendar.workday(there.date())

    def heard(self, report: NoticeReport, overdue: list[TaskItem]) -> None:
        """Hold that everything overdue was spoken of, or is kept back by a rule that is written down."""
        self.figures.update({f"notices {state}": number for state, number in report.counts.items()})
        with self._store.read() as tx:
            rows = notices.of(tx, "task", [item.uid for item in overdue])
            broken = notices.unfinished(tx)
        if broken:
            self._break(f"{self._clock.ms}: {len(broken)} messages are neither said nor unsaid after a whole run")
        gaps = {gap.uid for gap in report.gaps}
        known = {(row.uid, row.data.get("due")) for row in rows}
        for item in overdue:
            if (item.uid, item.due_eff) not in known and item.uid not in gaps:
                self._break(f"{self._clock.ms}: nobody was told of {item.uid} and no rule says why")
        for row in rows:
            if row.state not in _SPOKEN and not row.rule:
                self._break(f"{self._clock.ms}: the silence {row.id} has no rule")

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
        for one in wire.delivered:
            if not one.was_open:
                self._break(f"{one.message.id} reached {one.message.to.email} outside their hours, at {one.at_ms}")
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
        return self._broken

    def _home(self, tx: Tx, message: Message) -> tuple[str, list[tuple[str, Any]], Any]:
        """Give the zone, the calendars and the country a person lives by; one of ours lives by the organisation's."""
        contact = self._one(tx, "contact", "email", message.to.email)
        if contact is None:
            return "", [], None
        account = self._one(tx, "account", "uid", str(contact.values.get("account")))
        home = account.values if account is not None else {}
        chain = [("contact", contact.values.get("calendar")), ("account", home.get("calendar"))]
        return str(contact.values.get("zone") or home.get("zone") or ""), chain, home.get("country")

    def _one(self, tx: Tx, entity: Any, name: str, value: str) -> HubRow | None:
        return next(iter(hub.select(tx, entity, where={name: value}, states=())), None) if value else None

    def _break(self, said: str) -> None:
        if len(self._broken) < _MOST:
            self._broken.append(said)
