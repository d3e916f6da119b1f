"""What must hold of a message when it reaches somebody: whom, when, of what, how often and in which words.

The rules are told again here in few lines and by other means than the product's, so that a slip there is not repeated.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from connectors.channels.base import Message
from connectors.testing_rig import HandClock
from sandbox.drill.stores import CrashingStore
from store import acts, hub, notices
from store.hub import HubRow
from store.notices import Notice
from store.statements import fetch
from store.tx import Tx
from supervise.calendar import Calendar
from supervise.cases import Setting, read_setting
from supervise.knobs import Knobs
from supervise.report import TaskItem
from supervise.views import overdue_view

MANAGER: Final = "dm@vendor.example"
STEERING: Final = "ceo@vendor.example"
_REPEAT_BD: Final = (2, 2, 3, 5)
_AT_ONCE_FROM: Final = 3
_SPONSOR_FROM: Final = 3
_MOST_SNOOZES, _LONGEST_SNOOZE_BD = 2, 5
_NAMED: Final = re.compile(r"(?:客户|项目|事项) \d+")
_REPROACH: Final = re.compile(r"\bS[0-4]\b|逾期|升级|overdue|escalat|\blate\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody whom a message reached.

    Args:
        contact, account: of a client's person; None for one of ours.
    """

    email: str
    contact: HubRow | None
    account: HubRow | None
    zone: ZoneInfo
    calendar: Calendar

    def day(self, at_ms: int) -> date:
        """Give the civil day where they are."""
        return self.time(at_ms).date()

    def time(self, at_ms: int) -> datetime:
        """Give what their clock shows."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Around:
    """An overdue item with the records around it, and its level at that moment."""

    item: TaskItem
    task: HubRow
    project: HubRow | None
    account: HubRow | None
    level: int

    @property
    def internal(self) -> bool:
        """Say whether it is not for the client's eyes."""
        return self.task.values.get("internal") is True

    def manager(self) -> str:
        """Give who leads the project on our side."""
        return _said(self.project, "pm") or _said(self.task, "owner")

    def ours(self) -> dict[str, int]:
        """Give our people who are to hear of it, each with the level from which on."""
        parts = [(STEERING, 4), (MANAGER, 3), (_said(self.account, "owner"), 2), (self.manager(), 1)]
        if self.item.ball == "vendor":
            parts.append((_said(self.task, "owner"), 1))
        return {email: level for email, level in parts if email}


class Look:
    """The hub at one moment, as its rules see it."""

    def __init__(self, tx: Tx, setting: Setting, overdue: dict[str, TaskItem]) -> None:
        self.tx, self.setting, self.overdue = tx, setting, overdue
        self._rows: dict[tuple[str, str], HubRow | None] = {}

    def around(self, uid: str) -> Around:
        """Give an overdue item with what is around it."""
        item, task = self.overdue[uid], self._row("task", uid)
        assert task is not None
        project = self._row("project", _said(task, "project"))
        contact = self._row("contact", _said(task, "contact"))
        account = self._row("account", _said(contact, "account") or _said(project, "account"))
        return Around(item, task, project, account, self._level(item))

    def reader(self, message: Message) -> Reader:
        """Give whom a message is for."""
        email = message.to.email
        contact = next(iter(hub.select(self.tx, "contact", where={"email": email}, states=())), None)
        account = self._row("account", _said(contact, "account"))
        zone = _said(contact, "zone") or _said(account, "zone") or self.setting.knobs.zone
        chain = [(kind, _said(row, "calendar")) for kind, row in (("contact", contact), ("account", account))]
        country = _said(account, "country") or None
        return Reader(email, contact, account, ZoneInfo(zone), self.setting.calendars.of(*chain, country=country))

    def promised(self, uid: str) -> date | None:
        """Give the day by which the client said last that it would be there."""
        given = acts.of(self.tx, "task", [uid], ("promise",))
        return date.fromisoformat(given[-1].doc["by"]) if given else None

    def snoozed(self, uid: str) -> date | None:
        """Give the last day on which nobody is to be reminded of it, as our own people count their days."""
        given = acts.of(self.tx, "task", [uid], ("snooze",))[:_MOST_SNOOZES]
        ours, zone = self.setting.calendars.of(), ZoneInfo(self.setting.knobs.zone)
        ends = [
            min(date.fromisoformat(act.doc["until"]), ours.add_bd(_day(act.at_ms, zone), _LONGEST_SNOOZE_BD))
            for act in given
        ]
        return max(ends, default=None)

    def given_away_ms(self, uid: str) -> int | None:
        """Give when the client last gave the ball away."""
        sql = "SELECT side, at_ms FROM ball_event WHERE entity = 'task' AND uid = ? ORDER BY at_ms, id"
        moves = pairwise(fetch(self.tx, sql, uid))
        return max((after[1] for before, after in moves if before[0] == "client" != after[0]), default=None)

    def calendar(self, around: Around) -> Calendar:
        """Give the working days of whoever has the ball."""
        client = around.item.ball == "client"
        return self.setting.calendars.of(country=_said(around.account, "country") or None if client else None)

    def today(self, item: TaskItem) -> date:
        """Give the civil day where the item is due."""
        return datetime.fromtimestamp(self.setting.now_ms / 1000, UTC).astimezone(ZoneInfo(item.zone)).date()

    def _level(self, item: TaskItem) -> int:
        by = self.promised(item.uid)
        broken = by is not None and by < self.today(item)
        return min(4, int((item.severity or "S0")[1]) + broken)

    def _row(self, entity: Any, uid: str) -> HubRow | None:
        if uid and (entity, uid) not in self._rows:
            self._rows[entity, uid] = hub.read(self.tx, entity, [uid]).get(uid)
        return self._rows[entity, uid] if uid else None


class Hearing:
    """Holds every message that arrives against the rules, and remembers what its reader heard before."""

    def __init__(self, store: CrashingStore, clock: HandClock, knobs: Knobs) -> None:
        self._store, self._clock, self._knobs = store, clock, knobs
        self._seen: tuple[int, dict[str, TaskItem]] | None = None
        self._heard: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
        self._days: set[tuple[str, str, date]] = set()
        self.broken: list[str] = []

    def moved(self) -> None:
        """Forget what was seen: records may be other ones now."""
        self._seen = None

    def saw(self, overdue: list[TaskItem]) -> None:
        """Take over what was found overdue at this moment."""
        self._seen = (self._clock.ms, {item.uid: item for item in overdue})

    def look(self, tx: Tx) -> Look:
        """Give the hub as it is now."""
        now_ms = self._clock.ms
        if self._seen is None or self._seen[0] != now_ms:
            found = overdue_view(self._store, now_ms=now_ms, knobs=self._knobs)
            self.saw([*found.overdue, *found.ours])
        assert self._seen is not None
        return Look(tx, read_setting(tx, now_ms=now_ms, knobs=self._knobs), self._seen[1])

    def arrived(self, message: Message) -> None:
        """Judge one message."""
        with self._store.read() as tx:
            look = self.look(tx)
            reader = look.reader(message)
            rows = sorted(notices.get(tx, message.facts["notices"]).values(), key=lambda row: row.id)
            known = [look.around(row.uid) for row in rows if row.uid in look.overdue]
            wrong = [*self._person(reader), *self._pace(reader, message, rows), *_words(reader, message, known)]
            for row in rows:
                wrong += self._line(look, reader, row)
        self.broken += [f"{self._clock.ms}: {message.kind} to {reader.email}: {said}" for said in wrong]

    def _person(self, reader: Reader) -> Iterator[str]:
        there = reader.time(self._clock.ms)
        if not 9 <= there.hour < 18 or not reader.calendar.workday(there.date()):
            yield f"outside their hours, at {there}"
        if reader.contact is None:
            return
        values = reader.contact.values
        if reader.contact.state != "live" or values.get("inactive") or values.get("opt_out") or not values.get("roles"):
            yield "they opted out, left, or have no role"

    def _pace(self, reader: Reader, message: Message, rows: list[Notice]) -> Iterator[str]:
        one = (reader.email, message.kind, reader.day(self._clock.ms))
        if one in self._days:
            yield "the second of its kind that day"
        self._days.add(one)
        if message.kind not in ("digest", "urgent"):
            yield "nothing of that kind is sent"
        if message.kind == "urgent" and any(row.level < _AT_ONCE_FROM for row in rows):
            yield "sent at once, though it could wait for the digest"

    def _line(self, look: Look, reader: Reader, row: Notice) -> Iterator[str]:
        if row.uid not in look.overdue or look.overdue[row.uid].due_eff != row.data["due"]:
            yield f"{row.uid} is not overdue for {row.data['due']}"
            return
        around = look.around(row.uid)
        if row.level != around.level:
            yield f"{row.uid} is at level {around.level}, not {row.level}"
        yield from _part(around, reader)
        yield from self._quiet(look, around, reader)
        yield from self._again(reader, row)

    def _quiet(self, look: Look, around: Around, reader: Reader) -> Iterator[str]:
        uid, today, calendar = around.task.uid, look.today(around.item), look.calendar(around)
        by, until, given_ms = look.promised(uid), look.snoozed(uid), look.given_away_ms(uid)
        if by is not None and by >= today:
            yield f"{uid} is promised by {by}"
        if until is not None and until >= reader.day(self._clock.ms):
            yield f"{uid} is snoozed until {until}"
        if given_ms is not None and around.item.ball == "client":
            since = calendar.bd(reader.day(given_ms), reader.day(self._clock.ms))
            if since <= 1:
                yield f"the client moved on {uid} within a working day"

    def _again(self, reader: Reader, row: Notice) -> Iterator[str]:
        """Hold that a level is told once, and once more only after its working days."""
        before = self._heard[row.uid, row.data["due"], reader.email]
        last = max((at for level, at in before if level >= row.level), default=None)
        if last is not None:
            passed = reader.calendar.bd(reader.day(last), reader.day(self._clock.ms))
            if passed < _REPEAT_BD[row.level - 1]:
                yield f"{row.uid} at level {row.level} again after {passed} working days"
        before.append((row.level, self._clock.ms))


Kept = frozenset[tuple[str, str, str, int]]
"""What is written down, said or unsaid: item, its due day, person, level."""


def read_kept(tx: Tx) -> Kept:
    """Give everything that is written down about tasks."""
    sql = "SELECT uid, json_extract(data, '$.due'), recipient, level FROM notice WHERE entity = 'task'"
    return frozenset((row[0], row[1], row[2], row[3]) for row in fetch(tx, sql))


def nameless(tx: Tx) -> list[str]:
    """Give the silences that no rule explains."""
    sql = "SELECT id FROM notice WHERE entity = 'task' AND state IN ('held', 'suppressed', 'dropped') AND rule = ''"
    return [row[0] for row in fetch(tx, sql)]


def missing(around: Around, kept: Kept) -> Iterator[str]:
    """Give who ought to hear of an item and about whom nothing is written down."""
    item, level = around.item, around.level
    wanted = {f"user:{email}" for email, level in around.ours().items() if level <= around.level}
    contact = _said(around.task, "contact")
    if around.item.ball == "client" and not around.internal and contact:
        wanted.add(f"contact:{contact}")
    yield from sorted(who for who in wanted if (item.uid, item.due_eff, who, level) not in kept)


def _part(around: Around, reader: Reader) -> Iterator[str]:
    """Hold that the reader has a part in the item, at its level."""
    uid = around.task.uid
    if reader.contact is None:
        if around.ours().get(reader.email, 9) > around.level:
            yield f"no part in {uid} at level {around.level}"
        return
    mine = around.account is not None and reader.account is not None and around.account.uid == reader.account.uid
    sponsor = around.level >= _SPONSOR_FROM and "sponsor" in (reader.contact.values.get("roles") or ())  # type: ignore[operator]
    named = _said(around.task, "contact") == reader.contact.uid
    if around.internal or around.item.ball != "client":
        yield f"{uid} is none of the client's business"
    if not mine or not (named or sponsor):
        yield f"a client's person with no part in {uid} at level {around.level}"


def _words(reader: Reader, message: Message, known: list[Around]) -> Iterator[str]:
    """Hold that a client reads their own items alone, and no reproach."""
    if reader.contact is None:
        return
    text = f"{message.subject}\n{message.text}"
    found = _REPROACH.search(text)
    if found:
        yield f"it says {found[0]!r} to a client"
    own = {around.item.title for around in known} | {_said(around.project, "name") for around in known}
    strange = set(_NAMED.findall(text)) - own - {_said(reader.account, "name")}
    if strange:
        yield f"it names {sorted(strange)} to a client"
    if not any(around.item.title in text for around in known):
        yield "it names nothing it is about"


def _day(at_ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date()


def _said(row: HubRow | None, name: str) -> str:
    value = row.values.get(name) if row is not None else None
    return value if isinstance(value, str) else ""
