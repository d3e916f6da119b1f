"""Looks at the hub from any moment without writing: what ``overdue``, ``projects`` and ``project show`` answer.

A look judges the values as they stand now from the moment asked for, or, for a moment that is past, the values that
the journal takes them back to.
"""

from __future__ import annotations

from collections.abc import Sequence

from mapping.status import is_open
from store import hub
from store.database import Database
from store.hub import HubRow
from store.tx import Tx
from supervise.cases import Setting, closed_tasks, open_tasks, read_setting, supervised, with_place
from supervise.judging import CHUNK, Gathering, Judged, blank_report, judge_tasks, task_items
from supervise.knobs import Knobs
from supervise.material import rows_back
from supervise.projects import project_items, reconcile_projects
from supervise.report import ProjectItem, ProjectPage, SupervisionReport, loudest_first


def overdue_view(
    db: Database, *, now_ms: int, knobs: Knobs | None = None, org_zone: str | None = None,
    authority: Sequence[str] | None = None, listed: int | None = None, chunk: int = CHUNK, past: bool = False,
) -> SupervisionReport:  # fmt: skip
    """Give what is overdue, due soon and in dispute at *now_ms*, by judging everything from that moment.

    Args:
        past: the moment is not now: records are taken back to it, and those made later are left out.
        listed: items each list keeps; None, as a person who asks expects, for all.
        chunk: rows a transaction reads.
    """
    placed = with_place(knobs or Knobs(), org_zone, authority)
    with db.read() as tx:
        setting = read_setting(tx, now_ms=now_ms, knobs=placed, looking_back=True)
    gathering = Gathering(blank_report(setting), setting, listed)
    if past:
        _judge_past(db, gathering, chunk)
    else:
        _judge_open(db, gathering, chunk)
        _count_closed(db, gathering.report, chunk)
    _reconcile_all(db, gathering, chunk)
    return gathering.report


def projects_view(
    db: Database, *, now_ms: int, knobs: Knobs | None = None, org_zone: str | None = None,
    authority: Sequence[str] | None = None,
) -> list[ProjectItem]:  # fmt: skip
    """Give every live project with its standing and its counts, ordered by name."""
    placed = with_place(knobs or Knobs(), org_zone, authority)
    found: list[ProjectItem] = []
    with db.read() as tx:
        setting = read_setting(tx, now_ms=now_ms, knobs=placed, looking_back=True)
        after = ""
        while rows := hub.select(tx, "project", after=after, limit=CHUNK):
            found.extend(_listed(tx, supervised(tx, "project", rows), setting))
            after = rows[-1].uid
    return sorted(found, key=lambda item: (item.name, item.uid))


def project_view(
    db: Database, uid: str, *, now_ms: int, knobs: Knobs | None = None, org_zone: str | None = None,
    authority: Sequence[str] | None = None, chunk: int = CHUNK,
) -> ProjectPage | None:  # fmt: skip
    """Give one project with everything open on it; None when there is no such project."""
    placed = with_place(knobs or Knobs(), org_zone, authority)
    with db.read() as tx:
        row = hub.read(tx, "project", [uid]).get(uid)
        if row is None:
            return None
        setting = read_setting(tx, now_ms=now_ms, knobs=placed, looking_back=True)
        judged, gathering = _judge_project(tx, [uid], setting, chunk)
        item = project_items(tx, reconcile_projects(tx, [row], setting), setting, gathering.tallies)[0]
        client = [each for each in judged if each.verdict.is_client_action]
        undated = [each for each in judged if "no_due" in each.verdict.gaps]
        return ProjectPage(
            project=item,
            overdue=tuple(gathering.report.overdue),
            ours=tuple(gathering.report.ours),
            client_open=tuple(sorted(task_items(tx, client, setting), key=loudest_first)),
            undated=tuple(sorted(task_items(tx, undated, setting), key=loudest_first)),
            now_ms=now_ms,
            zone=placed.zone,
        )


def _judge_open(db: Database, gathering: Gathering, chunk: int) -> None:
    after = ""
    while True:
        with db.read() as tx:
            rows = open_tasks(tx, after=after, limit=chunk)
            gathering.add(tx, judge_tasks(tx, supervised(tx, "task", rows), gathering.setting))
        if len(rows) < chunk:
            return
        after = rows[-1].uid


def _judge_past(db: Database, gathering: Gathering, chunk: int) -> None:
    """Judge what was open then: also what was done or deleted since."""
    after = ""
    while True:
        with db.read() as tx:
            rows = hub.select(tx, "task", states=(), after=after, limit=chunk)
            then = [row for row in rows_back(tx, "task", rows, gathering.setting) if row.state == "live"]
            open_ = [row for row in supervised(tx, "task", then) if is_open(str(row.values.get("status") or ""))]
            gathering.add(tx, judge_tasks(tx, open_, gathering.setting))
        gathering.report.tally("tasks", len(then) - len(open_))
        if len(rows) < chunk:
            return
        after = rows[-1].uid


def _count_closed(db: Database, report: SupervisionReport, chunk: int) -> None:
    after = ""
    while True:
        with db.read() as tx:
            rows = closed_tasks(tx, after=after, limit=chunk)
        report.tally("tasks", len(rows))
        if len(rows) < chunk:
            return
        after = rows[-1].uid


def _reconcile_all(db: Database, gathering: Gathering, chunk: int) -> None:
    report, after = gathering.report, ""
    while True:
        with db.read() as tx:
            rows = hub.select(tx, "project", after=after, limit=chunk)
            kept = supervised(tx, "project", rows)
            apart = [each for each in reconcile_projects(tx, kept, gathering.setting) if each.apart]
            report.tally("projects", len(kept))
            report.tally("disagreements", len(apart))
            left = None if gathering.listed is None else max(0, gathering.listed - len(report.disagreements))
            report.disagreements.extend(project_items(tx, apart[:left], gathering.setting, gathering.tallies))
        if len(rows) < chunk:
            return
        after = rows[-1].uid


def _listed(tx: Tx, rows: Sequence[HubRow], setting: Setting) -> list[ProjectItem]:
    _, gathering = _judge_project(tx, [row.uid for row in rows], setting, CHUNK)
    return project_items(tx, reconcile_projects(tx, rows, setting), setting, gathering.tallies)


def _judge_project(tx: Tx, uids: Sequence[str], setting: Setting, size: int) -> tuple[list[Judged], Gathering]:
    """Judge every open task of those projects; what is kept is bounded by the tasks of one chunk of projects."""
    gathering = Gathering(blank_report(setting), setting)
    judged: list[Judged] = []
    after = ""
    while True:
        rows = open_tasks(tx, after=after, limit=size, where={"project": list(uids)})
        chunk = judge_tasks(tx, supervised(tx, "task", rows), setting)
        gathering.add(tx, chunk)
        if len(uids) == 1:
            judged.extend(chunk)
        if len(rows) < size:
            return judged, gathering
        after = rows[-1].uid
