"""A quarter of supervised projects on an hourly clock: two systems in memory, the real engine, the real rounds.

People edit, answer, ask, pause and promise; the process dies twice a day at a call or a commit and is started again.
``watch`` judges the flags of every hour, ``told`` what was said to people.

By hand: ``python -m sandbox.drill.quarter SEED --projects 40 --days 91``.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.memory import MemoryConnector, MemorySettings
from connectors.memory_world import Call, MemoryWorld, default_schemas
from connectors.testing_rig import HandClock, make_ports
from mapping.loading import load_maps
from reports.telling import notice_words
from sandbox.drill.acts import REMOTES, Side
from sandbox.drill.clients import People
from sandbox.drill.stores import Crash, blank_store
from sandbox.drill.told import OUTBOUND, WIRE, Ear, Wire
from sandbox.drill.watch import Watch
from supervise.following import follow_up
from supervise.knobs import Knobs
from supervise.notices import send_notices
from supervise.recall import Recall
from supervise.rounds import supervise_once
from sync.desk import Desk
from sync.engine import Engine, RoundOptions
from sync.guards import Rails
from sync.opening import Configured, Opener, fingerprint
from sync.report import RunReport

HOUR_MS: Final = 3_600_000
START_MS: Final = 1_774_972_800_000
"""2026-04-01 00:00 in Shanghai: the quarter has three holidays and their make-up days."""
ENTITIES: Final = ("account", "contact", "project", "task")
_MOST_POINTS: Final = {"sync": 25, "supervise": 8, "carry": 30, "tell": 9}
_WIDE: Final = Rails(deletes_floor=10_000, mass_floor=10_000, listing_floor=10_000, errors_floor=10_000)
_CARRIED: Final[dict[str, Any]] = {
    "project": {"fields": {name: {"remote": name, "direction": "claim"} for name in ("lifecycle", "declared_health")}},
    "task": {"fields": {name: {"remote": name, "direction": "to_remote"} for name in ("overdue_since", "severity")}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a story is.

    Args:
        tasks_each: tasks of a project at the start; people add more.
        crashes_a_day: how often the process dies.
        until: the story ends with the day on which a promise is broken whose words have this in them.
    """

    seed: int
    projects: int = 40
    days: int = 91
    tasks_each: int = 6
    crashes_a_day: int = 2
    until: str = ""


@dataclass(slots=True)
class Told:
    """How a story went."""

    size: Size
    broken: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Quarter:
    """Everything that exists in one story. ``point`` is passed at every call and on both sides of every commit."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.rng = random.Random(size.seed)
        self.clock = HandClock(START_MS)
        self.store = blank_store(self.clock)
        self.store.tell = lambda place: self.point(place, None, None)
        self.knobs = Knobs(authority=REMOTES)
        self.killed_at: Counter[str] = Counter()
        self.phase = ""
        self.in_call: Callable[[Side, Call], None] = lambda _side, _call: None
        self.ear = Ear(self.store, self.clock, self.knobs)
        self.wire = Wire(self.clock, self.rng, lambda place: self.point(place, None, None), self.ear.hearing.arrived)
        self._doom: tuple[str, int] | None = None
        self._ids = itertools.count()
        self._settings = {name: _settings(name) for name in REMOTES}
        self.worlds = {name: self._world(name) for name in REMOTES}
        self._start()

    def hour(self, watch: Watch) -> None:
        """Let one hour pass, then run what the daemon runs; a process that dies is started again at once."""
        self.clock.ms += HOUR_MS
        while True:
            try:
                self._run(watch)
            except Crash:
                self.clock.ms += 1000 * self.rng.randint(1, 90)
                self._start()
                continue
            break
        if self._doom is not None:  # it ran for too short a while: killed at rest
            self._doom = None
            self.killed_at["rest"] += 1
            self._start()

    def kill_soon(self) -> None:
        """Have the process die at some point of the next run."""
        phase = self.rng.choice(("sync", "supervise", "supervise", "carry", "tell"))
        self._doom = (phase, self.rng.randint(1, _MOST_POINTS[phase]))

    def calm(self) -> None:
        """Have nobody and nothing interfere any more."""
        self._doom = None
        self.in_call = lambda _side, _call: None
        self.wire.calm = True

    def point(self, place: str, side: Side | None, call: Call | None) -> None:
        """Pass one point: people may act inside a call, and the process may die."""
        if self.store.dead:
            return
        if side is not None and call is not None and place == "before":
            self.in_call(side, call)
        if self._doom is None or self._doom[0] != self.phase:
            return
        self._doom = (self.phase, self._doom[1] - 1)
        if self._doom[1] <= 0:
            self._doom = None
            self.killed_at[self.phase] += 1
            self.store.dead = True
            raise Crash("killed")

    def writes(self) -> int:
        """Count the writes so far."""
        return sum(len(world.writes()) for world in self.worlds.values())

    def desk(self) -> Desk:
        """Give the desk at which a person decides."""
        return Desk(db=self.store, clock=self.clock, random_bytes=lambda count: b"\7" * count)

    def _run(self, watch: Watch) -> None:
        self.phase = "sync"
        self._sync()
        self.phase = "supervise"
        report = supervise_once(
            self.store, now_ms=self.clock.ms, run_id=f"s-{next(self._ids)}", knobs=self.knobs,
            random_bytes=_salt, listed=0,
        )  # fmt: skip
        self.phase = ""
        watch.judged(report)
        self.ear.hearing.saw(watch.overdue)
        self.phase = "supervise"
        followed = follow_up(self.store, now_ms=self.clock.ms, knobs=self.knobs, random_bytes=_salt)
        if report.changed or followed.changed:
            self.phase = "carry"
            self._sync()
            self.ear.hearing.moved()
        self.phase = "tell"
        told = send_notices(
            self.store, now_ms=self.clock.ms, knobs=self.knobs, outbound=OUTBOUND, channels={WIRE: self.wire},
            render=notice_words, recall=self.recall,
        )  # fmt: skip
        self.phase = ""
        self.ear.heard(told)

    def _sync(self) -> RunReport:
        report = self.engine.begin("sync", {one.name: one.settings for one in self.configured})
        return self.engine.round(report, self.opener.open_all(self.configured, report), RoundOptions())

    def _start(self) -> None:
        """Start the process: everything but the systems and the store is new."""
        self.store.dead = False
        self.phase = ""
        self.configured = [self._configure(name) for name in REMOTES]
        self.engine = Engine(
            self.store, self.clock, rails=_WIDE, new_id=lambda: f"id-{next(self._ids):08d}",
            salt=lambda: b"0123456789abcdef", parallel=False,
        )  # fmt: skip
        self.opener = Opener(self.store, self.clock, {})
        self.recall = Recall()

    def _configure(self, name: Side) -> Configured:
        settings = self._settings[name]
        connector = MemoryConnector(settings, make_ports(self.clock, name), self.worlds[name])
        usual = {entity: map_ for entity, map_ in connector.default_maps().items() if entity in ENTITIES}
        maps = load_maps(usual, _CARRIED, name)
        return Configured(
            name=name, connector=connector, settings=settings, maps=maps, fingerprint=fingerprint(settings, maps)
        )

    def _world(self, name: Side) -> MemoryWorld:
        world = MemoryWorld(self.clock, org_id=f"org-{name}", objects=default_schemas(unique_key=True))
        world.on_call = lambda when, call: self.point(when, name, call)
        return world


def _settings(name: Side) -> MemorySettings:
    return MemorySettings(
        mode="live", first_contact="auto", org_id=f"org-{name}", dedicated_user=True, visible_after_s=2, overlap_s=5,
        deadline_s=5, page_size=500, batch_size=100,
    )  # fmt: skip


def _salt(count: int) -> bytes:
    return b"\7" * count


def play(size: Size) -> Told:
    """Play one story and judge it."""
    began = time.perf_counter()
    quarter = Quarter(size)
    people, watch = People(quarter.rng, quarter), Watch(quarter.store, quarter.knobs)
    people.plan(size.projects, size.tasks_each)
    quarter.in_call = people.inside
    told = Told(size)
    for day in range(size.days):
        doomed = set(quarter.rng.sample(range(24), size.crashes_a_day))
        for hour in range(24):
            if hour in doomed:
                quarter.kill_soon()
            people.act(day, hour)
            quarter.hour(watch)
        if size.until and any(size.until in line for line in (*watch.broken, *quarter.ear.broken())):
            break
    quarter.calm()
    told.broken += _rest(quarter, people, watch)
    told.broken += watch.judge(quarter.worlds) + quarter.ear.judge(quarter.wire)
    kills = {f"killed in {phase}": number for phase, number in quarter.killed_at.items()}
    told.figures = {**watch.figures, **quarter.ear.figures, **kills, "deeds": people.deeds, "writes": quarter.writes()}
    told.seconds = time.perf_counter() - began
    return told


def _rest(quarter: Quarter, people: People, watch: Watch) -> list[str]:
    """Let people answer what is asked and everything come to rest."""
    for _ in range(12):
        people.answer()
        before = quarter.writes()
        quarter.hour(watch)
        if quarter.writes() == before and not quarter.desk().conflicts():
            return []
    return ["never at rest"]


def main() -> int:
    """Play one story by hand and print how it went."""
    asked = argparse.ArgumentParser(prog="python -m sandbox.drill.quarter", description=__doc__)
    asked.add_argument("seed", type=int, nargs="?", default=1)
    asked.add_argument("--projects", type=int, default=40)
    asked.add_argument("--days", type=int, default=91)
    given = asked.parse_args()
    told = play(Size(seed=given.seed, projects=given.projects, days=given.days))
    print(*told.broken[:20], sep="\n")
    print(f"seed {given.seed}: {len(told.broken)} broken promises, {told.seconds:.0f} s, {told.figures}")
    return int(bool(told.broken))


if __name__ == "__main__":
    sys.exit(main())
