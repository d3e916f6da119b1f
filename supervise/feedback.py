"""What a project's records say of what the client answered: feedback and its loops, scores by wave, mood. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from store.hub import HubRow
from supervise.baselines import decimal_of
from supervise.health import Mood
from supervise.loops import LoopCase, view_loop
from supervise.material import Material, text
from supervise.papers import civil, civil_in
from supervise.people import KEY_ROLES, roles_of
from supervise.satisfaction import SCALES, Answer, SatisfactionResult, satisfaction, unhappy


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackLine:
    """One feedback and whether its loop is closed.

    Args:
        contact: name of who gave it.
        follow_up: uid of the action that follows it up.
        cause: code of its root cause, for lessons.
    """

    uid: str
    title: str
    kind: str = ""
    status: str = ""
    contact: str = ""
    score: Decimal | None = None
    scale: str = ""
    wave: str = ""
    verbatim: str = ""
    submitted_ms: int | None = None
    follow_up: str = ""
    loop_open: bool = False
    loop_due: date | None = None
    cause: str = ""


def feedback_lines(material: Material) -> list[FeedbackLine]:
    """Give every feedback with where its loop stands, the latest first."""
    found = []
    for row in material.feedback:
        values = row.values
        case = loop_case(material, row)
        loop = view_loop(case, today=material.today, calendar=material.calendar)
        at_ms = values.get("submitted_at")
        found.append(
            FeedbackLine(
                uid=row.uid, title=text(values, "subject"), kind=text(values, "kind"), status=text(values, "status"),
                contact=material.name(text(values, "contact")), score=case.score, scale=text(values, "scale"),
                wave=text(values, "wave"), verbatim=text(values, "body"),
                submitted_ms=at_ms if isinstance(at_ms, int) else None, follow_up=case.follow_up, loop_open=loop.open,
                loop_due=loop.due, cause=text(values, "cause"),
            )
        )  # fmt: skip
    return sorted(found, key=lambda line: (-(line.submitted_ms or 0), line.title, line.uid))


def loop_case(material: Material, row: HubRow) -> LoopCase:
    """Give one feedback as the rule of the closed loop takes it."""
    values = row.values
    follow_up = text(values, "follow_up")
    made = next((task for task in material.tasks if task.uid == follow_up), None)
    return LoopCase(
        uid=row.uid,
        kind=text(values, "kind"),
        on=civil_in(values.get("submitted_at"), material) or material.born.get(row.uid) or material.today,
        score=decimal_of(values.get("score")),
        scale=text(values, "scale"),
        owner=text(values, "owner"),
        follow_up=follow_up,
        follow_up_on=material.born.get(made.uid) if made is not None else None,
        status=text(values, "status") or "new",
        due=civil(values.get("loop_due")),
    )


def measured(material: Material) -> SatisfactionResult:
    """Give satisfaction wave by wave."""
    answers = [
        Answer(
            contact=text(row.values, "contact"), wave=text(row.values, "wave"), scale=text(row.values, "scale"),
            score=decimal_of(row.values.get("score")), at_ms=_at(row), kind=text(row.values, "kind"),
            verbatim=text(row.values, "body"), uid=row.uid,
        )
        for row in material.feedback if text(row.values, "kind") in SCALES
    ]  # fmt: skip
    return satisfaction(answers, invited(material), material.setting.knobs)


def invited(material: Material) -> dict[str, set[str]]:
    """Give to whom each wave went."""
    found: dict[str, set[str]] = {}
    for act in material.said(material.project.uid, "survey_sent"):
        found.setdefault(str(act.doc.get("wave") or ""), set()).update(act.doc.get("contacts") or ())
    return found


def mood(material: Material, result: SatisfactionResult) -> Mood | None:
    """Give what is known of the client's satisfaction; None where nobody was asked and nobody complained."""
    complaints = [row for row in material.feedback if text(row.values, "kind") == "complaint"]
    if not result.votes and not complaints:
        return None
    key = {uid for uid, row in material.contacts.items() if KEY_ROLES & set(roles_of(row))}
    loud = [
        row.uid
        for row in complaints
        if text(row.values, "status") not in ("resolved", "closed")
        and text(row.values, "severity") in ("high", "critical")
    ]
    return Mood(unhappy=[vote.uid for vote in unhappy(result, key)], complaints=loud)


def _at(row: HubRow) -> int:
    at_ms = row.values.get("submitted_at")
    return at_ms if isinstance(at_ms, int) else 0
