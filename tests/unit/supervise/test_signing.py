"""R14: which signatures are in force, for which version."""

from __future__ import annotations

from typing import Any

import pytest

from supervise.signing import (
    Rejection,
    Revocation,
    Signature,
    SignOff,
    SignOffView,
    charter_in_force,
    document_of,
    signed_of,
    view_sign_off,
)


def signature(at_ms: int = 10, version: str = "v1", **more: Any) -> Signature:
    return Signature(
        **{"signer": "c1", "roles": ("approver",), "method": "ink", "at_ms": at_ms, "doc_version": version, **more}
    )


def view(version: str = "v1", doc_hash: str = "", **item: Any) -> SignOffView:
    named = {"uid": "s1", "title": "项目章程", "doc_version": version, "doc_hash": doc_hash, **item}
    return view_sign_off(SignOff(**named))


@pytest.mark.parametrize(
    ("item", "state", "in_force", "wants", "flags"),
    [
        ({}, "unsigned", False, "sign", ()),
        ({"signatures": [signature()]}, "signed", True, "", ()),
        ({"signatures": [signature(comments="改第3条")]}, "signed_with_comments", True, "", ()),
        ({"version": "v2", "signatures": [signature()]}, "superseded", False, "re_sign", ()),  # naive: still signed
        ({"version": "v2", "signatures": [signature(), signature(20, "v2")]}, "signed", True, "", ()),
        ({"version": "v2", "signatures": [signature(20, "v2"), signature()]}, "signed", True, "", ()),
        ({"doc_hash": "bb", "signatures": [signature(doc_hash="aa")]}, "superseded", False, "re_sign",
         ("document_changed",)),  # naive: the version label is the same
        ({"doc_hash": "bb", "signatures": [signature(doc_hash="bb")]}, "signed", True, "", ()),
        ({"stage": "revoked", "signatures": [signature()]}, "revoked", False, "", ()),  # taken back, in a CRM
        ({"stage": "issued", "signatures": [signature()]}, "unsigned", False, "sign", ()),
        ({"stage": "rejected", "signatures": [signature()]}, "rejected", False, "", ()),
        ({"stage": "drafting", "version": "v2", "signatures": [signature()]}, "superseded", False, "re_sign", ()),
        ({"doc_hash": "bb", "signatures": [signature()]}, "signed", True, "", ()),
        ({"signatures": [signature(roles=("coordinator",))]}, "signed", False, "sign", ("signed_by_non_approver",)),
        ({"signatures": [signature(roles=())]}, "signed", False, "sign", ("signed_by_non_approver",)),
        ({"signatures": [signature()], "revocations": [Revocation(by="c1", at_ms=11)]}, "revoked", False, "", ()),
        ({"signatures": [signature(), signature(20)], "revocations": [Revocation(by="c1", at_ms=11)]}, "signed", True,
         "", ()),
        ({"revocations": [Revocation(by="c1", at_ms=11)]}, "unsigned", False, "sign", ()),
        ({"rejections": [Rejection(signer="c1", at_ms=5, doc_version="v1")]}, "rejected", False, "", ()),
        ({"version": "v2", "rejections": [Rejection(signer="c1", at_ms=5, doc_version="v1")]}, "unsigned", False,
         "sign", ()),  # naive: the new version is born rejected
        ({"rejections": [Rejection(signer="c1", at_ms=5)], "signatures": [signature()]}, "signed", True, "", ()),
        ({"rejections": [Rejection(signer="c1", at_ms=15)], "signatures": [signature()]}, "rejected", False, "", ()),
        ({"stage": "signed"}, "signed", False, "", ("signature_unbound",)),  # a status binds no version
        ({"version": "", "stage": "signed"}, "signed", True, "", ("signature_unbound",)),
        ({"stage": "rejected"}, "rejected", False, "", ()),
        ({"stage": "superseded"}, "superseded", False, "re_sign", ()),
        ({"stage": "issued"}, "unsigned", False, "sign", ()),
    ],
)  # fmt: skip
def test_what_a_signature_is_worth(
    item: dict[str, Any], state: str, in_force: bool, wants: str, flags: tuple[str, ...]
) -> None:
    found = view(**item)
    assert (found.state, found.in_force, found.wants, found.flags) == (state, in_force, wants, flags)
    assert found.reasons[0].code == f"sign_off_{state}"


def test_the_evidence_names_version_signer_role_and_method() -> None:
    found = view("v2", signatures=[signature()])
    assert found.signature == signature()
    assert found.reasons[0].data == {
        "version": "v2", "signed_version": "v1", "signer": "c1", "roles": ["approver"], "method": "ink", "at_ms": 10,
    }  # fmt: skip


def test_signed_and_then_changed_counts_as_one_of_three() -> None:
    views = [
        view("v2", signatures=[signature()]),
        view(uid="s2", title="范围", signatures=[signature()]),
        view(uid="s3", title="验收标准"),
        view(uid="s4", title="会议记录", mandatory=False, signatures=[signature()]),
    ]
    assert signed_of(views) == (1, 3)
    assert not charter_in_force(views)
    assert charter_in_force([view(signatures=[signature()])])
    assert not charter_in_force([view(title="范围说明", signatures=[signature()])])


@pytest.mark.parametrize(
    ("title", "document"),
    [
        ("【签字】项目章程 v2", "charter"), ("Project Charter", "charter"), ("Statement of Work", "scope"),
        ("需求规格书 v2", "scope"), ("验收标准及范围", "criteria"), ("基线计划", "plan"), ("Project plan", "plan"),
        ("会议记录", "other"), ("", "other"),
    ],
)  # fmt: skip
def test_which_expectation_a_document_sets_down(title: str, document: str) -> None:
    assert document_of(title) == document
