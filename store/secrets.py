"""Secrets at rest: sealed with AES-256-GCM, bound to the place they stand in. No key, no start.

A sealed value is a version byte, a nonce of 12 bytes and the ciphertext with its tag. Table, row and column are
authenticated along with it, so a ciphertext that was moved to another row does not open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mapping.errors import ConfigError
from store.statements import execute, fetch, fetch_one, upsert
from store.tx import Tx

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"
RandomBytes = Callable[[int], bytes]


class Cipher:
    """Seals and opens small secrets with one key.

    Args:
        key: 32 bytes (see ``config.keys``).
        random_bytes: gives that many fresh random bytes; a nonce must never repeat under one key.
    """

    def __init__(self, key: bytes, random_bytes: RandomBytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigError(f"the key has {len(key)} bytes; it needs {KEY_BYTES}", zh=f"密钥须为 {KEY_BYTES} 字节")
        self._aead = AESGCM(key)
        self._random_bytes = random_bytes

    def seal(self, text: str, *, table: str, row: str, column: str) -> bytes:
        """Encrypt *text* for exactly that place."""
        nonce = self._random_bytes(NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, text.encode(), _place(table, row, column))

    def open(self, sealed: bytes, *, table: str, row: str, column: str) -> str:
        """Decrypt what was sealed for that place.

        Raises:
            ConfigError: another key, another place, or altered bytes.
        """
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return self._aead.decrypt(nonce, body, _place(table, row, column)).decode()
        except (InvalidTag, ValueError) as exc:
            raise ConfigError(
                f"the stored secret {row!r} does not open with this key",
                zh=f"无法用当前密钥解开已保存的 {row!r}",
                next_step="restore the key file, or set the secret again",
                next_step_zh="请恢复密钥文件，或重新设置该密钥",
            ) from exc


def _place(table: str, row: str, column: str) -> bytes:
    """Join the place without ambiguity."""
    return b"".join(len(part).to_bytes(2, "big") + part for part in (p.encode() for p in (table, row, column)))


@dataclass(frozen=True, slots=True)
class Secret:
    """A stored secret, opened.

    Args:
        source: the config reference it replaced; when that changes, the reference wins again.
    """

    value: str
    source: str
    at_ms: int


def put(tx: Tx, cipher: Cipher, name: str, value: str, now_ms: int, source: str = "") -> None:
    """Store a secret under *name*, sealed."""
    sealed = cipher.seal(value, table="secret", row=name, column="sealed")
    upsert(tx, "secret", [{"name": name, "sealed": sealed, "source": source, "at_ms": now_ms}], ("name",))


def get(tx: Tx, cipher: Cipher, name: str) -> Secret | None:
    """Give the secret stored under *name*, or None.

    Raises:
        ConfigError: it does not open with this key.
    """
    row = fetch_one(tx, 'SELECT "sealed", "source", "at_ms" FROM "secret" WHERE "name" = ?', name)
    if row is None:
        return None
    return Secret(cipher.open(bytes(row[0]), table="secret", row=name, column="sealed"), row[1], row[2])


def drop(tx: Tx, name: str) -> None:
    """Forget a secret."""
    execute(tx, 'DELETE FROM "secret" WHERE "name" = ?', name)


def names(tx: Tx) -> list[str]:
    """Give the names of what is stored, in order."""
    return [row[0] for row in fetch(tx, 'SELECT "name" FROM "secret" ORDER BY "name"')]
