"""Taking a value off the wire as the server does: checked against the field's type, brought into stored form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sandbox.fxiaoke.cells import is_empty
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.describe import EMPLOYEE_TYPES, LIST_TYPES, NUMBER_TYPES, REFERENCE_TYPES, FieldSpec
from sandbox.fxiaoke.operators import number_of
from sandbox.fxiaoke.people import Viewer
from sandbox.fxiaoke.tenant import Tenant

DAY_MS: Final = 86_400_000
ZONE_MS: Final = 8 * 3_600_000
"""GMT+8: the tenant's zone, in which civil days are meant."""


def stored_value(tenant: Tenant, object: str, spec: FieldSpec, value: Any, viewer: Viewer) -> Any:
    """Give the value as the server keeps it; None clears the field.

    Raises:
        Refusal: the value does not fit the field, or names a person or record that does not exist.
    """
    if is_empty(value):
        return None
    if spec.type in EMPLOYEE_TYPES:
        return [tenant.people.must_mean(str(item), viewer) for item in _listed(value)]
    if spec.type in REFERENCE_TYPES:
        return _reference(tenant, spec, value)
    kept = _plain(spec, value)
    rule = tenant.settings.normalise.get(f"{object}.{spec.name}")
    return normalised(kept, rule) if rule else kept


def _plain(spec: FieldSpec, value: Any) -> Any:
    if spec.type in NUMBER_TYPES:
        return _number(spec, value)
    if spec.type == "date":
        return midnight_ms(_whole(spec, value))
    if spec.type in ("date_time", "time"):
        return _whole(spec, value)
    if spec.type == "true_or_false":
        return _truth(spec, value)
    if spec.type in ("select_one", "record_type"):
        return _option(spec, value)
    if spec.type == "select_many":
        return [_option(spec, item) for item in _listed(value)]
    if spec.type in LIST_TYPES:
        return _listed(value)
    return _text(spec, value)


def midnight_ms(at_ms: int) -> int:
    """Give the tenant's midnight that opens the day of an instant: a civil day keeps no clock part."""
    return (at_ms + ZONE_MS) // DAY_MS * DAY_MS - ZONE_MS


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _wrong(spec: FieldSpec, why: str) -> Refusal:
    return Refusal("validation", f"字段[{spec.label}]{why}", "数据校验失败")


def _number(spec: FieldSpec, value: Any) -> str:
    number = number_of(value)
    if number is None or not number.is_finite():
        raise _wrong(spec, "不是数字")
    return str(number.quantize(Decimal(1).scaleb(-(spec.decimals or 0)), rounding=ROUND_HALF_UP))


def _whole(spec: FieldSpec, value: Any) -> int:
    number = number_of(value)
    if number is None or number != number.to_integral_value():
        raise _wrong(spec, "不是毫秒时间")
    return int(number)


def _truth(spec: FieldSpec, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise _wrong(spec, "不是布尔值")


def _option(spec: FieldSpec, value: Any) -> str:
    chosen = str(value)
    if spec.options and chosen not in {option for option, _ in spec.options}:
        raise _wrong(spec, f"的选项[{chosen}]不存在")
    return chosen


def _text(spec: FieldSpec, value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return value
    kept = str(value)
    if spec.length and len(kept) > spec.length:
        raise _wrong(spec, f"超过最大长度{spec.length}")
    if spec.type == "email" and "@" not in kept:
        raise _wrong(spec, "邮箱格式不正确")
    return kept


def _reference(tenant: Tenant, spec: FieldSpec, value: Any) -> str:
    wanted = str(value)
    table = tenant.world.objects.get(spec.target or "")
    if tenant.settings.check_references and table is not None:
        row = table.rows.get(wanted)
        if row is None or row.deleted:
            raise _wrong(spec, "关联的数据不存在或已作废")
    return wanted


def normalised(value: Any, rule: Mapping[str, Any]) -> Any:
    """Give a value as a tenant with that habit silently stores it.

    Args:
        rule: for texts ``strip``, ``lower``, ``upper``, ``digits`` (and a plus sign), ``phone`` (regrouped with
            hyphens) and ``cut`` (to that many characters); for times ``minutes`` (drops the seconds).
    """
    if isinstance(value, int) and not isinstance(value, bool) and rule.get("minutes"):
        return value - value % 60_000
    if not isinstance(value, str):
        return value
    for name in ("strip", "lower", "upper"):
        if rule.get(name):
            value = getattr(value, name)()
    if rule.get("digits") or rule.get("phone"):
        value = "".join(sign for sign in value if sign in "+0123456789")
    if rule.get("phone"):
        value = "-".join(part for part in (value[:-8], value[-8:-4], value[-4:]) if part)
    cut = rule.get("cut")
    return value if cut is None else value[: int(cut)]
