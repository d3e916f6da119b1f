"""The digest and the project page: both languages, same bytes for the same look, inert text."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from mapping.records import HEALTHS, LIFECYCLES
from reports.pages import overdue_digest, project_status
from reports.rendering import inert_markdown, plain
from reports.wording import WORDS, say
from supervise.ball import Holder
from supervise.lifecycle import Outcome
from supervise.reasons import Reason
from supervise.report import ClaimView, ProjectItem, ProjectPage, SupervisionReport, TaskItem

ITEM = TaskItem(
    uid="t1", title="需求规格书签字", project="ERP 二期", project_uid="p1", contact="王总", due_eff="2026-06-08", obd=5,
    since="2026-06-09", severity="S3", ball="client", zone="Asia/Shanghai",
    evidence=(
        Reason("R4", "due_rolled", "t1", "due", "2026-06-06", {"to": "2026-06-08"}),
        Reason("R5", "overdue", "t1", "due", "2026-06-06"),
    ),
)  # fmt: skip
PROJECT = ProjectItem(
    uid="p1", name="ERP 二期", code="P-1", account="华星", pm="pm@vendor.example", lifecycle="active",
    outcome="terminal_conflict", health="yellow", client_overdue=1, ours_overdue=1,
    statements=(
        ClaimView(connection="fxiaoke", value="on_hold", seen_ms=1_781_053_200_000, stale=True),
        ClaimView(connection="zoho", value="accepted", seen_ms=1_781_053_200_000),
    ),
)  # fmt: skip


@pytest.fixture
def report() -> SupervisionReport:
    return SupervisionReport(
        run_id="r", now_ms=1_781_485_200_000, zone="Asia/Shanghai", overdue=[ITEM, replace(ITEM, uid="t2", project="")],
        ours=[replace(ITEM, uid="t3", title="我方任务", ball="vendor", severity="S1")],
        due_soon=[replace(ITEM, uid="t4", title="快到期", severity="S0", evidence=())], disagreements=[PROJECT],
        counts={"overdue": 5, "ours_overdue": 1, "no_due": 2, "no_owner": 3}, stale=("fxiaoke",), knobs={"grace_bd": 1},
    )  # fmt: skip


def test_the_digest_says_who_must_move_in_chinese(report: SupervisionReport) -> None:
    text = overdue_digest(report)
    assert text.startswith("# 督办日报\n\n截至 2026-06-15 09:00 (Asia/Shanghai)\n")
    assert "| S3 | 需求规格书签字 (到期日遇休息日顺延至 2026-06-08) | 王总 | 2026-06-08 | 2026-06-09 | 5 |" in text
    assert "升级至客户发起人与交付经理" in text
    assert "| 我方 | 我方任务 " in text
    assert "另有 3 项" in text
    assert "缺日期 2 项，缺负责人 3 项" in text
    assert "| ERP 二期 | 进行中 | fxiaoke: 暂停 · zoho: 已验收 | 涉及终结状态的分歧，已冻结 |" in text
    assert "超过一天没有消息的来源: fxiaoke" in text
    assert "grace\\_bd=1" in text


def test_the_digest_says_it_in_english_too(report: SupervisionReport) -> None:
    text = overdue_digest(report, "en")
    assert "| S3 | 需求规格书签字 (due date rolled over days off to 2026-06-08) |" in text
    assert "raise to the sponsor and the delivery manager" in text
    assert "3 more" in text


def test_the_same_look_gives_the_same_bytes(report: SupervisionReport) -> None:
    assert overdue_digest(report) == overdue_digest(report)


def test_an_empty_look_gives_a_short_digest() -> None:
    text = overdue_digest(SupervisionReport(run_id="", now_ms=0, zone="UTC"))
    assert "|" not in text
    assert "1970-01-01 00:00 (UTC)" in text


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ("需贵方支持", "有风险", "验收")), ("en", ("Needs from the client", "at risk", "accepted"))],
)
def test_the_project_page_shows_both_sides(language: str, words: tuple[str, ...]) -> None:
    page = ProjectPage(
        project=PROJECT, overdue=(ITEM,), ours=(ITEM,), client_open=(ITEM,), undated=(), now_ms=0, zone="UTC"
    )
    text = project_status(page, language)  # type: ignore[arg-type]
    assert text.startswith("# ERP 二期 (P-1)\n")
    assert all(word in text for word in words)
    assert say(language, "undated") not in text  # type: ignore[arg-type]
    assert text == project_status(page, language)  # type: ignore[arg-type]


def test_a_project_without_anything_has_a_page() -> None:
    bare = ProjectPage(project=ProjectItem(uid="p", name="N", lifecycle="special"), zone="UTC")
    assert "阶段: special" in project_status(bare)


@pytest.mark.parametrize(
    "hostile",
    [
        "a | b",
        "# head",
        "[x](javascript:alert(1))",
        "![x](http://evil.example)",
        "<script>alert(1)</script>",
        "line\nbreak",
        "`code`",
        "**bold** _it_",
        "\u202egnp.exe",
        "{{ 7*7 }}",
        "~~gone~~",
        "\x1b[31m",
    ],
)
def test_text_from_a_crm_stays_text(report: SupervisionReport, hostile: str) -> None:
    report.overdue = [replace(ITEM, title=hostile, contact=hostile)]
    report.disagreements = [replace(PROJECT, name=hostile)]
    calm = overdue_digest(replace_text(report, "x"))
    text = overdue_digest(report)
    assert len(text.splitlines()) == len(calm.splitlines())
    row = next(line for line in text.splitlines() if line.startswith("| S3"))
    assert row.replace("\\|", "").count("|") == 8
    assert not {"<", "\u202e", "\x1b"} & set(text)
    assert "49" not in row


def replace_text(report: SupervisionReport, text: str) -> SupervisionReport:
    return replace(
        report, overdue=[replace(ITEM, title=text, contact=text)], disagreements=[replace(PROJECT, name=text)]
    )


def test_plain_text_is_one_visible_line() -> None:
    assert plain(" a\r\n\tb\u2028c\u200b ") == "a b c"
    assert plain(None) == ""
    assert inert_markdown("a*b|c<d") == "a\\*b\\|c&lt;d"


def test_every_word_a_rule_can_say_is_worded_in_both_languages() -> None:
    kinds = {
        "outcome": get_args(Outcome), "ball": get_args(Holder), "lifecycle": LIFECYCLES, "health": HEALTHS,
        "step": ("S1", "S2", "S3", "S4"),
    }  # fmt: skip
    for kind, codes in kinds.items():
        assert [code for code in codes if f"{kind}.{code}" not in WORDS] == []
    assert all(zh and en for zh, en in WORDS.values())
    assert say("zh", "no.such.word") == "no.such.word"
