"""What happens between people: meeting, minutes, review-risk, survey, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.acting import ITEM, PROJECT, TEXT, Doing, act
from commands.app import option

if TYPE_CHECKING:
    from supervise.hand import Done


@act("meeting")
@ITEM
@option("--held", metavar="TIME", help="opt.held")
@option("--invited", multiple=True, metavar="CONTACT", help="opt.invited")
@option("--attended", multiple=True, metavar="CONTACT", help="opt.attended")
@option("--minutes", default="", metavar="TEXT", help="opt.minutes")
@option("--outcome", default="held", metavar="OUTCOME", help="opt.outcome")
@option("--to", "to_day", metavar="DAY", help="opt.put_off_to")
def meeting(
    doing: Doing, ref: str, held: str | None, invited: tuple[str, ...], attended: tuple[str, ...], minutes: str,
    outcome: str, to_day: str | None,
) -> Done:  # fmt: skip
    from supervise import meeting as meetings

    given = meetings.Meeting(
        held_ms=doing.instant(held), invited=doing.uids(invited), attended=doing.uids(attended), minutes=minutes,
        outcome=outcome, to=doing.day(to_day),
    )  # fmt: skip
    return meetings.meet(doing.hand, doing.uid(ref), given)


@act("minutes")
@ITEM
@option("--confirmed-by", required=True, metavar="CONTACT", help="opt.confirmed_by")
def minutes(doing: Doing, ref: str, confirmed_by: str) -> Done:
    from supervise import meeting as meetings

    return meetings.confirm_minutes(doing.hand, doing.uid(ref), doing.uid(confirmed_by, "contact"))


@act("review-risk")
@ITEM
@option("-p", "--probability", default="", metavar="1-5", help="opt.probability")
@option("-i", "--impact", default="", metavar="1-5", help="opt.risk_impact")
@option("--response", default="", metavar="WORD", help="opt.response")
@option("--joint/--alone", "joint", default=None, help="opt.joint")
@option("--on", "day", metavar="DAY", help="opt.on")
@TEXT
def review_risk(
    doing: Doing, ref: str, probability: str, impact: str, response: str, joint: bool | None, day: str | None,
    text: str,
) -> Done:  # fmt: skip
    from supervise import meeting as meetings

    given = meetings.RiskReview(
        probability=probability, impact=impact, response=response, joint=joint, reviewed_on=doing.day(day), words=text
    )
    return meetings.review_risk(doing.hand, doing.uid(ref), given)


@act("survey")
@PROJECT
@option("--wave", default="", metavar="WAVE", help="opt.wave")
@option("--contact", "contacts", multiple=True, metavar="CONTACT", help="opt.survey_contact")
def survey(doing: Doing, ref: str, wave: str, contacts: tuple[str, ...]) -> Done:
    from supervise import meeting as meetings

    return meetings.send_survey(doing.hand, doing.uid(ref, "project"), wave, doing.uids(contacts))


@act("answer")
@click.argument("ref", metavar="CONTACT")
@option("--wave", default="", metavar="WAVE", help="opt.wave")
@option("--scale", default="1-5", metavar="SCALE", help="opt.scale")
@option("--score", required=True, metavar="N", help="opt.score")
@option("--project", default="", metavar="PROJECT", help="opt.project")
@option("--survey", "item", default="", metavar="ITEM", help="opt.survey")
@option("--question", default="", metavar="WORD", help="opt.question")
@option("--channel", default="", metavar="WORD", help="opt.channel")
@TEXT
def answer(
    doing: Doing, ref: str, wave: str, scale: str, score: str, project: str, item: str, question: str, channel: str,
    text: str,
) -> Done:  # fmt: skip
    from supervise import meeting as meetings

    given = meetings.Answered(
        wave=wave, scale=scale, score=score, verbatim=text, question=question, channel=channel,
        project=doing.uid(project, "project") if project else "", survey=doing.uid(item) if item else "",
    )  # fmt: skip
    return meetings.answer(doing.hand, doing.uid(ref, "contact"), given)
