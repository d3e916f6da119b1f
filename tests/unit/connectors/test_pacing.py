"""Pacing: gates, sliding windows, waits that outlive the process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.pacing import Gate, Pace, Window
from connectors.testing_rig import HandClock, make_ports


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def ports(clock):
    return make_ports(clock)


def test_a_window_lets_its_limit_pass_and_then_waits_for_the_oldest(clock, ports):
    pace = Pace(ports, {"query": Window(3, 20.0)})
    start = clock.now_ms()
    sent = []
    for _ in range(7):
        pace.wait_window("query")
        sent.append(clock.now_ms() - start)
        clock.sleep(1)
    assert sent[:3] == [0, 1000, 2000]
    for first, fourth in zip(sent, sent[3:], strict=False):
        assert fourth - first > 20_000, "no 20 seconds hold more than three calls"
    assert sent[-1] < 41_000, "and no time is given away"


def test_a_restart_does_not_empty_the_window(clock, ports):
    for _ in range(3):
        Pace(ports, {"query": Window(3, 20.0)}).wait_window("query")
    start = clock.now_ms()
    Pace(ports, {"query": Window(3, 20.0)}).wait_window("query")
    assert clock.now_ms() - start > 20_000


def test_windows_are_counted_apart_and_the_star_serves_the_rest(clock, ports):
    pace = Pace(ports, {"query": Window(1, 20.0), "*": Window(2, 20.0)})
    start = clock.now_ms()
    for name in ("query", "get", "get", "list", "list"):
        pace.wait_window(name)
    assert clock.now_ms() == start
    pace.wait_window("list")
    assert clock.now_ms() - start > 20_000
    Pace(ports, {}).wait_window("anything")


def test_a_clock_that_stepped_back_blocks_no_window_for_hours(clock, ports):
    pace = Pace(ports, {"query": Window(1, 20.0)})
    pace.wait_window("query")
    clock.ms -= 3_600_000
    start = clock.now_ms()
    pace.wait_window("query")
    assert 20_000 <= clock.now_ms() - start <= 20_002


def test_a_block_outlives_a_restart_and_a_shorter_one_does_not_cut_it(clock, ports):
    Pace(ports, {}).block(100)
    again = Pace(ports, {})
    again.block(10)
    assert again.blocked_s() == pytest.approx(100)
    clock.sleep(100)
    assert again.blocked_s() == 0.0


def test_a_block_from_a_clock_that_stepped_is_dropped(clock, ports):
    ports.windows.block_until(clock.now_ms() + 30 * 86_400_000)
    assert Pace(ports, {}).blocked_s() == 0.0


def test_a_gate_never_holds_more_than_its_size_and_can_grow():
    gate = Gate(2)
    inside, most, lock = [0], [0], threading.Lock()
    hold = threading.Event()

    def go(_):
        with gate.enter():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            hold.wait(5)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(go, n) for n in range(8)]
        while most[0] < 2:
            pass
        assert most[0] == 2
        gate.resize(5)
        while most[0] < 5:
            pass
        hold.set()
        for job in jobs:
            job.result(5)
    assert most[0] == 5
    assert gate.size == 5


def test_a_gate_frees_its_place_when_the_caller_fails():
    gate = Gate(0)
    assert gate.size == 1
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), gate.enter():
            raise ZeroDivisionError
