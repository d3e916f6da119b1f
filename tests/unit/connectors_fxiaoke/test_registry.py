"""The registry finds connectors by kind and says clearly what is wrong with one."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from connectors import registry
from connectors.base import ConnectorSettings
from connectors.memory import MemoryConnector
from mapping.errors import ConfigError


class HalfConnector:
    kind = "half"
    Settings = ConnectorSettings

    def pull(self) -> None: ...


class WrongSettings(MemoryConnector):
    kind = "wrong"
    Settings: Any = dict


class OddCapabilities(MemoryConnector):
    kind = "odd"
    capabilities: Any = "count"


NOT_A_CLASS = 7


def point(kind: str, value: str) -> EntryPoint:
    return EntryPoint(kind, value, registry.GROUP)


def test_memory_is_found_without_any_installed_metadata() -> None:
    assert registry.connector_class("memory", announce=list) is MemoryConnector


def test_every_shipped_kind_is_announced_by_the_project_as_well() -> None:
    announced = {p.name: p.value for p in registry.announced()}
    assert {kind: announced.get(kind) for kind in registry.SHIPPED} == dict(registry.SHIPPED)


def test_unknown_kind_names_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match='did you mean "zoho"') as caught:
        registry.connector_class("zoh", announce=list)
    assert "是否指" in caught.value.text("zh")


def test_unknown_kind_without_a_neighbour_says_where_kinds_come_from() -> None:
    with pytest.raises(ConfigError, match="install the wheel"):
        registry.connector_class("qqqqqq", announce=list)


def test_plugin_that_fails_to_load_is_named_with_its_error() -> None:
    with pytest.raises(ConfigError, match=r"broken.*cannot be loaded: ModuleNotFoundError"):
        registry.connector_class("broken", announce=lambda: [point("broken", "no_such_module_at_all:X")])


def test_two_wheels_claiming_one_kind_are_both_named() -> None:
    with pytest.raises(ConfigError, match=r"claimed twice.*connectors\.memory.*elsewhere"):
        registry.kinds(lambda: [point("memory", "elsewhere:Memory")])


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("half", "HalfConnector", r"no method fetch\(\)"),
        ("other", "HalfConnector", "its kind is 'half'"),
        ("wrong", "WrongSettings", "Settings is not a ConnectorSettings model"),
        ("odd", "OddCapabilities", "capabilities are not Capabilities"),
        ("seven", "NOT_A_CLASS", "not a class"),
    ],
)
def test_class_that_breaks_the_contract_is_told_what_it_lacks(kind: str, name: str, words: str) -> None:
    assert any(words.replace("\\", "") in fault for fault in registry.breaches(globals()[name], kind))


def test_class_that_breaks_the_contract_is_not_handed_out() -> None:
    bad = EntryPoint("builtin", "builtins:dict", registry.GROUP)
    with pytest.raises(ConfigError, match="does not keep the contract"):
        registry.connector_class("builtin", announce=lambda: [bad])
