"""The wheel carries what it needs and nothing else, and what it pulls in stays within the budget."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ROOMS = (
    "commands", "daemon", "web", "reports", "assembly", "sync", "supervise", "connectors", "store", "config", "mapping",
    "sandbox",
)  # fmt: skip
BELOW_SERVICE = tuple(room for room in ROOMS if room != "commands")
MOST_PACKAGES = 40
MOST_MB = 95
MOST_DIRECT = 16


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_wheel_carries_every_room_typed(wheel: list[str]) -> None:
    for room in ROOMS:
        assert f"{room}/py.typed" in wheel
    assert "service.py" in wheel


def test_the_wheel_carries_its_data(wheel: list[str]) -> None:
    assert "config/examples/duban.toml" in wheel
    for kind in ("zoho", "fxiaoke"):
        assert f"connectors/{kind}/defaults.toml" in wheel
    assert any(name.startswith("store/migrations/") and name.endswith(".py") for name in wheel)
    assert any(name.startswith("supervise/data/") for name in wheel)
    assert {"reports/fonts/NotoSansSC-GBK.ttf", "reports/fonts/OFL.txt"} <= set(wheel)


def test_the_wheel_carries_nothing_else(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {*ROOMS, "service.py"}
    assert not [name for name in wheel if "__pycache__" in name or name.endswith((".db", ".key", ".lock"))]


def closure() -> set[str]:
    """Give the distributions that installing duban without extras brings."""
    environment = {**default_environment(), "extra": ""}
    found: set[str] = set()
    queue = ["duban"]
    while queue:
        name = canonicalize_name(queue.pop())
        if name in found:
            continue
        found.add(name)
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            extras = needed.extras or {""}
            if needed.marker is None or needed.marker.evaluate(environment):
                queue.append(needed.name)
                assert extras == {""}, f"{needed}: an extra of a dependency needs its own look"
    return found - {"duban"}


def test_what_it_pulls_in_is_within_the_budget() -> None:
    names = closure()
    assert len(names) <= MOST_PACKAGES, sorted(names)
    size = 0
    for name in names:
        for file in importlib.metadata.files(name) or ():
            path = Path(str(file.locate()))
            if path.suffix != ".pyc" and path.is_file():
                size += path.stat().st_size
    assert size <= MOST_MB * 1_000_000, size


def test_direct_dependencies_stay_few() -> None:
    direct = [line for line in importlib.metadata.requires("duban") or () if "extra ==" not in line]
    assert len(direct) <= MOST_DIRECT


def test_no_module_below_the_service_imports_it() -> None:
    for room in BELOW_SERVICE:
        for path in (ROOT / room).rglob("*.py"):
            for name in imported(path):
                assert name.split(".")[0] not in ("service", "commands"), f"{path} imports {name}"


def test_no_room_below_commands_runs_code_from_data() -> None:
    """CRM text, maps and plans are data: nothing of ours evaluates, unpickles or shells out."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            names = set(imported(path))
            assert not names & {"pickle", "shelve", "marshal", "yaml"}, path
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in ("eval", "exec", "compile", "__import__"), path


def imported(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module)
    return found


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_each_readme_has_one_line_to_try_it_and_one_to_test_it(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[0].endswith("duban demo")
    assert "pytest" in commands[1]


def test_links_between_the_papers_lead_somewhere() -> None:
    import re

    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} points to {target}"
