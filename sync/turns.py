"""When a listing may ask for another page: how far reading runs ahead of the store."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from mapping.records import EntityKind


class Turns:
    """Lets a listing ask for another page once its last one is stored; thread-safe.

    The others of its connection fetch meanwhile; the only one left may be a page ahead. So what a kill takes along is
    one page of each listing, or two of the only one, however slow the store is.

    Args:
        listings: (connection, entity) of each.
    """

    def __init__(self, listings: Iterable[tuple[str, EntityKind]]) -> None:
        self._changed = threading.Condition()
        self._open = Counter(connection for connection, _ in listings)
        self._ahead: Counter[tuple[str, EntityKind]] = Counter()
        self._stopped = False

    def wait(self, connection: str, entity: EntityKind) -> bool:
        """Wait, a page handed over, until the next may be asked for; False when none is wanted any more."""
        listing = connection, entity
        with self._changed:
            self._ahead[listing] += 1
            self._changed.wait_for(
                lambda: self._stopped or self._ahead[listing] < (2 if self._open[connection] == 1 else 1)
            )
            return not self._stopped

    def stored(self, connection: str, entity: EntityKind) -> None:
        """Note that a page was stored."""
        with self._changed:
            self._ahead[connection, entity] -= 1
            self._changed.notify_all()

    def end(self, connection: str) -> None:
        """Note that a listing has no more pages."""
        with self._changed:
            self._open[connection] -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Let nobody ask for more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
