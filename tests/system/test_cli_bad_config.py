"""A configuration that cannot work is one clear line, before any record is read or written."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.keys import ensure_key
from sandbox.main import Running, start, write_config

ROOT = Path(__file__).parents[2]


RECORD_PATHS = ("/coql", "/search", "/deleted", "data/query", "data/get", "data/create", "data/update")
MODULES = ("Tasks", "Contacts", "Accounts", "Deals", "Cases", "Notes")


@dataclass(frozen=True)
class Sandbox:
    """Both CRMs, and every exchange with them."""

    running: Running
    log: Path

    def records_touched(self) -> int:
        """Count the requests that read or wrote records; the directory of our own people is not meant."""
        exchanges = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return sum(
            1
            for one in exchanges
            if "PersonnelObj" not in json.dumps(one)
            and (
                any(word in one["path"] for word in RECORD_PATHS)
                or any(one["path"].endswith(f"/v8/{module}") for module in MODULES)
            )
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    log = tmp_path_factory.mktemp("log") / "exchanges.jsonl"
    with start(seed=2, log=log) as both:
        yield Sandbox(both, log)


@pytest.fixture
def config(running: Sandbox, tmp_path: Path) -> Path:
    write_config(tmp_path / "duban.toml", running.running)
    ensure_key({}, tmp_path, os.urandom)
    return tmp_path / "duban.toml"


def duban(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "commands.main", "-c", str(config), "--lang", "en", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def change(config: Path, old: str, new: str) -> None:
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new, 1))


def refused(ended: subprocess.CompletedProcess[str], *said: str) -> None:
    assert ended.returncode == 3, (ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.startswith("duban: ")]
    assert len(lines) == 1, ended.stderr
    for word in said:
        assert word in lines[0], lines[0]


OFFLINE = [
    ("[service]", "[servcie]", ['unknown name "servcie"', 'did you mean "service"', "line"]),
    ("client_id =", "clinet_id =", ["connections.zoho.clinet_id", 'did you mean "client_id"', "line"]),
    ('kind = "zoho"', 'kind = "zohoo"', ["zohoo", "zoho"]),
    ('mode = "live"', 'mode = "alive"', ["connections.zoho.mode", "observe"]),
    ("file:secrets/zoho-refresh-token", "file:secrets/nothing", ["connections.zoho.refresh_token", "no file"]),
    ("file:secrets/zoho-refresh-token", "env:NOT_SET_ANYWHERE", ["refresh_token", "NOT_SET_ANYWHERE is not set"]),
    ('every = "1m"', 'every = "5"', ["service.every", "5m"]),
    ("Asia/Shanghai", "Asia/Shanhai", ["service.timezone", "Asia/Shanghai"]),
    ("sqlite:///", "oracle:///", ["store.url", 'unknown driver "oracle"']),
    ("sqlite:///", "sqlite:////nowhere/at/all/", ["store.url", "no folder"]),
    ("[connections.f", "[map.tsak.zoho]\n[connections.f", ['unknown name "tsak"', 'did you mean "task"']),
    ("[connections.f", "[supervise]\ngrace = 3\n[connections.f", ["grace"]),
]


@pytest.mark.parametrize(("old", "new", "said"), OFFLINE, ids=[new.strip()[:24] for _, new, _ in OFFLINE])
def test_a_mistake_in_the_file_is_found_without_asking_anybody(
    config: Path, running: Sandbox, old: str, new: str, said: list[str]
) -> None:
    before = running.records_touched()
    change(config, old, new)
    for words in (["check"], ["sync"]):
        refused(duban(config, *words), *said)
    assert running.records_touched() == before


@pytest.mark.parametrize("name", ["duban.key", "secrets/zoho-refresh-token"])
def test_a_secret_that_others_can_read_is_refused(config: Path, name: str) -> None:
    (config.parent / name).chmod(0o644)
    refused(duban(config, "sync"), name.rsplit("/", 1)[-1], "readable by others", "chmod 600")


def test_no_key_no_start(config: Path) -> None:
    (config.parent / "duban.key").unlink()
    refused(duban(config, "sync"), "no key", "DUBAN_KEY")
    assert not (config.parent / "duban.db").exists()


ONLINE = [
    ('[map.task.zoho.fields]\ntitle = "Subjct"\n', ["Subjct", "Subject"]),
    (
        '[map.task.zoho.fields.status]\nremote = "Status"\n'
        'options = { "Not Started" = ["not_started"], "Finished" = ["done"] }\n',
        ["Finished"],
    ),
    ('[map.task.zoho]\nobject = "Taks"\n', ["Taks"]),
]


@pytest.mark.parametrize(("more", "said"), ONLINE, ids=["wrong field", "unmapped option", "wrong object"])
def test_a_map_that_does_not_fit_is_found_before_any_record(
    config: Path, running: Sandbox, more: str, said: list[str]
) -> None:
    before = running.records_touched()
    config.write_text(config.read_text() + "\n" + more)
    ended = duban(config, "check", "--online")
    assert ended.returncode == 3, (ended.stdout, ended.stderr)
    for word in said:
        assert word in ended.stdout + ended.stderr
    ended = duban(config, "sync")
    assert ended.returncode == 3, (ended.stdout, ended.stderr)
    for word in said:
        assert word in ended.stderr
    assert running.records_touched() == before


def test_another_organisation_than_the_pinned_one_is_refused(config: Path, running: Sandbox) -> None:
    assert duban(config, "sync", "--dry-run").returncode in (0, 4)
    assert running.records_touched() > 0

    with sqlite3.connect(config.parent / "duban.db") as store:
        store.execute("UPDATE connection SET org_id = 'somebody else' WHERE name = 'zoho'")
    store.close()
    before = running.records_touched()
    ended = duban(config, "sync", "zoho")
    assert ended.returncode == 3, (ended.stdout, ended.stderr)
    assert "somebody else" in ended.stderr
    assert running.records_touched() == before


def test_a_check_ends_as_a_run_would(config: Path, running: Sandbox) -> None:
    text = config.read_text()
    config.write_text(re.sub(r'base_url = "http://127\.0\.0\.1:\d+', 'base_url = "http://127.0.0.1:9', text))
    for words in (("check", "--online"), ("doctor",), ("sync",)):
        ended = duban(config, *words)
        assert ended.returncode == 6, (words, ended.stdout, ended.stderr)
        assert "fxiaoke" in ended.stdout + ended.stderr
    config.write_text(text)
    secret = config.parent / "secrets" / "fxiaoke-app-secret"
    secret.write_text("made-up-and-wrong")
    assert duban(config, "check", "--online").returncode == duban(config, "sync").returncode == 5
