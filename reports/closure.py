"""The closure summary: plan against what came, changes, whose days, satisfaction, lessons, what is still to do."""

from __future__ import annotations

from typing import Final

from reports.document import Block, Document, Facts, Heading, Paragraph, table
from reports.parts import (
    acceptance_table,
    appendix,
    attribution_blocks,
    changes_blocks,
    lines,
    milestones_table,
    open_items,
    paper,
    people_of,
    satisfaction_blocks,
    shown_items,
    titles_of,
)  # fmt: skip
from reports.voice import Voice
from reports.wording import WORDS
from supervise.dossier import Dossier, FeedbackLine

_NAMED: Final = frozenset({"acceptance", "conditions", "punch", "client_action"})
"""Conditions that are about an item; without a title it is one the reader does not see."""


def closure(dossier: Dossier, voice: Voice, period: str) -> Document:
    """Give the summary; the days of both sides stand beside each other."""
    sections: list[tuple[str, list[Block]]] = [
        ("plan_actual", [Facts(_plan(dossier, voice)), milestones_table(dossier.milestones, voice)]),
        ("gate", [_gate(dossier, voice)]),
        ("open", open_items(dossier, voice)),
        ("acceptance", [acceptance_table(dossier.acceptance, people_of(dossier), voice)]),
        ("changes", changes_blocks(dossier.changes, dossier.change_totals, voice)),
        ("days", _days(dossier, voice)),
        ("satisfaction", satisfaction_blocks(dossier.satisfaction.scores, voice)),
        ("lessons", [_lessons(dossier, voice)]),
        ("improvements", [_improvements(dossier, voice)]),
    ]
    blocks: list[Block] = []
    for number, (name, inner) in enumerate(sections, 1):
        blocks += [Heading(f"{number}. {voice.say(f'section.{name}')}"), *inner]
    if voice.internal:
        titles = titles_of(dossier)
        for uid, attribution in sorted(dossier.attribution.items()):
            if attribution.delay:
                blocks += attribution_blocks(attribution, titles.get(uid, uid), voice)
    items = shown_items([*dossier.client_items, *dossier.our_items, *dossier.third_items], voice)
    blocks += appendix(dossier, items, voice)
    return paper("closure", dossier, voice, period, blocks)


def _plan(dossier: Dossier, voice: Voice) -> tuple[tuple[str, str], ...]:
    ends = [line.achieved_on or line.forecast for line in dossier.milestones]
    actual = max((day for day in ends if day is not None), default=None)
    return (
        (voice.say("lifecycle"), voice.word("lifecycle", dossier.project.lifecycle)),
        (voice.say("start"), str(dossier.values.get("start") or "—")),
        (voice.say("baseline_end"), str(dossier.values.get("baseline_end") or "—")),
        (voice.say("approved_end"), str(dossier.values.get("approved_end") or "—")),
        (voice.say("last_milestone"), voice.day(actual)),
        (voice.say("baselines"), str(len(dossier.baselines))),
    )


def _gate(dossier: Dossier, voice: Voice) -> Block:
    """Give what keeps the project open; what waits for the client is one line, for the items follow by side."""
    open_ = [item for item in dossier.gate.open if item.code != "final_report"]  # this is the final report
    if not open_:
        return Paragraph(voice.say("gate.passes"), "strong")
    waiting = [item for item in open_ if item.code == "client_action" and item.what]
    rows: dict[tuple[str, str, str], None] = {}
    for item in open_:
        what = item.what or (voice.say("untitled_item") if item.code in _NAMED else "—")
        if item.code == "client_action" and waiting:
            what = voice.say("gate.count", count=len(waiting))
        rows[voice.word("gate", item.code), what, voice.word("gate_step", item.next_step)] = None
    return table([(voice.say("gate"), 3), (voice.say("task"), 4), (voice.say("next_step"), 4)], list(rows))


def _days(dossier: Dossier, voice: Voice) -> list[Block]:
    """Give how the days of every milestone are divided; the client edition has the same figures in neutral words."""
    titles = titles_of(dossier)
    rows = [
        (titles.get(uid, uid), str(one.delay), str(one.client), str(one.vendor), str(one.concurrent), str(one.third),
         str(one.unexplained), f"−{one.recovered}" if one.recovered else "0")
        for uid, one in sorted(dossier.attribution.items(), key=lambda pair: titles.get(pair[0], pair[0]))
    ]  # fmt: skip
    heads = ("days.client", "days.vendor", "days.both", "days.third", "days.unexplained", "days.recovered")
    columns = [
        (voice.say("milestone"), 3),
        (voice.say("days.all"), 1, "right"),
        *((voice.say(head), 1, "right") for head in heads),
    ]
    return [table(columns, rows, voice.say("none.days")), Paragraph(voice.say("not_advice"), "muted")]  # type: ignore[arg-type]


def _lessons(dossier: Dossier, voice: Voice) -> Block:
    return lines([_lesson(each, voice) for each in dossier.lessons], voice.say("none.lessons"))


def _lesson(line: FeedbackLine, voice: Voice) -> str:
    """Give a lesson with its cause; a code that only our own people know is not told to the client."""
    told = bool(line.cause) and (voice.internal or f"cause.{line.cause}" in WORDS)
    return voice.say("lesson_line", title=line.title, cause=voice.word("cause", line.cause)) if told else line.title


def _improvements(dossier: Dossier, voice: Voice) -> Block:
    rows = [(item.title, item.owner or "—", item.due_eff or "—") for item in dossier.improvements]
    columns = [(voice.say("action"), 5), (voice.say("owner"), 2), (voice.say("due"), 2)]
    return table(columns, rows, voice.say("none.improvements"))
