"""An edit between our read and our write may be lost; it is never lost in silence, and later edits raise no alarm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.base import RemoteRecord
from connectors.memory_world import Call
from sync.overwrites import beyond, is_between, lost_values, others_between
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def during_write(rig: Rig, when: str, act: Callable[[], None]) -> None:
    """Let a person act once, right before or after our next write reaches system b."""
    done: list[bool] = []

    def tell(moment: str, call: Call) -> None:
        if (moment, call.name) == (when, "write") and not done:
            done.append(True)
            act()

    rig.b.on_call = tell


@pytest.mark.parametrize(
    ("before", "after", "calls", "others"),
    [("3", "4", 1, 0), ("3", "5", 1, 1), ("3", "5", 2, 0), ("3", "6", 2, 1), ("3", "3", 1, 0), ("3", None, 1, 0),
     ("2026-01-01", "2026-01-02", 1, 0), ("3", "4", 0, 0)],
)  # fmt: skip
def test_our_own_calls_are_not_taken_for_others(before: str, after: str | None, calls: int, others: int) -> None:
    assert others_between(before, after, calls) == others


def test_only_a_version_past_ours_that_is_still_ours_is_doubtful() -> None:
    assert beyond("4", "5", ours=True)
    assert not beyond("4", "4", ours=True)
    assert not beyond("4", "3", ours=True)
    assert not beyond("4", "5", ours=False)


def test_what_stood_in_between_is_lost_only_where_our_value_stands_now() -> None:
    base, wrote = {"title": "CTO"}, {"title": "COO"}
    assert lost_values({"title": "CFO"}, base, wrote, {"title": "COO"}) == {"title": "CFO"}
    assert lost_values({"title": "CTO"}, base, wrote, {"title": "COO"}) == {}
    assert lost_values({"title": "COO"}, base, wrote, {"title": "COO"}) == {}
    assert lost_values({"title": "CFO"}, base, wrote, {"title": "CFO"}) == {}
    assert lost_values({"phone": "1"}, base, wrote, {"title": "COO"}) == {}


def test_a_state_older_than_our_read_was_seen_and_not_lost() -> None:
    record = RemoteRecord("1", {}, version="5", modified_ms=100)
    assert is_between(["4", 100], record, exact=True)
    assert not is_between(["5", 50], record, exact=True)
    assert is_between(["4", 50], record, exact=False)
    assert not is_between(["4", 100], record, exact=False)
    assert not is_between(None, record, exact=True)


def test_an_edit_inside_the_request_is_asked_about(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "COO"})
    during_write(rig, "before", lambda: rig.b.edit("contacts", theirs, {"title": "CFO"}))
    report = rig.round()
    assert report.counts["possible_overwrite"] == 1
    assert report.exit_code == 4
    (question,) = rig.questions("possible_overwrite")
    assert (question.connection, question.remote_id, question.field) == ("b", theirs, "title")
    assert question.data["values"] == {"before": "CTO", "ours": "COO"}
    rig.rest()
    assert len(rig.questions("possible_overwrite")) == 1
    assert rig.b.live("contacts")[theirs]["title"] == "COO"


@pytest.mark.parametrize("field", ["title", "phone"])
def test_a_plain_later_edit_is_no_alarm(rig: Rig, field: str) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "COO"})

    def later() -> None:
        for value in ("+8613800138000", "+8613800138001"):
            rig.b.edit("contacts", theirs, {field: value})

    during_write(rig, "after", later)
    rig.round()
    rig.rest()
    assert rig.questions() == []
    assert rig.a.live("contacts")[mine][field] == "+8613800138001"


def test_an_ordinary_write_and_its_echo_are_no_alarm(rig: Rig) -> None:
    mine, _ = rig.ann(title="CTO")
    for title in ("COO", "CFO", "CEO"):
        rig.a.edit("contacts", mine, {"title": title})
        rig.rest()
    assert rig.questions() == []


def test_a_write_whose_answer_names_no_version_is_judged_by_the_next_pull(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    whole = rig.configured[1].connector.write

    def silent(object: str, rows: Any) -> Any:
        return [result._replace(version=None, modified_ms=None) for result in whole(object, rows)]

    rig.configured[1].connector.write = silent  # type: ignore[method-assign]
    rig.a.edit("contacts", mine, {"title": "COO"})
    during_write(rig, "before", lambda: rig.b.edit("contacts", theirs, {"title": "CFO"}))
    assert "possible_overwrite" not in rig.round().counts
    assert rig.round().counts["possible_overwrite"] == 1
    rig.rest()
    assert len(rig.questions("possible_overwrite")) == 1


def test_an_edit_inside_a_request_whose_answer_is_lost_is_asked_about(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "COO"})
    rig.b.fault("lost_after", "write", object="contacts")
    during_write(rig, "before", lambda: rig.b.edit("contacts", theirs, {"title": "CFO"}))
    rig.round()
    rig.rest()
    (question,) = rig.questions("possible_overwrite")
    assert (question.connection, question.remote_id, question.field) == ("b", theirs, "title")
    assert rig.b.live("contacts")[theirs]["title"] == rig.a.live("contacts")[mine]["title"] == "COO"


def test_it_is_asked_about_although_somebody_edited_again_before_we_looked(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO", description="old")
    rig.a.edit("contacts", mine, {"title": "COO", "description": "new"})
    rig.b.fault("lost_after", "write", object="contacts")
    during_write(rig, "before", lambda: rig.b.edit("contacts", theirs, {"title": "CFO"}))
    rig.round()
    rig.b.edit("contacts", theirs, {"description": "newer"})
    rig.rest()
    assert "title" in [question.field for question in rig.questions("possible_overwrite")]
    assert rig.a.live("contacts")[mine]["title"] == "COO"


@pytest.mark.parametrize("kind", ["lost_after", "lost_before", "hang"])
def test_a_lost_answer_and_a_later_edit_are_no_alarm(rig: Rig, kind: Any) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "COO"})
    rig.b.fault(kind, "write", object="contacts")
    rig.round()
    rig.b.edit("contacts", theirs, {"phone": "+8613800138000"})
    rig.rest()
    assert rig.questions() == []
    assert rig.a.live("contacts")[mine]["phone"] == "+8613800138000"


def lost_in_the_list(path: Path, **world: Any) -> tuple[Rig, str, str]:
    """Play a race whose lost value a late listing still shows."""
    rig = Rig(path, granularity_ms=1, **world)
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "COO"})
    rig.b.list_lag_s = 5.0
    for one in rig.configured:
        object.__setattr__(one.settings, "visible_after_s", 60.0)

    def race() -> None:
        rig.clock.sleep(1)
        rig.b.edit("contacts", theirs, {"title": "CFO"})
        rig.clock.sleep(3)

    during_write(rig, "before", race)
    rig.round(after_s=0)
    rig.clock.sleep(3)
    rig.round(after_s=0)
    return rig, mine, theirs


@pytest.mark.parametrize("record_version", [True, False])
@pytest.mark.parametrize(("keep", "stands"), [(True, "COO"), (False, "CFO")])
def test_what_a_late_listing_shows_can_be_put_back(
    tmp_path: Path, record_version: bool, keep: bool, stands: str
) -> None:
    rig, mine, theirs = lost_in_the_list(tmp_path, record_version=record_version)
    (question,) = rig.questions("possible_overwrite")
    assert question.data["values"] == {"before": "CTO", "ours": "COO", "lost": "CFO"}
    assert question.id is not None
    (rig.desk.accept if keep else rig.desk.reject)(question.id)
    rig.clock.sleep(120)
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == rig.b.live("contacts")[theirs]["title"] == stands
    assert rig.questions() == []


def test_nothing_is_put_back_over_a_newer_edit(tmp_path: Path) -> None:
    rig, mine, _ = lost_in_the_list(tmp_path)
    (question,) = rig.questions("possible_overwrite")
    assert question.id is not None
    rig.edit_hub("contact", question.uid, {"title": "CEO"})
    rig.desk.reject(question.id)
    rig.clock.sleep(120)
    report = rig.round()
    assert any("not put back" in problem for problem in report.problems)
    rig.rest()
    assert rig.a.live("contacts")[mine]["title"] == "CEO"
