"""How loud an overdue item is (R9): a ladder of working days, one step more when the next milestone waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from supervise.knobs import Knobs, Ladder

Severity = Literal["S0", "S1", "S2", "S3", "S4"]
_LEVELS: Final[tuple[Severity, ...]] = ("S0", "S1", "S2", "S3", "S4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """What the ladder looks at.

    Args:
        overdue: the due instant, with grace, has passed.
        obd: working days of delay.
        days_left: working days to the due day, negative within grace; only read while not overdue.
        blocks: the next milestone of the project waits for it.
        provisional: the sum rests on days that no official list covers.
        survey: an invitation to answer, which is never pressed beyond a reminder.
    """

    overdue: bool
    obd: int
    days_left: int
    critical: bool = False
    blocks: bool = False
    provisional: bool = False
    survey: bool = False


def severity_of(late: Lateness, knobs: Knobs) -> Severity | None:
    """Give S1 to S4 for an overdue item, S0 (listed, never synced) for one due soon, None for the rest.

    A provisional sum never rises above S2, a survey never above S1.
    """
    if not late.overdue:
        return "S0" if late.days_left <= knobs.due_soon_bd else None
    level = _level(late.obd, knobs.critical_ladder if late.critical else knobs.ladder)
    highest = 1 if late.survey else 2 if late.provisional else 4
    return _LEVELS[min(level + int(late.blocks), highest)]


def _level(obd: int, ladder: Ladder) -> int:
    return 1 + (obd >= ladder.s2) + (obd >= ladder.s3) + (obd >= ladder.s4)
