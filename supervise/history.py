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
        pauses: spans in which the side did not have the ball, since it first had it; after a reopening that set the
            clock anew, since then.
        reopened_on: local day of the last reopening that came without a new due date.
        held_from: local day the side first got the ball, when somebody else is known to have had it before; the days
            up to then are not the side's, but they move nothing: the date was set with them in mind.
    """

    pauses: tuple[Pause, ...] = ()
    reopened_on: date | None = None
    held_from: date | None = None


def read_history(moves: Sequence[BallMove], side: Holder, due: Value, zone: ZoneInfo) -> History:
    """Give the pauses of *side* and the reopening that set its clock anew.

    Args:
        moves: oldest first.
        due: the due value of today; a date that differs from the one of the closed item came with the reopening.
    """
    reopened = _reopening(moves)
    era = moves[reopened[1] if reopened else 0 :]
    if reopened is None or reopened[0].due != due:
        return History(_pauses(era, side, zone, had=False), held_from=_first_held(era, side, zone))
    return History(_pauses(era, side, zone, had=True), local_day(era[0].at_ms, zone))


def _reopening(moves: Sequence[BallMove]) -> tuple[BallMove, int] | None:
    """Give the last closed move that an open one follows, and the place of that open one."""
    for at in range(len(moves) - 1, 0, -1):
        if moves[at - 1].status in _CLOSED and moves[at].status not in _CLOSED:
            return moves[at - 1], at
    return None


def _first_held(moves: Sequence[BallMove], side: Holder, zone: ZoneInfo) -> date | None:
    """Give the day the side first got the ball from somebody else; None when it had it as far back as we know."""
    first = next((at for at, move in enumerate(moves) if move.holder == side), 0)
    return local_day(moves[first].at_ms, zone) if first else None


def _pauses(moves: Sequence[BallMove], side: Holder, zone: ZoneInfo, *, had: bool) -> tuple[Pause, ...]:
    """Give the spans without the ball; those before the side first got it count only when it *had* its clock set."""
    pauses: list[Pause] = []
    left: date | None = None
    for move in moves:
        if move.holder == side:
            if left is not None:
                pauses.append(Pause(left, local_day(move.at_ms, zone)))
            had, left = True, None
        elif had and left is None:
            left = local_day(move.at_ms, zone)
    return (*pauses, Pause(left)) if left is not None else tuple(pauses)
