"""Filters over single values, and the forms values are compared in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.coerce import midnight_ms, normalised
from sandbox.fxiaoke.describe import FieldSpec
from sandbox.fxiaoke.operators import OPERATORS, number_of, value_test

TEXT = FieldSpec(name="t", label="t")
NUMBER = FieldSpec(name="n", label="n", type="number")


@pytest.mark.parametrize("operator", sorted(OPERATORS))
@pytest.mark.parametrize("empty", [None, "", []])
def test_empty_fields_match_the_negative_operators_and_no_others(operator: str, empty: Any) -> None:
    matching = {"N", "NIN", "NLIKE", "NHASANYOF", "IS"}
    assert value_test(TEXT, operator, ["a", "b"])(empty) is (operator in matching)


@pytest.mark.parametrize(
    ("operator", "opposite"),
    [("EQ", "N"), ("IN", "NIN"), ("LIKE", "NLIKE"), ("HASANYOF", "NHASANYOF"), ("BETWEEN", "NBETWEEN"), ("IS", "ISN")],
)
@pytest.mark.parametrize("value", ["a", "ab", "b", "z", ["a", "z"]])
def test_opposites_split_the_filled_values(operator: str, opposite: str, value: Any) -> None:
    given = ["a", "b"]
    assert value_test(TEXT, operator, given)(value) is not value_test(TEXT, opposite, given)(value)


def test_equal_to_nothing_means_empty() -> None:
    assert value_test(TEXT, "EQ", [""])(None)
    assert not value_test(TEXT, "EQ", [""])("a")


@pytest.mark.parametrize(("raw", "number"), [("100.01", Decimal("100.01")), (7, Decimal(7)), (" 5 ", Decimal(5))])
def test_numbers_are_read_from_either_form(raw: Any, number: Decimal) -> None:
    assert number_of(raw) == number


@pytest.mark.parametrize("raw", ["x", "", True, None])
def test_what_is_no_number_reads_as_none(raw: Any) -> None:
    assert number_of(raw) is None


def test_a_bound_that_is_no_number_matches_nothing() -> None:
    for operator, given in (("GT", ["x"]), ("BETWEEN", ["x", 1])):
        assert not value_test(NUMBER, operator, given)("5")


@pytest.mark.parametrize("operator", ["NEQ", "NE", "eq", ""])
def test_an_unknown_operator_is_refused(operator: str) -> None:
    with pytest.raises(Refusal):
        value_test(TEXT, operator, ["a"])


@pytest.mark.parametrize("operator", [name for name, (needed, _) in OPERATORS.items() if needed])
def test_an_operator_without_its_values_is_refused(operator: str) -> None:
    with pytest.raises(Refusal):
        value_test(TEXT, operator, [])


def test_any_instant_of_a_day_is_kept_as_the_tenant_s_midnight() -> None:
    midnight = 1_619_712_000_000
    assert {midnight_ms(midnight + hours * 3_600_000) for hours in (0, 8, 23)} == {midnight}
    assert midnight_ms(midnight - 1) == midnight - 86_400_000


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"cut": 3}, "  A"),
        ({"strip": True}, "Ab 1"),
        ({"strip": True, "lower": True}, "ab 1"),
        ({"upper": True, "strip": True, "cut": 2}, "AB"),
        ({"digits": True}, "1"),
    ],
)
def test_what_the_server_silently_does_to_a_text(rule: dict[str, Any], kept: str) -> None:
    assert normalised("  Ab 1 ", rule) == kept


def test_other_values_are_left_as_they_are() -> None:
    assert normalised(5, {"cut": 1}) == 5
    assert normalised(True, {"minutes": True}) is True


def test_seconds_can_be_dropped_from_times() -> None:
    assert normalised(1_763_913_659_999, {"minutes": True}) == 1_763_913_600_000
