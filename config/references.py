"""Values that stand elsewhere: ``env:NAME`` and ``file:PATH``.

A message here names the key and the reference, never what was found behind it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mapping.errors import ConfigError

MAX_SECRET_BYTES: Final = 65_536


@dataclass(slots=True)
class Resolved:
    """What resolving found out.

    Args:
        values: every value that came through a reference; output hides them wherever they turn up.
        references: dotted key -> the reference as written; a changed reference outdates a stored token.
    """

    values: set[str] = field(default_factory=set)
    references: dict[str, str] = field(default_factory=dict)


def resolve(tables: Any, *, base: Path, environ: Mapping[str, str], into: Resolved, key: str = "") -> Any:
    """Give a copy of *tables* with every reference replaced by what it names.

    Args:
        base: folder that relative paths start from: the configuration file's own.
    Raises:
        ConfigError: the variable or file is missing, empty, open to others, or holds more than one line.
    """
    if isinstance(tables, dict):
        return {
            name: resolve(value, base=base, environ=environ, into=into, key=f"{key}.{name}" if key else str(name))
            for name, value in tables.items()
        }
    if isinstance(tables, list):
        return [
            resolve(value, base=base, environ=environ, into=into, key=f"{key}[{number}]")
            for number, value in enumerate(tables)
        ]
    if not isinstance(tables, str) or not tables.startswith(("env:", "file:")):
        return tables
    value = _one(tables, key, base, environ)
    into.values.add(value)
    into.references[key] = tables
    return value


def _one(reference: str, key: str, base: Path, environ: Mapping[str, str]) -> str:
    kind, _, name = reference.partition(":")
    raw = _from_env(name, key, environ) if kind == "env" else read_secret_file(base / name, key)
    value = raw.rstrip("\r\n") if kind == "file" else raw
    if not value.strip():
        raise ConfigError(f"{key}: {reference} is empty", zh=f"{key}:{reference} 为空")
    if "\n" in value or "\r" in value:
        raise ConfigError(f"{key}: {reference} holds more than one line", zh=f"{key}:{reference} 含有换行")
    return value


def _from_env(name: str, key: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise ConfigError(
            f"{key}: environment variable {name} is not set", zh=f"{key}:环境变量 {name} 未设置",
            next_step="set it, or use file:PATH", next_step_zh="请设置它,或改用 file:PATH",
        )  # fmt: skip
    return environ[name]


def read_secret_file(path: Path, key: str) -> str:
    """Give the text of a file that only its owner may read.

    Raises:
        ConfigError: missing, not a plain file, too large, not text, or open to group or others.
    """
    try:
        with path.open("rb") as file:
            check_private(os.fstat(file.fileno()), path, key)
            raw = file.read(MAX_SECRET_BYTES + 1)
    except FileNotFoundError as exc:
        raise ConfigError(f"{key}: no file {path}", zh=f"{key}:没有文件 {path}") from exc
    except OSError as exc:
        raise ConfigError(
            f"{key}: {path} cannot be read: {exc.strerror}", zh=f"{key}:无法读取 {path}:{exc.strerror}"
        ) from exc
    if len(raw) > MAX_SECRET_BYTES:
        raise ConfigError(f"{key}: {path} is too large for a secret", zh=f"{key}:{path} 太大,不像是密钥")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{key}: {path} is not text", zh=f"{key}:{path} 不是文本文件") from exc


def check_private(status: os.stat_result, path: Path, key: str) -> None:
    """Refuse a secret file that is not plain, or that others could read.

    Raises:
        ConfigError: with the command that mends it.
    """
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{key}: {path} is not a plain file", zh=f"{key}:{path} 不是普通文件")
    mode = stat.S_IMODE(status.st_mode)
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            f"{key}: {path} is readable by others (mode {mode:04o}), expected 0600",
            zh=f"{key}:{path} 对其他用户可读(权限 {mode:04o}),应为 0600",
            next_step=f"chmod 600 {path}", next_step_zh=f"chmod 600 {path}",
        )  # fmt: skip
