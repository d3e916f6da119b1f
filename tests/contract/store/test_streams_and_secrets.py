"""Cursors, connections, tokens and windows: what must survive a restart, and what must never be readable."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mapping.errors import ConfigError
from store import boxes, secrets, streams
from store.database import Database
from store.secrets import Cipher
from store.streams import ConnectionState, StoreTokenBox, StoreWindowBox, Stream

CANARY = "canary-7f3a-very-secret"


@dataclass(frozen=True)
class Ticket:
    value: str
    expires_ms: int
    extra: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture
def cipher() -> Cipher:
    return Cipher(os.urandom(32), os.urandom)


def test_a_stream_comes_back_as_it_was_saved(db: Database) -> None:
    one = Stream("zoho", "task", "Tasks")
    two = Stream("zoho", "contact", "Contacts", "2026-11-23T00:00:00Z|7", 5, 2, 40_000, "hash", 9)
    with db.write() as tx:
        assert streams.get(tx, "zoho", "task") is None
        streams.save(tx, one)
        streams.save(tx, two)
        one.watermark, one.listed = "m", 3
        streams.save(tx, one)
        assert streams.get(tx, "zoho", "task") == one
        assert streams.all(tx) == [two, one]
        streams.drop(tx, "zoho", "task")
        assert streams.all(tx) == [two]
        streams.drop(tx, "zoho")
        assert streams.all(tx) == []


def test_a_connection_and_its_metadata_come_back(db: Database) -> None:
    state = ConnectionState(
        "zoho", "zoho", "org-1", "某某公司", "sandbox", "Asia/Shanghai", "77", None, "no right", "h", 4
    )
    with db.write() as tx:
        assert streams.connection(tx, "zoho") is None
        streams.save_connection(tx, state)
        state.approved_ms, state.stopped = 8, None
        streams.save_connection(tx, state)
        assert streams.connection(tx, "zoho") == state
        assert streams.connections(tx) == [state]
        assert streams.load_snapshot(tx, "zoho", "Tasks") is None
        streams.save_snapshot(tx, "zoho", "Tasks", "h1", {"fields": [{"名": 1}]}, 5)
        streams.save_snapshot(tx, "zoho", "Tasks", "h2", {"fields": []}, 6)
        assert streams.load_snapshot(tx, "zoho", "Tasks") == ("h2", {"fields": []})


def test_a_token_survives_a_restart_and_can_be_forgotten(db: Database, cipher: Cipher) -> None:
    token = Ticket(CANARY, 1_800_000_000_000, {"tenant": "某"})
    box = StoreTokenBox(db, "zoho", cipher, Ticket)
    assert box.load() is None
    box.save(token)
    assert StoreTokenBox(db, "zoho", cipher, Ticket).load() == token
    assert StoreTokenBox(db, "other", cipher, Ticket).load() is None
    box.save(None)
    assert box.load() is None


def test_token_requests_are_remembered_up_to_a_number(db: Database, cipher: Cipher) -> None:
    box = StoreTokenBox(db, "zoho", cipher, Ticket)
    assert box.mints() == []
    for at_ms in range(boxes.MINTS_KEPT + 5):
        box.note_mint(at_ms)
    assert box.mints() == list(range(5, boxes.MINTS_KEPT + 5))


def test_windows_and_rests_are_kept_apart(db: Database, cipher: Cipher) -> None:
    box = StoreWindowBox(db, "fxiaoke")
    assert (box.load("/query"), box.blocked_until()) == ([], 0)
    box.save("/query", [1, 2, 3])
    box.save("rest", [9])
    box.block_until(77)
    again = StoreWindowBox(db, "fxiaoke")
    assert (again.load("/query"), again.load("rest"), again.blocked_until()) == ([1, 2, 3], [9], 77)
    StoreTokenBox(db, "fxiaoke", cipher, Ticket).save(Ticket("t", 1))
    with db.write() as tx:
        boxes.forget(tx, "fxiaoke")
    assert (again.load("/query"), again.blocked_until()) == ([], 0)
    assert StoreTokenBox(db, "fxiaoke", cipher, Ticket).load() is None


def test_a_secret_comes_back_with_what_it_replaced(db: Database, cipher: Cipher) -> None:
    with db.write() as tx:
        assert secrets.get(tx, cipher, "zoho") is None
        secrets.put(tx, cipher, "zoho", "old", 1)
        secrets.put(tx, cipher, "zoho", CANARY, 5, source="env:ZOHO_REFRESH_TOKEN")
        secrets.put(tx, cipher, "a", "x", 5)
        assert secrets.get(tx, cipher, "zoho") == secrets.Secret(CANARY, "env:ZOHO_REFRESH_TOKEN", 5)
        assert secrets.names(tx) == ["a", "zoho"]
        secrets.drop(tx, "a")
        assert secrets.names(tx) == ["zoho"]


def test_swapped_ciphertexts_are_refused(db: Database, cipher: Cipher) -> None:
    with db.write() as tx:
        secrets.put(tx, cipher, "one", "1", 1)
        secrets.put(tx, cipher, "two", "2", 1)
        rows = tx.conn.exec_driver_sql('SELECT "name", "sealed" FROM "secret" ORDER BY "name"').fetchall()
        mark = "?" if tx.dialect == "sqlite" else "%s"
        for name, sealed in (("one", rows[1][1]), ("two", rows[0][1])):
            tx.conn.exec_driver_sql(f'UPDATE "secret" SET "sealed" = {mark} WHERE "name" = {mark}', (sealed, name))
    with db.read() as tx:
        for name in ("one", "two"):
            with pytest.raises(ConfigError, match="does not open"):
                secrets.get(tx, cipher, name)


def test_no_secret_stands_readable_in_any_file_of_the_store(tmp_path: Path, clock: Any, cipher: Cipher) -> None:
    path = tmp_path / "duban.db"
    db = Database.open(f"sqlite:///{path}", clock=clock)
    StoreTokenBox(db, "zoho", cipher, Ticket).save(Ticket(CANARY, 5, {"tenant": CANARY}))
    with db.write(durable=True) as tx:
        secrets.put(tx, cipher, "refresh", CANARY, 1)
    looked_at = {name.name: name.read_bytes() for name in tmp_path.iterdir()}
    assert "duban.db-wal" in looked_at
    db.close()
    with sqlite3.connect(path) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    looked_at["after"] = path.read_bytes()
    assert b"refresh" in looked_at["after"]
    assert [name for name, found in looked_at.items() if CANARY.encode() in found] == []
