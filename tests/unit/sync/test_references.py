"""What points to a record that goes, or that is made anew under another id."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory_world import Call
from store import journal
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A project with a task at both sides; nothing can be taken out of the bin of a."""
    rig = Rig(tmp_path)
    rig.can("a", restore=False)
    project = rig.a.plant("projects", {"name": "Go-live", "contract_no": "C-1", "description": "one"})
    rig.a.plant("tasks", {"title": "Sign", "project": project})
    rig.rest()
    return rig


def only(rig: Rig, side: str, object: str) -> str:
    (id,) = rig.worlds[side].live(object)
    return id


def told(rig: Rig, side: str) -> object:
    (values,) = rig.worlds[side].live("tasks").values()
    return values.get("project")


def _deleted_and_edited(rig: Rig) -> None:
    rig.a.remove("projects", only(rig, "a", "projects"))
    rig.b.edit("projects", only(rig, "b", "projects"), {"description": "two"})


def _blank(rig: Rig) -> None:
    """Show the reference of a's task blank, as a CRM does once what it points to is deleted."""
    rig.a.edit("tasks", only(rig, "a", "tasks"), {"project": None})


@pytest.mark.parametrize("shown", ["the old id", "blank in a listing", "blank before the write"])
def test_a_child_points_to_the_parent_that_was_made_anew(rig: Rig, shown: str) -> None:
    theirs = told(rig, "b")
    _deleted_and_edited(rig)
    if shown == "blank in a listing":
        _blank(rig)
    if shown == "blank before the write":
        rig.a.on_call = lambda when, call: _blank(rig) if (when, call.name) == ("before", "fetch") else None
    rig.round()
    rig.a.on_call = lambda _when, _call: None
    rig.rest()
    assert told(rig, "a") == only(rig, "a", "projects")
    assert told(rig, "b") == theirs == only(rig, "b", "projects")
    assert not rig.questions()


def test_it_is_written_once_and_within_the_same_round(rig: Rig) -> None:
    _deleted_and_edited(rig)
    rig.round()
    assert told(rig, "a") == only(rig, "a", "projects")
    rows = [row for call in rig.a.writes() if call.object == "tasks" for row in call.rows if row["action"] == "update"]
    assert [row["project"] for row in rows if "project" in row] == [only(rig, "a", "projects")]
    before = rig.writes()
    rig.round()
    rig.round()
    assert rig.writes() == before


def test_a_reference_that_went_with_its_parent_is_cleared_nowhere_else(rig: Rig) -> None:
    kept = told(rig, "b")
    rig.a.remove("projects", only(rig, "a", "projects"))
    _blank(rig)
    before = rig.writes()
    rig.rest()
    (task,) = rig.rows("task")
    assert task.values["project"] is not None
    assert told(rig, "b") == kept
    assert rig.writes() == before
    assert "waiting" not in rig.round().counts


def test_it_is_told_again_once_the_parent_is_brought_back(rig: Rig) -> None:
    rig.a.remove("projects", only(rig, "a", "projects"))
    _blank(rig)
    rig.rest()
    (project,) = rig.rows("project", ("archived",))
    rig.edit_hub("project", project.uid, {}, state="live")
    rig.rest()
    assert told(rig, "a") == only(rig, "a", "projects")


def test_a_reference_that_a_person_clears_is_cleared_everywhere(rig: Rig) -> None:
    _blank(rig)
    rig.rest()
    assert told(rig, "b") is None


def test_a_parent_and_its_children_are_deleted_together(rig: Rig) -> None:
    (project,), (task,) = rig.rows("project"), rig.rows("task")
    rig.edit_hub("project", project.uid, {}, state="deleted")
    rig.edit_hub("task", task.uid, {}, state="deleted")
    mine = only(rig, "a", "tasks")

    def goes_blank(when: str, call: Call) -> None:
        if when == "after" and call.object == "projects" and call.mutating:
            rig.a.edit("tasks", mine, {"project": None})

    rig.a.on_call = goes_blank
    rig.round()
    rig.rest()
    assert [row.state for row in rig.rows("task", ("live", "deleted"))] == ["deleted"]
    assert not rig.a.live("tasks")
    assert not rig.b.live("tasks")


def test_comments_follow_a_parent_that_was_made_anew(rig: Rig) -> None:
    task = only(rig, "a", "tasks")
    rig.a.plant("comments", {"body": "Who signs?", "parent_id": task, "parent_kind": "task"})
    rig.rest()
    rig.a.remove("tasks", task)
    rig.b.edit("tasks", only(rig, "b", "tasks"), {"title": "Sign it"})
    rig.rest()
    (comment,) = rig.a.live("comments").values()
    assert comment["parent_id"] == only(rig, "a", "tasks")


def test_a_child_deleted_with_its_parent_stays_deleted_when_the_parent_is_made_anew(rig: Rig) -> None:
    rig.a.remove("tasks", only(rig, "a", "tasks"))
    _deleted_and_edited(rig)
    rig.rest()
    assert len(rig.rows("project")) == len(rig.a.live("projects")) == 1
    assert len(rig.rows("task", ("archived",))) == 1
    assert not rig.a.live("tasks")


def _at(rig: Rig, side: str, name: str) -> str:
    return next(id for id, row in rig.worlds[side].live("projects").items() if row["name"] == name)


def test_children_follow_a_row_that_a_person_merged_into_another(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for name in ("One", "Two"):
        rig.a.plant("tasks", {"title": name, "project": rig.a.plant("projects", {"name": name})})
    rig.rest()
    mine, theirs = _at(rig, "a", "One"), _at(rig, "b", "Two")
    rig.desk.unlink(f"a:{_at(rig, 'a', 'Two')}")
    rig.desk.unlink(f"b:{_at(rig, 'b', 'One')}")
    uids = {row.values["name"]: row.uid for row in rig.rows("project")}
    rig.desk.link("project", uids["One"], uids["Two"], who="li")
    rig.rest()
    assert {row.values["project"] for row in rig.rows("task")} == {uids["One"]}
    assert {row["project"] for row in rig.a.live("tasks").values()} == {mine}
    assert {row["project"] for row in rig.b.live("tasks").values()} == {theirs}
    (task,) = [row for row in rig.rows("task") if row.values["title"] == "Two"]
    with rig.db.read() as tx:
        (step,) = [one for one in journal.of(tx, "task", task.uid, "project") if one.kind == "link"]
    assert (step.who, step.changes["project"]) == ("li", [uids["Two"], uids["One"]])


def test_children_follow_a_parent_that_a_person_ties_to_another_record(rig: Rig) -> None:
    rig.a.remove("projects", only(rig, "a", "projects"))
    _blank(rig)
    rig.rest()
    (project,) = rig.rows("project", ("archived",))
    rig.b.fault("operator", "write", object="projects")
    other = rig.a.plant("projects", {"name": "Go-live, again"})
    rig.round()
    rig.desk.unlink(f"a:{other}")
    rig.desk.link("project", project.uid, f"a:{other}")
    rig.edit_hub("project", project.uid, {}, state="live")
    rig.rest()
    assert told(rig, "a") == other


def test_a_question_about_a_reference_stays_when_its_row_is_looked_at_again(rig: Rig) -> None:
    """What a side said stands only in the question then, and must be known for what it points to all the same."""
    there, here = (
        rig.a.plant("projects", {"name": name, "contract_no": number})
        for name, number in (("Two", "C-2"), ("Three", "C-3"))
    )
    rig.rest()
    (mine,) = (row.uid for row in rig.rows("project") if row.values["name"] == "Three")
    (task,) = rig.rows("task")
    rig.a.edit("tasks", only(rig, "a", "tasks"), {"project": there})
    rig.edit_hub("task", task.uid, {"project": mine})
    rig.rest()
    (asked,) = rig.questions("conflict")
    rig.edit_hub("task", task.uid, {"description": "looked at again"})
    rig.rest()
    (still,) = rig.questions("conflict")
    assert (still.id, still.data["sides"]["a"]) == (asked.id, there)
    assert told(rig, "a") == there != here


@pytest.mark.parametrize("who", ["the hub", "a person at b"])
def test_a_reference_that_went_blank_is_told_again_once_what_it_points_to_is_back(tmp_path: Path, who: str) -> None:
    rig = Rig(tmp_path)
    project = rig.a.plant("projects", {"name": "Go-live", "contract_no": "C-1"})
    rig.a.plant("tasks", {"title": "Sign", "project": project})
    rig.rest()
    (row,) = rig.rows("project")
    theirs = only(rig, "b", "projects")
    if who == "the hub":
        rig.edit_hub("project", row.uid, {}, state="deleted")
    else:
        rig.b.remove("projects", theirs)
    rig.rest()
    rig.b.edit("tasks", only(rig, "b", "tasks"), {"project": None})
    rig.rest()
    if who == "the hub":
        rig.edit_hub("project", row.uid, {}, state="live")
    else:
        rig.b.revive("projects", theirs)
    rig.rest()
    assert only(rig, "b", "projects") == theirs
    assert told(rig, "b") == theirs
    assert told(rig, "a") == project
    assert not rig.questions()
    before = rig.writes()
    rig.round()
    assert rig.writes() == before


@pytest.mark.parametrize("new", [True, False], ids=["a new record", "a record that stands there"])
def test_what_names_a_parent_deleted_meanwhile_is_told_as_soon_as_the_delete_is_known(rig: Rig, new: bool) -> None:
    """The side refuses what names nothing any more; without the name it takes the rest, and need not wait for it."""
    another = rig.a.plant("projects", {"name": "Another", "contract_no": "C-2"})
    rig.rest()
    mine = _at(rig, "b", "Another")
    said = {"title": "Pay", "description": "by Friday", "project": another}
    if new:
        rig.a.plant("tasks", said)
    else:
        rig.a.edit("tasks", only(rig, "a", "tasks"), said)

    def goes(when: str, call: Call) -> None:
        if when == "before" and call.object == "tasks" and call.mutating and mine in rig.b.live("projects"):
            rig.b.remove("projects", mine)
            rig.b.fault("refuse", "write", object="tasks")

    rig.b.on_call = goes
    rig.round()
    assert len(rig.held()) == 1
    assert "Pay" not in {row["title"] for row in rig.b.live("tasks").values()}
    rig.round()
    assert ("Pay", "by Friday") in {(row["title"], row.get("description")) for row in rig.b.live("tasks").values()}
    assert not rig.held()


def test_a_reference_to_what_was_deleted_right_after_is_taken_for_what_it_was(rig: Rig) -> None:
    """The hub keeps the row that was deleted; who brings it back finds everything pointing there as before."""
    another = rig.a.plant("projects", {"name": "Another", "contract_no": "C-2"})
    rig.rest()
    (row,) = (row for row in rig.rows("project") if row.values["name"] == "Another")
    rig.a.edit("tasks", only(rig, "a", "tasks"), {"project": another})
    rig.a.remove("projects", another)
    rig.rest()
    (task,) = rig.rows("task")
    assert task.values["project"] == row.uid
    assert told(rig, "b") == _at(rig, "b", "Another")
    rig.edit_hub("project", row.uid, {}, state="live")
    rig.rest()
    assert told(rig, "b") == _at(rig, "b", "Another")
    assert told(rig, "a") == _at(rig, "a", "Another")


def test_a_write_that_names_what_the_same_round_deletes_goes_on_without_it(rig: Rig) -> None:
    (project,) = rig.rows("project")
    rig.edit_hub("project", project.uid, {}, state="deleted")
    rig.b.plant("tasks", {"title": "Pay", "project": only(rig, "b", "projects")})

    def refuses(when: str, call: Call) -> None:
        if when == "before" and call.object == "tasks" and call.mutating and not rig.a.live("projects"):
            rig.a.fault("refuse", "write", object="tasks")
            rig.a.on_call = lambda _when, _call: None

    rig.a.on_call = refuses
    rig.round()
    assert len(rig.held()) == 1
    rig.round()
    assert "Pay" in {row["title"] for row in rig.a.live("tasks").values()}
    assert not rig.held()
