"""``[supervise]`` of the configuration as knobs."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping, Set
from dataclasses import fields, replace
from datetime import date
from typing import Any

from mapping.errors import ConfigError
from supervise.countries import known_until
from supervise.knobs import EVERYWHERE, Knobs, Ladder

_OWN = ("accounts", "projects")
_KNOWN = frozenset(field.name for field in fields(Knobs)) - set(_OWN)
_ANNOUNCED_IN_MONTH = 11
"""The State Council announces the next year's days in November."""


def read_knobs(table: Mapping[str, Any], zone: str) -> Knobs:
    """Give the knobs of ``[supervise]``, with what is different for some clients and projects.

    Raises:
        ConfigError: an unknown knob or a value of the wrong kind.
    """
    plain = {name: value for name, value in table.items() if name not in _OWN}
    org = _built("[supervise]", Knobs(zone=zone), _read("[supervise]", plain, _KNOWN))
    accounts, projects = (_read_own(f"supervise.{name}", table.get(name, {}), org) for name in _OWN)
    return replace(org, accounts=accounts, projects=projects)


def _read_own(where: str, table: Any, org: Knobs) -> dict[str, dict[str, Any]]:
    """Give what is different for some, by name; each of them must make sense with the organisation's knobs."""
    if not isinstance(table, Mapping) or not all(isinstance(own, Mapping) for own in table.values()):
        raise ConfigError(f"[{where}]: a table of knobs by name is expected", zh=f"[{where}]：应为按名称分列的参数表")
    found: dict[str, dict[str, Any]] = {}
    for name, own in table.items():
        head = f'[{where}."{name}"]'
        found[name.strip().casefold()] = _read(head, own, _KNOWN - set(EVERYWHERE))
        _built(head, org, found[name.strip().casefold()])
    return found


def _read(where: str, table: Mapping[str, Any], known: Set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{where} {name}: unknown key{hint}", zh=f"{where} {name}：未知的键{hint}")
        try:
            values[name] = _fit(value, getattr(Knobs(), name))
        except (TypeError, ValueError) as exc:
            raise ConfigError(
                f"{where} {name}: {value!r} does not fit ({exc})", zh=f"{where} {name}：{value!r} 不合适"
            ) from exc
    return values


def _fit(value: Any, default: Any) -> Any:
    if isinstance(default, Ladder):
        return Ladder(*[int(number) for number in value])
    if isinstance(default, tuple):
        return tuple(str(one) for one in value)
    if isinstance(value, type(default)) and isinstance(value, bool) is isinstance(default, bool):
        return value
    raise TypeError(type(default).__name__)


def _built(where: str, knobs: Knobs, values: Mapping[str, Any]) -> Knobs:
    try:
        return replace(knobs, **values)
    except ValueError as exc:
        raise ConfigError(f"{where} {exc}", zh=f"{where} 设置不合适：{exc}") from exc


def calendar_word(knobs: Knobs, now_ms: int) -> tuple[bool, str, str]:
    """Say how far the organisation's working days are known: (worrying, English, Chinese)."""
    moment = time.gmtime(now_ms / 1000)
    until = known_until(knobs.calendar, first=moment.tm_year - 1, last=moment.tm_year + 2)
    if until is None:
        return True, f"{knobs.calendar}: only weekends are known", f"{knobs.calendar}：只知道周末"
    late = until < date(moment.tm_year + 1, 1, 1) and moment.tm_mon >= _ANNOUNCED_IN_MONTH
    english = f"{knobs.calendar}: known until {until}; later days are provisional"
    return late, english, f"{knobs.calendar}：已公布至 {until}，之后为暂定"
