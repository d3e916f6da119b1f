"""The gateway: metadata, unknown paths, limits, every error code, injected faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

QUERY = "/cgi/crm/v2/data/query"
DESCRIBE = "/cgi/crm/v2/object/describe"
ASK = {"dataObjectApiName": "AccountObj"}

DOCUMENTED = [
    0, -1, -2, *range(10001, 10016), *range(11001, 11019), 12002, 12003, 12004, 12005, 14001, 15002, 15003, 20005,
    20006, 20012, 20014, 20015, 20016, 20017, 20020, 20021, 20022, 20023, 30002, 30003, 30004, 30007, 30027, 32000,
    50009,
]  # fmt: skip


@pytest.mark.parametrize("code", DOCUMENTED[1:])
def test_every_documented_code_can_be_asked_for_and_says_something(tenant: Any, code: int) -> None:
    tenant.headers()
    tenant.set(error_rules=[{"path": "data/query", "errorCode": code, "times": 2}])
    answers = [tenant.b(QUERY, ASK) for _ in range(3)]
    assert [answer["errorCode"] for answer in answers] == [code, code, 0]
    assert answers[0]["errorMessage"]
    assert "data" not in answers[0]


def test_an_error_can_be_answered_although_the_write_was_carried_out(tenant: Any) -> None:
    rule = {
        "path": "data/create",
        "errorCode": 50009,
        "errorMessage": "timeout",
        "applied": True,
        "body_match": "Ghost",
    }
    tenant.set(error_rules=[rule])
    before = len(tenant.ids("AccountObj"))
    assert tenant.create("AccountObj", {"name": "Clear"})["errorCode"] == 0
    answer = tenant.create("AccountObj", {"name": "Ghost"})
    assert (answer["errorCode"], answer["errorMessage"]) == (50009, "timeout")
    assert len(tenant.ids("AccountObj")) == before + 2


def test_an_error_may_wait_for_the_nth_call_and_stay_for_ever(tenant: Any) -> None:
    tenant.headers()
    tenant.set(error_rules=[{"path": QUERY, "errorCode": -1, "nth": 2, "times": 0}])
    assert [tenant.b(QUERY, ASK)["errorCode"] for _ in range(4)] == [0, -1, -1, -1]
    tenant.set(error_rules=[])
    assert tenant.b(QUERY, ASK)["errorCode"] == 0


def test_an_unknown_path_answers_10006_with_200(tenant: Any) -> None:
    answer = tenant.post("/cgi/no/such/path", {})
    assert answer["errorCode"] == 10006
    assert answer["errorMessage"] == "the request uri=[/cgi/no/such/path],apiName=[null] is not exists"
    assert tenant.http.get(QUERY).json()["errorCode"] == 10006


def test_a_body_that_is_none_is_refused(tenant: Any) -> None:
    head = tenant.headers()
    assert tenant.http.post(QUERY, headers=head).json()["errorCode"] == 12004
    assert tenant.http.post(QUERY, headers=head, content=b"{").json()["errorCode"] == 32000
    assert tenant.http.post(QUERY, headers=head, content=b"[]").json()["errorCode"] == 32000
    assert tenant.b(QUERY, {**ASK, "search_query_info": []})["errorCode"] == 0
    assert tenant.b(QUERY, {**ASK, "search_query_info": "x"})["errorCode"] == 32000


def test_an_empty_list_stands_for_an_empty_object_as_php_sends_it(tenant: Any) -> None:
    data = {"object_data": {"dataObjectApiName": "AccountObj", "name": "php"}, "details": [], "optionInfo": []}
    assert tenant.b("/cgi/crm/v2/data/create", data)["errorCode"] == 0
    wrong = {**data, "optionInfo": "x"}
    assert tenant.b("/cgi/crm/v2/data/create", wrong)["errorCode"] == 32000


def test_preset_objects_nobody_uses_are_there_and_empty(tenant: Any) -> None:
    assert tenant.rows("SalesOrderObj") == tenant.rows("PriceBookObj") == []
    assert tenant.create("ProductObj", {"name": "x"})["errorCode"] == 0


def test_the_trace_parameter_is_taken_and_every_answer_has_a_trace(tenant: Any) -> None:
    answer = tenant.post(QUERY + "?thirdTraceId=5ea0422d", {"data": ASK}, tenant.headers())
    assert answer["errorCode"] == 0
    assert answer["traceId"].startswith("E-O.dubansandbox.1004-")


def test_object_list_names_every_object_with_its_kind(tenant: Any) -> None:
    objects = tenant.b("/cgi/crm/v2/object/list", includeNull=False)["data"]["objects"]
    kinds = {row["describeApiName"]: row["defineType"] for row in objects}
    assert kinds["AccountObj"] == "package"
    assert kinds["duban_task__c"] == "custom"
    assert {"ContactObj", "LeadsObj", "NewOpportunityObj", "ActiveRecordObj", "CasesObj", "PersonnelObj"} <= {*kinds}
    assert all(row["isActive"] for row in objects)


def test_describe_takes_both_forms_of_the_request(tenant: Any) -> None:
    root = tenant.b(DESCRIBE, apiName="duban_task__c", includeDetail=True)["data"]["describe"]
    inner = tenant.b(DESCRIBE, {"apiName": "duban_task__c"})["data"]["describe"]
    legacy = tenant.a(DESCRIBE, apiName="duban_task__c")["data"]["describe"]
    assert root == inner == legacy
    fields = root["fields"]
    assert {"label": "待客户", "value": "waiting_client"} in fields["status__c"]["options"]
    assert (fields["due__c"]["type"], fields["due__c"]["time_zone"]) == ("date", "GMT+8")
    assert fields["project__c"]["target_api_name"] == "duban_project__c"
    assert (fields["name"]["is_required"], fields["status__c"]["define_type"]) == (True, "custom")
    assert fields["last_modified_time"]["is_readonly"] is True


def test_unknown_objects_and_wrong_prefixes_are_refused(tenant: Any) -> None:
    assert tenant.query("NobodyObj")["errorCode"] == 32000
    assert tenant.b(DESCRIBE, apiName="nobody__c")["errorCode"] == 32000
    assert tenant.b(DESCRIBE)["errorCode"] == 32000
    assert tenant.b(QUERY, {"dataObjectApiName": "duban_task__c"})["errorCode"] == 32000
    assert tenant.b("/cgi/crm/custom/v2/data/query", ASK)["errorCode"] == 32000


def test_any_custom_object_can_be_written_to(tenant: Any) -> None:
    assert tenant.rows("object_Ex001__c") == []
    id = tenant.create("object_Ex001__c", {"name": "x", "field_Ab1Cd__c": "kept"})["dataId"]
    assert tenant.get("object_Ex001__c", id)["data"]["field_Ab1Cd__c"] == "kept"
    assert tenant.b(DESCRIBE, apiName="object_Ex001__c")["errorCode"] == 0
    tenant.set(any_custom=False)
    assert tenant.query("object_Ex002__c")["errorCode"] == 32000


def test_an_admin_can_add_a_typed_custom_object(tenant: Any) -> None:
    tenant.set(define_object={"name": "object_Ex003__c", "label": "工地", "fields": {"amount__c": "currency"}})
    id = tenant.create("object_Ex003__c", {"name": "x", "amount__c": "7"})["dataId"]
    assert tenant.get("object_Ex003__c", id)["data"]["amount__c"] == "7"
    refused = tenant.http.post("/__sim__/settings", json={"define_object": {"name": "Bad"}})
    assert refused.status_code == 400


def test_a_plain_tenant_has_no_custom_field_or_object(make_tenant: Callable[..., Any]) -> None:
    plain = make_tenant(plain=True)
    objects = plain.b("/cgi/crm/v2/object/list")["data"]["objects"]
    assert not [row for row in objects if row["defineType"] == "custom"]
    fields = plain.b(DESCRIBE, apiName="ContactObj")["data"]["describe"]["fields"]
    assert not [name for name in fields if name.endswith("__c")]
    assert plain.query("duban_task__c")["errorCode"] == 32000
    assert plain.create("duban_task__c", {"name": "x"})["errorCode"] == 32000
    assert len(plain.ids("ContactObj")) > 20


def test_the_window_of_a_path_is_closed_after_its_calls_and_opens_again(tenant: Any) -> None:
    tenant.headers()
    tenant.set(rate_limits={"calls": 3, "seconds": 20})
    codes = [tenant.b(QUERY, ASK)["errorCode"] for _ in range(4)]
    assert codes == [0, 0, 0, 30004]
    assert tenant.get("AccountObj", tenant.face.tenant.table("AccountObj").since(0)[0])["errorCode"] == 0
    tenant.clock.advance(20)
    assert tenant.b(QUERY, ASK)["errorCode"] == 0
    shown = tenant.set(codes={"window": 14001}, rate_limits={"calls": 1})
    assert (shown["rate_limits"]["calls"], shown["calls_refused"]) == (1, 1)
    assert tenant.b(QUERY, ASK)["errorCode"] == 14001


def test_limits_are_a_hundred_in_twenty_seconds_when_simply_switched_on(tenant: Any) -> None:
    tenant.headers()
    shown = tenant.set(rate_limits=True)
    assert (shown["window_calls"], shown["window_s"]) == (100, 20)
    codes = [tenant.b(QUERY, {**ASK, "search_query_info": {"limit": 1}})["errorCode"] for _ in range(101)]
    assert codes == [0] * 100 + [30004]
    tenant.set(rate_limits=False)
    assert tenant.b(QUERY, ASK)["errorCode"] == 0


def test_the_daily_quota_ends_at_midnight_of_the_tenant(tenant: Any) -> None:
    tenant.headers()
    tenant.set(rate_limits={"daily": 2}, token_life_s=200_000)
    assert [tenant.b(QUERY, ASK)["errorCode"] for _ in range(3)] == [0, 0, 30002]
    to_midnight_s = (86_400_000 - (tenant.clock.now_ms() + 28_800_000) % 86_400_000) / 1000
    tenant.clock.advance(to_midnight_s)
    tenant.face.desk.clear()
    tenant._headers = {}
    assert tenant.b(QUERY, ASK)["errorCode"] == 0


def test_a_company_without_quota_gets_nothing(tenant: Any) -> None:
    tenant.headers()
    tenant.set(rate_limits={"no_quota": True})
    assert tenant.b(QUERY, ASK)["errorCode"] == 30003


@pytest.mark.parametrize(
    "bad",
    [
        {"no_such_setting": 1},
        {"rate_limits": {"no_such_limit": 1}},
        {"codes": {"no_such_reason": 1}},
        {"error_rules": [{"path": "x"}]},
    ],
)
def test_a_setting_nobody_knows_is_refused(tenant: Any, bad: dict[str, Any]) -> None:
    answer = tenant.http.post("/__sim__/settings", json=bad)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_answers_can_carry_the_code_as_text_and_no_description(tenant: Any) -> None:
    tenant.headers()
    tenant.set(string_code=True, no_description=True)
    answer = tenant.b(QUERY, ASK)
    assert answer["errorCode"] == "0"
    assert "errorDescription" not in answer


def test_a_write_can_be_lost_after_it_was_applied_or_before(tenant: Any) -> None:
    head = tenant.headers()
    body = {"data": {"object_data": {"dataObjectApiName": "AccountObj", "name": "Lost"}}}
    count = len(tenant.ids("AccountObj"))
    for action, more in (("drop_before", 0), ("drop_after", 1)):
        tenant.sim("POST", "faults", {"rules": [{"path": "data/create", "action": action}]})
        with pytest.raises(httpx.RemoteProtocolError):
            tenant.http.post("/cgi/crm/v2/data/create", json=body, headers=head)
        assert len(tenant.ids("AccountObj")) == count + more


@pytest.mark.parametrize("code", [429, 500, 502])
def test_gateways_in_front_may_answer_html(tenant: Any, code: int) -> None:
    rule = {"path": "data/query", "action": "status", "code": code, "body": "<html>no</html>"}
    tenant.sim("POST", "faults", {"rules": [rule]})
    answer = tenant.http.post(QUERY, json={"data": ASK}, headers=tenant.headers())
    assert answer.status_code == code
    assert answer.headers["content-type"].startswith("text/html")


def test_an_answer_can_be_cut_or_thinned(tenant: Any) -> None:
    head = tenant.headers()
    tenant.sim("POST", "faults", {"rules": [{"path": "data/query", "action": "truncate", "bytes": 40}]})
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.http.post(QUERY, json={"data": ASK}, headers=head)
    whole = len(tenant.ids("ContactObj"))
    tenant.sim("POST", "faults", {"rules": [{"path": "data/query", "action": "thin", "keep": 0.5}]})
    assert len(tenant.ids("ContactObj")) == whole // 2


def test_the_log_tells_writes_from_reads(tenant: Any) -> None:
    id = tenant.create("AccountObj", {"name": "x"})["dataId"]
    tenant.get("AccountObj", id)
    tenant.b(QUERY, ASK)
    tenant.update("AccountObj", id, {"remark": "x"})
    tenant.b("/cgi/crm/team/get", {"dataID": id}, apiName="AccountObj")
    tenant.b("/cgi/message/send", toUser=["1000"], msgType="text", text={"content": "x"})
    told = [(entry["path"].rsplit("/", 1)[1], entry["mutating"]) for entry in tenant.sim("GET", "log")["requests"]]
    assert told == [
        ("token", False), ("create", True), ("get", False), ("query", False), ("update", True), ("get", False),
        ("send", True),
    ]  # fmt: skip


def test_people_plant_edit_and_delete_through_the_sandbox_s_own_calls(tenant: Any) -> None:
    id = tenant.sim("POST", "records", {"object": "ContactObj", "records": [{"name": "Planted"}]})["ids"][0]
    row = tenant.get("ContactObj", id)["data"]
    assert row["created_by"] == ["1000"] != [tenant.me["user_id"]]
    values = {"job_title": "Boss", "owner": ["1001"], "lock_status": "1"}
    tenant.sim("PATCH", "records", {"object": "ContactObj", "id": id, "values": values})
    row = tenant.get("ContactObj", id)["data"]
    assert (row["job_title"], row["owner"], row["lock_status"]) == ("Boss", ["1001"], "1")
    tenant.sim("PATCH", "records", {"object": "ContactObj", "id": id, "values": {"lock_status": "0", "job_title": "x"}})
    tenant.sim("DELETE", "records", {"object": "ContactObj", "id": id})
    state = {record["_id"]: record for record in tenant.sim("GET", "state?object=ContactObj")["records"]}
    assert (state[id]["__deleted"], state[id]["life_status"]) == (True, "invalid")
    gone = tenant.http.request("DELETE", "/__sim__/records", json={"object": "ContactObj", "id": id})
    assert gone.status_code == 404


def test_what_a_person_cannot_do_is_refused_with_a_reason(tenant: Any) -> None:
    for body, status in (
        ({"object": "NobodyObj", "records": [{}]}, 404),
        ({"object": "ContactObj", "records": [{"email": "x@x.example"}]}, 400),
    ):
        assert tenant.http.post("/__sim__/records", json=body).status_code == status
    locked = {"name": "x", "lock_status": "1"}
    id = tenant.sim("POST", "records", {"object": "ContactObj", "records": [locked]})["ids"][0]
    refused = tenant.http.request("DELETE", "/__sim__/records", json={"object": "ContactObj", "id": id})
    assert (refused.status_code, "locked" in refused.json()["error"]) == (400, True)
    planted = tenant.sim("POST", "records", {"object": "object_New__c", "records": [{"name": "x"}]})
    assert len(planted["ids"]) == 1


def test_reset_goes_back_to_the_seed(tenant: Any) -> None:
    before = tenant.sim("GET", "state?object=ContactObj")
    tenant.create("ContactObj", {"name": "x"})
    tenant.set(default_total=False, list_lag_s=9)
    tenant.sim("POST", "reset")
    assert tenant.sim("GET", "state?object=ContactObj") == before
    assert tenant.sim("GET", "settings")["default_total"] is True
    assert tenant.b(QUERY, ASK)["errorCode"] == 20016
