"""The planted bugs, each with the checks that must notice it and the settings in which few seeds are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sandbox.drill import fields
from sync import planner
from tests.simulation import plants

Level = Literal["merge", "plan", "hot", "normalised", "sweep"]


@dataclass(frozen=True, slots=True)
class Bug:
    """One planted bug.

    Args:
        level: the checks that must notice it: drawn fields, drawn worlds, hot runs, systems that
            store things in their own way, the crash sweep.
        world: what is fixed of the settings that the seeds of hot runs draw, so that few of them do.
        scenarios: whose points the sweep tries.
    """

    name: str
    level: Level
    plant: plants.Plant
    world: Mapping[str, Any] = field(default_factory=dict)
    scenarios: Sequence[str] = ()


_LATE: Final = {"list_lag_s": 20, "search_lag_s": 20}
_PROMPT: Final = {"list_lag_s": 0, "search_lag_s": 0}
_CALM: Final = {"faults": (), "fault_rate": 0.0}
_STEADY: Final = {**_CALM, "crash_rate": 0.0}
_LOST: Final = {"faults": ("lost_after",), "fault_rate": 0.3}
_BUSY: Final = {"people_rate": 0.3, "rounds": 9}
_LONG: Final = {"people_rate": 0.3, "rounds": 20}

BUGS: Final = {
    bug.name: bug
    for bug in (
        Bug("the first of two answers wins", "merge", plants.merging(plants.first_wins, fields)),
        Bug("a field is written although nobody asked for it", "merge", plants.merging(plants.pushes_blindly, fields)),
        Bug("a write gives no reason", "merge", plants.merging(plants.silent, fields)),
        Bug("a side is never told", "hot", plants.merging(plants.forgets_a_side, planner)),
        Bug("a reference is told to nobody", "hot", plants.merging(plants.keeps_references, planner),
            {**_CALM, **_BUSY, "also": ("refer",)}),
        Bug("unseen is taken for cleared", "merge", plants.unseen_is_blank),
        Bug("what a side shows is taken as agreed", "merge", plants.shown_is_agreed),
        Bug("the first of two answers wins in a plan", "plan", plants.merging(plants.first_wins, planner)),
        Bug("a conflict is decided by arrival", "hot", plants.merging(plants.first_wins, planner), {**_CALM, **_BUSY}),
        Bug("a lost create is sent again blindly", "hot", plants.blind_create, {**_LOST, "keys": ("B", "B")}),
        Bug("a retry is an upsert", "hot", plants.upsert_retry, {**_LOST, **_PROMPT, **_BUSY, "keys": ("A", "A")}),
        Bug("a lost create is searched for at once", "hot", plants.search_at_once,
            {**_LOST, **_LATE, "keys": ("B", "B")}),
        Bug("a lost create nobody can find is repeated", "hot", plants.asks_nobody,
            {**_LOST, **_PROMPT, "keys": ("C", "C"), "dedicated": False}),
        Bug("an unknown answer counts as done", "hot", plants.unknown_is_done,
            {"faults": ("lost_before",), "fault_rate": 0.3, **_BUSY}),
        Bug("a row without an answer counts as refused", "hot", plants.missing_answer_is_done,
            {"faults": ("half",), "fault_rate": 0.3, "batch_size": 3, "keys": ("B", "B")}),
        Bug("answers are taken in the order they come", "hot", plants.answers_by_position,
            {"faults": ("reordered",), "fault_rate": 0.3, "batch_size": 50, **_BUSY}),
        Bug("an adopted record takes the wrong base", "hot", plants.adopted_as_agreed, {**_LOST, **_BUSY}),
        Bug("a cursor without an overlap", "hot", plants.no_overlap, {**_CALM, **_LATE, **_BUSY}),
        Bug("a cursor that leaves its own second out", "hot", plants.strict_cursor, {**_CALM, **_PROMPT, **_BUSY}),
        Bug("a cursor of our own clock", "hot", plants.local_clock, {**_CALM, "skew_ms": (-90_000, 120_000)}),
        Bug("pages counted off", "hot", plants.offset_paging,
            {**_STEADY, **_PROMPT, "people_rate": 0.3, "rounds": 12, "page_size": 1}),
        Bug("a walk that ends with its first page", "hot", plants.stops_at_a_page, {**_CALM, "page_size": 1}),
        Bug("a late listing is news", "hot", plants.late_is_news,
            {**_STEADY, "list_lag_s": 20, "search_lag_s": 0, "people_rate": 0.15, "rounds": 30, "period_s": 5}),
        Bug("absence is a delete", "hot", plants.delete_by_absence, {**_CALM, **_LATE, **_BUSY}),
        Bug("a reported delete is proven without a read", "hot", plants.delete_unread,
            {**_STEADY, **_BUSY, "also": ("ghost",)}),
        Bug("reported deletes are not heard", "hot", plants.deletes_unheard, {**_CALM, **_BUSY}),
        Bug("no read before a write", "hot", plants.no_guard_read, _BUSY),
        Bug("a delete without a read before", "hot", plants.delete_unguarded,
            {**_STEADY, **_PROMPT, "people_rate": 0.5, "rounds": 20}),
        Bug("the whole record is written", "hot", plants.whole_record, {**_CALM, **_BUSY}),
        Bug("an intent after the write", "hot", plants.intent_after),
        Bug("a shadow that moves before the answer", "hot", plants.shadow_first,
            {"faults": ("busy", "stale"), "fault_rate": 0.3, **_BUSY}),
        Bug("a shadow that takes what was not written", "hot", plants.greedy_shadow,
            {**_STEADY, **_LONG, "versions": (True, True)}),
        Bug("a cleared field is not sent", "hot", plants.clear_unsent, _LONG),
        Bug("a field outside the map is written", "hot", plants.unmapped_written, _BUSY),
        Bug("a delete beats an edit", "sweep", plants.delete_wins, scenarios=("delete and revive",)),
        Bug("our own writes are told again", "normalised", plants.echo),
        Bug("a watermark before its page", "sweep", plants.cursor_first, scenarios=("first contact", "late listings")),
        Bug("a crash is swallowed", "sweep", plants.crash_swallowed,
            scenarios=("first contact", "late listings", "both sides edit different fields")),
        Bug("a lost create is sent again blindly, after a crash", "sweep", plants.blind_create,
            scenarios=("create whose answer is lost",)),
    )
}  # fmt: skip
