"""Tokens: how they are asked for, kept, renewed and refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from connectors.base import Token
from connectors.zoho.auth import exchange_grant, life_s
from mapping.errors import AuthRefused, DubanError, NeedsOperator, Transient

ORG = {"org": [{"id": "1", "zgid": "60001", "company_name": "测试公司", "time_zone": "Asia/Shanghai"}]}
TOKEN = "/oauth/v2/token"


def see_org(connector):
    return connector._api.get("/org").body


def test_the_refresh_goes_to_the_accounts_host_as_a_form(desk):
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    see_org(desk.connect())
    token, org = desk.vendor.requests
    assert str(token.url) == "https://accounts.zoho.com.cn/oauth/v2/token"
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(httpx.QueryParams(token.content.decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "1000.refresh.x",
        "client_id": "1000.client",
        "client_secret": "client+secret/=",
    }
    assert "authorization" not in token.headers
    assert str(org.url) == "https://www.zohoapis.com.cn/crm/v8/org"
    assert org.headers["authorization"] == "Zoho-oauthtoken 1000.live.token"


def test_a_restart_mints_no_new_token(desk):
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    see_org(desk.connect())
    see_org(desk.connect())
    assert len(desk.vendor.asked(TOKEN)) == 1


def test_a_token_about_to_die_is_renewed_before_use(desk):
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    connector = desk.connect()
    see_org(connector)
    desk.clock.sleep(3541)
    see_org(connector)
    assert len(desk.vendor.asked(TOKEN)) == 2


def test_a_stored_token_of_other_credentials_is_not_used(desk):
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    see_org(desk.connect())
    see_org(desk.connect(refresh_token="1000.other.y"))
    assert len(desk.vendor.asked(TOKEN)) == 2


def test_a_stored_token_for_another_host_is_not_used(desk):
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    see_org(desk.connect())
    held = desk.ports.tokens.load()
    desk.ports.tokens.save(Token(held.value, held.expires_ms, {**held.extra, "api_domain": "https://evil.example"}))
    see_org(desk.connect())
    assert len(desk.vendor.asked(TOKEN)) == 2


def test_fifty_callers_at_once_share_one_refresh(desk):
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    connector = desk.connect()
    start = threading.Barrier(50)

    def go(_):
        start.wait()
        return see_org(connector)

    with ThreadPoolExecutor(50) as pool:
        assert all(body == ORG for body in pool.map(go, range(50)))
    assert len(desk.vendor.asked(TOKEN)) == 1


def test_ten_callers_refused_at_once_share_one_renewal(desk):
    barrier = threading.Barrier(10)

    def judge(request):
        if request.headers["authorization"].endswith("first"):
            barrier.wait(10)
            return httpx.Response(401, json={"code": "INVALID_TOKEN", "details": {}, "message": "x", "status": "error"})
        return httpx.Response(200, json=ORG)

    desk.vendor.on("GET", "/crm/v8/org", judge)
    desk.vendor.on("POST", TOKEN, (200, {"access_token": "first"}), (200, {"access_token": "second"}))
    connector = desk.connect(calls_at_once=10)
    with ThreadPoolExecutor(10) as pool:
        assert all(body == ORG for body in pool.map(lambda _: see_org(connector), range(10)))
    assert len(desk.vendor.asked(TOKEN)) == 2


@pytest.mark.parametrize("code", ["INVALID_TOKEN", "AUTHENTICATION_FAILURE"])
def test_a_refused_access_token_is_renewed_once_and_the_call_replayed(desk, code):
    refused = (401, {"code": code, "details": {}, "message": "invalid oauth token", "status": "error"})
    desk.vendor.on("GET", "/crm/v8/org", refused, (200, ORG))
    desk.vendor.on(
        "POST", TOKEN, (200, {"access_token": "first", "expires_in": 3600}), (200, {"access_token": "second"})
    )
    assert see_org(desk.connect()) == ORG
    assert [r.headers["authorization"][16:] for r in desk.vendor.asked("/crm/v8/org")] == ["first", "second"]


def test_a_token_refused_twice_stops_without_a_loop(desk):
    desk.vendor.on(
        "GET", "/crm/v8/org", (401, {"code": "INVALID_TOKEN", "details": {}, "message": "x", "status": "error"})
    )
    with pytest.raises(AuthRefused) as caught:
        see_org(desk.connect())
    assert len(desk.vendor.asked("/crm/v8/org")) == 2
    assert caught.value.exit_code == 5


def test_a_write_refused_for_its_token_is_sent_again(desk):
    refused = (401, {"data": [{"code": "INVALID_TOKEN", "details": {}, "message": "x", "status": "error"}]})
    ok = (200, {"data": [{"code": "SUCCESS", "details": {"id": "7"}, "message": "", "status": "success"}]})
    desk.vendor.on("PUT", "/crm/v8/Tasks", refused, ok)
    answer = desk.connect()._api.call("PUT", "/Tasks", kind="write", json={"data": [{"id": "7"}]})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"error": "invalid_code"}, AuthRefused),
        (200, {"error": "invalid_client"}, AuthRefused),
        (200, {"error": "invalid_client_secret"}, AuthRefused),
        (200, {"error": "something_new"}, AuthRefused),
        (400, {"error": "Access Denied", "error_description": "too many requests", "status": "failure"}, Transient),
        (200, {}, Transient),
        (200, [], Transient),
        (500, b"<html>down</html>", Transient),
        (200, b"<html>portal</html>", Transient),
        (200, b"", Transient),
        (200, b'{"access_token": "cut', Transient),
    ],
)
def test_a_token_answer_is_judged_by_its_body(desk, status, body, kind):
    desk.vendor.on("POST", TOKEN, (status, body))
    with pytest.raises(DubanError) as caught:
        see_org(desk.connect())
    assert type(caught.value) is kind
    assert len(desk.vendor.asked(TOKEN)) == 1, "a token request is never repeated"


def test_a_refusal_is_remembered_instead_of_asked_again(desk):
    desk.vendor.on("POST", TOKEN, (200, {"error": "invalid_code"}))
    connector = desk.connect()
    for _ in range(20):
        with pytest.raises(AuthRefused, match="duban auth zoho"):
            see_org(connector)
    assert len(desk.vendor.asked(TOKEN)) == 1


def test_a_throttled_account_is_left_alone_for_ten_minutes_over_a_restart(desk):
    desk.vendor.on("POST", TOKEN, (400, {"error": "Access Denied"}), (200, {"access_token": "a"}))
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    with pytest.raises(Transient):
        see_org(desk.connect())
    desk.clock.sleep(300)
    with pytest.raises(Transient) as caught:
        see_org(desk.connect())
    assert 290 < caught.value.retry_after_s <= 300
    assert len(desk.vendor.asked(TOKEN)) == 1
    desk.clock.sleep(301)
    assert see_org(desk.connect()) == ORG


def test_no_more_than_five_tokens_are_minted_in_ten_minutes(desk):
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    desk.vendor.on("POST", TOKEN, (200, {"access_token": "short", "expires_in": 61}))
    connector = desk.connect()
    for _ in range(5):
        see_org(connector)
        desk.clock.sleep(5)
    with pytest.raises(Transient) as caught:
        see_org(connector)
    assert len(desk.vendor.asked(TOKEN)) == 5
    assert caught.value.retry_after_s == pytest.approx(575)


@pytest.mark.parametrize(
    "domain",
    [
        "https://www.zohoapis.com",
        "https://evil.example",
        "http://www.zohoapis.com.cn",
        "https://www.zohoapis.com.cn@evil.example",
        7,
        "",
    ],
)
def test_an_api_domain_of_another_place_is_refused_and_the_token_never_sent(desk, domain):
    desk.vendor.on("POST", TOKEN, (200, {"access_token": "a", "expires_in": 3600, "api_domain": domain}))
    with pytest.raises(NeedsOperator, match="data centre"):
        see_org(desk.connect())
    assert [r.url.path for r in desk.vendor.requests] == [TOKEN]
    assert desk.ports.tokens.load() is None


def test_an_api_domain_of_the_own_data_centre_is_used(desk):
    body = {"access_token": "a", "expires_in": 3600, "api_domain": "https://zohoapis.com.cn/"}
    desk.vendor.on("POST", TOKEN, (200, body))
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    see_org(desk.connect())
    assert desk.vendor.requests[-1].url.host == "zohoapis.com.cn"


def test_without_a_refresh_token_nothing_is_sent(desk):
    with pytest.raises(AuthRefused, match="duban auth zoho"):
        see_org(desk.connect(refresh_token=None))
    assert desk.vendor.requests == []


def test_the_grant_code_is_exchanged_once(desk):
    body = {
        "access_token": "a",
        "refresh_token": "1000.new",
        "expires_in": 3600,
        "api_domain": "https://www.zohoapis.com.cn",
    }
    desk.vendor.on("POST", TOKEN, (200, body))
    desk.vendor.on("GET", "/crm/v8/org", (200, ORG))
    assert exchange_grant(desk.ports, desk.settings(refresh_token=None), "1000.grant") == "1000.new"
    form = dict(httpx.QueryParams(desk.vendor.requests[0].content.decode()))
    assert (form["grant_type"], form["code"]) == ("authorization_code", "1000.grant")
    see_org(desk.connect(refresh_token="1000.new"))
    assert len(desk.vendor.asked(TOKEN)) == 1, "the access token that came along is used"


@pytest.mark.parametrize("body", [{"error": "invalid_code"}, {"access_token": "a", "expires_in": 3600}])
def test_a_used_grant_code_is_refused_with_the_next_step(desk, body):
    desk.vendor.on("POST", TOKEN, (200, body))
    with pytest.raises(AuthRefused, match="grant code"):
        exchange_grant(desk.ports, desk.settings(refresh_token=None), "1000.grant")


def test_no_message_of_a_failing_sign_in_shows_a_secret(desk):
    leak = {"error": "1000.refresh.x client+secret/="}
    desk.vendor.on("POST", TOKEN, (200, leak))
    with pytest.raises(AuthRefused) as caught:
        see_org(desk.connect())
    shown = str(caught.value) + caught.value.text("zh")
    assert "refresh.x" not in shown
    assert "client+secret" not in shown


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"expires_in": 3600}, 3600.0),
        ({"expires_in": 3_600_000}, 3600.0),
        ({"expires_in": 3_600_000, "expires_in_sec": 3600}, 3600.0),
        ({}, 3600.0),
        ({"expires_in": True}, 3600.0),
        ({"expires_in": -5}, 3600.0),
        ({"expires_in": "3600"}, 3600.0),
    ],
)
def test_the_life_of_a_token_is_read_in_all_its_forms(body, seconds):
    assert life_s(body) == seconds
