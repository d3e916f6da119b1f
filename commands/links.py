"""link, unlink, links import: a person says which records are one; connection retire: none of them are any more."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.app import App, command, group, option
from commands.decisions import who
from commands.output import emit, line
from commands.printing import counts_text
from mapping.records import ENTITIES

links = group("links")
connection = group("connection")


@command("link")
@click.argument("entity", type=click.Choice(ENTITIES))
@click.argument("a", metavar="RECORD")
@click.argument("b", metavar="RECORD")
def link(app: App, entity: str, a: str, b: str) -> int:
    with app.open() as service:
        uid = service.desk.link(entity, a, b, who=who())
    if app.json:
        emit({"entity": entity, "uid": uid})
    line(app, "link.done", a=a, b=b, entity=app.say(f"entity.{entity}"))
    return 0


@command("unlink")
@click.argument("ref", metavar="RECORD")
def unlink(app: App, ref: str) -> int:
    with app.open() as service:
        uid = service.desk.unlink(ref, who=who())
    if app.json:
        emit({"uid": uid})
    line(app, "unlink.done", ref=ref)
    return 0


@command("import", "links.import", links)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def links_import(app: App, file: Path) -> int:
    with app.open() as service:
        count = service.desk.import_links(file, who=who())
    if app.json:
        emit({"linked": count})
    line(app, "links.done", count=count)
    return 0


@command("retire", "connection.retire", connection)
@click.argument("name", metavar="CONNECTION")
@option("--yes", is_flag=True, help="opt.yes_retire")
def connection_retire(app: App, name: str, yes: bool) -> int:
    with app.open() as service:
        found = service.retirable(name)
        if not app.json:
            line(app, "retire.plan", name=name, items=counts_text(app, found, ("retire",)))
        asks = not yes and not app.json and sys.stdin is not None and sys.stdin.isatty()
        done = yes or (asks and click.confirm(app.say("retire.ask"), err=True))
        if done:
            found = service.retire(name, who())
    if app.json:
        emit({"connection": name, "retired": done, "counts": found})
    line(app, "retire.done" if done else "retire.next", name=name)
    return 0
