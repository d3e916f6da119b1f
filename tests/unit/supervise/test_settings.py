"""``[supervise]`` of the configuration: what is taken, and the one clear line for what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mapping.errors import ConfigError
from supervise.cases import unusual
from supervise.knobs import Knobs, Ladder
from supervise.settings import calendar_word, read_knobs


def ms(year: int, month: int) -> int:
    return int(datetime(year, month, 15, tzinfo=UTC).timestamp() * 1000)


def test_knobs_are_read_and_the_rest_keeps_its_default() -> None:
    table = {
        "grace_bd": 1,
        "ladder": [2, 4, 6],
        "authority": ["zoho", "fxiaoke"],
        "roll": "preceding",
        "calendar": "SG",
        "count_start_day": True,
        "deemed_after_bd": 10,
    }
    knobs = read_knobs(table, "Asia/Singapore")
    assert knobs == Knobs(
        zone="Asia/Singapore", grace_bd=1, ladder=Ladder(2, 4, 6), authority=("zoho", "fxiaoke"), roll="preceding",
        calendar="SG", count_start_day=True, deemed_after_bd=10,
    )  # fmt: skip
    assert read_knobs({}, "Asia/Shanghai") == Knobs()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"grace_db": 1}, r"grace_db: unknown key; did you mean grace_bd\?"),
        ({"entirely_else": 1}, "entirely_else: unknown key$"),
        ({"grace_bd": "1"}, "grace_bd: '1' does not fit"),
        ({"grace_bd": True}, "grace_bd: True does not fit"),
        ({"grace_bd": -1}, "cannot be negative"),
        ({"stale_after_h": 0}, "at least 1"),
        ({"count_start_day": 1}, "count_start_day: 1 does not fit"),
        ({"count_start_day": "yes"}, "count_start_day: 'yes' does not fit"),
        ({"cadence_bd": 0}, "cadence_bd is 0; it must be at least 1"),
        ({"deemed_after_bd": -1}, "cannot be negative"),
        ({"slip_yellow_bd": 7}, r"slip_yellow_bd is 7; it cannot be above slip_red_bd \(6\)"),
        ({"day_end": "25:00"}, "accepted is a time like '18:00'"),
        ({"day_end": "00:00"}, "day_end is '00:00'"),
        ({"survey_min": 31}, "cannot be above survey_sure"),
        ({"ladder": [3, "x", 10]}, "ladder:"),
        ({"ladder": [5, 3, 10]}, "levels must rise"),
        ({"roll": "sideways"}, "accepted are following, preceding, none"),
        ({"due_policy": "elastic"}, "accepted are floating, fixed"),
        ({"milestone_policy": ""}, "milestone_policy is ''"),
    ],
)
def test_a_bad_knob_is_one_clear_line(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_knobs(table, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("calendar", "at", "worrying", "said"),
    [
        ("CN", ms(2026, 10), False, "known until 2026-12-31"),
        ("CN", ms(2026, 11), True, "known until 2026-12-31"),
        ("CN", ms(2025, 12), False, "known until 2026-12-31"),
        ("CN", ms(2030, 1), True, "only weekends are known"),
        ("own-days", ms(2026, 1), True, "only weekends are known"),
    ],
)
def test_the_doctor_warns_when_next_years_days_are_not_known(calendar: str, at: int, worrying: bool, said: str) -> None:
    found = calendar_word(Knobs(calendar=calendar), at)
    assert found[0] is worrying
    assert said in found[1]
    assert found[2]


OWN = {
    "grace_bd": 1,
    "accounts": {"华星": {"grace_bd": 2, "cadence_bd": 10}},
    "projects": {"HT-2026-001": {"grace_bd": 3, "ladder": [1, 2, 3]}},
}


@pytest.mark.parametrize(
    ("account", "project", "grace", "cadence", "s2"),
    [
        ((), (), 1, 5, 3),
        (("a1", " 华星 "), (), 2, 10, 3),
        (("a1", "华星"), ("p1", "ht-2026-001"), 3, 10, 1),  # naive: the client's knobs go before the project's
        (("a1", "别家"), ("p1", "HT-2026-001"), 3, 5, 1),
        (("", "别家"), ("", "P"), 1, 5, 3),
    ],
)
def test_a_client_and_a_project_may_have_knobs_of_their_own(
    account: tuple[str, ...], project: tuple[str, ...], grace: int, cadence: int, s2: int
) -> None:
    knobs = read_knobs(OWN, "Asia/Shanghai").of(account, project)
    assert (knobs.grace_bd, knobs.cadence_bd, knobs.ladder.s2, knobs.zone) == (grace, cadence, s2, "Asia/Shanghai")
    assert (knobs.accounts, knobs.projects) == ({}, {})  # one client never reads of another's


def test_the_whole_deployments_report_names_the_knobs_that_some_have_of_their_own() -> None:
    assert unusual(read_knobs(OWN, "Asia/Shanghai")) == {
        "grace_bd": 1,
        "accounts.华星.grace_bd": 2,
        "accounts.华星.cadence_bd": 10,
        "projects.ht-2026-001.grace_bd": 3,
        "projects.ht-2026-001.ladder": {"s2": 1, "s3": 2, "s4": 3},
    }


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"accounts": {"A": {"calendar": "US"}}}, r'\[supervise.accounts."A"\] calendar: unknown key'),
        ({"projects": {"P": {"grace_bd": -1}}}, r'\[supervise.projects."P"\] grace_bd is -1'),
        ({"projects": {"P": {"slip_yellow_bd": 9}}}, "cannot be above slip_red_bd"),
        ({"projects": {"P": {"grace_bd": "x"}}}, r'\[supervise.projects."P"\] grace_bd: '),
        ({"projects": {"P": 3}}, r"\[supervise.projects\]: a table of knobs by name"),
        ({"accounts": 3}, r"\[supervise.accounts\]: a table of knobs by name"),
    ],
)
def test_a_bad_knob_of_ones_own_is_one_clear_line(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_knobs(table, "Asia/Shanghai")
