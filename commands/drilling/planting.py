"""What a user's maps name and a sandbox lacks: planted where possible, else left out with a line that says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from commands.drilling.ground import Ground, check_places
from config.keys import KEY_BYTES
from mapping.errors import ConfigError
from mapping.fields import FieldMap, ObjectMap
from mapping.loading import load_maps
from mapping.records import EntityKind, hub_field
from sandbox.main import Running
from sandbox.trial.joining import server_of
from service import Service, SystemClock
from store.database import Database
from sync.spokes import Spoke

_PLACE: Final = re.compile(r"^map\.(\w+)\.([\w-]+?)(?:\.fields\.(\w+))? \(")
_MOST_REPAIRS: Final = 100
_KEPT_THERE: Final = frozenset({"created_user", "flag_tag", "ref_with_module", "parent_object"})
"""Codecs of fields that the CRM itself keeps: nobody can make them."""

Maps = Mapping[EntityKind, ObjectMap]


def open_service(ground: Ground, folder: Path, key: bytes) -> Service:
    """Give the service of a ground, its store in *folder*; nothing outside is read.

    Raises:
        ConfigError: the user's maps or settings cannot work.
    """
    config = ground.config(folder)
    clock = SystemClock()
    service = Service(config, Database.open(config.store_url, clock=clock), clock, key)
    try:
        service.check()
        check_places(ground, [one.settings for one in service.configured])
    except BaseException:
        service.close()
        raise
    return service


def new_key() -> bytes:
    """Give a key for a store that will be thrown away."""
    return os.urandom(KEY_BYTES)


def settle_ground(ground: Ground, running: Running, folder: Path, key: bytes) -> None:
    """Plant what the maps name, then leave out what cannot be, until both sides can be opened.

    Raises:
        ConfigError: the maps cannot be read, or nothing would be left of them.
    """
    planted = False
    for _ in range(_MOST_REPAIRS):
        with open_service(ground, folder, key) as service:
            if not planted:
                _plant(service, ground, running)
                planted = True
            problems = [
                problem for one in service.configured for problem in service.opener.open(one, refresh=True).problems
            ]
        if not problems:
            return
        for problem in problems:
            _leave_out(ground, problem)


def spokes_of(service: Service, ground: Ground) -> dict[str, Spoke]:
    """Give both connections opened, by the kind of their CRM."""
    by_name = {one.name: service.opener.open(one).spoke for one in service.configured}
    return {kind: by_name[name] for kind, name in ground.names.items()}


def _leave_out(ground: Ground, problem: ConfigError) -> None:
    """Take the field or the object that a problem is about out of the maps.

    Raises:
        ConfigError: the problem itself, when it is about neither.
    """
    found = _PLACE.match(problem.message)
    if found is None:
        raise problem
    entity, connection, field = found.groups()
    table = ground.tables["map"].setdefault(entity, {}).setdefault(connection, {})
    if field is None:
        table["enabled"] = False
    else:
        table.setdefault("fields", {})[field] = False
    line = (problem.text("en"), problem.text("zh"))
    if line not in ground.left_out:
        ground.left_out.append(line)


def _plant(service: Service, ground: Ground, running: Running) -> None:
    kinds = {name: kind for kind, name in ground.names.items()}
    for one in service.configured:
        shipped = load_maps(one.connector.default_maps(), {}, one.name)
        face = server_of(running, kinds[one.name]).face
        for object, name, kind, options, target in missing_fields(shipped, one.maps):
            try:
                face.define(object, name, kind, options, target)
            except KeyError:
                continue  # opening names the object that is not there


def missing_fields(shipped: Maps, mine: Maps) -> Iterator[tuple[str, str, str, list[str], str]]:
    """Yield (object, field, kind, options, target) of what a user's maps name and the shipped ones do not."""
    for entity, map_ in mine.items():
        there = shipped.get(entity)
        known = (
            {(one.remote, _text(one.options)) for one in there.fields}
            if there and there.object == map_.object
            else set()
        )
        for field in map_.fields:
            if (field.remote, _text(field.options)) not in known and field.codec not in _KEPT_THERE:
                yield from _fields_of(entity, map_, field, mine)


def _text(options: Any) -> str:
    return repr(sorted(options.items())) if options is not None else ""


def _fields_of(
    entity: EntityKind, map_: ObjectMap, field: FieldMap, maps: Maps
) -> Iterator[tuple[str, str, str, list[str], str]]:
    spec = hub_field(entity, field.field)
    listed = field.options if field.options is not None else spec.codes
    options = list(listed) if spec.type in ("option", "options") else []
    target = maps[spec.target].object if spec.target is not None and spec.target in maps else ""
    for name in field.remote:
        yield map_.object, name, spec.type, options, target
