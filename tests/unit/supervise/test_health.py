"""R11: seven signals, the worst of them, and how slowly it gets better."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from supervise.calendar import Calendars
from supervise.change import ChangeRequest, ChangeView, view_change
from supervise.countries import find_country
from supervise.engagement import Engagement
from supervise.health import (
    Health,
    HealthCase,
    HealthLevel,
    HealthMemory,
    LateItem,
    Level,
    Mood,
    Slip,
    health,
    join,
    read_memory,
    settle,
)
from supervise.knobs import Knobs
from supervise.risk import Risk, RiskView, view_risk

CHINA = Calendars(org="CN", country=find_country).of()
TODAY = date(2026, 6, 16)
KNOBS = Knobs()


def judge(knobs: Knobs = KNOBS, **case: Any) -> Health:
    return health(HealthCase(**{"uid": "p1", "today": TODAY, **case}), knobs)


def risk(probability: int | None, impact: int | None, reviewed: str = "2026-06-15", **more: Any) -> RiskView:
    made = Risk(uid="r1", title="接口", probability=probability, impact=impact,
                reviewed_on=date.fromisoformat(reviewed), **more)  # fmt: skip
    return view_risk(made, today=TODAY, calendar=CHINA, knobs=KNOBS)


def change(**more: Any) -> ChangeView:
    usual = {"uid": "cr1", "title": "报表", "stage": "quoted", "submitted_on": date(2026, 6, 15)}
    return view_change(ChangeRequest(**{**usual, **more}), today=TODAY, calendar=CHINA, knobs=KNOBS)


def index(value: int | None) -> Engagement:
    return Engagement(index=value, parts=(), confidence="high")


def late(obd: int, *, blocking: bool = False, uid: str = "t1") -> LateItem:
    return LateItem(uid=uid, title="签字", obd=obd, blocking=blocking)


def slip(days: int, due: str | None = "2026-06-30", *, critical: bool = False, uid: str = "m1") -> Slip:
    return Slip(uid=uid, title="UAT", slip_bd=days, due=date.fromisoformat(due) if due else None, critical=critical)


@pytest.mark.parametrize(
    ("case", "signal", "level", "code"),
    [
        ({"slips": [slip(0)]}, "H1", "green", "on_plan"),
        ({"slips": [slip(-3)]}, "H1", "green", "on_plan"),
        ({"slips": [slip(1)]}, "H1", "yellow", "milestone_slips"),
        ({"slips": [slip(5)]}, "H1", "yellow", "milestone_slips"),
        ({"slips": [slip(6)]}, "H1", "red", "milestone_slips"),
        # the next one counts, not the worst; naive: red
        ({"slips": [slip(9, "2026-09-01"), slip(1, uid="m0")]}, "H1", "yellow", "milestone_slips"),
        ({"slips": [slip(9, None), slip(0)]}, "H1", "green", "on_plan"),
        ({"slips": [slip(0), slip(7, "2026-09-01", critical=True)]}, "H1", "red", "milestone_slips"),
        ({"client_items": []}, "H2", "green", "nothing_late"),
        ({"client_items": [late(0, blocking=True)]}, "H2", "green", "nothing_late"),  # overdue on a weekend
        ({"client_items": [late(1, blocking=True)]}, "H2", "yellow", "blocking_item_late"),
        ({"client_items": [late(4, blocking=True)]}, "H2", "yellow", "blocking_item_late"),
        ({"client_items": [late(5, blocking=True)]}, "H2", "red", "blocking_item_late"),
        ({"client_items": [late(4)]}, "H2", "green", "item_late"),
        ({"client_items": [late(5)]}, "H2", "yellow", "item_late"),
        ({"client_items": [late(40)]}, "H2", "yellow", "item_late"),  # naive (by severity): red
        ({"client_items": [late(40), late(5, blocking=True)]}, "H2", "red", "blocking_item_late"),
        ({"our_items": [late(5, blocking=True)]}, "H7", "red", "blocking_item_late"),  # the same for us
        ({"our_items": [late(4)]}, "H7", "green", "item_late"),
        ({"risks": [risk(1, 5)]}, "H3", "green", "risk_score"),
        ({"risks": [risk(2, 4)]}, "H3", "yellow", "risk_score"),
        ({"risks": [risk(3, 5)]}, "H3", "red", "risk_score"),
        ({"risks": [risk(1, 1, "2026-06-01")]}, "H3", "yellow", "risk_review_overdue"),
        ({"risks": [risk(4, 4, "2026-06-01"), risk(1, 1)]}, "H3", "red", "risk_review_overdue"),
        ({"risks": [risk(None, 1, "2026-06-01")]}, "H3", "yellow", "risk_review_overdue"),
        ({"changes": [change()]}, "H4", "green", "changes_in_hand"),
        ({"changes": [change(submitted_on=date(2026, 6, 1))]}, "H4", "yellow", "decision_ageing"),
        ({"changes": [change(submitted_on=date(2026, 6, 1)), change(stage="implementing", submitted_on=None)]}, "H4",
         "yellow", "unauthorised_change"),
        ({"mood": Mood()}, "H5", "green", "nobody_unhappy"),
        ({"mood": Mood(unhappy=["f2", "f1"])}, "H5", "yellow", "contact_unhappy"),
        ({"mood": Mood(unhappy=["f2"], complaints=["f3"])}, "H5", "red", "complaint_open"),
        ({"engagement": index(40)}, "H6", "green", "engagement"),
        ({"engagement": index(39)}, "H6", "yellow", "engagement_low"),
    ],
)  # fmt: skip
def test_a_signal(case: dict[str, Any], signal: str, level: str, code: str) -> None:
    found = judge(**case)
    assert [(each.code, each.level, each.reason.code) for each in found.signals] == [(signal, level, code)]
    assert found.level == found.computed_today == level
    assert found.signals[0].reason.rule == f"R11.{signal}"


def test_the_acceptance_case_of_the_risk_register() -> None:
    found = judge(risks=[risk(4, 4, "2026-06-01")])
    assert found.level == "red"
    assert found.signals[0].reason.data == {"title": "接口", "score": 16, "days": 1}  # review overdue 1 BD


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"client_items": None, "our_items": None},
        {"engagement": index(None)},
        {"risks": [risk(None, None)]},
        {"risks": [risk(5, 5, status="closed")]},
    ],
)
def test_nothing_to_judge_by_is_unknown_and_never_green(case: dict[str, Any]) -> None:
    found = judge(**case, declared="green")
    assert (found.level, found.computed_today, found.signals) == ("unknown", "unknown", ())
    assert (found.declared_gap, found.watermelon, found.memory) == (None, False, HealthMemory())
    assert [reason.code for reason in found.reasons] == ["health_unknown"]


def test_health_is_the_worst_signal_and_lists_it_first() -> None:
    found = judge(slips=[slip(1)], client_items=[late(6, blocking=True)], our_items=[], engagement=index(80))
    assert found.level == "red"
    assert [each.code for each in found.signals] == ["H2", "H1", "H6", "H7"]
    assert judge(**{"slips": [slip(1)]}, confidence="low").confidence == "low"


def test_the_slip_is_a_knob() -> None:
    assert judge(Knobs(slip_yellow_bd=3, slip_red_bd=4), slips=[slip(2)]).level == "green"


@pytest.mark.parametrize(
    ("declared", "gap", "watermelon"),
    [("green", 2, True), ("yellow", 1, True), ("red", 0, False), ("unknown", None, False), (None, None, False)],
)
def test_declared_better_than_it_is_makes_a_watermelon(declared: str | None, gap: int | None, watermelon: bool) -> None:
    found = judge(slips=[slip(9)], declared=declared)
    assert (found.declared_gap, found.watermelon) == (gap, watermelon)
    assert ("watermelon" in [reason.code for reason in found.reasons]) is watermelon
    better = judge(slips=[slip(0)], declared="red")
    assert (better.declared_gap, better.watermelon) == (-2, False)


def play(course: str, days: int = 2) -> str:
    """Play one evaluation a day; letters are what was computed, a comma ends a day."""
    names: dict[str, HealthLevel] = {"g": "green", "y": "yellow", "r": "red", "u": "unknown"}
    memory: HealthMemory | None = None
    shown, today = "", TODAY
    for step in course:
        if step == ",":
            today += timedelta(days=1)
            shown += ","
            continue
        level, memory = settle(names[step], memory, today, days)
        shown += level[0]
    return shown


@pytest.mark.parametrize(
    ("course", "shown"),
    [
        ("g,r", "g,r"),  # worse at once
        ("r,g", "r,r"),  # naive: green at once
        ("r,g,g", "r,r,g"),
        ("r,y,g", "r,r,y"),  # two better days, but only yellow was held for both; naive: green
        ("r,y,g,g", "r,r,y,g"),
        ("r,g,r,g", "r,r,r,r"),
        ("r,g,g,y", "r,r,g,y"),
        ("r,gggg", "r,rrrr"),  # an hourly clock is not four days; naive: green in the afternoon
        ("rgg,g,g", "rrr,r,g"),
        ("r,g,u,g", "r,r,u,g"),  # a day without sources proves nothing and is not counted
        ("r,u,g", "r,u,r"),  # naive: what could not be told wipes out the red
        ("u,g", "u,g"),
        ("g,,,,r", "g,,,,r"),
        ("r,,,,g", "r,,,,r"),  # days nobody looked at are not better days
    ],
)
def test_better_takes_two_days_in_a_row(course: str, shown: str) -> None:
    assert play(course) == shown


def test_the_days_are_a_knob() -> None:
    assert play("r,g", 1) == "r,g"
    assert play("r,g,g,g", 3) == "r,r,r,g"


def test_looking_back_does_not_use_what_came_later() -> None:
    memory = HealthMemory(days=((date(2026, 6, 15), "green"), (date(2026, 6, 17), "red")))
    level, kept = settle("green", memory, TODAY, 2)
    assert (level, kept.days) == ("green", ((date(2026, 6, 15), "green"), (TODAY, "green")))


def test_what_settles_is_told_and_remembered() -> None:
    bad = judge(slips=[slip(9)])
    good = judge(slips=[slip(0)], previous=bad.memory, today=TODAY + timedelta(days=1), declared="green")
    assert (good.level, good.computed_today, good.watermelon) == ("red", "green", True)
    assert "health_settling" in [reason.code for reason in good.reasons]
    assert read_memory(good.memory.as_data()) == good.memory


@pytest.mark.parametrize("data", [None, {}, "x", [["2026-06-15", "odd"]], [["2026-06-15"]], [3]])
def test_a_memory_that_cannot_be_read_is_none(data: object) -> None:
    assert read_memory(data) == HealthMemory()


def test_the_worst_of_levels() -> None:
    levels: list[Level] = ["green", "red", "yellow"]
    assert join(levels) == "red"
    with pytest.raises(ValueError):
        join([])


def test_an_approved_change_is_in_hand() -> None:
    done = replace(change(), flags=(), cost=Decimal(0))
    assert judge(changes=[done]).level == "green"
