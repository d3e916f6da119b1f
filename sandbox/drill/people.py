"""Who acts: people who edit inside requests, weather that loses answers, a hand that pulls the plug."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.memory_world import Call, Refusal
from mapping.errors import InputError
from sandbox.drill.acts import MAPPED, REMOTES, SIDES, UNMAPPED, Act, Script, Setting, Side
from sandbox.drill.scene import OBJECT, Scene

_MOST_RECORDS: Final = 6
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
    born: int = 0
    values: int = 0

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
            self._perform(act, side, call)

    # --- making it up -------------------------------------------------------------------------------------------

    def _draw(self, place: str, side: Side | None, call: Call | None) -> list[Act]:
        rng, drawn = self.rng, self.setting
        acts: list[Act] = []
        if rng.random() < 0.25:
            acts.append(Act(do="tick", ms=rng.choice([0, 1, 300, 999, 1000, 2500])))
        if place == "between rounds":
            acts += [self._deed(None, None) for _ in range(rng.randint(0, 3))]
        elif call is not None and rng.random() < drawn.people_rate:
            acts += [self._deed(side, call) for _ in range(rng.choice([1, 1, 2]))]
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

    def _deed(self, side: Side | None, call: Call | None) -> Act:
        rng = self.rng
        who = self._someone(side, call)
        if who is None or (self.born < _MOST_RECORDS and rng.random() < 0.15):
            self.born += 1
            return Act(
                do=rng.choice(["create", "create", "create", "pair"]), side=rng.choice(SIDES), who=f"R{self.born}"
            )
        at = side if side is not None and rng.random() < 0.6 else rng.choice(SIDES)
        kind = rng.random()
        if kind < 0.70:
            self.values += 1
            value = rng.choice([f"v{self.values}"] * 8 + [None, "again"])
            return Act(do="edit", side=at, who=who, field=rng.choice(MAPPED), value=value)
        if kind < 0.75:
            self.values += 1
            return Act(do="other", side=rng.choice(REMOTES), who=who, field=UNMAPPED, value=f"+8613{self.values:09d}")
        if kind < 0.85:
            return Act(do="delete", side=at, who=who)
        if kind < 0.93:
            return Act(do="restore", side=at, who=who)
        return Act(do="decide", value=rng.choice(["hub", "a", "b"]))

    def _someone(self, side: Side | None, call: Call | None) -> str | None:
        """Choose a record: mostly one that is in flight."""
        flying = self._flying(side, call)
        if flying and self.rng.random() < 0.7:
            return self.rng.choice(flying)
        return f"R{self.rng.randint(1, self.born)}" if self.born else None

    def _flying(self, side: Side | None, call: Call | None) -> list[str]:
        if side is None or call is None:
            return []
        rows = self.scene.worlds[side].rows[OBJECT]
        names = [str(rows[row["id"]].now.values["name"]) for row in call.rows if row.get("id") in rows]
        return names + [str(row["name"]) for row in call.rows if row.get("id") is None and "name" in row]

    # --- doing it -----------------------------------------------------------------------------------------------

    def _perform(self, act: Act, side: Side | None, call: Call | None) -> None:
        if act.do == "tick":
            self.scene.clock.ms += act.ms
        elif act.do == "crash":
            self.scene.die()
        elif act.do == "fault":
            self._strike(act, side, call)
        elif act.do == "decide":
            self._decide(act)
        elif act.do in ("create", "pair"):
            for one in REMOTES if act.do == "pair" else (act.side,):
                self._create(one, act.who)
        elif act.side == "hub":
            self._in_hub(act)
        else:
            self._at_remote(act)

    def _strike(self, act: Act, side: Side | None, call: Call | None) -> None:
        if side is None or call is None or act.value is None:
            return
        match: dict[str, Any] = {}
        if act.value in _ROW_FAULTS:
            if not call.rows or not call.mutating:
                return
            match = dict(call.rows[act.row % len(call.rows)])
        self.scene.worlds[side].fault(act.value, call=call.name, match=match)  # type: ignore[arg-type]

    def _decide(self, act: Act) -> None:
        found = self.scene.sql("SELECT id, data, uid, field FROM review WHERE kind = 'conflict' AND state = 'open'")
        if found:
            try:
                self.scene.desk().resolve_conflict(found[0][0], take=act.value, who="li")
            except InputError:
                return

    def _create(self, side: Side, who: str) -> None:
        if side == "hub":
            self.scene.sql(
                "INSERT INTO contact (uid, name, email, title) VALUES (?, ?, ?, ?)",
                f"h-{who}", who, _mail(who), f"{who}h",
            )  # fmt: skip
            made = f"h-{who}"
        else:
            values = {"name": who, "email": _mail(who), "title": f"{who}{side}", UNMAPPED: None}
            made = self.scene.worlds[side].plant(OBJECT, values)
        self._note("edit", side, who, "title", f"{who}{side[0]}", None, id=made)

    def _in_hub(self, act: Act) -> None:
        states = "('live')" if act.do != "restore" else "('deleted', 'archived')"
        found = self.scene.sql(
            f"SELECT uid, title, description FROM contact WHERE name = ? AND state IN {states}", act.who
        )
        if not found:
            return
        uid, title, description = found[0]
        before = {"title": title, "description": description}
        if act.do == "edit":
            self.scene.sql(f"UPDATE contact SET {act.field} = ? WHERE uid = ?", act.value, uid)
        elif act.do == "delete":
            self.scene.sql("UPDATE contact SET state = 'deleted' WHERE uid = ?", uid)
        elif act.do == "restore":
            self.scene.sql("UPDATE contact SET state = 'live' WHERE uid = ?", uid)
        self._note(act.do, "hub", act.who, act.field, act.value, before, id=uid)

    def _at_remote(self, act: Act) -> None:
        world = self.scene.worlds[act.side]
        rows = [row for row in world.rows[OBJECT].values() if row.now.values["name"] == act.who]
        rows = [row for row in rows if row.now.deleted == (act.do == "restore")]
        if not rows or (act.do == "restore" and any(v["name"] == act.who for v in world.live(OBJECT).values())):
            return
        row = rows[-1]
        before = dict(row.now.values)
        try:
            if act.do in ("edit", "other"):
                world.edit(OBJECT, row.id, {act.field: act.value})
            elif act.do == "delete":
                world.remove(OBJECT, row.id)
            else:
                world.revive(OBJECT, row.id)
        except Refusal:
            return
        self._note(act.do, act.side, act.who, act.field, act.value, before, id=row.id)

    def _note(
        self, do: str, side: Side, who: str, field: str, value: str | None, before: Mapping[str, Any] | None, *, id: str
    ) -> None:
        fresh = value is not None and value != "again"
        self.deeds.append(
            Deed(point=self.point, at_ms=self.scene.clock.ms, do=do, side=side, who=who, field=field, value=value,
                 before=before, fresh=fresh, id=id)
        )  # fmt: skip


def _mail(who: str) -> str:
    return f"{who.lower()}@x.example"
