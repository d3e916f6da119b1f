"""A Feishu / Lark (飞书) group robot.

Its signature is made the other way round from DingTalk's: the moment in seconds and the secret are the key, the text
is empty, and both stand in the body.
Source: open.feishu.cn, custom robots: hook address, signature, code inside HTTP 200, 100 messages a minute [doc];
19021 with a wrong signature or a clock an hour off [seen in public reports].
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

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
"""The vendor takes requests of 20 KB [doc]."""
FATES: Final[Mapping[int, Fate]] = {
    0: "ok",
    11232: "busy",
    9499: "refused",  # bad request
    19001: "operator",  # no such hook
    19007: "operator",  # the robot was stopped
    19021: "operator",  # signature, or our clock
    19022: "operator",  # our address is not allowed
    19024: "operator",  # keyword missing
}


class FeishuSettings(ChannelSettings):
    """``kind = "feishu"``.

    Args:
        token: the last part of the hook's address. secret: of its signature, when it has one.
        keyword: put first, for robots that demand one.
    """

    kind: Literal["feishu"]
    url: str = "https://open.feishu.cn/open-apis/bot/v2/hook"
    token: pydantic.SecretStr
    secret: pydantic.SecretStr | None = None
    keyword: str = ""


class Feishu(Robot):
    """See ``connectors.channels.base.Channel``."""

    def __init__(self, settings: FeishuSettings, ports: Ports) -> None:
        self._settings = settings
        self._clock = ports.clock
        self._token = settings.token.get_secret_value()
        self._secret = settings.secret.get_secret_value() if settings.secret else ""
        super().__init__(settings, ports, settings.url, [self._token, self._secret], _classify)

    def send(self, message: Message) -> Sent:
        text = fit(greeting(message, self._settings.keyword), LIMIT_BYTES)
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self._secret:
            now = str(self._clock.now_ms() // 1000)
            body = {"timestamp": now, "sign": sign(now, self._secret), **body}
        url = f"{self._settings.url.rstrip('/')}/{quote(self._token, safe='')}"
        self._http.request("POST", url, kind="write", json=body)
        return Sent()


def sign(timestamp_s: str, secret: str) -> str:
    """Give the signature of a moment.

    Shape: base64(HMAC-SHA256(key=timestamp + newline + secret, text=nothing))
    """
    return base64.b64encode(hmac.new(f"{timestamp_s}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def _classify(_call: Call, answer: Answer) -> DubanError | None:
    said = fields_of(answer)
    code, text = said.get("code", said.get("StatusCode")), said.get("msg", said.get("StatusMessage"))
    return judge_code(answer, code, text, FATES)
