"""Which records belong to us."""

import pytest

from mapping.errors import ConfigError
from mapping.scope import OPERATORS, in_scope, read_where

PAYLOAD = {
    "Status": "In Progress",
    "Amount": 1200.5,
    "Due": "2026-12-01",
    "Seen": "2026-11-23T08:00:00+08:00",
    "Owner": {"id": "42", "name": "Li", "email": "li@x.example"},
    "Roles": ["it", "sponsor"],
    "Flag": True,
    "Empty": None,
    "Nothing": [],
}


@pytest.mark.parametrize(
    "clause",
    [
        ["Status", "eq", "in progress"],
        ["Status", "ne", "Done"],
        ["Status", "in", ["Done", "In Progress"]],
        ["Status", "not_in", ["Done"]],
        ["Status", "contains", "prog"],
        ["Status", "starts_with", "In"],
        ["Amount", "eq", "1200.50"],
        ["Amount", "gt", 1200],
        ["Amount", "lte", 1200.5],
        ["Due", "gte", "2026-11-30"],
        ["Due", "lt", "2027-01-01"],
        ["Seen", "gt", "2026-11-22T23:59:59+00:00"],
        ["Owner", "eq", "42"],
        ["Owner", "eq", "LI@x.example"],
        ["Roles", "eq", "it"],
        ["Roles", "is_set"],
        ["Flag", "eq", True],
        ["Flag", "ne", False],
        ["Empty", "not_set"],
        ["Nothing", "not_set"],
        ["Absent", "not_set"],
        ["Absent", "ne", "x"],
    ],
)
def test_a_record_is_in_scope(clause):
    assert in_scope(read_where([clause], "where"), PAYLOAD)


@pytest.mark.parametrize(
    "clause",
    [
        ["Status", "eq", "Done"],
        ["Amount", "gt", 1200.5],
        ["Amount", "lt", "many"],
        ["Due", "gt", "2026-12-01"],
        ["Seen", "lt", "2026-11-23T00:00:00+00:00"],
        ["Owner", "ne", "42"],
        ["Roles", "not_in", ["sponsor"]],
        ["Empty", "gt", 1],
        ["Empty", "is_set"],
        ["Flag", "gt", 0],
    ],
)
def test_a_record_is_out_of_scope(clause):
    assert not in_scope(read_where([clause], "where"), PAYLOAD)


def test_every_clause_must_hold():
    where = read_where([["Status", "is_set"], ["Status", "eq", "Done"]], "where")
    assert not in_scope(where, PAYLOAD)
    assert in_scope((), PAYLOAD)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("Status", "list of clauses"),
        ([["Status"]], "where[0]"),
        ([["", "eq", 1]], "where[0]"),
        ([["Status", "equals", 1]], "'equals'"),
        ([["Status", "eq"]], "one value"),
        ([["Status", "eq", ["a"]]], "one value"),
        ([["Status", "in", "a"]], "list of values"),
        ([["Status", "in", []]], "list of values"),
        ([["Status", "is_set", "yes"]], "no value after is_set"),
    ],
)
def test_a_bad_clause_is_named(raw, words):
    with pytest.raises(ConfigError) as caught:
        read_where(raw, "where")
    assert words in str(caught.value)


def test_a_misspelt_operator_gets_its_neighbour():
    with pytest.raises(ConfigError) as caught:
        read_where([["Status", "contain", "x"]], "map.task.a.where")
    assert "did you mean 'contains'?" in str(caught.value)
    assert "contains" in OPERATORS
