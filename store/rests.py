"""What stands in the store of all that a notice rests on, as numbers that move with it: cheap to compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from store.statements import fetch, fetch_among, fetch_one
from store.tx import Tx

_JUDGED = ("next_ms", "tally", "listed", "severity", "obd", "due_eff")


def records(tx: Tx) -> dict[str, tuple[int, str]]:
    """Give the revision and the account of every contact, and the revision of every account and project.

    Shape: {"contact:c1": (3, "account:a1"), "account:a1": (1, "")}
    """
    contacts = fetch(tx, 'SELECT "uid", "rev", "account" FROM "contact"')
    found = {f"contact:{uid}": (rev, f"account:{account}" if account else "") for uid, rev, account in contacts}
    for entity in ("account", "project"):
        found |= {f"{entity}:{uid}": (rev, "") for uid, rev in fetch(tx, f'SELECT "uid", "rev" FROM "{entity}"')}
    return found


def tasks(tx: Tx, uids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Give what stands of those tasks: their revision, the last verdict (its next moment first), their comments."""
    judged = ", ".join(f'"verdict"."{name}"' for name in _JUDGED)
    sql = (
        f'SELECT "task"."uid", {judged}, "task"."rev" FROM "verdict" JOIN "task" ON "task"."uid" = "verdict"."uid" '
        'WHERE "verdict"."entity" = \'task\' AND'
    )
    said: dict[str, list[tuple[str, int]]] = {}
    comments = 'SELECT "parent", "uid", "rev" FROM "comment" WHERE'
    for parent, uid, rev in fetch_among(tx, comments, '"parent"', map(_parent, uids)):
        said.setdefault(parent, []).append((uid, rev))
    return {
        uid: (*rest, hash(frozenset(said.get(_parent(uid), ()))))
        for uid, *rest in fetch_among(tx, sql, '"verdict"."uid"', uids)
    }


def last_act(tx: Tx) -> int:
    """Give the number of the newest act; 0 before the first."""
    row = fetch_one(tx, 'SELECT MAX("id") FROM "act"')
    return int(row[0] or 0) if row else 0


def acted_on(tx: Tx, after: int) -> set[str]:
    """Give the tasks somebody stated something about after that act."""
    sql = 'SELECT DISTINCT "uid" FROM "act" WHERE "id" > ? AND "entity" = \'task\''
    return {row[0] for row in fetch(tx, sql, after)}


def _parent(uid: str) -> str:
    return f"task:{uid}"
