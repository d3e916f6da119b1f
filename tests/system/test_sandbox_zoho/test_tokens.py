"""The accounts server and what a token is good for."""

from __future__ import annotations

import pytest


def test_a_refresh_answers_with_its_own_address(zoho):
    answer = zoho.token()
    assert answer.status_code == 200
    body = answer.json()
    assert body["api_domain"] == zoho.server.url
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert "refresh_token" not in body


def test_parameters_may_stand_in_the_query_or_in_both_places(zoho):
    form = {name: zoho.ready[name] for name in ("client_id", "client_secret", "refresh_token")}
    in_query = zoho.http.post("/oauth/v2/token", params={**form, "grant_type": "refresh_token"})
    mixed = zoho.http.post("/oauth/v2/token", params={"grant_type": "refresh_token"}, data=form)
    assert "access_token" in in_query.json()
    assert "access_token" in mixed.json()


def test_parameters_may_come_as_a_form_in_parts(zoho):
    names = ("client_id", "client_secret", "refresh_token")
    parts = {name: (None, zoho.ready[name]) for name in names} | {"grant_type": (None, "refresh_token")}
    assert "access_token" in zoho.http.post("/oauth/v2/token", files=parts).json()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"refresh_token": "1000.wrong"}, "invalid_code"),
        ({"client_id": "1000.wrong"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_errors_come_in_a_200_body(zoho, changes, error):
    answer = zoho.token(**changes)
    assert (answer.status_code, answer.json()) == (200, {"error": error})


def test_a_grant_code_is_good_for_one_exchange(zoho):
    first = zoho.token(grant_type="authorization_code", code=zoho.ready["grant_token"])
    again = zoho.token(grant_type="authorization_code", code=zoho.ready["grant_token"])
    assert zoho.token(refresh_token=first.json()["refresh_token"]).json()["access_token"]
    assert again.json() == {"error": "invalid_code"}


def test_the_eleventh_token_in_ten_minutes_is_denied(zoho):
    answers = [zoho.token() for _ in range(10)]  # the login of the fixture was the first
    assert [answer.status_code for answer in answers] == [200] * 9 + [400]
    assert answers[-1].json()["error"] == "Access Denied"
    zoho.clock.advance(601)
    assert zoho.token().status_code == 200


def test_a_token_ends_when_its_life_is_over(zoho):
    zoho.sim("POST", "settings", {"token_life_s": 60})
    zoho.login()
    assert zoho.get("/org").status_code == 200
    zoho.clock.advance(61)
    answer = zoho.get("/org")
    assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")


def test_the_31st_token_kills_the_oldest(zoho):
    zoho.sim("POST", "settings", {"mint_limit": 1000})
    for _ in range(29):
        zoho.token()
    assert zoho.get("/org").status_code == 200
    zoho.token()
    assert zoho.get("/org").status_code == 401


def test_a_revoked_refresh_token_and_its_children_are_dead(zoho):
    revoked = zoho.http.post("/oauth/v2/token/revoke", data={"token": zoho.ready["refresh_token"]})
    assert revoked.json() == {"status": "success"}
    assert zoho.get("/org").json()["code"] == "INVALID_TOKEN"
    assert zoho.token().json() == {"error": "invalid_code"}


def test_no_authorization_at_all_is_an_authentication_failure(zoho):
    del zoho.http.headers["Authorization"]
    answer = zoho.get("/org")
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHENTICATION_FAILURE")


def test_an_unknown_path_is_a_wrong_url(zoho):
    answer = zoho.http.get("/crm/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "INVALID_URL_PATTERN")
