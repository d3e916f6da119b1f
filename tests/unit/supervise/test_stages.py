"""The stages of each kind: what may follow, and what entering one sets."""

from __future__ import annotations

from datetime import date

import pytest

from mapping.kinds import KINDS, TaskKind
from mapping.records import TASK_STATUSES
from mapping.stages import STAGES
from mapping.status import TERMINAL
from supervise.ball import ball_of
from supervise.stages import (
    entered_values,
    milestone_stage,
    round_of,
    stage_of,
    stage_values,
)

ALL = [(kind, name) for kind in KINDS for name in STAGES[kind]]


@pytest.mark.parametrize(
    ("kind", "stage", "status", "ball"),
    [
        ("sign_off", "drafting", "in_progress", "vendor"),
        ("sign_off", "issued", "waiting_client", "client"),
        ("sign_off", "commented", "waiting_vendor", "vendor"),
        ("sign_off", "signed", "done", "none"),
        ("sign_off", "signed_with_comments", "done", "none"),
        ("sign_off", "rejected", "waiting_vendor", "vendor"),  # naive: rejected is done, and nobody acts
        ("sign_off", "superseded", "done", "none"),
        ("deliverable_review", "delivered", "waiting_client", "client"),
        ("deliverable_review", "in_review", "waiting_client", "client"),
        ("deliverable_review", "changes_requested", "waiting_vendor", "vendor"),
        ("deliverable_review", "rework", "waiting_vendor", "vendor"),
        ("acceptance", "requested", "waiting_client", "client"),
        ("acceptance", "testing", "waiting_client", "client"),
        ("acceptance", "rework", "waiting_vendor", "vendor"),
        ("acceptance", "conditionally_accepted", "done", "none"),
        ("meeting", "minutes_sent", "waiting_client", "client"),
        ("change_request", "submitted", "submitted", "vendor"),
        ("change_request", "assessing", "waiting_vendor", "vendor"),
        ("change_request", "quoted", "waiting_client", "client"),
        ("change_request", "negotiating", "waiting_client", "client"),
        ("change_request", "deferred", "on_hold", "none"),
        ("change_request", "implementing", "in_progress", "vendor"),
        ("change_request", "verifying", "waiting_client", "client"),
        ("survey", "sent", "waiting_client", "client"),
        ("survey", "reminded", "waiting_client", "client"),
    ],
)
def test_a_stage_brings_its_status_and_its_ball(kind: TaskKind, stage: str, status: str, ball: str) -> None:
    values = stage_values(kind, stage)
    assert (values["stage"], values["status"]) == (stage, status)
    claimed_by_client = {"owner_side": "client", **values}  # naive: drafting leaves the ball where the side field says
    assert ball_of("t1", claimed_by_client).holder == ball


@pytest.mark.parametrize(("kind", "stage"), ALL)
def test_every_stage_holds_together(kind: TaskKind, stage: str) -> None:
    found = STAGES[kind][stage]
    assert found.status in TASK_STATUSES
    assert found.terminal is (found.status in TERMINAL) is (found.outcome is not None)
    assert set(found.next) <= set(STAGES[kind])
    assert stage not in found.next
    if found.ball is not None:
        assert ball_of("t1", stage_values(kind, stage)).holder == found.ball
    else:
        for side in ("client", "vendor", "third_party"):
            assert ball_of("t1", {"owner_side": side, **stage_values(kind, stage)}).holder == side


@pytest.mark.parametrize(
    ("kind", "stage", "status", "found"),
    [
        ("sign_off", "issued", "waiting_client", "issued"),
        ("sign_off", "issued", "in_progress", "issued"),  # coarser statuses of a CRM say nothing against it
        ("sign_off", "issued", "done", "signed"),  # ticked off at a CRM; naive: still issued
        ("sign_off", "signed", "in_progress", "drafting"),  # opened again at a CRM; naive: still signed
        ("sign_off", "superseded", "done", "superseded"),
        ("sign_off", None, "done", "signed"),
        ("sign_off", None, "waiting_client", "issued"),
        ("sign_off", "", None, "drafting"),
        ("acceptance", None, "waiting_client", "requested"),
        ("acceptance", None, "waiting_vendor", "rejected"),
        ("acceptance", "odd", "done", "accepted"),
        ("acceptance", None, "cancelled", ""),
        ("meeting", "rescheduled", "cancelled", "rescheduled"),
        ("meeting", "rescheduled", "done", "minutes_confirmed"),
        ("change_request", None, "submitted", "submitted"),
        ("milestone", None, "on_hold", "planned"),
        ("action", "mine", "done", ""),
    ],
)
def test_a_stage_is_told_by_the_status_where_nothing_else_does(
    kind: TaskKind, stage: str | None, status: str | None, found: str
) -> None:
    assert stage_of(kind, {"stage": stage, "status": status}) == found


def test_a_deliverable_returned_twice_is_in_its_third_round() -> None:
    task: dict[str, object] = {"kind": "deliverable_review", "stage": "preparing"}
    course = ("delivered", "in_review", "changes_requested", "rework", "delivered", "changes_requested", "rework")
    for stage in (*course, "delivered"):
        task.update(entered_values("deliverable_review", task, stage))  # type: ignore[arg-type]
    assert task["round"] == "3"
    assert "round" not in entered_values("deliverable_review", task, "delivered")  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "count"), [("2", 2), (2, 2), (None, 0), ("x", 0), (True, 0), ("1.5", 0)])
def test_a_round_is_read(value: object, count: int) -> None:
    assert round_of({"round": value}) == count  # type: ignore[dict-item]


def test_an_unknown_stage_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="survey has no stage 'signed'; its stages are planned, sent"):
        stage_values("survey", "signed")
    with pytest.raises(ValueError, match="its stages are none"):
        stage_values("action", "signed")


@pytest.mark.parametrize(
    ("stage", "today", "then"),
    [
        ("planned", "2026-06-17", "planned"),
        ("planned", "2026-06-18", "due"),
        ("planned", "2026-06-22", "missed"),
        ("due", "2026-06-22", "missed"),
        ("missed", "2026-06-17", "planned"),  # naive: an approved change moved its day, and it stays missed
        ("reopened", "2026-06-17", "reopened"),
        ("reopened", "2026-06-22", "missed"),
        ("achieved", "2026-06-22", "achieved"),  # naive: reached and missed at once
        ("", "2026-06-22", ""),
    ],
)
def test_a_milestone_is_due_on_its_day_and_missed_after_it(stage: str, today: str, then: str) -> None:
    assert milestone_stage(stage, date(2026, 6, 18), date.fromisoformat(today)) == then


def test_a_milestone_without_a_day_is_never_missed() -> None:
    assert milestone_stage("planned", None, date(2026, 6, 22)) == "planned"
