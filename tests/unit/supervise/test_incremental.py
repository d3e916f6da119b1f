"""Each thing that a verdict rests on, moved by itself: the next round sees it, a full one after it finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from mapping.records import EntityKind
from store import claims, hub, streams, supervision
from store.claims import Claim
from store.database import Database
from store.hub import HubChange, HubRow
from store.streams import Stream
from store.supervision import CalendarDay, Override, Pause
from store.tx import Tx
from supervise.calendar import Calendars
from supervise.cases import read_setting
from supervise.knobs import Knobs
from supervise.report import SupervisionReport
from supervise.rounds import supervise_once
from tests.support.clocks import StoppedClock, ms

Move = Callable[[Tx], object]


START_MS = ms("2026-06-11T12:00")


def look(db: Database, at: str, **more: Any) -> SupervisionReport:
    return supervise_once(db, now_ms=ms(at), run_id="r", random_bytes=lambda size: b"s" * size, **more)


@pytest.fixture
def db() -> Iterator[Database]:
    """Two projects of a client: a milestone that two late actions wait for, and one that is due this evening."""
    database = Database.open("sqlite://", clock=StoppedClock())

    def plant(entity: EntityKind, uid: str, **values: Any) -> None:
        hub.insert(tx, entity, [HubRow(uid, 1, "live", values)], 0)

    with database.write() as tx:
        plant("account", "a1", name="华星")
        plant("contact", "c1", name="王总", account="a1")
        plant("project", "p1", name="ERP", account="a1", lifecycle="active")
        plant("project", "p2", name="Portal", account="a1", lifecycle="active")
        plant("task", "m1", title="UAT", kind="milestone", status="in_progress", due="2026-06-30", project="p1")
        for uid in ("t1", "t2"):
            plant(
                "task", uid, title=uid, status="waiting_client", due="2026-06-08", project="p1", contact="c1",
                blocks="UAT",
            )  # fmt: skip
        plant("task", "t3", title="数据", status="waiting_client", due="2026-06-11", project="p2", contact="c1")
        claims.put(tx, [Claim("project", "p1", "lifecycle", "zoho", "active", None, 1)])
        streams.save(tx, Stream("zoho", "project", "Deals", updated_ms=ms("2026-06-11T09:00")))
    yield database
    database.close()


def edit(entity: EntityKind, uid: str, **values: Any) -> Move:
    def run(tx: Tx) -> None:
        hub.update(tx, entity, [HubChange(uid, hub.read(tx, entity, [uid])[uid].rev, values)], 0)

    return run


MOVES: dict[str, tuple[Move, int]] = {
    "a milestone is reached: what waited for it is less urgent": (edit("task", "m1", status="done"), 2),
    "a milestone is renamed": (edit("task", "m1", title="Beta"), 2),
    "an item moves to a project without that milestone": (edit("task", "t1", project="p2"), 1),
    "the contact lives where it is not yet tomorrow": (edit("contact", "c1", zone="Pacific/Pago_Pago"), 2),
    "the client's account lives elsewhere": (edit("account", "a1", zone="Pacific/Pago_Pago"), 2),
    "the contact goes to another client": (edit("contact", "c1", account=None), 0),
    "a pause is agreed on": (lambda tx: supervision.add_pause(tx, Pause("task", "t1", "2026-06-08", None)), 1),
    "a day off is entered": (
        lambda tx: supervision.save_calendar_days(
            tx, [CalendarDay("CN", day, "off") for day in ("2026-06-09", "2026-06-10", "2026-06-11")]
        ), 2,
    ),
    "the client answers, by plain SQL": (
        lambda tx: tx.conn.exec_driver_sql("UPDATE task SET status = 'done' WHERE uid = 't1'"), 1,
    ),
    "somebody types over a flag": (edit("task", "t1", severity="S1"), 1),
    "a source states another stage": (
        lambda tx: claims.put(tx, [Claim("project", "p1", "lifecycle", "zoho", "delivered", None, START_MS)]), 1,
    ),
    "a person overrides": (
        lambda tx: supervision.save_override(
            tx, Override("project", "p1", "lifecycle", "on_hold", "", "li", START_MS)
        ), 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_what_moved_is_judged_at_once_and_nothing_is_left_for_a_full_round(db: Database, name: str) -> None:
    look(db, "2026-06-11T18:00")
    assert look(db, "2026-06-11T18:05").changed == 0
    move, changed = MOVES[name]
    with db.edit() as tx:
        move(tx)
    assert look(db, "2026-06-11T18:10").changed == changed
    assert look(db, "2026-06-11T18:10", full=True).changed == 0


@pytest.mark.parametrize(
    ("later", "knobs", "changed"),
    [
        ("2026-06-11T23:59", Knobs(), 0),
        ("2026-06-12T00:00", Knobs(), 1),  # t3 is late, the others are no louder
        ("2026-06-15T00:00", Knobs(), 3),  # t1 and t2 have reached five days less the weekend
        ("2026-06-11T18:10", Knobs(grace_bd=5), 2),
        ("2026-06-11T10:00", Knobs(), 0),  # the clock went back
    ],
)
def test_what_time_or_a_knob_changes_is_judged_when_it_changes(
    db: Database, later: str, knobs: Knobs, changed: int
) -> None:
    look(db, "2026-06-11T18:00")
    assert look(db, later, knobs=knobs).changed == changed
    assert look(db, later, knobs=knobs, full=True).changed == 0


def test_an_override_ends_and_a_source_falls_silent_without_anybody_touching_them(db: Database) -> None:
    with db.edit() as tx:
        supervision.save_override(
            tx, Override("project", "p1", "lifecycle", "on_hold", "", "li", ms("2026-06-11T12:00"), "2026-06-12")
        )
    assert look(db, "2026-06-11T18:00").counts["lifecycle_set"] == 1
    assert "lifecycle_set" not in look(db, "2026-06-12T23:59").counts
    ended = look(db, "2026-06-13T00:00")
    assert ended.counts["lifecycle_set"] == 1
    assert ended.stale == ("zoho",)
    assert look(db, "2026-06-13T00:00", full=True).counts.get("lifecycle_set", 0) == 0


def test_calendars_are_composed_again_only_when_a_day_of_them_is_another(db: Database) -> None:
    def calendars() -> Calendars:
        with db.read() as tx:
            return read_setting(tx, now_ms=START_MS, knobs=Knobs()).calendars

    first = calendars()
    assert calendars() is first
    with db.write() as tx:
        supervision.save_calendar_days(tx, [CalendarDay("CN", "2026-06-11", "off", "", "test")])
    assert first.of().workday(date(2026, 6, 11))
    assert not calendars().of().workday(date(2026, 6, 11))
