"""Create, update, and the state machine of records."""

from __future__ import annotations

from typing import Any

import pytest

CREATE = "/cgi/crm/v2/data/create"
UPDATE = "/cgi/crm/v2/data/update"


@pytest.fixture
def contact(tenant: Any) -> str:
    return tenant.create("ContactObj", {"name": "Ann", "email": "ann@x.example"})["dataId"]


def test_create_answers_the_id_at_the_root_and_sets_the_system_fields(tenant: Any) -> None:
    answer = tenant.create("ContactObj", {"name": "Ann"})
    assert sorted(answer) == ["dataId", "errorCode", "errorDescription", "errorMessage", "traceId"]
    row = tenant.get("ContactObj", answer["dataId"])["data"]
    me, now_ms = tenant.me["user_id"], tenant.clock.now_ms()
    assert len(row["_id"]) == 24
    assert (row["create_time"], row["last_modified_time"]) == (now_ms, now_ms)
    assert (row["created_by"], row["last_modified_by"], row["owner"]) == ([me], [me], [me])
    assert (row["life_status"], row["lock_status"], row["is_deleted"]) == ("normal", "0", False)
    assert (row["version"], row["record_type"], row["object_describe_api_name"]) == ("1", "default__c", "ContactObj")


def test_the_object_name_may_stand_beside_the_record(tenant: Any) -> None:
    data = {"dataObjectApiName": "AccountObj", "object_data": {"name": "Sibling"}}
    assert tenant.b(CREATE, data)["errorCode"] == 0


def test_time_and_author_count_only_when_asked(tenant: Any) -> None:
    given = {"name": "Old", "create_time": 1_600_000_000_000, "created_by": [tenant.colleague["user_id"]]}
    plain = tenant.get("ContactObj", tenant.create("ContactObj", given)["dataId"])["data"]
    assert (plain["create_time"], plain["created_by"]) == (tenant.clock.now_ms(), [tenant.me["user_id"]])
    asked = tenant.create("ContactObj", given, hasSpecifyTime=True, hasSpecifyCreatedBy=True)
    row = tenant.get("ContactObj", asked["dataId"])["data"]
    assert (row["create_time"], row["created_by"]) == (1_600_000_000_000, [tenant.colleague["user_id"]])
    assert row["last_modified_time"] == tenant.clock.now_ms()


def test_creating_twice_makes_two_records(tenant: Any) -> None:
    values = {"name": "Twin", "email": "twin@x.example"}
    assert tenant.create("ContactObj", values)["dataId"] != tenant.create("ContactObj", values)["dataId"]


def test_update_changes_only_what_was_sent_and_blank_clears(tenant: Any, contact: str) -> None:
    tenant.clock.advance(10)
    answer = tenant.update("ContactObj", contact, {"job_title": "Chief"}, triggerWorkFlow=False)
    assert sorted(answer) == ["errorCode", "errorDescription", "errorMessage", "traceId"]
    row = tenant.get("ContactObj", contact)["data"]
    assert (row["name"], row["email"], row["job_title"], row["version"]) == ("Ann", "ann@x.example", "Chief", "2")
    assert row["last_modified_time"] == tenant.clock.now_ms() > row["create_time"]
    tenant.update("ContactObj", contact, {"job_title": None, "email": ""})
    row = tenant.get("ContactObj", contact)["data"]
    assert "job_title" not in row
    assert "email" not in row


@pytest.mark.parametrize(
    "data",
    [
        {"dataObjectApiName": "ContactObj", "data": {"_id": "x", "tel": "1"}},
        {"dataObjectApiName": "ContactObj", "objectDataId": "x", "object_data": {"tel": "1"}},
        {"object_data": {"dataObjectApiName": "ContactObj", "tel": "1"}},
    ],
)
def test_an_id_outside_object_data_is_a_null_pointer(tenant: Any, data: dict[str, Any]) -> None:
    answer = tenant.b(UPDATE, data)
    assert (answer["errorCode"], answer["errorMessage"]) == (32000, "java.lang.NullPointerException")
    tenant.set(codes={"null_pointer": -2})
    assert tenant.b(UPDATE, data)["errorCode"] == -2


def test_system_and_derived_fields_of_a_request_are_dropped(tenant: Any, contact: str) -> None:
    given = {"version": "99", "create_time": 1, "life_status": "invalid", "owner__r": {"id": "1"}, "is_deleted": True}
    assert tenant.update("ContactObj", contact, given)["errorCode"] == 0
    row = tenant.get("ContactObj", contact)["data"]
    assert (row["version"], row["life_status"], row["create_time"]) == ("2", "normal", tenant.clock.now_ms())


def test_the_owner_is_left_alone_by_update_or_refused(tenant: Any, contact: str) -> None:
    other = tenant.colleague["user_id"]
    assert tenant.update("ContactObj", contact, {"owner": [other]})["errorCode"] == 0
    assert tenant.get("ContactObj", contact)["data"]["owner"] == [tenant.me["user_id"]]
    tenant.set(owner_on_update="refuse")
    assert tenant.update("ContactObj", contact, {"owner": [other]})["errorCode"] == 32000


def test_change_owner_changes_the_owner(tenant: Any, contact: str) -> None:
    other = tenant.colleague
    rows = [{"objectDataId": contact, "ownerId": [other["user_id"]]}]
    assert tenant.do("changeOwner", "ContactObj", Data=rows)["errorCode"] == 0
    row = tenant.get("ContactObj", contact)["data"]
    assert (row["owner"], row["version"]) == ([other["user_id"]], "2")
    back = {
        "dataObjectApiName": "ContactObj",
        "Data": [{"objectDataId": contact, "ownerId": [tenant.me["open_user_id"]]}],
    }
    assert tenant.a("/cgi/crm/v2/data/changeOwner", back)["errorCode"] == 0
    assert tenant.get("ContactObj", contact)["data"]["owner"] == [tenant.me["user_id"]]


def test_change_owner_refuses_strangers_small_d_and_public_pools(tenant: Any, contact: str) -> None:
    rows = [{"objectDataId": contact, "ownerId": ["9999"]}]
    assert tenant.do("changeOwner", "ContactObj", Data=rows)["errorCode"] == 30027
    assert tenant.do("changeOwner", "ContactObj", data=rows)["errorCode"] == 32000
    pool = tenant.face.tenant.table("AccountObj").insert({"name": "公海客户"}, "1000").id
    rows = [{"objectDataId": pool, "ownerId": ["1000"]}]
    assert tenant.do("changeOwner", "AccountObj", Data=rows)["errorMessage"] == "无此操作的数据权限"


def test_a_locked_record_refuses_edits_with_the_known_text(tenant: Any) -> None:
    id = tenant.create("duban_task__c", {"name": "Locked"})["dataId"]
    lock = {"dataObjectApiName": "duban_task__c", "dataIds": [id], "detailObjStrategy": 0}
    assert tenant.b("/cgi/crm/v2/object/lock", lock)["errorCode"] == 0
    assert tenant.get("duban_task__c", id)["data"]["lock_status"] == "1"
    answer = tenant.update("duban_task__c", id, {"name": "x"})
    assert (answer["errorCode"], answer["errorMessage"]) == (50009, "不能进行[编辑]操作，以下这些数据已被锁定。")
    assert tenant.do("invalid", "duban_task__c", object_data_id=id)["errorCode"] == 50009
    rows = [{"objectDataId": id, "ownerId": ["1000"]}]
    assert tenant.do("changeOwner", "duban_task__c", Data=rows)["errorCode"] == 50009
    forced = {
        "object_data": {"dataObjectApiName": "duban_task__c", "_id": id, "name": "y"},
        "skipDataStatusValidate": True,
    }
    assert tenant.b("/cgi/crm/custom/v2/data/update", forced)["errorCode"] == 0
    assert tenant.b("/cgi/crm/v2/object/unlock", lock)["errorCode"] == 0
    assert tenant.update("duban_task__c", id, {"name": "x"})["errorCode"] == 0


def test_two_stages_of_deletion_and_the_way_back(tenant: Any, contact: str) -> None:
    assert tenant.do("delete", "ContactObj", idList=[contact])["errorMessage"] == "请先作废数据"
    tenant.clock.advance(1)
    assert tenant.do("invalid", "ContactObj", object_data_id=contact)["errorCode"] == 0
    assert contact not in tenant.ids("ContactObj")
    assert tenant.get("ContactObj", contact)["errorCode"] == 32000
    assert tenant.update("ContactObj", contact, {"name": "x"})["errorCode"] == 32000
    assert tenant.do("invalid", "ContactObj", object_data_id=contact)["errorCode"] == 32000
    invalid = tenant.rows("ContactObj", ("life_status", "EQ", ["invalid"]))[0]
    assert (invalid["_id"], invalid["is_deleted"], invalid["life_status"]) == (contact, True, "invalid")
    assert (invalid["version"], invalid["last_modified_time"]) == ("2", tenant.clock.now_ms())
    assert tenant.do("recover", "ContactObj", idList=[contact])["errorCode"] == 0
    assert tenant.get("ContactObj", contact)["data"]["life_status"] == "normal"
    assert tenant.do("recover", "ContactObj", idList=[contact])["errorCode"] == 32000
    tenant.do("invalid", "ContactObj", object_data_id=contact)
    assert tenant.do("delete", "ContactObj", idList=[contact])["errorCode"] == 0
    assert tenant.ids("ContactObj", ("life_status", "EQ", ["invalid"])) == []
    assert tenant.do("recover", "ContactObj", idList=[contact])["errorCode"] == 32000


def test_the_bin_shows_only_when_asked_for(tenant: Any, contact: str) -> None:
    tenant.clock.advance(1)
    tenant.do("invalid", "ContactObj", object_data_id=contact)
    since = ("last_modified_time", "GTE", [tenant.clock.now_ms()])
    assert tenant.ids("ContactObj", since) == []
    assert tenant.ids("ContactObj", since, ("life_status", "EQ", ["invalid"])) == [contact]
    assert tenant.ids("ContactObj", since, ("life_status", "IN", ["normal", "invalid"])) == [contact]
    assert tenant.ids("ContactObj", since, ("is_deleted", "EQ", [True])) == [contact]
    assert tenant.ids("ContactObj", ("_id", "IN", [contact])) == []
    tenant.set(list_invalid=True)
    assert contact in tenant.ids("ContactObj", ("_id", "GTE", [contact]))
    assert tenant.ids("ContactObj", since) == tenant.ids("ContactObj", ("email", "EQ", ["ann@x.example"])) == [contact]
    assert tenant.get("ContactObj", contact)["data"]["life_status_before_invalid"] == "normal"


def test_a_batch_goes_all_or_nothing(tenant: Any) -> None:
    ids = [tenant.create("duban_task__c", {"name": f"t{n}"})["dataId"] for n in range(3)]
    path, data = "/cgi/crm/custom/data/invalid", {"dataObjectApiName": "duban_task__c"}
    assert tenant.b(path, {**data, "idList": [*ids, "no-such-id"]})["errorCode"] == 32000
    assert tenant.get("duban_task__c", ids[0])["errorCode"] == 0
    assert tenant.b(path, {**data, "idList": ids})["errorCode"] == 0
    assert [tenant.get("duban_task__c", id)["errorCode"] for id in ids] == [32000] * 3


def test_an_id_named_twice_counts_once(tenant: Any, contact: str) -> None:
    tenant.do("invalid", "ContactObj", object_data_id=contact)
    assert tenant.do("recover", "ContactObj", idList=[contact, contact])["errorCode"] == 0
    tenant.do("invalid", "ContactObj", object_data_id=contact)
    assert tenant.do("delete", "ContactObj", idList=[contact, contact])["errorCode"] == 0


def test_owners_change_for_all_records_or_for_none(tenant: Any, contact: str) -> None:
    other = tenant.colleague["user_id"]
    rows = [{"objectDataId": contact, "ownerId": [other]}, {"objectDataId": contact, "ownerId": ["9999"]}]
    assert tenant.do("changeOwner", "ContactObj", Data=rows)["errorCode"] == 30027
    assert tenant.get("ContactObj", contact)["data"]["owner"] == [tenant.me["user_id"]]


def test_an_empty_owner_means_the_actor(tenant: Any) -> None:
    id = tenant.create("ContactObj", {"name": "x", "owner": []})["dataId"]
    assert tenant.get("ContactObj", id)["data"]["owner"] == [tenant.me["user_id"]]


def test_missing_parts_are_refused(tenant: Any) -> None:
    assert tenant.do("invalid", "ContactObj", object_data_id=["x"])["errorCode"] == 32000
    assert tenant.do("delete", "ContactObj", idList="x")["errorCode"] == 32000
    assert tenant.b("/cgi/crm/v2/data/get", {"objectDataId": "x"})["errorCode"] == 32000
    assert tenant.get("ContactObj", "no-such-id")["errorCode"] == 32000
    tenant.set(codes={"not_found": 10099})
    assert tenant.get("ContactObj", "no-such-id")["errorCode"] == 10099


@pytest.mark.parametrize(
    ("object", "values", "word"),
    [
        ("ContactObj", {"email": "x@x.example"}, "必填"),
        ("ContactObj", {"name": "x", "email": "no mail"}, "邮箱"),
        ("ContactObj", {"name": "x" * 501}, "最大长度"),
        ("ContactObj", {"name": "x", "roles__c": ["king"]}, "选项"),
        ("ContactObj", {"name": "x", "account_id": "no-such-id"}, "关联"),
        ("ContactObj", {"name": "x", "email_opt_out__c": "maybe"}, "布尔"),
        ("ContactObj", {"name": "x", "owner": ["9999"]}, "9999"),
        ("duban_task__c", {"name": "x", "status__c": "待客户"}, "选项"),
        ("duban_task__c", {"name": "x", "due__c": "2026-01-01"}, "毫秒"),
        ("duban_project__c", {"name": "x", "budget__c": "many"}, "数字"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(tenant: Any, object: str, values: dict[str, Any], word: str) -> None:
    answer = tenant.create(object, values)
    assert answer["errorCode"] in (32000, 30027)
    assert word in answer["errorMessage"]
    assert "dataId" not in answer


def test_values_are_kept_as_the_service_keeps_them(tenant: Any) -> None:
    noon = 1_763_913_600_000 + 12 * 3_600_000
    values = {"name": "P", "budget__c": 12000.5, "due__c": str(noon), "status__c": "active"}
    row = tenant.get("duban_project__c", tenant.create("duban_project__c", values)["dataId"])["data"]
    assert (row["budget__c"], row["due__c"]) == ("12000.50", 1_763_913_600_000)


def test_a_required_field_cannot_be_cleared(tenant: Any, contact: str) -> None:
    assert tenant.update("ContactObj", contact, {"name": ""})["errorCode"] == 32000


def test_unique_fields_and_the_duplicate_search_refuse_twins(tenant: Any, contact: str) -> None:
    tenant.set(unique=["ContactObj.duban_key__c"], duplicate_rules={"ContactObj": ["email"]})
    tenant.update("ContactObj", contact, {"duban_key__c": "k1"})
    assert "重复" in tenant.create("ContactObj", {"name": "x", "duban_key__c": "k1"})["errorMessage"]
    assert tenant.update("ContactObj", contact, {"duban_key__c": "k1"})["errorCode"] == 0
    twin = {"dataObjectApiName": "ContactObj", "name": "x", "email": "ann@x.example"}
    asked = {"object_data": twin, "optionInfo": {"isDuplicateSearch": True}}
    assert "重复" in tenant.b(CREATE, asked)["errorMessage"]
    assert tenant.b(CREATE, {"object_data": twin})["errorCode"] == 0
    describe = tenant.b("/cgi/crm/v2/object/describe", apiName="ContactObj")["data"]["describe"]["fields"]
    assert describe["duban_key__c"]["is_unique"] is True


def test_a_field_the_server_cuts_or_reformats_keeps_its_own_form(tenant: Any) -> None:
    tenant.set(normalise={"ContactObj.job_title": {"cut": 4}, "ContactObj.mobile": {"phone": True}})
    values = {"name": "x", "job_title": "Director", "mobile": "+86 139 0000 0001"}
    row = tenant.get("ContactObj", tenant.create("ContactObj", values)["dataId"])["data"]
    assert (row["job_title"], row["mobile"]) == ("Dire", "+86139-0000-0001")


def test_an_employee_without_the_right_is_refused(tenant: Any, contact: str) -> None:
    tenant.set(read_only={tenant.me["user_id"]: ["ContactObj"]})
    answer = tenant.update("ContactObj", contact, {"job_title": "x"})
    assert (answer["errorCode"], answer["errorMessage"]) == (32000, "无此操作的数据权限")
    assert tenant.create("AccountObj", {"name": "still"})["errorCode"] == 0


def test_an_owner_can_be_required_on_custom_objects(tenant: Any) -> None:
    tenant.set(owner_required=True)
    assert tenant.create("duban_task__c", {"name": "x"})["errorCode"] == 32000
    assert tenant.create("duban_task__c", {"name": "x", "owner": ["1000"]})["errorCode"] == 0


def test_stamps_can_be_strictly_increasing_or_frozen(tenant: Any) -> None:
    tenant.set(strict_time=True)
    ids = [tenant.create("AccountObj", {"name": f"a{n}"})["dataId"] for n in range(3)]
    stamps = [tenant.get("AccountObj", id)["data"]["last_modified_time"] for id in ids]
    assert stamps == sorted(set(stamps))
    tenant.set(strict_time=False, freeze_ms=1_800_000_000_000)
    for id in ids:
        tenant.update("AccountObj", id, {"remark": "x"})
    assert {tenant.get("AccountObj", id)["data"]["last_modified_time"] for id in ids} == {1_800_000_000_000}
    assert tenant.ids("AccountObj", ("last_modified_time", "EQ", [1_800_000_000_000])) == ids


def test_writes_that_would_start_an_approval_or_a_workflow_are_kept(tenant: Any) -> None:
    off = {"triggerApprovalFlow": False, "triggerWorkFlow": False}
    id = tenant.create("AccountObj", {"name": "quiet"}, **off)["dataId"]
    tenant.update("AccountObj", id, {"remark": "x"}, **off)
    assert tenant.sim("GET", "state?object=__flows")["records"] == []
    tenant.update("AccountObj", id, {"remark": "y"}, triggerWorkFlow=False)
    noisy = tenant.create("AccountObj", {"name": "noisy"})["dataId"]
    kept = tenant.sim("GET", "state?object=__flows")["records"]
    assert [(row["id"], row["triggers"]) for row in kept] == [
        (id, ["triggerApprovalFlow"]),
        (noisy, ["triggerApprovalFlow", "triggerWorkFlow"]),
    ]


def test_a_record_in_approval_cannot_go_into_the_bin(tenant: Any) -> None:
    record = {"name": "x", "life_status": "under_review"}
    id = tenant.sim("POST", "records", {"object": "ContactObj", "records": [record]})["ids"][0]
    assert tenant.get("ContactObj", id)["data"]["life_status"] == "under_review"
    assert tenant.do("invalid", "ContactObj", object_data_id=id)["errorCode"] == 32000
    tenant.sim("PATCH", "records", {"object": "ContactObj", "id": id, "values": {"life_status": "normal"}})
    assert tenant.do("invalid", "ContactObj", object_data_id=id)["errorCode"] == 0
    binned = {"name": "x", "life_status": "invalid"}
    id = tenant.sim("POST", "records", {"object": "ContactObj", "records": [binned]})["ids"][0]
    assert tenant.ids("ContactObj", ("life_status", "EQ", ["invalid"]), ("_id", "GTE", [id])) == [id]


def test_fields_nobody_described_are_kept_as_they_came(tenant: Any) -> None:
    given = {"name": "x", "field_aw71X__c": 1772359200000, "field_Ab1Cd__c": ["a"], "field_g60ab__c": "1dKGudtaC"}
    row = tenant.get("LeadsObj", tenant.create("LeadsObj", given)["dataId"])["data"]
    assert {name: row[name] for name in given} == given


def test_team_members_come_and_go(tenant: Any) -> None:
    id = tenant.create("AccountObj", {"name": "Team"})["dataId"]
    other = tenant.colleague["user_id"]
    data = {"dataIDs": [id], "teamMemberEmployee": [other], "teamMemberRole": "4", "teamMemberPermissionType": "1"}
    assert tenant.b("/cgi/crm/team/add", data, apiName="AccountObj")["errorCode"] == 0
    members = tenant.b("/cgi/crm/team/get", {"dataID": id}, apiName="AccountObj")["data"]["objectList"]
    assert [member["teamMemberEmployee"] for member in members] == [[tenant.me["user_id"]], [other]]
    shown = tenant.a("/cgi/crm/v2/data/get", {"dataObjectApiName": "AccountObj", "objectDataId": id})["data"]
    assert shown["relevant_team"][1]["teamMemberEmployee"] == [tenant.colleague["open_user_id"]]
    tenant.b("/cgi/crm/team/delete", data, apiName="AccountObj")
    assert len(tenant.b("/cgi/crm/team/get", {"dataID": id}, apiName="AccountObj")["data"]["objectList"]) == 1
    assert tenant.b("/cgi/crm/team/add", data, apiName="ContactObj")["errorCode"] == 15002
    assert tenant.b("/cgi/crm/team/get", data, apiName="ContactObj")["errorCode"] == 15002


def test_the_first_version_of_the_data_paths_still_answers(tenant: Any) -> None:
    made = tenant.b("/cgi/crm/data/create", {"name": "v1", "email": "v1@x.example"}, apiName="ContactObj")["dataId"]
    tenant.b("/cgi/crm/data/update", {"job_title": "Chief"}, apiName="ContactObj", dataId=made)
    search = {
        "offset": 0,
        "limit": 10,
        "conditions": [{"conditionType": "term_condition", "conditions": {"email": "v1@x.example"}}],
        "rangeConditions": [{"fieldName": "create_time", "from": 0, "to": tenant.clock.now_ms()}],
        "orders": [{"ascending": True, "field": "name"}],
        "dataProjection": {"fieldNames": ["name", "job_title"]},
    }
    found = tenant.b("/cgi/crm/data/query", apiName="ContactObj", searchQuery=search)
    assert (found["totalNumber"], found["datas"]) == (1, [{"_id": made, "name": "v1", "job_title": "Chief"}])
    assert tenant.b("/cgi/crm/data/get", apiName="ContactObj", dataId=made)["data"]["name"] == "v1"
    assert (
        tenant.b("/cgi/crm/data/changeOwner", apiName="ContactObj", dataId=made, ownerOpenUserId="1000")["errorCode"]
        == 0
    )
    for action in ("drop", "recover", "drop"):
        assert tenant.b(f"/cgi/crm/data/{action}", apiName="ContactObj", dataId=made)["errorCode"] == 0
    assert tenant.b("/cgi/crm/data/delete", apiName="ContactObj", dataId=made)["errorCode"] == 0
    assert tenant.b("/cgi/crm/object/describe", apiName="ContactObj")["objectDesc"]["api_name"] == "ContactObj"
    assert {"api_name": "ContactObj", "display_name": "联系人"} in tenant.b("/cgi/crm/object/list")["objects"]
    for object, code in (("ContactObj", 0), ("duban_task__c", 32000)):
        page = tenant.b("/cgi/crm/data/query", apiName=object, searchQuery={"limit": 1000})
        assert page["errorCode"] == code
