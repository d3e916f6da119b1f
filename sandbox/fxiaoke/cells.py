"""Reading one field of a record, system fields included, in the server's own form (plain employee ids)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.world import Row

SYSTEM_USER: Final = "-10000"
"""Who the server itself is. Source: FxiaoKe server function documentation [doc]"""


def _life_status(row: Row) -> str:
    if row.deleted:
        return "invalid"
    # Nobody has written to a planted crowd yet, so its values need not be worked out.
    return "normal" if row.is_made else row.values.get("life_status") or "normal"


SYSTEM_CELLS: Final[dict[str, Callable[[Row], Any]]] = {
    "_id": lambda row: row.id,
    "created_by": lambda row: [row.created_by],
    "last_modified_by": lambda row: [row.modified_by],
    "create_time": lambda row: row.created_ms,
    "last_modified_time": lambda row: row.modified_ms,
    "version": lambda row: str(row.version),
    "lock_status": lambda row: "1" if row.locked else "0",
    "is_deleted": lambda row: bool(row.deleted),
    "life_status": _life_status,
}


def cell(row: Row, name: str) -> Any:
    """Give the value of one field; None when the record has none."""
    reader = SYSTEM_CELLS.get(name)
    return reader(row) if reader is not None else row.values.get(name)


def is_empty(value: Any) -> bool:
    """Say whether the server treats *value* as no value."""
    return value is None or value in ("", [])
