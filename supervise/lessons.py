"""What was learnt: actions that answer a lesson, and what earlier lessons of a client suggest for a new plan.

Nothing is put into a plan by itself: a proposal is shown, and a person adds the item or does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mapping.kinds import kind_of
from store import hub
from store.hub import HubRow
from store.tx import Tx
from supervise.material import Material, text
from supervise.report import TaskItem

_YOUNG: Final = frozenset({"draft", "planned", "active"})
"""Lifecycles in which a plan still takes a suggestion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An item of a plan that an earlier lesson suggests.

    Args:
        cause: the root cause that came back.
        lessons: uids of the lessons that name it.
        item: uid of the improvement action that answered it; "" where none did.
        title: what to put into the plan.
    """

    cause: str
    lessons: tuple[str, ...]
    item: str = ""
    title: str = ""


def improvements(material: Material, items: Sequence[TaskItem]) -> Iterator[TaskItem]:
    """Give the actions that answer a lesson, open and finished ones."""
    open_ = {item.uid: item for item in items}
    for row in material.tasks:
        if text(row.values, "improvement_of"):
            yield open_.get(row.uid) or _finished(material, row)


def _finished(material: Material, row: HubRow) -> TaskItem:
    return TaskItem(
        uid=row.uid, title=text(row.values, "title"), project=text(material.project.values, "name"),
        project_uid=material.project.uid, owner=text(row.values, "owner"), due=row.values.get("due"),
        kind=kind_of(row.values)[0], sources=tuple(material.sources.get(row.uid, ())),
    )  # fmt: skip


def proposals(tx: Tx, material: Material) -> Iterator[Proposal]:
    """Give what the lessons of this client's projects suggest for a plan that does not have it yet.

    A cause counts once it came back: two lessons name it, of whatever projects of the client.
    """
    account = text(material.project.values, "account")
    if not account or material.project.values.get("lifecycle") not in (None, "", *_YOUNG):
        return
    siblings = [row.uid for row in hub.select(tx, "project", where={"account": account}, states=(), fields=())]
    lessons = hub.select(tx, "feedback", where={"kind": "lesson", "project": siblings})
    by_cause: dict[str, list[HubRow]] = {}
    for lesson in lessons:
        if text(lesson.values, "cause"):
            by_cause.setdefault(text(lesson.values, "cause"), []).append(lesson)
    again = {cause: found for cause, found in by_cause.items() if len(found) > 1}
    answers = _answers(tx, siblings) if again else {}
    own = {text(row.values, "title") for row in material.tasks}
    for cause, found in sorted(again.items()):
        linked = [task for lesson in found for task in answers.get(lesson.uid, ())]
        for task in linked[:1]:
            if text(task.values, "title") not in own:
                yield Proposal(
                    cause=cause, lessons=tuple(sorted(lesson.uid for lesson in found)), item=task.uid,
                    title=text(task.values, "title"),
                )  # fmt: skip
        if not linked:
            yield Proposal(cause=cause, lessons=tuple(sorted(lesson.uid for lesson in found)))


def _answers(tx: Tx, projects: Sequence[str]) -> dict[str, list[HubRow]]:
    """Give the improvement actions by the lesson they answer."""
    found: dict[str, list[HubRow]] = {}
    for row in hub.select(tx, "task", where={"project": list(projects)}, states=()):
        lesson = text(row.values, "improvement_of")
        if lesson:
            found.setdefault(lesson, []).append(row)
    return found
