"""What changed since the last report: the facts each report keeps of its day, and what two such days differ in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reports.parts import shown_items
from reports.voice import Voice
from supervise.dossier import Dossier
from supervise.report import TaskItem

Facts = Mapping[str, Any]
_GROUPS: Final = ("items", "milestones", "sign_offs", "acceptance", "changes", "risks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was.

    Args:
        code: which words tell it; ``old`` and ``new`` are codes or days.
        kind: of what vocabulary ``old`` and ``new`` are; "" for days and plain texts.
    """

    code: str
    title: str = ""
    kind: str = ""
    old: str = ""
    new: str = ""


def facts_of(dossier: Dossier, voice: Voice) -> dict[str, Any]:
    """Give what the next report compares with: titles and states by uid, without words of any language."""
    items = shown_items([*dossier.client_items, *dossier.our_items, *dossier.third_items], voice)
    return {
        "lifecycle": dossier.project.lifecycle or "",
        "health": dossier.health.level,
        "items": {each.uid: [each.title, each.ball, each.due_eff or ""] for each in items},
        "milestones": {
            each.uid: [each.title, str(each.achieved_on or ""), str(each.forecast or "")] for each in dossier.milestones
        },
        "sign_offs": {each.uid: [each.title, each.state, ""] for each in dossier.sign_offs},
        "acceptance": {each.uid: [each.title, each.state, ""] for each in dossier.acceptance},
        "changes": {each.uid: [each.title, each.stage, ""] for each in dossier.changes},
        "risks": {each.uid: [each.title, str(each.level or ""), ""] for each in dossier.risks if each.live},
    }


def differences(old: Facts, new: Facts) -> list[Difference]:
    """Give what differs, in the order of the report."""
    found = [
        Difference(code=f"changed.{name}", kind=name, old=str(old[name]), new=str(new[name]))
        for name in ("lifecycle", "health")
        if old.get(name) and old[name] != new.get(name)
    ]
    for group in _GROUPS:
        found.extend(_of_group(group, old.get(group, {}), new.get(group, {})))
    return found


def told(difference: Difference, voice: Voice) -> str:
    """Give one difference in words."""
    kind = difference.kind
    old, new = (voice.word(kind, one) if kind else one or "—" for one in (difference.old, difference.new))
    return voice.say(difference.code, title=difference.title, old=old, new=new)


def _of_group(group: str, old: Facts, new: Facts) -> Iterator[Difference]:
    for uid, (title, state, day) in new.items():
        if uid not in old:
            yield Difference(code=f"new.{group}", title=title, kind=_KINDS[group], new=state)
            continue
        _, was, due = old[uid]
        if was != state:
            yield Difference(code=f"moved.{group}", title=title, kind=_KINDS[group], old=was, new=state)
        if due != day:
            yield Difference(code=f"day.{group}", title=title, old=due, new=day)
    for uid, (title, state, _) in old.items():
        if uid not in new:
            yield Difference(code=f"gone.{group}", title=title, kind=_KINDS[group], old=state)


_KINDS: Final = {
    "items": "ball", "milestones": "", "sign_offs": "sign_state", "acceptance": "acceptance", "changes": "stage",
    "risks": "level",
}  # fmt: skip


def next_period(items: tuple[TaskItem, ...], since: str, until: str) -> list[TaskItem]:
    """Give the items that come due after *since* and up to *until*, by day."""
    coming = [item for item in items if item.due_eff and since < item.due_eff <= until]
    return sorted(coming, key=lambda item: (item.due_eff or "", item.title, item.uid))
