"""init, check, doctor, discover: the way in."""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.app import App, command, option
from commands.output import clean, emit, line, table
from mapping.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service import Finding

SECRETS_FOLDER = "secrets"


@command("init")
def init(app: App) -> int:
    from config.keys import KEY_FILE_NAME, ensure_key

    path = (app.config or Path(app.environ.get("DUBAN_CONFIG") or "duban.toml")).absolute()
    key = path.parent / KEY_FILE_NAME
    if path.exists():
        raise ConfigError(app.say("init.exists", path=path))
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is not a folder", zh=f"{path.parent} 不是文件夹")
    (path.parent / SECRETS_FOLDER).mkdir(mode=0o700, exist_ok=True)
    ensure_key(app.environ, path.parent, os.urandom)
    with path.open("x", encoding="utf-8") as file:
        example = resources.files("config").joinpath("examples/duban.toml").read_text(encoding="utf-8")
        file.write(example.replace('language = "zh" ', f'language = "{app.language}" ', 1))
    if app.json:
        emit({"config": path, "key": key})
    line(app, "init.done", config=path, key_file=key)
    line(app, "init.next", config=path)
    return 0


@command("check")
@option("--online", is_flag=True, help="opt.online")
@option("--schema", is_flag=True, help="opt.schema")
def check(app: App, online: bool, schema: bool) -> int:
    if schema:
        return _print_schema()
    with app.open() as service:
        findings = list(service.check())
        if online and not _errors(findings):
            findings += service.check_online()
    return _show_findings(app, findings)


@command("doctor")
def doctor(app: App) -> int:
    with app.open() as service:
        findings = list(service.doctor())
    return _show_findings(app, findings)


@command("discover")
@click.argument("connection")
def discover(app: App, connection: str) -> int:
    with app.open() as service:
        found = service.discover(connection)
    if app.json:
        emit(found)
        return 0
    _show_found(found)
    return 0


def _print_schema() -> int:
    import json

    from config.settings import json_schema
    from connectors.registry import connector_class, kinds

    models = {kind: connector_class(kind).Settings for kind in kinds()}
    click.echo(json.dumps(json_schema(models), ensure_ascii=False, indent=2))
    return 0


def _errors(findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.level == "error"]


def _show_findings(app: App, findings: Sequence[Finding]) -> int:
    """Print what was found, and end as a run would because of it."""
    from sync.checking import exit_code

    bad, code = _errors(findings), exit_code(findings)
    if app.json:
        emit({"findings": findings, "exit_code": code})
        return code
    shown = [one for one in findings if one.level != "ok"] if app.quiet else findings
    if shown:
        chinese = app.language == "zh"
        table(
            app,
            ("level", "where", "message"),
            [(f.level, f.where, (f.zh if chinese else "") or f.message) for f in shown],
        )
    line(app, "check.bad", count=len(bad)) if bad else line(app, "check.good")
    return code


def _show_found(found: dict[str, Any]) -> None:
    """Print the proposed map as TOML where there is one, and the rest as plain lines."""
    proposal = found.get("toml")
    if isinstance(proposal, str):
        # A file to save and edit: line breaks stay, everything else of a CRM's text is made harmless.
        sys.stdout.write("\n".join(clean(one) for one in proposal.splitlines()) + "\n")
        return
    for key, value in found.items():
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            click.echo(f"{clean(key)}: {clean(row)}")
