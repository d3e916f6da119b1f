"""Laws of the delay ledger: the parts give the whole, and no working day has two owners."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from supervise.calendar import Calendars
from supervise.countries import find_country
from supervise.delay import Tracked, attribute, due_steps, holders_by_day
from supervise.due import local_day, opening_ms
from supervise.forecast import Blocker, Milestone, forecast
from supervise.history import BallMove
from supervise.knobs import Knobs

CALENDARS = Calendars(org="CN", country=find_country)
CALENDAR = {"CN": CALENDARS.of(), "US": CALENDARS.of(country="US"), "EG": CALENDARS.of(country="EG")}
FIRST, LAST = date(2025, 9, 1), date(2026, 10, 31)
FIRST_MS = 1_756_684_800_000
days = st.dates(FIRST, LAST)
moments = st.integers(FIRST_MS, FIRST_MS + 400 * 86_400_000) | st.sampled_from(
    [opening_ms(FIRST + timedelta(days=n), ZoneInfo("Asia/Shanghai")) for n in range(0, 300, 7)]
)
zones = st.sampled_from([ZoneInfo(n) for n in ("Asia/Shanghai", "America/New_York", "Africa/Cairo", "Pacific/Apia")])
unhurried = settings(deadline=None)

_STEPS = st.sampled_from(
    [("client", "waiting_client"), ("vendor", "submitted"), ("third_party", "waiting_third_party"),
     ("none", "on_hold"), ("none", "done"), ("none", "cancelled")]
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> tuple[BallMove, ...]:
    rows = draw(st.lists(st.tuples(moments, _STEPS, days.map(date.isoformat) | st.none()), max_size=6))
    return tuple(BallMove(at, *step, due) for at, step, due in sorted(rows, key=lambda row: row[0]))


@st.composite
def ledgers(draw: st.DrawFn) -> dict[str, Any]:
    calendar, zone = draw(st.sampled_from(list(CALENDAR.values()))), draw(zones)
    tracked = []
    for number in range(draw(st.integers(0, 4))):
        moves, due = draw(histories()), draw(days | st.none())
        dues = due_steps(moves, due, calendar=calendar, zone=zone, knobs=Knobs()) if draw(st.booleans()) else ()
        tracked.append(Tracked(blocker=Blocker(uid=f"t{number}", due_eff=due), moves=moves, dues=dues))
    milestone = Milestone(
        uid="m", baseline_due=draw(days), approved_due=draw(days | st.none()), achieved_on=draw(days | st.none())
    )
    return {"milestone": milestone, "tracked": tracked, "calendar": calendar, "zone": zone, "today": draw(days)}


@unhurried
@given(ledgers())
def test_the_parts_of_a_delay_give_the_delay(ledger: dict[str, Any]) -> None:
    found = attribute(**ledger)
    told = found.client + found.vendor + found.concurrent + found.third
    assert told + found.unexplained - found.recovered == found.delay
    assert min(found.unexplained, found.recovered) == 0
    assert found.relief == min(found.client + found.concurrent, found.delay)
    assert 0 <= found.claimable <= min(found.client, found.relief)
    assert len(found.days) == told + found.neutral


@unhurried
@given(ledgers())
def test_no_working_day_has_two_owners(ledger: dict[str, Any]) -> None:
    found = attribute(**ledger)
    end = ledger["milestone"].achieved_on or ledger["today"]
    seen = [entry.day for entry in found.days]
    assert seen == sorted(set(seen))
    assert all(ledger["calendar"].workday(each) and each <= end for each in seen)
    assert all(entry.items for entry in found.days)


@unhurried
@given(ledgers())
def test_every_entry_is_true_of_its_items(ledger: dict[str, Any]) -> None:
    """Judge each working day anew, straight from the words of the rule."""
    found = {entry.day: entry for entry in attribute(**ledger).days}
    calendar, zone = ledger["calendar"], ledger["zone"]
    end = ledger["milestone"].achieved_on or ledger["today"]
    for day in calendar.working_days(FIRST - timedelta(days=1), end):
        holders = set()
        for one in ledger["tracked"]:
            past = [move for move in one.moves if move.at_ms <= opening_ms(day, zone)]
            due = one.due_on(day)
            if past and past[-1].status not in {"done", "cancelled"} and due is not None and due < day:
                holders.add(past[-1].holder)
        assert (day in found) == bool(holders), day
        if holders:
            both = {"client", "vendor"} <= holders
            one = "both" if both else next(
                (each for each in ("client", "vendor", "third_party") if each in holders), "neutral"
            )  # fmt: skip
            assert found[day].holder == one


@unhurried
@given(histories(), days, days, zones)
def test_each_day_has_one_holder(moves: tuple[BallMove, ...], one: date, other: date, zone: ZoneInfo) -> None:
    held = holders_by_day(moves, min(one, other), max(one, other), zone)
    for day, holder in held.items():
        assert holder.at_ms <= opening_ms(day, zone)
        assert not any(holder.at_ms < move.at_ms <= opening_ms(day, zone) for move in moves)
    assert all(local_day(moves[0].at_ms, zone) <= day for day in held)


@unhurried
@given(ledgers(), st.integers(0, 20))
def test_a_forecast_lies_on_or_after_today_and_the_approved_day(ledger: dict[str, Any], after: int) -> None:
    milestone: Milestone = ledger["milestone"]
    blockers = tuple(one.blocker for one in ledger["tracked"])
    open_one = Milestone(
        uid="m", baseline_due=milestone.baseline_due, approved_due=milestone.approved_due, after_bd=after,
        blockers=blockers,
    )  # fmt: skip
    found = forecast(open_one, calendar=ledger["calendar"], today=ledger["today"])
    assert found.day is not None
    assert found.day >= ledger["today"]
    assert open_one.agreed is not None
    assert found.day >= open_one.agreed
    assert found.slip_bd == ledger["calendar"].bd(open_one.agreed, found.day) >= 0
