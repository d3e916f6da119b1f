"""Two processes on one store: one works, the other waits; a killed or frozen one is replaced, and writes no more."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.zoho.limits import EDITION_CALLS, SPARE_CALLS
from mapping.errors import LeaseHeld
from tests.system.acceptance.worlds import duplicates
from tests.system.processes.ground import Crowd, Ground, ground
from tests.system.processes.nursery import Child, wait_until

NEWS = 60
WORKERS = FxiaokeSettings.model_fields["pool"].default + max(EDITION_CALLS.values()) - SPARE_CALLS
"""How many threads at most may each have one request under way, at both CRMs together."""
LATE_MOST = 1
"""A thread stopped in the few microseconds between its check and its first byte sends that one request."""


def agent(child: Child) -> str:
    return f"duban ({child.pid})"


def asked_by(world: Ground, child: Child) -> int:
    return world.asked_by(agent(child))


def plant(world: Ground, start: int) -> list[str]:
    """Give the writer much to do: contacts that the other side has not got."""
    people = [{"Last_Name": f"News{n}", "Email": f"news{n}@client.example"} for n in range(start, start + NEWS)]
    world.plant(0, "Contacts", *people)
    return [person["Email"] for person in people]


def free_of_transactions(world: Ground) -> bool:
    """Say whether nobody is in the middle of a writing transaction of a SQLite file (a server ends those itself)."""
    if not world.store.startswith("sqlite"):
        return True
    import sqlite3

    tool = sqlite3.connect(world.file, timeout=0.0, isolation_level=None)
    try:
        tool.execute("BEGIN IMMEDIATE")
        tool.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        tool.close()
    return True


def freeze_between_commits(world: Ground, child: Child) -> int:
    """Stop a process while no transaction of it is open; gives how many writes of it had been answered till then."""
    answered = 0

    def frozen() -> bool:
        nonlocal answered
        answered = world.written_by(agent(child))
        child.send(signal.SIGSTOP)
        wait_until(lambda: "T (stopped)" in Path(f"/proc/{child.pid}/status").read_text(), "it to stop")
        if free_of_transactions(world):
            return True
        child.send(signal.SIGCONT)
        return False

    wait_until(frozen, "a moment without a transaction")
    return answered


def test_a_frozen_holder_that_wakes_writes_nothing_more(tmp_path: Path, store_url: str | None) -> None:
    with ground(tmp_path, "--seed", "5", "--latency-ms", "25", store=store_url, lease="2s") as world:
        planted = duplicates(world)
        old = world.start("run")
        wait_until(lambda: asked_by(world, old) > 20, "the first to work")
        new = world.start("run")
        wait_until(lambda: "standing by" in new.said(), "the second to stand by")
        assert asked_by(world, new) == 0
        begun = world.written()
        plant(world, 0)
        wait_until(lambda: world.written() > begun + 5, "writes to be on their way")
        answered = freeze_between_commits(world, old)
        ((run,),) = world.rows("SELECT id FROM run ORDER BY started_ms DESC LIMIT 1")
        plant(world, NEWS)
        wait_until(lambda: asked_by(world, new) > 30, "the second to take over")
        wait_until(lambda: world.written_by(agent(new)) > NEWS // 2, "it to write")
        flying = world.written_by(agent(old)) - answered
        assert flying <= WORKERS, flying
        before = len(world.requests())
        old.send(signal.SIGCONT)
        assert old.wait() == LeaseHeld.exit_code, old.said()
        assert "another process has become the writer" in old.said()
        late = [
            request
            for request in world.requests()[before:]
            if request["mutating"] and request["headers"]["user-agent"] == agent(old)
        ]
        print(f"{flying} writes of the holder were under way when it froze, {len(late)} went out after it woke")
        assert len(late) <= LATE_MOST, late
        assert world.rows("SELECT ended_ms FROM run WHERE id = :id AND ended_ms > 0", id=run) == []
        new.send(signal.SIGTERM)
        assert new.wait() == 0, new.said()
        assert "Traceback" not in old.said() + new.said()
        world.rest()
        assert duplicates(world) == planted
        for side, (name, field) in enumerate((("Contacts", "Email"), ("ContactObj", "email"))):
            mails = [str(row.get(field)) for row in world.live(side, name).values()]
            assert sorted(m for m in mails if m.startswith("news")) == sorted(
                f"news{n}@client.example" for n in range(2 * NEWS)
            )
        assert world.without_intent() == []


def test_one_works_the_other_waits_and_takes_over_from_a_killed_one(tmp_path: Path, store_url: str | None) -> None:
    with ground(tmp_path, "--seed", "5", store=store_url) as world:
        planted = duplicates(world)
        people = Crowd(world, 3)
        first = world.start("run")
        wait_until(lambda: asked_by(world, first) > 5, "the first to work")
        shot = world.one_shot("sync", "--wait", "0", code=(LeaseHeld.exit_code,))
        (line,) = shot.said().splitlines()
        assert f"held by daemon, pid {first.pid} on {os.uname().nodename} since " in line
        second = world.start("run")
        wait_until(lambda: "standing by" in second.said(), "the second to stand by")
        for _ in range(8):
            people.act()
        assert asked_by(world, second) == asked_by(world, shot) == 0
        first.kill()
        wait_until(lambda: asked_by(world, second) > 5, "the second to take over", seconds=10)
        second.send(signal.SIGTERM)
        assert second.wait() == 0, second.said()
        world.rest()
        world.judge(people, planted)


def test_a_daemon_that_stands_by_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with ground(tmp_path, "--seed", "5", settled=False) as world:
        first = world.start("run")
        wait_until(lambda: asked_by(world, first) > 5, "the first to work")
        second = world.start("run")
        wait_until(lambda: "standing by" in second.said(), "the second to stand by")
        second.send(signal.SIGTERM)
        assert second.wait(10) == 0
        assert first.code() is None
