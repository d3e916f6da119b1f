"""The PyPI client fxiaoke-python, unchanged, against the sandbox.

Its addresses are fixed in its code; its ``requests`` session is open to the caller, so an adapter mounted there
carries "https://open.fxiaoke.com" to the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from fxiaoke.api import FxiaokeApi
from fxiaoke.baseObj import baseObj
from fxiaoke.op_create import createObj
from fxiaoke.op_get import getObj
from fxiaoke.op_query import queryObj
from requests.adapters import HTTPAdapter

VENDOR = "https://open.fxiaoke.com"


class ToSandbox(HTTPAdapter):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        assert request.url.startswith(VENDOR)
        request.url = self.base + request.url.removeprefix(VENDOR)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def api(tenant: Any) -> Iterator[FxiaokeApi]:
    ready = tenant.ready
    api = FxiaokeApi.init(
        app_id=ready["app_id"],
        app_secret=ready["app_secret"],
        permanent_code=ready["permanent_code"],
        open_user_id=tenant.me["open_user_id"],
        timeout=10,
    )
    session = api._session.requests
    session.trust_env = False
    session.mount(VENDOR, ToSandbox(tenant.server.url))
    yield api
    session.close()


def test_it_gets_a_token_once_and_uses_it(tenant: Any, api: FxiaokeApi) -> None:
    list(queryObj(api, "AccountObj").execute())
    list(queryObj(api, "AccountObj").execute())
    paths = [entry["path"] for entry in tenant.sim("GET", "log")["requests"]]
    assert paths.count("/cgi/corpAccessToken/get/V2") == 1
    assert paths.count("/cgi/crm/v2/data/query") == 2


def test_a_wrong_secret_leaves_it_without_a_token(tenant: Any, api: FxiaokeApi) -> None:
    api._session.app_secret = "wrong"
    with pytest.raises(RuntimeError, match="20017"):
        queryObj(api, "AccountObj").execute()


def test_its_own_pager_walks_all_pages_of_a_preset_object(tenant: Any, api: FxiaokeApi) -> None:
    cursor = queryObj(api, "ContactObj").execute(limit=10)
    found = [row["_id"] for row in cursor]
    planted = tenant.sim("GET", "state?object=ContactObj")["records"]
    assert len(found) == len(set(found)) == len(planted) > 30
    assert cursor.total() == len(planted)
    assert set(found) == {record["_id"] for record in planted}


def test_its_own_pager_walks_a_custom_object_with_filters(tenant: Any, api: FxiaokeApi) -> None:
    filters = [{"field_name": "status__c", "field_values": ["waiting_client"], "operator": "EQ"}]
    rows = list(queryObj(api, "duban_task__c").execute(filters=filters, limit=3))
    assert len(rows) > 3
    assert {row["status__c"] for row in rows} == {"waiting_client"}


def test_a_window_of_integers_works_as_its_airflow_provider_sends_it(tenant: Any, api: FxiaokeApi) -> None:
    new = tenant.create("AccountObj", {"name": "窗口内"})["dataId"]
    now_ms = tenant.clock.now_ms()
    filters = [{"field_name": "last_modified_time", "field_values": [now_ms - 1, now_ms + 1], "operator": "BETWEEN"}]
    assert [row["_id"] for row in queryObj(api, "AccountObj").execute(filters=filters)] == [new]


def test_it_describes_creates_gets_and_updates(tenant: Any, api: FxiaokeApi) -> None:
    fields = baseObj(api, "ContactObj").describe()["describe"]["fields"]
    assert fields["email"]["type"] == "email"

    made = createObj(api, "ContactObj").execute({"name": "公开客户端", "email": "py@client.example"}, {})
    row = getObj(api, "ContactObj").execute(made["dataId"])
    assert row["name"] == "公开客户端"
    assert row["owner"] == [tenant.me["open_user_id"]]
    assert row["version"] == "1"

    changed = {"_id": made["dataId"], "dataObjectApiName": "ContactObj", "job_title": "经理"}
    api.call("POST", ("data", "update"), params={"data": {"object_data": changed}})
    row = getObj(api, "ContactObj").execute(made["dataId"])
    assert (row["job_title"], row["version"], row["email"]) == ("经理", "2", "py@client.example")


def test_it_creates_and_gets_a_custom_record(tenant: Any, api: FxiaokeApi) -> None:
    made = createObj(api, "duban_task__c").execute({"name": "现场勘查", "status__c": "not_started"}, {})
    row = getObj(api, "duban_task__c").execute(made["dataId"])
    assert (row["name"], row["status__c"]) == ("现场勘查", "not_started")
    assert tenant.get("duban_task__c", made["dataId"])["data"]["created_by"] == [tenant.me["user_id"]]
