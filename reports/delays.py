"""The delay ledger: each milestone's days with their holder and evidence, and every move of the ball with its hash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from reports.document import Block, Document, Facts, Heading, Paragraph, table
from reports.parts import attribution_blocks, paper, reached_or_forecast, titles_of
from reports.sheet import Sheet, sheet
from reports.voice import Voice
from supervise.delay import Attribution, DayEntry, DayEvidence
from supervise.dossier import Dossier

HASH: Final = 12
_OURS: Final = frozenset({"record_uid", "cause", "source", "record", "evidence"})
"""Columns that say how we know it, which are no business of the client's."""


def ledger(dossier: Dossier, voice: Voice, period: str) -> Document:
    """Give the ledger for reading: the sums, the days, the moves.

    An edition for the client has the same days for both sides, and neither what we might claim nor where we look.
    """
    titles = titles_of(dossier)
    blocks: list[Block] = [Paragraph(voice.say("not_advice"), "muted")]
    for uid, attribution in sorted(dossier.attribution.items(), key=lambda pair: titles.get(pair[0], pair[0])):
        blocks += [Heading(titles.get(uid, uid)), *_milestone(dossier, uid, attribution, voice)]
    if not dossier.attribution:
        blocks.append(Paragraph(voice.say("none.days"), "muted"))
    blocks += [
        Heading(voice.say("section.moves" if voice.internal else "section.handovers")),
        _moves(dossier, voice),
        *_seal(dossier, voice),
    ]
    return paper("ledger" if voice.internal else "days", dossier, voice, period, blocks, foot="ledger")


def ledger_sheet(dossier: Dossier, voice: Voice) -> Sheet:
    """Give every move of the ball as a row, with the hash that chains it to the one before."""
    columns = ("time_utc", "record_uid", "task", "ball", "cause", "source", "record", "evidence", "disputed", "chain")
    shown = [name for name in columns if voice.internal or name not in _OURS]
    rows = [
        {
            "time_utc": _utc(line.at_ms), "record_uid": line.uid, "task": line.title,
            "ball": voice.word("ball", line.holder), "cause": voice.word("ball_cause", line.cause),
            "source": line.source, "record": line.record, "evidence": line.evidence, "disputed": line.disputed,
            "chain": line.chain,
        }
        for line in dossier.ledger
    ]  # fmt: skip
    heads = [voice.say(f"csv.{_side(voice) if name == 'ball' else name}") for name in shown]
    return sheet(heads, [tuple(row[name] for name in shown) for row in rows])


def _milestone(dossier: Dossier, uid: str, attribution: Attribution, voice: Voice) -> list[Block]:
    line = next((each for each in dossier.milestones if each.uid == uid), None)
    facts = [
        (voice.say("approved"), voice.day(line.approved if line else None)),
        (voice.say("forecast"), reached_or_forecast(line, voice) if line else "—"),
        (voice.say("days.delay" if voice.internal else "days.beyond"), str(attribution.delay)),
    ]
    if not attribution.delay and not attribution.days:
        return [Facts(tuple(facts))]
    picture = attribution_blocks(attribution, "", voice)[1:]
    rows = [_day(entry, voice) for entry in attribution.days]
    columns = [
        (voice.say("day"), 2), (voice.say(_side(voice)), 1), (voice.say("item_evidence"), 9),
        (voice.say("disputed"), 2),
    ]  # fmt: skip
    return [Facts(tuple(facts)), *picture, table(columns, rows, voice.say("none.day_rows"))]


def _day(entry: DayEntry, voice: Voice) -> tuple[str, ...]:
    said = [_evidence(one, voice) for one in entry.evidence]
    said = said or [uid or voice.say("untitled_item") for uid in entry.items]
    return (
        entry.day.isoformat(),
        voice.word("day_holder", entry.holder),
        voice.semicolon.join(said) or "—",
        entry.disputed or "—",
    )


def _evidence(one: DayEvidence, voice: Voice) -> str:
    """Give an item that decided a day with what shows it: since when it was there, its day, the notice."""
    notice = voice.say("notice_at", at=voice.minute(one.notice_ms)) if one.notice_ms else voice.say("no_notice")
    return voice.say(
        "day_evidence" if voice.internal else "day_evidence.client",
        title=one.title or one.uid or voice.say("untitled_item"), ball=voice.minute(one.ball_ms),
        due=voice.day(one.due_eff), notice=notice,
    )  # fmt: skip


def _moves(dossier: Dossier, voice: Voice) -> Block:
    heads = {
        "time": 2, "task": 4, "ball": 1, "cause": 2, "record": 3, "disputed": 2, "hash": 2,
    }  # fmt: skip
    shown = [name for name in heads if voice.internal or name not in _OURS]
    rows = [
        {
            "time": voice.minute(line.at_ms), "task": line.title, "ball": voice.word("ball", line.holder),
            "cause": voice.word("ball_cause", line.cause), "record": f"{line.source} {line.record}".strip() or "—",
            "disputed": line.disputed or "—", "hash": line.chain[:HASH],
        }
        for line in dossier.ledger
    ]  # fmt: skip
    columns = [(voice.say(_side(voice) if name == "ball" else name), heads[name]) for name in shown]
    return table(columns, [tuple(row[name] for name in shown) for row in rows], voice.say("none.moves"))


def _side(voice: Voice) -> str:
    """Give the word for who has an item: among ourselves we say ball."""
    return "ball" if voice.internal else "side"


def _seal(dossier: Dossier, voice: Voice) -> list[Block]:
    if not dossier.ledger:
        return []
    return [Facts(((voice.say("last_hash"), dossier.ledger[-1].chain),)), Paragraph(voice.say("chain_note"), "muted")]


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
