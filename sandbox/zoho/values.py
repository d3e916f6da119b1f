"""Values as this API writes and accepts them: times, checks of one field, normalisation on request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Final

from sandbox.zoho.answers import RowRefusedError, invalid
from sandbox.zoho.modules import Field, Module

ORG_ZONE: Final = timezone(timedelta(hours=8))
_EMAIL: Final = re.compile(r"[^@\s<>(),;:\"\[\]\\]+@[^@\s<>(),;:\"\[\]\\]+\.[A-Za-z0-9-]{2,}\Z")
_PHONE: Final = re.compile(r"[+0-9A-Za-z()\-. /#*]+\Z")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)\Z")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_ID: Final = re.compile(r"\d{1,20}\Z")

Exists = Callable[[str | None, str], str | None]
"""(module or None for any, id) -> the module that has this live record, or None."""


def wire_time(ms: int) -> str:
    """Give an instant as answers show it. Shape: 2026-11-23T15:54:37+08:00"""
    return datetime.fromtimestamp(ms // 1000, ORG_ZONE).isoformat()


def parse_time(text: str) -> int:
    """Give an instant in milliseconds, cut to the second.

    Raises:
        ValueError: not an ISO time with an offset.
    """
    if not _MOMENT.match(text):
        raise ValueError(text)
    return int(datetime.fromisoformat(text).timestamp()) * 1000


def parse_header_time(text: str) -> int:
    """Give the instant of an If-Modified-Since header: ISO with an offset, or the HTTP form.

    Raises:
        ValueError: neither.
    """
    try:
        return parse_time(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return int(parsedate_to_datetime(text).timestamp()) * 1000


def is_id(text: str) -> bool:
    """Say whether a text could be a record id at all."""
    return bool(_ID.match(text))


def id_of(value: Any) -> str | None:
    """Give the id in a reference: {"id": ..}, a text or a number; None when there is none."""
    if isinstance(value, Mapping):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) if is_id(str(value)) else None


class Checker:
    """Checks rows of one module the way its metadata says, and turns them into stored values.

    Args:
        exists: finds the module of a live record.
        is_user: says whether an id is a user's.
    """

    def __init__(self, module: Module, exists: Exists, is_user: Callable[[str], bool]) -> None:
        self._module = module
        self._exists = exists
        self._is_user = is_user

    def stored(self, row: Mapping[str, Any], at: str, current: Mapping[str, Any] | None) -> dict[str, Any]:
        """Give the values to store for a row; keys that are no writable field are ignored.

        Args:
            at: place of the row, as "$.data[0]".
            current: present values when it is an update.
        Raises:
            RowRefusedError: a value does not fit, or a mandatory one is missing.
        """
        out: dict[str, Any] = {}
        for name, value in row.items():
            field = self._module.fields.get(name)
            nobody = field is not None and field.type == "ownerlookup" and value is None
            # A record always has an owner: leaving it to nobody changes nothing [assumed].
            if field is not None and not field.read_only and not nobody:
                out[name] = self._value(field, value, f"{at}.{name}", row, current or {})
        if row.get("$se_module"):
            out["$se_module"] = str(row["$se_module"])
        for name, field in self._module.fields.items():
            if field.mandatory and (out.get(name) is None if current is None or name in out else False):
                details = {"api_name": name, "json_path": f"{at}.{name}"}
                raise RowRefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
        return out

    def _value(self, field: Field, value: Any, path: str, row: Mapping[str, Any], current: Mapping[str, Any]) -> Any:
        if value is None or value == "" or (value == "-None-" and field.type == "picklist"):
            return None
        if field.type == "multi_module_lookup":
            return self._pointer(field, value, path, row, current)
        if field.type == "lookup":
            return self._lookup(field, value, path)
        if field.type == "ownerlookup":
            user = id_of(value)
            if user is None or not self._is_user(user):
                raise invalid(field.api_name, path, expected_data_type="ownerlookup")
            return {"id": user}
        check = _CHECKS.get(field.type)
        return value if check is None else check(field, value, path)

    def _lookup(self, field: Field, value: Any, path: str) -> dict[str, str]:
        target = id_of(value)
        if target is None:
            raise invalid(field.api_name, path, expected_data_type="lookup")
        if self._exists(field.target, target) is None:
            raise RowRefusedError(
                "INVALID_DATA",
                "the id given seems to be invalid",
                {"id": target, "api_name": field.api_name, "json_path": f"{path}.id"},
            )
        return {"id": target}

    def _pointer(
        self, field: Field, value: Any, path: str, row: Mapping[str, Any], current: Mapping[str, Any]
    ) -> dict[str, str]:
        """Check a reference that names its module: in itself (notes), or in ``$se_module`` beside it."""
        target = id_of(value)
        inner = value.get("module") if isinstance(value, Mapping) else None
        named = inner.get("api_name") if isinstance(inner, Mapping) else inner
        module = named or row.get("$se_module") or row.get("se_module") or current.get("$se_module")
        if target is None:
            raise invalid(field.api_name, path, expected_data_type="lookup")
        if not module:
            # Which code the real service uses when $se_module is missing is not known [assumed].
            details = {"api_name": field.api_name, "json_path": path, "dependee": {"api_name": "$se_module"}}
            raise RowRefusedError("DEPENDENT_FIELD_MISSING", "dependent field missing", details)
        if self._exists(str(module), target) is None:
            raise RowRefusedError(
                "INVALID_DATA",
                "the id given seems to be invalid",
                {"id": target, "api_name": field.api_name, "json_path": f"{path}.id"},
            )
        return {"id": target, "module": str(module)}


def _text(field: Field, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid(field.api_name, path, expected_data_type=field.type)
    if len(value) > field.length:
        raise invalid(field.api_name, path, maximum_length=field.length)
    return value


def _matching(pattern: re.Pattern[str]) -> Callable[[Field, Any, str], str]:
    def check(field: Field, value: Any, path: str) -> str:
        text = _text(field, value, path)
        if not pattern.match(text):
            raise invalid(field.api_name, path, expected_data_type=field.type)
        return text

    return check


def _picklist(field: Field, value: Any, path: str) -> str:
    if not isinstance(value, str) or value not in field.options:
        raise invalid(field.api_name, path, expected_data_type=field.type, supported_values=list(field.options))
    return value


def _multi(field: Field, value: Any, path: str) -> list[str] | None:
    if not isinstance(value, list):
        raise invalid(field.api_name, path, expected_data_type="jsonarray")
    return [_picklist(field, item, f"{path}[{at}]") for at, item in enumerate(value)] or None


def _boolean(field: Field, value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise invalid(field.api_name, path, expected_data_type="boolean")
    return value


def _number(field: Field, value: Any, path: str) -> int | float:
    wrong = isinstance(value, bool) or not isinstance(value, int | float)
    if wrong or (field.type == "integer" and value != int(value)):
        raise invalid(field.api_name, path, expected_data_type=field.type)
    if len(str(abs(int(value)))) > field.length:
        raise invalid(field.api_name, path, maximum_length=field.length)
    return int(value) if field.type == "integer" else value


def _date(field: Field, value: Any, path: str) -> str:
    try:
        if not _DAY.match(value):
            raise ValueError(value)
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as exc:
        raise invalid(field.api_name, path, expected_data_type="date") from exc


def _datetime(field: Field, value: Any, path: str) -> str:
    try:
        return wire_time(parse_time(value))
    except (TypeError, ValueError, OverflowError) as exc:
        raise invalid(field.api_name, path, expected_data_type="datetime") from exc


_CHECKS: Final[Mapping[str, Callable[[Field, Any, str], Any]]] = {
    "text": _text,
    "textarea": _text,
    "website": _text,
    "email": _matching(_EMAIL),
    "phone": _matching(_PHONE),
    "picklist": _picklist,
    "multiselectpicklist": _multi,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    **dict.fromkeys(("integer", "double", "currency", "percent"), _number),
}


def normalised(value: Any, rule: Mapping[str, Any]) -> Any:
    """Give a value as an organisation with that habit stores it.

    Args:
        rule: ``{"cut": 12}`` silently shortens, ``{"digits": true}`` keeps only digits and a plus sign,
            ``{"strip": true}``, ``{"lower": true}``, ``{"upper": true}``, ``{"minutes": true}`` drops seconds.
    """
    if not isinstance(value, str):
        return value
    if rule.get("strip"):
        value = value.strip()
    if rule.get("lower"):
        value = value.lower()
    if rule.get("upper"):
        value = value.upper()
    if rule.get("digits"):
        value = "".join(char for char in value if char in "+0123456789")
    if rule.get("minutes") and len(value) >= 19 and value[10] == "T":
        value = f"{value[:17]}00{value[19:]}"
    cut = rule.get("cut")
    return value[: int(cut)] if cut else value
