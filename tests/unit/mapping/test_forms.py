"""Normal forms: what two systems only format differently reads as equal."""

import pytest

from mapping.forms import clear_phone_cache, email_form, is_dialable, line_form, phone_form, text_form, url_form


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("+86 138 0013 8000", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("13800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("+86（138）00138000", "+8613800138000"),
        ("＋８６ １３８ ００１３ ８０００", "+8613800138000"),
        ("010-65541234", "+861065541234"),
        ("+86 (0)10 6554 1234", "+861065541234"),
        ("0086 10 6554 1234", "+861065541234"),
        ("400-812-3456", "+864008123456"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("+1 415 555 0100 ext. 22", "+14155550100 ext. 22"),
        ("010-65541234转5", "+861065541234 ext. 5"),
        ("010-65541234 分机：801", "+861065541234 ext. 801"),
    ],
)
def test_a_number_is_known_however_it_is_written(raw, form):
    assert phone_form(raw) == form
    assert phone_form(form) == form


@pytest.mark.parametrize(
    "raw", ["n/a", "call the desk", "12345", "+86", "415 555 0100", "+999 1", "138 0013 800", "0" * 60]
)
def test_text_that_is_not_certainly_a_number_stays_as_it_is(raw):
    assert phone_form(f"  {raw} ") == raw


def test_blank_phone_stays_blank():
    assert phone_form("") == ""
    assert phone_form("  ") == ""


def test_forgetting_numbers_keeps_the_answers():
    before = phone_form("010-65541234")
    clear_phone_cache()
    assert phone_form("010-65541234") == before


def test_only_full_international_numbers_are_dialable():
    assert is_dialable("+8613800138000")
    assert not is_dialable("+861065541234 ext. 5")
    assert not is_dialable("13800138000")
    assert not is_dialable("+")


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("  \u3000x\u00a0 ", "x"),
        ("e\u0301", "é"),
        ("a\0b", "ab"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("𠮷野家 👩‍👩‍👧", "𠮷野家 👩‍👩‍👧"),
        ("\u202eabc", "\u202eabc"),
        ("<b>{{x}}</b> =1+1", "<b>{{x}}</b> =1+1"),
    ],
)
def test_text_keeps_its_content_and_loses_its_accidents(raw, form):
    assert text_form(raw) == form


def test_a_line_has_no_line_breaks():
    assert line_form(" Set-Cookie: a\r\n\r\n x ") == "Set-Cookie: a x"
    assert line_form("plain") == "plain"


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (" Wang@Client.EXAMPLE ", "wang@client.example"),
        ("ＷＡＮＧ＠client.example", "wang@client.example"),
        ('"A B"@x.example', '"a b"@x.example'),
        ("李@例子.中国", "李@例子.中国"),
    ],
)
def test_an_email_is_known_whatever_its_case_and_width(raw, form):
    assert email_form(raw) == form


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("HTTPS://Example.COM/", "https://example.com"),
        ("www.Example.com/Path", "www.example.com/Path"),
        ("not a url at all", "not a url at all"),
        ("", ""),
    ],
)
def test_a_web_address_keeps_its_path(raw, form):
    assert url_form(raw) == form
