"""Codecs of references: records, users, and parents of several kinds.

The remote value is the id at the remote; who that is in the hub is looked up at planning time. A record that is not
linked yet can be told from a blank: it is UNSEEN in the hub and ``not_linked`` on the way out.
"""

# ruff: noqa: ARG002 - one signature for all codecs; few of them need every argument
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mapping.codec_base import BLANK, MISSING, NOT_EXACT, CodecSpec, refusal
from mapping.fields import UNSEEN, Encoded, Refs, Unseen
from mapping.forms import email_form, line_form
from mapping.records import ENTITIES, EntityKind, Value

_NOT_LINKED = Encoded(UNSEEN, "not_linked")
_NO_USER = Encoded(UNSEEN, "no_user")


def read_id(field: str, raw: object) -> str | None:
    """Give the id in a reference of any wire shape: object with id, plain id, or a list of one; None for blank.

    Raises:
        RecordRefused: no id can be read, or it came as a float, which has lost digits.
    """
    if type(raw) is str:
        return raw.strip() or None
    if raw is None:
        return None
    if type(raw) is int:
        return str(raw)
    if isinstance(raw, dict):
        if raw.get("id") is None:
            raise refusal(field, "a reference with an id")
        return read_id(field, raw["id"])
    if isinstance(raw, list) and len(raw) <= 1:
        return read_id(field, raw[0]) if raw else None
    raise refusal(field, "one reference")


@dataclass(frozen=True, slots=True)
class RefCodec:
    """A reference to one record; an object with an id or a plain id on the wire."""

    remote: str
    target: EntityKind
    as_object: bool

    @property
    def lossy(self) -> bool:
        return True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        return UNSEEN if raw is MISSING else read_id(self.remote, raw)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return _uid_of(self.target, remote, current, refs)

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return _id_of(self.target, value, refs)

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.remote: {"id": remote} if self.as_object and remote is not None else remote}


def _uid_of(target: EntityKind, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
    if not isinstance(remote, str):
        return None
    if isinstance(current, str) and refs.remote_id(target, current) == remote:
        return current
    return refs.uid(target, remote) or UNSEEN


def _id_of(target: EntityKind, value: Value, refs: Refs) -> Encoded:
    if value is None or value == "":
        return BLANK
    if not isinstance(value, str):
        return NOT_EXACT
    found = refs.remote_id(target, value)
    return Encoded(found) if found else _NOT_LINKED


@dataclass(frozen=True, slots=True)
class RefWithModuleCodec:
    """A reference that may point into several objects, with the object's name in a second field.

    Only references into *modules* are ours; one that points elsewhere is unseen, so it is neither cleared nor
    overwritten.

    Args:
        modules: casefolded names of the objects that stand for the target.
        module: the name to write.
    """

    remote: str
    module_field: str
    target: EntityKind
    modules: frozenset[str]
    module: str

    @property
    def lossy(self) -> bool:
        return True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        found = read_id(self.remote, raw)
        if found is None:
            return None
        module = _module_name(raw) or payload.get(self.module_field)
        if not isinstance(module, str) or module.casefold() not in self.modules:
            return UNSEEN
        return found

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return _uid_of(self.target, remote, current, refs)

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return _id_of(self.target, value, refs)

    def write(self, remote: Value) -> dict[str, Any]:
        if remote is None:
            return {self.remote: None}
        return {self.remote: {"id": remote}, self.module_field: self.module}


def _module_name(raw: object) -> str | None:
    """Give the object's name that a reference carries itself, as ``{"module": {"api_name": ..}}`` or plain text."""
    module = raw.get("module") if isinstance(raw, dict) else None
    if isinstance(module, dict):
        module = module.get("api_name")
    return module if isinstance(module, str) else None


@dataclass(frozen=True, slots=True)
class ParentCodec:
    """What a comment hangs on: a record of one of several kinds. Remote values look like ``task:<remote id>``.

    Args:
        kind_field: remote field with the kind; None when the reference carries it itself.
        kinds: casefolded name at the remote -> entity.
        names: entity -> name to write.
    """

    remote: str
    kind_field: str | None
    kinds: Mapping[str, EntityKind]
    names: Mapping[EntityKind, str] = field(default_factory=dict)

    @property
    def lossy(self) -> bool:
        return True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        found = read_id(self.remote, raw)
        if found is None:
            return None
        name = payload.get(self.kind_field) if self.kind_field else _module_name(raw)
        kind = self.kinds.get(name.casefold()) if isinstance(name, str) else None
        return f"{kind}:{found}" if kind else UNSEEN

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        kind, found = _split_parent(remote)
        if kind is None:
            return None
        held_kind, held = _split_parent(current)
        uid = _uid_of(kind, found, held if held_kind == kind else None, refs)
        return f"{kind}:{uid}" if isinstance(uid, str) else UNSEEN

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None or value == "":
            return BLANK
        kind, uid = _split_parent(value)
        if kind is None:
            return NOT_EXACT
        if kind not in self.names:
            return Encoded(UNSEEN, "no_home")
        found = refs.remote_id(kind, uid)
        return Encoded(f"{kind}:{found}") if found else _NOT_LINKED

    def write(self, remote: Value) -> dict[str, Any]:
        kind, found = _split_parent(remote)
        if self.kind_field:
            return {self.remote: found or None, self.kind_field: self.names[kind] if kind else None}
        if kind is None:
            return {self.remote: None}
        return {self.remote: {"module": {"api_name": self.names[kind]}, "id": found}}


def _split_parent(value: Value) -> tuple[EntityKind | None, str]:
    head, _, tail = value.partition(":") if isinstance(value, str) else ("", "", "")
    kind = next((entity for entity in ENTITIES if entity == head), None)
    return (kind, tail) if kind and tail else (None, "")


@dataclass(frozen=True, slots=True)
class UserCodec:
    """A person of our own side: a remote user id outside, a lower-case e-mail in the hub.

    A record always has an owner at the remotes, so a blank here is never sent.
    """

    remote: str
    as_list: bool

    @property
    def lossy(self) -> bool:
        return True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        if isinstance(raw, list) and len(raw) > 1:
            raw = raw[0]  # the first of several is the responsible one
        return read_id(self.remote, raw)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        if not isinstance(remote, str):
            return None
        if isinstance(current, str) and refs.user_id(email_form(current)) == remote:
            return current
        return refs.email(remote) or UNSEEN

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        if value is None or value == "":
            return Encoded(UNSEEN)
        if not isinstance(value, str):
            return NOT_EXACT
        found = refs.user_id(email_form(value))
        return Encoded(found) if found else _NO_USER

    def write(self, remote: Value) -> dict[str, Any]:
        if remote is None:
            return {self.remote: [] if self.as_list else None}
        return {self.remote: [remote] if self.as_list else {"id": remote}}


@dataclass(frozen=True, slots=True)
class CreatedUserCodec:
    """Who made a record, for showing: an e-mail where there is one, else a name, else the id. Never written."""

    remote: str

    @property
    def lossy(self) -> bool:
        return True

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        raw = payload.get(self.remote, MISSING)
        if raw is MISSING:
            return UNSEEN
        if isinstance(raw, list):
            raw = raw[0] if raw else None
        if isinstance(raw, dict):
            email, name = raw.get("email"), raw.get("name")
            if isinstance(email, str) and email.strip():
                return email_form(email)
            if isinstance(name, str) and name.strip():
                return line_form(name)
        return read_id(self.remote, raw)

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:
        return (refs.email(remote) or remote) if isinstance(remote, str) else None

    def to_remote(self, value: Value, refs: Refs) -> Encoded:
        return Encoded(UNSEEN, "no_home")

    def write(self, remote: Value) -> dict[str, Any]:
        return {}


def _target(spec: CodecSpec) -> EntityKind:
    if spec.field.target is None:
        raise ValueError(f"hub field {spec.entity}.{spec.field.name} is not a reference")
    return spec.field.target


def ref_object(spec: CodecSpec) -> RefCodec:
    """Make the codec of a reference as an object with an id."""
    return RefCodec(spec.remote, _target(spec), as_object=True)


def ref_id(spec: CodecSpec) -> RefCodec:
    """Make the codec of a reference as a plain id."""
    return RefCodec(spec.remote, _target(spec), as_object=False)


def ref_with_module(spec: CodecSpec) -> RefWithModuleCodec:
    """Make the codec of a reference with the object's name beside it; the map's options name the objects."""
    target = _target(spec)
    modules = [name for name, kinds in (spec.map.options or {}).items() if target in kinds]
    known = frozenset(name.casefold() for name in modules)
    return RefWithModuleCodec(spec.remote, spec.map.remote[1], target, known, modules[0] if modules else "")


def parent(spec: CodecSpec) -> ParentCodec:
    """Make the codec of a parent, with the kind in a second field when the map names one.

    The options map says which entity a remote name stands for; without it the names are the entities' own.
    """
    names: dict[EntityKind, str] = {}
    kinds: dict[str, EntityKind] = {}
    given = spec.map.options if spec.map.options is not None else {kind: (kind,) for kind in ENTITIES}
    for name, targets in given.items():
        for entity in ENTITIES:
            if entity in targets:
                kinds[name.casefold()] = entity
                names.setdefault(entity, name)
    return ParentCodec(spec.remote, spec.map.remote[1] if len(spec.map.remote) > 1 else None, kinds, names)


def user_object(spec: CodecSpec) -> UserCodec:
    """Make the codec of a user as an object with an id."""
    return UserCodec(spec.remote, as_list=False)


def user_list(spec: CodecSpec) -> UserCodec:
    """Make the codec of a user as a list of ids."""
    return UserCodec(spec.remote, as_list=True)


def created_user(spec: CodecSpec) -> CreatedUserCodec:
    """Make the codec of a record's author."""
    return CreatedUserCodec(spec.remote)
