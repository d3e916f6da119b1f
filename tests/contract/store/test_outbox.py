"""The outbox: an intent stands before its first byte, and one pair never has two open ones."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from store import outbox
from store.database import Database
from store.outbox import Op


def op(id: str, uid: str = "a", connection: str = "zoho", **rest: Any) -> Op:
    return Op(id, "run-1", "digest", "contact", uid, connection, "Contacts", rest.pop("action", "update"), **rest)


def test_an_op_comes_back_as_it_was_stored(db: Database) -> None:
    one = op(
        "1", remote_id="77", values={"name": "李雷", "roles": ["it"]}, hub_values={"name": "李雷"}, base={"name": None},
        key="k", state="waiting", attempts=2, not_before_ms=5, first_intent_ms=4, steps_done=["patch"], code="X",
        message="busy", created_ms=3,
    )  # fmt: skip
    with db.write(durable=True) as tx:
        outbox.add(tx, [one])
        assert outbox.get(tx, ["1", "2"]) == {"1": one}
        one.state, one.values, one.steps_done = "done", {}, ["patch", "owner"]
        outbox.save(tx, [one])
        assert outbox.get(tx, ["1"]) == {"1": one}
        assert outbox.of_uid(tx, "a") == [one]


def test_a_pair_has_one_open_op(db: Database) -> None:
    with db.write() as tx:
        outbox.add(
            tx, [op("1", state="done"), op("2", state="unknown"), op("3", connection="fxiaoke"), op("4", uid="b")]
        )
        assert outbox.open_pairs(tx, "contact", ["a", "b", "c"]) == {("a", "zoho"), ("a", "fxiaoke"), ("b", "zoho")}
        assert outbox.open_pairs(tx, "task", ["a"]) == set()
    with pytest.raises(sa.exc.IntegrityError), db.write() as tx:
        outbox.add(tx, [op("5")])


def test_ready_gives_what_is_due_in_order_and_pages(db: Database) -> None:
    ops = [
        op("1", "a"), op("2", "b", state="waiting", not_before_ms=10), op("3", "c", not_before_ms=11),
        op("4", "d", state="intent"), op("5", "e"), op("6", "f", "fxiaoke"), op("7", "g", state="refused"),
    ]  # fmt: skip
    with db.write() as tx:
        outbox.add(tx, ops)
        assert [one.id for one in outbox.ready(tx, "zoho", "contact", 10, 9)] == ["1", "2", "5"]
        assert [one.id for one in outbox.ready(tx, "zoho", "contact", 10, 2)] == ["1", "2"]
        assert [one.id for one in outbox.ready(tx, "zoho", "contact", 10, 9, after_id="2")] == ["5"]
        assert outbox.ready(tx, "zoho", "task", 10, 9) == []
        assert [one.id for one in outbox.open(tx)] == ["1", "2", "3", "4", "5", "6"]
        assert [one.id for one in outbox.open(tx, connection="zoho", states=("intent", "unknown"))] == ["4"]
        assert outbox.counts(tx) == {"ready": 4, "waiting": 1, "intent": 1}


def test_the_first_intent_is_kept_over_repeats(db: Database) -> None:
    with db.write() as tx:
        one, two = op("1"), op("2", "b")
        outbox.add(tx, [one, two])
        outbox.intend(tx, [one], 100, 150)
        outbox.intend(tx, [one, two], 200, 250)
        found = outbox.get(tx, ["1", "2"])
    assert (found["1"].state, found["1"].attempts, found["1"].first_intent_ms) == ("intent", 2, 100)
    assert (found["2"].attempts, found["2"].first_intent_ms, found["2"].not_before_ms) == (1, 200, 250)
    assert found == {"1": one, "2": two}


def test_what_is_done_names_the_record_it_made(db: Database) -> None:
    with db.write() as tx:
        made, changed = op("1", action="create", code="X", message="once refused"), op("2", "b", remote_id="r2")
        made.remote_id = "r1"
        outbox.add(tx, [made, changed])
        outbox.finish(tx, [made, changed])
        found = outbox.get(tx, ["1", "2"])
    assert found == {"1": made, "2": changed}
    assert (found["1"].state, found["1"].remote_id, found["1"].code, found["1"].message) == ("done", "r1", None, None)
    assert (found["2"].state, found["2"].remote_id) == ("done", "r2")


def test_attempts_are_kept_in_order(db: Database) -> None:
    rows: list[outbox.Attempt] = [("1", 1, 10, None, "unknown", None), ("1", 2, 20, 21, "applied", "OK")]
    with db.write() as tx:
        outbox.log_attempts(tx, rows)
        assert outbox.attempts(tx, "1") == rows
        assert outbox.attempts(tx, "2") == []
