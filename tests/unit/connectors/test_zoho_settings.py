"""Where an organisation lives: data centres, environments, addresses of one's own."""

from __future__ import annotations

import pydantic
import pytest

from connectors.zoho.settings import REGIONS, ZohoSettings, places

SECRETS = {"client_id": "i", "client_secret": "top-secret", "refresh_token": "r"}


def settings(**more):
    return ZohoSettings(**{**SECRETS, **more})


@pytest.mark.parametrize(
    ("center", "api", "accounts"),
    [
        ("cn", "https://www.zohoapis.com.cn", "https://accounts.zoho.com.cn"),
        ("us", "https://www.zohoapis.com", "https://accounts.zoho.com"),
        ("com", "https://www.zohoapis.com", "https://accounts.zoho.com"),
        ("eu", "https://www.zohoapis.eu", "https://accounts.zoho.eu"),
        ("ca", "https://www.zohoapis.ca", "https://accounts.zohocloud.ca"),
        ("uk", "https://www.zohoapis.uk", "https://accounts.zoho.uk"),
    ],
)
def test_a_data_centre_names_its_hosts(center, api, accounts):
    place = places(settings(data_center=center))
    assert (place.api, place.accounts) == (api, accounts)


def test_every_region_is_known_and_none_trusts_another():
    assert set(REGIONS) == {"com", "eu", "in", "au", "cn", "jp", "ca", "sa", "uk", "ae"}
    hosts = [host for region in REGIONS.values() for host in (*region.api, region.accounts)]
    assert len(hosts) == len(set(hosts))


@pytest.mark.parametrize(
    ("environment", "api", "web"),
    [
        ("sandbox", "sandbox.zohoapis.eu", "crmsandbox.zoho.eu"),
        ("developer", "developer.zohoapis.eu", "crmdeveloper.zoho.eu"),
    ],
)
def test_an_environment_has_its_own_api_host_and_trusts_no_other(environment, api, web):
    place = places(settings(data_center="eu", environment=environment))
    assert place.api == f"https://{api}"
    assert place.api_hosts == {api}
    assert place.web == f"https://{web}"


def test_addresses_of_ones_own_are_taken_as_they_are():
    place = places(settings(api_url="http://127.0.0.1:9101/", accounts_url="http://127.0.0.1:9102"))
    assert (place.api, place.web) == ("http://127.0.0.1:9101", "http://127.0.0.1:9101")
    assert place.all_hosts == {"127.0.0.1:9101", "127.0.0.1:9102"}
    assert places(settings(data_center="eu", web_url="https://crm.own.example/")).web == "https://crm.own.example"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"api_url": "https://a.example"},
        {"accounts_url": "https://a.example"},
        {"data_center": "mars"},
        {"data_center": "cn", "api_url": "https://a.example"},
        {"data_center": "cn", "colour": "red"},
        {"api_url": "http://a.example", "accounts_url": "https://a.example"},
        {"api_url": "https://a.example?x", "accounts_url": "https://a.example"},
        {"data_center": "cn", "page_size": 2001},
        {"data_center": "cn", "trigger": ("everything",)},
        {"data_center": "cn", "web_url": "ftp://a.example"},
    ],
)
def test_settings_that_cannot_work_are_refused(more):
    with pytest.raises(pydantic.ValidationError):
        settings(**more)


def test_settings_never_print_their_secrets():
    assert "top-secret" not in repr(settings(data_center="cn")) + str(settings(data_center="cn").model_dump())


def test_nothing_of_ours_starts_automations_unless_asked():
    assert settings(data_center="cn").trigger == ()
