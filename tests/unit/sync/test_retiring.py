"""A connection that left the configuration ends for good: here, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mapping.errors import InputError
from store import hub, inbox, journal, streams
from sync.retiring import retirable, retire
from tests.support.rig import Rig

BOTH = frozenset({"a", "b"})


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def leave(rig: Rig) -> None:
    rig.configured = [one for one in rig.configured if one.name != "b"]


def end_b(rig: Rig) -> dict[str, int]:
    with rig.db.edit() as tx:
        found = retirable(tx, "b", frozenset({"a"}))
        retire(tx, "b", now_ms=rig.clock.now_ms(), who="li", salt=b"0123456789abcdef")
    return found


def test_what_is_configured_or_unknown_is_refused(rig: Rig) -> None:
    rig.ann()
    with rig.db.read() as tx:
        with pytest.raises(InputError, match="still in the configuration"):
            retirable(tx, "b", BOTH)
        with pytest.raises(InputError, match="knows no such connection"):
            retirable(tx, "zoho", BOTH)


def test_links_end_and_nothing_is_deleted_anywhere(rig: Rig) -> None:
    rig.ann()
    leave(rig)
    writes = rig.writes()
    assert end_b(rig)["links"] == 1
    rig.rest()
    assert rig.writes() == writes
    assert len(rig.b.live("contacts")) == len(rig.a.live("contacts")) == len(rig.rows("contact")) == 1
    assert {name: link.state for name, link in rig.links("contact", rig.row.uid).items()} == {
        "a": "live",
        "b": "retired",
    }
    with rig.db.read() as tx:
        assert not any(one.connection == "b" for one in streams.all(tx))
        assert streams.connection(tx, "b") is None
        assert inbox.count(tx, connection="b") == 0
        told = [one for one in journal.of(tx, "contact", rig.row.uid) if one.kind == "retire"]
        assert [(one.who, one.connection) for one in told] == [("li", "b")]
        assert journal.verify(tx) is None


def test_its_marks_are_planned_once_more_and_then_gone(rig: Rig) -> None:
    rig.ann()
    leave(rig)
    rig.edit_hub("contact", rig.row.uid, {"title": "CTO"})
    rig.rest()
    with rig.db.read() as tx:
        assert hub.dirty_count(tx) == {"contact": 1}
    end_b(rig)
    rig.rest()
    with rig.db.read() as tx:
        assert hub.dirty_count(tx) == {}


def test_a_conflict_with_it_alone_is_no_question_any_more(rig: Rig) -> None:
    mine, theirs = rig.ann()
    rig.b.edit("contacts", theirs, {"title": "CEO"})
    rig.edit_hub("contact", rig.row.uid, {"title": "CTO"})
    rig.round()
    assert [one.kind for one in rig.questions()] == ["conflict"]
    leave(rig)
    end_b(rig)
    rig.rest()
    assert rig.questions() == []
    assert rig.a.live("contacts")[mine]["title"] == "CTO"
