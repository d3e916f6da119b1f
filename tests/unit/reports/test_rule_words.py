"""Every word the rules say has its Chinese and its English."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from mapping.kinds import KINDS
from mapping.records import LIFECYCLES, TASK_STATUSES
from mapping.stages import STAGES
from reports.rule_words import RULE_WORDS
from reports.wording import WORDS, say
from supervise.change import ChangeRequest, gate
from supervise.closing import ClosureCase, closure_gate
from supervise.engagement import WEIGHTS
from supervise.health import SignalCode
from supervise.lifecycle import Confidence
from supervise.readiness import FlagCode
from supervise.satisfaction import SCALES, Change
from supervise.signing import Document, SignOffState

ROOM = Path(__file__).parents[3] / "supervise"
_RECONCILED = re.compile(r'[Rr]eason\((?:case, )?"R10[.0-9]*", "([a-z_]+)"')
PAPER_FLAGS = (
    "signed_by_non_approver", "signature_unbound", "document_changed", "acceptance_unbound", "deemed_unproven",
    "deemed_calendar_provisional", "decision_ageing", "unauthorised_change", "approved_incomplete",
)  # fmt: skip
RULES = ("signing", "closing", "change", "risk", "satisfaction", "readiness", "health", "engagement")
_SAID = re.compile(
    r'(?:Reason\("R[0-9a-z.H]+",|_signal\(\s*(?:"H[0-9]"|code),[^"\n]*(?:"[a-z]+"[^"\n]*)??) "([a-z_]+)"'
)


@pytest.mark.parametrize("code", sorted(RULE_WORDS))
def test_both_languages_say_it_with_the_same_figures(code: str) -> None:
    chinese, english = RULE_WORDS[code]
    assert chinese
    assert english
    fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (chinese, english)]
    assert fields[0] == fields[1]


def test_every_reason_of_the_rules_has_words() -> None:
    said = {code for name in RULES for code in _SAID.findall((ROOM / f"{name}.py").read_text(encoding="utf-8"))}
    assert len(said) > 30
    quiet = {"no_due", "green", "yellow", "red"}  # the first stands in a list that says it, the others are levels
    assert {f"why.{code}" for code in said - quiet} <= set(WORDS)


def test_every_code_of_the_rules_has_words() -> None:
    wanted = [
        *(f"kind.{kind}" for kind in KINDS),
        *(f"stage.{stage}" for stages in STAGES.values() for stage in stages),
        *(f"why.sign_off_{state}" for state in get_args(SignOffState)),
        *(f"document.{name}" for name in get_args(Document)),
        *(f"missing.{name}" for name in gate(ChangeRequest(uid=""))),
        *(f"measure.{name}" for name in SCALES),
        *(f"change.{name}" for name in get_args(Change)),
        *(f"flag.{name}" for name in get_args(FlagCode)),
        *(f"flag.{name}" for name in PAPER_FLAGS),
        *(f"status.{name}" for name in TASK_STATUSES),
        *(f"lifecycle.{name}" for name in LIFECYCLES),
        *(f"confidence.{name}" for name in get_args(Confidence)),
        *(f"part.{name}" for name in WEIGHTS),
        *(f"signal.{name}" for name in get_args(SignalCode)),
        *(f"step.{item.next_step}" for item in closure_gate(ClosureCase(uid="")).open),
    ]
    assert [code for code in wanted if code not in WORDS] == []


def test_every_reason_of_a_reconciled_status_has_words() -> None:
    said = set(_RECONCILED.findall((ROOM / "lifecycle.py").read_text(encoding="utf-8")))
    assert len(said) > 8
    assert {f"why.{code}" for code in said} <= set(WORDS)


@pytest.mark.parametrize("word", ["拖延", "拖欠", "failed", "fault", "refus"])
def test_nothing_blames_anybody(word: str) -> None:
    assert [code for code, both in RULE_WORDS.items() if word in "".join(both)] == []


def test_words_take_the_figures_of_a_reason() -> None:
    assert say("zh", "why.risk_review_overdue", days=1, score=16) == "复核已过期 1 个工作日"
