"""The overdue digest: by project, loudest first, with one suggested next step an item."""

from __future__ import annotations

from collections.abc import Sequence

from reports.document import Block, Cell, Document, Heading, Paragraph, table
from reports.parts import freshness, head_of, shown_items, stale_of, state_of
from reports.voice import Edition, Voice
from reports.wording import why_line
from supervise.dossier import Dossier
from supervise.report import TaskItem, loudest_first


def digest_is_empty(dossiers: Sequence[Dossier], edition: Edition) -> bool:
    """Say whether there is nothing to tell that edition's readers."""
    return not any(_late(each, Voice("en", edition, each.zone)) for each in dossiers)


def digest(dossiers: Sequence[Dossier], voice: Voice, period: str, name: str = "") -> Document:
    """Give the digest over those projects.

    Args:
        dossiers: at least one.
    """
    told = sorted((each for each in dossiers if _late(each, voice)), key=lambda each: _loudest(each, voice))
    blocks: list[Block] = []
    for each in told:
        blocks += [Heading(f"{each.account_name} / {each.project.name}".strip(" /")), *_project(each, voice)]
    if not told:
        blocks.append(Paragraph(voice.say("none.late"), "muted"))
    held = sum(len(each.held_notices) for each in dossiers)
    if voice.internal:
        blocks.append(Paragraph(voice.say("held_line", count=held), "muted"))
    first = dossiers[0]
    stale = sorted({one for each in dossiers for one in stale_of(each)})
    title = voice.say(f"title.digest_{voice.edition}", period=period)
    return Document(
        title=f"{title} · {name}" if name else title, language=voice.language, blocks=tuple(blocks),
        head=head_of(first.now_ms, voice, stale), tail=freshness(first, voice),
        foot=voice.say(f"foot.{voice.edition}", project=name or voice.say("all_projects")),
    )  # fmt: skip


def _project(dossier: Dossier, voice: Voice) -> list[Block]:
    blocks: list[Block] = []
    sides = (("client_open", dossier.client_items), ("ours_open", dossier.our_items), ("third", dossier.third_items))
    for name, items in sides:
        late = _late_of(items, voice)
        if late:
            blocks += [Heading(voice.section(name), 3), _table(dossier, late, voice)]
    return blocks


def _table(dossier: Dossier, items: Sequence[TaskItem], voice: Voice) -> Block:
    last = {line.name: line.last_two_way_ms for line in dossier.contacts}
    rows = []
    for item in items:
        who = ((item.contact or item.owner) if item.ball == "client" else (item.owner or item.contact)) or "—"
        row: list[Cell | str] = [
            _titled(item, voice), who, item.due_eff or "—", Cell(state_of(item, voice), "strong"),
            voice.comma.join(item.blocks) or "—",
        ]  # fmt: skip
        if voice.internal:
            row = [Cell(item.severity or "", "strong"), *row, voice.minute(last.get(item.contact)), _step(item, voice)]
        rows.append(row)
    columns = [
        (voice.say("task"), 5), (voice.say("contact_or_owner"), 2), (voice.say("due"), 2), (voice.say("state"), 4),
        (voice.say("blocks"), 3),
    ]  # fmt: skip
    if voice.internal:
        columns = [(voice.say("severity"), 1), *columns, (voice.say("last_heard"), 2), (voice.say("next_step"), 3)]
    return table(columns, rows)


def _titled(item: TaskItem, voice: Voice) -> str:
    why = why_line(voice.language, item) if voice.internal else ""
    return f"{item.title} ({why})" if why else item.title


def _step(item: TaskItem, voice: Voice) -> str:
    if item.ball != "client":
        return voice.say("step.third" if item.ball == "third_party" else "step.ours")
    return voice.word("step", item.severity) if item.severity else "—"


def _late_of(items: Sequence[TaskItem], voice: Voice) -> list[TaskItem]:
    return sorted((item for item in shown_items(items, voice) if item.since), key=loudest_first)


def _late(dossier: Dossier, voice: Voice) -> list[TaskItem]:
    return _late_of([*dossier.client_items, *dossier.our_items, *dossier.third_items], voice)


def _loudest(dossier: Dossier, voice: Voice) -> tuple[object, ...]:
    return (*loudest_first(_late(dossier, voice)[0]), dossier.project.uid)
