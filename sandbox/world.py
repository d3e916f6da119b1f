"""Ground truth of one pretended CRM: every record with its whole history.

Rows hold wire-shaped values (what the CRM's own answers show). Reads that a real CRM serves from an index can lag:
``seen(row, "list")`` and ``seen(row, "search")`` give the version such a read shows right now.
"""

from __future__ import annotations

import copy
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from sandbox.clock import Clock

Values = dict[str, Any]
Change = tuple[int, str, dict[str, tuple[Any, Any]]]
Lens = Literal["now", "list", "search"]
Maker = Callable[[int], Values]


class Row:
    """One record.

    Args:
        id: as it stands on the wire; ids of one object have the same length, so text order is creation order.
        created_by, modified_by, deleted_by: ids of people of that CRM.
        version: grows by one with every write.
        deleted: "" while it lives, else "recycle" or "permanent".
        visible_ms, search_ms: from when listings and searches show the present version.
        history: every change as (time ms, who, {field: (old, new)}), oldest first.
    """

    __slots__ = (
        "_make", "_values", "created_by", "created_ms", "deleted", "deleted_by", "deleted_ms", "history", "id",
        "listed", "locked", "modified_by", "modified_ms", "search_ms", "searched", "version", "visible_ms",
    )  # fmt: skip

    def __init__(self, id: str, values: Values | None, now_ms: int, who: str) -> None:
        self.id = id
        self._values = values
        self._make: tuple[Maker, int] | None = None
        self.created_ms = self.modified_ms = now_ms
        self.created_by = self.modified_by = who
        self.version = 1
        self.deleted: Literal["", "recycle", "permanent"] = ""
        self.deleted_ms = 0
        self.deleted_by = ""
        self.locked = False
        self.visible_ms = self.search_ms = 0
        self.listed: Row | None = None
        self.searched: Row | None = None
        self.history: tuple[Change, ...] = ()

    @property
    def values(self) -> Values:
        """Give the record's fields; treat the mapping as read-only and write through the table."""
        if self._values is not None:
            return self._values
        if self._make is None:
            return {}
        make, index = self._make
        return make(index)

    @property
    def is_made(self) -> bool:
        """Say whether the values are still those of the seed's recipe (nobody has written them yet)."""
        return self._values is None

    def set_values(self, values: Values) -> None:
        self._values = values

    def set_recipe(self, make: Maker, index: int) -> None:
        self._make = (make, index)


class Table:
    """All records of one object.

    Args:
        new_id: gives the wire id for a running number.
    Attributes:
        recipe_blank: fields that rows planted by ``fill`` never have, so that an index need not look at them.
        bin: ids of deleted records, in the order they went.
    """

    def __init__(self, world: World, name: str, new_id: Callable[[int], str]) -> None:
        self.world = world
        self.name = name
        self.rows: dict[str, Row] = {}
        self.recipe_blank: frozenset[str] = frozenset()
        self.bin: dict[str, None] = {}
        self._new_id = new_id
        self._live: list[str] = []
        self._changes: list[tuple[int, str, int]] = []
        self._indexes: dict[str, dict[str, set[str]]] = {}

    # --- writing -----------------------------------------------------------------------------------------------

    def insert(self, values: Mapping[str, Any], who: str, now_ms: int | None = None, id: str | None = None) -> Row:
        """Add a record and give its row.

        Raises:
            KeyError: the id is already taken.
        """
        with self.world.lock:
            row_id = id or self._new_id(self.world.next_number())
            if row_id in self.rows:
                raise KeyError(row_id)
            stamp = self.world.stamp() if now_ms is None else now_ms
            row = Row(row_id, dict(values), stamp, who)
            self.rows[row_id] = row
            self._delay(row, None)
            self._enter(row)
            self._note_change(row)
            row.history = ((stamp, who, {name: (None, value) for name, value in values.items()}),)
            return row

    def fill(self, numbers: Iterable[int], make: Maker, made_ms: Callable[[int], int], who: str) -> None:
        """Add many records whose values are worked out when they are read: ``make(number)`` gives them.

        Args:
            numbers: ascending; each becomes the id ``new_id(number)`` and the argument of *make*.
            made_ms: creation time of a number; must not fall as numbers rise.
        """
        with self.world.lock:
            last = 0
            for number in numbers:
                row = Row(self._new_id(number), None, made_ms(number), who)
                row.set_recipe(make, number)
                self.rows[row.id] = row
                self._live.append(row.id)
                self._changes.append((row.modified_ms, row.id, row.version))
                last = number
            self.world.number_at_least(last)
            self._live.sort()
            self._changes.sort()
            self._indexes.clear()

    def update(self, row_id: str, values: Mapping[str, Any], who: str, now_ms: int | None = None) -> Row:
        """Change the given fields and give the row; the modified time moves even when no value differs.

        Raises:
            KeyError: no such record, or it is deleted.
        """
        with self.world.lock:
            row = self.live(row_id)
            before = copy.copy(row)
            old = row.values
            stamp = self.world.stamp() if now_ms is None else now_ms
            self._unindex(row)
            row.set_values({**old, **values})
            row.modified_ms, row.modified_by = stamp, who
            row.version += 1
            changed = {name: (old.get(name), value) for name, value in values.items() if old.get(name) != value}
            row.history = (*row.history, (stamp, who, changed))
            self._delay(row, before)
            self._index(row)
            self._note_change(row)
            return row

    def remove(self, row_id: str, who: str, permanent: bool = False, touch: bool = False) -> Row:
        """Delete a record (into the bin, or for good) and give its row.

        Args:
            touch: also move its modified time and version.
        Raises:
            KeyError: no such record, or it is already gone that far.
        """
        with self.world.lock:
            row = self.rows[row_id]
            if row.deleted == "permanent" or (row.deleted and not permanent):
                raise KeyError(row_id)
            if not row.deleted:
                self._unindex(row)
                self._live.pop(bisect_left(self._live, row_id))
                self.bin[row_id] = None
            row.deleted = "permanent" if permanent else "recycle"
            row.deleted_ms, row.deleted_by = self.world.stamp(), who
            row.history = (*row.history, (row.deleted_ms, who, {"__deleted": (False, True)}))
            if touch:
                row.modified_ms, row.modified_by = row.deleted_ms, who
                row.version += 1
            return row

    def restore(self, row_id: str, who: str, touch: bool = False) -> Row:
        """Bring a record back from the bin and give its row; its modified time stays unless *touch*.

        Raises:
            KeyError: it is not in the bin.
        """
        with self.world.lock:
            row = self.rows[row_id]
            if row.deleted != "recycle":
                raise KeyError(row_id)
            stamp = self.world.stamp()
            row.deleted, row.deleted_ms, row.deleted_by = "", 0, ""
            del self.bin[row_id]
            row.history = (*row.history, (stamp, who, {"__deleted": (True, False)}))
            if touch:
                row.modified_ms, row.modified_by = stamp, who
                row.version += 1
                self._note_change(row)
            self._enter(row)
            return row

    # --- reading -----------------------------------------------------------------------------------------------

    def live(self, row_id: str) -> Row:
        """Give a record that is not deleted.

        Raises:
            KeyError: there is none.
        """
        row = self.rows[row_id]
        if row.deleted:
            raise KeyError(row_id)
        return row

    def __len__(self) -> int:
        return len(self._live)

    def live_ids(self, after: str | None = None, before: str | None = None, reverse: bool = False) -> Iterator[str]:
        """Yield ids of live records in id order, strictly between the two bounds; a page costs a page."""
        low = 0 if after is None else bisect_right(self._live, after)
        high = len(self._live) if before is None else bisect_left(self._live, before)
        for at in range(high - 1, low - 1, -1) if reverse else range(low, high):
            yield self._live[at]

    def changed(
        self, from_ms: int | None = None, to_ms: int | None = None, lens: Lens = "now", reverse: bool = False
    ) -> Iterator[Row]:
        """Yield live records modified from *from_ms* up to *to_ms* (both included), by (modified time, id)."""
        low = 0 if from_ms is None else bisect_left(self._changes, (from_ms, "", 0))
        high = len(self._changes) if to_ms is None else bisect_left(self._changes, (to_ms + 1, "", 0))
        for at in range(high - 1, low - 1, -1) if reverse else range(low, high):
            _, row_id, version = self._changes[at]
            row = self.rows[row_id]
            if row.deleted:
                continue
            shown = self.seen(row, lens)
            if shown is not None and shown.version == version:
                yield shown

    def since(self, modified_ms: int) -> list[str]:
        """Give the ids of live records modified at or after that time, oldest change first."""
        return [row.id for row in self.changed(modified_ms)]

    def seen(self, row: Row, lens: Lens) -> Row | None:
        """Give the version of a record that such a read shows now; None while it shows none at all."""
        if lens == "now":
            return row
        now_ms = self.world.clock.now_ms()
        ready_ms, earlier = (row.visible_ms, row.listed) if lens == "list" else (row.search_ms, row.searched)
        return row if ready_ms <= now_ms else earlier

    def lookup(self, field: str, value: str) -> list[str]:
        """Give the ids of live records whose *field* is that text, letter case aside."""
        return sorted(self._index_of(field).get(_folded(value), ()))

    def candidates(self, field: str, value: str, lens: Lens) -> list[str]:
        """Give the ids that a read through *lens* may find under that text, and perhaps a few more.

        The index knows the present values; a lagging read may still see an earlier one of what changed just now.
        """
        found = set(self._index_of(field).get(_folded(value), ()))
        lag_ms = {"now": 0, "list": self.world.list_lag_ms, "search": self.world.search_lag_ms}[lens]
        if lag_ms:
            found.update(row.id for row in self.changed(self.world.clock.now_ms() - lag_ms - 1000))
        return sorted(found)

    # --- keeping the indexes -----------------------------------------------------------------------------------

    def _enter(self, row: Row) -> None:
        if not self._live or row.id > self._live[-1]:
            self._live.append(row.id)
        else:
            insort(self._live, row.id)
        self._index(row)

    def _note_change(self, row: Row) -> None:
        insort(self._changes, (row.modified_ms, row.id, row.version))
        if len(self._changes) > 4 * len(self.rows) + 1000:
            # Old entries serve only lagging reads; those of the past versions nobody can see any more go.
            keep = {(r.modified_ms, r.id, r.version) for row in self.rows.values() for r in _versions(row)}
            self._changes = sorted(keep)

    def _delay(self, row: Row, before: Row | None) -> None:
        now_ms = self.world.clock.now_ms()
        was_listed = before is not None and before.visible_ms <= now_ms
        was_searched = before is not None and before.search_ms <= now_ms
        row.visible_ms = now_ms + self.world.list_lag_ms if self.world.list_lag_ms else 0
        row.search_ms = now_ms + self.world.search_lag_ms if self.world.search_lag_ms else 0
        row.listed = _bare(before) if was_listed and row.visible_ms else row.listed if row.visible_ms else None
        row.searched = _bare(before) if was_searched and row.search_ms else row.searched if row.search_ms else None

    def _index_of(self, field: str) -> dict[str, set[str]]:
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for row_id in self._live:
                row = self.rows[row_id]
                if not (row.is_made and field in self.recipe_blank):
                    _add(index, row.values.get(field), row_id)
        return index

    def _index(self, row: Row) -> None:
        for field, index in self._indexes.items():
            _add(index, row.values.get(field), row.id)

    def _unindex(self, row: Row) -> None:
        for field, index in self._indexes.items():
            index.get(_folded(row.values.get(field)), set()).discard(row.id)


def _versions(row: Row) -> list[Row]:
    return [version for version in (row, row.listed, row.searched) if version is not None]


def _bare(row: Row | None) -> Row | None:
    if row is not None:
        row.listed = row.searched = None
    return copy.copy(row)


def _folded(value: Any) -> str:
    return value.casefold() if isinstance(value, str) else str(value)


def _add(index: dict[str, set[str]], value: Any, row_id: str) -> None:
    if value not in (None, ""):
        index.setdefault(_folded(value), set()).add(row_id)


class World:
    """Everything one CRM knows.

    Args:
        tick: how fine its stamps are: "ms", or "s" for whole seconds.
    Attributes:
        list_lag_ms, search_lag_ms: how long a write stays out of listings and of searches.
        strict: give every stamp a time of its own (later than the one before).
    """

    def __init__(self, clock: Clock, seed: int = 1, tick: Literal["ms", "s"] = "ms") -> None:
        self.clock = clock
        self.seed = seed
        self.tick = tick
        self.strict = False
        self.list_lag_ms = 0
        self.search_lag_ms = 0
        self.lock = threading.RLock()
        self.objects: dict[str, Table] = {}
        self._number = 0
        self._last_stamp = 0

    def add_object(self, name: str, new_id: Callable[[int], str]) -> Table:
        """Add an object and give its empty table."""
        table = self.objects[name] = Table(self, name, new_id)
        return table

    def next_number(self) -> int:
        """Give the next running number, for ids; one row of numbers for the whole world."""
        self._number += 1
        return self._number

    def number_at_least(self, number: int) -> None:
        """Make sure that no number up to that one is given out again."""
        self._number = max(self._number, number)

    def stamp(self) -> int:
        """Give the time to write on a change, as fine as this CRM's stamps are."""
        now_ms = self.clock.now_ms()
        if self.tick == "s":
            now_ms -= now_ms % 1000
        if self.strict and now_ms <= self._last_stamp:
            now_ms = self._last_stamp + 1
        self._last_stamp = now_ms
        return now_ms

    def clear(self) -> None:
        """Forget every record and object."""
        with self.lock:
            self.objects.clear()
            self._number = 0
