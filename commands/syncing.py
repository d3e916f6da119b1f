"""plan, apply, sync, run: what would happen, exactly that, one round, the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from commands.app import App, command, option
from commands.output import Progress, line
from commands.printing import show_report
from config.values import parse_interval

if TYPE_CHECKING:
    from sync.report import PlanLine, RunReport

_CONNECTIONS = click.argument("connections", nargs=-1, metavar="[CONNECTION]...")


def _allowances(ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    from sync.guards import RAILS

    accepted = {}
    for one in given:
        name, _, number = one.partition("=")
        if name not in RAILS or not number.isdigit():
            raise _spoken(ctx, "error.allow", found=one, known=", ".join(sorted(RAILS)))
        accepted[name] = int(number)
    return accepted


def _seconds(ctx: click.Context, param: click.Parameter, given: str) -> float:
    if given in ("0", "0s"):
        return 0.0
    try:
        return parse_interval(given)
    except ValueError as exc:
        raise _spoken(ctx, "usage.interval", name=param.opts[0], found=given) from exc


def _spoken(ctx: click.Context, key: str, **said: object) -> click.UsageError:
    """Give a usage error in the language that the configuration asks for."""
    app: App = ctx.find_root().obj
    app.hear()
    return click.UsageError(app.say(key, **said), ctx)


_GOES_ON = (0, 4)
"""Exit codes after which supervision is worth its while: what was read is whole."""

seconds_option = option("--wait", "wait_s", default="10s", metavar="TIME", callback=_seconds, help="opt.wait")
ALLOW = option("--allow", multiple=True, metavar="NAME=NUMBER", callback=_allowances, help="opt.allow")


@command("plan")
@_CONNECTIONS
@option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="opt.output")
@option("--full", is_flag=True, help="opt.full")
def plan(app: App, connections: tuple[str, ...], output: Path | None, full: bool) -> int:
    with app.open() as service, Progress(app) as progress:
        report = service.plan(connections, full=full, progress=progress)
        if output is not None:
            service.write_plan(report, output)
    show_report(app, report, planned=True)
    if output is not None:
        line(app, "plan.written", path=output)
    return report.exit_code


@command("apply")
@click.argument("file", metavar="FILE|RUN")
@ALLOW
def apply(app: App, file: str, allow: dict[str, int]) -> int:
    path = Path(file)
    with app.open() as service:
        report = service.apply_file(path, allow) if path.is_file() else service.apply_run(file, allow)
    show_report(app, report)
    return report.exit_code


@command("sync")
@_CONNECTIONS
@option("--dry-run", is_flag=True, help="opt.dry_run")
@option("--full", is_flag=True, help="opt.full")
@seconds_option
@ALLOW
def sync(
    app: App, connections: tuple[str, ...], dry_run: bool, full: bool, wait_s: float, allow: dict[str, int]
) -> int:
    with app.open() as service, Progress(app) as progress:
        report = service.sync(connections, dry_run=dry_run, full=full, wait_s=wait_s, allow=allow, progress=progress)
        if not dry_run and not connections and report.exit_code in _GOES_ON and service.supervise().changed:
            carry(report, service.sync((), wait_s=wait_s, progress=progress))
    show_report(app, report, planned=dry_run)
    return report.exit_code


@command("run")
def run(app: App) -> int:
    from commands import logging
    from config.stores import in_memory
    from mapping.errors import ConfigError

    with app.open() as service:
        if in_memory(service.settings.store.url):
            raise ConfigError(app.say("error.memory"))
        logging.set_up(level=service.settings.service.log_level, color=app.color)
        return service.run()


_QUESTIONS: Final = ("review", "skip")
"""Lines that write nothing: what still stands is told by every round anew."""


def _told_again(step: PlanLine) -> tuple[str, ...]:
    """Give what a line has in common with the one a second round has for the same; nothing for what was done."""
    if step.digest:
        return (step.digest,)  # held by the first round, and by the second anew
    if step.action in _QUESTIONS:
        return (step.action, step.reason, step.entity, step.connection, step.object, step.remote_id, step.uid)
    return ()


def carry(first: RunReport, second: RunReport) -> None:
    """Add to a round the one that carried its supervision's flags and statuses to the CRMs."""
    again = {same for step in second.lines if (same := _told_again(step))}
    dropped = [step for step in first.lines if _told_again(step) in again]
    first.lines_total += second.lines_total - len(dropped)
    for step in dropped:
        first.tally(step.action, -1)
    first.lines = [step for step in first.lines if _told_again(step) not in again] + second.lines
    first.counts.pop("held", None)
    for name, number in second.counts.items():
        first.tally(name, number)
    first.held_run = second.run_id if second.counts.get("held") else ""
    for english, chinese in zip(second.problems, second.problems_in("zh"), strict=True):
        if english not in first.problems:
            first.problems.append(english)
            first.problems_zh.append(chinese)
    first.ended_ms, first.guard, first.needs_person = second.ended_ms, second.guard, second.needs_person
    first.exit_code = second.exit_code
    for name, tally in second.connections.items():
        if name in first.connections:
            tally.pulled += first.connections[name].pulled
            tally.calls += first.connections[name].calls
            tally.credits += first.connections[name].credits
        first.connections[name] = tally
