"""The inbox: remote records that were observed and not yet planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mapping.records import EntityKind
from store.statements import (
    among,
    dumps_storable,
    execute,
    execute_among,
    execute_many,
    fetch,
    fetch_among,
    fetch_one,
    listed,
    loads_dict,
    reaches,
    upsert_sql,
)
from store.tx import Tx

ItemState = Literal["new", "review", "held"]

_CONTENT: Final = (
    "connection", "entity", "object", "remote_id", "version", "modified_ms", "modified_by", "created_ms", "created_by",
    "doc", "gone", "in_scope", "state", "reason", "seen_ms",
)  # fmt: skip
_KEY: Final = ("connection", "remote_id", "object")
_SELECT: Final = 'SELECT i."id", ' + ", ".join(f'i."{name}"' for name in _CONTENT)
_SAME: Final = 'l."connection" = i."connection" AND l."remote_id" = i."remote_id" AND l."object" = i."object"'
_MANY: Final = 20_000


@dataclass(slots=True)
class Item:
    """One observed remote record.

    Args:
        id: None until it was stored.
        doc: remote values by hub field; None when the record is gone.
        gone: the remote proved that it is deleted.
        in_scope: it satisfies the scope of its map.
        state: ``new``, ``review`` (waits for a person) or ``held`` (waits for something else, see *reason*).
        text: the doc as it is stored.
    """

    id: int | None
    connection: str
    entity: EntityKind
    object: str
    remote_id: str
    version: str
    modified_ms: int | None
    modified_by: str | None
    created_ms: int | None
    created_by: str | None
    doc: dict[str, Any] | None
    gone: bool = False
    in_scope: bool = True
    state: ItemState = "new"
    reason: str = ""
    seen_ms: int = 0
    text: str | None = field(default=None, repr=False, compare=False)


def put(tx: Tx, items: Sequence[Item]) -> None:
    """Store observations; one that is there already is replaced, as new."""
    rows = [
        (
            item.connection, item.entity, item.object, item.remote_id, item.version, item.modified_ms, item.modified_by,
            item.created_ms, item.created_by, None if item.doc is None else dumps_storable(item.doc), item.gone,
            item.in_scope, "new", item.reason, item.seen_ms,
        )
        for item in items
    ]  # fmt: skip
    execute_many(tx, upsert_sql(tx.dialect, "inbox", _CONTENT, _KEY), rows)


def count(tx: Tx, *, connection: str | None = None, entity: str | None = None, state: str | None = None) -> int:
    """Count the items that answer to all that is given."""
    given = {"connection": connection, "entity": entity, "state": state}
    wanted = {name: value for name, value in given.items() if value is not None}
    where = " WHERE " + " AND ".join(f'"{name}" = ?' for name in wanted) if wanted else ""
    row = fetch_one(tx, f'SELECT COUNT(*) FROM "inbox"{where}', *wanted.values())
    return int(row[0]) if row else 0


def holds_any(tx: Tx, connection: str) -> bool:
    """Say whether anything waits that was observed at a connection."""
    return fetch_one(tx, 'SELECT 1 FROM "inbox" WHERE "connection" = ? LIMIT 1', connection) is not None


def linked_uids(tx: Tx, entity: EntityKind, *, after: str = "", limit: int | None = None) -> list[str]:
    """Give the uids of hub rows that something was observed about, in order."""
    cut = f" LIMIT {int(limit)}" if limit is not None else ""
    page = f'AND l."uid" > ? ORDER BY l."uid"{cut}'
    if not reaches(tx, _MANY, 'SELECT 1 FROM "inbox" WHERE "entity" = ?', entity):
        # CROSS JOIN keeps SQLite from walking every link to look into an almost empty inbox.
        sql = f'SELECT DISTINCT l."uid" FROM "inbox" i CROSS JOIN "link" l WHERE i."entity" = ? AND {_SAME} {page}'
    else:
        # A full inbox would be joined anew for every page: walk the links in order and stop when the page is full.
        observed = f'SELECT 1 FROM "inbox" i WHERE {_SAME}'
        sql = f'SELECT DISTINCT l."uid" FROM "link" l WHERE l."entity" = ? AND EXISTS ({observed}) {page}'
    return [row[0] for row in fetch(tx, sql, entity, after)]


def of_uids(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> dict[str, list[Item]]:
    """Give what was observed about each of those hub rows, ordered by connection and id."""
    if not reaches(tx, 1, 'SELECT 1 FROM "inbox" WHERE "entity" = ?', entity):
        return {}  # mostly: then nobody need look at each row's links
    found: dict[str, list[Item]] = defaultdict(list)
    sql = f'{_SELECT}, l."uid" FROM "link" l JOIN "inbox" i ON {_SAME} WHERE i."entity" = ? AND'
    for row in fetch_among(tx, sql, 'l."uid"', uids, entity):
        found[row[-1]].append(_item(row))
    for items in found.values():
        items.sort(key=lambda item: (item.connection, item.id or 0))
    return dict(found)


def unlinked(
    tx: Tx,
    entity: EntityKind,
    *,
    after_id: int = 0,
    limit: int = 2000,
    states: Sequence[str] = ("new", "review", "held"),
) -> list[Item]:
    """Give observed records that no link knows yet, ordered by id."""
    accepted = among(tx, 'i."state"')
    rows = fetch(
        tx,
        f'{_SELECT} FROM "inbox" i WHERE i."entity" = ? AND i."id" > ? AND {accepted} '
        f'AND NOT EXISTS (SELECT 1 FROM "link" l WHERE {_SAME}) ORDER BY i."id" LIMIT ?',
        entity, after_id, listed(tx, states), limit,
    )  # fmt: skip
    return [_item(row) for row in rows]


def by_remote(tx: Tx, connection: str, object: str, ids: Iterable[str]) -> dict[str, Item]:
    """Give the items of those remote records."""
    sql = f'{_SELECT} FROM "inbox" i WHERE i."connection" = ? AND i."object" = ? AND'
    return {row[4]: _item(row) for row in fetch_among(tx, sql, 'i."remote_id"', ids, connection, object)}


def remove(tx: Tx, ids: Sequence[int]) -> None:
    """Take items out once their plan is committed."""
    execute_among(tx, 'DELETE FROM "inbox" WHERE', '"id"', ids)


def mark(tx: Tx, ids: Sequence[int], state: ItemState, reason: str) -> None:
    """Say why items stay."""
    execute_among(tx, 'UPDATE "inbox" SET "state" = ?, "reason" = ? WHERE', '"id"', ids, state, reason)


def drop_connection(tx: Tx, connection: str, entity: EntityKind | None = None) -> None:
    """Forget everything observed at a connection (or of one entity there): it will be listed anew."""
    if entity is None:
        execute(tx, 'DELETE FROM "inbox" WHERE "connection" = ?', connection)
    else:
        execute(tx, 'DELETE FROM "inbox" WHERE "connection" = ? AND "entity" = ?', connection, entity)


def _item(row: Sequence[Any]) -> Item:
    doc = None if row[10] is None else loads_dict(row[10])
    fields = [*row[:10], doc, bool(row[11]), bool(row[12]), *row[13:16], row[10]]
    return Item(*fields)
