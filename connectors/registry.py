"""Which connector serves which kind: the shipped ones, and those that other wheels announce.

A wheel announces a connector with one line under ``[project.entry-points."duban.connectors"]``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, cast

from connectors.base import Capabilities, Connector, ConnectorSettings, Ports
from mapping.errors import ConfigError

GROUP: Final = "duban.connectors"

SHIPPED: Final[Mapping[str, str]] = {
    "zoho": "connectors.zoho.connector:ZohoConnector",
    "fxiaoke": "connectors.fxiaoke.connector:FxiaokeConnector",
    "memory": "connectors.memory:MemoryConnector",
}
"""Known without any installed metadata, so that a source checkout works as it stands."""

METHODS: Final = tuple(name for name, value in vars(Connector).items() if callable(value) and not name.startswith("_"))
"""What a connector must be able to do: the methods of the contract."""

Announce = Callable[[], Iterable[EntryPoint]]


def announced() -> Iterable[EntryPoint]:
    """Give the connectors that installed wheels announce."""
    return entry_points(group=GROUP)


def kinds(announce: Announce = announced) -> dict[str, EntryPoint]:
    """Give every known kind with the place its connector is loaded from.

    Raises:
        ConfigError: two wheels claim one kind; which of them a configuration means cannot be told.
    """
    known = {kind: EntryPoint(kind, place, GROUP) for kind, place in SHIPPED.items()}
    for point in announce():
        held = known.setdefault(point.name, point)
        if held.value != point.value:
            raise ConfigError(
                f'connector kind "{point.name}" is claimed twice: {held.value} and {_origin(point)}',
                zh=f"连接器种类 “{point.name}” 被声明了两次：{held.value} 与 {_origin(point)}",
                next_step="uninstall one of them",
                next_step_zh="卸载其中一个",
            )
    return known


def connector_class(kind: str, announce: Announce = announced) -> type[Connector]:
    """Give the connector of a kind, loaded and held against the contract.

    Raises:
        ConfigError: nobody knows the kind, its module cannot be loaded, or it is not a connector.
    """
    known = kinds(announce)
    if kind not in known:
        raise _unknown(kind, known)
    point = known[kind]
    try:
        found = point.load()
    # A plugin's module may fail in any way it likes; the reader needs its name, not our stack.
    except Exception as exc:
        raise ConfigError(
            f'connector "{kind}" ({_origin(point)}) cannot be loaded: {type(exc).__name__}: {exc}',
            zh=f"连接器 “{kind}”（{_origin(point)}）无法载入：{type(exc).__name__}: {exc}",
        ) from exc
    faults = breaches(found, kind)
    if faults:
        raise ConfigError(
            f'connector "{kind}" ({_origin(point)}) does not keep the contract: {"; ".join(faults)}',
            zh=f"连接器 “{kind}”（{_origin(point)}）不符合约定：{'; '.join(faults)}",
        )
    return cast(type[Connector], found)


def connect(settings: ConnectorSettings, ports: Ports, announce: Announce = announced) -> Connector:
    """Give a ready connector for settings that its own ``Settings`` model has validated.

    Raises:
        ConfigError: as ``connector_class``, or what the connector itself finds wrong.
    """
    build: Callable[..., Connector] = connector_class(settings.kind, announce)
    return build(settings, ports)


def breaches(found: Any, kind: str) -> list[str]:
    """Give what keeps *found* from being the connector of *kind*; an empty list when it is one."""
    if not isinstance(found, type):
        return ["it is not a class"]
    faults = [f"no method {name}()" for name in METHODS if not callable(getattr(found, name, None))]
    if getattr(found, "kind", None) != kind:
        faults.append(f"its kind is {getattr(found, 'kind', None)!r}")
    settings = getattr(found, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, ConnectorSettings)):
        faults.append("Settings is not a ConnectorSettings model")
    declared = getattr(found, "capabilities", None)
    if declared is not None and not isinstance(declared, Capabilities | property):
        faults.append("capabilities are not Capabilities")
    return faults


def _unknown(kind: str, known: Mapping[str, EntryPoint]) -> ConfigError:
    near = difflib.get_close_matches(kind, known, n=1)
    names = ", ".join(sorted(known))
    return ConfigError(
        f'unknown connector kind "{kind}"; known: {names}',
        zh=f"未知的连接器种类 “{kind}”；已知：{names}",
        next_step=f'did you mean "{near[0]}"?' if near else "install the wheel that brings it",
        next_step_zh=f"是否指 “{near[0]}”？" if near else "请安装提供它的软件包",
    )


def _origin(point: EntryPoint) -> str:
    """Say where a connector comes from: its distribution when it has one, else its module."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
