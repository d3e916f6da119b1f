"""Another package that takes one of our names is named, with what to do."""

from __future__ import annotations

from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from assembly.names import ROOMS, clashes, installed_names


def point(folder: Path, owner: str, group: str, name: str) -> EntryPoint:
    info = folder / f"{owner}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {owner}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {owner}.main:main\n")
    (found,) = Distribution.at(info).entry_points
    return found


def test_a_module_of_another_package_is_told() -> None:
    (found,) = clashes({"store": ["duban", "Other_Store"], "httpx": ["httpx"]}, [])
    assert found.level == "warn"
    assert "module store" in found.message
    assert "Other_Store" in found.message
    assert "Other_Store" in found.zh


def test_a_command_or_connector_that_two_packages_announce_is_told(tmp_path: Path) -> None:
    for group, what in (("console_scripts", "command duban"), ("duban.connectors", "connector duban")):
        folder = tmp_path / group
        folder.mkdir()
        both = [point(folder, "duban", group, "duban"), point(folder, "elsewhere", group, "duban")]
        assert clashes({}, both[:1])[0].level == "ok"
        (found,) = clashes({}, both)
        assert found.message.startswith(f"{what} is also installed by elsewhere")


def test_the_rooms_looked_at_are_those_that_are_shipped() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert sorted(one.removesuffix(".py") for one in shipped) == sorted(ROOMS)
    assert project["project"]["name"] == "duban"


def test_this_environment_is_looked_at() -> None:
    assert installed_names()
