"""The contract between duban and one remote system.

A connector declares its settings, translates answers, pages and writes. It has no retry loop, no sleep and no log
of bodies: ``connectors.http`` paces, repeats what is safe to repeat and hides secrets. It never decides what to
sync. Errors leave it as classes of ``mapping.errors`` only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

import pydantic

from mapping.fields import Clause
from mapping.ports import Clock
from mapping.records import EntityKind, FieldType

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a remote can do; the engine chooses its protocol from these, never from the vendor's name.

    Args:
        unique_key: the remote can enforce a unique key field (class A); False means searchable only (class B).
        created_by_filter: records made by our own user since a time can be listed (the probe of class C).
        deleted_feed: a pull also yields deletions.
        record_version: ``RemoteRecord.version`` changes with every write and only then (not merely a second).
        count: ``count`` answers.
        restore: a deleted record can be brought back.
        batch_size: rows a ``write`` call takes at most.
        fetch_size: ids a ``fetch`` call takes at most.
        page_size: rows of a full page.
        time_granularity_s: step of the remote's modified time, in seconds.
        visible_after_s: how long a write may stay invisible in lists and search (default of the setting).
    """

    unique_key: bool = False
    created_by_filter: bool = False
    deleted_feed: bool = False
    record_version: bool = False
    count: bool = False
    restore: bool = False
    batch_size: int = 1
    fetch_size: int = 100
    page_size: int = 100
    time_granularity_s: float = 1.0
    visible_after_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are logged in as; pinned at the first run and compared before every later one."""

    org_id: str
    org_name: str
    zone: str
    user_id: str | None = None
    environment: str = "production"
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSchema:
    """One remote field as the live metadata describes it."""

    name: str
    type: str
    label: str = ""
    length: int | None = None
    decimals: int | None = None
    required: bool = False
    read_only: bool = False
    unique: bool = False
    searchable: bool = True
    options: tuple[str, ...] = ()
    option_labels: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSchema:
    name: str
    label: str
    fields: Mapping[str, FieldSchema]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    name: str
    label: str
    custom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteUser:
    id: str
    name: str
    email: str | None
    active: bool = True


class RemoteRecord(NamedTuple):
    """One record as the remote showed it (a tuple: a listing makes thousands).

    Args:
        payload: the wire fields that were asked for; a field that is not a key here was not shown.
        version: opaque; equal means unchanged only where ``Capabilities.record_version`` says so.
        modified_ms, created_ms: server times, milliseconds UTC; None when the remote does not say.
        modified_by, created_by: remote user ids.
        deleted: True when the row itself says the record is in the bin.
    """

    id: str
    payload: Mapping[str, Any]
    version: str = ""
    modified_ms: int | None = None
    modified_by: str | None = None
    created_ms: int | None = None
    created_by: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page of changes.

    Args:
        records: live records; ``deleted_ids`` those the remote says are gone.
        watermark: opaque; hand it back to ``pull`` to go on after this page. Safe once this page is stored.
        last: True when the pull has caught up; the watermark then belongs to the next round.
        backfill: True while this page belongs to a full listing, False for changes since a watermark.
        bad: rows that could not be read at all: (id or "?", reason); they go to quarantine.
    """

    records: Sequence[RemoteRecord]
    watermark: str
    last: bool
    backfill: bool
    deleted_ids: Sequence[str] = ()
    bad: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """Args:
    fields: wire fields to ask for.
    watermark: None to list everything (backfill), else what the last stored page carried.
    where: scope clauses; the connector may evaluate those it can, the engine evaluates all again.
    deletes: also ask for deletions; of a full listing, for all there are, told before or not.
    """

    entity: EntityKind
    object: str
    fields: tuple[str, ...]
    watermark: str | None = None
    where: tuple[Clause, ...] = ()
    deletes: bool = True


Action = Literal["create", "update", "delete", "restore"]


class WriteRow(NamedTuple):
    """One row of a write.

    Args:
        op_id: the engine's own id of this intent; comes back in the result.
        values: wire fields to send: changed ones only; for a create all of them, constants included.
        steps_done: parts of a multi-call write that an earlier attempt finished (tags, owner change).
    """

    op_id: str
    action: Action
    values: Mapping[str, Any] = MappingProxyType({})
    remote_id: str | None = None
    steps_done: tuple[str, ...] = ()


Outcome = Literal["applied", "refused", "busy", "gone", "duplicate", "stale", "unknown", "transient"]


class WriteResult(NamedTuple):
    """What became of one row.

    Args:
        outcome: applied; refused (permanent, to quarantine); busy (locked: next round); gone (no such record);
            duplicate (a unique value is taken, ``remote_id`` names the holder when known); stale (moved since
            read); unknown (sent, no answer: probe); transient (certainly not applied: send again later).
        remote_id: of the created or written record; of the holder for ``duplicate``.
        version, modified_ms: as the write's answer gave them, or a look right after it; None when neither did.
        code, message: the vendor's own words for a failure (never record contents).
        steps_done: parts that are finished, for the next attempt.
    """

    op_id: str
    outcome: Outcome
    remote_id: str | None = None
    version: str | None = None
    modified_ms: int | None = None
    code: str | None = None
    message: str | None = None
    retry_after_s: float | None = None
    steps_done: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as it is kept: ``extra`` holds what must be sent along (tenant names), no further secrets."""

    value: str
    expires_ms: int
    extra: Mapping[str, str] = field(default_factory=dict)


class TokenBox(Protocol):
    """Keeps the access token of one connection over restarts, encrypted."""

    def load(self) -> Token | None: ...

    def save(self, token: Token | None) -> None: ...

    def mints(self) -> list[int]:
        """Give the times (ms) of recent token requests, oldest first."""
        ...

    def note_mint(self, at_ms: int) -> None: ...


class WindowBox(Protocol):
    """Keeps the recent calls of a limited path over restarts, so that a restart does not break the window."""

    def load(self, name: str) -> list[int]:
        """Give the call times (ms), oldest first."""
        ...

    def save(self, name: str, calls_ms: Sequence[int]) -> None: ...

    def blocked_until(self) -> int:
        """Give the time (ms) before which the connection asked us to stay away; 0 when it did not."""
        ...

    def block_until(self, at_ms: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """``[http]`` of the configuration: proxy address and company CA file, both optional; and our name on the wire."""

    proxy: str | None = None
    ca_file: str | None = None
    agent: str = "duban"


@dataclass(slots=True, kw_only=True)
class Ports:
    """What a connector is given from outside.

    Args:
        name: of the connection, for messages.
        before_send: called right before every mutating request; raises LeaseLost when we are no longer the writer.
        transport: an httpx transport for tests; None for the network.
        counters: tallies the connector keeps (``calls``, ``credits``, ``retries`` ...), read by the run report.
    """

    name: str
    clock: Clock
    rng: random.Random
    tokens: TokenBox
    windows: WindowBox
    before_send: Callable[[], None] = lambda: None
    http: HttpSettings = field(default_factory=HttpSettings)
    transport: Any = None
    counters: dict[str, int] = field(default_factory=dict)


class ConnectorSettings(pydantic.BaseModel):
    """Settings every connection has; a connector's own ``Settings`` derives from this (extra keys are errors)."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    kind: str
    mode: Literal["observe", "plan", "live"] = "observe"
    first_contact: Literal["approve", "auto"] = "approve"
    dedicated_user: bool = False
    visible_after_s: float = pydantic.Field(default=60.0, ge=0, le=3600)
    overlap_s: float = pydantic.Field(default=600.0, ge=0, le=86400)
    deadline_s: float = pydantic.Field(default=60.0, gt=0, le=900)
    on_remote_delete: Literal["archive", "propagate", "restore", "unlink", "review"] = "archive"
    fallback_owner: str | None = None

    @property
    def starts(self) -> list[str] | None:
        """Give the remote's own automations that our writes ask for; None when the connector cannot say."""
        return None


class Connector(Protocol):
    """One configured account of one remote system. Thread-safe: pulls and writes run in small pools."""

    kind: ClassVar[str]
    Settings: ClassVar[type[ConnectorSettings]]
    capabilities: Capabilities

    def identify(self) -> Identity:
        """Log in and say which organisation this is."""
        ...

    def objects(self) -> Sequence[ObjectInfo]: ...

    def describe(self, object: str) -> ObjectSchema | None:
        """Give the live metadata of an object, or None when the organisation does not have it."""
        ...

    def users(self) -> Sequence[RemoteUser]: ...

    def default_maps(self) -> Mapping[str, Any]:
        """Give the shipped maps: the parsed ``defaults.toml`` of the connector."""
        ...

    def codec_for(self, type: FieldType, schema: FieldSchema) -> str | None:
        """Give the name of the codec that carries a hub type in that remote field, or None when it cannot."""
        ...

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield pages of changed records; each page's watermark is safe once that page is stored.

        Raises:
            PageMalformed: the answer is not a listing. Transient, AuthRefused, NeedsOperator: as their names say.
        """
        ...

    def fetch(self, object: str, ids: Sequence[str], fields: tuple[str, ...]) -> Mapping[str, RemoteRecord | None]:
        """Read records by id as they are now (never from a search index); None for one that is gone or in the bin."""
        ...

    def find(self, object: str, field: str, values: Sequence[str], fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        """Give the live records whose *field* equals one of *values*. May lag by ``visible_after_s``."""
        ...

    def find_created(self, object: str, since_ms: int, fields: tuple[str, ...]) -> Sequence[RemoteRecord]:
        """Give records that our own user created since then (never by modified-by). May lag."""
        ...

    def write(self, object: str, rows: Sequence[WriteRow]) -> Sequence[WriteResult]:
        """Send one batch (all of one action, at most ``batch_size`` rows) and judge every row by its own answer.

        Never raises for a row's sake: a lost answer is ``unknown`` for each row that was sent.
        Raises: AuthRefused, NeedsOperator when nothing could be sent at all; LeaseLost from ``before_send``.
        """
        ...

    def count(self, object: str) -> int | None: ...

    def record_url(self, object: str, remote_id: str) -> str | None:
        """Give the address of the record's page in the remote's own UI, when it is known."""
        ...

    def record_ref(self, url: str) -> tuple[str, str] | None:
        """Give (object, id) named by such an address, or None."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Messenger(Protocol):
    """What a connector may be able to do beside: send a message to people of its own organisation."""

    def send_message(self, users: Sequence[str], text: str) -> None:
        """Send *text* to those user ids (as ``users`` gives them), once.

        Raises:
            Transient: certainly not sent. OutcomeUnknown: perhaps. RecordRefused, NeedsOperator, AuthRefused.
        """
        ...


def chunks(rows: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """Cut *rows* into runs of at most *size*."""
    return (rows[start : start + size] for start in range(0, len(rows), size))
