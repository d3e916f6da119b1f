"""Identity keys: normal forms by which two records may be the same (e-mail, phone, key field ...).

Side "" is the hub (the ref is a uid); any other side is a connection (the ref is a remote id, only while that record
has no link).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from mapping.records import EntityKind
from store.statements import execute_among, execute_many, fetch_among, insert_sql, reaches, stream
from store.tx import Tx

_MANY: Final = 20_000
_WHOLE: Final = 'SELECT "key", "side", "ref" FROM "identity" WHERE "entity" = ? ORDER BY "key", "side", "ref"'
_OF_NEW: Final = (
    'SELECT i."key", i."side", i."ref" FROM '
    '(SELECT DISTINCT "key" FROM "identity" WHERE "entity" = ? AND "side" > \'\') fresh '
    'CROSS JOIN "identity" i WHERE i."entity" = ? AND i."key" = fresh."key" ORDER BY i."key", i."side", i."ref"'
)
KEY_LENGTH: Final = 255
"""Longer keys are cut: equal prefixes of that length are as good as equal."""


def put(tx: Tx, entity: EntityKind, side: str, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Replace the keys of each ref by those given."""
    drop(tx, entity, side, [ref for ref, _keys in rows])
    # Sorted, neighbours in the index are written together: half the time once the table outgrows the cache.
    tuples = sorted(
        (entity, key, side, ref)
        for ref, keys in dict(rows).items()
        for key in dict.fromkeys(key[:KEY_LENGTH] for key in keys)
    )
    execute_many(tx, insert_sql("identity", ("entity", "key", "side", "ref")), tuples)


def drop(tx: Tx, entity: EntityKind, side: str, refs: Iterable[str]) -> None:
    """Forget the keys of *refs*."""
    execute_among(tx, 'DELETE FROM "identity" WHERE "entity" = ? AND "side" = ? AND', '"ref"', refs, entity, side)


def shared(tx: Tx, entity: EntityKind) -> list[tuple[str, str, str]]:
    """Give (key, side, ref) of every key that two refs or more carry, one of them at least not in the hub yet.

    Ordered by key, side and ref. The cost follows what is new, or is one walk along the index when much is.
    """
    much = reaches(tx, _MANY, 'SELECT 1 FROM "identity" WHERE "entity" = ? AND "side" > \'\'', entity)
    sql, params = (_WHOLE, (entity,)) if much else (_OF_NEW, (entity, entity))
    found: list[tuple[str, str, str]] = []
    for _key, rows in groupby(stream(tx, sql, *params), key=itemgetter(0)):
        carriers = [(row[0], row[1], row[2]) for row in rows]
        if len(carriers) > 1 and carriers[-1][1]:  # sides are sorted and the hub's is ""
            found.extend(carriers)
    return found


def of(tx: Tx, entity: EntityKind, keys: Iterable[str]) -> list[tuple[str, str, str]]:
    """Give (key, side, ref) of everything that carries one of *keys*, in order."""
    wanted = [key[:KEY_LENGTH] for key in keys]
    sql = 'SELECT "key", "side", "ref" FROM "identity" WHERE "entity" = ? AND'
    return sorted((row[0], row[1], row[2]) for row in fetch_among(tx, sql, '"key"', wanted, entity))
