"""An object map held against the live metadata of its connection, before any record is read or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from mapping.codecs import KINDS, make_codec
from mapping.errors import ConfigError
from mapping.fields import BoundField, BoundMap, FieldMap, ObjectMap
from mapping.hints import nearest
from mapping.records import FieldType, hub_field

_OUTWARD: Final = frozenset({"both", "to_remote", "create_only", "claim"})
"""Directions that write to the remote: a read-only field cannot serve them."""
_OPTION_CODECS: Final = frozenset({"option", "options", "options_joined"})


class RemoteField(Protocol):
    """What binding needs to know of a live field; the connectors' FieldSchema is one."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def length(self) -> int | None: ...
    @property
    def decimals(self) -> int | None: ...
    @property
    def required(self) -> bool: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def unique(self) -> bool: ...
    @property
    def options(self) -> tuple[str, ...]: ...


R = TypeVar("R", bound=RemoteField)


def bind(
    map: ObjectMap,
    schema: Mapping[str, R] | None,
    codec_for: Callable[[FieldType, R], str | None],
    zone: ZoneInfo,
) -> tuple[BoundMap, list[ConfigError]]:
    """Give the map ready for use, and everything about it that cannot work.

    Args:
        schema: live fields by name; None when the remote has no such object.
        codec_for: the connector's choice of a codec where the map names none.
        zone: time zone of the remote organisation.
    """
    if schema is None:
        return BoundMap(map, ()), [] if map.optional else [
            _problem(map, None, "no such object at the remote", "远端没有该对象")
        ]
    problems: list[ConfigError] = []
    bound: dict[str, BoundField] = {}
    missing: dict[str, tuple[str, ...]] = {}
    for one in map.fields:
        if one.field in bound:
            continue  # an earlier home was found
        absent = _absent(one, schema)
        if absent:
            if not one.optional:
                problems.append(_absent_problem(map, one, absent, schema))
            missing.setdefault(one.field, one.remote)
            continue
        codec = one.codec or codec_for(hub_field(map.entity, one.field).type, schema[one.remote[0]])
        missing.pop(one.field, None)
        if codec is None or KINDS[codec].fields != len(one.remote):
            problems.append(_type_problem(map, one, schema[one.remote[0]]))
            continue
        problems += _field_problems(map, one, codec, schema)
        bound[one.field] = _bind_field(map, one, codec, schema, zone)
    problems += _object_problems(map, bound.values(), schema)
    key = bound.get("key")
    key_field = key.map.remote[0] if key else None
    unique = key_field is not None and schema[key_field].unique
    return BoundMap(map, tuple(bound.values()), key_field, unique, missing), problems


def _described(one: FieldMap) -> tuple[str, ...]:
    """Give the remote fields that must be in the metadata; a codec may use system fields that never are."""
    return one.remote[: KINDS[one.codec].described] if one.codec else one.remote


def _absent(one: FieldMap, schema: Mapping[str, R]) -> list[str]:
    return [name for name in _described(one) if name not in schema]


def _bind_field(map: ObjectMap, one: FieldMap, codec: str, schema: Mapping[str, R], zone: ZoneInfo) -> BoundField:
    live = [schema.get(name) for name in one.remote]
    first = live[0]
    field = hub_field(map.entity, one.field)
    fixed = not KINDS[codec].writes or any(schema[name].read_only for name in one.remote[: KINDS[codec].described])
    made = make_codec(
        codec,
        entity=map.entity,
        field=field,
        map=one,
        zone=zone,
        length=first.length if first else None,
        decimals=first.decimals if first else None,
        options=first.options if first else (),
        read_only=fixed,
        lengths=tuple(part.length if part else None for part in live),
    )
    return BoundField(one, made, map.writable and not fixed and one.direction != "to_hub", field.type == "options")


def _field_problems(map: ObjectMap, one: FieldMap, codec: str, schema: Mapping[str, R]) -> Iterator[ConfigError]:
    for name in _described(one):
        if map.writable and one.direction in _OUTWARD and schema[name].read_only:
            yield _problem(
                map,
                one,
                f"{name} is read-only at the remote, but direction {one.direction} writes it",
                f"{name} 在远端只读，但方向 {one.direction} 需要写入",
                ('set direction = "to_hub", or another field', '请设 direction = "to_hub"，或换一个字段'),
            )
    if codec in _OPTION_CODECS and schema[one.remote[0]].options:
        yield from _option_problems(map, one, schema[one.remote[0]])


def _option_problems(map: ObjectMap, one: FieldMap, live: RemoteField) -> Iterator[ConfigError]:
    """Yield both sides of an option map that does not fit: options that are not there, options nobody mapped."""
    codes = hub_field(map.entity, one.field).codes
    if one.options is None and not codes:
        return
    mapped = one.options if one.options is not None else {code: (code,) for code in codes}
    there = {option.casefold() for option in live.options}
    known = {option.casefold() for option in mapped}
    step = f"options there: {', '.join(live.options)}", f"远端选项：{'、'.join(live.options)}"
    for option, targets in mapped.items():
        if one.options is not None and targets and option.casefold() not in there:
            yield _problem(map, one, f"{live.name} has no option {option!r}", f"{live.name} 没有选项 {option!r}", step)
    for option in live.options:
        if option.casefold() not in known:
            yield _problem(
                map,
                one,
                f"unmapped option {option!r} of {live.name}",
                f"{live.name} 的选项 {option!r} 未映射",
                (
                    f"add it to map.{map.entity}.{map.connection}.fields.{one.field}.options; [] reads it as blank",
                    f"请加入 map.{map.entity}.{map.connection}.fields.{one.field}.options；[] 表示空",
                ),
            )


def _object_problems(map: ObjectMap, bound: Iterable[BoundField], schema: Mapping[str, R]) -> Iterator[ConfigError]:
    for name, _, _ in map.where:
        if name not in schema:
            yield _problem(
                map,
                None,
                f"where names {name!r}, which is not there",
                f"where 中的字段 {name!r} 不存在",
                _near(name, schema),
            )
    if not map.writable:
        return
    filled = {name for one in bound if one.writable for name in one.map.remote} | set(map.constants)
    for name, live in schema.items():
        if live.required and not live.read_only and name not in filled:
            yield _problem(
                map,
                None,
                f"{name} is required at the remote and nothing fills it",
                f"{name} 在远端必填，但没有来源",
                (f"map a field to it, or set constants.{name}", f"请映射一个字段，或设置 constants.{name}"),
            )
    yield from _constant_problems(map, schema)


def _constant_problems(map: ObjectMap, schema: Mapping[str, R]) -> Iterator[ConfigError]:
    for name, value in map.constants.items():
        live = schema.get(name)
        if live is None:
            yield _problem(
                map,
                None,
                f"constants names {name!r}, which is not there",
                f"constants 中的字段 {name!r} 不存在",
                _near(name, schema),
            )
        elif live.options and value not in live.options:
            options = ", ".join(live.options)
            yield _problem(
                map,
                None,
                f"{name} has no option {value!r}",
                f"{name} 没有选项 {value!r}",
                (f"options there: {options}", f"远端选项：{options}"),
            )


def _absent_problem(map: ObjectMap, one: FieldMap, absent: list[str], schema: Mapping[str, R]) -> ConfigError:
    names = ", ".join(absent)
    return _problem(map, one, f"no field {names} at the remote", f"远端没有字段 {names}", _near(absent[0], schema))


def _type_problem(map: ObjectMap, one: FieldMap, live: RemoteField) -> ConfigError:
    type_ = hub_field(map.entity, one.field).type
    return _problem(
        map,
        one,
        f"{live.name} is of type {live.type}, which cannot carry {type_}",
        f"{live.name} 的类型为 {live.type}，不能承载 {type_}",
        ("map another field, or name a codec", "请换一个字段，或指定 codec"),
    )


def _near(name: str, schema: Iterable[str]) -> tuple[str, str] | None:
    hit = nearest(name, schema)
    return (f"did you mean {hit!r}?", f"是否应为 {hit!r}？") if hit else None


def _problem(
    map: ObjectMap, one: FieldMap | None, text: str, zh: str, step: tuple[str, str] | None = None
) -> ConfigError:
    place = f"map.{map.entity}.{map.connection}" + (f".fields.{one.field}" if one else "")
    place = f"{place} ({map.object})"
    return ConfigError(
        f"{place}: {text}",
        zh=f"{place}：{zh}",
        connection=map.connection,
        next_step=step[0] if step else None,
        next_step_zh=step[1] if step else None,
    )
