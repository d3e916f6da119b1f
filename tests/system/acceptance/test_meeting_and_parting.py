"""First contact of two filled CRMs, edits of both sides in one interval, and sides that cut or reformat."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service import Service
from store import hub
from tests.system.acceptance.worlds import Worlds, differences, duplicates, worlds

SECOND_S = 1.1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Worlds]:
    with worlds(tmp_path, seed=6) as made:
        yield made


@pytest.fixture
def service(world: Worlds) -> Iterator[Service]:
    with Service.open(world.config) as made:
        yield made


def rest(service: Service, world: Worlds, limit: int = 8) -> None:
    time.sleep(SECOND_S)
    for _ in range(limit):
        before = world.mutations()
        service.sync(())
        if world.mutations() == before:
            return
    raise AssertionError("does not come to rest")


def test_first_contact_makes_no_duplicate_and_doubtful_pairs_wait(world: Worlds, service: Service) -> None:
    planted = duplicates(world)
    alone = {side: set(world.live(side, name)) for side, name in enumerate(("Contacts", "ContactObj"))}
    rest(service, world)
    assert duplicates(world) == planted
    assert differences(world) == []
    cases = service.desk.reviews()
    assert cases
    waiting = {case.connection: set[str]() for case in cases}
    for case in cases:
        waiting[case.connection].add(case.remote_id)
    for side, connection in enumerate(("zoho", "fxiaoke")):
        assert waiting[connection] <= alone[side]
        linked = {row[1 + side] for row in world.links("contact")}
        assert not linked & waiting[connection]


def pair(world: Worlds) -> tuple[str, str, str]:
    parked = {uid for uid, _ in world.parked()}
    return next(row for row in world.links("contact") if row[0] not in parked)


def test_different_fields_survive_and_one_field_is_parked_until_decided(world: Worlds, service: Service) -> None:
    rest(service, world)
    uid, zoho_id, fxiaoke_id = pair(world)
    world.edit(0, "Contacts", zoho_id, {"Title": "Chief of A", "Description": "said in A"})
    world.edit(1, "ContactObj", fxiaoke_id, {"job_title": "Chief of B", "tel": "010-66667777"})
    rest(service, world)
    left, right = world.live(0, "Contacts")[zoho_id], world.live(1, "ContactObj")[fxiaoke_id]
    assert right["remark"] == "said in A"
    assert left["Phone"] == "+861066667777"
    assert (left["Title"], right["job_title"]) == ("Chief of A", "Chief of B")
    (conflict,) = [one for one in service.desk.conflicts() if one.uid == uid]
    assert conflict.field == "title"
    assert {conflict.sides["zoho"], conflict.sides["fxiaoke"]} == {"Chief of A", "Chief of B"}
    service.desk.resolve_conflict(conflict.id, take="fxiaoke", who="li")
    rest(service, world)
    assert world.live(0, "Contacts")[zoho_id]["Title"] == "Chief of B"
    assert uid not in {one.uid for one in service.desk.conflicts()}


def test_an_edit_by_plain_sql_reaches_both_crms(world: Worlds, service: Service) -> None:
    rest(service, world)
    uid, zoho_id, fxiaoke_id = pair(world)
    with sqlite3.connect(world.config.parent / "duban.db") as plain:
        plain.execute("UPDATE contact SET title = 'typed in SQL' WHERE uid = ?", (uid,))
    plain.close()
    rest(service, world)
    assert world.live(0, "Contacts")[zoho_id]["Title"] == "typed in SQL"
    assert world.live(1, "ContactObj")[fxiaoke_id]["job_title"] == "typed in SQL"


def test_sides_that_cut_or_reformat_do_not_ping_pong(world: Worlds, service: Service) -> None:
    rest(service, world)
    cut: dict[str, Any] = {"Contacts.Title": {"cut": 6}, "Contacts.Phone": {"digits": True}}
    world.call(0, "POST", "settings", {"normalise": cut})
    world.call(1, "POST", "settings", {"normalise": {"ContactObj.remark": {"cut": 9}}})
    uid, zoho_id, fxiaoke_id = pair(world)
    world.edit(1, "ContactObj", fxiaoke_id, {"job_title": "Executive Vice President", "tel": "+86 10 8888 9999"})
    world.edit(0, "Contacts", zoho_id, {"Description": "a description longer than nine"})
    rest(service, world)
    assert world.live(0, "Contacts")[zoho_id]["Title"] == "Execut"
    assert world.live(1, "ContactObj")[fxiaoke_id]["job_title"] == "Executive Vice President"
    before = world.mutations()
    for _ in range(20):
        service.sync(())
    assert world.mutations() == before
    with service.db.read() as tx:
        assert hub.read(tx, "contact", [uid])[uid].values["title"] == "Executive Vice President"
