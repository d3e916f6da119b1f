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
