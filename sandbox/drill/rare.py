"""Rare acts: what is made up of them in the wide mix, and how each is done.

None of them changes what a common act means, and a mix without them draws the same numbers as if they did not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.drill.acts import REMOTES, SIDES, Act, Side
from sandbox.drill.kinds import ACCOUNT, CONTACT, kind_of

if TYPE_CHECKING:
    from sandbox.drill.people import Stage

_STEPS_MS: Final = (-86_400_000, -3_600_000, -90_000, -1_500, 1_500, 90_000, 3_600_000, 86_400_000)
_MOST_OFF_MS: Final = 86_400_000


def make_up(stage: Stage, who: str, at: Side) -> Act | None:
    """Draw one rare act that the setting allows; None where there is nothing to do it to."""
    rng = stage.rng
    do = rng.choice(stage.setting.also)
    if do == "mass":
        return Act(do=do, side="hub", field="description", value=stage.next_value())
    if do == "step":
        ms = rng.choice(_STEPS_MS)
        return Act(do=do, ms=ms) if ms < 0 or not _waiting(stage) else None
    if do == "erase":
        return Act(do=do, side="hub", who=who)
    if do == "refer":
        named = [one for one in stage.names if kind_of(one) is ACCOUNT]
        people = [one for one in stage.names if kind_of(one) is CONTACT]
        if not named or not people:
            return None
        chosen = who if who in people else rng.choice(people)
        return Act(do=do, side=rng.choice(SIDES), who=chosen, field="account", value=rng.choice([*named, *named, None]))
    side = at if at != "hub" else rng.choice(REMOTES)
    if do == "hide" and any(stage.scene.worlds[side].kept_back):
        do = "show"
    return Act(do=do, side=side, who=who)


def _waiting(stage: Stage) -> bool:
    """Say whether something is waited for by our clock before it is looked up: no clock may be set over that wait."""
    return bool(stage.scene.sql("SELECT 1 FROM op WHERE state IN ('intent', 'unknown')"))


def perform(stage: Stage, act: Act) -> None:
    """Do a rare act."""
    if act.do == "step":
        ours = stage.scene.ours
        before, ours.off_ms = ours.off_ms, max(-_MOST_OFF_MS, min(_MOST_OFF_MS, ours.off_ms + act.ms))
        stage.set_back_ms += max(0, before - ours.off_ms)
    elif act.do == "mass":
        _mass(stage, act)
    elif act.do == "erase":
        stage.in_hub(act)
    elif act.do == "refer":
        _refer(stage, act)
    elif act.do == "show":
        stage.scene.worlds[act.side].kept_back.clear()
    else:
        _mislead(stage, act)


def _mass(stage: Stage, act: Act) -> None:
    for kind in stage.scene.kinds():
        found = stage.scene.sql(f"SELECT uid, name, description FROM {kind.entity} WHERE state = 'live' ORDER BY uid")
        stage.scene.sql(f"UPDATE {kind.entity} SET description = ? WHERE state = 'live'", act.value)
        for uid, name, before in found:
            stage.note("edit", "hub", name, "description", act.value, {"description": before}, id=uid)


def _refer(stage: Stage, act: Act) -> None:
    """Give a contact an account that lives there, or none."""
    if act.side == "hub":
        found = stage.scene.sql("SELECT uid FROM account WHERE name = ? AND state = 'live'", act.value)
        chosen = found[0][0] if found else None
    else:
        live = stage.scene.worlds[act.side].live(ACCOUNT.object)
        chosen = next((id for id, values in live.items() if values["name"] == act.value), None)
    if chosen is not None or act.value is None:
        change = Act(do="edit", side=act.side, who=act.who, field=act.field, value=chosen)
        (stage.in_hub if act.side == "hub" else stage.at_remote)(change, shown=act.value)


def _mislead(stage: Stage, act: Act) -> None:
    world = stage.scene.worlds[act.side]
    rows = [row for row in world.rows[kind_of(act.who).object].values() if row.now.values["name"] == act.who]
    for row in rows:
        if not row.now.deleted and act.do == "ghost":
            world.misreport(row.id)
        elif not row.now.deleted:
            world.keep_back(row.id, True)
