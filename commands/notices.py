"""notices: what is said to whom, what is kept back and why; preview and send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from commands.app import App, as_of_option, command, group, option
from commands.output import clean, emit, line, table
from commands.status import moment
from commands.supervision import as_of_ms

if TYPE_CHECKING:
    from store.notices import Notice
    from supervise.notices import NoticeReport

notices = group("notices")
STATES = ("intent", "sent", "unknown", "failed", "draft", "held", "suppressed", "dropped")
ID_SHOWN = 12


@command("list", "notices.list", notices)
@option("--state", "states", multiple=True, type=click.Choice(STATES), help="opt.state")
@option("--single", is_flag=True, help="opt.single")
@option("--limit", type=click.IntRange(1, 10_000), default=50, help="opt.limit")
def list_(app: App, states: tuple[str, ...], single: bool, limit: int) -> int:
    with app.open() as service:
        found = service.notices(states, single=single, limit=limit)
        zone = service.settings.service.timezone
    if app.json:
        emit({"notices": [_document(one, words=False) for one in found]})
    elif not found:
        line(app, "none.notices")
    elif single:
        _show_single(app, found, zone)
    else:
        rows = [
            (one.id[:ID_SHOWN], moment(one.at_ms, zone), _state(app, one), one.recipient, one.channel, _subject(one))
            for one in found
        ]
        table(app, ("id", "when", "state", "recipient", "channel", "subject"), rows)
    return 0


@command("show", "notices.show", notices)
@click.argument("ref", metavar="ID")
def show(app: App, ref: str) -> int:
    with app.open() as service:
        one, lines = service.notice(ref)
        zone = service.settings.service.timezone
    if app.json:
        emit({"notice": _document(one), "lines": [_document(each) for each in lines]})
        return 0
    click.echo(f"{_state(app, one)}  {moment(one.at_ms, zone)}  {clean(one.recipient)}  {clean(one.channel)}")
    error = one.data.get("error")
    if error:
        click.echo(clean(error.get(app.language, error.get("en", ""))))
    if one.data.get("text"):
        _show_words(one)
    else:
        for reason in one.data.get("reasons", ()):
            click.echo(f"  {clean(reason['rule'])} {_silence(app, str(reason['code']))}")
    if lines:
        _show_single(app, lines, zone)
    return 0


@command("preview", "notices.preview", notices)
@as_of_option
def preview(app: App) -> int:
    with app.open() as service:
        report = service.preview_notices(as_of_ms(app, service))
        zone = service.settings.service.timezone
    if app.json:
        emit(_report_document(app, report))
        return 0
    if not report.messages:
        line(app, "notices.nothing")
    for one in report.messages:
        name = clean(one.data["to"].get("name") or one.recipient)
        if one.state == "draft":
            line(app, "notices.draft", name=name, pm=one.data["for"] or app.say("notices.nobody"))
        else:
            line(app, "notices.would", name=name, channel=one.channel or app.say("notices.nowhere"))
        if not app.quiet:
            _show_words(one)
    if report.silent and not app.quiet:
        click.echo(app.say("notices.silent"))
        _show_single(app, report.silent, zone)
    _show_gaps(app, report)
    return 0


@command("send", "notices.send", notices)
def send(app: App) -> int:
    with app.open() as service:
        report = service.tell()
    if app.json:
        emit(_report_document(app, report))
        return report.exit_code
    said = ", ".join(f"{app.say(f'state.{name}')} {count}" for name, count in sorted(report.counts.items()) if count)
    line(app, "notices.done", counts=said or app.say("notices.nothing"))
    for problem in report.problems:
        click.echo(app.say("problem.line", message=clean(problem.text(app.language))), err=True)
    _show_gaps(app, report)
    return report.exit_code


def _show_words(one: Notice) -> None:
    """Print a message; what a CRM holds shows escaped where a terminal would take it for more than text."""
    click.echo(f"  {clean(one.data['subject'])}")
    for each in str(one.data["text"]).splitlines():
        click.echo(f"  | {clean(each)}".rstrip())


def _show_single(app: App, found: Sequence[Notice], zone: str) -> None:
    rows = [
        (
            one.id[:ID_SHOWN], f"S{one.level}" if one.level else "", _state(app, one), one.rule, _why(app, one),
            one.uid,
            one.recipient, app.say(f"audience.{one.data['audience']}") if one.data.get("audience") else "",
            moment(one.data.get("next_ms"), zone),
        )
        for one in found
    ]  # fmt: skip
    table(app, ("id", "level", "state", "rule", "reason", "record", "recipient", "audience", "next"), rows)


def _show_gaps(app: App, report: NoticeReport) -> None:
    if report.gaps:
        count = Counter(gap.audience for gap in report.gaps)
        said = ", ".join(f"{app.say(f'audience.{name}')} {number}" for name, number in sorted(count.items()))
        line(app, "notices.gaps", count=len(report.gaps), who=said)


def _report_document(app: App, report: NoticeReport) -> dict[str, object]:
    return {
        "counts": {name: count for name, count in report.counts.items() if count}, "exit_code": report.exit_code,
        "messages": [_document(one) for one in report.messages], "silent": [_document(one) for one in report.silent],
        "problems": [problem.text(app.language) for problem in report.problems], "gaps": report.gaps,
    }  # fmt: skip


def _document(one: Notice, *, words: bool = True) -> dict[str, Any]:
    hidden = () if words else ("text",)
    data = {name: value for name, value in one.data.items() if name not in hidden}
    return {
        "id": one.id, "entity": one.entity, "record": one.uid if one.entity == "task" else None, "rule": one.rule,
        "level": one.level, "channel": one.channel, "recipient": one.recipient, "state": one.state, "at_ms": one.at_ms,
        "data": data,
    }  # fmt: skip


def _state(app: App, one: Notice) -> str:
    return app.say(f"state.{one.state}")


def _subject(one: Notice) -> str:
    return str(one.data.get("subject", ""))


def _why(app: App, one: Notice) -> str:
    reasons = one.data.get("reasons") or ()
    return _silence(app, str(reasons[0]["code"])) if reasons else ""


def _silence(app: App, code: str) -> str:
    from commands.messages import MESSAGES

    key = f"silence.{code}"
    return app.say(key) if key in MESSAGES else code
