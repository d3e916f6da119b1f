"""Codecs of text in all its forms, names of people, numbers and check boxes."""

# ruff: noqa: ARG002 - one signature for all codecs; few of them need every argument
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from mapping.codec_base import BLANK, MISSING, NOT_EXACT, CodecSpec, exceeds, refusal
from mapping.fields import UNSEEN, Encoded, Refs, Unseen
from mapping.forms import email_form, line_form, phone_face, phone_form, text_form, url_face, url_form
from mapping.names import join_name, name_line, split_name
from mapping.records import Value

_DECIMAL: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_DIGITS_MOST: Final = 40
_EXACT_INTEGER: Final = 2**53
"""Above this, readers that keep numbers as doubles change them."""


@dataclass(frozen=True, slots=True)
class TextCodec:
    """Text under a normal form; what the remote only reformats reads as unchanged.

    Args:
        face: what values are compared by, where the form alone cannot make two ways of writing one: the hub then
            keeps its own.
    """

    remote: str
    form: Callable[[str], str]
    length: int | None = None
    face: Callable[[str], str] | None = None

    @property
    def lossy(self) -> bool:
        return self.length is not None

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if type(raw) is str:
            return self.form(raw) or None
        if raw is None:
            return None
        if raw is MISSING:
            return UNSEEN
        if type(raw) is int:
            return str(raw)
        raise refusal(self.remote, "text")

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        if current == remote:
            return current
        if not isinstance(current, str) or not isinstance(remote, str):
            return current if isinstance(current, str) and not self.form(current) else remote
        held = self.form(current)
        same = held == remote or (self.face is not None and bool(held) and self.face(held) == self.face(remote))
        return current if same else remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None or value == "":
            return BLANK
        if not isinstance(value, str):
            return NOT_EXACT
        text = self.form(value)
        if exceeds(text, self.length):
            return Encoded(UNSEEN, "too_long")
        return Encoded(text or None)

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.remote: remote}


@dataclass(frozen=True, slots=True)
class PersonNameCodec:
    """A full name held in two remote fields, family name first in the map."""

    last: str
    first: str
    last_length: int | None = None
    first_length: int | None = None

    @property
    def lossy(self) -> bool:
        return self.last_length is not None or self.first_length is not None

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        last = payload.get(self.last, MISSING)
        first = payload.get(self.first, MISSING)
        if last is MISSING or first is MISSING:
            return UNSEEN
        if not isinstance(last, str | None) or not isinstance(first, str | None):
            raise refusal(f"{self.last}, {self.first}", "text")
        return join_name(last, first)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        same = isinstance(current, str) and (name_line(current) or None) == remote
        return current if same else remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None:
            return BLANK
        if not isinstance(value, str):
            return NOT_EXACT
        full = name_line(value)
        last, first = split_name(full)
        if exceeds(last, self.last_length) or exceeds(first or "", self.first_length):
            return Encoded(UNSEEN, "too_long")
        return Encoded(full or None)

    def write(self, remote: Value) -> dict[str, Any]:
        if not isinstance(remote, str):
            return {self.last: None, self.first: None}
        last, first = split_name(remote)
        return {self.last: last, self.first: first}


def decimal_form(number: Decimal) -> str:
    """Give decimal text without exponent, leading plus, closing zeros or negative zero. Shape: 1200.50 -> "1200.5"."""
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_decimal(raw: object) -> Decimal | None:
    """Give the number that *raw* is, or None when it is none: no thousands separators, no NaN, nothing gigantic."""
    if type(raw) is int:
        return Decimal(raw) if abs(raw) < 10**_DIGITS_MOST else None
    if type(raw) is float:
        raw = repr(raw)
    if not isinstance(raw, str) or len(raw) > 2 * _DIGITS_MOST or not _DECIMAL.fullmatch(raw.strip()):
        return None
    number = Decimal(raw.strip())
    return number if number.is_zero() or -_DIGITS_MOST < number.adjusted() < _DIGITS_MOST else None


@dataclass(frozen=True, slots=True)
class NumberCodec:
    """A number; decimal text in the hub and in the remote space, text or a JSON number on the wire."""

    remote: str
    as_text: bool
    digits: int | None = None
    decimals: int | None = None

    @property
    def lossy(self) -> bool:
        return self.decimals is not None or self.digits is not None or not self.as_text

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        number = parse_decimal(raw)
        if number is None:
            raise refusal(self.remote, "a number")
        return decimal_form(number)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        if current == remote or current is None or remote is None:
            return remote
        return current if self.to_remote(current, refs).value == remote else remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None or value == "":
            return BLANK
        number = None if isinstance(value, bool) else parse_decimal(value)
        if number is None:
            return NOT_EXACT
        exact = decimal_form(number)
        sent = self._fit(exact)
        if self.digits and len(sent.lstrip("-").replace(".", "")) > self.digits:
            return Encoded(UNSEEN, "too_long")
        return Encoded(sent, None if sent == exact else "rounded")

    def _fit(self, exact: str) -> str:
        """Give the nearest number the remote can hold: its decimals, and a double where the wire has JSON numbers."""
        fraction = exact.partition(".")[2]
        if self.decimals is not None and len(fraction) > self.decimals:
            whole = Decimal(exact).as_tuple().digits
            step = Decimal(1).scaleb(-self.decimals)
            exact = decimal_form(_quantize(Decimal(exact), step, len(whole)))
        if self.as_text or ("." not in exact and abs(int(exact)) <= _EXACT_INTEGER):
            return exact
        return decimal_form(Decimal(repr(float(exact))))

    def write(self, remote: Value) -> dict[str, Any]:
        if remote is None or self.as_text:
            return {self.remote: remote}
        text = str(remote)
        return {self.remote: float(text) if "." in text else int(text)}


def _quantize(number: Decimal, step: Decimal, digits: int) -> Decimal:
    """Round half up; the default context's 28 digits would refuse long numbers."""
    from decimal import Context

    return number.quantize(step, rounding=ROUND_HALF_UP, context=Context(prec=max(28, digits + 2)))


_TRUE: Final = frozenset({"true", "1", "yes", "y", "是"})
_FALSE: Final = frozenset({"false", "0", "no", "n", "否", ""})


@dataclass(frozen=True, slots=True)
class BooleanCodec:
    """A check box. An empty box says nothing, so its remote value is None, like a box nobody has touched.

    Remotes differ in whether they show an untouched box as false or as null; both read the same, and the hub keeps
    its False or None as it stands. On first contact a tick therefore fills an empty box and is never a conflict.
    """

    remote: str

    @property
    def lossy(self) -> bool:
        return False

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is True:
            return True
        if raw is False or raw is None:
            return None
        if raw is MISSING:
            return UNSEEN
        word = str(raw).strip().lower() if isinstance(raw, str | int) else None
        if word in _TRUE:
            return True
        if word in _FALSE:
            return None
        raise refusal(self.remote, "true or false")

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        if remote:
            return True
        return False if current else current

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if not isinstance(value, bool | None):
            return NOT_EXACT
        return Encoded(True) if value else BLANK

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.remote: bool(remote)}


def text_factory(name: str) -> Callable[[CodecSpec], TextCodec]:
    """Give the factory of the text codec of that name."""
    return lambda spec: TextCodec(spec.remote, FORMS[name], spec.length, FACES.get(name))


def boolean(spec: CodecSpec) -> BooleanCodec:
    """Make the codec of a check box."""
    return BooleanCodec(spec.remote)


def person_name(spec: CodecSpec) -> PersonNameCodec:
    """Make the codec of a name in two fields; their lengths count separately."""
    last, first = spec.map.remote
    lengths = (*spec.lengths, None, None)
    return PersonNameCodec(last, first, lengths[0] or spec.length, lengths[1])


def number(as_text: bool) -> Callable[[CodecSpec], NumberCodec]:
    """Give the factory of a number codec."""
    return lambda spec: NumberCodec(spec.remote, as_text, spec.length, spec.decimals)


FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "text": line_form,
    "long_text": text_form,
    "email": email_form,
    "phone": phone_form,
    "url": url_form,
    "key": line_form,
}
"""Codec name -> normal form of its text."""

FACES: Final[Mapping[str, Callable[[str], str]]] = {"phone": phone_face, "url": url_face}
"""Codec name -> what its values are compared by."""
