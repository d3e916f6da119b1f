"""What happens between people: meetings and their minutes, reviews of risks, answers to surveys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from mapping.errors import InputError
from mapping.kinds import kind_of
from mapping.records import FEEDBACK_KINDS, RISK_RESPONSES, Value
from store import acts, hub
from store.acts import Act
from store.hub import HubRow
from supervise.acting import enter
from supervise.due import local_day, zone_of
from supervise.hand import Done, Hand, Scene, name_of, needs
from supervise.risk import read_grade
from supervise.succeeding import meeting_after

SCALES: Final[Mapping[str, tuple[str, int, int]]] = {
    "0-10": ("nps", 0, 10), "1-5": ("csat", 1, 5), "1-7": ("ces", 1, 7),
}  # fmt: skip
"""Scale -> the kind of question it belongs to, its lowest and its highest answer."""
MEETING_ENDS: Final = (
    "held", "client_no_show", "vendor_no_show", "cancelled_by_client", "cancelled_by_vendor", "rescheduled",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A meeting as it went.

    Args:
        invited, attended: uids of contacts; who attended was invited, said or not.
        minutes: what was agreed; with them the minutes count as sent.
        outcome: ``held``, or what kept it from being held.
        to: the day a rescheduled meeting was put off to; None while nobody knows.
    """

    held_ms: int | None = None
    invited: Sequence[str] = ()
    attended: Sequence[str] = ()
    minutes: str = ""
    outcome: str = "held"
    to: date | None = None


def meet(hand: Hand, uid: str, given: Meeting) -> Done:
    """Keep who was invited to a meeting and who came, and send its minutes to be confirmed; one that was put off gets
    a new one that stands for it.

    Raises:
        InputError: people attended a meeting that was not held, a day for one that was not put off or that is past,
            or the stage machine forbids it.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "meeting")
        if given.outcome not in MEETING_ENDS:
            raise InputError(
                f"an outcome is one of {', '.join(MEETING_ENDS)}", zh=f"结果应为:{', '.join(MEETING_ENDS)}"
            )
        if given.outcome != "held" and (given.attended or given.minutes):
            raise InputError("nobody attends a meeting that was not held", zh="会议未召开,不能登记出席或纪要")
        _mind_the_day(scene, given)
        attended = _people(scene, given.attended)
        invited = _people(scene, [*given.invited, *given.attended])
        held_ms = given.held_ms if given.held_ms is not None else hand.happened_ms
        values = _held(scene, row, given)
        values |= {"invited": ",".join(invited) or None, "attended": ",".join(attended) or None}
        if given.outcome == "held":
            values["held_at"] = held_ms
        doc = {
            "held_at": held_ms, "invited": invited, "attended": attended, "minutes": given.minutes,
            "outcome": given.outcome,
        }  # fmt: skip
        if given.outcome != "rescheduled":
            return scene.do("task", row, "meeting", doc, values)
        made = _instead(scene, row, given, invited)
        return scene.do("task", row, "meeting", {**doc, "item": made.uid}, values, made=[made.uid])


def _mind_the_day(scene: Scene, given: Meeting) -> None:
    if given.to is not None and given.outcome != "rescheduled":
        raise InputError(
            "a new day (--to) is for a meeting that was put off", zh="新日期(--to)只用于改期的会议",
            next_step="add --outcome rescheduled", next_step_zh="请加 --outcome rescheduled",
        )  # fmt: skip
    if given.to is not None and given.to < scene.today:
        raise InputError(
            f"a meeting cannot be put off to {given.to}: that day is past", zh=f"不能改期到已过去的 {given.to}"
        )


def _instead(scene: Scene, row: HubRow, given: Meeting, invited: Sequence[str]) -> HubRow:
    """Give the new meeting for one that is put off.

    Raises:
        InputError: it has one already.
    """
    for other in hub.select(scene.tx, "task", where={"project": row.values.get("project")}):
        if other.values.get("parent") == row.uid and kind_of(other.values)[0] == "meeting":
            raise InputError(
                f'"{name_of(row)}" was put off already', zh=f"“{name_of(row)}” 已改期",
                next_step=f"duban set task {other.uid} due=DAY", next_step_zh=f"duban set task {other.uid} due=日期",
            )  # fmt: skip
    day = given.to.isoformat() if given.to is not None else None
    values = meeting_after(row, day)
    return scene.add("task", {**values, "invited": ",".join(invited) or values["invited"]}, "follow")


def _held(scene: Scene, row: HubRow, given: Meeting) -> dict[str, Value]:
    """Give the stage after it: held, and on to the client when there are minutes to confirm."""
    if row.values.get("stage") == given.outcome and not given.minutes:
        return {}
    values = enter(scene, row, given.outcome) if row.values.get("stage") != given.outcome else {}
    if not given.minutes:
        return values
    return {**values, **enter(scene, HubRow(row.uid, row.rev, row.state, {**row.values, **values}), "minutes_sent")}


def confirm_minutes(hand: Hand, uid: str, by: str) -> Done:
    """Keep that a contact confirmed the minutes.

    Raises:
        InputError: no minutes were sent.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "meeting")
        contact = scene.row("contact", by)
        doc = {"by": contact.uid, "name": name_of(contact, "contact")}
        return scene.do("task", row, "minutes_confirmed", doc, enter(scene, row, "minutes_confirmed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReview:
    """A look at a risk; what is blank stays as it is.

    Args:
        joint: client and we looked at it together.
    """

    probability: str = ""
    impact: str = ""
    response: str = ""
    joint: bool | None = None
    reviewed_on: date | None = None
    words: str = ""


def review_risk(hand: Hand, uid: str, given: RiskReview) -> Done:
    """Keep that a risk was looked at, with the grades it has from now on.

    Raises:
        InputError: a grade that is none of 1 to 5, a response nobody knows, or a day still to come.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "risk")
        on = given.reviewed_on or scene.today
        if on > scene.today:
            raise InputError(f"{on} is still to come", zh=f"{on} 尚未到来")
        values: dict[str, Value] = {"reviewed_on": on.isoformat()}
        for name, text in (("probability", given.probability), ("impact", given.impact)):
            if text:
                values[name] = _grade(name, text)
        if given.response:
            if given.response not in RISK_RESPONSES:
                known = ", ".join(RISK_RESPONSES)
                raise InputError(f"a response is one of {known}", zh=f"应对方式应为 {known} 之一")
            values["response"] = given.response
        if given.joint is not None:
            values["joint"] = given.joint
        after = {**row.values, **values}
        if row.values.get("stage") in (None, "", "identified") and after.get("probability") and after.get("impact"):
            values |= enter(scene, row, "assessed")
        said = {name: after.get(name) for name in ("probability", "impact", "response", "joint", "reviewed_on")}
        return scene.do("task", row, "risk_review", {**said, "text": given.words}, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One contact's answer to one question of a wave.

    Args:
        scale: ``0-10``, ``1-5`` or ``1-7``; it says which kind of question it was, unless *kind* does.
        survey: uid of the survey's task, "" when there is none.
    """

    wave: str
    scale: str
    score: str
    verbatim: str = ""
    question: str = ""
    channel: str = ""
    project: str = ""
    survey: str = ""
    kind: str = ""


def answer(hand: Hand, contact: str, given: Answered) -> Done:
    """Keep a contact's answer as feedback; of several in a wave the latest counts.

    Raises:
        InputError: a score off its scale, a wave without a name, or a scale nobody knows.
    """
    with hand.begin() as scene:
        person = scene.row("contact", contact)
        needs(given.wave, "the wave (--wave)", "批次(--wave)")
        kind, score = _score(given)
        survey = scene.task(given.survey, "survey") if given.survey else None
        project = given.project or (str(survey.values.get("project") or "") if survey else "")
        subject = f"{kind.upper()} {given.wave} · {name_of(person, 'contact')}"
        values: dict[str, Value] = {
            "subject": subject, "body": given.verbatim or None, "kind": kind, "score": score, "scale": given.scale,
            "wave": given.wave, "submitted_at": hand.happened_ms, "contact": person.uid,
            "account": person.values.get("account"), "project": project or None, "status": "new",
            "question": given.question or None, "channel": given.channel or None, "task": given.survey or None,
        }  # fmt: skip
        made = scene.add("feedback", values, "answer")
        if survey is not None and survey.values.get("stage") in ("sent", "reminded"):
            scene.do("task", survey, "responded", {"by": person.uid}, enter(scene, survey, "responded"))
        doc = {
            "wave": given.wave, "contact": person.uid, "scale": given.scale, "score": score,
            "verbatim": given.verbatim, "feedback": made.uid,
        }  # fmt: skip
        scene.said.append(Act("feedback", made.uid, "answer", hand.happened_ms, hand.who, doc))
        return Done(
            entity="feedback", uid=made.uid, title=subject, kind="answer", who=hand.who, at_ms=hand.happened_ms,
            changed=tuple(sorted(made.values)), made=(made.uid,), said=doc,
        )  # fmt: skip


def send_survey(hand: Hand, project: str, wave: str, contacts: Sequence[str]) -> Done:
    """Keep to whom a wave went; its response rate is counted against them.

    Raises:
        InputError: no wave, nobody, somebody who wants no mail or left, or who was asked less than the least gap ago.
    """
    with hand.begin() as scene:
        row = scene.row("project", project)
        needs(wave, "the wave (--wave)", "批次(--wave)")
        people = _people(scene, contacts)
        if not people:
            raise InputError("a wave goes to somebody (--contact)", zh="请指定调查对象(--contact)")
        _mind_their_wish(scene, people)
        _mind_the_gap(scene, row, people, wave)
        return scene.do("project", row, "survey_sent", {"wave": wave, "contacts": people})


def _mind_their_wish(scene: Scene, people: Sequence[str]) -> None:
    """Refuse to ask who wants no mail, or is not there any more."""
    for row in hub.read(scene.tx, "contact", people).values():
        if row.values.get("opt_out") is True or row.values.get("inactive") is True or row.state != "live":
            name = name_of(row, "contact")
            raise InputError(f"{name} is not to be asked: opted out or inactive", zh=f"{name} 已拒收或已停用,不能发放")


def _mind_the_gap(scene: Scene, project: HubRow, people: Sequence[str], wave: str) -> None:
    """Refuse to ask a person again too soon; a wave may be followed by its reminders."""
    knobs = scene.setting.knobs_of(None, project)
    zone = zone_of([knobs.zone])[0]
    reminded: Counter[str] = Counter()
    for act in acts.of_kind(scene.tx, "survey_sent"):
        days = (scene.today - local_day(act.at_ms, zone)).days
        again = [uid for uid in people if uid in act.doc.get("contacts", ())]
        if again and act.uid == project.uid and act.doc.get("wave") == wave:
            reminded.update(again)
            again = [uid for uid in again if reminded[uid] > knobs.survey_reminders]
        if again and 0 <= days < knobs.survey_gap_days:
            gap = knobs.survey_gap_days
            name = name_of(scene.row("contact", again[0]), "contact")
            raise InputError(
                f"{name} was asked {days} days ago ({act.doc.get('wave')}); {gap} days must lie between",
                zh=f"{name} 在 {days} 天前已收到调查(批次 {act.doc.get('wave')});两次之间至少 {gap} 天",
            )


def _people(scene: Scene, uids: Sequence[str]) -> list[str]:
    """Give those contacts, each once.

    Raises:
        InputError: one of them is no contact.
    """
    wanted = list(dict.fromkeys(uids))
    known = hub.read(scene.tx, "contact", wanted)
    missing = [uid for uid in wanted if uid not in known]
    if missing:
        raise InputError(f"no contact {', '.join(missing)}", zh=f"没有联系人 {', '.join(missing)}")
    return wanted


def _grade(name: str, text: str) -> str:
    grade = read_grade(text)
    if grade is None:
        raise InputError(f"{name}: 1 to 5, found {text!r}", zh=f"{name}:应为 1 到 5,实际为 {text!r}")
    return str(grade)


def _score(given: Answered) -> tuple[str, str]:
    """Give kind and score of an answer; one off its scale is refused, never bent into it."""
    if given.scale not in SCALES:
        raise InputError(f"a scale is one of {', '.join(SCALES)}", zh=f"量表应为 {', '.join(SCALES)} 之一")
    kind, low, high = SCALES[given.scale]
    if given.kind and (given.kind not in FEEDBACK_KINDS or given.kind != kind):
        raise InputError(f"{given.kind} is not asked on {given.scale}", zh=f"{given.kind} 不使用量表 {given.scale}")
    try:
        score = Decimal(given.score)
    except InvalidOperation as exc:
        raise InputError(f"{given.score!r} is no number", zh=f"{given.score!r} 不是数字") from exc
    if not score.is_finite() or score != score.to_integral_value() or not low <= score <= high:
        raise InputError(
            f"{given.score} is not on the scale {given.scale}", zh=f"{given.score} 不在量表 {given.scale} 内"
        )
    return kind, str(int(score))
