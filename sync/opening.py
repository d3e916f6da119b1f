"""Log in, pin the organisation, bind the maps to live metadata: from a configured connection to a spoke."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Connector, ConnectorSettings, FieldSchema, Identity, ObjectSchema, RemoteUser
from mapping.binding import bind
from mapping.errors import AuthRefused, ConfigError, DubanError, NeedsOperator
from mapping.fields import BoundMap, ObjectMap
from mapping.ports import Clock
from mapping.records import ENTITIES, EntityKind
from store import streams
from store.database import Database
from store.streams import ConnectionState
from sync.report import RunReport
from sync.spokes import Directory, Spoke

_FRESH_MS = 3_600_000
"""Metadata, people and identity are asked again after this long; a new field may appear at any time."""

_ABOUT = "@about"


@dataclass(slots=True, kw_only=True)
class Configured:
    """One connection as the configuration has it: not logged in yet.

    Args:
        fingerprint: of its settings, secrets included; another one asks everything anew.
        counters: what the connector counts (calls, credits, retries), live.
    """

    name: str
    connector: Connector
    settings: ConnectorSettings
    maps: Mapping[EntityKind, ObjectMap]
    fingerprint: str
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Opened:
    """A spoke, and what its maps cannot do."""

    spoke: Spoke
    problems: list[ConfigError] = field(default_factory=list)


_HOW_FAR = frozenset({"mode", "first_contact"})


class Opener:
    """Opens configured connections; what it learns is kept in the store for an hour."""

    def __init__(self, db: Database, clock: Clock, users: Mapping[str, Mapping[str, str]]) -> None:
        self._db = db
        self._clock = clock
        self._users = users
        self._bound: dict[str, tuple[tuple[str, int], dict[EntityKind, BoundMap], list[ConfigError]]] = {}

    def open_all(self, configured: Sequence[Configured], report: RunReport, *, refresh: bool = False) -> list[Spoke]:
        """Open each; one that fails is named in the report and left out, the others go on.

        Raises:
            ConfigError: a map cannot work. Nothing has been read or written then.
        """
        out: list[Spoke] = []
        for one in configured:
            try:
                opened = self.open(one, refresh=refresh)
            except ConfigError:
                raise
            except DubanError as error:
                tally = report.connections[one.name]
                tally.error, tally.error_exit = str(error), error.exit_code
                report.note(error)
                self._note_stop(one, error)
                continue
            if opened.problems:
                raise opened.problems[0]
            out.append(opened.spoke)
        return out

    def open(self, one: Configured, *, refresh: bool = False) -> Opened:
        """Log in and bind; problems of the maps are given back, not raised.

        Raises:
            NeedsOperator: the organisation is not the one this connection is pinned to.
        """
        kept = None if refresh else self._kept(one)
        opened = self._bind(one, kept or self._ask(one))
        # A field may have been added since, or the answer that was kept a poor one: nobody waits an hour for that.
        return self._bind(one, self._ask(one)) if kept and opened.problems else opened

    def _bind(self, one: Configured, about: Mapping[str, Any]) -> Opened:
        identity = Identity(**about["identity"])
        state = self._pin(one, identity)
        users = [RemoteUser(**user) for user in about["users"]]
        maps, problems = self._maps(one, about, identity)
        spoke = Spoke(
            name=one.name, connector=one.connector, settings=one.settings, identity=identity, maps=maps,
            directory=Directory.build(users, self._users, one.name, one.settings.fallback_owner),
            approved=one.settings.first_contact == "auto" or state.approved_ms is not None,
        )  # fmt: skip
        return Opened(spoke, problems)

    def _maps(
        self, one: Configured, about: Mapping[str, Any], identity: Identity
    ) -> tuple[dict[EntityKind, BoundMap], list[ConfigError]]:
        """Give the maps bound to what was learnt; bound once for as long as that is the same."""
        learnt = (one.fingerprint, int(about["at_ms"]))
        kept = self._bound.get(one.name)
        if kept is None or kept[0] != learnt:
            kept = self._bound[one.name] = (learnt, *_bind_all(one, about, _zone(one, identity)))
        return dict(kept[1]), list(kept[2])

    def approve(self, name: str) -> None:
        """Note that a person approved the first contact of a connection."""
        with self._db.write() as tx:
            state = streams.connection(tx, name)
            if state is not None and state.approved_ms is None:
                state.approved_ms = self._clock.now_ms()
                streams.save_connection(tx, state)

    def _kept(self, one: Configured) -> dict[str, Any] | None:
        with self._db.read() as tx:
            kept = streams.load_snapshot(tx, one.name, _ABOUT)
        if kept is None or kept[0] != one.fingerprint:
            return None
        about = kept[1]
        return about if self._clock.now_ms() - int(about["at_ms"]) < _FRESH_MS else None

    def _ask(self, one: Configured) -> dict[str, Any]:
        identity = one.connector.identify()
        _zone(one, identity)
        objects: dict[str, Any] = {}
        for map_ in one.maps.values():
            if map_.object not in objects:
                schema = one.connector.describe(map_.object)
                objects[map_.object] = _shown(schema) if schema is not None else None
        users = [asdict(user) for user in one.connector.users()]
        about = {"identity": asdict(identity), "objects": objects, "users": users, "at_ms": self._clock.now_ms()}
        self._pin(one, identity)
        with self._db.write() as tx:
            streams.save_snapshot(tx, one.name, _ABOUT, one.fingerprint, about, self._clock.now_ms())
        return about

    def _pin(self, one: Configured, identity: Identity) -> ConnectionState:
        """Compare with the organisation of the first contact; the first one is kept.

        Raises:
            NeedsOperator: another organisation answers (a sandbox for the real one, a wrong account).
        """
        with self._db.read() as tx:
            state = streams.connection(tx, one.name)
        if state is not None and state.org_id:
            if (state.org_id, state.environment) != (identity.org_id, identity.environment):
                raise NeedsOperator(
                    f"organisation {identity.org_id} ({identity.environment}) answers, but this store belongs to "
                    f"{state.org_id} ({state.environment})",
                    zh=f"应答的组织是 {identity.org_id}({identity.environment}),"
                    f"而本库属于 {state.org_id}({state.environment})",
                    connection=one.name,
                    next_step="use the right credentials, or a new connection name with a new store",
                    next_step_zh="请使用正确的凭据,或换新的连接名与新的库",
                )
            if state.stopped is None:
                return state
            state.stopped = None
        elif state is None:
            state = ConnectionState(name=one.name, kind=one.settings.kind)
        state.org_id, state.org_name, state.environment = identity.org_id, identity.org_name, identity.environment
        state.zone, state.user_id = identity.zone, identity.user_id or ""
        with self._db.write() as tx:
            streams.save_connection(tx, state)
        return state

    def _note_stop(self, one: Configured, error: DubanError) -> None:
        if not isinstance(error, AuthRefused | NeedsOperator):
            return
        with self._db.write() as tx:
            state = streams.connection(tx, one.name) or ConnectionState(name=one.name, kind=one.settings.kind)
            state.stop(error.text("en"), error.text("zh"))
            streams.save_connection(tx, state)


def _zone(one: Configured, identity: Identity) -> ZoneInfo:
    """Give the organisation's time zone.

    Raises:
        NeedsOperator: this machine does not know it; due days could not be told.
    """
    try:
        return ZoneInfo(identity.zone)
    except (ValueError, OSError, KeyError) as exc:
        raise NeedsOperator(
            f"the organisation's time zone is not known here: {identity.zone[:60]}",
            zh=f"本机不认识该组织的时区：{identity.zone[:60]}",
            connection=one.name,
            next_step="set a usual zone (Asia/Shanghai) in the CRM's organisation, or install tzdata",
            next_step_zh="请在 CRM 的组织设置中选择常用时区（如 Asia/Shanghai），或安装 tzdata",
        ) from exc


def _bind_all(
    one: Configured, about: Mapping[str, Any], zone: ZoneInfo
) -> tuple[dict[EntityKind, BoundMap], list[ConfigError]]:
    maps: dict[EntityKind, BoundMap] = {}
    problems: list[ConfigError] = []
    for entity in ENTITIES:
        if entity not in one.maps:
            continue
        schema = _schema(about["objects"].get(one.maps[entity].object))
        bound, found = bind(one.maps[entity], schema.fields if schema else None, one.connector.codec_for, zone)
        problems += found
        if bound.fields:
            maps[entity] = bound
    return maps, problems


def fingerprint(settings: ConnectorSettings, maps: Mapping[EntityKind, ObjectMap]) -> str:
    """Give the fingerprint of a connection's settings and maps; secrets count but cannot be read from it.

    How far a connection may go is left out: a plan is made while it only looks, and applied once it may write.
    """
    plain = {name: _plain(value) for name, value in settings if name not in _HOW_FAR}
    text = json.dumps([plain, {k: repr(v) for k, v in maps.items()}], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    secret = getattr(value, "get_secret_value", None)
    return hashlib.sha256(str(secret()).encode()).hexdigest() if callable(secret) else value


_FIELD_PARTS = tuple(part.name for part in fields(FieldSchema))


def _shown(schema: ObjectSchema) -> dict[str, Any]:
    """Give the metadata of an object as a document; the same as ``asdict`` without copying every value on the way."""
    known = {name: {part: getattr(one, part) for part in _FIELD_PARTS} for name, one in schema.fields.items()}
    return {"name": schema.name, "label": schema.label, "fields": known}


def _schema(doc: dict[str, Any] | None) -> ObjectSchema | None:
    if doc is None:
        return None
    fields = {name: FieldSchema(**{**raw, "options": tuple(raw["options"])}) for name, raw in doc["fields"].items()}
    return ObjectSchema(name=doc["name"], label=doc["label"], fields=fields)
