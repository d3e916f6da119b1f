"""The sandbox's own clocks: one per CRM, so that each can run fast, slow or only when told."""

from __future__ import annotations

import time


class Clock:
    """What a pretended CRM knows of time.

    Args:
        skew_ms: added to every reading; settable while running.
    """

    def __init__(self, skew_ms: int = 0) -> None:
        self.skew_ms = skew_ms

    def now_ms(self) -> int:
        """Give this CRM's wall clock as milliseconds since 1970 UTC."""
        return self._true_ms() + self.skew_ms

    def sleep(self, seconds: float) -> None:
        """Wait that long in this clock's own time."""
        raise NotImplementedError

    def _true_ms(self) -> int:
        raise NotImplementedError


class RealClock(Clock):
    """The machine's clock; the one place where the sandbox reads it."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _true_ms(self) -> int:
        return time.time_ns() // 1_000_000


class VirtualClock(Clock):
    """A clock that stands still until somebody moves it."""

    def __init__(self, start_ms: int = 1_763_900_000_000, skew_ms: int = 0) -> None:
        super().__init__(skew_ms)
        self._ms = start_ms

    def advance(self, seconds: float) -> None:
        """Move the hands forward."""
        self._ms += round(seconds * 1000)

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def _true_ms(self) -> int:
        return self._ms
