"""Which record a person means: by uid, remote id, ``connection:id``, its page, its exact title, a project's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mapping.errors import InputError
from mapping.records import ENTITIES, ENTITIES_ZH, TITLE_FIELD, EntityKind
from store import hub
from store.statements import fetch
from store.tx import Tx

ResolveUrl = Callable[[str], tuple[str, str, str] | None]
"""The address of a record's page -> (connection, object, remote id), or None when no connection knows it."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote record a person named; ``uid`` is None while no hub row is linked to it.

    Args:
        entity: None when neither a link nor the inbox has ever seen it.
        item_id: of its unplanned observation in the inbox.
    """

    connection: str
    object: str
    remote_id: str
    entity: EntityKind | None
    uid: str | None
    link_id: int | None = None
    item_id: int | None = None


def find_uid(tx: Tx, ref: str, resolve_url: ResolveUrl, entity: EntityKind | None = None) -> tuple[EntityKind, str]:
    """Give (entity, uid) of the hub row that *ref* names.

    Args:
        entity: what it must be; None accepts every kind.
    Raises:
        InputError: nothing, or more than one thing, answers to that name.
    """
    ref = ref.strip()
    kinds = ENTITIES if entity is None else (entity,)
    for kind in kinds:
        if hub.read(tx, kind, [ref]):
            return kind, ref
    found = {
        (remote.entity, remote.uid)
        for remote in find_remote(tx, ref, resolve_url)
        if remote.entity in kinds and remote.uid is not None
    } or _by_name(tx, kinds, ref)
    if len(found) > 1:
        raise _ambiguous(ref, [f"{kind} {uid}" for kind, uid in sorted(found, key=str)])
    for found_kind, uid in found:
        if found_kind is not None and uid is not None:
            return found_kind, uid
    raise not_found(ref, entity)


def find_remote(tx: Tx, ref: str, resolve_url: ResolveUrl) -> list[Remote]:
    """Give the remote records that *ref* may name; several when two connections use one id."""
    ref = ref.strip()
    if "://" in ref:
        place = resolve_url(ref)
        return _remotes(tx, place[2], connection=place[0]) if place else []
    connection, mark, remote_id = ref.partition(":")
    if mark and remote_id:
        exact = _remotes(tx, remote_id, connection=connection)
        if exact:
            return exact
    return _remotes(tx, ref)


def not_found(ref: str, entity: EntityKind | None = None) -> InputError:
    """Give the error for a name that nothing answers to."""
    kind = entity or "record"
    return InputError(
        f'no {kind} "{ref}"; name it by uid, remote id, connection:id, its page, its exact title, or a project\'s code',
        zh=f"找不到{ENTITIES_ZH[kind]}“{ref}”;可用 uid、远端 id、连接名:id、页面地址、完整标题或项目编号来指定",
    )


_LINKED: Final = (
    'SELECT "connection", "object", "remote_id", "entity", "uid", "id", "state" FROM "link" WHERE "remote_id" = ?'
)
_SEEN: Final = 'SELECT "connection", "object", "remote_id", "entity", "id" FROM "inbox" WHERE "remote_id" = ?'


def _remotes(tx: Tx, remote_id: str, connection: str | None = None) -> list[Remote]:
    """Give what is linked or observed under that id, at one connection or at all of them."""
    wanted = [row for row in fetch(tx, _SEEN, remote_id) if connection in (None, row[0])]
    items: dict[tuple[str, str], int] = {(row[0], row[1]): row[4] for row in wanted}
    found = {(row[0], row[1]): Remote(row[0], row[1], row[2], row[3], None, None, row[4]) for row in wanted}
    for name, object, id_, entity, uid, link_id, state in fetch(tx, _LINKED, remote_id):
        if connection in (None, name):
            kept = uid if state != "retired" else None
            found[name, object] = Remote(name, object, id_, entity, kept, link_id, items.get((name, object)))
    return [found[place] for place in sorted(found)]


_CODE: Final[Mapping[EntityKind, str]] = {"project": "code"}
"""What people call a record by besides its title."""


def _by_name(tx: Tx, kinds: tuple[EntityKind, ...], name: str) -> set[tuple[EntityKind | None, str | None]]:
    return {
        (kind, row.uid)
        for kind in kinds
        for field in (TITLE_FIELD[kind], _CODE.get(kind))
        if field is not None
        for row in hub.select(tx, kind, where={field: name}, fields=(), limit=2)
    }


def _ambiguous(ref: str, found: list[str]) -> InputError:
    shown = "; ".join(found[:5])
    return InputError(f'"{ref}" may be several records: {shown}', zh=f"“{ref}” 可能指多条记录:{shown}")
