"""The reference connector: a remote system in memory, with the manners of the real ones.

Copy this file to start a new connector. It pages by id inside a closed window of server time, judges a batch row by
row, and says ``unknown`` when an answer is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Literal

import pydantic

from connectors.base import (
    Capabilities,
    ConnectorSettings,
    FieldSchema,
    Identity,
    ObjectInfo,
    ObjectSchema,
    Outcome,
    Page,
    Ports,
    PullRequest,
    RemoteRecord,
    RemoteUser,
    WriteResult,
    WriteRow,
)
from connectors.memory_world import OBJECTS, Call, Fault, MemoryWorld, Refusal, Row, Snapshot
from mapping.errors import AuthRefused, ConfigError, DubanError, NeedsOperator, PageMalformed, Transient
from mapping.records import FIELDS, FieldType

__all__ = ["MemoryConnector", "MemorySettings", "MemoryWorld"]

CODECS: Mapping[FieldType, str] = {
    "text": "text", "long_text": "long_text", "email": "email", "phone": "phone", "url": "url", "key": "key",
    "date": "date_iso", "instant": "instant_ms", "money": "money_text", "number": "number_text", "bool": "boolean",
    "option": "option", "options": "options", "ref": "ref_id", "user": "user_list", "parent": "parent_pair",
}  # fmt: skip


class MemorySettings(ConnectorSettings):
    """``[connections.NAME] kind = "memory"``: the options of its world, used when no world is passed in."""

    kind: Literal["memory"] = "memory"
    user_id: str = "u-duban"
    org_id: str = "memory-1"
    zone: str = "Asia/Shanghai"
    page_size: int = pydantic.Field(default=100, ge=1, le=2000)
    batch_size: int = pydantic.Field(default=100, ge=1, le=1000)
    unique_key: bool = True
    deleted_feed: bool = True
    record_version: bool = True
    created_by_filter: bool = True
    granularity_ms: int = pydantic.Field(default=1000, ge=1)
    list_lag_s: float = pydantic.Field(default=0.0, ge=0)
    search_lag_s: float = pydantic.Field(default=0.0, ge=0)
    skew_ms: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A watermark: the window [lo, hi] being walked and the last id seen in it; ``hi`` None before a walk begins."""

    lo_ms: int | None
    hi_ms: int | None = None
    last_id: str = ""

    def text(self) -> str:
        return json.dumps({"lo": self.lo_ms, "hi": self.hi_ms, "last": self.last_id})

    @classmethod
    def parse(cls, text: str | None) -> Place:
        """Give the place a watermark names.

        Raises:
            ConfigError: the text is not a watermark of this connector.
        """
        if text is None:
            return cls(None)
        try:
            raw = json.loads(text)
            return cls(raw["lo"], raw["hi"], raw["last"])
        except (ValueError, KeyError, TypeError) as exc:
            raise ConfigError(
                "the stored watermark cannot be read",
                zh="无法读取已存的位置",
                next_step="list this object anew",
                next_step_zh="请重新列出该对象",
            ) from exc


class MemoryConnector:
    """See ``connectors.base.Connector``.

    Args:
        world: the system it talks to; None for one of its own, made from the settings.
    """

    kind: ClassVar[str] = "memory"
    Settings: ClassVar[type[ConnectorSettings]] = MemorySettings

    def __init__(self, settings: MemorySettings, ports: Ports, world: MemoryWorld | None = None) -> None:
        self.settings = settings
        self.ports = ports
        self.world = world or _own_world(settings, ports)
        self.capabilities = Capabilities(
            unique_key=self.world.unique_key,
            created_by_filter=self.world.created_by_filter,
            deleted_feed=self.world.deleted_feed,
            record_version=self.world.record_version,
            count=True,
            restore=True,
            batch_size=settings.batch_size,
            fetch_size=100,
            page_size=settings.page_size,
            time_granularity_s=self.world.granularity_ms / 1000,
            visible_after_s=max(self.world.list_lag_s, self.world.search_lag_s),
        )

    def identify(self) -> Identity:
        self._read("identify")
        return Identity(
            org_id=self.world.org_id, org_name="Memory", zone=self.world.zone, user_id=self.settings.user_id
        )

    def objects(self) -> Sequence[ObjectInfo]:
        self._read("objects")
        return [ObjectInfo(name=name, label=schema.label) for name, schema in self.world.schemas.items()]

    def describe(self, object: str) -> ObjectSchema | None:
        self._read("describe", object)
        return self.world.schemas.get(object)

    def users(self) -> Sequence[RemoteUser]:
        self._read("users")
        return list(self.world.users)

    def default_maps(self) -> Mapping[str, Any]:
        return {
            entity: {
                "object": OBJECTS[entity],
                "fields": {
                    name: ["parent_id", "parent_kind"] if hub.type == "parent" else name for name, hub in fields.items()
                },
            }
            for entity, fields in FIELDS.items()
        }

    def codec_for(self, type: FieldType, schema: FieldSchema) -> str | None:
        if schema.type == type or (type == "parent" and schema.type == "ref"):
            return CODECS[type]
        texts = ("text", "long_text", "key", "email", "phone", "url")
        return CODECS[type] if type in texts and schema.type in texts else None

    def pull(self, request: PullRequest) -> Iterator[Page]:
        place = Place.parse(request.watermark)
        while True:
            page, place = self._page(request, place)
            yield page
            if page.last:
                return

    def fetch(self, object: str, ids: Sequence[str], fields: tuple[str, ...]) -> Mapping[str, RemoteRecord | None]:
        self._read("fetch", object, ids)
        with self.world.lock:
            rows = {id: self.world.rows[object].get(id) for id in ids}
            return {
                id: None if row is None or row.now.deleted else self._record(object, row, row.now, fields)
                for id, row in rows.items()
            }

    def find(self, object: str, field: str, values: Sequence[str], fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        self._read("find", object)
        seen = self._seen(object, self.world.search_lag_s)
        wanted = set(values)
        return [self._record(object, row, shot, fields) for row, shot in seen if shot.values.get(field) in wanted]

    def find_created(self, object: str, since_ms: int, fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        self._read("find_created", object)
        seen = self._seen(object, self.world.search_lag_s)
        return [
            self._record(object, row, shot, fields)
            for row, shot in seen
            if row.created_by == self.settings.user_id and row.created_ms >= since_ms
        ]

    def write(self, object: str, rows: Sequence[WriteRow]) -> Sequence[WriteResult]:
        if not rows:
            return []
        self._check(object, "write")
        self.ports.before_send()
        self._count("calls")
        asked = tuple({**row.values, "id": row.remote_id, "action": row.action} for row in rows)
        call = Call(self.world.now_ms(), "write", object, mutating=True, rows=asked)
        self._tell("before", call)
        with self.world.lock:
            results = self._write(object, rows, self.world.strike(call))
        self._tell("after", call)
        return results

    def count(self, object: str) -> int | None:
        self._read("count", object)
        return len(self._seen(object, self.world.list_lag_s))

    def record_url(self, object: str, remote_id: str) -> str | None:
        return f"memory://{self.world.org_id}/{object}/{remote_id}"

    def record_ref(self, url: str) -> tuple[str, str] | None:
        parts = url.removeprefix(f"memory://{self.world.org_id}/").split("/")
        return (parts[0], parts[1]) if len(parts) == 2 and parts[0] in self.world.rows else None

    def close(self) -> None:
        """Nothing is open."""

    def _page(self, request: PullRequest, place: Place) -> tuple[Page, Place]:
        spoilt = "unreadable" in self._read("pull", request.object)
        world, size = self.world, self.settings.page_size
        hi_ms = place.hi_ms if place.hi_ms is not None else world.stamp_ms()
        listed = self._listed(request.object, place, hi_ms, size + 1)
        last = len(listed) <= size
        listed = listed[:size]
        backfill = place.lo_ms is None
        following = (
            Place(hi_ms - int(self.settings.overlap_s * 1000)) if last else Place(place.lo_ms, hi_ms, listed[-1][0].id)
        )
        bad = [(row.id, "a broken line") for row, _ in listed[:1]] if spoilt else []
        page = Page(
            records=[self._record(request.object, row, shot, request.fields) for row, shot in listed[len(bad) :]],
            bad=bad,
            watermark=following.text(),
            last=last,
            backfill=backfill,
            deleted_ids=self._deleted(request, place) if last else (),
        )
        return page, following

    def _listed(self, object: str, place: Place, hi_ms: int, limit: int) -> list[tuple[Row, Snapshot]]:
        """Give the next live records of the window in id order, as a late list shows them."""
        horizon = self.world.now_ms() - int(self.world.list_lag_s * 1000)
        with self.world.lock:
            pairs = ((row, row.at(horizon)) for row in self.world.after(object, place.last_id))
            return list(
                islice(
                    (
                        (row, shot)
                        for row, shot in pairs
                        if shot is not None and not shot.deleted and _within(place.lo_ms, shot, hi_ms)
                    ),
                    limit,
                )
            )

    def _deleted(self, request: PullRequest, place: Place) -> Sequence[str]:
        """Give the ids whose delete is not older than the window; younger ones than its end do no harm."""
        if not (request.deletes and self.world.deleted_feed):
            return ()
        lo_ms = place.lo_ms or 0
        horizon = self.world.now_ms() - int(self.world.list_lag_s * 1000)
        with self.world.lock:
            shots = {row.id: row.at(horizon) for row in self.world.rows[request.object].values()}
        return sorted(id for id, shot in shots.items() if shot and shot.deleted and shot.modified_ms >= lo_ms)

    def _seen(self, object: str, lag_s: float) -> list[tuple[Row, Snapshot]]:
        """Give the live records as a list that is *lag_s* late shows them."""
        horizon = self.world.now_ms() - int(lag_s * 1000)
        with self.world.lock:
            pairs = [(row, row.at(horizon)) for row in self.world.rows[object].values()]
        return [(row, shot) for row, shot in pairs if shot is not None and not shot.deleted]

    def _record(self, object: str, row: Row, shot: Snapshot, fields: tuple[str, ...]) -> RemoteRecord:
        return RemoteRecord(
            row.id,
            self.world.shown(object, shot.values, fields),
            version=self._version(shot),
            modified_ms=shot.modified_ms,
            modified_by=shot.modified_by,
            created_ms=row.created_ms,
            created_by=row.created_by,
        )

    def _version(self, shot: Snapshot) -> str:
        return str(shot.version if self.world.record_version else shot.modified_ms)

    def _write(self, object: str, rows: Sequence[WriteRow], faults: Sequence[Fault]) -> Sequence[WriteResult]:
        kinds = {fault.kind for fault in faults}
        if "auth" in kinds or "operator" in kinds:
            _raise(faults[0], self.ports.name)
        if "hang" in kinds:
            self.world.clock.sleep(self.settings.deadline_s)
        if kinds & {"hang", "lost_before"}:
            return [_result(row, "unknown", code="LOST") for row in rows]
        if "transient" in kinds:
            return [_result(row, "transient", code="SLOW_DOWN") for row in rows]
        if "later" in kinds:
            return [_result(row, "transient", code="SLOW_DOWN", retry_after_s=_LATER_S) for row in rows]
        results = [self._write_row(object, row, faults) for row in rows]
        if "twice" in kinds:
            results = [self._write_row(object, row, faults) for row in rows]
        if "half" in kinds:
            results = results[1::2]
        if "reordered" in kinds:
            results = results[::-1]
        if "lost_after" in kinds:
            return [_result(row, "unknown", code="LOST") for row in rows]
        return results

    def _write_row(self, object: str, row: WriteRow, faults: Sequence[Fault]) -> WriteResult:
        asked = {**row.values, "id": row.remote_id, "action": row.action}
        for fault in faults:
            outcome = ROW_FAULTS.get(fault.kind)
            if outcome is not None and fault.hits(asked):
                return _result(row, outcome, code=fault.kind.upper())
        try:
            id, shot = self._apply(object, row)
        except Refusal as no:
            return _result(row, no.outcome, remote_id=no.holder or row.remote_id, code=no.code, message=no.code)
        return _result(row, "applied", remote_id=id, version=self._version(shot), modified_ms=shot.modified_ms)

    def _apply(self, object: str, row: WriteRow) -> tuple[str, Snapshot]:
        world, by = self.world, self.settings.user_id
        if row.action == "create":
            id = world.create(object, row.values, by)
            return id, world.rows[object][id].now
        id = row.remote_id or ""
        if row.action == "update":
            return id, world.update(object, id, row.values, by)
        return id, (world.delete if row.action == "delete" else world.restore)(object, id, by)

    def _read(self, name: str, object: str = "", ids: Sequence[str] = ()) -> set[str]:
        """Note a reading call, and raise what its faults ask for; gives those that spoil the answer only."""
        self._count("calls")
        self._check(object, name)
        call = Call(self.world.now_ms(), name, object, rows=tuple({"id": id} for id in ids))
        self._tell("before", call)
        with self.world.lock:
            faults = self.world.strike(call)
        for fault in faults:
            if fault.kind == "hang":
                self.world.clock.sleep(self.settings.deadline_s)
            if fault.kind != "unreadable":
                _raise(fault, self.ports.name)
        return {fault.kind for fault in faults}

    def _check(self, object: str, name: str) -> None:
        """Refuse an object this world does not have; only ``describe`` may ask whether it does."""
        if object and name != "describe" and object not in self.world.rows:
            raise NeedsOperator(f"there is no object {object}", zh=f"没有对象 {object}", connection=self.ports.name)

    def _tell(self, when: str, call: Call) -> None:
        if self.world.on_call is not None:
            self.world.on_call(when, call)

    def _count(self, name: str) -> None:
        self.ports.counters[name] = self.ports.counters.get(name, 0) + 1


_LATER_S = 7.0

ROW_FAULTS: Mapping[str, Outcome] = {"refuse": "refused", "busy": "busy", "gone": "gone", "stale": "stale"}


def _own_world(settings: MemorySettings, ports: Ports) -> MemoryWorld:
    return MemoryWorld(
        ports.clock,
        granularity_ms=settings.granularity_ms,
        list_lag_s=settings.list_lag_s,
        search_lag_s=settings.search_lag_s,
        skew_ms=settings.skew_ms,
        unique_key=settings.unique_key,
        deleted_feed=settings.deleted_feed,
        record_version=settings.record_version,
        created_by_filter=settings.created_by_filter,
        org_id=settings.org_id,
        zone=settings.zone,
    )


def _within(lo_ms: int | None, shot: Snapshot, hi_ms: int) -> bool:
    return (lo_ms is None or shot.modified_ms >= lo_ms) and shot.modified_ms <= hi_ms


def _result(row: WriteRow, outcome: Outcome, **more: Any) -> WriteResult:
    return WriteResult(op_id=row.op_id, outcome=outcome, **{"remote_id": row.remote_id, **more})


def _raise(fault: Fault, connection: str) -> None:
    """Raise the house error that a fault of a whole call stands for."""
    errors: Mapping[str, DubanError] = {
        "auth": AuthRefused("the credentials are refused", zh="凭据被拒绝", connection=connection),
        "operator": NeedsOperator("a right is missing", zh="缺少权限", connection=connection),
        "malformed": PageMalformed("the answer is not a listing", zh="答复不是列表", connection=connection),
    }
    if fault.kind == "later":
        raise Transient("too many calls", zh="调用过于频繁", connection=connection, retry_after_s=_LATER_S)
    raise errors.get(fault.kind) or Transient(
        "the system is not reachable now", zh="系统暂时不可达", connection=connection
    )
