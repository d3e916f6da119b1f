"""The ground truth: order, history, lag, indexes."""

from __future__ import annotations

import pytest

from sandbox.clock import VirtualClock
from sandbox.world import Table, World


@pytest.fixture
def table() -> Table:
    return World(VirtualClock(1_000_000)).add_object("Things", lambda number: f"{number:06d}")


def clock(table: Table) -> VirtualClock:
    assert isinstance(table.world.clock, VirtualClock)
    return table.world.clock


def test_history_tells_every_change_and_who_made_it(table):
    row = table.insert({"a": 1, "b": 2}, "ann")
    clock(table).advance(5)
    table.update(row.id, {"a": 3, "b": 2}, "bob")
    table.remove(row.id, "cid")
    table.restore(row.id, "dan")
    assert row.history == (
        (1_000_000, "ann", {"a": (None, 1), "b": (None, 2)}),
        (1_005_000, "bob", {"a": (1, 3)}),
        (1_005_000, "cid", {"__deleted": (False, True)}),
        (1_005_000, "dan", {"__deleted": (True, False)}),
    )
    assert (row.version, row.modified_by, row.modified_ms) == (2, "bob", 1_005_000)


def test_an_update_moves_the_modified_time_even_when_nothing_differs(table):
    row = table.insert({"a": 1}, "ann")
    clock(table).advance(1)
    table.update(row.id, {"a": 1}, "bob")
    assert (row.modified_ms, row.version) == (1_001_000, 2)


def test_live_ids_are_in_order_between_bounds(table):
    for _ in range(5):
        table.insert({}, "ann")
    table.remove("000003", "ann")
    assert list(table.live_ids()) == ["000001", "000002", "000004", "000005"]
    assert list(table.live_ids(after="000001", before="000005")) == ["000002", "000004"]
    assert list(table.live_ids(after="000002", reverse=True)) == ["000005", "000004"]
    assert len(table) == 4


def test_since_gives_each_record_once_at_its_latest_change(table):
    first, second = table.insert({}, "ann").id, table.insert({}, "ann").id
    clock(table).advance(1)
    table.update(first, {"a": 1}, "ann")
    assert table.since(0) == [second, first]
    assert table.since(1_000_001) == [first]
    table.remove(first, "ann")
    assert table.since(0) == [second]
    table.restore(first, "ann")
    assert table.since(0) == [second, first]


def test_equal_times_come_in_id_order_both_ways(table):
    ids = [table.insert({}, "ann").id for _ in range(3)]
    assert [row.id for row in table.changed()] == ids
    assert [row.id for row in table.changed(reverse=True)] == ids[::-1]


def test_a_clock_that_steps_back_keeps_the_change_order_true(table):
    first = table.insert({}, "ann").id
    table.world.clock.skew_ms = -60_000
    second = table.insert({}, "ann").id
    assert [row.id for row in table.changed()] == [second, first]


def test_thousands_of_changes_do_not_lose_anybody(table):
    ids = [table.insert({"n": 0}, "ann").id for _ in range(20)]
    for round_ in range(100):
        clock(table).advance(1)
        for row_id in ids:
            table.update(row_id, {"n": round_}, "ann")
    assert sorted(table.since(0)) == ids


def test_what_is_gone_cannot_be_written(table):
    row = table.insert({}, "ann")
    table.remove(row.id, "ann")
    for call in (lambda: table.update(row.id, {}, "ann"), lambda: table.remove(row.id, "ann"), lambda: table.live("x")):
        with pytest.raises(KeyError):
            call()
    table.remove(row.id, "ann", permanent=True)
    with pytest.raises(KeyError):
        table.restore(row.id, "ann")
    with pytest.raises(KeyError):
        table.insert({}, "ann", id=row.id)


def test_a_listing_shows_the_version_of_before_until_the_lag_is_over(table):
    row = table.insert({"a": 1}, "ann")
    table.world.list_lag_ms = 3000
    clock(table).advance(1)
    table.update(row.id, {"a": 2}, "bob")
    clock(table).advance(1)
    table.update(row.id, {"a": 3}, "bob")
    shown = table.seen(row, "list")
    assert shown is not None
    assert (shown.values, shown.modified_ms) == ({"a": 1}, 1_000_000)
    assert [one.values for one in table.changed(lens="list")] == [{"a": 1}]
    assert table.seen(row, "now") is row
    clock(table).advance(3)
    assert [one.values for one in table.changed(lens="list")] == [{"a": 3}]


def test_a_new_record_is_not_listed_before_the_lag_is_over(table):
    table.world.search_lag_ms = 2000
    row = table.insert({"a": 1}, "ann")
    assert table.seen(row, "search") is None
    assert table.seen(row, "list") is row
    clock(table).advance(2)
    assert table.seen(row, "search") is row


def test_lookup_follows_writes_deletes_and_restores(table):
    row = table.insert({"key": "Abc"}, "ann")
    assert table.lookup("key", "aBC") == [row.id]
    table.update(row.id, {"key": "x"}, "ann")
    assert (table.lookup("key", "abc"), table.lookup("key", "x")) == ([], [row.id])
    table.remove(row.id, "ann")
    assert table.lookup("key", "x") == []
    table.restore(row.id, "ann")
    assert table.lookup("key", "x") == [row.id]


def test_recipes_work_values_out_when_read_and_yield_to_writes(table):
    made = []

    def recipe(number):
        made.append(number)
        return {"n": number}

    table.recipe_blank = frozenset({"key"})
    table.fill(range(100, 103), recipe, lambda number: number * 10, "ann")
    assert made == []
    assert table.lookup("key", "x") == []
    assert made == [], "a field that recipes never have needs no look at them"
    assert table.rows["000101"].values == {"n": 101}
    table.update("000101", {"extra": 1}, "bob")
    assert table.rows["000101"].values == {"n": 101, "extra": 1}
    assert table.since(0) == ["000100", "000102", "000101"]
    assert table.insert({}, "ann").id == "000103"


def test_whole_seconds_and_times_of_their_own():
    clock = VirtualClock(1_234_567)
    assert World(clock, tick="s").stamp() == 1_234_000
    strict = World(clock)
    strict.strict = True
    assert [strict.stamp() for _ in range(3)] == [1_234_567, 1_234_568, 1_234_569]
