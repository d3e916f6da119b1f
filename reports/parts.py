"""The pieces that several reports are made of: tables of items, milestones, risks, signatures, the appendix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from reports.charts import Delay, Interval, delay_waterfall, satisfaction_bars
from reports.document import Block, Cell, Document, Facts, Figure, Heading, Listing, Paragraph, Table, table
from reports.rendering import plain
from reports.voice import Voice
from reports.wording import WORDS
from supervise.change import ChangeTotals, ChangeView
from supervise.closing import AcceptanceView
from supervise.delay import Attribution
from supervise.dossier import ContactLine, Dossier, MilestoneLine
from supervise.reasons import Reason
from supervise.report import SourceRef, TaskItem
from supervise.risk import RiskView
from supervise.satisfaction import Score
from supervise.signing import SignOffView

SCALES: Final[Mapping[str, tuple[Decimal, Decimal]]] = {
    "nps": (Decimal(-100), Decimal(100)), "csat": (Decimal(0), Decimal(100)), "ces": (Decimal(1), Decimal(7)),
}  # fmt: skip
WAITS: Final = frozenset({"sign_off", "acceptance", "deliverable_review", "survey", "change_request"})
SHOWN_RISKS: Final = 5
_APART: Final = frozenset({"milestone", "risk"})


def shown_items(items: Iterable[TaskItem], voice: Voice) -> list[TaskItem]:
    """Give the items a reader of that edition may see, by due day; milestones and risks have tables of their own."""
    seen = (item for item in items if item.kind not in _APART and (voice.internal or not item.internal))
    return sorted(seen, key=lambda item: (item.due_eff or "9999", item.title, item.uid))


def state_of(item: TaskItem, voice: Voice) -> str:
    """Say how long an item has waited, in the same neutral words for both sides."""
    if item.paused:
        return voice.say("state.paused")
    if item.since is None and item.obd == 0:
        return voice.say("state.open" if item.due_eff else "state.undated")
    code = item.kind if item.kind in WAITS and item.ball == "client" else "action"
    return voice.say(f"waits.{code}", days=item.obd) if item.obd else voice.say("waits.today")


def items_table(items: Sequence[TaskItem], voice: Voice, *, ours: bool = False) -> Table:
    """Give open items of one side; both sides get the same columns."""
    rows = [
        (
            item.title,
            plain(item.owner if ours else item.contact) or "—",
            item.due_eff or "—",
            Cell(state_of(item, voice), "strong" if item.obd else "plain"),
            voice.comma.join(item.blocks) or "—",
        )
        for item in items
    ]
    columns = [
        (voice.say("task"), 10), (voice.say("owner" if ours else "contact"), 4), (voice.say("due"), 4),
        (voice.say("state"), 9), (voice.say("blocks"), 6),
    ]  # fmt: skip
    return table(columns, rows, voice.say("none.items"))


def open_items(dossier: Dossier, voice: Voice) -> list[Block]:
    """Give what is open on either side, one table beside the other; of others' only where there is any."""
    third = shown_items(dossier.third_items, voice)
    blocks: list[Block] = [
        Heading(voice.section("client_open"), 3), items_table(shown_items(dossier.client_items, voice), voice),
        Heading(voice.section("ours_open"), 3), items_table(shown_items(dossier.our_items, voice), voice, ours=True),
    ]  # fmt: skip
    return [*blocks, Heading(voice.section("third"), 3), items_table(third, voice)] if third else blocks


def milestones_table(lines: Sequence[MilestoneLine], voice: Voice) -> Table:
    """Give the milestones with plan, agreed plan and how far changes moved it, forecast and slip."""
    rows = [
        (
            line.title, voice.day(line.baseline), voice.day(line.approved), voice.signed(line.extension_bd),
            reached_or_forecast(line, voice),
            Cell(voice.signed(line.slip_bd), "strong" if (line.slip_bd or 0) > 0 else "plain"),
        )
        for line in lines
    ]  # fmt: skip
    columns = [
        (voice.say("milestone"), 4), (voice.say("baseline"), 2), (voice.say("approved"), 2),
        (voice.say("extension"), 1, "right"), (voice.say("forecast"), 3), (voice.say("slip"), 1, "right"),
    ]  # fmt: skip
    return table(columns, rows, voice.say("none.milestones"))  # type: ignore[arg-type]


def reached_or_forecast(line: MilestoneLine, voice: Voice) -> str:
    """Give the day a milestone was reached, or the one it is expected on."""
    reached = line.achieved_on
    return voice.say("achieved_on", day=voice.day(reached)) if reached else voice.day(line.forecast)


def changes_blocks(changes: Sequence[ChangeView], totals: ChangeTotals, voice: Voice) -> list[Block]:
    """Give the change requests and their sums."""
    rows = [
        (
            each.title, voice.word("stage", each.stage), each.impact or "—", voice.number(each.cost),
            voice.number(each.days), voice.number(each.age_bd) if each.undecided else voice.day(each.decided_on),
        )
        for each in changes
    ]  # fmt: skip
    columns = [
        (voice.say("change"), 4), (voice.say("stage"), 2), (voice.say("impact"), 3), (voice.say("cost"), 1, "right"),
        (voice.say("days_bd"), 1, "right"), (voice.say("age_or_day"), 2),
    ]  # fmt: skip
    blocks: list[Block] = [table(columns, rows, voice.say("none.changes"))]  # type: ignore[arg-type]
    if totals.count:
        words = voice.say(
            "change_totals", count=totals.count, approved=totals.approved, cost=voice.number(totals.cost),
            days=totals.days, undecided=totals.undecided,
        )  # fmt: skip
        blocks.append(Paragraph(words, "muted"))
    if voice.internal and totals.unauthorised:
        blocks.append(Paragraph(voice.say("unauthorised", count=totals.unauthorised), "alarm"))
    return blocks


def risks_table(risks: Sequence[RiskView], voice: Voice, most: int | None = SHOWN_RISKS) -> Table:
    """Give the live risks, highest first."""
    live = [risk for risk in risks if risk.live]
    rows = [
        (
            risk.title, voice.number(risk.score), voice.word("level", risk.level), voice.word("ball", risk.side),
            voice.word("response", risk.response),
            voice.day(risk.reviewed_on)
            + (voice.say("review_due", days=risk.review_overdue_bd) if risk.review_overdue_bd else ""),
        )
        for risk in live[:most]
    ]  # fmt: skip
    columns = [
        (voice.say("risk"), 4), (voice.say("score"), 1, "right"), (voice.say("level"), 1), (voice.say("held_by"), 1),
        (voice.say("response"), 1), (voice.say("reviewed"), 3),
    ]  # fmt: skip
    return table(columns, rows, voice.say("none.risks"))  # type: ignore[arg-type]


def signatures_table(views: Sequence[SignOffView], people: Mapping[str, str], voice: Voice) -> Table:
    """Give every sign-off item with the signature in force, by version and hash."""
    rows = []
    for view in views:
        signed = view.signature
        rows.append(
            (
                view.title, view.doc_version or "—", _flagged(voice.word("sign_state", view.state), view.flags, voice),
                _signer(signed.signer, signed.roles, people, voice) if signed else "—",
                f"{voice.minute(signed.at_ms)} {voice.word('method', signed.method)}" if signed else "—",
                view.doc_hash[:12] or "—",
            )
        )  # fmt: skip
    columns = [
        (voice.say("sign_off"), 4), (voice.say("version"), 1), (voice.say("state"), 2), (voice.say("signer"), 3),
        (voice.say("signed_at"), 3), (voice.say("hash"), 2),
    ]  # fmt: skip
    return table(columns, rows, voice.say("none.sign_offs"))


def _flagged(state: str, flags: Sequence[str], voice: Voice) -> str:
    """Give the state of a paper with why a signature under it does not count."""
    why = [voice.word("flag", flag) for flag in flags if flag == "signed_by_non_approver"]
    return " · ".join([state, *why])


def acceptance_table(views: Sequence[AcceptanceView], people: Mapping[str, str], voice: Voice) -> Table:
    """Give every acceptance item with its result; one that time alone accepted is told apart from a signature."""
    rows = []
    for view in views:
        act = view.act
        who = _signer(act.signer, act.roles, people, voice) if act else "—"
        at = voice.minute(act.at_ms) if act else "—"
        if view.state == "deemed_accepted":
            who, at = voice.say("deemed_who"), voice.day(view.deemed_on)
        open_ends = [*view.open_conditions, *(item.title for item in view.open_punch)]
        state = _flagged(voice.word("acceptance", view.state), view.flags, voice)
        rows.append(
            (view.title, state, who, at, voice.comma.join(open_ends) or "—")
        )  # fmt: skip
    columns = [
        (voice.say("acceptance"), 4), (voice.say("result"), 2), (voice.say("signer"), 3), (voice.say("time"), 2),
        (voice.say("open_ends"), 3),
    ]  # fmt: skip
    return table(columns, rows, voice.say("none.acceptance"))


def satisfaction_blocks(scores: Sequence[Score], voice: Voice) -> list[Block]:
    """Give the scores of every wave with their intervals; too few answers give no score."""
    if not scores:
        return [Paragraph(voice.say("none.satisfaction"), "muted")]
    rows = [
        (
            score.wave, voice.word("feedback_kind", score.kind), voice.number(score.value),
            f"{voice.number(score.low)} … {voice.number(score.high)}" if score.low is not None else "—",
            f"{score.n}/{score.invited}" if score.invited else str(score.n),
            voice.say("suppressed") if score.suppressed else voice.say("indicative") if score.indicative else "",
        )
        for score in scores
    ]  # fmt: skip
    columns = [
        (voice.say("wave"), 2), (voice.say("measure"), 1), (voice.say("score"), 1, "right"), (voice.say("interval"), 2),
        (voice.say("answers"), 1, "right"), (voice.say("note"), 2),
    ]  # fmt: skip
    blocks: list[Block] = [table(columns, rows)]  # type: ignore[arg-type]
    for kind, (low, high) in SCALES.items():
        marks = [_interval(score, voice) for score in scores if score.kind == kind]
        if marks:
            title = voice.say("chart.satisfaction", kind=voice.word("feedback_kind", kind))
            blocks.append(Figure(satisfaction_bars(marks, low, high, title, voice.language)))
    return blocks


def score_line(score: Score, voice: Voice) -> str:
    """Give one score on one line, with its interval and how many answered."""
    name = f"{score.wave} {voice.word('feedback_kind', score.kind)}"
    if score.value is None or score.suppressed:
        return f"{name}: {voice.say('score.few', n=score.n)}"
    note = f", {voice.say('indicative')}" if score.indicative else ""
    between = f" [{voice.number(score.low)}, {voice.number(score.high)}]" if score.low is not None else ""
    return f"{name}: {voice.number(score.value)}{between}, n={score.n}{note}"


def _interval(score: Score, voice: Voice) -> Interval:
    note = voice.say("indicative") if score.indicative else ""
    value = None if score.suppressed else score.value
    return Interval(label=score.wave, value=value, low=score.low, high=score.high, n=score.n, note=note)


def attribution_blocks(attribution: Attribution, title: str, voice: Voice) -> list[Block]:
    """Give the parts of one milestone's delay, which sum to it; what follows from them is for our own people."""
    parts = Delay(
        delay=attribution.delay, client=attribution.client, concurrent=attribution.concurrent,
        vendor=attribution.vendor, third_party=attribution.third, unexplained=attribution.unexplained,
        recovered=attribution.recovered,
    )  # fmt: skip
    words = voice.say("relief_line", relief=attribution.relief, claimable=attribution.claimable)
    picture = Figure(delay_waterfall(parts, voice.language, outward=not voice.internal))
    return [Heading(title, 3), picture, *([Paragraph(words)] if voice.internal else [])]


def contacts_table(contacts: Sequence[ContactLine], voice: Voice) -> Table:
    """Give whom to talk to: role, channel, and when they were last heard."""
    rows = [
        (
            f"{line.name} {line.title}".strip(), voice.words("role", line.roles), line.mobile or line.email or "—",
            voice.minute(line.last_two_way_ms) if line.last_two_way_ms else voice.say("never_heard"),
            voice.say("opted_out") if line.opt_out else "",
        )
        for line in contacts
    ]  # fmt: skip
    columns = [
        (voice.say("contact"), 3), (voice.say("role"), 3), (voice.say("channel"), 3), (voice.say("last_heard"), 2),
        (voice.say("note"), 2),
    ]  # fmt: skip
    return table(columns, rows, voice.say("none.contacts"))


Named = TaskItem | MilestoneLine | SignOffView | AcceptanceView | RiskView | ChangeView


def titles_of(dossier: Dossier) -> dict[str, str]:
    """Give the titles of everything a statement may point to, by uid."""
    named: list[Named] = [
        *dossier.client_items, *dossier.our_items, *dossier.third_items, *dossier.on_hold, *dossier.undated,
        *dossier.milestones, *dossier.sign_offs, *dossier.acceptance, *dossier.risks, *dossier.changes,
    ]  # fmt: skip
    return {each.uid: each.title for each in named}


def reason_words(reason: Reason, voice: Voice) -> str:
    """Give what a rule said in words; nothing where nobody worded it."""
    code = f"why.{reason.code}"
    return voice.say(code, **{**reason.data}) if code in WORDS else ""


def people_of(dossier: Dossier) -> dict[str, str]:
    """Give the names of contacts by uid."""
    return {line.uid: line.name for line in dossier.contacts}


def appendix(dossier: Dossier, items: Sequence[TaskItem], voice: Voice) -> list[Block]:
    """Give what every report ends with: evidence, calendar and knobs."""
    rows = [
        (item.title, " · ".join(_source(ref) for ref in item.sources) or item.uid, _modified(item.sources, voice),
         " ".join(dict.fromkeys(reason.rule for reason in item.evidence)) or "—")
        for item in items
    ]  # fmt: skip
    columns = [(voice.say("task"), 3), (voice.say("record"), 4), (voice.say("modified"), 2), (voice.say("rules"), 1)]
    knobs = ", ".join(f"{name}={plain(value)}" for name, value in sorted(dossier.knobs.items()))
    facts = [
        (voice.say("calendar"), _reckoned(dossier.calendar, (item.calendar for item in items), voice)),
        (voice.say("zone"), _reckoned(dossier.zone, (item.zone for item in items), voice)),
        (voice.say("knobs"), knobs or voice.say("none")),
    ]
    blocks: list[Block] = [
        Heading(voice.say("section.appendix")), Heading(voice.say("evidence"), 3),
        table(columns, rows, voice.say("none")), Heading(voice.say("basis"), 3), Facts(tuple(facts)),
    ]  # fmt: skip
    if any(item.provisional for item in items):
        blocks.append(Paragraph(voice.say("provisional"), "muted"))
    return blocks


def _reckoned(own: str, used: Iterable[str], voice: Voice) -> str:
    """Give the project's calendar or time zone, and those of the items that have another."""
    others = sorted({name for name in used if name and name != own})
    return voice.say("for_items", own=own, names=voice.comma.join(others)) if others else own


def freshness(dossier: Dossier, voice: Voice) -> tuple[Block, ...]:
    """Give how old the data of each source is."""
    rows = [
        (
            line.connection,
            voice.minute(line.last_ok_ms),
            Cell(voice.say("not_fresh" if line.stale else "ok"), "alarm" if line.stale else "plain"),
        )
        for line in dossier.freshness
    ]
    columns = [(voice.say("source"), 2), (voice.say("last_read"), 2), (voice.say("state"), 1)]
    return (Heading(voice.say("freshness"), 3), table(columns, rows, voice.say("none.sources")))


def head_of(now_ms: int, voice: Voice, stale: Sequence[str] = ()) -> tuple[str, ...]:
    """Give the lines under the title: when it was looked, and which sources were silent."""
    first = f"{voice.say('as_of')} {voice.minute(now_ms)} ({voice.zone})"
    return (first, voice.say("stale_line", sources=voice.comma.join(stale))) if stale else (first,)


def stale_of(dossier: Dossier) -> list[str]:
    """Give the sources that were not heard lately."""
    return [line.connection for line in dossier.freshness if line.stale]


def paper(kind: str, dossier: Dossier, voice: Voice, period: str, blocks: Sequence[Block], foot: str = "") -> Document:
    """Give the document of one project: its title, when it was looked, the blocks, how fresh the sources were."""
    names = {"project": dossier.project.name, "client": dossier.account_name, "period": period}
    return Document(
        title=voice.say(f"title.{kind}", **names),
        language=voice.language,
        blocks=tuple(blocks),
        head=head_of(dossier.now_ms, voice, stale_of(dossier)),
        tail=freshness(dossier, voice),
        foot=voice.say(f"foot.{foot or voice.edition}", **names),
    )


def lines(texts: Sequence[str], empty: str) -> Block:
    """Give a list, or the line that stands for none."""
    return Listing(tuple(texts)) if texts else Paragraph(empty, "muted")


def day_of(text: str | None) -> date | None:
    """Read a civil day."""
    return date.fromisoformat(text) if text else None


def _signer(uid: str, roles: Sequence[str], people: Mapping[str, str], voice: Voice) -> str:
    return f"{people.get(uid, uid)} ({voice.words('role', tuple(roles))})"


def _source(ref: SourceRef) -> str:
    return f"{ref.connection} {ref.object}/{ref.remote_id}"


def _modified(sources: Sequence[SourceRef], voice: Voice) -> str:
    moments = [ref.modified_ms for ref in sources if ref.modified_ms]
    return voice.minute(max(moments)) if moments else "—"
