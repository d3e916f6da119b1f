"""Which values make two records the same one.

A key is text like ``e:wang@client.example``; the letter before the colon tells its kind, so that keys of different
strength never meet. Two records that share a strong key are the same when nobody else carries it; a shared weak key
is only a suggestion to a person. References inside keys are hub uids.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from mapping.forms import email_form, is_dialable, phone_form, text_form, url_form
from mapping.records import EntityKind, Value, Values

_PUNCTUATION: Final = re.compile(r"[.,;'\"`·•・‧’‘“”、，。]+")
_SPACES: Final = re.compile(r"\s+")
_SPACE_AT_HAN: Final = re.compile("(?<=[\u3400-\u9fff\uf900-\ufaff]) | (?=[\u3400-\u9fff\uf900-\ufaff])")
_HOST: Final = re.compile(r"(?:[a-z][a-z0-9+.\-]*://)?(?:[^@/]*@)?(?:www\.)?([^/:?#]+\.[^/:?#]+)")

KEY_KINDS: Final[Mapping[str, str]] = {
    "k": "key field", "e": "e-mail", "m": "mobile", "np": "name and phone", "nd": "name and domain",
    "c": "contract number", "an": "account and name", "psd": "project, subject and due date",
    "cts": "contact, time and score", "w": "parent and words", "n": "name alone", "ps": "project and subject",
    "sd": "subject and due date", "cs": "contact and subject",
}  # fmt: skip
"""Kind of a key -> what it compares, for a person. Those from ``n`` on are weak, and so is ``an`` in one case."""


def name_form(raw: str) -> str:
    """Give a name without differences of width, case, spaces and punctuation.

    Company suffixes stay: 有限公司 and 股份有限公司 are two firms.
    """
    previous, text = "", text_form(raw)
    while text != previous:  # folding case can undo composition once; a second pass settles it
        previous = text
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = _SPACES.sub(" ", _PUNCTUATION.sub("", text)).strip()
        text = _SPACE_AT_HAN.sub("", text)
    return text


def domain_form(website: str) -> str | None:
    """Give the host of a web address without "www.", or None. Shape: "https://www.Acme.cn/x" -> "acme.cn"."""
    match = _HOST.match(url_form(website).lower())
    return match.group(1) if match else None


def keys(entity: EntityKind, values: Values) -> list[str]:
    """Give the strong match keys of a record, strongest first; comments have none."""
    return [*_key_field(values), *_STRONG[entity](values)]


def weak_keys(entity: EntityKind, values: Values) -> list[str]:
    """Give keys that only suggest: name alone, or account and name when a contract number decides."""
    return _WEAK[entity](values)


def mirror_keys(values: Values, at: str, others: Iterable[str], *, ours: bool) -> list[str]:
    """Give the keys by which a comment meets its own mirror, and no comment that another person made.

    A mirror says the same of the same parent and was written by our own user: two comments meet only where at least
    one of them was, so two people who say the same stay two.

    Args:
        at: the connection it stands at; *others* those where its mirror or its source may stand.
        ours: our own user wrote it.
    """
    words = _text(values, "body") or _text(values, "title")
    digest = hashlib.sha256(words.encode()).hexdigest() if words else ""
    sides = [*others, *([at] if ours else [])]
    return [key for side in sorted(sides) for key in _join("w", side, _text(values, "parent"), digest)]


def key_kind(key: str) -> str:
    """Give the kind of a key: the text before its colon."""
    return key.partition(":")[0]


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    return text_form(value) if isinstance(value, str) else ""


def _join(kind: str, *parts: str) -> list[str]:
    """Give one key of several parts, or none when a part is blank; a tab cannot occur in any part."""
    return [f"{kind}:" + "\t".join(parts)] if all(parts) else []


def _key_field(values: Values) -> list[str]:
    return _join("k", _text(values, "key"))


def _account(values: Values) -> list[str]:
    name = name_form(_text(values, "name"))
    phone = phone_form(_text(values, "phone"))
    return [
        *_join("np", name, phone if is_dialable(phone) else ""),
        *_join("nd", name, domain_form(_text(values, "website")) or ""),
    ]


def _contact(values: Values) -> list[str]:
    email = email_form(_text(values, "email"))
    mobile = phone_form(_text(values, "mobile"))
    return [*_join("e", email if "@" in email else ""), *_join("m", mobile if is_dialable(mobile) else "")]


def _account_and_name(values: Values) -> list[str]:
    return _join("an", _text(values, "account"), name_form(_text(values, "name")))


def _project(values: Values) -> list[str]:
    return _join("c", name_form(_text(values, "contract_no"))) or _account_and_name(values)


def _task(values: Values) -> list[str]:
    return _join("psd", _text(values, "project"), name_form(_text(values, "title")), _text(values, "due"))


def _feedback(values: Values) -> list[str]:
    return _join("cts", _text(values, "contact"), _second(values.get("submitted_at")), _text(values, "score"))


def _second(at_ms: Value) -> str:
    """Give an instant in whole seconds: some remotes keep no more."""
    return str(at_ms // 1000) if type(at_ms) is int else ""


def _nothing(_values: Values) -> list[str]:
    return []


def _name_alone(values: Values) -> list[str]:
    return _join("n", name_form(_text(values, "name")))


def _weak_project(values: Values) -> list[str]:
    return [*(_account_and_name(values) if _text(values, "contract_no") else []), *_name_alone(values)]


def _weak_task(values: Values) -> list[str]:
    """Suggest by subject with project or due date, and by subject alone where there is neither."""
    title = name_form(_text(values, "title"))
    project, due = _text(values, "project"), _text(values, "due")
    found = [*_join("ps", project, title), *_join("sd", title, due)]
    return found or _join("n", title)


def _weak_feedback(values: Values) -> list[str]:
    """Suggest by contact and subject, and by subject alone where nobody is named."""
    subject = name_form(_text(values, "subject"))
    return _join("cs", _text(values, "contact"), subject) or _join("n", subject)


_Rule = Callable[[Values], list[str]]
_STRONG: Final[Mapping[EntityKind, _Rule]] = {
    "account": _account, "contact": _contact, "project": _project, "task": _task, "feedback": _feedback,
    "comment": _nothing,
}  # fmt: skip
_WEAK: Final[Mapping[EntityKind, _Rule]] = {
    "account": _name_alone, "contact": _name_alone, "project": _weak_project, "task": _weak_task,
    "feedback": _weak_feedback, "comment": _nothing,
}  # fmt: skip
