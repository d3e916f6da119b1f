"""Raw SQL in one dialect-neutral spelling: ``?`` for a parameter, double quotes around names.

Bulk work runs on plain tuples through the driver; the expression language would cost more than the database does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from pydantic_core import from_json, to_json

from store.tx import Tx

_ENCODER: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False)

CHUNK: Final = 5000
"""Values per list parameter: bounds the memory of one statement."""


def _make_encode() -> Callable[[Any], str]:
    """Give the encoder's own work as one function.

    ``JSONEncoder.encode`` builds its C machinery anew for every value, which for our small documents costs more than
    writing them; it is built once here, where this Python has it.
    """
    machinery = getattr(json.encoder, "c_make_encoder", None)
    if machinery is None:
        return _ENCODER.encode
    write = machinery(
        None, _ENCODER.default, json.encoder.encode_basestring, None, ":", ",", True, False, True
    )  # fmt: skip
    join = "".join

    def encode(value: Any) -> str:
        return join(write(value, 0))

    return encode


_encode: Final = _make_encode()


def dumps(value: Any) -> str:
    """Give canonical JSON text: equal values give equal text."""
    return _encode(value) if value != {} else "{}"


def dumps_flat(doc: Mapping[str, Any]) -> str:
    """Give canonical JSON text of a document whose values hold no documents (records, shadows, changes).

    As ``dumps``, in a third of the time: most documents have one of a few sets of keys, so their order is known.
    """
    if not doc:
        return "{}"
    keys = tuple(doc)
    order = _orders.get(keys) or _learn_order(keys)
    try:
        return to_json(doc if order == keys else {name: doc[name] for name in order}).decode()
    except ValueError:  # half a surrogate pair, which only the standard library writes
        return _encode(doc)


_orders: dict[tuple[str, ...], tuple[str, ...]] = {}
_ORDERS_KEPT: Final = 5000


def _learn_order(keys: tuple[str, ...]) -> tuple[str, ...]:
    if len(_orders) >= _ORDERS_KEPT:
        _orders.clear()
    order = _orders[keys] = tuple(sorted(keys))
    return order


def dumps_as_is(value: Any) -> str:
    """Give JSON text of anything, its keys in the order they stand; for what is read and never compared."""
    try:
        return to_json(value).decode()
    except ValueError:  # half a surrogate pair, which no database takes but as an escape
        return json.dumps(value)


def dumps_storable(doc: dict[str, Any]) -> str:
    """Give canonical JSON text of a flat document that came from outside.

    No database takes half a surrogate pair as text, and PostgreSQL takes no NUL: both become U+FFFD right here, so
    that one strange record never stops the others further in.
    """
    text = dumps_flat(doc)
    if "\\u0000" not in text:
        if text.isascii():
            return text
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return dumps_flat(_storable(doc))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_storable(part) for part in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(part) for name, part in value.items()}
    return value


def loads(text: str | None) -> Any:
    """Read JSON text; None stays None."""
    if text is None:
        return None
    try:
        return from_json(text, cache_strings="keys")
    except ValueError:  # half a surrogate pair, which only the standard library reads
        return json.loads(text)


def loads_dict(text: str | None) -> dict[str, Any]:
    """Read a JSON object; nothing or an empty one is an empty dict."""
    found = loads(text) if text and text != "{}" else {}
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=2048)
def spell(sql: str, dialect: str) -> str:
    """Write the neutral *sql* as the driver of *dialect* wants it."""
    if dialect == "sqlite":
        return sql
    sql = sql.replace("%", "%%").replace("?", "%s")
    return sql.replace('"', "`") if dialect == "mysql" else sql


def fetch(tx: Tx, sql: str, *params: Any) -> Sequence[Any]:
    """Run a query and give its rows."""
    if tx.raw is not None:
        return tx.raw.execute(sql, params).fetchall()
    return tx.conn.exec_driver_sql(spell(sql, tx.dialect), params).fetchall()


def fetch_one(tx: Tx, sql: str, *params: Any) -> Any | None:
    """Run a query and give its first row, or None."""
    if tx.raw is not None:
        return tx.raw.execute(sql, params).fetchone()
    return tx.conn.exec_driver_sql(spell(sql, tx.dialect), params).fetchone()


def stream(tx: Tx, sql: str, *params: Any) -> Iterator[Any]:
    """Run a query and yield its rows without holding all of them."""
    if tx.raw is not None:
        yield from tx.raw.execute(sql, params)
        return
    options = {"yield_per": CHUNK}
    yield from tx.conn.exec_driver_sql(spell(sql, tx.dialect), params, execution_options=options)


def reaches(tx: Tx, most: int, sql: str, *params: Any) -> bool:
    """Say whether a query has *most* rows or more, without counting further."""
    row = fetch_one(tx, f"SELECT COUNT(*) FROM ({sql} LIMIT ?) AS counted", *params, most)
    return row is not None and row[0] >= most


def execute(tx: Tx, sql: str, *params: Any) -> int:
    """Run one statement and give the number of rows it touched."""
    if tx.raw is not None:
        return tx.raw.execute(sql, params).rowcount
    return tx.conn.exec_driver_sql(spell(sql, tx.dialect), params).rowcount


def execute_many(tx: Tx, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run one statement for every tuple; nothing to do is fine."""
    if not rows:
        return 0
    if tx.raw is not None:
        return tx.raw.executemany(sql, rows).rowcount
    return tx.conn.exec_driver_sql(spell(sql, tx.dialect), list(rows)).rowcount


def among(tx: Tx, column: str) -> str:
    """Give the condition "*column* is one of the values of one parameter" (see ``listed``)."""
    if tx.dialect == "postgresql":
        return f"{column} = ANY(?)"
    if tx.dialect == "mysql":
        path = "COLUMNS (v VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')"
        return f"{column} IN (SELECT v FROM JSON_TABLE(?, '$[*]' {path}) AS listed)"
    return f"{column} IN (SELECT value FROM json_each(?))"


def listed(tx: Tx, values: Sequence[Any]) -> Any:
    """Give the one parameter that carries many values for ``among``."""
    return list(values) if tx.dialect == "postgresql" else dumps_as_is(list(values))


def fetch_among(tx: Tx, sql: str, column: str, values: Iterable[Any], *before: Any) -> Iterable[Any]:
    """Yield the rows of *sql* (which ends in ``AND`` or ``WHERE``) whose *column* is one of *values*."""
    wanted = list(dict.fromkeys(values))
    condition = among(tx, column)
    for start in range(0, len(wanted), CHUNK):
        yield from fetch(tx, f"{sql} {condition}", *before, listed(tx, wanted[start : start + CHUNK]))


def execute_among(tx: Tx, sql: str, column: str, values: Iterable[Any], *before: Any) -> int:
    """Run *sql* (which ends in ``AND`` or ``WHERE``) on the rows whose *column* is one of *values*."""
    wanted = list(dict.fromkeys(values))
    condition = among(tx, column)
    return sum(
        execute(tx, f"{sql} {condition}", *before, listed(tx, wanted[start : start + CHUNK]))
        for start in range(0, len(wanted), CHUNK)
    )


@lru_cache(maxsize=256)
def insert_sql(table: str, columns: tuple[str, ...]) -> str:
    """Give a plain INSERT of *columns*."""
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'


@lru_cache(maxsize=256)
def upsert_sql(dialect: str, table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """Give an INSERT that replaces everything but the *key* columns of a row that is already there."""
    rest = [name for name in columns if name not in key]
    insert = insert_sql(table, columns)
    if dialect == "mysql":
        return f"{insert} ON DUPLICATE KEY UPDATE " + ", ".join(f'"{name}" = VALUES("{name}")' for name in rest)
    target = ", ".join(f'"{name}"' for name in key)
    if not rest:
        return f"{insert} ON CONFLICT ({target}) DO NOTHING"
    return f"{insert} ON CONFLICT ({target}) DO UPDATE SET " + ", ".join(f'"{n}" = excluded."{n}"' for n in rest)


def upsert(tx: Tx, table: str, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...]) -> None:
    """Insert or replace *rows* (all with the same columns) by *key*."""
    if rows:
        columns = tuple(rows[0])
        sql = upsert_sql(tx.dialect, table, columns, key)
        execute_many(tx, sql, [tuple(row[name] for name in columns) for row in rows])


def next_ids(tx: Tx, table: str, count: int) -> list[int]:
    """Reserve *count* ids of a table whose key counts up, so that bulk inserts know their ids."""
    if tx.dialect == "postgresql":
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        return [row[0] for row in fetch(tx, f"SELECT nextval({sequence}) FROM generate_series(1, ?)", count)]
    # The other writers wait at BEGIN IMMEDIATE, so the highest id stays the highest until we commit.
    row = fetch_one(tx, f'SELECT COALESCE(MAX(id), 0) FROM "{table}"')
    first = (row[0] if row else 0) + 1
    return list(range(first, first + count))
