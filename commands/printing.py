"""How a run report looks: the steps with old and new values, the tallies, what waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import click

from commands.app import App
from commands.messages import MESSAGES, reason
from commands.output import clean, emit, line
from mapping.records import Value
from sync.report import FieldChange, PlanLine, RunReport

SHOWN_LINES: Final = 200
SHOWN_CHARACTERS: Final = 60


def show_report(app: App, report: RunReport, *, planned: bool = False) -> None:
    """Print a report, or emit it as the command's JSON object."""
    if app.json:
        emit(report_document(app, report))
        return
    if app.quiet:
        _show_trouble(app, report)
        return
    _show_head(app, report, planned=planned)
    for step in report.lines[:SHOWN_LINES]:
        _show_step(app, step)
    total = max(report.lines_total, len(report.lines))
    if total > SHOWN_LINES:
        line(app, "plan.more", count=total - SHOWN_LINES)
    if not total:
        line(app, "plan.nothing")
    if report.counts:
        line(app, "counts.line", counts=counts_text(app, report.counts))
    if planned:
        _show_effects(app, report)
    _show_trouble(app, report)
    if report.counts.get("held"):
        line(app, "status.apply", run=report.held_run or report.run_id)
    if planned and report.guard is None and any(step.digest for step in report.lines):
        line(app, "plan.next", run=report.run_id)


def report_document(app: App, report: RunReport) -> dict[str, object]:
    """Give a report as JSON carries it."""
    return {
        "run": report.run_id,
        "kind": report.kind,
        "exit_code": report.exit_code,
        "started_ms": report.started_ms,
        "ended_ms": report.ended_ms,
        "connections": report.connections,
        "counts": report.counts,
        "guard": report.guard,
        "problems": report.problems_in(app.language),
        "needs_person": report.needs_person,
        "lines_total": max(report.lines_total, len(report.lines)),
        "lines": report.lines,
    }


_DONE: Final = ("action", "count", "need")
_WAITING: Final = ("need", "count", "action")


def counts_text(app: App, counts: Mapping[str, int], families: Sequence[str] = _DONE) -> str:
    """Give ``3 create, 2 patch``, the words in the language in force, looked up in that order of families."""
    words = []
    for name, number in counts.items():
        key = next((key for family in families if (key := f"{family}.{name}") in MESSAGES), name)
        if number:
            words.append(f"{number} {app.say(key)}")
    return ", ".join(words) or "0"


def waiting_text(app: App, counts: Mapping[str, int]) -> str:
    """Give ``2 conflicts, 1 match to decide``."""
    return counts_text(app, counts, _WAITING)


def value_text(value: Value) -> str:
    """Give a canonical value as a person reads it, cut when it is long."""
    if value is None or value == "":
        return "∅"
    shown = clean(", ".join(value) if isinstance(value, list) else value)
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[: SHOWN_CHARACTERS - 1] + "…"


def _show_head(app: App, report: RunReport, *, planned: bool) -> None:
    total = max(report.lines_total, len(report.lines))
    if planned:
        line(app, "plan.head", run=report.run_id, total=total)
    else:
        seconds = f"{max(0, report.ended_ms - report.started_ms) / 1000:.1f}"
        line(app, "sync.head", run=report.run_id, seconds=seconds)


_WRITES: Final = ("create", "patch", "delete", "restore")
_OWNERS: Final = ("owner", "pm")


def _show_effects(app: App, report: RunReport) -> None:
    """Name what writes may set off at a CRM and nobody can take back."""
    for one in report.connections.values():
        writes = [step for step in report.lines if step.connection == one.name and step.action in _WRITES]
        if not writes:
            continue
        key = "plan.untold" if one.starts is None else "plan.starts" if one.starts else "plan.quiet"
        said = {"connection": clean(one.name), "count": len(writes)}
        line(app, key, **said, **({"starts": ", ".join(one.starts)} if one.starts else {}))
        owners = sum(any(change.field in _OWNERS for change in step.fields) for step in writes)
        if owners:
            line(app, "plan.owners", connection=clean(one.name), count=owners)


def _show_step(app: App, step: PlanLine) -> None:
    where = clean(step.connection or "hub")
    record = clean(step.title or step.uid or f"{step.object}/{step.remote_id}")
    said = reason(step.reason, app.language)
    click.echo(f"{app.say(f'action.{step.action}')}  {app.say(f'entity.{step.entity}')}  {where}  {record}  ({said})")
    for change in step.fields:
        click.echo(f"    {_change_text(app, change)}")


def _change_text(app: App, change: FieldChange) -> str:
    said = f"{clean(change.field)}: {value_text(change.old)} → {value_text(change.new)}"
    return f"{said}  ({reason(change.reason, app.language)})" if change.reason else said


def _show_trouble(app: App, report: RunReport) -> None:
    if report.guard is not None:
        guard = report.guard
        said = {name: clean(guard.get(name, "?")) for name in ("rail", "found", "limit", "allow")}
        click.echo(app.say("guard.line", run=report.run_id, **said), err=True)
    for problem, times in Counter(report.told_in(app.language)).items():
        again = app.say("problem.again", times=times) if times > 1 else ""
        click.echo(app.say("problem.line", message=clean(problem) + again), err=True)
    if any(report.needs_person.values()):
        click.echo(app.say("needs.line", items=waiting_text(app, report.needs_person)), err=True)
        click.echo(app.say("needs.next"), err=True)
