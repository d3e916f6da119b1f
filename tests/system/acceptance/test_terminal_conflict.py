"""One project, three words about how it stands, one of them an ending: nothing goes out until a person has said."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.acceptance.worlds import Worlds, worlds

DEALS, PROJECTS = "Deals", "duban_project__c"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Worlds]:
    with worlds(tmp_path, seed=11) as made:
        yield made


def said(world: Worlds, *words: str) -> dict[str, Any]:
    found = json.loads(world.duban(*words, "--json").stdout)
    assert isinstance(found, dict)
    return found


def standing(world: Worlds, uid: str, zoho_id: str, fxiaoke_id: str) -> tuple[Any, Any, Any]:
    """Give what Zoho, FxiaoKe and the hub say of the project."""
    db = world.db()
    hub = db.execute("SELECT lifecycle FROM project WHERE uid = ?", (uid,)).fetchone()[0]
    db.close()
    zoho = world.live(0, DEALS)[zoho_id].get("Duban_Lifecycle")
    return zoho, world.live(1, PROJECTS)[fxiaoke_id].get("status__c"), hub


def imported(world: Worlds, uid: str, value: str) -> None:
    """State a lifecycle as a third party's import does that writes straight into the store."""
    with sqlite3.connect(world.config.parent / "duban.db", timeout=30) as db:
        db.execute(
            "INSERT INTO claim (entity, uid, field, connection, value, seen_ms) "
            "VALUES ('project', ?, 'lifecycle', 'partner', ?, ?)",
            (uid, json.dumps(value), time.time_ns() // 1_000_000),
        )
    db.close()


def test_three_sources_and_an_ending_hold_everything_until_one_command(world: Worlds) -> None:
    world.rest(pause_s=1.1)
    uid, zoho_id, fxiaoke_id = world.links("project")[0]
    world.edit(0, DEALS, zoho_id, {"Duban_Lifecycle": "active"})
    world.edit(1, PROJECTS, fxiaoke_id, {"status__c": "active"})
    world.rest(pause_s=1.1)
    for conflict in said(world, "conflicts", "list")["conflicts"]:
        if conflict["uid"] == uid and conflict["field"] == "lifecycle":
            world.duban("conflicts", "resolve", str(conflict["id"]), "--value", "active")
    world.rest(pause_s=1.1)
    assert standing(world, uid, zoho_id, fxiaoke_id) == ("active", "active", "active")

    world.edit(1, PROJECTS, fxiaoke_id, {"status__c": "delivered"})
    imported(world, uid, "closed")
    world.rest(pause_s=1.1)
    assert standing(world, uid, zoho_id, fxiaoke_id) == ("active", "delivered", "active")
    calm = world.mutations()
    world.duban("sync")
    assert world.mutations() == calm

    listed = next(one for one in said(world, "projects")["projects"] if one["uid"] == uid)
    assert listed["claims"] == {"zoho": "active", "fxiaoke": "delivered", "partner": "closed"}
    assert listed["flags"] == ["terminal_conflict"]
    assert listed["needs_person"]
    asked = [one for one in said(world, "conflicts", "list")["conflicts"] if one["uid"] == uid]
    assert [one["sides"] for one in asked] == [
        {"hub": "active", "zoho": "active", "fxiaoke": "delivered", "partner": "closed"}
    ]
    number = asked[0]["id"]
    told = (
        ("en", "conflict about an ending; held", "partner=closed"),
        ("zh", "涉及终结状态的分歧，已冻结", "partner=已关闭"),
    )
    for language, reason, closed in told:
        lines = world.duban("projects", "--lang", language).stdout.splitlines()
        assert len([line for line in lines if reason in line and closed in line]) == 1
        assert reason in world.duban("conflicts", "show", str(number), "--lang", language).stdout

    world.duban("conflicts", "resolve", str(number), "--value", "delivered")
    world.rest(pause_s=1.1)
    assert standing(world, uid, zoho_id, fxiaoke_id) == ("delivered", "delivered", "delivered")
    assert not [one for one in said(world, "conflicts", "list")["conflicts"] if one["uid"] == uid]
    after = next(one for one in said(world, "projects")["projects"] if one["uid"] == uid)
    assert not after["needs_person"]
    assert after["flags"] == []


def test_a_done_task_that_a_crm_calls_cancelled_waits_for_one_command(world: Worlds) -> None:
    world.rest(pause_s=1.1)
    uid, zoho_id, fxiaoke_id = world.links("task")[0]

    def told() -> tuple[Any, Any]:
        zoho = world.live(0, "Tasks")[zoho_id]["Status"]
        return zoho, world.live(1, "duban_task__c")[fxiaoke_id]["status__c"]

    world.edit(1, "duban_task__c", fxiaoke_id, {"status__c": "done"})
    world.rest(pause_s=1.1)
    assert told() == ("Completed", "done")
    world.edit(1, "duban_task__c", fxiaoke_id, {"status__c": "cancelled"})
    world.rest(pause_s=1.1)
    assert told() == ("Completed", "cancelled")  # naive: Zoho follows, and what was delivered is cancelled
    (asked,) = [one for one in said(world, "conflicts", "list")["conflicts"] if one["uid"] == uid]
    assert (asked["field"], asked["reason"], asked["sides"]["hub"]) == ("status", "ends_otherwise", "done")
    for language, reason in (("en", "done became cancelled"), ("zh", "完成与取消被互换")):
        assert reason in world.duban("conflicts", "show", str(asked["id"]), "--lang", language).stdout
    wrong = world.duban("conflicts", "resolve", str(asked["id"]), "--take", "nobody", "--lang", "en", code=2)
    assert "sides: hub, fxiaoke, zoho" in wrong.stderr
    world.duban("conflicts", "resolve", str(asked["id"]), "--take", "fxiaoke")
    world.rest(pause_s=1.1)
    assert told() == ("Deferred", "cancelled")
    assert not [one for one in said(world, "conflicts", "list")["conflicts"] if one["uid"] == uid]

    world.edit(1, "duban_task__c", fxiaoke_id, {"status__c": "in_progress"})
    taken = said(world, "sync")
    assert taken["counts"]["irregular_transition"] == 1
    chain = said(world, "why", uid, "status")["why"]["steps"]
    assert any((one["kind"], one["where"]) == ("irregular_transition", "fxiaoke") for one in chain)
