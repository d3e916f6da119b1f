"""A store in a file for the tests of what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.testing_rig import HandClock
from store.database import Database


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'hub.db'}", clock=HandClock(1_781_226_300_000))
    yield database
    database.close()
