"""The network side of a write, free of the store: a look at each record, then the changed fields, row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.base import RemoteRecord, WriteResult, WriteRow, chunks
from mapping.errors import DubanError, OutcomeUnknown, RecordRefused
from mapping.fields import BoundMap, Codec
from mapping.records import EntityKind
from store.outbox import Op
from sync.settling import Verdict
from sync.spokes import Spoke


@dataclass(slots=True)
class Batch:
    """Writes of one kind that go to one object of a connection together.

    Args:
        unread: records that a listing could not read; a look at these is a look at all of it.
        ready: what a look has found to stand on the ground it was planned on.
        verdicts: what became of the others, and of those once they are sent.
    """

    spoke: Spoke
    bound: BoundMap
    ops: list[Op]
    unread: Collection[str] = ()
    ready: list[Verdict] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    sent: bool = False

    @property
    def target(self) -> tuple[str, EntityKind]:
        return self.spoke.name, self.bound.entity


def look(batch: Batch) -> Batch:
    """Read each record as it is now and tell what may be sent from what is settled or stale. Never raises for a row.

    Only the fields that are to be written are asked for; a record where these show anything unforeseen is read whole.
    """
    if batch.ops[0].action == "create":
        batch.ready = [Verdict(op, "ready") for op in batch.ops]
        return batch
    try:
        judged = _judged(batch.spoke, batch.bound.of_fields(_touched(batch.ops)), batch.ops)
        odd = [verdict.op for verdict in judged if verdict.record is not None and _odd(batch, verdict)]
        if odd:
            whole = {verdict.op.id: verdict for verdict in _judged(batch.spoke, batch.bound, odd)}
            judged = [whole.get(verdict.op.id, verdict) for verdict in judged]
    except DubanError as error:
        batch.verdicts = [Verdict(op, "transient", error.message, code=error.code, stop=error) for op in batch.ops]
        return batch
    batch.ready = [verdict for verdict in judged if verdict.outcome == "ready"]
    batch.verdicts = [verdict for verdict in judged if verdict.outcome != "ready"]
    return batch


def send(batch: Batch) -> Batch:
    """Send what is ready, splitting it when a row takes the others hostage. Never raises for a row."""
    batch.verdicts = send_rows(batch.spoke, batch.bound, batch.ready)
    batch.sent = True
    return batch


def _odd(batch: Batch, verdict: Verdict) -> bool:
    return verdict.outcome != "ready" or verdict.op.remote_id in batch.unread


def _touched(ops: Iterable[Op]) -> set[str]:
    return {name for op in ops for some in (op.values, op.base) for name in some}


def _judged(spoke: Spoke, bound: BoundMap, ops: Sequence[Op]) -> list[Verdict]:
    found = _fetch(spoke, bound, [op.remote_id or "" for op in ops])
    return [judge_guard(bound, op, found.get(op.remote_id or "")) for op in ops]


def _fetch(spoke: Spoke, bound: BoundMap, ids: Sequence[str]) -> dict[str, RemoteRecord | None]:
    out: dict[str, RemoteRecord | None] = {}
    for part in chunks(list(ids), spoke.connector.capabilities.fetch_size):
        out.update(spoke.connector.fetch(bound.map.object, part, bound.wire_fields))
    return out


def judge_guard(bound: BoundMap, op: Op, record: RemoteRecord | None) -> Verdict:
    """Compare a record as it is now with the ground the op was planned on."""
    if record is None:
        return Verdict(op, {"restore": "ready", "delete": "applied"}.get(op.action, "gone"))
    try:
        doc = bound.read(record.payload)
    except RecordRefused as error:
        if op.action == "restore":  # it is there all the same; the next pull says what is wrong with it
            return Verdict(op, "applied", record=record)
        return Verdict(op, "refused", error.message, code=error.code or "value")
    if op.action == "restore":
        return Verdict(op, "applied", record=record, doc=doc)
    if op.action == "delete":
        moved = any(doc.get(name, value) != value for name, value in op.base.items())
        return Verdict(op, "stale" if moved else "ready", record=record, doc=doc)
    if op.values.items() <= doc.items():
        return Verdict(op, "applied", record=record, doc=doc, version=record.version)
    for name, value in op.base.items():
        if name in doc and doc[name] != value and doc[name] != op.values.get(name):
            return Verdict(op, "stale", record=record, doc=doc)
    return Verdict(op, "ready", record=record, doc=doc)


def send_rows(spoke: Spoke, bound: BoundMap, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Send rows together; when nobody knows what became of them, look, and send the halves."""
    try:
        results = _write(spoke, bound, verdicts)
    except DubanError as error:  # nothing was sent, and nothing would be: the connection rests
        return [v._replace(outcome="transient", message=error.message, code=error.code, stop=error) for v in verdicts]
    judged = [_judge(spoke, verdict, results.get(verdict.op.id)) for verdict in verdicts]
    judged = _show_holders(spoke, bound, judged)
    lost = [verdict for verdict in judged if verdict.outcome == "unknown"]
    if len(verdicts) == 1 or len(lost) < len(verdicts) or not _may_split(bound, lost):
        return judged
    again, settled = _look_again(spoke, bound, lost)
    for half in (again[: len(again) // 2], again[len(again) // 2 :]):
        if half:
            settled += [_still_lost(verdict) for verdict in send_rows(spoke, bound, half)]
    return settled


def _still_lost(verdict: Verdict) -> Verdict:
    """Keep a create lost whose second sending came to nothing: the first may have made its record all the same."""
    told = verdict.op.action != "create" or verdict.outcome in ("applied", "duplicate")
    return verdict if told else verdict._replace(outcome="unknown")


def _show_holders(spoke: Spoke, bound: BoundMap, judged: list[Verdict]) -> list[Verdict]:
    """Read the records that hold a unique value we wanted, or that are in no bin: our own lost writes may be why."""
    asked = {verdict.op.id: id for verdict in judged if (id := _to_look_at(verdict))}
    if not asked:
        return judged
    try:
        found = _fetch(spoke, bound, list(asked.values()))
    except DubanError:
        return [v._replace(outcome="unknown") if v.op.id in asked else v for v in judged]
    out: list[Verdict] = []
    for verdict in judged:
        record = found.get(asked.get(verdict.op.id, ""))
        if record is not None and verdict.op.action == "restore":
            verdict = judge_guard(bound, verdict.op, record)
        elif record is not None:
            verdict = _with_holder(bound, verdict, record)
        out.append(verdict)
    return out


def _to_look_at(verdict: Verdict) -> str | None:
    if verdict.outcome == "gone" and verdict.op.action == "restore":
        return verdict.op.remote_id
    return verdict.remote_id if verdict.outcome == "duplicate" else None


def _with_holder(bound: BoundMap, verdict: Verdict, record: RemoteRecord) -> Verdict:
    """Show who holds the value; of one that cannot be read, at least its key."""
    try:
        return verdict._replace(record=record, doc=bound.read(record.payload))
    except RecordRefused:
        return verdict._replace(doc={"key": record.payload.get(bound.key_field or "")})


def _may_split(bound: BoundMap, lost: Sequence[Verdict]) -> bool:
    """Say whether rows of unknown fate may be sent again at once: reads can tell, or a unique key can."""
    if lost[0].op.action == "create":
        return bound.key_unique and all(verdict.op.key for verdict in lost)
    return lost[0].op.action in ("update", "delete")


def _look_again(spoke: Spoke, bound: BoundMap, lost: Sequence[Verdict]) -> tuple[list[Verdict], list[Verdict]]:
    ready = [verdict._replace(outcome="ready") for verdict in lost]
    if lost[0].op.action == "create":
        return ready, []
    try:
        found = _fetch(spoke, bound, [verdict.op.remote_id or "" for verdict in lost])
    except DubanError:
        return [], list(lost)
    again: list[Verdict] = []
    settled: list[Verdict] = []
    for verdict in lost:
        now = judge_guard(bound, verdict.op, found.get(verdict.op.remote_id or ""))
        if now.outcome == "ready":
            again.append(now)
        else:
            settled.append(now._replace(probed=True))
    return again, settled


def _write(spoke: Spoke, bound: BoundMap, verdicts: Sequence[Verdict]) -> Mapping[str, WriteResult]:
    codecs = {field_.map.field: field_.codec for field_ in bound.fields}
    rows = [_row(bound, codecs, verdict.op) for verdict in verdicts]
    try:
        results = spoke.connector.write(bound.map.object, rows)
    except OutcomeUnknown as error:
        return {row.op_id: WriteResult(op_id=row.op_id, outcome="unknown", message=error.message) for row in rows}
    return {result.op_id: result for result in results}


def _row(bound: BoundMap, codecs: Mapping[str, Codec], op: Op) -> WriteRow:
    wire: dict[str, object] = {}
    if op.action == "create":
        wire.update(bound.map.constants)
    for name, value in op.values.items():
        if name in codecs and not (op.action == "create" and value is None):
            wire.update(codecs[name].write(value))
    return WriteRow(op_id=op.id, action=op.action, values=wire, remote_id=op.remote_id, steps_done=tuple(op.steps_done))


def _judge(spoke: Spoke, verdict: Verdict, result: WriteResult | None) -> Verdict:
    """Give what became of a write. What the look before it showed is no news: it may be a part of the record only."""
    if result is None:
        return verdict._replace(outcome="unknown", message="the answer names no such row", doc=None)
    return Verdict(
        verdict.op, result.outcome, result.message or "", result.code, result.remote_id, verdict.record,
        verdict.doc if result.outcome == "applied" else None,
        _later(result.version, _predicted(spoke, verdict, result)), result.modified_ms, result.retry_after_s,
        result.steps_done, verdict.stop, verdict.probed,
    )  # fmt: skip


def _later(named: str | None, predicted: str | None) -> str | None:
    """Give the version that is named, unless it is older than what our own calls made it: a look may come late."""
    if named and predicted and named.isdecimal():
        return max(named, predicted, key=int)
    return named or predicted


def _predicted(spoke: Spoke, verdict: Verdict, result: WriteResult) -> str | None:
    """Give the version a record will show if nobody else wrote: one more per call, where versions count writes."""
    if not spoke.connector.capabilities.record_version or result.outcome != "applied":
        return None
    steps = max(1, len(result.steps_done))
    if verdict.op.action == "create":
        return str(steps)
    before = verdict.record.version if verdict.record is not None else ""
    return str(int(before) + steps) if before.isdecimal() else None
