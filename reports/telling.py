"""Notices in words: the digest, the escalation, the draft to a client, the formal letter, the operators' list.

Pure functions of what supervision planned: the same plan gives the same bytes. What a CRM holds is text and stays
text; a client reads neither a level nor a reproach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reports.rendering import local_minute, plain, render_text
from reports.wording import Language, say
from supervise.nagging import NoticeCase, NoticeDecision, PlannedMessage
from supervise.notices import AlertMessage, Words

Line = tuple[NoticeCase, NoticeDecision]


def notice_words(message: PlannedMessage | AlertMessage) -> Words:
    """Give the subject and the text of a message in its reader's language."""
    language: Language = "zh" if message.recipient.language == "zh" else "en"
    if isinstance(message, AlertMessage):
        return _operator(message, language)
    first = message.cases[0][0].item
    client = message.recipient.side == "client"
    # A client reads the same words whether a person or duban sends them.
    kind = "draft" if client and message.kind != "letter" else message.kind
    subject = say(language, f"notice.{kind}", count=len(message.cases), title=plain(first.title))
    if client:
        return Words(subject, _to_client(message, language))
    text = render_text(
        "notice.txt.j2", language, groups=_groups(message.cases, lambda line: _inner(line, language)),
        drafts=message.drafts, held=message.held, suppressed=message.suppressed,
    )  # fmt: skip
    return Words(subject, text)


def _to_client(message: PlannedMessage, language: Language) -> str:
    name = plain(message.recipient.name)
    ask, closing = ("letter_ask", "letter_check") if message.kind == "letter" else ("ask", "thanks")
    return render_text(
        "client.txt.j2", language, ask=f"notice.{ask}", closing=f"notice.{closing}",
        hello=say(language, "notice.hello", name=name) if name else say(language, "notice.hello_none"),
        groups=_groups(message.cases, lambda line: _outer(line, language)),
    )  # fmt: skip


def _operator(message: AlertMessage, language: Language) -> Words:
    zone = message.recipient.zone.key
    lines = []
    for alert in message.alerts:
        data = {name: plain(value) for name, value in alert.data.items()}
        if "until_ms" in data:
            data["until"] = local_minute(int(data["until_ms"]), zone)
        lines.append(say(language, f"alert.{alert.code}", subject=alert.subject, **data))
    return Words(
        say(language, "notice.operator", count=len(lines)), render_text("operator.txt.j2", language, lines=lines)
    )


def _groups(cases: Sequence[Line], worded: Callable[[Line], str]) -> list[tuple[str, list[str]]]:
    """Give the lines by project, in the order in which the first of each comes."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in cases:
        item = line[0].item
        found.setdefault((plain(item.account), plain(item.project)), []).append(worded(line))
    return [(" / ".join(part for part in key if part), lines) for key, lines in found.items()]


def _inner(line: Line, language: Language) -> str:
    """Give one item as our own people read it."""
    case, decision = line
    item = case.item
    parts = [
        say(language, "notice.due", due=item.due_eff.isoformat(), zone=item.zone), _days("late", item.obd, language),
        say(language, "notice.ball", ball=_holder(case, language)),
    ]  # fmt: skip
    if item.blocks:
        parts.append(say(language, "notice.blocks"))
    if case.promise is not None and case.promise.by < item.today:
        parts.append(say(language, "notice.promise", by=case.promise.by.isoformat()))
    if case.last_client_ms is not None:
        parts.append(say(language, "notice.last", at=local_minute(case.last_client_ms, item.zone or "UTC")))
    if decision.key.turn:
        parts.append(say(language, "notice.repeat", turn=decision.key.turn + 1))
    parts.append(say(language, "notice.step", step=_step(case, language)))
    head = say(language, "notice.line", level=f"S{item.level}", title=plain(item.title))
    return head + _joined(parts, language)


def _outer(line: Line, language: Language) -> str:
    """Give one item as the client reads it: what, by when, how long it waits."""
    item = line[0].item
    parts = [
        say(language, "notice.due", due=item.due_eff.isoformat(), zone=item.zone), _days("waits", item.obd, language)
    ]  # fmt: skip
    if item.blocks:
        parts.append(say(language, "notice.blocks_client"))
    return plain(item.title) + _joined(parts, language)


def _days(word: str, days: int, language: Language) -> str:
    code = {0: f"notice.{word}_today", 1: f"notice.{word}_one"}.get(days, f"notice.{word}")
    return say(language, code, days=days)


def _holder(case: NoticeCase, language: Language) -> str:
    word = say(language, f"ball.{case.item.holder}")
    name = plain(case.item.contact) if case.item.holder == "client" else ""
    return f"{word} {name}".strip()


def _step(case: NoticeCase, language: Language) -> str:
    own = {"vendor": "notice.ours_step", "third_party": "notice.third_step"}.get(case.item.holder)
    return say(language, own or f"step.S{case.item.level}")


def _joined(parts: Sequence[str], language: Language) -> str:
    return (": " if language == "en" else "：") + ("; " if language == "en" else "；").join(parts)
