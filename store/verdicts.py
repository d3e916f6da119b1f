"""What a round of supervision keeps of its verdicts, and what moved since: so that the next one judges only that.

A verdict row says what its record adds to the counts and lists, and when time alone will change that. Triggers write
a mark (table ``moved``) for whatever a verdict may rest on, whoever touched it (see triggers.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from store.statements import (
    dumps,
    execute,
    execute_among,
    execute_many,
    fetch,
    fetch_among,
    fetch_one,
    loads,
    stream,
    upsert_sql,
)
from store.tx import Tx

Judged = Literal["task", "project"]
_FACTS: Final = ("next_ms", "project", "kind", "blocks", "tally", "listed", "severity", "obd", "due_eff")
_COLUMNS: Final = ("entity", "uid", *_FACTS)
_AT_ONCE: Final = 0
"""A ``next_ms`` that has always come."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one record.

    Args:
        next_ms: the first later moment at which time alone may change this; None when it never does.
        project, kind, blocks: what it was judged by, to find whom its next move concerns.
        tally: the names of the counts it adds one to, separated by spaces.
        listed: the list it stands in; "" for none.
        severity, obd, due_eff: its place in that list.
    """

    entity: Judged
    uid: str
    next_ms: int | None = None
    project: str = ""
    kind: str = ""
    blocks: bool = False
    tally: str = ""
    listed: str = ""
    severity: str = ""
    obd: int = 0
    due_eff: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something a verdict may rest on has moved."""

    seq: int
    entity: str
    uid: str


@dataclass(frozen=True, slots=True)
class Round:
    """What the last round left.

    Args:
        ground: what every verdict rests on, as one word; "" while a full round has not come to its end.
        now_ms: its moment.
        stale: the connections whose word did not count.
    """

    ground: str = ""
    now_ms: int = 0
    stale: tuple[str, ...] = ()


def last_round(tx: Tx) -> Round:
    """Give what the last round left; a blank one before the first."""
    row = fetch_one(tx, 'SELECT "ground", "now_ms", "stale" FROM "supervised" WHERE "id" = 1')
    return Round(row[0], row[1], tuple(loads(row[2]))) if row else Round()


def keep_round(tx: Tx, last: Round) -> None:
    """Keep what this round leaves."""
    columns = ("id", "ground", "now_ms", "stale")
    sql = upsert_sql(tx.dialect, "supervised", columns, ("id",))
    execute(tx, sql, 1, last.ground, last.now_ms, dumps(list(last.stale)))


def marks(tx: Tx, limit: int) -> list[Mark]:
    """Give the oldest marks."""
    return [Mark(*row) for row in fetch(tx, 'SELECT "seq", "entity", "uid" FROM "moved" ORDER BY "seq" LIMIT ?', limit)]


def drop_marks(tx: Tx, seen: Sequence[Mark]) -> None:
    """Take away exactly these marks: a lower number may yet appear, since it is drawn before its commit."""
    execute_many(tx, 'DELETE FROM "moved" WHERE "seq" = ?', [(mark.seq,) for mark in seen])


def newest_mark(tx: Tx) -> int:
    """Give the highest number of a mark; 0 when there is none."""
    row = fetch_one(tx, 'SELECT MAX("seq") FROM "moved"')
    return int(row[0] or 0) if row else 0


def forget_own(tx: Tx, before: int) -> None:
    """Take away the marks that this transaction's own writes made, after the number *before*.

    Only where the writers exclude each other; elsewhere what we wrote is judged once more, which finds nothing.
    """
    if tx.dialect == "sqlite":
        execute(tx, 'DELETE FROM "moved" WHERE "seq" > ?', before)


def make_due(tx: Tx, entity: Judged, uids: Iterable[str]) -> None:
    """Have these records judged by this round."""
    sql = upsert_sql(tx.dialect, "verdict", ("entity", "uid", "next_ms"), ("entity", "uid"))
    execute_many(tx, sql, [(entity, uid, _AT_ONCE) for uid in uids])


def make_all_due(tx: Tx) -> None:
    """Have every record judged by this round: live ones without a verdict too, those that moved, and those on which a
    flag still stands though nobody judges them any more. All marks are answered by that.
    """
    execute(tx, 'UPDATE "verdict" SET "next_ms" = ?', _AT_ONCE)
    for entity in ("task", "project"):
        _add_due(tx, f'"{entity}"', f"'{entity}'", "\"state\" = 'live'")
    _add_due(tx, '"moved"', '"moved"."entity"', "\"moved\".\"entity\" IN ('task', 'project')")
    _add_due(tx, '"flag"', '"flag"."entity"', '"cleared_ms" IS NULL')
    execute(tx, 'DELETE FROM "moved"')


def _add_due(tx: Tx, table: str, entity: str, where: str) -> None:
    """Make those rows of a table due that have no verdict."""
    execute(
        tx,
        f'INSERT INTO "verdict" ("entity", "uid", "next_ms") SELECT DISTINCT {entity}, "uid", {_AT_ONCE} FROM {table} '
        f'WHERE {where} AND NOT EXISTS (SELECT 1 FROM "verdict" '
        f'WHERE "verdict"."entity" = {entity} AND "verdict"."uid" = {table}."uid")',
    )


def due(tx: Tx, entity: Judged, now_ms: int, limit: int) -> list[str]:
    """Give the records whose moment has come, the longest due first."""
    sql = 'SELECT "uid" FROM "verdict" WHERE "entity" = ? AND "next_ms" <= ? ORDER BY "next_ms", "uid" LIMIT ?'
    return [row[0] for row in fetch(tx, sql, entity, now_ms, limit)]


def save(tx: Tx, found: Sequence[Verdict]) -> None:
    """Keep these verdicts in place of the earlier ones."""
    sql = upsert_sql(tx.dialect, "verdict", _COLUMNS, ("entity", "uid"))
    rows = [
        (
            one.entity, one.uid, one.next_ms, one.project, one.kind, int(one.blocks), one.tally, one.listed,
            one.severity, one.obd, one.due_eff,
        )
        for one in found
    ]  # fmt: skip
    execute_many(tx, sql, rows)


def drop(tx: Tx, entity: str, uids: Iterable[str]) -> None:
    """Forget the verdicts on these records."""
    execute_among(tx, 'DELETE FROM "verdict" WHERE "entity" = ? AND', '"uid"', uids, entity)


def of(tx: Tx, entity: Judged, uids: Iterable[str]) -> dict[str, Verdict]:
    """Give the verdicts on these records."""
    sql = f'SELECT {_named(_COLUMNS)} FROM "verdict" WHERE "entity" = ? AND'
    return {row[1]: _verdict(row) for row in fetch_among(tx, sql, '"uid"', uids, entity)}


def blockers(tx: Tx, projects: Iterable[str]) -> list[str]:
    """Give the tasks of these projects that something waits for."""
    sql = 'SELECT "uid" FROM "verdict" WHERE "entity" = \'task\' AND "blocks" = 1 AND'
    return [row[0] for row in fetch_among(tx, sql, '"project"', projects)]


def tallies(tx: Tx) -> list[tuple[str, int]]:
    """Give how many records add to which counts."""
    sql = 'SELECT "tally", COUNT(*) FROM "verdict" WHERE "tally" <> \'\' GROUP BY "tally"'
    return [(row[0], row[1]) for row in fetch(tx, sql)]


def of_projects(tx: Tx, projects: Iterable[str]) -> list[Verdict]:
    """Give the verdicts on the tasks of these projects."""
    sql = f'SELECT {_named(_COLUMNS)} FROM "verdict" WHERE "entity" = \'task\' AND'
    return [_verdict(row) for row in fetch_among(tx, sql, '"project"', projects)]


def in_task_list(tx: Tx, listed: str) -> Iterator[tuple[Verdict, str]]:
    """Yield the verdicts of one list of tasks with the title of each, in no order."""
    columns = ", ".join(f'"verdict"."{name}"' for name in _COLUMNS)
    sql = (
        f'SELECT "task"."title", {columns} FROM "verdict" JOIN "task" ON "task"."uid" = "verdict"."uid" '
        'WHERE "verdict"."entity" = \'task\' AND "verdict"."listed" = ?'
    )
    return ((_verdict(row[1:]), row[0] or "") for row in stream(tx, sql, listed))


def in_list(tx: Tx, entity: Judged, listed: str) -> Iterator[Verdict]:
    """Yield the verdicts of one list, in no order."""
    sql = f'SELECT {_named(_COLUMNS)} FROM "verdict" WHERE "entity" = ? AND "listed" = ?'
    return (_verdict(row) for row in stream(tx, sql, entity, listed))


def may_be_in(tx: Tx, lists: Sequence[str], now_ms: int) -> list[str]:
    """Give the tasks that stand in these lists, and those whose verdict time may have changed by *now_ms*."""
    words = ", ".join("?" * len(lists))
    sql = f'SELECT "uid" FROM "verdict" WHERE "entity" = \'task\' AND ("listed" IN ({words}) OR "next_ms" <= ?)'
    return sorted(row[0] for row in fetch(tx, sql, *lists, now_ms))


def is_marked(tx: Tx, but: str) -> bool:
    """Say whether there is a mark of any kind but that one."""
    return fetch_one(tx, 'SELECT 1 FROM "moved" WHERE "entity" <> ? LIMIT 1', but) is not None


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _verdict(row: Any) -> Verdict:
    entity, uid, next_ms, project, kind, blocks, *rest = row
    return Verdict(entity, uid, next_ms, project, kind, bool(blocks), *rest)
