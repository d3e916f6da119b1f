"""Whatever a canonical record holds, the hub gives it back; whatever a document holds, its text is canonical."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.records import ENTITIES, FIELDS, EntityKind, FieldType, Value
from store import hub, inbox
from store.database import Database
from store.hub import HubChange, HubRow
from store.inbox import Item
from store.statements import dumps, loads
from tests.support.clocks import StoppedClock

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
SPECIAL: dict[FieldType, st.SearchStrategy[Any]] = {
    "date": st.dates().map(lambda day: day.isoformat()),
    "instant": st.integers(-(2**53), 2**53),
    "money": st.decimals(allow_nan=False, allow_infinity=False, places=4).map(lambda number: format(number, "f")),
    "number": st.integers(-(10**12), 10**12).map(str),
    "bool": st.booleans(),
    "options": st.lists(TEXT, min_size=1, unique=True).map(sorted),
}
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def values(entity: EntityKind) -> st.SearchStrategy[dict[str, Value]]:
    fields = FIELDS[entity].values()
    return st.fixed_dictionaries({field.name: st.none() | SPECIAL.get(field.type, TEXT) for field in fields})


ROWS = st.sampled_from(ENTITIES).flatmap(lambda entity: st.tuples(st.just(entity), values(entity), values(entity)))


@pytest.fixture(scope="module")
def db() -> Iterator[Database]:
    database = Database.open("sqlite://", clock=StoppedClock())
    yield database
    database.close()


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_a_row_is_given_back_as_it_was_written(
    db: Database, row: tuple[EntityKind, dict[str, Value], dict[str, Value]]
) -> None:
    entity, first, second = row
    with db.write() as tx:
        hub.insert(tx, entity, [HubRow("u", 1, "live", first)], 1)
        assert hub.read(tx, entity, ["u"])["u"].values == first
        assert hub.update(tx, entity, [HubChange("u", 1, second)], 2) == []
        assert hub.read(tx, entity, ["u"])["u"].values == second
        hub.remove(tx, entity, ["u"])
        assert hub.dirty_count(tx) == {}


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(), DOCUMENTS, max_size=5))
def test_any_document_can_be_observed(db: Database, doc: dict[str, Any]) -> None:
    """Even one with half a surrogate pair: it is stored with a replacement character and never stops the others."""
    with db.write() as tx:
        inbox.put(tx, [Item(None, "zoho", "task", "Tasks", "1", "v", None, None, None, None, doc)])
        kept = inbox.by_remote(tx, "zoho", "Tasks", ["1"])["1"].doc
    assert kept is not None
    text = dumps(doc)
    if "\\u0000" not in text and not any("\ud800" <= char <= "\udfff" for char in text):
        assert kept == doc
    text = dumps(kept)
    text.encode()
    assert loads(text) == kept
    assert dumps(loads(text)) == text
