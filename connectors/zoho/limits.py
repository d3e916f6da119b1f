"""How many calls an organisation lets us have in flight, by its edition."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

from connectors.base import Ports
from connectors.http import Http

EDITION_CALLS: Final[Mapping[str, int]] = {
    "free": 5, "standard": 10, "starter": 10, "professional": 15, "enterprise": 20, "zohooneenterprise": 20,
    "ultimate": 25, "crmplus": 25,
}  # fmt: skip
"""Edition -> calls an organisation may have in flight. Source: Zoho CRM v8 documentation, API limits [doc]"""
LEAST_CALLS: Final = 5
SPARE_CALLS: Final = 2
"""Left to the other programs of the organisation."""
HEAVY_CALLS: Final = 8
"""Of the ten that the vendor allows for queries, searches and large writes in every edition."""
_KEPT: Final = "calls-at-once"


def calls_at_once(edition: str | None) -> tuple[int, int]:
    """Give how many calls, and how many heavy ones among them, we may have in flight."""
    total = EDITION_CALLS.get((edition or "").replace("_", "").replace(" ", ""), LEAST_CALLS) - SPARE_CALLS
    return total, min(HEAVY_CALLS, total)


class Limits:
    """Keeps the gates of one connection in step with its edition; thread-safe.

    The fewest calls until the edition is known. What was learnt is kept over restarts beside the call windows:
    asking again after every start would cost a call of each quiet round.

    Args:
        chosen: calls in flight as the configuration sets them; the edition is then not asked.
    """

    def __init__(self, http: Http, ports: Ports, chosen: int | None) -> None:
        self._http = http
        self._ports = ports
        self._chosen = chosen
        self._recalled = False
        self._lock = threading.Lock()

    def recall(self) -> None:
        """Take up what an earlier process learnt, once."""
        with self._lock:
            if self._recalled:
                return
            self._recalled = True
            kept = self._ports.windows.load(_KEPT) or list(calls_at_once(None))
        if self._chosen is not None:
            self._http.resize(self._chosen, min(HEAVY_CALLS, self._chosen))
        elif len(kept) == 2:
            self._http.resize(kept[0], kept[1])

    def learn(self, edition: str | None) -> None:
        """Take up the edition as the organisation tells it."""
        if self._chosen is None:
            total, heavy = calls_at_once(edition)
            self._ports.windows.save(_KEPT, [total, heavy])
            self._http.resize(total, heavy)
