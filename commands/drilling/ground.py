"""The ground a drill plays on: the user's maps and settings, everything that leads to the real world replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from config import files, loading
from connectors.base import ConnectorSettings
from mapping.errors import ConfigError
from sandbox.main import Running
from sandbox.trial.joining import KINDS, joined, server_of

CONFIG_NAME: Final = "drill.toml"
STORE_NAME: Final = "drill.db"
_NOT_OURS: Final = frozenset({"store", "service", "http", "connections", "map", "users", "notices"})
_SERVICE_NOT_OURS: Final = frozenset({"web", "web_token", "log_level", "auto_apply"})


@dataclass(slots=True)
class Ground:
    """A configuration that knows no place but the sandboxes.

    Args:
        tables: the whole of it, as TOML tables.
        text: the user's own file, for line numbers in what is wrong with it.
        names: kind -> connection.
        left_out: why something of the user's configuration takes no part, a line each in English and Chinese.
        urls: the only addresses there are.
    """

    tables: dict[str, Any]
    text: str
    names: dict[str, str]
    left_out: list[tuple[str, str]] = field(default_factory=list)
    urls: frozenset[str] = frozenset()

    def config(self, folder: Path) -> loading.Config:
        """Give it validated, with a store in *folder*; the environment has no say.

        Raises:
            ConfigError: the user's maps or settings cannot work.
        """
        return loading.build(self.tables, path=folder / CONFIG_NAME, environ={}, text=self.text)


def read_ground(path: Path, running: Running, visible_after_s: float) -> Ground:
    """Read a user's file, and nothing it refers to, and lead it to the sandboxes.

    Raises:
        ConfigError: the file cannot be read, or has no connection for one of the two CRMs.
    """
    text = files.read_text(path)
    return lead(files.parse(text, path), text, running, visible_after_s)


def plain_ground(running: Running, visible_after_s: float) -> Ground:
    """Give the ground of somebody without a configuration: one connection for each CRM, default maps."""
    return lead({"connections": {kind: {"kind": kind} for kind in KINDS}}, "", running, visible_after_s)


def lead(raw: Mapping[str, Any], text: str, running: Running, visible_after_s: float) -> Ground:
    """Replace addresses, credentials, store and network of a configuration's tables.

    Args:
        text: the file as read; visible_after_s: how long the sandboxes will hide a write from listings, and a bit.
    Raises:
        ConfigError: no connection for one of the two CRMs, or a table that is none.
    """
    given = _table(raw, "connections")
    names = _chosen(given)
    ground = Ground({}, text, names, urls=frozenset(server_of(running, kind).url for kind in KINDS))
    for name in given:
        if name not in names.values():
            ground.left_out.append(
                (f"connection {name}: a drill plays one of each CRM", f"连接 {name}:每种 CRM 只演练一个")
            )
    service = {key: value for key, value in _table(raw, "service").items() if key not in _SERVICE_NOT_OURS}
    tables = {
        **{key: value for key, value in raw.items() if key not in _NOT_OURS},
        "store": {"url": f"sqlite:///{STORE_NAME}"},
        "service": service,
        "connections": {name: _mine(given[name], running, visible_after_s) for name in given if name in names.values()},
        "map": _of(names, _table(raw, "map")),
        "users": _of(names, _table(raw, "users")),
    }
    ground.tables = _unreferring(tables, ground, "")
    return ground


def _table(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = raw.get(name, {})
    if not isinstance(found, Mapping):
        raise ConfigError(f"{name}: expected a table", zh=f"{name}:应为表")
    return found


def _chosen(connections: Mapping[str, Any]) -> dict[str, str]:
    """Give the first connection of each kind."""
    found: dict[str, str] = {}
    for name, table in connections.items():
        kind = table.get("kind") if isinstance(table, Mapping) else None
        if kind in KINDS:
            found.setdefault(kind, name)
    for kind in KINDS:
        if kind not in found:
            raise ConfigError(
                f'connections: a drill needs one with kind = "{kind}", and there is none',
                zh=f'connections:演练需要 kind = "{kind}" 的连接,而配置中没有',
                next_step="add one (a drill replaces its address and credentials), or drill without -c",
                next_step_zh="请添加一个(演练会替换其地址与凭据),或不带 -c 演练",
            )
    return found


def _mine(table: Mapping[str, Any], running: Running, visible_after_s: float) -> dict[str, Any]:
    """Give a connection led to its sandbox; what it keeps elsewhere (a token, a key) is of no use there."""
    return joined({key: value for key, value in table.items() if not _refers(value)}, running, visible_after_s)


def _of(names: Mapping[str, str], tables: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what belongs to a connection that takes part; what is no table is left for the check to refuse."""
    return {
        key: {name: inner for name, inner in table.items() if name in names.values()}
        if isinstance(table, Mapping)
        else table
        for key, table in tables.items()
    }


def check_places(ground: Ground, settings: Iterable[ConnectorSettings]) -> None:
    """Refuse any connection that could speak to anything but the sandboxes.

    Raises:
        ConfigError: a setting holds another address.
    """
    for one in settings:
        for name, value in one:
            if isinstance(value, str) and "://" in value and value not in ground.urls:
                raise ConfigError(
                    f"connections ({one.kind}): {name} is not an address of a sandbox; a drill speaks to nothing else",
                    zh=f"connections({one.kind}):{name} 不是沙箱地址;演练不与其他系统通信",
                )


def _refers(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("env:", "file:"))


def _unreferring(value: Any, ground: Ground, place: str) -> Any:
    """Leave out what stands in the user's other files and environment: a drill reads neither."""
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in value.items():
        here = f"{place}.{key}" if place else str(key)
        if _refers(inner):
            ground.left_out.append((f"{here}: a drill follows no reference", f"{here}:演练不读取引用"))
        else:
            out[key] = _unreferring(inner, ground, here)
    return out
