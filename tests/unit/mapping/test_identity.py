"""Which values make two records the same one."""

import pytest

from mapping.identity import KEY_KINDS, domain_form, key_kind, keys, mirror_keys, name_form, weak_keys


def test_a_contact_is_known_by_address_or_mobile_and_never_by_name_alone():
    found = keys("contact", {"name": "张三", "email": "Wang@X.example", "mobile": "138 0013 8000"})
    assert found == ["e:wang@x.example", "m:+8613800138000"]
    assert keys("contact", {"name": "张三"}) == []
    assert weak_keys("contact", {"name": "张 三"}) == ["n:张三"]


def test_the_key_field_comes_first():
    assert keys("contact", {"key": "D-1", "email": "a@b.example"})[0] == "k:D-1"


def test_what_is_no_address_and_no_number_makes_no_key():
    assert keys("contact", {"email": "none", "mobile": "ask the desk"}) == []


def test_a_client_needs_its_name_and_its_phone_or_domain():
    values = {"name": "北京 某某（科技）有限公司", "phone": "010-65541234", "website": "https://www.acme.example/x"}
    assert keys("account", values) == [
        "np:北京某某(科技)有限公司\t+861065541234",
        "nd:北京某某(科技)有限公司\tacme.example",
    ]
    assert keys("account", {"phone": "010-65541234"}) == []


def test_company_suffixes_tell_firms_apart():
    assert name_form("北京某某科技有限公司") != name_form("北京某某科技股份有限公司")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ａｃｍｅ　Co., Ltd.", "acme co ltd"),
        ("北京 某某", "北京某某"),
        ("STRASSE", "straße"),
        ("某某（北京）", "某某(北京)"),
    ],
)
def test_names_that_only_look_different_are_equal(one, other):
    assert name_form(one) == name_form(other)


def test_a_contract_number_decides_and_leaves_the_name_to_a_person():
    values = {"name": "ERP", "account": "u1", "contract_no": "HT-2026-01"}
    assert keys("project", values) == ["c:ht-2026-01"]
    assert weak_keys("project", values) == ["an:u1\terp", "n:erp"]
    assert keys("project", {"name": "ERP", "account": "u1"}) == ["an:u1\terp"]
    assert weak_keys("project", {"name": "ERP", "account": "u1"}) == ["n:erp"]


def test_a_task_needs_project_subject_and_due_date():
    values = {"project": "p1", "title": "Sign the URS", "due": "2026-12-01"}
    assert keys("task", values) == ["psd:p1\tsign the urs\t2026-12-01"]
    assert keys("task", {**values, "due": None}) == []
    assert weak_keys("task", {**values, "due": None}) == ["ps:p1\tsign the urs"]


def test_feedback_is_compared_by_the_second():
    values = {"contact": "c1", "submitted_at": 1_795_420_477_123, "score": "4"}
    assert keys("feedback", values) == keys("feedback", {**values, "submitted_at": 1_795_420_477_000})
    assert keys("feedback", {**values, "submitted_at": None}) == []
    assert weak_keys("feedback", values) == []


def test_comments_are_never_matched():
    assert keys("comment", {"title": "x", "body": "y"}) == []
    assert weak_keys("comment", {"title": "x"}) == []


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("http://user@www.Acme.cn:80/x", "acme.cn"),
        ("acme.cn", "acme.cn"),
        ("nothing", None),
        ("", None),
    ],
)
def test_the_domain_of_a_web_address(website, domain):
    assert domain_form(website) == domain


def test_every_kind_of_key_can_be_named_to_a_person():
    assert {key_kind(key) for key in ("k:1", "np:a\tb", "an:u1\terp")} <= set(KEY_KINDS)


def test_a_comment_meets_its_mirror_but_never_what_another_person_said() -> None:
    said = {"parent": "task:u1", "body": "Done"}
    theirs = mirror_keys(said, "crm", ["erp"], ours=False)
    assert set(theirs) & set(mirror_keys(said, "erp", ["crm"], ours=True))
    assert not set(theirs) & set(mirror_keys(said, "erp", ["crm"], ours=False))
    assert not set(theirs) & set(mirror_keys({**said, "body": "done?"}, "erp", ["crm"], ours=True))
    assert not set(theirs) & set(mirror_keys({**said, "parent": "task:u2"}, "erp", ["crm"], ours=True))
    assert mirror_keys({"parent": "task:u1"}, "crm", ["erp"], ours=True) == []
    assert {key_kind(key) for key in theirs} <= set(KEY_KINDS)
