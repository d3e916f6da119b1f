"""The HTTP client underneath ``connectors.http``: sockets that know when the whole call must end.

httpx limits the wait for each read. A server that drips one byte a minute passes every such limit, in its headers as
well as in its body; so every single socket operation here is cut to what is left of the call's own deadline.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

import httpcore
import httpx

from connectors.base import HttpSettings
from mapping.errors import ConfigError

_LIMITS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=10.0)
"""Wide enough that the gates of ``connectors.http`` are what limits calls."""
_HEADERS: Final = {"accept": "application/json", "accept-encoding": "gzip"}


class Deadline(threading.local):
    """What this thread's call is bound to.

    Attributes:
        ends_at: when it must end, on the clock's monotonic scale; None outside a call.
        before_bytes: called right before bytes go out: opening a connection may have taken long.
    """

    ends_at: float | None = None
    before_bytes: Callable[[], None] | None = None


def open_client(
    settings: HttpSettings, *, transport: Any, local: bool, deadline: Deadline, monotonic: Callable[[], float]
) -> httpx.Client:
    """Give a client that follows nothing and reads nothing from the environment.

    Args:
        transport: used as it is, for tests; None for the network.
        local: the remote is on this machine, so no proxy stands between.
    Raises:
        ConfigError: the company's CA file cannot be read, or the proxy address is none.
    """
    # Both would print addresses with their queries, and header values at DEBUG.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if transport is None:
        transport = _network(settings, local, _Backend(deadline, monotonic))
    headers = {**_HEADERS, "user-agent": settings.agent}
    return httpx.Client(transport=transport, follow_redirects=False, trust_env=False, headers=headers)


def _network(settings: HttpSettings, local: bool, backend: httpcore.NetworkBackend) -> httpx.HTTPTransport:
    try:
        transport = httpx.HTTPTransport(
            verify=trust(settings.ca_file),
            trust_env=False,
            limits=_LIMITS,
            proxy=None if local else settings.proxy,
        )
    except (ValueError, ImportError) as exc:
        raise ConfigError(
            "[http] proxy must be http://host:port or https://host:port", zh="[http] proxy 应为 http(s)://主机:端口"
        ) from exc
    # httpx offers no way in for a backend; a test holds that this one is in use.
    transport._pool._network_backend = backend
    return transport


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Trust the public authorities and, beside them, the company's own.

    Raises:
        ConfigError: the file cannot be read.
    """
    context = _public_authorities() if ca_file is None else httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as exc:
            raise ConfigError(
                f"[http] ca_file cannot be read: {ca_file}", zh=f"[http] ca_file 无法读取：{ca_file}"
            ) from exc
    return context


@cache
def _public_authorities() -> ssl.SSLContext:
    """Trust the public authorities; read once, for every way out of this process reads the same."""
    return httpx.create_ssl_context(trust_env=False)


class _Backend(httpcore.NetworkBackend):
    """Opens sockets whose every operation ends with the call."""

    def __init__(self, deadline: Deadline, monotonic: Callable[[], float]) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline
        self._monotonic = monotonic

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """Give the shorter of *timeout* and what is left of the call.

        Raises:
            *late*: nothing is left.
        """
        if self._deadline.ends_at is None:
            return timeout
        left_s = self._deadline.ends_at - self._monotonic()
        if left_s <= 0:
            raise late("deadline")
        return left_s if timeout is None else min(timeout, left_s)

    def ask(self) -> None:
        """Ask whoever wants to be asked before bytes go out.

        Raises:
            LeaseLost: we may not send any more.
        """
        if self._deadline.before_bytes is not None:
            self._deadline.before_bytes()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left_s = self.left(timeout, httpcore.ConnectTimeout)
        inner = self._inner.connect_tcp(host, port, left_s, local_address, socket_options)
        return _Stream(inner, self)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._backend.ask()
        self._inner.write(buffer, self._backend.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left_s = self._backend.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left_s), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
