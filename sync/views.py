"""What the planner looks at and what it says: one entity with all its spokes in, one plan out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mapping.fields import BoundMap, Refs
from mapping.records import ENTITIES, TITLE_FIELD, EntityKind, EntityState, Value
from sync.merge import Parked
from sync.report import FieldChange, LineAction, PlanLine

LinkState = Literal["live", "gone", "suspended", "retired"]
MADE = "made"
"""Note of a link: the record is one that we made."""
MISSED = "missed"
"""Note of a link: when a write first did not find the record; one miss does not tell what became of it."""
OURS = "ours"
"""Note of a link: we deleted the record ourselves, because the hub said so."""

OnRemoteDelete = Literal["archive", "propagate", "restore", "unlink", "review"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a link remembers: the two shadows and what was learned on the way.

    Args:
        notes: field -> loss last seen there; the key ``wrote`` lists the fields of our own last write.
    """

    remote_id: str
    state: LinkState
    shadow_hub: Mapping[str, Value]
    shadow_remote: Mapping[str, Value]
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One record as just observed.

    Args:
        doc: remote values by hub field; empty for one that is gone.
        echo: its version is exactly the one our last write left, and we are its last author.
    """

    remote_id: str
    doc: Mapping[str, Value]
    gone: bool = False
    in_scope: bool = True
    echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One spoke seen from this entity.

    Args:
        may_write: changes may be planned there at all (mode, approval).
        may_create: missing records may be made there (its backfill is complete, the object is writable).
        may_restore: a deleted record can be brought back there.
        homes: entities that are mapped there; what points to any other kind has nowhere to point.
        busy: an earlier write of this pair is still open.
        former: as ``refs``, with records that are deleted there known for what they were.
    """

    connection: str
    object: str
    bound: BoundMap
    refs: Refs
    former: Refs | None = None
    base: Base | None = None
    seen: Seen | None = None
    may_write: bool = True
    may_create: bool = True
    may_restore: bool = False
    homes: frozenset[EntityKind] = frozenset(ENTITIES)
    busy: bool = False
    on_remote_delete: OnRemoteDelete = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityView:
    """Everything the planner may know about one entity.

    Args:
        exists: False for an entity that is only about to become a hub row.
        vanished: its hub row was removed behind our back; the values are what its links remember.
        bound_by: why its spokes were brought together, when that happened just now.
        detail: False leaves the single fields out of the lines of plain imports (long first pulls).
        key_taken: the key its record carries is another's: it gets one of its own.
    """

    entity: EntityKind
    uid: str
    exists: bool
    state: EntityState
    values: Mapping[str, Value]
    sides: Sequence[SideView]
    parked: Mapping[str, Parked] = field(default_factory=dict)
    bound_by: str = ""
    detail: bool = True
    vanished: bool = False
    key_taken: bool = False


@dataclass(slots=True, kw_only=True)
class LinkStep:
    """How a link stands after the plan; ``new`` when it is to be made."""

    connection: str
    object: str
    remote_id: str
    state: LinkState
    shadow_hub: dict[str, Value]
    shadow_remote: dict[str, Value]
    notes: dict[str, Any]
    new: bool = False


@dataclass(slots=True, kw_only=True)
class OpStep:
    """One intended write: remote values, the hub values they came from, and the remote values the plan saw."""

    connection: str
    object: str
    action: Literal["create", "update", "delete", "restore"]
    remote_id: str | None
    values: dict[str, Value]
    hub_values: dict[str, Value]
    base: dict[str, Value]


@dataclass(slots=True, kw_only=True)
class ReviewStep:
    """A question for a person."""

    kind: Literal["conflict", "delete"]
    connection: str
    field: str
    data: dict[str, Any]


@dataclass(slots=True)
class EntityPlan:
    """Everything that should happen to one entity; empty when nothing should.

    Args:
        irregular: fields that a remote moved by a step their states do not know; they are taken all the same.
    """

    entity: EntityKind
    uid: str
    insert: bool = False
    state: EntityState | None = None
    state_before: EntityState | None = None
    values: dict[str, Value] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    old: dict[str, Value] = field(default_factory=dict)
    links: list[LinkStep] = field(default_factory=list)
    ops: list[OpStep] = field(default_factory=list)
    reviews: list[ReviewStep] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    claims: list[tuple[str, str, Value]] = field(default_factory=list)
    losers: dict[str, dict[str, Value]] = field(default_factory=dict)
    irregular: list[str] = field(default_factory=list)
    lines: list[PlanLine] = field(default_factory=list)
    waits: bool = False
    ghost: bool = False

    @property
    def writes_hub(self) -> bool:
        return self.insert or bool(self.values) or self.state is not None


def present(side: SideView) -> bool:
    """Say whether that spoke has a record of this entity that we may look at."""
    if side.seen is not None:
        return not side.seen.gone and side.seen.in_scope
    return side.base is not None and side.base.state == "live"


def kept_link(side: SideView, state: LinkState) -> LinkStep:
    assert side.base is not None
    return LinkStep(
        connection=side.connection, object=side.object, remote_id=side.base.remote_id, state=state,
        shadow_hub=dict(side.base.shadow_hub), shadow_remote=dict(side.base.shadow_remote),
        notes=dict(side.base.notes),
    )  # fmt: skip


def add_line(
    plan: EntityPlan,
    view: EntityView,
    action: LineAction,
    connection: str,
    reason: str,
    *fields: FieldChange,
    remote: SideView | None = None,
) -> None:
    name = TITLE_FIELD[view.entity]
    title = plan.values.get(name, view.values.get(name))
    remote_id = ""
    if remote is not None:
        remote_id = remote.base.remote_id if remote.base else remote.seen.remote_id if remote.seen else ""
    plan.lines.append(
        PlanLine(
            entity=view.entity, action=action, connection=connection, reason=reason,
            title=title if isinstance(title, str) else "", uid=view.uid,
            object=remote.object if remote else "", remote_id=remote_id, fields=fields,
        )
    )  # fmt: skip
