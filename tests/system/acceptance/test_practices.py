"""The ten practices and the three questions, each end to end: what two CRMs hold, synced, judged, acted on by command.

One office serves the whole file: both sandboxes, one store, a clock that stands in May 2026. Every practice has a
project of its own, planted in one of the CRMs, so that what one test does is nobody else's business; the clock only
goes forward.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.support.clocks import ms
from tests.system.acceptance.office import Office, office

SURVEYED = 16


@dataclass(frozen=True)
class People:
    """Ids in the CRM the client was planted in."""

    account: str
    wang: str
    li: str


def zoho_project(opened: Office, people: People, name: str, **values: Any) -> str:
    deal = {
        "Deal_Name": name, "Stage": "Qualification", "Account_Name": {"id": people.account},
        "Duban_Lifecycle": "active", "Duban_Start": "2026-05-06", "Closing_Date": "2026-09-30", **values,
    }  # fmt: skip
    return opened.world.plant(0, "Deals", deal)[0]


def zoho_task(opened: Office, deal: str, title: str, kind: str, **values: Any) -> str:
    task = {
        "Subject": title, "Status": "Not Started", "Duban_Kind": kind, "What_Id": {"id": deal, "module": "Deals"},
        "$se_module": "Deals", **values,
    }  # fmt: skip
    return opened.world.plant(0, "Tasks", task)[0]


def fxiaoke_project(opened: Office, people: People, name: str, **values: Any) -> str:
    project = {
        "name": name,
        "account__c": people.account,
        "status__c": "active",
        "start__c": ms("2026-05-06"),
        **values,
    }
    return opened.world.plant(1, "duban_project__c", project)[0]


def fxiaoke_task(opened: Office, project: str, title: str, kind: str, **values: Any) -> str:
    task = {"name": title, "project__c": project, "kind__c": kind, "status__c": "not_started", **values}
    return opened.world.plant(1, "duban_task__c", task)[0]


def fxiaoke_feedback(opened: Office, project: str, subject: str, kind: str, **values: Any) -> str:
    found = {"name": subject, "project__c": project, "kind__c": kind, "status__c": "new", **values}
    return opened.world.plant(1, "duban_feedback__c", found)[0]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("practices")) as made:
        plant(made)
        made.sync()
        yield made


def plant(opened: Office) -> None:
    """Plant two clients and a project for each practice."""
    world = opened.world
    (account,) = world.plant(0, "Accounts", {"Account_Name": "华星"})
    wang, li = world.plant(
        0, "Contacts",
        {"Last_Name": "王总", "Email": "wang@huaxing.example", "Account_Name": {"id": account},
         "Duban_Roles": ["approver", "sponsor"]},
        {"Last_Name": "李工", "Email": "li@huaxing.example", "Account_Name": {"id": account},
         "Duban_Roles": ["key_user"], "Email_Opt_Out": True},
    )  # fmt: skip
    huaxing = People(account, wang, li)
    (acme,) = world.plant(1, "AccountObj", {"name": "Acme"})
    contacts = [
        {"name": "Ann Lee", "email": "ann@acme.example", "account_id": acme, "roles__c": ["approver", "sponsor"]},
        {"name": "Bo Chen", "email": "bo@acme.example", "account_id": acme, "roles__c": ["key_user"]},
        *({"name": f"Voter {n:02}", "email": f"voter{n}@acme.example", "account_id": acme} for n in range(SURVEYED)),
    ]
    ids = world.plant(1, "ContactObj", *contacts)
    clients = People(acme, ids[0], ids[1])
    _plant_zoho(opened, huaxing)
    _plant_fxiaoke(opened, clients)


def _plant_zoho(opened: Office, people: People) -> None:
    waiting = {"Status": "Waiting for input", "Due_Date": "2026-05-20", "Who_Id": {"id": people.wang}}
    expectations = zoho_project(opened, people, "期望")
    for title in ("项目章程", "需求规格", "项目计划"):
        zoho_task(opened, expectations, title, "sign_off", Duban_Stage="issued", **waiting)
    tracked = zoho_project(opened, people, "跟踪")
    zoho_task(opened, tracked, "无日期 Z", "action", Status="Waiting for input")
    report = zoho_project(opened, people, "周报")
    zoho_task(opened, report, "提供测试数据", "action", Duban_Side="client", **{**waiting, "Due_Date": "2026-05-08"})
    asked = {**waiting, "Due_Date": "2026-05-08", "Who_Id": {"id": people.li}}
    zoho_task(opened, report, "提供账号清单", "action", **asked)
    zoho_task(
        opened, report, "我方接口开发", "action", Duban_Side="vendor", Status="In Progress", Due_Date="2026-05-07"
    )
    quality = zoho_project(opened, people, "质量")
    zoho_task(opened, quality, "设计文档", "deliverable_review", Duban_Stage="preparing", Status="In Progress")
    closing = zoho_project(opened, people, "收尾", Duban_Lifecycle="delivered")
    zoho_task(opened, closing, "系统验收", "acceptance", Duban_Stage="testing", **waiting)
    zoho_project(opened, people, "一期")
    zoho_project(opened, people, "二期")
    zoho_project(opened, people, "三期", Duban_Lifecycle="planned")


def _plant_fxiaoke(opened: Office, people: People) -> None:
    quiet = fxiaoke_project(opened, people, "Quiet")
    fxiaoke_feedback(
        opened, quiet, "Minutes look fine", "comment", contact__c=people.wang, submitted_at__c=ms("2026-05-06T09:30")
    )
    tracked = fxiaoke_project(opened, people, "Tracked")
    fxiaoke_task(opened, tracked, "No date F", "action", status__c="waiting_client")
    risky = fxiaoke_project(opened, people, "Risky")
    fxiaoke_task(opened, risky, "Key supplier late", "risk", stage__c="monitoring", status__c="in_progress")
    engaged = fxiaoke_project(opened, people, "Engaged")
    fxiaoke_task(opened, engaged, "Kick-off", "meeting", stage__c="planned")
    fxiaoke_task(opened, engaged, "Give access", "action", side__c="vendor", due__c=ms("2026-05-11"))
    fxiaoke_task(opened, engaged, "Name key users", "action", status__c="waiting_client", due__c=ms("2026-05-08"))
    fxiaoke_project(opened, people, "Surveyed")
    changing = fxiaoke_project(opened, people, "Changing")
    fxiaoke_task(opened, changing, "UAT", "milestone", due__c=ms("2026-05-08"), stage__c="planned")
    fxiaoke_task(opened, changing, "Add an interface", "change_request", stage__c="quoted", status__c="waiting_client")


def subjects(opened: Office) -> tuple[list[str], list[str]]:
    """Give the titles of the live tasks in both CRMs."""
    zoho, fxiaoke = opened.world.live(0, "Tasks"), opened.world.live(1, "duban_task__c")
    return [str(row["Subject"]) for row in zoho.values()], [str(row["name"]) for row in fxiaoke.values()]


# --- the practices ----------------------------------------------------------------------------------------------------


def test_4_a_task_without_a_date_in_either_crm_is_listed_as_such_and_never_overdue(opened: Office) -> None:
    for project, title in (("跟踪", "无日期 Z"), ("Tracked", "No date F")):
        for moment in ("", "2026-12-01"):
            assert [item["title"] for item in opened.show(project, moment)["undated"]] == [title]
        flags = {(flag["code"], flag["uid"]) for flag in opened.show(project)["flags"]}
        assert "no_due" in {code for code, _ in flags}
    late = opened.type("overdue", "--as-of", "2026-12-01", "--json").json["overdue"]
    assert late
    assert not {"无日期 Z", "No date F"} & {item["title"] for item in late}


def test_7_a_deliverable_returned_twice_is_in_its_third_round_and_each_wait_is_on_its_side(opened: Office) -> None:
    story = [
        ("05-06T10:00", "delivered"), ("05-08T10:00", "changes_requested"), ("05-08T11:00", "rework"),
        ("05-09T10:00", "delivered"), ("05-13T10:00", "changes_requested"), ("05-13T11:00", "rework"),
        ("05-14T10:00", "delivered"), ("05-15T10:00", "approved"),
    ]  # fmt: skip
    for moment, stage in story:
        opened.at(f"2026-{moment}")
        opened.type("stage", "设计文档", stage, "--by", "小陈")
    opened.sync(1)
    held = opened.type("ball", "设计文档", "--json").json["ball"]
    moves = [(move["side"], move["at_ms"] // 86_400_000 * 86_400_000) for move in held if move["cause"] == "person"]
    assert [side for side, _ in moves] == ["client", "vendor", "client", "vendor", "client", "none"]
    spans = [(moves[n][0], (moves[n + 1][1] - moves[n][1]) // 86_400_000) for n in range(5)]
    assert spans == [("client", 2), ("vendor", 1), ("client", 4), ("vendor", 1), ("client", 1)]
    (row,) = [row for row in opened.world.live(1, "duban_task__c").values() if row["name"] == "设计文档"]
    assert (row["stage__c"], row["status__c"]) == ("approved", "done")
    told = opened.type("why", "设计文档", "round", "--json").out
    assert '"3"' in told
    (seen,) = opened.show("质量")["rounds"]
    assert (seen["rounds"], seen["first_pass"]) == (3, False)
    waits = [(turn["side"], turn["working_days"]) for turn in seen["turns"] if turn["since"] != turn["until"]]
    assert waits[-5:] == [("client", 2), ("vendor", 1), ("client", 3), ("vendor", 1), ("client", 1)]  # 10 May is off
    assert "客户天数" in opened.type("project", "show", "质量", lang="zh").out


def test_1_a_new_version_outdates_the_signature_and_asks_for_another(opened: Office) -> None:
    opened.at("2026-05-15T14:00")
    for title in ("项目章程", "需求规格", "项目计划"):
        opened.type("set", "task", title, "doc_version=v1", "--quiet")
    for title in ("项目章程", "需求规格"):
        opened.type("sign", title, "--signer", "王总", "--method", "email", "--by", "小陈")
    assert "2 of 3 signed" in opened.type("project", "show", "期望").out
    opened.at("2026-05-18T09:00")
    opened.type("set", "task", "需求规格", "doc_version=v2", "--quiet")
    opened.sync()
    shown = opened.type("project", "show", "期望").out
    assert "1 of 3 signed" in shown
    dossier = opened.show("期望")
    states = {view["title"]: view["state"] for view in dossier["sign_offs"]}
    (again,) = [title for title in states if title not in ("项目章程", "需求规格", "项目计划")]
    assert (states["项目章程"], states["需求规格"], states[again]) == ("signed", "superseded", "unsigned")
    assert "v2" in again
    assert again in {item["title"] for item in dossier["client_items"]}
    assert all(again in titles for titles in subjects(opened))
    before = opened.show("期望", "2026-05-15T18:00")
    assert sum(view["in_force"] for view in before["sign_offs"]) == 2
    opened.type("journal", "verify")
    findings = opened.type("doctor", "--json", code=(0, 1, 2, 4)).json["findings"]
    assert [one["level"] for one in findings if one["where"] == "ledger"] == ["ok"]


def test_2_silence_is_told_on_the_eleventh_day_with_the_last_word_and_its_record(opened: Office) -> None:
    opened.type("set", "project", "Quiet", "cadence=weekly", "--quiet")
    assert "silence" not in {flag["code"] for flag in opened.show("Quiet", "2026-05-19T23:00")["flags"]}
    # After the 6th, with Saturday the 9th worked, the 19th is the tenth working day and the 20th the eleventh.
    (silent,) = [flag for flag in opened.show("Quiet", "2026-05-20T00:10")["flags"] if flag["code"] == "silence"]
    (record,) = [
        id_ for id_, row in opened.world.live(1, "duban_feedback__c").items() if row["name"] == "Minutes look fine"
    ]
    (reason,) = silent["reasons"]
    assert (silent["since"], reason["data"]["last"]) == ("2026-05-20", "2026-05-06")
    assert reason["data"]["ref"] in {f"fxiaoke:{record}", *(f"zoho:{id_}" for id_ in opened.world.live(0, "Cases"))}
    assert "silence" in opened.type("project", "show", "Quiet", "--as-of", "2026-05-20T10:00").out


def test_5_a_risk_of_four_by_four_not_looked_at_is_red_and_its_review_overdue(opened: Office) -> None:
    opened.at("2026-05-18T10:00")
    opened.type(
        "review-risk", "Key supplier late", "-p", "4", "-i", "4", "--joint", "--on", "2026-05-11", "--by", "小陈"
    )
    dossier = opened.show("Risky", "2026-05-26T10:00")  # the eleventh working day after the 11th
    (signal,) = [one for one in dossier["health"]["signals"] if one["code"] == "H3"]
    assert (signal["level"], dossier["health"]["level"]) == ("red", "red")
    assert dossier["risks"][0]["review_overdue_bd"] == 1
    shown = opened.type("project", "show", "Risky", "--as-of", "2026-05-26T10:00").out
    assert re.search(r"H3 .*red .*review overdue .*1", shown)
    assert opened.show("Risky", "2026-05-25T10:00")["risks"][0]["review_overdue_bd"] == 0


def test_5_a_risk_that_a_crm_says_occurred_is_an_issue_in_both_once(opened: Office) -> None:
    opened.at("2026-05-18T10:30")
    (risk,) = [id_ for id_, row in opened.world.live(1, "duban_task__c").items() if row["name"] == "Key supplier late"]
    opened.world.edit(1, "duban_task__c", risk, {"stage__c": "occurred", "status__c": "done"})
    opened.sync()
    opened.sync()
    issues = [row for row in opened.world.live(1, "duban_task__c").values() if row.get("kind__c") == "issue"]
    assert [row["name"].endswith("Key supplier late") for row in issues] == [True]
    there = [row for row in opened.world.live(0, "Tasks").values() if row.get("Duban_Kind") == "issue"]
    assert [row["Subject"] for row in there] == [issues[0]["name"]]
    assert "occurred, an issue now" in opened.type("report", "raid", "Risky", "--lang", "en", "--preview").out


def test_6_engagement_is_one_number_from_what_was_measured_and_weighs_anew_without_a_survey(opened: Office) -> None:
    opened.at("2026-05-18T11:00")
    opened.type("ball", "Give access", "--to", "client", "--reason", "accounts", "--at", "2026-05-06T15:00")
    opened.type("ball", "Give access", "--to", "vendor", "--reason", "given", "--at", "2026-05-11T10:00")
    opened.type("meeting", "Kick-off", "--held", "2026-05-12T14:00", "--invited", "Bo Chen", "--attended", "Ann Lee")
    opened.type("stage", "Name key users", "done", "--at", "2026-05-18T10:30")
    without = opened.show("Engaged")["engagement"]
    parts = {part["name"]: (part["value"], part["n"]) for part in without["parts"]}
    # four working days until access was asked back for, nine until the users were named: 6.5 in the middle
    assert (parts["responsiveness"], parts["attendance"]) == (("38.9", 2), ("50.0", 2))
    assert parts["survey"] == (None, 0)
    assert without["index"] == expected(parts)
    opened.type("survey", "Engaged", "--wave", "kick-off", "--contact", "Ann Lee", "--contact", "Bo Chen")
    opened.type("answer", "Ann Lee", "--wave", "kick-off", "--scale", "1-5", "--score", "4", "--project", "Engaged")
    asked = opened.show("Engaged")["engagement"]
    parts = {part["name"]: (part["value"], part["n"]) for part in asked["parts"]}
    assert parts["survey"] == ("50.0", 2)
    assert asked["index"] == expected(parts)
    assert opened.show("Quiet")["engagement"]["index"] is None


WEIGHTS = {"on_time": 35, "responsiveness": 25, "attendance": 20, "survey": 10, "breadth": 10}


def expected(parts: dict[str, tuple[str | None, int]]) -> int:
    """Reckon the index from its parts as the rule says, rounding half up at the end."""
    told = {name: Decimal(value) for name, (value, _) in parts.items() if value is not None}
    weight = sum(WEIGHTS[name] for name in told)
    assert weight >= 50
    total = sum(WEIGHTS[name] * value for name, value in told.items())
    return int(total / weight + Decimal("0.5"))


def test_8_a_project_with_an_open_condition_is_closed_by_nobody(opened: Office) -> None:
    opened.at("2026-05-18T14:00")
    done = opened.type(
        "accept", "系统验收", "--signer", "王总", "--condition", "补齐操作手册", "--due", "2026-05-29", "--json"
    ).json["act"]
    (punch,) = done["made"]
    opened.type("lifecycle", "收尾", "accepted")
    for kind in ("report_issued", "retro_held", "survey_sent"):
        opened.type("note", "project", "收尾", kind, "--quiet")
    refused = opened.type("lifecycle", "收尾", "closed", code=2)
    assert "补齐操作手册" in refused.err
    opened.sync()
    (deal,) = [id_ for id_, row in opened.world.live(0, "Deals").items() if row["Deal_Name"] == "收尾"]
    opened.world.edit(0, "Deals", deal, {"Duban_Lifecycle": "closed"})
    opened.at("2026-05-18T15:00")
    opened.sync()
    (item,) = [one for one in opened.type("projects", "--json").json["projects"] if one["name"] == "收尾"]
    assert (item["lifecycle"], item["needs_person"]) == ("accepted", True)
    asked = opened.type("conflicts", "list", "--json").json["conflicts"]
    assert any(one["field"] == "lifecycle" and "收尾" in str(one) for one in asked)
    other = [row for row in opened.world.live(1, "duban_project__c").values() if row["name"] == "收尾"]
    assert other[0]["status__c"] == "accepted"  # nothing was pushed over the question
    assert opened.type("closure", "收尾", code=4).out
    opened.type("stage", punch, "done")
    assert opened.type("closure", "收尾").code == 0
    opened.sync()
    (item,) = [one for one in opened.type("projects", "--json").json["projects"] if one["name"] == "收尾"]
    assert item["lifecycle"] == "closed"


def test_9_a_cause_that_comes_back_is_proposed_to_the_next_plan_of_that_client(opened: Office) -> None:
    first = opened.type(
        "add", "feedback", "subject=数据来得晚", "kind=lesson", "cause=late_client_data", "project=一期", "--json"
    ).json["uid"]
    opened.type(
        "add", "task", "title=开工前核对数据清单", "kind=action", "project=一期", f"improvement_of={first}", "--quiet"
    )
    assert opened.show("三期")["proposals"] == []
    opened.type(
        "add", "feedback", "subject=数据又晚", "kind=lesson", "cause=late_client_data", "project=二期", "--quiet"
    )
    opened.sync()
    (proposal,) = opened.show("三期")["proposals"]
    assert (proposal["cause"], proposal["title"], len(proposal["lessons"])) == (
        "late_client_data",
        "开工前核对数据清单",
        2,
    )
    assert "开工前核对数据清单" in opened.type("project", "show", "三期", lang="zh").out
    lessons = [row for row in opened.world.live(1, "duban_feedback__c").values() if row.get("kind__c") == "lesson"]
    assert {row["name"] for row in lessons} == {"数据来得晚", "数据又晚"}


def test_10_four_answers_give_no_score_and_sixteen_one_with_its_margin(opened: Office) -> None:
    project = next(id_ for id_, row in opened.world.live(1, "duban_project__c").items() if row["name"] == "Surveyed")
    voters = {row["name"]: id_ for id_, row in opened.world.live(1, "ContactObj").items()}

    def vote(first: int, last: int) -> None:
        for n in range(first, last):
            fxiaoke_feedback(
                opened, project, f"NPS {n}", "nps", score__c=str(10 if n % 4 else 3), scale__c="0-10", wave__c="Q2",
                contact__c=voters[f"Voter {n:02}"], submitted_at__c=ms("2026-05-18T10:00"), body__c=f"words {n}",
            )  # fmt: skip

    vote(0, 4)
    opened.sync()
    result = opened.show("Surveyed")["satisfaction"]
    (score,) = result["scores"]
    assert (score["n"], score["value"], score["suppressed"]) == (4, None, True)
    assert len(result["verbatims"]) == 4
    vote(4, SURVEYED)
    opened.sync()
    (score,) = opened.show("Surveyed")["satisfaction"]["scores"]
    # 12 promoters, 4 detractors of 16: 50; 1.96 * 100 * sqrt((1 - .25) / 16) = 42.4
    assert (score["n"], score["value"], score["margin"], score["indicative"]) == (16, "50", "42.4", True)


def test_3_a_weekly_report_made_twice_is_the_same_bytes_and_a_change_makes_a_second_revision(opened: Office) -> None:
    opened.at("2026-05-18T16:00")
    first = opened.type("report", "weekly", "周报", "--week", "2026-W20", lang="zh").out
    again = opened.type("report", "weekly", "周报", "--week", "2026-W20", lang="zh").out
    assert first == again
    assert "提供测试数据" in first
    opened.type("promise", "提供测试数据", "2026-05-25", "--quiet")
    opened.type("stage", "提供测试数据", "done", "--at", "2026-05-15T10:00", "--quiet")
    changed = opened.type("report", "weekly", "周报", "--week", "2026-W20", lang="zh").out
    assert changed != first
    kept = opened.type("report", "list", "周报", "--json").json["reports"]
    revisions = sorted((one["revision"], one["id"]) for one in kept if one["report"] == "weekly")
    assert [number for number, _ in revisions] == [1, 2]
    assert opened.type("report", "show", str(revisions[0][1]), lang="zh").out.strip() == first.strip()


# --- the questions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["期望", "质量", "Risky", "Engaged", "收尾", "Changing", "三期"])
def test_no_page_of_a_project_shows_a_raw_code(opened: Office, name: str) -> None:
    for lang in ("zh", "en"):
        shown = opened.type("project", "show", name, "--as-of", "2026-06-18T16:00", lang=lang).out
        told = "\n".join(line for line in shown.splitlines() if "duban add" not in line)  # a line to be typed
        assert re.findall(r"\b[a-z]+(?:_[a-z]+)+\b|\b(?:stage|flag|why)\.\w+", told) == [], (name, lang)


@pytest.mark.parametrize("words", [("weekly", "周报"), ("digest", "周报", "--edition", "client"), ("closure", "周报")])
def test_f1_our_own_overdue_items_are_in_what_the_client_reads(opened: Office, words: tuple[str, ...]) -> None:
    opened.at("2026-05-18T16:00")
    for lang in ("zh", "en"):
        shown = opened.type("report", *words, "--preview", lang=lang).out
        assert "我方接口开发" in shown


def test_f2_who_opted_out_is_in_no_list_of_mail_and_still_in_the_list_of_calls(opened: Office) -> None:
    config = opened.world.config
    before = config.read_text()
    letters = config.parent / "letters"
    config.write_text(
        f'{before}\n[notices]\nsend = true\nto_clients = true\nclients = "letters"\ninternal = "letters"\n'
        f'[notices.channels.letters]\nkind = "file"\nfolder = "{letters}"\n'
    )
    try:
        document = opened.type("notices", "preview", "--as-of", "2026-05-18T10:00", "--json").json
    finally:
        config.write_text(before)
    to = {str(one["data"]["to"]["email"]) for one in document["messages"]}
    assert "wang@huaxing.example" in to
    assert "li@huaxing.example" not in to
    assert "opted_out" in str(document["silent"])
    people = {line["name"]: line for line in opened.show("期望")["contacts"]}
    assert people["李工"]["opt_out"] is True
    assert "李工" in opened.type("report", "brief", "华星", "--preview", lang="zh").out


def test_f3_a_change_needs_its_cost_and_moves_the_plan_by_working_days(opened: Office) -> None:
    opened.type("set", "task", "Add an interface", "affected=UAT", "--quiet")
    words = ("decide", "Add an interface", "--approve", "--approver", "Ann Lee", "--impact", "one more interface")
    refused = opened.type(*words, "--days", "1", code=2)
    assert "cost" in refused.err
    assert "费用" in opened.type(*words, "--days", "1", code=2, lang="zh").err
    opened.type(*words, "--days", "1", "--cost", "0", "--on", "2026-05-07", "--by", "小陈")
    (line,) = opened.show("Changing")["milestones"]
    # Friday the 8th and one working day: Saturday the 9th is worked in exchange for the holidays
    assert (line["baseline"], line["approved"]) == ("2026-05-08", "2026-05-09")
    assert [version["version"] for version in opened.show("Changing")["baselines"]] == [1, 2]
    opened.sync()
    (row,) = [row for row in opened.world.live(0, "Tasks").values() if row["Subject"] == "UAT"]
    assert row["Due_Date"] == "2026-05-09"
