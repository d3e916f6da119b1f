"""Paths, shapes and the signed call: what travels between us and Zoho.

Source: Zoho CRM v8 documentation and OpenAPI files [doc]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from connectors.base import Ports, RemoteRecord
from connectors.http import Answer, Http, Kind
from connectors.zoho.answers import CREDITS_LEFT, TokenStale, classify
from connectors.zoho.auth import Auth
from connectors.zoho.limits import Limits, calls_at_once
from connectors.zoho.settings import ZohoSettings, places
from mapping.errors import PageMalformed

API: Final = "/crm/v8"
SYSTEM_FIELDS: Final = ("id", "Modified_Time", "Modified_By", "Created_Time", "Created_By")
MAX_FIELDS: Final = 50

# Guesses about the vendor, one a line; each is [assumed] unless it says otherwise.
LIST_ONLY_MODULES: Final = frozenset({"Notes"})  # not among the modules a query may name [doc]
LIST_ONLY_FIELDS: Final = frozenset({"Tag", "Parent_Id"})  # queries do not show them, nor names that begin with "$"
MODULE_MARKS: Final[Mapping[str, str]] = {"$se_module": "What_Id"}  # listings tell the module of that lookup
AUTHOR: Final = "Created_By"  # in a condition it compares with a user's id; an owner's e-mail comes from the user list
PICKLIST_SHOWS: Final = "display_value"  # what listings show of an option, rather than its actual value
IDS_A_CALL: Final = 100  # ids that one listing takes


class Api:
    """Signed calls of one organisation; thread-safe."""

    def __init__(self, ports: Ports, settings: ZohoSettings) -> None:
        where = places(settings)
        self.http = Http(
            ports, base_url=where.api, allowed_hosts=where.all_hosts, secrets=self._secrets,
            pool=calls_at_once(None)[0], deadline_s=settings.deadline_s, classify=classify,
        )  # fmt: skip
        self._ports = ports
        self._base = where.api
        self.auth = Auth(self.http, ports, settings)
        self.limits = Limits(self.http, ports, settings.calls_at_once)

    def call(
        self,
        method: str,
        path: str,
        *,
        kind: Kind,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        heavy: bool = False,
        credits: int = 1,
    ) -> Answer:
        """Send one call under a good token; a token refused once is renewed and the call sent again.

        Raises: as ``Http.request``, with the codes of ``connectors.zoho.answers``.
        """

        def send(token: str, domain: str) -> Answer:
            return self.http.request(
                method, domain + API + path, kind=kind, params=params, json=json, heavy=heavy, credits=credits,
                headers={**(headers or {}), "authorization": f"Zoho-oauthtoken {token}"},
            )  # fmt: skip

        self.limits.recall()
        token = self.auth.token()
        try:
            answer = send(token.value, token.extra.get("api_domain", self._base))
        except TokenStale:
            fresh = self.auth.renew(token.value)
            answer = send(fresh.value, fresh.extra.get("api_domain", self._base))
        self._note_credits(answer)
        return answer

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        heavy: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Read *path*."""
        return self.call("GET", path, kind="read", params=params, headers=headers, heavy=heavy)

    def query(self, body: Mapping[str, Any], credits: int) -> Answer:
        """Run a COQL query: a POST that only reads, so it may be repeated."""
        return self.call("POST", "/coql", kind="read", json=body, heavy=True, credits=credits)

    def _secrets(self) -> Sequence[str]:
        return self.auth.secrets()

    def _note_credits(self, answer: Answer) -> None:
        left = answer.headers.get(CREDITS_LEFT, "")
        if left.isdigit():
            self._ports.counters["credits_left"] = int(left)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of rows as sent, with what says how to go on.

    Args:
        bad: rows without a usable id: (id or "?", reason).
    """

    rows: Sequence[Mapping[str, Any]]
    more: bool
    next_token: str | None = None
    bad: Sequence[tuple[str, str]] = ()


EMPTY: Final = Listing((), False)


def read_listing(answer: Answer, key: str = "data") -> Listing:
    """Give the rows of a listing; an empty one is 204 (or 304), never an empty body with 200.

    Raises:
        PageMalformed: the answer is not a listing.
    """
    if answer.status in (204, 304):
        return EMPTY
    body = answer.body
    rows = body.get(key) if isinstance(body, dict) else None
    info = body.get("info", {}) if isinstance(body, dict) else {}
    if answer.status != 200 or not isinstance(rows, list) or not isinstance(info, dict):
        raise PageMalformed(
            f"answer {answer.status} is not a listing of {key}", zh=f"答复 {answer.status} 不是 {key} 列表"
        )
    more = info.get("more_records", False)
    if not isinstance(more, bool):
        raise PageMalformed("more_records is neither true nor false", zh="分页标志无效")
    token = info.get("next_page_token")
    good, bad = _sort_rows(rows)
    return Listing(good, more, token if isinstance(token, str) and token else None, bad)


def _sort_rows(rows: Sequence[Any]) -> tuple[list[Mapping[str, Any]], list[tuple[str, str]]]:
    good: list[Mapping[str, Any]] = []
    bad: list[tuple[str, str]] = []
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]:
            good.append(row)
        else:
            bad.append(("?", "row without an id"))
    return good, bad


def to_record(row: Mapping[str, Any]) -> RemoteRecord:
    """Give a row as a record.

    Raises:
        ValueError: a time in it cannot be read.
    """
    modified = row.get("Modified_Time")
    return RemoteRecord(
        id=row["id"],
        payload=row,
        version=modified or "",
        modified_ms=read_ms(modified),
        modified_by=ref_id(row.get("Modified_By")),
        created_ms=read_ms(row.get("Created_Time")),
        created_by=ref_id(row.get("Created_By")),
        deleted=row.get("Record_Status__s") == "Trash",
    )


def to_records(listing: Listing) -> tuple[list[RemoteRecord], list[tuple[str, str]]]:
    """Give the readable rows as records, and the others with their reason."""
    records, bad = [], list(listing.bad)
    for row in listing.rows:
        try:
            records.append(to_record(row))
        except (ValueError, TypeError, OverflowError):
            bad.append((str(row["id"]), "a time cannot be read"))
    return records, bad


def read_ms(text: str | None) -> int | None:
    """Give an instant as milliseconds UTC.

    Raises:
        ValueError: it has no offset or is no date.
    Shape: "2026-11-23T15:54:37+08:00" -> 1795420477000
    """
    return _instant_ms(text) if text else None


@lru_cache(maxsize=8192)  # records of one import share their seconds, and most carry the same time twice
def _instant_ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("time without an offset")
    return int(moment.timestamp() * 1000)


def ref_id(value: Any) -> str | None:
    """Give the id of a lookup, whether it came as an object or bare."""
    found = value.get("id") if isinstance(value, dict) else value
    return str(found) if found else None


def ask_fields(fields: Sequence[str]) -> tuple[str, ...]:
    """Give the names to ask for: those wanted and the ones that say who changed a record and when."""
    return tuple(dict.fromkeys((*SYSTEM_FIELDS, *fields)))
