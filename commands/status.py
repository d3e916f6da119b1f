"""status, runs: where we stand."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping
from typing import Any

import click

from commands.app import App, command, option
from commands.output import clean, emit, line, plain, table
from commands.printing import counts_text


@command("status")
def status(app: App) -> int:
    with app.open() as service:
        found = plain(service.status())
    if app.json:
        emit(found)
    else:
        _show(app, found)
    return int(found.get("exit_code", 0))


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
    counts = one.get("counts") or {}
    return counts_text(app, counts) if isinstance(counts, Mapping) else ""


def _show(app: App, found: Mapping[str, Any], depth: int = 0) -> None:
    """Print nested facts as indented lines; keys are our own words, values may be a CRM's."""
    for key, value in found.items():
        indent = "  " * depth
        if isinstance(value, Mapping):
            click.echo(f"{indent}{clean(key)}:")
            _show(app, value, depth + 1)
        elif isinstance(value, list):
            click.echo(f"{indent}{clean(key)}: {len(value)}")
            for one in value:
                click.echo(f"{indent}  - {clean(one)}")
        else:
            click.echo(f"{indent}{clean(key)}: {clean('' if value is None else value)}")
