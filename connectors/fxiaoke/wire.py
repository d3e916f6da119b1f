"""FxiaoKe on the wire: paths, request bodies and rows, without any call.

Source: FxiaoKe open platform documentation and public clients of it [doc, seen].
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from connectors.base import RemoteRecord
from mapping.errors import ConfigError, PageMalformed

OBJECT_LIST: Final = "/cgi/crm/v2/object/list"
OBJECT_DESCRIBE: Final = "/cgi/crm/v2/object/describe"
USER_LIST: Final = "/cgi/user/list"
MESSAGE_SEND: Final = "/cgi/message/send"
MESSAGE_RECEIVERS: Final = 500
"""People one message may go to. Source: FxiaoKe open platform, sending messages [doc]"""
WHOLE_COMPANY: Final = 999999

SYSTEM_FIELDS: Final = (
    "_id", "version", "last_modified_time", "last_modified_by", "create_time", "created_by", "life_status",
    "is_deleted",
)  # fmt: skip
"""Asked for with every row: who, when, which version, and whether it is in the bin."""

INVALID: Final = "invalid"

Filter = tuple[str, str, Sequence[Any]]
"""Field, operator of the service, values."""


def data_path(object: str, action: str) -> str:
    """Give the path of an action; custom objects (``...__c``) live under a prefix of their own."""
    prefix = "/cgi/crm/custom/v2/data" if is_custom(object) else "/cgi/crm/v2/data"
    return f"{prefix}/{action}"


def is_custom(object: str) -> bool:
    return object.endswith("__c")


def query_body(
    object: str,
    fields: Iterable[str],
    filters: Sequence[Filter],
    limit: int,
    *,
    total: bool = False,
    newest_first: bool = False,
) -> dict[str, Any]:
    """Give the body of a query in id order.

    ``includeNull`` is always asked: only so does a field that is not in the answer mean that we may not see it.
    """
    projection = list(dict.fromkeys((*SYSTEM_FIELDS, *fields)))
    info = {
        "limit": limit,
        "offset": 0,
        "filters": [
            {"field_name": field, "operator": operator, "field_values": list(values)}
            for field, operator, values in filters
        ],
        "orders": [{"fieldName": "_id", "isAsc": not newest_first}],
        "fieldProjection": projection,
    }
    data: dict[str, Any] = {"dataObjectApiName": object, "search_query_info": info, "find_explicit_total_num": total}
    return {"includeNull": True, "returnTotalNum": 1 if total else 3, "data": data}


def get_body(object: str, id: str) -> dict[str, Any]:
    return {"includeNull": True, "data": {"dataObjectApiName": object, "objectDataId": id}}


def create_body(
    object: str, values: Mapping[str, Any], *, approval: bool, workflow: bool, duplicates: bool
) -> dict[str, Any]:
    """Give the body of a create. Both triggers are on when they are left out, so they are always sent."""
    data: dict[str, Any] = {"object_data": {"dataObjectApiName": object, **values}}
    body = {"triggerApprovalFlow": approval, "triggerWorkFlow": workflow, "data": data}
    if is_custom(object):
        return {**body, "checkDuplicateSearch": duplicates}
    data["details"] = {}
    data["optionInfo"] = {"skipFuncValidate": False, "useValidationRule": True, "isDuplicateSearch": duplicates}
    return body


def update_body(object: str, id: str, values: Mapping[str, Any], *, approval: bool, workflow: bool) -> dict[str, Any]:
    """Give the body of an update; the id must stand inside ``object_data``."""
    data = {"object_data": {**values, "_id": id, "dataObjectApiName": object}}
    return {"triggerApprovalFlow": approval, "triggerWorkFlow": workflow, "data": data}


def owner_body(object: str, id: str, owner: Sequence[str]) -> dict[str, Any]:
    return {"data": {"dataObjectApiName": object, "Data": [{"objectDataId": id, "ownerId": list(owner)}]}}


def invalid_body(object: str, id: str) -> dict[str, Any]:
    return {"data": {"dataObjectApiName": object, "object_data_id": id}}


def recover_body(object: str, id: str) -> dict[str, Any]:
    return {"data": {"dataObjectApiName": object, "idList": [id]}}


def read_rows(body: Any) -> list[Any]:
    """Give the rows of a query.

    Raises:
        PageMalformed: the answer holds no list of rows; an empty one would look like an empty object.
    """
    data = body.get("data") if isinstance(body, dict) else None
    rows = data.get("dataList") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise PageMalformed("the answer holds no list of records", zh="答复中没有记录列表")
    return rows


def read_record(row: Any, fields: Iterable[str]) -> RemoteRecord:
    """Give one row as a record; its payload holds the asked fields that were shown.

    Raises:
        ValueError: the row has no id, or its times are no times.
    """
    if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not row["_id"]:
        raise ValueError("a row without an id")
    return RemoteRecord(
        row["_id"],
        {name: row[name] for name in fields if name in row},
        version=_version(row.get("version")),
        modified_ms=whole(row.get("last_modified_time")),
        modified_by=_first(row.get("last_modified_by")),
        created_ms=whole(row.get("create_time")),
        created_by=_first(row.get("created_by")),
        deleted=row.get("life_status") == INVALID or row.get("is_deleted") is True,
    )


def asked_record(object: str, row: Any, fields: Iterable[str]) -> RemoteRecord:
    """Give one row that somebody asked for: where it cannot be read, nobody may take it for absent.

    Raises:
        PageMalformed: the row has no id, or its times are no times.
    """
    try:
        return read_record(row, fields)
    except ValueError as exc:
        id = row.get("_id") if isinstance(row, dict) else None
        raise PageMalformed(
            f"a row cannot be read: {exc}", zh="有记录无法识别", record=f"{object}/{id}" if id else None
        ) from exc


def whole(raw: Any) -> int | None:
    """Give a whole number that arrives as a number or as digits, None for a blank.

    Raises:
        ValueError: it is something else; the text does not repeat it.
    """
    if raw is None or raw == "":
        return None
    try:
        return int(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else int(str(raw))
    except (ValueError, OverflowError):
        pass
    raise ValueError("a time or number cannot be read")


def _version(raw: Any) -> str:
    """Give the version as text: tenants show it as a number or as digits. [seen]"""
    return str(raw) if isinstance(raw, int | str) else ""


def _first(raw: Any) -> str | None:
    """Give the one employee of a field that is a list, or plainly an id."""
    one = raw[0] if isinstance(raw, list) and raw else raw
    return str(one) if isinstance(one, str | int) else None


@dataclass(frozen=True, slots=True)
class Place:
    """A watermark: where in which window the walk is.

    Args:
        phase: ``start`` before the first page, ``rows`` inside the records, ``bin`` inside the deletions.
        lo_ms: lower bound of the modified time, None while everything is listed.
        hi_ms: upper bound: the server's own time when the walk began.
    """

    phase: str
    lo_ms: int | None = None
    hi_ms: int | None = None
    last_id: str = ""

    def text(self) -> str:
        return json.dumps({"phase": self.phase, "lo": self.lo_ms, "hi": self.hi_ms, "last": self.last_id})

    @classmethod
    def parse(cls, text: str | None) -> Place:
        """Give the place that a stored watermark names.

        Raises:
            ConfigError: it was not written by this connector.
        """
        if text is None:
            return cls("start")
        try:
            raw = json.loads(text)
            place = cls(raw["phase"], whole(raw["lo"]), whole(raw["hi"]), str(raw["last"]))
        except (ValueError, KeyError, TypeError) as exc:
            raise _strange() from exc
        if place.phase not in ("start", "rows", "bin"):
            raise _strange()
        return place

    def filters(self) -> list[Filter]:
        """Give the filters of the next page from here."""
        filters: list[Filter] = []
        if self.last_id:
            filters.append(("_id", "GT", [self.last_id]))
        if self.lo_ms is not None:
            filters.append(("last_modified_time", "GTE", [str(self.lo_ms)]))
        if self.hi_ms is not None:
            filters.append(("last_modified_time", "LTE", [str(self.hi_ms)]))
        if self.phase == "bin":
            filters.append(("life_status", "EQ", [INVALID]))
        return filters


def _strange() -> ConfigError:
    return ConfigError(
        "the stored watermark was not written by this connector",
        zh="已保存的水位线不属于此连接器",
        next_step="list this object anew",
        next_step_zh="重新全量读取该对象",
    )


def record_link(object: str, id: str) -> str:
    """Give the address the service itself uses for a record in its messages. Source: message documentation [doc]."""
    names = json.dumps({"objDescApiName": object, "objDataId": id}, separators=(",", ":"))
    return f"fs://CRM/udobj?{quote(names)}"


def parse_link(url: str) -> tuple[str, str] | None:
    """Give (object, id) of such an address, or of one of the service's web pages; None for any other.

    Web pages name the object and the record somewhere in their address; where is not documented. [assumed]
    """
    head, found, tail = url.partition("fs://CRM/udobj?")
    if found and not head:
        try:
            names = json.loads(unquote(tail))
            return str(names["objDescApiName"]), str(names["objDataId"])
        except (ValueError, KeyError, TypeError):
            return None
    match = WEB_PAGE.match(unquote(url))
    return (match["object"], match["id"]) if match else None


WEB_PAGE: Final = re.compile(
    r"https://([\w-]+\.)*(fxiaoke|sharecrm)\.com/"
    r"(?=.*?\b(?P<object>[A-Za-z]\w*(?:Obj|__c))\b)(?=.*?\b(?P<id>[0-9a-f]{24}(?:[0-9a-f]{8})?)\b)"
)


def text_message(text: str) -> dict[str, Any]:
    """Give the part of a message call that says what is sent; it stands at the root of the body."""
    return {"msgType": "text", "text": {"content": text}}
