"""A drill from its first contact to its quiet end: rounds of duban, people and faults around them, then the score."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from commands.drilling.ground import CONFIG_NAME, STORE_NAME, Ground
from commands.drilling.people import People
from commands.drilling.planting import open_service, settle_ground, spokes_of
from commands.drilling.truth import Truth, mark, read_told
from config.keys import KEY_FILE_NAME, write_key
from mapping.errors import DubanError
from sandbox.main import Running
from sandbox.trial.asked import read_exchanges, repeats
from sandbox.trial.faults import Profile, draw_rules
from sandbox.trial.joining import server_of
from sandbox.trial.score import Ending
from service import Service
from sync.report import RunReport

LOG_NAME: Final = "exchanges.jsonl"
_MOST_QUIET: Final = 14
_LAST_LOOKS: Final = 2
_KILL_WAIT_S: Final = 60.0

log = logging.getLogger(f"duban.{__name__}")
Progress = Callable[[str, int], None]


@dataclass(slots=True, kw_only=True)
class Play:
    """One drill.

    Args:
        rounds, seconds: how long people work: so many rounds, or until that much time is over.
        key: of the store, which lives in *folder* and goes with it.
    """

    running: Running
    ground: Ground
    folder: Path
    profile: Profile
    key: bytes
    seed: int
    rounds: int | None
    seconds: float
    progress: Progress
    stopped: str = ""
    _extra: Counter[str] = field(default_factory=Counter)
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def run(self) -> Ending:
        """Play it and give how it ended.

        Raises:
            ConfigError: the user's maps cannot work, with any fields.
            DubanError: not even the first contact is possible.
        """
        self._let_lag(self.profile.lag_s)
        settle_ground(self.ground, self.running, self.folder, self.key)
        self._write_child_files()
        marks = mark(self.running, list(self.ground.names))
        with open_service(self.ground, self.folder, self.key) as service:
            first, rested = self._quiet(service)
            people = People(
                running=self.running, spokes=spokes_of(service, self.ground), store=str(self.folder / STORE_NAME),
                names=self.ground.names, rng=random.Random(self._rng.getrandbits(64)),
            )  # fmt: skip
            worked = self._work(service, people) if rested else 0
            self._calm_down()
            quiet, rested = self._quiet(service) if not self.stopped else (0, False)
            before = self._writes()
            for _ in range(_LAST_LOOKS if rested else 0):
                self._round(service)
            return self._judged(service, marks, worked, first + quiet, rested, self._writes() - before)

    # --- rounds --------------------------------------------------------------------------------------------------

    def _work(self, service: Service, people: People) -> int:
        began, done = time.monotonic(), 0
        while not self.stopped and (
            done < self.rounds if self.rounds is not None else time.monotonic() - began < self.seconds
        ):
            self._disturb()
            people.act(self.profile.deeds)
            people.prepare_inside(self.profile.inside)
            killed = self._rng.random() < self.profile.kills
            with self._at_work(people):
                if killed:
                    self._killed_round()
                else:
                    self._round(service)
            done += 1
            self.progress("rounds", 1)
        return done

    @contextmanager
    def _at_work(self, people: People) -> Iterator[None]:
        """Let people go on while a round runs."""
        over = threading.Event()
        worker = threading.Thread(target=people.meanwhile, args=(self.profile, over), daemon=True)
        worker.start()
        try:
            yield
        finally:
            over.set()
            worker.join()

    def _disturb(self) -> None:
        for kind in self.ground.names:
            server = server_of(self.running, kind)
            rules = draw_rules(self.profile, self._rng)
            if rules:
                server.faults.add(rules)
            if self._rng.random() < self.profile.token_loss:
                server.face.settings({"expire_tokens": True})
                self._extra["tokens lost"] += 1

    def _let_lag(self, seconds: float) -> None:
        for kind in self.ground.names:
            world = server_of(self.running, kind).face.world
            world.list_lag_ms = world.search_lag_ms = round(seconds * 1000)

    def _calm_down(self) -> None:
        for kind in self.ground.names:
            server_of(self.running, kind).faults.clear()

    def _quiet(self, service: Service) -> tuple[int, bool]:
        """Go on until a round writes nothing and leaves nothing open; gives the rounds, and whether it came to that."""
        for number in range(1, _MOST_QUIET + 1):
            before = self._writes()
            report = self._round(service)
            self.progress("rounds", 1)
            if report is None:
                continue
            still = self._writes() == before and not _open(report)
            if still and number > 1:
                return number, True
            time.sleep(0 if still else self.profile.visible_after_s)
        return _MOST_QUIET, False

    def _round(self, service: Service) -> RunReport | None:
        """Run one round; one that cannot be is tried again by the next."""
        try:
            report = service.sync(())
        except DubanError as error:
            self._extra["rounds given up"] += 1
            log.info("round given up: %s", error.text("en"))
            return None
        if report.guard is not None:
            self.stopped = f"rail {report.guard.get('rail')}: {report.guard.get('found')} > {report.guard.get('limit')}"
        return report

    def _killed_round(self) -> None:
        """Run a round in a process of its own and kill it at some request."""
        words = [sys.executable, "-m", "commands.main", "-c", str(self.folder / CONFIG_NAME), "sync"]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
        environ = {**plain, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
        at = self._calls() + self._rng.randint(1, 30)
        child = subprocess.Popen(  # noqa: S603 - our own program, our own words
            words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _KILL_WAIT_S
        while child.poll() is None and self._calls() < at and time.monotonic() < until:
            time.sleep(0.01)
        if child.poll() is None:
            child.kill()
            self._extra["killed"] += 1
        child.wait()

    def _write_child_files(self) -> None:
        """Write the ground down for a process of its own; its key and store are thrown away with the folder."""
        text = "\n".join(f"{toml(name)} = {toml(value)}" for name, value in self.ground.tables.items())
        (self.folder / CONFIG_NAME).write_text(text + "\n", encoding="utf-8")
        write_key(self.folder / KEY_FILE_NAME, self.key)

    # --- the end -------------------------------------------------------------------------------------------------

    def _entries(self) -> list[dict[str, Any]]:
        return [entry for kind in self.ground.names for entry in server_of(self.running, kind).log_entries()]

    def _calls(self) -> int:
        return len(self._entries())

    def _writes(self) -> int:
        return sum(bool(entry["mutating"]) for entry in self._entries())

    def _judged(
        self,
        service: Service,
        marks: Mapping[tuple[str, str, str], int],
        worked: int,
        quiet: int,
        rested: bool,
        late: int,
    ) -> Ending:
        entries = self._entries()
        exchanges = read_exchanges(self.folder / LOG_NAME)
        told = read_told(self.folder / STORE_NAME)
        truth = Truth(self.running, spokes_of(service, self.ground), told, marks, exchanges)
        records, fields, differences = truth.differences()
        faults = Counter(name for entry in entries for name in entry["faults"]) + self._extra
        return Ending(
            records=records, fields=fields, edits=truth.edits(), differences=differences,
            duplicates=truth.duplicates(), unintended=truth.unintended(), late_writes=late, rested=rested,
            stopped=self.stopped, rounds=worked, quiet_rounds=quiet, calls=len(entries),
            writes=sum(bool(entry["mutating"]) for entry in entries), repeats=repeats(exchanges), faults=dict(faults),
        )  # fmt: skip


def _open(report: RunReport) -> bool:
    """Say whether a write still waits for its answer, or a connection could not be worked with."""
    return bool(report.needs_person.get("unknown")) or any(one.error for one in report.connections.values())


def toml(value: Any) -> str:
    """Give a value as TOML, tables inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    if isinstance(value, date | datetime):
        return value.isoformat()
    # A JSON text is a TOML text, but for the one control character JSON leaves as it is.
    return '"' + _escaped(value) + '"' if isinstance(value, str) else repr(value)


def _escaped(text: str) -> str:
    import json

    return json.dumps(text)[1:-1].replace("\x7f", "\\u007f")
