"""FxiaoKe (纷享销客) as a connector: pages by id inside a closed window of server time, writes one by one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import resources
from typing import Any, ClassVar

from connectors.base import (
    Capabilities,
    ConnectorSettings,
    FieldSchema,
    Identity,
    ObjectInfo,
    ObjectSchema,
    Page,
    Ports,
    PullRequest,
    RemoteRecord,
    RemoteUser,
    WriteResult,
    WriteRow,
    chunks,
)
from connectors.fxiaoke import metadata, wire
from connectors.fxiaoke.answers import REFRESH_CODES, classify
from connectors.fxiaoke.auth import TokenKeeper, trace_id
from connectors.fxiaoke.quota import DailyCalls
from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.fxiaoke.spread import spread
from connectors.fxiaoke.writes import Writer
from connectors.hosts import host_of
from connectors.http import Answer, Call, Http, Kind, Window
from connectors.naming import tells_where, told_of
from mapping.errors import AuthRefused, DubanError, NeedsOperator, PageMalformed, QuotaSpent, RecordGone, Transient
from mapping.records import FieldType

IDS_A_QUERY = 100


class FxiaokeConnector:
    """See ``connectors.base.Connector``.

    Deletions come from the rows themselves and from one probe a round for rows in the bin; a record that was taken
    out of the bin for good between two rounds is found by the sweep only.
    """

    kind: ClassVar[str] = "fxiaoke"
    Settings: ClassVar[type[ConnectorSettings]] = FxiaokeSettings

    def __init__(self, settings: FxiaokeSettings, ports: Ports) -> None:
        self.settings = settings
        self.capabilities = Capabilities(
            created_by_filter=True,
            deleted_feed=settings.delete_probe,
            record_version=True,
            count=True,
            restore=True,
            batch_size=settings.batch_size,
            fetch_size=IDS_A_QUERY,
            page_size=settings.page_size,
            time_granularity_s=0.001,
            visible_after_s=settings.visible_after_s,
        )
        self._ports = ports
        self._daily = DailyCalls(ports, settings.daily_quota, settings.zone)
        self._http = Http(
            ports,
            base_url=settings.base_url,
            allowed_hosts=frozenset({host_of(settings.base_url)}),
            secrets=self._secrets,
            pool=settings.pool,
            deadline_s=settings.deadline_s,
            windows={"*": Window(settings.window_limit, settings.window_s)},
            classify=self._classify,
        )
        self._tokens = TokenKeeper(settings, ports, self._http)
        self._writer = Writer(settings, ports, partial(self._call, "write"), self._holder)
        self._unique: dict[str, tuple[str, ...]] = {}

    @tells_where
    def identify(self) -> Identity:
        company = self._tokens.credentials().org_id
        return Identity(org_id=company, org_name=company, zone=self.settings.zone, user_id=self.settings.actor)

    @tells_where
    def objects(self) -> Sequence[ObjectInfo]:
        return metadata.read_objects(self._read(wire.OBJECT_LIST, {"includeNull": False}))

    @tells_where
    def describe(self, object: str) -> ObjectSchema | None:
        body = {"apiName": object, "includeDetail": True}
        try:
            return metadata.read_schema(object, self._read(wire.OBJECT_DESCRIBE, body))
        except (NeedsOperator, PageMalformed):
            # No code for an unknown object is published; the list of objects tells it from a missing right.
            if any(info.name == object for info in self.objects()):
                raise
            return None

    @tells_where
    def users(self) -> Sequence[RemoteUser]:
        """Give the people, their ids as the owner fields of this generation of credentials carry them."""
        if self.settings.credentials == "body":
            return self._directory()
        try:
            pages = self._walk("PersonnelObj", metadata.PERSON_FIELDS, [])
            return metadata.read_users([row for page in pages for row in page], "user_id")
        except AuthRefused:
            raise
        except (NeedsOperator, PageMalformed):
            # The personnel object needs a right of its own; the directory may know people by open ids only, which
            # owner fields do not take here: those people are left out.
            return [user for user in self._directory() if not user.id.startswith(metadata.OPEN_ID)]

    def _directory(self) -> Sequence[RemoteUser]:
        body = {"departmentId": wire.WHOLE_COMPANY, "fetchChild": True, "showDepartmentIdsDetail": False}
        answer = self._read(wire.USER_LIST, body)
        return metadata.read_users(answer.get("userList") or answer.get("userlist"), "openUserId")

    def default_maps(self) -> Mapping[str, Any]:
        text = resources.files("connectors.fxiaoke").joinpath("defaults.toml").read_text(encoding="utf-8")
        return tomllib.loads(text)

    def codec_for(self, type: FieldType, schema: FieldSchema) -> str | None:
        return metadata.CODECS[type].get(schema.type)

    def pull(self, request: PullRequest) -> Iterator[Page]:
        with told_of(self._ports.name, request.object):
            place = wire.Place.parse(request.watermark)
            while True:
                walk = self._bin_page if place.phase == "bin" else self._rows_page
                page, place = walk(request, place)
                yield page
                if page.last:
                    return

    @tells_where
    def fetch(self, object: str, ids: Sequence[str], fields: tuple[str, ...]) -> Mapping[str, RemoteRecord | None]:
        found: dict[str, RemoteRecord | None] = dict.fromkeys(ids)
        if self.settings.fetch_by == "query":
            for some in chunks(list(found), IDS_A_QUERY):
                for page in self._walk(object, fields, [("_id", "IN", some)]):
                    found.update({record.id: record for record in self._judged(page, fields)[0]})
        # What a query does not show may only be younger than its index: it is asked for by name.
        missing = [id for id, record in found.items() if record is None]
        name = f"{self._ports.name}-read"
        records = spread(lambda id: self._get(object, id, fields), missing, self.settings.pool, name)
        found.update(zip(missing, records, strict=True))
        return {id: None if record is None or record.deleted else record for id, record in found.items()}

    @tells_where
    def find(self, object: str, field: str, values: Sequence[str], fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        found = []
        for some in chunks(list(dict.fromkeys(values)), IDS_A_QUERY):
            for page in self._walk(object, fields, [(field, "IN", some)]):
                found += [record for record in self._records(object, page, fields) if not record.deleted]
        return found

    @tells_where
    def find_created(self, object: str, since_ms: int, fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        filters: list[wire.Filter] = [
            ("created_by", "IN", [self.settings.actor]),
            ("create_time", "GTE", [str(since_ms)]),
        ]
        pages = self._walk(object, fields, filters)
        return [record for page in pages for record in self._records(object, page, fields) if not record.deleted]

    def write(self, object: str, rows: Sequence[WriteRow]) -> Sequence[WriteResult]:
        results = self._writer.write(object, rows) if rows else []
        changed = [row.op_id for row in rows if row.action == "update"] if self.settings.version_look else []
        return self._with_versions(object, results, set(changed)) if changed else results

    def _with_versions(self, object: str, results: Sequence[WriteResult], changed: set[str]) -> Sequence[WriteResult]:
        """Name the versions that changes led to: no answer does, and only a look right after them tells of an edit
        inside the request once somebody edits the record again. One query serves the whole batch.
        """
        ids = [one.remote_id for one in results if one.op_id in changed and one.outcome == "applied" and one.remote_id]
        shown: dict[str, RemoteRecord] = {}
        try:
            for some in chunks(ids, IDS_A_QUERY):
                for page in self._walk(object, (), [("_id", "IN", some)]):
                    shown |= {record.id: record for record in self._judged(page, ())[0]}
        except DubanError:
            return results  # the next listing tells nearly as much
        named = {id: _version_led_to(record, self.settings.actor) for id, record in shown.items()}
        return [
            one._replace(version=named.get(one.remote_id or "")) if one.op_id in changed else one for one in results
        ]

    @tells_where
    def count(self, object: str) -> int | None:
        # Whether plain queries count what lies in the bin is not documented: it is left out by name.
        live: wire.Filter = ("life_status", "N", [wire.INVALID])
        body = self._read(wire.data_path(object, "query"), wire.query_body(object, (), [live], 1, total=True))
        wire.read_rows(body)
        try:
            return wire.whole(body["data"].get("total"))
        except ValueError:
            return None

    def record_url(self, object: str, remote_id: str) -> str | None:
        return wire.record_link(object, remote_id)

    def record_ref(self, url: str) -> tuple[str, str] | None:
        return wire.parse_link(url)

    def send_message(self, users: Sequence[str], text: str) -> None:
        """Send a text message (企信) to employees; see ``connectors.base.Messenger``."""
        for some in chunks(list(users), wire.MESSAGE_RECEIVERS):
            self._call("write", wire.MESSAGE_SEND, {"toUser": list(some), **wire.text_message(text)})

    def close(self) -> None:
        self._http.close()

    # ---- pages

    def _rows_page(self, request: PullRequest, place: wire.Place) -> tuple[Page, wire.Place]:
        """Give the next page of the walk, and where it goes on."""
        answer = self._query(request.object, request.fields, place.filters())
        rows = wire.read_rows(answer.body)
        records, bad = self._judged(rows, request.fields)
        hi_ms = place.hi_ms if place.hi_ms is not None else _server_ms(answer, records)
        backfill = place.lo_ms is None
        full = len(rows) >= self.settings.page_size
        if full:
            following = wire.Place("rows", place.lo_ms, hi_ms, _next_id(rows, place.last_id))
        elif not (request.deletes and self.settings.delete_probe):
            following = self._next_round(place, hi_ms)
        else:
            following = wire.Place("bin", place.lo_ms, hi_ms)
        page = Page(
            records=[record for record in records if not record.deleted],
            watermark=following.text(),
            last=following.phase == "start",
            backfill=backfill,
            deleted_ids=[record.id for record in records if record.deleted],
            bad=bad,
        )
        return page, following

    def _bin_page(self, request: PullRequest, place: wire.Place) -> tuple[Page, wire.Place]:
        """Give the next page of records that went to the bin in the window."""
        rows = wire.read_rows(self._query(request.object, (), place.filters()).body)
        records, bad = self._judged(rows, ())
        full = len(rows) >= self.settings.page_size
        following = (
            wire.Place("bin", place.lo_ms, place.hi_ms, _next_id(rows, place.last_id))
            if full
            else self._next_round(place, place.hi_ms)
        )
        # A service that ignores the filter would show live rows here: only those that say so are gone.
        gone = [record.id for record in records if record.deleted]
        backfill = place.lo_ms is None
        page = Page((), following.text(), last=not full, backfill=backfill, deleted_ids=gone, bad=bad)
        return page, following

    def _next_round(self, place: wire.Place, hi_ms: int | None) -> wire.Place:
        """Give where the next pull starts: at the server's time of this one, less the overlap."""
        if hi_ms is None:
            return wire.Place("start", place.lo_ms)
        return wire.Place("start", hi_ms - round(self.settings.overlap_s * 1000))

    def _judged(self, rows: Sequence[Any], fields: tuple[str, ...]) -> tuple[list[RemoteRecord], list[tuple[str, str]]]:
        """Give the readable rows, and (id, reason) of those that are not."""
        records, bad = [], []
        for row in rows:
            try:
                records.append(wire.read_record(row, fields))
            except ValueError as exc:
                id = row.get("_id") if isinstance(row, dict) else None
                bad.append((str(id) if id else "?", str(exc)))
        return records, bad

    def _records(self, object: str, rows: Sequence[Any], fields: tuple[str, ...]) -> list[RemoteRecord]:
        """Give the rows of a look-up: one that cannot be read may be the one looked for."""
        return [wire.asked_record(object, row, fields) for row in rows]

    def _walk(self, object: str, fields: tuple[str, ...], filters: Sequence[wire.Filter]) -> Iterator[list[Any]]:
        """Yield the rows of every page in id order."""
        last_id = ""
        while True:
            behind: list[wire.Filter] = [("_id", "GT", [last_id])] if last_id else []
            rows = wire.read_rows(self._query(object, fields, [*behind, *filters]).body)
            yield rows
            if len(rows) < self.settings.page_size:
                return
            last_id = _next_id(rows, last_id)

    def _query(self, object: str, fields: tuple[str, ...], filters: Sequence[wire.Filter]) -> Answer:
        body = wire.query_body(object, fields, filters, self.settings.page_size)
        return self._answer("read", wire.data_path(object, "query"), body)

    def _get(self, object: str, id: str, fields: tuple[str, ...]) -> RemoteRecord | None:
        try:
            row = self._read(wire.data_path(object, "get"), wire.get_body(object, id)).get("data")
        except RecordGone:
            return None
        except PageMalformed as exc:
            # The code for a record that is not there is published nowhere: an undocumented one is taken for it.
            if exc.code is None:
                raise
            return None
        except NeedsOperator as exc:
            if exc.code not in NOT_FOUND_CODES:
                raise
            return None
        return wire.asked_record(object, row, fields) if row else None

    def _holder(self, object: str, values: Mapping[str, Any]) -> str | None:
        """Give the live record that holds one of the unique values, None when it cannot be found (yet)."""
        try:
            if object not in self._unique:
                schema = self.describe(object)
                self._unique[object] = tuple(f.name for f in schema.fields.values() if f.unique) if schema else ()
            taken = {name: str(values[name]) for name in self._unique[object] if values.get(name)}
            found = (record for name, value in taken.items() for record in self.find(object, name, [value], ()))
            first = next((record.id for record in found), None)
            return first or (self._own_with(object, taken) if taken else None)
        except DubanError:
            return None  # the row's own answer matters more than this look-up

    def _own_with(self, object: str, taken: Mapping[str, str]) -> str | None:
        """Give the youngest of our own records with one of these values: a search may not show it yet."""
        ours: wire.Filter = ("created_by", "IN", [self.settings.actor])
        body = wire.query_body(object, tuple(taken), [ours], self.settings.page_size, newest_first=True)
        rows = wire.read_rows(self._read(wire.data_path(object, "query"), body))
        return next(
            (
                record.id
                for record in self._judged(rows, tuple(taken))[0]
                if not record.deleted and any(record.payload.get(name) == value for name, value in taken.items())
            ),
            None,
        )

    # ---- one call

    def _read(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._call("read", path, body)

    def _call(self, kind: Kind, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._answer(kind, path, body)
        return answer.body if isinstance(answer.body, dict) else {}

    def _answer(self, kind: Kind, path: str, body: Mapping[str, Any]) -> Answer:
        """Send one call; when the service says the token is no good, once more with a new one."""
        credentials = self._tokens.credentials()
        for attempt in (1, 2):
            self._daily.take()
            try:
                return self._http.request(
                    "POST",
                    path,
                    kind=kind,
                    params={"thirdTraceId": trace_id(self._ports)},
                    json={**body, **credentials.body},
                    headers=credentials.headers,
                    window=path,
                )
            except AuthRefused as exc:
                if attempt == 2 or exc.code not in REFRESH_CODES:
                    raise
            credentials = self._tokens.renew(credentials.token)
        raise AssertionError("unreachable")

    def _classify(self, call: Call, answer: Answer) -> DubanError | None:
        error = classify(call, answer, self.settings.codes, self._daily.wait_s())
        if isinstance(error, Transient) and not isinstance(error, QuotaSpent):
            try:
                self._daily.take()  # the way out will send this call once more
            except QuotaSpent as spent:
                error = spent
        if error is not None:
            error.connection = self._ports.name
            error.message = self._http.hide(error.message)
        return error

    def _secrets(self) -> list[str]:
        own = [self.settings.app_secret.get_secret_value(), self.settings.permanent_code.get_secret_value()]
        return own + self._tokens.secret_values()


NOT_FOUND_CODES = frozenset({"32000", "15002"})
"""Documented as "bad parameter"; after a get by id they are taken for "no such record". [assumed]"""


def _server_ms(answer: Answer, records: Sequence[RemoteRecord]) -> int | None:
    """Give the server's time of the first page; without a Date, what its own rows prove has passed, if anything.

    A Date has whole seconds: the running one belongs to the window, or an edit of this very second would wait a round.
    """
    if answer.server_ms is not None:
        return answer.server_ms + 999
    seen = [record.modified_ms for record in records if record.modified_ms is not None]
    return max(seen, default=None)


def _version_led_to(record: RemoteRecord, actor: str) -> str | None:
    """Give the version that our write led to, by the record as it is right after it; None when that cannot be told."""
    if not record.version.isdecimal() or record.modified_by is None:
        return None
    return str(int(record.version) - (record.modified_by != actor))


def _next_id(rows: Sequence[Any], last_id: str) -> str:
    """Give the id to go on after; *last_id* is the one this page began behind.

    Raises:
        PageMalformed: the page ends without an id, or holds *last_id* again; going on would never end.
    """
    ids = [row.get("_id") if isinstance(row, dict) else None for row in rows]
    if not isinstance(ids[-1], str) or not ids[-1]:
        raise PageMalformed("the last row of a page has no id", zh="页末记录没有编号")
    if last_id in ids:
        raise PageMalformed("the service gives the same page again", zh="服务重复返回同一页")
    return ids[-1]
