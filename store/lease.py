"""One writer per store: a lock that dies with its holder, a fence number, and a sign of life with a deadline.

The lock settles the common cases at once. A holder that is frozen keeps its lock and its right to write until its
deadline; then another may take both, and the fence tells the two apart in every transaction. Nobody compares clocks:
the holder counts from before its last sign of life, the one who waits from when it last saw a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from mapping.errors import DubanError, LeaseHeld, LeaseLost
from mapping.ports import Clock
from store.locks import Lock
from store.statements import execute, fetch, fetch_one, upsert
from store.tx import Tx

NAME: Final = "writer"
_BEAT: Final = "beat"
_RELEASED: Final = 0

TERM_S: Final = {"sqlite": 60.0}
"""How long a silent holder keeps its right. A file lock that is free proves its holder's death, so only a frozen one
is waited for; a server's lock proves nothing, so a killed one is waited for too."""
TERM_ELSE_S: Final = 9.0
AGAIN: Final = 1 / 3
"""Share of the term after which life is shown again, and left unused at its end."""

Open = Callable[[str], AbstractContextManager[Tx]]
"""Opens a transaction: ``read``, ``write`` or ``durable``."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who wrote the fence last, since when, and its newest sign of life (0: it let go by itself)."""

    fence: int
    owner: str
    since_ms: int
    beat: int = _RELEASED


def read_holder(tx: Tx) -> Holder | None:
    """Give the last holder on record; it may be gone already (only the lock knows)."""
    sql = 'SELECT "name", "fence", "owner", "since_ms" FROM "lease" WHERE "name" IN (?, ?)'
    rows = {row[0]: row for row in fetch(tx, sql, NAME, _BEAT)}
    if NAME not in rows:
        return None
    _, fence, owner, since_ms = rows[NAME]
    beat = rows[_BEAT][3] if _BEAT in rows and rows[_BEAT][1] == fence else _RELEASED
    return Holder(fence, owner, since_ms, beat)


def raise_fence(tx: Tx, owner: str, now_ms: int) -> int:
    """Write ourselves down as the holder and give our fence number, higher than any before."""
    last = read_holder(tx)
    fence = (last.fence if last else 0) + 1
    row: dict[str, Any] = {"name": NAME, "fence": fence, "owner": owner, "since_ms": now_ms}
    upsert(tx, "lease", [row, {**row, "name": _BEAT}], ("name",))
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
        raise lost_error()


def show_life(tx: Tx, fence: int, now_ms: int) -> None:
    """Give a new sign of life.

    Raises:
        LeaseLost: somebody else became the writer.
    """
    sql = (
        'UPDATE "lease" SET "since_ms" = CASE WHEN "since_ms" < ? THEN ? ELSE "since_ms" + 1 END '
        'WHERE "name" = ? AND "fence" = ?'
    )
    if execute(tx, sql, now_ms, now_ms, _BEAT, fence) != 1:
        raise lost_error()


def lost_error() -> LeaseLost:
    """Give the error of a holder that has been replaced."""
    return LeaseLost(
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


def pauses(wait_s: float, step_s: float = 0.1) -> Iterator[float]:
    """Yield the pauses between tries that together last *wait_s*."""
    left = wait_s
    while left > 0:
        pause = min(step_s, left)
        left -= pause
        yield pause


class Watch:
    """Notices that a holder shows no life any more, by our own clock alone."""

    def __init__(self, term_s: float) -> None:
        self._term_s = term_s
        self._seen: tuple[int, int] | None = None
        self._since = 0.0

    def silent(self, holder: Holder, monotonic: float) -> bool:
        """Say whether nothing new has been seen of *holder* for a whole term."""
        shown = (holder.fence, holder.beat)
        if shown != self._seen:
            self._seen, self._since = shown, monotonic
        return monotonic - self._since >= self._term_s


class Lease:
    """Our turn as the one writer: how we get it, what still holds of it, how it ends. Thread-safe once held."""

    def __init__(self, lock: Lock, clock: Clock, open_: Open, term_s: float) -> None:
        self.fence: int | None = None
        self.term_s = term_s
        self._lock = lock
        self._clock = clock
        self._open = open_
        self._watch = Watch(term_s)
        self._shown = (0.0, 0)
        """When life was last shown, on the clock that never steps back and on the wall: a machine that was stopped
        as a whole may come back with only the wall clock put right."""

    def try_take(self, owner: str) -> bool:
        """Become the writer if nobody is: the last one let go, is dead, or was silent for a whole term."""
        got = self._lock.take()
        with self._open("read") as tx:
            last = read_holder(tx)
        silent = last is None or last.beat == _RELEASED or self._watch.silent(last, self._clock.monotonic())
        if got and (silent or last is None or self._lock.proves_end_of(last.fence)):
            return self._enter(owner)
        if got:
            self._lock.drop()
            return False
        return silent and last is not None and last.beat != _RELEASED and self._enter(owner, instead_of=last)

    def _enter(self, owner: str, instead_of: Holder | None = None) -> bool:
        began = self._now()
        fence = None
        try:
            with self._open("durable") as tx:
                evicted = instead_of is None or (read_holder(tx) == instead_of and self._lock.evict())
                if evicted and self._lock.still():
                    fence = raise_fence(tx, owner, self._clock.now_ms())
        except BaseException:
            self._lock.drop()
            raise
        if fence is None:
            self._lock.drop()
            return False
        self._lock.sign(fence)
        self._shown = began
        self.fence = fence
        return True

    def is_due(self) -> bool:
        """Say whether life should be shown again."""
        return self._age_s() >= self.term_s * AGAIN

    def is_sure(self) -> bool:
        """Say, without asking the store, that nobody can have become the writer yet."""
        return self._age_s() < self.term_s * (1 - AGAIN)

    def beat(self) -> None:
        """Show life in a transaction of its own.

        Raises:
            LeaseLost: somebody else became the writer.
        """
        if self.fence is None:
            return
        began = self._now()
        with self._open("write") as tx:
            show_life(tx, self.fence, self._clock.now_ms())
        self._shown = max(self._shown, began)
        if not self._lock.still():  # the server ended its session, or somebody removed the file
            with suppress(DubanError):
                if self._lock.take():
                    self._lock.sign(self.fence)

    def beat_inside(self, tx: Tx) -> tuple[float, int] | None:
        """Show life in a transaction that ends now; give what to pass to ``shown`` once it is committed."""
        if self.fence is None or not self.is_due():
            return None
        began = self._now()
        show_life(tx, self.fence, self._clock.now_ms())
        return began

    def shown(self, began: tuple[float, int] | None) -> None:
        """Count a sign of life that is committed now."""
        if began is not None:
            self._shown = max(self._shown, began)

    def release(self) -> None:
        """Let go, and leave word that nobody has to wait for us."""
        fence, self.fence = self.fence, None
        if fence is not None:
            with suppress(DubanError), self._open("write") as tx:
                execute(
                    tx, 'UPDATE "lease" SET "since_ms" = ? WHERE "name" = ? AND "fence" = ?', _RELEASED, _BEAT, fence
                )
        self._lock.drop()

    def _now(self) -> tuple[float, int]:
        return self._clock.monotonic(), self._clock.now_ms()

    def _age_s(self) -> float:
        monotonic, wall_ms = self._now()
        return max(monotonic - self._shown[0], (wall_ms - self._shown[1]) / 1000)
