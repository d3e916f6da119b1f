"""The stage: two systems in memory, one store that outlives crashes, the real engine, and points where acts happen."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final

from connectors.base import ObjectSchema
from connectors.memory import MemorySettings
from connectors.memory_world import Call, default_schemas
from connectors.testing_rig import HandClock, make_ports
from mapping.fields import ObjectMap
from mapping.loading import load_maps
from mapping.records import EntityKind
from sandbox.drill.acts import REMOTES, UNMAPPED, Setting, Side
from sandbox.drill.kinds import ACCOUNT, CONTACT, Kind
from sandbox.drill.stores import Crash, blank_store
from sandbox.drill.systems import MoodyConnector, MoodyWorld, SteppedClock
from store.database import Database
from sync.desk import Desk
from sync.engine import Engine, RoundOptions
from sync.guards import Rails
from sync.opening import Configured, Opener, fingerprint
from sync.report import RunReport
from sync.sweeper import SweepOptions

OBJECT: Final = CONTACT.object
_START_MS: Final = 1_780_000_000_000
_WIDE: Final = Rails(deletes_floor=10_000, mass_floor=10_000, listing_floor=10_000, errors_floor=10_000)


@cache
def _schemas(unique_key: bool, accounts: bool) -> dict[str, ObjectSchema]:
    """Give the objects of a system, cut to the fields that a run uses: each run asks for all of them."""
    out = {}
    for kind in (ACCOUNT, CONTACT) if accounts else (CONTACT,):
        whole = default_schemas(unique_key)[kind.object]
        used = ("key", "name", *kind.steady, *kind.edited, *(kind.refs if accounts else ()), UNMAPPED)
        out[kind.object] = replace(whole, fields={name: whole.fields[name] for name in used})
    return out


@cache
def _maps(name: str, keyed: bool, accounts: bool) -> dict[EntityKind, ObjectMap]:
    def fields(kind: Kind) -> dict[str, str]:
        used = ("name", *kind.steady, *kind.edited, *(kind.refs if accounts else ()), *(("key",) if keyed else ()))
        return {field: field for field in used}

    kinds = (ACCOUNT, CONTACT) if accounts else (CONTACT,)
    return load_maps({kind.entity: {"object": kind.object, "fields": fields(kind)} for kind in kinds}, {}, name)


class Scene:
    """Everything that exists in one run. ``happen`` is called at every point with its place and the call, if any."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.clock = HandClock(_START_MS)
        self.ours = SteppedClock(self.clock)
        self.store = blank_store(self.ours)
        self.happen: Callable[[str, Side | None, Call | None], None] = lambda _place, _side, _call: None
        self.store.tell = lambda place: self.happen(place, None, None)
        self.worlds: dict[Side, MoodyWorld] = {}
        self.broken: list[str] = []
        self.trace = hashlib.sha256()
        self._ids = itertools.count()
        self._settings = {name: self._of(rank) for rank, name in enumerate(REMOTES)}
        for rank, name in enumerate(REMOTES):
            self.worlds[name] = self._world(rank)
            self.worlds[name].on_call = self._listener(name)
        self.start()

    def start(self) -> None:
        """Start the process: everything but the systems and the store is new."""
        self.store.dead = False
        self.configured = [self._configure(rank, name) for rank, name in enumerate(REMOTES)]
        self.engine = Engine(
            self.store, self.ours, rails=_WIDE, new_id=lambda: f"id-{next(self._ids):06d}",
            salt=lambda: b"0123456789abcdef", parallel=False,
        )  # fmt: skip
        self.opener = Opener(self.store, self.ours, {})

    def round(self) -> RunReport | None:
        """Run one round; None when the process died on the way and was started again."""
        try:
            report = self.engine.begin("sync", {one.name: one.settings for one in self.configured})
            return self.engine.round(report, self.opener.open_all(self.configured, report), RoundOptions())
        except Crash:
            self.start()
            return None

    def sweep(self) -> RunReport:
        """List everything again, as a night's sweep does."""
        report = self.engine.begin("sweep", {one.name: one.settings for one in self.configured})
        spokes = self.opener.open_all(self.configured, report)
        return self.engine.sweep(report, spokes, SweepOptions(), lambda _name: 0)

    def die(self) -> None:
        self.store.dead = True
        raise Crash("killed")

    def desk(self) -> Desk:
        return Desk(db=self.store, clock=self.ours, random_bytes=lambda count: b"\7" * count)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run plain SQL on the store as a person's tool would."""
        with Database.edit(self.store) as tx:
            assert tx.raw is not None
            return tx.raw.execute(statement, values).fetchall()

    def kinds(self) -> tuple[Kind, ...]:
        """Give the kinds of records that are played with."""
        return (ACCOUNT, CONTACT) if self.setting.accounts else (CONTACT,)

    def name_of(self, side: Side, kind: Kind, id: str | None) -> str | None:
        """Give the birth name of a record by its id at a side; None for nobody, and for who is not alive at a CRM."""
        if id is None:
            return None
        if side == "hub":
            found = self.sql(f"SELECT name FROM {kind.entity} WHERE uid = ?", id)
            return found[0][0] if found else None
        row = self.worlds[side].rows[kind.object].get(id)
        return str(row.now.values["name"]) if row is not None and not row.now.deleted else None

    def writes(self) -> int:
        return sum(len(world.writes()) for world in self.worlds.values())

    def digest(self) -> str:
        """Give the fingerprint of everything that was asked and of how the systems and the hub ended."""
        end = self.trace.copy()
        for kind in reversed(self.kinds()):
            for name, world in self.worlds.items():
                rows = world.rows[kind.object]
                end.update(repr((name, sorted((id, row.history) for id, row in rows.items()))).encode())
            what = ", ".join(("uid", "rev", "state", "name", *kind.edited))
            end.update(repr(self.sql(f"SELECT {what} FROM {kind.entity} ORDER BY uid")).encode())
        return end.hexdigest()

    def _of(self, rank: int) -> MemorySettings:
        drawn = self.setting
        return MemorySettings(
            mode="live", first_contact="auto", org_id=f"org-{REMOTES[rank]}", dedicated_user=drawn.dedicated,
            visible_after_s=drawn.visible_after_s, overlap_s=drawn.list_lag_s + 5, deadline_s=5,
            page_size=drawn.page_size, batch_size=drawn.batch_size, unique_key=drawn.keys[rank] == "A",
            record_version=drawn.versions[rank], list_lag_s=drawn.list_lag_s, search_lag_s=drawn.search_lag_s,
            skew_ms=drawn.skew_ms[rank], on_remote_delete=drawn.on_delete[rank],
        )  # fmt: skip

    def _world(self, rank: int) -> MoodyWorld:
        one = self._settings[REMOTES[rank]]
        return MoodyWorld(
            self.clock, list_lag_s=one.list_lag_s, search_lag_s=one.search_lag_s, skew_ms=one.skew_ms,
            unique_key=one.unique_key, record_version=one.record_version, org_id=one.org_id,
            objects=_schemas(one.unique_key, self.setting.accounts),
        )  # fmt: skip

    def _configure(self, rank: int, name: Side) -> Configured:
        settings = self._settings[name]
        ports = make_ports(self.ours, name)
        maps = _maps(name, self.setting.keys[rank] != "C", self.setting.accounts)
        return Configured(
            name=name, connector=MoodyConnector(settings, ports, self.worlds[name]), settings=settings, maps=maps,
            fingerprint=fingerprint(settings, maps),
        )  # fmt: skip

    def _listener(self, name: Side) -> Callable[[str, Call], None]:
        def listen(when: str, call: Call) -> None:
            if self.store._inside is not None:
                self.broken.append(f"{call.name} at {name} was asked inside a transaction")
            if when == "before":
                self.trace.update(repr((name, call.at_ms, call.name, call.rows)).encode())
                if call.mutating:
                    self._check_intent(name, call)
            self.happen(f"{when} {call.name} at {name}", name, call)

        return listen

    def _check_intent(self, name: Side, call: Call) -> None:
        """Hold that the intent of every row was committed before the first byte of its request."""
        found = self.sql("SELECT action, remote_id FROM op WHERE connection = ? AND state = 'intent'", name)
        open_ = [(action, remote_id) for action, remote_id in found]
        for row in call.rows:
            one = (row["action"], row["id"])
            if one not in open_:
                self.broken.append(f"{name} was asked to {one[0]} {one[1]} without an intent")
            else:
                open_.remove(one)
