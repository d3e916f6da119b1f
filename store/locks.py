"""Locks that the operating system or the database server frees when their holder dies. Nothing is left to clean up.

SQLite: an OS lock on ``<database>.lock``; PostgreSQL: an advisory lock on a connection of its own;
MySQL: GET_LOCK on a connection of its own (untested).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa

from mapping.errors import ConfigError

_LOCK_NUMBER: Final = 0x647562616E  # "duban", the advisory lock of a PostgreSQL database
_LOCK_NAME: Final = "duban_writer"
_TAKE: Final = {"postgresql": "SELECT pg_try_advisory_lock(%s)", "mysql": "SELECT GET_LOCK(%s, 0)"}
_DROP: Final = {"postgresql": "SELECT pg_advisory_unlock(%s)", "mysql": "SELECT RELEASE_LOCK(%s)"}
_END_SESSIONS: Final = (
    # The session that has the lock, and those that keep the lease's row for themselves: they write in its name.
    "SELECT count(pg_terminate_backend(pid)) FROM (SELECT DISTINCT pid FROM pg_locks WHERE granted "
    "AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND "
    "((locktype = 'advisory' AND (classid::bigint << 32) + objid::bigint = %s) "
    "OR (locktype = 'relation' AND relation = 'lease'::regclass AND mode = 'RowShareLock'))) AS its"
)


class Lock(Protocol):
    """A lock that the operating system or the database frees when its holder dies."""

    def take(self) -> bool:
        """Try once, without waiting; say whether we hold it now."""
        ...

    def sign(self, fence: int) -> None:
        """Note on the lock which holder it belongs to now."""
        ...

    def proves_end_of(self, fence: int) -> bool:
        """Say whether our having it proves that the holder of that number is no more."""
        ...

    def still(self) -> bool:
        """Say whether we hold it, and what we hold is what others would have to take."""
        ...

    def evict(self) -> bool:
        """Take it from a holder that shows no life; say whether we hold it now."""
        ...

    def drop(self) -> None: ...


class FileLock:
    """An exclusive lock on a file beside the database. The file stays; only the lock on it means something."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def take(self) -> bool:
        self.drop()
        if not self._lock(self._path):
            return False
        if not self.still():  # somebody replaced the file between our opening and our locking it
            self.drop()
            return False
        return True

    def sign(self, fence: int) -> None:
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(fence).encode(), 0)

    def proves_end_of(self, fence: int) -> bool:
        """Say whether this is the very file that holder had locked, not one made anew after somebody removed it."""
        return self._fd is not None and os.pread(self._fd, 32, 0) == str(fence).encode()

    def still(self) -> bool:
        if self._fd is None:
            return False
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(self._fd)
        return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)

    def evict(self) -> bool:
        """Put a locked file of our own in its place; the old holder keeps a lock on nothing."""
        self.drop()
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        new.unlink(missing_ok=True)
        if not self._lock(new):
            return False
        new.replace(self._path)
        return True

    def drop(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _lock(self, path: Path) -> bool:
        try:
            import fcntl
        except ImportError as exc:  # pragma: no cover - Windows
            raise ConfigError(
                "a SQLite store needs POSIX file locks; use PostgreSQL here",
                zh="SQLite 需要 POSIX 文件锁；此处请用 PostgreSQL",
            ) from exc
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fd = fd
        return True


class ServerLock:
    """A session lock of the database server, on a connection that does nothing else.

    A session can die without its process (a restarted server, a cut line), so having it proves nobody's death.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._conn: sa.Connection | None = None
        self._postgresql = engine.dialect.name == "postgresql"
        self._what = _LOCK_NUMBER if self._postgresql else _LOCK_NAME

    def take(self) -> bool:
        self._let_go()
        conn = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            got = conn.exec_driver_sql(_TAKE[self._dialect], (self._what,)).scalar()
        except BaseException:
            conn.close()
            raise
        if got:
            self._conn = conn
            return True
        conn.close()
        return False

    def sign(self, fence: int) -> None:  # noqa: ARG002
        return None

    def proves_end_of(self, fence: int) -> bool:  # noqa: ARG002
        return False

    def still(self) -> bool:
        if self._conn is None:
            return False
        try:
            self._conn.exec_driver_sql("SELECT 1")
        except sa.exc.SQLAlchemyError:
            self._let_go()
            return False
        return True

    def evict(self) -> bool:
        """End the sessions that a frozen holder left open: its lock and its transactions go with them."""
        conn = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with conn, contextlib.suppress(sa.exc.ProgrammingError):  # not our right: then only its own end frees the lock
            if self._postgresql:
                conn.exec_driver_sql(_END_SESSIONS, (self._what,))
            else:
                session = conn.exec_driver_sql("SELECT IS_USED_LOCK(%s)", (self._what,)).scalar()
                if session is not None:
                    conn.exec_driver_sql(f"KILL {int(session)}")
        return self.take()

    def drop(self) -> None:
        if self._conn is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):  # a dead connection has dropped its lock already
                self._conn.exec_driver_sql(_DROP[self._dialect], (self._what,))
            self._let_go()

    @property
    def _dialect(self) -> str:
        return "postgresql" if self._postgresql else "mysql"

    def _let_go(self) -> None:
        if self._conn is not None:
            conn, self._conn = self._conn, None
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                conn.invalidate()
            conn.close()


class MemoryLock:
    """The lock of a database that lives in this process only."""

    def take(self) -> bool:
        return True

    def sign(self, fence: int) -> None:  # noqa: ARG002
        return None

    def proves_end_of(self, fence: int) -> bool:  # noqa: ARG002
        return True

    def still(self) -> bool:
        return True

    def evict(self) -> bool:
        return True

    def drop(self) -> None:
        return None


def lock_for(engine: sa.Engine, path: Path | None) -> Lock:
    """Give the lock that suits the database: *path* for a SQLite file, None for SQLite in memory."""
    if engine.dialect.name != "sqlite":
        return ServerLock(engine)
    return FileLock(path) if path else MemoryLock()
