"""The outbox: every write to a remote, committed as an intent before its first byte is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from mapping.records import EntityKind
from store.statements import (
    among,
    dumps,
    dumps_flat,
    execute_among,
    execute_many,
    fetch,
    fetch_among,
    insert_sql,
    listed,
    loads,
)
from store.tx import Tx

OpAction = Literal["create", "update", "delete", "restore"]
OpState = Literal["ready", "intent", "unknown", "done", "refused", "superseded", "waiting"]
OPEN: Final[tuple[OpState, ...]] = ("ready", "intent", "unknown", "waiting")

_COLUMNS: Final = (
    "id", "run_id", "digest", "entity", "uid", "connection", "object", "action", "remote_id", "values", "hub_values",
    "base", "key", "state", "attempts", "not_before_ms", "first_intent_ms", "steps_done", "code", "message",
    "created_ms",
)  # fmt: skip
_SELECT: Final = "SELECT " + ", ".join(f'"{name}"' for name in _COLUMNS) + ' FROM "op"'
_UPDATE: Final = 'UPDATE "op" SET ' + ", ".join(f'"{name}" = ?' for name in _COLUMNS[1:]) + ' WHERE "id" = ?'
_STANDING: Final = (
    "remote_id", "state", "attempts", "not_before_ms", "first_intent_ms", "steps_done", "code", "message",
)  # fmt: skip
_MARK: Final = 'UPDATE "op" SET ' + ", ".join(f'"{name}" = ?' for name in _STANDING) + ' WHERE "id" = ?'
_DONE: Final = 'UPDATE "op" SET "state" = \'done\', "code" = NULL, "message" = NULL'
IN_OPEN: Final = "(" + " OR ".join(f"\"state\" = '{state}'" for state in OPEN) + ")"
"""Spelled out as in the indexes of open ops, so that they serve."""


@dataclass(slots=True)
class Op:
    """One intent.

    Args:
        values: hub field -> remote value to write.
        hub_values: the hub values they came from; what the hub shadow becomes once the write is settled.
        base: the remote values the plan saw for those fields; a guard read that differs makes the op stale.
        key: the key a lost create can be found by.
        steps_done: finished parts of an op that needs more than one call.
    """

    id: str
    run_id: str
    digest: str
    entity: EntityKind
    uid: str
    connection: str
    object: str
    action: OpAction
    remote_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    hub_values: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    state: OpState = "ready"
    attempts: int = 0
    not_before_ms: int = 0
    first_intent_ms: int | None = None
    steps_done: list[str] = field(default_factory=list)
    code: str | None = None
    message: str | None = None
    created_ms: int = 0


Attempt = tuple[str, int, int, int | None, str, str | None]
"""Op id, number of the attempt, sent at (ms), answered at (ms, None when it was not), outcome, vendor code."""


def add(tx: Tx, ops: Sequence[Op]) -> None:
    """Store new ops; a second open one of the same row and connection is an error of the planner."""
    execute_many(tx, insert_sql("op", _COLUMNS), [(op.id, *_stored(op)) for op in ops])


def ready(
    tx: Tx,
    connection: str,
    entity: EntityKind,
    now_ms: int,
    limit: int,
    after_id: str = "",
    known: Mapping[str, Op] = MappingProxyType({}),
) -> list[Op]:
    """Give the ops that may be sent now, ordered by id.

    Args:
        known: ops somebody holds as they are stored, by id; they need not be read.
    """
    where = (
        f'FROM "op" WHERE {IN_OPEN} AND "connection" = ? AND "entity" = ? AND "id" > ? '
        'AND "state" IN (\'ready\', \'waiting\') AND "not_before_ms" <= ? ORDER BY "id" LIMIT ?'
    )
    ids = [row[0] for row in fetch(tx, f'SELECT "id" {where}', connection, entity, after_id, now_ms, limit)]
    missing = get(tx, [id for id in ids if id not in known])
    return [known[id] if id in known else missing[id] for id in ids]


def open(tx: Tx, *, connection: str | None = None, states: Sequence[OpState] = OPEN) -> list[Op]:
    """Give the ops in *states* (open ones only), ordered by id."""
    accepted = among(tx, '"state"')
    params: list[Any] = [listed(tx, states)]
    where = f"{_SELECT} WHERE {IN_OPEN} AND {accepted}"
    if connection is not None:
        where += ' AND "connection" = ?'
        params.append(connection)
    return [_op(row) for row in fetch(tx, f'{where} ORDER BY "id"', *params)]


def open_pairs(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> set[tuple[str, str]]:
    """Give (uid, connection) of every pair that has an open op."""
    sql = f'SELECT "uid", "connection" FROM "op" WHERE {IN_OPEN} AND "entity" = ? AND'
    return {(row[0], row[1]) for row in fetch_among(tx, sql, '"uid"', uids, entity)}


def of_uid(tx: Tx, uid: str) -> list[Op]:
    """Give all ops that ever concerned a hub row, oldest first."""
    return [_op(row) for row in fetch(tx, f'{_SELECT} WHERE "uid" = ? ORDER BY "created_ms", "id"', uid)]


def made_any(tx: Tx, connection: str, entity: EntityKind) -> bool:
    """Say whether any record of that kind was to be made there."""
    sql = 'SELECT 1 FROM "op" WHERE "connection" = ? AND "entity" = ? AND "action" = \'create\' LIMIT 1'
    return bool(fetch(tx, sql, connection, entity))


def intend(tx: Tx, ops: Sequence[Op], now_ms: int, not_before_ms: int) -> None:
    """Write down, before the first byte goes out, that these ops are about to be sent.

    Args:
        not_before_ms: when, should their answers be lost, somebody may look for what became of them.
    """
    for op in ops:
        op.state, op.not_before_ms = "intent", not_before_ms
        op.attempts += 1
        op.first_intent_ms = op.first_intent_ms or now_ms
    sql = (
        'UPDATE "op" SET "state" = \'intent\', "attempts" = "attempts" + 1, "not_before_ms" = ?, '
        '"first_intent_ms" = COALESCE("first_intent_ms", ?) WHERE'
    )
    execute_among(tx, sql, '"id"', [op.id for op in ops], not_before_ms, now_ms)


def finish(tx: Tx, ops: Sequence[Op]) -> None:
    """Write down that these ops are done, and which records they made."""
    for op in ops:
        op.state, op.code, op.message = "done", None, None
    made = [(op.remote_id, op.id) for op in ops if op.action == "create"]
    execute_many(tx, f'{_DONE}, "remote_id" = ? WHERE "id" = ?', made)
    execute_among(tx, f"{_DONE} WHERE", '"id"', [op.id for op in ops if op.action != "create"])


def save(tx: Tx, ops: Sequence[Op]) -> None:
    """Write whole ops back by id."""
    execute_many(tx, _UPDATE, [(*_stored(op), op.id) for op in ops])


def mark(tx: Tx, ops: Sequence[Op]) -> None:
    """Write back how ops stand; what they intend stays as it is."""
    rows = [
        (
            op.remote_id, op.state, op.attempts, op.not_before_ms, op.first_intent_ms, dumps(op.steps_done), op.code,
            op.message, op.id,
        )
        for op in ops
    ]  # fmt: skip
    execute_many(tx, _MARK, rows)


def get(tx: Tx, ids: Iterable[str]) -> dict[str, Op]:
    """Give ops by id."""
    return {row[0]: _op(row) for row in fetch_among(tx, f"{_SELECT} WHERE", '"id"', ids)}


def log_attempts(tx: Tx, rows: Sequence[Attempt]) -> None:
    """Append what was sent and what came back. An op that is done at its first attempt says so itself."""
    execute_many(tx, insert_sql("op_attempt", ("op", "n", "sent_ms", "answered_ms", "outcome", "code")), list(rows))


def attempts(tx: Tx, op_id: str) -> list[Attempt]:
    """Give the attempts of one op, oldest first."""
    sql = 'SELECT "op", "n", "sent_ms", "answered_ms", "outcome", "code" FROM "op_attempt" WHERE "op" = ? ORDER BY "id"'
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in fetch(tx, sql, op_id)]


def counts(tx: Tx) -> dict[str, int]:
    """Count the open ops by state; states without any are left out."""
    return {row[0]: row[1] for row in fetch(tx, f'SELECT "state", COUNT(*) FROM "op" WHERE {IN_OPEN} GROUP BY "state"')}


def _stored(op: Op) -> tuple[Any, ...]:
    return (
        op.run_id, op.digest, op.entity, op.uid, op.connection, op.object, op.action, op.remote_id,
        dumps_flat(op.values), dumps_flat(op.hub_values), dumps_flat(op.base), op.key, op.state, op.attempts,
        op.not_before_ms, op.first_intent_ms, dumps(op.steps_done) if op.steps_done else "[]", op.code, op.message,
        op.created_ms,
    )  # fmt: skip


def _op(row: Sequence[Any]) -> Op:
    fields = [*row[:9], *map(loads, row[9:12]), *row[12:17], loads(row[17]), *row[18:21]]
    return Op(*fields)
