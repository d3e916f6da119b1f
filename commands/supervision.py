"""overdue, projects, project show: what the client owes, and where the sources disagree."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from commands.app import App, as_of_option, command, group
from commands.output import clean, emit, line, plain, table

if TYPE_CHECKING:
    from service import Service

project = group("project")


@command("overdue")
@as_of_option
def overdue(app: App) -> int:
    with app.open() as service:
        found = [plain(one) for one in service.overdue(as_of_ms(app, service))]
    if app.json:
        emit({"overdue": found})
    elif not found:
        line(app, "none.overdue")
    else:
        show_overdue(app, found)
    return 0


@command("projects")
@as_of_option
def projects(app: App) -> int:
    with app.open() as service:
        found = [plain(one) for one in service.projects(as_of_ms(app, service))]
    if app.json:
        emit({"projects": found})
    elif not found:
        line(app, "none.projects")
    else:
        show_projects(app, found)
    return 0


@command("show", "project.show", project)
@click.argument("ref", metavar="RECORD")
@as_of_option
def project_show(app: App, ref: str) -> int:
    with app.open() as service:
        found = plain(service.project(ref, as_of_ms(app, service)))
    if app.json:
        emit({"project": found})
        return 0
    for key, value in found.items():
        if isinstance(value, list):
            click.echo(f"{clean(key)}:")
            for one in value:
                click.echo(f"  - {_facts(one)}")
        else:
            click.echo(f"{clean(key)}: {_facts(value)}")
    return 0


def as_of_ms(app: App, service: Service) -> int | None:
    """Give the instant that ``--as-of`` names, None for now; without a zone it is the organisation's.

    Raises:
        UsageError: it is no time, or the clocks jumped over it that day.
    """
    if app.as_of is None:
        return None
    zone = zoneinfo.ZoneInfo(service.settings.service.timezone)
    try:
        at = datetime.datetime.fromisoformat(app.as_of)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone)
            there_and_back = at.astimezone(datetime.UTC).astimezone(zone)
            if there_and_back.replace(tzinfo=None) != at.replace(tzinfo=None):
                raise ValueError("skipped by a clock change")
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError) as exc:
        raise click.UsageError(app.say("error.as_of", found=app.as_of)) from exc


def show_overdue(app: App, found: list[Any]) -> None:
    """Print overdue client actions as a table."""
    rows = [
        (
            one.get("severity"), one.get("obd", one.get("days")), one.get("due"), one.get("title"),
            one.get("project_name") or one.get("project"), one.get("contact_name") or one.get("contact"),
        )
        for one in found
    ]  # fmt: skip
    table(app, ("severity", "days", "due", "title", "project", "contact"), rows)
    if any(one.get("provisional") for one in found):
        line(app, "as_of.provisional")


def show_projects(app: App, found: list[Any]) -> None:
    """Print projects with what each source says."""
    rows = [
        (
            one.get("code") or one.get("uid"), one.get("name") or one.get("title"), one.get("lifecycle"),
            _facts(one.get("claims") or {}), _facts(one.get("flags") or one.get("reasons") or []),
        )
        for one in found
    ]  # fmt: skip
    table(app, ("id", "project", "lifecycle", "claims", "flags"), rows)


def disagrees(one: Mapping[str, Any]) -> bool:
    """Say whether the sources of a project state different things."""
    claims = one.get("claims") or {}
    stated = {str(value) for value in (claims.values() if isinstance(claims, Mapping) else claims)}
    return bool(one.get("flags")) or len(stated) > 1


def _facts(value: Any) -> str:
    """Give nested facts on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{clean(key)}={_facts(inner)}" for key, inner in value.items() if inner not in (None, [], {}))
    if isinstance(value, list):
        return "; ".join(_facts(one) for one in value)
    return clean("" if value is None else value)
