"""Tags: on records and in the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.wire import Reply, Request
from sandbox.zoho.answers import CallRefusedError, RowRefusedError, gone, rows_reply, success
from sandbox.zoho.calls import body_object, body_rows
from sandbox.zoho.org import Org
from sandbox.zoho.values import wire_time

MAX_NAME: Final = 25
MAX_ON_RECORD: Final = 10


class Tags:
    """The tag calls. Callers hold the world's lock."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def on_records(self, module: str, request: Request, who: str, add: bool, record_id: str | None) -> Reply:
        """Answer add_tags / remove_tags on one record, or on those the body (or the query) names."""
        body = body_object(request) if request.body else {}
        names = [str(tag.get("name")) for tag in body.get("tags") or [] if isinstance(tag, Mapping)]
        names = names or [name for name in request.param("tag_names").split(",") if name]
        ids = [record_id] if record_id else [str(one) for one in body.get("ids") or request.param("ids").split(",")]
        for name, value in (("tags", names), ("ids", [one for one in ids if one])):
            if not value:
                details = {"api_name": name, "json_path": f"$.{name}"}
                raise CallRefusedError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
        over_write = str(body.get("over_write", request.param("over_write"))).lower() == "true"
        rows = [self._one(module, one, names, who, add, over_write) for one in ids]
        reply = rows_reply(rows, 200)
        good = sum(row["status"] == "success" for row in rows)
        return Reply(
            reply.status, {**reply.body, "wf_scheduler": None, "success_count": str(good), "locked_count": "0"}
        )

    def _one(
        self, module: str, record_id: str, names: Sequence[str], who: str, add: bool, over_write: bool
    ) -> dict[str, Any]:
        row = self._org.table(module).rows.get(record_id)
        if row is None or row.deleted or "Tag" not in self._org.modules[module].fields:
            return gone(record_id, "$.ids").row
        long = next((name for name in names if len(name) > MAX_NAME), None)
        if long is not None:
            details = {"api_name": "name", "maximum_length": MAX_NAME}
            return RowRefusedError("INVALID_DATA", "invalid data", details).row
        present = [] if over_write and add else list(row.values.get("Tag") or [])
        if add:
            after = list(dict.fromkeys([*present, *names]))
        else:
            after = [name for name in present if name not in names]
        if len(after) > MAX_ON_RECORD:
            return RowRefusedError("LIMIT_EXCEEDED", "too many tags", {"id": record_id, "limit": MAX_ON_RECORD}).row
        if after != list(row.values.get("Tag") or []):
            self._org.update(module, record_id, {"Tag": after}, who)
        details = {"id": record_id, "tags": [{"name": n, "id": self._org.tag_id(module, n)} for n in after]}
        return success("tags updated successfully", details)

    def settings(self, request: Request, who: str) -> Reply:
        """Answer /settings/tags?module=: list, or create."""
        module = request.param("module")
        if module not in self._org.modules:
            raise CallRefusedError(400, "INVALID_MODULE", "the module name given seems to be invalid")
        if request.method == "GET":
            return self._list(module)
        rows = []
        for index, tag in enumerate(body_rows(request, "tags")):
            name = tag.get("name") if isinstance(tag, Mapping) else None
            at = f"$.tags[{index}].name"
            if not name or len(str(name)) > MAX_NAME:
                details = {"api_name": "name", "json_path": at, "maximum_length": MAX_NAME}
                rows.append(RowRefusedError("INVALID_DATA", "invalid data", details).row)
            elif (module, str(name)) in self._org.tags:
                details = {"api_name": "name", "json_path": at}
                rows.append(RowRefusedError("DUPLICATE_DATA", "duplicate data", details).row)
            else:
                stamp = wire_time(self._org.world.stamp())
                people = {"created_by": self._org.users[who].brief, "modified_by": self._org.users[who].brief}
                made = {"id": self._org.tag_id(module, str(name)), "created_time": stamp, "modified_time": stamp}
                rows.append(success("tags created successfully", {**made, **people}))
        return rows_reply(rows, 201, "tags")

    def _list(self, module: str) -> Reply:
        tags = [
            {"id": tag_id, "name": name, "color_code": None}
            for (of, name), tag_id in self._org.tags.items()
            if of == module
        ]
        if not tags:
            return Reply(204)
        return Reply(200, {"tags": tags, "info": {"count": len(tags), "allowed_count": 200}})
