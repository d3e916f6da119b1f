"""Runs: what each round did, and the plan it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from store.statements import dumps, dumps_as_is, execute, execute_many, fetch, fetch_one, insert_sql, loads
from store.tx import Tx

_SELECT: Final = 'SELECT "id", "kind", "started_ms", "ended_ms", "exit_code", "summary" FROM "run"'


@dataclass(slots=True)
class Run:
    """One round.

    Args:
        kind: ``sync``, ``plan``, ``apply`` ...
        ended_ms: 0 while it runs, and for ever when it was killed.
    """

    id: str
    kind: str
    started_ms: int
    ended_ms: int = 0
    exit_code: int = 0
    summary: dict[str, Any] = field(default_factory=dict)


def start(tx: Tx, run: Run) -> None:
    """Write down that a round began."""
    columns = ("id", "kind", "started_ms", "ended_ms", "exit_code", "summary")
    stored = (run.id, run.kind, run.started_ms, run.ended_ms, run.exit_code, dumps(run.summary))
    execute(tx, insert_sql("run", columns), *stored)


def finish(tx: Tx, run: Run) -> None:
    """Write down how it ended."""
    sql = 'UPDATE "run" SET "ended_ms" = ?, "exit_code" = ?, "summary" = ? WHERE "id" = ?'
    execute(tx, sql, run.ended_ms, run.exit_code, dumps(run.summary), run.id)


def last(tx: Tx, limit: int) -> list[Run]:
    """Give the newest rounds, newest first."""
    return [_run(row) for row in fetch(tx, f'{_SELECT} ORDER BY "started_ms" DESC, "id" DESC LIMIT ?', limit)]


def get(tx: Tx, id: str) -> Run | None:
    """Give one round."""
    row = fetch_one(tx, f'{_SELECT} WHERE "id" = ?', id)
    return _run(row) if row else None


def applies(tx: Tx) -> list[Run]:
    """Give the rounds that did a stored plan, oldest first."""
    sql = f'{_SELECT} WHERE "kind" = \'apply\' OR "kind" = \'undo\' ORDER BY "started_ms"'
    return [_run(row) for row in fetch(tx, sql)]


def since(tx: Tx, started_ms: int) -> list[Run]:
    """Give the rounds that began then or later, newest first."""
    sql = f'{_SELECT} WHERE "started_ms" >= ? ORDER BY "started_ms" DESC, "id" DESC'
    return [_run(row) for row in fetch(tx, sql, started_ms)]


def drop(tx: Tx, id: str) -> None:
    """Forget a round and its plan."""
    execute(tx, 'DELETE FROM "plan_item" WHERE "run_id" = ?', id)
    execute(tx, 'DELETE FROM "run" WHERE "id" = ?', id)


def save_items(tx: Tx, run_id: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """Keep the plan of a round, in order; an earlier one of the same round is replaced."""
    execute(tx, 'DELETE FROM "plan_item" WHERE "run_id" = ?', run_id)
    rows = [(run_id, n, dumps_as_is(line)) for n, line in enumerate(lines)]
    execute_many(tx, insert_sql("plan_item", ("run_id", "n", "line")), rows)


def items(tx: Tx, run_id: str) -> list[dict[str, Any]]:
    """Give the plan of a round, in order."""
    return [
        loads(row[0]) for row in fetch(tx, 'SELECT "line" FROM "plan_item" WHERE "run_id" = ? ORDER BY "n"', run_id)
    ]


def _run(row: Sequence[Any]) -> Run:
    fields = [*row[:5], loads(row[5])]
    return Run(*fields)
