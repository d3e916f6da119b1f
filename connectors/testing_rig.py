"""What the connector contract works with: the rig a connector brings, ports without a disk, and the tests' verbs."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

from connectors.base import Connector, Page, Ports, PullRequest, RemoteRecord, Token, WriteResult, WriteRow
from mapping.errors import DubanError
from mapping.ports import Clock
from mapping.records import EntityKind

Weather = Literal["lost_after", "lost_before", "down", "auth", "malformed"]
"""What the next call meets: the answer lost after or before it was applied; no connection for as long as the caller
tries; credentials refused for good; a listing that is none."""


class Rig(Protocol):
    """One connector with its remote, and hands for it.

    Args:
        connector: the one under test; its object is empty, its ``page_size`` at most 10.
        ports: what it was given; the contract replaces ``before_send``.
        object, entity: where the tests read and write.
        title, text: two text fields of that object, the second one optional.
        key: a text field that the connector can find by, when there is one.
    """

    connector: Connector
    ports: Ports
    entity: EntityKind
    object: str
    title: str
    text: str
    key: str | None

    def restarted(self) -> Connector:
        """Give another connector of the same account, as after a restart."""
        ...

    def values(self, title: str) -> Mapping[str, Any]:
        """Give the wire fields that a record of that title needs to be created; no *text*, no *key*."""
        ...

    def refused_values(self) -> Mapping[str, Any]:
        """Give wire fields that this remote refuses in a create."""
        ...

    def plant(self, values: Mapping[str, Any]) -> str:
        """Create a record as a person and give its id."""
        ...

    def edit(self, id: str, values: Mapping[str, Any]) -> None: ...

    def remove(self, id: str) -> None:
        """Delete as a person, into the bin."""
        ...

    def truth(self) -> Mapping[str, Mapping[str, Any]]:
        """Give the live records as they really are, by id."""
        ...

    def weather(self, kind: Weather) -> None:
        """Make the next call of the connector meet that."""
        ...

    def wait(self) -> None:
        """Let so much time pass that all is visible everywhere and no longer inside the overlap."""
        ...


class MemoryTokens:
    """A token box that lasts as long as the test."""

    def __init__(self) -> None:
        self.token: Token | None = None
        self.minted_ms: list[int] = []

    def load(self) -> Token | None:
        return self.token

    def save(self, token: Token | None) -> None:
        self.token = token

    def mints(self) -> list[int]:
        return list(self.minted_ms)

    def note_mint(self, at_ms: int) -> None:
        self.minted_ms.append(at_ms)


class MemoryWindows:
    """A window box that lasts as long as the test."""

    def __init__(self) -> None:
        self.calls: dict[str, list[int]] = {}
        self.blocked_ms = 0

    def load(self, name: str) -> list[int]:
        return list(self.calls.get(name, ()))

    def save(self, name: str, calls_ms: Sequence[int]) -> None:
        self.calls[name] = list(calls_ms)

    def blocked_until(self) -> int:
        return self.blocked_ms

    def block_until(self, at_ms: int) -> None:
        self.blocked_ms = at_ms


class HandClock:
    """A clock that stands still until somebody sleeps or moves it."""

    def __init__(self, start_ms: int = 1_763_900_000_000) -> None:
        self.ms = start_ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def sleep(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


def make_ports(clock: Clock, name: str = "remote", transport: Any = None) -> Ports:
    """Give ports that keep everything in memory and draw the same numbers every time."""
    return Ports(
        name=name,
        clock=clock,
        rng=random.Random(1),
        tokens=MemoryTokens(),
        windows=MemoryWindows(),
        transport=transport,
    )


# ---- the verbs of the tests


def needs(declared: bool, capability: str) -> None:
    """Skip the test when the connector does not declare the capability."""
    if not declared:
        import pytest

        pytest.skip(f"does not declare {capability}")


def raises(kinds: type[DubanError] | tuple[type[DubanError], ...], act: Any) -> DubanError:
    """Give the error that *act* raises; any other error, and none, fails the test."""
    try:
        act()
    except kinds as exc:
        return exc
    raise AssertionError(f"{kinds} was not raised")


def key_of(rig: Rig) -> str:
    """Give the rig's key field; skip without one."""
    needs(rig.key is not None, "a key field")
    return rig.key or ""


def page_size(rig: Rig) -> int:
    return rig.connector.capabilities.page_size


def plant_many(rig: Rig, count: int) -> list[str]:
    """Plant records with numbered titles and give their ids."""
    return [rig.plant(rig.values(f"record {number}")) for number in range(count)]


def request(rig: Rig, watermark: str | None = None) -> PullRequest:
    return PullRequest(entity=rig.entity, object=rig.object, fields=(rig.title, rig.text), watermark=watermark)


def pull(rig: Rig, watermark: str | None = None, connector: Connector | None = None) -> list[Page]:
    """Give the pages of a whole pull."""
    return list((connector or rig.connector).pull(request(rig, watermark)))


def listed(pages: Iterable[Page]) -> list[str]:
    """Give the ids of live records in these pages, repeats included."""
    return [record.id for page in pages for record in page.records]


def fetch_one(rig: Rig, id: str) -> RemoteRecord:
    record = rig.connector.fetch(rig.object, [id], (rig.title, rig.text))[id]
    assert record is not None, "the record is not there"
    return record


def made(op_id: str, values: Mapping[str, Any]) -> WriteRow:
    """Give the row of a create."""
    return WriteRow(op_id=op_id, action="create", values=values)


def update(id: str, values: Mapping[str, Any]) -> WriteRow:
    return WriteRow(op_id="u", action="update", remote_id=id, values=values)


def write(rig: Rig, row: WriteRow) -> WriteResult:
    """Write one row and give its result."""
    results: Sequence[WriteResult] = rig.connector.write(rig.object, [row])
    assert [result.op_id for result in results] == [row.op_id]
    return results[0]


def create(rig: Rig, title: str) -> str:
    """Create a record through the connector and give its id."""
    result = write(rig, made("c", rig.values(title)))
    assert result.outcome == "applied", result
    assert result.remote_id
    return result.remote_id
