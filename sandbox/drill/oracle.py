"""What must hold at the end, judged on the truth of the systems, what people did, and what was asked.

Of the engine's own tables only the hub rows (one of the three sides) and what it tells people are read: reviews,
the losers in the journal, and quarantine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.drill.acts import REMOTES, UNMAPPED, Side
from sandbox.drill.kinds import ACCOUNT, Kind, kind_of
from sandbox.drill.people import Deed, Stage
from sandbox.drill.scene import Scene

_WHOLE_RECORD: Final = ("match", "delete", "duplicate", "unknown")


@dataclass(slots=True)
class Ending:
    """How one birth name ended: live records per remote (id -> values), how many there ever were, and questions.

    What refers to another record is given by that one's birth name.

    Args:
        dangling: the (side, id, field) that name a record which was deleted there before it was ever met: it shows as
            nothing, and what names it waits for it.
        withheld: the sides whose record is kept from us, by an open question.
    """

    who: str
    kind: Kind
    live: dict[Side, dict[str, Mapping[str, Any]]]
    ever: dict[Side, int]
    rows: list[tuple[str, str, dict[str, Any]]]
    parked: set[str]
    doubtful: bool
    told: dict[str, list[Any]]
    dangling: frozenset[tuple[Side, str, str]] = frozenset()
    withheld: frozenset[str] = frozenset()

    def standing(self, field: str) -> list[Any]:
        """Give every value of a field that is anywhere to be seen."""
        found = [values.get(field) for some in self.live.values() for values in some.values()]
        return found + [values.get(field) for _, state, values in self.rows if state != "merged"]


def judge(scene: Scene, stage: Stage) -> list[str]:
    """Give every broken promise, in a stable order; empty when all were kept."""
    out = list(dict.fromkeys(scene.broken))
    endings = {who: _ending(scene, stage, who) for who in sorted({deed.who for deed in stage.deeds})}
    for who, ending in endings.items():
        deeds = stage.deeds_of(who)
        if not _made_apart(ending, deeds):
            out += [f"{who}: {line}" for line in _twins(ending, deeds)]
            out += [f"{who}: {line}" for line in _agreement(stage, ending, deeds)]
            out += [f"{who}: {line}" for line in _pointing(stage, ending, endings)]
        out += [f"{who}: {line}" for line in _lost(stage, ending, deeds)]
        out += [f"{who}: {line}" for line in _untouched(ending, deeds)]
    return out


def _ending(scene: Scene, stage: Stage, who: str) -> Ending:
    kind = kind_of(who)
    raw: dict[Side, dict[str, Mapping[str, Any]]] = {
        side: {id: row for id, row in scene.worlds[side].live(kind.object).items() if row["name"] == who}
        for side in REMOTES
    }
    live: dict[Side, dict[str, Mapping[str, Any]]] = {
        side: {id: _named(scene, side, kind, values) for id, values in some.items()} for side, some in raw.items()
    }
    met = {tuple(row) for row in scene.sql("SELECT connection, remote_id FROM link WHERE entity = ?", ACCOUNT.entity)}
    dangling = frozenset(
        (side, id, ref)
        for side, some in raw.items()
        for id, values in some.items()
        for ref in _refs(scene, kind)
        if values.get(ref) and live[side][id].get(ref) is None and (side, values[ref]) not in met
    )
    fields = (*kind.mapped, *_refs(scene, kind))
    found = scene.sql(f"SELECT uid, state, {', '.join(fields)} FROM {kind.entity} WHERE name = ?", who)
    rows = [
        (uid, state, dict(_named(scene, "hub", kind, dict(zip(fields, values, strict=True)))))
        for uid, state, *values in found
    ]
    erased = {deed.id for deed in stage.deeds if deed.who == who and deed.side == "hub"}
    uids = {uid for uid, _, _ in rows} | erased
    born = {
        side: {id for id, row in scene.worlds[side].rows[kind.object].items() if row.now.values["name"] == who}
        for side in REMOTES
    }
    ids = set().union(*born.values())
    parked: set[str] = set()
    withheld: set[str] = set()
    doubtful = False
    told: dict[str, list[Any]] = {}
    for uid, remote_id, connection, about, field, data, state in scene.sql(
        "SELECT uid, remote_id, connection, kind, field, data, state FROM review"
    ):
        if uid not in uids and remote_id not in ids:
            continue
        if about == "access" and state == "open":
            withheld.add(connection)
        if about == "conflict":
            doc = json.loads(data)
            said = doc.get("values", {}) if field in kind.refs else doc["sides"]  # in the hub's ids
            told.setdefault(field, []).extend([doc["hub"], *said.values()])
            if state == "open":
                parked.add(field)
        doubtful = doubtful or (about in _WHOLE_RECORD and state == "open")
    for uid, changes in scene.sql("SELECT uid, changes FROM journal"):
        if uid in uids:
            for field, change in json.loads(changes).items():
                for losers in change[2:]:  # a write may carry its hub values there instead
                    if isinstance(losers, dict):
                        told.setdefault(field, []).extend(losers.values())
    for ref in _refs(scene, kind):
        told[ref] = [scene.name_of("hub", ACCOUNT, uid) for uid in told.get(ref, ())]
    ever = {side: len(some) for side, some in born.items()}
    return Ending(who, kind, live, ever, rows, parked, doubtful, told, dangling, frozenset(withheld))


def _refs(scene: Scene, kind: Kind) -> tuple[str, ...]:
    return kind.refs if scene.setting.accounts else ()


def _named(scene: Scene, side: Side, kind: Kind, values: Mapping[str, Any]) -> Mapping[str, Any]:
    names = {ref: scene.name_of(side, ACCOUNT, values.get(ref)) for ref in _refs(scene, kind)}
    return {**values, **names} if names else values


def _made_apart(ending: Ending, deeds: list[Deed]) -> bool:
    """Say whether people made the record at both remotes while one of them had not shown it yet.

    No listing could tell in time that the other record exists: each of the two may get a twin of its own, never more.
    Either a person is asked about it now, or people deleted one of them before anybody could be.
    """
    born = [deed for deed in deeds if deed.do == "edit" and deed.before is None]
    most = max(len(some) for some in ending.live.values())
    removed = any(deed.do == "delete" for deed in deeds)
    return len(born) == 2 and most <= 2 and (ending.doubtful or (removed and max(ending.ever.values()) == 2))


def _twins(ending: Ending, deeds: list[Deed]) -> Iterator[str]:
    """Give what lives twice, but for a record that a person took out of the bin and about which somebody is asked."""
    for side, some in ending.live.items():
        back = {deed.id for deed in deeds if deed.do == "restore" and deed.side == side} & some.keys()
        if len(some) > 1 + bool(back and ending.doubtful):
            yield f"{len(some)} live twins at {side}: {', '.join(sorted(some))}"
    if sum(state == "live" for _, state, _ in ending.rows) > 1:
        yield "two live hub rows"


def _agreement(stage: Stage, ending: Ending, deeds: list[Deed]) -> Iterator[str]:
    if ending.doubtful:
        return
    removed = any(deed.do == "delete" for deed in deeds)
    state = next((state for _, state, _ in ending.rows if state == "live"), None)
    if state is None:
        if not removed:
            yield f"no live hub row, and nobody deleted it ({[state for _, state, _ in ending.rows]})"
        elif all(ending.live.values()) and not any(_let_go(stage, side, deeds) for side in REMOTES):
            yield f"live at both sides, but the hub says {[state for _, state, _ in ending.rows]}"
        return
    for side, some in ending.live.items():
        if not some and side not in ending.withheld and not _let_go(stage, side, deeds):
            yield f"live in the hub, missing at {side}"
    values = next(values for _, state, values in ending.rows if state == "live")
    held = {side: some for side, some in ending.live.items() if not _let_go(stage, side, deeds)}
    for field in ending.kind.mapped:
        for side, some in held.items():
            for found in some.values():
                if field not in ending.parked and (found.get(field) or None) != (values.get(field) or None):
                    yield f"{field} is {found.get(field)} at {side} and {values.get(field)} in the hub"


def _let_go(stage: Stage, side: Side, deeds: list[Deed]) -> bool:
    """Say whether a record was deleted where a delete only ends the link."""
    unlinks = stage.setting.on_delete[REMOTES.index(side)] == "unlink"
    return unlinks and any(deed.do == "delete" and deed.side == side for deed in deeds)


def _pointing(stage: Stage, ending: Ending, endings: Mapping[str, Ending]) -> Iterator[str]:
    """Hold that what refers to a record that lives everywhere refers to the same one everywhere."""
    row = next((values for _, state, values in ending.rows if state == "live"), None)
    for ref in ending.kind.refs if row is not None and not ending.doubtful else ():
        whole = {who for who, one in endings.items() if _stands_everywhere(one)}
        for side, some in ending.live.items():
            for id, values in () if _let_go(stage, side, stage.deeds_of(ending.who)) else some.items():
                pair = {values.get(ref), row.get(ref) if row is not None else None}
                if (
                    (side, id, ref) not in ending.dangling
                    and len(pair) == 2
                    and pair - {None} <= whole
                    and ref not in ending.parked
                ):
                    yield f"{ref} is {values.get(ref)} at {side} and {row and row.get(ref)} in the hub"


def _stands_everywhere(ending: Ending) -> bool:
    rows = sum(state == "live" for _, state, _ in ending.rows)
    return rows == 1 and all(len(some) == 1 for some in ending.live.values()) and not ending.doubtful


def _lost(stage: Stage, ending: Ending, deeds: list[Deed]) -> Iterator[str]:
    for deed in deeds:
        if deed.do != "edit" or not deed.fresh or deed.value in ending.standing(deed.field):
            continue
        if deed.field in ending.kind.refs and _said_before(deeds, deed):
            continue
        later = [other for other in deeds if other is not deed and deeds.index(other) > deeds.index(deed)]
        if any(_supersedes(other, deed) for other in later):
            continue
        if deed.field in ending.kind.refs and any(o.do == "delete" and o.who == deed.value for o in stage.deeds):
            continue  # the reference went with its record
        if deed.value in ending.told.get(deed.field, []):
            continue
        if _in_window(stage, deed):
            stage.overwritten += 1
            continue
        yield f"the edit {deed.side}: {deed.field} = {deed.value} (point {deed.point}) is lost"


def _said_before(deeds: list[Deed], deed: Deed) -> bool:
    """Say whether an edit put back what had stood there: a reference is not found nowhere else, as other values are."""
    until = deeds[: deeds.index(deed) + 1]
    return any(one.side == deed.side and (one.before or {}).get(deed.field) == deed.value for one in until)


def _supersedes(later: Deed, deed: Deed) -> bool:
    """Say whether a person put something in the place of an edit, knowing it: over it, or with it away."""
    if later.do == "edit" and later.field == deed.field:
        same = later.side == deed.side and later.id == deed.id
        return same or (later.before is not None and later.before.get(deed.field) == deed.value)
    if later.do == "delete" and later.before is not None:
        return later.before.get(deed.field) == deed.value
    return False


def _in_window(stage: Stage, deed: Deed) -> bool:
    """Say whether an edit fell between the engine's last look at the record and its write of that very field.

    A write of several requests may have begun before the edit: then the system itself tells what it replaced.
    """
    if deed.side == "hub":
        return False
    looked = None
    begun = stage.scene.worlds[deed.side].replaced.get((deed.id, deed.field, deed.value or ""))
    for read in stage.asked:
        rows = [row for row in read.call.rows if row.get("id") == deed.id]
        if read.side != deed.side or not rows:
            continue
        if read.call.name == "fetch":
            looked = read.point
        elif read.call.mutating and (read.point >= deed.point or read.call is begun):
            wrote = any(deed.field in row or row["action"] == "delete" for row in rows)
            return wrote and looked is not None and looked < deed.point
    return False


def _untouched(ending: Ending, deeds: list[Deed]) -> Iterator[str]:
    """Hold that fields outside the map are as people left them."""
    for side in REMOTES:
        for id, values in ending.live[side].items():
            mine = [deed.value for deed in deeds if deed.do == "other" and deed.id == id and deed.side == side]
            if values.get(UNMAPPED) != (mine[-1] if mine else None):
                yield f"{UNMAPPED} at {side} was changed"
