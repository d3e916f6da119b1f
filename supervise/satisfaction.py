"""Satisfaction with honest figures: NPS, CSAT and CES per wave, with intervals, and nothing made of a handful (R13).

One vote per contact and wave, the latest. A score that is not on its scale is set aside, never moved onto it, and
scales are never mixed. Everything is reckoned in decimals and rounded half away from zero, at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final, Literal

from mapping.records import Value
from supervise.knobs import Knobs
from supervise.reasons import Reason

Measure = Literal["nps", "csat", "ces"]
Change = Literal["up", "down", "no_change", "unknown"]
SCALES: Final[Mapping[Measure, str]] = {"nps": "0-10", "csat": "1-5", "ces": "1-7"}
"""The scale each measure is defined on, and the one meant where an answer names none."""
MEASURES: Final[tuple[Measure, ...]] = tuple(SCALES)

_Z: Final = Decimal("1.96")
_HUNDRED: Final = Decimal(100)
_LOW: Final[Mapping[Measure, Decimal]] = {"nps": Decimal(6), "csat": Decimal(2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to a survey.

    Args:
        contact: uid of who answered; "" for an answer nobody signed, which counts by itself.
        scale: as "1-5"; blank for the one the kind is defined on.
        score: None for words without a score.
        kind: nps, csat or ces; another kind only brings its words.
    """

    contact: str
    wave: str
    scale: str
    score: Decimal | None
    at_ms: int
    kind: str
    verbatim: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One measure of one wave on one scale.

    Args:
        n: votes that count.
        value: NPS as an integer; CSAT as the share of 4 and 5, CES as the share of 5 and more, in percent to one
            decimal; None when too few answered or the scale is not the measure's own.
        low, high: 95 % interval to one decimal; for NPS the value plus and minus ``margin``, within -100 and 100.
        mean: to two decimals; None for NPS.
        indicative: too few for more than a hint.
        suppressed: too few for any figure; counts and words are shown.
        counts: votes by score.
        response_rate: percent of those invited to one decimal; None when nobody knows how many were.
    """

    kind: Measure
    wave: str
    scale: str
    n: int
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    mean: Decimal | None
    margin: Decimal | None
    indicative: bool
    suppressed: bool
    counts: Mapping[str, int]
    response_rate: Decimal | None
    invited: int | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """From one wave to the next; a change only where the intervals do not overlap.

    Args:
        difference: of the values shown; None when one of them was suppressed.
    """

    kind: Measure
    scale: str
    before: str
    after: str
    change: Change
    difference: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """How many of those invited to a wave answered, with anything."""

    wave: str
    invited: int | None
    answered: int
    response_rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionResult:
    """What the answers say.

    Args:
        scores: by measure, then scale, then wave, oldest wave first.
        quarantined: answers whose score is not on their scale; they count nowhere.
        verbatims: answers with words, latest first, those that were set aside or outvoted too.
        waves: every wave that was sent or answered, oldest first.
        votes: the answers that count, for those who look at single contacts.
        reasons: which scores were set aside.
    """

    scores: tuple[Score, ...] = ()
    quarantined: tuple[Answer, ...] = ()
    movements: tuple[Movement, ...] = ()
    verbatims: tuple[Answer, ...] = ()
    waves: tuple[Wave, ...] = ()
    votes: tuple[Answer, ...] = ()
    reasons: tuple[Reason, ...] = ()


Invited = Collection[str] | int
"""Whom a wave was sent to, or just how many they were."""


def satisfaction(answers: Iterable[Answer], invited: Mapping[str, Invited], knobs: Knobs) -> SatisfactionResult:
    """Give every measure of every wave.

    Args:
        invited: wave -> contacts a survey was sent to, or how many they were.
    """
    given = sorted(answers, key=lambda each: (each.at_ms, each.uid))
    scored = [each for each in given if each.kind in SCALES and each.score is not None]
    good = [each for each in scored if _on_scale(each)]
    votes = _latest(good)
    order = _order(given, invited)
    groups: dict[tuple[Measure, str, str], list[Answer]] = defaultdict(list)
    for vote in votes:
        groups[_measure(vote), scale_of(vote), vote.wave].append(vote)
    ranked = sorted(groups, key=lambda key: (MEASURES.index(key[0]), key[1], order.index(key[2])))
    scores = tuple(_score(*key, groups[key], invited.get(key[2]), knobs) for key in ranked)
    return SatisfactionResult(
        scores=scores,
        quarantined=(aside := tuple(each for each in scored if not _on_scale(each))),
        movements=tuple(_movements(scores)),
        verbatims=tuple(each for each in reversed(given) if each.verbatim.strip()),
        waves=tuple(_wave(name, given, invited.get(name)) for name in order),
        votes=votes,
        reasons=tuple(_set_aside(each) for each in aside),
    )


def unhappy(result: SatisfactionResult, contacts: Container[str]) -> tuple[Answer, ...]:
    """Give the CSAT votes of 2 and less that those contacts gave in the last wave that has any."""
    votes = [vote for vote in result.votes if vote.kind == "csat"]
    waves = [wave.wave for wave in result.waves if any(vote.wave == wave.wave for vote in votes)]
    return tuple(
        vote
        for vote in votes
        if vote.wave == waves[-1] and vote.contact in contacts and is_low("csat", vote.score, vote.scale)
    )


def scale_of(answer: Answer) -> str:
    """Give an answer's scale in its plain form; a blank one is the measure's own.

    Shape: " 1 – 5 " -> "1-5"
    """
    return plain_scale(answer.scale) or SCALES[_measure(answer)]


def plain_scale(text: str) -> str:
    """Give a scale as people write it in its plain form."""
    return text.replace(" ", "").replace("–", "-").replace("~", "-").replace("～", "-")


def scale_bounds(scale: str) -> tuple[int, int] | None:
    """Give the ends of a scale; None when it is none."""
    low, _, high = scale.partition("-")
    if not (low.isascii() and low.isdecimal() and high.isascii() and high.isdecimal()) or int(low) >= int(high):
        return None
    return int(low), int(high)


def is_low(kind: str, score: Decimal | None, scale: str = "") -> bool:
    """Say whether an answer wants somebody to call: NPS up to 6, CSAT up to 2, on their own scales; any complaint."""
    if kind == "complaint":
        return True
    measured = next((measure for measure in _LOW if measure == kind), None)
    if measured is None or score is None or plain_scale(scale) not in ("", SCALES[measured]):
        return False
    return score <= _LOW[measured]


def rounded(value: Decimal, places: int) -> Decimal:
    """Round half away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


# --- figures ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Figures:
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    mean: Decimal | None = None
    margin: Decimal | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


def nps(promoters: int, detractors: int, n: int) -> tuple[Decimal, Decimal]:
    """Give the exact net promoter score and its margin (95 %), both unrounded."""
    up, down = Decimal(promoters) / n, Decimal(detractors) / n
    spread = (up + down - (up - down) ** 2).sqrt()
    return _HUNDRED * (promoters - detractors) / n, _Z * _HUNDRED * spread / Decimal(n).sqrt()


def wilson(hits: int, n: int) -> tuple[Decimal, Decimal]:
    """Give the Wilson interval (95 %) of a share in percent, unrounded."""
    share, square = Decimal(hits) / n, _Z * _Z
    centre = share + square / (2 * n)
    half = _Z * (share * (1 - share) / n + square / (4 * n * n)).sqrt()
    whole = 1 + square / n
    return max(Decimal(), _HUNDRED * (centre - half) / whole), min(_HUNDRED, _HUNDRED * (centre + half) / whole)


def _score(kind: Measure, scale: str, wave: str, votes: Sequence[Answer], asked: Invited | None, knobs: Knobs) -> Score:
    n = len(votes)
    suppressed = n < knobs.survey_min
    foreign = scale != SCALES[kind]
    figures = _Figures() if suppressed or foreign else _figures(kind, [vote.score or Decimal() for vote in votes])
    return Score(
        kind=kind,
        wave=wave,
        scale=scale,
        n=n,
        value=figures.value,
        low=figures.low,
        high=figures.high,
        mean=figures.mean,
        margin=figures.margin,
        indicative=not suppressed and n < knobs.survey_sure,
        suppressed=suppressed,
        counts=_counts(votes),
        response_rate=_rate([vote.contact for vote in votes], asked),
        invited=_many(asked),
        reasons=tuple(_why(kind, scale, wave, n, knobs)),
    )


def _figures(kind: Measure, scores: Sequence[Decimal]) -> _Figures:
    n = len(scores)
    if kind == "nps":
        value, margin = nps(sum(score >= 9 for score in scores), sum(score <= 6 for score in scores), n)
        ends = (max(-_HUNDRED, value - margin), min(_HUNDRED, value + margin))
        return _Figures(rounded(value, 0), rounded(ends[0], 1), rounded(ends[1], 1), None, rounded(margin, 1))
    hits = sum(score >= (4 if kind == "csat" else 5) for score in scores)
    low, high = wilson(hits, n)
    mean = rounded(sum(scores, Decimal()) / n, 2)
    return _Figures(rounded(_HUNDRED * hits / n, 1), rounded(low, 1), rounded(high, 1), mean)


def _counts(votes: Sequence[Answer]) -> dict[str, int]:
    found: dict[int, int] = defaultdict(int)
    for vote in votes:
        found[int(vote.score or 0)] += 1
    return {str(score): found[score] for score in sorted(found)}


def _rate(contacts: Iterable[str], asked: Invited | None) -> Decimal | None:
    """Give how many percent of those asked answered; who was not asked does not count, who did not sign does."""
    many = _many(asked)
    if not many:
        return None
    given = list(contacts)
    named = set(given) - {""} if isinstance(asked, int) or asked is None else set(given) & set(asked)
    return rounded(_HUNDRED * min(many, len(named) + given.count("")) / many, 1)


def _many(asked: Invited | None) -> int | None:
    return asked if isinstance(asked, int) or asked is None else len(asked)


def _why(kind: Measure, scale: str, wave: str, n: int, knobs: Knobs) -> Iterable[Reason]:
    data: dict[str, Value] = {"kind": kind, "wave": wave, "scale": scale, "n": n}
    if n < knobs.survey_min:
        yield Reason("R13", "score_suppressed", "", "wave", wave, {**data, "min": knobs.survey_min})
    elif n < knobs.survey_sure:
        yield Reason("R13", "score_indicative", "", "wave", wave, {**data, "min": knobs.survey_sure})
    if scale != SCALES[kind]:
        yield Reason("R13", "scale_not_scored", "", "scale", scale, {**data, "own": SCALES[kind]})


def _movements(scores: Sequence[Score]) -> Iterable[Movement]:
    for before, after in pairwise(scores):
        if (before.kind, before.scale) == (after.kind, after.scale):
            yield Movement(
                kind=after.kind,
                scale=after.scale,
                before=before.wave,
                after=after.wave,
                change=_change(before, after),
                difference=after.value - before.value if before.value is not None and after.value is not None else None,
            )


def _change(before: Score, after: Score) -> Change:
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return "unknown"
    if after.low > before.high:
        return "up"
    return "down" if after.high < before.low else "no_change"


def _set_aside(answer: Answer) -> Reason:
    data: dict[str, Value] = {"score": str(answer.score), "scale": scale_of(answer), "wave": answer.wave}
    return Reason("R13", "score_quarantined", answer.uid, "score", str(answer.score), data)


# --- votes --------------------------------------------------------------------------------------------------------


def _measure(answer: Answer) -> Measure:
    return "nps" if answer.kind == "nps" else "csat" if answer.kind == "csat" else "ces"


def _on_scale(answer: Answer) -> bool:
    bounds, score = scale_bounds(scale_of(answer)), answer.score
    if bounds is None or score is None or not score.is_finite() or score != score.to_integral_value():
        return False
    return bounds[0] <= score <= bounds[1]


def _latest(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Give one vote per contact, wave and measure, the latest; *answers* come oldest first."""
    kept: dict[tuple[str, str, str, int], Answer] = {}
    for at, answer in enumerate(answers):
        kept[answer.kind, answer.wave, answer.contact, -1 if answer.contact else at] = answer
    return tuple(kept.values())


def _order(answers: Sequence[Answer], invited: Mapping[str, Invited]) -> list[str]:
    """Give the waves by their first answer, those without any last; names say nothing about time."""
    answered = list(dict.fromkeys(answer.wave for answer in answers))
    return [*answered, *sorted(set(invited) - set(answered))]


def _wave(name: str, answers: Sequence[Answer], asked: Invited | None) -> Wave:
    signed = {answer.contact for answer in answers if answer.wave == name and answer.contact}
    unsigned = sum(1 for answer in answers if answer.wave == name and not answer.contact)
    rate = _rate([*signed, *[""] * unsigned], asked)
    return Wave(wave=name, invited=_many(asked), answered=len(signed) + unsigned, response_rate=rate)
