"""What comes out of another item: a risk that occurred becomes an issue, a meeting that was put off gets another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from mapping.errors import InputError
from store import acts, hub, journal
from store.database import Database
from store.hub import HubRow
from store.journal import Entry
from supervise import acting, meeting
from supervise.following import follow_up
from supervise.knobs import Knobs
from supervise.meeting import Meeting
from supervise.rounds import supervise_once
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk

RISK: dict[str, Any] = {
    "stage": "treating", "status": "in_progress", "owner_side": "client", "contact": "li", "owner": "chen",
    "priority": "high", "blocks": "UAT", "internal": True,
}  # fmt: skip


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def follow(desk: ProjectDesk, now: str) -> dict[str, int]:
    counter = iter(range(1_000_000))
    return follow_up(
        desk.db, now_ms=ms(now), knobs=Knobs(),
        random_bytes=lambda size: (next(counter).to_bytes(4, "big") + now.encode() + b"f" * size)[:size],
    ).made  # fmt: skip


def looked_at(desk: ProjectDesk, now: str) -> None:
    supervise_once(desk.db, now_ms=ms(now), run_id="r", random_bytes=bytes)


def children(desk: ProjectDesk, of: str) -> list[HubRow]:
    with desk.db.read() as tx:
        assert (acts.verify(tx), journal.verify(tx)) == (None, None)
        return [row for row in hub.select(tx, "task") if row.values.get("parent") == of]


def brought(desk: ProjectDesk, uid: str, kind: str, **values: Any) -> None:
    """Plant a task as a sync imports it, journal entry included."""
    desk.task(uid, kind, **values)
    noted(desk, uid, "insert", {name: [None, value] for name, value in values.items()})


def moved(desk: ProjectDesk, uid: str, now: str, **values: Any) -> None:
    """Edit a task as a sync does."""
    before = desk.values("task", uid)
    desk.edit("task", uid, **values)
    noted(desk, uid, "update", {name: [before.get(name), value] for name, value in values.items()}, now)


def noted(desk: ProjectDesk, uid: str, kind: str, changes: dict[str, list[Any]], now: str = "2026-06-01T09:00") -> None:
    with desk.db.write() as tx:
        journal.append(tx, [Entry("r", ms(now), kind, "task", uid, who="sync", changes=changes)], bytes(32))


# --- risks --------------------------------------------------------------------------------------------------------


def test_a_risk_that_occurs_becomes_one_issue_that_names_it(desk: ProjectDesk) -> None:
    desk.task("r", "risk", title="数据迁移", **RISK)
    acting.set_stage(desk.hand("2026-06-08T10:00"), "r", "occurred")
    assert follow(desk, "2026-06-08T11:00") == {"issue": 1}
    assert follow(desk, "2026-06-08T12:00") == {}
    assert follow(desk, "2026-06-09T09:00") == {}
    (issue,) = children(desk, "r")
    assert "数据迁移" in str(issue.values["title"])
    told = ("kind", "status", "parent", "project", "owner_side", "contact", "owner", "priority", "blocks", "internal")
    assert [issue.values[name] for name in told] == [
        "issue", "not_started", "r", "p", "client", "li", "chen", "high", "UAT", True
    ]  # fmt: skip
    assert issue.values.get("due") is None  # nobody agreed on a day
    assert ("occurred", "rule", {"item": issue.uid}) in desk.acts("task", "r")


def test_an_issue_that_people_made_or_took_away_is_not_made_again(desk: ProjectDesk) -> None:
    desk.task("r", "risk", **RISK)
    desk.task("mine", "issue", parent="r", status="in_progress")
    acting.set_stage(desk.hand("2026-06-08T10:00"), "r", "occurred")
    assert follow(desk, "2026-06-08T11:00") == {}
    desk.task("s", "risk", **RISK)
    acting.set_stage(desk.hand("2026-06-09T10:00"), "s", "occurred")
    assert follow(desk, "2026-06-09T11:00") == {"issue": 1}
    (issue,) = children(desk, "s")
    with desk.db.edit() as tx:
        hub.update(tx, "task", [hub.HubChange(issue.uid, issue.rev, {}, "deleted")], 0)
    assert follow(desk, "2026-06-10T09:00") == {}


def test_a_risk_imported_as_occurred_is_history_and_one_that_a_crm_moves_there_is_not(desk: ProjectDesk) -> None:
    brought(desk, "old", "risk", stage="occurred", status="done")
    brought(desk, "new", "risk", stage="assessed", status="in_progress")
    moved(desk, "new", "2026-06-08T09:00", stage="occurred", status="done")
    assert follow(desk, "2026-06-08T10:00") == {"issue": 1}
    assert children(desk, "old") == []
    moved(desk, "old", "2026-06-09T09:00", stage="monitoring", status="in_progress")
    moved(desk, "old", "2026-06-10T09:00", stage="occurred", status="done")
    assert follow(desk, "2026-06-10T10:00") == {"issue": 1}


# --- meetings -----------------------------------------------------------------------------------------------------


def test_putting_a_meeting_off_by_command_makes_the_new_one_at_once(desk: ProjectDesk) -> None:
    desk.task("m", "meeting", title="周会", stage="planned", status="not_started", due="2026-06-09", invited="wang")
    given = Meeting(outcome="rescheduled", to=date(2026, 6, 12), invited=["wang", "li"])
    done = meeting.meet(desk.hand("2026-06-08T10:00"), "m", given)
    (new,) = children(desk, "m")
    assert done.made == (new.uid,)
    assert [new.values[name] for name in ("title", "kind", "stage", "status", "due", "invited", "project")] == [
        "周会", "meeting", "planned", "not_started", "2026-06-12", "wang,li", "p"
    ]  # fmt: skip
    assert (desk.values("task", "m")["status"], desk.values("task", "m")["outcome"]) == ("cancelled", "rescheduled")
    assert follow(desk, "2026-06-09T09:00") == {}
    with pytest.raises(InputError, match="put off already"):
        meeting.meet(desk.hand("2026-06-08T11:00"), "m", given)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Meeting(to=date(2026, 6, 12)), "put off"),
        (Meeting(outcome="client_no_show", to=date(2026, 6, 12)), "put off"),
        (Meeting(outcome="rescheduled", to=date(2026, 6, 5)), "past"),
    ],
)
def test_a_new_day_that_makes_no_sense_is_refused_and_nothing_is_written(
    desk: ProjectDesk, given: Meeting, why: str
) -> None:
    desk.task("m", "meeting", stage="planned", status="not_started")
    before = desk.size()
    with pytest.raises(InputError, match=why):
        meeting.meet(desk.hand("2026-06-08T10:00"), "m", given)
    assert desk.size() == before


@pytest.mark.parametrize(
    ("typed", "due"),
    [({"due": "2026-06-16"}, "2026-06-16"), ({}, None)],  # naive: the old day again
)
def test_a_meeting_that_a_crm_puts_off_gets_another_once(
    desk: ProjectDesk, typed: dict[str, Any], due: str | None
) -> None:
    brought(desk, "m", "meeting", stage="planned", status="not_started", due="2026-06-09")
    looked_at(desk, "2026-06-01T10:00")
    moved(desk, "m", "2026-06-08T09:00", stage="rescheduled", status="cancelled", **typed)
    looked_at(desk, "2026-06-08T10:00")
    assert follow(desk, "2026-06-08T10:00") == {"meeting": 1}
    assert follow(desk, "2026-06-09T10:00") == {}
    (new,) = children(desk, "m")
    assert (new.values.get("due"), new.values["stage"]) == (due, "planned")
    with pytest.raises(InputError, match="put off already"):
        meeting.meet(desk.hand("2026-06-09T11:00"), "m", Meeting(outcome="rescheduled", to=date(2026, 6, 12)))


def test_the_new_meeting_may_be_put_off_in_its_turn(desk: ProjectDesk) -> None:
    desk.task("m", "meeting", stage="planned", status="not_started")
    acting.set_stage(desk.hand("2026-06-08T10:00"), "m", "rescheduled")
    assert follow(desk, "2026-06-08T11:00") == {"meeting": 1}
    (second,) = children(desk, "m")
    acting.set_stage(desk.hand("2026-06-09T10:00"), second.uid, "rescheduled")
    assert follow(desk, "2026-06-09T11:00") == {"meeting": 1}
    assert len(children(desk, second.uid)) == 1
