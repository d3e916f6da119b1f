"""The same story in memory and over the wire: the same people do the same things between rounds, and all ends alike.

Requests differ in number and order between the levels, so nothing that is tied to one (a fault, a crash, an edit
inside it) could fall on the same one in both. What is compared are stories of people alone.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sandbox.drill.acts import REMOTES, Act, Setting
from sandbox.drill.kinds import CONTACT
from sandbox.drill.oracle import judge
from sandbox.drill.people import Stage
from sandbox.drill.play import rest
from sandbox.drill.scene import Scene
from tests.simulation.wire_play import draw_wire
from tests.simulation.wire_scene import WireScene

State = dict[str, Any]
_NOT_ALIKE: Final = {("delete", "a"), ("delete", "hub"), ("restore", "a")}


def draw_story(seed: int) -> Setting:
    """Give the world of a seed without lag, faults and crashes."""
    return replace(
        draw_wire(seed), list_lag_s=0, search_lag_s=0, faults=(), fault_rate=0, crash_rate=0, people_rate=0, rounds=9
    )


def make_up(setting: Setting) -> list[list[Act]]:
    """Give what people do before each round of a seed; deletes fall at FxiaoKe only, and nobody empties Zoho's bin.

    No API takes back what was deleted at Zoho, so it is made anew there, and Zoho's feed does not tell of what a person
    took out of the bin: such stories end well at both levels, but not alike.
    """
    stage = Stage(Scene(setting), setting, None, random.Random(setting.seed * 2))
    drawn = [[stage.make_up_deed(None, None) for _ in range(stage.rng.randint(0, 3))] for _ in range(setting.rounds)]
    return [[act for act in some if (act.do, act.side) not in _NOT_ALIKE] for some in drawn]


def tell(scene: Scene, setting: Setting, acts: list[list[Act]]) -> State:
    """Play a story to its rest and give how all ended."""
    stage = Stage(scene, setting, {}, random.Random(0))
    scene.happen = stage.happen
    for some in acts:
        for act in some:
            stage.perform(act, None, None)
        scene.clock.sleep(setting.period_s)
        scene.round()
    stage.quiet = True
    return {"broken": [*rest(scene, setting), *judge(scene, stage)], **ended(scene)}


def ended(scene: Scene) -> State:
    """Give the hub's rows, the records of both CRMs and the open questions, without ids and times."""
    fields = ("name", *CONTACT.mapped)
    rows = scene.sql(f"SELECT state, {', '.join(fields)} FROM contact WHERE state <> 'merged'")
    asked = scene.sql(
        "SELECT r.kind, r.field, c.name FROM review r LEFT JOIN contact c ON c.uid = r.uid WHERE r.state = 'open'"
    )
    live = {side: scene.worlds[side].live(CONTACT.object).values() for side in REMOTES}
    return {
        "hub": Counter((state, *(value or None for value in values)) for state, *values in rows),
        **{side: Counter(tuple(one.get(f) or None for f in fields) for one in live[side]) for side in REMOTES},
        "asked": Counter((kind, field, who) for kind, field, who in asked),
    }


def compare(seed: int, folder: Path) -> dict[str, tuple[Any, Any]]:
    """Give what ended differently, in memory and over the wire; empty when nothing did."""
    setting = draw_story(seed)
    acts = make_up(setting)
    near = tell(Scene(setting), setting, acts)
    scene = WireScene(setting, folder)
    try:
        far = tell(scene, setting, acts)
    finally:
        scene.store.close()
    return {
        part: (near[part], far[part]) for part in near if near[part] != far[part] or (part == "broken" and near[part])
    }
