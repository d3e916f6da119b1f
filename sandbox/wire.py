"""HTTP/1.1 as the sandbox speaks it: read one request from a socket, write one answer."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from io import BufferedIOBase
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
MAX_LINE_BYTES: Final = 64 * 1024
GZIP_FROM_BYTES: Final = 1024
NO_BODY: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came.

    Args:
        path: decoded, without the query.
        query: every parameter with all its values.
        headers: names in lower case.
        target: path and query as they were sent.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""
    target: str = ""

    def param(self, name: str, default: str = "") -> str:
        """Give the first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def json(self) -> Any:
        """Give the body as JSON, whatever its Content-Type says.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Args:
        body: bytes go out as they are; anything else as JSON. None means no body at all.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Give the bytes of the body."""
        if self.body is None or self.status in NO_BODY:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class BadRequestError(Exception):
    """The bytes on the socket are not an HTTP request."""


def read_request(stream: BufferedIOBase, sock: socket.socket) -> Request | None:
    """Read the next request of a connection; None when the other end has closed it.

    Raises:
        BadRequestError: the bytes make no request.
    """
    line = stream.readline(MAX_LINE_BYTES)
    while line in (b"\r\n", b"\n"):
        line = stream.readline(MAX_LINE_BYTES)
    if not line:
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequestError(line[:80])
    method, target, version = parts
    headers = _read_headers(stream)
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    if headers.get("expect", "").lower() == "100-continue":
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _read_body(stream, headers)
    url = urlsplit(target)
    return Request(
        method=method.upper(),
        path=unquote(url.path),
        query=parse_qs(url.query, keep_blank_values=True),
        headers=headers,
        body=body,
        target=target,
    )


def _read_headers(stream: BufferedIOBase) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(200):
        line = stream.readline(MAX_LINE_BYTES)
        if line in (b"\r\n", b"\n", b""):
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequestError(line[:80])
        headers[name.strip().lower()] = value.strip()
    raise BadRequestError("too many headers")


def _read_body(stream: BufferedIOBase, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _read_chunks(stream)
    try:
        length = int(headers.get("content-length") or 0)
    except ValueError as exc:
        raise BadRequestError("Content-Length") from exc
    if not 0 <= length <= MAX_BODY_BYTES:
        raise BadRequestError("Content-Length")
    body = stream.read(length) if length else b""
    if len(body) < length:
        raise BadRequestError("body cut short")
    return body


def _read_chunks(stream: BufferedIOBase) -> bytes:
    chunks: list[bytes] = []
    total = 0
    while True:
        try:
            size = int(stream.readline(MAX_LINE_BYTES).split(b";")[0], 16)
        except ValueError as exc:
            raise BadRequestError("chunk size") from exc
        total += size
        if total > MAX_BODY_BYTES:
            raise BadRequestError("body too large")
        if size == 0:
            while stream.readline(MAX_LINE_BYTES) not in (b"\r\n", b"\n", b""):
                pass
            return b"".join(chunks)
        chunks.append(stream.read(size))
        stream.readline(MAX_LINE_BYTES)


def render(request: Request, reply: Reply, now_ms: int, keep_alive: bool) -> tuple[bytes, bytes]:
    """Give the head and the body of an answer, ready to send (the body compressed when the caller takes gzip)."""
    body = reply.payload()
    headers = dict(reply.headers)
    names = {name.lower() for name in headers}
    if body and "content-type" not in names:
        headers["Content-Type"] = "application/json;charset=UTF-8"
    if len(body) >= GZIP_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    if "date" not in names:
        headers["Date"] = formatdate(now_ms / 1000, usegmt=True)
    if reply.status not in NO_BODY:
        headers["Content-Length"] = str(len(body))
    headers["Connection"] = "keep-alive" if keep_alive else "close"
    head = f"HTTP/1.1 {reply.status} {_reason(reply.status)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (head + "\r\n").encode("latin-1"), b"" if request.method == "HEAD" else body


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
