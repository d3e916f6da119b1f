"""The pages served for real on the loopback address, over a service with a real store."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from connectors.testing import HandClock
from mapping.errors import ConfigError, Transient
from store import hub, quarantine, reviews, runs, streams
from store.database import Database
from store.hub import HubRow
from store.runs import Run
from store.streams import ConnectionState, Stream
from supervise.report import SupervisionReport
from supervise.views import overdue_view
from web.serving import SUPERVISION_AGE_S, PageServer, ServiceProbe

NOW_MS = 1_781_053_200_000  # 2026-06-10 09:00 in Shanghai


class SmallService:
    """What the pages need of a service, over a store of its own."""

    def __init__(self, db: Database, clock: HandClock) -> None:
        self.db = db
        self.clock = clock
        self.broken = False
        self.looks = 0
        self.settings = SimpleNamespace(
            service=SimpleNamespace(timezone="Asia/Shanghai", language="en"),
            connections={"zoho": {"kind": "zoho", "mode": "live"}, "new": {"kind": "memory"}},
        )

    def status(self) -> Mapping[str, Any]:
        if self.broken:
            raise Transient("the store is busy")
        with self.db.read() as tx:
            last = runs.last(tx, 1)
            return {
                "connections": [asdict(state) for state in streams.connections(tx)],
                "streams": [asdict(stream) for stream in streams.all(tx)],
                "last_run": asdict(last[0]) if last else None,
                "waiting": {**reviews.counts(tx), "quarantine": quarantine.count(tx)},
            }

    def overview(self, as_of_ms: int | None = None) -> SupervisionReport:
        self.looks += 1
        return overdue_view(self.db, now_ms=as_of_ms or self.clock.now_ms())


@pytest.fixture
def service() -> Iterator[SmallService]:
    clock = HandClock(NOW_MS)
    db = Database.open("sqlite://", clock=clock)
    with db.write() as tx:
        hub.insert(tx, "task", [HubRow("t1", 1, "live", {"title": "[client] sign", "due": "2026-06-01"})], 0)
        streams.save(tx, Stream("zoho", "task", "Tasks", updated_ms=NOW_MS))
        streams.save_connection(tx, ConnectionState("zoho", "zoho", stopped="token revoked"))
        runs.start(tx, Run("r1", "sync", NOW_MS))
    yield SmallService(db, clock)
    db.close()


def test_the_pages_are_served_and_end_with_the_service(service: SmallService) -> None:
    page = PageServer(service, "127.0.0.1:0")
    page.start()
    try:
        base = f"http://127.0.0.1:{page.port}"
        board = httpx.get(f"{base}/")
        assert "[client] sign" in board.text
        assert "token revoked" in board.text
        assert "server" not in board.headers
        assert httpx.get(f"{base}/healthz").text == "ok\n"
        assert "duban_connection_up" in httpx.get(f"{base}/metrics").text
        assert httpx.get(f"{base}/", headers={"Host": "evil.example"}).status_code == 400
    finally:
        page.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/healthz")


def test_an_address_in_use_is_one_clear_line(service: SmallService) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="cannot listen on 127"):
            PageServer(service, f"127.0.0.1:{taken.getsockname()[1]}").start()


def test_the_probe_tells_what_the_store_says(service: SmallService) -> None:
    probe = ServiceProbe(service)
    assert (probe.language, probe.zone, probe.now_ms()) == ("en", "Asia/Shanghai", NOW_MS)
    zoho, new = probe.connections()
    assert (zoho.name, zoho.mode, zoho.heard_ms, zoho.error) == ("zoho", "live", NOW_MS, "token revoked")
    assert (new.mode, new.heard_ms, new.error) == ("observe", None, None)
    assert probe.attention() == {"quarantine": 0}
    run = probe.last_run()
    assert run is not None
    assert (run.id, run.ended_ms) == ("r1", 0)
    assert probe.not_ready() == []


def test_a_store_out_of_reach_makes_it_not_ready(service: SmallService) -> None:
    service.broken = True
    assert ServiceProbe(service).not_ready() == ["the store is busy"]


def test_a_look_is_kept_for_a_moment_so_that_a_page_may_be_asked_for_at_will(service: SmallService) -> None:
    probe = ServiceProbe(service)
    for _ in range(3):
        assert probe.supervision() is not None
    assert service.looks == 1
    service.clock.sleep(SUPERVISION_AGE_S + 1)
    probe.supervision()
    assert service.looks == 2
