"""Whatever people do between two pages, and wherever a pull is cut off: nothing they did is missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Literal
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Connector, Page, PullRequest
from connectors.fxiaoke.connector import FxiaokeConnector
from connectors.memory import MemoryConnector, MemorySettings, MemoryWorld
from connectors.testing import HandClock, make_ports
from connectors.zoho.connector import ZohoConnector
from sandbox.clock import VirtualClock
from sandbox.fxiaoke.face import make_face as make_fxiaoke
from sandbox.server import Face
from sandbox.story import tell
from sandbox.wire import Request, render
from sandbox.zoho.face import make_face as make_zoho

OVERLAP_S = 120
LAG_S = 20
URL = "http://127.0.0.1:9"
Step = tuple[Literal["plant", "edit", "remove", "tick", "page", "crash"], int]

steps = st.lists(
    st.tuples(st.sampled_from(["plant", "edit", "edit", "remove", "tick", "page", "page", "crash"]), st.integers(0, 9)),
    max_size=25,
)


class Remote:
    """A remote that people work on and a connector pulls from, without a socket between them."""

    object: str
    title: str

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.gone: set[str] = set()
        self.edits = 0

    def connect(self) -> Connector:
        raise NotImplementedError

    def advance(self, seconds: float) -> None:
        raise NotImplementedError

    def truth(self) -> dict[str, Any]:
        """Give the titles of the live records, by id."""
        raise NotImplementedError

    def put(self, id: str | None, title: str) -> str:
        raise NotImplementedError

    def bin(self, id: str) -> None:
        raise NotImplementedError

    def act(self, verb: str, number: int) -> None:
        """Do what a person does."""
        live = [id for id in self.ids if id not in self.gone]
        self.edits += 1
        if verb == "plant":
            self.ids.append(self.put(None, f"made {self.edits}"))
        elif verb == "edit" and live:
            self.put(live[number % len(live)], f"edit {self.edits}")
        elif verb == "remove" and live:
            self.bin(live[number % len(live)])
            self.gone.add(live[number % len(live)])
        elif verb == "tick":
            self.advance(number / 4)


class MemoryRemote(Remote):
    object, title = "tasks", "title"

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.world = MemoryWorld(self.clock, list_lag_s=LAG_S)
        self.advance = self.clock.sleep  # type: ignore[method-assign]

    def connect(self) -> Connector:
        options = MemorySettings(page_size=2, overlap_s=OVERLAP_S)
        return MemoryConnector(options, make_ports(self.clock), self.world)

    def truth(self) -> dict[str, Any]:
        return {id: values["title"] for id, values in self.world.live(self.object).items()}

    def put(self, id: str | None, title: str) -> str:
        if id is None:
            return self.world.plant(self.object, {"title": title})
        self.world.edit(self.object, id, {"title": title})
        return id

    def bin(self, id: str) -> None:
        self.world.remove(self.object, id)


class FaceRemote(Remote):
    """A sandbox face behind a transport that calls it directly."""

    make: Callable[[VirtualClock, Any, int, bool], Face]

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.face = type(self).make(self.clock, tell(1, None, True, today=date(2025, 11, 24)), 1, False)
        self.face.world.list_lag_ms = LAG_S * 1000
        self.ready = self.face.ready(URL)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def ports(self) -> Any:
        clock = HandClock()
        clock.now_ms = self.clock.now_ms  # type: ignore[method-assign]
        return make_ports(clock, transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items() if name != "accept-encoding"}
        query = parse_qs(request.url.query.decode(), keep_blank_values=True)
        asked = Request(request.method, request.url.path, query, headers, request.content, str(request.url))
        reply = self.face.handle(asked)
        head, body = render(asked, reply, self.clock.now_ms(), True)
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line]
        return httpx.Response(reply.status, headers=[(name, value) for name, value in fields], content=body)

    def truth(self) -> dict[str, Any]:
        rows = self.face.world.objects[self.object].rows.values()
        return {row.id: row.values[self.title] for row in rows if not row.deleted}

    def put(self, id: str | None, title: str) -> str:
        if id is None:
            return self.face.plant(self.object, {self.title: title})
        self.face.edit(self.object, id, {self.title: title})
        return id

    def bin(self, id: str) -> None:
        self.face.remove(self.object, id)


class FxiaokeRemote(FaceRemote):
    object, title = "duban_task__c", "name"
    make = staticmethod(make_fxiaoke)

    def connect(self) -> Connector:
        keys = {name: self.ready[name] for name in ("app_id", "app_secret", "permanent_code")}
        given = {"base_url": URL, "user_id": "1004", "page_size": 2, "overlap_s": OVERLAP_S, **keys}
        return FxiaokeConnector(FxiaokeConnector.Settings.model_validate(given), self.shared)  # type: ignore[arg-type]

    def __init__(self) -> None:
        super().__init__()
        self.shared = self.ports()


class ZohoRemote(FaceRemote):
    object, title = "Tasks", "Subject"
    make = staticmethod(make_zoho)

    def connect(self) -> Connector:
        keys = {name: self.ready[name] for name in ("client_id", "client_secret", "refresh_token")}
        pages = dict.fromkeys(("page_size", "quiet_page_size", "list_page_size"), 2)
        places = {"api_url": URL, "accounts_url": URL}
        given = {**places, **pages, **keys, "overlap_s": OVERLAP_S}
        return ZohoConnector(ZohoConnector.Settings.model_validate(given), self.shared)  # type: ignore[arg-type]

    def __init__(self) -> None:
        super().__init__()
        self.shared = self.ports()


class Reader:
    """What an engine keeps of a pull: the last title of every record, and the last stored watermark."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.known: dict[str, Any] = {}
        self.mark: str | None = None
        self.connector = remote.connect()
        self.pages: Iterator[Page] | None = None

    def page(self) -> bool:
        """Take in one page; True when the pull has caught up."""
        if self.pages is None:
            request = PullRequest(
                entity="task", object=self.remote.object, fields=(self.remote.title,), watermark=self.mark
            )
            self.pages = iter(self.connector.pull(request))
        page = next(self.pages)
        self.known |= {record.id: record.payload[self.remote.title] for record in page.records}
        for id in page.deleted_ids:
            self.known.pop(id, None)
        self.mark = page.watermark
        if page.last:
            self.pages = None
        return page.last

    def crash(self) -> None:
        """Forget all but what is stored."""
        self.connector.close()
        self.pages = None
        self.connector = self.remote.connect()

    def catch_up(self) -> None:
        while not self.page():
            pass


@pytest.mark.parametrize("kind", [MemoryRemote, FxiaokeRemote, ZohoRemote])
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(story=steps)
def test_every_edit_and_delete_arrives(kind: type[Remote], story: list[Step]) -> None:
    remote = kind()
    for _ in range(5):
        remote.act("plant", 0)
    remote.advance(LAG_S + 1)
    reader = Reader(remote)
    try:
        for verb, number in story:
            if verb == "page":
                reader.page()
            elif verb == "crash":
                reader.crash()
            else:
                remote.act(verb, number)
        # The walk under way is finished first; what it could not see any more is the next pull's.
        reader.catch_up()
        remote.advance(LAG_S + 1)
        reader.catch_up()
        assert reader.known == remote.truth()
    finally:
        reader.connector.close()
