"""Whether somebody is told now, later or not at all (R9, R9b): every silence has the rule that caused it.

Pure and without memory: what was said before comes in with the case. One case is one item seen by one person; what is
due for one person at one moment is put into one message by ``plan_messages``.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal
from zoneinfo import ZoneInfo

from mapping.records import Value
from supervise.ball import Holder
from supervise.calendar import Calendar
from supervise.due import local_day
from supervise.ladder import HIGHEST, SURVEY, Side, Told
from supervise.reasons import Reason
from supervise.windows import USUAL, SendWindow, next_opening, opening_on

Action = Literal["send", "coalesce", "hold", "suppress", "draft"]
"""``send``: at once, by itself; ``coalesce``: now, as a line of the day's digest; ``draft``: written for our PM."""
State = Literal["intent", "sent", "unknown", "failed", "draft", "held", "suppressed", "dropped"]
MessageKind = Literal["digest", "urgent", "draft", "letter"]
TOLD: Final[tuple[State, ...]] = ("intent", "sent", "unknown", "failed", "draft")
"""States after which the same notice is never made again, whatever became of it."""
URGENT_FROM: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NagKnobs:
    """What an organisation may set.

    Args:
        repeat_bd: working days before the same level is said again, S1 to S4.
        snooze_count: how many snoozes of one item count.
        quiet_bd: working days after the client last moved on an item in which nobody is reminded of it.
    """

    repeat_bd: tuple[int, int, int, int] = (2, 2, 3, 5)
    snooze_count: int = 2
    quiet_bd: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeItem:
    """The overdue item, as it stands now.

    Args:
        level: 1 to 4, a broken promise counted in (see ``level_of``).
        today: the civil day where the item is due, in ``calendar``.
        provisional: its sums rest on days no official list covers.
        title, project, account, contact, obd, zone, blocks: for those who put it into words.
    """

    uid: str
    level: int
    due_eff: date
    today: date
    calendar: Calendar
    kind: str = "action"
    holder: Holder = "client"
    provisional: bool = False
    title: str = ""
    project: str = ""
    account: str = ""
    contact: str = ""
    obd: int = 0
    zone: str = ""
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who may be told.

    Args:
        key: ``contact:UID`` or ``user:E-MAIL``.
        channel: the name of the way to them; "" when there is none.
        roles: of a client contact; one without any is never written to.
        digest_on, urgent_on: their day of the last digest and of the last message sent at once.
        draft_on: the day of the last draft that was written for them.
    """

    key: str
    side: Side
    zone: ZoneInfo
    calendar: Calendar
    window: SendWindow = USUAL
    channel: str = ""
    name: str = ""
    email: str = ""
    mobile: str = ""
    language: str = "zh"
    roles: tuple[str, ...] = ()
    opt_out: bool = False
    inactive: bool = False
    digest_on: date | None = None
    urgent_on: date | None = None
    draft_on: date | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """One notice about the item to the recipient, as the outbox remembers it."""

    due_eff: date
    level: int
    turn: int
    at_ms: int
    state: State


@dataclass(frozen=True, slots=True)
class Promise:
    """The client's word that it will be there by a day."""

    by: date
    at_ms: int


@dataclass(frozen=True, slots=True)
class Snooze:
    """Somebody's wish not to be reminded until a day is over where the reader is.

    Args:
        until: no later than whoever wished it may keep an item quiet, in their own working days.
    """

    until: date
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCase:
    """One item seen by one person at one moment.

    Args:
        history: notices about this item to this person, any level and due day.
        last_client_ms: when the client last did something about it.
        pm: the key of our project manager, who gets the drafts.
    """

    item: NoticeItem
    told: Told
    recipient: Recipient
    now_ms: int
    history: tuple[Past, ...] = ()
    promise: Promise | None = None
    snoozes: tuple[Snooze, ...] = ()
    last_client_ms: int | None = None
    pm: str = ""
    knobs: NagKnobs = field(default_factory=NagKnobs)


@dataclass(frozen=True, slots=True)
class NoticeKey:
    """What makes a notice this one and no other.

    Args:
        turn: 0 for the escalation to that level, which happens once; n for its n-th repetition.
    """

    uid: str
    due_eff: date
    level: int
    recipient: str
    channel: str
    turn: int = 0
    letter: bool = False

    @property
    def id(self) -> str:
        """Give it as one word of fixed length."""
        said = [self.uid, self.due_eff.isoformat(), str(self.level), self.recipient, self.channel, str(self.turn)]
        return digest_of([*said, "letter"] if self.letter else said)


@dataclass(frozen=True, slots=True)
class NoticeDecision:
    """What becomes of one case.

    Args:
        rule: the rule that decided, ``R9`` or ``R9b.1`` to ``R9b.10``.
        next_at_ms: when it is looked at again; None when nothing but a change brings it back.
    """

    action: Action
    rule: str
    key: NoticeKey
    next_at_ms: int | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMessage:
    """One message to one person.

    Args:
        id: the same for every planning of the same day, so that it can exist once only.
        day: the recipient's civil day.
        cases: its lines, the loudest first.
        held, suppressed: notices to this person that are not in it.
        drafts: drafts that wait for this person.
    """

    id: str
    kind: MessageKind
    recipient: Recipient
    day: date
    cases: tuple[tuple[NoticeCase, NoticeDecision], ...]
    held: int = 0
    suppressed: int = 0
    drafts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePlan:
    """What is said now, and why the rest is not."""

    messages: tuple[PlannedMessage, ...] = ()
    silent: tuple[tuple[NoticeCase, NoticeDecision], ...] = ()


def level_of(severity: str | None, promise: Promise | None, today: date) -> int:
    """Give the level of an item: its severity, one step more after a broken promise; 0 below S1."""
    level = int(severity[1]) if severity is not None else 0
    if level == 0:
        return 0
    return min(HIGHEST, level + 1) if promise is not None and promise.by < today else level


def decide_notice(case: NoticeCase) -> NoticeDecision:
    """Say what becomes of one case; the first rule that speaks decides."""
    key = _key(case)
    for rule in (_never, _survey, _promised, _snoozed, _moved, _said):
        found = rule(case, key)
        if found is not None:
            return found
    return _when(case, key)


def plan_messages(cases: Sequence[NoticeCase], quiet: Mapping[tuple[str, Action], int] | None = None) -> NoticePlan:
    """Decide every case and put what is due for one person into one message.

    Same cases, same plan; the order of *cases* does not matter.

    Args:
        quiet: silences by person and kind that are known without their cases; messages count them in.
    """
    decided = [(case, decide_notice(case)) for case in sorted(cases, key=_loudest)]
    spoken: dict[tuple[str, MessageKind, str], list[tuple[NoticeCase, NoticeDecision]]] = defaultdict(list)
    silent: list[tuple[NoticeCase, NoticeDecision]] = []
    for case, decision in decided:
        kind = _kind(case, decision)
        if kind is None:
            silent.append((case, decision))
        else:
            spoken[case.recipient.key, kind, _apart(kind, case, decision)].append((case, decision))
    kept = Counter(quiet or {}) + Counter((case.recipient.key, decision.action) for case, decision in silent)
    messages = [_message(kind, lines, kept) for (_, kind, _), lines in sorted(spoken.items(), key=lambda one: one[0])]
    return NoticePlan(messages=tuple(messages), silent=tuple(silent))


def digest_of(parts: Sequence[str]) -> str:
    """Give several words as one of fixed length."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:48]


# --- the rules, in the order they are asked -----------------------------------------------------------------------


def _never(case: NoticeCase, key: NoticeKey) -> NoticeDecision | None:
    """R9b.7, and R3: nobody outside is told anything that rests on provisional days."""
    to = case.recipient
    if case.told.audience == "letter":
        return None
    if not to.channel and not case.told.draft_to_pm:
        return _silent(case, key, "R9", "no_channel")
    if to.opt_out or to.inactive:
        return _silent(case, key, "R9b.7", "opted_out" if to.opt_out else "inactive")
    if to.side == "client" and not to.roles:
        return _silent(case, key, "R9b.7", "without_role")
    if to.side == "client" and case.item.provisional:
        return _silent(case, key, "R3", "provisional")
    return None


def _survey(case: NoticeCase, key: NoticeKey) -> NoticeDecision | None:
    """R9b.8."""
    reminded = any(one.state in TOLD for one in case.history)
    return _silent(case, key, "R9b.8", "survey_reminded") if case.item.kind == SURVEY and reminded else None


def _promised(case: NoticeCase, key: NoticeKey) -> NoticeDecision | None:
    """R9b.5: until the promised day is over."""
    promise = case.promise
    if promise is None or promise.by < case.item.today:
        return None
    again = case.item.calendar.add_bd(promise.by, 1)
    return _silent(case, key, "R9b.5", "promised", again, by=promise.by.isoformat())


def _snoozed(case: NoticeCase, key: NoticeKey) -> NoticeDecision | None:
    """R9b.6: the first few of an item, each until its day is over for the reader, wherever the item is due."""
    counted = sorted(case.snoozes, key=lambda one: one.at_ms)[: case.knobs.snooze_count]
    until = max((one.until for one in counted), default=None)
    to = case.recipient
    if until is None or until < local_day(case.now_ms, to.zone):
        return None
    return _silent(case, key, "R9b.6", "snoozed", to.calendar.add_bd(until, 1), until=until.isoformat())


def _moved(case: NoticeCase, key: NoticeKey) -> NoticeDecision | None:
    """R9b.4: the client moved within the last working day; the status stays what it is."""
    at_ms = case.last_client_ms
    if at_ms is None or at_ms > case.now_ms or case.item.holder != "client":
        return None
    zone, calendar = case.recipient.zone, case.item.calendar
    day = local_day(at_ms, zone)
    if calendar.bd(day, local_day(case.now_ms, zone)) > case.knobs.quiet_bd:
        return None
    return _silent(case, key, "R9b.4", "client_moved", calendar.add_bd(day, case.knobs.quiet_bd + 1), at=at_ms)


def _said(case: NoticeCase, key: NoticeKey) -> NoticeDecision | None:
    """R9 and R9b.3: a level is said once, and again only after some working days; never a lower one after it."""
    said = [
        one for one in case.history
        if one.state in TOLD and one.due_eff == case.item.due_eff and one.level >= case.item.level
    ]  # fmt: skip
    if not said:
        return None
    if case.told.audience == "letter":
        return _silent(case, key, "R9", "letter_drafted")
    zone, calendar = case.recipient.zone, case.recipient.calendar
    last = local_day(max(one.at_ms for one in said), zone)
    wait = case.knobs.repeat_bd[case.item.level - 1]
    if calendar.bd(last, local_day(case.now_ms, zone)) >= wait:
        return None
    return _silent(case, key, "R9b.3", "said_lately", calendar.add_bd(last, wait), last=last.isoformat(), wait=wait)


def _when(case: NoticeCase, key: NoticeKey) -> NoticeDecision:
    """R9b.1 and R9b.2: now, in the day's digest, or at the next opening of the recipient's window."""
    to, now = case.recipient, case.now_ms
    if case.told.audience == "letter":
        return NoticeDecision("draft", "R9", key, None, _why(case, "R9", "letter"))
    opens = next_opening(now, to.window, to.zone, to.calendar)
    if opens > now:
        return NoticeDecision("hold", "R9b.1", key, opens, _why(case, "R9b.1", "outside_window", at=opens))
    today = local_day(now, to.zone)
    draft = case.told.draft_to_pm
    if (to.draft_on if draft else to.digest_on) != today:
        return NoticeDecision("draft" if draft else "coalesce", "R9", key, None, _why(case, "R9", "escalated"))
    if not draft and case.item.level >= URGENT_FROM and to.urgent_on != today:
        return NoticeDecision("send", "R9b.2", key, None, _why(case, "R9b.2", "urgent"))
    again = opening_on(to.calendar.add_bd(today, 1), to.window, to.zone, to.calendar)
    return NoticeDecision("hold", "R9b.2", key, again, _why(case, "R9b.2", "one_digest_a_day", at=again))


# --- small things -------------------------------------------------------------------------------------------------


def _key(case: NoticeCase) -> NoticeKey:
    item, letter = case.item, case.told.audience == "letter"
    same = [one for one in case.history if one.due_eff == item.due_eff and one.level == item.level]
    turn = 0 if letter else sum(1 for one in same if one.state in TOLD)
    return NoticeKey(item.uid, item.due_eff, item.level, case.recipient.key, case.recipient.channel, turn, letter)


def _silent(
    case: NoticeCase, key: NoticeKey, rule: str, code: str, again: date | None = None, **data: Value
) -> NoticeDecision:
    to = case.recipient
    at = opening_on(again, to.window, to.zone, to.calendar) if again is not None else None
    return NoticeDecision("suppress", rule, key, at, _why(case, rule, code, **data))


def _why(case: NoticeCase, rule: str, code: str, **data: Value) -> tuple[Reason, ...]:
    said: dict[str, Value] = {"recipient": case.recipient.key, "level": case.item.level, **data}
    return (Reason(rule, code, case.item.uid, data=said),)


def _kind(case: NoticeCase, decision: NoticeDecision) -> MessageKind | None:
    kinds: Mapping[Action, MessageKind] = {"send": "urgent", "coalesce": "digest", "draft": "draft"}
    return "letter" if decision.action == "draft" and case.told.audience == "letter" else kinds.get(decision.action)


def _apart(kind: MessageKind, case: NoticeCase, decision: NoticeDecision) -> str:
    """Give what keeps messages of a kind to one person apart: each letter is one, each of our managers has drafts."""
    return decision.key.id if kind == "letter" else case.pm if kind == "draft" else ""


def _message(
    kind: MessageKind,
    lines: Sequence[tuple[NoticeCase, NoticeDecision]],
    quiet: Mapping[tuple[str, Action], int],
) -> PlannedMessage:
    case, decision = lines[0]
    to, day = case.recipient, local_day(case.now_ms, case.recipient.zone)
    once = [_apart(kind, case, decision)] if kind == "letter" else [day.isoformat(), _apart(kind, case, decision)]
    return PlannedMessage(
        id=digest_of(["message", kind, to.key, *once]), kind=kind, recipient=to, day=day,
        cases=tuple(lines), held=quiet.get((to.key, "hold"), 0), suppressed=quiet.get((to.key, "suppress"), 0),
    )  # fmt: skip


def _loudest(case: NoticeCase) -> tuple[str, int, date, str, str]:
    return case.recipient.key, -case.item.level, case.item.due_eff, case.item.uid, case.told.audience


def with_drafts(plan: NoticePlan, drafts: Mapping[str, int]) -> NoticePlan:
    """Give the plan with the number of drafts that wait for each person put into their message."""
    messages = (
        replace(one, drafts=drafts.get(one.recipient.key, 0)) if one.kind in ("digest", "urgent") else one
        for one in plan.messages
    )
    return replace(plan, messages=tuple(messages))
