"""A Zoho that answers by script and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from connectors.base import Ports
from connectors.testing_rig import HandClock, make_ports
from connectors.zoho.connector import ZohoConnector
from connectors.zoho.settings import ZohoSettings

DATE = "Mon, 23 Nov 2026 08:00:00 GMT"
DATE_MS = 1_795_420_800_000
Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception | Callable[[httpx.Request], httpx.Response]


class Vendor:
    """Replies in the order they were given for a method and path; the last one repeats."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.replies: dict[tuple[str, str], list[Reply]] = {}
        self.on("POST", "/oauth/v2/token", (200, {"access_token": "1000.live.token", "expires_in": 3600}))

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self.replies[method, path] = list(replies)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        queue = self.replies[request.method, request.url.path]
        reply = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(reply, Exception):
            raise reply
        if callable(reply):
            return reply(request)
        status, body, *more = reply
        headers = {"date": DATE, **(more[0] if more else {})}
        if body is None:
            return httpx.Response(status, headers=headers)
        if isinstance(body, bytes):
            return httpx.Response(status, content=body, headers=headers)
        return httpx.Response(status, json=body, headers={**headers, "content-type": "application/json;charset=UTF-8"})

    def asked(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]

    def queries(self) -> list[str]:
        return [json.loads(request.content)["select_query"] for request in self.asked("/crm/v8/coql")]

    @staticmethod
    def params(request: httpx.Request) -> dict[str, str]:
        return dict(parse_qsl(request.url.query.decode()))


class Desk:
    """One connector over one vendor."""

    def __init__(self) -> None:
        self.vendor = Vendor()
        self.clock = HandClock(DATE_MS)
        self.ports: Ports = make_ports(self.clock, "zoho", httpx.MockTransport(self.vendor))

    def settings(self, **more: Any) -> ZohoSettings:
        given = {
            "data_center": "cn",
            "client_id": "1000.client",
            "client_secret": "client+secret/=",
            "refresh_token": "1000.refresh.x",
        }
        return ZohoSettings(**{**given, **more})

    def connect(self, **more: Any) -> ZohoConnector:
        return ZohoConnector(self.settings(**more), self.ports)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def date_ms() -> int:
    return DATE_MS
