"""Pictures: the figures are in them, the parts of a delay add up, texts are escaped, greys can be told apart."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from reports.axes import LOOKS
from reports.charts import (
    Delay,
    Interval,
    Lane,
    Span,
    Trend,
    ageing,
    ball_lanes,
    burn_up,
    delay_waterfall,
    milestone_trend,
    satisfaction_bars,
    svg,
)  # fmt: skip
from reports.drawing import Box, Drawing, Label, Stroke, fit, flattened, text_width
from reports.wording import Language

LANES = (
    Lane(
        "签字 <v2>",
        (Span("vendor", date(2026, 5, 1), date(2026, 5, 12)), Span("client", date(2026, 5, 12), date(2026, 6, 12))),
    ),
    Lane(
        "data",
        (Span("none", date(2026, 4, 1), date(2026, 5, 8)), Span("third_party", date(2026, 5, 8), date(2026, 7, 1))),
    ),
)  # fmt: skip


def drawings(language: Language) -> list[Drawing]:
    return [
        ball_lanes(LANES, date(2026, 5, 1), date(2026, 6, 12), language),
        ageing([0, 1, 6, 12], [3], language),
        milestone_trend(
            [Trend("UAT", tuple((date(2026, 5, day), date(2026, 6, day + 4)) for day in (1, 8)), date(2026, 6, 5)),
             Trend("Beta", ((date(2026, 5, 8), date(2026, 6, 12)),))],
            language,
        ),
        milestone_trend([], language),
        delay_waterfall(Delay(delay=10, client=6, concurrent=2, vendor=3, third_party=1, recovered=2), language),
        delay_waterfall(Delay(delay=0), language),
        satisfaction_bars(
            [Interval(label="Q1", value=Decimal(25), low=Decimal(-10), high=Decimal(60), n=16),
             Interval(label="Q2", value=None, n=4)],
            Decimal(-100), Decimal(100), "NPS", language,
        ),
        burn_up([date(2026, 5, 1), date(2026, 6, 20)], [date(2026, 5, 3)], date(2026, 6, 12), language),
        burn_up([], [], date(2026, 6, 12), language),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_picture_is_sound_svg_inside_its_frame(language: Language) -> None:
    for drawing in drawings(language):
        text = svg(drawing)
        root = ET.fromstring(text)
        assert {one.tag.rpartition("}")[2] for one in root.iter()} <= {
            "svg",
            "title",
            "desc",
            "rect",
            "line",
            "circle",
            "text",
        }
        assert text == svg(drawing)
        assert drawing.summary
        for shape in flattened(drawing):
            ends = (shape.x1, shape.x2) if isinstance(shape, Stroke) else (shape.x,)
            assert all(-1 <= x <= drawing.width + 1 for x in ends), shape
            if isinstance(shape, Label) and shape.anchor == "start":
                assert shape.x + text_width(shape.text, shape.size) <= drawing.width + 1, shape


def test_the_waterfall_ends_at_the_delay() -> None:
    drawing = delay_waterfall(Delay(delay=10, client=6, concurrent=2, vendor=3, third_party=1, recovered=2), "en")
    boxes = [shape for shape in drawing.shapes if isinstance(shape, Box)]
    total, recovered = boxes[-1], boxes[-2]
    assert total.y == pytest.approx(recovered.y + recovered.height)
    assert drawing.summary == (
        "client 6 | concurrent 2 | ours 3 | third party 1 | unexplained 0 | recovered −2 | = delay 10",
    )
    assert boxes[0].height == pytest.approx(total.height * 0.6)


def test_the_client_reads_of_days_beyond_plan_in_the_same_picture() -> None:
    parts = Delay(delay=10, client=6, concurrent=2, vendor=3, third_party=1, recovered=2)
    own, theirs = delay_waterfall(parts, "zh"), delay_waterfall(parts, "zh", outward=True)
    assert "延误" in svg(own)
    assert "延误" not in svg(theirs)
    assert theirs.summary[0].endswith("= 超出计划 10")
    assert [one for one in own.shapes if isinstance(one, Box)] == [one for one in theirs.shapes if isinstance(one, Box)]


def test_the_line_of_the_waterfall_runs_on_over_parts_of_no_days() -> None:
    drawing = delay_waterfall(Delay(delay=5, client=23, recovered=18), "en")
    lines = [one for one in drawing.shapes if isinstance(one, Stroke) and one.dashed and one.y1 == one.y2]
    level = min(one.y1 for one in lines)
    spans = sorted((one.x1, one.x2) for one in lines if one.y1 == level)
    assert all(start <= end + 0.01 for (_, end), (start, _) in pairwise(spans)), "no gap"


def test_parts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="8 days and the delay has 10"):
        delay_waterfall(Delay(delay=10, client=6, concurrent=2), "en")


def test_a_lane_is_cut_at_the_frame_and_told_whole() -> None:
    drawing = ball_lanes(LANES, date(2026, 5, 1), date(2026, 6, 12), "zh")
    bars = [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.height == 11]
    assert [round(bar.width) for bar in bars] == [96, 269, 61, 304]
    assert "客户 05-12–06-11" in drawing.summary[0]


def test_late_items_of_both_sides_stand_side_by_side() -> None:
    drawing = ageing([0, 1, 2, 6, 30], [3, 4], "en")
    assert drawing.summary == (
        "0 days: client 1, us 0", "1–2 days: client 2, us 0", "3–4 days: client 0, us 2", "5–9 days: client 1, us 0",
        "10+ days: client 1, us 0",
    )  # fmt: skip


def test_too_few_answers_show_no_score() -> None:
    drawing = satisfaction_bars([Interval(label="Q2", value=None, n=4)], Decimal(-100), Decimal(100), "NPS", "en")
    assert drawing.summary == ("Q2: 4 answers: too few",)
    assert "circle" not in svg(drawing)


def test_texts_are_escaped_and_cut_to_their_room() -> None:
    text = svg(ball_lanes(LANES, date(2026, 5, 1), date(2026, 6, 12), "zh"))
    assert "签字 &lt;v2&gt;" in text
    assert fit("需求规格书签字确认", 10, 50) == "需求规格…"
    assert fit("a\u202eb", 10, 50) == "ab"


def test_holders_differ_without_colour() -> None:
    def grey(colour: str) -> int:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return round((0.3 * red + 0.59 * green + 0.11 * blue) / 32)

    sides = ("client", "vendor", "third_party", "concurrent", "none")
    assert len({(grey(LOOKS[side][0]), LOOKS[side][1]) for side in sides}) == len(sides)


def test_hatching_stays_inside_its_box() -> None:
    for hatch in ("rising", "crossed", "dotted"):
        box = Box(x=10, y=10, width=13, height=7, hatch=hatch)  # type: ignore[arg-type]
        found = list(flattened(Drawing(title="", height=30, shapes=(box,))))[1:]
        assert found
        for shape in found:
            places = [(shape.x1, shape.y1), (shape.x2, shape.y2)] if isinstance(shape, Stroke) else [(shape.x, shape.y)]  # type: ignore[union-attr]
            assert all(10 <= x <= 23 and 10 <= y <= 17 for x, y in places)
    assert re.search(r"<line", svg(Drawing(title="", height=30, shapes=(box,)))) is None
