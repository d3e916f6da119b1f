"""Where a project stands when its sources disagree (R10): a three-way look at base and claims, never a silent pick.

A claim counts as news only when it differs from what the same source said the last time its word was settled, or was
said again since; otherwise a source that has not yet been told of a change would undo it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from mapping.records import HEALTHS, LIFECYCLES
from mapping.status import GUARDED_LIFECYCLES, judge_lifecycle_move
from supervise.closing import ClosureGate
from supervise.reasons import Reason

Outcome = Literal[
    "agreed",  # nobody says anything new
    "taken",  # one new value, taken
    "overridden",  # a person's override stands
    "settled",  # a person set the hub's value; the claims of that moment are heard
    "diverged",  # several new values, the one of the highest authority taken
    "ask",  # several new values and no authority says which: hold and ask
    "terminal_conflict",  # several new values and one of them ends the project: hold, nothing goes out
    "irregular_transition",  # the step is not one a project takes: hold
    "acceptance_evidence_missing",  # claimed accepted while acceptance items are open: at most delivered
    "closure_gate_open",  # claimed closed while something of its closing is open: hold
    "cancel_needs_person",  # one source alone says cancelled: hold
    "all_stale",  # no source was heard lately: hold
]
Confidence = Literal["high", "medium", "low"]
Heard = tuple[str, int]
"""A settled word: the value, and when it was seen."""

HOLDS: Final = frozenset(
    {
        "ask",
        "terminal_conflict",
        "irregular_transition",
        "acceptance_evidence_missing",
        "closure_gate_open",
        "cancel_needs_person",
    }
)
"""Outcomes that a person must look at."""

QUIET: Final = frozenset({"agreed", "taken", "settled"})
"""Outcomes nobody needs to be told of."""

_CODES: Final[Mapping[str, tuple[str, ...]]] = {"lifecycle": LIFECYCLES, "declared_health": HEALTHS}
_GUARDED: Final[Mapping[str, tuple[str, ...]]] = {"lifecycle": GUARDED_LIFECYCLES, "declared_health": ()}
CLAIMED: Final = tuple(_CODES)
"""The project fields that sources only claim and that are reconciled here."""


@dataclass(frozen=True, slots=True)
class LifecycleClaim:
    """What one source says.

    Args:
        seen_ms: when it said so.
        heard: what it said when its word was last settled, and when that was seen; None when never.
        stale: it has not answered lately; its word does not count.
    """

    connection: str
    value: str
    seen_ms: int = 0
    heard: Heard | None = None
    stale: bool = False

    def is_news(self, base: str | None) -> bool:
        """Say whether it says something else than the base, and something it had not said before or says anew."""
        if self.value == base:
            return False
        return self.heard is None or self.value != self.heard[0] or self.seen_ms > self.heard[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a project's own records say of its end.

    Args:
        open_acceptance: mandatory acceptance items that nobody with the right to has accepted.
        gate: what keeps the project from being closed.
    """

    open_acceptance: Sequence[str] = ()
    gate: ClosureGate = field(default_factory=ClosureGate)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleCase:
    """Everything the reconciliation of one project looks at.

    Args:
        field: ``lifecycle``, or ``declared_health``, which knows no illegal step and no ending.
        base: the value last agreed on; None while there is none.
        settled: a person just set the base, which answers every claim of this moment.
        override: a person's override that has not run out.
        authority: connections in falling authority; empty means none wins by rank.
        proof: what its records say of its being accepted or closed.
    """

    uid: str
    base: str | None
    field: str = "lifecycle"
    settled: bool = False
    claims: Sequence[LifecycleClaim] = ()
    override: str | None = None
    authority: Sequence[str] = ()
    proof: Proof = Proof()


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleVerdict:
    """Where the project stands.

    Args:
        value: what the hub should hold.
        computed: the value now agreed on, which is the same unless an override stands.
        heard: what each source's word is from now on; unchanged for a source whose news is still open.
    """

    uid: str
    value: str | None
    outcome: Outcome
    computed: str | None = None
    confidence: Confidence = "high"
    disagree: bool = False
    heard: Mapping[str, Heard] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()

    @property
    def needs_person(self) -> bool:
        """Say whether this stays open until somebody decides."""
        return self.outcome in HOLDS


def reconcile(case: LifecycleCase) -> LifecycleVerdict:
    """Say where the project stands; what cannot be told is held and asked, never guessed."""
    verdict = _verdict(case, *_decide(case))
    if case.override is None:
        return verdict
    why = Reason("R10.1", "override", case.uid, case.field, case.override, {"computed": verdict.value})
    apart = any(claim.value != case.override for claim in case.claims)
    return replace(verdict, value=case.override, outcome="overridden", disagree=apart, reasons=(why, *verdict.reasons))


_Decision = tuple[str | None, Outcome, tuple[Reason, ...]]


def _decide(case: LifecycleCase) -> _Decision:
    fresh = [claim for claim in case.claims if not claim.stale and claim.value in _CODES[case.field]]
    if case.claims and not fresh:
        return case.base, "all_stale", (_reason(case, "R10.6", "all_stale"),)
    if case.settled:
        return case.base, "settled", (_reason(case, "R10.6", "set_by_person"),)
    news = [claim for claim in fresh if claim.is_news(case.base)]
    values = list(dict.fromkeys(claim.value for claim in news))
    if not values:
        return case.base, "agreed", ()
    if len(values) == 1:
        return _one(case, values[0], news)
    return _several(case, values, news)


def _one(case: LifecycleCase, value: str, news: Sequence[LifecycleClaim]) -> _Decision:
    """Judge a single new value: is it a step a project takes, and is there evidence for it?"""
    why = tuple(_reason(case, "R10.3", "claim", claim) for claim in news)
    if case.base is None:
        return value, "taken", why
    if _irregular(case, value):
        return case.base, "irregular_transition", (*why, _reason(case, "R10.3", "irregular_transition"))
    if value in _GUARDED[case.field]:
        return _guarded(case, value, why, alone=len(news) == 1 and len(case.claims) > 1)
    return value, "taken", why


def _guarded(case: LifecycleCase, value: str, why: tuple[Reason, ...], *, alone: bool) -> _Decision:
    if value == "cancelled" and alone:
        return case.base, "cancel_needs_person", (*why, _reason(case, "R10.5", "cancel_needs_person"))
    if value == "accepted" and case.proof.open_acceptance:
        open_items = tuple(Reason("R10.5", "acceptance_open", uid, "status") for uid in case.proof.open_acceptance)
        return "delivered", "acceptance_evidence_missing", (*why, *open_items)
    if value == "closed" and not case.proof.gate.passes:
        return case.base, "closure_gate_open", (*why, *case.proof.gate.reasons)
    return value, "taken", why


def _several(case: LifecycleCase, values: Sequence[str], news: Sequence[LifecycleClaim]) -> _Decision:
    why = tuple(_reason(case, "R10.4", "claim", claim) for claim in news)
    if any(value in _GUARDED[case.field] for value in values):
        return case.base, "terminal_conflict", (*why, _reason(case, "R10.4", "terminal_conflict"))
    by_connection = {claim.connection: claim.value for claim in news}
    winner = next((name for name in case.authority if name in by_connection), None)
    if winner is None:
        return case.base, "ask", (*why, _reason(case, "R10.4", "no_authority"))
    value = by_connection[winner]
    if _irregular(case, value):
        return case.base, "irregular_transition", (*why, _reason(case, "R10.3", "irregular_transition"))
    return value, "diverged", (*why, _reason(case, "R10.4", "authority", value=winner))


def _irregular(case: LifecycleCase, value: str) -> bool:
    if case.base is None or case.field != "lifecycle":
        return False
    return judge_lifecycle_move(case.base, value) == "irregular"


def _verdict(case: LifecycleCase, value: str | None, outcome: Outcome, why: tuple[Reason, ...]) -> LifecycleVerdict:
    said = {claim.value for claim in case.claims}
    return LifecycleVerdict(
        uid=case.uid,
        value=value,
        outcome=outcome,
        computed=value,
        confidence=_confidence(case, outcome),
        disagree=len(said | ({value} if value else set())) > 1,
        heard=_heard(case, settled=outcome not in HOLDS),
        reasons=why,
    )


def _heard(case: LifecycleCase, *, settled: bool) -> dict[str, Heard]:
    """Give each source's word from now on; open news stays news until it is settled."""
    before = {claim.connection: claim.heard for claim in case.claims if claim.heard is not None}
    now = {
        claim.connection: (claim.value, claim.seen_ms)
        for claim in case.claims
        if not claim.stale and (settled or claim.value == case.base)
    }
    return {**before, **now}


def _confidence(case: LifecycleCase, outcome: Outcome) -> Confidence:
    if outcome in {"terminal_conflict", "all_stale", "ask"}:
        return "low"
    stale = {claim.connection for claim in case.claims if claim.stale}
    if stale & set(case.authority[:1]):
        return "low"
    return "medium" if stale or outcome == "diverged" else "high"


def _reason(
    case: LifecycleCase, rule: str, code: str, claim: LifecycleClaim | None = None, *, value: str | None = None
) -> Reason:
    if claim is None:
        return Reason(rule, code, case.uid, case.field, value or case.base)
    return Reason(rule, code, case.uid, case.field, claim.value, {"connection": claim.connection})
