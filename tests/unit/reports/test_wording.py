"""Words in both languages, by code; text from a CRM that does nothing."""

from __future__ import annotations

from typing import get_args

from mapping.records import HEALTHS, LIFECYCLES
from reports.rendering import inert_markdown, plain
from reports.wording import WORDS, claims_line, lifecycle_word, why_line
from supervise.ball import Holder
from supervise.lifecycle import Outcome
from supervise.reasons import Reason
from supervise.report import ClaimView, ProjectItem, TaskItem


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


def test_what_moved_a_due_day_is_told_and_what_nobody_worded_is_not() -> None:
    said = (
        Reason("R4", "due_rolled", "t1", "due", "2026-06-06", {"to": "2026-06-08"}),
        Reason("R5", "overdue", "t1", "due", "2026-06-06"),
    )
    assert why_line("zh", TaskItem(uid="t1", title="x", evidence=said)) == "到期日遇休息日顺延至 2026-06-08"
    assert why_line("en", TaskItem(uid="t1", title="x", evidence=said)) == "due date rolled over days off to 2026-06-08"
    assert why_line("en", TaskItem(uid="t1", title="x")) == ""


def test_each_source_has_its_word_and_an_unknown_one_shows_itself() -> None:
    claims = (
        ClaimView(connection="fxiaoke", value="on_hold", seen_ms=0),
        ClaimView(connection="zoho", value="special", seen_ms=0),
    )
    assert claims_line("zh", ProjectItem(uid="p1", name="x", statements=claims)) == "fxiaoke: 暂停 · zoho: special"
    assert lifecycle_word("en", None) == "none"
