"""The story holds what the rest of the house is shown with."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date

from sandbox import tales
from sandbox.story import KINDS, tell

TODAY = date(2026, 11, 23)


def normal(value):
    """Bring a value to the form in which two spellings of the same thing are equal."""
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 8 and re.fullmatch(r"[\d\s()+-]+", text):
        return digits.removeprefix("86").lstrip("0")
    return text


def test_the_same_seed_tells_the_same_story():
    assert tell(3, today=TODAY) == tell(3, today=TODAY)
    assert tell(3, today=TODAY) != tell(4, today=TODAY)


def test_both_sides_overlap_and_each_has_its_own():
    story = tell(1, today=TODAY)
    for kind in KINDS:
        both = [tale for tale in story.tales if tale.kind == kind and tale.in_zoho and tale.in_fxiaoke]
        assert len(story.of("zoho", kind)) > len(both), kind
        assert len(story.of("fxiaoke", kind)) > len(both), kind
        assert both or kind == "comment", "comments cannot be matched, so none is on both sides"
    assert Counter(tale.kind for tale in story.tales) == {
        "account": 12, "contact": 45, "project": 6, "task": 26, "feedback": 12, "comment": 10,
    }  # fmt: skip


def test_exactly_one_matched_pair_differs_in_meaning():
    story = tell(1, today=TODAY)
    claims = {"lifecycle", "declared_health"}
    differing = []
    for tale in story.tales:
        if tale.in_zoho and tale.in_fxiaoke:
            zoho, fxiaoke = tale.seen_by("zoho"), tale.seen_by("fxiaoke")
            differing += [
                (tale.ref, name)
                for name in set(zoho) - claims
                if None not in (zoho[name], fxiaoke[name]) and normal(zoho[name]) != normal(fxiaoke[name])
            ]
    assert differing == [("contact:chen-jie", "title")]


def test_some_pairs_differ_in_writing_only():
    story = tell(1, today=TODAY)
    spelt = [
        tale.ref
        for tale in story.tales
        for name in {**tale.zoho, **tale.fxiaoke}
        if (tale.seen_by("zoho")[name] != tale.seen_by("fxiaoke")[name])
        and normal(tale.seen_by("zoho")[name]) == normal(tale.seen_by("fxiaoke")[name])
    ]
    assert len(spelt) >= 10


def test_projects_disagree_and_client_actions_are_overdue():
    story = tell(1, today=TODAY)
    apart = [
        t for t in story.of("zoho", "project") if t.seen_by("zoho")["lifecycle"] != t.seen_by("fxiaoke")["lifecycle"]
    ]
    late = [
        tale
        for tale in story.of("zoho", "task")
        if tale.values["status"] == "waiting_client" and (tale.values["due"] or "9") < TODAY.isoformat()
    ]
    assert len(apart) == 3
    assert len(late) >= 6
    assert any(date.fromisoformat(tale.values["due"]) in tales.MAKE_UP_DAYS for tale in late)
    assert all(day.weekday() >= 5 for day in tales.MAKE_UP_DAYS)


def test_references_lead_somewhere_on_the_same_side():
    story = tell(1, today=TODAY)
    for side in ("zoho", "fxiaoke"):
        known = {tale.ref for kind in KINDS for tale in story.of(side, kind)}
        for kind in KINDS:
            for tale in story.of(side, kind):
                for name in ("account", "contact", "project", "parent"):
                    target = tale.values.get(name)
                    assert target is None or target in known, (side, tale.ref, name)


def test_nobody_is_in_an_empty_story_but_the_staff():
    story = tell(1, empty=True, today=TODAY)
    assert (story.tales, len(story.people)) == ((), 5)
    assert [person.ref for person in story.people if person.bot] == ["duban"]


def test_a_crowd_overlaps_by_four_fifths_and_is_the_same_every_time():
    crowd = tell(1, 1000, today=TODAY).crowd
    zoho, fxiaoke = set(crowd.numbers("zoho")), set(crowd.numbers("fxiaoke"))
    assert (len(zoho), len(fxiaoke), len(zoho & fxiaoke)) == (1000, 1000, 800)
    assert crowd.contact(5) == tell(1, 1000, today=TODAY).crowd.contact(5)
    people = [crowd.contact(number) for number in range(1200)]
    assert len({one["email"] for one in people}) == len({one["mobile"] for one in people}) == 1200
    assert crowd.task(7)["contact"] == 7
    assert crowd.made_days_ago(0) > crowd.made_days_ago(999) > 0
