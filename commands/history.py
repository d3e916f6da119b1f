"""undo, why, journal: take a run back, and see how things came to be as they are."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.app import App, command, group, option
from commands.decisions import who
from commands.messages import MESSAGES, reason
from commands.output import Progress, clean, emit, line, table
from commands.printing import show_report, value_text
from commands.status import moment
from commands.syncing import ALLOW

if TYPE_CHECKING:
    from mapping.records import Value
    from store.journal import Entry
    from sync.why import Step

journal = group("journal")


@command("undo")
@click.argument("run", metavar="RUN")
@option("--record", default="", metavar="RECORD", help="opt.record")
@option("--field", default="", metavar="FIELD", help="opt.field")
@option("--at-source", is_flag=True, help="opt.at_source")
@option("--dry-run", is_flag=True, help="opt.dry_run")
@option("--yes", is_flag=True, help="opt.yes")
@option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="opt.output")
@ALLOW
def undo(
    app: App,
    run: str,
    record: str,
    field: str,
    at_source: bool,
    dry_run: bool,
    yes: bool,
    output: Path | None,
    allow: dict[str, int],
) -> int:
    with app.open() as service, Progress(app) as progress:
        plan = service.plan_undo(run, record=record, field=field, at_source=at_source, who=who(), progress=progress)
        progress.end()
        if output is not None:
            service.write_plan(plan, output)
        acting = any(step.digest for step in plan.lines)
        held = plan.guard is not None and not allow
        doing = not dry_run and acting and not held and (yes or _asks(app))
        if not (doing and app.json):
            show_report(app, plan, planned=True)
        if not acting:
            line(app, "undo.none")
        if not doing or not (yes or click.confirm(app.say("undo.ask"), err=True)):
            return plan.exit_code
        report = service.apply_run(plan.run_id, allow, progress)
    show_report(app, report)
    return report.exit_code


def _asks(app: App) -> bool:
    return not app.json and sys.stdin is not None and sys.stdin.isatty()


# --- why ----------------------------------------------------------------------------------------------------------


@command("why")
@click.argument("record", metavar="RECORD")
@click.argument("field", metavar="FIELD")
def why(app: App, record: str, field: str) -> int:
    with app.open() as service:
        zone = service.settings.service.timezone
        chain = service.why(record, field)
    if app.json:
        emit({"why": chain})
        return 0
    kind = app.say(f"entity.{chain.entity}")
    line(app, "why.head", entity=kind, title=value_text(chain.title), uid=chain.uid, field=field)
    for step in chain.steps:
        _show_step(app, step, zone)
    if not chain.steps:
        line(app, "why.none")
    line(app, "why.now", values=_values(chain.now))
    return 0


def _show_step(app: App, step: Step, zone: str) -> None:
    when = moment(step.at_ms or None, zone) or "-" * 19
    words = {"where": step.where or "hub", "who": step.who, "reason": step.cause, "id": step.review_id}
    key = f"why.kind.{step.kind}"
    said = app.say(key, **{name: clean(word) for name, word in words.items()}) if key in MESSAGES else step.kind
    change = f"  {value_text(step.old)} → {value_text(step.new)}" if step.kind != "conflict" else ""
    click.echo(f"{when}  {said}{change}")
    if step.lost:
        click.echo(f"    {app.say('why.says' if step.kind == 'conflict' else 'why.lost', values=_values(step.lost))}")
    if step.run_id:
        click.echo(f"    {app.say('why.run', run=clean(step.run_id), kind=step.run_kind or '?')}")
    if step.item is not None:
        where = step.item["connection"] or "hub"
        because = reason(str(step.item["reason"]), app.language)
        action = app.say(f"action.{step.item['action']}")
        click.echo(f"    {app.say('why.item', action=action, where=clean(where), reason=because)}")
    if step.op:
        click.echo(f"    {app.say('why.op', op=step.op, state=step.op_state, answers=_answers(app, step))}")


def _answers(app: App, step: Step) -> str:
    told = [
        app.say("why.answer", n=one["n"], outcome=one["outcome"], code=clean(one["code"])).rstrip()
        for one in step.answers
    ]
    return "; ".join(told) or app.say("why.first")


def _values(values: Mapping[str, Value]) -> str:
    return " | ".join(f"{clean(side)}: {value_text(value)}" for side, value in values.items())


# --- journal ------------------------------------------------------------------------------------------------------


@command("verify", "journal.verify", journal)
def journal_verify(app: App) -> int:
    with app.open() as service:
        count, broken, entry = service.verify_journal()
    if app.json:
        emit({"entries": count, "first_broken": broken, "entry": entry})
    elif broken is None:
        line(app, "journal.whole", count=count)
    if broken is None:
        return 0
    what = app.say("journal.missing") if entry is None else f"{entry.kind} {entry.entity} {entry.uid}"
    click.echo(app.say("journal.broken", seq=broken, what=clean(what)), err=True)
    return 3


@command("show", "journal.show", journal)
@option("--run", default="", metavar="RUN", help="opt.run")
@option("--record", default="", metavar="RECORD", help="opt.record")
def journal_show(app: App, run: str, record: str) -> int:
    if not run and not record:
        app.hear()
        raise click.UsageError(app.say("journal.which"))
    with app.open() as service:
        zone = service.settings.service.timezone
        found = service.journal_entries(run, record)
    if app.json:
        emit({"journal": found})
    elif not found:
        line(app, "journal.none")
    else:
        columns = ("seq", "when", "who", "kind", "connection", "record", "field", "value")
        table(app, columns, [row for one in found for row in _rows(one, zone)])
    return 0


def _rows(one: Entry, zone: str) -> list[tuple[object, ...]]:
    head = (one.seq, moment(one.at_ms, zone), one.who, one.kind, one.connection or "hub", f"{one.entity} {one.uid}")
    changes = [(name, f"{value_text(c[0])} → {value_text(c[1])}") for name, c in one.changes.items()] or [("", "")]
    return [(*head, *change) for change in changes]
