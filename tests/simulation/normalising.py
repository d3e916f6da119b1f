"""Systems that store what they are sent in their own way: an edit is told once to each, and never comes back."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sandbox.drill.acts import REMOTES, draw_setting
from sandbox.drill.scene import OBJECT, Scene

_WAYS: Final[tuple[Callable[[Any], Any], ...]] = (
    lambda value: value and value.upper(),
    lambda value: value and value.lower(),
    lambda value: value and value.strip(),
    lambda value: value and value[:5],
)


def play_normalised(seed: int) -> list[str]:
    """Give every edit that was told more than once to a side, or was still told after two rounds."""
    rng = random.Random(seed)
    setting = replace(draw_setting(seed), list_lag_s=0, search_lag_s=0, keys=rng.choice([("A", "A"), ("B", "B")]))
    scene = Scene(setting)
    for name, way in zip(REMOTES, rng.sample(_WAYS, 2), strict=True):
        scene.worlds[name].shape(OBJECT, "title", way)
    mine = scene.worlds["a"].plant(OBJECT, {"name": "R1", "email": "r1@x.example", "title": " Chief Officer "})
    _rounds(scene, 3)
    broken = []
    for count in range(3):
        at, value = rng.choice(["a", "hub"]), f" New Title {count} "
        before = {name: len(world.writes()) for name, world in scene.worlds.items()}
        if at == "a":
            scene.worlds["a"].edit(OBJECT, mine, {"title": value})
        else:
            scene.sql("UPDATE contact SET title = ?", value)
        last = _rounds(scene, 3)
        for name, world in scene.worlds.items():
            if len(world.writes()) - before[name] > 1:
                broken.append(f"{value!r} was told {len(world.writes()) - before[name]} times to {name}")
        if last:
            broken.append(f"{value!r} is still told in the third round")
    return broken


def _rounds(scene: Scene, count: int) -> int:
    """Run rounds; gives the writes of the last one."""
    before = 0
    for _ in range(count):
        scene.clock.sleep(6)
        before = scene.writes()
        scene.round()
    return scene.writes() - before
