"""The push's cryptography against a vector made with the vendor's 2020 algorithm."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.fxiaoke.events import Event, Pusher, decrypt, encrypt, is_success, push_body, send_http, signature
from sandbox.fxiaoke.settings import Settings

KEY = "ZHViYW4tc2FtcGxlLWFlcy1rZXktbm90LXNlY3JldCE="
EVENT = Event("update", "AccountObj", "66f66d8b25255b0000000001", 1757000000123, "EXAMPLEMESSAGEID0001")
CONTENT = (
    "vJsqI0HDa0yEMnOLxvz2rq3NkEmk/NOOdtSlR0uzvxq22xKkZ8Cftwfc/2lkJllsKLlUOGkZwVZxj3AVBAYYGCmXMnq6sYhd4EYDna4W"
    "qZQOAeLAfN/V6V/4+POcXR9RXJT+ImnffYFXWF+VU+RDW8/8iS9oXL36xHgOfpmjlqc8xZ2BoBoaoM0Fb2XQiIP31qp5xoauDbLvijXk"
    "jKb0daCbr4ICnjT3+5f5v0Q7+BE="
)
ANSWER = {
    "timestamp": 1757000002000,
    "nonce": "123456",
    "encryptedResult": "7iDqcASC+eVN6nO5p9tfrQ==",
    "signature": "8e61987b287ddcd40bf783732fb6991e20801807",
}


def test_the_vector_decrypts_to_its_pointer() -> None:
    told = json.loads(decrypt(CONTENT, KEY))
    assert told == json.loads(EVENT.plain(123456))


def test_encryption_is_undone_by_decryption_whatever_the_length() -> None:
    for length in (0, 1, 15, 16, 17, 64):
        text = "督" * length
        assert decrypt(encrypt(text, KEY), KEY) == text


def test_the_vector_s_signatures_come_out_the_same() -> None:
    parts = (1757000001000, "exampleNonce0001", EVENT.message_id)
    assert signature(*parts, "exampleco", CONTENT, KEY) == "a916a1845982b4f1628dc0a149e2561c7020515e"
    assert signature(*parts, 1, "exampleco", CONTENT, KEY) == "3c90766534053583276f3d06a1e1b7a6f939e265"


def test_a_retry_is_signed_with_its_number() -> None:
    first = push_body(EVENT, 123456, "exampleco", KEY, 1, "n")
    again = push_body(EVENT, 123456, "exampleco", KEY, 1, "n", retry=2)
    assert "retryTimes" not in first
    assert again["retryTimes"] == 2
    assert first["signature"] != again["signature"]


def test_only_a_signed_success_counts() -> None:
    assert is_success(ANSWER, KEY)
    refused = encrypt("failed", KEY)
    other = {**ANSWER, "encryptedResult": refused, "signature": signature(1757000002000, "123456", refused, KEY)}
    for answer in (None, [], {}, {**ANSWER, "nonce": "1"}, {**ANSWER, "encryptedResult": "eA=="}, other):
        assert not is_success(answer, KEY)


def test_events_go_over_http_only() -> None:
    with pytest.raises(ValueError, match="file:"):
        send_http("file:///etc/hosts", b"")


@pytest.fixture
def pushed() -> Callable[..., tuple[Pusher, list[dict[str, Any]]]]:
    def make(settings: Settings) -> tuple[Pusher, list[dict[str, Any]]]:
        sent: list[dict[str, Any]] = []

        def send(_: str, body: bytes) -> Any:
            sent.append(json.loads(body))
            return ANSWER

        return Pusher(VirtualClock(), "exampleco", 1, lambda: settings, send), sent

    return make


def test_nothing_is_kept_or_started_without_a_subscriber(pushed: Any) -> None:
    pusher, sent = pushed(Settings())
    pusher.notify("update", "AccountObj", "1")
    pusher.close()
    assert sent == []


def test_closing_ends_the_pushing(pushed: Any) -> None:
    pusher, sent = pushed(Settings(event_url="http://127.0.0.1:1/", event_key=KEY, event_reverse=5))
    pusher.notify("update", "AccountObj", "1")
    pusher.close()
    pusher.notify("update", "AccountObj", "2")
    assert sent == []
