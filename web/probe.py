"""What the pages ask the service for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reports.wording import Language
from supervise.report import SupervisionReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionView:
    """One connection as a page shows it.

    Args:
        heard_ms: when it last answered; None when it never did.
        error: why it does not run; None when it does.
    """

    name: str
    mode: str
    heard_ms: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One round as a page shows it; ``ended_ms`` is 0 while it runs."""

    id: str
    kind: str
    started_ms: int
    ended_ms: int = 0
    exit_code: int = 0


class Probe(Protocol):
    """What the service tells its pages. Answers come from memory or one short read; pages call it from a thread."""

    @property
    def language(self) -> Language:
        """Language of the pages unless the reader asks for the other one."""
        ...

    @property
    def zone(self) -> str:
        """IANA zone in which times are shown."""
        ...

    def now_ms(self) -> int:
        """Give the wall clock."""
        ...

    def not_ready(self) -> Sequence[str]:
        """Give why the service cannot do its work now (store out of reach, lease lost); empty when it can."""
        ...

    def connections(self) -> Sequence[ConnectionView]:
        """Give every configured connection."""
        ...

    def last_run(self) -> RunView | None:
        """Give the newest round; None before the first."""
        ...

    def attention(self) -> Mapping[str, int]:
        """Count what waits for a person by kind: conflicts, reviews, quarantine, unknown."""
        ...

    def supervision(self) -> SupervisionReport | None:
        """Give what the newest look at the hub found; None before the first."""
        ...
