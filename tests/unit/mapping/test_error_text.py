"""The one line a person reads of an error."""

from __future__ import annotations

import pytest

from mapping.errors import QuotaSpent, Transient


@pytest.mark.parametrize(
    ("error", "english", "chinese"),
    [
        (Transient("busy", zh="忙", retry_after_s=3600), "busy → again in 60 min", "忙 → 约 60 分钟后再试"),
        (QuotaSpent("spent", zh="用完", retry_after_s=61), "spent → again in 2 min", "用完 → 约 2 分钟后再试"),
        (Transient("busy", zh="忙", retry_after_s=5), "busy", "忙"),
        (Transient("busy", zh="忙"), "busy", "忙"),
        (Transient("x", zh="乙", retry_after_s=99, next_step="do", next_step_zh="做"), "x → do", "乙 → 做"),
    ],
)
def test_a_wait_of_minutes_is_said_where_no_other_step_is(error: Transient, english: str, chinese: str) -> None:
    assert error.text("en") == english
    assert error.text("zh") == chinese
