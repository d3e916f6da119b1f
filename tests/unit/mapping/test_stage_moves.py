"""What may follow a stage, and a feedback's status."""

from __future__ import annotations

import pytest

from mapping.kinds import KINDS, TaskKind
from mapping.records import FEEDBACK_STATUSES
from mapping.stages import STAGES, judge_feedback_move, judge_stage_move


@pytest.mark.parametrize("kind", [kind for kind in KINDS if STAGES[kind]])
def test_every_stage_can_be_reached_from_the_first_and_no_open_one_is_a_dead_end(kind: TaskKind) -> None:
    stages = STAGES[kind]
    seen, todo = set[str](), [next(iter(stages))]
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo.extend(stages[at].next)
    assert seen == set(stages)
    assert all(stage.terminal or stage.next for stage in stages.values())


@pytest.mark.parametrize(
    ("kind", "old", "new", "move"),
    [
        ("sign_off", "issued", "issued", "same"),
        ("sign_off", "issued", "commented", "legal"),
        ("sign_off", "commented", "issued", "legal"),
        ("sign_off", "drafting", "signed", "irregular"),  # naive: a draft nobody issued is signed
        ("sign_off", "signed", "superseded", "legal"),
        ("sign_off", "signed", "revoked", "reopen"),
        ("sign_off", "superseded", "signed", "irregular"),
        ("deliverable_review", "changes_requested", "approved", "irregular"),  # without a new delivery
        ("deliverable_review", "rework", "delivered", "legal"),
        ("acceptance", "rejected", "accepted", "irregular"),
        ("acceptance", "rejected", "rework", "legal"),
        ("acceptance", "accepted", "reopened", "reopen"),
        ("acceptance", "requested", "deemed_accepted", "legal"),
        ("meeting", "planned", "minutes_sent", "irregular"),
        ("meeting", "held", "minutes_sent", "legal"),
        ("risk", "closed", "reopened", "reopen"),
        ("risk", "identified", "occurred", "legal"),
        ("risk", "occurred", "closed", "irregular"),
        ("change_request", "negotiating", "quoted", "legal"),
        ("change_request", "quoted", "implementing", "irregular"),
        ("change_request", "deferred", "submitted", "legal"),
        ("survey", "responded", "reminded", "irregular"),
        ("milestone", "achieved", "reopened", "reopen"),
        ("milestone", None, "achieved", "legal"),
        ("milestone", "nonsense", "due", "legal"),
        ("milestone", "due", "nonsense", "irregular"),
        ("action", "whatever", "else", "legal"),
    ],
)
def test_a_change_of_stage_is_judged(kind: TaskKind, old: str | None, new: str, move: str) -> None:
    assert judge_stage_move(kind, old, new) == move


@pytest.mark.parametrize(
    ("old", "new", "move"),
    [
        ("new", "new", "same"),
        (None, "acting", "legal"),
        ("new", "acknowledged", "legal"),
        ("acknowledged", "acting", "legal"),
        ("acting", "resolved", "legal"),
        ("resolved", "closed", "legal"),
        ("new", "closed", "irregular"),  # naive: a complaint is closed unread
        ("closed", "reopened", "reopen"),
        ("resolved", "reopened", "reopen"),
        ("odd", "closed", "legal"),
    ],
)
def test_a_change_of_a_feedbacks_status_is_judged(old: str | None, new: str, move: str) -> None:
    assert judge_feedback_move(old, new) == move
    assert new in FEEDBACK_STATUSES
