"""Who acts: people who edit inside requests, weather that loses answers, a hand that pulls the plug."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.memory_world import Call, Refusal
from mapping.errors import InputError
from sandbox.drill import rare
from sandbox.drill.acts import RARE, REMOTES, SIDES, UNMAPPED, Act, Script, Setting, Side
from sandbox.drill.kinds import ACCOUNT, Kind, kind_of
from sandbox.drill.scene import Scene

_MOST_RECORDS: Final = 6
_RARELY: Final = 0.25
_ACCOUNTS: Final = 0.4
_ROW_FAULTS: Final = ("busy", "refuse", "stale")
_WRITES_ONLY: Final = frozenset({*_ROW_FAULTS, "lost_after", "lost_before", "twice", "half", "reordered"})
_PAGES_ONLY: Final = frozenset({"malformed", "unreadable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something a person really did.

    Args:
        point, at_ms: when.
        before: the mapped values of that record at that side just before (None for a new one).
        fresh: the value is found nowhere else, so that it can be followed.
    """

    point: int
    at_ms: int
    do: str
    side: Side
    who: str
    field: str = ""
    value: str | None = None
    before: Mapping[str, Any] | None = None
    fresh: bool = True
    id: str = ""


@dataclass(slots=True)
class Read:
    """One guard-worthy look of the engine at records, or one write, with the point it began at."""

    point: int
    side: Side
    call: Call


@dataclass(slots=True)
class Stage:
    """Performs a script on a scene, or makes the script up while it goes.

    Args:
        drawn: acts made up so far, by point.
        script: what to perform; None makes acts up from *rng*.
        names: birth names made up so far.
        set_back_ms: by how much our clock was set back in all.
        overwritten: edits that the judgement found to have fallen between our last look and our write of that field,
            and that nothing remembers.
    """

    scene: Scene
    setting: Setting
    script: Script | None
    rng: random.Random
    point: int = 0
    quiet: bool = False
    drawn: dict[int, list[Act]] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    asked: list[Read] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    values: int = 0
    set_back_ms: int = 0
    overwritten: int = 0

    def happen(self, place: str, side: Side | None, call: Call | None) -> None:
        """Pass one point."""
        self.point += 1
        if side is not None and call is not None and place.startswith("before"):
            self.asked.append(Read(self.point, side, call))
        if self.quiet or self.scene.store.dead:
            return
        acts = self._draw(place, side, call) if self.script is None else list(self.script.get(self.point, ()))
        if not acts:
            return
        if self.script is None:
            self.drawn[self.point] = acts
        self.places[self.point] = place
        for act in acts:
            self.perform(act, side, call)

    def deeds_of(self, who: str) -> list[Deed]:
        """Give what people did to a record, oldest first."""
        return [deed for deed in self.deeds if deed.who == who]

    # --- making it up -------------------------------------------------------------------------------------------

    def _draw(self, place: str, side: Side | None, call: Call | None) -> list[Act]:
        rng, drawn = self.rng, self.setting
        acts: list[Act] = []
        if rng.random() < 0.25:
            acts.append(Act(do="tick", ms=rng.choice([0, 1, 300, 999, 1000, 2500])))
        if place == "between rounds":
            acts += [self.make_up_deed(None, None) for _ in range(rng.randint(0, 3))]
        elif call is not None and rng.random() < drawn.people_rate:
            acts += [self.make_up_deed(side, call) for _ in range(rng.choice([1, 1, 2]))]
        if side is not None and call is not None and place.startswith("before"):
            acts += self._weather(side, call)
        if rng.random() < drawn.crash_rate:
            acts.append(Act(do="crash"))
        return acts

    def _weather(self, side: Side, call: Call) -> list[Act]:
        rate = min(0.75 if self.setting.hot else 0.6, self.setting.fault_rate * (3 if call.mutating else 1))
        if not self.setting.faults or self.rng.random() >= rate:
            return []
        faults = self.setting.faults
        if self.setting.hot:
            faults = tuple(kind for kind in faults if self._may_strike(kind, side, call))
        kind = self.rng.choice(faults) if faults else ""
        if not kind or not self._may_strike(kind, side, call):
            return []
        return [Act(do="fault", value=kind, row=self.rng.randrange(3))]

    def _may_strike(self, kind: str, side: Side, call: Call) -> bool:
        """Say whether a kind of fault can befall a call. No rule tells twins apart where the key is not unique."""
        if kind == "twice" and any(row["action"] == "create" for row in call.rows if "action" in row):
            return self.setting.keys[REMOTES.index(side)] == "A"
        if kind in _WRITES_ONLY:
            return call.mutating
        return kind not in _PAGES_ONLY or call.name == "pull"

    def make_up_deed(self, side: Side | None, call: Call | None) -> Act:
        rng = self.rng
        who = self._someone(side, call)
        if who is None or (len(self.names) < _MOST_RECORDS and rng.random() < 0.15):
            who = self._next_name()
            return Act(do=rng.choice(["create", "create", "create", "pair"]), side=rng.choice(SIDES), who=who)
        at = side if side is not None and rng.random() < 0.6 else rng.choice(SIDES)
        if self.setting.also and rng.random() < _RARELY and (act := rare.make_up(self, who, at)) is not None:
            return act
        kind = rng.random()
        if kind < 0.70:
            fresh = self.next_value()
            value = rng.choice([fresh] * 8 + [None, "again"])
            return Act(do="edit", side=at, who=who, field=rng.choice(kind_of(who).edited), value=value)
        if kind < 0.75:
            self.values += 1
            return Act(do="other", side=rng.choice(REMOTES), who=who, field=UNMAPPED, value=f"+8613{self.values:09d}")
        if kind < 0.85:
            return Act(do="delete", side=at, who=who)
        if kind < 0.93:
            return Act(do="restore", side=at, who=who)
        return Act(do="decide", value=rng.choice(["hub", "a", "b"]))

    def _next_name(self) -> str:
        kind = "C" if self.setting.accounts and self.rng.random() < _ACCOUNTS else "R"
        self.names.append(f"{kind}{len(self.names) + 1}")
        return self.names[-1]

    def next_value(self) -> str:
        """Give a value that is found nowhere else."""
        self.values += 1
        return f"v{self.values}"

    def _someone(self, side: Side | None, call: Call | None) -> str | None:
        """Choose a record: mostly one that is in flight."""
        flying = self._flying(side, call)
        if flying and self.rng.random() < 0.7:
            return self.rng.choice(flying)
        return self.names[self.rng.randint(1, len(self.names)) - 1] if self.names else None

    def _flying(self, side: Side | None, call: Call | None) -> list[str]:
        if side is None or call is None:
            return []
        rows = self.scene.worlds[side].rows.get(call.object, {})
        names = [str(rows[row["id"]].now.values["name"]) for row in call.rows if row.get("id") in rows]
        return names + [str(row["name"]) for row in call.rows if row.get("id") is None and "name" in row]

    # --- doing it -----------------------------------------------------------------------------------------------

    def perform(self, act: Act, side: Side | None, call: Call | None) -> None:
        if act.do == "tick":
            self.scene.clock.ms += act.ms
        elif act.do == "crash":
            self.scene.die()
        elif act.do == "fault":
            self._strike(act, side, call)
        elif act.do == "decide":
            self._decide(act)
        elif act.do in RARE or act.do in ("hide", "show", "refer"):
            rare.perform(self, act)
        elif act.do in ("create", "pair"):
            for one in REMOTES if act.do == "pair" else (act.side,):
                self._create(one, act.who)
        elif act.side == "hub":
            self.in_hub(act)
        else:
            self.at_remote(act)

    def _strike(self, act: Act, side: Side | None, call: Call | None) -> None:
        if side is None or call is None or act.value is None:
            return
        match: dict[str, Any] = {}
        if act.value in _ROW_FAULTS:
            if not call.rows or not call.mutating:
                return
            match = dict(call.rows[act.row % len(call.rows)])
        elif act.value == "twice" and call.rows:
            # A process that dies before this call leaves the fault to a later one: to no create, if it was for none.
            match = {"action": call.rows[0]["action"]}
        self.scene.worlds[side].fault(act.value, call=call.name, match=match)  # type: ignore[arg-type]

    def _decide(self, act: Act) -> None:
        found = self.scene.sql("SELECT id, data, uid, field FROM review WHERE kind = 'conflict' AND state = 'open'")
        if found:
            try:
                self.scene.desk().resolve_conflict(found[0][0], take=act.value, who="li")
            except InputError:
                return

    def _create(self, side: Side, who: str) -> None:
        kind = kind_of(who)
        values: dict[str, Any] = kind.born(who, side)
        if side == "hub":
            made = f"h-{who}"
            names = ", ".join(["uid", *values])
            marks = ", ".join("?" * (len(values) + 1))
            self.scene.sql(f"INSERT INTO {kind.entity} ({names}) VALUES ({marks})", made, *values.values())
        else:
            made = self.scene.worlds[side].plant(kind.object, {**values, UNMAPPED: None})
        self.note("edit", side, who, kind.edited[0], f"{who}{side[0]}", None, id=made)

    def in_hub(self, act: Act, shown: str | None = None) -> None:
        """Change a row by plain SQL.

        Args:
            shown: what to remember as the value typed; None for the value itself.
        """
        kind = kind_of(act.who)
        states = "('live')" if act.do != "restore" else "('deleted', 'archived')"
        fields = (*kind.edited, *(kind.refs if self.setting.accounts else ()))
        found = self.scene.sql(
            f"SELECT uid, {', '.join(fields)} FROM {kind.entity} WHERE name = ? AND state IN {states}", act.who
        )
        if not found:
            return
        uid = found[0][0]
        before = self._named("hub", kind, dict(zip(fields, found[0][1:], strict=True)))
        if act.do == "edit":
            self.scene.sql(f"UPDATE {kind.entity} SET {act.field} = ? WHERE uid = ?", act.value, uid)
        elif act.do == "delete":
            self.scene.sql(f"UPDATE {kind.entity} SET state = 'deleted' WHERE uid = ?", uid)
        elif act.do == "erase":
            self.scene.sql(f"DELETE FROM {kind.entity} WHERE uid = ?", uid)
        elif act.do == "restore":
            self.scene.sql(f"UPDATE {kind.entity} SET state = 'live' WHERE uid = ?", uid)
        do = "delete" if act.do == "erase" else act.do
        self.note(do, "hub", act.who, act.field, shown or act.value, before, id=uid)

    def at_remote(self, act: Act, shown: str | None = None) -> None:
        """Change a record as a person; *shown* as in ``in_hub``."""
        world, kind = self.scene.worlds[act.side], kind_of(act.who)
        rows = [row for row in world.rows[kind.object].values() if row.now.values["name"] == act.who]
        rows = [row for row in rows if row.now.deleted == (act.do == "restore")]
        live = world.live(kind.object).values() if act.do == "restore" else ()
        if not rows or any(values["name"] == act.who for values in live):
            return
        row = rows[-1]
        before = self._named(act.side, kind, dict(row.now.values))
        try:
            if act.do in ("edit", "other"):
                world.edit(kind.object, row.id, {act.field: act.value})
            elif act.do == "delete":
                world.remove(kind.object, row.id)
            else:
                world.revive(kind.object, row.id)
        except Refusal:
            return
        self.note(act.do, act.side, act.who, act.field, shown or act.value, before, id=row.id)

    def _named(self, side: Side, kind: Kind, values: dict[str, Any]) -> dict[str, Any]:
        """Give values with the birth names of what they refer to."""
        for ref in kind.refs if self.setting.accounts else ():
            values[ref] = self.scene.name_of(side, ACCOUNT, values.get(ref))
        return values

    def note(
        self, do: str, side: Side, who: str, field: str, value: str | None, before: Mapping[str, Any] | None, *, id: str
    ) -> None:
        """Remember what a person did."""
        fresh = value is not None and value != "again"
        self.deeds.append(
            Deed(point=self.point, at_ms=self.scene.clock.ms, do=do, side=side, who=who, field=field, value=value,
                 before=before, fresh=fresh, id=id)
        )  # fmt: skip
