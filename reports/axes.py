"""What the pictures of the reports share: how each holder looks, an axis of days, legends, labels set apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from reports.drawing import DARK, INK, LIGHT, MIDDLE, MUTED, PALE, WHITE, Box, Hatch, Label, Shape

LEFT: Final = 150.0
"""Where the bars begin; the names of the rows stand before."""

LOOKS: Final[Mapping[str, tuple[str, Hatch]]] = {
    "client": (DARK, ""), "vendor": (LIGHT, "rising"), "third_party": (MIDDLE, ""), "concurrent": (LIGHT, "crossed"),
    "none": (WHITE, "dotted"), "neutral": (WHITE, "dotted"), "unexplained": (WHITE, ""), "recovered": (WHITE, "rising"),
    "delay": (PALE, ""),
}  # fmt: skip
"""Fill and hatching of each holder; told apart in grey too."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Days along a line from ``start`` to ``end``."""

    first: date
    last: date
    start: float
    end: float

    def at(self, day: date) -> float:
        """Give the place of a day."""
        whole = (self.last - self.first).days
        part = (day - self.first).days / whole if whole else 0.5
        return self.start + part * (self.end - self.start)


def legend(entries: Sequence[tuple[str, str]], y: float) -> Iterator[Shape]:
    """Give the key to the looks of holders: pairs of a holder and its word."""
    x = LEFT
    for name, word in entries:
        fill, hatch = LOOKS[name]
        yield Box(x=x, y=y, width=16, height=9, fill=fill, edge=INK, hatch=hatch)
        yield Label(x=x + 20, y=y + 8, text=word, size=7.5, colour=MUTED)
        x += 95


def ticks(days: Sequence[date]) -> list[date]:
    """Give the ends of an axis, and its middle where there is room for it."""
    first, last = min(days), max(days)
    middle = first + (last - first) / 2
    return [first, last] if (last - first).days < 4 else [first, middle, last]


def below(axis: Axis, days: Sequence[date], y: float) -> Iterator[Shape]:
    """Give the labels below an axis."""
    for day in ticks(days):
        yield Label(x=axis.at(day), y=y, text=f"{day:%m-%d}", size=7.5, anchor="middle")


def apart(y: float, taken: list[float]) -> float:
    """Give a place for a label near *y* that overlaps none of those already set."""
    while any(abs(y - other) < 9 for other in taken):
        y += 3
    taken.append(y)
    return y
