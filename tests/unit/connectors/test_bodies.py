"""Bodies and headers, read with distrust."""

from __future__ import annotations

import pytest

from connectors.bodies import BodyRefused, decode_body, read_retry_after, read_server_ms

NOON = "Mon, 23 Nov 2026 12:00:00 GMT"
NOON_MS = 1_795_435_200_000


@pytest.mark.parametrize(
    ("raw", "body", "kind"),
    [
        (b'{"a": 1}', {"a": 1}, "json"),
        (b'\xef\xbb\xbf {"a": 1}\n', {"a": 1}, "json"),
        (b"[]", [], "json"),
        (b"null", None, "json"),
        (b"", None, "empty"),
        (b" \r\n", None, "empty"),
        (b"<!DOCTYPE html>", None, "html"),
        (b"Service Unavailable", None, "text"),
        (b'{"id": 9223372036854775808}', {"id": 9223372036854775808}, "json"),
        (b'{"a": 1, "a": 2}', {"a": 2}, "json"),
    ],
)
def test_a_body_is_told_by_its_content(raw, body, kind):
    assert decode_body(raw) == (body, kind)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": NaN}',
        b"Infinity",
        b"[-Infinity]",
        b'{"a": 1',
        b'{"a" 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"nothing",
        b'"\xff\xfe"',
        b"1" * 10_000,
        b"{} {}",
    ],
)
def test_a_body_that_only_looks_like_json_is_refused_without_showing_it(raw):
    with pytest.raises(BodyRefused) as caught:
        decode_body(raw)
    assert len(str(caught.value)) < 40
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("header", "ms"),
    [(NOON, NOON_MS), ("", None), ("soon", None), ("Mon, 23 Nov 99999 12:00:00 GMT", None), ("-", None)],
)
def test_the_servers_date_is_read_or_missing(header, ms):
    assert read_server_ms({"date": header}) == ms
    assert read_server_ms({}) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
        ("Mon, 23 Nov 2026 12:01:40 GMT", 100.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 12:01:40 -0000", 100.0),
        ("90000", 3600.0),
        ("9" * 400, 3600.0),
        ("Mon, 23 Nov 2099 12:00:00 GMT", 3600.0),
        ("٧", None),
    ],
)
def test_a_wait_is_read_in_both_forms_and_an_absurd_one_is_an_hour(header, seconds):
    assert read_retry_after({"retry-after": header}, NOON_MS, now_ms=0) == seconds


def test_a_date_to_wait_for_without_a_server_date_is_held_against_our_clock():
    assert read_retry_after({"retry-after": "Mon, 23 Nov 2026 12:01:40 GMT"}, None, now_ms=NOON_MS) == 100.0
