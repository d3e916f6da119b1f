"""FxiaoKe as it speaks on the wire: what is asked, and what is made of every answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from connectors.base import Page, PullRequest, Token, WriteRow
from connectors.fxiaoke.connector import FxiaokeConnector
from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.testing import HandClock, make_ports
from mapping.errors import (
    AuthRefused,
    DubanError,
    LeaseLost,
    NeedsOperator,
    PageMalformed,
    QuotaSpent,
    Transient,
)

BASE = "https://crm.example"
SECRET, CODE = "app-secret-0123456789", "permanent-code-0123456789"
TASKS, QUERY = "duban_task__c", "/cgi/crm/custom/v2/data/query"
DATE = "Mon, 24 Nov 2025 04:00:00 GMT"
DATE_MS = 1_763_956_800_000
OK: Mapping[str, Any] = {"errorCode": 0, "errorMessage": "OK"}

Answer = Mapping[str, Any] | httpx.Response | Exception
Script = Callable[[dict[str, Any]], Answer]


class Service:
    """A scripted service: a handler per path; every business request is kept."""

    def __init__(self, **scripts: Script) -> None:
        self.clock = HandClock(DATE_MS)
        self.ports = make_ports(self.clock, "fxk", httpx.MockTransport(self.handle))
        self.scripts: dict[str, Script] = dict(scripts)
        self.token_requests: list[tuple[str, dict[str, Any]]] = []
        self.requests: list[tuple[str, httpx.Headers, dict[str, Any]]] = []
        self.tokens = 0
        self.same_token = False
        self.token_answer: Answer | None = None
        self.date: str | None = DATE

    def connector(self, **settings: Any) -> FxiaokeConnector:
        given = {
            "base_url": BASE, "app_id": "FSAID_1", "app_secret": SECRET, "permanent_code": CODE, "user_id": "1000",
            "open_user_id": "FSUID_1", "page_size": 2, **settings,
        }  # fmt: skip
        return FxiaokeConnector(FxiaokeSettings.model_validate(given), self.ports)

    def bodies(self, action: str) -> list[dict[str, Any]]:
        """Give the bodies sent to paths that end so."""
        return [body for path, _, body in self.requests if path.endswith(action)]

    def handle(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content)
        assert request.method == "POST"
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
                            request.url.params["thirdTraceId"])  # fmt: skip
        if path in ("/oauth2.0/token", "/cgi/corpAccessToken/get/V2"):
            self.token_requests.append((path, body))
            return self._response(self._token(path))
        self.requests.append((path, request.headers, body))
        action = path.rsplit("/", 1)[-1]
        return self._response(self.scripts[action](body))

    def _token(self, path: str) -> Answer:
        if self.token_answer is not None:
            return self.token_answer
        self.tokens += 0 if self.same_token and self.tokens else 1
        if path == "/oauth2.0/token":
            return {**OK, "accessToken": f"token-b-{self.tokens}", "ea": "exampleco", "expiresIn": 7084,
                    "openUserId": "FSCID_1", "appId": "FSAID_1"}  # fmt: skip
        return {**OK, "corpAccessToken": f"token-a-{self.tokens}", "corpId": 7788, "expiresIn": 7200}

    def _response(self, answer: Answer) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer, headers={"date": self.date} if self.date else {})


def rows(*ids: str, **more: Any) -> dict[str, Any]:
    return {**OK, "data": {"dataList": [{"_id": id, "name": id, **more} for id in ids], "total": 0}}


def refused(code: int, text: str = "words") -> dict[str, Any]:
    return {"errorCode": code, "errorMessage": text}


def in_turn(*answers: Answer) -> Script:
    """Give one answer after another; the last one again and again."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def pull(connector: FxiaokeConnector, mark: str | None = None, **more: Any) -> list[Page]:
    """Pull as the engine does: a first listing, of which nothing is known yet, asks for no deletions."""
    asked = {"deletes": mark is not None, **more}
    return list(
        connector.pull(PullRequest(entity="task", object=TASKS, fields=("name", "due__c"), watermark=mark, **asked))
    )


def filters(body: dict[str, Any]) -> list[tuple[str, str, list[Any]]]:
    listed = body["data"]["search_query_info"]["filters"]
    return [(one["field_name"], one["operator"], one["field_values"]) for one in listed]


# ---- credentials


def test_header_credentials_stand_in_headers_and_nowhere_else() -> None:
    service = Service(query=in_turn(rows()))
    pull(service.connector())
    assert service.token_requests == [
        ("/oauth2.0/token",
         {"appId": "FSAID_1", "appSecret": SECRET, "permanentCode": CODE, "grantType": "app_secret"})
    ]  # fmt: skip
    _, headers, body = service.requests[0]
    assert (headers["authorization"], headers["x-fs-ea"], headers["x-fs-userid"]) == (
        "Bearer token-b-1", "exampleco", "1000",
    )  # fmt: skip
    assert not {"corpAccessToken", "corpId", "currentOpenUserId"} & set(body)


def test_body_credentials_stand_in_the_body_and_the_company_keeps_its_type() -> None:
    service = Service(query=in_turn(rows()))
    pull(service.connector(credentials="body"))
    path, asked = service.token_requests[0]
    assert path == "/cgi/corpAccessToken/get/V2"
    assert "grantType" not in asked
    _, headers, body = service.requests[0]
    assert (body["corpAccessToken"], body["corpId"], body["currentOpenUserId"]) == ("token-a-1", 7788, "FSUID_1")
    assert "authorization" not in headers


def test_a_token_outlives_the_process_until_its_last_minutes() -> None:
    service = Service(query=in_turn(rows()))
    pull(service.connector())
    pull(service.connector())
    service.clock.sleep(7084 - 301)
    pull(service.connector())
    assert len(service.token_requests) == 1
    service.clock.sleep(10)
    pull(service.connector())
    assert len(service.token_requests) == 2


def test_a_kept_token_of_another_app_is_not_used() -> None:
    service = Service(query=in_turn(rows()))
    service.ports.tokens.save(Token("old", DATE_MS * 2, {"for": "header:FSAID_other"}))
    pull(service.connector())
    assert service.requests[0][1]["authorization"] == "Bearer token-b-1"


@pytest.mark.parametrize("code", [20016, 20005, 11014])
def test_a_refused_token_is_renewed_once_and_the_call_made_again(code: int) -> None:
    service = Service(query=in_turn(refused(code), rows("a")))
    (page,) = pull(service.connector())
    assert [record.id for record in page.records] == ["a"]
    assert [headers["authorization"] for _, headers, _ in service.requests] == ["Bearer token-b-1", "Bearer token-b-2"]


def test_a_token_refused_twice_stops_the_connection() -> None:
    service = Service(query=in_turn(refused(20016)))
    with pytest.raises(AuthRefused):
        pull(service.connector())
    assert (len(service.token_requests), len(service.requests)) == (2, 2)


def test_being_handed_the_refused_token_again_stops_without_another_call() -> None:
    service = Service(query=in_turn(refused(20016)))
    service.same_token = True
    with pytest.raises(AuthRefused, match="has just confirmed"):
        pull(service.connector())
    assert (len(service.token_requests), len(service.requests)) == (2, 1)


def test_a_write_is_sent_again_after_a_refused_token_only() -> None:
    service = Service(create=in_turn(refused(20016), {**OK, "dataId": "new"}))
    (result,) = service.connector().write(TASKS, [made("a")])
    assert (result.outcome, result.remote_id, len(service.requests)) == ("applied", "new", 2)


def test_tokens_are_asked_for_at_most_five_times_in_ten_minutes() -> None:
    service = Service(query=in_turn(refused(20016)))
    for _ in range(4):
        with pytest.raises((AuthRefused, Transient)):
            pull(service.connector())
        service.ports.tokens.save(None)
    assert len(service.token_requests) == 5
    with pytest.raises(Transient, match="of our own") as caught:
        pull(service.connector())
    assert 0 < (caught.value.retry_after_s or 0) <= 600
    service.clock.sleep(601)
    service.scripts["query"] = in_turn(rows())
    pull(service.connector())
    assert len(service.token_requests) == 6


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(10006, f"the parameter {SECRET} is illegal"), AuthRefused),
        (refused(20015), AuthRefused),
        (refused(77777), AuthRefused),
        (refused(20021), NeedsOperator),
        (refused(20022), NeedsOperator),
        (refused(14001), Transient),
        (refused(-1), Transient),
        ({"hello": 1}, Transient),
        ([], Transient),
        ({**OK, "ea": "x", "expiresIn": 7200}, AuthRefused),
        (httpx.ConnectError("no"), Transient),
        (httpx.Response(200, text="<html>sign in</html>"), Transient),
    ],
)
def test_an_answer_without_a_token_is_judged_by_its_code(answer: Any, kind: type[DubanError]) -> None:
    service = Service(query=in_turn(rows()))
    service.token_answer = answer
    with pytest.raises(kind) as caught:
        service.connector().identify()
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)
    assert caught.value.connection == "fxk"


def test_a_token_of_unknown_life_is_used_once_and_asked_for_again() -> None:
    service = Service(query=in_turn(rows()))
    service.token_answer = {**OK, "accessToken": "token-x", "ea": "e", "expiresIn": "soon"}
    connector = service.connector()
    assert connector.identify().org_id == "e"
    connector.identify()
    assert len(service.token_requests) == 2


def test_identity_is_the_company_and_the_acting_employee() -> None:
    found = Service().connector(zone="Europe/Berlin").identify()
    assert (found.org_id, found.zone, found.user_id) == ("exampleco", "Europe/Berlin", "1000")


# ---- pulling


def test_a_walk_pages_by_id_inside_a_window_closed_at_the_servers_time() -> None:
    service = Service(query=in_turn(rows("a", "b"), rows("c", "d"), rows("e")))
    pages = pull(service.connector())
    assert [[record.id for record in page.records] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert [filters(body) for body in service.bodies("query")] == [
        [],
        [("_id", "GT", ["b"]), ("last_modified_time", "LTE", [str(DATE_MS + 999)])],
        [("_id", "GT", ["d"]), ("last_modified_time", "LTE", [str(DATE_MS + 999)])],
    ]
    assert json.loads(pages[-1].watermark) == {"phase": "start", "lo": DATE_MS + 999 - 600_000, "hi": None, "last": ""}


def test_the_next_round_reads_the_overlap_again_and_looks_into_the_bin() -> None:
    service = Service(query=in_turn(rows("a"), rows("b", life_status="normal"), rows("x", life_status="invalid")))
    mark = pull(service.connector())[-1].watermark
    pages = pull(service.connector(), mark)
    lo = ("last_modified_time", "GTE", [str(DATE_MS + 999 - 600_000)])
    hi = ("last_modified_time", "LTE", [str(DATE_MS + 999)])
    assert [filters(body) for body in service.bodies("query")[1:]] == [
        [lo],
        [lo, hi, ("life_status", "EQ", ["invalid"])],
    ]
    assert [list(page.deleted_ids) for page in pages] == [[], ["x"]]
    assert [page.last for page in pages] == [False, True]


def test_the_bin_is_paged_and_resumed_like_the_rows() -> None:
    gone = {"life_status": "invalid"}
    service = Service(query=in_turn(rows(), rows("x", "y", **gone), rows("z", **gone)))
    mark = '{"phase": "start", "lo": 5, "hi": null, "last": ""}'
    first, second, third = pull(service.connector(), mark)
    assert [first.deleted_ids, second.deleted_ids, third.deleted_ids] == [[], ["x", "y"], ["z"]]
    service.scripts["query"] = in_turn(rows("z", **gone))
    (again,) = pull(service.connector(), second.watermark)
    assert again.deleted_ids == ["z"]
    assert ("_id", "GT", ["y"]) in filters(service.bodies("query")[-1])


def test_a_listing_made_anew_looks_into_the_whole_bin() -> None:
    service = Service(query=in_turn(rows("a"), rows("x", life_status="invalid")))
    pages = pull(service.connector(), deletes=True)
    hi = ("last_modified_time", "LTE", [str(DATE_MS + 999)])
    assert filters(service.bodies("query")[-1]) == [hi, ("life_status", "EQ", ["invalid"])]
    assert [(list(page.deleted_ids), page.backfill, page.last) for page in pages] == [
        ([], True, False),
        (["x"], True, True),
    ]


def test_live_rows_in_the_answer_of_the_bin_are_not_deletions() -> None:
    service = Service(query=in_turn(rows(), rows("alive", life_status="normal")))
    pages = pull(service.connector(), '{"phase": "start", "lo": 5, "hi": null, "last": ""}')
    assert [list(page.deleted_ids) for page in pages] == [[], []]


@pytest.mark.parametrize("more", [{"settings": {"delete_probe": False}}, {"request": {"deletes": False}}])
def test_the_bin_is_not_asked_when_nobody_wants_it(more: dict[str, Any]) -> None:
    service = Service(query=in_turn(rows()))
    connector = service.connector(**more.get("settings", {}))
    pull(connector, '{"phase": "start", "lo": 5, "hi": null, "last": ""}', **more.get("request", {}))
    assert len(service.requests) == 1


def test_rows_that_arrive_from_the_bin_are_deletions() -> None:
    answer = rows("a")
    answer["data"]["dataList"].append({"_id": "b", "is_deleted": True})
    service = Service(query=in_turn(answer, rows()))
    page, _ = pull(service.connector())
    assert ([record.id for record in page.records], page.deleted_ids) == (["a"], ["b"])


def test_without_a_date_the_window_ends_at_what_the_rows_prove() -> None:
    service = Service(query=in_turn(rows("a", last_modified_time=DATE_MS - 5)))
    service.date = None
    assert json.loads(pull(service.connector())[-1].watermark)["lo"] == DATE_MS - 5 - 600_000


def test_without_a_date_and_without_rows_the_window_does_not_move() -> None:
    service = Service(query=in_turn(rows()))
    service.date = None
    connector = service.connector()
    assert json.loads(pull(connector)[-1].watermark) == {"phase": "start", "lo": None, "hi": None, "last": ""}
    mark = '{"phase": "start", "lo": 5000000, "hi": null, "last": ""}'
    assert json.loads(pull(connector, mark)[-1].watermark)["lo"] == 5000000


def test_an_unreadable_row_is_named_and_the_others_are_read() -> None:
    answer = rows("a")
    answer["data"]["dataList"] += [{"_id": "b", "create_time": "soon"}, {"name": "no id"}]
    service = Service(query=in_turn(answer))
    (page,) = pull(service.connector(page_size=10))
    assert [record.id for record in page.records] == ["a"]
    assert [id for id, _ in page.bad] == ["b", "?"]


def test_a_full_page_that_ends_without_an_id_is_malformed() -> None:
    answer = rows("a")
    answer["data"]["dataList"].append({"name": "no id"})
    with pytest.raises(PageMalformed, match="no id"):
        pull(Service(query=in_turn(answer)).connector())


def test_a_service_that_gives_the_same_page_for_ever_is_left() -> None:
    service = Service(query=in_turn(rows("a", "b")))
    with pytest.raises(PageMalformed, match="same page"):
        pull(service.connector())
    with pytest.raises(PageMalformed, match="same page"):
        service.connector().find(TASKS, "duban_key__c", ["K"], ("name",))
    assert len(service.requests) == 4


def test_a_read_in_trouble_is_made_again() -> None:
    service = Service(query=in_turn(refused(50009), refused(-1), refused(30004), rows("a")))
    (page,) = pull(service.connector())
    assert len(page.records) == 1
    assert service.clock.now_ms() - DATE_MS >= 20_000


def test_a_spent_day_rests_until_midnight_of_the_tenant() -> None:
    service = Service(query=in_turn(refused(30002)))
    with pytest.raises(QuotaSpent) as caught:
        pull(service.connector())
    assert caught.value.retry_after_s == 12 * 3600  # noon in Shanghai
    assert len(service.requests) == 1


def test_our_own_daily_ceiling_is_never_passed() -> None:
    service = Service(query=in_turn(rows()))
    connector = service.connector(daily_quota=2)
    pull(connector)
    pull(connector)
    with pytest.raises(QuotaSpent, match="ceiling"):
        pull(service.connector(daily_quota=2))
    assert len(service.requests) == 2


def test_repeats_count_for_the_daily_ceiling_as_well() -> None:
    service = Service(query=in_turn(refused(-1)))
    with pytest.raises(QuotaSpent, match="ceiling"):
        pull(service.connector(daily_quota=3))
    assert len(service.requests) == 3


# ---- records


def test_a_record_is_read_by_name_and_only_live_ones_are_there() -> None:
    answers = {
        "a": {**OK, "data": {"_id": "a", "name": "A", "version": "2"}},
        "bin": {**OK, "data": {"_id": "bin", "life_status": "invalid"}},
        "no": refused(32000, "数据不存在"),
        "odd": refused(31234, "whatever"),
        "empty": {**OK, "data": None},
    }
    service = Service(get=lambda body: answers[body["data"]["objectDataId"]])
    found = service.connector().fetch(TASKS, list(answers), ("name",))
    assert {id: record and record.payload for id, record in found.items()} == {
        "a": {"name": "A"}, "bin": None, "no": None, "odd": None, "empty": None,
    }  # fmt: skip
    assert all(body["includeNull"] for body in service.bodies("get"))


@pytest.mark.parametrize(("code", "kind"), [(20014, NeedsOperator), (20021, NeedsOperator)])
def test_a_read_without_the_right_is_not_taken_for_a_deletion(code: int, kind: type[DubanError]) -> None:
    service = Service(get=in_turn(refused(code)))
    with pytest.raises(kind):
        service.connector().fetch(TASKS, ["a"], ("name",))


def test_an_answer_of_a_portal_is_not_taken_for_a_deletion() -> None:
    service = Service(get=in_turn({"hello": "portal"}))
    with pytest.raises(PageMalformed):
        service.connector().fetch(TASKS, ["a"], ("name",))


@pytest.mark.parametrize("data", [{"x": 1}, "x", {"_id": "a", "last_modified_time": "gestern"}, {"_id": 7}])
def test_a_record_that_cannot_be_read_is_an_unusable_answer_and_no_deletion(data: Any) -> None:
    service = Service(get=in_turn({**OK, "data": data}), query=in_turn({**OK, "data": {"dataList": [data]}}))
    for ask in (
        lambda one: one.fetch(TASKS, ["a"], ("name",)),
        lambda one: one.fetch(TASKS, ["a", "b"], ("name",)),
        lambda one: one.find(TASKS, "duban_key__c", ["K"], ("name",)),
        lambda one: one.find_created(TASKS, 123, ("name",)),
    ):
        with pytest.raises(PageMalformed) as caught:
            ask(service.connector(page_size=10))
        assert caught.value.text("en").startswith(f"fxk {TASKS}")
        assert "cannot be read" in caught.value.text("en")
        assert "gestern" not in caught.value.text("en")


def test_a_count_that_is_none_is_not_known() -> None:
    service = Service(query=in_turn({**OK, "data": {"dataList": [], "total": "many"}}))
    assert service.connector().count(TASKS) is None


@pytest.mark.parametrize("data", [None, [], {"dataList": None}, {"dataList": {"a": 1}}])
def test_an_answer_that_is_no_listing_says_of_what_and_what_comes_next(data: Any) -> None:
    with pytest.raises(PageMalformed) as caught:
        pull(Service(query=in_turn({**OK, "data": data})).connector())
    said = "nothing of it was used and it will be asked for again"
    assert caught.value.text("en") == f"fxk {TASKS}: the answer holds no list of records → {said}"
    assert caught.value.text("zh") == f"fxk {TASKS}: 答复中没有记录列表 → 未使用其中任何内容，之后会重新读取"


def test_queries_may_serve_for_reading_by_id_and_what_they_lack_is_asked_by_name() -> None:
    service = Service(query=in_turn(rows("a")), get=in_turn({**OK, "data": {"_id": "fresh", "name": "F"}}))
    found = service.connector(fetch_by="query").fetch(TASKS, ["a", "fresh"], ("name",))
    assert {id: record is not None for id, record in found.items()} == {"a": True, "fresh": True}
    assert filters(service.bodies("query")[0]) == [("_id", "IN", ["a", "fresh"])]
    assert [body["data"]["objectDataId"] for body in service.bodies("get")] == ["fresh"]


def test_our_own_creates_are_asked_for_by_author_and_time() -> None:
    service = Service(query=in_turn(rows("a", "b"), rows("c", life_status="invalid")))
    found = service.connector().find_created(TASKS, 123, ("name",))
    assert [record.id for record in found] == ["a", "b"]
    wanted = [("created_by", "IN", ["1000"]), ("create_time", "GTE", ["123"])]
    assert [filters(body) for body in service.bodies("query")] == [wanted, [("_id", "GT", ["b"]), *wanted]]


def test_count_asks_for_an_exact_total() -> None:
    service = Service(query=in_turn({**OK, "data": {"dataList": [], "total": "41"}}))
    assert service.connector().count(TASKS) == 41
    assert service.bodies("query")[0]["returnTotalNum"] == 1


def test_people_carry_the_ids_that_owner_fields_carry() -> None:
    person = {"_id": "p1", "user_id": "1001", "name": "王", "email": "w@x.example"}
    member = {"openUserId": "FSUID_1001", "name": "王", "email": "w@x.example"}
    service = Service(query=in_turn({**OK, "data": {"dataList": [person]}}), list=in_turn({**OK, "userList": [member]}))
    assert [user.id for user in service.connector().users()] == ["1001"]
    assert [user.id for user in service.connector(credentials="body").users()] == ["FSUID_1001"]


def test_without_the_personnel_object_only_people_with_plain_ids_are_known() -> None:
    members = [{"openUserId": "FSUID_1001", "name": "王"}, {"openUserId": "1002", "name": "李"}]
    service = Service(query=in_turn(refused(15003)), list=in_turn({**OK, "userlist": members}))
    assert [user.id for user in service.connector().users()] == ["1002"]


def test_refused_credentials_are_not_taken_for_a_missing_right() -> None:
    service = Service(query=in_turn(refused(20015)))
    with pytest.raises(AuthRefused):
        service.connector().users()


def test_an_unknown_object_is_told_from_a_missing_right() -> None:
    objects = {**OK, "data": {"objects": [{"describeApiName": "AccountObj"}]}}
    service = Service(describe=in_turn(refused(32000)), list=in_turn(objects))
    assert service.connector().describe("none__c") is None
    with pytest.raises(NeedsOperator):
        service.connector().describe("AccountObj")


# ---- writing


def made(op_id: str, **values: Any) -> WriteRow:
    return WriteRow(op_id=op_id, action="create", values={"name": op_id, **values})


def test_creates_are_owned_by_the_actor_unless_somebody_is_named() -> None:
    service = Service(create=in_turn({**OK, "dataId": "n"}))
    service.connector(write_pool=1).write(TASKS, [made("a"), made("b", owner=["1001"]), made("c", owner=None)])
    assert [body["data"]["object_data"]["owner"] for body in service.bodies("create")] == [["1000"], ["1001"], ["1000"]]


def test_a_create_that_names_no_record_is_unknown() -> None:
    service = Service(create=in_turn(OK))
    (result,) = service.connector().write(TASKS, [made("a")])
    assert result.outcome == "unknown"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (refused(50009, "以下这些数据已被锁定"), "busy"),
        (refused(50009, "timeout"), "unknown"),
        (refused(-2), "unknown"),
        (refused(32000, "数据已删除"), "gone"),
        (refused(31000, "Duplicate value"), "duplicate"),
        (refused(31000, "字段必填"), "refused"),
        (httpx.ReadTimeout("slow"), "unknown"),
        (httpx.ReadError("reset"), "unknown"),
        (httpx.Response(502, text="<html>bad gateway</html>"), "unknown"),
        (httpx.Response(200, text='{"errorCode":'), "unknown"),
        (httpx.ConnectError("refused"), "transient"),
    ],
)
def test_every_answer_to_a_write_has_its_outcome(answer: Any, outcome: str) -> None:
    service = Service(update=in_turn(answer), describe=in_turn(described()))
    row = WriteRow(op_id="u", action="update", remote_id="r", values={"name": "x"})
    (result,) = service.connector().write(TASKS, [row])
    assert (result.op_id, result.outcome) == ("u", outcome)
    assert result.remote_id == (None if outcome == "duplicate" else "r")
    sent = len(service.bodies("update"))
    assert sent == 1 or outcome == "transient"


def test_a_window_that_is_full_is_waited_for_and_the_write_sent_once_more() -> None:
    service = Service(create=in_turn(refused(30004), {**OK, "dataId": "n"}))
    (result,) = service.connector().write(TASKS, [made("a")])
    assert (result.outcome, len(service.requests)) == ("applied", 2)
    assert service.clock.now_ms() - DATE_MS >= 20_000


def test_an_owner_moves_on_a_path_of_its_own_after_the_values() -> None:
    service = Service(update=in_turn(OK), changeOwner=in_turn(OK), query=in_turn(rows()))
    row = WriteRow(op_id="u", action="update", remote_id="r", values={"name": "x", "owner": ["1001"]})
    (result,) = service.connector().write("AccountObj", [row])
    assert (result.outcome, result.steps_done) == ("applied", ("values", "owner"))
    assert [path for path, _, _ in service.requests] == [
        "/cgi/crm/v2/data/update", "/cgi/crm/v2/data/changeOwner", "/cgi/crm/v2/data/query",
    ]  # fmt: skip
    assert "owner" not in service.bodies("update")[0]["data"]["object_data"]
    assert service.bodies("changeOwner")[0]["data"] == {
        "dataObjectApiName": "AccountObj", "Data": [{"objectDataId": "r", "ownerId": ["1001"]}],
    }  # fmt: skip


def test_a_second_attempt_does_only_the_steps_that_are_missing() -> None:
    service = Service(update=in_turn(OK), changeOwner=in_turn(refused(50009), OK), query=in_turn(rows()))
    row = WriteRow(op_id="u", action="update", remote_id="r", values={"name": "x", "owner": "1001"})
    connector = service.connector()
    (first,) = connector.write(TASKS, [row])
    assert (first.outcome, first.steps_done) == ("unknown", ("values",))
    again = WriteRow(op_id="u", action="update", remote_id="r", values=row.values, steps_done=first.steps_done)
    (second,) = connector.write(TASKS, [again])
    assert (second.outcome, len(service.bodies("update")), len(service.bodies("changeOwner"))) == ("applied", 1, 2)


def test_an_owner_alone_needs_one_call_and_cannot_be_cleared() -> None:
    service = Service(changeOwner=in_turn(OK), query=in_turn(rows()))
    alone = WriteRow(op_id="o", action="update", remote_id="r", values={"owner": ["1001"]})
    cleared = WriteRow(op_id="c", action="update", remote_id="r", values={"owner": []})
    results = service.connector().write(TASKS, [alone, cleared])
    assert [result.outcome for result in results] == ["applied", "refused"]
    assert len(service.bodies("changeOwner")) == 1


@pytest.mark.parametrize(
    ("shown", "version"),
    [
        ({"version": "5", "last_modified_by": ["1000"]}, "5"),
        ({"version": 5, "last_modified_by": ["1001"]}, "4"),
        ({"version": "", "last_modified_by": ["1000"]}, None),
        ({"version": "5"}, None),
    ],
)
def test_one_query_names_the_versions_that_the_changes_of_a_batch_led_to(
    shown: dict[str, Any], version: str | None
) -> None:
    service = Service(update=in_turn(OK), create=in_turn({**OK, "dataId": "n"}), query=in_turn(rows("r", **shown)))
    changed = [WriteRow(op_id=id, action="update", remote_id=id, values={"name": "x"}) for id in ("r", "s")]
    results = service.connector().write(TASKS, [*changed, made("a")])
    assert [(one.outcome, one.version) for one in results] == [
        ("applied", version),
        ("applied", None),
        ("applied", None),
    ]
    assert [filters(body) for body in service.bodies("query")] == [[("_id", "IN", ["r", "s"])]]


def test_a_change_is_applied_although_nobody_can_say_which_version_it_led_to() -> None:
    service = Service(update=in_turn(OK), query=in_turn(refused(30001)))
    (result,) = service.connector().write(
        TASKS, [WriteRow(op_id="u", action="update", remote_id="r", values={"name": "x"})]
    )
    assert (result.outcome, result.version) == ("applied", None)


def test_nobody_is_asked_for_versions_where_that_is_switched_off() -> None:
    service = Service(update=in_turn(OK))
    row = WriteRow(op_id="u", action="update", remote_id="r", values={"name": "x"})
    (result,) = service.connector(version_look=False).write(TASKS, [row])
    assert (result.outcome, result.version) == ("applied", None)
    assert service.bodies("query") == []


def test_deletes_go_to_the_bin_and_come_back_from_it() -> None:
    service = Service(invalid=in_turn(OK), recover=in_turn(OK))
    connector = service.connector()
    connector.write(TASKS, [WriteRow(op_id="d", action="delete", remote_id="r")])
    connector.write(TASKS, [WriteRow(op_id="b", action="restore", remote_id="r")])
    assert service.bodies("invalid")[0]["data"] == {"dataObjectApiName": TASKS, "object_data_id": "r"}
    assert service.bodies("recover")[0]["data"] == {"dataObjectApiName": TASKS, "idList": ["r"]}


def test_a_row_that_names_no_record_is_gone() -> None:
    (result,) = Service().connector().write(TASKS, [WriteRow(op_id="d", action="delete")])
    assert result.outcome == "gone"


def test_one_hanging_row_does_not_take_the_others_with_it() -> None:
    def create(body: dict[str, Any]) -> Answer:
        name = body["data"]["object_data"]["name"]
        return httpx.ReadTimeout("hangs") if name == "poison" else {**OK, "dataId": f"id-{name}"}

    service = Service(create=create)
    names = [f"row {number}" for number in range(9)]
    results = service.connector().write(TASKS, [made(name) for name in [*names[:4], "poison", *names[4:]]])
    assert {result.op_id: result.outcome for result in results} == {
        **dict.fromkeys(names, "applied"),
        "poison": "unknown",
    }


def test_rows_that_come_up_after_the_deadline_are_not_sent() -> None:
    service = Service()

    def create(_: dict[str, Any]) -> Answer:
        service.clock.sleep(31)
        return {**OK, "dataId": "n"}

    service.scripts["create"] = create
    results = service.connector(write_pool=1, deadline_s=60).write(TASKS, [made(str(n)) for n in range(4)])
    assert [result.outcome for result in results] == ["applied", "applied", "transient", "transient"]
    assert len(service.requests) == 2


def test_a_missing_right_stops_the_batch_at_once() -> None:
    service = Service(create=in_turn(refused(15003)))
    with pytest.raises(NeedsOperator) as caught:
        service.connector(write_pool=1).write(TASKS, [made("a"), made("b")])
    assert (caught.value.code, caught.value.connection, len(service.requests)) == ("15003", "fxk", 1)


def test_a_service_out_of_reach_is_not_tried_anew_for_every_row() -> None:
    service = Service(create=in_turn(httpx.ConnectError("down")))
    results = service.connector(write_pool=1).write(TASKS, [made("a"), made("b"), made("c")])
    assert [result.outcome for result in results] == ["transient"] * 3
    assert {body["data"]["object_data"]["name"] for body in service.bodies("create")} == {"a"}


def test_what_was_written_before_the_batch_stopped_is_told() -> None:
    service = Service(create=in_turn({**OK, "dataId": "n"}, refused(30002)))
    results = service.connector(write_pool=1).write(TASKS, [made("a"), made("b"), made("c")])
    assert [result.outcome for result in results] == ["applied", "transient", "transient"]
    assert results[1].retry_after_s
    assert len(service.requests) == 2


def test_a_lost_lease_ends_the_batch_before_anything_is_sent() -> None:
    service = Service(create=in_turn({**OK, "dataId": "n"}))
    connector = service.connector()
    connector.identify()

    def lost() -> None:
        raise LeaseLost("another process writes")

    service.ports.before_send = lost
    with pytest.raises(LeaseLost):
        connector.write(TASKS, [made("a"), made("b")])
    assert not service.requests


def described(**unique: bool) -> dict[str, Any]:
    fields = {name: {"type": "text", "is_unique": is_unique} for name, is_unique in unique.items()}
    return {**OK, "data": {"describe": {"fields": fields}}}


def test_the_holder_of_a_taken_value_is_looked_up_by_the_unique_fields() -> None:
    service = Service(
        create=in_turn(refused(31000, "值重复")), describe=in_turn(described(name=False, key__c=True, no__c=True)),
        query=in_turn(rows("holder")),
    )  # fmt: skip
    connector = service.connector()
    for _ in range(2):
        (result,) = connector.write(TASKS, [made("a", key__c="K-1")])
        assert (result.outcome, result.remote_id) == ("duplicate", "holder")
    assert filters(service.bodies("query")[0]) == [("key__c", "IN", ["K-1"])]
    assert (len(service.bodies("query")), len(service.bodies("describe"))) == (2, 1)


def test_a_holder_that_a_search_does_not_show_yet_is_looked_for_among_our_own() -> None:
    own = {**OK, "data": {"dataList": [{"_id": "other", "key__c": "K-0"}, {"_id": "lost", "key__c": "K-1"}]}}
    service = Service(
        create=in_turn(refused(31000, "值重复")), describe=in_turn(described(key__c=True)), query=in_turn(rows(), own)
    )
    (result,) = service.connector().write(TASKS, [made("a", key__c="K-1")])
    assert (result.outcome, result.remote_id) == ("duplicate", "lost")
    asked = service.bodies("query")[1]
    assert filters(asked) == [("created_by", "IN", ["1000"])]
    assert asked["data"]["search_query_info"]["orders"] == [{"fieldName": "_id", "isAsc": False}]


@pytest.mark.parametrize("answer", [rows(), refused(-2)])
def test_a_holder_that_cannot_be_found_leaves_the_duplicate_nameless(answer: dict[str, Any]) -> None:
    service = Service(
        update=in_turn(refused(31000, "值重复")), describe=in_turn(described(key__c=True)), query=in_turn(answer)
    )
    row = WriteRow(op_id="u", action="update", remote_id="mine", values={"key__c": "K-1"})
    (result,) = service.connector().write(TASKS, [row])
    assert (result.outcome, result.remote_id) == ("duplicate", None)


def test_secrets_do_not_come_back_in_a_result() -> None:
    service = Service(create=in_turn(refused(31000, f"bad {SECRET} token-b-1")))
    (result,) = service.connector().write(TASKS, [made("a")])
    assert result.message is not None
    assert SECRET not in result.message
    assert "token-b-1" not in result.message


def test_a_token_whose_life_cannot_be_told_lives_for_no_time() -> None:
    service = Service(query=in_turn(rows()))
    service.token_answer = httpx.Response(
        200, content=b'{"errorCode": 0, "accessToken": "t", "ea": "e", "expiresIn": 1e999}', headers={"date": DATE}
    )
    pull(service.connector())
    assert len(service.requests) == 1


def test_refused_credentials_say_what_to_check() -> None:
    service = Service(query=in_turn(refused(20016)))
    service.same_token = True
    with pytest.raises(AuthRefused) as caught:
        pull(service.connector())
    assert caught.value.text("zh").endswith("再执行 duban check --online")
    assert caught.value.text("en").startswith("fxk: ")
