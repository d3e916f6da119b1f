"""Opening a store, its transactions, and the one writer."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mapping.errors import ConfigError, DubanError, LeaseHeld, LeaseLost, NeedsOperator, Transient
from store import database as database_module
from store import hub, lease
from store.database import Database
from store.hub import HubRow

ONE = [HubRow("a", 1, "live", {"name": "A"})]


def names(db: Database) -> list[str]:
    with db.read() as tx:
        return [str(row.values["name"]) for row in hub.select(tx, "account")]


def test_a_transaction_is_all_or_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError), db.write() as tx:
        hub.insert(tx, "account", ONE, 1)
        raise RuntimeError("in the middle")
    assert names(db) == []
    with db.write(durable=True) as tx:
        hub.insert(tx, "account", ONE, 1)
    assert names(db) == ["A"]


def test_writing_in_a_read_fails(shared_url: str, clock: Any) -> None:
    db = Database.open(shared_url, clock=clock)
    with pytest.raises((DubanError, sa.exc.DBAPIError)), db.read() as tx:
        hub.insert(tx, "account", ONE, 1)
    with db.write() as tx:
        hub.insert(tx, "account", ONE, 1)
    assert names(db) == ["A"]
    db.close()


def test_a_read_is_one_snapshot(shared_url: str, clock: Any) -> None:
    db = Database.open(shared_url, clock=clock)
    with db.read() as tx:
        assert hub.count(tx, "account") == 0
        with db.write() as other:
            hub.insert(other, "account", ONE, 1)
        assert hub.count(tx, "account") == 0
    assert names(db) == ["A"]
    db.close()


def test_a_read_inside_a_write_of_the_same_thread_works(db: Database) -> None:
    with db.write() as tx:
        hub.insert(tx, "account", ONE, 1)
        with db.read() as inner:
            hub.count(inner, "account")
    assert names(db) == ["A"]


def test_many_threads_read_and_then_write_without_a_locked_database(db: Database) -> None:
    with db.write() as tx:
        hub.insert(tx, "account", [HubRow("n", 1, "live", {"name": "0"})], 1)
    failures: list[Exception] = []

    def add_one() -> None:
        try:
            for _ in range(20):
                with db.write() as tx:
                    row = hub.read(tx, "account", ["n"])["n"]
                    # A server lets two writers read the same row: the rev tells who came late.
                    change = hub.HubChange("n", row.rev, {"name": str(int(str(row.values["name"])) + 1)})
                    stale = hub.update(tx, "account", [change], 1)
                while stale:
                    with db.write() as tx:
                        row = hub.read(tx, "account", ["n"])["n"]
                        change = hub.HubChange("n", row.rev, {"name": str(int(str(row.values["name"])) + 1)})
                        stale = hub.update(tx, "account", [change], 1)
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert names(db) == ["80"]


def test_only_durable_transactions_wait_for_the_disk(tmp_path: Path, clock: Any) -> None:
    db = Database.open(f"sqlite:///{tmp_path}/d.db", clock=clock)
    seen = []
    for open_tx in (db.write(), db.write(durable=True), db.edit(), db.edit(durable=False)):
        with open_tx as tx:
            seen.append(tx.conn.exec_driver_sql("PRAGMA synchronous").scalar())
    assert seen == [1, 2, 2, 1]
    db.close()


def test_the_files_of_a_store_belong_to_their_owner_only(tmp_path: Path, clock: Any) -> None:
    db = Database.open(f"sqlite:///{tmp_path}/d.db", clock=clock)
    db.hold("me", 0)
    with db.write() as tx:
        hub.insert(tx, "account", ONE, 1)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("d.db", "d.db-wal", "d.db-shm", "d.db.lock"), 0o600)
    db.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("duban.db", "not a database address"),
        ("oracle://x/y", "accepted are sqlite, postgresql and mysql"),
        ("sqlite:////nowhere/at/all/duban.db", "cannot be opened: No such file or directory"),
    ],
)
def test_an_address_that_cannot_work_is_a_config_error(url: str, said: str, clock: Any) -> None:
    with pytest.raises(ConfigError, match=said):
        Database.open(url, clock=clock)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, clock: Any) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear sir, " * 200)
    with pytest.raises(ConfigError, match="not a database"):
        Database.open(f"sqlite:///{path}", clock=clock)
    assert path.read_text().startswith("Dear sir")


def test_a_server_that_is_away_is_worth_another_try(tmp_path: Path, clock: Any) -> None:
    with pytest.raises(Transient, match="out of reach"):
        Database.open(f"postgresql://postgres@/x?host={tmp_path}", clock=clock)


def test_the_address_is_shown_without_its_password(tmp_path: Path, clock: Any) -> None:
    engine = sa.create_engine("postgresql+psycopg://me:hush@db.example/duban")
    assert "hush" not in Database(engine, path=None, clock=clock).url
    db = Database.open(f"sqlite:///{tmp_path}/d.db", clock=clock)
    assert db.url == f"sqlite+pysqlite:///{tmp_path}/d.db"
    db.close()


def test_a_full_disk_is_a_matter_for_a_person(tmp_path: Path, clock: Any) -> None:
    db = Database.open(f"sqlite:///{tmp_path}/d.db", clock=clock)
    with pytest.raises(NeedsOperator, match="disk of the store is full"), db.write() as tx:
        pages = tx.conn.exec_driver_sql("PRAGMA page_count").scalar()
        tx.conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        hub.insert(tx, "account", [HubRow(str(n), 1, "live", {"name": "x" * 2000}) for n in range(100)], 1)
    assert names(db) == []
    db.close()


def test_another_program_that_keeps_writing_is_waited_for_and_then_named(
    tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_MS", 50)
    db = Database.open(f"sqlite:///{tmp_path}/d.db", clock=clock)
    other = sqlite3.connect(tmp_path / "d.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="busy"), db.write():
        pass
    other.execute("ROLLBACK")
    other.close()
    with db.write() as tx:
        hub.insert(tx, "account", ONE, 1)
    db.close()


def test_the_second_holder_waits_and_then_learns_who_holds_it_since_when(shared_url: str, clock: Any) -> None:
    first, second = Database.open(shared_url, clock=clock), Database.open(shared_url, clock=clock)
    first.hold("duban run, pid 7", 0)
    since = "2026-09-21T14:13:20Z"
    with pytest.raises(LeaseHeld, match=f"held by duban run, pid 7 since {since}"):
        second.hold("one-shot", 5)
    assert sum(clock.slept) == pytest.approx(5)
    first.release()
    second.hold("one-shot", 0)
    second.hold("again is harmless", 0)
    with pytest.raises(LeaseHeld, match="one-shot"):
        first.hold("daemon", 0)
    second.close()
    first.hold("daemon", 0)
    first.close()


def test_a_person_edits_beside_the_holder(shared_url: str, clock: Any) -> None:
    daemon, person = Database.open(shared_url, clock=clock), Database.open(shared_url, clock=clock)
    daemon.hold("daemon", 0)
    with person.edit() as tx:
        hub.insert(tx, "account", ONE, 1)
        hub.mark_dirty(tx, "account", ["a"], "edit", 1)
    with daemon.write() as tx:
        assert [mark.uid for mark in hub.dirty(tx, "account")] == ["a"]
    daemon.close()
    person.close()


TERM_S = 60.0
"""No store waits longer for a silent holder."""


def lose_lock(db: Database, url: str, clock: Any) -> Database:
    """Take the lock away behind the holder's back and let another become the writer."""
    if url.startswith("sqlite"):
        Path(str(sa.make_url(url).database) + ".lock").unlink()
    else:
        with db.edit() as tx:
            tx.conn.execute(
                sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
            )
    other = Database.open(url, clock=clock)
    other.hold("the newer one", 2 * TERM_S)
    return other


def test_a_holder_that_lost_its_lock_writes_and_sends_nothing_more(shared_url: str, clock: Any) -> None:
    old = Database.open(shared_url, clock=clock)
    old.hold("frozen", 0)
    old.check_fence()
    new = lose_lock(old, shared_url, clock)
    with pytest.raises(LeaseLost, match="no longer the writer"):
        old.check_fence()
    with pytest.raises(LeaseLost), old.write() as tx:
        hub.insert(tx, "account", ONE, 1)
    assert names(old) == []
    with new.write() as tx:
        hub.insert(tx, "account", ONE, 1)
    new.check_fence()
    old.close()
    new.check_fence()
    new.close()


def test_a_new_holder_waits_for_the_old_one_s_open_transaction(pg_database: Callable[[], str], clock: Any) -> None:
    """Else the old one could commit after the new one has read."""
    url = pg_database()
    old = Database.open(url, clock=clock)
    old.hold("old", 0)
    events: list[str] = []

    def take_over() -> None:
        new = lose_lock(old, url, clock)
        events.append("new holds")
        new.close()

    thread = threading.Thread(target=take_over)
    with old.write() as tx:
        thread.start()
        thread.join(0.5)
        hub.insert(tx, "account", ONE, 1)
        events.append("old commits")
    thread.join(10)
    assert events == ["old commits", "new holds"]
    old.close()


def test_without_the_lease_there_is_nothing_to_lose(db: Database) -> None:
    db.check_fence()
    db.release()
    db.hold("me", 0)
    db.check_fence()
    with db.read() as tx:
        holder = lease.read_holder(tx)
    assert holder is not None
    assert (holder.fence, holder.owner) == (1, "me")


HOLDER = """
import sys, time
from store.database import Database

class Clock:
    def now_ms(self): return time.time_ns() // 1_000_000
    def monotonic(self): return time.monotonic()
    def sleep(self, seconds): time.sleep(seconds)

db = Database.open(sys.argv[1], clock=Clock())
db.hold("process " + sys.argv[2], 0)
print("held", flush=True)
for line in sys.stdin:
    with db.write() as tx:
        tx.conn.exec_driver_sql("INSERT INTO account (uid, rev, name) VALUES ('" + line.strip() + "', 1, 'x')")
    print("wrote", flush=True)
"""


def test_two_processes_are_never_both_the_writer_and_a_killed_one_leaves_no_lock(shared_url: str, clock: Any) -> None:
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), shared_url, "one"]
    root = Path(database_module.__file__).parents[1]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        mine = Database.open(shared_url, clock=clock)
        with pytest.raises(LeaseHeld, match="process one"):
            mine.hold("me", 0.3)
        process.stdin.write("a\n")
        process.stdin.flush()
        assert process.stdout.readline() == "wrote\n"
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(LeaseHeld):
            mine.hold("me", 0)
        process.kill()
        process.wait(10)
        for _ in range(100):
            try:
                mine.hold("me", 0)
                break
            except LeaseHeld:
                os.sched_yield()
        with mine.write() as tx:
            assert list(hub.read(tx, "account", ["a"])) == ["a"]
        mine.close()
    finally:
        process.kill()
        process.communicate()


def test_a_write_inside_a_write_is_a_mistake_told_at_once(db: Database) -> None:
    with pytest.raises(RuntimeError, match="wait for itself"), db.write() as tx:
        hub.insert(tx, "account", ONE, 1)
        with db.edit():
            pass
    assert names(db) == []
    with db.read(), db.write() as tx:
        hub.insert(tx, "account", ONE, 1)
    assert names(db) == ["A"]


def test_a_missing_driver_is_named_with_its_extra(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(ConfigError, match="driver for mysql is not installed") as caught:
        Database.open("mysql://me@db.example/duban", clock=clock)
    assert caught.value.next_step == 'pip install "duban[mysql]"'


def test_a_holder_that_fails_half_way_keeps_no_lock(
    tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/d.db"
    first, second = Database.open(url, clock=clock), Database.open(url, clock=clock)
    with first.edit() as tx:
        tx.conn.exec_driver_sql("DROP TABLE lease")
    with pytest.raises(DubanError):
        first.hold("first", 0)
    with pytest.raises(DubanError, match="no such table"):  # not LeaseHeld: the lock is free again
        second.hold("second", 0)
    first.close()
    second.close()
