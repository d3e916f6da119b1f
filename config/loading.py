"""From a file and the environment to settings, or to one clear line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import pydantic
import pydantic_settings

from config import files
from config.problems import explain, unknown_name
from config.references import Resolved, resolve
from config.settings import Settings
from config.stores import absolute_url, check_url
from mapping.errors import ConfigError
from mapping.records import ENTITIES

Model = TypeVar("Model", bound=pydantic.BaseModel)
RESERVED: Final = ("hub",)
_NAME: Final = re.compile(r"^[a-z][a-z0-9_-]{0,31}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration that can be worked with.

    Args:
        store_url: as in ``[store]``, a relative SQLite file made absolute.
        secrets: values that came through references; hidden wherever output would show them.
        references: dotted key -> reference as written, for those values.
        text: the file as read, for line numbers.
    """

    settings: Settings
    path: Path
    store_url: str
    secrets: frozenset[str] = frozenset()
    references: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def base(self) -> Path:
        """Give the folder relative paths start from."""
        return self.path.parent

    def connection(self, name: str, model: type[Model]) -> Model:
        """Give one connection's table as its connector's own settings.

        Raises:
            ConfigError: a key is unknown, missing or wrong; named with its line.
        """
        return validate_connection(name, self.settings.connections[name], model, text=self.text, secrets=self.secrets)


def load(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Config:
    """Read, merge, resolve and validate; nothing is opened and nobody is asked.

    Args:
        given: what ``-c`` named, if anything.
    Raises:
        ConfigError: with the key, the line and what would be accepted.
    """
    path = files.find_file(given, environ, cwd)
    text = files.read_text(path)
    return build(files.parse(text, path), path=path, environ=environ, text=text)


def language_in(given: Path | None, environ: Mapping[str, str], cwd: Path) -> str | None:
    """Give the language a configuration asks for, even one that cannot work: what is wrong is said in it."""
    asked: Any = environ.get("DUBAN_SERVICE__LANGUAGE")
    try:
        path = files.find_file(given, environ, cwd)
        service = files.parse(files.read_text(path), path).get("service")
    except ConfigError:
        service = None
    if not asked and isinstance(service, dict):
        asked = service.get("language")
    return asked if asked in ("en", "zh") else None


def build(tables: Mapping[str, Any], *, path: Path, environ: Mapping[str, str], text: str = "") -> Config:
    """Do what ``load`` does with tables that are already parsed."""
    merged = _merge(dict(tables), _from_environment(environ))
    resolved = Resolved()
    plain = resolve(merged, base=path.parent, environ=environ, into=resolved)
    secrets = frozenset(resolved.values)
    try:
        settings = Settings(**plain)
    except pydantic.ValidationError as exc:
        raise explain(exc, Settings, (), text, secrets, environ) from None
    _check_names(settings, text)
    url = absolute_url(settings.store.url, path.parent)
    check_url(url)
    return Config(
        settings=settings, path=path, store_url=url, secrets=secrets, references=resolved.references, text=text
    )


def validate_connection(
    name: str,
    table: Mapping[str, Any],
    model: type[Model],
    *,
    text: str = "",
    secrets: frozenset[str] = frozenset(),
) -> Model:
    """Hold a raw ``[connections.<name>]`` table against a connector's settings.

    Raises:
        ConfigError: a key is unknown, missing or wrong.
    """
    return validate_table(("connections", name), table, model, text=text, secrets=secrets)


def validate_table(
    key: Sequence[str],
    table: Mapping[str, Any],
    model: type[Model],
    *,
    text: str = "",
    secrets: frozenset[str] = frozenset(),
) -> Model:
    """Hold a raw table against the model of whoever knows what it means.

    Raises:
        ConfigError: a key is unknown, missing or wrong.
    """
    try:
        return model.model_validate(dict(table))
    except pydantic.ValidationError as exc:
        raise explain(exc, model, key, text, secrets, {}) from None


class _Environment(pydantic_settings.EnvSettingsSource):
    """Reads ``DUBAN_A__B`` from a mapping that was handed in."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name.lower(): value for name, value in environ.items()}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._environ


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    for name in environ:
        head, nested, _ = name.upper().removeprefix("DUBAN_").partition("__")
        if name.upper().startswith("DUBAN_") and nested and head.lower() not in Settings.model_fields:
            raise unknown_name(f"environment variable {name}", head.lower(), Settings.model_fields)
    try:
        return dict(_Environment(environ)())
    except pydantic_settings.SettingsError as exc:
        raise ConfigError(f"environment: {exc}", zh=f"环境变量:{exc}") from exc


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), Mapping):
            below[key] = _merge(dict(below[key]), value)
        else:
            below[key] = value
    return below


def _check_names(settings: Settings, text: str) -> None:
    if not settings.connections:
        raise ConfigError(
            "no [connections.<name>] table: there is nothing to keep the same",
            zh="没有 [connections.<名称>] 表:没有可同步的系统",
        )
    for name in settings.connections:
        if not _NAME.match(name) or name in RESERVED:
            raise ConfigError(
                f'connections: "{name}" cannot be a connection name'
                " (lower-case letters, digits, - and _, beginning with a letter; not hub)",
                zh=f'connections:"{name}" 不能作为连接名(小写字母开头,只含小写字母、数字、- 和 _,且不能是 hub)',
            )
    for entity, tables in settings.map.items():
        if entity not in ENTITIES:
            raise unknown_name(_at(text, "map", entity), entity, ENTITIES)
        for connection in tables:
            if connection not in settings.connections:
                raise unknown_name(_at(text, "map", entity, connection), connection, settings.connections)
    for email, places in settings.users.items():
        for connection in places:
            if connection not in settings.connections:
                raise unknown_name(_at(text, "users", email, connection), connection, settings.connections)


def _at(text: str, *key: str) -> str:
    return place(key, text)


def place(key: Sequence[str], text: str) -> str:
    """Give ``a.b.c (line 12)``."""
    line = files.line_of(text, key) if text else None
    return ".".join(key) + (f" (line {line})" if line else "")
