"""Records as the service shows them: ids per viewer, empty fields left out, labels beside ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.fxiaoke.cells import SYSTEM_CELLS, cell, is_empty
from sandbox.fxiaoke.describe import EMPLOYEE_TYPES, REFERENCE_TYPES, FieldSpec, ObjectSpec, field_of
from sandbox.fxiaoke.people import Viewer
from sandbox.fxiaoke.tenant import Tenant
from sandbox.world import Row

Wire = dict[str, Any]


def record_wire(
    tenant: Tenant,
    spec: ObjectSpec,
    row: Row,
    viewer: Viewer,
    *,
    fields: Sequence[str] = (),
    include_null: bool = False,
) -> Wire:
    """Give a record as an answer carries it.

    Args:
        fields: the projection; ``_id`` always comes along. Empty means every field.
        include_null: show described fields without a value as null instead of leaving them out.
    """
    names = _wanted(spec, row, fields, include_null)
    wire: Wire = {"_id": row.id}
    for name in names:
        _put(wire, tenant, spec, row, viewer, name, include_null)
    if not fields:
        _put_extras(wire, tenant, spec, row)
    return wire


def _wanted(spec: ObjectSpec, row: Row, fields: Sequence[str], include_null: bool) -> Iterable[str]:
    if fields:
        return fields
    known = spec.fields if include_null else SYSTEM_CELLS
    return dict.fromkeys((*row.values, *known))


def _put(wire: Wire, tenant: Tenant, spec: ObjectSpec, row: Row, viewer: Viewer, name: str, include_null: bool) -> None:
    if name.endswith("__r"):
        label = _label(tenant, field_of(spec, name.removesuffix("__r")), row)
        if label is not None:
            wire[name] = label
        return
    value = row_field(spec, row, name)
    if not is_empty(value):
        wire[name] = _shown(tenant, field_of(spec, name), value, viewer)
    elif include_null and name in spec.fields:
        wire[name] = None


def row_field(spec: ObjectSpec, row: Row, name: str) -> Any:
    """Give one field, those included that every record of the object shares."""
    if name == "object_describe_api_name":
        return spec.name
    if name == "record_type":
        return row.values.get("record_type") or "default__c"
    return cell(row, name)


def _shown(tenant: Tenant, field: FieldSpec, value: Any, viewer: Viewer) -> Any:
    if field.type in EMPLOYEE_TYPES and isinstance(value, list):
        return [tenant.people.shown(str(item), viewer) for item in value]
    return value


def _label(tenant: Tenant, field: FieldSpec, row: Row) -> Any:
    value = cell(row, field.name)
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


def _put_extras(wire: Wire, tenant: Tenant, spec: ObjectSpec, row: Row) -> None:
    wire["object_describe_api_name"] = spec.name
    wire["record_type"] = row.values.get("record_type") or "default__c"
    wire["package"] = "CRM"
    if row.deleted:
        wire["life_status_before_invalid"] = row.values.get("life_status") or "normal"
    for name in ("owner", "created_by", "last_modified_by"):
        label = _label(tenant, field_of(spec, name), row)
        if label is not None:
            wire[f"{name}__r"] = label
    for name, field in spec.fields.items():
        if field.type in REFERENCE_TYPES and name in row.values:
            label = _label(tenant, field, row)
            if label is not None:
                wire[f"{name}__r"] = label
    if wire.get("owner") and "relevant_team" not in wire:
        wire["relevant_team"] = [team_member(wire["owner"], "1", "2")]


def team_member(employees: Sequence[str], role: str, permission: str) -> Wire:
    """Give one row of ``relevant_team``. Source: FxiaoKe server function documentation [seen]"""
    return {
        "teamMemberEmployee": list(employees),
        "teamMemberType": "0",
        "teamMemberRole": role,
        "teamMemberPermissionType": permission,
        "teamMemberDeptCascade": "0",
    }
