"""Streams and connections: how far each listing was read, which organisation it was, what the map looked like."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from mapping.records import EntityKind
from store.boxes import StoreTokenBox, StoreWindowBox
from store.statements import dumps, execute, fetch, fetch_one, loads, upsert
from store.tx import Tx

__all__ = [
    "ConnectionState", "StoreTokenBox", "StoreWindowBox", "Stream", "all", "connection", "connections", "drop", "get",
    "load_snapshot", "save", "save_connection", "save_snapshot",
]  # fmt: skip


@dataclass(slots=True)
class Stream:
    """One listing of one connection.

    Args:
        watermark: the place reached, opaque; None before the first page.
        backfilled_ms: when the first full listing was complete; None while it is not.
        generation: raised with every new full listing.
        listed: records of the current full listing so far.
        map_hash: the digest of the map it was read with; "" in a store from before it was kept.
    """

    connection: str
    entity: EntityKind
    object: str
    watermark: str | None = None
    backfilled_ms: int | None = None
    generation: int = 0
    listed: int = 0
    map_hash: str = ""
    updated_ms: int = 0


@dataclass(slots=True)
class ConnectionState:
    """What is known of a connection.

    Args:
        org_id, org_name, environment: the organisation it is pinned to.
        approved_ms: when its first contact was approved; None before.
        stopped: why it stopped until a person acts; None when it runs.
        retry_at_ms: not before then (quota spent, out of reach).
    """

    name: str
    kind: str
    org_id: str = ""
    org_name: str = ""
    environment: str = ""
    zone: str = ""
    user_id: str = ""
    approved_ms: int | None = None
    stopped: str | None = None
    map_hash: str = ""
    retry_at_ms: int = 0

    def stop(self, english: str, chinese: str) -> None:
        """Keep why it stopped, in both languages."""
        self.stopped = dumps({"en": english, "zh": chinese})

    def stopped_in(self, language: str) -> str | None:
        """Give why it stopped in a language; a store of an older program knows one text for both."""
        if self.stopped is None or not self.stopped.startswith('{"en"'):
            return self.stopped
        words = loads(self.stopped)
        return str(words.get(language) or words["en"])


_STREAM: Final = tuple(field.name for field in fields(Stream))
_CONNECTION: Final = tuple(field.name for field in fields(ConnectionState))


def _select(columns: tuple[str, ...], table: str) -> str:
    return "SELECT " + ", ".join(f'"{name}"' for name in columns) + f' FROM "{table}"'


def get(tx: Tx, connection: str, entity: EntityKind) -> Stream | None:
    """Give one stream, or None when it was never read."""
    row = fetch_one(tx, _select(_STREAM, "stream") + ' WHERE "connection" = ? AND "entity" = ?', connection, entity)
    return Stream(*row) if row else None


def save(tx: Tx, stream: Stream) -> None:
    """Write a stream; in the same transaction as the page it has passed."""
    upsert(tx, "stream", [{name: getattr(stream, name) for name in _STREAM}], ("connection", "entity"))


def all(tx: Tx) -> list[Stream]:
    """Give every stream, ordered by connection and entity."""
    rows = fetch(tx, _select(_STREAM, "stream") + ' ORDER BY "connection", "entity"')
    return [Stream(*row) for row in rows]


def drop(tx: Tx, connection: str, entity: EntityKind | None = None) -> None:
    """Forget how far a connection (or one entity there) was read."""
    if entity is None:
        execute(tx, 'DELETE FROM "stream" WHERE "connection" = ?', connection)
    else:
        execute(tx, 'DELETE FROM "stream" WHERE "connection" = ? AND "entity" = ?', connection, entity)


def connection(tx: Tx, name: str) -> ConnectionState | None:
    """Give what is known of a connection, or None before its first contact."""
    row = fetch_one(tx, _select(_CONNECTION, "connection") + ' WHERE "name" = ?', name)
    return ConnectionState(*row) if row else None


def connections(tx: Tx) -> list[ConnectionState]:
    """Give every connection the store has ever met, ordered by name."""
    return [ConnectionState(*row) for row in fetch(tx, _select(_CONNECTION, "connection") + ' ORDER BY "name"')]


def save_connection(tx: Tx, state: ConnectionState) -> None:
    """Write what is known of a connection."""
    upsert(tx, "connection", [{name: getattr(state, name) for name in _CONNECTION}], ("name",))


def save_snapshot(tx: Tx, connection: str, object: str, hash: str, doc: dict[str, Any], now_ms: int) -> None:
    """Keep the metadata of an object as it was when its map was approved."""
    row = {"connection": connection, "object": object, "hash": hash, "doc": dumps(doc), "at_ms": now_ms}
    upsert(tx, "schema_snapshot", [row], ("connection", "object"))


def load_snapshot(tx: Tx, connection: str, object: str) -> tuple[str, dict[str, Any]] | None:
    """Give (hash, metadata) as kept by ``save_snapshot``, or None."""
    sql = 'SELECT "hash", "doc" FROM "schema_snapshot" WHERE "connection" = ? AND "object" = ?'
    row = fetch_one(tx, sql, connection, object)
    return (row[0], loads(row[1])) if row else None
