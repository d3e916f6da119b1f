"""Notices in words: both languages whole, no reproach to a client, nothing a CRM's text can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from reports.telling import notice_words
from supervise.alerts import Alert
from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.ladder import Told
from supervise.nagging import NoticeCase, NoticeItem, PlannedMessage, Promise, Recipient, decide_notice
from supervise.notices import AlertMessage

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = Calendars(org="CN", country=find_country).of()
NOW = int(datetime(2026, 6, 12, 10, tzinfo=SHANGHAI).timestamp() * 1000)
PM = Recipient(key="user:pm", side="vendor", zone=SHANGHAI, calendar=CHINA, channel="m", name="pm", language="en")
WANG = Recipient(
    key="contact:w", side="client", zone=SHANGHAI, calendar=CHINA, channel="m", name="Mr Wang", roles=("approver",),
    language="en",
)  # fmt: skip
BLAME = ("late", "overdue", "S3", "delay", "逾期", "拖延", "S1")


def message(to: Recipient, kind: str = "digest", **more: object) -> PlannedMessage:
    item = NoticeItem(
        uid="t1", level=3, due_eff=date(2026, 6, 4), today=date(2026, 6, 12), calendar=CHINA, title="Specification v2",
        project="Portal", account="Acme", contact="Wang", obd=6, zone="Asia/Shanghai", blocks=True,
    )  # fmt: skip
    item = replace(item, **more)  # type: ignore[arg-type]
    told = Told(level=3, audience="letter" if kind == "letter" else "pm", recipient=to.key, side=to.side)
    case = NoticeCase(
        item=item, told=told, recipient=to, now_ms=NOW, promise=Promise(date(2026, 6, 10), NOW - 10**9),
        last_client_ms=NOW - 3 * 86_400_000,
    )  # fmt: skip
    return PlannedMessage(
        id="m", kind=kind, recipient=to, day=date(2026, 6, 12), cases=((case, decide_notice(case)),),  # type: ignore[arg-type]
        held=1, suppressed=2, drafts=3,
    )  # fmt: skip


def test_the_digest_says_what_by_when_how_late_whose_and_what_next() -> None:
    words = notice_words(message(PM))
    assert words.subject == "Supervision digest: 1 overdue"
    assert words.text == (
        "Acme / Portal\n"
        "- [S3] Specification v2: due 2026-06-04 (Asia/Shanghai); 6 working days late; with: client Wang;"
        " the next milestone waits for it; the promised 2026-06-10 has passed; the client last moved 2026-06-09 10:00;"
        " next: raise to the sponsor and the delivery manager\n"
        "\n"
        "3 drafts for clients wait for you: duban notices list --state draft\n"
        "1 held, 2 kept quiet\n"
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["digest", "draft", "urgent", "letter"])
def test_a_client_reads_neither_a_level_nor_a_reproach(language: str, kind: str) -> None:
    words = notice_words(message(replace(WANG, language=language), kind))
    assert "Specification v2" in words.text
    assert not [word for word in BLAME if word in words.subject + words.text]
    assert not [word for word in ("held", "kept quiet", "静默", "草稿待") if word in words.text]


def test_the_same_words_reach_a_client_whoever_sends_them() -> None:
    assert notice_words(message(WANG, "digest")) == notice_words(message(WANG, "draft"))
    assert notice_words(message(WANG, "draft")).text.startswith("Dear Mr Wang,\n")
    assert notice_words(message(replace(WANG, name=""), "draft")).text.startswith("Hello,\n")


def test_a_letter_says_that_a_person_signs_it() -> None:
    assert "duban never sends it" in notice_words(message(WANG, "letter")).text
    assert "不会发送" in notice_words(message(replace(WANG, language="zh"), "letter")).text


@pytest.mark.parametrize(
    ("days", "said"), [(0, "just past due"), (1, "1 working day late"), (2, "2 working days late")]
)
def test_days_are_counted_in_good_english(days: int, said: str) -> None:
    assert said in notice_words(message(PM, obd=days)).text


def test_what_a_crm_holds_stays_text_on_one_line() -> None:
    evil = "x\n- [S4] forged\r\u202e{{ 7 * 7 }} {0} {title} %s <b>"
    words = notice_words(message(PM, title=evil, project=evil, account=evil))
    assert "x - [S4] forged {{ 7 * 7 }} {0} {title} %s <b>" in words.text
    assert "\u202e" not in words.text
    assert len(words.text.splitlines()) == 5
    assert "\n" not in notice_words(message(WANG, "letter", title=evil)).subject


def test_operators_read_both_languages() -> None:
    alerts = (
        Alert("connection_stopped", "zoho", "e", {"why": "token refused"}),
        Alert("connection_rests", "fxk", "e", {"until_ms": NOW}),
        Alert("quota_low", "zoho", "e", {"left": 7}),
        Alert("reviews_wait", "", "e", {"count": 2}),
        Alert("notice_unknown", "", "e", {"count": 1}),
    )
    for language, first in (
        ("en", "- connection zoho has stopped: token refused"),
        ("zh", "- 连接 zoho 已停止: token refused"),
    ):
        words = notice_words(AlertMessage(id="a", recipient=replace(PM, language=language), alerts=alerts))
        lines = words.text.splitlines()
        assert (len(lines), lines[0]) == (5, first)
        assert "2026-06-12 10:00" in lines[1]
