"""What holds for all commands and processes that tests start: nothing of this machine's settings reaches them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no ``DUBAN_*`` variable of whoever runs the tests be heard."""
    for name in list(os.environ):
        if name.startswith("DUBAN_"):
            monkeypatch.delenv(name)
