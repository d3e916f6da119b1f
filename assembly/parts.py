"""Assemble everything from the settings: store, key, connections, maps, engine, desk. No rules, no SQL, no HTTP."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

from assembly.machine import SystemClock
from assembly.telling import check_channels, open_channels, read_outbound
from config import loading
from config.keys import find_key
from config.settings import Settings
from connectors.base import Connector, ConnectorSettings, HttpSettings, Ports, Token
from connectors.channels.base import Channel
from connectors.registry import connect, connector_class
from mapping.errors import InputError
from mapping.loading import check_connections as check_map_names
from mapping.loading import load_maps
from mapping.records import FIELDS
from store import boxes, secrets
from store.database import Database
from store.heart import Heart
from store.uids import OrderedUids
from supervise.acting import refuse_typed
from supervise.knobs import Knobs
from supervise.recipients import Outbound
from supervise.settings import read_knobs
from sync.checking import Finding
from sync.desk import Desk
from sync.engine import Engine
from sync.guards import Rails
from sync.opening import Configured, Opener, fingerprint
from sync.undo import UndoEngine
from sync.undoing import Ask

Progress = Callable[[str, int], None]


class Assembly:
    """One configuration, one store, its connections, put together. Use as a context manager."""

    def __init__(self, config: loading.Config, db: Database, clock: SystemClock, key: bytes) -> None:
        self.config = config
        self.db = db
        self.clock = clock
        self._cipher = secrets.Cipher(key, os.urandom)
        self._new_id = OrderedUids(clock, os.urandom)
        self.stop = threading.Event()
        self.is_writer = False
        self._holding = threading.Lock()

    @classmethod
    def open(cls, config_path: Path | None, *, language: str | None = None, clock: SystemClock | None = None) -> Self:
        """Read the configuration, open the store (bringing it up to date) and find the key.

        Args:
            clock: None for the machine's own.
        Raises:
            ConfigError: one clear line; nothing has been read or written remotely.
        """
        del language  # commands speak; the service only names things
        config = loading.load(config_path, os.environ, Path.cwd())
        key = find_key(os.environ, config.base)
        clock = clock or SystemClock()
        assembly = cls(
            config, Database.open(config.store_url, clock=clock, lease_s=config.settings.store.lease), clock, key
        )
        try:
            assembly.check()
        except BaseException:
            assembly.close()
            raise
        return assembly

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and store."""
        for one in self.__dict__.get("configured", []):
            one.connector.close()
        for channel in self.__dict__.get("channels", {}).values():
            channel.close()
        self.db.close()

    @property
    def settings(self) -> Settings:
        return self.config.settings

    @property
    def secret_values(self) -> frozenset[str]:
        """Give the values that no output may show."""
        return self.config.secrets

    # --- assembling ---------------------------------------------------------------------------------------------

    @cached_property
    def configured(self) -> list[Configured]:
        """Give every configured connection, validated, in the order of the file; nobody is asked yet.

        Raises:
            ConfigError: a table, a map or a kind cannot work.
        """
        check_map_names(self.settings.map, self.settings.connections)
        return [self._configure(name) for name in self.settings.connections]

    def _configure(self, name: str) -> Configured:
        table = self._with_stored(name)
        kind = str(table.get("kind", ""))
        model: type[ConnectorSettings] = connector_class(kind).Settings
        settings = loading.validate_connection(name, table, model, text=self.config.text, secrets=self.config.secrets)
        ports = self._ports(name)
        connector = connect(settings, ports)
        overrides = {entity: tables[name] for entity, tables in self.settings.map.items() if name in tables}
        maps = load_maps(connector.default_maps(), overrides, name)
        return Configured(
            name=name,
            connector=connector,
            settings=settings,
            maps=maps,
            fingerprint=fingerprint(settings, maps),
            counters=ports.counters,
        )

    def _with_stored(self, name: str) -> dict[str, Any]:
        """Give a connection's table with stored secrets in place of references that have not changed since."""
        table = dict(self.settings.connections[name])
        prefix = f"{name}."
        with self.db.read() as tx:
            for row in secrets.names(tx):
                if not row.startswith(prefix):
                    continue
                field = row[len(prefix) :]
                kept = secrets.get(tx, self._cipher, row)
                if kept is not None and kept.source == self._reference(name, field):
                    table[field] = kept.value
        return table

    def _reference(self, name: str, field: str) -> str:
        return self.config.references.get(f"connections.{name}.{field}", "")

    def _ports(self, name: str) -> Ports:
        seed = hashlib.sha256(name.encode() + os.urandom(8)).digest()
        return Ports(
            name=name, clock=self.clock, rng=random.Random(seed),
            tokens=boxes.StoreTokenBox(self.db, name, self._cipher, lambda v, e, x: Token(v, e, dict(x))),
            windows=boxes.StoreWindowBox(self.db, name), before_send=self.db.check_fence,
            http=HttpSettings(
                proxy=self.settings.http.proxy, ca_file=self.settings.http.ca_file, agent=f"duban ({os.getpid()})"
            ),
        )  # fmt: skip

    @cached_property
    def opener(self) -> Opener:
        return Opener(self.db, self.clock, self.settings.users)

    @cached_property
    def knobs(self) -> Knobs:
        """Give the supervision settings.

        Raises:
            ConfigError: an unknown knob or a value of the wrong kind.
        """
        return read_knobs(self.settings.supervise, self.settings.service.timezone)

    @cached_property
    def outbound(self) -> Outbound:
        """Give how people are to be told."""
        return read_outbound(self.settings.notices, self.settings.service.language or "zh")

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """Give the ways to tell people, put together when they are first needed.

        Raises:
            ConfigError: a table under ``[notices.channels]`` cannot work.
        """
        return open_channels(self.config, lambda name: self._ports(f"notices.{name}"), self._connector)

    def _connector(self, name: str) -> Connector:
        return next(one.connector for one in self.configured if one.name == name)

    @cached_property
    def desk(self) -> Desk:
        return Desk(
            db=self.db, clock=self.clock, resolve_url=self._resolve_url, zone=self.settings.service.timezone,
            extras=self._extras(), refuse=refuse_typed,
        )  # fmt: skip

    def _extras(self) -> dict[str, set[str]]:
        """Give the mapped fields of each entity beyond the canonical ones."""
        out: dict[str, set[str]] = {}
        for one in self.configured:
            for entity, map_ in one.maps.items():
                out.setdefault(entity, set()).update({bound.field for bound in map_.fields} - FIELDS[entity].keys())
        return out

    def _resolve_url(self, url: str) -> tuple[str, str, str] | None:
        for one in self.configured:
            found = one.connector.record_ref(url)
            if found is not None:
                return (one.name, *found)
        return None

    def _engine(self, progress: Progress | None, undo: tuple[Ask, str] | None = None) -> Engine:
        rails = self.settings.rails
        make = Engine if undo is None else partial(UndoEngine, ask=undo[0], who=undo[1])
        return make(
            self.db, self.clock, new_id=self._new_id, salt=lambda: os.urandom(32), progress=progress,
            halt=self.stop.is_set,
            rails=Rails(
                listing_floor=rails.listing_floor, listing_share=rails.listing_percent / 100,
                deletes_floor=rails.deletes_floor, deletes_share=rails.deletes_percent / 100,
                mass_floor=rails.mass_floor, mass_share=rails.mass_percent / 100,
                errors_floor=rails.errors_floor, errors_share=rails.errors_percent / 100,
            ),
        )  # fmt: skip

    def _chosen(self, names: Sequence[str]) -> list[Configured]:
        """Give the connections named (all when none is), in the order of the file whatever the order of the names.

        The order must be one and the same for a plan and its apply: twins found their entity in the order of their
        connections.

        Raises:
            InputError: a name that no connection has.
        """
        known = {one.name: one for one in self.configured}
        for name in names:
            if name not in known:
                raise InputError(
                    f"no connection is called {name!r}; there are {', '.join(known) or 'none'}",
                    zh=f"没有名为 {name!r} 的连接；现有：{'、'.join(known) or '无'}",
                )
        return [one for name, one in known.items() if not names or name in names]

    @contextmanager
    def _writer(self, wait_s: float) -> Iterator[None]:
        """Be the one writer of the store for a while; the daemon is it all the time."""
        if self.is_writer:
            yield
            return
        self.db.hold(f"pid {os.getpid()} on {socket.gethostname()}", wait_s)
        try:
            with Heart(self.db):
                yield
        finally:
            self.db.release()

    def check(self) -> list[Finding]:
        """Check what can be checked without asking anybody.

        Raises:
            ConfigError: the first thing that cannot work.
        """
        out = [Finding("ok", str(self.config.path), "configuration read", "配置已读取")]
        for one in self.configured:
            text = f"{one.settings.kind}, mode {one.settings.mode}, {len(one.maps)} maps"
            out.append(
                Finding("ok", one.name, text, f"{one.settings.kind}，模式 {one.settings.mode}，{len(one.maps)} 个映射")
            )
        _ = self.knobs
        for name, channel in check_channels(self.config).items():
            out.append(Finding("ok", f"notices.{name}", f"channel, {channel.kind}", f"渠道，{channel.kind}"))
        return out
