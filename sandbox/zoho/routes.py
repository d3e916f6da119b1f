"""Which call is which: from a path to the part of the organisation that answers it."""

from __future__ import annotations

import json

from sandbox.wire import Reply, Request
from sandbox.world import Row
from sandbox.zoho.answers import CallRefusedError
from sandbox.zoho.calls import body_object, check_id
from sandbox.zoho.composite import run_composite
from sandbox.zoho.limits import Limits
from sandbox.zoho.listing import Listings
from sandbox.zoho.meta import Meta
from sandbox.zoho.modules import RELATED
from sandbox.zoho.org import Org
from sandbox.zoho.query import Queries
from sandbox.zoho.records import Records
from sandbox.zoho.search import Search
from sandbox.zoho.tags import Tags
from sandbox.zoho.values import is_id, wire_time
from sandbox.zoho.watch import Watch


class Routes:
    """The API of one organisation once the caller is known. Callers hold the world's lock."""

    def __init__(self, org: Org, limits: Limits) -> None:
        self.org = org
        self.limits = limits
        self.records = Records(org)
        self.meta = Meta(org)
        self.watch = Watch(org)
        self._listings = Listings(org)
        self._queries = Queries(org)
        self._search = Search(org)
        self._tags = Tags(org)

    def route(self, request: Request, parts: list[str], who: str, version: int) -> Reply:
        """Answer a call whose caller is known; composite calls come back here."""
        match parts:
            case ["users"] if request.method == "GET":
                return self.meta.users(request, who)
            case ["users", user_id] if request.method == "GET":
                return self.meta.user(user_id)
            case ["org"] if request.method == "GET":
                return self.meta.organisation()
            case ["settings", *rest]:
                return self._settings_call(request, rest, who)
            case ["coql"]:
                _only(request, "POST")
                query = self._queries.parse(request)
                self.limits.spend(query.price)
                return self._queries.run(query)
            case ["actions", "watch"]:
                return self.watch.handle(request)
            case ["__composite_requests"]:
                _only(request, "POST")
                return run_composite(self, request, who, version)
            case [module, *rest]:
                return self._module_call(request, module, rest, who, version)
        raise CallRefusedError(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def _settings_call(self, request: Request, rest: list[str], who: str) -> Reply:
        if rest == ["tags"]:
            return self._tags.settings(request, who)
        _only(request, "GET")
        match rest:
            case ["modules"]:
                return self.meta.modules()
            case ["modules", name]:
                return self.meta.modules(name)
            case ["fields"]:
                return self.meta.fields(request)
            case ["fields", wanted]:
                return self.meta.field(request, wanted)
            case ["fields", wanted, "pick_list_values"]:
                return self.meta.pick_list_values(request, wanted)
            case ["layouts", *_]:
                return self.meta.layouts(request)
            case ["related_lists"]:
                return self.meta.related_lists(request)
            case ["roles"]:
                return self.meta.roles()
            case ["profiles"]:
                return self.meta.profiles()
            case ["custom_views"] | ["pipeline"]:
                return Reply(204)
        raise CallRefusedError(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def _module_call(self, request: Request, module: str, rest: list[str], who: str, version: int) -> Reply:
        if module not in self.org.modules:
            details = {"resource_path_index": 0}
            raise CallRefusedError(400, "INVALID_MODULE", "the module name given seems to be invalid", details)
        method = request.method
        records, listings = self.records, self._listings
        match method, rest:
            case "GET", []:
                return listings.listing(module, request, version)
            case "POST", []:
                return records.create(module, request, who, version)
            case "PUT", []:
                return records.update(module, request, who, version)
            case "DELETE", []:
                ids = [one.strip() for one in request.param("ids").split(",") if one.strip()]
                return records.delete(module, ids, who, version)
            case "POST", ["upsert"]:
                return records.upsert(module, request, who, version)
            case "GET", ["deleted"]:
                return listings.deleted(module, request)
            case "GET", ["search"]:
                return self._search.run(module, request)
            case "GET", ["actions", "count"]:
                return self._search.count(module, request)
            case "POST", ["actions", ("add_tags" | "remove_tags") as action]:
                return self._tags.on_records(module, request, who, action == "add_tags", None)
            case "POST", ["actions", "change_owner"]:
                return records.change_owner(module, request, who, version)
            case "GET", [record_id]:
                return listings.one(module, record_id, request)
            case "PUT", [record_id]:
                return records.update(module, request, who, version, record_id)
            case "DELETE", [record_id]:
                check_id(record_id)
                return records.delete(module, [record_id], who, version)
            case "POST", [record_id, "actions", ("add_tags" | "remove_tags") as action]:
                return self._tags.on_records(module, request, who, action == "add_tags", record_id)
            case _, [record_id, related] if is_id(record_id):
                return self._related_call(request, module, record_id, related, who, version)
            case _, [] | [_]:
                raise CallRefusedError(400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one")
        raise CallRefusedError(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def _related_call(
        self, request: Request, module: str, record_id: str, related: str, who: str, version: int
    ) -> Reply:
        """Answer /{module}/{id}/{list}: the records that point to this one; new notes too."""
        if related == "__timeline" and request.method == "GET":
            return self._timeline(module, record_id)
        back = RELATED.get((module, related))
        if back is None:
            raise CallRefusedError(400, "INVALID_DATA", "the relation name given seems to be invalid",
                                   {"resource_path_index": 2})  # fmt: skip
        if self.org.module_of(module, record_id) is None:
            raise CallRefusedError(400, "INVALID_DATA", "the related id given seems to be invalid",
                                   {"resource_path_index": 1})  # fmt: skip
        if related == "Notes" and request.method == "POST":
            return self.records.create("Notes", _with_parent(request, module, record_id), who, version)
        _only(request, "GET")
        ids = [row.id for row in self.org.table(related).changed() if _points(row, back, record_id)]
        return self._listings.listing(related, request, version, ids) if ids else Reply(204)

    def _timeline(self, module: str, record_id: str) -> Reply:
        row = self.org.table(module).rows.get(record_id)
        if row is None or not row.history:
            return Reply(204)
        entries = [
            {
                "audited_time": wire_time(ms),
                "action": "added" if at == 0 else "updated",
                "done_by": self.org.person(who),
                "field_history": [
                    {"api_name": name, "_value": {"old": old, "new": new}} for name, (old, new) in change.items()
                ],
            }
            for at, (ms, who, change) in enumerate(row.history)
        ]
        return Reply(200, {"__timeline": entries[::-1], "info": {"count": len(entries), "more_records": False}})


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise CallRefusedError(400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one")


def _points(row: Row, field: str, record_id: str) -> bool:
    return (row.values.get(field) or {}).get("id") == record_id


def _with_parent(request: Request, module: str, record_id: str) -> Request:
    """Give the call with its rows pointing to the record in the path."""
    body = body_object(request)
    parent = {"Parent_Id": {"id": record_id, "module": {"api_name": module}}}
    rows = [{**row, **parent} if isinstance(row, dict) else row for row in body.get("data") or []]
    return Request(
        request.method, request.path, request.query, request.headers, json.dumps({**body, "data": rows}).encode()
    )
