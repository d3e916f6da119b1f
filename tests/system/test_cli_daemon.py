"""The daemon: one writer, drains on SIGTERM, keeps its configuration on a bad reload, leaves no lock behind."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.keys import ensure_key
from sandbox.main import start, write_config

ROOT = Path(__file__).parents[2]
ENV = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
LONG_S = 60.0


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with start(seed=3) as running:
        path = tmp_path / "duban.toml"
        write_config(path, running)
        path.write_text(path.read_text().replace('every = "1m"', 'every = "2s"'))
        ensure_key({}, tmp_path, os.urandom)
        yield path


class Daemon:
    """A running `duban run`; its log is read from a file."""

    def __init__(self, config: Path) -> None:
        self.log = config.parent / "daemon.log"
        self._file = self.log.open("wb")
        command = [sys.executable, "-m", "commands.main", "-c", str(config), "run"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=self._file, stderr=self._file)

    def wait_for(self, what: Callable[[], bool]) -> None:
        until = time.monotonic() + LONG_S
        while not what():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=LONG_S)
        self._file.close()
        return code


@pytest.fixture
def daemon(config: Path) -> Iterator[Daemon]:
    made = Daemon(config)
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGKILL)


def rounds_ended(config: Path) -> int:
    store = config.parent / "duban.db"
    if not store.exists():
        return 0
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT COUNT(*) FROM run WHERE ended_ms > 0").fetchone()[0])
    except sqlite3.OperationalError:  # the tables are not made yet
        return 0
    finally:
        connection.close()


def duban(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "commands.main", "-c", str(config), "--lang", "en", *words],
        cwd=ROOT, env=ENV, capture_output=True, text=True, timeout=LONG_S, check=False,
    )  # fmt: skip


def test_the_daemon_is_the_one_writer_and_drains(config: Path, daemon: Daemon) -> None:
    daemon.wait_for(lambda: rounds_ended(config) >= 1)
    ended = duban(config, "sync", "--wait", "0")
    assert ended.returncode == 7
    assert f"pid {daemon.process.pid}" in ended.stderr
    assert duban(config, "add", "task", "title=Typed beside the daemon").returncode == 0
    assert duban(config, "status").returncode == 0

    good = config.read_text()
    config.write_text(good.replace("every =", "evry ="))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: "configuration not taken" in daemon.log.read_text())
    assert 'did you mean \\"every\\"' in daemon.log.read_text()
    config.write_text(good)

    assert daemon.end(signal.SIGTERM) == 0
    lines = [json.loads(line) for line in daemon.log.read_text().splitlines() if line.startswith("{")]
    assert any(line["event"].startswith("running") for line in lines), daemon.log.read_text()
    assert "Traceback" not in daemon.log.read_text()
    ended = duban(config, "sync", "--wait", "0", "--json")
    assert ended.returncode in (0, 4), ended.stdout + ended.stderr


def test_a_killed_daemon_leaves_nothing_to_clean_up(config: Path, daemon: Daemon) -> None:
    store = config.parent / "duban.db"
    daemon.wait_for(store.exists)
    assert daemon.end(signal.SIGKILL) == -signal.SIGKILL
    ended = duban(config, "sync", "--wait", "0", "--json")
    assert ended.returncode in (0, 4), ended.stderr
    assert json.loads(ended.stdout)["counts"]


def test_a_daemon_in_memory_is_refused(config: Path) -> None:
    config.write_text(config.read_text().replace("sqlite:///duban.db", "sqlite://"))
    ended = duban(config, "run")
    assert ended.returncode == 3
    assert "in memory" in ended.stderr


def test_in_mode_plan_the_daemon_stores_each_plan_once_and_names_it(config: Path, daemon: Daemon) -> None:
    daemon.end(signal.SIGKILL)
    config.write_text(config.read_text().replace('mode = "live"', 'mode = "plan"'))
    planning = Daemon(config)
    try:
        planning.wait_for(lambda: rounds_ended(config) >= 6)
    finally:
        planning.end(signal.SIGTERM)
    shown = json.loads(duban(config, "status", "--json").stdout)
    (plan,) = shown["plans"]
    assert f"duban apply {plan['run_id']}" in planning.log.read_text()
    kinds = [one["kind"] for one in json.loads(duban(config, "runs", "--json", "--limit", "50").stdout)["runs"]]
    assert kinds.count("plan") == 1
    assert f"duban apply {plan['run_id']}" in duban(config, "status").stdout
    assert duban(config, "apply", plan["run_id"]).returncode in (0, 4)
    assert plan["run_id"] not in duban(config, "status").stdout


def test_the_log_says_what_went_wrong_in_a_round_and_that_it_ended(config: Path) -> None:
    (config.parent / "secrets" / "fxiaoke-app-secret").write_text("another-secret-of-the-app")
    daemon = Daemon(config)
    try:
        daemon.wait_for(lambda: rounds_ended(config) > 0)
        daemon.wait_for(lambda: "round ended: exit code 5" in daemon.log.read_text())
    finally:
        daemon.end(signal.SIGTERM)
    said = [json.loads(one) for one in daemon.log.read_text().splitlines() if one.startswith("{")]
    warnings = [one["event"] for one in said if one["level"] == "warning"]
    assert any(one.startswith("fxiaoke: ") and "duban check --online" in one for one in warnings), warnings
    assert said[-1]["event"] == "stopped"
    assert "! fxiaoke: " in duban(config, "status").stdout
