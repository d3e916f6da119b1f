"""Send what was planned: a look, the intent on disk, the changed fields, then the shadows of just those fields.

Network work runs in a small pool; every store transaction runs in the calling thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import groupby
from typing import Final

from connectors.base import chunks
from mapping.errors import DubanError, RecordRefused
from mapping.fields import BoundMap
from mapping.ports import Clock
from mapping.records import ENTITIES, EntityKind, hub_field
from store import hub, links, outbox, quarantine
from store.database import Database
from store.outbox import Op
from store.tx import Tx
from sync.carrying import Carried
from sync.guards import Rails, circuit_open
from sync.halting import Halt, never
from sync.repeating import shown
from sync.report import RunReport
from sync.sending import Batch, look, send
from sync.settling import Settler
from sync.spokes import PENDING, Spoke

_IN_FLIGHT: Final = 13
_ROWS_IN_FLIGHT: Final = 1300
"""Rows looked at, on their way or not written down yet: after a kill, one look more is needed for each batch of them.

More than a CRM takes at once, so that the next call is there when one ends while the store is busy.
"""
_WAVE: Final = 1000


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
                    continue
                for batch in batches:
                    ready = self._land([look(one) for one in self._resolve([batch])])
                    self._settle(self._land([send(one) for one in self._intend(ready)]))

    def _pooled(self, pool: ThreadPoolExecutor, batches: Iterator[Batch]) -> None:
        """Keep a bounded number of batches in the air.

        What a look has let through goes out first, so that little time lies between the two; then the next looks
        start, and only then is written down what came back, which makes room for more: the network does not wait for
        the store. What lands together is settled together and has one intent on disk: the more the store is the slow
        part, the fewer commits it is asked for.
        """
        flying: dict[Future[Batch], Batch] = {}
        landed: list[Batch] = []
        try:
            while True:
                ready = [batch for batch in landed if not batch.sent]
                back = [batch for batch in landed if batch.sent]
                flying.update({pool.submit(send, batch): batch for batch in self._intend(ready)})
                chosen = self._look_at(pool, batches, flying, back)
                self._settle(back)
                chosen += self._look_at(pool, batches, flying, ())
                landed = []
                if not flying:
                    if not chosen:
                        return
                    continue  # all of these wait for something; the next may go
                down, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in down:
                    del flying[future]
                landed = self._land([future.result() for future in down])
        finally:
            for future in flying:
                future.cancel()

    def _look_at(
        self, pool: ThreadPoolExecutor, batches: Iterator[Batch], flying: dict[Future[Batch], Batch],
        back: Sequence[Batch],
    ) -> int:  # fmt: skip
        """Start the looks there is room for, beside what is in the air or back; give how many batches were taken."""
        chosen = _next(batches, [*flying.values(), *back])
        flying.update({pool.submit(look, batch): batch for batch in self._resolve(chosen)})
        return len(chosen)

    def _land(self, landed: Sequence[Batch]) -> list[Batch]:
        """Judge what came back, write down what looks have settled, and give what is to be sent or settled now."""
        for batch in landed:
            self._judge_connection(batch)
        looked = [batch for batch in landed if not batch.sent]
        self._settle(looked)
        for batch in looked:
            batch.verdicts = []
            if batch.spoke.name in self._stopped or self._halt():
                batch.ready = []
        return [batch for batch in landed if batch.sent or batch.ready]

    def _settle(self, landed: Sequence[Batch]) -> None:
        together = sorted(landed, key=lambda batch: batch.target)
        for _, group in groupby(together, key=lambda batch: batch.target):
            batches = list(group)
            verdicts = [verdict for batch in batches for verdict in batch.verdicts]
            self._settler.settle(batches[0].spoke, batches[0].bound, verdicts)

    def _judge_connection(self, batch: Batch) -> None:
        """Count what became of a batch; rest the connection when it says so, or refuses too much."""
        name = batch.spoke.name
        outcomes = [verdict.outcome for verdict in batch.verdicts]
        self._sent[name] = self._sent.get(name, 0) + len(outcomes)
        self._refused[name] = self._refused.get(name, 0) + outcomes.count("refused")
        for verdict in batch.verdicts:
            if verdict.stop is not None:
                self._stopped.setdefault(name, verdict.stop)
                break
        if name not in self._stopped and circuit_open(self._rails, self._refused.get(name, 0), self._sent.get(name, 0)):
            self._stopped[name] = RecordRefused(
                f"{self._refused[name]} of {self._sent[name]} writes were refused; the rest waits",
                zh=f"{self._sent[name]} 次写入中有 {self._refused[name]} 次被拒绝，其余暂停",
                connection=name,
                next_step="see `duban quarantine list`, mend the map, then `duban quarantine retry`",
                next_step_zh="请查看 `duban quarantine list`，修正映射后执行 `duban quarantine retry`",
            )
        error = self._stopped.get(name)
        if error is not None and self._report.connections[name].error is None:
            self._report.note(error)
            self._report.connections[name].error = str(error)
            self._report.connections[name].error_exit = error.exit_code
        if self._progress is not None:
            self._progress(f"{name}.write", len(batch.verdicts))

    # --- choosing what to send ----------------------------------------------------------------------------------

    def _batches(self, entity: EntityKind, spokes: Sequence[Spoke]) -> Iterator[Batch]:
        """Yield batches that may be sent; the connections take turns."""
        sources = [self._of_spoke(entity, spoke) for spoke in spokes]
        while sources:
            for source in list(sources):
                batch = next(source, None)
                if batch is None:
                    sources.remove(source)
                else:
                    yield batch

    def _of_spoke(self, entity: EntityKind, spoke: Spoke) -> Iterator[Batch]:
        after, bound = "", spoke.maps[entity]
        size = spoke.connector.capabilities.batch_size
        while spoke.name not in self._stopped and not self._halt():
            with self._db.read() as tx:
                ops = outbox.ready(tx, spoke.name, entity, self._clock.now_ms(), _WAVE, after, self._carried.ops)
                unread = _unread(tx, bound, ops)
            if not ops:
                return
            after = ops[-1].id
            ordered = sorted(ops, key=lambda op: (op.action, op.id))
            for _, group in groupby(ordered, key=lambda op: op.action):
                for run in chunks(list(group), size):
                    if spoke.name in self._stopped or self._halt():
                        return
                    yield Batch(spoke, bound, list(run), unread)

    def _resolve(self, batches: Sequence[Batch]) -> list[Batch]:
        """Put real ids where the plan had only promises, and leave out creates that a listing has shown since."""
        unsure = [batch for batch in batches if any(_points_ahead(op) or _is_repeated(op) for op in batch.ops)]
        if not unsure:
            return list(batches)
        now_ms = self._clock.now_ms()
        waiting = 0
        with self._db.write() as tx:
            for batch in unsure:
                ops = batch.ops
                pending = [op for op in ops if _points_ahead(op)]
                seen = shown(tx, batch.spoke, ops)
                batch.ops = [op for op in ops if op.id not in seen and resolve_pending(tx, batch.spoke, op, now_ms)]
                outbox.save(tx, pending)
                outbox.mark(tx, [_lost(op, now_ms) for op in ops if op.id in seen])
                waiting += len(ops) - len(batch.ops)
        if waiting:
            self._report.tally("waiting", waiting)
        return [batch for batch in batches if batch.ops]

    def _intend(self, batches: Sequence[Batch]) -> list[Batch]:
        """Commit the intents of what is ready: nothing is sent before they are on disk."""
        if batches:
            now_ms = self._clock.now_ms()
            ready: dict[int, list[Op]] = {}
            for batch in batches:
                not_before_ms = now_ms + int(batch.spoke.settings.visible_after_s * 1000)
                ready.setdefault(not_before_ms, []).extend(verdict.op for verdict in batch.ready)
            with self._db.write(durable=True) as tx:
                for not_before_ms, ops in ready.items():
                    outbox.intend(tx, ops, now_ms, not_before_ms)
        return list(batches)


def _unread(tx: Tx, bound: BoundMap, ops: Sequence[Op]) -> set[str]:
    """Give the records of writes that a listing could not read: these wait until they can be."""
    if not quarantine.count(tx):
        return set()
    return quarantine.unread(tx, bound.map.connection, bound.map.object, [op.remote_id or "" for op in ops])


def _lost(op: Op, now_ms: int) -> Op:
    """Let a create be looked for once more: a listing shows it now, or something very like it."""
    op.state, op.not_before_ms = "unknown", now_ms
    return op


def _is_repeated(op: Op) -> bool:
    return op.action == "create" and op.attempts > 0


def _points_ahead(op: Op) -> bool:
    for value in op.values.values():  # noqa: SIM110 - asked of every row of a push, and a generator costs thrice that
        if isinstance(value, str) and PENDING in value:
            return True
    return False


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


def _next(batches: Iterator[Batch], held: Sequence[Batch]) -> list[Batch]:
    """Take the batches that may go up beside those."""
    taken: list[Batch] = []
    rows = sum(len(batch.ops) for batch in held)
    while len(held) + len(taken) < _IN_FLIGHT and rows < _ROWS_IN_FLIGHT and (batch := next(batches, None)) is not None:
        taken.append(batch)
        rows += len(batch.ops)
    return taken
