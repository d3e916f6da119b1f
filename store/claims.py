"""Claims: what each source states about a field that only supervision sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mapping.records import EntityKind, Value
from store.statements import dumps, execute, fetch_among, loads, upsert
from store.tx import Tx


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement.

    Args:
        connection: who states it.
        remote_ms: the remote's own time of the record, when it gave one; never compared between connections.
    """

    entity: EntityKind
    uid: str
    field: str
    connection: str
    value: Value
    remote_ms: int | None
    seen_ms: int


def put(tx: Tx, claims: Sequence[Claim]) -> None:
    """Keep the newest statement of each source."""
    rows = [
        {
            "entity": claim.entity, "uid": claim.uid, "field": claim.field, "connection": claim.connection,
            "value": dumps(claim.value), "remote_ms": claim.remote_ms, "seen_ms": claim.seen_ms,
        }
        for claim in claims
    ]  # fmt: skip
    upsert(tx, "claim", rows, ("entity", "uid", "field", "connection"))


def of(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> dict[str, list[Claim]]:
    """Give the statements about those rows, ordered by field and connection."""
    sql = (
        'SELECT "entity", "uid", "field", "connection", "value", "remote_ms", "seen_ms" FROM "claim" '
        'WHERE "entity" = ? AND'
    )
    found: dict[str, list[Claim]] = defaultdict(list)
    for row in fetch_among(tx, sql, '"uid"', uids, entity):
        found[row[1]].append(Claim(row[0], row[1], row[2], row[3], loads(row[4]), row[5], row[6]))
    for claims in found.values():
        claims.sort(key=lambda claim: (claim.field, claim.connection))
    return dict(found)


def drop_connection(tx: Tx, connection: str) -> None:
    """Forget what a connection stated."""
    execute(tx, 'DELETE FROM "claim" WHERE "connection" = ?', connection)
