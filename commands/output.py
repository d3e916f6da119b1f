"""What reaches the screen: aligned tables, one JSON object, nothing a CRM's text could do to a terminal."""

from __future__ import annotations

import dataclasses
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

from commands.app import App

SCHEMA: Final = 1
_JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that real names need; every other one is shown escaped."""

_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co"})


def clean(raw: object) -> str:
    """Give *raw* as one line of text in which control, bidi and other invisible characters show as escapes."""
    shown = str(raw)
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(_escape(one) if _is_harmful(one) else one for one in shown)


def _is_harmful(one: str) -> bool:
    return unicodedata.category(one) in _HARMFUL and one not in _JOINERS


def _escape(one: str) -> str:
    code = ord(one)
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(one) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def plain(thing: Any) -> Any:
    """Give *thing* as what JSON can carry: dataclasses and named tuples as objects, sets and other tuples as lists."""
    if isinstance(thing, tuple) and hasattr(thing, "_asdict"):
        return plain(thing._asdict())
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {one.name: plain(getattr(thing, one.name)) for one in dataclasses.fields(thing)}
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, set | frozenset):
        return sorted(plain(one) for one in thing)
    if isinstance(thing, Sequence) and not isinstance(thing, str | bytes):
        return [plain(one) for one in thing]
    if thing is None or isinstance(thing, str | int | float | bool):
        return thing
    return str(thing)


def emit(document: Mapping[str, Any]) -> None:
    """Write the one JSON object of a command on stdout."""
    body = json.dumps({"schema": SCHEMA, **plain(document)}, ensure_ascii=False, allow_nan=False)
    # Inside a JSON text such characters stand in strings only, so an escape means the same.
    click.echo("".join(_json_escape(one) if _is_harmful(one) else one for one in body))


def _json_escape(one: str) -> str:
    code = ord(one)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def line(app: App, key: str, **values: object) -> None:
    """Write one message; values are cleaned; nothing under --quiet or --json."""
    if not app.quiet and not app.json:
        click.echo(app.say(key, **{name: clean(value) for name, value in values.items()}))


def table(app: App, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under headings (keys ``column.<name>``); with rich on a terminal, plainly aligned elsewhere."""
    cells = [[clean("" if cell is None else cell) for cell in row] for row in rows]
    headings = [app.say(f"column.{column}") for column in columns]
    if app.color and sys.stdout.isatty():
        _rich_table(headings, cells)
        return
    widths = [max(_width(row[at]) for row in [headings, *cells]) for at in range(len(headings))]
    for row in [headings, *cells]:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _rich_table(headings: Sequence[str], cells: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def _width(shown: str) -> int:
    if shown.isascii():
        return len(shown)
    return sum(
        0 if unicodedata.combining(one) or one in _JOINERS else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in shown
    )


class Progress:
    """One line on stderr that says how far long work is; silent where nobody watches."""

    def __init__(self, app: App) -> None:
        self._on = not app.quiet and not app.json and sys.stderr.isatty()
        self._shown = 0
        self._done: dict[str, int] = {}

    def __call__(self, what: str, more: int = 0) -> None:
        """Count *more* records of *what* and show how many there are by now."""
        self._done[what] = self._done.get(what, 0) + more
        if not self._on:
            return
        said = clean(f"{what} {self._done[what]}")
        sys.stderr.write("\r" + said + " " * max(0, self._shown - _width(said)))
        sys.stderr.flush()
        self._shown = _width(said)

    def end(self) -> None:
        """Wipe the line."""
        if self._on and self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()
            self._shown = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.end()
