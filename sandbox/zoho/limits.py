"""Credits and calls in flight: off until a test turns them on.

Source: Zoho CRM v8 documentation, API limits [doc]; credits of a search and of a bulk job [assumed]
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.wire import Reply, Request
from sandbox.zoho.answers import CallRefusedError

DAY_MS: Final = 86_400_000
CONCURRENCY: Final[Mapping[str, int]] = {
    "free": 5, "standard": 10, "professional": 15, "enterprise": 20, "ultimate": 25,
}  # fmt: skip
"""Calls in flight by edition."""
CREDITS: Final[Mapping[str, int]] = {"free": 5_000}
MOST_CREDITS: Final = 50_000
HEAVY_CALLS: Final = 10
HEAVY_ROWS: Final = 10
KNOWN: Final = frozenset({"credits", "concurrency", "heavy"})


def real_limits(edition: str) -> dict[str, int]:
    """Give the limits an organisation of that edition has (credits without the share per user)."""
    credits = CREDITS.get(edition, MOST_CREDITS)
    return {"credits": credits, "concurrency": CONCURRENCY.get(edition, 10), "heavy": HEAVY_CALLS}


def is_heavy(request: Request, path: str) -> bool:
    """Say whether a call counts against the smaller cap: COQL, search, sorted lists, writes of over 10 rows."""
    if path.endswith(("/coql", "/search")) or request.param("sort_by") or request.param("cvid"):
        return True
    return request.method in ("POST", "PUT") and _rows(request) > HEAVY_ROWS


def price(request: Request, path: str) -> int:
    """Give what a call other than COQL costs in credits."""
    if path.startswith("/crm/bulk/") and request.method == "POST":
        return 50
    if request.method in ("POST", "PUT") and "/actions/" not in path:
        return max(1, -(-_rows(request) // 10))
    return 1


def _rows(request: Request) -> int:
    """Give about how many rows a body holds, without judging it."""
    try:
        rows = request.json().get("data")
    except (ValueError, AttributeError):
        return 0
    return len(rows) if isinstance(rows, list) else 0


@dataclass(slots=True)
class Limits:
    """The counters of one organisation. Thread-safe.

    Attributes:
        credits: budget of a rolling day, or None for no limit; concurrency, heavy: calls in flight.
        used: credits spent since the last reset.
        peak: most calls in flight so far.
    """

    clock: Clock
    credits: int | None = None
    concurrency: int | None = None
    heavy: int | None = None
    used: int = 0
    peak: int = 0
    refused: int = 0
    _spent: deque[tuple[int, int]] = field(default_factory=deque)
    _in_window: int = 0
    _flying: int = 0
    _heavy: int = 0
    _flights: dict[int, bool] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, limits: Mapping[str, Any] | None) -> None:
        """Take new limits; None or an empty mapping turns all off. Raises ValueError for an unknown one."""
        unknown = set(limits or {}) - KNOWN
        if unknown:
            raise ValueError(f"unknown limits {sorted(unknown)}; known: {sorted(KNOWN)}")
        chosen = limits or {}
        self.credits, self.concurrency, self.heavy = (
            None if chosen.get(name) is None else int(chosen[name]) for name in ("credits", "concurrency", "heavy")
        )

    def shown(self) -> dict[str, Any]:
        return {"credits": self.credits, "concurrency": self.concurrency, "heavy": self.heavy}

    def enter(self, request: Request, path: str) -> Reply | None:
        """Count a call in; give the refusal when too many are in flight."""
        heavy = self.heavy is not None and is_heavy(request, path)
        with self._lock:
            over = self.concurrency is not None and self._flying >= self.concurrency
            over = over or (heavy and self._heavy >= (self.heavy or 0))
            if over:
                self.refused += 1
                return too_many()
            self._flying += 1
            self._flights[id(request)] = heavy
            self._heavy += heavy
            self.peak = max(self.peak, self._flying)
            return None

    def leave(self, request: Request) -> None:
        with self._lock:
            self._flying -= 1
            self._heavy -= self._flights.pop(id(request), False)

    def spend(self, credits: int) -> None:
        """Charge a call. Raises CallRefusedError when the budget does not allow it."""
        with self._lock:
            now_ms = self.clock.now_ms()
            while self._spent and self._spent[0][0] <= now_ms - DAY_MS:
                self._in_window -= self._spent.popleft()[1]
            if self.credits is not None and self._in_window + credits > self.credits:
                self.refused += 1
                raise CallRefusedError(429, "TOO_MANY_REQUESTS", "the API credits are used up")
            self._spent.append((now_ms, credits))
            self._in_window += credits
            self.used += credits

    def headers(self) -> dict[str, str]:
        """Give the remaining credits, which are shown from half of the budget on."""
        if self.credits is None or self._in_window * 2 < self.credits:
            return {}
        return {"X-API-CREDITS-REMAINING": str(self.credits - self._in_window)}

    def reset(self) -> None:
        with self._lock:
            self.credits = self.concurrency = self.heavy = None
            self.used = self.peak = self.refused = self._in_window = 0
            self._spent.clear()


def too_many() -> Reply:
    """Give the refusal of one call too many."""
    return CallRefusedError(
        429, "TOO_MANY_REQUESTS", "You have been restricted for sometime. Please try again later."
    ).reply
