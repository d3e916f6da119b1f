"""A few calls at once: this service takes one record a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def spread(act: Callable[[T], R], items: Sequence[T], at_once: int, name: str) -> list[R]:
    """Give ``act(item)`` of every item, in order, with at most *at_once* running; one runs in the caller's thread.

    Raises:
        Whatever *act* raises, the first item's first; the others have ended by then.
    """
    workers = min(at_once, len(items))
    if workers <= 1:
        return [act(item) for item in items]
    with ThreadPoolExecutor(workers, thread_name_prefix=f"duban-{name}") as pool:
        return list(pool.map(act, items))
