"""``[supervise]`` of the configuration as knobs."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from mapping.errors import ConfigError
from supervise.countries import known_until
from supervise.knobs import Knobs, Ladder

_ANNOUNCED_IN_MONTH = 11
"""The State Council announces the next year's days in November."""


def read_knobs(table: Mapping[str, Any], zone: str) -> Knobs:
    """Give the knobs of ``[supervise]``.

    Raises:
        ConfigError: an unknown knob or a value of the wrong kind.
    """
    known = {field.name for field in fields(Knobs)}
    values: dict[str, Any] = {"zone": zone}
    for name, value in table.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"[supervise] {name}: unknown key{hint}", zh=f"[supervise] {name}：未知的键{hint}")
        default = getattr(Knobs(), name)
        try:
            if isinstance(default, Ladder):
                values[name] = Ladder(*[int(number) for number in value])
            elif isinstance(default, tuple):
                values[name] = tuple(str(one) for one in value)
            elif isinstance(value, type(default)) and isinstance(value, bool) is isinstance(default, bool):
                values[name] = value
            else:
                raise TypeError(type(default).__name__)
        except (TypeError, ValueError) as exc:
            raise ConfigError(
                f"[supervise] {name}: {value!r} does not fit ({exc})", zh=f"[supervise] {name}：{value!r} 不合适"
            ) from exc
    try:
        return Knobs(**values)
    except ValueError as exc:
        raise ConfigError(f"[supervise] {exc}", zh=f"[supervise] 设置不合适：{exc}") from exc


def calendar_word(knobs: Knobs, now_ms: int) -> tuple[bool, str, str]:
    """Say how far the organisation's working days are known: (worrying, English, Chinese)."""
    moment = time.gmtime(now_ms / 1000)
    until = known_until(knobs.calendar, first=moment.tm_year - 1, last=moment.tm_year + 2)
    if until is None:
        return True, f"{knobs.calendar}: only weekends are known", f"{knobs.calendar}：只知道周末"
    late = until < date(moment.tm_year + 1, 1, 1) and moment.tm_mon >= _ANNOUNCED_IN_MONTH
    english = f"{knobs.calendar}: known until {until}; later days are provisional"
    return late, english, f"{knobs.calendar}：已公布至 {until}，之后为暂定"
