"""A listing that is emptied, halved or no listing; deletes that are real; one record that takes others hostage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service import Service
from store import quarantine
from tests.system.acceptance.worlds import Worlds, worlds

PEOPLE = 60
SECOND_S = 1.1
"""Modified times have whole seconds, and a CRM shows an edit when its second is over at the latest."""


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Worlds, Service]]:
    with (
        worlds(tmp_path_factory.mktemp("rails"), seed=4, people=PEOPLE) as world,
        Service.open(world.config) as service,
    ):
        for _ in range(6):
            service.sync(())
        yield world, service


LISTINGS = {0: ("/coql|/Contacts\\?", "Contacts"), 1: ("data/query", "ContactObj")}


def hub_contacts(world: Worlds) -> list[tuple[Any, ...]]:
    db = world.db()
    try:
        return db.execute("SELECT uid, state, name, email, title FROM contact ORDER BY uid").fetchall()
    finally:
        db.close()


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_thin_full_listing_writes_and_deletes_nothing_and_exits_8(
    settled: tuple[Worlds, Service], side: int, keep: float
) -> None:
    world, service = settled
    before, hub = world.mutations(), hub_contacts(world)
    path, name = LISTINGS[side]
    world.fault(side, method="", path=path, body_match=name, times=0, action="thin", keep=keep)
    try:
        report = service.sync((), full=True)
    finally:
        world.clear_faults(side)
    assert report.exit_code == 8
    assert report.guard is not None
    assert report.guard["rail"] == "listing"
    assert report.guard["entity"] == "contact"
    assert world.mutations() == before
    assert hub_contacts(world) == hub
    assert service.sync(()).exit_code in (0, 4)
    assert world.mutations() == before


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("body", ['{"data": 7}', "<html>login</html>", '{"data":[{"id":'])
def test_a_listing_that_is_none_exits_4_and_uses_nothing_of_it(
    settled: tuple[Worlds, Service], side: int, body: str
) -> None:
    world, service = settled
    before, hub = world.mutations(), hub_contacts(world)
    path, name = LISTINGS[side]
    world.fault(side, method="", path=path, body_match=name, times=0, action="status", code=200, body=body)
    try:
        report = service.sync((), full=True)
    finally:
        world.clear_faults(side)
    assert report.exit_code == 4, report
    assert report.problems
    assert world.mutations() == before
    assert hub_contacts(world) == hub
    service.sync(())


def test_two_real_deletes_archive_those_two(settled: tuple[Worlds, Service]) -> None:
    world, service = settled
    gone = world.links("contact")[:2]
    world.remove(0, "Contacts", gone[0][1])
    world.remove(1, "ContactObj", gone[1][2])
    before = world.mutations()
    time.sleep(SECOND_S)
    for _ in range(2):
        service.sync(())
    states = {uid: state for uid, state, *_ in hub_contacts(world)}
    assert {uid for uid, state in states.items() if state == "archived"} == {gone[0][0], gone[1][0]}
    assert world.mutations() == before


def titles(world: Worlds, side: int) -> dict[str, Any]:
    name, field = (("Contacts", "Title"), ("ContactObj", "job_title"))[side]
    return {id_: row.get(field) for id_, row in world.live(side, name).items()}


POISONS: dict[str, dict[str, Any]] = {
    "broken": {"action": "status", "code": 500, "body": "{}"},
    "hanging": {"action": "delay", "ms": 2500},
}


@pytest.mark.parametrize("kind", ["broken", "hanging"])
@pytest.mark.parametrize("side", [0, 1])
def test_one_poison_record_is_listed_and_the_others_arrive_in_the_same_round(
    tmp_path: Path, side: int, kind: str
) -> None:
    with worlds(tmp_path, seed=4, people=100) as world:
        text = world.config.read_text()
        for name in ("zoho", "fxiaoke"):
            text = text.replace(f"[connections.{name}]", f"[connections.{name}]\ndeadline_s = 1.5")
        text = text.replace("[connections.fxiaoke]", "[connections.fxiaoke]\nwindow_limit = 10000")
        world.config.write_text(text)
        with Service.open(world.config) as service:
            for _ in range(6):
                service.sync(())
            parked = {uid for uid, _ in world.parked()}
            rows = [row for row in world.links("contact") if row[0] not in parked][:100]
            other = 1 - side
            name, field = (("Contacts", "Title"), ("ContactObj", "job_title"))[other]
            for number, row in enumerate(rows):
                world.edit(other, name, row[1 + other], {field: f"role {number}"})
            poison = rows[37][1 + side]
            time.sleep(SECOND_S)
            path = ("PUT", "/Contacts") if side == 0 else ("POST", "data/update")
            world.fault(side, method=path[0], path=path[1], body_match=poison, times=0, **POISONS[kind])
            began = time.monotonic()
            report = service.sync(())
            took_s = time.monotonic() - began
            there = titles(world, side)
            late = [row for number, row in enumerate(rows) if there[row[1 + side]] != f"role {number}"]
            assert took_s < 60
            if kind == "hanging" and not late:
                return  # it hung, and was carried out all the same: read again and found to be done
            assert [row[1 + side] for row in late] == [poison]
            assert report.needs_person["quarantine"] == 1
            with service.db.read() as tx:
                (held,) = quarantine.open_(tx)
            assert held.remote_id == poison
            assert held.code
