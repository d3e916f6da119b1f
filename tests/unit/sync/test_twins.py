"""The same record made by people at both ends while a listing lags: never a silent second one, a person decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rig import Rig

ANN = {"name": "Ann Lee", "email": "ann@x.example"}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Ann made at both ends; the listing of ``a`` showed theirs only after ours had been made there."""
    rig = Rig(tmp_path, overlap_s=600.0)
    rig.a.list_lag_s = 40
    rig.a.plant("contacts", ANN)
    rig.b.plant("contacts", ANN)
    rig.round()
    assert len(rig.a.live("contacts")) == 2
    rig.clock.sleep(60)
    rig.rest()
    return rig


def theirs(rig: Rig) -> str:
    return rig.questions("match")[0].remote_id


def test_what_people_made_at_both_ends_waits_for_a_person(rig: Rig) -> None:
    assert len(rig.b.live("contacts")) == 1
    assert len(rig.rows("contact")) == 1
    (question,) = rig.questions()
    assert (question.kind, question.connection) == ("match", "a")
    assert question.data["candidates"] == [["", rig.row.uid]]


def test_it_waits_even_when_ours_is_changed_meanwhile(rig: Rig) -> None:
    rig.edit_hub("contact", rig.row.uid, {"title": "CTO"})
    rig.rest()
    assert len(rig.questions("match")) == 1
    assert len(rig.rows("contact")) == 1


def test_accepted_ours_goes_on_and_theirs_leaves_the_sync(rig: Rig) -> None:
    record = theirs(rig)
    rig.desk.accept(rig.questions("match")[0].id or 0)
    rig.rest()
    assert rig.questions() == []
    assert len(rig.rows("contact")) == 1
    (ours,) = set(rig.a.live("contacts")) - {record}
    rig.a.edit("contacts", ours, {"title": "CEO"})
    rig.clock.sleep(60)
    rig.rest()
    assert [one["title"] for one in rig.b.live("contacts").values()] == ["CEO"]


def test_theirs_stays_out_of_the_sync_when_it_is_seen_again(rig: Rig) -> None:
    record = theirs(rig)
    rig.desk.accept(rig.questions("match")[0].id or 0)
    rig.rest()
    rig.a.edit("contacts", record, {"title": "old"})
    rig.clock.sleep(60)
    rig.rest()
    assert len(rig.rows("contact")) == len(rig.b.live("contacts")) == 1
    assert rig.row.values["title"] is None
    assert rig.questions() == []


def test_rejected_it_is_a_record_of_its_own(rig: Rig) -> None:
    rig.desk.reject(rig.questions("match")[0].id or 0)
    rig.rest()
    assert len(rig.rows("contact")) == len(rig.b.live("contacts")) == 2
    assert rig.questions() == []


def test_the_double_of_a_row_deleted_before_its_side_was_first_seen_is_a_question(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.b.fault("operator", "pull", object="contacts")
    rig.round()
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.a.fault("operator", "write", object="contacts")
    rig.round()
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    (question,) = rig.questions("match")
    assert question.data["candidates"] == [["", rig.row.uid]]
    assert list(rig.a.live("contacts")) == [mine]
    assert len(rig.rows("contact")) == 1
