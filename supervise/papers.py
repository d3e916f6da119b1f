"""What a project's records say of signatures, acceptance, changes, risks and closing, as the rules take them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from mapping.kinds import kind_of
from mapping.records import Value
from store.acts import Act
from store.hub import HubRow
from supervise.ball import ball_of
from supervise.baselines import read_request, whole_of
from supervise.change import ChangeView, view_change
from supervise.closing import (
    Acceptance,
    AcceptanceItem,
    AcceptanceView,
    ClosureCase,
    Given,
    OpenAction,
    PunchItem,
    view_acceptance,
)
from supervise.due import local_day, read_due
from supervise.ending import survey_counts
from supervise.material import Material, text
from supervise.risk import Risk, RiskView, read_grade, view_risk
from supervise.signing import Rejection, Revocation, Signature, SignOff, SignOffView, view_sign_off
from supervise.stages import stage_of
from supervise.turns import REVIEWED, Rounds, rounds_of

FINAL_REPORTS = frozenset({"closure", "final", "final_report"})
_GIVEN: dict[str, Given] = {
    "accepted": "accepted", "conditionally_accepted": "conditionally_accepted", "rejected": "rejected",
}  # fmt: skip


def sign_offs(material: Material) -> list[SignOffView]:
    """Give every document that wants a signature; one that was replaced by a new item is not counted again."""
    rows = material.of_kind("sign_off")
    replaced = {text(row.values, "parent") for row in rows} - {""}
    replaced |= {row.uid for row in rows if material.said(row.uid, "superseded")}
    return [view_sign_off(_sign_off(material, row, replaced)) for row in rows]


def _sign_off(material: Material, row: HubRow, replaced: set[str]) -> SignOff:
    said = material.said(row.uid, "signature", "rejection", "revocation")
    return SignOff(
        uid=row.uid,
        title=text(row.values, "title"),
        doc_version=text(row.values, "doc_version"),
        doc_hash=text(row.values, "doc_hash"),
        mandatory=is_mandatory(row) and not (row.uid in replaced and text(row.values, "stage") == "superseded"),
        stage=stage_of("sign_off", row.values),
        signatures=tuple(
            Signature(
                signer=_word(act, "signer"), roles=_roles(act), method=_word(act, "method"), at_ms=act.at_ms,
                doc_version=_word(act, "doc_version"), doc_hash=_word(act, "doc_hash"),
                comments=_word(act, "comments"),
            )
            for act in said if act.kind == "signature"
        ),
        rejections=tuple(
            Rejection(
                signer=_word(act, "signer"), at_ms=act.at_ms, reason=_word(act, "reason"),
                doc_version=_word(act, "doc_version"),
            )
            for act in said if act.kind == "rejection"
        ),
        revocations=tuple(
            Revocation(by=_word(act, "signer"), at_ms=act.at_ms, notice=_word(act, "reason"))
            for act in said if act.kind == "revocation"
        ),
    )  # fmt: skip


def is_mandatory(row: HubRow) -> bool:
    """Say whether an acceptance or a signature is one the project needs; only a clear no takes it out."""
    return row.values.get("mandatory") is not False and text(row.values, "status") != "cancelled"


def acceptance(material: Material) -> list[AcceptanceView]:
    """Give everything that is to be accepted."""
    return [
        view_acceptance(
            _acceptance(material, row), today=material.today, calendar=material.calendar, knobs=material.setting.knobs
        )
        for row in material.of_kind("acceptance")
    ]


def _acceptance(material: Material, row: HubRow) -> AcceptanceItem:
    entered = material.entered.get(row.uid, {})
    reopened = material.said(row.uid, "reopening")
    return AcceptanceItem(
        uid=row.uid,
        title=text(row.values, "title"),
        mandatory=is_mandatory(row),
        stage=stage_of("acceptance", row.values) or "ready",
        criteria=lines_of(row.values.get("criteria")),
        conditions=text(row.values, "conditions"),
        conditions_waived=_waived(material, row.uid, "conditions") == "client",
        punch=[_punch(material, child) for child in material.tasks if text(child.values, "parent") == row.uid],
        acts=tuple(
            Acceptance(
                outcome=_GIVEN[_word(act, "outcome")], signer=_word(act, "signer"), roles=_roles(act),
                method=_word(act, "method"), at_ms=act.at_ms, conditions="\n".join(act.doc.get("conditions") or ()),
            )
            for act in material.said(row.uid, "acceptance") if _word(act, "outcome") in _GIVEN
        ),
        requested_on=entered.get("requested"),
        notices=[day for act in material.said(row.uid, "deemed_notice") if (day := civil(act.doc.get("sent_on")))],
        objections=[material.day(act.at_ms) for act in material.said(row.uid, "objection")],
        term_bd=whole_of(material.project.values.get("deemed_after_bd")),
        reopened_ms=reopened[-1].at_ms if reopened else None,
    )  # fmt: skip


def rounds(material: Material) -> list[Rounds]:
    """Give how often each deliverable and each acceptance went to the client, and who had it how long."""
    return [
        rounds_of(
            row.uid, row.values, kind, material.steps.get(row.uid, ()), today=material.today, calendar=material.calendar
        )
        for kind in REVIEWED
        for row in material.of_kind(kind)
    ]


def _punch(material: Material, row: HubRow) -> PunchItem:
    return PunchItem(
        uid=row.uid,
        title=text(row.values, "title"),
        done=text(row.values, "status") == "done",
        waived_by=_waived(material, row.uid),
    )


def _waived(material: Material, uid: str, what: str = "") -> str:
    """Give the side that last waived something of a record; "" for nobody."""
    sides = [_word(act, "side") for act in material.said(uid, "waiver") if what in ("", act.doc.get("what"))]
    return sides[-1] if sides else ""


def closure_case(material: Material, accepted: Sequence[AcceptanceView]) -> ClosureCase:
    """Give what the closure gate looks at."""
    uid = material.project.uid
    open_ = [
        OpenAction(uid=row.uid, title=text(row.values, "title"), kind=kind_of(row.values)[0])
        for row in material.tasks
        if row.uid in material.judged and material.judged[row.uid].verdict.is_client_action
    ]
    reports = _of_this_end(material, "report_issued")
    return ClosureCase(
        uid=uid,
        acceptance=accepted,
        client_actions=open_,
        final_report=any(_word(act, "report") in FINAL_REPORTS or "report" not in act.doc for act in reports),
        retro=_retro(material),
        survey_sent=_survey_sent(material, _closing_began(material, accepted)),
    )


def _of_this_end(material: Material, *kinds: str) -> list[Act]:
    """Give what was said of the project for this end of it: not for one before it was opened again."""
    said = material.said(material.project.uid, *kinds)
    return [act for act in said if material.closing.holds(act.at_ms)]


def _retro(material: Material) -> Literal["", "held", "waived"]:
    if _of_this_end(material, "retro_held"):
        return "held"
    waived = any(_word(act, "what") == "retro" for act in _of_this_end(material, "waiver"))
    return "waived" if waived else ""


def _closing_began(material: Material, accepted: Sequence[AcceptanceView]) -> date | None:
    """Give the day a project began to close: it was delivered, or all there is to accept had been accepted."""
    wanted = [view for view in accepted if view.mandatory]
    days = [view.deemed_on or (material.day(view.act.at_ms) if view.act else None) for view in wanted if view.in_force]
    known = [day for day in days if day is not None]
    given = max(known) if known and len(known) == len(wanted) else None
    if given is not None and material.closing.reopened is not None and given < material.closing.reopened:
        given = None
    return min((day for day in (material.closing.since, given) if day is not None), default=None)


def _survey_sent(material: Material, began: date | None) -> bool:
    """Say whether the survey of this closure went out: said so, waived, or sent since the project began to close."""
    closing = material.closing
    for act in _of_this_end(material, "survey_sent", "waiver"):
        on = material.day(act.at_ms)
        if _word(act, "what") == "survey" if act.kind == "waiver" else "wave" not in act.doc:
            return True
        if act.kind == "survey_sent" and survey_counts(closing, began, sent=on, words=_word(act, "wave")):
            return True
    return any(
        survey_counts(closing, began, sent=_sent_on(material, row), words=_called(row))
        for row in material.of_kind("survey")
        if stage_of("survey", row.values) not in ("", "planned")
    )


def _called(row: HubRow) -> str:
    return f"{text(row.values, 'title')} {text(row.values, 'wave')}"


def _sent_on(material: Material, row: HubRow) -> date | None:
    """Give the latest day on which a survey can have gone out: no later than it was seen, nor than it was due."""
    seen = [day for stage, day in material.entered.get(row.uid, {}).items() if stage != "planned"]
    told = (civil_in(row.values.get(name), material) for name in ("start", "due"))
    return min((*seen, *(day for day in told if day is not None)), default=None)


def changes(material: Material) -> list[ChangeView]:
    """Give every change request as it stands."""
    milestones = material.of_kind("milestone")
    return [
        view_change(
            read_request(
                row, material.said(row.uid, "decision"), milestones, material.entered.get(row.uid, {}),
                material.born.get(row.uid),
            ),
            today=material.today, calendar=material.calendar, knobs=material.setting.knobs,
        )
        for row in material.of_kind("change_request")
    ]  # fmt: skip


def risks(material: Material) -> list[RiskView]:
    """Give the risk register."""
    return [
        view_risk(
            Risk(
                uid=row.uid, title=text(row.values, "title"), probability=read_grade(row.values.get("probability")),
                impact=read_grade(row.values.get("impact")), side=_side(row), response=text(row.values, "response"),
                reviewed_on=civil(row.values.get("reviewed_on")),
                identified_on=civil(row.values.get("start")) or material.born.get(row.uid),
                status=stage_of("risk", row.values) or "closed", joint=row.values.get("joint") is True,
            ),
            today=material.today, calendar=material.calendar, knobs=material.setting.knobs,
        )
        for row in material.of_kind("risk")
    ]  # fmt: skip


def _side(row: HubRow) -> Literal["client", "vendor", "third_party", "none"]:
    return ball_of(row.uid, row.values).holder


def civil(value: Value) -> date | None:
    """Give a civil day as records have it; None for a blank or for what is none."""
    found = read_due(value)
    return found if isinstance(found, date) else None


def civil_in(value: Value, material: Material) -> date | None:
    """Give the local day of a day or an instant; None for a blank."""
    found = read_due(value)
    return local_day(found, material.zone) if isinstance(found, int) else found


def lines_of(value: Value) -> tuple[str, ...]:
    """Give a text's lines that say something."""
    return tuple(line.strip() for line in value.splitlines() if line.strip()) if isinstance(value, str) else ()


def _word(act: Act, name: str) -> str:
    value = act.doc.get(name)
    return str(value) if value is not None else ""


def _roles(act: Act) -> tuple[str, ...]:
    roles = act.doc.get("roles")
    return tuple(str(role) for role in roles) if isinstance(roles, list) else tuple(filter(None, [_word(act, "role")]))
