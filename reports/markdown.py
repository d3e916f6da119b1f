"""A document as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Block, Cell, Document, Facts, Figure, Heading, Listing, Paragraph, Table
from reports.rendering import inert_markdown


def to_markdown(document: Document) -> str:
    """Give the document as Markdown; a picture becomes the lines that say the same."""
    parts = [f"# {inert_markdown(document.title)}"]
    head = [line for line in (*document.head, document.revision) if line]
    if head:
        parts.append("  \n".join(inert_markdown(line) for line in head))
    for block in (*document.blocks, *document.tail):
        parts.append("\n".join(_lines(block)))
    if document.foot:
        parts.append(f"---\n\n{inert_markdown(document.foot)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield f"{'#' * block.level} {inert_markdown(block.text)}"
        case Paragraph():
            yield _toned(block.text, block.tone)
        case Facts():
            yield from (f"- {inert_markdown(name)}: {inert_markdown(value)}" for name, value in block.pairs)
        case Listing():
            yield from (f"- {inert_markdown(item)}" for item in block.items)
        case Table():
            yield from _table(block)
        case Figure():
            yield f"**{inert_markdown(block.drawing.title)}**"
            yield ""
            yield from (f"- {inert_markdown(line)}" for line in block.drawing.summary)


def _table(block: Table) -> Iterator[str]:
    if not block.rows:
        yield inert_markdown(block.empty)
        return
    yield _row(Cell(column.title) for column in block.columns)
    yield "|" + "|".join("---:" if column.align == "right" else "---" for column in block.columns) + "|"
    for row in block.rows:
        yield _row(iter(row))


def _row(cells: Iterator[Cell]) -> str:
    return "| " + " | ".join(_toned(cell.text, cell.tone) or " " for cell in cells) + " |"


def _toned(text: str, tone: str) -> str:
    shown = inert_markdown(text)
    return f"**{shown}**" if shown and tone in {"strong", "alarm"} else shown
