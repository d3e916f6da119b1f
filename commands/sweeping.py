"""sweep, certificate: look at everything again, and what both sides hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from commands.app import App, command
from commands.output import Progress, emit, line, table
from commands.printing import show_report
from commands.status import moment
from commands.syncing import ALLOW, seconds_option


@command("sweep")
@click.argument("connections", nargs=-1, metavar="[CONNECTION]...")
@seconds_option
@ALLOW
def sweep(app: App, connections: tuple[str, ...], wait_s: float, allow: dict[str, int]) -> int:
    with app.open() as service, Progress(app) as progress:
        report = service.sweep(connections, wait_s=wait_s, allow=allow, progress=progress)
    show_report(app, report)
    return report.exit_code


@command("certificate")
def certificate(app: App) -> int:
    with app.open() as service:
        zone = service.settings.service.timezone
        found = service.certificate()
    unexplained = int(found["unexplained"]) if found else 0
    if app.json:
        emit({"certificate": found})
    elif found is None:
        line(app, "certificate.none")
    else:
        _show(app, found, zone)
    return 4 if unexplained else 0


def _show(app: App, found: Mapping[str, Any], zone: str) -> None:
    line(app, "certificate.head", when=moment(found["at_ms"], zone), count=found["unexplained"])
    rows = [_row(app, one, side, zone) for one in found["objects"] for side in one["sides"]]
    table(app, ("entity", "connection", "hub", "agreed", "remote", "same", "swept"), rows)
    reasons = [
        (app.say(f"entity.{one['entity']}"), app.say(f"certificate.{reason}"), number)
        for one in found["objects"]
        for reason, number in one["differences"].items()
    ]
    if reasons:
        table(app, ("entity", "reason", "counts"), reasons)
    lines = [
        (app.say(f"entity.{one['entity']}"), one["connection"], one["remote_id"] or one["uid"], one["field"])
        for one in found["lines"]
    ]
    if lines:
        table(app, ("entity", "connection", "record", "field"), lines)


def _row(app: App, one: Mapping[str, Any], side: Mapping[str, Any], zone: str) -> tuple[object, ...]:
    remote = side["remote"]
    same = remote is not None and remote == side["agreed_remote"] and side["hub"] == side["agreed_hub"]
    return (
        app.say(f"entity.{one['entity']}"), side["connection"], one["hub"]["count"], side["agreed_remote"]["count"],
        app.say("certificate.not_swept") if remote is None else remote["count"],
        app.say("word.yes" if same else "word.no"), moment(side["swept_ms"], zone),
    )  # fmt: skip
