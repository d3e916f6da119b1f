"""Why a field says what it says: edit, run, plan item, write and answer, gathered from the journal."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapping.errors import InputError
from mapping.records import ENTITIES_ZH, TITLE_FIELD, EntityKind, Value, is_blank, is_known, known_fields
from store import hub, journal, links, outbox, reviews, runs
from store.journal import Entry
from store.outbox import Attempt, Op
from store.runs import Run
from store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One link of the chain.

    Args:
        kind: the journal's word, ``write`` for one at a connection, ``undo``, ``sql`` for an edit nobody announced,
            ``conflict`` for one that waits.
        where: a connection, several with commas, "" for the hub.
        lost: what other sides said and what was overruled.
        run_kind, item: the run and the plan line behind it; op, op_state, answers: the write and what came back.
        review_id: of the conflict that waits.
    """

    kind: str
    at_ms: int
    seq: int | None = None
    who: str = ""
    where: str = ""
    remote_id: str = ""
    old: Value = None
    new: Value = None
    cause: str = ""
    lost: Mapping[str, Value] = field(default_factory=dict)
    run_id: str = ""
    run_kind: str = ""
    item: Mapping[str, Any] | None = None
    op: str = ""
    op_state: str = ""
    answers: tuple[Mapping[str, Any], ...] = ()
    review_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The whole answer: what every side says now, and how it came to that, newest last."""

    entity: EntityKind
    uid: str
    title: str
    field: str
    now: Mapping[str, Value]
    steps: tuple[Step, ...]


def chain_of(tx: Tx, entity: EntityKind, uid: str, name: str) -> Chain:
    """Give the history of one field of one record.

    Raises:
        InputError: that kind has no such field and the record never had one.
    """
    row = hub.read(tx, entity, [uid]).get(uid)
    values = row.values if row is not None else {}
    entries = journal.of(tx, entity, uid, name)
    if not is_known(entity, name) and name not in values and not entries:
        near = ", ".join(difflib.get_close_matches(name, known_fields(entity)) or sorted(known_fields(entity)))
        raise InputError(
            f"{entity} has no field {name}; did you mean {near}?",
            zh=f"{ENTITIES_ZH[entity]}没有字段 {name}；可用：{near}",
        )
    now: dict[str, Value] = {"hub": values.get(name)}
    for link in links.by_uids(tx, entity, [uid]).get(uid, ()):
        if link.state in ("live", "suspended") and name in link.shadow_remote:
            now[link.connection] = link.shadow_remote[name]
    steps = _steps(tx, entries, uid, name)
    known = next((step.new for step in reversed(steps) if not step.op and step.kind != "resolve"), None)
    marks = {mark.reason for mark in hub.dirty(tx, entity) if mark.uid == uid}
    if row is not None and known != now["hub"] and marks & {"sql_insert", "sql_update"}:
        steps.append(Step(kind="sql", at_ms=0, who="sql", old=known, new=now["hub"]))
    for review in reviews.of_uids(tx, entity, [uid]):
        if review.field == name and review.state == "open":
            said = {"hub": review.data.get("hub"), **review.data.get("sides", {})}
            steps.append(
                Step(kind="conflict", at_ms=review.opened_ms, lost=said, run_id=review.run_id, review_id=review.id)
            )
    title = str(values.get(TITLE_FIELD[entity]) or "")
    return Chain(entity=entity, uid=uid, title=title, field=name, now=now, steps=tuple(steps))


def _steps(tx: Tx, entries: Sequence[Entry], uid: str, name: str) -> list[Step]:
    ops = outbox.get(tx, [entry.op_id for entry in entries if entry.op_id])
    known: dict[str, tuple[Run | None, list[dict[str, Any]]]] = {}
    for run_id in {op.run_id for op in ops.values()} | {entry.run_id for entry in entries if entry.run_id}:
        known[run_id] = (runs.get(tx, run_id), runs.items(tx, run_id))
    out: list[Step] = []
    hub_says: Value = None
    for entry in entries:
        op = ops.get(entry.op_id)
        change = entry.changes[name]
        if entry.kind == "create" and is_blank(change[1]):
            continue
        more = change[2] if len(change) > 2 else None
        if entry.op_id and entry.kind in ("update", "create"):
            after = more[1] if isinstance(more, list) else op.hub_values.get(name) if op is not None else hub_says
            before = more[0] if isinstance(more, list) else change[0]
            if entry.kind == "update" and after != hub_says:
                out.append(
                    Step(kind="sql", at_ms=op.created_ms if op else entry.at_ms, who="sql", old=before, new=after)
                )
            hub_says = after
        elif entry.kind != "resolve":
            hub_says = change[1]
        answers = _answers(tx, op) if op is not None else ()
        out.append(_step(entry, change, more, op, known, answers, uid, name))
    return out


def _step(
    entry: Entry,
    change: Sequence[Any],
    more: Any,
    op: Op | None,
    known: Mapping[str, tuple[Run | None, list[dict[str, Any]]]],
    answers: tuple[Mapping[str, Any], ...],
    uid: str,
    name: str,
) -> Step:
    planned = op.run_id if op is not None else entry.run_id
    run, items = known.get(planned, (None, []))
    where = entry.connection if entry.op_id else ""
    item = next((one for one in items if one["uid"] == uid and one["connection"] == where and _tells(one, name)), None)
    kind = "write" if entry.op_id else "undo" if entry.cause == "undo" else entry.kind
    return Step(
        kind=kind, at_ms=entry.at_ms, seq=entry.seq, who=entry.who, where=entry.connection, remote_id=entry.remote_id,
        old=change[0], new=change[1], cause=entry.cause, lost=more if isinstance(more, dict) else {}, run_id=planned,
        run_kind=run.kind if run is not None else "", item=item, op=op.id if op is not None else "",
        op_state=op.state if op is not None else "", answers=answers,
    )  # fmt: skip


def _tells(item: Mapping[str, Any], name: str) -> bool:
    return any(change["field"] == name for change in item.get("fields", ()))


def _answers(tx: Tx, op: Op) -> tuple[Mapping[str, Any], ...]:
    return tuple(_answer(one) for one in outbox.attempts(tx, op.id))


def _answer(one: Attempt) -> Mapping[str, Any]:
    return {"n": one[1], "sent_ms": one[2], "answered_ms": one[3], "outcome": one[4], "code": one[5] or ""}
