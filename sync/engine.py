"""One round, told in order: recover, pull, guard the listings, plan, guard the plan, apply."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.base import ConnectorSettings
from mapping.errors import AuthRefused, GuardTripped, LeaseLost, NeedsOperator
from mapping.ports import Clock
from mapping.records import ENTITIES, EntityKind
from store import links, outbox, quarantine, reviews, runs, streams, sweeps
from store.database import Database
from store.runs import Run
from store.tx import Tx
from sync.absorb import Absorber, Listing
from sync.answers import Answers
from sync.applying import Applier
from sync.carrying import Carried
from sync.certifying import certify
from sync.guards import Rails, Tripped, check_listing, check_tally
from sync.halting import Halt, never
from sync.planfile import stale_lines
from sync.planning import Planner, Policy
from sync.recovery import Recovery
from sync.report import STOPPING, ConnectionReport, RunReport, shown_line, summary
from sync.retrying import Retrier
from sync.spokes import Spoke
from sync.sweeper import Sweeper, SweepOptions

log = logging.getLogger(f"duban.{__name__}")

RULED: frozenset[tuple[str, str]] = frozenset({("project", "lifecycle"), ("project", "declared_health")})
"""Fields that supervision writes by rule: listed in every plan, never counted by the mass rail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOptions:
    """What one round is asked to do.

    Args:
        kind: ``sync`` commits and writes; ``plan`` shows; ``apply`` commits and writes only approved digests.
        full: list everything again (backfill) instead of what changed.
        approved: digests a person approved, for ``apply``.
        allow: rail -> number a person accepted.
        planned: lines of the approved plan, to name what became stale.
        auto: risk classes a ``sync`` does unasked; None for all.
    """

    kind: str = "sync"
    full: bool = False
    approved: frozenset[str] | None = None
    allow: Mapping[str, int] = field(default_factory=dict)
    planned: Sequence[Mapping[str, Any]] = ()
    auto: frozenset[str] | None = None


_ALL_LINES = 100_000
"""Lines kept of a plan that a person reads and approves."""

_UNSETTLED = ("stale", "unexplained", "sweep_incomplete")
"""Counts that somebody must look at, although no single record waits for it."""


class _Rollback(Exception):
    """Leaves the planning transaction without committing."""


class Engine:
    """Runs rounds over spokes. The caller holds the store's lease."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        rails: Rails,
        new_id: Callable[[], str],
        salt: Callable[[], bytes],
        parallel: bool = True,
        progress: Callable[[str, int], None] | None = None,
        halt: Halt = never,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rails = rails
        self._new_id = new_id
        self._salt = salt
        self._parallel = parallel
        self._progress = progress
        self._halt = halt
        self._carried = Carried()

    def begin(self, kind: str, settings: Mapping[str, ConnectorSettings]) -> RunReport:
        """Open a run: its id, its clock, one empty tally per connection."""
        report = RunReport(run_id=self._new_id(), kind=kind, started_ms=self._clock.now_ms())
        for name, setting in settings.items():
            report.connections[name] = ConnectionReport(name=name, mode=setting.mode, starts=setting.starts)
        with self._db.write() as tx:
            runs.start(tx, Run(report.run_id, kind, report.started_ms))
        return report

    def round(self, report: RunReport, spokes: Sequence[Spoke], options: RoundOptions) -> RunReport:
        """Run one round and finish its report; failures of one connection never stop another."""
        try:
            self._round(report, spokes, options)
        except GuardTripped:
            pass
        finally:
            with suppress(LeaseLost):
                self.finish(report)
        return report

    def _round(self, report: RunReport, spokes: Sequence[Spoke], options: RoundOptions) -> None:
        writing = options.kind != "plan"
        self._carried.clear()
        active = [spoke for spoke in spokes if spoke.live] if writing else list(spokes)
        if writing:
            answers = Answers(self._db, self._clock, report, self._new_id, self._salt())
            answers.run(active)  # first: nobody is asked twice
            Recovery(self._db, self._clock, report, self._salt()).run(active)
            Retrier(self._db, self._clock, report).run(active)
        absorber = Absorber(self._db, self._clock, parallel=self._parallel, progress=self._progress, halt=self._halt)
        listings = absorber.run(spokes, report, full=options.full)
        self._note_errors(report, listings)
        self._guard_listings(report, listings, options)
        if self._halt():
            return
        usable = self._usable(spokes, listings)
        self._plan(report, usable, options)
        if writing:
            applier = Applier(
                self._db, self._clock, self._rails, report, salt=self._salt(), parallel=self._parallel,
                progress=self._progress, halt=self._halt, carried=self._carried,
            )  # fmt: skip
            applier.run([spoke for spoke in usable if spoke.live])

    def sweep(
        self, report: RunReport, spokes: Sequence[Spoke], options: SweepOptions, used: Callable[[str], int]
    ) -> RunReport:
        """Read the feeds, list everything again within a budget, and certify what both sides hold. Writes no remote."""
        absorber = Absorber(self._db, self._clock, parallel=self._parallel, progress=self._progress, halt=self._halt)
        try:
            before = self._newest(spokes)
            listings = absorber.run(spokes, report)
            self._note_errors(report, listings)
            self._guard_listings(report, listings, RoundOptions(kind="sweep", allow=options.allow))
            usable = self._usable(spokes, listings)
            sweeper = Sweeper(
                self._db, self._clock, self._rails, report, absorber=absorber, used=used, options=options,
                halt=self._halt,
            )  # fmt: skip
            sweeper.run(usable, before)
            self.certify(report, usable)
        except GuardTripped:
            pass
        finally:
            with suppress(LeaseLost):
                self.finish(report)
        return report

    def certify(self, report: RunReport, spokes: Sequence[Spoke]) -> None:
        """Keep a certificate of what the hub and all sides hold, and count what nothing explains."""
        with self._db.read() as tx:
            doc = certify(tx, spokes, self._clock.now_ms())
        report.counts["unexplained"] = int(doc["unexplained"])
        with self._db.write() as tx:
            sweeps.save_certificate(tx, report.run_id, self._clock.now_ms(), doc)

    def _newest(self, spokes: Sequence[Spoke]) -> dict[tuple[str, EntityKind], int | None]:
        with self._db.read() as tx:
            return {
                (spoke.name, entity): sweeps.high_ms(tx, spoke.name, spoke.maps[entity].map.object)
                for spoke in spokes
                for entity in spoke.entities()
            }

    def _note_errors(self, report: RunReport, listings: Sequence[Listing]) -> None:
        for listing in listings:
            if listing.error is None:
                continue
            tally = report.connections[listing.spoke.name]
            if tally.error is None or isinstance(listing.error, AuthRefused | NeedsOperator):
                tally.error, tally.error_exit = str(listing.error), listing.error.exit_code
            report.note(listing.error)

    def _guard_listings(self, report: RunReport, listings: Sequence[Listing], options: RoundOptions) -> None:
        """Hold everything when a full listing shows too little: absence is not a delete."""
        for listing in listings:
            complete = listing.finished and listing.spoke.name in report.connections
            backfilled = listing.entity in report.connections[listing.spoke.name].backfilled
            if not (complete and backfilled):
                continue
            tripped = check_listing(
                self._rails, listing.spoke.name, listing.entity, listing.known, listing.stream.listed
            )
            if tripped is not None and tripped.found < options.allow.get("listing", tripped.found + 1):
                if listing.before is not None:
                    with self._db.write() as tx:
                        streams.save(tx, listing.before)
                self._trip(report, tripped)

    def _usable(self, spokes: Sequence[Spoke], listings: Sequence[Listing]) -> list[Spoke]:
        """Drop connections that refused us; note which objects of the others are completely listed."""
        refused = {li.spoke.name for li in listings if isinstance(li.error, AuthRefused | NeedsOperator)}
        usable = [spoke for spoke in spokes if spoke.name not in refused]
        with self._db.read() as tx:
            known = {(stream.connection, stream.entity): stream for stream in streams.all(tx)}
        for spoke in usable:
            spoke.backfilled = {
                entity
                for entity in spoke.maps
                if (stream := known.get((spoke.name, entity))) is not None and stream.backfilled_ms is not None
            }
        return usable

    def _plan(self, report: RunReport, spokes: Sequence[Spoke], options: RoundOptions) -> None:
        """Plan everything in one transaction: a rail that trips, or a plan only shown, leaves nothing behind."""
        shown = options.kind in ("plan", "apply")
        policy = Policy(
            everything=options.kind == "plan",
            approved=options.approved,
            digests=shown,
            lines_kept=_ALL_LINES if shown or options.auto is not None else 2000,
            auto=options.auto if options.kind == "sync" else None,
        )
        counts, lines = dict(report.counts), len(report.lines)
        tripped = self._planned(report, spokes, options, policy)
        if tripped is None:
            return
        if options.kind == "sync":  # once more, for what a person may approve step by step
            report.counts, report.lines, report.lines_total = counts, report.lines[:lines], lines
            self._planned(report, spokes, options, Policy(digests=True, lines_kept=_ALL_LINES))
        self._trip(report, tripped, raises=options.kind != "plan")

    def _planned(
        self, report: RunReport, spokes: Sequence[Spoke], options: RoundOptions, policy: Policy
    ) -> Tripped | None:
        """Plan, and commit it unless a rail holds it (which is given) or it is only to be shown."""
        tripped: Tripped | None = None
        try:
            with self._db.write() as tx:
                planner = Planner(
                    tx, spokes, policy, report, now_ms=self._clock.now_ms(), new_id=self._new_id, salt=self._salt(),
                    progress=self._progress, carried=self._carried,
                )  # fmt: skip
                for entity in ENTITIES:
                    planner.plan(entity)
                linked: dict[str, int] = {entity: _linked(tx, spokes, entity) for entity in ENTITIES}
                tripped = check_tally(self._rails, planner.tally, linked, options.allow, RULED)
                if options.approved is not None:
                    report.counts["stale"] = len(options.approved - planner.met)
                    report.lines += stale_lines(options.planned, options.approved - planner.met, planner.left)
                if tripped is not None or options.kind == "plan":
                    raise _Rollback
        except _Rollback:
            self._carried.clear()
        return tripped

    def _trip(self, report: RunReport, tripped: Tripped, *, raises: bool = True) -> None:
        report.guard = {**{k: v for k, v in asdict(tripped).items() if v != ""}, "allow": tripped.allow}
        if raises:
            raise GuardTripped(tripped.rail)

    def finish(self, report: RunReport) -> None:
        """Close a run: what waits for people, the exit code, the stored summary and lines."""
        report.ended_ms = self._clock.now_ms()
        with self._db.read() as tx:
            waiting = dict(reviews.counts(tx))
            waiting["quarantine"] = quarantine.count(tx)
            waiting["unknown"] = len(outbox.open(tx, states=("unknown",)))
        waiting["held"] = report.counts.get("held", 0)
        report.needs_person = {kind: found for kind, found in waiting.items() if found}
        report.exit_code = exit_code(report)
        lines = [shown_line(line) for line in report.lines]
        with self._db.write() as tx:
            runs.finish(
                tx,
                Run(report.run_id, report.kind, report.started_ms, report.ended_ms, report.exit_code, summary(report)),
            )
            runs.save_items(tx, report.run_id, lines)


def exit_code(report: RunReport) -> int:
    """Give the exit code of a run: a rail first, then what stopped a connection, then what waits for a person."""
    if report.guard is not None:
        return 8
    codes = [tally.error_exit for tally in report.connections.values() if tally.error]
    for code in STOPPING:
        if code in codes:
            return code
    if codes or report.needs_person or any(report.counts.get(name) for name in _UNSETTLED):
        return 4
    return 0


def _linked(tx: Tx, spokes: Sequence[Spoke], entity: EntityKind) -> int:
    counts = [links.count(tx, s.name, s.maps[entity].map.object) for s in spokes if entity in s.maps]
    return max(counts, default=0)
