"""Composite requests: up to five calls in one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from sandbox.wire import Reply, Request
from sandbox.zoho.answers import CallRefusedError, RowRefusedError, rows_reply
from sandbox.zoho.calls import body_object, body_rows

MAX_CALLS: Final = 5
KEY: Final = "__composite_requests"


class Router(Protocol):
    """Whoever answers the calls inside."""

    def route(self, request: Request, parts: list[str], who: str, version: int) -> Reply: ...


def run_composite(router: Router, request: Request, who: str, version: int) -> Reply:
    """Answer every call inside, each with its own status."""
    body = body_object(request)
    if body.get("rollback_on_fail") and body.get("parallel_execution"):
        details = {"ambiguity_due_to": [{"api_name": "rollback_on_fail"}, {"api_name": "parallel_execution"}]}
        raise CallRefusedError(400, "AMBIGUITY_DURING_PROCESSING", "rollback and parallel exclude each other", details)
    if body.get("rollback_on_fail"):
        raise CallRefusedError(400, "NOT_SUPPORTED", "rollback_on_fail is not offered by this sandbox")
    rows = [_one(router, call, who, version) for call in body_rows(request, KEY, MAX_CALLS)]
    return rows_reply(rows, 200, KEY)


def _one(router: Router, call: Any, who: str, version: int) -> dict[str, Any]:
    uri = str(call.get("uri", "")) if isinstance(call, Mapping) else ""
    url = urlsplit(uri)
    parts = [part for part in url.path.split("/") if part][2:]
    if not uri.startswith("/crm/") or not parts or parts == [KEY]:
        return RowRefusedError("INVALID_DATA", "invalid uri", {"api_name": "uri"}).row
    query = {**parse_qs(url.query), **{name: [str(value)] for name, value in (call.get("params") or {}).items()}}
    inner = Request(
        method=str(call.get("method", "GET")).upper(),
        path=url.path,
        query=query,
        headers={str(name).lower(): str(value) for name, value in (call.get("headers") or {}).items()},
        body=json.dumps(call["body"]).encode() if call.get("body") else b"",
    )
    try:
        reply = router.route(inner, parts, who, version)
    except CallRefusedError as refused:
        reply = refused.reply
    response = {"status_code": reply.status, "headers": dict(reply.headers), "body": reply.body}
    details = {"sub_request_id": call.get("sub_request_id"), "response": response}
    return {"code": "SUCCESS", "details": details, "message": "composite request executed", "status": "success"}
