"""A store whose disk lost the unsynced tail of its log, and one whose disk is full.

What can be promised after a power cut: a commit that was asked to be durable is on disk with everything before it, and
every intent is committed so before its request goes out. So no cut behind the newest intent loses one. What lies
behind it (answers, settlements) may be lost, whole commits from the end: those writes are looked up again.

``DUBAN_CUTS`` and ``DUBAN_DISKS_FULL`` set how often.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.acceptance.worlds import duplicates
from tests.system.processes.ground import Crowd, Ground, drawn_moment, ground
from tests.system.processes.nursery import wait_until

CUTS = int(os.environ.get("DUBAN_CUTS", "20"))
DISKS_FULL = int(os.environ.get("DUBAN_DISKS_FULL", "2"))
SEED = int(os.environ.get("DUBAN_PROCESS_SEED", "1"))
_HEAD, _FRAME_HEAD = 32, 24
DISK = "24m"


def commits(log: bytes) -> list[int]:
    """Give where each commit in a write-ahead log ends, oldest first."""
    if len(log) < _HEAD:
        return []
    _, _, page, _, *salts, _, _ = struct.unpack(">8I", log[:_HEAD])
    ends = []
    for at in range(_HEAD, len(log) - page - _FRAME_HEAD + 1, page + _FRAME_HEAD):
        _, size, *mine, _, _ = struct.unpack(">6I", log[at : at + _FRAME_HEAD])
        if mine != salts:  # left over from before the log began anew
            break
        if size:
            ends.append(at + _FRAME_HEAD + page)
    return ends


def attempts(folder: Path, store: Path, log: bytes) -> int:
    """Count the intents a store has with this much of its log."""
    copy = folder / "copy.db"
    for name in (copy, copy.with_name("copy.db-wal"), copy.with_name("copy.db-shm")):
        name.unlink(missing_ok=True)
    shutil.copy(store, copy)
    copy.with_name("copy.db-wal").write_bytes(log)
    db = sqlite3.connect(copy)
    try:
        return int(db.execute("SELECT COALESCE(SUM(attempts), 0) FROM op").fetchone()[0])
    finally:
        db.close()


def end_of_newest_intent(folder: Path, store: Path, log: bytes) -> int:
    """Give where the commit of the newest intent ends: from there on, nothing was asked to be durable for a send."""
    ends = commits(log)
    if not ends:
        return len(log)
    everything = attempts(folder, store, log[: ends[-1]])
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if attempts(folder, store, log[: ends[middle]]) == everything:
            high = middle
        else:
            low = middle + 1
    return ends[low]


def test_a_lost_tail_of_the_log_loses_no_intent_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    with ground(tmp_path, "--seed", "5") as world:
        planted = duplicates(world)
        people = Crowd(world, SEED)
        log = world.file.with_name("duban.db-wal")
        lost = 0
        for _ in range(CUTS):
            for _ in range(4):
                people.act()
            begun = world.written()
            child = world.start("run")
            wait_until(lambda begun=begun: world.written() > begun, "a write", step_s=0.002)
            drawn_moment(world, rng, people, most=12)
            child.kill()
            whole = log.read_bytes()
            synced = end_of_newest_intent(tmp_path, world.file, whole)
            cut = rng.randint(synced, len(whole))
            with log.open("r+b") as file:
                file.truncate(cut)
            lost += sum(cut < end for end in commits(whole))
            assert world.without_intent() == []
        assert lost > 0
        world.rest()
        world.judge(people, planted)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of its own, of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "none", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets us mount no small disk (it takes root and mount)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def fill(folder: Path) -> Path:
    """Leave no room on a disk."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096) == 4096:
                pass
        except OSError:
            pass
    return ballast


def errors_in(said: str) -> list[str]:
    return [line for line in said.splitlines() if '"level": "error"' in line or "[error" in line]


def test_a_full_disk_is_said_once_a_round_and_when_there_is_room_work_goes_on(tmp_path: Path, small_disk: Path) -> None:
    with ground(tmp_path, "--seed", "5", store=f"sqlite:///{small_disk}/duban.db") as world:
        world.file = small_disk / "duban.db"
        planted = duplicates(world)
        people = Crowd(world, SEED)
        done = _rounds(world)
        child = world.start("run")
        rounds_wanted = 3
        wait_until(lambda: _rounds(world) > done, "a round to end")
        for _ in range(DISKS_FULL):
            ballast = fill(small_disk)
            heard = len(child.said())
            for _ in range(8):
                people.act()
            wait_until(
                lambda heard=heard: len(errors_in(child.said()[heard:])) >= rounds_wanted, "the disk to be missed"
            )
            said = child.said()[heard:]
            assert all("the disk of the store is full" in line for line in errors_in(said)), said
            assert "Traceback" not in said
            assert world.without_intent() == []
            ballast.unlink()
            done = _rounds(world)
            wait_until(lambda done=done: _rounds(world) > done + 1, "rounds to end again")
            assert child.code() is None
        child.send(signal.SIGTERM)
        assert child.wait() == 0, child.said()
        world.rest()
        world.judge(people, planted)


def _rounds(world: Ground) -> int:
    return int(world.rows("SELECT count(*) FROM run WHERE ended_ms > 0")[0][0])
