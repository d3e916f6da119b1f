"""What a round keeps of each verdict, and the report of a round read back from what was kept."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence

from mapping.kinds import kind_of
from mapping.records import Value
from store import hub, verdicts
from store.hub import HubRow
from store.tx import Tx
from store.verdicts import Verdict
from supervise.cases import Setting
from supervise.judging import LISTS, Judged, ListName, ProjectTally, counted_as, judge_tasks, list_of, task_items
from supervise.projects import Reconciled, project_items, reconcile_projects
from supervise.report import Loudness, SupervisionReport, loudest_first, loudness
from supervise.severity import Severity

_APART = "apart"
_WORST: dict[str, Severity] = {"S1": "S1", "S2": "S2", "S3": "S3", "S4": "S4", "S0": "S0"}


def task_fact(each: Judged) -> Verdict:
    """Give what is kept of an open task."""
    verdict, row = each.verdict, each.context.row
    listed = list_of(verdict)
    return Verdict(
        "task", row.uid, verdict.next_ms,
        project=_text(row.values.get("project")),
        kind=kind_of(row.values)[0],
        blocks=bool(row.values.get("blocks")),
        tally=" ".join(counted_as(verdict)),
        listed=listed,
        severity=str(verdict.severity) if listed else "",
        obd=verdict.obd,
        due_eff=verdict.due_eff.isoformat() if listed and verdict.due_eff else "",
    )  # fmt: skip


def closed_fact(row: HubRow) -> Verdict:
    """Give what is kept of a task that is done or cancelled."""
    return Verdict("task", row.uid, None, _text(row.values.get("project")), kind_of(row.values)[0], tally="tasks")


def project_fact(each: Reconciled, again_ms: int | None) -> Verdict:
    """Give what is kept of a project.

    Args:
        again_ms: when it must be looked at again though nothing moves.
    """
    tally = "projects disagreements" if each.apart else "projects"
    return Verdict("project", each.row.uid, again_ms, tally=tally, listed=_APART if each.apart else "")


def fill_report(
    tx: Tx, report: SupervisionReport, setting: Setting, listed: int | None, told: Mapping[str, Reconciled]
) -> None:
    """Put the counts and the lists of everything into the report of a round.

    Args:
        listed: items each list keeps; None for all.
        told: projects as this round found them, before it wrote what it found.
    """
    for tally, number in verdicts.tallies(tx):
        for name in tally.split():
            report.tally(name, number)
    if listed == 0:
        return
    for name in LISTS:
        rows = hub.read(tx, "task", _loudest(tx, name, listed))
        judged = judge_tasks(tx, [rows[uid] for uid in sorted(rows)], setting, whole=True)
        getattr(report, name).extend(sorted(task_items(tx, judged, setting), key=loudest_first))
    apart = sorted(one.uid for one in verdicts.in_list(tx, "project", _APART))[:listed]
    found = hub.read(tx, "project", [uid for uid in apart if uid not in told])
    again = {each.row.uid: each for each in reconcile_projects(tx, list(found.values()), setting)}
    shown = [told.get(uid) or again[uid] for uid in apart]
    report.disagreements.extend(project_items(tx, shown, setting, project_tallies(tx, apart)))


def project_tallies(tx: Tx, uids: Sequence[str]) -> dict[str, ProjectTally]:
    """Give the counts of these projects' tasks as the last round left them."""
    tallies: dict[str, ProjectTally] = defaultdict(ProjectTally)
    for one in verdicts.of_projects(tx, uids):
        client = "client_actions" in one.tally.split()
        tallies[one.project].add(_list_name(one.listed), _WORST.get(one.severity), client=client)
    return tallies


def _loudest(tx: Tx, name: ListName, listed: int | None) -> list[str]:
    places = (_place(one, title) for one, title in verdicts.in_task_list(tx, name))
    chosen = sorted(places) if listed is None else heapq.nsmallest(listed, places)
    return [place[-1] for place in chosen]


def _place(one: Verdict, title: str) -> Loudness:
    return loudness(_WORST.get(one.severity), one.obd, one.due_eff or None, title, one.uid)


def _list_name(word: str) -> ListName:
    return next((name for name in LISTS if name == word), "")


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
