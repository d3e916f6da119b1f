"""The page an operator reads names every setting there is, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import ConnectorSettings
from connectors.zoho.settings import REGIONS, ZohoSettings

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("page", ["zoho.md", "zoho.zh-CN.md"])
def test_every_setting_and_data_centre_is_documented(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    own = set(ZohoSettings.model_fields) - set(ConnectorSettings.model_fields)
    assert [name for name in sorted(own | set(REGIONS)) if f"`{name}`" not in text] == []
