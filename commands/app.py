"""What every command shares: the options, the language, how the service is opened.

Nothing heavy is imported here: `duban --help` answers from this module and the catalogue alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.messages import text

if TYPE_CHECKING:
    from service import Service, SystemClock

F = TypeVar("F", bound=Callable[..., Any])
LANGUAGES = ("en", "zh")


@dataclass(slots=True)
class App:
    """The choices of one invocation.

    Args:
        language: in force now; ``language_fixed`` when a person chose it, so that the configuration does not.
        clock: what time it is; None for the machine's own.
    """

    config: Path | None = None
    language: str = "en"
    language_fixed: bool = False
    json: bool = False
    color: bool = True
    quiet: bool = False
    as_of: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: SystemClock | None = None

    def say(self, key: str, **values: object) -> str:
        """Give a message of the catalogue in the language in force."""
        return text(key, self.language, **values)

    def open(self) -> Service:
        """Give the service, logs set up and secrets hidden; use it as a context manager.

        Raises:
            ConfigError: the configuration cannot work. LeaseHeld and the rest as their names say.
        """
        from commands import logging
        from service import Service

        self.hear()
        logging.set_up(level=self.environ.get("DUBAN_LOG_LEVEL", "warning"), color=self.color)
        service = Service.open(self.config, language=self.language if self.language_fixed else None, clock=self.clock)
        logging.hide(getattr(service, "secret_values", ()))
        self.adopt_language(service.settings.service.language)
        return service

    def hear(self) -> None:
        """Speak as the configuration asks before it is known to be sound; an unreadable one asks for nothing."""
        if not self.language_fixed:
            from config.loading import language_in

            self.adopt_language(language_in(self.config, self.environ, Path.cwd()))

    def adopt_language(self, configured: str | None) -> None:
        """Speak as the configuration says, unless a person said otherwise."""
        if configured and not self.language_fixed:
            self.language = configured


def language_of(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[str, bool]:
    """Give the language to speak and whether a person chose it: ``--lang``, ``DUBAN_LANG``, then the locale."""
    for number, word in enumerate(argv):
        given = (
            word[7:]
            if word.startswith("--lang=")
            else argv[number + 1]
            if word == "--lang" and argv[number + 1 :]
            else ""
        )
        if given in LANGUAGES:
            return given, True
    if environ.get("DUBAN_LANG") in LANGUAGES:
        return environ["DUBAN_LANG"], True
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return ("zh" if locale.lower().startswith("zh") else "en"), False


def _app(ctx: click.Context) -> App:
    return ctx.find_root().ensure_object(App)


class Option(click.Option):
    """An option whose help is a key of the catalogue."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Give the option and its help in the language in force."""
        key, self.help = self.help, _app(ctx).say(self.help) if self.help else None
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = key

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        """Give what stands in brackets behind the help, in the language in force."""
        extra = super().get_help_extra(ctx)
        if "required" in extra:
            extra["required"] = _app(ctx).say("help.required")
        return extra


class Command(click.Command):
    """A command whose help is a key of the catalogue."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line in the language in force."""
        pieces = self.collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, " ".join(pieces), _app(ctx).say("help.usage") + " ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_app(ctx).say(self.help or ""))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under a heading in the language in force."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        rows = [row for param in options if (row := param.get_help_record(ctx)) is not None]
        if rows:
            with formatter.section(_app(ctx).say("help.options")):
                formatter.write_dl(rows)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Give ``--help`` with its help in the language in force."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = _app(ctx).say("opt.help")
        return option


class Group(Command, click.Group):
    """A group of commands; its listing comes from the catalogue, so no command is imported for it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed.

        Raises:
            UsageError: there is none of that name; the nearest one is named.
        """
        names, found = self.list_commands(ctx), args[0]
        if found not in names and not found.startswith("-"):
            import difflib

            app = _app(ctx)
            app.hear()
            hint = meant(difflib.get_close_matches(found, names), app)
            raise click.UsageError(app.say("usage.no_such_command", found=found, hint=hint), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        Command.format_options(self, ctx, formatter)
        prefix = ".".join(["help", *ctx.command_path.split()[1:]])
        rows = [(name, _app(ctx).say(f"{prefix}.{name}")) for name in self.list_commands(ctx)]
        with formatter.section(_app(ctx).say("help.commands")):
            formatter.write_dl(rows)


def meant(near: Iterable[str] | None, app: App) -> str:
    """Give ``; did you mean ...?``, or nothing when nothing is near."""
    names = " / ".join(near or ())
    return app.say("usage.meant", found=names) if names else ""


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        if value is not None and ctx.get_parameter_source(_param.name or "") is not click.core.ParameterSource.DEFAULT:
            app = _app(ctx)
            setattr(app, name, value)
            app.language_fixed = app.language_fixed or name == "language"

    return callback


def option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """Give a ``click.option`` whose help is a key of the catalogue."""
    return click.option(*names, cls=Option, **attributes)


def _shared(name: str, *names: str, **attributes: Any) -> Callable[[F], F]:
    return option(*names, f"_{name}", expose_value=False, callback=_remember(name), help=f"opt.{name}", **attributes)


def shared_options(function: F) -> F:
    """Add the options that every command takes, before or after its name."""
    for decorate in reversed(
        (
            _shared("config", "-c", "--config", type=click.Path(path_type=Path), metavar="FILE"),
            _shared("language", "--lang", type=click.Choice(LANGUAGES)),
            _shared("json", "--json", is_flag=True),
            _shared("color", "--color/--no-color", default=True),
            _shared("quiet", "-q", "--quiet", is_flag=True),
        )
    ):
        function = decorate(function)
    return function


def as_of_option(function: F) -> F:
    """Add ``--as-of``: the answer as it would be at that time."""
    return _shared("as_of", "--as-of", metavar="TIME")(function)


def command(
    name: str, key: str | None = None, group: Group | None = None
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command that is given the App first; its help is ``help.<key>``."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        made = click.command(name, cls=Command, help=f"help.{key or name}")(shared_options(_with_app(function)))
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def group(name: str) -> Group:
    """Make a group; its help is ``help.<name>``."""
    return Group(name, help=f"help.{name}", no_args_is_help=True)


def _with_app(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.make_pass_decorator(App)(function)


def default_app(argv: Sequence[str], environ: Mapping[str, str]) -> App:
    """Give the App before any option has been read."""
    language, fixed = language_of(argv, environ)
    color = "NO_COLOR" not in environ and sys.stdout is not None and sys.stdout.isatty()
    return App(language=language, language_fixed=fixed, color=color, environ=environ)
