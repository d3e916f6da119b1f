"""The RAID log: risks, assumptions, issues, dependencies, and the decisions that wait or were taken."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Block, Document, Heading, table
from reports.parts import paper, shown_items
from reports.sheet import Sheet, sheet
from reports.voice import Voice
from supervise.dossier import Dossier
from supervise.report import TaskItem
from supervise.risk import RiskView

Row = tuple[str, str, str, str, str, str, str]
"""Letter, uid, title, state, whose move, day, note."""


def raid(dossier: Dossier, voice: Voice, period: str) -> Document:
    """Give the log for reading, a table a letter."""
    rows = list(_rows(dossier, voice))
    columns = [
        (voice.say("raid.title"), 5), (voice.say("state"), 2), (voice.say("held_by"), 1), (voice.say("day"), 2),
        (voice.say("note"), 3),
    ]  # fmt: skip
    blocks: list[Block] = []
    for letter in ("R", "A", "I", "D", "C"):
        of_letter = [row[2:] for row in rows if row[0] == letter]
        blocks += [Heading(voice.say(f"raid.{letter}")), table(columns, of_letter, voice.say("raid.none"))]
    return paper("raid", dossier, voice, period, blocks)


def raid_sheet(dossier: Dossier, voice: Voice) -> Sheet:
    """Give the log as one table for a spreadsheet."""
    columns = ("letter", "record_uid", "raid", "state", "ball", "day", "note")
    rows = [(voice.say(f"raid.{row[0]}"), *row[1:]) for row in _rows(dossier, voice)]
    return sheet([voice.say(f"csv.{name}") for name in columns], rows)


def _rows(dossier: Dossier, voice: Voice) -> Iterator[Row]:
    assumed = {one.uid for one in dossier.assumptions}
    for risk in dossier.risks:
        if risk.uid in assumed:
            continue
        state = voice.say("raid.live" if risk.live else "raid.occurred" if risk.occurred else "raid.closed")
        note = voice.comma.join([_grades(risk, voice), *([voice.say("raid.joint")] if risk.joint else [])])
        yield "R", risk.uid, risk.title, state, voice.word("ball", risk.side), voice.day(risk.reviewed_on), note
    for one in dossier.assumptions:
        state, holder = voice.say(f"raid.{one.state}"), voice.word("ball", one.side)
        yield "A", one.uid, one.title, state, holder, voice.day(one.due_on), ""
    listed = shown_items([*dossier.client_items, *dossier.our_items, *dossier.third_items], voice)
    items = [item for item in listed if item.uid not in assumed]
    for item in items:
        if item.kind == "issue":
            yield _item("I", item, voice)
    for item in items:
        if item.blocks and item.kind != "issue":
            yield _item("D", item, voice)
    for change in dossier.changes:
        when = voice.day(change.decided_on) if change.decided_on else "—"
        unquoted = change.cost is None and change.days is None
        said = voice.say("raid.change", cost=voice.number(change.cost), days=voice.number(change.days))
        note = voice.say("raid.unquoted") if unquoted else said
        holder = voice.word("ball", "client" if change.undecided else "vendor")
        yield "C", change.uid, change.title, voice.word("stage", change.stage), holder, when, note


def _grades(risk: RiskView, voice: Voice) -> str:
    if risk.score is None:
        return voice.say("raid.ungraded")
    score = voice.say("raid.score", score=voice.number(risk.score), level=voice.word("level", risk.level))
    return voice.comma.join([score, *([voice.word("response", risk.response)] if risk.response else [])])


def _item(letter: str, item: TaskItem, voice: Voice) -> Row:
    note = voice.say("raid.blocks", titles=voice.comma.join(item.blocks)) if item.blocks else ""
    waits = voice.say("raid.past_due", days=item.obd) if item.obd else voice.say("state.open")
    return letter, item.uid, item.title, waits, voice.word("ball", item.ball), item.due_eff or "—", note
