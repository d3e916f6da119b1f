"""Looks at the hub from any moment without writing: what ``overdue``, ``projects`` and ``project show`` answer.

A look judges the values as they stand now from the moment asked for; what the records said at an earlier time is the
journal's to tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from store import hub
from store.database import Database
from store.hub import HubRow
from store.tx import Tx
from supervise.cases import Setting, open_tasks, read_setting, with_place
from supervise.knobs import Knobs
from supervise.projects import project_items, reconcile_projects
from supervise.report import ProjectItem, ProjectPage, SupervisionReport, loudest_first
from supervise.rounds import supervise_once
from supervise.survey import CHUNK, Gathering, Judged, judge_tasks, task_items


def overdue_view(
    db: Database, *, now_ms: int, knobs: Knobs | None = None, org_zone: str | None = None,
    authority: Sequence[str] | None = None, listed: int | None = None,
) -> SupervisionReport:  # fmt: skip
    """Give what is overdue, due soon and in dispute at *now_ms*.

    Args:
        listed: items each list keeps; None, as a person who asks expects, for all.
    """
    return supervise_once(
        db, now_ms=now_ms, run_id="", knobs=knobs, org_zone=org_zone, authority=authority, as_of_only=True,
        listed=listed,
    )  # fmt: skip


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
            found.extend(_listed(tx, rows, setting))
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


def _listed(tx: Tx, rows: Sequence[HubRow], setting: Setting) -> list[ProjectItem]:
    _, gathering = _judge_project(tx, [row.uid for row in rows], setting, CHUNK)
    return project_items(tx, reconcile_projects(tx, rows, setting), setting, gathering.tallies)


def _judge_project(tx: Tx, uids: Sequence[str], setting: Setting, size: int) -> tuple[list[Judged], Gathering]:
    """Judge every open task of those projects; what is kept is bounded by the tasks of one chunk of projects."""
    gathering = Gathering(SupervisionReport(run_id="", now_ms=setting.now_ms, zone=setting.knobs.zone), setting)
    judged: list[Judged] = []
    after = ""
    while True:
        rows = open_tasks(tx, after=after, limit=size, where={"project": list(uids)})
        chunk = judge_tasks(tx, rows, setting)
        gathering.add(tx, chunk)
        if len(uids) == 1:
            judged.extend(chunk)
        if len(rows) < size:
            return judged, gathering
        after = rows[-1].uid
