"""When a project comes to its end, and what was said or sent for that end (R14). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

_ENDING: Final = frozenset({"delivered", "accepted", "closed"})
_OVER: Final = frozenset({"accepted", "closed"})
_LAST: Final = ("final", "closing", "closure", "结项", "收尾", "终验", "结案")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """When a project came to its end.

    Args:
        since: the day it was last seen to become delivered, accepted or closed; None while it runs.
        reopened: the day an accepted or closed project was last opened again; ``reopened_ms`` is the moment.
    """

    since: date | None = None
    reopened: date | None = None
    reopened_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        """Say whether what was said then is of this end; what closed the project before it was opened again is not."""
        return self.reopened_ms is None or at_ms >= self.reopened_ms


def closing_of(steps: Iterable[tuple[int, object, object]], day_of: Callable[[int], date]) -> Closing:
    """Give when a project came to its end.

    Args:
        steps: moment, lifecycle before and after, oldest first.
        day_of: the local day of a moment.
    """
    since: date | None = None
    reopened_ms: int | None = None
    for at_ms, before, after in steps:
        if after in _ENDING:
            since = since if before in _ENDING and since else day_of(at_ms)
        else:
            since, reopened_ms = None, at_ms if before in _OVER else reopened_ms
    reopened = day_of(reopened_ms) if reopened_ms is not None else None
    return Closing(since=since, reopened=reopened, reopened_ms=reopened_ms)


def names_the_end(words: str) -> bool:
    """Say whether a wave or a survey is called that of a project's end."""
    said = words.casefold()
    return any(word in said for word in _LAST)


def survey_counts(closing: Closing, began: date | None, *, sent: date | None, words: str) -> bool:
    """Say whether a survey is one of this closure: of a project's middle, or of an earlier end, it is not.

    Args:
        began: since when the project is about to close; None while nobody can tell.
        sent: the day it went out at the latest; None where nobody knows.
    """
    if closing.reopened is not None and (sent is None or sent < closing.reopened):
        return False
    return names_the_end(words) or (began is not None and sent is not None and sent >= began)
