"""The neutral SQL and JSON spelling, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from store.statements import (
    among,
    dumps,
    dumps_flat,
    dumps_storable,
    insert_sql,
    listed,
    loads,
    loads_dict,
    spell,
    upsert_sql,
)
from store.triggers import statements, watching
from store.tx import Tx

NO_CONN: Any = None


def test_equal_values_give_equal_text() -> None:
    assert dumps({"b": [1, None], "a": "é"}) == dumps({"a": "é", "b": [1, None]}) == '{"a":"é","b":[1,null]}'
    assert dumps({}) == "{}"
    assert dumps([]) == "[]"


@pytest.mark.parametrize("text", [' {"a": 1}', '{"a":1}\n', '\n{ "a" : 1 } '])
def test_json_that_a_person_laid_out_is_read_too(text: str) -> None:
    assert loads(text) == {"a": 1}
    assert loads_dict(text) == {"a": 1}


def test_nothing_and_what_is_no_object_is_an_empty_one() -> None:
    assert loads(None) is None
    assert [loads_dict(text) for text in (None, "", "{}", "[1]", "3")] == [{}] * 5


@pytest.mark.parametrize("text", ["", "{", '{"a":1} x', "nonsense"])
def test_broken_json_is_an_error_not_a_guess(text: str) -> None:
    with pytest.raises(ValueError):
        loads(text)


def test_only_strange_text_is_replaced() -> None:
    assert dumps_storable({"a": "ok", "b": "中文 💡"}) == '{"a":"ok","b":"中文 💡"}'
    assert dumps_storable({"a": "x\ud800", "n": 1, "l": ["\0"]}) == '{"a":"x\ufffd","l":["\ufffd"],"n":1}'
    assert dumps_storable({"pair": "\ud83d\ude00", "lone": "\udc00"}) == '{"lone":"\ufffd","pair":"😀"}'


def test_one_spelling_serves_every_driver() -> None:
    sql = 'SELECT "key" FROM "op" WHERE "a" LIKE \'%x\' AND "b" = ?'
    assert spell(sql, "sqlite") == sql
    assert spell(sql, "postgresql") == 'SELECT "key" FROM "op" WHERE "a" LIKE \'%%x\' AND "b" = %s'
    assert spell(sql, "mysql") == "SELECT `key` FROM `op` WHERE `a` LIKE '%%x' AND `b` = %s"


def test_an_upsert_replaces_everything_but_its_key() -> None:
    insert = 'INSERT INTO "t" ("k", "v") VALUES (?, ?)'
    assert insert_sql("t", ("k", "v")) == insert
    assert (
        upsert_sql("sqlite", "t", ("k", "v"), ("k",)) == f'{insert} ON CONFLICT ("k") DO UPDATE SET "v" = excluded."v"'
    )
    assert upsert_sql("postgresql", "t", ("k", "v"), ("k", "v")) == f'{insert} ON CONFLICT ("k", "v") DO NOTHING'
    assert upsert_sql("mysql", "t", ("k", "v"), ("k",)) == f'{insert} ON DUPLICATE KEY UPDATE "v" = VALUES("v")'


def test_many_values_travel_in_one_parameter() -> None:
    assert among(Tx(NO_CONN, "sqlite"), "c") == "c IN (SELECT value FROM json_each(?))"
    assert listed(Tx(NO_CONN, "sqlite"), ("a", 1)) == '["a",1]'
    assert listed(Tx(NO_CONN, "sqlite"), ["半\ud83d"]) == '["\\u534a\\ud83d"]'
    assert among(Tx(NO_CONN, "postgresql"), "c") == "c = ANY(?)"
    assert listed(Tx(NO_CONN, "postgresql"), ("a", "b")) == ["a", "b"]
    assert "JSON_TABLE(?" in among(Tx(NO_CONN, "mysql"), "c")


@pytest.mark.parametrize(("dialect", "each"), [("sqlite", 4), ("postgresql", 4), ("mysql", 3)])
def test_every_hub_table_is_watched_in_every_database(dialect: str, each: int) -> None:
    made = [text for text in statements(dialect) if text not in watching(dialect)]
    assert len(made) == each * 6
    assert all(any(f" ON {table} " in text for text in made) for table in ("account", "contact", "comment", "task"))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_what_a_verdict_may_rest_on_is_noted_in_every_database(dialect: str) -> None:
    made = [text.replace("`", '"') for text in watching(dialect)]
    for table in ("task", "project", "contact", "account", "pause", "claim", "override", "review", "ball_event"):
        assert any(f'AFTER INSERT ON "{table}"' in text or f'DELETE ON "{table}"' in text for text in made)
    assert not any('ON "comment"' in text or 'ON "feedback"' in text for text in made)


@pytest.mark.parametrize(
    "doc",
    [
        {},
        {"b": 1, "a": None},
        {"b": [1.5, "x", True], "a": '引号" \\ \n \x1f \x7f \u2028'},
        {"big": 2**80, "far": 1e16, "near": 0.001, "z": -0.0, "a": False},
        {"half": "\ud83d", "a": "x"},
    ],
)
def test_flat_documents_have_the_text_that_all_documents_have(doc: dict[str, object]) -> None:
    backwards = dict(reversed(doc.items()))
    assert dumps_flat(doc) == dumps_flat(backwards) == dumps(doc)
