"""The query: which records, in which order, which page of them. A page by id cursor costs about the page."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sandbox.fxiaoke.cells import SYSTEM_CELLS, cell
from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.describe import EMPLOYEE_TYPES, TEXT_TYPES, ObjectSpec, field_of
from sandbox.fxiaoke.operators import Test, number_of, sort_key, value_test
from sandbox.fxiaoke.people import Viewer
from sandbox.fxiaoke.tables import TenantTable
from sandbox.fxiaoke.tenant import Tenant
from sandbox.world import Lens, Row

Wire = dict[str, Any]

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
MAX_OFFSET: Final = 10_000
KEPT_ANSWERS: Final = 8

_BOUNDS: Final = frozenset({"GT", "GTE", "LT", "LTE", "BETWEEN", "EQ"})


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; ``values`` already name people by their CRM id."""

    field: str
    operator: str
    values: tuple[Any, ...]
    test: Test

    @property
    def key(self) -> tuple[str, str, str]:
        return self.field, self.operator, repr(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A query's ``search_query_info``, checked and compiled."""

    spec: ObjectSpec
    filters: tuple[Filter, ...]
    orders: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...]
    limit: int
    offset: int
    counted: bool

    @property
    def by_id(self) -> bool:
        """Say whether the records come in ascending id order."""
        return not self.orders or self.orders == (("_id", True),)


@dataclass(frozen=True, slots=True)
class Found:
    rows: Sequence[Row]
    total: int


def parse_search(
    tenant: Tenant, spec: ObjectSpec, body: Wire, data: Wire, viewer: Viewer, max_limit: int = MAX_LIMIT
) -> Search:
    """Give the query a request asks for.

    Raises:
        Refusal: it breaks a rule of paging, names an unknown operator, or has a wrong shape.
    """
    info = data.get("search_query_info") or {}
    if not isinstance(info, Mapping):
        raise Refusal("bad_query", "search_query_info is not an object", "参数错误")
    limit, offset = _paging(tenant, info, max_limit)
    return Search(
        spec=spec,
        filters=tuple(_filter(tenant, spec, raw, viewer) for raw in _list_of(info, "filters")),
        orders=tuple(_order(tenant, spec, raw) for raw in _list_of(info, "orders")),
        fields=tuple(str(name) for name in _list_of(info, "fieldProjection")),
        limit=limit,
        offset=offset,
        counted=_is_counted(tenant, body, data),
    )


def _list_of(info: Mapping[str, Any], name: str) -> list[Any]:
    value = info.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refusal("bad_query", f"{name} is not a list", "参数错误")
    return value


def _paging(tenant: Tenant, info: Mapping[str, Any], max_limit: int) -> tuple[int, int]:
    try:
        limit, offset = int(info.get("limit") or DEFAULT_LIMIT), int(info.get("offset") or 0)
    except (TypeError, ValueError) as exc:
        raise Refusal("bad_paging", "limit and offset must be numbers", "参数错误") from exc
    if offset > MAX_OFFSET:
        raise Refusal("offset_range", "offset out of range 10000", "offset 不能超过10000")
    if not tenant.settings.strict_paging:
        limit = min(max(limit, 1), max_limit)
        return limit, max(offset, 0) // limit * limit
    if not 1 <= limit <= max_limit:
        raise Refusal("bad_paging", f"limit [{limit}] out of range 1-{max_limit}", "参数错误")
    if offset < 0 or offset % limit:
        raise Refusal("bad_paging", f"offset [{offset}] is not a multiple of limit [{limit}]", "参数错误")
    return limit, offset


def _is_counted(tenant: Tenant, body: Wire, data: Wire) -> bool:
    for switch in (data.get("find_explicit_total_num"), body.get("need_return_count_num")):
        if switch is not None:
            return bool(switch) and str(switch).lower() != "false"
    if body.get("returnTotalNum") is not None:
        return str(body["returnTotalNum"]) != "3"
    return tenant.settings.default_total


def _known(tenant: Tenant, spec: ObjectSpec, name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise Refusal("bad_query", "a filter needs field_name, an order needs fieldName", "参数错误")
    if tenant.settings.strict_fields and name not in spec.fields:
        raise Refusal("bad_query", f"field [{name}] is not exists", "字段不存在")
    return name


def _filter(tenant: Tenant, spec: ObjectSpec, raw: Any, viewer: Viewer) -> Filter:
    if not isinstance(raw, Mapping):
        raise Refusal("bad_query", "a filter is not an object", "参数错误")
    name = _known(tenant, spec, raw.get("field_name"))
    given = raw.get("field_values", [])
    if not isinstance(given, list):
        raise Refusal("bad_query", f"field_values of [{name}] is not a list", "参数错误")
    field = field_of(spec, name)
    if field.type in EMPLOYEE_TYPES:
        given = [tenant.people.meant(str(value), viewer) or f"?{value}" for value in given]
    operator = str(raw.get("operator") or "")
    return Filter(name, operator, tuple(given), value_test(field, operator, given))


def _order(tenant: Tenant, spec: ObjectSpec, raw: Any) -> tuple[str, bool]:
    if not isinstance(raw, Mapping):
        raise Refusal("bad_query", "an order is not an object", "参数错误")
    ascending = raw.get("isAsc", True)
    return _known(tenant, spec, raw.get("fieldName")), str(ascending).lower() != "false"


class Finder:
    """Finds the records of a query. Call it under ``world.lock``."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._kept: OrderedDict[tuple[Any, ...], tuple[TenantTable, int, list[str]]] = OrderedDict()

    def find(self, search: Search) -> Found:
        """Give one page, and how many records match when the query wants that counted."""
        table = self._tenant.table(search.spec.name)
        lens = _lens(search)
        if (
            not search.counted
            and search.by_id
            and not search.offset
            and not _narrow(table, search, self._late_ms(lens))
        ):
            return Found(list(islice(self._walk(table, search, lens), search.limit)), 0)
        ids = self._matching(table, search, lens)
        page = ids[search.offset : search.offset + search.limit]
        rows = [table.rows[row_id] for row_id in page]
        seen = [row if row.deleted else table.seen(row, lens) for row in rows]
        return Found([row for row in seen if row is not None], len(ids) if search.counted else 0)

    def _late_ms(self, lens: Lens) -> int | None:
        """Give the time since which a write may still be hidden from such a read; None when none is."""
        world = self._tenant.world
        lag_ms = world.search_lag_ms if lens == "search" else world.list_lag_ms
        return world.clock.now_ms() - lag_ms if lag_ms else None

    def _walk(self, table: TenantTable, search: Search, lens: Lens) -> Iterator[Row]:
        """Yield matching records in id order, starting right at the cursor."""
        after = max((str(part.values[0]) for part in search.filters if part.key[:2] == ("_id", "GT")), default=None)
        ids: Iterable[str] = table.live_ids(after=after)
        if self._lists_bin(search) and table.binned:
            ids = sorted({*ids, *(row_id for row_id in table.binned if after is None or row_id > after)})
        return self._passing(table, ids, search, search.filters, lens)

    def _matching(self, table: TenantTable, search: Search, lens: Lens) -> list[str]:
        """Give the ids of all matching records in the query's order; kept until the next write."""
        cursor = [part for part in search.filters if search.by_id and part.field == "_id" and part.operator == "GT"]
        rest = tuple(part for part in search.filters if part not in cursor)
        key = (search.spec.name, lens, self._lists_bin(search), tuple(part.key for part in rest), search.orders)
        kept = self._kept.get(key)
        if self._late_ms(lens) is not None:
            # What shows changes with time alone.
            ids = self._gather(table, search, rest, lens)
        elif kept is not None and kept[0] is table and kept[1] == table.writes:
            ids = kept[2]
        else:
            ids = self._gather(table, search, rest, lens)
            self._kept[key] = (table, table.writes, ids)
            if len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        for part in cursor:
            ids = ids[bisect_right(ids, str(part.values[0])) :]
        return ids

    def _gather(self, table: TenantTable, search: Search, filters: Sequence[Filter], lens: Lens) -> list[str]:
        candidates = _narrow(table, search, self._late_ms(lens))
        if candidates is None:
            ids: Iterable[str] = table.live_ids()
            if self._lists_bin(search):
                ids = [*ids, *table.binned]
        else:
            ids = candidates(lens)
            if self._lists_bin(search):
                ids = {*ids, *table.binned}
        rows = list(self._passing(table, ids, search, filters, lens))
        rows.sort(key=lambda row: row.id)
        for name, ascending in reversed(search.orders):
            rows.sort(key=sort_key(field_of(search.spec, name)), reverse=not ascending)
        return [row.id for row in rows]

    def _lists_bin(self, search: Search) -> bool:
        """Say whether deleted records may show: only when asked for by state (or by setting). [assumed]"""
        asked = any(part.field in ("life_status", "is_deleted") for part in search.filters)
        return asked or self._tenant.settings.list_invalid

    def _passing(
        self, table: TenantTable, ids: Iterable[str], search: Search, filters: Sequence[Filter], lens: Lens
    ) -> Iterator[Row]:
        shows_bin = self._lists_bin(search)
        for row_id in ids:
            row = table.rows.get(row_id)
            if row is None or row.deleted == "permanent" or (row.deleted and not shows_bin):
                continue
            # What went into the bin is seen there at once; only writes of values lag.
            shown = row if row.deleted else table.seen(row, lens)
            if shown is not None and all(part.test(cell(shown, part.field)) for part in filters):
                yield shown


def _lens(search: Search) -> Lens:
    """Say which index answers: conditions on the server's own fields read the list, all others the search index."""
    own = all(part.field in SYSTEM_CELLS for part in search.filters)
    return "list" if own else "search"


Candidates = Callable[[Lens], Iterable[str]]


def _narrow(table: TenantTable, search: Search, late_ms: int | None) -> Candidates | None:
    """Give a cheap way to a superset of the matching ids; None when only a walk over all finds them.

    Args:
        late_ms: writes since then may be hidden, so that their records must be looked at as they were.
    """
    for part in search.filters:
        if part.field == "_id" and part.operator in ("EQ", "IN"):
            return lambda _, part=part: dict.fromkeys(map(str, part.values))  # type: ignore[misc]
        if part.field == "life_status" and part.operator in ("EQ", "IN") and set(part.values) == {"invalid"}:
            return lambda _: list(table.binned)
    for part in search.filters:
        texts = part.operator in ("EQ", "IN") and field_of(search.spec, part.field).type in TEXT_TYPES
        if texts and part.field not in SYSTEM_CELLS and all(part.values):
            return lambda _, part=part: {*_looked_up(table, part), *_late_ids(table, late_ms)}  # type: ignore[misc]
    low_ms, high_ms = _window(search, "last_modified_time")
    if low_ms is None and not table.made_late:
        # What was created since then was modified since then.
        low_ms = _window(search, "create_time")[0]
    first = next(table.changed(), None)
    if low_ms is None or (first is not None and low_ms <= first.modified_ms):
        return None
    return lambda lens: {row.id for row in table.changed(low_ms, high_ms, lens)}


def _looked_up(table: TenantTable, part: Filter) -> Iterator[str]:
    for value in part.values:
        yield from table.lookup(part.field, str(value))


def _late_ids(table: TenantTable, late_ms: int | None) -> list[str]:
    return [] if late_ms is None else table.since(late_ms)


def _window(search: Search, name: str) -> tuple[int | None, int | None]:
    """Give the span of times of that field that the filters leave."""
    low: int | None = None
    high: int | None = None
    for part in search.filters:
        if part.field != name or part.operator not in _BOUNDS:
            continue
        ends = [number_of(value) for value in part.values]
        if None in ends:
            continue
        whole = [int(end) for end in ends if end is not None]
        if part.operator in ("GT", "GTE", "BETWEEN", "EQ"):
            low = whole[0] if low is None else max(low, whole[0])
        if part.operator in ("LT", "LTE", "BETWEEN", "EQ"):
            high = whole[-1] if high is None else min(high, whole[-1])
    return low, high
