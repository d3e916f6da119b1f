"""Acting on what is supervised: the ball, its stage, promises, pauses, overrides, notes; each names who did it."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from commands.app import App, Group, as_of_option, command, option
from commands.decisions import who
from commands.messages import MESSAGES
from commands.output import emit, line, table
from commands.status import moment
from commands.supervision import as_of_ms, instant_ms
from mapping.records import ENTITIES

if TYPE_CHECKING:
    from mapping.records import EntityKind
    from service import Service
    from supervise.hand import Done, Hand

ITEM = click.argument("ref", metavar="ITEM")
PROJECT = click.argument("ref", metavar="PROJECT")
REASON = option("--reason", default="", metavar="TEXT", help="opt.reason")
TEXT = option("--text", default="", metavar="TEXT", help="opt.text")


class Doing:
    """What an act's function needs: the service, whose hand it is, and how names are found."""

    def __init__(self, app: App, service: Service, hand: Hand) -> None:
        self.app, self.service, self.hand = app, service, hand

    def uid(self, ref: str, entity: EntityKind = "task") -> str:
        return self.service.desk.find(ref, entity)[1]

    def uids(self, refs: Sequence[str], entity: EntityKind = "contact") -> list[str]:
        return [self.uid(ref, entity) for ref in refs]

    def day(self, text: str | None) -> datetime.date | None:
        return day_of(self.app, text) if text else None

    def instant(self, text: str | None) -> int | None:
        return instant_ms(self.app, self.service, text) if text else None


def act(
    name: str, key: str | None = None, parent: Group | None = None
) -> Callable[[Callable[..., Done]], click.Command]:
    """Make a function that does one act a command with ``--by`` and ``--at``."""

    def decorate(function: Callable[..., Done]) -> click.Command:
        @functools.wraps(function)
        def run(app: App, by: str | None, at: str | None, **given: Any) -> int:
            with app.open() as service:
                at_ms = instant_ms(app, service, at) if at else None
                done = function(Doing(app, service, service.hand(by or who(), at_ms)), **given)
                _said(app, service, done)
            return 0

        by = option("--by", metavar="NAME", help="opt.by")
        at = option("--at", metavar="TIME", help="opt.at")
        return command(name, key, parent)(by(at(run)))

    return decorate


def _said(app: App, service: Service, done: Done) -> None:
    """Say what was done."""
    if app.json:
        emit({"act": done})
    line(
        app, "act.done", what=act_word(app, done.kind), title=done.title, who=done.who,
        when=moment(done.at_ms, service.settings.service.timezone), changed=", ".join(done.changed) or "-",
    )  # fmt: skip
    for uid in done.made:
        line(app, "act.made", uid=uid)


def act_word(app: App, kind: str) -> str:
    """Give the word for a kind of act; one of a person's own shows itself."""
    return app.say(f"act.{kind}") if f"act.{kind}" in MESSAGES else kind


def day_of(app: App, text: str) -> datetime.date:
    """Give the civil day that was typed.

    Raises:
        UsageError: it is none.
    """
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as exc:
        app.hear()
        raise click.UsageError(app.say("error.day", found=text)) from exc


# --- the ball and the clock -------------------------------------------------------------------------------------------


@command("ball")
@ITEM
@option("--to", type=click.Choice(("client", "vendor", "third_party")), help="opt.to")
@option("--by", metavar="NAME", help="opt.by")
@option("--at", metavar="TIME", help="opt.at")
@as_of_option
@REASON
def ball(app: App, ref: str, to: str | None, by: str | None, at: str | None, reason: str) -> int:
    if to is not None:
        with app.open() as service:
            at_ms = instant_ms(app, service, at) if at else None
            from supervise import acting

            doing = Doing(app, service, service.hand(by or who(), at_ms))
            _said(app, service, acting.move_ball(doing.hand, doing.uid(ref), to, reason))
        return 0
    with app.open() as service:
        held = service.ball_history(ref, as_of_ms(app, service))
        zone = service.settings.service.timezone
    if app.json:
        emit({"ball": held})
    elif not held:
        line(app, "none.ball")
    else:
        rows = [
            (
                moment(one.at_ms, zone),
                app.say(f"side.{one.side}"),
                app.say(f"cause.{one.cause}"),
                one.data.get("status"),
            )
            for one in held
        ]
        table(app, ("when", "ball", "cause", "status"), rows)
    return 0


@act("stage")
@ITEM
@click.argument("stage", metavar="STAGE")
@REASON
def stage(doing: Doing, ref: str, stage: str, reason: str) -> Done:
    from supervise import acting

    return acting.set_stage(doing.hand, doing.uid(ref), stage, reason)


@act("promise")
@ITEM
@click.argument("day", metavar="DAY")
@TEXT
def promise(doing: Doing, ref: str, day: str, text: str) -> Done:
    from supervise import acting

    return acting.promise(doing.hand, doing.uid(ref), day_of(doing.app, day), text)


@act("snooze")
@ITEM
@click.argument("day", metavar="DAY")
@REASON
def snooze(doing: Doing, ref: str, day: str, reason: str) -> Done:
    from supervise import acting

    return acting.snooze(doing.hand, doing.uid(ref), day_of(doing.app, day), reason)


@act("pause")
@ITEM
@option("--from", "start", metavar="DAY", help="opt.pause_from")
@option("--until", metavar="DAY", help="opt.pause_until")
@REASON
def pause(doing: Doing, ref: str, start: str | None, until: str | None, reason: str) -> Done:
    from supervise import acting

    return acting.pause(doing.hand, doing.uid(ref), doing.day(start), doing.day(until), reason)


@act("resume")
@ITEM
@option("--until", metavar="DAY", help="opt.pause_until")
def resume(doing: Doing, ref: str, until: str | None) -> Done:
    from supervise import acting

    return acting.resume(doing.hand, doing.uid(ref), doing.day(until))


@act("override")
@PROJECT
@click.argument("field", metavar="FIELD")
@click.argument("value", metavar="[VALUE]", default="")
@option("--until", metavar="DAY", help="opt.override_until")
@option("--drop", is_flag=True, help="opt.drop")
@REASON
def override(doing: Doing, ref: str, field: str, value: str, until: str | None, drop: bool, reason: str) -> Done:
    from supervise import steering

    uid = doing.uid(ref, "project")
    if drop:
        return steering.drop_override(doing.hand, uid, field)
    return steering.override(doing.hand, uid, field, value, reason, doing.day(until))


@act("lifecycle")
@PROJECT
@click.argument("value", metavar="VALUE")
@REASON
def lifecycle(doing: Doing, ref: str, value: str, reason: str) -> Done:
    from supervise import steering

    return steering.set_lifecycle(doing.hand, doing.uid(ref, "project"), value, reason)


@act("note")
@click.argument("entity", type=click.Choice(ENTITIES))
@click.argument("ref", metavar="RECORD")
@click.argument("kind", metavar="KIND")
@TEXT
def note(doing: Doing, entity: EntityKind, ref: str, kind: str, text: str) -> Done:
    from supervise import acting

    return acting.record(doing.hand, entity, doing.uid(ref, entity), kind, {"text": text})
