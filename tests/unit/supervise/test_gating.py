"""A source that calls a project closed is asked about while something keeps the project open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from store import claims, hub, reviews
from store.claims import Claim
from store.database import Database
from supervise import acting
from supervise.rounds import supervise_once
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def say(desk: ProjectDesk, value: str, at: str) -> None:
    with desk.db.write() as tx:
        claims.put(tx, [Claim("project", "p", "lifecycle", "crm", value, None, ms(at))])


def round_at(desk: ProjectDesk, now: str) -> tuple[Any, list[dict[str, Any]]]:
    """Run a round; gives the project's lifecycle and what is asked about it."""
    supervise_once(desk.db, now_ms=ms(now), run_id=now, random_bytes=lambda size: b"r" * size)
    with desk.db.read() as tx:
        asked = [review.data for review in reviews.open_(tx, "conflict")]
        return hub.read(tx, "project", ["p"])["p"].values["lifecycle"], asked


def test_closed_is_not_taken_while_the_gate_is_shut_and_is_taken_once_it_opens(desk: ProjectDesk) -> None:
    desk.edit("project", "p", lifecycle="accepted")
    desk.task("late", "action", status="waiting_client")
    say(desk, "accepted", "2026-06-01T10:00")
    assert round_at(desk, "2026-06-01T11:00") == ("accepted", [])
    say(desk, "closed", "2026-06-02T10:00")
    lifecycle, (asked,) = round_at(desk, "2026-06-02T11:00")
    assert (lifecycle, asked["sides"], asked["reason"]) == ("accepted", {"crm": "closed"}, "closure_gate_open")
    acting.set_stage(desk.hand("2026-06-03T09:00"), "late", "done")
    for kind in ("report_issued", "retro_held", "survey_sent"):
        acting.record(desk.hand("2026-06-03T10:00"), "project", "p", kind, {})
    assert round_at(desk, "2026-06-03T11:00") == ("closed", [])
