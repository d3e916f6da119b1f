"""The few things the outside world gives us, passed in: time, sleep, randomness."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Nothing else in the house reads a clock or sleeps."""

    def now_ms(self) -> int:
        """Give the wall clock as milliseconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds of a clock that never steps back; for deadlines and pacing."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that long (a virtual clock only moves its hands)."""
        ...
