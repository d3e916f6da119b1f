"""From pydantic's list of errors to the one line a person needs first."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pydantic

from config.files import line_of
from config.values import suggest, suggestion_zh
from mapping.errors import ConfigError, WrongValue

_HIDDEN: Final = re.compile(r"secret|token|password|code|key|credential|url|proxy", re.IGNORECASE)
"""Keys whose value is never shown, whatever it is."""

SHOWN_CHARACTERS: Final = 60


def explain(
    exc: pydantic.ValidationError,
    model: type[pydantic.BaseModel],
    prefix: Sequence[str],
    text: str,
    secrets: frozenset[str],
    environ: Mapping[str, str],
) -> ConfigError:
    """Give the first problem as a ConfigError: key, line, what was found, what would be accepted.

    Args:
        prefix: table path of *model* in the file.
    """
    errors = exc.errors(include_url=False)
    # An unknown key explains a missing one: the misspelt line comes first.
    error = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    key = [*prefix, *(str(part) for part in error["loc"])]
    where = _where(key, text, environ)
    more = len(errors) - 1
    if error["type"] == "extra_forbidden":
        return unknown_name(where, key[-1], _known(model, error["loc"][:-1]))
    if error["type"] == "missing":
        return ConfigError(f"{where}: this key is required", zh=f"{_place_zh(where)}:缺少必填项")
    found = _shown(key, error.get("input"), secrets)
    said = str(error["msg"]).removeprefix("Value error, ")
    tail = f" (and {more} more)" if more else ""
    there, found_zh = _place_zh(where), found.replace("; found ", ",实际为 ")
    tail_zh = f"(另有 {more} 处)" if more else ""
    return ConfigError(f"{where}: {said}{found}{tail}", zh=f"{there}:{_said_zh(error, said)}{found_zh}{tail_zh}")


def unknown_name(where: str, found: str, known: Iterable[str]) -> ConfigError:
    """Give the error for a name nobody knows, with the nearest one somebody does."""
    hint = suggest(found, known)
    return ConfigError(
        f'{where}: unknown name "{found}"{hint}', zh=f'{_place_zh(where)}:未知的名称 "{found}"{suggestion_zh(hint)}'
    )


_WORDS_ZH: Final[Mapping[str, str]] = {
    "bool_parsing": "应为 true 或 false", "bool_type": "应为 true 或 false",
    "int_parsing": "应为整数", "int_type": "应为整数", "int_from_float": "应为整数",
    "float_parsing": "应为数字", "float_type": "应为数字", "string_type": "应为文本", "list_type": "应为列表",
    "dict_type": "应为表", "model_type": "应为表", "literal_error": "应为 {expected}",
    "greater_than": "应大于 {gt}", "greater_than_equal": "不能小于 {ge}",
    "less_than": "应小于 {lt}", "less_than_equal": "不能大于 {le}",
}  # fmt: skip
"""What pydantic objects to, by its name for it; the others keep its own words."""


def _said_zh(error: Mapping[str, Any], said: str) -> str:
    details = error.get("ctx") or {}
    if isinstance(details.get("error"), WrongValue):
        return str(details["error"].zh)
    words = _WORDS_ZH.get(error["type"])
    return words.format(**details).replace(" or ", " 或 ") if words else said


def _place_zh(where: str) -> str:
    return re.sub(r" \(line (\d+)\)$", r"(第 \1 行)", where)


def _where(key: Sequence[str], text: str, environ: Mapping[str, str]) -> str:
    dotted = ".".join(key) or "configuration"
    variable = "DUBAN_" + "__".join(key).upper()
    if any(name.upper() == variable for name in environ):
        return f"{dotted} (from {variable})"
    line = line_of(text, key) if text and key else None
    return f"{dotted} (line {line})" if line else dotted


def _shown(key: Sequence[str], value: Any, secrets: frozenset[str]) -> str:
    if isinstance(value, dict | list) or value is None:
        return ""
    if _HIDDEN.search(key[-1] if key else "") or str(value) in secrets:
        return ""
    shown = repr(value)
    return f"; found {shown if len(shown) <= SHOWN_CHARACTERS else shown[:SHOWN_CHARACTERS] + '…'}"


def _known(model: type[pydantic.BaseModel], path: Sequence[Any]) -> list[str]:
    """Give the keys of the table that *path* leads to."""
    here: Any = model
    for part in path:
        field = here.model_fields.get(part) if _is_model(here) else None
        here = field.annotation if field else None
        options = [one for one in typing.get_args(here) if _is_model(one)]
        here = options[0] if options else here
    if not _is_model(here):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, pydantic.BaseModel)
