"""What of a project the other side of the table may see: nothing that is marked internal, in any table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from supervise.change import change_totals
from supervise.delay import Attribution
from supervise.dossier import Dossier


class _Line(Protocol):
    @property
    def uid(self) -> str: ...


Line = TypeVar("Line", bound=_Line)


def outward(dossier: Dossier) -> Dossier:
    """Give a dossier without what is marked internal; days keep their holder, and lose the title that decided them."""
    hidden = dossier.internal
    if not hidden:
        return dossier

    def seen(lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(line for line in lines if line.uid not in hidden)

    changes = seen(dossier.changes)
    return replace(
        dossier,
        client_items=seen(dossier.client_items), our_items=seen(dossier.our_items),
        third_items=seen(dossier.third_items), on_hold=seen(dossier.on_hold), due_soon=seen(dossier.due_soon),
        undated=seen(dossier.undated), milestones=seen(dossier.milestones), sign_offs=seen(dossier.sign_offs),
        acceptance=seen(dossier.acceptance), rounds=seen(dossier.rounds), risks=seen(dossier.risks),
        assumptions=seen(dossier.assumptions), changes=changes,
        change_totals=change_totals(changes), decisions=seen(dossier.decisions), meetings=seen(dossier.meetings),
        ledger=seen(dossier.ledger), improvements=seen(dossier.improvements),
        attribution={uid: _untitled(one, hidden) for uid, one in dossier.attribution.items() if uid not in hidden},
    )  # fmt: skip


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
