"""The stage of the drill with the real connectors on it: their requests reach the pretended CRMs without a socket.

Every request passes the face of the CRM as bytes; the store is a file. People, judgement and rest are those of the
drill, so each world here answers the questions that the drill asks of a system in memory.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import httpx

from connectors.base import WriteResult, WriteRow
from connectors.fxiaoke.connector import FxiaokeConnector
from connectors.memory_world import Call, Refusal
from connectors.testing_rig import HandClock, make_ports
from connectors.zoho.connector import ZohoConnector
from mapping.fields import ObjectMap
from mapping.loading import load_maps
from mapping.records import EntityKind
from sandbox.clock import Clock
from sandbox.drill.acts import MAPPED, REMOTES, Setting, Side
from sandbox.drill.scene import OBJECT, Scene
from sandbox.drill.stores import CrashingStore
from sandbox.drill.systems import SteppedClock
from sandbox.fxiaoke.face import make_face as make_fxiaoke
from sandbox.story import Story, tell
from sandbox.wire import Request, render
from sandbox.zoho.face import make_face as make_zoho
from sync.opening import Configured, fingerprint

FAULTS: Final = ("lost_after", "lost_before", "hang", "transient", "later", "malformed", "auth")
_START_MS: Final = 1_780_000_000_000
_URL: Final = "http://127.0.0.1:9"
_FIELDS: Final = ("name", "email", *MAPPED, "key")
_WIRE: Final = (
    ("Contacts", {"name": "Last_Name", "email": "Email", "title": "Title", "description": "Description",
                  "phone": "Phone", "key": "Duban_Key"}),
    ("ContactObj", {"name": "name", "email": "email", "title": "job_title", "description": "remark",
                    "phone": "tel", "key": "duban_key__c"}),
)  # fmt: skip


@cache
def _story() -> Story:
    return tell(1, None, True, today=date(2026, 5, 24))


class _SharedClock(Clock):
    """A CRM's clock that shares the hand of ours."""

    def __init__(self, hand: HandClock, skew_ms: int) -> None:
        super().__init__(skew_ms)
        self._hand = hand

    def sleep(self, seconds: float) -> None:
        self._hand.sleep(seconds)

    def _true_ms(self) -> int:
        return self._hand.now_ms()


class WireWorld(httpx.BaseTransport):
    """One pretended CRM: the other end of the wire for a connector, the truth for the judgement."""

    def __init__(self, face: Any, rank: int, hand: HandClock) -> None:
        self.face, self.hand = face, hand
        self.object, self.names = _WIRE[rank]
        self.hub_names = {wire: hub for hub, wire in self.names.items()}
        self.requests = 0
        self.calls: list[Call] = []
        self.replaced: dict[tuple[str, str, str], Call] = {}
        self.faults: list[str] = []
        self.on_call: Callable[[str, Call], None] = lambda _when, _call: None
        self.pass_point: Callable[[str], None] = lambda _place: None
        table = self.table
        for id in list(table.live_ids()):
            table.remove(id, "seed", permanent=True)

    # --- the wire ------------------------------------------------------------------------------------------------

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        body = request.read()
        path, _, query = request.url.raw_path.decode().partition("?")
        asked = Request(
            request.method, unquote(path), parse_qs(query, keep_blank_values=True),
            {name.lower(): value for name, value in request.headers.items()}, body, request.url.raw_path.decode(),
        )  # fmt: skip
        self.pass_point(f"before {request.method} {path.rsplit('/', 1)[-1]}")
        fault = self.faults.pop(0) if self.faults and "oauth" not in path and "Token" not in path else ""
        self._before(fault, request)
        if fault == "later":
            return httpx.Response(429, headers={"retry-after": "7"}, json={})
        if fault == "malformed" and not self.face.is_mutating(asked):
            return httpx.Response(200, content=b"<html>busy</html>")
        before = self._values() if self.face.is_mutating(asked) else set()
        reply = self.face.handle(asked)
        if before:
            self.replaced.update(dict.fromkeys(before - self._values(), self.calls[-1]))
        if fault == "lost_after":
            raise httpx.ReadError("the connection broke", request=request)
        head, raw = render(asked, reply, self.face.world.clock.now_ms(), True)
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = [(name, value) for line in lines if line for name, _, value in [line.partition(": ")]]
        self.pass_point(f"after {request.method} {path.rsplit('/', 1)[-1]}")
        return httpx.Response(reply.status, headers=headers, content=raw, request=request)

    def _before(self, fault: str, request: httpx.Request) -> None:
        if fault == "transient":
            raise httpx.ConnectError("refused", request=request)
        if fault == "hang":
            self.hand.sleep(5)
        if fault in ("lost_before", "hang"):
            raise httpx.ReadTimeout("no answer", request=request)
        if fault == "auth":
            self.face.settings({"expire_tokens": True})

    # --- what the drill asks of a system -------------------------------------------------------------------------

    @property
    def table(self) -> Any:
        return self.face.world.objects[self.object]

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        kept = {id: row for id, row in self.table.rows.items() if row.deleted != "permanent"}
        return {OBJECT: {id: self._row(id, row) for id, row in kept.items()}}

    def live(self, object: str) -> dict[str, Mapping[str, Any]]:
        return {id: row.now.values for id, row in self.rows[object].items() if not row.now.deleted}

    def _values(self) -> set[tuple[str, str, str]]:
        """Give every value of the live records."""
        live = self.live(OBJECT).items()
        return {(id, name, value) for id, values in live for name, value in values.items() if value is not None}

    def _row(self, id: str, row: Any) -> Any:
        values = {hub: row.values.get(wire) or None for hub, wire in self.names.items()}
        return SimpleNamespace(
            id=id, history=(row.version, bool(row.deleted), sorted(values.items(), key=str)),
            now=SimpleNamespace(values=values, deleted=bool(row.deleted)),
        )  # fmt: skip

    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.mutating]

    def fault(self, kind: str, **_how: Any) -> None:
        self.faults.append(kind)

    def plant(self, _object: str, values: Mapping[str, Any]) -> str:
        wire = {self.names[name]: value for name, value in values.items() if value is not None}
        return str(self.face.plant(self.object, wire))

    def edit(self, _object: str, id: str, values: Mapping[str, Any]) -> None:
        self._as_person(self.face.edit, id, {self.names[name]: value for name, value in values.items()})

    def remove(self, _object: str, id: str) -> None:
        self._as_person(self.face.remove, id)

    def revive(self, _object: str, id: str) -> None:
        if hasattr(self.face, "restore"):
            self._as_person(self.face.restore, id)
        else:
            self.table.restore(id, "1000", touch=True)

    def _as_person(self, act: Callable[..., None], *what: Any) -> None:
        try:
            act(self.object, *what)
        except (KeyError, ValueError) as exc:
            raise Refusal("refused", str(exc)) from exc


class _Watched:
    """A connector whose calls are told of, as the drill wants to hear of them."""

    def __init__(self, connector: Any, world: WireWorld) -> None:
        self._connector, self._world = connector, world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def pull(self, request: Any) -> Iterator[Any]:
        self._tell("before", "pull", ())
        yield from self._connector.pull(request)

    def fetch(self, object: str, ids: Sequence[str], fields: tuple[str, ...]) -> Any:
        self._tell("before", "fetch", [{"id": id} for id in ids])
        return self._connector.fetch(object, ids, fields)

    def find(self, object: str, field: str, values: Sequence[str], fields: tuple[str, ...]) -> Any:
        self._tell("before", "find", ())
        return self._connector.find(object, field, values, fields)

    def write(self, object: str, rows: Sequence[WriteRow]) -> Sequence[WriteResult]:
        names = self._world.hub_names
        told = [
            {**{names.get(n, n): v for n, v in row.values.items()}, "id": row.remote_id, "action": row.action}
            for row in rows
        ]
        call = self._tell("before", "write", told, mutating=True)
        results: Sequence[WriteResult] = self._connector.write(object, rows)
        self._world.on_call("after", call)
        return results

    def _tell(self, when: str, name: str, rows: Sequence[Mapping[str, Any]], *, mutating: bool = False) -> Call:
        call = Call(self._world.face.world.clock.now_ms(), name, OBJECT, mutating, tuple(rows))
        self._world.calls.append(call)
        self._world.on_call(when, call)
        return call


class WireScene(Scene):
    """Zoho is ``a`` and FxiaoKe is ``b``; the store is a file in *folder*."""

    def __init__(self, setting: Setting, folder: Path) -> None:
        self.setting = setting
        self.clock = HandClock(_START_MS)
        self.ours = SteppedClock(self.clock)
        self.store = _file_store(folder, self.ours)
        self.happen = lambda _place, _side, _call: None
        self.store.tell = lambda place: self.happen(place, None, None)
        self.broken: list[str] = []
        self.trace = sha256()
        self._ids = itertools.count()
        self.worlds: dict[Side, Any] = {}
        for rank, name in enumerate(REMOTES):
            clock = _SharedClock(self.clock, setting.skew_ms[rank])
            world = WireWorld((make_zoho, make_fxiaoke)[rank](clock, _story(), 1, False), rank, self.clock)
            # Zoho answers reads of several ids from its listing, which may not be late then.
            world.face.world.list_lag_ms = round(setting.list_lag_s * 1000) * rank
            world.face.world.search_lag_ms = round(setting.search_lag_s * 1000)
            world.on_call = self._listener(name)
            world.pass_point = lambda place, name=name: self.happen(f"{place} at {name}", None, None)  # type: ignore[misc]
            self.worlds[name] = world
        self._ports = {name: make_ports(self.ours, name, self.worlds[name]) for name in REMOTES}
        self.start()

    def _configure(self, rank: int, name: Side) -> Configured:
        world, kind = self.worlds[name], (ZohoConnector, FxiaokeConnector)[rank]
        settings = kind.Settings.model_validate({**_common(self.setting), **_login(world, rank, self.setting)})
        connector: Any = kind(settings, self._ports[name])  # type: ignore[arg-type]
        maps = _maps(kind, name)
        return Configured(
            name=name, connector=_Watched(connector, world), settings=settings, maps=maps,  # type: ignore[arg-type]
            fingerprint=fingerprint(settings, maps),  # type: ignore[arg-type]
        )  # fmt: skip


@cache
def _maps(kind: Any, name: str) -> dict[EntityKind, ObjectMap]:
    """Give the maps that a connector brings, cut to the fields of a run."""
    whole = load_maps(kind.default_maps(kind), {}, name)["contact"]
    return {"contact": replace(whole, fields=tuple(line for line in whole.fields if line.field in _FIELDS))}


def _common(setting: Setting) -> dict[str, Any]:
    return {
        "mode": "live", "first_contact": "auto", "dedicated_user": setting.dedicated,
        "visible_after_s": setting.visible_after_s, "overlap_s": setting.list_lag_s + 5, "deadline_s": 5,
    }  # fmt: skip


def _login(world: WireWorld, rank: int, setting: Setting) -> dict[str, Any]:
    ready = world.face.ready(_URL)
    if rank == 0:
        keys = {name: ready[name] for name in ("client_id", "client_secret", "refresh_token")}
        pages = dict.fromkeys(("page_size", "quiet_page_size", "list_page_size"), max(2, setting.page_size))
        return {"kind": "zoho", "api_url": _URL, "accounts_url": _URL, "calls_at_once": 1, **keys, **pages}
    bot = next(person for person in ready["employees"] if person["bot"])
    keys = {name: ready[name] for name in ("app_id", "app_secret", "permanent_code")}
    return {
        "kind": "fxiaoke", "base_url": _URL, "user_id": bot["user_id"], "open_user_id": bot["open_user_id"],
        "pool": 1, "write_pool": 1, "page_size": max(2, setting.page_size), "batch_size": setting.batch_size, **keys,
    }  # fmt: skip


def _file_store(folder: Path, clock: SteppedClock) -> CrashingStore:
    """Give a store in a file of its own: a copy of one made once."""
    template, file = folder / "template.db", folder / "hub.db"
    if not template.exists():
        with closing(CrashingStore.open(f"sqlite:///{template}", clock=clock)):
            pass
    for stale in folder.glob("hub.db*"):
        stale.unlink()
    shutil.copy(template, file)
    store = CrashingStore.open(f"sqlite:///{file}", clock=clock)
    assert isinstance(store, CrashingStore)
    return store
