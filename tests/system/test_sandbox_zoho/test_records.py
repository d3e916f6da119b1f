"""Lists, reads and writes of records."""

from __future__ import annotations

import pytest

TASK_FIELDS = "Subject,Status,Owner,Who_Id,What_Id,Modified_Time"


def walk(zoho, module, **params):
    """Give every row of a listing by page token."""
    rows, token = [], None
    while True:
        answer = zoho.get(f"/{module}", **params, **({"page_token": token} if token else {}))
        if answer.status_code == 204:
            return rows
        assert answer.status_code == 200, answer.text
        rows += answer.json()["data"]
        token = answer.json()["info"]["next_page_token"]
        if not answer.json()["info"]["more_records"]:
            return rows


# --- listing ---------------------------------------------------------------------------------------------------------


def test_fields_are_mandatory_but_not_in_the_oldest_version(zoho):
    refused = zoho.get("/Tasks")
    assert (refused.status_code, refused.json()["code"]) == (400, "REQUIRED_PARAM_MISSING")
    assert refused.json()["details"] == {"param_name": "fields"}
    assert "Subject" in zoho.http.get("/crm/v2/Tasks").json()["data"][0]


def test_a_row_shows_the_asked_fields_and_its_id(zoho):
    row = zoho.get("/Tasks", fields=TASK_FIELDS, per_page=1).json()["data"][0]
    assert set(row) == {"id", "$se_module", *TASK_FIELDS.split(",")}
    assert set(row["Owner"]) == {"name", "id", "email"}
    assert set(row["What_Id"]) == {"name", "id"}
    assert row["Modified_Time"][-6:] == "+08:00"


def test_an_unknown_field_is_silently_absent(zoho):
    row = zoho.get("/Tasks", fields="Subject,Nonsense", per_page=1).json()["data"][0]
    assert set(row) == {"id", "Subject"}


def test_an_empty_list_is_204(bare):
    answer = bare.get("/Tasks", fields="Subject")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers


def test_pages_by_token_show_every_row_once(zoho):
    ids = [row["id"] for row in walk(zoho, "Contacts", fields="Last_Name", per_page=7)]
    assert len(ids) == len(set(ids)) == 32
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("sort_by", ["id", "Created_Time", "Modified_Time"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_every_order_pages_completely(zoho, sort_by, order):
    params = {"fields": "Last_Name,Created_Time,Modified_Time", "per_page": 5, "sort_by": sort_by, "sort_order": order}
    rows = walk(zoho, "Contacts", **params)
    keys = [row[sort_by] for row in rows]
    assert len(rows) == 32
    assert keys == sorted(keys, reverse=order == "desc")


def test_a_row_changed_while_paging_by_modified_time_comes_again_at_the_end(zoho):
    params = {"fields": "Last_Name", "per_page": 20, "sort_by": "Modified_Time", "sort_order": "asc"}
    first = zoho.get("/Contacts", **params).json()
    moved = first["data"][0]["id"]
    zoho.sim("PATCH", "records", {"object": "Contacts", "id": moved, "values": {"Title": "moved"}})
    second = zoho.get("/Contacts", **params, page_token=first["info"]["next_page_token"]).json()
    assert second["data"][-1]["id"] == moved


def test_numbered_pages_end_at_2000_records(crowd):
    assert crowd.get("/Contacts", fields="id", per_page=200, page=10).status_code == 200
    refused = crowd.get("/Contacts", fields="id", per_page=200, page=11).json()
    assert (refused["code"], refused["details"]) == ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", {"limit": 2000})
    assert len(walk(crowd, "Contacts", fields="id")) == 2532


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"page": "2"}, "AMBIGUITY_DURING_PROCESSING"),
        ({"fields": "Subject"}, "TOKEN_BOUND_DATA_MISMATCH"),
        ({"page_token": "nonsense"}, "INVALID_DATA"),
    ],
)
def test_a_misused_page_token_is_refused(zoho, params, code):
    base = {"fields": "Subject,Status", "per_page": "5"}
    token = zoho.get("/Tasks", **base).json()["info"]["next_page_token"]
    answer = zoho.get("/Tasks", **{**base, "page_token": token, **params})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_page_token_lives_a_day(zoho):
    base = {"fields": "Subject", "per_page": 5}
    token = zoho.get("/Tasks", **base).json()["info"]["next_page_token"]
    zoho.clock.advance(86_401)
    zoho.login()
    assert zoho.get("/Tasks", **base, page_token=token).json()["code"] == "EXPIRED_VALUE"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"sort_by": "Subject"}, "INVALID_DATA"),
        ({"sort_order": "up"}, "INVALID_DATA"),
        ({"per_page": 201}, "LIMIT_EXCEEDED"),
        ({"per_page": 0}, "INVALID_DATA"),
        ({"fields": ",".join(f"F{at}" for at in range(51))}, "LIMIT_EXCEEDED"),
    ],
)
def test_a_wrong_parameter_is_refused(zoho, params, code):
    answer = zoho.get("/Tasks", **{"fields": "Subject", **params})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_an_unknown_module_is_refused(zoho):
    answer = zoho.get("/Rockets", fields="Name")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_MODULE")


def test_if_modified_since_shows_only_later_rows_else_304(zoho):
    since = {"If-Modified-Since": zoho.state("Tasks")[0]["Modified_Time"]}
    zoho.clock.advance(5)
    [made] = zoho.create("Tasks", {"Subject": "fresh"})
    stamp = zoho.get(f"/Tasks/{made}").json()["data"][0]["Modified_Time"]
    assert made in [row["id"] for row in walk_since(zoho, since)]
    unchanged = zoho.get("/Tasks", headers={"If-Modified-Since": stamp}, fields="Subject")
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def walk_since(zoho, headers):
    return zoho.get("/Tasks", headers=headers, fields="Subject").json()["data"]


def test_ids_choose_rows(zoho):
    ids = [row["id"] for row in zoho.state("Tasks")[:3]]
    rows = zoho.get("/Tasks", fields="Subject", ids=",".join(ids)).json()["data"]
    assert sorted(row["id"] for row in rows) == sorted(ids)


# --- one record ------------------------------------------------------------------------------------------------------


def test_a_read_by_id_shows_everything_an_unknown_id_nothing(zoho):
    task = zoho.state("Tasks")[0]
    row = zoho.get(f"/Tasks/{task['id']}").json()["data"][0]
    assert row["Subject"] == task["Subject"]
    assert row["$editable"] is True
    assert zoho.get("/Tasks/5725767000000999999").status_code == 204
    assert zoho.get("/Tasks/abc").json()["code"] == "INVALID_DATA"


# --- writing ---------------------------------------------------------------------------------------------------------


def test_rows_are_judged_one_by_one_in_order(bare):
    answer = bare.send("POST", "/Contacts", {"data": [{"Last_Name": "Wang"}, {"First_Name": "x"}, {"Last_Name": "Li"}]})
    rows = answer.json()["data"]
    assert answer.status_code == 207
    assert [row["status"] for row in rows] == ["success", "error", "success"]
    assert rows[1]["code"] == "MANDATORY_NOT_FOUND"
    assert rows[1]["details"] == {"api_name": "Last_Name", "json_path": "$.data[1].Last_Name"}
    assert rows[0]["details"]["Created_By"]["name"] == "督办集成"
    assert rows[0]["details"]["$approval_state"] == "approved"


def test_all_rows_refused_is_400(bare):
    answer = bare.send("POST", "/Tasks", {"data": [{"Status": "In Progress"}]})
    assert (answer.status_code, answer.json()["data"][0]["code"]) == (400, "MANDATORY_NOT_FOUND")


@pytest.mark.parametrize(
    ("module", "values", "details"),
    [
        ("Tasks", {"Status": "Doing"}, {"expected_data_type": "picklist"}),
        ("Tasks", {"Due_Date": "31.12.2026"}, {"expected_data_type": "date"}),
        ("Tasks", {"Due_Date": "2026-02-30"}, {"expected_data_type": "date"}),
        ("Tasks", {"Subject": "x" * 256}, {"maximum_length": 255}),
        ("Tasks", {"Who_Id": {"id": "5725767000000999999"}}, {"id": "5725767000000999999"}),
        ("Contacts", {"Email": "nobody"}, {"expected_data_type": "email"}),
        ("Contacts", {"Phone": "电话"}, {"expected_data_type": "phone"}),
        ("Contacts", {"Email_Opt_Out": "yes"}, {"expected_data_type": "boolean"}),
        ("Contacts", {"Duban_Roles": "sponsor"}, {"expected_data_type": "jsonarray"}),
        ("Deals", {"Amount": "12"}, {"expected_data_type": "currency"}),
        ("Deals", {"Owner": {"id": "1"}}, {"expected_data_type": "ownerlookup"}),
        ("Cases", {"Duban_Submitted_At": "2026-11-23"}, {"expected_data_type": "datetime"}),
    ],
)
def test_metadata_decides_what_fits(bare, module, values, details):
    base = {
        "Tasks": {"Subject": "s"},
        "Contacts": {"Last_Name": "n"}, "Deals": {"Deal_Name": "d", "Stage": "Qualification"},
        "Cases": {"Subject": "s", "Status": "New", "Case_Origin": "Web"},
    }[module]  # fmt: skip
    row = bare.send("POST", f"/{module}", {"data": [{**base, **values}]}).json()["data"][0]
    assert row["code"] == "INVALID_DATA"
    assert row["details"]["api_name"] == next(iter(values))
    assert details.items() <= row["details"].items()


def test_a_unique_value_names_its_holder(bare):
    [held] = bare.create("Tasks", {"Subject": "one", "Duban_Key": "K-1"})
    row = bare.send("POST", "/Tasks", {"data": [{"Subject": "two", "Duban_Key": "k-1"}]}).json()["data"][0]
    assert row["code"] == "DUPLICATE_DATA"
    assert (row["details"]["api_name"], row["details"]["id"]) == ("Duban_Key", held)
    assert row["details"]["duplicate_record"]["id"] == held


def test_a_unique_value_of_a_deleted_record_is_free(bare):
    [held] = bare.create("Tasks", {"Subject": "one", "Duban_Key": "K-1"})
    bare.send("DELETE", f"/Tasks/{held}")
    bare.create("Tasks", {"Subject": "two", "Duban_Key": "K-1"})


def test_only_sent_keys_change_and_null_clears(bare):
    [made] = bare.create("Contacts", {"Last_Name": "Wang", "Title": "CIO", "Mobile": "13900000001"})
    bare.clock.advance(3)
    answer = bare.send("PUT", "/Contacts", {"data": [{"id": int(made), "Title": None}]})
    row = bare.get(f"/Contacts/{made}").json()["data"][0]
    assert answer.status_code == 200
    assert (row["Title"], row["Mobile"], row["Full_Name"]) == (None, "13900000001", "Wang")
    assert row["Modified_Time"] > row["Created_Time"]


def test_an_update_of_an_unknown_id_is_refused_for_that_row(bare):
    [made] = bare.create("Tasks", {"Subject": "one"})
    rows = [{"id": made, "Subject": "two"}, {"id": "5725767000000999999", "Subject": "x"}, {"Subject": "no id"}]
    answer = bare.send("PUT", "/Tasks", {"data": rows})
    assert answer.status_code == 207
    assert [row["code"] for row in answer.json()["data"]] == ["SUCCESS", "INVALID_DATA", "MANDATORY_NOT_FOUND"]


def test_one_record_is_updated_by_its_path(bare):
    [made] = bare.create("Tasks", {"Subject": "one"})
    assert bare.send("PUT", f"/Tasks/{made}", {"data": [{"Subject": "two"}]}).status_code == 200
    assert bare.get(f"/Tasks/{made}").json()["data"][0]["Subject"] == "two"


def test_a_multi_select_replaces_unless_told_to_append(bare):
    [made] = bare.create("Contacts", {"Last_Name": "n", "Duban_Roles": ["it", "sponsor"]})
    bare.send("PUT", f"/Contacts/{made}", {"data": [{"Duban_Roles": ["finance"]}]})
    bare.send("PUT", f"/Contacts/{made}", {"data": [{"Duban_Roles": ["it"], "$append_values": {"Duban_Roles": True}}]})
    assert bare.get(f"/Contacts/{made}").json()["data"][0]["Duban_Roles"] == ["finance", "it"]


def test_a_pointer_needs_its_module(bare):
    [deal] = bare.create("Deals", {"Deal_Name": "d", "Stage": "Qualification"})
    refused = bare.send("POST", "/Tasks", {"data": [{"Subject": "s", "What_Id": deal}]}).json()["data"][0]
    [made] = bare.create("Tasks", {"Subject": "s", "What_Id": {"id": deal}, "$se_module": "Deals"})
    row = bare.get(f"/Tasks/{made}").json()["data"][0]
    assert refused["code"] == "DEPENDENT_FIELD_MISSING"
    assert (row["What_Id"], row["$se_module"]) == ({"name": "d", "id": deal}, "Deals")
    bare.send("PUT", f"/Tasks/{made}", {"data": [{"What_Id": None}]})
    row = bare.get(f"/Tasks/{made}").json()["data"][0]
    assert (row["What_Id"], row["$se_module"]) == (None, None)


def test_a_completed_task_gets_its_closed_time_and_loses_it_again(bare):
    [made] = bare.create("Tasks", {"Subject": "s", "Status": "Completed"})
    assert bare.get(f"/Tasks/{made}").json()["data"][0]["Closed_Time"].endswith("+08:00")
    bare.send("PUT", f"/Tasks/{made}", {"data": [{"Status": "In Progress"}]})
    assert bare.get(f"/Tasks/{made}").json()["data"][0]["Closed_Time"] is None


def test_a_locked_record_refuses_writes(bare):
    [made] = bare.create("Tasks", {"Subject": "s"})
    bare.sim("PATCH", "records", {"object": "Tasks", "id": made, "values": {"Locked__s": True}})
    assert bare.send("PUT", f"/Tasks/{made}", {"data": [{"Subject": "t"}]}).json()["data"][0]["code"] == "RECORD_LOCKED"
    assert bare.send("DELETE", f"/Tasks/{made}").json()["data"][0]["code"] == "RECORD_LOCKED"


def test_a_precondition_is_honoured_when_switched_on(bare):
    [made] = bare.create("Tasks", {"Subject": "s"})
    stamp = bare.get(f"/Tasks/{made}").json()["data"][0]["Modified_Time"]
    bare.clock.advance(2)
    bare.sim("PATCH", "records", {"object": "Tasks", "id": made, "values": {"Subject": "by a person"}})
    write = {"data": [{"Subject": "t"}]}
    bare.sim("POST", "settings", {"precondition": True})
    refused = bare.send("PUT", f"/Tasks/{made}", write, headers={"If-Unmodified-Since": stamp})
    assert (refused.status_code, refused.json()["data"][0]["code"]) == (412, "ALREADY_MODIFIED")
    bare.sim("POST", "settings", {"precondition": False})
    assert bare.send("PUT", f"/Tasks/{made}", write, headers={"If-Unmodified-Since": stamp}).status_code == 200


def test_a_body_without_a_content_type_is_read_as_json(bare):
    answer = bare.http.post("/crm/v8/Tasks", content=b'{"data":[{"Subject":"s"}]}')
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", "INVALID_DATA"), (b"[]", "INVALID_DATA"), (b"{}", "MANDATORY_NOT_FOUND")]
)
def test_a_wrong_body_is_refused_as_a_whole(bare, body, code):
    answer = bare.http.post("/crm/v8/Tasks", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_more_than_100_rows_are_refused_as_a_whole(bare):
    answer = bare.send("POST", "/Tasks", {"data": [{"Subject": "s"}] * 101})
    assert (answer.status_code, answer.json()["code"]) == (400, "LIMIT_EXCEEDED")
    assert bare.state("Tasks") == []


# --- upsert ----------------------------------------------------------------------------------------------------------


def test_upsert_inserts_then_updates_by_the_named_field(bare):
    body = {"data": [{"Last_Name": "Wang", "Email": "w@x.example"}], "duplicate_check_fields": ["Email"]}
    first = bare.send("POST", "/Contacts/upsert", body).json()["data"][0]
    again = bare.send("POST", "/Contacts/upsert", body).json()["data"][0]
    assert (first["action"], first["duplicate_field"]) == ("insert", None)
    assert (again["action"], again["duplicate_field"], again["message"]) == ("update", "Email", "record updated")
    assert first["details"]["id"] == again["details"]["id"]


def test_upsert_without_a_field_uses_the_modules_own(bare):
    bare.create("Accounts", {"Account_Name": "Acme"})
    row = bare.send("POST", "/Accounts/upsert", {"data": [{"Account_Name": "ACME", "Phone": "1"}]}).json()["data"][0]
    assert (row["action"], row["duplicate_field"]) == ("update", "Account_Name")


def test_upsert_that_matches_two_is_refused(bare):
    bare.create("Contacts", *[{"Last_Name": name, "Email": "shared@x.example"} for name in ("a", "b")])
    row = bare.send("POST", "/Contacts/upsert", {"data": [{"Last_Name": "c", "Email": "shared@x.example"}]})
    assert row.json()["data"][0]["code"] == "MULTIPLE_OR_MULTI_ERRORS"


def test_an_owner_is_changed_for_several_records(bare):
    ids = bare.create("Tasks", {"Subject": "1"}, {"Subject": "2"})
    body = {"ids": [*ids, "5725767000000999999"], "owner": {"id": bare.face.org.human.id}}
    answer = bare.send("POST", "/Tasks/actions/change_owner", body)
    assert answer.status_code == 207
    assert {row["Owner"]["name"] for row in bare.state("Tasks")} == {"李伟"}


# --- deleting --------------------------------------------------------------------------------------------------------


def test_deleted_records_leave_lists_and_enter_the_deleted_list(zoho):
    ids = [row["id"] for row in zoho.state("Tasks")[:2]]
    zoho.clock.advance(10)
    answer = zoho.send("DELETE", "/Tasks", params={"ids": ",".join([*ids, "5725767000000999999"])})
    assert answer.status_code == 207
    assert [row["code"] for row in answer.json()["data"]] == ["SUCCESS", "SUCCESS", "INVALID_DATA"]
    assert zoho.get(f"/Tasks/{ids[0]}").status_code == 204
    listed = zoho.get("/Tasks/deleted", type="all").json()
    assert sorted(row["id"] for row in listed["data"]) == sorted(ids)
    assert {row["type"] for row in listed["data"]} == {"recycle"}
    assert listed["data"][0]["deleted_by"]["name"] == "督办集成"


def test_the_deleted_list_honours_if_modified_since_and_type(zoho):
    task = zoho.state("Tasks")[0]["id"]
    zoho.sim("DELETE", "records", {"object": "Tasks", "id": task})
    stamp = zoho.get("/Tasks/deleted").json()["data"][0]["deleted_time"]
    assert zoho.get("/Tasks/deleted", headers={"If-Modified-Since": stamp}).status_code == 204
    assert zoho.get("/Tasks/deleted", type="permanent").status_code == 204
    assert zoho.get("/Tasks/deleted", type="gone").json()["code"] == "INVALID_DATA"


def test_a_restored_record_is_back_with_its_old_time(zoho):
    task = zoho.state("Tasks")[0]
    zoho.sim("DELETE", "records", {"object": "Tasks", "id": task["id"]})
    zoho.sim("POST", "restore", {"object": "Tasks", "id": task["id"]})
    assert zoho.get("/Tasks/deleted").status_code == 204
    [row] = zoho.get("/Tasks", fields="Modified_Time", ids=task["id"]).json()["data"]
    assert row["Modified_Time"] == task["Modified_Time"]


def test_a_delete_without_ids_is_refused(zoho):
    answer = zoho.send("DELETE", "/Tasks")
    assert answer.json()["code"] == "REQUIRED_PARAM_MISSING"


def test_the_count_counts_live_records(zoho):
    assert zoho.get("/Tasks/actions/count").json() == {"count": 21}
    zoho.sim("DELETE", "records", {"object": "Tasks", "id": zoho.state("Tasks")[0]["id"]})
    assert zoho.get("/Tasks/actions/count").json() == {"count": 20}
    assert zoho.get("/Tasks/actions/count", criteria="(Status:equals:Completed)").json() == {"count": 1}


def test_a_reference_to_a_deleted_record_is_shown_no_more(bare):
    [contact] = bare.create("Contacts", {"Last_Name": "n"})
    [task] = bare.create("Tasks", {"Subject": "s", "Who_Id": contact})
    bare.send("DELETE", f"/Contacts/{contact}")
    assert bare.get(f"/Tasks/{task}").json()["data"][0]["Who_Id"] is None
