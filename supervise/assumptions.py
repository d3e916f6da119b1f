"""What a project takes for granted until somebody has made sure of it: the A of the RAID log. Pure.

An assumption is an item like any other, with a side, a day and an end; a tag or a mark at the head of its title says
that it is one, and being done says that it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from mapping.kinds import tags_of, title_marks
from mapping.records import Values
from mapping.status import is_open
from supervise.ball import Holder
from supervise.material import Material, text
from supervise.papers import civil_in

AssumptionState = Literal["assumed", "confirmed", "dropped"]
_WORDS: Final = frozenset({"assumption", "assumptions", "assumed", "假设", "假定"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """Something taken for granted.

    Args:
        side: who is to make sure of it; none once it is settled.
        due_on: the day by which.
    """

    uid: str
    title: str
    state: AssumptionState
    side: Holder = "none"
    due_on: date | None = None


def is_assumption(task: Values) -> bool:
    """Say whether an item is one, by its tags or the marks at the head of its title."""
    marks = (*tags_of(task.get("tags")), *title_marks(task.get("title")))
    return any(mark.casefold() in _WORDS for mark in marks)


def assumptions(material: Material) -> Iterator[Assumption]:
    """Give what the project assumes, the open ones first, by day."""
    found = [row for row in material.tasks if is_assumption(row.values)]
    lines = [
        Assumption(
            uid=row.uid,
            title=text(row.values, "title"),
            state=_state(text(row.values, "status")),
            side=material.judged[row.uid].verdict.ball if row.uid in material.judged else "none",
            due_on=civil_in(row.values.get("due"), material),
        )
        for row in found
    ]
    yield from sorted(lines, key=lambda one: (one.state != "assumed", one.due_on or date.max, one.title, one.uid))


def _state(status: str) -> AssumptionState:
    if is_open(status):
        return "assumed"
    return "confirmed" if status == "done" else "dropped"
