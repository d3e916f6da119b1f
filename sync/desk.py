"""What people decide and edit: conflicts, reviews, quarantine, links, records of the hub.

Every decision is one transaction beside the daemon (no lease is needed), goes into the journal under a person's
name, and puts the record on the dirty list; the next round carries it out. Nothing remote is touched here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mapping.errors import InputError
from mapping.ports import Clock
from mapping.records import ENTITIES, TITLE_FIELD, EntityKind, Value, hub_field, is_blank
from store import hub, journal, quarantine, reviews, runs
from store.database import Database
from store.hub import HubChange, HubRow
from store.journal import Entry
from store.quarantine import Held
from store.reviews import Review
from store.runs import Run
from store.tx import Tx
from store.uids import new_uid
from sync import cases
from sync.cases import Case, Conflict
from sync.finding import ResolveUrl, find_uid
from sync.linking import link_records, read_pairs, set_aside, unlink_record
from sync.typed import canonical, field_of, is_claimed

SALT_BYTES: Final = 16
_PARKED: Final = ("conflict", "lossy")
_Edited = Mapping[str, Value]


def no_urls(_url: str) -> tuple[str, str, str] | None:
    """Know no page: for stores without any connection at hand."""
    return None


Refuse = Callable[[EntityKind, str, Mapping[str, Value], Mapping[str, Value]], None]


def refuse_nothing(_entity: EntityKind, _uid: str, _before: Mapping[str, Value], _changed: Mapping[str, Value]) -> None:
    """Let a person type everything: for desks without supervision beside them."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """The desk of one store.

    Args:
        resolve_url: address of a CRM page -> (connection, object, remote id).
        zone: of our organisation; a time typed without a zone is there.
        extras: entity -> further mapped fields that a person may set.
        refuse: raises InputError for a change of a row (its uid, values before, changed values) nobody may type.
        random_bytes: where salts and new uids come from.
    """

    db: Database
    clock: Clock
    resolve_url: ResolveUrl = no_urls
    zone: str = "Asia/Shanghai"
    extras: Mapping[str, Iterable[str]] = field(default_factory=dict)
    refuse: Refuse = refuse_nothing
    random_bytes: Callable[[int], bytes] = os.urandom

    # --- conflicts ----------------------------------------------------------------------------------------------

    def conflicts(self) -> list[Conflict]:
        """Give the parked fields, oldest first, with what every side says."""
        with self.db.read() as tx:
            return [cases.conflict_of(tx, one) for one in reviews.open_(tx) if one.kind in _PARKED]

    def conflict(self, id: int) -> Conflict:
        """Give one parked field.

        Raises:
            InputError: there is no such conflict.
        """
        with self.db.read() as tx:
            return cases.conflict_of(tx, self._review(tx, id, parked=True))

    def resolve_conflict(
        self, id: int, *, take: str | None = None, value: str | None = None, who: str = ""
    ) -> Conflict:
        """Decide a parked field: one side's value, or one of the person's own.

        Args:
            take: ``hub`` or a connection's name; None when *value* is given.
        Raises:
            InputError: no such conflict, side or value, or it is decided already; a blank for what only sources state.
        """
        with self.db.edit() as tx:
            review = self._review(tx, id, parked=True)
            self._must_be_open(review)
            shown = cases.conflict_of(tx, review)
            chosen = cases.value_of(tx, review, take) if take is not None else self._typed(tx, review, value or "")
            if is_blank(chosen) and is_claimed(review.entity, review.field):
                raise InputError(
                    f"the hub says nothing about {review.field}: take a side that does, or give a value",
                    zh=f"本地库没有 {review.field} 的值；请采用有值的一方，或用 --value 指定",
                )
            reviews.resolve(tx, id, {"value": chosen, "take": take, "who": who}, self.clock.now_ms())
            changes = {review.field: [shown.sides.get("hub"), chosen]}
            self._note(tx, "resolve", review.entity, review.uid, changes, who)
        return shown

    # --- reviews ------------------------------------------------------------------------------------------------

    def reviews(self) -> list[Case]:
        """Give the records that wait for a person, oldest first."""
        with self.db.read() as tx:
            return [cases.case_of(tx, one) for one in reviews.open_(tx) if one.kind not in _PARKED]

    def review(self, id: int) -> Case:
        """Give one of them.

        Raises:
            InputError: there is no such review.
        """
        with self.db.read() as tx:
            return cases.case_of(tx, self._review(tx, id, parked=False))

    def accept(self, id: int, target: str | None = None, *, who: str = "") -> Case:
        """Say yes: this record is that one (*target*, or the only candidate), or this delete is meant.

        Raises:
            InputError: no such review, or it has several candidates and none was named.
        """
        with self.db.edit() as tx:
            review = self._review(tx, id, parked=False)
            self._must_be_open(review)
            shown = cases.case_of(tx, review)
            if review.kind == "match":
                uid = cases.chosen_uid(tx, review, target, self.resolve_url)
                self._answer_match(tx, review, uid, who)
            else:
                self._answer(tx, review, {"accept": True, "who": who}, who)
        return shown

    def reject(self, id: int, *, who: str = "") -> Case:
        """Say no: this record is one of its own, or the delete is not to be followed.

        Raises:
            InputError: no such review.
        """
        with self.db.edit() as tx:
            review = self._review(tx, id, parked=False)
            self._must_be_open(review)
            shown = cases.case_of(tx, review)
            answer = {"new": True} if review.kind == "match" else {"accept": False}
            self._answer(tx, review, {**answer, "who": who}, who)
        return shown

    # --- links --------------------------------------------------------------------------------------------------

    def find(self, ref: str, entity: EntityKind | None = None) -> tuple[EntityKind, str]:
        """Give (entity, uid) of the record a person means.

        Raises:
            InputError: nothing, or several things, answer to that name.
        """
        with self.db.read() as tx:
            return find_uid(tx, ref, self.resolve_url, entity)

    def link(self, entity: str, a: str, b: str, *, who: str = "") -> str:
        """Make two records one and give its uid; differences between them are parked, nothing is overwritten.

        Raises:
            InputError: see ``sync.linking.link_records``.
        """
        kind = _kind(entity)
        with self.db.edit() as tx:
            return self._link(tx, kind, a, b, who)

    def unlink(self, ref: str, *, who: str = "") -> str:
        """Take a remote record out of the sync and give the uid it belonged to; nothing is deleted.

        Raises:
            InputError: the name does not lead to exactly one linked remote record.
        """
        with self.db.edit() as tx:
            entity, uid, link = unlink_record(tx, ref, self.resolve_url, self.clock.now_ms())
            self._note(tx, "unlink", entity, uid, {"link": [f"{link.connection}:{link.remote_id}", None]}, who)
        return uid

    def import_links(self, path: Path, *, who: str = "") -> int:
        """Link every pair of a CSV file (entity,a,b; UTF-8 or GBK), all of them or none, and give their number.

        Raises:
            InputError: the first line that cannot be done, by its number; nothing was linked.
        """
        count = 0
        with self.db.edit() as tx:
            for number, entity, a, b in read_pairs(path):
                try:
                    self._link(tx, entity, a, b, who)
                except InputError as exc:
                    raise InputError(
                        f"{path}, line {number}: {exc.message}", zh=f"{path} 第 {number} 行:{exc.zh or exc.message}"
                    ) from exc
                count += 1
        return count

    # --- quarantine and runs ------------------------------------------------------------------------------------

    def quarantined(self) -> list[Held]:
        """Give the records that could not be handled, oldest first, each with its cause."""
        with self.db.read() as tx:
            return quarantine.open_(tx)

    def retry(self, ids: Sequence[int] | None) -> int:
        """Ask for another try of those (None: all) in the next round; give how many wait for it.

        Raises:
            InputError: an id is not in the quarantine.
        """
        with self.db.edit() as tx:
            known = {one.id for one in quarantine.open_(tx) if one.id is not None}
            unknown = sorted(set(ids or ()) - known)
            if unknown:
                raise InputError(f"not in the quarantine: {unknown}", zh=f"隔离区中没有:{unknown}")
            return quarantine.retry(tx, known if ids is None else ids)

    def runs(self, limit: int) -> list[Run]:
        """Give the newest rounds, newest first."""
        with self.db.read() as tx:
            return runs.last(tx, limit)

    # --- edits of the hub ---------------------------------------------------------------------------------------

    def add(self, entity: str, typed: Mapping[str, str], *, who: str = "") -> str:
        """Add a record to the hub and give its uid; the next round makes it at every connection.

        Raises:
            InputError: an unknown field, a value that is none, or no title.
        """
        kind = _kind(entity)
        with self.db.edit() as tx:
            values = self._values(tx, kind, typed)
            if is_blank(values.get(TITLE_FIELD[kind])) and is_blank(values.get("body")):
                title = TITLE_FIELD[kind]
                raise InputError(f"{kind} needs {title}=...", zh=f"{kind} 需要填写 {title}=...")
            uid = new_uid(self.clock.now_ms(), self.random_bytes)
            hub.insert(tx, kind, [HubRow(uid, 1, "live", values)], self.clock.now_ms())
            self._note(tx, "add", kind, uid, {name: [None, value] for name, value in values.items()}, who)
        return uid

    def set(self, entity: str, ref: str, typed: Mapping[str, str], *, who: str = "") -> tuple[str, list[str]]:
        """Change fields of a record and give its uid and the fields that really changed.

        Raises:
            InputError: unknown record or field, or a value that is none.
        """
        kind = _kind(entity)
        with self.db.edit() as tx:
            _, uid = find_uid(tx, ref, self.resolve_url, kind)
            row = self._live(tx, kind, uid)
            values = self._values(tx, kind, typed)
            changed = {name: value for name, value in values.items() if _moved(row.values.get(name), value)}
            if TITLE_FIELD[kind] in changed and is_blank(changed[TITLE_FIELD[kind]]):
                raise InputError(
                    f"{kind}.{TITLE_FIELD[kind]} cannot be blank", zh=f"{kind} 的 {TITLE_FIELD[kind]} 不能为空"
                )
            if changed:
                self.refuse(kind, uid, row.values, changed)
                self._update(tx, kind, HubChange(uid, row.rev, changed))
                self._note(tx, "set", kind, uid, {n: [row.values.get(n), v] for n, v in changed.items()}, who)
        return uid, sorted(changed)

    def delete(self, entity: str, ref: str, *, who: str = "") -> str:
        """Delete a record of the hub and give its uid; the next round deletes it softly at every connection.

        Raises:
            InputError: unknown record.
        """
        kind = _kind(entity)
        with self.db.edit() as tx:
            _, uid = find_uid(tx, ref, self.resolve_url, kind)
            row = self._live(tx, kind, uid)
            self._update(tx, kind, HubChange(uid, row.rev, {}, state="deleted"))
            self._note(tx, "delete", kind, uid, {"state": [row.state, "deleted"]}, who)
        return uid

    # --- inside -------------------------------------------------------------------------------------------------

    def _link(self, tx: Tx, entity: EntityKind, a: str, b: str, who: str) -> str:
        uid, moved = link_records(tx, entity, a, b, self.resolve_url, self.clock.now_ms())
        self._note(tx, "link", entity, uid, {"link": [a, b]}, who)
        for one in moved:
            self._note(tx, "link", one.entity, one.uid, {one.field: [one.old, one.new]}, who)
        return uid

    def _review(self, tx: Tx, id: int, *, parked: bool) -> Review:
        review = reviews.get(tx, id)
        if review is None or (review.kind in _PARKED) is not parked:
            what, what_zh = ("conflict", "冲突") if parked else ("review", "待判断项")
            raise InputError(f"no {what} {id}", zh=f"没有编号为 {id} 的{what_zh}")
        return review

    def _must_be_open(self, review: Review) -> None:
        if review.state != "open":
            raise InputError(f"{review.id} is decided already", zh=f"{review.id} 已经裁定")

    def _typed(self, tx: Tx, review: Review, value: str) -> Value:
        return canonical(hub_field(review.entity, review.field), value, zone=self.zone, look_up=self._look_up(tx))

    def _answer_match(self, tx: Tx, review: Review, uid: str, who: str) -> None:
        """Bind a doubtful record, and with it the doubts of others that this answers."""
        now_ms = self.clock.now_ms()
        aside = set_aside(tx, review.entity, uid, f"{review.connection}:{review.remote_id}", now_ms)
        self._answer(tx, review, {"match": uid, "who": who}, who)
        if aside and review.id is not None:
            reviews.close(tx, [review.id], now_ms)
            return
        for other in cases.twins_of(tx, review, uid):
            self._answer(tx, other, {"match": uid, "who": who}, who)

    def _answer(self, tx: Tx, review: Review, resolution: dict[str, Any], who: str) -> None:
        assert review.id is not None
        reviews.resolve(tx, review.id, resolution, self.clock.now_ms())
        uid = review.uid or str(resolution.get("match") or "")
        said = {key: value for key, value in resolution.items() if key != "who"}
        change = {f"review {review.kind}": [f"{review.connection}:{review.remote_id}", said]}
        self._note(tx, "decide", review.entity, uid, change, who)

    def _look_up(self, tx: Tx) -> Callable[[EntityKind, str], str]:
        return lambda entity, ref: find_uid(tx, ref, self.resolve_url, entity)[1]

    def _values(self, tx: Tx, entity: EntityKind, typed: Mapping[str, str]) -> dict[str, Value]:
        extras = self.extras.get(entity, ())
        return {
            name: canonical(field_of(entity, name, extras), text, zone=self.zone, look_up=self._look_up(tx))
            for name, text in typed.items()
        }

    def _live(self, tx: Tx, entity: EntityKind, uid: str) -> HubRow:
        row = hub.read(tx, entity, [uid])[uid]
        if row.state in ("deleted", "merged"):
            raise InputError(f"{entity} {uid} is {row.state}", zh=f"{entity} {uid} 处于 {row.state} 状态")
        return row

    def _update(self, tx: Tx, entity: EntityKind, change: HubChange) -> None:
        stale = hub.update(tx, entity, [change], self.clock.now_ms())
        if stale:  # read and written in one transaction: only a row erased in between can get here
            raise InputError(f"{entity} {change.uid} moved; try again", zh=f"{entity} {change.uid} 刚被修改,请重试")

    def _note(self, tx: Tx, kind: str, entity: EntityKind, uid: str, changes: dict[str, list[Any]], who: str) -> None:
        """Journal a decision and put its record on the list of those to look at."""
        now_ms = self.clock.now_ms()
        entry = Entry("", now_ms, kind, entity, uid, who=who or "person", changes=changes, cause="person")
        journal.append(tx, [entry], self.random_bytes(SALT_BYTES))
        if uid and hub.read(tx, entity, [uid]):
            hub.mark_dirty(tx, entity, [uid], kind, now_ms)


def _kind(entity: str) -> EntityKind:
    for kind in ENTITIES:
        if kind == entity:
            return kind
    raise InputError(
        f'no kind "{entity}"; known: {", ".join(ENTITIES)}', zh=f"没有类型 “{entity}”;可用:{', '.join(ENTITIES)}"
    )


def _moved(old: Value, new: Value) -> bool:
    return old != new and not (is_blank(old) and is_blank(new))
