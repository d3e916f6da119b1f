"""The account brief: one page before a call. What stands where, what both sides owe, whom to call, what to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reports.document import Block, Cell, Document, Heading, table
from reports.drawing import fit
from reports.parts import contacts_table, head_of, items_table, lines, score_line, shown_items
from reports.voice import Voice
from supervise.dossier import ContactLine, Dossier
from supervise.readiness import Flagged
from supervise.report import TaskItem

MOST: Final = 3
"""Lines of each list: the brief is one page."""
_SIZE: Final = 8.5
_WIDTH: Final = 150.0
_NARROW: Final = 100.0
_TWO_LINES: Final = 200.0
"""What a title may take in points at the size of a table's text: beside others, in a narrow column, of an item."""


def brief(dossiers: Sequence[Dossier], voice: Voice, period: str) -> Document:
    """Give the brief of an account over all of its projects."""
    first = dossiers[0]
    blocks: list[Block] = [Heading(voice.say("section.projects")), _projects(dossiers, voice)]
    talk = [line for each in dossiers for line in _talk(each, voice)]
    blocks += [Heading(voice.say("section.talk")), lines(talk[: MOST + 1], voice.say("none.talk"))]
    for name, items, ours in (
        ("client_items", [item for each in dossiers for item in shown_items(each.client_items, voice)], False),
        ("ours_open", [item for each in dossiers for item in shown_items(each.our_items, voice)], True),
    ):
        shown = [_short(item) for item in _loudest(items)]
        title = voice.say(f"section.{name}")
        if len(items) > MOST:
            title = f"{title} · {voice.say('more', count=len(items) - MOST)}"
        blocks += [Heading(title), items_table(shown, voice, ours=ours)]
    blocks += [Heading(voice.say("section.contacts")), contacts_table(_people(dossiers), voice)]
    blocks += [Heading(voice.say("section.satisfaction")), _satisfaction(dossiers, voice)]
    head = (*head_of(first.now_ms, voice), _sources(first, voice))
    return Document(
        title=voice.say("title.brief", client=first.account_name), language=voice.language, blocks=tuple(blocks),
        head=head, foot=voice.say("foot.internal", project=f"{first.account_name} {period}"),
    )  # fmt: skip


def _sources(dossier: Dossier, voice: Voice) -> str:
    """Give how fresh the sources are on one line, for the brief has one page."""
    told = [
        f"{line.connection} {voice.minute(line.last_ok_ms)}" + (f" ({voice.say('not_fresh')})" if line.stale else "")
        for line in dossier.freshness
    ]
    return voice.say("sources_line", sources=" · ".join(told) or voice.say("none.sources"))


def _projects(dossiers: Sequence[Dossier], voice: Voice) -> Block:
    rows = [
        (
            _cut(each.project.name), voice.word("lifecycle", each.project.lifecycle),
            Cell(voice.word("health", each.health.level), "alarm" if each.health.level == "red" else "plain"),
            _next_milestone(each, voice), str(sum(item.obd > 0 for item in each.client_items)),
            str(sum(item.obd > 0 for item in each.our_items)),
            voice.say("no_data") if each.engagement.index is None else str(each.engagement.index),
        )
        for each in dossiers
    ]  # fmt: skip
    columns = [
        (voice.say("project"), 3), (voice.say("lifecycle"), 1), (voice.say("health_now"), 1),
        (voice.say("next_due"), 3),
        (voice.say("they_owe"), 1, "right"), (voice.say("we_owe"), 1, "right"), (voice.say("engagement"), 1, "right"),
    ]  # fmt: skip
    return table(columns, rows)  # type: ignore[arg-type]


def _next_milestone(dossier: Dossier, voice: Voice) -> str:
    coming = [line for line in dossier.milestones if line.achieved_on is None and line.forecast is not None]
    if not coming:
        return "—"
    line = min(coming, key=lambda each: (each.approved or each.forecast or dossier.today, each.uid))
    return f"{_cut(line.title)} {voice.day(line.forecast)} ({voice.signed(line.slip_bd)})"


def _talk(dossier: Dossier, voice: Voice) -> list[str]:
    """Give what a call should touch: decisions, silence, open loops, high risks, unpaid changes."""
    name = _cut(dossier.project.name)
    words = [voice.say("talk.decision", title=each.title, project=name, age=each.age_bd) for each in dossier.decisions]
    words += [
        voice.say("talk.flag", flag=voice.word("flag", flag.code), project=name) for flag in _people_flags(dossier)
    ]
    words += [voice.say("talk.loop", title=each.title, project=name) for each in dossier.feedback if each.loop_open]
    words += [
        voice.say("talk.risk", title=risk.title, score=risk.score, project=name)
        for risk in dossier.risks
        if risk.live and (risk.score or 0) >= 15
    ]
    return words


def _people_flags(dossier: Dossier) -> list[Flagged]:
    return [flag for flag in dossier.flags if flag.code in {"silence", "missing_role", "started_without_charter"}]


def _loudest(items: Sequence[TaskItem]) -> list[TaskItem]:
    return sorted(items, key=lambda item: (-item.obd, item.due_eff or "9999", item.title, item.uid))[:MOST]


def _people(dossiers: Sequence[Dossier]) -> list[ContactLine]:
    by_uid = {line.uid: line for each in dossiers for line in each.contacts if line.side in {"", "client"}}
    first = sorted(by_uid.values(), key=lambda line: (not line.roles, line.name, line.uid))[:MOST]
    return [replace(line, title=_cut(line.title)) for line in first]


def _short(item: TaskItem) -> TaskItem:
    return replace(
        item, title=_cut(item.title, _TWO_LINES), blocks=tuple(_cut(title, _NARROW) for title in item.blocks)
    )


def _cut(text: str, width: float = _WIDTH) -> str:
    """Give what two lines of a cell hold of a long title; the weekly report has it whole."""
    return fit(text, _SIZE, width)


def _satisfaction(dossiers: Sequence[Dossier], voice: Voice) -> Block:
    scores = [score for each in dossiers for score in each.satisfaction.scores][-MOST:]
    return lines([score_line(score, voice) for score in scores], voice.say("none.satisfaction"))
