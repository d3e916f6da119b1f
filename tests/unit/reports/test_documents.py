"""One document in three formats: the same bytes each time, hostile text inert, pages that break where they may."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace

import pytest

from mapping.errors import InputError
from reports.document import (
    Cell,
    Document,
    Facts,
    Figure,
    Heading,
    Listing,
    Paragraph,
    digest,
    from_plain,
    table,
    to_plain,
)  # fmt: skip
from reports.drawing import Box, Drawing, Label
from reports.html import to_html
from reports.layout import BOTTOM, MARGIN, PAGE_WIDTH, broken, set_pages
from reports.markdown import to_markdown
from reports.pdf import MISSING, missing_characters, shown, to_pdf

HOSTILE = (
    "<script>alert(1)</script> {{7*7}} {% x %} [a](javascript:b) |c| `d` \u202eevil\x1b[2J\x00 \ue000 &amp; 'q' 😀"
)
AT_MS = 1_781_226_300_000


def fixed(text: str, size: float) -> float:
    return len(text) * size / 2


@pytest.fixture
def document() -> Document:
    return Document(
        title=f"周报 {HOSTILE}", language="zh", head=("截至 2026-06-12",), foot=HOSTILE,
        revision="修订 1",
        blocks=(
            Heading("一、状态"), Paragraph(HOSTILE, "alarm"), Facts((("阶段", "进行中"), (HOSTILE, HOSTILE))),
            Listing((HOSTILE,)),
            table([("事项", 3), ("天数", 1, "right")], [(HOSTILE, Cell("6", "strong")), ("签字", "0")]),
            table([("事项", 1)], [], "无"),
            Figure(Drawing(title=HOSTILE, height=40, shapes=(Label(x=1, y=9, text=HOSTILE),), summary=(HOSTILE,))),
        ),
        tail=(Paragraph("数据时间"),),
    )  # fmt: skip


def test_a_document_goes_through_json_unchanged(document: Document) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(document)))) == document


def test_a_digest_tells_data_from_the_moment_of_the_look(document: Document) -> None:
    later = replace(document, head=("截至 2026-06-12 10:00",), tail=(), revision="")
    assert digest(later) == digest(document)
    assert digest(replace(document, title="x")) != digest(document)
    assert digest(replace(document, blocks=(*document.blocks, Paragraph("new")))) != digest(document)


def test_hostile_text_is_inert_in_html(document: Document) -> None:
    page = to_html(document)
    tags = set(re.findall(r"<([a-zA-Z]+)", page))
    assert "script" not in tags
    assert not tags & {"a", "img", "iframe", "object", "link", "foreignObject"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in page
    assert not {"\u202e", "\x1b", "\x00", "\ue000"} & set(page)
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_hostile_text_is_inert_in_markdown(document: Document) -> None:
    text = to_markdown(document)
    assert "<script" not in text
    assert "\\[a\\](javascript:b)" in text
    assert not {"\u202e", "\x1b", "\x00"} & set(text)
    row = next(line for line in text.splitlines() if line.startswith("| ") and "**6**" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 3


def test_hostile_text_cannot_leave_its_line_or_add_a_heading() -> None:
    text = to_markdown(Document(title="t", language="en", blocks=(Paragraph("a\n# b\n- c"),)))
    assert text == "# t\n\na \\# b - c\n"


@pytest.mark.parametrize("render", [to_html, to_markdown, lambda document: to_pdf(document, at_ms=AT_MS)])
def test_the_same_document_gives_the_same_bytes(render: object, document: Document) -> None:
    assert render(document) == render(document)  # type: ignore[operator]


def test_a_pdf_carries_its_date_and_no_clock(document: Document) -> None:
    body = to_pdf(document, at_ms=AT_MS)
    assert body.startswith(b"%PDF-")
    assert b"D:20260612" in body
    assert b"/JavaScript" not in body
    assert b"/URI" not in body
    assert to_pdf(document, at_ms=AT_MS + 86_400_000) != body


def test_a_character_that_the_typeface_lacks_is_shown_and_counted() -> None:
    document = Document(title="𠮷野家 😀", language="zh", blocks=())
    assert shown("𠮷野家") == f"{MISSING}野家"
    assert missing_characters(document) == 2
    assert missing_characters(Document(title="督办 duban ‘±’ ½ ─ █ Ωλ Ж 龍", language="zh", blocks=())) == 0


def test_all_of_gbk_is_in_the_typeface() -> None:
    chars = []
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                chars.append(bytes((lead, trail)).decode("gbk"))
            except UnicodeDecodeError:
                continue
    lacking = [char for char in chars if len(char) == 1 and shown(char) != char]
    assert len(chars) > 21_000
    assert lacking == ["≒"]  # Noto has no such sign


def test_without_the_package_one_sentence_names_it(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    monkeypatch.setitem(sys.modules, "fpdf", None)
    with pytest.raises(InputError) as caught:
        to_pdf(document, at_ms=0)
    assert 'pip install "duban[pdf]"' in caught.value.text("en")
    assert 'pip install "duban[pdf]"' in caught.value.text("zh")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("一二三四五六七八九十甲乙，丙", ["一二三四五六七八九十", "甲乙，丙"]),
        ("一二三四五六七八九十，甲", ["一二三四五六七八九", "十，甲"]),
        ("一二三四五六七八九（甲）", ["一二三四五六七八九", "（甲）"]),
        ("to the end", ["to the end"]),
        ("working days late", ["working", "days late"]),
        ("averyveryverylongword", ["averyveryv", "erylongwor", "d"]),
        ("due 2026-06-04", ["due", "2026-06-04"]),
        ("", [""]),
    ],
)
def test_lines_break_where_they_may(text: str, lines: list[str]) -> None:
    assert broken(text, 10, 50, fixed) == lines


def test_long_tables_repeat_their_heads_and_nothing_leaves_the_page() -> None:
    rows = [(f"第{number}项 " + "很长的文字" * 12, "2026-06-04", "6") for number in range(200)]
    long = table([("事项", 4), ("到期日", 1), ("天数", 1, "right")], rows)
    pages = set_pages(Document(title="t", language="zh", blocks=(long,)), fixed)
    assert len(pages) > 2
    for page in pages:
        labels = [shape for shape in page if isinstance(shape, Label)]
        assert [one.text for one in labels].count("到期日") == 1
        assert all(one.y <= BOTTOM or one.size == 7.5 for one in labels)
        assert all(MARGIN <= one.x <= PAGE_WIDTH - MARGIN for one in labels)
    assert sum(1 for page in pages for shape in page if isinstance(shape, Label) and shape.text == "6") == 200


def test_a_row_taller_than_a_page_loses_no_line() -> None:
    words = [f"word{number}" for number in range(900)]
    pages = set_pages(Document(title="t", language="en", blocks=(table([("a", 1)], [(" ".join(words),)]),)), fixed)
    told = " ".join(shape.text for page in pages for shape in page if isinstance(shape, Label))
    assert all(word in told.split() for word in words)


@pytest.mark.parametrize("before", range(30, 60))
def test_a_heading_stays_with_the_table_under_it(before: int) -> None:
    blocks = (
        *(Paragraph("line") for _ in range(before)), Heading("Client", level=2), Heading("Needs from you", level=3),
        table([("Item", 1)], [("tall " * 60,), ("last",)]),
    )  # fmt: skip
    pages = set_pages(Document(title="t", language="en", blocks=blocks), fixed)
    (told,) = [texts for page in pages if "Client" in (texts := [one.text for one in page if isinstance(one, Label)])]
    assert {"Needs from you", "Item"} < set(told)
    assert any(text.startswith("tall") for text in told)


@pytest.mark.parametrize("before", range(30, 60))
def test_a_heading_stays_with_the_picture_under_it(before: int) -> None:
    picture = Figure(Drawing(title="Days", height=130, shapes=(Box(x=0, y=0, width=10, height=130),)))
    blocks = (*(Paragraph("line") for _ in range(before)), Heading("Attribution", level=3), picture)
    pages = set_pages(Document(title="t", language="en", blocks=blocks), fixed)
    (told,) = [texts for page in pages if "Attribution" in (texts := [x.text for x in page if isinstance(x, Label)])]
    assert "Days" in told


def test_a_foot_that_is_too_long_keeps_what_it_warns_of_and_shows_that_it_was_cut() -> None:
    foot = "internal, not for the client · " + "Portal " * 40
    (page,) = set_pages(Document(title="t", language="en", blocks=(), foot=foot), fixed)
    (told,) = [one for one in page if isinstance(one, Label) and one.text.startswith("internal")]
    assert told.text.startswith("internal, not for the client · Portal")
    assert told.text.endswith("…")
    assert told.x + fixed(told.text, told.size) <= PAGE_WIDTH - MARGIN - 50


def test_a_columns_title_is_not_broken_between_its_characters() -> None:
    columns = [("级别", 1), ("事项", 30), ("待定天数", 1)]
    pages = set_pages(Document(title="t", language="zh", blocks=(table(columns, [("S4", "长" * 400, "3")]),)), fixed)
    told = {shape.text for shape in pages[0] if isinstance(shape, Label)}
    assert {"级别", "待定天数"} <= told


@pytest.mark.parametrize("word", ["e-mail", "Re-sign"])
def test_no_line_ends_in_the_head_of_a_short_compound(word: str) -> None:
    for width in range(30, 200):
        lines = broken(f"sent twice by {word} on Monday", 10.0, float(width), fixed)
        assert not any(line.endswith(("e-", "Re-")) for line in lines) or width < fixed(word, 10.0)


def test_days_and_addresses_stay_whole_in_html_and_longer_words_do_not_push_the_table_out() -> None:
    row = ("打开 2026-06-12 09:05 之前", "wei.zhang@vendor.example", "x" * 60)
    html = to_html(Document(title="t", language="zh", blocks=(table([("a", 1), ("b", 1), ("c", 1)], [row]),)))
    assert '打开 <span class="day">2026-06-12</span> 09:05 之前' in html
    assert "<td>wei.zhang@vendor.example</td>" in html
    assert f'<td class="long">{"x" * 60}</td>' in html


def test_a_picture_is_not_cut_by_the_end_of_a_page() -> None:
    box = Drawing(title="p", height=300, shapes=(Box(x=0, y=0, width=10, height=300),))
    pages = set_pages(Document(title="t", language="en", blocks=(Figure(box), Figure(box), Figure(box))), fixed)
    boxes = [shape for page in pages for shape in page if isinstance(shape, Box)]
    assert len(pages) == 2
    assert all(one.y + one.height <= BOTTOM for one in boxes)
