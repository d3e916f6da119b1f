"""Acts and the ball's moves: appended, never changed, and an altered row shows."""

from __future__ import annotations

import pytest

from store import acts, supervision
from store.acts import Act
from store.database import Database
from store.statements import execute
from store.supervision import BallEvent, Baseline


def promise(uid: str, at_ms: int, by: str) -> Act:
    return Act("task", uid, "promise", at_ms, "王丽", {"by": by, "text": "下周"})


def test_acts_come_back_in_the_order_they_were_done(db: Database) -> None:
    snooze = Act("task", "t", "snooze", 1, "li", {"until": "2026-06-12", "reason": "出差"})
    with db.write() as tx:
        kept = acts.append(tx, [promise("t", 9, "2026-06-10"), promise("other", 9, "2026-06-11")])
        acts.append(tx, [snooze])
        acts.append(tx, [])
        assert acts.of(tx, "task", ["t"]) == [promise("t", 9, "2026-06-10"), snooze]
        assert acts.of(tx, "task", ["t", "other"], ["snooze"]) == [snooze]
        assert acts.of(tx, "project", ["t"]) == []
        assert [one.uid for one in acts.of_kind(tx, "promise")] == ["t", "other"]
        assert [one.chain for one in acts.of_kind(tx, "promise")] == [one.chain for one in kept]
        assert len({one.chain for one in acts.of(tx, "task", ["t", "other"])}) == 3
        assert acts.verify(tx) is None


@pytest.mark.parametrize(
    "harm",
    [
        """UPDATE "act" SET "doc" = '{"by":"2026-07-01"}' WHERE "id" = ?""",
        """UPDATE "act" SET "who" = 'somebody else' WHERE "id" = ?""",
        """UPDATE "act" SET "uid" = 'u9' WHERE "id" = ?""",
        """UPDATE "act" SET "chain" = '' WHERE "id" = ?""",
    ],
)
def test_an_altered_act_is_found(db: Database, harm: str) -> None:
    with db.write() as tx:
        acts.append(tx, [promise("t", at_ms, "2026-06-10") for at_ms in range(3)])
        second = acts.of(tx, "task", ["t"])[1].id
        execute(tx, harm, second)
        assert acts.verify(tx) == second


def test_a_removed_act_is_found_at_the_one_behind_it(db: Database) -> None:
    with db.write() as tx:
        acts.append(tx, [promise("t", at_ms, "2026-06-10") for at_ms in range(3)])
        _, second, third = acts.of(tx, "task", ["t"])
        execute(tx, 'DELETE FROM "act" WHERE "id" = ?', second.id)
        assert acts.verify(tx) == third.id


def test_erasing_a_record_takes_what_was_said_and_keeps_both_chains(db: Database) -> None:
    with db.write() as tx:
        acts.append(tx, [promise("gone", 1, "2026-06-10"), promise("t", 2, "2026-06-11")])
        moves = [BallEvent("task", uid, 3, "client", "status_names_holder", {"due": None}) for uid in ("gone", "t")]
        supervision.append_ball_events(tx, moves)
        supervision.erase(tx, "task", ["gone"])
        assert acts.of(tx, "task", ["gone"]) == []
        assert [one.uid for one in acts.of_kind(tx, "promise")] == ["t"]
        assert supervision.ball_events(tx, "task", ["gone", "t"]) == [moves[1]]
        assert (acts.verify(tx), supervision.verify_ball_events(tx)) == (None, None)


def test_an_altered_move_of_the_ball_is_found(db: Database) -> None:
    with db.write() as tx:
        supervision.append_ball_events(tx, [BallEvent("task", "t", at, "client", "status") for at in (1, 2, 3)])
        second = supervision.ball_events(tx, "task", ["t"])[1].id
        execute(tx, """UPDATE "ball_event" SET "side" = 'vendor' WHERE "id" = ?""", second)
        assert supervision.verify_ball_events(tx) == second


def test_agreed_dates_come_back_oldest_first(db: Database) -> None:
    first = Baseline("project", "p", "baseline", {"version": 1, "dates": {"m": "2026-06-05"}}, "李", 1)
    second = Baseline("project", "p", "baseline", {"version": 2, "dates": {"m": "2026-06-12"}, "cr": "c"}, "李", 2)
    with db.write() as tx:
        supervision.add_baseline(tx, first)
        supervision.add_baseline(tx, second)
        found = supervision.baselines(tx, "project", ["p", "q"])
        assert [(one.doc, one.who, one.at_ms) for one in found] == [(first.doc, "李", 1), (second.doc, "李", 2)]
