"""The tenant's tables: the sandbox's ground truth plus what this CRM's queries need to be quick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sandbox.world import Maker, Row, Table, World

ID_BASE_S: Final = 0x66F66D8B
"""First four bytes of made-up record ids: a second in September 2024."""


def object_id(number: int) -> str:
    """Give the record id of a running number: 24 hex digits that sort by number.

    Shape: 1 -> "66f66d8b25255b0000000001". Source: FxiaoKe record ids in public clients [seen]
    """
    return f"{ID_BASE_S:08x}25255b{number:010x}"


class TenantTable(Table):
    """A table that counts its writes, so that answers can be kept, and knows what lies in its bin.

    Attributes:
        made_late: some record says it was created after its last change (its creator set the time).
    """

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name, object_id)
        self.writes = 0
        self.binned: set[str] = set()
        self.made_late = False

    def insert(self, values: Mapping[str, Any], who: str, now_ms: int | None = None, id: str | None = None) -> Row:
        self.writes += 1
        return super().insert(values, who, now_ms, id)

    def fill(self, numbers: Iterable[int], make: Maker, made_ms: Callable[[int], int], who: str) -> None:
        self.writes += 1
        super().fill(numbers, make, made_ms, who)

    def update(self, row_id: str, values: Mapping[str, Any], who: str, now_ms: int | None = None) -> Row:
        self.writes += 1
        return super().update(row_id, values, who, now_ms)

    def remove(self, row_id: str, who: str, permanent: bool = False, touch: bool = False) -> Row:
        with self.world.lock:
            self.writes += 1
            row = super().remove(row_id, who, permanent, touch)
            if row.deleted == "recycle":
                self.binned.add(row_id)
            else:
                self.binned.discard(row_id)
            return row

    def restore(self, row_id: str, who: str, touch: bool = False) -> Row:
        with self.world.lock:
            self.writes += 1
            row = super().restore(row_id, who, touch)
            self.binned.discard(row_id)
            return row


def add_table(world: World, name: str) -> TenantTable:
    """Add an object to the world and give its empty table."""
    table = TenantTable(world, name)
    world.objects[name] = table
    return table
