"""The journal: one row per record change, append-only, chained by hash over salted digests.

Each row's digest covers its content together with a salt of its own; the chain covers the digests. Erasing a person
takes content and salt away and keeps the digest, so the chain stays whole and nothing can be guessed back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b, sha256
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from mapping.records import EntityKind
from store.statements import dumps_flat, execute, execute_many, fetch, fetch_among, fetch_one, insert_sql, loads, upsert
from store.tx import Tx

_CONTENT: Final = (
    "run_id", "at_ms", "kind", "entity", "uid", "connection", "remote_id", "op_id", "who", "changes", "cause",
)  # fmt: skip
_INSERT: Final = insert_sql("journal", ("seq", *_CONTENT, "salt", "digest", "chain"))
_SELECT: Final = 'SELECT "seq", ' + ", ".join(f'"{name}"' for name in _CONTENT)
_LOCK_NUMBER: Final = 0x6475626170
_START: Final = bytes(32)
_PAGE: Final = 5000
_FORM: Final = "%s" + "\x1f".join(["%s"] * len(_CONTENT))
"""What is hashed of an entry, its place first."""


class Entry(NamedTuple):
    """One change of one record (a tuple: thousands are made in a round).

    Args:
        kind: what happened (``import``, ``update``, ``write``, ``resolve`` ...).
        connection, remote_id: where; "" for the hub itself.
        who: a connection, ``sql``, ``rule`` or a person's name.
        changes: field -> [old, new]; a third value says more: for ``update`` what other sides said and lost, for a
            write at a connection [old, new] of the hub where it says that in other words, null where they had not
            agreed before.
        cause: reason code of the plan.
        seq: its place in the chain; None until it was appended.
    """

    run_id: str
    at_ms: int
    kind: str
    entity: EntityKind
    uid: str
    connection: str = ""
    remote_id: str = ""
    op_id: str = ""
    who: str = ""
    changes: Mapping[str, list[Any]] = MappingProxyType({})
    cause: str = ""
    seq: int | None = None


def append(tx: Tx, entries: Sequence[Entry], salt: bytes) -> None:
    """Add *entries* to the end of the chain.

    Args:
        salt: at least 16 fresh random bytes; each row's own salt is derived from it, it is not kept itself.
    """
    if not entries:
        return
    if len(salt) < 16:
        raise ValueError("the journal needs at least 16 random bytes of salt")
    seq, chain = _head(tx)
    keyed = blake2b(key=salt[:64], digest_size=16)
    rows = []
    for entry in entries:
        seq += 1
        content = (*entry[:9], dumps_flat(entry.changes), entry.cause)  # an entry's fields stand as in _CONTENT
        own = keyed.copy()
        own.update(seq.to_bytes(8, "big"))
        own_salt = own.digest()
        digest = _digest(own_salt, seq, content)
        chain = sha256(chain + digest).digest()
        rows.append((seq, *content, own_salt, digest, chain))
    execute_many(tx, _INSERT, rows)
    upsert(tx, "journal_head", [{"id": 1, "seq": seq, "chain": chain}], ("id",))


def of(tx: Tx, entity: EntityKind, uid: str, field: str | None = None) -> list[Entry]:
    """Give the history of a record, or of one of its fields, oldest first."""
    sql = f'{_SELECT} FROM "journal" WHERE "uid" = ? AND "entity" = ? ORDER BY "seq"'
    entries = [_entry(row) for row in fetch(tx, sql, uid, entity)]
    return [entry for entry in entries if field is None or field in entry.changes]


def of_run(tx: Tx, run_id: str) -> list[Entry]:
    """Give everything one run changed, oldest first."""
    return [_entry(row) for row in fetch(tx, f'{_SELECT} FROM "journal" WHERE "run_id" = ? ORDER BY "seq"', run_id)]


def of_work(tx: Tx, run_id: str) -> list[Entry]:
    """Give everything one run changed or set in motion, writes that a later run finished included, oldest first."""
    sql = (
        f'{_SELECT} FROM "journal" WHERE "uid" IN (SELECT "uid" FROM "op" WHERE "run_id" = ?) '
        'AND "op_id" IN (SELECT "id" FROM "op" WHERE "run_id" = ?) AND "run_id" <> ?'
    )
    late = [_entry(row) for row in fetch(tx, sql, run_id, run_id, run_id)]
    return sorted(of_run(tx, run_id) + late, key=lambda entry: entry.seq or 0)


def since(tx: Tx, entity: EntityKind, uids: Iterable[str], seq: int) -> list[Entry]:
    """Give what happened to those records after entry *seq*, oldest first."""
    sql = f'{_SELECT} FROM "journal" WHERE "entity" = ? AND "seq" > ? AND'
    found = [_entry(row) for row in fetch_among(tx, sql, '"uid"', uids, entity, seq)]
    return sorted(found, key=lambda entry: entry.seq or 0)


def touched_after(tx: Tx, seq: int) -> list[tuple[str, str]]:
    """Give (entity, uid) of every record to which something happened after entry *seq*."""
    return [tuple(row) for row in fetch(tx, 'SELECT DISTINCT "entity", "uid" FROM "journal" WHERE "seq" > ?', seq)]


def entry(tx: Tx, seq: int) -> Entry | None:
    """Give one entry by its place in the chain."""
    row = fetch_one(tx, f'{_SELECT} FROM "journal" WHERE "seq" = ?', seq)
    return _entry(row) if row else None


def length(tx: Tx) -> int:
    """Give how many entries the chain has."""
    return _head(tx, lock=False)[0]


def verify(tx: Tx) -> int | None:
    """Give the seq of the first entry that was altered, removed or forged; None when the chain is whole."""
    chain, expected = _START, 1
    for row in _rows(tx):
        seq, content, salt, digest, stored = row[0], tuple(row[1:12]), row[12], bytes(row[13]), bytes(row[14])
        chain = sha256(chain + digest).digest()
        if seq != expected or chain != stored:
            return expected
        if salt is not None and _digest(bytes(salt), seq, content) != digest:
            return expected
        if salt is None and content[9] != "{}":
            return expected
        expected += 1
    head_seq, head_chain = _head(tx, lock=False)
    return None if (head_seq, head_chain) == (expected - 1, chain) else expected


def erase(tx: Tx, entity: EntityKind, uid: str) -> None:
    """Take every value of a record out of the journal; the chain stays whole."""
    execute(
        tx,
        "UPDATE \"journal\" SET \"changes\" = '{}', \"who\" = '', \"remote_id\" = '', \"cause\" = 'erased', "
        '"salt" = NULL WHERE "uid" = ? AND "entity" = ?',
        uid, entity,
    )  # fmt: skip


def _head(tx: Tx, *, lock: bool = True) -> tuple[int, bytes]:
    """Give the end of the chain; two appenders beside each other wait here (SQLite's writers already do)."""
    if lock and tx.dialect == "postgresql":
        fetch(tx, "SELECT pg_advisory_xact_lock(?)", _LOCK_NUMBER)
    suffix = " FOR UPDATE" if lock and tx.dialect == "mysql" else ""
    row = fetch_one(tx, 'SELECT "seq", "chain" FROM "journal_head" WHERE "id" = 1' + suffix)
    return (row[0], bytes(row[1])) if row else (0, _START)


def _digest(salt: bytes, seq: int, content: tuple[Any, ...]) -> bytes:
    return sha256(salt + (_FORM % (seq, *content)).encode("utf-8", "surrogatepass")).digest()


def _rows(tx: Tx) -> Iterator[Any]:
    after = 0
    while True:
        sql = f'{_SELECT}, "salt", "digest", "chain" FROM "journal" WHERE "seq" > ? ORDER BY "seq" LIMIT ?'
        page = fetch(tx, sql, after, _PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1][0]


def _entry(row: Sequence[Any]) -> Entry:
    fields = [*row[1:10], loads(row[10]), row[11], row[0]]
    return Entry(*fields)
