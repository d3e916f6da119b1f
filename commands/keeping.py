"""auth, secrets, db: grants, secrets and the store. A secret is typed or piped in, never an argument."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.app import App, command, group, option
from commands.output import emit, line
from mapping.errors import ConfigError

auth = group("auth")
secrets = group("secrets")
db = group("db")

MAX_SECRET_CHARACTERS = 65_536


@command("zoho", "auth.zoho", auth)
@click.argument("connection", required=False)
@option("--code-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="opt.code_file")
def auth_zoho(app: App, connection: str | None, code_file: Path | None) -> int:
    with app.open() as service:
        tables = service.settings.connections
        name = _only(app, connection, [name for name, table in tables.items() if table.get("kind") == "zoho"])
        service.auth_zoho(name, _read_secret(app, code_file, "auth.prompt"))
    if app.json:
        emit({"connection": name})
    line(app, "auth.done", connection=name)
    return 0


@command("set", "secrets.set", secrets)
@click.argument("name")
@option("--file", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="opt.secret_file")
def secrets_set(app: App, name: str, file: Path | None) -> int:
    with app.open() as service:
        service.set_secret(name, _read_secret(app, file, "secret.prompt"))
    if app.json:
        emit({"name": name})
    line(app, "secret.done", name=name)
    return 0


@command("upgrade", "db.upgrade", db)
def db_upgrade(app: App) -> int:
    from store.schema import HEAD

    # Opening brings the store up; what is left is to say so.
    with app.open():
        pass
    if app.json:
        emit({"revision": HEAD})
    line(app, "db.done", revision=HEAD)
    return 0


def _only(app: App, named: str | None, names: list[str]) -> str:
    if named is not None:
        if named in names:
            return named
        raise ConfigError(app.say("auth.which", names=", ".join(names) or "-"))
    if len(names) != 1:
        raise ConfigError(app.say("auth.which", names=", ".join(names) or "-"))
    return names[0]


def _read_secret(app: App, file: Path | None, prompt: str) -> str:
    """Give a secret from a file, a hidden prompt, or a pipe."""
    if file is not None:
        given = file.read_text(encoding="utf-8-sig")
    elif sys.stdin.isatty():
        given = str(click.prompt(app.say(prompt), hide_input=True, err=True))
    else:
        given = sys.stdin.read(MAX_SECRET_CHARACTERS)
    given = given.strip()
    if not given:
        raise ConfigError(app.say("secret.empty"))
    return given
