"""Deletes and edits against each other, in every direction and under every policy (one spoke against the hub)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from store import journal, links
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def under(tmp_path: Path, policy: str) -> Rig:
    return Rig(tmp_path, on_remote_delete=policy)


def _retitled_before_the_next_look(rig: Rig, mine: str) -> list[str]:
    """Let a person edit the title at a inside our next read of it; gives a list that says when it happened."""
    done: list[str] = []

    def person(when: str, call: object) -> None:
        if when == "before" and getattr(call, "name", "") == "fetch" and not done:
            done.append("once")
            rig.a.edit("contacts", mine, {"title": "CEO"})

    rig.a.on_call = person
    return done


# --- gone at one side, nobody edited ------------------------------------------------------------------------------


def test_propagate_deletes_the_others_softly_and_the_hub_row_with_them(tmp_path: Path) -> None:
    rig = under(tmp_path, "propagate")
    mine, _ = rig.ann()
    rig.a.remove("contacts", mine)
    rig.rest()
    assert rig.b.live("contacts") == {}
    assert rig.row.state == "deleted"


def test_restore_brings_the_deleted_record_back_under_its_own_id(tmp_path: Path) -> None:
    rig = under(tmp_path, "restore")
    mine, _ = rig.ann(title="CTO")
    rig.a.remove("contacts", mine)
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.row.state == "live"


def test_restore_makes_the_record_anew_where_nothing_can_be_taken_back_out_of_the_bin(tmp_path: Path) -> None:
    rig = under(tmp_path, "restore")
    rig.can("a", restore=False)
    mine, _ = rig.ann(title="CTO")
    rig.a.remove("contacts", mine)
    rig.rest()
    ((again, values),) = rig.a.live("contacts").items()
    assert again != mine
    assert values["title"] == "CTO"
    assert len(rig.b.live("contacts")) == 1
    assert {link.state for link in rig.links("contact", rig.row.uid).values()} == {"live"}


def test_review_asks_and_touches_nothing_until_it_is_answered(tmp_path: Path) -> None:
    rig = under(tmp_path, "review")
    mine, theirs = rig.ann()
    before = rig.writes()
    rig.a.remove("contacts", mine)
    report = rig.round()
    rig.rest()
    (question,) = rig.questions("delete")
    assert (question.connection, question.uid) == ("a", rig.row.uid)
    assert report.exit_code == 4
    assert rig.row.state == "live"
    assert theirs in rig.b.live("contacts")
    assert rig.writes() == before


@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("restorable", [True, False])
def test_the_answer_to_a_delete_review_is_carried_out(tmp_path: Path, yes: bool, restorable: bool) -> None:
    rig = under(tmp_path, "review")
    rig.can("a", restore=restorable)
    mine, theirs = rig.ann(title="CTO")
    rig.a.remove("contacts", mine)
    rig.rest()
    (question,) = rig.questions("delete")
    assert question.id is not None
    (rig.desk.accept if yes else rig.desk.reject)(question.id)
    rig.rest()
    assert rig.questions() == []
    assert theirs in rig.b.live("contacts")
    if yes:
        assert rig.row.state == "archived"
        assert rig.a.live("contacts") == {}
    else:
        ((back, values),) = rig.a.live("contacts").items()
        assert (back == mine) is restorable
        assert values["title"] == "CTO"
        assert rig.row.state == "live"


def test_two_sides_gone_at_once_archive_the_row_and_write_nothing(rig: Rig) -> None:
    mine, theirs = rig.ann()
    before = rig.writes()
    rig.a.remove("contacts", mine)
    rig.b.remove("contacts", theirs)
    rig.rest()
    assert rig.row.state == "archived"
    assert rig.writes() == before


def test_a_record_absent_from_a_full_listing_is_not_deleted(rig: Rig) -> None:
    mine, theirs = rig.ann()
    rig.a.rows["contacts"].pop(mine)
    rig.round(full=True)
    assert rig.row.state == "live"
    assert theirs in rig.b.live("contacts")


def test_a_reported_delete_that_a_read_disproves_is_ignored(rig: Rig) -> None:
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.a.on_call = lambda when, call: (
        rig.a.revive("contacts", mine)
        if call.name == "fetch" and when == "before" and mine not in rig.a.live("contacts")
        else None
    )
    rig.round()
    assert rig.row.state == "live"
    assert theirs in rig.b.live("contacts")


def test_a_record_listed_and_gone_before_it_was_planned_creates_nothing_anywhere(rig: Rig) -> None:
    rig.round()
    ghost = rig.a.plant("contacts", {"name": "Ghost", "email": "ghost@x.example"})
    rig.round("plan")
    rig.a.remove("contacts", ghost)
    rig.rest()
    assert rig.rows("contact", ("live", "archived", "deleted")) == []
    assert rig.b.live("contacts") == {}


# --- archived rows ------------------------------------------------------------------------------------------------


def test_an_archived_row_takes_what_people_change_elsewhere_and_writes_nothing(rig: Rig) -> None:
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.rest()
    before = rig.writes()
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert (rig.row.state, rig.row.values["title"]) == ("archived", "CEO")
    assert rig.writes() == before


def test_a_record_taken_back_out_of_the_bin_lives_again_with_what_was_missed(rig: Rig) -> None:
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.rest()
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    rig.a.revive("contacts", mine)
    rig.rest()
    assert rig.row.state == "live"
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_a_new_record_of_an_archived_person_is_linked_and_the_dead_id_is_never_written(rig: Rig) -> None:
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.rest()
    again = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CEO"})
    rig.rest()
    rig.b.edit("contacts", theirs, {"mobile": "13800138000"})
    rig.rest()
    live = rig.rows("contact")
    assert len(live) == 1
    assert rig.a.live("contacts")[again]["mobile"] == "+8613800138000"
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert len(rig.a.live("contacts")) == len(rig.b.live("contacts")) == 1
    assert rig.held() == []


# --- deleted in the hub -------------------------------------------------------------------------------------------


def test_a_hub_delete_against_an_edit_revives_the_row_everywhere(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert rig.row.state == "live"
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_an_edit_between_plan_and_guard_read_saves_the_record_from_the_delete(rig: Rig) -> None:
    mine, _theirs = rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    done = _retitled_before_the_next_look(rig, mine)
    rig.rest()
    assert done == ["once"]
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert rig.row.state == "live"
    assert [values["title"] for values in rig.b.live("contacts").values()] == ["CEO"]


@pytest.mark.parametrize("at", ["before the round", "before the guard read"])
def test_an_edit_of_a_field_that_was_never_agreed_there_saves_the_record_from_the_delete(rig: Rig, at: str) -> None:
    mine, _theirs = rig.ann(title="CTO")
    with rig.db.write() as tx:  # as after a question that ended while the record was away
        (link,) = [one for one in links.by_uids(tx, "contact", [rig.row.uid])[rig.row.uid] if one.connection == "a"]
        del link.shadow_hub["title"], link.shadow_remote["title"]
        links.update(tx, [link])
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")

    def person(_when: str = "before", call: object = None) -> None:
        if getattr(call, "name", "fetch") == "fetch":
            rig.a.on_call = lambda _when, _call: None
            rig.a.edit("contacts", mine, {"title": "CEO"})

    if at == "before the round":
        person()
    else:
        rig.a.on_call = person
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert rig.row.state == "live"


def test_a_hub_delete_where_one_side_is_gone_already_deletes_the_other_and_rests(rig: Rig) -> None:
    mine, _theirs = rig.ann()
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.a.remove("contacts", mine)
    rig.rest()
    assert rig.b.live("contacts") == {}
    assert rig.row.state == "deleted"


def test_a_row_deleted_with_plain_sql_is_deleted_softly_everywhere(rig: Rig) -> None:
    rig.ann()
    rig.plain("DELETE FROM contact")
    rig.rest()
    assert rig.a.live("contacts") == rig.b.live("contacts") == {}
    assert rig.rows("contact", ("live", "archived", "deleted")) == []


def test_an_edit_beats_a_delete_with_plain_sql_and_the_row_comes_back_whole(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO", mobile="13800138000")
    rig.plain("DELETE FROM contact")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert (rig.row.state, rig.row.values["title"], rig.row.values["mobile"]) == ("live", "CEO", "+8613800138000")
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.a.live("contacts")[mine]["name"] == "Ann Lee"


def test_a_row_inserted_with_plain_sql_is_made_at_every_side(rig: Rig) -> None:
    rig.round()
    rig.plain("INSERT INTO contact (uid, name, email) VALUES ('0190-aa', 'Bo', 'bo@x.example')")
    rig.rest()
    assert [row["name"] for row in rig.a.live("contacts").values()] == ["Bo"]
    assert [row["email"] for row in rig.b.live("contacts").values()] == ["bo@x.example"]


def test_a_record_that_appears_again_after_a_delete_in_the_hub_is_not_swallowed(rig: Rig) -> None:
    rig.ann()
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.rest()
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CEO"})
    report = rig.round()
    rig.rest()
    waits = [q.data.get("reason") for q in rig.questions("match")]
    lives = [row.values["title"] for row in rig.rows("contact")]
    assert waits or lives == ["CEO"], (report.counts, report.lines)


# --- what may not be written --------------------------------------------------------------------------------------


def test_a_hub_delete_leaves_a_read_only_object_alone_and_says_so(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at={"a": {"contact": {"writable": False}}})
    mine, _ = rig.ann()
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    report = rig.round()
    assert mine in rig.a.live("contacts")
    assert rig.b.live("contacts") == {}
    assert any(line.action == "skip" and line.connection == "a" for line in report.lines)


def test_a_read_only_object_gives_and_never_takes(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at={"a": {"contact": {"writable": False}}})
    _mine, theirs = rig.ann(title="CTO")
    rig.b.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.a.writes() == []
    assert rig.row_of("Bo").values["email"] == "bo@x.example"
    assert len(rig.a.live("contacts")) == 1


def test_an_edit_does_not_bring_a_record_back_where_nothing_may_be_written(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at={"a": {"contact": {"writable": False}}})
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts") == {}
    assert rig.a.writes() == []
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"


@pytest.mark.parametrize("same", [True, False])
def test_the_question_about_a_record_that_appeared_again_is_answered_either_way(rig: Rig, same: bool) -> None:
    rig.ann()
    uid = rig.row.uid
    rig.edit_hub("contact", uid, {}, state="deleted")
    rig.rest()
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CEO"})
    rig.rest()
    (question,) = rig.questions("match")
    assert question.data["reason"] == "reappeared"
    assert question.id is not None
    (rig.desk.accept if same else rig.desk.reject)(question.id)
    rig.rest()
    (row,) = rig.rows("contact")
    assert (row.uid == uid) is same
    assert row.values["title"] == "CEO"
    assert [values["title"] for values in rig.b.live("contacts").values()] == ["CEO"]
    assert rig.questions() == []


def test_a_record_revived_beside_its_successor_is_shown_and_never_mixed_up_with_it(tmp_path: Path) -> None:
    rig = under(tmp_path, "restore")
    rig.can("a", restore=False)
    mine, _theirs = rig.ann(title="CTO")
    rig.a.remove("contacts", mine)
    rig.rest()
    (successor,) = rig.a.live("contacts")
    rig.a.edit("contacts", successor, {"title": "CEO"})
    rig.rest()
    rig.a.revive("contacts", mine)
    rig.rest()
    assert [question.remote_id for question in rig.questions("duplicate")] == [mine]
    assert rig.row.values["title"] == "CEO"
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.a.live("contacts")[successor]["title"] == "CEO"


def test_a_record_left_unlinked_by_its_delete_stays_out_when_it_comes_back(tmp_path: Path) -> None:
    rig = under(tmp_path, "unlink")
    mine, theirs = rig.ann(title="CTO")
    rig.a.remove("contacts", mine)
    rig.rest()
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts") == {}
    rig.a.revive("contacts", mine)
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.row.values["title"] == "CEO"


def test_a_second_record_with_the_key_of_a_linked_one_waits_for_a_person(tmp_path: Path) -> None:
    rig = Rig(tmp_path, unique_key=False)
    _mine, theirs = rig.ann()
    key = rig.b.live("contacts")[theirs]["key"]
    assert key
    twin = rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "key": key})
    rig.rest()
    (question,) = rig.questions("match")
    assert (question.connection, question.remote_id) == ("b", twin)
    assert len(rig.rows("contact")) == 1
    assert len(rig.a.live("contacts")) == 1


def test_an_edit_that_beats_a_delete_is_in_the_record_made_anew(rig: Rig) -> None:
    rig.can("a", restore=False)
    mine, theirs = rig.ann(title="CTO")
    rig.a.remove("contacts", mine)
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert [values["title"] for values in rig.a.live("contacts").values()] == ["CEO"]


def test_an_edit_in_the_hub_beats_a_delete_at_a_side(rig: Rig) -> None:
    mine, _ = rig.ann(title="CTO")
    rig.a.remove("contacts", mine)
    rig.edit_hub("contact", rig.row.uid, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_a_row_given_to_another_is_left_alone_whatever_happens_to_it(rig: Rig) -> None:
    rig.ann()
    rig.b.plant("contacts", {"name": "Anne Lee", "title": "CEO"})
    rig.rest()
    before = rig.writes()
    rig.edit_hub("contact", rig.row_of("Anne Lee").uid, {}, state="merged")
    rig.plain("UPDATE contact SET title = 'x' WHERE state = 'merged'")
    rig.rest()
    assert rig.writes() == before


def test_a_record_taken_out_at_the_desk_is_neither_read_nor_made_again(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.desk.unlink(f"a:{mine}")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"mobile": "13800138000"})
    rig.rest()
    assert rig.row.values["title"] == "CTO"
    assert len(rig.a.live("contacts")) == 1
    assert rig.a.live("contacts")[mine].get("mobile") is None


def test_a_record_that_appears_after_its_row_was_deleted_with_plain_sql_founds_a_new_one(rig: Rig) -> None:
    rig.ann()
    old = rig.row.uid
    rig.plain("DELETE FROM contact")
    rig.rest()
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CEO"})
    rig.rest()
    assert rig.row.uid != old
    assert [row["title"] for row in rig.b.live("contacts").values()] == ["CEO"]


def test_a_delete_that_propagates_meets_a_record_matched_in_the_same_round(tmp_path: Path) -> None:
    rig = Rig(tmp_path, on_remote_delete="propagate")
    rig.b.fault("transient", "pull", object="contacts")
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.round()
    rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CEO"})
    rig.a.remove("contacts", mine)
    rig.round()
    rig.rest()
    assert [row["title"] for row in rig.b.live("contacts").values()] == ["CEO"]
    assert len(rig.rows("contact")) == 1


# --- an open question and a record that goes ------------------------------------------------------------------------


def _asked_then_deleted(rig: Rig, *, restore: bool) -> tuple[str, str]:
    """Ask about a title, delete the row, and let the delete reach a before an edit made at b is seen."""
    rig.can("a", restore=restore)
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.edit_hub("contact", rig.row.uid, {"title": "Chair"})
    rig.rest()
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.b.fault("operator", "pull", object="contacts")
    rig.round()
    assert not rig.a.live("contacts")
    return mine, theirs


@pytest.mark.parametrize("restore", [True, False])
def test_what_a_question_shows_of_a_deleted_record_is_shown_on_when_an_edit_revives_the_row(
    rig: Rig, restore: bool
) -> None:
    _asked_then_deleted(rig, restore=restore)
    rig.round()
    (question,) = rig.questions("conflict")
    assert question.data["sides"] == {"a": "CEO", "b": "CFO"}
    assert question.data["hub"] == "Chair"


@pytest.mark.parametrize("restore", [True, False])
def test_a_record_made_anew_says_what_it_said_in_a_field_that_waits_for_a_person(rig: Rig, restore: bool) -> None:
    _asked_then_deleted(rig, restore=restore)
    rig.rest()
    assert [row["title"] for row in rig.a.live("contacts").values()] == ["CEO"]
    (question,) = rig.questions("conflict")
    assert question.id is not None
    rig.desk.resolve_conflict(question.id, take="a")
    rig.rest()
    assert [row["title"] for world in (rig.a, rig.b) for row in world.live("contacts").values()] == ["CEO", "CEO"]
    assert not rig.questions()


def test_a_record_that_was_back_before_us_says_what_it_says(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann", "email": "ann@x.example", "title": "CTO"})
    theirs = rig.b.plant("contacts", {"name": "Ann", "email": "ann@x.example", "title": "CFO"})
    rig.rest()
    rig.a.remove("contacts", mine)
    rig.round()
    rig.a.restore("contacts", mine, "u-1")
    rig.b.remove("contacts", theirs)
    rig.round()  # one is back and one is gone: the row stays archived
    assert rig.row.state == "archived"
    rig.b.restore("contacts", theirs, "u-1")
    for _ in range(2):  # the second hears what the record says that needed no bringing back
        rig.round()
    assert rig.row.state == "live"
    (question,) = rig.questions("conflict")
    assert question.data["sides"]["a"] == "CTO"
    assert rig.row.values["title"] == rig.b.live("contacts")[theirs]["title"] == "CFO"


def test_a_question_waits_for_the_word_of_a_deleted_record_whose_side_is_away(rig: Rig) -> None:
    _, theirs = _asked_then_deleted(rig, restore=True)
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.a.fault("operator", "pull", object="contacts")
    rig.round()
    (question,) = rig.questions("conflict")
    assert question.data["sides"]["a"] == "CEO"


def test_a_question_that_ends_without_the_deleted_record_keeps_its_word_in_the_journal(rig: Rig) -> None:
    _, theirs = _asked_then_deleted(rig, restore=False)
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.a.fault("operator", "write", object="contacts")
    rig.round()
    assert not rig.questions("conflict")
    with rig.db.read() as tx:
        told = [one.changes["title"] for one in journal.of(tx, "contact", rig.row.uid) if "title" in one.changes]
    assert any(change[2:] == [{"a": "CEO"}] for change in told)


def test_a_record_that_one_read_misses_is_deleted_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = under(tmp_path, "propagate")
    mine, theirs = rig.ann(title="CTO")
    seen = MemoryConnector.fetch
    away = True

    def blind(self: MemoryConnector, object: str, ids: Sequence[str], fields: Sequence[str]) -> Any:
        found = seen(self, object, ids, fields)
        return {id_: None if away and id_ == theirs else record for id_, record in found.items()}

    monkeypatch.setattr(MemoryConnector, "fetch", blind)
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    assert mine in rig.a.live("contacts")
    away = False
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"


# --- a row taken out with plain SQL, and who it might be --------------------------------------------------------------


@pytest.mark.parametrize("away_at_first", [True, False])
def test_a_newcomer_of_a_row_taken_out_with_plain_sql_is_a_question_while_its_records_live(
    tmp_path: Path, away_at_first: bool
) -> None:
    """An edit brings the row back in the very round in which its twin of the other side is first listed."""
    rig = Rig(tmp_path)
    if away_at_first:
        rig.b.fault("transient", "identify")
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    if not away_at_first:
        rig.b.fault("transient", "pull", object="contacts")
    rig.round()
    rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CFO"})
    rig.plain("DELETE FROM contact")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert len(rig.rows("contact")) == len(rig.a.live("contacts")) == 1
    assert [question.connection for question in rig.questions("match")] == ["b"]


def test_a_delete_does_not_take_what_was_typed_into_a_field_that_was_never_agreed_on(rig: Rig) -> None:
    """The question about the title was ended while a's record was in the bin: its link knows no title since."""
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    theirs = rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CFO"})
    rig.round()
    assert [question.field for question in rig.questions("conflict")] == ["title"]
    rig.a.remove("contacts", mine)
    rig.b.edit("contacts", theirs, {"mobile": "13800138000"})
    rig.round()
    assert "title" not in rig.links("contact", rig.row.uid)["a"].shadow_remote
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    done = _retitled_before_the_next_look(rig, mine)
    rig.rest()
    assert done == ["once"]
    assert rig.row.state == "live"
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert [question.data["sides"]["a"] for question in rig.questions("conflict")] == ["CEO"]


# --- our own deletes --------------------------------------------------------------------------------------------------


def test_where_a_delete_is_a_question_what_we_deleted_ourselves_comes_back_with_its_row(tmp_path: Path) -> None:
    rig = under(tmp_path, "review")
    mine, theirs = rig.ann()
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.rest()
    assert rig.a.live("contacts") == rig.b.live("contacts") == {}
    rig.edit_hub("contact", rig.row.uid, {}, state="live")
    rig.rest()
    assert list(rig.a.live("contacts")) == [mine]
    assert list(rig.b.live("contacts")) == [theirs]
    assert rig.questions() == []


@pytest.mark.parametrize("policy", ["unlink", "archive", "review"])
def test_a_list_that_shows_late_what_we_deleted_brings_nothing_back(tmp_path: Path, policy: str) -> None:
    unmapped: Any = {"contact": {"fields": {"phone": False}}}
    rig = Rig(tmp_path, on_remote_delete=policy, visible_after_s=60, overlap_s=120, maps=unmapped)
    mine, theirs = rig.ann(title="CTO")
    rig.a.list_lag_s = 40
    rig.clock.sleep(100)
    rig.a.edit("contacts", mine, {"phone": "010 5555"})
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.b.fault("busy", "write", object="contacts", match={"action": "delete"})
    rig.round(after_s=2)
    assert rig.a.live("contacts") == {}
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    for _ in range(12):
        rig.round(after_s=4)
    assert rig.row.state == "live"
    assert [values["title"] for values in rig.a.live("contacts").values()] == ["CEO"]
    assert [values["title"] for values in rig.b.live("contacts").values()] == ["CEO"]


@pytest.mark.parametrize(("other", "state"), [("archive", "archived"), ("propagate", "deleted"), ("unlink", "live")])
def test_a_record_deleted_at_both_sides_follows_the_policy_of_each(tmp_path: Path, other: str, state: str) -> None:
    rig = Rig(tmp_path, each={"a": {"on_remote_delete": "unlink"}, "b": {"on_remote_delete": other}})
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.b.remove("contacts", theirs)
    rig.rest()
    assert rig.row.state == state
    assert rig.a.live("contacts") == rig.b.live("contacts") == {}


def test_where_a_delete_ends_the_link_an_edit_brings_back_only_the_other_side(tmp_path: Path) -> None:
    rig = Rig(tmp_path, each={"a": {"on_remote_delete": "unlink"}, "b": {"on_remote_delete": "restore"}})
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.b.remove("contacts", theirs)
    rig.rest()
    assert rig.row.state == "live"
    assert rig.a.live("contacts") == {}
    assert list(rig.b.live("contacts")) == [theirs]
