"""The stages of each kind of task: what each goes with and what it may become.

``status`` is the portable axis that drives clocks and sync; the stage is the kind's own and moves the status with it.
An outcome is set by a stage that ends the item, and by no other. A rejection is never an ending: the move is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mapping.kinds import TaskKind
from mapping.status import TERMINAL, Move

Holder = Literal["client", "vendor", "third_party", "none"]
"""Who must move; ``none`` where an item waits for nobody."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a kind.

    Args:
        status: the task status that goes with it.
        ball: who must move; None where the item's own side says it (risks, milestones).
        outcome: set with a stage that ends the item, else None.
        next: the stages it may become.
        terminal: the item is finished here.
    """

    status: str
    ball: Holder | None
    outcome: str | None
    next: tuple[str, ...]
    terminal: bool


def _stage(status: str, ball: Holder | None, *following: str, outcome: str | None = None) -> Stage:
    return Stage(status, ball, outcome, following, status in TERMINAL)


def _end(outcome: str, *following: str, status: str = "done") -> Stage:
    return _stage(status, "none", *following, outcome=outcome)


_SIGNED: Final = ("signed", "signed_with_comments", "rejected")
_REVIEWED: Final = ("approved", "approved_with_changes", "changes_requested", "rejected")
_TESTED: Final = ("accepted", "conditionally_accepted", "rejected", "deemed_accepted")
_MET: Final = (
    "held", "client_no_show", "vendor_no_show", "cancelled_by_client", "cancelled_by_vendor", "rescheduled",
)  # fmt: skip
_DECIDED: Final = ("approved", "rejected", "withdrawn", "deferred")
_ANSWERED: Final = ("responded", "declined", "expired")

STAGES: Final[Mapping[TaskKind, Mapping[str, Stage]]] = {
    "sign_off": {
        "drafting": _stage("in_progress", "vendor", "issued"),
        "issued": _stage("waiting_client", "client", "commented", *_SIGNED),
        "commented": _stage("waiting_vendor", "vendor", "issued", *_SIGNED),
        "signed": _end("signed", "superseded", "revoked"),
        "signed_with_comments": _end("signed_with_comments", "superseded", "revoked"),
        "rejected": _stage("waiting_vendor", "vendor", "drafting", "issued"),
        "superseded": _end("superseded"),
        "revoked": _stage("waiting_vendor", "vendor", "drafting", "issued"),
    },
    "deliverable_review": {
        "preparing": _stage("in_progress", "vendor", "delivered"),
        "delivered": _stage("waiting_client", "client", "in_review", *_REVIEWED),
        "in_review": _stage("waiting_client", "client", *_REVIEWED),
        "approved": _end("approved"),
        "approved_with_changes": _end("approved_with_changes"),
        "changes_requested": _stage("waiting_vendor", "vendor", "rework"),
        "rejected": _stage("waiting_vendor", "vendor", "rework"),
        "rework": _stage("waiting_vendor", "vendor", "delivered"),
    },
    "acceptance": {
        "ready": _stage("in_progress", "vendor", "requested"),
        "requested": _stage("waiting_client", "client", "testing", *_TESTED),
        "testing": _stage("waiting_client", "client", *_TESTED),
        "accepted": _end("accepted", "reopened"),
        "conditionally_accepted": _end("conditionally_accepted", "accepted", "reopened"),
        "deemed_accepted": _end("deemed_accepted", "accepted", "reopened"),
        "rejected": _stage("waiting_vendor", "vendor", "rework"),
        "rework": _stage("waiting_vendor", "vendor", "requested"),
        "reopened": _stage("waiting_vendor", "vendor", "rework", "requested"),
    },
    "meeting": {
        "planned": _stage("not_started", None, *_MET),
        "held": _stage("in_progress", "vendor", "minutes_sent"),
        "minutes_sent": _stage("waiting_client", "client", "minutes_confirmed"),
        "minutes_confirmed": _end("minutes_confirmed"),
        "client_no_show": _end("client_no_show"),
        "vendor_no_show": _end("vendor_no_show"),
        "cancelled_by_client": _end("cancelled_by_client", status="cancelled"),
        "cancelled_by_vendor": _end("cancelled_by_vendor", status="cancelled"),
        "rescheduled": _end("rescheduled", status="cancelled"),
    },
    "risk": {
        "identified": _stage("not_started", None, "assessed", "occurred"),
        "assessed": _stage("in_progress", None, "treating", "monitoring", "occurred"),
        "treating": _stage("in_progress", None, "monitoring", "occurred"),
        "monitoring": _stage("in_progress", None, "treating", "closed", "occurred"),
        "closed": _end("closed", "reopened"),
        "occurred": _end("occurred"),
        "reopened": _stage("in_progress", None, "assessed", "treating", "monitoring", "closed", "occurred"),
    },
    "change_request": {
        "draft": _stage("not_started", None, "submitted", "withdrawn"),
        "submitted": _stage("submitted", "vendor", "assessing", "withdrawn"),
        "assessing": _stage("waiting_vendor", "vendor", "quoted", "withdrawn"),
        "quoted": _stage("waiting_client", "client", "negotiating", *_DECIDED),
        "negotiating": _stage("waiting_client", "client", "quoted", *_DECIDED),
        "approved": _stage("waiting_vendor", "vendor", "implementing"),
        "rejected": _end("rejected"),
        "withdrawn": _end("withdrawn", status="cancelled"),
        "deferred": _stage("on_hold", "none", "submitted"),
        "implementing": _stage("in_progress", "vendor", "verifying"),
        "verifying": _stage("waiting_client", "client", "closed"),
        "closed": _end("implemented"),
    },
    "survey": {
        "planned": _stage("not_started", "vendor", "sent"),
        "sent": _stage("waiting_client", "client", "reminded", *_ANSWERED),
        "reminded": _stage("waiting_client", "client", *_ANSWERED),
        "responded": _end("responded"),
        "declined": _end("declined"),
        "expired": _end("expired"),
    },
    "milestone": {
        "planned": _stage("not_started", None, "due", "achieved", "missed"),
        "due": _stage("in_progress", None, "achieved", "missed"),
        "missed": _stage("in_progress", None, "achieved"),
        "achieved": _end("achieved", "reopened"),
        "reopened": _stage("in_progress", None, "due", "achieved", "missed"),
    },
    "action": {},
    "issue": {},
}
"""Kind -> stage -> what it is; actions and issues have no stages of their own, their status says all."""

FEEDBACK_MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "new": ("acknowledged",),
    "acknowledged": ("acting",),
    "acting": ("resolved",),
    "resolved": ("closed", "reopened"),
    "closed": ("reopened",),
    "reopened": ("acknowledged", "acting", "resolved"),
}
"""Feedback status -> the statuses it may become."""


def judge_stage_move(kind: TaskKind, old: str | None, new: str) -> Move:
    """Say how a change of stage is to be treated; leaving an ending for an open stage is a reopening.

    Args:
        old: None or an unknown word is as good as a fresh item: any stage of the kind is legal.
    """
    if old == new:
        return "same"
    stages = STAGES[kind]
    if not stages:
        return "legal"
    if new not in stages:
        return "irregular"
    before = stages.get(old or "")
    if before is None:
        return "legal"
    if new not in before.next:
        return "irregular"
    return "reopen" if before.terminal and not stages[new].terminal else "legal"


def judge_feedback_move(old: str | None, new: str) -> Move:
    """Say how a change of a feedback's status is to be treated."""
    if old == new:
        return "same"
    if old is None or old not in FEEDBACK_MOVES:
        return "legal"
    if new not in FEEDBACK_MOVES[old]:
        return "irregular"
    return "reopen" if new == "reopened" else "legal"
