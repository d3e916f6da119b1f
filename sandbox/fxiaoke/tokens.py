"""The token desk: both generations of credentials, with the rules of the real one.

A token lives 7,200 s. Asking again gives the same token for the first 6,600 s, then a new one while the old still
works. Ten calls a minute, one at a time. Source: FxiaoKe authentication documentation [doc]
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sandbox.clock import Clock
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.settings import Settings

Generation = Literal["A", "B"]
Wire = dict[str, Any]

RENEW_BEFORE_S: Final = 600
MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What identifies the app at this tenant, and the tenant itself."""

    app_id: str
    app_secret: str
    permanent_code: str
    corp_id: str
    ea: str


@dataclass(slots=True)
class Issued:
    value: str
    dies_ms: int


class TokenDesk:
    """Hands out tokens and says whether one is good.

    Args:
        clock: the tenant's clock.
        credentials: the only app this tenant knows.
    """

    def __init__(self, clock: Clock, credentials: Credentials) -> None:
        self.credentials = credentials
        self._clock = clock
        self._issued: dict[Generation, list[Issued]] = {"A": [], "B": []}
        self._calls_ms: list[int] = []
        self._inside = 0
        self._count = 0
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget every token and call."""
        with self._lock:
            self._issued = {"A": [], "B": []}
            self._calls_ms = []

    def expire_all(self) -> None:
        """Kill every token handed out so far."""
        with self._lock:
            self._issued = {"A": [], "B": []}

    def move(self, ea: str) -> None:
        """Let the same app credentials lead to another company; tokens of this one die."""
        corp_id = "FSCID_" + hashlib.sha256(ea.encode()).hexdigest().upper()[:32]
        self.credentials = replace(self.credentials, ea=ea, corp_id=corp_id)
        self.expire_all()

    def enter(self, settings: Settings) -> None:
        """Note that a token call has come in.

        Raises:
            Refusal: the eleventh within a minute, or one beside another.
        """
        with self._lock:
            now_ms = self._clock.now_ms()
            self._calls_ms = [at for at in self._calls_ms if now_ms - at < MINUTE_MS]
            crowded = self._inside > 0 and settings.token_one_at_a_time
            if crowded or len(self._calls_ms) >= settings.token_calls_per_minute:
                raise Refusal("token_limit", "interface call over limit", "接口调用超过限制")
            self._calls_ms.append(now_ms)
            self._inside += 1

    def leave(self) -> None:
        """Note that a token call that was let in has been answered."""
        with self._lock:
            self._inside -= 1

    def check_app(self, body: Wire, settings: Settings, code_needed: bool = True) -> None:
        """Let an app with the right id, secret and code pass.

        Raises:
            Refusal: something is missing or wrong, or the app is switched off.
        """
        wanted = [
            ("appId", self.credentials.app_id, "app_id_missing", "app_wrong"),
            ("appSecret", self.credentials.app_secret, "app_secret_missing", "app_wrong"),
        ]
        if code_needed:
            wanted.append(("permanentCode", self.credentials.permanent_code, "code_missing", "code_wrong"))
        for name, right, missing, wrong in wanted:
            given = body.get(name)
            if given == right:
                continue
            if settings.table_codes:
                raise Refusal(wrong if given else missing)
            # The live gateway names the parameter but answers 10006 for any of them [seen for appSecret].
            raise Refusal("app_secret", f"the parameter {name} is missing or illegal", "缺少参数或参数不合法")
        if settings.app_state == "disabled":
            raise Refusal("app_disabled")
        if settings.app_state == "unauthorised":
            raise Refusal("not_authorised")

    def hand_out(self, generation: Generation, settings: Settings) -> tuple[str, int]:
        """Give a token and the whole seconds it has left."""
        with self._lock:
            now_ms = self._clock.now_ms()
            life_ms = round(settings.token_life_s * 1000)
            renew_ms = min(RENEW_BEFORE_S * 1000, life_ms // 12)
            kept = [token for token in self._issued[generation] if token.dies_ms > now_ms]
            if not kept or kept[-1].dies_ms - now_ms <= renew_ms:
                kept.append(Issued(self._new_value(generation), now_ms + life_ms))
            self._issued[generation] = kept
            return kept[-1].value, (kept[-1].dies_ms - now_ms) // 1000

    def is_good(self, generation: Generation, value: Any) -> bool:
        """Say whether that token works now."""
        with self._lock:
            now_ms = self._clock.now_ms()
            return any(token.value == value and token.dies_ms > now_ms for token in self._issued[generation])

    def _new_value(self, generation: Generation) -> str:
        self._count += 1
        seed = f"{self.credentials.app_secret}/{generation}/{self._count}/{self._clock.now_ms()}"
        return hashlib.sha256(seed.encode()).hexdigest().upper()
