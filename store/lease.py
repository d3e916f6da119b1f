"""One writer per store: a lock that dies with its holder, and a fence number that tells an old holder from the new.

SQLite: an OS lock on ``<database>.lock``; PostgreSQL: an advisory lock on a connection of its own;
MySQL: GET_LOCK on a connection of its own (untested). Nothing has to be cleaned up after a kill.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from mapping.errors import ConfigError, LeaseHeld, LeaseLost
from store.statements import fetch_one, upsert
from store.tx import Tx

NAME = "writer"
_LOCK_NUMBER = 0x647562616E  # "duban", the advisory lock of a PostgreSQL database
_LOCK_NAME = "duban_writer"


class Lock(Protocol):
    """A lock that the operating system or the database frees when its holder dies."""

    def take(self) -> bool:
        """Try once, without waiting; say whether we hold it now."""
        ...

    def drop(self) -> None: ...


class FileLock:
    """An exclusive lock on a file beside the database. The file stays; only the lock on it means something."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def take(self) -> bool:
        try:
            import fcntl
        except ImportError as exc:  # pragma: no cover - Windows
            raise ConfigError("a SQLite store needs POSIX file locks; use PostgreSQL here") from exc
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def drop(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class ServerLock:
    """A session lock of the database server, on a connection that does nothing else."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._conn: sa.Connection | None = None

    def take(self) -> bool:
        conn = self._conn or self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if self._engine.dialect.name == "postgresql":
            got = conn.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (_LOCK_NUMBER,)).scalar()
        else:
            got = conn.exec_driver_sql("SELECT GET_LOCK(%s, 0)", (_LOCK_NAME,)).scalar()
        if got:
            self._conn = conn
            return True
        self._conn = None
        conn.close()
        return False

    def drop(self) -> None:
        if self._conn is not None:
            conn, self._conn = self._conn, None
            with contextlib.suppress(sa.exc.SQLAlchemyError):  # a dead connection has dropped its lock already
                if self._engine.dialect.name == "postgresql":
                    conn.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (_LOCK_NUMBER,))
                else:
                    conn.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (_LOCK_NAME,))
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                conn.invalidate()
            conn.close()


class MemoryLock:
    """The lock of a database that lives in this process only."""

    def take(self) -> bool:
        return True

    def drop(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who wrote the fence last, and since when."""

    fence: int
    owner: str
    since_ms: int


def read_holder(tx: Tx) -> Holder | None:
    """Give the last holder on record; it may be gone already (only the lock knows)."""
    row = fetch_one(tx, 'SELECT "fence", "owner", "since_ms" FROM "lease" WHERE "name" = ?', NAME)
    return Holder(*row) if row else None


def raise_fence(tx: Tx, owner: str, now_ms: int) -> int:
    """Write ourselves down as the holder and give our fence number, higher than any before."""
    last = read_holder(tx)
    fence = (last.fence if last else 0) + 1
    row: dict[str, Any] = {"name": NAME, "fence": fence, "owner": owner, "since_ms": now_ms}
    upsert(tx, "lease", [row], ("name",))
    return fence


def check(tx: Tx, fence: int, *, lock_row: bool) -> None:
    """Make sure that *fence* is still the newest.

    Args:
        lock_row: keep a new holder from raising the fence before this transaction has ended (SQLite's writers
            exclude each other anyway).
    Raises:
        LeaseLost: somebody else became the writer.
    """
    share = " FOR SHARE" if lock_row and tx.dialect == "postgresql" else ""
    row = fetch_one(tx, 'SELECT "fence" FROM "lease" WHERE "name" = ?' + share, NAME)
    if row is None or row[0] != fence:
        raise LeaseLost(
            "this process is no longer the writer of the store",
            zh="本进程已不再是该数据库的写入者",
            next_step="stop it; the newer process goes on",
            next_step_zh="请停止本进程，由新的进程继续",
        )


def held_error(holder: Holder | None) -> LeaseHeld:
    """Give the error that names who holds the store and since when."""
    who = holder.owner if holder else "another process"
    since = datetime.fromtimestamp(holder.since_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if holder else "?"
    return LeaseHeld(
        f"the store is held by {who} since {since}",
        zh=f"数据库正由 {who} 使用（自 {since} 起）",
        next_step="wait for it, or stop it first",
        next_step_zh="请等待其结束，或先停止它",
    )


def lock_for(engine: sa.Engine, path: Path | None) -> Lock:
    """Give the lock that suits the database: *path* for a SQLite file, None for SQLite in memory."""
    if engine.dialect.name != "sqlite":
        return ServerLock(engine)
    return FileLock(path) if path else MemoryLock()


def pauses(wait_s: float, step_s: float = 0.1) -> Iterator[float]:
    """Yield the pauses between tries that together last *wait_s*."""
    left = wait_s
    while left > 0:
        pause = min(step_s, left)
        left -= pause
        yield pause
