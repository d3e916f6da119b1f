"""The store's URL: a known driver that is installed, a file that can be there."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Final

from config.values import suggest
from mapping.errors import ConfigError

_DRIVERS: Final = {
    "sqlite": ("sqlite3", ""),
    "sqlite+pysqlite": ("sqlite3", ""),
    "postgresql": ("psycopg", "postgres"),
    "postgresql+psycopg": ("psycopg", "postgres"),
    "mysql": ("pymysql", "mysql"),
    "mysql+pymysql": ("pymysql", "mysql"),
    "mariadb": ("pymysql", "mysql"),
    "mariadb+pymysql": ("pymysql", "mysql"),
}
"""Scheme -> (module that must be importable, extra that brings it)."""

_FULL: Final = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}


def in_memory(url: str) -> bool:
    """Say whether *url* is a SQLite store that ends with its process."""
    return _scheme(url).startswith("sqlite") and (_file(url) in ("", ":memory:") or "mode=memory" in url)


def absolute_url(url: str, base: Path) -> str:
    """Give *url* with its driver spelt out and a relative SQLite file placed beside the configuration."""
    scheme = _scheme(url)
    if scheme in _FULL:
        return _FULL[scheme] + url[len(scheme) :]
    if not scheme.startswith("sqlite") or in_memory(url) or _file(url).startswith("file:"):
        return url
    path, mark, query = url.partition("://")[2].lstrip().removeprefix("/").partition("?")
    return f"{scheme}:///{base / path}{mark}{query}"


def check_url(url: str) -> None:
    """Refuse a store that cannot work.

    Raises:
        ConfigError: unknown or missing driver; for SQLite a folder, a missing folder, or one we may not write.
    """
    scheme = _scheme(url)
    if scheme not in _DRIVERS:
        known = sorted(name for name in _DRIVERS if "+" not in name)
        raise ConfigError(
            f'store.url: unknown driver "{scheme}"{suggest(scheme, known)}', zh=f'store.url:未知的驱动 "{scheme}"'
        )
    module, extra = _DRIVERS[scheme]
    if importlib.util.find_spec(module) is None:
        raise ConfigError(
            f"store.url: the driver {module} is not installed", zh=f"store.url:未安装驱动 {module}",
            next_step=f"pip install 'duban[{extra}]'", next_step_zh=f"pip install 'duban[{extra}]'",
        )  # fmt: skip
    if scheme.startswith("sqlite") and not in_memory(url) and not _file(url).startswith("file:"):
        _check_file(Path(_file(url)))


def _check_file(path: Path) -> None:
    folder = path.parent
    if path.is_dir():
        raise ConfigError(f"store.url: {path} is a folder", zh=f"store.url:{path} 是文件夹")
    if not folder.is_dir():
        raise ConfigError(f"store.url: there is no folder {folder}", zh=f"store.url:没有文件夹 {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise ConfigError(f"store.url: {path} cannot be written", zh=f"store.url:无法写入 {path}")


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _file(url: str) -> str:
    return url.partition("://")[2].removeprefix("/").partition("?")[0]
