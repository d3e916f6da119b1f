"""overdue: what the client owes; and how lists of items and projects are printed."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from commands.app import App, as_of_option, command
from commands.output import clean, emit, line, table
from reports.wording import Language, say

if TYPE_CHECKING:
    from service import Service
    from supervise.report import ProjectItem, TaskItem


@command("overdue")
@as_of_option
def overdue(app: App) -> int:
    with app.open() as service:
        seen = service.overview(as_of_ms(app, service))
    if app.json:
        emit({
            "as_of_ms": seen.now_ms, "zone": seen.zone, "overdue": seen.overdue, "due_soon": seen.due_soon,
            "ours": seen.ours, "counts": seen.counts, "stale": seen.stale,
        })  # fmt: skip
    elif not seen.overdue:
        line(app, "none.overdue")
    else:
        show_overdue(app, seen.overdue)
    return 0


def as_of_ms(app: App, service: Service) -> int | None:
    """Give the instant that ``--as-of`` names, None for now.

    Raises:
        UsageError: as ``instant_ms``.
    """
    return None if app.as_of is None else instant_ms(app, service, app.as_of)


def instant_ms(app: App, service: Service, text: str) -> int:
    """Give the instant that was typed; without a zone it is the organisation's.

    Raises:
        UsageError: it is no time, or the clocks jumped over it that day.
    """
    zone = zoneinfo.ZoneInfo(service.settings.service.timezone)
    try:
        at = datetime.datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone)
            there_and_back = at.astimezone(datetime.UTC).astimezone(zone)
            if there_and_back.replace(tzinfo=None) != at.replace(tzinfo=None):
                raise ValueError("skipped by a clock change")
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError) as exc:
        raise click.UsageError(app.say("error.as_of", found=text)) from exc


def show_overdue(app: App, found: Sequence[TaskItem]) -> None:
    """Print tasks as a table: how loud, how late, what, where, who."""
    rows = [(one.severity, one.obd, one.due_eff, one.title, one.project, one.contact) for one in found]
    table(app, ("severity", "days", "due", "title", "project", "contact"), rows)
    if any(one.provisional for one in found):
        line(app, "as_of.provisional")


def show_projects(app: App, found: Sequence[ProjectItem]) -> None:
    """Print projects with what each source says, and why one is held."""
    language: Language = "zh" if app.language == "zh" else "en"
    rows = [
        (
            one.code or one.uid,
            one.name,
            word_of(app, "lifecycle", one.lifecycle),
            ", ".join(f"{clean(name)}={word_of(app, 'lifecycle', said)}" for name, said in one.claims.items()),
            ", ".join(say(language, f"outcome.{flag}") for flag in one.flags),
            one.client_overdue,
        )
        for one in found
    ]
    table(app, ("id", "project", "lifecycle", "claims", "flags", "overdue"), rows)


def word_of(app: App, kind: str, value: object) -> str:
    """Give the word for a code of some kind; a code that nobody worded shows itself."""
    code = f"{kind}.{value}"
    said = say("zh" if app.language == "zh" else "en", code) if value not in (None, "") else ""
    return clean(value if said == code else said)


def facts(value: Any) -> str:
    """Give nested facts on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{clean(key)}={facts(inner)}" for key, inner in value.items() if inner not in (None, [], {}))
    if isinstance(value, list):
        return "; ".join(facts(one) for one in value)
    return clean("" if value is None else value)
