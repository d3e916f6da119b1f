"""Own days of a calendar from a file: CSV (day,kind,name) or TOML (tables ``off``, ``work``), and where they are from.

No network is asked and nothing is guessed: a day that cannot be read refuses the whole file. A country's official list
names exceptions to the week, so a file that is the whole list of a year says so (CSV ``2027,year``, TOML
``year = 2027``); without it the year stays provisional.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from mapping.errors import InputError
from store import journal, supervision
from store.database import Database
from store.journal import Entry
from store.supervision import CalendarDay
from supervise.calendar import FIRST_DAY, LAST_DAY
from supervise.countries import country_code, find_country

MAX_BYTES: Final = 1_000_000
KINDS: Final[Mapping[str, str]] = {
    "off": "off", "holiday": "off", "休": "off", "放假": "off", "休息": "off",
    "work": "work", "班": "work", "上班": "work", "调休": "work", "补班": "work",
}  # fmt: skip
YEAR: Final = "year"
_YEAR_WORDS: Final = frozenset({YEAR, "全年"})
YEARS: Final = ":years"
"""Ends the name under which the years are kept whose official list stands whole in a country's calendar."""
_LONGEST_SOURCE: Final = 128


def read_days(path: Path, name: str, source: str = "", years: Collection[int] = ()) -> list[CalendarDay]:
    """Give the days of a file as days of the calendar *name*, and the years it lists whole; a country goes by its code.

    Args:
        source: where they come from; "" takes what the file says.
        years: those that the file lists whole, beside what it says itself.
    Raises:
        InputError: no source, no days, a day twice, a line that is none (by its number), a year of what is no country.
    """
    text = _text(path)
    rows, said = _toml(path, text) if path.suffix.lower() == ".toml" else (_csv(path, text), "")
    whole = sorted({*years, *(_year(path, at, day) for at, day, kind, _ in rows if kind.casefold() in _YEAR_WORDS)})
    rows = [row for row in rows if row[2].casefold() not in _YEAR_WORDS]
    country = country_code(name)
    if whole and country is None:
        raise InputError(
            f"{name!r} is no country; only a country's list makes a year known",
            zh=f"{name!r} 不是国家;只有国家的官方安排才能使某年的日历确定",
        )
    name = country or name
    noted = (source or said).strip()
    if not noted:
        raise InputError(
            "say where these days come from (--source)", zh="请说明这些日期的来源(--source)",
            next_step='--source "notice of the client, 2026-03-01"', next_step_zh="如 --source “客户通知 2026-03-01”",
        )  # fmt: skip
    days = [CalendarDay(name, _day(path, at, day), _kind(path, at, kind), note, noted) for at, day, kind, note in rows]
    seen = [one.day for one in days]
    if not days or len(set(seen)) < len(seen):
        twice = next((day for day in seen if seen.count(day) > 1), "")
        raise InputError(
            f"{path}: {f'{twice} stands there twice' if twice else 'no days'}",
            zh=f"{path}:{f'{twice} 出现了两次' if twice else '没有日期'}",
        )
    if len(noted) > _LONGEST_SOURCE:
        raise InputError(
            f"the source has more than {_LONGEST_SOURCE} characters", zh=f"来源超过 {_LONGEST_SOURCE} 个字符"
        )
    return [*days, *(CalendarDay(name + YEARS, f"{year:04}-01-01", YEAR, "", noted) for year in whole)]


def open_years(days: Sequence[CalendarDay]) -> list[int]:
    """Give the years of a country's days that stay provisional beside them, for want of a whole list."""
    country = find_country(days[0].calendar)
    if country is None:
        return []
    whole = {one.day[:4] for one in days if one.kind == YEAR}
    named = sorted({one.day[:4] for one in days} - whole)
    return [int(year) for year in named if not country.year(int(year)).published]


def save_days(db: Database, days: Sequence[CalendarDay], *, who: str, now_ms: int, salt: bytes) -> None:
    """Keep the days of a calendar; a day that is there already is replaced, and the journal names who said so."""
    with db.edit() as tx:
        supervision.save_calendar_days(tx, days)
        told: dict[str, list[Any]] = {f"calendar {days[0].calendar}": [None, [days[0].source, len(days)]]}
        entry = Entry("", now_ms, "calendar", "project", "", who=who, changes=told, cause="person")
        journal.append(tx, [entry], salt)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise InputError(f"{path}: {exc.strerror}", zh=f"无法读取 {path}") from exc
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path} is too large for a calendar", zh=f"{path} 太大,不像日历文件")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path} is neither UTF-8 nor GB18030 text", zh=f"{path} 不是 UTF-8 或 GB18030 文本")


Row = tuple[int, str, str, str]
"""Number of the line, day, kind, name."""


def _csv(path: Path, text: str) -> list[Row]:
    rows = []
    for at, cells in enumerate(csv.reader(io.StringIO(text)), start=1):
        words = [cell.strip() for cell in cells]
        if not any(words) or words[0].startswith("#") or (at == 1 and words[0].casefold() in {"day", "date", "日期"}):
            continue
        if len(words) < 2:
            raise _wrong(path, at, ",".join(words), "day,kind,name", "日期,类型,名称")
        rows.append((at, words[0], words[1], words[2] if len(words) > 2 else ""))
    return rows


def _toml(path: Path, text: str) -> tuple[list[Row], str]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise InputError(f"{path}: {exc}", zh=f"{path}:不是有效的 TOML({exc})") from exc
    rows = [
        (0, str(day), kind, str(note)) for kind in ("off", "work") for day, note in _pairs(path, document.get(kind, {}))
    ]
    whole = document.get(YEAR, [])
    rows += [(0, str(year), YEAR, "") for year in (whole if isinstance(whole, list) else [whole])]
    return rows, str(document.get("source", ""))


def _pairs(path: Path, table: object) -> Iterable[tuple[str, object]]:
    if isinstance(table, Mapping):
        return table.items()
    if isinstance(table, list):
        return [(str(day), "") for day in table]
    raise _wrong(path, 0, str(table), "a table of days", "日期表")


def _day(path: Path, at: int, text: str) -> str:
    try:
        return date.fromisoformat(text.replace("/", "-")).isoformat()
    except ValueError as exc:
        raise _wrong(path, at, text, "a day such as 2026-10-10", "日期,如 2026-10-10") from exc


def _year(path: Path, at: int, text: str) -> int:
    if not text.isdecimal() or not FIRST_DAY.year <= int(text) <= LAST_DAY.year:
        raise _wrong(path, at, text, "a year such as 2027", "年份,如 2027")
    return int(text)


def _kind(path: Path, at: int, word: str) -> str:
    kind = KINDS.get(word.casefold())
    if kind is None:
        raise _wrong(path, at, word, "off or work", "off(休)或 work(班)")
    return kind


def _wrong(path: Path, at: int, found: str, wanted: str, wanted_zh: str) -> InputError:
    place, place_zh = (f"{path}, line {at}", f"{path} 第 {at} 行") if at else (str(path), str(path))
    return InputError(f"{place}: expected {wanted}, found {found!r}", zh=f"{place_zh}:应为{wanted_zh},实际为 {found!r}")
