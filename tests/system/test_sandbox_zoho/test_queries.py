"""COQL and search over HTTP."""

from __future__ import annotations

import pytest


def subjects(answer):
    assert answer.status_code == 200, answer.text
    return [row["Subject"] for row in answer.json()["data"]]


@pytest.fixture
def tasks(bare):
    """Give a sandbox with five tasks, a second apart."""
    [contact] = bare.create("Contacts", {"Last_Name": "Wang", "Email": "w@x.example"})
    [deal] = bare.create("Deals", {"Deal_Name": "MES", "Stage": "Qualification", "Amount": 10.5})
    rows = [
        {"Subject": "alpha", "Status": "Completed", "Due_Date": "2026-11-01", "Duban_Key": "k1"},
        {"Subject": "Beta", "Status": "In Progress", "Due_Date": "2026-11-10", "Duban_Key": "k2"},
        {"Subject": "gamma ray", "Status": "In Progress", "Who_Id": contact},
        {"Subject": "it's", "Status": "Deferred", "What_Id": deal, "$se_module": "Deals"},
        {"Subject": "omega", "Status": "Not Started", "Due_Date": "2026-12-01", "Priority": "High"},
    ]
    bare.made = []
    for row in rows:
        bare.clock.advance(1)
        bare.made += bare.create("Tasks", row)
    bare.contact, bare.deal = contact, deal
    return bare


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Status = 'In Progress'", ["Beta", "gamma ray"]),
        ("Status = 'in progress'", ["Beta", "gamma ray"]),
        ("Status != 'In Progress'", ["alpha", "it's", "omega"]),
        ("Status in ('Deferred', 'Completed')", ["alpha", "it's"]),
        ("Status not in ('Deferred', 'Completed')", ["Beta", "gamma ray", "omega"]),
        ("Subject like '%a'", ["alpha", "Beta", "omega"]),
        ("Subject like 'gam%'", ["gamma ray"]),
        ("Subject not like '%a%'", ["it's"]),
        ("Subject = 'it\\'s'", ["it's"]),
        ("Subject = 'it''s'", ["it's"]),
        ("Due_Date is null", ["gamma ray", "it's"]),
        ("Due_Date is not null", ["alpha", "Beta", "omega"]),
        ("Due_Date between '2026-11-05' and '2026-12-01'", ["Beta", "omega"]),
        ("Due_Date >= '2026-11-10'", ["Beta", "omega"]),
        ("(Status = 'In Progress' and (Due_Date is null or Subject = 'x'))", ["gamma ray"]),
        ("((Status = 'Deferred') or (Priority = 'High'))", ["it's", "omega"]),
        ("Who_Id.Email = 'w@x.example'", ["gamma ray"]),
        ("Owner.email = 'duban@vendor.example'", ["alpha", "Beta", "gamma ray", "it's", "omega"]),
        ("Duban_Key in ('k2', 'k9')", ["Beta"]),
        ("id > '0'", ["alpha", "Beta", "gamma ray", "it's", "omega"]),
    ],
)
def test_conditions_choose_rows(tasks, where, found):
    assert subjects(tasks.query(f"select Subject from Tasks where {where}")) == found


def test_references_in_conditions_take_ids_bare_or_quoted(tasks):
    for literal in (tasks.contact, f"'{tasks.contact}'"):
        assert subjects(tasks.query(f"select Subject from Tasks where Who_Id = {literal}")) == ["gamma ray"]
    assert subjects(tasks.query(f"select Subject from Tasks where What_Id = '{tasks.deal}'")) == ["it's"]


def test_a_row_holds_ids_of_references_and_joined_columns(tasks):
    answer = tasks.query(
        "select Subject, Who_Id, Who_Id.Email, Owner, Modified_Time from Tasks where Who_Id is not null"
    )
    [row] = answer.json()["data"]
    assert row["Who_Id"] == {"id": tasks.contact}
    assert row["Who_Id.Email"] == "w@x.example"
    assert row["Owner"] == {"id": tasks.face.org.bot.id}
    assert row["id"] == tasks.made[2]
    assert answer.json()["info"] == {"count": 1, "more_records": False}


def test_order_limit_and_offset(tasks):
    text = "select Subject from Tasks where id is not null order by Status desc, Subject asc"
    assert subjects(tasks.query(f"{text} limit 2")) == ["omega", "Beta"]
    assert subjects(tasks.query(f"{text} limit 1, 2")) == ["Beta", "gamma ray"]
    assert subjects(tasks.query(f"{text} limit 2 offset 3")) == ["it's", "alpha"]
    assert tasks.query(f"{text} limit 2").json()["info"]["more_records"] is True


def test_keyset_on_modified_time_and_id_walks_everything_once(tasks):
    last, found = None, []
    for _ in range(10):
        where = "id is not null"
        if last:
            moment, row_id = last
            where = f"(Modified_Time > '{moment}' or (Modified_Time = '{moment}' and id > '{row_id}'))"
        answer = tasks.query(
            f"select Subject, Modified_Time from Tasks where {where} order by Modified_Time asc, id asc limit 2"
        )
        if answer.status_code == 204:
            break
        rows = answer.json()["data"]
        found += [row["Subject"] for row in rows]
        last = (rows[-1]["Modified_Time"], rows[-1]["id"])
    assert found == ["alpha", "Beta", "gamma ray", "it's", "omega"]


def test_a_change_moves_a_row_to_the_end_of_the_modified_order(tasks):
    tasks.clock.advance(1)
    tasks.send("PUT", f"/Tasks/{tasks.made[0]}", {"data": [{"Priority": "Low"}]})
    order = "select Subject from Tasks where id is not null order by Modified_Time"
    assert subjects(tasks.query(f"{order} asc, id asc"))[-1] == "alpha"
    assert subjects(tasks.query(f"{order} desc, id desc"))[0] == "alpha"
    assert subjects(tasks.query(f"{order} desc"))[0] == "alpha"


def test_nothing_found_is_204(tasks):
    assert tasks.query("select id from Tasks where Subject = 'nothing'").status_code == 204


def test_aggregates_and_groups(tasks):
    [row] = tasks.query("select count(id) from Tasks where id is not null").json()["data"]
    assert row == {"COUNT(id)": 5}
    rows = tasks.query("select Status, count(id) as n from Tasks where id is not null group by Status").json()["data"]
    assert {row["Status"]: row["n"] for row in rows}["In Progress"] == 2
    [row] = tasks.query("select sum(Amount) as total, min(Amount) as least from Deals where id > 0").json()["data"]
    assert row == {"total": 10.5, "least": 10.5}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select Subject of Tasks", "SYNTAX_ERROR"),
        ("select Subject from Tasks", "SYNTAX_ERROR"),
        ("select Subject from Tasks where", "SYNTAX_ERROR"),
        ("select Subject from Tasks where Subject = 'open", "SYNTAX_ERROR"),
        ("select Subject from Tasks where Subject ~ 'x'", "SYNTAX_ERROR"),
        ("select Subject from Tasks where (Subject = 'x'", "SYNTAX_ERROR"),
        ("select Subject from Tasks where Subject = 'a' and Subject = 'b' and Subject = 'c'", "SYNTAX_ERROR"),
        ("select Subject from Tasks where id > 0 limit ten", "SYNTAX_ERROR"),
        ("select Subject from Tasks where id > 0 please", "SYNTAX_ERROR"),
        ("select Subject from Rockets where id > 0", "INVALID_QUERY"),
        ("select Subject from Notes where id > 0", "INVALID_QUERY"),
        ("select Nonsense from Tasks where id > 0", "INVALID_QUERY"),
        ("select Subject from Tasks where Nonsense = 'x'", "INVALID_QUERY"),
        ("select Subject from Tasks where Who_Id.Nonsense = 'x'", "INVALID_QUERY"),
        ("select Subject from Tasks where Description = 'x'", "INVALID_QUERY"),
        ("select Subject from Tasks where Modified_Time > 'yesterday'", "INVALID_QUERY"),
        ("select Subject, Subject from Tasks where id > 0", "DUPLICATE_DATA"),
        ("select Subject, count(id) from Tasks where id > 0", "INVALID_QUERY"),
        ("select Subject from Tasks where id > 0 limit 2001", "LIMIT_EXCEEDED"),
        ("select Subject from Tasks where id > 0 limit 99999, 2", "LIMIT_EXCEEDED"),
        (f"select Subject from Tasks where id in ({','.join('1' * 1 for _ in range(101))})", "LIMIT_EXCEEDED"),
    ],
)
def test_a_wrong_query_says_why(tasks, text, code):
    answer = tasks.query(text)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text


def test_a_syntax_error_names_its_place(tasks):
    details = tasks.query("select Subject\nfrom Tasks wher id > 0").json()["details"]
    assert (details["line"], details["column"], details["near"]) == (2, 12, "wher")


def test_a_body_without_a_query_is_refused(tasks):
    assert tasks.send("POST", "/coql", {}).json()["code"] == "MANDATORY_NOT_FOUND"


@pytest.mark.parametrize(("limit", "credits"), [(200, 1), (201, 2), (1000, 2), (2000, 3)])
def test_a_query_costs_by_its_limit(tasks, limit, credits):
    before = tasks.sim("GET", "settings")["credits_used"]
    tasks.query(f"select id from Tasks where id > 0 limit {limit}")
    assert tasks.sim("GET", "settings")["credits_used"] - before == credits


def test_keyset_pages_walk_a_crowd(crowd):
    ids, last = [], "0"
    while True:
        answer = crowd.query(f"select Email from Contacts where id > '{last}' order by id asc limit 1000").json()
        ids += [row["id"] for row in answer["data"]]
        last = ids[-1]
        if not answer["info"]["more_records"]:
            break
    assert len(ids) == len(set(ids)) == 2532


# --- search ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ("(Subject:equals:alpha)", {"alpha"}),
        ("(Subject:starts_with:gam)", {"gamma ray"}),
        ("((Status:equals:In Progress)and(Subject:contains:ray))", {"gamma ray"}),
        ("((Status:equals:Deferred)or(Priority:equals:High))", {"it's", "omega"}),
        ("(Status:in:Deferred,Completed)", {"it's", "alpha"}),
        ("(Due_Date:between:2026-11-01,2026-11-30)", {"alpha", "Beta"}),
        ("(Status:not_equal:In Progress)", {"alpha", "it's", "omega"}),
    ],
)
def test_search_by_criteria(tasks, criteria, found):
    tasks.clock.advance(5)
    assert set(subjects(tasks.get("/Tasks/search", criteria=criteria))) == found


def test_search_takes_escaped_signs_and_ids(tasks):
    [made] = tasks.create("Tasks", {"Subject": "a(b),c"})
    tasks.clock.advance(5)
    assert subjects(tasks.get("/Tasks/search", criteria=r"(Subject:equals:a\(b\)\,c)")) == ["a(b),c"]
    assert subjects(tasks.get("/Tasks/search", criteria=f"(Who_Id:equals:{tasks.contact})")) == ["gamma ray"]
    assert subjects(tasks.get("/Tasks/search", criteria=f"(id:equals:{made})")) == ["a(b),c"]


def test_search_by_a_key_lags_like_any_other(tasks):
    tasks.clock.advance(5)
    tasks.send("PUT", f"/Tasks/{tasks.made[0]}", {"data": [{"Duban_Key": "moved"}]})
    assert subjects(tasks.get("/Tasks/search", criteria="(Duban_Key:equals:k1)")) == ["alpha"]
    assert tasks.get("/Tasks/search", criteria="(Duban_Key:equals:moved)").status_code == 204
    either = "((Duban_Key:equals:k2)or(Subject:equals:omega))"
    assert set(subjects(tasks.get("/Tasks/search", criteria=either))) == {"Beta", "omega"}
    tasks.clock.advance(5)
    assert tasks.get("/Tasks/search", criteria="(Duban_Key:equals:k1)").status_code == 204
    assert subjects(tasks.get("/Tasks/search", criteria="(Duban_Key:equals:MOVED)")) == ["alpha"]


def test_search_by_mail_phone_and_word(zoho):
    by_mail = zoho.get("/Contacts/search", email="zhang.lei@mingde.example", fields="Last_Name").json()
    by_word = zoho.get("/Contacts/search", word="Schmidt", fields="Last_Name").json()
    by_phone = zoho.get("/Contacts/search", phone="13900000001", fields="Last_Name").json()
    assert [row["Last_Name"] for row in by_mail["data"]] == ["张磊"]
    assert [row["Last_Name"] for row in by_word["data"]] == ["Schmidt"]
    assert [row["Last_Name"] for row in by_phone["data"]] == ["张磊"]


def test_search_lags_behind_a_write_in_both_ways(tasks):
    tasks.clock.advance(5)
    tasks.send("PUT", f"/Tasks/{tasks.made[0]}", {"data": [{"Subject": "renamed"}]})
    tasks.create("Tasks", {"Subject": "brand new"})
    assert tasks.get("/Tasks/search", criteria="(Subject:equals:renamed)").status_code == 204
    assert subjects(tasks.get("/Tasks/search", criteria="(Subject:equals:alpha)")) == ["alpha"]
    assert tasks.get("/Tasks/search", criteria="(Subject:equals:brand new)").status_code == 204
    tasks.clock.advance(2.1)
    assert subjects(tasks.get("/Tasks/search", criteria="(Subject:equals:renamed)")) == ["renamed"]
    assert subjects(tasks.get("/Tasks/search", criteria="(Subject:equals:brand new)")) == ["brand new"]


def test_lists_and_queries_lag_when_told(tasks):
    tasks.sim("POST", "settings", {"list_lag_s": 30})
    tasks.send("PUT", f"/Tasks/{tasks.made[0]}", {"data": [{"Subject": "renamed"}]})
    [made] = tasks.create("Tasks", {"Subject": "brand new", "Duban_Key": "k7"})
    listed = subjects(tasks.get("/Tasks", fields="Subject"))
    queried = subjects(tasks.query("select Subject from Tasks where id > 0"))
    assert sorted(listed) == sorted(queried) == ["Beta", "alpha", "gamma ray", "it's", "omega"]
    assert tasks.query("select Subject from Tasks where Duban_Key = 'k7'").status_code == 204
    assert subjects(tasks.get(f"/Tasks/{made}")) == ["brand new"], "a read by id shows the truth at once"
    tasks.clock.advance(31)
    assert {"renamed", "brand new"} <= set(subjects(tasks.get("/Tasks", fields="Subject")))


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "EXPECTED_PARAM_MISSING"),
        ({"word": "x"}, "INVALID_DATA"),
        ({"criteria": "Subject:equals:x"}, "INVALID_QUERY"),
        ({"criteria": "(Nonsense:equals:x)"}, "INVALID_QUERY"),
        ({"criteria": "(Subject:resembles:x)"}, "INVALID_QUERY"),
        ({"criteria": "(Subject:equals:x"}, "INVALID_QUERY"),
        ({"criteria": "(Due_Date:between:2026-01-01)"}, "INVALID_QUERY"),
        ({"criteria": "(Subject:equals:x)", "page": 11, "per_page": 200}, "LIMIT_REACHED"),
        ({"criteria": "(Subject:in:" + ",".join("x" * 101) + ")"}, "LIMIT_EXCEEDED"),
    ],
)
def test_a_wrong_search_says_why(tasks, params, code):
    answer = tasks.get("/Tasks/search", **params)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
