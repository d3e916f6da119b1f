"""Makes a report and keeps it: the same data gives the revision that is there, changed data the next one.

A report that was kept is never changed; it can be printed again in any language and format, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from mapping.errors import InputError
from mapping.records import EntityKind
from reports.brief import brief
from reports.certificate import certificate
from reports.changes import facts_of
from reports.closure import closure
from reports.delays import ledger, ledger_sheet
from reports.digest import digest
from reports.document import Document
from reports.gathering import client_actions
from reports.outward import outward
from reports.raid import raid, raid_sheet
from reports.report import LANGUAGES, Report, digest_of, from_store, in_both, to_store
from reports.sheet import Sheet
from reports.voice import Edition, Voice
from reports.weekly import past_of, weekly
from reports.wording import Language, say
from store import acts, issues, journal
from store.acts import Act
from store.issues import Issued
from store.journal import Entry
from store.tx import Tx
from supervise.dossier import Dossier

Maker = Callable[[Dossier, Voice, str], Document]
SHORT: Final = 12
_PROJECT: Final[Mapping[str, Maker]] = {
    "certificate": certificate, "closure": closure, "ledger": ledger, "raid": raid,
}  # fmt: skip
_SHEETS: Final[Mapping[str, Callable[[Dossier, Voice], Sheet]]] = {"ledger": ledger_sheet, "raid": raid_sheet}


@dataclass(frozen=True, slots=True)
class Kept:
    """A report with the revision it is kept as.

    Args:
        new: it was not there before.
    """

    report: Report
    issued: Issued
    new: bool


def period_of(kind: str, today: date) -> str:
    """Give the week a weekly report tells of, the day for any other.

    Shape: 2026-06-12 -> "2026-W24"
    """
    year, week, _ = today.isocalendar()
    return f"{year}-W{week:02d}" if kind == "weekly" else today.isoformat()


def week_end_ms(week: str, zone: str) -> int:
    """Give the last moment of an ISO week.

    Raises:
        InputError: it is no week.
    """
    try:
        year, _, number = week.partition("-W")
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError as exc:
        raise InputError(
            f"{week!r} is no week; write it as 2026-W24", zh=f"{week!r} 不是有效的周；请写成 2026-W24"
        ) from exc
    after = monday + timedelta(days=7)
    return int(datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000) - 1


def project_report(tx: Tx, kind: str, dossier: Dossier, edition: Edition) -> Report:
    """Give one report of a project, compared with what earlier ones said where it does that."""
    uid, period = dossier.project.uid, period_of(kind, dossier.today)
    dossier = outward(dossier) if edition == "client" else dossier
    voices = {language: Voice(language, edition, dossier.zone) for language in LANGUAGES}
    facts: dict[str, Any] = {}
    if kind == "weekly":
        told = [
            (one.period, int(one.doc["at_ms"]), one.doc["facts"])
            for one in issues.before(tx, kind, uid, edition, period)
        ]
        due, done = client_actions(tx, dossier, outward=edition == "client")
        past = replace(past_of(told, dossier.zone), due=due, done=done)
        documents = in_both(lambda voice: weekly(dossier, voice, period, past), edition, dossier.zone)
        facts = facts_of(dossier, voices["zh"])
    else:
        make = _PROJECT[kind]
        documents = in_both(lambda voice: make(dossier, voice, period), edition, dossier.zone)
    sheets = {language: _SHEETS[kind](dossier, voice) for language, voice in voices.items()} if kind in _SHEETS else {}
    return Report(
        kind=kind, entity="project", uid=uid, name=dossier.project.name, edition=edition, period=period,
        at_ms=dossier.now_ms, documents=documents, sheets=sheets, facts=facts,
    )  # fmt: skip


def wide_report(
    kind: str, dossiers: Sequence[Dossier], edition: Edition, entity: EntityKind, uid: str, name: str
) -> Report:
    """Give a report over several projects: the digest, or the brief of an account.

    Raises:
        InputError: there is no project to tell of, or it was asked for a client what no client may read: a brief, or a
            digest over several clients.
    """
    if kind == "brief" and edition == "client":
        raise InputError(
            "the account brief is for our own people only", zh="客户简报仅供内部使用", next_step="--edition internal",
            next_step_zh="--edition internal",
        )  # fmt: skip
    if not dossiers:
        raise InputError("there is no project to tell of", zh="没有可报告的项目")
    if edition == "client" and len({(each.values.get("account"), each.account_name) for each in dossiers}) > 1:
        raise InputError(
            "no client is to read of another one", zh="不得让客户看到其他客户的内容",
            next_step="name one client or project: `duban report digest NAME --edition client`",
            next_step_zh="请指定一个客户或项目：`duban report digest 名称 --edition client`",
        )  # fmt: skip
    dossiers = [outward(each) for each in dossiers] if edition == "client" else dossiers
    first = dossiers[0]
    period = period_of(kind, first.today)
    make = (
        (lambda voice: brief(dossiers, voice, period))
        if kind == "brief"
        else (lambda voice: digest(dossiers, voice, period, name))
    )
    return Report(
        kind=kind, entity=entity, uid=uid, name=name, edition=edition, period=period, at_ms=first.now_ms,
        documents=in_both(make, edition, first.zone),
    )  # fmt: skip


def keep(tx: Tx, report: Report, *, who: str, now_ms: int, run_id: str, salt: bytes) -> Kept:
    """Keep a report: the revision that is there when the data is the same, else the next one, noted in the journal.

    The same revision of a project that has moved on since is handed over once more: what was said of one end of a
    project does not serve the next.
    """
    issued = Issued(report.kind, report.uid, report.edition, report.period, digest_of(report), now_ms, to_store(report))
    before = issues.last(tx, report.kind, report.uid, report.edition, report.period)
    kept = issues.save(tx, issued)
    new = before is None or kept.id != before.id
    if not new and not _moved_on(tx, report):
        return Kept(stamped(read(kept), kept), kept, False)
    told = {
        "report": report.kind, "revision": kept.revision, "period": report.period, "edition": report.edition,
        "digest": kept.digest,
    }  # fmt: skip
    if report.uid:
        acts.append(tx, [Act(report.entity, report.uid, "report_issued", now_ms, who, told)])
    entry = Entry(
        run_id, now_ms, "report", report.entity, report.uid, who=who,
        changes={"report": [None, f"{report.kind} {report.period} {report.edition} r{kept.revision}"]},
        cause="report_issued",
    )  # fmt: skip
    journal.append(tx, [entry], salt)
    return Kept(stamped(report if new else read(kept), kept), kept, new)


def _moved_on(tx: Tx, report: Report) -> bool:
    """Say whether a project's lifecycle was moved since that report was last handed over."""
    if report.entity != "project" or not report.uid:
        return False
    told = [
        act for act in acts.of(tx, "project", [report.uid], ["report_issued"]) if act.doc.get("report") == report.kind
    ]
    steps = [entry for entry in journal.of(tx, "project", report.uid, "lifecycle") if not entry.op_id]
    return bool(told and steps) and steps[-1].at_ms > told[-1].at_ms


def read(issued: Issued) -> Report:
    """Give a kept report as it was."""
    return from_store(issued.doc, kind=issued.report, uid=issued.uid, edition=issued.edition, period=issued.period)


def stamped(report: Report, issued: Issued) -> Report:
    """Give the report with its revision printed under the title."""
    documents: dict[Language, Document] = {
        language: replace(
            document,
            revision=say(language, "revision_line", number=issued.revision, digest=issued.digest[:SHORT]),
        )
        for language, document in report.documents.items()
    }
    return replace(report, documents=documents)
