"""Items that come out of another one: the issue a risk became, the meeting that stands for one put off. Pure.

Each names the item it comes from as its parent, so that it is made once, whoever made it.
"""

from __future__ import annotations

from collections.abc import Sequence

from mapping.kinds import TaskKind
from mapping.records import Value
from store.hub import HubRow
from supervise.history import BallMove
from supervise.material import Material, text
from supervise.stages import entered_values

_KEPT = ("project", "contact", "owner", "owner_side", "priority", "internal", "blocks")


def occurred_without_issue(material: Material) -> list[HubRow]:
    """Give the risks that occurred and are no issue yet."""
    return _without(material, "risk", "occurred", "issue")


def put_off_without_another(material: Material) -> list[HubRow]:
    """Give the meetings that were rescheduled and have no new one yet."""
    return _without(material, "meeting", "rescheduled", "meeting")


def issue_of(risk: HubRow) -> dict[str, Value]:
    """Give the issue of a risk that occurred: until when is for people to say, what waited for the risk waits on."""
    kept = {name: risk.values.get(name) for name in _KEPT}
    words = f"已发生 Occurred · {text(risk.values, 'title')}"
    return {**kept, "title": words, "kind": "issue", "status": "not_started", "parent": risk.uid}


def meeting_after(meeting: HubRow, day: Value) -> dict[str, Value]:
    """Give the meeting that stands for one put off.

    Args:
        day: when it will be; None where nobody said.
    """
    kept = {name: meeting.values.get(name) for name in (*_KEPT, "title", "invited")}
    return {**kept, **entered_values("meeting", {}, "planned"), "kind": "meeting", "parent": meeting.uid, "due": day}


def day_put_off_to(meeting: HubRow, moves: Sequence[BallMove]) -> Value:
    """Give the day that came with putting a meeting off; None when its due day did not move with its stage."""
    before = moves[-2].due if len(moves) > 1 else None
    due = meeting.values.get("due")
    return due if before is not None and due != before else None


def _without(material: Material, kind: TaskKind, stage: str, made: TaskKind) -> list[HubRow]:
    """Give the items of a kind in a stage that nothing came out of yet; what was imported in that stage is history."""
    children = {text(row.values, "parent") for row in material.of_kind(made)}
    return [
        row
        for row in material.of_kind(kind)
        if text(row.values, "stage") == stage
        and row.uid not in children
        and material.imported.get(row.uid) != stage
        and not any(act.doc.get("item") for act in material.said(row.uid))
    ]
