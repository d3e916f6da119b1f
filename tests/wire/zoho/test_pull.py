"""Pulling: queries by keyset, the list chain, the deleted list, watermarks."""

from __future__ import annotations

import json

import pytest

from connectors.base import PullRequest
from connectors.zoho.pull import read_mark
from mapping.errors import AuthRefused, ConfigError, NeedsOperator, PageMalformed, Transient

COQL, TASKS, DELETED = "/crm/v8/coql", "/crm/v8/Tasks", "/crm/v8/Tasks/deleted"
T = "2026-11-23T15:54:37+08:00"
T_MS = 1_795_420_477_000


def row(id, **more):
    return {
        "id": str(id),
        "Subject": f"t{id}",
        "Modified_Time": T,
        "Created_Time": T,
        "Modified_By": {"id": "411"},
        "Created_By": {"id": "411"},
        **more,
    }


def rows(*ids, more=False, **info):
    return (200, {"data": [row(id) for id in ids], "info": {"count": len(ids), "more_records": more, **info}})


def refusal(code, status=400, **details):
    return (status, {"code": code, "details": details, "message": "no", "status": "error"})


def request(object="Tasks", fields=("Subject",), watermark=None, deletes=False):
    entity = "comment" if object == "Notes" else "task"
    return PullRequest(entity=entity, object=object, fields=fields, watermark=watermark, deletes=deletes)


def pull(connector, **more):
    return list(connector.pull(request(**more)))


def test_a_first_pull_pages_by_id_in_full_pages(desk):
    desk.vendor.on("POST", COQL, rows(1, 2, more=True), rows(3))
    pages = pull(desk.connect())
    columns = "id, Modified_Time, Modified_By, Created_Time, Created_By, Subject"
    assert desk.vendor.queries() == [
        f"select {columns} from Tasks where (id is not null) order by id asc limit 2000",
        f"select {columns} from Tasks where (id > '2') order by id asc limit 2000",
    ]
    assert [[record.id for record in page.records] for page in pages] == [["1", "2"], ["3"]]
    assert [page.last for page in pages] == [False, True]
    assert all(page.backfill for page in pages)
    record = pages[0].records[0]
    assert (record.version, record.modified_ms, record.modified_by, record.created_by) == (T, T_MS, "411", "411")
    assert record.payload["Subject"] == "t1"
    assert desk.ports.counters["credits"] == 6


def test_the_next_pull_begins_at_the_servers_time_minus_the_overlap(desk, date_ms):
    desk.vendor.on("POST", COQL, rows(1), (204, None))
    connector = desk.connect(overlap_s=600)
    desk.clock.sleep(50_000)  # our clock is wrong by hours: it takes no part
    [first] = pull(connector)
    pages = pull(connector, watermark=first.watermark)
    assert read_mark(first.watermark).hi_ms == date_ms - 1000
    assert "where (Modified_Time >= '2026-11-23T07:49:59+00:00') order by id asc limit 200" in desk.vendor.queries()[1]
    assert [(page.records, page.last, page.backfill) for page in pages] == [([], True, False)]
    assert desk.ports.counters["credits"] == 3 + 1


def test_more_changes_than_a_quiet_page_go_on_in_full_pages(desk):
    desk.vendor.on("POST", COQL, rows(1), rows(5, 6, more=True), rows(9))
    connector = desk.connect()
    [first] = pull(connector)
    pages = pull(connector, watermark=first.watermark)
    assert desk.vendor.queries()[2].endswith("and id > '6') order by id asc limit 2000")
    assert "Modified_Time >=" in desk.vendor.queries()[2]
    assert [[r.id for r in page.records] for page in pages] == [["5", "6"], ["9"]]


def test_a_killed_pull_goes_on_at_the_page_and_keeps_its_time(desk, date_ms):
    desk.vendor.on("POST", COQL, rows(1, 2, more=True))
    stopped = next(iter(desk.connect().pull(request())))
    later = {"date": "Mon, 23 Nov 2026 20:00:00 GMT"}
    desk.vendor.on("POST", COQL, (*rows(3), later))
    [page] = pull(desk.connect(), watermark=stopped.watermark)
    assert "where (id > '2')" in desk.vendor.queries()[-1]
    assert page.backfill
    assert read_mark(page.watermark).hi_ms == date_ms - 1000


def test_deletions_follow_the_rows(desk):
    desk.vendor.on("POST", COQL, rows(1), (204, None))
    gone = {"id": "8", "display_name": None, "type": "recycle", "deleted_time": T}
    desk.vendor.on(
        "GET",
        DELETED,
        (204, None),
        (200, {"data": [gone], "info": {"more_records": True}}),
        (200, {"data": [{**gone, "id": "9"}], "info": {"more_records": False}}),
    )
    connector = desk.connect()
    first = pull(connector, deletes=True)
    assert [page.last for page in first] == [False, True]
    pages = pull(connector, deletes=True, watermark=first[-1].watermark)
    assert [page.deleted_ids for page in pages] == [(), ("8",), ("9",)]
    assert [page.last for page in pages] == [False, False, True]
    asked = desk.vendor.asked(DELETED)
    assert "if-modified-since" not in asked[0].headers
    assert asked[1].headers["if-modified-since"] == "2026-11-23T07:49:59+00:00"
    assert desk.vendor.params(asked[2]) == {"type": "all", "page": "2", "per_page": "200"}


def test_a_pull_killed_in_the_deleted_list_reads_no_rows_again(desk):
    desk.vendor.on("POST", COQL, rows(1))
    desk.vendor.on("GET", DELETED, (200, {"data": [{"id": "8"}], "info": {"more_records": True}}), (204, None))
    pages = desk.connect().pull(request(deletes=True))
    next(pages)
    second = next(pages)
    [last] = pull(desk.connect(), deletes=True, watermark=second.watermark)
    assert last.last
    assert len(desk.vendor.queries()) == 1
    assert desk.vendor.params(desk.vendor.asked(DELETED)[1])["page"] == "2"


def test_the_module_of_a_lookup_is_learnt_once_for_each_target(desk):
    desk.vendor.on(
        "POST",
        COQL,
        (
            200,
            {
                "data": [
                    row(1, What_Id={"id": "70"}),
                    row(2, What_Id={"id": "70"}),
                    row(3, What_Id=None),
                    row(4, What_Id={"id": "71"}),
                ],
                "info": {"more_records": False},
            },
        ),
    )
    samples = [{"id": "1", "What_Id": {"id": "70"}, "$se_module": "Deals"}, {"id": "4", "What_Id": {"id": "71"}}]
    desk.vendor.on("GET", TASKS, (200, {"data": samples, "info": {"more_records": False}}))
    connector = desk.connect()
    fields = ("Subject", "What_Id", "$se_module")
    [page] = pull(connector, fields=fields)
    assert "$se_module" not in desk.vendor.queries()[0]
    [sample] = desk.vendor.asked(TASKS)
    assert desk.vendor.params(sample) == {"ids": "1,4", "fields": "id,What_Id,$se_module", "per_page": "2"}
    shown = [record.payload.get("$se_module", "unseen") for record in page.records]
    assert shown == ["Deals", "Deals", None, "unseen"]


def test_a_killed_pull_asks_no_more_for_the_modules_it_has_learnt(desk):
    told = row(1, What_Id={"id": "70"})
    pages = [({**told, "id": id}, more) for id, more in (("1", True), ("2", False))]
    replies = [(200, {"data": [one], "info": {"more_records": more}}) for one, more in pages]
    desk.vendor.on("POST", COQL, *replies)
    desk.vendor.on("GET", TASKS, (200, {"data": [{**told, "$se_module": "Deals"}], "info": {"more_records": False}}))
    fields = ("Subject", "What_Id", "$se_module")
    first = next(iter(desk.connect().pull(request(fields=fields))))
    [page] = pull(desk.connect(), fields=fields, watermark=first.watermark)
    assert [record.payload["$se_module"] for record in page.records] == ["Deals"]
    assert len(desk.vendor.asked(TASKS)) == 1
    assert "modules" not in page.watermark  # kept for who goes on, not for the next round


@pytest.mark.parametrize("code", ["SYNTAX_ERROR", "INVALID_QUERY", "OAUTH_SCOPE_MISMATCH", "NO_PERMISSION"])
def test_a_module_whose_queries_are_refused_is_listed_from_then_on(desk, code):
    desk.vendor.on("POST", COQL, refusal(code))
    desk.vendor.on("GET", TASKS, rows(1, 2, more=True, next_page_token="tok"), rows(3), (304, None))
    connector = desk.connect()
    pages = pull(connector)
    assert [[r.id for r in page.records] for page in pages] == [["1", "2"], ["3"]]
    first, second = desk.vendor.asked(TASKS)
    common = {
        "fields": "id,Modified_Time,Modified_By,Created_Time,Created_By,Subject",
        "per_page": "200",
        "sort_by": "id",
        "sort_order": "asc",
    }
    assert desk.vendor.params(first) == common
    assert desk.vendor.params(second) == {**common, "page_token": "tok"}
    pull(connector, watermark=pages[-1].watermark)
    assert desk.vendor.asked(TASKS)[2].headers["if-modified-since"] == "2026-11-23T07:49:59+00:00"
    assert len(desk.vendor.queries()) == 1


@pytest.mark.parametrize(
    ("object", "fields", "settings"),
    [
        ("Notes", ("Note_Title",), {}),
        ("Tasks", ("Tag",), {}),
        ("Tasks", ("$approval_state",), {}),
        ("Tasks", ("Subject",), {"list_chain": True}),
    ],
)
def test_what_queries_cannot_show_is_listed(desk, object, fields, settings):
    desk.vendor.on("GET", f"/crm/v8/{object}", rows(1))
    [page] = pull(desk.connect(**settings), object=object, fields=fields)
    assert [record.id for record in page.records] == ["1"]
    assert desk.vendor.asked(COQL) == []


def test_a_position_of_the_other_road_starts_the_rows_again_with_the_same_time(desk, date_ms):
    desk.vendor.on("POST", COQL, rows(1, 2, more=True))
    stopped = next(iter(desk.connect().pull(request())))
    desk.vendor.on("GET", TASKS, rows(1, 2, 3))
    [page] = pull(desk.connect(list_chain=True), watermark=stopped.watermark)
    assert [record.id for record in page.records] == ["1", "2", "3"]
    assert read_mark(page.watermark).hi_ms == date_ms - 1000


@pytest.mark.parametrize("code", ["EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"])
def test_an_expired_page_token_starts_the_listing_again(desk, code):
    desk.vendor.on("GET", TASKS, rows(1, more=True, next_page_token="old"), refusal(code), rows(1, 2))
    pages = pull(desk.connect(list_chain=True))
    assert [[r.id for r in page.records] for page in pages] == [["1"], ["1", "2"]]


@pytest.mark.parametrize(
    "reply",
    [
        (200, {"data": None, "info": {}}),
        (200, {"info": {"more_records": False}}),
        (200, {"data": {}, "info": {}}),
        (200, {"data": [], "info": []}),
        (200, {"data": [row(1)], "info": {"more_records": "no"}}),
        (200, [row(1)]),
        (200, None),
        (200, b"<html><body>Please sign in</body></html>"),
        (200, b'{"data": [{"id": "1"'),
        (200, b'{"data": [{"id": NaN}]}'),
        (200, b"[" * 200_000),
        (200, {"data": [], "info": {"more_records": True}}),
        rows(2, 1),
        rows(1, 1),
    ],
)
def test_an_answer_that_is_no_listing_yields_nothing(desk, reply):
    desk.vendor.on("POST", COQL, reply)
    with pytest.raises(PageMalformed) as caught:
        pull(desk.connect())
    assert caught.value.exit_code == 4


def test_a_listing_that_repeats_its_token_is_stopped(desk):
    desk.vendor.on("GET", TASKS, rows(1, more=True, next_page_token="same"))
    with pytest.raises(PageMalformed):
        pull(desk.connect(list_chain=True))
    assert len(desk.vendor.asked(TASKS)) == 2


def test_rows_that_cannot_be_read_are_named_and_the_others_pass(desk):
    odd = [
        row(1),
        {"Subject": "no id"},
        "text",
        row(2, Modified_Time="yesterday"),
        row(3, Modified_Time="2026-11-23T15:54:37"),
    ]
    desk.vendor.on("POST", COQL, (200, {"data": odd, "info": {"more_records": False}}))
    [page] = pull(desk.connect())
    assert [record.id for record in page.records] == ["1"]
    assert sorted(id for id, _ in page.bad) == ["2", "3", "?", "?"]


def test_a_row_that_says_it_is_in_the_bin_counts_as_deleted(desk):
    desk.vendor.on(
        "POST", COQL, (200, {"data": [row(1), row(2, Record_Status__s="Trash")], "info": {"more_records": False}})
    )
    [page] = pull(desk.connect(), fields=("Record_Status__s",))
    assert [record.id for record in page.records] == ["1"]
    assert page.deleted_ids == ("2",)


def test_without_a_server_date_the_old_lower_bound_stays(desk):
    desk.vendor.on("POST", COQL, (200, rows(1)[1], {"date": "not a date"}))
    [first] = pull(desk.connect())
    assert json.loads(first.watermark).get("hi_ms") is None
    [second] = pull(desk.connect(), watermark=first.watermark)
    assert "1970-01-01T00:00:00+00:00" in desk.vendor.queries()[1]
    assert not second.backfill


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"v": 2, "phase": "rows"}', '{"v": 1, "phase": "rows", "x": 1}', "null"]
)
def test_a_foreign_watermark_is_refused(desk, text):
    with pytest.raises(PageMalformed):
        pull(desk.connect(), watermark=text)


@pytest.mark.parametrize("name", ["Tasks where id is not null", "Tasks;", "任务", "", "a'b"])
def test_a_module_or_field_that_is_no_name_never_reaches_a_query(desk, name):
    with pytest.raises(ConfigError):
        pull(desk.connect(), object=name)
    with pytest.raises(ConfigError):
        pull(desk.connect(), fields=(name,))
    assert desk.vendor.requests == []


def test_more_than_fifty_fields_are_refused_before_any_call(desk):
    fields = tuple(f"F{number}" for number in range(50))
    for settings in ({}, {"list_chain": True}):
        with pytest.raises(ConfigError, match="50 fields"):
            pull(desk.connect(**settings), fields=fields)
    assert desk.vendor.requests == []


def test_a_busy_server_is_asked_again_after_the_wait_it_names(desk):
    busy = (429, {"code": "TOO_MANY_REQUESTS", "details": {}, "message": "x", "status": "error"}, {"retry-after": "7"})
    desk.vendor.on("POST", COQL, busy, (503, b"<html>"), rows(1))
    before = desk.clock.now_ms()
    [page] = pull(desk.connect())
    assert len(page.records) == 1
    assert desk.clock.now_ms() - before >= 8000
    assert (desk.ports.counters["calls"], desk.ports.counters["retries"]) == (4, 2)


def test_spent_credits_end_the_pull_at_once_and_keep_the_next_one_away(desk):
    spent = (
        429,
        {"code": "TOO_MANY_REQUESTS", "details": {}, "message": "x", "status": "error"},
        {"x-api-credits-remaining": "0"},
    )
    desk.vendor.on("POST", COQL, spent)
    with pytest.raises(Transient) as caught:
        pull(desk.connect())
    assert type(caught.value).__name__ == "QuotaSpent"
    with pytest.raises(Transient, match="wait"):
        pull(desk.connect())
    assert len(desk.vendor.asked(COQL)) == 1


def test_a_missing_right_names_the_next_step(desk):
    desk.vendor.on("GET", TASKS, refusal("NO_PERMISSION", 403))
    with pytest.raises(NeedsOperator, match="profile"):
        pull(desk.connect(list_chain=True))


def test_a_missing_scope_of_the_module_itself_is_a_matter_of_authorisation(desk):
    desk.vendor.on("POST", COQL, refusal("OAUTH_SCOPE_MISMATCH", 401))
    desk.vendor.on("GET", TASKS, refusal("OAUTH_SCOPE_MISMATCH", 401))
    with pytest.raises(AuthRefused, match="all scopes"):
        pull(desk.connect())


@pytest.mark.parametrize(
    ("body", "english", "chinese"),
    [
        ([1, 2], "answer 200 is not a listing of data", "答复 200 不是 data 列表"),
        ({"data": None}, "answer 200 is not a listing of data", "答复 200 不是 data 列表"),
        (b'{"data": [{"id"', "the answer cannot be used: cut short or not JSON", "答复无法使用：不完整或不是 JSON"),
    ],
)
def test_an_answer_that_is_no_listing_says_of_what_and_what_comes_next(desk, body, english, chinese):
    desk.vendor.on("POST", COQL, (200, body))
    with pytest.raises(PageMalformed) as caught:
        pull(desk.connect())
    assert caught.value.text("en") == f"zoho Tasks: {english} → nothing of it was used and it will be asked for again"
    assert caught.value.text("zh") == f"zoho Tasks: {chinese} → 未使用其中任何内容，之后会重新读取"


def test_a_row_that_cannot_be_read_is_named_with_its_object(desk):
    desk.vendor.on("GET", TASKS, (200, {"data": [row(5, Modified_Time="gestern")], "info": {"more_records": False}}))
    with pytest.raises(PageMalformed) as caught:
        desk.connect().fetch("Tasks", ["5"], ("Subject",))
    assert caught.value.text("en").startswith("zoho Tasks/5: a row cannot be read")


def test_a_code_that_nobody_knows_says_what_to_do(desk):
    desk.vendor.on("POST", COQL, refusal("FLUX"))
    with pytest.raises(NeedsOperator) as caught:
        pull(desk.connect())
    assert caught.value.text("zh") == "zoho: no [FLUX] → duban 不认识此代码：请查阅 Zoho 的错误码表"
