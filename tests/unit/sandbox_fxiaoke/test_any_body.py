"""Whatever a client sends, the gateway answers an envelope: a sandbox that breaks down would hide the client's bug."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.fxiaoke.face import FxiaokeFace, make_face
from sandbox.story import tell
from sandbox.wire import Request

FACE: FxiaokeFace = make_face(VirtualClock(), tell(1, today=date(2025, 11, 23)), 1, False)
ID = next(iter(FACE.world.objects["AccountObj"].rows))
TASK = next(iter(FACE.world.objects["duban_task__c"].rows))
ODD: tuple[Any, ...] = (
    None, True, -1, 2**70, 1.5, "", "x", "1000", [], ["x"], [None], [[]], {}, {"x": 1}, [{}], "AccountObj", "NobodyObj",
)  # fmt: skip

INFO = {
    "limit": 10,
    "offset": 0,
    "filters": [
        {"field_name": "create_time", "operator": "BETWEEN", "field_values": [0, 2**60]},
        {"field_name": "owner", "operator": "IN", "field_values": ["1000"]},
        {"field_name": "_id", "operator": "GT", "field_values": ["0"]},
    ],
    "orders": [{"fieldName": "name", "isAsc": True}],
    "fieldProjection": ["name", "owner__r"],
}
RECORD = {
    "_id": ID, "name": "x", "owner": ["1000"], "create_time": 1, "created_by": ["1000"], "email": "a@x.example",
    "last_followed_time": 5, "relevant_team": [{"teamMemberEmployee": ["1000"]}], "industry": "1", "field_x__c": 1,
}  # fmt: skip
TASK_RECORD = {"_id": TASK, "name": "x", "due__c": 5, "project__c": None, "status__c": "done", "done_at__c": 7}
V1 = {
    "offset": 0,
    "limit": 5,
    "conditions": [{"conditionType": "term_condition", "conditions": {"name": "x"}}],
    "rangeConditions": [{"fieldName": "create_time", "from": 0, "to": 1}],
    "orders": [{"ascending": True, "field": "name"}],
    "dataProjection": {"fieldNames": ["name"]},
}
TEAM = {"dataIDs": [ID], "dataID": ID, "teamMemberEmployee": ["1001"], "teamMemberRole": "4"}


def _data(object: str, action: str) -> dict[str, Any]:
    record = TASK_RECORD if object.endswith("__c") else RECORD
    id = record["_id"]
    parts: dict[str, Any] = {
        "query": {"search_query_info": INFO, "find_explicit_total_num": True},
        "findOne": {"search_query_info": INFO, "field_projection": ["name"]},
        "findSimple": {"search_query_info": INFO, "field_projection": ["name"]},
        "get": {"objectDataId": id},
        "create": {"object_data": record, "optionInfo": {"isDuplicateSearch": True}},
        "update": {"object_data": record, "skipDataStatusValidate": True},
        "invalid": {"object_data_id": id},
        "delete": {"idList": [id]},
        "recover": {"idList": [id]},
        "changeOwner": {"Data": [{"objectDataId": id, "ownerId": ["1000"]}]},
    }
    return {"dataObjectApiName": object, **parts[action]}


def good_body(path: str) -> dict[str, Any]:
    """Give a body that fits the path."""
    action = path.rsplit("/", 1)[1]
    if "/v2/data/" in path:
        object = "duban_task__c" if "/custom/" in path else "AccountObj"
        switches = {"hasSpecifyTime": True, "hasSpecifyCreatedBy": True, "includeNull": True, "returnTotalNum": 1}
        return {**switches, "data": _data(object, action)}
    if path.startswith("/cgi/crm/data/"):
        return {"apiName": "AccountObj", "dataId": ID, "ownerOpenUserId": "1000", "data": RECORD, "searchQuery": V1}
    if "/team/" in path:
        return {"apiName": "AccountObj", "data": TEAM}
    return {
        "apiName": "AccountObj", "mobile": "13800010001", "pageSize": 10, "pageNumber": 1, "departmentId": 1000,
        "fetchChild": True, "openUserId": "1000", "toUser": ["1000"], "msgType": "text", "text": {"content": "x"},
        "data": {"dataObjectApiName": "duban_task__c", "dataIds": [TASK], "idList": [TASK], "apiName": "AccountObj"},
    }  # fmt: skip


def places(node: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside a body."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*trail, key)
        yield from places(value, (*trail, key))


def spoilt(body: dict[str, Any], trail: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Give the body with one value replaced."""
    copied = copy.deepcopy(body)
    node: Any = copied
    for key in trail[:-1]:
        node = node[key]
    node[trail[-1]] = value
    return copied


@pytest.fixture(scope="module")
def headers() -> dict[str, str]:
    FACE.settings({"token_life_s": 10**9, "duplicate_rules": {"AccountObj": ["email"]}, "unique": ["AccountObj.email"]})
    token = FACE.desk.hand_out("B", FACE.tenant.settings)[0]
    return {"authorization": f"Bearer {token}", "x-fs-ea": FACE.desk.credentials.ea, "x-fs-userid": "1004"}


def answer(path: str, headers: dict[str, str], body: Any) -> dict[str, Any]:
    reply = FACE.handle(Request("POST", path, {}, headers, json.dumps(body).encode(), path))
    assert reply.status == 200
    assert isinstance(reply.body["errorCode"], int)
    assert reply.payload()
    return reply.body


@pytest.mark.parametrize("path", sorted(FACE.routes))
def test_one_odd_value_anywhere_in_a_good_body_is_answered(path: str, headers: dict[str, str]) -> None:
    body = good_body(path)
    for trail in places(body):
        for value in ODD:
            answer(path, headers, spoilt(body, trail, value))


def test_the_good_bodies_reach_what_they_are_meant_for(headers: dict[str, str]) -> None:
    reached = {path: answer(path, headers, good_body(path))["errorCode"] for path in sorted(FACE.routes)}
    assert [path for path, code in reached.items() if code == 0 and path.endswith(("query", "get", "list"))]
    assert reached["/cgi/crm/v2/data/query"] == reached["/cgi/message/send"] == 0
