"""A clock that stands still, and moments as people in Shanghai write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class StoppedClock:
    """A clock that does not move; the store asks it only when somebody waits for the lease."""

    at_ms: int = 0

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


def ms(text: str, zone: str = "Asia/Shanghai") -> int:
    """Give the instant at which a clock on the wall there shows that; Shanghai's unless another zone is named."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
