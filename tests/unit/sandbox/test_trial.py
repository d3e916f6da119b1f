"""The judgement of a trial: what is lost, made twice or not explained must cost points and the exit code."""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import parse_rule
from sandbox.trial.asked import read_exchanges, repeats, was_unseen
from sandbox.trial.faults import PROFILES, draw_rules
from sandbox.trial.score import BROKEN, Difference, Edit, Ending, fate, judge

ARRIVED = Edit(
    entity="task", field="due", side="a", record="7", value="2031-01-02", stands=True, stands_there=True
)  # fmt: skip
GOOD = Ending(
    records=10, fields=80, edits=[ARRIVED] * 5, writes=5,
    differences=[Difference(entity="task", field="title", record="7", reason="question")],
)  # fmt: skip


def changed(edit: Edit, **values: Any) -> Edit:
    return dataclasses.replace(edit, **values)


def test_a_trial_without_a_broken_promise_gets_all_points_and_exit_0() -> None:
    score = judge(GOOD)
    assert (score.points, score.exit_code, score.broken) == (100.0, 0, {})
    assert score.fates["arrived"] == 5
    assert score.reasons == {"question": 1}


@pytest.mark.parametrize(
    ("planted", "promise"),
    [
        ({"edits": [changed(ARRIVED, stands=False, stands_there=False)]}, "lost"),
        ({"edits": [changed(ARRIVED, stands_there=False)]}, "lost"),
        ({"duplicates": ["a contact 9: made, and tied to nothing"]}, "duplicates"),
        ({"differences": [Difference(entity="task", field="title", record="7", reason="")]}, "unexplained"),
        ({"unintended": ["a Tasks 7"]}, "unintended"),
        ({"late_writes": 1}, "late_writes"),
        ({"rested": False}, "unrest"),
        ({"stopped": "a rail"}, "stopped"),
    ],
)
def test_whatever_is_broken_lowers_the_points_and_the_exit_code(planted: dict[str, Any], promise: str) -> None:
    score = judge(dataclasses.replace(GOOD, **planted))
    assert score.exit_code == BROKEN
    assert score.points < 100
    assert score.broken == {promise: 1}


def test_one_broken_promise_among_a_million_checks_is_never_rounded_away() -> None:
    assert judge(dataclasses.replace(GOOD, fields=1_000_000, late_writes=1)).points == 99.9


def test_more_broken_promises_than_checks_give_no_points() -> None:
    assert judge(dataclasses.replace(GOOD, late_writes=1000)).points == 0.0


OVERWRITTEN = changed(ARRIVED, stands=False, stands_there=False)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (ARRIVED, "arrived"),
        (changed(ARRIVED, stands_there=False, explained="loss"), "arrived"),
        (changed(ARRIVED, stands_there=False, explained="loss", asked=True), "parked"),
        (changed(ARRIVED, stands_there=False, asked=True), "parked"),
        (changed(ARRIVED, stands_there=False, gone=True), "superseded"),
        (changed(OVERWRITTEN, replaced=True), "superseded"),
        (changed(OVERWRITTEN, reached=True, answered=True), "superseded"),
        (changed(OVERWRITTEN, reached=True), "lost"),
        (changed(OVERWRITTEN, answered=True), "lost"),
        (changed(OVERWRITTEN, explained="loss"), "lost"),
        (changed(OVERWRITTEN, asked=True), "parked"),
        (changed(OVERWRITTEN, unseen=True), "window"),
        (changed(ARRIVED, stands_there=False, unseen=True), "lost"),
    ],
)
def test_what_became_of_an_edit(edit: Edit, expected: str) -> None:
    assert fate(edit) == expected


def test_every_profile_draws_rules_the_servers_take_and_the_same_ones_for_the_same_seed() -> None:
    for profile in PROFILES.values():
        drawn = [draw_rules(profile, random.Random(seed)) for seed in range(50)]
        assert drawn == [draw_rules(profile, random.Random(seed)) for seed in range(50)]
        assert {len(rules) for rules in drawn} == {profile.faults}
        for rule in (rule for rules in drawn for rule in rules):
            assert parse_rule(rule).action == rule["action"]


def exchange(second: float, mutating: bool, asked: Any, answer: Any = None, faults: tuple[str, ...] = ()) -> str:
    raw = {
        "time": f"2031-01-01T00:00:{second:06.3f}+00:00", "server": "a", "method": "POST", "path": "/x", "query": {},
        "request_body": asked, "response_body": answer, "mutating": mutating, "faults": list(faults),
    }  # fmt: skip
    return json.dumps(raw)


AT = 1_924_992_000_000


def unseen(tmp_path: Path, *lines: str) -> bool:
    path = tmp_path / "log"
    path.write_text("\n".join(lines))
    return was_unseen(read_exchanges(path), "a", "7", "Title", "new", replaced_ms=AT + 10_500)


def test_an_edit_between_the_last_look_and_the_write_is_in_the_window(tmp_path: Path) -> None:
    look, write = exchange(10.1, False, "7", [{"id": "7", "Title": "old"}]), exchange(10.4, True, "7")
    assert unseen(tmp_path, look, write)


def test_an_edit_that_an_answer_showed_is_not_excused(tmp_path: Path) -> None:
    look, write = exchange(10.3, False, "7", [{"id": "7", "Title": "new"}]), exchange(10.4, True, "7")
    assert not unseen(tmp_path, look, write)


def test_a_look_whose_answer_got_lost_or_left_the_field_out_excuses_nothing(tmp_path: Path) -> None:
    lost = exchange(10.1, False, "7", [{"id": "7", "Title": "old"}], ("drop_after",))
    assert not unseen(tmp_path, lost, exchange(10.4, True, "7"))
    assert not unseen(tmp_path, exchange(10.1, False, "7", [{"id": "7"}]), exchange(10.4, True, "7"))


def test_a_write_without_a_look_right_before_it_is_not_excused(tmp_path: Path) -> None:
    assert not unseen(tmp_path, exchange(10.4, True, "7"))
    look = exchange(3.0, False, "7", [{"id": "7", "Title": "old"}])
    assert not unseen(tmp_path, look, exchange(4.0, True, "7"), exchange(10.4, True, "7"))


def test_only_writes_in_the_same_words_are_repeats(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("\n".join([exchange(1, True, "a"), exchange(2, True, "b"), exchange(3, True, "a")]))
    assert repeats(read_exchanges(path)) == 1
