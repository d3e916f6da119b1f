"""From looking to live: observe, a plan in a file, mode plan, apply, live; typed as the operations page says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.main import start, write_config


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def counts(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.out)["counts"]
        return found


@dataclass(frozen=True)
class Desk:
    config: Path

    def type(self, *words: str, language: str = "en") -> Ended:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
        command = [sys.executable, "-m", "commands.main", "-c", str(self.config), "--lang", language, *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)
        return Ended(done.returncode, done.stdout, done.stderr)

    def mode(self, old: str, new: str) -> None:
        text = self.config.read_text(encoding="utf-8")
        assert f'mode = "{old}"' in text
        self.config.write_text(text.replace(f'mode = "{old}"', f'mode = "{new}"'), encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with start(seed=1) as running:
        write_config(tmp_path / "duban.toml", running)
        made = Desk(tmp_path / "duban.toml")
        text = made.config.read_text(encoding="utf-8").replace('"auto"', '"approve"')
        made.config.write_text(text, encoding="utf-8")
        made.mode("live", "observe")
        yield made


def test_an_approved_plan_is_done_as_it_was_read(desk: Desk, tmp_path: Path) -> None:
    plan = str(tmp_path / "first.plan")
    looked = desk.type("sync", language="zh")
    assert looked.code in (0, 4)
    assert "模式为 observe" in looked.err

    planned = desk.type("plan", "-o", plan, "--json")
    assert planned.code == 0, planned.err
    refused = desk.type("apply", plan)
    assert refused.code == 2
    assert "mode observe" in refused.err

    desk.mode("observe", "plan")
    assert "duban apply FILE" in desk.type("sync").err
    applied = desk.type("apply", plan, "--json")
    assert applied.code == 4, applied.err  # a conflict and ambiguous pairs wait
    done = applied.counts
    assert done.get("stale", 0) == 0
    assert {name: done[name] for name in ("match", "import", "create")} == {
        name: planned.counts[name] for name in ("match", "import", "create")
    }
    assert done["applied"] > planned.counts["create"]

    desk.mode("plan", "live")
    flowing = desk.type("sync", "--json")
    assert flowing.code == 4, flowing.err
    assert "create" not in flowing.counts
    assert "problems" in flowing.out
    assert json.loads(flowing.out)["problems"] == []

    asked = json.loads(desk.type("conflicts", "list", "--json").out)["conflicts"]
    held = next(one for one in asked if one["field"] == "lifecycle")
    nothing = desk.type("conflicts", "resolve", str(held["id"]), "--take", "hub")
    assert nothing.code == 2
    assert "take a side" in nothing.err
    assert desk.type("project", "show", "P-002").code == 0


def test_a_plan_of_which_nothing_holds_approves_nothing(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "first.plan"
    desk.type("plan", "-o", str(plan))
    desk.mode("observe", "live")
    text = _with_other_digests(plan)
    plan.write_text(text, encoding="utf-8")
    applied = desk.type("apply", str(plan), "--json")
    assert applied.counts["stale"] > 0
    assert "applied" not in applied.counts
    assert "waits for approval" in desk.type("sync").err


def _with_other_digests(plan: Path) -> str:
    import hashlib

    body: dict[str, Any] = json.loads(plan.read_text(encoding="utf-8").split("\n", 1)[1])
    body["digests"] = ["0" * 64]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest()}) + "\n" + text + "\n"
