"""The access token of one FxiaoKe connection, in both generations of credentials.

A token lives 7200 s; during its first 6600 s the service hands out the same one again, so it is renewed in the last
300 s, or once when the service says it is no good. Source: FxiaoKe open platform, token rules [doc].
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.base import Ports, Token
from connectors.fxiaoke.answers import STEPS, error_of, meaning, read_code, read_text
from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.http import Http
from mapping.errors import AuthRefused, DubanError, NeedsOperator, Transient

HEADER_PATH: Final = "/oauth2.0/token"
BODY_PATH: Final = "/cgi/corpAccessToken/get/V2"
RENEW_BEFORE_MS: Final = 300_000
RENEW_PART: Final = 24
"""A token is renewed in the last 24th of its life, at most 300 s before its end; so short lives work too."""
MINTS: Final = 5
MINTS_WINDOW_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes along with a business call: headers in one generation, body fields in the other."""

    token: str
    org_id: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class TokenKeeper:
    """Hands out credentials; one token request in flight, at most 5 in 10 minutes, kept over restarts."""

    def __init__(self, settings: FxiaokeSettings, ports: Ports, http: Http) -> None:
        self._settings = settings
        self._ports = ports
        self._http = http
        self._lock = threading.Lock()
        self._token: Token | None = None

    def credentials(self) -> Credentials:
        """Give valid credentials, minting a token when there is none or its end is near.

        Raises:
            AuthRefused, NeedsOperator, Transient: the token service says so.
        """
        with self._lock:
            token = self._held()
            if token is None or self._ports.clock.now_ms() >= int(token.extra["renew_ms"]):
                token = self._mint()
            return self._dressed(token)

    def renew(self, refused: str) -> Credentials:
        """Give new credentials after the service refused the token *refused*.

        Raises:
            AuthRefused: the service hands out the refused token again; more calls would not help.
        """
        with self._lock:
            token = self._held()
            if token is None or token.value == refused:
                token = self._mint()
            if token.value == refused:
                step, step_zh = STEPS["auth"]
                refused_again = AuthRefused(
                    "the service refuses the token it has just confirmed",
                    zh="服务拒绝了它刚刚确认的令牌", next_step=step, next_step_zh=step_zh,
                )  # fmt: skip
                raise self._named(refused_again)
            return self._dressed(token)

    def secret_values(self) -> list[str]:
        """Give the token in use, to be hidden from messages."""
        return [self._token.value] if self._token is not None else []

    def _held(self) -> Token | None:
        if self._token is None:
            kept = self._ports.tokens.load()
            self._token = kept if kept is not None and kept.extra.get("for") == self._owner() else None
        return self._token

    def _mint(self) -> Token:
        now_ms = self._ports.clock.now_ms()
        self._check_cap(now_ms)
        self._ports.tokens.note_mint(now_ms)
        path = HEADER_PATH if self._header else BODY_PATH
        params = {"thirdTraceId": trace_id(self._ports)}
        answer = self._http.request("POST", path, kind="auth", params=params, json=self._request(), window=path)
        body = answer.body if isinstance(answer.body, dict) else {}
        self._token = self._read(body, now_ms)
        self._ports.tokens.save(self._token)
        return self._token

    def _check_cap(self, now_ms: int) -> None:
        recent = [at for at in self._ports.tokens.mints() if now_ms - MINTS_WINDOW_MS < at <= now_ms]
        if len(recent) >= MINTS:
            wait_s = (recent[-MINTS] + MINTS_WINDOW_MS - now_ms) / 1000
            raise self._named(Transient("too many token requests of our own", zh="令牌请求过多", retry_after_s=wait_s))

    def _request(self) -> dict[str, str]:
        asked = {
            "appId": self._settings.app_id,
            "appSecret": self._settings.app_secret.get_secret_value(),
            "permanentCode": self._settings.permanent_code.get_secret_value(),
        }
        return asked | {"grantType": "app_secret"} if self._header else asked

    def _read(self, body: Mapping[str, Any], now_ms: int) -> Token:
        code = read_code(body)
        value = body.get("accessToken" if self._header else "corpAccessToken")
        company = body.get("ea" if self._header else "corpId")
        if code != 0 or not isinstance(value, str) or not value or company in (None, ""):
            raise self._named(_refusal(code, self._http.hide(read_text(body))))
        lives_ms = _seconds(body.get("expiresIn")) * 1000
        renew_ms = now_ms + lives_ms - min(RENEW_BEFORE_MS, lives_ms // RENEW_PART)
        # The company goes back exactly as it came: some tenants have text there, some a number.
        extra = {"for": self._owner(), "company": json.dumps(company), "renew_ms": str(renew_ms)}
        return Token(value, now_ms + lives_ms, extra)

    def _dressed(self, token: Token) -> Credentials:
        company = json.loads(token.extra["company"])
        if self._header:
            headers = {
                "authorization": f"Bearer {token.value}",
                "x-fs-ea": str(company),
                "x-fs-userid": self._settings.actor,
            }
            return Credentials(token.value, str(company), headers, {})
        body = {"corpAccessToken": token.value, "corpId": company, "currentOpenUserId": self._settings.actor}
        return Credentials(token.value, str(company), {}, body)

    @property
    def _header(self) -> bool:
        return self._settings.credentials == "header"

    def _owner(self) -> str:
        """Name what a kept token was minted for, so that another app's is never used."""
        return f"{self._settings.credentials}:{self._settings.app_id}"

    def _named(self, error: DubanError) -> DubanError:
        error.connection = self._ports.name
        return error


def _seconds(raw: Any) -> int:
    """Give the life of a token; one that is not told lives for no time, so that the next call asks again."""
    try:
        return max(0, int(raw))
    except (TypeError, ValueError, OverflowError):
        return 0


def trace_id(ports: Ports) -> str:
    """Give a fresh id in the form of a UUID; the service asks for one on every call."""
    digits = f"{ports.rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))


def _refusal(code: int | None, text: str) -> DubanError:
    """Judge a token answer without a token by its code; one it does not explain is a refusal."""
    if code is None:
        return Transient("the token service answered without a code", zh="令牌服务答复无法识别")
    error = error_of(meaning(code, text, False, {}), code, text)
    kept = isinstance(error, Transient) or (isinstance(error, NeedsOperator) and code in (20021, 20022))
    return error if kept else AuthRefused(
        f"no token: {text[:120]}", zh=f"无法取得令牌：{text[:120]}", code=str(code),
        next_step=STEPS["auth"][0], next_step_zh=STEPS["auth"][1],
    )  # fmt: skip
