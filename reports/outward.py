"""What of a project the other side of the table may see: nothing that is marked internal, in any table."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from supervise.change import change_totals
from supervise.closing import AcceptanceView, ClosureGate
from supervise.delay import Attribution
from supervise.dossier import Dossier
from supervise.report import TaskItem


class _Line(Protocol):
    @property
    def uid(self) -> str: ...


Line = TypeVar("Line", bound=_Line)


def outward(dossier: Dossier) -> Dossier:
    """Give a dossier without what is marked internal.

    Days keep their holder and the gate stays shut; both lose the title that made them so.
    """
    hidden = dossier.internal
    if not hidden:
        return dossier
    unnamed = {line.title for line in dossier.milestones if line.uid in hidden}

    def seen(lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(line for line in lines if line.uid not in hidden)

    def items(lines: Iterable[TaskItem]) -> tuple[TaskItem, ...]:
        return tuple(_blocking(line, unnamed) for line in seen(lines))

    changes = seen(dossier.changes)
    return replace(
        dossier,
        client_items=items(dossier.client_items), our_items=items(dossier.our_items),
        third_items=items(dossier.third_items), on_hold=items(dossier.on_hold), due_soon=items(dossier.due_soon),
        undated=items(dossier.undated), milestones=seen(dossier.milestones), sign_offs=seen(dossier.sign_offs),
        acceptance=tuple(_left_open(view, hidden) for view in seen(dossier.acceptance)),
        gate=_unnamed(dossier.gate, hidden), rounds=seen(dossier.rounds),
        risks=seen(dossier.risks), feedback=seen(dossier.feedback), lessons=seen(dossier.lessons),
        assumptions=seen(dossier.assumptions), changes=changes,
        change_totals=change_totals(changes), decisions=seen(dossier.decisions), meetings=seen(dossier.meetings),
        ledger=seen(dossier.ledger), improvements=items(dossier.improvements),
        attribution={uid: _untitled(one, hidden) for uid, one in dossier.attribution.items() if uid not in hidden},
    )  # fmt: skip


def _blocking(item: TaskItem, unnamed: Collection[str]) -> TaskItem:
    left = tuple(title for title in item.blocks if title not in unnamed)
    return item if left == item.blocks else replace(item, blocks=left)


def _left_open(view: AcceptanceView, hidden: frozenset[str]) -> AcceptanceView:
    return replace(view, open_punch=tuple(item for item in view.open_punch if item.uid not in hidden))


def _unnamed(gate: ClosureGate, hidden: frozenset[str]) -> ClosureGate:
    return ClosureGate(open=tuple(replace(item, uid="", what="") if item.uid in hidden else item for item in gate.open))


def _untitled(attribution: Attribution, hidden: frozenset[str]) -> Attribution:
    days = tuple(
        replace(
            day,
            items=tuple("" if uid in hidden else uid for uid in day.items),
            evidence=tuple(replace(one, uid="", title="") if one.uid in hidden else one for one in day.evidence),
        )
        for day in attribution.days
    )
    return replace(attribution, days=days)
