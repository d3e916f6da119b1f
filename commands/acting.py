"""Acting on what is supervised: the ball, promises, signatures, decisions, meetings; each names who did it."""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.app import App, Group, as_of_option, command, group, option
from commands.decisions import who
from commands.messages import MESSAGES
from commands.output import clean, emit, line, table
from commands.status import moment
from commands.supervision import as_of_ms, instant_ms
from mapping.errors import InputError
from mapping.records import ENTITIES

if TYPE_CHECKING:
    from mapping.records import EntityKind
    from service import Service
    from supervise.hand import Done, Hand

calendar = group("calendar")
_ITEM = click.argument("ref", metavar="ITEM")
_PROJECT = click.argument("ref", metavar="PROJECT")
_REASON = option("--reason", default="", metavar="TEXT", help="opt.reason")
_SIGNER = option("--signer", required=True, metavar="CONTACT", help="opt.signer")
_ROLE = option("--role", default="", metavar="ROLE", help="opt.role")
_METHOD = option("--method", default="written", metavar="METHOD", help="opt.method")
_TEXT = option("--text", default="", metavar="TEXT", help="opt.text")


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
        raise click.UsageError(app.say("error.day", found=text)) from exc


# --- the ball and the clock -------------------------------------------------------------------------------------------


@command("ball")
@_ITEM
@option("--to", type=click.Choice(("client", "vendor", "third_party")), help="opt.to")
@option("--by", metavar="NAME", help="opt.by")
@option("--at", metavar="TIME", help="opt.at")
@as_of_option
@_REASON
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
@_ITEM
@click.argument("stage", metavar="STAGE")
@_REASON
def stage(doing: Doing, ref: str, stage: str, reason: str) -> Done:
    from supervise import acting

    return acting.set_stage(doing.hand, doing.uid(ref), stage, reason)


@act("promise")
@_ITEM
@click.argument("day", metavar="DAY")
@_TEXT
def promise(doing: Doing, ref: str, day: str, text: str) -> Done:
    from supervise import acting

    return acting.promise(doing.hand, doing.uid(ref), day_of(doing.app, day), text)


@act("snooze")
@_ITEM
@click.argument("day", metavar="DAY")
@_REASON
def snooze(doing: Doing, ref: str, day: str, reason: str) -> Done:
    from supervise import acting

    return acting.snooze(doing.hand, doing.uid(ref), day_of(doing.app, day), reason)


@act("pause")
@_ITEM
@option("--from", "start", metavar="DAY", help="opt.pause_from")
@option("--until", metavar="DAY", help="opt.pause_until")
@_REASON
def pause(doing: Doing, ref: str, start: str | None, until: str | None, reason: str) -> Done:
    from supervise import acting

    return acting.pause(doing.hand, doing.uid(ref), doing.day(start), doing.day(until), reason)


@act("resume")
@_ITEM
@option("--until", metavar="DAY", help="opt.pause_until")
def resume(doing: Doing, ref: str, until: str | None) -> Done:
    from supervise import acting

    return acting.resume(doing.hand, doing.uid(ref), doing.day(until))


@act("override")
@_PROJECT
@click.argument("field", metavar="FIELD")
@click.argument("value", metavar="[VALUE]", default="")
@option("--until", metavar="DAY", help="opt.override_until")
@option("--drop", is_flag=True, help="opt.drop")
@_REASON
def override(doing: Doing, ref: str, field: str, value: str, until: str | None, drop: bool, reason: str) -> Done:
    from supervise import steering

    uid = doing.uid(ref, "project")
    if drop:
        return steering.drop_override(doing.hand, uid, field)
    return steering.override(doing.hand, uid, field, value, reason, doing.day(until))


@act("lifecycle")
@_PROJECT
@click.argument("value", metavar="VALUE")
@_REASON
def lifecycle(doing: Doing, ref: str, value: str, reason: str) -> Done:
    from supervise import steering

    return steering.set_lifecycle(doing.hand, doing.uid(ref, "project"), value, reason)


# --- what binds -------------------------------------------------------------------------------------------------------


@act("sign")
@_ITEM
@_SIGNER
@_ROLE
@_METHOD
@option("--doc-version", default="", metavar="VERSION", help="opt.doc_version")
@option("--doc-hash", default="", metavar="SHA256", help="opt.doc_hash")
@option("--file", "path", type=click.Path(path_type=Path), help="opt.doc_file")
@option("--comments", default="", metavar="TEXT", help="opt.comments")
@option("--refuse", is_flag=True, help="opt.refuse")
@option("--revoke", is_flag=True, help="opt.revoke")
@_REASON
def sign(
    doing: Doing, ref: str, signer: str, role: str, method: str, doc_version: str, doc_hash: str, path: Path | None,
    comments: str, refuse: bool, revoke: bool, reason: str,
) -> Done:  # fmt: skip
    from supervise import agreeing

    uid, person = doing.uid(ref), doing.uid(signer, "contact")
    if refuse:
        return agreeing.refuse(doing.hand, uid, person, reason)
    if revoke:
        return agreeing.revoke(doing.hand, uid, person, reason)
    given = agreeing.Signing(
        signer=person, role=role, method=method, doc_version=doc_version,
        doc_hash=file_hash(path) if path else doc_hash, comments=comments,
    )  # fmt: skip
    return agreeing.sign(doing.hand, uid, given)


def file_hash(path: Path) -> str:
    """Give the SHA-256 of a document as text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@act("accept")
@_ITEM
@_SIGNER
@_ROLE
@_METHOD
@option("--condition", "conditions", multiple=True, metavar="TEXT", help="opt.condition")
@option("--due", metavar="DAY", help="opt.punch_due")
@option("--reject", is_flag=True, help="opt.reject")
@_REASON
def accept(
    doing: Doing, ref: str, signer: str, role: str, method: str, conditions: tuple[str, ...], due: str | None,
    reject: bool, reason: str,
) -> Done:  # fmt: skip
    from supervise import agreeing

    outcome = "rejected" if reject else "conditionally_accepted" if conditions else "accepted"
    given = agreeing.Accepting(
        outcome=outcome, signer=doing.uid(signer, "contact"), role=role, method=method,
        conditions="\n".join(conditions), reason=reason, due=doing.day(due),
    )  # fmt: skip
    return agreeing.accept(doing.hand, doing.uid(ref), given)


@act("reopen")
@_ITEM
@option("--cause", default="defect", metavar="CAUSE", help="opt.cause")
@_REASON
def reopen(doing: Doing, ref: str, cause: str, reason: str) -> Done:
    from supervise import agreeing

    return agreeing.reopen_acceptance(doing.hand, doing.uid(ref), cause, reason)


@act("formal-notice")
@_ITEM
@click.argument("day", metavar="DAY")
@_METHOD
def formal_notice(doing: Doing, ref: str, day: str, method: str) -> Done:
    from supervise import agreeing

    return agreeing.formal_notice(doing.hand, doing.uid(ref), day_of(doing.app, day), method)


@act("object")
@_ITEM
@click.argument("text", metavar="TEXT")
@option("--objector", default="", metavar="NAME", help="opt.objector")
def object_(doing: Doing, ref: str, text: str, objector: str) -> Done:
    from supervise import agreeing

    return agreeing.object_to(doing.hand, doing.uid(ref), text, objector)


@act("decide")
@_ITEM
@option("--approve/--reject", "approve", default=None, required=True, help="opt.approve")
@option("--approver", default="", metavar="CONTACT", help="opt.approver")
@option("--impact", default="", metavar="TEXT", help="opt.impact")
@option("--cost", default="", metavar="MONEY", help="opt.cost")
@option("--days", default="", metavar="N", help="opt.days")
@option("--on", "day", metavar="DAY", help="opt.on")
@_REASON
def decide(
    doing: Doing, ref: str, approve: bool, approver: str, impact: str, cost: str, days: str, day: str | None,
    reason: str,
) -> Done:  # fmt: skip
    from supervise import agreeing

    given = agreeing.Deciding(
        approve=approve, approver=doing.uid(approver, "contact") if approver else "", decided_on=doing.day(day),
        impact=impact, cost=cost, days=days, reason=reason,
    )  # fmt: skip
    return agreeing.decide(doing.hand, doing.uid(ref), given)


@act("waive")
@click.argument("ref", metavar="RECORD")
@click.argument("what", metavar="WHAT")
@option("--waived-by", required=True, metavar="NAME", help="opt.waived_by")
@_REASON
def waive(doing: Doing, ref: str, what: str, waived_by: str, reason: str) -> Done:
    from supervise import acting

    entity, uid = doing.service.desk.find(ref)
    with contextlib.suppress(InputError):  # else one of our own people, or somebody whom no record stands for
        waived_by = doing.uid(waived_by, "contact")
    return acting.waive(doing.hand, entity, uid, what, waived_by, reason)


@act("dispute")
@_ITEM
@click.argument("entry", metavar="DAY")
@click.argument("text", metavar="TEXT")
def dispute(doing: Doing, ref: str, entry: str, text: str) -> Done:
    from supervise import acting

    return acting.dispute(doing.hand, doing.uid(ref), day_of(doing.app, entry).isoformat(), text)


# --- what happens between people --------------------------------------------------------------------------------------


@act("meeting")
@_ITEM
@option("--held", metavar="TIME", help="opt.held")
@option("--invited", multiple=True, metavar="CONTACT", help="opt.invited")
@option("--attended", multiple=True, metavar="CONTACT", help="opt.attended")
@option("--minutes", default="", metavar="TEXT", help="opt.minutes")
@option("--outcome", default="held", metavar="OUTCOME", help="opt.outcome")
@option("--to", "to_day", metavar="DAY", help="opt.put_off_to")
def meeting(
    doing: Doing, ref: str, held: str | None, invited: tuple[str, ...], attended: tuple[str, ...], minutes: str,
    outcome: str, to_day: str | None,
) -> Done:  # fmt: skip
    from supervise import meeting as meetings

    given = meetings.Meeting(
        held_ms=doing.instant(held), invited=doing.uids(invited), attended=doing.uids(attended), minutes=minutes,
        outcome=outcome, to=doing.day(to_day),
    )  # fmt: skip
    return meetings.meet(doing.hand, doing.uid(ref), given)


@act("minutes")
@_ITEM
@option("--confirmed-by", required=True, metavar="CONTACT", help="opt.confirmed_by")
def minutes(doing: Doing, ref: str, confirmed_by: str) -> Done:
    from supervise import meeting as meetings

    return meetings.confirm_minutes(doing.hand, doing.uid(ref), doing.uid(confirmed_by, "contact"))


@act("review-risk")
@_ITEM
@option("-p", "--probability", default="", metavar="1-5", help="opt.probability")
@option("-i", "--impact", default="", metavar="1-5", help="opt.risk_impact")
@option("--response", default="", metavar="WORD", help="opt.response")
@option("--joint/--alone", "joint", default=None, help="opt.joint")
@option("--on", "day", metavar="DAY", help="opt.on")
@_TEXT
def review_risk(
    doing: Doing, ref: str, probability: str, impact: str, response: str, joint: bool | None, day: str | None,
    text: str,
) -> Done:  # fmt: skip
    from supervise import meeting as meetings

    given = meetings.RiskReview(
        probability=probability, impact=impact, response=response, joint=joint, reviewed_on=doing.day(day), words=text
    )
    return meetings.review_risk(doing.hand, doing.uid(ref), given)


@act("survey")
@_PROJECT
@option("--wave", default="", metavar="WAVE", help="opt.wave")
@option("--contact", "contacts", multiple=True, metavar="CONTACT", help="opt.survey_contact")
def survey(doing: Doing, ref: str, wave: str, contacts: tuple[str, ...]) -> Done:
    from supervise import meeting as meetings

    return meetings.send_survey(doing.hand, doing.uid(ref, "project"), wave, doing.uids(contacts))


@act("answer")
@click.argument("ref", metavar="CONTACT")
@option("--wave", default="", metavar="WAVE", help="opt.wave")
@option("--scale", default="1-5", metavar="SCALE", help="opt.scale")
@option("--score", required=True, metavar="N", help="opt.score")
@option("--project", default="", metavar="PROJECT", help="opt.project")
@option("--survey", "item", default="", metavar="ITEM", help="opt.survey")
@option("--question", default="", metavar="WORD", help="opt.question")
@option("--channel", default="", metavar="WORD", help="opt.channel")
@_TEXT
def answer(
    doing: Doing, ref: str, wave: str, scale: str, score: str, project: str, item: str, question: str, channel: str,
    text: str,
) -> Done:  # fmt: skip
    from supervise import meeting as meetings

    given = meetings.Answered(
        wave=wave, scale=scale, score=score, verbatim=text, question=question, channel=channel,
        project=doing.uid(project, "project") if project else "", survey=doing.uid(item) if item else "",
    )  # fmt: skip
    return meetings.answer(doing.hand, doing.uid(ref, "contact"), given)


@act("note")
@click.argument("entity", type=click.Choice(ENTITIES))
@click.argument("ref", metavar="RECORD")
@click.argument("kind", metavar="KIND")
@_TEXT
def note(doing: Doing, entity: EntityKind, ref: str, kind: str, text: str) -> Done:
    from supervise import acting

    return acting.record(doing.hand, entity, doing.uid(ref, entity), kind, {"text": text})


# --- working days -----------------------------------------------------------------------------------------------------


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
