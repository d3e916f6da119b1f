"""What kind a task is, and whether somebody said so."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.kinds import KINDS, kind_of, tags_of, title_marks


@pytest.mark.parametrize(
    ("task", "kind", "inferred"),
    [
        ({"kind": "risk", "title": "【验收】门户"}, "risk", False),  # naive: the title wins over the field
        ({"kind": "milestone", "tags": ["survey"]}, "milestone", False),
        ({"kind": "sonstiges", "title": "【验收】门户"}, "acceptance", True),
        ({"kind": "", "tags": ["urgent", "Sign-Off"]}, "sign_off", True),
        ({"record_type": "变更请求", "tags": ["risk"]}, "change_request", True),
        ({"tags": "急;里程碑", "title": "[risk] x"}, "milestone", True),
        ({"tags": ["急"], "title": "[Risk] x"}, "risk", True),
        ({"title": "【客户】【验收】门户"}, "acceptance", True),  # naive: only the first bracket is looked at
        ({"title": "［签字确认］ 需求规格书"}, "sign_off", True),
        ({"title": "[deliverable_review] 设计稿"}, "deliverable_review", True),
        ({"title": "[CR] 增加报表"}, "change_request", True),
        ({"title": "验收准备会"}, "action", True),  # naive: the word anywhere in the title makes it an acceptance
        ({"title": "准备【验收】材料"}, "action", True),
        ({"title": "【客户"}, "action", True),
        ({"title": None, "tags": None}, "action", True),
        ({}, "action", True),
    ],
)
def test_the_kind_of_a_task(task: dict[str, Any], kind: str, inferred: bool) -> None:
    assert kind_of(task) == (kind, inferred)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_by_its_own_code_as_field_tag_and_mark(kind: str) -> None:
    assert kind_of({"kind": kind}) == (kind, False)
    assert kind_of({"tags": [kind]}) == (kind, True)
    assert kind_of({"title": f"[{kind}] x"}) == (kind, True)


def test_marks_and_tags_are_read_as_people_write_them() -> None:
    assert title_marks("【客户】 [Sign-off] 需求 [v2]") == ("客户", "Sign-off")
    assert title_marks(7) == ()
    assert tags_of(" a ; b，c, ") == ("a", "b", "c")
    assert tags_of([" a "]) == ("a",)
    assert tags_of(None) == ()
