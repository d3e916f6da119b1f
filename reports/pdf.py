"""A document as PDF, with the typeface of our own, so that Chinese shows on a machine that has no fonts at all.

Needs the optional package fpdf2. The same document gives the same bytes: the day in the file is the one it looked at.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

from mapping.errors import InputError
from reports.document import Document
from reports.drawing import Box, Dot, Label, Shape, Stroke
from reports.layout import set_pages
from reports.rendering import plain
from reports.wording import say

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "NotoSansSC-GBK.ttf"
MISSING: Final = "〓"
"""What stands for a character that the typeface lacks: the sign printers use for a sort they have not got."""

_BOLD_STROKE: Final = 0.28


def to_pdf(document: Document, *, at_ms: int) -> bytes:
    """Give the document as PDF.

    Args:
        at_ms: the moment it was made for; it becomes the date of the file.
    Raises:
        InputError: the package that writes PDF is not installed.
    """
    fpdf = load_fpdf()
    lacking = missing_characters(document)
    if lacking:
        note = say(document.language, "pdf.missing", count=lacking, sign=MISSING)
        document = _with_note(document, note)
    with as_file(files("reports").joinpath("fonts", FONT)) as path:
        page: FPDF = fpdf.FPDF(orientation="portrait", unit="pt", format="A4")
        page.set_auto_page_break(auto=False)
        page.set_creation_date(datetime.fromtimestamp(at_ms / 1000, UTC))
        page.set_producer("duban")
        page.set_title(shown(plain(document.title)))
        page.set_lang("zh-CN" if document.language == "zh" else "en")
        page.add_font("sans", fname=path)
        page.set_font("sans", size=10)
        for shapes in set_pages(document, Ruler(page).width):
            page.add_page()
            _draw(page, shapes)
        out = io.BytesIO()
        page.output(out)
    return out.getvalue()


def missing_characters(document: Document) -> int:
    """Count the characters of a document that the typeface lacks."""
    known = _characters()
    return sum(ord(char) not in known for text in _texts(document) for char in plain(text))


def shown(text: str) -> str:
    """Give *text* with the sign for a missing character wherever the typeface has none."""
    known = _characters()
    return "".join(char if ord(char) in known else MISSING for char in text)


class Ruler:
    """Measures texts in the typeface; widths of characters are looked up once."""

    def __init__(self, page: FPDF) -> None:
        self._page = page
        self._widths: dict[str, float] = {}

    def width(self, text: str, size: float) -> float:
        """Give the width of *text* in points at *size*."""
        return sum(self._of(char) for char in text) * size

    def _of(self, char: str) -> float:
        if char not in self._widths:
            self._page.set_font_size(1000)
            self._widths[char] = float(self._page.get_string_width(shown(char), normalized=True)) / 1000
        return self._widths[char]


def _draw(page: FPDF, shapes: Sequence[Shape]) -> None:
    ruler = Ruler(page)
    for shape in shapes:
        match shape:
            case Box():
                _box(page, shape)
            case Stroke():
                with page.local_context(draw_color=shape.colour, line_width=shape.width):
                    page.set_dash_pattern(*((3, 2) if shape.dashed else (0, 0)))
                    page.line(shape.x1, shape.y1, shape.x2, shape.y2)
            case Dot():
                with page.local_context(draw_color=shape.edge or shape.fill, fill_color=shape.fill, line_width=0.5):
                    page.circle(x=shape.x, y=shape.y, radius=shape.radius, style="DF" if shape.edge else "F")
            case Label():
                _label(page, shape, ruler)


def _box(page: FPDF, box: Box) -> None:
    style = ("D" if box.edge else "") + ("F" if box.fill else "")
    if style:
        with page.local_context(draw_color=box.edge or "#000000", fill_color=box.fill or "#ffffff", line_width=0.5):
            page.rect(box.x, box.y, box.width, box.height, style=style)


def _label(page: FPDF, label: Label, ruler: Ruler) -> None:
    text = shown(plain(label.text))
    if not text:
        return
    back = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor] * ruler.width(text, label.size)
    page.set_font_size(label.size)
    # One weight is shipped; bold is the same outline with its edge drawn.
    mode: dict[str, Any] = {"text_mode": "FILL_STROKE", "line_width": _BOLD_STROKE} if label.bold else {}
    with page.local_context(text_color=label.colour, draw_color=label.colour, **mode):
        page.text(label.x - back, label.y, text)


def _texts(thing: object) -> list[str]:
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, tuple):
        return [text for one in thing for text in _texts(one)]
    if is_dataclass(thing) and not isinstance(thing, type):
        return [text for field in fields(thing) for text in _texts(getattr(thing, field.name))]
    return []


def _with_note(document: Document, note: str) -> Document:
    return replace(document, head=(*document.head, note))


@cache
def _characters() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with as_file(files("reports").joinpath("fonts", FONT)) as path, TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def load_fpdf() -> Any:
    """Give the package that writes PDF.

    Raises:
        InputError: it is not installed; the sentence names how to get it.
    """
    try:
        import fpdf
    except ImportError as exc:
        raise InputError(
            "PDF needs a package that is not installed",
            zh="PDF 需要一个尚未安装的软件包",
            next_step='pip install "duban[pdf]"',
            next_step_zh='pip install "duban[pdf]"',
        ) from exc
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table it cuts
    return fpdf
