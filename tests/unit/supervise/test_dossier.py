"""The dossier of a project over a real store: what it says, on what evidence, and as it stood at an earlier moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from store import journal, links, streams, supervision
from store.database import Database
from store.links import Link
from store.streams import ConnectionState, Stream
from supervise import acting, agreeing, meeting
from supervise.agreeing import Accepting, Deciding, Signing
from supervise.cases import read_setting
from supervise.dossier import Dossier, Standing, portfolio, read_dossier
from supervise.knobs import Knobs
from supervise.meeting import Answered, Meeting, RiskReview
from supervise.views import overdue_view
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def look(desk: ProjectDesk, now: str, uid: str = "p", *, past: bool = False, **knobs: Any) -> Dossier:
    with desk.db.read() as tx:
        setting = read_setting(tx, now_ms=ms(now), knobs=Knobs(**knobs), looking_back=True)
        found = read_dossier(tx, uid, setting, past=past)
    assert found is not None
    return found


def stand(desk: ProjectDesk, now: str, **options: Any) -> list[Standing]:
    with desk.db.read() as tx:
        setting = read_setting(tx, now_ms=ms(now), knobs=Knobs(), looking_back=True)
        return list(portfolio(tx, setting, **options))


def signals(dossier: Dossier) -> dict[str, str]:
    return {signal.code: signal.level for signal in dossier.health.signals}


def flags(dossier: Dossier) -> set[str]:
    return {flag.code for flag in dossier.flags}


def test_there_is_no_dossier_of_what_is_not_there(desk: ProjectDesk) -> None:
    with desk.db.read() as tx:
        setting = read_setting(tx, now_ms=ms("2026-06-08T10:00"), knobs=Knobs())
        assert read_dossier(tx, "nobody", setting) is None


def test_an_empty_project_has_no_health_rather_than_a_good_one(desk: ProjectDesk) -> None:
    dossier = look(desk, "2026-06-08T10:00")
    assert (dossier.health.level, dossier.engagement.index, dossier.signed) == ("unknown", None, (0, 0))
    assert [item.code for item in dossier.gate.open] == ["final_report", "retro", "survey"]
    assert (dossier.account_name, dossier.calendar, dossier.zone) == ("华星", "CN", "Asia/Shanghai")


def test_signatures_count_by_the_version_they_were_given_for(desk: ProjectDesk) -> None:
    for uid in ("charter", "scope", "plan"):
        desk.task(uid, "sign_off", title=f"【签字】{uid}", stage="issued", status="waiting_client", doc_version="v1")
    for uid in ("charter", "scope"):
        agreeing.sign(desk.hand("2026-06-02T10:00"), uid, Signing(signer="wang"))
    assert look(desk, "2026-06-03T10:00").signed == (2, 3)
    desk.edit("task", "scope", doc_version="v2")
    dossier = look(desk, "2026-06-04T10:00")
    assert dossier.signed == (1, 3)
    (scope,) = [view for view in dossier.sign_offs if view.uid == "scope"]
    assert (scope.state, scope.wants, scope.in_force) == ("superseded", "re_sign", False)
    desk.edit("task", "scope", stage="superseded")
    desk.task("scope2", "sign_off", parent="scope", stage="issued", status="waiting_client", doc_version="v2")
    assert look(desk, "2026-06-04T10:00").signed == (1, 3)


def test_a_signature_counts_by_the_roles_the_signer_holds_not_by_those_named(desk: ProjectDesk) -> None:
    desk.task("charter", "sign_off", title="章程", stage="issued", status="waiting_client")
    agreeing.sign(desk.hand(), "charter", Signing(signer="li", doc_version="v1", role="approver"))
    (view,) = look(desk, "2026-06-09T10:00").sign_offs
    assert (view.in_force, view.flags) == (False, ("signed_by_non_approver",))


def test_before_a_signature_was_given_it_does_not_count(desk: ProjectDesk) -> None:
    desk.task("charter", "sign_off", title="章程", stage="issued", status="waiting_client", doc_version="v1")
    agreeing.sign(desk.hand("2026-06-08T10:00"), "charter", Signing(signer="wang"))
    assert look(desk, "2026-06-09T10:00", past=True).signed == (1, 1)
    before = look(desk, "2026-06-05T10:00", past=True)
    assert before.signed == (0, 1)
    assert [item.uid for item in before.client_items] == ["charter"]


def test_a_record_made_later_was_not_there_before(desk: ProjectDesk) -> None:
    desk.task("ac", "acceptance", stage="testing", status="waiting_client")
    given = Accepting(outcome="conditionally_accepted", signer="wang", conditions="补手册")
    agreeing.accept(desk.hand("2026-06-08T10:00"), "ac", given)
    assert len(look(desk, "2026-06-08T10:01", past=True).our_items) == 1
    assert look(desk, "2026-06-08T09:59", past=True).our_items == ()


def test_an_acceptance_on_conditions_keeps_the_gate_shut_until_they_are_done_or_waived(desk: ProjectDesk) -> None:
    desk.task("ac", "acceptance", stage="testing", status="waiting_client", criteria="性能达标\n\n报表正确")
    given = Accepting(outcome="conditionally_accepted", signer="wang", conditions="补手册\n改报表")
    first, second = agreeing.accept(desk.hand(), "ac", given).made
    acting.record(desk.hand(), "project", "p", "report_issued", {"report": "closure"})
    acting.record(desk.hand(), "project", "p", "retro_held", {})
    acting.waive(desk.hand(), "project", "p", "survey", "wang")
    dossier = look(desk, "2026-06-09T10:00")
    assert {item.uid for item in dossier.gate.open} == {first, second}
    assert dossier.acceptance[0].criteria == ("性能达标", "报表正确")
    acting.waive(desk.hand(), "task", first, "punch", "小陈")
    assert len(look(desk, "2026-06-09T10:00").gate.open) == 2  # our own word does not waive what the client asked for
    acting.waive(desk.hand(), "task", first, "punch", "wang")
    desk.edit("task", second, status="cancelled")
    assert {item.uid for item in look(desk, "2026-06-09T10:00").gate.open} == {second}  # given up by us, not done
    desk.edit("task", second, status="done")
    assert look(desk, "2026-06-09T10:00").gate.passes


def test_two_notices_and_silence_accept_by_the_contracts_term_only(desk: ProjectDesk) -> None:
    desk.task("ac", "acceptance", stage="ready", status="in_progress")
    acting.set_stage(desk.hand(at="2026-06-01T09:00"), "ac", "requested")
    for day in (2, 3):
        agreeing.formal_notice(desk.hand(), "ac", date(2026, 6, day))
    assert look(desk, "2026-06-30T10:00").acceptance[0].state == "requested"
    desk.edit("project", "p", deemed_after_bd="10")
    view = look(desk, "2026-06-17T10:00").acceptance[0]
    assert (view.state, view.deemed_on) == ("deemed_accepted", date(2026, 6, 16))
    agreeing.object_to(desk.hand("2026-06-10T10:00"), "ac", "数据不全")
    assert look(desk, "2026-06-17T10:00").acceptance[0].state == "requested"


def test_a_risk_that_nobody_looked_at_for_eleven_days_is_red_and_overdue_by_one(desk: ProjectDesk) -> None:
    desk.task("r", "risk", stage="monitoring", status="in_progress")
    given = RiskReview(probability="4", impact="4", reviewed_on=date(2026, 6, 1), joint=True)
    meeting.review_risk(desk.hand("2026-06-01T10:00"), "r", given)
    dossier = look(desk, "2026-06-16T10:00")
    (risk,) = dossier.risks
    assert (risk.score, risk.level, risk.review_overdue_bd, risk.joint) == (16, "red", 1, True)
    assert signals(dossier)["H3"] == "red"
    assert look(desk, "2026-06-15T10:00").risks[0].review_overdue_bd == 0


def test_what_is_late_on_either_side_shows_in_health(desk: ProjectDesk) -> None:
    desk.task("uat", "milestone", title="UAT", due="2026-06-20", status="not_started", priority="critical")
    desk.task("data", "action", status="waiting_client", due="2026-06-01", blocks="UAT")
    desk.task("build", "action", status="in_progress", due="2026-06-01", owner="pm@v.example")
    dossier = look(desk, "2026-06-09T10:00")
    assert signals(dossier) == {"H1": "green", "H2": "red", "H7": "yellow"}
    assert dossier.health.level == "red"
    assert [(item.uid, item.blocks) for item in dossier.client_items] == [("data", ("UAT",))]
    (line,) = dossier.milestones
    assert (line.baseline, line.forecast, line.slip_bd, line.blockers) == (
        date(2026, 6, 20),
        date(2026, 6, 20),
        0,
        ("data",),
    )
    assert {"no_owner", "missing_role"} <= flags(dossier)
    assert [flag.uid for flag in dossier.flags if flag.code == "no_side"] == ["build", "uat"]


def test_declared_green_over_red_is_a_watermelon(desk: ProjectDesk) -> None:
    desk.edit("project", "p", declared_health="green")
    desk.task("r", "risk", stage="monitoring", status="in_progress", probability="5", impact="4")
    dossier = look(desk, "2026-06-09T10:00")
    assert (dossier.health.declared_gap, dossier.health.watermelon) == (2, True)
    (one,) = stand(desk, "2026-06-09T10:00")
    assert (one.health.watermelon, one.project.uid) == (True, "p")


def test_silence_is_told_with_the_last_thing_heard_and_where_it_stands(desk: ProjectDesk) -> None:
    desk.edit("project", "p", cadence="weekly", start="2026-05-06")
    desk.plant("feedback", "f", subject="进度", kind="comment", contact="wang", project="p",
               submitted_at=ms("2026-06-01T10:00"))  # fmt: skip
    with desk.db.write() as tx:
        links.insert(tx, [Link(None, "feedback", "f", "crm", "Cases", "4711")])
    assert "silence" not in flags(look(desk, "2026-06-15T10:00"))
    (silent,) = [flag for flag in look(desk, "2026-06-16T10:00").flags if flag.code == "silence"]
    assert (silent.since, silent.reasons[0].data["ref"]) == (date(2026, 6, 16), "crm:4711")
    wang = next(line for line in look(desk, "2026-06-16T10:00").contacts if line.uid == "wang")
    assert (wang.last_two_way_ref, wang.roles, wang.side) == ("crm:4711", ("approver",), "client")
    desk.plant("comment", "c", parent="project:p", author="李工", occurred_at=ms("2026-06-12T10:00"), body="收到")
    assert "silence" not in flags(look(desk, "2026-06-16T10:00"))


def test_a_charter_that_nobody_signed_is_told_after_five_days(desk: ProjectDesk) -> None:
    desk.edit("project", "p", start="2026-06-01")
    assert "started_without_charter" not in flags(look(desk, "2026-06-08T10:00"))
    assert "started_without_charter" in flags(look(desk, "2026-06-09T10:00"))
    desk.task("ch", "sign_off", title="项目章程", stage="issued", status="waiting_client", doc_version="v1")
    agreeing.sign(desk.hand("2026-06-09T09:00"), "ch", Signing(signer="wang"))
    assert "started_without_charter" not in flags(look(desk, "2026-06-09T10:00"))


def test_engagement_is_made_of_what_was_measured(desk: ProjectDesk) -> None:
    desk.task("a", "action", status="waiting_client", due="2026-06-03")
    desk.task("m", "meeting", stage="planned", status="not_started")
    given = Meeting(held_ms=ms("2026-06-04T14:00"), invited=["wang"], attended=["li"])
    meeting.meet(desk.hand(), "m", given)
    desk.task("done", "action", status="in_progress", due="2026-06-05")
    acting.move_ball(desk.hand(at="2026-06-02T10:00"), "done", "client", "要资料")
    acting.set_stage(desk.hand(at="2026-06-04T10:00"), "done", "done")
    dossier = look(desk, "2026-06-09T10:00")
    parts = {part.name: (part.value, part.n) for part in dossier.engagement.parts}
    assert parts["on_time"] == (Decimal("50.0"), 2)
    assert parts["responsiveness"] == (Decimal("88.9"), 1)
    assert parts["attendance"] == (Decimal("50.0"), 2)
    assert parts["survey"] == (None, 0)
    assert parts["breadth"] == (Decimal("50.0"), 2)
    # (.35*50 + .25*88.89 + .20*50 + .10*50) / .90 = 60.8
    assert dossier.engagement.index == 61
    meeting.send_survey(desk.hand(), "p", "w1", ["wang", "li"])
    meeting.answer(desk.hand(), "wang", Answered(wave="w1", scale="1-5", score="5", project="p"))
    asked = look(desk, "2026-06-09T10:00")
    assert {part.name: part.n for part in asked.engagement.parts}["survey"] == 2
    assert asked.engagement.index == 65  # a second voice is heard, and half of those asked answered


def test_in_time_is_by_the_day_that_counted_when_it_was_finished(desk: ProjectDesk) -> None:
    for uid in ("paused", "ours", "late"):
        desk.task(uid, "action", status="in_progress", due="2026-06-03")
        acting.move_ball(desk.hand(at="2026-05-29T10:00"), uid, "client", "请提供")
    acting.pause(desk.hand("2026-06-01T10:00"), "paused", date(2026, 6, 1), date(2026, 6, 3), "等环境")
    acting.move_ball(desk.hand(at="2026-06-01T10:00"), "ours", "vendor", "补数据")
    acting.move_ball(desk.hand(at="2026-06-03T10:00"), "ours", "client", "已补")
    for uid in ("paused", "ours", "late"):
        acting.set_stage(desk.hand(at="2026-06-04T10:00"), uid, "done")
    parts = {part.name: (part.value, part.n) for part in look(desk, "2026-06-09T10:00").engagement.parts}
    assert parts["on_time"] == (Decimal("66.7"), 3)  # naive (by the day as typed): 0.0


def test_seats_of_a_meeting_the_client_missed_count(desk: ProjectDesk) -> None:
    desk.task("m", "meeting", stage="planned", status="not_started")
    desk.task("n", "meeting", stage="client_no_show", status="done", due="2026-06-05", invited="王总,李工")
    given = Meeting(outcome="client_no_show", held_ms=ms("2026-06-04T14:00"), invited=["wang"])
    meeting.meet(desk.hand(), "m", given)
    parts = {part.name: (part.value, part.n) for part in look(desk, "2026-06-09T10:00").engagement.parts}
    assert parts["attendance"] == (Decimal("0.0"), 3)  # naive (only meetings that were held): nothing measured


def test_satisfaction_counts_who_was_asked_and_what_still_waits(desk: ProjectDesk) -> None:
    meeting.send_survey(desk.hand("2026-06-01T10:00"), "p", "w1", ["wang", "li"])
    given = Answered(wave="w1", scale="1-5", score="2", project="p", verbatim="太慢")
    made = meeting.answer(desk.hand("2026-06-02T10:00"), "wang", given)
    dossier = look(desk, "2026-06-05T10:00")
    (score,) = dossier.satisfaction.scores
    assert (score.suppressed, score.response_rate, score.counts) == (True, Decimal("50.0"), {"2": 1})
    assert [(line.uid, line.loop_open, line.verbatim) for line in dossier.feedback] == [(made.uid, True, "太慢")]
    assert signals(dossier)["H5"] == "yellow"
    desk.plant("feedback", "bad", subject="投诉", kind="complaint", severity="high", status="new", project="p")
    assert signals(look(desk, "2026-06-05T10:00"))["H5"] == "red"


def test_a_change_that_waits_is_a_decision_with_its_age(desk: ProjectDesk) -> None:
    desk.task("cr", "change_request", title="加接口", stage="draft", status="not_started", due="2026-06-12")
    for day, stage in (("01", "submitted"), ("02", "assessing"), ("03", "quoted")):
        acting.set_stage(desk.hand(at=f"2026-06-{day}T10:00"), "cr", stage)
    dossier = look(desk, "2026-06-16T10:00")
    assert [(line.title, line.age_bd, line.due) for line in dossier.decisions] == [("加接口", 11, date(2026, 6, 12))]
    assert signals(dossier)["H4"] == "yellow"
    given = Deciding(approve=True, approver="wang", impact="接口", cost="5000", days="0", decided_on=date(2026, 6, 16))
    agreeing.decide(desk.hand("2026-06-16T11:00"), "cr", given)
    after = look(desk, "2026-06-17T10:00")
    assert (after.change_totals.approved, after.change_totals.cost, after.decisions) == (1, Decimal(5000), ())
    assert [version.version for version in after.baselines] == [1, 2]
    assert look(desk, "2026-06-16T10:30", past=True).baselines == ()


def test_a_delay_is_laid_at_the_door_of_who_held_the_ball_and_may_be_disputed(desk: ProjectDesk) -> None:
    desk.task("uat", "milestone", title="UAT", due="2026-06-05", status="in_progress")
    desk.task("data", "action", title="数据", status="not_started", due="2026-06-03", blocks="UAT", due_policy="fixed")
    acting.move_ball(desk.hand(at="2026-06-02T10:00"), "data", "client", "要数据")
    acting.move_ball(desk.hand("2026-06-30T10:00", at="2026-06-09T10:00"), "data", "vendor", "给了")
    acting.dispute(desk.hand("2026-06-30T10:00"), "data", "2026-06-09", "当天一早已给")
    dossier = look(desk, "2026-06-11T10:00")
    share = dossier.attribution["uat"]
    assert (share.delay, share.client, share.vendor, share.recovered) == (4, 4, 2, 2)
    assert {entry.day.isoformat(): entry.disputed for entry in share.days if entry.disputed} == {}
    later = look(desk, "2026-06-30T11:00")
    disputed = {entry.day.isoformat(): entry.disputed for entry in later.attribution["uat"].days if entry.disputed}
    assert disputed == {"2026-06-09": "当天一早已给"}
    assert [(line.holder, bool(line.chain)) for line in later.ledger] == [("client", True), ("vendor", True)]
    assert later.ledger[1].disputed == "当天一早已给"
    assert "status=waiting_vendor" in later.ledger[1].evidence


def test_a_reached_milestone_is_late_by_what_it_was_and_no_more(desk: ProjectDesk) -> None:
    desk.task("uat", "milestone", due="2026-06-05", status="in_progress", stage="due")
    acting.set_stage(desk.hand("2026-06-09T10:00"), "uat", "achieved")
    (line,) = look(desk, "2026-06-30T10:00").milestones
    assert (line.achieved_on, line.slip_bd, line.open) == (date(2026, 6, 9), 2, False)


def test_a_cause_that_came_back_proposes_what_answered_it_to_the_next_plan(desk: ProjectDesk) -> None:
    desk.plant("project", "old", name="一期", account="a", lifecycle="closed")
    desk.plant("project", "next", name="三期", account="a", lifecycle="planned")
    desk.plant("feedback", "l1", subject="数据晚", kind="lesson", cause="late_client_data", project="old")
    desk.plant(
        "task", "fix", title="开工前核对数据清单", kind="action", project="old", status="done", improvement_of="l1"
    )
    assert look(desk, "2026-06-09T10:00", "next").proposals == ()
    desk.plant("feedback", "l2", subject="数据又晚", kind="lesson", cause="late_client_data", project="p")
    (proposal,) = look(desk, "2026-06-09T10:00", "next").proposals
    assert (proposal.cause, proposal.lessons, proposal.item) == ("late_client_data", ("l1", "l2"), "fix")
    desk.plant("task", "same", title="开工前核对数据清单", kind="action", project="next")
    assert look(desk, "2026-06-09T10:00", "next").proposals == ()
    old = look(desk, "2026-06-09T10:00", "old")
    assert ([item.uid for item in old.improvements], [line.uid for line in old.lessons]) == (["fix"], ["l1"])
    assert old.proposals == ()


def test_freshness_names_what_was_not_heard_for_long(desk: ProjectDesk) -> None:
    with desk.db.write() as tx:
        state = ConnectionState("crm", "memory")
        state.stop("token revoked", "令牌失效")
        streams.save_connection(tx, state)
        streams.save(tx, Stream("crm", "project", "P", updated_ms=ms("2026-06-08T10:00")))
    (one,) = look(desk, "2026-06-09T10:00").freshness
    assert (one.connection, one.last_ok_ms, one.stale, one.error) == (
        "crm",
        ms("2026-06-08T10:00"),
        True,
        "token revoked",
    )


def test_a_portfolio_reads_projects_in_chunks_and_finds_them_all(desk: ProjectDesk) -> None:
    for number in range(5):
        desk.plant("project", f"q{number}", name=f"Q{number}", lifecycle="active")
        desk.plant("task", f"t{number}", title="x", project=f"q{number}", status="waiting_client", due="2026-06-01")
    found = stand(desk, "2026-06-09T10:00", chunk=2)
    assert [one.project.uid for one in found] == ["p", "q0", "q1", "q2", "q3", "q4"]
    assert {one.project.client_overdue for one in found} == {0, 1}
    assert [one.project.uid for one in stand(desk, "2026-06-09T10:00", uids=["q3", "p"])] == ["p", "q3"]


def test_pauses_and_moves_after_the_moment_do_not_count(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="waiting_client", due="2026-06-03")
    acting.pause(desk.hand("2026-06-08T10:00"), "t", date(2026, 6, 1), None, "停工")
    assert look(desk, "2026-06-05T10:00", past=True).client_items[0].obd == 2
    assert look(desk, "2026-06-08T11:00", past=True).client_items[0].obd == 0
    with desk.db.read() as tx:
        assert len(supervision.pauses(tx, "task", ["t"])) == 1


def test_what_was_overdue_then_is_told_from_what_the_records_said_then(desk: ProjectDesk) -> None:
    desk.task("t", "action", status="waiting_client", due="2026-06-03")
    acting.set_stage(desk.hand("2026-06-08T10:00"), "t", "done")
    desk.task("later", "action", status="waiting_client", due="2026-06-03")
    with desk.db.edit() as tx:
        entry = journal.Entry("", ms("2026-06-09T10:00"), "insert", "task", "later", who="sync")
        journal.append(tx, [entry], b"s" * 32)
    then = overdue_view(desk.db, now_ms=ms("2026-06-05T10:00"), past=True, chunk=1)
    assert [(item.uid, item.obd) for item in then.overdue] == [("t", 2)]
    assert overdue_view(desk.db, now_ms=ms("2026-06-08T11:00"), past=True).counts["tasks"] == 1
    assert [item.uid for item in overdue_view(desk.db, now_ms=ms("2026-06-10T10:00")).overdue] == ["later"]


def test_a_milestone_says_where_it_is_and_how_far_changes_moved_it(desk: ProjectDesk) -> None:
    desk.task(
        "uat", "milestone", due="2026-06-18", baseline_due="2026-06-11", approved_due="2026-06-22", stage="planned"
    )
    desk.task("beta", "milestone", due="2026-06-05", status="in_progress")
    desk.task("someday", "milestone")
    seen = {line.uid: (line.stage, line.extension_bd) for line in look(desk, "2026-06-08T10:00").milestones}
    assert seen == {"uat": ("planned", 6), "beta": ("missed", 0), "someday": ("planned", None)}  # 19 June is a holiday
    seen = {line.uid: (line.stage, line.extension_bd) for line in look(desk, "2026-06-22T10:00").milestones}
    assert seen["uat"] == ("due", 6)
    desk.edit("task", "uat", status="done", done_at=ms("2026-06-23T10:00"))
    assert next(one.stage for one in look(desk, "2026-06-25T10:00").milestones if one.uid == "uat") == "achieved"


def test_assumptions_are_told_by_tag_or_title_whatever_became_of_them(desk: ProjectDesk) -> None:
    desk.task("a1", "action", title="【假设】客户提供测试环境", status="waiting_client", due="2026-06-20")
    desk.task("a2", "risk", title="Licences suffice", tags=["Assumption"], status="done")
    desk.task("a3", "action", title="[assumption] Old data is clean", status="cancelled")
    desk.task("no", "action", title="核对假设清单", status="waiting_vendor")  # naive: a word in the title
    found = [(one.uid, one.state, one.side, one.due_on) for one in look(desk, "2026-06-08T10:00").assumptions]
    assert found == [
        ("a1", "assumed", "client", date(2026, 6, 20)),
        ("a2", "confirmed", "none", None),
        ("a3", "dropped", "none", None),
    ]


def test_an_item_on_hold_is_marked_while_its_pause_lasts_and_names_the_calendar_it_is_judged_by(
    desk: ProjectDesk,
) -> None:
    desk.task("logo", "action", owner_side="client", status="waiting_client", due="2026-06-05")
    acting.pause(desk.hand("2026-06-05T10:00"), "logo", None, date(2026, 6, 10), "brand review")

    def item(now: str) -> tuple[bool, str, str | None]:
        (found,) = look(desk, now).client_items
        return found.paused, found.calendar, found.since

    assert item("2026-06-05T12:00") == (False, "CN", None)
    assert item("2026-06-09T12:00") == (True, "CN", None)
    assert item("2026-06-11T12:00")[0] is False


def test_feedback_marked_internal_is_among_what_the_client_does_not_see(desk: ProjectDesk) -> None:
    desk.plant("feedback", "f1", subject="lesson", kind="lesson", project="p", internal=True)
    desk.plant("feedback", "f2", subject="complaint", kind="complaint", project="p")
    assert look(desk, "2026-06-09T12:00").internal == {"f1"}
