"""A DingTalk (钉钉) group robot.

The signature goes into the query and is quoted exactly once, by the HTTP layer. An error comes with HTTP 200.
Source: open.dingtalk.com, custom robots: address, signature in milliseconds, 20 messages a minute, then 10 minutes of
silence [doc]; errcode 310000 with a wrong signature [seen in public reports].
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, Literal

import pydantic

from connectors.base import Ports
from connectors.channels.base import (
    ChannelSettings,
    Fate,
    Message,
    Robot,
    Sent,
    fields_of,
    fit,
    greeting,
    judge_code,
)
from connectors.exchange import Answer, Call
from mapping.errors import DubanError

LIMIT_BYTES: Final = 18_000
"""Below the 20 000 the vendor takes [assumed], with room for the JSON around it."""
TOO_FAST_WAIT_S: Final = 600.0
FATES: Final[Mapping[int, Fate]] = {
    0: "ok",
    -1: "unknown",  # "system busy": nobody says that nothing was sent [assumed]
    130101: "busy",
    88: "busy",
    310000: "operator",  # signature, keyword or address not allowed
    300001: "operator",  # no such robot
    300005: "operator",
    400013: "operator",  # the group is gone
    400101: "operator",  # access_token does not exist
    400102: "operator",  # the robot was stopped
}


class DingTalkSettings(ChannelSettings):
    """``kind = "dingtalk"``.

    Args:
        token: ``access_token`` of the robot's address. secret: of its signature (``SEC...``), when it has one.
        keyword: put first, for robots that demand one.
    """

    kind: Literal["dingtalk"]
    url: str = "https://oapi.dingtalk.com/robot/send"
    token: pydantic.SecretStr
    secret: pydantic.SecretStr | None = None
    keyword: str = ""


class DingTalk(Robot):
    """See ``connectors.channels.base.Channel``."""

    def __init__(self, settings: DingTalkSettings, ports: Ports) -> None:
        self._settings = settings
        self._clock = ports.clock
        self._token = settings.token.get_secret_value()
        self._secret = settings.secret.get_secret_value() if settings.secret else ""
        super().__init__(settings, ports, settings.url, [self._token, self._secret], _classify)

    def send(self, message: Message) -> Sent:
        text = fit(greeting(message, self._settings.keyword), LIMIT_BYTES)
        body = {"msgtype": "text", "text": {"content": text}, "at": {"isAtAll": False}}
        params: dict[str, Any] = {"access_token": self._token}
        if self._secret:
            now = str(self._clock.now_ms())
            params |= {"timestamp": now, "sign": sign(now, self._secret)}
        self._http.request("POST", self._settings.url, kind="write", params=params, json=body)
        return Sent()


def sign(timestamp_ms: str, secret: str) -> str:
    """Give the signature of a moment, not quoted.

    Shape: base64(HMAC-SHA256(key=secret, text=timestamp + newline + secret))
    """
    made = hmac.new(secret.encode(), f"{timestamp_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


def _classify(_call: Call, answer: Answer) -> DubanError | None:
    said = fields_of(answer)
    return judge_code(answer, said.get("errcode"), said.get("errmsg"), FATES, wait_s=TOO_FAST_WAIT_S)
