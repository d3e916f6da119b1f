"""COQL texts. Every value passes one escaping function; every name is checked against a closed form.

Source: Zoho CRM v8 documentation, COQL Overview and Limitations [doc]; a quote
inside text escaped by a backslash [assumed]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from mapping.errors import ConfigError

MAX_COLUMNS: Final = 50
MAX_IN: Final = 50
MAX_ROWS: Final = 2000
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}\Z")
_ID: Final = re.compile(r"[0-9]{1,20}\Z")


def name(text: str) -> str:
    """Give an API name as it may stand in a query.

    Raises:
        ConfigError: it is not a plain name.
    """
    if not _NAME.match(text):
        raise ConfigError(f"{text!r} is not an API name", zh=f"{text!r} 不是 API 名称")
    return text


def literal(value: str) -> str:
    """Give a text as a quoted literal: the one place where a value enters a query.

    Control characters cannot be written in a query and never match a stored value: they become spaces.
    """
    plain = "".join(char if char.isprintable() or char == "\u3000" else " " for char in value)
    escaped = plain.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def record_id(value: str) -> str:
    """Give a record id as a literal.

    Raises:
        ConfigError: it is not a number of up to 20 digits.
    """
    if not _ID.match(value):
        raise ConfigError("a record id must be digits", zh="记录编号应为数字")
    return f"'{value}'"


def moment(at_ms: int) -> str:
    """Give an instant as a literal with an offset and whole seconds, rounded down."""
    return f"'{iso(at_ms)}'"


def iso(at_ms: int) -> str:
    """Give an instant as Zoho reads it in queries and headers.

    Shape: 1763888077123 -> 2025-11-23T08:54:37+00:00
    """
    return datetime.fromtimestamp(at_ms // 1000, UTC).isoformat(timespec="seconds")


def select(columns: Sequence[str], module: str, where: str, limit: int, *, order: str = "id asc") -> str:
    """Give a whole query; *where* is made of this module's pieces."""
    if len(columns) > MAX_COLUMNS:
        raise ConfigError(
            f"{module}: more than {MAX_COLUMNS} fields are mapped", zh=f"{module}：映射字段超过 {MAX_COLUMNS} 个"
        )
    names = ", ".join(name(column) for column in columns)
    return f"select {names} from {name(module)} where ({where}) order by {order} limit {limit}"  # noqa: S608 - every piece is checked or escaped


def any_of(field: str, literals: Sequence[str]) -> str:
    """Give the condition that *field* is one of up to 50 literals."""
    return f"{name(field)} in ({', '.join(literals)})"


def credits_of(limit: int) -> int:
    """Give what a query with this limit costs. Source: COQL Overview [doc]"""
    return 1 if limit <= 200 else 2 if limit <= 1000 else 3


def body(query: str) -> Mapping[str, Any]:
    """Give the request body of a query."""
    return {"select_query": query}
