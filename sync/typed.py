"""What a person types, as canonical values. Pure but for the look-up of references, which is passed in."""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from mapping.errors import InputError
from mapping.forms import email_form, line_form, phone_form, text_form, url_form
from mapping.records import ENTITIES, ENTITIES_ZH, EntityKind, HubField, Value, hub_field, is_known, known_fields

LookUp = Callable[[EntityKind, str], str]
"""(entity, what a person typed) -> uid; raises InputError."""

_YES: Final = frozenset({"true", "yes", "1", "on", "是", "对"})
_NO: Final = frozenset({"false", "no", "0", "off", "否", "不"})
_CLAIMED: Final = frozenset({("project", "lifecycle"), ("project", "declared_health")})
"""Set from what the sources state, by supervision alone."""

MAX_CHARACTERS: Final = 100_000


def is_claimed(entity: str, name: str) -> bool:
    """Say whether the value of a field comes from what the sources state, and never from nothing."""
    return (entity, name) in _CLAIMED


def field_of(entity: EntityKind, name: str, extras: Iterable[str] = ()) -> HubField:
    """Give the field a person may set under *name*.

    Args:
        extras: names of further mapped fields that the deployment has.
    Raises:
        InputError: nobody knows it (with the nearest known name), or no person sets it.
    """
    if not is_known(entity, name) and name not in set(extras):
        raise _unknown_field(entity, name, [*known_fields(entity), *extras])
    field = hub_field(entity, name)
    if field.rule_written or field.type == "key" or is_claimed(entity, name):
        raise InputError(
            f"{entity}.{name} is computed by duban and cannot be typed in",
            zh=f"{entity}.{name} 由 duban 计算,不能手工填写",
        )
    return field


def canonical(field: HubField, typed: str, *, zone: str, look_up: LookUp) -> Value:
    """Give the canonical value of what was typed; nothing typed means blank.

    Args:
        zone: of our organisation; an instant typed without one is there.
    Raises:
        InputError: with what would be accepted.
    """
    raw = text_form(typed)
    if len(raw) > MAX_CHARACTERS:
        raise InputError(
            f"{field.name}: longer than {MAX_CHARACTERS} characters", zh=f"{field.name}:超过 {MAX_CHARACTERS} 个字符"
        )
    if not raw:
        return None
    match field.type:
        case "date":
            return _day(field, raw)
        case "instant":
            return _instant(field, raw, zone)
        case "money" | "number":
            return _decimal(field, raw)
        case "bool":
            return _bool(field, raw)
        case "option":
            return _code(field, raw)
        case "options":
            return (
                sorted({_code(field, line_form(one)) for one in raw.replace(",", ",").split(",") if one.strip()})
                or None
            )
        case "ref":
            assert field.target is not None
            return look_up(field.target, raw)
        case "parent":
            return _parent(field, raw, look_up)
        case "email" | "user":
            return _email(field, raw)
        case "phone":
            return phone_form(raw)
        case "url":
            return url_form(raw)
        case "long_text":
            return raw
        case _:
            return line_form(raw)


def _day(field: HubField, raw: str) -> str:
    try:
        return date.fromisoformat(raw).isoformat()
    except ValueError as exc:
        raise _wrong(field, raw, "a day such as 2026-12-01", "日期,如 2026-12-01") from exc


def _instant(field: HubField, raw: str, zone: str) -> int:
    try:
        at = datetime.fromisoformat(raw)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zoneinfo.ZoneInfo(zone))
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError) as exc:
        raise _wrong(field, raw, "a time such as 2026-12-01T18:00", "时间,如 2026-12-01T18:00") from exc


def _decimal(field: HubField, raw: str) -> str:
    try:
        number = Decimal(raw.replace(",", ""))
    except InvalidOperation as exc:
        raise _wrong(field, raw, "a number such as 1200.50", "数字,如 1200.50") from exc
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise _wrong(field, raw, "a number of ordinary size", "普通大小的数字")
    text = f"{number.normalize():f}"
    return "0" if text == "-0" else text


def _bool(field: HubField, raw: str) -> bool:
    word = raw.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _wrong(field, raw, "true or false", "true 或 false")


def _code(field: HubField, raw: str) -> str:
    if not field.codes or raw in field.codes:
        return raw
    raise _wrong(field, raw, f"one of {', '.join(field.codes)}", f"以下之一:{', '.join(field.codes)}")


def _email(field: HubField, raw: str) -> str:
    address = email_form(raw)
    name, mark, host = address.rpartition("@")
    if not (mark and name and host) or " " in address:
        raise _wrong(field, raw, "an e-mail address", "邮箱地址")
    return address


def _parent(field: HubField, raw: str, look_up: LookUp) -> str:
    kind, mark, ref = raw.partition(":")
    if not mark or kind not in ENTITIES:
        raise _wrong(field, raw, "KIND:RECORD, such as task:RECORD", "类型:记录,如 task:记录")
    return f"{kind}:{look_up(kind, ref)}"


def _wrong(field: HubField, raw: str, wanted: str, wanted_zh: str) -> InputError:
    shown = repr(raw if len(raw) <= 60 else raw[:60] + "…")
    return InputError(
        f"{field.name}: expected {wanted}, found {shown}", zh=f"{field.name}:应为{wanted_zh},实际为 {shown}"
    )


def _unknown_field(entity: EntityKind, name: str, known: list[str]) -> InputError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(sorted(known))}"
    hint_zh = f";是否想写 “{near[0]}”?" if near else f";可用的有:{', '.join(sorted(known))}"
    return InputError(f'{entity} has no field "{name}"{hint}', zh=f"{ENTITIES_ZH[entity]}没有字段“{name}”{hint_zh}")
