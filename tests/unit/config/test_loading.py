"""A configuration is read whole or refused with one clear line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydantic
import pytest

from config.loading import Config, load
from config.settings import json_schema
from mapping.errors import ConfigError

GOOD = """
[service]
timezone = "Asia/Shanghai"
every = "5m"

[connections.acme]
kind = "acme"
token = "env:ACME_TOKEN"

[map.task.acme]
object = "Tasks"

[users]
"wang@vendor.example" = { acme = "w@x.example" }
"""
ENVIRON = {"ACME_TOKEN": "hunter2-and-more"}


class AcmeSettings(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    kind: str
    token: pydantic.SecretStr
    page_size: int = 100


Load = Callable[..., Config]


@pytest.fixture
def read(tmp_path: Path) -> Load:
    def _read(text: str | bytes, environ: dict[str, str] | None = None) -> Config:
        path = tmp_path / "duban.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, ENVIRON if environ is None else environ, tmp_path)

    return _read


def test_a_good_file_is_read_whole(read: Load, tmp_path: Path) -> None:
    config = read(GOOD)
    assert config.settings.service.every == 300.0
    assert config.settings.connections["acme"]["token"] == "hunter2-and-more"
    assert config.references == {"connections.acme.token": "env:ACME_TOKEN"}
    assert config.secrets == {"hunter2-and-more"}
    assert config.store_url == f"sqlite:///{tmp_path / 'duban.db'}"
    assert config.connection("acme", AcmeSettings).page_size == 100


def test_a_byte_order_mark_is_forgiven(read: Load) -> None:
    assert read(b"\xef\xbb\xbf" + GOOD.encode()).settings.users["wang@vendor.example"]["acme"] == "w@x.example"


def test_the_environment_beats_the_file(read: Load) -> None:
    config = read(GOOD, {**ENVIRON, "DUBAN_SERVICE__EVERY": "30s", "DUBAN_CONNECTIONS__ACME__PAGE_SIZE": "7"})
    assert config.settings.service.every == 30.0
    assert config.connection("acme", AcmeSettings).page_size == 7


def test_the_file_is_found_by_option_then_variable_then_here(tmp_path: Path) -> None:
    (tmp_path / "duban.toml").write_text(GOOD)
    (tmp_path / "other.toml").write_text(GOOD.replace("5m", "6m"))
    assert load(None, ENVIRON, tmp_path).settings.service.every == 300
    assert load(None, {**ENVIRON, "DUBAN_CONFIG": "other.toml"}, tmp_path).settings.service.every == 360
    assert load(Path("duban.toml"), {**ENVIRON, "DUBAN_CONFIG": "other.toml"}, tmp_path).settings.service.every == 300


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("", ""), None),
        (("every =", "evry ="), 'service.evry (line 4): unknown name "evry"; did you mean "every"?'),
        (("[service]", "[servcie]"), 'servcie (line 2): unknown name "servcie"; did you mean "service"?'),
        (('"5m"', '"5"'), 'service.every (line 4): expected a time with its unit, such as "30s", "5m" or "1h"'),
        (('"5m"', "5"), "service.every (line 4): expected a time with its unit"),
        (('"5m"', '"0s"'), 'expected a time between "1s" and "7d"'),
        (('"5m"', '"999999d"'), 'expected a time between "1s" and "7d"'),
        (("Asia/Shanghai", "Asia/Shangai"), 'unknown time zone; did you mean "Asia/Shanghai"?'),
        (("Asia/Shanghai", "../../etc/passwd"), "unknown time zone"),
        (("map.task", "map.tasks"), 'map.tasks (line 10): unknown name "tasks"; did you mean "task"?'),
        (("map.task.acme", "map.task.acm"), 'unknown name "acm"; did you mean "acme"?'),
        (("{ acme", "{ acne"), 'unknown name "acne"; did you mean "acme"?'),
        (("connections.acme", "connections.hub"), '"hub" cannot be a connection name'),
        (("connections.acme", "connections.Acme"), '"Acme" cannot be a connection name'),
        (("env:ACME_TOKEN", "env:NOBODY"), "connections.acme.token: environment variable NOBODY is not set"),
        (("env:ACME_TOKEN", "file:nowhere"), "connections.acme.token: no file"),
        (("env:ACME_TOKEN", "file:."), "connections.acme.token: "),
    ],
)
def test_a_mistake_is_one_line_with_the_key(read: Load, change: tuple[str, str], said: str | None) -> None:
    text = GOOD.replace(*change)
    if said is None:
        read(text)
        return
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert said in caught.value.text()
    assert "\n" not in caught.value.text()
    assert "hunter2" not in caught.value.text()
    assert "\n" not in caught.value.text("zh")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"# nothing\n\n", "is empty"),
        (b"[service]\nevery = '5m'\nevery = '6m'\n", "line 3"),
        (b"[service\n", "line 1"),
        (b"\xff\xfe[\x00", "line 1: not UTF-8"),
        (b"[service]\n", "no [connections.<name>] table"),
        (b"#" * 10_000_000, "is larger than"),
        (b"a = " + b"[" * 20_000, "is not valid TOML"),
    ],
)
def test_a_file_that_is_no_configuration_says_so(read: Load, content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("[", r"\[")):
        read(content)


@pytest.mark.parametrize(("value", "said"), [("", "is empty"), ("  ", "is empty"), ("a\nb", "more than one line")])
def test_a_bad_secret_names_its_key_and_never_its_value(read: Load, value: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(GOOD, {"ACME_TOKEN": value})
    assert caught.value.text() == f"connections.acme.token: env:ACME_TOKEN {'holds ' if 'more' in said else ''}{said}"


def test_a_secret_file_is_private_and_beside_the_configuration(read: Load, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("from-a-file\n")
    text = GOOD.replace("env:ACME_TOKEN", "file:token")
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match=r"readable by others \(mode 0644\), expected 0600"):
        read(text)
    secret.chmod(0o600)
    assert read(text).settings.connections["acme"]["token"] == "from-a-file"


def test_a_misspelt_variable_is_refused(read: Load) -> None:
    with pytest.raises(ConfigError, match='DUBAN_SERVCE__EVERY: unknown name "servce"; did you mean "service"'):
        read(GOOD, {**ENVIRON, "DUBAN_SERVCE__EVERY": "1m"})
    with pytest.raises(ConfigError, match="from DUBAN_SERVICE__EVERY"):
        read(GOOD, {**ENVIRON, "DUBAN_SERVICE__EVERY": "soon"})
    with pytest.raises(ConfigError, match="environment"):
        read(GOOD, {**ENVIRON, "DUBAN_USERS": "{not json"})


def test_a_connection_table_is_held_against_its_connector(read: Load) -> None:
    config = read(GOOD.replace("token =", "tokn ="))
    with pytest.raises(ConfigError) as caught:
        config.connection("acme", AcmeSettings)
    assert caught.value.text() == 'connections.acme.tokn (line 8): unknown name "tokn"; did you mean "token"?'
    config = read(GOOD.replace('token = "env:ACME_TOKEN"', 'page_size = "many"'))
    with pytest.raises(ConfigError) as caught:
        config.connection("acme", AcmeSettings)
    assert "connections.acme.token" in caught.value.text()


def test_a_secret_of_the_wrong_type_is_not_shown(read: Load) -> None:
    config = read(GOOD.replace("token =", 'page_size = "env:ACME_TOKEN"\ntoken ='))
    with pytest.raises(ConfigError) as caught:
        config.connection("acme", AcmeSettings)
    assert "page_size" in caught.value.text()
    assert "hunter2" not in caught.value.text()


def test_a_page_off_loopback_needs_a_token(read: Load) -> None:
    with pytest.raises(ConfigError, match="needs web_token"):
        read(GOOD.replace('every = "5m"', 'web = "0.0.0.0:8377"'))
    read(GOOD.replace('every = "5m"', 'web = "127.0.0.1:8377"'))
    read(GOOD.replace('every = "5m"', 'web = "localhost:8377"'))
    with pytest.raises(ConfigError, match="host:port"):
        read(GOOD.replace('every = "5m"', 'web = "8377"'))


def test_the_schema_knows_the_connectors() -> None:
    schema = json_schema({"acme": AcmeSettings})
    assert schema["properties"]["connections"]["additionalProperties"] == {
        "oneOf": [{"$ref": "#/$defs/connection_acme"}]
    }
    assert schema["$defs"]["connection_acme"]["additionalProperties"] is False
    assert "every" in schema["$defs"]["ServiceSettings"]["properties"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('every = "5m"', 'every = "5 Minuten"'), "service.every(第 4 行):应为带单位的时间,如"),
        (('every = "5m"', 'language = "cn"'), "service.language(第 4 行):应为 'en' 或 'zh',实际为 'cn'"),
        (('every = "5m"', 'drain_s = "soon"'), "service.drain_s(第 4 行):应为"),
        (("Asia/Shanghai", "Asia/Shanhai"), 'service.timezone(第 3 行):未知的时区;是否想写 "Asia/Shanghai"?'),
        (("every", "evry"), 'service.evry(第 4 行):未知的名称 "evry";是否想写 "every"?'),
    ],
)
def test_a_mistake_is_told_in_chinese_too(read: Load, change: tuple[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(GOOD.replace(*change))
    assert caught.value.text("zh").startswith(said)
