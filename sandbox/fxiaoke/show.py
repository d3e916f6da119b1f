"""Records as the service shows them: ids per viewer, empty fields left out, labels beside ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sandbox.fxiaoke.cells import SYSTEM_CELLS, cell, is_empty
from sandbox.fxiaoke.describe import (
    EMPLOYEE_TYPES,
    NUMBER_TYPES,
    REFERENCE_TYPES,
    TIME_TYPES,
    FieldSpec,
    ObjectSpec,
    field_of,
)
from sandbox.fxiaoke.people import Viewer
from sandbox.fxiaoke.tenant import Tenant
from sandbox.world import Row

Wire = dict[str, Any]


Column = tuple[Callable[[Row], Any] | None, Callable[[Any], Any] | None, bool]
"""How one field is read (None: from the row's values), how it is shown (None: as it is), whether null stands for it."""


def record_wire(tenant: Tenant, spec: ObjectSpec, row: Row, viewer: Viewer, *, include_null: bool = False) -> Wire:
    """Give a whole record as an answer carries it."""
    return Projection(tenant, spec, viewer, include_null=include_null).show(row)


class Projection:
    """Shows records of one object to one viewer.

    Args:
        fields: the projection; ``_id`` always comes along. Empty means every field.
        include_null: show described fields without a value as null instead of leaving them out.
    """

    def __init__(
        self,
        tenant: Tenant,
        spec: ObjectSpec,
        viewer: Viewer,
        fields: Sequence[str] = (),
        include_null: bool = False,
    ) -> None:
        self._tenant = tenant
        self._spec = spec
        self._viewer = viewer
        self._fields = tuple(fields)
        self._include_null = include_null
        self._columns: dict[str, Column] = {}

    def show(self, row: Row) -> Wire:
        """Give one record."""
        # The values of a planted crowd are worked out anew at every look: look once.
        values = row.values
        wire: Wire = {"_id": row.id}
        for name in self._fields or self._all_names(values):
            read, shape, nullable = self._columns.get(name) or self._column(name)
            value = values.get(name) if read is None else read(row)
            if not is_empty(value):
                wire[name] = value if shape is None else shape(value)
            elif nullable:
                wire[name] = None
        if not self._fields:
            self._put_extras(wire, row, values)
        return wire

    def _all_names(self, values: Mapping[str, Any]) -> Iterable[str]:
        known = self._spec.fields if self._include_null else SYSTEM_CELLS
        return dict.fromkeys((*values, *known))

    def _column(self, name: str) -> Column:
        column = self._columns[name] = self._reader(name), self._shape(name), self._is_nullable(name)
        return column

    def _is_nullable(self, name: str) -> bool:
        return self._include_null and name in self._spec.fields

    def _reader(self, name: str) -> Callable[[Row], Any] | None:
        if name.endswith("__r"):
            field = field_of(self._spec, name.removesuffix("__r"))
            return lambda row: label_of(self._tenant, field, cell(row, field.name))
        if name == "object_describe_api_name":
            return lambda _: self._spec.name
        if name == "record_type":
            return lambda row: row.values.get("record_type") or "default__c"
        return SYSTEM_CELLS.get(name)

    def _shape(self, name: str) -> Callable[[Any], Any] | None:
        field = field_of(self._spec, name)
        if name == "relevant_team":
            return lambda team: team_wire(self._tenant, team, self._viewer)
        if field.type in EMPLOYEE_TYPES and not name.endswith("__r"):
            return self._people_shape()
        return _loose_shape(field) if self._tenant.settings.loose_types else None

    def _people_shape(self) -> Callable[[Any], Any]:
        people, viewer = self._tenant.people, self._viewer
        if self._tenant.settings.loose_types:
            return lambda value: people.shown(str(value[0]), viewer) if len(value) == 1 else value
        return lambda value: [people.shown(str(item), viewer) for item in value]

    def _put_extras(self, wire: Wire, row: Row, values: Mapping[str, Any]) -> None:
        """Add what only a whole record carries: its kind, its labels, its team."""
        wire["object_describe_api_name"] = self._spec.name
        wire["record_type"] = values.get("record_type") or "default__c"
        wire["package"] = "CRM"
        if row.deleted:
            wire["life_status_before_invalid"] = values.get("life_status") or "normal"
        for field in self._spec.fields.values():
            if field.type not in EMPLOYEE_TYPES | REFERENCE_TYPES:
                continue
            read = SYSTEM_CELLS.get(field.name)
            label = label_of(self._tenant, field, values.get(field.name) if read is None else read(row))
            if label is not None:
                wire[f"{field.name}__r"] = label
        if wire.get("owner") and "relevant_team" not in wire:
            owner = wire["owner"]
            wire["relevant_team"] = [team_member(owner if isinstance(owner, list) else [owner], "1", "2")]


def _loose_shape(field: FieldSpec) -> Callable[[Any], Any] | None:
    """Give the other form in which tenants were seen to show such a field. [seen]"""
    if field.type in NUMBER_TYPES or field.name == "version":
        return json.loads
    return str if field.type in TIME_TYPES else None


def label_of(tenant: Tenant, field: FieldSpec, value: Any) -> Any:
    """Give what the ``__r`` companion of a field shows; None when there is nothing to show."""
    if is_empty(value):
        return None
    if field.type in EMPLOYEE_TYPES:
        person = tenant.people.by_id(str(value[0]))
        if person is None:
            return None
        return {"id": person.user_id, "name": person.name, "dept": str(person.department), "status": 0}
    if field.type in REFERENCE_TYPES:
        return tenant.display_name(field.target, value)
    if field.type == "select_one":
        return dict(field.options).get(str(value))
    return None


def team_wire(tenant: Tenant, team: Sequence[Wire], viewer: Viewer) -> list[Wire]:
    """Give a team with its employees' ids as that viewer sees them."""
    return [
        {**member, "teamMemberEmployee": [tenant.people.shown(one, viewer) for one in member["teamMemberEmployee"]]}
        for member in team
    ]


def team_member(employees: Sequence[str], role: str, permission: str) -> Wire:
    """Give one row of ``relevant_team``. Source: FxiaoKe server function documentation [seen]"""
    return {
        "teamMemberEmployee": list(employees),
        "teamMemberType": "0",
        "teamMemberRole": role,
        "teamMemberPermissionType": permission,
        "teamMemberDeptCascade": "0",
    }
