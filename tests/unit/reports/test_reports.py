"""The reports: what each edition may say, that both sides stand side by side, that hostile records stay text."""

from __future__ import annotations

import csv
import io
import re
import string
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import reports
from mapping.errors import InputError
from reports.brief import brief
from reports.certificate import certificate
from reports.changes import differences, facts_of, told
from reports.closure import closure
from reports.delays import ledger, ledger_sheet
from reports.digest import digest, digest_is_empty
from reports.document import Document
from reports.drawing import text_width
from reports.html import to_html
from reports.issuing import period_of, week_end_ms, wide_report
from reports.layout import set_pages
from reports.markdown import to_markdown
from reports.outward import outward
from reports.parts import titles_of
from reports.pdf import to_pdf
from reports.raid import raid, raid_sheet
from reports.sheet import safe, sheet, to_csv
from reports.voice import Edition, Voice
from reports.weekly import Past, past_of, weekly
from reports.wording import WORDS, Language
from supervise.assumptions import Assumption
from supervise.dossier import DecisionLine, Dossier
from supervise.health import Signal
from supervise.readiness import Flagged
from supervise.reasons import Reason
from tests.support.dossiers import DAY_MS, NOW_MS, SECRET_TASK, dossier, item

BLAME = {
    "zh": (
        "拖延",
        "拖欠",
        "逾期",
        "违约",
        "过错",
        "过失",
        "失误",
        "失职",
        "怠慢",
        "不配合",
        "归咎",
        "责怪",
        "索赔",
        "催办",
        "督办",
        "延误",
        "责任在",
        "可主张",
    ),
    "en": (
        "overdue",
        "blame",
        "fault",
        "failed",
        "failure",
        "negligen",
        "breach",
        "owes",
        "delay",
        "guilty",
        "chase",
        "nag ",
        "claimable",
        "late ",
    ),
}
"""Words that an edition for the client never has of its own accord."""

EDITIONS: tuple[Edition, ...] = ("client", "internal")
LANGUAGES: tuple[Language, ...] = ("zh", "en")
HOSTILE = (
    '<img src=x onerror=alert(1)> {{7*7}} {% raw %} =cmd|"/c calc"!A1 [x](javascript:1) | ` \u202eliame\x1b[2J\n# head'
)


def voice(language: Language = "zh", edition: Edition = "client") -> Voice:
    return Voice(language, edition, "Asia/Shanghai")


def all_of(told_of: Dossier, speaks: Voice) -> dict[str, Document]:
    made = {
        "weekly": weekly(told_of, speaks, "2026-W24", Past(period="2026-W23", facts=facts_of(dossier(), speaks))),
        "digest": digest([told_of], speaks, "2026-06-12"),
        "certificate": certificate(told_of, speaks, "2026-06-12"),
        "closure": closure(told_of, speaks, "2026-06-12"),
        "raid": raid(told_of, speaks, "2026-06-12"),
        "ledger": ledger(told_of, speaks, "2026-06-12"),
    }
    if speaks.internal:
        made["brief"] = brief([told_of], speaks, "2026-06-12")
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_edition_blames_nobody_and_has_nothing_internal(language: Language) -> None:
    for kind, document in all_of(dossier(), voice(language)).items():
        text = to_markdown(document)
        found = [word for word in BLAME[language] if re.search(rf"(?<![a-z]){word}", text.casefold())]
        assert found == [], kind
        assert SECRET_TASK not in text, kind
        assert not re.search("参与度|engagement|西瓜|watermelon|暂缓的通知|held back|未批先做|before approval", text), (
            kind
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_signal_of_health_blames_anybody_towards_the_client(language: Language) -> None:
    said = (
        ("H1", "milestone_slips", "m1"),
        ("H2", "item_late", "x"),
        ("H3", "risk_review_overdue", "r1"),
        ("H4", "unauthorised_change", "x1"),
        ("H5", "contact_unhappy", "p1"),
        ("H6", "engagement_low", "p1"),
    )
    data = {"days": 8, "count": 1, "index": 30, "title": "UAT"}
    signals = tuple(
        Signal(code=code, level="red", reason=Reason("R11", word, uid, data=data))  # type: ignore[arg-type]
        for code, word, uid in said
    )
    for some in (signals[:3], signals[3:]):
        told_of = dossier(health=replace(dossier().health, signals=some))
        text = to_markdown(weekly(told_of, voice(language), "2026-W24", Past())).split("## 2.")[0]
        assert [word for word in BLAME[language] if re.search(rf"(?<![a-z]){word}", text.casefold())] == []
        assert not re.search("unhappy|low score|偏低|参与度|engagement", text)
    assert "数据迁移窗口不足" in to_markdown(
        weekly(dossier(health=replace(dossier().health, signals=signals)), voice(language), "w", Past())
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_items_stand_beside_the_clients(language: Language) -> None:
    for kind in ("weekly", "digest"):
        text = to_markdown(all_of(dossier(), voice(language))[kind])
        assert "修复导入缺陷" in text, kind
        assert "需求规格书 v2 签字" in text, kind
    start = f"| {WORDS['task'][language == 'en']} |"
    heads = [line for line in text.splitlines() if line.startswith(start)]
    assert len(heads) == 2
    assert heads[0] == heads[1], "both sides have the same columns"


def test_waiting_is_told_in_neutral_words() -> None:
    text = to_markdown(all_of(dossier(), voice())["weekly"])
    assert "等待签字 6 个工作日" in text
    assert "超出约定日期 3 个工作日" in text
    english = to_markdown(all_of(dossier(), voice("en"))["weekly"])
    assert "waits to be signed: 6 working days" in english
    assert "1 working day past its date" in english


def test_the_internal_edition_is_complete() -> None:
    text = to_markdown(all_of(dossier(), voice("zh", "internal"))["weekly"])
    for words in (
        SECRET_TASK,
        "申报健康度 正常，计算健康度 已偏离，差距 2",
        "参与度: 62",
        "暂缓的通知 2 条",
        "可顺延 8 个工作日",
        "未批先做",
    ):
        assert words in text


def test_what_several_items_lack_is_one_line() -> None:
    since = date(2026, 6, 1)
    lacks = (("no_owner", None, "t1"), ("silence", since, "p1"), ("no_due", None, "t2"), ("no_owner", since, "t2"))
    flags = tuple(Flagged(code=code, since=day, uid=uid) for code, day, uid in lacks)
    one, two = (titles_of(dossier())[uid] for uid in ("t1", "t2"))
    zh, en = (
        to_markdown(all_of(dossier(flags=flags), voice(language, "internal"))["weekly"]) for language in ("zh", "en")
    )
    assert zh.count("未定负责人") == en.count("no owner") == 1
    assert f"- 久无消息（自 2026-06-01）\n- 未定负责人 2 项: {one}；{two}（自 2026-06-01）\n- 未定日期: {two}\n" in zh
    assert f"- no owner, 2 items: {one}; {two} (since 2026-06-01)" in en


def test_the_weekly_report_has_its_sections_in_order() -> None:
    heads = [
        block.text
        for block in weekly(dossier(), voice("en"), "2026-W24", Past()).blocks
        if getattr(block, "level", 0) == 2
    ]
    assert heads == [
        "1. Where it stands",
        "2. What changed since the last report",
        "3. Milestones",
        "4. Needs from you",
        "5. Ours",
        "6. Decisions and changes",
        "7. Risks",
        "8. Sign-offs and acceptance",
        "9. Satisfaction and feedback",
        "10. Next period",
        "Appendix",
    ]


def test_the_appendix_names_records_calendar_knobs_and_how_old_the_data_is() -> None:
    text = to_markdown(weekly(dossier(), voice("en"), "2026-W24", Past()))
    for words in ("zoho Tasks/Z-t1", "Calendar: CN", "grace\\_bd=1", "| fxiaoke | 2026-06-11 07:05 | **stale** |"):
        assert words in text


def test_what_changed_is_told_against_the_last_report() -> None:
    speaks = voice("en")
    before = facts_of(dossier(), speaks)
    now = dossier(
        client_items=(
            replace(dossier().client_items[0], ball="vendor"),
            replace(dossier().client_items[1], due_eff="2026-06-20"),
        ),
        milestones=(replace(dossier().milestones[0], forecast=dossier().today),),
        risks=(),
    )
    found = [told(each, speaks) for each in differences(before, facts_of(now, speaks))]
    assert found == [
        "需求规格书 v2 签字: client → us",
        "提供测试数据: due 2026-06-11 → 2026-06-20",
        "settled: 确认接口清单",
        "milestone forecast: UAT 2026-06-22 → 2026-06-12",
        "milestone dropped: 蓝图确认",
        "risk closed: 数据迁移窗口不足",
    ]
    assert differences(before, before) == []


def test_the_trend_comes_from_earlier_reports() -> None:
    speaks = voice("en")
    past = past_of([("2026-W22", NOW_MS - 14 * DAY_MS, facts_of(dossier(), speaks))], "Asia/Shanghai")
    text = to_markdown(weekly(dossier(), speaks, "2026-W24", past))
    assert "- UAT: 2026-06-22 → 2026-06-22" in text
    assert "0 differences from the report of 2026-W22" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_time_alone_is_told_apart_from_a_signature(language: Language) -> None:
    text = to_markdown(certificate(dossier(), voice(language), "2026-06-12"))
    signed, _, deemed = text.partition({"zh": "## 视为验收", "en": "## Deemed acceptance"}[language])
    assert "培训" not in signed
    assert "培训" in deemed
    assert "100 并发响应 &lt; 2 秒" in text
    assert "补充操作手册" in text
    assert "ab" * 32 in text
    assert "HX-2026-7" in text


def test_the_ledger_sums_and_carries_its_chain() -> None:
    text = to_markdown(ledger(dossier(), voice("en", "internal"), "2026-06-12"))
    assert (
        "client 6 | concurrent 2 | ours 2 | third party 0 | unexplained 0 | recovered 0 | = delay 10"
        in text.replace("\\|", "|")
    )
    assert f"{6:064x}" in text
    assert "not legal advice" in text.casefold()
    rows = list(csv.reader(io.StringIO(to_csv(ledger_sheet(dossier(), voice("en", "internal"))))))
    assert rows[0][0] == "time_utc"
    assert len(rows) == 7
    assert rows[3][-2:] == ["不同意", f"{3:064x}"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ledger_for_the_client_claims_nothing_and_names_no_source_of_ours(language: Language) -> None:
    text = to_markdown(ledger(dossier(), voice(language), "2026-06-12"))
    table = to_csv(ledger_sheet(dossier(), voice(language)))
    for shown in (text, table):
        assert not re.search("可顺延|可主张|relief|claim|zoho Tasks|Tasks/|run=|event=|球|[Bb]all", shown)
    for heading in ("cause", "source", "record", "evidence", "record_uid"):
        assert voice(language).say(f"csv.{heading}") not in table.splitlines()[0].split(",")
    assert "不同意" in text
    assert "不同意" in table
    assert f"{3:064x}" in table
    assert text != to_markdown(ledger(dossier(), voice(language, "internal"), "2026-06-12"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_marked_internal_stands_in_no_table_of_the_clients(language: Language) -> None:
    whole = dossier()
    hidden = frozenset({whole.risks[0].uid, whole.changes[0].uid, whole.ledger[0].uid, whole.milestones[0].uid, "t5"})
    shown = outward(replace(whole, internal=hidden))
    assert not hidden & {line.uid for line in (*shown.ledger, *shown.risks, *shown.changes, *shown.milestones)}
    assert not hidden & shown.attribution.keys()
    assert shown.change_totals.count == len(shown.changes)
    titles = {whole.risks[0].title, whole.changes[0].title, whole.ledger[0].title, SECRET_TASK}
    made = all_of(shown, voice(language)) | {"weekly": weekly(shown, voice(language), "2026-W24", Past())}
    for kind, document in made.items():
        text = to_markdown(document)
        assert [title for title in titles if title in text] == [], kind
    assert outward(whole) is whole


def test_no_table_of_lines_with_a_uid_is_forgotten_when_internal_ones_are_left_out() -> None:
    whole = dossier()
    lists = {each.name: getattr(whole, each.name) for each in fields(whole)}
    named = {name: {line.uid for line in lines if hasattr(line, "uid")} for name, lines in lists.items()
             if isinstance(lines, tuple)}  # fmt: skip
    shown = outward(replace(whole, internal=frozenset().union(*named.values())))
    kept = {name for name in named if any(hasattr(line, "uid") for line in getattr(shown, name))}
    assert kept <= {"contacts", "feedback", "lessons", "flags", "held_notices"}  # no tasks


def test_a_day_that_an_internal_item_decided_keeps_its_holder_and_loses_its_title() -> None:
    whole = dossier()
    (uid, attribution) = next((uid, one) for uid, one in whole.attribution.items() if one.days)
    decided = attribution.days[0].evidence[0].uid
    shown = outward(replace(whole, internal=frozenset({decided}))).attribution[uid]
    assert [(day.day, day.holder) for day in shown.days] == [(day.day, day.holder) for day in attribution.days]
    assert shown.days[0].evidence[0].title == ""
    text = to_markdown(ledger(outward(replace(whole, internal=frozenset({decided}))), voice("en"), "2026-06-12"))
    assert "an item of ours" in text
    assert attribution.days[0].evidence[0].title not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_assumed_stands_under_its_letter_alone(language: Language) -> None:
    whole = dossier()
    (item, *_), (risk, *_) = whole.our_items, whole.risks
    told_of = replace(
        whole,
        assumptions=(
            Assumption(uid=item.uid, title=item.title, state="assumed", side="vendor", due_on=date(2026, 6, 20)),
            Assumption(uid=risk.uid, title=risk.title, state="confirmed"),
            Assumption(uid="gone", title="网络可用", state="dropped"),
        ),
    )
    rows = list(csv.reader(io.StringIO(to_csv(raid_sheet(told_of, voice(language, "internal"))))))
    letter = {"zh": "假设", "en": "Assumptions"}[language]
    assert [row[1] for row in rows if row[0] == letter] == [item.uid, risk.uid, "gone"]
    assert all(row[0] == letter for row in rows if row[1] in (item.uid, risk.uid))  # naive: told twice
    states = {"zh": ["待证实", "已证实", "已放弃"], "en": ["to be made sure of", "holds", "dropped"]}[language]
    assert [row[3] for row in rows if row[0] == letter] == states
    shown = to_markdown(raid(outward(replace(told_of, internal=frozenset({"gone"}))), voice(language), "2026-06-12"))
    assert "网络可用" not in shown


@pytest.mark.parametrize(("occurred", "said"), [(True, "occurred, an issue now"), (False, "closed")])
def test_a_risk_that_occurred_is_not_told_as_closed(occurred: bool, said: str) -> None:
    risk = replace(dossier().risks[0], live=False, occurred=occurred)
    rows = list(csv.reader(io.StringIO(to_csv(raid_sheet(dossier(risks=(risk,)), voice("en", "internal"))))))
    assert [row[3] for row in rows if row[1] == risk.uid] == [said]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_graded_quoted_or_dated_is_said_in_words_rather_than_dashes(language: Language) -> None:
    whole, speaks = dossier(), voice(language)
    bare = replace(
        whole,
        risks=(replace(whole.risks[0], score=None, level=None, response=""),),
        changes=(replace(whole.changes[0], cost=None, days=None),),
        decisions=(DecisionLine(uid="x", title="移动审批", age_bd=3),),
    )
    log = to_markdown(raid(bare, speaks, "2026-06-12"))
    assert speaks.say("raid.ungraded") in log
    assert speaks.say("raid.unquoted") in log
    week = to_markdown(weekly(bare, speaks, "2026-W24", Past()))
    assert speaks.say("decision_line.undated", title="移动审批", age=3) in week


def test_a_spreadsheet_runs_nothing() -> None:
    bad = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r\n=1", " =1", "＝1", "\u202e=1"]
    rows = list(csv.reader(io.StringIO(to_csv(sheet(["=head"], [bad, [-2, "-", "2026-06-12", 'a"b,c']])))))
    assert all(cell.startswith("'") for cell in (*rows[0], *rows[1]))
    assert rows[2] == ["-2", "-", "2026-06-12", 'a"b,c']
    assert safe("plain") == "plain"
    told_of = dossier(risks=(replace(dossier().risks[0], title='=HYPERLINK("http://evil")'),))
    assert "'=HYPERLINK" in to_csv(raid_sheet(told_of, voice("zh", "internal")))


@pytest.mark.parametrize("edition", EDITIONS)
def test_hostile_records_stay_text_in_every_format(edition: Edition) -> None:
    told_of = hostile(dossier())
    for kind, document in all_of(told_of, voice("zh", edition)).items():
        page, text = to_html(document), to_markdown(document)
        assert not re.search(r"<(img|script|a|iframe|object|link)\b", page), kind
        assert "{{7*7}}" in page, kind
        assert "<img" not in text, kind
        assert not re.search(r"^# head", text, re.MULTILINE), kind
        assert "](javascript" not in text.replace("\\]", ""), kind
        for shown in (page, text):
            assert not {"\u202e", "\x1b"} & set(shown), kind
    assert to_pdf(document, at_ms=NOW_MS).startswith(b"%PDF")


def hostile(given: Dossier) -> Dossier:
    bad = item(
        "t1",
        HOSTILE,
        contact=HOSTILE,
        ball="client",
        due_eff="2026-06-04",
        obd=6,
        since="2026-06-05",
        blocks=(HOSTILE,),
    )
    return replace(
        given,
        project=replace(given.project, name=HOSTILE),
        account_name=HOSTILE,
        client_items=(bad,),
        our_items=(bad,),
        milestones=(replace(given.milestones[0], title=HOSTILE),),
        contacts=(replace(given.contacts[0], name=HOSTILE),),
        risks=(replace(given.risks[0], title=HOSTILE),),
        changes=(replace(given.changes[0], title=HOSTILE, impact=HOSTILE),),
        sign_offs=(replace(given.sign_offs[0], title=HOSTILE, doc_version=HOSTILE),),
        acceptance=(replace(given.acceptance[0], title=HOSTILE, criteria=(HOSTILE,)),),
        feedback=(replace(given.feedback[0], title=HOSTILE),),
        lessons=(replace(given.lessons[0], title=HOSTILE),),
    )


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_data_gives_the_same_bytes(edition: Edition, language: Language) -> None:
    first, second = (all_of(dossier(), voice(language, edition)) for _ in range(2))
    for kind, document in first.items():
        assert to_markdown(document) == to_markdown(second[kind])
        assert to_html(document) == to_html(second[kind])
    drawn = [to_pdf(each["weekly"], at_ms=NOW_MS) for each in (first, second)]  # the one with everything in it
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_project_of_which_nothing_is_known_has_its_reports_too(edition: Edition, language: Language) -> None:
    bare = Dossier(
        project=replace(dossier().project, name="空项目"),
        values={},
        now_ms=NOW_MS,
        today=dossier().today,
        zone="Asia/Shanghai",
    )
    for kind, document in all_of(bare, voice(language, edition)).items():
        text = to_markdown(document)
        assert "None" not in text, kind
        assert set_pages(document, text_width)
    assert digest_is_empty([bare], edition)
    assert not digest_is_empty([dossier()], edition)


def test_a_brief_is_one_page_and_for_our_own_people() -> None:
    more = [replace(dossier(), project=replace(dossier().project, uid=f"p{number}")) for number in range(3)]
    for language in LANGUAGES:
        document = brief(more, voice(language, "internal"), "2026-06-12")
        assert len(re.findall(rb"/Type /Page\b", to_pdf(document, at_ms=NOW_MS))) == 1
    with pytest.raises(InputError, match="our own people"):
        wide_report("brief", more, "client", "account", "a", "华星")


def test_a_client_does_not_read_of_another_client() -> None:
    theirs = replace(dossier(), project=replace(dossier().project, uid="p2"), account_name="别家")
    with pytest.raises(InputError, match="another"):
        wide_report("digest", [dossier(), theirs], "client", "account", "", "")
    assert wide_report("digest", [dossier(), theirs], "internal", "account", "", "").documents
    assert wide_report("digest", [dossier(), dossier()], "client", "account", "a", "华星").documents


def test_a_digest_tells_the_loudest_project_first_and_what_to_do() -> None:
    calm = replace(
        dossier(), project=replace(dossier().project, uid="p0", name="Calm"), client_items=dossier().client_items[1:]
    )
    text = to_markdown(digest([calm, dossier()], voice("en", "internal"), "2026-06-12"))
    assert text.index("ERP 二期") < text.index("Calm")
    assert "take to the steering committee" in text
    assert "4 notices held back" in text


def test_weeks_and_days_name_their_periods() -> None:
    assert period_of("weekly", dossier().today) == "2026-W24"
    assert period_of("raid", dossier().today) == "2026-06-12"
    assert week_end_ms("2026-W24", "Asia/Shanghai") == 1_781_452_799_999
    for wrong in ("2026-24", "2026-W60", "x"):
        with pytest.raises(InputError, match="no week"):
            week_end_ms(wrong, "UTC")


def codes() -> Iterator[tuple[str, str]]:
    for path in sorted(Path(next(iter(reports.__path__))).glob("*.py")):
        for found in re.finditer(
            r'say\((?:language, )?"([a-z_.]+)"(?: if [^)]*? else "([a-z_.]+)")?', path.read_text("utf-8")
        ):
            for code in filter(None, found.groups()):
                yield path.name, code


def test_every_code_the_reports_say_has_words() -> None:
    assert [(name, code) for name, code in codes() if code not in WORDS] == []


def test_both_languages_fill_in_the_same_data() -> None:
    def holes(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    different: list[Any] = [code for code, (zh, en) in WORDS.items() if holes(zh) != holes(en)]
    assert different == []
