"""What must hold of supervision at every hour of a quarter and at its end, judged by the pure rules of the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from connectors.memory_world import MemoryWorld, Row
from sandbox.drill.acts import Side
from sandbox.drill.stores import CrashingStore
from store import links, supervision
from store.statements import fetch
from store.supervision import Flag
from supervise.knobs import Knobs
from supervise.report import SupervisionReport, TaskItem
from supervise.views import overdue_view

_OURS: Final = "u-duban"
_FLAGS: Final = ("overdue_since", "severity")
_MOST: Final = 50
"""Broken promises that are kept; more of them say no more."""


@dataclass(frozen=True, slots=True)
class _Standing:
    id: int
    since: str
    severity: str


class Watch:
    """Looks on after every round.

    Args:
        store: of the hub; only read.
    """

    def __init__(self, store: CrashingStore, knobs: Knobs) -> None:
        self._store = store
        self._knobs = knobs
        self._before: dict[str, _Standing] = {}
        self.broken: list[str] = []
        self.overdue: list[TaskItem] = []
        self.figures: Counter[str] = Counter()

    def judged(self, report: SupervisionReport) -> None:
        """Hold what a round of supervision left against the rules, asked anew about everything at its moment."""
        wanted = overdue_view(self._store, now_ms=report.now_ms, knobs=self._knobs)
        self.overdue = [*wanted.overdue, *wanted.ours]
        expected = {item.uid: (str(item.since), str(item.severity)) for item in wanted.overdue}
        standing = self._standing()
        self._compare("flag", report.now_ms, expected, {uid: (s.since, s.severity) for uid, s in standing.items()})
        self._compare("hub", report.now_ms, expected, self._hub())
        for name in ("tasks", "open", "overdue", "ours_overdue", "due_soon", "client_actions", "no_due", "projects"):
            if report.counts.get(name, 0) != wanted.counts.get(name, 0):
                self._break(f"{report.now_ms}: {name} is {report.counts.get(name)}, not {wanted.counts.get(name)}")
        self._raised_once(report.now_ms, standing)
        self._before = standing
        self.figures["rounds"] += 1
        self.figures["overdue_seen"] += len(expected)

    def judge(self, worlds: Mapping[Side, MemoryWorld]) -> list[str]:
        """Give every broken promise of the whole story."""
        with self._store.read() as tx:
            if (bad := supervision.verify_ball_events(tx)) is not None:
                self._break(f"the chain of the ball breaks at {bad}")
            for uid, first, second in _pairs(tx):
                if first == second:
                    self._break(f"{uid}: two moves of the ball that say the same: {first}")
        for side, world in worlds.items():
            self._ended_alike(side, world)
            for row in world.rows["tasks"].values():
                self._no_idle_write(side, row)
        self.figures["flags"] = len(self._every_flag())
        return self.broken

    # --- one round ----------------------------------------------------------------------------------------------

    def _compare(self, what: str, now_ms: int, expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        for uid in sorted(expected.keys() | found.keys()):
            if expected.get(uid) != found.get(uid):
                self._break(f"{now_ms}: {what} of {uid} is {found.get(uid)}, the rules say {expected.get(uid)}")

    def _raised_once(self, now_ms: int, standing: Mapping[str, _Standing]) -> None:
        """Hold that a flag that stood and still stands for the same day is the same flag."""
        for uid, now in standing.items():
            before = self._before.get(uid)
            if before is None or before.id != now.id:
                self.figures["raised"] += 1
            if before is not None and before.since == now.since and before.id != now.id:
                self._break(f"{now_ms}: {uid} was flagged again for {now.since}")

    def _standing(self) -> dict[str, _Standing]:
        with self._store.read() as tx:
            sql = "SELECT id, uid, since, severity FROM flag WHERE rule = 'R5' AND cleared_ms IS NULL"
            rows = fetch(tx, sql)
        if len({row[1] for row in rows}) < len(rows):
            self._break("a task has two flags at once")
        return {uid: _Standing(id, since, severity) for id, uid, since, severity in rows}

    def _hub(self) -> dict[str, tuple[str, str]]:
        with self._store.read() as tx:
            sql = "SELECT uid, overdue_since, severity FROM task WHERE state = 'live' AND overdue_since IS NOT NULL"
            return {uid: (since, severity) for uid, since, severity in fetch(tx, sql)}

    # --- the end ------------------------------------------------------------------------------------------------

    def _ended_alike(self, side: Side, world: MemoryWorld) -> None:
        """Hold that a system shows the flags of the hub, and nothing else."""
        with self._store.read() as tx:
            rows = fetch(tx, "SELECT uid, overdue_since, severity FROM task WHERE state = 'live'")
            known = links.by_uids(tx, "task", [row[0] for row in rows])
        live = world.live("tasks")
        for uid, since, severity in rows:
            link = next((one for one in known.get(uid, ()) if one.connection == side and one.state == "live"), None)
            if link is None or link.remote_id not in live:
                self._break(f"{uid} is not at {side}")
                continue
            shown = tuple(live[link.remote_id].get(name) or None for name in _FLAGS)
            if shown != (since or None, severity or None):
                self._break(f"{uid} shows {shown} at {side}, the hub has {(since, severity)}")
            self.figures["records_alike"] += 1

    def _no_idle_write(self, side: Side, row: Row) -> None:
        """Hold that we never wrote what a record showed already."""
        for before, shot in pairwise(row.history):
            if shot.modified_by == _OURS and shot.values == before.values and shot.deleted == before.deleted:
                self._break(f"{row.id} at {side} was written without a change at {shot.at_ms}")

    def _every_flag(self) -> list[Flag]:
        with self._store.read() as tx:
            uids = [row[0] for row in fetch(tx, "SELECT DISTINCT uid FROM flag WHERE rule = 'R5'")]
            return [flag for uid in uids for flag in supervision.flag_history(tx, "task", uid)]

    def _break(self, said: str) -> None:
        if len(self.broken) < _MOST:
            self.broken.append(said)


def _pairs(tx: Any) -> list[tuple[str, Any, Any]]:
    """Give the neighbouring moves of each task's ball."""
    rows = fetch(tx, "SELECT uid, side, data FROM ball_event WHERE entity = 'task' ORDER BY uid, at_ms, id")
    return [(a[0], (a[1], a[2]), (b[1], b[2])) for a, b in pairwise(rows) if a[0] == b[0]]
