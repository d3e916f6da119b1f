"""A report before it has a format: headings, facts, tables, pictures, all of them plain text.

Nothing in a document is markup; each format makes the texts inert in its own way. A document goes through JSON
unchanged, so that an issued one can be printed again, byte for byte, in any format.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

from reports.drawing import Box, Dot, Drawing, Label, Stroke
from reports.sheet import Sheet
from reports.wording import Language

Tone = Literal["plain", "muted", "strong", "alarm"]
Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 2 is a section of the report."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a name and what stands there."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of lines."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``share`` is its part of the width."""

    title: str
    share: int = 1
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; without rows, its ``empty`` line stands there instead."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture."""

    drawing: Drawing


Block = Heading | Paragraph | Facts | Listing | Table | Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One report in one language.

    Args:
        head: lines under the title that say when it was looked; they are not part of what a revision is told by.
        tail: blocks at the end of the same kind (how fresh the sources were).
        blocks: the report itself.
        foot: what stands at the foot of each page.
        revision: how this issue is called; blank until it is kept.
    """

    title: str
    language: Language
    blocks: tuple[Block, ...]
    head: tuple[str, ...] = ()
    tail: tuple[Block, ...] = ()
    foot: str = ""
    revision: str = ""


_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        Document, Heading, Paragraph, Facts, Listing, Table, Column, Cell, Figure, Drawing, Box, Stroke, Dot, Label,
        Sheet,
    )
}  # fmt: skip


def digest(document: Document) -> str:
    """Give what two looks at the same data share: a hash over everything but when it was looked."""
    body = dataclasses.replace(document, head=(), tail=(), revision="")
    return sha256(json.dumps(to_plain(body), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def to_plain(thing: Any) -> Any:
    """Give a document as plain JSON values."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        values = {field.name: to_plain(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
        return {"is": type(thing).__name__, **values}
    if isinstance(thing, tuple | list):
        return [to_plain(one) for one in thing]
    return thing


def from_plain(stored: Any) -> Any:
    """Give back what :func:`to_plain` took apart."""
    if isinstance(stored, Mapping):
        kind = _KINDS[str(stored["is"])]
        return kind(**{name: from_plain(value) for name, value in stored.items() if name != "is"})
    if isinstance(stored, list):
        return tuple(from_plain(one) for one in stored)
    return stored


def table(
    columns: Sequence[tuple[str, int] | tuple[str, int, Align]], rows: Sequence[Sequence[Cell | str]], empty: str = ""
) -> Table:
    """Give a table; a cell may be written as its text alone."""
    made = tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
    return Table(tuple(Column(*column) for column in columns), made, empty)
