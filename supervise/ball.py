"""Whose move it is (R1), and whether that makes the item a client action (R2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mapping.kinds import tags_of, title_marks
from mapping.records import Values
from mapping.stages import Holder
from supervise.reasons import Reason

__all__ = ["CLIENT_MARKS", "Ball", "Holder", "ball_of"]

_BY_STATUS: Final[dict[str, Holder]] = {
    "waiting_client": "client",
    "waiting_vendor": "vendor",
    "submitted": "vendor",
    "waiting_third_party": "third_party",
    "on_hold": "none",
    "done": "none",
    "cancelled": "none",
}
_SIDES: Final[dict[str, Holder]] = {"client": "client", "vendor": "vendor", "third_party": "third_party"}
CLIENT_MARKS: Final = frozenset({"client", "客户"})
"""As a tag, or in brackets at the head of the title."""


@dataclass(frozen=True, slots=True)
class Ball:
    """Who must move now, and what says so."""

    holder: Holder
    reason: Reason


def ball_of(uid: str, task: Values) -> Ball:
    """Give the holder of one task.

    The status decides where it names a side; else the side field, else a client tag, else a client prefix of the
    title; else the move is ours. A contact on a task is whom it concerns and never by itself the one who must act.
    """
    status = task.get("status")
    by_status = _BY_STATUS.get(status) if isinstance(status, str) else None
    if by_status is not None:
        return Ball(by_status, Reason("R1", "status_names_holder", uid, "status", status))
    return _by_side(uid, task)


def _by_side(uid: str, task: Values) -> Ball:
    side = task.get("owner_side")
    if isinstance(side, str) and side in _SIDES:
        return Ball(_SIDES[side], Reason("R1", "side_field", uid, "owner_side", side))
    tag = next((tag for tag in tags_of(task.get("tags")) if tag.casefold() in CLIENT_MARKS), None)
    if tag is not None:
        return Ball("client", Reason("R1", "client_tag", uid, "tags", tag))
    title = task.get("title")
    if any(mark.casefold() in CLIENT_MARKS for mark in title_marks(title)):
        return Ball("client", Reason("R1", "client_prefix", uid, "title", title))
    return Ball("vendor", Reason("R1", "no_side_is_ours", uid, "owner_side", side))
