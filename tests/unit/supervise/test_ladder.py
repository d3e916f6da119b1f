"""R9: who is told at which level."""

from __future__ import annotations

import pytest

from supervise.ladder import Circle, missing_at, told_at

ALL = Circle(
    assignee="contact:wang", pm="user:pm", account_owner="user:am", sponsor="contact:boss",
    delivery_manager="user:dm", steering=("user:ceo", "user:cto"),
)  # fmt: skip
OURS = Circle(
    assignee="user:dev", pm="user:pm", account_owner="user:am", sponsor="contact:boss", delivery_manager="user:dm",
    steering=("user:ceo",),
)  # fmt: skip


def said(level: int, circle: Circle = ALL, **more: object) -> list[str]:
    told = told_at(level, circle, **{"holder": "client", **more})  # type: ignore[arg-type]
    return [f"{one.audience}={one.recipient}{'*' if one.draft_to_pm else ''}" for one in told]


@pytest.mark.parametrize(
    ("level", "added"),
    [
        (0, []),
        (1, ["assignee=contact:wang*", "pm=user:pm"]),
        (2, ["account_owner=user:am"]),
        (3, ["sponsor=contact:boss*", "delivery_manager=user:dm"]),
        (4, ["steering=user:ceo", "steering=user:cto", "letter=contact:boss*"]),
        (5, []),
    ],
)
def test_each_level_adds_people(level: int, added: list[str]) -> None:
    before = [] if level > 4 else said(level - 1)
    assert said(level) == [*before, *added], "a star is a draft for the project manager"


def test_clients_are_written_to_only_where_that_is_switched_on() -> None:
    assert said(3, outbound=True)[0] == "assignee=contact:wang"
    assert said(4, outbound=True)[-1] == "letter=contact:boss*", "a formal letter is always a person's to send"


def test_the_client_is_not_told_of_our_own_items() -> None:
    assert said(4, OURS, holder="vendor") == [
        "assignee=user:dev", "pm=user:pm", "account_owner=user:am", "delivery_manager=user:dm", "steering=user:ceo",
    ]  # fmt: skip


def test_the_client_is_told_of_nothing_internal() -> None:
    assert said(4, internal=True, outbound=True) == [
        "pm=user:pm", "account_owner=user:am", "delivery_manager=user:dm", "steering=user:ceo", "steering=user:cto",
    ]  # fmt: skip
    assert missing_at(3, Circle(), holder="client", internal=True) == ("pm", "account_owner", "delivery_manager")


def test_a_third_party_has_nobody_here_but_our_own_people() -> None:
    assert said(3, holder="third_party") == ["pm=user:pm", "account_owner=user:am", "delivery_manager=user:dm"]


def test_an_agreed_pause_tells_nobody() -> None:
    assert said(4, holder="none") == []


def test_one_person_in_two_parts_is_told_once() -> None:
    both = Circle(assignee="contact:wang", pm="user:pm", account_owner="user:pm", sponsor="contact:wang")
    assert said(3, both) == ["assignee=contact:wang*", "pm=user:pm"]


def test_a_survey_is_never_escalated() -> None:
    assert said(4, kind="survey") == ["assignee=contact:wang*", "pm=user:pm"]


def test_the_letter_goes_to_whoever_is_highest() -> None:
    assert said(4, Circle(assignee="contact:wang"))[-1] == "letter=contact:wang*"
    assert said(4, Circle(pm="user:pm")) == ["pm=user:pm"]


def test_what_nobody_named_is_listed() -> None:
    assert missing_at(4, Circle(pm="user:pm"), holder="client") == (
        "assignee", "account_owner", "sponsor", "delivery_manager", "steering",
    )  # fmt: skip
    assert missing_at(1, ALL, holder="client") == ()
