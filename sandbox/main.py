"""Starts both pretended CRMs, says how to reach them, and writes a configuration that fits."""

from __future__ import annotations

import base64
import gc
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sandbox.clock import Clock, RealClock
from sandbox.exchanges import ExchangeLog
from sandbox.server import Face, Server
from sandbox.story import Story, tell

ZONE: Final = ZoneInfo("Asia/Shanghai")
MakeFace = Callable[[Clock, Story, int, bool], Face]
FACES: Final = {"zoho": "sandbox.zoho.face", "fxiaoke": "sandbox.fxiaoke.face"}
LAG_MARGIN_S: Final = 0.5
KEY_FILE_NAME: Final = "duban.key"
KEY_BYTES: Final = 32


@dataclass(slots=True)
class Running:
    """Both servers, answering.

    Attributes:
        ready: what the one JSON line says: where to connect and with which credentials.
    """

    zoho: Server
    fxiaoke: Server
    ready: dict[str, Any]
    exchanges: ExchangeLog | None = None

    def stop(self) -> None:
        """End both."""
        self.zoho.stop()
        self.fxiaoke.stop()
        if self.exchanges:
            self.exchanges.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    zoho_addr: str = "127.0.0.1:0",
    fxiaoke_addr: str = "127.0.0.1:0",
    *,
    seed: int = 1,
    people: int | None = None,
    empty: bool = False,
    plain: bool = False,
    latency_ms: int = 0,
    log: Path | None = None,
    today: date | None = None,
    clock: Callable[[], Clock] = RealClock,
) -> Running:
    """Start both CRMs and give them running.

    Args:
        zoho_addr, fxiaoke_addr: "host:port"; port 0 picks a free one.
        people: so many further contacts and tasks in each.
        plain: organisations without any custom field or object.
        log: file that gets one JSON object per exchange of both.
        today: the story's today; the clock's day in China when it is not given.
        clock: makes one clock per CRM.
    Raises:
        OSError: an address cannot be served.
    """
    clocks = {name: clock() for name in FACES}
    told = tell(seed, people, empty, today=today or _day(clocks["zoho"]))
    exchanges = ExchangeLog(log) if log else None
    servers: dict[str, Server] = {}
    try:
        for name, address in (("zoho", zoho_addr), ("fxiaoke", fxiaoke_addr)):
            face = _make_face(name)(clocks[name], told, seed, plain)
            host, port = _address(address)
            servers[name] = Server(face, host, port, log=exchanges, latency_ms=latency_ms).start()
    except BaseException:
        for server in servers.values():
            server.stop()
        if exchanges:
            exchanges.close()
        raise
    ready = {name: server.face.ready(server.url) for name, server in servers.items()}
    return Running(servers["zoho"], servers["fxiaoke"], ready, exchanges)


def write_config(path: Path, running: Running, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
    """Write a duban.toml that works against this sandbox as it stands: both connections live.

    Its secrets go into 0600 files beside it, and so does a key for the store when there is none yet.
    """
    secrets = path.parent / "secrets"
    secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    zoho, fxiaoke = running.ready["zoho"], running.ready["fxiaoke"]
    references = {
        "zoho-client-id": zoho["client_id"],
        "zoho-client-secret": zoho["client_secret"],
        "zoho-refresh-token": zoho["refresh_token"],
        "fxiaoke-app-id": fxiaoke["app_id"],
        "fxiaoke-app-secret": fxiaoke["app_secret"],
        "fxiaoke-permanent-code": fxiaoke["permanent_code"],
    }
    for name, value in references.items():
        _write_secret(secrets / name, str(value))
    key = path.parent / KEY_FILE_NAME
    if not key.exists():
        _write_secret(key, base64.urlsafe_b64encode(random_bytes(KEY_BYTES)).decode())
    path.write_text(_config(running, path.stem), encoding="utf-8")


def _config(running: Running, stem: str) -> str:
    zoho, fxiaoke = running.ready["zoho"], running.ready["fxiaoke"]
    bot = next((one for one in fxiaoke["employees"] if one.get("bot")), fxiaoke["employees"][-1])
    return f"""# Written by `duban sandbox --write-config`: both connections are live against the local sandbox.

[store]
url = "sqlite:///{stem}.db"

[service]
timezone = "Asia/Shanghai"
language = "zh"
every = "1m"

[connections.zoho]
kind = "zoho"
mode = "live"
first_contact = "auto"
api_url = "{zoho["api"]}"
accounts_url = "{zoho["accounts"]}"
client_id = "file:secrets/zoho-client-id"
client_secret = "file:secrets/zoho-client-secret"
refresh_token = "file:secrets/zoho-refresh-token"
dedicated_user = true
visible_after_s = {_visible_after_s(running.zoho)}
overlap_s = 5

[connections.fxiaoke]
kind = "fxiaoke"
mode = "live"
first_contact = "auto"
base_url = "{fxiaoke["base"]}"
app_id = "file:secrets/fxiaoke-app-id"
app_secret = "file:secrets/fxiaoke-app-secret"
permanent_code = "file:secrets/fxiaoke-permanent-code"
user_id = "{bot["user_id"]}"
dedicated_user = true
visible_after_s = {_visible_after_s(running.fxiaoke)}
overlap_s = 5
"""


def _visible_after_s(server: Server) -> float:
    """Give a settle time just above what this sandbox hides a write for."""
    world = server.face.world
    lag_s = max(world.list_lag_ms, world.search_lag_ms) / 1000
    return lag_s + LAG_MARGIN_S


def settle_in() -> None:
    """Take what is loaded by now out of the garbage collector's rounds, which a large seed makes long.

    For a process that does nothing but serve.
    """
    gc.collect()
    gc.freeze()


def _write_secret(path: Path, value: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)


def _make_face(name: str) -> MakeFace:
    make: MakeFace = importlib.import_module(FACES[name]).make_face
    return make


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)


def _day(clock: Clock) -> date:
    return datetime.fromtimestamp(clock.now_ms() / 1000, ZONE).date()
