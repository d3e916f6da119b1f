"""Answer bodies and headers, read with distrust: size, depth, NaN, HTML where JSON was due, odd dates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, Literal, NoReturn

from pydantic_core import from_json

TextKind = Literal["json", "empty", "html", "text"]

ABSURD_WAIT_S: Final = 86_400.0
"""A Retry-After beyond a day is a mistake of a gateway."""
ABSURD_WAIT_MEANS_S: Final = 3_600.0


class BodyRefused(ValueError):
    """A body that claims to be JSON and cannot be used; the text (``zh`` in Chinese) says why, never what it held."""

    def __init__(self, text: str, zh: str) -> None:
        super().__init__(text)
        self.zh = zh


def _refuse_constant(name: str) -> NoReturn:
    raise BodyRefused(f"{name} is not JSON", f"{name} 不是 JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def decode_body(raw: bytes) -> tuple[Any, TextKind]:
    """Give the parsed JSON (None when it is not JSON) and what the body looks like.

    The content type is not asked: gateways send HTML as JSON and vendors send JSON without a type.

    Raises:
        BodyRefused: it starts like JSON and is broken, too deep, or holds NaN.
    """
    text = raw.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        return None, "empty"
    if text[:1] == b"<":
        return None, "html"
    if text[:1] not in b'{["-0123456789tfnNI':
        return None, "text"
    try:
        return from_json(text, allow_inf_nan=False, cache_strings="keys"), "json"
    except ValueError:
        pass  # half a surrogate pair, which only the standard library reads; or broken, and it says how
    try:
        return _DECODER.decode(text.decode("utf-8")), "json"
    except BodyRefused:
        raise
    except (ValueError, RecursionError) as exc:
        reason = (
            ("too deep", "嵌套过深")
            if isinstance(exc, RecursionError)
            else ("cut short or not JSON", "不完整或不是 JSON")
        )
    raise BodyRefused(*reason)


def read_server_ms(headers: Mapping[str, str]) -> int | None:
    """Give the server's own time from the Date header, whole seconds as milliseconds UTC; None without a good one."""
    return _date_ms(headers.get("date", ""))


def read_retry_after(headers: Mapping[str, str], server_ms: int | None, now_ms: int) -> float | None:
    """Give the wait in seconds that the remote asks for, from either form of Retry-After.

    A date is held against the server's own Date, so that a wrong clock on either machine changes nothing.
    """
    raw = headers.get("retry-after", "").strip()
    if not raw:
        return None
    if raw.isascii() and raw.isdigit():
        wait_s = float(raw[:12])
    else:
        at_ms = _date_ms(raw)
        if at_ms is None:
            return None
        wait_s = (at_ms - (server_ms if server_ms is not None else now_ms)) / 1000
    return ABSURD_WAIT_MEANS_S if wait_s > ABSURD_WAIT_S else max(0.0, wait_s)


@lru_cache(maxsize=64)  # the answers of one second all carry the same date
def _date_ms(raw: str) -> int | None:
    try:
        moment = parsedate_to_datetime(raw)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
