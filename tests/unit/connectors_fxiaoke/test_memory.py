"""The memory system has the moods and the strictness of real ones."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import PullRequest, WriteRow
from connectors.memory import MemoryConnector, MemorySettings, MemoryWorld
from connectors.memory_world import Call, Refusal
from connectors.testing import HandClock, make_ports
from mapping.errors import AuthRefused, NeedsOperator, Transient


def connect(**settings: Any) -> MemoryConnector:
    return MemoryConnector(MemorySettings(**settings), make_ports(HandClock()))


def create(op_id: str, **values: Any) -> WriteRow:
    return WriteRow(op_id=op_id, action="create", values=values)


def titles(connector: MemoryConnector) -> list[Any]:
    return sorted(str(values["title"]) for values in connector.world.live("tasks").values())


def pulled(connector: MemoryConnector, mark: str | None = None) -> tuple[list[Any], str]:
    pages = list(connector.pull(PullRequest(entity="task", object="tasks", fields=("title",), watermark=mark)))
    return [record.payload["title"] for page in pages for record in page.records], pages[-1].watermark


def test_settings_make_the_world_when_none_is_given() -> None:
    connector = connect(list_lag_s=7, unique_key=False, skew_ms=5, org_id="m-9", zone="UTC")
    assert connector.world.list_lag_s == 7
    assert not connector.capabilities.unique_key
    assert connector.capabilities.visible_after_s == 7
    assert (connector.identify().org_id, connector.identify().zone) == ("m-9", "UTC")
    assert connector.world.now_ms() == connector.ports.clock.now_ms() + 5


def test_an_object_nobody_has_is_a_house_error() -> None:
    connector = connect()
    with pytest.raises(NeedsOperator, match="no object nothing"):
        connector.count("nothing")
    with pytest.raises(NeedsOperator):
        connector.write("nothing", [create("a")])


def test_a_lagging_list_shows_yesterday_and_the_overlap_catches_up() -> None:
    connector = connect(list_lag_s=30, overlap_s=60)
    id = connector.world.plant("tasks", {"title": "old"})
    connector.ports.clock.sleep(100)
    _, mark = pulled(connector)
    connector.world.edit("tasks", id, {"title": "new"})
    connector.ports.clock.sleep(1)
    seen, mark = pulled(connector, mark)
    assert seen == []
    connector.ports.clock.sleep(40)
    assert pulled(connector, mark)[0] == ["new"]


def test_a_lagging_search_does_not_find_yet() -> None:
    connector = connect(search_lag_s=30)
    connector.write("tasks", [create("a", title="x", key="K")])
    assert connector.find("tasks", "key", ["K"], ("key",)) == []
    assert connector.find_created("tasks", 0, ("key",)) == []
    connector.ports.clock.sleep(30)
    assert len(connector.find("tasks", "key", ["K"], ("key",))) == 1


def test_whole_calls_are_struck_from_the_nth_on_for_so_many_times() -> None:
    connector = connect()
    fault = connector.world.fault("transient", "count", nth=2, times=2)
    assert connector.count("tasks") == 0
    for _ in range(2):
        with pytest.raises(Transient):
            connector.count("tasks")
    assert connector.count("tasks") == 0
    assert fault.seen == 4


def test_a_fault_may_wait_for_one_object_and_any_call() -> None:
    connector = connect()
    connector.world.fault("auth", "", object="tasks", times=None)
    assert connector.count("accounts") == 0
    with pytest.raises(AuthRefused):
        connector.fetch("tasks", ["x"], ())
    with pytest.raises(AuthRefused):
        connector.write("tasks", [create("a", title="x")])
    assert connector.write("accounts", [create("a", name="x")])[0].outcome == "applied"


@pytest.mark.parametrize(
    ("kind", "outcome"), [("refuse", "refused"), ("busy", "busy"), ("gone", "gone"), ("stale", "stale")]
)
def test_a_poisoned_row_is_told_apart_from_its_batch(kind: Any, outcome: str) -> None:
    connector = connect()
    connector.world.fault(kind, match={"title": "poison"}, times=None)
    rows = [create("a", title="a"), create("p", title="poison"), create("b", title="b")]
    assert [result.outcome for result in connector.write("tasks", rows)] == ["applied", outcome, "applied"]
    assert titles(connector) == ["a", "b"]


def test_a_hanging_row_takes_its_batch_and_a_deadline_with_it() -> None:
    connector = connect(deadline_s=60)
    connector.world.fault("hang", match={"title": "poison"}, times=None)
    before = connector.ports.clock.monotonic()
    results = connector.write("tasks", [create("a", title="a"), create("p", title="poison")])
    assert [result.outcome for result in results] == ["unknown", "unknown"]
    assert connector.ports.clock.monotonic() - before == 60
    assert connector.write("tasks", [create("a", title="a")])[0].outcome == "applied"


def test_a_hanging_read_is_transient_after_its_deadline() -> None:
    connector = connect(deadline_s=60)
    connector.world.fault("hang", "count")
    before = connector.ports.clock.monotonic()
    with pytest.raises(Transient):
        connector.count("tasks")
    assert connector.ports.clock.monotonic() - before == 60


def test_a_write_that_was_not_taken_may_be_sent_again() -> None:
    connector = connect()
    connector.world.fault("transient")
    assert connector.write("tasks", [create("a", title="a")])[0].outcome == "transient"
    assert connector.write("tasks", [create("a", title="a")])[0].outcome == "applied"


def test_a_locked_record_is_busy_until_it_is_not() -> None:
    connector = connect()
    id = connector.world.plant("tasks", {"title": "x"})
    row = WriteRow(op_id="u", action="update", remote_id=id, values={"title": "y"})
    connector.world.lock_record("tasks", id)
    assert connector.write("tasks", [row])[0].outcome == "busy"
    connector.world.lock_record("tasks", id, locked=False)
    assert connector.write("tasks", [row])[0].outcome == "applied"


def test_a_shaped_field_is_stored_changed_and_nobody_is_told() -> None:
    connector = connect()
    connector.world.shape("tasks", "title", lambda value: value[:3])
    (result,) = connector.write("tasks", [create("a", title="abcdef")])
    assert (result.outcome, titles(connector)) == ("applied", ["abc"])


def test_a_hidden_field_is_not_shown_at_all() -> None:
    connector = connect()
    id = connector.world.plant("tasks", {"title": "x"})
    connector.world.hide("tasks", "title")
    record = connector.fetch("tasks", [id], ("title", "due"))[id]
    assert record is not None
    assert record.payload == {"due": None}
    connector.world.hide("tasks", "title", hidden=False)
    assert pulled(connector)[0] == ["x"]


def test_people_may_edit_inside_a_request() -> None:
    connector = connect()
    id = connector.world.plant("tasks", {"title": "x", "description": "d"})

    def person(when: str, call: Call) -> None:
        if when == "before" and call.mutating:
            connector.world.edit("tasks", id, {"description": "meanwhile"})

    connector.world.on_call = person
    row = WriteRow(op_id="u", action="update", remote_id=id, values={"title": "y"})
    (result,) = connector.write("tasks", [row])
    assert (result.version, dict(connector.world.live("tasks")[id])) == (
        "3",
        {"title": "y", "description": "meanwhile"},
    )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": "x" * 256}, "TOO_LONG"),
        ({"status": "whatever"}, "NO_SUCH_OPTION"),
        ({"project": "pro-0"}, "NO_SUCH_REFERENCE"),
        ({"colour": "red"}, "NO_SUCH_FIELD"),
    ],
)
def test_unacceptable_values_are_refused_with_a_code(values: dict[str, Any], code: str) -> None:
    connector = connect()
    (result,) = connector.write("tasks", [create("a", **values)])
    assert (result.outcome, result.code) == ("refused", code)


def test_a_required_field_must_be_there() -> None:
    world = MemoryWorld(HandClock())
    tasks = world.schemas["tasks"]
    required = {**tasks.fields, "title": type(tasks.fields["title"])(name="title", type="text", required=True)}
    world.schemas["tasks"] = type(tasks)(name="tasks", label="task", fields=required)
    with pytest.raises(Refusal, match="REQUIRED"):
        world.plant("tasks", {"title": ""})


def test_a_unique_value_is_free_again_once_its_holder_moved_or_died() -> None:
    world = MemoryWorld(HandClock())
    first = world.plant("tasks", {"title": "a", "key": "K"})
    with pytest.raises(Refusal) as caught:
        world.plant("tasks", {"title": "b", "key": "K"})
    assert caught.value.holder == first
    world.edit("tasks", first, {"key": "L"})
    second = world.plant("tasks", {"title": "b", "key": "K"})
    world.remove("tasks", second)
    world.edit("tasks", first, {"key": "K"})
    assert world.live("tasks")[first]["key"] == "K"


def test_people_take_records_out_of_the_bin_again() -> None:
    world = MemoryWorld(HandClock())
    id = world.plant("tasks", {"title": "a"})
    world.remove("tasks", id)
    with pytest.raises(Refusal):
        world.edit("tasks", id, {"title": "b"})
    world.revive("tasks", id)
    assert list(world.live("tasks")) == [id]


def test_the_mutating_calls_can_be_counted() -> None:
    connector = connect()
    connector.write("tasks", [create("a", title="a")])
    connector.count("tasks")
    assert [(call.name, call.rows[0]["title"]) for call in connector.world.writes()] == [("write", "a")]
    assert connector.ports.counters == {"calls": 2}


def test_every_hub_type_has_a_home_and_strange_pairs_have_none() -> None:
    connector = connect()
    tasks = connector.world.schemas["tasks"].fields
    assert connector.codec_for("date", tasks["due"]) == "date_iso"
    assert connector.codec_for("long_text", tasks["title"]) == "long_text"
    assert connector.codec_for("date", tasks["title"]) is None
