"""What supervision keeps: flags, who held the ball, pauses, overrides, baselines, calendar days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from mapping.records import EntityKind, Value
from store import acts, chaining, notices
from store.statements import dumps, execute, execute_among, fetch, fetch_among, insert_sql, loads, upsert
from store.tx import Tx

_FLAG: Final = 'SELECT "entity", "uid", "rule", "since", "severity", "data", "raised_ms", "cleared_ms" FROM "flag"'
_MOVE: Final = ("entity", "uid", "at_ms", "side", "cause", "data", "run_id")


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a rule found about a record.

    Args:
        since: the civil day it holds from; None when the rule has none.
        data: what the rule wants to show.
        cleared_ms: None while it holds.
    """

    entity: EntityKind
    uid: str
    rule: str
    since: str | None
    severity: str
    data: dict[str, Any] = field(default_factory=dict)
    raised_ms: int = 0
    cleared_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BallEvent:
    """The ball of a record changed sides.

    Args:
        id: its number; None until it was appended.
        chain: hash over the move before it and this one; "" for moves from before there was a chain.
    """

    entity: EntityKind
    uid: str
    at_ms: int
    side: str
    cause: str
    data: dict[str, Any] = field(default_factory=dict)
    run_id: str = ""
    id: int | None = field(default=None, compare=False)
    chain: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count for a record; *until* is the last of them, None while it is open."""

    entity: EntityKind
    uid: str
    start: str
    until: str | None
    reason: str = ""
    who: str = ""
    created_ms: int = 0


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word against a rule's, up to and including the day *until* (None: for good)."""

    entity: EntityKind
    uid: str
    rule: str
    value: Value
    reason: str = ""
    who: str = ""
    at_ms: int = 0
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """Dates that were agreed on at one time; later ones never change earlier ones.

    Args:
        kind: ``baseline`` for the dates of a plan.
        doc: the dates and what led to them, as plain JSON values.
    """

    entity: EntityKind
    uid: str
    kind: str
    doc: dict[str, Any]
    who: str = ""
    at_ms: int = 0
    id: int | None = None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day that differs from its calendar's week: kind ``off`` or ``work``."""

    calendar: str
    day: str
    kind: str
    name: str = ""
    source: str = ""


def flags(tx: Tx, entity: EntityKind, uids: Iterable[str] | None = None) -> list[Flag]:
    """Give the flags that hold, of those rows or of all, ordered by uid and rule."""
    up = f'{_FLAG} WHERE "entity" = ? AND "cleared_ms" IS NULL'
    rows = fetch(tx, up, entity) if uids is None else fetch_among(tx, f"{up} AND", '"uid"', uids, entity)
    return sorted((_flag(row) for row in rows), key=lambda flag: (flag.uid, flag.rule))


def flag_history(tx: Tx, entity: EntityKind, uid: str) -> list[Flag]:
    """Give every flag a record ever had, oldest first."""
    return [_flag(row) for row in fetch(tx, f'{_FLAG} WHERE "entity" = ? AND "uid" = ? ORDER BY "id"', entity, uid)]


def raise_flag(tx: Tx, flag: Flag) -> bool:
    """Raise a flag; one that holds already is updated and keeps the time it was raised.

    Returns:
        True when it is new: to be told once.
    """
    sql = (
        'UPDATE "flag" SET "since" = ?, "severity" = ?, "data" = ? '
        'WHERE "entity" = ? AND "uid" = ? AND "rule" = ? AND "cleared_ms" IS NULL'
    )
    key = (flag.entity, flag.uid, flag.rule)
    if execute(tx, sql, flag.since, flag.severity, dumps(flag.data), *key):
        return False
    columns = ("entity", "uid", "rule", "since", "severity", "data", "raised_ms")
    execute(tx, insert_sql("flag", columns), *key, flag.since, flag.severity, dumps(flag.data), flag.raised_ms)
    return True


def clear_flag(tx: Tx, entity: EntityKind, uid: str, rule: str, now_ms: int) -> bool:
    """Lower a flag; False when it did not hold."""
    sql = 'UPDATE "flag" SET "cleared_ms" = ? WHERE "entity" = ? AND "uid" = ? AND "rule" = ? AND "cleared_ms" IS NULL'
    return execute(tx, sql, now_ms, entity, uid, rule) == 1


def append_ball_events(tx: Tx, events: Sequence[BallEvent]) -> None:
    """Append moves of the ball."""
    rows = [(e.entity, e.uid, e.at_ms, e.side, e.cause, dumps(e.data), e.run_id) for e in events]
    chaining.append(tx, "ball_event", _MOVE, rows)


def ball_events(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> list[BallEvent]:
    """Give the moves of the ball of those rows, by uid and time."""
    names = ", ".join(f'"{name}"' for name in (*_MOVE, "id", "chain"))
    sql = f'SELECT {names} FROM "ball_event" WHERE "entity" = ? AND'
    events = [_ball_event(row) for row in fetch_among(tx, sql, '"uid"', uids, entity)]
    return sorted(events, key=lambda event: (event.uid, event.at_ms, event.id or 0))


def verify_ball_events(tx: Tx) -> int | None:
    """Give the id of the first move that was altered, removed or forged; None when the chain is whole."""
    return chaining.verify(tx, "ball_event", _MOVE)


def add_baseline(tx: Tx, baseline: Baseline) -> None:
    """Keep dates that were agreed on."""
    columns = ("entity", "uid", "kind", "doc", "who", "at_ms")
    values = [getattr(baseline, name) for name in columns]
    values[3] = dumps(baseline.doc)
    execute(tx, insert_sql("baseline", columns), *values)


def baselines(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> list[Baseline]:
    """Give the agreed dates of those rows, oldest first."""
    sql = 'SELECT "entity", "uid", "kind", "doc", "who", "at_ms", "id" FROM "baseline" WHERE "entity" = ? AND'
    found = [_baseline(row) for row in fetch_among(tx, sql, '"uid"', uids, entity)]
    return sorted(found, key=lambda each: each.id or 0)


def add_pause(tx: Tx, pause: Pause) -> None:
    """Write a pause down."""
    columns = ("entity", "uid", "start", "until", "reason", "who", "created_ms")
    execute(tx, insert_sql("pause", columns), *(getattr(pause, name) for name in columns))


def end_pause(tx: Tx, entity: EntityKind, uid: str, until: str) -> int:
    """End the open pauses of a record with the day *until*; gives how many."""
    return execute(
        tx, 'UPDATE "pause" SET "until" = ? WHERE "entity" = ? AND "uid" = ? AND "until" IS NULL', until, entity, uid
    )


def pauses(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> list[Pause]:
    """Give the pauses of those rows, by uid and start."""
    sql = 'SELECT "entity", "uid", "start", "until", "reason", "who", "created_ms" FROM "pause" WHERE "entity" = ? AND'
    found = [
        Pause(row[0], row[1], _day(row[2]) or "", _day(row[3]), *row[4:])
        for row in fetch_among(tx, sql, '"uid"', uids, entity)
    ]
    return sorted(found, key=lambda pause: (pause.uid, pause.start))


def save_override(tx: Tx, override: Override) -> None:
    """Set a person's word; an earlier one on the same rule is replaced."""
    row = {
        "entity": override.entity, "uid": override.uid, "rule": override.rule, "value": dumps(override.value),
        "reason": override.reason, "who": override.who, "at_ms": override.at_ms, "until": override.until,
    }  # fmt: skip
    upsert(tx, "override", [row], ("entity", "uid", "rule"))


def drop_override(tx: Tx, entity: EntityKind, uid: str, rule: str) -> None:
    """Let the rule decide again."""
    execute(tx, 'DELETE FROM "override" WHERE "entity" = ? AND "uid" = ? AND "rule" = ?', entity, uid, rule)


def overrides(tx: Tx) -> list[Override]:
    """Give every person's word, by entity, uid and rule."""
    sql = (
        'SELECT "entity", "uid", "rule", "value", "reason", "who", "at_ms", "until" FROM "override" '
        'ORDER BY "entity", "uid", "rule"'
    )
    return [_override(row) for row in fetch(tx, sql)]


def save_calendar_days(tx: Tx, days: Sequence[CalendarDay]) -> None:
    """Keep days of a calendar; a day that is there already is replaced."""
    columns = ("calendar", "day", "kind", "name", "source")
    upsert(tx, "calendar_day", [{n: getattr(day, n) for n in columns} for day in days], ("calendar", "day"))


def calendar_days(tx: Tx, calendar: str) -> list[CalendarDay]:
    """Give the kept days of a calendar, in order."""
    sql = 'SELECT "calendar", "day", "kind", "name", "source" FROM "calendar_day" WHERE "calendar" = ? ORDER BY "day"'
    return [CalendarDay(row[0], _day(row[1]) or "", *row[2:]) for row in fetch(tx, sql, calendar)]


def every_calendar_day(tx: Tx) -> list[CalendarDay]:
    """Give the kept days of all calendars, by calendar and day."""
    sql = 'SELECT "calendar", "day", "kind", "name", "source" FROM "calendar_day" ORDER BY "calendar", "day"'
    return [CalendarDay(row[0], _day(row[1]) or "", *row[2:]) for row in fetch(tx, sql)]


def erase(tx: Tx, entity: EntityKind, uids: Sequence[str]) -> None:
    """Take everything supervision keeps about those rows away."""
    notices.erase(tx, entity, uids)
    for table in ("flag", "pause", "override", "baseline"):
        execute_among(tx, f'DELETE FROM "{table}" WHERE "entity" = ? AND', '"uid"', uids, entity)
    moves = [event.id for event in ball_events(tx, entity, uids) if event.id is not None]
    chaining.erase(tx, "ball_event", _MOVE, moves)
    acts.erase(tx, entity, uids)


def _day(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _flag(row: Sequence[Any]) -> Flag:
    entity, uid, rule, since, severity, data, raised_ms, cleared_ms = row
    return Flag(entity, uid, rule, _day(since), severity, loads(data), raised_ms, cleared_ms)


def _ball_event(row: Sequence[Any]) -> BallEvent:
    entity, uid, at_ms, side, cause, data, run_id, id, chain = row
    return BallEvent(entity, uid, at_ms, side, cause, loads(data), run_id, id, chain)


def _baseline(row: Sequence[Any]) -> Baseline:
    entity, uid, kind, doc, who, at_ms, id = row
    return Baseline(entity, uid, kind, loads(doc), who, at_ms, id)


def _override(row: Sequence[Any]) -> Override:
    entity, uid, rule, value, reason, who, at_ms, until = row
    return Override(entity, uid, rule, loads(value), reason, who, at_ms, _day(until))
