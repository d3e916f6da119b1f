"""A plan in a file, applied as it should be and in every wrong way; typed against both sandboxes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.main import start, write_config

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with start(seed=3) as running:
        write_config(tmp_path / "duban.toml", running)
        yield tmp_path / "duban.toml"


@pytest.fixture
def say(config: Path) -> Say:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}

    def run(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "commands.main", "-c", str(config), "--lang", "en", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_plan_is_applied_once_and_on_its_own_ground_only(config: Path, say: Say, tmp_path: Path) -> None:
    path = tmp_path / "p.plan"
    _, out = say("plan", "-o", str(path))
    assert "writes ask it to start no automation (assumed to be kept)" in out
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace('"create"', '"delete"', 1), encoding="utf-8")
    code, out = say("apply", str(path))
    assert code == 2
    assert "was changed since it was planned" in out
    path.write_text(whole, encoding="utf-8")
    code, out = say("apply", str(tmp_path / "missing.plan"))
    assert code == 2
    assert "no plan file and no run" in out
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[connections.zoho]\n", "[connections.zoho]\npage_size = 150\n"), encoding="utf-8")
    code, out = say("apply", str(path))
    assert code == 2
    assert "other settings or maps" in out
    config.write_text(text, encoding="utf-8")
    code, out = say("apply", str(path), "--allow", "mistakes=3")
    assert code == 2
    assert "mistakes=3" in out
    code, out = say("apply", str(path))
    assert code in (0, 4)
    code, out = say("apply", str(path))
    assert code == 2
    assert "was applied already" in out
