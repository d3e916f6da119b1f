"""Write what was planned: hub rows, links, intents, questions, claims, journal; then take it off the work list.

Everything happens in the transaction the snapshot was read in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from mapping.records import EntityKind
from store import claims, hub, identity, inbox, journal, links, outbox, quarantine, reviews, worklist
from store.claims import Claim
from store.hub import TOLD, DirtyMark, HubChange, HubRow
from store.inbox import Item
from store.journal import Entry
from store.links import Link
from store.outbox import Op
from store.reviews import Review
from store.tx import Tx
from sync import reasons
from sync.absorb import FRESH
from sync.bindings import Work, index_keys
from sync.carrying import Carried
from sync.matching import HUB
from sync.report import RunReport
from sync.spokes import Spoke
from sync.views import MISSED, OURS, EntityPlan, LinkStep, OpStep

_REASON: Final = 32
"""Characters of a mark's reason."""

Planned = tuple[EntityPlan, list[Item], dict[str, Link]]
"""A plan, the observations it was made from, and the links it found."""


class Committer:
    """Writes the plans of one chunk after the other.

    Args:
        keyed: keep the identity keys of hub rows (see ``bindings.keep_keys``).
        away: kind -> known connections that take no part in it now; what they miss stays on the work list for them.
        who, cause: of the journal's entries; without a cause, the state a row takes is it.
    """

    def __init__(
        self,
        tx: Tx,
        report: RunReport,
        *,
        now_ms: int,
        new_id: Callable[[], str],
        salt: bytes,
        keyed: bool = True,
        away: Mapping[EntityKind, Set[str]] = MappingProxyType({}),
        who: str = "sync",
        cause: str = "",
        carried: Carried | None = None,
    ) -> None:
        self._tx = tx
        self._report = report
        self._now_ms = now_ms
        self._new_id = new_id
        self._salt = salt
        self.keyed = keyed
        self._away = away
        self._who = who
        self._cause = cause
        self._carried = carried

    def commit(
        self,
        entity: EntityKind,
        spokes: Mapping[str, Spoke],
        work: Work,
        rows: Mapping[str, HubRow],
        taken: Sequence[Planned],
    ) -> None:
        """Write a chunk; plans whose hub row moved meanwhile are left for the next round."""
        seen = {plan.uid: items for plan, items, _ in taken}
        stale = self._write_hub(entity, rows, [plan for plan, _, _ in taken], seen)
        fresh = [entry for entry in taken if entry[0].uid not in stale]
        self._write_links(entity, spokes, fresh)
        self._write_rest(entity, fresh)
        self._end_held(entity, spokes, fresh)
        self._consume(entity, spokes, work, fresh)

    def _write_hub(
        self, entity: EntityKind, rows: Mapping[str, HubRow], plans: Sequence[EntityPlan],
        seen: Mapping[str, Sequence[Item]],
    ) -> set[str]:  # fmt: skip
        tx, now_ms = self._tx, self._now_ms
        fresh = [
            HubRow(
                uid=plan.uid,
                rev=1,
                state=plan.state or "live",
                values=plan.values,
                meta=_meta(plan, now_ms) | _told(plan, seen.get(plan.uid, ()), 1, now_ms),
            )
            for plan in plans
            if plan.insert
        ]
        changes = [
            HubChange(
                uid=plan.uid,
                rev=rows[plan.uid].rev,
                values=plan.values,
                state=plan.state,
                meta=_meta(plan, now_ms) | _told(plan, seen.get(plan.uid, ()), rows[plan.uid].rev + 1, now_ms),
            )
            for plan in plans
            if plan.writes_hub and not plan.insert and plan.uid in rows
        ]
        hub.insert(tx, entity, fresh, now_ms)
        stale = set(hub.update(tx, entity, changes, now_ms))
        self._index_hub(entity, rows, plans, stale)
        return stale

    def _index_hub(
        self, entity: EntityKind, rows: Mapping[str, HubRow], plans: Sequence[EntityPlan], stale: set[str]
    ) -> None:
        if not self.keyed:
            return
        keyed = []
        for plan in plans:
            if not plan.values or plan.uid in stale:
                continue
            before = rows[plan.uid].values if plan.uid in rows else {}
            keyed.append((plan.uid, index_keys(entity, {**before, **plan.values})))
        identity.put(self._tx, entity, HUB, keyed)

    def _write_links(
        self,
        entity: EntityKind,
        spokes: Mapping[str, Spoke],
        taken: Sequence[Planned],
    ) -> None:
        new: list[Link] = []
        changed: list[Link] = []
        touched: list[tuple[int, str, int | None]] = []
        bound: dict[str, list[str]] = {}
        for plan, items, best in taken:
            seen = {item.connection: item for item in items}
            stepped = set()
            for step in plan.links:
                stepped.add(step.connection)
                item = seen.get(step.connection)
                link = self._link(entity, plan.uid, step, best.get(step.connection), item)
                (new if link.id is None else changed).append(link)
                if link.id is None and item is not None:
                    link.remote_text = item.text if item.doc == link.shadow_remote else None
                    bound.setdefault(step.connection, []).append(step.remote_id)
            for name, item in seen.items():
                old = best.get(name)
                if name not in stepped and old is not None and old.id is not None and not item.gone and not plan.waits:
                    touched.append((old.id, item.version, item.modified_ms))
        links.insert(self._tx, new)
        self._end_questions(entity, new)
        links.update(self._tx, changed)
        links.touch(self._tx, touched)
        for name, remote_ids in bound.items() if self.keyed else ():
            if name in spokes:
                identity.drop(self._tx, entity, name, remote_ids)

    def _end_questions(self, entity: EntityKind, new: Sequence[Link]) -> None:
        """A pair that has met needs no answer about its lost or refused create any more."""
        if not reviews.counts(self._tx) and not quarantine.count(self._tx):
            return
        for name in {link.connection for link in new}:
            uids = [link.uid for link in new if link.connection == name]
            worklist.close_pairs(self._tx, entity, name, uids, self._now_ms)
            worklist.close_held(self._tx, name, uids, self._now_ms)

    def _end_held(self, entity: EntityKind, spokes: Mapping[str, Spoke], taken: Sequence[Planned]) -> None:
        """Let go of parked writes that nobody wants any more: the pair agrees again without them.

        Of a connection that takes no part now nobody knows that.
        """
        if not quarantine.count(self._tx):
            return
        agreed = {
            (plan.uid, name)
            for plan, _, best in taken
            for name, link in best.items()
            if name in spokes
            and link.state == "live"
            and not plan.waits
            and all(op.connection != name for op in plan.ops)
        }
        uids = sorted({uid for uid, _ in agreed})
        parked = quarantine.of_uids(self._tx, entity, uids)
        quarantine.close(
            self._tx, [one.id for one in parked if one.id and one.op_id and (one.uid, one.connection) in agreed]
        )

    def _link(self, entity: EntityKind, uid: str, step: LinkStep, old: Link | None, item: Item | None) -> Link:
        keep = old if old is not None and not step.new else None
        link = Link(
            id=keep.id if keep else None, entity=entity, uid=uid, connection=step.connection, object=step.object,
            remote_id=step.remote_id, state=step.state, version=keep.version if keep else "",
            expect_version=keep.expect_version if keep else None, modified_ms=keep.modified_ms if keep else None,
            shadow_hub=step.shadow_hub, shadow_remote=step.shadow_remote, notes=step.notes,
            created_ms=keep.created_ms if keep else self._now_ms, read_as=keep.read_as if keep else None,
        )  # fmt: skip
        if item is not None and not item.gone:
            link.version, link.modified_ms, link.expect_version = item.version, item.modified_ms, None
            link.notes.pop("wrote", None)
            link.notes.pop(MISSED, None)
            link.notes.pop(OURS, None)
        elif item is not None:
            link.notes[FRESH] = self._now_ms  # a list may still show it as it was
        return link

    def _write_rest(self, entity: EntityKind, taken: Sequence[Planned]) -> None:
        tx, now_ms, run_id = self._tx, self._now_ms, self._report.run_id
        outbox.add(tx, [self._op(entity, entry, step) for entry in taken for step in entry[0].ops])
        plans = [plan for plan, _, _ in taken]
        asked = [
            Review(
                id=None, kind=step.kind, entity=entity, uid=plan.uid, connection=step.connection, object="",
                remote_id="", field=step.field, data=step.data, state="open", resolution=None, opened_ms=now_ms,
                closed_ms=None, run_id=run_id,
            )
            for plan in plans
            for step in plan.reviews
        ]  # fmt: skip
        reviews.close(tx, [id_ for plan in plans for id_ in plan.settled], now_ms)
        reviews.put(tx, asked)
        claims.put(
            tx,
            [
                Claim(entity=entity, uid=plan.uid, field=name, connection=connection, value=value, remote_ms=None,
                      seen_ms=now_ms)
                for plan in plans
                for name, connection, value in plan.claims
            ],
        )  # fmt: skip
        entries = [entry for plan in plans if (entry := self._entry(entity, plan)) is not None]
        noted = [self._noted(entity, plan, name) for plan in plans for name in plan.irregular]
        journal.append(tx, [*entries, *noted], self._salt)
        if noted:
            self._report.tally(reasons.IRREGULAR, len(noted))

    def _op(self, entity: EntityKind, planned: Planned, step: OpStep) -> Op:
        plan, items, best = planned
        key = step.hub_values.get("key")
        op = Op(
            id=self._new_id(), run_id=self._report.run_id, digest="", entity=entity, uid=plan.uid,
            connection=step.connection, object=step.object, action=step.action, remote_id=step.remote_id,
            values=step.values, hub_values=step.hub_values, base=step.base, key=key if isinstance(key, str) else None,
            created_ms=self._now_ms,
        )  # fmt: skip
        if self._carried is not None and step.action == "update":
            link = best.get(step.connection)
            moved = any(one.connection == step.connection for some in (items, plan.links) for one in some)
            if link is not None and link.id is not None and not moved:  # it stays as it was read
                self._carried.keep(op, link)
        return op

    def _entry(self, entity: EntityKind, plan: EntityPlan) -> Entry | None:
        if not plan.writes_hub and not plan.losers:
            return None
        changes = {name: [plan.old.get(name), value] for name, value in plan.values.items()}
        for name, losers in plan.losers.items():
            changes.setdefault(name, [plan.old.get(name), plan.values.get(name)]).append(losers)  # type: ignore[arg-type]
        if plan.state is not None and not plan.insert:
            changes["state"] = [plan.state_before, plan.state]
        origins = sorted({origin for origin in plan.origins.values() if origin})
        return Entry(
            run_id=self._report.run_id, at_ms=self._now_ms, kind="insert" if plan.insert else "update", entity=entity,
            uid=plan.uid, connection=",".join(origins), remote_id="", op_id="", who=self._who, changes=changes,
            cause=self._cause or plan.state or "",
        )  # fmt: skip

    def _noted(self, entity: EntityKind, plan: EntityPlan, name: str) -> Entry:
        """Give the entry that says which side took a step no state of the field knows."""
        return Entry(
            self._report.run_id, self._now_ms, reasons.IRREGULAR, entity, plan.uid, who=self._who,
            connection=plan.origins.get(name, ""), changes={name: [plan.old.get(name), plan.values[name]]},
            cause=reasons.IRREGULAR,
        )  # fmt: skip

    def _consume(self, entity: EntityKind, spokes: Mapping[str, Spoke], work: Work, taken: Sequence[Planned]) -> None:
        """Take planned work off the list; what waits for something else stays on it."""
        done: list[int] = []
        cleared: list[DirtyMark] = []
        waiting: list[str] = []
        missed: dict[str, list[str]] = {}
        away = self._away.get(entity, frozenset())
        for plan, items, best in taken:
            if plan.waits:
                waiting += [] if plan.uid in work.marks or items else [plan.uid]
                continue
            done += [item.id for item in items if item.id is not None]
            if plan.uid in work.marks:
                cleared.append(work.marks[plan.uid])
            elif not plan.writes_hub:
                continue
            cut_off = [name for name, link in best.items() if link.state == "live" and name not in spokes]
            for name in sorted({*away, *cut_off}) if away or cut_off else ():
                missed.setdefault(name, []).append(plan.uid)
        inbox.remove(self._tx, done)
        hub.clear_dirty(self._tx, entity, cleared)
        hub.mark_dirty(self._tx, entity, waiting, "waits", self._now_ms)
        for name, uids in missed.items():
            hub.mark_once(self._tx, entity, uids, missed_by(name), self._now_ms)
        if waiting or any(plan.waits for plan, _, _ in taken):
            self._report.tally("waiting", sum(plan.waits for plan, _, _ in taken))


def missed_by(connection: str) -> str:
    """Give the reason of a mark that waits for that connection alone."""
    reason = f"missed:{connection}"
    return reason if len(reason) <= _REASON else "missed:" + sha256(connection.encode()).hexdigest()[: _REASON - 7]


def _meta(plan: EntityPlan, now_ms: int) -> dict[str, object]:
    """Say where each value came from and when; one entry stands for all when they came together."""
    origins = set(plan.origins.values())
    if plan.insert and len(origins) == 1:
        return {"*": [origins.pop(), now_ms]}
    return {name: [plan.origins.get(name, ""), now_ms] for name in plan.values}


def _told(plan: EntityPlan, items: Sequence[Item], rev: int, now_ms: int) -> dict[str, object]:
    """Say which record a task's values came from and when it was changed there, for those who date moves by it.

    Args:
        rev: what the row will be at; values of several records count as told by the one that changed last.
    """
    origins = set(plan.origins.values())
    known = [item for item in items if item.connection in origins and item.modified_ms is not None]
    if plan.entity != "task" or not known:
        return {}
    last = max(known, key=lambda item: (item.modified_ms or 0, item.connection))
    told = {
        "rev": rev, "seen_ms": now_ms, "record": [last.connection, last.object, last.remote_id],
        "modified_ms": last.modified_ms, "by": last.modified_by, "fields": None if plan.insert else sorted(plan.values),
    }  # fmt: skip
    return {TOLD: told}
