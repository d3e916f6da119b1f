"""The key that secrets in the store are encrypted with: 32 bytes, from the environment or a private file."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from config.references import read_secret_file
from mapping.errors import ConfigError

KEY_BYTES: Final = 32
KEY_FILE_NAME: Final = "duban.key"


def find_key(environ: Mapping[str, str], base: Path) -> bytes:
    """Give the key: ``DUBAN_KEY``, else the file ``DUBAN_KEY_FILE``, else ``duban.key`` beside the configuration.

    Raises:
        ConfigError: there is none, it is not 32 bytes, or its file is open to others. No key, no start.
    """
    if environ.get("DUBAN_KEY"):
        return _decode(environ["DUBAN_KEY"], "DUBAN_KEY")
    if environ.get("DUBAN_KEY_FILE"):
        return _decode(read_secret_file(base / environ["DUBAN_KEY_FILE"], "DUBAN_KEY_FILE"), "DUBAN_KEY_FILE")
    path = base / KEY_FILE_NAME
    if not path.exists():
        raise ConfigError(
            f"no key: neither DUBAN_KEY nor DUBAN_KEY_FILE is set and there is no {path}",
            zh=f"没有密钥:DUBAN_KEY 与 DUBAN_KEY_FILE 均未设置,也没有 {path}",
            next_step="`duban init` makes one; after a move, bring the old one along",
            next_step_zh="`duban init` 会生成密钥;若是迁移,请把原来的密钥一起带过来",
        )
    return _decode(read_secret_file(path, KEY_FILE_NAME), str(path))


def ensure_key(environ: Mapping[str, str], base: Path, random_bytes: Callable[[int], bytes]) -> None:
    """Make a key beside the configuration where nothing names another one and there is none yet."""
    path = base / KEY_FILE_NAME
    if not environ.get("DUBAN_KEY") and not environ.get("DUBAN_KEY_FILE") and not path.exists():
        write_key(path, random_bytes(KEY_BYTES))


def write_key(path: Path, key: bytes) -> None:
    """Write *key* to a new file that only its owner may read; an existing file is never touched.

    Raises:
        FileExistsError: there is one already.
    """
    write_private(path, base64.urlsafe_b64encode(key).decode("ascii") + "\n")


def write_private(path: Path, text: str) -> None:
    """Write *text* to a new file of mode 0600.

    Raises:
        FileExistsError: there is one already.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"{where} does not hold a key of {KEY_BYTES} bytes in base64",
            zh=f"{where} 不是 {KEY_BYTES} 字节的 base64 密钥",
        )
    return key
