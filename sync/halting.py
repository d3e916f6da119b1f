"""Stopping politely: work in flight ends, nothing new begins."""

from __future__ import annotations

from collections.abc import Callable

Halt = Callable[[], bool]
"""Says True once a stop was asked for."""


def never() -> bool:
    """Say that nobody asked for a stop."""
    return False
