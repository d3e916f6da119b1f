"""Issued reports: every revision is kept as it was, and none is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from store.statements import dumps, execute, fetch, fetch_one, insert_sql, loads_dict
from store.tx import Tx

_HEAD: Final = 'SELECT "id", "report", "subject", "digest", "at_ms"'
_SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True)
class Issued:
    """One revision of one report.

    Args:
        report: which report (``weekly`` ...).
        uid: the project or account it is about; "" for everything.
        edition: whom it is for.
        period: the week or day it tells of.
        revision: 1 for the first of that report, uid, edition and period.
        digest: what two revisions with the same data share.
        doc: the whole report; empty in listings.
        id: its number in the store.
    """

    report: str
    uid: str
    edition: str
    period: str
    digest: str
    at_ms: int
    doc: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    id: int = 0


def save(tx: Tx, issued: Issued) -> Issued:
    """Keep a revision, unless the last one has the same digest; gives the one that stands."""
    before = last(tx, issued.report, issued.uid, issued.edition, issued.period)
    if before is not None and before.digest == issued.digest:
        return before
    columns = ("report", "subject", "digest", "doc", "at_ms")
    row = (issued.report, _subject(issued), issued.digest, dumps(issued.doc), issued.at_ms)
    execute(tx, insert_sql("report_revision", columns), *row)
    kept = last(tx, issued.report, issued.uid, issued.edition, issued.period)
    if kept is None:
        raise RuntimeError("a report that was just kept is not there")
    return kept


def last(tx: Tx, report: str, uid: str, edition: str, period: str) -> Issued | None:
    """Give the newest revision of that report for that period."""
    found = listed(tx, report, uid, edition, period)
    return get(tx, found[-1].id) if found else None


def before(tx: Tx, report: str, uid: str, edition: str, period: str) -> list[Issued]:
    """Give the last revision of each earlier period, oldest first."""
    newest = {one.period: one for one in listed(tx, report, uid, edition) if one.period < period}
    return [whole for _, one in sorted(newest.items()) if (whole := get(tx, one.id)) is not None]


def get(tx: Tx, id: int) -> Issued | None:
    """Give one revision whole."""
    row = fetch_one(tx, 'SELECT "report", "subject", "doc" FROM "report_revision" WHERE "id" = ?', id)
    if row is None:
        return None
    head = next(one for one in _numbered(tx, row[0], row[1]) if one.id == id)
    return Issued(
        head.report, head.uid, head.edition, head.period, head.digest, head.at_ms, loads_dict(row[2]), head.revision, id
    )


def listed(tx: Tx, report: str = "", uid: str = "", edition: str = "", period: str = "") -> list[Issued]:
    """Give the revisions without their text, oldest first; a blank argument means any."""
    wanted = {"report": report, "uid": uid, "edition": edition, "period": period}
    found = _numbered(tx, report)
    return [one for one in found if all(not value or getattr(one, name) == value for name, value in wanted.items())]


def _numbered(tx: Tx, report: str = "", subject: str = "") -> list[Issued]:
    where = [(name, value) for name, value in (("report", report), ("subject", subject)) if value]
    sql = f'{_HEAD} FROM "report_revision"'
    if where:
        sql += " WHERE " + " AND ".join(f'"{name}" = ?' for name, _ in where)
    count: dict[tuple[str, str], int] = {}
    found = []
    for row in fetch(tx, f'{sql} ORDER BY "id"', *(value for _, value in where)):
        key = (row[1], row[2])
        count[key] = count.get(key, 0) + 1
        found.append(_issued(row, count[key]))
    return found


def _issued(row: Sequence[Any], revision: int) -> Issued:
    id, report, subject, digest, at_ms = row
    uid, edition, period = str(subject).split(_SEPARATOR)
    return Issued(report, uid, edition, period, digest, at_ms, {}, revision, id)


def _subject(issued: Issued) -> str:
    return _SEPARATOR.join((issued.uid, issued.edition, issued.period))
