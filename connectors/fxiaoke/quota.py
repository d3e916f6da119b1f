"""The calls of a day: our own ceiling, counted over restarts, and when the vendor's count begins anew."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.base import Ports
from mapping.errors import QuotaSpent

NAME: Final = "daily"


class DailyCalls:
    """Counts calls until midnight in the tenant's zone.

    Args:
        limit: calls a day; None counts nothing.
    """

    def __init__(self, ports: Ports, limit: int | None, zone: str) -> None:
        self._ports = ports
        self._limit = limit
        self._zone = ZoneInfo(zone)
        self._lock = threading.Lock()

    def wait_s(self) -> float:
        """Give the seconds until the next midnight of the tenant."""
        now = datetime.fromtimestamp(self._ports.clock.now_ms() / 1000, UTC).astimezone(self._zone)
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=self._zone)
        return midnight.timestamp() - now.timestamp()

    def take(self) -> None:
        """Count one call.

        Raises:
            QuotaSpent: the day's calls are used up.
        """
        if self._limit is None:
            return
        with self._lock:
            # Kept as [end of the day, calls], in the same box as the windows.
            end_ms = self._ports.clock.now_ms() + round(self.wait_s() * 1000)
            kept = self._ports.windows.load(NAME)
            used = kept[1] if len(kept) == 2 and abs(kept[0] - end_ms) < 1000 else 0
            if used >= self._limit:
                raise QuotaSpent(
                    f"our own ceiling of {self._limit} calls a day is reached",
                    zh=f"已达到每日 {self._limit} 次的调用上限",
                    connection=self._ports.name,
                    retry_after_s=self.wait_s(),
                )
            self._ports.windows.save(NAME, [end_ms, used + 1])
            self._ports.counters["credits_left"] = self._limit - used - 1
