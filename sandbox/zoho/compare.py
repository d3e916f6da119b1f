"""Comparing stored values with what a query or a search names, per field type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.zoho.modules import NUMBER_TYPES
from sandbox.zoho.values import id_of, parse_time

Test = Callable[[Any], bool]


def comparable(type_: str, value: Any) -> Any:
    """Give a stored or named value in the form its type is compared in; None for blank.

    Raises:
        ValueError: the value cannot be of that type.
    """
    if value is None or value in ("", []):
        return None
    if type_ == "datetime":
        return value if isinstance(value, int) and not isinstance(value, bool) else parse_time(value)
    if type_ in ("lookup", "ownerlookup", "multi_module_lookup", "bigint"):
        found = id_of(value)
        if found is None:
            raise ValueError(value)
        return int(found)
    if type_ in NUMBER_TYPES:
        return float(value)
    if type_ == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if type_ == "multiselectpicklist":
        items = value if isinstance(value, list) else [value]
        return frozenset(str(item).casefold() for item in items)
    if isinstance(value, Mapping | list):
        raise ValueError(value)  # noqa: TRY004 - a misfit like the others
    return str(value).casefold()


def test_for(type_: str, operator: str, named: Any) -> Test:
    """Give a test of stored values.

    Args:
        operator: as in ``coql.Condition``; "starts", "contains" besides.
    Raises:
        ValueError: the named value does not fit the type.
    """
    if operator in ("null", "not null"):
        return lambda stored: (comparable(type_, stored) is None) == (operator == "null")
    if operator.startswith("not "):
        inner = test_for(type_, operator[4:], named)
        return lambda stored: not inner(stored)
    if operator == "!=":
        equal = test_for(type_, "=", named)
        return lambda stored: not equal(stored)
    return _positive(type_, operator, named)


def _positive(type_: str, operator: str, named: Any) -> Test:
    if operator == "in":
        wanted = {comparable(type_, one) for one in named}
        return lambda stored: comparable(type_, stored) in wanted
    if operator == "between":
        low, high = (comparable(type_, one) for one in named)
        return lambda stored: _ordered(comparable(type_, stored), lambda value: low <= value <= high)
    if operator in ("like", "starts", "contains"):
        pattern = _pattern(operator, str(named))
        return lambda stored: stored is not None and pattern.match(str(stored)) is not None
    value = comparable(type_, named)
    compare: Mapping[str, Callable[[Any], bool]] = {
        "=": lambda stored: bool(stored == value),
        ">": lambda stored: bool(stored > value),
        ">=": lambda stored: bool(stored >= value),
        "<": lambda stored: bool(stored < value),
        "<=": lambda stored: bool(stored <= value),
    }
    chosen = compare[operator]
    return lambda stored: _ordered(comparable(type_, stored), chosen)


def _ordered(stored: Any, test: Callable[[Any], bool]) -> bool:
    return stored is not None and test(stored)


def _pattern(operator: str, text: str) -> re.Pattern[str]:
    if operator == "like":
        inner = ".*".join(re.escape(part) for part in text.split("%"))
    else:
        inner = ("" if operator == "starts" else ".*") + re.escape(text) + ".*"
    return re.compile(f"{inner}\\Z", re.IGNORECASE | re.DOTALL)
