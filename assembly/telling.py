"""Puts the channels of ``[notices]`` together, and what supervision needs to know of that table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from config.loading import Config, place, validate_table
from config.settings import NoticeSettings
from config.values import suggest
from connectors.base import Connector, Ports
from connectors.channels.base import Channel, ChannelSettings
from connectors.channels.registry import (
    REACHES_CLIENTS,
    Surroundings,
    channel_settings,
    open_channel,
    secret_fields,
)
from mapping.errors import ConfigError
from supervise.nagging import NagKnobs
from supervise.recipients import Outbound
from supervise.windows import read_window

_PLACES: Final = ("internal", "clients", "operating", "drafts")


def read_outbound(table: NoticeSettings, language: str) -> Outbound:
    """Give ``[notices]`` as supervision takes it."""
    return Outbound(
        to_clients=table.to_clients, internal=table.internal, clients=table.clients, operating=table.operating,
        drafts=table.drafts, people={email.casefold(): name for email, name in table.people.items()},
        delivery_manager=table.delivery_manager.casefold(), steering=tuple(one.casefold() for one in table.steering),
        operators=tuple(one.casefold() for one in table.operators), window=read_window(table.window),
        language=language, quota_left=table.quota_left, knobs=NagKnobs(repeat_bd=table.repeat_bd),
    )  # fmt: skip


def check_channels(config: Config) -> dict[str, ChannelSettings]:
    """Give the settings of every channel; nothing is opened.

    Raises:
        ConfigError: a table cannot work, a secret is written out, or a place names a channel that is not there.
    """
    table = config.settings.notices
    found = {name: _settings(config, name) for name in table.channels}
    for where in _PLACES:
        _check_name(config, (where,), getattr(table, where), found)
    for email, name in table.people.items():
        _check_name(config, ("people", email), name, found)
    if table.clients and found[table.clients].kind not in REACHES_CLIENTS:
        where, kinds = _at(config, "clients"), ", ".join(sorted(REACHES_CLIENTS))
        raise ConfigError(
            f'{where}: "{table.clients}" cannot reach a client; kinds that can: {kinds}',
            zh=f'{where}："{table.clients}" 无法触达客户；可用的种类：{kinds}',
        )
    if table.drafts and found[table.drafts].kind != "file":
        raise ConfigError(
            f'{_at(config, "drafts")}: drafts go to a channel of kind "file"',
            zh=f'{_at(config, "drafts")}：草稿只能写入 kind = "file" 的渠道',
        )
    return found


def open_channels(
    config: Config, ports: Callable[[str], Ports], connector: Callable[[str], Connector]
) -> dict[str, Channel]:
    """Give every configured channel, ready to send; nobody is asked yet.

    Args:
        ports: name of a channel -> what it is given from outside.
        connector: name of a connection -> its connector.
    """
    users = config.settings.users

    def names(connection: str) -> Mapping[str, str]:
        return {email: places[connection] for email, places in users.items() if connection in places}

    around = Surroundings(base=Path(config.base), connector=connector, names=names)
    return {name: open_channel(one, ports(name), around) for name, one in check_channels(config).items()}


def _settings(config: Config, name: str) -> ChannelSettings:
    table = config.settings.notices.channels[name]
    model = channel_settings(name, table.get("kind"))
    made = validate_table(("notices", "channels", name), table, model, text=config.text, secrets=config.secrets)
    for field in secret_fields(model):
        if table.get(field) is not None and f"notices.channels.{name}.{field}" not in config.references:
            raise ConfigError(
                f"{_at(config, 'channels', name, field)}: a secret is never written here; use env:NAME or file:PATH",
                zh=f"{_at(config, 'channels', name, field)}：密钥不可直接写在配置里；请用 env:名称 或 file:路径",
            )
    connection = getattr(made, "connection", None)
    if connection is not None and connection not in config.settings.connections:
        known = config.settings.connections
        raise ConfigError(
            f'{_at(config, "channels", name, "connection")}: no connection "{connection}"{suggest(connection, known)}',
            zh=f'{_at(config, "channels", name, "connection")}：没有连接 "{connection}"',
        )
    return made


def _check_name(config: Config, key: tuple[str, ...], name: str, known: Mapping[str, ChannelSettings]) -> None:
    if name and name not in known:
        raise ConfigError(
            f"{_at(config, *key)}: no [notices.channels.{name}]{suggest(name, known)}",
            zh=f"{_at(config, *key)}：没有 [notices.channels.{name}]",
        )


def _at(config: Config, *key: str) -> str:
    return place(("notices", *key), config.text)
