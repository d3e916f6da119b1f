"""Pacing: how many calls at once, how many within a window, and not before the remote said."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from connectors.base import Ports

FORGET_BLOCK_MS: Final = 86_400_000
"""A stored block further ahead than a day can only come from a clock that stepped; it is dropped."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most *limit* calls within any *seconds*."""

    limit: int
    seconds: float


class Gate:
    """At most *size* callers inside at once; the size may change while callers wait."""

    def __init__(self, size: int) -> None:
        self._size = max(1, size)
        self._inside = 0
        self._free = threading.Condition()

    @property
    def size(self) -> int:
        return self._size

    def resize(self, size: int) -> None:
        """Allow *size* callers from now on; those inside finish."""
        with self._free:
            self._size = max(1, size)
            self._free.notify_all()

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Hold one of the places for the length of the block."""
        with self._free:
            self._free.wait_for(lambda: self._inside < self._size)
            self._inside += 1
        try:
            yield
        finally:
            with self._free:
                self._inside -= 1
                self._free.notify()


class RepeatBudget:
    """How many repeats are left: a few at once, one for ten first sends in the long run.

    A remote that is down is so met by fewer calls, not by more. A wait that the remote itself named costs nothing.
    """

    def __init__(self, burst: float = 10.0, per_send: float = 0.1) -> None:
        self._burst = burst
        self._per_send = per_send
        self._left = burst
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Note a first send."""
        with self._lock:
            self._left = min(self._burst, self._left + self._per_send)

    def spend(self) -> bool:
        """Take one repeat; False when none is left."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


class Pace:
    """Sliding windows and the wait a remote asked for, both kept over restarts through ``ports.windows``.

    Args:
        windows: by name; the entry ``"*"`` serves names that have none of their own (a limit per path).
    """

    def __init__(self, ports: Ports, windows: Mapping[str, Window]) -> None:
        self._ports = ports
        self._windows = windows
        self._calls: dict[str, list[int]] = {}
        self._blocked_ms: int | None = None
        self._lock = threading.Lock()

    def wait_window(self, name: str) -> None:
        """Take a place in the window *name*, sleeping until there is one."""
        window = self._windows.get(name) or self._windows.get("*")
        if window is None:
            return
        while (wait_s := self._reserve(name, window)) > 0:
            self._ports.clock.sleep(wait_s)

    def _reserve(self, name: str, window: Window) -> float:
        with self._lock:
            now = self._ports.clock.now_ms()
            span_ms = int(window.seconds * 1000)
            if name not in self._calls:
                self._calls[name] = list(self._ports.windows.load(name))
            # Times ahead of us come from a clock that stepped back: they count as just now and block for no hours.
            calls = [min(at, now) for at in self._calls[name]]
            calls = [at for at in calls if at > now - span_ms]
            if len(calls) >= window.limit:
                self._calls[name] = calls
                return (calls[-window.limit] + span_ms - now) / 1000 + 0.001
            calls.append(now)
            self._calls[name] = calls
            self._ports.windows.save(name, calls)
            return 0.0

    def blocked_s(self) -> float:
        """Give the seconds for which the remote still asked us to stay away; 0.0 when it did not."""
        with self._lock:
            if self._blocked_ms is None:
                self._blocked_ms = self._ports.windows.blocked_until()
            ahead_ms = self._blocked_ms - self._ports.clock.now_ms()
            return ahead_ms / 1000 if 0 < ahead_ms <= FORGET_BLOCK_MS else 0.0

    def block(self, seconds: float) -> None:
        """Stay away for *seconds*, also over a restart; a shorter wait never cuts a longer one."""
        until = self._ports.clock.now_ms() + int(seconds * 1000)
        with self._lock:
            if self._blocked_ms is None:
                self._blocked_ms = self._ports.windows.blocked_until()
            if not self._blocked_ms < until:
                return
            self._blocked_ms = until
            self._ports.windows.block_until(until)
