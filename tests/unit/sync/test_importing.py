"""The short way of a first pull says the same as the whole planner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mapping.codecs import make_codec
from mapping.fields import BoundField, BoundMap, Direction, FieldMap, ObjectMap
from mapping.records import Value, hub_field
from sync.importing import import_record, moves_of
from sync.planner import plan_entity
from sync.spokes import ChunkRefs, Directory
from sync.views import EntityView, Seen, SideView


def bound(name: str, codec: str, direction: Direction = "both") -> BoundField:
    one = FieldMap(field=name, remote=(name,), codec=codec, direction=direction)
    made = make_codec(codec, entity="task", field=hub_field("task", name), map=one, zone=ZoneInfo("UTC"))
    return BoundField(one, made)


MAP = BoundMap(
    ObjectMap(entity="task", connection="there", object="Tasks", fields=()),
    (
        bound("title", "text"), bound("description", "text"), bound("stage", "text", "claim"),
        bound("kind", "text", "to_remote"), bound("project", "ref_id"), bound("contact", "ref_id"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    "doc",
    [
        {"title": "Send the drawings", "description": None, "stage": "design"},
        {"title": "Send", "kind": "action"},
        {"title": "Send", "kind": None},
        {"title": "Send", "project": "77"},
        {"title": "Send", "contact": "5"},
        {"title": "Send", "contact": "6"},
        {},
    ],
)
def test_a_new_record_of_one_connection_is_taken_in_as_the_planner_would(doc: Mapping[str, Value]) -> None:
    refs = ChunkRefs(Directory())
    refs.learn("contact", "uid-of-5", "5")
    homes: frozenset[Any] = frozenset({"task", "contact"})
    side = SideView(
        connection="there", object="Tasks", bound=MAP, refs=refs, homes=homes, seen=Seen(remote_id="9", doc=doc)
    )
    view = EntityView(entity="task", uid="u", exists=False, state="live", values={}, sides=[side])

    short = import_record("task", "u", "there", "Tasks", "9", doc, moves_of(MAP, homes), refs)
    whole = plan_entity(view)

    whole.lines = []
    assert short == whole
