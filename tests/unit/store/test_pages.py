"""A page costs what it shows, however long the list behind it is: counted in steps of the database, not in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from store import hub, inbox, links, outbox
from store.database import Database
from store.hub import HubRow
from store.inbox import Item
from store.links import Link
from store.outbox import Op
from store.tx import Tx
from tests.support.clocks import StoppedClock

PAGE = 50
SHORT, LONG = 400, 3200

PAGES: dict[str, Callable[[Tx, str], Any]] = {
    "dirty": lambda tx, after: hub.dirty(tx, "contact", after=after, limit=PAGE),
    "dirty, some asleep": lambda tx, after: hub.dirty(tx, "contact", after=after, limit=PAGE, asleep=["missed:x"]),
    "new": lambda tx, after: inbox.unlinked(tx, "task", after_id=int(after[1:]), limit=PAGE),
    "lacking": lambda tx, after: links.unlinked_uids(tx, "contact", "other", after=after, limit=PAGE),
    "to be sent": lambda tx, after: outbox.ready(tx, "crm", "contact", 9, PAGE, after),
    "rows": lambda tx, after: hub.select(tx, "contact", after=after, limit=PAGE),
}


def filled(rows: int) -> Iterator[Database]:
    """Give a store with so many linked contacts, each dirty and to be written, and as many new tasks."""
    db = Database.open("sqlite://", clock=StoppedClock(0))
    uids = [f"u{number:05d}" for number in range(rows)]
    with db.write() as tx:
        hub.insert(tx, "contact", [HubRow(uid, 1, "live", {"name": uid}) for uid in uids], 1)
        hub.mark_dirty(tx, "contact", uids, "sql_update", 1)
        links.insert(tx, [Link(None, "contact", uid, "crm", "Contacts", f"r{uid}") for uid in uids])
        inbox.put(tx, [Item(None, "crm", "task", "Tasks", f"t{uid}", "1", 1, None, 1, None, {}) for uid in uids])
        ops = [Op(uid, "run", "", "contact", uid, "crm", "Contacts", "update", f"r{uid}") for uid in uids]
        outbox.add(tx, ops)
    yield db
    db.close()


@pytest.fixture(scope="module")
def short() -> Iterator[Database]:
    yield from filled(SHORT)


@pytest.fixture(scope="module")
def long() -> Iterator[Database]:
    yield from filled(LONG)


def steps(db: Database, ask: Callable[[Tx, str], Any]) -> int:
    """Give the steps SQLite takes for one page from the middle of the short list."""
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1

    with db.read() as tx:
        assert tx.raw is not None
        tx.raw.set_progress_handler(step, 1)
        try:
            shown = ask(tx, f"u{SHORT // 2:05d}")
        finally:
            tx.raw.set_progress_handler(None, 0)
    assert len(shown) == PAGE
    return taken


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_what_it_shows(page: str, short: Database, long: Database) -> None:
    few, many = steps(short, PAGES[page]), steps(long, PAGES[page])
    assert many < 1.5 * few + 100, f"{few} steps of {SHORT} rows, {many} of {LONG}"
