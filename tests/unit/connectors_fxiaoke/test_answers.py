"""Every answer code of the service is asked for its class, after a read and after a write."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.fxiaoke import answers
from connectors.http import Answer, Call
from mapping.errors import (
    AlreadyThere,
    AuthRefused,
    DubanError,
    NeedsOperator,
    OutcomeUnknown,
    PageMalformed,
    QuotaSpent,
    RecordBusy,
    RecordGone,
    RecordRefused,
    Transient,
)

STOP = (NeedsOperator, NeedsOperator)
AUTH = (AuthRefused, AuthRefused)
CONTENT = (NeedsOperator, RecordRefused)
SYSTEM = (Transient, OutcomeUnknown)

DOCUMENTED: dict[int, tuple[type[DubanError], type[DubanError]]] = {
    -1: SYSTEM,
    -2: SYSTEM,
    10001: STOP, 10002: STOP, 10003: STOP, 10004: STOP, 10005: STOP, 10006: STOP, 10007: STOP, 10008: STOP,
    10009: STOP, 10010: STOP, 10011: STOP, 10012: STOP, 10013: STOP, 10014: STOP, 10015: STOP,
    11001: STOP, 11002: STOP, 11003: STOP, 11004: STOP, 11005: STOP, 11006: STOP, 11007: STOP, 11008: STOP,
    11009: STOP, 11010: STOP, 11011: STOP, 11012: STOP, 11013: STOP, 11014: AUTH, 11015: STOP, 11016: CONTENT,
    11017: CONTENT, 11018: STOP,
    12002: AUTH, 12003: CONTENT, 12004: CONTENT, 12005: CONTENT,
    14001: (Transient, Transient),
    15002: CONTENT, 15003: STOP,
    20005: AUTH, 20006: AUTH, 20012: CONTENT, 20014: CONTENT, 20015: AUTH, 20016: AUTH, 20017: AUTH,
    20020: STOP, 20021: STOP, 20022: STOP, 20023: CONTENT,
    30002: (QuotaSpent, QuotaSpent), 30003: STOP, 30004: (Transient, Transient),
    30007: CONTENT, 30027: CONTENT, 32000: CONTENT,
    50009: SYSTEM,
}  # fmt: skip


def asked(kind: str, body: Any, status: int = 200, extra: dict[int, Any] | None = None) -> DubanError | None:
    call = Call(method="POST", url="https://crm.example/x", kind=kind)  # type: ignore[arg-type]
    answer = Answer(status=status, headers={}, body=body, text_kind="json", server_ms=None, elapsed_s=0.0)
    return answers.classify(call, answer, extra or {}, quota_wait_s=3600.0)


@pytest.mark.parametrize("code", sorted(DOCUMENTED))
@pytest.mark.parametrize("kind", ["read", "write"])
def test_documented_code_has_its_class(code: int, kind: str) -> None:
    error = asked(kind, {"errorCode": code, "errorMessage": "words"})
    assert type(error) is DOCUMENTED[code][kind == "write"]
    assert error.code == str(code)


def test_the_table_holds_exactly_the_documented_codes() -> None:
    assert set(answers.TABLE) == set(DOCUMENTED)


@pytest.mark.parametrize("code", [0, "0"])
def test_zero_is_success_as_number_and_as_text(code: Any) -> None:
    assert asked("write", {"errorCode": code}) is None


@pytest.mark.parametrize("code", [14001, 30004])
def test_a_spent_window_waits_for_the_window(code: int) -> None:
    error = asked("write", {"errorCode": code})
    assert isinstance(error, Transient)
    assert error.retry_after_s == 20


def test_a_spent_day_waits_until_midnight() -> None:
    error = asked("read", {"errorCode": 30002})
    assert isinstance(error, QuotaSpent)
    assert error.retry_after_s == 3600


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (50009, "不能进行[编辑]操作，以下这些数据已被锁定。", RecordBusy),
        (50009, "duplicate key while saving", OutcomeUnknown),
        (50009, "service exception", OutcomeUnknown),
        (32000, "数据[x]不存在或已删除", RecordGone),
        (32000, "存在重复数据", AlreadyThere),
        (32000, "java.lang.NullPointerException", RecordRefused),
        (31999, "查重规则", AlreadyThere),
        (31999, "无此操作的数据权限", NeedsOperator),
        (31999, "字段[名称]必填", RecordRefused),
    ],
)
def test_words_decide_only_for_vague_codes_of_writes(code: int, text: str, kind: type[DubanError]) -> None:
    assert type(asked("write", {"errorCode": code, "errorMessage": text})) is kind


def test_words_never_turn_a_clear_code() -> None:
    assert type(asked("write", {"errorCode": 20016, "errorMessage": "重复"})) is AuthRefused


@pytest.mark.parametrize(("text", "kind"), [("whatever", PageMalformed), ("没有查看列表权限", NeedsOperator)])
def test_undocumented_code_after_a_read_uses_nothing(text: str, kind: type[DubanError]) -> None:
    assert type(asked("read", {"errorCode": 99999, "errorMessage": text})) is kind


@pytest.mark.parametrize("body", [None, [], {}, {"errorCode": "x"}, {"errorCode": True}, {"errorCode": None}])
def test_answer_without_a_code_is_never_a_success(body: Any) -> None:
    assert type(asked("read", body)) is PageMalformed
    assert type(asked("write", body)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [(403, NeedsOperator, NeedsOperator), (400, Transient, OutcomeUnknown), (404, Transient, OutcomeUnknown)],
)
def test_gateway_refusals_are_judged_by_status(status: int, read: type[DubanError], write: type[DubanError]) -> None:
    assert type(asked("read", {}, status)) is read
    assert type(asked("write", {}, status)) is write


@pytest.mark.parametrize("status", [401, 429, 500, 502])
def test_statuses_that_the_way_out_knows_are_left_to_it(status: int) -> None:
    assert asked("write", {"errorCode": 1}, status) is None


@pytest.mark.parametrize(("meant", "kind"), [("busy", RecordBusy), ("transient", Transient), ("window", Transient)])
def test_configured_codes_win(meant: str, kind: type[DubanError]) -> None:
    assert type(asked("write", {"errorCode": 50009, "errorMessage": "x"}, extra={50009: meant})) is kind


def test_long_words_of_the_vendor_are_cut() -> None:
    error = asked("write", {"errorCode": 32000, "errorMessage": "长" * 500, "errorDescription": "more"})
    assert error is not None
    assert len(error.message) < 200
