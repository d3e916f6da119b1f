"""What a task's stage is, and what entering one sets; the stages themselves stand in ``mapping.stages``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from mapping.kinds import TaskKind
from mapping.records import Value, Values
from mapping.stages import STAGES
from mapping.status import TERMINAL

_USUAL_END: Final[Mapping[TaskKind, str]] = {
    "sign_off": "signed", "deliverable_review": "approved", "acceptance": "accepted", "meeting": "minutes_confirmed",
    "risk": "closed", "change_request": "closed", "survey": "responded", "milestone": "achieved",
}  # fmt: skip


def stage_of(kind: TaskKind, task: Values) -> str:
    """Give the stage an item is in, told by its status where it has none or where that was closed or opened since.

    A CRM without a field for stages, or a person who only ticks "done" there, still says something.

    Returns:
        "" for a kind without stages, and for an item that was cancelled in no stage's way.
    """
    stages, stage, status = STAGES[kind], task.get("stage"), task.get("status") or "not_started"
    known = stages.get(stage) if isinstance(stage, str) else None
    if isinstance(stage, str) and known is not None:
        closed = known.status if known.terminal else ""
        if closed == (status if status in TERMINAL else ""):
            return stage
    if not stages or status == "cancelled":
        return ""
    if status == "done":
        return _USUAL_END[kind]
    return next((name for name, each in stages.items() if each.status == status), next(iter(stages)))


def milestone_stage(stage: str, due_on: date | None, today: date) -> str:
    """Give the stage a milestone is in by the calendar: due on its day, missed after it; what nobody has to type.

    Args:
        stage: as ``stage_of`` has it; one that is achieved, or has no day, keeps it.
        due_on: the working day it was last approved for.
    """
    if due_on is None or stage not in STAGES["milestone"] or STAGES["milestone"][stage].terminal:
        return stage
    if today < due_on:
        return "reopened" if stage == "reopened" else "planned"
    return "due" if today == due_on else "missed"


def stage_values(kind: TaskKind, stage: str) -> dict[str, Value]:
    """Give what setting that stage sets on the task: stage, status and outcome; the side where only it names a holder.

    Raises:
        ValueError: the kind has no such stage; names those it has.
    """
    found = STAGES[kind].get(stage)
    if found is None:
        known = ", ".join(STAGES[kind]) or "none"
        raise ValueError(f"a {kind} has no stage {stage!r}; its stages are {known}")
    values: dict[str, Value] = {"stage": stage, "status": found.status, "outcome": found.outcome}
    if found.status in {"not_started", "in_progress"} and found.ball is not None:
        values["owner_side"] = found.ball
    return values


def entered_values(kind: TaskKind, task: Values, stage: str) -> dict[str, Value]:
    """Give what setting that stage on *task* sets, with the round counted: each delivery after a rework is a new one.

    Raises:
        ValueError: as ``stage_values``.
    """
    values = stage_values(kind, stage)
    again = {"deliverable_review": "delivered", "acceptance": "requested"}.get(kind)
    if stage == again and task.get("stage") != stage:
        values["round"] = str(round_of(task) + 1)
    return values


def round_of(task: Values) -> int:
    """Give how often the item was handed to the client; 0 before the first time."""
    value = task.get("round")
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isdecimal() else 0
