"""Open questions as a person reads them, and what their answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mapping.errors import InputError
from mapping.records import TITLE_FIELD, EntityKind, Value, hub_field
from store import hub, inbox, links, reviews
from store.reviews import Review
from store.tx import Tx
from sync.bindings import uid_for
from sync.finding import ResolveUrl, find_remote, find_uid, not_found
from sync.matching import HUB


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One parked field.

    Args:
        sides: ``hub`` and each connection -> what it says.
        reason: code of ``sync.reasons``.
    """

    id: int
    entity: EntityKind
    uid: str
    title: str
    field: str
    sides: Mapping[str, Value]
    reason: str
    state: str
    opened_ms: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something a doubtful record may be: a hub row (``side`` "") or another unlinked record."""

    side: str
    ref: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One record that waits for a person."""

    id: int
    kind: str
    entity: EntityKind
    uid: str
    title: str
    connection: str
    object: str
    remote_id: str
    reason: str
    state: str
    opened_ms: int
    candidates: tuple[Candidate, ...] = field(default=())
    about: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)


def conflict_of(tx: Tx, review: Review) -> Conflict:
    """Give a conflict as a person reads it."""
    assert review.id is not None
    values = {**review.data.get("sides", {}), **review.data.get("values", {})}
    return Conflict(
        id=review.id, entity=review.entity, uid=review.uid, title=_hub_title(tx, review.entity, review.uid),
        field=review.field, sides={"hub": review.data.get("hub"), **values}, reason=str(review.data.get("reason", "")),
        state=review.state, opened_ms=review.opened_ms,
    )  # fmt: skip


def value_of(tx: Tx, review: Review, side: str) -> Value:
    """Give the hub value that one side of a conflict stands for.

    Raises:
        InputError: it is not a side of this conflict, or what it says has no name in the hub.
    """
    if side == "hub":
        value: Value = review.data.get("hub")
        return value
    for known in ("values", "sides"):
        if side in review.data.get(known, {}):
            found: Value = review.data[known][side]
            return found if known == "values" else _in_hub_words(tx, review, side, found)
    sides = ", ".join(["hub", *sorted(review.data.get("sides", {}))])
    raise InputError(
        f'"{side}" is no side of this conflict; sides: {sides}', zh=f"“{side}” 不是该冲突的一方;可选:{sides}"
    )


def case_of(tx: Tx, review: Review) -> Case:
    """Give a review as a person reads it."""
    assert review.id is not None
    title = _hub_title(tx, review.entity, review.uid) if review.uid else _remote_title(tx, review.connection, review)
    candidates = tuple(
        Candidate(
            side, ref, _hub_title(tx, review.entity, ref) if side == HUB else _remote_title(tx, side, review, ref)
        )
        for side, ref in review.data.get("candidates", ())
    )
    return Case(
        id=review.id, kind=review.kind, entity=review.entity, uid=review.uid, title=title, connection=review.connection,
        object=review.object, remote_id=review.remote_id, reason=str(review.data.get("reason", "")),
        state=review.state, opened_ms=review.opened_ms, candidates=candidates, about=review.field,
        values=review.data.get("values", {}),
    )  # fmt: skip


def chosen_uid(tx: Tx, review: Review, target: str | None, resolve_url: ResolveUrl) -> str:
    """Give the uid a doubtful record is bound to.

    Args:
        target: a hub row or a remote record by any of its names; None takes the only candidate.
    Raises:
        InputError: there are several candidates and none was named, or the named record is unknown.
    """
    candidates = [(side, ref) for side, ref in review.data.get("candidates", ())]
    if target is None:
        if len(candidates) != 1:
            refs = ", ".join(f"{side}:{ref}" if side else ref for side, ref in candidates)
            raise InputError(f"name one of the candidates: {refs}", zh=f"请指定候选之一:{refs}")
        side, ref = candidates[0]
        uid = ref if side == HUB else _uid_of_newcomer(tx, side, ref, review.entity)
        if not uid:
            raise not_found(f"{side}:{ref}", review.entity)
        return uid
    free = [one for one in find_remote(tx, target, resolve_url) if one.uid is None and one.entity == review.entity]
    if free:
        return _uid_of_newcomer(tx, free[0].connection, free[0].remote_id, review.entity)
    return find_uid(tx, target, resolve_url, review.entity)[1]


def twins_of(tx: Tx, review: Review, uid: str) -> list[Review]:
    """Give the open reviews of the unlinked record that founds *uid*: its doubt is answered by the same word."""
    return [
        other
        for other in reviews.open_(tx, "match")
        if other.id != review.id
        and other.entity == review.entity
        and _uid_of_newcomer(tx, other.connection, other.remote_id, other.entity) == uid
    ]


def _uid_of_newcomer(tx: Tx, connection: str, remote_id: str, entity: EntityKind) -> str:
    """Give the uid that an unlinked record has, or will found; "" when it is gone."""
    for remote in find_remote(tx, f"{connection}:{remote_id}", lambda _url: None):
        if remote.uid is not None:
            return remote.uid
        item = inbox.by_remote(tx, connection, remote.object, [remote_id]).get(remote_id)
        if item is not None and item.entity == entity:
            return uid_for(item)
    return ""


def _in_hub_words(tx: Tx, review: Review, connection: str, value: Value) -> Value:
    """Translate what a connection says where that needs no live metadata."""
    spec = hub_field(review.entity, review.field)
    if value is None or spec.type not in ("ref", "parent", "user", "option", "options"):
        return value
    if spec.type == "ref" and spec.target is not None:
        uid = links.uids(tx, connection, spec.target, [str(value)]).get(str(value))
        if uid is not None:
            return uid
    if spec.type == "option" and value in spec.codes:
        return value
    if spec.type == "options" and isinstance(value, list) and set(value) <= set(spec.codes):
        return value
    raise InputError(
        f"what {connection} says ({value}) has no name in the hub; give one with --value",
        zh=f"{connection} 的值({value})在本地没有对应,请用 --value 指定",
    )


def _hub_title(tx: Tx, entity: EntityKind, uid: str) -> str:
    row = hub.read(tx, entity, [uid]).get(uid) if uid else None
    return str(row.values.get(TITLE_FIELD[entity]) or "") if row else ""


def _remote_title(tx: Tx, connection: str, review: Review, remote_id: str | None = None) -> str:
    wanted = remote_id or review.remote_id
    objects = [review.object] if remote_id is None else [one.object for one in _places(tx, connection, wanted)]
    for object in objects:
        item = inbox.by_remote(tx, connection, object, [wanted]).get(wanted)
        if item is not None and item.doc:
            return str(item.doc.get(TITLE_FIELD[review.entity]) or "")
    return ""


def _places(tx: Tx, connection: str, remote_id: str) -> list[inbox.Item]:
    found = find_remote(tx, f"{connection}:{remote_id}", lambda _url: None)
    return [item for one in found for item in inbox.by_remote(tx, one.connection, one.object, [remote_id]).values()]
