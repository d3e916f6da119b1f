"""Sweeps: what the feed of changes missed is found, absence proves nothing by itself, and nothing remote is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Page, PullRequest
from mapping.errors import NeedsOperator, PageMalformed
from store import inbox, sweeps
from sync.report import RunReport
from sync.sweeper import SweepOptions
from sync.sweeping import Known, content_digest, counts_agree, judge_absent, judge_listed
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path, page_size=10)


def used(rig: Rig) -> Callable[[str], int]:
    ports = {one.name: one.connector.ports for one in rig.configured}  # type: ignore[attr-defined]
    return lambda name: int(ports[name].counters.get("calls", 0))


def sweep(rig: Rig, *, calls: int = 2000, allow: dict[str, int] | None = None) -> RunReport:
    """Sweep both systems, some seconds after whatever was before."""
    rig.clock.sleep(10)
    before = rig.writes()
    report = rig.engine.begin("sweep", {one.name: one.settings for one in rig.configured})
    rig.engine.sweep(report, rig.spokes(report), SweepOptions(calls=calls, allow=allow or {}), used(rig))
    rig.clock.sleep(10)
    assert rig.writes() == before
    return report


def crowd(rig: Rig, count: int, side: str = "a") -> list[str]:
    ids = [rig.worlds[side].plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example"}) for n in range(count)]
    rig.rest()
    return ids


def state(rig: Rig, name: str = "a", entity: Any = "contact") -> sweeps.Sweep:
    with rig.db.read() as tx:
        found = sweeps.get(tx, name, entity)
    assert found is not None
    return found


def certificate(rig: Rig) -> dict[str, Any]:
    with rig.db.read() as tx:
        found = sweeps.last_certificate(tx)
    assert found is not None
    return found


def blind(rig: Rig, name: str, *ids: str, object: str = "contacts", listing: bool = False) -> Callable[[], None]:
    """Let a connection's feed of changes (or, with *listing*, its full listing) leave records out; gives the cure."""
    one = next(one for one in rig.configured if one.name == name).connector
    whole = one.pull

    def pull(request: PullRequest) -> Iterator[Page]:
        for page in whole(request):
            if page.backfill is listing and request.object == object:
                page = replace(
                    page,
                    records=[record for record in page.records if record.id not in ids],
                    deleted_ids=[id_ for id_ in page.deleted_ids if id_ not in ids],
                )
            yield page

    one.pull = pull  # type: ignore[method-assign]
    return lambda: setattr(one, "pull", whole)


# --- judging, pure ----------------------------------------------------------------------------------------------

AGREED = {"name": "Ann", "title": None}
BO = {"name": "Bo"}
NAME = frozenset({"name"})


@pytest.mark.parametrize(
    ("known", "doc", "version", "modified_ms", "scoped", "said"),
    [
        (Known(state="live", version="3", agreed=AGREED), {"name": "Ann"}, "4", 50, True, "agreed"),
        (Known(state="live", version="3", agreed=AGREED), {"name": "Bo"}, "4", 50, True, "gap"),
        (Known(state="live", version="3", agreed=AGREED), {"name": "Bo"}, "4", 100, True, "new"),
        (Known(state="live", version="3", agreed=AGREED), {"name": "Bo"}, "4", None, True, "new"),
        (Known(state="live", version="3", agreed=AGREED), {"name": "Bo"}, "3", 50, True, "silent"),
        (Known(state="live", version="3", agreed=AGREED), {"name": "Ann", "title": ""}, "3", 50, True, "agreed"),
        (Known(state="live", version="3", agreed=AGREED), {"name": "Bo"}, "3", 50, False, "out_of_scope"),
        (Known(state="live", version="3", agreed=AGREED, parked=NAME), {"name": "Bo"}, "3", 50, True, "parked"),
        (Known(state="live", version="3", agreed=AGREED, waiting=BO), {"name": "Bo"}, "4", 50, True, "waiting"),
        (Known(state="suspended", version="3", agreed=AGREED), AGREED, "3", 50, True, "back"),
        (Known(state="gone", version="3", agreed=AGREED), AGREED, "3", 50, True, "back"),
        (Known(state="retired", version="3", agreed=AGREED), {"name": "Bo"}, "4", 50, True, "not_ours"),
        (Known(), {"name": "Bo"}, "1", 50, True, "gap"),
        (Known(), {"name": "Bo"}, "1", 100, True, "new"),
        (Known(), {"name": "Bo"}, "1", 50, False, "out_of_scope"),
        (Known(held=True), {"name": "Bo"}, "1", 50, True, "waiting"),
    ],
)  # fmt: skip
def test_what_a_listed_record_is_to_us(
    known: Known, doc: dict[str, Any], version: str, modified_ms: int | None, scoped: bool, said: str
) -> None:
    judged = judge_listed(known, doc, content_digest(doc), version, modified_ms, scoped=scoped, high_ms=100)
    assert judged == said


def test_a_difference_that_was_planned_once_is_not_told_every_night() -> None:
    doc = {"name": "Bo"}
    known = Known(state="live", version="3", agreed=AGREED, swept=content_digest(doc))
    assert judge_listed(known, doc, content_digest(doc), "3", 50, scoped=True, high_ms=100) == "told"
    assert judge_listed(known, {"name": "Cy"}, content_digest({"name": "Cy"}), "3", 50, scoped=True, high_ms=100) == (
        "silent"
    )


@pytest.mark.parametrize("has_feed", [True, False])
@pytest.mark.parametrize("misses", [1, 2, 3])
def test_absence_is_judged_by_proof_alone(has_feed: bool, misses: int) -> None:
    assert judge_absent("live", named=True, has_feed=has_feed, misses=misses) == "late"
    assert judge_absent("forbidden", named=False, has_feed=has_feed, misses=misses) == "access"
    assert judge_absent("none", named=True, has_feed=has_feed, misses=misses) == "gone"
    alone = judge_absent("none", named=False, has_feed=has_feed, misses=misses)
    assert alone == ("access" if has_feed else "gone" if misses > 1 else "wait")


def test_a_count_may_be_off_by_what_people_do_meanwhile() -> None:
    assert counts_agree(None, 5)
    assert counts_agree(100, 90)
    assert not counts_agree(100, 89)
    assert counts_agree(10_000, 9_800)
    assert not counts_agree(10_000, 9_799)


# --- played against two systems ----------------------------------------------------------------------------------


def test_a_quiet_pair_is_certified_and_nothing_is_asked(rig: Rig) -> None:
    crowd(rig, 25)
    report = sweep(rig)
    assert report.exit_code == 0
    assert report.counts["unexplained"] == 0
    contacts = next(one for one in certificate(rig)["objects"] if one["entity"] == "contact")
    assert contacts["hub"]["count"] == 25
    assert contacts["differences"] == {}
    for side in contacts["sides"]:
        assert side["remote"] == side["agreed_remote"]
        assert side["hub"] == side["agreed_hub"]
        assert side["remote"]["count"] == 25
    with rig.db.read() as tx:
        assert inbox.count(tx) == 0


def test_records_the_feed_never_showed_are_found_and_carried_over(rig: Rig) -> None:
    ids = crowd(rig, 3)
    rig.clock.sleep(600)
    fresh = rig.a.plant("contacts", {"name": "New", "email": "new@x.example"})
    rig.a.edit("contacts", ids[0], {"title": "CTO"})
    see = blind(rig, "a", fresh, ids[0])
    rig.round()
    rig.a.edit("contacts", ids[1], {"title": "COO"})
    rig.rest()
    rig.clock.sleep(600)
    rig.rest()
    see()
    assert len(rig.b.live("contacts")) == 3
    report = sweep(rig)
    assert report.counts["sweep_gap"] == 2
    rig.rest()
    there = rig.b.live("contacts").values()
    assert {row["name"] for row in there} == {"C0", "C1", "C2", "New"}
    assert {row.get("title") for row in there} == {"CTO", "COO", None}
    assert "sweep_gap" not in sweep(rig).counts


def test_a_value_that_moves_without_its_version_is_found_once(rig: Rig) -> None:
    ids = crowd(rig, 3)
    row = rig.a.rows["contacts"][ids[1]]
    row.history[-1] = replace(row.now, values={**row.now.values, "title": "computed"})
    rig.rest()
    assert all(one.get("title") is None for one in rig.b.live("contacts").values())
    assert sweep(rig).counts["sweep_silent"] == 1
    rig.rest()
    assert sorted(str(one.get("title")) for one in rig.b.live("contacts").values()) == ["None", "None", "computed"]
    assert "sweep_silent" not in sweep(rig).counts


def test_a_record_we_may_not_see_any_more_is_a_question_and_never_a_delete(rig: Rig) -> None:
    ids = crowd(rig, 3)
    kept = rig.a.rows["contacts"].pop(ids[1])
    report = sweep(rig)
    assert report.counts["sweep_access"] == 1
    assert report.exit_code == 4
    (question,) = rig.questions("access")
    assert (question.connection, question.remote_id) == ("a", ids[1])
    assert certificate(rig)["unexplained"] == 0
    for _ in range(3):
        rig.rest()
        assert "sweep_gone" not in sweep(rig).counts
    assert len(rig.rows("contact")) == 3
    assert len(rig.b.live("contacts")) == 3
    rig.edit_hub("contact", question.uid, {"title": "CTO"})
    rig.rest()
    assert len(rig.rows("contact")) == 3
    rig.a.rows["contacts"][ids[1]] = kept
    assert sweep(rig).counts["sweep_back"] == 1
    rig.rest()
    assert rig.questions("access") == []
    assert rig.a.live("contacts")[ids[1]]["title"] == "CTO"
    assert certificate(rig)["unexplained"] == 0


def test_a_record_that_answers_forbidden_is_told_from_a_connection_that_does(rig: Rig) -> None:
    ids = crowd(rig, 3)
    blind(rig, "a", ids[0], ids[2], listing=True)
    rig.a.fault("operator", "fetch", match={"id": ids[2]}, times=None)
    report = sweep(rig)
    assert report.counts["sweep_access"] == 1
    assert report.counts["sweep_unlisted"] == 1
    assert [one.remote_id for one in rig.questions("access")] == [ids[2]]
    assert rig.questions("access")[0].data["reason"] == "access_forbidden"


@pytest.mark.parametrize(("yes", "left"), [(True, "archived"), (False, "live")])
def test_what_a_person_says_about_a_record_kept_from_us(rig: Rig, yes: bool, left: str) -> None:
    mine, _ = rig.ann()
    del rig.a.rows["contacts"][mine]
    sweep(rig)
    (question,) = rig.questions("access")
    assert question.id is not None
    (rig.desk.accept if yes else rig.desk.reject)(question.id)
    rig.rest()
    assert rig.row.state == left
    assert rig.questions() == []
    assert "sweep_access" not in sweep(rig).counts


def test_without_a_deleted_feed_it_takes_two_complete_sweeps_and_a_read(tmp_path: Path) -> None:
    rig = Rig(tmp_path, deleted_feed=False)
    mine, _ = rig.ann()
    rig.a.remove("contacts", mine)
    rig.rest()
    first = sweep(rig)
    assert first.counts["sweep_absent"] == 1
    assert first.exit_code == 0
    assert certificate(rig)["unexplained"] == 0
    rig.rest()
    assert rig.row.state == "live"
    assert sweep(rig).counts["sweep_gone"] == 1
    rig.rest()
    assert rig.row.state == "archived"


def test_a_listing_between_two_misses_starts_the_count_anew(tmp_path: Path) -> None:
    rig = Rig(tmp_path, deleted_feed=False)
    mine, _ = rig.ann()
    for _ in range(2):
        kept = rig.a.rows["contacts"].pop(mine)
        assert sweep(rig).counts["sweep_absent"] == 1
        rig.a.rows["contacts"][mine] = kept
        assert "sweep_absent" not in sweep(rig).counts
    rig.rest()
    assert rig.row.state == "live"


def test_a_delete_the_feed_once_dropped_is_found_when_it_is_asked_again(rig: Rig) -> None:
    crowd(rig, 3)
    sweep(rig)
    ids = list(rig.a.live("contacts"))
    see = blind(rig, "a", ids[1])
    rig.a.remove("contacts", ids[1])
    rig.rest()
    rig.clock.sleep(3600)
    rig.rest()
    see()
    assert sweep(rig).counts["sweep_gone"] == 1
    rig.rest()
    assert len(rig.rows("contact")) == 2


def test_a_listing_that_shows_too_little_proves_nothing_and_says_so(tmp_path: Path) -> None:
    rig = Rig(tmp_path, deleted_feed=False)
    ids = crowd(rig, 30)
    blind(rig, "a", *ids[:5], listing=True)
    rig.can("a", count=False)
    for _ in range(3):
        report = sweep(rig)
        assert report.exit_code == 8
        assert report.guard is not None
        assert report.guard["rail"] == "listing"
        assert state(rig).state == "failed"
    rig.rest()
    assert len(rig.rows("contact")) == 30
    accepted = sweep(rig, allow={"listing": 25})
    assert accepted.guard is None
    assert accepted.counts["sweep_unlisted"] == 5


def test_a_count_that_does_not_agree_makes_a_sweep_incomplete(rig: Rig) -> None:
    ids = crowd(rig, 14)
    blind(rig, "a", *ids[:12], listing=True)
    report = sweep(rig)
    assert report.counts["sweep_incomplete"] == 1
    assert report.exit_code == 4
    assert (state(rig).state, state(rig).reason, state(rig).complete) == ("failed", "count", 0)


def test_a_budget_stops_a_sweep_and_the_next_one_goes_on(rig: Rig) -> None:
    crowd(rig, 95)
    before = used(rig)("a")
    report = sweep(rig, calls=4)
    assert used(rig)("a") - before <= 4 + 1 + 6 + 6  # the budget, the call it ends on, the feeds of six objects twice
    assert report.counts["sweep_unfinished"] > 0
    assert report.exit_code == 0
    stopped = state(rig)
    assert stopped.state == "listing"
    assert 0 < stopped.listed < 95
    for _ in range(30):
        if "sweep_unfinished" not in sweep(rig, calls=4).counts:
            break
    done = state(rig)
    assert done.generation == stopped.generation
    assert (done.state, done.listed) == ("complete", 95)


def test_a_killed_sweep_goes_on_where_it_stopped(rig: Rig) -> None:
    crowd(rig, 55)
    pages = [0]
    one = rig.configured[0].connector
    whole = one.pull

    class Killed(BaseException):
        pass

    def cut(request: PullRequest) -> Iterator[Page]:
        for page in whole(request):
            yield page
            pages[0] += page.backfill and request.object == "contacts"
            if pages[0] == 3:
                raise Killed

    one.pull = cut  # type: ignore[method-assign]
    with pytest.raises(Killed):
        sweep(rig)
    assert state(rig).listed == 30
    one.pull = whole  # type: ignore[method-assign]
    sweep(rig)
    done = state(rig)
    assert (done.state, done.listed, done.generation) == ("complete", 55, 1)
    assert certificate(rig)["unexplained"] == 0


def test_a_sweep_that_fails_is_named_and_the_other_connection_goes_on(rig: Rig) -> None:
    crowd(rig, 3)
    one = rig.configured[0].connector
    whole = one.pull

    def broken(request: PullRequest) -> Iterator[Page]:
        for page in whole(request):
            if page.backfill and request.object == "contacts":
                raise PageMalformed("this is no listing", connection="a")
            yield page

    one.pull = broken  # type: ignore[method-assign]
    report = sweep(rig)
    assert report.exit_code == 4
    assert report.connections["a"].error is not None
    assert (state(rig).state, state(rig).reason) == ("failed", "malformed")
    assert state(rig, "b").state == "complete"


def test_other_fields_to_ask_for_begin_a_sweep_anew(rig: Rig) -> None:
    crowd(rig, 25)
    sweep(rig, calls=3)
    assert state(rig).unfinished
    with rig.db.write() as tx:
        stored = sweeps.get(tx, "a", "contact")
        assert stored is not None
        stored.scope = "another"
        sweeps.save(tx, stored)
    sweep(rig)
    assert (state(rig).generation, state(rig).listed) == (2, 25)


def test_a_late_listing_is_no_news_in_a_sweep_either(rig: Rig) -> None:
    rig.ann()
    sweep(rig)
    rig.edit_hub("contact", rig.row.uid, {"title": "CTO"})
    rig.a.list_lag_s = rig.b.list_lag_s = 30.0
    for one in rig.configured:
        object.__setattr__(one.settings, "visible_after_s", 60.0)
    rig.round(after_s=1)
    report = sweep(rig)
    assert not {"sweep_silent", "sweep_gap", "sweep_new"} & set(report.counts)
    rig.rest()
    assert rig.row.values["title"] == "CTO"


def test_what_nothing_explains_is_listed_and_asks_for_a_look(rig: Rig) -> None:
    crowd(rig, 3)
    uid = rig.rows("contact")[0].uid
    rig.plain("UPDATE contact SET title = 'behind' WHERE uid = ?", uid)
    rig.plain("DELETE FROM dirty")
    report = sweep(rig)
    assert report.counts["unexplained"] == 2  # against both sides
    assert report.exit_code == 4
    found = certificate(rig)
    assert {(line["uid"], line["field"]) for line in found["lines"]} == {(uid, "title")}


def test_every_known_difference_has_its_reason(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "COO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.rest()
    rig.a.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    report = sweep(rig)
    contacts = next(one for one in certificate(rig)["objects"] if one["entity"] == "contact")
    assert report.counts["unexplained"] == 0
    assert contacts["differences"]["parked"] >= 1
    assert contacts["differences"]["to_plan"] == 1


def test_a_connection_that_refuses_us_stops_only_its_own_sweep(rig: Rig) -> None:
    crowd(rig, 3)
    rig.a.fault("auth", "count", times=None)
    report = sweep(rig)
    assert report.exit_code == 5
    assert state(rig, "b").state == "complete"
    with pytest.raises(NeedsOperator):
        rig.configured[0].connector.count("nothing")
