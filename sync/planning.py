"""Plan the work list chunk by chunk, all in the caller's transaction.

The decisions are ``planner.plan_entity``; this module reads the snapshots they look at, reports what they say and
hands what may be done to the committer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mapping.records import EntityKind, Value
from store import hub, inbox, links, outbox, reviews, streams, worklist
from store.hub import HubRow
from store.inbox import Item
from store.links import Link
from store.reviews import Review
from store.tx import Tx
from sync.bindings import CHUNK, Binder, Work, keep_keys, remembered
from sync.carrying import Carried
from sync.committing import Committer, Planned, missed_by
from sync.guards import Tally, risks
from sync.importing import Move, import_record, moves_of
from sync.merge import Parked
from sync.planner import plan_entity
from sync.pointing import deleted, made_anew, point_anew, try_again
from sync.pushing import Outlet, outlet_of, push_row
from sync.report import PlanLine, RunReport
from sync.spokes import ChunkRefs, Spoke, pointed_at, prefetch
from sync.views import Base, EntityPlan, EntityView, Seen, SideView

_STATE_RANK = {"live": 0, "suspended": 1, "gone": 2, "retired": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What this planning may do.

    Args:
        everything: plan as if every connection were live (showing a plan); False: only live, approved ones.
        approved: digests of the entity plans that may be committed; None for all.
        digests: compute digests (plans that are shown, stored or approved).
        lines_kept: lines the report keeps; later ones are only counted.
        auto: risk classes that need no approval; None for all.
    """

    everything: bool = False
    approved: frozenset[str] | None = None
    digests: bool = False
    lines_kept: int = 2000
    auto: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Lean:
    """The one connection of a first pull, and how its fields come in."""

    name: str
    object: str
    moves: Sequence[Move]


class Planner:
    """Plans one entity kind after the other inside one transaction."""

    def __init__(
        self,
        tx: Tx,
        spokes: Sequence[Spoke],
        policy: Policy,
        report: RunReport,
        *,
        now_ms: int,
        new_id: Callable[[], str],
        salt: bytes,
        progress: Callable[[str, int], None] | None = None,
        carried: Carried | None = None,
    ) -> None:
        self._tx = tx
        self._spokes = [spoke for spoke in spokes if policy.everything or spoke.live]
        self._policy = policy
        self._report = report
        self._now_ms = now_ms
        present = {spoke.name for spoke in self._spokes}
        self._taking: dict[EntityKind, set[str]] = {}
        for one in streams.all(tx):
            if one.generation:
                self._taking.setdefault(one.entity, set()).add(one.connection)
        away = {kind: names - present for kind, names in self._taking.items()}
        self._committer = Committer(tx, report, now_ms=now_ms, new_id=new_id, salt=salt, away=away, carried=carried)
        self._progress = progress
        self.tally = Tally()
        self.met: set[str] = set()
        self.left: list[PlanLine] = []

    def plan(self, entity: EntityKind) -> None:
        """Plan and commit everything that waits for *entity*."""
        spokes = {spoke.name: spoke for spoke in self._spokes if entity in spoke.maps}
        if not spokes:
            return
        self._note_unlinked(entity, spokes)
        self._committer.keyed = keep_keys(self._tx, entity, spokes, self._now_ms)
        for work in self._work(entity, spokes):
            self._chunk(entity, spokes, work)

    # --- the work list ------------------------------------------------------------------------------------------

    def _note_unlinked(self, entity: EntityKind, spokes: Mapping[str, Spoke]) -> None:
        """Once a connection's backfill is in, everything it lacks is work."""
        for spoke in spokes.values():
            stream = streams.get(self._tx, spoke.name, entity)
            if stream is None or stream.backfilled_ms is None or stream.generation:
                continue
            missing = links.unlinked_uids(self._tx, entity, spoke.name)
            hub.mark_dirty(self._tx, entity, missing, "first_contact", self._now_ms)
            streams.save(self._tx, replace(stream, generation=1))

    def _work(self, entity: EntityKind, spokes: Mapping[str, Spoke]) -> Iterator[Work]:
        """Yield chunks: new records first (bound to each other or to hub rows), then everything that moved."""
        binder = Binder(self._tx, entity, spokes, self._report, self._now_ms, keyed=self._committer.keyed)
        for work in binder.work():
            yield work
            for line in binder.lines:
                self._report.tally(line.action)
                self._keep(line)
            binder.lines.clear()
        after, asleep = "", [missed_by(name) for name in sorted(self._taking.get(entity, set()) - spokes.keys())]
        while True:
            moved = inbox.linked_uids(self._tx, entity, after=after, limit=CHUNK)
            dirty = {mark.uid: mark for mark in hub.dirty(self._tx, entity, after=after, limit=CHUNK, asleep=asleep)}
            uids = sorted({*moved, *dirty})[:CHUNK]
            if not uids:
                return
            yield Work(uids, marks={uid: dirty[uid] for uid in uids if uid in dirty})
            after = uids[-1]

    # --- one chunk ----------------------------------------------------------------------------------------------

    def _chunk(self, entity: EntityKind, spokes: Mapping[str, Spoke], work: Work) -> None:
        if not work.uids:
            return
        tx = self._tx
        rows = hub.read(tx, entity, work.uids)
        linked = links.by_uids(tx, entity, work.uids)
        items = inbox.of_uids(tx, entity, work.uids)
        parked = _parked(reviews.active_fields(tx, entity, work.uids))
        busy = outbox.open_pairs(tx, entity, work.uids)
        refs = self._refs(entity, spokes, work, rows, linked, items, parked)
        lean = self._lean(entity, spokes)
        outlets = {name: outlet_of(name, spoke.maps[entity], refs[name]) for name, spoke in spokes.items()}
        plans: list[Planned] = []
        for uid in work.uids:
            fresh = work.new.get(uid, [])
            alone = len(fresh) == 1 and not (uid in rows or uid in linked or uid in items or uid in parked)
            if lean is not None and alone and (uid, lean.name) not in busy and lean.name == fresh[0].connection:
                plans.append((self._import(entity, uid, fresh[0], lean, refs[lean.name]), fresh, {}))
                continue
            row = rows.get(uid)
            if row is not None and not (fresh or uid in items or uid in parked):
                pushed = self._push(entity, row, outlets, linked.get(uid, ()), busy)
                if pushed is not None:
                    plans.append(pushed)
                    continue
            mine = [*items.get(uid, ()), *fresh]
            mine = [item for item in mine if item.connection in spokes]
            best = _best_links(linked.get(uid, ()))
            mine, twins = _paired(mine, linked.get(uid, ()), best)
            if twins:
                self._ask_about(entity, uid, twins, linked.get(uid, ()))
            if row is None and not mine and not best:
                continue
            cut = _cut_off(linked.get(uid, ()), best)
            there = {name: spoke for name, spoke in spokes.items() if name not in cut}
            view = self._view(entity, uid, row, best, mine, there, refs, parked.get(uid, {}), busy, work)
            plans.append((plan_entity(view), mine, best))
        taken = [entry for entry in plans if self._admit(entry[0])]
        self._committer.commit(entity, spokes, work, rows, taken)
        done = [plan for plan, _, _ in taken]
        point_anew(tx, entity, made_anew(done, linked), self._now_ms)
        try_again(tx, entity, deleted(done), self._now_ms)
        if self._progress is not None:
            self._progress(f"plan.{entity}", len(work.uids))

    @property
    def _tells(self) -> bool:
        """Say whether the lines of a plan are wanted still."""
        return self._policy.digests or len(self._report.lines) < self._policy.lines_kept

    def _lean(self, entity: EntityKind, spokes: Mapping[str, Spoke]) -> _Lean | None:
        """Give the short way for new records, where nobody else could want them and nobody is told them one by one."""
        if len(spokes) > 1 or self._tells:
            return None
        spoke = next(iter(spokes.values()))
        bound = spoke.maps[entity]
        return _Lean(spoke.name, bound.map.object, moves_of(bound, frozenset(spoke.maps)))

    def _import(self, entity: EntityKind, uid: str, item: Item, lean: _Lean, refs: ChunkRefs) -> EntityPlan:
        self._report.tally("import")
        self._report.lines_total += 1
        return import_record(entity, uid, lean.name, lean.object, item.remote_id, item.doc or {}, lean.moves, refs)

    def _push(
        self,
        entity: EntityKind,
        row: HubRow,
        outlets: Mapping[str, Outlet],
        some: Sequence[Link],
        busy: set[tuple[str, str]],
    ) -> Planned | None:
        """Give the plan of a row whose record lives at every connection, or None when it takes the long way."""
        best = {link.connection: link for link in some if link.state == "live"}
        if row.state != "live" or len(some) != len(outlets) or best.keys() != outlets.keys():
            return None
        if busy and any((row.uid, name) in busy for name in outlets):
            return None
        tell = self._tells or self._policy.auto is not None
        plan = push_row(
            entity, row.uid, row.values, [(outlet, best[name]) for name, outlet in outlets.items()], tell=tell
        )
        if plan is None:
            return None
        for _ in plan.ops if not tell else ():
            self._report.tally("patch")
            self._report.lines_total += 1
        return plan, [], best

    def _ask_about(self, entity: EntityKind, uid: str, twins: Sequence[Item], some: Sequence[Link]) -> None:
        """Show a person what claims to be an entity that has its record there already; it is never written to."""
        answered = {(link.connection, link.remote_id) for link in some if link.notes.get("unlinked")}
        questions = [
            Review(
                id=None, kind="duplicate", entity=entity, uid=uid, connection=twin.connection, object=twin.object,
                remote_id=twin.remote_id, data={"code": "twin", "holder_uid": uid}, opened_ms=self._now_ms,
                run_id=self._report.run_id,
            )
            for twin in twins
            if not twin.gone and (twin.connection, twin.remote_id) not in answered
        ]  # fmt: skip
        reviews.put(self._tx, questions)
        inbox.remove(self._tx, [twin.id for twin in twins if twin.id is not None])

    def _refs(
        self,
        entity: EntityKind,
        spokes: Mapping[str, Spoke],
        work: Work,
        rows: Mapping[str, HubRow],
        linked: Mapping[str, Sequence[Link]],
        items: Mapping[str, Sequence[Item]],
        parked: Mapping[str, Mapping[str, Parked]],
    ) -> dict[str, ChunkRefs]:
        out: dict[str, ChunkRefs] = {}
        by_name: dict[str, list[Mapping[str, Value]]] = {name: [] for name in spokes}
        for group in (items, work.new):
            for some in group.values():
                for item in some:
                    if item.doc is not None and item.connection in by_name:
                        by_name[item.connection].append(item.doc)
        for field, one in (field for fields in parked.values() for field in fields.items()):
            for name, shown in one.sides.items():
                by_name.get(name, []).append({field: shown})
        values = [row.values for row in rows.values()]
        for name, spoke in spokes.items():
            refs = ChunkRefs(spoke.directory)
            docs = by_name[name]
            docs += [link.shadow_remote for uid in rows for link in linked.get(uid, ()) if link.connection == name]
            prefetch(self._tx, spoke, refs, entity, docs, values)
            out[name] = refs
        self._learn_across(entity, spokes, out, values)
        return out

    def _learn_across(
        self,
        entity: EntityKind,
        spokes: Mapping[str, Spoke],
        refs: Mapping[str, ChunkRefs],
        values: Sequence[Mapping[str, Value]],
    ) -> None:
        """Let every connection know the parents that another one's records point to, open creates included."""
        pointed = pointed_at(entity, values)
        for name in spokes:
            for kind, uids in refs[name].known_uids().items():
                pointed.setdefault(kind, set()).update(uids)
        for kind, uids in pointed.items():
            wanted = sorted(uids)
            creating = worklist.creating(self._tx, kind, wanted)
            for name, spoke in spokes.items():
                if kind not in spoke.maps:
                    continue
                for uid, remote_id in links.remote_ids(self._tx, name, kind, wanted).items():
                    refs[name].learn(kind, uid, remote_id)
                for uid, connection in creating:
                    if connection == name:
                        refs[name].expect(kind, uid)

    def _view(
        self,
        entity: EntityKind,
        uid: str,
        row: HubRow | None,
        best: Mapping[str, Link],
        items: Sequence[Item],
        spokes: Mapping[str, Spoke],
        refs: Mapping[str, ChunkRefs],
        parked: Mapping[str, Parked],
        busy: set[tuple[str, str]],
        work: Work,
    ) -> EntityView:
        seen = {item.connection: item for item in items}
        sides = [
            self._side(spoke, entity, best.get(name), seen.get(name), refs[name], (uid, name) in busy)
            for name, spoke in spokes.items()
        ]
        state = row.state if row is not None else "live"
        values: Mapping[str, Value] = row.values if row is not None else {}
        missing = best.keys() - spokes.keys()
        parked = {name: replace(one, away=not missing.isdisjoint(one.sides)) for name, one in parked.items()}
        if row is None and best:  # somebody deleted the hub row with plain SQL: a delete by a person
            state, values = "deleted", remembered(best.values())
        return EntityView(
            entity=entity, uid=uid, exists=row is not None or bool(best), state=state, values=values, sides=sides,
            parked=parked, bound_by=work.bound_by.get(uid, ""), vanished=row is None and bool(best),
            key_taken=uid in work.key_taken,
            detail=self._tells,
        )  # fmt: skip

    def _side(
        self, spoke: Spoke, entity: EntityKind, link: Link | None, item: Item | None, refs: ChunkRefs, busy: bool
    ) -> SideView:
        bound = spoke.maps[entity]
        base = None
        if link is not None and link.state != "retired":
            base = Base(
                remote_id=link.remote_id, state=link.state, shadow_hub=link.shadow_hub,
                shadow_remote=link.shadow_remote, notes=link.notes,
            )  # fmt: skip
        seen = None
        if item is not None:
            ours = item.modified_by is None or item.modified_by == spoke.identity.user_id
            echo = link is not None and ours and bool(link.expect_version) and link.expect_version == item.version
            seen = Seen(remote_id=item.remote_id, doc=item.doc or {}, gone=item.gone, in_scope=item.in_scope, echo=echo)
        return SideView(
            connection=spoke.name, object=bound.map.object, bound=bound, refs=refs, former=refs.former,
            base=base, seen=seen, busy=busy,
            may_create=entity in spoke.backfilled, may_restore=spoke.connector.capabilities.restore,
            homes=frozenset(spoke.maps),
            on_remote_delete=spoke.settings.on_remote_delete,
        )  # fmt: skip

    # --- showing and admitting ----------------------------------------------------------------------------------

    def _admit(self, plan: EntityPlan) -> bool:
        """Report a plan and say whether it may be committed now."""
        acting = [line for line in plan.lines if line.action != "skip"]
        held = self._policy.auto is not None and not risks(plan) <= self._policy.auto
        if (self._policy.digests or held) and acting:
            digest = plan_digest(plan)
            self.met.add(digest)
            plan.lines = [replace(line, digest=digest if line.action != "skip" else "") for line in plan.lines]
            if self._policy.approved is not None and digest not in self._policy.approved:
                self._report.tally("not_in_plan")
                self.left += plan.lines
                return False
        for line in plan.lines:
            self._report.tally(line.action)
            self._keep(line)
        if held:
            self._report.tally("held")
            return False
        self.tally.add(plan)
        return True

    def _keep(self, line: PlanLine) -> None:
        self._report.lines_total += 1
        if len(self._report.lines) < self._policy.lines_kept:
            self._report.lines.append(line)


def plan_digest(plan: EntityPlan) -> str:
    """Give the fingerprint of everything a plan would do, on the ground it stands on."""
    doc = [
        plan.entity, plan.uid, plan.insert, plan.state, plan.values, plan.old,
        [[op.connection, op.action, op.remote_id, op.values, op.base] for op in plan.ops],
        [[link.connection, link.remote_id, link.state, link.new] for link in plan.links],
        [[step.kind, step.connection, step.field] for step in plan.reviews],
    ]  # fmt: skip
    text = json.dumps(doc, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _best_links(some: Sequence[Link]) -> dict[str, Link]:
    """Give the link that counts at each connection: the live one, else the last that was."""
    out: dict[str, Link] = {}
    for link in sorted(some, key=lambda link: _STATE_RANK[link.state]):
        if link.state != "retired":
            out.setdefault(link.connection, link)
    return out


def _paired(items: Sequence[Item], some: Sequence[Link], best: dict[str, Link]) -> tuple[list[Item], list[Item]]:
    """Part what was observed of the counting links from what other records say; a link that came back counts again.

    Args:
        best: connection -> the link that counts; one that is gone gives way to a living record of the entity.
    """
    mine: list[Item] = []
    twins: list[Item] = []
    for item in items:
        link = best.get(item.connection)
        if link is None or link.remote_id != item.remote_id:
            if item.gone or (link is not None and link.state != "gone"):
                twins.append(item)
                continue
            former = next(
                (one for one in some if (one.connection, one.remote_id) == (item.connection, item.remote_id)), None
            )
            best.pop(item.connection, None)
            if former is not None and not former.notes.get("unlinked"):
                best[item.connection] = replace(former, state="gone")
        mine.append(item)
    return mine, twins


def _cut_off(some: Sequence[Link], best: Mapping[str, Link]) -> set[str]:
    """Give the connections a person took this entity out of: nothing is taken from there, written or made there."""
    return {link.connection for link in some if link.notes.get("unlinked") and link.connection not in best}


def _parked(active: Mapping[str, Mapping[str, Review]]) -> dict[str, dict[str, Parked]]:
    out: dict[str, dict[str, Parked]] = {}
    for uid, by_field in active.items():
        for name, review in by_field.items():
            if review.id is None:
                continue
            resolution = review.resolution or {}
            out.setdefault(uid, {})[name] = Parked(
                review_id=review.id, hub=review.data.get("hub"), sides=review.data.get("sides", {}),
                resolved=review.state == "resolved", value=resolution.get("value"),
            )  # fmt: skip
    return out
