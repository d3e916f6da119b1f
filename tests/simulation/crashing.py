"""Play a scenario, let the process die where it is told to, restart it, and judge how everything ended."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.memory_world import Call
from sandbox.drill.acts import REMOTES, Act, Setting, Side
from sandbox.drill.oracle import judge
from sandbox.drill.people import Stage
from sandbox.drill.play import rest
from sandbox.drill.scene import OBJECT, Scene
from sandbox.drill.stores import Crash
from sync.engine import Engine, RoundOptions
from sync.report import RunReport
from sync.undo import UndoEngine
from sync.undoing import Ask
from tests.simulation.scenarios import Do, Ends, Run, Scenario


@dataclass(frozen=True, slots=True)
class Told:
    """How one run of a scenario went.

    Args:
        points: how many points it has before the quiet at the end.
        crashed: the places where the process died.
    """

    points: int
    crashed: list[str]
    broken: list[str]
    digest: str


@dataclass(slots=True)
class _Director:
    scene: Scene
    stage: Stage
    waiting: list[Do] = field(default_factory=list)
    approved: frozenset[str] = frozenset()
    runs: list[str] = field(default_factory=list)

    def happen(self, place: str, side: Side | None, call: Call | None) -> None:
        """Pass one point: what waits for this place happens first, then the crash, if one is due here."""
        if self.scene.store.dead:
            if call is not None and place.startswith("before"):
                self.scene.broken.append(f"a dead process went on: {place}")
            return
        due = [step for step in self.waiting if step.when == place]
        self.waiting = [step for step in self.waiting if step.when != place]
        for act in (act for step in due for act in step.acts):
            self.stage.perform(act, side, call)
        self.stage.happen(place, side, call)

    def do(self, step: Do | Run) -> None:
        if isinstance(step, Run):
            self.scene.clock.sleep(step.after_s)
            if step.kind == "sync":
                self.runs.clear()
            self._insist(lambda: self._run(step))
        elif step.when:
            self.waiting.append(step)
        else:
            for act in step.acts:
                self._insist(partial(self.stage.perform, act, None, None))

    def _insist(self, do: Callable[[], object]) -> None:
        """Do it again for as long as the process dies on the way."""
        while True:
            try:
                do()
            except Crash:
                self.scene.start()
                self.scene.clock.sleep(1)
                continue
            return

    def _run(self, step: Run) -> None:
        scene = self.scene
        if step.kind == "sync":
            self._round(scene.engine, "sync", RoundOptions())
        elif step.kind == "plan":
            report = self._round(scene.engine, "plan", RoundOptions(kind="plan"))
            self.approved = frozenset(line.digest for line in report.lines if line.digest)
        elif step.kind == "apply":
            self._round(scene.engine, "apply", RoundOptions(kind="apply", approved=self.approved))
        else:
            self._undo()

    def _undo(self) -> None:
        """Take back the last round and the runs that died in it, first ones first; what a person takes back he knows.

        The other way round would leave what the first run wrote: the second one's undo takes it for typed there.
        """
        for run_id in self.runs:
            if self.scene.sql("SELECT 1 FROM journal WHERE run_id = ? AND op_id <> ''", run_id):
                self._undo_run(run_id)

    def _undo_run(self, run_id: str) -> None:
        scene = self.scene
        engine = UndoEngine(
            scene.store, scene.clock, rails=scene.engine._rails, new_id=scene.engine._new_id, salt=scene.engine._salt,
            parallel=False, ask=Ask(run_id=run_id), who="li",
        )  # fmt: skip
        before = {name: (uid, title) for uid, name, title in scene.sql("SELECT uid, name, title FROM contact")}
        try:
            self._round(engine, "undo", RoundOptions(kind="apply"))
        finally:
            for uid, name, title in scene.sql("SELECT uid, name, title FROM contact"):
                if name in before and before[name][1] != title:
                    known = {"title": before[name][1]}
                    self.stage.note("edit", "hub", name, "title", title, known, id=uid)

    def _round(self, engine: Engine, kind: str, options: RoundOptions) -> RunReport:
        scene = self.scene
        report = engine.begin(kind, {one.name: one.settings for one in scene.configured})
        if kind == "sync":
            self.runs.append(report.run_id)
        return engine.round(report, scene.opener.open_all(scene.configured, report), options)


def play_scenario(scenario: Scenario, crash_at: Sequence[int] = (), make: Callable[[Setting], Scene] = Scene) -> Told:
    """Play it with a crash at each of the given points (counted over the whole run) and judge its end.

    Args:
        make: gives the scene: systems in memory, or others.
    """
    scene = make(scenario.setting)
    stage = Stage(scene, scenario.setting, {at: [Act(do="crash")] for at in crash_at}, random.Random(0))
    director = _Director(scene, stage)
    scene.happen = director.happen
    points = 0
    try:
        for step in scenario.steps:
            director.do(step)
        points = stage.point
        stage.quiet = True
        broken = [f"nothing passed {step.when!r}" for step in director.waiting]
        broken += rest(scene, scenario.setting)
        broken += judge(scene, stage)
        broken += _ends(scene, {**scenario.ends, **({} if crash_at else scenario.calm)})
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        broken = [f"raised {type(error).__name__}: {error} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})"]
    return Told(points, [stage.places[at] for at in crash_at if at in stage.places], broken, scene.digest())


def _ends(scene: Scene, ends: Ends) -> list[str]:
    out = []
    for who, wanted in ends.items():
        found = scene.sql("SELECT title, description FROM contact WHERE name = ? AND state = 'live'", who)
        standing: dict[Side, list[dict[str, Any]]] = {
            "hub": [dict(zip(("title", "description"), row, strict=True)) for row in found]
        }
        for side in REMOTES:
            live = scene.worlds[side].live(OBJECT).values()
            standing[side] = [dict(values) for values in live if values["name"] == who]
        for side, some in standing.items():
            if wanted is None:
                out += [f"{who} is still alive at {side}"] if some else []
            elif len(some) != 1:
                out.append(f"{len(some)} live {who} at {side}")
            else:
                out += [
                    f"{who}.{name} is {some[0].get(name)} at {side}, not {value}"
                    for name, value in wanted.items()
                    if (some[0].get(name) or None) != value
                ]
    return out
