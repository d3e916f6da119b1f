"""What became of each edit of a person, told from the CRMs' own histories and the requests they were sent.

An edit that a write of ours replaced is one of three things: it had reached the store before (and something newer took
its place), it is asked about, or the write was already under way: our last look at the record, right before that
write, still showed the value of before. Anything else is a loss.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Change = tuple[int, str, Mapping[str, Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Edit:
    """One value that a person typed into one field of one record."""

    side: int
    object: str
    id: str
    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class Replaced:
    """An edit and the value that another author put in its place.

    Args:
        seen: our last look at the record before that write showed the edit, or there was no such look.
    """

    edit: Edit
    by: Any
    seen: bool


def replaced(edit: Edit, history: Sequence[Change], requests: Sequence[Mapping[str, Any]]) -> Replaced | None:
    """Give the edit when somebody else than its author wrote the field next, None when it stands or was typed over.

    Args:
        history: of the record, oldest first.
        requests: of that CRM, oldest first, as logged.
    """
    turns = [(who, change[edit.field][1]) for _, who, change in history if edit.field in change]
    at = next((number for number, (_, value) in enumerate(turns) if value == edit.value), None)
    if at is None or at + 1 == len(turns) or turns[at + 1][0] == turns[at][0]:
        return None
    by = turns[at + 1][1]
    shown = _last_look(edit, by, requests)
    return Replaced(edit, by, seen=shown is None or shown == [edit.value])


def _last_look(edit: Edit, by: Any, requests: Sequence[Mapping[str, Any]]) -> list[Any] | None:
    """Give what the record said, in a list, at the last read by the process that sent the write; None without one."""
    sent = [
        number
        for number, request in enumerate(requests)
        if request["mutating"] and any(row.get(edit.field) == by for row in _rows(request["request_body"], edit.id))
    ]
    for number in sent[-1:]:
        agent = requests[number]["headers"]["user-agent"]
        for request in reversed(requests[:number]):
            if not request["mutating"] and request["headers"].get("user-agent") == agent:
                shown = [row for row in _rows(request["response_body"], edit.id) if edit.field in row]
                if shown:
                    return [shown[-1][edit.field]]
    return None


def _rows(value: Any, id_: str) -> Iterator[Mapping[str, Any]]:
    """Yield every object in a body that is about that record."""
    if isinstance(value, dict):
        if id_ in (value.get("id"), value.get("_id")):
            yield value
        for part in value.values():
            yield from _rows(part, id_)
    elif isinstance(value, list):
        for part in value:
            yield from _rows(part, id_)


def known_texts(journal: Sequence[Any], reviews: Sequence[Any]) -> set[str]:
    """Give every value that a store's journal or questions name, as text."""
    out: set[str] = set()
    for doc in (*journal, *reviews):
        _collect(json.loads(doc) if isinstance(doc, str) else doc, out)
    return out


def _collect(value: Any, out: set[str]) -> None:
    if isinstance(value, dict):
        for part in value.values():
            _collect(part, out)
    elif isinstance(value, list):
        for part in value:
            _collect(part, out)
    else:
        out.add(str(value))
