"""Query texts: nothing that comes from a record or a map can change what a query says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.zoho import coql
from mapping.errors import ConfigError

ATTACKS = [
    "' or id is not null or Last_Name = '",
    "\\' or 1=1 --",
    "\\",
    "\\\\'",
    "'",
    "''",
    "a'b\\'c",
    "\n' or '1'='1",
    "\x00'",
    "‘’＇",
    "') order by id desc limit 2000",
    "𝕏'王",
    "\u2028'",
    "%' or Name like '%",
]


def parse_literal(text):
    """Read a literal as a server does, and give its value and the rest behind it."""
    assert text[0] == "'"
    value, at = [], 1
    while text[at] != "'":
        at += text[at] == "\\"
        value.append(text[at])
        at += 1
    return "".join(value), text[at + 1 :]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_value_gets_out_of_its_quotes(attack):
    value, rest = parse_literal(coql.literal(attack) + " and id > '7'")
    assert rest == " and id > '7'"
    assert value == re.sub("[\n\x00\u2028]", " ", attack)


@given(st.text())
def test_any_text_is_one_literal_that_reads_back(text):
    value, rest = parse_literal(coql.literal(text))
    assert rest == ""
    assert [a for a, b in zip(value, text, strict=True) if a != b] == [" "] * sum(
        a != b for a, b in zip(value, text, strict=True)
    )


@pytest.mark.parametrize("bad", [*ATTACKS, "", "1abc", "a b", "a.b", "a;", "$se_module", "任务", "x" * 101, "Tasks\n"])
def test_only_plain_names_are_names(bad):
    with pytest.raises(ConfigError):
        coql.name(bad)


@pytest.mark.parametrize("bad", [*ATTACKS, "", "12x", "-1", "1.5", "1" * 21, "٧", "7\n"])
def test_only_digits_are_record_ids(bad):
    with pytest.raises(ConfigError):
        coql.record_id(bad)


def test_a_query_reads_as_the_grammar_says():
    where = coql.any_of("Email", [coql.literal("a@b.example")])
    assert coql.select(["id", "Email"], "Contacts", where, 200) == (
        "select id, Email from Contacts where (Email in ('a@b.example')) order by id asc limit 200"
    )


def test_instants_carry_an_offset_and_whole_seconds():
    assert coql.iso(1_795_420_477_999) == "2026-11-23T07:54:37+00:00"
    assert coql.moment(0) == "'1970-01-01T00:00:00+00:00'"


@pytest.mark.parametrize(("limit", "credits"), [(1, 1), (200, 1), (201, 2), (1000, 2), (1001, 3), (2000, 3)])
def test_a_query_costs_by_its_limit(limit, credits):
    assert coql.credits_of(limit) == credits
