"""Two weeks of ten supervised projects, hour by hour, killed twice a day; the whole quarter is played by hand."""

from __future__ import annotations

import pytest

from sandbox.drill.quarter import Size, play


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
