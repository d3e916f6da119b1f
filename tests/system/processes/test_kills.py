"""Killed at drawn moments with people at work: nothing twice, nothing missing, no lock to remove.

``DUBAN_KILLS_SQLITE``, ``DUBAN_KILLS_POSTGRESQL``, ``DUBAN_KILLS_MOMENTS`` and ``DUBAN_DRAINS`` set how often.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.system.acceptance.worlds import duplicates
from tests.system.processes.ground import Crowd, drawn_moment, edited_in_the_moment, ground
from tests.system.processes.nursery import wait_until

KILLS = {
    "file": int(os.environ.get("DUBAN_KILLS_SQLITE", "20")),
    "postgresql": int(os.environ.get("DUBAN_KILLS_POSTGRESQL", "5")),
}
MOMENTS = int(os.environ.get("DUBAN_KILLS_MOMENTS", "6"))
DRAINS = int(os.environ.get("DUBAN_DRAINS", "5"))
SEED = int(os.environ.get("DUBAN_PROCESS_SEED", "1"))


def test_killed_at_drawn_moments_it_comes_to_the_same_end(tmp_path: Path, store_url: str | None) -> None:
    rng = random.Random(SEED)
    with ground(tmp_path, "--seed", "5", store=store_url) as world:
        planted = duplicates(world)
        people = Crowd(world, SEED)
        for _ in range(KILLS["postgresql" if store_url else "file"]):
            for _ in range(4):
                people.act()
            child = world.start("run")
            drawn_moment(world, rng, people)
            assert child.code() is None, child.said()
            child.kill()
        world.rest()
        world.judge(people, planted)


def test_killed_around_writes_into_which_somebody_edits_no_edit_is_lost_untold(tmp_path: Path) -> None:
    killed_around_writes(tmp_path, SEED, MOMENTS)


def test_an_edit_inside_a_write_is_told_of_although_its_record_is_edited_again(tmp_path: Path) -> None:
    killed_around_writes(tmp_path, 3, 6)  # the write was settled before the kill, and a second edit hid the first


def killed_around_writes(tmp_path: Path, seed: int, moments: int) -> None:
    """Kill a daemon right after each of its first writes, into which somebody edits, and hold the promises."""
    rng = random.Random(seed)
    with ground(tmp_path, "--seed", "5") as world:
        planted = duplicates(world)
        people = Crowd(world, seed)
        for _ in range(moments):
            with edited_in_the_moment(world, people, rng):
                begun = world.written()
                child = world.start("run")
                wait_until(lambda begun=begun: world.written() > begun, "a write", step_s=0.001)
                time.sleep(rng.uniform(0, 0.02))
                child.kill()
        world.rest()
        world.judge(people, planted)


def test_a_drain_ends_what_is_in_flight_and_nothing_is_half_done(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    with ground(tmp_path, "--seed", "5", "--latency-ms", "10") as world:
        planted = duplicates(world)
        people = Crowd(world, SEED)
        for _ in range(DRAINS):
            for _ in range(12):
                people.act()
            before = world.written()
            child = world.start("run")
            wait_until(lambda before=before: world.written() > before, "a write")
            drawn_moment(world, rng, people, most=8)
            child.send(signal.SIGTERM)
            assert child.wait(30) == 0, child.said()
            assert world.rows("SELECT id FROM op WHERE state IN ('intent', 'unknown')") == []
            assert world.rows("SELECT id FROM run WHERE ended_ms IS NULL OR ended_ms = 0") == []
        world.rest()
        world.judge(people, planted)


def test_a_second_sigterm_ends_it_at_once(tmp_path: Path) -> None:
    with ground(tmp_path, "--seed", "5", settled=False) as world:
        for side in (0, 1):
            world.fault(side, method="", path="/", nth=4, times=1, action="delay", ms=60_000)
        child = world.start("run")
        wait_until(lambda: world.asked() >= 3, "a call that hangs")
        child.send(signal.SIGTERM)
        wait_until(lambda: not _catches_first(child.pid), "the first to be taken")
        began = time.monotonic()
        child.send(signal.SIGTERM)
        assert child.wait(30) == 128 + signal.SIGTERM
        assert time.monotonic() - began < 25


def _catches_first(pid: int) -> bool:
    """Say whether a SIGTERM is still waiting to be delivered."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = next(line for line in status.splitlines() if line.startswith("ShdPnd"))
    return bool(int(pending.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
