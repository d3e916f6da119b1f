"""The knobs of supervision with their defaults (R17)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, get_args

Roll = Literal["following", "preceding", "none"]
DuePolicy = Literal["floating", "fixed"]
Own = Mapping[str, Mapping[str, Any]]
"""Name -> knob -> value, for some."""
EVERYWHERE: Final = ("zone", "calendar", "stale_after_h", "accounts", "projects")
"""Knobs nobody has of their own: a zone and a calendar stand on the records, a source is stale for all."""

_DAY_END: Final = re.compile(r"24:00|(0[1-9]|1\d|2[0-3]):[0-5]\d", re.ASCII)
_COUNTS: Final = (
    "grace_bd", "due_soon_bd", "reopen_bd", "survey_gap_days", "survey_reminders", "deemed_after_bd", "snooze_max_bd",
    "snooze_count",
)  # fmt: skip
_SPANS: Final = (
    "slip_yellow_bd", "slip_red_bd", "hysteresis_days", "cadence_bd", "risk_review_bd", "change_age_bd", "survey_min",
    "survey_sure", "stale_after_h", "override_days", "override_max_days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ladder:
    """Overdue business days at which a level starts; S1 starts with the first moment of being overdue."""

    s2: int = 3
    s3: int = 5
    s4: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.s2 <= self.s3 <= self.s4:
            raise ValueError(f"levels must rise from 1 day on, not {self.s2}, {self.s3}, {self.s4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """What an organisation may set; every report prints the ones that differ from these defaults.

    Args:
        accounts, projects: what is different for one client or one project, by its name in lower case; a contract's
            own terms (``deemed_after_bd``, ``cadence``, ``due_policy``) stand on the project and on the item.
        zone: IANA time zone of the organisation.
        calendar: calendar of the organisation: a country or the name of an own calendar.
        roll: where a due date on a day off goes.
        due_policy, milestone_policy: whether a pause moves the due date (``floating``) or only excuses the delay.
        day_end: local time at which a due day ends, up to "24:00".
        grace_bd: working days between the due date and the flag; lateness still counts from the due date.
        due_soon_bd: how near a due date counts as due soon (S0).
        reopen_bd: working days given to a reopened item that comes without a new due date.
        count_start_day: whether a term agreed in working days counts the day it starts on; statute says no.
        slip_yellow_bd, slip_red_bd: working days a milestone slips at which a project's health turns.
        hysteresis_days: daily evaluations in a row that must be better before health gets better.
        cadence_bd: how often client and we mean to be in touch; twice that without a word is silence.
        risk_review_bd: working days after which a risk wants another look.
        change_age_bd: working days a change request may wait for its decision.
        snooze_max_bd, snooze_count: working days a snooze may last, and how many an item may have; 0 forbids them.
        survey_gap_days: calendar days between two surveys to one contact; survey_reminders: how many may follow one.
        survey_min, survey_sure: answers below which no score is given, and below which it is only indicative.
        deemed_after_bd: working days after which delivery may be deemed accepted, as a contract says; 0 is never.
        follow_low_scores: whether a low score gets an action that follows it up by itself; off, it is only told of.
        stale_after_h: a source not read for so long no longer takes part in reconciling.
        override_days, override_max_days: life of a person's override of a project's lifecycle.
        authority: connections in falling authority over the lifecycle; empty means nobody wins by rank.
    """

    zone: str = "Asia/Shanghai"
    calendar: str = "CN"
    roll: Roll = "following"
    day_end: str = "24:00"
    due_policy: DuePolicy = "floating"
    milestone_policy: DuePolicy = "fixed"
    grace_bd: int = 0
    due_soon_bd: int = 2
    reopen_bd: int = 3
    ladder: Ladder = field(default_factory=Ladder)
    critical_ladder: Ladder = field(default_factory=lambda: Ladder(2, 3, 5))
    count_start_day: bool = False
    slip_yellow_bd: int = 1
    slip_red_bd: int = 6
    hysteresis_days: int = 2
    cadence_bd: int = 5
    risk_review_bd: int = 10
    change_age_bd: int = 10
    snooze_max_bd: int = 5
    snooze_count: int = 2
    survey_gap_days: int = 30
    survey_reminders: int = 1
    survey_min: int = 5
    survey_sure: int = 30
    deemed_after_bd: int = 0
    follow_low_scores: bool = False
    stale_after_h: int = 24
    override_days: int = 14
    override_max_days: int = 30
    authority: tuple[str, ...] = ()
    accounts: Own = field(default_factory=dict)
    projects: Own = field(default_factory=dict)

    @property
    def day_ends_min(self) -> int:
        """Give the minutes after midnight at which a due day ends."""
        hour, minute = self.day_end.split(":")
        return int(hour) * 60 + int(minute)

    def of(self, account: Iterable[str], project: Iterable[str]) -> Knobs:
        """Give the knobs that hold for one project of one client; the project's go before the client's.

        Args:
            account, project: the names each may be called by; the first that is set here counts.
        """
        if not self.accounts and not self.projects:
            return self
        own = {**_own(self.accounts, account), **_own(self.projects, project)}
        return replace(self, accounts={}, projects={}, **own)

    def __post_init__(self) -> None:
        """Refuse what no rule could follow.

        Raises:
            ValueError: names the knob, what stands there and what would be accepted.
        """
        choices = (("roll", Roll), ("due_policy", DuePolicy), ("milestone_policy", DuePolicy))
        for name, kind in choices:
            if getattr(self, name) not in get_args(kind):
                accepted = ", ".join(get_args(kind))
                raise ValueError(f"{name} is {getattr(self, name)!r}; accepted are {accepted}")
        if not _DAY_END.fullmatch(self.day_end):
            raise ValueError(f"day_end is {self.day_end!r}; accepted is a time like '18:00', up to '24:00'")
        for name in _COUNTS:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it counts days and cannot be negative")
        for name in _SPANS:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for low, high in (("slip_yellow_bd", "slip_red_bd"), ("survey_min", "survey_sure")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} is {getattr(self, low)}; it cannot be above {high} ({getattr(self, high)})")


def _own(table: Own, names: Iterable[str]) -> Mapping[str, Any]:
    found = (table.get(name.strip().casefold()) for name in names if name)
    return next((own for own in found if own is not None), {})
