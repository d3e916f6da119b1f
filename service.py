"""The service: assemble from settings, sync once, supervise once, run. No rules, no SQL, no HTTP."""

from __future__ import annotations

import gc
import hashlib
import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from config import loading
from config.keys import find_key
from config.settings import Settings
from connectors.base import ConnectorSettings, HttpSettings, Ports, Token
from connectors.registry import connect, connector_class
from mapping.errors import ConfigError, DubanError, InputError
from mapping.loading import check_connections as check_map_names
from mapping.loading import load_maps
from mapping.records import FIELDS
from store import boxes, journal, outbox, quarantine, reviews, runs, secrets, streams, sweeps
from store.database import Database
from store.heart import Heart
from store.journal import Entry
from supervise.knobs import Knobs
from supervise.report import ProjectItem, ProjectPage, SupervisionReport
from supervise.rounds import supervise_once
from supervise.settings import calendar_word, read_knobs
from supervise.views import overdue_view, project_view, projects_view
from sync import checking, planfile
from sync.checking import Finding
from sync.desk import Desk
from sync.engine import Engine, RoundOptions
from sync.guards import RISKS, Rails
from sync.opening import Configured, Opener, fingerprint
from sync.report import RunReport
from sync.spokes import Spoke
from sync.sweeper import SweepOptions
from sync.undo import UndoEngine, undo_ask
from sync.undoing import Ask
from sync.why import Chain, chain_of

__all__ = ["Finding", "Service", "SystemClock"]

log = logging.getLogger(f"duban.{__name__}")

Progress = Callable[[str, int], None]
_ASSEMBLED = ("configured", "opener", "knobs", "desk")


_COLLECT_AFTER = (50_000, 20, 50)
"""Thresholds of the garbage collector during a round."""


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Let the garbage collector look in less often for a while.

    A round makes and drops records by the thousand and none of them in circles: with Python's own thresholds looking
    for circles takes a fifth of a first pull and finds nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


_STEADY: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """The machine's own time; the only place that reads it."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        # Where there is one, the clock that also counts while the machine sleeps: a lease runs out in its sleep.
        return time.clock_gettime(_STEADY) if _STEADY is not None else time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Service:
    """One configuration, one store, its connections. Use as a context manager."""

    def __init__(self, config: loading.Config, db: Database, clock: SystemClock, key: bytes) -> None:
        self.config = config
        self.db = db
        self.clock = clock
        self._cipher = secrets.Cipher(key, os.urandom)
        self.stop = threading.Event()
        self.is_writer = False
        self._holding = threading.Lock()

    @classmethod
    def open(cls, config_path: Path | None, *, language: str | None = None) -> Service:
        """Read the configuration, open the store (bringing it up to date) and find the key.

        Raises:
            ConfigError: one clear line; nothing has been read or written remotely.
        """
        del language  # commands speak; the service only names things
        config = loading.load(config_path, os.environ, Path.cwd())
        key = find_key(os.environ, config.base)
        clock = SystemClock()
        service = cls(
            config, Database.open(config.store_url, clock=clock, lease_s=config.settings.store.lease), clock, key
        )
        try:
            service.check()
        except BaseException:
            service.close()
            raise
        return service

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and store."""
        for one in self.__dict__.get("configured", []):
            one.connector.close()
        self.db.close()

    @property
    def settings(self) -> Settings:
        return self.config.settings

    @property
    def secret_values(self) -> frozenset[str]:
        """Give the values that no output may show."""
        return self.config.secrets

    # --- assembling ---------------------------------------------------------------------------------------------

    @cached_property
    def configured(self) -> list[Configured]:
        """Give every configured connection, validated, in the order of the file; nobody is asked yet.

        Raises:
            ConfigError: a table, a map or a kind cannot work.
        """
        check_map_names(self.settings.map, self.settings.connections)
        return [self._configure(name) for name in self.settings.connections]

    def _configure(self, name: str) -> Configured:
        table = self._with_stored(name)
        kind = str(table.get("kind", ""))
        model: type[ConnectorSettings] = connector_class(kind).Settings
        settings = loading.validate_connection(name, table, model, text=self.config.text, secrets=self.config.secrets)
        ports = self._ports(name)
        connector = connect(settings, ports)
        overrides = {entity: tables[name] for entity, tables in self.settings.map.items() if name in tables}
        maps = load_maps(connector.default_maps(), overrides, name)
        return Configured(
            name=name,
            connector=connector,
            settings=settings,
            maps=maps,
            fingerprint=fingerprint(settings, maps),
            counters=ports.counters,
        )

    def _with_stored(self, name: str) -> dict[str, Any]:
        """Give a connection's table with stored secrets in place of references that have not changed since."""
        table = dict(self.settings.connections[name])
        prefix = f"{name}."
        with self.db.read() as tx:
            for row in secrets.names(tx):
                if not row.startswith(prefix):
                    continue
                field = row[len(prefix) :]
                kept = secrets.get(tx, self._cipher, row)
                if kept is not None and kept.source == self._reference(name, field):
                    table[field] = kept.value
        return table

    def _reference(self, name: str, field: str) -> str:
        return self.config.references.get(f"connections.{name}.{field}", "")

    def _ports(self, name: str) -> Ports:
        seed = hashlib.sha256(name.encode() + os.urandom(8)).digest()
        return Ports(
            name=name, clock=self.clock, rng=random.Random(seed),
            tokens=boxes.StoreTokenBox(self.db, name, self._cipher, lambda v, e, x: Token(v, e, dict(x))),
            windows=boxes.StoreWindowBox(self.db, name), before_send=self.db.check_fence,
            http=HttpSettings(
                proxy=self.settings.http.proxy, ca_file=self.settings.http.ca_file, agent=f"duban ({os.getpid()})"
            ),
        )  # fmt: skip

    @cached_property
    def opener(self) -> Opener:
        return Opener(self.db, self.clock, self.settings.users)

    @cached_property
    def knobs(self) -> Knobs:
        """Give the supervision settings.

        Raises:
            ConfigError: an unknown knob or a value of the wrong kind.
        """
        return read_knobs(self.settings.supervise, self.settings.service.timezone)

    @cached_property
    def desk(self) -> Desk:
        return Desk(
            db=self.db, clock=self.clock, resolve_url=self._resolve_url, zone=self.settings.service.timezone,
            extras=self._extras(),
        )  # fmt: skip

    def _extras(self) -> dict[str, set[str]]:
        """Give the mapped fields of each entity beyond the canonical ones."""
        out: dict[str, set[str]] = {}
        for one in self.configured:
            for entity, map_ in one.maps.items():
                out.setdefault(entity, set()).update({bound.field for bound in map_.fields} - FIELDS[entity].keys())
        return out

    def _resolve_url(self, url: str) -> tuple[str, str, str] | None:
        for one in self.configured:
            found = one.connector.record_ref(url)
            if found is not None:
                return (one.name, *found)
        return None

    def _engine(self, progress: Progress | None, undo: tuple[Ask, str] | None = None) -> Engine:
        rails = self.settings.rails
        make = Engine if undo is None else partial(UndoEngine, ask=undo[0], who=undo[1])
        return make(
            self.db, self.clock, new_id=self._new_id, salt=lambda: os.urandom(32), progress=progress,
            halt=self.stop.is_set,
            rails=Rails(
                listing_floor=rails.listing_floor, listing_share=rails.listing_percent / 100,
                deletes_floor=rails.deletes_floor, deletes_share=rails.deletes_percent / 100,
                mass_floor=rails.mass_floor, mass_share=rails.mass_percent / 100,
                errors_floor=rails.errors_floor, errors_share=rails.errors_percent / 100,
            ),
        )  # fmt: skip

    def _new_id(self) -> str:
        """Give a new id that sorts by time: a UUIDv7."""
        raw = bytearray(self.clock.now_ms().to_bytes(6, "big") + os.urandom(10))
        raw[6] = 0x70 | (raw[6] & 0x0F)
        raw[8] = 0x80 | (raw[8] & 0x3F)
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _chosen(self, names: Sequence[str]) -> list[Configured]:
        """Give the connections named (all when none is), in the order of the file whatever the order of the names.

        The order must be one and the same for a plan and its apply: twins found their entity in the order of their
        connections.

        Raises:
            InputError: a name that no connection has.
        """
        known = {one.name: one for one in self.configured}
        for name in names:
            if name not in known:
                raise InputError(
                    f"no connection is called {name!r}; there are {', '.join(known) or 'none'}",
                    zh=f"没有名为 {name!r} 的连接；现有：{'、'.join(known) or '无'}",
                )
        return [one for name, one in known.items() if not names or name in names]

    @contextmanager
    def _writer(self, wait_s: float) -> Iterator[None]:
        """Be the one writer of the store for a while; the daemon is it all the time."""
        if self.is_writer:
            yield
            return
        self.db.hold(f"pid {os.getpid()} on {socket.gethostname()}", wait_s)
        try:
            with Heart(self.db):
                yield
        finally:
            self.db.release()

    # --- looking ------------------------------------------------------------------------------------------------

    def check(self) -> list[Finding]:
        """Check what can be checked without asking anybody.

        Raises:
            ConfigError: the first thing that cannot work.
        """
        out = [Finding("ok", str(self.config.path), "configuration read", "配置已读取")]
        for one in self.configured:
            text = f"{one.settings.kind}, mode {one.settings.mode}, {len(one.maps)} maps"
            out.append(
                Finding("ok", one.name, text, f"{one.settings.kind}，模式 {one.settings.mode}，{len(one.maps)} 个映射")
            )
        _ = self.knobs
        return out

    def check_online(self) -> list[Finding]:
        """Log in everywhere and hold the maps against live metadata; nothing is read or written beyond that."""
        return checking.check_connections(self.opener, self.configured)

    def doctor(self) -> list[Finding]:
        """Examine store, disk, journal, connections, clocks and calendars."""
        found = self.check()
        found += checking.diagnose(self.db, self.clock, self.opener, self.configured, self.config.base)
        worry, english, chinese = calendar_word(self.knobs, self.clock.now_ms())
        return [*found, Finding("warn" if worry else "ok", "calendar", english, chinese)]

    def discover(self, connection: str) -> dict[str, Any]:
        """Give a connection's objects and fields and a proposed map as TOML."""
        return checking.propose(self._chosen([connection])[0])

    def status(self) -> dict[str, Any]:
        """Give where everything stands, from the store alone."""
        with self.db.read() as tx:
            last = runs.last(tx, 1)
            return {
                "connections": [asdict(state) for state in streams.connections(tx)],
                "streams": [asdict(stream) for stream in streams.all(tx)],
                "last_run": asdict(last[0]) if last else None,
                "apply": next((run.id for run in last if run.summary.get("counts", {}).get("held")), None),
                "waiting": {**reviews.counts(tx), "quarantine": quarantine.count(tx)},
                "outbox": outbox.counts(tx),
                "now_ms": self.clock.now_ms(),
            }

    def overdue(self, as_of_ms: int | None = None) -> list[Any]:
        """Give the overdue client actions, worst first."""
        return list(self.overview(as_of_ms).overdue)

    def overview(self, as_of_ms: int | None = None) -> SupervisionReport:
        """Give everything supervision sees at a moment, without writing."""
        return overdue_view(self.db, now_ms=self._moment(as_of_ms), knobs=self.knobs)

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

    # --- doing --------------------------------------------------------------------------------------------------

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
        if kind == "sync" and not self.is_writer:  # the daemon would store one every round
            self._plan_waiting(report, names, progress)
        return report

    def _plan_waiting(self, report: RunReport, names: Sequence[str], progress: Progress | None) -> None:
        """Store a plan for the connections that wait for one, and name it."""
        waiting = [one.name for one in self._chosen(names) if one.settings.mode == "plan"]
        if not waiting or report.guard is not None:
            return
        writable = [one.name for one in self._chosen(names) if one.settings.mode != "observe"]
        planned = self._run(writable, RoundOptions(kind="plan"), 10.0, progress)
        steps = len({line.digest for line in planned.lines if line.digest})
        if steps:
            report.note(
                InputError(
                    f"a plan of {steps} steps is stored", zh=f"已保存一份共 {steps} 步的计划",
                    connection=", ".join(waiting), next_step=f"duban apply {planned.run_id}",
                    next_step_zh=f"duban apply {planned.run_id}",
                )
            )  # fmt: skip

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
        with self._holding, self._writer(wait_s), _patient_collector():
            engine = self._engine(progress, undo)
            kind = "undo" if undo is not None and options.kind == "apply" else options.kind
            report = engine.begin(kind, {one.name: one.settings for one in chosen})
            report.plan = plan
            before = {one.name: dict(one.counters) for one in chosen}
            try:
                spokes = self.opener.open_all(chosen, report)
            except DubanError as error:
                report.note(error)
                engine.finish(report)
                raise
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
        with self._holding, self._writer(wait_s), _patient_collector():
            engine = self._engine(progress)
            report = engine.begin("sweep", {one.name: one.settings for one in chosen})
            before = {name: counted.get("calls", 0) for name, counted in counters.items()}
            try:
                spokes = self.opener.open_all(chosen, report)
            except DubanError as error:
                report.note(error)
                engine.finish(report)
                raise
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
            return self._apply_undo(undo, plan.digests or frozenset(), allow, progress)
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
        self, doc: Mapping[str, Any], digests: frozenset[str], allow: Mapping[str, int], progress: Progress | None
    ) -> RunReport:
        given = dict(doc)
        who = str(given.pop("who", ""))
        return self._run(
            (), RoundOptions(kind="apply", approved=digests, allow=allow), 10.0, progress, (Ask(**given), who)
        )

    def supervise(self, as_of_ms: int | None = None) -> SupervisionReport:
        """Judge every task and project once and write flags and reconciled statuses into the hub."""
        with self._holding, self._writer(10.0):
            return supervise_once(
                self.db, now_ms=self._moment(as_of_ms), run_id=self._new_id(), knobs=self.knobs,
                as_of_only=as_of_ms is not None,
            )  # fmt: skip

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
