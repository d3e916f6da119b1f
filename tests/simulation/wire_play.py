"""Play a seed over the wire, with the people, the rest and the judgement of the drill."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sandbox.drill.acts import Setting, draw_setting
from sandbox.drill.oracle import judge
from sandbox.drill.people import Stage
from sandbox.drill.play import _between, rest
from sandbox.drill.scene import Scene
from sync.engine import RoundOptions
from tests.simulation.wire_scene import FAULTS, WireScene

_TOKENS_S: Final = 601


@dataclass(frozen=True, slots=True)
class OverWire:
    """How a run went."""

    broken: list[str]
    digest: str
    requests: int
    faults: int
    crashes: int
    writes: int
    overwritten: int


def draw_wire(seed: int) -> Setting:
    """Give the world of a seed: Zoho keeps the key unique, FxiaoKe can only search it."""
    rng = random.Random(seed * 2 + 7)
    return replace(
        draw_setting(seed), keys=("A", "B"), versions=(False, True), batch_size=rng.choice([1, 2, 20]),
        faults=tuple(sorted(rng.sample(FAULTS, rng.randint(0, 4)))), rounds=rng.choice([5, 9]),
        fault_rate=rng.choice([0, 0.15, 0.3]), people_rate=rng.choice([0.15, 0.3]),
    )  # fmt: skip


def draw_wire_hot(seed: int) -> Setting:
    """Give the world of a seed with more kinds of trouble, more often."""
    rng = random.Random(seed * 2 + 2_000_003)
    return replace(
        draw_wire(seed), faults=tuple(sorted(rng.sample(FAULTS, rng.choice([3, 5, 7])))),
        fault_rate=rng.choice([0.15, 0.3, 0.45]), hot=True,
    )  # fmt: skip


WIRE_DRAWS: Final[Mapping[str, Callable[[int], Setting]]] = {"calm": draw_wire, "hot": draw_wire_hot}


def play_wire(setting: Setting, folder: Path) -> OverWire:
    """Play one run of a seed; its store lies in *folder*."""
    scene = WireScene(setting, folder)
    stage = Stage(scene, setting, None, random.Random(setting.seed * 2))
    scene.happen = stage.happen
    try:
        for _ in range(setting.rounds):
            _between(stage)
            scene.clock.sleep(setting.period_s)
            scene.round()
        stage.quiet = True
        if "auth" in setting.faults:  # we ask for few tokens in ten minutes
            scene.clock.sleep(_TOKENS_S)
            scene.round()
        list_anew(scene, stage)
        broken = [*rest(scene, setting), *judge(scene, stage)]
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[-2:]
        where = " ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
        broken = [f"raised {type(error).__name__}: {error} ({where})"]
    finally:
        scene.store.close()
    acts = [act for some in stage.drawn.values() for act in some]
    return OverWire(
        broken, scene.digest() if not broken else "", sum(world.requests for world in scene.worlds.values()),
        sum(act.do == "fault" for act in acts), sum(act.do == "crash" for act in acts), scene.writes(),
        stage.overwritten,
    )  # fmt: skip


def list_anew(scene: Scene, stage: Stage) -> None:
    """List everything once, as sweeps do: Zoho's feed shows nothing of a record that a person took out of its bin."""
    if any(deed.do == "restore" and deed.side == "a" for deed in stage.deeds):
        for world in scene.worlds.values():
            world.faults.clear()
        scene.clock.sleep(scene.setting.visible_after_s)
        report = scene.engine.begin("sync", {one.name: one.settings for one in scene.configured})
        scene.engine.round(report, scene.opener.open_all(scene.configured, report), RoundOptions(full=True))
