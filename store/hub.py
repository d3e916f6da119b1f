"""The hub rows: read a snapshot, insert, update unless stale, and the dirty list.

Everything here speaks canonical values (mapping.records). A row's ``rev`` rises with every write, by us or by
somebody's SQL; an update names the rev it was planned on and is refused as stale when the row has moved since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from mapping.records import FIELDS, EntityKind, EntityState, Value
from store.shape import Shape, shape
from store.statements import (
    among,
    dumps,
    execute_among,
    execute_many,
    fetch,
    fetch_among,
    fetch_one,
    insert_sql,
    listed,
    loads_dict,
)
from store.tx import Tx

TOLD: Final = "told"
"""The key of a row's ``meta`` that names the record its last import came from, when that was changed there, and the
``rev`` the import left: a later edit raises the rev, and then nobody told it."""
_HEAD: Final = ("uid", "rev", "state")
_TAIL: Final = ("extra", "meta", "created_ms", "updated_ms")


class HubRow(NamedTuple):
    """One row of the hub.

    Args:
        values: every canonical field of the entity (None when blank), and the extra ones that hold something.
        meta: what is known about the fields beside their values.
    """

    uid: str
    rev: int
    state: EntityState
    values: dict[str, Value]
    meta: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HubChange:
    """A change of one row, planned when it was at *rev*.

    Args:
        values: changed fields only; None clears.
        state: the new state, or None to keep it.
        meta: merged into the row's meta key by key; a None value removes the key.
    """

    uid: str
    rev: int
    values: dict[str, Value]
    state: EntityState | None = None
    meta: dict[str, Any] | None = None


class DirtyMark(NamedTuple):
    """A row that must be looked at.

    Args:
        reason: of the newest mark; ``sql_insert``, ``sql_update`` and ``sql_delete`` are edits by plain SQL.
        seq: of the newest mark.
        seqs: all marks that were seen; exactly these are cleared, so that one that came later stays.
    """

    uid: str
    reason: str
    seq: int
    seqs: tuple[int, ...] = ()


def read(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> dict[str, HubRow]:
    """Give the rows of *uids* that exist, in every state."""
    form = shape(entity)
    sql = f'SELECT {_selected(form)} FROM "{entity}" WHERE'
    return {row[0]: _row(form, row) for row in fetch_among(tx, sql, '"uid"', uids)}


def select(
    tx: Tx,
    entity: EntityKind,
    *,
    where: Mapping[str, Any] | None = None,
    states: Sequence[str] = ("live",),
    fields: Sequence[str] | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[HubRow]:
    """Give rows ordered by uid.

    Args:
        where: canonical field (or ``uid``) -> the value it must have, or a sequence of accepted ones; None is blank.
        states: accepted states; empty means all.
        fields: canonical fields to read (the values then hold only these); None reads all, extra ones included.
        after: only rows with a greater uid, for paging together with *limit*.
    """
    form = shape(entity, None if fields is None else tuple(fields))
    conditions, params = _conditions(tx, shape(entity), where or {}, states)
    if after:
        conditions.append('"uid" > ?')
        params.append(after)
    sql = f'SELECT {_selected(form)} FROM "{entity}"'
    if conditions:
        sql += " WHERE " + " AND ".join(conditions)
    sql += ' ORDER BY "uid"' + (f" LIMIT {int(limit)}" if limit is not None else "")
    return [_row(form, row, extras=fields is None) for row in fetch(tx, sql, *params)]


def count(tx: Tx, entity: EntityKind, states: Sequence[str] = ("live",)) -> int:
    """Count the rows in *states*."""
    accepted = among(tx, '"state"')
    row = fetch_one(tx, f'SELECT COUNT(*) FROM "{entity}" WHERE {accepted}', listed(tx, states))
    return int(row[0]) if row else 0


def of_ref(tx: Tx, entity: EntityKind, field: str, uids: Iterable[str]) -> list[str]:
    """Give the uids of the rows (in every state) whose reference *field* points to one of *uids*."""
    if field not in shape(entity).columns:
        return []
    return sorted(row[0] for row in fetch_among(tx, f'SELECT "uid" FROM "{entity}" WHERE', f'"{field}"', uids))


def insert(tx: Tx, entity: EntityKind, rows: Sequence[HubRow], now_ms: int) -> None:
    """Insert new rows; their rev starts at 1 at least, which tells them from rows that plain SQL inserted."""
    form = shape(entity)
    tuples = []
    for row in rows:
        get = row.values.get
        stored = [get(name) for name in form.columns]
        for position in form.lists:
            stored[position] = form.stored(stored[position])
        extra = None if row.values.keys() <= form.known else _extra(row.values, form)
        meta = dumps(row.meta) if row.meta else None
        tuples.append((row.uid, max(row.rev, 1), row.state, *stored, extra, meta, now_ms, now_ms))
    execute_many(tx, insert_sql(entity, (*_HEAD, *form.columns, *_TAIL)), tuples)


def update(tx: Tx, entity: EntityKind, changes: Sequence[HubChange], now_ms: int) -> list[str]:
    """Write changes whose row is still at the rev they were planned on.

    Returns:
        The uids that were stale (moved, gone, or named twice) and were not written.
    """
    form = shape(entity)
    current = _locked(tx, entity, [change.uid for change in changes])
    stale: list[str] = []
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for change in changes:
        row = current.pop(change.uid, None)
        if row is None or row[1] != change.rev:
            stale.append(change.uid)
            continue
        assigned = {name: form.stored(value) for name, value in change.values.items() if name in form.known}
        assigned |= _documents(change, row, form.known)
        if change.state is not None:
            assigned["state"] = change.state
        groups[tuple(assigned)].append((*assigned.values(), now_ms, change.uid))
    for columns, tuples in groups.items():
        sets = "".join(f'"{name}" = ?, ' for name in columns)
        execute_many(tx, f'UPDATE "{entity}" SET {sets}"rev" = "rev" + 1, "updated_ms" = ? WHERE "uid" = ?', tuples)
    return stale


def remove(tx: Tx, entity: EntityKind, uids: Sequence[str]) -> None:
    """Take rows out for good (erasure), without a dirty mark."""
    execute_among(tx, f'UPDATE "{entity}" SET "rev" = -1 WHERE', '"uid"', uids)
    execute_among(tx, f'DELETE FROM "{entity}" WHERE', '"uid"', uids)


def mark_dirty(tx: Tx, entity: EntityKind, uids: Iterable[str], reason: str, now_ms: int) -> None:
    """Put rows on the list of those to look at."""
    sql = insert_sql("dirty", ("entity", "uid", "reason", "at_ms"))
    execute_many(tx, sql, [(entity, uid, reason, now_ms) for uid in uids])


def mark_once(tx: Tx, entity: EntityKind, uids: Sequence[str], reason: str, now_ms: int) -> None:
    """Put rows on that list unless they stand there for the same reason."""
    sql = 'DELETE FROM "dirty" WHERE "entity" = ? AND "reason" = ? AND'
    execute_among(tx, sql, '"uid"', uids, entity, reason)
    mark_dirty(tx, entity, uids, reason, now_ms)


def dirty(
    tx: Tx, entity: EntityKind, *, after: str = "", limit: int = 1000, asleep: Sequence[str] = ()
) -> list[DirtyMark]:
    """Give one mark per row that must be looked at, ordered by uid.

    Args:
        asleep: reasons that alone are none to look at a row now.
    """
    reasons = among(tx, '"reason"')
    waking = f" AND NOT ({reasons})" if asleep else ""
    sql = f'SELECT DISTINCT "uid" FROM "dirty" WHERE "entity" = ? AND "uid" > ?{waking} ORDER BY "uid" LIMIT ?'
    page = [row[0] for row in fetch(tx, sql, entity, after, *([listed(tx, asleep)] if asleep else []), limit)]
    if not page:
        return []
    # Between the page's ends, not joined to it: a join would walk the whole list anew for every page.
    sql = 'SELECT "uid", "reason", "seq" FROM "dirty" WHERE "entity" = ? AND "uid" >= ? AND "uid" <= ?'
    rows = fetch(tx, f'{sql} ORDER BY "uid", "seq"', entity, page[0], page[-1])
    wanted = set(page)
    marks: dict[str, DirtyMark] = {}
    for uid, reason, seq in rows:
        if uid not in wanted:
            continue
        seen = marks[uid].seqs if uid in marks else ()
        marks[uid] = DirtyMark(uid, reason, seq, (*seen, seq))
    return list(marks.values())


def clear_dirty(tx: Tx, entity: EntityKind, marks: Iterable[DirtyMark]) -> None:
    """Take off the list what *marks* have seen; a mark that came later stays.

    A seq is drawn before its transaction commits, so an older number can appear after a newer one was seen: marks
    from ``dirty`` name every number they saw.
    """
    seen: list[tuple[Any, ...]] = []
    upto: list[tuple[Any, ...]] = []
    for mark in marks:
        if mark.seqs:
            seen.extend((seq,) for seq in mark.seqs)
        else:
            upto.append((entity, mark.uid, mark.seq))
    execute_many(tx, 'DELETE FROM "dirty" WHERE "seq" = ?', seen)
    execute_many(tx, 'DELETE FROM "dirty" WHERE "entity" = ? AND "uid" = ? AND "seq" <= ?', upto)


def dirty_count(tx: Tx) -> dict[EntityKind, int]:
    """Count the rows on the list per entity; entities without any are left out."""
    return dict(map(tuple, fetch(tx, 'SELECT "entity", COUNT(DISTINCT "uid") FROM "dirty" GROUP BY "entity"')))


def _selected(form: Shape) -> str:
    return '"uid", "rev", "state", "extra", "meta"' + (f", {form.selected}" if form.selected else "")


def _row(form: Shape, row: Sequence[Any], *, extras: bool = True) -> HubRow:
    uid, rev, state, extra, meta, *rest = row
    values = form.values(rest)
    if extras and extra:
        values |= loads_dict(extra)
    return HubRow(uid, rev, state, values, loads_dict(meta))


def _extra(values: Mapping[str, Value], form: Shape) -> str | None:
    extra = {name: value for name, value in values.items() if name not in form.known and value is not None}
    return dumps(extra) if extra else None


def _conditions(tx: Tx, form: Shape, where: Mapping[str, Any], states: Sequence[str]) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    params: list[Any] = []
    if states:
        conditions.append(among(tx, '"state"'))
        params.append(listed(tx, states))
    for name, wanted in where.items():
        if name != "uid" and name not in form.columns:
            raise ValueError(f"{form.entity} has no canonical field {name!r} to select by")
        column = f'"{name}"'
        if wanted is None:
            conditions.append(f"{column} IS NULL")
        elif isinstance(wanted, str | int | bool):
            conditions.append(f"{column} = ?")
            params.append(wanted)
        else:
            conditions.append(among(tx, column))
            params.append(listed(tx, _comparable(tx, form, name, list(wanted))))
    return conditions, params


def _comparable(tx: Tx, form: Shape, name: str, values: list[Any]) -> list[Any]:
    """Give civil days as such where the column is a date: a list of texts is never compared with it."""
    days = tx.dialect == "postgresql" and name != "uid" and FIELDS[form.entity][name].type == "date"
    return [date.fromisoformat(value) for value in values if value] if days else values


def _locked(tx: Tx, entity: EntityKind, uids: Sequence[str]) -> dict[str, Any]:
    """Read uid, rev, extra and meta and keep the rows from moving until the transaction ends.

    SQLite's writers exclude each other from BEGIN IMMEDIATE on; the servers lock the rows.
    """
    sql = f'SELECT "uid", "rev", "extra", "meta" FROM "{entity}" WHERE'
    if tx.dialect == "sqlite":
        return {row[0]: row for row in fetch_among(tx, sql, '"uid"', uids)}
    ordered = sorted(set(uids))
    named = among(tx, '"uid"')
    found = fetch(tx, f'{sql} {named} ORDER BY "uid" FOR UPDATE', listed(tx, ordered))
    return {row[0]: row for row in found}


def _documents(change: HubChange, row: Any, known: frozenset[str]) -> dict[str, Any]:
    """Give the new extra and meta documents, where the change touches them."""
    documents: dict[str, Any] = {}
    extra = {name: value for name, value in change.values.items() if name not in known}
    if extra:
        documents["extra"] = _merged(row[2], extra)
    if change.meta:
        documents["meta"] = _merged(row[3], change.meta)
    return documents


def _merged(text: str | None, news: Mapping[str, Any]) -> str | None:
    merged = {name: value for name, value in (loads_dict(text) | dict(news)).items() if value is not None}
    return dumps(merged) if merged else None
