"""Reads everything that belongs to some projects, a chunk of them at once, as it stood at the setting's moment.

For a moment that is past, rows are taken back by the journal, and what was said or moved later is left out. The claims
of the sources are those of today: nobody kept the earlier ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from mapping.kinds import TaskKind, kind_of
from mapping.records import EntityKind, Values, is_known
from mapping.status import is_open
from store import acts, hub, journal, notices, supervision
from store.acts import Act
from store.hub import HubRow
from store.journal import Entry
from store.notices import Notice
from store.supervision import BallEvent
from store.tx import Tx
from supervise.baselines import calendar_of, read_baselines
from supervise.calendar import Calendar
from supervise.cases import Setting, known_by, moves_of, read_pauses, sources_of, supervised
from supervise.change import Baseline
from supervise.due import local_day, read_due, zone_of
from supervise.ending import Closing, closing_of
from supervise.history import BallMove
from supervise.judging import Judged, judge_tasks
from supervise.pauses import Pause
from supervise.projects import Reconciled, reconcile_projects
from supervise.report import SourceRef
from supervise.turns import REVIEWED, Step, read_steps

STAGED: Final = frozenset(
    {"change_request", "acceptance", "risk", "sign_off", "survey", "deliverable_review", "meeting"}
)
_MADE: Final = frozenset({"insert", "add", "punch", "answer", "follow"})


@dataclass(frozen=True, kw_only=True)
class Material:
    """One project with all that hangs on it.

    Args:
        tasks: all its live tasks, done and cancelled ones too.
        judged: the open ones with their verdicts.
        contacts: the client's people, and whoever else a record here points to.
        acts: what was said, by uid of the record, oldest first.
        moves, events: the ball's history by task, as the rules take it and as it is kept.
        pauses: what people agreed on, by task.
        entered: task -> stage -> the day it last came into it.
        imported: task -> the stage it was imported in, where it never came into another one since.
        notices: task -> what was said about it, and what was kept back.
    """

    project: HubRow
    account: HubRow | None
    reconciled: Reconciled
    setting: Setting
    tasks: Sequence[HubRow] = ()
    judged: Mapping[str, Judged] = field(default_factory=dict)
    contacts: Mapping[str, HubRow] = field(default_factory=dict)
    feedback: Sequence[HubRow] = ()
    comments: Sequence[HubRow] = ()
    acts: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    moves: Mapping[str, Sequence[BallMove]] = field(default_factory=dict)
    events: Mapping[str, Sequence[BallEvent]] = field(default_factory=dict)
    pauses: Mapping[str, Sequence[Pause]] = field(default_factory=dict)
    entered: Mapping[str, Mapping[str, date]] = field(default_factory=dict)
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    born: Mapping[str, date] = field(default_factory=dict)
    imported: Mapping[str, str] = field(default_factory=dict)
    notices: Mapping[str, Sequence[Notice]] = field(default_factory=dict)
    sources: Mapping[str, Sequence[SourceRef]] = field(default_factory=dict)
    baselines: Sequence[Baseline] = ()
    active_since: date | None = None
    closing: Closing = field(default_factory=Closing)

    @cached_property
    def calendar(self) -> Calendar:
        """Give the project's calendar."""
        return calendar_of(self.project, self.setting)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Give the zone the project lives in."""
        account = self.account.values if self.account is not None else {}
        return zone_of([self.project.values.get("zone"), account.get("zone"), self.setting.knobs.zone])[0]

    @cached_property
    def today(self) -> date:
        """Give the local day of the look."""
        return local_day(self.setting.now_ms, self.zone)

    @cached_property
    def _by_kind(self) -> Mapping[TaskKind, Sequence[HubRow]]:
        found: dict[TaskKind, list[HubRow]] = defaultdict(list)
        for row in self.tasks:
            found[kind_of(row.values)[0]].append(row)
        return found

    def of_kind(self, *kinds: TaskKind) -> list[HubRow]:
        """Give the tasks of those kinds, by due day and title."""
        found = [row for kind in kinds for row in self._by_kind.get(kind, ())]
        return sorted(found, key=lambda row: (str(row.values.get("due") or "9999"), text(row.values, "title"), row.uid))

    def said(self, uid: str, *kinds: str) -> list[Act]:
        """Give what was said about a record, of all kinds or of those named, oldest first."""
        return [act for act in self.acts.get(uid, ()) if not kinds or act.kind in kinds]

    def day(self, at_ms: int) -> date:
        """Give the local day of an instant."""
        return local_day(at_ms, self.zone)

    def ref(self, uid: str) -> str:
        """Give where a record can be looked up: ``connection:id``, or its uid in the hub."""
        found = self.sources.get(uid, ())
        return f"{found[0].connection}:{found[0].remote_id}" if found else uid

    def name(self, uid: str) -> str:
        """Give what a contact is called; "" for nobody."""
        row = self.contacts.get(uid)
        return text(row.values, "name") if row is not None else ""


def read_materials(tx: Tx, uids: Sequence[str], setting: Setting, *, past: bool = False) -> list[Material]:
    """Give the material of those projects that are live, in the order asked for.

    Args:
        past: the moment is not now: take rows back to it.
    """
    reading = _Reading(tx, setting, past)
    found = {row.uid: row for row in reading.back("project", list(hub.read(tx, "project", uids).values()))}
    projects = [found[uid] for uid in uids if uid in found and found[uid].state == "live"]
    return reading.materials(projects, reconcile_projects(tx, projects, setting)) if projects else []


def bare_materials(tx: Tx, projects: Sequence[HubRow], setting: Setting) -> list[Material]:
    """Give the material of those projects without what their sources claim, for those who judge the claims by it."""
    return _Reading(tx, setting, False).materials(projects, [Reconciled(row, {}, ()) for row in projects])


def rows_back(tx: Tx, entity: EntityKind, rows: list[HubRow], setting: Setting, *, past: bool = True) -> list[HubRow]:
    """Give rows as they were at the setting's moment, without those that came later."""
    return _Reading(tx, setting, past).back(entity, rows)


@dataclass(frozen=True, slots=True)
class _Reading:
    tx: Tx
    setting: Setting
    past: bool

    def materials(self, projects: Sequence[HubRow], reconciled: Sequence[Reconciled]) -> list[Material]:
        uids = [row.uid for row in projects]
        tasks = self.back("task", supervised(self.tx, "task", hub.select(self.tx, "task", where={"project": uids})))
        feedback = self.back("feedback", hub.select(self.tx, "feedback", where={"project": uids}))
        comments = self._comments(uids, [row.uid for row in tasks])
        accounts = hub.read(self.tx, "account", pointed(projects, "account"))
        contacts = self._contacts(list(accounts), [*tasks, *feedback, *projects])
        task_uids = [row.uid for row in tasks]
        events, told = self._events(task_uids), self._notices(task_uids)
        moves = moves_of(event for some in events.values() for event in some)
        unfinished = [row for row in tasks if is_open(text(row.values, "status"))]
        judged = {each.verdict.uid: each for each in judge_tasks(self.tx, unfinished, self.setting, known=moves)}
        pauses = read_pauses(self.tx, task_uids, self.setting.now_ms)
        said = {
            **self._acts("project", uids), **self._acts("task", task_uids),
            **self._acts("feedback", [row.uid for row in feedback]),
        }  # fmt: skip
        entered, born, steps, imported = self._stages(tasks, said)
        born |= self._undated(feedback)
        sources = {
            **sources_of(self.tx, "project", uids), **sources_of(self.tx, "task", task_uids),
            **sources_of(self.tx, "feedback", [row.uid for row in feedback]),
            **sources_of(self.tx, "comment", [row.uid for row in comments]),
        }  # fmt: skip
        went = journal.since(self.tx, "project", uids, 0)
        active, closings = self._active(projects, went), self._closings(went)
        by_task = _grouped(tasks, "project")
        by_feedback = _grouped(feedback, "project")
        people = _grouped(contacts.values(), "account")
        return [
            Material(
                project=each.row,
                account=accounts.get(text(each.row.values, "account")),
                reconciled=each,
                setting=self.setting.at(accounts.get(text(each.row.values, "account")), each.row),
                tasks=by_task.get(each.row.uid, ()),
                judged=judged,
                contacts=_concerned(
                    people.get(text(each.row.values, "account"), ()),
                    contacts,
                    by_task.get(each.row.uid, ()),
                    by_feedback.get(each.row.uid, ()),
                ),
                feedback=by_feedback.get(each.row.uid, ()),
                comments=_of_project(comments, each.row.uid, by_task.get(each.row.uid, ())),
                acts=said,
                moves=moves,
                events=events,
                pauses=pauses,
                entered=entered,
                steps=steps,
                born=born,
                imported=imported,
                notices=told,
                sources=sources,
                baselines=read_baselines(self.tx, each.row.uid, self.setting.now_ms),
                active_since=active.get(each.row.uid),
                closing=closings.get(each.row.uid, Closing()),
            )
            for each in reconciled
        ]

    def back(self, entity: EntityKind, rows: list[HubRow]) -> list[HubRow]:
        """Give rows as they were at the moment, without those that came later."""
        if not self.past or not rows:
            return rows
        later: dict[str, list[Entry]] = defaultdict(list)
        for entry in journal.since(self.tx, entity, [row.uid for row in rows], 0):
            if entry.at_ms > self.setting.now_ms and not entry.op_id:
                later[entry.uid].append(entry)
        taken = (taken_back(entity, row, later.get(row.uid, ())) for row in rows)
        return [row for row in taken if row is not None]

    def _contacts(self, accounts: Sequence[str], rows: Sequence[HubRow]) -> dict[str, HubRow]:
        named = {*pointed(rows, "contact"), *pointed(rows, "sponsor")}
        found = (
            {row.uid: row for row in hub.select(self.tx, "contact", where={"account": accounts})} if accounts else {}
        )
        return {**found, **hub.read(self.tx, "contact", named - found.keys())}

    def _comments(self, projects: Sequence[str], tasks: Sequence[str]) -> list[HubRow]:
        parents = [*(f"project:{uid}" for uid in projects), *(f"task:{uid}" for uid in tasks)]
        return self.back("comment", hub.select(self.tx, "comment", where={"parent": parents}))

    def _events(self, tasks: Sequence[str]) -> dict[str, list[BallEvent]]:
        found: dict[str, list[BallEvent]] = defaultdict(list)
        for event in supervision.ball_events(self.tx, "task", tasks):
            if known_by(event, self.setting.now_ms):
                found[event.uid].append(event)
        return found

    def _notices(self, tasks: Sequence[str]) -> dict[str, list[Notice]]:
        found: dict[str, list[Notice]] = defaultdict(list)
        for one in notices.of(self.tx, "task", tasks):
            if one.at_ms <= self.setting.now_ms:
                found[one.uid].append(one)
        return dict(found)

    def _acts(self, entity: EntityKind, uids: Sequence[str]) -> dict[str, list[Act]]:
        found: dict[str, list[Act]] = defaultdict(list)
        for act in acts.of(self.tx, entity, uids):
            if act.at_ms <= self.setting.now_ms:
                found[act.uid].append(act)
        return dict(found)

    def _stages(
        self, tasks: Sequence[HubRow], said: Mapping[str, Sequence[Act]]
    ) -> tuple[dict[str, dict[str, date]], dict[str, date], dict[str, list[Step]], dict[str, str]]:
        """Give when tasks came into their stages, into being, how, and in which stage they were imported, as the
        journal and people's word have it."""
        zone = zone_of([self.setting.knobs.zone])[0]
        entered: dict[str, dict[str, date]] = defaultdict(dict)
        born: dict[str, date] = {}
        imported: dict[str, str] = {}
        wanted = [row.uid for row in tasks if kind_of(row.values)[0] in STAGED]
        told: dict[str, list[Entry]] = defaultdict(list)
        for entry in journal.since(self.tx, "task", wanted, 0):
            if entry.at_ms > self.setting.now_ms or entry.op_id:
                continue
            told[entry.uid].append(entry)
            if entry.kind in _MADE:
                born.setdefault(entry.uid, local_day(entry.at_ms, zone))
            stage = entry.changes.get("stage", [None, None])[1]
            if isinstance(stage, str):
                entered[entry.uid][stage] = local_day(entry.at_ms, zone)
                imported.pop(entry.uid, None)
                if entry.kind == "insert":
                    imported[entry.uid] = stage
        for uid in wanted:
            for act in said.get(uid, ()):
                if act.kind == "stage":
                    entered[uid][str(act.doc.get("to"))] = local_day(act.at_ms, zone)
        reviewed = [row for row in tasks if kind_of(row.values)[0] in REVIEWED]
        steps = {row.uid: read_steps(row, told.get(row.uid, ()), said.get(row.uid, ()), zone) for row in reviewed}
        return entered, born, steps, imported

    def _undated(self, feedback: Sequence[HubRow]) -> dict[str, date]:
        """Give when feedback that names no day was first seen here."""
        zone = zone_of([self.setting.knobs.zone])[0]
        wanted = [row.uid for row in feedback if row.values.get("submitted_at") is None]
        found: dict[str, date] = {}
        for entry in journal.since(self.tx, "feedback", wanted, 0) if wanted else ():
            if entry.at_ms <= self.setting.now_ms:
                found.setdefault(entry.uid, local_day(entry.at_ms, zone))
        return found

    def _closings(self, entries: Sequence[Entry]) -> dict[str, Closing]:
        """Give when projects came to their end, and when they were last opened again."""
        zone = zone_of([self.setting.knobs.zone])[0]
        steps: dict[str, list[tuple[int, object, object]]] = defaultdict(list)
        for entry in entries:
            if entry.at_ms <= self.setting.now_ms and not entry.op_id and "lifecycle" in entry.changes:
                steps[entry.uid].append((entry.at_ms, *entry.changes["lifecycle"][:2]))
        return {uid: closing_of(found, lambda at_ms: local_day(at_ms, zone)) for uid, found in steps.items()}

    def _active(self, projects: Sequence[HubRow], entries: Sequence[Entry]) -> dict[str, date]:
        """Give since when projects are active: the day they became it, as the journal tells.

        A project that was active when it was first seen is so since its start day, if that was earlier.
        """
        zone = zone_of([self.setting.knobs.zone])[0]
        became: dict[str, date] = {}
        found: dict[str, date] = {}
        for entry in entries:
            before, after = entry.changes.get("lifecycle", [None, None])[:2]
            # What was written to a CRM stands there in its own words, and came from here.
            if entry.at_ms <= self.setting.now_ms and not entry.op_id and after == "active":
                (became if before else found).setdefault(entry.uid, local_day(entry.at_ms, zone))
        today = local_day(self.setting.now_ms, zone)
        for row in projects:
            start = read_due(row.values.get("start"))
            if row.values.get("lifecycle") in ("active", "delivered") and isinstance(start, date):
                known = found.get(row.uid)
                if start <= (known or today):
                    found[row.uid] = start
        return found | became


def taken_back(entity: EntityKind, row: HubRow, later: Sequence[Entry]) -> HubRow | None:
    """Give a row as it was before those entries of the journal; None when it was not there yet.

    Args:
        later: what happened to it after the moment, oldest first.
    """
    values, state = dict(row.values), row.state
    for entry in reversed(later):
        if entry.kind in _MADE:
            return None
        for name, change in entry.changes.items():
            if name == "state":
                state = change[0] or state
            elif is_known(entity, name) or name in values:
                values[name] = change[0]
    return row._replace(values=values, state=state)


def text(values: Values, name: str) -> str:
    """Give a text of a record; "" when it has none."""
    value = values.get(name)
    return value if isinstance(value, str) else ""


def pointed(rows: Iterable[HubRow], name: str) -> list[str]:
    """Give what those rows point to, each once."""
    return sorted({text(row.values, name) for row in rows} - {""})


def _concerned(
    client: Iterable[HubRow], contacts: Mapping[str, HubRow], tasks: Sequence[HubRow], feedback: Sequence[HubRow]
) -> dict[str, HubRow]:
    """Give the people of a project's client, and those that its tasks and feedback point to."""
    named = {*pointed(tasks, "contact"), *pointed(feedback, "contact")}
    return {row.uid: row for row in client} | {uid: contacts[uid] for uid in sorted(named & contacts.keys())}


def _grouped(rows: Iterable[HubRow], name: str) -> dict[str, list[HubRow]]:
    found: dict[str, list[HubRow]] = defaultdict(list)
    for row in rows:
        found[text(row.values, name)].append(row)
    return found


def _of_project(comments: Iterable[HubRow], project: str, tasks: Sequence[HubRow]) -> list[HubRow]:
    parents = {f"project:{project}", *(f"task:{row.uid}" for row in tasks)}
    return [row for row in comments if text(row.values, "parent") in parents]
