"""The rest of the contract: who we are, metadata, users, reading by id and by value, links."""

from __future__ import annotations

import httpx
import pytest

from connectors.base import FieldSchema
from connectors.zoho.limits import calls_at_once
from connectors.zoho.metadata import codec_for
from mapping.errors import ConfigError, NeedsOperator, PageMalformed

COQL, CONTACTS, FIELDS = "/crm/v8/coql", "/crm/v8/Contacts", "/crm/v8/settings/fields"
T = "2026-11-23T15:54:37+08:00"
T_MS = 1_795_420_477_000


def row(id, by="411", **more):
    return {
        "id": str(id),
        "Modified_Time": T,
        "Created_Time": T,
        "Modified_By": {"id": by},
        "Created_By": {"id": by},
        **more,
    }


def listing(*rows, more=False, **info):
    return (200, {"data": list(rows), "info": {"more_records": more, **info}})


def refusal(code, status=400):
    return (status, {"code": code, "details": {}, "message": "no", "status": "error"})


def log_in(desk, paid_type="enterprise", **org):
    home = {
        "id": "55",
        "zgid": "60001",
        "company_name": "测试公司",
        "time_zone": "Asia/Shanghai",
        "type": "production",
        **org,
    }
    home["license_details"] = {"paid": True, "paid_type": paid_type}
    desk.vendor.on("GET", "/crm/v8/org", (200, {"org": [home]}))
    desk.vendor.on("GET", "/crm/v8/users", (200, {"users": [{"id": "411", "full_name": "Li Wei"}], "info": {}}))


# ---- identity and pacing


def test_identity_names_the_organisation_and_our_own_user(desk):
    log_in(desk)
    identity = desk.connect().identify()
    assert (identity.org_id, identity.org_name, identity.zone) == ("60001", "测试公司", "Asia/Shanghai")
    assert (identity.user_id, identity.environment, identity.edition) == ("411", "production", "enterprise")
    assert desk.vendor.params(desk.vendor.asked("/crm/v8/users")[0]) == {"type": "CurrentUser"}


def gates(connector):
    http = connector._api.http
    return http._gate.size, http._heavy_gate.size


def test_the_edition_sets_how_many_calls_may_be_in_flight(desk):
    log_in(desk, "ultimate")
    connector = desk.connect()
    assert gates(connector) == (3, 3), "the fewest until the edition is known"
    connector.identify()
    assert gates(connector) == (23, 8)


def test_a_restart_recalls_the_edition_without_asking(desk):
    log_in(desk, "ultimate")
    desk.connect().identify()
    desk.vendor.on("POST", COQL, (204, None))
    again = desk.connect()
    again.find("Contacts", "Duban_Key", ["k"], ())
    assert gates(again) == (23, 8)
    assert len(desk.vendor.asked("/crm/v8/org")) == 1


def test_the_configuration_may_set_how_many_calls_are_in_flight(desk):
    log_in(desk, "ultimate")
    chosen = desk.connect(calls_at_once=2)
    chosen.identify()
    assert gates(chosen) == (2, 2)


@pytest.mark.parametrize(
    ("edition", "calls"),
    [
        ("free", (3, 3)),
        ("standard", (8, 8)),
        ("professional", (13, 8)),
        ("enterprise", (18, 8)),
        ("ultimate", (23, 8)),
        ("crmplus", (23, 8)),
        ("zohooneenterprise", (18, 8)),
        ("brand_new", (3, 3)),
        (None, (3, 3)),
    ],
)
def test_two_calls_are_left_to_the_organisations_other_programs(edition, calls):
    assert calls_at_once(edition) == calls


@pytest.mark.parametrize("body", [{"org": []}, {"org": None}, {}, {"data": []}])
def test_an_org_answer_without_an_organisation_is_malformed(desk, body):
    log_in(desk)
    desk.vendor.on("GET", "/crm/v8/org", (200, body))
    with pytest.raises(PageMalformed):
        desk.connect().identify()


# ---- metadata


def test_modules_are_those_the_api_serves(desk):
    modules = [
        {"api_name": "Tasks", "plural_label": "任务", "api_supported": True, "generated_type": "default"},
        {"api_name": "Change_Requests", "plural_label": "变更", "api_supported": True, "generated_type": "custom"},
        {"api_name": "Home", "api_supported": False},
    ]
    desk.vendor.on("GET", "/crm/v8/settings/modules", (200, {"modules": modules}))
    found = desk.connect().objects()
    assert [(one.name, one.label, one.custom) for one in found] == [
        ("Tasks", "任务", False),
        ("Change_Requests", "变更", True),
    ]


SUBJECT = {
    "api_name": "Subject",
    "field_label": "Subject",
    "display_label": "主题",
    "data_type": "text",
    "length": 255,
    "system_mandatory": True,
    "read_only": False,
    "field_read_only": False,
    "unique": {},
    "pick_list_values": [],
    "operation_type": {"api_create": True, "api_update": True},
}
STATUS = {
    **SUBJECT,
    "api_name": "Status",
    "data_type": "picklist",
    "system_mandatory": False,
    "pick_list_values": [
        {"display_value": "-None-", "actual_value": "-None-", "type": "used"},
        {"display_value": "未启动", "actual_value": "Not Started", "type": "used"},
        {"display_value": "旧", "actual_value": "Old", "type": "unused"},
    ],
}
KEY = {**SUBJECT, "api_name": "Duban_Key", "system_mandatory": False, "unique": {"case_sensitive": False}}
WHO = {
    **SUBJECT,
    "api_name": "Who_Id",
    "data_type": "lookup",
    "length": None,
    "system_mandatory": False,
    "lookup": {"module": {"api_name": "Contacts", "id": "1"}},
}
WHAT = {**WHO, "api_name": "What_Id", "lookup": {"module": {"api_name": "se_module"}}}
CLOSED = {
    **SUBJECT,
    "api_name": "Closed_Time",
    "data_type": "datetime",
    "operation_type": {"api_create": False, "api_update": False},
}
AMOUNT = {**SUBJECT, "api_name": "Amount", "data_type": "currency", "decimal_place": 2, "read_only": True}
BODY = {**SUBJECT, "api_name": "Description", "data_type": "textarea", "length": 32000}


def test_fields_are_described_as_the_live_metadata_says(desk):
    desk.vendor.on("GET", FIELDS, (200, {"fields": [SUBJECT, STATUS, KEY, WHO, WHAT, CLOSED, AMOUNT, BODY, "odd"]}))
    schema = desk.connect().describe("Tasks")
    fields = schema.fields
    assert desk.vendor.params(desk.vendor.asked(FIELDS)[0]) == {"module": "Tasks"}
    assert (fields["Subject"].type, fields["Subject"].length, fields["Subject"].required) == ("text", 255, True)
    assert fields["Subject"].label == "主题"
    assert (fields["Status"].options, fields["Status"].option_labels) == (("未启动",), {"未启动": "Not Started"})
    assert (fields["Duban_Key"].unique, fields["Subject"].unique) == (True, False)
    assert (fields["Who_Id"].target, fields["What_Id"].target) == ("Contacts", "se_module")
    assert (fields["Closed_Time"].read_only, fields["Amount"].read_only, fields["Amount"].decimals) == (True, True, 2)
    assert (fields["Description"].searchable, fields["Subject"].searchable) == (False, True)
    assert "$se_module" in fields


@pytest.mark.parametrize(
    "reply", [refusal("INVALID_MODULE"), refusal("API_NOT_SUPPORTED"), (204, None), (200, {"fields": []})]
)
def test_a_module_the_organisation_lacks_is_none(desk, reply):
    desk.vendor.on("GET", FIELDS, reply)
    assert desk.connect().describe("Change_Requests") is None


def test_a_refused_description_is_an_error_and_no_absence(desk):
    desk.vendor.on("GET", FIELDS, refusal("NO_PERMISSION", 403))
    with pytest.raises(NeedsOperator):
        desk.connect().describe("Tasks")


def test_fields_that_every_layout_demands_are_required(desk):
    def layout(*required):
        fields = [{"api_name": name, "required": name in required} for name in ("Status", "Who_Id")]
        return {"sections": [{"fields": fields}]}

    desk.vendor.on("GET", FIELDS, (200, {"fields": [SUBJECT, STATUS, WHO]}))
    layouts = [layout("Status", "Who_Id"), layout("Status")]
    desk.vendor.on("GET", "/crm/v8/settings/layouts", (200, {"layouts": layouts}))
    fields = desk.connect(layout_rules=True).describe("Tasks").fields
    assert [name for name, field in fields.items() if field.required] == ["Subject", "Status"]


def test_all_users_are_read_page_by_page(desk):
    first = [
        {"id": "1", "full_name": "李伟", "email": "Li.Wei@Vendor.Example ", "status": "active"},
        {"email": "no-id"},
    ]
    second = [{"id": "2", "full_name": "Old", "email": None, "status": "disabled"}]
    desk.vendor.on(
        "GET",
        "/crm/v8/users",
        (200, {"users": first, "info": {"more_records": True}}),
        (200, {"users": second, "info": {"more_records": False}}),
    )
    users = desk.connect().users()
    assert [(u.id, u.name, u.email, u.active) for u in users] == [
        ("1", "李伟", "li.wei@vendor.example", True),
        ("2", "Old", None, False),
    ]
    assert desk.vendor.params(desk.vendor.asked("/crm/v8/users")[1]) == {
        "type": "AllUsers",
        "page": "2",
        "per_page": "200",
    }


def test_no_users_is_an_empty_list(desk):
    desk.vendor.on("GET", "/crm/v8/users", (204, None))
    assert desk.connect().users() == []


def test_a_user_list_without_an_end_is_stopped(desk):
    desk.vendor.on("GET", "/crm/v8/users", (200, {"users": [{"id": "1"}], "info": {"more_records": True}}))
    with pytest.raises(NeedsOperator):
        desk.connect().users()


@pytest.mark.parametrize(
    ("hub", "remote", "codec"),
    [
        ("text", "text", "text"),
        ("text", "picklist", "text"),
        ("text", "ownerlookup", "created_user"),
        ("text", "boolean", None),
        ("long_text", "textarea", "long_text"),
        ("email", "email", "email"),
        ("phone", "phone", "phone"),
        ("url", "website", "url"),
        ("key", "text", "key"),
        ("key", "integer", None),
        ("date", "date", "date_iso"),
        ("date", "datetime", None),
        ("instant", "datetime", "instant_iso"),
        ("money", "currency", "money"),
        ("number", "integer", "number"),
        ("number", "text", "number_text"),
        ("bool", "boolean", "boolean"),
        ("option", "picklist", "option"),
        ("options", "multiselectpicklist", "options"),
        ("ref", "lookup", "ref_object"),
        ("user", "ownerlookup", "user_object"),
        ("parent", "lookup", "parent_object"),
        ("ref", "text", None),
    ],
)
def test_a_codec_is_chosen_by_both_types(hub, remote, codec):
    assert codec_for(hub, FieldSchema(name="F", type=remote)) == codec


def test_every_codec_chosen_exists_in_the_house(desk):
    from connectors.zoho.metadata import CODECS
    from mapping.codecs import KINDS

    assert {codec for choices in CODECS.values() for _, codec in choices} <= set(KINDS)


def test_the_shipped_maps_name_all_entities(desk):
    assert set(desk.connect().default_maps()) == {"account", "contact", "project", "task", "feedback", "comment"}


# ---- reading by id and by value


def test_records_are_read_by_id_and_missing_ones_are_none(desk):
    desk.vendor.on("GET", CONTACTS, listing(row(7, Email="a@b.example"), row(9, Record_Status__s="Trash")))
    found = desk.connect().fetch("Contacts", ["7", "8", "9", "not-an-id"], ("Email",))
    assert found["7"].payload["Email"] == "a@b.example"
    assert [found[id] for id in ("8", "9", "not-an-id")] == [None, None, None]
    params = desk.vendor.params(desk.vendor.asked(CONTACTS)[0])
    assert params["ids"] == "7,8,9"
    assert params["fields"] == "id,Modified_Time,Modified_By,Created_Time,Created_By,Email"


def test_long_fetches_are_cut_into_calls_of_a_hundred_ids(desk):
    desk.vendor.on("GET", CONTACTS, (204, None))
    found = desk.connect().fetch("Contacts", [str(n) for n in range(250)], ())
    assert set(found.values()) == {None}
    assert [len(desk.vendor.params(r)["ids"].split(",")) for r in desk.vendor.asked(CONTACTS)] == [100, 100, 50]


def test_a_fetched_row_that_cannot_be_read_is_an_error(desk):
    desk.vendor.on("GET", CONTACTS, listing({"id": "7", "Modified_Time": "soon"}))
    with pytest.raises(PageMalformed):
        desk.connect().fetch("Contacts", ["7"], ())


def test_finding_by_a_value_asks_the_database_and_escapes(desk):
    desk.vendor.on("POST", COQL, listing(row(7)))
    found = desk.connect().find("Contacts", "Duban_Key", ["k1", "o'k\\2", "k1", ""], ("Email",))
    assert [record.id for record in found] == ["7"]
    [query] = desk.vendor.queries()
    assert "where (Duban_Key in ('k1', 'o\\'k\\\\2')) order by id asc limit 200" in query


def test_many_values_and_many_hits_are_read_to_the_end(desk):
    desk.vendor.on("POST", COQL, listing(row(1), row(2), more=True), listing(row(3)), (204, None))
    found = desk.connect().find("Contacts", "Duban_Key", [f"k{n}" for n in range(60)], ())
    assert [record.id for record in found] == ["1", "2", "3"]
    first, second, third = desk.vendor.queries()
    assert first.count("'k") == 50
    assert ") and id > '2') order by id asc limit 2000" in second
    assert third.count("'k") == 10


def test_fields_that_queries_lack_are_read_by_id_after_a_find(desk):
    desk.vendor.on("POST", COQL, listing({"id": "7"}))
    desk.vendor.on("GET", "/crm/v8/Tasks", listing(row(7, Tag=[{"name": "x"}])))
    [record] = desk.connect().find("Tasks", "Duban_Key", ["k"], ("Tag",))
    assert record.payload["Tag"] == [{"name": "x"}]
    assert desk.vendor.queries()[0].startswith("select id from Tasks")


def test_where_queries_are_refused_finding_uses_the_search_with_escapes(desk):
    desk.vendor.on("POST", COQL, refusal("INVALID_QUERY"))
    desk.vendor.on("GET", "/crm/v8/Contacts/search", listing(row(7)), (204, None))
    connector = desk.connect()
    found = connector.find("Contacts", "Duban_Key", ["a(b),c\\", "z"], ())
    assert [record.id for record in found] == ["7"]
    assert (
        desk.vendor.params(desk.vendor.asked("/crm/v8/Contacts/search")[0])["criteria"]
        == r"(Duban_Key:equals:a\(b\)\,c\\)"
    )
    connector.find("Contacts", "Duban_Key", ["z"], ())
    assert len(desk.vendor.queries()) == 2, "one refused find does not switch the module's pulls"


def test_our_own_creations_are_found_by_their_author(desk):
    log_in(desk)
    desk.vendor.on("POST", COQL, listing(row(7), row(8, by="999")))
    found = desk.connect().find_created("Contacts", T_MS, ())
    assert [record.id for record in found] == ["7"]
    assert "where (Created_By = '411' and Created_Time >= '2026-11-23T07:54:37+00:00')" in desk.vendor.queries()[0]


def test_without_queries_our_own_creations_are_found_from_the_newest_backwards(desk):
    log_in(desk)
    old = {"Created_Time": "2026-11-22T15:54:37+08:00"}
    desk.vendor.on(
        "GET",
        "/crm/v8/Notes",
        listing(row(9), row(8, by="999"), more=True, next_page_token="t"),
        listing(row(7), row(6, **old), more=True, next_page_token="u"),
    )
    found = desk.connect().find_created("Notes", T_MS, ("Note_Title",))
    assert [record.id for record in found] == ["9", "7"]
    first, second = desk.vendor.asked("/crm/v8/Notes")
    assert desk.vendor.params(first)["sort_by"] == "Created_Time"
    assert desk.vendor.params(second)["page_token"] == "t"


def test_an_unknown_own_user_is_never_guessed(desk):
    log_in(desk)
    desk.vendor.on("GET", "/crm/v8/users", (204, None))
    with pytest.raises(PageMalformed):
        desk.connect().find_created("Contacts", T_MS, ())


def test_a_query_that_fails_for_another_reason_is_an_error(desk):
    desk.vendor.on("POST", COQL, refusal("INVALID_MODULE"))
    with pytest.raises(ConfigError):
        desk.connect().find("Contacts", "Duban_Key", ["k"], ())


@pytest.mark.parametrize(("count", "number"), [(42, 42), ("42", 42), (None, None), ("many", None)])
def test_counts_come_as_number_or_text(desk, count, number):
    desk.vendor.on("GET", "/crm/v8/Contacts/actions/count", (200, {"count": count}))
    assert desk.connect().count("Contacts") == number


# ---- links and the rest


def test_links_to_records_go_both_ways(desk):
    log_in(desk)
    connector = desk.connect()
    assert connector.record_url("Tasks", "7") == "https://crm.zoho.com.cn/crm/tab/Tasks/7"
    connector.identify()
    url = connector.record_url("Tasks", "7")
    assert url == "https://crm.zoho.com.cn/crm/org60001/tab/Tasks/7"
    assert connector.record_ref(url) == ("Tasks", "7")
    assert connector.record_ref(url + "?sub=1#x") == ("Tasks", "7")


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.zoho.com/crm/tab/Tasks/7",
        "https://crm.zoho.com.cn/crm/tab/Tasks/",
        "https://crm.zoho.com.cn/x",
        "",
        "http://[x",
        "7",
    ],
)
def test_other_addresses_name_no_record(desk, url):
    assert desk.connect().record_ref(url) is None


def test_credits_left_are_told(desk):
    log_in(desk)
    body = {"org": [{"id": "1"}]}
    desk.vendor.on("GET", "/crm/v8/org", (200, body, {"x-api-credits-remaining": "1234"}))
    desk.connect().identify()
    assert desk.ports.counters["credits_left"] == 1234


def test_a_closed_connector_opens_again_when_used(desk):
    log_in(desk)
    connector = desk.connect()
    connector.identify()
    desk.ports.transport = httpx.MockTransport(desk.vendor)
    connector.close()
    connector.close()
    assert connector.identify().org_id == "60001"


def test_metadata_of_another_shape_describes_what_it_can(desk):
    odd = {"api_name": "Title", "data_type": 7, "pick_list_values": 5, "lookup": "x"}
    desk.vendor.on("GET", FIELDS, (200, {"fields": [odd, "x"]}))
    desk.vendor.on(
        "GET", "/crm/v8/settings/layouts", (200, {"layouts": [{"sections": 5}, {"sections": [{"fields": 5}]}]})
    )
    schema = desk.connect(layout_rules=True).describe("Contacts")
    assert schema is not None
    assert set(schema.fields) == {"Title"}
