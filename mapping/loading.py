"""Field maps from their tables: the shipped defaults of a connector, and what a configuration says differently.

Both have one form. An entity's table has ``object``, ``fields`` and, rarely, ``where``, ``constants``, ``optional``,
``writable`` and ``enabled``. A field is the remote name, a table, or ``false`` for "do not map":

    title = "Subject"
    key = { remote = "Key", optional = true }
    name = { remote = ["Last", "First"], codec = "person_name" }

In a field's table ``otherwise`` names a second home, used where the remote lacks the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, get_args

from mapping.binding import bind
from mapping.codecs import KINDS
from mapping.fields import Direction, FieldMap, ObjectMap
from mapping.hints import nearest, unknown_word, wrong_value
from mapping.records import ENTITIES, EntityKind, hub_field, is_known, known_fields
from mapping.scope import read_where

__all__ = ["DIRECTIONS", "bind", "check_connections", "load_maps", "overrides_of"]

DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
_OBJECT_KEYS: Final = ("object", "fields", "where", "constants", "optional", "writable", "enabled")
_FIELD_KEYS: Final = ("remote", "codec", "direction", "options", "optional", "otherwise", "extra")
_NAMED_TARGETS: Final = frozenset({"ref_with_module", "parent_object"})
"""Codecs whose options are the objects of the other maps, unless the map says otherwise."""

Table = Mapping[str, Any]


def load_maps(defaults: Table, overrides: Table, connection: str) -> dict[EntityKind, ObjectMap]:
    """Give the maps of one connection, parents before children.

    Args:
        defaults: the connector's shipped tables, by entity.
        overrides: what the configuration's ``[map.<entity>.<connection>]`` tables of this connection say differently,
            by entity.
    Raises:
        ConfigError: an unknown key, entity, field, direction, codec or operator, or a value of the wrong kind; names
            the place and the nearest known word.
    """
    _known_entities(defaults, f"default map of {connection}")
    _known_entities(overrides, f"map of {connection}")
    maps: dict[EntityKind, ObjectMap] = {}
    for entity in ENTITIES:
        found = _object_map(entity, connection, defaults.get(entity), overrides.get(entity))
        if found is not None:
            maps[entity] = found
    return {entity: _name_targets(found, maps) for entity, found in maps.items()}


def overrides_of(tables: Table, connection: str) -> dict[str, Any]:
    """Give the tables of one connection, by entity, out of the configuration's ``[map]``.

    Raises:
        ConfigError: ``[map.<entity>]`` is not a table of connections.
    """
    found = {entity: _table(of_entity, f"map.{entity}") for entity, of_entity in tables.items()}
    return {entity: of_entity[connection] for entity, of_entity in found.items() if connection in of_entity}


def check_connections(overrides: Table, connections: Iterable[str]) -> None:
    """Hold the connection names of ``[map.<entity>.<connection>]`` tables against the configured ones.

    Raises:
        ConfigError: a table belongs to no connection.
    """
    known = tuple(connections)
    for entity, tables in overrides.items():
        for name in _table(tables, f"map.{entity}"):
            if name not in known:
                raise unknown_word(f"map.{entity}.{name}", name, known, what="connection", zh="连接")


def _known_entities(tables: Table, place: str) -> None:
    for name in _table(tables, place):
        if name not in ENTITIES:
            raise unknown_word(place, name, ENTITIES, what="entity", zh="实体")


def _table(raw: object, place: str) -> Table:
    if not isinstance(raw, Mapping):
        raise wrong_value(place, raw, "a table", "表")
    return raw


def _known_keys(table: Table, known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise unknown_word(place, key, known, what="key", zh="键")


def _object_map(entity: EntityKind, connection: str, default: Table | None, own: Table | None) -> ObjectMap | None:
    """Give the map of one entity, or None when it is not mapped at this connection."""
    place = f"map.{entity}.{connection}"
    base = dict(_table(default, f"default {place}")) if default is not None else {}
    over = dict(_table(own, place)) if own is not None else {}
    for table in (base, over):
        _known_keys(table, _OBJECT_KEYS, place)
    merged = {**base, **over}
    if not _flag(merged, "enabled", place, default=True) or not merged:
        return None
    name = merged.get("object")
    if not isinstance(name, str) or not name:
        raise wrong_value(f"{place}.object", name, "the name of a remote object", "远端对象名")
    map = ObjectMap(
        entity=entity,
        connection=connection,
        object=name,
        fields=tuple(_fields(entity, base.get("fields", {}), over.get("fields", {}), f"{place}.fields")),
        constants={
            **_table(base.get("constants", {}), place),
            **_table(over.get("constants", {}), f"{place}.constants"),
        },
        where=read_where(merged.get("where", ()), f"{place}.where"),
        optional=_flag(merged, "optional", place, default=False) and "object" not in over,
        writable=_flag(merged, "writable", place, default=True),
    )
    _check_targets(map)
    return map


def _flag(table: Table, key: str, place: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise wrong_value(f"{place}.{key}", value, "true or false", " true 或 false")
    return value


def _fields(entity: EntityKind, base: object, over: object, place: str) -> Iterator[FieldMap]:
    """Yield the maps of an entity's fields; several for one field are homes in order of preference."""
    defaults, own = _table(base, place), _table(over, place)
    for name in own:
        _known_field(entity, name, own[name], place)
    for name in dict.fromkeys((*defaults, *own)):
        homes = list(_homes(entity, name, defaults[name], place)) if name in defaults else []
        if name in own:
            homes = list(_overridden(entity, name, own[name], homes, place))
        yield from homes


def _known_field(entity: EntityKind, name: str, raw: object, place: str) -> None:
    """Refuse a misspelt field; one that duban does not know at all is allowed with ``extra = true``."""
    if is_known(entity, name):
        return
    if isinstance(raw, Mapping) and raw.get("extra") is True:
        return
    error = unknown_word(place, name, known_fields(entity), what="field", zh="字段")
    if nearest(name, known_fields(entity)) is None:
        error.next_step = f"{error.next_step}; to keep a further field: {{ remote = .., extra = true }}"
    raise error


def _homes(entity: EntityKind, name: str, raw: object, place: str) -> Iterator[FieldMap]:
    """Yield the home that a field's entry names, then those under its ``otherwise``."""
    if raw is False:
        return
    table = _entry(raw, f"{place}.{name}")
    yield _field_map(entity, name, table, f"{place}.{name}")
    if "otherwise" in table:
        yield from _homes(entity, name, table["otherwise"], place)


def _overridden(entity: EntityKind, name: str, raw: object, homes: list[FieldMap], place: str) -> Iterator[FieldMap]:
    """Yield the homes of a field that the configuration sets itself; a name it gives is not optional any more."""
    if raw is False:
        return
    where = f"{place}.{name}"
    table = _entry(raw, where)
    if "remote" not in table and homes:
        yield from (_patched(entity, home, table, where) for home in homes)
        return
    first, *rest = _homes(entity, name, table, place)
    if homes:
        first = _inherit(homes[0], first, table)
    yield replace(first, optional=_flag(table, "optional", where, default=bool(rest)))
    yield from rest


def _inherit(default: FieldMap, own: FieldMap, table: Table) -> FieldMap:
    """Keep what an override does not say; the codec only while the number of remote fields is the same."""
    alike = len(default.remote) == len(own.remote)
    return replace(
        own,
        codec=own.codec if "codec" in table or not alike else default.codec,
        direction=own.direction if "direction" in table else default.direction,
        options=own.options if "options" in table or not alike else default.options,
    )


def _patched(entity: EntityKind, home: FieldMap, table: Table, place: str) -> FieldMap:
    """Change single settings of a default home."""
    own = _field_map(entity, home.field, {"remote": list(home.remote), "codec": home.codec, **table}, place)
    return replace(
        home,
        codec=own.codec,
        direction=own.direction if "direction" in table else home.direction,
        options=own.options if "options" in table else home.options,
        optional=own.optional if "optional" in table else home.optional,
    )


def _entry(raw: object, place: str) -> Table:
    """Give a field's entry as a table."""
    if raw and isinstance(raw, str | list):
        return {"remote": raw}
    if not isinstance(raw, Mapping):
        raise wrong_value(place, raw, "a remote field name, a table or false", "远端字段名、表或 false")
    _known_keys(raw, _FIELD_KEYS, place)
    return raw


def _field_map(entity: EntityKind, name: str, table: Table, place: str) -> FieldMap:
    remote = table.get("remote")
    names = (remote,) if isinstance(remote, str) else tuple(remote) if isinstance(remote, list) else ()
    if not names or not all(isinstance(one, str) and one for one in names):
        raise wrong_value(f"{place}.remote", remote, "a remote field name or a list of them", "远端字段名或其列表")
    direction = table.get("direction", "both")
    if direction not in DIRECTIONS:
        raise unknown_word(f"{place}.direction", direction, DIRECTIONS, what="direction", zh="方向")
    codec = table.get("codec")
    if codec is not None:
        _check_codec(entity, name, codec, len(names), place)
    return FieldMap(
        field=name,
        remote=names,
        codec=codec,
        direction=direction,
        options=_options(table.get("options"), _codes(entity, name), f"{place}.options"),
        optional=_flag(table, "optional", place, default=False),
    )


def _check_codec(entity: EntityKind, name: str, codec: object, count: int, place: str) -> None:
    if not isinstance(codec, str) or codec not in KINDS:
        raise unknown_word(f"{place}.codec", codec, KINDS, what="codec", zh="编解码器")
    kind, type_ = KINDS[codec], hub_field(entity, name).type
    if type_ not in kind.carries:
        fitting = ", ".join(sorted(other for other, one in KINDS.items() if type_ in one.carries))
        raise wrong_value(f"{place}.codec", codec, f"a codec for {type_}: {fitting}", f"适用于 {type_} 的编解码器")
    if kind.fields != count:
        raise wrong_value(f"{place}.remote", count, f"{kind.fields} remote fields for {codec}", "相应数量的远端字段")


def _codes(entity: EntityKind, name: str) -> tuple[str, ...]:
    """Give the words that a field's options may stand for; none means anything."""
    field = hub_field(entity, name)
    return ENTITIES if field.type in ("ref", "parent") else field.codes


def _options(raw: object, known: tuple[str, ...], place: str) -> dict[str, tuple[str, ...]] | None:
    """Give option -> codes; a single code may stand without its list, and an empty list stands for blank."""
    if raw is None:
        return None
    out: dict[str, tuple[str, ...]] = {}
    for option, codes in _table(raw, place).items():
        listed = [codes] if isinstance(codes, str) else codes
        if not isinstance(listed, list | tuple) or not all(isinstance(code, str) and code for code in listed):
            raise wrong_value(f"{place}.{option}", codes, "a code or a list of codes", "代码或代码列表")
        for code in listed if known else ():
            if code not in known:
                raise unknown_word(f"{place}.{option}", code, known, what="code", zh="代码")
        out[option] = tuple(listed)
    if len({option.casefold() for option in out}) < len(out):
        raise wrong_value(place, list(out), "options that differ in more than case", "不只大小写不同的选项")
    return out


def _check_targets(map: ObjectMap) -> None:
    """Refuse two hub fields that would write one remote field: they would overwrite each other for ever."""
    writer: dict[str, str] = {}
    for one in map.fields:
        for remote in one.remote if one.direction != "to_hub" else ():
            other = writer.setdefault(remote, one.field)
            if other != one.field:
                place = f"map.{map.entity}.{map.connection}.fields.{one.field}"
                raise wrong_value(place, remote, f"a field that {other} does not write too", f"{other} 未使用的字段")


def _name_targets(map: ObjectMap, maps: Mapping[EntityKind, ObjectMap]) -> ObjectMap:
    """Fill in which remote objects stand for which entity, where a codec needs to know and the map does not say."""
    options = {other.object: (entity,) for entity, other in maps.items()}
    fields = tuple(
        replace(one, options=options) if one.codec in _NAMED_TARGETS and one.options is None else one
        for one in map.fields
    )
    return replace(map, fields=fields)
