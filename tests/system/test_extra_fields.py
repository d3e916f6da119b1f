"""A field of the deployment's own, mapped with ``extra = true``, is set like any other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.keys import ensure_key
from mapping.errors import InputError
from service import Service

CONFIG = """
[connections.a]
kind = "memory"

[map.contact.a.fields]
shoe_size = { remote = "shoe_size__c", extra = true }
"""


def test_a_field_of_ones_own_can_be_set(tmp_path: Path) -> None:
    config = tmp_path / "duban.toml"
    config.write_text(CONFIG)
    ensure_key({}, tmp_path, os.urandom)
    with Service.open(config) as service:
        uid = service.desk.add("contact", {"name": "Ann Lee", "shoe_size": "39"})
        assert service.desk.set("contact", uid, {"shoe_size": "40"}) == (uid, ["shoe_size"])
        with pytest.raises(InputError, match="shoe_sise"):
            service.desk.set("contact", uid, {"shoe_sise": "40"})
