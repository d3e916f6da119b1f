"""Every fault a test can ask for, and the calls under /__sim__/."""

from __future__ import annotations

import json
import time

import httpx
import pytest

TASK = {"data": [{"Subject": "one"}]}


def test_drop_before_applies_nothing(bare):
    bare.fault("drop_before", method="POST", path="/Tasks")
    with pytest.raises(httpx.RemoteProtocolError):
        bare.send("POST", "/Tasks", TASK)
    assert bare.state("Tasks") == []
    assert bare.send("POST", "/Tasks", TASK).status_code == 201, "it struck once"


def test_drop_after_applies_and_closes(bare):
    bare.fault("drop_after", method="POST", path="/Tasks")
    with pytest.raises(httpx.RemoteProtocolError):
        bare.send("POST", "/Tasks", TASK)
    assert [row["Subject"] for row in bare.state("Tasks")] == ["one"]


def test_status_answers_as_told_and_applies_only_when_told(bare):
    body = {"code": "INTERNAL_ERROR", "details": {}, "message": "m", "status": "error"}
    bare.fault("status", code=500, body=body, path="/Tasks", headers={"X-Why": "test"})
    bare.fault("status", code=429, headers={"Retry-After": "7", "X-API-CREDITS-REMAINING": "0"}, path="/Tasks", nth=2)
    bare.fault("status", code=502, body="<html>bad gateway</html>", path="/Tasks", applied=True, nth=3)
    first, second, third = (bare.send("POST", "/Tasks", TASK) for _ in range(3))
    assert (first.status_code, first.json(), first.headers["x-why"]) == (500, body, "test")
    assert (second.status_code, second.headers["retry-after"]) == (429, "7")
    assert (third.status_code, third.headers["content-type"]) == (502, "text/html;charset=UTF-8")
    assert len(bare.state("Tasks")) == 1


def test_delay_waits(bare):
    bare.fault("delay", ms=150, path="/org")
    began = time.perf_counter()
    assert bare.get("/org").status_code == 200
    assert time.perf_counter() - began >= 0.15


def test_a_stopped_server_lets_go_of_a_hanging_call(bare):
    bare.fault("delay", ms=60_000, path="/org")
    with pytest.raises(httpx.ReadTimeout):
        bare.http.get("/crm/v8/org", timeout=0.2)
    began = time.perf_counter()
    bare.server.stop()
    assert time.perf_counter() - began < 3


def test_truncate_cuts_the_body_but_not_the_promise(zoho):
    zoho.fault("truncate", bytes=20, path="/Tasks")
    with pytest.raises(httpx.RemoteProtocolError):
        zoho.get("/Tasks", fields="Subject")
    assert zoho.get("/Tasks", fields="Subject").status_code == 200


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_person_edits_at_that_very_moment(bare, when):
    [made] = bare.create("Tasks", {"Subject": "one"})
    bare.fault("edit", object="Tasks", id=made, values={"Subject": "person"}, when=when, method="PUT", path="/Tasks")
    bare.send("PUT", "/Tasks", {"data": [{"id": made, "Subject": "duban"}]})
    [row] = bare.state("Tasks")
    assert row["Subject"] == ("duban" if when == "before" else "person")
    subjects = [change["Subject"][1] for _, _, change in bare.face.org.table("Tasks").rows[made].history]
    assert subjects == ["one", "person", "duban"] if when == "before" else ["one", "duban", "person"]


def test_thin_shows_a_part_of_the_list(zoho):
    whole = [row["id"] for row in zoho.get("/Contacts", fields="Last_Name").json()["data"]]
    zoho.fault("thin", keep=0.5, path="/Contacts", times=0)
    answer = zoho.get("/Contacts", fields="Last_Name").json()
    assert [row["id"] for row in answer["data"]] == whole[1::2]
    assert answer["info"]["count"] == 16
    assert zoho.get("/Contacts/5725767000000999999").status_code == 204


def test_one_poison_record_is_singled_out_by_its_body(bare):
    refusal = {"data": [{"code": "INVALID_DATA", "details": {}, "message": "no", "status": "error"}]}
    bare.fault("status", code=400, body=refusal, method="POST", path="/Contacts", body_match="毒", times=0)
    rows = [{"data": [{"Last_Name": name}]} for name in ("好", "毒药")]
    good, bad = (bare.http.post("/crm/v8/Contacts", content=json.dumps(row)) for row in rows)
    assert (good.status_code, bad.status_code) == (201, 400)
    assert bare.send("POST", "/Contacts", rows[1]).status_code == 400, "Chinese as it is counts as well"


def test_paths_may_be_expressions_and_times_are_counted(bare):
    bare.fault("status", code=503, path=r"/Tasks/\d+$", times=2)
    [made] = bare.create("Tasks", {"Subject": "one"})
    assert [bare.get(f"/Tasks/{made}").status_code for _ in range(3)] == [503, 503, 200]
    [rule] = bare.sim("GET", "faults")["rules"]
    assert (rule["matched"], rule["struck"]) == (3, 2)


def test_faults_can_be_cleared(bare):
    bare.fault("status", code=500, path="/org", times=0)
    bare.sim("POST", "faults", {"rules": []})
    assert bare.get("/org").status_code == 200
    bare.fault("status", code=500, path="/org", times=0)
    bare.sim("DELETE", "faults")
    assert bare.get("/org").status_code == 200


def test_an_unknown_action_is_refused(bare):
    answer = bare.http.post("/__sim__/faults", json={"rules": [{"action": "explode"}]})
    assert (answer.status_code, "drop_after" in answer.json()["error"]) == (400, True)


# --- the other calls -------------------------------------------------------------------------------------------------


def test_a_person_plants_edits_and_deletes(bare):
    [made] = bare.sim("POST", "records", {"object": "Contacts", "records": [{"Last_Name": "Wang"}]})["ids"]
    bare.sim("PATCH", "records", {"object": "Contacts", "id": made, "values": {"Title": "CIO", "Tag": ["vip"]}})
    row = bare.get(f"/Contacts/{made}").json()["data"][0]
    assert (row["Title"], row["Tag"][0]["name"]) == ("CIO", "vip")
    assert (row["Created_By"]["name"], row["Modified_By"]["name"]) == ("李伟", "李伟")
    bare.sim("DELETE", "records", {"object": "Contacts", "id": made})
    [left] = bare.state("Contacts")
    assert (left["__deleted"], left["Last_Name"]) == (True, "Wang")


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("POST", "records", {"object": "Rockets", "records": [{}]}, 404),
        ("POST", "records", {"object": "Tasks", "records": [{}]}, 400),
        ("PATCH", "records", {"object": "Tasks", "id": "1", "values": {}}, 404),
        ("POST", "settings", {"nonsense": 1}, 400),
        ("POST", "settings", [1], 400),
        ("POST", "nothing", {}, 404),
    ],
)
def test_a_wrong_call_says_why(bare, method, name, body, status):
    answer = bare.http.request(method, f"/__sim__/{name}", json=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


def test_the_log_tells_reads_from_writes(bare):
    bare.get("/Tasks", fields="Subject")
    bare.send("POST", "/Tasks", TASK)
    bare.query("select id from Tasks where id > 0")
    shown = [(one["method"], one["path"], one["status"], one["mutating"]) for one in bare.sim("GET", "log")["requests"]]
    assert shown == [
        ("POST", "/oauth/v2/token", 200, False),
        ("GET", "/crm/v8/Tasks", 204, False),
        ("POST", "/crm/v8/Tasks", 201, True),
        ("POST", "/crm/v8/coql", 200, False),
    ]
    last = bare.sim("GET", "log")["requests"][-1]["n"]
    assert bare.sim("GET", "log", after=last)["requests"] == []


def test_reset_goes_back_to_the_seed(zoho):
    before = {row["id"] for row in zoho.state("Contacts")}
    zoho.create("Contacts", {"Last_Name": "extra"})
    zoho.sim("POST", "settings", {"list_lag_s": 9, "normalise": {"Contacts.Title": {"cut": 1}}})
    zoho.fault("status", code=500, times=0)
    zoho.sim("POST", "reset")
    zoho.login()
    assert {row["id"] for row in zoho.state("Contacts")} == before
    settings = zoho.sim("GET", "settings")
    assert (settings["list_lag_s"], settings["normalise"]) == (0, {})
    assert [one["path"] for one in zoho.sim("GET", "log")["requests"]] == ["/oauth/v2/token"]


def test_a_skewed_clock_shows_in_stamps_and_in_the_date_header(bare):
    bare.sim("POST", "settings", {"clock_skew_s": -86_400})
    [made] = bare.create("Tasks", {"Subject": "yesterday"})
    answer = bare.get(f"/Tasks/{made}")
    assert answer.json()["data"][0]["Modified_Time"].startswith("2026-11-22")
    assert "22 Nov 2026" in answer.headers["date"]


def test_habits_of_an_organisation_change_what_is_stored(bare):
    habits = {"Contacts.Title": {"cut": 4}, "Contacts.Mobile": {"digits": True}, "Contacts.Email": {"lower": True}}
    bare.sim("POST", "settings", {"normalise": habits})
    row = {"Last_Name": "n", "Title": "Director", "Mobile": "+86 139-0000", "Email": "A@B.example"}
    [made] = bare.create("Contacts", row)
    shown = bare.get(f"/Contacts/{made}").json()["data"][0]
    assert (shown["Title"], shown["Mobile"], shown["Email"]) == ("Dire", "+861390000", "a@b.example")


def test_ready_says_how_to_connect(bare):
    ready = bare.sim("GET", "ready")
    assert {"api", "accounts", "client_id", "client_secret", "refresh_token"} <= set(ready)
    assert ready["api"] == bare.server.url


# --- limits ----------------------------------------------------------------------------------------------------------


def test_spent_credits_answer_429_and_the_rest_is_shown_from_half_on(bare):
    bare.sim("POST", "settings", {"rate_limits": {"credits": 5}})
    headers = [bare.get("/org").headers.get("x-api-credits-remaining") for _ in range(4)]
    assert headers == [None, None, "2", "1"]
    assert bare.query("select id from Tasks where id > 0 limit 2000").status_code == 429
    assert bare.get("/org").status_code == 200
    refused = bare.get("/org")
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    bare.clock.advance(86_401)
    bare.login()
    assert bare.get("/org").status_code == 200


def test_writes_cost_a_credit_per_ten_rows(bare):
    before = bare.sim("GET", "settings")["credits_used"]
    bare.create("Tasks", *[{"Subject": "s"}] * 25)
    assert bare.sim("GET", "settings")["credits_used"] - before == 3


def test_too_many_calls_in_flight_are_refused(bare):
    bare.sim("POST", "settings", {"rate_limits": {"concurrency": 1}, "latency_ms": 200})
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(one.status_code for one in pool.map(lambda _: bare.get("/org"), range(2)))
    assert statuses == [200, 429]


def test_the_limits_of_the_edition_can_be_switched_on_and_off(bare):
    on = bare.sim("POST", "settings", {"rate_limits": True})["rate_limits"]
    off = bare.sim("POST", "settings", {"rate_limits": False})["rate_limits"]
    assert on == {"credits": 50_000, "concurrency": 20, "heavy": 10}
    assert set(off.values()) == {None}


def test_unknown_limits_are_refused(bare):
    answer = bare.http.post("/__sim__/settings", json={"rate_limits": {"speed": 1}})
    assert (answer.status_code, "credits" in answer.json()["error"]) == (400, True)
