"""The rails: what a run may do before a person is asked. Pure.

Each rail has a floor, so that small work always passes. A rail that trips stops the whole run before its first
write; the plan is kept, and ``apply RUN --allow deletes=37`` names what a person accepts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from mapping.records import EntityKind, Value, hub_field, is_blank
from sync.views import EntityPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rails:
    """Limits, all from the configuration.

    Args:
        listing_floor, listing_share: a full listing must show this share of the records known there, once more than
            the floor are known.
        deletes_floor, deletes_share: deletes (archives included) of linked records.
        mass_floor, mass_share: linked records in which one field moves to one same value.
        errors_floor, errors_share: permanent refusals among the writes of one connection (opens the circuit).
    """

    listing_floor: int = 20
    listing_share: float = 0.9
    deletes_floor: int = 3
    deletes_share: float = 0.10
    mass_floor: int = 20
    mass_share: float = 0.30
    errors_floor: int = 20
    errors_share: float = 0.20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tripped:
    """A rail that holds: what was found, what would pass, and the words that accept it."""

    rail: str
    found: int
    limit: int
    connection: str = ""
    entity: str = ""
    field: str = ""

    @property
    def allow(self) -> str:
        """Give the ``--allow`` argument that accepts exactly this."""
        return f"{self.rail}={self.found}"


def check_listing(rails: Rails, connection: str, entity: str, known: int, listed: int) -> Tripped | None:
    """Hold a full listing that shows too few of the records known there: absence is not a delete.

    Args:
        known: live links of that object before the listing; listed: how many of them it showed.
    """
    limit = -(-known * int(rails.listing_share * 1000) // 1000)
    if known <= rails.listing_floor or listed >= limit:
        return None
    return Tripped(rail="listing", found=listed, limit=limit, connection=connection, entity=entity)


RAILS: Final = ("listing", "deletes", "changes", "clears")
"""Rails that a person may open by number."""

RISKS: Final = ("match", "create", "patch", "delete", "restore", "supervision")
"""Risk classes of an entity's plan, for ``[service] auto_apply``."""

_RULED: Final = frozenset({("project", "lifecycle"), ("project", "declared_health")})


def risks(plan: EntityPlan) -> frozenset[str]:
    """Give the risk classes of a plan; empty when it only takes values into the hub."""
    found = {"match" for line in plan.lines if line.action == "match"}
    for op in plan.ops:
        found.add(op.action if op.action != "update" else _patch_risk(plan.entity, op.values))
    if not plan.insert and plan.state is not None:
        found.add("delete" if plan.state in ("archived", "deleted") else "restore")
    return frozenset(found)


def _patch_risk(entity: EntityKind, names: Iterable[str]) -> str:
    """Give the class of a change; our key alone only marks a record as tied."""
    told = [name for name in names if name != "key"]
    if not told:
        return "match"
    ruled = all((entity, name) in _RULED or hub_field(entity, name).rule_written for name in told)
    return "supervision" if ruled else "patch"


@dataclass(slots=True)
class Tally:
    """Counts what a plan would do, entity by entity, without keeping the plans."""

    deletes: Counter[str] = field(default_factory=Counter)
    moves: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """By entity, field and value as text: mostly as many as there are changes."""

    def add(self, plan: EntityPlan) -> None:
        """Count one entity's plan. Imports of new records move nothing that was agreed and are not counted."""
        if plan.insert:
            return
        if plan.state in ("archived", "deleted"):
            self.deletes[plan.entity] += 1
        for name, value in plan.values.items():
            if plan.origins.get(name):
                self._move(plan.entity, name, value)
        for op in plan.ops:
            if op.action == "delete":
                self.deletes[plan.entity] += 1
            elif op.action == "update":
                for name in op.values:
                    if plan.origins.get(name) is None:
                        self._move(plan.entity, name, op.hub_values.get(name))

    def _move(self, entity: EntityKind, name: str, value: Value) -> None:
        if not _counts(entity, name):
            return
        move = entity, name, value if isinstance(value, str) else "" if is_blank(value) else repr(value)
        self.moves[move] = self.moves.get(move, 0) + 1


@cache
def _counts(entity: EntityKind, name: str) -> bool:
    """Say whether the mass rail counts a field's changes."""
    return name != "key" and not hub_field(entity, name).rule_written


def check_tally(
    rails: Rails, tally: Tally, linked: Mapping[str, int], allow: Mapping[str, int], ruled: frozenset[tuple[str, str]]
) -> Tripped | None:
    """Give the first rail that the counted plans break, or None.

    Args:
        linked: entity -> linked entities; the base of the shares.
        allow: rail -> number a person accepted.
        ruled: (entity, field) pairs that supervision writes; listed, never counted.
    """
    for entity, found in sorted(tally.deletes.items()):
        limit = max(rails.deletes_floor - 1, int(linked.get(entity, 0) * rails.deletes_share))
        if found > limit and found > allow.get("deletes", -1):
            return Tripped(rail="deletes", found=found, limit=limit, entity=entity)
    # No rail trips below its floor: of thousands of different values only what comes often is put in order.
    many = sorted((move, found) for move, found in tally.moves.items() if found >= rails.mass_floor)
    for (entity, name, value), found in many:
        if (entity, name) in ruled:
            continue
        limit = max(rails.mass_floor - 1, int(linked.get(entity, 0) * rails.mass_share))
        rail = "changes" if value else "clears"
        if found > limit and found > allow.get(rail, -1):
            return Tripped(rail=rail, found=found, limit=limit, entity=entity, field=name)
    return None


def circuit_open(rails: Rails, refused: int, sent: int) -> bool:
    """Say whether so many writes were refused for good that the connection should stop."""
    return sent >= rails.errors_floor and refused > sent * rails.errors_share
