"""Which moves of a status are legal, and what an option stands for."""

import pytest

from mapping.records import LIFECYCLES, TASK_STATUSES
from mapping.status import (
    LIFECYCLE_MOVES,
    TASK_MOVES,
    is_open,
    judge_lifecycle_move,
    judge_task_move,
    take_option,
    write_options,
)


@pytest.mark.parametrize(
    ("old", "new", "judged"),
    [
        ("not_started", "in_progress", "legal"),
        ("in_progress", "not_started", "reason"),
        ("waiting_client", "waiting_vendor", "legal"),
        ("waiting_client", "not_started", "irregular"),
        ("submitted", "waiting_client", "legal"),
        ("submitted", "waiting_third_party", "irregular"),
        ("on_hold", "done", "irregular"),
        ("on_hold", "submitted", "legal"),
        ("done", "in_progress", "reopen"),
        ("done", "not_started", "irregular"),
        ("done", "cancelled", "conflict"),
        ("cancelled", "done", "conflict"),
        ("cancelled", "not_started", "reinstate"),
        ("cancelled", "in_progress", "irregular"),
        ("done", "done", "same"),
        (None, "done", "legal"),
        ("nonsense", "done", "legal"),
    ],
)
def test_task_moves(old, new, judged):
    assert judge_task_move(old, new) == judged


@pytest.mark.parametrize(
    ("old", "new", "judged"),
    [
        ("draft", "planned", "legal"),
        ("active", "on_hold", "legal"),
        ("delivered", "active", "legal"),
        ("accepted", "active", "reopen"),
        ("closed", "active", "reopen"),
        ("cancelled", "active", "reinstate"),
        ("active", "cancelled", "legal"),
        ("draft", "accepted", "irregular"),
        ("closed", "closed", "same"),
        (None, "active", "legal"),
    ],
)
def test_lifecycle_moves(old, new, judged):
    assert judge_lifecycle_move(old, new) == judged


def test_every_status_has_its_row_and_names_known_ones():
    assert tuple(TASK_MOVES) == TASK_STATUSES
    assert set(LIFECYCLE_MOVES) == set(LIFECYCLES)
    assert {new for moves in TASK_MOVES.values() for new in moves} <= set(TASK_STATUSES)
    assert {new for moves in LIFECYCLE_MOVES.values() for new in moves} <= set(LIFECYCLES)


def test_a_task_is_open_until_it_is_done_or_cancelled():
    assert is_open(None)
    assert is_open("on_hold")
    assert not is_open("cancelled")


def test_an_option_keeps_the_code_it_already_stands_for():
    classes = {"In Progress": ("in_progress", "submitted"), "Empty": ()}
    assert take_option(classes, "In Progress", "submitted") == "submitted"
    assert take_option(classes, "In Progress", "done") == "in_progress"
    assert take_option(classes, "Empty", "done") is None


def test_the_option_that_names_a_code_earliest_is_written():
    classes = {"A": ("x", "y"), "B": ("y",), "C": ("y", "x")}
    assert write_options(classes) == {"x": "A", "y": "B"}
