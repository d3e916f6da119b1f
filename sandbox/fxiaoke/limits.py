"""The call limits: a sliding window per path, the day's quota, and forced error codes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.settings import Settings

DAY_MS: Final = 86_400_000
TENANT_OFFSET_MS: Final = 8 * 3_600_000
"""The tenant's zone is GMT+8, where quotas start anew at midnight."""


class Limits:
    """Counts the calls of one tenant, and in ``refused`` those that were too many. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._paths: dict[str, deque[int]] = {}
        self._day = 0
        self._today = 0
        self.refused = 0

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._paths.clear()
            self._today = 0
            self.refused = 0

    def count(self, path: str, settings: Settings) -> None:
        """Count one call.

        Raises:
            Refusal: it is one too many.
        """
        with self._lock:
            try:
                self._count(path, self._clock.now_ms(), settings)
            except Refusal:
                self.refused += 1
                raise

    def _count(self, path: str, now_ms: int, settings: Settings) -> None:
        if settings.no_quota:
            raise Refusal("no_quota", "no quota", "客户没有购买openapi配额")
        self._count_day(now_ms, settings)
        if settings.window_calls:
            self._count_window(path, now_ms, settings)

    def _count_day(self, now_ms: int, settings: Settings) -> None:
        day = (now_ms + TENANT_OFFSET_MS) // DAY_MS
        if day != self._day:
            self._day, self._today = day, 0
        if settings.daily_calls is not None and self._today >= settings.daily_calls:
            raise Refusal("daily", "daily limit", "当天访问频次超限")
        self._today += 1

    def _count_window(self, path: str, now_ms: int, settings: Settings) -> None:
        calls = self._paths.setdefault(path, deque())
        while calls and now_ms - calls[0] >= settings.window_s * 1000:
            calls.popleft()
        if len(calls) >= settings.window_calls:
            raise Refusal("window", "frequency limit", "秒频次超限")
        calls.append(now_ms)


class ErrorRules:
    """The error codes a test asked for. Thread-safe."""

    def __init__(self) -> None:
        self._rules: list[tuple[Mapping[str, Any], list[int]]] = []
        self._lock = Lock()

    def set(self, rules: tuple[Mapping[str, Any], ...]) -> None:
        """Replace the rules; their counters start anew.

        Raises:
            ValueError: a rule without an ``errorCode``.
        """
        for rule in rules:
            if not isinstance(rule.get("errorCode"), int):
                raise ValueError("an error rule needs an integer errorCode")  # noqa: TRY004 - as the face promises
        with self._lock:
            self._rules = [(rule, [0, 0]) for rule in rules]

    def striking(self, path: str, body: bytes) -> Mapping[str, Any] | None:
        """Give the first rule that hits this call."""
        with self._lock:
            for rule, counters in self._rules:
                if str(rule.get("path") or "") in path and str(rule.get("body_match") or "").encode() in body:
                    counters[0] += 1
                    times = int(rule.get("times", 1))
                    if counters[0] >= int(rule.get("nth") or 1) and (not times or counters[1] < times):
                        counters[1] += 1
                        return rule
        return None


def forced(rule: Mapping[str, Any]) -> Refusal:
    """Give the refusal a rule asks for."""
    return Refusal("busy", rule.get("errorMessage"), rule.get("errorDescription"), code=int(rule["errorCode"]))
