"""Writing at FxiaoKe: one record a call, a few calls at once, every record judged by its own answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from connectors.base import Outcome, Ports, WriteResult, WriteRow
from connectors.fxiaoke import wire
from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.fxiaoke.spread import spread
from mapping.errors import (
    AlreadyThere,
    DubanError,
    LeaseLost,
    NeedsOperator,
    OutcomeUnknown,
    RecordBusy,
    RecordGone,
    RecordRefused,
    Stale,
    Transient,
)

Send = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Send a write to a path and give its answer, or raise an error of the house."""

FindHolder = Callable[[str, Mapping[str, Any]], str | None]
"""Give the record of an object that holds one of these unique values, None when none is found."""

OWNER: Final = "owner"
VALUES_DONE: Final = "values"
"""Name of the first step of an update that also moves the owner."""

OUTCOMES: Final[tuple[tuple[type[DubanError], Outcome], ...]] = (
    (AlreadyThere, "duplicate"),
    (RecordGone, "gone"),
    (RecordBusy, "busy"),
    (RecordRefused, "refused"),
    (OutcomeUnknown, "unknown"),
    (Stale, "stale"),
    (Transient, "transient"),
    (NeedsOperator, "transient"),
)
"""The first class that fits; a row that met NeedsOperator was certainly not applied."""


class Writer:
    """Sends batches; thread-safe."""

    def __init__(self, settings: FxiaokeSettings, ports: Ports, send: Send, find_holder: FindHolder) -> None:
        self._settings = settings
        self._ports = ports
        self._send = send
        self._find_holder = find_holder

    def write(self, object: str, rows: Sequence[WriteRow]) -> Sequence[WriteResult]:
        """Send a batch and give one result a row, in order (see ``connectors.base.Connector.write``)."""
        batch = _Batch(self._ports.clock.monotonic() + self._settings.deadline_s)
        results = spread(
            lambda row: self._row(batch, object, row), rows, self._settings.write_pool, f"{self._ports.name}-write"
        )
        batch.end(results)
        return results

    def _row(self, batch: _Batch, object: str, row: WriteRow) -> WriteResult:
        """Write one row; a batch that is over its deadline, or was stopped, sends no further one."""
        if batch.stopped or self._ports.clock.monotonic() >= batch.until_s:
            return _result(row, "transient", row.steps_done, message="not sent: the batch ended before its turn")
        done = list(row.steps_done)
        try:
            id = self._apply(object, row, done)
        except (NeedsOperator, Transient, LeaseLost) as exc:
            # The way out has tried again as often as is decent; the other rows would only meet the same.
            batch.stop(exc)
            return _failed(row, exc, done)
        except AlreadyThere as exc:
            # The service says that a value is taken, not by whom.
            exc.existing_id = exc.existing_id or self._find_holder(object, row.values)
            return _failed(row, exc, done)
        except DubanError as exc:
            return _failed(row, exc, done)
        return _result(row, "applied", done, remote_id=id)

    def _apply(self, object: str, row: WriteRow, done: list[str]) -> str:
        if row.action == "create":
            return self._create(object, row.values)
        if row.remote_id is None:
            raise RecordGone("the row names no record", zh="未指明记录")
        if row.action == "update":
            self._update(object, row.remote_id, row.values, done)
        elif row.action == "delete":
            self._send(wire.data_path(object, "invalid"), wire.invalid_body(object, row.remote_id))
        else:
            self._send(wire.data_path(object, "recover"), wire.recover_body(object, row.remote_id))
        return row.remote_id

    def _create(self, object: str, values: Mapping[str, Any]) -> str:
        # Custom objects refuse a record without an owner. [seen]
        owned = values if values.get(OWNER) else {**values, OWNER: [self._settings.actor]}
        body = wire.create_body(object, owned, duplicates=self._settings.duplicate_check, **self._triggers())
        id = self._send(wire.data_path(object, "create"), body).get("dataId")
        if not isinstance(id, str) or not id:
            # Some documented answers of custom objects carry no id; the record is there and must be looked up.
            raise OutcomeUnknown("the create was accepted without naming the record", zh="已创建但未返回编号")
        return id

    def _update(self, object: str, id: str, values: Mapping[str, Any], done: list[str]) -> None:
        """Send changed values, then the owner: the service moves owners on a path of their own."""
        plain = {name: value for name, value in values.items() if name != OWNER}
        owner = values.get(OWNER)
        if OWNER in values and not owner:
            raise RecordRefused("an owner cannot be cleared", zh="负责人不能清空", code="owner_blank")
        if plain and VALUES_DONE not in done:
            self._send(wire.data_path(object, "update"), wire.update_body(object, id, plain, **self._triggers()))
            if owner:
                done.append(VALUES_DONE)
        if owner and OWNER not in done:
            people = owner if isinstance(owner, list) else [owner]
            self._send(wire.data_path(object, "changeOwner"), wire.owner_body(object, id, people))
            done.append(OWNER)

    def _triggers(self) -> dict[str, bool]:
        return {"approval": self._settings.trigger_approval, "workflow": self._settings.trigger_workflow}


class _Batch:
    """One batch under way: until when rows may start, and what stopped it."""

    def __init__(self, until_s: float) -> None:
        self.until_s = until_s
        self._lock = threading.Lock()
        self._error: DubanError | None = None

    @property
    def stopped(self) -> bool:
        return self._error is not None

    def stop(self, error: DubanError) -> None:
        """Send no further row."""
        with self._lock:
            self._error = self._error or error

    def end(self, results: Sequence[WriteResult]) -> None:
        """Raise what stopped the batch where no row's result would be lost by that."""
        error = self._error
        if isinstance(error, LeaseLost):
            raise error
        if isinstance(error, NeedsOperator) and all(result.outcome == "transient" for result in results):
            raise error


def _failed(row: WriteRow, error: DubanError, done: Sequence[str]) -> WriteResult:
    outcome: Outcome = next((outcome for kind, outcome in OUTCOMES if isinstance(error, kind)), "transient")
    holder = error.existing_id if isinstance(error, AlreadyThere) else None
    return _result(
        row,
        outcome,
        done,
        remote_id=holder if outcome == "duplicate" else row.remote_id,
        code=error.code,
        message=error.message,
        retry_after_s=error.retry_after_s if isinstance(error, Transient) else None,
    )


def _result(row: WriteRow, outcome: Outcome, done: Sequence[str], **more: Any) -> WriteResult:
    return WriteResult(op_id=row.op_id, outcome=outcome, steps_done=tuple(done), **{"remote_id": row.remote_id, **more})
