"""Zoho CRM v8 as a connector: the contract of ``connectors.base``, put together from the other files of this folder."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

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
from connectors.naming import tells_where, told_of
from connectors.zoho import coql, metadata
from connectors.zoho.answers import COQL_REFUSALS
from connectors.zoho.pull import Puller
from connectors.zoho.settings import ZohoSettings, places
from connectors.zoho.wire import (
    AUTHOR,
    IDS_A_CALL,
    MODULE_MARKS,
    Api,
    Listing,
    ask_fields,
    read_listing,
    to_records,
)
from connectors.zoho.writer import Writer
from mapping.errors import DubanError, PageMalformed
from mapping.records import FieldType

_PAGE_OF_RECORD: Final = re.compile(r"/crm/(?:org\d+/)?tab/([A-Za-z][A-Za-z0-9_]*)/(\d{1,20})(?:[/?#]|$)")


class ZohoConnector:
    """One Zoho CRM organisation. Thread-safe.

    Deleted records cannot be brought back through the API, so ``restore`` is not offered: they are made anew.
    """

    kind: ClassVar[str] = "zoho"
    Settings: ClassVar[type[ConnectorSettings]] = ZohoSettings
    capabilities: Capabilities

    def __init__(self, settings: ZohoSettings, ports: Ports) -> None:
        self.settings = settings
        self._ports = ports
        self._places = places(settings)
        self._api = Api(ports, settings)
        self._puller = Puller(self._api, settings)
        self._writer = Writer(self._api, settings)
        self._identity: Identity | None = None
        self._lock = threading.Lock()
        self.capabilities = Capabilities(
            unique_key=True, created_by_filter=True, deleted_feed=True, record_version=False, count=True,
            restore=False, batch_size=100, fetch_size=IDS_A_CALL, page_size=settings.page_size,
            time_granularity_s=1.0, visible_after_s=settings.visible_after_s,
        )  # fmt: skip

    @tells_where
    def identify(self) -> Identity:
        org = self._api.get("/org")
        me = self._api.get("/users", {"type": "CurrentUser"})
        identity = metadata.read_identity(org, me)
        self._api.limits.learn(identity.edition)
        with self._lock:
            self._identity = identity
        return identity

    @tells_where
    def objects(self) -> Sequence[ObjectInfo]:
        return metadata.read_objects(self._api)

    @tells_where
    def describe(self, object: str) -> ObjectSchema | None:
        return metadata.read_schema(self._api, object, layouts=self.settings.layout_rules)

    @tells_where
    def users(self) -> Sequence[RemoteUser]:
        return metadata.read_users(self._api)

    def default_maps(self) -> Mapping[str, Any]:
        return tomllib.loads(resources.files("connectors.zoho").joinpath("defaults.toml").read_text("utf-8"))

    def codec_for(self, type: FieldType, schema: FieldSchema) -> str | None:
        return metadata.codec_for(type, schema)

    def pull(self, request: PullRequest) -> Iterator[Page]:
        with told_of(self._ports.name, request.object):
            yield from self._puller.pull(request)

    @tells_where
    def fetch(self, object: str, ids: Sequence[str], fields: tuple[str, ...]) -> Mapping[str, RemoteRecord | None]:
        found: dict[str, RemoteRecord | None] = dict.fromkeys(ids)
        wanted = [id for id in found if id.isdigit()]
        for some in chunks(wanted, IDS_A_CALL):
            for record in _strict(self._puller.by_ids(object, some, ask_fields(fields))):
                if record.id in found and not record.deleted:
                    found[record.id] = record
        return found

    @tells_where
    def find(self, object: str, field: str, values: Sequence[str], fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        found: dict[str, RemoteRecord] = {}
        for some in chunks(list(dict.fromkeys(value for value in values if value)), coql.MAX_IN):
            where = coql.any_of(field, [coql.literal(value) for value in some])
            listing = self._query(object, where, fields)
            rows = listing if listing is not None else self._search(object, field, some, fields)
            found |= {record.id: record for record in _strict(rows) if not record.deleted}
        return list(found.values())

    @tells_where
    def find_created(self, object: str, since_ms: int, fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        me = self._me()
        where = f"{AUTHOR} = {coql.record_id(me)} and Created_Time >= {coql.moment(since_ms)}"
        listing = self._query(object, where, fields)
        records = self._created_since(object, since_ms, fields) if listing is None else _strict(listing)
        return [
            record
            for record in records
            if record.created_by == me and (record.created_ms or 0) >= since_ms // 1000 * 1000
        ]

    def write(self, object: str, rows: Sequence[WriteRow]) -> Sequence[WriteResult]:
        return self._writer.write(object, rows)

    @tells_where
    def count(self, object: str) -> int | None:
        body = self._api.get(f"/{coql.name(object)}/actions/count").body
        number = body.get("count") if isinstance(body, dict) else None
        return int(number) if isinstance(number, int | str) and str(number).isdigit() else None

    def record_url(self, object: str, remote_id: str) -> str | None:
        org = f"org{self._identity.org_id}/" if self._identity and self._identity.org_id.isdigit() else ""
        return f"{self._places.web}/crm/{org}tab/{object}/{remote_id}"

    def record_ref(self, url: str) -> tuple[str, str] | None:
        try:
            same = urlsplit(url).netloc.lower() == urlsplit(self._places.web).netloc.lower()
        except ValueError:
            return None
        hit = _PAGE_OF_RECORD.search(url) if same else None
        return (hit[1], hit[2]) if hit else None

    def close(self) -> None:
        self._api.http.close()

    # ---- reading by condition

    def _query(self, object: str, where: str, fields: Sequence[str]) -> Listing | None:
        """Give all rows a condition meets, or None when this module cannot be queried.

        Fields that queries do not show are read by id afterwards.
        """
        if not self._puller.queryable(object, ()):
            return None
        direct = self._puller.queryable(object, fields)
        columns = [name for name in (ask_fields(fields) if direct else ("id",)) if name not in MODULE_MARKS]
        rows: list[Mapping[str, Any]] = []
        condition = where
        while True:
            limit = self.settings.quiet_page_size if not rows else coql.MAX_ROWS
            query = coql.select(columns, object, condition, limit)
            try:
                listing = read_listing(self._api.query(coql.body(query), coql.credits_of(limit)))
            except DubanError as error:
                if error.code not in COQL_REFUSALS:
                    raise
                return None
            rows += listing.rows
            if not listing.rows or not (listing.more or len(listing.rows) >= limit):
                break
            condition = f"({where}) and id > {coql.record_id(listing.rows[-1]['id'])}"
        if direct:
            self._puller.complete(object, rows, fields)
            return Listing(rows, False)
        return self._by_ids(object, [row["id"] for row in rows], fields)

    def _by_ids(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Listing:
        rows: list[Mapping[str, Any]] = []
        for some in chunks(ids, IDS_A_CALL):
            rows += self._puller.by_ids(object, some, ask_fields(fields)).rows
        return Listing(rows, False)

    def _search(self, object: str, field: str, values: Sequence[str], fields: Sequence[str]) -> Listing:
        """Find by the search index, which may lag: only where queries are refused."""
        rows: list[Mapping[str, Any]] = []
        for value in values:
            escaped = re.sub(r"([\\(),])", r"\\\1", value)
            params = {"criteria": f"({coql.name(field)}:equals:{escaped})", "fields": ",".join(ask_fields(fields))}
            rows += read_listing(self._api.get(f"/{coql.name(object)}/search", params, heavy=True)).rows
        return Listing(rows, False)

    def _created_since(self, object: str, since_ms: int, fields: Sequence[str]) -> list[RemoteRecord]:
        """Walk the newest records backwards until they are older than *since_ms*."""
        params = {
            "fields": ",".join(ask_fields(fields)), "per_page": self.settings.list_page_size,
            "sort_by": "Created_Time", "sort_order": "desc",
        }  # fmt: skip
        found: list[RemoteRecord] = []
        while True:
            listing = read_listing(self._api.get(f"/{coql.name(object)}", params, heavy=True))
            records = _strict(listing)
            found += records
            oldest = records[-1].created_ms if records else None
            if not listing.more or listing.next_token is None or (oldest is not None and oldest < since_ms - 1000):
                return found
            params["page_token"] = listing.next_token

    def _me(self) -> str:
        identity = self._identity or self.identify()
        if identity.user_id is None:
            raise PageMalformed("the answer does not name our own user", zh="答复中没有当前用户")
        return identity.user_id


def _strict(listing: Listing) -> list[RemoteRecord]:
    """Give the rows as records; a row that cannot be read is an error where somebody asked for it.

    Raises:
        PageMalformed: a row has no id or an unreadable time.
    """
    records, bad = to_records(listing)
    if bad:
        raise PageMalformed(f"a row cannot be read: {bad[0][1]}", zh="有记录无法识别", record=bad[0][0])
    return records
