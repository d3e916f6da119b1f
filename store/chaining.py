"""A chain of hashes over the rows of a table that only grows: what was altered, removed or slipped in shows.

Each row's ``chain`` is the hash of the chain before it and its own content. An erased row keeps its place and its
hash and loses what it said, so the rows after it still hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

from store.statements import dumps, execute_many, fetch, fetch_one, insert_sql
from store.tx import Tx

ERASED: Final = "erased"
"""The entity of a row whose content was erased with its record."""

_LOCKS: Final = {"act": 0x6475626171, "ball_event": 0x6475626172}
_PAGE: Final = 5000


def append(tx: Tx, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Add rows to the end of a table's chain and give their hashes; two writers beside each other wait here."""
    if not rows:
        return []
    if tx.dialect == "postgresql":
        fetch(tx, "SELECT pg_advisory_xact_lock(?)", _LOCKS[table])
    chain = _last(tx, table)
    chains: list[str] = []
    for row in rows:
        chain = _next(chain, row)
        chains.append(chain)
    linked = [(*row, chain) for row, chain in zip(rows, chains, strict=True)]
    execute_many(tx, insert_sql(table, (*columns, "chain")), linked)
    return chains


def verify(tx: Tx, table: str, columns: tuple[str, ...]) -> int | None:
    """Give the id of the first row that does not follow from the one before it; None when the chain is whole.

    Rows from before there was a chain have none; they can only stand at the beginning.
    """
    chain = ""
    for id, stored, content in _rows(tx, table, columns):
        if not stored and not chain:
            continue
        if content[0] != ERASED and _next(chain, content) != stored:
            return id
        chain = stored
    return None


def erase(tx: Tx, table: str, columns: tuple[str, ...], ids: Sequence[int]) -> None:
    """Take what those rows say away; their places and hashes stay."""
    words = [name for name in columns if name not in ("entity", "at_ms")]
    blank = ", ".join(f"\"{name}\" = '{'{}' if name in ('doc', 'data') else ''}'" for name in words)
    sql = f'UPDATE "{table}" SET "entity" = ?, {blank} WHERE "id" = ?'
    execute_many(tx, sql, [(ERASED, id) for id in ids])


def _last(tx: Tx, table: str) -> str:
    lock = " FOR UPDATE" if tx.dialect == "mysql" else ""
    row = fetch_one(tx, f'SELECT "chain" FROM "{table}" ORDER BY "id" DESC LIMIT 1{lock}')
    return str(row[0]) if row else ""


def _next(chain: str, row: Sequence[Any]) -> str:
    return sha256((chain + dumps(list(row))).encode("utf-8", "surrogatepass")).hexdigest()


def _rows(tx: Tx, table: str, columns: tuple[str, ...]) -> Iterator[tuple[int, str, tuple[Any, ...]]]:
    names = ", ".join(f'"{name}"' for name in ("id", "chain", *columns))
    after = 0
    while True:
        page = fetch(tx, f'SELECT {names} FROM "{table}" WHERE "id" > ? ORDER BY "id" LIMIT ?', after, _PAGE)
        yield from ((row[0], row[1], tuple(row[2:])) for row in page)
        if len(page) < _PAGE:
            return
        after = page[-1][0]
