"""``[notices]``: what it becomes, and how a table that cannot work is refused."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from assembly.telling import check_channels, read_outbound
from config.loading import Config, build
from mapping.errors import ConfigError

MAIL = {"kind": "smtp", "host": "mail.example", "sender": "duban <d@vendor.example>", "password": "env:MAIL_PASSWORD"}
DING = {"kind": "dingtalk", "token": "env:DING_TOKEN", "secret": "env:DING_SECRET"}
ENVIRON = {"MAIL_PASSWORD": "m", "DING_TOKEN": "t", "DING_SECRET": "s"}


def config(**notices: Any) -> Config:
    tables = {
        "connections": {"zoho": {"kind": "zoho"}},
        "notices": {"channels": {"mail": MAIL, "ding": DING}, **notices},
    }
    return build(tables, path=Path.cwd() / "duban.toml", environ=ENVIRON)


def test_nothing_is_sent_and_nobody_at_the_client_is_written_to_by_default() -> None:
    table = build(
        {"connections": {"zoho": {"kind": "zoho"}}}, path=Path.cwd() / "duban.toml", environ={}
    ).settings.notices
    assert (table.send, table.to_clients, table.channels) == (False, False, {})
    assert check_channels(config()).keys() == {"mail", "ding"}


def test_the_table_is_taken_over() -> None:
    made = read_outbound(
        config(
            internal="mail", clients="mail", operating="ding", people={"Li@Vendor.example": "ding"},
            steering=["CEO@vendor.example"], window="08:30-17:00", repeat_bd=[1, 2, 3, 4],
        ).settings.notices,
        "en",
    )  # fmt: skip
    assert made.people == {"li@vendor.example": "ding"}
    assert made.steering == ("ceo@vendor.example",)
    assert (made.window.opens, made.window.closes) == (time(8, 30), time(17))
    assert (made.knobs.repeat_bd, made.language, made.to_clients) == ((1, 2, 3, 4), "en", False)


@pytest.mark.parametrize(
    ("notices", "said"),
    [
        ({"internal": "male"}, 'notices.internal: no \\[notices.channels.male\\]; did you mean "mail"'),
        ({"people": {"a@b.example": "x"}}, "notices.people.a@b.example: no"),
        ({"clients": "ding"}, "cannot reach a client"),
        ({"drafts": "mail"}, 'kind "file"'),
        ({"channels": {"x": {"kind": "smoke"}}}, "'smoke' is no kind of channel"),
        ({"channels": {"x": {**DING, "secret": "SECplain"}}}, "notices.channels.x.secret: a secret is never written"),
        ({"channels": {"x": {**DING, "tokn": "y"}}}, 'unknown name "tokn"; did you mean "token"'),
        ({"channels": {"x": {"kind": "employee", "connection": "zoha"}}}, 'no connection "zoha"; did you mean "zoho"'),
        ({"window": "18:00-09:00"}, "window opens before it closes"),
        ({"window": "9-18"}, "notices.window"),
        ({"repeat_bd": [0, 1, 1, 1]}, "repeat_bd counts working days"),
        ({"sned": True}, 'unknown name "sned"; did you mean "send"'),
    ],
)
def test_a_table_that_cannot_work_names_its_key(notices: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        check_channels(config(**notices))
    assert "SECplain" not in caught.value.text("zh") + caught.value.text("en")
