"""R11 H3: score, level and review of a risk on dated cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country
from supervise.knobs import Knobs
from supervise.risk import Risk, RiskView, level_of, rank_risks, read_grade, view_risk

CHINA = Calendars(org="CN", country=find_country).of()


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def view(today: str, *, calendar: Calendar = CHINA, knobs: Knobs | None = None, **risk: Any) -> RiskView:
    for name in ("reviewed_on", "identified_on"):
        risk[name] = day(risk.get(name))
    at = date.fromisoformat(today)
    return view_risk(Risk(**{"uid": "r1", **risk}), today=at, calendar=calendar, knobs=knobs or Knobs())


@pytest.mark.parametrize(
    ("probability", "impact", "score", "level"),
    [
        (1, 1, 1, "green"), (7, 1, None, None), (2, 3, 6, "green"), (2, 4, 8, "yellow"), (4, 2, 8, "yellow"),
        (3, 4, 12, "yellow"), (3, 5, 15, "red"), (4, 4, 16, "red"), (5, 5, 25, "red"),
        (None, 5, None, None),  # naive: a blank counts as 0 and the risk is green
        (5, None, None, None), (0, 5, None, None), (6, 5, None, None),
    ],
)  # fmt: skip
def test_the_score_and_its_level(probability: int | None, impact: int | None, score: int | None, level: str) -> None:
    found = view("2026-06-01", probability=probability, impact=impact)
    assert (found.score, found.level) == (score, level)
    assert [reason.code for reason in found.reasons] == ["risk_unscored" if score is None else "risk_score"]


@pytest.mark.parametrize(("score", "level"), [(7, "green"), (8, "yellow"), (14, "yellow"), (15, "red")])
def test_the_edges_of_the_levels(score: int, level: str) -> None:
    assert level_of(score) == level


@pytest.mark.parametrize(
    ("reviewed", "identified", "today", "overdue"),
    [
        ("2026-06-01", None, "2026-06-15", 0),  # 10 working days
        ("2026-06-01", None, "2026-06-16", 1),  # 11; naive (calendar days): 5
        ("2026-09-23", None, "2026-10-15", 1),  # two holidays and a worked Saturday; naive (weekends only): 6
        ("2026-02-10", None, "2026-03-03", 1),  # the festival with two worked Saturdays; naive: 5
        (None, "2026-06-01", "2026-06-16", 1),  # never looked at since it was entered
        (None, None, "2026-06-16", 0),
        ("2026-06-20", "2026-01-01", "2026-06-16", 0),
    ],
)
def test_a_review_is_overdue_after_ten_working_days(
    reviewed: str | None, identified: str | None, today: str, overdue: int
) -> None:
    found = view(today, probability=4, impact=4, reviewed_on=reviewed, identified_on=identified)
    assert found.review_overdue_bd == overdue
    if overdue:
        assert found.reasons[-1].code == "risk_review_overdue"
        assert found.reasons[-1].data == {"days": overdue}


def test_the_cadence_is_a_knob() -> None:
    knobs = Knobs(risk_review_bd=5)
    assert view("2026-06-16", reviewed_on="2026-06-01", knobs=knobs).review_overdue_bd == 6


@pytest.mark.parametrize("status", ["closed", "occurred"])
def test_a_risk_that_is_over_has_no_level_and_wants_no_review(status: str) -> None:
    found = view("2026-12-01", probability=5, impact=5, status=status, reviewed_on="2026-01-05")
    assert (found.live, found.level, found.review_overdue_bd, found.score) == (False, None, 0, 25)
    assert view("2026-12-01", status=status).reasons == ()


def test_the_list_shows_the_worst_first_and_hides_no_unscored_one() -> None:
    made = [
        view("2026-06-16", uid="a", probability=1, impact=1),
        view("2026-06-16", uid="b", probability=4, impact=4),
        view("2026-06-16", uid="c", reviewed_on="2026-05-01"),
        view("2026-06-16", uid="d", probability=5, impact=5, status="closed"),
    ]
    assert [each.uid for each in rank_risks(made)] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("value", "grade"),
    [("4", 4), ("4.0", 4), (" 5 ", 5), (3, 3), ("4.5", None), (6, None), ("0", None), ("", None), (None, None),
     (True, None), ("high", None), ("四", None), (["4"], None), ("²", None)],
)  # fmt: skip
def test_a_grade_is_read(value: Any, grade: int | None) -> None:
    assert read_grade(value) == grade
