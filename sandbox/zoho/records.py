"""Records: list, read, create, update, upsert, delete, the deleted list, the count."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sandbox.wire import Reply, Request
from sandbox.world import Row, Table
from sandbox.zoho.answers import CallRefusedError, RowRefusedError, gone, rows_reply, success
from sandbox.zoho.org import Org
from sandbox.zoho.values import is_id, parse_header_time, wire_time

MAX_ROWS: Final = 100
MAX_PAGE: Final = 200
MAX_FIELDS: Final = 50
NUMBERED_LIMIT: Final = 2000
TOKEN_LIFE_MS: Final = 86_400_000
SORTS: Final = ("id", "Created_Time", "Modified_Time")
Writer = Callable[[Mapping[str, Any], str], dict[str, Any]]


class Records:
    """The records calls of one organisation. Callers hold the world's lock.

    Attributes:
        precondition: answer 412 to a PUT whose If-Unmodified-Since is older than the record (off by default: which
            header the real service honours is not known [assumed]).
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self.precondition = False

    # --- reading -------------------------------------------------------------------------------------------------

    def listing(self, module: str, request: Request, version: int, ids: Sequence[str] | None = None) -> Reply:
        """Answer a listing of a module (or of those *ids* of it: a related list)."""
        fields = wanted_fields(request, version)
        size = page_size(request)
        sort, descending = _order(request)
        page, after = self._place(request, module, size)
        since_ms = _since_ms(request)
        wanted = None if request.param("ids") == "" else set(request.param("ids").split(","))
        if ids is not None:
            wanted = set(ids)
        table = self._org.table(module)
        if wanted is None:
            chosen = self._walk(table, sort, descending, since_ms, after)
        else:
            chosen = self._among(table, wanted, sort, descending, since_ms, after)
        skip = 0 if after is not None else (page - 1) * size
        taken = list(islice(chosen, skip, skip + size + 1))
        if not taken:
            return Reply(304 if since_ms is not None and page == 1 and after is None else 204)
        shown, more = taken[:size], len(taken) > size
        paint = self._org.painter(module, fields)
        token = self._token(request, module, sort, shown[-1], page) if more else None
        info = {
            "per_page": size,
            "next_page_token": token,
            "count": len(shown),
            "sort_by": sort,
            "page": page,
            "previous_page_token": None,
            "page_token_expiry": wire_time(self._org.world.clock.now_ms() + TOKEN_LIFE_MS) if token else None,
            "sort_order": "desc" if descending else "asc",
            "more_records": more,
        }
        return Reply(200, {"data": [paint(row) for row in shown], "info": info})

    def one(self, module: str, record_id: str, request: Request) -> Reply:
        """Answer a read by id: 204 for one that is not there, 400 for what is no id."""
        check_id(record_id)
        row = self._org.table(module).rows.get(record_id)
        if row is None or row.deleted:
            return Reply(204)
        fields = [name for name in request.param("fields").split(",") if name] or None
        return Reply(200, {"data": [self._org.shown(module, row, fields)]})

    def deleted(self, module: str, request: Request) -> Reply:
        """Answer the deleted list, latest first."""
        kind = request.param("type", "all")
        if kind not in ("all", "recycle", "permanent"):
            raise CallRefusedError(400, "INVALID_DATA", "invalid value for type", {"param_name": "type"})
        size, page = page_size(request), _number(request, "page", 1)
        since_ms = _since_ms(request)
        table = self._org.table(module)
        rows = [table.rows[row_id] for row_id in table.bin]
        rows = [row for row in rows if kind in ("all", row.deleted)]
        if since_ms is not None:
            rows = [row for row in rows if row.deleted_ms > since_ms]
        rows.sort(key=lambda row: (row.deleted_ms, row.id), reverse=True)
        shown = rows[(page - 1) * size : page * size]
        if not shown:
            return Reply(204)
        info = {"per_page": size, "count": len(shown), "page": page, "more_records": page * size < len(rows)}
        return Reply(200, {"data": [self._shown_deleted(module, row) for row in shown], "info": info})

    def _shown_deleted(self, module: str, row: Row) -> dict[str, Any]:
        people = self._org.users
        deleter, maker = people.get(row.deleted_by), people.get(row.created_by)
        return {
            "deleted_by": deleter.brief if deleter else None,
            "id": row.id,
            "display_name": self._org.name_of(module, row),
            "type": row.deleted,
            "created_by": maker.brief if maker else None,
            "deleted_time": wire_time(row.deleted_ms),
        }

    # --- paging --------------------------------------------------------------------------------------------------

    def _walk(
        self, table: Table, sort: str, descending: bool, since_ms: int | None, after: tuple[int, str] | None
    ) -> Iterator[Row]:
        """Yield visible rows in the asked order, strictly after the place a page token stands for."""
        if sort == "Modified_Time":
            yield from _modified(table, descending, since_ms, after)
        elif sort == "id" and since_ms is None:
            bound = after[1] if after else None
            low, high = (None, bound) if descending else (bound, None)
            for row_id in table.live_ids(low, high, reverse=descending):
                row = table.seen(table.rows[row_id], "list")
                if row is not None:
                    yield row
        else:
            rows = list(_modified(table, False, since_ms, None))
            rows.sort(key=lambda row: _sort_key(row, sort), reverse=descending)
            for row in rows:
                if after is None or _is_past(_sort_key(row, sort), after, descending):
                    yield row

    def _among(
        self,
        table: Table,
        ids: Iterable[str],
        sort: str,
        descending: bool,
        since_ms: int | None,
        after: tuple[int, str] | None,
    ) -> Iterator[Row]:
        """Yield the visible rows among some ids, as ``_walk`` would."""
        present = (table.rows[one] for one in ids if one in table.rows)
        seen = (table.seen(row, "list") for row in present if not row.deleted)
        rows = [row for row in seen if row is not None and (since_ms is None or row.modified_ms > since_ms)]
        rows.sort(key=lambda row: _sort_key(row, sort), reverse=descending)
        return (row for row in rows if after is None or _is_past(_sort_key(row, sort), after, descending))

    def _place(self, request: Request, module: str, size: int) -> tuple[int, tuple[int, str] | None]:
        """Give the page number and, for a page token, the place to go on after."""
        token = request.param("page_token")
        if not token:
            page = _number(request, "page", 1)
            if page * size > NUMBERED_LIMIT:
                raise CallRefusedError(
                    400,
                    "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                    "You can only get the first 2000 records without using page_token param",
                    {"limit": NUMBERED_LIMIT},
                )
            return page, None
        if request.param("page"):
            details = {"ambiguity_due_to": [{"param_name": "page"}, {"param_name": "page_token"}]}
            raise CallRefusedError(
                400, "AMBIGUITY_DURING_PROCESSING", "page and page_token exclude each other", details
            )
        try:
            mark = json.loads(base64.urlsafe_b64decode(token))
            place, bound, expires_ms, page = (mark["ms"], mark["id"]), mark["q"], mark["x"], mark["n"]
        except (ValueError, binascii.Error, KeyError, TypeError) as exc:
            raise CallRefusedError(400, "INVALID_DATA", "invalid page token", {"param_name": "page_token"}) from exc
        if bound != _fingerprint(request, module):
            raise CallRefusedError(
                400,
                "TOKEN_BOUND_DATA_MISMATCH",
                "the page token belongs to another query",
                {"param_name": "page_token"},
            )
        if expires_ms <= self._org.world.clock.now_ms():
            raise CallRefusedError(400, "EXPIRED_VALUE", "the page token has expired", {"param_name": "page_token"})
        return page, place

    def _token(self, request: Request, module: str, sort: str, last: Row, page: int) -> str:
        ms, row_id = _sort_key(last, sort)
        expires_ms = self._org.world.clock.now_ms() + TOKEN_LIFE_MS
        mark: dict[str, Any] = {
            "ms": ms,
            "id": row_id,
            "q": _fingerprint(request, module),
            "x": expires_ms,
            "n": page + 1,
        }
        return base64.urlsafe_b64encode(json.dumps(mark).encode()).decode()

    # --- writing -------------------------------------------------------------------------------------------------

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
        body = _body(request)
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
        owner = {"Owner": _body(request).get("owner")}
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


# --- reading the call ------------------------------------------------------------------------------------------------


def body_rows(request: Request, key: str = "data", limit: int = MAX_ROWS) -> list[Any]:
    """Give the rows of a write.

    Raises:
        CallRefusedError: not JSON, no rows, or more than the limit.
    """
    rows = _body(request).get(key)
    if not isinstance(rows, list) or not rows:
        details = {"api_name": key, "json_path": f"$.{key}"}
        raise CallRefusedError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
    if len(rows) > limit:
        raise CallRefusedError(400, "LIMIT_EXCEEDED", "limit exceeded", {"limit": limit, "json_path": f"$.{key}"})
    return rows


def _body(request: Request) -> dict[str, Any]:
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
    size = _number(request, "per_page", MAX_PAGE)
    if size > MAX_PAGE:
        details = {"param_name": "per_page", "limit": MAX_PAGE}
        raise CallRefusedError(400, "LIMIT_EXCEEDED", "per_page is at most 200", details)
    return size


def check_id(record_id: str) -> None:
    """Raise the answer to a path whose id is none."""
    if not is_id(record_id):
        raise CallRefusedError(400, "INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1})


def _number(request: Request, name: str, default: int) -> int:
    text = request.param(name) or str(default)
    if not text.isdigit() or int(text) < 1:
        details = {"param_name": name, "expected_data_type": "integer"}
        raise CallRefusedError(400, "INVALID_DATA", "invalid value", details)
    return int(text)


def _order(request: Request) -> tuple[str, bool]:
    sort, order = request.param("sort_by") or "id", (request.param("sort_order") or "desc").lower()
    if sort not in SORTS:
        details = {"param_name": "sort_by", "supported_values": list(SORTS)}
        raise CallRefusedError(400, "INVALID_DATA", "invalid sort_by", details)
    if order not in ("asc", "desc"):
        details = {"param_name": "sort_order", "supported_values": ["asc", "desc"]}
        raise CallRefusedError(400, "INVALID_DATA", "invalid sort_order", details)
    return sort, order == "desc"


def _since_ms(request: Request) -> int | None:
    header = request.headers.get("if-modified-since")
    if not header:
        return None
    try:
        return parse_header_time(header)
    except (ValueError, TypeError) as exc:
        details = {"header": "If-Modified-Since", "expected_data_type": "datetime"}
        raise CallRefusedError(400, "INVALID_DATA", "invalid header", details) from exc


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


def _fingerprint(request: Request, module: str) -> str:
    """Give what binds a page token: the module and every parameter except the place itself."""
    kept = {name: values for name, values in request.query.items() if name not in ("page", "page_token")}
    text = json.dumps([module, kept, request.headers.get("if-modified-since")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sort_key(row: Row, sort: str) -> tuple[int, str]:
    if sort == "id":
        return (0, row.id)
    return (row.modified_ms if sort == "Modified_Time" else row.created_ms, row.id)


def _is_past(key: tuple[int, str], after: tuple[int, str], descending: bool) -> bool:
    return key < tuple(after) if descending else key > tuple(after)


def _modified(table: Table, descending: bool, since_ms: int | None, after: tuple[int, str] | None) -> Iterator[Row]:
    low = None if since_ms is None else since_ms + 1000
    high = None
    if after is not None and descending:
        high = after[0]
    elif after is not None:
        low = max(after[0], low or 0)
    for row in table.changed(low, high, lens="list", reverse=descending):
        if after is None or _is_past((row.modified_ms, row.id), after, descending):
            yield row
