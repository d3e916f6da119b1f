"""Links: which remote record is which hub row, and the values both last agreed on (the shadows)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mapping.records import EntityKind
from store.statements import (
    dumps_flat,
    execute_many,
    fetch,
    fetch_among,
    fetch_one,
    insert_sql,
    loads_dict,
    next_ids,
)
from store.tx import Tx

LinkState = Literal["live", "gone", "suspended", "retired"]

_COLUMNS: Final = (
    "id", "entity", "uid", "connection", "object", "remote_id", "state", "version", "expect_version", "modified_ms",
    "shadow_hub", "shadow_remote", "notes", "created_ms",
)  # fmt: skip
_SELECT: Final = "SELECT " + ", ".join(f'l."{name}"' for name in _COLUMNS) + ' FROM "link" l'
_INSERT: Final = insert_sql("link", _COLUMNS)
_TIE: Final = ("entity", "uid", "connection", "object", "remote_id", "state")
"""What indexes are made of: left out of an update that does not touch it, since naming a column rewrites its index."""
_REST: Final = tuple(name for name in _COLUMNS[1:] if name not in _TIE)


def _update(columns: Sequence[str]) -> str:
    return 'UPDATE "link" SET ' + ", ".join(f'"{name}" = ?' for name in columns) + ' WHERE "id" = ?'


_UPDATE: Final = _update(_COLUMNS[1:])
_MOVE: Final = _update(_REST)
_LACKS: Final = ""
"""The key under which the hub's side names what it lacks: no field is called so."""
_NOTHING: Final = object()


@dataclass(slots=True)
class Link:
    """One hub row tied to one remote record.

    Args:
        id: None until it is inserted.
        version: of the remote record as last absorbed.
        expect_version: the version our own last write should have given, while its echo is awaited.
        shadow_hub, shadow_remote: the values both ends last agreed on, each in its own space.
        notes: what the engine remembers about the pair (accepted losses, who created it); no documents in it.
    """

    id: int | None
    entity: EntityKind
    uid: str
    connection: str
    object: str
    remote_id: str
    state: LinkState = "live"
    version: str = ""
    expect_version: str | None = None
    modified_ms: int | None = None
    shadow_hub: dict[str, Any] = field(default_factory=dict)
    shadow_remote: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    created_ms: int = 0
    read_as: tuple[str, ...] | None = field(default=None, repr=False, compare=False)
    """What tied the pair when it was read, so that an update can leave alone what has not changed."""
    remote_text: str | None = field(default=None, repr=False, compare=False)
    """The remote shadow as canonical text, where it is known: an insert need not write it out again."""

    @property
    def tie(self) -> tuple[str, ...]:
        return (self.entity, self.uid, self.connection, self.object, self.remote_id, self.state)


Known = tuple[str, str | None, str, str]
"""Version, expected version, state and the remote shadow as canonical JSON text."""


def by_uids(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> dict[str, list[Link]]:
    """Give all links (in every state) of each row that has any, ordered by connection and id."""
    found: dict[str, list[Link]] = defaultdict(list)
    for row in fetch_among(tx, f'{_SELECT} WHERE l."entity" = ? AND', 'l."uid"', uids, entity):
        found[row[2]].append(_link(row))
    for links in found.values():
        if len(links) > 1:
            links.sort(key=lambda link: (link.connection, link.id or 0))
    return dict(found)


def by_remote(tx: Tx, connection: str, object: str, remote_ids: Iterable[str]) -> dict[str, Link]:
    """Give the links of those remote records that have one, in every state."""
    sql = f'{_SELECT} WHERE l."connection" = ? AND l."object" = ? AND'
    return {row[5]: _link(row) for row in fetch_among(tx, sql, 'l."remote_id"', remote_ids, connection, object)}


def known(tx: Tx, connection: str, object: str, remote_ids: Iterable[str]) -> dict[str, Known]:
    """Give what is known of remote records, just enough to tell an echo from news."""
    sql = (
        'SELECT "remote_id", "version", "expect_version", "state", "shadow_remote" FROM "link" '
        'WHERE "connection" = ? AND "object" = ? AND'
    )
    rows = fetch_among(tx, sql, '"remote_id"', remote_ids, connection, object)
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def uids(tx: Tx, connection: str, entity: EntityKind, remote_ids: Iterable[str]) -> dict[str, str]:
    """Give the hub uid of each remote record with a live or suspended link."""
    sql = (
        'SELECT "remote_id", "uid" FROM "link" '
        'WHERE "connection" = ? AND "entity" = ? AND "state" IN (\'live\', \'suspended\') AND'
    )
    return {row[0]: row[1] for row in fetch_among(tx, sql, '"remote_id"', remote_ids, connection, entity)}


def former(tx: Tx, connection: str, entity: EntityKind, remote_ids: Iterable[str]) -> dict[str, str]:
    """Give the hub uid of each remote record that was deleted there and was a row's until then; rows that are no more
    and pairs that a person took apart left out.
    """
    sql = (
        'SELECT l."remote_id", l."uid", l."notes" FROM "link" l WHERE l."connection" = ? AND l."entity" = ? '
        "AND l.\"state\" IN ('gone', 'retired') "
        f'AND EXISTS (SELECT 1 FROM "{entity}" h WHERE h."uid" = l."uid") AND'
    )
    rows = fetch_among(tx, sql, 'l."remote_id"', remote_ids, connection, entity)
    return {row[0]: row[1] for row in rows if not loads_dict(row[2]).get("unlinked")}


def remote_ids(tx: Tx, connection: str, entity: EntityKind, uids: Iterable[str]) -> dict[str, str]:
    """Give the remote id of each hub row with a live link at that connection."""
    sql = 'SELECT "uid", "remote_id" FROM "link" WHERE "connection" = ? AND "entity" = ? AND "state" = \'live\' AND'
    return {row[0]: row[1] for row in fetch_among(tx, sql, '"uid"', uids, connection, entity)}


def left_scope(tx: Tx, entity: EntityKind, uids: Sequence[str]) -> set[str]:
    """Give the rows that no connection has in its scope any more: a record of theirs left it, and none is live."""
    if not uids or not _any_left(tx):
        return set()
    sql = 'SELECT DISTINCT "uid", "state" FROM "link" WHERE "entity" = ? AND "state" IN (\'live\', \'suspended\') AND'
    found = {(row[0], row[1]) for row in fetch_among(tx, sql, '"uid"', uids, entity)}
    return {uid for uid, state in found if state == "suspended" and (uid, "live") not in found}


def _any_left(tx: Tx) -> bool:
    """Say whether anything ever left a scope: mostly not, and then nobody need look at each row's links."""
    sql = (
        'SELECT 1 FROM "stream" s WHERE EXISTS (SELECT 1 FROM "link" l WHERE l."connection" = s."connection" '
        'AND l."object" = s."object" AND l."state" = \'suspended\') LIMIT 1'
    )
    return fetch_one(tx, sql) is not None


def insert(tx: Tx, links: Sequence[Link]) -> None:
    """Insert new links and give each its id; a row that had left every scope may be back in one."""
    for link, id in zip(links, next_ids(tx, "link", len(links)) if links else (), strict=True):
        link.id = id
    execute_many(tx, _INSERT, [(link.id, *link.tie, *_rest(link)) for link in links])
    for link in links:
        link.remote_text = None
    if links and _any_left(tx):
        _mark(tx, [link for link in links if link.state == "live"])


def update(tx: Tx, links: Sequence[Link]) -> None:
    """Write whole links back by id."""
    whole: list[Link] = []
    moved: list[Link] = []
    for link in links:
        (moved if link.read_as == link.tie else whole).append(link)
    execute_many(tx, _UPDATE, [(*link.tie, *_rest(link), link.id) for link in whole])
    execute_many(tx, _MOVE, [(*_rest(link), link.id) for link in moved])
    _mark(tx, [link for link in whole if link.read_as is not None and link.read_as[-1] != link.state])


def _mark(tx: Tx, links: Sequence[Link]) -> None:
    """Have supervision look at what may have left a scope or come back into one."""
    rows = sorted({(link.entity, link.uid) for link in links if link.entity in ("task", "project")})
    execute_many(tx, insert_sql("moved", ("entity", "uid")), rows)


def touch(tx: Tx, marks: Sequence[tuple[int, str, int | None]]) -> None:
    """Write (id, version, modified_ms) of links whose values did not move; the awaited echo is then in.

    A modified time of None keeps the one that is stored.
    """
    sql = (
        'UPDATE "link" SET "version" = ?, "modified_ms" = COALESCE(?, "modified_ms"), "expect_version" = NULL '
        'WHERE "id" = ?'
    )
    execute_many(tx, sql, [(version, modified_ms, id) for id, version, modified_ms in marks])


def count(tx: Tx, connection: str, object: str) -> int:
    """Count the live links of one object at one connection."""
    sql = 'SELECT COUNT(*) FROM "link" WHERE "connection" = ? AND "object" = ? AND "state" = \'live\''
    row = fetch_one(tx, sql, connection, object)
    return int(row[0]) if row else 0


def unlinked_uids(
    tx: Tx, entity: EntityKind, connection: str, *, after: str = "", limit: int | None = None
) -> list[str]:
    """Give the uids of live hub rows without a live, suspended or gone link at *connection*, in order."""
    # In two parts: the index of live links alone answers for nearly every row.
    linked = 'SELECT 1 FROM "link" l WHERE l."uid" = h."uid" AND l."connection" = ? AND l."state"'
    cut = f" LIMIT {int(limit)}" if limit is not None else ""
    sql = (
        f'SELECT h."uid" FROM "{entity}" h WHERE h."uid" > ? AND h."state" = \'live\' '
        f"AND NOT EXISTS ({linked} = 'live') AND NOT EXISTS ({linked} IN ('suspended', 'gone')) "
        f'ORDER BY h."uid"{cut}'
    )
    return [row[0] for row in fetch(tx, sql, after, connection, connection)]


def orphaned_uids(tx: Tx, entity: EntityKind) -> list[str]:
    """Give the uids that have a live or suspended link and no hub row any more, in order."""
    sql = (
        'SELECT DISTINCT l."uid" FROM "link" l WHERE l."entity" = ? AND l."state" IN (\'live\', \'suspended\') '
        f'AND NOT EXISTS (SELECT 1 FROM "{entity}" h WHERE h."uid" = l."uid") ORDER BY l."uid"'
    )
    return [row[0] for row in fetch(tx, sql, entity)]


def add_alias(tx: Tx, link_id: int, old_remote_id: str, reason: str) -> None:
    """Remember that a link was known under another remote id (merged, converted, restored)."""
    execute_many(
        tx, insert_sql("link_alias", ("link_id", "old_remote_id", "reason")), [(link_id, old_remote_id, reason)]
    )


def by_alias(tx: Tx, connection: str, old_remote_ids: Iterable[str]) -> dict[str, Link]:
    """Give the links that were known under those remote ids."""
    columns = ", ".join(f'l."{name}"' for name in _COLUMNS)
    sql = (
        f'SELECT {columns}, a."old_remote_id" FROM "link_alias" a JOIN "link" l ON l."id" = a."link_id" '
        'WHERE l."connection" = ? AND'
    )
    return {row[-1]: _link(row) for row in fetch_among(tx, sql, 'a."old_remote_id"', old_remote_ids, connection)}


def _rest(link: Link) -> tuple[Any, ...]:
    return (
        link.version, link.expect_version, link.modified_ms, _apart(link.shadow_hub, link.shadow_remote),
        link.remote_text or dumps_flat(link.shadow_remote), dumps_flat(link.notes), link.created_ms,
    )  # fmt: skip


def _link(row: Sequence[Any]) -> Link:
    remote = loads_dict(row[11])
    fields = [*row[:10], _whole(row[10], remote), remote, loads_dict(row[12]), row[13], tuple(row[1:7])]
    return Link(*fields)


def _apart(hub: Mapping[str, Any], remote: Mapping[str, Any]) -> str:
    """Write what the hub's side says otherwise than the remote's: mostly little of it.

    The names that only the remote's side has stand under ``_LACKS``, which also tells this from a whole document, as
    older versions wrote it.
    """
    if not remote:
        return dumps_flat(hub)
    get = remote.get
    apart: dict[str, Any] = {_LACKS: [] if remote.keys() <= hub.keys() else sorted(remote.keys() - hub.keys())}
    for name in [name for name, value in hub.items() if get(name, _NOTHING) is not value]:  # a few of all
        value, other = hub[name], get(name, _NOTHING)
        if other != value or type(other) is not type(value):
            apart[name] = value
    return dumps_flat(apart)


def _whole(text: str, remote: Mapping[str, Any]) -> dict[str, Any]:
    """Read the hub's side, whole or as ``_apart`` wrote it."""
    found = loads_dict(text)
    lacks = found.pop(_LACKS, None)
    if lacks is None:
        return found
    whole = {**remote, **found}
    for name in lacks:
        del whole[name]
    return whole
