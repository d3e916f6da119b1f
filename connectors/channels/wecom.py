"""A WeCom (企业微信) group robot.

Source: developer.work.weixin.qq.com, group robots: key in the address, text of 2048 bytes, 20 messages a minute,
errcode inside HTTP 200 [doc].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

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

LIMIT_BYTES: Final = 2048
FATES: Final[Mapping[int, Fate]] = {
    0: "ok",
    -1: "unknown",  # "system busy" [assumed]
    45009: "busy",
    45033: "busy",
    93000: "operator",  # the address is not valid
    93004: "operator",  # the robot was removed
    93008: "operator",  # the robot is not in the group any more
}


class WeComSettings(ChannelSettings):
    """``kind = "wecom"``.

    Args:
        key: of the robot's address.
    """

    kind: Literal["wecom"]
    url: str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
    key: pydantic.SecretStr


class WeCom(Robot):
    """See ``connectors.channels.base.Channel``."""

    def __init__(self, settings: WeComSettings, ports: Ports) -> None:
        self._settings = settings
        self._key = settings.key.get_secret_value()
        super().__init__(settings, ports, settings.url, [self._key], _classify)

    def send(self, message: Message) -> Sent:
        body = {"msgtype": "text", "text": {"content": fit(greeting(message), LIMIT_BYTES)}}
        params = {"key": self._key}
        self._http.request("POST", self._settings.url, kind="write", params=params, json=body)
        return Sent()


def _classify(_call: Call, answer: Answer) -> DubanError | None:
    said = fields_of(answer)
    return judge_code(answer, said.get("errcode"), said.get("errmsg"), FATES)
