"""How often a deliverable went to the client, whether once was enough, and how long each side had it. Pure.

The stages it went through say so, whoever moved it: a command, a colleague in a CRM, or plain SQL. Where a CRM has no
field for stages, the status it moved instead names the side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from mapping.records import Values
from mapping.stages import STAGES
from store.acts import Act
from store.hub import HubRow
from store.journal import Entry
from supervise.ball import Holder
from supervise.calendar import Calendar
from supervise.due import local_day
from supervise.stages import round_of, stage_of

Reviewed = Literal["deliverable_review", "acceptance"]
REVIEWED: Final[tuple[Reviewed, ...]] = ("deliverable_review", "acceptance")
"""The kinds that go to the client to be looked at and may come back."""
_BY_STATUS: Final[Mapping[str, Holder]] = {
    "waiting_client": "client", "waiting_vendor": "vendor", "submitted": "vendor", "waiting_third_party": "third_party",
    "on_hold": "none", "cancelled": "none",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """Stage or status of an item became another.

    Args:
        on: the local day it happened; None for how the item was before anybody wrote down what became of it.
        stage, status: as they were from then on.
    """

    on: date | None
    stage: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One side had the item.

    Args:
        since, until: the days it came and went; ``until`` is None while they still have it.
        working_days: those after ``since`` up to ``until`` or today.
        outcome: the stage the item had when it came to this side.
    """

    side: Holder
    since: date
    until: date | None
    working_days: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What became of one item.

    Args:
        rounds: times it was handed to the client; more than the history shows where the record says so.
        first_pass: the client took it the first time, minor changes and conditions included; None before they said.
        turns: who had it when, oldest first; what was before the first known day is left out.
    """

    uid: str
    title: str
    kind: Reviewed
    stage: str
    rounds: int
    first_pass: bool | None
    turns: tuple[Turn, ...]

    def working_days(self, side: Holder) -> int:
        """Give how many working days a side had it in all."""
        return sum(turn.working_days for turn in self.turns if turn.side == side)


def rounds_of(
    uid: str, task: Values, kind: Reviewed, steps: Sequence[Step], *, today: date, calendar: Calendar
) -> Rounds:
    """Give the rounds of an item.

    Args:
        task: the record as it stands.
        steps: oldest first.
    """
    held = _held(kind, steps)
    counted, title = _handed(held), task.get("title")
    return Rounds(
        uid=uid,
        title=title if isinstance(title, str) else "",
        kind=kind,
        stage=stage_of(kind, task),
        rounds=max(counted, round_of(task)),
        first_pass=False if round_of(task) > counted > 0 else _first_pass(held),
        turns=tuple(_turns(held, today, calendar)),
    )


def read_steps(row: HubRow, entries: Sequence[Entry], said: Sequence[Act], zone: ZoneInfo) -> list[Step]:
    """Give how stage and status of a record went.

    Args:
        entries: its journal, oldest first; how it was before the first of them is a step without a day.
        said: what was said about it: a person may tell today what happened yesterday.
    """
    moving = [entry for entry in entries if entry.changes.keys() & {"stage", "status"}]
    now = {name: _first(row, moving, name) for name in ("stage", "status")}
    found = [Step(None, now["stage"], now["status"])] if any(now.values()) else []
    for entry in moving:
        for name in now.keys() & entry.changes.keys():
            now[name] = _word(entry.changes[name][1])
        found.append(Step(local_day(_happened_ms(entry, said), zone), now["stage"], now["status"]))
    return found


def _first(row: HubRow, moving: Sequence[Entry], name: str) -> str | None:
    """Give a value as it was before anybody wrote down that it moved."""
    told = next((entry.changes[name][0] for entry in moving if name in entry.changes), row.values.get(name))
    return _word(told)


def _happened_ms(entry: Entry, said: Sequence[Act]) -> int:
    """Give when it happened: as the act says that the entry was written with, else when it was written down."""
    doc = entry.changes.get(f"act {entry.kind}", [None, None])[1]
    same = (act.at_ms for act in said if act.kind == entry.kind and act.doc == doc and act.at_ms <= entry.at_ms)
    return max(same, default=entry.at_ms)


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def first_pass_share(found: Iterable[Rounds]) -> tuple[Decimal | None, int]:
    """Give the percentage taken the first time, and of how many; None of none."""
    said = [one.first_pass for one in found if one.first_pass is not None]
    if not said:
        return None, 0
    share = Decimal(100 * sum(said)) / len(said)
    return share.quantize(Decimal("0.1"), ROUND_HALF_UP), len(said)


@dataclass(frozen=True, slots=True)
class _Held:
    side: Holder
    on: date | None
    stage: str


def _held(kind: Reviewed, steps: Sequence[Step]) -> list[_Held]:
    """Give who had the item from which day on; steps that leave it with the same side are one."""
    found: list[_Held] = []
    before: Step | None = None
    for step in steps:
        stage = stage_of(kind, {"stage": step.stage, "status": step.status})
        side = _side(kind, stage, before, step)
        if not found or found[-1].side != side or (stage in _ENDED) != (found[-1].stage in _ENDED):
            found.append(_Held(side, _not_before(step.on, found), stage))
        before = step
    return found


def _side(kind: Reviewed, stage: str, before: Step | None, step: Step) -> Holder:
    """Give who has it: where only the status moved, the status says, as a CRM without stages has nothing else."""
    moved = before is not None and before.stage != step.stage
    by_status = _BY_STATUS.get(step.status or "")
    if by_status is not None and not moved:
        return by_status
    known = STAGES[kind].get(stage)
    return known.ball or "none" if known is not None else "none"


def _not_before(on: date | None, found: Sequence[_Held]) -> date | None:
    """Keep a day that was typed in later from lying before the one it follows."""
    last = found[-1].on if found else None
    return max(on, last) if on is not None and last is not None else on


def _handed(held: Sequence[_Held]) -> int:
    """Count how often the client got it anew: at first, and each time after we had it."""
    count, ours = 0, True
    for each in held:
        if each.side == "client" and ours:
            count, ours = count + 1, False
        elif each.side == "vendor" or each.stage in _ENDED:
            ours = True
    return count


def _first_pass(held: Sequence[_Held]) -> bool | None:
    asked = False
    for each in held:
        if asked and each.side == "vendor":
            return False
        if asked and each.stage in _ENDED:
            return True
        asked = asked or each.side == "client"
    return None


_ENDED: Final = frozenset(name for kind in REVIEWED for name, stage in STAGES[kind].items() if stage.terminal)


def _turns(held: Sequence[_Held], today: date, calendar: Calendar) -> Iterable[Turn]:
    for each, following in pairwise([*held, None]):
        if each is None or each.on is None or each.side == "none":
            continue
        until = following.on if following is not None else None
        end = until or max(today, each.on)
        yield Turn(each.side, each.on, until, calendar.bd(each.on, end), each.stage)
