"""What a release plays, cut into pieces that can be done in any order, each by its name and numbers alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from sandbox.drill import entities, fields
from sandbox.drill.acts import DRAWS
from sandbox.drill.play import play, shrink, story
from tests.simulation.crashing import play_scenario
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.wire_play import WIRE_DRAWS, play_wire
from tests.simulation.wire_scene import WireScene

_PROCESS_SEED: Final = "7"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the profile.

    Args:
        level: ``L0``, ``L1``, ``sweep``, ``L2``, ``L2 sweep`` or ``L3``.
        kind: the function of this module that plays it.
        given: its arguments, plain values.
    """

    level: str
    kind: str
    given: tuple[Any, ...]

    @property
    def name(self) -> str:
        return " ".join([self.kind, *map(str, self.given)])


@dataclass(slots=True)
class Outcome:
    """What a piece came to: counts by name, and a story for each promise that broke."""

    counts: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def count(self, **more: int) -> None:
        for name, by in more.items():
            self.counts[name] = self.counts.get(name, 0) + by


def do(piece: Piece) -> tuple[Piece, Outcome, float]:
    """Play one piece; gives it with what it came to and the seconds it took."""
    began = time.perf_counter()
    out = Outcome()
    KINDS[piece.kind](out, *piece.given)
    return piece, out, time.perf_counter() - began


# --- L0 ---------------------------------------------------------------------------------------------------------


def domain(out: Outcome, part: int, parts: int) -> None:
    out.count(cases=sum(1 for _ in fields.domain()) // parts)
    out.broken += fields.play_domain(part, parts)


def drawn_fields(out: Outcome, first: int, count: int) -> None:
    out.count(cases=count)
    out.broken += fields.play_fields(first, count)


def drawn_entities(out: Outcome, first: int, count: int) -> None:
    out.count(cases=count)
    out.broken += entities.play_entities(first, count)


# --- L1 ---------------------------------------------------------------------------------------------------------


def seeds(out: Outcome, mix: str, first: int, count: int) -> None:
    for seed in range(first, first + count):
        played = play(DRAWS[mix](seed))
        out.count(
            seeds=1, requests=played.requests, faults=played.faults, crashes=played.crashes,
            overwritten=played.overwritten,
        )  # fmt: skip
        if played.broken:
            out.broken.append(story(shrink(played) if len(out.broken) < 3 else played))


def twice(out: Outcome, mix: str, first: int, count: int) -> None:
    for seed in range(first, first + count):
        one, other = play(DRAWS[mix](seed)), play(DRAWS[mix](seed))
        out.count(replayed=1)
        if (one.digest, one.script) != (other.digest, other.script):
            out.broken.append(f"{mix} seed {seed} played twice is not the same run")


# --- crashes at every point ---------------------------------------------------------------------------------------


def crashes(out: Outcome, name: str, part: int, parts: int) -> None:
    """Die once at every point of a part of a scenario."""
    points = play_scenario(SCENARIOS[name]).points
    for at in range(1 + part, points + 1, parts):
        _die(out, name, [at])


def pairs(out: Outcome, name: str, many: int) -> None:
    rng = random.Random(name)
    points = play_scenario(SCENARIOS[name]).points
    for _ in range(many):
        first = rng.randint(1, points)
        longer = play_scenario(SCENARIOS[name], [first]).points
        if first < longer:
            _die(out, name, [first, rng.randint(first + 1, longer)])


def _die(out: Outcome, name: str, crash_at: Sequence[int]) -> None:
    told = play_scenario(SCENARIOS[name], crash_at)
    out.count(points=1, crashes=len(told.crashed))
    if told.broken or len(told.crashed) != len(crash_at):
        out.broken.append(f"{name}, dead at {list(zip(crash_at, told.crashed, strict=False))}: {told.broken[:5]}")


# --- L2 ---------------------------------------------------------------------------------------------------------


def wire_seeds(out: Outcome, mix: str, first: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            played = play_wire(WIRE_DRAWS[mix](seed), Path(folder))
            out.count(
                seeds=1, requests=played.requests, faults=played.faults, crashes=played.crashes,
                overwritten=played.overwritten,
            )  # fmt: skip
            if played.broken:
                out.broken.append(f"{mix} wire seed {seed}: {played.broken[:5]}")


def wire_crashes(out: Outcome, name: str, part: int, parts: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make = partial(WireScene, folder=Path(folder))
        # What a CRM refuses as a double may end as a question instead: then the judgement alone decides.
        asked = replace(SCENARIOS[name], ends={})
        points = play_scenario(SCENARIOS[name], (), make).points
        for at in range(1 + part, points + 1, parts):
            told = play_scenario(asked, (at,), make)
            out.count(points=1, crashes=len(told.crashed))
            if told.broken or not told.crashed:
                out.broken.append(f"{name} over the wire, dead at {at} ({told.crashed}): {told.broken[:5]}")


# --- L3 ---------------------------------------------------------------------------------------------------------


def processes(out: Outcome, what: str, test: str, name: str, many: int) -> None:
    """Run a test of real processes with the count in *name* raised to *many*; a test that was skipped did not pass."""
    env = {**os.environ, "DUBAN_PROCESS_SEED": _PROCESS_SEED, name: str(many)}
    command = [sys.executable, "-m", "pytest", "-n0", "-rP", "-p", "no:cacheprovider", f"tests/system/processes/{test}"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode or " passed" not in done.stdout or " skipped" in done.stdout:
        out.broken.append(
            f"{what}: {name}={many} {' '.join(command)} ended with {done.returncode}: {done.stdout[-3000:]}"
        )
    else:
        out.counts[what] = many


KINDS: Final[Mapping[str, Callable[..., None]]] = {
    one.__name__: one
    for one in (
        domain, drawn_fields, drawn_entities, seeds, twice, crashes, pairs, wire_seeds, wire_crashes, processes,
    )
}  # fmt: skip
