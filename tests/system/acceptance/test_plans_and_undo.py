"""A plan done to the letter, deletes allowed by their number, a run taken back: typed commands, both CRMs over HTTP."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.system.acceptance.worlds import Worlds, worlds
from tests.system.test_cli_round import World

SECOND_S = 1.1
"""Modified times have whole seconds, and a CRM shows an edit when its second is over at the latest."""

BULK, SINCE = 60, 6


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with worlds(tmp_path_factory.mktemp("plans"), seed=4, people=BULK + 20) as world:
        world.call(1, "POST", "settings", {"rate_limits": {"calls": 0}})
        ours = world.config.read_text(encoding="utf-8")
        head = "[connections.fxiaoke]\n"
        world.config.write_text(ours.replace(head, f"{head}window_limit = 9000\n"), encoding="utf-8")
        for _ in range(3):
            said(world, "sync")
        yield world


def said(world: Worlds, *words: str, code: int | tuple[int, ...] = (0, 4)) -> dict[str, Any]:
    """Type a command in this process, which starts no Python anew, and give what it says."""
    ended = World(world.config, world.running).type(*words, "--json")
    assert ended.code in ((code,) if isinstance(code, int) else code), (
        ended.code,
        ended.out[-2000:],
        ended.err[-2000:],
    )
    document: dict[str, Any] = ended.json
    return document


def pairs(world: Worlds, count: int, start: int = 0) -> list[tuple[str, str, str]]:
    """Give (uid, Zoho id, FxiaoKe id) of contacts about which nobody is asked anything."""
    asked = {uid for uid, _ in world.parked()}
    return [row for row in sorted(world.links("contact")) if row[0] not in asked][start : start + count]


def notes(world: Worlds, side: int) -> dict[str, Any]:
    name, field = (("Contacts", "Description"), ("ContactObj", "remark"))[side]
    return {id_: row.get(field) for id_, row in world.live(side, name).items()}


def note(world: Worlds, side: int, id_: str, text: str) -> None:
    name, field = (("Contacts", "Description"), ("ContactObj", "remark"))[side]
    world.edit(side, name, id_, {field: text})


def sql(world: Worlds, statement: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(world.config.parent / "duban.db", timeout=30)) as shell, shell:
        return shell.execute(statement, values).fetchall()


def test_a_plan_does_exactly_its_items_and_names_the_five_that_were_edited_by_hand(
    world: Worlds, tmp_path: Path
) -> None:
    planned = pairs(world, 15)
    for number, (_, zoho, _) in enumerate(planned):
        note(world, 0, zoho, f"planned {number}")
    time.sleep(SECOND_S)
    path = tmp_path / "p.plan"
    world.duban("plan", "-o", str(path))
    later = pairs(world, 1, start=15)[0]
    note(world, 0, later[1], "after the plan")
    for number, (_, _, fxiaoke) in enumerate(planned[:5]):
        note(world, 1, fxiaoke, f"by hand {number}")
    time.sleep(SECOND_S)
    before = notes(world, 1)
    done = json.loads(world.duban("apply", str(path), "--json", code=4).stdout)
    assert (done["counts"]["stale"], done["counts"]["applied"]) == (5, 10)
    stale = [line for line in done["lines"] if line["action"] == "stale"]
    assert sorted(line["uid"] for line in stale) == sorted(uid for uid, _, _ in planned[:5])
    now = notes(world, 1)
    assert {id_: text for id_, text in now.items() if before.get(id_) != text} == {
        fxiaoke: f"planned {number}" for number, (_, _, fxiaoke) in enumerate(planned) if number >= 5
    }


def test_a_rail_is_opened_by_number_for_exactly_what_it_held(world: Worlds) -> None:
    said(world, "sync")
    many = len(world.links("contact")) // 10 + 1
    *held, since = pairs(world, many + 1, start=20)
    for _, zoho, _ in held:
        world.remove(0, "Contacts", zoho)
    time.sleep(SECOND_S)
    run = said(world, "sync", code=8)["run"]
    world.remove(0, "Contacts", since[1])
    time.sleep(SECOND_S)
    writes = world.mutations()
    assert said(world, "apply", run, "--allow", f"deletes={many - 1}", code=8)["guard"]["found"] == many
    said(world, "apply", run, "--allow", f"deletes={many}")
    archived = {row[0] for row in sql(world, "SELECT uid FROM contact WHERE state = 'archived'")}
    assert archived == {uid for uid, _, _ in held}
    said(world, "sync")
    assert sql(world, "SELECT state FROM contact WHERE uid = ?", since[0]) == [("archived",)]
    assert world.mutations() == writes


def test_a_run_is_taken_back_but_for_what_people_edited_since_and_the_undo_too(world: Worlds) -> None:
    chosen = pairs(world, BULK)
    for number, (uid, _, _) in enumerate(chosen):
        sql(world, "UPDATE contact SET description = ? WHERE uid = ?", f"before {number}", uid)
    said(world, "sync")
    for number, (uid, _, _) in enumerate(chosen):
        sql(world, "UPDATE contact SET description = ? WHERE uid = ?", f"bulk {number}", uid)
    run = said(world, "sync")["run"]
    for number, row in enumerate(chosen[:SINCE]):
        side = number % 2
        note(world, side, row[1 + side], f"since {number}")
    time.sleep(SECOND_S)
    undone = said(world, "undo", run, "--yes")
    assert (undone["counts"]["undone"], undone["counts"]["kept"]) == (BULK - SINCE, SINCE)
    said(world, "sync")
    stands(world, chosen, lambda number: f"since {number}" if number < SINCE else f"before {number}")
    quiet(world)
    again = said(world, "undo", undone["run"], "--yes")
    assert again["counts"]["undone"] == BULK - SINCE
    stands(world, chosen, lambda number: f"since {number}" if number < SINCE else f"bulk {number}")
    quiet(world)


def stands(world: Worlds, chosen: list[tuple[str, str, str]], text: Callable[[int], str]) -> None:
    """Hold that the hub and both CRMs say the same of every chosen contact."""
    hub = dict(sql(world, "SELECT uid, description FROM contact"))
    zoho, fxiaoke = notes(world, 0), notes(world, 1)
    for number, (uid, zoho_id, fxiaoke_id) in enumerate(chosen):
        assert (hub[uid], zoho[zoho_id], fxiaoke[fxiaoke_id]) == (text(number),) * 3


def quiet(world: Worlds) -> None:
    before = world.mutations()
    said(world, "sync")
    assert world.mutations() == before
