"""The calls on records and on the tenant's metadata."""

from __future__ import annotations

from typing import Any

from sandbox.fxiaoke import writes
from sandbox.fxiaoke.calls import Call, is_on, items, objects, part
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.describe import ObjectSpec
from sandbox.fxiaoke.query import MAX_LIMIT, Finder, Found, Search, parse_search
from sandbox.fxiaoke.show import Projection, record_wire, team_wire
from sandbox.fxiaoke.tenant import FLOWS

Wire = dict[str, Any]


def object_list(call: Call) -> Wire:
    """Answer object/list."""
    return {"data": {"objects": [spec.to_list_row() for spec in call.tenant.objects.values()]}}


def describe(call: Call) -> Wire:
    """Answer object/describe; the name may stand at the root or in ``data``."""
    name = call.body.get("apiName") or call.data.get("apiName") or call.data.get("dataObjectApiName")
    spec = call.object(name, both_paths=True, strict=True)
    return {"data": {"describe": spec.to_wire(call.tenant.settings.unique)}}


class Records:
    """Answers the calls under ``/cgi/crm/v2/data`` and ``/cgi/crm/custom/v2/data``."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    def query(self, call: Call, max_limit: int = MAX_LIMIT) -> Wire:
        """Answer data/query."""
        search, found = self._found(call, _object_name(call), both_paths=False, max_limit=max_limit)
        return {
            "data": {
                "dataList": _shown(call, search, found),
                "total": found.total,
                "offset": search.offset,
                "limit": search.limit,
            }
        }

    def find_one(self, call: Call) -> Wire:
        """Answer data/findOne, whose projection is spelt ``field_projection``."""
        search, found = self._found(call, _object_name(call), both_paths=True)
        shown = _shown(call, search, found, _projection(call))
        return {"data": {"objectData": shown[0]} if shown else {}}

    def find_simple(self, call: Call) -> Wire:
        """Answer data/findSimple; its shape is [assumed]."""
        search, found = self._found(call, _object_name(call), both_paths=True)
        return {"data": {"dataList": _shown(call, search, found, _projection(call))}}

    def _found(self, call: Call, name: Any, both_paths: bool, max_limit: int = MAX_LIMIT) -> tuple[Search, Found]:
        spec = call.object(name, both_paths=both_paths)
        _check_list_right(call, spec)
        search = parse_search(call.tenant, spec, call.body, call.data, call.viewer, max_limit)
        return search, self._finder.find(search)

    def get(self, call: Call) -> Wire:
        """Answer data/get; a record in the bin is not found. [assumed]"""
        spec = call.object(_object_name(call))
        _check_list_right(call, spec)
        row = writes.known_row(call.tenant, spec, call.data.get("objectDataId"))
        if row.deleted and not call.tenant.settings.list_invalid:
            raise Refusal("not_found", f"数据[{row.id}]已作废或已删除", "数据不存在")
        return {"data": record_wire(call.tenant, spec, row, call.viewer, include_null=call.include_null)}

    def create(self, call: Call) -> Wire:
        """Answer data/create: the new id stands at the root."""
        given = _object_data(call)
        spec = call.object(given.get("dataObjectApiName") or _object_name(call))
        info = part(call.data, "optionInfo")
        options = writes.CreateOptions(
            own_time=is_on(call.body.get("hasSpecifyTime")),
            own_author=is_on(call.body.get("hasSpecifyCreatedBy")),
            search_duplicates=is_on(info.get("isDuplicateSearch")) or is_on(call.body.get("checkDuplicateSearch")),
        )
        call.tenant.make_sure_of(spec)
        row = writes.create(call.tenant, spec, given, call.viewer, options)
        _note_flows(call, spec.name, row.id)
        return {"dataId": row.id}

    def update(self, call: Call) -> Wire:
        """Answer data/update."""
        given = _object_data(call)
        spec = call.object(given.get("dataObjectApiName") or _object_name(call))
        if not given.get("_id"):
            raise Refusal("null_pointer", "java.lang.NullPointerException")
        force = spec.custom and is_on(call.data.get("skipDataStatusValidate"))
        row = writes.update(call.tenant, spec, given, call.viewer, force)
        _note_flows(call, spec.name, row.id)
        return {}

    def invalid(self, call: Call) -> Wire:
        """Answer data/invalid: one record into the bin."""
        spec = call.object(_object_name(call))
        row_id = call.data.get("object_data_id")
        if not isinstance(row_id, str) or not row_id:
            raise Refusal("bad_body", "object_data_id is required", "缺少参数")
        writes.invalidate(call.tenant, spec, [row_id], call.viewer)
        return {}

    def invalid_many(self, call: Call) -> Wire:
        """Answer the custom objects' batch invalid."""
        writes.invalidate(call.tenant, call.object(_object_name(call)), _ids(call, "idList"), call.viewer)
        return {}

    def delete(self, call: Call) -> Wire:
        """Answer data/delete: records of the bin go for good."""
        writes.delete(call.tenant, call.object(_object_name(call)), _ids(call, "idList"), call.viewer)
        return {}

    def recover(self, call: Call) -> Wire:
        """Answer data/recover: records come back from the bin."""
        writes.recover(call.tenant, call.object(_object_name(call)), _ids(call, "idList"), call.viewer)
        return {}

    def change_owner(self, call: Call) -> Wire:
        """Answer data/changeOwner; ``Data`` has a capital D."""
        rows = objects(call.data, "Data")
        if not rows:
            raise Refusal("bad_body", "Data is required", "缺少参数")
        spec = call.object(_object_name(call))
        pairs = [(row.get("objectDataId"), row.get("ownerId")) for row in rows]
        writes.change_owner(call.tenant, spec, pairs, call.viewer)
        return {}

    def lock(self, call: Call) -> Wire:
        """Answer object/lock."""
        return self._set_lock(call, locked=True)

    def unlock(self, call: Call) -> Wire:
        """Answer object/unlock."""
        return self._set_lock(call, locked=False)

    def _set_lock(self, call: Call, locked: bool) -> Wire:
        spec = call.object(_object_name(call), both_paths=True)
        writes.set_lock(call.tenant, spec, _ids(call, "dataIds"), call.viewer, locked)
        return {}

    def team(self, call: Call) -> Wire:
        """Answer team/add, edit, delete and get."""
        spec = call.object(call.body.get("apiName") or call.data.get("apiName"), both_paths=True)
        action = call.path.rsplit("/", 1)[1]
        if action != "get":
            data = call.data
            change = writes.TeamChange(
                row_ids=items(data, "dataIDs") or [data.get("dataID")],
                employees=items(data, "teamMemberEmployee"),
                role=str(data.get("teamMemberRole") or "4"),
                permission=str(data.get("teamMemberPermissionType") or "1"),
            )
            writes.change_team(call.tenant, spec, change, call.viewer, leave=action == "delete")
            return {}
        if spec.name not in writes.TEAM_OBJECTS:
            raise Refusal("team_object", "仅支持客户和商机", "参数错误")
        row = writes.live_row(call.tenant, spec, call.data.get("dataID"))
        return {"data": {"objectList": team_wire(call.tenant, writes.team(row), call.viewer)}}


def _check_list_right(call: Call, spec: ObjectSpec) -> None:
    if spec.name in call.tenant.settings.no_list_right:
        raise Refusal("no_data_right", f"没有{spec.label}权限", "没有查看列表权限")


def _shown(call: Call, search: Search, found: Found, fields: tuple[str, ...] = ()) -> list[Wire]:
    shown = Projection(call.tenant, search.spec, call.viewer, fields or search.fields, call.include_null)
    return [shown.show(row) for row in found.rows]


def _note_flows(call: Call, object: str, id: str) -> None:
    """Keep what the write set off: both triggers are on unless they are switched off.

    Source: FxiaoKe create and update documentation [doc]
    """
    on = [name for name in ("triggerApprovalFlow", "triggerWorkFlow") if is_on(call.body.get(name, True))]
    if on:
        call.tenant.table(FLOWS).insert({"object": object, "id": id, "triggers": on}, call.viewer.user_id)


def _object_name(call: Call) -> Any:
    return call.data.get("dataObjectApiName") or call.data.get("apiName")


def _projection(call: Call) -> tuple[str, ...]:
    return tuple(str(name) for name in items(call.data, "field_projection"))


def _object_data(call: Call) -> Wire:
    """Give ``data.object_data``; with anything else in its place the service trips over its own feet."""
    given = call.data.get("object_data")
    if not isinstance(given, dict):
        raise Refusal("null_pointer", "java.lang.NullPointerException")
    return given


def _ids(call: Call, name: str) -> list[Any]:
    given = items(call.data, name)
    if not given:
        raise Refusal("bad_body", f"{name} is required", "缺少参数")
    return given
