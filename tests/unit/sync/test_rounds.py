"""Whole rounds over two systems in memory: what users of a sync would try first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_record_of_one_side_arrives_once_on_the_other_and_then_nothing_moves(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "王伟", "email": "wang@x.example"})
    rig.rest()
    assert [row["name"] for row in rig.b.live("contacts").values()] == ["王伟"]
    assert len(rig.a.live("contacts")) == 1
    before = rig.writes()
    for _ in range(20):
        rig.round()
    assert rig.writes() == before


def test_different_fields_edited_on_both_sides_in_one_interval_both_survive(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    (theirs,) = rig.b.live("contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"mobile": "13800138000"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["mobile"] == "+8613800138000"
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.questions() == []


def test_one_field_edited_on_both_sides_is_parked_and_the_rest_of_the_record_flows(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    (theirs,) = rig.b.live("contacts")
    rig.a.edit("contacts", mine, {"title": "CEO", "description": "met in May"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    report = rig.round()
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.field == "title"
    assert question.data["sides"] == {"a": "CEO", "b": "CFO"}
    assert question.data["hub"] == "CTO"
    assert report.exit_code == 4
    assert rig.b.live("contacts")[theirs]["description"] == "met in May"
    assert rig.b.live("contacts")[theirs]["title"] == "CFO"
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_resolving_a_conflict_ends_it_on_all_sides(rig: Rig) -> None:
    from sync.desk import Desk

    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    (theirs,) = rig.b.live("contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.round()
    (question,) = rig.questions("conflict")
    assert question.id is not None
    Desk(db=rig.db, clock=rig.clock).resolve_conflict(question.id, take="b", who="li")
    rig.rest()
    assert rig.questions() == []
    assert rig.a.live("contacts")[mine]["title"] == "CFO"
    assert rig.rows("contact")[0].values["title"] == "CFO"


def test_people_agreeing_by_hand_end_a_conflict_without_the_desk(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    (theirs,) = rig.b.live("contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.round()
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.questions() == []
    assert rig.rows("contact")[0].values["title"] == "CEO"


def test_an_edit_by_plain_sql_in_the_hub_reaches_both_sides(rig: Rig) -> None:
    import sqlite3

    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    with sqlite3.connect(rig.file) as plain:
        plain.execute("UPDATE contact SET title = 'CIO'")
    plain.close()
    rig.rest()
    (theirs,) = rig.b.live("contacts")
    assert rig.a.live("contacts")[mine]["title"] == "CIO"
    assert rig.b.live("contacts")[theirs]["title"] == "CIO"


def test_first_contact_matches_by_email_and_makes_no_duplicate(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "Ann@x.example"})
    rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@X.example", "title": "CTO"})
    rig.rest()
    assert len(rig.a.live("contacts")) == len(rig.b.live("contacts")) == 1
    assert next(iter(rig.a.live("contacts").values()))["title"] == "CTO"


def test_an_ambiguous_pair_waits_for_a_person_and_creates_nothing(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "info@x.example"})
    rig.a.plant("contacts", {"name": "Bob Lee", "email": "info@x.example"})
    rig.b.plant("contacts", {"name": "A. Lee", "email": "info@x.example"})
    report = rig.round()
    rig.rest()
    assert rig.writes() == 0
    assert len(rig.questions("match")) == 3
    assert report.exit_code == 4


def test_a_name_alone_never_binds(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "王伟"})
    rig.b.plant("contacts", {"name": "王伟"})
    rig.rest()
    assert rig.writes() == 0
    assert len(rig.questions("match")) == 2


def test_a_proven_delete_archives_and_writes_nothing(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.rest()
    before = rig.writes()
    rig.a.remove("contacts", mine)
    rig.rest()
    assert rig.writes() == before
    assert len(rig.b.live("contacts")) == 1
    assert [row.state for row in rig.rows("contact", ("archived",))] == ["archived"]


def test_an_edit_beats_a_delete(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.rest()
    (theirs,) = rig.b.live("contacts")
    rig.a.remove("contacts", mine)
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert [row.state for row in rig.rows("contact")] == ["live"]


def test_a_record_deleted_in_the_hub_is_deleted_softly_everywhere(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.rest()
    rig.edit_hub("contact", rig.rows("contact")[0].uid, {}, state="deleted")
    rig.rest()
    assert rig.a.live("contacts") == {}
    assert rig.b.live("contacts") == {}


def test_a_lost_answer_of_a_create_leads_to_exactly_one_record(rig: Rig) -> None:
    rig.b.fault("lost_after", "write")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.rest()
    assert len(rig.b.live("contacts")) == 1
    assert len(rig.a.live("contacts")) == 1


def test_children_find_the_parents_made_in_the_same_round(rig: Rig) -> None:
    account = rig.a.plant("accounts", {"name": "华星科技"})
    contact = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "account": account})
    rig.a.plant("tasks", {"title": "Sign", "contact": contact})
    rig.rest()
    (there,) = rig.b.live("accounts")
    (person, values), *_ = rig.b.live("contacts").items()
    assert values["account"] == there
    assert next(iter(rig.b.live("tasks").values()))["contact"] == person
    assert len(rig.b.writes()) == 3


def test_a_field_that_one_side_cuts_does_not_ping_pong(rig: Rig) -> None:
    rig.b.shape("contacts", "title", lambda value: value[:5] if isinstance(value, str) else value)
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "Chief Executive Officer"})
    rig.rest()
    before = rig.writes()
    for _ in range(20):
        rig.round()
    assert rig.writes() == before
    assert rig.rows("contact")[0].values["title"] == "Chief Executive Officer"


@pytest.mark.parametrize("left", [0, 15])
def test_an_emptied_or_halved_full_listing_writes_nothing_and_exits_8(rig: Rig, left: int) -> None:
    for number in range(30):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    rig.rest()
    before = rig.writes()
    whole = dict(rig.a.rows["contacts"])
    rig.a.rows["contacts"] = dict(list(whole.items())[:left])
    report = rig.round(full=True)
    assert report.exit_code == 8
    assert report.guard is not None
    assert (report.guard["rail"], report.guard["found"], report.guard["limit"]) == ("listing", left, 27)
    assert rig.writes() == before
    assert len(rig.rows("contact")) == 30
    rig.a.rows["contacts"] = whole
    assert rig.round(full=True).exit_code == 0
    assert rig.writes() == before


def test_a_mass_delete_is_held_and_named_for_approval(rig: Rig) -> None:
    ids = [rig.a.plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example"}) for n in range(20)]
    rig.rest()
    for id_ in ids[:5]:
        rig.a.remove("contacts", id_)
    held = rig.round()
    assert held.exit_code == 8
    assert held.guard is not None
    assert held.guard["allow"] == "deletes=5"
    assert len(rig.rows("contact")) == 20
    rig.round(allow={"deletes": 5})
    assert len(rig.rows("contact")) == 15


def test_a_blanked_field_on_many_records_is_held(rig: Rig) -> None:
    ids = [rig.a.plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example", "title": "x"}) for n in range(30)]
    rig.rest()
    before = rig.writes()
    for id_ in ids[:25]:
        rig.a.edit("contacts", id_, {"title": None})
    held = rig.round()
    assert held.exit_code == 8
    assert held.guard is not None
    assert held.guard["rail"] == "clears"
    assert rig.writes() == before


def test_planning_leaves_nothing_behind(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    report = rig.round("plan")
    assert report.counts["import"] == report.counts["create"] == 1
    assert rig.rows("contact") == []
    assert rig.writes() == 0
    again = rig.round("plan")
    assert [line.digest for line in again.lines] == [line.digest for line in report.lines]


def test_applying_a_plan_does_exactly_its_items(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    plan = rig.round("plan")
    rig.a.plant("contacts", {"name": "Bob Ray", "email": "bob@x.example"})
    approved = frozenset(line.digest for line in plan.lines if line.digest)
    rig.round("apply", approved=approved)
    assert [row["name"] for row in rig.b.live("contacts").values()] == ["Ann Lee"]


@pytest.mark.parametrize("kind", ["refuse", "lost_before", "hang"])
def test_a_poison_row_is_listed_with_its_cause_and_the_others_arrive_in_the_same_round(rig: Rig, kind: str) -> None:
    for number in range(40):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    rig.b.fault(kind, "write", object="contacts", match={"name": "C7"}, times=None)
    report = rig.round()
    there = sorted(row["name"] for row in rig.b.live("contacts").values())
    assert there == sorted(f"C{number}" for number in range(40) if number != 7)
    assert report.needs_person["quarantine"] == 1
    assert report.exit_code == 4


@pytest.mark.parametrize("kind", ["refuse", "lost_before", "hang"])
def test_a_poison_update_is_listed_and_the_others_arrive_in_the_same_round(rig: Rig, kind: str) -> None:
    ids = [rig.a.plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example"}) for n in range(100)]
    rig.rest()
    poison = next(id_ for id_, row in rig.b.live("contacts").items() if row["name"] == "C7")
    for id_ in ids:
        rig.a.edit("contacts", id_, {"title": f"T{id_}"})
    rig.b.fault(kind, "write", object="contacts", match={"id": poison}, times=None)
    report = rig.round()
    untitled = [id_ for id_, row in rig.b.live("contacts").items() if not row.get("title")]
    assert untitled == [poison]
    assert report.needs_person["quarantine"] == 1
    rig.b.faults.clear()
    rig.clock.sleep(3600)
    rig.rest()
    assert all(row.get("title") for row in rig.b.live("contacts").values())


def test_a_mirrored_comment_keeps_its_true_author_and_time(tmp_path: Path) -> None:
    stamp = {"direction": "fill_blank"}
    rig = Rig(tmp_path, maps={"comment": {"fields": {"author": stamp, "occurred_at": stamp}}})
    task = rig.a.plant("tasks", {"title": "Sign"})
    note = {"title": "call", "body": "spoke with Ann", "parent_id": task, "parent_kind": "task"}
    rig.a.plant("comments", {**note, "author": "wang@vendor.example", "occurred_at": 1_779_000_000_000})
    rig.b.shape("comments", "author", lambda _value: "duban@vendor.example")
    rig.rest()
    (row,) = rig.rows("comment")
    assert row.values["author"] == "wang@vendor.example"
    assert row.values["occurred_at"] == 1_779_000_000_000
