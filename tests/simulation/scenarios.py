"""Fixed scripts of a few minutes each, told step by step, so that a crash can be tried at every point of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from sandbox.drill.acts import Act, Setting, Side

Kind = Literal["sync", "plan", "apply", "undo"]


@dataclass(frozen=True, slots=True)
class Do:
    """People act, or the weather changes.

    Args:
        when: the place at which it happens, the next time it is passed; "" for now.
    """

    acts: tuple[Act, ...]
    when: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One round, repeated at once when the process dies in it: as a person or a timer would."""

    kind: Kind = "sync"
    after_s: float = 6


Step = Do | Run
Ends = dict[str, dict[str, str | None] | None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script with its world.

    Args:
        ends: birth name -> values that stand at every side in the end, however often the process died; None for a
            record that is nowhere alive.
        calm: the same, where nothing died: a crash may turn the order of two edits around, or keep a record from a
            person who wanted to edit it.
    """

    name: str
    setting: Setting
    steps: tuple[Step, ...]
    ends: Ends = field(default_factory=dict)
    calm: Ends = field(default_factory=dict)


_WORLD: Final = Setting(
    seed=0, keys=("A", "B"), dedicated=False, versions=(True, False), list_lag_s=3, search_lag_s=3,
    skew_ms=(0, 120_000), page_size=2, batch_size=3, period_s=6, rounds=0, faults=(), fault_rate=0, crash_rate=0,
    people_rate=0,
)  # fmt: skip
_SYNC: Final = Run()
_MEET: Final = (_SYNC, _SYNC)
"""With a lag of three seconds two rounds bring a new record everywhere."""


def _do(*acts: Act, when: str = "") -> Do:
    return Do(acts, when)


def _new(side: Side, who: str) -> Act:
    return Act(do="create", side=side, who=who)


def _edit(side: Side, who: str, field: str, value: str | None) -> Act:
    return Act(do="edit", side=side, who=who, field=field, value=value)


def _del(side: Side, who: str) -> Act:
    return Act(do="delete", side=side, who=who)


def _back(side: Side, who: str) -> Act:
    return Act(do="restore", side=side, who=who)


def _weather(kind: str, row: int = 0) -> Act:
    return Act(do="fault", value=kind, row=row)


FIRST_CONTACT: Final = Scenario(
    "first contact", _WORLD,
    (
        _do(Act(do="pair", who="R1"), _new("a", "R2"), _new("a", "R3"), _new("a", "R4"), _new("b", "R5")),
        _do(_new("b", "R6"), _new("hub", "R7"), _edit("a", "R1", "title", "vA"), _edit("b", "R1", "title", "vA")),
        _SYNC, _SYNC,
    ),
    {"R1": {"title": "vA"}, "R2": {"title": "R2a"}, "R5": {"title": "R5b"}, "R7": {"title": "R7h"}},
)  # fmt: skip

DIFFERENT_FIELDS: Final = Scenario(
    "both sides edit different fields", _WORLD,
    (
        _do(_new("a", "R1"), _new("b", "R2")), *_MEET,
        _do(_edit("a", "R1", "title", "v1"), _edit("b", "R1", "description", "v2"), _edit("hub", "R2", "title", "v3")),
        _do(_edit("a", "R2", "description", "v4"), when="before fetch at a"),
        *_MEET,
    ),
    {"R1": {"title": "v1", "description": "v2"}, "R2": {"title": "v3", "description": "v4"}},
)  # fmt: skip

CONFLICT: Final = Scenario(
    "conflict and decision", _WORLD,
    (
        _do(_new("a", "R1"), _new("a", "R2")), *_MEET,
        _do(_edit("a", "R1", "title", "v1"), _edit("b", "R1", "title", "v2"), _edit("b", "R1", "description", "v3")),
        *_MEET,
        _do(Act(do="decide", value="b")),
        *_MEET,
    ),
    {"R1": {"title": "v2", "description": "v3"}},
)  # fmt: skip

LOST_CREATE: Final = Scenario(
    "create whose answer is lost", replace(_WORLD, keys=("B", "A")),
    (
        _do(_new("a", "R1"), _new("b", "R2"), _new("hub", "R3")),
        _do(_weather("lost_after"), when="before write at b"),
        _do(_weather("lost_after"), when="before write at a"),
        _SYNC,
        _do(_edit("b", "R1", "title", "v1"), _edit("a", "R2", "description", "v2"), _edit("hub", "R3", "title", "v3")),
        _SYNC, _SYNC,
    ),
    {"R1": {"title": "v1"}, "R2": {"title": "R2b"}, "R3": {"title": "v3"}},
    {"R2": {"description": "v2"}},
)  # fmt: skip

LOST_CREATE_UNKEYED: Final = Scenario(
    "create whose answer is lost, without any key", replace(_WORLD, keys=("C", "C"), dedicated=True),
    (
        _do(_new("a", "R1"), _new("a", "R2"), _new("b", "R3")),
        _do(_weather("lost_after"), when="before write at b"),
        _do(_weather("lost_before"), when="before write at a"),
        _SYNC,
        _do(_edit("b", "R1", "description", "v1")),
        _SYNC, _SYNC,
    ),
    {"R1": {"title": "R1a"}, "R2": {"title": "R2a"}, "R3": {"title": "R3b"}},
    {"R1": {"description": "v1"}},
)  # fmt: skip

PARTLY_REFUSED: Final = Scenario(
    "batch that is partly refused", replace(_WORLD, faults=("refuse", "busy")),
    (
        _do(_new("a", "R1"), _new("a", "R2"), _new("a", "R3"), _new("b", "R4")),
        _do(_weather("refuse", row=1), when="before write at b"),
        *_MEET,
        _do(_edit("a", "R1", "title", "v1"), _edit("a", "R2", "title", "v2"), _edit("a", "R3", "title", "v3")),
        _do(_weather("busy", row=0), when="before write at b"),
        *_MEET,
    ),
    {"R1": {"title": "v1"}, "R2": {"title": "v2"}, "R3": {"title": "v3"}, "R4": {"title": "R4b"}},
)  # fmt: skip

DELETE_AND_REVIVE: Final = Scenario(
    "delete and revive", _WORLD,
    (
        _do(_new("a", "R1"), _new("b", "R2"), _new("a", "R3")), *_MEET,
        _do(_del("a", "R1"), _del("a", "R2"), _del("hub", "R3")),
        _do(_edit("b", "R2", "title", "v2")),
        *_MEET,
        _do(_back("hub", "R1"), _back("hub", "R3")),
        *_MEET,
    ),
    {"R1": {"title": "R1a"}, "R2": {"title": "v2"}, "R3": {"title": "R3a"}},
)  # fmt: skip

PLAN_AND_APPLY: Final = Scenario(
    "plan and apply", _WORLD,
    (
        _do(_new("a", "R1"), _new("b", "R2")), *_MEET,
        _do(_edit("a", "R1", "title", "v1"), _edit("hub", "R2", "title", "v2"), _new("a", "R3")),
        Run("plan", 10),
        _do(_edit("b", "R2", "description", "v3")),
        Run("apply"), _SYNC,
    ),
    {"R1": {"title": "v1"}, "R2": {"title": "v2", "description": "v3"}, "R3": {"title": "R3a"}},
)  # fmt: skip

UNDO: Final = Scenario(
    "undo", _WORLD,
    (
        _do(_new("a", "R1"), _new("b", "R2")), *_MEET,
        _do(_edit("hub", "R1", "title", "v1"), _edit("hub", "R2", "title", "v2")),
        Run("sync", 10),
        _do(_edit("a", "R2", "title", "v3")),
        Run("undo", 10), *_MEET,
    ),
    {"R1": {"title": "R1a"}, "R2": {"title": "v3"}},
)  # fmt: skip

PLAIN_SQL: Final = Scenario(
    "edits by plain SQL", _WORLD,
    (
        _do(_new("hub", "R1"), _new("hub", "R2"), _new("a", "R3")), *_MEET,
        _do(_edit("hub", "R1", "title", "v1"), _edit("hub", "R3", "description", "v3"), _del("hub", "R2")),
        _do(_edit("hub", "R1", "description", "v4"), when="before write at a"),
        _do(_edit("hub", "R3", "title", None), when="after write at b"),
        *_MEET,
    ),
    {"R1": {"title": "v1", "description": "v4"}, "R2": None, "R3": {"title": None, "description": "v3"}},
)  # fmt: skip

LATE_LISTING: Final = Scenario(
    "late listings", replace(_WORLD, list_lag_s=20, search_lag_s=20, page_size=1),
    (
        _do(_new("a", "R1"), _new("a", "R2"), _new("b", "R3")), Run(after_s=25), Run(after_s=25),
        _do(_edit("a", "R1", "title", "v1"), _edit("a", "R2", "title", "v2")), Run(after_s=2),
        _do(_edit("b", "R3", "title", "v3"), when="before pull at b"), Run(after_s=21),
        _do(_edit("hub", "R1", "title", "v4")), Run(after_s=2), Run(after_s=5), Run(after_s=23),
    ),
    {"R2": {"title": "v2"}, "R3": {"title": "v3"}},
    {"R1": {"title": "v4"}},
)  # fmt: skip

LOST_UPDATE: Final = Scenario(
    "update and delete whose answers are lost", _WORLD,
    (
        _do(_new("a", "R1"), _new("a", "R2"), _new("b", "R3")), *_MEET,
        _do(_edit("a", "R1", "title", "v1"), _edit("b", "R3", "title", "v2"), _del("hub", "R2")),
        _do(_weather("lost_after"), when="before write at b"),
        _do(_weather("lost_before"), when="before write at a"),
        _SYNC,
        _do(_edit("b", "R1", "title", "v3"), _edit("a", "R3", "description", "v4")),
        *_MEET,
    ),
    {"R1": {"title": "v3"}, "R2": None, "R3": {"title": "v2", "description": "v4"}},
)  # fmt: skip

SCENARIOS: Final = {
    one.name: one
    for one in (
        FIRST_CONTACT, DIFFERENT_FIELDS, CONFLICT, LOST_CREATE, LOST_CREATE_UNKEYED, PARTLY_REFUSED,
        DELETE_AND_REVIVE, PLAN_AND_APPLY, UNDO, PLAIN_SQL, LATE_LISTING, LOST_UPDATE,
    )
}  # fmt: skip
