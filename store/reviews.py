"""Reviews: everything that a person must decide. One open review per question; asking again only updates it."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from mapping.records import EntityKind
from store.statements import dumps, execute, execute_among, fetch, fetch_among, fetch_one, insert_sql, loads, next_ids
from store.tx import Tx

ReviewKind = Literal["conflict", "match", "delete", "lossy", "duplicate", "unknown", "access", "possible_overwrite"]
ReviewState = Literal["open", "resolved", "closed"]

_QUESTION: Final = ("kind", "entity", "uid", "connection", "object", "remote_id", "field")
_REST: Final = ("data", "state", "resolution", "opened_ms", "closed_ms", "run_id")
_SELECT: Final = 'SELECT "id", ' + ", ".join(f'"{name}"' for name in _QUESTION + _REST) + ' FROM "review"'
_SAME: Final = " AND ".join(f'"{name}" = ?' for name in _QUESTION)


@dataclasses.dataclass(slots=True)
class Review:
    """One question to a person.

    Args:
        id: None until it was stored.
        data: what the person is shown (candidates, both values).
        state: ``open``, ``resolved`` (answered, not carried out yet) or ``closed``.
        resolution: the answer.
    """

    id: int | None
    kind: ReviewKind
    entity: EntityKind
    uid: str = ""
    connection: str = ""
    object: str = ""
    remote_id: str = ""
    field: str = ""
    data: dict[str, Any] = dataclasses.field(default_factory=dict)
    state: ReviewState = "open"
    resolution: dict[str, Any] | None = None
    opened_ms: int = 0
    closed_ms: int | None = None
    run_id: str = ""


def put(tx: Tx, reviews: Sequence[Review]) -> list[int]:
    """Ask; a question that is open already gets the new data and keeps its id and its opening time.

    Returns:
        The ids, in the order given (also set on the reviews).
    """
    for review in reviews:
        question = [getattr(review, name) for name in _QUESTION]
        row = fetch_one(tx, f'SELECT "id", "opened_ms" FROM "review" WHERE {_SAME} AND "state" = \'open\'', *question)
        if row:
            review.id, review.opened_ms = row[0], row[1]
            execute(
                tx,
                'UPDATE "review" SET "data" = ?, "run_id" = ? WHERE "id" = ?',
                dumps(review.data),
                review.run_id,
                row[0],
            )
        else:
            # An answer to how things stood before is no answer to this: it must never be carried out after it.
            execute(tx, f'UPDATE "review" SET "state" = \'closed\' WHERE {_SAME} AND "state" = \'resolved\'', *question)
            review.id = next_ids(tx, "review", 1)[0]
            rest = (dumps(review.data), review.state, _answer(review.resolution), review.opened_ms, review.closed_ms)
            execute(tx, insert_sql("review", ("id", *_QUESTION, *_REST)), review.id, *question, *rest, review.run_id)
    return [review.id for review in reviews if review.id is not None]


def open_(tx: Tx, kind: str | None = None, limit: int | None = None) -> list[Review]:
    """Give the unanswered questions, oldest first."""
    clause, params = (' AND "kind" = ?', [kind]) if kind is not None else ("", [])
    cut = f" LIMIT {int(limit)}" if limit is not None else ""
    return [
        _review(row) for row in fetch(tx, f'{_SELECT} WHERE "state" = \'open\'{clause} ORDER BY "id"{cut}', *params)
    ]


def resolved(tx: Tx, kind: str | None = None) -> list[Review]:
    """Give the answered questions that are not carried out yet, oldest first."""
    clause, params = (' AND "kind" = ?', [kind]) if kind is not None else ("", [])
    return [_review(row) for row in fetch(tx, f'{_SELECT} WHERE "state" = \'resolved\'{clause} ORDER BY "id"', *params)]


def get(tx: Tx, id: int) -> Review | None:
    """Give one review, in any state."""
    row = fetch_one(tx, f'{_SELECT} WHERE "id" = ?', id)
    return _review(row) if row else None


def resolve(tx: Tx, id: int, resolution: dict[str, Any], now_ms: int) -> bool:
    """Answer a question; the next round carries it out. False when it is closed, or unknown."""
    sql = (
        'UPDATE "review" SET "state" = \'resolved\', "resolution" = ?, "closed_ms" = ? '
        'WHERE "id" = ? AND "state" <> \'closed\''
    )
    return execute(tx, sql, dumps(resolution), now_ms, id) == 1


def close(tx: Tx, ids: Iterable[int], now_ms: int) -> None:
    """End reviews: carried out, or the question is gone."""
    sql = 'UPDATE "review" SET "state" = \'closed\', "closed_ms" = ? WHERE "state" <> \'closed\' AND'
    execute_among(tx, sql, '"id"', ids, now_ms)


def active_fields(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> dict[str, dict[str, Review]]:
    """Give the parked fields of those rows: open or just answered conflicts and losses, the newest per field."""
    sql = (
        f"{_SELECT} WHERE \"entity\" = ? AND \"kind\" IN ('conflict', 'lossy') "
        "AND \"state\" IN ('open', 'resolved') AND"
    )
    found: dict[str, dict[str, Review]] = defaultdict(dict)
    reviews = [_review(row) for row in fetch_among(tx, sql, '"uid"', uids, entity)]
    for review in sorted(reviews, key=lambda review: review.id or 0):
        found[review.uid][review.field] = review
    return dict(found)


def of_uids(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> list[Review]:
    """Give every review that is not closed of those rows, oldest first."""
    sql = f'{_SELECT} WHERE "entity" = ? AND "state" <> \'closed\' AND'
    return sorted((_review(row) for row in fetch_among(tx, sql, '"uid"', uids, entity)), key=lambda r: r.id or 0)


def about(tx: Tx, connection: str, object: str, remote_ids: Iterable[str]) -> dict[str, Review]:
    """Give the newest review, in any state, of each of those remote records that has one."""
    sql = f'{_SELECT} WHERE "connection" = ? AND "object" = ? AND'
    rows = [_review(row) for row in fetch_among(tx, sql, '"remote_id"', remote_ids, connection, object)]
    return {one.remote_id: one for one in sorted(rows, key=lambda one: one.id or 0)}


def counts(tx: Tx) -> dict[str, int]:
    """Count the open reviews by kind; kinds without any are left out."""
    sql = 'SELECT "kind", COUNT(*) FROM "review" WHERE "state" = \'open\' GROUP BY "kind"'
    return {row[0]: row[1] for row in fetch(tx, sql)}


def _answer(resolution: dict[str, Any] | None) -> str | None:
    return None if resolution is None else dumps(resolution)


def _review(row: Sequence[Any]) -> Review:
    id, *question = row[:8]
    data, state, resolution, opened_ms, closed_ms, run_id = row[8:]
    fields = [id, *question, loads(data), state, loads(resolution), opened_ms, closed_ms, run_id]
    return Review(*fields)
