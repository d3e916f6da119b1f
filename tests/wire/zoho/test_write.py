"""Writing: bodies as sent, every row judged by its own answer."""

from __future__ import annotations

import json

import httpx
import pytest

from connectors.base import WriteRow
from mapping.errors import AuthRefused, LeaseLost, NeedsOperator

CONTACTS = "/crm/v8/Contacts"
T = "2026-11-23T15:54:37+08:00"
T_MS = 1_795_420_477_000


def ok(id):
    return {
        "code": "SUCCESS",
        "details": {"id": id, "Modified_Time": T},
        "message": "record added",
        "status": "success",
    }


def bad(code, **details):
    return {"code": code, "details": details, "message": "words of the vendor", "status": "error"}


def creates(*names):
    return [WriteRow(op_id=f"op{n}", action="create", values={"Last_Name": name}) for n, name in enumerate(names)]


def updates(*ids):
    return [WriteRow(op_id=f"op{id}", action="update", remote_id=id, values={"Title": "T"}) for id in ids]


def deletes(*ids):
    return [WriteRow(op_id=f"op{id}", action="delete", remote_id=id) for id in ids]


def body(request):
    return json.loads(request.content)


def outcomes(results):
    return [result.outcome for result in results]


def test_creates_are_sent_in_one_call_that_starts_no_automation(desk):
    desk.vendor.on("POST", CONTACTS, (201, {"data": [ok("1"), ok("2")]}))
    results = desk.connect().write("Contacts", creates("Wang", "Li"))
    [request] = desk.vendor.asked(CONTACTS)
    assert body(request) == {"data": [{"Last_Name": "Wang"}, {"Last_Name": "Li"}], "trigger": []}
    assert [(r.op_id, r.outcome, r.remote_id, r.version, r.modified_ms) for r in results] == [
        ("op0", "applied", "1", T, T_MS),
        ("op1", "applied", "2", T, T_MS),
    ]
    assert desk.ports.counters["writes"] == 1


def test_configured_triggers_are_sent(desk):
    desk.vendor.on("POST", CONTACTS, (201, {"data": [ok("1")]}))
    desk.vendor.on("DELETE", CONTACTS, (200, {"data": [ok("1")]}))
    connector = desk.connect(trigger=("workflow", "blueprint"))
    connector.write("Contacts", creates("Wang"))
    connector.write("Contacts", deletes("1"))
    create, delete = desk.vendor.asked(CONTACTS)
    assert body(create)["trigger"] == ["workflow", "blueprint"]
    assert desk.vendor.params(delete)["wf_trigger"] == "true"


def test_updates_carry_their_ids_and_only_what_changed(desk):
    desk.vendor.on("PUT", CONTACTS, (200, {"data": [ok("7"), ok("8")]}))
    results = desk.connect().write("Contacts", updates("7", "8"))
    [request] = desk.vendor.asked(CONTACTS)
    assert body(request)["data"] == [{"Title": "T", "id": "7"}, {"Title": "T", "id": "8"}]
    assert outcomes(results) == ["applied", "applied"]


def test_deletes_go_by_ids_without_workflows(desk):
    answer = [{**ok("8"), "details": {"id": "8"}}, bad("INVALID_DATA", id="7")]
    desk.vendor.on("DELETE", CONTACTS, (207, {"data": answer}))
    results = desk.connect().write("Contacts", deletes("7", "8"))
    [request] = desk.vendor.asked(CONTACTS)
    assert desk.vendor.params(request) == {"ids": "7,8", "wf_trigger": "false"}
    assert [(r.op_id, r.outcome) for r in results] == [("op7", "gone"), ("op8", "applied")]


@pytest.mark.parametrize(("reply", "outcome"), [((500, b""), "unknown"), (httpx.ConnectError("x"), "transient")])
def test_a_delete_without_an_answer_is_judged_like_any_write(desk, reply, outcome):
    desk.vendor.on("DELETE", CONTACTS, reply)
    assert outcomes(desk.connect().write("Contacts", deletes("7", "8"))) == [outcome, outcome]


def test_a_row_without_its_id_is_refused_and_the_others_pass(desk):
    desk.vendor.on("DELETE", CONTACTS, (200, {"data": [{**ok("7"), "details": {"id": "7"}}]}))
    rows = [WriteRow(op_id="none", action="delete"), *deletes("7")]
    assert outcomes(desk.connect().write("Contacts", rows)) == ["refused", "applied"]
    assert outcomes(desk.connect().write("Contacts", rows[:1])) == ["refused"]


def test_nothing_can_be_restored_and_nothing_is_sent_for_it(desk):
    rows = [WriteRow(op_id="op", action="restore", remote_id="7")]
    connector = desk.connect()
    assert outcomes(connector.write("Contacts", rows)) == ["refused"]
    assert connector.capabilities.restore is False
    assert desk.vendor.requests == []
    assert connector.write("Contacts", []) == []


@pytest.mark.parametrize("status", [200, 201, 202, 207, 400])
def test_every_row_is_judged_by_itself_whatever_the_status(desk, status):
    answer = [ok("1"), bad("MANDATORY_NOT_FOUND", api_name="Last_Name"), bad("RECORD_LOCKED"), bad("INTERNAL_ERROR")]
    desk.vendor.on("POST", CONTACTS, (status, {"data": answer}))
    results = desk.connect().write("Contacts", creates("a", "b", "c", "d"))
    assert outcomes(results) == ["applied", "refused", "busy", "unknown"]
    assert results[1].code == "MANDATORY_NOT_FOUND"
    assert "api_name=Last_Name" in results[1].message


@pytest.mark.parametrize(
    "details", [{"id": "99"}, {"duplicate_record": {"id": "99", "Owner": {}}, "api_name": "Duban_Key"}]
)
def test_a_taken_unique_value_names_its_holder(desk, details):
    desk.vendor.on("POST", CONTACTS, (400, {"data": [bad("DUPLICATE_DATA", **details)]}))
    [result] = desk.connect().write("Contacts", creates("Wang"))
    assert (result.outcome, result.remote_id) == ("duplicate", "99")


@pytest.mark.parametrize(
    ("details", "outcome"),
    [
        ({"id": "7"}, "gone"),
        ({"api_name": "id", "json_path": "$.data[0].id"}, "gone"),
        ({"resource_path_index": 1}, "gone"),
        ({"api_name": "Who_Id", "json_path": "$.data[0].Who_Id.id"}, "refused"),
        ({"api_name": "Phone", "expected_data_type": "phone"}, "refused"),
        ({}, "refused"),
    ],
)
def test_invalid_data_about_the_own_id_means_the_record_is_gone(desk, details, outcome):
    desk.vendor.on("PUT", CONTACTS, (400, {"data": [bad("INVALID_DATA", **details)]}))
    assert outcomes(desk.connect().write("Contacts", updates("7"))) == [outcome]


def test_a_lost_race_is_stale(desk):
    desk.vendor.on("PUT", CONTACTS, (412, {"data": [bad("ALREADY_MODIFIED", id="7")]}))
    assert outcomes(desk.connect().write("Contacts", updates("7"))) == ["stale"]
    desk.vendor.on("PUT", CONTACTS, (412, None))
    assert outcomes(desk.connect().write("Contacts", updates("7"))) == ["stale"]


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.WriteError("broken pipe"),
        (500, b""),
        (502, b"<html>bad gateway</html>"),
        (503, {"code": "SERVICE_UNAVAILABLE", "details": {}, "message": "x", "status": "error"}),
        (500, {"code": "SOMETHING_NEW", "details": {}, "message": "x", "status": "error"}),
        (200, b"<html>portal</html>"),
        (200, b'{"data": [{"code": "SUCC'),
        (200, b""),
        (200, {"data": []}),
        (200, {"data": None}),
        (200, []),
        (302, None, {"location": "https://portal.example/login"}),
    ],
)
def test_a_write_without_a_usable_answer_is_unknown_and_never_repeated(desk, reply):
    desk.vendor.on("POST", CONTACTS, reply)
    results = desk.connect().write("Contacts", creates("a", "b"))
    assert outcomes(results) == ["unknown", "unknown"]
    assert len(desk.vendor.asked(CONTACTS)) == 1


def test_a_write_that_could_not_even_connect_is_repeated_and_then_transient(desk):
    desk.vendor.on("POST", CONTACTS, httpx.ConnectError("refused"))
    assert outcomes(desk.connect().write("Contacts", creates("a"))) == ["transient"]
    assert len(desk.vendor.asked(CONTACTS)) == 5
    desk.vendor.on("POST", CONTACTS, httpx.ConnectTimeout("slow"), (201, {"data": [ok("1")]}))
    assert outcomes(desk.connect().write("Contacts", creates("a"))) == ["applied"]


def test_a_batch_refused_for_rate_is_sent_again(desk):
    busy = (429, {"code": "TOO_MANY_REQUESTS", "details": {}, "message": "x", "status": "error"})
    desk.vendor.on("POST", CONTACTS, busy, (201, {"data": [ok("1")]}))
    assert outcomes(desk.connect().write("Contacts", creates("a"))) == ["applied"]
    desk.vendor.on("POST", CONTACTS, busy)
    [result] = desk.connect().write("Contacts", creates("a"))
    assert result.outcome == "transient"


def test_a_long_wait_is_handed_back_with_its_seconds(desk):
    busy = (
        429,
        {"code": "TOO_MANY_REQUESTS", "details": {}, "message": "x", "status": "error"},
        {"retry-after": "900"},
    )
    desk.vendor.on("POST", CONTACTS, busy)
    [result] = desk.connect().write("Contacts", creates("a"))
    assert (result.outcome, result.retry_after_s) == ("transient", 900.0)


def test_creates_whose_answers_do_not_add_up_are_all_unknown(desk):
    desk.vendor.on("POST", CONTACTS, (201, {"data": [ok("1")]}))
    assert outcomes(desk.connect().write("Contacts", creates("a", "b"))) == ["unknown", "unknown"]
    desk.vendor.on("POST", CONTACTS, (201, {"data": [ok("1"), ok("2"), ok("3")]}))
    assert outcomes(desk.connect().write("Contacts", creates("a", "b"))) == ["unknown", "unknown"]


def test_updates_missing_from_the_answer_are_unknown_and_reordered_ones_found(desk):
    desk.vendor.on("PUT", CONTACTS, (200, {"data": [ok("9"), ok("7")]}))
    results = desk.connect().write("Contacts", updates("7", "8", "9"))
    assert [(r.op_id, r.outcome) for r in results] == [("op7", "applied"), ("op8", "unknown"), ("op9", "applied")]
    desk.vendor.on("PUT", CONTACTS, (207, {"data": [ok("8"), bad("INVALID_DATA", api_name="Title")]}))
    assert outcomes(desk.connect().write("Contacts", updates("7", "8"))) == ["unknown", "applied"]


@pytest.mark.parametrize("node", ["text", None, 5, {"status": "success", "details": {}}, {"code": "SUCCESS"}])
def test_a_create_row_that_says_nothing_usable_is_unknown(desk, node):
    desk.vendor.on("POST", CONTACTS, (201, {"data": [node]}))
    assert outcomes(desk.connect().write("Contacts", creates("a"))) == ["unknown"]


def test_a_row_without_a_code_and_an_unknown_code_are_refused(desk):
    desk.vendor.on("POST", CONTACTS, (207, {"data": [{"status": "error"}, bad("BRAND_NEW_CODE")]}))
    results = desk.connect().write("Contacts", creates("a", "b"))
    assert [(r.outcome, r.code) for r in results] == [("refused", "NO_CODE"), ("refused", "BRAND_NEW_CODE")]


def test_an_unreadable_time_in_an_answer_costs_only_the_version(desk):
    odd = {"code": "SUCCESS", "details": {"id": "1", "Modified_Time": "soon"}, "status": "success"}
    desk.vendor.on("POST", CONTACTS, (201, {"data": [odd]}))
    [result] = desk.connect().write("Contacts", creates("a"))
    assert (result.outcome, result.remote_id, result.version) == ("applied", "1", None)


def test_one_row_that_refuses_the_whole_batch_is_found_by_halves(desk):
    def judge(request):
        names = [one["Last_Name"] for one in body(request)["data"]]
        if "poison" in names:
            return httpx.Response(400, json={"code": "INVALID_DATA", "details": {}, "message": "x", "status": "error"})
        return httpx.Response(201, json={"data": [ok(name) for name in names]})

    desk.vendor.on("POST", CONTACTS, judge)
    names = [str(n) for n in range(99)]
    results = desk.connect().write("Contacts", creates(*names[:40], "poison", *names[40:]))
    assert outcomes(results).count("applied") == 99
    assert results[40].outcome == "refused"
    assert [r.remote_id for r in results if r.outcome == "applied"] == names


def test_rights_lost_between_two_halves_lose_no_result(desk):
    refused = (400, {"code": "INVALID_DATA", "details": {}, "message": "x", "status": "error"})
    rights = (403, {"code": "NO_PERMISSION", "details": {}, "message": "x", "status": "error"})
    desk.vendor.on("POST", CONTACTS, refused, (201, {"data": [ok("1")]}), rights)
    assert outcomes(desk.connect().write("Contacts", creates("a", "b"))) == ["applied", "busy"]
    desk.vendor.on("DELETE", CONTACTS, refused, (200, {"data": [ok("7")]}), refused)
    assert outcomes(desk.connect().write("Contacts", deletes("7", "8"))) == ["applied", "gone"]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NO_PERMISSION", 403, NeedsOperator),
        ("OAUTH_SCOPE_MISMATCH", 401, AuthRefused),
        ("INVALID_URL_PATTERN", 404, NeedsOperator),
    ],
)
def test_a_call_refused_for_rights_is_raised(desk, code, status, kind):
    desk.vendor.on("POST", CONTACTS, (status, {"code": code, "details": {}, "message": "x", "status": "error"}))
    with pytest.raises(kind):
        desk.connect().write("Contacts", creates("a"))


def test_nothing_leaves_once_we_are_no_longer_the_writer(desk):
    def lost():
        raise LeaseLost("another one writes")

    desk.ports.before_send = lost
    with pytest.raises(LeaseLost):
        desk.connect().write("Contacts", creates("a"))
    assert desk.vendor.asked(CONTACTS) == []


def test_the_writer_is_asked_right_before_every_send(desk):
    desk.ports.before_send = lambda: desk.vendor.requests.append(httpx.Request("GET", "https://fence/"))
    desk.vendor.on("POST", CONTACTS, httpx.ConnectError("x"), (201, {"data": [ok("1")]}))
    desk.connect().write("Contacts", creates("a"))
    assert [r.url.host for r in desk.vendor.requests if r.url.path != "/oauth/v2/token"] == [
        "fence",
        "www.zohoapis.com.cn",
        "fence",
        "www.zohoapis.com.cn",
    ]


@pytest.mark.parametrize(("rows", "credits"), [(1, 1), (10, 1), (11, 2), (100, 10)])
def test_writes_cost_a_credit_for_ten_rows(desk, rows, credits):
    desk.vendor.on("PUT", CONTACTS, (200, {"data": [ok(str(n)) for n in range(rows)]}))
    desk.connect().write("Contacts", updates(*[str(n) for n in range(rows)]))
    assert desk.ports.counters["credits"] == credits


# ---- tags: a second call that may be repeated

TASKS, ADD, REMOVE = "/crm/v8/Tasks", "/crm/v8/Tasks/actions/add_tags", "/crm/v8/Tasks/actions/remove_tags"


def flag(id, change, steps=(), **values):
    return WriteRow(op_id=f"op{id}", action="update", remote_id=id, values={"Tag": change, **values}, steps_done=steps)


def tagged(*ids):
    rows = [{"code": "SUCCESS", "details": {"id": id, "tags": []}, "status": "success"} for id in ids]
    return (200, {"data": rows, "success_count": str(len(ids)), "locked_count": "0"})


def test_tags_follow_the_record_in_calls_of_their_own(desk):
    desk.vendor.on("PUT", TASKS, (200, {"data": [ok("7")]}))
    desk.vendor.on("POST", ADD, tagged("7", "8"))
    desk.vendor.on("POST", REMOVE, tagged("9"))
    rows = [
        flag("7", {"add": ["duban-overdue"]}, Subject="S"),
        flag("8", {"add": ["duban-overdue"]}),
        flag("9", {"remove": ["duban-overdue"]}),
    ]
    results = desk.connect().write("Tasks", rows)
    assert body(desk.vendor.asked(TASKS)[0])["data"] == [{"Subject": "S", "id": "7"}]
    assert body(desk.vendor.asked(ADD)[0]) == {
        "tags": [{"name": "duban-overdue"}],
        "over_write": False,
        "ids": ["7", "8"],
    }
    assert body(desk.vendor.asked(REMOVE)[0]) == {"tags": [{"name": "duban-overdue"}], "ids": ["9"]}
    assert outcomes(results) == ["applied"] * 3
    assert all(result.steps_done == ("record", "tags") for result in results)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ((503, b""), "unknown"),
        (httpx.ConnectError("x"), "transient"),
        ((403, {"code": "NO_PERMISSION", "details": {}, "message": "x", "status": "error"}), "busy"),
        ((400, {"data": [bad("RECORD_LOCKED", id="1")]}), "busy"),
    ],
)
def test_tags_that_fail_keep_what_the_record_call_achieved(desk, reply, outcome):
    desk.vendor.on("PUT", TASKS, (200, {"data": [ok("1")]}))
    desk.vendor.on("POST", ADD, reply)
    [result] = desk.connect().write("Tasks", [flag("1", {"add": ["x"]}, Subject="S")])
    assert (result.outcome, result.remote_id, result.steps_done) == (outcome, "1", ("record",))
    desk.vendor.on("POST", ADD, tagged("1"))
    [result] = desk.connect().write("Tasks", [flag("1", {"add": ["x"]}, steps=result.steps_done, Subject="S")])
    assert (result.outcome, result.steps_done) == ("applied", ("record", "tags"))
    assert len(desk.vendor.asked(TASKS)) == 1, "the record is not written again"


def test_a_created_record_is_linked_even_when_its_tags_fail(desk):
    desk.vendor.on("POST", TASKS, (201, {"data": [ok("1")]}))
    desk.vendor.on("POST", ADD, (400, {"data": [bad("RECORD_LOCKED", id="1")]}))
    row = WriteRow(op_id="op", action="create", values={"Subject": "S", "Tag": {"add": ["x"]}})
    [result] = desk.connect().write("Tasks", [row])
    assert (result.outcome, result.remote_id, result.steps_done) == ("applied", "1", ("record",))
    assert result.code == "RECORD_LOCKED"


def test_a_finished_create_without_an_id_is_never_made_again(desk):
    row = WriteRow(op_id="op", action="create", values={"Subject": "S", "Tag": {"add": ["x"]}}, steps_done=("record",))
    assert outcomes(desk.connect().write("Tasks", [row])) == ["unknown"]
    assert desk.vendor.requests == []


def test_a_refused_record_gets_no_tags(desk):
    desk.vendor.on("PUT", TASKS, (400, {"data": [bad("RECORD_LOCKED")]}))
    [result] = desk.connect().write("Tasks", [flag("7", {"add": ["x"]}, Subject="S")])
    assert result.outcome == "busy"
    assert desk.vendor.asked(ADD) == []


def test_finished_tags_are_not_sent_again(desk):
    [result] = desk.connect().write("Tasks", [flag("7", {"add": ["x"]}, steps=("record", "tags"), Subject="S")])
    assert result.outcome == "applied"
    assert desk.vendor.requests == []
