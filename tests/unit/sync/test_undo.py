"""Taking a run back: what it wrote goes back everywhere, what people did since stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store import journal
from sync.desk import Desk
from sync.engine import RoundOptions
from sync.guards import Rails
from sync.report import RunReport
from sync.undo import UndoEngine
from sync.undoing import Ask
from tests.support.rig import Rig

BATCH = 500


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def undo(rig: Rig, run: str, kind: str = "undo", *, allow: dict[str, int] | None = None, **ask: Any) -> RunReport:
    """Take a run back, as the command does once its plan was read."""
    rig.clock.sleep(10)
    engine = UndoEngine(
        rig.db, rig.clock, new_id=lambda: f"id-{next(rig._ids):06d}", salt=lambda: b"0123456789abcdef", parallel=False,
        rails=rig.engine._rails, ask=Ask(run_id=run, **ask), who="li",
    )  # fmt: skip
    report = engine.begin(kind, {one.name: one.settings for one in rig.configured})
    options = RoundOptions(kind="plan" if kind == "plan" else "apply", allow=allow or {})
    report = engine.round(report, rig.spokes(report), options)
    rig.clock.sleep(10)
    return report


def quiet(rig: Rig) -> None:
    """The next two rounds write nothing and leave nothing to do."""
    before = rig.writes()
    for _ in range(2):
        report = rig.round()
        assert not set(report.counts) & {"patch", "update", "create", "delete", "restore", "conflict"}, report.lines
    assert rig.writes() == before


def told(report: RunReport, reason: str) -> list[str]:
    return [line.connection or "hub" for line in report.lines if line.reason == reason]


def test_an_edit_of_the_hub_that_a_run_carried_goes_back_everywhere_and_stays_back(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {"title": "CEO"})
    run = rig.round()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    undo(rig, run.run_id)
    assert rig.row.values["title"] == "CTO"
    assert (rig.a.live("contacts")[mine]["title"], rig.b.live("contacts")[theirs]["title"]) == ("CTO", "CTO")
    quiet(rig)


def test_a_plan_of_an_undo_writes_nothing(rig: Rig) -> None:
    rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {"title": "CEO"})
    run = rig.round()
    before = rig.writes()
    report = undo(rig, run.run_id, "plan")
    assert report.counts["undone"] == 1
    assert all(line.digest for line in report.lines if line.action != "skip")
    assert rig.writes() == before
    assert rig.row.values["title"] == "CEO"


def test_what_a_person_typed_at_a_connection_stays_there_and_is_not_carried_again(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "Wrong"})
    run = rig.round()
    assert rig.b.live("contacts")[theirs]["title"] == "Wrong"
    report = undo(rig, run.run_id)
    assert told(report, "undo_typed_there") == ["a"]
    assert rig.row.values["title"] == rig.b.live("contacts")[theirs]["title"] == "CTO"
    assert rig.a.live("contacts")[mine]["title"] == "Wrong"
    quiet(rig)
    assert rig.links("contact", rig.row.uid)["a"].notes["title"] == "undone"
    rig.a.edit("contacts", mine, {"title": "Right"})
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "Right"


def test_asked_for_the_source_too_it_is_put_back(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "Wrong"})
    run = rig.round()
    undo(rig, run.run_id, at_source=True)
    assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == "CTO"
    quiet(rig)


@pytest.mark.parametrize("where", ["a", "b", "hub"])
def test_a_field_edited_since_is_kept_everywhere_even_when_no_round_has_seen_the_edit(rig: Rig, where: str) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {"title": "CEO"})
    run = rig.round()
    if where == "hub":
        rig.edit_hub("contact", rig.row.uid, {"title": "Since"})
    else:
        rig.worlds[where].edit("contacts", {"a": mine, "b": theirs}[where], {"title": "Since"})
    before = rig.writes()
    report = undo(rig, run.run_id)
    assert told(report, "undo_edited_since") == [where]
    assert report.counts["kept"] == 1
    assert rig.writes() == before
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == "Since"


def test_an_edit_of_another_field_does_not_stand_in_the_way_and_is_carried_after_it(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {"title": "CEO"})
    run = rig.round()
    rig.a.edit("contacts", mine, {"mobile": "+8613800000001"})
    undo(rig, run.run_id)
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    rig.rest()
    assert rig.row.values["title"] == rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.b.live("contacts")[theirs]["mobile"] == "+8613800000001"
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"


def test_a_record_the_run_made_is_deleted_there_and_not_made_anew(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    run = rig.round()
    assert len(rig.b.live("contacts")) == 1
    report = undo(rig, run.run_id)
    assert report.counts["delete"] == 1
    assert rig.b.live("contacts") == {}
    assert rig.row.state == "live"
    assert mine in rig.a.live("contacts")
    quiet(rig)
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert rig.b.live("contacts") == {}


@pytest.mark.parametrize("restorable", [True, False])
def test_undo_of_that_undo_brings_the_record_back_into_the_sync(rig: Rig, restorable: bool) -> None:
    rig.can("b", restore=restorable)
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    back = undo(rig, undo_source := rig.round().run_id)
    assert undo_source != back.run_id
    undo(rig, back.run_id)
    rig.rest()
    assert len(rig.b.live("contacts")) == 1
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    (there,) = rig.b.live("contacts").values()
    assert there["title"] == "CEO"
    quiet(rig)


def test_a_record_the_run_made_and_somebody_touched_is_kept_in_the_sync(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    run = rig.round()
    (theirs,) = rig.b.live("contacts")
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    report = undo(rig, run.run_id)
    assert told(report, "undo_touched_since") == ["b"]
    rig.rest()
    assert rig.row.values["title"] == "CEO"
    assert theirs in rig.b.live("contacts")


@pytest.mark.parametrize("restorable", [True, False])
def test_deletes_come_back_everywhere_and_undo_of_the_undo_deletes_them_again(rig: Rig, restorable: bool) -> None:
    rig.can("b", restore=restorable)
    mine, _ = rig.ann(title="CTO")
    Desk(db=rig.db, clock=rig.clock).delete("contact", rig.row.uid, who="li")
    run = rig.round()
    assert rig.a.live("contacts") == rig.b.live("contacts") == {}
    back = undo(rig, run.run_id)
    assert rig.row.state == "live"
    rig.rest()
    assert mine in rig.a.live("contacts")
    assert [one["title"] for one in rig.b.live("contacts").values()] == ["CTO"]
    quiet(rig)
    undo(rig, back.run_id, allow={"deletes": 3})
    rig.rest()
    assert rig.row.state == "deleted"
    assert rig.a.live("contacts") == rig.b.live("contacts") == {}


def test_what_somebody_deleted_at_a_connection_stays_deleted_there(tmp_path: Path) -> None:
    rig = Rig(tmp_path, on_remote_delete="propagate")
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    run = rig.round()
    assert rig.b.live("contacts") == {}
    report = undo(rig, run.run_id)
    assert told(report, "undo_deleted_there") == ["a"]
    rig.rest()
    assert theirs in rig.b.live("contacts")
    assert rig.a.live("contacts") == {}
    quiet(rig)


def test_it_stays_within_the_rails_and_a_person_may_name_what_passes(tmp_path: Path) -> None:
    rig = Rig(tmp_path, rails=Rails(deletes_floor=3))
    for n in range(6):
        rig.a.plant("contacts", {"name": f"Ann {n}", "email": f"ann{n}@x.example"})
    run = rig.round()
    report = undo(rig, run.run_id)
    assert report.guard is not None
    assert report.exit_code == 8
    assert len(rig.b.live("contacts")) == 6
    undo(rig, run.run_id, allow={"deletes": 6})
    assert rig.b.live("contacts") == {}


def test_one_record_and_one_field_can_be_taken_back_alone(rig: Rig) -> None:
    mine, _ = rig.ann(title="CTO", mobile="+8613800000001")
    rig.edit_hub("contact", rig.row.uid, {"title": "CEO", "mobile": "+8613800000002"})
    run = rig.round()
    assert undo(rig, run.run_id, uid="nobody").counts.get("undone", 0) == 0
    undo(rig, run.run_id, uid=rig.row.uid, field="title")
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.a.live("contacts")[mine]["mobile"] == "+8613800000002"
    quiet(rig)


def test_five_hundred_changes_and_twenty_edits_since(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for n in range(BATCH):
        rig.a.plant("contacts", {"name": f"Person {n}", "email": f"p{n}@x.example", "title": f"Old {n}"})
    rig.rest()
    rows = sorted(rig.rows("contact"), key=lambda row: row.uid)
    for n, row in enumerate(rows):
        rig.edit_hub("contact", row.uid, {"title": f"New {n}"})
    old = {row.uid: row.values["title"] for row in rows}
    new = {row.uid: f"New {n}" for n, row in enumerate(rows)}
    run = rig.round()
    assert run.counts["applied"] == 2 * BATCH
    edited = {row.uid: f"Since {n}" for n, row in enumerate(rows[:20])}
    for n, uid in enumerate(edited):
        if n % 3 == 2:
            rig.edit_hub("contact", uid, {"title": edited[uid]})
        else:
            name = "ab"[n % 3]
            there = rig.links("contact", uid)[name].remote_id
            rig.worlds[name].edit("contacts", there, {"title": edited[uid]})
        if n == 9:
            rig.rest()  # half of the edits were seen by a round before the undo, half were not
    back = undo(rig, run.run_id)
    assert (back.counts["undone"], back.counts["kept"]) == (BATCH - 20, 20)
    assert back.counts["applied"] == 2 * (BATCH - 20)
    rig.rest()
    assert _everywhere(rig) == _three({**old, **edited})
    quiet(rig)
    again = undo(rig, back.run_id)
    assert again.counts["undone"] == BATCH - 20
    rig.rest()
    assert _everywhere(rig) == _three({**new, **edited})
    quiet(rig)
    with rig.db.read() as tx:
        assert journal.verify(tx) is None
        assert {(one.who, one.cause) for one in journal.of_run(tx, back.run_id) if not one.op_id} == {("li", "undo")}


def _everywhere(rig: Rig) -> list[list[Any]]:
    hub = sorted(str(row.values["title"]) for row in rig.rows("contact"))
    return [hub, *(sorted(one["title"] for one in rig.worlds[n].live("contacts").values()) for n in "ab")]


def _three(titles: dict[str, Any]) -> list[list[Any]]:
    return [sorted(titles.values())] * 3


def test_a_decided_conflict_goes_back_to_what_each_side_said_and_is_not_asked_again(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "From A"})
    rig.b.edit("contacts", theirs, {"title": "From B"})
    rig.round()
    (asked,) = rig.questions("conflict")
    rig.desk.resolve_conflict(asked.id or 0, take="a", who="li")
    run = rig.round()
    assert rig.b.live("contacts")[theirs]["title"] == "From A"
    undo(rig, run.run_id)
    assert rig.b.live("contacts")[theirs]["title"] == "From B"
    assert rig.a.live("contacts")[mine]["title"] == "From A"
    assert rig.row.values["title"] == "CTO"
    quiet(rig)
    assert rig.questions() == []


def test_a_field_that_one_side_owns_cannot_be_taken_back_in_the_hub(tmp_path: Path) -> None:
    owned = {"fields": {"title": {"remote": ["title"], "direction": "to_hub"}}}
    rig = Rig(tmp_path, maps_at={"a": {"contact": owned}})
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    run = rig.round()
    before = rig.writes()
    report = undo(rig, run.run_id)
    assert told(report, "undo_owned") == ["a"]
    assert report.counts["cannot"] == 1
    assert rig.writes() == before
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    quiet(rig)


def test_a_conflict_that_waits_is_left_to_the_person(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {"title": "CEO"})
    run = rig.round()
    rig.a.edit("contacts", mine, {"title": "From A"})
    rig.b.edit("contacts", theirs, {"title": "From B"})
    rig.round()
    before = rig.writes()
    assert told(undo(rig, run.run_id), "undo_parked") == ["hub"]
    assert rig.writes() == before


def test_values_that_came_together_at_first_contact_go_back_and_the_match_stays(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    theirs = rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    run = rig.round()
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"
    undo(rig, run.run_id)
    assert not rig.b.live("contacts")[theirs].get("title")
    assert rig.a.live("contacts")[mine]["title"] == rig.row.values["title"] == "CTO"
    assert {link.state for link in rig.links("contact", rig.row.uid).values()} == {"live"}
    quiet(rig)


def test_a_record_edited_between_the_plan_and_the_delete_stays_in_the_sync(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    run = rig.round()
    (theirs,) = rig.b.live("contacts")
    fetch = rig.configured[1].connector.fetch

    def edited(*args: Any) -> Any:
        rig.b.edit("contacts", theirs, {"title": "CEO"})
        return fetch(*args)

    rig.configured[1].connector.fetch = edited  # type: ignore[method-assign]
    undo(rig, run.run_id)
    rig.configured[1].connector.fetch = fetch  # type: ignore[method-assign]
    rig.rest()
    assert theirs in rig.b.live("contacts")
    assert rig.row.values["title"] == "CEO"
