"""A generic webhook: one signed JSON document per message to an address of the operator's choice.

The signature covers the moment and the exact bytes: ``sha256=`` and the hexadecimal HMAC-SHA256 of
``<timestamp>.<body>``. The receiver can tell a repetition by ``X-Duban-Delivery``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import ClassVar, Literal

import pydantic

from connectors.base import Ports
from connectors.channels.base import ChannelSettings, Message, Pacer, Sent, open_http
from connectors.exchange import Answer, Call
from mapping.errors import DubanError, NeedsOperator, RecordRefused


class WebhookSettings(ChannelSettings):
    """``kind = "webhook"``.

    Args:
        secret: the key both sides know.
    """

    kind: Literal["webhook"]
    url: str
    secret: pydantic.SecretStr
    per_minute: int = pydantic.Field(default=60, ge=1, le=1000)


class Webhook(Pacer):
    """See ``connectors.channels.base.Channel``."""

    personal: ClassVar[bool] = True

    def __init__(self, settings: WebhookSettings, ports: Ports) -> None:
        super().__init__(ports, settings.per_minute)
        self.name = ports.name
        self._settings = settings
        self._clock = ports.clock
        self._secret = settings.secret.get_secret_value()
        self._http = open_http(settings, ports, settings.url, [self._secret], _classify)

    def send(self, message: Message) -> Sent:
        body = json.dumps(document(message), ensure_ascii=False, separators=(",", ":")).encode()
        now = str(self._clock.now_ms() // 1000)
        headers = {
            "content-type": "application/json",
            "x-duban-delivery": message.id,
            "x-duban-timestamp": now,
            "x-duban-signature": f"sha256={sign(now, body, self._secret)}",
        }
        self._http.request("POST", self._settings.url, kind="write", content=body, opaque=True, headers=headers)
        return Sent()

    def close(self) -> None:
        self._http.close()


def document(message: Message) -> dict[str, object]:
    """Give what the receiver gets."""
    to = {"name": message.to.name, "email": message.to.email, "user": message.to.user}
    return {
        "id": message.id, "kind": message.kind, "to": {key: value for key, value in to.items() if value},
        "subject": message.subject, "text": message.text, "language": message.language, "at_ms": message.at_ms,
        "facts": dict(message.facts),
    }  # fmt: skip


def sign(timestamp_s: str, body: bytes, secret: str) -> str:
    """Give the hexadecimal signature of a body at a moment."""
    return hmac.new(secret.encode(), timestamp_s.encode() + b"." + body, hashlib.sha256).hexdigest()


def _classify(_call: Call, answer: Answer) -> DubanError | None:
    if answer.status < 400 or answer.status >= 500 or answer.status == 429:
        return None
    if answer.status in (401, 403, 404, 410):
        return NeedsOperator(f"the receiver answered {answer.status}", zh=f"接收方答复 {answer.status}")
    return RecordRefused(f"the receiver answered {answer.status}", zh=f"接收方答复 {answer.status}")
