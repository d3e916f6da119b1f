"""What the last look for notices found, so that the next one judges only what may come out otherwise.

Whether somebody is told rests on the item and the records around it, on what was said and done about it, and on the day
and the hours of the person; on nothing else, and ``nagging`` is pure. So an item of which nobody was to be told stays
silent, by the same rules, until one of those moves. All of them are compared with the store at every look; what cannot
be compared is judged. The memory is the process's own: one that starts judges everything once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from store import rests
from store.tx import Tx
from supervise.cases import Setting
from supervise.due import local_day, zone_of
from supervise.ladder import Audience
from supervise.moving import ground_of
from supervise.nagging import Action, NoticePlan, Recipient
from supervise.windows import SendWindow, next_opening

Place = tuple[date, int, date | None, date | None, date | None]
"""A person's day, when their window opens (0 while it is open), and the days of their last digest, urgent message and
draft."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a decision on one item rests on beside the item.

    Args:
        zone: where it is due.
        around: the clients, contacts and projects it was seen with (``contact:UID``).
        lacking: the audiences nobody is named for.
    """

    zone: str
    around: frozenset[str]
    lacking: tuple[Audience, ...] = ()


@dataclass(frozen=True, slots=True)
class Quiet:
    """An item that nobody was to be told of.

    Args:
        stood: what stood of it in the store.
        lines: everybody concerned, with what became of their notice.
    """

    stood: tuple[Any, ...]
    rest: Rest
    lines: tuple[tuple[str, Action], ...]


@dataclass(slots=True)
class Recall:
    """The memory of one process: what its last look found; blank before the first.

    Args:
        ground: what every decision rests on.
        seen: all the items of that look, told of or not.
    """

    ground: tuple[Any, ...] = ()
    now_ms: int = 0
    act: int = 0
    records: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    people: Mapping[str, Recipient] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    days: Mapping[str, date] = field(default_factory=dict)
    items: Mapping[str, Quiet] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()

    def take(self, other: Recall) -> None:
        """Become the other one; once what it tells of is committed."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One look beside the memory of the last.

    Args:
        stand: what stands of every item now.
        still: the items whose silence goes on.
        left: the items of the last look that are none any more.
    """

    setting: Setting
    ground: tuple[Any, ...]
    act: int
    records: Mapping[str, tuple[int, str]]
    people: Mapping[str, Recipient]
    stand: Mapping[str, tuple[Any, ...]]
    still: Mapping[str, Quiet]
    left: frozenset[str]

    @property
    def quiet(self) -> Counter[tuple[str, Action]]:
        """Count the silences that go on, by person and kind."""
        return Counter(line for item in self.still.values() for line in item.lines)

    def found(self, plan: NoticePlan, judged: Mapping[str, Rest]) -> Recall:
        """Give the memory after this look: what goes on, and what was judged now and kept back.

        Args:
            judged: the items that were judged now, those whose silence nothing but time could end unseen left out.
        """
        spoken = {case.item.uid for message in plan.messages for case, _ in message.cases}
        lines: dict[str, list[tuple[str, Action]]] = {}
        for case, decision in plan.silent:
            lines.setdefault(case.item.uid, []).append((case.recipient.key, decision.action))
        fresh = {
            uid: Quiet(self.stand[uid], rest, tuple(lines.get(uid, ())))
            for uid, rest in judged.items() if uid in self.stand and uid not in spoken
        }  # fmt: skip
        items = {**self.still, **fresh}
        people = {**self.people, **{case.recipient.key: case.recipient for case, _ in plan.silent}}
        named = {key for item in items.values() for key, _ in item.lines}
        kept = {key: people[key] for key in named}
        return Recall(
            self.ground, self.setting.now_ms, self.act, self.records, kept, places(kept, self.setting.now_ms),
            {zone: _day(self.setting, zone) for zone in {item.rest.zone for item in items.values()}}, items,
            frozenset(self.stand),
        )  # fmt: skip


def look(
    tx: Tx, recall: Recall, setting: Setting, outbound: Any, uids: Sequence[str], people: Mapping[str, Recipient]
) -> Looking:
    """Give what of the memory still holds.

    Args:
        uids: what may be overdue now.
        people: those the memory knows, with the days on which they were last written to as the store has them.
    """
    ground = (ground_of(setting), outbound)
    records, act, stand = rests.records(tx), rests.last_act(tx), rests.tasks(tx, uids)
    still: dict[str, Quiet] = {}
    if recall.ground == ground and recall.now_ms <= setting.now_ms:
        still = _still(recall, setting, stand, _moved(recall, records), _elsewhere(recall, setting, people))
        for uid in rests.acted_on(tx, recall.act):
            still.pop(uid, None)
    return Looking(
        setting=setting, ground=ground, act=act, records=records, people=people, stand=stand, still=still,
        left=recall.seen - stand.keys(),
    )  # fmt: skip


def places(people: Mapping[str, Recipient], now_ms: int) -> dict[str, Place]:
    """Give where each person's day stands."""
    alike: dict[tuple[str, SendWindow, int], tuple[date, int]] = {}
    for to in people.values():
        if (hours := _hours(to)) not in alike:
            opens = next_opening(now_ms, to.window, to.zone, to.calendar)
            alike[hours] = local_day(now_ms, to.zone), 0 if opens == now_ms else opens
    return {key: (*alike[_hours(to)], to.digest_on, to.urgent_on, to.draft_on) for key, to in people.items()}


def _hours(to: Recipient) -> tuple[str, SendWindow, int]:
    return to.zone.key, to.window, id(to.calendar)


def _still(
    recall: Recall, setting: Setting, stand: Mapping[str, tuple[Any, ...]], moved: set[str], elsewhere: set[str]
) -> dict[str, Quiet]:
    """Give the items nothing of which has moved, and whom time alone has not moved either."""
    turned = {zone for zone, day in recall.days.items() if day != _day(setting, zone)}
    return {
        uid: item
        for uid, item in recall.items.items()
        if stand.get(uid) == item.stood
        and (item.stood[0] is None or item.stood[0] > setting.now_ms)
        and item.rest.zone not in turned
        and item.rest.around.isdisjoint(moved)
        and not any(key in elsewhere for key, _ in item.lines)
    }


def _moved(recall: Recall, records: Mapping[str, tuple[int, str]]) -> set[str]:
    """Give the records that moved, came or went, and the accounts whose contacts did."""
    before = recall.records
    uids = {uid for uid in before.keys() | records.keys() if before.get(uid) != records.get(uid)}
    accounts = (each[uid][1] for uid in uids for each in (before, records) if uid in each)
    return uids | set(accounts) - {""}


def _elsewhere(recall: Recall, setting: Setting, people: Mapping[str, Recipient]) -> set[str]:
    """Give the people whose day, hours or last messages are others than they were."""
    now = places(people, setting.now_ms)
    return {key for key, place in recall.places.items() if now.get(key) != place}


def _day(setting: Setting, zone: str) -> date:
    return local_day(setting.now_ms, zone_of([zone, setting.knobs.zone])[0])
