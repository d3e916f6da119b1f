"""Acceptance and the closure gate: who accepted what, what time alone may accept, what keeps a project open (R14).

Deemed acceptance is off unless a contract sets its term, and it is always told apart from a signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from mapping.records import Value
from supervise.calendar import Calendar
from supervise.knobs import Knobs
from supervise.reasons import Reason
from supervise.signing import APPROVER

AcceptanceState = Literal[
    "ready", "requested", "testing", "accepted", "conditionally_accepted", "deemed_accepted", "rejected", "rework",
    "reopened",
]  # fmt: skip
Given = Literal["accepted", "conditionally_accepted", "rejected"]
ACCEPTED: Final = frozenset({"accepted", "conditionally_accepted", "deemed_accepted"})
_BY_LAPSE: Final = frozenset({"requested", "testing", "deemed_accepted"})
_STAGES: Final[dict[str, AcceptanceState]] = {
    "ready": "ready", "requested": "requested", "testing": "testing", "accepted": "accepted",
    "conditionally_accepted": "conditionally_accepted", "deemed_accepted": "deemed_accepted", "rejected": "rejected",
    "rework": "rework", "reopened": "reopened",
}  # fmt: skip
NOTICES_NEEDED: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What the client said about a delivery, once.

    Args:
        signer: uid of the contact; ``roles`` are the roles held then.
        conditions: what is still to be done, one a line; "" for none.
    """

    outcome: Given
    signer: str
    roles: Sequence[str]
    method: str
    at_ms: int
    conditions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PunchItem:
    """One thing left to do after an acceptance.

    Args:
        waived_by: the side that let go of it; only the client's word counts.
    """

    uid: str
    title: str = ""
    done: bool = False
    waived_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceItem:
    """One thing to be accepted.

    Args:
        stage: what the item's stage says, maybe set in a CRM.
        criteria: what is tested, one each.
        conditions: punch list in words, where nobody made items of it.
        punch: punch list items.
        acts: everything the client ever said, in any order.
        requested_on: local day acceptance was last asked for; notices and objections before it are of another round.
        notices: local days on which notice was given that silence will count as acceptance.
        objections: local days on which the client objected or rejected.
        term_bd: working days of the contract's term; None for the knob's.
        reopened_ms: when it was opened again; None when it never was.
    """

    uid: str
    title: str = ""
    mandatory: bool = True
    stage: str = "ready"
    criteria: Sequence[str] = ()
    conditions: str = ""
    conditions_waived: bool = False
    punch: Sequence[PunchItem] = ()
    acts: Sequence[Acceptance] = ()
    requested_on: date | None = None
    notices: Sequence[date] = ()
    objections: Sequence[date] = ()
    term_bd: int | None = None
    reopened_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceView:
    """What is to be said of one acceptance.

    Args:
        in_force: accepted by an approver, conditionally or by lapse of the term.
        act: the client's latest word, which stays in the log also when the item was opened again.
        deemed_on: the last day of the term after which silence accepts; None while nothing runs.
        open_punch: what is neither done nor waived by the client.
        open_conditions: conditions in words that nobody made items of and nobody waived.
        flags: ``signed_by_non_approver``; ``acceptance_unbound``, a CRM says so and nobody recorded who;
            ``deemed_unproven``, a CRM says so, term and notices do not; ``deemed_calendar_provisional``.
    """

    uid: str
    title: str
    mandatory: bool
    state: AcceptanceState
    in_force: bool
    act: Acceptance | None = None
    deemed_on: date | None = None
    criteria: tuple[str, ...] = ()
    open_punch: tuple[PunchItem, ...] = ()
    open_conditions: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def view_acceptance(item: AcceptanceItem, *, today: date, calendar: Calendar, knobs: Knobs) -> AcceptanceView:
    """Give where one acceptance stands on a day."""
    act = max(item.acts, key=lambda each: each.at_ms, default=None)
    reopened = item.reopened_ms is not None and (act is None or item.reopened_ms >= act.at_ms)
    state = _state(item, act, reopened=reopened)
    deemed_on, told = _deemed(item, today, calendar, knobs) if state in _BY_LAPSE else (None, ())
    lapsed = deemed_on is not None and today > deemed_on
    if lapsed:
        state = "deemed_accepted"
    reasons = (*_why(item, act, state, lapsed=lapsed), *told)
    flags = tuple(reason.code for reason in reasons if reason.code in _FLAGS)
    return AcceptanceView(
        uid=item.uid,
        title=item.title,
        mandatory=item.mandatory,
        state=state,
        in_force=state in ACCEPTED and not _WEAK & set(flags),
        act=act,
        deemed_on=deemed_on,
        criteria=tuple(item.criteria),
        open_punch=tuple(each for each in item.punch if not each.done and each.waived_by != "client"),
        open_conditions=_open_conditions(item, act) if state == "conditionally_accepted" else (),
        flags=flags,
        reasons=reasons,
    )


def deemed_day(item: AcceptanceItem, *, calendar: Calendar, knobs: Knobs) -> date | None:
    """Give the last day of the term after which silence accepts, as if nobody objects; None without what it takes.

    It takes a term set by contract and two notices on different working days. The term runs from the first of them
    and never ends before the second was sent.
    """
    term = knobs.deemed_after_bd if item.term_bd is None else item.term_bd
    sent = _counting_notices(item, calendar)
    if term < 1 or len(sent) < NOTICES_NEEDED:
        return None
    return max(calendar.term_end(sent[0], term, count_start=knobs.count_start_day), sent[1])


# --- the gate -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAction:
    """An open item whose move is the client's."""

    uid: str
    title: str = ""
    kind: str = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureCase:
    """Everything that must be settled before a project is closed.

    Args:
        client_actions: open items whose move is the client's.
        retro: ``held``, ``waived`` or "".
    """

    uid: str
    acceptance: Sequence[AcceptanceView] = ()
    punch: Sequence[PunchItem] = ()
    client_actions: Sequence[OpenAction] = ()
    final_report: bool = False
    retro: Literal["", "held", "waived"] = ""
    survey_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GateItem:
    """One thing that keeps the gate shut.

    Args:
        code: what kind of thing.
        uid: the item, or the project itself.
        what: its title or the condition's words.
        next_step: code of what opens it.
    """

    code: str
    uid: str
    what: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureGate:
    """Whether a project may be closed, and what keeps it open."""

    open: tuple[GateItem, ...] = ()

    @property
    def passes(self) -> bool:
        """Say whether nothing keeps it open."""
        return not self.open

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Give what keeps it open as evidence."""
        return tuple(Reason("R14", f"gate_{each.code}", each.uid, "", each.what or None) for each in self.open)


def closure_gate(case: ClosureCase) -> ClosureGate:
    """Give what keeps a project from being closed, each thing once.

    A survey that waits for its answer is no client action here: the gate asks for it to be sent, not answered.
    """
    listed: dict[str, GateItem] = {}
    for item in _gate_items(case):
        listed.setdefault(item.uid if item.code != "conditions" else f"{item.uid}:{item.what}", item)
    own = _project_items(case)
    return ClosureGate(open=(*listed.values(), *own))


def _gate_items(case: ClosureCase) -> Iterable[GateItem]:
    for view in case.acceptance:
        if view.mandatory and not view.in_force:
            yield GateItem(code="acceptance", uid=view.uid, what=view.title, next_step="obtain_acceptance")
        for words in view.open_conditions:
            yield GateItem(code="conditions", uid=view.uid, what=words, next_step="finish_or_waive")
    for item in (*(each for view in case.acceptance for each in view.open_punch), *case.punch):
        if not item.done and item.waived_by != "client":
            yield GateItem(code="punch", uid=item.uid, what=item.title, next_step="finish_or_waive")
    for action in case.client_actions:
        if action.kind != "survey":
            yield GateItem(code="client_action", uid=action.uid, what=action.title, next_step="settle_client_action")


def _project_items(case: ClosureCase) -> Iterable[GateItem]:
    missing = (
        ("final_report", not case.final_report, "issue_final_report"),
        ("retro", not case.retro, "hold_or_waive_retro"),
        ("survey", not case.survey_sent, "send_survey"),
    )
    return [GateItem(code=code, uid=case.uid, what="", next_step=step) for code, open_, step in missing if open_]


# --- one acceptance -----------------------------------------------------------------------------------------------

_FLAGS: Final = frozenset(
    {"signed_by_non_approver", "acceptance_unbound", "deemed_unproven", "deemed_calendar_provisional"}
)
_WEAK: Final = frozenset({"signed_by_non_approver", "deemed_unproven"})


_AGAIN: Final = frozenset({"reopened", "rework", "requested", "testing"})


def _state(item: AcceptanceItem, act: Acceptance | None, *, reopened: bool) -> AcceptanceState:
    """Give the state that the latest of the acts and the stage leaves; a new round outlives an old word."""
    stage = _STAGES.get(item.stage, "ready")
    if reopened:
        return "reopened" if stage in ACCEPTED else stage
    if act is None:
        return stage
    if stage in _AGAIN or (act.outcome != "rejected" and stage == "rejected"):
        return stage  # an act sets the stage itself: one that says otherwise was set later, by whomever
    if act.outcome == "accepted" and act.conditions.strip():
        return "conditionally_accepted"
    return act.outcome


def _open_conditions(item: AcceptanceItem, act: Acceptance | None) -> tuple[str, ...]:
    """Give the conditions in words, unless items were made of them or the client waived them."""
    if item.punch or item.conditions_waived:
        return ()
    words = item.conditions if act is None or not act.conditions.strip() else act.conditions
    lines = tuple(line.strip() for line in words.splitlines() if line.strip())
    return lines or (item.title,)


def _counting_notices(item: AcceptanceItem, calendar: Calendar) -> list[date]:
    """Give the different working days on which notice was given in this round."""
    since = item.requested_on
    return sorted({day for day in item.notices if calendar.workday(day) and (since is None or day >= since)})


def _deemed(
    item: AcceptanceItem, today: date, calendar: Calendar, knobs: Knobs
) -> tuple[date | None, tuple[Reason, ...]]:
    """Give the term's last day while it runs or has run out, and what stands against it."""
    day = deemed_day(item, calendar=calendar, knobs=knobs)
    if day is None:
        return None, ()
    first = _counting_notices(item, calendar)[0]
    data: dict[str, Value] = {"first": first.isoformat(), "on": day.isoformat()}
    since = item.requested_on or first
    against = sorted(each for each in item.objections if since <= each <= day)
    if against:
        return None, (Reason("R14", "deemed_objected", item.uid, "", against[0].isoformat(), data),)
    if calendar.provisional(first, day):
        return None, (Reason("R14", "deemed_calendar_provisional", item.uid, "", day.isoformat(), data),)
    code = "deemed_accepted" if today > day else "deemed_running"
    return day, (Reason("R14", code, item.uid, "", day.isoformat(), data),)


def _why(item: AcceptanceItem, act: Acceptance | None, state: AcceptanceState, *, lapsed: bool) -> Iterable[Reason]:
    said: dict[str, Value] = {"state": state}
    if act is not None:
        said |= {
            "signer": act.signer, "roles": sorted(act.roles), "method": act.method, "at_ms": act.at_ms,
            "outcome": act.outcome,
        }  # fmt: skip
    yield Reason("R14", "acceptance_state", item.uid, "stage", item.stage, said)
    if state == "deemed_accepted":
        if not lapsed:
            yield Reason("R14", "deemed_unproven", item.uid, "stage", item.stage, said)
    elif act is None and state in ACCEPTED:
        yield Reason("R14", "acceptance_unbound", item.uid, "stage", item.stage, said)
    if act is not None and state in ACCEPTED - {"deemed_accepted"} and APPROVER not in act.roles:
        yield Reason("R14", "signed_by_non_approver", item.uid, "contact", act.signer, said)
