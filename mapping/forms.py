"""Normal forms of text, e-mail addresses, web addresses and phone numbers.

Two systems that only format a value differently must read as equal, so every form is idempotent: the form of a form
is the form itself.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_UNSENDABLE: Final = re.compile("[\ud800-\udfff]")
_ODD: Final = re.compile("[\0\r\ud800-\udfff]")
_BREAKS: Final = re.compile(r"\s*\n\s*")
_SEPARATORS: Final = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
_CHINA_MOBILE: Final = re.compile(r"(?:\+86|0086|86)?[ -]?(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})", re.ASCII)
_EXTENSION: Final = re.compile(r"\s*(?:转|轉|分机|分機)\s*[:：]?\s*(?=\d)")
_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)?([^/?#\s]+)(.*)", re.DOTALL)
DEFAULT_REGION: Final = "CN"


def text_form(raw: str) -> str:
    """Give text as duban compares it: composed characters, plain line ends, no white space around it.

    NUL cannot be stored by every database and half a surrogate pair by none: the first is dropped, the second
    becomes U+FFFD.
    """
    if raw.isascii():
        if "\r" in raw or "\0" in raw:
            raw = raw.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
        return raw.strip()
    if _ODD.search(raw):
        raw = _UNSENDABLE.sub("\ufffd", raw).replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", raw).strip()


def line_form(raw: str) -> str:
    """Give the text form of a field that has one line: line breaks become one space."""
    text = text_form(raw)
    return _BREAKS.sub(" ", text) if "\n" in text else text


def email_form(raw: str) -> str:
    """Give an address in lower case and half-width characters."""
    text = line_form(raw)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).strip()
    return text_form(text.lower())


def url_form(raw: str) -> str:
    """Give an address with scheme and host in lower case and without a bare closing slash.

    Shape: "HTTPS://Example.COM/" -> "https://example.com"; paths keep their case.
    """
    text = line_form(raw)
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return text
    scheme, host, rest = match.groups()
    rest = "" if rest == "/" else rest
    return text_form(f"{(scheme or '').lower()}{host.lower()}{rest}")


def phone_form(raw: str) -> str:
    """Give a number in E.164, with "ext. N" behind it when it has an extension; text that is no number stays as it is.

    A number without country code is read as Chinese, and only when it is written as one (mobile, trunk 0, 400/800
    service line): ten digits alone may be from anywhere.

    Shape: "138 0013 8000" -> "+8613800138000"; "010-65541234转5" -> "+861065541234 ext. 5"
    """
    mobile = _CHINA_MOBILE.fullmatch(raw)  # nearly all of them; the general way is dear
    if mobile:
        return "+86" + "".join(mobile.groups())
    return _known_phone(raw)


@lru_cache(maxsize=65536)
def _known_phone(raw: str) -> str:
    text = line_form(raw)
    if not text:
        return ""
    flat = text if text.isascii() else unicodedata.normalize("NFKC", text)
    digits = _SEPARATORS.sub("", flat)
    mobile = _CHINA_MOBILE.fullmatch(digits)
    if mobile:
        return "+86" + "".join(mobile.groups())
    return _parsed_phone(_EXTENSION.sub(" ext. ", flat), digits) or text


def _parsed_phone(text: str, digits: str) -> str | None:
    """Give E.164 with its extension, or None when *text* is not certainly a number."""
    import phonenumbers  # metadata of 250 countries: loaded when the first unusual number is met

    if not (text.lstrip().startswith("+") or digits.startswith(("0", "400", "800"))) or len(digits) > 40:
        return None
    try:
        number = phonenumbers.parse(text, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    plain = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return f"{plain} ext. {number.extension}" if number.extension else plain


def url_face(form: str) -> str:
    """Give what two web addresses are compared by: "http://x.cn" and "x.cn" lead to the same place."""
    match = _ADDRESS.fullmatch(form)
    scheme = (match.group(1) or "") if match else ""
    return form[len(scheme) :] if scheme in ("http://", "https://") else form


def phone_face(form: str) -> str:
    """Give what two numbers are compared by that are in no known form: their digits, when there are enough."""
    digits = "".join(char for char in form if char.isdecimal())
    return digits if len(digits) >= 7 and not any(char.isalpha() for char in form) and form[0] != "+" else form


def clear_phone_cache() -> None:
    """Forget the numbers seen; after an erasure none may be left in memory."""
    _known_phone.cache_clear()


def is_dialable(phone: str) -> bool:
    """Say whether a phone form is a full international number, fit for matching people."""
    return phone.startswith("+") and phone[1:].isdigit()
