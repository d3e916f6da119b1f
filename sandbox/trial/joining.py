"""How a configuration meant for real CRMs is led to the pretended ones: which settings go, which take their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.main import FACES, Running
from sandbox.server import Server

KINDS: Final = tuple(FACES)
_PLACES: Final[Mapping[str, frozenset[str]]] = {
    "zoho": frozenset(
        {"data_center", "environment", "api_url", "accounts_url", "web_url", "client_id", "client_secret"}
        | {"refresh_token"}
    ),
    "fxiaoke": frozenset(
        {"base_url", "app_id", "app_secret", "permanent_code", "credentials", "user_id", "open_user_id", "zone"}
        | {"window_limit", "window_s", "daily_quota", "codes"}
    ),
}
"""Settings that say where and who a connection is, or what its own contract allows it."""
_COMMON: Final = frozenset(
    {"mode", "first_contact", "dedicated_user", "visible_after_s", "overlap_s", "deadline_s", "fallback_owner"}
)


def server_of(running: Running, kind: str) -> Server:
    """Give the pretended CRM of a kind."""
    server: Server = getattr(running, kind)
    return server


def joined(table: Mapping[str, Any], running: Running, visible_after_s: float) -> dict[str, Any]:
    """Give a connection's table with every address and credential replaced by those of the pretended CRM."""
    kind = str(table["kind"])
    kept = {name: value for name, value in table.items() if name not in _PLACES[kind] | _COMMON}
    common = {
        "mode": "live", "first_contact": "auto", "dedicated_user": True, "visible_after_s": visible_after_s,
        "overlap_s": 10, "deadline_s": 10,
    }  # fmt: skip
    return {**kept, **common, **_credentials(kind, running)}


def _credentials(kind: str, running: Running) -> dict[str, Any]:
    ready = running.ready[kind]
    if kind == "zoho":
        named = {name: ready[name] for name in ("client_id", "client_secret", "refresh_token")}
        return {"api_url": ready["api"], "accounts_url": ready["accounts"], **named}
    named = {name: ready[name] for name in ("app_id", "app_secret", "permanent_code")}
    # The pretended tenant has no ceiling unless asked for one: a trial need not wait for it.
    return {"base_url": ready["base"], **named, "user_id": bot_of(running, kind), "window_limit": 10_000}


def bot_of(running: Running, kind: str) -> str:
    """Give the user that the credentials belong to: whoever else changes a record is a person."""
    people = running.ready[kind]["users" if kind == "zoho" else "employees"]
    bot = next(one for one in people if one["bot"])
    return str(bot["id" if kind == "zoho" else "user_id"])


def change_of(kind: str, id: str) -> dict[str, Any]:
    """Give what a fault rule must match to strike the request that changes a record."""
    where = {"method": "PUT"} if kind == "zoho" else {"path": "/data/update"}
    return {**where, "body_match": id}
