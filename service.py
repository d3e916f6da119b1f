"""The service: plan, sync, apply, take back, sweep, supervise, run. No rules, no SQL, no HTTP."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from assembly.looking import Looking
from assembly.machine import SystemClock, patient_collector
from assembly.parts import Progress
from config import loading
from mapping.errors import ConfigError, DubanError, InputError
from mapping.records import EntityKind
from store import hub, runs, secrets, streams, sweeps
from supervise.following import follow_up
from supervise.judging import LISTED
from supervise.notices import NoticeReport, preview_notices, send_notices
from supervise.recall import Recall
from supervise.report import SupervisionReport
from supervise.rounds import supervise_once
from sync import planfile, retiring
from sync.checking import Finding
from sync.engine import Engine, RoundOptions
from sync.guards import RISKS
from sync.opening import Configured
from sync.report import RunReport
from sync.spokes import Spoke
from sync.sweeper import SweepOptions
from sync.undo import undo_ask
from sync.undoing import Ask

__all__ = ["Finding", "Service", "SystemClock"]

log = logging.getLogger(f"duban.{__name__}")

_ASSEMBLED = ("configured", "opener", "knobs", "desk", "outbound", "channels")


class Service(Looking):
    """One configuration, one store, its connections, and all that is done with them. Use as a context manager."""

    _planned_on: Mapping[EntityKind, int] | None = None

    @cached_property
    def _recall(self) -> Recall:
        """What the last look for notices found; a daemon's next one begins with it."""
        return Recall()

    def plan(self, names: Sequence[str] = (), full: bool = False, progress: Progress | None = None) -> RunReport:
        """Pull, match and say what would happen; nothing is written but the inbox."""
        return self._run(names, RoundOptions(kind="plan", full=full), 10.0, progress)

    def sync(
        self,
        names: Sequence[str] = (),
        *,
        dry_run: bool = False,
        full: bool = False,
        wait_s: float = 10.0,
        allow: Mapping[str, int] | None = None,
        progress: Progress | None = None,
    ) -> RunReport:
        """Run one round.

        Raises:
            LeaseHeld: another process writes this store and did not stop within *wait_s*.
        """
        kind = "plan" if dry_run else "sync"
        auto = frozenset(self.settings.service.auto_apply)
        options = RoundOptions(kind=kind, full=full, allow=allow or {}, auto=auto if auto < frozenset(RISKS) else None)
        report = self._run(names, options, wait_s, progress)
        if kind == "sync":
            self._plan_waiting(report, names, progress)
        return report

    def _plan_waiting(self, report: RunReport, names: Sequence[str], progress: Progress | None) -> None:
        """Store a plan for the connections that wait for one, and name it."""
        waiting = [one.name for one in self._chosen(names) if one.settings.mode == "plan"]
        if not waiting or report.guard is not None or (self.is_writer and not self._may_plan_otherwise(report)):
            return
        with self.db.read() as tx:
            kept = {one.digests: one.run_id for one in self._pending(tx) if one.kind == "plan"}
        writable = [one.name for one in self._chosen(names) if one.settings.mode != "observe"]
        planned = self._run(writable, RoundOptions(kind="plan"), 10.0, progress)
        digests = frozenset(line.digest for line in planned.lines if line.digest)
        known = "" if self.stop.is_set() else kept.get(digests, "")
        if self.is_writer and (known or not digests or self.stop.is_set()):  # a daemon keeps each plan once
            with self.db.write() as tx:
                runs.drop(tx, planned.run_id)
        if not digests or self.stop.is_set():
            return
        stored = known if self.is_writer and known else planned.run_id
        note = InputError(
            f"a plan of {len(digests)} steps is stored", zh=f"已保存一份共 {len(digests)} 步的计划",
            connection=", ".join(waiting), next_step=f"duban apply {stored}", next_step_zh=f"duban apply {stored}",
        )  # fmt: skip
        report.note(note)
        if self.is_writer and not known:
            log.warning(note.text("en"))

    def _may_plan_otherwise(self, report: RunReport) -> bool:
        """Say whether a daemon has anything new to plan with: something came in, or the work list grew."""
        with self.db.read() as tx:
            ground = hub.dirty_count(tx)
        before, self._planned_on = self._planned_on, ground
        return ground != before or any(one.pulled or one.gone for one in report.connections.values())

    def _run(
        self,
        names: Sequence[str],
        options: RoundOptions,
        wait_s: float,
        progress: Progress | None,
        undo: tuple[Ask, str] | None = None,
        plan: str = "",
    ) -> RunReport:
        chosen = self._chosen(names)
        with self._holding, self._writer(wait_s), patient_collector():
            engine = self._engine(progress, undo)
            kind = "undo" if undo is not None and options.kind == "apply" else options.kind
            report = engine.begin(kind, {one.name: one.settings for one in chosen})
            report.plan = plan
            before = {one.name: dict(one.counters) for one in chosen}
            spokes = self._opened(engine, chosen, report)
            if options.kind == "apply":
                for spoke in spokes:
                    spoke.asked = True
            report.made_of = {
                one.name: {"fingerprint": one.fingerprint, "organisation": self._organisations().get(one.name, "")}
                for one in chosen
            }
            held = [spoke.name for spoke in spokes if not spoke.live]
            if options.kind == "sync" and held:
                for spoke in spokes:
                    _note_not_live(report, spoke)
            engine.round(report, spokes, options)
            for one in chosen:
                tally = report.connections[one.name]
                tally.calls = one.counters.get("calls", 0) - before[one.name].get("calls", 0)
                tally.credits = one.counters.get("credits", 0) - before[one.name].get("credits", 0)
        return report

    def _opened(self, engine: Engine, chosen: Sequence[Configured], report: RunReport) -> list[Spoke]:
        """Log in everywhere; a run that cannot is closed with its reason, so that it is told of."""
        try:
            return self.opener.open_all(chosen, report)
        except DubanError as error:
            report.note(error)
            engine.finish(report)
            raise

    def sweep(
        self,
        names: Sequence[str] = (),
        *,
        wait_s: float = 10.0,
        allow: Mapping[str, int] | None = None,
        progress: Progress | None = None,
    ) -> RunReport:
        """List everything again within the budget of calls and certify what both sides hold; writes to no CRM.

        Raises:
            LeaseHeld: another process writes this store and did not stop within *wait_s*.
        """
        chosen = self._chosen(names)
        counters = {one.name: one.counters for one in chosen}
        options = SweepOptions(calls=self.settings.sweep.calls, allow=allow or {})
        with self._holding, self._writer(wait_s), patient_collector():
            engine = self._engine(progress)
            report = engine.begin("sweep", {one.name: one.settings for one in chosen})
            before = {name: counted.get("calls", 0) for name, counted in counters.items()}
            spokes = self._opened(engine, chosen, report)
            engine.sweep(report, spokes, options, lambda name: counters[name].get("calls", 0))
            for name, counted in counters.items():
                report.connections[name].calls = counted.get("calls", 0) - before[name]
        return report

    def certificate(self) -> dict[str, Any] | None:
        """Give the newest certificate, or None before the first sweep."""
        with self.db.read() as tx:
            return sweeps.last_certificate(tx)

    def write_plan(self, report: RunReport, path: Path) -> None:
        """Store a plan for ``apply``: its lines, and what it was made of."""
        made_of = report.made_of
        planfile.write(
            path, report, {name: one["fingerprint"] for name, one in made_of.items()},
            {name: one["organisation"] for name, one in made_of.items()},
        )  # fmt: skip

    def _organisations(self) -> dict[str, str]:
        with self.db.read() as tx:
            return {state.name: state.org_id for state in streams.connections(tx)}

    def apply_file(
        self, path: Path, allow: Mapping[str, int] | None = None, progress: Progress | None = None
    ) -> RunReport:
        """Do exactly the items of a stored plan; items whose ground moved are listed as stale.

        Raises:
            InputError: the file is not a plan, was changed, is too old, was applied, or belongs to another
                configuration or organisation.
        """
        body = planfile.read(path)
        return self._apply(planfile.from_body(body), allow or {}, progress, body.get("undo"))

    def apply_run(self, run_id: str, allow: Mapping[str, int], progress: Progress | None = None) -> RunReport:
        """Do what a run planned but did not do (a rail held it, a risk class, or it only planned), within *allow*.

        Raises:
            InputError: there is no such run, or its plan may not be applied.
        """
        with self.db.read() as tx:
            run = runs.get(tx, run_id)
            items = runs.items(tx, run_id) if run else []
        if run is None:
            raise InputError(
                f"there is no plan file and no run {run_id}", zh=f"没有计划文件，也没有运行记录 {run_id}",
                next_step="see duban runs", next_step_zh="请查看 duban runs",
            )  # fmt: skip
        return self._apply(planfile.from_run(run, items), allow, progress, run.summary.get("undo"))

    def _apply(
        self, plan: planfile.Stored, allow: Mapping[str, int], progress: Progress | None, undo: Mapping[str, Any] | None
    ) -> RunReport:
        mine = {one.name: one.fingerprint for one in self.configured}
        valid_s = self.settings.service.plan_valid_for
        planfile.check_ground(plan, mine, self._organisations(), self.clock.now_ms(), valid_s)
        with self.db.read() as tx:
            planfile.check_fresh(plan, runs.applies(tx), lambda run_id: runs.items(tx, run_id))
        if undo:
            return self._apply_undo(undo, plan, allow, progress)
        names = list(plan.connections) or list(mine)
        for one in self._chosen(names):
            if one.settings.mode == "observe":
                raise InputError(
                    "mode observe: nothing is ever written for it", zh="模式为 observe，不会写入任何内容",
                    connection=one.name,
                    next_step='set mode = "plan" or "live"', next_step_zh='请设置 mode = "plan" 或 "live"',
                )  # fmt: skip
        options = RoundOptions(kind="apply", approved=plan.digests, planned=plan.lines, allow=allow)
        report = self._run(names, options, 10.0, progress, plan=plan.run_id)
        met = not plan.digests or report.counts.get("stale", 0) < len(plan.digests)
        if report.guard is None and met:  # a plan of which nothing holds any more approves nothing
            for name in names:
                self.opener.approve(name)
        return report

    def plan_undo(
        self, run_id: str, *, record: str = "", field: str = "", at_source: bool = False, who: str = "",
        progress: Progress | None = None,
    ) -> RunReport:  # fmt: skip
        """Say what taking a run back would do; ``apply_run`` with this plan's id does it.

        Args:
            record, field: only that record, only that field.
            at_source: put back also what people typed at a connection and the run only carried on.
        Raises:
            InputError: no such run, or it did nothing to that record or field.
        """
        uid = self.desk.find(record)[1] if record else ""
        with self.db.read() as tx:
            ask = undo_ask(tx, run_id, uid=uid, field=field, at_source=at_source)
        return self._run((), RoundOptions(kind="plan"), 10.0, progress, (ask, who))

    def _apply_undo(
        self, doc: Mapping[str, Any], plan: planfile.Stored, allow: Mapping[str, int], progress: Progress | None
    ) -> RunReport:
        given = dict(doc)
        who = str(given.pop("who", ""))
        options = RoundOptions(kind="apply", approved=plan.digests or frozenset(), allow=allow)
        return self._run((), options, 10.0, progress, (Ask(**given), who), plan=plan.run_id)

    def supervise(self, as_of_ms: int | None = None) -> SupervisionReport:
        """Judge tasks and projects, write flags and reconciled statuses into the hub, and do what the rules ask for.

        The report of a round has its counts; lists, which are looked up and explained item by item, come with a look
        from a moment (*as_of_ms*) and with ``overview``.
        """
        with self._holding, self._writer(10.0), patient_collector():
            report = supervise_once(
                self.db, now_ms=self._moment(as_of_ms), run_id=self._new_id(), knobs=self.knobs,
                as_of_only=as_of_ms is not None, listed=0 if as_of_ms is None else LISTED,
            )  # fmt: skip
            if as_of_ms is None:
                followed = follow_up(self.db, now_ms=report.now_ms, knobs=self.knobs, random_bytes=os.urandom)
                report.changed += followed.changed
                for kind, count in followed.made.items():
                    report.tally(kind, count)
            return report

    # --- telling people -------------------------------------------------------------------------------------------

    def preview_notices(self, as_of_ms: int | None = None) -> NoticeReport:
        """Give what would be said at a moment and why the rest would not; nothing is written or sent."""
        from reports.telling import notice_words

        return preview_notices(
            self.db, now_ms=self._moment(as_of_ms), knobs=self.knobs, outbound=self.outbound, render=notice_words,
            looking_back=as_of_ms is not None,
        )  # fmt: skip

    def tell(self) -> NoticeReport:
        """Send what is to be said now, each message at most once.

        Raises:
            ConfigError: ``[notices]`` does not allow it. LeaseHeld: somebody else writes this store.
        """
        if not self.settings.notices.send:
            raise ConfigError(
                "notices.send is false: nothing is sent", zh="notices.send 为 false：不发送任何消息",
                next_step="read duban notices preview, then set send = true under [notices]",
                next_step_zh="请先阅读 duban notices preview，再在 [notices] 下设置 send = true",
            )  # fmt: skip
        from reports.telling import notice_words

        with self._holding, self._writer(10.0):
            return send_notices(
                self.db, now_ms=self.clock.now_ms(), knobs=self.knobs, outbound=self.outbound, channels=self.channels,
                render=notice_words, left=self._left(), recall=self._recall, halt=self.stop.is_set,
            )  # fmt: skip

    def _left(self) -> dict[str, int]:
        """Give the calls or credits that connections said they have left, in this process."""
        known = ((one.name, one.counters.get("credits_left")) for one in self.configured)
        return {name: left for name, left in known if left is not None}

    def retirable(self, name: str) -> dict[str, int]:
        """Count what the store holds of a connection that left the configuration.

        Raises:
            InputError: it is still configured, or unknown.
        """
        with self.db.read() as tx:
            return retiring.retirable(tx, name, frozenset(self.settings.connections))

    def retire(self, name: str, who: str = "") -> dict[str, int]:
        """Take such a connection out of the store for good and give what ended; nothing is deleted at a CRM.

        Raises:
            InputError: it is still configured, or unknown. LeaseHeld: somebody else writes this store.
        """
        with self._holding, self._writer(10.0), self.db.write() as tx:
            ended = retiring.retirable(tx, name, frozenset(self.settings.connections))
            retiring.retire(tx, name, now_ms=self.clock.now_ms(), who=who, salt=os.urandom(32))
        return ended

    def auth_zoho(self, connection: str, code: str) -> None:
        """Exchange a grant code for a refresh token and keep it encrypted."""
        from connectors.zoho.auth import exchange_grant
        from connectors.zoho.settings import ZohoSettings

        settings = loading.validate_connection(
            connection, self._with_stored(connection), ZohoSettings, text=self.config.text, secrets=self.config.secrets
        )
        self.set_secret(f"{connection}.refresh_token", exchange_grant(self._ports(connection), settings, code))

    def set_secret(self, name: str, value: str) -> None:
        """Keep a secret, named ``connection.key``, encrypted; it stands for the reference of that key.

        Raises:
            InputError: the name is not of that form.
        """
        connection, dot, field = name.partition(".")
        if not dot or connection not in self.settings.connections or not field:
            raise InputError(
                f"{name!r} does not name a secret; write CONNECTION.KEY, as in zoho.refresh_token",
                zh=f"{name!r} 不是密钥名；请写成 连接.键，例如 zoho.refresh_token",
            )
        with self.db.edit() as tx:
            source = self._reference(connection, field)
            secrets.put(tx, self._cipher, name, value, self.clock.now_ms(), source=source)

    # --- the daemon ---------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Sync and supervise by the clock until a signal says stop; gives the exit code."""
        from daemon.running import Daemon

        return Daemon(self).run()

    def reread(self) -> None:
        """Take a changed configuration, when it is sound; else keep the old one and say why."""
        try:
            config = loading.load(self.config.path, os.environ, self.config.base)
            if config.store_url != self.config.store_url:
                raise ConfigError("[store] url changed: restart for that", zh="[store] url 已改变：请重启")
            old, self.config = self.config, config
            kept = {name: self.__dict__.pop(name) for name in _ASSEMBLED if name in self.__dict__}
            try:
                self.check()
            except DubanError:
                self.config = old
                self.__dict__.update(kept)
                raise
        except DubanError as error:
            log.error("configuration not taken: %s", error.text("en"))
            return
        for one in kept.get("configured", []):
            one.connector.close()
        for channel in kept.get("channels", {}).values():
            channel.close()
        log.info("configuration read again")


# --- small things -------------------------------------------------------------------------------------------------


_LOOK = 'read duban plan; to write, set mode = "plan" and duban apply'
_LOOK_ZH = '请阅读 duban plan；要写入，请设 mode = "plan" 并执行 duban apply'
_APPLY = "duban plan -o FILE, read it, duban apply FILE"
_APPLY_ZH = "duban plan -o 文件，阅读后执行 duban apply 文件"


def _note_not_live(report: RunReport, spoke: Spoke) -> None:
    """Say why nothing is written for a connection, and what comes next."""
    if spoke.settings.mode != "live":
        report.note(
            InputError(
                f"mode {spoke.settings.mode}: nothing is written for it",
                zh=f"模式为 {spoke.settings.mode}，不写入任何内容", connection=spoke.name,
                next_step=_LOOK if spoke.settings.mode == "observe" else _APPLY,
                next_step_zh=_LOOK_ZH if spoke.settings.mode == "observe" else _APPLY_ZH,
            )
        )  # fmt: skip
    elif not spoke.approved:
        report.note(
            InputError(
                "its first contact waits for approval", zh="首次对接等待批准", connection=spoke.name,
                next_step=_APPLY, next_step_zh=_APPLY_ZH,
            )
        )  # fmt: skip
