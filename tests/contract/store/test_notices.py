"""The outbox of notices in every database."""

from __future__ import annotations

from typing import Any

from store import notices, supervision
from store.database import Database
from store.hub import HubRow
from store.notices import Notice


def message(id: str, state: str = "sent", at_ms: int = 1, **data: Any) -> Notice:
    given = {"subject": "日报", "text": "王总", "to": {"name": "王总"}, "notices": [], **data}
    return Notice(
        id=id, entity="message", uid="person", rule="digest", recipient="contact:c1", state=state, at_ms=at_ms,
        channel="mail", data=given,
    )  # fmt: skip


def notice(id: str, state: str = "sent", uid: str = "t1", at_ms: int = 1, level: int = 1, **data: Any) -> Notice:
    return Notice(
        id=id, entity="task", uid=uid, rule="R9", recipient="contact:c1", state=state, at_ms=at_ms, level=level,
        channel="mail", data={"due": "2026-06-04", "turn": 0, **data},
    )  # fmt: skip


def ids(found: list[Notice]) -> list[str]:
    return [one.id for one in found]


def test_rows_come_back_and_are_replaced_by_their_id(db: Database) -> None:
    with db.write() as tx:
        notices.put(tx, [message("m1"), notice("n1", level=4)])
        notices.put(tx, [notice("n1", "unknown", level=4)])
        assert notices.get(tx, ["m1", "n1", "none"]) == {"m1": message("m1"), "n1": notice("n1", "unknown", level=4)}
        assert ids(notices.of(tx, "task", ["t1", "t2"])) == ["n1"]
        assert ids(notices.find(tx, "m")) == ["m1"]
        assert notices.find(tx, "x") == []


def test_lists_are_by_state_newest_first(db: Database) -> None:
    rows = [message("m1", at_ms=1), message("m2", "unknown", at_ms=2), message("m3", "intent", at_ms=3)]
    with db.write() as tx:
        notices.put(
            tx, [*rows, notice("n1", "held"), notice("n2", "suppressed", "t2"), notice("n3", "intent", at_ms=4)]
        )
        assert ids(notices.listed(tx)) == ["m3", "m2", "m1"]
        assert ids(notices.listed(tx, limit=1)) == ["m3"]
        assert ids(notices.listed(tx, states=("unknown", "sent"))) == ["m2", "m1"]
        assert ids(notices.listed(tx, messages=False, states=("held",))) == ["n1"]
        assert notices.listed(tx, recipient="contact:c2") == []
        assert ids(notices.unfinished(tx)) == ["m3", "n3"]
        assert notices.waiting(tx) == [("n1", "t1", "contact:c1"), ("n2", "t2", "contact:c1")]
        assert ids(notices.messages_to(tx, ["person"], 2)) == ["m2", "m3"]
        assert notices.messages_to(tx, ["nobody"], 0) == []
        assert notices.counts(tx) == {"intent": 1, "sent": 1, "unknown": 1, "held": 1, "suppressed": 1}


def test_a_move_keeps_what_was_known(db: Database) -> None:
    with db.write() as tx:
        notices.put(tx, [message("m1", "intent", notices=["n1"]), notice("n1", "intent", message="m1")])
        notices.move(tx, ["m1", "n1"], "sent", {"receipt": "250"})
        moved = notices.get(tx, ["m1", "n1"])
        assert {one.state for one in moved.values()} == {"sent"}
        assert moved["m1"].data["subject"] == "日报"
        assert moved["n1"].data == {"due": "2026-06-04", "turn": 0, "message": "m1", "receipt": "250"}
        assert ids(notices.of_messages(tx, ["m1"])) == ["n1"]
        notices.drop(tx, ["m1"])
        assert notices.get(tx, ["m1"]) == {}


def test_erasing_takes_notices_and_words(db: Database) -> None:
    with db.write() as tx:
        notices.put(
            tx, [message("m1", notices=["n1"]), message("m2"), notice("n1", message="m1"), notice("n2", uid="t2")]
        )
        supervision.erase(tx, "task", ["t1"])
        assert ids(notices.of(tx, "task", ["t1", "t2"])) == ["n2"]
        assert {id: one.data["text"] for id, one in notices.get(tx, ["m1", "m2"]).items()} == {"m1": "", "m2": "王总"}
        supervision.erase(tx, "contact", ["c1"])
        assert {one.data["text"] for one in notices.listed(tx)} == {""}


def test_late_tasks_are_open_live_and_dated(db: Database) -> None:
    from store import hub

    rows = [
        HubRow("t1", 1, "live", {"title": "a", "due": "2026-06-04", "status": "waiting_client"}),
        HubRow("t2", 1, "live", {"title": "b", "due": "2026-06-05", "status": None}),
        HubRow("t3", 1, "live", {"title": "c", "due": "2026-06-06", "status": "in_progress"}),
        HubRow("t4", 1, "live", {"title": "d", "due": "2026-06-01", "status": "done"}),
        HubRow("t5", 1, "archived", {"title": "e", "due": "2026-06-01", "status": "in_progress"}),
        HubRow("t6", 1, "live", {"title": "f", "due": None, "status": "in_progress"}),
    ]
    with db.write() as tx:
        hub.insert(tx, "task", rows, 0)
        assert notices.late_tasks(tx, "2026-06-05") == ["t1", "t2"]
