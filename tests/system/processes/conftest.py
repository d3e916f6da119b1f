"""Where the processes' stores live: SQLite files, and a PostgreSQL as the store's contract starts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.store.conftest import pg_database, pg_server

__all__ = ["pg_database", "pg_server"]


@pytest.fixture(params=["file", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """The address of a store; None for a file beside the configuration."""
    if request.param == "file":
        return None
    make: Callable[[], str] = request.getfixturevalue("pg_database")
    return make().replace("postgresql+psycopg", "postgresql")
