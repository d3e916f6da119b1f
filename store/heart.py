"""The sign of life of a holder, given from a thread of its own: rounds may be busy elsewhere for long."""

from __future__ import annotations

import logging
import threading

from mapping.errors import DubanError, LeaseLost
from store.database import Database

log = logging.getLogger(f"duban.{__name__}")

_PATIENCE_S = 5.0


class Heart:
    """Beats while the store is held. Use as a context manager around everything that holder does.

    Attributes:
        lost: somebody else became the writer; nothing of ours is written any more, here or remotely.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)
        self.lost = False

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(_PATIENCE_S)

    def _beat(self) -> None:
        while not self._ended.wait(self._db.beat_every_s):
            try:
                self._db.beat()
            except LeaseLost:
                self.lost = True
                return
            except DubanError as error:  # until a beat succeeds again, every send asks the store itself
                log.warning("no sign of life could be given: %s", error.text("en"))
