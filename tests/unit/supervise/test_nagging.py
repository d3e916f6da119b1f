"""R9b, point by point: what is said now, what waits, what is never said, and the rule behind each silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.ladder import Told
from supervise.nagging import (
    NoticeCase,
    NoticeDecision,
    NoticeItem,
    Past,
    Promise,
    Recipient,
    Snooze,
    decide_notice,
    level_of,
    plan_messages,
    with_drafts,
)
from supervise.windows import SendWindow, is_open, next_opening, read_window

CALENDARS = Calendars(org="CN", country=find_country)
CHINA = CALENDARS.of()
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def shown(at_ms: int | None, zone: ZoneInfo = SHANGHAI) -> str:
    return datetime.fromtimestamp((at_ms or 0) / 1000, zone).strftime("%m-%d %H:%M") if at_ms else ""


PM = Recipient(key="user:pm", side="vendor", zone=SHANGHAI, calendar=CHINA, channel="mail")
WANG = Recipient(key="contact:wang", side="client", zone=SHANGHAI, calendar=CHINA, channel="mail", roles=("approver",))


def case(now: str = "2026-06-12T10:00", level: int = 1, to: Recipient = PM, **more: Any) -> NoticeCase:
    item = NoticeItem(
        uid=more.pop("uid", "t"), level=level, due_eff=day("2026-06-04"), today=day(now[:10]), calendar=CHINA,
        kind=more.pop("kind", "action"), provisional=more.pop("provisional", False),
        holder=more.pop("holder", "client"),
    )  # fmt: skip
    draft, audience = more.pop("draft", to.side == "client"), more.pop("audience", "pm")
    told = Told(level=level, audience=audience, recipient=to.key, side=to.side, draft_to_pm=draft)
    return NoticeCase(item=item, told=told, recipient=to, now_ms=at(now), **more)


def past(when: str, level: int = 1, state: str = "sent", due: str = "2026-06-04", turn: int = 0) -> Past:
    return Past(day(due), level, turn, at(when), state)  # type: ignore[arg-type]


def said(decision: NoticeDecision) -> str:
    return f"{decision.action} {decision.rule} {decision.reasons[0].code} {shown(decision.next_at_ms)}".strip()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-06-12T09:00", "coalesce R9 escalated"),
        ("2026-06-12T17:59", "coalesce R9 escalated"),
        ("2026-06-12T08:59", "hold R9b.1 outside_window 06-12 09:00"),
        ("2026-06-12T18:00", "hold R9b.1 outside_window 06-15 09:00"),
        ("2026-06-13T10:00", "hold R9b.1 outside_window 06-15 09:00"),
        # Dragon boat festival on Friday the 19th: from Thursday evening to Monday.
        ("2026-06-18T19:00", "hold R9b.1 outside_window 06-22 09:00"),
        # Saturday 9 May is a make-up workday: written to then, not held to Monday.
        ("2026-05-09T10:00", "coalesce R9 escalated"),
    ],
)
def test_1_nothing_is_sent_outside_the_recipient_s_hours(now: str, expected: str) -> None:
    assert said(decide_notice(case(now))) == expected


def test_1_the_hours_are_the_recipient_s_own() -> None:
    berlin = replace(PM, zone=BERLIN, calendar=CALENDARS.of(country="DE"))
    found = decide_notice(case("2026-06-12T10:00", to=berlin))
    assert (found.action, shown(found.next_at_ms, BERLIN)) == ("hold", "06-12 09:00"), (
        "10:00 in Shanghai is 04:00 there"
    )
    early = replace(PM, window=SendWindow(time(7), time(8)))
    assert decide_notice(case("2026-06-12T10:00", to=early)).action == "hold"


def test_2_one_digest_a_working_day() -> None:
    told = replace(PM, digest_on=day("2026-06-12"))
    assert said(decide_notice(case(level=2, to=told))) == "hold R9b.2 one_digest_a_day 06-15 09:00"
    assert said(decide_notice(case("2026-06-15T09:00", level=2, to=told))) == "coalesce R9 escalated"


def test_2_a_loud_one_may_go_at_once_and_one_a_day() -> None:
    told = replace(PM, digest_on=day("2026-06-12"))
    assert said(decide_notice(case(level=3, to=told))) == "send R9b.2 urgent"
    again = replace(told, urgent_on=day("2026-06-12"))
    assert said(decide_notice(case(level=4, to=again))) == "hold R9b.2 one_digest_a_day 06-15 09:00"
    assert said(decide_notice(case(level=4, to=PM))) == "coalesce R9 escalated", "before the digest it is a line of it"


@pytest.mark.parametrize(
    ("level", "again"), [(1, "06-15"), (2, "06-15"), (3, "06-16"), (4, "06-18")]
)  # fmt: skip
def test_3_the_same_level_is_repeated_after_its_working_days(level: int, again: str) -> None:
    history = (past("2026-06-11T10:00", level),)
    before = decide_notice(case("2026-06-12T10:00", level, history=history))
    assert said(before) == f"suppress R9b.3 said_lately {again} 09:00"
    after = decide_notice(case(f"2026-{again}T10:00", level, history=history))
    assert (after.action, after.key.turn) == ("coalesce", 1)


def test_3_another_level_or_due_day_is_a_new_notice() -> None:
    lately = (past("2026-06-12T09:30", 1),)
    assert decide_notice(case(level=2, history=lately)).action == "coalesce"
    assert decide_notice(case(history=(past("2026-06-12T09:30", due="2026-05-29"),))).key.turn == 0


def test_3_a_lower_level_does_not_follow_at_once() -> None:
    assert decide_notice(case(level=2, history=(past("2026-06-12T09:30", 3),))).rule == "R9b.3"


@pytest.mark.parametrize("state", ["intent", "unknown", "failed", "draft"])
def test_3_what_may_have_been_said_counts_as_said(state: str) -> None:
    found = decide_notice(case(history=(past("2026-06-12T09:30", state=state),)))
    assert found.action == "suppress"


@pytest.mark.parametrize("state", ["held", "suppressed", "dropped"])
def test_3_what_was_never_said_does_not_count(state: str) -> None:
    found = decide_notice(case(history=(past("2026-06-12T09:30", state=state),)))
    assert (found.action, found.key.turn) == ("coalesce", 0)


@pytest.mark.parametrize(
    ("moved", "now", "expected"),
    [
        # The client wrote on Thursday: nothing on Friday, again on Monday.
        ("2026-06-11T16:00", "2026-06-12T10:00", "suppress R9b.4 client_moved 06-15 09:00"),
        ("2026-06-11T16:00", "2026-06-15T09:00", "coalesce R9 escalated"),
        ("2026-06-13T16:00", "2026-06-15T09:00", "suppress R9b.4 client_moved 06-16 09:00"),
        # Said to have happened in the future: a wrong clock silences nobody.
        ("2026-06-14T16:00", "2026-06-12T10:00", "coalesce R9 escalated"),
    ],
)
def test_4_a_client_who_just_moved_is_not_reminded(moved: str, now: str, expected: str) -> None:
    assert said(decide_notice(case(now, last_client_ms=at(moved)))) == expected


def test_4_what_the_client_does_says_nothing_about_our_own_items() -> None:
    assert decide_notice(case(last_client_ms=at("2026-06-12T09:30"), holder="vendor")).action == "coalesce"


def test_5_a_promise_keeps_quiet_until_its_day_is_over() -> None:
    promise = Promise(day("2026-06-12"), at("2026-06-10T10:00"))
    assert said(decide_notice(case(promise=promise))) == "suppress R9b.5 promised 06-15 09:00"
    assert decide_notice(case("2026-06-15T10:00", promise=promise)).action == "coalesce"


def test_5_a_broken_promise_is_one_level_more() -> None:
    promise = Promise(day("2026-06-12"), at("2026-06-10T10:00"))
    assert [level_of(one, promise, day("2026-06-12")) for one in ("S1", "S4", "S0", None)] == [1, 4, 0, 0]
    assert [level_of(one, promise, day("2026-06-13")) for one in ("S1", "S4", "S0", None)] == [2, 4, 0, 0]


def test_6_a_snooze_keeps_quiet_until_its_day_is_over() -> None:
    wish = (Snooze(day("2026-06-17"), at("2026-06-10T10:00")),)
    assert said(decide_notice(case("2026-06-12T10:00", snoozes=wish))) == "suppress R9b.6 snoozed 06-18 09:00"
    assert decide_notice(case("2026-06-17T17:59", snoozes=wish)).rule == "R9b.6"
    assert decide_notice(case("2026-06-18T10:00", snoozes=wish)).action == "coalesce"


def test_6_a_snoozed_day_is_over_when_it_is_over_for_the_reader() -> None:
    """The item is due in New York, whose day has twelve hours to go when the manager's next one begins."""
    wish = (Snooze(day("2026-06-11"), at("2026-06-10T10:00")),)
    there = case("2026-06-12T10:00", snoozes=wish)
    there = replace(there, item=replace(there.item, today=day("2026-06-11"), zone="America/New_York"))
    assert decide_notice(there).rule != "R9b.6"  # naive: the item's day, and silence till the evening
    reader = replace(there.recipient, zone=ZoneInfo("America/New_York"))
    assert decide_notice(replace(there, recipient=reader)).rule == "R9b.6"


def test_6_the_third_snooze_of_an_item_does_not_count() -> None:
    three = tuple(
        Snooze(day(until), at(made))
        for until, made in [
            ("2026-06-08", "2026-06-08T09:00"), ("2026-06-09", "2026-06-09T09:00"), ("2026-06-15", "2026-06-10T09:00"),
        ]
    )  # fmt: skip
    assert decide_notice(case(snoozes=three)).action == "coalesce"
    assert decide_notice(case(snoozes=three[1:])).rule == "R9b.6"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        (replace(WANG, opt_out=True), "opted_out"),
        (replace(WANG, inactive=True), "inactive"),
        (replace(WANG, roles=()), "without_role"),
    ],
)
def test_7_whoever_must_not_be_written_to_never_is(to: Recipient, code: str) -> None:
    for level in (1, 2, 3, 4):
        found = decide_notice(case(level=level, to=to, draft=False))
        assert (found.action, found.rule, found.reasons[0].code) == ("suppress", "R9b.7", code)


def test_8_a_survey_is_asked_for_once() -> None:
    assert decide_notice(case(kind="survey")).action == "coalesce"
    found = decide_notice(case("2026-06-30T10:00", kind="survey", history=(past("2026-06-01T10:00"),)))
    assert (found.action, found.rule, found.next_at_ms) == ("suppress", "R9b.8", None)


def test_9_every_silence_names_its_rule_and_person() -> None:
    plan = plan_messages([case("2026-06-13T10:00"), case("2026-06-13T10:00", to=WANG)])
    assert plan.messages == ()
    assert [(one.reasons[0].rule, one.reasons[0].data["recipient"]) for _, one in plan.silent] == [
        ("R9b.1", "contact:wang"), ("R9b.1", "user:pm"),
    ]  # fmt: skip


def test_10_the_same_alert_has_the_same_key() -> None:
    one, later = decide_notice(case("2026-06-12T10:00")), decide_notice(case("2026-06-12T11:00", level=1))
    assert one.key == later.key
    assert one.key.id == later.key.id
    assert decide_notice(case(level=2)).key.id != one.key.id
    assert decide_notice(case(to=replace(PM, channel="ding"))).key.id != one.key.id


def test_provisional_days_never_reach_a_client() -> None:
    assert said(decide_notice(case(to=WANG, draft=False, provisional=True))).startswith("suppress R3 provisional")
    assert decide_notice(case(provisional=True)).action == "coalesce"


def test_a_client_s_notice_is_a_draft_one_a_day() -> None:
    assert decide_notice(case(to=WANG)).action == "draft"
    assert decide_notice(case(level=4, to=replace(WANG, draft_on=day("2026-06-12")))).rule == "R9b.2"
    assert decide_notice(case(to=WANG, draft=False)).action == "coalesce"


def test_a_formal_letter_is_drafted_once() -> None:
    first = decide_notice(case("2026-06-13T22:00", level=4, to=replace(WANG, opt_out=True), audience="letter"))
    assert (first.action, first.key.letter) == ("draft", True)
    again = decide_notice(
        case("2026-07-30T10:00", level=4, to=WANG, audience="letter", history=(past("2026-06-12T10:00", 4, "draft"),))
    )
    assert (again.action, again.reasons[0].code) == ("suppress", "letter_drafted")


def test_what_is_due_for_one_person_is_one_message() -> None:
    told = replace(PM, digest_on=day("2026-06-12"))
    answered = case(uid="d", last_client_ms=at("2026-06-12T09:00"))
    plan = plan_messages([case(uid="a"), case(uid="b", level=4), case(uid="c", to=WANG), answered])
    assert [(one.kind, one.recipient.key, [c.item.uid for c, _ in one.cases]) for one in plan.messages] == [
        ("draft", "contact:wang", ["c"]), ("digest", "user:pm", ["b", "a"]),
    ]  # fmt: skip
    assert (plan.messages[1].suppressed, plan.messages[1].held) == (1, 0)
    later = plan_messages([case(uid="a", to=told), case(uid="b", level=4, to=told)])
    assert [(one.kind, [c.item.uid for c, _ in one.cases]) for one in later.messages] == [("urgent", ["b"])]
    assert later.messages[0].held == 1


def test_a_message_of_a_day_has_one_name() -> None:
    first = plan_messages([case(uid="a")]).messages[0]
    second = plan_messages([case("2026-06-12T15:00", uid="b", level=2)]).messages[0]
    assert first.id == second.id, "whatever is in it, there can be one digest a day only"
    assert plan_messages([case("2026-06-15T15:00", uid="b")]).messages[0].id != first.id


def test_each_letter_is_a_draft_of_its_own() -> None:
    letters = [case(uid=uid, level=4, to=WANG, audience="letter") for uid in "ab"]
    assert len(plan_messages(letters).messages) == 2


def test_waiting_drafts_are_mentioned_where_somebody_is_written_to() -> None:
    plan = with_drafts(plan_messages([case(), case(to=WANG)]), {"user:pm": 3, "contact:wang": 5})
    assert [one.drafts for one in plan.messages] == [0, 3]


@pytest.mark.parametrize("text", ["", None, "nine to six", "18:00-09:00", "09:00-09:00", "25:00-26:00"])
def test_hours_that_cannot_be_read_are_the_usual_ones(text: str | None) -> None:
    assert read_window(text) == SendWindow(time(9), time(18))


def test_hours_are_read() -> None:
    assert read_window("8:30 – 12:00") == SendWindow(time(8, 30), time(12))


def test_an_hour_that_the_clocks_skip_is_passed_over() -> None:
    """On 29 March 2026 Berlin has no 02:30 (a Sunday); on working days an odd window still opens inside itself."""
    cairo = ZoneInfo("Africa/Cairo")  # 24 April 2026 has no hour after midnight
    window = SendWindow(time(0, 0), time(0, 30))
    opens = next_opening(at("2026-04-23T12:00", cairo), window, cairo, CALENDARS.of(country="US"))
    assert is_open(opens, window, cairo, CALENDARS.of(country="US"))
    assert shown(opens, cairo) == "04-27 00:00"


def test_a_window_must_open_before_it_closes() -> None:
    with pytest.raises(ValueError, match="opens before it closes"):
        SendWindow(time(18), time(9))
