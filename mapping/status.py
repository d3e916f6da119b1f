"""What a status may become, and what a remote option stands for.

A remote status is coarser than ours, so one option stands for a class of codes: as long as the hub's code is in the
class of the option that is shown, nothing has changed. Without that rule each pull would flatten the hub's status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from mapping.records import TASK_STATUSES

Move = Literal["same", "legal", "reason", "reopen", "reinstate", "irregular", "conflict"]
"""How a change of status is judged: ``reason``, ``reopen`` and ``reinstate`` are legal when a person says why;
``irregular`` is refused in the hub and imported with a note from a remote; ``conflict`` is a question for a person."""

Classes = Mapping[str, tuple[str, ...]]

WAITING: Final = ("waiting_client", "waiting_vendor", "waiting_third_party")
TERMINAL: Final = ("done", "cancelled")
OPEN: Final = tuple(status for status in TASK_STATUSES if status not in TERMINAL)

_ANY_CLOSE: Final = ("on_hold", *TERMINAL)
TASK_MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "not_started": ("in_progress", *WAITING, "submitted", *_ANY_CLOSE),
    "in_progress": (*WAITING, "submitted", *_ANY_CLOSE, "not_started"),
    **{
        status: ("in_progress", *(other for other in WAITING if other != status), "submitted", *_ANY_CLOSE)
        for status in WAITING
    },
    "submitted": ("done", "in_progress", "waiting_client", "waiting_vendor", "on_hold", "cancelled"),
    "on_hold": (*(status for status in OPEN if status != "on_hold"), "cancelled"),
    "done": ("in_progress", "waiting_client", "waiting_vendor"),
    "cancelled": ("not_started",),
}
"""Task status -> the statuses it may become."""

LIFECYCLE_MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("planned", "cancelled"),
    "planned": ("active", "cancelled"),
    "active": ("on_hold", "delivered", "cancelled"),
    "on_hold": ("active", "cancelled"),
    "delivered": ("accepted", "active", "cancelled"),
    "accepted": ("closed", "active", "cancelled"),
    "closed": ("active", "cancelled"),
    "cancelled": ("active",),
}
"""Project lifecycle -> the values it may become."""

GUARDED_LIFECYCLES: Final = ("accepted", "closed", "cancelled")
"""Values that are not taken from a claim without evidence or a person."""

_LIFECYCLE_BACK: Final[Mapping[tuple[str, str], Move]] = {
    ("accepted", "active"): "reopen",
    ("closed", "active"): "reopen",
    ("cancelled", "active"): "reinstate",
}


def judge_task_move(old: str | None, new: str) -> Move:
    """Say how a change of task status is to be treated.

    Args:
        old: None or an unknown code is as good as a fresh task: any known status is legal.
    """
    if old == new:
        return "same"
    if {old, new} == set(TERMINAL):
        return "conflict"
    if old is None or old not in TASK_MOVES:
        return "legal"
    if new not in TASK_MOVES[old]:
        return "irregular"
    if old == "done":
        return "reopen"
    if (old, new) == ("cancelled", "not_started"):
        return "reinstate"
    return "reason" if (old, new) == ("in_progress", "not_started") else "legal"


def judge_lifecycle_move(old: str | None, new: str) -> Move:
    """Say how a change of project lifecycle is to be treated; forward over several steps is irregular."""
    if old == new:
        return "same"
    if old is None or old not in LIFECYCLE_MOVES:
        return "legal"
    if new not in LIFECYCLE_MOVES[old]:
        return "irregular"
    return _LIFECYCLE_BACK.get((old, new), "legal")


def is_open(status: str | None) -> bool:
    """Say whether a task still runs; a blank status does."""
    return status not in TERMINAL


def take_option(classes: Classes, option: str, current: str | None) -> str | None:
    """Give the code that a shown option stands for: the current one if it is in the class, else the class's first.

    An option with an empty class stands for blank.
    """
    codes = classes[option]
    if current in codes:
        return current
    return codes[0] if codes else None


def write_options(classes: Classes) -> dict[str, str]:
    """Give code -> option to write: where several options hold a code, the one that names it earliest."""
    best: dict[str, tuple[int, str]] = {}
    for option, codes in classes.items():
        for rank, code in enumerate(codes):
            if code not in best or rank < best[code][0]:
                best[code] = (rank, option)
    return {code: option for code, (_, option) in best.items()}
