"""Uids are UUIDs of version 7; those of one process sort as they were made."""

from __future__ import annotations

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor

from connectors.testing_rig import HandClock
from store.uids import OrderedUids, new_uid
from tests.support.clocks import StoppedClock

NOW_MS = 1_790_000_000_000


def test_a_fresh_uid_is_a_uuid_of_version_seven() -> None:
    made = uuid.UUID(new_uid(NOW_MS, lambda n: b"\xff" * n))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == NOW_MS


def test_uids_of_one_millisecond_sort_as_they_were_made_also_when_it_runs_out_of_numbers() -> None:
    chance = itertools.cycle([b"\xff" * 8, b"\0" * 8])
    give = OrderedUids(StoppedClock(NOW_MS), lambda n: next(chance)[:n])
    made = [give() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 5000
    assert {(one.version, one.variant) for one in map(uuid.UUID, made)} == {(7, uuid.RFC_4122)}
    assert {uuid.UUID(one).int >> 80 for one in made} == {NOW_MS, NOW_MS + 1}


def test_uids_go_on_sorting_when_the_clock_steps_back() -> None:
    clock = HandClock(NOW_MS)
    give = OrderedUids(clock, bytes)
    first = give()
    clock.ms -= 3_600_000
    second = give()
    clock.ms += 3_600_001
    assert first < second < give()


def test_threads_never_get_the_same_number() -> None:
    give = OrderedUids(StoppedClock(NOW_MS), bytes)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: give(), range(400)))
    assert len(set(made)) == 400
