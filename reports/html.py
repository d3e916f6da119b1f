"""A document as one HTML page: no script, nothing loaded from anywhere, pictures inline, ready to print on A4."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from reports.document import Block, Cell, Document, Facts, Figure, Heading, Listing, Paragraph, Table
from reports.drawing import FONTS, svg
from reports.rendering import plain

SHORT: Final = 11
"""A cell no longer than a day stays on one line."""
LONG: Final = 26
"""A word no longer than this, an e-mail address mostly, is not broken; a longer one breaks where it must."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_RUN: Final = re.compile(r"[^\s\u2e80-\uffff]+")

STYLE: Final = (
    f"body{{font:14px/1.55 {FONTS};color:#1c2733;max-width:58em;margin:2em auto;padding:0 1.2em}}"
    "h1{font-size:1.6em;margin:0 0 .2em}h2{font-size:1.15em;margin:1.7em 0 .5em;border-bottom:1px solid #c9d0d6;"
    "padding-bottom:.2em}h3{font-size:1em;margin:1.2em 0 .4em}"
    ".head{color:#5b6773;margin:.1em 0}.muted{color:#5b6773}.strong{font-weight:bold}"
    ".alarm{font-weight:bold;color:#9c2a1e}"
    "table{border-collapse:collapse;width:100%;margin:.4em 0;table-layout:auto}"
    "th,td{border-bottom:1px solid #c9d0d6;padding:.3em .5em;text-align:left;vertical-align:top;"
    "overflow-wrap:break-word;unicode-bidi:isolate}.long{overflow-wrap:anywhere}.day{white-space:nowrap}"
    "th{background:#f1f4f6;font-weight:bold;word-break:keep-all;overflow-wrap:normal}.short{white-space:nowrap}.right{text-align:right;white-space:nowrap}"
    "dl{display:grid;grid-template-columns:fit-content(38%) minmax(0,1fr);gap:.15em 1em;margin:.4em 0}"
    "dt{color:#5b6773}dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate}"
    "figure{margin:.8em 0}figcaption{font-weight:bold;margin-bottom:.3em}svg{width:100%;height:auto}"
    "footer{margin-top:2.5em;border-top:1px solid #c9d0d6;padding-top:.5em;color:#5b6773;font-size:.9em}"
    "@page{size:A4;margin:16mm 14mm}"
    "@media print{body{margin:0;max-width:none;padding:0;font-size:10pt}thead{display:table-header-group}"
    "tr,figure{break-inside:avoid}h2,h3{break-after:avoid}}"
)


def to_html(document: Document) -> str:
    """Give the document as one page; every text in it is escaped."""
    language = "zh-CN" if document.language == "zh" else "en"
    parts = [
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f"<title>{_text(document.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        f"<h1>{_text(document.title)}</h1>\n",
        *(f'<p class="head">{_text(line)}</p>\n' for line in (*document.head, document.revision) if line),
    ]
    for block in (*document.blocks, *document.tail):
        parts.extend(_elements(block))
    if document.foot:
        parts.append(f"<footer>{_text(document.foot)}</footer>\n")
    return "".join([*parts, "</body>\n</html>\n"])


def _elements(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield f"<h{block.level}>{_text(block.text)}</h{block.level}>\n"
        case Paragraph():
            yield f"<p{_tone(block.tone)}>{_text(block.text)}</p>\n"
        case Facts():
            pairs = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in block.pairs)
            yield f"<dl>{pairs}</dl>\n"
        case Listing():
            yield "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in block.items) + "</ul>\n"
        case Table():
            yield from _table(block)
        case Figure():
            yield f"<figure><figcaption>{_text(block.drawing.title)}</figcaption>{svg(block.drawing)}</figure>\n"


def _table(block: Table) -> Iterator[str]:
    if not block.rows:
        yield f'<p class="muted">{_text(block.empty)}</p>\n'
        return
    sides = [' class="right"' if column.align == "right" else "" for column in block.columns]
    heads = "".join(f"<th{side}>{_text(column.title)}</th>" for side, column in zip(sides, block.columns, strict=True))
    yield f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
    for row in block.rows:
        yield "<tr>" + "".join(_cell(cell, side) for cell, side in zip(row, sides, strict=True)) + "</tr>\n"
    yield "</tbody>\n</table>\n"


def _cell(cell: Cell, side: str) -> str:
    inner = _DAY.sub(r'<span class="day">\g<0></span>', _text(cell.text))
    if not side and len(cell.text) <= SHORT:
        side = ' class="short"'
    elif not side and max((len(run) for run in _RUN.findall(cell.text)), default=0) > LONG:
        side = ' class="long"'
    return (
        f"<td{side}>{inner}</td>" if cell.tone == "plain" else f"<td{side}><span{_tone(cell.tone)}>{inner}</span></td>"
    )


def _tone(tone: str) -> str:
    return "" if tone == "plain" else f' class="{tone}"'


def _text(text: str) -> str:
    return escape(plain(text), quote=True)
