"""conflicts, review, quarantine: what waits for a person, and what the person says."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import click

from commands.app import App, command, group, option
from commands.messages import reason
from commands.output import clean, emit, line, table
from commands.printing import value_text
from commands.status import moment
from reports.wording import say

if TYPE_CHECKING:
    from sync.cases import Conflict

conflicts = group("conflicts")
review = group("review")
quarantine = group("quarantine")
_ID = click.argument("id", type=int)


def who() -> str:
    """Give the name the journal keeps beside a person's decision."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user table
        return "unknown"


@command("list", "conflicts.list", conflicts)
def conflicts_list(app: App) -> int:
    with app.open() as service:
        found = service.desk.conflicts()
    if app.json:
        emit({"conflicts": found})
    elif not found:
        line(app, "none.conflicts")
    else:
        rows = [
            (
                one.id,
                app.say(f"entity.{one.entity}"),
                one.title,
                one.field,
                " | ".join(f"{s}: {value_text(v)}" for s, v in one.sides.items()),
            )
            for one in found
        ]
        table(app, ("id", "entity", "title", "field", "value"), rows)
    return 0


@command("show", "conflicts.show", conflicts)
@_ID
def conflicts_show(app: App, id: int) -> int:
    with app.open() as service:
        one = service.desk.conflict(id)
    if app.json:
        emit({"conflict": one})
        return 0
    click.echo(f"{one.id}  {app.say(f'entity.{one.entity}')}  {value_text(one.title)}  {one.uid}")
    click.echo(_why(app, one))
    table(app, ("side", "field", "value"), [(side, one.field, value_text(value)) for side, value in one.sides.items()])
    return 0


def _why(app: App, one: Conflict) -> str:
    """Give why it is asked: what supervision asks about a project has words of its own."""
    outcome = f"outcome.{one.reason}"
    said = say("zh" if app.language == "zh" else "en", outcome)
    return clean(said if one.entity == "project" and said != outcome else reason(one.reason, app.language))


@command("resolve", "conflicts.resolve", conflicts)
@_ID
@option("--take", metavar="SIDE", help="opt.take")
@option("--value", metavar="VALUE", help="opt.value")
def conflicts_resolve(app: App, id: int, take: str | None, value: str | None) -> int:
    if (take is None) == (value is None):
        app.hear()
        raise click.UsageError(app.say("error.take"))
    with app.open() as service:
        one = service.desk.resolve_conflict(id, take=take, value=value, who=who())
    if app.json:
        emit({"conflict": one})
    line(app, "resolve.done", id=id)
    return 0


@command("list", "review.list", review)
def review_list(app: App) -> int:
    with app.open() as service:
        zone = service.settings.service.timezone
        found = service.desk.reviews()
    if app.json:
        emit({"reviews": found})
    elif not found:
        line(app, "none.reviews")
    else:
        rows = [
            (
                one.id, app.say(f"need.{one.kind}"), app.say(f"entity.{one.entity}"), one.title, one.connection,
                len(one.candidates), moment(one.opened_ms, zone),
            )
            for one in found
        ]  # fmt: skip
        table(app, ("id", "question", "entity", "title", "connection", "candidates", "when"), rows)
    return 0


@command("show", "review.show", review)
@_ID
def review_show(app: App, id: int) -> int:
    with app.open() as service:
        one = service.desk.review(id)
    if app.json:
        emit({"review": one})
        return 0
    record, candidate_ = app.say("review.record"), app.say("review.candidate")
    rows = [(record, one.connection, f"{one.object}/{one.remote_id}" if one.remote_id else one.uid, one.title)]
    rows += [(candidate_, candidate.side or "hub", candidate.ref, candidate.title) for candidate in one.candidates]
    said = [app.say(f"need.{one.kind}"), app.say(f"entity.{one.entity}"), reason(one.reason, app.language)]
    click.echo("  ".join([str(one.id), *filter(None, said)]))
    table(app, ("kind", "where", "record", "title"), rows)
    if one.values:
        shown = [(app.say(f"overwrite.{name}"), one.about, value_text(value)) for name, value in one.values.items()]
        table(app, ("side", "field", "value"), shown)
        line(app, "overwrite.next", id=id)
    return 0


@command("accept", "review.accept", review)
@_ID
@click.argument("target", required=False)
def review_accept(app: App, id: int, target: str | None) -> int:
    with app.open() as service:
        one = service.desk.accept(id, target, who=who())
    if app.json:
        emit({"review": one})
    line(app, "review.accepted", id=id)
    return 0


@command("reject", "review.reject", review)
@_ID
def review_reject(app: App, id: int) -> int:
    with app.open() as service:
        one = service.desk.reject(id, who=who())
    if app.json:
        emit({"review": one})
    line(app, "review.rejected", id=id)
    return 0


@command("list", "quarantine.list", quarantine)
def quarantine_list(app: App) -> int:
    with app.open() as service:
        zone = service.settings.service.timezone
        found = service.desk.quarantined()
    if app.json:
        emit({"quarantine": found})
    elif not found:
        line(app, "none.quarantine")
    else:
        rows = [
            (
                one.id, one.connection or "hub", app.say(f"entity.{one.entity}"),
                f"{one.object}/{one.remote_id or one.uid}", f"{one.code}: {one.message}", one.attempts,
                moment(one.last_ms, zone),
            )
            for one in found
        ]  # fmt: skip
        table(app, ("id", "connection", "entity", "record", "cause", "attempts", "when"), rows)
    return 0


@command("retry", "quarantine.retry", quarantine)
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@option("--all", "everything", is_flag=True, help="opt.all")
def quarantine_retry(app: App, ids: tuple[int, ...], everything: bool) -> int:
    if bool(ids) == everything:
        app.hear()
        raise click.UsageError(app.say("error.no_retry"))
    with app.open() as service:
        count = service.desk.retry(None if everything else ids)
    if app.json:
        emit({"retried": count})
    line(app, "quarantine.retried", count=count)
    return 0
