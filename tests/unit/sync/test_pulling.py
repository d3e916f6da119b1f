"""Pulling: one failing connection or page never stops another, nothing is skipped, and everything resumes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Page, PullRequest
from connectors.memory_world import Call
from mapping.loading import load_maps
from store import hub, inbox, streams
from store.statements import fetch
from sync.opening import fingerprint
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def crowd(rig: Rig, count: int, side: str = "a") -> list[str]:
    rows = [{"name": f"C{n}", "email": f"c{n}@x.example"} for n in range(count)]
    return [rig.worlds[side].plant("contacts", row) for row in rows]


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize(("kind", "code"), [("transient", 6), ("malformed", 4), ("auth", 5), ("operator", 3)])
def test_a_connection_that_fails_is_named_and_the_others_go_on(
    tmp_path: Path, kind: Any, code: int, parallel: bool
) -> None:
    rig = Rig(tmp_path, names=("a", "b", "c"), parallel=parallel)
    rig.round()
    rig.c = rig.worlds["c"]  # type: ignore[attr-defined]
    rig.worlds["c"].fault(kind, "pull", times=None)
    crowd(rig, 3)
    report = rig.round()
    assert len(rig.b.live("contacts")) == 3
    assert report.exit_code == code
    assert report.connections["c"].error is not None
    assert report.connections["b"].error is None
    assert any("c" in problem for problem in report.problems)
    rig.worlds["c"].faults.clear()
    rig.rest()
    assert len(rig.worlds["c"].live("contacts")) == 3


def test_a_connection_that_refuses_us_is_not_written_to_in_that_round(rig: Rig) -> None:
    rig.round()
    rig.b.fault("auth", "pull", times=None)
    crowd(rig, 3)
    rig.round()
    assert rig.b.writes() == []
    assert len(rig.rows("contact")) == 3


@pytest.mark.parametrize("parallel", [False, True])
def test_a_pull_cut_in_the_middle_resumes_at_its_watermark(tmp_path: Path, parallel: bool) -> None:
    rig = Rig(tmp_path, page_size=10, parallel=parallel)
    ids = crowd(rig, 35)
    rig.a.fault("transient", "pull", object="contacts", nth=3)
    rig.round()
    assert len(rig.rows("contact")) == 20
    pulled = [call for call in rig.a.calls if (call.name, call.object) == ("pull", "contacts")]
    assert len(pulled) == 3
    rig.rest()
    assert len(rig.rows("contact")) == 35
    assert len(rig.b.live("contacts")) == 35
    assert len(ids) == 35
    with rig.db.read() as tx:
        stream = streams.get(tx, "a", "contact")
    assert stream is not None
    assert stream.backfilled_ms is not None


def test_nothing_is_made_at_a_side_whose_first_listing_is_not_complete(tmp_path: Path) -> None:
    rig = Rig(tmp_path, page_size=10)
    crowd(rig, 15)
    crowd(rig, 30, "b")
    rig.b.fault("transient", "pull", object="contacts", nth=2)
    report = rig.round()
    assert rig.b.writes() == []
    assert any(line.reason == "waits_for_backfill" and line.connection == "b" for line in report.lines)
    rig.rest()
    assert len(rig.b.live("contacts")) == 30
    assert len(rig.a.live("contacts")) == 30


@pytest.mark.parametrize("parallel", [False, True])
def test_a_failing_read_of_a_reported_delete_stops_that_stream_alone(tmp_path: Path, parallel: bool) -> None:
    rig = Rig(tmp_path, parallel=parallel)
    mine, theirs = rig.ann()
    rig.a.remove("contacts", mine)
    rig.a.fault("transient", "fetch", object="contacts")
    rig.b.edit("contacts", theirs, {})
    report = rig.round()
    assert report.exit_code == 6
    assert rig.row.state == "live"
    rig.rest()
    assert rig.row.state == "archived"


@pytest.mark.parametrize("parallel", [False, True])
def test_a_stop_between_pages_keeps_what_is_stored_and_the_next_round_goes_on(tmp_path: Path, parallel: bool) -> None:
    rig = Rig(tmp_path, page_size=10, parallel=parallel)
    crowd(rig, 40)

    def stop(when: str, call: Call) -> None:
        seen = [one for one in rig.a.calls if (one.name, one.object) == ("pull", "contacts")]
        rig.stopping = len(seen) >= 2

    rig.a.on_call = stop
    report = rig.round()
    assert rig.b.writes() == []
    assert report.ended_ms > 0
    rig.a.on_call = None
    rig.stopping = False
    rig.rest()
    assert len(rig.b.live("contacts")) == 40


@pytest.mark.parametrize("parallel", [False, True])
def test_a_stop_between_batches_leaves_the_rest_ready(tmp_path: Path, parallel: bool) -> None:
    rig = Rig(tmp_path, batch_size=5, parallel=parallel)
    crowd(rig, 40)

    def stop(when: str, call: Call) -> None:
        if when == "after" and call.name == "write":
            rig.stopping = True

    rig.b.on_call = stop
    rig.round()
    there = len(rig.b.live("contacts"))
    assert 5 <= there < 40
    assert there % 5 == 0
    assert len([op for op in rig.ops() if op.connection == "b"]) == 40 - there
    assert {op.state for op in rig.ops()} == {"ready"}
    rig.b.on_call = None
    rig.stopping = False
    rig.rest()
    assert len(rig.b.live("contacts")) == 40


@pytest.mark.parametrize("parallel", [False, True])
def test_a_fault_that_is_none_of_ours_ends_the_round_loudly_and_loses_nothing(tmp_path: Path, parallel: bool) -> None:
    rig = Rig(tmp_path, parallel=parallel)
    rig.round()
    crowd(rig, 3)
    one = rig.configured[0].connector
    whole = one.pull

    def broken(request: PullRequest) -> Iterator[Page]:
        if request.entity == "contact":
            raise ZeroDivisionError
        yield from whole(request)

    one.pull = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        rig.round()
    one.pull = whole  # type: ignore[method-assign]
    rig.rest()
    assert len(rig.b.live("contacts")) == 3


def test_rows_that_are_none_are_parked_and_the_page_is_kept(rig: Rig) -> None:
    rig.round()
    one = rig.configured[0].connector
    whole = one.pull

    def odd(request: PullRequest) -> Iterator[Page]:
        for page in whole(request):
            bad = (("con-x", "no id"), ("?", "not a row")) if request.entity == "contact" else ()
            yield Page(page.records, page.watermark, page.last, page.backfill, page.deleted_ids, bad)

    one.pull = odd  # type: ignore[method-assign]
    crowd(rig, 1)
    rig.round()
    assert len(rig.b.live("contacts")) == 1
    assert sorted((held.remote_id, held.code) for held in rig.held()) == [("?", "unreadable"), ("con-x", "unreadable")]


def test_a_page_shown_twice_moves_nothing(tmp_path: Path) -> None:
    rig = Rig(tmp_path, overlap_s=600.0, record_version=False)
    rig.ann()
    before = rig.writes()
    for _ in range(5):
        assert rig.round(after_s=1).counts == {}
    assert rig.writes() == before


def test_many_records_of_one_second_over_the_edge_of_a_page_are_all_read(tmp_path: Path) -> None:
    rig = Rig(tmp_path, page_size=3, granularity_ms=1000)
    rig.round()
    crowd(rig, 20)
    rig.rest()
    assert len(rig.b.live("contacts")) == 20


def test_late_lists_and_skewed_clocks_lose_nothing(tmp_path: Path) -> None:
    rig = Rig(
        tmp_path, overlap_s=120.0, list_lag_s=30, each={"a": {"skew_ms": 86_400_000}, "b": {"skew_ms": -86_400_000}}
    )
    mine, theirs = None, None
    rig.round()
    mine = rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    for _ in range(6):
        rig.round()
    (theirs,) = rig.b.live("contacts")
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    for _ in range(6):
        rig.round()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert len(rig.a.live("contacts")) == len(rig.b.live("contacts")) == 1


def test_threads_carry_a_whole_world_across(tmp_path: Path) -> None:
    rig = Rig(tmp_path, parallel=True, page_size=20, batch_size=5)
    accounts = [rig.a.plant("accounts", {"name": f"A{n}", "phone": f"+8610{n:08d}"}) for n in range(10)]
    for number in range(60):
        rig.a.plant(
            "contacts", {"name": f"C{number}", "email": f"c{number}@x.example", "account": accounts[number % 10]}
        )
    rig.rest()
    assert len(rig.b.live("contacts")) == 60
    assert len(rig.b.live("accounts")) == 10
    assert {row["account"] for row in rig.b.live("contacts").values()} == set(rig.b.live("accounts"))


def watch_pages(rig: Rig, *objects: str) -> list[tuple[str, int, int]]:
    """Note for every page that is asked for: its object, and how many pages of each object are not stored then."""
    asked = dict.fromkeys(objects, 0)
    seen: list[tuple[str, int, int]] = []

    def note(when: str, call: Call) -> None:
        if when != "before" or call.name != "pull" or call.object not in objects:
            return
        asked[call.object] += 1
        with rig.db.read() as tx:
            stored = {name: fetch(tx, 'SELECT COUNT(*) FROM "inbox" WHERE "object" = ?', name)[0][0] for name in asked}
        behind = {name: asked[name] - stored[name] // 10 for name in asked}
        others = sum(stored[name] < 40 for name in objects if name != call.object)
        seen.append((call.object, behind[call.object], others))

    rig.a.on_call = note
    return seen


def test_a_kill_takes_along_one_page_of_each_listing(tmp_path: Path) -> None:
    rig = Rig(tmp_path, parallel=True, page_size=10)
    crowd(rig, 40)
    for number in range(40):
        rig.a.plant("accounts", {"name": f"A{number}", "phone": f"+8610{number:08d}"})
    seen = watch_pages(rig, "contacts", "accounts")
    rig.round()
    assert len(seen) == 8
    assert {behind for _, behind, others in seen if others} == {1}
    assert max(behind for _, behind, _ in seen) <= 2
    assert len(rig.rows("contact")) == len(rig.rows("account")) == 40


def test_a_store_that_fails_lets_go_of_what_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(tmp_path, parallel=True, page_size=10)
    crowd(rig, 40)

    def full(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(inbox, "put", full)
    with pytest.raises(ZeroDivisionError) as told:
        rig.round()
    assert told.traceback  # whoever keeps the error keeps no thread waiting
    assert [one.name for one in threading.enumerate() if one.name.startswith("pull")] == []


@pytest.mark.parametrize("kind", ["lost_after", "refuse", "transient"])
def test_threads_and_faults_end_in_the_same_truth(tmp_path: Path, kind: Any) -> None:
    rig = Rig(tmp_path, parallel=True, batch_size=7)
    rig.b.fault(kind, "write", object="contacts", nth=2, times=2)
    crowd(rig, 40)
    rig.rest()
    rig.clock.sleep(86_400)
    rig.rest()
    assert len(rig.b.live("contacts")) == 40
    assert len(rig.a.live("contacts")) == 40
    assert rig.ops() == []
    assert rig.held() == []


@pytest.mark.parametrize("how", ["refused", "unreachable", "not asked for", "observing"])
def test_what_a_connection_misses_while_it_is_away_reaches_it_when_it_is_back(rig: Rig, how: str) -> None:
    mine, theirs = rig.ann(title="CTO")
    gone = rig.a.plant("contacts", {"name": "Cy", "email": "cy@x.example"})
    rig.rest()
    everyone = list(rig.configured)
    rig.clock.sleep(4000)
    if how == "refused":
        rig.b.fault("auth", "pull", times=None)
    elif how == "unreachable":
        rig.b.fault("transient", "identify", times=None)
    elif how == "not asked for":
        rig.configured = everyone[:1]
    else:
        watching = everyone[1].settings.model_copy(update={"mode": "observe"})
        rig.configured = [everyone[0], replace(everyone[1], settings=watching)]
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.a.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    rig.edit_hub("contact", rig.row_of("Cy").uid, {}, state="deleted")
    rig.round()
    rig.round()
    assert gone not in rig.a.live("contacts")
    rig.b.faults.clear()
    rig.configured = everyone
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == ["Ann Lee", "Bo"]
    assert rig.round().counts == {}


def test_what_an_absent_connection_misses_is_not_looked_at_again_until_it_is_back(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    everyone = list(rig.configured)
    rig.configured = everyone[:1]
    for title in ("CEO", "CFO"):
        rig.a.edit("contacts", mine, {"title": title})
        rig.round()
        with rig.db.read() as tx:
            assert hub.dirty(tx, "contact", asleep=["missed:b"]) == []
            (mark,) = hub.dirty(tx, "contact")
        assert len(mark.seqs) == 1
    rig.configured = everyone
    rig.rest()
    assert rig.b.live("contacts")[theirs]["title"] == "CFO"
    with rig.db.read() as tx:
        assert hub.dirty(tx, "contact") == []


def _late(tmp_path: Path, **settings: Any) -> tuple[Rig, str, str]:
    """Write to a side whose listing then still shows the record as we knew it before; its overlap reaches back."""
    rig = Rig(tmp_path, visible_after_s=12.0, overlap_s=600.0, each={"b": {"record_version": False}}, **settings)
    rig.b.list_lag_s = 10
    mine, theirs = rig.ann(title="CTO")
    rig.clock.sleep(60)
    rig.rest()
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round(after_s=1)
    return rig, mine, theirs


def test_a_late_listing_of_what_we_knew_before_our_write_undoes_nothing_without_versions(tmp_path: Path) -> None:
    rig, mine, theirs = _late(tmp_path)
    for _ in range(8):
        rig.round(after_s=1)
        assert rig.row.values["title"] == "CEO"
        assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == "CEO"


# --- scope --------------------------------------------------------------------------------------------------------

IN_SCOPE: dict[str, Any] = {"a": {"contact": {"where": [["side", "eq", "client"]]}}}


def test_what_was_never_in_scope_is_not_read(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at=IN_SCOPE)
    rig.a.plant("contacts", {"name": "Ours", "email": "o@x.example", "side": "vendor"})
    rig.a.plant("contacts", {"name": "Theirs", "email": "t@x.example", "side": "client"})
    rig.rest()
    assert [row["name"] for row in rig.b.live("contacts").values()] == ["Theirs"]


def test_a_record_that_leaves_the_scope_is_suspended_and_one_that_comes_back_catches_up(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at=IN_SCOPE)
    mine, theirs = rig.ann(side="client", title="CTO")
    rig.a.edit("contacts", mine, {"side": "vendor"})
    report = rig.round()
    assert any(line.reason == "out_of_scope" for line in report.lines)
    assert rig.links("contact", rig.row.uid)["a"].state == "suspended"
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
    assert rig.row.state == "live"
    assert len(rig.b.live("contacts")) == 1
    assert rig.round().counts == {}
    rig.a.edit("contacts", mine, {"side": "client"})
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
    assert rig.links("contact", rig.row.uid)["a"].state == "live"


def test_a_hub_delete_does_not_reach_a_record_out_of_scope(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps_at=IN_SCOPE)
    mine, _ = rig.ann(side="client")
    rig.a.edit("contacts", mine, {"side": "vendor"})
    rig.rest()
    rig.edit_hub("contact", rig.row.uid, {}, state="deleted")
    rig.rest()
    assert mine in rig.a.live("contacts")
    assert rig.b.live("contacts") == {}


def test_what_was_listed_while_a_write_was_open_is_no_news_of_the_field_it_wrote(rig: Rig) -> None:
    """The record was listed before the write went out, and waited for it; what it says of that field is over then."""
    mine, theirs = rig.ann(title="CTO", mobile="13800138000")
    rig.b.fault("transient", "fetch", object="contacts")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.round()
    assert rig.b.live("contacts")[theirs]["title"] == "CTO"
    rig.b.edit("contacts", theirs, {"mobile": "13900139000"})
    rig.round()
    assert rig.b.live("contacts")[theirs]["title"] == "CEO"
    rig.b.list_lag_s = 600  # what we wrote is not listed yet
    rig.round()
    (row,) = rig.rows("contact")
    assert (row.values["title"], row.values["mobile"]) == ("CEO", "+8613900139000")
    rig.b.list_lag_s = 0
    rig.rest()
    assert {rig.a.live("contacts")[mine]["title"], rig.b.live("contacts")[theirs]["title"]} == {"CEO"}


# --- maps that change ---------------------------------------------------------------------------------------------


def _mapped(rig: Rig, name: str, overrides: dict[str, Any]) -> None:
    """Give a connection another map, as an edit of the configuration does."""
    (at,) = (at for at, one in enumerate(rig.configured) if one.name == name)
    one = rig.configured[at]
    maps = load_maps(one.connector.default_maps(), overrides, name)
    rig.configured[at] = replace(one, maps=maps, fingerprint=fingerprint(one.settings, maps))


_WITHOUT_TITLE = {"contact": {"fields": {"title": False}}}


@pytest.mark.parametrize("versions", [True, False], ids=["versions", "times"])
def test_a_field_that_is_newly_mapped_comes_from_every_record_and_goes_to_every_record(
    tmp_path: Path, versions: bool
) -> None:
    rig = Rig(tmp_path, maps_at={"b": _WITHOUT_TITLE}, record_version=versions)
    mine = rig.a.plant("contacts", {"name": "Ann", "email": "ann@x.example", "title": "CTO"})
    rig.b.plant("contacts", {"name": "Bo", "email": "bo@x.example", "title": "Buyer"})
    rig.rest()
    assert rig.row_of("Bo").values["title"] is None
    (theirs,) = (id for id, row in rig.b.live("contacts").items() if row["name"] == "Ann")
    _mapped(rig, "b", {})
    report = rig.round()
    assert report.counts["map_changed"] == 1
    rig.rest()
    assert rig.row_of("Bo").values["title"] == "Buyer"
    assert rig.b.live("contacts")[theirs]["title"] == rig.a.live("contacts")[mine]["title"] == "CTO"
    assert "map_changed" not in rig.round().counts, "once is enough"


def test_a_listing_for_a_changed_map_that_was_cut_goes_on_for_that_map(tmp_path: Path) -> None:
    rig = Rig(tmp_path, page_size=3, maps_at={"b": _WITHOUT_TITLE})
    for n in range(10):
        rig.b.plant("contacts", {"name": f"C{n}", "email": f"c{n}@x.example", "title": "Buyer"})
    rig.rest()
    _mapped(rig, "b", {})
    rig.b.fault("transient", "pull", object="contacts", nth=3)
    rig.round()
    rig.rest()
    assert [row.values["title"] for row in rig.rows("contact")] == ["Buyer"] * 10
