"""The weekly report of a project, in an edition for the client and one for our own people.

Both editions tell the same story. The client's has the same table for what we wait for from them and for what they
wait for from us, in the same words; what only we may read (attribution, engagement, held notices) is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from reports.changes import differences, facts_of, next_period, told
from reports.charts import Lane, Span, Trend, ageing, ball_lanes, burn_up, milestone_trend
from reports.document import Block, Document, Facts, Figure, Heading, Paragraph
from reports.parts import (
    SCALES,
    acceptance_table,
    appendix,
    attribution_blocks,
    changes_blocks,
    day_of,
    items_table,
    lines,
    milestones_table,
    paper,
    people_of,
    reason_words,
    risks_table,
    satisfaction_blocks,
    shown_items,
    signatures_table,
    state_of,
    titles_of,
)  # fmt: skip
from reports.voice import Voice
from supervise.dossier import Dossier, FeedbackLine
from supervise.health import Signal
from supervise.readiness import Flagged

TOP_SIGNALS: Final = 3
LANES: Final = 12
LANE_DAYS: Final = 42
LEAST_BURNED: Final = 3
"""Client actions from which on a line of due and done says more than the table."""
_WAITING: Final = frozenset({"H2", "H7"})
"""Signals about items that wait; they are told in the words of the tables."""
_OURS: Final = frozenset({"H6"})
"""Signals that only our own people read: how far a client takes part is no news to send them."""
_PLAIN: Final = frozenset({"H1"})
"""Signals whose words a client reads too; of the others the client reads the title."""
_PRIVATE: Final = frozenset({"H5"})
"""Signals whose words stay with us: who of the client's people was unhappy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What came before: what earlier reports of the same project and edition said, and what was done.

    Args:
        period: of the last one; "" when there was none.
        facts: of the last one.
        forecasts: of all of them: milestone uid -> (day of the look, forecast), oldest first.
        due, done: days on which the client's actions came due and were done, all along.
    """

    period: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    forecasts: Mapping[str, Sequence[tuple[date, date]]] = field(default_factory=dict)
    due: tuple[date, ...] = ()
    done: tuple[date, ...] = ()


def weekly(dossier: Dossier, voice: Voice, period: str, past: Past) -> Document:
    """Give the weekly report in the order people read: state, changes, dates, theirs, ours, the rest."""
    blocks: list[Block] = []
    sections: tuple[tuple[str, list[Block]], ...] = (
        ("state", _state(dossier, voice)),
        ("changed", _changed(dossier, voice, past)),
        ("milestones", _milestones(dossier, voice, past)),
        ("client_open", _theirs(dossier, voice, past)),
        ("ours_open", _ours(dossier, voice)),
        ("changes", [*_decisions(dossier, voice), *changes_blocks(dossier.changes, dossier.change_totals, voice)]),
        ("risks", [risks_table(dossier.risks, voice)]),
        ("signed", _signed(dossier, voice)),
        ("satisfaction", _satisfaction(dossier, voice)),
        ("next", _next(dossier, voice)),
    )
    for number, (name, inner) in enumerate(sections, 1):
        blocks.append(Heading(f"{number}. {voice.section(name)}"))
        blocks.extend(inner)
    if voice.internal:
        blocks.extend(_internal(dossier, voice))
    items = shown_items([*dossier.client_items, *dossier.our_items, *dossier.third_items], voice)
    blocks.extend(appendix(dossier, items, voice))
    return paper("weekly", dossier, voice, period, blocks)


def _state(dossier: Dossier, voice: Voice) -> list[Block]:
    project, health = dossier.project, dossier.health
    line = voice.say(
        "state_line", lifecycle=voice.word("lifecycle", project.lifecycle), health=voice.word("health", health.level),
        confidence=voice.word("confidence", health.confidence),
    )  # fmt: skip
    found = [
        one for one in health.signals if one.level in {"red", "yellow"} and (voice.internal or one.code not in _OURS)
    ]
    signals = [_signal(dossier, one, voice) for one in found]
    return [Paragraph(line, "strong"), lines(signals[:TOP_SIGNALS], voice.say("none.signals"))]


def _signal(dossier: Dossier, signal: Signal, voice: Voice) -> str:
    """Give why the health is not green; what waits is told in the words of the tables, for either side."""
    items = {item.uid: item for item in (*dossier.client_items, *dossier.our_items)}
    item = items.get(signal.reason.uid) if signal.code in _WAITING else None
    words = ""
    if item is not None and (voice.internal or not item.internal):
        words = f"{item.title} · {state_of(item, voice)}"
    elif item is None and (voice.internal or signal.code in _PLAIN):
        words = reason_words(signal.reason, voice)
    elif item is None and signal.code not in _PRIVATE:
        words = titles_of(dossier).get(signal.reason.uid, "")
    return f"{voice.say(f'signal.{signal.code}')}: {voice.word('health', signal.level)} · {words}".rstrip(" ·")


def _changed(dossier: Dossier, voice: Voice, past: Past) -> list[Block]:
    if not past.period:
        return [Paragraph(voice.say("first_report"), "muted")]
    found = differences(past.facts, facts_of(dossier, voice))
    return [
        Paragraph(voice.say("changed_since", period=past.period, count=len(found)), "muted"),
        *([lines([told(each, voice) for each in found], "")] if found else []),
    ]


def _milestones(dossier: Dossier, voice: Voice, past: Past) -> list[Block]:
    blocks: list[Block] = [milestones_table(dossier.milestones, voice)]
    trends = [
        Trend(
            line.title,
            (*past.forecasts.get(line.uid, ()), *([(dossier.today, line.forecast)] if line.forecast else [])),
            line.approved,
        )
        for line in dossier.milestones
        if past.forecasts.get(line.uid) and line.achieved_on is None
    ]
    return [*blocks, Figure(milestone_trend(trends, voice.language))] if trends else blocks


def _theirs(dossier: Dossier, voice: Voice, past: Past) -> list[Block]:
    blocks: list[Block] = [items_table(shown_items(dossier.client_items, voice), voice)]
    if len(past.due) >= LEAST_BURNED:
        blocks.append(Figure(burn_up(past.due, past.done, dossier.today, voice.language)))
    return blocks


def _ours(dossier: Dossier, voice: Voice) -> list[Block]:
    ours, third = shown_items(dossier.our_items, voice), shown_items(dossier.third_items, voice)
    blocks: list[Block] = [items_table(ours, voice, ours=True)]
    if third:
        blocks += [Heading(voice.say("section.third"), 3), items_table(third, voice)]
    held = shown_items(dossier.on_hold, voice)
    if held:
        blocks += [Heading(voice.say("section.on_hold"), 3), items_table(held, voice)]
    late = [[item.obd for item in side if item.since] for side in (shown_items(dossier.client_items, voice), ours)]
    if any(late):
        blocks.append(Figure(ageing(late[0], late[1], voice.language)))
    return blocks


def _decisions(dossier: Dossier, voice: Voice) -> list[Block]:
    words = [
        voice.say("decision_line", title=each.title, due=voice.day(each.due), age=each.age_bd)
        if each.due is not None
        else voice.say("decision_line.undated", title=each.title, age=each.age_bd)
        for each in dossier.decisions
    ]
    return [lines(words, voice.say("none.decisions"))]


def _signed(dossier: Dossier, voice: Voice) -> list[Block]:
    people = people_of(dossier)
    blocks: list[Block] = []
    if dossier.sign_offs:
        mandatory = [each for each in dossier.sign_offs if each.mandatory]
        count = sum(each.in_force for each in mandatory)
        blocks.append(Paragraph(voice.say("signed_count", signed=count, all=len(mandatory))))
    return [
        *blocks, signatures_table(dossier.sign_offs, people, voice),
        acceptance_table(dossier.acceptance, people, voice),
    ]  # fmt: skip


def _satisfaction(dossier: Dossier, voice: Voice) -> list[Block]:
    titles = titles_of(dossier)
    open_loops = [
        voice.say("loop_line", title=_loop_title(each, voice), follow=_follow_up(each, titles, voice))
        for each in dossier.feedback
        if _is_told(each, voice)
    ]
    return [*satisfaction_blocks(dossier.satisfaction.scores, voice), lines(open_loops, voice.say("none.loops"))]


def _is_told(line: FeedbackLine, voice: Voice) -> bool:
    """Say whether a feedback is told: open, no lesson; of answers to a survey only what waits, and to us alone.

    The table has the scores. Who of the client's people gave which is no news to send to them.
    """
    if line.kind == "lesson" or line.status in {"closed", "resolved"}:
        return False
    return line.kind not in SCALES or (voice.internal and line.loop_open)


def _loop_title(line: FeedbackLine, voice: Voice) -> str:
    return f"{line.title} · {voice.word('feedback_status', line.status)}" if line.status else line.title


def _follow_up(line: FeedbackLine, titles: Mapping[str, str], voice: Voice) -> str:
    """Give the action that follows it up; one that is done or not for this reader is only said to be there."""
    return (titles.get(line.follow_up) or voice.say("loop_arranged")) if line.follow_up else "—"


def _next(dossier: Dossier, voice: Voice) -> list[Block]:
    since, until = dossier.today.isoformat(), (dossier.today + timedelta(days=7)).isoformat()
    items = shown_items(
        next_period((*dossier.client_items, *dossier.our_items, *dossier.third_items), since, until), voice
    )
    words = [
        voice.say("next_line", day=item.due_eff, title=item.title, ball=voice.word("ball", item.ball)) for item in items
    ]
    near = [
        voice.say("next_milestone", day=voice.day(line.forecast), title=line.title)
        for line in dossier.milestones
        if line.forecast
        and not line.achieved_on
        and dossier.today <= line.forecast <= dossier.today + timedelta(days=14)
    ]
    return [lines(sorted([*words, *near]), voice.say("none.next"))]


def _internal(dossier: Dossier, voice: Voice) -> list[Block]:
    blocks: list[Block] = [Heading(voice.say("section.internal")), *_gap(dossier, voice), *_engagement(dossier, voice)]
    titles = titles_of(dossier)
    for uid, attribution in sorted(dossier.attribution.items(), key=lambda pair: titles.get(pair[0], pair[0])):
        if attribution.delay:
            blocks += attribution_blocks(attribution, voice.say("attribution_of", title=titles.get(uid, uid)), voice)
    lanes = _lanes(dossier)
    if lanes:
        first = dossier.today - timedelta(days=LANE_DAYS)
        blocks.append(Figure(ball_lanes(lanes, first, dossier.today + timedelta(days=1), voice.language)))
    flags = _flag_lines(dossier.flags, titles, voice)
    held = [voice.say("held_line", count=len(dossier.held_notices))] if dossier.held_notices else []
    return [*blocks, Heading(voice.say("section.flags"), 3), lines([*flags, *held], voice.say("none"))]


def _flag_lines(flags: Sequence[Flagged], titles: Mapping[str, str], voice: Voice) -> list[str]:
    """Give a line for each thing the project lacks, and one for each thing that some of its items lack."""
    own = [_since(voice.word("flag", flag.code), flag, voice) for flag in flags if flag.uid not in titles]
    lacking: dict[str, list[str]] = {}
    for flag in flags:
        if flag.uid in titles:
            lacking.setdefault(flag.code, []).append(_since(titles[flag.uid], flag, voice))
    return [
        *dict.fromkeys(own),
        *(_flag_line(voice.word("flag", code), items, voice) for code, items in lacking.items()),
    ]


def _flag_line(word: str, items: Sequence[str], voice: Voice) -> str:
    counted = voice.say("flag_count", flag=word, count=len(items)) if len(items) > 1 else word
    return voice.say("flag_of", flag=counted, titles=voice.semicolon.join(items))


def _since(what: str, flag: Flagged, voice: Voice) -> str:
    return voice.say("flag_line", flag=what, since=voice.day(flag.since)) if flag.since else what


def _gap(dossier: Dossier, voice: Voice) -> list[Block]:
    health, project = dossier.health, dossier.project
    if not project.health:
        words = voice.say("gap_line.undeclared", computed=voice.word("health", health.computed_today))
        return [Paragraph(words)]
    words = voice.say(
        "gap_line", declared=voice.word("health", project.health), computed=voice.word("health", health.computed_today),
        gap=voice.number(health.declared_gap),
    )  # fmt: skip
    return [Paragraph(words, "alarm" if health.watermelon else "plain")]


def _engagement(dossier: Dossier, voice: Voice) -> list[Block]:
    found = dossier.engagement
    index = voice.say("no_data") if found.index is None else str(found.index)
    pairs = [(voice.say("engagement"), index)]
    pairs += [
        (
            voice.word("part", part.name),
            f"{voice.number(part.value)} (× {voice.number(part.weight)}, n={part.n})",
        )
        for part in found.parts
    ]
    return [Facts(tuple(pairs))]


def _lanes(dossier: Dossier) -> list[Lane]:
    """Give the way of each open item through the hands, as the ledger has it."""
    open_items = [*dossier.client_items, *dossier.our_items, *dossier.third_items]
    lanes = []
    for item in sorted(open_items, key=lambda each: (each.due_eff or "9999", each.uid))[:LANES]:
        moves = [line for line in dossier.ledger if line.uid == item.uid]
        ends = [*(_day(line.at_ms, dossier.zone) for line in moves[1:]), dossier.today + timedelta(days=1)]
        spans = (
            [Span(line.holder, _day(line.at_ms, dossier.zone), end) for line, end in zip(moves, ends, strict=True)]
            if moves
            else []
        )
        if spans:
            lanes.append(Lane(item.title, tuple(spans)))
    return lanes


def _day(at_ms: int, zone: str) -> date:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone)).date()


def past_of(kept: Sequence[tuple[str, int, Mapping[str, Any]]], zone: str) -> Past:
    """Give what earlier reports said: (period, moment looked at, facts) of each, oldest first."""
    if not kept:
        return Past()
    forecasts: dict[str, list[tuple[date, date]]] = {}
    for _, at_ms, facts in kept:
        for uid, (_, achieved, forecast) in facts.get("milestones", {}).items():
            day = day_of(achieved or forecast)
            if day is not None:
                forecasts.setdefault(uid, []).append((_day(at_ms, zone), day))
    return Past(period=kept[-1][0], facts=kept[-1][2], forecasts=forecasts)
