"""Supervision and sync side by side over two systems in memory: what one writes, the other carries, and then rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store import hub, journal, reviews, supervision
from supervise.rounds import supervise_once
from tests.support.rig import Rig

NOW_MS = 1_781_485_200_000  # 2026-06-15 09:00 in Shanghai
MAPS = {
    "project": {"fields": {name: {"remote": name, "direction": "claim"} for name in ("lifecycle", "declared_health")}},
    "task": {"fields": {name: {"remote": name, "direction": "to_remote"} for name in ("overdue_since", "severity")}},
}


class Desk:
    """A rig whose rounds are followed by supervision, as the daemon does it."""

    def __init__(self, path: Path, maps: dict[str, Any] = MAPS) -> None:
        self.rig = Rig(path, maps=maps)
        self.rig.clock.ms = NOW_MS

    def rounds(self, count: int = 4) -> None:
        for _ in range(count):
            self.rig.round()
            supervise_once(self.rig.db, now_ms=self.rig.clock.now_ms(), run_id="s", random_bytes=bytes)
            self.rig.round()

    def idle(self) -> None:
        """Twenty rounds in which nothing may be written anywhere."""
        before = self.rig.writes()
        for _ in range(20):
            self.rounds(1)
        assert self.rig.writes() == before

    def at(self, name: str, object: str) -> dict[str, Any]:
        return dict(next(iter(self.rig.worlds[name].live(object).values())))

    def both(self, object: str, field: str) -> tuple[Any, Any, Any]:
        entity: Any = object.removesuffix("s")
        hub = [row.values[field] for row in self.rig.rows(entity)]
        assert len(hub) == 1
        return self.at("a", object)[field], self.at("b", object)[field], hub[0]

    def edit(self, name: str, object: str, **values: Any) -> None:
        world = self.rig.worlds[name]
        world.edit(object, next(iter(world.live(object))), values)

    def asked(self) -> list[reviews.Review]:
        return self.rig.questions("conflict")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    found.rig.a.plant("projects", {"name": "ERP", "contract_no": "C-1", "lifecycle": "active"})
    found.rounds()
    return found


def test_what_one_side_states_reaches_hub_and_other_side_once(desk: Desk) -> None:
    assert desk.both("projects", "lifecycle") == ("active", "active", "active")
    desk.idle()


def test_a_new_stage_moves_everybody_and_nobody_moves_it_back(desk: Desk) -> None:
    desk.edit("b", "projects", lifecycle="delivered")
    desk.rounds()
    assert desk.both("projects", "lifecycle") == ("delivered", "delivered", "delivered")
    desk.edit("a", "projects", lifecycle="active")
    desk.rounds()
    assert desk.both("projects", "lifecycle") == ("active", "active", "active")
    desk.edit("b", "projects", lifecycle="delivered")
    desk.rounds()
    assert desk.both("projects", "lifecycle") == ("delivered", "delivered", "delivered")
    desk.idle()


def test_a_side_that_goes_back_to_what_it_said_before_is_heard(desk: Desk) -> None:
    desk.edit("a", "projects", lifecycle="delivered")
    desk.rounds()
    desk.edit("b", "projects", lifecycle="active")  # which is also what b had said at first
    desk.rounds()
    assert desk.both("projects", "lifecycle") == ("active", "active", "active")
    desk.idle()


def test_a_conflict_about_an_ending_is_held_while_the_rest_of_the_record_flows(desk: Desk) -> None:
    desk.edit("a", "projects", lifecycle="cancelled")
    desk.edit("b", "projects", lifecycle="delivered")
    desk.rounds()
    assert desk.both("projects", "lifecycle") == ("cancelled", "delivered", "active")
    question = desk.asked()[0]
    assert question.data["sides"] == {"a": "cancelled", "b": "delivered"}

    desk.edit("a", "projects", description="renamed in the meantime")
    desk.rounds()
    assert desk.both("projects", "description") == ("renamed in the meantime",) * 3
    assert desk.both("projects", "lifecycle") == ("cancelled", "delivered", "active")
    assert [each.id for each in desk.asked()] == [question.id]
    desk.idle()
    assert [each.id for each in desk.asked()] == [question.id]


@pytest.mark.parametrize("value", ["delivered", "cancelled", "active"])
def test_a_person_ends_the_conflict_and_every_side_gets_the_answer(desk: Desk, value: str) -> None:
    desk.edit("a", "projects", lifecycle="cancelled")
    desk.edit("b", "projects", lifecycle="delivered")
    desk.rounds()
    question = desk.asked()[0]
    with desk.rig.db.edit() as tx:
        assert reviews.resolve(tx, question.id or 0, {"value": value, "who": "li"}, desk.rig.clock.now_ms())
        hub.mark_dirty(tx, "project", [question.uid], "decide", desk.rig.clock.now_ms())
    desk.rounds()
    assert desk.both("projects", "lifecycle") == (value, value, value)
    assert desk.asked() == []
    desk.idle()


def test_an_overdue_flag_is_carried_out_once_and_taken_back_when_the_action_is_done(desk: Desk) -> None:
    desk.rig.a.plant("tasks", {"title": "签字", "status": "waiting_client", "due": "2026-06-10"})
    desk.rounds()
    assert desk.both("tasks", "overdue_since") == ("2026-06-11",) * 3
    assert desk.both("tasks", "severity") == ("S2",) * 3
    desk.idle()
    desk.edit("b", "tasks", status="done")
    desk.rounds()
    assert desk.both("tasks", "overdue_since") == (None,) * 3
    assert desk.both("tasks", "severity") == (None,) * 3
    desk.idle()


def test_an_overdue_flag_goes_away_when_the_due_date_moves(desk: Desk) -> None:
    desk.rig.b.plant("tasks", {"title": "[client] 数据", "due": "2026-06-10"})
    desk.rounds()
    assert desk.both("tasks", "overdue_since")[0] == "2026-06-11"
    desk.edit("a", "tasks", due="2026-07-10")
    desk.rounds()
    assert desk.both("tasks", "overdue_since") == (None,) * 3
    desk.idle()


def test_an_irregular_step_of_a_crm_is_told_once_by_whoever_takes_it(desk: Desk) -> None:
    desk.rig.a.plant("tasks", {"title": "Sign", "status": "done"})
    desk.rounds()
    desk.edit("a", "tasks", status="not_started")
    desk.rounds()
    (row,) = desk.rig.rows("task")
    with desk.rig.db.read() as tx:
        noted = [one for one in journal.of(tx, "task", row.uid) if one.kind == "irregular_transition"]
    assert [(one.who, one.connection, one.changes) for one in noted] == [
        ("sync", "a", {"status": ["done", "not_started"]})
    ]
    desk.idle()


def test_a_move_that_a_remote_made_while_nobody_looked_is_dated_by_the_remote(desk: Desk) -> None:
    world, hour_ms = desk.rig.worlds["a"], 3_600_000
    desk.rig.a.plant("tasks", {"title": "数据", "status": "waiting_client", "due": "2026-06-30"})
    desk.rounds()
    desk.rig.clock.ms += 20 * hour_ms
    desk.edit("a", "tasks", status="waiting_vendor")
    moved_ms = world.now_ms()
    desk.rig.clock.ms += 60 * hour_ms
    desk.rounds()
    (row,) = desk.rig.rows("task")
    with desk.rig.db.read() as tx:
        last = supervision.ball_events(tx, "task", [row.uid])[-1]
    assert (last.side, last.at_ms, last.data["source"], last.data["modified_ms"]) == ("vendor", moved_ms, "a", moved_ms)
    desk.idle()


def test_a_record_that_leaves_the_scope_takes_its_flags_along(tmp_path: Path) -> None:
    narrow = {**MAPS, "task": {**MAPS["task"], "where": [["status", "in", ["waiting_client"]]]}}
    desk = Desk(tmp_path, narrow)
    desk.rig.a.plant("tasks", {"title": "签字", "status": "waiting_client", "due": "2026-06-10"})
    desk.rounds()
    (row,) = desk.rig.rows("task")
    assert row.values["severity"] == "S2"
    desk.edit("a", "tasks", status="in_progress")
    desk.edit("b", "tasks", status="in_progress")
    desk.rounds()
    with desk.rig.db.read() as tx:
        assert supervision.flags(tx, "task", [row.uid]) == []
        assert hub.read(tx, "task", [row.uid])[row.uid].values["severity"] is None
