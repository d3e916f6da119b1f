"""The overdue digest and the status page of a project, as Markdown in Chinese or English.

Pure functions of what supervision found: the same look gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from reports.rendering import local_minute, plain, render_markdown
from reports.wording import WORDS, Language, say
from supervise.report import ProjectItem, ProjectPage, SupervisionReport, TaskItem


def overdue_digest(report: SupervisionReport, language: Language = "zh") -> str:
    """Give the digest: overdue client actions by project, loudest first, then ours, what is near, what disagrees."""
    return render_markdown(
        "digest.md.j2",
        language,
        report=report,
        as_of=local_minute(report.now_ms, report.zone),
        groups=_by_project(report.overdue),
        more=max(0, report.counts.get("overdue", 0) - len(report.overdue)),
        why=partial(_why, language),
        lifecycle=partial(lifecycle_word, language),
        claims=partial(claims_line, language),
        knobs=", ".join(f"{name}={plain(value)}" for name, value in sorted(report.knobs.items())),
    )


def project_status(page: ProjectPage, language: Language = "zh") -> str:
    """Give the status page of one project: where it stands, who says so, what both sides owe."""
    return render_markdown(
        "project.md.j2",
        language,
        page=page,
        project=page.project,
        as_of=local_minute(page.now_ms, page.zone),
        lists=(("client_open", page.client_open), ("ours", page.ours), ("undated", page.undated)),
        why=partial(_why, language),
        lifecycle=partial(lifecycle_word, language),
        health=lambda value: _word(language, "health", value),
        when=lambda at_ms: local_minute(at_ms, page.zone),
    )


def lifecycle_word(language: Language, value: str | None) -> str:
    """Give the word for a lifecycle; an unknown one shows itself."""
    return _word(language, "lifecycle", value)


def claims_line(language: Language, project: ProjectItem) -> str:
    """Give what each source says about a project on one line."""
    return " · ".join(f"{claim.connection}: {lifecycle_word(language, claim.value)}" for claim in project.statements)


def why_lines(item: TaskItem, language: Language) -> list[str]:
    """Give in words what moved the due day of an item or makes it uncertain."""
    return [
        say(language, f"why.{reason.code}", **{**reason.data})
        for reason in item.evidence
        if f"why.{reason.code}" in WORDS
    ]


def _why(language: Language, item: TaskItem) -> str:
    return "; ".join(why_lines(item, language))


def _by_project(items: Iterable[TaskItem]) -> Sequence[tuple[str, list[TaskItem]]]:
    """Group by project; the project with the loudest item comes first."""
    groups: dict[tuple[str, str], list[TaskItem]] = {}
    for item in items:
        groups.setdefault((item.project_uid, item.project), []).append(item)
    return [(name, found) for (_, name), found in groups.items()]


def _word(language: Language, kind: str, value: str | None) -> str:
    code = f"{kind}.{value}"
    return say(language, code) if code in WORDS else (value or say(language, "none"))
