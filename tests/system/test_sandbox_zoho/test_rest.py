"""Metadata, people, notes, tags, related lists, composite calls, bulk jobs, push notices, plain organisations."""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

# --- metadata --------------------------------------------------------------------------------------------------------


def test_modules_name_what_clients_need(zoho):
    modules = {one["api_name"]: one for one in zoho.get("/settings/modules").json()["modules"]}
    assert {"Accounts", "Contacts", "Deals", "Tasks", "Cases", "Notes", "Events", "Calls"} == set(modules)
    assert all(one["api_supported"] and one["generated_type"] == "default" for one in modules.values())
    assert zoho.get("/settings/modules/Tasks").json()["modules"][0]["singular_label"] == "Task"
    assert zoho.get("/settings/modules/Rockets").json()["code"] == "INVALID_MODULE"


def test_fields_tell_type_length_options_and_uniqueness(zoho):
    fields = {one["api_name"]: one for one in zoho.get("/settings/fields", module="Tasks").json()["fields"]}
    assert (fields["Subject"]["data_type"], fields["Subject"]["length"]) == ("text", 255)
    assert fields["Subject"]["system_mandatory"] is True
    assert fields["Status"]["pick_list_values"][0]["display_value"] == "Not Started"
    assert fields["Who_Id"]["lookup"]["module"]["api_name"] == "Contacts"
    assert fields["What_Id"]["data_type"] == "multi_module_lookup"
    assert fields["Duban_Key"]["unique"] == {"casesensitive": "false"}
    assert fields["Duban_Key"]["custom_field"] is True
    assert fields["Modified_Time"]["field_read_only"] is True


def test_one_field_and_its_options(zoho):
    status = next(
        one for one in zoho.get("/settings/fields", module="Tasks").json()["fields"] if one["api_name"] == "Status"
    )
    same = zoho.get(f"/settings/fields/{status['id']}", module="Tasks").json()["fields"][0]
    options = zoho.get(f"/settings/fields/{status['id']}/pick_list_values", module="Tasks").json()
    assert same == status
    assert len(options["pick_list_values"]) == 5
    assert zoho.get("/settings/fields/1", module="Tasks").status_code == 204


def test_layouts_and_related_lists(zoho):
    [layout] = zoho.get("/settings/layouts", module="Deals").json()["layouts"]
    required = {one["api_name"] for one in layout["sections"][0]["fields"] if one["required"]}
    related = {one["api_name"] for one in zoho.get("/settings/related_lists", module="Deals").json()["related_lists"]}
    assert required == {"Deal_Name", "Stage"}
    assert related == {"Tasks", "Events", "Cases", "Notes"}
    assert zoho.get("/settings/custom_views", module="Deals").status_code == 204


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("/settings/fields", {}, "REQUIRED_PARAM_MISSING"),
        ("/settings/fields", {"module": "Rockets"}, "INVALID_MODULE"),
        ("/settings/nothing", {}, "INVALID_URL_PATTERN"),
        ("/Tasks/actions/fly", {}, "INVALID_URL_PATTERN"),
        ("/Tasks/5725767000000600050/Rockets", {"fields": "id"}, "INVALID_DATA"),
    ],
)
def test_a_wrong_path_says_why(zoho, path, params, code):
    answer = zoho.get(path, **params)
    assert (answer.status_code in (400, 404), answer.json()["code"]) == (True, code)


def test_a_wrong_verb_is_refused(zoho):
    assert zoho.send("PATCH", "/Tasks").json()["code"] == "INVALID_REQUEST_METHOD"
    assert zoho.get("/coql").json()["code"] == "INVALID_REQUEST_METHOD"
    assert zoho.http.get("/oauth/v2/token").status_code == 405


def test_users_and_the_organisation(zoho):
    users = zoho.get("/users", type="ActiveUsers").json()["users"]
    [me] = zoho.get("/users", type="CurrentUser").json()["users"]
    [org] = zoho.get("/org").json()["org"]
    assert len(users) == 5
    assert me["email"] == "duban@vendor.example"
    assert zoho.get(f"/users/{me['id']}").json()["users"] == [me]
    assert zoho.get("/users/1").status_code == 204
    assert zoho.get("/users", type="DeletedUsers").status_code == 204
    assert (org["time_zone"], org["license_details"]["paid_type"]) == ("Asia/Shanghai", "enterprise")


def test_another_organisation_can_stand_behind_the_address(zoho):
    zoho.sim("POST", "settings", {"zgid": "1234567", "edition": "free"})
    [org] = zoho.get("/org").json()["org"]
    assert (org["zgid"], org["license_details"]["paid"]) == ("1234567", False)


def test_roles_and_profiles(zoho):
    assert zoho.get("/settings/roles").json()["roles"][0]["name"] == "CEO"
    assert zoho.get("/settings/profiles").json()["profiles"][0]["name"] == "Administrator"


# --- notes, related lists, tags --------------------------------------------------------------------------------------


def test_notes_point_to_their_record(bare):
    [task] = bare.create("Tasks", {"Subject": "s"})
    parent = {"module": {"api_name": "Tasks"}, "id": int(task)}
    [note] = bare.create("Notes", {"Note_Title": "t", "Note_Content": "c", "Parent_Id": parent})
    [other] = [
        row["details"]["id"]
        for row in bare.send("POST", f"/Tasks/{task}/Notes", {"data": [{"Note_Content": "d"}]}).json()["data"]
    ]
    row = bare.get("/Notes", fields="Note_Title,Parent_Id,Created_By", ids=note).json()["data"][0]
    assert (row["Parent_Id"]["id"], row["Parent_Id"]["module"]["api_name"]) == (task, "Tasks")
    listed = bare.get(f"/Tasks/{task}/Notes", fields="Note_Content").json()["data"]
    assert {one["id"] for one in listed} == {note, other}


def test_a_note_needs_a_text_and_a_parent(bare):
    [task] = bare.create("Tasks", {"Subject": "s"})
    parent = {"Parent_Id": {"module": {"api_name": "Tasks"}, "id": task}}
    rows = [
        parent,
        {"Note_Content": "no parent"},
        {"Note_Content": "x", "Parent_Id": {"module": {"api_name": "Deals"}, "id": task}},
    ]
    codes = [row["code"] for row in bare.send("POST", "/Notes", {"data": rows}).json()["data"]]
    assert codes == ["EXPECTED_FIELD_MISSING", "MANDATORY_NOT_FOUND", "INVALID_DATA"]


def test_related_lists_follow_the_references_back(zoho):
    account = next(row for row in zoho.state("Accounts") if row["Account_Name"] == "上海明德软件有限公司")
    people = zoho.get(f"/Accounts/{account['id']}/Contacts", fields="Last_Name").json()["data"]
    deals = zoho.get(f"/Accounts/{account['id']}/Deals", fields="Deal_Name").json()["data"]
    tasks = zoho.get(f"/Deals/{deals[0]['id']}/Tasks", fields="Subject").json()["data"]
    assert "张磊" in {row["Last_Name"] for row in people}
    assert len(tasks) == 6
    assert zoho.get(f"/Accounts/{account['id']}/Contacts").json()["code"] == "REQUIRED_PARAM_MISSING"


def test_tags_come_and_go_on_records(bare):
    [one, two] = bare.create("Tasks", {"Subject": "1"}, {"Subject": "2"})
    added = bare.send(
        "POST", "/Tasks/actions/add_tags", {"tags": [{"name": "duban-overdue"}], "ids": [one, two]}
    ).json()
    assert added["success_count"] == "2"
    assert [tag["name"] for tag in bare.get(f"/Tasks/{one}").json()["data"][0]["Tag"]] == ["duban-overdue"]
    bare.send("POST", f"/Tasks/{one}/actions/add_tags", {"tags": [{"name": "b"}]})
    bare.send("POST", f"/Tasks/{one}/actions/remove_tags", {"tags": [{"name": "duban-overdue"}]})
    assert [tag["name"] for tag in bare.get(f"/Tasks/{one}").json()["data"][0]["Tag"]] == ["b"]
    bare.send("POST", f"/Tasks/{one}/actions/add_tags", {"tags": [{"name": "c"}], "over_write": True})
    assert [tag["name"] for tag in bare.get(f"/Tasks/{one}").json()["data"][0]["Tag"]] == ["c"]


def test_a_wrong_tag_is_refused(bare):
    [task] = bare.create("Tasks", {"Subject": "1"})
    long = bare.send("POST", f"/Tasks/{task}/actions/add_tags", {"tags": [{"name": "x" * 26}]})
    nobody = bare.send("POST", "/Tasks/actions/add_tags", {"tags": [{"name": "x"}], "ids": ["5725767000000999999"]})
    many = bare.send("POST", f"/Tasks/{task}/actions/add_tags", {"tags": [{"name": f"t{at}"} for at in range(11)]})
    assert long.json()["data"][0]["details"]["maximum_length"] == 25
    assert nobody.json()["data"][0]["code"] == "INVALID_DATA"
    assert many.json()["data"][0]["code"] == "LIMIT_EXCEEDED"
    assert bare.send("POST", f"/Tasks/{task}/actions/add_tags", {}).json()["code"] == "MANDATORY_NOT_FOUND"


def test_tags_of_a_module_are_listed_and_made(bare):
    assert bare.get("/settings/tags", module="Tasks").status_code == 204
    made = bare.send("POST", "/settings/tags", {"tags": [{"name": "a"}, {"name": "a"}]}, params={"module": "Tasks"})
    assert [row["code"] for row in made.json()["tags"]] == ["SUCCESS", "DUPLICATE_DATA"]
    assert [one["name"] for one in bare.get("/settings/tags", module="Tasks").json()["tags"]] == ["a"]
    assert bare.get("/settings/tags", module="Rockets").json()["code"] == "INVALID_MODULE"


def test_the_timeline_tells_who_changed_what(bare):
    [task] = bare.create("Tasks", {"Subject": "one"})
    bare.sim("PATCH", "records", {"object": "Tasks", "id": task, "values": {"Subject": "two"}})
    newest = bare.get(f"/Tasks/{task}/__timeline").json()["__timeline"][0]
    assert newest["done_by"]["name"] == "李伟"
    assert newest["field_history"] == [{"api_name": "Subject", "_value": {"old": "one", "new": "two"}}]


# --- composite -------------------------------------------------------------------------------------------------------


def call(at, method, uri, **more):
    return {"sub_request_id": str(at), "method": method, "uri": uri, **more}


def test_a_composite_call_answers_each_call_inside(bare):
    calls = [
        call(1, "POST", "/crm/v8/Tasks", body={"data": [{"Subject": "one"}]}),
        call(2, "GET", "/crm/v8/Tasks", params={"fields": "Subject"}),
        call(3, "GET", "/crm/v8/Tasks"),
        call(4, "GET", "/elsewhere"),
    ]
    answer = bare.send("POST", "/__composite_requests", {"__composite_requests": calls})
    rows = answer.json()["__composite_requests"]
    statuses = [row["details"].get("response", {}).get("status_code") for row in rows]
    assert answer.status_code == 207
    assert statuses == [201, 200, 400, None]
    assert rows[1]["details"]["response"]["body"]["data"][0]["Subject"] == "one"


def test_composite_limits(bare):
    five = [call(at, "GET", "/crm/v8/org") for at in range(6)]
    assert bare.send("POST", "/__composite_requests", {"__composite_requests": five}).json()["code"] == "LIMIT_EXCEEDED"
    both = {"rollback_on_fail": True, "parallel_execution": True, "__composite_requests": five[:1]}
    assert bare.send("POST", "/__composite_requests", both).json()["code"] == "AMBIGUITY_DURING_PROCESSING"


# --- bulk read -------------------------------------------------------------------------------------------------------


def bulk(zoho, query):
    return zoho.http.post("/crm/bulk/v8/read", json={"query": query, "file_type": "csv"})


def test_a_bulk_job_goes_through_its_states_and_gives_a_zip(zoho):
    criteria = {
        "group_operator": "and",
        "group": [{"api_name": "Status", "comparator": "equal", "value": "In Progress"}],
    }
    query = {"module": {"api_name": "Tasks"}, "fields": ["Subject", "Who_Id"], "criteria": criteria}
    added = bulk(zoho, query)
    [job] = added.json()["data"]
    path = f"/crm/bulk/v8/read/{job['details']['id']}"
    assert (added.status_code, job["code"], job["details"]["state"]) == (201, "ADDED_SUCCESSFULLY", "ADDED")
    assert zoho.http.get(f"{path}/result").status_code == 404
    states = [zoho.http.get(path).json()["data"][0] for _ in range(3)]
    assert [one["state"] for one in states] == ["QUEUED", "IN PROGRESS", "COMPLETED"]
    packed = zoho.http.get(states[-1]["result"]["download_url"])
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
    assert len(rows) == states[-1]["result"]["count"] == 6
    assert set(rows[0]) == {"Id", "Subject", "Who_Id"}
    assert all(row["Who_Id"] == "" or row["Who_Id"].isdigit() for row in rows)


def test_a_wrong_bulk_job_is_refused(zoho):
    wrong = {"api_name": "Status", "comparator": "resembles", "value": "x"}
    assert bulk(zoho, {"module": {"api_name": "Rockets"}}).json()["code"] == "INVALID_MODULE"
    assert bulk(zoho, {"module": {"api_name": "Tasks"}, "criteria": wrong}).json()["code"] == "INVALID_DATA"
    assert zoho.http.post("/crm/bulk/v8/read", json={}).json()["code"] == "MANDATORY_NOT_FOUND"
    assert zoho.http.get("/crm/bulk/v8/read/1").json()["code"] == "RESOURCE_NOT_FOUND"


# --- push notices ----------------------------------------------------------------------------------------------------


@pytest.fixture
def hook():
    """Give a listener on this machine: its address, what came, and a wait for the n-th."""
    bodies, more = [], threading.Condition()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with more:
                bodies.append(body)
                more.notify_all()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    class Hook:
        url = f"http://127.0.0.1:{server.server_address[1]}/hook"

        @staticmethod
        def wait(count):
            with more:
                assert more.wait_for(lambda: len(bodies) >= count, timeout=5), f"{len(bodies)} of {count} came"
                return list(bodies)

    yield Hook
    server.shutdown()
    server.server_close()
    thread.join()


def watch(zoho, hook, **changes):
    channel = {"channel_id": "77", "events": ["Tasks.all"], "token": "t", "notify_url": hook.url, **changes}
    return zoho.send("POST", "/actions/watch", {"watch": [channel]})


def test_every_change_is_called_back(bare, hook):
    answer = watch(bare, hook, return_affected_field_values=True)
    [event] = answer.json()["watch"][0]["details"]["events"]
    assert (answer.status_code, event["resource_name"], event["channel_id"]) == (201, "Tasks", "77")
    [task] = bare.create("Tasks", {"Subject": "one"})
    bare.sim("PATCH", "records", {"object": "Tasks", "id": task, "values": {"Subject": "two"}})
    bare.create("Contacts", {"Last_Name": "not watched"})
    bare.send("DELETE", f"/Tasks/{task}")
    bodies = hook.wait(3)
    assert [body["operation"] for body in bodies] == ["insert", "update", "delete"]
    assert all((body["ids"], body["token"], body["channel_id"]) == ([task], "t", "77") for body in bodies)
    assert bodies[1]["affected_fields"] == [{task: ["Subject", "Modified_Time"]}]


def test_call_backs_may_come_twice(bare, hook):
    watch(bare, hook)
    bare.sim("POST", "settings", {"watch_repeat": 2})
    bare.create("Tasks", {"Subject": "one"})
    assert len(hook.wait(2)) == 2


def test_a_channel_is_listed_changed_and_ended(bare, hook):
    watch(bare, hook)
    [listed] = bare.get("/actions/watch").json()["watch"]
    assert (listed["channel_id"], listed["notify_url"]) == ("77", hook.url)
    change = {"channel_id": 77, "events": ["Contacts.create"]}
    assert bare.send("PATCH", "/actions/watch", {"watch": [change]}).status_code == 200
    assert bare.get("/actions/watch", module="Tasks").status_code == 204
    assert bare.send("DELETE", "/actions/watch", params={"channel_ids": "77"}).status_code == 200
    gone = bare.send("PATCH", "/actions/watch", {"watch": [change]})
    assert (gone.status_code, gone.json()["watch"][0]["code"]) == (400, "NOT_SUBSCRIBED")
    assert (
        bare.send("DELETE", "/actions/watch", params={"channel_ids": "77"}).json()["watch"][0]["code"]
        == "NOT_SUBSCRIBED"
    )


def test_a_channel_ends_by_itself(bare, hook):
    watch(bare, hook)
    bare.clock.advance(3601)
    bare.login()
    assert bare.get("/actions/watch").status_code == 204


def test_a_channel_asked_for_too_long_gets_an_hour(bare, hook):
    answer = watch(bare, hook, channel_expiry="2027-11-23T00:00:00+08:00")
    allowed = watch(bare, hook, channel_expiry="2026-11-23T23:00:00+08:00")
    shown = [one.json()["watch"][0]["details"]["events"][0]["channel_expiry"] for one in (answer, allowed)]
    assert shown == ["2026-11-23T14:00:00+08:00", "2026-11-23T23:00:00+08:00"]


@pytest.mark.parametrize(
    "changes",
    [
        {"events": ["Rockets.all"]},
        {"token": "x" * 51},
        {"notify_url": "nowhere"},
        {"channel_expiry": "2020-01-01T00:00:00+08:00"},
        {"channel_expiry": "soon"},
        {"channel_id": None},
    ],
)
def test_a_wrong_channel_is_refused(bare, hook, changes):
    answer = watch(bare, hook, **changes)
    assert (answer.status_code, answer.json()["watch"][0]["status"]) == (400, "error")


def test_no_address_beyond_this_machine_is_called(bare):
    from sandbox.zoho.watch import post_on_loopback

    assert post_on_loopback("http://198.51.100.7/hook", b"{}") is False
    assert post_on_loopback("https://127.0.0.1/hook", b"{}") is False
    assert post_on_loopback("http://127.0.0.1:9/hook", b"{}") is False


# --- plain -----------------------------------------------------------------------------------------------------------


def test_a_plain_organisation_has_no_custom_field(plain):
    for module in ("Accounts", "Contacts", "Deals", "Tasks", "Cases"):
        fields = plain.get("/settings/fields", module=module).json()["fields"]
        assert not [one["api_name"] for one in fields if one["custom_field"]]
    assert not [name for row in plain.state("Tasks") for name in row if name.startswith("Duban_")]
    assert len(plain.state("Tasks")) == 21
    assert plain.query("select Duban_Key from Tasks where id > 0").json()["code"] == "INVALID_QUERY"
