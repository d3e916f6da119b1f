"""demo: two sandbox CRMs that partly overlap, a fresh store, plan, sync, supervise, and what came of it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commands.app import App, command, option
from commands.messages import reason
from commands.output import Progress, clean, emit, line
from commands.printing import counts_text, value_text, waiting_text
from commands.supervision import show_overdue, show_projects
from mapping.errors import DubanError

if TYPE_CHECKING:
    from sandbox.main import Running
    from service import Service
    from sync.report import RunReport

MOST_ROUNDS: Final = 6
_DOING: Final = ("match", "import", "create", "patch", "update", "delete", "archive", "restore")
CONFIG_NAME: Final = "duban.toml"


@command("demo")
@option("--seed", default=1, type=int, help="opt.seed")
@option("--people", type=click.IntRange(0, 1_000_000), help="opt.people")
@option("--dir", "directory", type=click.Path(path_type=Path, file_okay=False), help="opt.dir")
@option("--serve", is_flag=True, help="opt.serve")
def demo(app: App, seed: int, people: int | None, directory: Path | None, serve: bool) -> int:
    from sandbox.main import start

    app.language_fixed = True  # the configuration is our own: it has no say in what the person hears
    with _folder(directory) as folder, start(seed=seed, people=people) as running:
        app.config = _prepare(folder, running)
        line(app, "demo.sandbox", zoho=running.zoho.url, fxiaoke=running.fxiaoke.url)
        with app.open() as service:
            result = _play(app, service)
        if app.json:
            emit({**result, "folder": folder if directory or serve else None, "exit_code": 0})
        if directory or serve:
            line(app, "demo.kept", config=app.config)
        if serve:
            line(app, "demo.serving")
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    return 0


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="duban-demo-") as made:
        yield Path(made)


def _prepare(folder: Path, running: Running) -> Path:
    """Write configuration and key; a store of an earlier demo there knew another sandbox and goes."""
    from config.keys import ensure_key
    from sandbox.main import write_config

    path = folder / CONFIG_NAME
    for old in (*folder.glob("duban.db*"), path):
        old.unlink(missing_ok=True)
    write_config(path, running)
    ensure_key(os.environ, folder, os.urandom)
    return path


def _play(app: App, service: Service) -> dict[str, Any]:
    """Plan, sync until it is quiet, supervise, carry the flags out; tell it on the way."""
    with Progress(app) as progress:
        plan = service.plan((), progress=progress)
    line(app, "demo.planned", counts=counts_text(app, plan.counts))
    first, rounds = _until_quiet(app, service)
    service.supervise(None)
    flagged, more = _until_quiet(app, service)
    totals = first + flagged
    last = service.sync(())
    needs = {name: number for name, number in last.needs_person.items() if number}
    seen = service.overview(None)
    result = {
        "planned": dict(plan.counts),
        "done": dict(totals),
        "matched": totals["match"],
        "created": totals["create"],
        "patched": totals["patch"],
        "parked": needs,
        "rounds": rounds + more + 1,
        "overdue": seen.overdue,
        "projects": seen.disagreements,
        "problems": last.problems_in(app.language),
    }
    if not app.json:
        _tell(app, service, result)
    return result


def _until_quiet(app: App, service: Service) -> tuple[Counter[str], int]:
    """Sync until a round does nothing; give what was done and in how many rounds.

    Raises:
        DubanError: a connection could not be worked with.
    """
    done: Counter[str] = Counter()
    for number in range(1, MOST_ROUNDS + 1):
        with Progress(app) as progress:
            report = service.sync((), progress=progress)
        _check(report)
        moved = Counter({name: count for name, count in report.counts.items() if name in _DOING and count})
        done += moved
        if not moved:
            return done, number
    return done, MOST_ROUNDS


def _check(report: RunReport) -> None:
    for one in report.connections.values():
        if one.error:
            raise DubanError(one.error, zh="；".join(report.problems_in("zh")) or None, connection=one.name)
    if report.guard is not None:
        rail = report.guard["rail"]
        raise DubanError(f"the rail {rail} stopped the demo", zh=f"护栏 {rail} 拦下了演示")


def _tell(app: App, service: Service, result: Mapping[str, Any]) -> None:
    line(app, "demo.synced", rounds=result["rounds"], counts=counts_text(app, result["done"]))
    line(app, "demo.parked", items=waiting_text(app, result["parked"]))
    if app.quiet:
        return
    for conflict in service.desk.conflicts():
        sides = " | ".join(f"{side}: {value_text(value)}" for side, value in conflict.sides.items())
        click.echo(f"  {clean(conflict.title)} · {conflict.field} · {sides}")
    for case in service.desk.reviews():
        click.echo(f"  {clean(case.title)} · {case.connection} · {reason(case.reason, app.language)}")
    line(app, "demo.overdue", count=len(result["overdue"]))
    if result["overdue"]:
        show_overdue(app, result["overdue"])
    line(app, "demo.projects", count=len(result["projects"]))
    if result["projects"]:
        show_projects(app, result["projects"])
