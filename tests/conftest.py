"""What holds for all tests."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let nobody watch the lines of a test marked ``no_cover``: thousands of runs would take twice as long.

    pytest-cov pauses one watcher; in a worker of pytest-xdist there are two, and the other one then goes on.
    """
    watcher = sys.gettrace() if item.get_closest_marker("no_cover") else None
    if watcher is None:
        return (yield)
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(watcher)
