"""Send what was planned: intent first, a guard read, the changed fields, then the shadows of just those fields.

Network work runs in a small pool; every store transaction runs in the calling thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import groupby

from connectors.base import RemoteRecord, WriteResult, WriteRow, chunks
from mapping.errors import DubanError, OutcomeUnknown, RecordRefused
from mapping.fields import BoundMap, Codec
from mapping.ports import Clock
from mapping.records import ENTITIES, EntityKind, hub_field
from store import hub, links, outbox
from store.database import Database
from store.outbox import Op
from store.tx import Tx
from sync.carrying import Carried
from sync.guards import Rails, circuit_open
from sync.halting import Halt, never
from sync.repeating import shown
from sync.report import RunReport
from sync.settling import Settler, Verdict
from sync.spokes import PENDING, Spoke

log = logging.getLogger(f"duban.{__name__}")

_IN_FLIGHT = 12
_IN_DOUBT = 800
"""Rows that may be under way at once: a kill leaves each of them to be looked for."""
_WAVE = 1000


@dataclass(slots=True)
class _Batch:
    spoke: Spoke
    bound: BoundMap
    ops: list[Op]
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def target(self) -> tuple[str, EntityKind]:
        return self.spoke.name, self.bound.entity


class Applier:
    """Sends ready ops of all live connections side by side, parents before children."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rails: Rails,
        report: RunReport,
        *,
        salt: bytes,
        parallel: bool = True,
        progress: Callable[[str, int], None] | None = None,
        halt: Halt = never,
        carried: Carried | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rails = rails
        self._report = report
        self._carried = carried or Carried()
        self._settler = Settler(db, clock, report, salt, self._carried)
        self._parallel = parallel
        self._progress = progress
        self._halt = halt
        self._stopped: dict[str, DubanError] = {}
        self._sent: dict[str, int] = {}
        self._refused: dict[str, int] = {}

    def run(self, spokes: Sequence[Spoke]) -> None:
        """Send everything that is ready; what cannot be sent now stays in the outbox with its reason."""
        with ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="apply") as pool:
            for entity in ENTITIES:
                batches = self._batches(entity, [spoke for spoke in spokes if entity in spoke.maps])
                if self._parallel:
                    self._pooled(pool, batches)
                else:
                    for batch in batches:
                        for sent in self._intend([batch]):
                            self._judge_connection(send(sent))
                            self._settle([sent])

    def _pooled(self, pool: ThreadPoolExecutor, batches: Iterator[_Batch]) -> None:
        """Keep a bounded number of batches in the air.

        What lands together is settled together, and all that then may go out has one intent on disk: the more the
        store is the slow part, the fewer commits it is asked for. The next ones go out before the landed ones are
        settled, so that the network does not wait for the store.
        """
        flying: dict[Future[_Batch], int] = {}
        landed: list[_Batch] = []
        try:
            while True:
                chosen = _next(batches, list(flying.values()))
                for batch in self._intend(chosen):
                    flying[pool.submit(send, batch)] = len(batch.ops)
                self._settle(landed)
                landed = []
                if not flying:
                    if not chosen:
                        return
                    continue  # all of these wait for something; the next may go
                down, _ = wait(flying, return_when=FIRST_COMPLETED)
                landed = [future.result() for future in down]
                for future in down:
                    del flying[future]
                for batch in landed:
                    self._judge_connection(batch)
        finally:
            for future in flying:
                future.cancel()

    def _settle(self, landed: Sequence[_Batch]) -> None:
        together = sorted(landed, key=lambda batch: batch.target)
        for _, group in groupby(together, key=lambda batch: batch.target):
            batches = list(group)
            verdicts = [verdict for batch in batches for verdict in batch.verdicts]
            self._settler.settle(batches[0].spoke, batches[0].bound, verdicts)

    def _judge_connection(self, batch: _Batch) -> None:
        """Count what became of a batch; rest the connection when it says so, or refuses too much."""
        name = batch.spoke.name
        for verdict in batch.verdicts:
            self._sent[name] = self._sent.get(name, 0) + 1
            self._refused[name] = self._refused.get(name, 0) + (verdict.outcome == "refused")
            if verdict.stop is not None:
                self._stopped.setdefault(name, verdict.stop)
        if name not in self._stopped and circuit_open(self._rails, self._refused.get(name, 0), self._sent[name]):
            self._stopped[name] = RecordRefused(
                f"{self._refused[name]} of {self._sent[name]} writes were refused; the rest waits",
                zh=f"{self._sent[name]} 次写入中有 {self._refused[name]} 次被拒绝，其余暂停",
                connection=name,
                next_step="see `duban quarantine list`, mend the map, then `duban quarantine retry`",
                next_step_zh="请查看 `duban quarantine list`，修正映射后执行 `duban quarantine retry`",
            )
        error = self._stopped.get(name)
        if error is not None and self._report.connections[name].error is None:
            self._report.connections[name].error = str(error)
            self._report.connections[name].error_exit = error.exit_code
        if self._progress is not None:
            self._progress(f"{name}.write", len(batch.ops))

    # --- choosing what to send ----------------------------------------------------------------------------------

    def _batches(self, entity: EntityKind, spokes: Sequence[Spoke]) -> Iterator[_Batch]:
        """Yield batches that may be sent; the connections take turns."""
        sources = [self._of_spoke(entity, spoke) for spoke in spokes]
        while sources:
            for source in list(sources):
                batch = next(source, None)
                if batch is None:
                    sources.remove(source)
                else:
                    yield batch

    def _of_spoke(self, entity: EntityKind, spoke: Spoke) -> Iterator[_Batch]:
        after = ""
        size = spoke.connector.capabilities.batch_size
        while spoke.name not in self._stopped and not self._halt():
            with self._db.read() as tx:
                ops = outbox.ready(tx, spoke.name, entity, self._clock.now_ms(), _WAVE, after, self._carried.ops)
            if not ops:
                return
            after = ops[-1].id
            ordered = sorted(ops, key=lambda op: (op.action, op.id))
            for _, group in groupby(ordered, key=lambda op: op.action):
                for run in chunks(list(group), size):
                    if spoke.name in self._stopped or self._halt():
                        return
                    yield _Batch(spoke, spoke.maps[entity], list(run))

    def _intend(self, batches: Sequence[_Batch]) -> list[_Batch]:
        """Resolve what was pending and commit the intents: nothing is sent before they are on disk."""
        if not batches:
            return []
        now_ms = self._clock.now_ms()
        waiting = 0
        with self._db.write(durable=True) as tx:
            for batch in batches:
                ops = batch.ops
                pending = [op for op in ops if _points_ahead(op)]
                seen = shown(tx, batch.spoke, ops)
                batch.ops = [op for op in ops if op.id not in seen and resolve_pending(tx, batch.spoke, op, now_ms)]
                outbox.save(tx, pending)
                outbox.mark(tx, [_lost(op, now_ms) for op in ops if op.id in seen])
                outbox.intend(tx, batch.ops, now_ms, now_ms + int(batch.spoke.settings.visible_after_s * 1000))
                waiting += len(ops) - len(batch.ops)
        if waiting:
            self._report.tally("waiting", waiting)
        return [batch for batch in batches if batch.ops]


def _lost(op: Op, now_ms: int) -> Op:
    """Let a create be looked for once more: a listing shows it now, or something very like it."""
    op.state, op.not_before_ms = "unknown", now_ms
    return op


def _points_ahead(op: Op) -> bool:
    return any(isinstance(value, str) and PENDING in value for value in op.values.values())


def resolve_pending(tx: Tx, spoke: Spoke, op: Op, now_ms: int) -> bool:
    """Put real ids where the plan only had the promise of one; False when the op has nothing left to send now.

    A parent that could not be made is left out, and the entity stays on the work list until it can be told.
    """
    missing = False
    for name in list(op.values):
        value = op.values[name]
        if not isinstance(value, str) or PENDING not in value:
            continue
        found = _resolved(tx, spoke, op.entity, name, value)
        if found is None:
            del op.values[name]
            op.hub_values.pop(name, None)
            missing = True
        elif found != value:
            op.values[name] = found
    if missing:
        hub.mark_dirty(tx, op.entity, [op.uid], "waits", now_ms)
        needs_parent = op.entity == "comment" and op.action == "create"
        if needs_parent or (op.action == "update" and not op.values):
            op.state = "superseded"
            return False
    return True


def _resolved(tx: Tx, spoke: Spoke, entity: EntityKind, name: str, value: str) -> str | None:
    """Give the value with its pending id resolved; the value itself when it only looks pending; None when unknown."""
    spec = hub_field(entity, name)
    if spec.type == "ref" and spec.target is not None and value.startswith(PENDING):
        uid = value[len(PENDING) :]
        return links.remote_ids(tx, spoke.name, spec.target, [uid]).get(uid)
    if spec.type == "parent" and f":{PENDING}" in value:
        kind, _, uid = value.partition(f":{PENDING}")
        target = next((known for known in ENTITIES if known == kind), None)
        found = links.remote_ids(tx, spoke.name, target, [uid]).get(uid) if target else None
        return f"{kind}:{found}" if found else None
    return value


def _next(batches: Iterator[_Batch], flying: Sequence[int]) -> list[_Batch]:
    """Take the batches that may go out beside those of so many rows each."""
    taken: list[_Batch] = []
    rows = sum(flying)
    while len(flying) + len(taken) < _IN_FLIGHT and rows < _IN_DOUBT and (batch := next(batches, None)) is not None:
        taken.append(batch)
        rows += len(batch.ops)
    return taken


# --- the network side, free of the store --------------------------------------------------------------------------


def send(batch: _Batch) -> _Batch:
    """Guard-read and send one batch, splitting it when a row takes the others hostage. Never raises for a row."""
    try:
        fresh, batch.verdicts = _guard(batch)
    except DubanError as error:
        batch.verdicts = [Verdict(op, "transient", error.message, code=error.code, stop=error) for op in batch.ops]
        return batch
    if fresh:
        batch.verdicts += send_rows(batch.spoke, batch.bound, fresh)
    return batch


def _guard(batch: _Batch) -> tuple[list[Verdict], list[Verdict]]:
    """Read each record as it is now; give what may be sent, and what is settled or stale already."""
    if batch.ops[0].action == "create":
        return [Verdict(op, "ready") for op in batch.ops], []
    found = _fetch(batch.spoke, batch.bound, [op.remote_id or "" for op in batch.ops])
    fresh: list[Verdict] = []
    settled: list[Verdict] = []
    for op in batch.ops:
        judged = judge_guard(batch.bound, op, found.get(op.remote_id or ""))
        (fresh if judged.outcome == "ready" else settled).append(judged)
    return fresh, settled


def _fetch(spoke: Spoke, bound: BoundMap, ids: Sequence[str]) -> dict[str, RemoteRecord | None]:
    out: dict[str, RemoteRecord | None] = {}
    for part in chunks(list(ids), spoke.connector.capabilities.fetch_size):
        out.update(spoke.connector.fetch(bound.map.object, part, bound.wire_fields))
    return out


def judge_guard(bound: BoundMap, op: Op, record: RemoteRecord | None) -> Verdict:
    """Compare a record as it is now with the ground the op was planned on."""
    if op.action == "restore":
        return Verdict(op, "ready") if record is None else Verdict(op, "applied", record=record)
    if record is None:
        return Verdict(op, "applied" if op.action == "delete" else "gone")
    try:
        doc = bound.read(record.payload)
    except RecordRefused as error:
        return Verdict(op, "refused", error.message, code=error.code or "value")
    if op.action == "delete":
        moved = any(doc.get(name, value) != value for name, value in op.base.items())
        return Verdict(op, "stale" if moved else "ready", record=record, doc=doc)
    if all(name in doc and doc[name] == value for name, value in op.values.items()):
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
        return [replace(v, outcome="transient", message=error.message, code=error.code, stop=error) for v in verdicts]
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
    return verdict if told else replace(verdict, outcome="unknown")


def _show_holders(spoke: Spoke, bound: BoundMap, judged: list[Verdict]) -> list[Verdict]:
    """Read the records that hold a unique value we wanted, or that are in no bin: our own lost writes may be why."""
    asked = {verdict.op.id: id for verdict in judged if (id := _to_look_at(verdict))}
    if not asked:
        return judged
    try:
        found = _fetch(spoke, bound, list(asked.values()))
    except DubanError:
        return [replace(v, outcome="unknown") if v.op.id in asked else v for v in judged]
    out: list[Verdict] = []
    for verdict in judged:
        record = found.get(asked.get(verdict.op.id, ""))
        if record is not None and verdict.op.action == "restore":
            verdict = replace(verdict, outcome="applied", record=record)
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
        return replace(verdict, record=record, doc=bound.read(record.payload))
    except RecordRefused:
        return replace(verdict, doc={"key": record.payload.get(bound.key_field or "")})


def _may_split(bound: BoundMap, lost: Sequence[Verdict]) -> bool:
    """Say whether rows of unknown fate may be sent again at once: reads can tell, or a unique key can."""
    if lost[0].op.action == "create":
        return bound.key_unique and all(verdict.op.key for verdict in lost)
    return lost[0].op.action in ("update", "delete")


def _look_again(spoke: Spoke, bound: BoundMap, lost: Sequence[Verdict]) -> tuple[list[Verdict], list[Verdict]]:
    ready = [replace(verdict, outcome="ready") for verdict in lost]
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
            settled.append(replace(now, probed=True))
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
    if result is None:
        return replace(verdict, outcome="unknown", message="the answer names no such row")
    return Verdict(
        verdict.op, result.outcome, result.message or "", result.code, result.remote_id, verdict.record, verdict.doc,
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
