"""What a project lacks before anything is late: a word from the client, a charter, people, dates, owners (R12b).

None of these is ever counted as overdue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from mapping.records import Value
from supervise.calendar import Calendar
from supervise.reasons import Reason

FlagCode = Literal["silence", "started_without_charter", "missing_role", "no_due", "no_owner", "no_side"]
SILENT_CADENCES: Final = 2
CHARTER_BD: Final = 5
NEEDED_ROLES: Final = ("approver", "sponsor")
_RUNNING: Final = frozenset({"active", "delivered"})
_CADENCES: Final[dict[str, int]] = {
    "weekly": 5, "每周": 5, "biweekly": 10, "fortnightly": 10, "双周": 10, "每两周": 10, "monthly": 20, "每月": 20,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """What matters here of one open item.

    Args:
        since: local day it came into being; None when nobody knows.
        sided: something says whose move it is; False when it is only ours for want of anybody else's name on it.
    """

    uid: str
    due: bool = True
    owner: bool = True
    sided: bool = True
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessCase:
    """What the readiness of one project rests on.

    Args:
        active_since: local day it became active; None while it is not, or unknown.
        cadence_bd: working days between two agreed contacts.
        last_client_event: local day of the last thing the client wrote, did or attended; never one of ours, and never
            a record that only the sync touched. ``last_client_ref`` is where it can be looked up.
        roles: roles that contacts of the client hold.
    """

    uid: str
    today: date
    calendar: Calendar
    lifecycle: str = "active"
    active_since: date | None = None
    cadence_bd: int = 5
    last_client_event: date | None = None
    last_client_ref: str = ""
    charter_in_force: bool = False
    roles: frozenset[str] = field(default_factory=frozenset)
    items: Sequence[ItemState] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """One thing that is lacking.

    Args:
        since: first day on which it was; None when nobody knows.
        uid: the project, or the item that lacks it.
    """

    code: FlagCode
    since: date | None
    uid: str
    reasons: tuple[Reason, ...] = ()


def readiness(case: ReadinessCase) -> tuple[Flagged, ...]:
    """Give what a project lacks, its own lacks first, then those of its items."""
    return (*_silence(case), *_charter(case), *_roles(case), *_items(case))


def read_cadence(value: Value, default: int) -> int:
    """Give an agreed cadence in working days.

    Shape: "weekly" -> 5; "双周" -> 10; "monthly" -> 20; "7" -> 7; anything else -> *default*
    """
    word = value.strip().casefold() if isinstance(value, str) else ""
    if word in _CADENCES:
        return _CADENCES[word]
    return int(word) if word.isascii() and word.isdecimal() and int(word) > 0 else default


def _silence(case: ReadinessCase) -> Iterable[Flagged]:
    """Flag the day after twice the cadence went by without a word from the client."""
    last = case.last_client_event or case.active_since
    if case.lifecycle not in _RUNNING or last is None:
        return
    silent, allowed = case.calendar.bd(last, case.today), SILENT_CADENCES * case.cadence_bd
    if silent <= allowed:
        return
    since = case.calendar.add_bd(last, allowed + 1)
    heard = case.last_client_event.isoformat() if case.last_client_event else None
    data: dict[str, Value] = {"last": heard or last.isoformat(), "ref": case.last_client_ref, "days": silent}
    code = "silence" if heard else "silence_from_start"
    yield Flagged(code="silence", since=since, uid=case.uid, reasons=(Reason("R12b", code, case.uid, "", heard, data),))


def _charter(case: ReadinessCase) -> Iterable[Flagged]:
    if case.lifecycle != "active" or case.active_since is None or case.charter_in_force:
        return
    if case.calendar.bd(case.active_since, case.today) <= CHARTER_BD:
        return
    since = case.calendar.add_bd(case.active_since, CHARTER_BD + 1)
    data: dict[str, Value] = {"active": case.active_since.isoformat()}
    why = Reason("R12b", "started_without_charter", case.uid, "lifecycle", case.lifecycle, data)
    yield Flagged(code="started_without_charter", since=since, uid=case.uid, reasons=(why,))


def _roles(case: ReadinessCase) -> Iterable[Flagged]:
    missing = [role for role in NEEDED_ROLES if role not in case.roles]
    if case.lifecycle != "active" or not missing:
        return
    reasons = tuple(Reason("R12b", f"missing_{role}", case.uid, "roles", role) for role in missing)
    yield Flagged(code="missing_role", since=case.active_since, uid=case.uid, reasons=reasons)


def _items(case: ReadinessCase) -> Iterable[Flagged]:
    for item in case.items:
        gaps: tuple[tuple[FlagCode, bool, str], ...] = (
            ("no_due", item.due, "due"), ("no_owner", item.owner, "owner"), ("no_side", item.sided, "owner_side"),
        )  # fmt: skip
        for code, there, name in gaps:
            if not there:
                why = Reason("R12b", code, item.uid, name, None)
                yield Flagged(code=code, since=item.since, uid=item.uid, reasons=(why,))
