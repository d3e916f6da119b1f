"""Reconciles a chunk of projects and gives the listed form; reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from store import claims as claim_rows
from store import hub, reviews
from store.hub import HubRow
from store.reviews import Review
from store.tx import Tx
from supervise.cases import MEMORY, Claims, Setting, lifecycle_cases, remembered, sources_of
from supervise.judging import ProjectTally, name_of
from supervise.lifecycle import CLAIMED, QUIET, LifecycleVerdict, Proof, reconcile
from supervise.report import ClaimView, ProjectItem

_PROVEN: Final = frozenset({"accepted", "closed"})
"""Ends that a project's own records must bear out."""
Key = tuple[str, str]
"""A project's uid and a claimed field."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One project with the verdict on each claimed field.

    Args:
        asked: the reviews that are open or just answered on those fields.
    """

    row: HubRow
    verdicts: Mapping[str, LifecycleVerdict]
    claims: Sequence[claim_rows.Claim]
    asked: Sequence[Review] = ()

    @property
    def memory(self) -> dict[str, Any]:
        """Give what is to be remembered of this reconciliation."""
        return {
            name: {
                "agreed": verdict.computed,
                "shown": verdict.value,
                "heard": {connection: list(word) for connection, word in sorted(verdict.heard.items())},
            }
            for name, verdict in self.verdicts.items()
            if verdict.heard or verdict.value is not None
        }

    @property
    def remembered(self) -> dict[str, Any]:
        """Give what is remembered of the last one."""
        kept: dict[str, Any] = self.row.meta.get(MEMORY, {})
        return kept

    @property
    def apart(self) -> bool:
        """Say whether a reader must be told of it: the sides do not agree, or a person is asked."""
        verdict = self.verdicts["lifecycle"]
        return verdict.disagree or verdict.needs_person

    @property
    def unproven(self) -> bool:
        """Say whether a claimed end waits for its proof, which time may bring."""
        return self.verdicts["lifecycle"].outcome in {"acceptance_evidence_missing", "closure_gate_open"}

    def sides(self, name: str) -> dict[str, Any]:
        """Give what each source says about that field."""
        return {claim.connection: claim.value for claim in self.claims if claim.field == name}


def reconcile_projects(tx: Tx, rows: Sequence[HubRow], setting: Setting) -> list[Reconciled]:
    """Reconcile the claimed fields of those projects at the setting's moment."""
    claims = claim_rows.of(tx, "project", [row.uid for row in rows])
    asked = _asked(tx, rows)
    cases = lifecycle_cases(tx, rows, setting, claims, _answers(asked, claims), _proofs(tx, rows, setting, claims))
    return [
        Reconciled(
            row,
            {name: reconcile(cases[row.uid, name]) for name in CLAIMED},
            claims.get(row.uid, ()),
            asked.get(row.uid, ()),
        )
        for row in rows
    ]


def _proofs(tx: Tx, rows: Sequence[HubRow], setting: Setting, claims: Claims) -> dict[str, Proof]:
    """Read what their own records say of those projects of which a source claims an end that the hub has not.

    A project that stood nowhere yet takes what it is first said to be; nothing is read for it.
    """
    from supervise.evidence import proofs  # which reads projects, and so needs this module

    ended = [row for row in rows if any(_claims_end(claim, row) for claim in claims.get(row.uid, ()))]
    return proofs(tx, ended, setting) if ended else {}


def _claims_end(claim: claim_rows.Claim, row: HubRow) -> bool:
    shown = row.values.get("lifecycle")
    first = shown is None and remembered(row, "lifecycle") is None
    return claim.field == "lifecycle" and claim.value in _PROVEN and claim.value != shown and not first


def project_items(
    tx: Tx, reconciled: Sequence[Reconciled], setting: Setting, tallies: Mapping[str, ProjectTally]
) -> list[ProjectItem]:
    """Give the listed form of projects."""
    accounts = hub.read(
        tx, "account", sorted({str(each.row.values.get("account") or "") for each in reconciled} - {""})
    )
    sources = sources_of(tx, "project", [each.row.uid for each in reconciled])
    return [
        _item(each, accounts, sources.get(each.row.uid, ()), setting, tallies.get(each.row.uid) or ProjectTally())
        for each in reconciled
    ]


def _item(
    each: Reconciled, accounts: Mapping[str, HubRow], sources: Any, setting: Setting, tally: ProjectTally
) -> ProjectItem:
    row, verdict = each.row, each.verdicts["lifecycle"]
    stated = tuple(_claim(claim, setting) for claim in each.claims if claim.field == "lifecycle" and claim.value)
    return ProjectItem(
        uid=row.uid,
        name=name_of(row, "name"),
        code=name_of(row, "code"),
        account=name_of(accounts.get(str(row.values.get("account") or "")), "name"),
        pm=name_of(row, "pm"),
        lifecycle=name_of(row, "lifecycle") or None,
        computed=verdict.computed,
        outcome=verdict.outcome,
        confidence=verdict.confidence,
        disagree=verdict.disagree,
        needs_person=verdict.needs_person,
        claims={claim.connection: claim.value for claim in stated},
        statements=stated,
        flags=() if verdict.outcome in QUIET else (verdict.outcome,),
        client_open=tally.client_open,
        client_overdue=tally.client_overdue,
        ours_overdue=tally.ours_overdue,
        worst=tally.worst,
        health=name_of(row, "declared_health") or None,
        evidence=verdict.reasons,
        sources=sources,
    )


def _claim(claim: claim_rows.Claim, setting: Setting) -> ClaimView:
    return ClaimView(
        connection=claim.connection,
        value=str(claim.value),
        seen_ms=claim.seen_ms,
        remote_ms=claim.remote_ms,
        stale=claim.connection in setting.stale,
    )


def _asked(tx: Tx, rows: Sequence[HubRow]) -> dict[str, list[Review]]:
    found: dict[str, list[Review]] = {}
    for review in reviews.of_uids(tx, "project", [row.uid for row in rows]):
        if review.kind == "conflict" and review.field in CLAIMED:
            found.setdefault(review.uid, []).append(review)
    return found


def _answers(asked: Mapping[str, Sequence[Review]], claims: Claims) -> dict[Key, str]:
    """Give what people answered, as long as the sources still say what the person was shown."""
    found: dict[Key, str] = {}
    for uid, questions in asked.items():
        for review in questions:
            sides = {claim.connection: claim.value for claim in claims.get(uid, ()) if claim.field == review.field}
            value = _chosen(review, sides)
            if review.state == "resolved" and value and review.data.get("sides") == sides:
                found[uid, review.field] = value
    return found


def _chosen(review: Review, sides: Mapping[str, Any]) -> str | None:
    """Read the answer: a value, or the side whose value it takes."""
    answer = review.resolution or {}
    if "value" in answer:
        return str(answer["value"]) if answer["value"] else None
    side = answer.get("take") or answer.get("side")
    value = review.data.get("hub") if side == "hub" else sides.get(str(side))
    return str(value) if value else None
