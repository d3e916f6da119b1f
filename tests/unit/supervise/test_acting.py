"""Acts over a real store: each changes the hub, keeps what was said, names who; what rules forbid is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mapping.errors import InputError
from store import hub, journal, supervision
from store.database import Database
from supervise import acting, agreeing, meeting, steering
from supervise.agreeing import Accepting, Deciding, Signing
from supervise.baselines import read_baselines
from supervise.calendar_file import open_years, read_days, save_days
from supervise.cases import read_setting
from supervise.hand import Done, Hand
from supervise.knobs import Knobs
from supervise.meeting import Answered, Meeting, RiskReview
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk as Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield Desk(database)
    database.close()


def test_an_act_is_a_hub_change_an_act_a_journal_entry_and_a_move_of_the_ball(desk: Desk) -> None:
    desk.task("t", "action", status="in_progress")
    done = acting.move_ball(desk.hand(), "t", "client", "等测试数据")
    assert (done.kind, done.changed, done.who) == ("ball", ("status",), "小陈")
    assert desk.values("task", "t")["status"] == "waiting_client"
    assert desk.acts("task", "t") == [("ball", "小陈", {"from": "vendor", "to": "client", "reason": "等测试数据"})]
    assert desk.balls("t") == [(ms("2026-06-08T10:00"), "client", "person")]
    with desk.db.read() as tx:
        (entry,) = journal.of(tx, "task", "t")
        assert (entry.kind, entry.who, entry.changes["status"]) == ("ball", "小陈", ["in_progress", "waiting_client"])
        assert [mark.reason for mark in hub.dirty(tx, "task")] == ["ball"]


Act = Callable[[Hand], Done]


@pytest.mark.parametrize(
    ("act", "english", "chinese"),
    [
        (lambda h: acting.move_ball(h, "t", "vendor", "x"), "with vendor already", "已在该方手中"),
        (lambda h: acting.move_ball(h, "t", "moon", "x"), "sides are", "责任方"),
        (lambda h: acting.move_ball(h, "t", "client", "  "), "needs a reason", "原因"),
        (lambda h: acting.move_ball(h, "done", "client", "x"), "is done", "已是"),
        (lambda h: acting.promise(h, "t", date(2026, 6, 7)), "is past", "过去"),
        (lambda h: acting.promise(h, "done", date(2026, 6, 9)), "is done", "已是"),
        (lambda h: acting.snooze(h, "t", date(2026, 6, 16), "出差"), "at the latest on 2026-06-15", "2026-06-15"),
        (lambda h: acting.snooze(h, "t", date(2026, 6, 8), "出差"), "within 5 working days", "5 个工作日"),
        (lambda h: acting.snooze(h, "t", date(2026, 6, 9), ""), "needs a reason", "原因"),
        (lambda h: acting.pause(h, "t", None, date(2026, 6, 8), "停工"), "cannot end", "不能在"),
        (lambda h: acting.resume(h, "t"), "not paused", "未暂停"),
        (lambda h: steering.override(h, "p", "name", "x", "y"), "only lifecycle", "只能覆盖"),
        (lambda h: steering.override(h, "p", "lifecycle", "flying", "y"), "one of draft", "之一"),
        (lambda h: steering.override(h, "p", "lifecycle", "closed", ""), "needs a reason", "原因"),
        (lambda h: steering.override(h, "p", "lifecycle", "closed", "y", date(2026, 7, 9)), "by 2026-07-08", "最晚"),
        (lambda h: steering.override(h, "p", "lifecycle", "closed", "y"), "open: acceptance ac", "未完成"),
        (lambda h: steering.set_lifecycle(h, "p", "flying"), "a lifecycle is one of", "之一"),
        (lambda h: steering.set_lifecycle(h, "p", "active"), "already", "已是"),
        (lambda h: steering.set_lifecycle(h, "p", "closed"), "cannot go from active", "不能从"),
        (lambda h: steering.set_lifecycle(h, "p", "cancelled"), "a reason", "原因"),
        (lambda h: acting.set_stage(h, "t", "flying"), "set its status instead", "直接设置状态"),
        (lambda h: acting.set_stage(h, "t", "in_progress"), "already", "已是"),
        (lambda h: acting.set_stage(h, "t", "not_started"), "takes a step back", "回退"),
        (lambda h: acting.set_stage(h, "done", "cancelled"), "cannot become", "不能变为"),
        (lambda h: acting.set_stage(h, "review", "approved"), "it may become delivered", "可以变为:delivered"),
        (lambda h: acting.set_stage(h, "review", "lost"), "its stages are preparing", "可用阶段"),
        (lambda h: acting.set_stage(h, "so", "signed"), "by its own command", "专门的命令"),
        (lambda h: acting.dispute(h, "t", "2026-06-01", " "), "objection's words", "异议内容"),
        (lambda h: acting.waive(h, "task", "t", "punch", ""), "who waives", "豁免人"),
        (lambda h: acting.record(h, "project", "p", "no word!", {}), "no word for an act", "登记类型"),
        (lambda h: agreeing.sign(h, "so", Signing(signer="wang")), "names no version", "文档版本"),
        (lambda h: agreeing.sign(h, "t", Signing(signer="wang")), "is a action", "类型是 action"),
        (lambda h: agreeing.sign(h, "so", Signing(signer="nobody", doc_version="v1")), "not there", "不存在"),
        (lambda h: agreeing.sign(h, "so", Signing(signer="wang", doc_version="v1", method="vow")), "a method", "方式"),
        (lambda h: agreeing.refuse(h, "so", "wang", ""), "needs a reason", "原因"),
        (lambda h: agreeing.revoke(h, "so", "wang", "x"), "cannot become revoked", "不能变为"),
        (lambda h: agreeing.accept(h, "ac", Accepting(outcome="fine", signer="wang")), "an outcome", "结论"),
        (
            lambda h: agreeing.accept(h, "ac", Accepting(outcome="conditionally_accepted", signer="wang")),
            "the conditions", "条件",
        ),
        (lambda h: agreeing.accept(h, "ac", Accepting(outcome="rejected", signer="wang")), "a reason", "原因"),
        (lambda h: agreeing.reopen_acceptance(h, "ac", "new_wish", "x"), "is a change request", "变更请求"),
        (lambda h: agreeing.reopen_acceptance(h, "ac", "defect", "x"), "cannot become reopened", "不能变为"),
        (lambda h: agreeing.formal_notice(h, "ac", date(2026, 6, 9)), "still to come", "尚未到来"),
        (lambda h: agreeing.object_to(h, "ac", ""), "objection's words", "异议内容"),
        (lambda h: meeting.meet(h, "m", Meeting(outcome="party")), "an outcome", "结果"),
        (
            lambda h: meeting.meet(h, "m", Meeting(outcome="client_no_show", attended=["wang"])),
            "nobody attends", "未召开",
        ),
        (lambda h: meeting.meet(h, "m", Meeting(invited=["ghost"])), "no contact ghost", "没有联系人"),
        (lambda h: meeting.confirm_minutes(h, "m", "wang"), "cannot become minutes_confirmed", "不能变为"),
        (lambda h: meeting.review_risk(h, "r", RiskReview(probability="6")), "1 to 5", "1 到 5"),
        (lambda h: meeting.review_risk(h, "r", RiskReview(response="pray")), "a response", "应对方式"),
        (lambda h: meeting.review_risk(h, "r", RiskReview(reviewed_on=date(2026, 6, 9))), "still to come", "尚未"),
        (lambda h: meeting.answer(h, "wang", Answered(wave="", scale="1-5", score="4")), "the wave", "批次"),
        (lambda h: meeting.answer(h, "wang", Answered(wave="w", scale="1-9", score="4")), "a scale", "量表"),
        (lambda h: meeting.answer(h, "wang", Answered(wave="w", scale="1-5", score="6")), "on the scale", "不在量表"),
        (lambda h: meeting.answer(h, "wang", Answered(wave="w", scale="1-5", score="x")), "no number", "不是数字"),
        (
            lambda h: meeting.answer(h, "wang", Answered(wave="w", scale="1-5", score="4", kind="nps")),
            "not asked on", "不使用量表",
        ),
        (lambda h: meeting.send_survey(h, "p", "w1", []), "goes to somebody", "调查对象"),
    ],
)  # fmt: skip
def test_what_the_rules_forbid_is_refused_in_both_languages_and_writes_nothing(
    desk: Desk, act: Act, english: str, chinese: str
) -> None:
    desk.task("t", "action", status="in_progress")
    desk.task("done", "action", status="done")
    desk.task("review", "deliverable_review", stage="preparing", status="in_progress")
    desk.task("so", "sign_off", stage="issued", status="waiting_client")
    desk.task("ac", "acceptance", stage="requested", status="waiting_client")
    desk.task("m", "meeting", stage="planned", status="not_started")
    desk.task("r", "risk", stage="identified", status="not_started")
    before = desk.size()
    with pytest.raises(InputError) as caught:
        act(desk.hand())
    assert english in caught.value.text("en")
    assert chinese in caught.value.text("zh")
    assert desk.size() == before


def test_a_third_snooze_is_one_too_many(desk: Desk) -> None:
    desk.task("t", "action")
    for day in (9, 10):
        acting.snooze(desk.hand(), "t", date(2026, 6, day), "出差")
    with pytest.raises(InputError, match="2 times already"):
        acting.snooze(desk.hand(), "t", date(2026, 6, 11), "出差")


@pytest.mark.parametrize(
    ("knobs", "refused"),
    [
        (Knobs(snooze_max_bd=1, snooze_count=1), ["within 1 working days: at the latest on 2026-06-09", "1 times"]),
        (Knobs(accounts={"华星": {"snooze_max_bd": 1, "snooze_count": 1}}), ["within 1 working days", "1 times"]),
        (Knobs(projects={"erp 二期": {"snooze_max_bd": 1, "snooze_count": 1}}), ["within 1 working days", "1 times"]),
        (
            Knobs(
                accounts={"华星": {"snooze_max_bd": 9}}, projects={"erp 二期": {"snooze_max_bd": 1, "snooze_count": 1}}
            ),
            ["within 1 working days", "1 times"],
        ),
    ],
)
def test_how_far_and_how_often_is_the_projects_the_clients_or_the_organisations_matter(
    desk: Desk, knobs: Knobs, refused: list[str]
) -> None:
    desk.task("t", "action")
    hand = replace(desk.hand(), knobs=knobs)
    with pytest.raises(InputError, match=refused[0]):
        acting.snooze(hand, "t", date(2026, 6, 10), "出差")
    acting.snooze(hand, "t", date(2026, 6, 9), "出差")
    with pytest.raises(InputError, match=refused[1]):
        acting.snooze(hand, "t", date(2026, 6, 9), "出差")


@pytest.mark.parametrize("name", ["snooze_max_bd", "snooze_count"])
def test_snoozes_may_be_forbidden_for_one_project(desk: Desk, name: str) -> None:
    desk.task("t", "action")
    hand = replace(desk.hand(), knobs=Knobs(projects={"erp 二期": {name: 0}}))
    with pytest.raises(InputError, match="may not be snoozed") as refused:
        acting.snooze(hand, "t", date(2026, 6, 9), "出差")
    assert "不允许" in refused.value.text("zh")
    with pytest.raises(ValueError, match=f"{name} is -1"):
        Knobs(**{name: -1})


def test_what_happened_earlier_is_kept_at_its_time_but_not_before_what_is_known(desk: Desk) -> None:
    desk.task("t", "action", status="in_progress")
    acting.move_ball(desk.hand(at="2026-06-03T09:00"), "t", "client", "要数据")
    with pytest.raises(InputError, match="later move of the ball"):
        acting.move_ball(desk.hand(at="2026-06-02T09:00"), "t", "vendor", "给了")
    with pytest.raises(InputError, match="not happened yet"):
        acting.move_ball(desk.hand(at="2026-06-09T09:00"), "t", "vendor", "给了")
    acting.move_ball(desk.hand(at="2026-06-05T09:00"), "t", "vendor", "给了")
    assert desk.balls("t") == [
        (ms("2026-06-03T09:00"), "client", "person"),
        (ms("2026-06-05T09:00"), "vendor", "person"),
    ]


def test_a_deliverable_that_comes_back_twice_goes_into_its_third_round(desk: Desk) -> None:
    desk.task("d", "deliverable_review", stage="preparing", status="in_progress")
    for day, stage in enumerate(
        [
            "delivered",
            "changes_requested",
            "rework",
            "delivered",
            "changes_requested",
            "rework",
            "delivered",
            "approved",
        ],
        start=1,
    ):
        acting.set_stage(desk.hand(at=f"2026-06-0{day}T09:00"), "d", stage)
    values = desk.values("task", "d")
    assert (values["round"], values["status"], values["outcome"]) == ("3", "done", "approved")
    assert values["done_at"] == ms("2026-06-08T09:00")
    assert [side for _, side, _ in desk.balls("d")] == ["client", "vendor", "client", "vendor", "client", "none"]


def test_reopening_needs_a_reason_and_takes_the_end_away(desk: Desk) -> None:
    desk.task("m", "milestone", stage="due", status="in_progress")
    acting.set_stage(desk.hand(), "m", "achieved")
    with pytest.raises(InputError, match="takes a step back"):
        acting.set_stage(desk.hand(), "m", "reopened")
    acting.set_stage(desk.hand(), "m", "reopened", "漏测")
    values = desk.values("task", "m")
    assert (values["done_at"], values.get("outcome"), values["status"]) == (None, None, "in_progress")


def test_an_agreed_pause_is_kept_and_ended(desk: Desk) -> None:
    desk.task("t", "action")
    acting.pause(desk.hand(), "t", None, None, "客户停工")
    with pytest.raises(InputError, match="paused already"):
        acting.pause(desk.hand(), "t", None, None, "again")
    with pytest.raises(InputError, match="the pause began on 2026-06-08"):
        acting.resume(desk.hand(), "t", date(2026, 6, 1))
    acting.resume(desk.hand("2026-06-10T10:00"), "t")
    with desk.db.read() as tx:
        (kept,) = supervision.pauses(tx, "task", ["t"])
    assert (kept.start, kept.until, kept.who) == ("2026-06-08", "2026-06-10", "小陈")
    assert [kind for kind, _, _ in desk.acts("task", "t")] == ["pause", "resume"]


def test_an_override_always_ends(desk: Desk) -> None:
    steering.override(desk.hand(), "p", "lifecycle", "on_hold", "等预算")
    with desk.db.read() as tx:
        (kept,) = supervision.overrides(tx)
    assert (kept.value, kept.until, kept.who) == ("on_hold", "2026-06-22", "小陈")
    steering.drop_override(desk.hand(), "p", "lifecycle")
    with desk.db.read() as tx:
        assert supervision.overrides(tx) == []


def test_a_project_is_closed_when_nothing_keeps_it_open(desk: Desk) -> None:
    desk.task("ac", "acceptance", stage="testing", status="waiting_client")
    steering.set_lifecycle(desk.hand(), "p", "delivered")
    with pytest.raises(InputError, match="cannot become accepted yet; open: acceptance ac"):
        steering.set_lifecycle(desk.hand(), "p", "accepted")
    given = Accepting(outcome="conditionally_accepted", signer="wang", conditions="补手册")
    (punch,) = agreeing.accept(desk.hand(), "ac", given).made
    steering.set_lifecycle(desk.hand(), "p", "accepted")
    for kind in ("report_issued", "retro_held", "survey_sent"):
        acting.record(desk.hand(), "project", "p", kind, {})
    with pytest.raises(InputError, match="cannot become closed yet; open: punch 补手册"):
        steering.set_lifecycle(desk.hand(), "p", "closed")
    acting.set_stage(desk.hand(), punch, "done")
    steering.set_lifecycle(desk.hand(), "p", "closed")
    assert desk.values("project", "p")["lifecycle"] == "closed"
    with pytest.raises(InputError, match="a reason"):
        steering.set_lifecycle(desk.hand(), "p", "active")


def test_a_signature_binds_version_hash_signer_role_and_method(desk: Desk) -> None:
    desk.task("so", "sign_off", stage="issued", status="waiting_client", doc_version="v1", doc_hash="aa")
    with pytest.raises(InputError, match="at v1 now, not at v2"):
        agreeing.sign(desk.hand(), "so", Signing(signer="wang", doc_version="v2"))
    agreeing.sign(desk.hand(), "so", Signing(signer="wang", method="email"))
    ((kind, who, doc),) = desk.acts("task", "so")
    assert (kind, who) == ("signature", "小陈")
    assert doc == {
        "task": "so", "doc_version": "v1", "doc_hash": "aa", "signer": "wang", "name": "王总", "role": "approver",
        "roles": ["approver"], "method": "email", "at_ms": ms("2026-06-08T10:00"),
    }  # fmt: skip
    values = desk.values("task", "so")
    assert (values["stage"], values["status"], values["outcome"]) == ("signed", "done", "signed")
    agreeing.revoke(desk.hand("2026-06-09T10:00"), "so", "wang", "写错了")
    assert desk.values("task", "so")["status"] == "waiting_vendor"


def test_a_signature_with_comments_and_a_refusal_say_so(desk: Desk) -> None:
    for uid in ("one", "two"):
        desk.task(uid, "sign_off", stage="issued", status="waiting_client")
    agreeing.sign(desk.hand(), "one", Signing(signer="wang", doc_version="v1", comments="补充附件"))
    agreeing.refuse(desk.hand(), "two", "wang", "范围不对")
    assert (desk.values("task", "one")["stage"], desk.values("task", "two")["stage"]) == (
        "signed_with_comments",
        "rejected",
    )
    assert desk.acts("task", "one")[0][2]["role"] == "approver"


def test_a_signature_of_somebody_who_may_not_sign_is_kept_and_leaves_the_item_to_who_may(desk: Desk) -> None:
    desk.task("so", "sign_off", stage="issued", status="waiting_client", doc_version="v1")
    desk.task("ac", "acceptance", stage="testing", status="waiting_client")
    agreeing.sign(desk.hand(), "so", Signing(signer="li"))
    agreeing.accept(desk.hand(), "ac", Accepting(outcome="accepted", signer="li"))
    assert [desk.values("task", uid)["status"] for uid in ("so", "ac")] == ["waiting_client", "waiting_client"]
    assert [desk.acts("task", uid)[0][2]["role"] for uid in ("so", "ac")] == ["key_user", "key_user"]
    agreeing.sign(desk.hand("2026-06-09T10:00"), "so", Signing(signer="wang"))
    agreeing.accept(desk.hand("2026-06-09T10:00"), "ac", Accepting(outcome="accepted", signer="wang"))
    assert [desk.values("task", uid)["stage"] for uid in ("so", "ac")] == ["signed", "accepted"]


def test_only_the_client_binds_the_client(desk: Desk) -> None:
    desk.task("so", "sign_off", stage="issued", status="waiting_client", doc_version="v1")
    desk.plant("contact", "ours", name="小张", side="vendor", roles=["approver"])
    with pytest.raises(InputError, match="not of the client") as caught:
        agreeing.sign(desk.hand(), "so", Signing(signer="ours"))
    assert "不是客户方人员" in caught.value.text("zh")


@pytest.mark.parametrize(
    ("kind", "before", "typed", "way"),
    [
        ("action", {"status": "done"}, {"status": "not_started"}, "cannot become"),
        ("action", {"status": "done"}, {"status": "cancelled"}, "cannot become"),
        ("action", {"status": "done"}, {"status": "in_progress"}, 'duban stage t in_progress --reason "..."'),
        ("sign_off", {"status": "waiting_client"}, {"status": "done"}, "duban sign t"),
        ("sign_off", {"status": "waiting_client"}, {"stage": "signed"}, "duban sign t"),
        ("acceptance", {"status": "waiting_client"}, {"stage": "rework"}, "duban stage t rework"),
    ],
)
def test_nobody_types_around_a_state_machine(
    kind: str, before: dict[str, str], typed: dict[str, str], way: str
) -> None:
    with pytest.raises(InputError) as caught:
        acting.refuse_typed("task", "t", {"title": "T", "kind": kind, **before}, typed)
    assert way in caught.value.text("en")
    assert "T" in caught.value.text("zh")


def test_what_no_machine_forbids_may_be_typed() -> None:
    before = {"title": "T", "kind": "action", "status": "not_started"}
    acting.refuse_typed("task", "t", before, {"status": "done", "due": "2026-06-12"})
    acting.refuse_typed("task", "t", before, {"stage": "our own word"})
    acting.refuse_typed("account", "a", {}, {"name": "X"})


@pytest.mark.parametrize("kind", ["sign_off", "acceptance"])
def test_what_needs_a_name_under_it_is_not_ended_by_a_status(desk: Desk, kind: str) -> None:
    desk.task("t", kind, status="waiting_client")
    with pytest.raises(InputError, match="by its own command"):
        acting.set_stage(desk.hand(), "t", "done")


def test_conditions_become_items_of_the_punch_list(desk: Desk) -> None:
    desk.task("ac", "acceptance", stage="testing", status="waiting_client", owner="pm@v.example")
    given = Accepting(
        outcome="conditionally_accepted", signer="wang", conditions="补手册\n\n 修正报表 ", due=date(2026, 6, 20)
    )
    done = agreeing.accept(desk.hand(), "ac", given)
    punch = [desk.values("task", uid) for uid in done.made]
    assert [(one["title"], one["parent"], one["owner"], one["due"]) for one in punch] == [
        ("补手册", "ac", "pm@v.example", "2026-06-20"), ("修正报表", "ac", "pm@v.example", "2026-06-20"),
    ]  # fmt: skip
    assert desk.values("task", "ac")["conditions"] == "补手册\n修正报表"
    assert desk.acts("task", "ac")[0][2]["punch"] == list(done.made)
    agreeing.reopen_acceptance(desk.hand("2026-06-09T10:00"), "ac", "defect", "打印错误")
    assert desk.values("task", "ac")["status"] == "waiting_vendor"


def test_formal_notices_are_for_what_is_with_the_client(desk: Desk) -> None:
    desk.task("ac", "acceptance", stage="ready", status="in_progress")
    with pytest.raises(InputError, match="not with the client"):
        agreeing.formal_notice(desk.hand(), "ac", date(2026, 6, 5))
    acting.set_stage(desk.hand(at="2026-06-03T09:00"), "ac", "requested")
    agreeing.formal_notice(desk.hand(), "ac", date(2026, 6, 5))
    agreeing.object_to(desk.hand(), "ac", "数据不全", "王总")
    assert [kind for kind, _, _ in desk.acts("task", "ac")] == ["stage", "deemed_notice", "objection"]


@pytest.mark.parametrize(
    ("given", "lacks", "fehlt"),
    [
        (Deciding(approve=True, approver="wang", impact="加接口", days="5"), "cost", "费用"),
        (Deciding(approve=True, approver="wang", impact="加接口", cost="0"), "working days", "工期"),
        (Deciding(approve=True, approver="wang", cost="0", days="5"), "impact", "影响"),
        (Deciding(approve=True, impact="加接口", cost="0", days="5"), "an approver", "批准人"),
        (Deciding(approve=True, approver="li", impact="加接口", cost="0", days="5"), "role to decide", "角色"),
        (Deciding(approve=False, approver="wang"), "a reason", "原因"),
        (Deciding(approve=True, approver="wang", impact="x", cost="0", days="1.5"), "whole working days", "整数"),
        (Deciding(approve=True, approver="wang", impact="x", cost="much", days="1"), "no number", "不是数字"),
    ],
)
def test_a_change_is_not_approved_while_something_is_missing(
    desk: Desk, given: Deciding, lacks: str, fehlt: str
) -> None:
    desk.task("cr", "change_request", stage="quoted", status="waiting_client")
    before = desk.size()
    with pytest.raises(InputError) as caught:
        agreeing.decide(desk.hand(), "cr", given)
    assert lacks in caught.value.text("en")
    assert fehlt in caught.value.text("zh")
    assert desk.size() == before


def test_an_approved_change_moves_its_milestones_by_working_days_and_keeps_the_first_plan(desk: Desk) -> None:
    desk.task("uat", "milestone", title="UAT", due="2026-09-18", status="not_started")
    desk.task("live", "milestone", title="上线", due="2026-10-30", status="not_started")
    desk.task("cr", "change_request", stage="quoted", status="waiting_client", affected="UAT", change_days="3")
    given = Deciding(approve=True, approver="wang", impact="加接口", cost="0")
    agreeing.decide(desk.hand("2026-09-10T10:00"), "cr", given)
    values = desk.values("task", "uat")
    # 2026-09-20 is a Sunday on which people work; 09-25 to 09-27 are off
    assert (values["approved_due"], values["baseline_due"], values["due"]) == ("2026-09-22", "2026-09-18", "2026-09-22")
    assert desk.values("task", "live").get("approved_due") is None
    with desk.db.read() as tx:
        first, second = read_baselines(tx, "p")
    assert (first.dates["uat"], second.dates["uat"]) == (date(2026, 9, 18), date(2026, 9, 22))
    assert (second.version, second.cr, second.approved_by) == (2, "cr", "wang")
    assert desk.values("task", "cr")["stage"] == "approved"


def test_a_milestone_that_joined_the_plan_later_is_moved_too(desk: Desk) -> None:
    desk.task("m1", "milestone", due="2026-06-10", status="not_started")
    desk.task("c1", "change_request", stage="quoted", status="waiting_client", affected="m1", change_days="1")
    desk.task("c2", "change_request", stage="quoted", status="waiting_client", affected="m2", change_days="3")
    given = Deciding(approve=True, approver="wang", impact="x", cost="0")
    agreeing.decide(desk.hand("2026-06-08T10:00"), "c1", given)
    desk.task("m2", "milestone", due="2026-07-01", status="not_started")
    agreeing.decide(desk.hand("2026-06-09T10:00"), "c2", given)
    assert desk.values("task", "m2")["approved_due"] == "2026-07-06"
    with desk.db.read() as tx:
        versions = read_baselines(tx, "p")
    assert [sorted(one.dates) for one in versions] == [["m1"], ["m1"], ["m1", "m2"]]


def test_a_date_somebody_set_apart_from_the_plan_is_left_alone(desk: Desk) -> None:
    desk.task("uat", "milestone", due="2026-09-30", baseline_due="2026-09-18")
    desk.task("cr", "change_request", stage="negotiating", status="waiting_client", affected="uat")
    agreeing.decide(desk.hand(), "cr", Deciding(approve=True, approver="wang", impact="x", cost="10", days="1"))
    values = desk.values("task", "uat")
    assert (values["approved_due"], values["due"]) == ("2026-09-20", "2026-09-30")


def test_a_meeting_keeps_who_came_and_sends_its_minutes(desk: Desk) -> None:
    desk.task("m", "meeting", stage="planned", status="not_started")
    given = Meeting(held_ms=ms("2026-06-05T14:00"), invited=["wang"], attended=["li"], minutes="确认范围")
    meeting.meet(desk.hand(), "m", given)
    values = desk.values("task", "m")
    assert (values["stage"], values["status"]) == ("minutes_sent", "waiting_client")
    assert (values["invited"], values["attended"], values["held_at"]) == ("wang,li", "li", ms("2026-06-05T14:00"))
    meeting.confirm_minutes(desk.hand(), "m", "wang")
    assert desk.values("task", "m")["outcome"] == "minutes_confirmed"
    assert [kind for kind, _, _ in desk.acts("task", "m")] == ["meeting", "minutes_confirmed"]


def test_a_meeting_nobody_came_to_is_closed_with_that(desk: Desk) -> None:
    desk.task("m", "meeting", stage="planned", status="not_started")
    meeting.meet(desk.hand(), "m", Meeting(invited=["wang"], outcome="client_no_show"))
    assert (desk.values("task", "m")["stage"], desk.values("task", "m")["status"]) == ("client_no_show", "done")


def test_a_reviewed_risk_has_its_grades_and_the_day(desk: Desk) -> None:
    desk.task("r", "risk", stage="identified", status="not_started", impact="4")
    meeting.review_risk(desk.hand(), "r", RiskReview(probability="4", response="mitigate", joint=True))
    values = desk.values("task", "r")
    assert (values["probability"], values["impact"], values["reviewed_on"]) == ("4", "4", "2026-06-08")
    assert (values["response"], values["joint"], values["stage"]) == ("mitigate", True, "assessed")


def test_an_answer_is_feedback_and_ends_the_survey(desk: Desk) -> None:
    desk.task("s", "survey", stage="sent", status="waiting_client")
    given = Answered(wave="2026Q2", scale="0-10", score="6", verbatim="慢", survey="s")
    done = meeting.answer(desk.hand(), "wang", given)
    values = desk.values("feedback", done.uid)
    assert (values["kind"], values["score"], values["project"], values["contact"]) == ("nps", "6", "p", "wang")
    assert desk.values("task", "s")["stage"] == "responded"
    assert desk.acts("feedback", done.uid)[0][2]["wave"] == "2026Q2"


def test_nobody_is_asked_again_within_thirty_days(desk: Desk) -> None:
    meeting.send_survey(desk.hand("2026-05-20T10:00"), "p", "w1", ["wang", "li"])
    with pytest.raises(InputError, match="王总 was asked 19 days ago"):
        meeting.send_survey(desk.hand(), "p", "w2", ["wang"])
    meeting.send_survey(desk.hand("2026-06-20T10:00"), "p", "w2", ["wang"])
    assert [doc["wave"] for _, _, doc in desk.acts("project", "p")] == ["w1", "w2"]


def test_disputes_waivers_and_plain_notes_are_kept(desk: Desk) -> None:
    desk.task("t", "action", status="waiting_client")
    acting.dispute(desk.hand(), "t", "2026-06-05", "数据当天已给")
    acting.waive(desk.hand(), "project", "p", "retro", "王总")
    acting.record(desk.hand(), "project", "p", "kickoff", {"text": "启动"})
    assert desk.acts("task", "t")[0][2] == {"entry": "2026-06-05", "text": "数据当天已给"}
    assert [kind for kind, _, _ in desk.acts("project", "p")] == ["waiver", "kickoff"]


# --- own days ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.csv", "day,kind,name\n2026-06-13,work,补班\n\n2026/06/15,休,厂休\n# end\n"),
        ("d.toml", 'source = "通知"\noff = { "2026-06-15" = "厂休" }\n[work]\n"2026-06-13" = "补班"\n'),
    ],
)
def test_own_days_come_from_a_file_with_their_source(desk: Desk, tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    days = read_days(path, "acme", "" if name.endswith("toml") else "通知")
    assert sorted((one.day, one.kind, one.name, one.source) for one in days) == [
        ("2026-06-13", "work", "补班", "通知"), ("2026-06-15", "off", "厂休", "通知"),
    ]  # fmt: skip
    save_days(desk.db, days, who="小陈", now_ms=1, salt=b"s" * 32)
    with desk.db.read() as tx:
        assert len(supervision.calendar_days(tx, "acme")) == len(supervision.every_calendar_day(tx)) == 2


@pytest.mark.parametrize(
    ("name", "text", "years"),
    [
        ("d.csv", "2027-01-01,off,元旦\n2027-01-31,work\n2027,year\n", ()),
        ("d.csv", "2027-01-01,off,元旦\n2027-01-31,work\n", (2027,)),
        ("d.toml", 'year = 2027\noff = ["2027-01-01"]\nwork = ["2027-01-31"]\n', ()),
        ("d.toml", 'year = [2027]\noff = ["2027-01-01"]\nwork = ["2027-01-31"]\n', ()),
    ],
)
def test_a_whole_year_of_a_country_is_known_from_its_import_on(
    desk: Desk, tmp_path: Path, name: str, text: str, years: tuple[int, ...]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    def provisional() -> bool:
        with desk.db.read() as tx:
            calendar = read_setting(tx, now_ms=ms("2027-01-04T09:00"), knobs=Knobs()).calendars.of()
        return calendar.provisional(date(2027, 3, 1), date(2027, 3, 3))

    assert provisional()
    days = read_days(path, "中国", "国务院通知", years)
    assert open_years(days) == []
    save_days(desk.db, days, who="小陈", now_ms=1, salt=b"s" * 32)
    assert not provisional()


def test_a_part_of_a_countrys_list_says_that_its_year_stays_provisional(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("2026-06-13,off\n2027-01-01,off", encoding="utf-8")
    assert open_years(read_days(path, "cn", "s")) == [2027]
    assert open_years(read_days(path, "acme", "s")) == []
    with pytest.raises(InputError, match="only a country's list makes a year known"):
        read_days(path, "acme", "s", [2027])


@pytest.mark.parametrize(
    ("name", "text", "source", "english", "chinese"),
    [
        ("d.csv", "2026-06-13,work", "", "where these days come from", "来源"),
        ("d.csv", "2026-06-13", "s", "line 1: expected day,kind,name", "第 1 行"),
        ("d.csv", "x\n2026-13-01,off", "s", "expected day,kind,name", "第 1 行"),
        ("d.csv", "2026-13-01,off", "s", "expected a day", "应为日期"),
        ("d.csv", "27,year\n2026-06-13,off", "s", "expected a year", "应为年份"),
        ("d.csv", "2026-06-13,party", "s", "expected off or work", "off(休)或 work(班)"),
        ("d.csv", "2026-06-13,off\n2026-06-13,work", "s", "stands there twice", "出现了两次"),
        ("d.csv", "day,kind\n", "s", "no days", "没有日期"),
        ("d.csv", "2026-06-13,off", "s" * 200, "more than 128", "超过 128"),
        ("d.toml", "off = 3", "s", "a table of days", "日期表"),
        ("d.toml", "off = [", "s", "d.toml", "不是有效的 TOML"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    tmp_path: Path, name: str, text: str, source: str, english: str, chinese: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_days(path, "acme", source)
    assert english in caught.value.text("en")
    assert chinese in caught.value.text("zh")
