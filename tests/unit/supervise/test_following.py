"""What duban does by itself: each thing once, as made by rule, and only where something moved or a day began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from store import acts, hub, journal, supervision
from store.database import Database
from supervise import acting, agreeing, meeting
from supervise.agreeing import Deciding, Signing
from supervise.cases import read_setting
from supervise.dossier import read_dossier
from supervise.following import Followed, follow_up
from supervise.knobs import Knobs
from supervise.meeting import Answered
from tests.support.clocks import StoppedClock, ms
from tests.support.project_desk import ProjectDesk


@pytest.fixture
def desk() -> Iterator[ProjectDesk]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield ProjectDesk(database)
    database.close()


def follow(desk: ProjectDesk, now: str, **knobs: Any) -> Followed:
    counter = iter(range(1_000_000))
    return follow_up(
        desk.db, now_ms=ms(now), knobs=Knobs(**knobs),
        random_bytes=lambda size: (next(counter).to_bytes(4, "big") + now.encode() + b"f" * size)[:size],
    )  # fmt: skip


def tasks(desk: ProjectDesk) -> dict[str, dict[str, Any]]:
    with desk.db.read() as tx:
        assert (acts.verify(tx), supervision.verify_ball_events(tx), journal.verify(tx)) == (None, None, None)
        return {row.uid: row.values for row in hub.select(tx, "task")}


@pytest.mark.parametrize("signed", [False, True])
def test_a_still_newer_version_put_on_the_replaced_item_is_asked_for_too(desk: ProjectDesk, signed: bool) -> None:
    desk.task("so", "sign_off", title="需求规格", stage="issued", status="waiting_client", doc_version="v1")
    agreeing.sign(desk.hand("2026-06-05T10:00"), "so", Signing(signer="wang"))
    desk.edit("task", "so", doc_version="v2")
    assert follow(desk, "2026-06-08T09:00").made == {"re_sign": 1}
    (second,) = tasks(desk).keys() - {"so"}
    if signed:
        agreeing.sign(desk.hand("2026-06-08T10:00"), second, Signing(signer="wang"))
    desk.edit("task", "so", doc_version="v3")
    assert follow(desk, "2026-06-09T09:00").made == {"re_sign": 1}
    assert follow(desk, "2026-06-10T09:00").made == {}
    found = tasks(desk)
    (third,) = found.keys() - {"so", second}
    assert (found[third]["doc_version"], found[third]["status"]) == ("v3", "waiting_client")
    assert found[second]["stage"] == ("signed" if signed else "superseded")
    with desk.db.read() as tx:
        dossier = read_dossier(tx, "p", read_setting(tx, now_ms=ms("2026-06-10T10:00"), knobs=Knobs()))
    assert dossier is not None
    assert dossier.signed == ((1, 2) if signed else (0, 1))


def test_a_newer_version_gets_an_item_of_its_own_to_be_signed_once(desk: ProjectDesk) -> None:
    desk.task(
        "so", "sign_off", title="需求规格", stage="issued", status="waiting_client", contact="wang", doc_version="v1"
    )
    agreeing.sign(desk.hand("2026-06-05T10:00"), "so", Signing(signer="wang"))
    assert follow(desk, "2026-06-05T11:00").made == {}
    desk.edit("task", "so", doc_version="v2")
    assert follow(desk, "2026-06-08T09:00").made == {"re_sign": 1}
    assert follow(desk, "2026-06-09T09:00").made == {}
    found = tasks(desk)
    assert (found["so"]["stage"], found["so"]["outcome"]) == ("superseded", "superseded")
    ((uid, again),) = [(uid, values) for uid, values in found.items() if uid != "so"]
    assert (again["parent"], again["status"], again["owner_side"], again["contact"]) == (
        "so",
        "waiting_client",
        "client",
        "wang",
    )
    assert (again["doc_version"], again["due"], again["stage"]) == ("v2", "2026-06-15", "issued")
    assert "v2" in again["title"]
    with desk.db.read() as tx:
        (entry,) = journal.of(tx, "task", uid)
        assert (entry.who, entry.cause, entry.kind) == ("rule", "rule", "follow")
        assert [mark.uid for mark in hub.dirty(tx, "task")].count(uid) == 1
        assert [one.side for one in supervision.ball_events(tx, "task", [uid])] == ["client"]


def test_a_change_approved_in_a_crm_moves_the_plan_once_it_has_all_it_needs(desk: ProjectDesk) -> None:
    desk.task("uat", "milestone", due="2026-06-18", status="not_started")
    desk.task("cr", "change_request", stage="approved", status="waiting_vendor", affected="uat", change_days="1")
    assert follow(desk, "2026-06-08T09:00").made == {}
    with desk.db.edit() as tx:
        doc = {"approve": True, "approver": "wang", "roles": ["approver"], "decided_on": "2026-06-05"}
        acts.append(tx, [acts.Act("task", "cr", "decision", ms("2026-06-05T10:00"), "小陈", doc)])
    desk.edit("task", "cr", change_impact="接口", change_cost="0")
    assert follow(desk, "2026-06-09T09:00").made == {"milestones_moved": 1}
    assert tasks(desk)["uat"]["approved_due"] == "2026-06-22"  # the 19th is Dragon Boat day
    assert follow(desk, "2026-06-10T09:00").made == {}


def test_an_approval_by_command_is_not_done_again(desk: ProjectDesk) -> None:
    desk.task("uat", "milestone", due="2026-06-18", status="not_started")
    desk.task("cr", "change_request", stage="quoted", status="waiting_client", affected="uat")
    given = Deciding(approve=True, approver="wang", impact="x", cost="0", days="1")
    agreeing.decide(desk.hand(), "cr", given)
    assert follow(desk, "2026-06-09T09:00").made == {}


def test_the_contracts_term_accepts_by_itself(desk: ProjectDesk) -> None:
    desk.edit("project", "p", deemed_after_bd="10")
    desk.task("ac", "acceptance", stage="ready", status="in_progress")
    acting.set_stage(desk.hand(at="2026-06-01T09:00"), "ac", "requested")
    for day in (2, 3):
        agreeing.formal_notice(desk.hand(), "ac", date(2026, 6, day))
    assert follow(desk, "2026-06-16T23:00").made == {}
    assert follow(desk, "2026-06-17T00:10").made == {"deemed_accepted": 1}
    values = tasks(desk)["ac"]
    assert (values["stage"], values["outcome"], values["done_at"]) == (
        "deemed_accepted",
        "deemed_accepted",
        ms("2026-06-17T00:00"),
    )
    assert follow(desk, "2026-06-18T00:10").made == {}


def test_a_low_score_is_followed_up_where_that_is_switched_on(desk: ProjectDesk) -> None:
    given = Answered(wave="w1", scale="1-5", score="2", project="p")
    made = meeting.answer(desk.hand("2026-06-08T10:00"), "wang", given)
    desk.plant("feedback", "old", subject="旧", kind="complaint", project="p", submitted_at=ms("2026-05-06T10:00"))
    desk.plant(
        "feedback", "fine", subject="好", kind="csat", score="5", project="p", submitted_at=ms("2026-06-08T10:00")
    )
    assert follow(desk, "2026-06-08T11:00").made == {}
    assert follow(desk, "2026-06-09T11:00", follow_low_scores=True).made == {"follow_up": 1}
    assert follow(desk, "2026-06-10T11:00", follow_low_scores=True).made == {}
    ((uid, call),) = tasks(desk).items()
    assert (call["owner_side"], call["due"], call["contact"], call["internal"]) == (
        "vendor",
        "2026-06-11",
        "wang",
        True,
    )
    assert desk.values("feedback", made.uid)["follow_up"] == uid


def flags(desk: ProjectDesk) -> dict[str, tuple[str | None, str]]:
    with desk.db.read() as tx:
        return {flag.rule: (flag.since, flag.severity) for flag in supervision.flags(tx, "project", ["p"])}


def test_health_is_remembered_by_day_and_gets_better_later_than_worse(desk: ProjectDesk) -> None:
    desk.task(
        "r", "risk", stage="monitoring", status="in_progress", probability="5", impact="5", reviewed_on="2026-06-08"
    )
    follow(desk, "2026-06-08T09:00")
    assert flags(desk)["R11"] == (None, "red")
    desk.edit("task", "r", probability="1")
    follow(desk, "2026-06-09T09:00")
    assert flags(desk)["R11"] == (None, "red")  # one better day is not enough
    follow(desk, "2026-06-10T09:00")
    assert flags(desk)["R11"] == (None, "green")
    with desk.db.read() as tx:
        assert len(hub.read(tx, "project", ["p"])["p"].meta["health"]) == 2


def test_what_a_project_lacks_is_raised_once_and_lowered(desk: ProjectDesk) -> None:
    desk.edit("project", "p", start="2026-05-06")
    desk.plant(
        "feedback", "f", subject="x", kind="comment", contact="wang", project="p", submitted_at=ms("2026-06-01T10:00")
    )
    follow(desk, "2026-06-16T09:00")
    assert flags(desk)["R12b:silence"] == ("2026-06-16", "")
    assert {"R12b:started_without_charter", "R12b:missing_role"} <= flags(desk).keys()
    follow(desk, "2026-06-17T09:00")
    with desk.db.read() as tx:
        raised = [flag for flag in supervision.flag_history(tx, "project", "p") if flag.rule == "R12b:silence"]
    assert [flag.raised_ms for flag in raised] == [ms("2026-06-16T09:00")]
    desk.plant(
        "feedback", "g", subject="y", kind="comment", contact="wang", project="p", submitted_at=ms("2026-06-17T10:00")
    )
    follow(desk, "2026-06-18T09:00")
    assert "R12b:silence" not in flags(desk)


def test_within_a_day_only_what_was_touched_is_looked_at(desk: ProjectDesk) -> None:
    desk.plant("account", "b", name="B")
    desk.plant("contact", "zhao", name="赵", account="b")
    for uid in ("q", "s"):
        desk.plant("project", uid, name=uid, account="b", lifecycle="active")
    assert follow(desk, "2026-06-08T09:00").looked_at == 3
    assert follow(desk, "2026-06-08T10:00").looked_at == 0
    desk.task("t", "action", status="waiting_client")
    acting.promise(desk.hand("2026-06-08T10:30"), "t", date(2026, 6, 9))
    assert follow(desk, "2026-06-08T11:00").looked_at == 1
    for entity, uid in (("contact", "zhao"), ("account", "b")):
        acting.record(desk.hand("2026-06-08T11:30"), entity, uid, "kickoff", {})  # type: ignore[arg-type]
        assert follow(desk, "2026-06-08T12:00").looked_at == 2
    desk.plant("comment", "c", parent="task:t", body="x")
    desk.plant("feedback", "f", subject="x", project="q")
    for entity, uid in (("comment", "c"), ("feedback", "f")):
        acting.record(desk.hand("2026-06-08T12:30"), entity, uid, "kickoff", {})  # type: ignore[arg-type]
    assert follow(desk, "2026-06-08T13:00").looked_at == 2
    assert follow(desk, "2026-06-09T00:01").looked_at == 3


def test_a_day_begins_in_several_rounds_and_not_at_all_for_what_is_over(desk: ProjectDesk) -> None:
    for uid, lifecycle in (("q", "active"), ("r", "planned"), ("over", "closed")):
        desk.plant("project", uid, name=uid, lifecycle=lifecycle)
    rounds = [
        follow_up(desk.db, now_ms=ms("2026-06-08T09:00"), knobs=Knobs(), random_bytes=lambda n: b"f" * n, most=2)
        for _ in range(3)
    ]
    assert [done.looked_at for done in rounds] == [2, 1, 0]
