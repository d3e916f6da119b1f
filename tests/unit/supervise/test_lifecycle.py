"""R10: base and claims, and what is never picked in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from supervise.closing import ClosureGate, GateItem
from supervise.lifecycle import Heard, LifecycleCase, LifecycleClaim, LifecycleVerdict, Proof, reconcile


def verdict(
    base: str | None, claims: dict[str, str], heard: Mapping[str, Heard] | None = None, **more: Any
) -> LifecycleVerdict:
    stale, seen = more.pop("stale", ()), more.pop("seen", {})
    said = [
        LifecycleClaim(name, value, seen.get(name, 0), (heard or {}).get(name), name in stale)
        for name, value in claims.items()
    ]
    return reconcile(LifecycleCase(uid="p1", base=base, claims=said, **more))


@pytest.mark.parametrize(
    ("base", "a", "b", "value", "outcome"),
    [
        ("active", "active", "active", "active", "agreed"),
        ("active", "delivered", "active", "delivered", "taken"),
        ("active", "delivered", "delivered", "delivered", "taken"),
        ("active", "delivered", "on_hold", "active", "ask"),
        ("active", "accepted", "on_hold", "active", "terminal_conflict"),
        ("delivered", "accepted", "active", "delivered", "terminal_conflict"),
        ("active", "cancelled", "delivered", "active", "terminal_conflict"),
        ("active", "closed", "active", "active", "irregular_transition"),
        ("active", "draft", "active", "active", "irregular_transition"),
        ("delivered", "accepted", "delivered", "accepted", "taken"),
        ("accepted", "closed", "accepted", "closed", "taken"),
        ("active", "cancelled", "active", "active", "cancel_needs_person"),
        ("active", "cancelled", "cancelled", "cancelled", "taken"),
        ("delivered", "active", "delivered", "active", "taken"),
        ("closed", "active", "closed", "active", "taken"),
        (None, "active", "active", "active", "taken"),
        (None, "closed", "closed", "closed", "taken"),
        (None, "active", "delivered", None, "ask"),
        (None, "active", "cancelled", None, "terminal_conflict"),
        ("active", "nonsense", "active", "active", "agreed"),
    ],
)
def test_the_table(base: str | None, a: str, b: str, value: str | None, outcome: str) -> None:
    found = verdict(base, {"one": a, "two": b})
    assert (found.value, found.outcome) == (value, outcome)
    assert found.needs_person is (outcome in {
        "ask", "terminal_conflict", "irregular_transition", "cancel_needs_person",
    })  # fmt: skip
    turned = verdict(base, {"two": b, "one": a})
    assert (turned.value, turned.outcome) == (value, outcome)


def test_a_source_not_yet_told_does_not_undo_what_was_taken() -> None:
    first = verdict("active", {"one": "delivered", "two": "active"}, {"one": ("active", 0), "two": ("active", 0)})
    assert first.heard == {"one": ("delivered", 0), "two": ("active", 0)}
    second = verdict("delivered", {"one": "delivered", "two": "active"}, first.heard)
    assert (second.value, second.outcome, second.disagree) == ("delivered", "agreed", True)
    told = verdict("delivered", {"one": "delivered", "two": "delivered"}, second.heard)
    back = verdict("delivered", {"one": "delivered", "two": "active"}, told.heard)
    assert (back.value, back.outcome) == ("active", "taken")


def test_a_source_that_says_the_old_value_again_means_it() -> None:
    heard = {"one": ("delivered", 5), "two": ("active", 3)}
    claims = {"one": "delivered", "two": "active"}
    assert verdict("delivered", claims, heard, seen={"one": 5, "two": 3}).outcome == "agreed"
    again = verdict("delivered", claims, heard, seen={"one": 5, "two": 9})
    assert (again.value, again.outcome) == ("active", "taken")
    assert again.heard["two"] == ("active", 9)


def test_open_news_stays_news_until_it_is_settled() -> None:
    heard: Mapping[str, Heard] = {"one": ("active", 0), "two": ("active", 0)}
    for _ in range(3):
        found = verdict("active", {"one": "accepted", "two": "on_hold"}, heard)
        assert found.outcome == "terminal_conflict"
        heard = found.heard
    settled = verdict("delivered", {"one": "accepted", "two": "on_hold"}, heard, settled=True)
    assert (settled.value, settled.outcome) == ("delivered", "settled")
    after = verdict("delivered", {"one": "accepted", "two": "on_hold"}, settled.heard)
    assert (after.value, after.outcome) == ("delivered", "agreed")


def test_the_highest_authority_wins_where_one_is_set_and_the_step_is_legal() -> None:
    claims = {"one": "delivered", "two": "on_hold"}
    found = verdict("active", claims, authority=("two", "one"))
    assert (found.value, found.outcome, found.confidence) == ("on_hold", "diverged", "medium")
    assert verdict("active", claims, authority=("three",)).outcome == "ask"
    assert (
        verdict("on_hold", {"one": "delivered", "two": "active"}, authority=("one",)).outcome == "irregular_transition"
    )
    assert verdict("active", {"one": "accepted", "two": "on_hold"}, authority=("one",)).outcome == "terminal_conflict"
    assert verdict(None, claims, authority=("one",)).value == "delivered"


def test_accepted_without_evidence_goes_no_further_than_delivered() -> None:
    found = verdict("delivered", {"one": "accepted"}, proof=Proof(open_acceptance=("t9",)))
    assert (found.value, found.outcome, found.needs_person) == ("delivered", "acceptance_evidence_missing", True)
    assert [reason.uid for reason in found.reasons if reason.code == "acceptance_open"] == ["t9"]


def test_closing_waits_for_its_gate() -> None:
    left = GateItem(code="punch", uid="t7", what="补文档", next_step="finish_or_waive")
    found = verdict("accepted", {"one": "closed"}, proof=Proof(gate=ClosureGate(open=(left,))))
    assert (found.value, found.outcome, found.needs_person) == ("accepted", "closure_gate_open", True)
    assert [(reason.code, reason.uid) for reason in found.reasons][1:] == [("gate_punch", "t7")]
    assert verdict("accepted", {"one": "closed"}, proof=Proof()).value == "closed"


def test_a_source_that_speaks_alone_may_cancel() -> None:
    assert verdict("active", {"one": "cancelled"}).value == "cancelled"


def test_a_stale_source_does_not_take_part() -> None:
    found = verdict("active", {"one": "delivered", "two": "on_hold"}, stale=("two",))
    assert (found.value, found.outcome, found.confidence) == ("delivered", "taken", "medium")
    assert found.heard == {"one": ("delivered", 0)}
    assert verdict("active", {"one": "delivered"}, stale=("one",)).outcome == "all_stale"
    low = verdict("active", {"one": "active", "two": "active"}, stale=("two",), authority=("two",))
    assert low.confidence == "low"


def test_an_override_stands_and_the_computed_value_is_shown_beside_it() -> None:
    found = verdict("active", {"one": "delivered"}, override="on_hold")
    assert (found.value, found.computed, found.outcome) == ("on_hold", "delivered", "overridden")
    assert found.reasons[0].data["computed"] == "delivered"
    after = verdict(found.computed, {"one": "delivered"}, found.heard)
    assert (after.value, after.outcome) == ("delivered", "agreed")


def test_without_any_claim_the_hub_stands() -> None:
    found = verdict("active", {})
    assert (found.value, found.outcome, found.disagree) == ("active", "agreed", False)


def test_declared_health_has_no_illegal_step_and_no_ending() -> None:
    assert verdict("green", {"one": "red"}, field="declared_health").value == "red"
    found = verdict("green", {"one": "red", "two": "yellow"}, field="declared_health")
    assert (found.value, found.outcome) == ("green", "ask")
    assert found.reasons[0].field == "declared_health"
    assert (
        verdict("green", {"one": "red", "two": "yellow"}, field="declared_health", authority=("two",)).value == "yellow"
    )


def test_one_of_several_sources_cannot_cancel_while_the_other_is_silent() -> None:
    case = LifecycleCase(
        uid="p", base="active",
        claims=[LifecycleClaim("one", "cancelled", 5), LifecycleClaim("two", "active", 5, stale=True)],
    )  # fmt: skip
    found = reconcile(case)
    assert (found.value, found.outcome) == ("active", "cancel_needs_person")
