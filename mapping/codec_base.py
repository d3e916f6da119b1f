"""What the codec families share: their arguments, refusing, and the read-only shell."""

# ruff: noqa: ARG002 - one signature for all codecs; few of them need every argument
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from mapping.errors import RecordRefused
from mapping.fields import UNSEEN, Codec, Encoded, FieldMap, Refs, Unseen
from mapping.records import EntityKind, HubField, Value

MISSING: Final = object()
"""Marks a key that a payload does not have; None is a value."""

BLANK: Final = Encoded(None)
NOT_EXACT: Final = Encoded(UNSEEN, "not_exact")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecSpec:
    """Everything a codec is made from.

    Args:
        zone: time zone of the remote organisation, for civil days.
        length, decimals: limits of the first remote field; None when the metadata does not say.
        lengths: limits of all remote fields, in the map's order.
        live_options: option values the remote field has now; empty when unknown.
    """

    entity: EntityKind
    field: HubField
    map: FieldMap
    zone: ZoneInfo
    length: int | None = None
    decimals: int | None = None
    lengths: tuple[int | None, ...] = ()
    live_options: tuple[str, ...] = ()

    @property
    def remote(self) -> str:
        """Give the first remote field."""
        return self.map.remote[0]


Factory = Callable[[CodecSpec], Codec]


_EXPECTED_ZH: Final[Mapping[str, str]] = {
    "text": "文本",
    "a number": "数字",
    "true or false": "是或否",
    "a day (YYYY-MM-DD, 1970 to 9999)": "日期（YYYY-MM-DD，1970 至 9999）",
    "a day in milliseconds (1970 to 9999)": "以毫秒表示的日期（1970 至 9999）",
    "a time with its zone (1970 to 9999)": "带时区的时间（1970 至 9999）",
    "an option": "选项",
    "an option of the field map": "字段映射中的选项",
    "a list of tags": "标签列表",
    "one reference": "单个引用",
    "a reference with an id": "带编号的引用",
}


def refusal(field: str, expected: str) -> RecordRefused:
    """Give the error for a value of the wrong type; it names the field and never what stood in it."""
    return RecordRefused(
        f"field {field}: expected {expected}",
        zh=f"字段 {field}：应为{_EXPECTED_ZH[expected]}",
        code="WRONG_TYPE",
    )


def exceeds(text: str, length: int | None) -> bool:
    """Say whether *text* is longer than a remote field takes.

    Counted in UTF-16 units, the larger of the two ways to count: a value that passes here fits either way.
    """
    if length is None or 2 * len(text) <= length:
        return False
    return len(text) + sum(char > "\uffff" for char in text) > length


@dataclass(frozen=True, slots=True)
class ReadOnlyCodec:
    """A codec whose field the remote computes itself: reads as usual, writes nothing."""

    inner: Codec

    @property
    def lossy(self) -> bool:
        return True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        return self.inner.read(payload)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return self.inner.to_hub(remote, current, refs)

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return Encoded(UNSEEN, "no_home")

    def write(self, remote: Value) -> dict[str, Any]:
        return {}
