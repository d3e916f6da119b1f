"""Laws of notices: a process that remembers its last look says, and writes down, what judging everything would."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.channels.base import Channel, Message, Sent
from mapping.errors import OutcomeUnknown, Transient
from mapping.records import EntityKind
from reports.telling import notice_words
from store import acts, hub, supervision
from store.acts import Act
from store.database import Database
from store.hub import HubChange, HubRow
from store.statements import fetch
from store.supervision import CalendarDay
from store.tx import Tx
from supervise.knobs import Knobs
from supervise.notices import NoticeReport, send_notices
from supervise.recall import Recall
from supervise.recipients import Outbound
from supervise.rounds import supervise_once
from tests.support.clocks import StoppedClock

START_MS = 1_780_876_800_000  # 2026-06-08 08:00 in Shanghai, a Monday
MINUTE_MS = 60_000
TASKS = [f"t{at}" for at in range(6)]
PROJECTS, ACCOUNTS = ["p0", "p1"], ["a0", "a1"]
CONTACTS = ["c0", "c1", "c2", "c3"]
STAFF = [None, "pm@v.example", "am@v.example"]
OUTBOUND = Outbound(
    internal="wire", clients="wire", operating="wire", delivery_manager="dm@v.example", steering=("ceo@v.example",),
    operators=("ops@v.example",),
)  # fmt: skip
Edit = Callable[[Tx, int], None]


@dataclass
class Wire:
    """A way out that keeps what it was given, or has the fate of the moment."""

    fate: str = "sent"
    taken: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> Sent:
        self.taken.append(message)
        if self.fate == "lost":
            raise OutcomeUnknown("no answer", zh="无应答")
        if self.fate == "busy":
            raise Transient("busy", zh="繁忙")
        return Sent("ok")

    def close(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True)
class Step:
    """One thing that happens: an edit, or a look by a process that is maybe a new one."""

    minutes: int
    edit: Edit | None = None
    outbound: Outbound = OUTBOUND
    fate: str = "sent"
    restarted: bool = False


# --- what people, syncs and plain SQL do ------------------------------------------------------------------------------


def edited(entity: EntityKind, uid: str, values: dict[str, Any]) -> Edit:
    def run(tx: Tx, now_ms: int) -> None:
        row = hub.read(tx, entity, [uid]).get(uid)
        if row is not None:
            hub.update(tx, entity, [HubChange(uid, row.rev, values)], now_ms)

    return run


def filed(entity: EntityKind, uid: str, state: Any) -> Edit:
    def run(tx: Tx, now_ms: int) -> None:
        row = hub.read(tx, entity, [uid]).get(uid)
        if row is not None:
            hub.update(tx, entity, [HubChange(uid, row.rev, {}, state=state)], now_ms)

    return run


def by_sql(sql: str, *params: Any) -> Edit:
    return lambda tx, _now: tx.conn.exec_driver_sql(sql, params) and None


def stated(uid: str, kind: str, doc: dict[str, Any], ahead_min: int) -> Edit:
    return lambda tx, now: acts.append(tx, [Act("task", uid, kind, now + ahead_min * MINUTE_MS, "li", doc)]) and None


def commented(uid: str, author: str, ahead_min: int) -> Edit:
    def run(tx: Tx, now_ms: int) -> None:
        at_ms = now_ms + ahead_min * MINUTE_MS
        values = {"parent": f"task:{uid}", "author": author, "occurred_at": at_ms, "body": "好的"}
        if not hub.read(tx, "comment", [f"m{at_ms}"]):
            hub.insert(tx, "comment", [HubRow(f"m{at_ms}", 1, "live", values)], now_ms)

    return run


days = st.integers(-12, 12).map(lambda off: (date(2026, 6, 8) + timedelta(days=off)).isoformat())
zones = st.sampled_from([None, "America/New_York", "Asia/Kolkata"])
calendars = st.sampled_from([None, "US", "own"])
staff = st.sampled_from(STAFF)
statuses = st.sampled_from(
    ["waiting_client", "waiting_client", "in_progress", "waiting_third_party", "on_hold", "done"]
)


def some(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Draw one of these fields with a value for it."""
    return st.one_of([drawn.map(lambda value, name=name: {name: value}) for name, drawn in fields.items()])


task_values = some(
    status=statuses, due=days, owner=staff, priority=st.sampled_from(["normal", "critical"]),
    contact=st.sampled_from([None, *CONTACTS]), project=st.sampled_from([None, *PROJECTS]), internal=st.booleans(),
    kind=st.sampled_from(["action", "survey"]), title=st.sampled_from(["[client] a", "b"]),
)  # fmt: skip
contact_values = some(
    roles=st.sampled_from([[], ["approver"], ["sponsor"]]), opt_out=st.booleans(), inactive=st.booleans(), zone=zones,
    calendar=calendars, send_window=st.sampled_from([None, "14:00-16:00"]), deputy=st.sampled_from([None, "c3"]),
    account=st.sampled_from([None, *ACCOUNTS]), name=st.sampled_from(["wang", "li"]),
    email=st.sampled_from(["w@c.example", None]), locale=st.sampled_from(["en", "zh"]),
)  # fmt: skip
project_values = some(
    pm=staff, vendor_owner=staff, sponsor=st.sampled_from([None, *CONTACTS]), account=st.sampled_from(ACCOUNTS),
    calendar=calendars,
)  # fmt: skip
account_values = some(vendor_owner=staff, owner=staff, country=st.sampled_from(["中国", "US"]), zone=zones)
PAUSE = "INSERT INTO pause (entity, uid, start, reason, who) VALUES ('task', ?, ?, '', '')"
tasks, contacts = st.sampled_from(TASKS), st.sampled_from(CONTACTS)
ahead = st.sampled_from([0, 0, 0, 45])
edits = st.one_of(
    st.builds(edited, st.just("task"), tasks, task_values),
    st.builds(edited, st.just("contact"), contacts, contact_values),
    st.builds(edited, st.just("project"), st.sampled_from(PROJECTS), project_values),
    st.builds(edited, st.just("account"), st.sampled_from(ACCOUNTS), account_values),
    st.builds(filed, st.sampled_from(["task", "contact"]), st.sampled_from([*TASKS, *CONTACTS]),
              st.sampled_from(["live", "archived", "deleted"])),
    st.builds(commented, tasks, st.sampled_from(["wang", "c1", "w@c.example", "我"]), ahead),
    st.builds(lambda uid, until, off: stated(uid, "snooze", {"until": until, "reason": "x"}, off), tasks, days, ahead),
    st.builds(lambda uid, by, off: stated(uid, "promise", {"by": by}, off), tasks, days, ahead),
    st.builds(lambda uid, off: stated(uid, "answer", {}, off), tasks, ahead),
    st.builds(lambda uid, to: by_sql("UPDATE task SET status = ? WHERE uid = ?", to, uid), tasks, statuses),
    st.builds(lambda uid: by_sql("UPDATE contact SET opt_out = 1 - COALESCE(opt_out, 0) WHERE uid = ?", uid), contacts),
    st.builds(lambda uid: by_sql("DELETE FROM contact WHERE uid = ?", uid), contacts),
    st.builds(lambda uid: by_sql("INSERT OR IGNORE INTO contact (uid, name, account) VALUES (?, 'new', 'a0')", uid),
              st.sampled_from([*CONTACTS, "c9"])),
    st.just(by_sql("DELETE FROM comment")),
    st.builds(lambda uid, start: by_sql(PAUSE, uid, start), tasks, days),
)  # fmt: skip
outbounds = st.sampled_from([OUTBOUND] * 6 + [replace(OUTBOUND, to_clients=True), replace(OUTBOUND, clients="")])
looks = st.builds(
    Step, st.sampled_from([5, 5, 5, 30, 60, 240, 600, 1440, 4320]), st.none(), outbounds,
    st.sampled_from(["sent"] * 5 + ["lost", "busy"]), st.sampled_from([False] * 9 + [True]),
)  # fmt: skip
steps = st.lists(st.one_of(looks, looks, st.builds(Step, st.integers(0, 90), edits)), min_size=6, max_size=40)


# --- two processes, the same story ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two clients and some items, most of them late."""
    path = tmp_path_factory.mktemp("recalled") / "planted.db"
    db = Database.open(f"sqlite:///{path}", clock=StoppedClock())
    with db.write() as tx:
        supervision.save_calendar_days(tx, [CalendarDay("own", "2026-06-09", "off")])
        for at, uid in enumerate(ACCOUNTS):
            hub.insert(tx, "account", [HubRow(uid, 1, "live", {"name": uid, "country": ["中国", "US"][at]})], 0)
        for at, uid in enumerate(CONTACTS):
            contact = {"name": uid, "account": ACCOUNTS[at % 2], "roles": ["approver"] if at else ["sponsor"]}
            hub.insert(tx, "contact", [HubRow(uid, 1, "live", contact)], 0)
        for at, uid in enumerate(PROJECTS):
            project = {"name": uid, "account": ACCOUNTS[at], "lifecycle": "active", "pm": "pm@v.example"}
            hub.insert(tx, "project", [HubRow(uid, 1, "live", project)], 0)
        for at, uid in enumerate(TASKS):
            task = {
                "title": uid, "status": "waiting_client", "due": (date(2026, 6, 1) + timedelta(days=at)).isoformat(),
                "project": PROJECTS[at % 2], "contact": CONTACTS[at % 3],
            }  # fmt: skip
            hub.insert(tx, "task", [HubRow(uid, 1, "live", task)], 0)
    db.close()
    return path


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_what_is_remembered_changes_nothing_that_is_said_or_written(planted: Path, story: list[Step]) -> None:
    _alike(planted, [Step(0), *story, Step(5), Step(5), Step(1440)])


def test_an_item_is_judged_again_when_its_day_turns_where_nobody_reads(planted: Path) -> None:
    """Only our own people hear of an internal item. A promise for Friday is broken when the client's Saturday begins,
    which is noon here, and no verdict changes on a day off.
    """
    there = {"zone": "America/New_York"}
    story = [
        Step(0, edited("account", "a1", there)), Step(0, edited("task", "t1", {"internal": True})),
        Step(0, stated("t1", "promise", {"by": "2026-06-12"}, 0)), Step(7425), Step(5), Step(20), Step(5),
    ]  # fmt: skip
    _alike(planted, story)


def _alike(planted: Path, story: list[Step]) -> None:
    """Play a story to a process that remembers and to one that does not."""
    for mine, theirs, recall in _both(planted):
        now_ms = START_MS
        for step in story:
            now_ms += step.minutes * MINUTE_MS
            if step.edit is not None:
                for db in (mine, theirs):
                    with db.edit() as tx:
                        step.edit(tx, now_ms)
                continue
            if step.restarted:
                recall.take(Recall())
            found, said = _told(mine, now_ms, step, recall)
            expected, words = _told(theirs, now_ms, step, None)
            assert (+found.counts, found.gaps, said) == (+expected.counts, expected.gaps, words)
            assert _left(mine) == _left(theirs)


def _both(planted: Path) -> Iterator[tuple[Database, Database, Recall]]:
    opened = []
    for name in ("mine.db", "theirs.db"):
        path = planted.with_name(name)
        for old in path.parent.glob(name + "*"):
            old.unlink()
        shutil.copy(planted, path)
        opened.append(Database.open(f"sqlite:///{path}", clock=StoppedClock()))
    try:
        yield opened[0], opened[1], Recall()
    finally:
        for db in opened:
            db.close()


def _told(db: Database, now_ms: int, step: Step, recall: Recall | None) -> tuple[NoticeReport, list[Message]]:
    supervise_once(db, now_ms=now_ms, run_id="r", random_bytes=lambda size: b"s" * size)
    wire = Wire(step.fate)
    channels: dict[str, Channel] = {"wire": wire}
    report = send_notices(
        db, now_ms=now_ms, knobs=Knobs(), outbound=step.outbound, channels=channels, render=notice_words,
        recall=recall,
    )  # fmt: skip
    return report, wire.taken


def _left(db: Database) -> list[Any]:
    with db.read() as tx:
        return [tuple(row) for row in fetch(tx, "SELECT * FROM notice ORDER BY id")]


# --- that it is worth it ----------------------------------------------------------------------------------------------


def test_a_look_at_what_did_not_move_judges_nothing_and_an_edit_only_its_own(planted: Path) -> None:
    for mine, _, recall in _both(planted):
        seen: list[tuple[int, int]] = []
        for minutes, edit in (
            (120, None), (5, None), (5, None), (5, edited("task", "t1", {"title": "b"})),
            (5, edited("contact", "c1", {"send_window": "14:00-16:00"})), (5, None), (1440, None),
        ):  # fmt: skip
            at_ms = START_MS + MINUTE_MS * (sum(one for one, _ in seen) + minutes)
            if edit is not None:
                with mine.edit() as tx:
                    edit(tx, at_ms)
            report, _ = _told(mine, at_ms, Step(0), recall)
            seen.append((minutes, report.remembered))
        late = len(TASKS) - 1  # the last is not due yet on the first day
        assert [kept for _, kept in seen][:3] == [0, 0, late], "the digest of the first look moved its readers' day"
        assert 0 < seen[3][1] < late
        assert 0 < seen[4][1] < late
        assert [kept for _, kept in seen][5:] == [late, 0], "another day"
