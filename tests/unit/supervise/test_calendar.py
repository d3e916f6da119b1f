"""R3: whose days count, and the sums over them."""

from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest

from supervise.calendar import Calendar, Calendars, Country, YearTable
from supervise.countries import country_code, find_country, known_until


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture(scope="module")
def china() -> Calendar:
    return Calendars(org="CN", country=find_country).of()


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_china_agrees_day_by_day_with_the_package(china: Calendar, year: int) -> None:
    book = holidays.country_holidays("CN", years=year)
    at = date(year, 1, 1)
    while at.year == year:
        assert china.workday(at) == book.is_working_day(at), at
        assert china.day(at).known
        at += timedelta(days=1)


@pytest.mark.parametrize(("year", "count"), [(2024, 251), (2025, 248), (2026, 248)])
def test_china_has_the_announced_number_of_working_days(china: Calendar, year: int, count: int) -> None:
    assert china.bd(date(year - 1, 12, 31), date(year, 12, 31)) == count


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("2025-01-26", True),  # Sunday, worked for the Spring Festival
        ("2025-01-27", True),
        ("2025-01-28", False),
        ("2025-02-04", False),
        ("2025-02-08", True),
        ("2025-04-27", True),
        ("2025-05-31", False),
        ("2025-09-28", True),
        ("2025-10-08", False),
        ("2025-10-11", True),
        ("2026-01-02", False),
        ("2026-01-04", True),
        ("2026-02-14", True),
        ("2026-02-15", False),
        ("2026-02-23", False),
        ("2026-02-28", True),
        ("2026-04-06", False),
        ("2026-05-05", False),
        ("2026-05-09", True),
        ("2026-06-19", False),
        ("2026-09-20", True),
        ("2026-09-25", False),
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2026-10-11", False),
    ],
)
def test_a_dated_day_in_china(china: Calendar, text: str, works: bool) -> None:
    assert china.workday(day(text)) is works


def test_a_span_counts_without_its_start_and_with_its_end(china: Calendar) -> None:
    assert china.bd(day("2026-02-13"), day("2026-02-24")) == 2  # the make-up Saturday and the first day back
    assert china.bd(day("2026-06-01"), day("2026-06-01")) == 0
    assert china.bd(day("2026-02-24"), day("2026-02-13")) == -2
    assert china.bd(day("2024-12-31"), day("2026-12-31")) == 496


def test_adding_days_skips_the_festival_and_uses_the_make_up_day(china: Calendar) -> None:
    assert china.add_bd(day("2026-02-13"), 1) == day("2026-02-14")
    assert china.add_bd(day("2026-02-13"), 2) == day("2026-02-24")
    assert china.add_bd(day("2026-10-01"), 0) == day("2026-10-08")
    with pytest.raises(ValueError, match="counts forward"):
        china.add_bd(day("2026-10-01"), -1)


@pytest.mark.parametrize(
    ("start", "days", "to"),
    [
        ("2026-02-13", 2, "2026-02-24"),  # over the festival, with its make-up Saturday; naive: 2026-02-17
        ("2026-02-24", -2, "2026-02-13"),
        ("2026-06-20", 0, "2026-06-20"),  # a Saturday moved by nothing; naive (rolled): the 22nd
        ("2026-06-20", -1, "2026-06-18"),  # the 19th is a holiday
    ],
)
def test_a_day_is_shifted_in_either_direction(china: Calendar, start: str, days: int, to: str) -> None:
    assert china.shift(day(start), days) == day(to)


@pytest.mark.parametrize(
    ("start", "count_start", "to"),
    [
        ("2026-09-30", False, "2026-10-10"),  # National Day in between, the 10th is a worked Saturday
        ("2026-09-30", True, "2026-10-09"),
        ("2026-10-01", False, "2026-10-10"),
        ("2026-10-01", True, "2026-10-10"),  # a day off is never the first day; naive: the 9th
    ],
)
def test_a_term_counts_its_start_day_only_when_agreed(china: Calendar, start: str, count_start: bool, to: str) -> None:
    assert china.term_end(day(start), 3, count_start=count_start) == day(to)
    with pytest.raises(ValueError, match="at least one day"):
        china.term_end(day(start), 0)


@pytest.mark.parametrize(
    ("rule", "to"), [("following", "2026-10-08"), ("preceding", "2026-09-30"), ("none", "2026-10-03")]
)
def test_a_day_off_rolls_as_the_knob_says(china: Calendar, rule: str, to: str) -> None:
    assert china.roll(day("2026-10-03"), rule) == day(to)  # type: ignore[arg-type]


def test_a_year_without_a_notice_follows_the_weekend_and_is_provisional(china: Calendar) -> None:
    assert china.workday(day("2027-01-01"))  # Friday; nobody announced a holiday yet
    assert not china.workday(day("2027-01-02"))
    assert not china.day(day("2027-03-01")).known
    assert china.provisional(day("2026-12-31"), day("2027-01-01"))
    assert not china.provisional(day("2026-01-01"), day("2026-12-31"))
    assert china.provisional(day("2023-12-31"), day("2023-12-31"))
    assert known_until("CN", first=2024, last=2030) == day("2026-12-31")
    assert known_until("Atlantis", first=2024, last=2030) is None


def test_other_countries_come_from_the_package() -> None:
    calendars = Calendars(org="CN", country=find_country)
    us = calendars.of(("account", "US"))
    assert not us.workday(day("2026-11-26"))  # Thanksgiving
    assert us.workday(day("2026-10-01"))
    assert calendars.of(country="Singapore").name == "SG"


def test_the_united_kingdom_is_englands_unless_a_part_is_named() -> None:
    calendars = Calendars(org="CN", country=find_country)
    easter_monday = day("2026-04-06")  # naive (days common to all parts): worked
    assert not calendars.of(country="UK").workday(easter_monday)
    assert calendars.of(country="GB-SCT").workday(easter_monday)
    assert not calendars.of(country="GB-SCT").workday(day("2026-11-30"))  # Saint Andrew


def test_a_country_may_rest_on_other_days_than_saturday_and_sunday() -> None:
    egypt = Calendars(org="CN", country=find_country).of(("contact", "EG"))
    assert not egypt.workday(day("2026-11-20"))  # Friday
    assert not egypt.workday(day("2026-11-21"))  # Saturday
    assert egypt.workday(day("2026-11-22"))  # Sunday


@pytest.mark.parametrize(("code", "year"), [("AE", 2030), ("SA", 2030), ("TW", 2029), ("US", 2199)])
def test_a_year_that_is_only_reckoned_is_not_published(code: str, year: int) -> None:
    found = find_country(code)
    assert found is not None
    assert not found.year(year).published
    assert found.year(2025).published or code == "SA"


@pytest.mark.parametrize(
    ("text", "code"),
    [("CN", "CN"), ("中国", "CN"), (" china ", "CN"), ("Singapore", "SG"), ("UK", "GB"), ("united  states", "US"),
     ("deu", "DE"), ("美国", "US"), ("Atlantis", None), ("gb-sct", "GB-SCT"), ("Scotland", "GB-SCT"),
     ("DE-BY", "DE-BY"), ("US-XX", None),     ("XX-YY", None), ("Guinea-Bissau", "GW")],
)  # fmt: skip
def test_a_country_is_found_by_what_people_write(text: str, code: str | None) -> None:
    assert country_code(text) == code


def test_the_most_specific_layer_that_speaks_decides() -> None:
    own = {"bank": {day("2026-02-14"): False}, "site": {day("2026-02-14"): True, day("2026-02-21"): True}}
    calendars = Calendars(org="CN", country=find_country, own=own)
    both = calendars.of(("account", "Bank"), ("project", "site"))
    assert both.day(day("2026-02-14")).layer == "account:Bank"
    assert not both.workday(day("2026-02-14"))
    assert both.workday(day("2026-02-21"))
    assert both.day(day("2026-02-28")).layer == "CN"
    assert calendars.of(("project", "site")).workday(day("2026-02-14"))
    assert both is calendars.of(("account", "Bank"), ("project", "site"))


def test_a_country_named_by_a_layer_ends_the_chain() -> None:
    calendars = Calendars(org="CN", country=find_country, own={"site": {day("2026-02-17"): True}})
    assert calendars.of(("account", "SG"), ("project", "site")).name == "SG"


def test_days_of_the_organisation_stand_over_the_clients_country() -> None:
    calendars = Calendars(org="firm", country=find_country, own={"firm": {day("2026-11-27"): False}})
    assert not calendars.of(country="US").workday(day("2026-11-27"))
    assert not calendars.of().workday(day("2026-11-27"))
    assert calendars.of().name == "org:firm>CN"


def test_days_entered_for_a_country_are_known() -> None:
    calendars = Calendars(org="CN", country=find_country, own={"CN": {day("2027-01-01"): False}})
    for calendar in (calendars.of(), calendars.of(country="中国")):
        assert not calendar.workday(day("2027-01-01"))
        assert calendar.day(day("2027-01-01")).known
    assert calendars.of(country="US").name == "US"


def test_a_year_is_known_once_its_whole_list_was_entered() -> None:
    days = {day("2027-01-01"): False, day("2027-01-31"): True}
    partly = Calendars(org="CN", country=find_country, own={"CN": days}).of()
    whole = Calendars(org="CN", country=find_country, own={"CN": days}, listed={"CN": [2027]})
    assert partly.provisional(day("2027-03-01"), day("2027-03-03"))
    for calendar in (whole.of(), whole.of(country="中国")):
        assert not calendar.provisional(day("2027-01-01"), day("2027-12-31"))
        assert (calendar.workday(day("2027-01-31")), calendar.workday(day("2027-03-06"))) == (True, False)
        assert calendar.provisional(day("2027-12-31"), day("2028-01-01"))
        assert calendar.name == "country:CN>CN"


def test_an_unknown_name_is_passed_over_and_told() -> None:
    calendar = Calendars(org="CN", country=find_country).of(("contact", "Atlantis"))
    assert calendar.unknown == ("Atlantis",)
    assert calendar.name == "CN"


def test_an_organisation_without_any_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown calendar 'Atlantis'"):
        Calendars(org="Atlantis", country=find_country)
    with pytest.raises(ValueError, match="unknown country"):
        Calendars(org="firm", own={"firm": {}}, country=lambda _text: None)


def test_a_calendar_without_working_days_is_refused_instead_of_searched_for_ever() -> None:
    idle = Country("XX", lambda _year: YearTable((False,) * 366, True))
    with pytest.raises(ValueError, match="no working day"):
        Calendar([], idle).add_bd(day("2026-01-01"), 1)
