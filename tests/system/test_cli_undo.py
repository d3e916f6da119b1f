"""undo, why and journal as a person types them, against both sandbox CRMs over HTTP."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.keys import ensure_key
from sandbox.main import start, write_config
from tests.system.test_cli_round import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("undo")
    with start(seed=1) as running:
        write_config(folder / "duban.toml", running)
        ensure_key(os.environ, folder, os.urandom)
        here = World(folder / "duban.toml", running)
        for _ in range(3):
            assert here.type("sync", "--json").code == 4
        yield here


def sql(world: World, statement: str, *values: object) -> list[Any]:
    (file,) = world.config.parent.glob("*.db")
    with closing(sqlite3.connect(file)) as shell, shell:
        return shell.execute(statement, values).fetchall()


@pytest.fixture(scope="module")
def bulk(world: World) -> tuple[str, list[str]]:
    """A run that carried a bulk change by plain SQL to both CRMs, and the tasks it changed."""
    uids = [row[0] for row in sql(world, "SELECT uid FROM task WHERE state = 'live' ORDER BY uid LIMIT 3")]
    sql(world, "UPDATE task SET description = 'bulk' WHERE uid IN (?, ?, ?)", *uids)
    return world.type("sync", "--json").json["run"], uids


def says(world: World, uid: str) -> dict[str, Any]:
    now: dict[str, Any] = world.type("why", uid, "description", "--json").json["why"]["now"]
    return now


def test_why_tells_of_the_plain_sql_the_run_the_plan_item_and_the_write(
    world: World, bulk: tuple[str, list[str]]
) -> None:
    run, uids = bulk
    steps = world.type("why", uids[1], "description", "--json").json["why"]["steps"]
    assert [step["kind"] for step in steps] == ["sql", "write", "write"]
    assert {step["run_id"] for step in steps[1:]} == {run}
    assert all(step["item"]["action"] == "patch" and step["op_state"] == "done" for step in steps[1:])
    assert "plain SQL" in world.type("why", uids[1], "description").out
    assert "SQL" in world.type("why", uids[1], "description", "--lang", "zh").out


def test_an_undo_is_shown_then_done_and_can_itself_be_undone(
    world: World, bulk: tuple[str, list[str]], tmp_path: Path
) -> None:
    run, uids = bulk
    before = says(world, uids[0])
    world.type("set", "task", uids[2], "description=since")
    shown = world.type("undo", run, "-o", str(tmp_path / "undo.plan"))
    assert "taken back" in shown.out
    assert "edited since" in shown.out
    assert says(world, uids[0]) == before
    done = world.type("apply", str(tmp_path / "undo.plan"), "--json").json
    assert done["kind"] == "undo"
    assert (done["counts"]["undone"], done["counts"]["kept"], done["counts"]["applied"]) == (2, 1, 4)
    refused = world.type("apply", str(tmp_path / "undo.plan"))
    assert refused.code == 2
    assert f"applied already by run {done['run']}" in refused.err
    assert set(says(world, uids[0]).values()) == {None}
    assert world.type("sync", "--json").json["counts"].get("applied") == 2  # the edit since, to both
    assert "applied" not in world.type("sync", "--json").json["counts"]
    again = world.type("undo", done["run"], "--yes", "--json").json
    assert again["counts"]["applied"] == 4
    assert set(says(world, uids[0]).values()) == {"bulk"}
    assert set(says(world, uids[2]).values()) == {"since"}
    assert "applied" not in world.type("sync", "--json").json["counts"]


def test_wrong_words_are_answered_with_what_would_be_right(world: World, bulk: tuple[str, list[str]]) -> None:
    run, uids = bulk
    for words, hint in (
        (("undo", "nope"), "duban runs"),
        (("undo", run, "--field", "descripton"), "description"),
        (("undo", run, "--record", "nobody"), "nobody"),
        (("why", uids[0], "descripton"), "description"),
        (("journal", "show"), "--run"),
        (("journal", "show", "--run", "nope"), "nope"),
    ):
        ended = world.type(*words)
        assert ended.code == 2, words
        assert hint in ended.err
    idle = world.type("sync", "--json").json["run"]
    assert "nothing" in world.type("undo", idle).err


def test_verify_names_the_first_entry_that_was_touched(world: World, bulk: tuple[str, list[str]]) -> None:
    run, _ = bulk
    whole = world.type("journal", "verify", "--json")
    assert (whole.code, whole.json["first_broken"]) == (0, None)
    shown = world.type("journal", "show", "--run", run, "--json").json["journal"]
    seq = shown[0]["seq"]
    sql(world, "UPDATE journal SET who = 'nobody' WHERE seq = ?", seq)
    broken = world.type("journal", "verify", "--json")
    assert (broken.code, broken.json["first_broken"]) == (3, seq)
    assert str(seq) in world.type("journal", "verify").err
    sql(world, "UPDATE journal SET who = 'sync' WHERE seq = ?", seq)
    assert world.type("journal", "verify").code == 0
