"""Issued reports: the same data is the same revision, changed data the next one, and the old one stays as it was."""

from __future__ import annotations

from store import issues
from store.database import Database
from store.issues import Issued


def issued(digest: str, period: str = "2026-W24", edition: str = "client", uid: str = "p") -> Issued:
    return Issued("weekly", uid, edition, period, digest, 7, {"text": digest})


def test_the_same_digest_is_the_same_revision(db: Database) -> None:
    with db.write() as tx:
        first = issues.save(tx, issued("a"))
        again = issues.save(tx, issued("a"))
        assert (first.revision, again) == (1, first)
        assert first.doc == {"text": "a"}


def test_a_changed_digest_is_the_next_revision_and_the_first_is_kept(db: Database) -> None:
    with db.write() as tx:
        first, second = issues.save(tx, issued("a")), issues.save(tx, issued("b"))
        assert (first.revision, second.revision) == (1, 2)
        assert issues.get(tx, first.id) == first
        assert issues.get(tx, second.id) == second
        assert issues.save(tx, issued("a")).revision == 3
        assert [one.revision for one in issues.listed(tx)] == [1, 2, 3]


def test_editions_periods_and_subjects_count_for_themselves(db: Database) -> None:
    others = [issued("b", period="2026-W25"), issued("b", edition="internal"), issued("b", uid="q")]
    with db.write() as tx:
        issues.save(tx, issued("a"))
        assert [issues.save(tx, one).revision for one in others] == [1, 1, 1]
        assert len(issues.listed(tx, uid="p")) == 3
        assert len(issues.listed(tx, edition="internal")) == 1
        assert issues.listed(tx, report="raid") == []


def test_before_gives_the_last_revision_of_each_earlier_period(db: Database) -> None:
    with db.write() as tx:
        for digest, period in (("a", "2026-W22"), ("b", "2026-W23"), ("c", "2026-W23"), ("d", "2026-W24")):
            issues.save(tx, issued(digest, period))
        found = issues.before(tx, "weekly", "p", "client", "2026-W24")
        assert [(one.period, one.digest) for one in found] == [("2026-W22", "a"), ("2026-W23", "c")]
        assert issues.before(tx, "weekly", "p", "client", "2026-W22") == []


def test_an_unknown_number_is_nothing(db: Database) -> None:
    with db.read() as tx:
        assert issues.get(tx, 99) is None
        assert issues.last(tx, "weekly", "p", "client", "2026-W24") is None
