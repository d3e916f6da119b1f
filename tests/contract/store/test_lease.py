"""The writer's right: how long it holds without a sign of life, who may take it then, and what that costs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mapping.errors import LeaseHeld, LeaseLost
from store import hub, lease
from store.database import Database
from store.heart import Heart
from store.hub import HubRow

TERM_S = 6.0
ONE = [HubRow("a", 1, "live", {"name": "A"})]


def opened(url: str, clock: Any) -> Database:
    return Database.open(url, clock=clock, lease_s=TERM_S)


def queries(db: Database) -> list[str]:
    said: list[str] = []
    sa.event.listen(db._engine, "begin", lambda _c: said.append("begin"))
    sa.event.listen(db._engine, "before_cursor_execute", lambda _c, _k, sql, *_: said.append(sql))
    return said


def test_right_after_a_sign_of_life_a_send_asks_nobody(shared_url: str, clock: Any) -> None:
    db = opened(shared_url, clock)
    db.hold("me", 0)
    said = queries(db)
    clock.sleep(TERM_S / 2)
    db.check_fence()
    assert said == []
    clock.sleep(TERM_S / 2)
    db.check_fence()
    assert said
    del said[:]
    db.check_fence()
    assert said == []
    db.close()


def test_a_write_is_a_sign_of_life(shared_url: str, clock: Any) -> None:
    db, other = opened(shared_url, clock), opened(shared_url, clock)
    db.hold("me", 0)
    for _ in range(4):
        clock.sleep(TERM_S / 2)
        with db.write() as tx:
            hub.count(tx, "account")
        with pytest.raises(LeaseHeld, match="held by me"):
            other.hold("other", 0)
    db.close()
    other.close()


def test_a_silent_holder_is_replaced_after_its_term_and_writes_nothing_more(shared_url: str, clock: Any) -> None:
    old, new, third = (opened(shared_url, clock) for _ in range(3))
    old.hold("old", 0)
    with pytest.raises(LeaseHeld, match="held by old"):
        new.hold("new", TERM_S - 1)
    new.hold("new", TERM_S)
    with pytest.raises(LeaseLost):
        old.check_fence()
    for write in (old.write, old.edit):
        with pytest.raises(LeaseLost), write() as tx:
            hub.insert(tx, "account", ONE, 1)
    with pytest.raises(LeaseLost):
        old.beat()
    old.close()
    with pytest.raises(LeaseHeld, match="held by new"):
        third.hold("third", 1)
    new.check_fence()
    with new.read() as tx:
        assert hub.count(tx, "account") == 0
    new.close()
    third.hold("third", 0)
    third.close()


def test_one_that_let_go_is_not_waited_for(shared_url: str, clock: Any) -> None:
    first, second = opened(shared_url, clock), opened(shared_url, clock)
    first.hold("first", 0)
    first.release()
    second.hold("second", 0)
    second.close()
    first.close()


def test_a_machine_that_was_stopped_as_a_whole_is_not_sure_of_its_right(shared_url: str, clock: Any) -> None:
    """Only the wall clock may have been put right when it goes on."""
    db = opened(shared_url, clock)
    db.hold("me", 0)
    stopped_at = clock.monotonic()
    clock.sleep(1000)
    clock.monotonic = lambda: stopped_at
    said = queries(db)
    db.check_fence()
    assert said
    db.close()


def test_a_lock_file_that_somebody_removed_gives_no_right(tmp_path: Path, clock: Any) -> None:
    url = f"sqlite:///{tmp_path}/d.db"
    first, second = opened(url, clock), opened(url, clock)
    first.hold("first", 0)
    (tmp_path / "d.db.lock").unlink()
    for _ in range(3):
        with pytest.raises(LeaseHeld, match="first"):
            second.hold("second", 0)
    first.beat()  # and locks the file anew
    clock.sleep(TERM_S * 2)
    first.beat()
    with pytest.raises(LeaseHeld, match="first"):
        second.hold("second", 1)
    first.close()
    second.close()


def test_a_server_that_ended_the_lock_s_session_does_not_end_the_holder(
    pg_database: Callable[[], str], clock: Any
) -> None:
    url = pg_database()
    first, second = opened(url, clock), opened(url, clock)
    first.hold("first", 0)
    with second.edit() as tx:
        tx.conn.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        )
    with pytest.raises(LeaseHeld):
        second.hold("second", 1)
    first.beat()
    with pytest.raises(LeaseHeld):
        second.hold("second", 1)
    first.check_fence()
    first.close()
    second.close()


def test_a_heart_notices_that_it_was_replaced(tmp_path: Path, clock: Any) -> None:
    url = f"sqlite:///{tmp_path}/d.db"
    old, new = Database.open(url, clock=clock, lease_s=0.03), opened(url, clock)
    old.hold("old", 0)
    with new.edit() as tx:
        lease.raise_fence(tx, f"pid {os.getpid()}", clock.now_ms())
    with Heart(old) as heart:
        heart._thread.join(30)
        assert heart.lost
    old.close()
    new.close()
