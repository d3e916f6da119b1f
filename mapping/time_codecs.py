"""Codecs of civil days and instants.

A day is a day in the remote organisation's zone, never an instant: reading a day that a remote writes as milliseconds
in UTC would give the day before.
"""

# ruff: noqa: ARG002 - one signature for all codecs; few of them need every argument
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from mapping.codec_base import BLANK, MISSING, NOT_EXACT, CodecSpec, refusal
from mapping.fields import UNSEEN, Encoded, Refs, Unseen
from mapping.records import Value

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})", re.ASCII
)
_YEARS: Final = range(1970, 10000)
_DAY_MS: Final = 86_400_000
_LAST_MS: Final = 253_402_300_800_000 - _DAY_MS
"""A day before the year 10000, so that no zone's local time leaves the calendar."""


@lru_cache(maxsize=8192)
def parse_day(text: str) -> str | None:
    """Give *text* when it is a real civil day between 1970 and 9999, else None."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return text if date.fromisoformat(text).year in _YEARS else None
    except ValueError:
        return None


def day_to_ms(day: str, zone: ZoneInfo) -> int:
    """Give the instant a civil day begins in *zone*. Shape: 2021-04-30 at Asia/Shanghai -> 1619712000000."""
    start = date.fromisoformat(day)
    return int(datetime(start.year, start.month, start.day, tzinfo=zone).timestamp()) * 1000


def ms_to_day(raw_ms: int, zone: ZoneInfo) -> str | None:
    """Give the civil day of an instant in *zone*, or None outside 1970 to 9999."""
    if not -_DAY_MS < raw_ms < _LAST_MS + 2 * _DAY_MS:
        return None
    try:
        day = datetime.fromtimestamp(raw_ms // 1000, zone).date()
    except (OverflowError, ValueError):  # year 10000 somewhere on earth
        return None
    return day.isoformat() if day.year in _YEARS else None


def parse_instant(text: str) -> int | None:
    """Give milliseconds UTC of an ISO time with offset, or None; a time without zone could mean anything."""
    if len(text) == 25 and text[7] == "-" and text[10] == "T" and text[19] in "+-" and text[11:13] != "24":
        try:  # the form that servers send, and the quick way to read it
            return int(datetime.fromisoformat(text).timestamp()) * 1000
        except (ValueError, OverflowError):
            pass
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        return None
    day, clock, second, fraction, offset = match.groups()
    if clock.startswith("24"):
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{second or ':00'}{'+00:00' if offset == 'Z' else offset}")
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds * 1000 + int((fraction or "")[:3].ljust(3, "0"))


def whole_number(raw: object) -> int | None:
    """Give an integer that came as int, whole float or digit text; None for anything else."""
    if type(raw) is int:
        return raw
    if type(raw) is float:
        return int(raw) if raw.is_integer() else None
    if isinstance(raw, str) and len(raw) < 20 and raw.strip().lstrip("-").isdecimal() and raw.isascii():
        return int(raw) if raw.strip().count("-") <= 1 else None
    return None


@dataclass(frozen=True, slots=True)
class DateIsoCodec:
    """A civil day as ISO text on the wire; a time behind it is ignored."""

    remote: str

    @property
    def lossy(self) -> bool:
        return False

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        if raw is None or raw == "":
            return None
        if isinstance(raw, str):
            text = raw if len(raw) == 10 else raw.strip()
            day = parse_day(text[:10]) if text[10:11] in ("", "T", " ") else None
            if day:
                return day
        raise refusal(self.remote, "a day (YYYY-MM-DD, 1970 to 9999)")

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return _encode_day(value)

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.remote: remote}


def _encode_day(value: Value) -> Encoded:
    if value is None or value == "":
        return BLANK
    if isinstance(value, str) and parse_day(value):
        return Encoded(value)
    return NOT_EXACT


@dataclass(frozen=True, slots=True)
class DateMsCodec:
    """A civil day as epoch milliseconds on the wire, local midnight when written; the clock part has no meaning."""

    remote: str
    zone: ZoneInfo
    _days: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def lossy(self) -> bool:
        return False

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        if raw is None or raw == "":
            return None
        raw_ms = whole_number(raw)
        day = None if raw_ms is None else self._days.get(raw_ms) or self._learn(raw_ms)
        if day is None:
            raise refusal(self.remote, "a day in milliseconds (1970 to 9999)")
        return day

    def _learn(self, raw_ms: int) -> str | None:
        """Work a day out and remember it: due dates repeat, and zone arithmetic is the dearest part of a read."""
        day = ms_to_day(raw_ms, self.zone)
        if day and len(self._days) < 4096:
            self._days[raw_ms] = day
        return day

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return _encode_day(value)

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.remote: None if remote is None else day_to_ms(str(remote), self.zone)}


@dataclass(frozen=True, slots=True)
class InstantCodec:
    """An instant, ISO text with offset in whole seconds or epoch milliseconds on the wire; milliseconds UTC inside."""

    remote: str
    zone: ZoneInfo
    iso: bool

    @property
    def lossy(self) -> bool:
        return self.iso

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        if raw is None or raw == "":
            return None
        at_ms = parse_instant(raw) if self.iso and isinstance(raw, str) else None
        if at_ms is None:
            at_ms = whole_number(raw)
        if at_ms is None or not 0 <= at_ms < _LAST_MS:
            raise refusal(self.remote, "a time with its zone (1970 to 9999)")
        return self._floor(at_ms)

    def _floor(self, at_ms: int) -> int:
        return at_ms - at_ms % 1000 if self.iso else at_ms

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        same = type(current) is int and self._floor(current) == remote
        return current if same else remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None:
            return BLANK
        if type(value) is not int or not 0 <= value < _LAST_MS:
            return NOT_EXACT
        sent = self._floor(value)
        return Encoded(sent, None if sent == value else "rounded")

    def write(self, remote: Value) -> dict[str, Any]:
        if not isinstance(remote, int) or not self.iso:
            return {self.remote: remote}
        moment = datetime.fromtimestamp(remote // 1000, self.zone)
        offset = moment.utcoffset()
        if offset is None or offset.seconds % 60:  # a few zones had odd seconds in 1970; ISO offsets have minutes
            moment = moment.astimezone(UTC)
        return {self.remote: moment.isoformat(timespec="seconds")}


def date_iso(spec: CodecSpec) -> DateIsoCodec:
    """Make the codec of a day as ISO text."""
    return DateIsoCodec(spec.remote)


def date_ms(spec: CodecSpec) -> DateMsCodec:
    """Make the codec of a day as milliseconds."""
    return DateMsCodec(spec.remote, spec.zone)


def instant_iso(spec: CodecSpec) -> InstantCodec:
    """Make the codec of an instant as ISO text."""
    return InstantCodec(spec.remote, spec.zone, iso=True)


def instant_ms(spec: CodecSpec) -> InstantCodec:
    """Make the codec of an instant as milliseconds."""
    return InstantCodec(spec.remote, spec.zone, iso=False)
