"""Reading a call: its rows, fields, page and order, with the refusal of what is wrong."""

from __future__ import annotations

from typing import Any, Final

from sandbox.wire import Request
from sandbox.zoho.answers import CallRefusedError
from sandbox.zoho.values import is_id, parse_header_time

MAX_ROWS: Final = 100
MAX_PAGE: Final = 200
MAX_FIELDS: Final = 50
SORTS: Final = ("id", "Created_Time", "Modified_Time")


def body_rows(request: Request, key: str = "data", limit: int = MAX_ROWS) -> list[Any]:
    """Give the rows of a write.

    Raises:
        CallRefusedError: not JSON, no rows, or more than the limit.
    """
    rows = body_object(request).get(key)
    if not isinstance(rows, list) or not rows:
        details = {"api_name": key, "json_path": f"$.{key}"}
        raise CallRefusedError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
    if len(rows) > limit:
        raise CallRefusedError(400, "LIMIT_EXCEEDED", "limit exceeded", {"limit": limit, "json_path": f"$.{key}"})
    return rows


def body_object(request: Request) -> dict[str, Any]:
    """Give the body, which must be a JSON object. Raises CallRefusedError."""
    try:
        body = request.json()
    except ValueError as exc:
        raise CallRefusedError(400, "INVALID_DATA", "body", {"expected_data_type": "jsonobject"}) from exc
    if not isinstance(body, dict):
        raise CallRefusedError(400, "INVALID_DATA", "body", {"expected_data_type": "jsonobject"})
    return body


def wanted_fields(request: Request, version: int) -> list[str] | None:
    """Give the asked fields; None (all) only in versions that did not demand them yet.

    Raises:
        CallRefusedError: none are named, or more than 50.
    """
    fields = [name.strip() for name in request.param("fields").split(",") if name.strip()]
    if not fields:
        if version < 3:
            return None
        raise CallRefusedError(
            400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": "fields"}
        )
    if len(fields) > MAX_FIELDS:
        raise CallRefusedError(400, "LIMIT_EXCEEDED", "too many fields", {"param_name": "fields", "limit": MAX_FIELDS})
    return fields


def page_size(request: Request) -> int:
    """Give per_page. Raises CallRefusedError beyond 200 [assumed: the page only says that 200 is the maximum]."""
    size = whole_number(request, "per_page", MAX_PAGE)
    if size > MAX_PAGE:
        details = {"param_name": "per_page", "limit": MAX_PAGE}
        raise CallRefusedError(400, "LIMIT_EXCEEDED", "per_page is at most 200", details)
    return size


def check_id(record_id: str) -> None:
    """Raise the answer to a path whose id is none."""
    if not is_id(record_id):
        raise CallRefusedError(400, "INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1})


def whole_number(request: Request, name: str, default: int) -> int:
    """Give a parameter that must be a number from 1 on. Raises CallRefusedError."""
    text = request.param(name) or str(default)
    if not text.isdigit() or int(text) < 1:
        details = {"param_name": name, "expected_data_type": "integer"}
        raise CallRefusedError(400, "INVALID_DATA", "invalid value", details)
    return int(text)


def sorting(request: Request) -> tuple[str, bool]:
    """Give the field to sort by and whether it descends. Raises CallRefusedError."""
    sort, order = request.param("sort_by") or "id", (request.param("sort_order") or "desc").lower()
    if sort not in SORTS:
        details = {"param_name": "sort_by", "supported_values": list(SORTS)}
        raise CallRefusedError(400, "INVALID_DATA", "invalid sort_by", details)
    if order not in ("asc", "desc"):
        details = {"param_name": "sort_order", "supported_values": ["asc", "desc"]}
        raise CallRefusedError(400, "INVALID_DATA", "invalid sort_order", details)
    return sort, order == "desc"


def since_ms_of(request: Request) -> int | None:
    """Give the instant of If-Modified-Since; None without the header. Raises CallRefusedError."""
    header = request.headers.get("if-modified-since")
    if not header:
        return None
    try:
        return parse_header_time(header)
    except (ValueError, TypeError) as exc:
        details = {"header": "If-Modified-Since", "expected_data_type": "datetime"}
        raise CallRefusedError(400, "INVALID_DATA", "invalid header", details) from exc
