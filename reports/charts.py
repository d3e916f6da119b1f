"""The pictures of the reports: plain figures in, a drawing out; ``svg`` of the drawing is its SVG text.

Each says in its ``summary`` what it shows, for Markdown and for readers who see no pictures. No gauges, pies or radars:
bars and lines whose lengths can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from reports.axes import LEFT, LOOKS, Axis, apart, below, legend, ticks
from reports.drawing import (
    INK,
    MUTED,
    RULE,
    WHITE,
    WIDTH,
    Box,
    Dot,
    Drawing,
    Label,
    Shape,
    Stroke,
    fit,
    svg,
)  # fmt: skip
from reports.wording import Language, say

__all__ = [
    "Delay", "Interval", "Lane", "Span", "Trend", "ageing", "ball_lanes", "burn_up", "delay_waterfall",
    "milestone_trend", "satisfaction_bars", "svg",
]  # fmt: skip

BUCKETS: Final = ((0, "0"), (2, "1–2"), (4, "3–4"), (9, "5–9"), (10**9, "10+"))
DAY: Final = timedelta(days=1)
_ROW: Final = 18.0


@dataclass(frozen=True, slots=True)
class Span:
    """Who had the ball from the start of one day until the start of another."""

    holder: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Lane:
    """One item's way from hand to hand."""

    title: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """What was forecast for one milestone at each look: (day of the look, forecast)."""

    title: str
    points: tuple[tuple[date, date], ...]
    approved: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """The parts of a delay in working days; client + concurrent + vendor + third + unexplained - recovered = delay."""

    delay: int
    client: int = 0
    concurrent: int = 0
    vendor: int = 0
    third_party: int = 0
    unexplained: int = 0
    recovered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One score with what it could as well be; without a value there were too few answers."""

    label: str
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    n: int = 0
    note: str = ""


def ball_lanes(lanes: Sequence[Lane], first: date, last: date, language: Language) -> Drawing:
    """Show who had the ball of each item on which days."""
    days = max((last - first).days, 1)
    scale = (WIDTH - LEFT) / days
    top = 22.0
    bottom = top + _ROW * len(lanes)
    shapes: list[Shape] = [*_weeks(first, last, scale, top, bottom)]
    for number, lane in enumerate(lanes):
        y = top + number * _ROW
        shapes.append(Label(x=0, y=y + 12, text=fit(lane.title, 8.5, LEFT - 8)))
        for span in lane.spans:
            start, end = max(span.start, first), min(max(span.end, span.start), last)
            if end > start:
                fill, hatch = LOOKS.get(span.holder, LOOKS["none"])
                shapes.append(
                    Box(
                        x=LEFT + (start - first).days * scale, y=y + 3, width=(end - start).days * scale, height=11,
                        fill=fill, edge=INK, hatch=hatch,
                    )
                )  # fmt: skip
    holders = [name for name in ("client", "vendor", "third_party", "none") if _held(lanes, name)]
    shapes.extend(legend([(name, say(language, f"ball.{name}")) for name in holders], bottom + 8))
    return Drawing(
        title=say(language, "chart.lanes"), height=bottom + 24, shapes=tuple(shapes),
        summary=tuple(_lane_words(lane, language) for lane in lanes),
    )  # fmt: skip


def ageing(client: Sequence[int], ours: Sequence[int], language: Language) -> Drawing:
    """Show how many overdue items of each side are how many working days late.

    Args:
        client, ours: working days late, one number an item.
    """
    rows = [(label, *_counts(client, ours, at)) for at, (_, label) in enumerate(BUCKETS)]
    most = max([1, *(max(theirs, own) for _, theirs, own in rows)])
    scale = (WIDTH - LEFT - 40) / most
    shapes: list[Shape] = []
    y = 4.0
    for label, theirs, own in rows:
        shapes.append(Label(x=0, y=y + 14, text=say(language, "chart.days_late", days=label)))
        for at, (side, count) in enumerate((("client", theirs), ("vendor", own))):
            fill, hatch = LOOKS[side]
            top = y + at * 10
            if count:
                shapes.append(
                    Box(x=LEFT, y=top, width=count * scale, height=9, fill=fill, edge=INK, hatch=hatch)
                )  # fmt: skip
            shapes.append(Label(x=LEFT + count * scale + 4, y=top + 7.5, text=str(count), size=7.5, colour=MUTED))
        y += 26
    shapes.append(Stroke(x1=LEFT, y1=0, x2=LEFT, y2=y - 4, colour=INK))
    shapes.extend(legend([("client", say(language, "ball.client")), ("vendor", say(language, "ball.vendor"))], y + 2))
    words = [
        say(language, "chart.ageing_line", days=label, client=theirs, ours=own)
        for label, theirs, own in rows
        if theirs or own
    ]  # fmt: skip
    return Drawing(
        title=say(language, "chart.ageing"), height=y + 18, shapes=tuple(shapes),
        summary=tuple(words) or (say(language, "none"),),
    )  # fmt: skip


def milestone_trend(trends: Sequence[Trend], language: Language) -> Drawing:
    """Show how the forecast of each milestone moved from look to look: a level line is a kept promise."""
    height = 150.0
    looks = [day for trend in trends for day, _ in trend.points]
    ends = [day for trend in trends for _, day in trend.points] + [t.approved for t in trends if t.approved]
    if not looks:
        return Drawing(title=say(language, "chart.trend"), height=1, shapes=(), summary=(say(language, "none"),))
    across = Axis(min(looks), max(looks), 60.0, WIDTH - 120.0)
    down = Axis(max(ends), min(ends), 12.0, height - 26.0)
    shapes: list[Shape] = [
        Stroke(x1=56, y1=height - 18, x2=WIDTH - 110, y2=height - 18, colour=RULE),
        Stroke(x1=56, y1=6, x2=56, y2=height - 18, colour=RULE),
        *(Label(x=52, y=down.at(day) + 3, text=f"{day:%m-%d}", size=7.5, anchor="end") for day in ticks(ends)),
        *below(across, looks, height - 8),
    ]  # fmt: skip
    taken: list[float] = []
    for number, trend in enumerate(trends):
        points = [(across.at(look), down.at(end)) for look, end in trend.points]
        for (x1, y1), (x2, y2) in pairwise(points):
            shapes.append(Stroke(x1=x1, y1=y1, x2=x2, y2=y2, width=1.2, dashed=number % 2 == 1))
        shapes.extend(Dot(x=x, y=y, radius=2.5, fill=WHITE if number % 2 else INK) for x, y in points)
        if points:
            x, y = points[-1][0] + 9, apart(points[-1][1] + 3, taken)
            shapes.append(Dot(x=x, y=y - 2.5, radius=2, fill=WHITE if number % 2 else INK))
            shapes.append(Label(x=x + 5, y=y, text=fit(trend.title, 7.5, WIDTH - x - 6), size=7.5))
    return Drawing(
        title=say(language, "chart.trend"), height=height, shapes=tuple(shapes),
        summary=tuple(_trend_words(trend) for trend in trends),
    )  # fmt: skip


def delay_waterfall(parts: Delay, language: Language, *, outward: bool = False) -> Drawing:
    """Show the parts of a delay as steps that end at the delay itself.

    Args:
        outward: the client reads it too: days beyond the plan, which says no more than the calendar does.

    Raises:
        ValueError: the parts do not add up to the delay.
    """
    steps = _steps(parts)
    if sum(days for _, days in steps) != parts.delay:
        raise ValueError(f"the parts make {sum(days for _, days in steps)} days and the delay has {parts.delay}")
    title, whole = ("chart.beyond", "part.beyond") if outward else ("chart.waterfall", "part.delay")
    height, base = 130.0, 104.0
    heights = [0]
    for _, days in steps:
        heights.append(heights[-1] + days)
    scale = 84.0 / max([1, *heights])
    column = WIDTH / (len(steps) + 1)
    shapes: list[Shape] = [Stroke(x1=0, y1=base, x2=WIDTH, y2=base, colour=INK)]
    for at, (name, days) in enumerate([*steps, ("delay", parts.delay)]):
        start = 0 if name == "delay" else heights[at]
        high, low = max(start, start + days), min(start, start + days)
        left = at * column + column * 0.18
        fill, hatch = LOOKS[name]
        if days:
            shapes.append(
                Box(
                    x=left, y=base - high * scale, width=column * 0.64, height=(high - low) * scale, fill=fill,
                    edge=INK, hatch=hatch,
                )
            )  # fmt: skip
        elif name != "delay":
            shapes.append(
                Stroke(
                    x1=left, y1=base - high * scale, x2=left + column * 0.64, y2=base - high * scale, colour=MUTED,
                    dashed=True,
                )
            )  # fmt: skip
        middle = left + column * 0.32
        word = say(language, whole if name == "delay" else f"part.{name}")
        shapes.append(
            Label(x=middle, y=base - high * scale - 4, text=_signed(days), size=8.5, anchor="middle", bold=True)
        )  # fmt: skip
        shapes.append(
            Label(
                x=middle, y=base + 13, text=fit(word, 7.5, column - 4), size=7.5, anchor="middle",
            )
        )  # fmt: skip
        if at < len(steps):
            level = base - heights[at + 1] * scale
            shapes.append(
                Stroke(x1=left + column * 0.64, y1=level, x2=left + column * 1.18, y2=level, colour=MUTED, dashed=True)
            )  # fmt: skip
    line = " | ".join(f"{say(language, f'part.{name}')} {_signed(days)}" for name, days in steps)
    total = f"{say(language, whole)} {parts.delay}"
    return Drawing(
        title=say(language, title), height=height, shapes=tuple(shapes), summary=(f"{line} | = {total}",)
    )  # fmt: skip


def satisfaction_bars(
    scores: Sequence[Interval], low: Decimal, high: Decimal, title: str, language: Language
) -> Drawing:
    """Show each score with its interval on one scale; where there were too few answers, only the count."""
    left, right = LEFT, WIDTH - 90.0

    def at(value: Decimal) -> float:
        clipped = min(max(value, low), high)
        return left + float((clipped - low) / (high - low)) * (right - left)

    bottom = 8 + _ROW * len(scores)
    shapes: list[Shape] = [Stroke(x1=left, y1=4, x2=left, y2=bottom, colour=RULE)]
    if low < 0 < high:
        shapes.append(Stroke(x1=at(Decimal(0)), y1=4, x2=at(Decimal(0)), y2=bottom, colour=RULE, dashed=True))
    for number, score in enumerate(scores):
        y = 8 + number * _ROW + 8
        shapes.append(Label(x=0, y=y + 3, text=fit(score.label, 8.5, LEFT - 8)))
        if score.value is not None:
            if score.low is not None and score.high is not None:
                shapes.append(Stroke(x1=at(score.low), y1=y, x2=at(score.high), y2=y, colour=MUTED, width=3))
            shapes.append(Dot(x=at(score.value), y=y, radius=3.2, fill=INK))
        shapes.append(Label(x=right + 8, y=y + 3, text=fit(_score_words(score, language), 7.5, 82), size=7.5))
    for value in (low, high):
        shapes.append(Label(x=at(value), y=bottom + 10, text=f"{value:f}", size=7.5, anchor="middle", colour=MUTED))
    shapes.append(Stroke(x1=left, y1=bottom, x2=right, y2=bottom, colour=RULE))
    words = tuple(f"{score.label}: {_interval_words(score, language)}" for score in scores)
    return Drawing(title=title, height=bottom + 14, shapes=tuple(shapes), summary=words)


def burn_up(due: Sequence[date], done: Sequence[date], today: date, language: Language) -> Drawing:
    """Show how many client actions had come due and how many were done, day by day up to *today*."""
    if not due and not done:
        return Drawing(title=say(language, "chart.burn_up"), height=1, shapes=(), summary=(say(language, "none"),))
    height = 130.0
    first = min([*due, *done, today])
    last = max([*due, today])
    across, down = Axis(first, last, 30.0, WIDTH - 60.0), height - 22.0
    most = max(len(due), len(done), 1)
    scale = (down - 10) / most
    shapes: list[Shape] = [
        Stroke(x1=26, y1=down, x2=WIDTH - 50, y2=down, colour=RULE),
        Label(x=22, y=down + 3, text="0", size=7.5, anchor="end"),
        Label(x=22, y=down - most * scale + 3, text=str(most), size=7.5, anchor="end"),
        *below(across, [first, today, last], height - 8),
        Stroke(x1=across.at(today), y1=4, x2=across.at(today), y2=down, colour=MUTED, dashed=True),
    ]  # fmt: skip
    taken: list[float] = []
    for days, dashed, word in ((due, True, "chart.due"), (done, False, "chart.done")):
        x, y, count = across.at(first), down, 0
        for day in sorted(days):
            count += 1
            shapes.append(Stroke(x1=x, y1=y, x2=across.at(day), y2=y, width=1.4, dashed=dashed))
            shapes.append(Stroke(x1=across.at(day), y1=y, x2=across.at(day), y2=down - count * scale, width=1.4))
            x, y = across.at(day), down - count * scale
        end = across.at(last if dashed else today)
        shapes.append(Stroke(x1=x, y1=y, x2=max(end, x), y2=y, width=1.4, dashed=dashed))
        at = apart(y + 3, taken)
        shapes.append(Label(x=WIDTH - 46, y=at, text=f"{say(language, word)} {count}", size=7.5))
    come = sum(day <= today for day in due)
    return Drawing(
        title=say(language, "chart.burn_up"), height=height, shapes=tuple(shapes),
        summary=(say(language, "chart.burn_up_line", due=come, all=len(due), done=len(done)),),
    )  # fmt: skip


def _weeks(first: date, last: date, scale: float, top: float, bottom: float) -> Iterator[Shape]:
    day = first + timedelta(days=-first.weekday() % 7)
    step = 7 * max(1, ((last - first).days // 7 + 7) // 8)
    while day <= last:
        x = LEFT + (day - first).days * scale
        yield Stroke(x1=x, y1=top - 4, x2=x, y2=bottom, colour=RULE)
        if x < WIDTH - 14:
            yield Label(x=x + 1, y=top - 8, text=f"{day:%m-%d}", size=7.5, colour=MUTED)
        day += timedelta(days=step)


def _held(lanes: Sequence[Lane], holder: str) -> bool:
    return any(span.holder == holder for lane in lanes for span in lane.spans)


def _lane_words(lane: Lane, language: Language) -> str:
    ways = " → ".join(
        f"{say(language, f'ball.{span.holder}')} {span.start:%m-%d}–{max(span.start, span.end - DAY):%m-%d}"
        for span in lane.spans
    )
    return f"{lane.title}: {ways}"


def _counts(client: Sequence[int], ours: Sequence[int], at: int) -> tuple[int, int]:
    above = BUCKETS[at - 1][0] if at else -1
    return tuple(sum(above < days <= BUCKETS[at][0] for days in side) for side in (client, ours))  # type: ignore[return-value]


def _steps(parts: Delay) -> list[tuple[str, int]]:
    return [
        ("client", parts.client), ("concurrent", parts.concurrent), ("vendor", parts.vendor),
        ("third_party", parts.third_party), ("unexplained", parts.unexplained), ("recovered", -parts.recovered),
    ]  # fmt: skip


def _signed(days: int) -> str:
    return f"−{-days}" if days < 0 else str(days)


def _trend_words(trend: Trend) -> str:
    moves = " → ".join(f"{end}" for _, end in trend.points)
    return f"{trend.title}: {moves}"


def _score_words(score: Interval, language: Language) -> str:
    if score.value is None:
        return say(language, "score.few", n=score.n)
    return f"{score.value:f} (n={score.n})"


def _interval_words(score: Interval, language: Language) -> str:
    if score.value is None:
        return say(language, "score.few", n=score.n)
    between = f" [{score.low:f}, {score.high:f}]" if score.low is not None and score.high is not None else ""
    note = f", {score.note}" if score.note else ""
    return f"{score.value:f}{between}, n={score.n}{note}"
