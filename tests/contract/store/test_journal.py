"""The journal's chain: whole after erasure, broken by any other touch."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from store import journal, outbox
from store.database import Database
from store.journal import Entry

CANARY = "李雷-canary"


def entry(n: int, uid: str = "a", **rest: Any) -> Entry:
    given: dict[str, Any] = {
        "connection": "zoho",
        "who": "zoho",
        "changes": {"name": [None, f"{CANARY}{n}"]},
        "cause": "new",
    }
    return Entry("run-1", n, "import", "contact", uid, **(given | rest))


def filled(db: Database) -> None:
    for part in range(3):
        with db.write() as tx:
            journal.append(tx, [entry(3 * part + n, uid=f"u{n}") for n in range(3)], os.urandom(32))


def sql(db: Database, statement: str) -> None:
    with db.edit() as tx:
        tx.conn.execute(sa.text(statement))


def test_entries_come_back_in_order_with_their_place(db: Database) -> None:
    changes = {"due": ["2026-01-01", None], "roles": [["it"], []]}
    with db.write() as tx:
        journal.append(tx, [], os.urandom(16))
        journal.append(
            tx, [entry(1), entry(2, uid="b"), entry(3, changes=changes, op_id="o", remote_id="7")], os.urandom(16)
        )
        found = journal.of(tx, "contact", "a")
        assert found == [entry(1, seq=1), entry(3, changes=changes, op_id="o", remote_id="7", seq=3)]
        assert journal.of(tx, "contact", "a", "due") == found[1:]
        assert journal.of(tx, "task", "a") == []
        assert [one.seq for one in journal.of_run(tx, "run-1")] == [1, 2, 3]


def test_an_untouched_chain_is_whole(db: Database) -> None:
    with db.read() as tx:
        assert journal.verify(tx) is None
    filled(db)
    with db.read() as tx:
        assert journal.verify(tx) is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE journal SET who = 'me' WHERE seq = 4", 4),
        ("UPDATE journal SET changes = '{}' WHERE seq = 2", 2),
        ("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 9", 9),
        ("UPDATE journal SET salt = NULL WHERE seq = 3", 3),
        ("DELETE FROM journal WHERE seq = 5", 5),
        ("DELETE FROM journal WHERE seq = 9", 9),
        ("UPDATE journal SET chain = digest WHERE seq = 6", 6),
        ("UPDATE journal SET seq = 10 WHERE seq = 9", 9),
        ("UPDATE journal_head SET seq = 8", 10),
    ],
)
def test_every_touch_is_found_at_its_place(db: Database, statement: str, broken: int) -> None:
    filled(db)
    sql(db, statement)
    with db.read() as tx:
        assert journal.verify(tx) == broken


def test_erasing_a_person_keeps_the_chain_and_leaves_no_value(db: Database) -> None:
    filled(db)
    with db.write() as tx:
        journal.erase(tx, "contact", "u1")
    with db.read() as tx:
        assert journal.verify(tx) is None
        assert [one.changes for one in journal.of(tx, "contact", "u1")] == [{}, {}, {}]
        assert journal.of(tx, "contact", "u0")[0].changes == {"name": [None, f"{CANARY}0"]}
        left = tx.conn.execute(sa.text("SELECT * FROM journal WHERE uid = 'u1'")).fetchall()
    assert CANARY not in repr(left)
    assert all(row.salt is None for row in left)


def test_a_guess_cannot_be_checked_against_an_erased_entry(db: Database) -> None:
    """The same content gives another digest each time: without its salt a digest confirms nothing."""
    with db.write() as tx:
        journal.append(tx, [entry(1)], os.urandom(32))
        journal.append(tx, [entry(1)], os.urandom(32))
        digests = tx.conn.execute(sa.text("SELECT digest FROM journal")).scalars().all()
    assert len(set(digests)) == 2
    with db.write() as tx, pytest.raises(ValueError, match="16 random bytes"):
        journal.append(tx, [entry(1)], b"short")


def test_two_writers_beside_each_other_make_one_chain(shared_url: str, clock: Any) -> None:
    db = Database.open(shared_url, clock=clock)

    def write(who: str) -> None:
        for n in range(10):
            with db.edit(durable=False) as tx:
                journal.append(tx, [entry(n, who=who)], os.urandom(16))

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as tx:
        assert journal.verify(tx) is None
        assert len(journal.of_run(tx, "run-1")) == 30
    db.close()


def test_the_work_of_a_run_holds_what_a_later_run_finished_for_it(db: Database) -> None:
    mine = outbox.Op("op-1", "run-1", "", "contact", "a", "zoho", "Contacts", "update", "r1", {"name": "x"})
    other = outbox.Op("op-2", "run-0", "", "contact", "b", "zoho", "Contacts", "update", "r2", {"name": "x"})
    with db.write() as tx:
        outbox.add(tx, [mine, other])
        journal.append(tx, [entry(1), entry(2, uid="b")], os.urandom(16))
        late = [Entry("run-2", 3, "update", "contact", op.uid, "zoho", op_id=op.id) for op in (mine, other)]
        journal.append(tx, [*late, Entry("run-2", 4, "set", "contact", "a", who="li")], os.urandom(16))
    with db.read() as tx:
        assert [one.seq for one in journal.of_work(tx, "run-1")] == [1, 2, 3]
        assert [one.seq for one in journal.since(tx, "contact", ["a", "b"], 2)] == [3, 4, 5]
        assert [one.seq for one in journal.since(tx, "contact", ["a"], 3)] == [5]
        assert journal.length(tx) == 5
        assert (found := journal.entry(tx, 5)) is not None
        assert found.who == "li"
        assert journal.entry(tx, 6) is None
