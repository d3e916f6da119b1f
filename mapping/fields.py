"""Field maps: which hub field is which remote field, as data, never as expressions.

An ObjectMap is what the configuration says. Bound to the live metadata of a connection it becomes a BoundMap,
whose codecs turn wire values into remote-canonical values and back.

Two spaces are kept apart:

- a *hub value* (mapping.records) is what a person edits in the hub;
- a *remote value* is the wire value in a normal form of its own space (a lookup is its id, a status is the option
  text, a date is an ISO day). Shadows hold one of each, so a field that one side cuts or rephrases never looks
  changed when nobody changed it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal, NamedTuple, Protocol

from mapping.records import EntityKind, Value

Direction = Literal["both", "to_hub", "to_remote", "create_only", "fill_blank", "claim"]
Clause = tuple[str, str, Any]
"""One scope condition: remote field, operator (mapping.scope), operand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMap:
    """One line of a map, as the configuration gives it.

    Args:
        field: hub field name.
        remote: remote field names; most codecs use one, a person's name at some vendors uses two.
        codec: name of the codec, or None to let the connector choose from the live metadata.
        direction: who may move it (see docs/configuration.md).
        options: remote option -> canonical codes (first = taken on a real change); None when codes are the values.
        optional: True when the remote may lack the field; the value then stays in the hub.
    """

    field: str
    remote: tuple[str, ...]
    codec: str | None = None
    direction: Direction = "both"
    options: Mapping[str, tuple[str, ...]] | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMap:
    """One entity at one connection.

    Args:
        constants: remote fields written once, on create (mandatory ones that duban has no value for).
        where: scope; a record must satisfy every clause.
        optional: True when the remote may lack the whole object.
    """

    entity: EntityKind
    connection: str
    object: str
    fields: tuple[FieldMap, ...]
    constants: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[Clause, ...] = ()
    optional: bool = False
    writable: bool = True


class Unseen:
    """The type of UNSEEN: a field the remote did not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSEEN"

    def __bool__(self) -> bool:
        return False


UNSEEN = Unseen()


class Encoded(NamedTuple):
    """A hub value in a remote's own space.

    Args:
        value: the remote value, or UNSEEN when it must not be sent.
        loss: why something was lost or cannot be sent: ``too_long``, ``no_option``, ``no_home``, ``no_user``,
            ``not_linked``, ``rounded``, ``zone``, ``not_exact``; None when exact.
    """

    value: Value | Unseen
    loss: str | None = None


class Refs(Protocol):
    """Looks up who is who between the hub and one connection; a plain in-memory table at planning time."""

    def uid(self, entity: EntityKind, remote_id: str) -> str | None:
        """Give the hub uid of a remote record of that connection, or None while it is not linked."""
        ...

    def remote_id(self, entity: EntityKind, uid: str) -> str | None:
        """Give the remote id at that connection, or None while it is not linked."""
        ...

    def email(self, user_id: str) -> str | None:
        """Give the canonical e-mail of a remote user."""
        ...

    def user_id(self, email: str) -> str | None:
        """Give the remote user for an e-mail ([users] map applied), or None."""
        ...


class Codec(Protocol):
    """Value <-> wire value of one mapped field. Pure; may hold limits read from metadata."""

    @property
    def lossy(self) -> bool:
        """Say whether this codec can lose something at all (a loss is then reported per value)."""
        ...

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        """Give the remote value, or UNSEEN when the payload does not show it.

        Raises:
            RecordRefused: the payload holds something that is not of the field's type.
        """
        ...

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        """Give the hub value that *remote* stands for; *current* when it already stands for that (status classes).

        UNSEEN means it cannot be told yet: the record it points to is not linked.
        """
        ...

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        """Give the remote value to write for a hub value, with its loss."""
        ...

    def write(self, remote: Value) -> dict[str, Any]:
        """Give the wire fields to send for a remote value."""
        ...


@dataclass(frozen=True, slots=True)
class BoundField:
    """A field map with its codec, ready for reading and writing."""

    map: FieldMap
    codec: Codec
    writable: bool = True
    set_typed: bool = False

    @property
    def name(self) -> str:
        return self.map.field

    @property
    def direction(self) -> Direction:
        return self.map.direction


@dataclass(frozen=True, slots=True)
class BoundMap:
    """An object map bound to live metadata.

    Args:
        missing: optional remote fields this tenant lacks (hub field -> remote names): their values stay in the hub.
    """

    map: ObjectMap
    fields: tuple[BoundField, ...]
    key_field: str | None = None
    key_unique: bool = False
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def entity(self) -> EntityKind:
        return self.map.entity

    @property
    def wire_fields(self) -> tuple[str, ...]:
        """Give the remote field names to ask for, in a stable order, scope fields included."""
        names = dict.fromkeys(name for bound in self.fields for name in bound.map.remote)
        names.update(dict.fromkeys(clause[0] for clause in self.map.where))
        return tuple(names)

    @property
    def digest(self) -> str:
        """Give the digest of what is read and how: another one means that every record may say something else."""
        told = [*(repr(bound.map) for bound in self.fields), repr(self.map.where)]
        return sha256("\n".join(told).encode()).hexdigest()

    def of_fields(self, names: Collection[str]) -> BoundMap:
        """Give the same map with those hub fields alone and no scope, for looking at little of a record."""
        fields = tuple(bound for bound in self.fields if bound.map.field in names)
        return replace(self, map=replace(self.map, where=()), fields=fields)

    def read(self, payload: Mapping[str, Any]) -> dict[str, Value]:
        """Give the remote values of a payload by hub field; unseen fields are left out."""
        out: dict[str, Value] = {}
        for bound in self.fields:
            value = bound.codec.read(payload)
            if not isinstance(value, Unseen):
                out[bound.map.field] = value
        return out
