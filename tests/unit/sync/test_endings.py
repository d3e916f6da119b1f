"""What a CRM does to a task's status or stage against its states: endings are not exchanged, the rest is told."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from mapping.kinds import KINDS
from mapping.records import TASK_STATUSES
from mapping.stages import STAGES, judge_stage_move
from mapping.status import judge_task_move
from store import journal
from sync.report import RunReport
from tests.support.rig import Rig


def planted(rig: Rig, status: str) -> tuple[str, str]:
    """Give the ids of one task that stands so at both sides."""
    mine = rig.a.plant("tasks", {"title": "Sign", "status": status})
    rig.rest()
    (theirs,) = rig.b.live("tasks")
    return mine, theirs


def standing(rig: Rig, mine: str, theirs: str) -> tuple[Any, Any, Any]:
    return (
        rig.a.live("tasks")[mine]["status"], rig.rows("task")[0].values["status"],
        rig.b.live("tasks")[theirs]["status"],
    )  # fmt: skip


def noted(rig: Rig, uid: str = "") -> list[tuple[str, str, dict[str, list[Any]]]]:
    uid = uid or rig.rows("task")[0].uid
    with rig.db.read() as tx:
        found = [one for one in journal.of(tx, "task", uid) if one.kind == "irregular_transition"]
    return [(one.who, one.connection, one.changes) for one in found]


def told(report: RunReport) -> list[str]:
    return [line.reason for line in report.lines if line.action == "update"]


@pytest.mark.parametrize(("ended", "otherwise"), [("done", "cancelled"), ("cancelled", "done")])
def test_one_ending_turned_into_another_at_a_crm_waits_for_a_person(tmp_path: Path, ended: str, otherwise: str) -> None:
    rig = Rig(tmp_path)
    mine, theirs = planted(rig, ended)
    rig.a.edit("tasks", mine, {"status": otherwise})
    rig.rest()
    assert standing(rig, mine, theirs) == (otherwise, ended, ended)  # naive: the other CRM follows
    (question,) = rig.questions("conflict")
    assert (question.field, question.data["reason"], question.data["hub"]) == ("status", "ends_otherwise", ended)
    assert question.data["values"] == {"a": otherwise, "b": ended}
    assert noted(rig) == []


@pytest.mark.parametrize("word", ["done", "cancelled"])
def test_a_persons_word_settles_which_ending_it_is(tmp_path: Path, word: str) -> None:
    rig = Rig(tmp_path)
    mine, theirs = planted(rig, "done")
    rig.a.edit("tasks", mine, {"status": "cancelled"})
    rig.rest()
    (question,) = rig.questions("conflict")
    rig.desk.resolve_conflict(question.id or 0, value=word)
    rig.rest()
    assert standing(rig, mine, theirs) == (word, word, word)
    assert rig.questions() == []


def test_taking_the_other_ending_back_at_the_crm_ends_the_question(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine, theirs = planted(rig, "done")
    rig.a.edit("tasks", mine, {"status": "cancelled"})
    rig.rest()
    rig.a.edit("tasks", mine, {"status": "done"})
    rig.rest()
    assert standing(rig, mine, theirs) == ("done", "done", "done")
    assert rig.questions() == []


def test_both_crms_agreeing_on_the_other_ending_is_asked_as_well(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine, theirs = planted(rig, "done")
    rig.a.edit("tasks", mine, {"status": "cancelled"})
    rig.b.edit("tasks", theirs, {"status": "cancelled"})
    rig.rest()
    assert rig.rows("task")[0].values["status"] == "done"
    assert [one.data["reason"] for one in rig.questions("conflict")] == ["ends_otherwise"]


def test_a_coarse_option_beside_the_other_ending_is_asked_as_well(tmp_path: Path) -> None:
    options = {"open": ["in_progress", "not_started"], "put off": ["on_hold", "cancelled"], "shut": ["done"]}
    coarse = {"remote": "stage", "codec": "option", "options": options}
    rig = Rig(tmp_path, maps_at={"b": {"task": {"fields": {"status": coarse, "stage": False}}}})
    mine = rig.a.plant("tasks", {"title": "Sign", "status": "done"})
    rig.rest()
    (theirs,) = rig.b.live("tasks")
    rig.a.edit("tasks", mine, {"status": "cancelled"})
    rig.b.edit("tasks", theirs, {"stage": "put off"})
    rig.rest()
    assert rig.rows("task")[0].values["status"] == "done"
    assert len(rig.questions("conflict")) == 1


def test_a_side_that_owns_the_status_may_and_it_is_told(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at={"a": {"task": {"fields": {"status": {"direction": "to_hub"}}}}})
    mine, theirs = planted(rig, "done")
    rig.a.edit("tasks", mine, {"status": "cancelled"})
    rig.rest()
    assert standing(rig, mine, theirs) == ("cancelled", "cancelled", "cancelled")
    assert rig.questions() == []
    assert noted(rig) == [("sync", "a", {"status": ["done", "cancelled"]})]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("waiting_client", "not_started"),  # naive: between open statuses everything goes
        ("submitted", "waiting_third_party"),
        ("on_hold", "done"),
        ("done", "not_started"),
        ("cancelled", "in_progress"),
    ],
)
def test_an_irregular_step_of_a_crm_is_taken_counted_and_told_once(tmp_path: Path, old: str, new: str) -> None:
    rig = Rig(tmp_path)
    mine, theirs = planted(rig, old)
    rig.a.edit("tasks", mine, {"status": new})
    report = rig.round()
    assert report.counts["irregular_transition"] == 1
    assert told(report) == ["irregular_transition"]
    rig.rest()
    assert standing(rig, mine, theirs) == (new, new, new)
    assert noted(rig) == [("sync", "a", {"status": [old, new]})]


def test_two_crms_taking_the_same_irregular_step_are_told_of_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine, theirs = planted(rig, "on_hold")
    rig.a.edit("tasks", mine, {"status": "done"})
    rig.b.edit("tasks", theirs, {"status": "done"})
    rig.rest()
    assert [changes for _, _, changes in noted(rig)] == [{"status": ["on_hold", "done"]}]


def test_only_what_the_states_do_not_know_is_told(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    pairs = list(itertools.product(TASK_STATUSES, TASK_STATUSES))
    mine = {rig.a.plant("tasks", {"title": f"{old} {new}", "status": old}): (old, new) for old, new in pairs}
    rig.rest()
    for id_, (_old, new) in mine.items():
        rig.a.edit("tasks", id_, {"status": new})
    rig.rest()
    asked = {one.uid for one in rig.questions("conflict")}
    for row in rig.rows("task"):
        old, new = str(row.values["title"]).split()
        move = judge_task_move(old, new)
        assert len(noted(rig, row.uid)) == (move == "irregular")
        assert (row.uid in asked) == (move == "conflict")
        assert row.values["status"] == (old if move == "conflict" else new)


def test_what_a_person_does_here_is_no_step_of_a_crm(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine, theirs = planted(rig, "done")
    rig.edit_hub("task", rig.rows("task")[0].uid, {"status": "cancelled"})
    report = rig.round()
    assert "irregular_transition" not in report.counts
    rig.rest()
    assert standing(rig, mine, theirs) == ("cancelled", "cancelled", "cancelled")
    assert rig.questions() == []


# --- stages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("sign_off", "drafting", "signed"),  # naive: only the status is looked at, and a draft is signed unnoticed
        ("acceptance", "rejected", "accepted"),
        ("change_request", "quoted", "implementing"),
        ("deliverable_review", "changes_requested", "approved"),
        ("risk", "occurred", "closed"),
        ("survey", "responded", "reminded"),
        ("sign_off", "issued", "initialled"),  # no stage of its kind at all
    ],
)
def test_an_irregular_stage_of_a_crm_is_taken_counted_and_told_once(
    tmp_path: Path, kind: str, old: str, new: str
) -> None:
    rig = Rig(tmp_path)
    mine = rig.a.plant("tasks", {"title": "Sign", "kind": kind, "stage": old, "status": "in_progress"})
    rig.rest()
    rig.a.edit("tasks", mine, {"stage": new})
    report = rig.round()
    assert report.counts["irregular_transition"] == 1
    assert told(report) == ["irregular_transition"]
    rig.rest()
    assert rig.rows("task")[0].values["stage"] == new
    assert [one["stage"] for one in rig.b.live("tasks").values()] == [new]
    assert noted(rig) == [("sync", "a", {"stage": [old, new]})]


def test_a_status_and_a_stage_out_of_order_are_two_steps(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine = rig.a.plant("tasks", {"title": "Sign", "kind": "sign_off", "stage": "drafting", "status": "on_hold"})
    rig.rest()
    rig.a.edit("tasks", mine, {"stage": "signed", "status": "done"})
    assert rig.round().counts["irregular_transition"] == 2
    changes = [changes for _, _, changes in noted(rig)]
    assert sorted(changes, key=str) == [{"stage": ["drafting", "signed"]}, {"status": ["on_hold", "done"]}]


def test_a_stage_is_judged_by_the_kind_that_came_with_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine = rig.a.plant("tasks", {"title": "A", "kind": "sign_off", "stage": "drafting"})
    rig.rest()
    rig.a.edit("tasks", mine, {"kind": "acceptance", "stage": "requested"})
    assert "irregular_transition" not in rig.round().counts  # naive: no sign-off is ever requested
    rig.a.edit("tasks", mine, {"stage": "ready"})
    assert rig.round().counts["irregular_transition"] == 1


def test_only_what_the_stages_do_not_know_is_told(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    steps = [(kind, old, new) for kind in KINDS for old in STAGES[kind] for new in STAGES[kind]]
    mine = {
        rig.a.plant("tasks", {"title": f"{at}", "kind": kind, "stage": old}): new
        for at, (kind, old, new) in enumerate(steps)
    }
    rig.rest()
    for id_, new in mine.items():
        rig.a.edit("tasks", id_, {"stage": new})
    report = rig.round()
    irregular = [step for step in steps if judge_stage_move(*step) == "irregular"]
    assert report.counts["irregular_transition"] == len(irregular) > 200
    for row in rig.rows("task"):
        kind, old, new = steps[int(str(row.values["title"]))]
        assert row.values["stage"] == new
        assert len(noted(rig, row.uid)) == ((kind, old, new) in irregular)


def test_a_stage_that_a_person_sets_here_or_that_is_cleared_there_is_no_step_of_a_crm(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine = rig.a.plant("tasks", {"title": "Sign", "kind": "sign_off", "stage": "drafting"})
    rig.rest()
    rig.edit_hub("task", rig.rows("task")[0].uid, {"stage": "signed"})
    assert "irregular_transition" not in rig.round().counts
    rig.rest()
    rig.a.edit("tasks", mine, {"stage": None})
    assert "irregular_transition" not in rig.round().counts
