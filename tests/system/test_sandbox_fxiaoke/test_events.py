"""Events pushed to a subscriber on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.fxiaoke.events import decrypt, encrypt, signature

KEY = "ZHViYW4tc2FtcGxlLWFlcy1rZXktbm90LXNlY3JldCE="


class Subscriber:
    """A subscriber that checks signatures and answers as the service wants, or refuses the first few."""

    def __init__(self) -> None:
        self.pushes: list[dict[str, Any]] = []
        self.refuse = 0
        self.arrived = threading.Condition()
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(subscriber.take(body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                return None

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/events"

    def take(self, body: dict[str, Any]) -> Any:
        with self.arrived:
            self.pushes.append(body)
            self.arrived.notify_all()
            if self.refuse:
                self.refuse -= 1
                return {"error": "not now"}
        result = encrypt("success", KEY)
        signed = signature(1, "n", result, KEY)
        return {"timestamp": 1, "nonce": "n", "encryptedResult": result, "signature": signed}

    def wait(self, count: int) -> list[dict[str, Any]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.pushes) >= count, timeout=10)
            return list(self.pushes)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    subscriber = Subscriber()
    yield subscriber
    subscriber.close()


def plain(push: dict[str, Any]) -> dict[str, Any]:
    return json.loads(decrypt(push["encryptedContent"], KEY))


def is_signed(push: dict[str, Any]) -> bool:
    retried = (push["retryTimes"],) if "retryTimes" in push else ()
    parts = (push["timestamp"], push["nonce"], push["messageId"], *retried)
    return push["signature"] == signature(*parts, push["enterpriseAccount"], push["encryptedContent"], KEY)


@pytest.fixture
def subscribed(make_tenant: Callable[..., Any], subscriber: Subscriber) -> Any:
    tenant = make_tenant()
    tenant.set(event_url=subscriber.url, event_key=KEY, event_retry_s=0.01)
    return tenant


def test_a_change_is_pushed_signed_and_encrypted(subscribed: Any, subscriber: Subscriber) -> None:
    id = subscribed.create("AccountObj", {"name": "Pushed"})["dataId"]
    push = subscriber.wait(1)[0]
    assert is_signed(push)
    told = plain(push)
    assert (told["eventType"], told["apiName"], told["dataId"]) == ("create", "AccountObj", id)
    assert told["messageId"] == push["messageId"]
    assert "retryTimes" not in push


def test_every_kind_of_change_is_told_in_order(subscribed: Any, subscriber: Subscriber) -> None:
    id = subscribed.create("AccountObj", {"name": "Pushed"})["dataId"]
    subscribed.update("AccountObj", id, {"remark": "x"})
    subscribed.do("invalid", "AccountObj", object_data_id=id)
    subscribed.do("recover", "AccountObj", idList=[id])
    subscribed.sim("DELETE", "records", {"object": "AccountObj", "id": id})
    subscribed.do("delete", "AccountObj", idList=[id])
    kinds = [plain(push)["eventType"] for push in subscriber.wait(6)]
    assert kinds == ["create", "update", "invalid", "recover", "invalid", "delete"]


def test_a_refused_push_comes_again_with_its_number(subscribed: Any, subscriber: Subscriber) -> None:
    subscriber.refuse = 2
    subscribed.create("AccountObj", {"name": "Pushed"})
    pushes = subscriber.wait(3)
    assert [push.get("retryTimes") for push in pushes] == [None, 1, 2]
    assert len({push["messageId"] for push in pushes}) == 1
    assert all(is_signed(push) for push in pushes)
    for _ in range(500):
        pushed = subscribed.sim("GET", "settings")["pushed"]
        if len(pushed) == 3:
            break
        threading.Event().wait(0.01)
    assert [accepted for _, _, accepted in pushed] == [False, False, True]


def test_pushes_can_be_forged_doubled_and_turned_round(subscribed: Any, subscriber: Subscriber) -> None:
    subscribed.set(event_bad_signature=True)
    subscribed.create("AccountObj", {"name": "Forged"})
    assert not is_signed(subscriber.wait(1)[0])
    subscribed.set(event_bad_signature=False, event_duplicates=1)
    subscribed.create("AccountObj", {"name": "Doubled"})
    first, second = subscriber.wait(3)[1:]
    assert first["messageId"] == second["messageId"]
    subscribed.set(event_duplicates=0, event_reverse=2)
    ids = [subscribed.create("AccountObj", {"name": name})["dataId"] for name in ("One", "Two")]
    assert [plain(push)["dataId"] for push in subscriber.wait(5)[3:]] == ids[::-1]


def test_a_subscriber_that_is_gone_does_not_hold_up_writes(make_tenant: Callable[..., Any]) -> None:
    tenant = make_tenant()
    tenant.set(event_url="http://127.0.0.1:1/", event_key=KEY, event_retries=0)
    assert tenant.create("AccountObj", {"name": "x"})["errorCode"] == 0
    for _ in range(500):
        if tenant.sim("GET", "settings")["pushed"]:
            break
        threading.Event().wait(0.01)
    assert tenant.sim("GET", "settings")["pushed"][0][2] is False
