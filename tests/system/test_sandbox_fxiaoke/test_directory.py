"""Employees, departments and messages."""

from __future__ import annotations

from typing import Any

import pytest

SEND = "/cgi/message/send"


def directory(tenant: Any, path: str, **body: Any) -> dict[str, Any]:
    """Call a directory path as the older clients do: body credentials without an acting employee."""
    return tenant.a(path, currentOpenUserId=None, **body)


def test_a_mobile_number_gives_the_employee_and_an_unknown_one_an_empty_list(tenant: Any) -> None:
    found = directory(tenant, "/cgi/user/getByMobile", mobile=tenant.me["mobile"])["empList"]
    assert found == [
        {
            "openUserId": tenant.me["open_user_id"],
            "name": tenant.me["name"],
            "mobile": tenant.me["mobile"],
            "email": tenant.me["email"],
            "status": "NORMAL",
        }
    ]
    assert directory(tenant, "/cgi/user/getByMobile", mobile="+86" + tenant.me["mobile"])["empList"] == found
    assert directory(tenant, "/cgi/user/getByMobile", mobile="000")["empList"] == []
    assert directory(tenant, "/cgi/user/getByMobile")["errorCode"] == 32000


def test_employees_come_in_pages_until_a_short_one(tenant: Any) -> None:
    path = "/cgi/user/get/batchByUpdTime"
    pages = [directory(tenant, path, pageSize=2, pageNumber=n)["empList"] for n in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({row["openUserId"] for page in pages for row in page}) == 5
    assert directory(tenant, path, pageSize=1001, pageNumber=1)["errorCode"] == 32000
    assert directory(tenant, path, pageSize="many")["errorCode"] == 32000


def test_the_whole_company_lists_everybody_with_e_mail(tenant: Any) -> None:
    rows = directory(tenant, "/cgi/user/list", departmentId=999999, fetchChild=True)["userList"]
    assert {row["email"] for row in rows} == {person["email"] for person in tenant.ready["employees"]}
    assert "attachingDepartmentIds" not in rows[0]
    assert {row["employeeNumber"] for row in rows} == {person["user_id"] for person in tenant.ready["employees"]}
    assert directory(tenant, "/cgi/user/list", departmentId=999999, fetchChild=False)["userList"] == []
    names = directory(tenant, "/cgi/user/simpleList", departmentId=1000, fetchChild=False)
    assert names["userList"] == names["userlist"]
    assert sorted(names["userList"][0]) == ["name", "nickName", "openUserId"]


def test_one_employee_s_fields_stand_at_the_root(tenant: Any) -> None:
    answer = directory(tenant, "/cgi/user/get", openUserId=tenant.me["open_user_id"])
    assert (answer["name"], answer["isStop"]) == (tenant.me["name"], False)
    shown = directory(tenant, "/cgi/user/get", openUserId=tenant.me["open_user_id"], showDepartmentIdsDetail=True)
    assert (shown["mainDepartmentId"], shown["attachingDepartmentIds"]) == (1000, [])
    assert tenant.b("/cgi/user/get", openUserId=tenant.me["user_id"])["email"] == tenant.me["email"]
    assert directory(tenant, "/cgi/user/get", openUserId="FSUID_0")["errorCode"] == 20012


def test_departments_form_a_tree(tenant: Any) -> None:
    rows = directory(tenant, "/cgi/department/list")["departments"]
    assert [row["id"] for row in rows if row["parentId"] == 0] == [999999]
    detail = directory(tenant, "/cgi/department/detail", departmentId=1000)
    assert (detail["name"], detail["parentId"], detail["principalId"][:6]) == ("交付部", 999999, "FSUID_")
    assert directory(tenant, "/cgi/department/detail", departmentId=7)["errorCode"] == 30007
    assert directory(tenant, "/cgi/user/list", departmentId=7)["errorCode"] == 30007


def test_employees_are_records_too(tenant: Any) -> None:
    rows = tenant.rows("PersonnelObj", ("email", "EQ", [tenant.me["email"]]))
    assert [row["user_id"] for row in rows] == [tenant.me["user_id"]]


def test_messages_are_kept_for_the_test_to_see(tenant: Any) -> None:
    composite = {"head": {"title": "逾期"}, "first": {"content": "签字"}, "form": [{"label": "客户", "value": "明德"}]}
    assert tenant.b(SEND, toUser=["1000"], msgType="text", text={"content": "2 overdue"})["errorCode"] == 0
    people = [tenant.colleague["open_user_id"]]
    assert tenant.a(SEND, toUser=people, msgType="composite", composite=composite)["errorCode"] == 0
    articles = [{"title": "周报", "type": "TEXT", "content": "x"}]
    service = tenant.b("/cgi/app/message/send", serviceId="s1", toUser=["1000"], msgType="articles", articles=articles)
    assert service["errorCode"] == 0
    kept = tenant.sim("GET", "state?object=__messages")["records"]
    assert [(row["toUser"], row["msgType"]) for row in kept] == [
        (["1000"], "text"),
        ([tenant.colleague["user_id"]], "composite"),
        (["1000"], "articles"),
    ]
    assert kept[0]["text"] == {"content": "2 overdue"}
    assert kept[2]["serviceId"] == "s1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgType": "text", "text": {"content": "x"}}, 10015),
        ({"toUser": ["9999"], "msgType": "text", "text": {"content": "x"}}, 11016),
        ({"toUser": ["1000"] * 501, "msgType": "text", "text": {"content": "x"}}, 11016),
        ({"toUser": ["1000"]}, 11017),
        ({"toUser": ["1000"], "msgType": "smoke"}, 12003),
        ({"toUser": ["1000"], "msgType": "text", "text": {"content": ""}}, 12005),
        ({"toUser": ["1000"], "msgType": "articles", "articles": [{}] * 8}, 32000),
    ],
)
def test_a_message_that_cannot_be_sent_is_refused(tenant: Any, body: dict[str, Any], code: int) -> None:
    assert tenant.b(SEND, **body)["errorCode"] == code
    assert tenant.sim("GET", "state?object=__messages")["records"] == []
