"""Access tokens: one refresh at a time, shared over restarts, few of them, judged by the body.

Source: Zoho accounts documentation, Refresh access token [doc]; error bodies from public issue reports [seen]
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Any, Final

from connectors.base import Ports, Token
from connectors.hosts import host_of
from connectors.http import Http
from connectors.zoho.answers import THROTTLE_S, TOKEN_BODIES
from connectors.zoho.settings import Places, ZohoSettings, places
from mapping.errors import AuthRefused, ConfigError, DubanError, NeedsOperator, Transient

TOKEN_PATH: Final = "/oauth/v2/token"  # noqa: S105 - a path
RENEW_BEFORE_S: Final = 60.0
DEFAULT_LIFE_S: Final = 3600.0
MINTS: Final = 5
MINT_SPAN_MS: Final = 600_000
_THROTTLED: Final = "token-throttle"
_MILLISECONDS_FROM: Final = 100_000
"""An ``expires_in`` from here on is in milliseconds, as very old answers had it. [seen]"""


class Auth:
    """The access token of one connection; thread-safe.

    Args:
        http: the way out, with the accounts host among its allowed ones.
    """

    def __init__(self, http: Http, ports: Ports, settings: ZohoSettings) -> None:
        self._http = http
        self._ports = ports
        self._settings = settings
        self._places = places(settings)
        self._token: Token | None = None
        self._refused: tuple[float, DubanError] | None = None
        self._lock = threading.Lock()

    def secrets(self) -> list[str]:
        """Give the values that no message may show."""
        return [*_configured_secrets(self._settings), *([self._token.value] if self._token else [])]

    def token(self) -> Token:
        """Give a token that is good for a minute at least, minting one only when there is none.

        Raises:
            AuthRefused: a person must authorise anew. Transient: token service down or throttled.
        """
        with self._lock:
            held = self._held()
            return held if held is not None else self._mint()

    def renew(self, stale: str) -> Token:
        """Give a token other than *stale*, which the API did not accept; somebody else's new one will do."""
        with self._lock:
            held = self._held()
            if held is not None and held.value != stale:
                return held
            return self._mint()

    def _held(self) -> Token | None:
        """Give the token in hand or in the box while it is ours and lives."""
        stored = self._ports.tokens.load() if self._token is None or self._dying(self._token) else self._token
        if stored is None or self._dying(stored) or stored.extra.get("for") != fingerprint(self._settings):
            return None
        if not _trusted(stored.extra.get("api_domain", self._places.api), self._places):
            return None
        self._token = stored
        return stored

    def _dying(self, token: Token) -> bool:
        return token.expires_ms - self._ports.clock.now_ms() < RENEW_BEFORE_S * 1000

    def _mint(self) -> Token:
        self._check_refusal()
        if self._settings.refresh_token is None:
            raise AuthRefused(
                "no refresh token yet", zh="尚无刷新令牌", connection=self._ports.name,
                next_step="run: duban auth zoho", next_step_zh="请执行 duban auth zoho",
            )  # fmt: skip
        check_mints(self._ports)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._settings.refresh_token.get_secret_value(),
            **_client(self._settings),
        }
        try:
            body = ask(self._http, self._ports, self._places, form)
        except AuthRefused as refused:
            self._refused = (self._ports.clock.monotonic(), refused)
            raise
        self._token = keep(self._ports, self._settings, body)
        return self._token

    def _check_refusal(self) -> None:
        """Repeat a refusal from memory for a while: asking again only extends a lock-out."""
        if self._refused is not None and self._ports.clock.monotonic() - self._refused[0] < THROTTLE_S:
            error = self._refused[1]
            raise AuthRefused(
                error.message, zh=error.zh, connection=error.connection, code=error.code,
                next_step=error.next_step, next_step_zh=error.next_step_zh,
            )  # fmt: skip


def exchange_grant(ports: Ports, settings: ZohoSettings, code: str) -> str:
    """Exchange a one-time grant code for a refresh token, and keep the access token that comes with it.

    Args:
        code: from the API console's Self Client; works once, within the minutes chosen there.
    Raises:
        AuthRefused: code used, expired or made at another data centre. Transient: try again later.
    """
    where = places(settings)
    secrets = [*_configured_secrets(settings), code]
    http = Http(
        ports, base_url=where.accounts, allowed_hosts=where.all_hosts, secrets=lambda: secrets, pool=1,
        deadline_s=settings.deadline_s,
    )  # fmt: skip
    try:
        check_mints(ports)
        body = ask(http, ports, where, {"grant_type": "authorization_code", "code": code, **_client(settings)})
        refresh_token = body.get("refresh_token")
        if not isinstance(refresh_token, str) or not refresh_token:
            raise AuthRefused(
                "the answer holds no refresh token", zh="答复中没有刷新令牌", connection=ports.name,
                next_step="make a new grant code with a Self Client", next_step_zh="请用 Self Client 重新生成授权码",
            )  # fmt: skip
        keep(ports, settings, body, refresh_token)
        return refresh_token
    finally:
        http.close()


def ask(http: Http, ports: Ports, where: Places, form: Mapping[str, str]) -> Mapping[str, Any]:
    """Give the body of a successful token answer, its ``api_domain`` checked.

    Raises:
        AuthRefused, Transient: by the body. NeedsOperator: the answer sends us to a host nobody configured.
    """
    ports.tokens.note_mint(ports.clock.now_ms())
    answer = http.request("POST", where.accounts + TOKEN_PATH, kind="auth", form=form)
    body = answer.body
    if not isinstance(body, dict) or not isinstance(body.get("access_token"), str) or not body["access_token"]:
        raise _refusal(http, ports, body)
    domain = body.get("api_domain")
    if domain is not None and not _trusted(domain, where):
        raise NeedsOperator(
            "the token answer names an API host that is not of the configured data centre; the token is not used",
            zh="令牌答复中的 API 主机不属于所配置的数据中心，令牌未使用", connection=ports.name,
            next_step="check data_center or api_url", next_step_zh="请检查 data_center 或 api_url",
        )  # fmt: skip
    return body


def keep(ports: Ports, settings: ZohoSettings, body: Mapping[str, Any], refresh_token: str | None = None) -> Token:
    """Store the token of an answer, so that a restart mints none, and give it."""
    extra = {"for": fingerprint(settings, refresh_token)}
    if isinstance(body.get("api_domain"), str):
        extra["api_domain"] = str(body["api_domain"]).rstrip("/")
    expires_ms = ports.clock.now_ms() + int(life_s(body) * 1000)
    token = Token(str(body["access_token"]), expires_ms, extra)
    ports.tokens.save(token)
    return token


def life_s(body: Mapping[str, Any]) -> float:
    """Give the seconds a new token lives; an hour when the answer does not say."""
    for key in ("expires_in_sec", "expires_in"):
        value = body.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return value / 1000 if value >= _MILLISECONDS_FROM else float(value)
    return DEFAULT_LIFE_S


def check_mints(ports: Ports) -> None:
    """Stop before the vendor's own limit of ten would: five requests in ten minutes, and none while throttled.

    Raises:
        Transient: with the wait.
    """
    now = ports.clock.now_ms()
    recent = [min(at, now) for at in ports.tokens.mints() if min(at, now) > now - MINT_SPAN_MS]
    throttled = [min(at, now) for at in ports.windows.load(_THROTTLED)]
    free_at = max(
        [at + int(THROTTLE_S * 1000) for at in throttled]
        + ([recent[-MINTS] + MINT_SPAN_MS] if len(recent) >= MINTS else [])
        + [0]
    )
    if free_at > now:
        raise Transient(
            "no further token request for now", zh="暂不再请求令牌", connection=ports.name,
            retry_after_s=(free_at - now) / 1000,
        )  # fmt: skip


def fingerprint(settings: ZohoSettings, refresh_token: str | None = None) -> str:
    """Give a short mark of the credentials a token was made with; nothing can be read back from it."""
    secret = settings.refresh_token.get_secret_value() if settings.refresh_token else ""
    whole = f"{settings.client_id.get_secret_value()}\n{refresh_token or secret}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _refusal(http: Http, ports: Ports, body: Any) -> DubanError:
    error = str(body.get("error") or "") if isinstance(body, dict) else ""
    kind, text, zh = TOKEN_BODIES.get(error, (AuthRefused, "the token request is refused", "令牌请求被拒绝"))
    code = http.hide(error)[:60] or None
    if issubclass(kind, Transient):
        ports.windows.save(_THROTTLED, [ports.clock.now_ms()])
        return kind(text, zh=zh, connection=ports.name, code=code, retry_after_s=THROTTLE_S)
    if not error:
        return Transient("the sign-in service answered no token", zh="登录服务未返回令牌", connection=ports.name)
    step = "make a grant code and run: duban auth zoho"
    return kind(
        text, zh=zh, connection=ports.name, code=code, next_step=step, next_step_zh="请生成授权码并执行 duban auth zoho"
    )


def _trusted(domain: object, where: Places) -> bool:
    try:
        return isinstance(domain, str) and host_of(domain) in where.api_hosts
    except ConfigError:
        return False


def _client(settings: ZohoSettings) -> dict[str, str]:
    return {
        "client_id": settings.client_id.get_secret_value(),
        "client_secret": settings.client_secret.get_secret_value(),
    }


def _configured_secrets(settings: ZohoSettings) -> list[str]:
    values = [settings.client_id, settings.client_secret, settings.refresh_token]
    return [value.get_secret_value() for value in values if value is not None]
