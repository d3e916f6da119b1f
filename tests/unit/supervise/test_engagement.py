"""R12: the index to the integer, and none where too little is known."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supervise.ball import Holder
from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.engagement import EngagementCase, client_responses, engagement, responsiveness
from supervise.history import BallMove

CHINA = Calendars(org="CN", country=find_country).of()
SHANGHAI = ZoneInfo("Asia/Shanghai")
FULL: dict[str, Any] = {
    "on_time": 8, "due": 10, "response_days": (1, 3, 4), "attended": 6, "invited": 8, "survey_answered": 2,
    "survey_sent": 5, "active_contacts": 3, "expected_contacts": 4,
}  # fmt: skip
NO_SURVEY = {"survey_sent": 0, "survey_answered": 0}


@pytest.mark.parametrize(
    ("case", "index", "confidence"),
    [
        # .35*80 + .25*77.78 + .20*75 + .10*40 + .10*75 = 73.94
        (FULL, 74, "high"),
        # without the survey the others weigh more: 69.94 / .90 = 77.72; naive (the missing part counts 0): 70
        ({**FULL, **NO_SURVEY}, 78, "medium"),
        ({"on_time": 1, "due": 2, "attended": 1, "invited": 2}, 50, "low"),  # .55 of the weight
        ({"on_time": 8, "due": 10}, None, "none"),  # .35; naive: 80 out of one number
        ({"on_time": 1, "due": 1, "active_contacts": 1, "expected_contacts": 1}, None, "none"),  # .45
        ({"on_time": 1, "due": 1, "survey_sent": 2, "active_contacts": 1, "expected_contacts": 1}, 82, "low"),  # .55
        ({"response_days": (1,), "attended": 1, "invited": 1, "survey_sent": 1, "survey_answered": 1}, 100, "low"),
        # .20 + .10 + .10 = .40
        ({"attended": 1, "invited": 1, "survey_sent": 1, "active_contacts": 1, "expected_contacts": 1}, None, "none"),
        ({}, None, "none"),
        # 12.5 is 13; naive (banker's rounding): 12
        ({"due": 1, "response_days": (10,), "attended": 1, "invited": 2, "expected_contacts": 1, "survey_sent": 8,
          "survey_answered": 2}, 13, "high"),
        ({**FULL, "active_contacts": 9}, 76, "high"),  # more than expected is no more than all
    ],
)  # fmt: skip
def test_the_index(case: dict[str, Any], index: int | None, confidence: str) -> None:
    found = engagement(EngagementCase(**case))
    assert (found.index, found.confidence) == (index, confidence)
    code = found.reasons[0].code
    assert code == ("engagement_unknown" if index is None else "engagement_low" if index < 40 else "engagement")


def test_the_parts_show_what_they_rest_on() -> None:
    found = engagement(EngagementCase(**{**FULL, **NO_SURVEY}))
    assert [(part.name, str(part.weight), str(part.value), part.n) for part in found.parts] == [
        ("on_time", "38.9", "80.0", 10), ("responsiveness", "27.8", "77.8", 3), ("attendance", "22.2", "75.0", 8),
        ("survey", "0", "None", 0), ("breadth", "11.1", "75.0", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "value"),
    [
        ("0", "100"), ("1", "100"), ("1.9", "90"), ("5.5", "50"), ("10", "0"), ("25", "0"),
    ],
)  # fmt: skip
def test_the_line_of_responsiveness(days: str, value: str) -> None:
    assert responsiveness(Fraction(days)) == Fraction(value)


def test_the_median_of_an_even_number_is_the_middle() -> None:
    case = EngagementCase(**{**FULL, "response_days": (Decimal("2.5"), 4, 1, 9)})
    assert str(engagement(case).parts[1].value) == "75.0"  # of 3.25; naive (the mean, 4.125): 65.3


def moves(*steps: tuple[str, Holder]) -> list[BallMove]:
    return [
        BallMove(int(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI).timestamp() * 1000), who) for at, who in steps
    ]


def responses(found: list[BallMove], first: str = "2026-01-01", last: str = "2026-12-31") -> tuple[int, ...]:
    return client_responses(
        found, first=date.fromisoformat(first), last=date.fromisoformat(last), calendar=CHINA, zone=SHANGHAI
    )


def test_a_stretch_lasts_from_when_it_came_to_them_until_it_left() -> None:
    past = moves(
        ("2026-02-12T10:00", "vendor"),
        ("2026-02-13T10:00", "client"),
        ("2026-02-14T09:00", "client"),  # told twice that it is theirs
        ("2026-02-24T10:00", "vendor"),
        ("2026-06-01T10:00", "client"),
        ("2026-06-01T17:00", "third_party"),
        ("2026-06-02T10:00", "client"),
    )
    assert responses(past) == (2, 0)  # over the festival with its worked Saturday; naive (calendar days): 11, 0
    assert responses(past, first="2026-03-01") == (0,)
    assert responses(past, last="2026-02-23") == ()
    assert responses([]) == ()
