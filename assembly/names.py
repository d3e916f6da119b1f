"""Do other installed packages take names that are ours? Our rooms bear common words, so this must be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points, packages_distributions
from typing import Final

from connectors.registry import GROUP
from sync.checking import Finding

OURS: Final = "duban"
ROOMS: Final = (
    "assembly", "commands", "config", "connectors", "daemon", "mapping", "reports", "sandbox", "service", "store",
    "supervise", "sync", "web",
)  # fmt: skip


def installed_names() -> list[Finding]:
    """Look at what is installed beside us."""
    points = [*entry_points(group="console_scripts", name=OURS), *entry_points(group=GROUP)]
    return clashes(packages_distributions(), points)


def clashes(installed: Mapping[str, Sequence[str]], points: Iterable[EntryPoint]) -> list[Finding]:
    """Give a finding for each name of ours that another distribution takes as well, or one that says there is none.

    Args:
        installed: top-level module -> distributions that bring it.
        points: announced commands and connectors.
    """
    out = [
        _clash(f"module {room}", f"模块 {room}", sorted(others))
        for room in ROOMS
        if (others := {name for name in installed.get(room, ()) if name != OURS})
    ]
    claims: dict[tuple[str, str], dict[str, str]] = {}
    for point in points:
        owner = point.dist.name if point.dist is not None else OURS
        claims.setdefault((point.group, point.name), {})[owner] = point.value
    for (group, name), owners in claims.items():
        if len(owners) > 1:
            foreign = sorted(owner for owner in owners if owner != OURS)
            what, zh = ("connector", "连接器") if group == GROUP else ("command", "命令")
            out.append(_clash(f"{what} {name}", f"{zh} {name}", foreign))
    return out or [Finding("ok", "names", "no other package takes our names", "没有其他软件包占用我们的名称")]


def _clash(what: str, zh: str, others: Sequence[str]) -> Finding:
    names = ", ".join(others)
    return Finding(
        "warn", "names", f"{what} is also installed by {names}; give duban an environment of its own",
        f"{zh} 也由 {names} 安装;请为 duban 使用独立环境",
    )  # fmt: skip
