"""`duban run` while people edit both CRMs: everything arrives, nothing twice, then silence.

``DUBAN_ACCEPTANCE_S`` sets how long people work (20 s here; five minutes were run by hand).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.system.acceptance.worlds import People, daemon, differences, duplicates, wait_for, worlds

WORK_S = float(os.environ.get("DUBAN_ACCEPTANCE_S", "20"))
PAUSE_S = 0.15


def test_edits_of_both_sides_all_arrive_and_then_nothing_is_written(tmp_path: Path) -> None:
    with worlds(tmp_path, seed=5) as world:
        planted = duplicates(world)
        with daemon(world):
            wait_for(lambda: world.rounds() >= 3)
            people = People(world, seed=7)
            until = time.monotonic() + WORK_S
            while time.monotonic() < until:
                people.act()
                time.sleep(PAUSE_S)
            assert people.count > WORK_S * 2
            done = world.rounds()
            wait_for(lambda: world.rounds() >= done + 3)  # the running one, and two full ones
            assert differences(world) == []
            before = world.mutations()
            done = world.rounds()
            wait_for(lambda: world.rounds() >= done + 2)
            assert world.mutations() == before
        assert duplicates(world) == planted
        for _uid, zoho_id, fxiaoke_id in world.links("contact"):
            assert zoho_id
            assert fxiaoke_id
