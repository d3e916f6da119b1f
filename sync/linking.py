"""What a person says about identity: these two are one, this one is none of ours. Nothing remote is touched here.

A link that a person makes has empty shadows, so the next round treats the pair as a first contact: blanks are
filled, differences are parked, nothing is overwritten.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mapping.errors import InputError
from mapping.records import ENTITIES, EntityKind
from store import hub, identity, inbox, links
from store.hub import HubChange
from store.inbox import Item
from store.links import Link
from store.tx import Tx
from sync.finding import Remote, ResolveUrl, find_remote, find_uid
from sync.pointing import Followed, follow_merge, point_anew

MAX_FILE_BYTES: Final = 50_000_000
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_TAKEN: Final = frozenset({"live", "suspended"})


def link_records(
    tx: Tx, entity: EntityKind, a: str, b: str, resolve_url: ResolveUrl, now_ms: int
) -> tuple[str, list[Followed]]:
    """Make two named records one entity; give its uid, and what pointed to the other one and now points to it.

    Raises:
        InputError: a name is unknown, or both already have a record at the same connection.
    """
    left, right = _resolve(tx, entity, a, resolve_url), _resolve(tx, entity, b, resolve_url)
    if isinstance(left, Remote) and isinstance(right, Remote):
        raise InputError(
            f"neither {a} nor {b} is in the hub yet; run a sync first, or accept the review",
            zh=f"{a} 与 {b} 都尚未进入本地库;请先同步,或在 review 中接受",
        )
    if isinstance(left, Remote):
        left, right = right, left
    assert isinstance(left, str)
    moved: list[Followed] = []
    if isinstance(right, Remote):
        _bind(tx, entity, left, right, now_ms)
    elif left != right:
        _merge(tx, entity, left, right, now_ms)
        moved = follow_merge(tx, entity, right, left, now_ms)
    hub.mark_dirty(tx, entity, [left], "linked", now_ms)
    return left, moved


def set_aside(tx: Tx, entity: EntityKind, uid: str, ref: str, now_ms: int) -> bool:
    """Take an unlinked record out of the sync as a second one of a hub row that has its record there; else False.

    The one that the row has carries the key and goes on; nothing is deleted, the person merges the two at the CRM.
    """
    free = [one for one in find_remote(tx, ref, lambda _url: None) if one.uid is None and one.entity == entity]
    if len(free) != 1 or free[0].link_id is not None:
        return False
    one = free[0]
    there = [link for link in links.by_uids(tx, entity, [uid]).get(uid, []) if link.connection == one.connection]
    if not any(link.state in _TAKEN for link in there):
        return False
    aside = Link(None, entity, uid, one.connection, one.object, one.remote_id, state="retired", created_ms=now_ms)
    aside.notes = {"unlinked": True}
    links.insert(tx, [aside])
    items = inbox.by_remote(tx, one.connection, one.object, [one.remote_id]).values()
    inbox.remove(tx, [item.id for item in items if item.id is not None])
    identity.drop(tx, entity, one.connection, [one.remote_id])
    return True


def unlink_record(tx: Tx, ref: str, resolve_url: ResolveUrl, now_ms: int) -> tuple[EntityKind, str, Link]:
    """Take one remote record out of the sync; give what it was linked to.

    Raises:
        InputError: the name does not lead to exactly one linked remote record.
    """
    linked = [remote for remote in find_remote(tx, ref, resolve_url) if remote.uid is not None]
    if not linked:
        entity, uid = find_uid(tx, ref, resolve_url)
        found = [link for link in links.by_uids(tx, entity, [uid]).get(uid, []) if link.state in _TAKEN]
    else:
        remote = linked[0]
        assert remote.entity is not None
        entity = remote.entity
        found = [
            link for one in linked for link in links.by_remote(tx, one.connection, one.object, [one.remote_id]).values()
        ]
    if len(found) != 1:
        names = ", ".join(f"{link.connection}:{link.remote_id}" for link in found) or "-"
        raise InputError(
            f"{ref} names {len(found)} linked remote records ({names}); name one as connection:id",
            zh=f"{ref} 对应 {len(found)} 条已关联的远端记录({names});请用 连接名:id 指定一条",
        )
    link = found[0]
    link.state = "retired"
    link.notes = {**link.notes, "unlinked": True}
    links.update(tx, [link])
    hub.mark_dirty(tx, entity, [link.uid], "unlinked", now_ms)
    return entity, link.uid, link


def read_pairs(path: Path) -> Iterator[tuple[int, EntityKind, str, str]]:
    """Yield (line, entity, a, b) of a CSV file with those columns; the heading line may be missing.

    Raises:
        InputError: not text, too large, or a line that is no pair; with its number.
    """
    raw = path.read_bytes()
    if len(raw) > MAX_FILE_BYTES:
        raise InputError(f"{path} is too large", zh=f"{path} 太大")
    for number, row in enumerate(csv.reader(io.StringIO(_text(raw, path), newline="")), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[:1] == ["entity"]):
            continue
        if len(cells) != 3 or cells[0] not in ENTITIES or not cells[1] or not cells[2]:
            raise InputError(
                f"{path}, line {number}: expected entity,a,b with entity one of {', '.join(ENTITIES)}",
                zh=f"{path} 第 {number} 行:应为 entity,a,b,其中 entity 为 {', '.join(ENTITIES)} 之一",
            )
        yield number, cells[0], cells[1], cells[2]


def _text(raw: bytes, path: Path) -> str:
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path} is neither UTF-8 nor GBK text", zh=f"{path} 既不是 UTF-8 也不是 GBK 文本")


def _resolve(tx: Tx, entity: EntityKind, ref: str, resolve_url: ResolveUrl) -> str | Remote:
    """Give a uid, or a remote record that has none yet."""
    remotes = [one for one in find_remote(tx, ref, resolve_url) if one.entity == entity]
    free = [one for one in remotes if one.uid is None]
    if len(free) == 1 and len(remotes) == 1:
        return free[0]
    return find_uid(tx, ref, resolve_url, entity)[1]


def _bind(tx: Tx, entity: EntityKind, uid: str, remote: Remote, now_ms: int) -> None:
    """Tie an unlinked remote record to a hub row; its observation is planned again as part of it."""
    _refuse_taken(tx, entity, uid, {remote.connection})
    point_anew(tx, entity, {remote.connection: [uid]}, now_ms)
    if remote.link_id is None:
        made = Link(None, entity, uid, remote.connection, remote.object, remote.remote_id, created_ms=now_ms)
        links.insert(tx, [made])
    else:
        old = links.by_remote(tx, remote.connection, remote.object, [remote.remote_id])[remote.remote_id]
        _restart(tx, old, uid, now_ms)
    if remote.item_id is not None:
        inbox.mark(tx, [remote.item_id], "new", "")


def _merge(tx: Tx, entity: EntityKind, keep: str, drop: str, now_ms: int) -> None:
    """Give all records of one hub row to another; the emptied row stays, marked as merged."""
    moving = [link for link in links.by_uids(tx, entity, [drop]).get(drop, []) if link.state != "retired"]
    _refuse_taken(tx, entity, keep, {link.connection for link in moving if link.state in _TAKEN})
    point_anew(tx, entity, {link.connection: [keep] for link in moving}, now_ms)
    for link in moving:
        _restart(tx, link, keep, now_ms)
    row = hub.read(tx, entity, [drop])[drop]
    hub.update(tx, entity, [HubChange(drop, row.rev, {}, state="merged", meta={"merged_into": keep})], now_ms)


def _restart(tx: Tx, link: Link, uid: str, now_ms: int) -> None:
    """Move a link to another row and let the pair meet anew; what was last seen of the record is looked at again."""
    if link.shadow_remote and not inbox.by_remote(tx, link.connection, link.object, [link.remote_id]):
        seen = Item(
            None, link.connection, link.entity, link.object, link.remote_id, link.version, link.modified_ms,
            None, None, None, dict(link.shadow_remote), gone=link.state == "gone", seen_ms=now_ms,
        )  # fmt: skip
        inbox.put(tx, [seen])
    link.uid, link.state = uid, "live" if link.state != "gone" else "gone"
    link.shadow_hub, link.shadow_remote, link.notes, link.expect_version = {}, {}, {}, None
    links.update(tx, [link])


def _refuse_taken(tx: Tx, entity: EntityKind, uid: str, wanted: set[str]) -> None:
    taken = {link.connection for link in links.by_uids(tx, entity, [uid]).get(uid, []) if link.state in _TAKEN}
    clash = sorted(taken & wanted)
    if clash:
        raise InputError(
            f"{uid} already has a record at {', '.join(clash)}; unlink that one first",
            zh=f"{uid} 在 {', '.join(clash)} 已有关联记录;请先解除",
        )
