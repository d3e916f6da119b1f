"""Renders docs/commands.md and docs/commands.zh-CN.md from the commands themselves.

Run ``python docs/render_commands.py`` after a change of a command, an option or its help; a test holds the pages
against it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import click

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from commands.app import App, Group, shared_options  # noqa: E402
from commands.main import COMMANDS, cli  # noqa: E402

Language = Literal["en", "zh"]
PAGES: Final[Mapping[Language, Path]] = {"en": ROOT / "docs/commands.md", "zh": ROOT / "docs/commands.zh-CN.md"}
FAMILIES: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("Starting", "开始"),
    "plan": ("Syncing", "同步"),
    "status": ("Looking and taking back", "查看与撤销"),
    "conflicts": ("Deciding", "裁定"),
    "add": ("Editing the hub", "编辑本地库"),
    "overdue": ("Looking at what is supervised", "查看督办"),
    "ball": ("Acting on what is supervised", "处理督办事项"),
    "report": ("Telling", "报告与通知"),
    "sandbox": ("Trying and keeping", "试用与维护"),
}
"""The command a family begins with -> its heading."""
HEADS: Final[Mapping[Language, str]] = {
    "en": """# Commands

[中文](commands.zh-CN.md)

Made from `duban --help`: every command with its options. What they are for is told in [Operations](operations.md),
[Supervision](supervision.md), [Notices](notices.md) and [Reports](reports.md); exit codes are in
[Operations](operations.md#exit-codes).

Every command also takes:
""",
    "zh": """# 命令

[English](commands.md)

由 `duban --help` 生成：全部命令及其选项。用途见[运维](operations.zh-CN.md)、[项目督办](supervision.zh-CN.md)、
[通知](notices.zh-CN.md)与[报告](reports.zh-CN.md)；退出码见[运维](operations.zh-CN.md#退出码)。

所有命令都接受：
""",
}


def render(language: Language) -> str:
    """Give the page in a language."""
    with click.Context(cli, info_name="duban", obj=App(language=language)) as root:
        shared = [row for param in _shared() if (row := param.get_help_record(root))]
        blocks = [f"{HEADS[language]}\n{_table(shared)}"]
        for name in COMMANDS:
            if name in FAMILIES:
                blocks.append(f"## {FAMILIES[name][language == 'zh']}\n")
            found = cli.get_command(root, name)
            if found is not None:
                blocks += _entries(found, name, root)
    return "\n".join(blocks)


def _entries(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """Give the entry of a command, and those of its members when it is a group."""
    with click.Context(command, parent=parent, info_name=name) as ctx:
        if isinstance(command, Group):
            for member in command.list_commands(ctx):
                found = command.get_command(ctx, member)
                if found is not None:
                    yield from _entries(found, member, ctx)
            return
        usage = " ".join(piece for piece in command.collect_usage_pieces(ctx) if piece != "[OPTIONS]")
        said = ctx.find_root().ensure_object(App).say(command.help or "")
        common = {tuple(param.opts) for param in _shared()}
        own = [
            row for param in command.params
            if isinstance(param, click.Option) and tuple(param.opts) not in common
            and (row := param.get_help_record(ctx)) is not None
        ]  # fmt: skip
        head = f"### `{' '.join(f'{ctx.command_path} {usage}'.split())}`\n\n{_cell(said)}\n"
        yield f"{head}\n{_table(own)}" if own else head


def _shared() -> list[click.Option]:
    def nothing() -> None: ...

    return [one for one in click.command()(shared_options(nothing)).params if isinstance(one, click.Option)]


def _table(rows: list[tuple[str, str]]) -> str:
    return "".join(["| | |\n|---|---|\n", *(f"| `{_cell(name)}` | {_cell(said)} |\n" for name, said in rows)])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Rewrite both pages."""
    for language, path in PAGES.items():
        path.write_text(render(language), "utf-8")


if __name__ == "__main__":
    main()
