"""The calls on employees, departments and messages."""

from __future__ import annotations

from typing import Any, Final

from sandbox.fxiaoke.calls import Call, is_on
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.people import Department, Employee, Viewer
from sandbox.fxiaoke.tenant import MESSAGES

Wire = dict[str, Any]

MAX_PAGE: Final = 1000
MAX_RECEIVERS: Final = 500
MAX_ARTICLES: Final = 7
CREATED_MS: Final = 1_700_000_000_000
"""When everybody in this made-up directory joined."""


def by_mobile(call: Call) -> Wire:
    """Answer user/getByMobile; an unknown number gives an empty list."""
    mobile = call.body.get("mobile")
    if not mobile:
        raise Refusal("bad_body", "the parameter mobile is missing or illegal", "缺少参数")
    person = call.tenant.people.by_mobile(str(mobile))
    return {"empList": [_short(person)] if person else []}


def by_update_time(call: Call) -> Wire:
    """Answer user/get/batchByUpdTime: pages of employees, counted from 1."""
    size, number = _int(call.body.get("pageSize"), 100), _int(call.body.get("pageNumber"), 1)
    if not 1 <= size <= MAX_PAGE or number < 1:
        raise Refusal("bad_paging", "the parameter pageSize is illegal", "参数错误")
    page = call.tenant.people.employees[(number - 1) * size : number * size]
    return {"empList": [_short(person) for person in page]}


def user_list(call: Call) -> Wire:
    """Answer user/list: everything about the employees of a department."""
    return {"userList": [_full(person, call) for person in _members(call)]}


def simple_list(call: Call) -> Wire:
    """Answer user/simpleList: names only."""
    rows = [
        {"openUserId": person.open_user_id, "name": person.name, "nickName": person.name} for person in _members(call)
    ]
    return {"userList": rows, "userlist": rows}


def user(call: Call) -> Wire:
    """Answer user/get: one employee, the fields at the root."""
    wanted = str(call.body.get("openUserId") or "")
    person = call.tenant.people.by_open_id(wanted) or call.tenant.people.by_id(wanted)
    if person is None:
        raise Refusal("actor_unknown", f"openUserId [{wanted}] is not found", "员工不存在")
    return _full(person, call)


def department_list(call: Call) -> Wire:
    """Answer department/list."""
    return {"departments": [_department(one, at) for at, one in enumerate(call.tenant.people.departments, 1)]}


def department(call: Call) -> Wire:
    """Answer department/detail: the fields stand at the root."""
    one = call.tenant.people.department(_int(call.body.get("departmentId"), -1))
    return {**_department(one, 1), "principalId": call.tenant.people.employees[0].open_user_id}


def _members(call: Call) -> list[Employee]:
    id = _int(call.body.get("departmentId"), -1)
    return call.tenant.people.members(id, is_on(call.body.get("fetchChild")))


def _int(value: Any, default: int) -> int:
    try:
        return default if value is None else int(value)
    except (TypeError, ValueError) as exc:
        raise Refusal("bad_body", f"[{value}] is not a number", "参数错误") from exc


def _short(person: Employee) -> Wire:
    return {
        "openUserId": person.open_user_id,
        "name": person.name,
        "mobile": person.mobile,
        "email": person.email,
        "status": "STOP" if person.stopped else "NORMAL",
    }


def _full(person: Employee, call: Call) -> Wire:
    more: Wire = {"attachingDepartmentIds": []} if is_on(call.body.get("showDepartmentIdsDetail")) else {}
    return {
        **more,
        "openUserId": person.open_user_id,
        "name": person.name,
        "nickName": person.name,
        "isStop": person.stopped,
        "email": person.email,
        "mobile": person.mobile,
        "gender": "M",
        "position": person.position,
        "mainDepartmentId": person.department,
        "departmentIds": [person.department],
        "employeeNumber": person.user_id,
        "leaderId": "",
        "createTime": CREATED_MS,
    }


def _department(one: Department, order: int) -> Wire:
    return {"id": one.id, "name": one.name, "parentId": one.parent, "isStop": False, "order": order}


def send_message(call: Call) -> Wire:
    """Answer message/send: the message is kept where a test can see it. Parameters stand at the root."""
    kind = _message_type(call.body)
    receivers = _receivers(call)
    values = {"toUser": receivers, "msgType": kind, kind: call.body[kind]}
    if call.body.get("serviceId"):
        values["serviceId"] = call.body["serviceId"]
    call.tenant.table(MESSAGES).insert(values, call.viewer.user_id or "app")
    return {}


def _receivers(call: Call) -> list[str]:
    given = call.body.get("toUser")
    if not isinstance(given, list) or not given:
        raise Refusal("to_user_missing")
    if len(given) > MAX_RECEIVERS:
        raise Refusal("to_user_illegal", f"toUser takes at most {MAX_RECEIVERS}", "参数错误")
    people = call.tenant.people
    meant = [people.meant(str(one), Viewer("", call.viewer.open_ids)) for one in given]
    if None in meant:
        raise Refusal("to_user_illegal")
    return [one for one in meant if one is not None]


def _message_type(body: Wire) -> str:
    kind = body.get("msgType")
    if not kind:
        raise Refusal("message_type_missing")
    part = body.get(str(kind))
    if kind not in ("text", "composite", "articles") or not part:
        raise Refusal("message_type")
    if kind == "text" and not (isinstance(part, dict) and part.get("content")):
        raise Refusal("empty_text")
    if kind == "articles" and len(part) > MAX_ARTICLES:
        raise Refusal("bad_body", f"articles takes at most {MAX_ARTICLES}", "参数错误")
    return str(kind)
