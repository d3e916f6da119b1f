"""A round of supervision: judge every task and project, write flags and reconciled values into the hub.

What it writes are ordinary hub values marked for a look; how they reach the CRMs is the sync's business. Every chunk
is one transaction that reads, judges and writes, so a stop in the middle leaves whole chunks and the next round
finishes the rest. Work that changes nothing writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mapping.records import EntityKind, Value
from mapping.status import is_open
from store import hub, journal, links, reviews, supervision
from store.database import Database
from store.hub import HubChange, HubRow
from store.journal import Entry
from store.reviews import Review
from store.supervision import BallEvent, Flag
from store.tx import Tx
from supervise.cases import MEMORY, Setting, closed_tasks, open_tasks, read_moves, read_setting, unusual, with_place
from supervise.history import BallMove
from supervise.knobs import Knobs
from supervise.lifecycle import LifecycleVerdict
from supervise.projects import Reconciled, project_items, reconcile_projects
from supervise.report import SupervisionReport
from supervise.survey import CHUNK, LISTED, Gathering, Judged, fresh_move, judge_tasks
from supervise.verdict import TaskVerdict

OVERDUE: Final = "R5"
SALT_BYTES: Final = 32


def supervise_once(
    db: Database,
    *,
    now_ms: int,
    run_id: str,
    knobs: Knobs | None = None,
    org_zone: str | None = None,
    authority: Sequence[str] | None = None,
    as_of_only: bool = False,
    random_bytes: Callable[[int], bytes] = os.urandom,
    listed: int | None = LISTED,
    chunk: int = CHUNK,
) -> SupervisionReport:
    """Judge everything once and write what changed.

    Args:
        knobs: the organisation's settings; *org_zone* and *authority* go into them when given.
        as_of_only: only look, as things stand, from the moment *now_ms*; write nothing.
        random_bytes: salt of the journal.
        listed: items each list keeps, None for all; the counts have all.
        chunk: rows per transaction.
    Raises:
        ConfigError: the organisation's zone or calendar is unknown.
    """
    placed = with_place(knobs or Knobs(), org_zone, authority)
    with db.read() as tx:
        setting = read_setting(tx, now_ms=now_ms, knobs=placed, looking_back=as_of_only)
    report = SupervisionReport(
        run_id=run_id, now_ms=now_ms, zone=placed.zone, stale=tuple(sorted(setting.stale)), knobs=unusual(placed)
    )
    one_round = _Round(
        db, setting, run_id, Gathering(report, setting, listed), random_bytes, chunk, write=not as_of_only
    )
    one_round.open_tasks()
    one_round.closed_tasks()
    one_round.projects()
    return report


@dataclass(slots=True)
class _Chunk:
    """What one chunk wants written."""

    entity: EntityKind
    changes: list[HubChange] = field(default_factory=list)
    dirty: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    events: list[BallEvent] = field(default_factory=list)


@dataclass(slots=True)
class _Round:
    """One pass over the hub."""

    db: Database
    setting: Setting
    run_id: str
    gathering: Gathering
    random_bytes: Callable[[int], bytes]
    chunk: int
    write: bool

    @property
    def report(self) -> SupervisionReport:
        return self.gathering.report

    def open_tasks(self) -> None:
        """Judge the open tasks: flags rise, move and fall."""
        after = ""
        while True:
            with self._transaction() as tx:
                rows = open_tasks(tx, after=after, limit=self.chunk)
                judged = judge_tasks(tx, rows, self.setting)
                self.gathering.add(tx, judged)
                if self.write:
                    self._write_tasks(tx, judged)
            if len(rows) < self.chunk:
                return
            after = rows[-1].uid

    def closed_tasks(self) -> None:
        """Take the flags off what was done or cancelled, and remember that it was."""
        after = ""
        while True:
            with self._transaction() as tx:
                rows = closed_tasks(tx, after=after, limit=self.chunk)
                self.report.tally("tasks", len(rows))
                if self.write:
                    self._write_closed(tx, rows)
            if len(rows) < self.chunk:
                return
            after = rows[-1].uid

    def projects(self) -> None:
        """Reconcile what the sources claim about each project."""
        after = ""
        while True:
            with self._transaction() as tx:
                rows = hub.select(tx, "project", after=after, limit=self.chunk)
                reconciled = reconcile_projects(tx, rows, self.setting)
                self._list_projects(tx, reconciled)
                if self.write:
                    self._write_projects(tx, reconciled)
            if len(rows) < self.chunk:
                return
            after = rows[-1].uid

    def _transaction(self) -> Any:
        return self.db.write() if self.write else self.db.read()

    # --- tasks --------------------------------------------------------------------------------------------------

    def _write_tasks(self, tx: Tx, judged: Sequence[Judged]) -> None:
        chunk = _Chunk("task")
        standing = _standing_flags(tx, [each.context.row.uid for each in judged])
        for each in judged:
            row, verdict = each.context.row, each.verdict
            if each.move is not None:
                chunk.events.append(_event(row.uid, each.move, verdict.reasons[0].code, self.run_id))
            self._set_flag(chunk, row, _flag_values(verdict), _cause(row, verdict))
            self._keep_flag(tx, standing.get(row.uid), verdict)
        self._store(tx, chunk)

    def _write_closed(self, tx: Tx, rows: Sequence[HubRow]) -> None:
        chunk = _Chunk("task")
        moves = read_moves(tx, [row.uid for row in rows])
        standing = _standing_flags(tx, [row.uid for row in rows])
        for row in rows:
            move = fresh_move(row, moves.get(row.uid, ()), self.setting.now_ms)
            if move is not None:
                chunk.events.append(_event(row.uid, move, "status_names_holder", self.run_id))
            self._set_flag(chunk, row, {"overdue_since": None, "severity": None}, "closed")
            if row.uid in standing:
                supervision.clear_flag(tx, "task", row.uid, OVERDUE, self.setting.now_ms)
        self._store(tx, chunk)

    def _set_flag(self, chunk: _Chunk, row: HubRow, wanted: dict[str, Value], cause: str) -> None:
        changed = {name: value for name, value in wanted.items() if row.values.get(name) != value}
        if not changed:
            return
        had, has = row.values.get("overdue_since"), wanted["overdue_since"]
        kind = "flags_moved" if had and has else "flags_raised" if has else "flags_cleared"
        self.report.tally(kind)
        self._change(chunk, row, changed, cause)

    def _keep_flag(self, tx: Tx, standing: Flag | None, verdict: TaskVerdict) -> None:
        """Keep the flag's own history: raised once, cleared once, raised anew when the due day moved."""
        if not verdict.overdue_client_action:
            if standing is not None:
                supervision.clear_flag(tx, "task", verdict.uid, OVERDUE, self.setting.now_ms)
            return
        since, level = str(verdict.since), str(verdict.severity)
        if standing is not None and (standing.since, standing.severity) == (since, level):
            return
        if standing is not None and standing.since != since:
            supervision.clear_flag(tx, "task", verdict.uid, OVERDUE, self.setting.now_ms)
        data = {"due": str(verdict.due_eff), "provisional": verdict.provisional}
        flag = Flag("task", verdict.uid, OVERDUE, since, level, data, self.setting.now_ms, None)
        supervision.raise_flag(tx, flag)

    # --- projects -----------------------------------------------------------------------------------------------

    def _list_projects(self, tx: Tx, reconciled: Sequence[Reconciled]) -> None:
        self.report.tally("projects", len(reconciled))
        apart = [each for each in reconciled if _worth_telling(each.verdicts["lifecycle"])]
        self.report.tally("disagreements", len(apart))
        listed = self.gathering.listed
        kept = apart if listed is None else apart[: max(0, listed - len(self.report.disagreements))]
        if kept:
            self.report.disagreements.extend(project_items(tx, kept, self.setting, self.gathering.tallies))

    def _write_projects(self, tx: Tx, reconciled: Sequence[Reconciled]) -> None:
        chunk = _Chunk("project")
        asked: list[Review] = []
        answered: list[int] = []
        for each in reconciled:
            self._set_claimed(chunk, each)
            for name, verdict in each.verdicts.items():
                question, ended = self._question(each, name, verdict)
                asked.extend(question)
                answered.extend(ended)
        _tell_sources(tx, reconciled, chunk)
        self._store(tx, chunk)
        reviews.put(tx, asked)
        reviews.close(tx, answered, self.setting.now_ms)
        self.report.tally("reviews_opened", len(asked))

    def _set_claimed(self, chunk: _Chunk, each: Reconciled) -> None:
        wanted = {name: verdict.value for name, verdict in each.verdicts.items()}
        changed: dict[str, Value] = {n: v for n, v in wanted.items() if each.row.values.get(n) != v}
        memory = each.memory
        remembers = memory != each.remembered
        if changed:
            self.report.tally("lifecycle_set" if "lifecycle" in changed else "health_set")
            cause = each.verdicts[next(iter(changed))].outcome
            self._change(chunk, each.row, changed, cause, meta={MEMORY: memory} if remembers else None)
        elif remembers:
            chunk.changes.append(HubChange(each.row.uid, each.row.rev, {}, meta={MEMORY: memory}))

    def _question(self, each: Reconciled, name: str, verdict: LifecycleVerdict) -> tuple[list[Review], list[int]]:
        """Give the question to ask, and the ids of those that have ended."""
        mine = [review for review in each.asked if review.field == name]
        if not verdict.needs_person:
            return [], [review.id for review in mine if review.id is not None]
        data = {"hub": each.row.values.get(name), "sides": each.sides(name), "reason": verdict.outcome}
        if any(review.state == "open" and review.data == data for review in mine):
            return [], []
        ended = [review.id for review in mine if review.state == "resolved" and review.id is not None]
        question = Review(
            None, "conflict", "project", each.row.uid, field=name, data=data,
            opened_ms=self.setting.now_ms, run_id=self.run_id,
        )  # fmt: skip
        return [question], ended

    # --- writing ------------------------------------------------------------------------------------------------

    def _change(
        self, chunk: _Chunk, row: HubRow, values: dict[str, Value], cause: str, meta: dict[str, Any] | None = None
    ) -> None:
        chunk.changes.append(HubChange(row.uid, row.rev, values, meta=meta))
        chunk.dirty.append(row.uid)
        said = {name: [row.values.get(name), value] for name, value in values.items()}
        chunk.entries.append(
            Entry(
                self.run_id,
                self.setting.now_ms,
                "supervise",
                chunk.entity,
                row.uid,
                who="rule",
                changes=said,
                cause=cause,
            )
        )

    def _store(self, tx: Tx, chunk: _Chunk) -> None:
        """Write a chunk; a row that somebody edited in between is judged again next round."""
        now_ms = self.setting.now_ms
        stale = set(hub.update(tx, chunk.entity, chunk.changes, now_ms)) if chunk.changes else set()
        self.report.changed += len(chunk.dirty) - len(stale & set(chunk.dirty))
        supervision.append_ball_events(tx, chunk.events)
        hub.mark_dirty(tx, chunk.entity, [uid for uid in chunk.dirty if uid not in stale], "rule", now_ms)
        entries = [entry for entry in chunk.entries if entry.uid not in stale]
        if entries:
            journal.append(tx, entries, self.random_bytes(SALT_BYTES))


def _flag_values(verdict: TaskVerdict) -> dict[str, Value]:
    if not verdict.overdue_client_action:
        return {"overdue_since": None, "severity": None}
    return {"overdue_since": str(verdict.since), "severity": verdict.severity}


def _cause(row: HubRow, verdict: TaskVerdict) -> str:
    if verdict.overdue_client_action:
        return "overdue" if not row.values.get("overdue_since") else "overdue_moved"
    if verdict.ball != "client":
        return "not_the_clients_move"
    return "not_overdue" if is_open(str(row.values.get("status") or "")) else "closed"


def _standing_flags(tx: Tx, uids: Sequence[str]) -> dict[str, Flag]:
    flags = supervision.flags(tx, "task", uids)
    return {flag.uid: flag for flag in flags if flag.rule == OVERDUE and flag.cleared_ms is None}


def _event(uid: str, move: BallMove, cause: str, run_id: str) -> BallEvent:
    data = {"status": move.status, "due": move.due}
    return BallEvent("task", uid, move.at_ms, move.holder, cause, data, run_id)


def _tell_sources(tx: Tx, reconciled: Sequence[Reconciled], chunk: _Chunk) -> None:
    """Let a person's answer that keeps the hub's value reach the sources that state another one.

    The hub did not move, so nothing would go out; what a link last agreed on is therefore set to what the source
    really states.
    """
    answered = {each.row.uid: each for each in reconciled if any(one.state == "resolved" for one in each.asked)}
    moved = []
    for uid, found in links.by_uids(tx, "project", answered).items() if answered else ():
        for link in found:
            stated = {
                name: answered[uid].sides(name)[link.connection]
                for name, verdict in answered[uid].verdicts.items()
                if verdict.outcome == "settled"
                and link.shadow_hub.get(name) == verdict.value
                and answered[uid].sides(name).get(link.connection, verdict.value) != verdict.value
            }
            if stated and link.state == "live":
                link.shadow_hub = {**link.shadow_hub, **stated}
                moved.append(link)
    links.update(tx, moved)
    chunk.dirty.extend(sorted({link.uid for link in moved} - set(chunk.dirty)))


def _worth_telling(verdict: LifecycleVerdict) -> bool:
    return verdict.disagree or verdict.needs_person
