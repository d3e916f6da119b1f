"""What was shown meanwhile of creates that nobody knows the fate of: a listing may be ahead of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mapping.records import TITLE_FIELD, EntityKind, Value
from store import inbox
from store.inbox import Item
from store.outbox import Op
from store.tx import Tx
from sync.spokes import Spoke

_A_LOOK = 1000


def unlinked(tx: Tx, spoke: Spoke, entity: EntityKind, wanted: Callable[[Item], bool]) -> list[Item]:
    """Give the records of a connection that a listing has shown and no link knows, as far as they are wanted."""
    found: list[Item] = []
    after = 0
    while items := inbox.unlinked(tx, entity, after_id=after, limit=_A_LOOK):
        after = items[-1].id or 0
        found += [item for item in items if item.connection == spoke.name and item.doc is not None and wanted(item)]
    return found


def shown(tx: Tx, spoke: Spoke, ops: Sequence[Op]) -> set[str]:
    """Give the ids of the creates to be sent again whose record a listing has shown since: they must not be."""
    again = [op for op in ops if op.action == "create" and op.attempts]
    if not again:
        return set()
    keyed = spoke.maps[again[0].entity].key_field is not None
    me = spoke.identity.user_id if spoke.settings.dedicated_user else None

    def may_be(op: Op, item: Item) -> bool:
        doc = item.doc or {}
        if keyed and op.key:
            return doc.get("key") == op.key
        return me is not None and item.created_by == me and shares(op, doc)

    items = unlinked(tx, spoke, again[0].entity, lambda _item: True)
    return {op.id for op in again if any(may_be(op, item) for item in items)}


def says(op: Op, doc: dict[str, Value]) -> bool:
    """Say whether a record is what a create sent: its title and every field nobody is likely to have touched yet."""
    title = TITLE_FIELD[op.entity]
    if title in op.values and doc.get(title) != op.values[title]:
        return False
    sent = {name: value for name, value in op.values.items() if value is not None and name in doc}
    same = sum(doc[name] == value for name, value in sent.items())
    return bool(sent) and same * 2 > len(sent)


def shares(op: Op, doc: dict[str, Value]) -> bool:
    """Say whether a record carries anything of what a create sent."""
    return any(doc.get(name) == value for name, value in op.values.items() if value is not None)
