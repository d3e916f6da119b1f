"""projects, project show, closure, explain: how projects stand and why, at any moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from commands.app import App, as_of_option, command, group
from commands.output import clean, emit, line, plain, table
from commands.status import moment
from commands.supervision import as_of_ms, facts, show_overdue, show_projects, word_of
from reports.wording import say

if TYPE_CHECKING:
    from supervise.dossier import Dossier, Standing
    from supervise.explaining import Explanation, Step
    from supervise.health import Health
    from supervise.reasons import Reason

project = group("project")


@command("projects")
@as_of_option
def projects(app: App) -> int:
    with app.open() as service:
        found = service.standings(as_of_ms(app, service))
    if app.json:
        emit({"projects": [_row(one) for one in found]})
    elif not found:
        line(app, "none.projects")
    else:
        show_projects(app, [one.project for one in found])
        click.echo("")
        rows: list[Sequence[object]] = [
            (
                one.project.code or one.project.name, health_word(app, one.health), _top(app, one.health),
                f"{one.signed}/{one.to_sign}", _milestone(one), one.decisions, _codes(app, one.flags),
            )
            for one in found
        ]  # fmt: skip
        table(app, ("project", "health", "cause", "signed", "milestone", "decisions", "lacks"), rows)
    return 0


@command("show", "project.show", project)
@click.argument("ref", metavar="RECORD")
@as_of_option
def project_show(app: App, ref: str) -> int:
    with app.open() as service:
        at_ms = as_of_ms(app, service)
        page, dossier = service.project(ref, at_ms), service.dossier(ref, at_ms)
    if app.json:
        emit({"project": page, "dossier": dossier})
        return 0
    show_projects(app, [dossier.project])
    _show_health(app, dossier)
    _show_plan(app, dossier)
    _show_papers(app, dossier)
    _show_flags(app, dossier)
    for key in ("client_items", "our_items", "third_items", "on_hold", "undated"):
        items = getattr(dossier, key)
        if items:
            click.echo("\n" + app.say(f"page.{key}"))
            show_overdue(app, items)
    for one in dossier.project.evidence:
        click.echo(f"  {one.rule} {_claimed(app, one)}")
    return 0


@command("closure")
@click.argument("ref", metavar="PROJECT")
@as_of_option
def closure(app: App, ref: str) -> int:
    with app.open() as service:
        dossier = service.dossier(ref, as_of_ms(app, service))
    gate = dossier.gate
    if app.json:
        emit({"passes": gate.passes, "open": gate.open, "reasons": gate.reasons})
    elif gate.passes:
        line(app, "closure.passes", name=dossier.project.name)
    else:
        rows: list[Sequence[object]] = [
            (_word(app, f"why.gate_{one.code}"), one.what, _word(app, f"step.{one.next_step}"), one.uid)
            for one in gate.open
        ]
        table(app, ("cause", "title", "next", "id"), rows)
    return 0 if gate.passes else 4


@command("explain")
@click.argument("ref", metavar="ITEM")
@as_of_option
def explain(app: App, ref: str) -> int:
    with app.open() as service:
        found = service.explain(ref, as_of_ms(app, service))
        zone = service.settings.service.timezone
    if app.json:
        emit({"explanation": found})
        return 0
    line(app, "explain.head", title=found.item.title, when=moment(found.now_ms, zone), summary=_summary(app, found))
    if found.unsupervised:
        line(app, "explain.not_supervised", why=app.say(f"left.{found.unsupervised}"))
    table(
        app, ("rule", "verdict", "why"), [(one.rule, _verdict(app, one), _why(app, one, zone)) for one in found.steps]
    )
    for source in found.sources:
        line(
            app, "explain.source", connection=source.connection, record=f"{source.object}/{source.remote_id}",
            when=moment(source.modified_ms, zone) or "-",
        )  # fmt: skip
    return 0


# --- one project ------------------------------------------------------------------------------------------------------


def _show_health(app: App, dossier: Dossier) -> None:
    judged = dossier.health
    click.echo(
        "\n"
        + app.say(
            "page.health", level=health_word(app, judged), confidence=word_of(app, "confidence", judged.confidence)
        )
    )
    rows: list[Sequence[object]] = [
        (
            one.code,
            _word(app, f"signal.{one.code}"),
            _level(app, one.level),
            reason_word(app, one.reason),
            one.reason.uid,
        )
        for one in judged.signals
    ]
    if rows:
        table(app, ("id", "kind", "health", "why", "record"), rows)
    for reason in judged.reasons:
        if reason.code in {"watermelon", "health_settling", "health_unknown"}:
            click.echo("  " + reason_word(app, reason))
    index = dossier.engagement.index
    parts = ", ".join(
        f"{_word(app, f'part.{part.name}')} {part.value} (n={part.n})"
        for part in dossier.engagement.parts
        if part.value is not None
    )
    click.echo(app.say("page.engagement", index="-" if index is None else index, parts=parts or "-"))


def _show_plan(app: App, dossier: Dossier) -> None:
    if dossier.milestones:
        click.echo("\n" + app.say("page.milestones"))
        rows: list[Sequence[object]] = [
            (
                one.title, word_of(app, "stage", one.stage), one.baseline, one.approved, _signed(one.extension_bd),
                one.forecast, _signed(one.slip_bd), one.achieved_on or "",
            )
            for one in dossier.milestones
        ]  # fmt: skip
        columns = ("title", "state", "baseline", "approved", "extension", "forecast", "slip", "achieved")
        table(app, columns, rows)
    late = {uid: share for uid, share in dossier.attribution.items() if share.delay}
    for uid, share in late.items():
        name = next((one.title for one in dossier.milestones if one.uid == uid), uid)
        line(
            app, "page.delay", name=name, delay=share.delay, client=share.client, concurrent=share.concurrent,
            vendor=share.vendor, third=share.third, unexplained=share.unexplained, recovered=share.recovered,
            relief=share.relief, claimable=share.claimable,
        )  # fmt: skip


def _show_papers(app: App, dossier: Dossier) -> None:
    signed, total = dossier.signed
    if dossier.sign_offs:
        click.echo("\n" + _word(app, "signed_of", signed=signed, total=total))
        rows: list[Sequence[object]] = [
            (
                one.title, one.doc_version, _word(app, f"why.sign_off_{one.state}", version=one.doc_version),
                _word(app, f"want.{one.wants}") if one.wants else "", _flags(app, one.flags),
            )
            for one in dossier.sign_offs
        ]  # fmt: skip
        table(app, ("title", "version", "state", "next", "flags"), rows)
    if dossier.acceptance:
        click.echo("\n" + app.say("page.acceptance"))
        rows = [
            (
                one.title, word_of(app, "stage", one.state), one.deemed_on or "",
                len(one.open_punch) + len(one.open_conditions), _flags(app, one.flags),
            )
            for one in dossier.acceptance
        ]  # fmt: skip
        table(app, ("title", "state", "deemed", "punch", "flags"), rows)
    _show_rounds(app, dossier)
    _show_registers(app, dossier)


def _show_rounds(app: App, dossier: Dossier) -> None:
    handed = [one for one in dossier.rounds if one.rounds]
    if not handed:
        return
    share, judged = dossier.first_pass
    click.echo("\n" + app.say("page.rounds", share="-" if share is None else f"{share} %", n=judged))
    rows: list[Sequence[object]] = [
        (
            one.title, word_of(app, "stage", one.stage), one.rounds, _plainly(app, one.first_pass),
            one.working_days("client"), one.working_days("vendor"), one.working_days("third_party"),
        )
        for one in handed
    ]  # fmt: skip
    table(app, ("title", "state", "rounds", "first_pass", "with_client", "with_us", "with_third"), rows)


def _show_registers(app: App, dossier: Dossier) -> None:
    if dossier.changes:
        totals = dossier.change_totals
        click.echo("\n" + app.say("page.changes", approved=totals.approved, cost=totals.cost, days=totals.days))
        rows: list[Sequence[object]] = [
            (one.title, word_of(app, "stage", one.stage), one.cost, one.days, one.age_bd, _flags(app, one.flags))
            for one in dossier.changes
        ]
        table(app, ("title", "state", "cost", "added", "age", "flags"), rows)
    live = [risk for risk in dossier.risks if risk.live]
    if live:
        click.echo("\n" + app.say("page.risks"))
        rows = [
            (one.title, one.score, _level(app, one.level), one.review_overdue_bd or "", app.say(f"side.{one.side}"))
            for one in live
        ]
        table(app, ("title", "score", "health", "review", "ball"), rows)
    open_loops = [one for one in dossier.feedback if one.loop_open]
    if open_loops:
        click.echo("\n" + app.say("page.loops"))
        table(app, ("title", "contact", "due"), [(one.title, one.contact, one.loop_due) for one in open_loops])


def _show_flags(app: App, dossier: Dossier) -> None:
    if dossier.flags:
        click.echo("\n" + app.say("page.flags"))
        rows: list[Sequence[object]] = [
            (
                word_of(app, "flag", one.code),
                one.since,
                "; ".join(reason_word(app, why) for why in one.reasons),
                one.uid,
            )
            for one in dossier.flags
        ]
        table(app, ("flags", "since", "why", "record"), rows)
    for one in dossier.proposals:
        line(
            app,
            "page.proposal",
            cause=word_of(app, "cause", one.cause),
            title=one.title or "-",
            lessons=", ".join(one.lessons),
        )
        line(app, "page.adopt", project=dossier.project.uid, lesson=one.lessons[-1], title=one.title or "...")


# --- words ------------------------------------------------------------------------------------------------------------


def health_word(app: App, judged: Health) -> str:
    """Give a health in a word, marked where more was declared than was found."""
    return _level(app, judged.level) + ("*" if judged.watermelon else "")


def reason_word(app: App, reason: Reason) -> str:
    """Give what a reason says; one without words shows its code and figures."""
    code = f"why.{reason.code}"
    if reason.code == "missing_role":
        code = f"why.missing_{reason.value}"
    said = _word(app, code, **reason.data)
    return said if said != code else f"{reason.code} {facts(plain(reason.data))}".strip()


def _claimed(app: App, reason: Reason) -> str:
    """Give a reason of the reconciled status, whose values are codes of a project's status or health."""
    data = {**reason.data, "value": word_of(app, reason.field, reason.value)}
    code = f"why.{reason.code}"
    said = _word(app, code, **data)
    return said if said != code else f"{reason.code} {facts(plain(data))}".strip()


def _word(app: App, code: str, **data: Any) -> str:
    return clean(say("zh" if app.language == "zh" else "en", code, **data))


def _level(app: App, level: str | None) -> str:
    return app.say(f"level.{level}") if level else ""


def _top(app: App, judged: Health) -> str:
    return reason_word(app, judged.signals[0].reason) if judged.signals else reason_word(app, judged.reasons[0])


def _milestone(one: Standing) -> str:
    following = one.next_milestone
    if following is None:
        return ""
    return f"{following.title} {following.approved or '-'} {_signed(following.slip_bd)}".strip()


def _signed(days: int | None) -> str:
    return "" if days is None else f"{days:+d}"


def _flags(app: App, codes: Iterable[str]) -> str:
    return ", ".join(word_of(app, "flag", code) for code in codes)


def _codes(app: App, flags: Iterable[Any]) -> str:
    counts: dict[str, int] = {}
    for one in flags:
        counts[one.code] = counts.get(one.code, 0) + 1
    return ", ".join(word_of(app, "flag", code) + (f" {n}" if n > 1 else "") for code, n in counts.items())


def _row(one: Standing) -> Mapping[str, Any]:
    """Give a project as the list's JSON has it: the listed form, and how it stands."""
    standing = {name: value for name, value in plain(one).items() if name != "project"}
    return {**plain(one.project), "standing": standing}


def _plainly(app: App, value: object) -> object:
    """Give a figure as people read it."""
    if isinstance(value, bool):
        return app.say("answer.yes" if value else "answer.no")
    return "-" if value is None else value


def _summary(app: App, found: Explanation) -> str:
    item = found.item
    side = app.say(f"side.{item.ball}")
    if item.since is None:
        return app.say("explain.is_not", side=side)
    return app.say("explain.is_overdue", side=side, since=item.since, days=item.obd, level=item.severity)


def _verdict(app: App, step: Step) -> str:
    if step.rule == "R1":
        return app.say(f"side.{step.verdict}")
    if step.rule == "B1":
        return word_of(app, "kind", step.verdict)
    return app.say(f"answer.{step.verdict}") if step.verdict in {"yes", "no"} else step.verdict


def _why(app: App, step: Step, zone: str) -> str:
    key = f"explain.{step.code}" + ("_soon" if step.code == "severity" and not step.data.get("obd") else "")
    data = {name: _plainly(app, value) for name, value in step.data.items()}
    if step.code in {"status_names_holder", "closed"}:
        data |= {name: word_of(app, "status", step.data[name]) for name in ("value", "status") if name in step.data}
    elif step.code == "side_field":
        data["value"] = word_of(app, "ball", step.data.get("value"))
    for name in ("since_ms", "instant_ms", "at_ms"):
        if name in step.data:
            value = step.data[name]
            data[name] = (moment(value, zone) if isinstance(value, int) else "") or "-"
    said = app.say(key, **data)
    if said != key:
        return clean(said)
    worded = _word(app, f"why.{step.code}", **step.data)
    return worded if worded != f"why.{step.code}" else f"{step.code} {facts(plain(step.data))}".strip()
