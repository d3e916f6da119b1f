"""What a project's records say of its people: who was heard when, who came, how far they take part. Pure.

Heard from counts only what a contact of the client wrote, did or attended; what we did, and what the sync touched,
does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from mapping.records import Value
from mapping.status import is_open
from store.hub import HubRow
from supervise.ball import Holder
from supervise.calendar import ONE_DAY, Calendar
from supervise.engagement import WINDOW_BD, Engagement, EngagementCase, client_responses, engagement
from supervise.history import BallMove
from supervise.material import Material, text
from supervise.papers import civil_in
from supervise.readiness import Flagged, ItemState, ReadinessCase, read_cadence, readiness
from supervise.verdict import TaskCase, TaskVerdict, verdict_at_close

KEY_ROLES: Final = frozenset({"sponsor", "decision_maker", "approver", "coordinator", "key_user"})
_BY_CONTACT: Final = {
    "signature": "signer", "rejection": "signer", "revocation": "signer", "acceptance": "signer",
    "decision": "approver", "minutes_confirmed": "by", "promise": "contact", "responded": "by", "dispute": "contact",
    "objection": "contact",
}  # fmt: skip
"""Act -> where it names the contact who did it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLine:
    """One of the client's people.

    Args:
        last_two_way_ms: when we last heard from them; ``last_two_way_ref`` is where that can be looked up.
    """

    uid: str
    name: str
    title: str = ""
    roles: tuple[str, ...] = ()
    side: str = ""
    email: str = ""
    mobile: str = ""
    zone: str = ""
    opt_out: bool = False
    inactive: bool = False
    last_two_way_ms: int | None = None
    last_two_way_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingLine:
    """One meeting: who was asked, who came, whether the minutes stand."""

    uid: str
    title: str
    held_at_ms: int | None = None
    invited: tuple[str, ...] = ()
    attended: tuple[str, ...] = ()
    minutes: str = ""
    confirmed: bool = False
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a contact of the client did."""

    at_ms: int
    contact: str
    ref: str


def heard(material: Material) -> list[Heard]:
    """Give everything the client's people did, oldest first."""
    found = [*_said(material), *_wrote(material), *_answered(material), *_came(material)]
    inside = (one for one in found if one.at_ms <= material.setting.now_ms and _is_client(material, one.contact))
    return sorted(inside, key=lambda one: (one.at_ms, one.ref))


def _is_client(material: Material, uid: str) -> bool:
    row = material.contacts.get(uid)
    return row is not None and text(row.values, "side") in ("", "client")


def _said(material: Material) -> Iterator[Heard]:
    for uid, said in material.acts.items():
        for act in said:
            who = act.doc.get(_BY_CONTACT.get(act.kind, ""))
            if isinstance(who, str) and who in material.contacts:
                yield Heard(act.at_ms, who, material.ref(uid))


def _wrote(material: Material) -> Iterator[Heard]:
    """Give the comments whose author is one of the client's people, by e-mail or full name."""
    names = {
        text(row.values, name).casefold(): uid
        for uid, row in material.contacts.items()
        for name in ("email", "name")
        if text(row.values, name)
    }
    for row in material.comments:
        at_ms, who = row.values.get("occurred_at"), names.get(text(row.values, "author").strip().casefold())
        if who is not None and isinstance(at_ms, int):
            yield Heard(at_ms, who, material.ref(row.uid))


def _answered(material: Material) -> Iterator[Heard]:
    for row in material.feedback:
        at_ms, who = row.values.get("submitted_at"), text(row.values, "contact")
        if who and isinstance(at_ms, int) and row.values.get("kind") != "lesson":
            yield Heard(at_ms, who, material.ref(row.uid))


def _came(material: Material) -> Iterator[Heard]:
    for line in meetings(material):
        if line.held_at_ms is not None:
            yield from (Heard(line.held_at_ms, who, material.ref(line.uid)) for who in line.attended)


def contact_lines(material: Material, events: Sequence[Heard]) -> list[ContactLine]:
    """Give the client's people, those with roles first."""
    last = {one.contact: one for one in events}
    account = material.account.uid if material.account is not None else ""
    found = []
    for uid, row in material.contacts.items():
        values, seen = row.values, last.get(uid)
        side = text(values, "side") or ("client" if text(values, "account") == account and account else "")
        found.append(
            ContactLine(
                uid=uid, name=text(values, "name"), title=text(values, "title"), roles=roles_of(row), side=side,
                email=text(values, "email"), mobile=text(values, "mobile") or text(values, "phone"),
                zone=text(values, "zone"), opt_out=values.get("opt_out") is True,
                inactive=values.get("inactive") is True or row.state != "live",
                last_two_way_ms=seen.at_ms if seen else None, last_two_way_ref=seen.ref if seen else "",
            )
        )  # fmt: skip
    return sorted(found, key=lambda line: (not line.roles, line.name, line.uid))


def roles_of(row: HubRow) -> tuple[str, ...]:
    """Give the roles a contact holds."""
    roles = row.values.get("roles")
    return tuple(roles) if isinstance(roles, list) else ()


def meetings(material: Material) -> list[MeetingLine]:
    """Give the meetings, the latest first."""
    found = []
    for row in material.of_kind("meeting"):
        held, stage = row.values.get("held_at"), text(row.values, "stage")
        said = material.said(row.uid, "meeting")
        found.append(
            MeetingLine(
                uid=row.uid, title=text(row.values, "title"), held_at_ms=held if isinstance(held, int) else None,
                invited=_named(material, row.values.get("invited")),
                attended=_named(material, row.values.get("attended")),
                minutes=str(said[-1].doc.get("minutes") or "") if said else "",
                confirmed=stage == "minutes_confirmed", stage=stage,
            )
        )  # fmt: skip
    return sorted(found, key=lambda line: (-(line.held_at_ms or 0), line.title, line.uid))


def _named(material: Material, value: Value) -> tuple[str, ...]:
    """Give the contacts that a list of uids or names means; a name nobody here has is kept as it is."""
    words = value.replace(";", ",").replace("，", ",").replace("、", ",").split(",") if isinstance(value, str) else []
    by_name = {text(row.values, "name"): uid for uid, row in material.contacts.items()}
    return tuple(by_name.get(word.strip(), word.strip()) for word in words if word.strip())


# --- taking part --------------------------------------------------------------------------------------------------


def engaged(material: Material, events: Sequence[Heard]) -> Engagement:
    """Give how far the client takes part, over the last working days."""
    last, first = material.today, window_start(material.calendar, material.today)
    due, on_time = _punctual(material, first, last)
    held = [line for line, day in _appointments(material) if first < day <= last]
    asked = _asked(material, first, last)
    answered = {(row.values.get("wave"), text(row.values, "contact")) for row in material.feedback}
    key = {
        uid for uid, row in material.contacts.items() if KEY_ROLES & set(roles_of(row)) and _is_client(material, uid)
    }
    active = {one.contact for one in events if first < material.day(one.at_ms) <= last}
    case = EngagementCase(
        uid=material.project.uid,
        on_time=on_time,
        due=due,
        response_days=_responses(material, first, last),
        attended=sum(1 for line in held for who in line.attended if _is_client(material, who)),
        invited=sum(1 for line in held for who in {*line.invited, *line.attended} if _is_client(material, who)),
        survey_answered=len(asked & answered),
        survey_sent=len(asked),
        active_contacts=len(active & key),
        expected_contacts=len(key),
    )
    return engagement(case)


def _appointments(material: Material) -> Iterator[tuple[MeetingLine, date]]:
    """Give the meetings that took place and those the client missed, with their day; a missed one has seats too."""
    rows = {row.uid: row for row in material.of_kind("meeting")}
    for line in meetings(material):
        at_ms: Value = line.held_at_ms
        if line.stage == "client_no_show":
            said = material.said(line.uid, "meeting")
            at_ms = said[-1].doc.get("held_at") if said else rows[line.uid].values.get("due")
        day = civil_in(at_ms, material)
        if day is not None:
            yield line, day


def window_start(calendar: Calendar, today: date, days: int = WINDOW_BD) -> date:
    """Give the day before the last *days* working days up to *today*."""
    day = today
    while calendar.bd(day, today) < days:
        day -= ONE_DAY
    return day


def _asked(material: Material, first: date, last: date) -> set[tuple[Value, str]]:
    return {
        (act.doc.get("wave"), who)
        for act in material.said(material.project.uid, "survey_sent")
        if first < material.day(act.at_ms) <= last
        for who in act.doc.get("contacts") or ()
    }


def _punctual(material: Material, first: date, last: date) -> tuple[int, int]:
    """Count the client's actions that fell due in the window, and those of them done in time."""
    due = on_time = 0
    for row in material.tasks:
        judged = material.judged.get(row.uid)
        if judged is not None:
            verdict = judged.verdict
            late_by = verdict.due_eff if verdict.is_client_action else None
            due += late_by is not None and first < late_by < last
            continue
        if text(row.values, "status") != "done" or last_holder(material, row.uid) != "client":
            continue
        finished = as_finished(material, row, "client")
        if finished is not None and finished.due_eff is not None and first < finished.due_eff <= last:
            due += 1
            on_time += not finished.overdue
    return due, on_time


def as_finished(material: Material, row: HubRow, holder: Holder) -> TaskVerdict | None:
    """Judge a finished item as it stood when *holder* finished it; None when nobody knows when that was."""
    closed = [move.at_ms for move in material.moves.get(row.uid, ()) if not is_open(move.status)]
    done = row.values.get("done_at")
    closed_ms = done if isinstance(done, int) else (closed[-1] if closed else None)
    if closed_ms is None:
        return None
    return judged_at(material, row, holder, closed_ms, material.moves.get(row.uid, ()))


def judged_at(
    material: Material, row: HubRow, holder: Holder, at_ms: int, moves: Sequence[BallMove], due: Value = None
) -> TaskVerdict:
    """Judge an item as it stood when *holder* still had it at that moment.

    Args:
        due: the due value of that time; None for today's.
    """
    contact = material.contacts.get(text(row.values, "contact"))
    case = TaskCase(
        uid=row.uid,
        task=row.values if due is None else {**row.values, "due": due},
        project=material.project.values,
        contact=contact.values if contact is not None else {},
        account=material.account.values if material.account is not None else {},
        moves=moves,
        pauses=material.pauses.get(row.uid, ()),
    )
    setting = material.setting
    return verdict_at_close(case, holder, setting.calendars, closed_ms=at_ms, knobs=setting.knobs)


def last_holder(material: Material, uid: str) -> Holder:
    """Give the side that had a task before it was closed; "none" where nobody knows."""
    held = [move.holder for move in material.moves.get(uid, ()) if move.holder != "none"]
    return held[-1] if held else "none"


def _responses(material: Material, first: date, last: date) -> list[int]:
    return [
        days
        for row in material.tasks
        for days in client_responses(
            material.moves.get(row.uid, ()), first=first + ONE_DAY, last=last, calendar=material.calendar,
            zone=material.zone,
        )
    ]  # fmt: skip


def lacking(material: Material, events: Sequence[Heard], *, charter: bool) -> tuple[Flagged, ...]:
    """Give what the project lacks: a word from the client, a charter, people, dates, owners, sides."""
    last = events[-1] if events else None
    values = material.project.values
    return readiness(
        ReadinessCase(
            uid=material.project.uid,
            today=material.today,
            calendar=material.calendar,
            lifecycle=text(values, "lifecycle"),
            active_since=material.active_since,
            cadence_bd=read_cadence(values.get("cadence"), material.setting.knobs.cadence_bd),
            last_client_event=material.day(last.at_ms) if last else None,
            last_client_ref=last.ref if last else "",
            charter_in_force=charter,
            roles=frozenset(_held_roles(material)),
            items=[_item_state(material, row) for row in material.tasks if is_open(text(row.values, "status"))],
        )
    )


def _held_roles(material: Material) -> Iterable[str]:
    for uid, row in material.contacts.items():
        if _is_client(material, uid) and row.state == "live" and row.values.get("inactive") is not True:
            yield from roles_of(row)
    if text(material.project.values, "sponsor") in material.contacts:
        yield "sponsor"


def _item_state(material: Material, row: HubRow) -> ItemState:
    judged = material.judged.get(row.uid)
    code = judged.verdict.reasons[0].code if judged is not None and judged.verdict.reasons else ""
    return ItemState(
        uid=row.uid,
        due=row.values.get("due") not in (None, ""),
        owner=bool(text(row.values, "owner")),
        sided=code != "no_side_is_ours",
        since=material.born.get(row.uid),
    )
