"""Both sandbox CRMs and one synced store on a day of choice, and the commands a project manager types there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from assembly.machine import SystemClock
from config.keys import ensure_key
from sandbox.main import start, write_config
from tests.support.clocks import ms
from tests.support.terminal import Ended, type_command
from tests.system.acceptance.worlds import Worlds

ZONE = ZoneInfo("Asia/Shanghai")
OPENING = "2026-05-06T09:00"
"""The first working day after the holidays of May 2026; Saturday the 9th is worked."""


class DayClock(SystemClock):
    """The machine's clock, moved to the day the story plays on."""

    offset_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.offset_ms


class Office:
    """A store beside two CRMs; ``at`` sets the clock of all three."""

    def __init__(self, world: Worlds) -> None:
        self.world = world
        self.clock = DayClock()
        self.at(OPENING)

    def at(self, moment: str) -> None:
        """Make it that time everywhere; the clocks then run on."""
        self.clock.offset_ms = ms(moment) - SystemClock().now_ms()
        for side in (0, 1):
            self.world.call(side, "POST", "settings", {"clock_skew_s": self.clock.offset_ms / 1000})

    def type(self, *words: str, code: int | tuple[int, ...] = 0, lang: str = "en") -> Ended:
        """Type a command and hold it to its exit code."""
        ended = type_command(self.world.config, *words, lang=lang, clock=self.clock)
        accepted = (code,) if isinstance(code, int) else code
        assert ended.code in accepted, (words, ended.code, ended.out[-2000:], ended.err[-2000:])
        return ended

    def sync(self, rounds: int = 2) -> None:
        """Run rounds; questions may wait."""
        for _ in range(rounds):
            self.type("sync", "--quiet", code=(0, 4))

    def show(self, project: str, as_of: str = "") -> Any:
        """Give the dossier of a project as JSON."""
        words = ["project", "show", project, "--json", *(["--as-of", as_of] if as_of else [])]
        return self.type(*words).json["dossier"]


@contextlib.contextmanager
def office(folder: Path) -> Iterator[Office]:
    """Open an office over two empty CRMs."""
    with start(empty=True) as running:
        config = folder / "duban.toml"
        write_config(config, running)
        ensure_key({}, folder, os.urandom)
        world = Worlds(running, config)
        try:
            yield Office(world)
        finally:
            world.http.close()
