"""A store that cannot work is refused before it is opened; no key, no start."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from config.files import line_of
from config.keys import KEY_FILE_NAME, find_key, write_key
from config.stores import absolute_url, check_url, in_memory
from mapping.errors import ConfigError

KEY = bytes(range(32))


def test_a_relative_file_is_beside_the_configuration(tmp_path: Path) -> None:
    assert absolute_url("sqlite:///duban.db", tmp_path) == f"sqlite:///{tmp_path}/duban.db"
    assert absolute_url("sqlite:////var/duban.db", tmp_path) == "sqlite:////var/duban.db"
    assert absolute_url("sqlite:///d.db?timeout=3", tmp_path) == f"sqlite:///{tmp_path}/d.db?timeout=3"
    assert absolute_url("postgresql://u@h/d", tmp_path) == "postgresql+psycopg://u@h/d"
    assert absolute_url("sqlite://", tmp_path) == "sqlite://"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_store_that_ends_with_the_process_is_known(url: str) -> None:
    assert in_memory(url)
    assert not in_memory("sqlite:///duban.db")
    assert not in_memory("postgresql://u@h/memory")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://x", 'unknown driver "oracle"; known: mariadb, mysql, postgresql, sqlite'),
        ("sqlte:///x.db", 'did you mean "sqlite"'),
        ("sqlite:////no/such/folder/x.db", "there is no folder /no/such/folder"),
        ("sqlite:////tmp", "/tmp is a folder"),
        ("nonsense", "unknown driver"),
    ],
)
def test_a_store_that_cannot_work_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_url(url)


def test_a_key_comes_from_variable_then_named_file_then_beside(tmp_path: Path) -> None:
    text = base64.b64encode(KEY).decode()
    assert find_key({"DUBAN_KEY": text}, tmp_path) == KEY
    named = tmp_path / "k"
    named.write_text(text)
    named.chmod(0o600)
    assert find_key({"DUBAN_KEY_FILE": "k"}, tmp_path) == KEY
    write_key(tmp_path / KEY_FILE_NAME, KEY)
    assert find_key({}, tmp_path) == KEY
    assert stat.S_IMODE((tmp_path / KEY_FILE_NAME).stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_key(tmp_path / KEY_FILE_NAME, KEY)


def test_no_key_no_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no key"):
        find_key({}, tmp_path)
    with pytest.raises(ConfigError, match="DUBAN_KEY does not hold a key of 32 bytes"):
        find_key({"DUBAN_KEY": "short"}, tmp_path)


def test_a_key_file_readable_by_all_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path / KEY_FILE_NAME, KEY)
    (tmp_path / KEY_FILE_NAME).chmod(0o644)
    with pytest.raises(ConfigError, match="readable by others"):
        find_key({}, tmp_path)


@pytest.mark.parametrize(
    ("key", "line"),
    [(("a", "b"), 2), (("a", "c", "d"), 3), (("x", "y y", "z"), 5), (("a", "missing"), 1), (("nowhere",), None)],
)
def test_a_key_is_found_on_its_line(key: tuple[str, ...], line: int | None) -> None:
    text = '[a]\nb = 1\nc.d = 2\n[x."y y"]  # why\nz = 3\n'
    assert line_of(text, key) == line
