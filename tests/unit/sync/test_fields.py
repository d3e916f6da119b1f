"""One field between hub and sides, in every direction: what moves, what wins, what is asked, what is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store import claims, journal
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def directed(tmp_path: Path, direction: str, field: str = "title", **more: Any) -> Rig:
    """Give a rig where one field of contacts goes one way only at *a*."""
    return Rig(tmp_path, maps_at={"a": {"contact": {"fields": {field: {"direction": direction}}}}}, **more)


# --- directions ---------------------------------------------------------------------------------------------------


def test_to_hub_takes_from_its_side_and_never_writes_there(tmp_path: Path) -> None:
    rig = directed(tmp_path, "to_hub")
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_an_edit_of_what_one_side_owns_is_taken_back_in_the_hub(tmp_path: Path) -> None:
    rig = directed(tmp_path, "to_hub")
    _mine, theirs = rig.ann(title="CTO")
    rig.edit_hub("contact", rig.row.uid, {"title": "King"})
    report = rig.round()
    rig.rest()
    assert rig.row.values["title"] == "CTO"
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"
    assert any(line.reason == "enforced" for line in report.lines)
    with rig.db.read() as tx:
        kept = [one.changes["title"] for one in journal.of(tx, "contact", rig.row.uid) if "title" in one.changes]
    assert any({"hub": "King"} in change for change in kept)


def test_the_owner_wins_and_the_loser_is_kept_in_the_journal(tmp_path: Path) -> None:
    rig = directed(tmp_path, "to_hub")
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.rest()
    assert rig.questions() == []
    assert rig.row.values["title"] == "CEO"
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    with rig.db.read() as tx:
        kept = [one.changes["title"] for one in journal.of(tx, "contact", rig.row.uid) if "title" in one.changes]
    assert any({"b": "CFO"} in change for change in kept)


def test_to_remote_writes_there_takes_nothing_and_puts_an_edit_right(tmp_path: Path) -> None:
    rig = directed(tmp_path, "to_remote")
    rig.round()
    theirs = rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    (mine,) = rig.a.live("contacts")
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    rig.a.edit("contacts", mine, {"title": "Prankster"})
    report = rig.round()
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"
    assert any(line.reason == "enforced" and line.connection == "a" for line in report.lines)


def test_create_only_is_written_once_and_never_again(tmp_path: Path) -> None:
    rig = directed(tmp_path, "create_only")
    rig.round()
    theirs = rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    (mine,) = rig.a.live("contacts")
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    rig.a.edit("contacts", mine, {"title": "own word"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "own word"
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"


@pytest.mark.parametrize(("there", "here", "after_there", "after_here"), [
    ("CTO", None, "CTO", "CTO"),
    (None, "CEO", "CEO", "CEO"),
    ("CTO", "CEO", "CTO", "CEO"),
])  # fmt: skip
def test_fill_blank_fills_what_is_blank_and_leaves_what_is_not(
    tmp_path: Path, there: str | None, here: str | None, after_there: str, after_here: str
) -> None:
    rig = directed(tmp_path, "fill_blank")
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": there})
    theirs = rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": here})
    rig.rest()
    assert rig.questions() == []
    assert rig.a.live("contacts")[mine]["title"] == after_there
    assert rig.b.live("contacts")[theirs]["title"] == after_here
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == after_there


def test_clearing_a_filled_blank_does_not_clear_the_hub(tmp_path: Path) -> None:
    rig = directed(tmp_path, "fill_blank")
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": None})
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"


def test_a_claim_is_kept_beside_the_hub_value_and_only_the_hub_moves_it_outward(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps={"project": {"fields": {"lifecycle": {"direction": "claim"}}}})
    mine = rig.a.plant("projects", {"name": "Go-live", "contract_no": "C-1", "lifecycle": "active"})
    theirs = rig.b.plant("projects", {"name": "Go-live", "contract_no": "C-1", "lifecycle": "on_hold"})
    rig.rest()
    (row,) = rig.rows("project")
    assert row.values["lifecycle"] is None
    assert rig.questions() == []
    with rig.db.read() as tx:
        said = {one.connection: one.value for one in claims.of(tx, "project", [row.uid])[row.uid]}
    assert said == {"a": "active", "b": "on_hold"}
    assert (rig.a.live("projects")[mine]["lifecycle"], rig.b.live("projects")[theirs]["lifecycle"]) == (
        "active", "on_hold",
    )  # fmt: skip
    rig.edit_hub("project", row.uid, {"lifecycle": "delivered"})
    rig.rest()
    assert rig.a.live("projects")[mine]["lifecycle"] == "delivered"
    assert rig.b.live("projects")[theirs]["lifecycle"] == "delivered"


# --- table B ------------------------------------------------------------------------------------------------------


def test_clearing_reaches_the_other_side_and_blank_is_not_unseen(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO", mobile="13800138000")
    rig.a.edit("contacts", mine, {"title": None})
    rig.a.hide("contacts", "mobile")
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] is None
    assert rig.b.live("contacts")[theirs]["mobile"] == "+8613800138000"
    assert rig.row.values["mobile"] == "+8613800138000"
    rig.a.hide("contacts", "mobile", False)
    rig.rest()
    assert rig.a.live("contacts")[mine]["mobile"] == "13800138000"


def test_a_field_never_shown_is_never_pushed(rig: Rig) -> None:
    rig.a.hide("contacts", "title")
    mine, theirs = rig.ann()
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts")[mine].get("title") is None
    rig.a.hide("contacts", "title", False)
    rig.a.edit("contacts", mine, {"mobile": "13800138000"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"


def test_the_same_edit_on_both_sides_is_adopted_without_a_write(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    before = rig.writes()
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.row.values["title"] == "CEO"
    assert rig.writes() == before


def test_lists_merge_as_sets_over_three_hands(rig: Rig) -> None:
    mine, theirs = rig.ann(roles=["it", "sponsor"])
    rig.a.edit("contacts", mine, {"roles": ["it", "sponsor", "finance"]})
    rig.b.edit("contacts", theirs, {"roles": ["sponsor"]})
    rig.edit_hub("contact", rig.row.uid, {"roles": ["approver", "it", "sponsor"]})
    rig.rest()
    wanted = ["approver", "finance", "sponsor"]
    assert rig.row.values["roles"] == wanted
    assert sorted(rig.a.live("contacts")[mine]["roles"]) == wanted
    assert sorted(rig.b.live("contacts")[theirs]["roles"]) == wanted
    assert rig.questions() == []


def test_first_contact_fills_blanks_takes_form_for_no_difference_and_asks_about_the_rest(rig: Rig) -> None:
    mine = rig.a.plant("contacts", {"name": "Ann LEE", "email": "ann@x.example", "title": "CTO", "roles": ["it"]})
    theirs = rig.b.plant(
        "contacts", {"name": "ann lee", "email": "ann@x.example", "title": "CEO", "mobile": "+8613800138000"}
    )
    rig.rest()
    assert [(one.field, one.data["reason"]) for one in rig.questions("conflict")] == [
        ("title", "first_contact_differs")
    ]
    assert (rig.a.live("contacts")[mine]["name"], rig.b.live("contacts")[theirs]["name"]) == ("Ann LEE", "ann lee")
    assert rig.a.live("contacts")[mine]["mobile"] == "+8613800138000"
    assert rig.b.live("contacts")[theirs]["roles"] == ["it"]
    assert (rig.a.live("contacts")[mine]["title"], rig.b.live("contacts")[theirs]["title"]) == ("CTO", "CEO")


@pytest.mark.parametrize(("take", "value", "wanted"), [
    ("hub", None, "CTO"), ("a", None, "CEO"), ("b", None, "CFO"), (None, "Chair", "Chair"), (None, "", None),
])  # fmt: skip
def test_every_answer_to_a_conflict_ends_it_everywhere(
    rig: Rig, take: str | None, value: str | None, wanted: str | None
) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.id is not None
    rig.desk.resolve_conflict(question.id, take=take, value=value)
    rig.rest()
    assert rig.questions() == []
    assert rig.row.values["title"] == wanted
    assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == wanted
    assert rig.round().counts == {}


def test_an_answer_to_what_no_longer_stands_is_asked_again(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.id is not None
    rig.desk.resolve_conflict(question.id, take="a")
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.rest()
    (again,) = rig.questions("conflict")
    assert again.data["sides"] == {"a": "CEO", "b": "Chair"}
    assert rig.b.live("contacts")[theirs]["title"] == "Chair"


def test_an_edit_of_a_text_that_one_side_cut_is_a_question(rig: Rig) -> None:
    rig.b.shape("contacts", "title", lambda value: value[:5] if isinstance(value, str) else value)
    mine, theirs = rig.ann(title="Chief Executive Officer")
    assert rig.b.live("contacts")[theirs]["title"] == "Chief"
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.data["reason"] == "lossy_edited"
    assert rig.a.live("contacts")[mine]["title"] == "Chief Executive Officer"


def test_three_connections_agree_on_one_edit_and_park_two(tmp_path: Path) -> None:
    rig = Rig(tmp_path, names=("a", "b", "c"))
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    (theirs,), (third,) = rig.b.live("contacts"), rig.worlds["c"].live("contacts")
    rig.worlds["c"].edit("contacts", third, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == "CEO"
    rig.a.edit("contacts", mine, {"title": "Chair"})
    rig.b.edit("contacts", theirs, {"title": "CFO", "mobile": "+8613800138000"})
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.data["sides"] == {"a": "Chair", "b": "CFO", "c": "CEO"}
    assert rig.worlds["c"].live("contacts")[third]["mobile"] == "+8613800138000"


def test_a_coarse_status_and_a_fine_one_are_no_contradiction(tmp_path: Path) -> None:
    options = {"open": ["not_started", "in_progress", "waiting_client"], "shut": ["done", "cancelled"]}
    status = {"remote": "stage", "codec": "option", "options": options}
    rig = Rig(tmp_path, maps_at={"b": {"task": {"fields": {"status": status, "stage": False}}}})
    mine = rig.a.plant("tasks", {"title": "Sign", "status": "in_progress"})
    rig.rest()
    (theirs,) = rig.b.live("tasks")
    rig.a.edit("tasks", mine, {"status": "waiting_client"})
    rig.rest()
    assert rig.b.live("tasks")[theirs]["stage"] == "open"
    rig.b.edit("tasks", theirs, {"stage": "shut"})
    rig.a.edit("tasks", mine, {"status": "cancelled"})
    rig.rest()
    assert rig.rows("task")[0].values["status"] == "cancelled"
    assert rig.a.live("tasks")[mine]["status"] == "cancelled"
    assert rig.questions() == []


# --- references, people, comments ---------------------------------------------------------------------------------


def test_a_parent_that_is_refused_leaves_its_child_without_it_until_it_is_there(rig: Rig) -> None:
    account = rig.a.plant("accounts", {"name": "华星科技"})
    rig.b.fault("refuse", "write", object="accounts")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "account": account})
    rig.round()
    (theirs,) = rig.b.live("contacts")
    assert rig.b.live("contacts")[theirs].get("account") is None
    rig.clock.sleep(3600)
    rig.rest()
    rig.rest()
    (there,) = rig.b.live("accounts")
    assert rig.b.live("contacts")[theirs]["account"] == there


def test_a_child_seen_before_its_parent_waits_for_it(rig: Rig) -> None:
    rig.round()
    account = rig.a.plant("accounts", {"name": "华星科技"})
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "account": account})
    rig.a.fault("transient", "pull", object="accounts")
    rig.round()
    rig.rest()
    (there,) = rig.b.live("accounts")
    assert next(iter(rig.b.live("contacts").values()))["account"] == there


def test_a_moved_reference_follows_on_the_other_side(rig: Rig) -> None:
    first, second = (rig.a.plant("accounts", {"name": name}) for name in ("华星", "恒通"))
    mine, theirs = rig.ann(account=first)
    rig.a.edit("contacts", mine, {"account": second})
    rig.rest()
    named = {id_: row["name"] for id_, row in rig.b.live("accounts").items()}
    assert named[rig.b.live("contacts")[theirs]["account"]] == "恒通"


def test_comments_cross_with_their_parents_and_internal_ones_stay(rig: Rig) -> None:
    task = rig.a.plant("tasks", {"title": "Sign"})
    rig.a.plant("comments", {"body": "hello", "parent_id": task, "parent_kind": "task"})
    rig.a.plant("comments", {"body": "secret", "parent_id": task, "parent_kind": "task", "internal": True})
    rig.a.plant("comments", {"body": "lost", "parent_id": None, "parent_kind": None})
    report = rig.round()
    rig.rest()
    (there,) = rig.b.live("tasks")
    assert [(row["body"], row["parent_id"]) for row in rig.b.live("comments").values()] == [("hello", there)]
    assert any(line.reason == "internal_stays_local" for line in report.lines)
    assert len(rig.rows("comment")) == 3


def test_a_comment_waits_for_the_parent_that_could_not_be_made(rig: Rig) -> None:
    rig.b.fault("refuse", "write", object="tasks")
    task = rig.a.plant("tasks", {"title": "Sign"})
    rig.a.plant("comments", {"body": "hello", "parent_id": task, "parent_kind": "task"})
    rig.round()
    assert rig.b.live("comments") == {}
    rig.clock.sleep(3600)
    rig.rest()
    rig.rest()
    (there,) = rig.b.live("tasks")
    assert [row["parent_id"] for row in rig.b.live("comments").values()] == [there]


def test_people_of_ours_are_told_by_mail_and_strangers_stay_in_the_hub(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.b.users = [user for user in rig.b.users if user.email != "ana@vendor.example"]
    mine, theirs = rig.ann(owner=["u-1"])
    assert rig.row.values["owner"] == "wang@vendor.example"
    assert rig.b.live("contacts")[theirs]["owner"] == ["u-1"]
    rig.a.edit("contacts", mine, {"owner": ["u-2"]})
    report = rig.round()
    rig.rest()
    assert rig.row.values["owner"] == "ana@vendor.example"
    assert rig.b.live("contacts")[theirs]["owner"] == ["u-1"]
    assert any(line.reason.startswith("loss:") and line.connection == "b" for line in report.lines)


def test_a_row_without_a_name_is_made_nowhere_and_says_so(rig: Rig) -> None:
    rig.round()
    rig.plain("INSERT INTO contact (uid, email) VALUES ('0190-aa', 'bo@x.example')")
    report = rig.round()
    assert rig.writes() == 0
    assert {line.reason for line in report.lines} == {"no_title"}


def test_two_owners_of_one_field_who_disagree_are_a_question(tmp_path: Path) -> None:
    one_way = {"contact": {"fields": {"title": {"direction": "to_hub"}}}}
    rig = Rig(tmp_path, maps=one_way)
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    theirs = rig.b.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.rest()
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.data["sides"] == {"a": "CEO", "b": "CFO"}
    assert (rig.a.live("contacts")[mine]["title"], rig.b.live("contacts")[theirs]["title"]) == ("CEO", "CFO")


def test_an_owner_beats_an_edit_in_the_hub_made_at_the_same_time(tmp_path: Path) -> None:
    rig = directed(tmp_path, "to_hub")
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.edit_hub("contact", rig.row.uid, {"title": "King"})
    rig.rest()
    assert rig.row.values["title"] == "CEO"
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    with rig.db.read() as tx:
        kept = [one.changes["title"] for one in journal.of(tx, "contact", rig.row.uid) if "title" in one.changes]
    assert any({"hub": "King"} in change for change in kept)


def test_a_reference_to_a_kind_that_one_side_does_not_map_is_left_out_there(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at={"b": {"account": {"enabled": False}}})
    account = rig.a.plant("accounts", {"name": "华星科技"})
    mine, theirs = rig.ann(account=account)
    assert rig.b.live("contacts")[theirs].get("account") is None
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["account"] == account
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert rig.round().counts == {}


def test_a_person_unknown_to_the_hub_is_noted_and_moves_nothing(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    mine, theirs = rig.ann(owner=["u-1"])
    rig.a.edit("contacts", mine, {"owner": ["u-99"], "title": "CEO"})
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.row.values["owner"] == "wang@vendor.example"
    assert rig.b.live("contacts")[theirs]["owner"] == ["u-1"]
    assert rig.a.live("contacts")[mine]["owner"] == ["u-99"]


def test_a_name_that_differs_at_first_contact_is_asked_about_and_lent_to_the_hub(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.b.plant("contacts", {"name": "Anna Li", "email": "ann@x.example"})
    rig.rest()
    (question,) = rig.questions("conflict")
    assert question.field == "name"
    assert rig.row.values["name"] == "Ann Lee"
    assert rig.writes() == 0
