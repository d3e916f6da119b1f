"""What goes wrong, by profile: drawn anew for every round from the seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

API: Final = "^/(crm|cgi/crm)/"
_MARGIN_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How hard a trial is.

    Args:
        deeds: what people do before a round; ``meanwhile`` the pause between deeds while it runs, in seconds.
        inside: deeds of a round that happen inside one of the requests.
        faults: rules of a round at each CRM.
        kinds: what the rules do, the likelier the more often named.
        lag_s: how long listings and searches do not show a write.
        token_loss: share of rounds before which every token is taken away.
        kills: share of rounds whose process is killed at some request.
    """

    deeds: int
    meanwhile_s: float
    inside: int
    faults: int
    kinds: tuple[str, ...]
    lag_s: float
    token_loss: float
    kills: float

    @property
    def visible_after_s(self) -> float:
        """Give a settle time just above what a CRM hides a write for."""
        return self.lag_s + _MARGIN_S


PROFILES: Final[Mapping[str, Profile]] = {
    "calm": Profile(
        deeds=4, meanwhile_s=0.5, inside=1, faults=0, kinds=(), lag_s=0.0, token_loss=0.0, kills=0.0
    ),
    "usual": Profile(
        deeds=6, meanwhile_s=0.3, inside=2, faults=1, kinds=("lost", "busy", "down", "slow", "refused"),
        lag_s=0.5, token_loss=0.1, kills=0.0,
    ),
    "harsh": Profile(
        deeds=10, meanwhile_s=0.15, inside=4, faults=3,
        kinds=("lost", "lost", "busy", "down", "slow", "refused", "truncated", "carried"),
        lag_s=1.5, token_loss=0.3, kills=0.3,
    ),
}  # fmt: skip


def draw_rules(profile: Profile, rng: random.Random) -> list[dict[str, Any]]:
    """Give the fault rules of one CRM for one round."""
    return [_rule(rng.choice(profile.kinds), rng) for _ in range(profile.faults if profile.kinds else 0)]


def _rule(kind: str, rng: random.Random) -> dict[str, Any]:
    """Give one rule: which request it strikes is drawn, too."""
    where = {"path": API, "nth": rng.randint(1, 8), "times": 1}
    match kind:
        case "lost":
            return {**where, "action": "drop_after"}
        case "refused":
            return {**where, "action": "drop_before"}
        case "busy":
            return {**where, "action": "status", "code": 429, "headers": {"Retry-After": "1"}, "body": "{}"}
        case "down":
            return {**where, "action": "status", "code": rng.choice((500, 502, 503)), "body": "<html>down</html>"}
        case "carried":
            return {**where, "action": "status", "code": 502, "body": "<html>bad gateway</html>", "applied": True}
        case "slow":
            return {**where, "action": "delay", "ms": rng.randint(200, 900), "when": "after"}
        case _:
            return {**where, "action": "truncate", "bytes": rng.randint(1, 40)}
