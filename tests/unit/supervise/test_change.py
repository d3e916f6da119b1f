"""R15: the gate of an approval, the baselines it makes, and what all changes add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from supervise.calendar import Calendars
from supervise.change import (
    Baseline,
    ChangeRequest,
    ChangeView,
    change_totals,
    extension_bd,
    first_baseline,
    gate,
    rebaseline,
    view_change,
)
from supervise.countries import find_country
from supervise.knobs import Knobs

CHINA = Calendars(org="CN", country=find_country).of()
COMPLETE = ChangeRequest(
    uid="cr1",
    title="加报表",
    impact="多两张报表",
    cost=Decimal(12000),
    days=5,
    approver="c1",
    approver_roles=("approver",),
    decided_on=date(2026, 2, 12),
    submitted_on=date(2026, 2, 3),
    stage="approved",
    affected=("m1",),
)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, ()),
        ({"cost": Decimal(0), "days": 0}, ()),  # naive: zero is as good as blank
        ({"cost": None}, ("cost",)),
        ({"days": None}, ("days",)),
        ({"days": -3}, ()),
        ({"impact": "  "}, ("impact",)),
        ({"approver": ""}, ("approver",)),
        ({"approver_roles": ("coordinator", "key_user")}, ("approver_role",)),
        ({"approver_roles": ("decision_maker",)}, ()),
        ({"decided_on": None}, ("decided_on",)),
    ],
)
def test_an_approval_needs_impact_cost_days_who_and_when(change: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert gate(replace(COMPLETE, **change)) == missing


def test_an_empty_request_lacks_everything() -> None:
    assert gate(ChangeRequest(uid="x")) == ("impact", "cost", "days", "approver", "approver_role", "decided_on")


@pytest.mark.parametrize(
    ("start", "days", "to"),
    [
        ("2026-02-13", 5, "2026-02-27"),  # over the festival with its make-up Saturday; naive: 2026-02-20
        ("2026-09-30", 3, "2026-10-10"),  # ends on a worked Saturday; naive: 2026-10-05
        ("2026-06-20", 0, "2026-06-20"),  # no days move nothing, also from a day off; naive (rolled): 06-22
        ("2026-06-22", -1, "2026-06-18"),
    ],
)
def test_a_milestone_moves_by_working_days(start: str, days: int, to: str) -> None:
    plan = [first_baseline({"m1": day(start), "m2": day("2026-12-01")})]
    made = rebaseline(plan, replace(COMPLETE, days=days), CHINA)
    assert made.dates == {"m1": day(to), "m2": day("2026-12-01")}
    assert (made.version, made.cr, made.approved_by, made.approved_on) == (2, "cr1", "c1", day("2026-02-12"))
    assert made.reasons[0].data["from"] == start
    assert plan[0].dates["m1"] == day(start)  # the original is never edited


def test_each_change_moves_from_the_last_version_and_the_extension_is_against_the_first() -> None:
    plan: list[Baseline] = [first_baseline({"m1": day("2026-06-05")})]
    plan.append(rebaseline(plan, COMPLETE, CHINA))
    plan.append(rebaseline(list(reversed(plan)), replace(COMPLETE, uid="cr2", days=10), CHINA))
    assert [each.version for each in plan] == [1, 2, 3]
    assert plan[2].dates["m1"] == day("2026-06-29")  # naive (from the original): 06-22
    assert extension_bd(day("2026-06-05"), plan[2].dates["m1"], CHINA) == 15


def test_a_milestone_outside_the_plan_does_not_move_and_is_named() -> None:
    made = rebaseline([first_baseline({})], COMPLETE, CHINA)
    assert made.dates == {}
    assert [(reason.code, reason.data["milestone"]) for reason in made.reasons] == [("milestone_unknown", "m1")]


def test_an_incomplete_change_moves_nothing() -> None:
    with pytest.raises(ValueError, match="it lacks cost, decided_on"):
        rebaseline([first_baseline({})], replace(COMPLETE, cost=None, decided_on=None), CHINA)
    with pytest.raises(ValueError, match="no baseline"):
        rebaseline([], COMPLETE, CHINA)


def view(today: str, knobs: Knobs | None = None, **change: Any) -> ChangeView:
    return view_change(replace(COMPLETE, **change), today=day(today), calendar=CHINA, knobs=knobs or Knobs())


@pytest.mark.parametrize(
    ("stage", "today", "age", "flags"),
    [
        ("quoted", "2026-02-24", 10, ()),  # submitted on the 3rd; naive (calendar days): 21
        ("quoted", "2026-02-25", 11, ("decision_ageing",)),
        ("negotiating", "2026-02-25", 11, ("decision_ageing",)),
        ("deferred", "2026-03-25", 32, ()),  # put off by agreement
        ("draft", "2026-03-25", 32, ()),
        ("withdrawn", "2026-03-25", 32, ()),
    ],
)
def test_a_decision_ages_in_working_days(stage: str, today: str, age: int, flags: tuple[str, ...]) -> None:
    found = view(today, stage=stage, decided_on=None)
    assert (found.age_bd, found.flags) == (age, flags)
    assert found.undecided is (stage in {"quoted", "negotiating"})


def test_the_age_stops_with_the_decision_and_a_draft_has_none() -> None:
    assert view("2026-06-01").age_bd == 7  # to the 12th of February
    assert view("2026-06-01", submitted_on=None).age_bd is None
    assert view("2026-02-25", stage="quoted", decided_on=None, knobs=Knobs(change_age_bd=11)).flags == ()


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        ({"started_on": day("2026-02-12")}, ()),  # on the day of the decision
        ({"started_on": day("2026-02-11")}, ("unauthorised_change",)),
        ({"stage": "implementing"}, ()),
        ({"stage": "implementing", "decided_on": None}, ("unauthorised_change", "approved_incomplete")),
        ({"stage": "rejected", "started_on": day("2026-03-01")}, ("unauthorised_change",)),
        ({"stage": "quoted", "decided_on": None, "started_on": day("2026-02-05")}, ("unauthorised_change",)),
        ({"stage": "approved", "cost": None}, ("approved_incomplete",)),
        ({"stage": "quoted", "decided_on": None}, ()),
    ],
)
def test_work_before_the_approval_is_flagged(change: dict[str, Any], flags: tuple[str, ...]) -> None:
    found = view("2026-02-13", **change)
    assert found.flags == flags


@pytest.mark.parametrize(
    ("change", "approved"),
    [
        ({}, True),
        ({"stage": "closed"}, True),
        ({"stage": "quoted"}, False),
        ({"cost": None}, False),  # naive: the stage alone makes it approved
    ],
)
def test_approved_is_the_stage_with_everything_behind_it(change: dict[str, Any], approved: bool) -> None:
    assert view("2026-02-13", **change).approved is approved


def test_totals_count_money_and_days_of_what_was_approved() -> None:
    made = [
        view("2026-02-25"),
        view("2026-02-25", uid="cr2", stage="closed", cost=Decimal("0.10"), days=0),
        view("2026-02-25", uid="cr3", stage="closed", cost=Decimal("0.20"), days=-2),
        view("2026-02-25", uid="cr4", stage="quoted", decided_on=None),
        view("2026-02-25", uid="cr5", stage="submitted", decided_on=None, submitted_on=day("2026-02-24")),
        view("2026-02-25", uid="cr6", stage="implementing", cost=None),
        view("2026-02-25", uid="cr7", stage="draft", decided_on=None, submitted_on=None),
    ]
    totals = change_totals(made)
    assert (totals.count, totals.approved, totals.cost, totals.days) == (6, 3, Decimal("12000.30"), 3)
    assert (totals.undecided, totals.oldest_age_bd, totals.unauthorised) == (2, 11, 0)
    assert change_totals([]).oldest_age_bd is None
