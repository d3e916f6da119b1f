"""Pushing changes to a subscriber: signed, encrypted, and on request as badly as networks do it.

Source: the vendor's event call-back demo of 2020, its test vector recomputed [seen]; retries and the names of events
other than ``update`` are [assumed].
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from sandbox.clock import Clock
from sandbox.fxiaoke.settings import Settings

Wire = dict[str, Any]
ANSWER: Final = "success"
TIMEOUT_S: Final = 5.0


def signature(*parts: Any) -> str:
    """Give the hex SHA-1 of the parts written one after another."""
    return hashlib.sha1("".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def encrypt(plain: str, key: str) -> str:
    """Give base64 of AES-256-CBC over *plain*; *key* is the base64 text of 32 bytes, its first 16 are the IV."""
    raw = base64.b64decode(key)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    padded = padder.update(plain.encode()) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(text: str, key: str) -> str:
    """Undo ``encrypt``.

    Raises:
        ValueError: another key made it, or it is damaged.
    """
    raw = base64.b64decode(key)
    decryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).decryptor()
    padded = decryptor.update(base64.b64decode(text)) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return (unpadder.update(padded) + unpadder.finalize()).decode()


@dataclass(frozen=True, slots=True)
class Event:
    """One change: a bare pointer to a record."""

    kind: str
    object: str
    id: str
    at_ms: int
    message_id: str

    def plain(self, tenant_id: int) -> str:
        return json.dumps(
            {
                "tenantId": tenant_id,
                "eventType": self.kind,
                "apiName": self.object,
                "dataId": self.id,
                "timestamp": self.at_ms,
                "messageId": self.message_id,
            }
        )


def push_body(event: Event, tenant_id: int, ea: str, key: str, now_ms: int, nonce: str, retry: int = 0) -> Wire:
    """Give the body of one push, signed; ``retryTimes`` is there from the second try on."""
    content = encrypt(event.plain(tenant_id), key)
    retried = (retry,) if retry else ()
    body: Wire = {
        "timestamp": now_ms,
        "nonce": nonce,
        "messageId": event.message_id,
        "enterpriseAccount": ea,
        "encryptedContent": content,
        "signature": signature(now_ms, nonce, event.message_id, *retried, ea, content, key),
    }
    return {**body, "retryTimes": retry} if retry else body


def is_success(answer: Any, key: str) -> bool:
    """Say whether a subscriber's answer is the signed and encrypted "success"."""
    if not isinstance(answer, dict):
        return False
    result = str(answer.get("encryptedResult", ""))
    expected = signature(answer.get("timestamp", ""), answer.get("nonce", ""), result, key)
    try:
        return answer.get("signature") == expected and decrypt(result, key) == ANSWER
    except ValueError:
        return False


Send = Callable[[str, bytes], Any]


def send_http(url: str, body: bytes) -> Any:
    """POST a push and give the answer's JSON; None when there was none.

    Raises:
        ValueError: the address is not http.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(url)
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310
            return json.loads(reply.read(65536) or b"null")
    except (urllib.error.URLError, OSError, ValueError):
        return None


@dataclass(slots=True)
class Pusher:
    """Sends events in a thread of its own; the thread starts with the first event.

    Args:
        settings: gives the switches of the moment.
        results: (message id, try, accepted) of every push, newest last.
    """

    clock: Clock
    ea: str
    tenant_id: int
    settings: Callable[[], Settings]
    send: Send = send_http
    results: deque[tuple[str, int, bool]] = field(default_factory=lambda: deque(maxlen=1000))
    _queue: deque[Event] = field(default_factory=deque)
    _count: int = 0
    _closed: bool = False
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def notify(self, kind: str, object: str, id: str) -> None:
        """Take note of a change; it is pushed when a subscriber is set."""
        settings = self.settings()
        if not settings.event_url or not settings.event_key:
            return
        with self._wake:
            self._count += 1
            message_id = hashlib.sha256(f"{self.ea}/{self._count}".encode()).hexdigest()[:20].upper()
            self._queue.append(Event(kind, object, id, self.clock.now_ms(), message_id))
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="fxiaoke-events", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def close(self) -> None:
        """End the thread; events still waiting are dropped."""
        with self._wake:
            self._closed = True
            self._queue.clear()
            self._wake.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=2 * TIMEOUT_S)

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            for event in batch:
                self._push(event)

    def _next_batch(self) -> list[Event] | None:
        """Wait for events; with ``event_reverse`` = n, wait for n of them and turn them round."""
        with self._wake:
            self._wake.wait_for(lambda: self._closed or len(self._queue) >= self._wanted())
            if self._closed:
                return None
            batch = [self._queue.popleft() for _ in range(min(self._wanted(), len(self._queue)))]
            return batch[::-1]

    def _wanted(self) -> int:
        return max(1, self.settings().event_reverse)

    def _push(self, event: Event) -> None:
        settings = self.settings()
        for _ in range(1 + settings.event_duplicates):
            for attempt in range(1 + settings.event_retries):
                if self._once(event, settings, attempt) or self._rest(settings.event_retry_s):
                    break

    def _once(self, event: Event, settings: Settings, attempt: int) -> bool:
        url, key = settings.event_url, settings.event_key
        if not url or not key:
            return True
        nonce = hashlib.sha256(f"{event.message_id}/{attempt}".encode()).hexdigest()[:16]
        body = push_body(event, self.tenant_id, self.ea, key, self.clock.now_ms(), nonce, attempt)
        if settings.event_bad_signature:
            body["signature"] = "0" * 40
        accepted = is_success(self.send(url, json.dumps(body).encode()), key)
        self.results.append((event.message_id, attempt, accepted))
        return accepted

    def _rest(self, seconds: float) -> bool:
        """Wait before the next try; say whether it is over altogether."""
        with self._wake:
            return self._wake.wait_for(lambda: self._closed, timeout=seconds)
