"""What Zoho's answers stand for: one table of codes, used for whole calls and for single rows.

Source: Zoho CRM v8 documentation, status codes and the OpenAPI files of June 2025 and later [doc]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.base import Outcome
from connectors.http import Answer, Call
from mapping.errors import (
    AlreadyThere,
    AuthRefused,
    ConfigError,
    DubanError,
    NeedsOperator,
    OutcomeUnknown,
    PageMalformed,
    QuotaSpent,
    RecordBusy,
    RecordGone,
    RecordRefused,
    Stale,
    Transient,
)


class TokenStale(AuthRefused):
    """The access token is not accepted: renew it once and send again; a second time it is what its parent says."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code means.

    Args:
        error: for a whole call. A Transient becomes OutcomeUnknown on a write when ``maybe_done``.
        outcome: for one row of a write.
    """

    error: type[DubanError]
    outcome: Outcome
    maybe_done: bool = False


_TOKEN = Verdict(TokenStale, "transient")
_SCOPE = Verdict(AuthRefused, "refused")
_RIGHTS = Verdict(NeedsOperator, "refused")
_OUR_BUG = Verdict(NeedsOperator, "refused")
_CONFIG = Verdict(ConfigError, "refused")
_LISTING = Verdict(PageMalformed, "refused")
_ROW = Verdict(RecordRefused, "refused")
_BUSY = Verdict(RecordBusy, "busy")
_GONE = Verdict(RecordGone, "gone")
_FULL = Verdict(NeedsOperator, "busy")
_RATE = Verdict(Transient, "transient")
_OUTAGE = Verdict(Transient, "unknown", maybe_done=True)

CODES: Final[Mapping[str, Verdict]] = {
    # tokens and rights
    "INVALID_TOKEN": _TOKEN,
    "AUTHENTICATION_FAILURE": _TOKEN,
    "OAUTH_SCOPE_MISMATCH": _SCOPE,
    "NO_PERMISSION": _RIGHTS,
    "AUTHORIZATION_FAILED": _RIGHTS,
    # calls that can never work as they were made
    "INVALID_URL_PATTERN": _OUR_BUG,
    "INVALID_REQUEST_METHOD": _OUR_BUG,
    "INVALID_MODULE": _CONFIG,
    "REQUIRED_PARAM_MISSING": _OUR_BUG,
    "EXPECTED_PARAM_MISSING": _OUR_BUG,
    "INVALID_QUERY": _OUR_BUG,
    "SYNTAX_ERROR": _OUR_BUG,
    "INVALID_ALIAS": _OUR_BUG,
    "DUPLICATE_ALIAS": _OUR_BUG,
    "AMBIGUITY_DURING_PROCESSING": _OUR_BUG,
    "API_NOT_SUPPORTED": _RIGHTS,
    "VERSION_NOT_SUPPORTED": _RIGHTS,
    "NOT_SUPPORTED": _RIGHTS,
    "FEATURE_NOT_SUPPORTED": _RIGHTS,
    # listings that must be started again
    "DISCRETE_PAGINATION_LIMIT_EXCEEDED": _LISTING,
    "PAGINATION_LIMIT_EXCEEDED": _LISTING,
    "TOKEN_BOUND_DATA_MISMATCH": _LISTING,
    "EXPIRED_VALUE": _LISTING,
    # rows
    "MANDATORY_NOT_FOUND": _ROW,
    "EXPECTED_FIELD_MISSING": _ROW,
    "REQUIRED_DATA_NOT_FOUND": _ROW,
    "INVALID_DATA": _ROW,
    "DEPENDENT_FIELD_MISSING": _ROW,
    "DEPENDENT_MISMATCH": _ROW,
    "MAPPING_MISMATCH": _ROW,
    "MULTIPLE_OR_MULTI_ERRORS": _ROW,
    "CONVERTED_RECORD": _ROW,
    "ID_ALREADY_CONVERTED": _ROW,
    "CANNOT_PERFORM_ACTION": _ROW,
    "NOT_ALLOWED": _ROW,
    "DUPLICATE_DATA": Verdict(AlreadyThere, "duplicate"),
    "RECORD_LOCKED": _BUSY,
    "RECORD_IN_BLUEPRINT": _BUSY,
    "NOT_APPROVED": _BUSY,
    "RECORD_NOT_FOUND": _GONE,
    "NO_RECORDS_FOUND": _GONE,
    "NOT_FOUND": _GONE,
    "RESOURCE_NOT_FOUND": _GONE,
    "NOT_SUBSCRIBED": _GONE,
    "ALREADY_MODIFIED": Verdict(Stale, "stale"),
    # quotas
    "LIMIT_EXCEEDED": _OUR_BUG,
    "LIMIT_REACHED": _OUR_BUG,
    "LICENSE_LIMIT_EXCEEDED": _FULL,
    "STORAGE_SPACE_EXCEEDED": _FULL,
    "TOO_MANY_REQUESTS": _RATE,
    "RATE_LIMIT_EXCEEDED": _RATE,
    # outages
    "INTERNAL_ERROR": _OUTAGE,
    "INTERNAL_SERVER_ERROR": _OUTAGE,
    "SERVICE_UNAVAILABLE": _OUTAGE,
    "REQUEST_TIMEOUT": _OUTAGE,
    "DEPENDENT_SERVICE_ERROR": _OUTAGE,
}

TOKEN_BODIES: Final[Mapping[str, tuple[type[DubanError], str, str]]] = {
    "invalid_code": (
        AuthRefused,
        "the token is wrong, used, expired, revoked, or of another data centre",
        "令牌无效、已用、过期、被吊销，或属于其他数据中心",
    ),
    "invalid_client": (AuthRefused, "the client is unknown at this data centre", "该数据中心没有此客户端"),
    "invalid_client_secret": (AuthRefused, "the client secret is wrong", "客户端密钥错误"),
    "Access Denied": (
        Transient,
        "too many token requests; asking again extends the block",
        "令牌请求过多，继续请求会延长封锁",
    ),
}
"""``error`` of a token answer -> class and words. Judged by the body, never by the status.

Source: Zoho accounts documentation, Refresh access token [doc]; bodies recorded in public issue reports [seen]
"""
THROTTLE_S: Final = 600.0

COQL_REFUSALS: Final = frozenset(
    {"SYNTAX_ERROR", "INVALID_QUERY", "INVALID_ALIAS", "DUPLICATE_ALIAS", "LIMIT_EXCEEDED", "OAUTH_SCOPE_MISMATCH",
     "NO_PERMISSION", "AUTHORIZATION_FAILED", "API_NOT_SUPPORTED", "NOT_SUPPORTED", "FEATURE_NOT_SUPPORTED",
     "INVALID_URL_PATTERN"}
)  # fmt: skip
"""Codes after which a module is listed instead of queried, for the rest of this process."""
RESTARTS: Final = frozenset({"TOKEN_BOUND_DATA_MISMATCH", "EXPIRED_VALUE", "DISCRETE_PAGINATION_LIMIT_EXCEEDED"})
"""Codes after which a listing starts again from its first page."""
CREDITS_LEFT: Final = "x-api-credits-remaining"
QUOTA_REST_S: Final = 900.0
"""Credits come back over a rolling day: look again this often."""

_ROW_STATUSES: Final = frozenset({200, 201, 202, 207, 400, 412})
_LIST_KEYS: Final = ("data", "tags", "watch", "fields", "modules", "users", "org")
_SHOWN_DETAILS: Final = (
    "api_name",
    "json_path",
    "expected_data_type",
    "maximum_length",
    "param_name",
    "reason",
    "limit",
)


def code_of(body: Any) -> str | None:
    """Give the code of a body that refuses a whole call; None when it is a list of rows or not an error."""
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        return None
    return None if body.get("status") == "success" else str(body["code"])


def has_rows(body: Any) -> bool:
    """Say whether the body carries rows that must be judged one by one."""
    return isinstance(body, dict) and any(isinstance(body.get(key), list) for key in _LIST_KEYS)


def row_code(row: Any) -> str | None:
    """Give the code of a failed row; None for a row that succeeded."""
    if not isinstance(row, dict):
        return "NOT_A_ROW"
    if row.get("status") == "success" or (row.get("code") == "SUCCESS" and row.get("status") != "error"):
        return None
    return str(row.get("code") or "NO_CODE")


def explain(node: Any) -> str:
    """Give the vendor's own words for a failure, with the field they concern; never a record's content."""
    if not isinstance(node, dict):
        return ""
    details = _details(node)
    shown = [f"{key}={str(details[key])[:60]}" for key in _SHOWN_DETAILS if isinstance(details.get(key), str | int)]
    return " ".join([str(node.get("message") or "")[:120], *shown]).strip()


def classify(call: Call, answer: Answer) -> DubanError | None:
    """Give the error that a whole answer stands for (the hook of ``connectors.http``)."""
    if answer.status < 400 and code_of(answer.body) is None:
        return None
    if has_rows(answer.body) and call.kind == "write" and answer.status in _ROW_STATUSES:
        return None
    node = _refusal(answer.body)
    code = code_of(node)
    if answer.status == 429 or CODES.get(code or "", _ROW) is _RATE:
        return _rate_error(answer, code)
    if code is None or (code not in CODES and answer.status >= 500):
        return None if answer.status >= 500 or answer.status == 401 else _bare_status(answer.status)
    return make_error(code, explain(node), write=call.kind == "write", details=_details(node))


def make_error(code: str, message: str, *, write: bool, details: Mapping[str, Any] | None = None) -> DubanError:
    """Give the error of a code for a whole call; an unknown code stops the connection and is named."""
    verdict = CODES.get(code, _OUR_BUG)
    text = message or code.lower().replace("_", " ")
    if verdict.error is AlreadyThere:
        return AlreadyThere(text, code=code, existing_id=existing_id(details or {}))
    kind = OutcomeUnknown if write and verdict.maybe_done else verdict.error
    step, step_zh = _next_step(kind, code)
    return kind(text, code=code, next_step=step, next_step_zh=step_zh)


def outcome_of(code: str, details: Mapping[str, Any], remote_id: str | None) -> Outcome:
    """Give what became of one row that failed with *code*; an unknown code refuses the row."""
    if code == "INVALID_DATA" and remote_id is not None and _names_the_record(details, remote_id):
        return "gone"
    return CODES.get(code, _ROW).outcome


def existing_id(details: Mapping[str, Any]) -> str | None:
    """Give the id of the record that already holds a unique value, from either place it is told in."""
    holder = details.get("duplicate_record")
    found = holder.get("id") if isinstance(holder, dict) else details.get("id")
    return str(found) if found else None


def outcome_of_error(error: DubanError) -> Outcome:
    """Give the outcome of every row of a call that failed as a whole."""
    table: tuple[tuple[type[DubanError], Outcome], ...] = (
        (RecordGone, "gone"),
        (RecordBusy, "busy"),
        (AlreadyThere, "duplicate"),
        (RecordRefused, "refused"),
        (Stale, "stale"),
        (Transient, "transient"),
        (OutcomeUnknown, "unknown"),
        (NeedsOperator, "busy"),
    )
    return next((outcome for kind, outcome in table if isinstance(error, kind)), "refused")


def _names_the_record(details: Mapping[str, Any], remote_id: str) -> bool:
    """Say whether INVALID_DATA speaks of the record's own id: then there is no such record."""
    if details.get("api_name") not in (None, "id"):
        return False
    path = str(details.get("json_path") or "")
    named = str(details.get("id") or "") == remote_id
    return named or details.get("api_name") == "id" or path.endswith(".id") or "resource_path_index" in details


def _refusal(body: Any) -> Any:
    """Give the object that carries the code; some answers wrap it in a list of one row."""
    if isinstance(body, dict):
        for key in _LIST_KEYS:
            rows = body.get(key)
            if isinstance(rows, list) and rows and code_of(rows[0]) is not None:
                return rows[0]
    return body


def _details(node: Any) -> Mapping[str, Any]:
    details = node.get("details") if isinstance(node, dict) else None
    return details if isinstance(details, dict) else {}


def _rate_error(answer: Answer, code: str | None) -> Transient:
    if str(answer.headers.get(CREDITS_LEFT, "")).strip() == "0":
        return QuotaSpent(
            "the credits of the day are used up", zh="当日 API 额度已用完", code=code, retry_after_s=QUOTA_REST_S
        )
    return Transient("too many calls at once or today", zh="调用过于频繁或额度不足", code=code)


def _bare_status(status: int) -> DubanError:
    if status == 412:
        return Stale("the record was modified after the time given", zh="记录已被他人修改")
    return NeedsOperator(f"the remote answered {status} without a code", zh=f"对方答复 {status}，没有代码")


def _next_step(kind: type[DubanError], code: str) -> tuple[str | None, str | None]:
    if code == "OAUTH_SCOPE_MISMATCH":
        return (
            "make a grant code with all scopes of the docs, then: duban auth zoho",
            "用文档列出的全部权限生成授权码，再执行 duban auth zoho",
        )
    if issubclass(kind, AuthRefused):
        return "run: duban auth zoho", "请执行 duban auth zoho"
    if code in ("NO_PERMISSION", "AUTHORIZATION_FAILED"):
        return "give the profile of the integration user this right", "请为集成用户的角色开通该权限"
    if code not in CODES:
        return (
            "duban does not know this code: look it up in Zoho's list of codes",
            "duban 不认识此代码：请查阅 Zoho 的错误码表",
        )
    return None, None
