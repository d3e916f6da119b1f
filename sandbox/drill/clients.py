"""The people of a quarter: clients who answer late, our own who ask, plan and pause, and somebody with a SQL shell."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

from connectors.memory_world import Call, MemoryWorld, Refusal
from connectors.testing_rig import HandClock
from mapping.errors import InputError
from mapping.records import EntityKind, Value
from sandbox.drill.acts import REMOTES, Side
from sandbox.drill.stores import CrashingStore
from store import hub
from store.database import Database
from supervise import acting
from supervise.hand import Hand
from supervise.knobs import Knobs
from sync.desk import Desk

_SHANGHAI: Final = timedelta(hours=8)
_WORKING: Final = range(8, 20)
_ZONES: Final = (None, "America/New_York", "Asia/Kolkata", "Asia/Shanghai")
_COUNTRIES: Final = ("中国", "US", "GB", None)
_LIFECYCLES: Final = ("active", "active", "on_hold", "delivered", "cancelled")
_INSIDE: Final = 0.004
"""How likely somebody edits inside a call."""


class Place(Protocol):
    """What people find: the systems, the hub and the desk."""

    clock: HandClock
    store: CrashingStore
    worlds: dict[Side, MemoryWorld]
    knobs: Knobs

    def desk(self) -> Desk:
        """Give the desk at which a person decides."""
        ...


class People:
    """Acts drawn from one seed; what cannot be done just then is left undone."""

    def __init__(self, rng: random.Random, place: Place) -> None:
        self._rng = rng
        self._place = place
        self._born = 0
        self.deeds = 0

    def plan(self, projects: int, tasks_each: int) -> None:
        """Enter the projects: all of them at one system or the other."""
        for at in range(projects):
            world = self._place.worlds[REMOTES[at % 2]]
            country = self._rng.choice(_COUNTRIES)
            ours, seller = (self._rng.choice((["u-1"], ["u-2"])) for _ in range(2))
            account = world.plant(
                "accounts", {"name": f"客户 {at}", "country": country, "phone": f"+8610{at:08d}", "owner": seller}
            )
            for role, name in (("sponsor", "boss"), ("approver", "c")):
                person = {
                    "name": f"联系人 {name}{at}", "email": f"{name}{at}@client.example", "account": account,
                    "roles": [role] if self._rng.random() < 0.9 else [], "opt_out": self._rng.random() < 0.1,
                    "locale": self._rng.choice((None, "en-GB", "zh-CN")),
                }  # fmt: skip
                contact = world.plant("contacts", person)
            project = world.plant(
                "projects", {"name": f"项目 {at}", "code": f"P-{at}", "contract_no": f"C-{at}", "account": account,
                             "lifecycle": "active", "pm": ours},
            )  # fmt: skip
            for _ in range(tasks_each):
                self._task(world, project, contact)

    def act(self, day: int, hour: int) -> None:
        """Do what falls into this hour; most of it in office hours."""
        busy = 3 if hour in _WORKING and day % 7 < 5 else 0
        for _ in range(busy + (self._rng.random() < 0.2)):
            self._deed()
        if hour == 9:
            self.answer()

    def inside(self, side: Side, call: Call) -> None:
        """Edit a record while a call about its kind is under way."""
        if call.object == "tasks" and self._rng.random() < _INSIDE:
            self._at_remote(side, self._step())

    def answer(self) -> None:
        """Decide what is asked."""
        desk = self._place.desk()
        for conflict in desk.conflicts():
            try:
                desk.resolve_conflict(conflict.id, take=self._rng.choice(("hub", *REMOTES)), who="li")
            except InputError:
                desk.resolve_conflict(conflict.id, take="hub", who="li")

    # --- single deeds -------------------------------------------------------------------------------------------

    def _deed(self) -> None:
        self.deeds += 1
        at = self._rng.random()
        if at < 0.55:
            self._at_remote(self._rng.choice(REMOTES), self._step())
        elif at < 0.65:
            self._by_sql()
        elif at < 0.85:
            self._by_hand()
        elif at < 0.90:
            self._elsewhere()
        elif at < 0.95:
            self._lifecycle()
        else:
            self._new_task()

    def _step(self) -> Mapping[str, Any]:
        rng = self._rng
        status = rng.choice(
            ("waiting_client", "waiting_client", "waiting_client", "waiting_vendor", "submitted", "in_progress", "done",
             "done", "on_hold", "waiting_third_party")
        )  # fmt: skip
        kind = rng.random()
        if kind < 0.60:
            return {"status": status}
        if kind < 0.75:
            return {"status": status, "due": self._due()}
        if kind < 0.92:
            return {"due": rng.choice((self._due(), self._due(), None))}
        return {"priority": rng.choice(("normal", "critical"))}

    def _at_remote(self, side: Side, values: Mapping[str, Any]) -> None:
        world = self._place.worlds[side]
        ids = sorted(world.live("tasks"))
        if not ids:
            return
        try:
            world.edit("tasks", self._rng.choice(ids), values)
        except Refusal:
            return

    def _by_sql(self) -> None:
        uid = self._some("task")
        if uid is not None:
            name, value = self._rng.choice(sorted(self._step().items()))
            self._sql(f'UPDATE task SET "{name}" = ? WHERE uid = ?', value, uid)

    def _by_hand(self) -> None:
        uid = self._some("task")
        if uid is None:
            return
        place, today = self._place, self._today()
        hand = Hand(db=place.store, who="li", now_ms=place.clock.ms, knobs=place.knobs, random_bytes=_salt)
        soon = today + timedelta(days=self._rng.randint(1, 6))
        try:
            match self._rng.randrange(5):
                case 0:
                    acting.pause(hand, uid, today, self._rng.choice((soon, None)), "agreed")
                case 1:
                    acting.resume(hand, uid)
                case 2:
                    acting.promise(hand, uid, soon, "soon")
                case 3:
                    acting.snooze(hand, uid, soon, "they are away")
                case _:
                    acting.move_ball(hand, uid, self._rng.choice(("client", "vendor")), "said in the meeting")
        except InputError:
            return

    def _elsewhere(self) -> None:
        at = self._rng.random()
        if at < 0.7:
            self._set("contact", "zone", self._rng.choice(_ZONES))
        elif at < 0.8:
            self._set("contact", "inactive", self._rng.choice((True, False, False)))
        else:
            self._set("task", "internal", self._rng.choice((True, False)))

    def _set(self, entity: EntityKind, name: str, value: Value) -> None:
        uid = self._some(entity)
        if uid is not None:
            with Database.edit(self._place.store) as tx:
                row = hub.read(tx, entity, [uid])[uid]
                hub.update(tx, entity, [hub.HubChange(uid, row.rev, {name: value})], self._place.clock.ms)

    def _lifecycle(self) -> None:
        world = self._place.worlds[self._rng.choice(REMOTES)]
        ids = sorted(world.live("projects"))
        if ids:
            world.edit("projects", self._rng.choice(ids), {"lifecycle": self._rng.choice(_LIFECYCLES)})

    def _new_task(self) -> None:
        world = self._place.worlds[self._rng.choice(REMOTES)]
        projects, contacts = sorted(world.live("projects")), sorted(world.live("contacts"))
        if projects and contacts:
            self._task(world, self._rng.choice(projects), self._rng.choice(contacts))

    def _task(self, world: MemoryWorld, project: str, contact: str) -> None:
        self._born += 1
        values = {
            "title": f"事项 {self._born}", "status": self._rng.choice(("waiting_client", "in_progress", "not_started")),
            "due": self._due(), "project": project, "contact": contact,
            "owner_side": self._rng.choice((None, "client", "vendor")),
        }  # fmt: skip
        world.plant("tasks", values)

    def _due(self) -> str:
        return (self._today() + timedelta(days=self._rng.randint(-1, 15))).isoformat()

    def _today(self) -> date:
        return (datetime.fromtimestamp(self._place.clock.ms / 1000, UTC) + _SHANGHAI).date()

    def _some(self, entity: str) -> str | None:
        found = self._sql(f"SELECT uid FROM {entity} WHERE state = 'live' ORDER BY uid")
        return str(self._rng.choice(found)[0]) if found else None

    def _sql(self, statement: str, *values: Any) -> Sequence[Any]:
        """Run plain SQL on the hub as a person's tool would."""
        with Database.edit(self._place.store) as tx:
            assert tx.raw is not None
            return tx.raw.execute(statement, values).fetchall()


def _salt(count: int) -> bytes:
    return b"\7" * count
