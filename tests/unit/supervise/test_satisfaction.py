"""R13: figures that are honest about how little they rest on, and loops that were not closed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.knobs import Knobs
from supervise.loops import LoopCase, view_loop
from supervise.satisfaction import (
    Answer,
    SatisfactionResult,
    Score,
    is_low,
    nps,
    rounded,
    satisfaction,
    scale_bounds,
    scale_of,
    unhappy,
    wilson,
)

CHINA = Calendars(org="CN", country=find_country).of()
KNOBS = Knobs()


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def answers(kind: str, scores: list[int], *, wave: str = "w1", scale: str = "", start: int = 0) -> list[Answer]:
    return [
        Answer(
            contact=f"c{at}", wave=wave, scale=scale, score=Decimal(score), at_ms=start + at, kind=kind,
            uid=f"{wave}-{at}",
        )
        for at, score in enumerate(scores)
    ]  # fmt: skip


def one(kind: str, scores: list[int], knobs: Knobs = KNOBS, **more: Any) -> Score:
    found = satisfaction(answers(kind, scores, **more), {"w1": 40}, knobs).scores
    assert len(found) == 1
    return found[0]


def shown(score: Score) -> tuple[str | None, ...]:
    figures = (score.value, score.low, score.high, score.margin, score.mean)
    return tuple(None if figure is None else str(figure) for figure in figures)


@pytest.mark.parametrize(
    ("scores", "figures"),
    [
        # 8 promoters, 2 passives, 6 detractors of 16: 12.5 is 13; naive (banker's rounding): 12
        ([10] * 4 + [9] * 4 + [7, 8] + [0] * 3 + [6] * 3, ("13", "-32.9", "57.9", "45.4", None)),
        ([0] * 8 + [7] * 2 + [9] * 6, ("-13", "-57.9", "32.9", "45.4", None)),  # naive (floor of x + ½): -12
        ([10] * 16, ("100", "100.0", "100.0", "0.0", None)),
        ([10] * 15 + [0], ("88", "63.8", "100.0", "23.7", None)),  # the interval ends with the scale
        ([0] * 15 + [10], ("-88", "-100.0", "-63.8", "23.7", None)),
        ([7] * 5, ("0", "0.0", "0.0", "0.0", None)),
    ],
)
def test_nps_is_a_whole_number_with_its_margin(scores: list[int], figures: tuple[str | None, ...]) -> None:
    found = one("nps", scores)
    assert shown(found) == figures
    assert (found.scale, found.indicative, found.suppressed) == ("0-10", True, False)


@pytest.mark.parametrize(
    ("kind", "scores", "figures"),
    [
        # 6 of 8 with Wilson's interval; naive (normal approximation): 45.0 to 105.0
        ("csat", [5, 5, 5, 4, 4, 4, 3, 1], ("75.0", "40.9", "92.9", None, "3.88")),  # mean 3.875; naive: 3.87
        ("csat", [5] * 8, ("100.0", "67.6", "100.0", None, "5.00")),  # naive: 100 to 100
        ("csat", [1] * 8, ("0.0", "0.0", "32.4", None, "1.00")),
        ("csat", [4, 4, 3, 3, 3, 3], ("33.3", "9.7", "70.0", None, "3.33")),
        ("ces", [7, 6, 5, 4, 1], ("60.0", "23.1", "88.2", None, "4.60")),
    ],
)
def test_shares_have_wilson_intervals_and_a_mean_beside_them(
    kind: str, scores: list[int], figures: tuple[str | None, ...]
) -> None:
    assert shown(one(kind, scores)) == figures


@pytest.mark.parametrize(
    ("n", "suppressed", "indicative", "codes"),
    [
        (1, True, False, ["score_suppressed"]),
        (4, True, False, ["score_suppressed"]),  # naive: an NPS of 100 from four friends
        (5, False, True, ["score_indicative"]),
        (29, False, True, ["score_indicative"]),
        (30, False, False, []),
    ],
)
def test_a_handful_gives_no_score(n: int, suppressed: bool, indicative: bool, codes: list[str]) -> None:
    found = one("nps", [10] * n)
    assert (found.suppressed, found.indicative, found.value is None) == (suppressed, indicative, suppressed)
    assert [reason.code for reason in found.reasons] == codes
    assert found.counts == {"10": n}


def test_the_limits_are_knobs() -> None:
    assert one("nps", [10] * 4, Knobs(survey_min=3, survey_sure=4)).indicative is False


def test_four_answers_show_their_words_and_no_number() -> None:
    given = [Answer(contact=f"c{at}", wave="w", scale="0-10", score=Decimal(3), at_ms=at, kind="nps",
                    verbatim=f"慢 {at}") for at in range(4)]  # fmt: skip
    found = satisfaction(given, {}, KNOBS)
    assert found.scores[0].value is None
    assert [each.verbatim for each in found.verbatims] == ["慢 3", "慢 2", "慢 1", "慢 0"]


def test_one_vote_per_contact_and_wave_the_latest() -> None:
    given = answers("csat", [5, 5, 5, 5, 5])
    again = Answer(contact="c0", wave="w1", scale="1-5", score=Decimal(1), at_ms=99, kind="csat", uid="late")
    for order in ([*given, again], [again, *given]):  # naive: six votes, or whichever came last in the list
        found = satisfaction(order, {}, KNOBS)
        assert (found.scores[0].n, found.scores[0].counts) == (5, {"1": 1, "5": 4})
    other = satisfaction([*given, Answer(**{**_dict(again), "wave": "w2"})], {}, KNOBS)
    assert [score.n for score in other.scores] == [5, 1]


def test_answers_nobody_signed_count_one_by_one() -> None:
    given = [Answer(**{**_dict(each), "contact": ""}) for each in answers("csat", [5] * 6)]
    found = satisfaction(given, {"w1": 10}, KNOBS)
    assert found.scores[0].n == 6
    assert found.waves[0].answered == 6


@pytest.mark.parametrize(
    ("kind", "scale", "score"),
    [
        ("csat", "1-5", "0"), ("csat", "1-5", "6"), ("csat", "", "9"), ("csat", "1-5", "4.5"), ("nps", "0-10", "11"),
        ("nps", "0-10", "-1"), ("ces", "1-7", "8"), ("csat", "stars", "4"), ("csat", "5-1", "4"),
        ("csat", "1-5", "NaN"), ("csat", "1-", "4"),
    ],
)  # fmt: skip
def test_what_is_not_on_its_scale_is_set_aside_and_not_moved_onto_it(kind: str, scale: str, score: str) -> None:
    odd = Answer(contact="x", wave="w1", scale=scale, score=Decimal(score), at_ms=50, kind=kind, uid="odd")
    found = satisfaction([*answers("csat", [5] * 5), odd], {}, KNOBS)
    assert found.quarantined == (odd,)
    assert [score.n for score in found.scores] == [5]  # naive: clamped to the end of the scale and counted
    assert [(reason.code, reason.uid) for reason in found.reasons] == [("score_quarantined", "odd")]


def test_a_later_answer_off_the_scale_does_not_take_the_vote() -> None:
    odd = Answer(contact="c0", wave="w1", scale="1-5", score=Decimal(50), at_ms=50, kind="csat")
    assert satisfaction([*answers("csat", [5] * 5), odd], {}, KNOBS).scores[0].n == 5


def test_scales_are_never_mixed_and_only_the_measures_own_gives_a_figure() -> None:
    ten = [Answer(**{**_dict(each), "contact": f"d{at}"}) for at, each in
           enumerate(answers("csat", [9] * 6, scale="1-10", start=100))]  # fmt: skip
    found = satisfaction([*answers("csat", [2] * 6), *ten], {}, KNOBS)
    assert [(score.scale, score.n, shown(score)[0]) for score in found.scores] == [("1-10", 6, None), ("1-5", 6, "0.0")]
    assert "scale_not_scored" in [reason.code for reason in found.scores[0].reasons]
    assert found.movements == ()


@pytest.mark.parametrize(
    ("text", "plain"), [(" 1 – 5 ", "1-5"), ("1~5", "1-5"), ("1～5", "1-5"), ("", "1-5"), ("odd", "odd")]
)
def test_a_scale_is_read_as_people_write_it(text: str, plain: str) -> None:
    assert scale_of(Answer(contact="", wave="", scale=text, score=None, at_ms=0, kind="csat")) == plain


@pytest.mark.parametrize(
    ("scale", "ends"), [("0-10", (0, 10)), ("5-5", None), ("a-b", None), ("", None), ("１-５", None)]
)
def test_the_ends_of_a_scale(scale: str, ends: tuple[int, int] | None) -> None:
    assert scale_bounds(scale) == ends


@pytest.mark.parametrize(
    ("before", "after", "change", "difference"),
    [
        ([5] * 30, [1] * 30, "down", "-100.0"),
        ([1] * 30, [5] * 30, "up", "100.0"),
        ([5] * 20 + [1] * 10, [5] * 24 + [1] * 6, "no_change", "13.3"),  # naive: up by 13 points
        ([5] * 4, [1] * 30, "unknown", None),
        ([5] * 30, [1] * 4, "unknown", None),
    ],
)
def test_only_intervals_that_do_not_meet_are_a_change(
    before: list[int], after: list[int], change: str, difference: str | None
) -> None:
    given = [*answers("csat", after, wave="2026Q10", start=500), *answers("csat", before, wave="2026Q9")]
    (moved,) = satisfaction(given, {}, KNOBS).movements
    assert (moved.before, moved.after, moved.change) == ("2026Q9", "2026Q10", change)  # naive: sorted by name
    assert (None if moved.difference is None else str(moved.difference)) == difference


def test_the_response_rate_is_always_told() -> None:
    given = [
        *answers("csat", [5] * 5),
        *answers("nps", [9, 9], start=20),
        Answer(contact="c9", wave="w1", scale="", score=None, at_ms=30, kind="comment", verbatim="好"),
    ]
    found = satisfaction(given, {"w1": 16, "w0": 9}, KNOBS)
    assert [(each.kind, str(each.response_rate), each.invited) for each in found.scores] == [
        ("nps", "12.5", 16), ("csat", "31.3", 16),
    ]  # fmt: skip
    assert [(each.wave, each.answered, str(each.response_rate)) for each in found.waves] == [
        ("w1", 6, "37.5"), ("w0", 0, "0.0"),  # naive: a wave nobody answered is not there at all
    ]  # fmt: skip
    assert satisfaction(answers("csat", [5]), {}, KNOBS).scores[0].response_rate is None


def test_nothing_asked_is_nothing_said() -> None:
    assert satisfaction([], {}, KNOBS) == SatisfactionResult()


def test_the_exact_figures_are_not_rounded() -> None:
    assert nps(8, 6, 16)[0] == Decimal("12.5")
    low, high = wilson(0, 8)
    assert (low, rounded(high, 4)) == (Decimal(0), Decimal("32.4416"))
    assert rounded(wilson(8, 8)[1], 4) == 100


@pytest.mark.parametrize(
    ("value", "places", "text"), [("0.5", 0, "1"), ("-0.5", 0, "-1"), ("2.5", 0, "3"), ("1.25", 1, "1.3")]
)
def test_halves_go_away_from_zero(value: str, places: int, text: str) -> None:
    assert str(rounded(Decimal(value), places)) == text


def test_unhappy_key_contacts_are_those_of_the_last_wave() -> None:
    given = [*answers("csat", [1, 2, 3, 1]), *answers("csat", [2, 5, 1], wave="w2", start=10),
             *answers("nps", [1], wave="w3", start=20)]  # fmt: skip
    found = satisfaction(given, {"w4": 3}, KNOBS)
    assert [vote.uid for vote in unhappy(found, {"c0", "c1", "c3"})] == ["w2-0"]
    assert unhappy(satisfaction([], {}, KNOBS), {"c0"}) == ()


@pytest.mark.parametrize(
    ("kind", "score", "scale", "low"),
    [
        ("nps", 6, "", True), ("nps", 7, "", False), ("csat", 2, "1 - 5", True), ("csat", 3, "1-5", False),
        ("csat", 2, "1-10", False), ("ces", 1, "", False), ("complaint", None, "", True), ("csat", None, "", False),
        ("praise", 1, "", False),
    ],
)  # fmt: skip
def test_what_wants_somebody_to_call(kind: str, score: int | None, scale: str, low: bool) -> None:
    assert is_low(kind, None if score is None else Decimal(score), scale) is low


LOW = {"uid": "f1", "kind": "csat", "score": Decimal(2), "on": "2026-06-17"}


@pytest.mark.parametrize(
    ("case", "today", "due", "is_open", "late"),
    [
        (LOW, "2026-06-22", "2026-06-22", False, False),  # the 19th is a holiday; naive: 06-19
        (LOW, "2026-06-23", "2026-06-22", True, False),
        ({**LOW, "owner": "pm"}, "2026-06-23", "2026-06-22", True, False),  # an owner is no follow-up of a low score
        ({**LOW, "follow_up": "t1"}, "2026-06-23", "2026-06-22", False, False),
        ({**LOW, "follow_up": "t1", "follow_up_on": "2026-06-22"}, "2026-07-01", "2026-06-22", False, False),
        ({**LOW, "follow_up": "t1", "follow_up_on": "2026-06-23"}, "2026-07-01", "2026-06-22", False, True),
        ({**LOW, "status": "resolved"}, "2026-07-01", "2026-06-22", False, False),
        ({**LOW, "due": "2026-06-30"}, "2026-06-30", "2026-06-30", False, False),
        ({**LOW, "on": "2026-02-13"}, "2026-02-24", "2026-02-24", False, False),  # Saturday is worked, then festival
        ({**LOW, "score": Decimal(3)}, "2026-07-01", None, False, False),
        ({**LOW, "kind": "complaint", "score": None}, "2026-06-23", "2026-06-22", True, False),
        ({**LOW, "kind": "suggestion"}, "2026-06-23", "2026-06-22", True, False),
        ({**LOW, "kind": "suggestion", "owner": "pm"}, "2026-06-23", "2026-06-22", False, False),
        ({**LOW, "kind": "praise"}, "2026-06-23", None, False, False),
    ],
)
def test_a_low_score_needs_its_action_within_two_working_days(
    case: dict[str, Any], today: str, due: str | None, is_open: bool, late: bool
) -> None:
    dated = {**case, **{name: day(case[name]) for name in ("on", "due", "follow_up_on") if name in case}}
    at = date.fromisoformat(today)
    found = view_loop(LoopCase(**dated), today=at, calendar=CHINA)
    assert (found.due, found.open, found.late, found.wants) == (day(due), is_open, late, due is not None)
    assert [reason.code for reason in found.reasons] == (["loop_open"] if is_open else [])


def _dict(answer: Answer) -> dict[str, Any]:
    names = ("contact", "wave", "scale", "score", "at_ms", "kind", "verbatim", "uid")
    return {name: getattr(answer, name) for name in names}
