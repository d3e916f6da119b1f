"""The outbox of notices: what was said to whom, what waits, what was kept back and why.

Two kinds of rows share the table. A row of entity ``message`` is one message to one person (its ``uid`` is a digest of
the person's key); a row of another entity is one notice about one record, which names the message it went with. Ids
are made from what a notice is about, so that the same one cannot exist twice, whoever plans it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mapping.records import EntityKind
from store.statements import dumps, execute_among, fetch, fetch_among, loads_dict, upsert
from store.tx import Tx

MESSAGE: Final = "message"
ALERT: Final = "alert"
STATES: Final = ("intent", "sent", "unknown", "failed", "draft", "held", "suppressed", "dropped")
WAITING: Final = ("held", "suppressed")
_COLUMNS: Final = ("id", "entity", "uid", "rule", "level", "channel", "recipient", "state", "data", "at_ms")
_SELECT: Final = "SELECT " + ", ".join(f'"{name}"' for name in _COLUMNS) + ' FROM "notice"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One row.

    Args:
        rule: what decided; for a message its kind.
        recipient: the person's key.
        state: ``intent`` while it is being sent, ``unknown`` when nobody can say whether it was; ``held`` and
            ``suppressed`` were not said, ``dropped`` no longer needs to be.
        data: of a notice its due day, turn, reasons and message; of a message its words and what became of it.
    """

    id: str
    entity: str
    uid: str
    rule: str
    recipient: str
    state: str
    at_ms: int
    level: int = 0
    channel: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def put(tx: Tx, rows: Sequence[Notice]) -> None:
    """Write rows; one that is there already is replaced."""
    upsert(tx, "notice", [_columns(row) for row in rows], ("id",))


def get(tx: Tx, ids: Iterable[str]) -> dict[str, Notice]:
    """Give the rows of those ids that exist."""
    return {row[0]: _notice(row) for row in fetch_among(tx, f"{_SELECT} WHERE", '"id"', ids)}


def find(tx: Tx, start: str) -> list[Notice]:
    """Give the rows whose id begins so, two at most: enough to see that a beginning is not enough."""
    return [_notice(row) for row in fetch(tx, f'{_SELECT} WHERE "id" >= ? AND "id" < ? LIMIT 2', start, start + "~")]


def of(tx: Tx, entity: EntityKind, uids: Iterable[str]) -> list[Notice]:
    """Give the notices about those records, by record and time."""
    rows = fetch_among(tx, f'{_SELECT} WHERE "entity" = ? AND', '"uid"', uids, entity)
    return sorted((_notice(row) for row in rows), key=lambda one: (one.uid, one.at_ms, one.id))


def messages_to(tx: Tx, people: Iterable[str], since_ms: int) -> list[Notice]:
    """Give the messages to those people (digests of their keys) made since then."""
    sql = f'{_SELECT} WHERE "entity" = ? AND "at_ms" >= ? AND'
    return [_notice(row) for row in fetch_among(tx, sql, '"uid"', people, MESSAGE, since_ms)]


def unfinished(tx: Tx) -> list[Notice]:
    """Give every row that was about to be sent."""
    return [_notice(row) for row in fetch(tx, f'{_SELECT} WHERE "state" = \'intent\' ORDER BY "at_ms", "id"')]


def waiting(tx: Tx, uids: Iterable[str] | None = None) -> list[tuple[str, str, str]]:
    """Give every notice that was kept back and may still be said, or those about some records: id, record, person."""
    sql = 'SELECT "id", "uid", "recipient" FROM "notice" WHERE "state" IN (\'held\', \'suppressed\') AND "entity" <> ?'
    found = fetch(tx, sql, MESSAGE) if uids is None else fetch_among(tx, f"{sql} AND", '"uid"', uids, MESSAGE)
    return sorted((row[0], row[1], row[2]) for row in found)


def of_messages(tx: Tx, ids: Sequence[str]) -> list[Notice]:
    """Give the notices that went, or were to go, with those messages."""
    found = get(tx, ids)
    wanted = [notice for one in found.values() for notice in one.data.get("notices", ())]
    return sorted(get(tx, wanted).values(), key=lambda one: (-one.level, one.uid, one.id))


def listed(
    tx: Tx, *, states: Sequence[str] = (), messages: bool = True, limit: int = 100, recipient: str = ""
) -> list[Notice]:
    """Give rows, newest first: messages and alerts, or single notices."""
    compare = "=" if messages else "<>"
    sql = f'{_SELECT} WHERE "entity" {compare} ?'
    values: list[Any] = [MESSAGE]
    if states:
        sql += f' AND "state" IN ({", ".join("?" * len(states))})'
        values += states
    if recipient:
        sql += ' AND "recipient" = ?'
        values.append(recipient)
    return [_notice(row) for row in fetch(tx, f'{sql} ORDER BY "at_ms" DESC, "id" LIMIT {int(limit)}', *values)]


def counts(tx: Tx) -> dict[str, int]:
    """Count the messages by state, and the notices that were kept back."""
    sql = 'SELECT "state", COUNT(*) FROM "notice" WHERE ("entity" = ?) = ? GROUP BY "state"'
    found = {row[0]: row[1] for row in fetch(tx, sql, MESSAGE, True)}
    found |= {row[0]: row[1] for row in fetch(tx, sql, MESSAGE, False) if row[0] in WAITING}
    return found


def move(tx: Tx, ids: Sequence[str], state: str, more: Mapping[str, Any], at_ms: int | None = None) -> None:
    """Put rows into another state and add to what is known of them."""
    rows = get(tx, ids).values()
    put(tx, [_moved(row, state, more, at_ms) for row in rows])


def drop(tx: Tx, ids: Sequence[str]) -> None:
    """Take rows away, as if they had never been planned."""
    execute_among(tx, 'DELETE FROM "notice" WHERE', '"id"', ids)


def erase_words(tx: Tx, messages: Sequence[str]) -> None:
    """Take the words of messages away; that they were sent stays."""
    rows = get(tx, messages).values()
    put(tx, [_moved(row, row.state, {"subject": "", "text": "", "to": {}}, None) for row in rows])


def erase(tx: Tx, entity: EntityKind, uids: Sequence[str]) -> None:
    """Take the notices about those records away, and the words of every message to or about them."""
    about = of(tx, entity, uids)
    said = {str(one.data["message"]) for one in about if one.data.get("message")}
    if entity == "contact":
        sql = f'{_SELECT} WHERE "entity" = ? AND'
        said |= {row[0] for row in fetch_among(tx, sql, '"recipient"', [f"contact:{uid}" for uid in uids], MESSAGE)}
    erase_words(tx, sorted(said))
    drop(tx, [one.id for one in about])


def _moved(row: Notice, state: str, more: Mapping[str, Any], at_ms: int | None) -> Notice:
    return Notice(
        id=row.id, entity=row.entity, uid=row.uid, rule=row.rule, recipient=row.recipient, state=state,
        at_ms=row.at_ms if at_ms is None else at_ms, level=row.level, channel=row.channel, data={**row.data, **more},
    )  # fmt: skip


def _columns(row: Notice) -> dict[str, Any]:
    return {name: dumps(row.data) if name == "data" else getattr(row, name) for name in _COLUMNS}


def _notice(row: Sequence[Any]) -> Notice:
    id, entity, uid, rule, level, channel, recipient, state, data, at_ms = row
    return Notice(
        id=id, entity=entity, uid=uid, rule=rule, recipient=recipient, state=state, at_ms=at_ms, level=level,
        channel=channel, data=loads_dict(data),
    )  # fmt: skip


def late_tasks(tx: Tx, day: str) -> list[str]:
    """Give the open tasks whose due date is that day or an earlier one."""
    sql = (
        'SELECT "uid" FROM "task" WHERE "state" = \'live\' AND "due" <= ? '
        'AND ("status" IS NULL OR "status" NOT IN (\'done\', \'cancelled\')) ORDER BY "uid"'
    )
    return [row[0] for row in fetch(tx, sql, day)]
