"""Plans that were stored and may still be applied: what ``status`` names, and what a daemon need not store again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mapping.errors import InputError
from store import runs
from store.runs import Run
from store.tx import Tx
from sync.planfile import Stored, check_fresh, check_ground, from_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One plan that ``apply RUN`` would take.

    Args:
        kind: ``plan``, ``undo``, or ``sync`` for what a round left undone.
        steps: records it is about; of a run that a rail held, its lines.
        guard: the rail that held it, as ``--allow`` accepts it; "" for none.
        digests: of its steps; empty where the run kept none.
    """

    run_id: str
    kind: str
    started_ms: int
    steps: int
    guard: str = ""
    digests: frozenset[str] = frozenset()


def pending(
    tx: Tx,
    mine: Mapping[str, str],
    organisations: Mapping[str, str],
    unasked: Collection[str],
    now_ms: int,
    valid_s: float,
) -> list[Pending]:
    """Give the plans that may still be applied, newest first, each set of steps once.

    Args:
        mine: connection -> fingerprint now; organisations: connection -> the one this store is pinned to.
        unasked: connections whose rounds do all by themselves: what was planned for them before a round is done.
    """
    out: list[Pending] = []
    since_ms = now_ms - int(valid_s * 1000)
    applied = [run for run in runs.applies(tx) if run.started_ms >= since_ms]
    seen = {item["digest"] for run in applied for item in runs.items(tx, run.id) if item.get("digest")}
    rounds: list[frozenset[str]] = []
    for run in runs.since(tx, since_ms):
        if not run.ended_ms or run.kind not in ("plan", "sync"):
            continue
        connections = frozenset(run.summary.get("connections") or ())
        carried = run.kind == "sync" or (connections <= set(unasked) and not run.summary.get("undo"))
        overtaken = carried and any(connections <= later for later in rounds)
        if run.kind == "sync":
            rounds.append(connections)
        if overtaken or not _left_something(run):
            continue
        one = from_run(run, runs.items(tx, run.id))
        if not _holds(tx, one, applied, mine, organisations, now_ms, valid_s):
            continue
        fresh = one.digests is None or bool(one.digests - seen)
        if fresh:
            out.append(_pending(run, one))
            seen |= one.digests or set()
    return out


def _left_something(run: Run) -> bool:
    held = run.summary.get("counts", {}).get("held") or run.summary.get("guard")
    return bool(held) if run.kind == "sync" else bool(run.summary.get("lines_total"))


def _holds(
    tx: Tx,
    one: Stored,
    applied: list[Run],
    mine: Mapping[str, str],
    organisations: Mapping[str, str],
    now_ms: int,
    valid_s: float,
) -> bool:
    try:
        check_ground(one, mine, organisations, now_ms, valid_s)
        check_fresh(one, applied, lambda run_id: runs.items(tx, run_id))
    except InputError:
        return False
    return True


def _pending(run: Run, one: Stored) -> Pending:
    steps = len(one.digests) if one.digests is not None else int(run.summary.get("lines_total") or 0)
    return Pending(
        run_id=run.id, kind="undo" if run.summary.get("undo") else run.kind, started_ms=run.started_ms, steps=steps,
        guard=str((run.summary.get("guard") or {}).get("allow", "")), digests=one.digests or frozenset(),
    )  # fmt: skip
