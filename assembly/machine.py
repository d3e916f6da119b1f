"""This machine: its clock, and how its garbage collector is to behave."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

_COLLECT_AFTER = (50_000, 20, 50)
"""Thresholds of the garbage collector during a round."""


@contextmanager
def patient_collector() -> Iterator[None]:
    """Let the garbage collector look in less often for a while.

    A round makes and drops records by the thousand and none of them in circles: with Python's own thresholds looking
    for circles takes a fifth of a first pull and finds nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


_STEADY: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """The machine's own time; the only place that reads it."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        # Where there is one, the clock that also counts while the machine sleeps: a lease runs out in its sleep.
        return time.clock_gettime(_STEADY) if _STEADY is not None else time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
