"""Which remote records belong to us: clauses of data, judged here whatever the remote can judge itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from mapping.fields import Clause
from mapping.forms import line_form
from mapping.hints import unknown_word, wrong_value
from mapping.text_codecs import parse_decimal

_Ordered = Callable[[Any, Any], bool]
_ORDER: Final[Mapping[str, _Ordered]] = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}
_NO_OPERAND: Final = frozenset({"is_set", "not_set"})
_LIST_OPERAND: Final = frozenset({"in", "not_in"})
OPERATORS: Final = ("eq", "ne", "in", "not_in", "is_set", "not_set", *_ORDER, "contains", "starts_with")
"""All operators a scope may use."""


def read_where(raw: object, place: str) -> tuple[Clause, ...]:
    """Give the clauses of a ``where`` list. Shape: [["Status", "in", ["New", "Open"]], ["Kind", "is_set"]].

    Raises:
        ConfigError: not such a list; names the clause.
    """
    if not isinstance(raw, list | tuple):
        raise wrong_value(place, raw, "a list of clauses", "条件列表")
    return tuple(_read_clause(clause, f"{place}[{index}]") for index, clause in enumerate(raw))


def _read_clause(raw: object, place: str) -> Clause:
    parts = list(raw) if isinstance(raw, list | tuple) else []
    if len(parts) not in (2, 3) or not isinstance(parts[0], str) or not parts[0]:
        raise wrong_value(place, raw, '["Field", "operator", value]', " [字段, 运算符, 值]")
    name, operator = parts[0], parts[1]
    if operator not in OPERATORS:
        raise unknown_word(place, operator, OPERATORS, what="operator", zh="运算符")
    operand = parts[2] if len(parts) == 3 else None
    _check_operand(operator, operand, len(parts) == 3, place)
    return (name, operator, tuple(operand) if operator in _LIST_OPERAND and isinstance(operand, list) else operand)


def _check_operand(operator: str, operand: object, given: bool, place: str) -> None:
    if operator in _NO_OPERAND:
        if given:
            raise wrong_value(place, operand, f"no value after {operator}", f" {operator} 之后没有值")
        return
    if operator in _LIST_OPERAND:
        if not isinstance(operand, list | tuple) or not operand or not all(map(_is_scalar, operand)):
            raise wrong_value(place, operand, "a list of values", "值的列表")
        return
    if not given or not _is_scalar(operand) or operand == "":
        raise wrong_value(place, operand, "one value", "一个值")


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def in_scope(where: Iterable[Clause], payload: Mapping[str, Any]) -> bool:
    """Say whether a payload satisfies every clause. A field that is not shown counts as blank."""
    return all(_holds(operator, payload.get(name), operand) for name, operator, operand in where)


def _holds(operator: str, raw: object, operand: object) -> bool:
    faces = _faces(raw)
    if operator in ("is_set", "not_set"):
        return bool(faces) is (operator == "is_set")
    if operator in ("ne", "not_in"):
        return not _equals_any(faces, operand)
    if operator in ("eq", "in"):
        return _equals_any(faces, operand)
    if operator in _ORDER:
        return any(_ordered(_ORDER[operator], face, operand) for face in faces)
    wanted = _plain(operand)
    if operator == "contains":
        return any(wanted in _plain(face) for face in faces)
    return any(_plain(face).startswith(wanted) for face in faces)


def _faces(raw: object) -> Sequence[object]:
    """Give everything a wire value can be compared by: a reference by id, name and e-mail, a list by each member."""
    if raw is None or raw == "":
        return ()
    if isinstance(raw, list | tuple):
        return [face for part in raw for face in _faces(part)]
    if isinstance(raw, dict):
        return [raw[key] for key in ("id", "name", "email", "api_name") if raw.get(key)]
    return (raw,)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return line_form(str(value)).casefold()


def _equals_any(faces: Sequence[object], operand: object) -> bool:
    wanted = operand if isinstance(operand, list | tuple) else (operand,)
    return any(_equal(face, one) for face in faces for one in wanted)


def _equal(left: object, right: object) -> bool:
    if _plain(left) == _plain(right):
        return True
    number, other = _number(left), _number(right)
    return number is not None and number == other


def _number(value: object) -> Decimal | None:
    return None if isinstance(value, bool) else parse_decimal(value)


def _ordered(compare: _Ordered, left: object, right: object) -> bool:
    """Compare as numbers, else as instants with offset, else as text (ISO days order rightly)."""
    for reader in (_number, _instant):
        low, high = reader(left), reader(right)
        if low is not None and high is not None:
            return compare(low, high)
    if isinstance(left, str) and isinstance(right, str):
        return compare(_plain(left), _plain(right))
    return False


def _instant(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
