"""What a signature is worth: it binds one version of one document to one signer in one role (R14).

A signature on an earlier version is superseded, one by somebody without the role to approve is not in force, and a
status that says "signed" in a CRM binds no version. All of them stay in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mapping.kinds import title_marks
from mapping.records import Value
from supervise.reasons import Reason

SignOffState = Literal["unsigned", "signed", "signed_with_comments", "superseded", "rejected", "revoked"]
Document = Literal["charter", "scope", "plan", "criteria", "other"]
APPROVER: Final = "approver"
_DOCUMENTS: Final[tuple[tuple[Document, tuple[str, ...]], ...]] = (
    ("charter", ("项目章程", "章程", "charter")),
    ("criteria", ("验收标准", "acceptance criteria")),
    ("scope", ("需求规格", "项目范围", "工作范围", "范围说明", "scope", "sow", "statement of work", "requirement")),
    ("plan", ("项目计划", "基准计划", "进度计划", "基线", "project plan", "baseline", "schedule")),
)
_SIGNED_STAGES: Final = frozenset({"signed", "signed_with_comments"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature as it was given.

    Args:
        signer: uid of the contact; ``roles`` are the roles held when signing.
        method: how it was given (ink, e-signature, e-mail, meeting).
        comments: what the signer asked for with it; "" for none.
    """

    signer: str
    roles: Sequence[str]
    method: str
    at_ms: int
    doc_version: str = ""
    doc_hash: str = ""
    comments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A refusal to sign one version; a blank version is the one current then."""

    signer: str
    at_ms: int
    reason: str = ""
    doc_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A signature taken back by written notice."""

    by: str
    at_ms: int
    notice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """One document that wants a signature.

    Args:
        doc_version, doc_hash: of the document as it stands today.
        stage: what the item's stage says, maybe set in a CRM where nobody recorded a signature.
        signatures, rejections, revocations: everything that ever happened, in any order.
    """

    uid: str
    title: str = ""
    doc_version: str = ""
    doc_hash: str = ""
    mandatory: bool = True
    stage: str = ""
    signatures: Sequence[Signature] = ()
    rejections: Sequence[Rejection] = ()
    revocations: Sequence[Revocation] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffView:
    """What is to be said of one sign-off.

    Args:
        in_force: a signature of the current version by an approver that nobody took back.
        signature: the latest signature, in force or not.
        wants: what the client is to do next: ``sign``, ``re_sign`` (another version was signed), or nothing.
        flags: ``signed_by_non_approver``, ``signature_unbound``, ``document_changed``.
        document: which of the expectations it sets down, told by its title.
    """

    uid: str
    title: str
    doc_version: str
    doc_hash: str
    mandatory: bool
    state: SignOffState
    in_force: bool
    signature: Signature | None = None
    wants: Literal["", "sign", "re_sign"] = ""
    document: Document = "other"
    flags: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def view_sign_off(item: SignOff) -> SignOffView:
    """Give what the signatures on one document are worth today."""
    signature = max(item.signatures, key=lambda each: each.at_ms, default=None)
    state = _state(item, signature)
    reasons = tuple(_why(item, signature, state))
    flags = tuple(reason.code for reason in reasons if reason.code in _FLAGS)
    return SignOffView(
        uid=item.uid,
        title=item.title,
        doc_version=item.doc_version,
        doc_hash=item.doc_hash,
        mandatory=item.mandatory,
        state=state,
        in_force=state in _SIGNED_STAGES and not _weak(item, flags),
        signature=signature,
        wants=_wants(state, flags),
        document=document_of(item.title),
        flags=flags,
        reasons=reasons,
    )


def signed_of(views: Iterable[SignOffView]) -> tuple[int, int]:
    """Give how many of the mandatory sign-offs are in force, and how many there are ("1 of 3 signed")."""
    wanted = [view for view in views if view.mandatory]
    return sum(view.in_force for view in wanted), len(wanted)


def charter_in_force(views: Iterable[SignOffView]) -> bool:
    """Say whether a charter is signed and in force."""
    return any(view.in_force and view.document == "charter" for view in views)


def document_of(title: str) -> Document:
    """Give which expectation a document sets down, by its title.

    Shape: "【签字】项目章程 v2" -> "charter"; "Statement of work" -> "scope"
    """
    plain = " ".join([*title_marks(title), title]).casefold()
    return next((name for name, words in _DOCUMENTS if any(word in plain for word in words)), "other")


_FLAGS: Final = frozenset({"signed_by_non_approver", "signature_unbound", "document_changed"})


def _wants(state: SignOffState, flags: Sequence[str]) -> Literal["", "sign", "re_sign"]:
    if state == "superseded":
        return "re_sign"
    return "sign" if state == "unsigned" or "signed_by_non_approver" in flags else ""


def _weak(item: SignOff, flags: Sequence[str]) -> bool:
    """Say whether what looks signed is not: nobody with the role, or a bare status where there are versions."""
    return "signed_by_non_approver" in flags or ("signature_unbound" in flags and bool(item.doc_version))


def _state(item: SignOff, signature: Signature | None) -> SignOffState:
    """Give the state that the latest of all acts leaves."""
    signed_ms = signature.at_ms if signature is not None else -1
    if signature is not None and any(each.at_ms >= signed_ms for each in item.revocations):
        return "revoked"
    current = (each for each in item.rejections if each.doc_version in ("", item.doc_version))
    if any(each.at_ms > signed_ms for each in current):
        return "rejected"
    if signature is None:
        return _by_stage(item.stage)
    if not _binds(signature, item):
        return "superseded"
    if item.stage in _TAKEN_BACK:  # a signature sets the stage itself: one that says otherwise was set later
        return _by_stage(item.stage)
    return "signed_with_comments" if signature.comments.strip() else "signed"


_TAKEN_BACK: Final = frozenset({"drafting", "issued", "commented", "rejected", "revoked"})


def _by_stage(stage: str) -> SignOffState:
    stages: dict[str, SignOffState] = {
        "signed": "signed", "signed_with_comments": "signed_with_comments", "rejected": "rejected",
        "superseded": "superseded", "revoked": "revoked",
    }  # fmt: skip
    return stages.get(stage, "unsigned")


def _binds(signature: Signature, item: SignOff) -> bool:
    """Say whether it was given for the document as it stands."""
    return signature.doc_version == item.doc_version and not _hash_moved(signature, item)


def _hash_moved(signature: Signature, item: SignOff) -> bool:
    return bool(signature.doc_hash and item.doc_hash) and signature.doc_hash != item.doc_hash


def _why(item: SignOff, signature: Signature | None, state: SignOffState) -> Iterable[Reason]:
    data: dict[str, Value] = {"version": item.doc_version}
    if signature is not None:
        data |= {
            "signed_version": signature.doc_version, "signer": signature.signer, "roles": sorted(signature.roles),
            "method": signature.method, "at_ms": signature.at_ms,
        }  # fmt: skip
    yield Reason("R14", f"sign_off_{state}", item.uid, "doc_version", item.doc_version, data)
    if signature is None:
        if state in _SIGNED_STAGES:
            yield Reason("R14", "signature_unbound", item.uid, "stage", item.stage, data)
        return
    if APPROVER not in signature.roles:
        yield Reason("R14", "signed_by_non_approver", item.uid, "contact", signature.signer, data)
    if signature.doc_version == item.doc_version and _hash_moved(signature, item):
        yield Reason("R14", "document_changed", item.uid, "doc_hash", item.doc_hash, data)
