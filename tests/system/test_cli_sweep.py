"""`duban sweep` and `duban certificate` against both sandbox CRMs over HTTP."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.system.acceptance.worlds import PAIRS, worlds


def forget(store: Path, connection: str) -> str:
    """Lose one contact's link there behind our back, as if the feed had never shown the record; gives its id."""
    db = sqlite3.connect(store)
    try:
        ((id_, remote_id),) = db.execute(
            "SELECT id, remote_id FROM link WHERE connection = ? AND entity = 'contact' AND state = 'live' "
            "AND modified_ms < (SELECT MAX(modified_ms) FROM link WHERE connection = ? AND entity = 'contact') LIMIT 1",
            (connection, connection),
        ).fetchall()
        db.execute("DELETE FROM link WHERE id = ?", (id_,))
        db.commit()
        return str(remote_id)
    finally:
        db.close()


@pytest.mark.parametrize(("side", "connection"), [(0, "zoho"), (1, "fxiaoke")])
def test_a_record_the_feed_never_showed_is_found_over_the_wire(tmp_path: Path, side: int, connection: str) -> None:
    with worlds(tmp_path, people=12) as world:
        world.rest()
        world.let_pass(60)  # the feed reaches back a few seconds: what it shows again is no gap
        mutations = world.mutations()
        first = json.loads(world.duban("--json", "sweep").stdout)
        assert first["counts"]["unexplained"] == 0, world.duban("certificate").stdout
        assert first["counts"]["sweep_complete"] >= 2 * len(PAIRS)
        assert "sweep_incomplete" not in first["counts"]
        assert "possible_overwrite" not in first["needs_person"]  # nobody but us has written anything
        remote_id = forget(tmp_path / "duban.db", connection)
        found = json.loads(world.duban("--json", "sweep", connection).stdout)
        assert found["counts"]["sweep_gap"] == 1
        assert world.mutations() == mutations
        certificate: dict[str, Any] = json.loads(world.duban("--json", "certificate").stdout)["certificate"]
        assert certificate["run_id"] == found["run"]
        world.rest()
        assert remote_id in {pair[1 + side] for pair in world.links("contact")}
