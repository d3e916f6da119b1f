"""Reading records: listings with their two ways of paging, one record, the deleted list."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sandbox.wire import Reply, Request
from sandbox.world import Row, Table
from sandbox.zoho.answers import CallRefusedError
from sandbox.zoho.calls import check_id, page_size, since_ms_of, sorting, wanted_fields, whole_number
from sandbox.zoho.org import Org
from sandbox.zoho.values import wire_time

NUMBERED_LIMIT: Final = 2000
TOKEN_LIFE_MS: Final = 86_400_000


class Listings:
    """The reading calls of one organisation. Callers hold the world's lock."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def listing(self, module: str, request: Request, version: int, ids: Sequence[str] | None = None) -> Reply:
        """Answer a listing of a module (or of those *ids* of it: a related list)."""
        fields = wanted_fields(request, version)
        size = page_size(request)
        sort, descending = sorting(request)
        page, after = self._place(request, module, size)
        since_ms = since_ms_of(request)
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
        size, page = page_size(request), whole_number(request, "page", 1)
        since_ms = since_ms_of(request)
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
            page = whole_number(request, "page", 1)
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
