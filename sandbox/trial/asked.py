"""What was asked of the CRMs, read from the log of exchanges: repeats, and whether a value was ever shown."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

TICK_MS: Final = 1000
"""The coarsest stamp of a CRM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its answer; an answer that got lost on the way showed nothing."""

    server: str
    at_ms: int
    mutating: bool
    asked: str
    answer: Any
    faults: tuple[str, ...]


def read_exchanges(path: Path) -> list[Exchange]:
    """Give every exchange of a log file, in order."""
    with path.open(encoding="utf-8") as file:
        return [_exchange(json.loads(line)) for line in file if line.strip()]


def _exchange(raw: dict[str, Any]) -> Exchange:
    faults = tuple(raw["faults"])
    unheard = {"drop_before", "drop_after", "truncate", "status"} & set(faults)
    parts = (raw["method"], raw["path"], raw["query"], raw["request_body"])
    return Exchange(
        server=raw["server"],
        at_ms=int(datetime.fromisoformat(raw["time"]).timestamp() * 1000),
        mutating=bool(raw["mutating"]),
        asked=json.dumps(parts, ensure_ascii=False, sort_keys=True),
        answer=None if unheard else raw["response_body"],
        faults=faults,
    )


def repeats(exchanges: Sequence[Exchange]) -> int:
    """Count the writing requests that were sent before in the very same words."""
    seen: set[tuple[str, str]] = set()
    again = 0
    for one in exchanges:
        if one.mutating:
            again += (one.server, one.asked) in seen
            seen.add((one.server, one.asked))
    return again


def was_unseen(
    exchanges: Sequence[Exchange], server: str, record: str, field: str, value: Any, *, replaced_ms: int
) -> bool:
    """Say whether a value was replaced where nobody could know of it.

    That is: the record was read by its id, the answer told the field without the value (it came later, or the CRM did
    not show it yet), the very next request about the record wrote, and no answer at any time showed the value.

    Args:
        replaced_ms: when the value went, as the CRM stamped it (perhaps to the second).
    """
    mine = [one for one in exchanges if one.server == server]
    if any(not one.mutating and value in _shown(one.answer, record, field) for one in mine):
        return False
    named = [one for one in mine if record in one.asked]
    return any(
        not look.mutating
        and bool(list(_shown(look.answer, record, field)))
        and write.mutating
        and replaced_ms - 2 * TICK_MS < write.at_ms < replaced_ms + TICK_MS
        for look, write in itertools.pairwise(named)
    )


def _shown(answer: Any, record: str, field: str) -> Iterator[Any]:
    """Yield what an answer says in a field of a record, wherever in the answer the record is."""
    if isinstance(answer, dict):
        if record in (answer.get("id"), answer.get("_id")) and field in answer:
            yield answer[field]
        for inner in answer.values():
            yield from _shown(inner, record, field)
    elif isinstance(answer, list):
        for inner in answer:
            yield from _shown(inner, record, field)
