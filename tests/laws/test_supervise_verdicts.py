"""Laws of judging tasks and projects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.records import LIFECYCLES, PRIORITIES, TASK_STATUSES
from mapping.status import GUARDED_LIFECYCLES, judge_lifecycle_move
from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.due import opening_ms, zone_of
from supervise.history import BallMove
from supervise.knobs import Knobs
from supervise.lifecycle import HOLDS, LifecycleCase, LifecycleClaim, Proof, reconcile
from supervise.pauses import Pause
from supervise.verdict import TaskCase, TaskVerdict, evaluate_task

CALENDARS = Calendars(org="CN", country=find_country)
DAY_MS = 86_400_000
START_MS = 1_704_038_400_000  # 2024-01-01 in Shanghai
unhurried = settings(deadline=None)
"""The first use of a country reads its book of holidays, which is no fault of the example."""
days = st.dates(date(2024, 1, 1), date(2027, 6, 30))
moments = st.integers(START_MS, START_MS + 1200 * DAY_MS)
zones = st.sampled_from(
    [None, "Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "Africa/Cairo", "Nowhere/Land"]
)
countries = st.sampled_from([None, "CN", "US", "EG", "SG", "Atlantis"])
knobs = st.builds(Knobs, grace_bd=st.integers(0, 3), roll=st.sampled_from(["following", "preceding", "none"]))


@st.composite
def cases(draw: st.DrawFn, *, waiting: bool = False) -> TaskCase:
    task: dict[str, Any] = {
        "status": "waiting_client" if waiting else draw(st.sampled_from([*TASK_STATUSES, None, "odd"])),
        "due": draw(days).isoformat()
        if waiting
        else draw(days.map(date.isoformat) | moments | st.none() | st.text(max_size=9)),
        "priority": draw(st.sampled_from([*PRIORITIES, None])),
        "kind": draw(st.sampled_from([None, "milestone", "action"])),
        "owner_side": draw(st.sampled_from([None, "client", "vendor", "third_party"])),
        "title": draw(st.sampled_from(["x", "【客户】x"])),
    }
    spans = draw(st.lists(st.tuples(days, days).map(lambda pair: Pause(min(pair), max(pair))), max_size=3))
    if not waiting and draw(st.booleans()):
        spans.append(Pause(draw(days)))
    return TaskCase(
        uid="t",
        task=task,
        contact={"zone": draw(zones)},
        account={"zone": draw(zones), "country": draw(countries)},
        moves=() if waiting else draw(histories()),
        pauses=spans,
        blocks=draw(st.booleans()),
    )


def histories() -> st.SearchStrategy[list[BallMove]]:
    steps = st.tuples(
        moments, st.sampled_from(["client", "vendor", "third_party", "none"]), st.sampled_from(TASK_STATUSES)
    )
    made: Any = st.lists(steps, max_size=5)
    return made.map(lambda rows: [BallMove(at, holder, status, "2026-01-05") for at, holder, status in sorted(rows)])


@unhurried
@given(cases(), moments, knobs)
def test_a_verdict_holds_together(case: TaskCase, now_ms: int, tuned: Knobs) -> None:
    verdict = evaluate_task(case, CALENDARS, now_ms=now_ms, knobs=tuned)
    assert verdict.overdue == (verdict.since is not None)
    assert verdict.obd >= 0
    if verdict.overdue:
        assert verdict.severity in {"S1", "S2", "S3", "S4"}
        assert verdict.due_instant_ms is not None
        assert now_ms >= verdict.due_instant_ms
        assert verdict.ball != "none"
    else:
        assert verdict.severity in {None, "S0"}
        assert verdict.obd == 0
    if verdict.provisional:
        assert verdict.severity in {None, "S0", "S1", "S2"}
    assert verdict.reasons
    assert verdict == evaluate_task(case, CALENDARS, now_ms=now_ms, knobs=tuned)
    brief = evaluate_task(case, CALENDARS, now_ms=now_ms, knobs=tuned, explain=False)
    assert (brief.severity, brief.since, brief.obd, brief.due_eff) == (
        verdict.severity, verdict.since, verdict.obd, verdict.due_eff,
    )  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(cases(), moments, st.integers(0, 60 * 24 * 60), knobs, st.integers(0, 3))
def test_until_the_moment_a_verdict_names_time_alone_changes_nothing(
    case: TaskCase, now_ms: int, minutes: int, tuned: Knobs, soon: int
) -> None:
    tuned = replace(tuned, due_soon_bd=soon)
    verdict = evaluate_task(case, CALENDARS, now_ms=now_ms, knobs=tuned, explain=False)
    assert verdict.next_ms is None or verdict.next_ms > now_ms
    later = now_ms + minutes * 60_000
    if verdict.next_ms is not None:
        later = min(later, verdict.next_ms - 1)
    again = evaluate_task(case, CALENDARS, now_ms=later, knobs=tuned, explain=False)
    assert _seen(again) == _seen(verdict)


def _seen(verdict: TaskVerdict) -> TaskVerdict:
    """Give what readers see of a verdict: all but the moment it names."""
    return replace(verdict, next_ms=None)


@unhurried
@given(cases(waiting=True), moments, st.integers(1, 400 * 24), knobs)
def test_waiting_only_ever_gets_louder_and_since_stays(case: TaskCase, now_ms: int, hours: int, tuned: Knobs) -> None:
    first, second = (
        evaluate_task(case, CALENDARS, now_ms=at, knobs=tuned) for at in (now_ms, now_ms + hours * 3_600_000)
    )
    if first.overdue and not second.overdue:  # a pause that people agreed on keeps its days back
        then = datetime.fromtimestamp(now_ms / 1000 + hours * 3600, UTC).date()
        assert any(pause.covers(then + timedelta(days=off)) for pause in case.pauses for off in (-1, 0, 1))
    elif first.overdue:
        assert second.since == first.since
        assert second.obd >= first.obd
        if first.provisional == second.provisional:
            assert (second.severity or "") >= (first.severity or "")


@unhurried
@given(
    days,
    st.sampled_from(
        ["Asia/Shanghai", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "America/Havana", "Asia/Beirut"]
    ),
)
def test_a_day_opens_at_the_first_instant_that_is_not_the_day_before(day: date, name: str) -> None:
    zone, _ = zone_of([name])
    opens = opening_ms(day, zone) // 1000
    assert datetime.fromtimestamp(opens, UTC).astimezone(zone).date() >= day
    assert datetime.fromtimestamp(opens - 1, UTC).astimezone(zone).date() < day


claims = st.lists(
    st.builds(
        LifecycleClaim,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(LIFECYCLES),
        st.integers(0, 9),
        st.none() | st.tuples(st.sampled_from(LIFECYCLES), st.integers(0, 9)),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda claim: claim.connection,
)
disputes = st.builds(
    LifecycleCase,
    uid=st.just("p"),
    base=st.none() | st.sampled_from(LIFECYCLES),
    claims=claims,
    authority=st.permutations(["a", "b", "c"]) | st.just([]),
    proof=st.sampled_from([Proof(), Proof(open_acceptance=("t1",))]),
)


@unhurried
@given(disputes, st.randoms(use_true_random=False))
def test_the_order_of_the_claims_is_no_matter(case: LifecycleCase, rng: Any) -> None:
    mixed = list(case.claims)
    rng.shuffle(mixed)
    turned = reconcile(LifecycleCase(**{**_as_dict(case), "claims": mixed}))
    straight = reconcile(case)
    assert (turned.value, turned.outcome, turned.heard) == (straight.value, straight.outcome, straight.heard)


@unhurried
@given(disputes)
def test_nothing_is_taken_that_a_project_cannot_do(case: LifecycleCase) -> None:
    verdict = reconcile(case)
    if verdict.value != case.base and case.base is not None:
        assert verdict.value is not None
        assert judge_lifecycle_move(case.base, verdict.value) != "irregular"
        assert verdict.value in {claim.value for claim in case.claims} | {"delivered"}
    if verdict.outcome == "terminal_conflict":
        assert verdict.value == case.base
        assert {claim.value for claim in case.claims} & set(GUARDED_LIFECYCLES)


@unhurried
@given(disputes)
def test_a_second_look_finds_nothing_new(case: LifecycleCase) -> None:
    first = reconcile(case)
    again = [
        LifecycleClaim(each.connection, each.value, each.seen_ms, first.heard.get(each.connection), each.stale)
        for each in case.claims
    ]
    second = reconcile(LifecycleCase(**{**_as_dict(case), "base": first.computed, "claims": again}))
    assert second.value == first.value
    if first.outcome in HOLDS:
        assert second.outcome == first.outcome
    else:
        assert second.outcome in {"agreed", "all_stale"}


def _as_dict(case: LifecycleCase) -> dict[str, Any]:
    return {name: getattr(case, name) for name in ("uid", "base", "claims", "authority", "proof")}
