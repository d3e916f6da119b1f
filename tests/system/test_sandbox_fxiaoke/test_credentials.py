"""Tokens and credentials of both generations."""

from __future__ import annotations

import threading
from typing import Any

import pytest

QUERY = "/cgi/crm/v2/data/query"
ASK = {"dataObjectApiName": "AccountObj"}
LOST = "the cropId,cropAccessToken or authorization is error"


def test_both_token_answers_have_the_shape_of_the_real_ones(tenant: Any) -> None:
    header = tenant.oauth()
    assert {"openUserId", "accessToken", "expiresIn", "appId", "ea", "errorCode", "errorMessage", "traceId"} == {
        *header
    }
    assert header["openUserId"].startswith("FSCID_")
    body = tenant.legacy_token()
    assert body["corpId"] == header["openUserId"]
    assert (body["errorCode"], body["errorMessage"], body["expiresIn"]) == (0, "success", 7200)


def test_the_same_token_comes_back_until_its_last_ten_minutes_then_a_new_one_while_the_old_works(tenant: Any) -> None:
    first = tenant.oauth()
    tenant.clock.advance(6599)
    again = tenant.oauth()
    assert again["accessToken"] == first["accessToken"]
    assert again["expiresIn"] == 601
    tenant.clock.advance(2)
    second = tenant.oauth()
    assert second["accessToken"] != first["accessToken"]
    assert second["expiresIn"] == 7200
    both = [
        {"authorization": f"Bearer {t['accessToken']}", "x-fs-ea": t["ea"], "x-fs-userid": "1000"}
        for t in (first, second)
    ]
    assert [tenant.post(QUERY, {"data": ASK}, one)["errorCode"] for one in both] == [0, 0]
    tenant.clock.advance(600)
    assert [tenant.post(QUERY, {"data": ASK}, one)["errorCode"] for one in both] == [20016, 0]


def test_a_shorter_token_life_can_be_set(tenant: Any) -> None:
    tenant.set(token_life_s=2)
    tenant.headers()
    assert tenant.b(QUERY, ASK)["errorCode"] == 0
    tenant.clock.advance(2.1)
    assert tenant.b(QUERY, ASK)["errorCode"] == 20016


def test_the_eleventh_token_call_in_a_minute_is_refused(tenant: Any) -> None:
    codes = [tenant.legacy_token()["errorCode"] for _ in range(11)]
    assert codes == [0] * 10 + [14001]
    tenant.clock.advance(61)
    assert tenant.oauth()["errorCode"] == 0


def test_the_code_of_too_many_token_calls_can_be_moved(tenant: Any) -> None:
    tenant.set(token_calls_per_minute=0, codes={"token_limit": 30004})
    assert tenant.oauth()["errorCode"] == 30004


def test_two_token_calls_at_once_are_one_too_many(tenant: Any) -> None:
    tenant.sim("POST", "faults", {"rules": [{"path": "oauth2.0", "action": "delay", "ms": 400}]})
    codes: list[int] = []
    slow = threading.Thread(target=lambda: codes.append(tenant.oauth()["errorCode"]))
    slow.start()
    for _ in range(200):
        if tenant.face.desk._inside:
            break
        threading.Event().wait(0.005)
    assert tenant.legacy_token()["errorCode"] == 14001
    slow.join()
    assert codes == [0]


@pytest.mark.parametrize("name", ["appId", "appSecret", "permanentCode"])
@pytest.mark.parametrize("mint", ["oauth", "legacy_token"])
def test_a_bad_secret_answers_10006_on_either_path(tenant: Any, mint: str, name: str) -> None:
    answer = getattr(tenant, mint)(**{name: "wrong"})
    assert answer["errorCode"] == 10006
    assert answer["errorMessage"] == f"the parameter {name} is missing or illegal"
    assert ("error" in answer) is (mint == "oauth")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appId": None}, 10001),
        ({"appSecret": None}, 10002),
        ({"permanentCode": None}, 10012),
        ({"appId": "wrong"}, 20006),
        ({"appSecret": "wrong"}, 20006),
        ({"permanentCode": "wrong"}, 20015),
    ],
)
def test_the_documented_table_of_codes_can_be_switched_on(tenant: Any, changes: dict[str, Any], code: int) -> None:
    tenant.set(table_codes=True)
    assert tenant.legacy_token(**changes)["errorCode"] == code


def test_old_token_paths_say_what_they_miss(tenant: Any) -> None:
    assert tenant.post("/cgi/appAccessToken/get", tenant.app())["appAccessToken"]
    answer = tenant.post("/cgi/corpAccessToken/get", tenant.app())
    assert answer["errorMessage"] == "the parameter appAccessToken is missing or illegal"


def test_a_grant_that_is_not_for_daemons_is_refused(tenant: Any) -> None:
    assert tenant.oauth(grantType="authorization_code")["errorCode"] == 10006


def test_no_credentials_answer_20017(tenant: Any) -> None:
    answer = tenant.post(QUERY, {"data": ASK})
    assert (answer["errorCode"], answer["errorMessage"]) == (20017, "corpAccessToken为必填项，不能为空")


def test_wrong_credentials_answer_20016(tenant: Any) -> None:
    good = tenant.headers()
    for bad in (
        {**good, "authorization": "Bearer EXPIRED"},
        {**good, "authorization": good["authorization"].replace("Bearer ", "Bearer  ")},
        {**good, "x-fs-ea": "other"},
    ):
        answer = tenant.post(QUERY, {"data": ASK}, bad)
        assert (answer["errorCode"], answer["errorMessage"]) == (20016, LOST)
    assert tenant.a(QUERY, ASK, corpAccessToken="EXPIRED")["errorCode"] == 20016
    assert tenant.a(QUERY, ASK, corpId="FSCID_OTHER")["errorCode"] == 20016


def test_a_token_of_one_generation_does_not_serve_the_other(tenant: Any) -> None:
    header = {**tenant.headers(), "authorization": f"Bearer {tenant.credentials()['corpAccessToken']}"}
    assert tenant.post(QUERY, {"data": ASK}, header)["errorCode"] == 20016


def test_header_credentials_win_over_the_body_s(tenant: Any) -> None:
    body = {**tenant.credentials(), "data": ASK}
    bad = {**tenant.headers(), "authorization": "Bearer EXPIRED"}
    assert tenant.post(QUERY, body, bad)["errorCode"] == 20016
    rows = tenant.post(QUERY, body, tenant.headers())["data"]["dataList"]
    assert rows[0]["owner"][0].isdigit()


def test_an_actor_is_needed_and_must_exist(tenant: Any) -> None:
    header = tenant.headers()
    assert tenant.post(QUERY, {"data": ASK}, {**header, "x-fs-userid": ""})["errorCode"] == 10008
    assert tenant.post(QUERY, {"data": ASK}, {**header, "x-fs-userid": "9999"})["errorCode"] == 30027
    answer = tenant.a(QUERY, ASK, currentOpenUserId=None)
    assert (answer["errorCode"], answer["errorMessage"]) == (10008, "currentOpenUserId 不能为空")
    assert tenant.a(QUERY, ASK, currentOpenUserId="FSUID_0")["errorCode"] == 20012


def test_the_documented_codes_of_bad_business_credentials_can_be_switched_on(tenant: Any) -> None:
    tenant.set(table_codes=True)
    assert tenant.a(QUERY, ASK, corpAccessToken="x")["errorCode"] == 11014
    assert tenant.a(QUERY, ASK, corpId="x")["errorCode"] == 11015
    bad = {**tenant.headers(), "authorization": "Bearer x"}
    assert tenant.post(QUERY, {"data": ASK}, bad)["errorCode"] == 20005


def test_all_tokens_can_be_killed_at_once(tenant: Any) -> None:
    assert tenant.b(QUERY, ASK)["errorCode"] == 0
    tenant.set(expire_tokens=True)
    assert tenant.b(QUERY, ASK)["errorCode"] == 20016
    assert tenant.a(QUERY, ASK)["errorCode"] == 0


@pytest.mark.parametrize(("state", "code"), [("disabled", 20021), ("unauthorised", 20022)])
def test_an_app_switched_off_gets_nowhere(tenant: Any, state: str, code: int) -> None:
    tenant.headers()
    tenant.set(app_state=state)
    assert tenant.b(QUERY, ASK)["errorCode"] == code
    assert tenant.oauth()["errorCode"] == code


def test_the_same_app_can_lead_to_another_company(tenant: Any) -> None:
    before = tenant.oauth()
    tenant.headers()
    assert tenant.set(ea="otherco")["ea"] == "otherco"
    assert tenant.b(QUERY, ASK)["errorCode"] == 20016
    after = tenant.oauth()
    assert (before["ea"], after["ea"]) == ("dubansandbox", "otherco")
    assert before["openUserId"] != after["openUserId"]
    tenant.sim("POST", "reset")
    assert tenant.oauth()["ea"] == "dubansandbox"
