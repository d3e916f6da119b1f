"""Sealing, without a database."""

from __future__ import annotations

import os

import pytest

from mapping.errors import ConfigError
from store.secrets import Cipher

KEY = bytes(range(32))


def cipher(key: bytes = KEY) -> Cipher:
    return Cipher(key, os.urandom)


def test_what_was_sealed_opens_in_its_place_only() -> None:
    sealed = cipher().seal("密码", table="secret", row="a", column="sealed")
    assert cipher().open(sealed, table="secret", row="a", column="sealed") == "密码"
    for place in (("secret", "b", "sealed"), ("secre", "ta", "sealed"), ("secret", "a", "source")):
        with pytest.raises(ConfigError, match="does not open"):
            cipher().open(sealed, table=place[0], row=place[1], column=place[2])


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x02" + bytes(40), bytes(41)])
def test_altered_bytes_do_not_open(broken: bytes) -> None:
    with pytest.raises(ConfigError, match="does not open"):
        cipher().open(broken, table="secret", row="a", column="sealed")


def test_every_single_flipped_bit_is_noticed() -> None:
    sealed = cipher().seal("x", table="t", row="r", column="c")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(ConfigError):
            cipher().open(bytes(altered), table="t", row="r", column="c")


def test_another_key_does_not_open() -> None:
    sealed = cipher().seal("x", table="t", row="r", column="c")
    with pytest.raises(ConfigError, match="does not open"):
        cipher(bytes(32)).open(sealed, table="t", row="r", column="c")


def test_the_same_text_is_sealed_differently_every_time() -> None:
    assert cipher().seal("x", table="t", row="r", column="c") != cipher().seal("x", table="t", row="r", column="c")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="31 bytes"):
        cipher(bytes(31))
