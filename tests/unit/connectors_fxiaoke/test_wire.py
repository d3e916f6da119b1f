"""Bodies, rows, watermarks and metadata of FxiaoKe, without any call."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from connectors.fxiaoke import metadata, wire
from connectors.fxiaoke.quota import DailyCalls
from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.testing import HandClock, make_ports
from mapping.errors import ConfigError, PageMalformed, QuotaSpent

KEYS = {"app_id": "FSAID_1", "app_secret": "s" * 32, "permanent_code": "P" * 32}


def test_custom_objects_live_under_their_own_prefix() -> None:
    assert wire.data_path("AccountObj", "query") == "/cgi/crm/v2/data/query"
    assert wire.data_path("duban_task__c", "query") == "/cgi/crm/custom/v2/data/query"


def test_every_query_asks_for_empty_fields_and_for_no_total() -> None:
    body = wire.query_body("AccountObj", ("name", "_id"), [("_id", "GT", ["a"])], 100)
    assert body["includeNull"] is True
    assert body["returnTotalNum"] == 3
    assert body["data"]["find_explicit_total_num"] is False
    info = body["data"]["search_query_info"]
    assert info["filters"] == [{"field_name": "_id", "operator": "GT", "field_values": ["a"]}]
    assert info["orders"] == [{"fieldName": "_id", "isAsc": True}]
    assert info["fieldProjection"] == [*wire.SYSTEM_FIELDS, "name"]


def test_creates_say_that_no_automation_is_wanted() -> None:
    switches = {"approval": False, "workflow": False, "duplicates": True}
    preset = wire.create_body("ContactObj", {"name": "x"}, **switches)
    custom = wire.create_body("duban_task__c", {"name": "x"}, **switches)
    for body in (preset, custom):
        assert (body["triggerApprovalFlow"], body["triggerWorkFlow"]) == (False, False)
    assert preset["data"]["optionInfo"]["isDuplicateSearch"] is True
    assert custom["checkDuplicateSearch"] is True
    assert custom["data"] == {"object_data": {"dataObjectApiName": "duban_task__c", "name": "x"}}


def test_updates_carry_the_id_inside_the_object_data() -> None:
    body = wire.update_body("ContactObj", "id-1", {"mobile": None}, approval=True, workflow=False)
    assert body["data"]["object_data"] == {"_id": "id-1", "dataObjectApiName": "ContactObj", "mobile": None}
    assert body["triggerApprovalFlow"] is True


@pytest.mark.parametrize("body", [None, {}, {"data": None}, {"data": {"dataList": None}}, {"data": [1]}])
def test_an_answer_without_rows_is_not_an_empty_page(body: Any) -> None:
    with pytest.raises(PageMalformed):
        wire.read_rows(body)


def test_a_row_keeps_only_what_was_asked_and_shown() -> None:
    row = {
        "_id": "a1", "name": None, "secret": 1, "version": 3, "last_modified_time": "1757000000123",
        "create_time": 1757000000000.0, "created_by": ["1000"], "last_modified_by": "-10000",
    }  # fmt: skip
    record = wire.read_record(row, ("name", "hidden"))
    assert record.payload == {"name": None}
    assert (record.version, record.modified_ms, record.created_ms) == ("3", 1757000000123, 1757000000000)
    assert (record.created_by, record.modified_by, record.deleted) == ("1000", "-10000", False)


@pytest.mark.parametrize("mark", [{"life_status": "invalid"}, {"is_deleted": True}])
def test_a_row_in_the_bin_says_so(mark: dict[str, Any]) -> None:
    assert wire.read_record({"_id": "a", **mark}, ()).deleted


def test_a_row_may_be_silent_about_times_and_people() -> None:
    record = wire.read_record({"_id": "a", "created_by": [], "version": None}, ())
    assert (record.version, record.modified_ms, record.created_by) == ("", None, None)


@pytest.mark.parametrize(
    "row", [None, {}, {"_id": 7}, {"_id": ""}, {"_id": "a", "create_time": "soon"}, {"_id": "a", "create_time": True}]
)
def test_unreadable_rows_are_said_to_be_so(row: Any) -> None:
    with pytest.raises(ValueError):
        wire.read_record(row, ())


def test_a_place_survives_being_stored() -> None:
    place = wire.Place("bin", 5, 9, "id-7")
    assert wire.Place.parse(place.text()) == place
    assert wire.Place.parse(None) == wire.Place("start")


@pytest.mark.parametrize("text", ["", "7", "{}", '{"phase":"rows","lo":"x","hi":1,"last":""}',
                                  '{"phase":"moon","lo":1,"hi":1,"last":""}'])  # fmt: skip
def test_a_foreign_watermark_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="watermark"):
        wire.Place.parse(text)


def test_a_place_asks_for_its_window_and_what_lies_behind_the_last_id() -> None:
    assert wire.Place("start").filters() == []
    assert wire.Place("bin", 5, 9, "x").filters() == [
        ("_id", "GT", ["x"]),
        ("last_modified_time", "GTE", ["5"]),
        ("last_modified_time", "LTE", ["9"]),
        ("life_status", "EQ", ["invalid"]),
    ]


def test_record_links_lead_there_and_back() -> None:
    assert wire.parse_link(wire.record_link("AccountObj", "6f")) == ("AccountObj", "6f")
    assert wire.parse_link('fs://CRM/udobj?{"objDescApiName":"AccountObj","objDataId":"6f"}') == ("AccountObj", "6f")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.fxiaoke.com/XV/UI/Home#objdetail/AccountObj/66f66d8b25255b0000000009",
        "https://crm.na.sharecrm.com/page?id=66f66d8b25255b0000000009&apiName=AccountObj",
    ],
)
def test_web_pages_of_the_service_name_their_record(url: str) -> None:
    assert wire.parse_link(url) == ("AccountObj", "66f66d8b25255b0000000009")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://x.example/",
        "https://notfxiaoke.com/AccountObj/66f66d8b25255b0000000009",
        "fs://CRM/udobj?",
        "fs://CRM/udobj?%5B1%5D",
        "afs://CRM/udobj?{}",
    ],
)
def test_other_addresses_name_no_record(url: str) -> None:
    assert wire.parse_link(url) is None


def test_fields_are_described_in_the_contracts_terms() -> None:
    fields = {
        "name": {"type": "text", "label": "主题", "is_required": True, "max_length": "200", "is_unique": True},
        "s": {
            "type": "select_one",
            "options": [{"label": "甲", "value": "a"}, {"value": "b", "not_usable": True}, "?"],
        },
        "n": {"type": "number", "decimal_places": 2},
        "f": {"type": "formula"},
        "r": {"type": "object_reference", "target_api_name": "AccountObj"},
        "create_time": {"type": "date_time"},
        "off": {"type": "text", "is_active": False},
    }
    schema = metadata.read_schema("x__c", {"data": {"describe": {"display_name": "任务", "fields": fields}}})
    assert schema.label == "任务"
    assert set(schema.fields) == set(fields) - {"off"}
    name, select = schema.fields["name"], schema.fields["s"]
    assert (name.required, name.length, name.unique, name.read_only) == (True, 200, True, False)
    assert (select.options, select.option_labels) == (("a",), {"a": "甲"})
    assert schema.fields["n"].decimals == 2
    assert schema.fields["f"].read_only
    assert schema.fields["create_time"].read_only
    assert schema.fields["r"].target == "AccountObj"


@pytest.mark.parametrize("body", [None, {}, {"data": {}}, {"data": {"describe": {"fields": []}}}])
def test_metadata_that_describes_nothing_is_malformed(body: Any) -> None:
    with pytest.raises(PageMalformed):
        metadata.read_schema("x", body)
    with pytest.raises(PageMalformed):
        metadata.read_objects(body)


def test_only_active_objects_are_listed() -> None:
    objects = [
        {"describeApiName": "AccountObj", "describeDisplayName": "客户", "defineType": "package", "isActive": True},
        {"describeApiName": "t__c", "defineType": "custom"},
        {"describeApiName": "old__c", "isActive": False},
        "?",
    ]
    found = metadata.read_objects({"data": {"objects": objects}})
    assert [(info.name, info.label, info.custom) for info in found] == [
        ("AccountObj", "客户", False),
        ("t__c", "t__c", True),
    ]


def test_people_come_from_the_directory_or_from_personnel_rows() -> None:
    directory = [{"openUserId": "FSUID_1", "name": "王", "email": " Wang@X.example "}, {"name": "nobody"}, "?"]
    personnel = [{"_id": "p", "user_id": 1000, "status": "1"}, {"_id": "q", "user_id": "1001", "status": 0}]
    users = metadata.read_users(directory, "openUserId") + metadata.read_users(personnel, "user_id")
    assert [(user.id, user.name, user.email, user.active) for user in users] == [
        ("FSUID_1", "王", "wang@x.example", True),
        ("1000", "1000", None, False),
        ("1001", "1001", None, True),
    ]
    assert metadata.read_users(None, "user_id") == []


def settings(**more: Any) -> FxiaokeSettings:
    return FxiaokeSettings.model_validate({**KEYS, **more})


def test_each_generation_of_credentials_names_its_own_actor() -> None:
    assert settings(user_id="1000").actor == "1000"
    assert settings(credentials="body", open_user_id="FSUID_1", user_id="1000").actor == "FSUID_1"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "needs user_id"),
        ({"credentials": "body", "user_id": "1000"}, "needs open_user_id"),
        ({"user_id": "1", "zone": "Mars/Base"}, "unknown time zone"),
        ({"user_id": "1", "page_size": 200}, "less than or equal to 100"),
        ({"user_id": "1", "pagesize": 10}, "Extra inputs"),
        ({"user_id": "1", "codes": {"77": "fine"}}, "Input should be"),
    ],
)
def test_wrong_settings_are_told_in_words(more: dict[str, Any], words: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=words) as caught:
        settings(**more)
    assert "s" * 32 not in str(caught.value)


def test_the_day_ends_at_the_tenants_midnight_also_over_a_restart() -> None:
    clock = HandClock(1_763_913_600_000)  # 2025-11-24 00:00 in Shanghai
    ports = make_ports(clock)
    daily = DailyCalls(ports, 2, "Asia/Shanghai")
    daily.take()
    assert ports.counters["credits_left"] == 1
    DailyCalls(ports, 2, "Asia/Shanghai").take()
    with pytest.raises(QuotaSpent) as caught:
        daily.take()
    assert caught.value.retry_after_s == 86_400
    clock.sleep(86_400)
    daily.take()


def test_without_a_ceiling_nothing_is_counted() -> None:
    ports = make_ports(HandClock())
    DailyCalls(ports, None, "Asia/Shanghai").take()
    assert ports.windows.load("daily") == []
