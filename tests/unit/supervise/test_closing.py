"""R14: acceptance by word and by lapse, and the gate before a project is closed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from supervise.calendar import Calendars
from supervise.closing import (
    Acceptance,
    AcceptanceItem,
    AcceptanceView,
    ClosureCase,
    OpenAction,
    PunchItem,
    closure_gate,
    deemed_day,
    view_acceptance,
)
from supervise.countries import find_country
from supervise.knobs import Knobs

CHINA = Calendars(org="CN", country=find_country).of()


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(*texts: str) -> list[date]:
    return [day(text) for text in texts]


def said(outcome: str = "accepted", at_ms: int = 10, **more: Any) -> Acceptance:
    return Acceptance(
        **{"outcome": outcome, "signer": "c1", "roles": ("approver",), "method": "ink", "at_ms": at_ms, **more}
    )


def view(today: str = "2026-06-30", knobs: Knobs | None = None, **item: Any) -> AcceptanceView:
    acts = sorted(item.get("acts", ()), key=lambda act: act.at_ms)
    stage = acts[-1].outcome if acts else "requested"  # an act sets the stage
    made = AcceptanceItem(**{"uid": "a1", "title": "门户验收", "stage": stage, **item})
    return view_acceptance(made, today=day(today), calendar=CHINA, knobs=knobs or Knobs())


@pytest.mark.parametrize(
    ("item", "state", "in_force", "flags"),
    [
        ({"stage": "requested"}, "requested", False, ()),
        ({"stage": "accepted"}, "accepted", True, ("acceptance_unbound",)),  # a CRM says so, nobody recorded who
        ({"stage": "odd"}, "ready", False, ()),
        ({"acts": [said()]}, "accepted", True, ()),
        ({"acts": [said(roles=("key_user",))]}, "accepted", False, ("signed_by_non_approver",)),
        ({"acts": [said(conditions="补文档")]}, "conditionally_accepted", True, ()),  # naive: accepted outright
        ({"acts": [said("conditionally_accepted")]}, "conditionally_accepted", True, ()),
        *[
            ({"acts": [said()], "stage": stage}, stage, False, ())
            for stage in ("reopened", "rework", "requested", "testing", "rejected")  # set later, in a CRM
        ],
        ({"acts": [said("rejected")], "stage": "rejected"}, "rejected", False, ()),
        ({"acts": [said("rejected")], "stage": "requested"}, "requested", False, ()),  # the next round
        ({"acts": [said("rejected")], "stage": "accepted"}, "rejected", False, ()),  # a status against a word
        ({"acts": [said("rejected", roles=())], "stage": "ready"}, "rejected", False, ()),
        ({"acts": [said("rejected"), said(at_ms=20)]}, "accepted", True, ()),
        ({"acts": [said(at_ms=20), said("rejected")]}, "accepted", True, ()),
        ({"acts": [said()], "reopened_ms": 15, "stage": "accepted"}, "reopened", False, ()),
        ({"acts": [said()], "reopened_ms": 15, "stage": "rework"}, "rework", False, ()),
        ({"acts": [said(), said(at_ms=20)], "reopened_ms": 15}, "accepted", True, ()),
        ({"reopened_ms": 15, "stage": "deemed_accepted"}, "reopened", False, ()),
        ({"stage": "deemed_accepted"}, "deemed_accepted", False, ("deemed_unproven",)),  # naive: the status is enough
    ],
)
def test_where_an_acceptance_stands(item: dict[str, Any], state: str, in_force: bool, flags: tuple[str, ...]) -> None:
    found = view(**item)
    assert (found.state, found.in_force, found.flags) == (state, in_force, flags)


def test_a_signature_stays_in_the_log_when_the_item_is_opened_again() -> None:
    assert view(acts=[said()], reopened_ms=15, stage="accepted").act == said()


@pytest.mark.parametrize(
    ("item", "today", "state", "deemed_on"),
    [
        # two notices on different working days, ten working days from the first; naive (calendar days): 06-11
        ({"notices": days("2026-06-01", "2026-06-03")}, "2026-06-15", "requested", "2026-06-15"),
        ({"notices": days("2026-06-01", "2026-06-03")}, "2026-06-16", "deemed_accepted", "2026-06-15"),
        ({"notices": days("2026-06-03", "2026-06-01", "2026-06-03")}, "2026-06-16", "deemed_accepted", "2026-06-15"),
        # over the Dragon Boat holiday of the 19th; naive (weekends only): 06-22
        ({"notices": days("2026-06-08", "2026-06-09")}, "2026-06-24", "deemed_accepted", "2026-06-23"),
        # over the Spring Festival with its worked Saturdays; naive (weekends only): 2026-02-24
        ({"notices": days("2026-02-10", "2026-02-11")}, "2026-03-02", "requested", "2026-03-02"),
        ({"notices": days("2026-02-10", "2026-02-11")}, "2026-03-03", "deemed_accepted", "2026-03-02"),
        ({"notices": days("2026-06-01")}, "2026-09-01", "requested", None),  # naive: one notice is enough
        ({"notices": days("2026-06-01", "2026-06-01")}, "2026-09-01", "requested", None),  # same day
        ({"notices": days("2026-06-06", "2026-06-08")}, "2026-09-01", "requested", None),  # one on a Saturday
        ({"notices": days("2026-02-14", "2026-02-24")}, "2026-03-09", "deemed_accepted", "2026-03-06"),  # worked
        # the second notice came after the term was over
        ({"notices": days("2026-06-01", "2026-06-25")}, "2026-06-25", "requested", "2026-06-25"),
        ({"notices": days("2026-06-01", "2026-06-25")}, "2026-06-26", "deemed_accepted", "2026-06-25"),
        ({"notices": days("2026-06-01", "2026-06-03"), "objections": days("2026-06-15")}, "2026-09-01", "requested",
         None),
        ({"notices": days("2026-06-01", "2026-06-03"), "objections": days("2026-06-16")}, "2026-09-01",
         "deemed_accepted", "2026-06-15"),  # too late
        ({"notices": days("2026-06-01", "2026-06-03"), "objections": days("2026-05-04"),
          "requested_on": day("2026-05-29")}, "2026-06-16", "deemed_accepted", "2026-06-15"),  # of an earlier round
        ({"notices": days("2026-05-04", "2026-06-03"), "requested_on": day("2026-05-29")}, "2026-09-01",
         "requested", None),
        ({"notices": days("2026-06-01", "2026-06-03"), "stage": "testing"}, "2026-06-16", "deemed_accepted",
         "2026-06-15"),
        ({"notices": days("2026-06-01", "2026-06-03"), "stage": "deemed_accepted"}, "2026-06-16", "deemed_accepted",
         "2026-06-15"),
        ({"notices": days("2026-06-01", "2026-06-03"), "stage": "rework"}, "2026-06-16", "rework", None),
        # the last days of the term are on no official list: nothing is deemed on a guess
        ({"notices": days("2026-12-24", "2026-12-25")}, "2027-02-01", "requested", None),
    ],
)  # fmt: skip
def test_silence_accepts_only_as_the_contract_says(
    item: dict[str, Any], today: str, state: str, deemed_on: str | None
) -> None:
    found = view(today, term_bd=10, **item)
    assert (found.state, found.deemed_on) == (state, day(deemed_on) if deemed_on else None)
    assert found.in_force is (state == "deemed_accepted")


def test_without_a_term_silence_never_accepts() -> None:
    notices = days("2026-06-01", "2026-06-03")
    assert view("2027-01-01", notices=notices).state == "requested"
    assert view("2026-06-16", notices=notices, knobs=Knobs(deemed_after_bd=10)).state == "deemed_accepted"
    assert view("2026-06-16", notices=notices, term_bd=0, knobs=Knobs(deemed_after_bd=10)).state == "requested"


def test_a_contract_may_count_the_day_of_the_notice() -> None:
    item = AcceptanceItem(uid="a1", notices=days("2026-06-01", "2026-06-03"), term_bd=10)
    assert deemed_day(item, calendar=CHINA, knobs=Knobs(count_start_day=True)) == day("2026-06-12")


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"notices": days("2026-06-01", "2026-06-03")}, "deemed_running"),
        ({"notices": days("2026-06-01", "2026-06-03"), "objections": days("2026-06-04")}, "deemed_objected"),
        ({"notices": days("2026-12-24", "2026-12-25")}, "deemed_calendar_provisional"),
    ],
)
def test_what_stands_against_a_lapse_is_told(item: dict[str, Any], code: str) -> None:
    assert [reason.code for reason in view("2026-06-05", term_bd=10, **item).reasons] == ["acceptance_state", code]


def test_punch_items_and_conditions_stay_open_until_done_or_let_go_by_the_client() -> None:
    punch = [
        PunchItem(uid="p1", done=True),
        PunchItem(uid="p2", waived_by="client"),
        PunchItem(uid="p3", waived_by="vendor"),  # naive: we waive our own debts
        PunchItem(uid="p4"),
    ]
    found = view(acts=[said("conditionally_accepted", conditions="a\nb")], punch=punch)
    assert [each.uid for each in found.open_punch] == ["p3", "p4"]
    assert found.open_conditions == ()
    words = view(acts=[said("conditionally_accepted", conditions=" a \n\nb")])
    assert words.open_conditions == ("a", "b")
    assert view(stage="conditionally_accepted", conditions="c").open_conditions == ("c",)
    assert view(stage="conditionally_accepted").open_conditions == ("门户验收",)  # naive: no list, nothing open
    assert view(stage="conditionally_accepted", conditions="c", conditions_waived=True).open_conditions == ()


READY: dict[str, Any] = {"uid": "prj", "final_report": True, "retro": "held", "survey_sent": True}


@pytest.mark.parametrize(
    ("case", "codes"),
    [
        ({}, []),
        ({"retro": "waived"}, []),
        ({"acceptance": [view(acts=[said()])]}, []),
        ({"acceptance": [view()]}, ["acceptance"]),
        ({"acceptance": [view(mandatory=False)]}, []),
        ({"acceptance": [view(acts=[said(roles=())])]}, ["acceptance"]),
        (
            {"acceptance": [view(acts=[said("conditionally_accepted", conditions="a\nb")])]},
            ["conditions", "conditions"],
        ),
        ({"acceptance": [view(acts=[said("conditionally_accepted")], punch=[PunchItem(uid="p1")])]}, ["punch"]),
        ({"acceptance": [view(acts=[said("conditionally_accepted")], punch=[PunchItem(uid="p1", done=True)])]}, []),
        ({"punch": [PunchItem(uid="p1"), PunchItem(uid="p2", waived_by="client")]}, ["punch"]),
        ({"client_actions": [OpenAction(uid="t1", title="签字")]}, ["client_action"]),
        # naive: a survey that was sent waits for the client, so the gate could never open
        ({"client_actions": [OpenAction(uid="t1", kind="survey")]}, []),
        # naive: the acceptance that waits for the client is listed twice
        ({"acceptance": [view()], "client_actions": [OpenAction(uid="a1")]}, ["acceptance"]),
        ({"final_report": False, "retro": "", "survey_sent": False}, ["final_report", "retro", "survey"]),
    ],
)
def test_the_gate_names_what_keeps_a_project_open(case: dict[str, Any], codes: list[str]) -> None:
    gate = closure_gate(ClosureCase(**{**READY, **case}))
    assert [each.code for each in gate.open] == codes
    assert gate.passes is (codes == [])
    assert [reason.code for reason in gate.reasons] == [f"gate_{code}" for code in codes]
    assert all(each.next_step and each.uid for each in gate.open)
