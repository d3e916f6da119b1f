"""Where a Zoho organisation lives and how we may talk to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

import pydantic

from connectors.base import ConnectorSettings
from connectors.hosts import host_of
from mapping.errors import ConfigError, WrongValue

Environment = Literal["production", "sandbox", "developer"]
DataCenter = Literal["us", "com", "eu", "in", "au", "cn", "jp", "ca", "sa", "uk", "ae"]
Trigger = Literal["approval", "workflow", "blueprint", "pathfinder", "orchestration"]


@dataclass(frozen=True, slots=True)
class Region:
    """Hosts of one data centre; the first of ``api`` is called, the others are trusted as well."""

    accounts: str
    api: tuple[str, ...]
    web: str


REGIONS: Final[Mapping[str, Region]] = {
    "com": Region("accounts.zoho.com", ("www.zohoapis.com", "zohoapis.com"), "crm.zoho.com"),
    "eu": Region("accounts.zoho.eu", ("www.zohoapis.eu", "zohoapis.eu"), "crm.zoho.eu"),
    "in": Region("accounts.zoho.in", ("www.zohoapis.in", "zohoapis.in"), "crm.zoho.in"),
    "au": Region("accounts.zoho.com.au", ("www.zohoapis.com.au", "zohoapis.com.au"), "crm.zoho.com.au"),
    "cn": Region("accounts.zoho.com.cn", ("www.zohoapis.com.cn", "zohoapis.com.cn"), "crm.zoho.com.cn"),
    "jp": Region("accounts.zoho.jp", ("www.zohoapis.jp", "zohoapis.jp"), "crm.zoho.jp"),
    # Sources name either API host for Canada. [doc]
    "ca": Region("accounts.zohocloud.ca", ("www.zohoapis.ca", "www.zohocloud.ca"), "crm.zohocloud.ca"),
    "sa": Region("accounts.zoho.sa", ("www.zohoapis.sa", "zohoapis.sa"), "crm.zoho.sa"),
    "uk": Region("accounts.zoho.uk", ("www.zohoapis.uk",), "crm.zoho.uk"),  # every host of this row: [assumed]
    "ae": Region("accounts.zoho.ae", ("www.zohoapis.ae",), "crm.zoho.ae"),  # every host of this row: [assumed]
}
"""Data centre -> hosts; ``us`` is another name of ``com``. Web hosts are [assumed] to follow the accounts host.

Source: Zoho CRM v8 documentation, Multi DC support [doc]; the official Python SDK 7.0.0 [seen]
"""


class ZohoSettings(ConnectorSettings):
    """``[connections.NAME]`` with ``kind = "zoho"``.

    Either ``data_center`` or both ``api_url`` and ``accounts_url`` (a sandbox of one's own) say where it is.
    Secrets arrive here resolved; the configuration file holds references only.

    Args:
        environment: which kind of organisation the tokens were made for; picks the API host.
        refresh_token: may be missing until ``duban auth zoho`` has been run.
        trigger: automations our own writes may start; none by default.
        list_chain: page through plain listings of 200 instead of queries of 2,000.
        layout_rules: also ask which fields a layout makes mandatory (one more call for an object).
        calls_at_once: overrides the number derived from the organisation's edition.
        web_url: address of the CRM's own pages, for links; derived when missing.
    """

    kind: str = "zoho"
    data_center: DataCenter | None = None
    environment: Environment = "production"
    api_url: str | None = None
    accounts_url: str | None = None
    web_url: str | None = None
    client_id: pydantic.SecretStr
    client_secret: pydantic.SecretStr
    refresh_token: pydantic.SecretStr | None = None
    trigger: tuple[Trigger, ...] = ()
    list_chain: bool = False
    layout_rules: bool = False
    page_size: int = pydantic.Field(default=2000, ge=1, le=2000)
    quiet_page_size: int = pydantic.Field(default=200, ge=1, le=2000)
    list_page_size: int = pydantic.Field(default=200, ge=1, le=200)
    calls_at_once: int | None = pydantic.Field(default=None, ge=1, le=25)

    @property
    def starts(self) -> list[str]:
        """Give the automations our writes ask for."""
        return list(self.trigger)

    @pydantic.model_validator(mode="after")
    def _one_place(self) -> ZohoSettings:
        explicit = (self.api_url, self.accounts_url)
        if self.data_center is None and None in explicit:
            raise WrongValue(
                "say data_center, or both api_url and accounts_url",
                "请填写 data_center,或同时填写 api_url 与 accounts_url",
            )
        if self.data_center is not None and explicit != (None, None):
            raise WrongValue(
                "data_center and api_url/accounts_url exclude each other",
                "data_center 与 api_url/accounts_url 不能同时填写",
            )
        for url in (self.api_url, self.accounts_url, self.web_url):
            if url is not None:
                _check_url(url)
        return self

    @property
    def region(self) -> Region | None:
        """Give the row of the data centre, or None with explicit addresses."""
        return REGIONS["com" if self.data_center == "us" else self.data_center] if self.data_center else None


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses of one organisation, and the hosts an access token may be sent to."""

    api: str
    accounts: str
    web: str
    api_hosts: frozenset[str]

    @property
    def all_hosts(self) -> frozenset[str]:
        return self.api_hosts | {host_of(self.accounts)}


def places(settings: ZohoSettings) -> Places:
    """Give the addresses that *settings* stand for; nothing a server says later may widen them."""
    region = settings.region
    if region is None:
        api, accounts = (settings.api_url or "").rstrip("/"), (settings.accounts_url or "").rstrip("/")
        return Places(api, accounts, (settings.web_url or api).rstrip("/"), frozenset({host_of(api)}))
    hosts = [_for_environment(host, settings.environment) for host in region.api]
    web = settings.web_url or f"https://{_web_host(region.web, settings.environment)}"
    return Places(f"https://{hosts[0]}", f"https://{region.accounts}", web.rstrip("/"), frozenset(hosts))


def _for_environment(host: str, environment: Environment) -> str:
    """Give the API host of an environment. Source: the official Python SDK 7.0.0 [seen]"""
    bare = host.removeprefix("www.")
    return host if environment == "production" else f"{environment}.{bare}"


def _web_host(host: str, environment: Environment) -> str:
    """Give the host of the UI: ``crm``, ``crmsandbox`` or ``crmdeveloper``. [assumed]"""
    return host if environment == "production" else f"crm{environment}.{host.removeprefix('crm.')}"


def _check_url(url: str) -> None:
    try:
        host_of(url)
    except ConfigError as exc:
        raise WrongValue(exc.message, exc.zh or exc.message) from exc
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise WrongValue("an address must not carry a query", "地址中不能带有查询参数")
