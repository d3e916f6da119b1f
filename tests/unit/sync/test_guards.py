"""The rails: floors let small work pass, shares hold large work, words accept it."""

from __future__ import annotations

import pytest

from sync.guards import Rails, Tally, check_listing, check_tally, circuit_open

RAILS = Rails()


@pytest.mark.parametrize(
    ("known", "listed", "holds"),
    [(20, 0, False), (21, 0, True), (100, 89, True), (100, 90, False), (100, 130, False), (0, 0, False)],
)
def test_a_full_listing_must_show_what_is_known(known: int, listed: int, holds: bool) -> None:
    assert (check_listing(RAILS, "a", "contact", known, listed) is not None) is holds


@pytest.mark.parametrize(("deletes", "linked", "holds"), [(2, 2, False), (3, 10, True), (3, 30, False), (4, 30, True)])
def test_deletes_are_held_above_share_and_floor(deletes: int, linked: int, holds: bool) -> None:
    tally = Tally()
    tally.deletes["contact"] = deletes
    tripped = check_tally(RAILS, tally, {"contact": linked}, {}, frozenset())
    assert (tripped is not None) is holds
    if tripped is not None:
        assert check_tally(RAILS, tally, {"contact": linked}, {"deletes": deletes}, frozenset()) is None
        assert check_tally(RAILS, tally, {"contact": linked}, {"deletes": deletes - 1}, frozenset()) is not None


def test_one_value_on_many_records_is_held_unless_a_rule_wrote_it() -> None:
    tally = Tally()
    tally.moves["project", "lifecycle", "'active'"] = 50
    assert check_tally(RAILS, tally, {"project": 100}, {}, frozenset()) is not None
    assert check_tally(RAILS, tally, {"project": 100}, {}, frozenset({("project", "lifecycle")})) is None


def test_many_refusals_open_the_circuit_but_a_few_of_few_do_not() -> None:
    assert not circuit_open(RAILS, 10, 10)
    assert circuit_open(RAILS, 5, 20)
    assert not circuit_open(RAILS, 4, 20)
