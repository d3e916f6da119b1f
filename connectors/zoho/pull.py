"""Pulling one module: rows by keyset queries or by the list chain, then the deleted list.

A pull walks through phases: ``rows`` (all of them, or those changed since a server time), then ``deleted``. Every
page carries a watermark from which another process goes on at the next page. The lower bound of the next pull is the
server's own time at the start of this one, minus the overlap; no clock of ours takes part.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from connectors.base import Page, PullRequest
from connectors.http import Answer
from connectors.zoho import coql
from connectors.zoho.answers import COQL_REFUSALS, RESTARTS
from connectors.zoho.settings import ZohoSettings
from connectors.zoho.wire import (
    IDS_A_CALL,
    LIST_ONLY_FIELDS,
    LIST_ONLY_MODULES,
    MAX_FIELDS,
    MODULE_MARKS,
    Api,
    Listing,
    ask_fields,
    read_listing,
    ref_id,
    to_records,
)
from mapping.errors import ConfigError, DubanError, PageMalformed

log = logging.getLogger(f"duban.{__name__}")

Phase = Literal["rows", "deleted", "done"]
_VERSION: Final = 1
_MODULES_KEPT: Final = 50_000
_MODULES_MARKED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a pull stands; the engine keeps it as opaque text.

    Args:
        since_ms: lower bound of changes, None for a full listing.
        hi_ms: server time at the start of this pull.
        after: last id seen (queries) ; ``token``: page token (list chain); ``page``: of the deleted list.
        via: road the position belongs to.
        modules: of some lookup targets, learnt so far: who goes on from here after a kill need not ask for them again.
    """

    phase: Phase
    since_ms: int | None = None
    hi_ms: int | None = None
    after: str | None = None
    token: str | None = None
    page: int = 1
    via: Literal["query", "list"] = "query"
    modules: Mapping[str, str] | None = None

    def text(self) -> str:
        """Give the mark as the engine stores it."""
        given = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({"v": _VERSION, **{name: value for name, value in given.items() if value is not None}})


def read_mark(text: str) -> Mark:
    """Give back a stored mark.

    Raises:
        PageMalformed: it is not one of ours; the module must be listed again.
    """
    try:
        held = json.loads(text)
        if held.pop("v") != _VERSION:
            raise ValueError("other version")
        return Mark(**held)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise PageMalformed("a stored watermark cannot be read", zh="保存的读取位置无法识别") from exc


class Puller:
    """Reads the modules of one organisation; thread-safe, remembers which ones cannot be queried."""

    def __init__(self, api: Api, settings: ZohoSettings) -> None:
        self._api = api
        self._settings = settings
        self._listed: set[str] = set()
        self._modules: dict[str, str] = {}
        self._lock = threading.Lock()

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield pages of *request* to the end.

        A look for changes mostly finds one page or none: the deleted list is asked for beside it. Both are held
        against the same moment, so that it does not matter which answer comes first.
        """
        mark = self._start(request)
        looks = mark.phase == "rows" and mark.since_ms is not None and mark.after is None and mark.token is None
        if not (looks and request.deletes) or self._settings.calls_at_once == 1:
            yield from self._walk(request, mark)
            return
        with ThreadPoolExecutor(1, thread_name_prefix="zoho-deleted") as pool:
            yield from self._walk(request, mark, pool.submit(self._ask_deleted, request, mark))

    def _walk(self, request: PullRequest, mark: Mark, beside: Future[Answer] | None = None) -> Iterator[Page]:
        while True:
            if mark.phase == "deleted":
                answer = beside.result() if beside is not None else self._ask_deleted(request, mark)
                page, mark = self._deleted_page(mark, answer)
                beside = None
            else:
                page, mark = self._step(request, mark)
            yield page
            if page.last:
                return

    def queryable(self, module: str, fields: Sequence[str]) -> bool:
        """Say whether the module and all fields can come from queries, as far as is known."""
        plain = not self._settings.list_chain and module not in LIST_ONLY_MODULES and module not in self._listed
        return plain and not any(_listed_only(name) for name in fields)

    def stop_querying(self, module: str, error: DubanError) -> None:
        """Remember that queries on *module* are refused: it is listed from now on."""
        with self._lock:
            self._listed.add(module)
        log.warning("%s: queries are refused (%s), listing instead", module, error.code)

    def complete(self, module: str, rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Mapping[str, str]:
        """Fill in, row by row, the module of a lookup, which queries do not tell; give these modules by target.

        One row of each lookup id that was not met before is read by id: a project has many tasks, a call serves
        a hundred projects.
        """
        told: dict[str, str] = {}
        for mark, lookup in MODULE_MARKS.items():
            if mark not in fields:
                continue
            known = self._modules_of(module, rows, mark, lookup)
            for row in rows:
                target = ref_id(row.get(lookup))
                if not target or target in known:
                    row[mark] = known.get(target or "")  # type: ignore[index]  # rows are our own parsed JSON
            told |= known
        return told

    def _modules_of(self, module: str, rows: Sequence[Mapping[str, Any]], mark: str, lookup: str) -> dict[str, str]:
        """Give the module of every target of these rows, as far as it can be told; a target never changes its own."""
        samples: dict[str, str] = {}
        for row in rows:
            target = ref_id(row.get(lookup))
            if target:
                samples.setdefault(target, row["id"])
        with self._lock:
            known = {target: self._modules[target] for target in samples if target in self._modules}
        unknown = [id for target, id in samples.items() if target not in known]
        for start in range(0, len(unknown), IDS_A_CALL):
            listing = self.by_ids(module, unknown[start : start + IDS_A_CALL], ("id", lookup, mark))
            found = {ref_id(row.get(lookup)): row.get(mark) for row in listing.rows}
            known |= {target: str(name) for target, name in found.items() if target and name}
        with self._lock:
            if len(self._modules) > _MODULES_KEPT:
                self._modules.clear()
            self._modules |= known
        return known

    def by_ids(self, module: str, ids: Sequence[str], fields: Sequence[str]) -> Listing:
        """Give up to 100 records by id, as the database has them (never from the search index)."""
        params = {"ids": ",".join(ids), "fields": ",".join(fields), "per_page": len(ids)}
        return read_listing(self._api.get(f"/{coql.name(module)}", params))

    # ---- phases

    def _start(self, request: PullRequest) -> Mark:
        via: Literal["query", "list"] = "query" if self.queryable(request.object, request.fields) else "list"
        if request.watermark is None:
            return Mark(phase="rows", via=via)
        mark = read_mark(request.watermark)
        if mark.phase == "done":
            since_ms = (mark.hi_ms or 0) - int(self._settings.overlap_s * 1000)
            return Mark(phase="rows", since_ms=max(0, since_ms), via=via)
        with self._lock:
            self._modules |= mark.modules or {}
        if mark.phase == "rows" and mark.via != via:
            return replace(mark, after=None, token=None, via=via)
        return mark

    def _step(self, request: PullRequest, mark: Mark) -> tuple[Page, Mark]:
        if mark.via == "query":
            try:
                return self._query_page(request, mark)
            except DubanError as error:
                if error.code not in COQL_REFUSALS:
                    raise
                self.stop_querying(request.object, error)
                mark = replace(mark, via="list", after=None, token=None)
        try:
            return self._list_page(request, mark)
        except PageMalformed as error:
            if error.code not in RESTARTS or mark.token is None:
                raise
            log.warning("%s: the listing starts again (%s)", request.object, error.code)
            return self._list_page(request, replace(mark, token=None))

    def _query_page(self, request: PullRequest, mark: Mark) -> tuple[Page, Mark]:
        limit = self._limit(mark)
        columns = [name for name in ask_fields(request.fields) if name not in MODULE_MARKS]
        query = coql.select(columns, request.object, _where(mark), limit)
        answer = self._api.query(coql.body(query), coql.credits_of(limit))
        listing = read_listing(answer)
        mark = _with_hi(mark, answer)
        last_id = listing.rows[-1]["id"] if listing.rows else None
        more = listing.more or len(listing.rows) >= limit
        if listing.rows and not _ascending(mark.after, [row["id"] for row in listing.rows]):
            raise PageMalformed("rows are not in the order of their ids", zh="记录未按编号排序")
        if more and last_id is None:
            raise PageMalformed("more rows are announced but none came", zh="声称还有记录但未返回")
        told = self.complete(request.object, listing.rows, request.fields)
        ahead = replace(mark, after=last_id, modules=_with_modules(mark, told)) if more else None
        return self._page(request, mark, listing, ahead)

    def _limit(self, mark: Mark) -> int:
        """A first look for changes is small (one credit); once there is more, pages are full."""
        quiet = mark.since_ms is not None and mark.after is None
        return min(coql.MAX_ROWS, self._settings.quiet_page_size if quiet else self._settings.page_size)

    def _list_page(self, request: PullRequest, mark: Mark) -> tuple[Page, Mark]:
        fields = ask_fields(request.fields)
        if len(fields) > MAX_FIELDS:
            raise ConfigError(f"{request.object}: more than {MAX_FIELDS} fields are mapped", zh="映射字段过多")
        params = {
            "fields": ",".join(fields),
            "per_page": self._settings.list_page_size,
            "sort_by": "id",
            "sort_order": "asc",
        }
        if mark.token is not None:
            params["page_token"] = mark.token
        headers = {"if-modified-since": coql.iso(mark.since_ms)} if mark.since_ms is not None else None
        answer = self._api.get(f"/{coql.name(request.object)}", params, heavy=True, headers=headers)
        listing = read_listing(answer)
        mark = _with_hi(mark, answer)
        if listing.more and (listing.next_token is None or listing.next_token == mark.token):
            raise PageMalformed("more rows are announced without a new page token", zh="声称还有记录但没有新的翻页标记")
        ahead = replace(mark, token=listing.next_token) if listing.more else None
        return self._page(request, mark, listing, ahead)

    def _page(self, request: PullRequest, mark: Mark, listing: Listing, ahead: Mark | None) -> tuple[Page, Mark]:
        records, bad = to_records(listing)
        if ahead is None:
            ahead = Mark(phase="deleted", since_ms=mark.since_ms, hi_ms=mark.hi_ms, via=mark.via)
            if not request.deletes:
                ahead = _done(ahead)
        page = Page(
            [record for record in records if not record.deleted], ahead.text(), ahead.phase == "done",
            mark.since_ms is None, tuple(record.id for record in records if record.deleted), tuple(bad),
        )  # fmt: skip
        return page, ahead

    def _ask_deleted(self, request: PullRequest, mark: Mark) -> Answer:
        headers = {"if-modified-since": coql.iso(mark.since_ms)} if mark.since_ms is not None else None
        params = {"type": "all", "page": mark.page, "per_page": 200}
        return self._api.get(f"/{coql.name(request.object)}/deleted", params, headers=headers)

    def _deleted_page(self, mark: Mark, answer: Answer) -> tuple[Page, Mark]:
        listing = read_listing(answer)
        ahead = replace(mark, page=mark.page + 1) if listing.more and listing.rows else _done(_with_hi(mark, answer))
        ids = tuple(dict.fromkeys(str(row["id"]) for row in listing.rows))
        page = Page((), ahead.text(), ahead.phase == "done", mark.since_ms is None, ids, tuple(listing.bad))
        return page, ahead


def _listed_only(name: str) -> bool:
    return name in LIST_ONLY_FIELDS or (name.startswith("$") and name not in MODULE_MARKS)


def _where(mark: Mark) -> str:
    after = f"id > {coql.record_id(mark.after)}" if mark.after else None
    since = f"Modified_Time >= {coql.moment(mark.since_ms)}" if mark.since_ms is not None else None
    return " and ".join(part for part in (since, after) if part) or "id is not null"


def _with_hi(mark: Mark, answer: Answer) -> Mark:
    """Pin the upper end to the server's time when the first answer of this pull was asked for."""
    if mark.hi_ms is not None or answer.server_ms is None:
        return mark
    return replace(mark, hi_ms=answer.server_ms - int(answer.elapsed_s * 1000) - 1000)


def _with_modules(mark: Mark, told: Mapping[str, str]) -> Mapping[str, str] | None:
    """Give the modules a mark carries on: a few, for the store writes it down with every page."""
    met = {**told, **(mark.modules or {})}
    return dict(itertools.islice(met.items(), _MODULES_MARKED)) or None


def _done(mark: Mark) -> Mark:
    """Give the mark of a finished pull; without any server time the old lower bound stays."""
    return Mark(phase="done", hi_ms=mark.hi_ms if mark.hi_ms is not None else mark.since_ms, via=mark.via)


def _ascending(after: str | None, ids: Sequence[str]) -> bool:
    numbers = [int(text) for text in ((after,) if after else ()) + tuple(ids) if text.isdigit()]
    return all(low < high for low, high in itertools.pairwise(numbers))
