"""Bugs planted in the connectors and below them must fall in the suites that every connector passes.

Each suite runs in a process of its own, with the bug planted before its tests are loaded: once honestly, to see it
pass, and once spoilt.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.wire_plants import SUITES

_ROOT = Path(__file__).parents[2]


def _run(bug: str, suite: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.simulation.wire_plants",
    ]
    env = {**os.environ, "DUBAN_PLANT": bug}
    return subprocess.run(
        [*command, *suite], cwd=_ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("name", SUITES)
def test_a_planted_bug_of_a_connector_falls_in_its_suite(name: str) -> None:
    honest, spoilt = _run("", SUITES[name].suite), _run(name, SUITES[name].suite)
    assert honest.returncode == 0, honest.stdout[-2000:]
    assert spoilt.returncode == 1, f"{name}: not noticed\n{spoilt.stdout[-2000:]}{spoilt.stderr[-1000:]}"
    fell = next(line for line in spoilt.stdout.splitlines() if line.startswith("FAILED"))
    print(f"suite      {name}: fell in {fell.split('::', 1)[1]}")
