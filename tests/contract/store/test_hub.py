"""The hub tables: typed rows in, canonical values out, nothing stale written, no edit by plain SQL missed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from mapping.records import ENTITIES, FIELDS, EntityKind, Value
from store import hub
from store.database import Database
from store.hub import DirtyMark, HubChange, HubRow

EXAMPLES: dict[str, Value] = {
    "text": "北京某某科技有限公司 💡",
    "long_text": "first line\nsecond 'quoted' % ? line",
    "email": "li@client.example",
    "phone": "+8613800138000",
    "url": "https://client.example",
    "date": "2026-02-28",
    "instant": 1_790_000_000_123,
    "money": "1200.5",
    "number": "-3.25",
    "bool": False,
    "option": "high",
    "options": ["approver", "it"],
    "ref": "uid-of-another",
    "user": "wang@vendor.example",
    "parent": "task:uid-1",
    "key": "key-1",
}


def full(entity: EntityKind) -> dict[str, Value]:
    return {name: EXAMPLES[field.type] for name, field in FIELDS[entity].items()}


def blank(entity: EntityKind) -> dict[str, Value]:
    return dict.fromkeys(FIELDS[entity])


def put(db: Database, entity: EntityKind, *rows: HubRow) -> None:
    with db.write() as tx:
        hub.insert(tx, entity, rows, 5)


def sql(db: Database, statement: str) -> list[Any]:
    """Run one statement as somebody who never heard of duban."""
    with db.edit() as tx:
        result = tx.conn.execute(sa.text(statement))
        return list(result) if result.returns_rows else []


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_canonical_value_comes_back_as_it_went_in(db: Database, entity: EntityKind) -> None:
    put(db, entity, HubRow("a", 1, "live", full(entity), {"name": {"origin": "zoho"}}), HubRow("b", 3, "archived", {}))
    with db.read() as tx:
        rows = hub.read(tx, entity, ["a", "b", "never"])
    assert rows == {
        "a": HubRow("a", 1, "live", full(entity), {"name": {"origin": "zoho"}}),
        "b": HubRow("b", 3, "archived", blank(entity), {}),
    }


def test_extra_fields_ride_along_and_blank_ones_are_dropped(db: Database) -> None:
    put(db, "account", HubRow("a", 1, "live", {"name": "A", "industry": "软件", "tier": None}))
    with db.write() as tx:
        assert hub.update(tx, "account", [HubChange("a", 1, {"industry": None, "segment": ["x"]})], 6) == []
        row = hub.read(tx, "account", ["a"])["a"]
    assert row.rev == 2
    assert row.values == blank("account") | {"name": "A", "segment": ["x"]}


def test_an_update_writes_only_what_it_names_and_raises_the_rev(db: Database) -> None:
    put(db, "task", HubRow("t", 1, "live", full("task"), {"keep": 1, "drop": 2}))
    change = HubChange("t", 1, {"due": "2026-03-01", "title": None}, "archived", {"drop": None, "new": [1]})
    with db.write() as tx:
        assert hub.update(tx, "task", [change], 6) == []
        row = hub.read(tx, "task", ["t"])["t"]
    expected = full("task") | {"due": "2026-03-01", "title": None}
    assert row == HubRow("t", 2, "archived", expected, {"keep": 1, "new": [1]})


def test_stale_missing_and_repeated_changes_are_named_and_not_written(db: Database) -> None:
    put(db, "task", *(HubRow(uid, 4, "live", {"title": uid}) for uid in ("a", "b", "c")))
    changes = [
        HubChange("a", 3, {"title": "too old"}),
        HubChange("b", 4, {"title": "fine"}),
        HubChange("b", 4, {"title": "again"}),
        HubChange("c", 4, {"owner": "x@vendor.example"}),
        HubChange("gone", 1, {"title": "?"}),
    ]
    with db.write() as tx:
        assert hub.update(tx, "task", changes, 6) == ["a", "b", "gone"]
        titles = {row.uid: row.values["title"] for row in hub.select(tx, "task")}
    assert titles == {"a": "a", "b": "fine", "c": "c"}


def test_our_own_writes_leave_no_dirty_mark(db: Database) -> None:
    put(db, "contact", HubRow("a", 0, "live", {"name": "李雷"}))
    with db.write() as tx:
        row = hub.read(tx, "contact", ["a"])["a"]
        hub.update(tx, "contact", [HubChange("a", row.rev, {"name": "韩梅梅"})], 6)
        hub.remove(tx, "contact", ["a"])
        assert hub.dirty_count(tx) == {}
        assert hub.read(tx, "contact", ["a"]) == {}


def test_plain_sql_inserts_edits_and_deletes_are_marked(db: Database) -> None:
    put(db, "task", HubRow("a", 1, "live", {"title": "A"}), HubRow("b", 1, "live", {"title": "B"}))
    sql(db, "INSERT INTO task (title, due) VALUES ('新任务', '2026-12-01')")
    sql(db, "UPDATE task SET due = '2026-11-30' WHERE uid = 'a'")
    sql(db, "DELETE FROM task WHERE uid = 'b'")
    with db.read() as tx:
        marks = {mark.uid: mark.reason for mark in hub.dirty(tx, "task")}
        (new,) = hub.select(tx, "task", where={"title": "新任务"})
        edited = hub.read(tx, "task", ["a"])["a"]
        assert hub.dirty_count(tx) == {"task": 3}
    assert marks == {new.uid: "sql_insert", "a": "sql_update", "b": "sql_delete"}
    assert len(new.uid) >= 32
    assert new.rev == 1
    assert new.values == blank("task") | {"title": "新任务", "due": "2026-12-01"}
    assert edited.rev == 2


def test_a_plan_made_before_a_plain_sql_edit_is_stale(db: Database) -> None:
    put(db, "task", HubRow("a", 1, "live", {"title": "A"}))
    with db.read() as tx:
        seen = hub.read(tx, "task", ["a"])["a"]
    sql(db, "UPDATE task SET title = 'by hand' WHERE uid = 'a'")
    with db.write() as tx:
        assert hub.update(tx, "task", [HubChange("a", seen.rev, {"title": "planned"})], 6) == ["a"]
        assert hub.read(tx, "task", ["a"])["a"].values["title"] == "by hand"


def test_a_renamed_uid_is_a_delete_and_an_edit(db: Database) -> None:
    put(db, "task", HubRow("old", 1, "live", {"title": "A"}))
    sql(db, "UPDATE task SET uid = 'new' WHERE uid = 'old'")
    with db.read() as tx:
        assert [(mark.uid, mark.reason) for mark in hub.dirty(tx, "task")] == [
            ("new", "sql_update"),
            ("old", "sql_delete"),
        ]


def test_a_blank_text_written_by_hand_counts_as_nothing(db: Database) -> None:
    sql(db, "INSERT INTO contact (uid, name, email, roles) VALUES ('c', '张三', '', '')")
    with db.read() as tx:
        values = hub.read(tx, "contact", ["c"])["c"].values
    assert values["email"] is None
    assert values["roles"] is None


def test_a_list_written_by_hand_without_json_is_one_code(db: Database) -> None:
    sql(db, "INSERT INTO contact (uid, roles) VALUES ('c', 'approver')")
    with db.read() as tx:
        assert hub.read(tx, "contact", ["c"])["c"].values["roles"] == ["approver"]


@pytest.mark.parametrize("statement", ["due = '2026-02-30'", "due = 'next friday'", "state = 'gone'"])
def test_the_database_refuses_what_could_never_be_a_value(db: Database, statement: str) -> None:
    put(db, "task", HubRow("a", 1, "live", {"title": "A", "due": "2026-02-28"}))
    with pytest.raises(sa.exc.DatabaseError):
        sql(db, f"UPDATE task SET {statement} WHERE uid = 'a'")
    with db.read() as tx:
        assert hub.read(tx, "task", ["a"])["a"].values["due"] == "2026-02-28"
        assert hub.dirty_count(tx) == {}


def test_select_filters_pages_and_reads_only_what_is_asked(db: Database) -> None:
    rows = [
        HubRow(f"u{n}", 1, "live", {"title": f"T{n}", "status": "done" if n % 2 else None, "x": n}) for n in range(6)
    ]
    put(db, "task", *rows, HubRow("u9", 1, "deleted", {"title": "T9"}))
    with db.read() as tx:
        assert [row.uid for row in hub.select(tx, "task", where={"status": "done"})] == ["u1", "u3", "u5"]
        assert [row.uid for row in hub.select(tx, "task", where={"status": None}, after="u0", limit=1)] == ["u2"]
        assert [row.uid for row in hub.select(tx, "task", where={"title": ["T1", "T9"]}, states=())] == ["u1", "u9"]
        assert [row.uid for row in hub.select(tx, "task", where={"uid": ("u2", "u4")})] == ["u2", "u4"]
        assert hub.select(tx, "task", fields=["title"], limit=1) == [HubRow("u0", 1, "live", {"title": "T0"})]
        assert hub.select(tx, "task", fields=[], limit=1) == [HubRow("u0", 1, "live", {})]
        assert hub.select(tx, "task", limit=1)[0].values["x"] == 0
        assert (hub.count(tx, "task"), hub.count(tx, "task", ("live", "deleted"))) == (6, 7)
        with pytest.raises(ValueError, match="no canonical field 'x'"):
            hub.select(tx, "task", where={"x": 1})


def test_select_by_yes_or_no_and_by_instant(db: Database) -> None:
    put(db, "contact", HubRow("a", 1, "live", {"opt_out": True}), HubRow("b", 1, "live", {"opt_out": False}))
    put(db, "feedback", HubRow("f", 1, "live", {"submitted_at": 1_790_000_000_123}))
    with db.read() as tx:
        assert [row.uid for row in hub.select(tx, "contact", where={"opt_out": True})] == ["a"]
        assert [row.uid for row in hub.select(tx, "feedback", where={"submitted_at": 1_790_000_000_123})] == ["f"]


def test_select_by_civil_days(db: Database) -> None:
    put(db, "task", *(HubRow(f"t{n}", 1, "live", {"due": f"2026-11-0{n}"}) for n in range(1, 5)))
    with db.read() as tx:
        assert [row.uid for row in hub.select(tx, "task", where={"due": "2026-11-02"})] == ["t2"]
        assert [row.uid for row in hub.select(tx, "task", where={"due": ["2026-11-01", "2026-11-04"]})] == ["t1", "t4"]


def test_of_ref_finds_the_rows_that_point_at_others(db: Database) -> None:
    put(db, "task", *(HubRow(f"t{n}", 1, "live", {"project": f"p{n % 2}"}) for n in range(4)))
    with db.read() as tx:
        assert hub.of_ref(tx, "task", "project", ["p1", "p7"]) == ["t1", "t3"]
        assert hub.of_ref(tx, "task", "no_such", ["p1"]) == []


def test_many_uids_are_read_in_one_go(db: Database) -> None:
    rows = [HubRow(f"u{n:05}", 1, "live", {"name": f"N{n}"}) for n in range(6000)]
    put(db, "account", *rows)
    with db.read() as tx:
        assert len(hub.read(tx, "account", [row.uid for row in rows])) == 6000


def test_dirty_gives_one_mark_a_row_and_pages_by_uid(db: Database) -> None:
    with db.write() as tx:
        hub.mark_dirty(tx, "task", ["b", "a"], "first", 1)
        hub.mark_dirty(tx, "task", ["a", "c"], "second", 2)
        hub.mark_dirty(tx, "contact", ["a"], "other", 3)
        marks = hub.dirty(tx, "task")
        assert [(mark.uid, mark.reason) for mark in marks] == [("a", "second"), ("b", "first"), ("c", "second")]
        assert [mark.uid for mark in hub.dirty(tx, "task", limit=1)] == ["a"]
        assert [mark.uid for mark in hub.dirty(tx, "task", after="a", limit=1)] == ["b"]
        assert hub.dirty_count(tx) == {"task": 3, "contact": 1}


def test_a_mark_asleep_wakes_nobody_but_is_seen_with_the_others(db: Database) -> None:
    with db.write() as tx:
        hub.mark_dirty(tx, "task", ["a", "b"], "missed:x", 1)
        hub.mark_dirty(tx, "task", ["b"], "edit", 2)
        (mark,) = hub.dirty(tx, "task", asleep=["missed:x", "missed:y"])
        assert (mark.uid, len(mark.seqs)) == ("b", 2)
        assert [one.uid for one in hub.dirty(tx, "task", asleep=["missed:y"])] == ["a", "b"]


def test_a_row_is_marked_once_for_one_reason(db: Database) -> None:
    with db.write() as tx:
        hub.mark_dirty(tx, "task", ["a"], "other", 1)
        for at_ms in (2, 3):
            hub.mark_once(tx, "task", ["a", "b"], "missed:x", at_ms)
        assert [len(mark.seqs) for mark in hub.dirty(tx, "task")] == [2, 1]


def test_a_mark_that_came_after_we_looked_stays(db: Database) -> None:
    with db.write() as tx:
        hub.mark_dirty(tx, "task", ["a", "b"], "seen", 1)
        marks = hub.dirty(tx, "task")
        hub.mark_dirty(tx, "task", ["a"], "later", 2)
        hub.clear_dirty(tx, "task", marks)
        assert [(mark.uid, mark.reason) for mark in hub.dirty(tx, "task")] == [("a", "later")]
        (left,) = hub.dirty(tx, "task")
        hub.clear_dirty(tx, "task", [DirtyMark(left.uid, left.reason, left.seq)])
        assert hub.dirty(tx, "task") == []


def test_an_edit_whose_commit_comes_late_is_not_cleared_unseen(pg_database: Any, clock: Any) -> None:
    """Its number is drawn first and appears last; clearing everything up to the newest number would lose it."""
    db = Database.open(pg_database(), clock=clock)
    put(db, "task", HubRow("a", 1, "live", {"title": "A"}))
    drawn, go_on = threading.Event(), threading.Event()

    def person() -> None:
        with db.edit() as tx:
            tx.conn.execute(sa.text("UPDATE task SET title = 'by hand' WHERE uid = 'a'"))
            drawn.set()
            go_on.wait(10)

    thread = threading.Thread(target=person)
    thread.start()
    assert drawn.wait(10)
    with db.write() as tx:
        hub.mark_dirty(tx, "task", ["a"], "ours", 1)
    with db.read() as tx:
        marks = hub.dirty(tx, "task")
    go_on.set()
    thread.join()
    with db.write() as tx:
        hub.clear_dirty(tx, "task", marks)
        assert [mark.reason for mark in hub.dirty(tx, "task")] == ["sql_update"]
    db.close()
