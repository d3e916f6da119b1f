"""What a connector keeps over restarts: its access token (sealed), its token requests, its call windows.

Each call is a short transaction of its own, beside whatever the engine does; none of them needs the lease, so that a
``check --online`` beside a daemon shares the daemon's token instead of minting another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from store import secrets
from store.database import Database
from store.statements import dumps, execute, fetch_one, loads, upsert
from store.tx import Tx

TokenT = TypeVar("TokenT")
_MINTS: Final = "token-mints"
_REST: Final = "rest"
MINTS_KEPT: Final = 50


class StoreTokenBox(Generic[TokenT]):
    """Keeps the access token of one connection.

    Args:
        name: of the connection.
        cipher: seals the token.
        make: builds the caller's token from value, expiry (ms) and extra.
    """

    def __init__(
        self,
        db: Database,
        name: str,
        cipher: secrets.Cipher,
        make: Callable[[str, int, Mapping[str, str]], TokenT],
    ) -> None:
        self._db = db
        self._name = name
        self._cipher = cipher
        self._make = make

    def load(self) -> TokenT | None:
        """Give the kept token, or None."""
        with self._db.read() as tx:
            secret = secrets.get(tx, self._cipher, self._row)
        if secret is None:
            return None
        kept = loads(secret.value)
        return self._make(kept["value"], kept["expires_ms"], kept["extra"])

    def save(self, token: Any) -> None:
        """Keep *token* (anything with ``value``, ``expires_ms`` and ``extra``); None forgets it."""
        with self._db.edit() as tx:
            if token is None:
                secrets.drop(tx, self._row)
                return
            kept = {"value": token.value, "expires_ms": token.expires_ms, "extra": dict(token.extra)}
            secrets.put(tx, self._cipher, self._row, dumps(kept), token.expires_ms)

    def mints(self) -> list[int]:
        """Give the times (ms) of recent token requests, oldest first."""
        with self._db.read() as tx:
            return _calls(tx, self._name, _MINTS)

    def note_mint(self, at_ms: int) -> None:
        """Remember a token request before it is sent."""
        with self._db.edit() as tx:
            _save_calls(tx, self._name, _MINTS, [*_calls(tx, self._name, _MINTS), at_ms][-MINTS_KEPT:])

    @property
    def _row(self) -> str:
        return f"token:{self._name}"


class StoreWindowBox:
    """Keeps the recent calls of the limited paths of one connection."""

    def __init__(self, db: Database, name: str) -> None:
        self._db = db
        self._name = name

    def load(self, name: str) -> list[int]:
        """Give the call times (ms) of one window, oldest first."""
        with self._db.read() as tx:
            return _calls(tx, self._name, f"window:{name}")

    def save(self, name: str, calls_ms: Sequence[int]) -> None:
        """Keep the call times of one window. Not forced to the disk: a power cut is longer than a window."""
        with self._db.edit(durable=False) as tx:
            _save_calls(tx, self._name, f"window:{name}", list(calls_ms))

    def blocked_until(self) -> int:
        """Give the time (ms) before which the remote asked us to stay away; 0 when it did not."""
        with self._db.read() as tx:
            sql = 'SELECT "until_ms" FROM "budget" WHERE "connection" = ? AND "name" = ?'
            row = fetch_one(tx, sql, self._name, _REST)
        return int(row[0]) if row else 0

    def block_until(self, at_ms: int) -> None:
        """Stay away until then."""
        with self._db.edit() as tx:
            row = {"connection": self._name, "name": _REST, "calls": "[]", "until_ms": at_ms}
            upsert(tx, "budget", [row], ("connection", "name"))


def forget(tx: Tx, connection: str) -> None:
    """Forget windows, rests and token of a connection."""
    execute(tx, 'DELETE FROM "budget" WHERE "connection" = ?', connection)
    secrets.drop(tx, f"token:{connection}")


def _calls(tx: Tx, connection: str, name: str) -> list[int]:
    row = fetch_one(tx, 'SELECT "calls" FROM "budget" WHERE "connection" = ? AND "name" = ?', connection, name)
    return list(loads(row[0])) if row else []


def _save_calls(tx: Tx, connection: str, name: str, calls_ms: Sequence[int]) -> None:
    row = {"connection": connection, "name": name, "calls": dumps(list(calls_ms)), "until_ms": 0}
    upsert(tx, "budget", [row], ("connection", "name"))
