"""What hot seeds taught, told without chance: a side that is away, a delete behind a deleted row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def _conflict(rig: Rig) -> tuple[str, str]:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.rest()
    return mine, theirs


def test_a_question_stays_open_while_a_side_it_names_is_away(rig: Rig) -> None:
    mine, theirs = _conflict(rig)
    rig.a.fault("operator", "pull")
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.round()
    assert len(rig.questions("conflict")) == 1
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.data["sides"] == {"a": "CEO", "b": "Chair"}
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_a_side_that_takes_its_edit_back_is_in_the_question_no_longer(rig: Rig) -> None:
    mine, theirs = _conflict(rig)
    rig.b.edit("contacts", theirs, {"title": "CTO"})
    rig.rest()
    assert rig.questions("conflict") == []
    assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == rig.row.values["title"]
    assert rig.row.values["title"] == "CEO"


def test_an_answer_waits_for_the_side_it_must_be_told_to(rig: Rig) -> None:
    mine, theirs = _conflict(rig)
    (question,) = rig.questions("conflict")
    assert question.id is not None
    rig.desk.resolve_conflict(question.id, take="b")
    rig.a.fault("operator", "pull")
    rig.round()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == "CFO"


def test_a_delete_behind_a_row_deleted_in_the_hub_is_remembered_when_an_edit_revives_it(rig: Rig) -> None:
    mine, theirs = _conflict(rig)
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.b.remove("contacts", theirs)
    rig.a.edit("contacts", mine, {"title": "Chair"})
    rig.a.fault("operator", "pull")
    rig.round()
    rig.rest()
    assert rig.row.state == "live"
    assert list(rig.b.live("contacts")) == [theirs]
