"""What the ball's past says: the pauses of the side we measure, and whether the item was done in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from mapping.records import Value
from mapping.status import TERMINAL
from supervise.ball import Holder
from supervise.due import local_day
from supervise.pauses import Pause

_CLOSED: Final = frozenset(TERMINAL)


@dataclass(frozen=True, slots=True)
class BallMove:
    """The ball came to somebody.

    Args:
        at_ms: when we saw it.
        holder: who has it from then on.
        status: task status at that moment.
        due: due value at that moment, to tell whether a reopened item got a new date.
    """

    at_ms: int
    holder: Holder
    status: str = ""
    due: Value = None


@dataclass(frozen=True, slots=True)
class History:
    """What the moves mean for one item and one side.

    Args:
        pauses: spans in which the side did not have the ball, since it first had it.
        reopened_on: local day of the last reopening that came without a new due date.
    """

    pauses: tuple[Pause, ...] = ()
    reopened_on: date | None = None


def read_history(moves: Sequence[BallMove], side: Holder, due: Value, zone: ZoneInfo) -> History:
    """Give the pauses of *side* and the reopening that set its clock anew.

    Args:
        moves: oldest first.
        due: the due value of today; a date that differs from the one of the closed item came with the reopening.
    """
    reopened = _reopening(moves)
    since = reopened[1] if reopened else 0
    pauses = _pauses(moves[since:], side, zone)
    if reopened is None or reopened[0].due != due:
        return History(pauses)
    return History(pauses, local_day(moves[since].at_ms, zone))


def _reopening(moves: Sequence[BallMove]) -> tuple[BallMove, int] | None:
    """Give the last closed move that an open one follows, and the place of that open one."""
    for at in range(len(moves) - 1, 0, -1):
        if moves[at - 1].status in _CLOSED and moves[at].status not in _CLOSED:
            return moves[at - 1], at
    return None


def _pauses(moves: Sequence[BallMove], side: Holder, zone: ZoneInfo) -> tuple[Pause, ...]:
    pauses: list[Pause] = []
    left: date | None = None
    had = False
    for move in moves:
        if move.holder == side:
            if left is not None:
                pauses.append(Pause(left, local_day(move.at_ms, zone)))
            had, left = True, None
        elif had and left is None:
            left = local_day(move.at_ms, zone)
    return (*pauses, Pause(left)) if left is not None else tuple(pauses)
