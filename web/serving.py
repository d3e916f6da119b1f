"""Serves the pages of a running service from a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

import uvicorn

from mapping.errors import ConfigError, DubanError
from mapping.ports import Clock
from reports.wording import Language
from supervise.report import SupervisionReport
from web.app import LOOPBACK, make_app
from web.probe import ConnectionView, RunView

STATUS_AGE_S: Final = 2.0
SUPERVISION_AGE_S: Final = 60.0
"""How old what a page shows may be: judging a large hub costs seconds, and a page may be asked for at will."""
START_S: Final = 10.0
STOP_S: Final = 5.0

T = TypeVar("T")


class Watched(Protocol):
    """What the pages need of a service."""

    @property
    def settings(self) -> Any:
        """The configuration: ``service.timezone``, ``service.language`` and the tables of ``connections``."""
        ...

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        ...

    def status(self) -> Mapping[str, Any]:
        """Give where everything stands, from the store alone."""
        ...

    def overview(self, as_of_ms: int | None = None) -> SupervisionReport:
        """Give what supervision sees, without writing."""
        ...


class ServiceProbe:
    """The probe over a service; what it read is kept for a moment."""

    def __init__(self, service: Watched) -> None:
        self._service = service
        self._status: _Kept[Mapping[str, Any]] = _Kept(service.status, service.clock, STATUS_AGE_S)
        self._supervision: _Kept[SupervisionReport] = _Kept(service.overview, service.clock, SUPERVISION_AGE_S)

    @property
    def language(self) -> Language:
        return "en" if self._service.settings.service.language == "en" else "zh"

    @property
    def zone(self) -> str:
        return str(self._service.settings.service.timezone)

    def now_ms(self) -> int:
        return self._service.clock.now_ms()

    def not_ready(self) -> Sequence[str]:
        try:
            self._status.get()
        except DubanError as error:
            return [error.text("en")]
        return []

    def connections(self) -> Sequence[ConnectionView]:
        found = self._status.get()
        known = {state["name"]: state for state in found["connections"]}
        return [
            ConnectionView(
                name=name,
                mode=str(table.get("mode", "observe")),
                heard_ms=_heard(found["streams"], name),
                error=known.get(name, {}).get("stopped"),
            )
            for name, table in self._service.settings.connections.items()
        ]

    def last_run(self) -> RunView | None:
        run = self._status.get()["last_run"]
        if run is None:
            return None
        return RunView(**{name: run[name] for name in ("id", "kind", "started_ms", "ended_ms", "exit_code")})

    def attention(self) -> Mapping[str, int]:
        return dict(self._status.get()["waiting"])

    def supervision(self) -> SupervisionReport | None:
        return self._supervision.get()


class PageServer:
    """The pages of a service on an address.

    Args:
        address: ``host:port``, an IPv6 host in brackets; port 0 takes a free one.
        token: see ``make_app``; needed off the loopback interface, where readers come under any name.
    """

    def __init__(self, service: Watched, address: str, token: str | None = None) -> None:
        host, _, port = address.rpartition(":")
        hosts = LOOPBACK if token is None else ("*",)
        config = uvicorn.Config(
            make_app(ServiceProbe(service), token=token, allowed_hosts=hosts),
            host=host.strip("[]"),
            port=int(port),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(STOP_S),
            limit_concurrency=32,
        )
        self._address = address
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="duban-web", daemon=True)
        self._ended = threading.Event()

    @property
    def port(self) -> int:
        """Give the port it listens on."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        self._thread.start()
        for _ in range(int(START_S / 0.02)):
            if self._server.started or self._ended.wait(0.02):
                break
        if not self._server.started:
            raise ConfigError(
                f"service.web: cannot listen on {self._address}", zh=f"service.web：无法监听 {self._address}"
            )

    def stop(self) -> None:
        """Answer what is being asked and end."""
        self._server.should_exit = True
        self._thread.join(STOP_S * 2)

    def _serve(self) -> None:
        try:
            self._server.run()
        except SystemExit:  # how uvicorn reports an address in use
            pass
        finally:
            self._ended.set()


class _Kept(Generic[T]):
    """A value that is read again once it is older than some seconds; one reader reads, the others wait for it."""

    def __init__(self, read: Callable[[], T], clock: Clock, age_s: float) -> None:
        self._read = read
        self._clock = clock
        self._age_s = age_s
        self._lock = threading.Lock()
        self._held: tuple[float, T] | None = None

    def get(self) -> T:
        """Give the value.

        Raises:
            DubanError: it could not be read.
        """
        with self._lock:
            now = self._clock.monotonic()
            if self._held is None or now - self._held[0] > self._age_s:
                self._held = (now, self._read())
            return self._held[1]


def _heard(streams: Sequence[Mapping[str, Any]], connection: str) -> int | None:
    return max((int(one["updated_ms"]) for one in streams if one["connection"] == connection), default=None)
