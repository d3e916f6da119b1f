"""Writes that a side does not take: refused, busy, taken values, refused credentials; and what is parked for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.memory_world import Call
from sync.guards import Rails
from sync.retrying import wait_ms
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def later(rig: Rig, hours: int = 30) -> None:
    rig.clock.sleep(hours * 3600)


# --- parked, retried, healed --------------------------------------------------------------------------------------


def test_a_refused_write_is_parked_with_the_sides_own_code_and_healed_later(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault("refuse", "write", object="contacts", times=2)
    rig.a.edit("contacts", mine, {"title": "CEO", "mobile": "13800138000"})
    report = rig.round()
    (held,) = rig.held()
    assert (held.connection, held.code, held.payload["action"]) == ("b", "REFUSE", "update")
    assert report.exit_code == 4
    later(rig)
    rig.round()
    assert len(rig.held()) == 1
    later(rig)
    rig.rest()
    assert rig.held() == []
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"


def test_each_failure_doubles_the_wait_up_to_a_day(rig: Rig) -> None:
    assert [wait_ms(n) // 60_000 for n in (0, 1, 2, 3, 4)] == [15, 15, 30, 60, 120]
    assert wait_ms(30) == 86_400_000
    mine, _ = rig.ann(title="CTO")
    rig.b.fault("refuse", "write", object="contacts", times=None)
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    waits: list[int] = []
    for _ in range(4):
        (held,) = rig.held()
        waits.append((held.retry_ms - held.last_ms) // 60_000)
        rig.clock.ms = held.retry_ms
        rig.round()
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_a_person_may_ask_for_the_retry_at_once(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault("refuse", "write", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    assert rig.desk.retry(None) == 1
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.held() == []


def test_a_parked_write_that_nobody_wants_any_more_is_not_kept_on_the_list(rig: Rig) -> None:
    mine, _ = rig.ann(title="CTO")
    rig.b.fault("refuse", "write", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    rig.a.edit("contacts", mine, {"title": "CTO"})
    report = rig.round()
    assert rig.held() == []
    assert report.exit_code == 0


def test_a_parked_write_is_kept_while_its_connection_is_out(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault("refuse", "write", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    rig.b.fault("auth", "pull")
    rig.a.edit("contacts", mine, {"phone": "+8613800138000"})
    rig.round()
    assert len(rig.held()) == 1
    later(rig)
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.held() == []


def test_a_locked_record_is_written_once_it_is_free(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.lock_record("contacts", theirs)
    rig.a.edit("contacts", mine, {"title": "CEO"})
    report = rig.round()
    assert report.counts["busy"] == 1
    assert len(rig.held()) == 1
    rig.b.lock_record("contacts", theirs, False)
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.held() == []


@pytest.mark.parametrize("kind", ["stale", "transient"])
def test_a_write_that_did_not_happen_is_planned_or_sent_again(rig: Rig, kind: Any) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault(kind, "write", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.ops() == []


def test_a_guard_read_that_fails_sends_nothing(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault("transient", "fetch", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    before = len(rig.b.writes())
    report = rig.round()
    assert len(rig.b.writes()) == before
    assert report.exit_code == 6
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"


def test_a_record_that_turned_unreadable_is_not_overwritten(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.edit("contacts", theirs, {"opt_out": "perhaps"})
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"
    assert rig.held()
    rig.b.edit("contacts", theirs, {"opt_out": True})
    later(rig)
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.a.live("contacts")[mine]["opt_out"] is True
    assert rig.held() == []


# --- credentials and circuit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "code"), [("auth", 5), ("operator", 3)])
def test_refused_credentials_stop_the_writes_of_that_connection_and_are_named(rig: Rig, kind: Any, code: int) -> None:
    for number in range(250):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    rig.b.fault(kind, "write", object="contacts", times=None)
    report = rig.round()
    assert report.exit_code == code
    assert report.connections["b"].error is not None
    assert len(rig.b.writes()) == 1, "asking again would only extend a lock-out"
    rig.b.faults.clear()
    rig.rest()
    assert len(rig.b.live("contacts")) == 250


def test_many_refusals_open_the_circuit_and_the_rest_waits(tmp_path: Path) -> None:
    rig = Rig(tmp_path, batch_size=10)
    for number in range(100):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    rig.b.fault("refuse", "write", object="contacts", times=None)
    report = rig.round()
    assert len(rig.b.writes()) == 2
    assert report.exit_code == 4
    assert "20 of 20 writes were refused" in (report.connections["b"].error or "")
    assert len(rig.ops()) == 80
    assert len(rig.held()) == 20
    rig.b.faults.clear()
    later(rig)
    rig.rest()
    assert len(rig.b.live("contacts")) == 100
    assert rig.held() == []


# --- a unique value is taken --------------------------------------------------------------------------------------


def stranger(tmp_path: Path) -> tuple[Rig, str]:
    """Give a rig where b holds the key of Ann's row in a record of somebody else, unseen so far."""
    rig = Rig(tmp_path, maps_at={"b": {"contact": {"where": [["side", "not_set"]]}}})
    rig.round()
    rig.plain("INSERT INTO contact (uid, name, email, key) VALUES ('0190-aa', 'Ann Lee', 'ann@x.example', 'K-1')")
    other = rig.b.plant("contacts", {"name": "Zed", "key": "K-1", "side": "client"})
    return rig, other


def test_a_create_whose_unique_value_a_stranger_holds_is_a_question(tmp_path: Path) -> None:
    rig, other = stranger(tmp_path)
    rig.b.edit("contacts", other, {"key": "k-1 "})
    rig.b.edit("contacts", other, {"key": "K-1"})
    report = rig.round()
    assert report.exit_code in (0, 4)
    assert len(rig.b.live("contacts")) == 1


def test_an_update_whose_unique_value_is_taken_is_a_question_and_its_answers_are_carried_out(rig: Rig) -> None:
    _mine, theirs = rig.ann()
    other = rig.b.plant("contacts", {"name": "Zed", "key": "K-9"})
    rig.rest()
    rig.edit_hub("contact", rig.row_of("Ann Lee").uid, {"key": "K-9"})
    rig.rest()
    questions = rig.questions("duplicate")
    assert {question.remote_id for question in questions if question.connection == "b"} == {other}
    assert rig.b.live("contacts")[theirs].get("key") != "K-9"
    assert rig.b.live("contacts")[other]["name"] == "Zed"
    for question in questions:
        assert question.id is not None
        rig.desk.accept(question.id)
    report = rig.round()
    assert any("belongs to another" in problem for problem in report.problems)
    rig.rest()
    assert rig.b.live("contacts")[other]["name"] == "Zed"
    assert len(rig.b.live("contacts")) == 2


def test_an_accepted_holder_is_linked_and_merged_and_a_refused_one_left_alone(tmp_path: Path) -> None:
    rig = Rig(tmp_path, unique_key=False)
    rig.fields("b", "contacts", email={"unique": True})
    rig.round()
    rig.b.fault("malformed", "pull", object="contacts")
    other = rig.b.plant("contacts", {"name": "Zed", "email": "ann@x.example"})
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.round()
    (question,) = rig.questions("duplicate")
    assert (question.connection, question.remote_id) == ("b", other)
    assert question.id is not None
    rig.desk.accept(question.id)
    rig.rest()
    assert list(rig.b.live("contacts")) == [other]
    assert rig.b.live("contacts")[other]["title"] == "CTO"
    assert [one.field for one in rig.questions("conflict")] == ["name"]
    assert rig.held() == []


def test_a_holder_that_is_gone_when_it_is_accepted_is_named(tmp_path: Path) -> None:
    rig = Rig(tmp_path, unique_key=False)
    rig.fields("b", "contacts", email={"unique": True})
    rig.round()
    rig.b.fault("malformed", "pull", object="contacts", times=2)
    other = rig.b.plant("contacts", {"name": "Zed", "email": "ann@x.example"})
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example", "title": "CTO"})
    rig.round()
    (question,) = rig.questions("duplicate")
    rig.b.remove("contacts", other)
    assert question.id is not None
    rig.desk.accept(question.id)
    rig.b.fault("transient", "fetch", object="contacts")
    report = rig.round()
    assert any("not reachable" in problem for problem in report.problems)
    report = rig.round()
    assert any("it is gone" in problem for problem in report.problems)
    rig.rest()
    assert [row["name"] for row in rig.b.live("contacts").values()] == ["Ann Lee"]


def test_holders_that_cannot_be_read_now_leave_the_creates_in_doubt(rig: Rig) -> None:
    rig.b.fault("lost_after", "write", object="contacts")
    rig.b.fault("transient", "fetch", object="contacts")
    for number in range(2):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    rig.round()
    rig.rest()
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == ["C0", "C1"]


# --- unreadable records -------------------------------------------------------------------------------------------


def test_a_record_that_cannot_be_read_is_parked_and_the_others_arrive(rig: Rig) -> None:
    odd = rig.a.plant("contacts", {"name": "Odd", "opt_out": "perhaps"})
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    report = rig.round()
    assert [row["name"] for row in rig.b.live("contacts").values()] == ["Ann Lee"]
    (held,) = rig.held()
    assert (held.remote_id, held.connection) == (odd, "a")
    assert "true or false" in held.message
    assert report.connections["a"].quarantined == 1
    assert report.exit_code == 4
    rig.a.edit("contacts", odd, {"opt_out": None})
    rig.rest()
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == ["Ann Lee", "Odd"]
    assert rig.held() == []


@pytest.mark.parametrize("fate", ["healed", "still odd", "gone", "unreachable"])
def test_a_parked_record_is_read_again_by_itself_when_its_time_has_come(rig: Rig, fate: str) -> None:
    odd = rig.a.plant("contacts", {"name": "Odd", "opt_out": "perhaps"})
    rig.round()
    rig.clock.sleep(3600)
    if fate == "healed":
        rig.a.rows["contacts"][odd].history[-1].values["opt_out"] = True  # type: ignore[index]
    elif fate == "gone":
        rig.a.rows["contacts"].pop(odd)
    elif fate == "unreachable":
        rig.a.fault("transient", "fetch", object="contacts")
    report = rig.round()
    rig.rest()
    there = [row["name"] for row in rig.b.live("contacts").values()]
    assert there == (["Odd"] if fate == "healed" else [])
    assert len(rig.held()) == (0 if fate in ("healed", "gone") else 1)
    assert bool(report.problems) is (fate == "unreachable")


def test_an_option_nobody_mapped_is_parked_and_never_guessed(rig: Rig) -> None:
    rig.fields("a", "tasks", status={"options": ()})
    rig.a.plant("tasks", {"title": "Sign", "status": "someday"})
    rig.round()
    assert rig.rows("task") == []
    (held,) = rig.held()
    assert "option" in held.message


def test_a_value_without_a_home_at_one_side_stays_in_the_hub_and_is_named(tmp_path: Path) -> None:
    options = {"open": ["not_started", "in_progress"], "shut": ["done"]}
    maps = {"task": {"fields": {"status": {"remote": "stage", "codec": "option", "options": options}, "stage": False}}}
    rig = Rig(tmp_path, maps_at={"b": maps})
    mine = rig.a.plant("tasks", {"title": "Sign", "status": "in_progress"})
    rig.rest()
    (theirs,) = rig.b.live("tasks")
    assert rig.b.live("tasks")[theirs]["stage"] == "open"
    rig.a.edit("tasks", mine, {"status": "cancelled"})
    report = rig.round()
    assert any(line.reason == "loss:no_option" and line.connection == "b" for line in report.lines)
    assert rig.b.live("tasks")[theirs]["stage"] == "open"
    assert rig.rows("task")[0].values["status"] == "cancelled"
    rig.b.edit("tasks", theirs, {"title": "Sign it"})
    rig.rest()
    assert rig.a.live("tasks")[mine]["status"] == "cancelled"
    assert rig.a.live("tasks")[mine]["title"] == "Sign it"


def test_a_text_too_long_for_one_side_is_never_cut_silently(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.fields("b", "contacts", title={"length": 5})
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "Chief Executive Officer"})
    report = rig.round()
    rig.rest()
    assert any(line.reason.startswith("loss:") for line in report.lines)
    assert rig.row.values["title"] == "Chief Executive Officer"
    assert rig.a.live("contacts")[mine]["title"] == "Chief Executive Officer"
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    rig.rest()
    assert rig.questions("conflict") or rig.row.values["title"] == "Chair"


# --- A-B-A --------------------------------------------------------------------------------------------------------


def test_an_edit_taken_back_while_it_waited_is_not_carried_out(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.b.fault("lost_before", "write", object="contacts", times=3)
    rig.a.edit("contacts", mine, {"mobile": "13800138000"})
    rig.round()
    rig.b.fault("transient", "fetch", object="contacts", times=2)
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    assert rig.ops()
    rig.a.edit("contacts", mine, {"title": "CTO"})
    rig.round()
    rig.rest()
    assert rig.row.values["title"] == "CTO"
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"
    assert rig.a.live("contacts")[mine]["title"] == "CTO"


def test_a_rail_of_its_own_size_is_obeyed(tmp_path: Path) -> None:
    rig = Rig(tmp_path, rails=Rails(errors_floor=1, errors_share=0.0), batch_size=1)
    for number in range(3):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    rig.b.fault("refuse", "write", object="contacts", times=None)
    rig.round()
    assert len(rig.b.writes()) == 1


def test_every_intent_is_on_disk_before_its_call(rig: Rig) -> None:
    seen: list[str] = []

    def look(when: str, call: Call) -> None:
        if when == "before" and call.mutating:
            seen.extend(op.state for op in rig.ops())

    rig.b.on_call = look
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.round()
    assert "intent" in seen


def test_writes_that_wait_for_a_parent_do_not_hold_up_what_comes_after_them(tmp_path: Path) -> None:
    rig = Rig(tmp_path, parallel=True, batch_size=1, rails=Rails(mass_floor=99))
    tasks = [rig.a.plant("tasks", {"title": f"Step {number}"}) for number in range(20)]
    rig.rest()
    project = rig.a.plant("projects", {"name": "Go-live", "contract_no": "C-1"})
    for task in tasks:
        rig.a.edit("tasks", task, {"project": project})
    last = rig.links("task", max(row.uid for row in rig.rows("task")))["a"].remote_id
    rig.a.edit("tasks", last, {"title": "Step edited"})
    rig.b.fault("refuse", "write", object="projects", times=None)
    rig.round()
    assert "Step edited" in {values["title"] for values in rig.b.live("tasks").values()}


# --- records that a write does not find ----------------------------------------------------------------------------


def _taken_away(rig: Rig, rounds: int) -> Callable[[], str]:
    """Take our user's right to b's record away, have it written to for some rounds, and give what gives it back."""
    mine, theirs = rig.ann(title="CTO")
    kept = rig.b.rows["contacts"].pop(theirs)

    def give_back() -> str:
        rig.b.rows["contacts"][theirs] = kept
        return theirs

    rig.a.edit("contacts", mine, {"title": "CEO"})
    for _ in range(rounds):
        rig.round()
    return give_back


def test_a_record_that_writes_miss_is_asked_about_where_deletes_are_told(rig: Rig) -> None:
    """Neither a delete that is carried on, nor a second record at its place."""
    _taken_away(rig, 6)
    (question,) = rig.questions()
    assert (question.kind, question.data["reason"]) == ("access", "access_none")
    assert rig.b.live("contacts") == {}
    assert [row.state for row in rig.rows("contact", ("live", "archived", "deleted"))] == ["live"]
    assert len(rig.a.live("contacts")) == 1


def test_it_gets_what_it_missed_and_the_question_ends_once_it_is_shown_again(rig: Rig) -> None:
    theirs = _taken_away(rig, 6)()
    rig.b.edit("contacts", theirs, {"mobile": "13800138000"})
    rig.rest()
    assert rig.questions() == []
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    (row,) = rig.rows("contact")
    assert row.values["mobile"] == "+8613800138000"


def test_a_right_taken_for_a_moment_is_nothing_to_ask_about(rig: Rig) -> None:
    theirs = _taken_away(rig, 1)()
    rig.rest()
    assert rig.questions() == []
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"


def test_where_no_feed_tells_of_deletes_a_record_that_writes_miss_twice_is_deleted(tmp_path: Path) -> None:
    rig = Rig(tmp_path, deleted_feed=False)
    mine, theirs = rig.ann(title="CTO")
    rig.b.remove("contacts", theirs)
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.rest()
    assert rig.questions() == []
    assert [row["title"] for row in rig.b.live("contacts").values()] == ["CEO"], "an edit beats a delete"
