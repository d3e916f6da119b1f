"""A running FxiaoKe tenant on a clock that the test moves, and a caller that knows both kinds of credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.fxiaoke.face import FxiaokeFace, make_face
from sandbox.server import Server
from sandbox.story import tell

Wire = dict[str, Any]
TODAY = date(2025, 11, 23)
QUERY = "/cgi/crm/v2/data/query"
CUSTOM_QUERY = "/cgi/crm/custom/v2/data/query"


class Tenant:
    """One sandbox server with shorthand for its calls."""

    def __init__(self, face: FxiaokeFace, clock: VirtualClock, server: Server, http: httpx.Client) -> None:
        self.face = face
        self.clock = clock
        self.server = server
        self.http = http
        self.ready: Wire = face.ready(server.url)
        self.me: Wire = self.ready["employees"][-1]
        self.colleague: Wire = self.ready["employees"][1]
        self._headers: dict[str, str] = {}
        self._body: Wire = {}

    def post(self, path: str, body: Wire | None = None, headers: dict[str, str] | None = None) -> Wire:
        """POST as it is and give the JSON; the status must be 200."""
        answer = self.http.post(path, json={} if body is None else body, headers=headers or {})
        assert answer.status_code == 200
        return answer.json()

    def app(self, **changes: Any) -> Wire:
        keys = {"appId": "app_id", "appSecret": "app_secret", "permanentCode": "permanent_code"}
        return {**{name: self.ready[word] for name, word in keys.items()}, **changes}

    def oauth(self, **changes: Any) -> Wire:
        return self.post("/oauth2.0/token", self.app(**{"grantType": "app_secret", **changes}))

    def legacy_token(self, **changes: Any) -> Wire:
        return self.post("/cgi/corpAccessToken/get/V2", self.app(**changes))

    def headers(self, user_id: str | None = None) -> dict[str, str]:
        """Give header credentials, minted once."""
        if not self._headers:
            token = self.oauth()
            self._headers = {"authorization": f"Bearer {token['accessToken']}", "x-fs-ea": token["ea"]}
        return {**self._headers, "x-fs-userid": user_id or self.me["user_id"]}

    def credentials(self) -> Wire:
        """Give body credentials, minted once."""
        if not self._body:
            token = self.legacy_token()
            self._body = {name: token[name] for name in ("corpAccessToken", "corpId")}
        return {**self._body, "currentOpenUserId": self.me["open_user_id"]}

    def b(self, path: str, data: Wire | None = None, *, user_id: str | None = None, **top: Any) -> Wire:
        """Call with header credentials."""
        body = {**top} if data is None else {**top, "data": data}
        return self.post(path, body, self.headers(user_id))

    def a(self, path: str, data: Wire | None = None, **top: Any) -> Wire:
        """Call with body credentials."""
        body = {**self.credentials(), **top}
        return self.post(path, body if data is None else {**body, "data": data})

    def query(self, object: str, *filters: tuple[str, str, list[Any]], top: Wire | None = None, **info: Any) -> Wire:
        """Query with header credentials and give the whole answer."""
        wanted = [{"field_name": name, "operator": word, "field_values": values} for name, word, values in filters]
        data = {"dataObjectApiName": object, "search_query_info": {"limit": 100, "filters": wanted, **info}}
        return self.b(CUSTOM_QUERY if object.endswith("__c") else QUERY, data, **(top or {}))

    def rows(self, object: str, *filters: tuple[str, str, list[Any]], **info: Any) -> list[Wire]:
        answer = self.query(object, *filters, **info)
        assert answer["errorCode"] == 0, answer
        return answer["data"]["dataList"]

    def ids(self, object: str, *filters: tuple[str, str, list[Any]], **info: Any) -> list[str]:
        return [row["_id"] for row in self.rows(object, *filters, **info)]

    def get(self, object: str, id: str) -> Wire:
        prefix = "/cgi/crm/custom/v2" if object.endswith("__c") else "/cgi/crm/v2"
        return self.b(f"{prefix}/data/get", {"dataObjectApiName": object, "objectDataId": id})

    def create(self, object: str, values: Wire, **top: Any) -> Wire:
        prefix = "/cgi/crm/custom/v2" if object.endswith("__c") else "/cgi/crm/v2"
        return self.b(f"{prefix}/data/create", {"object_data": {"dataObjectApiName": object, **values}}, **top)

    def update(self, object: str, id: str, values: Wire, **top: Any) -> Wire:
        prefix = "/cgi/crm/custom/v2" if object.endswith("__c") else "/cgi/crm/v2"
        given = {"dataObjectApiName": object, "_id": id, **values}
        return self.b(f"{prefix}/data/update", {"object_data": given}, **top)

    def do(self, action: str, object: str, **data: Any) -> Wire:
        prefix = "/cgi/crm/custom/v2" if object.endswith("__c") else "/cgi/crm/v2"
        return self.b(f"{prefix}/data/{action}", {"dataObjectApiName": object, **data})

    def sim(self, method: str, path: str, body: Wire | None = None) -> Wire:
        answer = self.http.request(method, f"/__sim__/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def set(self, **settings: Any) -> Wire:
        return self.sim("POST", "settings", settings)


@pytest.fixture
def make_tenant() -> Iterator[Callable[..., Tenant]]:
    """Start tenants; they end with the test."""
    opened: list[Tenant] = []

    def make(*, people: int | None = None, empty: bool = False, plain: bool = False) -> Tenant:
        clock = VirtualClock()
        face = make_face(clock, tell(1, people, empty, today=TODAY), 1, plain)
        server = Server(face).start()
        tenant = Tenant(face, clock, server, httpx.Client(base_url=server.url, timeout=10, verify=False))
        opened.append(tenant)
        return tenant

    yield make
    for tenant in opened:
        tenant.http.close()
        tenant.server.stop()


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()
