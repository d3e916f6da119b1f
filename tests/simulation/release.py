"""Play the whole profile of a release: ``python -m tests.simulation.release --out FILE``.

Every piece that is done is a line of FILE, so a run that was cut off goes on where it was when it is started again
on the same commit; ``--share 0.01`` plays a hundredth of the seeds, ``--levels L1,L2`` only those. At the end, and with
``--sum`` alone, it prints one table: what was played, what it met, what broke. Exit 1 when something did.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.simulation.pieces import Outcome, Piece, do
from tests.simulation.scenarios import SCENARIOS

_DOMAIN_PARTS: Final = 8
_SWEEP_PARTS: Final = 4
_PAIRS: Final = 8
_SHOWN: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much is played, and where the seeds begin.

    Args:
        seeds, wire: by mix, the first seed and how many.
        processes: what is done to real processes, by which test, and the variable that says how often.
    """

    cases: int
    seeds: Mapping[str, tuple[int, int]]
    replays: int
    wire: Mapping[str, tuple[int, int]]
    processes: Sequence[tuple[str, str, str, int]]


_MOMENTS: Final = "test_kills.py::test_killed_at_drawn_moments_it_comes_to_the_same_end"
_WRITES: Final = "test_kills.py::test_killed_around_writes_into_which_somebody_edits_no_edit_is_lost_untold"
RELEASE: Final = Profile(
    cases=10_000_000,
    seeds={"calm": (1_000_000, 5_000), "hot": (1_000_000, 60_000), "wide": (1_000_000, 45_000)},
    replays=200,
    wire={"calm": (1_000_000, 500), "hot": (1_000_000, 2_700)},
    processes=(
        ("kills on SQLite", f"{_MOMENTS}[file]", "DUBAN_KILLS_SQLITE", 60),
        ("kills on PostgreSQL", f"{_MOMENTS}[postgresql]", "DUBAN_KILLS_POSTGRESQL", 20),
        ("kills around writes", _WRITES, "DUBAN_KILLS_MOMENTS", 54),
        ("drains", "test_kills.py::test_a_drain_ends_what_is_in_flight_and_nothing_is_half_done", "DUBAN_DRAINS", 10),
        ("cuts of the log", "test_torn_stores.py::test_a_lost_tail_of_the_log_loses_no_intent_and_doubles_nothing",
         "DUBAN_CUTS", 50),
        ("full disks",
         "test_torn_stores.py::test_a_full_disk_is_said_once_a_round_and_when_there_is_room_work_goes_on",
         "DUBAN_DISKS_FULL", 5),
    ),
)  # fmt: skip


def cut(profile: Profile, share: float = 1.0) -> Iterator[Piece]:
    """Give the pieces of a share of a profile; the sweeps and the processes are always whole."""

    def some(count: int) -> int:
        return max(1, round(count * share))

    yield from (Piece("L0", "domain", (part, _DOMAIN_PARTS)) for part in range(_DOMAIN_PARTS))
    yield from _steps("L0", "drawn_fields", (), 0, some(profile.cases * 9 // 10), 200_000)
    yield from _steps("L0", "drawn_entities", (), 0, some(profile.cases // 10), 40_000)
    for mix, (first, count) in profile.seeds.items():
        yield from _steps("L1", "seeds", (mix,), first, some(count), 500)
        yield from _steps("L1 again", "twice", (mix,), first, some(profile.replays), 50)
    for mix, (first, count) in profile.wire.items():
        yield from _steps("L2", "wire_seeds", (mix,), first, some(count), 50)
    for name in SCENARIOS:
        yield Piece("sweep", "crashes", (name, 0, 1))
        yield Piece("sweep", "pairs", (name, _PAIRS))
        yield from (Piece("L2 sweep", "wire_crashes", (name, part, _SWEEP_PARTS)) for part in range(_SWEEP_PARTS))
    yield from (Piece("L3", "processes", given) for given in profile.processes)


def _steps(level: str, kind: str, given: tuple[Any, ...], first: int, count: int, step: int) -> Iterator[Piece]:
    for at in range(first, first + count, step):
        yield Piece(level, kind, (*given, at, min(step, first + count - at)))


# --- what is written down -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sum:
    """What the pieces of one level came to."""

    pieces: int = 0
    seconds: float = 0
    counts: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def add(self, line: Mapping[str, Any]) -> None:
        self.pieces += 1
        self.seconds += line["seconds"]
        for name, by in line["counts"].items():
            self.counts[name] = self.counts.get(name, 0) + by
        self.broken += line["broken"]


def read(file: Path, commit: str) -> dict[str, dict[str, Any]]:
    """Give what was done on a commit, by the names of the pieces; a line that was cut off does not count."""
    done: dict[str, dict[str, Any]] = {}
    for text in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line["commit"] == commit:
            done[line["piece"]] = line
    return done


def sums(pieces: Iterable[Piece], done: Mapping[str, Mapping[str, Any]]) -> dict[str, Sum]:
    out: dict[str, Sum] = {}
    for piece in pieces:
        level = out.setdefault(piece.level, Sum())
        if piece.name in done:
            level.add(done[piece.name])
    return out


def table(pieces: Sequence[Piece], done: Mapping[str, Mapping[str, Any]], commit: str) -> str:
    """Give the summary: a line for each level, its ranges of seeds, and what broke."""
    lines = [f"commit {commit}"]
    for level, found in sums(pieces, done).items():
        mine = [piece for piece in pieces if piece.level == level]
        counts = ", ".join(f"{by:,} {name}" for name, by in found.counts.items())
        rest = "" if found.pieces == len(mine) else f" ({found.pieces} of {len(mine)} pieces)"
        lines.append(f"{level}: {counts}; {len(found.broken)} broken; {found.seconds:,.0f} s{rest}")
        lines += [f"   {span}" for span in _spans(mine)]
        lines += [f"   ! {story}" for story in found.broken[:_SHOWN]]
    return "\n".join(lines)


def _spans(pieces: Sequence[Piece]) -> Iterator[str]:
    """Give the seeds of a level as ranges, mix by mix."""
    ends: dict[str, tuple[int, int]] = {}
    for piece in pieces:
        if piece.kind in ("seeds", "wire_seeds", "drawn_fields", "drawn_entities"):
            *mix, first, count = piece.given
            label = " ".join([piece.kind, *mix])
            begin, _ = ends.get(label, (first, 0))
            ends[label] = (begin, first + count - 1)
    yield from (f"{label}: {first} to {last}" for label, (first, last) in ends.items())


# --- doing it -----------------------------------------------------------------------------------------------------


def run(pieces: Sequence[Piece], file: Path, commit: str, workers: int) -> None:
    """Do what is not done yet; real processes come last and alone, since they are timed."""
    done = read(file, commit)
    todo = [piece for piece in pieces if piece.name not in done]
    with file.open("a", encoding="utf-8") as out, ProcessPoolExecutor(workers) as pool:
        waiting = [pool.submit(do, piece) for piece in todo if piece.level != "L3"]
        for count, ended in enumerate(as_completed(waiting), start=1):
            _note(out, commit, f"{count} of {len(waiting)}", *ended.result())
        for piece in todo:
            if piece.level == "L3":
                _note(out, commit, "L3", *do(piece))


def _note(out: Any, commit: str, place: str, piece: Piece, outcome: Outcome, seconds: float) -> None:
    line = {"commit": commit, "piece": piece.name, "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "seconds": seconds}
    out.write(json.dumps({**line, "counts": outcome.counts, "broken": outcome.broken}) + "\n")
    out.flush()
    print(
        f"{place}: {piece.level} {piece.name}: {outcome.counts}, {len(outcome.broken)} broken, {seconds:.0f} s",
        flush=True,
    )
    for story in outcome.broken[:1]:
        print(story, flush=True)


def _commit() -> str:
    """Give the commit that is played; a tree that differs from it says so."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + ("-changed" if git("status", "--porcelain", "-uno") else "")


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Play the profile of a release, or a share of it.")
    parser.add_argument("--out", type=Path, default=Path("release.jsonl"), help="where every piece is written down")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--share", type=float, default=1.0, help="of the cases and seeds")
    parser.add_argument("--levels", default="", help="only these: L0, L1, 'L1 again', sweep, L2, 'L2 sweep', L3")
    parser.add_argument("--sum", action="store_true", help="play nothing, only add up what is in the file")
    given = parser.parse_args(words)
    levels = [one.strip() for one in given.levels.split(",") if one.strip()]
    pieces = [piece for piece in cut(RELEASE, given.share) if not levels or piece.level in levels]
    commit = _commit()
    if not given.sum:
        run(pieces, given.out, commit, given.workers)
    done = read(given.out, commit)
    print(table(pieces, done, commit))
    return int(any(found.broken or not found.pieces for found in sums(pieces, done).values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
