"""Reviews, quarantine, runs, claims and supervision: what people look at and decide."""

from __future__ import annotations

from typing import Any

from store import claims, quarantine, reviews, runs, supervision, worklist
from store.claims import Claim
from store.database import Database
from store.quarantine import Held
from store.reviews import Review
from store.runs import Run
from store.supervision import BallEvent, CalendarDay, Flag, Override, Pause


def conflict(uid: str, field: str, **rest: Any) -> Review:
    return Review(None, "conflict", "task", uid, "zoho", "Tasks", "1", field, **rest)


def test_a_question_asked_twice_is_one_review_with_the_newer_data(db: Database) -> None:
    with db.write() as tx:
        first, other = reviews.put(tx, [conflict("a", "due", data={"hub": 1}, opened_ms=5), conflict("a", "title")])
        (again,) = reviews.put(tx, [conflict("a", "due", data={"hub": 2}, opened_ms=9, run_id="r2")])
        assert again == first != other
        found = reviews.get(tx, first)
        assert found is not None
        assert (found.data, found.opened_ms, found.run_id) == ({"hub": 2}, 5, "r2")
        assert reviews.counts(tx) == {"conflict": 2}
        assert reviews.get(tx, 999) is None


def test_an_answer_is_carried_out_and_then_closed(db: Database) -> None:
    with db.write() as tx:
        (id,) = reviews.put(tx, [conflict("a", "due")])
        assert reviews.resolve(tx, id, {"take": "zoho"}, 7)
        assert reviews.open_(tx) == []
        (answered,) = reviews.resolved(tx)
        assert (answered.state, answered.resolution, answered.closed_ms) == ("resolved", {"take": "zoho"}, 7)
        assert reviews.active_fields(tx, "task", ["a", "b"]) == {"a": {"due": answered}}
        reviews.close(tx, [id], 8)
        assert not reviews.resolve(tx, id, {}, 9)
        assert reviews.active_fields(tx, "task", ["a"]) == {}
        (later,) = reviews.put(tx, [conflict("a", "due")])
        assert later != id


def test_active_fields_are_conflicts_and_losses_and_the_newest_counts(db: Database) -> None:
    with db.write() as tx:
        (id,) = reviews.put(tx, [conflict("a", "due")])
        reviews.resolve(tx, id, {"take": "hub"}, 1)
        newest = conflict("a", "due")
        lossy = Review(None, "lossy", "task", "a", "fxiaoke", field="title")
        reviews.put(tx, [newest, lossy, Review(None, "match", "task", "a", field="x"), conflict("b", "due")])
        assert reviews.active_fields(tx, "task", ["a"]) == {"a": {"due": newest, "title": lossy}}
        assert [review.kind for review in reviews.of_uids(tx, "task", ["a"])] == ["conflict", "lossy", "match"]
        assert reviews.resolved(tx) == []  # the answer to how things stood before is carried out no more


def test_open_reviews_are_listed_by_kind_and_oldest_first(db: Database) -> None:
    with db.write() as tx:
        reviews.put(tx, [conflict("a", "due"), Review(None, "match", "contact", remote_id="7"), conflict("b", "due")])
        assert [review.uid for review in reviews.open_(tx, "conflict")] == ["a", "b"]
        assert len(reviews.open_(tx, limit=2)) == 2
        assert reviews.resolved(tx, "match") == []
        worklist.close_matches(tx, "", "", ["7"], 3)
        assert reviews.counts(tx) == {"conflict": 2}


def held(remote_id: str = "1", **rest: Any) -> Held:
    return Held(
        None, "zoho", "contact", "Contacts", remote_id, **({"code": "INVALID_DATA", "first_ms": 1, "last_ms": 1} | rest)
    )


def test_a_record_that_fails_again_is_counted_not_doubled(db: Database) -> None:
    with db.write() as tx:
        (first,) = quarantine.put(tx, [held(message="bad phone", payload={"phone": "长"})])
        (again, other) = quarantine.put(
            tx, [held(message="still", last_ms=9, first_ms=9, retry_ms=20), held(code="OTHER")]
        )
        assert again == first != other
        found = quarantine.get(tx, first)
        assert found is not None
        assert (found.attempts, found.first_ms, found.last_ms, found.message, found.payload) == (2, 1, 9, "still", {})
        assert quarantine.count(tx) == 2
        assert quarantine.get(tx, 99) is None


def test_a_row_without_a_remote_id_is_held_by_its_uid(db: Database) -> None:
    with db.write() as tx:
        a, b = quarantine.put(tx, [held("", uid="a"), held("", uid="b")])
        assert a != b
        assert [one.uid for one in quarantine.of_uids(tx, "contact", ["b", "z"])] == ["b"]
        worklist.close_held(tx, "zoho", ["b"], 9)
        assert [one.uid for one in quarantine.open_(tx)] == ["a"]


def test_retry_comes_by_itself_or_when_a_person_asks(db: Database) -> None:
    with db.write() as tx:
        ids = quarantine.put(tx, [held("1", retry_ms=10), held("2"), held("3", retry_ms=30)])
        assert [one.remote_id for one in quarantine.due(tx, 10)] == ["1"]
        assert quarantine.retry(tx, [ids[1]]) == 1
        assert [one.remote_id for one in quarantine.due(tx, 10)] == ["1", "2"]
        quarantine.close(tx, ids[:2])
        assert quarantine.retry(tx, ids[:2]) == 0
        assert [one.remote_id for one in quarantine.open_(tx, "zoho", 5)] == ["3"]
        (new,) = quarantine.put(tx, [held("1")])
        assert new not in ids


def test_runs_are_listed_newest_first(db: Database) -> None:
    with db.write() as tx:
        for n in range(3):
            runs.start(tx, Run(f"r{n}", "sync", n))
        done = Run("r1", "sync", 1, 9, 4, {"counts": {"match": 2}})
        runs.finish(tx, done)
        assert [run.id for run in runs.last(tx, 2)] == ["r2", "r1"]
        assert runs.get(tx, "r1") == done
        assert runs.get(tx, "r9") is None


def test_a_plan_is_kept_in_order_and_replaced_whole(db: Database) -> None:
    with db.write() as tx:
        runs.save_items(tx, "r1", [{"n": 1, "标题": "甲"}, {"n": 2}, {"n": 3}])
        runs.save_items(tx, "r1", [{"n": 2, "标题": "乙"}, {"n": 1}])
        runs.save_items(tx, "r2", [])
        assert runs.items(tx, "r1") == [{"n": 2, "标题": "乙"}, {"n": 1}]
        assert runs.items(tx, "r2") == []


def test_claims_keep_the_newest_word_of_each_source(db: Database) -> None:
    def claim(connection: str, value: str | None, seen_ms: int) -> Claim:
        return Claim("project", "p", "lifecycle", connection, value, None, seen_ms)

    with db.write() as tx:
        claims.put(tx, [claim("zoho", "active", 1), claim("fxiaoke", "on_hold", 1)])
        claims.put(tx, [claim("zoho", None, 2)])
        claims.put(tx, [])
        assert claims.of(tx, "project", ["p", "q"]) == {"p": [claim("fxiaoke", "on_hold", 1), claim("zoho", None, 2)]}
        claims.drop_connection(tx, "fxiaoke")
        assert [one.connection for one in claims.of(tx, "project", ["p"])["p"]] == ["zoho"]


def test_a_flag_is_raised_once_updated_in_place_and_lowered(db: Database) -> None:
    def flag(severity: str, raised_ms: int) -> Flag:
        return Flag("task", "t", "overdue", "2026-11-01", severity, {"days": 3}, raised_ms)

    with db.write() as tx:
        assert supervision.raise_flag(tx, flag("S1", 5))
        assert not supervision.raise_flag(tx, flag("S2", 9))
        assert supervision.flags(tx, "task") == [flag("S2", 5)]
        assert supervision.flags(tx, "task", ["x"]) == []
        assert supervision.clear_flag(tx, "task", "t", "overdue", 10)
        assert not supervision.clear_flag(tx, "task", "t", "overdue", 11)
        assert supervision.flags(tx, "task", ["t"]) == []
        assert supervision.raise_flag(tx, flag("S1", 20))
        assert [one.cleared_ms for one in supervision.flag_history(tx, "task", "t")] == [10, None]


def test_ball_events_pauses_overrides_and_calendar_days_come_back(db: Database) -> None:
    event = BallEvent("task", "t", 5, "client", "status", {"from": "vendor"}, "r1")
    pause = Pause("task", "t", "2026-10-01", None, "假期", "wang@vendor.example", 4)
    override = Override("task", "t", "owner_side", "vendor", "ours after all", "li", 3, "2026-12-31")
    days = [CalendarDay("CN", "2026-10-10", "work", "补班", "国务院"), CalendarDay("CN", "2026-10-01", "off", "国庆节")]
    with db.write() as tx:
        supervision.append_ball_events(tx, [event, BallEvent("task", "t", 2, "vendor", "due")])
        supervision.add_pause(tx, pause)
        supervision.save_override(tx, override)
        supervision.save_override(tx, Override("task", "t", "owner_side", "client", at_ms=4))
        supervision.save_calendar_days(tx, days)
        assert [one.at_ms for one in supervision.ball_events(tx, "task", ["t"])] == [2, 5]
        assert supervision.ball_events(tx, "task", ["t"])[1] == event
        assert supervision.pauses(tx, "task", ["t"]) == [pause]
        assert supervision.end_pause(tx, "task", "t", "2026-10-08") == 1
        assert supervision.pauses(tx, "task", ["t"])[0].until == "2026-10-08"
        assert supervision.overrides(tx) == [Override("task", "t", "owner_side", "client", at_ms=4)]
        assert supervision.calendar_days(tx, "CN") == [days[1], days[0]]
        supervision.drop_override(tx, "task", "t", "owner_side")
        assert supervision.overrides(tx) == []
        supervision.erase(tx, "task", ["t"])
        assert supervision.ball_events(tx, "task", ["t"]) == []
