"""Fresh uids: UUIDs of version 7, which sort by the time they were made (RFC 9562, section 5.7)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from mapping.ports import Clock

_COUNTS: Final = 1 << 12
"""Uids that one millisecond can number."""


def new_uid(now_ms: int, random_bytes: Callable[[int], bytes]) -> str:
    """Give a fresh uid; two of one millisecond sort by chance."""
    raw = random_bytes(10)
    return _text(now_ms, int.from_bytes(raw[:2]), int.from_bytes(raw[2:]))


class OrderedUids:
    """Gives uids that sort in the order they were given, however many in a millisecond (RFC 9562, section 6.2, method
    1), also when the clock steps back.

    What a round makes together then stands together in every index, and its batches touch few pages of the store
    instead of one page per row.
    """

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        """Give the next uid. Safe to call from several threads."""
        with self._lock:
            self._last = max(self._clock.now_ms() * _COUNTS, self._last + 1)
            ms, count = divmod(self._last, _COUNTS)
        return _text(ms, count, int.from_bytes(self._random_bytes(8)))


def _text(ms: int, high: int, low: int) -> str:
    """Write a uid: 48 bits of time, the version, 12 bits of *high*, the variant, 62 bits of *low*."""
    text = f"{ms & 0xFFFFFFFFFFFF:012x}{0x7000 | high & 0xFFF:04x}{1 << 63 | low & (1 << 62) - 1:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
