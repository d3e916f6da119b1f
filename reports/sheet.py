"""A table for a spreadsheet: CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reports.rendering import plain

_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_DASH: Final = "-"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and rows; numbers are numbers, everything else is text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


def to_csv(sheet: Sheet) -> str:
    """Give the sheet as CSV; a text that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(column) for column in sheet.columns])
    writer.writerows([safe(cell) for cell in row] for row in sheet.rows)
    return out.getvalue()


def safe(cell: str | int) -> str | int:
    """Give a cell that is shown and never run.

    Shape: "=1+1" -> "'=1+1", -2 -> -2, "-" -> "-"
    """
    if isinstance(cell, int):
        return cell
    text = plain(cell)
    return f"'{text}" if text.startswith(_FORMULA) and text != _DASH else text


def sheet(columns: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Sheet:
    """Give a sheet."""
    return Sheet(tuple(columns), tuple(tuple(row) for row in rows))
