"""What the other side of the table reads: nothing internal by any way, both sides' items, no word of delay."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from reports.brief import brief
from reports.closure import closure
from reports.delays import ledger
from reports.digest import digest
from reports.markdown import to_markdown
from reports.outward import outward
from reports.pdf import to_pdf
from reports.raid import raid
from reports.voice import Edition, Voice
from reports.weekly import Past, weekly
from reports.wording import Language
from supervise.closing import ClosureGate, GateItem, PunchItem
from supervise.delay import Attribution, DayEntry
from supervise.dossier import Dossier, FeedbackLine
from tests.support.dossiers import NOW_MS, dossier, item, score

HIDDEN = "内部：等客户服软"
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def voice(language: Language = "zh", edition: Edition = "client") -> Voice:
    return Voice(language, edition, "Asia/Shanghai")


def text_of(told_of: Dossier, speaks: Voice) -> str:
    given = told_of if speaks.internal else outward(told_of)
    documents = (
        weekly(given, speaks, "2026-W24", Past()), closure(given, speaks, "d"), ledger(given, speaks, "d"),
        raid(given, speaks, "d"), digest([given], speaks, "d"),
    )  # fmt: skip
    return "\n".join(to_markdown(document) for document in documents)


def waits(uid: str, title: str) -> GateItem:
    return GateItem(code="client_action", uid=uid, what=title, next_step="settle_client_action")


def with_hidden() -> Dossier:
    given = dossier()
    mine, seen = item("h1", HIDDEN, ball="client", internal=True), given.client_items[0]
    return replace(
        given,
        client_items=(*given.client_items, mine, replace(seen, uid="t9", blocks=("UAT", HIDDEN))),
        milestones=(*given.milestones, replace(given.milestones[0], uid="h2", title=HIDDEN)),
        gate=ClosureGate(open=(waits("h1", HIDDEN),)),
        acceptance=(replace(given.acceptance[0], open_punch=(PunchItem(uid="h3", title=HIDDEN),)),),
        lessons=(FeedbackLine(uid="h4", title=HIDDEN, kind="lesson"),),
        feedback=(
            FeedbackLine(uid="h5", title=HIDDEN, kind="complaint"),
            FeedbackLine(uid="f9", title="导入太慢", kind="complaint", follow_up="h1"),
        ),
        internal=frozenset({"h1", "h2", "h3", "h4", "h5"}),
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_marked_internal_comes_out_by_no_way(language: Language) -> None:
    assert HIDDEN in text_of(with_hidden(), voice(language, "internal"))
    told = text_of(with_hidden(), voice(language))
    assert HIDDEN not in told
    assert "h1" not in told


def test_the_gate_stays_shut_for_the_client_by_an_item_they_do_not_see() -> None:
    told = to_markdown(closure(outward(with_hidden()), voice(), "d"))
    assert "全部条件已满足" not in told
    assert "| 等待客户的事项未了 | 一项内部事项 | 双方办结 |" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closure_summary_has_the_open_items_of_both_sides(language: Language) -> None:
    waiting = tuple(waits(each.uid, each.title) for each in dossier().client_items)
    given = dossier(gate=ClosureGate(open=waiting), third_items=(item("z1", "银行证书", ball="third_party"),))
    before, _, _ = to_markdown(closure(given, voice(language), "d")).partition(
        "## " + ("附录", "Appendix")[language == "en"]
    )
    for title in ("需求规格书 v2 签字", "修复导入缺陷", "银行证书"):
        assert f"| {title} |" in before
    assert ("共 3 项" if language == "zh" else "3 items") in before
    assert before.count("提供测试数据") == 1, "the gate tells how many, the table which"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_clients_record_of_days_says_beyond_plan_and_never_delay(language: Language) -> None:
    told = to_markdown(ledger(outward(dossier()), voice(language), "d"))
    assert not re.search("延误|延迟|delay|late", told.casefold())
    assert {"zh": "超出计划天数: 10", "en": "Days beyond plan: 10"}[language] in told
    assert {"zh": "= 超出计划 10", "en": "= beyond plan 10"}[language] in told
    own = to_markdown(ledger(dossier(), voice(language, "internal"), "d"))
    assert {"zh": "延误天数: 10", "en": "Days of delay: 10"}[language] in own


def test_each_item_of_a_day_stands_beside_its_own_evidence() -> None:
    told = to_markdown(ledger(outward(dossier()), voice(), "d"))
    assert "需求规格书 v2 签字（自 2026-06-03 09:05 起在该方，到期 2026-06-04，通知 2026-06-05 09:05）" in told
    assert "修复导入缺陷（自 2026-06-03 09:05 起在该方，到期 2026-06-09，未发通知）" in told


def test_a_delay_of_which_no_day_is_known_is_not_called_none() -> None:
    given = dossier(attribution={"m2": Attribution(delay=4, unexplained=4)})
    told = to_markdown(ledger(given, voice(), "d"))
    assert "没有归于任一方的日期" in told
    assert "没有工期差异" not in told
    assert "预测: 已达成 2026-04-09" in told


def test_a_day_without_evidence_names_its_items() -> None:
    bare = DayEntry(day=date(2026, 6, 8), holder="client", items=("t1", ""), evidence=())
    told = to_markdown(ledger(dossier(attribution={"m1": Attribution(delay=1, client=1, days=(bare,))}), voice(), "d"))
    assert "t1；一项内部事项" in told


def test_a_cause_that_only_we_know_is_not_told_to_the_client() -> None:
    known = FeedbackLine(uid="l1", title="数据", kind="lesson", cause="late_client_data")
    ours = replace(known, uid="l2", title="返工", cause="client_fault")
    given = dossier(lessons=(known, ours, replace(known, uid="l3", title="空", cause="")))
    told = to_markdown(closure(given, voice(), "d"))
    assert "- 数据（资料到达晚于计划）" in told
    assert "- 返工\n" in told
    assert "- 空\n" in told
    assert "返工（client\\_fault）" in to_markdown(closure(given, voice("zh", "internal"), "d"))


def test_who_gave_which_answer_to_a_survey_is_told_to_us_alone_and_only_while_it_waits() -> None:
    happy = FeedbackLine(uid="n1", title="NPS 2026Q1 · 用户01", kind="nps", status="new")
    sad = FeedbackLine(uid="n2", title="NPS 2026Q1 · 用户02", kind="nps", status="new", loop_open=True)
    given = dossier(feedback=(happy, sad, FeedbackLine(uid="f1", title="导入太慢", kind="complaint")))
    told = to_markdown(weekly(given, voice(), "w", Past()))
    assert "导入太慢 · 跟进: —" in told
    assert "用户0" not in told
    own = to_markdown(weekly(given, voice("zh", "internal"), "w", Past()))
    assert "用户02" in own
    assert "用户01" not in own


def test_a_follow_up_that_is_done_is_said_to_be_arranged() -> None:
    given = dossier(feedback=(FeedbackLine(uid="f1", title="导入太慢", kind="complaint", follow_up="gone"),))
    assert "导入太慢 · 跟进: 已安排" in to_markdown(weekly(given, voice(), "w", Past()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_item_on_hold_is_said_to_be_and_not_called_open(language: Language) -> None:
    held = item("t1", "商标确认", due_eff="2026-05-15", ball="client", paused=True)
    told = to_markdown(weekly(dossier(client_items=(held,)), voice(language), "w", Past()))
    (row,) = [line for line in told.splitlines() if line.startswith("| 商标确认 |") and "2026-05-15" in line]
    assert ("双方同意暂停" if language == "zh" else "on hold by agreement") in row


def test_the_appendix_names_the_calendars_and_zones_of_items_elsewhere() -> None:
    there = replace(item("t1", "Logo", ball="client"), zone="America/New_York", calendar="US")
    told = to_markdown(weekly(dossier(client_items=(there,)), voice("en"), "w", Past()))
    assert "Calendar: CN; some items by US" in told
    assert r"Asia/Shanghai; some items by America/New\_York" in told


def test_a_third_partys_item_is_not_told_as_ours() -> None:
    late = {"obd": 3, "since": "2026-06-09", "due_eff": "2026-06-08", "severity": "S2"}
    given = dossier(third_items=(item("z1", "银行证书", ball="third_party", owner="pm@vendor.example", **late),))
    told = to_markdown(digest([given], voice("zh", "internal"), "d"))
    _, _, third = told.partition("### 第三方")
    assert "银行证书" in third
    assert "请第三方给出新日期" in third
    assert "银行证书" not in told.partition("### 第三方")[0]


def test_our_own_item_names_our_owner_first() -> None:
    (late, _) = dossier().our_items
    given = dossier(our_items=(replace(late, contact="王总"),))
    _, _, ours = to_markdown(digest([given], voice(), "d")).partition("### 我方待办")
    assert "pm@vendor.example" in ours
    assert "王总" not in ours


def test_nothing_declared_is_said_so() -> None:
    given = dossier(project=replace(dossier().project, health=None))
    assert "no health declared, computed off track" in to_markdown(weekly(given, voice("en", "internal"), "w", Past()))


def test_the_brief_names_the_milestone_that_is_planned_first_though_it_is_forecast_later() -> None:
    (uat, done) = dossier().milestones
    live = replace(uat, uid="m3", title="上线", approved=date(2026, 6, 20), forecast=date(2026, 6, 20), slip_bd=0)
    told = to_markdown(brief([dossier(milestones=(live, uat, done))], voice("zh", "internal"), "d"))
    assert "UAT 2026-06-22 (+10)" in told


def test_long_names_leave_the_brief_on_one_page() -> None:
    long = "供应链与财务一体化升级项目二期（含华东、华南及海外子公司推广阶段与历史数据治理）"
    given = dossier()
    many = tuple(
        replace(given.client_items[0], uid=f"t{n}", title=f"{long}{n}", blocks=(long,)) for n in range(9)
    )  # fmt: skip
    wide = replace(
        given, project=replace(given.project, name=long), client_items=many,
        our_items=tuple(replace(each, ball="vendor", owner="wei.zhang@vendor.example") for each in many),
        contacts=tuple(replace(line, title=long) for line in given.contacts),
        satisfaction=replace(given.satisfaction, scores=(score("nps", "Q1", 16, "25", "-12", "62"),)),
    )  # fmt: skip
    for language in LANGUAGES:
        pdf = to_pdf(brief([wide], voice(language, "internal"), "d"), at_ms=NOW_MS)
        assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
