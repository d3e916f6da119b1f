"""Bulk read: a job, its states, and a ZIP with one CSV at the end."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sandbox.wire import Reply, Request
from sandbox.world import Row
from sandbox.zoho.answers import CallRefusedError
from sandbox.zoho.compare import Test, test_for
from sandbox.zoho.org import Org, wire_id
from sandbox.zoho.values import wire_time

PAGE_ROWS: Final = 200_000
STATES: Final = ("ADDED", "QUEUED", "IN PROGRESS", "COMPLETED")
COMPARATORS: Final = {
    "equal": "=", "equals": "=", "not_equal": "!=", "greater_than": ">", "greater_equal": ">=", "less_than": "<",
    "less_equal": "<=", "in": "in", "not_in": "not in", "between": "between", "starts_with": "starts",
    "contains": "contains",
}  # fmt: skip


@dataclass(slots=True)
class _Job:
    id: str
    module: str
    fields: list[str]
    tests: list[tuple[str, Test]]
    any_of: bool
    page: int
    made_by: str
    made_ms: int
    polls: int = 0
    result: bytes = b""
    count: int = 0
    more: bool = False

    @property
    def state(self) -> str:
        return STATES[min(self.polls, len(STATES) - 1)]


@dataclass(slots=True)
class Bulk:
    """The bulk read calls. Each poll moves a job one state on. Callers hold the world's lock."""

    org: Org
    _jobs: dict[str, _Job] = field(default_factory=dict)

    def handle(self, request: Request, parts: Sequence[str], who: str) -> Reply:
        """Answer /read, /read/{id}, /read/{id}/result."""
        if parts == ["read"] and request.method == "POST":
            return self._add(request, who)
        job = self._jobs.get(parts[1]) if len(parts) > 1 else None
        if job is None or request.method != "GET":
            raise CallRefusedError(404, "RESOURCE_NOT_FOUND", "The requested resource doesn't exist.")
        if parts[2:] == ["result"]:
            if job.state != "COMPLETED":
                raise CallRefusedError(404, "RESOURCE_NOT_FOUND", "The requested resource doesn't exist.")
            headers = {"Content-Type": "application/zip", "Content-Disposition": f"attachment; filename={job.id}.zip"}
            return Reply(200, job.result, headers)
        job.polls += 1
        if job.state == "COMPLETED" and not job.result:
            self._complete(job)
        return Reply(200, {"data": [self._shown(job)]})

    def _add(self, request: Request, who: str) -> Reply:
        query = _query(request)
        module = (query.get("module") or {}).get("api_name", "")
        if module not in self.org.modules:
            raise CallRefusedError(400, "INVALID_MODULE", "the module name given seems to be invalid")
        known = self.org.modules[module].fields
        fields = [name for name in query.get("fields") or list(known) if name in known]
        criteria = query.get("criteria") or {}
        job = _Job(
            id=wire_id(self.org.world.next_number()),
            module=module,
            fields=fields if "id" in fields else ["id", *fields],
            tests=[self._test(module, one) for one in criteria.get("group", [criteria] if criteria else [])],
            any_of=str(criteria.get("group_operator", "and")).lower() == "or",
            page=int(query.get("page") or 1),
            made_by=who,
            made_ms=self.org.world.clock.now_ms(),
        )
        self._jobs[job.id] = job
        details = {key: value for key, value in self._shown(job).items() if key not in ("query", "file_type")}
        row = {"status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.", "details": details}
        return Reply(201, {"data": [row], "info": {}})

    def _test(self, module: str, one: Mapping[str, Any]) -> tuple[str, Test]:
        name = one.get("api_name") or (one.get("field") or {}).get("api_name", "")
        found = self.org.modules[module].fields.get(name)
        try:
            if found is None:
                raise ValueError(name)
            return name, test_for(found.type, COMPARATORS[str(one.get("comparator"))], one.get("value"))
        except (KeyError, ValueError, TypeError) as exc:
            raise CallRefusedError(400, "INVALID_DATA", "invalid criteria", {"api_name": name}) from exc

    def _rows(self, job: _Job) -> Iterator[Row]:
        table = self.org.table(job.module)
        cells = [(self.org.cell(job.module, name), test) for name, test in job.tests]
        join = any if job.any_of else all
        for row_id in table.live_ids():
            row = table.rows[row_id]
            values = row.values
            if not cells or join(test(cell(row, values)) for cell, test in cells):
                yield row

    def _complete(self, job: _Job) -> None:
        start = (job.page - 1) * PAGE_ROWS
        rows = list(islice(self._rows(job), start, start + PAGE_ROWS + 1))
        job.more, rows = len(rows) > PAGE_ROWS, rows[:PAGE_ROWS]
        job.count = len(rows)
        out = io.StringIO()
        writer = csv.writer(out)
        header = ["Id" if name == "id" else name for name in job.fields]
        writer.writerow(header)
        cells = [self.org.cell(job.module, name) for name in job.fields]
        for row in rows:
            values = row.values
            writer.writerow([_flat(cell(row, values)) for cell in cells])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{job.id}.csv", out.getvalue())
        job.result = packed.getvalue()

    def _shown(self, job: _Job) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": job.id,
            "operation": "read",
            "state": job.state,
            "query": {"module": {"api_name": job.module}, "fields": job.fields, "page": job.page},
            "created_by": self.org.users[job.made_by].brief,
            "created_time": wire_time(job.made_ms),
            "file_type": "csv",
        }
        if job.state == "COMPLETED" and job.result:
            shown["result"] = {
                "page": job.page,
                "count": job.count,
                "download_url": f"/crm/bulk/v8/read/{job.id}/result",
                "per_page": PAGE_ROWS,
                "more_records": job.more,
                "next_page_token": None,
            }
        return shown


def _query(request: Request) -> dict[str, Any]:
    try:
        query = request.json()["query"]
    except (ValueError, KeyError, TypeError) as exc:
        details = {"api_name": "query", "json_path": "$.query"}
        raise CallRefusedError(400, "MANDATORY_NOT_FOUND", "required field not found", details) from exc
    return query if isinstance(query, dict) else {}


def _flat(value: Any) -> str:
    """Give a cell as the CSV shows it: references are ids, lists are joined, blank is nothing."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return str(value.get("id", ""))
    if isinstance(value, list):
        return ";".join(str(one.get("name", "")) if isinstance(one, Mapping) else str(one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
