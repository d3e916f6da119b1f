"""The query: operators, paging, totals, projections, ids per generation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

QUERY = "/cgi/crm/v2/data/query"
CONTACTS = [
    {"name": "Ann Alder", "email": "ann@x.example", "roles__c": ["it", "finance"], "email_opt_out__c": True},
    {"name": "Bob Birch", "email": "bob@x.example", "roles__c": ["it"], "mobile": "13900000001"},
    {"name": "Cy Cedar", "roles__c": ["sponsor"], "job_title": "Chief"},
    {"name": "Dee Elm", "email": "dee@y.example", "job_title": "chief of staff"},
]
PROJECTS = [
    {"name": "P1", "budget__c": "99.5", "due__c": 1_763_827_200_000, "status__c": "active"},
    {"name": "P2", "budget__c": 100, "due__c": 1_763_913_600_000, "status__c": "planned"},
    {"name": "P3", "budget__c": "1000", "status__c": "active"},
]


@pytest.fixture
def small(make_tenant: Callable[..., Any]) -> Any:
    tenant = make_tenant(empty=True)
    for object, records in (("ContactObj", CONTACTS), ("duban_project__c", PROJECTS)):
        tenant.sim("POST", "records", {"object": object, "records": records})
    return tenant


@pytest.mark.parametrize(
    ("field", "operator", "values", "expected"),
    [
        ("name", "EQ", ["Bob Birch"], "B"),
        ("name", "EQ", ["bob birch"], ""),
        ("name", "N", ["Bob Birch"], "ACD"),
        ("email", "N", ["ann@x.example"], "BCD"),
        ("email", "IS", [], "C"),
        ("email", "ISN", [], "ABD"),
        ("email", "LIKE", ["X.ex"], "AB"),
        ("email", "NLIKE", ["x.ex"], "CD"),
        ("email", "IN", ["ann@x.example", "dee@y.example", "no@x.example"], "AD"),
        ("email", "NIN", ["ann@x.example"], "BCD"),
        ("email", "STARTWITH", ["an"], "A"),
        ("email", "ENDWITH", ["y.example"], "D"),
        ("roles__c", "EQ", ["it"], "AB"),
        ("roles__c", "IN", ["sponsor", "finance"], "AC"),
        ("roles__c", "HASANYOF", ["finance", "sponsor"], "AC"),
        ("roles__c", "NHASANYOF", ["it"], "CD"),
        ("roles__c", "CONTAINS", ["it", "finance"], "A"),
        ("job_title", "CONTAINS", ["hief"], "CD"),
        ("email_opt_out__c", "EQ", [True], "A"),
        ("email_opt_out__c", "EQ", ["true"], "A"),
        ("name", "GT", ["Bob Birch"], "CD"),
        ("name", "LTE", ["Bob Birch"], "AB"),
        ("owner", "IN", ["1000"], "ABCD"),
        ("owner", "IN", ["1001"], ""),
        ("lock_status", "EQ", ["0"], "ABCD"),
        ("life_status", "EQ", ["normal"], "ABCD"),
        ("version", "EQ", ["1"], "ABCD"),
    ],
)
def test_each_operator_on_text_and_lists(
    small: Any, field: str, operator: str, values: list[Any], expected: str
) -> None:
    assert "".join(row["name"][0] for row in small.rows("ContactObj", (field, operator, values))) == expected


@pytest.mark.parametrize(
    ("field", "operator", "values", "expected"),
    [
        ("budget__c", "EQ", ["100"], "2"),
        ("budget__c", "GT", ["99.5"], "23"),
        ("budget__c", "GTE", [99.5], "123"),
        ("budget__c", "LT", ["1000"], "12"),
        ("budget__c", "BETWEEN", ["99.5", 100], "12"),
        ("budget__c", "NBETWEEN", ["99.5", 100], "3"),
        ("due__c", "LTE", ["1763827200000"], "1"),
        ("due__c", "BETWEEN", [1_763_827_200_000, 1_763_913_600_000], "12"),
        ("due__c", "IS", [], "3"),
        ("budget__c", "IN", [100, "1000.00"], "23"),
    ],
)
def test_numbers_and_times_compare_as_numbers_whatever_they_come_as(
    small: Any, field: str, operator: str, values: list[Any], expected: str
) -> None:
    assert "".join(row["name"][1] for row in small.rows("duban_project__c", (field, operator, values))) == expected


def test_filters_are_anded(small: Any) -> None:
    assert len(small.rows("ContactObj", ("roles__c", "EQ", ["it"]), ("email", "LIKE", ["bob"]))) == 1


@pytest.mark.parametrize(
    "info",
    [
        {"filters": [{"field_name": "name", "operator": "NEQ", "field_values": ["x"]}]},
        {"filters": [{"field_name": "name", "operator": "EQ", "field_values": "x"}]},
        {"filters": [{"field_name": "name", "operator": "BETWEEN", "field_values": ["x"]}]},
        {"filters": [{"fieldName": "name", "operator": "EQ", "fieldValues": ["x"]}]},
        {"filters": {"name": "x"}},
        {"orders": [{"field_name": "name", "is_asc": True}]},
        {"limit": 101},
        {"limit": -1},
        {"limit": "many"},
        {"limit": 100, "offset": 50},
    ],
)
def test_a_query_the_service_does_not_know_is_refused(small: Any, info: dict[str, Any]) -> None:
    answer = small.b(QUERY, {"dataObjectApiName": "ContactObj", "search_query_info": info})
    assert answer["errorCode"] == 32000
    assert "data" not in answer


def test_an_offset_beyond_ten_thousand_answers_the_known_triple(small: Any) -> None:
    answer = small.query("ContactObj", limit=100, offset=10_100)
    assert answer["errorCode"] == 10013
    assert answer["errorMessage"] == "offset out of range 10000"
    assert answer["errorDescription"] == "offset 不能超过10000"
    assert small.query("ContactObj", limit=100, offset=10_000)["data"]["dataList"] == []


def test_crooked_paging_can_be_clamped_instead(small: Any) -> None:
    small.set(strict_paging=False)
    page = small.query("ContactObj", limit=500, offset=150)["data"]
    assert (page["limit"], page["offset"]) == (100, 100)


def test_the_default_page_has_twenty_rows(tenant: Any) -> None:
    page = tenant.b(QUERY, {"dataObjectApiName": "ContactObj"})["data"]
    assert (len(page["dataList"]), page["limit"], page["offset"]) == (20, 20, 0)


@pytest.mark.parametrize(
    ("top", "switch", "total"),
    [
        ({}, {}, 4),
        ({}, {"find_explicit_total_num": False}, 0),
        ({}, {"find_explicit_total_num": True}, 4),
        ({"returnTotalNum": 3}, {}, 0),
        ({"returnTotalNum": 1}, {}, 4),
        ({"returnTotalNum": 2}, {}, 4),
        ({"need_return_count_num": False}, {}, 0),
        ({"need_return_count_num": True}, {}, 4),
    ],
)
def test_each_spelling_of_the_total_switch_counts(
    small: Any, top: dict[str, Any], switch: dict[str, Any], total: int
) -> None:
    data = {"dataObjectApiName": "ContactObj", "search_query_info": {"limit": 2}, **switch}
    page = small.b(QUERY, data, **top)["data"]
    assert (page["total"], len(page["dataList"])) == (total, 2)


def test_totals_can_be_off_by_default(small: Any) -> None:
    small.set(default_total=False)
    assert small.query("ContactObj")["data"]["total"] == 0


def test_the_id_cursor_walks_everything_once(tenant: Any) -> None:
    seen: list[str] = []
    last = "0"
    while page := tenant.ids(
        "ContactObj", ("_id", "GT", [last]), limit=7, orders=[{"fieldName": "_id", "isAsc": "true"}]
    ):
        seen += page
        last = page[-1]
    assert seen == sorted(set(seen))
    assert len(seen) == len(tenant.sim("GET", "state?object=ContactObj")["records"])


def test_orders_sort_with_blanks_first_and_the_string_false_turns_them(small: Any) -> None:
    up = small.rows("ContactObj", orders=[{"fieldName": "email", "isAsc": True}])
    assert [row["name"][0] for row in up] == ["C", "A", "B", "D"]
    down = small.rows("ContactObj", orders=[{"fieldName": "email", "isAsc": "false"}])
    assert [row["name"][0] for row in down] == ["D", "B", "A", "C"]
    budget = small.rows("duban_project__c", orders=[{"fieldName": "budget__c", "isAsc": False}])
    assert [row["name"] for row in budget] == ["P3", "P2", "P1"]
    roles = small.rows("ContactObj", orders=[{"fieldName": "roles__c"}, {"fieldName": "name", "isAsc": False}])
    assert [row["name"][0] for row in roles] == ["D", "B", "A", "C"]


def test_the_alias_api_name_is_taken(small: Any) -> None:
    assert small.b(QUERY, {"apiName": "ContactObj"})["data"]["total"] == 4


def test_a_projection_keeps_the_id_and_nothing_else(small: Any) -> None:
    rows = small.rows("ContactObj", fieldProjection=["name", "email"])
    assert [sorted(row) for row in rows] == [["_id", "email", "name"]] * 2 + [["_id", "name"], ["_id", "email", "name"]]


def test_empty_fields_are_left_out_unless_nulls_are_asked_for(small: Any) -> None:
    third = small.rows("ContactObj")[2]
    assert "email" not in third
    shown = small.query("ContactObj", top={"includeNull": True})["data"]["dataList"][2]
    assert shown["email"] is None
    assert shown["duban_key__c"] is None
    narrow = small.query("ContactObj", top={"includeNull": True}, fieldProjection=["email", "nobody__c"])
    assert narrow["data"]["dataList"][2] == {"_id": third["_id"], "email": None}


def test_each_generation_sees_its_own_ids_of_employees(small: Any) -> None:
    data = {"dataObjectApiName": "ContactObj", "search_query_info": {"limit": 1}}

    def owner(answer: dict[str, Any]) -> str:
        return answer["data"]["dataList"][0]["owner"][0]

    first = small.ready["employees"][0]
    assert owner(small.b(QUERY, data)) == first["user_id"]
    assert owner(small.a(QUERY, data)) == first["open_user_id"]
    assert owner(small.b(QUERY, data, convertUserId=True)) == first["open_user_id"]
    assert owner(small.a(QUERY, data, convertUserId=False)) == first["user_id"]


def test_a_filter_on_people_takes_the_ids_of_its_generation_only(small: Any) -> None:
    first = small.ready["employees"][0]

    def count(call: Any, id: str) -> int:
        info = {"filters": [{"field_name": "created_by", "operator": "IN", "field_values": [id]}]}
        return call(QUERY, {"dataObjectApiName": "ContactObj", "search_query_info": info})["data"]["total"]

    assert count(small.a, first["open_user_id"]) == count(small.b, first["user_id"]) == 4
    assert count(small.a, first["user_id"]) == count(small.b, first["open_user_id"]) == 0


def test_records_carry_the_labels_of_people_references_and_options(tenant: Any) -> None:
    row = tenant.rows("duban_task__c", ("name", "LIKE", ["蓝图方案"]))[0]
    assert row["owner__r"]["name"]
    assert row["project__c__r"] == "明德 MES 二期"
    asked = tenant.rows("duban_task__c", ("name", "LIKE", ["蓝图方案"]), fieldProjection=["status__c__r", "owner__r"])[
        0
    ]
    assert asked["status__c__r"] == "待客户"
    assert asked["owner__r"]["id"] == row["owner"][0]
    assert row["relevant_team"][0]["teamMemberRole"] == "1"


def test_find_one_and_find_simple_serve_both_kinds_of_objects(small: Any) -> None:
    info = {"filters": [{"field_name": "email", "field_values": ["bob@x.example"], "operator": "EQ"}], "limit": 10}
    data = {"dataObjectApiName": "ContactObj", "search_query_info": info, "field_projection": ["name"]}
    found = small.b("/cgi/crm/custom/v2/data/findOne", data)["data"]["objectData"]
    assert found["name"] == "Bob Birch"
    assert sorted(found) == ["_id", "name"]
    rows = small.b("/cgi/crm/custom/v2/data/findSimple", data)["data"]["dataList"]
    assert [row["name"] for row in rows] == ["Bob Birch"]
    info["filters"][0]["field_values"] = ["nobody@x.example"]
    assert small.b("/cgi/crm/custom/v2/data/findOne", data)["data"] == {}


def test_a_write_shows_late_in_lists_and_in_searches_but_at_once_by_id(small: Any) -> None:
    small.set(list_lag_s=5, search_lag_s=30)
    small.clock.advance(1)
    new = small.create("ContactObj", {"name": "Late", "email": "late@x.example"})["dataId"]
    window = ("last_modified_time", "GTE", [small.clock.now_ms()])
    key = ("email", "EQ", ["late@x.example"])
    assert small.get("ContactObj", new)["data"]["name"] == "Late"
    assert (small.ids("ContactObj", window), small.ids("ContactObj", key)) == ([], [])
    small.clock.advance(5)
    assert (small.ids("ContactObj", window), small.ids("ContactObj", key)) == ([new], [])
    small.clock.advance(25)
    assert small.ids("ContactObj", key) == [new]


def test_a_lagging_search_finds_a_record_by_what_it_was(small: Any) -> None:
    id = small.ids("ContactObj", ("email", "EQ", ["bob@x.example"]))[0]
    small.set(search_lag_s=30)
    small.clock.advance(60)
    small.update("ContactObj", id, {"email": "bob@new.example"})
    old, new = (("email", "EQ", [address]) for address in ("bob@x.example", "bob@new.example"))
    assert (small.ids("ContactObj", old), small.ids("ContactObj", new)) == ([id], [])
    small.clock.advance(30)
    assert (small.ids("ContactObj", old), small.ids("ContactObj", new)) == ([], [id])


def test_no_answer_is_kept_over_a_reset_or_a_lag(tenant: Any) -> None:
    filters = ("name", "LIKE", ["Later"])
    tenant.set(search_lag_s=10)
    tenant.clock.advance(1)
    new = tenant.create("ContactObj", {"name": "Later"})["dataId"]
    assert tenant.ids("ContactObj", filters) == []
    tenant.set(search_lag_s=0)
    tenant.clock.advance(10)
    assert tenant.ids("ContactObj", filters) == [new]
    tenant.sim("POST", "reset")
    tenant._headers = {}
    tenant.create("AccountObj", {"name": "x"})
    again = tenant.create("ContactObj", {"name": "Sooner"})["dataId"]
    assert tenant.ids("ContactObj", filters) == []
    assert tenant.ids("ContactObj", ("name", "LIKE", ["Sooner"])) == [again]


def test_a_lagging_list_shows_the_version_before(small: Any) -> None:
    id = small.ids("ContactObj")[0]
    small.set(list_lag_s=5)
    small.update("ContactObj", id, {"job_title": "New"})
    assert "job_title" not in small.rows("ContactObj", ("_id", "IN", [id]))[0]
    small.clock.advance(5)
    assert small.rows("ContactObj", ("_id", "IN", [id]))[0]["job_title"] == "New"


def test_values_can_come_in_the_other_forms_that_tenants_show(small: Any) -> None:
    small.set(loose_types=True)
    row = small.rows("duban_project__c")[0]
    assert (row["budget__c"], row["due__c"], row["version"]) == (99.5, "1763827200000", 1)
    assert (row["owner"], row["create_time"]) == ("1000", str(small.clock.now_ms()))
    assert row["relevant_team"][0]["teamMemberEmployee"] == ["1000"]


def test_an_object_can_be_out_of_bounds_for_everybody(tenant: Any) -> None:
    id = tenant.ids("PersonnelObj")[0]
    tenant.set(no_list_right=["PersonnelObj"])
    answer = tenant.query("PersonnelObj")
    assert (answer["errorCode"], answer["errorMessage"]) == (32000, "没有人员权限")
    assert tenant.get("PersonnelObj", id)["errorCode"] == 32000


def test_unknown_fields_can_be_refused(small: Any) -> None:
    assert small.ids("ContactObj", ("nobody__c", "EQ", ["x"])) == []
    small.set(strict_fields=True)
    assert small.query("ContactObj", ("nobody__c", "EQ", ["x"]))["errorCode"] == 32000
    assert small.create("ContactObj", {"name": "x", "nobody__c": "x"})["errorCode"] == 32000


def test_a_page_of_a_large_tenant_costs_about_the_page(make_tenant: Callable[..., Any]) -> None:
    """Count how often values are worked out: a page must not look at the other records."""
    tenant = make_tenant(people=20_000)
    table = tenant.face.tenant.table("ContactObj")
    reads = 0
    made = next(row for row in table.rows.values() if row.is_made)
    make, _ = made._make

    def counting(number: int) -> dict[str, Any]:
        nonlocal reads
        reads += 1
        return make(number)

    for row in table.rows.values():
        if row.is_made:
            row.set_recipe(counting, row._make[1])
    middle = sorted(table.rows)[10_000]
    now_ms = tenant.clock.now_ms()
    order = [{"fieldName": "_id", "isAsc": True}]
    page = tenant.query(
        "ContactObj",
        ("_id", "GT", [middle]),
        ("last_modified_time", "LTE", [now_ms]),
        orders=order,
        top={"returnTotalNum": 3},
    )
    assert len(page["data"]["dataList"]) == 100
    assert 100 <= reads <= 400
    reads = 0
    new = tenant.create("ContactObj", {"name": "fresh"})["dataId"]
    window = ("last_modified_time", "BETWEEN", [now_ms - 1000, now_ms + 1000])
    assert tenant.ids("ContactObj", window, orders=order) == [new]
    assert reads == 0
