"""Which kinds of channels there are, and how one is put together from its table."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pydantic

from connectors.base import Connector, Ports
from connectors.channels.base import Channel, ChannelSettings
from connectors.channels.dingtalk import DingTalk, DingTalkSettings
from connectors.channels.employee import Employee, EmployeeSettings
from connectors.channels.feishu import Feishu, FeishuSettings
from connectors.channels.folder import Folder, FolderSettings
from connectors.channels.smtp import Smtp, SmtpSettings
from connectors.channels.webhook import Webhook, WebhookSettings
from connectors.channels.wecom import WeCom, WeComSettings
from mapping.errors import ConfigError

KINDS: Final[Mapping[str, type[ChannelSettings]]] = {
    "dingtalk": DingTalkSettings, "wecom": WeComSettings, "feishu": FeishuSettings, "smtp": SmtpSettings,
    "webhook": WebhookSettings, "employee": EmployeeSettings, "file": FolderSettings,
}  # fmt: skip
REACHES_CLIENTS: Final = frozenset({"smtp", "webhook", "file"})
"""Kinds that can reach one person outside our own house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What channels may need beside their settings.

    Args:
        base: folder relative paths start from.
        connector: connection -> its connector. names: connection -> canonical e-mail -> name over there.
    """

    base: Path
    connector: Callable[[str], Connector]
    names: Callable[[str], Mapping[str, str]]


def channel_settings(name: str, kind: object) -> type[ChannelSettings]:
    """Give the settings of a kind of channel.

    Raises:
        ConfigError: there is no such kind.
    """
    found = KINDS.get(str(kind))
    if found is None:
        near = difflib.get_close_matches(str(kind), KINDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(KINDS))}"
        raise ConfigError(
            f"notices.channels.{name}.kind: {kind!r} is no kind of channel{hint}",
            zh=f"notices.channels.{name}.kind：没有 {kind!r} 这种渠道；可用：{'、'.join(sorted(KINDS))}",
        )
    return found


def secret_fields(model: type[ChannelSettings]) -> tuple[str, ...]:
    """Give the keys of a channel that hold a secret and must be references."""
    return tuple(name for name, field in model.model_fields.items() if pydantic.SecretStr in _types(field.annotation))


def open_channel(settings: ChannelSettings, ports: Ports, around: Surroundings) -> Channel:
    """Put a channel together; nobody is asked yet.

    Raises:
        ConfigError: it cannot work.
    """
    match settings:
        case DingTalkSettings():
            return DingTalk(settings, ports)
        case WeComSettings():
            return WeCom(settings, ports)
        case FeishuSettings():
            return Feishu(settings, ports)
        case SmtpSettings():
            return Smtp(settings, ports)
        case WebhookSettings():
            return Webhook(settings, ports)
        case EmployeeSettings():
            return Employee(settings, ports, around.connector(settings.connection), around.names(settings.connection))
        case FolderSettings():
            return Folder(settings, ports, around.base)
    raise AssertionError(settings.kind)


def _types(annotation: object) -> tuple[object, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))
