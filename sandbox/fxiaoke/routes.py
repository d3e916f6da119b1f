"""Which path is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.fxiaoke import directory
from sandbox.fxiaoke.calls import Call
from sandbox.fxiaoke.legacy import Legacy
from sandbox.fxiaoke.records import Records, describe, object_list

Handler = Callable[[Call], dict[str, Any]]

TOKEN_PATHS: Final = frozenset(
    {
        "/cgi/corpAccessToken/get/V2",
        "/cgi/corpAccessToken/get",
        "/cgi/appAccessToken/get",
        "/oauth2.0/token",
    }
)
READING: Final = ("query", "get", "findOne", "findSimple", "list", "describe")
"""Last parts of the paths under ``/cgi/crm/`` that change nothing."""


def routes(records: Records) -> dict[str, Handler]:
    """Give the handler of every business path."""
    legacy = Legacy(records)
    table: dict[str, Handler] = {
        "/cgi/crm/v2/object/list": object_list,
        "/cgi/crm/v2/object/describe": describe,
        "/cgi/crm/v2/object/lock": records.lock,
        "/cgi/crm/v2/object/unlock": records.unlock,
        "/cgi/crm/custom/data/invalid": records.invalid_many,
        "/cgi/user/getByMobile": directory.by_mobile,
        "/cgi/user/get/batchByUpdTime": directory.by_update_time,
        "/cgi/user/list": directory.user_list,
        "/cgi/user/simpleList": directory.simple_list,
        "/cgi/user/get": directory.user,
        "/cgi/department/list": directory.department_list,
        "/cgi/department/detail": directory.department,
        "/cgi/message/send": directory.send_message,
        "/cgi/app/message/send": directory.send_message,
        "/cgi/crm/data/query": legacy.query,
        "/cgi/crm/data/get": legacy.get,
        "/cgi/crm/data/create": legacy.create,
        "/cgi/crm/data/update": legacy.update,
        "/cgi/crm/data/drop": legacy.drop,
        "/cgi/crm/data/delete": legacy.delete,
        "/cgi/crm/data/changeOwner": legacy.change_owner,
        "/cgi/crm/data/recover": legacy.recover,
        "/cgi/crm/object/list": legacy.object_list,
        "/cgi/crm/object/describe": legacy.describe,
    }
    for action, handler in {
        "query": records.query,
        "get": records.get,
        "findOne": records.find_one,
        "findSimple": records.find_simple,
        "create": records.create,
        "update": records.update,
        "invalid": records.invalid,
        "delete": records.delete,
        "recover": records.recover,
        "changeOwner": records.change_owner,
    }.items():
        table[f"/cgi/crm/custom/v2/data/{action}"] = handler
        if not action.startswith("find"):
            table[f"/cgi/crm/v2/data/{action}"] = handler
    table.update({f"/cgi/crm/team/{action}": records.team for action in ("add", "get", "edit", "delete")})
    return table
