"""Running a COQL query: a walk by id or by modified time when its bounds and order allow, else a sort.

What answers look like for lookups and tags is assumed where the documentation is silent: a lookup, also one that
may point into any module, is ``{"id"}`` alone; tags come as in records [assumed].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sandbox.wire import Reply, Request
from sandbox.world import Row, Table, Values
from sandbox.zoho import coql
from sandbox.zoho.answers import CallRefusedError
from sandbox.zoho.calls import body_object
from sandbox.zoho.compare import comparable, test_for
from sandbox.zoho.coql import Both, Condition, Expression, Query
from sandbox.zoho.modules import Field
from sandbox.zoho.org import Cell, Org
from sandbox.zoho.values import parse_time

Keep = Callable[[Row, Values], bool]
Hit = tuple[Row, Values]
"""A row with its values, which a recipe works out anew each time they are asked for."""
T = TypeVar("T", int, str)
USER_FIELDS: Final = {
    "id": "id", "first_name": "first_name", "last_name": "last_name", "full_name": "full_name", "email": "email",
}  # fmt: skip
ID_DIGITS: Final = 19
NOT_QUERIED: Final = frozenset({"Notes"})
"""Modules missing among those a query may name. Source: COQL Overview [doc]"""


class Queries:
    """The COQL call of one organisation. Callers hold the world's lock."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def parse(self, request: Request) -> Query:
        """Read the query of a call. Raises CallRefusedError."""
        text = body_object(request).get("select_query")
        if not isinstance(text, str) or not text.strip():
            details = {"api_name": "select_query", "json_path": "$.select_query"}
            raise CallRefusedError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
        return coql.parse(text)

    def run(self, query: Query) -> Reply:
        """Answer a query."""
        if query.module not in self._org.modules or query.module in NOT_QUERIED:
            raise coql.invalid_query("the module is invalid", reason="invalid module name", module=query.module)
        keep = self._filter(query.module, query.where)
        cells = [(column.alias, self._cell(query.module, column.path, "select")) for column in query.columns]
        if query.group or any(column.aggregate for column in query.columns):
            return _listing(self._grouped(query, keep), query)
        if all(column.path != "id" for column in query.columns):
            cells.append(("id", self._cell(query.module, "id", "select")))
        rows = islice(self._rows(query, keep), query.offset, query.offset + query.limit + 1)
        return _listing([{name: cell(row, values) for name, cell in cells} for row, values in rows], query, paged=True)

    # --- which rows ----------------------------------------------------------------------------------------------

    def _rows(self, query: Query, keep: Keep) -> Iterator[Hit]:
        table = self._org.table(query.module)
        order = query.order or (("id", False),)
        by_id = order[0][0] == "id"
        by_change = order in ((("Modified_Time", False), ("id", False)), (("Modified_Time", True), ("id", True)))
        if by_change or (len(order) == 1 and order[0][0] == "Modified_Time"):
            return _kept(self._changed(table, query.where, order[0][1]), keep)
        found = _kept(self._candidates(table, query.where, by_id and order[0][1]), keep)
        if by_id:
            return found
        keys = [(self._sort_cell(query.module, path), descending) for path, descending in reversed(order)]
        rows = sorted(found, key=lambda hit: hit[0].id)
        for cell, descending in keys:
            rows.sort(key=lambda hit, cell=cell: _rank(cell(*hit)), reverse=descending)  # type: ignore[misc]
        return iter(rows)

    def _changed(self, table: Table, where: Expression, descending: bool) -> Iterator[Row]:
        low, high = _bounds(where, "Modified_Time", _moment)
        return table.changed(low, high, lens="list", reverse=descending)

    def _candidates(self, table: Table, where: Expression, descending: bool) -> Iterator[Row]:
        """Yield visible rows in id order, as few as the conditions on ids, keys and times allow."""
        ids: Iterable[str] | None = self._few(table, where)
        if ids is None:
            low, high = _bounds(where, "id", _padded)
            ids = self._walk(table, where, low, high, descending)
        for row_id in ids:
            row = table.rows.get(row_id)
            shown = table.seen(row, "list") if row is not None and not row.deleted else None
            if shown is not None:
                yield shown

    def _walk(
        self, table: Table, where: Expression, low: str | None, high: str | None, descending: bool
    ) -> Iterator[str] | Sequence[str]:
        since_ms, _ = _bounds(where, "Modified_Time", _moment)
        if since_ms is not None:
            changed = (row.id for row in table.changed(since_ms, lens="list"))
            inside = (id for id in changed if (low is None or id >= low) and (high is None or id <= high))
            return sorted(inside, reverse=descending)
        after = None if low is None or int(low) == 0 else _padded(int(low) - 1)
        before = None if high is None else _padded(int(high) + 1)
        return table.live_ids(after=after, before=before, reverse=descending)

    def _few(self, table: Table, where: Expression) -> Sequence[str] | None:
        """Give the ids a condition names outright (ids, or values of a unique field); None when there is none."""
        if isinstance(where, Both):
            if where.word == "or":
                return None
            left = self._few(table, where.left)
            return left if left is not None else self._few(table, where.right)
        if where.operator not in ("=", "in"):
            return None
        named = where.value if where.operator == "in" else (where.value,)
        if where.path == "id":
            return sorted({str(one) for one in named})
        field = self._org.modules[table.name].fields.get(where.path)
        if field is None or not (field.unique or field.duplicate_check):
            return None
        return sorted({row_id for one in named for row_id in table.candidates(field.api_name, str(one), "list")})

    def _filter(self, module: str, where: Expression) -> Keep:
        if isinstance(where, Both):
            left, right = self._filter(module, where.left), self._filter(module, where.right)
            if where.word == "and":
                return lambda row, values: left(row, values) and right(row, values)
            return lambda row, values: left(row, values) or right(row, values)
        field, cell = self._field(module, where.path), self._cell(module, where.path, "where")
        if field.type in ("textarea", "tags"):
            raise coql.invalid_query("the column cannot be used here", column_name=where.path, reason="not supported")
        try:
            test = test_for(field.type, where.operator, where.value)
        except (ValueError, TypeError, AttributeError) as exc:
            raise coql.invalid_query(
                "invalid value for the column", column_name=where.path, operator=where.operator,
                expected_data_type=field.type,
            ) from exc  # fmt: skip
        return lambda row, values: test(cell(row, values))

    # --- which values --------------------------------------------------------------------------------------------

    def _field(self, module: str, path: str) -> Field:
        """Give the field at the end of a path. Raises CallRefusedError for one that is not there."""
        head, _, rest = path.partition(".")
        field = self._org.modules[module].fields.get(head)
        if field is None:
            raise coql.invalid_query("column given seems to be invalid", column_name=path, reason="invalid column name")
        if not rest:
            return field
        if field.type == "ownerlookup" and rest in USER_FIELDS:
            return Field(api_name=rest, type="bigint" if rest == "id" else "text", length=100)
        if field.type == "lookup" and field.target:
            return self._field(field.target, rest)
        raise coql.invalid_query("column given seems to be invalid", column_name=path, reason="invalid column name")

    def _cell(self, module: str, path: str, clause: str) -> Cell:
        """Give the reader of a path: as selected it is in the answer's form, in a condition in the stored one."""
        head, _, rest = path.partition(".")
        field = self._field(module, head)
        if rest:
            self._field(module, path)
            return self._joined(field, head, rest, clause)
        if clause == "select" and field.type in ("lookup", "ownerlookup", "multi_module_lookup"):
            return _reference(head)
        if field.type in ("textarea", "text", "picklist") or head not in self._org.modules[module].fields:
            return lambda _, values: values.get(head)
        if field.type in ("lookup", "multi_module_lookup") or head == "Owner":
            return lambda _, values: values.get(head)
        if head in ("Created_Time", "Modified_Time") and clause != "select":
            return (lambda row, _: row.created_ms) if head == "Created_Time" else (lambda row, _: row.modified_ms)
        return self._org.cell(module, head)

    def _sort_cell(self, module: str, path: str) -> Cell:
        field, cell = self._field(module, path), self._cell(module, path, "order")
        return lambda row, values: comparable(field.type, cell(row, values))

    def _joined(self, field: Field, head: str, rest: str, clause: str) -> Cell:
        if field.type == "ownerlookup":
            reference = _reference(head)
            users, name = self._org.users, USER_FIELDS[rest]

            def of_user(row: Row, values: Values) -> Any:
                user = users.get((reference(row, values) or {}).get("id", ""))
                return getattr(user, name) if user else None

            return of_user
        target = str(field.target)
        table, inner = self._org.table(target), self._cell(target, rest, clause)

        def of_record(_: Row, values: Values) -> Any:
            found = table.rows.get((values.get(head) or {}).get("id", ""))
            return inner(found, found.values) if found is not None and not found.deleted else None

        return of_record

    # --- groups --------------------------------------------------------------------------------------------------

    def _grouped(self, query: Query, keep: Keep) -> list[dict[str, Any]]:
        table = self._org.table(query.module)
        plain = [column for column in query.columns if not column.aggregate]
        if any(column.path not in query.group for column in plain):
            raise coql.invalid_query("a selected column is not grouped", reason="group by")
        by = [self._cell(query.module, path, "select") for path in query.group]
        groups: dict[str, list[Hit]] = {}
        for hit in _kept(self._candidates(table, query.where, False), keep):
            groups.setdefault(repr([cell(*hit) for cell in by]), []).append(hit)
        if not groups and not query.group:
            groups[""] = []
        out = [self._group_row(query, rows) for rows in groups.values()]
        return out[query.offset : query.offset + query.limit]

    def _group_row(self, query: Query, rows: Sequence[Hit]) -> dict[str, Any]:
        out = {}
        for column in query.columns:
            cell = self._cell(query.module, column.path, "select")
            if not column.aggregate:
                out[column.alias] = cell(*rows[0])
                continue
            values = [value for value in (cell(*hit) for hit in rows) if value is not None]
            out[column.alias] = _AGGREGATES[column.aggregate](values)
        return out


_AGGREGATES: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "count": len,
    "sum": sum,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "avg": lambda values: sum(values) / len(values) if values else None,
}


def _kept(rows: Iterable[Row], keep: Keep) -> Iterator[Hit]:
    for row in rows:
        values = row.values
        if keep(row, values):
            yield row, values


def _listing(rows: list[dict[str, Any]], query: Query, paged: bool = False) -> Reply:
    more = paged and len(rows) > query.limit
    shown = rows[: query.limit]
    if not shown:
        return Reply(204)
    return Reply(200, {"data": shown, "info": {"count": len(shown), "more_records": more}})


def _reference(head: str) -> Cell:
    """Give the reader of a reference in a query's answer: the id alone."""
    people: dict[str, Cell] = {
        "Created_By": lambda row, _: {"id": row.created_by},
        "Modified_By": lambda row, _: {"id": row.modified_by},
    }
    if head in people:
        return people[head]

    def reader(_: Row, values: Values) -> Any:
        value = values.get(head)
        return {"id": value["id"]} if value else None

    return reader


def _rank(value: Any) -> tuple[bool, Any]:
    """Give a sort key that puts blank values first."""
    return (value is not None, value if value is not None else 0)


def _moment(value: Any) -> int:
    return parse_time(value)


def _padded(value: Any) -> str:
    if not str(value).isdigit():
        raise ValueError(value)
    return str(value).zfill(ID_DIGITS)


def _bounds(where: Expression, path: str, read: Callable[[Any], T]) -> tuple[T | None, T | None]:
    """Give limits (both included, None for none) that every matching row's *path* keeps to."""
    if isinstance(where, Condition):
        return _limits(where, read) if where.path == path else (None, None)
    left, right = _bounds(where.left, path, read), _bounds(where.right, path, read)
    lows, highs = [_known(left[0], right[0]), _known(left[1], right[1])]
    if where.word == "and":
        return max(lows, default=None), min(highs, default=None)
    return min(lows) if len(lows) == 2 else None, max(highs) if len(highs) == 2 else None


def _known(*values: T | None) -> list[T]:
    return [value for value in values if value is not None]


def _limits(condition: Condition, read: Callable[[Any], T]) -> tuple[T | None, T | None]:
    try:
        if condition.operator in (">", ">="):
            return read(condition.value), None
        if condition.operator in ("<", "<="):
            return None, read(condition.value)
        if condition.operator == "=":
            return read(condition.value), read(condition.value)
        if condition.operator == "between":
            return read(condition.value[0]), read(condition.value[1])
    except (ValueError, TypeError):
        pass  # the filter says what is wrong with it
    return None, None
