"""Country calendars: China's from the shipped table, the others from the package ``holidays``.

Source: State Council notices for 2024, 2025 and 2026, see ``data/cn.toml`` [doc]; package ``holidays`` 0.109 [seen]:
it answers any year from statute without a warning, so a year counts as published only where the list is complete.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from inspect import signature
from typing import Any, Final

from supervise.calendar import Country, YearTable

CHINA: Final = "CN"
SATURDAY: Final = 5
_USUAL_PART: Final = {"GB": "ENG"}
"""The part meant where a country is named whose common days alone are nobody's calendar."""


def find_country(text: str) -> Country | None:
    """Give the calendar of the country that *text* names: a code, an English or a Chinese name; None if unknown.

    A code may name a part of a country (``GB-SCT``, ``DE-BY``); the United Kingdom by itself is England's.
    """
    code = country_code(text)
    return _country(code) if code else None


@cache
def country_code(text: str) -> str | None:
    """Give the two-letter code for what people write in a country field, with its part; None when nobody knows it.

    Shape: "中国" -> "CN"; "Singapore" -> "SG"; "uk" -> "GB"; "de-by" -> "DE-BY"; "Atlantis" -> None
    """
    from holidays.registry import COUNTRIES

    word = " ".join(text.split()).casefold()
    known = _names().get(word)
    if known:
        return known
    whole, dash, part = word.upper().partition("-")
    if dash and any(entry[1] == whole for entry in COUNTRIES.values()):
        return f"{whole}-{part}" if part in _parts(whole) else None
    for name, entry in COUNTRIES.items():
        codes = {entry[1].casefold(), entry[2].casefold()}
        if word in codes or word.replace(" ", "_").replace("-", "_") == name:
            return entry[1]
    return None


def known_until(text: str, *, first: int, last: int) -> date | None:
    """Give the last day up to which every year from *first* on is published, looking no further than *last*."""
    country = find_country(text)
    until = None
    for year in range(first, last + 1):
        if country is None or not country.year(year).published:
            break
        until = date(year, 12, 31)
    return until


@cache
def _country(code: str) -> Country:
    return Country(code, cache(_china_year if code == CHINA else _Statute(code).year))


@dataclass(frozen=True, slots=True)
class _Notice:
    """One year's notice: exceptions to the weekend rule."""

    off: frozenset[date]
    work: frozenset[date]


def _china_year(year: int) -> YearTable:
    notice = _notices().get(year, _Notice(frozenset(), frozenset()))
    return YearTable(
        tuple(
            day in notice.work or (day.weekday() < SATURDAY and day not in notice.off)
            for day in _days(date(year, 1, 1), date(year, 12, 31))
        ),
        year in _notices(),
    )


@cache
def _notices() -> Mapping[int, _Notice]:
    return {entry["year"]: _read_notice(entry) for entry in _data("cn.toml")["year"]}


def _read_notice(entry: Mapping[str, Any]) -> _Notice:
    off = frozenset(day for span in entry["off"] for day in _span(span))
    return _Notice(off, frozenset(date.fromisoformat(day) for day in entry["work"]))


def _span(text: str) -> list[date]:
    first, _, last = text.partition("/")
    return list(_days(date.fromisoformat(first), date.fromisoformat(last or first)))


@dataclass(frozen=True, slots=True)
class _Statute:
    """A country whose days the package knows."""

    code: str

    def year(self, year: int) -> YearTable:
        import holidays

        whole, _, part = self.code.partition("-")
        named = part or _USUAL_PART.get(whole)
        probe = holidays.country_holidays(whole, subdiv=named)
        english = "en_US" if "en_US" in (probe.supported_languages or ()) else None
        if not probe.start_year <= year <= probe.end_year:
            days = list(_days(date(year, 1, 1), date(year, 12, 31)))
            return YearTable(tuple(day.weekday() not in probe.weekend for day in days), False)
        # Some countries hide by default that a feast's day is only reckoned, not announced.
        shown = "islamic_show_estimated"
        more: dict[str, Any] = {shown: True} if shown in signature(type(probe).__init__).parameters else {}
        book = type(probe)(years=year, language=english, subdiv=named, **more)
        working = tuple(book.is_working_day(day) for day in _days(date(year, 1, 1), date(year, 12, 31)))
        return YearTable(working, _complete(book, year))


def _complete(book: Any, year: int) -> bool:
    """Say whether the package knows the whole year: no estimated feast, and its list of moved days reaches it."""
    if any("estimated" in name for name in book.values()):
        return False
    if not book.has_substituted_holidays:
        return True
    tables = (getattr(book, name, None) for name in dir(book) if name.startswith("special_"))
    listed = {at for table in tables if isinstance(table, dict) for at in table}
    return bool(year <= max(listed, default=book.end_year))


def _parts(code: str) -> Collection[str]:
    import holidays

    return holidays.country_holidays(code).subdivisions


@cache
def _names() -> Mapping[str, str]:
    names: Mapping[str, str] = _data("countries.toml")["names"]
    return {name.casefold(): code for name, code in names.items()}


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads(files("supervise").joinpath("data", name).read_text(encoding="utf-8"))


def _days(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(at) for at in range(first.toordinal(), last.toordinal() + 1))
