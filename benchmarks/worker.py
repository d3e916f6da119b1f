"""One job in a process of its own, so that time and memory are that job's alone. Prints its figures as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from assembly.machine import SystemClock, patient_collector
from benchmarks import bare, crowd
from service import Service
from store.database import Database
from supervise.following import follow_up
from supervise.knobs import Knobs
from supervise.rounds import supervise_once
from sync.bindings import Binder


def sync(config: str, full: str = "") -> dict[str, Any]:
    """Run one round as the command does."""
    with Service.open(Path(config)) as service:
        return _round(service, lambda: service.sync(full=bool(full)))


def plan(config: str) -> dict[str, Any]:
    """Plan one round and time the matching inside it."""
    spent = {"match_s": 0.0, "match_cpu_s": 0.0}
    for name in ("_index", "_meet"):
        _time_method(name, spent)
    with Service.open(Path(config)) as service:
        return _round(service, service.plan) | spent


def _time_method(name: str, spent: dict[str, float]) -> None:
    inner = getattr(Binder, name)

    def timed(self: Binder, *given: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return inner(self, *given)
        finally:
            spent["match_s"] += time.perf_counter() - wall
            spent["match_cpu_s"] += time.process_time() - cpu

    setattr(Binder, name, timed)


def plant(path: str, projects: str) -> dict[str, Any]:
    """Make the store of W7."""
    crowd.plant(Path(path), int(projects))
    return {}


def change(path: str, one_in: str) -> dict[str, Any]:
    """Edit one task in so many by plain SQL."""
    return {"changed": crowd.change_some(Path(path), int(one_in))}


def supervise(path: str, now_ms: str) -> dict[str, Any]:
    """Run one round of supervision as the daemon does, with what follows by rule."""
    db = Database.open(f"sqlite:///{path}", clock=SystemClock())
    with patient_collector():
        start, cpu = time.perf_counter(), time.process_time()
        report = supervise_once(db, now_ms=int(now_ms), run_id="w7", listed=0)
        judged = time.process_time() - cpu
        followed = follow_up(db, now_ms=int(now_ms), knobs=Knobs(), random_bytes=os.urandom)
        wall, spent = time.perf_counter() - start, time.process_time() - cpu
    db.close()
    return {
        "wall_s": wall, "cpu_s": spent, "judged_cpu_s": judged, "counts": report.counts, "changed": report.changed,
        "looked_at": followed.looked_at,
    }  # fmt: skip


def _round(service: Service, run: Callable[[], Any]) -> dict[str, Any]:
    start, cpu = time.perf_counter(), time.process_time()
    report = run()
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    return {
        "wall_s": wall, "cpu_s": spent, "exit_code": report.exit_code, "counts": report.counts,
        "guard": report.guard, "problems": report.problems, "needs_person": report.needs_person,
        "calls": sum(one.calls for one in report.connections.values()),
        "credits": sum(one.credits for one in report.connections.values()),
        "pulled": sum(one.pulled for one in report.connections.values()),
    }  # fmt: skip


JOBS: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "sync": sync, "plan": plan, "bare-zoho-list": bare.zoho_list, "bare-zoho-changed": bare.zoho_changed,
    "bare-zoho-push": bare.zoho_push, "zoho-ids": bare.zoho_ids, "bare-fxiaoke": bare.fxiaoke_chain,
    "plant": plant, "change": change, "supervise": supervise,
}  # fmt: skip


def main() -> None:
    """Run the job that the command line names."""
    job, *arguments = sys.argv[1:]
    figures = JOBS[job](*arguments)
    figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
