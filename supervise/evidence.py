"""What a project's own records say for or against its being accepted or closed (R10.5, R14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from store.hub import HubRow
from store.tx import Tx
from supervise.cases import Setting
from supervise.closing import closure_gate
from supervise.lifecycle import Proof
from supervise.material import Material, bare_materials
from supervise.papers import acceptance, closure_case

CHUNK: Final = 50
"""Projects whose records are in memory at once."""


def proofs(tx: Tx, projects: Sequence[HubRow], setting: Setting) -> dict[str, Proof]:
    """Give by project which mandatory acceptances are not in force and what keeps it from being closed."""
    chunks = (projects[start : start + CHUNK] for start in range(0, len(projects), CHUNK))
    return {each.project.uid: _proof(each) for chunk in chunks for each in bare_materials(tx, chunk, setting)}


def _proof(material: Material) -> Proof:
    accepted = acceptance(material)
    missing = tuple(view.uid for view in accepted if view.mandatory and not view.in_force)
    return Proof(open_acceptance=missing, gate=closure_gate(closure_case(material, accepted)))
