"""Quarantine: records that cannot be handled now, each with its cause, so that the others go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mapping.records import EntityKind
from store.statements import dumps, execute, execute_among, fetch, fetch_among, fetch_one, insert_sql, loads, next_ids
from store.tx import Tx

HeldState = Literal["open", "retry", "closed"]

_COLUMNS: Final = (
    "connection", "entity", "object", "remote_id", "uid", "op_id", "code", "message", "payload", "attempts",
    "first_ms", "last_ms", "retry_ms", "state",
)  # fmt: skip
_SELECT: Final = 'SELECT "id", ' + ", ".join(f'"{name}"' for name in _COLUMNS) + ' FROM "quarantine"'


@dataclass(slots=True)
class Held:
    """One record that waits.

    Args:
        code: why, as a code (of the vendor, or of the step that failed).
        message: why, in words; never record contents.
        payload: what is needed to try again, or to show it.
        retry_ms: when it is tried again by itself; 0 for never.
        state: ``open``, ``retry`` (a person asked for it now) or ``closed``.
    """

    id: int | None
    connection: str
    entity: EntityKind
    object: str
    remote_id: str = ""
    uid: str = ""
    op_id: str = ""
    code: str = ""
    message: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    attempts: int = 1
    first_ms: int = 0
    last_ms: int = 0
    retry_ms: int = 0
    state: HeldState = "open"


def put(tx: Tx, helds: Sequence[Held]) -> list[int]:
    """Park records; one that waits already for the same reason is counted once more instead.

    Returns:
        The ids, in the order given (also set on the records, together with their first time and attempts).
    """
    for held in helds:
        subject = held.remote_id or held.uid
        sql = (
            'SELECT "id", "first_ms", "attempts" FROM "quarantine" WHERE "subject" = ? AND "connection" = ? '
            'AND "object" = ? AND "code" = ? AND "state" <> \'closed\''
        )
        row = fetch_one(tx, sql, subject, held.connection, held.object, held.code)
        if row:
            held.id, held.first_ms, held.attempts = row[0], row[1], row[2] + 1
            sets = ", ".join(f'"{name}" = ?' for name in _COLUMNS)
            execute(tx, f'UPDATE "quarantine" SET {sets} WHERE "id" = ?', *_stored(held), held.id)
        else:
            held.id = next_ids(tx, "quarantine", 1)[0]
            execute(tx, insert_sql("quarantine", ("id", "subject", *_COLUMNS)), held.id, subject, *_stored(held))
    return [held.id for held in helds if held.id is not None]


def open_(tx: Tx, connection: str | None = None, limit: int | None = None) -> list[Held]:
    """Give what waits, oldest first."""
    clause, params = (' AND "connection" = ?', [connection]) if connection is not None else ("", [])
    cut = f" LIMIT {int(limit)}" if limit is not None else ""
    sql = f'{_SELECT} WHERE "state" <> \'closed\'{clause} ORDER BY "id"{cut}'
    return [_held(row) for row in fetch(tx, sql, *params)]


def get(tx: Tx, id: int) -> Held | None:
    """Give one, in any state."""
    row = fetch_one(tx, f'{_SELECT} WHERE "id" = ?', id)
    return _held(row) if row else None


def of_uids(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> list[Held]:
    """Give what waits of those hub rows."""
    sql = f'{_SELECT} WHERE "entity" = ? AND "state" <> \'closed\' AND'
    return [_held(row) for row in fetch_among(tx, sql, '"uid"', uids, entity)]


def unread(tx: Tx, connection: str, object: str, remote_ids: Iterable[str]) -> set[str]:
    """Give which of those remote records wait here because of what they hold."""
    sql = (
        'SELECT "remote_id" FROM "quarantine" WHERE "state" <> \'closed\' AND "op_id" = \'\' AND "connection" = ? '
        'AND "object" = ? AND'
    )
    return {row[0] for row in fetch_among(tx, sql, '"remote_id"', remote_ids, connection, object)}


def retry(tx: Tx, ids: Iterable[int]) -> int:
    """Ask for another try in the next round; gives how many were waiting."""
    return execute_among(tx, 'UPDATE "quarantine" SET "state" = \'retry\' WHERE "state" <> \'closed\' AND', '"id"', ids)


def close(tx: Tx, ids: Iterable[int]) -> None:
    """End the wait: handled, or gone."""
    execute_among(tx, 'UPDATE "quarantine" SET "state" = \'closed\' WHERE', '"id"', ids)


def count(tx: Tx) -> int:
    """Count what waits."""
    row = fetch_one(tx, 'SELECT COUNT(*) FROM "quarantine" WHERE "state" <> \'closed\'')
    return int(row[0]) if row else 0


def due(tx: Tx, now_ms: int) -> list[Held]:
    """Give what is to be tried again now: asked for by a person, or its own time has come."""
    sql = (
        f'{_SELECT} WHERE "state" = \'retry\' OR ("state" = \'open\' AND "retry_ms" > 0 AND "retry_ms" <= ?) '
        'ORDER BY "id"'
    )
    return [_held(row) for row in fetch(tx, sql, now_ms)]


def _stored(held: Held) -> tuple[Any, ...]:
    return tuple(dumps(held.payload) if name == "payload" else getattr(held, name) for name in _COLUMNS)


def _held(row: Sequence[Any]) -> Held:
    fields = [*row[:9], loads(row[9]), *row[10:15]]
    return Held(*fields)
