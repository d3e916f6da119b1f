"""Laws of R11 to R15: figures within their bounds, no order that matters, nothing taken that is not proven."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from supervise.calendar import Calendars
from supervise.change import ChangeRequest, extension_bd, first_baseline, gate, rebaseline
from supervise.closing import AcceptanceItem, ClosureCase, OpenAction, PunchItem, closure_gate, view_acceptance
from supervise.countries import find_country
from supervise.engagement import EngagementCase, engagement
from supervise.health import RANK, HealthMemory, Level, settle
from supervise.knobs import Knobs
from supervise.readiness import ReadinessCase, readiness
from supervise.risk import Risk, view_risk
from supervise.satisfaction import Answer, satisfaction
from supervise.signing import Rejection, Revocation, Signature, SignOff, view_sign_off

CHINA = Calendars(org="CN", country=find_country).of()
KNOBS = Knobs()
unhurried = settings(deadline=None)
days = st.dates(date(2025, 1, 1), date(2026, 10, 31))
levels = st.sampled_from(["green", "yellow", "red"])

answers = st.lists(
    st.builds(
        Answer,
        contact=st.sampled_from(["", "a", "b", "c", "d", "e", "f"]),
        wave=st.sampled_from(["w1", "w2"]),
        scale=st.sampled_from(["", "0-10", "1-5", "1-7", "odd"]),
        score=st.none() | st.integers(-2, 12).map(Decimal),
        at_ms=st.integers(0, 10**6),
        kind=st.sampled_from(["nps", "csat", "ces", "comment"]),
        verbatim=st.sampled_from(["", "好"]),
    ),
    max_size=40,
    unique_by=lambda each: each.at_ms,
)


@unhurried
@given(answers, st.randoms(use_true_random=False))
def test_figures_stay_on_their_scales_and_the_order_of_answers_is_no_matter(given_: list[Answer], rng: Any) -> None:
    found = satisfaction(given_, {"w1": 50}, KNOBS)
    mixed = list(given_)
    rng.shuffle(mixed)
    assert satisfaction(mixed, {"w1": 50}, KNOBS) == found
    for score in found.scores:
        assert score.n == sum(score.counts.values())
        if score.value is None:
            assert score.suppressed or score.scale != {"nps": "0-10", "csat": "1-5", "ces": "1-7"}[score.kind]
            continue
        assert score.n >= KNOBS.survey_min
        assert score.low is not None
        assert score.high is not None
        low = Decimal(-100) if score.kind == "nps" else Decimal(0)
        assert low <= score.low <= score.high <= 100
        assert low <= score.value <= 100
        assert score.low - 1 <= score.value <= score.high + 1  # whole numbers and tenths meet within one
    signed = [(vote.kind, vote.wave, vote.contact) for vote in found.votes if vote.contact]
    assert len(signed) == len(set(signed))
    scored = [each for each in given_ if each.score is not None and each.kind != "comment"]
    assert len(found.votes) + len(found.quarantined) <= len(scored)
    assert not set(found.votes) & set(found.quarantined)


@unhurried
@given(answers, st.integers(0, 10**6))
def test_answering_again_moves_a_vote_and_adds_none(given_: list[Answer], score: int) -> None:
    own = [Answer(contact="me", wave="w1", scale="0-10", score=Decimal(score % 11), at_ms=10**6 + at, kind="nps")
           for at in range(3)]  # fmt: skip
    once = satisfaction([*given_, own[2]], {}, KNOBS)
    assert satisfaction([*given_, *own], {}, KNOBS).scores == once.scores


shares = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair)))


@unhurried
@given(shares, shares, shares, shares, st.lists(st.integers(0, 40), max_size=6))
def test_engagement_is_a_percentage_or_nothing_and_rises_with_what_was_done_in_time(
    on_time: tuple[int, int], seats: tuple[int, int], surveys: tuple[int, int], people: tuple[int, int],
    response_days: list[int],
) -> None:  # fmt: skip
    case = EngagementCase(
        on_time=on_time[0], due=on_time[1], response_days=response_days, attended=seats[0], invited=seats[1],
        survey_answered=surveys[0], survey_sent=surveys[1], active_contacts=people[0], expected_contacts=people[1],
    )  # fmt: skip
    found = engagement(case)
    weights = sum(part.weight for part in found.parts)
    if found.index is None:
        assert found.confidence == "none"
    else:
        assert 0 <= found.index <= 100
        assert abs(weights - 100) <= Decimal("0.3")
        better = engagement(replace(case, on_time=on_time[1]))
        assert better.index is not None
        assert better.index >= found.index
    assert all(part.value is None or 0 <= part.value <= 100 for part in found.parts)


@unhurried
@given(st.lists(st.tuples(levels, st.integers(0, 3)), min_size=1, max_size=20), st.integers(1, 4))
def test_health_is_never_shown_better_than_it_is_and_catches_up(course: list[tuple[Level, int]], span: int) -> None:
    memory, today = HealthMemory(), date(2026, 6, 1)
    for level, gap in course:
        today += timedelta(days=gap)
        shown, memory = settle(level, memory, today, span)
        assert RANK[shown] >= RANK[level]
        assert len(memory.days) <= span
    last = course[-1][0]
    for _ in range(span):
        today += timedelta(days=1)
        shown, memory = settle(last, memory, today, span)
    assert shown == last


changes = st.builds(
    ChangeRequest,
    uid=st.just("cr"),
    impact=st.sampled_from(["", "x"]),
    cost=st.none() | st.integers(0, 9).map(Decimal),
    days=st.none() | st.integers(-9, 9),
    approver=st.sampled_from(["", "c1"]),
    approver_roles=st.sampled_from([(), ("approver",), ("it",)]),
    decided_on=st.none() | days,
    affected=st.sampled_from([(), ("m1",), ("m2", "m1")]),
)


@unhurried
@given(days, st.lists(changes, max_size=6))
def test_only_complete_changes_move_the_plan_and_their_days_add_up(start: date, asked: list[ChangeRequest]) -> None:
    day = CHINA.roll(start)
    plan, moved = [first_baseline({"m1": day})], 0
    for change in asked:
        if not gate(change):
            plan.append(rebaseline(plan, change, CHINA))
            moved += (change.days or 0) if "m1" in change.affected else 0
    assert [each.version for each in plan] == list(range(1, len(plan) + 1))
    assert plan[0].dates == {"m1": day}
    assert extension_bd(day, plan[-1].dates["m1"], CHINA) == moved


@unhurried
@given(st.integers(1, 5), st.integers(1, 5), days, st.integers(0, 60))
def test_a_risk_only_gets_staler(probability: int, impact: int, reviewed: date, later: int) -> None:
    risk = Risk(uid="r", probability=probability, impact=impact, reviewed_on=reviewed)
    views = [
        view_risk(risk, today=reviewed + timedelta(days=at), calendar=CHINA, knobs=KNOBS) for at in (later, later + 1)
    ]
    assert views[0].score == views[1].score == probability * impact
    assert 0 <= views[0].review_overdue_bd <= views[1].review_overdue_bd


@unhurried
@given(days, st.lists(days, max_size=4), st.lists(days, max_size=2), st.none() | st.integers(0, 15))
def test_nothing_is_deemed_without_its_term_and_two_notices(
    today: date, notices: list[date], objections: list[date], term: int | None
) -> None:
    item = AcceptanceItem(uid="a", stage="requested", notices=notices, objections=objections, term_bd=term)
    found = view_acceptance(item, today=today, calendar=CHINA, knobs=KNOBS)
    worked = sorted({day for day in notices if CHINA.workday(day)})
    if found.state == "deemed_accepted":
        assert term
        assert len(worked) >= 2
        assert found.deemed_on is not None
        assert today > found.deemed_on >= worked[1]
        assert CHINA.bd(worked[0], found.deemed_on) >= term
        assert not any(worked[0] <= day <= found.deemed_on for day in objections)
        later = view_acceptance(item, today=today + timedelta(days=9), calendar=CHINA, knobs=KNOBS)
        assert later.deemed_on == found.deemed_on
    else:
        assert not found.in_force


stamps = st.integers(0, 50)
versions = st.sampled_from(["v1", "v2"])


@unhurried
@given(
    st.lists(
        st.builds(Signature, signer=st.just("c"), roles=st.sampled_from([("approver",), ()]), method=st.just("ink"),
                  at_ms=stamps, doc_version=versions, doc_hash=st.sampled_from(["", "a", "b"])),
        max_size=4, unique_by=lambda each: each.at_ms,
    ),
    st.lists(st.builds(Rejection, signer=st.just("c"), at_ms=stamps, doc_version=versions), max_size=2),
    st.lists(st.builds(Revocation, by=st.just("c"), at_ms=stamps), max_size=2),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_a_signature_is_in_force_for_its_own_version_only(
    signatures: list[Signature], rejections: list[Rejection], revocations: list[Revocation], rng: Any
) -> None:
    item = SignOff(uid="s", doc_version="v1", doc_hash="a", signatures=signatures, rejections=rejections,
                   revocations=revocations, stage="signed")  # fmt: skip
    found = view_sign_off(item)
    mixed = list(signatures)
    rng.shuffle(mixed)
    assert view_sign_off(replace(item, signatures=mixed)) == found
    if found.in_force:
        assert found.signature is not None
        assert found.signature.doc_version == "v1"
        assert found.signature.doc_hash in ("", "a")
        assert "approver" in found.signature.roles
        assert all(each.at_ms < found.signature.at_ms for each in revocations)
        assert not view_sign_off(replace(item, doc_version="v3")).in_force


@unhurried
@given(
    st.lists(st.booleans(), max_size=3), st.lists(st.sampled_from(["action", "survey"]), max_size=3), st.booleans(),
    st.sampled_from(["", "held", "waived"]), st.booleans(),
)  # fmt: skip
def test_the_gate_opens_exactly_when_nothing_is_left(
    punch: list[bool], actions: list[str], report: bool, retro: Any, survey: bool
) -> None:
    case = ClosureCase(
        uid="p", final_report=report, retro=retro, survey_sent=survey,
        punch=[PunchItem(uid=f"i{at}", done=done) for at, done in enumerate(punch)],
        client_actions=[OpenAction(uid=f"t{at}", kind=kind) for at, kind in enumerate(actions)],
    )  # fmt: skip
    found = closure_gate(case)
    left = punch.count(False) + actions.count("action") + (not report) + (not retro) + (not survey)
    assert len(found.open) == left
    assert found.passes is (left == 0)


@unhurried
@given(days, st.integers(1, 12), st.integers(0, 90))
def test_silence_starts_once_and_stays(last: date, cadence: int, later: int) -> None:
    def flags(today: date) -> list[date | None]:
        case = ReadinessCase(uid="p", today=today, calendar=CHINA, last_client_event=last, cadence_bd=cadence,
                             roles=frozenset({"approver", "sponsor"}))  # fmt: skip
        return [each.since for each in readiness(case) if each.code == "silence"]

    today = last + timedelta(days=later)
    since = flags(today)
    if since:
        assert since[0] is not None
        assert since[0] <= today
        assert flags(today + timedelta(days=1)) == since
        assert flags(since[0]) == since
        assert flags(since[0] - timedelta(days=1)) == []
    else:
        assert CHINA.bd(last, today) <= 2 * cadence
