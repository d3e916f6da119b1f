"""The log file: one JSON object per exchange, without credentials in headers."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from sandbox.wire import NO_BODY, Reply, Request

HIDDEN_HEADERS: Final = frozenset({"authorization"})


class ExchangeLog:
    """Appends exchanges to a file that several servers may share. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, server: str, request: Request, reply: Reply | None, entry: Mapping[str, Any]) -> None:
        """Append one exchange; *reply* is None when the socket closed without an answer."""
        line = json.dumps(exchange_record(server, request, reply, entry), ensure_ascii=False)
        with self._lock:
            if not self._file.closed:
                self._file.write(line + "\n")
                self._file.flush()

    def close(self) -> None:
        with self._lock:
            self._file.close()


def exchange_record(server: str, request: Request, reply: Reply | None, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Give an exchange as the log shows it; bodies that are JSON as JSON, others as text."""
    shown = None if reply is None or reply.status in NO_BODY else reply.body
    return {
        "time": entry["time"],
        "server": server,
        "method": request.method,
        "path": request.path,
        "query": entry["query"],
        "headers": {name: value for name, value in request.headers.items() if name not in HIDDEN_HEADERS},
        "request_body": _readable(request.body),
        "status": entry["status"],
        "response_body": _readable(shown) if isinstance(shown, bytes) else shown,
        "mutating": entry["mutating"],
        "faults": entry["faults"],
    }


def _readable(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
