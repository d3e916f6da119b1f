"""The first version of the data paths, for clients that never moved on: ``/cgi/crm/data/...``.

Source: public clients of 2017 to 2019 and the vendor's words they quote [seen]; ``drop`` as the step into the bin and
the refusals, which are those of the second version, are [assumed].
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sandbox.fxiaoke.calls import Call, items, objects, part
from sandbox.fxiaoke.query import MAX_LIMIT
from sandbox.fxiaoke.records import Records, describe

Wire = dict[str, Any]

PRESET_MAX_LIMIT: Final = 1000
"""Rows of a page of a preset object."""


class Legacy:
    """Turns calls of the first version into those of the second and their answers back."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def query(self, call: Call) -> Wire:
        search = part(call.body, "searchQuery")
        info = {
            "limit": search.get("limit"),
            "offset": search.get("offset"),
            "filters": [*_conditions(search), *_ranges(search)],
            "orders": [
                {"fieldName": order.get("field"), "isAsc": order.get("ascending", True)}
                for order in objects(search, "orders")
            ],
            "fieldProjection": items(part(search, "dataProjection"), "fieldNames"),
        }
        second = _as_second(call, {"search_query_info": info, "find_explicit_total_num": True})
        answer = self._records.query(second, MAX_LIMIT if _is_custom(call) else PRESET_MAX_LIMIT)
        return {"totalNumber": answer["data"]["total"], "datas": answer["data"]["dataList"]}

    def get(self, call: Call) -> Wire:
        return self._records.get(_as_second(call, {"objectDataId": call.body.get("dataId")}))

    def create(self, call: Call) -> Wire:
        return self._records.create(_as_second(call, {"object_data": call.data}))

    def update(self, call: Call) -> Wire:
        return self._records.update(_as_second(call, {"object_data": {**call.data, "_id": call.body.get("dataId")}}))

    def drop(self, call: Call) -> Wire:
        """Put a record into the bin; its name in the first version is ``drop``."""
        return self._records.invalid(_as_second(call, {"object_data_id": call.body.get("dataId")}))

    def delete(self, call: Call) -> Wire:
        return self._records.delete(_as_second(call, {"idList": [call.body.get("dataId")]}))

    def change_owner(self, call: Call) -> Wire:
        row = {"objectDataId": call.body.get("dataId"), "ownerId": [call.body.get("ownerOpenUserId")]}
        return self._records.change_owner(_as_second(call, {"Data": [row]}))

    def recover(self, call: Call) -> Wire:
        return self._records.recover(_as_second(call, {"idList": [call.body.get("dataId")]}))

    def describe(self, call: Call) -> Wire:
        return {"objectDesc": describe(call)["data"]["describe"]}

    def object_list(self, call: Call) -> Wire:
        return {
            "objects": [{"api_name": spec.name, "display_name": spec.label} for spec in call.tenant.objects.values()]
        }


def _as_second(call: Call, data: Wire) -> Call:
    path = f"/cgi/crm/{'custom/' if _is_custom(call) else ''}v2/data"
    return replace(call, path=path, body={**call.body, "data": {"dataObjectApiName": call.body.get("apiName"), **data}})


def _is_custom(call: Call) -> bool:
    return str(call.body.get("apiName")).endswith("__c")


def _conditions(search: Wire) -> list[Wire]:
    """Give filters for ``conditions``: [{"conditionType": "term_condition", "conditions": {field: value}}]."""
    found: list[Wire] = []
    for condition in objects(search, "conditions"):
        for name, value in part(condition, "conditions").items():
            values = value if isinstance(value, list) else [value]
            found.append({"field_name": name, "operator": "IN", "field_values": values})
    return found


def _ranges(search: Wire) -> list[Wire]:
    found: list[Wire] = []
    for span in objects(search, "rangeConditions"):
        for bound, operator in (("from", "GTE"), ("to", "LTE")):
            if span.get(bound) is not None:
                found.append({"field_name": span.get("fieldName"), "operator": operator, "field_values": [span[bound]]})
    return found
