"""Play seeds: people and faults for a while, then quiet, then the judgement; a failure is shrunk to a short story.

By hand: ``python -m sandbox.drill FIRST COUNT``, or ``SEED`` alone for the story of one.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.drill.acts import Act, Script, Setting, draw_hot
from sandbox.drill.oracle import judge
from sandbox.drill.people import Stage
from sandbox.drill.scene import Scene
from sandbox.drill.stores import Crash

_HELD_S: Final = 90_000
"""Longer than anything that was refused or busy stays parked."""

_ASKED_S: Final = 8
"""Longer than a system here ever asks to be left alone: a round inside that time is not a full one."""


_STORY: Final = 15
_BROKEN: Final = 5


@dataclass(frozen=True, slots=True)
class Played:
    """How one run went."""

    setting: Setting
    script: Script
    places: dict[int, str]
    broken: list[str]
    digest: str
    requests: int
    crashes: int
    faults: int
    overwritten: int


def play(setting: Setting, script: Script | None = None) -> Played:
    """Play one run: the given script, or one made up from the setting's seed."""
    scene = Scene(setting)
    stage = Stage(scene, setting, script, random.Random(setting.seed * 2))
    scene.happen = stage.happen
    broken: list[str] = []
    try:
        for _ in range(setting.rounds):
            _between(stage)
            scene.clock.sleep(setting.period_s)
            scene.round()
        stage.quiet = True
        _settle_moods(stage)
        broken += rest(scene, setting)
        broken += judge(scene, stage)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        broken.append(f"raised {type(error).__name__}: {error} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})")
    acts = [act for some in (script or stage.drawn).values() for act in some]
    return Played(
        setting, script if script is not None else stage.drawn, stage.places, broken, scene.digest(),
        sum(len(world.calls) for world in scene.worlds.values()), sum(act.do == "crash" for act in acts),
        sum(act.do == "fault" for act in acts), stage.overwritten,
    )  # fmt: skip


def _between(stage: Stage) -> None:
    """Pass the gap between two rounds; a crash there is a process that was not running."""
    try:
        stage.happen("between rounds", None, None)
    except Crash:
        stage.scene.start()


def _settle_moods(stage: Stage) -> None:
    """End what rare acts began: waits that a clock set back made longer, rights that were taken.

    What our user could not see for a while no feed tells of again: that is what sweeps are for.
    """
    scene = stage.scene
    if stage.set_back_ms:
        scene.clock.sleep(stage.set_back_ms / 1000)
        scene.round()
    if "hide" in stage.setting.also:
        for world in scene.worlds.values():
            world.faults.clear()
            world.kept_back.clear()
        for _ in range(2):
            scene.clock.sleep(stage.setting.visible_after_s + 1)
            scene.sweep()


def rest(scene: Scene, setting: Setting) -> list[str]:
    """Run quiet rounds until two in a row write nothing; the sides must be at rest in time, and stay there.

    The first may still end what a fault cut off (half a listing, a write that waits); the full rounds are the others.
    """
    for world in scene.worlds.values():
        world.faults.clear()
    pause_s = max(setting.period_s, setting.visible_after_s + 1, _ASKED_S)
    if {"busy", "refuse", "unreadable"} & set(setting.faults) or setting.accounts:
        scene.clock.sleep(_HELD_S)
        scene.round()
    limit = 4 if setting.lagging else 3
    last = played = 0
    while played < last + 2 and played < 12:
        played += 1
        scene.clock.sleep(pause_s)
        before = (scene.writes(), _hub(scene))
        report = scene.round()
        if report is None or report.exit_code not in (0, 4):
            return [f"a quiet round ended with {report and report.exit_code}: {report and report.problems}"]
        if (scene.writes(), _hub(scene)) != before:
            last = played
    if played < last + 2:
        return ["never at rest"]
    broken = [] if last <= limit else [f"at rest only after {last} rounds"]
    for _ in range(2):
        scene.clock.sleep(pause_s)
        before = (scene.writes(), _hub(scene))
        scene.round()
        if (scene.writes(), _hub(scene)) != before:
            broken.append("a round after the rest wrote something")
    return broken


def _hub(scene: Scene) -> list[tuple[object, ...]]:
    return [row for kind in scene.kinds() for row in scene.sql(f"SELECT uid, rev FROM {kind.entity} ORDER BY uid")]


def shrink(played: Played) -> Played:
    """Leave out acts as long as the same kind of promise stays broken."""
    flat = [(point, act) for point in sorted(played.script) for act in played.script[point]]
    kind = _kind(played.broken)
    size = max(1, len(flat) // 2)
    while size:
        at, before = 0, len(flat)
        while at < len(flat):
            fewer = flat[:at] + flat[at + size :]
            again = play(played.setting, _script(fewer))
            if again.broken and _kind(again.broken) == kind:
                flat, played = fewer, again
            else:
                at += size
        size = size // 2 if size > 1 or len(flat) == before else size
    return played


def _script(flat: list[tuple[int, Act]]) -> dict[int, list[Act]]:
    out: dict[int, list[Act]] = {}
    for point, act in flat:
        out.setdefault(point, []).append(act)
    return out


def _kind(broken: list[str]) -> str:
    """Give the words of the first broken promise without names and numbers."""
    first = broken[0] if broken else ""
    return " ".join(word for word in first.split() if not any(letter.isdigit() for letter in word))


def story(played: Played) -> str:
    """Tell a failure in at most fifteen lines, with the command that plays the whole seed again."""
    s = played.setting
    head = [
        f"seed {s.seed}: keys {s.keys}, dedicated {s.dedicated}, versions {s.versions}, lag {s.list_lag_s}/"
        f"{s.search_lag_s} s, page {s.page_size}, batch {s.batch_size}, period {s.period_s} s, {s.rounds} rounds, "
        f"deletes {s.on_delete}"
    ]
    acts = [
        f"  {point:4} {played.places[point]}: {'; '.join(str(act) for act in played.script[point])}"
        for point in sorted(played.script)
        if point in played.places
    ]
    broken = [f"  ! {line}" for line in played.broken]
    tail = [f"again: python -m sandbox.drill {s.seed} --mix {s.mix}"] if s.mix else []
    told = _shortened(broken, _BROKEN)
    return "\n".join([*head, *_shortened(acts, _STORY - len(head) - len(told) - len(tail)), *told, *tail])


def _shortened(lines: list[str], most: int) -> list[str]:
    """Leave out what is too much in the middle, and say how much that is."""
    if len(lines) <= most:
        return lines
    first = (most - 1) // 2
    last = most - 1 - first
    return [*lines[:first], f"  ... {len(lines) - first - last} more", *lines[len(lines) - last :]]


def main(first: int, count: int, draw: Callable[[int], Setting] = draw_hot) -> int:
    """Play seeds and tell each failure; gives how many failed."""
    failed = requests = crashes = faults = overwritten = 0
    for seed in range(first, first + count):
        played = play(draw(seed))
        requests, crashes, faults = requests + played.requests, crashes + played.crashes, faults + played.faults
        overwritten += played.overwritten
        if played.broken:
            failed += 1
            told = story(shrink(played)) if failed <= 3 else f"seed {seed}: {played.broken[0]}"
            print(told, flush=True)
    print(
        f"{count} seeds, {requests} requests, {faults} faults, {crashes} crashes, "
        f"{overwritten} edits overwritten inside a write, {failed} failed"
    )
    return failed
