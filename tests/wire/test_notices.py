"""Notices from a real store to a real receiver: once each, in hours, drafts for clients, every silence written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.channels.base import Message, Sent
from mapping.errors import LeaseLost, NeedsOperator, Transient
from store import notices, reviews, streams, supervision
from store.database import Database
from store.reviews import Review
from store.streams import ConnectionState
from supervise.cases import read_setting
from supervise.dossier import read_dossier
from supervise.knobs import Knobs
from supervise.rounds import supervise_once
from tests.support.clocks import StoppedClock, ms
from tests.support.notice_world import World, client_world, hook
from tests.support.receivers import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(lambda _: (200, "text/plain", "ok")) as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, receiver: Receiver) -> Iterator[World]:
    database = Database.open(f"sqlite:///{tmp_path / 'duban.db'}", clock=StoppedClock())
    made = client_world(database)
    hook(made, receiver.url, tmp_path)
    yield made
    for channel in made.channels.values():
        channel.close()
    database.close()


def heard(receiver: Receiver) -> list[tuple[str, str]]:
    return [(one.json["to"].get("user") or one.json["to"]["email"], one.json["kind"]) for one in receiver.taken]


def test_the_manager_gets_a_digest_and_the_client_s_note_is_a_draft(world: World, receiver: Receiver) -> None:
    report = world.send("2026-06-05T09:00")
    assert heard(receiver) == [("pm@vendor.example", "digest")]
    assert dict(report.counts) == {"draft": 1, "sent": 1, "unknown": 0}
    assert report.exit_code == 0
    text = receiver.taken[0].json["text"]
    assert "华星 / ERP 二期" in text
    assert "[S1] 需求规格书 v2 签字：到期 2026-06-04 (Asia/Shanghai)；逾期 1 个工作日；球在: 客户 王总" in text
    assert "有 1 封给客户的草稿待您发送" in text
    (draft,) = world.messages("draft")
    assert (draft.recipient, draft.data["for"]) == ("contact:wang", "user:pm@vendor.example")
    assert draft.data["text"].startswith("王总，您好:")
    assert "S1" not in draft.data["text"]
    assert "逾期" not in draft.data["text"], "a client reads no reproach"


def test_nothing_is_said_twice(world: World, receiver: Receiver) -> None:
    for at in ("2026-06-05T09:00", "2026-06-05T09:15", "2026-06-05T17:45", "2026-06-05T23:00"):
        world.send(at)
    assert heard(receiver) == [("pm@vendor.example", "digest")]
    assert len(world.messages("draft")) == 1


def test_a_quarter_of_an_hour_without_news_writes_nothing(world: World) -> None:
    world.send("2026-06-05T09:00")
    world.send("2026-06-05T09:15")
    before = world.messages() + world.single()
    world.send("2026-06-05T09:30")
    assert world.messages() + world.single() == before


def test_levels_rise_to_more_people(world: World, receiver: Receiver) -> None:
    told: dict[str, list[str]] = {}
    for day in ("05", "08", "09", "10", "11", "12", "15", "16", "17", "18", "22"):
        before = len(receiver.taken)
        world.send(f"2026-06-{day}T09:00")
        for one in receiver.taken[before:]:
            told.setdefault(one.json["to"]["user"].partition("@")[0], []).append(day)
    assert told == {
        "pm": ["05", "09", "11", "16", "18"], "am": ["09", "11", "16", "18"], "dm": ["11", "16", "18"], "ceo": ["18"],
    }, "S1, S2 on the third day, S3 on the fifth and again after three, S4 on the tenth"  # fmt: skip
    letters = [one for one in world.messages("draft") if one.rule == "letter"]
    assert [one.recipient for one in letters] == ["contact:boss"]
    assert "不会发送" in letters[0].data["text"]


def test_outside_hours_it_waits_and_says_so(world: World, receiver: Receiver) -> None:
    report = world.send("2026-06-05T18:30")
    assert receiver.heard == []
    assert report.counts["held"] == 2
    held = world.single("held")
    assert {(one.rule, one.data["next_ms"]) for one in held} == {("R9b.1", ms("2026-06-08T09:00"))}
    world.send("2026-06-08T09:00")
    assert heard(receiver) == [("pm@vendor.example", "digest")]
    (line,) = world.single("sent")
    assert line.data["kept_back"] == [["R9b.1", ms("2026-06-05T18:30")]], "the same row, and its past"


def test_what_waits_becomes_one_digest(world: World, receiver: Receiver) -> None:
    world.plant(
        "task", "t2", title="测试数据", status="waiting_client", due="2026-06-05", project="p1", contact="wang",
    )  # fmt: skip
    world.send("2026-06-06T11:00")
    world.send("2026-06-07T11:00")
    world.send("2026-06-08T09:00")
    assert heard(receiver) == [("pm@vendor.example", "digest")]
    assert receiver.taken[0].json["facts"]["items"] == ["t1", "t2"]


def test_outbound_switched_on_reaches_the_client_in_their_hours(world: World, receiver: Receiver) -> None:
    world.outbound = replace(world.outbound, to_clients=True)
    world.edit("contact", "wang", send_window="14:00-16:00")
    world.send("2026-06-05T10:00")
    assert ("wang@client.example", "digest") not in heard(receiver)
    world.send("2026-06-05T14:00")
    assert heard(receiver)[-1] == ("wang@client.example", "digest")
    assert receiver.taken[-1].json["subject"] == "请协助确认: 1 项待办"


@pytest.mark.parametrize(
    ("values", "code"),
    [({"opt_out": True}, "opted_out"), ({"inactive": True}, "inactive"), ({"roles": None}, "without_role")],
)
def test_whoever_must_not_be_written_to_is_not(
    world: World, receiver: Receiver, values: dict[str, Any], code: str
) -> None:
    world.outbound = replace(world.outbound, to_clients=True)
    world.edit("contact", "wang", **values)
    world.send("2026-06-05T10:00")
    assert [who for who, _ in heard(receiver)] == ["pm@vendor.example"]
    (kept,) = world.single("suppressed")
    assert (kept.rule, kept.data["reasons"][0]["code"]) == ("R9b.7", code)


def test_a_client_is_told_of_nothing_internal_not_even_by_a_draft(world: World, receiver: Receiver) -> None:
    world.edit("task", "t1", internal=True, priority="critical")
    world.send("2026-06-19T10:00")
    assert world.messages("draft") == []
    world.outbound = replace(world.outbound, to_clients=True)
    world.send("2026-06-22T10:00")
    assert not [who for who, _ in heard(receiver) if who.endswith("client.example")]
    assert ("pm@vendor.example", "digest") in heard(receiver)


def test_a_deputy_stands_in_for_somebody_who_left(world: World, receiver: Receiver) -> None:
    world.outbound = replace(world.outbound, to_clients=True)
    world.plant("contact", "sun", name="孙工", account="a1", roles=["coordinator"], email="sun@client.example")
    world.edit("contact", "wang", inactive=True, deputy="sun")
    world.send("2026-06-05T10:00")
    assert ("sun@client.example", "digest") in heard(receiver)


def test_a_promise_and_an_answer_keep_quiet(world: World, receiver: Receiver) -> None:
    world.act("t1", "promise", "2026-06-05T08:00", by="2026-06-08", text="下周一")
    world.send("2026-06-05T10:00")
    world.send("2026-06-08T10:00")
    assert receiver.heard == []
    assert {one.rule for one in world.single("suppressed")} == {"R9b.5"}
    world.send("2026-06-09T10:00")
    assert "[S3]" in receiver.taken[0].json["text"], "three days late is S2, a broken promise one level more"
    assert "承诺的 2026-06-08 已过" in receiver.taken[0].json["text"]


def test_a_comment_of_the_client_keeps_quiet_for_a_day(world: World, receiver: Receiver) -> None:
    world.plant("comment", "k1", parent="task:t1", author="王总", body="下周", occurred_at=ms("2026-06-05T08:30"))
    world.plant("comment", "k2", parent="task:t1", author="li", body="ok", occurred_at=ms("2026-06-08T08:30"))
    world.send("2026-06-05T10:00")
    assert receiver.heard == []
    world.send("2026-06-09T09:00")
    assert (
        heard(receiver) == [("pm@vendor.example", "digest"), ("am@vendor.example", "digest")]
        or len(heard(receiver)) == 2
    )
    assert "客户最近一次动作 2026-06-05 08:30" in receiver.taken[0].json["text"]


def test_a_snooze_hides_the_notice_and_nothing_else(world: World, receiver: Receiver) -> None:
    world.act("t1", "snooze", "2026-06-05T08:00", until="2026-06-08", reason="出差")
    world.send("2026-06-05T10:00")
    assert receiver.heard == []
    assert {one.rule for one in world.single("suppressed")} == {"R9b.6"}


def test_a_snooze_lasts_as_many_of_our_own_working_days_as_it_may(world: World) -> None:
    """The client works on Dragon Boat day (the 19th); whoever snoozed here does not, and was told the 24th."""
    world.edit("account", "a1", country="英国", zone="Europe/London", calendar="GB")
    world.act("t1", "snooze", "2026-06-16T10:00", until="2026-07-31", reason="出差")
    for now, quiet in (("2026-06-24T17:30", True), ("2026-06-25T09:00", False)):
        world.send(now)
        lines = [one for one in world.single() if one.recipient.startswith("user:pm") and one.at_ms == ms(now)]
        assert {one.rule for one in lines} == ({"R9b.6"} if quiet else {"R9"}), now


@pytest.mark.parametrize("own", [{"snooze_count": 0}, {"snooze_max_bd": 0}])
def test_a_snooze_that_the_items_own_client_does_not_allow_hides_nothing(
    world: World, receiver: Receiver, own: dict[str, int]
) -> None:
    world.act("t1", "snooze", "2026-06-05T08:00", until="2026-06-08", reason="出差")
    world.send("2026-06-05T10:00", knobs=Knobs(accounts={"华星": own}))
    assert {one.rule for one in world.single("suppressed")} & {"R9b.6"} == set()
    assert receiver.heard


def test_a_notice_that_was_overtaken_is_dropped_and_says_by_what(world: World) -> None:
    world.send("2026-06-05T20:00")
    world.edit("task", "t1", due="2026-06-03")
    world.send("2026-06-05T21:00")
    dropped = world.single("dropped")
    assert {one.rule for one in dropped} == {"R9b.10"}
    assert all(one.data["into"] in {held.id for held in world.single("held")} for one in dropped)
    world.edit("task", "t1", status="done")
    world.send("2026-06-05T22:00")
    assert world.single("held") == []


def test_our_own_late_item_is_ours_to_hear(world: World, receiver: Receiver) -> None:
    world.outbound = replace(world.outbound, to_clients=True)
    world.edit("task", "t1", status="waiting_vendor")
    world.send("2026-06-05T10:00")
    assert sorted(heard(receiver)) == [("dev@vendor.example", "digest"), ("pm@vendor.example", "digest")]
    assert "请推动我方完成" in receiver.taken[0].json["text"]


def test_people_whom_nobody_named_are_listed(world: World) -> None:
    world.edit("project", "p1", pm=None)
    world.edit("task", "t1", contact=None, owner=None)
    report = world.send("2026-06-05T10:00")
    assert [(gap.uid, gap.audience) for gap in report.gaps] == [("t1", "assignee"), ("t1", "pm")]


def test_without_a_channel_nobody_is_told_and_that_is_written_down(world: World, receiver: Receiver) -> None:
    world.outbound = replace(world.outbound, internal="")
    world.send("2026-06-05T10:00")
    assert receiver.heard == []
    assert [one.data["reasons"][0]["code"] for one in world.single("suppressed")] == ["no_channel"]


def test_a_preview_says_what_would_be_said_and_leaves_no_trace(world: World, receiver: Receiver) -> None:
    report = world.preview("2026-06-05T09:00")
    assert [(one.rule, one.state) for one in report.messages] == [("draft", "draft"), ("digest", "intent")]
    assert receiver.heard == []
    assert world.messages() == []
    assert world.single() == []
    late = world.preview("2026-06-05T19:00")
    assert [(one.state, one.rule) for one in late.silent] == [("held", "R9b.1")] * 2


# --- what can go wrong ------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_unknown_and_never_repeated(world: World, receiver: Receiver) -> None:
    receiver.script = ["cut"]
    report = world.send("2026-06-05T09:00")
    assert report.counts["unknown"] == 1
    assert report.exit_code == 4
    for at in ("2026-06-05T09:15", "2026-06-05T12:00"):
        world.send(at)
    assert len(receiver.heard) == 1
    (lost,) = world.messages("unknown")
    assert lost.recipient == "user:pm@vendor.example"
    assert "en" in lost.data["error"]


def test_a_message_that_certainly_did_not_go_goes_later(world: World, receiver: Receiver) -> None:
    class Busy:
        name, personal = "hook", True

        def send(self, message: Message) -> Sent:
            raise Transient("too many", zh="过多")

        def close(self) -> None:
            pass

    good = world.channels["hook"]
    world.channels["hook"] = Busy()
    report = world.send("2026-06-05T09:00")
    assert report.counts["held"] == 1
    assert [problem.message for problem in report.problems] == ["too many"]
    world.channels["hook"] = good
    world.send("2026-06-05T09:15")
    assert heard(receiver) == [("pm@vendor.example", "digest")]


def test_a_stop_while_a_place_is_waited_for_leaves_nothing_behind(world: World, receiver: Receiver) -> None:
    """A robot takes twenty a minute; whoever is stopped in that wait has certainly sent nothing."""
    stopping: list[bool] = []

    class Slow:
        name, personal = "hook", True

        def ready(self) -> None:
            stopping.append(True)

        def send(self, message: Message) -> Sent:
            raise AssertionError("stopped before")

        def close(self) -> None:
            pass

    good = world.channels["hook"]
    world.channels["hook"] = Slow()
    world.send("2026-06-05T09:00", halt=lambda: bool(stopping))
    assert world.messages("intent", "unknown", "held") == []
    world.channels["hook"] = good
    world.send("2026-06-05T09:15")
    assert heard(receiver) == [("pm@vendor.example", "digest")]


def test_a_refused_message_is_not_tried_again_that_day(world: World, receiver: Receiver) -> None:
    receiver.script = [(422, "application/json", "{}")]
    assert world.send("2026-06-05T09:00").counts["failed"] == 1
    world.send("2026-06-05T10:00")
    assert len(receiver.heard) == 1


def test_a_channel_that_needs_a_person_rests_for_the_run(world: World, receiver: Receiver) -> None:
    world.edit("task", "t1", status="waiting_vendor")
    receiver.script = [(403, "application/json", "{}")]
    report = world.send("2026-06-05T09:00")
    assert len(receiver.heard) == 1, "the second person was not tried"
    assert isinstance(report.problems[0], NeedsOperator)
    assert report.counts["held"] == 2
    kept = {one.recipient: one.data["error"]["en"] for one in world.single("held")}
    assert len(kept) == 2
    assert len(set(kept.values())) == 1, "both silences name what the channel said"
    world.send("2026-06-05T09:15")
    assert len(receiver.taken) == 2


def test_drafts_also_lie_in_a_folder_where_that_is_asked_for(world: World, tmp_path: Path) -> None:
    from connectors.channels.folder import Folder, FolderSettings
    from connectors.testing import make_ports

    world.channels["drafts"] = Folder(
        FolderSettings(kind="file", folder="drafts"), make_ports(world.clock, "d", None), tmp_path
    )
    world.outbound = replace(world.outbound, drafts="drafts")
    world.send("2026-06-05T09:00")
    (path,) = (tmp_path / "drafts").iterdir()
    assert path.read_text().startswith("To: 王总 <wang@client.example>")


# --- crashes ----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A channel in which the process ends before or after the message went out."""

    personal = True

    def __init__(self, inner: Any, when: str) -> None:
        self.name, self.inner, self.when = "hook", inner, when

    def send(self, message: Message) -> Sent:
        if self.when == "before":
            raise Killed
        self.inner.send(message)
        raise Killed

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("when", "arrived"), [("before", 0), ("after", 1)])
def test_a_crash_around_the_send_says_it_at_most_once(
    world: World, receiver: Receiver, when: str, arrived: int
) -> None:
    good = world.channels["hook"]
    world.channels["hook"] = Dying(good, when)
    with pytest.raises(Killed):
        world.send("2026-06-05T09:00")
    (intent,) = world.messages("intent")
    assert intent.data["text"], "written down before the first byte left"
    world.channels["hook"] = good
    report = world.send("2026-06-05T09:15")
    assert report.counts["unknown"] == 1
    assert len(receiver.heard) == arrived, "never repeated"
    assert [one.id for one in world.messages("unknown")] == [intent.id]
    assert {one.state for one in world.single("unknown")} == {"unknown"}


def test_a_crash_between_the_messages_leaves_the_others_to_be_sent(world: World, receiver: Receiver) -> None:
    world.edit("task", "t1", status="waiting_vendor")
    good = world.channels["hook"]
    world.channels["hook"] = Dying(good, "after")
    with pytest.raises(Killed):
        world.send("2026-06-05T09:00")
    world.channels["hook"] = good
    world.send("2026-06-05T09:15")
    assert len(receiver.taken) == 2
    assert len({one.json["to"]["user"] for one in receiver.taken}) == 2


def test_who_is_no_longer_the_writer_leaves_an_unknown_behind_for_the_next(world: World, receiver: Receiver) -> None:
    class Lost(Dying):
        def send(self, message: Message) -> Sent:
            raise LeaseLost("gone")

    good = world.channels["hook"]
    world.channels["hook"] = Lost(good, "")
    with pytest.raises(LeaseLost):
        world.send("2026-06-05T09:00")
    world.channels["hook"] = good
    world.send("2026-06-05T09:15")
    assert len(world.messages("unknown")) == 1
    assert receiver.heard == []


# --- operators --------------------------------------------------------------------------------------------------------


def test_operators_hear_of_a_stopped_connection_once(world: World, receiver: Receiver) -> None:
    world.edit("task", "t1", status="done")
    world.outbound = replace(world.outbound, operators=("ops@vendor.example",))
    stopped = ConnectionState("zoho", "zoho")
    stopped.stop("the token is refused", "令牌被拒绝")
    with world.db.write() as tx:
        streams.save_connection(tx, stopped)
        reviews.put(tx, [Review(None, "conflict", "task", "t1", field="title")])
    world.send("2026-06-05T03:00")
    assert receiver.heard == [], "not at night"
    world.send("2026-06-05T09:00")
    world.send("2026-06-05T09:15")
    world.send("2026-06-08T09:15")
    assert heard(receiver) == [("ops@vendor.example", "operator")]
    text = receiver.taken[0].json["text"]
    assert "连接 zoho 已停止: 令牌被拒绝" in text
    assert "1 项待人工裁定" in text
    stopped.stop("another reason", "另一个原因")
    with world.db.write() as tx:
        streams.save_connection(tx, stopped)
    world.send("2026-06-08T09:30")
    assert len(receiver.taken) == 2, "another story is told anew"


def test_operators_hear_of_a_quota_near_its_end(world: World, receiver: Receiver) -> None:
    world.edit("task", "t1", status="done")
    world.outbound = replace(world.outbound, operators=("ops@vendor.example",), language="en")
    world.send("2026-06-05T09:00", left={"zoho": 501, "fxiaoke": 499})
    assert receiver.taken[0].json["text"] == "- connection fxiaoke has 499 calls left\n"
    resting = ConnectionState("zoho", "zoho", retry_at_ms=ms("2026-06-05T12:00"))
    with world.db.write() as tx:
        streams.save_connection(tx, resting)
    world.send("2026-06-05T09:15")
    assert receiver.taken[1].json["text"] == "- connection zoho rests until 2026-06-05 12:00\n"


def test_an_alert_that_could_not_be_sent_is_not_forgotten(world: World, receiver: Receiver) -> None:
    world.edit("task", "t1", status="done")
    world.outbound = replace(world.outbound, operators=("ops@vendor.example",))
    receiver.script = [(403, "application/json", "{}")]
    for _ in range(2):
        world.send("2026-06-05T09:00", left={"zoho": 1})
    assert heard(receiver) == [("ops@vendor.example", "operator")]


def test_operators_hear_once_of_messages_whose_fate_is_unknown(world: World, receiver: Receiver) -> None:
    world.outbound = replace(world.outbound, operators=("ops@vendor.example",))
    receiver.script = ["cut"]
    world.send("2026-06-05T09:00")
    for at in ("2026-06-05T09:15", "2026-06-05T09:30"):
        receiver.script = ["cut"]
        world.send(at)
    assert [one.json["kind"] for one in receiver.heard] == ["digest", "operator"], "an alert makes no alert of itself"


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_erasing_a_person_takes_the_words_and_leaves_that_something_was_said(world: World) -> None:
    world.send("2026-06-05T09:00")
    with world.db.write() as tx:
        supervision.erase(tx, "contact", ["wang"])
    (draft,) = world.messages("draft")
    assert (draft.data["text"], draft.data["subject"], draft.data["to"]) == ("", "", {})
    with world.db.write() as tx:
        supervision.erase(tx, "task", ["t1"])
        assert notices.of(tx, "task", ["t1"]) == []
        assert all(one.data["text"] == "" for one in notices.listed(tx))
    assert "王总" not in json.dumps([one.data for one in world.messages()], ensure_ascii=False)


# --- what others make of it -------------------------------------------------------------------------------------------


def test_the_dossier_has_what_was_kept_back_and_when_the_client_was_told(world: World) -> None:
    world.outbound = replace(world.outbound, to_clients=True)
    world.plant("task", "m1", title="UAT", kind="milestone", status="not_started", due="2026-06-05", project="p1")
    world.edit("task", "t1", blocks="UAT")
    for at in ("2026-06-04T09:00", "2026-06-05T09:00"):
        supervise_once(world.db, now_ms=ms(at), run_id="r", random_bytes=lambda size: b"s" * size)
    world.send("2026-06-05T09:00")
    world.send("2026-06-08T19:00")
    with world.db.read() as tx:
        setting = read_setting(tx, now_ms=ms("2026-06-08T19:30"), knobs=Knobs())
        dossier = read_dossier(tx, "p1", setting)
    assert dossier is not None
    assert {one.state for one in dossier.held_notices} <= {"held", "suppressed"}
    assert dossier.held_notices
    days = dossier.attribution["m1"].days
    assert [(str(day.day), day.holder) for day in days] == [("2026-06-05", "client"), ("2026-06-08", "client")]
    assert days[1].evidence[0].notice_ms == ms("2026-06-05T09:00")
