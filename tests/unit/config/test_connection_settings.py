"""What the settings of a connection refuse by themselves is told in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import load
from connectors.base import ConnectorSettings
from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.zoho.settings import ZohoSettings
from mapping.errors import ConfigError

ZOHO = """
[connections.crm]
kind = "zoho"
client_id = "made-up-id"
client_secret = "made-up-secret"
refresh_token = "made-up-token"
"""
FXIAOKE = """
[connections.crm]
kind = "fxiaoke"
app_id = "made-up-id"
app_secret = "made-up-secret"
permanent_code = "made-up-code"
"""


@pytest.mark.parametrize(
    ("model", "text", "english", "chinese"),
    [
        (ZohoSettings, ZOHO, "say data_center, or both", "请填写 data_center"),
        (
            ZohoSettings,
            ZOHO + 'data_center = "cn"\napi_url = "https://a.example"\n',
            "exclude each other",
            "不能同时填写",
        ),
        (
            ZohoSettings,
            ZOHO + 'api_url = "https://a.example?x=1"\naccounts_url = "https://b.example"\n',
            "must not carry a query",
            "不能带有查询参数",
        ),
        (FxiaokeSettings, FXIAOKE, "needs user_id", "需要 user_id"),
        (FxiaokeSettings, FXIAOKE + 'user_id = "1"\nzone = "Mars/Base"\n', "unknown time zone", "未知的时区"),
    ],
)
def test_what_a_connection_refuses_is_told_in_both_languages(
    model: type[ConnectorSettings], text: str, english: str, chinese: str, tmp_path: Path
) -> None:
    (tmp_path / "duban.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(None, {}, tmp_path).connection("crm", model)
    assert english in caught.value.text("en")
    assert chinese in caught.value.text("zh")
    assert english not in caught.value.text("zh")
    assert "made-up" not in caught.value.text("en") + caught.value.text("zh")
