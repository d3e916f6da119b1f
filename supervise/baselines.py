"""The plan's versions: what was first agreed, and what each approved change made of it (R15).

Kept once a change, found again by the change's uid, so that doing it again does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from mapping.errors import InputError
from mapping.records import Value, Values
from store import acts, hub, supervision
from store.acts import Act
from store.hub import HubChange, HubRow
from store.journal import Entry
from store.tx import Tx
from supervise.calendar import Calendar
from supervise.cases import Setting, rows_of_kind
from supervise.change import APPROVED, Baseline, ChangeRequest, first_baseline, gate, rebaseline
from supervise.due import read_due

KIND: Final = "baseline"


def keep_baseline(
    tx: Tx, project: str, setting: Setting, *, who: str, entries: list[Entry], decided: Sequence[Act] = ()
) -> list[str]:
    """Bring a project's plan up to its approved changes.

    The first version is what the milestones say before the first change; every approved change with all an approval
    needs makes the next one and moves ``approved_due`` of the milestones it names.

    Args:
        entries: takes what the journal is to say of it.
        decided: decisions that are not written down yet.
    Returns:
        The milestones that moved.
    Raises:
        InputError: somebody edited one of them meanwhile; nothing may be committed then.
    """
    row = hub.read(tx, "project", [project]).get(project) if project else None
    if row is None:
        return []
    milestones = rows_of_kind(tx, [project], "milestone")
    requests = rows_of_kind(tx, [project], "change_request")
    kept = acts.of(tx, "task", [task.uid for task in requests], ["decision"])
    made = [*kept, *(act for act in decided if act.kind == "decision")]
    versions = read_baselines(tx, project)
    pending = _pending(requests, milestones, made, versions)
    if not pending:
        return []
    calendar = calendar_of(row, setting)
    if not versions:
        versions = [first_baseline(_first_dates(milestones))]
        _save(tx, project, versions[0], "", setting.now_ms)
    moved: dict[str, date] = {}
    for request in pending:
        last = versions[-1]  # a milestone that joined the plan later enters it with the day it then has
        grown = replace(last, dates={**_first_dates(milestones), **last.dates})
        newest = rebaseline([*versions[:-1], grown], request, calendar)
        _save(tx, project, newest, who, setting.now_ms)
        versions.append(newest)
        moved |= {uid: newest.dates[uid] for uid in request.affected if uid in newest.dates}
    return _move(tx, milestones, moved, setting, who, entries)


def read_baselines(tx: Tx, project: str, until_ms: int | None = None) -> list[Baseline]:
    """Give the versions of a project's plan, the first one first; those made after *until_ms* are left out."""
    kept = (one for one in supervision.baselines(tx, "project", [project]) if one.kind == KIND)
    return [_baseline(one.doc) for one in kept if until_ms is None or one.at_ms <= until_ms]


def read_request(
    row: HubRow, decisions: Sequence[Act], milestones: Sequence[HubRow], entered: Mapping[str, date],
    born: date | None = None,
) -> ChangeRequest:  # fmt: skip
    """Give a change request as the rules take it: its fields, its last decision, the milestones it names.

    Args:
        decisions: the decisions on this request, oldest first.
        entered: when it came into each of its stages.
        born: when it came into being; one first seen in a later stage was submitted by then.
    """
    values = row.values
    doc: Mapping[str, Any] = decisions[-1].doc if decisions else {}
    return ChangeRequest(
        uid=row.uid,
        title=str(values.get("title") or ""),
        impact=str(values.get("change_impact") or ""),
        cost=decimal_of(values.get("change_cost")),
        days=whole_of(values.get("change_days")),
        approver=str(doc.get("approver") or ""),
        approver_roles=tuple(doc.get("roles") or ()),
        decided_on=_day(doc.get("decided_on")),
        stage=str(values.get("stage") or "draft"),
        submitted_on=entered.get("submitted") or _day(values.get("start")) or _submitted_by(values, entered, born),
        affected=tuple(named(values.get("affected"), milestones)),
        started_on=entered.get("implementing"),
    )


def _submitted_by(values: Values, entered: Mapping[str, date], born: date | None) -> date | None:
    """Give the first day on which a request is known to have been submitted; None for a draft."""
    later = [day for stage, day in entered.items() if stage not in ("draft", "deferred")]
    return min(later, default=born) if values.get("stage") not in (None, "", "draft") else None


def named(value: Value, rows: Sequence[HubRow]) -> list[str]:
    """Give the uids of those rows that a list of uids, keys or titles names, in the order of the rows."""
    words = value if isinstance(value, list) else str(value or "").replace(";", ",").replace("，", ",").split(",")
    wanted = {word.strip() for word in words if word.strip()}
    return [row.uid for row in rows if wanted & {row.uid, str(row.values.get("key")), str(row.values.get("title"))}]


def calendar_of(project: HubRow, setting: Setting) -> Calendar:
    """Give the calendar of a project."""
    own = project.values.get("calendar")
    return setting.calendars.of(("project", own if isinstance(own, str) else None))


def decimal_of(value: Value) -> Decimal | None:
    """Give a number as it was typed; None for a blank or for what is none."""
    try:
        return Decimal(str(value)) if value not in (None, "") else None
    except InvalidOperation:
        return None


def whole_of(value: Value) -> int | None:
    """Give a whole number; None for a blank or for what is none."""
    found = decimal_of(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def _pending(
    requests: Sequence[HubRow], milestones: Sequence[HubRow], made: Sequence[Act], versions: Sequence[Baseline]
) -> list[ChangeRequest]:
    """Give the approved changes that no version rests on yet, in the order of their decisions."""
    known = {version.cr for version in versions}
    found = []
    for row in requests:
        if row.uid in known or row.values.get("stage") not in APPROVED:
            continue
        request = read_request(row, [act for act in made if act.uid == row.uid], milestones, {})
        if not gate(request):
            found.append(request)
    return sorted(found, key=lambda one: (one.decided_on or date.min, one.uid))


def _first_dates(milestones: Sequence[HubRow]) -> dict[str, date]:
    dates = {}
    for row in milestones:
        day = next(
            (day for name in ("approved_due", "baseline_due", "due") if (day := _day(row.values.get(name)))), None
        )
        if day is not None:
            dates[row.uid] = day
    return dates


def _move(
    tx: Tx, milestones: Sequence[HubRow], moved: Mapping[str, date], setting: Setting, who: str,
    entries: list[Entry],
) -> list[str]:  # fmt: skip
    """Write the approved days, and the first ones where a milestone has none yet."""
    changes: list[HubChange] = []
    for row in milestones:
        if row.uid not in moved:
            continue
        new, due = moved[row.uid].isoformat(), row.values.get("due")
        agreed = row.values.get("approved_due") or row.values.get("baseline_due") or due
        wanted: dict[str, Value] = {"approved_due": new, "baseline_due": row.values.get("baseline_due") or due}
        if due == agreed:  # the date people see follows what was agreed; one they set apart from it is theirs
            wanted["due"] = new
        changed = {name: value for name, value in wanted.items() if row.values.get(name) != value}
        if changed:
            changes.append(HubChange(row.uid, row.rev, changed))
            told = {name: [row.values.get(name), value] for name, value in changed.items()}
            entries.append(Entry("", setting.now_ms, "baseline", "task", row.uid, who=who, changes=told, cause="rule"))
    if hub.update(tx, "task", changes, setting.now_ms):
        raise InputError("a milestone moved meanwhile; try again", zh="里程碑刚被修改,请重试")
    hub.mark_dirty(tx, "task", [change.uid for change in changes], "rule", setting.now_ms)
    return [change.uid for change in changes]


def _save(tx: Tx, project: str, version: Baseline, who: str, now_ms: int) -> None:
    doc = {
        "version": version.version, "cr": version.cr, "approved_by": version.approved_by,
        "approved_on": version.approved_on.isoformat() if version.approved_on else None,
        "dates": {uid: day.isoformat() for uid, day in version.dates.items()},
    }  # fmt: skip
    supervision.add_baseline(tx, supervision.Baseline("project", project, KIND, doc, who or "rule", now_ms))


def _baseline(doc: Mapping[str, Any]) -> Baseline:
    return Baseline(
        version=int(doc["version"]),
        dates={uid: date.fromisoformat(day) for uid, day in doc["dates"].items()},
        cr=str(doc.get("cr") or ""),
        approved_by=str(doc.get("approved_by") or ""),
        approved_on=_day(doc.get("approved_on")),
    )


def _day(value: Any) -> date | None:
    found = read_due(value)
    return found if isinstance(found, date) else None
