"""Writing records: create, update, upsert, delete, change of owner; every row judged by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.wire import Reply, Request
from sandbox.world import Row
from sandbox.zoho.answers import CallRefusedError, RowRefusedError, gone, rows_reply, success
from sandbox.zoho.calls import MAX_ROWS, body_object, body_rows, check_id
from sandbox.zoho.org import Org
from sandbox.zoho.values import parse_header_time, wire_time

Writer = Callable[[Mapping[str, Any], str], dict[str, Any]]


class Records:
    """The writing calls of one organisation. Callers hold the world's lock.

    Attributes:
        precondition: answer 412 to a PUT whose If-Unmodified-Since is older than the record (off by default: which
            header the real service honours is not known [assumed]).
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self.precondition = False

    def create(self, module: str, request: Request, who: str, version: int) -> Reply:
        """Answer an insert of up to 100 rows."""
        return rows_reply(self._each(request, lambda row, at: self._insert(module, row, at, who)), 201, version=version)

    def update(self, module: str, request: Request, who: str, version: int, record_id: str | None = None) -> Reply:
        """Answer an update; the id stands in each row, or in the path for one row."""
        if record_id is not None:
            check_id(record_id)

        def write(row: Mapping[str, Any], at: str) -> dict[str, Any]:
            return self._change(module, record_id or _row_id(row, at), row, at, who, request)

        rows = self._each(request, write)
        if len(rows) == 1 and rows[0]["code"] == "ALREADY_MODIFIED":
            return Reply(412, {"data": rows})
        return rows_reply(rows, 200, version=version)

    def upsert(self, module: str, request: Request, who: str, version: int) -> Reply:
        """Answer an upsert: update the one record that matches, else insert."""
        body = body_object(request)
        named = body.get("duplicate_check_fields") or []
        if isinstance(named, str):
            named = named.split(",")
        if len(named) > 10:
            raise CallRefusedError(400, "LIMIT_EXCEEDED", "too many check fields", {"limit": 10})
        known = self._org.modules[module]
        for name in named:
            if name not in known.fields:
                details = {"api_name": "duplicate_check_fields", "json_path": "$.duplicate_check_fields"}
                raise CallRefusedError(400, "INVALID_DATA", "invalid data", details)
        fields = [*named, *(name for name in known.duplicate_fields if name not in named)]

        def write(row: Mapping[str, Any], at: str) -> dict[str, Any]:
            return self._upsert_row(module, row, at, who, fields, request)

        return rows_reply(self._each(request, write), 200, version=version)

    def delete(self, module: str, ids: Sequence[str], who: str, version: int) -> Reply:
        """Answer a delete of up to 100 records into the recycle bin."""
        if not ids:
            raise CallRefusedError(400, "REQUIRED_PARAM_MISSING", "required parameter missing", {"param_name": "ids"})
        if len(ids) > MAX_ROWS:
            raise CallRefusedError(400, "LIMIT_EXCEEDED", "too many records", {"limit": MAX_ROWS})
        return rows_reply([self._drop(module, record_id, who) for record_id in ids], 200, version=version)

    def change_owner(self, module: str, request: Request, who: str, version: int) -> Reply:
        """Answer a change of owner of up to 100 records."""
        owner = {"Owner": body_object(request).get("owner")}
        rows = []
        for record_id in body_rows(request, "ids"):
            try:
                present = self._live(module, str(record_id), "$.ids")
                values = self._org.checked(module, owner, "$.owner", present.values)
                self._org.update(module, present.id, values, who)
                rows.append(success("owner updated", {"id": present.id}))
            except RowRefusedError as refused:
                rows.append(refused.row)
        return rows_reply(rows, 200, version=version)

    def _drop(self, module: str, record_id: str, who: str) -> dict[str, Any]:
        try:
            row = self._live(module, record_id, "$.ids")
            self._org.remove(module, row.id, who)
        except RowRefusedError as refused:
            return refused.row
        return success("record deleted", {"id": record_id})

    def _each(self, request: Request, write: Writer) -> list[dict[str, Any]]:
        """Judge every row by itself; one that is refused does not hold up the others."""
        answers = []
        for index, row in enumerate(body_rows(request)):
            at = f"$.data[{index}]"
            try:
                if not isinstance(row, Mapping):
                    details = {"expected_data_type": "jsonobject", "json_path": at}
                    raise RowRefusedError("INVALID_DATA", "invalid data", details)
                answers.append(write(row, at))
            except RowRefusedError as refused:
                answers.append(refused.row)
        return answers

    def _insert(self, module: str, row: Mapping[str, Any], at: str, who: str) -> dict[str, Any]:
        values = self._org.checked(module, row, at, None)
        if module == "Notes" and not (values.get("Note_Title") or values.get("Note_Content")):
            details = {"expected_fields": [{"api_name": "Note_Content"}, {"api_name": "Note_Title"}]}
            raise RowRefusedError("EXPECTED_FIELD_MISSING", "expected field is missing", details)
        self._refuse_taken(module, values, at, None)
        made = self._org.insert(module, values, who)
        return success("record added", {**self.stamps(made), "$approval_state": "approved"})

    def _change(
        self, module: str, record_id: str, row: Mapping[str, Any], at: str, who: str, request: Request
    ) -> dict[str, Any]:
        present = self._live(module, record_id, f"{at}.id")
        self._refuse_moved(present, request)
        values = self._org.checked(module, row, at, present.values)
        _append(row, values, present.values)
        self._refuse_taken(module, values, at, record_id)
        return success("record updated", self.stamps(self._org.update(module, record_id, values, who)))

    def _upsert_row(
        self, module: str, row: Mapping[str, Any], at: str, who: str, fields: Sequence[str], request: Request
    ) -> dict[str, Any]:
        matched, by = self._match(module, row, fields, at)
        if matched is None:
            return {**self._insert(module, row, at, who), "action": "insert", "duplicate_field": None}
        return {**self._change(module, matched, row, at, who, request), "action": "update", "duplicate_field": by}

    def _match(
        self, module: str, row: Mapping[str, Any], fields: Sequence[str], at: str
    ) -> tuple[str | None, str | None]:
        if row.get("id"):
            return str(row["id"]), "id"
        for name in fields:
            value = row.get(name)
            hits = self._org.table(module).lookup(name, value) if isinstance(value, str) and value else []
            if len(hits) > 1:
                details = {"api_name": name, "json_path": f"{at}.{name}", "id": hits[0]}
                raise RowRefusedError("MULTIPLE_OR_MULTI_ERRORS", "several records match", details)
            if hits:
                return hits[0], name
        return None, None

    def _live(self, module: str, record_id: str, path: str) -> Row:
        row = self._org.table(module).rows.get(record_id)
        if row is None or row.deleted:
            raise gone(record_id, path)
        if row.locked:
            raise RowRefusedError("RECORD_LOCKED", "record is locked", {"id": record_id, "json_path": path})
        return row

    def _refuse_taken(self, module: str, values: Mapping[str, Any], at: str, record_id: str | None) -> None:
        for name in self._org.modules[module].unique_fields:
            value = values.get(name)
            for holder in self._org.table(module).lookup(name, value) if value else ():
                if holder != record_id:
                    raise RowRefusedError("DUPLICATE_DATA", "duplicate data", self._taken(module, name, at, holder))

    def _taken(self, module: str, name: str, at: str, holder: str) -> dict[str, Any]:
        row = self._org.table(module).rows[holder]
        return {
            "api_name": name,
            "json_path": f"{at}.{name}",
            "id": holder,
            "duplicate_record": {
                "id": holder,
                "Owner": self._org.cell(module, "Owner")(row, row.values),
                "Module": {"api_name": module},
                "module": {"api_name": module},
            },
        }

    def _refuse_moved(self, row: Row, request: Request) -> None:
        header = request.headers.get("if-unmodified-since")
        if not self.precondition or not header:
            return
        if row.modified_ms > parse_header_time(header):
            raise RowRefusedError(
                "ALREADY_MODIFIED", "The record was modified after the time specified", self.stamps(row)
            )

    def stamps(self, row: Row) -> dict[str, Any]:
        """Give what a write answers about a record: its id, times and people."""
        users = self._org.users
        modifier, maker = users.get(row.modified_by), users.get(row.created_by)
        return {
            "Modified_Time": wire_time(row.modified_ms),
            "Modified_By": modifier.brief if modifier else None,
            "Created_Time": wire_time(row.created_ms),
            "id": row.id,
            "Created_By": maker.brief if maker else None,
        }


def _row_id(row: Mapping[str, Any], at: str) -> str:
    record_id = row.get("id")
    if record_id is None:
        raise RowRefusedError(
            "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "id", "json_path": f"{at}.id"}
        )
    return str(record_id)


def _append(row: Mapping[str, Any], values: dict[str, Any], present: Mapping[str, Any]) -> None:
    """Work in ``$append_values``: those multi-select fields are added to, not replaced."""
    marks = row.get("$append_values")
    for name, on in marks.items() if isinstance(marks, Mapping) else ():
        if on and isinstance(values.get(name), list):
            values[name] = list(dict.fromkeys([*(present.get(name) or []), *values[name]]))
