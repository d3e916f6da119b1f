"""The store's door: opens the database, hands out transactions, keeps the one writer's lease."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from mapping.errors import ConfigError, DubanError, NeedsOperator, Transient
from mapping.ports import Clock
from store import lease, locks, upgrade
from store.tx import Tx

BUSY_MS = 30_000
"""How long SQLite waits for another writer (a person's tool, a one-shot) before it gives up."""

_STATEMENTS_KEPT = 512
"""Prepared statements per connection: more than the store has, so that none is prepared twice."""

_LOG_PAGES = 16_000
"""Pages (of 4 KiB) that SQLite's log takes before they are moved into the file: more than one large push writes, which
would stand still meanwhile."""

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "sqlite": "sqlite+pysqlite",
}
_EXTRAS = {"postgresql": "postgres", "mysql": "mysql"}


class Database:
    """An open store. Thread-safe: every transaction runs on a connection of its own.

    A read inside a write of the same thread is fine; a write inside a write is a mistake and raises RuntimeError.
    """

    def __init__(self, engine: sa.Engine, *, path: Path | None, clock: Clock, lease_s: float | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._dialect = engine.dialect.name
        self._in_memory = self._dialect == "sqlite" and path is None
        self._one = threading.RLock()
        self._mine = threading.local()
        self._inside: Tx | None = None  # the open transaction of a database in memory
        lock = locks.lock_for(engine, path.with_name(path.name + ".lock") if path else None)
        term_s = lease_s or lease.TERM_S.get(self._dialect, lease.TERM_ELSE_S)
        self._lease = lease.Lease(lock, clock, self._transaction, term_s)

    @classmethod
    def open(cls, url: str, *, clock: Clock, migrate: bool = True, lease_s: float | None = None) -> Database:
        """Open the store and bring its tables up to date.

        Args:
            url: ``sqlite:///duban.db``, ``sqlite://`` (in memory), ``postgresql://...``, ``mysql://...``.
            migrate: False refuses a store that is behind instead of changing it.
            lease_s: how long a writer that shows no life keeps its right; None for what suits the database.
        Raises:
            ConfigError: the address cannot work, or the store is newer than this program.
        """
        parsed = _parse(url)
        path = _sqlite_path(parsed)
        if path is not None:
            _make_private(path)
        engine = _engine(parsed, path)
        try:
            with _plain_errors(), engine.connect() as conn:
                upgrade.bring_up(conn, migrate=migrate)
        except DubanError:
            engine.dispose()
            raise
        return cls(engine, path=path, clock=clock, lease_s=lease_s)

    @property
    def url(self) -> str:
        """The address, with its password hidden."""
        return self._engine.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Give one consistent snapshot; writing in it fails."""
        with self._transaction("read") as tx:
            yield tx

    @contextmanager
    def write(self, durable: bool = False) -> Iterator[Tx]:
        """Give a writing transaction; it commits at the end and rolls back on any error.

        Args:
            durable: the commit has reached the disk before this returns (intents). Otherwise a power cut may take
                back the last commits, whole and in order; a crash of the process never does.
        Raises:
            LeaseLost: we held the lease and somebody else became the writer.
        """
        with self._transaction("durable" if durable else "write") as tx:
            self._check(tx)
            yield tx
            life = self._lease.beat_inside(tx)
        self._lease.shown(life)

    @contextmanager
    def edit(self, durable: bool = True) -> Iterator[Tx]:
        """Give a writing transaction that needs no lease: a person's edit, a token, allowed beside a daemon.

        Raises:
            LeaseLost: we held the lease and somebody else became the writer: nothing at all is written any more.
        """
        with self._transaction("durable" if durable else "write") as tx:
            self._check(tx)
            yield tx

    def hold(self, owner: str, wait_s: float) -> None:
        """Become the one writer.

        Raises:
            LeaseHeld: another process still is after *wait_s* seconds; names it and since when.
        """
        if self._lease.fence is not None:
            return
        with _plain_errors():
            if self._lease.try_take(owner):
                return
            for pause in lease.pauses(wait_s):
                self._clock.sleep(pause)
                if self._lease.try_take(owner):
                    return
        with self.read() as tx:
            raise lease.held_error(lease.read_holder(tx))

    def release(self) -> None:
        """Stop being the writer; harmless when we are not."""
        with _plain_errors():
            self._lease.release()

    @property
    def beat_every_s(self) -> float:
        """How often a holder should call ``beat``."""
        return self._lease.term_s * lease.AGAIN

    def beat(self) -> None:
        """Show that we live; a holder that does not for too long may be replaced.

        Raises:
            LeaseLost: somebody else became the writer.
        """
        with _plain_errors():
            self._lease.beat()

    def check_fence(self) -> None:
        """Make sure, right before a send, that we still are the writer; does nothing when we never were.

        Asks the store only when our last sign of life is so old that somebody might have taken our place.

        Raises:
            LeaseLost: somebody else became the writer.
        """
        if self._lease.fence is not None and not self._lease.is_sure():
            self.beat()

    def _check(self, tx: Tx) -> None:
        if self._lease.fence is not None:
            lease.check(tx, self._lease.fence, lock_row=True)

    def close(self) -> None:
        """Release the lease and close every connection."""
        self.release()
        self._engine.dispose()

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[Tx]:
        with self._turn(mode), _plain_errors():
            if self._inside is not None:
                with self._inside.conn.begin_nested():
                    yield self._inside
                return
            with self._engine.connect().execution_options(duban_mode=mode) as conn:
                if not self._in_memory:
                    _prepare(conn, self._dialect, mode)
                with conn.begin():
                    tx = Tx(conn, self._dialect, _raw(conn, self._dialect))
                    self._inside = tx if self._in_memory else None
                    try:
                        yield tx
                    finally:
                        self._inside = None

    @contextmanager
    def _turn(self, mode: str) -> Iterator[None]:
        """Wait for our turn where only one may go.

        In memory there is one connection for all (a read inside a write is then a savepoint of it). In a file the
        writers of this process queue up here, since SQLite itself lets them wait in steps of up to 100 ms.
        """
        if mode == "read":
            with self._one if self._in_memory else nullcontext():
                yield
            return
        if getattr(self._mine, "writing", False):
            raise RuntimeError("a write inside a write of the same thread would wait for itself")
        with self._one if self._dialect == "sqlite" else nullcontext():
            self._mine.writing = True
            try:
                yield
            finally:
                self._mine.writing = False


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as exc:
        raise ConfigError(
            "store.url is not a database address",
            zh="store.url 不是数据库地址",
            next_step='use "sqlite:///duban.db" or "postgresql://..."',
            next_step_zh='请使用 "sqlite:///duban.db" 或 "postgresql://..."',
        ) from exc
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None and parsed.drivername not in _DRIVERS.values():
        raise ConfigError(
            f"store.url names {parsed.drivername!r}; accepted are sqlite, postgresql and mysql",
            zh=f"store.url 的类型 {parsed.drivername!r} 不支持；可用 sqlite、postgresql、mysql",
        )
    return parsed.set(drivername=driver) if driver else parsed


def _sqlite_path(url: sa.URL) -> Path | None:
    """Give the file of a SQLite address; None for other databases and for SQLite in memory."""
    if not url.drivername.startswith("sqlite") or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database)).absolute()


def _make_private(path: Path) -> None:
    """Create the file readable by its owner only; SQLite gives its side files the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as exc:
        raise ConfigError(
            f"store.url: the database file {path} cannot be opened: {exc.strerror}",
            zh=f"store.url：无法打开数据库文件 {path}：{exc.strerror}",
        ) from exc


def _engine(url: sa.URL, path: Path | None) -> sa.Engine:
    options: dict[str, Any] = {}
    if url.drivername.startswith("sqlite"):
        options["connect_args"] = {
            "isolation_level": None, "check_same_thread": False, "timeout": BUSY_MS / 1000,
            "cached_statements": _STATEMENTS_KEPT,
        }  # fmt: skip
        if path is None:
            options["poolclass"] = StaticPool
        else:
            url = url.set(database=str(path))
            # The connection used last comes first: its page cache is warm, and the others' stay small.
            options.update(pool_size=8, max_overflow=24, pool_use_lifo=True)
    else:
        options.update(pool_size=8, max_overflow=24, pool_pre_ping=True)
    try:
        engine = sa.create_engine(url, **options)
    except ImportError as exc:
        extra = _EXTRAS[url.get_backend_name()]
        raise ConfigError(
            f"the driver for {url.get_backend_name()} is not installed",
            zh=f"未安装 {url.get_backend_name()} 的驱动",
            next_step=f'pip install "duban[{extra}]"',
            next_step_zh=f'pip install "duban[{extra}]"',
        ) from exc
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -20480")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")


def _prepare(conn: sa.Connection, dialect: str, mode: str) -> None:
    """Set what SQLite wants to know before a transaction begins; a connection that is set so already is left alone."""
    if dialect != "sqlite":
        return
    raw: Any = conn.connection.dbapi_connection
    wanted = {"synchronous": "FULL" if mode == "durable" else "NORMAL", "query_only": "ON" if mode == "read" else "OFF"}
    for name, value in wanted.items():
        if conn.info.get(name) != value:
            conn.info.pop(name, None)
            raw.execute(f"PRAGMA {name} = {value}")
            conn.info[name] = value


def _raw(conn: sa.Connection, dialect: str) -> sqlite3.Connection | None:
    """Give the driver's own connection where the store's statements take the short way."""
    raw = conn.connection.dbapi_connection if dialect == "sqlite" else None
    return raw if isinstance(raw, sqlite3.Connection) else None


def _on_begin(conn: sa.Connection) -> None:
    """Begin as the transaction's kind needs it.

    SQLite: a deferred BEGIN that reads and then writes fails with "locked" beside another writer, so writers take
    the lock at once. PostgreSQL: one snapshot for a whole read, and only durable commits wait for the disk.
    """
    mode = conn.get_execution_options().get("duban_mode", "durable")
    if conn.dialect.name == "sqlite":
        raw: Any = conn.connection.dbapi_connection
        raw.execute("BEGIN" if mode == "read" else "BEGIN IMMEDIATE")
    elif conn.dialect.name == "postgresql":
        if mode == "read":
            conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        elif mode == "write":
            conn.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn the database's own troubles into errors of the house."""
    try:
        yield
    except (sa.exc.OperationalError, sqlite3.OperationalError) as exc:
        raise _translated(str(getattr(exc, "orig", exc))) from exc
    except sqlite3.IntegrityError as exc:  # the one error that callers of all databases know by one name
        raise sa.exc.IntegrityError(None, None, exc) from exc
    except (sa.exc.DatabaseError, sqlite3.DatabaseError) as exc:
        if "not a database" in str(getattr(exc, "orig", exc)):
            raise ConfigError("the store file is not a database", zh="该文件不是数据库") from exc
        raise


def _translated(said: str) -> DubanError:
    lowered = said.lower()
    if "full" in lowered or "no space" in lowered:
        return NeedsOperator(
            "the disk of the store is full",
            zh="数据库所在磁盘已满",
            next_step="free some space",
            next_step_zh="请清理磁盘",
        )
    if "readonly" in lowered or "read-only" in lowered or "unable to open" in lowered:
        return ConfigError(f"the store cannot be written: {said}", zh=f"数据库无法写入：{said}")
    return Transient(f"the store is busy or out of reach: {said.splitlines()[0]}", zh="数据库繁忙或无法连接")
