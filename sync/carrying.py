"""What planning has in its hands when it is done, kept for the sending of the same round.

Nothing rests on it: the store knows it all, and what is not here (an earlier round's, more than is kept, a killed
round's) is read. It only spares asking for thousands of rows that were just written.
"""

from __future__ import annotations

from typing import Final

from store.links import Link
from store.outbox import Op

_KEPT: Final = 10_000
"""Changes kept at most: some 5 KiB each."""


class Carried:
    """Changes that were planned in this round, each with the link of the record it changes."""

    def __init__(self) -> None:
        self.ops: dict[str, Op] = {}
        self._links: dict[str, Link] = {}

    def keep(self, op: Op, link: Link) -> None:
        """Take a change and the link as the store has them now."""
        if len(self.ops) < _KEPT:
            self.ops[op.id] = op
            self._links[op.id] = link

    def link(self, op: Op) -> Link | None:
        """Give the link of a change that is over, once."""
        self.ops.pop(op.id, None)
        return self._links.pop(op.id, None)

    def clear(self) -> None:
        """Forget everything: what was planned was not committed."""
        self.ops.clear()
        self._links.clear()
