"""Where an error happened: a reader of answers knows neither its connection nor the object that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from connectors.base import Ports
from mapping.errors import DubanError, PageMalformed

P = ParamSpec("P")
R = TypeVar("R")


class Ported(Protocol):
    """A connector that keeps its ports as ``_ports``."""

    _ports: Ports


C = TypeVar("C", bound=Ported)


_USELESS: Final = ("nothing of it was used and it will be asked for again", "未使用其中任何内容，之后会重新读取")


@contextmanager
def told_of(connection: str, object: str | None) -> Iterator[None]:
    """Let errors of the block name their connection, and unusable answers the object and what comes of them."""
    try:
        yield
    except PageMalformed as error:
        error.connection = error.connection or connection
        error.record = _record(object, error.record)
        if error.next_step is None:
            error.next_step, error.next_step_zh = _USELESS
        raise
    except DubanError as error:
        error.connection = error.connection or connection
        raise


def tells_where(act: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R]:
    """Give a method of a connector whose errors name it; its first argument is the object, where it has one."""

    @wraps(act)
    def told(self: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
        first = args[0] if args else kwargs.get("object")
        with told_of(self._ports.name, first if isinstance(first, str) else None):
            return act(self, *args, **kwargs)

    return told


def _record(object: str | None, record: str | None) -> str | None:
    if object is None or (record is not None and "/" in record):
        return record
    return object if record in (None, "", "?") else f"{object}/{record}"
