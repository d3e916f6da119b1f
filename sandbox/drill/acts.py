"""What a simulation is made of: the setting that a seed draws, the acts at its points, the script they form.

A run passes numbered points: both sides of every request and of every commit, and the gaps between rounds. A script
says which acts happen at which point and nothing else decides anything, so leaving acts out of a script gives a
smaller run of the same kind: that is how a failure is shrunk.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

Side = Literal["a", "b", "hub"]
REMOTES: Final[tuple[Side, Side]] = ("a", "b")
SIDES: Final[tuple[Side, ...]] = ("a", "b", "hub")
KeyClass = Literal["A", "B", "C"]
"""A: the remote holds the key unique. B: the key can be searched. C: there is no key field."""

MAPPED: Final = ("title", "description")
"""Fields that people edit; ``name`` is never edited, it is how the oracle tells who is who."""

UNMAPPED: Final = "phone"
"""A field that no map knows: nobody but people may change it."""
_FAULTS: Final = ("lost_after", "lost_before", "hang", "transient", "busy", "refuse", "stale", "malformed")
_HOT_FAULTS: Final = (*_FAULTS, "later", "auth", "operator", "twice", "half", "reordered", "unreadable")
Policy = Literal["archive", "propagate", "restore", "unlink", "review"]
_POLICIES: Final[tuple[Policy, ...]] = ("archive", "archive", "archive", "propagate", "restore", "unlink", "review")
_TOGETHER: Final[frozenset[Policy]] = frozenset({"archive", "propagate", "restore"})
RARE: Final = ("mass", "erase", "step", "ghost")
"""What people and machines do in the wide mix only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that happens.

    Args:
        do: ``tick``, ``fault``, ``crash``, ``create``, ``pair``, ``edit``, ``delete``, ``restore``, ``other`` (an
            unmapped field), ``decide`` (a person answers the oldest conflict), ``refer`` (a contact is given an
            account), ``mass`` (one statement of SQL sets a field of every row), ``erase`` (a row is deleted from its
            table), ``step`` (our clock is set), ``ghost`` (the feed of deletes names a living record), ``hide`` and
            ``show`` (our user's right to a record is taken and given back).
        who: the birth name of the record; "" where there is none.
        value: the new value, the kind of fault, or the side whose value is taken.
        row: the row of a write that a fault strikes.
    """

    do: str
    side: Side = "a"
    who: str = ""
    field: str = ""
    value: str | None = None
    ms: int = 0
    row: int = 0

    def __str__(self) -> str:
        if self.do == "tick":
            return f"{self.ms} ms pass"
        if self.do == "fault":
            return f"{self.value} (row {self.row})"
        if self.do == "step":
            return f"our clock is set by {self.ms} ms"
        if self.do in ("edit", "other", "mass", "refer"):
            return f"{self.side}: {self.who}.{self.field} = {self.value}"
        return f"{self.do} {self.side} {self.who} {self.value or ''}".rstrip()


Script = Mapping[int, Sequence[Act]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The world of one seed.

    Args:
        mix: the name it was drawn under; "" for a world that was put together otherwise.
        also: rare acts that are played beside the common ones.
        on_delete: what each connection makes of a record that was deleted there.
    """

    seed: int
    keys: tuple[KeyClass, KeyClass]
    dedicated: bool
    versions: tuple[bool, bool]
    list_lag_s: float
    search_lag_s: float
    skew_ms: tuple[int, int]
    page_size: int
    batch_size: int
    period_s: float
    rounds: int
    faults: tuple[str, ...]
    fault_rate: float
    crash_rate: float
    people_rate: float
    hot: bool = False
    mix: str = ""
    also: tuple[str, ...] = ()
    on_delete: tuple[Policy, Policy] = ("archive", "archive")

    @property
    def accounts(self) -> bool:
        """Say whether contacts refer to accounts here."""
        return "refer" in self.also

    @property
    def visible_after_s(self) -> float:
        return max(self.list_lag_s, self.search_lag_s) + 2

    @property
    def lagging(self) -> bool:
        return self.list_lag_s > 0 or self.search_lag_s > 0


def draw_hot(seed: int) -> Setting:
    """Give the world of a seed with more kinds of trouble, much more often."""
    rng = random.Random(seed * 2 + 1_000_003)
    return replace(
        draw_setting(seed),
        faults=tuple(sorted(rng.sample(_HOT_FAULTS, rng.choice([3, 5, 8])))),
        fault_rate=rng.choice([0.15, 0.3, 0.45]),
        hot=True,
        mix="hot",
    )


def draw_setting(seed: int) -> Setting:
    """Give the world of a seed: its own subset of troubles, each as often as it likes."""
    rng = random.Random(seed * 2 + 1)
    versions = rng.choice([(True, True), (True, True), (False, True), (False, False)])
    return Setting(
        seed=seed,
        keys=(rng.choice("AABC"), rng.choice("AABC")),  # type: ignore[arg-type]
        dedicated=rng.random() < 0.5,
        versions=versions,
        list_lag_s=rng.choice([0, 0, 0, 3, 20]),
        search_lag_s=rng.choice([0, 0, 0, 3, 20]),
        skew_ms=(rng.choice([0, 0, -90_000, 120_000]), rng.choice([0, 0, -90_000, 120_000])),
        page_size=rng.choice([1, 2, 3, 50]),
        batch_size=rng.choice([1, 2, 3, 50]),
        period_s=rng.choice([1, 5, 30]),
        rounds=rng.choice([4, 6, 9]),
        faults=tuple(sorted(rng.sample(_FAULTS, rng.randint(0, 4)))),
        fault_rate=rng.choice([0, 0.05, 0.15, 0.3]),
        crash_rate=rng.choice([0, 0.004, 0.02]),
        people_rate=rng.choice([0.05, 0.15, 0.3]),
        mix="calm",
    )


def draw_wide(seed: int) -> Setting:
    """Give the world of a hot seed with rare acts, more faults, and deletes that are carried on or taken back."""
    drawn = draw_apart(seed)
    one, other = (policy if policy in _TOGETHER else "archive" for policy in drawn.on_delete)
    return replace(drawn, on_delete=(one, other), mix="wide")


def draw_apart(seed: int) -> Setting:
    """Give the world of a wide seed where a delete may also end the link, or wait for a person."""
    rng = random.Random(seed * 2 + 3_000_017)
    return replace(
        draw_hot(seed),
        also=tuple(sorted(rng.sample(RARE, rng.choice([1, 2, 3])))),
        on_delete=(rng.choice(_POLICIES), rng.choice(_POLICIES)),
        fault_rate=rng.choice([0.15, 0.3, 0.6]),
        mix="apart",
    )


def draw_tied(seed: int) -> Setting:
    """Give the world of a wide seed in which contacts refer to accounts."""
    wide = draw_wide(seed)
    return replace(wide, also=tuple(sorted({*wide.also[:1], "refer"})), mix="tied")


def draw_barred(seed: int) -> Setting:
    """Give the world of a wide seed in which our user's right to a record may be taken for a while."""
    wide = draw_wide(seed)
    return replace(wide, also=tuple(sorted({*wide.also[:1], "hide"})), mix="barred")


DRAWS: Final[Mapping[str, Callable[[int], Setting]]] = {
    "calm": draw_setting, "hot": draw_hot, "wide": draw_wide,
    "apart": draw_apart, "tied": draw_tied, "barred": draw_barred,
}  # fmt: skip
"""The mixes by name. What a seed means in a mix never changes: runs that once failed are kept by their numbers."""
