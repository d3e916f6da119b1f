"""What binds two parties: signatures, acceptances, formal notices, decisions on changes.

A signature binds one version of one document, its hash, the signer, the role, the way it was given and the moment. A
change is approved with its effect, cost, days, approver and day, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from mapping.errors import InputError
from mapping.records import Value
from store import acts
from store.hub import HubRow
from supervise.acting import enter
from supervise.baselines import keep_baseline
from supervise.change import ChangeRequest, gate
from supervise.hand import Done, Hand, Scene, name_of, needs, status_of

OUTCOMES: Final = ("accepted", "conditionally_accepted", "rejected")
METHODS: Final = ("written", "email", "electronic", "meeting", "system", "paper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What a person puts their name to.

    Args:
        signer: uid of the contact.
        role: in which they sign; "" takes approver where they hold it, else their first.
        doc_version, doc_hash: what they had before them; "" takes what the item has.
    """

    signer: str
    role: str = ""
    method: str = "written"
    doc_version: str = ""
    doc_hash: str = ""
    comments: str = ""


def sign(hand: Hand, uid: str, given: Signing) -> Done:
    """Keep a signature under one version of a document.

    Raises:
        InputError: the item has no version, or has another one by now; the stage machine forbids it; no signer.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "sign_off")
        signer = _of_client(scene.row("contact", given.signer))
        version = _bound(row, "doc_version", given.doc_version)
        digest = _bound(row, "doc_hash", given.doc_hash)
        if not version:
            raise InputError(
                f'"{name_of(row)}" names no version of its document, and a signature binds one',
                zh=f"“{name_of(row)}” 没有文档版本,签字必须对应某一版本", next_step="give --doc-version and --file",
                next_step_zh="请给出 --doc-version 和 --file",
            )  # fmt: skip
        doc = {
            "task": uid, "doc_version": version, "doc_hash": digest, "signer": signer.uid,
            "name": name_of(signer, "contact"), "role": given.role or role_of(signer),
            "roles": held_roles(signer, given.role), "method": _method(given.method),
            "at_ms": hand.happened_ms, "comments": given.comments,
        }  # fmt: skip
        stage = "signed_with_comments" if given.comments else "signed"
        entered = enter(scene, row, stage)
        values = {"doc_version": version, "doc_hash": digest or None, **(entered if _approves(doc) else {})}
        return scene.do("task", row, "signature", doc, values)


def refuse(hand: Hand, uid: str, signer: str, reason: str) -> Done:
    """Keep that a signature was refused; the move is ours again.

    Raises:
        InputError: no reason, or the stage machine forbids it.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "sign_off")
        needs(reason, "a reason", "原因")
        contact = scene.row("contact", signer)
        doc = {
            "signer": contact.uid, "name": name_of(contact, "contact"), "reason": reason,
            "doc_version": row.values.get("doc_version"),
        }  # fmt: skip
        return scene.do("task", row, "rejection", doc, enter(scene, row, "rejected"))


def revoke(hand: Hand, uid: str, signer: str, reason: str) -> Done:
    """Keep that a signature was taken back in writing; the log keeps when it was given.

    Raises:
        InputError: nothing is signed, or no reason.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "sign_off")
        needs(reason, "a reason", "原因")
        contact = scene.row("contact", signer)
        doc = {"signer": contact.uid, "name": name_of(contact, "contact"), "reason": reason}
        return scene.do("task", row, "revocation", doc, enter(scene, row, "revoked", reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepting:
    """What was said at an acceptance.

    Args:
        conditions: what is still to be done, one item a line; each becomes an item of the punch list.
        due: day by which those are to be done.
    """

    outcome: str
    signer: str
    role: str = ""
    method: str = "written"
    conditions: str = ""
    reason: str = ""
    due: date | None = None


def accept(hand: Hand, uid: str, given: Accepting) -> Done:
    """Keep what the client said of a delivery: accepted, accepted on conditions, or rejected.

    Raises:
        InputError: conditions without a word of them, a rejection without a reason, an illegal step.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "acceptance")
        signer = _of_client(scene.row("contact", given.signer))
        wishes = [line.strip() for line in given.conditions.splitlines() if line.strip()]
        if given.outcome not in OUTCOMES:
            raise InputError(f"an outcome is one of {', '.join(OUTCOMES)}", zh=f"结论应为 {', '.join(OUTCOMES)} 之一")
        if given.outcome == "conditionally_accepted" and not wishes:
            needs("", "the conditions (--condition)", "条件(--condition)")
        if given.outcome == "rejected":
            needs(given.reason, "a reason (--reason)", "原因(--reason)")
        values = enter(scene, row, given.outcome)
        if wishes:
            values["conditions"] = "\n".join(wishes)
        made = [_punch(scene, row, wish, given.due) for wish in wishes]
        doc = {
            "outcome": given.outcome, "conditions": wishes, "signer": signer.uid, "name": name_of(signer, "contact"),
            "role": given.role or role_of(signer), "roles": held_roles(signer, given.role),
            "method": _method(given.method), "reason": given.reason,
            "punch": made,
        }  # fmt: skip
        if given.outcome != "rejected" and not _approves(doc):
            values = {name: value for name, value in values.items() if name == "conditions"}
        return scene.do("task", row, "acceptance", doc, values, made=made)


def reopen_acceptance(hand: Hand, uid: str, cause: str, reason: str) -> Done:
    """Open an accepted item again for a defect; a new wish is a change request, and is refused here.

    Raises:
        InputError: it is a wish, or the item was not accepted.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "acceptance")
        if cause != "defect":
            raise InputError(
                "a new wish does not reopen an acceptance: it is a change request",
                zh="新增需求不能重开验收,应走变更请求",
                next_step="duban add task kind=change_request title=... project=...",
                next_step_zh="duban add task kind=change_request title=... project=...",
            )
        values = {**enter(scene, row, "reopened", reason), "cause": cause}
        return scene.do("task", row, "reopening", {"cause": cause, "reason": reason}, values)


def formal_notice(hand: Hand, uid: str, sent_on: date, method: str = "") -> Done:
    """Keep that the client was formally asked to accept; two on different working days start the contract's term.

    Raises:
        InputError: the item is not with the client, or the day is still to come.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "acceptance")
        if sent_on > scene.today:
            raise InputError(f"{sent_on} is still to come", zh=f"{sent_on} 尚未到来")
        if status_of(row) != "waiting_client":
            raise InputError(
                f'"{name_of(row)}" is not with the client: request the acceptance first',
                zh=f"“{name_of(row)}” 不在客户手中,请先发起验收", next_step=f"duban stage {uid} requested",
                next_step_zh=f"duban stage {uid} requested",
            )  # fmt: skip
        return scene.do("task", row, "deemed_notice", {"sent_on": sent_on.isoformat(), "method": method})


def object_to(hand: Hand, uid: str, words: str, by: str = "") -> Done:
    """Keep that the client objected in time; nothing is deemed accepted then."""
    with hand.begin() as scene:
        row = scene.task(uid, "acceptance")
        needs(words, "the objection's words", "异议内容")
        doc = {"text": words, "by": by, "contact": by or row.values.get("contact")}
        return scene.do("task", row, "objection", doc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What was decided about a change; a blank takes what the request says already.

    Args:
        approver: uid of the contact or the e-mail of one of our own who decided.
        cost, days: as typed; "0" is an answer and "" is none.
    """

    approve: bool
    approver: str = ""
    decided_on: date | None = None
    impact: str = ""
    cost: str = ""
    days: str = ""
    reason: str = ""


def decide(hand: Hand, uid: str, given: Deciding) -> Done:
    """Approve or reject a change request; an approval makes the next version of the plan.

    Raises:
        InputError: the approval lacks effect, cost, days, approver with a role or day; or the step is illegal.
    """
    with hand.begin() as scene:
        row = scene.task(uid, "change_request")
        approver = scene.row("contact", given.approver) if given.approver else None
        decided_on = given.decided_on or scene.today
        wanted = _change_values(row, given)
        if given.approve:
            _pass_gate(row, wanted, approver, decided_on)
        else:
            needs(given.reason, "a reason (--reason)", "原因(--reason)")
        values = {**wanted, **enter(scene, row, "approved" if given.approve else "rejected")}
        doc = {
            "approve": given.approve, "approver": approver.uid if approver else "",
            "name": name_of(approver, "contact") if approver else "",
            "roles": roles_of(approver) if approver else [], "decided_on": decided_on.isoformat(),
            "impact": values["change_impact"], "cost": values["change_cost"], "days": values["change_days"],
            "reason": given.reason,
        }  # fmt: skip
        done = scene.do("task", row, "decision", doc, values)
        if given.approve:
            keep_baseline(
                scene.tx,
                str(row.values.get("project") or ""),
                scene.setting,
                who=hand.who,
                entries=scene.entries,
                decided=scene.said,
            )
        return done


def _pass_gate(row: HubRow, wanted: Mapping[str, Value], approver: HubRow | None, decided_on: date) -> None:
    days = wanted["change_days"]
    request = ChangeRequest(
        uid=row.uid,
        impact=str(wanted["change_impact"] or ""),
        cost=Decimal(str(wanted["change_cost"])) if wanted["change_cost"] is not None else None,
        days=int(str(days)) if days is not None else None,
        approver=approver.uid if approver else "",
        approver_roles=roles_of(approver) if approver else (),
        decided_on=decided_on,
    )
    missing = gate(request)
    if missing:
        english, chinese = ", ".join(_WORDS[one][0] for one in missing), "、".join(_WORDS[one][1] for one in missing)
        raise InputError(
            f'"{name_of(row)}" cannot be approved; it lacks {english}', zh=f"“{name_of(row)}” 不能批准,缺少:{chinese}",
            next_step="duban decide ... --approve --impact TEXT --cost 0 --days 0 --approver CONTACT",
            next_step_zh="duban decide ... --approve --impact 文字 --cost 0 --days 0 --approver 联系人",
        )  # fmt: skip


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "impact": ("its impact (--impact)", "影响(--impact)"),
    "cost": ("its cost (--cost; 0 is an answer)", "费用(--cost;可填 0)"),
    "days": ("its working days (--days; 0 is an answer)", "工期天数(--days;可填 0)"),
    "approver": ("an approver (--approver)", "批准人(--approver)"),
    "approver_role": ("an approver with a role to decide", "具备审批角色的批准人"),
    "decided_on": ("the day it was decided (--on)", "批准日期(--on)"),
}


def _change_values(row: HubRow, given: Deciding) -> dict[str, Value]:
    """Give effect, cost and days: as typed, else as the request has them."""
    typed = {
        "change_impact": given.impact.strip(),
        "change_cost": given.cost.strip(),
        "change_days": given.days.strip(),
    }
    values: dict[str, Value] = {}
    for name, text in typed.items():
        kept = row.values.get(name)
        values[name] = (text if name == "change_impact" else _number(text)) if text else (None if kept == "" else kept)
    days = values["change_days"]
    if days is not None and Decimal(str(days)) != Decimal(str(days)).to_integral_value():
        raise InputError("days are whole working days", zh="天数须为整数工作日")
    if days is not None:
        values["change_days"] = str(int(Decimal(str(days))))
    return values


def _number(text: str) -> str:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation as exc:
        raise InputError(f"{text!r} is no number", zh=f"{text!r} 不是数字") from exc
    if not found.is_finite():
        raise InputError(f"{text!r} is no number", zh=f"{text!r} 不是数字")
    return f"{found.normalize():f}" if found else "0"


def roles_of(contact: HubRow) -> Sequence[str]:
    """Give the roles a contact holds."""
    roles = contact.values.get("roles")
    return roles if isinstance(roles, list) else []


def role_of(contact: HubRow) -> str:
    """Give the role in which a contact signs unless said otherwise."""
    roles = roles_of(contact)
    return "approver" if "approver" in roles else next(iter(roles), "")


def _of_client(contact: HubRow) -> HubRow:
    """Give the contact, who must not be one of ours or of a third party.

    Raises:
        InputError: only the client binds the client.
    """
    side = contact.values.get("side")
    if side in ("vendor", "third_party"):
        raise InputError(
            f'"{name_of(contact, "contact")}" is not of the client ({side}): only the client can sign or accept',
            zh=f"“{name_of(contact, 'contact')}” 不是客户方人员,签字和验收只能由客户作出",
        )
    return contact


def _approves(doc: Mapping[str, Any]) -> bool:
    """Say whether the signer may bind the client; any other signature is kept, and the item waits for an approver."""
    return "approver" in doc["roles"]


def held_roles(contact: HubRow, said: str = "") -> list[str]:
    """Give the roles in which a contact acts: those on record; only where none is, the one that was said."""
    return list(roles_of(contact)) or ([said] if said else [])


def _bound(row: HubRow, name: str, given: str) -> str:
    """Give the version or hash a signature binds.

    Raises:
        InputError: the signer had another one before them than the item has now.
    """
    now = row.values.get(name)
    kept = now if isinstance(now, str) else ""
    if given and kept and given != kept:
        raise InputError(
            f'"{name_of(row)}" is at {kept} now, not at {given}', zh=f"“{name_of(row)}” 现为 {kept},不是 {given}",
            next_step=f"duban set task {row.uid} {name}={given}, if that is the newer one",
            next_step_zh=f"若后者更新:duban set task {row.uid} {name}={given}",
        )  # fmt: skip
    return given or kept


def _punch(scene: Scene, row: HubRow, wish: str, due: date | None) -> str:
    """Make one item of the punch list and give its uid."""
    values: dict[str, Value] = {
        "title": wish, "kind": "action", "status": "waiting_vendor", "owner_side": "vendor", "parent": row.uid,
        "project": row.values.get("project"), "contact": row.values.get("contact"), "owner": row.values.get("owner"),
        "due": due.isoformat() if due else None,
    }  # fmt: skip
    return scene.add("task", values, "punch").uid


def _method(word: str) -> str:
    if word not in METHODS:
        raise InputError(f"a method is one of {', '.join(METHODS)}", zh=f"方式应为 {', '.join(METHODS)} 之一")
    return word


def history(scene: Scene, uid: str, kinds: Sequence[str]) -> list[Any]:
    """Give the earlier acts of those kinds on a task."""
    return acts.of(scene.tx, "task", [uid], kinds)
