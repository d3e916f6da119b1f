"""Starts real processes of the command line by forking one that has everything loaded: killing is cheap then.

Run as a program it reads one JSON request a line: ``{"start": [words], "log": file}`` answers the new process id,
``{"poll": pid}`` its exit code (negative for a signal) or null.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.system.acceptance.worlds import ENV, ROOT

LONG_S = 120.0
_LOADED = (
    "commands.main", "commands.sandbox", "commands.syncing", "connectors.fxiaoke.connector",
    "connectors.zoho.connector", "psycopg", "sandbox.fxiaoke.face", "sandbox.zoho.face", "service",
)  # fmt: skip


def wait_until(what: Callable[[], Any], why: str, seconds: float = LONG_S, step_s: float = 0.02) -> Any:
    """Wait until *what* gives something true, and give that."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"waited in vain: {why}"
        time.sleep(step_s)
    return found


class Child:
    """One process of ours."""

    def __init__(self, nursery: Nursery, pid: int, log: Path) -> None:
        self._nursery = nursery
        self.pid = pid
        self.log = log
        self._code: int | None = None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def code(self) -> int | None:
        if self._code is None:
            self._code = self._nursery.ask({"poll": self.pid})
        return self._code

    def send(self, number: signal.Signals) -> None:
        if self.code() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = LONG_S) -> int:
        wait_until(lambda: self.code() is not None, f"process {self.pid} to end:\n{self.said()[-2000:]}", seconds)
        assert self._code is not None
        return self._code

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()


class Nursery:
    """Gives processes; ends those still there when it is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []
        command = [sys.executable, "-m", "tests.system.processes.nursery"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, *words: str) -> Child:
        log = self._folder / f"process-{len(self._children)}.log"
        log.touch()
        child = Child(self, self.ask({"start": list(words), "log": str(log)}), log)
        self._children.append(child)
        return child

    def close(self) -> None:
        for child in self._children:
            child.send(signal.SIGCONT)
            child.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(LONG_S)
        self._process.stdout.close()


def _become(words: list[str], log: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    from commands.main import main

    try:
        main(words)
    except SystemExit as exc:
        sys.stdout.flush()
        os._exit(exc.code if isinstance(exc.code, int) else 1)


def _serve() -> None:
    for name in _LOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            pid = os.fork()
            if pid == 0:
                _become(request["start"], request["log"])
            answer: int | None = pid
        else:
            done, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if done else None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
