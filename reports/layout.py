"""Sets a document on pages: pure, so that the same document gives the same pages.

What comes out are pages of shapes in points; whoever writes the PDF only puts them down. Lines break between Han
characters and at spaces; punctuation that must not begin a line stays with the character before it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from reports.document import Block, Cell, Column, Document, Facts, Figure, Heading, Listing, Paragraph, Table
from reports.drawing import INK, MUTED, PALE, RULE, WARN, Box, Dot, Drawing, Label, Shape, Stroke, flattened
from reports.rendering import plain

PAGE_WIDTH: Final = 595.28
PAGE_HEIGHT: Final = 841.89
MARGIN: Final = 40.0
TOP: Final = 46.0
BOTTOM: Final = PAGE_HEIGHT - 50.0
INNER: Final = PAGE_WIDTH - 2 * MARGIN
BODY: Final = 9.5
CELL: Final = 8.5
LEADING: Final = 1.5
STUB: Final = 3
_PAD: Final = 4.0
_SIZES: Final = {1: 17.0, 2: 12.5, 3: 10.5}
_COLOURS: Final = {"plain": INK, "muted": MUTED, "strong": INK, "alarm": WARN}
_NOT_FIRST: Final = frozenset("，。、；：？！）】》」』”’…·,.;:?!)]}%")
_NOT_LAST: Final = frozenset("（【《「『“‘([{")

Measure = Callable[[str, float], float]
"""Gives the width of a text in points at a size."""


@dataclass(slots=True)
class Pages:
    """Pages while they are being filled."""

    measure: Measure
    pages: list[list[Shape]] = field(default_factory=lambda: [[]])
    y: float = TOP

    def put(self, *shapes: Shape) -> None:
        """Put shapes on the page in hand."""
        self.pages[-1].extend(shapes)

    def need(self, height: float) -> bool:
        """Turn the page when *height* more does not fit; says whether it was turned."""
        if self.y + height <= BOTTOM or self.y <= TOP:
            return False
        self.pages.append([])
        self.y = TOP
        return True

    def lines(self, text: str, size: float, width: float) -> list[str]:
        """Break *text* into lines no wider than *width*."""
        return broken(plain(text), size, width, self.measure)

    def text(
        self, text: str, size: float, *, x: float = MARGIN, width: float = INNER, bold: bool = False, colour: str = INK
    ) -> None:
        """Set a paragraph, over pages where it must be."""
        for line in self.lines(text, size, width):
            self.need(size * LEADING)
            self.y += size * LEADING
            self.put(Label(x=x, y=self.y - size * 0.35, text=line, size=size, bold=bold, colour=colour))


def set_pages(document: Document, measure: Measure) -> list[list[Shape]]:
    """Give the pages of a document, each with its foot."""
    pages = Pages(measure)
    pages.text(document.title, _SIZES[1], bold=True)
    pages.y += 2
    for line in (*document.head, document.revision):
        if line:
            pages.text(line, CELL, colour=MUTED)
    blocks = (*document.blocks, *document.tail)
    for at, block in enumerate(blocks):
        _set(pages, block, blocks[at + 1 : at + 4])
    for number, page in enumerate(pages.pages, 1):
        page.extend(_foot(pages, document, number, len(pages.pages)))
    return pages.pages


def broken(text: str, size: float, width: float, measure: Measure) -> list[str]:
    """Give *text* in lines; a word wider than a line is cut."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and measure((line + piece).rstrip(), size) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
        while measure(line.rstrip(), size) > width and len(line) > 1:
            cut = _longest(line, size, width, measure)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _longest(line: str, size: float, width: float, measure: Measure) -> int:
    cut = len(line) - 1
    while cut > 1 and measure(line[:cut], size) > width:
        cut -= 1
    return cut


def _pieces(text: str) -> Iterator[str]:
    """Cut a text where a line may end: after a space, and between wide characters."""
    piece = ""
    for at, char in enumerate(text):
        piece += char
        follower = text[at + 1] if at + 1 < len(text) else ""
        if char == " " or (follower and _may_break(char, follower) and not _is_stub(piece)):
            yield piece
            piece = ""
    if piece:
        yield piece


def _is_stub(piece: str) -> bool:
    """Say whether a line would end in the head of a short compound: "e-" or "Re-"."""
    return piece.endswith("-") and len(piece) <= STUB


def _shortened(text: str, size: float, width: float, measure: Measure) -> str:
    """Give *text* on one line; what does not fit is seen to be missing."""
    if measure(text, size) <= width:
        return text
    cut = _longest(f"{text}…", size, width, lambda line, size: measure(f"{line}…", size))
    return f"{text[:cut].rstrip()}…"


def _may_break(char: str, follower: str) -> bool:
    if follower in _NOT_FIRST or char in _NOT_LAST or follower == " ":
        return False
    return ord(char) >= 0x2E80 or ord(follower) >= 0x2E80 or (char in "-/" and not follower.isdigit())


def _set(pages: Pages, block: Block, followers: Sequence[Block]) -> None:
    match block:
        case Heading():
            size = _SIZES[block.level]
            pages.y += size * 0.9
            pages.need(size * LEADING + 4 + _beginning(pages, followers))
            pages.text(block.text, size, bold=True)
            if block.level == 2:
                pages.put(Stroke(x1=MARGIN, y1=pages.y + 1, x2=MARGIN + INNER, y2=pages.y + 1, colour=RULE))
            pages.y += 4
        case Paragraph():
            pages.text(block.text, BODY, bold=block.tone in {"strong", "alarm"}, colour=_COLOURS[block.tone])
            pages.y += 3
        case Facts():
            _facts(pages, block)
        case Listing():
            for item in block.items:
                pages.need(BODY * LEADING)
                pages.put(Dot(x=MARGIN + 5, y=pages.y + BODY * 0.8, radius=1.2))
                pages.text(item, BODY, x=MARGIN + 14, width=INNER - 14)
            pages.y += 3
        case Table():
            _table(pages, block)
        case Figure():
            _figure(pages, block.drawing)


def _beginning(pages: Pages, blocks: Sequence[Block]) -> float:
    """Give the room those blocks need to begin: a heading stays with what it is over."""
    block = blocks[0] if blocks else None
    if isinstance(block, Heading):
        size = _SIZES[block.level]
        return size * (0.9 + LEADING) + 4 + _beginning(pages, blocks[1:])
    if isinstance(block, Table) and block.rows:
        return _head_of(pages, block)
    if isinstance(block, Figure):
        return _room_of(block.drawing)
    if isinstance(block, Listing):
        return min(len(block.items), 3) * BODY * LEADING
    return 3 * BODY * LEADING


def _facts(pages: Pages, block: Facts) -> None:
    widest = max((pages.measure(plain(name), BODY) for name, _ in block.pairs), default=0.0)
    left = min(widest + 14, INNER * 0.4)
    for name, value in block.pairs:
        lines = pages.lines(value, BODY, INNER - left)
        pages.need(min(len(lines), 4) * BODY * LEADING)
        top, page = pages.y, len(pages.pages)
        pages.text(name, BODY, width=left - 8, colour=MUTED)
        below = pages.y
        if page == len(pages.pages):
            pages.y = top
        pages.text(value, BODY, x=MARGIN + left, width=INNER - left)
        pages.y = max(pages.y, below if page == len(pages.pages) else 0.0)
    pages.y += 3


def _widths(pages: Pages, block: Table) -> list[float]:
    """Share the width out: every column gets room for its longest unbreakable piece, the rest goes by its share."""
    total = sum(column.share for column in block.columns)
    wanted = [INNER * column.share / total for column in block.columns]
    least = [
        max(
            [_title_least(pages, column.title)]
            + [min(_least(pages, row[at].text), INNER * 0.24) for row in block.rows]
        ) + 2 * _PAD + 0.5
        for at, column in enumerate(block.columns)
    ]  # fmt: skip
    if sum(least) >= INNER:
        return [INNER * each / sum(least) for each in least]
    short = sum(max(0.0, low - want) for low, want in zip(least, wanted, strict=True))
    spare = sum(max(0.0, want - low) for low, want in zip(least, wanted, strict=True))
    give = short / spare if spare else 0.0
    return [low if want < low else want - (want - low) * give for low, want in zip(least, wanted, strict=True)]


def _title_least(pages: Pages, title: str) -> float:
    """Give the room of a column's title, which breaks at its spaces only, unless it is very long."""
    words = plain(title).split() or [""]
    return min(max(pages.measure(word, CELL) for word in words), INNER * 0.14)


def _least(pages: Pages, text: str) -> float:
    return max((pages.measure(piece.strip(), CELL) for piece in _pieces(plain(text))), default=0.0)


def _table(pages: Pages, block: Table) -> None:
    if not block.rows:
        pages.text(block.empty, BODY, colour=MUTED)
        pages.y += 3
        return
    widths = _widths(pages, block)
    heads = _heads(block)
    pages.need(_head_of(pages, block))
    _row(pages, heads, widths, block.columns, shaded=True)
    for row in block.rows:
        if pages.need(_height(pages, row, widths)):
            _row(pages, heads, widths, block.columns, shaded=True)
        _row(pages, row, widths, block.columns)
    pages.y += 6


def _heads(block: Table) -> tuple[Cell, ...]:
    return tuple(Cell(column.title, "strong") for column in block.columns)


def _head_of(pages: Pages, block: Table) -> float:
    """Give the room of a table's head and first row, which stay together; of a row taller than a page, its start."""
    widths = _widths(pages, block)
    first = _height(pages, block.rows[0], widths)
    return _height(pages, _heads(block), widths) + min(first, BOTTOM - TOP - 120)


def _height(pages: Pages, row: Sequence[Cell], widths: Sequence[float]) -> float:
    most = max(len(pages.lines(cell.text, CELL, width - 2 * _PAD)) for cell, width in zip(row, widths, strict=True))
    return most * CELL * LEADING + _PAD


def _row(
    pages: Pages, row: Sequence[Cell], widths: Sequence[float], columns: Sequence[Column], *, shaded: bool = False
) -> None:
    """Set one row; one that is taller than a page goes on over the next ones."""
    cells = [pages.lines(cell.text, CELL, width - 2 * _PAD) for cell, width in zip(row, widths, strict=True)]
    step = CELL * LEADING
    if shaded:
        pages.put(Box(x=MARGIN, y=pages.y, width=INNER, height=max(map(len, cells)) * step + _PAD, fill=PALE))
    pages.y += _PAD / 2
    for number in range(max(map(len, cells))):
        pages.need(step)
        pages.y += step
        left = MARGIN
        for lines, cell, width, column in zip(cells, row, widths, columns, strict=True):
            if number < len(lines):
                right = column.align == "right"
                pages.put(
                    Label(
                        x=left + (width - _PAD if right else _PAD), y=pages.y - CELL * 0.35, text=lines[number],
                        size=CELL,
                        anchor="end" if right else "start", bold=cell.tone in {"strong", "alarm"},
                        colour=_COLOURS[cell.tone],
                    )
                )  # fmt: skip
            left += width
    pages.y += _PAD / 2
    pages.put(Stroke(x1=MARGIN, y1=pages.y, x2=MARGIN + INNER, y2=pages.y, colour=RULE, width=0.5))


def _figure(pages: Pages, drawing: Drawing) -> None:
    pages.need(_room_of(drawing))
    pages.text(drawing.title, BODY, bold=True)
    pages.put(*(_moved(shape, MARGIN, pages.y + 2) for shape in flattened(drawing)))
    pages.y += drawing.height + 8


def _room_of(drawing: Drawing) -> float:
    """Give the room of a picture with its title, which stay together."""
    return drawing.height + BODY * LEADING + 6


def _moved(shape: Shape, right: float, down: float) -> Shape:
    if isinstance(shape, Stroke):
        return dataclasses.replace(
            shape, x1=shape.x1 + right, y1=shape.y1 + down, x2=shape.x2 + right, y2=shape.y2 + down
        )
    return dataclasses.replace(shape, x=shape.x + right, y=shape.y + down)


def _foot(pages: Pages, document: Document, number: int, total: int) -> Iterator[Shape]:
    y, size = PAGE_HEIGHT - 30.0, 7.5
    yield Stroke(x1=MARGIN, y1=y - 11, x2=MARGIN + INNER, y2=y - 11, colour=RULE, width=0.5)
    words = document.foot or document.title
    line = _shortened(plain(words), size, INNER - 60, pages.measure)
    yield Label(x=MARGIN, y=y, text=line, size=size, colour=MUTED)
    yield Label(x=MARGIN + INNER, y=y, text=f"{number} / {total}", size=size, anchor="end", colour=MUTED)
