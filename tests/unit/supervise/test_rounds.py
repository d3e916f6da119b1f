"""Rounds over a real store: flags appear once, go away, and projects are reconciled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mapping.errors import ConfigError
from mapping.records import EntityKind
from store import acts, claims, hub, journal, links, reviews, streams, supervision
from store.acts import Act
from store.claims import Claim
from store.database import Database
from store.hub import HubRow
from store.links import Link
from store.streams import ConnectionState, Stream
from store.supervision import CalendarDay, Override, Pause
from supervise.cases import read_setting
from supervise.knobs import Knobs
from supervise.projects import reconcile_projects
from supervise.report import ProjectItem, SupervisionReport
from supervise.rounds import supervise_once
from supervise.settings import read_knobs
from supervise.views import overdue_view, project_view, projects_view
from tests.support.clocks import StoppedClock, ms


def salt(size: int) -> bytes:
    return b"s" * size


@pytest.fixture
def db() -> Iterator[Database]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield database
    database.close()


def plant(db: Database, entity: EntityKind, uid: str, **values: Any) -> None:
    with db.write() as tx:
        hub.insert(tx, entity, [HubRow(uid, 1, "live", values)], 0)


def edit(db: Database, entity: EntityKind, uid: str, **values: Any) -> None:
    with db.write() as tx:
        row = hub.read(tx, entity, [uid])[uid]
        assert hub.update(tx, entity, [hub.HubChange(uid, row.rev, values)], 0) == []


def state(db: Database, entity: EntityKind, uid: str) -> dict[str, Any]:
    with db.read() as tx:
        return dict(hub.read(tx, entity, [uid])[uid].values)


def dirty(db: Database, entity: EntityKind) -> list[str]:
    with db.write() as tx:
        marks = hub.dirty(tx, entity)
        hub.clear_dirty(tx, entity, marks)
    return [mark.uid for mark in marks]


def look(db: Database, at: str, **more: Any) -> SupervisionReport:
    return supervise_once(db, now_ms=ms(at), run_id="r", random_bytes=salt, **more)


def claim(db: Database, uid: str, seen: str = "2026-06-01T09:00", field: str = "lifecycle", **said: str) -> None:
    with db.write() as tx:
        claims.put(tx, [Claim("project", uid, field, name, value, None, ms(seen)) for name, value in said.items()])


@pytest.fixture
def client_action(db: Database) -> Database:
    plant(db, "account", "a1", name="华星", country="中国")
    plant(db, "contact", "c1", name="王总", account="a1")
    plant(db, "project", "p1", name="ERP 二期", code="P-1", account="a1", lifecycle="active")
    plant(
        db, "task", "t1", title="需求规格书签字", status="waiting_client", due="2026-06-10", project="p1", contact="c1",
        owner="pm@vendor.example",
    )  # fmt: skip
    return db


def test_a_flag_appears_once_with_a_lasting_since_and_goes_away_when_it_is_done(client_action: Database) -> None:
    db = client_action
    assert look(db, "2026-06-10T18:00").counts.get("overdue", 0) == 0
    assert dirty(db, "task") == []

    first = look(db, "2026-06-11T09:00")
    assert first.counts["flags_raised"] == 1
    assert first.changed == 1
    assert dirty(db, "task") == ["t1"]
    assert state(db, "task", "t1")["overdue_since"] == "2026-06-11"
    assert state(db, "task", "t1")["severity"] == "S1"

    again = look(db, "2026-06-12T09:00")
    assert again.changed == 0
    assert dirty(db, "task") == []

    louder = look(db, "2026-06-15T09:00")
    assert louder.counts["flags_moved"] == 1
    assert state(db, "task", "t1")["overdue_since"] == "2026-06-11"
    assert state(db, "task", "t1")["severity"] == "S2"

    edit(db, "task", "t1", status="done")
    done = look(db, "2026-06-15T10:00")
    assert done.counts["flags_cleared"] == 1
    assert state(db, "task", "t1")["overdue_since"] is None
    assert state(db, "task", "t1")["severity"] is None
    assert look(db, "2026-06-15T11:00").changed == 0
    with db.read() as tx:
        told = [(entry.who, entry.cause) for entry in journal.of(tx, "task", "t1")]
        flags = supervision.flag_history(tx, "task", "t1")
    assert told == [("rule", "overdue"), ("rule", "overdue_moved"), ("rule", "closed")]
    assert [(flag.since, flag.severity, flag.cleared_ms) for flag in flags] == [
        ("2026-06-11", "S2", ms("2026-06-15T10:00"))
    ]


def test_a_flag_goes_away_when_the_due_date_moves_and_comes_back_for_the_new_one(client_action: Database) -> None:
    db = client_action
    look(db, "2026-06-11T09:00")
    edit(db, "task", "t1", due="2026-06-30")
    moved = look(db, "2026-06-12T09:00")
    assert moved.counts["flags_cleared"] == 1
    assert state(db, "task", "t1")["overdue_since"] is None
    look(db, "2026-07-01T09:00")
    assert state(db, "task", "t1")["overdue_since"] == "2026-07-01"
    edit(db, "task", "t1", due="2026-06-29")
    look(db, "2026-07-02T09:00")
    assert state(db, "task", "t1")["overdue_since"] == "2026-06-30"
    with db.read() as tx:
        assert [flag.since for flag in supervision.flag_history(tx, "task", "t1")] == [
            "2026-06-11", "2026-07-01", "2026-06-30",
        ]  # fmt: skip


def test_a_flag_goes_away_while_the_move_is_ours_and_the_days_are_excused(client_action: Database) -> None:
    db = client_action
    look(db, "2026-06-11T09:00")
    edit(db, "task", "t1", status="waiting_vendor")
    ours = look(db, "2026-06-11T10:00")
    assert state(db, "task", "t1")["overdue_since"] is None
    assert [item.uid for item in ours.ours] == ["t1"]
    edit(db, "task", "t1", status="waiting_client")
    back = look(db, "2026-06-16T10:00")
    assert back.overdue[0].obd == 1  # the 11th was theirs; the 12th, 15th and 16th began with us
    assert state(db, "task", "t1")["overdue_since"] == "2026-06-11"


def test_a_reopened_action_gets_new_days(client_action: Database) -> None:
    db = client_action
    look(db, "2026-06-11T09:00")
    edit(db, "task", "t1", status="done")
    look(db, "2026-06-12T09:00")
    edit(db, "task", "t1", status="waiting_client")
    assert look(db, "2026-06-22T09:00").overdue == []
    assert look(db, "2026-06-25T23:00").overdue == []
    assert [item.due_eff for item in look(db, "2026-06-26T09:00").overdue] == ["2026-06-25"]


def test_the_report_names_who_and_where_and_why(client_action: Database) -> None:
    db = client_action
    with db.write() as tx:
        links.insert(tx, [
            Link(None, "task", "t1", "zoho", "Tasks", "z-1", modified_ms=5),
            Link(None, "task", "t1", "fxiaoke", "duban_task__c", "f-1", state="gone"),
        ])  # fmt: skip
    item = look(db, "2026-06-15T09:00").overdue[0]
    assert (item.title, item.project, item.account, item.contact) == ("需求规格书签字", "ERP 二期", "华星", "王总")
    assert (item.due, item.due_eff, item.obd, item.severity, item.ball) == (
        "2026-06-10",
        "2026-06-10",
        3,
        "S2",
        "client",
    )
    assert [(ref.connection, ref.remote_id) for ref in item.sources] == [("zoho", "z-1")]
    assert {reason.rule for reason in item.evidence} >= {"R1", "R5", "R9"}


def test_what_is_ours_is_listed_and_never_flagged(db: Database) -> None:
    plant(db, "task", "t1", title="供应商任务", status="in_progress", due="2026-06-01")
    report = look(db, "2026-06-15T09:00")
    assert report.counts["ours_overdue"] == 1
    assert [item.uid for item in report.ours] == ["t1"]
    assert report.overdue == []
    assert state(db, "task", "t1")["overdue_since"] is None
    assert report.no_owner == 1


def test_due_soon_and_undated_items_are_counted_and_nothing_is_written(db: Database) -> None:
    plant(db, "task", "t1", title="[client] a", due="2026-06-16", owner="x@v.example")
    plant(db, "task", "t2", title="[client] b", status="in_progress", owner="x@v.example")
    report = look(db, "2026-06-15T09:00")
    assert [item.uid for item in report.due_soon] == ["t1"]
    assert (report.counts["due_soon"], report.no_due, report.no_owner, report.changed) == (1, 1, 0, 0)


def test_a_day_in_a_year_nobody_announced_is_counted_as_provisional(db: Database) -> None:
    plant(db, "task", "t1", title="[client] a", due="2027-03-01", owner="x@v.example")
    assert look(db, "2027-04-01T09:00").counts["provisional"] == 1
    assert state(db, "task", "t1")["severity"] == "S2"


def test_a_long_list_of_disputes_is_cut_and_counted(db: Database) -> None:
    for n in range(5):
        plant(db, "project", f"p{n}", name=f"P{n}", lifecycle="active")
        claim(db, f"p{n}", zoho="cancelled", fxiaoke="delivered")
    report = look(db, "2026-06-16T10:00", listed=2, chunk=2)
    assert (len(report.disagreements), report.counts["disagreements"]) == (2, 5)
    assert len(look(db, "2026-06-16T11:00", listed=None).disagreements) == 5


def test_rows_that_are_not_live_are_left_alone(db: Database) -> None:
    with db.write() as tx:
        hub.insert(tx, "task", [HubRow("t1", 1, "archived", {"title": "[client] x", "due": "2026-06-01"})], 0)
    assert look(db, "2026-06-15T09:00").counts.get("tasks", 0) == 0


def test_a_look_from_another_moment_writes_nothing(client_action: Database) -> None:
    db = client_action
    claim(db, "p1", zoho="delivered")
    report = overdue_view(db, now_ms=ms("2026-06-15T09:00"))
    assert [item.severity for item in report.overdue] == ["S2"]
    assert report.changed == 0
    assert state(db, "task", "t1")["overdue_since"] is None
    assert state(db, "project", "p1")["lifecycle"] == "active"
    assert dirty(db, "task") == []
    with db.read() as tx:
        assert supervision.flag_history(tx, "task", "t1") == []
        assert supervision.ball_events(tx, "task", ["t1"]) == []


def test_an_agreed_pause_and_the_days_of_an_own_calendar_count(client_action: Database) -> None:
    db = client_action
    with db.write() as tx:
        supervision.add_pause(tx, Pause("task", "t1", "2026-06-09", "2026-06-10"))
        supervision.save_calendar_days(tx, [CalendarDay("bank", "2026-06-12", "off")])
    edit(db, "account", "a1", calendar="bank")
    report = look(db, "2026-06-15T09:00")
    assert [(item.due_eff, item.obd) for item in report.overdue] == [("2026-06-11", 1)]


def test_a_task_that_blocks_the_next_milestone_is_one_level_louder(client_action: Database) -> None:
    db = client_action
    plant(db, "task", "m0", title="启动", kind="milestone", project="p1", due="2026-01-05", status="done")
    plant(db, "task", "m1", title="UAT", kind="milestone", project="p1", due="2026-07-01", status="in_progress")
    plant(db, "task", "m2", title="上线", kind="milestone", project="p1", due="2026-08-01", status="in_progress")
    edit(db, "task", "t1", blocks="上线")
    assert look(db, "2026-06-11T09:00").overdue[0].severity == "S1"
    edit(db, "task", "t1", blocks="other, UAT")
    assert look(db, "2026-06-11T09:00").overdue[0].severity == "S2"
    edit(db, "task", "t1", blocks=["m1"])
    assert look(db, "2026-06-11T09:00").overdue[0].severity == "S2"


def test_many_tasks_pass_in_chunks_and_a_list_keeps_the_loudest(db: Database) -> None:
    for n in range(10):
        plant(
            db,
            "task",
            f"t{n}",
            title=f"[client] {n}",
            due=f"2026-06-{n + 1:02}",
            status=None if n % 2 else "in_progress",
        )
        plant(db, "task", f"d{n}", title=f"[client] {n}", due="2026-06-01", status="done")
        plant(db, "project", f"p{n}", name=f"{n}")
    report = look(db, "2026-06-30T09:00", chunk=3, listed=4)
    assert [item.uid for item in report.overdue] == ["t0", "t1", "t2", "t3"]
    assert report.counts["overdue"] == 10
    assert report.counts["flags_raised"] == 10
    assert (report.counts["tasks"], report.counts["projects"]) == (20, 10)
    assert look(db, "2026-06-30T09:01", chunk=3).changed == 0
    assert report.as_dict()["counts"]["overdue"] == 10
    assert len(overdue_view(db, now_ms=ms("2026-06-30T09:02")).overdue) == 10


def test_the_knobs_that_differ_are_told_and_the_zone_is_the_organisations(client_action: Database) -> None:
    knobs = Knobs(grace_bd=30, authority=("zoho",))
    report = look(client_action, "2026-06-15T09:00", knobs=knobs, org_zone="Europe/Berlin", authority=["fxiaoke"])
    assert report.overdue == []
    assert report.knobs == {"zone": "Europe/Berlin", "grace_bd": 30, "authority": ["fxiaoke"]}
    with pytest.raises(ConfigError, match="unknown calendar"):
        look(client_action, "2026-06-15T09:00", knobs=Knobs(calendar="Atlantis"))
    with pytest.raises(ConfigError, match="no usable time zone"):
        look(client_action, "2026-06-15T09:00", org_zone="Mars/Base")


# --- projects ---------------------------------------------------------------------------------------------------


def test_the_first_agreed_claim_becomes_the_hubs_value(db: Database) -> None:
    plant(db, "project", "p1", name="P")
    claim(db, "p1", zoho="active", fxiaoke="active")
    report = look(db, "2026-06-15T09:00")
    assert report.counts["lifecycle_set"] == 1
    assert state(db, "project", "p1")["lifecycle"] == "active"
    assert dirty(db, "project") == ["p1"]
    assert report.disagreements == []
    assert look(db, "2026-06-15T10:00").changed == 0
    assert dirty(db, "project") == []


def test_the_first_word_on_a_project_is_taken_without_reading_its_records(db: Database) -> None:
    asked: list[str] = []
    for uid, lifecycle in (("p1", None), ("p2", "accepted")):
        plant(db, "project", uid, name=uid, lifecycle=lifecycle)
        plant(db, "task", f"{uid}t", title="t", project=uid, status="done")
        claim(db, uid, zoho="closed")
        with db.read() as tx:
            row = hub.read(tx, "project", [uid])[uid]
            setting = read_setting(tx, now_ms=ms("2026-06-15T09:00"), knobs=Knobs())
            assert tx.raw is not None
            tx.raw.set_trace_callback(asked.append)
            (found,) = reconcile_projects(tx, [row], setting)
            tx.raw.set_trace_callback(None)
        assert found.verdicts["lifecycle"].outcome == ("taken" if lifecycle is None else "closure_gate_open")
        assert any('"task"' in sql for sql in asked) is (lifecycle is not None)


def test_one_new_claim_moves_the_hub_and_the_other_side_does_not_move_it_back(db: Database) -> None:
    plant(db, "project", "p1", name="P")
    claim(db, "p1", zoho="active", fxiaoke="active")
    look(db, "2026-06-15T09:00")
    claim(db, "p1", seen="2026-06-16T09:00", fxiaoke="delivered")
    look(db, "2026-06-16T10:00")
    assert state(db, "project", "p1")["lifecycle"] == "delivered"
    for hour in (11, 12):
        assert look(db, f"2026-06-16T{hour}:00").changed == 0
    assert state(db, "project", "p1")["lifecycle"] == "delivered"


def test_a_terminal_conflict_is_held_and_asked_once_until_a_person_answers(db: Database) -> None:
    plant(db, "project", "p1", name="P")
    claim(db, "p1", zoho="active", fxiaoke="active")
    look(db, "2026-06-15T09:00")
    dirty(db, "project")
    claim(db, "p1", seen="2026-06-16T09:00", zoho="cancelled", fxiaoke="delivered")
    for hour in (10, 11):
        report = look(db, f"2026-06-16T{hour}:00")
        assert state(db, "project", "p1")["lifecycle"] == "active"
        assert dirty(db, "project") == []
        item = report.disagreements[0]
        assert (item.flags, item.needs_person) == (("terminal_conflict",), True)
        assert item.claims == {"fxiaoke": "delivered", "zoho": "cancelled"}
    with db.read() as tx:
        open_ = reviews.open_(tx, "conflict")
    assert [(each.uid, each.field, each.opened_ms) for each in open_] == [("p1", "lifecycle", ms("2026-06-16T10:00"))]
    assert open_[0].data == {
        "hub": "active", "reason": "terminal_conflict", "sides": {"fxiaoke": "delivered", "zoho": "cancelled"},
    }  # fmt: skip

    with db.write() as tx:
        assert reviews.resolve(tx, open_[0].id or 0, {"value": "delivered"}, 0)
    look(db, "2026-06-16T12:00")
    assert state(db, "project", "p1")["lifecycle"] == "delivered"
    assert dirty(db, "project") == ["p1"]
    look(db, "2026-06-16T13:00")
    assert state(db, "project", "p1")["lifecycle"] == "delivered"
    with db.read() as tx:
        assert reviews.of_uids(tx, "project", ["p1"]) == []


@pytest.mark.parametrize(
    ("answer", "value"), [({"take": "zoho"}, "cancelled"), ({"side": "hub"}, "active"), ({}, "active")]
)
def test_an_answer_may_name_a_side(db: Database, answer: dict[str, str], value: str) -> None:
    plant(db, "project", "p1", name="P", lifecycle="active")
    claim(db, "p1", zoho="cancelled", fxiaoke="delivered")
    look(db, "2026-06-16T10:00")
    with db.write() as tx:
        assert reviews.resolve(tx, reviews.open_(tx)[0].id or 0, answer, 0)
    look(db, "2026-06-16T12:00")
    assert state(db, "project", "p1")["lifecycle"] == value
    with db.read() as tx:
        assert len(reviews.open_(tx)) == (0 if answer else 1)


def test_a_blank_answer_never_becomes_a_word(db: Database) -> None:
    plant(db, "project", "p1", name="P")
    claim(db, "p1", zoho="cancelled", fxiaoke="delivered")
    look(db, "2026-06-16T10:00")
    with db.write() as tx:
        assert reviews.resolve(tx, reviews.open_(tx)[0].id or 0, {"value": None, "take": "hub"}, 0)
    look(db, "2026-06-16T12:00")
    assert state(db, "project", "p1")["lifecycle"] is None
    look(db, "2026-06-16T13:00")
    with db.read() as tx:
        assert len(reviews.open_(tx, "conflict")) == 1


def test_an_answer_to_another_picture_is_asked_again(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="active")
    claim(db, "p1", zoho="cancelled", fxiaoke="delivered")
    look(db, "2026-06-16T10:00")
    with db.write() as tx:
        assert reviews.resolve(tx, reviews.open_(tx)[0].id or 0, {"value": "delivered"}, 0)
    claim(db, "p1", seen="2026-06-16T11:00", fxiaoke="on_hold")
    look(db, "2026-06-16T12:00")
    assert state(db, "project", "p1")["lifecycle"] == "active"
    with db.read() as tx:
        assert [each.data["sides"]["fxiaoke"] for each in reviews.open_(tx)] == ["on_hold"]


def test_a_value_that_a_person_sets_in_the_hub_settles_the_dispute(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="active")
    claim(db, "p1", zoho="accepted", fxiaoke="on_hold")
    assert look(db, "2026-06-16T10:00").disagreements[0].needs_person
    edit(db, "project", "p1", lifecycle="on_hold")
    assert not look(db, "2026-06-16T11:00").disagreements[0].needs_person
    assert state(db, "project", "p1")["lifecycle"] == "on_hold"
    with db.read() as tx:
        assert reviews.open_(tx) == []


def test_a_question_ends_when_the_sources_agree_again(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="active")
    claim(db, "p1", zoho="delivered", fxiaoke="on_hold")
    assert look(db, "2026-06-16T10:00").counts["reviews_opened"] == 1
    claim(db, "p1", seen="2026-06-16T11:00", fxiaoke="delivered")
    look(db, "2026-06-16T12:00")
    assert state(db, "project", "p1")["lifecycle"] == "delivered"
    with db.read() as tx:
        assert reviews.open_(tx) == []


def test_accepted_waits_for_the_acceptance_items(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="delivered")
    plant(db, "task", "t1", title="验收", kind="acceptance", status="in_progress", project="p1")
    plant(db, "task", "t2", title="验收 2", kind="acceptance", status="done", project="p1")
    claim(db, "p1", zoho="accepted")
    item = look(db, "2026-06-16T10:00").disagreements[0]
    assert item.flags == ("acceptance_evidence_missing",)
    assert [reason.uid for reason in item.evidence if reason.code == "acceptance_open"] == ["t1"]
    edit(db, "task", "t1", status="done")
    look(db, "2026-06-16T11:00")
    assert state(db, "project", "p1")["lifecycle"] == "accepted"


def say(db: Database, entity: EntityKind, uid: str, kind: str, at: str, **doc: Any) -> None:
    with db.write() as tx:
        acts.append(tx, [Act(entity, uid, kind, ms(at), "pm", doc)])


def test_an_acceptance_counts_when_an_approver_gave_it(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="delivered")
    plant(db, "task", "t1", title="【验收】门户", status="done", project="p1")
    plant(db, "task", "t2", title="附件", kind="acceptance", status="waiting_client", project="p1", mandatory=False)
    claim(db, "p1", zoho="accepted")
    say(db, "task", "t1", "acceptance", "2026-06-15T09:00", outcome="accepted", signer="c1", roles=["key_user"])
    item = look(db, "2026-06-16T10:00").disagreements[0]  # naive: done is accepted, whoever said so
    assert [reason.uid for reason in item.evidence if reason.code == "acceptance_open"] == ["t1"]
    say(db, "task", "t1", "acceptance", "2026-06-16T10:30", outcome="accepted", signer="c2", roles=["approver"])
    look(db, "2026-06-16T11:00")
    assert state(db, "project", "p1")["lifecycle"] == "accepted"


def test_closed_elsewhere_is_a_question_until_what_closing_needs_is_done(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="accepted")
    plant(db, "task", "t1", title="验收", kind="acceptance", status="done", stage="conditionally_accepted",
          conditions="补文档", project="p1")  # fmt: skip
    claim(db, "p1", zoho="closed")
    item = look(db, "2026-06-16T10:00").disagreements[0]
    assert item.flags == ("closure_gate_open",)
    assert state(db, "project", "p1")["lifecycle"] == "accepted"  # naive: closed
    assert [reason.code for reason in item.evidence][1:] == [
        "gate_conditions", "gate_final_report", "gate_retro", "gate_survey",
    ]  # fmt: skip
    say(db, "task", "t1", "waiver", "2026-06-16T10:10", what="conditions", side="client")
    say(db, "project", "p1", "report_issued", "2026-06-16T10:20", report="closure")
    say(db, "project", "p1", "retro_held", "2026-06-16T10:30")
    say(db, "project", "p1", "survey_sent", "2026-06-16T10:40", wave="final")
    look(db, "2026-06-16T11:00")
    assert state(db, "project", "p1")["lifecycle"] == "closed"
    with db.read() as tx:
        assert reviews.open_(tx) == []


def test_a_term_that_runs_out_is_noticed_though_nothing_moves(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="delivered", deemed_after_bd="10")
    plant(db, "task", "t1", title="验收", kind="acceptance", status="waiting_client", project="p1")
    for at in ("2026-06-01", "2026-06-03"):
        say(db, "task", "t1", "deemed_notice", f"{at}T09:00", sent_on=at)
    claim(db, "p1", zoho="accepted")
    look(db, "2026-06-04T10:00")
    look(db, "2026-06-15T23:59")
    assert state(db, "project", "p1")["lifecycle"] == "delivered"
    look(db, "2026-06-16T00:00")
    assert state(db, "project", "p1")["lifecycle"] == "accepted"


@pytest.mark.parametrize(
    ("until", "now", "value"),
    [
        (None, "2026-06-14T00:00", "on_hold"),
        (None, "2026-06-16T00:00", "delivered"),
        ("2026-06-05", "2026-06-05T23:59", "on_hold"),
        ("2026-06-05", "2026-06-06T00:00", "delivered"),
        ("2027-06-05", "2026-06-30T00:00", "on_hold"),
        ("2027-06-05", "2026-07-02T00:00", "delivered"),
    ],
)
def test_an_override_stands_until_it_runs_out(db: Database, until: str | None, now: str, value: str) -> None:
    plant(db, "project", "p1", name="P", lifecycle="active")
    claim(db, "p1", zoho="delivered")
    with db.write() as tx:
        supervision.save_override(
            tx, Override("project", "p1", "lifecycle", "on_hold", at_ms=ms("2026-06-01T00:00"), until=until)
        )
        supervision.save_override(tx, Override("project", "p2", "lifecycle", "closed", at_ms=ms("2026-06-01T00:00")))
        supervision.save_override(tx, Override("account", "p1", "lifecycle", "closed", at_ms=ms("2026-06-01T00:00")))
    assert look(db, "2026-06-02T00:00").disagreements[0].flags == ("overridden",)
    assert state(db, "project", "p1")["lifecycle"] == "on_hold"
    look(db, now)
    assert state(db, "project", "p1")["lifecycle"] == value


def test_a_source_that_was_not_heard_for_a_day_or_was_stopped_does_not_count(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="active")
    claim(db, "p1", zoho="delivered", fxiaoke="on_hold")
    with db.write() as tx:
        streams.save(tx, Stream("zoho", "project", "Deals", updated_ms=ms("2026-06-16T09:00")))
        streams.save(tx, Stream("fxiaoke", "project", "duban_project__c", updated_ms=ms("2026-06-15T08:00")))
    assert overdue_view(db, now_ms=ms("2026-12-01T09:00")).stale == ("fxiaoke",)  # a look ahead is no silence
    report = look(db, "2026-06-16T10:00")
    assert report.stale == ("fxiaoke",)
    assert state(db, "project", "p1")["lifecycle"] == "delivered"
    with db.write() as tx:
        streams.save_connection(tx, ConnectionState("zoho", "zoho", stopped="token revoked"))
    assert look(db, "2026-06-16T11:00").stale == ("fxiaoke", "zoho")


def test_declared_health_is_reconciled_beside_the_lifecycle(db: Database) -> None:
    plant(db, "project", "p1", name="P", lifecycle="active")
    claim(db, "p1", zoho="active")
    claim(db, "p1", field="declared_health", zoho="yellow")
    assert look(db, "2026-06-16T10:00").counts["health_set"] == 1
    assert state(db, "project", "p1")["declared_health"] == "yellow"


def test_views_of_projects_count_their_tasks(client_action: Database) -> None:
    db = client_action
    plant(db, "project", "p0", name="A", lifecycle="draft")
    plant(db, "task", "t2", title="我方", status="in_progress", due="2026-06-01", project="p1")
    plant(db, "task", "t3", title="[client] 无日期", status="in_progress", project="p1")
    claim(db, "p1", zoho="active", fxiaoke="delivered")
    found = projects_view(db, now_ms=ms("2026-06-15T09:00"))
    assert [(item.name, item.client_open, item.client_overdue, item.ours_overdue, item.worst) for item in found] == [
        ("A", 0, 0, 0, None),
        ("ERP 二期", 2, 1, 1, "S2"),
    ]
    page = project_view(db, "p1", now_ms=ms("2026-06-15T09:00"))
    assert page is not None
    assert isinstance(page.project, ProjectItem)
    assert (page.project.lifecycle, page.project.computed, page.project.account) == ("active", "delivered", "华星")
    assert [item.uid for item in page.overdue] == ["t1"]
    assert [item.uid for item in page.ours] == ["t2"]
    assert [item.uid for item in page.client_open] == ["t1", "t3"]
    assert [item.uid for item in page.undated] == ["t3"]
    assert project_view(db, "nobody", now_ms=0) is None


def test_a_project_with_more_tasks_than_a_chunk_is_seen_whole(client_action: Database) -> None:
    for n in range(5):
        plant(client_action, "task", f"x{n}", title="[client]", due="2026-06-01", project="p1")
    page = project_view(client_action, "p1", now_ms=ms("2026-06-15T09:00"), chunk=2)
    assert page is not None
    assert page.project.client_overdue == 6


def test_a_project_with_knobs_of_its_own_is_judged_by_them_also_after_it_was_renamed(client_action: Database) -> None:
    knobs = read_knobs({"projects": {"HT-9": {"grace_bd": 5}}}, "Asia/Shanghai")
    late = "2026-06-16T10:00"
    assert look(client_action, late, knobs=knobs).counts["overdue"] == 1
    edit(client_action, "project", "p1", contract_no="ht-9")
    after = look(client_action, "2026-06-16T10:05", knobs=knobs)
    assert after.counts.get("overdue", 0) == 0
    assert after.knobs == {"projects.ht-9.grace_bd": 5}


def test_a_clock_that_went_back_does_not_turn_the_balls_history_around(client_action: Database) -> None:
    look(client_action, "2026-06-16T10:00")
    edit(client_action, "task", "t1", status="waiting_vendor")
    look(client_action, "2026-06-16T05:00")
    look(client_action, "2026-06-16T12:00", full=True)
    look(client_action, "2026-06-16T13:00", full=True)
    with client_action.read() as tx:
        events = supervision.ball_events(tx, "task", ["t1"])
    assert [(event.side, event.at_ms) for event in events] == [
        ("client", ms("2026-06-16T10:00")), ("vendor", ms("2026-06-16T10:00")),
    ]  # fmt: skip
