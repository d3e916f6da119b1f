"""calendar: own working days, imported from a file and shown."""

from __future__ import annotations

import os
from pathlib import Path

import click

from commands.app import App, command, group, option
from commands.decisions import who
from commands.output import clean, emit, line, table

calendar = group("calendar")


@command("import", "calendar.import", calendar)
@click.argument("name", metavar="CALENDAR")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@option("--source", default="", metavar="TEXT", help="opt.source")
@option("--year", "years", type=click.IntRange(1970, 2199), multiple=True, metavar="YEAR", help="opt.whole_year")
@option("--by", metavar="NAME", help="opt.by")
def calendar_import(app: App, name: str, path: Path, source: str, years: tuple[int, ...], by: str | None) -> int:
    from supervise.calendar_file import YEAR, open_years, read_days, save_days

    days = read_days(path, name, source, years)
    with app.open() as service:
        save_days(service.db, days, who=by or who(), now_ms=service.clock.now_ms(), salt=os.urandom(32))
    if app.json:
        emit({"calendar": days[0].calendar, "days": days})
    count = sum(1 for one in days if one.kind != YEAR)
    line(app, "calendar.imported", name=days[0].calendar, count=count, source=days[0].source)
    for year in open_years(days):
        line(app, "calendar.partial", name=days[0].calendar, year=str(year))
    return 0


@command("show", "calendar.show", calendar)
@click.argument("name", metavar="[CALENDAR]", default="")
def calendar_show(app: App, name: str) -> int:
    with app.open() as service:
        days = service.calendar_days(name)
    if app.json:
        emit({"days": days})
    elif not days:
        line(app, "none.calendar")
    else:
        rows = [(one.calendar, one.day, app.say(f"day.{one.kind}"), clean(one.name), clean(one.source)) for one in days]
        table(app, ("calendar", "day", "kind", "title", "source"), rows)
    return 0
