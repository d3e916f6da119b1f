"""How one entity's hub row travels between its table and the canonical values, worked out once per entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from mapping.records import FIELDS, EntityKind, Value, hub_field
from store.statements import dumps, loads

_TEXTS: Final = frozenset({"text", "long_text", "email", "phone", "url", "user", "option", "ref", "parent", "key"})
Codec = Callable[[Any], Any]


def _read_day(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _read_decimal(value: Any) -> Any:
    return value or None


def _read_bool(value: Any) -> Any:
    return None if value is None else bool(value)


def _read_options(value: Any) -> Any:
    """Read a list of codes; whatever a person's SQL left there that is no JSON list counts as one code."""
    if not value:
        return None
    try:
        found = loads(value)
    except ValueError:
        found = value
    codes = found if isinstance(found, list) else [found]
    return sorted({str(code) for code in codes}) or None


def _write_options(value: Any) -> Any:
    return dumps(value) if value else None


_READ: Final[Mapping[str, Codec]] = {
    "date": _read_day,
    "money": _read_decimal,
    "number": _read_decimal,
    "bool": _read_bool,
    "options": _read_options,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one entity.

    Args:
        columns: canonical column names, in table order.
        selected: the select list of those columns; blank text counts as nothing.
        readers: what must be done to a column's value after reading, by position among *columns*.
        known: the same columns, as a set.
        lists: the positions of columns that hold a list.
    """

    entity: EntityKind
    columns: tuple[str, ...]
    selected: str
    readers: tuple[tuple[int, Codec], ...]
    known: frozenset[str]
    lists: tuple[int, ...]

    def values(self, row: Sequence[Any]) -> dict[str, Value]:
        """Give the canonical values of a row that was read with *selected*."""
        values = dict(zip(self.columns, row, strict=False))
        for position, read in self.readers:
            name = self.columns[position]
            if values[name] is not None:
                values[name] = read(values[name])
        return values

    @staticmethod
    def stored(value: Value) -> Any:
        """Give what a column takes for a canonical value."""
        if isinstance(value, list):
            return _write_options(value)
        return None if value == "" else value


@lru_cache(maxsize=512)
def shape(entity: EntityKind, fields: tuple[str, ...] | None = None) -> Shape:
    """Give the shape of *entity*, of all canonical fields or of those named."""
    known = FIELDS[entity]
    columns = tuple(known) if fields is None else tuple(name for name in fields if name in known)
    types = [hub_field(entity, name).type for name in columns]
    parts = [
        f"NULLIF(\"{name}\", '')" if type in _TEXTS else f'"{name}"' for name, type in zip(columns, types, strict=True)
    ]
    readers = tuple((position, _READ[type]) for position, type in enumerate(types) if type in _READ)
    lists = tuple(position for position, type in enumerate(types) if type == "options")
    return Shape(entity, columns, ", ".join(parts), readers, frozenset(columns), lists)
