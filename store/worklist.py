"""What the engine asks across tables while it plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mapping.records import EntityKind
from store.outbox import IN_OPEN
from store.statements import execute_among, execute_many, fetch, fetch_among
from store.tx import Tx


def creating(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> list[tuple[str, str]]:
    """Give (uid, connection) of every open create among *uids*: their remote ids will exist soon."""
    sql = f'SELECT "uid", "connection" FROM "op" WHERE {IN_OPEN} AND "action" = \'create\' AND "entity" = ? AND'
    return [(row[0], row[1]) for row in fetch_among(tx, sql, '"uid"', uids, entity)]


def barred(tx: Tx, entity: EntityKind) -> set[str]:
    """Give the connections where a create of this kind may have happened unseen."""
    sql = (
        f'SELECT DISTINCT "connection" FROM "op" WHERE {IN_OPEN} AND "action" = \'create\' AND "entity" = ? '
        'AND "attempts" > 0'
    )
    return {row[0] for row in fetch(tx, sql, entity)}


def close_matches(tx: Tx, connection: str, object: str, remote_ids: Sequence[str], now_ms: int) -> None:
    """End match reviews of records that now have their place."""
    sql = (
        'UPDATE "review" SET "state" = \'closed\', "closed_ms" = ? '
        'WHERE "kind" = \'match\' AND "state" <> \'closed\' AND "connection" = ? AND "object" = ? AND'
    )
    execute_among(tx, sql, '"remote_id"', remote_ids, now_ms, connection, object)


def close_held(tx: Tx, connection: str, uids: Sequence[str], now_ms: int) -> None:
    """End what was parked for these rows at a connection: a write has gone through since."""
    sql = (
        'UPDATE "quarantine" SET "state" = \'closed\', "last_ms" = ? '
        'WHERE "state" <> \'closed\' AND "connection" = ? AND'
    )
    execute_among(tx, sql, '"uid"', uids, now_ms, connection)


def close_unread(tx: Tx, connection: str, object: str, remote_ids: Sequence[str], now_ms: int) -> None:
    """End what was parked because a record could not be read: it was read since."""
    sql = (
        'UPDATE "quarantine" SET "state" = \'closed\', "last_ms" = ? '
        'WHERE "state" <> \'closed\' AND "op_id" = \'\' AND "connection" = ? AND "object" = ? AND'
    )
    execute_among(tx, sql, '"remote_id"', remote_ids, now_ms, connection, object)


def postpone(tx: Tx, marks: Sequence[tuple[int, int]]) -> None:
    """Put parked records back to sleep: (id, next try in ms)."""
    sql = 'UPDATE "quarantine" SET "state" = \'open\', "retry_ms" = ? WHERE "id" = ?'
    execute_many(tx, sql, [(retry_ms, id_) for id_, retry_ms in marks])


def close_pairs(tx: Tx, entity: EntityKind, connection: str, uids: Sequence[str], now_ms: int) -> None:
    """End the questions of pairs that have a link now: a taken value, a write nobody could tell."""
    sql = (
        'UPDATE "review" SET "state" = \'closed\', "closed_ms" = ? '
        "WHERE \"kind\" IN ('duplicate', 'unknown') AND \"state\" <> 'closed' "
        'AND "entity" = ? AND "connection" = ? AND'
    )
    execute_among(tx, sql, '"uid"', uids, now_ms, entity, connection)
