"""Commands typed in this process, with what they said: quicker than a process each."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from assembly.machine import SystemClock
from commands.main import main


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def type_command(
    config: Path, *words: str, lang: str = "en", stdin: str = "", clock: SystemClock | None = None
) -> Ended:
    """Type a command; logs and signals are left as they were found."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    sigterm = signal.getsignal(signal.SIGTERM)
    code = -1
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _given(stdin):
            main(["-c", str(config), "--lang", lang, *words], clock)
    except SystemExit as exc:
        code = int(exc.code or 0)
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)
        signal.signal(signal.SIGTERM, sigterm)
        structlog.reset_defaults()
    return Ended(code, _read(out), _read(err))


@contextlib.contextmanager
def _given(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
