"""What binds two parties: sign, accept, reopen, formal-notice, object, decide, waive, dispute."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.acting import ITEM, REASON, Doing, act, day_of
from commands.app import option
from mapping.errors import InputError

if TYPE_CHECKING:
    from supervise.hand import Done

SIGNER = option("--signer", required=True, metavar="CONTACT", help="opt.signer")
ROLE = option("--role", default="", metavar="ROLE", help="opt.role")
METHOD = option("--method", default="written", metavar="METHOD", help="opt.method")


@act("sign")
@ITEM
@SIGNER
@ROLE
@METHOD
@option("--doc-version", default="", metavar="VERSION", help="opt.doc_version")
@option("--doc-hash", default="", metavar="SHA256", help="opt.doc_hash")
@option("--file", "path", type=click.Path(path_type=Path), help="opt.doc_file")
@option("--comments", default="", metavar="TEXT", help="opt.comments")
@option("--refuse", is_flag=True, help="opt.refuse")
@option("--revoke", is_flag=True, help="opt.revoke")
@REASON
def sign(
    doing: Doing, ref: str, signer: str, role: str, method: str, doc_version: str, doc_hash: str, path: Path | None,
    comments: str, refuse: bool, revoke: bool, reason: str,
) -> Done:  # fmt: skip
    from supervise import agreeing

    uid, person = doing.uid(ref), doing.uid(signer, "contact")
    if refuse:
        return agreeing.refuse(doing.hand, uid, person, reason)
    if revoke:
        return agreeing.revoke(doing.hand, uid, person, reason)
    given = agreeing.Signing(
        signer=person, role=role, method=method, doc_version=doc_version,
        doc_hash=file_hash(path) if path else doc_hash, comments=comments,
    )  # fmt: skip
    return agreeing.sign(doing.hand, uid, given)


def file_hash(path: Path) -> str:
    """Give the SHA-256 of a document as text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@act("accept")
@ITEM
@SIGNER
@ROLE
@METHOD
@option("--condition", "conditions", multiple=True, metavar="TEXT", help="opt.condition")
@option("--due", metavar="DAY", help="opt.punch_due")
@option("--reject", is_flag=True, help="opt.reject")
@REASON
def accept(
    doing: Doing, ref: str, signer: str, role: str, method: str, conditions: tuple[str, ...], due: str | None,
    reject: bool, reason: str,
) -> Done:  # fmt: skip
    from supervise import agreeing

    outcome = "rejected" if reject else "conditionally_accepted" if conditions else "accepted"
    given = agreeing.Accepting(
        outcome=outcome, signer=doing.uid(signer, "contact"), role=role, method=method,
        conditions="\n".join(conditions), reason=reason, due=doing.day(due),
    )  # fmt: skip
    return agreeing.accept(doing.hand, doing.uid(ref), given)


@act("reopen")
@ITEM
@option("--cause", default="defect", metavar="CAUSE", help="opt.cause")
@REASON
def reopen(doing: Doing, ref: str, cause: str, reason: str) -> Done:
    from supervise import agreeing

    return agreeing.reopen_acceptance(doing.hand, doing.uid(ref), cause, reason)


@act("formal-notice")
@ITEM
@click.argument("day", metavar="DAY")
@METHOD
def formal_notice(doing: Doing, ref: str, day: str, method: str) -> Done:
    from supervise import agreeing

    return agreeing.formal_notice(doing.hand, doing.uid(ref), day_of(doing.app, day), method)


@act("object")
@ITEM
@click.argument("text", metavar="TEXT")
@option("--objector", default="", metavar="NAME", help="opt.objector")
def object_(doing: Doing, ref: str, text: str, objector: str) -> Done:
    from supervise import agreeing

    return agreeing.object_to(doing.hand, doing.uid(ref), text, objector)


@act("decide")
@ITEM
@option("--approve/--reject", "approve", default=None, required=True, help="opt.approve")
@option("--approver", default="", metavar="CONTACT", help="opt.approver")
@option("--impact", default="", metavar="TEXT", help="opt.impact")
@option("--cost", default="", metavar="MONEY", help="opt.cost")
@option("--days", default="", metavar="N", help="opt.days")
@option("--on", "day", metavar="DAY", help="opt.on")
@REASON
def decide(
    doing: Doing, ref: str, approve: bool, approver: str, impact: str, cost: str, days: str, day: str | None,
    reason: str,
) -> Done:  # fmt: skip
    from supervise import agreeing

    given = agreeing.Deciding(
        approve=approve, approver=doing.uid(approver, "contact") if approver else "", decided_on=doing.day(day),
        impact=impact, cost=cost, days=days, reason=reason,
    )  # fmt: skip
    return agreeing.decide(doing.hand, doing.uid(ref), given)


@act("waive")
@click.argument("ref", metavar="RECORD")
@click.argument("what", metavar="WHAT")
@option("--waived-by", required=True, metavar="NAME", help="opt.waived_by")
@REASON
def waive(doing: Doing, ref: str, what: str, waived_by: str, reason: str) -> Done:
    from supervise import acting

    entity, uid = doing.service.desk.find(ref)
    with contextlib.suppress(InputError):  # else one of our own people, or somebody whom no record stands for
        waived_by = doing.uid(waived_by, "contact")
    return acting.waive(doing.hand, entity, uid, what, waived_by, reason)


@act("dispute")
@ITEM
@click.argument("entry", metavar="DAY")
@click.argument("text", metavar="TEXT")
def dispute(doing: Doing, ref: str, entry: str, text: str) -> Done:
    from supervise import acting

    return acting.dispute(doing.hand, doing.uid(ref), day_of(doing.app, entry).isoformat(), text)
