"""Every error code of the Open API with its text, and the two envelopes an answer comes in.

The numbers are the vendor's; which rule of the real service raises which number is known for a few only, so the
rules name a *reason* and one table gives the number. ``settings`` may move any reason to another number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Wire = dict[str, Any]

_MISSING: Final = (
    "appId", "appSecret", "appAccessToken", "code", "redirectUrl", "refreshToken", "state", "openUserId",
    "departmentId", "mobile", "userId", "permanentCode", "corpAccessToken", "corpId", "toUser",
)  # fmt: skip
_ILLEGAL: Final = (
    "appId", "appSecret", "appAccessToken", "code", "redirectUrl", "refreshToken", "state", "openUserId",
    "departmentId", "mobile", "permanentCode", "pageSize", "pageNumber", "corpAccessToken", "corpId", "toUser",
    "msgType", "content",
)  # fmt: skip

CATALOGUE: Final[Mapping[int, str]] = {
    0: "success",
    -1: "system busy",
    -2: "system error",
    **{10001 + place: f"the parameter {name} is missing" for place, name in enumerate(_MISSING)},
    **{11001 + place: f"the parameter {name} is illegal" for place, name in enumerate(_ILLEGAL)},
    12002: "login state is illegal",
    12003: "unsupported message type",
    12004: "the post body is empty",
    12005: "the text message is empty",
    14001: "interface call over limit",
    15002: "bad parameter",
    15003: "the app has no right to this interface",
    20005: "accessToken is missing or expired",
    20006: "appId or appSecret is wrong",
    20012: "openUserId is not found",
    20014: "the app has no right to this employee",
    20015: "permanentCode is wrong",
    20016: "the cropId,cropAccessToken or authorization is error",
    20017: "corpAccessToken为必填项，不能为空",
    20020: "the app has no right to this company",
    20021: "the app is disabled",
    20022: "the company did not authorise the app",
    20023: "the app has no right to this department",
    30002: "daily limit",
    30003: "no quota",
    30004: "frequency limit",
    30007: "department is not found",
    30027: "employee is not found",
    32000: "bad parameter",
    50009: "service exception",
}
"""Code -> text. Source: FxiaoKe Open API error table [doc]; the names of 10003-10011 and 11003-11018 not listed there
are [assumed]; the text of 20016 and 20017 are live answers [seen]."""

_ASSUMED: Final[Mapping[str, int]] = {
    "not_found": 32000,
    "bad_paging": 32000,
    "bad_query": 32000,
    "bad_body": 32000,
    "null_pointer": 32000,
    "validation": 32000,
    "duplicate": 32000,
    "state": 32000,
    "no_data_right": 32000,
    "unknown_object": 32000,
    "wrong_path": 32000,
    "no_actor": 10008,
    "token_limit": 14001,
    "team_object": 15002,
}
"""Reasons whose number no public source records [assumed]."""

REASONS: Final[Mapping[str, int]] = {
    **_ASSUMED,
    "app_secret": 10006,
    "unknown_path": 10006,
    "offset_range": 10013,
    "to_user_missing": 10015,
    "to_user_illegal": 11016,
    "message_type_missing": 11017,
    "message_type": 12003,
    "empty_post": 12004,
    "empty_text": 12005,
    "no_credentials": 20017,
    "token": 20016,
    "app_disabled": 20021,
    "not_authorised": 20022,
    "actor_unknown": 20012,
    "employee_unknown": 30027,
    "department_unknown": 30007,
    "daily": 30002,
    "no_quota": 30003,
    "window": 30004,
    "locked": 50009,
    "app_id_missing": 10001,
    "app_secret_missing": 10002,
    "code_missing": 10012,
    "app_wrong": 20006,
    "code_wrong": 20015,
    "token_missing": 20005,
    "token_illegal": 11014,
    "corp_illegal": 11015,
    "busy": -1,
}
"""Reason -> number, as the live gateway answers or as the error table says [doc]."""


class Refusal(Exception):
    """The service said no; becomes an HTTP 200 whose body carries the code.

    Args:
        reason: a key of ``REASONS``.
        message: the ``errorMessage``; the catalogue's text when left out.
        description: the ``errorDescription``; absent when None.
        code: a number that wins over the reason's.
    """

    def __init__(
        self, reason: str, message: str | None = None, description: str | None = None, code: int | None = None
    ) -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.message = message
        self.description = description
        self.code = code


def refused(refusal: Refusal, moved: Mapping[str, int]) -> Wire:
    """Give the body of a refusal; *moved* holds the numbers that the settings changed."""
    code = refusal.code
    if code is None:
        code = moved.get(refusal.reason, REASONS[refusal.reason])
    body: Wire = {"errorCode": code, "errorMessage": refusal.message or CATALOGUE.get(code, "error")}
    if refusal.description is not None:
        body["errorDescription"] = refusal.description
    return body


def granted(parts: Mapping[str, Any]) -> Wire:
    """Give the body of a success: *parts* stand at the root beside the envelope."""
    return {**parts, "errorCode": 0, "errorMessage": "OK", "errorDescription": "success"}
