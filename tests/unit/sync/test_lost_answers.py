"""Writes whose answer never came: looked for, adopted or asked about; never repeated blindly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.memory_world import Call
from tests.support.rig import Rig

KEYLESS: dict[str, Any] = {"contact": {"fields": {"key": False}}}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def creates(rig: Rig, name: str = "b") -> int:
    return sum(row["action"] == "create" for call in rig.worlds[name].writes() for row in call.rows)


# --- creates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost_after", "lost_before", "hang"])
@pytest.mark.parametrize("unique", [True, False])
def test_a_lost_create_ends_as_exactly_one_record(tmp_path: Path, kind: Any, unique: bool) -> None:
    rig = Rig(tmp_path, unique_key=unique, search_lag_s=15, visible_after_s=16)
    rig.b.fault(kind, "write", object="contacts")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.rest(12)
    assert len(rig.b.live("contacts")) == 1
    assert len(rig.a.live("contacts")) == 1
    assert rig.held() == []


def test_a_searchable_key_is_not_trusted_before_it_must_be_visible(tmp_path: Path) -> None:
    rig = Rig(tmp_path, unique_key=False, search_lag_s=45, visible_after_s=60)
    rig.b.fault("lost_after", "write", object="contacts")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.round()
    rig.round(after_s=1)
    assert [op.state for op in rig.ops()] == ["unknown"]
    assert creates(rig) == 1
    rig.clock.sleep(60)
    rig.rest()
    assert creates(rig) == 1
    assert len(rig.b.live("contacts")) == 1


def test_what_a_person_changed_on_a_lost_create_is_kept(rig: Rig) -> None:
    rig.b.fault("lost_after", "write", object="contacts")
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.round()
    (theirs,) = rig.b.live("contacts")
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert list(rig.b.live("contacts")) == [theirs]
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


@pytest.mark.parametrize("kind", ["lost_after", "lost_before"])
def test_without_a_key_the_author_tells_when_the_user_is_ours_alone(tmp_path: Path, kind: Any) -> None:
    rig = Rig(tmp_path, maps=KEYLESS, dedicated_user=True)
    rig.b.fault(kind, "write", object="contacts")
    for number in range(3):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example", "title": "x"})
    rig.rest()
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == ["C0", "C1", "C2"]
    assert len(rig.a.live("contacts")) == 3


def test_the_author_probe_steps_over_records_it_cannot_read_and_those_of_others(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps=KEYLESS, dedicated_user=True)
    rig.round()
    rig.b.plant("contacts", {"name": "Zed", "side": "client"}, by="u-duban")
    rig.b.plant("contacts", {"name": "Odd", "opt_out": "perhaps"}, by="u-duban")
    rig.b.fault("lost_after", "write", object="contacts")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.rest()
    names = sorted(row["name"] for row in rig.b.live("contacts").values())
    assert names == ["Ann Lee", "Odd", "Zed"]


@pytest.mark.parametrize("happened", [True, False])
def test_without_a_key_and_a_user_of_our_own_a_person_is_asked(tmp_path: Path, happened: bool) -> None:
    rig = Rig(tmp_path, maps=KEYLESS)
    rig.b.fault("lost_after" if happened else "lost_before", "write", object="contacts")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.round()
    report = rig.round()
    for _ in range(3):
        rig.round()
    (question,) = rig.questions("unknown")
    assert creates(rig) == 1
    assert report.exit_code == 4
    assert report.needs_person["unknown"] == 1
    assert question.id is not None
    (rig.desk.accept if happened else rig.desk.reject)(question.id)
    rig.rest()
    assert len(rig.b.live("contacts")) == 1
    assert len(rig.a.live("contacts")) == 1
    assert rig.questions() == []
    assert rig.held() == []


def test_no_record_of_our_own_is_imported_while_a_create_is_in_doubt(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps=KEYLESS)
    rig.b.fault("lost_after", "write", object="accounts")
    rig.a.plant("accounts", {"name": "华星科技"})
    rig.round()
    for _ in range(3):
        rig.round()
    assert len(rig.rows("account")) == 1
    assert len(rig.a.live("accounts")) == 1


def test_a_twin_of_a_lost_create_is_left_to_a_person_and_the_older_one_adopted(tmp_path: Path) -> None:
    rig = Rig(tmp_path, unique_key=False, visible_after_s=30)
    rig.b.fault("lost_after", "write", object="contacts")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.round()
    ((ours, values),) = rig.b.live("contacts").items()
    twin = rig.b.plant("contacts", dict(values))
    rig.clock.sleep(60)
    rig.rest()
    assert rig.links("contact", rig.row.uid)["b"].remote_id == ours
    assert [question.remote_id for question in rig.questions("match")] == [twin]
    assert len(rig.a.live("contacts")) == 1


# --- updates, deletes, restores -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost_after", "lost_before"])
def test_a_lost_update_is_settled_by_reading(rig: Rig, kind: Any) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault(kind, "write", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.held() == []


@pytest.mark.parametrize("kind", ["lost_after", "lost_before"])
def test_a_lost_delete_is_settled_by_reading(rig: Rig, kind: Any) -> None:
    rig.ann()
    rig.b.fault(kind, "write", object="contacts")
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.rest()
    assert rig.a.live("contacts") == rig.b.live("contacts") == {}
    assert rig.ops() == []


@pytest.mark.parametrize("kind", ["lost_after", "lost_before"])
def test_a_lost_restore_is_settled_by_reading(tmp_path: Path, kind: Any) -> None:
    rig = Rig(tmp_path, on_remote_delete="restore")
    mine, _ = rig.ann(title="CTO")
    rig.a.fault(kind, "write", object="contacts")
    rig.a.remove("contacts", mine)
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.row.state == "live"


def test_a_person_who_edits_the_same_field_after_a_lost_update_is_not_overwritten(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault("lost_after", "write", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "Chair"
    assert rig.a.live("contacts")[mine]["title"] == "Chair" or rig.questions("conflict")


@pytest.mark.parametrize("kind", ["lost_after", "lost_before"])
def test_a_whole_batch_without_an_answer_is_neither_lost_nor_doubled(rig: Rig, kind: Any) -> None:
    ids = [rig.a.plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example"}) for n in range(10)]
    rig.b.fault(kind, "write", object="contacts")
    rig.rest()
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == sorted(f"C{n}" for n in range(10))
    rig.b.fault(kind, "write", object="contacts")
    for id_ in ids:
        rig.a.edit("contacts", id_, {"title": f"T{id_}"})
    rig.rest()
    assert sorted(str(row["title"]) for row in rig.b.live("contacts").values()) == sorted(f"T{id_}" for id_ in ids)


def test_looking_again_may_fail_too_and_then_the_rows_wait(rig: Rig) -> None:
    ids = [rig.a.plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example"}) for n in range(4)]
    rig.rest()
    rig.b.fault("lost_before", "write", object="contacts")
    rig.b.fault("transient", "fetch", object="contacts", nth=2)
    for id_ in ids:
        rig.a.edit("contacts", id_, {"title": f"T{id_}"})
    rig.round()
    assert {op.state for op in rig.ops()} == {"unknown"}
    rig.rest()
    assert sorted(str(row["title"]) for row in rig.b.live("contacts").values()) == sorted(f"T{id_}" for id_ in ids)


def test_a_failing_probe_is_named_and_tried_again(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault("lost_after", "write", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    rig.b.fault("transient", "fetch", object="contacts")
    report = rig.round()
    assert any("not reachable" in problem for problem in report.problems)
    rig.rest()
    assert rig.ops() == []
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"


def test_one_record_nobody_can_read_does_not_hold_up_the_probes_of_the_others(tmp_path: Path) -> None:
    rig = Rig(tmp_path, unique_key=False)
    names = ["C0", "C1", "C2"]
    for name in names:
        rig.a.plant("contacts", {"name": name, "email": f"{name}@x.example"})
    rig.b.fault("lost_after", "write", object="contacts")
    rig.round()
    odd = next(id_ for id_, row in rig.b.live("contacts").items() if row["name"] == "C1")
    rig.b.edit("contacts", odd, {"opt_out": "perhaps"})
    rig.rest()
    assert len(rig.b.live("contacts")) == 3
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == names
    assert all(op.entity == "contact" and op.action == "create" for op in rig.ops())
    assert len(rig.ops()) <= 1
    rig.b.edit("contacts", odd, {"opt_out": True})
    rig.clock.sleep(3600)
    rig.rest()
    assert rig.ops() == []
    assert len(rig.b.live("contacts")) == 3


# --- moved between our read and our write -------------------------------------------------------------------------


def test_an_edit_between_plan_and_write_makes_the_write_stale_and_nobody_is_overwritten(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    done: list[str] = []

    def person(when: str, call: Call) -> None:
        if when == "before" and call.name == "fetch" and not done:
            done.append("once")
            rig.b.edit("contacts", theirs, {"title": "Chair"})

    rig.b.on_call = person
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert done
    (question,) = rig.questions("conflict")
    assert question.field == "title"
    assert rig.b.live("contacts")[theirs]["title"] == "Chair"
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_a_record_deleted_between_plan_and_write_is_followed_not_recreated_blindly(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")

    def person(when: str, call: Call) -> None:
        if when == "before" and call.name == "fetch" and theirs in rig.b.live("contacts"):
            rig.b.on_call = None
            rig.b.remove("contacts", theirs)

    rig.b.on_call = person
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO", "an edit beats a delete"
    assert len(rig.a.live("contacts")) == 1


def test_a_lost_create_that_a_person_made_unreadable_is_adopted_by_the_unique_key(rig: Rig) -> None:
    def person(when: str, call: Call) -> None:
        if when == "after" and call.name == "write" and rig.b.live("contacts"):
            rig.b.on_call = None
            rig.b.edit("contacts", next(iter(rig.b.live("contacts"))), {"opt_out": "perhaps"})

    rig.b.fault("lost_after", "write", object="contacts")
    rig.b.on_call = person
    for number in range(2):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    rig.rest()
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == ["C0", "C1"]
    assert rig.questions() == []
    assert rig.ops() == []


@pytest.mark.parametrize("listed", [True, False])
def test_a_create_sent_twice_is_met_where_it_lives_although_a_search_still_shows_the_deleted_one(
    tmp_path: Path, listed: bool
) -> None:
    rig = Rig(tmp_path, search_lag_s=40, visible_after_s=42)
    rig.b.fault("lost_after", "write", object="contacts")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.round(after_s=1)
    (first,) = rig.b.live("contacts")
    rig.b.remove("contacts", first)
    rig.b.fault("lost_after", "write", object="contacts")
    rig.round(after_s=1)  # the key is free again: the second sending makes another record
    (second,) = rig.b.live("contacts")
    if not listed:
        rig.b.fault("transient", "pull", object="contacts")
    rig.round(after_s=1)
    rig.clock.sleep(37)  # a search shows the first one as it was, and not yet the second
    for _ in range(12):
        rig.round(after_s=4)
    assert list(rig.b.live("contacts")) == [second]
    assert rig.links("contact", rig.row.uid)["b"].remote_id == second
    assert rig.questions() == []
