"""What people do to a supervised record: the ball, its stage, promises, snoozes, pauses, overrides, objections.

What the state machines forbid is refused before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from mapping.errors import InputError
from mapping.kinds import kind_of
from mapping.records import TASK_STATUSES, EntityKind, Value, Values
from mapping.stages import STAGES, judge_stage_move
from mapping.status import TERMINAL, is_open, judge_task_move
from store import hub, supervision
from store.hub import HubRow
from store.supervision import Pause
from supervise.ball import ball_of
from supervise.hand import Done, Hand, Scene, name_of, needs, status_of
from supervise.stages import entered_values

SIDES: Final = {"client": "waiting_client", "vendor": "waiting_vendor", "third_party": "waiting_third_party"}
BY_ACT: Final[Mapping[str, Mapping[str, str]]] = {
    "sign_off": {"signed": "sign", "signed_with_comments": "sign", "rejected": "sign"},
    "acceptance": {"accepted": "accept", "conditionally_accepted": "accept", "rejected": "accept"},
    "change_request": {"approved": "decide", "rejected": "decide"},
    "meeting": {"minutes_confirmed": "minutes"},
}
"""Kind -> stage -> the command that leads there, for stages that need more than a word."""
_ENDED_BY: Final = {"sign_off": "sign", "acceptance": "accept"}
"""Kind -> the command without which such an item cannot be done."""


def move_ball(hand: Hand, uid: str, to: str, reason: str) -> Done:
    """Hand an open item to another side.

    Raises:
        InputError: it is closed, it is there already, or no reason is given.
    """
    with hand.begin() as scene:
        row = scene.task(uid)
        status, holder = status_of(row), ball_of(row.uid, row.values).holder
        if to not in SIDES:
            raise InputError(f"sides are {', '.join(SIDES)}; found {to!r}", zh=f"责任方只能是 {', '.join(SIDES)}")
        if not is_open(status):
            raise _closed(row)
        if holder == to:
            raise InputError(f'"{name_of(row)}" is with {to} already', zh=f"“{name_of(row)}” 已在该方手中:{to}")
        needs(reason, "a reason", "原因")
        values: dict[str, Value] = {"status": SIDES[to]}
        return scene.do("task", row, "ball", {"from": holder, "to": to, "reason": reason}, values)


def set_stage(hand: Hand, uid: str, stage: str, reason: str = "") -> Done:
    """Move an item along its own kind's stages; status, side and outcome go with it.

    A kind without stages, and a step its stages have no word for, goes by the general states.

    Raises:
        InputError: the stage machine forbids the step, it needs a reason, or a command of its own leads there.
    """
    with hand.begin() as scene:
        row = scene.task(uid)
        kind = kind_of(row.values)[0]
        by = _own_command(kind, stage)
        if by is not None:
            raise _by_command(row.values, stage, f"duban {by} {uid}")
        if stage not in STAGES[kind] and stage in TASK_STATUSES:
            return _set_status(scene, row, stage, reason)
        return scene.do("task", row, "stage", {"to": stage, "reason": reason}, enter(scene, row, stage, reason))


def refuse_typed(entity: EntityKind, uid: str, before: Values, typed: Values) -> None:
    """Let nobody type around the state machines; plain SQL and the CRMs stay free to, and are told apart there.

    Raises:
        InputError: names the command that does it properly.
    """
    if entity != "task":
        return
    kind = kind_of({**before, **typed})[0]
    stage, status = typed.get("stage"), typed.get("status")
    if isinstance(stage, str) and stage in STAGES[kind]:
        by = _own_command(kind, stage)
        raise _by_command(before, stage, f"duban {by} {uid}" if by else f"duban stage {uid} {stage}")
    if not isinstance(status, str):
        return
    by = _own_command(kind, status)
    old = before.get("status")
    move = judge_task_move(old if isinstance(old, str) else None, status)
    if by is not None:
        raise _by_command(before, status, f"duban {by} {uid}")
    if move in {"irregular", "conflict"}:
        raise InputError(
            f'"{before.get("title")}" is {old} and cannot become {status}',
            zh=f"“{before.get('title')}” 当前为 {old},不能变为 {status}",
        )
    if move in {"reason", "reopen", "reinstate"}:
        raise _by_command(before, status, f'duban stage {uid} {status} --reason "..."')


def _own_command(kind: str, to: str) -> str | None:
    """Give the command that alone leads to a stage, or to the end of an item somebody must put their name to."""
    ways = BY_ACT.get(kind, {})
    return ways.get(to) or (_ENDED_BY.get(kind) if to == "done" else None)


def _by_command(task: Values, to: str, command: str) -> InputError:
    return InputError(
        f'"{task.get("title")}" becomes {to} by its own command',
        zh=f"“{task.get('title')}” 需用专门的命令进入 {to}", next_step=command, next_step_zh=command,
    )  # fmt: skip


def _set_status(scene: Scene, row: HubRow, status: str, reason: str) -> Done:
    _judge(row, judge_task_move(status_of(row), status), status, reason)
    return scene.do("task", row, "stage", {"to": status, "reason": reason}, _closing(scene, row, status))


def enter(scene: Scene, row: HubRow, stage: str, reason: str = "") -> dict[str, Value]:
    """Give what entering a stage sets on that task.

    Raises:
        InputError: the stage machine of its kind forbids it.
    """
    kind = kind_of(row.values)[0]
    old = row.values.get("stage")
    before = old if isinstance(old, str) and old else None
    if stage not in STAGES[kind]:
        known = ", ".join(STAGES[kind])
        raise InputError(
            f"a {kind} has no stage {stage!r}; " + (f"its stages are {known}" if known else "set its status instead"),
            zh=f"{kind} 没有阶段 {stage!r};" + (f"可用阶段:{known}" if known else "请直接设置状态"),
        )
    _judge(row, judge_stage_move(kind, before, stage), stage, reason, STAGES[kind].get(before or ""))
    values = entered_values(kind, row.values, stage)
    return {**values, **_closing(scene, row, str(values["status"]))}


def promise(hand: Hand, uid: str, by: date, words: str = "") -> Done:
    """Log that somebody said "by that day".

    Raises:
        InputError: the item is closed, or the day is past.
    """
    with hand.begin() as scene:
        row = _open(scene, uid)
        if by < scene.today:
            raise InputError(f"a promise is for a day to come; {by} is past", zh=f"承诺日期 {by} 已经过去")
        return scene.do("task", row, "promise", {"by": by.isoformat(), "text": words, "contact": _asked(row)})


def snooze(hand: Hand, uid: str, until: date, reason: str) -> Done:
    """Keep quiet about an item for some days; it stays overdue all the same.

    Raises:
        InputError: no reason, too far, or too often, as the knobs of its project have it.
    """
    with hand.begin() as scene:
        row = _open(scene, uid)
        needs(reason, "a reason", "原因")
        knobs, done = scene.knobs_of(row), len(scene.of(row, "task", "snooze"))
        if not knobs.snooze_max_bd or not knobs.snooze_count:
            raise InputError(f'"{name_of(row)}" may not be snoozed', zh=f"“{name_of(row)}” 不允许暂停提醒")
        last = scene.calendar.add_bd(scene.today, knobs.snooze_max_bd)
        if not scene.today < until <= last:
            raise InputError(
                f"a snooze ends within {knobs.snooze_max_bd} working days: at the latest on {last}",
                zh=f"暂停提醒最多 {knobs.snooze_max_bd} 个工作日:最晚到 {last}",
            )
        if done >= knobs.snooze_count:
            raise InputError(
                f'"{name_of(row)}" was snoozed {done} times already', zh=f"“{name_of(row)}” 已暂停提醒 {done} 次"
            )
        return scene.do("task", row, "snooze", {"until": until.isoformat(), "reason": reason})


def pause(hand: Hand, uid: str, start: date | None, until: date | None, reason: str) -> Done:
    """Agree on days that do not count for an item.

    Args:
        start: the last day that still counts; None for today. *until*: the last day that does not; None leaves it open.
    Raises:
        InputError: the item is closed, no reason, days the wrong way round, or an open pause already.
    """
    with hand.begin() as scene:
        row = _open(scene, uid)
        needs(reason, "a reason", "原因")
        first = start or scene.today
        if until is not None and until <= first:
            raise InputError(
                f"a pause from {first} cannot end on {until}", zh=f"暂停从 {first} 开始,不能在 {until} 结束"
            )
        if any(one.until is None for one in supervision.pauses(scene.tx, "task", [uid])):
            raise InputError(f'"{name_of(row)}" is paused already', zh=f"“{name_of(row)}” 已处于暂停")
        last = until.isoformat() if until else None
        kept = Pause("task", uid, first.isoformat(), last, reason, hand.who, hand.now_ms)
        supervision.add_pause(scene.tx, kept)
        return scene.do("task", row, "pause", {"start": first.isoformat(), "until": last, "reason": reason})


def resume(hand: Hand, uid: str, until: date | None = None) -> Done:
    """End the open pause of an item; *until* is the last day that does not count, today unless said.

    Raises:
        InputError: it is not paused, or the day lies before the pause.
    """
    with hand.begin() as scene:
        row = scene.task(uid)
        open_ = [one for one in supervision.pauses(scene.tx, "task", [uid]) if one.until is None]
        if not open_:
            raise InputError(f'"{name_of(row)}" is not paused', zh=f"“{name_of(row)}” 未暂停")
        last = until or scene.today
        if last < date.fromisoformat(open_[0].start):
            raise InputError(f"the pause began on {open_[0].start}", zh=f"暂停始于 {open_[0].start}")
        supervision.end_pause(scene.tx, "task", uid, last.isoformat())
        return scene.do("task", row, "resume", {"until": last.isoformat()})


def dispute(hand: Hand, uid: str, entry: str, words: str) -> Done:
    """Keep a client's objection to an entry of the ledger, in its own words; the entry stays as it is.

    Args:
        entry: the day or the number of the entry.
    Raises:
        InputError: nothing is said.
    """
    with hand.begin() as scene:
        row = scene.task(uid)
        needs(words, "the objection's words", "异议内容")
        doc = {"entry": entry, "text": words, "contact": row.values.get("contact")}
        return scene.do("task", row, "dispute", doc)


def waive(hand: Hand, entity: EntityKind, uid: str, what: str, by: str, reason: str = "") -> Done:
    """Keep that somebody entitled to it does without something: a punch item, a retrospective, a survey.

    Args:
        by: uid of the contact who said so, or a name of our own side; only the client's word opens the gate.
    Raises:
        InputError: what, or who waives it, is not said.
    """
    with hand.begin() as scene:
        row = scene.row(entity, uid)
        needs(what, "what is waived", "豁免事项")
        needs(by, "who waives it", "豁免人")
        contact = hub.read(scene.tx, "contact", [by]).get(by)
        side = "vendor" if contact is None else str(contact.values.get("side") or "client")
        name = name_of(contact, "contact") if contact is not None else by
        doc = {"what": what, "by": by, "name": name, "side": side, "reason": reason}
        return scene.do(entity, row, "waiver", doc)


def record(hand: Hand, entity: EntityKind, uid: str, kind: str, doc: Mapping[str, Any]) -> Done:
    """Keep that something happened that has no rule of its own: a kick-off, a retrospective, a report handed over."""
    with hand.begin() as scene:
        row = scene.row(entity, uid)
        if not kind.replace("_", "").isalnum() or len(kind) > LONGEST_KIND:
            raise InputError(f"{kind!r} is no word for an act", zh=f"{kind!r} 不是可用的登记类型")
        return scene.do(entity, row, kind, doc)


LONGEST_KIND: Final = 32


def _asked(row: HubRow) -> Value:
    """Give the contact whose word is meant while the move is the client's."""
    return row.values.get("contact") if ball_of(row.uid, row.values).holder == "client" else None


def _open(scene: Scene, uid: str) -> HubRow:
    row = scene.task(uid)
    if not is_open(status_of(row)):
        raise _closed(row)
    return row


def _closed(row: HubRow) -> InputError:
    return InputError(
        f'"{name_of(row)}" is {status_of(row)}', zh=f"“{name_of(row)}” 已是 {status_of(row)}",
        next_step=f"duban stage {row.uid} in_progress --reason ... reopens it",
        next_step_zh=f"如需重开:duban stage {row.uid} in_progress --reason ...",
    )  # fmt: skip


def _closing(scene: Scene, row: HubRow, status: str) -> dict[str, Value]:
    """Give the status with when it ended, or that it has not."""
    if status in TERMINAL:
        done: Value = scene.hand.happened_ms if is_open(status_of(row)) else row.values.get("done_at")
        return {"status": status, "done_at": done}
    return {"status": status, **({} if is_open(status_of(row)) else {"done_at": None})}


def _judge(row: HubRow, move: str, to: str, reason: str, before: Any = None) -> None:
    if move in {"irregular", "conflict"}:
        may = f"; it may become {', '.join(before.next) or 'nothing more'}" if before is not None else ""
        may_zh = f";可以变为:{', '.join(before.next) or '无'}" if before is not None else ""
        now = row.values.get("stage") or status_of(row)
        raise InputError(
            f'"{name_of(row)}" is {now} and cannot become {to}{may}',
            zh=f"“{name_of(row)}” 当前为 {now},不能变为 {to}{may_zh}",
        )
    if move == "same":
        raise InputError(f'"{name_of(row)}" is {to} already', zh=f"“{name_of(row)}” 已是 {to}")
    if move in {"reason", "reopen", "reinstate"}:
        needs(reason, "a reason (--reason), for this takes a step back", "原因(--reason),因为这是回退")
