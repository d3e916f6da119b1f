"""What a configuration file may say, as pydantic models.

This room knows no connector: a ``[connections.<name>]`` table stays raw here and is held against the connector's own
``Settings`` by whoever knows the registry (``config.loading.Config.connection``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Literal

import pydantic
import pydantic_settings

from config.values import Interval, Listen, Zone
from mapping.errors import WrongValue


class Table(pydantic.BaseModel):
    """A table whose keys are all known."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


Risk = Literal["match", "create", "patch", "delete", "restore", "supervision"]


class StoreSettings(Table):
    """``[store]``: where the hub lives.

    Args:
        lease: how long a writer that shows no life keeps its right; None for what suits the database.
    """

    url: str = pydantic.Field(default="sqlite:///duban.db", description="SQLAlchemy URL; a relative file is beside us")
    lease: Interval | None = None


class ServiceSettings(Table):
    """``[service]``: the daemon and how it talks.

    Args:
        timezone: of our own organisation.
        every: pause between the starts of two rounds.
        supervise_every: pause between two supervision rounds; they also follow every sync that changed something.
        plan_valid_for: how long a stored plan may be applied.
        auto_apply: risk classes that a round does unasked; the rest waits for ``apply RUN``.
        drain_s: how long a stop waits for the running round.
        web: address of the status page; empty for none.
        web_token: what a reader must present; required off the loopback interface.
    """

    timezone: Zone = "Asia/Shanghai"
    language: Literal["en", "zh"] | None = None
    every: Interval = 300.0
    supervise_every: Interval = 900.0
    plan_valid_for: Interval = 604_800.0
    auto_apply: tuple[Risk, ...] = ("match", "create", "patch", "delete", "restore", "supervision")
    drain_s: float = pydantic.Field(default=30.0, ge=0, le=600)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    web: Listen | None = None
    web_token: pydantic.SecretStr | None = None

    @pydantic.model_validator(mode="after")
    def _token_off_loopback(self) -> ServiceSettings:
        if self.web and not self.web_token and not _is_loopback(self.web.rpartition(":")[0]):
            raise WrongValue(
                "web listens off the loopback interface and needs web_token",
                "web 监听在回环地址之外,需要设置 web_token",
            )
        return self


class HttpTable(Table):
    """``[http]``: the way out of a company network."""

    proxy: str | None = None
    ca_file: str | None = None


class RailSettings(Table):
    """``[rails]``: what one run may do unasked. Each rail trips only above both its percentage and its floor."""

    deletes_percent: float = pydantic.Field(default=10.0, gt=0, le=100)
    deletes_floor: int = pydantic.Field(default=3, ge=1)
    mass_percent: float = pydantic.Field(default=30.0, gt=0, le=100)
    mass_floor: int = pydantic.Field(default=20, ge=1)
    listing_percent: float = pydantic.Field(default=90.0, gt=0, le=100)
    listing_floor: int = pydantic.Field(default=20, ge=1)
    errors_percent: float = pydantic.Field(default=20.0, gt=0, le=100)
    errors_floor: int = pydantic.Field(default=20, ge=1)


class SweepSettings(Table):
    """``[sweep]``: the nightly look at everything, for what the feeds of changes missed.

    Args:
        at: time of day in the service's zone; empty for never by the clock.
        calls: calls a sweep may make at each connection; what is left is done by the next one.
    """

    at: str = pydantic.Field(default="02:30", pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")
    calls: int = pydantic.Field(default=2000, ge=10)


Raw = dict[str, Any]


class NoticeSettings(Table):
    """``[notices]``: whom duban tells of overdue items, and how. Nothing leaves before ``send`` says so.

    Args:
        send: the daemon and ``duban notices send`` may send.
        to_clients: the client's contacts may be written to; else their notices are drafts for our project manager.
        internal, clients, operating: channels for our own people, for contacts, and for those who run duban.
        drafts: a channel of kind ``file`` that also gets every draft.
        people: user's e-mail -> channel, for those who want another one.
        delivery_manager, steering, operators: e-mails of users.
        window: hours in which people are written to who name none of their own.
        repeat_bd: working days before the same level is said again, S1 to S4.
        quota_left: operators are told when a connection has fewer calls or credits left.
        channels: name -> raw table, references already resolved.
    """

    send: bool = False
    to_clients: bool = False
    internal: str = ""
    clients: str = ""
    operating: str = ""
    drafts: str = ""
    people: dict[str, str] = pydantic.Field(default_factory=dict)
    delivery_manager: str = ""
    steering: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    window: str = pydantic.Field(
        default="09:00-18:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"
    )
    repeat_bd: tuple[int, int, int, int] = (2, 2, 3, 5)
    quota_left: int = pydantic.Field(default=500, ge=0)
    channels: dict[str, Raw] = pydantic.Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> NoticeSettings:
        opens, _, closes = self.window.partition("-")
        if opens >= closes:
            raise WrongValue(
                f"window opens before it closes, not {self.window}", f"window 的开始应早于结束,而不是 {self.window}"
            )
        if min(self.repeat_bd) < 1:
            raise WrongValue("repeat_bd counts working days, 1 or more", "repeat_bd 为工作日天数,不小于 1")
        return self


class Settings(pydantic_settings.BaseSettings):
    """The whole file.

    Args:
        connections: name -> raw table, references already resolved.
        map: entity -> connection -> raw table; only what differs from the default maps.
        users: canonical e-mail -> connection -> that person's e-mail or id over there.
        supervise: raw knobs of supervision.
        notices: whom to tell of what is overdue.
    """

    model_config = pydantic_settings.SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="DUBAN_", env_nested_delimiter="__"
    )

    store: StoreSettings = pydantic.Field(default_factory=StoreSettings)
    service: ServiceSettings = pydantic.Field(default_factory=ServiceSettings)
    http: HttpTable = pydantic.Field(default_factory=HttpTable)
    rails: RailSettings = pydantic.Field(default_factory=RailSettings)
    sweep: SweepSettings = pydantic.Field(default_factory=SweepSettings)
    connections: dict[str, Raw] = pydantic.Field(default_factory=dict)
    map: dict[str, dict[str, Raw]] = pydantic.Field(default_factory=dict)
    users: dict[str, dict[str, str]] = pydantic.Field(default_factory=dict)
    supervise: Raw = pydantic.Field(default_factory=dict)
    notices: NoticeSettings = pydantic.Field(default_factory=NoticeSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[pydantic_settings.BaseSettings],  # noqa: ARG003
        init_settings: pydantic_settings.PydanticBaseSettingsSource,
        *_others: pydantic_settings.PydanticBaseSettingsSource,
        **_named: pydantic_settings.PydanticBaseSettingsSource,
    ) -> tuple[pydantic_settings.PydanticBaseSettingsSource, ...]:
        """Take values from the caller alone: ``config.loading`` has merged file and environment by then."""
        return (init_settings,)


def json_schema(connections: Mapping[str, type[pydantic.BaseModel]]) -> dict[str, Any]:
    """Give the JSON Schema of a whole file, for editors.

    Args:
        connections: connector kind -> its ``Settings`` model.
    """
    schema = Settings.model_json_schema()
    defs = schema.setdefault("$defs", {})
    choices = []
    for kind, model in sorted(connections.items()):
        table = model.model_json_schema(ref_template="#/$defs/{model}")
        defs.update(table.pop("$defs", {}))
        table.setdefault("properties", {})["kind"] = {"const": kind}
        defs[f"connection_{kind}"] = table
        choices.append({"$ref": f"#/$defs/connection_{kind}"})
    if choices:
        schema["properties"]["connections"]["additionalProperties"] = {"oneOf": choices}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "duban.toml"}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
