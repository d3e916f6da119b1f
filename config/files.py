"""Reading the file: found, small enough, UTF-8, TOML; and telling on which line a key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mapping.errors import ConfigError

DEFAULT_NAME: Final = "duban.toml"
MAX_BYTES: Final = 1_000_000
_HEADER: Final = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_.-]|\s)+?)\s*=""")
_PART: Final = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


def find_file(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Give the file to read: the one given, else ``DUBAN_CONFIG``, else ``duban.toml`` here.

    Raises:
        ConfigError: it is not there, or not a file.
    """
    named = given or (Path(environ["DUBAN_CONFIG"]) if environ.get("DUBAN_CONFIG") else None)
    path = (cwd / (named or DEFAULT_NAME)).absolute()
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a configuration file", zh=f"{path} 是文件夹,不是配置文件")
    if not path.exists():
        raise ConfigError(
            f"no configuration file at {path}",
            zh=f"找不到配置文件 {path}",
            next_step="write one with `duban init`, or name it with -c",
            next_step_zh="用 `duban init` 生成一份,或用 -c 指定",
        )
    return path


def read_text(path: Path) -> str:
    """Give the text of a configuration file; a byte order mark is forgiven.

    Raises:
        ConfigError: unreadable, too large, or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}", zh=f"无法读取 {path}:{exc.strerror}") from exc
    if len(raw) > MAX_BYTES:
        raise ConfigError(
            f"{path} is larger than {MAX_BYTES} bytes; this is no configuration file",
            zh=f"{path} 超过 {MAX_BYTES} 字节,不像是配置文件",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}, line {line}: not UTF-8", zh=f"{path} 第 {line} 行不是 UTF-8 编码",
            next_step="save the file as UTF-8", next_step_zh="请以 UTF-8 编码保存",
        ) from exc  # fmt: skip


def parse(text: str, path: Path) -> dict[str, Any]:
    """Give the tables of a file.

    Raises:
        ConfigError: empty, or not TOML; with the line.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ConfigError(f"{path} is not valid TOML: {exc}", zh=f"{path} 不是合法的 TOML:{exc}") from exc
    if not tables:
        raise ConfigError(
            f"{path} is empty", zh=f"{path} 是空的",
            next_step="write a commented one with `duban init`", next_step_zh="用 `duban init` 生成带注释的配置",
        )  # fmt: skip
    return tables


def line_of(text: str, key: Sequence[str]) -> int | None:
    """Give the line on which *key* is set, or its table begins; None when a cheap look does not find it."""
    wanted = [str(part) for part in key]
    table: list[str] = []
    found: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            table = _parts(header[1])
            here = table
        else:
            assignment = _KEY.match(line)
            if assignment is None:
                continue
            here = table + _parts(assignment[1])
        if here[: len(wanted)] == wanted:
            return number
        if here == wanted[: len(here)]:
            found = number
    return found


def _parts(dotted: str) -> list[str]:
    return [a or b or c for a, b, c in _PART.findall(dotted)]
