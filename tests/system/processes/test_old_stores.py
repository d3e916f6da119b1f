"""A store that is lost, and one restored from a copy that is older than what people did since."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import Service
from tests.system.acceptance.worlds import PAIRS, TEXTS, People, Worlds, differences, duplicates, worlds

SECOND_S = 1.1
"""Modified times have whole seconds, and a CRM shows an edit when its second is over at the latest."""
EDITS = 100


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Worlds]:
    with worlds(tmp_path, seed=6) as made:
        yield made


def rest(world: Worlds, limit: int = 10) -> None:
    """Sync until a round writes nothing."""
    with Service.open(world.config) as service:
        for _ in range(limit):
            world.let_pass(SECOND_S)
            before = world.mutations()
            service.sync(())
            if world.mutations() == before:
                return
    raise AssertionError("does not come to rest")


OBJECTS = {**PAIRS, "comment": ("Notes", "duban_comment__c")}


def records(world: Worlds) -> dict[str, set[str]]:
    """Give the ids of the live records of every object of both CRMs."""
    return {name: set(world.live(side, name)) for names in OBJECTS.values() for side, name in enumerate(names)}


def pairs(world: Worlds) -> dict[str, set[tuple[str, str]]]:
    return {entity: {(zoho, fxiaoke) for _, zoho, fxiaoke in world.links(entity)} for entity in OBJECTS}


def lose(world: Worlds) -> None:
    for path in world.config.parent.glob("duban.db*"):
        path.unlink()


def test_a_store_that_is_lost_is_made_anew_without_a_single_new_record(world: Worlds) -> None:
    rest(world)
    there, linked = records(world), pairs(world)
    assert all(linked.values())
    lose(world)
    rest(world)
    assert records(world) == there
    assert pairs(world) == linked


def copy_of(store: Path, to: Path) -> None:
    source, target = sqlite3.connect(store), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()


def values(world: Worlds) -> dict[tuple[str, str, str], tuple[object, object]]:
    """Give what both sides say in every field that people edit, by pair."""
    out: dict[tuple[str, str, str], tuple[object, object]] = {}
    for entity, fields in TEXTS.items():
        left, right = (world.live(side, PAIRS[entity][side]) for side in (0, 1))
        for _, zoho_id, fxiaoke_id in world.links(entity):
            for hub, zoho, fxiaoke in fields:
                out[zoho_id, fxiaoke_id, hub] = (left[zoho_id].get(zoho), right[fxiaoke_id].get(fxiaoke))
    return out


def typed(world: Worlds, uid: str, title: str) -> None:
    """Edit a contact in the hub as a person with a SQL tool does."""
    plain = sqlite3.connect(world.config.parent / "duban.db")
    with plain:
        plain.execute("UPDATE contact SET title = ? WHERE uid = ?", (title, uid))
    plain.close()


def test_an_old_store_takes_over_the_newest_values_and_parks_every_step_back(world: Worlds, tmp_path: Path) -> None:
    rest(world)
    planted = duplicates(world)
    store, copy = world.config.parent / "duban.db", tmp_path / "old.db"
    parked = {uid for uid, _ in world.parked()}
    typist = next(row for row in world.links("contact") if row[0] not in parked)
    typed(world, typist[0], "typed before the copy")
    copy_of(store, copy)  # the edit is in the copy, and not yet carried out
    rest(world)
    world.edit(0, "Contacts", typist[1], {"Title": "newer than that"})
    people = People(world, seed=11)
    for _ in range(4):
        goal = people.count + EDITS // 4
        while people.count < goal:
            people.act()
        rest(world)
    there, linked, newest, known = records(world), pairs(world), values(world), world.parked()
    lose(world)
    shutil.copy(copy, store)
    rest(world)
    assert records(world) == there
    assert pairs(world) == linked
    now = values(world)
    assert {place: (newest[place], now[place]) for place in newest if now[place] != newest[place]} == {}
    assert (typist[0], "title") in world.parked() - known
    assert duplicates(world) == planted
    assert differences(world) == []
