"""The bare loops that duban is held against: httpx, the same calls, the rows dropped.

Each walks what the work needs by the plain road of that CRM and keeps nothing: no store, no links, no journal, no
repeats. Every program that reads these records pays at least this: the client and its sockets opened within the clock,
as duban's are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx

Module = tuple[str, str]
"""Name of the module or object, and its fields with commas."""

CONTACT_FIELDS: Final = (
    "id,Modified_Time,Modified_By,Created_Time,Created_By,Duban_Key,Last_Name,First_Name,Title,Email,Mobile,Phone,"
    "Description,Account_Name,Email_Opt_Out,Duban_Roles"
)
TASK_FIELDS: Final = (
    "id,Modified_Time,Modified_By,Created_Time,Created_By,Duban_Key,Subject,Description,Status,Priority,Due_Date,"
    "Duban_Kind,Duban_Stage,Duban_Side,Duban_Start,What_Id,$se_module,Who_Id,Owner,Closed_Time,Duban_Severity,"
    "Duban_Overdue_Since"
)
FXIAOKE_FIELDS: Final = (
    "_id,version,last_modified_time,last_modified_by,create_time,created_by,life_status,is_deleted,duban_key__c,name,"
    "job_title,email,mobile,tel,remark,account_id,email_opt_out__c,roles__c"
)
MODULES: Final[Sequence[Module]] = (("Contacts", CONTACT_FIELDS), ("Tasks", TASK_FIELDS))


def zoho_list(api: str, token: str) -> dict[str, Any]:
    """Walk both modules side by side as list pages of 200."""
    return _side_by_side(api, token, lambda client, module: _walk(client, module, {}))


def zoho_changed(api: str, token: str, since: str) -> dict[str, Any]:
    """Walk what changed since a time, and the deleted lists, of both modules side by side."""
    headers = {"if-modified-since": since}

    def walk(client: httpx.Client, module: Module) -> tuple[int, int]:
        rows, calls = _walk(client, module, headers)
        client.get(f"/crm/v8/{module[0]}/deleted", params={"type": "all", "per_page": 200}, headers=headers)
        return rows, calls + 1

    return _side_by_side(api, token, walk)


def _side_by_side(api: str, token: str, walk: Callable[[httpx.Client, Module], tuple[int, int]]) -> dict[str, Any]:
    start, cpu = time.perf_counter(), time.process_time()
    with _client(api, token) as client, ThreadPoolExecutor(len(MODULES)) as pool:
        done = list(pool.map(lambda module: walk(client, module), MODULES))
        return _figures(start, cpu, rows=sum(one[0] for one in done), calls=sum(one[1] for one in done))


def _walk(client: httpx.Client, module: Module, headers: dict[str, str]) -> tuple[int, int]:
    name, fields = module
    params: dict[str, Any] = {"fields": fields, "per_page": 200, "sort_by": "id", "sort_order": "asc"}
    rows = calls = 0
    while True:
        answer = client.get(f"/crm/v8/{name}", params=params, headers=headers)
        calls += 1
        if answer.status_code in (204, 304):
            return rows, calls
        body = answer.raise_for_status().json()
        rows += len(body["data"])
        if not body["info"]["more_records"]:
            return rows, calls
        params["page_token"] = body["info"]["next_page_token"]


def zoho_push(api: str, token: str, rows: str) -> dict[str, Any]:
    """Write so many contacts, 100 a call and ten calls in flight; the ids are read before the clock starts."""
    ids = zoho_ids(api, token, "Contacts", rows)["ids"]
    batches = [ids[start : start + 100] for start in range(0, len(ids), 100)]
    start, cpu = time.perf_counter(), time.process_time()
    with _client(api, token) as client, ThreadPoolExecutor(10) as pool:

        def send(some: Sequence[str]) -> None:
            data = [{"id": id, "Title": f"Bare {id}"} for id in some]
            answer = client.put("/crm/v8/Contacts", json={"data": data, "trigger": []}).raise_for_status().json()
            assert all(row["code"] == "SUCCESS" for row in answer["data"])

        list(pool.map(send, batches))
        return _figures(start, cpu, rows=len(ids), calls=len(batches))


def zoho_ids(api: str, token: str, module: str, wanted: str) -> dict[str, Any]:
    """Give the ids of so many records, the first ones of the module."""
    with _client(api, token) as client:
        return {"ids": _ids(client, module, int(wanted))}


def _ids(client: httpx.Client, module: str, wanted: int) -> list[str]:
    ids: list[str] = []
    while len(ids) < wanted:
        after = f"id > '{ids[-1]}'" if ids else "id is not null"
        query = f"select id from {module} where ({after}) order by id asc limit 2000"
        page = client.post("/crm/v8/coql", json={"select_query": query}).raise_for_status().json()["data"]
        ids += [row["id"] for row in page]
    return ids[:wanted]


def fxiaoke_chain(base: str, app_id: str, app_secret: str, code: str, user_id: str) -> dict[str, Any]:
    """Walk the contacts by id cursor, 100 a call, one call after the other: each needs the last id."""
    asked = {"appId": app_id, "appSecret": app_secret, "permanentCode": code, "grantType": "app_secret"}
    answer = httpx.post(f"{base}/oauth2.0/token?thirdTraceId=bare", json=asked, trust_env=False, timeout=60)
    token = answer.raise_for_status().json()
    signed = {
        "authorization": f"Bearer {token['accessToken']}", "x-fs-ea": str(token["ea"]), "x-fs-userid": user_id,
        "accept-encoding": "gzip",
    }  # fmt: skip
    start, cpu = time.perf_counter(), time.process_time()
    with httpx.Client(base_url=base, trust_env=False, timeout=60, headers=signed) as client:
        rows = calls = 0
        last_id = ""
        while True:
            answer = client.post("/cgi/crm/v2/data/query?thirdTraceId=bare", json=_after(last_id))
            found = answer.raise_for_status().json()["data"]["dataList"]
            rows, calls = rows + len(found), calls + 1
            if len(found) < 100:
                return _figures(start, cpu, rows=rows, calls=calls)
            last_id = found[-1]["_id"]


def _after(last_id: str) -> dict[str, Any]:
    info = {
        "limit": 100,
        "offset": 0,
        "filters": [{"field_name": "_id", "operator": "GT", "field_values": [last_id]}] if last_id else [],
        "orders": [{"fieldName": "_id", "isAsc": True}],
        "fieldProjection": FXIAOKE_FIELDS.split(","),
    }
    data = {"dataObjectApiName": "ContactObj", "search_query_info": info, "find_explicit_total_num": False}
    return {"includeNull": True, "returnTotalNum": 3, "data": data}


def _client(api: str, token: str) -> httpx.Client:
    headers = {"authorization": f"Zoho-oauthtoken {token}", "accept-encoding": "gzip"}
    return httpx.Client(base_url=api, trust_env=False, timeout=60, headers=headers)


def _figures(start: float, cpu: float, *, rows: int, calls: int) -> dict[str, Any]:
    return {
        "wall_s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu, "rows": rows, "calls": calls,
    }  # fmt: skip
