"""The query's filters and orders, compiled to plain functions over a record.

Which operators exist is documented; how they treat empty fields is so only for ``N``. The rest is [assumed]: an empty
field matches NIN, NLIKE and NHASANYOF, and no comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.fxiaoke.cells import cell, is_empty
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.describe import NUMBER_TYPES, TIME_TYPES, FieldSpec
from sandbox.world import Row

Test = Callable[[Any], bool]
Shape = Callable[[Any], Any]
Build = Callable[[Shape, Sequence[Any]], Test]


def shape_of(spec: FieldSpec) -> Shape:
    """Give the function that brings a value of that field, or of a filter on it, into comparable form."""
    if spec.type in NUMBER_TYPES or spec.type in TIME_TYPES:
        return number_of
    if spec.type == "true_or_false":
        return _truth_of
    return _text_of


def number_of(value: Any) -> Decimal | None:
    """Read a number given as such or as text; None when it is neither."""
    if isinstance(value, bool):
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None


def _truth_of(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("true", "1")


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _items(value: Any, shape: Shape) -> list[Any]:
    if isinstance(value, list):
        return [shape(item) for item in value]
    return [shape(value)]


def _has_any(shape: Shape, given: Sequence[Any]) -> Test:
    wanted = [shape(value) for value in given]
    return lambda value: not is_empty(value) and any(item in wanted for item in _items(value, shape))


def _has_all(shape: Shape, given: Sequence[Any]) -> Test:
    wanted = [shape(value) for value in given]

    def test(value: Any) -> bool:
        if is_empty(value):
            return False
        if isinstance(value, list):
            items = _items(value, shape)
            return all(item in items for item in wanted)
        return all(str(item) in str(value) for item in wanted)

    return test


def _equal(shape: Shape, given: Sequence[Any]) -> Test:
    if all(is_empty(value) for value in given):
        return is_empty
    return _has_any(shape, given[:1])


def _against(compare: Callable[[Any, Any], bool]) -> Build:
    def build(shape: Shape, given: Sequence[Any]) -> Test:
        bound = shape(given[0])

        def test(value: Any) -> bool:
            if is_empty(value) or bound is None:
                return False
            return any(item is not None and compare(item, bound) for item in _items(value, shape))

        return test

    return build


def _between(shape: Shape, given: Sequence[Any]) -> Test:
    low, high = shape(given[0]), shape(given[1])

    def test(value: Any) -> bool:
        if is_empty(value) or low is None or high is None:
            return False
        return any(item is not None and low <= item <= high for item in _items(value, shape))

    return test


def _outside(shape: Shape, given: Sequence[Any]) -> Test:
    inside = _between(shape, given)
    return lambda value: not is_empty(value) and not inside(value)


def _texts(match: Callable[[str, str], bool]) -> Build:
    def build(_: Shape, given: Sequence[Any]) -> Test:
        wanted = _text_of(given[0]).casefold()
        return lambda value: (
            not is_empty(value) and any(match(text.casefold(), wanted) for text in _items(value, _text_of))
        )

    return build


def _not(build: Build) -> Build:
    def negated(shape: Shape, given: Sequence[Any]) -> Test:
        test = build(shape, given)
        return lambda value: not test(value)

    return negated


def _empty(_shape: Shape, _given: Sequence[Any]) -> Test:
    return is_empty


_like = _texts(lambda text, wanted: wanted in text)

OPERATORS: Final[dict[str, tuple[int, Build]]] = {
    "EQ": (1, _equal),
    "N": (1, _not(_equal)),
    "GT": (1, _against(lambda left, right: left > right)),
    "GTE": (1, _against(lambda left, right: left >= right)),
    "LT": (1, _against(lambda left, right: left < right)),
    "LTE": (1, _against(lambda left, right: left <= right)),
    "LIKE": (1, _like),
    "NLIKE": (1, _not(_like)),
    "IS": (0, _empty),
    "ISN": (0, _not(_empty)),
    "IN": (1, _has_any),
    "NIN": (1, _not(_has_any)),
    "BETWEEN": (2, _between),
    "NBETWEEN": (2, _outside),
    "STARTWITH": (1, _texts(lambda text, wanted: text.startswith(wanted))),
    "ENDWITH": (1, _texts(lambda text, wanted: text.endswith(wanted))),
    "HASANYOF": (1, _has_any),
    "NHASANYOF": (1, _not(_has_any)),
    "CONTAINS": (1, _has_all),
}
"""Operator -> (values it needs at least, builder). Source: FxiaoKe query documentation [doc]; BETWEEN takes both ends
and ignores letter case in LIKE, STARTWITH and ENDWITH [assumed]."""


def value_test(spec: FieldSpec, operator: str, given: Sequence[Any]) -> Test:
    """Give the function that says whether a field's value passes the filter.

    Raises:
        Refusal: no such operator, or too few values for it.
    """
    known = OPERATORS.get(operator)
    if known is None:
        raise Refusal("bad_query", f"unsupported operator [{operator}]", "参数错误")
    needed, build = known
    if len(given) < needed:
        raise Refusal(
            "bad_query", f"operator [{operator}] of field [{spec.name}] needs {needed} field_values", "参数错误"
        )
    return build(shape_of(spec), given)


def sort_key(spec: FieldSpec) -> Callable[[Row], tuple[bool, Any]]:
    """Give the sort key of a field; empty values come first when ascending."""
    shape = shape_of(spec)

    def key(row: Row) -> tuple[bool, Any]:
        value = cell(row, spec.name)
        if isinstance(value, list):
            value = ",".join(map(str, value))
            return not is_empty(value), value
        if is_empty(value):
            return False, Decimal(0) if shape is number_of else ""
        shaped = shape(value)
        return shaped is not None, Decimal(0) if shaped is None else shaped

    return key
