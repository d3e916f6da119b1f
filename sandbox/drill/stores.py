"""A store for one run after another: the real one on a single connection, which tells of commits and can die."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any

from mapping.ports import Clock
from store.database import Database
from store.tx import Tx


class Crash(BaseException):
    """The process dies here. No code of the engine may catch it."""


class CrashingStore(Database):
    """A store of one thread that tells of every commit, and answers nobody once the process is dead.

    In memory a whole run is one transaction of the database and each of the engine's a part of it that can be taken
    back: the next run starts from the empty store by taking back all of this one. Statements stay prepared that way,
    which copying an empty store over the used one would undo.
    """

    tell: Callable[[str], None] = staticmethod(lambda _where: None)
    dead = False
    writing = False
    _only: Tx | None = None

    def rewind(self, clock: Clock) -> None:
        """Make the store in memory as empty as when it was opened, and alive."""
        raw = self._raw()
        self.dead, self.tell, self._clock, self._inside = False, lambda _where: None, clock, None
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raw.execute("BEGIN")

    def read(self) -> AbstractContextManager[Tx]:  # type: ignore[override]
        return _Reading(self)

    def write(self, durable: bool = False) -> AbstractContextManager[Tx]:  # type: ignore[override]  # noqa: ARG002
        return _Writing(self)

    def tx(self) -> Tx:
        """Give the one connection as an open transaction."""
        if self._only is None:
            conn = self._engine.connect()
            self._only = Tx(conn, self._dialect, conn.connection.dbapi_connection)  # type: ignore[arg-type]
        return self._only

    def _raw(self) -> Any:
        return self.tx().raw

    def _check_life(self) -> None:
        if self.dead:
            raise Crash("the process is dead")

    def _begin(self) -> None:
        self._raw().execute("SAVEPOINT part" if self._in_memory else "BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self._raw().execute("RELEASE part" if self._in_memory else "COMMIT")

    def _take_back(self) -> None:
        raw = self._raw()
        raw.execute("ROLLBACK TO part" if self._in_memory else "ROLLBACK")
        if self._in_memory:
            raw.execute("RELEASE part")

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[Tx]:
        """Give a transaction of the one connection; there is one thread, so nobody waits and no pool is asked."""
        with _Reading(self, alive=False) if mode == "read" else _Writing(self, told=False) as tx:
            yield tx


class _Reading:
    """A look at the store, inside whatever is open."""

    __slots__ = ("_alive", "_began", "_store")

    def __init__(self, store: CrashingStore, *, alive: bool = True) -> None:
        self._store, self._alive, self._began = store, alive, False

    def __enter__(self) -> Tx:
        store = self._store
        if self._alive:
            store._check_life()
        if store._inside is None:
            store._inside = store.tx()
            self._began = True
            if not store._in_memory:
                store._raw().execute("BEGIN")
        return store._inside

    def __exit__(self, *_error: object) -> None:
        store = self._store
        if self._began:
            store._inside = None
            if not store._in_memory:
                store._raw().execute("COMMIT")


class _Writing:
    """A change of the store: all of it or nothing; points are passed on both sides of its commit."""

    __slots__ = ("_began", "_store", "_told")

    def __init__(self, store: CrashingStore, *, told: bool = True) -> None:
        self._store, self._told, self._began = store, told, False

    def __enter__(self) -> Tx:
        store = self._store
        if self._told:
            store._check_life()
        if store._inside is not None:
            if store.writing:
                raise RuntimeError("a write inside a write of the same thread would wait for itself")
            return store._inside
        store._begin()
        self._began, store._inside, store.writing = True, store.tx(), True
        return store._inside

    def __exit__(self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        store = self._store
        try:
            if kind is None and self._told:
                store.tell("before commit")
        except BaseException:
            self._end(good=False)
            raise
        self._end(good=kind is None)
        if kind is None and self._told:
            store.tell("after commit")

    def _end(self, *, good: bool) -> None:
        store = self._store
        if self._began:
            store._inside, store.writing = None, False
            if good:
                store._commit()
            else:
                store._take_back()


_blank: list[CrashingStore] = []


def blank_store(clock: Clock) -> CrashingStore:
    """Give the one store of this process, empty again: making tables anew would cost more than a run."""
    if not _blank:
        store = CrashingStore.open("sqlite://", clock=clock)
        assert isinstance(store, CrashingStore)
        _blank.append(store)
    _blank[0].rewind(clock)
    return _blank[0]
