"""One pretended CRM as an HTTP server: connections, faults, the log, and the calls under ``/__sim__/``."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol, runtime_checkable

from sandbox.exchanges import ExchangeLog
from sandbox.faults import Faults, Rule, thinned
from sandbox.sim import Sim
from sandbox.wire import BadRequestError, Reply, Request, read_request, render
from sandbox.world import Row, World

LOG_KEEP: Final = 200_000
"""Exchanges kept in memory for ``GET /__sim__/log``; older ones fall out (the log file keeps all)."""


class Face(Protocol):
    """What makes a world look like one CRM's API. ``handle`` runs in many threads; take ``world.lock`` inside."""

    name: str
    world: World

    def handle(self, request: Request) -> Reply:
        """Answer one request of the API."""
        ...

    def is_mutating(self, request: Request) -> bool:
        """Say whether the request may change a record (token calls and reads do not)."""
        ...

    def state_record(self, object: str, row: Row) -> dict[str, Any]:
        """Give a record as the API shows it, deleted or not."""
        ...

    def plant(self, object: str, values: Mapping[str, Any]) -> str:
        """Create a record as a person and give its id. Raises KeyError, ValueError."""
        ...

    def edit(self, object: str, id: str, values: Mapping[str, Any]) -> None:
        """Edit a record as a person. Raises KeyError, ValueError."""
        ...

    def remove(self, object: str, id: str) -> None:
        """Delete a record as a person, into the bin. Raises KeyError."""
        ...

    def define(self, object: str, name: str, kind: str, options: Sequence[str] = (), target: str = "") -> None:
        """Give an object a field as an admin would. Raises KeyError, ValueError."""
        ...

    def settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Take the settings that only this CRM has and give all of its present ones. Raises ValueError."""
        ...

    def reset(self) -> None:
        """Go back to the seed."""
        ...

    def ready(self, url: str) -> dict[str, Any]:
        """Give what a client needs to connect: addresses and credentials."""
        ...


@runtime_checkable
class Gate(Protocol):
    """A face that limits calls in flight: asked when a request arrives, told when its answer is out."""

    def admit(self, request: Request) -> Reply | None: ...

    def release(self, request: Request) -> None: ...


@runtime_checkable
class Closing(Protocol):
    """A face with threads of its own that must end with the server."""

    def close(self) -> None: ...


class Server:
    """Serves one face on one address, each connection in a thread of its own.

    Args:
        port: 0 picks a free one.
        log: takes one entry per exchange; closed by whoever opened it.
        latency_ms: every answer takes at least about that long.
    """

    def __init__(
        self, face: Face, host: str = "127.0.0.1", port: int = 0, *, log: ExchangeLog | None = None, latency_ms: int = 0
    ) -> None:
        self.face = face
        self.faults = Faults()
        self.host = host
        self.latency_ms = latency_ms
        self._log_file = log
        self._log_lock = threading.Lock()
        self._log: list[dict[str, Any]] = []
        self._logged = 0
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._sim = Sim(self)
        self._listener = socket.create_server((host, port), backlog=256)
        # A time-out so that the accepting thread notices stop() on systems where closing does not wake it.
        self._listener.settimeout(0.5)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name=f"sandbox-{face.name}", daemon=True)

    @property
    def url(self) -> str:
        """Give the base URL, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> Server:
        """Begin to answer."""
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close every connection and end every thread; waits at most a few seconds."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections, threads = list(self._connections), list(self._threads)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in [self._acceptor, *threads]:
            if thread.is_alive():
                thread.join(timeout=3)
        if isinstance(self.face, Closing):
            self.face.close()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- connections ---------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._connections.add(connection)
                self._threads.add(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                while not self._stopping.is_set() and self._exchange(stream, connection):
                    pass
        except OSError:
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)
                self._threads.discard(threading.current_thread())

    def _exchange(self, stream: Any, connection: socket.socket) -> bool:
        """Answer one request; say whether the connection stays open."""
        try:
            request = read_request(stream, connection)
        except BadRequestError:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        if request is None:
            return False
        if request.path.startswith("/__sim__/"):
            return self._send(connection, request, self._sim.handle(request), None)
        struck = self.faults.striking(request.method, request.target, request.body)
        started_ms = self.face.world.clock.now_ms()
        gate = self.face if isinstance(self.face, Gate) else None
        refused = gate.admit(request) if gate else None
        try:
            self._wait(self.latency_ms)
            reply = self._answer(request, struck) if refused is None else refused
        finally:
            if gate and refused is None:
                gate.release(request)
        self._note(request, reply, struck, started_ms)
        if reply is None:
            return False
        cut = next((int(rule.details.get("bytes", 0)) for rule in struck if rule.action == "truncate"), None)
        return self._send(connection, request, reply, cut)

    def _send(self, connection: socket.socket, request: Request, reply: Reply, cut_bytes: int | None) -> bool:
        keep = request.headers.get("connection", "").lower() != "close" and cut_bytes is None
        head, body = render(request, reply, self.face.world.clock.now_ms(), keep)
        connection.sendall(head + (body if cut_bytes is None else body[:cut_bytes]))
        return keep

    # --- faults --------------------------------------------------------------------------------------------------

    def _answer(self, request: Request, struck: list[Rule]) -> Reply | None:
        """Give the answer with the faults worked in; None when the socket is to close without one."""
        forced: Rule | None = None
        for rule in struck:
            if rule.action == "drop_before":
                return None
            if rule.action == "delay" and rule.details.get("when") != "after":
                self._wait(float(rule.details.get("ms", 0)))
            if rule.action == "edit" and rule.details.get("when", "before") == "before":
                self._edit(rule)
            if rule.action == "status":
                forced = rule
        if forced is not None and not forced.details.get("applied"):
            return _forced(forced)
        reply = self._handle(request)
        for rule in struck:
            if rule.action == "edit" and rule.details.get("when") == "after":
                self._edit(rule)
            if rule.action == "delay" and rule.details.get("when") == "after":
                self._wait(float(rule.details.get("ms", 0)))
            if rule.action == "thin":
                reply = Reply(reply.status, thinned(reply.body, float(rule.details.get("keep", 0.5))), reply.headers)
            if rule.action == "drop_after":
                return None
        return _forced(forced) if forced is not None else reply

    def _handle(self, request: Request) -> Reply:
        try:
            return self.face.handle(request)
        except Exception as exc:  # a bug in the sandbox must be seen by its user, not hang the client
            return Reply(500, {"code": "INTERNAL_ERROR", "message": f"sandbox: {exc!r}", "status": "error"})

    def _edit(self, rule: Rule) -> None:
        with contextlib.suppress(KeyError, ValueError):
            details = rule.details
            self.face.edit(str(details.get("object")), str(details.get("id")), details.get("values") or {})

    def _wait(self, ms: float) -> None:
        """Let real time pass on the wire (not in the world), ending early when the server stops."""
        if ms > 0:
            self._stopping.wait(ms / 1000)

    # --- the log -------------------------------------------------------------------------------------------------

    def _note(self, request: Request, reply: Reply | None, struck: list[Rule], at_ms: int) -> None:
        mutating = self.face.is_mutating(request)
        entry = {
            "time": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
            "time_ms": at_ms,
            "method": request.method,
            "path": request.path,
            "query": {name: values[0] if len(values) == 1 else values for name, values in request.query.items()},
            "status": reply.status if reply else None,
            "mutating": mutating,
            "faults": [rule.action for rule in struck],
        }
        with self._log_lock:
            self._logged += 1
            entry["n"] = self._logged
            self._log.append(entry)
            if len(self._log) > LOG_KEEP:
                del self._log[: LOG_KEEP // 10]
        if self._log_file is not None:
            self._log_file.write(self.face.name, request, reply, entry)

    def log_entries(self, after: int = 0) -> list[dict[str, Any]]:
        """Give the exchanges since the last reset, oldest first, from the one numbered *after* on."""
        with self._log_lock:
            return [entry for entry in self._log if entry["n"] > after]

    def reset(self) -> None:
        """Go back to the seed: records, settings, faults, log."""
        self.faults.clear()
        self.face.reset()
        with self._log_lock:
            self._log.clear()
            self._logged = 0


def _forced(rule: Rule) -> Reply:
    details = rule.details
    body = details.get("body")
    headers = {str(name): str(value) for name, value in (details.get("headers") or {}).items()}
    if isinstance(body, str):
        body = body.encode()
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "text/html;charset=UTF-8" if body.lstrip()[:1] == b"<" else "application/json"
    return Reply(int(details.get("code", details.get("status", 500))), body, headers)
