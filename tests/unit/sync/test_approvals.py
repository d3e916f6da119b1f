"""Plans that were approved: exactly they are done, by digest, by risk class, once, on their own ground."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from config.settings import Risk
from mapping.errors import InputError
from store import runs
from sync import planfile
from sync.guards import RISKS
from sync.planfile import Stored
from sync.report import RunReport
from tests.support.rig import Rig

EVERY = frozenset(RISKS)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def stored(rig: Rig, report: RunReport) -> Stored:
    with rig.db.read() as tx:
        run = runs.get(tx, report.run_id)
        assert run is not None
        return planfile.from_run(run, runs.items(tx, report.run_id))


def apply(rig: Rig, plan: Stored) -> RunReport:
    return rig.round("apply", approved=plan.digests, planned=plan.lines)


def people(rig: Rig, count: int) -> list[str]:
    ids = [rig.a.plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example", "title": "x"}) for n in range(count)]
    rig.rest()
    return ids


def test_five_edited_by_hand_are_stale_one_by_one_and_exactly_the_others_are_done(rig: Rig) -> None:
    for number, id_ in enumerate(people(rig, 20)):
        rig.a.edit("contacts", id_, {"title": f"t{number}"})
    plan = stored(rig, rig.round("plan"))
    there = {row["name"]: id_ for id_, row in rig.b.live("contacts").items()}
    for number in range(5):
        rig.b.edit("contacts", there[f"C{number}"], {"title": f"hand{number}"})
    report = apply(rig, plan)
    titles = {row["name"]: row["title"] for row in rig.b.live("contacts").values()}
    assert titles == {f"C{n}": f"hand{n}" if n < 5 else f"t{n}" for n in range(20)}
    stale = [line for line in report.lines if line.action == "stale"]
    assert sorted(line.title for line in stale) == [f"C{n}" for n in range(5)]
    assert all(line.fields[0].field == "title" and line.reason == "ground_moved" for line in stale)
    assert (report.counts["stale"], report.exit_code) == (5, 4)


def test_an_edit_of_a_field_that_is_not_mapped_moves_no_ground(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at={"b": {"contact": {"fields": {"locale": False}}}})
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    plan = stored(rig, rig.round("plan"))
    rig.b.edit("contacts", theirs, {"locale": "fr"})
    report = apply(rig, plan)
    assert report.counts["stale"] == 0
    assert rig.b.live("contacts")[theirs] | {"title": "CEO", "locale": "fr"} == rig.b.live("contacts")[theirs]


def test_what_somebody_did_already_by_hand_is_stale_with_nothing_left_to_do(rig: Rig) -> None:
    mine, _ = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    plan = stored(rig, rig.round("plan"))
    rig.a.edit("contacts", mine, {"title": "CTO"})
    report = apply(rig, plan)
    assert [line.reason for line in report.lines if line.action == "stale"] == ["nothing_left"]


# --- risk classes -------------------------------------------------------------------------------------------------


def test_the_configuration_knows_the_very_risk_classes_there_are() -> None:
    assert typing.get_args(Risk) == RISKS


def test_what_the_policy_does_not_allow_waits_in_the_run_and_is_done_when_it_is_applied(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.a.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    report = rig.round(auto=EVERY - {"patch"})
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == ["Ann Lee", "Bo"]
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"
    assert (report.counts["held"], report.needs_person["held"], report.exit_code) == (1, 1, 4)
    done = apply(rig, stored(rig, report))
    assert done.counts["stale"] == 0
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert rig.round(auto=EVERY - {"patch"}).exit_code == 0


@pytest.mark.parametrize("risk", ["match", "create", "delete"])
def test_each_class_waits_when_it_is_not_allowed(rig: Rig, risk: str) -> None:
    rig.ann()
    if risk == "delete":
        rig.plain("DELETE FROM contact")
    else:
        rig.a.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    if risk == "match":
        rig.b.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    before = rig.writes()
    report = rig.round(auto=EVERY - {risk})
    assert report.counts["held"] == 1
    assert rig.writes() == before
    apply(rig, stored(rig, report))
    assert rig.round(auto=EVERY - {risk}).counts.get("held", 0) == 0


# --- rails, by number ---------------------------------------------------------------------------------------------


def test_deletes_are_accepted_by_their_number_and_no_farther(rig: Rig) -> None:
    ids = people(rig, 30)
    for id_ in ids[:9]:
        rig.a.remove("contacts", id_)
    held = rig.round()
    assert held.guard is not None
    assert held.guard["allow"] == "deletes=9"
    assert rig.round("apply", allow={"deletes": 8}).exit_code == 8
    rig.a.remove("contacts", ids[9])
    assert rig.round("apply", allow={"deletes": 9}).exit_code == 8
    assert rig.round("apply", allow={"deletes": 10}).guard is None


def test_what_a_rail_held_is_done_to_the_letter_and_within_its_number(rig: Rig) -> None:
    ids = people(rig, 30)
    for id_ in ids[:9]:
        rig.a.remove("contacts", id_)
    rig.a.edit("contacts", ids[20], {"title": "CEO"})
    held = rig.round()
    assert (held.exit_code, held.counts["archive"], len(held.lines)) == (8, 9, 11)
    plan = stored(rig, held)
    for id_ in ids[9:12]:  # more since: nobody has read of these
        rig.a.remove("contacts", id_)
    rig.a.revive("contacts", ids[0])
    there = {str(row["name"]): id_ for id_, row in rig.b.live("contacts").items()}
    rig.b.edit("contacts", there["C20"], {"title": "CFO"})
    refused = rig.round("apply", approved=plan.digests, planned=plan.lines, allow={"deletes": 7})
    assert (refused.exit_code, len(rig.rows("contact"))) == (8, 30)
    done = rig.round("apply", approved=plan.digests, planned=plan.lines, allow={"deletes": 9})
    assert (done.guard, done.counts["archive"], done.counts["stale"], done.exit_code) == (None, 8, 2, 4)
    assert sorted(str(row.values["name"]) for row in rig.rows("contact", ("archived",))) == [
        f"C{n}" for n in range(1, 9)
    ]
    assert rig.b.live("contacts")[there["C20"]]["title"] == "CFO"


# --- the ground of a plan -----------------------------------------------------------------------------------------

PLAN = Stored(
    run_id="r1", made_ms=0, connections={"a": "f1"}, organisations={"a": "org"}, digests=frozenset(), lines=()
)


def test_a_plan_is_refused_on_other_ground_with_one_clear_line() -> None:
    planfile.check_ground(PLAN, {"a": "f1"}, {"a": "org"}, 60_000, 60)
    for mine, organisations, now_ms, said in (
        ({"b": "f1"}, {"a": "org"}, 0, "not configured here"),
        ({"a": "f2"}, {"a": "org"}, 0, "other settings or maps"),
        ({"a": "f1"}, {"a": "other"}, 0, "made for organisation org, this store belongs to other"),
        ({"a": "f1"}, {"a": "org"}, 61_000, "plan_valid_for"),
    ):
        with pytest.raises(InputError, match=said):
            planfile.check_ground(PLAN, mine, organisations, now_ms, 60)


def test_a_plan_is_applied_once_unless_its_run_was_cut_short(rig: Rig) -> None:
    rig.a.plant("contacts", {"name": "Ann", "email": "ann@x.example"})
    plan = stored(rig, rig.round("plan"))
    done = apply(rig, plan)
    summary = {"plan": plan.run_id, "counts": {"stale": 0}}

    def items(run_id: str) -> list[dict[str, object]]:
        with rig.db.read() as tx:
            return runs.items(tx, run_id)

    with pytest.raises(InputError, match="1 items done, 0 stale"):
        planfile.check_fresh(plan, [runs.Run(done.run_id, "apply", 1, 2, 0, summary)], items)
    cut = [
        runs.Run(done.run_id, "apply", 1, 0, 0, summary),
        runs.Run(done.run_id, "apply", 1, 2, 8, {**summary, "guard": {"rail": "deletes"}}),
        runs.Run(done.run_id, "apply", 1, 2, 6, {**summary, "connections": {"b": {"error": "away"}}}),
        runs.Run(done.run_id, "apply", 1, 2, 0, {"plan": "another"}),
    ]
    planfile.check_fresh(plan, cut, items)
