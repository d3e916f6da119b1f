"""What the store holds of one connection, and its end: nothing of a record, of the hub or of the journal goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mapping.records import EntityKind
from store import boxes, claims, inbox, secrets
from store.outbox import IN_OPEN
from store.statements import execute, fetch, fetch_one
from store.tx import Tx

_COUNTED: Final = {
    "links": 'SELECT COUNT(*) FROM "link" WHERE "connection" = ? AND "state" <> \'retired\'',
    "news": 'SELECT COUNT(*) FROM "inbox" WHERE "connection" = ?',
    "writes": f'SELECT COUNT(*) FROM "op" WHERE "connection" = ? AND {IN_OPEN}',
    "questions": 'SELECT COUNT(*) FROM "review" WHERE "connection" = ? AND "state" <> \'closed\'',
    "quarantined": 'SELECT COUNT(*) FROM "quarantine" WHERE "connection" = ? AND "state" <> \'closed\'',
    "claims": 'SELECT COUNT(*) FROM "claim" WHERE "connection" = ?',
    "streams": 'SELECT COUNT(*) FROM "stream" WHERE "connection" = ?',
}
_FORGOTTEN: Final = ("stream", "sweep", "sweep_seen", "schema_snapshot")


def is_known(tx: Tx, connection: str) -> bool:
    """Say whether the store still has anything to do with a connection."""
    met = fetch_one(tx, 'SELECT 1 FROM "connection" WHERE "name" = ?', connection)
    return met is not None or any(counts(tx, connection).values())


def counts(tx: Tx, connection: str) -> dict[str, int]:
    """Count what ends with a connection, by kind."""
    return {kind: int((fetch_one(tx, sql, connection) or (0,))[0]) for kind, sql in _COUNTED.items()}


def linked(tx: Tx, connection: str, page: int = 1000) -> Iterator[list[tuple[EntityKind, str, str]]]:
    """Yield (entity, uid, remote id) of what is linked there, in pages."""
    after = 0
    sql = (
        'SELECT "id", "entity", "uid", "remote_id" FROM "link" WHERE "connection" = ? AND "id" > ? '
        f'AND "state" <> \'retired\' ORDER BY "id" LIMIT {page}'
    )
    while rows := fetch(tx, sql, connection, after):
        after = rows[-1][0]
        yield [(row[1], row[2], row[3]) for row in rows]


def forget(tx: Tx, connection: str, now_ms: int) -> None:
    """Retire the links of a connection and forget all that is only about the way to it."""
    execute(tx, 'UPDATE "link" SET "state" = \'retired\', "expect_version" = NULL WHERE "connection" = ?', connection)
    execute(
        tx, f'UPDATE "op" SET "state" = \'superseded\' WHERE "connection" = ? AND {IN_OPEN}', connection
    )  # never sent again; of one whose answer is unknown nobody can ask any more
    execute(
        tx, "UPDATE \"review\" SET \"state\" = 'closed', \"closed_ms\" = ? WHERE \"connection\" = ? "
        "AND \"state\" <> 'closed'", now_ms, connection,
    )  # fmt: skip
    execute(
        tx, "UPDATE \"quarantine\" SET \"state\" = 'closed', \"last_ms\" = ? WHERE \"connection\" = ? "
        "AND \"state\" <> 'closed'", now_ms, connection,
    )  # fmt: skip
    execute(tx, 'DELETE FROM "identity" WHERE "side" = ?', connection)
    for table in _FORGOTTEN:
        execute(tx, f'DELETE FROM "{table}" WHERE "connection" = ?', connection)
    inbox.drop_connection(tx, connection)
    claims.drop_connection(tx, connection)
    boxes.forget(tx, connection)
    for name in secrets.names(tx):
        if name.startswith(f"{connection}."):
            secrets.drop(tx, name)
    execute(tx, 'DELETE FROM "connection" WHERE "name" = ?', connection)
