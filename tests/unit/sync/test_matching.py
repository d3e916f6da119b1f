"""Which records meet, and which a person must look at."""

from __future__ import annotations

from sync.matching import match

NOBODY: dict[str, frozenset[str]] = {}


def rows(*shared: tuple[str, str, str]) -> list[tuple[str, str, str]]:
    return sorted(shared)


def test_two_records_of_two_sides_that_share_a_key_are_one() -> None:
    found = match(rows(("e:x", "a", "1"), ("e:x", "b", "9")), NOBODY)
    assert [group.records for group in found.groups] == [(("a", "1"), ("b", "9"))]
    assert found.doubts == []


def test_a_record_meets_the_hub_row_that_lacks_its_side() -> None:
    found = match(rows(("e:x", "", "u1"), ("e:x", "a", "1")), NOBODY)
    assert [(group.uid, group.records) for group in found.groups] == [("u1", (("a", "1"),))]


def test_a_hub_row_that_has_a_record_there_takes_no_second_one() -> None:
    found = match(rows(("e:x", "", "u1"), ("e:x", "a", "2")), {"u1": frozenset({"a"})})
    assert found.groups == []
    assert found.doubts == []


def test_two_records_of_one_side_are_never_merged() -> None:
    assert match(rows(("e:x", "a", "1"), ("e:x", "a", "2")), NOBODY).groups == []


def test_more_than_one_hit_is_a_doubt_for_everybody_concerned() -> None:
    found = match(rows(("e:x", "a", "1"), ("e:x", "a", "2"), ("e:x", "b", "9")), NOBODY)
    assert found.groups == []
    assert {doubt.record for doubt in found.doubts} == {("a", "1"), ("a", "2"), ("b", "9")}


def test_the_key_field_cuts_through_a_shared_address() -> None:
    found = match(
        rows(("e:x", "a", "1"), ("e:x", "a", "2"), ("e:x", "b", "9"), ("k:u", "a", "1"), ("k:u", "b", "9")), NOBODY
    )
    assert [(group.records, group.by_key) for group in found.groups] == [((("a", "1"), ("b", "9")), True)]


def test_a_chain_of_different_keys_is_a_doubt_when_it_reaches_one_side_twice() -> None:
    found = match(rows(("e:x", "a", "1"), ("e:x", "b", "9"), ("m:1", "a", "2"), ("m:1", "b", "9")), NOBODY)
    assert found.groups == []
    assert len(found.doubts) == 3


def test_a_name_alone_is_a_doubt_only() -> None:
    found = match(rows(("~n:王伟", "a", "1"), ("~n:王伟", "b", "9")), NOBODY)
    assert found.groups == []
    assert all(doubt.name_only for doubt in found.doubts)
    assert len(found.doubts) == 2


def test_a_key_that_a_crowd_carries_says_nothing() -> None:
    crowd = [("m:+861012345678", "a", str(number)) for number in range(60)]
    assert match(rows(*crowd, ("m:+861012345678", "b", "9")), NOBODY).doubts == []


def test_what_a_person_decided_is_not_asked_again() -> None:
    shared = rows(("e:x", "a", "1"), ("e:x", "a", "2"), ("e:x", "b", "9"))
    found = match(shared, NOBODY, settled={("a", "2"): None})
    assert [group.records for group in found.groups] == [(("a", "1"), ("b", "9"))]
