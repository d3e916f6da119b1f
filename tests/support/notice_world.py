"""One late item of one client, a store, a webhook that listens: the smallest world in which somebody is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.channels.base import Channel
from connectors.channels.registry import Surroundings, channel_settings, open_channel
from connectors.testing import HandClock, make_ports
from mapping.records import EntityKind
from reports.telling import notice_words
from store import acts, hub, notices
from store.acts import Act
from store.database import Database
from store.hub import HubRow
from store.notices import Notice
from supervise.knobs import Knobs
from supervise.nagging import NagKnobs
from supervise.notices import NoticeReport, preview_notices, send_notices
from supervise.recipients import Outbound
from supervise.windows import SendWindow
from tests.support.clocks import ms

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class World:
    """A store with a project, and the ways out of it."""

    db: Database
    clock: HandClock
    channels: dict[str, Channel] = field(default_factory=dict)
    outbound: Outbound = field(
        default_factory=lambda: Outbound(
            internal="hook", clients="hook", operating="hook", delivery_manager="dm@vendor.example",
            steering=("ceo@vendor.example",), operators=(), language="zh", window=SendWindow(), knobs=NagKnobs(),
        )
    )  # fmt: skip

    def plant(self, entity: EntityKind, uid: str, **values: Any) -> None:
        with self.db.write() as tx:
            hub.insert(tx, entity, [HubRow(uid, 1, "live", values)], 0)

    def edit(self, entity: EntityKind, uid: str, **values: Any) -> None:
        with self.db.write() as tx:
            row = hub.read(tx, entity, [uid])[uid]
            assert hub.update(tx, entity, [hub.HubChange(uid, row.rev, values)], 0) == []

    def act(self, uid: str, kind: str, at: str, **doc: Any) -> None:
        with self.db.write() as tx:
            acts.append(tx, [Act("task", uid, kind, ms(at), "li", doc)])

    def send(self, at: str, **more: Any) -> NoticeReport:
        self.clock.at_ms = ms(at) if hasattr(self.clock, "at_ms") else 0
        given = {"outbound": self.outbound, "channels": self.channels, "render": notice_words, **more}
        return send_notices(self.db, now_ms=ms(at), **{"knobs": Knobs(), **given})

    def preview(self, at: str) -> NoticeReport:
        return preview_notices(
            self.db, now_ms=ms(at), knobs=Knobs(), outbound=self.outbound, render=notice_words, looking_back=True
        )

    def messages(self, *states: str) -> list[Notice]:
        with self.db.read() as tx:
            return notices.listed(tx, states=states)

    def single(self, *states: str) -> list[Notice]:
        with self.db.read() as tx:
            return notices.listed(tx, states=states, messages=False)


def client_world(db: Database) -> World:
    """Give a client with a contact, a project with a manager, and one late client action (due 4 June 2026)."""
    world = World(db, HandClock(ms("2026-06-05T09:00")))
    world.plant("account", "a1", name="华星", country="中国", owner="am@vendor.example")
    world.plant("contact", "boss", name="赵总", account="a1", roles=["sponsor"], email="zhao@client.example")
    world.plant("contact", "wang", name="王总", account="a1", roles=["approver"], email="wang@client.example")
    world.plant("project", "p1", name="ERP 二期", account="a1", pm="pm@vendor.example", lifecycle="active")
    world.plant(
        "task", "t1", title="需求规格书 v2 签字", status="waiting_client", due="2026-06-04", project="p1",
        contact="wang", owner="dev@vendor.example",
    )  # fmt: skip
    return world


def hook(world: World, url: str, base: Path, name: str = "hook", **settings: Any) -> Channel:
    """Give the world a webhook."""
    made = channel_settings(name, "webhook").model_validate(
        {"kind": "webhook", "url": url, "secret": "shared", "deadline_s": 1.0, **settings}
    )
    channel = open_channel(made, make_ports(world.clock, name, None), _around(base))
    world.channels[name] = channel
    return channel


def _around(base: Path) -> Surroundings:
    def nobody(_name: str) -> Any:
        raise AssertionError("no connector here")

    names: Callable[[str], Mapping[str, str]] = lambda _: {}  # noqa: E731
    return Surroundings(base=base, connector=nobody, names=names)
