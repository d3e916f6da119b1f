"""What a FxiaoKe answer means: one table from its code to an error of the house.

The HTTP status is 200 for almost everything; the truth stands in ``errorCode``. Two codes mean different things in
different places, so a code is judged together with the kind of call; the text is a hint and nothing more.
Source: FxiaoKe open platform code table and live answers with false credentials [doc, seen].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

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

CodeClass = Literal[
    "transient", "window", "quota", "auth", "operator", "refused", "busy", "gone", "duplicate", "unknown", "malformed"
]

WINDOW_WAIT_S: Final = 20.0
"""The vendor names no wait; its window is 20 s long."""

REFRESH_CODES: Final = frozenset({"20016", "20005", "11014"})
"""The access token is missing or expired: mint one anew, once."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for after a read, and after a write."""

    read: CodeClass
    write: CodeClass


STOP: Final = Meaning("operator", "operator")
AUTH: Final = Meaning("auth", "auth")
# About the content of one record when a write hears it; about our own request when a read does.
CONTENT: Final = Meaning("operator", "refused")
# Nobody says that a "system" error did nothing: after a write it has to be looked up. [assumed]
SYSTEM: Final = Meaning("transient", "unknown")

TABLE: Final[Mapping[int, Meaning]] = {
    -1: SYSTEM,
    -2: SYSTEM,
    **dict.fromkeys(range(10001, 10016), STOP),  # a missing parameter, a path that does not exist, an offset too far
    **dict.fromkeys(range(11001, 11019), STOP),  # an illegal parameter
    11014: AUTH,  # corpAccessToken
    11016: CONTENT,  # toUser of a message
    11017: CONTENT,  # type of a message
    12002: AUTH,  # login state
    12003: CONTENT,  # message type
    12004: CONTENT,  # empty body
    12005: CONTENT,  # empty text
    14001: Meaning("window", "window"),
    15002: CONTENT,
    15003: STOP,  # the app lacks the right
    20005: AUTH,
    20006: AUTH,  # appId or appSecret is wrong
    20012: CONTENT,  # no such employee: an owner when a write hears it
    20014: CONTENT,  # no right on this employee
    20015: AUTH,  # permanentCode is wrong
    20016: AUTH,
    20017: AUTH,  # no credentials at all
    20020: STOP,
    20021: STOP,  # the app is disabled
    20022: STOP,  # the company did not authorise it
    20023: CONTENT,  # no right on this department
    30002: Meaning("quota", "quota"),
    30003: STOP,  # no calls were bought
    30004: Meaning("window", "window"),
    30007: CONTENT,  # no such department
    30027: CONTENT,  # no such employee
    32000: CONTENT,
    50009: SYSTEM,  # a time-out inside, or a record that is locked: see _hinted
}
"""Every documented code. A write never repeats on a guess: what may have happened is ``unknown``."""

# Codes that the vendor uses for several things; only for these, and for undocumented ones, the text may decide.
VAGUE: Final = frozenset({32000, 15002, 50009})

HINTS: Final[tuple[tuple[CodeClass, tuple[str, ...]], ...]] = (
    ("busy", ("锁定", "is locked", "been locked")),
    ("duplicate", ("duplicate", "重复", "查重")),
    ("gone", ("数据不存在", "已作废", "已删除", "not found", "not exist", "record is invalid")),
    ("operator", ("权限", "permission")),
)
"""Words of refusals whose codes are published nowhere. [seen: lock, duplicate, rights; assumed: gone]"""

MESSAGE_CHARS: Final = 120


def classify(call: Call, answer: Answer, extra: Mapping[int, CodeClass], quota_wait_s: float) -> DubanError | None:
    """Give the error an answer stands for, None when it is a success.

    Args:
        extra: codes that the configuration classes; they win.
        quota_wait_s: seconds until the daily quota is new.
    """
    write = call.kind == "write"
    if answer.status >= 400:
        return _by_status(answer.status, write)
    body = answer.body if isinstance(answer.body, dict) else {}
    code = read_code(body)
    if code is None:
        return _unreadable(write)
    if code == 0:
        return None
    return error_of(meaning(code, read_text(body), write, extra), code, read_text(body), quota_wait_s)


def read_code(body: Mapping[str, Any]) -> int | None:
    """Give the answer's code; it arrives as a number or as text. None when there is none."""
    raw = body.get("errorCode")
    try:
        return None if isinstance(raw, bool) else int(str(raw))
    except ValueError:
        return None


def read_text(body: Mapping[str, Any]) -> str:
    """Give the vendor's own words."""
    return " ".join(str(body[name]) for name in ("errorMessage", "errorDescription") if body.get(name))


def meaning(code: int, text: str, write: bool, extra: Mapping[int, CodeClass]) -> CodeClass:
    """Give the class of a nonzero code.

    An undocumented code refuses the record after a write; after a read nothing of the answer is used.
    """
    if code in extra:
        return extra[code]
    known = TABLE.get(code)
    if write and (known is None or code in VAGUE):
        hinted = _hinted(text)
        # A locked record is the only thing that code 50009 is known to say beside "it may have happened".
        if hinted is not None and (code != 50009 or hinted == "busy"):
            return hinted
    if known is not None:
        return known.write if write else known.read
    return "refused" if write else (_hinted(text) if _hinted(text) == "operator" else None) or "malformed"


def error_of(meant: CodeClass, code: int, text: str, quota_wait_s: float = 0.0) -> DubanError:
    """Give the error of a class, with the vendor's code and a short form of its words."""
    said = text[:MESSAGE_CHARS] or "no words"
    where = {"code": str(code)}
    if meant == "window":
        return Transient(f"too many calls: {said}", zh="调用频率超限", retry_after_s=WINDOW_WAIT_S, **where)
    if meant == "quota":
        return QuotaSpent(f"daily calls used up: {said}", zh="当天调用次数已用完", retry_after_s=quota_wait_s, **where)
    kind, english, chinese = ERRORS[meant]
    step, step_zh = STEPS.get(meant, (None, None))
    return kind(f"{english}: {said}", zh=f"{chinese}：{said}", next_step=step, next_step_zh=step_zh, **where)


ERRORS: Final[Mapping[CodeClass, tuple[type[DubanError], str, str]]] = {
    "transient": (Transient, "the service has trouble now", "服务暂时异常"),
    "auth": (AuthRefused, "the credentials are refused", "凭据被拒绝"),
    "operator": (NeedsOperator, "the call is not allowed or not possible", "调用不被允许或无法完成"),
    "refused": (RecordRefused, "the record is refused", "记录被拒绝"),
    "busy": (RecordBusy, "the record is locked", "记录已锁定"),
    "gone": (RecordGone, "there is no such record", "记录不存在"),
    "duplicate": (AlreadyThere, "a duplicate rule refuses the record", "查重规则拒绝该记录"),
    "unknown": (OutcomeUnknown, "the write may have happened", "写入结果未知"),
    "malformed": (PageMalformed, "an undocumented answer; nothing of it is used", "未知答复，未使用"),
}


STEPS: Final[Mapping[CodeClass, tuple[str, str]]] = {
    "auth": (
        "check app_id, app_secret, permanent_code and the employee, then run: duban check --online",
        "请检查 app_id、app_secret、permanent_code 与所用员工，再执行 duban check --online",
    ),
    "operator": (
        "look the code up in the vendor's list, or ask the administrator of this application for the right",
        "请查阅厂商的错误码表，或请应用管理员开通权限",
    ),
    "malformed": (
        "look the code up in the vendor's list; `codes` of this connection can say what it means",
        "请查阅厂商的错误码表；可用该连接的 codes 说明其含义",
    ),
}
"""What a person can do, where it is more than to wait."""


def _hinted(text: str) -> CodeClass | None:
    low = text.lower()
    return next((meant for meant, words in HINTS if any(word in low for word in words)), None)


def _unreadable(write: bool) -> DubanError:
    if write:
        return OutcomeUnknown(
            "the answer carries no code; the write may have happened", zh="答复缺少错误码，写入结果未知"
        )
    return PageMalformed("the answer carries no code; nothing of it is used", zh="答复缺少错误码，未使用")


def _by_status(status: int, write: bool) -> DubanError | None:
    """Give the error of a gateway's refusal; None where the way out knows better (401, 429, 5xx)."""
    if status >= 500 or status in (401, 407, 429):
        return None
    if status == 403:
        return NeedsOperator("a gateway forbids the call (403)", zh="网关禁止该调用（403）")
    if write:
        return OutcomeUnknown(f"a gateway answered {status}; the write may have happened", zh=f"网关答复 {status}")
    return Transient(f"a gateway answered {status}", zh=f"网关答复 {status}")
