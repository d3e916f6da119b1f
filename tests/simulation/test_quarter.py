"""Two weeks of ten supervised projects, hour by hour, killed twice a day; the whole quarter is played by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.drill import clients, quarter
from sandbox.drill.quarter import Size, play
from supervise import acting, ladder, nagging, notices, recipients
from supervise.notices import Words

Plant = Callable[[pytest.MonkeyPatch], None]


def test_two_weeks_of_ten_projects_keep_every_promise() -> None:
    told = play(Size(seed=1, projects=10, days=14))
    assert told.broken == []
    assert told.figures["rounds"] >= 14 * 24
    assert told.figures["raised"] > 5
    assert told.figures["killed in supervise"] > 2
    assert told.figures["records_alike"] > 100
    assert told.figures["delivered"] > 10
    assert told.figures["notices suppressed"] > 0


def test_what_breaks_the_rules_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that forgets flags is told of, so that silence above means something."""
    from supervise import rounds

    keep = rounds._flag_values
    monkeypatch.setattr(
        rounds, "_flag_values", lambda verdict: keep(verdict) | ({"severity": "S4"} if verdict.overdue else {})
    )
    told = play(Size(seed=1, projects=4, days=3))
    assert any("the rules say" in line for line in told.broken)


def _killed_while_telling(patch: pytest.MonkeyPatch, point: int) -> None:
    """The process dies in every hour in which something is said: at 4 its intent is on disk, at 6 it arrived."""
    hour = quarter.Quarter.hour

    def dying(place: Any, watch: Any) -> None:
        place._doom = ("tell", point)
        hour(place, watch)

    patch.setattr(quarter.Quarter, "hour", dying)


@pytest.mark.parametrize("point", [4, 6])
def test_killed_while_a_message_goes_out_it_is_listed_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    _killed_while_telling(monkeypatch, point)
    told = play(Size(seed=3, projects=4, days=5, crashes_a_day=0))
    assert told.broken == []
    assert told.figures["unknown listed"] > 0
    assert told.figures["killed in tell"] > 0


def _forgotten(patch: pytest.MonkeyPatch) -> None:
    _killed_while_telling(patch, 5)
    patch.setattr(notices, "_mark_unknown", lambda _tx, _now_ms: 0)


def _twice(patch: pytest.MonkeyPatch) -> None:
    send = notices._Run._send

    def sending(run: Any, row: Any) -> Any:
        send(run, row)
        return send(run, row)

    patch.setattr(notices._Run, "_send", sending)


def _two_digests(patch: pytest.MonkeyPatch) -> None:
    """The day's digest is forgotten, and a second one gets an id of its own."""
    message, number = nagging._message, itertools.count()
    patch.setattr(recipients, "with_messages", lambda person, _said: person)
    patch.setattr(nagging, "_message", lambda *given: replace(message(*given), id=f"m-{next(number)}"))


def _without(rule: str) -> Plant:
    return lambda patch: patch.setattr(nagging, rule, lambda _case, _key: None)


def _early(patch: pytest.MonkeyPatch) -> None:
    steps = ladder._steps
    patch.setattr(ladder, "_steps", lambda level, *around: steps(max(level, ladder.HIGHEST), *around))


def _internal(patch: pytest.MonkeyPatch) -> None:
    told_at = recipients.told_at
    patch.setattr(recipients, "told_at", lambda *given, **more: told_at(*given, **{**more, "internal": False}))
    patch.setattr(clients.People, "_elsewhere", lambda self: self._set("task", "internal", True))


def _to_anybody(patch: pytest.MonkeyPatch) -> None:
    _without("_never")(patch)
    patch.setattr(clients.People, "_elsewhere", lambda self: self._set("contact", "inactive", True))


def _snoozed(patch: pytest.MonkeyPatch) -> None:
    """People snooze where else they would promise or pause."""
    _without("_snoozed")(patch)
    patch.setattr(acting, "promise", acting.snooze)
    patch.setattr(acting, "pause", lambda hand, uid, _on, until, why: until and acting.snooze(hand, uid, until, why))


def _after_an_answer(patch: pytest.MonkeyPatch) -> None:
    """Clients and we pass everything to and fro."""
    _without("_moved")(patch)
    sides = ("waiting_client", "waiting_vendor")
    patch.setattr(clients.People, "_step", lambda self: {"status": self._rng.choice(sides)})


def _blunt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quarter, "notice_words", lambda _message: Words("逾期", "项目 99"))


@pytest.mark.parametrize(
    ("plant", "seen"),
    [
        pytest.param(_twice, "was delivered 2 times", id="sent twice"),
        pytest.param(_two_digests, "the second of its kind that day", id="two digests a day"),
        pytest.param(_without("_said"), "again after", id="a level told every day"),
        pytest.param(_without("_promised"), "is promised by", id="reminded of what is promised"),
        pytest.param(_snoozed, "is snoozed until", id="reminded of what is snoozed"),
        pytest.param(_after_an_answer, "within a working day", id="reminded of what was answered"),
        pytest.param(_to_anybody, "opted out, left, or have no role", id="who must not be written to"),
        pytest.param(
            lambda patch: patch.setattr(nagging, "next_opening", lambda now_ms, *_: now_ms),
            "outside their hours", id="at night",
        ),
        pytest.param(
            lambda patch: patch.setattr(nagging, "URGENT_FROM", 1), "could wait for the digest", id="urgent or not",
        ),
        pytest.param(_early, "no part in", id="too many people too early"),
        pytest.param(_internal, "none of the client's business", id="an internal item"),
        pytest.param(_blunt, "to a client", id="a reproach in words"),
        pytest.param(_forgotten, "neither said nor unsaid", id="what may have been sent is not listed"),
        pytest.param(
            lambda patch: patch.setattr(notices, "_keep_silences", lambda _tx, _plan, _now_ms: []),
            "no rule says why", id="silences without a record",
        ),
    ],
)  # fmt: skip
def test_what_is_said_against_the_rules_is_heard(monkeypatch: pytest.MonkeyPatch, plant: Plant, seen: str) -> None:
    """Each slip of the notices is told of, so that silence above means something there too."""
    plant(monkeypatch)
    stories = (play(Size(seed=seed, projects=6, days=10, crashes_a_day=4, until=seen)) for seed in (3, 4, 5))
    assert any(seen in line for told in stories for line in told.broken)
