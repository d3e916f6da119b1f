"""Logs: set up here and nowhere else. They go to stderr, and registered secrets never reach it.

For people on a terminal, JSON lines elsewhere. Standard-library loggers run through the same chain.
"""

from __future__ import annotations

import base64
import logging
import sys
import traceback
import urllib.parse
from collections.abc import Iterable
from typing import Any, Final

import structlog

SHORTEST_SECRET: Final = 6
"""Shorter values are words that occur anywhere; hiding them would eat the log."""

MASK: Final = "[hidden]"
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_LOUD: Final = ("httpx", "httpcore", "apscheduler", "uvicorn", "alembic", "tzlocal")
_secrets: set[str] = set()


def hide(values: Iterable[str]) -> None:
    """Mask these values, also URL-quoted and in base64, wherever output goes through ``masked``."""
    for value in values:
        if len(value) >= SHORTEST_SECRET:
            raw = value.encode("utf-8", "surrogatepass")
            _secrets.update((value, urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value)))
            _secrets.update((base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()))


def masked(said: str) -> str:
    """Give *said* without any registered secret."""
    for secret in sorted(_secrets, key=len, reverse=True):
        said = said.replace(secret, MASK)
    return said


def hidden_traceback(exc: BaseException) -> str:
    """Give the traceback of *exc*, secrets masked."""
    return masked("".join(traceback.format_exception(exc)))


def _mask_event(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: _mask(value) for key, value in event.items()}


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _mask(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(inner) for inner in value]
    return value if value is None or isinstance(value, int | float) else masked(str(value))


def set_up(*, level: str = "info", color: bool = True) -> None:
    """Send every log line to stderr through one chain; a second call replaces the first."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    watched = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=color)
        if watched
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask_event, renderer],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS.get(level.lower(), logging.INFO))
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
