"""The entry of ``duban``: finds the command, and turns every ending into a line and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Final

import click

from commands import app as shared
from commands.app import App, Group, meant
from mapping.errors import DubanError

if TYPE_CHECKING:
    from service import SystemClock

COMMANDS: Final = {
    "demo": "commands.demo:demo",
    "init": "commands.setup:init",
    "check": "commands.setup:check",
    "doctor": "commands.setup:doctor",
    "discover": "commands.setup:discover",
    "auth": "commands.keeping:auth",
    "plan": "commands.syncing:plan",
    "apply": "commands.syncing:apply",
    "sync": "commands.syncing:sync",
    "run": "commands.syncing:run",
    "sweep": "commands.sweeping:sweep",
    "certificate": "commands.sweeping:certificate",
    "status": "commands.status:status",
    "runs": "commands.status:runs",
    "undo": "commands.history:undo",
    "why": "commands.history:why",
    "journal": "commands.history:journal",
    "conflicts": "commands.decisions:conflicts",
    "review": "commands.decisions:review",
    "link": "commands.links:link",
    "unlink": "commands.links:unlink",
    "links": "commands.links:links",
    "connection": "commands.links:connection",
    "quarantine": "commands.decisions:quarantine",
    "add": "commands.records:add",
    "set": "commands.records:set_",
    "delete": "commands.records:delete",
    "overdue": "commands.supervision:overdue",
    "projects": "commands.standing:projects",
    "project": "commands.standing:project",
    "explain": "commands.standing:explain",
    "closure": "commands.standing:closure",
    "ball": "commands.acting:ball",
    "stage": "commands.acting:stage",
    "promise": "commands.acting:promise",
    "snooze": "commands.acting:snooze",
    "pause": "commands.acting:pause",
    "resume": "commands.acting:resume",
    "override": "commands.acting:override",
    "lifecycle": "commands.acting:lifecycle",
    "sign": "commands.agreeing:sign",
    "accept": "commands.agreeing:accept",
    "reopen": "commands.agreeing:reopen",
    "formal-notice": "commands.agreeing:formal_notice",
    "object": "commands.agreeing:object_",
    "decide": "commands.agreeing:decide",
    "waive": "commands.agreeing:waive",
    "dispute": "commands.agreeing:dispute",
    "meeting": "commands.meeting:meeting",
    "minutes": "commands.meeting:minutes",
    "review-risk": "commands.meeting:review_risk",
    "survey": "commands.meeting:survey",
    "answer": "commands.meeting:answer",
    "note": "commands.acting:note",
    "calendar": "commands.calendar:calendar",
    "report": "commands.reporting:report",
    "notices": "commands.notices:notices",
    "sandbox": "commands.sandbox:sandbox",
    "drill": "commands.drill:drill",
    "secrets": "commands.keeping:secrets",
    "db": "commands.keeping:db",
}
"""Command -> where it is; a module is imported when its command is used."""

CLOSED_PIPE: Final = 141


class Root(Group):
    """The top: knows the names of all commands and imports only the one that was asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is not a command")
        return found


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"duban {version('duban')}")
        ctx.exit()


@click.group("duban", cls=Root, help="help.duban", no_args_is_help=True)
@shared.shared_options
@shared.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="opt.version")
def cli() -> None:
    pass


class Terminated(BaseException):
    """SIGTERM reached a one-shot command."""


def main(argv: Sequence[str] | None = None, clock: SystemClock | None = None) -> None:
    """Run one command line and leave with its exit code.

    Args:
        clock: None for the machine's own.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    _forgive_narrow_streams()
    app = shared.default_app(words, os.environ)
    app.clock = clock
    with contextlib.suppress(ValueError):  # not in the main thread: then nobody signals us either
        signal.signal(signal.SIGTERM, _terminate)
    code = _guarded(words, app)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.exit(code)


def _guarded(words: Sequence[str], app: App) -> int:
    try:
        # Not cli.main: it answers a closed pipe by itself, with the exit code of an unexpected error.
        with cli.make_context("duban", list(words), obj=app) as ctx:
            result = cli.invoke(ctx)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as exc:
        click.echo(exc.format_message(), err=True)
        return 2
    except click.ClickException as exc:
        _usage_problem(exc, app)
        return exc.exit_code
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except DubanError as exc:
        return _refuse(app, type(exc).__name__, exc.text(app.language), exc.exit_code)
    except BrokenPipeError:
        # Whoever read our output has gone; what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except (KeyboardInterrupt, click.Abort):
        return _refuse(app, "Interrupted", app.say("error.interrupted"), 130)
    except Terminated:
        return _refuse(app, "Terminated", app.say("error.terminated"), 143)
    except OSError as exc:
        why = exc.strerror or type(exc).__name__
        app.hear()
        return _unexpected(app, exc, app.say("error.file", file=exc.filename, why=why) if exc.filename else why)
    except Exception as exc:  # the one place where a command may end unexpectedly
        return _unexpected(app, exc, app.say("error.unexpected", kind=type(exc).__name__))


def _usage_problem(exc: click.ClickException, app: App) -> None:
    from commands.output import clean

    app.hear()
    ctx = exc.ctx if isinstance(exc, click.UsageError) else None
    path = ctx.command_path if ctx is not None else "duban"
    message = " ".join(clean(_usage_words(exc, app)).split())
    click.echo(app.say("error.line", message=message), err=True)
    click.echo(app.say("error.usage", path=path), err=True)
    if app.json:
        _error_object("Usage", message, exc.exit_code)


def _usage_words(exc: click.ClickException, app: App) -> str:
    """Give what click objects to in the language in force; what has no words here keeps click's."""
    if isinstance(exc, click.exceptions.NoSuchOption):
        return app.say("usage.no_such_option", found=exc.option_name, hint=meant(exc.possibilities, app))
    if isinstance(exc, click.exceptions.MissingParameter) and exc.param is not None:
        return app.say("usage.missing", what=exc.param.make_metavar(exc.ctx) if exc.ctx else exc.param.name)
    if isinstance(exc, click.BadParameter) and exc.param is not None and exc.ctx is not None:
        kind, name = exc.param.type, exc.param.opts[0] if isinstance(exc.param, click.Option) else exc.param.name
        if isinstance(kind, click.Choice):
            found = exc.message.partition(" is not")[0]  # click quotes the value first and keeps it nowhere else
            return app.say("usage.one_of", name=name, found=found, known=", ".join(map(str, kind.choices)))
        return _invalid(app, str(name), kind, exc.message)
    return exc.format_message()


def _invalid(app: App, name: str, kind: object, message: str) -> str:
    """Give click's objection to a value; it quotes the value first and keeps it nowhere else."""
    found = message.partition(" is not")[0]
    if isinstance(kind, click.types.IntParamType):
        bounds = message.partition(" in the range ")[2].rstrip(".")
        return app.say("usage.number", name=name, found=found, range=f" ({bounds})" if bounds else "")
    if isinstance(kind, click.Path) and message.endswith(" does not exist."):
        return app.say("usage.no_file", name=name, found=message.split("'")[1])
    return app.say("usage.invalid", name=name, message=message)


def _refuse(app: App, kind: str, message: str, code: int) -> int:
    from commands.output import clean

    line = clean(message)
    click.echo(app.say("error.line", message=line), err=True)
    if app.json:
        _error_object(kind, line, code)
    return code


def _unexpected(app: App, exc: BaseException, message: str) -> int:
    if os.environ.get("DUBAN_DEBUG"):
        from commands.logging import hidden_traceback

        click.echo(hidden_traceback(exc), err=True)
    return _refuse(app, type(exc).__name__, message, 1)


def _error_object(kind: str, message: str, code: int) -> None:
    document = {"schema": 1, "error": {"kind": kind, "message": message}, "exit_code": code}
    click.echo(json.dumps(document, ensure_ascii=True))


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _forgive_narrow_streams() -> None:
    """Let a terminal that knows no Chinese show escapes rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
