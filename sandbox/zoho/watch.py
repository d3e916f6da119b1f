"""Notifications: channels that are told of changes, by real calls to addresses on this machine only."""

from __future__ import annotations

import http.client
import ipaddress
import json
import queue
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from sandbox.wire import Reply, Request
from sandbox.world import Row
from sandbox.zoho.answers import CallRefusedError, RowRefusedError, rows_reply, success
from sandbox.zoho.calls import body_rows
from sandbox.zoho.org import Org
from sandbox.zoho.values import parse_time, wire_time

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
EVENTS: Final = {"insert": "create", "update": "edit", "delete": "delete"}
MAX_TOKEN: Final = 50
MAX_CHANNELS: Final = 50
SUBSCRIBED: Final = "Successfully subscribed for actions-watch of the given module"
UNSUBSCRIBED: Final = "Successfully un-subscribed from actions-watch of the given module"


@dataclass(frozen=True, slots=True)
class Channel:
    """One subscription; ``events`` are "Module.create", "Module.all" and so on."""

    id: str
    events: tuple[str, ...]
    notify_url: str
    expires_ms: int
    token: str | None = None
    with_values: bool = False

    def wants(self, module: str, operation: str) -> bool:
        return f"{module}.all" in self.events or f"{module}.{EVENTS[operation]}" in self.events


@dataclass(slots=True)
class Watch:
    """The watch calls and the deliveries. Callers hold the world's lock; deliveries run in a thread of their own.

    Attributes:
        repeat: how often each call-back is sent (2 shows what a receiver does with duplicates).
        max_life_ms: longest life of a channel; pages of the vendor name a day and a week [assumed: a day].
        sent: how many call-backs went out.
    """

    org: Org
    base_url: str = ""
    repeat: int = 1
    max_life_ms: int = DAY_MS
    sent: int = 0
    _channels: dict[str, Channel] = field(default_factory=dict)
    _queue: queue.Queue[tuple[str, bytes] | None] = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    # --- calls ---------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        """Answer /actions/watch."""
        if request.method == "GET":
            return self._list(request)
        if request.method == "DELETE":
            return self._disable(request)
        one = {"POST": self._enable, "PUT": self._enable, "PATCH": self._change}.get(request.method)
        if one is None:
            raise CallRefusedError(405, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one")
        answers = []
        for index, row in enumerate(body_rows(request, "watch", MAX_CHANNELS)):
            try:
                answers.append(one(row, f"$.watch[{index}]"))
            except RowRefusedError as refused:
                answers.append(refused.row)
        return rows_reply(answers, 201 if request.method == "POST" else 200, "watch")

    def _enable(self, row: Mapping[str, Any], at: str) -> dict[str, Any]:
        for name in ("channel_id", "events", "notify_url"):
            if not row.get(name):
                raise RowRefusedError(
                    "MANDATORY_NOT_FOUND", "required field not found", {"api_name": name, "json_path": f"{at}.{name}"}
                )
        channel = Channel(
            id=str(row["channel_id"]),
            events=self._events(row["events"], at),
            notify_url=self._url(row["notify_url"], at),
            expires_ms=self._expiry(row.get("channel_expiry"), at),
            token=self._token(row.get("token"), at),
            with_values=bool(row.get("return_affected_field_values")),
        )
        self._channels[channel.id] = channel
        return self._subscribed(channel)

    def _change(self, row: Mapping[str, Any], at: str) -> dict[str, Any]:
        channel = self._live(str(row.get("channel_id")))
        if channel is None:
            raise RowRefusedError("NOT_SUBSCRIBED", "Not subscribed for actions-watch of the given channel")
        events = self._events(row.get("events") or list(channel.events), at)
        if row.get("_delete_events"):
            events = tuple(event for event in channel.events if event not in events)
        changed = replace(
            channel,
            events=events,
            notify_url=self._url(row.get("notify_url") or channel.notify_url, at),
            token=self._token(row.get("token", channel.token), at),
            expires_ms=self._expiry(row["channel_expiry"], at) if row.get("channel_expiry") else channel.expires_ms,
        )
        self._channels[channel.id] = changed
        return self._subscribed(changed)

    def _list(self, request: Request) -> Reply:
        wanted, module = request.param("channel_id"), request.param("module")
        live = [channel for name in list(self._channels) if (channel := self._live(name)) is not None]
        shown = [
            {**event, "events": list(channel.events), "notify_url": channel.notify_url,
             "token": channel.token}
            for channel in live
            if not wanted or channel.id == wanted
            for event in self._shown_events(channel)
            if not module or event["resource_name"] == module
        ]  # fmt: skip
        if not shown:
            return Reply(204)
        info = {"per_page": 200, "count": len(shown), "page": 1, "more_records": False}
        return Reply(200, {"watch": shown, "info": info})

    def _disable(self, request: Request) -> Reply:
        ids = [one for one in request.param("channel_ids").split(",") if one]
        if not ids:
            details = {"param_name": "channel_ids"}
            raise CallRefusedError(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", details)
        answers = []
        for one in ids:
            channel = self._live(one)
            if channel is None:
                message = "Not subscribed for actions-watch of the given channel"
                answers.append(RowRefusedError("NOT_SUBSCRIBED", message).row)
                continue
            del self._channels[one]
            events = [
                {name: event[name] for name in ("resource_uri", "resource_id", "resource_name", "channel_id")}
                for event in self._shown_events(channel)
            ]
            answers.append(success(UNSUBSCRIBED, {"events": events}))
        return rows_reply(answers, 200, "watch")

    # --- checks --------------------------------------------------------------------------------------------------

    def _events(self, events: Any, at: str) -> tuple[str, ...]:
        names = events if isinstance(events, list) else []
        for index, name in enumerate(names):
            module, _, kind = str(name).partition(".")
            if module not in self.org.modules or kind not in ("create", "edit", "delete", "all"):
                details = {"api_name": "events", "json_path": f"{at}.events[{index}]"}
                raise RowRefusedError("INVALID_DATA", "invalid data", details)
        return tuple(str(name) for name in names)

    def _url(self, url: Any, at: str) -> str:
        parts = urlsplit(str(url))
        if parts.scheme not in ("http", "https") or not parts.hostname or len(str(url)) > 255:
            details = {"api_name": "notify_url", "json_path": f"{at}.notify_url"}
            raise RowRefusedError("INVALID_DATA", "invalid data", details)
        return str(url)

    def _token(self, token: Any, at: str) -> str | None:
        if token is not None and len(str(token)) > MAX_TOKEN:
            details = {"api_name": "token", "json_path": f"{at}.token", "maximum_length": MAX_TOKEN}
            raise RowRefusedError("INVALID_DATA", "invalid data", details)
        return None if token is None else str(token)

    def _expiry(self, text: Any, at: str) -> int:
        """Give when a channel ends: an hour from now when nothing (or too much) was asked."""
        now_ms = self.org.world.clock.now_ms()
        if text is None:
            return now_ms + HOUR_MS
        try:
            asked = parse_time(str(text))
        except ValueError as exc:
            details = {"api_name": "channel_expiry", "json_path": f"{at}.channel_expiry"}
            raise RowRefusedError("INVALID_DATA", "invalid data", details) from exc
        if asked <= now_ms:
            details = {"api_name": "channel_expiry", "json_path": f"{at}.channel_expiry"}
            raise RowRefusedError("INVALID_DATA", "the channel would have expired already", details)
        return asked if asked <= now_ms + self.max_life_ms else now_ms + HOUR_MS

    def _live(self, channel_id: str) -> Channel | None:
        channel = self._channels.get(channel_id)
        if channel is not None and channel.expires_ms <= self.org.world.clock.now_ms():
            del self._channels[channel_id]
            return None
        return channel

    def _subscribed(self, channel: Channel) -> dict[str, Any]:
        return success(SUBSCRIBED, {"events": self._shown_events(channel)})

    def _shown_events(self, channel: Channel) -> list[dict[str, Any]]:
        modules = dict.fromkeys(event.partition(".")[0] for event in channel.events)
        return [
            {
                "channel_expiry": wire_time(channel.expires_ms),
                "resource_uri": f"{self.base_url}/crm/v8/{module}",
                "resource_id": None,
                "resource_name": module,
                "channel_id": channel.id,
            }
            for module in modules
        ]

    # --- deliveries ----------------------------------------------------------------------------------------------

    def changed(self, module: str, row: Row, operation: str, fields: Iterable[str], _who: str) -> None:
        """Queue a call-back for every channel that wants this change."""
        names = [*fields, "Modified_Time"]
        for channel_id in list(self._channels):
            channel = self._live(channel_id)
            if channel is not None and channel.wants(module, operation):
                body = json.dumps(self._message(channel, module, row, operation, names), ensure_ascii=False)
                for _ in range(self.repeat):
                    self._queue.put((channel.notify_url, body.encode()))
                self._ensure_thread()

    def _message(self, channel: Channel, module: str, row: Row, operation: str, names: Sequence[str]) -> dict[str, Any]:
        message: dict[str, Any] = {
            "server_time": self.org.world.clock.now_ms(),
            "query_params": dict(parse_qsl(urlsplit(channel.notify_url).query)),
            "module": module,
            "resource_uri": f"{self.base_url}/crm/v8/{module}",
            "ids": [row.id],
            "affected_fields": [{row.id: list(names)}] if operation == "update" else [],
            "operation": operation,
            "channel_id": channel.id,
            "token": channel.token,
        }
        if channel.with_values:
            values = row.values
            message["affected_values"] = [{"record_id": row.id, "values": {n: values.get(n) for n in names}}]
        return message

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._deliver, name="sandbox-zoho-watch", daemon=True)
            self._thread.start()

    def _deliver(self) -> None:
        while (item := self._queue.get()) is not None:
            if post_on_loopback(*item):
                self.sent += 1

    def clear(self) -> None:
        self._channels.clear()

    def close(self) -> None:
        """End the delivering thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=5)
            self._thread = None


def post_on_loopback(url: str, body: bytes) -> bool:
    """Send a call-back and say whether it was answered; addresses beyond this machine are never called."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        return False
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=3)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {"Content-Type": "application/json;charset=UTF-8"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
