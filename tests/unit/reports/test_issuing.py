"""Keeping reports: one revision for the same data, the next for changed data, printed again byte for byte."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mapping.errors import InputError
from reports.issuing import Kept, keep, project_report, read, stamped
from reports.report import FORMATS, render
from store import acts, issues, journal
from store.database import Database
from store.journal import Entry
from supervise.dossier import Dossier
from tests.support.dossiers import DAY_MS, NOW_MS, dossier

SALT = b"s" * 32


def issue(db: Database, told_of: Dossier, kind: str = "weekly", now_ms: int = NOW_MS) -> Kept:
    with db.write() as tx:
        return keep(tx, project_report(tx, kind, told_of, "client"), who="王丽", now_ms=now_ms, run_id="", salt=SALT)


@pytest.mark.parametrize("kind", ["weekly", "certificate", "closure", "ledger", "raid"])
def test_the_same_data_is_the_same_revision_and_the_same_bytes(db: Database, kind: str) -> None:
    first = issue(db, dossier(), kind)
    later = replace(dossier(), now_ms=NOW_MS + 3_600_000)
    again = issue(db, replace(later, freshness=()), kind, NOW_MS + 3_600_000)
    assert (first.new, again.new) == (True, False)
    assert first.issued.revision == again.issued.revision == 1
    for format in FORMATS:
        if format != "pdf" and (format != "csv" or first.report.sheets):
            assert render(first.report, format, "zh") == render(again.report, format, "zh")


def test_changed_data_is_revision_2_and_1_can_still_be_had(db: Database) -> None:
    first = issue(db, dossier())
    second = issue(db, replace(dossier(), client_items=dossier().client_items[1:]))
    assert (second.new, second.issued.revision) == (True, 2)
    with db.read() as tx:
        kept = issues.get(tx, first.issued.id)
    assert kept is not None
    for language in ("zh", "en"):
        for format in ("md", "html", "pdf"):
            old = render(first.report, format, language)  # type: ignore[arg-type]
            assert render(stamped(read(kept), kept), format, language) == old  # type: ignore[arg-type]
    assert "修订 1 · 摘要" in render(first.report, "md", "zh").decode()
    assert "Revision 2 · digest" in render(second.report, "md", "en").decode()


def test_an_issue_is_noted_with_who_did_it_once(db: Database) -> None:
    issue(db, dossier())
    issue(db, dossier())
    with db.read() as tx:
        entries = journal.of(tx, "project", "p1")
        told = acts.of(tx, "project", ["p1"], ["report_issued"])
        assert journal.verify(tx) is None
        assert acts.verify(tx) is None
    assert [(one.kind, one.who, one.changes["report"][1]) for one in entries] == [
        ("report", "王丽", "weekly 2026-W24 client r1")
    ]
    assert [(one.who, one.doc["report"], one.doc["revision"]) for one in told] == [("王丽", "weekly", 1)]


def test_the_same_report_is_handed_over_anew_once_the_project_has_moved_on(db: Database) -> None:
    first = issue(db, dossier(), "closure")
    moved = Entry("r", NOW_MS + 60_000, "act", "project", "p1", who="李", changes={"lifecycle": ["closed", "active"]})
    with db.write() as tx:
        journal.append(tx, [moved], SALT)
    again = [issue(db, dossier(), "closure", NOW_MS + 120_000 + more) for more in (0, 1)]
    assert [(one.new, one.issued) for one in again] == [(False, first.issued)] * 2
    with db.read() as tx:
        told = acts.of(tx, "project", ["p1"], ["report_issued"])
    assert [one.at_ms for one in told] == [NOW_MS, NOW_MS + 120_000]  # naive: never again, and the gate stays shut


def test_the_next_week_is_compared_with_the_last_one_and_not_with_its_own_revisions(db: Database) -> None:
    issue(db, dossier())
    next_week = replace(dossier(), now_ms=NOW_MS + 7 * DAY_MS, today=dossier().today.replace(day=19))
    changed = issue(db, replace(next_week, client_items=dossier().client_items[1:]))
    again = issue(db, replace(next_week, client_items=dossier().client_items[1:]))
    assert changed.issued.period == "2026-W25"
    assert not again.new
    text = render(changed.report, "md", "en").decode()
    assert "1 difference from the report of 2026-W24" in text
    assert "settled: 需求规格书 v2 签字" in text


def test_editions_do_not_mix(db: Database) -> None:
    with db.write() as tx:
        for edition in ("client", "internal"):
            made = project_report(tx, "weekly", dossier(), edition)  # type: ignore[arg-type]
            kept = keep(tx, made, who="x", now_ms=NOW_MS, run_id="", salt=SALT)
            assert kept.issued.revision == 1


def test_a_report_without_a_table_has_no_csv(db: Database) -> None:
    with pytest.raises(InputError) as caught:
        render(issue(db, dossier()).report, "csv", "zh")
    assert "ledger" in caught.value.text("zh")
    assert render(issue(db, dossier(), "ledger").report, "csv", "zh").startswith(b"\xef\xbb\xbf")
