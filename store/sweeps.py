"""Sweeps: how far a full listing has come, what each record said when it was last listed, and the certificates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from mapping.records import EntityKind
from store.links import Link, by_remote
from store.statements import dumps, execute, execute_many, fetch, fetch_among, fetch_one, loads, next_ids, upsert
from store.statements import insert_sql as insert
from store.tx import Tx

SweepState = Literal["listing", "judging", "complete", "failed"]
Outcome = Literal["", "listed", "late", "absent", "gone", "access"]

_KEPT: Final = 60
"""Certificates that are kept; a nightly one stays for two months."""


@dataclass(slots=True)
class Sweep:
    """One listing of one object at one connection.

    Args:
        generation: number of this sweep; ``complete``: of the last one that was complete, 0 when there is none.
        state: ``listing`` and ``judging`` go on where they stopped; ``failed`` counts for nothing, see *reason*.
        scope: fingerprint of what was asked for; another one makes an unfinished sweep begin anew.
        began_mark: where the feed of changes stood when this sweep began; ``feed_mark``: when the one before did.
        high_ms: newest change the feed had shown by then, in the remote's own time.
        listed: rows shown so far, in scope or not.
    """

    connection: str
    entity: EntityKind
    object: str
    generation: int = 0
    state: SweepState = "failed"
    complete: int = 0
    scope: str = ""
    watermark: str | None = None
    feed_mark: str | None = None
    began_mark: str | None = None
    high_ms: int | None = None
    listed: int = 0
    started_ms: int = 0
    ended_ms: int = 0
    reason: str = ""
    findings: dict[str, int] = field(default_factory=dict)

    @property
    def unfinished(self) -> bool:
        return self.state in ("listing", "judging")


@dataclass(slots=True)
class Seen:
    """One record as the sweeps know it.

    Args:
        generation: the last sweep that listed it; 0 when none ever did.
        misses: complete sweeps in a row that did not.
        judged: the last sweep that looked into its absence, and ``outcome`` what came of that.
        digest: of the mapped fields as listed; ``differs`` names those that were not as agreed.
    """

    remote_id: str
    generation: int = 0
    misses: int = 0
    judged: int = 0
    outcome: Outcome = ""
    version: str = ""
    modified_ms: int | None = None
    digest: str = ""
    differs: list[str] = field(default_factory=list)
    in_scope: bool = True


_SWEEP: Final = tuple(one.name for one in fields(Sweep))
_SEEN: Final = tuple(one.name for one in fields(Seen))
_NAMES: Final = ", ".join(f's."{name}"' for name in _SEEN)
_UNSEEN: Final = (
    'FROM "link" l LEFT JOIN "sweep_seen" s ON s."connection" = l."connection" AND s."remote_id" = l."remote_id" '
    'AND s."object" = l."object" WHERE l."connection" = ? AND l."object" = ? AND l."state" = \'live\' '
    'AND l."created_ms" < ? AND (s."generation" IS NULL OR s."generation" < ?)'
)


def get(tx: Tx, connection: str, entity: EntityKind) -> Sweep | None:
    """Give the sweep of one object, or None when there was none yet."""
    names = ", ".join(f'"{name}"' for name in _SWEEP)
    row = fetch_one(tx, f'SELECT {names} FROM "sweep" WHERE "connection" = ? AND "entity" = ?', connection, entity)
    return Sweep(*[*row[:-1], loads(row[-1])]) if row else None


def all(tx: Tx) -> list[Sweep]:
    """Give every sweep, ordered by connection and entity."""
    names = ", ".join(f'"{name}"' for name in _SWEEP)
    rows = fetch(tx, f'SELECT {names} FROM "sweep" ORDER BY "connection", "entity"')
    return [Sweep(*[*row[:-1], loads(row[-1])]) for row in rows]


def save(tx: Tx, sweep: Sweep) -> None:
    """Write a sweep; in the same transaction as what it has just found."""
    row = {name: getattr(sweep, name) for name in _SWEEP}
    upsert(tx, "sweep", [{**row, "findings": dumps(sweep.findings)}], ("connection", "entity"))


def high_ms(tx: Tx, connection: str, object: str) -> int | None:
    """Give the newest change of an object we know of, in the remote's own time."""
    sql = 'SELECT MAX("modified_ms") FROM "{}" WHERE "connection" = ? AND "object" = ?'
    found = [fetch_one(tx, sql.format(table), connection, object) for table in ("link", "inbox")]
    return max((row[0] for row in found if row and row[0] is not None), default=None)


def seen(tx: Tx, connection: str, object: str, remote_ids: Iterable[str]) -> dict[str, Seen]:
    """Give what the sweeps know of those records."""
    sql = f'SELECT {_NAMES} FROM "sweep_seen" s WHERE s."connection" = ? AND s."object" = ? AND'
    return {row[0]: _seen(row) for row in fetch_among(tx, sql, 's."remote_id"', remote_ids, connection, object)}


def put_seen(tx: Tx, connection: str, object: str, some: Sequence[Seen]) -> None:
    """Write what was seen, or missed."""
    rows = [
        {"connection": connection, "object": object, **{name: getattr(one, name) for name in _SEEN},
         "differs": dumps(one.differs)}
        for one in some
    ]  # fmt: skip
    upsert(tx, "sweep_seen", rows, ("connection", "remote_id", "object"))


def listed_in(
    tx: Tx, connection: str, object: str, generation: int, *, after: str = "", limit: int = 5000
) -> list[Seen]:
    """Give what one sweep listed, ordered by remote id."""
    sql = (
        f'SELECT {_NAMES} FROM "sweep_seen" s WHERE s."connection" = ? AND s."object" = ? AND s."generation" = ? '
        'AND s."remote_id" > ? ORDER BY s."remote_id" LIMIT ?'
    )
    return [_seen(row) for row in fetch(tx, sql, connection, object, generation, after, limit)]


def known_before(tx: Tx, sweep: Sweep) -> int:
    """Count the live links that were there when the sweep began."""
    sql = (
        'SELECT COUNT(*) FROM "link" WHERE "connection" = ? AND "object" = ? AND "state" = \'live\' '
        'AND "created_ms" < ?'
    )
    row = fetch_one(tx, sql, sweep.connection, sweep.object, sweep.started_ms)
    return int(row[0]) if row else 0


def count_missing(tx: Tx, sweep: Sweep) -> int:
    """Count the live links that were there when the sweep began and that it did not list."""
    given = (sweep.connection, sweep.object, sweep.started_ms, sweep.generation)
    row = fetch_one(tx, f"SELECT COUNT(*) {_UNSEEN}", *given)
    return int(row[0]) if row else 0


def missing(tx: Tx, sweep: Sweep, limit: int) -> list[tuple[Link, Seen]]:
    """Give some of them whose absence this sweep has not looked into yet."""
    sql = (
        f'SELECT l."remote_id", {_NAMES} {_UNSEEN} AND (s."judged" IS NULL OR s."judged" < ?) '
        'ORDER BY l."remote_id" LIMIT ?'
    )
    given = (sweep.connection, sweep.object, sweep.started_ms, sweep.generation, sweep.generation)
    rows = {row[0]: _seen(row[1:]) if row[1] is not None else Seen(row[0]) for row in fetch(tx, sql, *given, limit)}
    held = by_remote(tx, sweep.connection, sweep.object, rows)
    return [(held[id_], one) for id_, one in rows.items()]


def start_over(tx: Tx, connection: str, object: str) -> None:
    """Forget how often records were missed: what is asked for has changed, so earlier sweeps prove nothing."""
    sql = 'UPDATE "sweep_seen" SET "misses" = 0 WHERE "connection" = ? AND "object" = ?'
    execute(tx, sql, connection, object)


def close_access(tx: Tx, connection: str, object: str, remote_ids: Sequence[str], now_ms: int) -> int:
    """End the questions about records nobody showed us: they are shown again. Gives how many there were."""
    sql = (
        'SELECT "id", "remote_id" FROM "review" WHERE "kind" = \'access\' AND "state" = \'open\' '
        'AND "connection" = ? AND "object" = ? AND'
    )
    ids = [row[0] for row in fetch_among(tx, sql, '"remote_id"', remote_ids, connection, object)]
    close = 'UPDATE "review" SET "state" = \'closed\', "closed_ms" = ? WHERE "id" = ?'
    execute_many(tx, close, [(now_ms, id_) for id_ in ids])
    return len(ids)


def save_certificate(tx: Tx, run_id: str, at_ms: int, doc: dict[str, Any]) -> None:
    """Keep a certificate; the oldest beyond two months of nights go."""
    (id_,) = next_ids(tx, "certificate", 1)
    execute(tx, insert("certificate", ("id", "run_id", "at_ms", "doc")), id_, run_id, at_ms, dumps(doc))
    execute(tx, 'DELETE FROM "certificate" WHERE "id" <= ?', id_ - _KEPT)


def last_certificate(tx: Tx) -> dict[str, Any] | None:
    """Give the newest certificate with its ``run_id`` and ``at_ms``, or None."""
    row = fetch_one(tx, 'SELECT "run_id", "at_ms", "doc" FROM "certificate" ORDER BY "id" DESC LIMIT 1')
    return {"run_id": row[0], "at_ms": row[1], **loads(row[2])} if row else None


def _seen(row: Sequence[Any]) -> Seen:
    return Seen(*[*row[:8], loads(row[8]), bool(row[9])])
