"""Two remote systems in memory, one hub, one engine: the smallest honest world for the sync tests."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.memory import MemoryConnector, MemorySettings
from connectors.memory_world import MemoryWorld
from connectors.testing_rig import HandClock, make_ports
from mapping.loading import load_maps
from mapping.records import Value
from store import hub, links, outbox, quarantine, reviews
from store.database import Database
from store.hub import HubChange, HubRow
from store.links import Link
from store.outbox import Op
from sync.desk import Desk
from sync.engine import Engine, RoundOptions
from sync.guards import Rails
from sync.opening import Configured, Opener, fingerprint
from sync.report import RunReport
from sync.spokes import Spoke

_START_MS = 1_780_000_000_000


class Rig:
    """A hub and its worlds. ``a`` and ``b`` are the truth of the two systems."""

    def __init__(
        self, path: Path, *, names: tuple[str, ...] = ("a", "b"), rails: Rails | None = None, **settings: Any
    ) -> None:
        self.clock = HandClock(_START_MS)
        self.file = path / "hub.db"
        self.db = Database.open(f"sqlite:///{self.file}", clock=self.clock)
        self.worlds: dict[str, MemoryWorld] = {}
        self.configured: list[Configured] = []
        self._ids = itertools.count()
        self.overrides: dict[str, Any] = settings.pop("maps", {})
        self.maps_at: dict[str, Any] = settings.pop("maps_at", {})
        per_name = settings.pop("each", {})
        parallel = settings.pop("parallel", False)
        self.stopping = False
        for name in names:
            given = {"mode": "live", "first_contact": "auto", "org_id": f"org-{name}", "overlap_s": 5.0,
                     "visible_after_s": 2.0, **settings, **per_name.get(name, {})}  # fmt: skip
            self._connect(name, MemorySettings(kind="memory", **given))
        self.engine = Engine(
            self.db, self.clock, rails=rails or Rails(), new_id=lambda: f"id-{next(self._ids):06d}",
            salt=lambda: b"0123456789abcdef", parallel=parallel, halt=lambda: self.stopping,
        )  # fmt: skip
        self.opener = Opener(self.db, self.clock, {})
        self.desk = Desk(db=self.db, clock=self.clock)

    def _connect(self, name: str, settings: MemorySettings) -> None:
        connector = MemoryConnector(settings, make_ports(self.clock, name))
        self.worlds[name] = connector.world
        maps = load_maps(connector.default_maps(), {**self.overrides, **self.maps_at.get(name, {})}, name)
        self.configured.append(
            Configured(
                name=name, connector=connector, settings=settings, maps=maps, fingerprint=fingerprint(settings, maps)
            )
        )

    @property
    def a(self) -> MemoryWorld:
        return self.worlds["a"]

    @property
    def b(self) -> MemoryWorld:
        return self.worlds["b"]

    def spokes(self, report: RunReport) -> list[Spoke]:
        return self.opener.open_all(self.configured, report)

    def round(self, kind: str = "sync", *, after_s: float = 10, **options: Any) -> RunReport:
        """Run one round, some seconds after whatever was before."""
        self.clock.sleep(after_s)
        report = self.engine.begin(kind, {one.name: one.settings for one in self.configured})
        report = self.engine.round(report, self.spokes(report), RoundOptions(kind=kind, **options))
        self.clock.sleep(after_s)
        return report

    def rest(self, limit: int = 8) -> int:
        """Run rounds until one writes nothing anywhere; gives how many it took."""
        for count in range(1, limit + 1):
            before = self.writes()
            counts = self.round().counts
            if self.writes() == before and not {"stale", "gone"} & set(counts):
                return count
        raise AssertionError(f"still writing after {limit} rounds")

    def writes(self) -> int:
        return sum(len(world.writes()) for world in self.worlds.values())

    def rows(self, entity: Any, states: tuple[str, ...] = ("live",)) -> list[HubRow]:
        with self.db.read() as tx:
            return hub.select(tx, entity, states=states)

    def edit_hub(self, entity: Any, uid: str, values: dict[str, Value], state: Any = None) -> None:
        with self.db.edit() as tx:
            row = hub.read(tx, entity, [uid])[uid]
            hub.update(tx, entity, [HubChange(uid, row.rev, values, state, None)], self.clock.now_ms())
            hub.mark_dirty(tx, entity, [uid], "person", self.clock.now_ms())

    def questions(self, kind: str | None = None) -> list[reviews.Review]:
        with self.db.read() as tx:
            return reviews.open_(tx, kind)

    def held(self) -> list[quarantine.Held]:
        with self.db.read() as tx:
            return quarantine.open_(tx)

    def ops(self) -> list[Op]:
        """Give the writes that are not settled yet."""
        with self.db.read() as tx:
            return outbox.open(tx)

    def links(self, entity: Any, uid: str) -> dict[str, Link]:
        with self.db.read() as tx:
            return {link.connection: link for link in links.by_uids(tx, entity, [uid]).get(uid, [])}

    def plain(self, sql: str, *values: object) -> None:
        """Change the hub as a person with a SQL shell does, behind our back."""
        with closing(sqlite3.connect(self.file)) as shell, shell:
            shell.execute(sql, values)

    def can(self, name: str, **abilities: bool) -> None:
        """Give a connection other abilities than the memory system has by itself."""
        one = next(one for one in self.configured if one.name == name)
        one.connector.capabilities = replace(one.connector.capabilities, **abilities)  # type: ignore[misc]

    def fields(self, name: str, object: str, **changes: Any) -> None:
        """Change the metadata of fields of one system: ``title={"length": 5}``."""
        schema = self.worlds[name].schemas[object]
        fields = {**schema.fields, **{f: replace(schema.fields[f], **how) for f, how in changes.items()}}
        self.worlds[name].schemas[object] = replace(schema, fields=fields)

    def ann(self, **values: Any) -> tuple[str, str]:
        """Plant one contact, bring it to both sides and give its two ids."""
        mine = self.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", **values})
        self.rest()
        (theirs,) = self.b.live("contacts")
        return mine, theirs

    @property
    def row(self) -> HubRow:
        """The only contact of the hub, in whatever state."""
        (row,) = self.rows("contact", ("live", "archived", "deleted", "merged"))
        return row

    def row_of(self, name: str) -> HubRow:
        """The contact of that name."""
        (row,) = [row for row in self.rows("contact") if row.values["name"] == name]
        return row
