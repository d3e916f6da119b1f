"""Where a project goes: a person's step along its lifecycle, and a person's word over what the sources say.

The guarded values need their evidence from a person as they do from a source: accepted wants every mandatory
acceptance, closed wants the closure gate open.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from mapping.errors import InputError
from mapping.records import FIELDS, LIFECYCLES
from mapping.status import judge_lifecycle_move
from store import supervision
from store.hub import HubRow
from store.supervision import Override
from supervise.evidence import proofs
from supervise.hand import Done, Hand, Scene, name_of, needs
from supervise.lifecycle import CLAIMED

SHOWN: Final = 5
"""Open points an error names."""


def set_lifecycle(hand: Hand, uid: str, value: str, reason: str = "") -> Done:
    """Move a project along its lifecycle; the sources are told like of any other change.

    Raises:
        InputError: the step is illegal, needs a reason and has none, or its evidence is missing.
    """
    with hand.begin() as scene:
        row = scene.row("project", uid)
        if value not in LIFECYCLES:
            raise InputError(
                f"a lifecycle is one of {', '.join(LIFECYCLES)}", zh=f"阶段应为 {', '.join(LIFECYCLES)} 之一"
            )
        now = row.values.get("lifecycle")
        move = judge_lifecycle_move(now if isinstance(now, str) else None, value)
        if move == "same":
            raise InputError(f'"{name_of(row, "project")}" is {value} already', zh=f"项目已是 {value}")
        if move == "irregular":
            raise InputError(f"a project cannot go from {now} to {value}", zh=f"项目不能从 {now} 变为 {value}")
        if move in ("reopen", "reinstate") or value == "cancelled":
            needs(reason, "a reason (--reason)", "原因(--reason)")
        _guard(scene, row, "lifecycle", value)
        return scene.do("project", row, "lifecycle", {"from": now, "to": value, "reason": reason}, {"lifecycle": value})


def override(hand: Hand, uid: str, name: str, value: str, reason: str, until: date | None = None) -> Done:
    """Put a person's word over what the sources say about a project, for a while.

    Raises:
        InputError: no such field or value, no reason, or an end too far away.
    """
    with hand.begin() as scene:
        row = scene.row("project", uid)
        if name not in CLAIMED:
            raise InputError(f"only {', '.join(CLAIMED)} can be overridden", zh=f"只能覆盖:{', '.join(CLAIMED)}")
        known = FIELDS["project"][name].codes
        if value not in known:
            raise InputError(f"{name}: one of {', '.join(known)}", zh=f"{name}:应为 {', '.join(known)} 之一")
        needs(reason, "a reason", "原因")
        last = until or scene.today + timedelta(days=hand.knobs.override_days)
        limit = scene.today + timedelta(days=hand.knobs.override_max_days)
        if not scene.today <= last <= limit:
            raise InputError(f"an override ends by {limit} at the latest", zh=f"覆盖最晚到 {limit} 失效")
        _guard(scene, row, name, value)
        kept = Override("project", uid, name, value, reason, hand.who, hand.now_ms, last.isoformat())
        supervision.save_override(scene.tx, kept)
        doc = {"field": name, "value": value, "reason": reason, "until": last.isoformat()}
        return scene.do("project", row, "override", doc)


def drop_override(hand: Hand, uid: str, name: str) -> Done:
    """Let the sources speak again."""
    with hand.begin() as scene:
        row = scene.row("project", uid)
        supervision.drop_override(scene.tx, "project", uid, name)
        return scene.do("project", row, "override_dropped", {"field": name})


def _guard(scene: Scene, row: HubRow, name: str, value: str) -> None:
    """Refuse a guarded value whose evidence is missing, naming what keeps it.

    Raises:
        InputError: with the first open points and the command that lists them all.
    """
    if name != "lifecycle" or value not in ("accepted", "closed"):
        return
    gate = proofs(scene.tx, [row], scene.setting)[row.uid].gate
    open_ = [one for one in gate.open if value == "closed" or one.code == "acceptance"]
    if not open_:
        return
    shown = "; ".join(f"{one.code} {one.what}".strip() for one in open_[:SHOWN])
    more = f" (+{len(open_) - SHOWN})" if len(open_) > SHOWN else ""
    title = name_of(row, "project")
    raise InputError(
        f'"{title}" cannot become {value} yet; open: {shown}{more}',
        zh=f"“{title}” 尚不能变为 {value};未完成:{shown}{more}",
        next_step=f"duban closure {row.uid}", next_step_zh=f"duban closure {row.uid}",
    )  # fmt: skip
