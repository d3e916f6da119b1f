"""A round of supervision: judge what moved and what time has changed, write flags and reconciled values into the hub.

What it writes are ordinary hub values marked for a look; how they reach the CRMs is the sync's business. Every chunk
is one transaction that reads, judges and writes, so a stop in the middle leaves whole chunks and the next round
finishes the rest. A record is judged when something it rests on was touched, by anybody, or when the moment has come
at which time alone may change its verdict; what a round leaves is the same as if it had judged everything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Literal

from mapping.records import Value
from mapping.status import OPEN, TERMINAL, is_open, judge_task_move
from store import hub, journal, links, reviews, supervision, verdicts
from store.database import Database
from store.hub import HubChange, HubRow
from store.journal import Entry
from store.reviews import Review
from store.supervision import BallEvent, Flag
from store.tx import Tx
from supervise import moving
from supervise.cases import MEMORY, Setting, override_ends, read_moves, read_setting, supervised, with_place
from supervise.facts import closed_fact, fill_report, project_fact, task_fact
from supervise.history import BallMove
from supervise.judging import CHUNK, LISTED, Judged, blank_report, fresh_move, judge_tasks
from supervise.knobs import Knobs
from supervise.lifecycle import LifecycleVerdict
from supervise.lowering import lower
from supervise.projects import Reconciled, reconcile_projects
from supervise.recording import Chunk, Recorder
from supervise.report import SupervisionReport
from supervise.told import told_of
from supervise.verdict import TaskVerdict
from supervise.views import overdue_view

OVERDUE: Final = "R5"
IRREGULAR: Final = "irregular_transition"


def supervise_once(
    db: Database,
    *,
    now_ms: int,
    run_id: str,
    knobs: Knobs | None = None,
    org_zone: str | None = None,
    authority: Sequence[str] | None = None,
    as_of_only: bool = False,
    full: bool = False,
    random_bytes: Callable[[int], bytes] = os.urandom,
    listed: int | None = LISTED,
    chunk: int = CHUNK,
) -> SupervisionReport:
    """Judge what moved or came due since the last round and write what changed.

    Args:
        knobs: the organisation's settings; *org_zone* and *authority* go into them when given.
        as_of_only: only look, as things stand, from the moment *now_ms*; judges everything and writes nothing.
        full: judge everything.
        random_bytes: salt of the journal.
        listed: items each list keeps, None for all, 0 for readers of the counts alone; the counts have all.
        chunk: rows per transaction.
    Raises:
        ConfigError: the organisation's zone or calendar is unknown.
    """
    placed = with_place(knobs or Knobs(), org_zone, authority)
    if as_of_only:
        return overdue_view(db, now_ms=now_ms, knobs=placed, listed=listed, chunk=chunk)
    with db.read() as tx:
        setting = read_setting(tx, now_ms=now_ms, knobs=placed)
    report = blank_report(setting, run_id)
    one_round = _Round(db, setting, report, Recorder(report, setting, random_bytes), chunk, listed)
    one_round.prepare(full=full)
    one_round.tasks()
    one_round.projects()
    one_round.finish()
    with db.read() as tx:
        fill_report(tx, report, setting, listed, one_round.told)
    return report


@dataclass(slots=True)
class _Round:
    """One pass over what is due."""

    db: Database
    setting: Setting
    report: SupervisionReport
    recorder: Recorder
    chunk: int
    listed: int | None
    told: dict[str, Reconciled] = field(default_factory=dict)

    def prepare(self, *, full: bool) -> None:
        """Find what is due."""
        with self.db.write() as tx:
            moving.prepare(tx, self.setting, full=full)
        going = True
        while going:
            with self.db.write() as tx:
                going = moving.follow(tx)

    def tasks(self) -> None:
        """Judge the tasks that are due: flags rise, move and fall, also those of what was done or cancelled."""
        full = True
        while full:
            with self.db.write() as tx:
                uids = verdicts.due(tx, "task", self.setting.now_ms, self.chunk)
                if uids:
                    before = verdicts.newest_mark(tx)
                    self._judge_tasks(tx, uids)
                    verdicts.forget_own(tx, before)
            full = len(uids) == self.chunk

    def projects(self) -> None:
        """Reconcile what the sources claim about each project that is due.

        The marks of our own writes stay: what was written is looked at once more by the next round, since what a
        project remembers is part of what it is judged by.
        """
        full = True
        while full:
            with self.db.write() as tx:
                uids = verdicts.due(tx, "project", self.setting.now_ms, self.chunk)
                rows = hub.read(tx, "project", uids) if uids else {}
                live = supervised(tx, "project", [rows[uid] for uid in sorted(rows)])
                reconciled = reconcile_projects(tx, live, self.setting) if live else []
                self._tell(reconciled)
                self._write_projects(tx, reconciled)
                self._lower(tx, "project", set(uids) - {row.uid for row in live}, rows)
                ends = override_ends(tx, [row.uid for row in live], self.setting) if live else {}
                verdicts.save(tx, [project_fact(each, self._again(each, ends)) for each in reconciled])
                verdicts.drop(tx, "project", set(uids) - {row.uid for row in live})
            full = len(uids) == self.chunk

    def _again(self, each: Reconciled, ends: Mapping[str, int]) -> int | None:
        """Give when to look again though nothing moves: an override runs out, or a claimed end waits for its proof.

        A proof rests on reports, answers and people's word too, of which no mark tells: the next round looks again.
        """
        if each.unproven:
            return self.setting.now_ms + 1
        return ends.get(each.row.uid)

    def _tell(self, reconciled: Sequence[Reconciled]) -> None:
        """Keep what readers are to be told of, as it was before anything is written."""
        left = None if self.listed is None else max(0, self.listed - len(self.told))
        self.told |= {each.row.uid: each for each in [each for each in reconciled if each.apart][:left]}

    def finish(self) -> None:
        """Remember that everything was judged up to this moment."""
        with self.db.write() as tx:
            moving.finish(tx, self.setting)

    # --- tasks --------------------------------------------------------------------------------------------------

    def _judge_tasks(self, tx: Tx, uids: Sequence[str]) -> None:
        rows = hub.read(tx, "task", uids)
        live = supervised(tx, "task", [rows[uid] for uid in sorted(rows)])
        open_rows = [row for row in live if row.values.get("status") in (None, *OPEN)]
        closed_rows = [row for row in live if row.values.get("status") in TERMINAL]
        judged = judge_tasks(tx, open_rows, self.setting, whole=True)
        self._write_tasks(tx, judged)
        self._write_closed(tx, closed_rows)
        self._lower(tx, "task", set(uids) - {row.uid for row in live}, rows)
        facts = [*map(task_fact, judged), *map(closed_fact, closed_rows)]
        verdicts.save(tx, facts)
        verdicts.drop(tx, "task", set(uids) - {fact.uid for fact in facts})

    def _write_tasks(self, tx: Tx, judged: Sequence[Judged]) -> None:
        chunk = Chunk("task")
        standing = _standing_flags(tx, [each.context.row.uid for each in judged])
        for each in judged:
            row, verdict = each.context.row, each.verdict
            if each.move is not None:
                self._note_irregular(tx, chunk, row.uid, each.context.case.moves[:-1], each.move)
                chunk.events.append(self._event(row, each.move, _why_moved(each)))
            self._set_flag(chunk, row, _flag_values(verdict), _cause(row, verdict))
            self._keep_flag(tx, standing.get(row.uid), verdict)
        self.recorder.store(tx, chunk)

    def _write_closed(self, tx: Tx, rows: Sequence[HubRow]) -> None:
        chunk = Chunk("task")
        moves = read_moves(tx, [row.uid for row in rows])
        standing = _standing_flags(tx, [row.uid for row in rows])
        for row in rows:
            move = fresh_move(row, moves.get(row.uid, ()), self.setting.now_ms)
            if move is not None:
                self._note_irregular(tx, chunk, row.uid, moves.get(row.uid, ()), move)
                chunk.events.append(self._event(row, move, "status_names_holder"))
            self._set_flag(chunk, row, {"overdue_since": None, "severity": None}, "closed")
            if row.uid in standing:
                supervision.clear_flag(tx, "task", row.uid, OVERDUE, self.setting.now_ms)
        self.recorder.store(tx, chunk)

    def _lower(
        self, tx: Tx, entity: Literal["task", "project"], left: AbstractSet[str], rows: Mapping[str, HubRow]
    ) -> None:
        """Lower the flags of what is not supervised any more."""
        if left:
            chunk = Chunk(entity)
            fallen = lower(tx, entity, sorted(left), rows, self.setting, chunk, self.report.run_id)
            if fallen:
                self.report.tally("flags_cleared", len(fallen))
            self.recorder.store(tx, chunk)

    def _event(self, row: HubRow, move: BallMove, cause: str) -> BallEvent:
        """Give a move as it is kept: with the record that told it, as that was then."""
        told = told_of(row, self.setting.now_ms)
        data = {"status": move.status, "due": move.due, **(told.as_data() if told is not None else {})}
        return BallEvent("task", row.uid, move.at_ms, move.holder, cause, data, self.report.run_id)

    def _note_irregular(self, tx: Tx, chunk: Chunk, uid: str, before: Sequence[BallMove], move: BallMove) -> None:
        """Journal a step out of an ended item that its states do not know: what somebody did is taken, and told.

        What a CRM did was told when it was taken; this is for plain SQL, of which only the end of an item is certain
        to stand in the ball's history.
        """
        last = before[-1].status if before else ""
        told: dict[str, list[Value]] = {"status": [last, move.status]}
        if last not in TERMINAL or judge_task_move(last, move.status or "not_started") not in ("irregular", "conflict"):
            return
        since_ms = before[-1].at_ms
        known = (one for one in journal.of(tx, "task", uid, "status") if one.kind == IRREGULAR)
        if any(one.at_ms >= since_ms and one.changes == told for one in known):
            return
        chunk.entries.append(
            Entry(
                self.report.run_id, self.setting.now_ms, IRREGULAR, "task", uid, who="rule", changes=told,
                cause=IRREGULAR,
            )
        )  # fmt: skip
        self.report.tally(IRREGULAR)

    def _set_flag(self, chunk: Chunk, row: HubRow, wanted: dict[str, Value], cause: str) -> None:
        changed = {name: value for name, value in wanted.items() if row.values.get(name) != value}
        if not changed:
            return
        had, has = row.values.get("overdue_since"), wanted["overdue_since"]
        kind = "flags_moved" if had and has else "flags_raised" if has else "flags_cleared"
        self.report.tally(kind)
        self.recorder.change(chunk, row, changed, cause)

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

    def _write_projects(self, tx: Tx, reconciled: Sequence[Reconciled]) -> None:
        chunk = Chunk("project")
        asked: list[Review] = []
        answered: list[int] = []
        for each in reconciled:
            self._set_claimed(chunk, each)
            for name, verdict in each.verdicts.items():
                question, ended = self._question(each, name, verdict)
                asked.extend(question)
                answered.extend(ended)
        _tell_sources(tx, reconciled, chunk)
        self.recorder.store(tx, chunk)
        reviews.put(tx, asked)
        reviews.close(tx, answered, self.setting.now_ms)
        self.report.tally("reviews_opened", len(asked))

    def _set_claimed(self, chunk: Chunk, each: Reconciled) -> None:
        wanted = {name: verdict.value for name, verdict in each.verdicts.items()}
        changed: dict[str, Value] = {n: v for n, v in wanted.items() if each.row.values.get(n) != v}
        memory = each.memory
        remembers = memory != each.remembered
        if changed:
            self.report.tally("lifecycle_set" if "lifecycle" in changed else "health_set")
            cause = each.verdicts[next(iter(changed))].outcome
            self.recorder.change(chunk, each.row, changed, cause, meta={MEMORY: memory} if remembers else None)
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
            opened_ms=self.setting.now_ms, run_id=self.report.run_id,
        )  # fmt: skip
        return [question], ended


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


def _why_moved(each: Judged) -> str:
    """Give why the ball's history goes on: what names the holder, or that only the due day is another."""
    before, last = each.context.case.moves[-2:-1], each.context.case.moves[-1]
    same = bool(before) and before[0].holder == last.holder and is_open(before[0].status)
    return "due_moved" if same else each.verdict.reasons[0].code


def _tell_sources(tx: Tx, reconciled: Sequence[Reconciled], chunk: Chunk) -> None:
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
