"""What duban does by itself once the rules have spoken, and nothing beyond: each thing once, and named as made by rule.

A signature that a newer version outdated gets an item of its own to be signed; an approved change becomes the next
version of the plan; a term that ran out accepts; a risk that occurred becomes an issue, a meeting that was put off
gets the one that stands for it; where it is switched on, a low score gets an action that follows it up. Before
anything is made it is looked for, so doing it again does nothing. Besides, the health of each day is remembered and
what a project lacks is raised as a flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from mapping.errors import InputError
from mapping.records import Value
from mapping.status import is_open
from store import hub, journal, supervision
from store.database import Database
from store.hub import HubChange, HubRow
from store.supervision import Flag
from store.tx import Tx
from supervise import feedback, papers, people
from supervise.baselines import keep_baseline, whole_of
from supervise.calendar import ONE_DAY
from supervise.cases import Setting, read_setting, supervised
from supervise.dossier import HEALTH, Judgement, judge
from supervise.due import local_day, opening_ms, zone_of
from supervise.hand import RULE, Hand, Scene
from supervise.knobs import Knobs
from supervise.material import Material, read_materials, text
from supervise.readiness import Flagged
from supervise.satisfaction import is_low
from supervise.stages import entered_values
from supervise.succeeding import (
    day_put_off_to,
    issue_of,
    meeting_after,
    occurred_without_issue,
    put_off_without_another,
)

CHUNK: Final = 50
MOST: Final = 200
"""A day of thousands of projects begins in several rounds rather than in one long one."""
_OVER: Final = frozenset({"closed", "cancelled"})
FOLLOWED: Final = "followed"
"""The key of a project's ``meta``: the day it was last looked at here, and how long the journal was then."""
PREFIX: Final = "R12b:"
RECENT_BD: Final = 10
"""Older low scores are listed, but get no new action: the past is not to flood anybody."""
SIGN_BD: Final = 5
"""Working days a new version is given when the project names no term of review."""
_OF_PROJECT: Final = frozenset({"silence", "started_without_charter", "missing_role"})


@dataclass(slots=True)
class Followed:
    """What was done.

    Args:
        looked_at: projects that were judged.
        made: what was made or moved, by kind.
    """

    looked_at: int = 0
    made: dict[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """Count what was made or moved in the hub."""
        return sum(self.made.values())

    def tally(self, kind: str, by: int = 1) -> None:
        """Count *by* more of *kind*."""
        if by:
            self.made[kind] = self.made.get(kind, 0) + by


def follow_up(
    db: Database,
    *,
    now_ms: int,
    knobs: Knobs,
    random_bytes: Callable[[int], bytes],
    chunk: int = CHUNK,
    most: int = MOST,
) -> Followed:
    """Do what the rules ask for in every project that was touched, and once a day in each that is not over.

    Args:
        chunk: projects per transaction.
        most: projects looked at because a day began; the others come with the next calls.
    """
    done = Followed()
    with db.read() as tx:
        setting = read_setting(tx, now_ms=now_ms, knobs=knobs)
        length = journal.length(tx)
        due = _due(tx, setting, most)
    hand = Hand(db=db, who=RULE, now_ms=now_ms, knobs=knobs, random_bytes=random_bytes)
    for start in range(0, len(due), chunk):
        _follow(hand, due[start : start + chunk], setting, length, done)
    return done


def _follow(hand: Hand, uids: Sequence[str], setting: Setting, length: int, done: Followed) -> None:
    """Look after some projects in one transaction; where somebody edited beside us, after each in one of its own."""
    mine = Followed()
    try:
        with hand.db.write() as tx:
            scene = Scene(hand, tx)
            rows = hub.read(tx, "project", uids)
            kept = supervised(tx, "project", [rows[uid] for uid in uids if uid in rows])
            for material in read_materials(tx, [row.uid for row in kept], setting):
                _Following(scene, material, judge(material), mine).all(length)
            scene.finish()
    except InputError:  # a row moved between our reading and our writing: nothing was written
        for uid in uids if len(uids) > 1 else ():
            _follow(hand, [uid], setting, length, done)
        return
    done.looked_at += mine.looked_at
    for kind, count in mine.made.items():
        done.tally(kind, count)


def _due(tx: Tx, setting: Setting, most: int) -> list[str]:
    """Give the projects that were touched since they were last looked at, and some that were not looked at today."""
    rows = hub.select(tx, "project", fields=("lifecycle",))
    today = _today(setting)
    seen = {row.uid: row.meta.get(FOLLOWED, ["", 0]) for row in rows}
    known = [row.uid for row in rows if FOLLOWED in row.meta]
    last = max((int(seen[uid][1]) for uid in known), default=0)
    touched = _touched(tx, journal.touched_after(tx, last)) if known else set()
    fresh = [
        row.uid
        for row in rows
        if row.uid not in touched and seen[row.uid][0] != today and row.values.get("lifecycle") not in _OVER
    ]
    chosen = touched | set(sorted(fresh, key=lambda uid: (str(seen[uid][0]), uid))[:most])
    return [row.uid for row in rows if row.uid in chosen]


def _touched(tx: Tx, marks: Iterable[tuple[str, str]]) -> set[str]:
    """Give the projects that those records belong to."""
    by: dict[str, set[str]] = {}
    for entity, uid in marks:
        by.setdefault(entity, set()).add(uid)
    found = set(by.get("project", ()))
    for row in hub.read(tx, "comment", by.get("comment", ())).values():
        entity, _, uid = text(row.values, "parent").partition(":")
        by.setdefault(entity, set()).add(uid)
    found |= by.get("project", set())
    for row in hub.read(tx, "task", by.get("task", ())).values():
        found.add(text(row.values, "project"))
    for row in hub.read(tx, "feedback", by.get("feedback", ())).values():
        found.add(text(row.values, "project"))
    accounts = {text(row.values, "account") for row in hub.read(tx, "contact", by.get("contact", ())).values()}
    wanted = sorted((accounts | by.get("account", set())) - {""})
    if wanted:
        found |= {row.uid for row in hub.select(tx, "project", where={"account": wanted}, fields=())}
    return found - {""}


def _today(setting: Setting) -> str:
    return local_day(setting.now_ms, zone_of([setting.knobs.zone])[0]).isoformat()


@dataclass(frozen=True, slots=True)
class _Following:
    """One project in one transaction."""

    scene: Scene
    material: Material
    judged: Judgement
    done: Followed

    def all(self, length: int) -> None:
        """Do everything, then remember that it was done."""
        self.plan()
        self.signatures()
        self.deemed()
        self.successors()
        if self.scene.hand.knobs.follow_low_scores:
            self.low_scores()
        self.flags()
        self.remember(length)

    def plan(self) -> None:
        """Make the versions of the plan that approved changes ask for, also of those approved in a CRM."""
        scene = self.scene
        moved = keep_baseline(
            scene.tx, self.material.project.uid, self.material.setting, who=RULE, entries=scene.entries
        )
        self.done.tally("milestones_moved", len(moved))

    def signatures(self) -> None:
        """Give each signature that a newer version outdated an item of its own to be signed."""
        rows = {row.uid: row for row in self.material.tasks}
        for view in self.judged.signs:
            if view.wants != "re_sign" or self._asked(view.uid, view.doc_version):
                continue
            row = rows[view.uid]
            earlier = [one for one in self._replacing(row.uid) if is_open(text(one.values, "status"))]
            made = self.scene.add("task", self._again(row), "follow")
            values = {"stage": "superseded", "status": "done", "outcome": "superseded"}
            for one in (row, *earlier):
                doc = {"version": text(one.values, "doc_version"), "item": made.uid}
                self.scene.do("task", one, "superseded", doc, values)
            self.done.tally("re_sign")

    def _replacing(self, uid: str) -> list[HubRow]:
        return [row for row in self.material.of_kind("sign_off") if text(row.values, "parent") == uid]

    def _asked(self, uid: str, version: str) -> bool:
        """Say whether that version has its item; people go on putting versions on the first one, which has many."""
        replacing = self._replacing(uid)
        asked = {act.doc.get("version", "") for act in self.material.said(uid, "superseded")}
        known = asked | {text(row.values, "doc_version") for row in replacing}
        return version in known or (bool(replacing) and not asked)

    def _again(self, row: HubRow) -> dict[str, Value]:
        version = text(row.values, "doc_version")
        words = f"重签 Re-sign {version} · {text(row.values, 'title')}".strip()
        keep = ("project", "contact", "owner", "priority", "doc_version", "doc_hash", "mandatory", "blocks", "internal")
        return {
            **{name: row.values.get(name) for name in keep},
            **entered_values("sign_off", {}, "issued"),
            "title": words, "kind": "sign_off", "owner_side": "client", "parent": row.uid,
            "due": self._in(self._review_bd()).isoformat(),
        }  # fmt: skip

    def _review_bd(self) -> int:
        given = whole_of(self.material.project.values.get("review_days"))
        return given if given is not None and given > 0 else SIGN_BD

    def _in(self, days: int) -> date:
        return self.material.calendar.add_bd(self.material.today, days)

    def deemed(self) -> None:
        """Accept what the contract's term accepted."""
        rows = {row.uid: row for row in self.material.tasks}
        for view in papers.acceptance(self.material):
            row = rows[view.uid]
            if view.state != "deemed_accepted" or view.deemed_on is None or not is_open(text(row.values, "status")):
                continue
            at_ms = opening_ms(view.deemed_on + ONE_DAY, self.material.zone)
            values = {**entered_values("acceptance", row.values, "deemed_accepted"), "done_at": at_ms}
            self.scene.do("task", row, "deemed_accepted", {"on": view.deemed_on.isoformat()}, values)
            self.done.tally("deemed_accepted")

    def successors(self) -> None:
        """Give a risk that occurred its issue, and a meeting that was put off the one that stands for it."""
        for row in occurred_without_issue(self.material):
            made = self.scene.add("task", issue_of(row), "follow")
            self.scene.do("task", row, "occurred", {"item": made.uid})
            self.done.tally("issue")
        for row in put_off_without_another(self.material):
            day = day_put_off_to(row, self.material.moves.get(row.uid, ()))
            made = self.scene.add("task", meeting_after(row, day), "follow")
            self.scene.do("task", row, "rescheduled", {"item": made.uid})
            self.done.tally("meeting")

    def low_scores(self) -> None:
        """Give recent low scores and complaints an action that follows them up."""
        since = people.window_start(self.material.calendar, self.material.today, RECENT_BD)
        for row in self.material.feedback:
            case = feedback.loop_case(self.material, row)
            if not is_low(case.kind, case.score, case.scale) or case.follow_up or case.on <= since:
                continue
            if case.status in ("resolved", "closed"):
                continue
            made = self.scene.add("task", self._call(row), "follow")
            values: dict[str, Value] = {"follow_up": made.uid, "loop_due": made.values["due"]}
            self.scene.do("feedback", row, "follow_up", {"item": made.uid}, values)
            self.done.tally("follow_up")

    def _call(self, row: HubRow) -> dict[str, Value]:
        project = self.material.project.values
        return {
            "title": f"跟进低分 Follow up · {text(row.values, 'subject')}".strip(), "kind": "action",
            "status": "waiting_vendor", "owner_side": "vendor", "project": self.material.project.uid,
            "contact": row.values.get("contact"), "owner": row.values.get("owner") or project.get("pm"),
            "due": self._in(2).isoformat(), "internal": True,
        }  # fmt: skip

    def flags(self) -> None:
        """Raise what the project lacks, and its health, where they changed; lower what no longer holds."""
        uid, now_ms, tx = self.material.project.uid, self.material.setting.now_ms, self.scene.tx
        wanted = {
            flag.rule: flag for flag in (*_lacks(uid, self.judged.flags, now_ms), _health(uid, self.judged, now_ms))
        }
        standing = {flag.rule: flag for flag in supervision.flags(tx, "project", [uid])}
        for rule in standing.keys() - wanted.keys():
            if rule == "R11" or rule.startswith(PREFIX):
                supervision.clear_flag(tx, "project", uid, rule, now_ms)
        for rule, flag in wanted.items():
            before = standing.get(rule)
            if before is None or (before.since, before.severity, before.data) != (flag.since, flag.severity, flag.data):
                supervision.raise_flag(tx, flag)

    def remember(self, length: int) -> None:
        """Keep the day's health and that the project was looked at."""
        self.done.looked_at += 1
        project = hub.read(self.scene.tx, "project", [self.material.project.uid])[self.material.project.uid]
        meta: dict[str, Any] = {
            HEALTH: self.judged.health.memory.as_data(), FOLLOWED: [_today(self.material.setting), length],
        }  # fmt: skip
        if any(project.meta.get(name) != value for name, value in meta.items()):
            hub.update(
                self.scene.tx, "project", [HubChange(project.uid, project.rev, {}, meta=meta)], self.scene.hand.now_ms
            )


def _lacks(uid: str, flags: Sequence[Flagged], now_ms: int) -> list[Flag]:
    return [
        Flag(
            "project", uid, PREFIX + flag.code, flag.since.isoformat() if flag.since else None, "",
            _data(flag.reasons[0].data if flag.reasons else {}), now_ms,
        )
        for flag in flags if flag.code in _OF_PROJECT and flag.uid == uid
    ]  # fmt: skip


def _health(uid: str, judged: Judgement, now_ms: int) -> Flag:
    """Give the health as a flag: its level, and the signals that make it."""
    signals = {signal.code: [signal.level, signal.reason.code, signal.reason.uid] for signal in judged.health.signals}
    data = {"signals": signals, "watermelon": judged.health.watermelon, "confidence": judged.health.confidence}
    return Flag("project", uid, "R11", None, judged.health.level, data, now_ms)


def _data(data: Mapping[str, Value]) -> dict[str, Any]:
    """Give what a flag shows, without the figures that grow every day: a flag is raised once."""
    return {name: value for name, value in data.items() if name != "days"}
