"""Sealing and keys, without a database."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from mapping.errors import ConfigError
from store.secrets import Cipher, load_key, make_key, require_private

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


@pytest.mark.parametrize(
    "text", [KEY.hex(), base64.b64encode(KEY).decode(), base64.urlsafe_b64encode(KEY).decode() + "\n"]
)
def test_a_key_is_read_in_hex_and_base64(text: str) -> None:
    assert load_key({"DUBAN_KEY": text}) == KEY


@pytest.mark.parametrize("text", ["short", "zz" * 32, base64.b64encode(bytes(16)).decode(), "密钥"])
def test_what_is_no_key_is_refused_by_name_and_never_shown(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_key({"DUBAN_KEY": text})
    assert "DUBAN_KEY is not a key" in str(caught.value)
    assert text not in str(caught.value)


def test_without_a_key_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither DUBAN_KEY nor DUBAN_KEY_FILE"):
        load_key({})
    with pytest.raises(ConfigError, match="does not exist"):
        load_key({"DUBAN_KEY": "", "DUBAN_KEY_FILE": str(tmp_path / "none")})
    with pytest.raises(ConfigError, match="does not exist"):
        load_key({}, tmp_path / "none")


def test_a_made_key_file_is_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "duban.key"
    key = make_key(path, os.urandom)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key({}, path) == load_key({"DUBAN_KEY_FILE": str(path)}) == key
    with pytest.raises(ConfigError, match="never replaced"):
        make_key(path, os.urandom)
    assert load_key({}, path) == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "duban.key"
    make_key(path, os.urandom)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}") as caught:
        load_key({}, path)
    assert caught.value.next_step == f"chmod 600 {path}"
    path.chmod(0o400)
    require_private(path)
