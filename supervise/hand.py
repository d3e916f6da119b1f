"""Whose hand acts: one transaction, one journal entry that names who, one row that is never changed.

An act changes the hub where a field says it (the sync carries that out where a CRM has a home for it). What it says
besides is kept as an act. The acts themselves are in ``acting``, ``agreeing`` and ``meeting``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

from mapping.errors import InputError
from mapping.kinds import TaskKind, kind_of
from mapping.records import TITLE_FIELD, EntityKind, Value, is_blank
from store import acts, hub, journal, supervision
from store.acts import Act
from store.database import Database
from store.hub import HubChange, HubRow
from store.journal import Entry
from store.supervision import BallEvent
from store.tx import Tx
from store.uids import new_uid
from supervise.calendar import Calendar
from supervise.cases import Setting, read_moves, read_setting, read_tasks
from supervise.due import local_day, zone_of
from supervise.judging import fresh_move
from supervise.knobs import Knobs

SALT_BYTES: Final = 32
RULE: Final = "rule"
"""Who acts when duban does something by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done.

    Args:
        kind: of the act.
        changed: fields of the record that moved.
        made: uids of records that came with it.
        said: what was kept about it.
    """

    entity: EntityKind
    uid: str
    title: str
    kind: str
    who: str
    at_ms: int
    changed: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Who acts, and when.

    Args:
        who: the name the journal keeps.
        now_ms: the moment it is written down; *at_ms* when it happened, where that was earlier.
        knobs: of the organisation.
    """

    db: Database
    who: str
    now_ms: int
    at_ms: int | None = None
    knobs: Knobs = field(default_factory=Knobs)
    random_bytes: Callable[[int], bytes] = os.urandom

    @property
    def cause(self) -> str:
        """Say what the journal names as the cause."""
        return RULE if self.who == RULE else "person"

    @property
    def happened_ms(self) -> int:
        return self.now_ms if self.at_ms is None else self.at_ms

    @contextmanager
    def begin(self) -> Iterator[Scene]:
        """Give one transaction to act in; it is committed when the block ends well.

        Raises:
            InputError: it is said to have happened in the future.
        """
        if self.happened_ms > self.now_ms:
            raise InputError("what has not happened yet cannot be recorded", zh="尚未发生的事不能登记")
        with self.db.edit() as tx:
            scene = Scene(self, tx)
            yield scene
            scene.finish()


@dataclass(kw_only=False)
class Scene:
    """One transaction in which one hand acts.

    What goes to the end of a chain is written last, all at once and always in the same order: a round of supervision
    beside us does the same, so neither ever waits for the other in a circle.
    """

    hand: Hand
    tx: Tx
    events: list[BallEvent] = field(default_factory=list)
    said: list[Act] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @cached_property
    def setting(self) -> Setting:
        return read_setting(self.tx, now_ms=self.hand.happened_ms, knobs=self.hand.knobs)

    @cached_property
    def calendar(self) -> Calendar:
        """Give the organisation's calendar."""
        return self.setting.calendars.of()

    def knobs_of(self, row: HubRow) -> Knobs:
        """Give the knobs that hold for a task: its project's, its client's, the organisation's."""
        (context,) = read_tasks(self.tx, [row], {})
        return self.setting.knobs_of(context.account, context.project)

    @property
    def today(self) -> date:
        """Give the day it happened, in the organisation's zone."""
        return local_day(self.hand.happened_ms, zone_of([self.hand.knobs.zone])[0])

    # --- reading ------------------------------------------------------------------------------------------------

    def row(self, entity: EntityKind, uid: str) -> HubRow:
        """Give a live record.

        Raises:
            InputError: it is not there, or not live any more.
        """
        row = hub.read(self.tx, entity, [uid]).get(uid)
        if row is None or row.state in ("deleted", "merged"):
            raise InputError(f"{entity} {uid} is not there any more", zh=f"{entity} {uid} 已不存在")
        return row

    def task(self, uid: str, *kinds: TaskKind) -> HubRow:
        """Give a live task of one of those kinds, or of any.

        Raises:
            InputError: it is none of them.
        """
        row = self.row("task", uid)
        kind = kind_of(row.values)[0]
        if kinds and kind not in kinds:
            wanted = ", ".join(kinds)
            raise InputError(
                f'"{name_of(row)}" is a {kind}; this is for {wanted}',
                zh=f"“{name_of(row)}” 的类型是 {kind};此操作只用于 {wanted}",
                next_step=f"duban set task {uid} kind={kinds[0]}, if that is what it is",
                next_step_zh=f"如果类型有误:duban set task {uid} kind={kinds[0]}",
            )
        return row

    def of(self, row: HubRow, entity: EntityKind, kind: str) -> list[Act]:
        """Give the earlier acts of that kind on a record."""
        return acts.of(self.tx, entity, [row.uid], [kind])

    # --- writing ------------------------------------------------------------------------------------------------

    def do(
        self, entity: EntityKind, row: HubRow, kind: str, doc: Mapping[str, Any],
        values: Mapping[str, Value] | None = None, made: Iterable[str] = (),
    ) -> Done:  # fmt: skip
        """Write the act, what it changes, where that moves the ball, and the journal entry."""
        changed = {name: value for name, value in (values or {}).items() if _moved(row.values.get(name), value)}
        if changed:
            self._change(entity, row, changed)
        said = {name: value for name, value in doc.items() if value not in (None, "", [])}
        act = Act(entity, row.uid, kind, self.hand.happened_ms, self.hand.who, said)
        self.said.append(act)
        told = {name: [row.values.get(name), value] for name, value in changed.items()}
        self.note(kind, entity, row.uid, {**told, f"act {kind}": [None, said]})
        return Done(
            entity=entity, uid=row.uid, title=name_of(row, entity), kind=kind, who=self.hand.who,
            at_ms=self.hand.happened_ms, changed=tuple(sorted(changed)), made=tuple(made), said=said,
        )  # fmt: skip

    def add(self, entity: EntityKind, values: Mapping[str, Value], kind: str) -> HubRow:
        """Put a new record into the hub, with its journal entry, and give it."""
        kept = {name: value for name, value in values.items() if not is_blank(value)}
        row = HubRow(new_uid(self.hand.now_ms, self.hand.random_bytes), 1, "live", kept)
        hub.insert(self.tx, entity, [row], self.hand.now_ms)
        self.note(kind, entity, row.uid, {name: [None, value] for name, value in kept.items()})
        if entity == "task":
            self._move_ball(row, kept)
        return row

    def note(self, kind: str, entity: EntityKind, uid: str, changes: dict[str, list[Any]]) -> None:
        """Journal something and put its record on the list of those to look at."""
        hand = self.hand
        entry = Entry("", hand.now_ms, kind, entity, uid, who=hand.who, changes=changes, cause=hand.cause)
        self.entries.append(entry)
        hub.mark_dirty(self.tx, entity, [uid], kind, hand.now_ms)

    def finish(self) -> None:
        """Write what goes to the end of the chains."""
        supervision.append_ball_events(self.tx, self.events)
        acts.append(self.tx, self.said)
        if self.entries:
            journal.append(self.tx, self.entries, self.hand.random_bytes(SALT_BYTES))

    def _change(self, entity: EntityKind, row: HubRow, changed: dict[str, Value]) -> None:
        if entity == "task":
            self._move_ball(row, changed)
        stale = hub.update(self.tx, entity, [HubChange(row.uid, row.rev, changed)], self.hand.now_ms)
        if stale:  # read and written in one transaction: only a row erased in between can get here
            raise InputError(f"{entity} {row.uid} moved; try again", zh=f"{entity} {row.uid} 刚被修改,请重试")

    def _move_ball(self, row: HubRow, changed: Mapping[str, Value]) -> None:
        """Keep the ball's history at the very moment, rather than when a round next looks.

        Raises:
            InputError: a later move is on record already.
        """
        moves = read_moves(self.tx, [row.uid]).get(row.uid, [])
        after = HubRow(row.uid, row.rev, row.state, {**row.values, **changed})
        move = fresh_move(after, moves, self.hand.happened_ms)
        if move is None:
            return
        if moves and moves[-1].at_ms > self.hand.happened_ms:
            raise InputError(
                f'"{name_of(row)}" has a later move of the ball on record; say nothing earlier than that',
                zh=f"“{name_of(row)}” 已登记更晚的球权变动;时间不能早于它",
            )
        data = {"status": move.status, "due": move.due}
        event = BallEvent("task", row.uid, move.at_ms, move.holder, self.hand.cause, data)
        self.events.append(event)


def name_of(row: HubRow, entity: EntityKind = "task") -> str:
    """Give what a person knows the record by."""
    value = row.values.get(TITLE_FIELD[entity])
    return value if isinstance(value, str) and value else row.uid


def needs(words: str, what: str, what_zh: str) -> None:
    """Refuse an act that lacks its words.

    Raises:
        InputError: *words* are blank.
    """
    if not words.strip():
        raise InputError(f"this needs {what}", zh=f"需要填写{what_zh}")


def status_of(row: HubRow) -> str | None:
    """Give the status of a task; None when it has none."""
    value = row.values.get("status")
    return value if isinstance(value, str) and value else None


def _moved(old: Value, new: Value) -> bool:
    return old != new and not (is_blank(old) and is_blank(new))
