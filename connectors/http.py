"""The one way out: every byte that duban sends to a remote passes here.

It paces (calls in flight, sliding windows), ends what takes too long, repeats only what is safe to repeat, refuses
hosts that nobody configured, and keeps secrets out of every message. What an answer *means* is the vendor's
business: a connector passes a ``classify`` hook.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode

import httpx
import tenacity

from connectors.base import Ports
from connectors.bodies import BodyRefused, TextKind, decode_body, read_retry_after, read_server_ms
from connectors.exchange import Answer, Call, Classify, Judge, Kind
from connectors.hosts import host_of, is_loopback
from connectors.pacing import Gate, Pace, RepeatBudget, Window
from connectors.transport import Deadline, open_client
from mapping.errors import (
    DubanError,
    NeedsOperator,
    QuotaSpent,
    RecordRefused,
    Transient,
)

__all__ = ["Answer", "Call", "Classify", "Http", "Kind", "Window"]

ATTEMPTS: Final = 5
"""Sends of one call at most, the first included."""
BACKOFF_S: Final = (1.0, 300.0)
PATIENCE_S: Final = 60.0
"""A wait up to this long is slept here; a longer one goes back to the caller inside the Transient."""
BODY_CAP_BYTES: Final = 64 * 1024 * 1024
CONNECT_S: Final = 10.0
"""For opening a socket: a host that does not answer is found out early and may be tried again."""
_SHORTEST_SECRET: Final = 4
_LONG_QUERY: Final = 512
"""Characters from which a query goes out as it is: httpx examines an address twice, character by character, and for a
hundred ids that costs more than the rest of the call."""
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class _Again(Exception):
    """An attempt that may be repeated, and the error to raise when it may not any more."""

    def __init__(self, error: Transient) -> None:
        super().__init__()
        self.error = error


class _TooBig(BodyRefused):
    """The body passed the cap."""


class _TooSlow(Exception):
    """The whole answer was not there within the deadline."""


class Http:
    """One connection's way out; thread-safe.

    Args:
        base_url: put before paths that are not whole addresses.
        allowed_hosts: ``host`` or ``host:port``, as ``connectors.hosts.host_of`` spells them; nothing else is called.
        secrets: the values to hide from every message, asked anew each time.
        pool: calls in flight at most; ``heavy_pool`` those of them marked heavy.
        deadline_s: for one whole answer, slow drip included.
        windows: sliding limits by name; ``"*"`` serves every name without its own.
        body_cap_bytes: after decompression.
    """

    def __init__(
        self,
        ports: Ports,
        *,
        base_url: str,
        allowed_hosts: frozenset[str],
        secrets: Callable[[], Sequence[str]],
        pool: int,
        deadline_s: float,
        windows: Mapping[str, Window] | None = None,
        classify: Classify | None = None,
        heavy_pool: int | None = None,
        body_cap_bytes: int = BODY_CAP_BYTES,
    ) -> None:
        self._ports = ports
        self._base_url = base_url.rstrip("/")
        self._allowed = allowed_hosts
        self._secrets = secrets
        self._deadline_s = deadline_s
        self._judge = Judge(ports.name, self.hide, classify)
        self._body_cap_bytes = body_cap_bytes
        self._gate = Gate(pool)
        self._heavy_gate = Gate(heavy_pool or pool)
        self._pace = Pace(ports, windows or {})
        self._repeats = RepeatBudget()
        self._lock = threading.Lock()
        self._deadline = Deadline()
        self._client: httpx.Client | None = None
        host_of(self._base_url)

    def request(
        self,
        method: str,
        url_or_path: str,
        *,
        kind: Kind,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        opaque: bool = False,
        headers: Mapping[str, str] | None = None,
        heavy: bool = False,
        window: str | None = None,
        deadline_s: float | None = None,
        credits: int = 0,
    ) -> Answer:
        """Send one call and give its answer, repeating what is safe to repeat.

        Args:
            kind: ``read`` may be repeated; ``write`` only while nothing was sent or the remote refused it whole;
                ``auth`` only while nothing was sent, and its answer is never classified.
            content: the exact bytes of the body, instead of *json* or *form*.
            opaque: the answer need not be JSON.
            credits: what one send costs, added to ``ports.counters["credits"]``.
        Raises:
            Transient, QuotaSpent: certainly not done; OutcomeUnknown: a write without an answer;
            PageMalformed: a read that answered no JSON; AuthRefused, NeedsOperator: a person must act;
            LeaseLost: from ``ports.before_send``. Whatever ``classify`` gives.
        """
        call = Call(
            method=method, url=self._whole(url_or_path), kind=kind, params=params, json=json, form=form,
            content=content, opaque=opaque, headers=headers, heavy=heavy, window=window,
            deadline_s=deadline_s or self._deadline_s, credits=credits,
        )  # fmt: skip
        retrying = tenacity.Retrying(
            stop=self._must_stop,
            wait=self._wait_s,
            retry=tenacity.retry_if_exception_type(_Again),
            sleep=self._sleep_before_repeat,
            reraise=True,
        )
        self._repeats.earn()
        try:
            return retrying(self._attempt, call)
        except _Again as again:
            error = again.error
        raise error

    def resize(self, pool: int, heavy_pool: int) -> None:
        """Change how many calls may be in flight (known only after asking the remote for its edition)."""
        self._gate.resize(pool)
        self._heavy_gate.resize(heavy_pool)

    def hide(self, text: str) -> str:
        """Give *text* with every secret value replaced, also where it stands URL-encoded or in base64."""
        for secret in self._secrets():
            if len(secret) < _SHORTEST_SECRET:
                continue
            raw = secret.encode()
            for shape in {secret, quote(secret, safe=""), quote_plus(secret), base64.b64encode(raw).decode()}:
                text = text.replace(shape, "***")
        return text

    def count(self, name: str, by: int = 1) -> None:
        """Add to a tally of the run report."""
        with self._lock:
            self._ports.counters[name] = self._ports.counters.get(name, 0) + by

    def close(self) -> None:
        """Give back the sockets; a later request opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    # ---- one attempt

    def _attempt(self, call: Call) -> Answer:
        with ExitStack() as held:
            if call.heavy:
                held.enter_context(self._heavy_gate.enter())
            held.enter_context(self._gate.enter())
            self._wait_block()
            if call.window is not None:
                self._pace.wait_window(call.window)
            if call.kind == "write":
                self._ports.before_send()
                self.count("writes")
            self.count("calls")
            if call.credits:
                self.count("credits", call.credits)
            answer = self._exchange(call)
        return self._settle(call, answer)

    def _wait_block(self) -> None:
        wait_s = self._pace.blocked_s()
        if wait_s > PATIENCE_S:
            raise self._judge.error(
                Transient, "the remote asked us to wait", zh="对方要求稍后再试", retry_after_s=wait_s
            )
        if wait_s > 0:
            self._ports.clock.sleep(wait_s)

    def _exchange(self, call: Call) -> Answer:
        """Send and read to the end; every way this can fail becomes one of our errors."""
        try:
            return self._stream(call, self._ports.clock.monotonic())
        except (httpx.HTTPError, BodyRefused, _TooSlow) as exc:
            error, repeat = self._failure(call, exc)
            # A cause that shows a secret is dropped: tracebacks print it.
            error.__cause__ = exc if self.hide(str(exc)) == str(exc) else None
            error.__suppress_context__ = True
        if repeat and isinstance(error, Transient):
            raise _Again(error)
        raise error

    def _failure(self, call: Call, exc: Exception) -> tuple[DubanError, bool]:
        """Give the error for a call without a usable answer, and whether the call may be repeated."""
        if isinstance(exc, httpx.ConnectError) and "CERTIFICATE_VERIFY_FAILED" in str(exc):
            return self._judge.distrusted(), False
        if isinstance(exc, _NOT_SENT):
            return self._judge.unreached(type(exc).__name__), True
        if isinstance(exc, httpx.TimeoutException | _TooSlow):
            # A read that used up its whole deadline is not repeated here: it would hold everything behind it again.
            text = f"no whole answer within {call.deadline_s:g} s"
            return self._judge.lost(call, text, f"{call.deadline_s:g} 秒内未得到完整答复"), False
        if isinstance(exc, httpx.HTTPError):
            error = self._judge.lost(call, f"the connection broke ({type(exc).__name__})", "连接中断")
            return error, call.kind == "read"
        return self._judge.unreadable(call, str(exc), exc.zh if isinstance(exc, BodyRefused) else ""), False

    def _stream(self, call: Call, started: float) -> Answer:
        client = self._open()
        request = self._build(client, call)
        self._deadline.ends_at = started + call.deadline_s
        self._deadline.before_bytes = self._ports.before_send if call.kind == "write" else None
        try:
            response = client.send(request, stream=True)
            try:
                raw = self._read_body(response, self._deadline.ends_at)
            finally:
                response.close()
        finally:
            self._deadline.ends_at = self._deadline.before_bytes = None
        body, text_kind = self._decode(response.status_code, raw)
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=body,
            text_kind=text_kind,
            server_ms=read_server_ms(response.headers),
            elapsed_s=self._ports.clock.monotonic() - started,
        )

    def _build(self, client: httpx.Client, call: Call) -> httpx.Request:
        timeout = httpx.Timeout(call.deadline_s, connect=min(CONNECT_S, call.deadline_s))
        query = _long_query(call.params)
        try:
            request = client.build_request(
                call.method,
                call.url,
                params=None if query else call.params,
                json=call.json,
                data=call.form,
                content=call.content,
                headers=call.headers,
                timeout=timeout,
            )
            if query:
                path = request.url.raw_path
                request.extensions["target"] = path + (b"&" if b"?" in path else b"?") + query
            return request
        except (ValueError, TypeError):
            error = self._judge.error(RecordRefused, "a value cannot be sent as JSON", zh="有值无法以 JSON 发送")
        raise error

    def _read_body(self, response: httpx.Response, ends_at: float) -> bytes:
        raw = bytearray()
        for chunk in response.iter_bytes():
            raw += chunk
            if len(raw) > self._body_cap_bytes:
                size = self._body_cap_bytes
                raise _TooBig(f"it is larger than {size} bytes", f"超过 {size} 字节")
            if self._ports.clock.monotonic() > ends_at:
                raise _TooSlow
        return bytes(raw)

    @staticmethod
    def _decode(status: int, raw: bytes) -> tuple[Any, TextKind]:
        try:
            return decode_body(raw)
        except BodyRefused:
            if status < 300:
                raise
            return None, "text"

    # ---- repeating

    def _settle(self, call: Call, answer: Answer) -> Answer:
        error = self._judge.verdict(call, answer)
        if error is None:
            return answer
        if isinstance(error, Transient):
            self._note_wait(error, answer)
            if self._repeatable(call, error):
                raise _Again(error)
        raise error

    def _note_wait(self, error: Transient, answer: Answer) -> None:
        """Take the wait that the answer asks for and keep it over a restart."""
        asked_s = read_retry_after(answer.headers, answer.server_ms, self._ports.clock.now_ms())
        if error.retry_after_s is None:
            error.retry_after_s = asked_s
        if error.retry_after_s:
            self._pace.block(error.retry_after_s)

    @staticmethod
    def _repeatable(call: Call, error: Transient) -> bool:
        if call.kind == "auth" or isinstance(error, QuotaSpent):
            return False
        return error.retry_after_s is None or error.retry_after_s <= PATIENCE_S

    def _must_stop(self, state: tenacity.RetryCallState) -> bool:
        if state.attempt_number >= ATTEMPTS:
            return True
        again = state.outcome.exception() if state.outcome else None
        named = isinstance(again, _Again) and again.error.retry_after_s is not None
        return not named and not self._repeats.spend()

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        """Full jitter under a doubling ceiling, never less than the remote asked for."""
        low_s, high_s = BACKOFF_S
        jitter_s = self._ports.rng.uniform(0.0, min(high_s, 2.0**state.attempt_number))
        again = state.outcome.exception() if state.outcome else None
        asked_s = again.error.retry_after_s if isinstance(again, _Again) else None
        return max(low_s, jitter_s, asked_s or 0.0)

    def _sleep_before_repeat(self, seconds: float) -> None:
        self.count("retries")
        self._ports.clock.sleep(seconds)

    # ---- addresses and the client

    def _whole(self, url_or_path: str) -> str:
        relative = url_or_path.startswith("/") and not url_or_path.startswith("//")
        url = self._base_url + url_or_path if relative else url_or_path
        host = host_of(url)
        if host not in self._allowed:
            raise NeedsOperator(
                f"{host} is not a host of this connection; nothing was sent",
                zh=f"{host} 不是该连接允许的主机，未发送任何内容", connection=self._ports.name,
            )  # fmt: skip
        return url

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = open_client(
                    self._ports.http,
                    transport=self._ports.transport,
                    local=is_loopback(httpx.URL(self._base_url).host),
                    deadline=self._deadline,
                    monotonic=self._ports.clock.monotonic,
                )
            return self._client


def _long_query(params: Mapping[str, Any] | None) -> bytes:
    """Give a query that is long because of plain texts, ready to be sent; nothing for any other."""
    if params is None or sum(len(value) for value in params.values() if isinstance(value, str)) < _LONG_QUERY:
        return b""
    if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in params.values()):
        return b""
    return urlencode(params, safe=",").encode("ascii")
