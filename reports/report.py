"""A report in both languages: what is kept as one revision, whatever language or format is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal, get_args

from mapping.errors import InputError
from mapping.records import EntityKind
from reports.document import Document, digest, from_plain, to_plain
from reports.html import to_html
from reports.markdown import to_markdown
from reports.pdf import load_fpdf, to_pdf
from reports.sheet import Sheet, to_csv
from reports.voice import Edition, Voice
from reports.wording import Language

Kind = Literal["weekly", "digest", "certificate", "closure", "ledger", "brief", "raid"]
Format = Literal["md", "html", "pdf", "csv"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report on one subject, looked at one moment.

    Args:
        entity, uid: the project or account it is about; blank uid for everything.
        period: the week or day it tells of; two of one period are revisions of each other.
        at_ms: the moment looked at; it becomes the date of a PDF.
        sheets: the same as a table for a spreadsheet, where the report has one.
        facts: what the next report compares with.
    """

    kind: str
    entity: EntityKind
    uid: str
    name: str
    edition: Edition
    period: str
    at_ms: int
    documents: Mapping[Language, Document]
    sheets: Mapping[Language, Sheet] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def in_both(make: Callable[[Voice], Document], edition: Edition, zone: str) -> dict[Language, Document]:
    """Give a document in every language."""
    return {language: make(Voice(language, edition, zone)) for language in LANGUAGES}


def digest_of(report: Report) -> str:
    """Give what two reports of the same data share, whenever they were made."""
    parts = [digest(report.documents[language]) for language in sorted(report.documents)]
    parts.append(json.dumps({name: to_plain(sheet) for name, sheet in sorted(report.sheets.items())}, sort_keys=True))
    return sha256("\n".join(parts).encode()).hexdigest()


def check(report: Report, format: str) -> None:
    """See that a report can be given in a format.

    Raises:
        InputError: it has no such format, or a package for it is missing.
    """
    if format == "csv" and not report.sheets:
        raise InputError(
            f"the {report.kind} report has no CSV", zh=f"{report.kind} 报告没有 CSV 格式",
            next_step="use md, html or pdf; ledger and raid have CSV",
            next_step_zh="请用 md、html 或 pdf；ledger 与 raid 有 CSV",
        )  # fmt: skip
    if format == "pdf":
        load_fpdf()


def render(report: Report, format: str, language: Language) -> bytes:
    """Give a report in a format.

    Raises:
        InputError: see :func:`check`.
    """
    check(report, format)
    document = report.documents[language]
    if format == "csv":
        return to_csv(report.sheets[language]).encode("utf-8-sig")
    if format == "pdf":
        return to_pdf(document, at_ms=report.at_ms)
    return (to_html(document) if format == "html" else to_markdown(document)).encode("utf-8", "replace")


def to_store(report: Report) -> dict[str, Any]:
    """Give a report as plain JSON values."""
    return {
        "entity": report.entity, "name": report.name, "at_ms": report.at_ms, "facts": dict(report.facts),
        "documents": {language: to_plain(document) for language, document in report.documents.items()},
        "sheets": {language: to_plain(sheet) for language, sheet in report.sheets.items()},
    }  # fmt: skip


def from_store(doc: Mapping[str, Any], *, kind: str, uid: str, edition: str, period: str) -> Report:
    """Give back what :func:`to_store` took apart."""
    return Report(
        kind=kind, entity=doc["entity"], uid=uid, name=doc["name"],
        edition="client" if edition == "client" else "internal", period=period, at_ms=doc["at_ms"], facts=doc["facts"],
        documents={language: from_plain(doc["documents"][language]) for language in LANGUAGES},
        sheets={language: from_plain(doc["sheets"][language]) for language in LANGUAGES if language in doc["sheets"]},
    )  # fmt: skip
