"""status, runs: where we stand."""

from __future__ import annotations

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from commands.app import App, command, option
from commands.output import clean, emit, line, plain, table
from commands.printing import counts_text, waiting_text


@command("status")
def status(app: App) -> int:
    with app.open() as service:
        zone = service.settings.service.timezone
        modes = {name: table.get("mode", "observe") for name, table in service.settings.connections.items()}
        found = plain(service.status())
    if app.json:
        emit({"modes": modes, **found})
    else:
        _show(app, found, modes, zone)
    return 0


@command("runs")
@option("--limit", default=20, type=click.IntRange(1, 1000), help="opt.limit")
def runs(app: App, limit: int) -> int:
    with app.open() as service:
        zone = service.settings.service.timezone
        found = [plain(one) for one in service.desk.runs(limit)]
    if app.json:
        emit({"runs": found})
    elif not found:
        line(app, "none.runs")
    else:
        rows = [
            (one["id"], one["kind"], moment(one.get("started_ms"), zone), one.get("exit_code"), _counts(app, one))
            for one in found
        ]
        table(app, ("id", "kind", "when", "exit", "counts"), rows)
    return 0


def moment(at_ms: int | None, zone: str) -> str:
    """Give an instant as people of *zone* write it."""
    if at_ms is None:
        return ""
    return datetime.datetime.fromtimestamp(at_ms / 1000, zoneinfo.ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def _counts(app: App, one: Mapping[str, Any]) -> str:
    counts = (one.get("summary") or {}).get("counts") or {}
    return counts_text(app, counts) if isinstance(counts, Mapping) else ""


def _problems(app: App, one: Mapping[str, Any]) -> list[str]:
    """Give what went wrong in a run, a line each, in the language in force where the run kept it so."""
    kept = one.get("summary") or {}
    return list(kept.get("problems_zh" if app.language == "zh" else "problems") or kept.get("problems") or ())


def _show(app: App, found: Mapping[str, Any], modes: Mapping[str, str], zone: str) -> None:
    """Print the connections, the last round and what waits."""
    known = {one["name"]: one for one in found["connections"]}
    heard: dict[str, int] = {}
    for stream in found["streams"]:
        heard[stream["connection"]] = max(heard.get(stream["connection"], 0), stream["updated_ms"])
    rows = [
        (
            name,
            mode,
            known.get(name, {}).get("org_name"),
            moment(heard.get(name), zone),
            known.get(name, {}).get("stopped_zh" if app.language == "zh" else "stopped"),
        )
        for name, mode in modes.items()
    ]
    table(app, ("connection", "mode", "org", "heard", "error"), rows)
    last = found.get("last_run")
    if last:
        line(app, "status.last", kind=last["kind"], when=moment(last["started_ms"], zone), exit=last["exit_code"])
        for problem, times in Counter(_problems(app, last)).items():
            again = app.say("problem.again", times=times) if times > 1 else ""
            line(app, "problem.line", message=clean(problem) + again)
    waiting = waiting_text(app, found["waiting"])
    line(app, "needs.line", items=waiting)
    if any(found["waiting"].values()):
        line(app, "needs.next")
    for one in found["plans"]:
        said = {"run": one["run_id"], "count": one["steps"], "when": moment(one["started_ms"], zone)}
        guarded = f" --allow {one['guard']}" if one["guard"] else ""
        line(app, "status.plan", kind=app.say(f"status.plan.{one['kind']}"), guard=guarded, **said)
    line(app, "status.outbox", items=counts_text(app, found["outbox"]))
