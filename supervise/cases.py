"""Reads the store into cases: everything a judgement looks at, a chunk of rows at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final

from mapping.errors import ConfigError
from mapping.kinds import TaskKind, kind_of
from mapping.records import EntityKind, Value, Values
from mapping.status import OPEN, TERMINAL, is_open
from store import claims as claim_rows
from store import hub, links, streams, supervision
from store.hub import HubRow
from store.supervision import BallEvent
from store.tx import Tx
from supervise.ball import Holder
from supervise.calendar import ONE_DAY, Calendars
from supervise.calendar_file import YEAR, YEARS
from supervise.countries import find_country
from supervise.due import DAY_MS, opening_ms, zone_of
from supervise.history import BallMove
from supervise.knobs import Knobs
from supervise.lifecycle import CLAIMED, Heard, LifecycleCase, LifecycleClaim, Proof
from supervise.pauses import Pause
from supervise.report import SourceRef
from supervise.told import seen_ms
from supervise.verdict import TaskCase

_HOLDERS: Final[Mapping[str, Holder]] = {"client": "client", "vendor": "vendor", "third_party": "third_party"}
_NEEDED: Final[Mapping[EntityKind, tuple[str, ...]]] = {
    "project": ("name", "key", "contract_no", "code", "account", "zone", "calendar"),
    "contact": ("name", "account", "zone", "calendar"),
    "account": ("name", "key", "country", "zone", "calendar"),
}
HOUR_MS: Final = 3_600_000
MEMORY: Final = "supervise"
"""The key of a project's ``meta`` under which its last reconciliation is remembered."""
Claims = Mapping[str, Sequence[claim_rows.Claim]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for every case of one look.

    Args:
        stale: connections whose word does not count now.
        silent: those and every other of which some records were not read for too long.
        own_days: the deployment's own calendar days, as one word that differs when they do.
    """

    now_ms: int
    knobs: Knobs
    calendars: Calendars
    stale: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    own_days: str = ""

    def at(self, account: HubRow | None, project: HubRow | None) -> Setting:
        """Give the setting with the knobs of one project of one client."""
        knobs = self.knobs_of(account, project)
        return self if knobs is self.knobs else replace(self, knobs=knobs)

    def knobs_of(self, account: HubRow | None, project: HubRow | None) -> Knobs:
        """Give the knobs that hold for one project of one client."""
        if not self.knobs.accounts and not self.knobs.projects:
            return self.knobs
        return self.knobs.of(_names(account, ("key", "name")), _names(project, ("key", "contract_no", "code", "name")))


@dataclass(frozen=True, slots=True)
class TaskContext:
    """A task row with its case and the records it points to."""

    row: HubRow
    case: TaskCase
    project: HubRow | None
    contact: HubRow | None
    account: HubRow | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the last reconciliation of a project field left.

    Args:
        agreed: the value then agreed on.
        shown: the value then in the hub; another one there now means that a person set it.
    """

    agreed: str | None
    shown: str | None
    heard: Mapping[str, Heard] = field(default_factory=dict)


def read_setting(tx: Tx, *, now_ms: int, knobs: Knobs, looking_back: bool = False) -> Setting:
    """Read calendars and freshness.

    Args:
        looking_back: the moment is not now, so freshness is measured against the connection heard last.
    Raises:
        ConfigError: the organisation's calendar or zone is unknown.
    """
    days = tuple((entry.calendar, entry.day, entry.kind) for entry in supervision.every_calendar_day(tx))
    try:
        zone_of([knobs.zone])
        calendars, said = _composed(knobs.calendar, days)
    except ValueError as exc:
        raise ConfigError(f"supervision cannot start: {exc}", zh=f"督办无法开始：{exc}") from exc
    stale = _stale(tx, now_ms, knobs, looking_back=looking_back)
    silent = stale | _stale(tx, now_ms, knobs, looking_back=looking_back, entities=("project", "task"))
    return Setting(now_ms=now_ms, knobs=knobs, calendars=calendars, stale=stale, silent=silent, own_days=said)


@lru_cache(maxsize=4)
def _composed(org: str, entries: tuple[tuple[str, str, str], ...]) -> tuple[Calendars, str]:
    """Give the calendars of those entries and their own days as one word; kept, for the same days come every round
    and counting a year anew takes longer than judging by it."""
    own: dict[str, dict[date, bool]] = defaultdict(dict)
    listed: dict[str, list[int]] = defaultdict(list)
    for calendar, text, kind in entries:
        day = date.fromisoformat(text)
        if kind == YEAR and calendar.endswith(YEARS):
            listed[calendar.removesuffix(YEARS)].append(day.year)
        else:
            own[calendar][day] = kind == "work"
    said = repr([sorted((name, sorted(days.items())) for name, days in own.items()), sorted(listed.items())])
    return Calendars(org=org, country=find_country, own=own, listed=listed), said


def with_place(knobs: Knobs, org_zone: str | None, authority: Sequence[str] | None) -> Knobs:
    """Give the knobs with the organisation's zone and the order of authority put in."""
    named = replace(knobs, zone=org_zone) if org_zone else knobs
    return replace(named, authority=tuple(authority)) if authority is not None else named


def unusual(knobs: Knobs) -> dict[str, Any]:
    """Give the knobs that differ from the defaults, as plain values."""
    usual = Knobs()
    shared = [each.name for each in fields(Knobs) if each.name not in ("accounts", "projects")]
    differ = (name for name in shared if getattr(knobs, name) != getattr(usual, name))
    own = {
        f"{kind}.{name}.{knob}": _plain(value)
        for kind, table in (("accounts", knobs.accounts), ("projects", knobs.projects))
        for name, values in table.items()
        for knob, value in values.items()
    }
    return {**{name: _plain(getattr(knobs, name)) for name in differ}, **own}


def open_tasks(tx: Tx, *, after: str, limit: int, where: Mapping[str, Any] | None = None) -> list[HubRow]:
    """Give the next open tasks by uid; a task without a status is open."""
    chosen = dict(where or {})
    known = hub.select(tx, "task", where={**chosen, "status": OPEN}, after=after, limit=limit)
    blank = hub.select(tx, "task", where={**chosen, "status": None}, after=after, limit=limit)
    return sorted([*known, *blank], key=lambda row: row.uid)[:limit]


def closed_tasks(tx: Tx, *, after: str, limit: int) -> list[HubRow]:
    """Give the next closed tasks by uid, with just what is needed to see that they were closed."""
    light = ("title", "status", "due", "overdue_since", "severity")
    return hub.select(tx, "task", where={"status": TERMINAL}, fields=light, after=after, limit=limit)


def supervised(tx: Tx, entity: EntityKind, rows: Sequence[HubRow]) -> list[HubRow]:
    """Give those of the rows that are live and, where the connections' scopes say so, still in one."""
    live = [row for row in rows if row.state == "live"]
    left = links.left_scope(tx, entity, [row.uid for row in live])
    return [row for row in live if row.uid not in left]


def read_tasks(
    tx: Tx, rows: Sequence[HubRow], moves: Mapping[str, Sequence[BallMove]], until_ms: int | None = None
) -> list[TaskContext]:
    """Give the cases of those task rows with everything they point to; a pause agreed after *until_ms* is left out."""
    projects = _pointed(tx, "project", rows, "project")
    contacts = _pointed(tx, "contact", rows, "contact")
    accounts = _pointed(tx, "account", [*projects.values(), *contacts.values()], "account")
    pauses = read_pauses(tx, [row.uid for row in rows], until_ms)
    blocking = _blocking(tx, [row for row in rows if row.values.get("blocks")])
    out: list[TaskContext] = []
    for row in rows:
        project, contact = projects.get(_ref(row, "project")), contacts.get(_ref(row, "contact"))
        account = accounts.get(_ref(contact, "account")) or accounts.get(_ref(project, "account"))
        case = TaskCase(
            uid=row.uid,
            task=row.values,
            project=_values(project),
            contact=_values(contact),
            account=_values(account),
            moves=moves.get(row.uid, ()),
            pauses=pauses.get(row.uid, ()),
            blocks=row.uid in blocking,
        )
        out.append(TaskContext(row, case, project, contact, account))
    return out


def read_moves(tx: Tx, uids: Sequence[str], until_ms: int | None = None) -> dict[str, list[BallMove]]:
    """Give the ball's history of each task that has one, oldest first; what came after *until_ms* is left out."""
    events = supervision.ball_events(tx, "task", uids)
    return moves_of(event for event in events if until_ms is None or known_by(event, until_ms))


def known_by(event: BallEvent, until_ms: int) -> bool:
    """Say whether a move had happened and been seen by that moment."""
    return max(event.at_ms, seen_ms(event.at_ms, event.data)) <= until_ms


def moves_of(events: Iterable[BallEvent]) -> dict[str, list[BallMove]]:
    """Give the ball's history of each task from its events, in their order."""
    found: dict[str, list[BallMove]] = defaultdict(list)
    for event in events:
        data = event.data
        found[event.uid].append(
            BallMove(event.at_ms, _HOLDERS.get(event.side, "none"), data.get("status") or "", data.get("due"))
        )
    return dict(found)


def read_pauses(tx: Tx, uids: Sequence[str], until_ms: int | None = None) -> dict[str, list[Pause]]:
    """Give the pauses people agreed on, by task; one agreed after *until_ms* is left out."""
    found: dict[str, list[Pause]] = defaultdict(list)
    for pause in supervision.pauses(tx, "task", uids):
        if until_ms is not None and pause.created_ms > until_ms:
            continue
        until = date.fromisoformat(pause.until) if pause.until else None
        found[pause.uid].append(Pause(date.fromisoformat(pause.start), until))
    return found


def lifecycle_cases(
    tx: Tx,
    rows: Sequence[HubRow],
    setting: Setting,
    claims: Claims,
    answers: Mapping[tuple[str, str], str],
    proofs: Mapping[str, Proof],
) -> dict[tuple[str, str], LifecycleCase]:
    """Give one case per project and claimed field.

    Args:
        claims: what every source says, by project.
        answers: what a person answered to an earlier question, by project and field.
        proofs: what the records of a project say of its end, where a source claims it.
    """
    overrides = _overrides(tx, [row.uid for row in rows], setting)
    cases: dict[tuple[str, str], LifecycleCase] = {}
    for row in rows:
        said = claims.get(row.uid, [])
        for name in CLAIMED:
            key = (row.uid, name)
            cases[key] = _lifecycle_case(row, name, said, setting, answers.get(key), overrides.get(key), proofs)
    return cases


def remembered(row: HubRow, name: str) -> Remembered | None:
    """Give what the last reconciliation of that field left on the row; None before the first."""
    kept = row.meta.get(MEMORY, {}).get(name)
    if kept is None:
        return None
    heard = {connection: (value, int(seen)) for connection, (value, seen) in kept["heard"].items()}
    return Remembered(kept["agreed"], kept["shown"], heard)


def sources_of(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> dict[str, tuple[SourceRef, ...]]:
    """Give the remote records each row is linked to."""
    return {
        uid: tuple(
            SourceRef(link.connection, link.object, link.remote_id, link.modified_ms)
            for link in found
            if link.state in {"live", "suspended"}
        )
        for uid, found in links.by_uids(tx, entity, uids).items()
    }


def _lifecycle_case(
    row: HubRow, name: str, said: Sequence[claim_rows.Claim], setting: Setting, answer: str | None,
    override: str | None, proofs: Mapping[str, Proof],
) -> LifecycleCase:  # fmt: skip
    memory = remembered(row, name)
    shown = row.values.get(name)
    now = shown if isinstance(shown, str) else None
    by_hand = memory is not None and now != memory.shown
    base = answer or (memory.agreed if memory is not None and not by_hand else now)
    claims = tuple(
        LifecycleClaim(
            claim.connection,
            claim.value,
            claim.seen_ms,
            memory.heard.get(claim.connection) if memory else None,
            claim.connection in setting.stale,
        )
        for claim in said
        if claim.field == name and isinstance(claim.value, str)
    )
    return LifecycleCase(
        uid=row.uid,
        base=base,
        field=name,
        settled=by_hand or answer is not None,
        claims=claims,
        override=override,
        authority=setting.knobs_of(None, row).authority,
        proof=proofs.get(row.uid, Proof()),
    )


def _stale(
    tx: Tx, now_ms: int, knobs: Knobs, *, looking_back: bool, entities: Sequence[str] = ("project",)
) -> frozenset[str]:
    """Give the connections that stopped, or whose projects, or any of *entities*, were not read for too long."""
    heard: dict[str, int] = {}
    for stream in streams.all(tx):
        if stream.entity in entities:
            heard[stream.connection] = min(stream.updated_ms, heard.get(stream.connection, stream.updated_ms))
    now = min(now_ms, max(heard.values(), default=now_ms)) if looking_back else now_ms
    late = {name for name, at_ms in heard.items() if now - at_ms > knobs.stale_after_h * HOUR_MS}
    return frozenset(late | {state.name for state in streams.connections(tx) if state.stopped})


def override_ends(tx: Tx, uids: Sequence[str], setting: Setting) -> dict[str, int]:
    """Give when the first of each project's standing overrides runs out; a project without one is not there."""
    ends: dict[str, int] = {}
    for (uid, _), (_, ends_ms) in _standing_overrides(tx, uids, setting).items():
        ends[uid] = min(ends_ms, ends.get(uid, ends_ms))
    return ends


def _overrides(tx: Tx, uids: Sequence[str], setting: Setting) -> dict[tuple[str, str], str]:
    return {key: value for key, (value, _) in _standing_overrides(tx, uids, setting).items()}


def _standing_overrides(tx: Tx, uids: Sequence[str], setting: Setting) -> dict[tuple[str, str], tuple[str, int]]:
    """Give the overrides that have not run out and when they do; one without an end does after the default life."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    wanted = set(uids)
    for override in supervision.overrides(tx):
        if override.entity != "project" or override.uid not in wanted:
            continue
        days = setting.knobs.override_max_days if override.until else setting.knobs.override_days
        ends_ms = override.at_ms + days * DAY_MS
        if override.until:
            last = date.fromisoformat(override.until)
            ends_ms = min(ends_ms, opening_ms(last + ONE_DAY, zone_of([setting.knobs.zone])[0]))
        if setting.now_ms < ends_ms and override.rule in CLAIMED and isinstance(override.value, str):
            found[override.uid, override.rule] = (override.value, ends_ms)
    return found


def _blocking(tx: Tx, rows: Sequence[HubRow]) -> set[str]:
    """Give the tasks that say they block their project's next milestone, by its uid, key or title."""
    if not rows:
        return set()
    nearest = _next_milestones(tx, sorted({_ref(row, "project") for row in rows} - {""}))
    return {row.uid for row in rows if set(_words(row.values["blocks"])) & nearest.get(_ref(row, "project"), set())}


def rows_of_kind(
    tx: Tx, projects: Sequence[str], *kinds: TaskKind, fields_: Sequence[str] | None = None
) -> list[HubRow]:
    """Give the live tasks of those kinds, inferred ones too; with all their fields or just with *fields_* and hints."""
    wanted = None if fields_ is None else tuple(dict.fromkeys((*fields_, "kind", "record_type", "tags", "title")))
    found = [
        row
        for kind in (list(kinds), None)
        for row in hub.select(tx, "task", where={"project": list(projects), "kind": kind}, fields=wanted)
    ]
    return sorted((row for row in found if kind_of(row.values)[0] in kinds), key=lambda row: row.uid)


def _next_milestones(tx: Tx, projects: Sequence[str]) -> dict[str, set[str]]:
    first: dict[str, tuple[str, str]] = {}
    names: dict[str, set[str]] = {}
    for row in rows_of_kind(tx, projects, "milestone", fields_=("project", "due", "status", "key", "title")):
        if not is_open(_text(row.values["status"])):
            continue
        at, project = (_text(row.values["due"]) or "9999", row.uid), _ref(row, "project")
        if project not in first or at < first[project]:
            first[project] = at
            names[project] = {row.uid, *filter(None, (_text(row.values["key"]), _text(row.values["title"])))}
    return names


def _pointed(tx: Tx, entity: EntityKind, rows: Sequence[HubRow], name: str) -> dict[str, HubRow]:
    """Give the records that *rows* point to, in every state, with just what a judgement and its reader need."""
    uids = _refs(rows, name)
    found = hub.select(tx, entity, where={"uid": uids}, states=(), fields=_NEEDED[entity]) if uids else []
    return {row.uid: row for row in found}


def _refs(rows: Sequence[HubRow], name: str) -> list[str]:
    return sorted({_ref(row, name) for row in rows} - {""})


def _ref(row: HubRow | None, name: str) -> str:
    value = row.values.get(name) if row is not None else None
    return value if isinstance(value, str) else ""


def _names(row: HubRow | None, fields_: Sequence[str]) -> list[str]:
    """Give what a record may be called by in the configuration."""
    return [] if row is None else [row.uid, *(_text(row.values.get(name)) or "" for name in fields_)]


def _values(row: HubRow | None) -> Values:
    return row.values if row is not None else {}


def _words(value: Value) -> list[str]:
    if isinstance(value, list):
        return value
    return [word.strip() for word in str(value).replace(";", ",").split(",")]


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return {each.name: getattr(value, each.name) for each in fields(value)} if hasattr(value, "s2") else value
