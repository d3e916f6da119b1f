"""Links, the inbox and identity keys: what was observed, what it belongs to, what may be the same."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from store import hub, identity, inbox, links
from store.database import Database
from store.hub import HubRow
from store.inbox import Item
from store.links import Link
from store.statements import dumps


def link(uid: str, remote_id: str, connection: str = "zoho", **rest: Any) -> Link:
    return Link(None, "contact", uid, connection, "Contacts", remote_id, **rest)


def item(remote_id: str, connection: str = "zoho", **rest: Any) -> Item:
    given: dict[str, Any] = {
        "modified_ms": 5,
        "modified_by": "u1",
        "created_ms": 1,
        "created_by": "u2",
        "doc": {"name": remote_id},
    }
    return Item(None, connection, "contact", "Contacts", remote_id, "v1", **(given | rest))


def test_a_link_comes_back_as_it_was_stored_and_knows_its_id(db: Database) -> None:
    first = link(
        "a", "1", version="v1", expect_version="v2", modified_ms=7,
        shadow_hub={"name": "李雷", "roles": ["it"]}, shadow_remote={"name": None},
        notes={"lossy": {"phone": 1}}, created_ms=9,
    )  # fmt: skip
    second = link("a", "2", "fxiaoke", state="suspended")
    with db.write() as tx:
        links.insert(tx, [first, second])
        links.insert(tx, [])
        assert links.by_uids(tx, "contact", ["a", "b"]) == {"a": [second, first]}
        assert links.by_remote(tx, "zoho", "Contacts", ["1", "2"]) == {"1": first}
    assert first.id is not None
    assert second.id == first.id + 1


def test_a_link_is_written_back_whole(db: Database) -> None:
    one = link("a", "1")
    with db.write() as tx:
        links.insert(tx, [one])
        one.state, one.shadow_remote, one.remote_id, one.expect_version = "gone", {"x": "é"}, "1b", "9"
        links.update(tx, [one])
        assert links.by_remote(tx, "zoho", "Contacts", ["1b"]) == {"1b": one}


@pytest.mark.parametrize(
    ("hub", "remote"),
    [
        ({}, {}),
        ({"name": "李雷", "phone": "+861", "at": ""}, {"name": "李雷", "phone": "138"}),
        ({"name": None}, {"name": None, "lost": 1, "gone": "x"}),
        ({}, {"name": "a"}),
        ({"name": "a"}, {}),
        ({"done": True, "count": 1, "share": 1.0}, {"done": 1, "count": True, "share": 1}),
        ({"roles": ["a", "b"], "blank": ""}, {"roles": ["a"], "blank": None}),
    ],
)
def test_both_sides_of_a_link_come_back_whatever_they_share(
    db: Database, hub: dict[str, Any], remote: dict[str, Any]
) -> None:
    one = link("a", "1", shadow_hub=dict(hub), shadow_remote=dict(remote))
    with db.write() as tx:
        links.insert(tx, [one])
    with db.write() as tx:
        [read] = links.by_uids(tx, "contact", ["a"])["a"]
        assert repr((sorted(read.shadow_hub.items()), sorted(read.shadow_remote.items()))) == repr(
            (sorted(hub.items()), sorted(remote.items()))
        )
        links.update(tx, [read])
        [again] = links.by_uids(tx, "contact", ["a"])["a"]
    assert again == read


def test_what_both_sides_of_a_link_say_alike_is_stored_once(db: Database) -> None:
    both = {f"field{n}": f"value {n}" for n in range(20)}
    with db.write() as tx:
        links.insert(tx, [link("a", "1", shadow_hub={**both, "phone": "+861"}, shadow_remote={**both, "phone": "1"})])
        stored = tx.conn.execute(sa.text('SELECT "shadow_hub" FROM "link"')).scalar_one()
    assert stored == '{"":[],"phone":"+861"}'


def test_a_link_of_an_older_store_has_its_hub_side_whole(db: Database) -> None:
    with db.write() as tx:
        links.insert(tx, [link("a", "1", shadow_remote={"name": "a", "lost": 1})])
        tx.conn.execute(sa.text('UPDATE "link" SET "shadow_hub" = :doc'), {"doc": '{"name":"b"}'})
        assert links.by_remote(tx, "zoho", "Contacts", ["1"])["1"].shadow_hub == {"name": "b"}


def test_one_remote_record_has_one_link(db: Database) -> None:
    with db.write() as tx:
        links.insert(tx, [link("a", "1")])
    with pytest.raises(sa.exc.IntegrityError), db.write() as tx:
        links.insert(tx, [link("b", "1")])


def test_a_row_has_one_live_link_a_connection_and_any_number_of_past_ones(db: Database) -> None:
    with db.write() as tx:
        links.insert(
            tx,
            [link("a", "1"), link("a", "2", state="gone"), link("a", "3", state="retired"), link("a", "1", "fxiaoke")],
        )
    with pytest.raises(sa.exc.IntegrityError), db.write() as tx:
        links.insert(tx, [link("a", "4")])


def test_known_is_enough_to_tell_an_echo_from_news(db: Database) -> None:
    with db.write() as tx:
        links.insert(tx, [link("a", "1", version="v1", expect_version="v2", shadow_remote={"b": 1, "a": "é"})])
        assert links.known(tx, "zoho", "Contacts", ["1", "2"]) == {"1": ("v1", "v2", "live", dumps({"a": "é", "b": 1}))}


def test_look_ups_between_uid_and_remote_id_keep_to_their_states(db: Database) -> None:
    with db.write() as tx:
        links.insert(tx, [link("a", "1"), link("b", "2", state="suspended"), link("c", "3", state="gone")])
        assert links.uids(tx, "zoho", "contact", ["1", "2", "3"]) == {"1": "a", "2": "b"}
        assert links.remote_ids(tx, "zoho", "contact", ["a", "b", "c"]) == {"a": "1"}
        assert links.uids(tx, "fxiaoke", "contact", ["1"]) == {}
        assert links.count(tx, "zoho", "Contacts") == 1


def test_touch_moves_the_version_and_ends_the_wait_for_the_echo(db: Database) -> None:
    one = link("a", "1", version="v1", expect_version="v2", modified_ms=3)
    with db.write() as tx:
        links.insert(tx, [one])
        assert one.id is not None
        links.touch(tx, [(one.id, "v2", None)])
        found = links.by_remote(tx, "zoho", "Contacts", ["1"])["1"]
        assert (found.version, found.expect_version, found.modified_ms) == ("v2", None, 3)
        links.touch(tx, [(one.id, "v3", 8)])
        assert links.by_remote(tx, "zoho", "Contacts", ["1"])["1"].modified_ms == 8


def test_rows_without_a_link_are_those_to_create_there(db: Database) -> None:
    rows = [HubRow(uid, 1, "live", {}) for uid in ("a", "b", "c", "d", "e")] + [HubRow("f", 1, "deleted", {})]
    with db.write() as tx:
        hub.insert(tx, "contact", rows, 1)
        states = {"a": "live", "b": "suspended", "c": "gone", "d": "retired"}
        links.insert(tx, [link(uid, uid, state=state) for uid, state in states.items()])
        assert links.unlinked_uids(tx, "contact", "zoho") == ["d", "e"]
        assert links.unlinked_uids(tx, "contact", "zoho", after="d", limit=5) == ["e"]
        assert links.unlinked_uids(tx, "contact", "fxiaoke", limit=2) == ["a", "b"]


def test_an_alias_still_finds_its_link(db: Database) -> None:
    one = link("a", "1")
    with db.write() as tx:
        links.insert(tx, [one])
        assert one.id is not None
        links.add_alias(tx, one.id, "0", "merged")
        assert links.by_alias(tx, "zoho", ["0", "1"]) == {"0": one}
        assert links.by_alias(tx, "fxiaoke", ["0"]) == {}


def test_an_observation_comes_back_as_it_was_stored(db: Database) -> None:
    seen = [
        item("1", doc={"name": "李雷", "n": None, "l": ["x"]}, in_scope=False, seen_ms=9),
        item("2", doc=None, gone=True),
    ]
    with db.write() as tx:
        inbox.put(tx, seen)
        found = inbox.by_remote(tx, "zoho", "Contacts", ["1", "2", "3"])
    for one in seen:
        one.id = found[one.remote_id].id
        assert found[one.remote_id] == one
        assert one.id is not None


def test_seeing_a_record_again_replaces_it_as_new(db: Database) -> None:
    with db.write() as tx:
        inbox.put(tx, [item("1"), item("2")])
        before = inbox.by_remote(tx, "zoho", "Contacts", ["1"])["1"]
        assert before.id is not None
        inbox.mark(tx, [before.id], "review", "two candidates")
        assert inbox.by_remote(tx, "zoho", "Contacts", ["1"])["1"].reason == "two candidates"
        inbox.put(tx, [item("1", doc={"name": "new"})])
        after = inbox.by_remote(tx, "zoho", "Contacts", ["1"])["1"]
        assert (after.id, after.state, after.reason, after.doc) == (before.id, "new", "", {"name": "new"})
        assert inbox.count(tx) == 2


def test_text_that_no_database_takes_becomes_a_replacement_character(db: Database) -> None:
    with db.write() as tx:
        inbox.put(tx, [item("1", doc={"name": "a\ud800b", "deep": {"l": ["x\0y", 3, "💡"]}}), item("2")])
        found = inbox.by_remote(tx, "zoho", "Contacts", ["1", "2"])
        assert found["1"].doc == {"name": "a\ufffdb", "deep": {"l": ["x\ufffdy", 3, "💡"]}}
        doc = found["1"].doc or {}
        hub.insert(tx, "contact", [HubRow("a", 1, "live", {"name": doc["name"]})], 1)


def test_counts_answer_to_all_that_is_given(db: Database) -> None:
    with db.write() as tx:
        inbox.put(tx, [item("1"), item("2"), item("1", "fxiaoke")])
        one = inbox.by_remote(tx, "fxiaoke", "Contacts", ["1"])["1"]
        inbox.mark(tx, [one.id or 0], "held", "waits")
        assert inbox.count(tx, connection="zoho") == 2
        assert inbox.count(tx, entity="contact", state="held") == 1
        assert inbox.count(tx, connection="zoho", state="held") == 0
        inbox.drop_connection(tx, "zoho", "task")
        assert inbox.count(tx) == 3
        inbox.drop_connection(tx, "zoho")
        assert inbox.count(tx) == 1


@pytest.mark.parametrize("many", [0, 20_000])
def test_linked_and_unlinked_observations_are_told_apart(
    db: Database, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways to look, for an inbox that is nearly empty and for a full one."""
    monkeypatch.setattr(inbox, "_MANY", many)
    with db.write() as tx:
        links.insert(tx, [link("b", "1"), link("a", "2"), link("a", "2", "fxiaoke")])
        inbox.put(tx, [item("1"), item("2"), item("3"), item("2", "fxiaoke"), item("4")])
        assert inbox.linked_uids(tx, "contact") == ["a", "b"]
        assert inbox.linked_uids(tx, "contact", after="a", limit=1) == ["b"]
        assert inbox.linked_uids(tx, "task") == []
        of = inbox.of_uids(tx, "contact", ["a", "b", "z"])
        assert {uid: [(i.connection, i.remote_id) for i in items] for uid, items in of.items()} == {
            "a": [("fxiaoke", "2"), ("zoho", "2")],
            "b": [("zoho", "1")],
        }
        loose = inbox.unlinked(tx, "contact")
        assert [one.remote_id for one in loose] == ["3", "4"]
        assert [one.remote_id for one in inbox.unlinked(tx, "contact", after_id=loose[0].id or 0)] == ["4"]
        assert len(inbox.unlinked(tx, "contact", limit=1)) == 1
        inbox.mark(tx, [loose[0].id or 0], "review", "?")
        assert [one.remote_id for one in inbox.unlinked(tx, "contact", states=("new", "held"))] == ["4"]
        inbox.remove(tx, [one.id or 0 for one in loose])
        assert inbox.unlinked(tx, "contact") == []


@pytest.mark.parametrize("many", [0, 20_000])
def test_shared_keys_are_those_of_two_records_one_of_them_new(
    db: Database, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "_MANY", many)
    with db.write() as tx:
        identity.put(tx, "contact", "", [("h1", ["e:a", "m:1"]), ("h2", ["e:b"]), ("h3", ["e:b"])])
        identity.put(tx, "contact", "zoho", [("1", ["e:a", "e:a"]), ("2", ["e:z"]), ("3", ["m:9"])])
        identity.put(tx, "contact", "fxiaoke", [("9", ["m:9"])])
        identity.put(tx, "task", "zoho", [("7", ["e:z"])])
        assert identity.shared(tx, "contact") == [
            ("e:a", "", "h1"),
            ("e:a", "zoho", "1"),
            ("m:9", "fxiaoke", "9"),
            ("m:9", "zoho", "3"),
        ]


def test_putting_keys_replaces_the_old_ones_of_that_record_only(db: Database) -> None:
    with db.write() as tx:
        identity.put(tx, "contact", "", [("h1", ["e:a", "m:1"]), ("h2", ["e:a"])])
        identity.put(tx, "contact", "", [("h1", ["e:new"]), ("h1", ["e:newest", "长" * 300])])
        assert identity.of(tx, "contact", ["e:a", "m:1", "e:new", "e:newest"]) == [
            ("e:a", "", "h2"),
            ("e:newest", "", "h1"),
        ]
        assert identity.of(tx, "contact", ["长" * 299]) == [("长" * 255, "", "h1")]
        identity.drop(tx, "contact", "", ["h1"])
        assert identity.of(tx, "contact", ["e:newest", "长" * 300]) == []
