"""Acts: what people, and duban itself, state about a record. Append-only, chained by hash.

A promise, a signature, a snooze, a decision, a confirmed minute: each is one row that is never changed. A later act
takes an earlier one back by saying so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mapping.records import EntityKind
from store import chaining
from store.statements import dumps, fetch, fetch_among, loads_dict
from store.tx import Tx

_COLUMNS: Final = ("entity", "uid", "kind", "at_ms", "who", "doc")
_SELECT: Final = 'SELECT "id", "chain", ' + ", ".join(f'"{name}"' for name in _COLUMNS) + ' FROM "act"'


@dataclass(frozen=True, slots=True)
class Act:
    """One statement about one record.

    Args:
        kind: what was done (``promise``, ``snooze``, ``signature`` ...).
        who: the person's name, ``rule`` for duban itself.
        doc: what was said, as plain JSON values.
        id: its number; None until it was appended.
        chain: hash over the act before it and this one.
    """

    entity: EntityKind
    uid: str
    kind: str
    at_ms: int
    who: str
    doc: dict[str, Any] = field(default_factory=dict)
    id: int | None = field(default=None, compare=False)
    chain: str = field(default="", compare=False)


def append(tx: Tx, acts: Sequence[Act]) -> list[Act]:
    """Add acts to the end of the chain and give them with their hashes."""
    rows = [(act.entity, act.uid, act.kind, act.at_ms, act.who, dumps(act.doc)) for act in acts]
    chains = chaining.append(tx, "act", _COLUMNS, rows)
    return [replace(act, chain=chain) for act, chain in zip(acts, chains, strict=True)]


def of(tx: Tx, entity: EntityKind, uids: Iterable[str], kinds: Sequence[str] = ()) -> list[Act]:
    """Give the acts on those records in the order they were done, of all kinds or of those named."""
    wanted = set(kinds)
    found = [_act(row) for row in fetch_among(tx, f'{_SELECT} WHERE "entity" = ? AND', '"uid"', uids, entity)]
    return sorted((act for act in found if not wanted or act.kind in wanted), key=_number)


def of_kind(tx: Tx, kind: str) -> list[Act]:
    """Give every act of a kind in the order they were done."""
    return [_act(row) for row in fetch(tx, f'{_SELECT} WHERE "kind" = ? ORDER BY "id"', kind)]


def verify(tx: Tx) -> int | None:
    """Give the id of the first act that was altered, removed or forged; None when the chain is whole."""
    return chaining.verify(tx, "act", _COLUMNS)


def erase(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> None:
    """Take what was said about those records away; the chain stays whole."""
    chaining.erase(tx, "act", _COLUMNS, [act.id for act in of(tx, entity, uids) if act.id is not None])


def _number(act: Act) -> int:
    return act.id or 0


def _act(row: Sequence[Any]) -> Act:
    id, chain, entity, uid, kind, at_ms, who, doc = row
    return Act(entity, uid, kind, at_ms, who, loads_dict(doc), id, chain)
