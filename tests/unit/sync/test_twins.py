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


def test_it_waits_although_ours_was_changed_before_theirs_was_seen(tmp_path: Path) -> None:
    rig = Rig(tmp_path, overlap_s=600.0)
    rig.a.list_lag_s = 40
    rig.a.plant("contacts", ANN)
    record = rig.b.plant("contacts", ANN)
    rig.round(after_s=1)
    rig.b.edit("contacts", record, {"title": "CEO"})
    rig.round(after_s=1)
    rig.clock.sleep(60)
    rig.rest()
    assert len(rig.questions("match")) == len(rig.rows("contact")) == 1


@pytest.mark.parametrize("unique_at_a", [True, False])
def test_a_clone_that_is_rejected_gets_a_key_of_its_own(tmp_path: Path, unique_at_a: bool) -> None:
    rig = Rig(tmp_path, each={"a": {"unique_key": unique_at_a}, "b": {"unique_key": False}})
    _, theirs = rig.ann()
    clone = rig.b.plant("contacts", {**rig.b.live("contacts")[theirs], "title": "CFO"})
    rig.rest()
    rig.desk.reject(rig.questions("match")[0].id or 0)
    rig.rest()
    rig.b.edit("contacts", clone, {"title": "Chair"})
    rig.rest()
    assert rig.questions() == [] == rig.held()
    rows = {row.uid: row.values for row in rig.rows("contact")}
    assert sorted(str(values["title"]) for values in rows.values()) == ["Chair", "None"]
    assert len({values["key"] for values in rows.values()}) == 2
    for world in (rig.a, rig.b):
        assert {one["key"] for one in world.live("contacts").values()} == {one["key"] for one in rows.values()}
        assert len(world.live("contacts")) == len(rows) == 2


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
