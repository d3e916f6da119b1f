"""Simple pictures as shapes: one geometry for SVG and PDF, in points, y downward.

Sides are told apart by hatching and lightness, not by colour alone, so that a grey print says the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from reports.rendering import plain

INK: Final = "#1c2733"
MUTED: Final = "#5b6773"
RULE: Final = "#c9d0d6"
PALE: Final = "#f1f4f6"
DARK: Final = "#2f4a66"
LIGHT: Final = "#dbe5ee"
MIDDLE: Final = "#98a6b3"
WHITE: Final = "#ffffff"
WARN: Final = "#9c2a1e"
WIDTH: Final = 515.0
"""Width of a picture: what stands between the margins of an A4 page."""

Anchor = Literal["start", "middle", "end"]
Hatch = Literal["", "rising", "crossed", "dotted"]
FONTS: Final = "'Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei','PingFang SC','Source Han Sans SC',sans-serif"
_HATCH_STEP: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle; ``hatch`` lays lines over its fill."""

    x: float
    y: float
    width: float
    height: float
    fill: str = WHITE
    edge: str = ""
    hatch: Hatch = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str = INK
    width: float = 0.75
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A disc."""

    x: float
    y: float
    radius: float = 2.5
    fill: str = INK
    edge: str = INK


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One line of text on its baseline."""

    x: float
    y: float
    text: str
    size: float = 8.5
    anchor: Anchor = "start"
    bold: bool = False
    colour: str = INK


Shape = Box | Stroke | Dot | Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture.

    Args:
        title: what it shows; ``summary`` says the same in lines of text, for a reader who sees no pictures.
    """

    title: str
    height: float
    shapes: tuple[Shape, ...]
    summary: tuple[str, ...] = ()
    width: float = WIDTH


def svg(drawing: Drawing) -> str:
    """Give a picture as inline SVG without script, link or style sheet; texts are escaped."""
    size = f"0 0 {_number(drawing.width)} {_number(drawing.height)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" width="{_number(drawing.width)}"'
        f' height="{_number(drawing.height)}" role="img" font-family="{FONTS}">',
        f"<title>{_text(drawing.title)}</title>",
        f"<desc>{_text(' | '.join(drawing.summary))}</desc>",
        *(_element(shape) for shape in flattened(drawing)),
        "</svg>",
    ]
    return "".join(parts)


def flattened(drawing: Drawing) -> Iterator[Shape]:
    """Give the shapes with every hatching as lines and dots of its own."""
    for shape in drawing.shapes:
        yield shape
        if isinstance(shape, Box) and shape.hatch:
            yield from _hatching(shape)


def text_width(text: str, size: float) -> float:
    """Give about how wide *text* is; a little too wide rather than too narrow."""
    return sum(_em(char) for char in text) * size


def fit(text: str, size: float, width: float) -> str:
    """Give *text* as one line, cut with an ellipsis where it would be wider than *width*."""
    shown = plain(text)
    if text_width(shown, size) <= width:
        return shown
    while shown and text_width(shown + "…", size) > width:
        shown = shown[:-1]
    return shown.rstrip() + "…"


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WFA":
        return 1.0
    return 0.34 if char in " .,:;!|'iljI()[]" else 0.78 if char in "mwMW%@" or char.isupper() else 0.58


def _hatching(box: Box) -> Iterator[Shape]:
    if box.hatch == "dotted":
        yield from _dots(box)
        return
    yield from _diagonals(box, rising=True)
    if box.hatch == "crossed":
        yield from _diagonals(box, rising=False)


def _dots(box: Box) -> Iterator[Shape]:
    y = box.y + _HATCH_STEP / 2
    while y < box.y + box.height - 1:
        x = box.x + _HATCH_STEP / 2
        while x < box.x + box.width - 1:
            yield Dot(x=x, y=y, radius=0.6, fill=DARK, edge="")
            x += _HATCH_STEP
        y += _HATCH_STEP


def _diagonals(box: Box, *, rising: bool) -> Iterator[Shape]:
    """Give parallel diagonals, each cut at the edges of the box."""
    offset = _HATCH_STEP
    while offset < box.width + box.height:
        from_x, from_y = (offset, 0.0) if offset <= box.width else (box.width, offset - box.width)
        to_x, to_y = (0.0, offset) if offset <= box.height else (offset - box.height, box.height)
        left, right = (from_x, to_x) if rising else (box.width - from_x, box.width - to_x)
        yield Stroke(
            x1=box.x + left, y1=box.y + from_y, x2=box.x + right, y2=box.y + to_y, colour=DARK, width=0.5
        )  # fmt: skip
        offset += _HATCH_STEP


def _element(shape: Shape) -> str:
    if isinstance(shape, Box):
        edge = f' stroke="{shape.edge}" stroke-width="0.5"' if shape.edge else ""
        return (
            f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" width="{_number(shape.width)}"'
            f' height="{_number(shape.height)}" fill="{shape.fill or "none"}"{edge}/>'
        )
    if isinstance(shape, Stroke):
        dash = ' stroke-dasharray="3 2"' if shape.dashed else ""
        return (
            f'<line x1="{_number(shape.x1)}" y1="{_number(shape.y1)}" x2="{_number(shape.x2)}"'
            f' y2="{_number(shape.y2)}" stroke="{shape.colour}" stroke-width="{_number(shape.width)}"{dash}/>'
        )
    if isinstance(shape, Dot):
        edge = f' stroke="{shape.edge}"' if shape.edge else ""
        return (
            f'<circle cx="{_number(shape.x)}" cy="{_number(shape.y)}" r="{_number(shape.radius)}"'
            f' fill="{shape.fill}"{edge}/>'
        )
    bold = ' font-weight="bold"' if shape.bold else ""
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}"'
        f' text-anchor="{shape.anchor}" fill="{shape.colour}"{bold}>{_text(shape.text)}</text>'
    )


def _text(text: str) -> str:
    return escape(plain(text), quote=True)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
