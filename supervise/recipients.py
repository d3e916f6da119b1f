"""Reads who is around every overdue item, and what was said and done about it, into cases for the notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from mapping.kinds import kind_of
from mapping.records import Value
from store import acts, hub, notices
from store.acts import Act
from store.hub import HubRow
from store.notices import Notice
from store.tx import Tx
from supervise.calendar import Calendar
from supervise.cases import Setting, supervised
from supervise.due import DAY_MS, local_day, zone_of
from supervise.judging import CHUNK, Judged, judge_tasks
from supervise.ladder import Audience, Circle, Side, Told, missing_at, told_at
from supervise.moving import late_candidates
from supervise.nagging import (
    NagKnobs,
    NoticeCase,
    NoticeItem,
    Past,
    Promise,
    Recipient,
    Snooze,
    digest_of,
    level_of,
)
from supervise.recall import Looking, Recall, Rest, look
from supervise.windows import USUAL, SendWindow, read_window

LOOKED_AHEAD: Final = timedelta(days=31)
"""A due date on a day off may be rolled back by so much at most, and then be late before its own day."""
REMEMBERED_MS: Final = 4 * DAY_MS
"""Messages of one day are looked for this far back, whatever the person's zone."""
CONTACT, USER = "contact:", "user:"
_CLIENT_ACTS: Final = ("answer", "signature", "rejection", "acceptance", "objection", "minutes_confirmed", "responded")
_NO_ROW: Final[Mapping[str, Value]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """How an organisation wants people to be told.

    Args:
        to_clients: the client's contacts may be written to; else drafts are made for our project manager.
        internal, clients, operating: names of the channels; "" for none.
        people: user's e-mail -> channel, for those who want another one.
        delivery_manager, steering, operators: e-mails of users.
        window: hours of everybody who names none.
        drafts: channel that also gets every draft.
        quota_left: operators are told when a connection has fewer calls or credits left than this.
    """

    to_clients: bool = False
    internal: str = ""
    clients: str = ""
    operating: str = ""
    drafts: str = ""
    people: Mapping[str, str] = field(default_factory=dict)
    delivery_manager: str = ""
    steering: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    window: SendWindow = USUAL
    language: str = "zh"
    quota_left: int = 500
    knobs: NagKnobs = field(default_factory=NagKnobs)


@dataclass(frozen=True, slots=True)
class Gap:
    """Somebody who should be told and whom nobody has named."""

    uid: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Around:
    """The cases of a moment, and whom they lack."""

    cases: tuple[NoticeCase, ...]
    gaps: tuple[Gap, ...]
    looking: Looking | None = None
    judged: Mapping[str, Rest] = field(default_factory=dict)


def read_cases(tx: Tx, setting: Setting, outbound: Outbound, recall: Recall | None = None) -> Around:
    """Give every overdue item as seen by everybody who is to be told of it.

    Args:
        recall: what the last look found; items whose silence goes on by it are left out.
    """
    today = local_day(setting.now_ms, zone_of([setting.knobs.zone])[0])
    known = late_candidates(tx, setting)
    uids = notices.late_tasks(tx, (today + LOOKED_AHEAD).isoformat()) if known is None else known
    looking = None
    if recall is not None and known is not None:
        looking = look(tx, recall, setting, outbound, uids, _as_written_to(tx, recall.people, setting))
        uids = [uid for uid in uids if uid not in looking.still]
    cases: list[NoticeCase] = []
    judged: dict[str, Rest] = {}
    lacking = {uid: item.rest for uid, item in looking.still.items()} if looking is not None else {}
    for start in range(0, len(uids), CHUNK):
        reading = _Reading(tx, setting, outbound, uids[start : start + CHUNK])
        cases += reading.cases()
        lacking |= reading.rests
        judged |= {uid: rest for uid, rest in reading.rests.items() if uid not in reading.ahead}
    gaps = (Gap(uid, one) for uid, rest in sorted(lacking.items()) for one in rest.lacking)
    return Around(tuple(_with_said(tx, cases, setting)), tuple(gaps), looking, judged)


def person_word(key: str) -> str:
    """Give the word under which a person's messages are kept."""
    return digest_of(["person", key])


def user_at(setting: Setting, outbound: Outbound, email: str, channel: str | None = None) -> Recipient:
    """Give one of our own people as somebody who may be told."""
    return Recipient(
        key=USER + email, side="vendor", zone=zone_of([setting.knobs.zone])[0], calendar=setting.calendars.of(),
        window=outbound.window, channel=channel or outbound.people.get(email, outbound.internal), name=email,
        language=outbound.language,
    )  # fmt: skip


def with_messages(recipient: Recipient, said: Iterable[Notice]) -> Recipient:
    """Give the person with the days on which they were last written to."""
    days: dict[str, date] = {}
    for one in said:
        if one.state in ("intent", "sent", "unknown", "failed", "draft"):
            day = date.fromisoformat(one.data["day"])
            days[one.rule] = max(days.get(one.rule, day), day)
    return replace(recipient, digest_on=days.get("digest"), urgent_on=days.get("urgent"), draft_on=days.get("draft"))


def _with_said(tx: Tx, cases: Sequence[NoticeCase], setting: Setting) -> list[NoticeCase]:
    known = _as_written_to(tx, {case.recipient.key: case.recipient for case in cases}, setting)
    return [replace(case, recipient=known[case.recipient.key]) for case in cases]


def _as_written_to(tx: Tx, people: Mapping[str, Recipient], setting: Setting) -> dict[str, Recipient]:
    words = {person_word(key): key for key in people}
    said: dict[str, list[Notice]] = defaultdict(list)
    for one in notices.messages_to(tx, words, setting.now_ms - REMEMBERED_MS):
        said[words[one.uid]].append(one)
    return {key: with_messages(person, said[key]) for key, person in people.items()}


class _Reading:
    """One chunk of tasks with everything around them.

    What is dated later than now counts once it comes, which nothing but time will tell: such items are in ``ahead``.
    """

    def __init__(self, tx: Tx, setting: Setting, outbound: Outbound, uids: Sequence[str]) -> None:
        self.tx, self.setting, self.outbound = tx, setting, outbound
        rows = hub.read(tx, "task", uids).values()
        judged = judge_tasks(tx, supervised(tx, "task", sorted(rows, key=lambda row: row.uid)), setting)
        self.late = [each for each in judged if each.verdict.overdue and each.verdict.severity is not None]
        self.uids = [each.context.row.uid for each in self.late]
        self.rests: dict[str, Rest] = {}
        self.ahead: set[str] = set()
        self._known: dict[str, Recipient] = {}

    def cases(self) -> list[NoticeCase]:
        return [case for each in self.late for case in self._of(each)]

    def _of(self, each: Judged) -> list[NoticeCase]:
        uid, holder = each.context.row.uid, each.verdict.ball
        promise = self._promise(uid)
        item = self._item(each, promise)
        circle, internal = self._circle(each), each.context.row.values.get("internal") is True
        missing = missing_at(item.level, circle, holder=holder, kind=item.kind, internal=internal)
        told = told_at(
            item.level, circle, holder=holder, kind=item.kind, outbound=self.outbound.to_clients, internal=internal
        )
        self.rests[uid] = Rest(item.zone, self._around(each, told), missing)
        snoozes, moved_ms, knobs = self._snoozes(each), self._moved_ms(each), self._knobs(each)
        return [
            NoticeCase(
                item=item, told=one, recipient=self._recipient(one.recipient, one.side), now_ms=self.setting.now_ms,
                history=self._history(uid, one.recipient, letter=one.audience == "letter"), promise=promise,
                snoozes=snoozes, last_client_ms=moved_ms, pm=circle.pm, knobs=knobs,
            )
            for one in told
        ]  # fmt: skip

    def _knobs(self, each: Judged) -> NagKnobs:
        """Give the limits that hold for an item: how often it is snoozed is its project's or client's matter."""
        own = self.setting.knobs_of(each.context.account, each.context.project)
        return replace(self.outbound.knobs, snooze_count=own.snooze_count if own.snooze_max_bd else 0)

    def _item(self, each: Judged, promise: Promise | None) -> NoticeItem:
        verdict, context = each.verdict, each.context
        zone = zone_of([verdict.zone, self.setting.knobs.zone])[0]
        today = local_day(self.setting.now_ms, zone)
        assert verdict.due_eff is not None
        return NoticeItem(
            uid=context.row.uid, level=level_of(verdict.severity, promise, today), due_eff=verdict.due_eff, today=today,
            calendar=self._calendar(each), kind=kind_of(context.row.values)[0], holder=verdict.ball,
            provisional=verdict.provisional, title=_text(context.row, "title"),
            project=_text(context.project, "name"), account=_text(context.account, "name"),
            contact=_text(context.contact, "name"), obd=verdict.obd, zone=zone.key, blocks=context.case.blocks,
        )  # fmt: skip

    def _calendar(self, each: Judged) -> Calendar:
        context, client = each.context, each.verdict.ball == "client"
        contact, account = (context.contact, context.account) if client else (None, None)
        return self.setting.calendars.of(
            ("contact", _text(contact, "calendar")), ("account", _text(account, "calendar")),
            ("project", _text(context.project, "calendar")), country=_text(account, "country"),
        )  # fmt: skip

    def _around(self, each: Judged, told: Sequence[Told]) -> frozenset[str]:
        """Give the records around an item that say who is told, where, when and in which words."""
        context = each.context
        seen = (("project", context.project), ("account", context.account), ("contact", context.contact))
        mine = {f"{entity}:{row.uid}" for entity, row in seen if row is not None}
        named = {f"{name}:{_text(context.row, name)}" for name in ("project", "contact")}
        people = {one.recipient for one in told if one.recipient.startswith(CONTACT)}
        homes = {f"account:{_text(self.contacts.get(key.removeprefix(CONTACT)), 'account')}" for key in people}
        return frozenset(mine | named | people | homes)

    # --- who ------------------------------------------------------------------------------------------------------

    def _circle(self, each: Judged) -> Circle:
        context = each.context
        project = self.projects.get(context.project.uid) if context.project else None
        account = self.accounts.get(context.account.uid) if context.account else None
        contact = _text(context.row, "contact")
        ours = _user(context.row, "owner")
        return Circle(
            assignee=self._standing_in(contact) if each.verdict.ball == "client" else ours,
            pm=_user(project, "pm") or ours,
            account_owner=_user(project, "vendor_owner") or _user(account, "vendor_owner") or _user(account, "owner"),
            sponsor=self._sponsor(project, account),
            delivery_manager=_key(USER, self.outbound.delivery_manager),
            steering=tuple(USER + one for one in self.outbound.steering),
        )

    def _standing_in(self, uid: str) -> str:
        """Give the contact, or the deputy of one who is away for good."""
        row = self.contacts.get(uid)
        deputy = _text(row, "deputy")
        return _key(CONTACT, deputy if row is not None and _away(row) and deputy else uid)

    def _sponsor(self, project: HubRow | None, account: HubRow | None) -> str:
        named = _text(project, "sponsor")
        if named or account is None:
            return _key(CONTACT, named)
        found = (
            row.uid for row in self.people.get(account.uid, ())
            if "sponsor" in _list(row, "roles") and not _away(row)
        )  # fmt: skip
        return _key(CONTACT, next(found, ""))

    def _recipient(self, key: str, side: Side) -> Recipient:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._person(key, side)
        return found

    def _person(self, key: str, side: Side) -> Recipient:
        if key.startswith(USER):
            return user_at(self.setting, self.outbound, key.removeprefix(USER))
        uid = key.removeprefix(CONTACT)
        row = self.contacts.get(uid)
        account = self.homes.get(_text(row, "account"))
        zone = zone_of([_text(row, "zone"), _text(account, "zone"), self.setting.knobs.zone])[0]
        calendar = self.setting.calendars.of(
            ("contact", _text(row, "calendar")),
            ("account", _text(account, "calendar")),
            country=_text(account, "country"),
        )
        locale = _text(row, "locale") or _text(account, "locale")
        language = ("zh" if locale.lower().startswith("zh") else "en") if locale else self.outbound.language
        return Recipient(
            key=key, side=side, zone=zone, calendar=calendar,
            window=read_window(row.values.get("send_window") if row else None, self.outbound.window),
            channel=self.outbound.clients, name=_text(row, "name"), language=language, email=_text(row, "email"),
            mobile=_text(row, "mobile"),
            roles=_list(row, "roles"), opt_out=row is not None and row.values.get("opt_out") is True,
            inactive=row is None or _away(row),
        )  # fmt: skip

    @cached_property
    def projects(self) -> dict[str, HubRow]:
        return hub.read(
            self.tx, "project", sorted({each.context.project.uid for each in self.late if each.context.project})
        )

    @cached_property
    def accounts(self) -> dict[str, HubRow]:
        mine = {each.context.account.uid for each in self.late if each.context.account}
        return hub.read(self.tx, "account", sorted(mine))

    @cached_property
    def homes(self) -> dict[str, HubRow]:
        """Give the clients of the contacts, also of one who is another client's."""
        others = {_text(row, "account") for row in self.contacts.values()} - self.accounts.keys() - {""}
        return {**self.accounts, **hub.read(self.tx, "account", sorted(others))}

    @cached_property
    def people(self) -> dict[str, list[HubRow]]:
        """Give the live contacts of every account concerned."""
        found: dict[str, list[HubRow]] = defaultdict(list)
        if self.accounts:
            for row in hub.select(self.tx, "contact", where={"account": sorted(self.accounts)}):
                found[_text(row, "account")].append(row)
        return found

    @cached_property
    def contacts(self) -> dict[str, HubRow]:
        known = {row.uid: row for rows in self.people.values() for row in rows}
        named = {_text(each.context.row, "contact") for each in self.late}
        named |= {_text(row, "sponsor") for row in self.projects.values()}
        found = hub.read(self.tx, "contact", sorted(named - known.keys() - {""}))
        known |= found
        deputies = {_text(row, "deputy") for row in known.values()} - known.keys() - {""}
        return {**known, **hub.read(self.tx, "contact", sorted(deputies))}

    # --- what was said and done -----------------------------------------------------------------------------------

    @cached_property
    def _notices(self) -> dict[tuple[str, str, bool], list[Past]]:
        found: dict[tuple[str, str, bool], list[Past]] = defaultdict(list)
        for one in notices.of(self.tx, "task", self.uids):
            said: Any = one.state
            past = Past(date.fromisoformat(one.data["due"]), one.level, one.data["turn"], one.at_ms, said)
            found[one.uid, one.recipient, bool(one.data.get("letter"))].append(past)
            if one.at_ms > self.setting.now_ms:
                self.ahead.add(one.uid)
        return found

    def _history(self, uid: str, recipient: str, *, letter: bool) -> tuple[Past, ...]:
        return tuple(one for one in self._notices.get((uid, recipient, letter), ()) if one.at_ms <= self.setting.now_ms)

    @cached_property
    def _acts(self) -> dict[str, list[Act]]:
        found: dict[str, list[Act]] = defaultdict(list)
        for act in acts.of(self.tx, "task", self.uids, ("promise", "snooze", *_CLIENT_ACTS)):
            if act.at_ms <= self.setting.now_ms:
                found[act.uid].append(act)
            else:
                self.ahead.add(act.uid)
        return found

    def _promise(self, uid: str) -> Promise | None:
        given = [act for act in self._acts.get(uid, ()) if act.kind == "promise"]
        return Promise(date.fromisoformat(given[-1].doc["by"]), given[-1].at_ms) if given else None

    def _snoozes(self, each: Judged) -> tuple[Snooze, ...]:
        """Give what was snoozed, each for as long as its project lets one of ours, in our own working days."""
        wanted = [act for act in self._acts.get(each.context.row.uid, ()) if act.kind == "snooze"]
        most = self.setting.knobs_of(each.context.account, each.context.project).snooze_max_bd if wanted else 0
        zone, ours = zone_of([self.setting.knobs.zone])[0], self.setting.calendars.of()
        longest = [ours.add_bd(local_day(act.at_ms, zone), most) for act in wanted]
        return tuple(
            Snooze(min(date.fromisoformat(act.doc["until"]), last), act.at_ms)
            for act, last in zip(wanted, longest, strict=True)
        )

    @cached_property
    def _comments(self) -> dict[str, list[HubRow]]:
        found: dict[str, list[HubRow]] = defaultdict(list)
        parents = [f"task:{uid}" for uid in self.uids]
        fields = ("parent", "author", "occurred_at")
        for row in hub.select(self.tx, "comment", where={"parent": parents}, fields=fields) if parents else ():
            found[_text(row, "parent").removeprefix("task:")].append(row)
        return found

    def _moved_ms(self, each: Judged) -> int | None:
        """Give when the client last did something about the item: wrote, stated something, or gave the ball away."""
        names = self._client_names(each)
        uid, times = each.context.row.uid, [0]
        for row in self._comments.get(uid, ()):
            at = row.values.get("occurred_at")
            if isinstance(at, int) and _text(row, "author").strip().casefold() in names:
                times.append(at)
        times += [act.at_ms for act in self._acts.get(uid, ()) if act.kind in _CLIENT_ACTS]
        moves = each.context.case.moves
        times += [
            move.at_ms for before, move in pairwise(moves)
            if before.holder == "client" and move.holder != "client"
        ]  # fmt: skip
        if max(times) > self.setting.now_ms:
            self.ahead.add(uid)
        return max((at for at in times if at <= self.setting.now_ms), default=0) or None

    def _client_names(self, each: Judged) -> set[str]:
        """Give the names and e-mails under which the client's people write."""
        account = each.context.account.uid if each.context.account else ""
        rows = [*self.people.get(account, ()), self.contacts.get(_text(each.context.row, "contact"))]
        theirs = [row for row in rows if row is not None and _text(row, "side") in ("", "client")]
        return {_text(row, name).casefold() for row in theirs for name in ("name", "email")} - {""}


def _key(kind: str, name: str) -> str:
    return kind + name if name else ""


def _user(row: HubRow | None, name: str) -> str:
    return _key(USER, _text(row, name))


def _away(row: HubRow) -> bool:
    return row.values.get("inactive") is True or row.state != "live"


def _text(row: HubRow | None, name: str) -> str:
    value = (row.values if row is not None else _NO_ROW).get(name)
    return value if isinstance(value, str) else ""


def _list(row: HubRow | None, name: str) -> tuple[str, ...]:
    value = row.values.get(name) if row is not None else None
    return tuple(value) if isinstance(value, list) else ()
