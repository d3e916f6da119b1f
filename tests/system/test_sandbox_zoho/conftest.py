"""One Zoho sandbox on 127.0.0.1 per test, and a small client for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.server import Server
from sandbox.story import tell
from sandbox.zoho.face import ZohoFace, make_face

TODAY = date(2026, 11, 23)
NOW_MS = 1_795_410_000_000


class Client:
    """A logged-in httpx client with the sandbox behind it; ``clock`` moves only by hand."""

    def __init__(self, *, empty: bool = False, plain: bool = False, people: int | None = None) -> None:
        self.clock = VirtualClock(NOW_MS)
        self.face: ZohoFace = make_face(self.clock, tell(1, people, empty, today=TODAY), 1, plain)
        self.server = Server(self.face).start()
        self.ready = self.face.ready(self.server.url)
        # Nothing here speaks TLS: not loading certificates saves most of the fixture.
        self.http = httpx.Client(base_url=self.server.url, timeout=10, verify=False)
        self.login()

    def login(self) -> httpx.Response:
        answer = self.token()
        self.http.headers["Authorization"] = f"Zoho-oauthtoken {answer.json().get('access_token')}"
        return answer

    def token(self, **changes: str) -> httpx.Response:
        names = ("client_id", "client_secret", "refresh_token")
        form = {"grant_type": "refresh_token", **{name: self.ready[name] for name in names}, **changes}
        return self.http.post("/oauth/v2/token", data=form)

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        return self.http.get(f"/crm/v8{path}", params=params, headers=headers)

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return self.http.request(method, f"/crm/v8{path}", json=body, **more)

    def create(self, module: str, *rows: dict[str, Any]) -> list[str]:
        """Create rows that must all succeed and give their ids."""
        answer = self.send("POST", f"/{module}", {"data": list(rows)})
        assert answer.status_code == 201, answer.text
        return [row["details"]["id"] for row in answer.json()["data"]]

    def query(self, text: str) -> httpx.Response:
        return self.send("POST", "/coql", {"select_query": text})

    def sim(self, method: str, name: str, body: Any = None, **params: Any) -> Any:
        answer = self.http.request(method, f"/__sim__/{name}", json=body, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, action: str, **rule: Any) -> None:
        self.sim("POST", "faults", {"rules": [{"action": action, **rule}]})

    def state(self, module: str) -> list[dict[str, Any]]:
        return self.sim("GET", "state", object=module)["records"]

    def close(self) -> None:
        self.http.close()
        self.server.stop()


@pytest.fixture
def zoho() -> Iterator[Client]:
    """Give a sandbox with the story in it."""
    client = Client()
    yield client
    client.close()


@pytest.fixture
def bare() -> Iterator[Client]:
    """Give a sandbox without records."""
    client = Client(empty=True)
    yield client
    client.close()


@pytest.fixture
def plain() -> Iterator[Client]:
    """Give a sandbox without custom fields."""
    client = Client(plain=True)
    yield client
    client.close()


@pytest.fixture
def crowd() -> Iterator[Client]:
    """Give a sandbox with 2,500 further people."""
    client = Client(people=2500)
    yield client
    client.close()
