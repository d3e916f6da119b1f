"""Laws of notices, over weeks of an hourly clock with everything that may happen in between."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.due import local_day, opening_ms
from supervise.ladder import Circle, Told, told_at
from supervise.nagging import (
    NagKnobs,
    NoticeCase,
    NoticeItem,
    Past,
    PlannedMessage,
    Promise,
    Recipient,
    Snooze,
    level_of,
    plan_messages,
)
from supervise.windows import SendWindow, is_open

CALENDARS = Calendars(org="CN", country=find_country)
CHINA = CALENDARS.of()
HOUR_MS = 3_600_000
START = date(2026, 4, 28)
SHANGHAI = ZoneInfo("Asia/Shanghai")
WAYS = [
    (SHANGHAI, "CN"), (ZoneInfo("America/New_York"), "US"), (ZoneInfo("Africa/Cairo"), "EG"),
    (ZoneInfo("Europe/Berlin"), "DE"),
]  # fmt: skip
FATES = ["sent", "sent", "sent", "unknown", "failed"]


@dataclass
class Story:
    """What was said to whom, and what may still be said."""

    people: dict[str, Recipient]
    history: dict[tuple[str, str, bool], list[Past]] = field(default_factory=lambda: defaultdict(list))
    spoken: list[tuple[int, PlannedMessage]] = field(default_factory=list)


@st.composite
def people(draw: st.DrawFn) -> dict[str, Recipient]:
    found = {}
    for key in ("contact:a", "contact:b", "contact:boss", "user:pm", "user:am", "user:dm", "user:ceo"):
        zone, country = draw(st.sampled_from(WAYS))
        opens = draw(st.integers(0, 15))
        found[key] = Recipient(
            key=key,
            side="client" if key.startswith("contact") else "vendor",
            zone=zone,
            calendar=CALENDARS.of(country=country),
            window=SendWindow(time(opens), time(opens + draw(st.integers(1, 8)))),
            channel="mail",
            roles=draw(st.sampled_from([("approver",), ("approver",), ()])),
            opt_out=draw(st.sampled_from([False, False, True])),
            inactive=draw(st.sampled_from([False, False, False, True])),
        )
    return found


events = st.lists(
    st.tuples(
        st.integers(0, 21 * 24),
        st.sampled_from(["t1", "t2", "t3"]),
        st.sampled_from(["promise", "snooze", "reply", "redate"]),
        st.integers(0, 12),
    ),
    max_size=12,
)


def cases_of(story: Story, item: NoticeItem, told: tuple[Told, ...], now: int, **more: Any) -> list[NoticeCase]:
    return [
        NoticeCase(
            item=item, told=one, recipient=story.people[one.recipient], now_ms=now,
            history=tuple(story.history[item.uid, one.recipient, one.audience == "letter"]), **more,
        )
        for one in told
    ]  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(people(), st.booleans(), events, st.randoms(use_true_random=False))
def test_nobody_is_nagged(found: dict[str, Recipient], outbound: bool, happening: Any, rng: random.Random) -> None:
    """Three weeks, hour by hour: items rise, are promised, snoozed, answered, re-dated; sends get lost."""
    story = Story(found)
    knobs = NagKnobs()
    dues = {uid: START - timedelta(days=rng.randint(0, 20)) for uid in ("t1", "t2", "t3")}
    holders = {uid: rng.choice(["client", "client", "vendor", "third_party"]) for uid in dues}
    kinds = {uid: rng.choice(["action", "action", "survey"]) for uid in dues}
    facts: dict[str, dict[str, Any]] = {uid: {} for uid in dues}
    now = opening_ms(START, SHANGHAI)
    for hour in range(21 * 24):
        now += HOUR_MS
        today = local_day(now, SHANGHAI)
        for at, uid, what, days in happening:
            if at == hour:
                happens(uid, what, days, dues, facts, now, today)
        cases = []
        for uid, due in dues.items():
            obd = CHINA.bd(due, today)
            severity = None if today <= due else "S1" if obd < 3 else "S2" if obd < 5 else "S3" if obd < 10 else "S4"
            level = level_of(severity, facts[uid].get("promise"), today)
            item = NoticeItem(
                uid=uid, level=level, due_eff=due, today=today, calendar=CHINA, holder=holders[uid], kind=kinds[uid]
            )  # type: ignore[arg-type]
            circle = Circle(
                assignee="user:am" if holders[uid] == "vendor" else "contact:a" if uid == "t1" else "contact:b",
                pm="user:pm", account_owner="user:am", sponsor="contact:boss", delivery_manager="user:dm",
                steering=("user:ceo",),
            )  # fmt: skip
            told = told_at(level, circle, holder=holders[uid], kind=kinds[uid], outbound=outbound)  # type: ignore[arg-type]
            cases += cases_of(story, item, told, now, **facts[uid])
        plan = plan_messages(cases)
        assert plan == plan_messages(list(reversed(cases)))
        assert len(plan.silent) + sum(len(one.cases) for one in plan.messages) == len(cases), "nothing is forgotten"
        assert all(decision.rule and decision.reasons for _, decision in plan.silent), "each silence has its rule"
        for message in plan.messages:
            speak(rng, story, message, now)
    judge(story, knobs, outbound=outbound)


def happens(
    uid: str, what: str, days: int, dues: dict[str, date], facts: dict[str, dict[str, Any]], now: int, today: date
) -> None:
    match what:
        case "promise":
            facts[uid]["promise"] = Promise(today + timedelta(days=days // 2), now)
        case "snooze":
            facts[uid]["snoozes"] = (*facts[uid].get("snoozes", ()), Snooze(today + timedelta(days=days), now))
        case "reply":
            facts[uid]["last_client_ms"] = now
        case _:
            dues[uid] = today + timedelta(days=days // 2 - 3)


def speak(rng: random.Random, story: Story, message: PlannedMessage, now: int) -> None:
    state = "draft" if message.kind in ("draft", "letter") else rng.choice(FATES)
    story.spoken.append((now, message))
    person = story.people[message.recipient.key]
    day = {"digest": "digest_on", "urgent": "urgent_on", "draft": "draft_on"}.get(message.kind)
    if day:
        story.people[person.key] = replace(person, **{day: message.day})  # type: ignore[arg-type]
    for case, decision in message.cases:
        key = decision.key
        said = Past(key.due_eff, key.level, key.turn, now, state)  # type: ignore[arg-type]
        story.history[case.item.uid, person.key, key.letter].append(said)


def judge(story: Story, knobs: NagKnobs, *, outbound: bool) -> None:
    ids = [message.id for _, message in story.spoken]
    assert len(ids) == len(set(ids)), "one digest, one draft and one urgent message per person and day"
    keys: Counter[Any] = Counter()
    last: dict[Any, date] = {}
    for now, message in story.spoken:
        to = message.recipient
        if message.kind != "letter":
            assert is_open(now, to.window, to.zone, to.calendar), "outside a send window"
            assert not to.opt_out
            assert not to.inactive
            assert to.side == "vendor" or to.roles
        assert outbound or to.side == "vendor" or message.kind in ("draft", "letter"), "a client was written to"
        for _case, decision in message.cases:
            key = decision.key
            keys[key] += 1
            same = (key.uid, key.due_eff, key.level, key.recipient)
            if key.turn and not key.letter:
                waited = to.calendar.bd(last[same], local_day(now, to.zone))
                assert waited >= knobs.repeat_bd[key.level - 1], "said again too early"
            last[same] = local_day(now, to.zone)
    assert not keys or max(keys.values()) == 1, "a level is said once per item, due day and person"
    per_day = Counter((message.recipient.key, message.kind, message.day) for _, message in story.spoken)
    assert all(count == 1 for (_, kind, _), count in per_day.items() if kind != "letter")
