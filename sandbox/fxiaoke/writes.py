"""Changing records: the state machine behind create, update, invalid, delete, recover, owner, lock and team.

Call them under ``world.lock``: each checks everything first and then changes all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.fxiaoke.cells import cell, is_empty
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.coerce import stored_value
from sandbox.fxiaoke.describe import ObjectSpec, field_of
from sandbox.fxiaoke.operators import number_of
from sandbox.fxiaoke.people import Viewer
from sandbox.fxiaoke.show import team_member
from sandbox.fxiaoke.tenant import Tenant
from sandbox.world import Row

DERIVED: Final = ("__r", "__l", "__v", "__p", "__e", "__relation_ids")
"""Suffixes of read-only companions of a field; a request's are ignored. Source: FxiaoKe field documentation [doc]"""

ENVELOPE: Final = frozenset({"dataObjectApiName", "object_describe_api_name", "_id", "relevant_team"})
"""Parts of ``object_data`` that are no values; a team changes over its own interface only."""
TEAM_OBJECTS: Final = frozenset({"AccountObj", "OpportunityObj"})
LOCKED_TEXT: Final = "不能进行[编辑]操作，以下这些数据已被锁定。"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOptions:
    """Switches of a create: whose word counts for time and author, and whether duplicates are searched."""

    own_time: bool = False
    own_author: bool = False
    search_duplicates: bool = False


def create(tenant: Tenant, spec: ObjectSpec, given: Mapping[str, Any], viewer: Viewer, options: CreateOptions) -> Row:
    """Create a record and give its row.

    Raises:
        Refusal: a value does not fit, a required one is missing, or a rule against duplicates strikes.
    """
    _check_right(tenant, spec, viewer)
    values = _stored(tenant, spec, given, viewer)
    _check_required(tenant, spec, values)
    if is_empty(values.get("owner")):
        values["owner"] = [viewer.user_id]
    _check_unique(tenant, spec, values, None)
    if options.search_duplicates:
        _check_duplicates(tenant, spec, values)
    own_ms = _own_time(given, options)
    author = viewer.user_id
    if options.own_author and not is_empty(given.get("created_by")):
        author = tenant.people.must_mean(str(_first(given["created_by"])), viewer)
    kept = {name: value for name, value in values.items() if value is not None}
    table = tenant.table(spec.name)
    row = table.insert(kept, author, tenant.settings.freeze_ms)
    if own_ms is not None:
        row.created_ms = own_ms
        table.made_late = table.made_late or row.created_ms > row.modified_ms
    tenant.notify("create", spec.name, row.id)
    return row


def _own_time(given: Mapping[str, Any], options: CreateOptions) -> int | None:
    if not options.own_time or is_empty(given.get("create_time")):
        return None
    made = number_of(given["create_time"])
    if made is None or not made.is_finite():
        raise Refusal("validation", "字段[创建时间]不是毫秒时间", "数据校验失败")
    return int(made)


def update(tenant: Tenant, spec: ObjectSpec, given: Mapping[str, Any], viewer: Viewer, force: bool = False) -> Row:
    """Change the given fields of a record and give its row; null and empty values clear.

    Args:
        force: edit a locked record all the same.
    Raises:
        Refusal: no such record, it is locked or in the bin, or a value does not fit.
    """
    _check_right(tenant, spec, viewer)
    row = live_row(tenant, spec, given.get("_id"))
    if row.locked and not force:
        raise Refusal("locked", LOCKED_TEXT)
    if "owner" in given and tenant.settings.owner_on_update == "refuse":
        raise Refusal("validation", "字段[负责人]不允许编辑，请使用更换负责人接口", "数据校验失败")
    values = _stored(tenant, spec, {name: value for name, value in given.items() if name != "owner"}, viewer)
    for name, kept in values.items():
        if kept is None and field_of(spec, name).required:
            raise Refusal("validation", f"字段[{field_of(spec, name).label}]必填", "数据校验失败")
    _check_unique(tenant, spec, values, row.id)
    return _written(tenant, spec, row.id, values, viewer.user_id)


def _written(tenant: Tenant, spec: ObjectSpec, row_id: str, values: Mapping[str, Any], who: str) -> Row:
    row = tenant.table(spec.name).update(row_id, values, who, tenant.settings.freeze_ms)
    tenant.notify("update", spec.name, row.id)
    return row


def live_row(tenant: Tenant, spec: ObjectSpec, row_id: Any) -> Row:
    """Give a record that is neither deleted nor in the bin.

    Raises:
        Refusal: there is none.
    """
    row = known_row(tenant, spec, row_id)
    if row.deleted:
        raise Refusal("state", f"数据[{row_id}]已作废", "数据已作废或已删除")
    return row


def known_row(tenant: Tenant, spec: ObjectSpec, row_id: Any) -> Row:
    """Give a record, one in the bin included.

    Raises:
        Refusal: there is none, or it was deleted for good.
    """
    row = tenant.table(spec.name).rows.get(str(row_id))
    if row is None or row.deleted == "permanent":
        raise Refusal("not_found", f"数据[{row_id}]不存在或已删除", "数据不存在")
    return row


def invalidate(tenant: Tenant, spec: ObjectSpec, row_ids: Sequence[Any], viewer: Viewer) -> None:
    """Put records into the bin; all of them or, when one refuses, none. [assumed]"""
    _check_right(tenant, spec, viewer)
    rows = [live_row(tenant, spec, row_id) for row_id in _once(row_ids)]
    if any(row.locked for row in rows):
        raise Refusal("locked", LOCKED_TEXT.replace("编辑", "作废"))
    if any(cell(row, "life_status") != "normal" for row in rows):
        raise Refusal("state", "仅生命状态为正常的数据可以作废", "数据状态不允许此操作")
    for row in rows:
        tenant.table(spec.name).remove(row.id, viewer.user_id, touch=True)
        tenant.notify("invalid", spec.name, row.id)


def recover(tenant: Tenant, spec: ObjectSpec, row_ids: Sequence[Any], viewer: Viewer) -> None:
    """Bring records back from the bin; all of them or none. [assumed]"""
    _check_right(tenant, spec, viewer)
    for row in [_binned(tenant, spec, row_id, "数据未作废，不能恢复") for row_id in _once(row_ids)]:
        tenant.table(spec.name).restore(row.id, viewer.user_id, touch=True)
        tenant.notify("recover", spec.name, row.id)


def delete(tenant: Tenant, spec: ObjectSpec, row_ids: Sequence[Any], viewer: Viewer) -> None:
    """Delete records of the bin for good; all of them or none. [assumed]"""
    _check_right(tenant, spec, viewer)
    for row in [_binned(tenant, spec, row_id, "请先作废数据") for row_id in _once(row_ids)]:
        tenant.table(spec.name).remove(row.id, viewer.user_id, permanent=True, touch=True)
        tenant.notify("delete", spec.name, row.id)


def _binned(tenant: Tenant, spec: ObjectSpec, row_id: Any, refusal: str) -> Row:
    row = known_row(tenant, spec, row_id)
    if not row.deleted:
        raise Refusal("state", refusal, refusal)
    return row


def change_owner(tenant: Tenant, spec: ObjectSpec, pairs: Iterable[tuple[Any, Any]], viewer: Viewer) -> None:
    """Give records to other employees: (record id, employee id or list of one).

    Raises:
        Refusal: no such record or employee, it is locked, or it lies in a public pool (has no owner).
    """
    _check_right(tenant, spec, viewer)
    moves = [(live_row(tenant, spec, row_id), _first(given)) for row_id, given in pairs]
    if any(row.locked for row, _ in moves):
        raise Refusal("locked", LOCKED_TEXT.replace("编辑", "更换负责人"))
    if any(is_empty(row.values.get("owner")) for row, _ in moves):
        raise Refusal("no_data_right", "无此操作的数据权限", "公海中的数据不能更换负责人")
    for row, owner in [(row, tenant.people.must_mean(str(given), viewer)) for row, given in moves]:
        _written(tenant, spec, row.id, {"owner": [owner]}, viewer.user_id)


def set_lock(tenant: Tenant, spec: ObjectSpec, row_ids: Sequence[Any], viewer: Viewer, locked: bool) -> None:
    """Lock or unlock records."""
    _check_right(tenant, spec, viewer)
    for row in [live_row(tenant, spec, row_id) for row_id in row_ids]:
        row.locked = locked
        _written(tenant, spec, row.id, {}, viewer.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChange:
    """Who joins or leaves the teams of which records; role 1 owner to 4 member, permission 1 read, 2 write."""

    row_ids: Sequence[Any]
    employees: Sequence[Any]
    role: str
    permission: str


def change_team(tenant: Tenant, spec: ObjectSpec, change: TeamChange, viewer: Viewer, leave: bool) -> None:
    """Add or edit members of records' teams, or let them leave.

    Raises:
        Refusal: the object has no team over this interface.
    """
    if spec.name not in TEAM_OBJECTS:
        raise Refusal("team_object", "仅支持客户和商机", "参数错误")
    _check_right(tenant, spec, viewer)
    wanted = [tenant.people.must_mean(str(one), viewer) for one in change.employees]
    for row in [live_row(tenant, spec, row_id) for row_id in change.row_ids]:
        rest = [member for member in team(row) if not set(member["teamMemberEmployee"]) & set(wanted)]
        added = [] if leave else [team_member([one], change.role, change.permission) for one in wanted]
        _written(tenant, spec, row.id, {"relevant_team": [*rest, *added]}, viewer.user_id)


def team(row: Row) -> list[dict[str, Any]]:
    """Give a record's team; the owner is its first member until somebody changed it."""
    kept: list[dict[str, Any]] = row.values.get("relevant_team") or []
    owner = row.values.get("owner") or []
    return kept or ([team_member(owner, "1", "2")] if owner else [])


# --- checks --------------------------------------------------------------------------------------------------------


def _stored(tenant: Tenant, spec: ObjectSpec, given: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Give what the server takes of the values sent: its own and derived fields are dropped without a word."""
    kept: dict[str, Any] = {}
    for name, value in given.items():
        field = field_of(spec, name)
        if name in ENVELOPE or field.system or name.endswith(DERIVED):
            continue
        if tenant.settings.strict_fields and name not in spec.fields and not name.endswith("__o"):
            raise Refusal("validation", f"字段[{name}]不存在", "字段不存在")
        known = name in spec.fields
        kept[name] = stored_value(tenant, spec.name, field, value, viewer) if known else value
    return kept


def _check_right(tenant: Tenant, spec: ObjectSpec, viewer: Viewer) -> None:
    barred = tenant.settings.read_only.get(viewer.user_id, ())
    if spec.name in barred or "*" in barred:
        raise Refusal("no_data_right", "无此操作的数据权限", "无此操作的数据权限")


def _check_required(tenant: Tenant, spec: ObjectSpec, values: Mapping[str, Any]) -> None:
    for field in spec.fields.values():
        wanted = field.required or (field.name == "owner" and spec.custom and tenant.settings.owner_required)
        if wanted and is_empty(values.get(field.name)):
            raise Refusal("validation", f"字段[{field.label}]必填", "数据校验失败")


def _check_unique(tenant: Tenant, spec: ObjectSpec, values: Mapping[str, Any], own_id: str | None) -> None:
    for name, value in values.items():
        field = field_of(spec, name)
        if is_empty(value) or not tenant.is_unique(spec.name, field):
            continue
        if any(other != own_id for other in tenant.table(spec.name).lookup(name, str(value))):
            raise Refusal("duplicate", f"字段[{field.label}]的值重复，已有数据使用", "唯一性校验失败")


def _check_duplicates(tenant: Tenant, spec: ObjectSpec, values: Mapping[str, Any]) -> None:
    names = tenant.settings.duplicate_rules.get(spec.name) or []
    if not names or any(is_empty(values.get(name)) for name in names):
        return
    hits = [set(tenant.table(spec.name).lookup(name, str(values[name]))) for name in names]
    if set.intersection(*hits):
        raise Refusal("duplicate", "触发查重规则，存在重复数据", "duplicate data")


def _once(row_ids: Sequence[Any]) -> list[str]:
    """Give each id once, in the order given."""
    return list(dict.fromkeys(map(str, row_ids)))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
