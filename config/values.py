"""Small values of the configuration: intervals, time zones, addresses; each says what it would accept."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Iterable
from typing import Annotated, Any, Final

import pydantic

from mapping.errors import WrongValue

_INTERVAL: Final = re.compile(r"^(\d{1,6})\s*(s|m|h|d)$")
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHORTEST_S: Final = 1
LONGEST_S: Final = 7 * 86400


def parse_interval(raw: Any) -> float:
    """Read ``"30s"``, ``"5m"``, ``"1h"`` or ``"1d"`` as seconds.

    Raises:
        ValueError: no unit, not positive, or longer than a week.
    """
    if isinstance(raw, float) and SHORTEST_S <= raw <= LONGEST_S:
        return raw  # already read: settings are validated again when they are copied
    match = _INTERVAL.match(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise WrongValue(
            'expected a time with its unit, such as "30s", "5m" or "1h"', '应为带单位的时间,如 "30s"、"5m"、"1h"'
        )
    seconds = int(match[1]) * _UNIT_S[match[2]]
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise WrongValue('expected a time between "1s" and "7d"', '应为 "1s" 至 "7d" 之间的时间')
    return float(seconds)


def check_zone(raw: str) -> str:
    """Give *raw* back when it names a time zone of the IANA table.

    Raises:
        ValueError: unknown zone; the message carries the nearest known one.
    """
    try:
        zoneinfo.ZoneInfo(raw)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        near = suggest(raw, zoneinfo.available_timezones())
        raise WrongValue(f"unknown time zone{near}", f"未知的时区{suggestion_zh(near)}") from exc
    return raw


def check_listen(raw: str) -> str:
    """Give *raw* back when it is ``host:port``."""
    host, _, port = raw.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise WrongValue('expected "host:port", such as "127.0.0.1:8377"', '应为 "主机:端口",如 "127.0.0.1:8377"')
    return raw


def suggest(found: str, known: Iterable[str]) -> str:
    """Give ``"; did you mean ..."`` for the nearest known word, or the short list of what is known, or nothing."""
    names = sorted(known)
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(found.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{folded[near[0]]}"?'
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 16 else ""


Interval = Annotated[
    float,
    pydantic.BeforeValidator(parse_interval, json_schema_input_type=str),
    pydantic.Field(description='a time with its unit: "30s", "5m", "1h", "1d"'),
]
Zone = Annotated[str, pydantic.AfterValidator(check_zone)]
Listen = Annotated[str, pydantic.AfterValidator(check_listen)]


def suggestion_zh(hint: str) -> str:
    """Give what ``suggest`` said in Chinese."""
    return hint.replace("; did you mean", ";是否想写").replace("; known:", ";可用的有:")
