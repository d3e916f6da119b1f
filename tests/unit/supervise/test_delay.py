"""R16, second half: whose days a delay is made of. Each case names the answer a naive sum would give."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from supervise.ball import Holder
from supervise.calendar import Calendar, Calendars
from supervise.countries import find_country
from supervise.delay import Attribution, Tracked, attribute, due_steps, holders_by_day
from supervise.forecast import Blocker, Milestone
from supervise.history import BallMove
from supervise.knobs import Knobs

SHANGHAI = ZoneInfo("Asia/Shanghai")
_STATUS: dict[str, str] = {"client": "waiting_client", "vendor": "waiting_vendor", "third_party": "waiting_third_party"}


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def move(when: str, holder: str, due: str | None = "2026-06-04", *, status: str = "") -> BallMove:
    side: Holder = "none" if holder in {"done", "on_hold"} else holder  # type: ignore[assignment]
    return BallMove(at(when), side, status or _STATUS.get(holder, holder), due)


def tracked(uid: str, due: str | None, *moves: BallMove, **more: object) -> Tracked:
    blocker = Blocker(uid=uid, title=uid, due_eff=day(due) if due else None)
    return Tracked(blocker=blocker, moves=moves, **more)  # type: ignore[arg-type]


def parts(found: Attribution) -> str:
    named = {
        "D": found.delay, "C": found.client, "V": found.vendor, "K": found.concurrent, "T": found.third,
        "N": found.neutral, "U": found.unexplained, "Rv": found.recovered,
    }  # fmt: skip
    return " ".join(f"{name}{days}" for name, days in named.items() if days)


@pytest.fixture(scope="module")
def china() -> Calendar:
    return Calendars(org="CN", country=find_country).of()


def milestone(approved: str = "2026-06-05", achieved: str | None = "2026-06-22") -> Milestone:
    return Milestone(uid="m", approved_due=day(approved), achieved_on=day(achieved) if achieved else None)


def test_ten_days_of_june_with_a_holiday(china: Calendar) -> None:
    """A delay of 10 working days: the client's 6, both sides' 2, ours 2; 19 June is the dragon boat holiday."""
    specification = tracked(
        "Z-4411", "2026-06-05", move("2026-06-03T10:12", "client"), move("2026-06-17T09:00", "done"),
        notice_ms=at("2026-06-05T09:00"),
    )  # fmt: skip
    data = tracked(
        "F-0093", "2026-06-15", move("2026-06-10T14:00", "vendor"), move("2026-06-22T11:00", "done"),
    )  # fmt: skip
    found = attribute(
        milestone(), [specification, data], calendar=china, zone=SHANGHAI, today=day("2026-06-30"),
        disputes={day("2026-06-16"): "we had answered by mail"},
    )  # fmt: skip
    assert parts(found) == "D10 C6 V2 K2", "naive: D11 with the holiday, and 8 days for the client with the shared ones"
    assert (found.relief, found.claimable) == (8, 6)
    assert [str(entry.day)[5:] + " " + entry.holder for entry in found.days] == [
        "06-08 client", "06-09 client", "06-10 client", "06-11 client", "06-12 client", "06-15 client",
        "06-16 both", "06-17 both", "06-18 vendor", "06-22 vendor",
    ]  # fmt: skip
    shared = found.days[6]
    assert shared.items == ("F-0093", "Z-4411")
    assert shared.disputed == "we had answered by mail"
    assert shared.evidence[1].ball_ms == at("2026-06-03T10:12")
    assert shared.evidence[1].notice_ms == at("2026-06-05T09:00")


@pytest.mark.parametrize(
    ("moves", "due", "expected", "naive"),
    [
        # A day belongs to whoever held the ball when it began: back on the 10th at noon, the 10th is the client's.
        ([move("2026-06-01T09:00", "client"), move("2026-06-10T12:00", "done")], "2026-06-05", "D10 C3 U7",
         "C2: the day of the answer given away"),
        # At midnight sharp it has moved.
        ([move("2026-06-01T09:00", "client"), move("2026-06-10T00:00", "done")], "2026-06-05", "D10 C2 U8", "C3"),
        # The weekend between belongs to nobody.
        ([move("2026-06-01T09:00", "client"), move("2026-06-15T09:00", "done")], "2026-06-11", "D10 C2 U8",
         "C4: Saturday and Sunday counted"),
        # Not late yet: no owner, however long it waits.
        ([move("2026-06-01T09:00", "client")], "2026-06-30", "D10 U10", "C10"),
        # An hour on our side inside one day changes nothing.
        ([move("2026-06-01T09:00", "client"), move("2026-06-09T10:00", "vendor"), move("2026-06-09T11:00", "client"),
          move("2026-06-11T09:00", "done")], "2026-06-05", "D10 C4 U6", "C3 V1"),
        # To and fro.
        ([move("2026-06-01T09:00", "client"), move("2026-06-09T18:00", "vendor"), move("2026-06-12T18:00", "client"),
          move("2026-06-16T18:00", "done")], "2026-06-05", "D10 C4 V3 U3", "C7"),
        ([move("2026-06-01T09:00", "third_party"), move("2026-06-10T18:00", "done")], "2026-06-05", "D10 T3 U7", "V3"),
        # An agreed pause is nobody's and not part of the sum.
        ([move("2026-06-01T09:00", "client"), move("2026-06-08T18:00", "on_hold"), move("2026-06-12T18:00", "done")],
         "2026-06-05", "D10 C1 N4 U9", "C5"),
        # Late before the milestone itself was: days were made up for.
        ([move("2026-05-01T09:00", "client"), move("2026-06-22T18:00", "done")], "2026-05-29", "D10 C15 Rv5",
         "C10: the earlier days forgotten"),
        # Nothing is held against anybody before we first saw the ball.
        ([move("2026-06-16T09:00", "client"), move("2026-06-18T18:00", "done")], "2026-06-05", "D10 C2 U8", "C9"),
        ([], "2026-06-05", "D10 U10", "C10"),
        ([move("2026-06-01T09:00", "client")], None, "D10 U10", "C10"),
        # Cancelled is closed.
        ([move("2026-06-01T09:00", "client"), move("2026-06-09T09:00", "none", status="cancelled")], "2026-06-05",
         "D10 C2 U8", "N8"),
    ],
)  # fmt: skip
def test_the_days_of_one_item(
    china: Calendar, moves: list[BallMove], due: str | None, expected: str, naive: str
) -> None:
    found = attribute(milestone(), [tracked("t", due, *moves)], calendar=china, zone=SHANGHAI, today=day("2026-06-30"))
    assert parts(found) == expected, f"naive: {naive}"


@pytest.mark.parametrize(
    ("holders", "owner"),
    [
        (("client", "third_party"), "C"),
        (("vendor", "third_party"), "V"),
        (("client", "vendor", "third_party"), "K"),
        (("client", "on_hold"), "C"),
        (("third_party", "on_hold"), "T"),
        (("on_hold", "on_hold"), "N"),
    ],
)
def test_several_items_share_a_day(china: Calendar, holders: tuple[str, ...], owner: str) -> None:
    items = [tracked(f"t{number}", "2026-06-05", move("2026-06-01T09:00", one)) for number, one in enumerate(holders)]
    found = attribute(milestone(achieved="2026-06-08"), items, calendar=china, zone=SHANGHAI, today=day("2026-06-30"))
    assert parts(found) == ("D1 N1 U1" if owner == "N" else f"D1 {owner}1")


def test_a_milestone_that_is_not_reached_is_late_up_to_today(china: Calendar) -> None:
    found = attribute(
        milestone(achieved=None), [tracked("t", "2026-06-05", move("2026-06-01T09:00", "client"))],
        calendar=china, zone=SHANGHAI, today=day("2026-06-10"),
    )  # fmt: skip
    assert parts(found) == "D3 C3"
    assert found.claimable == 3


def test_an_early_milestone_has_no_delay_and_nothing_is_claimable(china: Calendar) -> None:
    found = attribute(
        milestone(achieved="2026-06-03"), [tracked("t", "2026-06-01", move("2026-05-20T09:00", "client"))],
        calendar=china, zone=SHANGHAI, today=day("2026-06-10"),
    )  # fmt: skip
    assert parts(found) == "C2 Rv2"
    assert (found.relief, found.claimable) == (0, 0)


def test_an_undated_milestone_attributes_nothing(china: Calendar) -> None:
    found = attribute(Milestone(uid="m"), [], calendar=china, zone=SHANGHAI, today=day("2026-06-10"))
    assert (found.delay, found.days, found.reasons[0].code) == (0, (), "milestone_undated")


def test_days_are_those_of_the_project_s_zone(china: Calendar) -> None:
    """The ball came back at 23:30 in Shanghai: that is the same day there and the day before in Berlin."""
    moves = [move("2026-06-01T09:00", "client"), move("2026-06-10T01:00", "done")]
    one = [tracked("t", "2026-06-05", *moves)]
    here = attribute(milestone(), one, calendar=china, zone=SHANGHAI, today=day("2026-06-30"))
    there = attribute(milestone(), one, calendar=china, zone=ZoneInfo("Europe/Berlin"), today=day("2026-06-30"))
    assert (here.client, there.client) == (3, 2)


def test_make_up_saturdays_belong_to_their_holder(china: Calendar) -> None:
    found = attribute(
        milestone(approved="2026-05-07", achieved="2026-05-11"),
        [tracked("t", "2026-05-07", move("2026-05-04T09:00", "client"))],
        calendar=china, zone=SHANGHAI, today=day("2026-06-30"),
    )  # fmt: skip
    assert parts(found) == "D3 C3", "naive: 2, the Saturday of 9 May left out"


def test_a_renegotiated_date_does_not_wash_earlier_days_away(china: Calendar) -> None:
    moves = (
        move("2026-06-01T09:00", "client", "2026-06-05"),
        move("2026-06-10T10:00", "client", "2026-06-12"),
        move("2026-06-17T10:00", "done", "2026-06-12"),
    )
    steps = due_steps(moves, day("2026-06-12"), calendar=china, zone=SHANGHAI, knobs=Knobs())
    assert steps == ((day("2026-06-01"), day("2026-06-05")), (day("2026-06-10"), day("2026-06-12")))
    found = attribute(
        milestone(), [tracked("t", "2026-06-12", *moves, dues=steps)], calendar=china, zone=SHANGHAI,
        today=day("2026-06-30"),
    )  # fmt: skip
    assert [str(entry.day)[8:] for entry in found.days] == ["08", "09", "10", "15", "16", "17"], "naive: 15 to 17 only"


def test_reopening_gives_days_and_leaves_the_earlier_ones_in_the_ledger(china: Calendar) -> None:
    moves = (
        move("2026-06-01T09:00", "client", "2026-06-04"),
        move("2026-06-08T10:00", "done", "2026-06-04"),
        move("2026-06-10T10:00", "client", "2026-06-04"),
    )
    steps = due_steps(moves, day("2026-06-15"), calendar=china, zone=SHANGHAI, knobs=Knobs())
    assert steps[-1] == (day("2026-06-10"), day("2026-06-15"))
    found = attribute(
        milestone(achieved="2026-06-17"), [tracked("t", "2026-06-15", *moves, dues=steps)], calendar=china,
        zone=SHANGHAI, today=day("2026-06-30"),
    )  # fmt: skip
    assert [str(entry.day)[8:] for entry in found.days] == ["05", "08", "16", "17"]


def test_an_item_with_one_due_date_has_no_steps(china: Calendar) -> None:
    moves = (move("2026-06-01T09:00", "client"), move("2026-06-02T09:00", "vendor"))
    assert due_steps(moves, day("2026-06-04"), calendar=china, zone=SHANGHAI, knobs=Knobs()) == ()


def test_a_day_before_the_first_move_has_no_holder() -> None:
    held = holders_by_day([move("2026-06-02T09:00", "client")], day("2026-06-01"), day("2026-06-04"), SHANGHAI)
    assert {str(on): one.holder for on, one in held.items()} == {"2026-06-03": "client", "2026-06-04": "client"}
