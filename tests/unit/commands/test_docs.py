"""What the pages say of commands, and where their links lead, is so."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from commands.app import Group
from commands.main import COMMANDS, cli
from commands.messages import text

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_COMMAND = re.compile(r"\bduban (?:-c \S+ )?([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def every_command(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, Group):
        for member, found in sorted(command.commands.items()):
            yield from every_command(f"{name} {member}", found)
    else:
        yield name, command


def all_commands() -> dict[str, click.Command]:
    ctx = click.Context(cli)
    found = ((name, cli.get_command(ctx, name)) for name in COMMANDS)
    return {path: one for name, made in found if made is not None for path, one in every_command(name, made)}


@pytest.fixture(scope="module")
def renderer() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "render_commands.py"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_commands_has_each_with_its_options_in_order(renderer: dict[str, Any], language: str) -> None:
    page = renderer["PAGES"][language].read_text("utf-8").partition("\n## ")[2].replace("\\|", "|")
    sections = re.findall(r"^### `duban ([a-z -]+?)(?: [^a-z`][^`]*)?`\n(.*?)(?=^#|\Z)", page, re.DOTALL | re.MULTILINE)
    known = all_commands()
    assert [path for path, _ in sections] == list(known), "run: python docs/render_commands.py"
    shared = {"_config", "_language", "_json", "_color", "_quiet"}
    for path, said in sections:
        assert text(known[path].help or "", language) in said, path
        options = [one for one in known[path].params if isinstance(one, click.Option) and one.name not in shared]
        assert [words in said for one in options for words in (one.opts[-1], text(one.help or "", language))] == [
            True
        ] * (2 * len(options)), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_a_page_names_is_there(page: Path) -> None:
    paths = all_commands()
    groups = {path.split()[0] for path in paths if " " in path}
    for code in _CODE.findall(page.read_text("utf-8")):
        for name, member in _COMMAND.findall(code):
            assert name in COMMANDS, code
            if name in groups and member:
                assert f"{name} {member}" in paths, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in _LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads], anchor


def test_every_page_is_reached_from_the_readme() -> None:
    for readme, ending in (("README.md", ".md"), ("README.zh-CN.md", ".zh-CN.md")):
        linked = {target for target, _ in _LINK.findall((ROOT / readme).read_text("utf-8"))}
        for page in ROOT.glob("docs/*.zh-CN.md"):
            assert f"docs/{page.name.removesuffix('.zh-CN.md')}{ending}" in linked, (readme, page.name)
