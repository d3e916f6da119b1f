"""Telling people: plans the notices of a moment, remembers every silence, and sends each message at most once.

A message is written down as an intent, and that is committed, before its first byte leaves; whatever is found in that
state later may have been sent and is listed as unknown, never repeated. Its id comes from the person and the day, so
that no second planning can make a second one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.channels.base import Address, Channel, Message, Paced
from mapping.errors import DubanError, NeedsOperator, OutcomeUnknown, RecordRefused, Transient
from store import notices
from store.database import Database
from store.notices import ALERT, MESSAGE, Notice
from store.tx import Tx
from supervise.alerts import OPERATOR, Alert, find_alerts
from supervise.cases import Setting, read_setting
from supervise.due import local_day
from supervise.knobs import Knobs
from supervise.nagging import (
    TOLD,
    Action,
    NoticeCase,
    NoticeDecision,
    NoticePlan,
    PlannedMessage,
    Recipient,
    digest_of,
    plan_messages,
    with_drafts,
)
from supervise.recall import Looking, Recall, Rest
from supervise.recipients import USER, Gap, Outbound, person_word, read_cases, user_at
from supervise.windows import is_open

__all__ = ["NoticeReport", "Outbound", "Planned", "Words", "plan_notices", "preview_notices", "send_notices"]

_UNSAID: Final = ("held", "suppressed", "dropped")
_SILENCES: Final[Mapping[Action, str]] = {"hold": "held", "suppress": "suppressed"}


@dataclass(frozen=True, slots=True)
class Words:
    """A message as it is read."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    """What operators are told at once.

    Args:
        id: made of what is in it.
    """

    id: str
    recipient: Recipient
    alerts: tuple[Alert, ...]


AnyMessage = PlannedMessage | AlertMessage
Render = Callable[[AnyMessage], Words]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a moment asks for.

    Args:
        gaps: people who should be told and whom nobody named.
        looking: beside the memory of the last look, if there was one; ``judged`` are the items it did not answer for.
    """

    plan: NoticePlan
    alerts: tuple[AlertMessage, ...] = ()
    gaps: tuple[Gap, ...] = ()
    looking: Looking | None = None
    judged: Mapping[str, Rest] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class NoticeReport:
    """What became of it all.

    Args:
        counts: messages by state; ``held`` and ``suppressed`` count notices.
        problems: what kept messages from going out.
        messages: the messages of this run with their words, as they stand in the outbox.
        silent: the silences of the items that were judged; those that go on since the last look are counted only.
        remembered: items the last look answered for.
    """

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[DubanError] = field(default_factory=list)
    messages: list[Notice] = field(default_factory=list)
    silent: list[Notice] = field(default_factory=list)
    gaps: tuple[Gap, ...] = ()
    remembered: int = 0

    @property
    def exit_code(self) -> int:
        """Give 4 when somebody must look, 0 otherwise."""
        return OutcomeUnknown.exit_code if self.problems or self.counts["unknown"] or self.counts["failed"] else 0


def plan_notices(
    tx: Tx,
    setting: Setting,
    outbound: Outbound,
    left: Mapping[str, int] | None = None,
    recall: Recall | None = None,
) -> Planned:
    """Give what should be said at the setting's moment, and every silence with its rule; writes nothing.

    Args:
        left: connection -> calls or credits it has left, for the operators.
        recall: what the last look found.
    """
    around = read_cases(tx, setting, outbound, recall)
    plan = plan_messages(around.cases, around.looking.quiet if around.looking is not None else None)
    drafts = Counter(case.pm for one in plan.messages if one.kind in ("draft", "letter") for case, _ in one.cases[:1])
    alerts = _alerts(tx, setting, outbound, left or {})
    return Planned(
        plan=with_drafts(plan, drafts), alerts=alerts, gaps=around.gaps, looking=around.looking, judged=around.judged
    )


def preview_notices(
    db: Database, *, now_ms: int, knobs: Knobs, outbound: Outbound, render: Render, looking_back: bool = False
) -> NoticeReport:
    """Give what would be said at a moment, in words, without writing or sending anything."""
    with db.read() as tx:
        setting = read_setting(tx, now_ms=now_ms, knobs=knobs, looking_back=looking_back)
        planned = plan_notices(tx, setting, outbound)
    report = NoticeReport(gaps=planned.gaps)
    wanted: list[AnyMessage] = [*planned.alerts, *planned.plan.messages]
    for one in wanted:
        row = _message_row(one, render(one), now_ms)
        report.messages.append(row)
        report.counts[row.state] += 1
    report.silent = [_silence_row(case, decision) for case, decision in planned.plan.silent]
    report.counts.update(row.state for row in report.silent)
    return report


def send_notices(
    db: Database,
    *,
    now_ms: int,
    knobs: Knobs,
    outbound: Outbound,
    channels: Mapping[str, Channel],
    render: Render,
    left: Mapping[str, int] | None = None,
    recall: Recall | None = None,
    halt: Callable[[], bool] = lambda: False,
) -> NoticeReport:
    """Say what is to be said now; to be called by the one writer of the store.

    Args:
        recall: what the last look of this process found, so that only what moved is judged; made anew by this one.
    Raises:
        LeaseLost: somebody else has become the writer; what was about to be sent is listed as unknown by them.
    """
    with db.write() as tx:
        lost = _mark_unknown(tx, now_ms)
        setting = read_setting(tx, now_ms=now_ms, knobs=knobs)
        planned = plan_notices(tx, setting, outbound, left, recall)
        looking = planned.looking
        silent = _keep_silences(tx, planned, now_ms)
    if recall is not None:
        recall.take(looking.found(planned.plan, planned.judged) if looking is not None else Recall())
    run = _Run(db, now_ms, channels, render, outbound, NoticeReport(gaps=planned.gaps, silent=silent), halt)
    run.report.counts.update(unknown=lost, **Counter(row.state for row in silent))
    if looking is not None:
        run.report.counts.update(_kept_quiet(looking))
        run.report.remembered = len(looking.still)
    wanted: list[AnyMessage] = [*planned.alerts, *planned.plan.messages]
    for one in wanted:
        if halt():
            break
        run.say(one)
    run.leave()
    return run.report


# --- one run --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
    """The messages of one moment, one after the other."""

    db: Database
    now_ms: int
    channels: Mapping[str, Channel]
    render: Render
    outbound: Outbound
    report: NoticeReport
    halt: Callable[[], bool]
    resting: dict[str, DubanError] = field(default_factory=dict)
    left: list[Notice] = field(default_factory=list)

    def say(self, one: AnyMessage) -> None:
        """Write a message down, send it, and write down what became of it; a channel that failed rests."""
        row = _message_row(one, self.render(one), self.now_ms)
        if row.channel in self.resting:
            self._rest(one, row)
            return
        channel = self.channels.get(row.channel)
        if isinstance(channel, Paced):
            channel.ready()
            if self.halt():
                return
        if not self._claim(row, _lines(one, row, self.now_ms)):
            return
        if row.state == "draft":
            self._draft(row)
            return
        state, more = self._send(row)
        with self.db.write() as tx:
            self._settle(tx, row, state, more)
        self.report.counts[state] += 1
        self.report.messages.append(replace(row, state=state, data={**row.data, **more}))

    def leave(self) -> None:
        """Write down what a resting channel kept from being said, once as long as nothing about it changes."""
        if not self.left:
            return
        with self.db.write() as tx:
            known = notices.get(tx, [row.id for row in self.left])
            notices.put(tx, [_with_past(row, known.get(row.id)) for row in self.left if _is_news(known, row)])

    def _rest(self, one: AnyMessage, row: Notice) -> None:
        """Keep the lines of a message whose channel failed before in this run; operators are told anew anyway."""
        self.report.counts["held"] += 1
        if row.rule != OPERATOR:
            held = replace(row, state="held")
            why = _error(self.resting[row.channel])
            self.left += [replace(line, data={**line.data, **why}) for line in _lines(one, held, self.now_ms)]

    def _claim(self, row: Notice, lines: Sequence[Notice]) -> bool:
        """Commit the intent; False when this message, or all of its lines, were said before."""
        with self.db.write() as tx:
            known = notices.get(tx, [row.id, *(line.id for line in lines)])
            if row.id in known and known[row.id].state not in _UNSAID:
                return False
            if any(line.id in known and known[line.id].state in TOLD for line in lines):
                return False
            notices.put(tx, [row, *(_with_past(line, known.get(line.id)) for line in lines)])
        return True

    def _draft(self, row: Notice) -> None:
        self.report.counts["draft"] += 1
        self.report.messages.append(row)
        channel = self.channels.get(self.outbound.drafts)
        if channel is not None:
            try:
                channel.send(self._worded(row))
            except (Transient, NeedsOperator, RecordRefused) as error:
                self.report.problems.append(error)

    def _send(self, row: Notice) -> tuple[str, dict[str, Any]]:
        try:
            channel = self.channels.get(row.channel)
            if channel is None:
                raise NeedsOperator(f"no channel {row.channel!r}", zh=f"没有渠道 {row.channel!r}")
            sent = channel.send(self._worded(row))
        except OutcomeUnknown as error:
            self.report.problems.append(error)
            return "unknown", _error(error)
        except RecordRefused as error:
            self.report.problems.append(error)
            return "failed", _error(error)
        except (Transient, NeedsOperator) as error:
            self.report.problems.append(error)
            self.resting[row.channel] = error
            return "held", _error(error)
        return "sent", {"receipt": sent.receipt}

    def _settle(self, tx: Tx, row: Notice, state: str, more: dict[str, Any]) -> None:
        if row.rule == OPERATOR and state == "held":
            notices.drop(tx, [row.id, *row.data["notices"]])
            return
        notices.move(tx, [row.id], state, more)
        notices.move(tx, row.data["notices"], state, {"error": more["error"]} if "error" in more else {})

    def _worded(self, row: Notice) -> Message:
        to = row.data["to"]
        return Message(
            id=row.id, kind=row.rule, subject=row.data["subject"], text=row.data["text"], at_ms=row.at_ms,
            language=row.data["language"], facts={"notices": row.data["notices"], "items": row.data["items"]},
            to=Address(name=to["name"], email=to["email"], user=to["user"], mobile=to["mobile"]),
        )  # fmt: skip


# --- rows -----------------------------------------------------------------------------------------------------------


def _message_row(one: AnyMessage, words: Words, now_ms: int) -> Notice:
    to, kind = one.recipient, one.kind if isinstance(one, PlannedMessage) else OPERATOR
    draft = kind in ("draft", "letter")
    return Notice(
        id=one.id, entity=MESSAGE, uid=person_word(to.key), rule=kind, recipient=to.key,
        state="draft" if draft else "intent", at_ms=now_ms, channel="" if draft else to.channel,
        data={
            "subject": words.subject, "text": words.text, "language": to.language, "notices": _line_ids(one),
            "day": local_day(now_ms, to.zone).isoformat(), "items": _items(one), "to": _address(to),
            "for": one.cases[0][0].pm if draft and isinstance(one, PlannedMessage) else "",
        },
    )  # fmt: skip


def _address(to: Recipient) -> dict[str, str]:
    user = to.key.removeprefix(USER) if to.key.startswith(USER) else ""
    return {"name": to.name, "email": to.email or user, "user": user, "mobile": to.mobile}


def _line_ids(one: AnyMessage) -> list[str]:
    if isinstance(one, AlertMessage):
        return [_alert_id(alert, one.recipient.key) for alert in one.alerts]
    return [decision.key.id for _, decision in one.cases]


def _items(one: AnyMessage) -> list[str]:
    return [] if isinstance(one, AlertMessage) else [case.item.uid for case, _ in one.cases]


def _lines(one: AnyMessage, row: Notice, now_ms: int) -> list[Notice]:
    if isinstance(one, AlertMessage):
        return [
            Notice(
                id=_alert_id(alert, row.recipient), entity=ALERT, uid=alert.subject, rule=alert.code,
                channel=row.channel, recipient=row.recipient, state=row.state, at_ms=now_ms,
                data={"message": row.id, **alert.data},
            )
            for alert in one.alerts
        ]  # fmt: skip
    return [_case_row(case, decision, row.state, now_ms, {"message": row.id}) for case, decision in one.cases]


def _case_row(case: NoticeCase, decision: NoticeDecision, state: str, now_ms: int, more: Mapping[str, Any]) -> Notice:
    key = decision.key
    said = [{"rule": one.rule, "code": one.code, "data": dict(one.data)} for one in decision.reasons]
    return Notice(
        id=key.id, entity="task", uid=key.uid, rule=decision.rule, recipient=key.recipient, state=state, at_ms=now_ms,
        level=key.level, channel=key.channel,
        data={
            "due": key.due_eff.isoformat(), "turn": key.turn, "letter": key.letter, "audience": case.told.audience,
            "reasons": said, "next_ms": decision.next_at_ms, **more,
        },
    )  # fmt: skip


def _silence_row(case: NoticeCase, decision: NoticeDecision) -> Notice:
    state = _SILENCES[decision.action]
    return _case_row(case, decision, state, case.now_ms, {})


def _with_past(line: Notice, known: Notice | None) -> Notice:
    """Give a row that keeps by which rules it was kept back before."""
    if known is None:
        return line
    kept = [*known.data.get("kept_back", ()), [known.rule, known.at_ms]]
    return replace(line, data={**line.data, "kept_back": kept})


def _error(error: DubanError) -> dict[str, Any]:
    return {"error": {"en": error.text("en"), "zh": error.text("zh"), "code": error.code or ""}}


# --- what is remembered -----------------------------------------------------------------------------------------------


def _mark_unknown(tx: Tx, now_ms: int) -> int:
    """Take every intent that nobody finished for what it is: perhaps sent."""
    rows = notices.unfinished(tx)
    why = {"error": {"en": "stopped while it was being sent", "zh": "发送过程中停止", "code": ""}, "noticed_ms": now_ms}
    notices.move(tx, [row.id for row in rows], "unknown", why)
    return sum(1 for row in rows if row.entity == MESSAGE)


def _kept_quiet(looking: Looking) -> Counter[str]:
    """Count the silences that go on, by state."""
    found: Counter[str] = Counter()
    for (_, action), count in looking.quiet.items():
        found[_SILENCES[action]] += count
    return found


def _keep_silences(tx: Tx, planned: Planned, now_ms: int) -> list[Notice]:
    """Write down every silence with its rule, once; give those of the items that were judged.

    One whose item moved on (another level, another due day, closed) was overtaken: it is dropped, and says by what.
    """
    plan, looking = planned.plan, planned.looking
    silent = [_silence_row(case, decision) for case, decision in plan.silent]
    known = notices.get(tx, [row.id for row in silent])
    notices.put(tx, [_with_past(row, known.get(row.id)) for row in silent if _is_news(known, row)])
    spoken = {decision.key.id for one in plan.messages for _, decision in one.cases}
    alive = spoken | {row.id for row in silent}
    into = {(row.uid, row.recipient): row.id for row in silent}
    answered = looking is not None and bool(looking.still)
    about = (looking.stand.keys() | looking.left) - looking.still.keys() if looking is not None and answered else None
    gone = {id: into.get((uid, person)) for id, uid, person in notices.waiting(tx, about) if id not in alive}
    overtaken = notices.get(tx, gone).values()
    notices.put(tx, [_overtaken(row, gone[row.id], now_ms) for row in overtaken])
    return silent


def _overtaken(row: Notice, into: str | None, now_ms: int) -> Notice:
    more = {"into": into} if into else {}
    return replace(row, state="dropped", rule="R9b.10", data={**row.data, **more, "dropped_ms": now_ms})


def _is_news(known: Mapping[str, Notice], row: Notice) -> bool:
    """Say whether a silence is not written down yet; what was said stays said."""
    kept = known.get(row.id)
    return kept is None or (kept.state not in TOLD and _kept_as(kept) != _kept_as(row))


def _kept_as(row: Notice) -> tuple[Any, ...]:
    return row.state, row.rule, row.data.get("next_ms")


# --- operators --------------------------------------------------------------------------------------------------------


def _alerts(tx: Tx, setting: Setting, outbound: Outbound, left: Mapping[str, int]) -> tuple[AlertMessage, ...]:
    """Give what each operator was not told yet; outside their hours nothing, and nothing is lost by that."""
    found: list[AlertMessage] = []
    for email in outbound.operators:
        to = user_at(setting, outbound, email, outbound.people.get(email, outbound.operating))
        if not to.channel or not is_open(setting.now_ms, to.window, to.zone, to.calendar):
            continue
        today = local_day(setting.now_ms, to.zone).isoformat()
        now = find_alerts(
            tx, now_ms=setting.now_ms, today=today, left=left, least=outbound.quota_left, language=to.language
        )
        known = notices.get(tx, [_alert_id(alert, to.key) for alert in now])
        news = tuple(alert for alert in now if _alert_id(alert, to.key) not in known)
        if news:
            said = digest_of(["message", OPERATOR, to.key, *(alert.id for alert in news)])
            found.append(AlertMessage(id=said, recipient=to, alerts=news))
    return tuple(found)


def _alert_id(alert: Alert, recipient: str) -> str:
    return digest_of([alert.id, recipient])
