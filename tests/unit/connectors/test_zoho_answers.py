"""Every code of the vendor's catalogue, asked for its class: once for a whole call, once for a row."""

from __future__ import annotations

import pytest

from connectors.exchange import Answer, Call
from connectors.zoho.answers import (
    CODES,
    COQL_REFUSALS,
    RESTARTS,
    TOKEN_BODIES,
    TokenStale,
    classify,
    code_of,
    explain,
    outcome_of,
    outcome_of_error,
    row_code,
)
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

CATALOGUE = [
    # status, codes, class of a read, class of a write, outcome of a row
    (401, "INVALID_TOKEN AUTHENTICATION_FAILURE", TokenStale, TokenStale, "transient"),
    (401, "OAUTH_SCOPE_MISMATCH", AuthRefused, AuthRefused, "refused"),
    (403, "NO_PERMISSION AUTHORIZATION_FAILED", NeedsOperator, NeedsOperator, "refused"),
    (404, "INVALID_URL_PATTERN", NeedsOperator, NeedsOperator, "refused"),
    (405, "INVALID_REQUEST_METHOD", NeedsOperator, NeedsOperator, "refused"),
    (400, "INVALID_MODULE", ConfigError, ConfigError, "refused"),
    (400, "REQUIRED_PARAM_MISSING EXPECTED_PARAM_MISSING", NeedsOperator, NeedsOperator, "refused"),
    (400, "INVALID_QUERY SYNTAX_ERROR INVALID_ALIAS DUPLICATE_ALIAS", NeedsOperator, NeedsOperator, "refused"),
    (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED PAGINATION_LIMIT_EXCEEDED", PageMalformed, PageMalformed, "refused"),
    (400, "TOKEN_BOUND_DATA_MISMATCH EXPIRED_VALUE", PageMalformed, PageMalformed, "refused"),
    (400, "AMBIGUITY_DURING_PROCESSING", NeedsOperator, NeedsOperator, "refused"),
    (
        400,
        "MANDATORY_NOT_FOUND EXPECTED_FIELD_MISSING REQUIRED_DATA_NOT_FOUND",
        RecordRefused,
        RecordRefused,
        "refused",
    ),
    (400, "INVALID_DATA MULTIPLE_OR_MULTI_ERRORS", RecordRefused, RecordRefused, "refused"),
    (400, "DUPLICATE_DATA", AlreadyThere, AlreadyThere, "duplicate"),
    (400, "DEPENDENT_FIELD_MISSING DEPENDENT_MISMATCH MAPPING_MISMATCH", RecordRefused, RecordRefused, "refused"),
    (400, "RECORD_LOCKED RECORD_IN_BLUEPRINT NOT_APPROVED", RecordBusy, RecordBusy, "busy"),
    (
        400,
        "CONVERTED_RECORD ID_ALREADY_CONVERTED CANNOT_PERFORM_ACTION NOT_ALLOWED",
        RecordRefused,
        RecordRefused,
        "refused",
    ),
    (400, "RECORD_NOT_FOUND NO_RECORDS_FOUND NOT_FOUND NOT_SUBSCRIBED", RecordGone, RecordGone, "gone"),
    (404, "RESOURCE_NOT_FOUND", RecordGone, RecordGone, "gone"),
    (412, "ALREADY_MODIFIED", Stale, Stale, "stale"),
    (400, "LIMIT_EXCEEDED LIMIT_REACHED", NeedsOperator, NeedsOperator, "refused"),
    (400, "LICENSE_LIMIT_EXCEEDED STORAGE_SPACE_EXCEEDED", NeedsOperator, NeedsOperator, "busy"),
    (429, "TOO_MANY_REQUESTS RATE_LIMIT_EXCEEDED", Transient, Transient, "transient"),
    (400, "TOO_MANY_REQUESTS RATE_LIMIT_EXCEEDED", Transient, Transient, "transient"),
    (500, "INTERNAL_ERROR INTERNAL_SERVER_ERROR", Transient, OutcomeUnknown, "unknown"),
    (503, "SERVICE_UNAVAILABLE REQUEST_TIMEOUT DEPENDENT_SERVICE_ERROR", Transient, OutcomeUnknown, "unknown"),
    (
        400,
        "API_NOT_SUPPORTED VERSION_NOT_SUPPORTED NOT_SUPPORTED FEATURE_NOT_SUPPORTED",
        NeedsOperator,
        NeedsOperator,
        "refused",
    ),
    (400, "A_CODE_NOBODY_KNOWS", NeedsOperator, NeedsOperator, "refused"),
]
CASES = [(status, code, *rest) for status, codes, *rest in CATALOGUE for code in codes.split()]


def answer(status, body, headers=None):
    return Answer(status=status, headers=headers or {}, body=body, text_kind="json", server_ms=None, elapsed_s=0.0)


def call(kind):
    return Call(method="GET", url="https://x", kind=kind)


def envelope(code, **details):
    return {"code": code, "details": details, "message": "the vendor's words", "status": "error"}


@pytest.mark.parametrize(("status", "code", "reading", "writing", "outcome"), CASES)
def test_a_code_has_its_class(status, code, reading, writing, outcome):
    for kind, expected in (("read", reading), ("write", writing)):
        error = classify(call(kind), answer(status, envelope(code)))
        assert type(error) is expected
        assert error.code == code
        wrapped = classify(call("read"), answer(status, {"data": [envelope(code)]}))
        assert type(wrapped) is reading
    assert outcome_of(code, {}, "7") == outcome


def test_no_code_of_the_table_goes_unasked():
    assert set(CODES) == {code for _, code, *_ in CASES} - {"A_CODE_NOBODY_KNOWS"}
    assert set(CODES) >= COQL_REFUSALS | RESTARTS


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid_code", AuthRefused),
        ("invalid_client", AuthRefused),
        ("invalid_client_secret", AuthRefused),
        ("Access Denied", Transient),
    ],
)
def test_a_refused_token_request_has_its_class(error, kind):
    assert TOKEN_BODIES[error][0] is kind
    assert len(TOKEN_BODIES) == 4


def test_credits_at_zero_mean_the_day_is_over():
    spent = classify(call("read"), answer(429, envelope("TOO_MANY_REQUESTS"), {"x-api-credits-remaining": "0"}))
    assert isinstance(spent, QuotaSpent)
    assert spent.retry_after_s == 900.0
    some = classify(call("read"), answer(429, envelope("TOO_MANY_REQUESTS"), {"x-api-credits-remaining": "17"}))
    assert type(some) is Transient


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"data": []}),
        (204, None),
        (304, None),
        (200, {"count": 3}),
        (200, {"code": "SUCCESS", "status": "success"}),
    ],
)
def test_answers_that_are_no_error_pass(status, body):
    assert classify(call("read"), answer(status, body)) is None


def test_an_error_inside_a_200_is_an_error():
    assert type(classify(call("read"), answer(200, envelope("INVALID_MODULE")))) is ConfigError


def test_rows_of_a_write_are_left_to_be_judged_one_by_one():
    rows = {"data": [envelope("INVALID_DATA"), {"code": "SUCCESS", "status": "success"}]}
    for status in (200, 201, 202, 207, 400, 412):
        assert classify(call("write"), answer(status, rows)) is None
    assert classify(call("read"), answer(400, rows)) is not None


@pytest.mark.parametrize(
    ("status", "kind"), [(412, Stale), (400, NeedsOperator), (404, NeedsOperator), (415, NeedsOperator)]
)
def test_a_status_without_a_code_has_a_class_too(status, kind):
    assert type(classify(call("read"), answer(status, {}))) is kind


@pytest.mark.parametrize("status", [401, 500, 503])
def test_a_bare_outage_or_refusal_is_left_to_the_rules_for_everybody(status):
    assert classify(call("read"), answer(status, {})) is None
    assert classify(call("write"), answer(500, envelope("NEVER_SEEN"))) is None


def test_a_duplicate_names_its_holder_for_a_whole_call():
    error = classify(call("write"), answer(400, envelope("DUPLICATE_DATA", id="99")))
    assert error.existing_id == "99"


def test_explanations_name_the_field_and_never_the_value():
    node = envelope("INVALID_DATA", api_name="Phone", expected_data_type="phone", value="+86 138", nested={"a": 1})
    assert explain(node) == "the vendor's words api_name=Phone expected_data_type=phone"
    assert explain("text") == ""
    assert len(explain({"message": "x" * 500})) == 120


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"code": "SUCCESS", "status": "success"}, None),
        ({"status": "success"}, None),
        ({"code": "SUCCESS"}, None),
        ({"code": "SUCCESS", "status": "error"}, "SUCCESS"),
        ({"code": "X", "status": "error"}, "X"),
        ({}, "NO_CODE"),
        ("x", "NOT_A_ROW"),
    ],
)
def test_a_row_succeeded_only_when_it_says_so(row, code):
    assert row_code(row) == code


@pytest.mark.parametrize("body", [None, [], "x", {"code": 5}, {"code": "SUCCESS", "status": "success"}, {}])
def test_bodies_without_a_code_have_none(body):
    assert code_of(body) is None


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RecordGone("x"), "gone"),
        (RecordBusy("x"), "busy"),
        (AlreadyThere("x"), "duplicate"),
        (RecordRefused("x"), "refused"),
        (Stale("x"), "stale"),
        (Transient("x"), "transient"),
        (QuotaSpent("x"), "transient"),
        (OutcomeUnknown("x"), "unknown"),
        (NeedsOperator("x"), "busy"),
        (DubanError("x"), "refused"),
    ],
)
def test_a_call_that_fails_as_a_whole_gives_every_row_its_outcome(error, outcome):
    assert outcome_of_error(error) == outcome
