"""Every connector keeps the one contract: the memory one, and the shipped ones over HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import httpx
import pytest

from connectors.base import Connector, Ports
from connectors.fxiaoke.connector import FxiaokeConnector
from connectors.memory import MemoryConnector, MemorySettings, MemoryWorld
from connectors.testing import ConnectorContract, HandClock, Weather, make_ports
from connectors.testing_rig import fetch_one, made, pull
from connectors.zoho.connector import ZohoConnector
from mapping.records import EntityKind
from sandbox.clock import Clock, RealClock, VirtualClock
from sandbox.fxiaoke.face import make_face as make_fxiaoke
from sandbox.server import Face, Server
from sandbox.story import tell
from sandbox.zoho.face import make_face as make_zoho

TODAY = date(2025, 11, 24)
OVERLAP_S = 600.0


class ServerTime:
    """The sandbox's virtual clock, as the connector sees it: both ends share one hand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def monotonic(self) -> float:
        return self._clock.now_ms() / 1000

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


class MemoryRig:
    """The memory connector and its world."""

    entity: EntityKind = "task"
    object = "tasks"
    title = "title"
    text = "description"
    key: str | None = "key"

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.world = MemoryWorld(self.clock, **options)
        self.ports = make_ports(self.clock)
        self.connector: Connector = self.restarted()

    def restarted(self) -> Connector:
        return MemoryConnector(MemorySettings(page_size=5), self.ports, self.world)

    def values(self, title: str) -> Mapping[str, Any]:
        return {"title": title}

    def refused_values(self) -> Mapping[str, Any]:
        return {"title": "x", "status": "no such status"}

    def plant(self, values: Mapping[str, Any]) -> str:
        return self.world.plant(self.object, values)

    def edit(self, id: str, values: Mapping[str, Any]) -> None:
        self.world.edit(self.object, id, values)

    def remove(self, id: str) -> None:
        self.world.remove(self.object, id)

    def truth(self) -> Mapping[str, Mapping[str, Any]]:
        return self.world.live(self.object)

    def weather(self, kind: Weather) -> None:
        if kind == "down":
            self.world.fault("transient", "pull", times=None)
        elif kind in ("auth", "malformed"):
            self.world.fault(kind, "pull")
        else:
            self.world.fault(kind, "write")

    def wait(self) -> None:
        self.clock.sleep(OVERLAP_S + 120)


class SandboxRig:
    """One sandbox server and a connector to it, in the sandbox's own time.

    Args:
        listing, creating: parts of the paths that list and create, for the weather.
    """

    entity: EntityKind = "task"
    object: str
    title: str
    text: str
    key: str | None
    listing: str
    creating: str

    def __init__(self, clock: Clock, face: Face) -> None:
        self.clock = clock
        self.server = Server(face).start()
        self.ready = face.ready(self.server.url)
        self.http = httpx.Client(base_url=self.server.url, trust_env=False)
        self.ports: Ports = make_ports(ServerTime(clock))
        self.opened: list[Connector] = []
        self.connector: Connector = self.restarted()

    def restarted(self) -> Connector:
        self.opened.append(self.connect())
        return self.opened[-1]

    def connect(self) -> Connector:
        raise NotImplementedError

    def close(self) -> None:
        for connector in self.opened:
            connector.close()
        self.http.close()
        self.server.stop()

    def sim(self, method: str, path: str, **more: Any) -> Any:
        """Call what no real service has."""
        answer = self.http.request(method, f"/__sim__/{path}", **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def plant(self, values: Mapping[str, Any]) -> str:
        ids = self.sim("POST", "records", json={"object": self.object, "records": [dict(values)]})["ids"]
        return str(ids[0])

    def edit(self, id: str, values: Mapping[str, Any]) -> None:
        self.sim("PATCH", "records", json={"object": self.object, "id": id, "values": dict(values)})

    def remove(self, id: str) -> None:
        self.sim("DELETE", "records", params={"object": self.object, "id": id})

    def fault(self, **rule: Any) -> None:
        self.sim("POST", "faults", json={"rules": [rule]})

    def wait(self) -> None:
        self.clock.sleep(OVERLAP_S + 120)


class FxiaokeRig(SandboxRig):
    object = "duban_task__c"
    title = "name"
    text = "body__c"
    key = "duban_key__c"

    def __init__(self, credentials: str = "header", clock: Any = None, plain: bool = False, **settings: Any) -> None:
        self.settings = {"credentials": credentials, "page_size": 5, "overlap_s": OVERLAP_S, **settings}
        clock = clock or VirtualClock()
        super().__init__(clock, make_fxiaoke(clock, tell(1, None, True, today=TODAY), 1, plain))

    def connect(self) -> Connector:
        bot = next(person for person in self.ready["employees"] if person["bot"])
        settings = FxiaokeConnector.Settings.model_validate({
            "kind": "fxiaoke",
            "base_url": self.server.url,
            **{name: self.ready[name] for name in ("app_id", "app_secret", "permanent_code")},
            "user_id": bot["user_id"],
            "open_user_id": bot["open_user_id"],
            **self.settings,
        })  # fmt: skip
        return FxiaokeConnector(settings, self.ports)  # type: ignore[arg-type]

    def values(self, title: str) -> Mapping[str, Any]:
        return {"name": title}

    def refused_values(self) -> Mapping[str, Any]:
        return {"name": "x", "status__c": "no such status"}

    def truth(self) -> Mapping[str, Mapping[str, Any]]:
        records = self.sim("GET", "state", params={"object": self.object})["records"]
        return {record["_id"]: record for record in records if not record["__deleted"]}

    def weather(self, kind: Weather) -> None:
        query, create = "data/query", "data/create"
        if kind == "auth":
            self.sim("POST", "settings", json={"expire_tokens": True, "app_state": "disabled"})
        elif kind == "malformed":
            self.fault(path=query, action="status", code=200, body={"errorCode": 0, "data": {}})
        elif kind == "down":
            self.fault(path=query, action="drop_before", times=0)
        else:
            self.fault(path=create, action="drop_after" if kind == "lost_after" else "drop_before")


class ZohoRig(SandboxRig):
    object = "Tasks"
    title = "Subject"
    text = "Description"
    key = "Duban_Key"

    def __init__(self, plain: bool = False, **settings: Any) -> None:
        self.settings = {"page_size": 5, "quiet_page_size": 5, "list_page_size": 5, "overlap_s": OVERLAP_S, **settings}
        clock = VirtualClock()
        super().__init__(clock, make_zoho(clock, tell(1, None, True, today=TODAY), 1, plain))

    def connect(self) -> Connector:
        settings = ZohoConnector.Settings.model_validate({
            "kind": "zoho",
            "api_url": self.ready["api"],
            "accounts_url": self.ready["accounts"],
            **{name: self.ready[name] for name in ("client_id", "client_secret", "refresh_token")},
            **self.settings,
        })  # fmt: skip
        return ZohoConnector(settings, self.ports)  # type: ignore[arg-type]

    def values(self, title: str) -> Mapping[str, Any]:
        return {"Subject": title}

    def refused_values(self) -> Mapping[str, Any]:
        return {"Description": "without a subject"}

    def truth(self) -> Mapping[str, Mapping[str, Any]]:
        records = self.sim("GET", "state", params={"object": self.object})["records"]
        return {record["id"]: record for record in records if not record["__deleted"]}

    def weather(self, kind: Weather) -> None:
        listing = r"/coql|GET /crm|/Tasks\?"
        if kind == "auth":
            self.sim("POST", "settings", json={"expire_tokens": True})
            self.fault(path="oauth/v2/token", action="status", code=200, body={"error": "invalid_code"}, times=0)
        elif kind == "malformed":
            self.fault(path=listing, action="status", code=200, body={"data": "none"})
        elif kind == "down":
            self.fault(path=listing, action="drop_before", times=0)
        else:
            self.fault(method="POST", path="/Tasks", action="drop_after" if kind == "lost_after" else "drop_before")


class TestMemory(ConnectorContract):
    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig()


class TestMemoryWithLag(ConnectorContract):
    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig(search_lag_s=30.0, granularity_ms=1, skew_ms=86_400_000)


class TestMemoryWithoutManners(ConnectorContract):
    """A remote of the poorest class: no unique key, no deleted feed, no versions."""

    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig(unique_key=False, deleted_feed=False, record_version=False)


class TestFxiaokeWithHeaders(ConnectorContract):
    @pytest.fixture
    def rig(self) -> Iterator[FxiaokeRig]:
        rig = FxiaokeRig()
        yield rig
        rig.close()


class TestFxiaokeWithBodies(ConnectorContract):
    @pytest.fixture
    def rig(self) -> Iterator[FxiaokeRig]:
        rig = FxiaokeRig("body", fetch_by="query", write_pool=1)
        yield rig
        rig.close()


class TestFxiaokeWithLag(ConnectorContract):
    """Searches that lag: reads by id must not."""

    @pytest.fixture
    def rig(self) -> Iterator[FxiaokeRig]:
        rig = FxiaokeRig()
        rig.sim("POST", "settings", json={"search_lag_s": 30})
        yield rig
        rig.close()


class TestFxiaokeOfOddHabits(ConnectorContract):
    """Values in other forms, codes nobody documents, records in the bin among the others."""

    @pytest.fixture
    def rig(self) -> Iterator[FxiaokeRig]:
        rig = FxiaokeRig("body")
        codes = {"not_found": 31001, "state": 31002, "validation": 31003, "unknown_object": 31004}
        habits = dict.fromkeys(("loose_types", "string_code", "no_description", "list_invalid", "table_codes"), True)
        rig.sim("POST", "settings", json={**habits, "codes": codes, "no_list_right": ["PersonnelObj"]})
        yield rig
        rig.close()


class TestZoho(ConnectorContract):
    @pytest.fixture
    def rig(self) -> Iterator[ZohoRig]:
        rig = ZohoRig()
        yield rig
        rig.close()


class TestZohoByLists(ConnectorContract):
    """Pulls by plain listings, for organisations whose queries are refused."""

    @pytest.fixture
    def rig(self) -> Iterator[ZohoRig]:
        rig = ZohoRig(list_chain=True)
        yield rig
        rig.close()


@pytest.fixture(params=[FxiaokeRig, ZohoRig])
def lagging(request: pytest.FixtureRequest) -> Iterator[SandboxRig]:
    """Give a remote whose listings and searches are 30 s late."""
    rig: SandboxRig = request.param()
    rig.sim("POST", "settings", json={"list_lag_s": 30, "search_lag_s": 30})
    yield rig
    rig.close()


def test_what_a_late_listing_hides_is_caught_by_the_overlap(lagging: SandboxRig) -> None:
    rig = lagging
    id = rig.plant(rig.values("old"))
    rig.wait()
    mark = pull(rig)[-1].watermark
    rig.edit(id, {rig.title: "new"})
    rig.clock.advance(5)
    mark = pull(rig, mark)[-1].watermark
    rig.clock.advance(40)
    seen = [record.payload[rig.title] for page in pull(rig, mark) for record in page.records]
    assert seen == ["new"]


def test_a_record_read_by_id_is_never_late(lagging: SandboxRig) -> None:
    rig = lagging
    if isinstance(rig, ZohoRig):
        # Reads of several ids are answered by the listing there, so only the search may be late.
        rig.sim("POST", "settings", json={"list_lag_s": 0})
    (result,) = rig.connector.write(rig.object, [made("c", rig.values("fresh"))])
    assert fetch_one(rig, result.remote_id or "").payload[rig.title] == "fresh"
    rig.edit(result.remote_id or "", {rig.title: "fresher"})
    assert fetch_one(rig, result.remote_id or "").payload[rig.title] == "fresher"
    rig.remove(result.remote_id or "")
    assert rig.connector.fetch(rig.object, [result.remote_id or ""], (rig.title,)) == {result.remote_id: None}


def test_a_row_that_hangs_for_real_delays_the_others_by_one_deadline_at_most() -> None:
    clock = RealClock()
    rig = FxiaokeRig(clock=clock, deadline_s=0.8)
    try:
        rig.connector.identify()
        rig.fault(path="data/create", body_match="poison", action="delay", ms=3000, times=0)
        names = ["a", "b", "poison", "c", "d", "e"]
        started_ms = clock.now_ms()
        results = rig.connector.write(rig.object, [made(name, rig.values(name)) for name in names])
        assert clock.now_ms() - started_ms < 2 * 800
        outcomes = {result.op_id: result.outcome for result in results}
        assert outcomes.pop("poison") == "unknown"
        assert set(outcomes.values()) == {"applied"}
    finally:
        rig.close()


@pytest.mark.parametrize("kind", [FxiaokeRig, ZohoRig])
def test_default_maps_fit_a_tenant_without_any_custom_field_or_object(kind: Any) -> None:
    rig = kind(plain=True)
    try:
        ConnectorContract().test_default_maps_fit_the_live_metadata(rig)
    finally:
        rig.close()
