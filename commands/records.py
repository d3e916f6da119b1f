"""add, set, delete: a person edits the hub; sync carries it out like any other change."""

from __future__ import annotations

import click

from commands.app import App, command
from commands.decisions import who
from commands.output import emit, line
from mapping.records import ENTITIES

_ENTITY = click.argument("entity", type=click.Choice(ENTITIES))
_RECORD = click.argument("ref", metavar="RECORD")


def _assignments(ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for one in given:
        name, mark, value = one.partition("=")
        if not mark or not name.strip():
            app: App = ctx.find_root().obj
            app.hear()
            raise click.UsageError(app.say("error.assignment", found=one), ctx)
        found[name.strip()] = value
    return found


_FIELDS = click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...", callback=_assignments)


@command("add")
@_ENTITY
@_FIELDS
def add(app: App, entity: str, fields: dict[str, str]) -> int:
    with app.open() as service:
        uid = service.desk.add(entity, fields, who=who())
    if app.json:
        emit({"entity": entity, "uid": uid})
    line(app, "record.added", entity=app.say(f"entity.{entity}"), uid=uid)
    return 0


@command("set")
@_ENTITY
@_RECORD
@_FIELDS
def set_(app: App, entity: str, ref: str, fields: dict[str, str]) -> int:
    with app.open() as service:
        uid, changed = service.desk.set(entity, ref, fields, who=who())
    if app.json:
        emit({"entity": entity, "uid": uid, "changed": changed})
    key = "record.set" if changed else "record.same"
    line(app, key, entity=app.say(f"entity.{entity}"), uid=uid, count=len(changed))
    return 0


@command("delete")
@_ENTITY
@_RECORD
def delete(app: App, entity: str, ref: str) -> int:
    with app.open() as service:
        uid = service.desk.delete(entity, ref, who=who())
    if app.json:
        emit({"entity": entity, "uid": uid})
    line(app, "record.deleted", entity=app.say(f"entity.{entity}"), uid=uid)
    return 0
