"""The accounts server: grant and refresh tokens in, access tokens out, with the limits that bite.

Source: Zoho Accounts documentation, "Refresh access token" [doc]: errors come in a 200 body, 10 access tokens per
refresh token and 10 minutes, 30 live access tokens per refresh token; the bodies [seen]
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Final
from urllib.parse import parse_qs

from sandbox.clock import Clock
from sandbox.wire import Reply, Request

MINT_WINDOW_MS: Final = 600_000
LIVE_TOKENS: Final = 30
THROTTLED: Final = {
    "error": "Access Denied",
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "status": "failure",
}


@dataclass(slots=True)
class _Access:
    refresh_token: str
    user: str
    expires_ms: int


@dataclass(slots=True)
class OAuth:
    """Tokens of one organisation. Not thread-safe: the caller holds the world's lock.

    Args:
        client_id, client_secret: of the one registered client.
        grants: one-time codes -> user id.
        refresh_tokens: live refresh tokens -> user id.
        token_life_s, mint_limit: settable.
    """

    clock: Clock
    client_id: str
    client_secret: str
    grants: dict[str, str]
    refresh_tokens: dict[str, str]
    token_life_s: float = 3600
    mint_limit: int = 10
    _access: dict[str, _Access] = field(default_factory=dict)
    _mints: dict[str, deque[int]] = field(default_factory=dict)
    _count: int = 0

    def token(self, request: Request, base_url: str) -> Reply:
        """Answer the token call; parameters may stand in the form, in the query, or in both."""
        given = _given(request)
        if given.get("client_id") != self.client_id:
            return Reply(200, {"error": "invalid_client"})
        if given.get("client_secret") != self.client_secret:
            return Reply(200, {"error": "invalid_client_secret"})
        if given.get("grant_type") == "authorization_code":
            return self._exchange(given, base_url)
        if given.get("grant_type") != "refresh_token":
            return Reply(200, {"error": "unsupported_grant_type"})
        refresh = given.get("refresh_token", "")
        if refresh not in self.refresh_tokens:
            return Reply(200, {"error": "invalid_code"})
        if self._throttled(refresh):
            return Reply(400, THROTTLED)
        return Reply(200, self._mint(refresh, base_url))

    def revoke(self, request: Request) -> Reply:
        """Answer the revoke call."""
        token = _given(request).get("token", "")
        if self.refresh_tokens.pop(token, None) is None:
            return Reply(200, {"error": "invalid_code"})
        self._access = {name: one for name, one in self._access.items() if one.refresh_token != token}
        return Reply(200, {"status": "success"})

    def user_of(self, authorization: str) -> str | None:
        """Give the user behind an Authorization header; None when its token is unknown, old or missing."""
        _, _, token = authorization.partition(" ")
        access = self._access.get(token.strip())
        if access is None or access.expires_ms <= self.clock.now_ms():
            return None
        return access.user

    def expire_all(self) -> None:
        """Make every access token of now invalid."""
        self._access.clear()

    def _exchange(self, given: Mapping[str, str], base_url: str) -> Reply:
        user = self.grants.pop(given.get("code", ""), None)
        if user is None:
            return Reply(200, {"error": "invalid_code"})
        self._count += 1
        refresh = f"1000.{_digest(self.client_secret, 'refresh', self._count)}"
        self.refresh_tokens[refresh] = user
        return Reply(200, {**self._mint(refresh, base_url), "refresh_token": refresh})

    def _throttled(self, refresh: str) -> bool:
        now_ms = self.clock.now_ms()
        mints = self._mints.setdefault(refresh, deque())
        while mints and mints[0] <= now_ms - MINT_WINDOW_MS:
            mints.popleft()
        if len(mints) >= self.mint_limit:
            return True
        mints.append(now_ms)
        return False

    def _mint(self, refresh: str, base_url: str) -> dict[str, object]:
        self._count += 1
        token = f"1000.{_digest(self.client_secret, 'access', self._count)}"
        mine = [name for name, one in self._access.items() if one.refresh_token == refresh]
        for name in mine[: max(0, len(mine) - LIVE_TOKENS + 1)]:
            del self._access[name]
        expires_ms = self.clock.now_ms() + round(self.token_life_s * 1000)
        self._access[token] = _Access(refresh, self.refresh_tokens[refresh], expires_ms)
        return {
            "access_token": token,
            "scope": "ZohoCRM.modules.ALL ZohoCRM.settings.ALL",
            "api_domain": base_url,
            "token_type": "Bearer",
            "expires_in": round(self.token_life_s),
        }


def _given(request: Request) -> dict[str, str]:
    """Give the parameters of a call: from the query, a form, or a form in parts (the official Node SDK) [seen]."""
    given = {name: values[0] for name, values in request.query.items()}
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
        for part in whole.walk():
            name = part.get_param("name", header="content-disposition")
            if isinstance(name, str):
                given[name] = str(part.get_payload()).strip()
        return given
    return {**given, **{name: values[0] for name, values in parse_qs(request.text).items()}}


def _digest(secret: str, kind: str, number: int) -> str:
    text = hashlib.sha256(f"{secret}/{kind}/{number}".encode()).hexdigest()
    return f"{text[:32]}.{text[32:]}"
