"""Look: what stands where, who owes what, why a value is as it is. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assembly.names import installed_names
from assembly.parts import Assembly
from mapping.errors import InputError
from store import acts, journal, notices, outbox, quarantine, reviews, runs, streams, supervision
from store.journal import Entry
from store.notices import Notice
from store.supervision import BallEvent, CalendarDay
from store.tx import Tx
from supervise.cases import Setting, read_setting
from supervise.dossier import Dossier, Standing, portfolio, read_dossier
from supervise.explaining import Explanation, read_explanation
from supervise.hand import Hand
from supervise.report import ProjectItem, ProjectPage, SupervisionReport
from supervise.settings import calendar_word
from supervise.views import overdue_view, project_view, projects_view
from sync import checking
from sync.checking import Finding
from sync.guards import RISKS
from sync.pending import Pending, pending
from sync.why import Chain, chain_of


class Looking(Assembly):
    """What can be seen of a configuration and its store."""

    def check_online(self) -> list[Finding]:
        """Log in everywhere and hold the maps against live metadata; nothing is read or written beyond that."""
        return checking.check_connections(self.opener, self.configured)

    def doctor(self) -> list[Finding]:
        """Examine store, disk, journal, connections, clocks, calendars and what is installed beside us."""
        found = self.check()
        found += checking.diagnose(self.db, self.clock, self.opener, self.configured, self.config.base)
        worry, english, chinese = calendar_word(self.knobs, self.clock.now_ms())
        word = Finding("warn" if worry else "ok", "calendar", english, chinese)
        return [*found, self._chains(), word, *installed_names()]

    def _chains(self) -> Finding:
        """Say whether what people stated and who had the ball stands as it was written down."""
        with self.db.read() as tx:
            broken = {"act": acts.verify(tx), "ball_event": supervision.verify_ball_events(tx)}
        at = "; ".join(f"{table} {id}" for table, id in broken.items() if id is not None)
        if at:
            return Finding("error", "ledger", f"altered from {at} on", f"自 {at} 起被改动")
        return Finding("ok", "ledger", "acts and moves of the ball are whole", "登记与球权历史完整")

    def discover(self, connection: str) -> dict[str, Any]:
        """Give a connection's objects and fields and a proposed map as TOML."""
        return checking.propose(self._chosen([connection])[0])

    def status(self) -> dict[str, Any]:
        """Give where everything stands, from the store alone."""
        with self.db.read() as tx:
            last = runs.last(tx, 1)
            known = streams.connections(tx)
            return {
                "connections": [
                    {**asdict(s), "stopped": s.stopped_in("en"), "stopped_zh": s.stopped_in("zh")} for s in known
                ],
                "streams": [asdict(stream) for stream in streams.all(tx)],
                "last_run": asdict(last[0]) if last else None,
                "plans": [
                    {key: value for key, value in asdict(one).items() if key != "digests"} for one in self._pending(tx)
                ],
                "waiting": {**reviews.counts(tx), "quarantine": quarantine.count(tx)},
                "outbox": outbox.counts(tx),
                "notices": notices.counts(tx),
                "now_ms": self.clock.now_ms(),
            }

    def _pending(self, tx: Tx) -> list[Pending]:
        """Give the stored plans that may still be applied, newest first."""
        states = {state.name: state for state in streams.connections(tx)}
        classes = frozenset(self.settings.service.auto_apply)
        unasked = {
            one.name
            for one in self.configured
            if one.settings.mode == "live"
            and (one.settings.first_contact == "auto" or (one.name in states and states[one.name].approved_ms))
        }
        return pending(
            tx, {one.name: one.fingerprint for one in self.configured},
            {name: state.org_id for name, state in states.items()}, unasked if classes >= frozenset(RISKS) else (),
            self.clock.now_ms(), self.settings.service.plan_valid_for,
        )  # fmt: skip

    def overview(self, as_of_ms: int | None = None) -> SupervisionReport:
        """Give everything supervision sees at a moment, without writing."""
        return overdue_view(self.db, now_ms=self._moment(as_of_ms), knobs=self.knobs, past=self._past(as_of_ms))

    def projects(self, as_of_ms: int | None = None) -> list[ProjectItem]:
        """Give every live project with its standing."""
        return projects_view(self.db, now_ms=self._moment(as_of_ms), knobs=self.knobs)

    def project(self, ref: str, as_of_ms: int | None = None) -> ProjectPage:
        """Give one project, named by uid, remote id, address or exact name.

        Raises:
            InputError: nothing answers to that name.
        """
        _, uid = self.desk.find(ref, "project")
        page = project_view(self.db, uid, now_ms=self._moment(as_of_ms), knobs=self.knobs)
        if page is None:
            raise InputError(f"no project {ref!r}", zh=f"没有项目 {ref!r}")
        return page

    def dossier(self, ref: str, as_of_ms: int | None = None) -> Dossier:
        """Give everything there is to say about one project; a moment that is past is told as it was then.

        Raises:
            InputError: nothing answers to that name, or the project was not there yet.
        """
        _, uid = self.desk.find(ref, "project")
        with self.db.read() as tx:
            found = read_dossier(tx, uid, self._setting(tx, as_of_ms), past=self._past(as_of_ms))
        if found is None:
            raise InputError(f"no project {ref!r}", zh=f"没有项目 {ref!r}")
        return found

    def standings(self, as_of_ms: int | None = None) -> list[Standing]:
        """Give how every live project stands, by name."""
        with self.db.read() as tx:
            found = list(portfolio(tx, self._setting(tx, as_of_ms), past=self._past(as_of_ms)))
        return sorted(found, key=lambda one: (one.project.name, one.project.uid))

    def explain(self, ref: str, as_of_ms: int | None = None) -> Explanation:
        """Give every rule's word on one task.

        Raises:
            InputError: nothing answers to that name, or the task was not there yet.
        """
        _, uid = self.desk.find(ref, "task")
        with self.db.read() as tx:
            found = read_explanation(tx, uid, self._setting(tx, as_of_ms), past=self._past(as_of_ms))
        if found is None:
            raise InputError(f"no task {ref!r} at that time", zh=f"当时还没有任务 {ref!r}")
        return found

    def _setting(self, tx: Tx, as_of_ms: int | None) -> Setting:
        return read_setting(tx, now_ms=self._moment(as_of_ms), knobs=self.knobs, looking_back=True)

    def _past(self, as_of_ms: int | None) -> bool:
        return as_of_ms is not None and as_of_ms < self.clock.now_ms()

    def ball_history(self, ref: str, as_of_ms: int | None = None) -> list[BallEvent]:
        """Give who had the ball of a task, and since when, oldest first.

        Raises:
            InputError: nothing answers to that name.
        """
        _, uid = self.desk.find(ref, "task")
        with self.db.read() as tx:
            found = supervision.ball_events(tx, "task", [uid])
        return [one for one in found if as_of_ms is None or one.at_ms <= as_of_ms]

    def calendar_days(self, name: str = "") -> list[CalendarDay]:
        """Give the imported days of a calendar, or of all."""
        with self.db.read() as tx:
            return supervision.calendar_days(tx, name) if name else supervision.every_calendar_day(tx)

    def hand(self, who: str, at_ms: int | None = None) -> Hand:
        """Give the hand in whose name something is done.

        Args:
            at_ms: when it happened; None for now.
        """
        return Hand(db=self.db, who=who, now_ms=self.clock.now_ms(), at_ms=at_ms, knobs=self.knobs)

    def _moment(self, as_of_ms: int | None) -> int:
        return self.clock.now_ms() if as_of_ms is None else as_of_ms

    def why(self, record: str, field: str) -> Chain:
        """Give every step that made a field of a record say what it says.

        Raises:
            InputError: no such record or field.
        """
        entity, uid = self.desk.find(record)
        with self.db.read() as tx:
            return chain_of(tx, entity, uid, field)

    def notices(self, states: Sequence[str] = (), *, single: bool = False, limit: int = 100) -> list[Notice]:
        """Give messages, or single notices with those kept back, newest first.

        Args:
            states: those wanted; empty means all.
        """
        with self.db.read() as tx:
            return notices.listed(tx, states=states, messages=not single, limit=limit)

    def notice(self, start: str) -> tuple[Notice, list[Notice]]:
        """Give a message or notice by its id, or the beginning of one, with what belongs to it.

        Raises:
            InputError: there is none, or several begin so.
        """
        with self.db.read() as tx:
            found = notices.find(tx, start)
            if len(found) != 1:
                many = bool(found)
                raise InputError(
                    f"{'several notices begin' if many else 'no notice begins'} with {start!r}",
                    zh=f"{'有多条' if many else '没有'}以 {start!r} 开头的消息",
                    next_step="see duban notices list", next_step_zh="请查看 duban notices list",
                )  # fmt: skip
            return found[0], notices.of_messages(tx, [found[0].id])

    def verify_journal(self) -> tuple[int, int | None, Entry | None]:
        """Give the number of entries, the first broken one (None: the chain is whole) and what stands there."""
        with self.db.read() as tx:
            broken = journal.verify(tx)
            return journal.length(tx), broken, journal.entry(tx, broken) if broken is not None else None

    def journal_entries(self, run_id: str = "", record: str = "") -> list[Entry]:
        """Give the journal of a run, of a record, or of what one did to the other, oldest first.

        Raises:
            InputError: no such run or record.
        """
        found = self.desk.find(record) if record else None
        with self.db.read() as tx:
            if run_id and runs.get(tx, run_id) is None:
                raise InputError(f"there is no run {run_id}", zh=f"没有运行记录 {run_id}")
            if found is None:
                return journal.of_run(tx, run_id)
            return [one for one in journal.of(tx, *found) if not run_id or one.run_id == run_id]
