"""report: makes, keeps and shows the reports; ``report list`` and ``report show`` give what was issued before."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commands.app import App, as_of_option, command, group, option
from commands.decisions import who
from commands.output import emit, line, table
from commands.supervision import as_of_ms

if TYPE_CHECKING:
    from reports.issuing import Kept
    from reports.report import Report
    from reports.voice import Edition
    from service import Service

report = group("report")
FORMATS: Final = ("md", "html", "pdf", "csv")
EDITIONS: Final = ("client", "internal")
_OVER_PROJECT: Final = ("weekly", "certificate", "closure", "ledger", "raid")


def _paper_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        option(
            "-o",
            "--output",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="opt.report_file",
            is_eager=True,
        ),
        option("--format", type=click.Choice(FORMATS), callback=_format, help="opt.format"),
    ):
        function = decorate(function)
    return function


_ENDINGS: Final[Mapping[str, str]] = {
    "": "md", ".md": "md", ".markdown": "md", ".txt": "md",
    ".html": "html", ".htm": "html", ".pdf": "pdf", ".csv": "csv",
}  # fmt: skip


def _format(ctx: click.Context, _param: click.Parameter, given: str | None) -> str:
    """Give the format that was named, else the one that the file's name ends in, else Markdown."""
    output: Path | None = ctx.params.get("output")
    if given is not None or output is None:
        return given or "md"
    ending = output.suffix.lower()
    if ending not in _ENDINGS:
        app: App = ctx.find_root().obj
        app.hear()
        raise click.UsageError(app.say("error.ending", found=ending, known=", ".join(FORMATS)), ctx)
    return _ENDINGS[ending]


def _making_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        option("--preview", is_flag=True, help="opt.preview"),
        option("--by", metavar="NAME", help="opt.by"),
        _paper_options,
        as_of_option,
    ):
        function = decorate(function)
    return function


def _edition(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return option("--edition", type=click.Choice(EDITIONS), default=default, help="opt.edition")


@command("weekly", "report.weekly", report)
@click.argument("ref", metavar="PROJECT")
@_edition("client")
@option("--week", metavar="YYYY-Www", help="opt.week")
@_making_options
def weekly(app: App, ref: str, week: str | None, **options: Any) -> int:
    return _make(app, "weekly", ref, week=week, **options)


@command("certificate", "report.certificate", report)
@click.argument("ref", metavar="PROJECT")
@_edition("client")
@_making_options
def certificate(app: App, ref: str, **options: Any) -> int:
    return _make(app, "certificate", ref, **options)


@command("closure", "report.closure", report)
@click.argument("ref", metavar="PROJECT")
@_edition("client")
@_making_options
def closure(app: App, ref: str, **options: Any) -> int:
    return _make(app, "closure", ref, **options)


@command("ledger", "report.ledger", report)
@click.argument("ref", metavar="PROJECT")
@_edition("internal")
@_making_options
def ledger(app: App, ref: str, **options: Any) -> int:
    return _make(app, "ledger", ref, **options)


@command("raid", "report.raid", report)
@click.argument("ref", metavar="PROJECT")
@_edition("internal")
@_making_options
def raid(app: App, ref: str, **options: Any) -> int:
    return _make(app, "raid", ref, **options)


@command("digest", "report.digest", report)
@click.argument("ref", metavar="[PROJECT|ACCOUNT]", required=False)
@_edition("internal")
@_making_options
def digest(app: App, ref: str | None, **options: Any) -> int:
    return _make(app, "digest", ref or "", **options)


@command("brief", "report.brief", report)
@click.argument("ref", metavar="ACCOUNT")
@_edition("internal")
@_making_options
def brief(app: App, ref: str, **options: Any) -> int:
    return _make(app, "brief", ref, **options)


@command("list", "report.list", report)
@click.argument("ref", metavar="[PROJECT|ACCOUNT]", required=False)
def list_(app: App, ref: str | None) -> int:
    from store import issues

    with app.open() as service:
        uid = service.desk.find(ref)[1] if ref else ""
        with service.db.read() as tx:
            found = issues.listed(tx, uid=uid)
            names = _names(tx, {one.uid for one in found})
    if app.json:
        emit({"reports": [{**_head(one), "name": names.get(one.uid, "")} for one in found]})
    elif not found:
        line(app, "none.reports")
    else:
        rows = [
            (one.id, one.report, names.get(one.uid, ""), one.edition, one.period, one.revision, one.digest[:12])
            for one in found
        ]
        table(app, ("id", "report", "project", "edition", "period", "revision", "digest"), rows)
    return 0


@command("show", "report.show", report)
@click.argument("number", metavar="REV", type=int)
@_paper_options
def show(app: App, number: int, format: str, output: Path | None) -> int:
    from mapping.errors import InputError
    from reports.issuing import Kept, read, stamped
    from store import issues

    with app.open() as service, service.db.read() as tx:
        issued = issues.get(tx, number)
    if issued is None:
        raise InputError(
            f"there is no report {number}", zh=f"没有编号为 {number} 的报告",
            next_step="see duban report list", next_step_zh="请查看 duban report list",
        )  # fmt: skip
    return _give(app, Kept(stamped(read(issued), issued), issued, False), format, output)


def _make(
    app: App, kind: str, ref: str, *, edition: str, format: str, output: Path | None, by: str | None, preview: bool,
    week: str | None = None,
) -> int:  # fmt: skip
    from reports.issuing import keep

    with app.open() as service:
        now_ms, looking_back = _moment(app, service, week)
        made = _gather(service, kind, ref, edition, now_ms, looking_back)
        if made is None:
            return _nothing(app, kind)
        _fits(app, made, format, output)
        if preview:
            return _write(app, made, format, output, None)
        with service.db.edit() as tx:
            kept = keep(
                tx, made, who=by or who(), now_ms=service.clock.now_ms(), run_id="", salt=os.urandom(32)
            )  # fmt: skip
    return _give(app, kept, format, output)


def _moment(app: App, service: Service, week: str | None) -> tuple[int, bool]:
    """Give the moment to look from; a week that is over is looked at from its end."""
    from reports.issuing import week_end_ms

    asked, now_ms = as_of_ms(app, service), service.clock.now_ms()
    if week is not None:
        if asked is not None:
            app.hear()
            raise click.UsageError(app.say("error.week_and_as_of"))
        asked = min(week_end_ms(week, service.settings.service.timezone), now_ms)
    return (now_ms, False) if asked is None else (asked, True)


def _gather(service: Service, kind: str, ref: str, edition: str, now_ms: int, looking_back: bool) -> Report | None:
    """Give the report as it is now; None for a digest that has nothing to tell."""
    from reports.digest import digest_is_empty
    from reports.gathering import name_of, projects_of, read_all, read_one
    from reports.issuing import project_report, wide_report

    chosen: Edition = "client" if edition == "client" else "internal"
    entity, uid = _subject(service, kind, ref)
    look: dict[str, Any] = {"now_ms": now_ms, "knobs": service.knobs, "looking_back": looking_back}
    with service.db.read() as tx:
        if kind in _OVER_PROJECT:
            return project_report(tx, kind, read_one(tx, uid, **look), chosen)
        uids = [uid] if entity == "project" and uid else projects_of(tx, uid)
        found = read_all(tx, uids, **look)
        if kind == "digest" and digest_is_empty(found, chosen):
            return None
        return wide_report(kind, found, chosen, entity, uid, name_of(tx, uid) if uid else "")


def _nothing(app: App, kind: str) -> int:
    if app.json:
        emit({"report": kind, "empty": True, "issued": None})
    else:
        line(app, "none.late")
    return 0


def _subject(service: Service, kind: str, ref: str) -> tuple[Any, str]:
    """Give (entity, uid) of what a report is about; a digest may be about everything."""
    from mapping.errors import InputError

    if kind in _OVER_PROJECT:
        return service.desk.find(ref, "project")
    if kind == "brief":
        return service.desk.find(ref, "account")
    if not ref:
        return "project", ""
    try:
        return service.desk.find(ref, "project")
    except InputError:
        return service.desk.find(ref, "account")


def _fits(app: App, made: Report, format: str, output: Path | None) -> None:
    """Refuse before anything is kept what could not be given afterwards."""
    from reports.report import check

    check(made, format)
    if format == "pdf" and output is None:
        app.hear()
        raise click.UsageError(app.say("error.pdf_needs_file"))


def _give(app: App, kept: Kept, format: str, output: Path | None) -> int:
    return _write(app, kept.report, format, output, {**_head(kept.issued), "new": kept.new})


def _write(app: App, made: Report, format: str, output: Path | None, head: dict[str, Any] | None) -> int:
    from reports.report import render

    _fits(app, made, format, output)
    body = render(made, format, "zh" if app.language == "zh" else "en")
    if output is not None:
        output.write_bytes(body)
    if app.json:
        text = None if format == "pdf" or output is not None else body.decode("utf-8-sig")
        emit({"report": made.kind, "name": made.name, "format": format, "file": output, "text": text, "issued": head})
    elif output is not None:
        code = "report.previewed" if head is None else "report.kept" if head["new"] else "report.same"
        line(app, code, file=output, number=head["revision"] if head else "", id=head["id"] if head else "")
    else:
        click.echo(body, nl=False)
    return 0


def _head(issued: Any) -> dict[str, Any]:
    return {
        name: getattr(issued, name)
        for name in ("id", "report", "uid", "edition", "period", "revision", "digest", "at_ms")
    }


def _names(tx: Any, uids: set[str]) -> dict[str, str]:
    from reports.gathering import name_of

    return {uid: name_of(tx, uid) for uid in uids if uid}
