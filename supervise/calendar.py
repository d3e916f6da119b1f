"""Working days: layers of own days over a country's calendar, and the sums the rules need (R3).

A layer says ``work`` or ``off`` about single dates; the first layer that says anything about a date decides, and the
country below it answers for every other date. Dates of a year without an official list follow the weekend rule and
are provisional, as is everything derived from them; a list names exceptions only, so that a year's list was entered
whole must be said beside its days.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from supervise.knobs import Roll

ONE_DAY: Final = timedelta(days=1)
FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
"""The span in which dates are reckoned; a due date outside it is a slip of the keyboard, not a promise."""
LONGEST_BREAK_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class YearTable:
    """One year of a country.

    Args:
        working: one entry a day, the first of January first.
        published: whether an official list stands behind it.
    """

    working: tuple[bool, ...]
    published: bool


@dataclass(frozen=True, slots=True)
class Country:
    """A country's working days; answers for every date."""

    code: str
    year: Callable[[int], YearTable]


@dataclass(frozen=True, slots=True)
class Layer:
    """Own days of a firm, a project or a person.

    Args:
        name: who speaks, as evidence shows it (``account:acme-days``).
        days: date -> works.
    """

    name: str
    days: Mapping[date, bool]


@dataclass(frozen=True, slots=True)
class DayFact:
    """What is known of one date.

    Args:
        working: whether people work.
        known: False when only the weekend rule could answer.
        layer: who decided.
    """

    working: bool
    known: bool
    layer: str


@dataclass(frozen=True, slots=True)
class _Sums:
    """Running counts of one year; entry *n* counts the first *n* days.

    Args:
        eve: ordinal of the day before the first of January.
    """

    eve: int
    working: tuple[int, ...]
    unknown: tuple[int, ...]


class Calendar:
    """The working days of one party.

    Args:
        layers: own days, most specific first.
        country: what answers where no layer speaks.
        unknown: names that were asked for and that nobody knows; they are passed over, and evidence says so.

    ``name`` gives the layers as one word for evidence, most specific first.
    """

    def __init__(self, layers: Sequence[Layer], country: Country, *, unknown: Sequence[str] = ()) -> None:
        self.layers = tuple(layers)
        self.country = country
        self.unknown = tuple(unknown)
        self.name = ">".join([*(layer.name for layer in self.layers), self.country.code])
        self._sums: dict[int, _Sums] = {}

    def day(self, day: date) -> DayFact:
        """Give what is known of *day* and who said it."""
        for layer in self.layers:
            works = layer.days.get(day)
            if works is not None:
                return DayFact(works, True, layer.name)
        table = self.country.year(day.year)
        return DayFact(table.working[(day - date(day.year, 1, 1)).days], table.published, self.country.code)

    def workday(self, day: date) -> bool:
        """Say whether people work on *day*."""
        sums = self._year(day.year)
        at = day.toordinal() - sums.eve
        return sums.working[at] > sums.working[at - 1]

    def bd(self, after: date, to: date) -> int:
        """Count the working days d with after < d <= to; negative when *to* is the earlier one."""
        if to < after:
            return -self.bd(to, after)
        return self._count(after, to, unknown=False)

    def provisional(self, first: date, last: date) -> bool:
        """Say whether any date from *first* to *last*, both included, is known by the weekend rule only."""
        low, high = min(first, last), max(first, last)
        return self._count(low - ONE_DAY, high, unknown=True) > 0

    def add_bd(self, day: date, days: int) -> date:
        """Give the *days*-th working day strictly after *day*; with 0, *day* rolled forward.

        Raises:
            ValueError: *days* is negative, or the calendar has no working day for more than a year.
        """
        if days < 0:
            raise ValueError(f"add_bd counts forward, not {days}")
        at = self.roll(day) if days == 0 else day
        for _ in range(days):
            at = self._seek(at + ONE_DAY, ONE_DAY)
        return at

    def shift(self, day: date, days: int) -> date:
        """Give *day* moved by working days in either direction; moved by none it stays, on a day off too.

        Raises:
            ValueError: the calendar has no working day for more than a year.
        """
        step = ONE_DAY if days > 0 else -ONE_DAY
        for _ in range(abs(days)):
            day = self._seek(day + step, step)
        return day

    def term_end(self, start: date, days: int, *, count_start: bool = False) -> date:
        """Give the last day of a term of *days* working days that starts on *start*.

        Args:
            count_start: the start day itself is the first of them, when people work on it.
        Raises:
            ValueError: *days* is no positive number, or the calendar has no working day for more than a year.
        """
        if days < 1:
            raise ValueError(f"a term has at least one day, not {days}")
        return self.add_bd(start - ONE_DAY if count_start else start, days)

    def roll(self, day: date, rule: Roll = "following") -> date:
        """Give *day* when people work on it, else the working day next to it on the side *rule* says."""
        if rule == "none":
            return day
        return self._seek(day, ONE_DAY if rule == "following" else -ONE_DAY)

    def working_days(self, after: date, to: date) -> list[date]:
        """List the working days d with after < d <= to."""
        return [day for day in _days(after + ONE_DAY, to) if self.workday(day)]

    def _seek(self, day: date, step: timedelta) -> date:
        for _ in range(LONGEST_BREAK_DAYS):
            if self.workday(day):
                return day
            day += step
        raise ValueError(f"calendar {self.name} has no working day in the {LONGEST_BREAK_DAYS} days up to {day}")

    def _count(self, after: date, to: date, *, unknown: bool) -> int:
        first, last = self._year(after.year), self._year(to.year)
        between = 0
        for year in range(after.year, to.year):
            sums = self._year(year)
            between += (sums.unknown if unknown else sums.working)[-1]
        low, high = (first.unknown, last.unknown) if unknown else (first.working, last.working)
        return between + high[to.toordinal() - last.eve] - low[after.toordinal() - first.eve]

    def _year(self, year: int) -> _Sums:
        found = self._sums.get(year)
        if found is None:
            facts = [self.day(day) for day in _days(date(year, 1, 1), date(year, 12, 31))]
            found = self._sums[year] = _Sums(
                date(year, 1, 1).toordinal() - 1,
                tuple(accumulate((int(fact.working) for fact in facts), initial=0)),
                tuple(accumulate((int(not fact.known) for fact in facts), initial=0)),
            )
        return found


class Calendars:
    """All calendars of a deployment, composed on demand and kept.

    Args:
        org: the organisation's calendar, the last in every chain: a country, or the name of own days.
        country: country text (code, English or Chinese name) -> Country, or None when nobody knows it.
        own: own days by calendar name; days under a country's code add to that country.
        listed: years of a country whose official list stands whole among those days, by its code.
        fallback: the country below an organisation whose calendar is no country.

    Raises:
        ValueError: nobody knows *org* or *fallback*.
    """

    def __init__(
        self,
        *,
        org: str,
        country: Callable[[str], Country | None],
        own: Mapping[str, Mapping[date, bool]] | None = None,
        listed: Mapping[str, Collection[int]] | None = None,
        fallback: str = "CN",
    ) -> None:
        self._own = {name.casefold(): days for name, days in (own or {}).items()}
        self._listed = {name.casefold(): years for name, years in (listed or {}).items()}
        self._country = country
        home = country(org)
        if home is None and org.casefold() not in self._own:
            raise ValueError(f"unknown calendar {org!r} of the organisation")
        ground = home or country(fallback)
        if ground is None:
            raise ValueError(f"unknown country {fallback!r}")
        self._org = [] if home else [Layer(f"org:{org}", self._own[org.casefold()])]
        self._ground = ground
        self._kept: dict[tuple[tuple[str, str | None], ...], Calendar] = {}

    def of(self, *chain: tuple[str, str | None], country: str | None = None) -> Calendar:
        """Compose the calendar of one party.

        Args:
            chain: (who, calendar name), most specific first; blank names are passed over. A country named here
                ends the chain, for it speaks about every date; own days let the rest speak.
            country: the party's country, below the organisation's own days; None for the organisation's.

        Shape: of(("contact", None), ("account", "SG")) -> Singapore's days
        """
        asked = (*chain, ("country", country))
        found = self._kept.get(asked)
        if found is None:
            named = [(who, name.strip()) for who, name in asked if name and name.strip()]
            found = self._kept[asked] = self._compose(named)
        return found

    def _compose(self, asked: Sequence[tuple[str, str]]) -> Calendar:
        layers: list[Layer] = []
        unknown: list[str] = []
        for who, name in asked:
            if who == "country":
                layers += self._org
            own, country = self._own.get(name.casefold()), self._country(name)
            if country is not None:
                return Calendar([*layers, *self._national(country)], self._known(country), unknown=unknown)
            if own is not None:
                layers.append(Layer(f"{who}:{name}", own))
            else:
                unknown.append(name)
        layers += [layer for layer in self._org if layer not in layers]
        return Calendar([*layers, *self._national(self._ground)], self._known(self._ground), unknown=unknown)

    def _national(self, country: Country) -> list[Layer]:
        """Give the own days that were entered for a whole country, such as next year's notice."""
        days = self._own.get(country.code.casefold())
        return [] if days is None else [Layer(f"country:{country.code}", days)]

    def _known(self, country: Country) -> Country:
        """Give the country with the years known whose list was entered whole."""
        years = self._listed.get(country.code.casefold())
        return country if not years else Country(country.code, lambda year: _published(country.year(year), year, years))


def _published(table: YearTable, year: int, years: Collection[int]) -> YearTable:
    return replace(table, published=True) if year in years else table


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(at) for at in range(first.toordinal(), last.toordinal() + 1)]
