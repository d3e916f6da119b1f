"""What people decide at the desk ends up in the hub, the journal and the work list, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mapping.errors import InputError
from mapping.records import EntityKind
from store import hub, inbox, journal, links, quarantine, reviews, runs
from store.database import Database
from store.inbox import Item
from store.links import Link
from store.quarantine import Held
from store.reviews import Review
from store.runs import Run
from sync.bindings import uid_for
from sync.desk import Desk
from tests.support.clocks import StoppedClock

NOW_MS = 1_764_000_000_000


def resolve(url: str) -> tuple[str, str, str] | None:
    head = "https://crm.example/Tasks/"
    return ("zoho", "Tasks", url.removeprefix(head)) if url.startswith(head) else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    db = Database.open(f"sqlite:///{tmp_path / 'duban.db'}", clock=StoppedClock(NOW_MS))
    counter = iter(range(1, 10_000))
    yield Desk(
        db=db, clock=StoppedClock(NOW_MS), resolve_url=resolve, random_bytes=lambda n: next(counter).to_bytes(n, "big")
    )
    db.close()


def item(connection: str, remote_id: str, **doc: str) -> Item:
    return Item(None, connection, "task", "Tasks", remote_id, "1", 1, None, 1, None, dict(doc), seen_ms=NOW_MS)


def dirty(desk: Desk, entity: EntityKind = "task") -> dict[str, str]:
    with desk.db.read() as tx:
        return {mark.uid: mark.reason for mark in hub.dirty(tx, entity)}


def history(desk: Desk, uid: str, entity: EntityKind = "task") -> list[tuple[str, str, dict[str, list[object]]]]:
    with desk.db.read() as tx:
        assert journal.verify(tx) is None
        return [(entry.kind, entry.who, entry.changes) for entry in journal.of(tx, entity, uid)]


def linked(desk: Desk, uid: str, connection: str, remote_id: str) -> None:
    with desk.db.edit() as tx:
        shadow = {"title": "x"}
        links.insert(
            tx, [Link(None, "task", uid, connection, "Tasks", remote_id, shadow_hub=shadow, shadow_remote=shadow)]
        )


def test_a_record_is_added_changed_and_deleted(desk: Desk) -> None:
    client = desk.add("account", {"name": "北京某某科技"}, who="li")
    uid = desk.add(
        "project", {"name": "Go-live", "account": client, "budget": "1,200.50", "start": "2026-12-01"}, who="li"
    )
    with desk.db.read() as tx:
        row = hub.read(tx, "project", [uid])[uid]
    assert (row.values["account"], row.values["budget"], row.values["start"]) == (client, "1200.5", "2026-12-01")
    assert dirty(desk, "project") == {uid: "add"}

    assert desk.set("project", uid, {"start": "2026-12-08", "name": "Go-live"}, who="wu") == (uid, ["start"])
    assert desk.set("project", "Go-live", {"start": "2026-12-08"}) == (uid, [])
    assert desk.delete("project", uid, who="wu") == uid
    with desk.db.read() as tx:
        assert hub.read(tx, "project", [uid])[uid].state == "deleted"
    kinds = history(desk, uid, "project")
    assert [(kind, who) for kind, who, _ in kinds] == [("add", "li"), ("set", "wu"), ("delete", "wu")]
    assert kinds[1][2] == {"start": ["2026-12-01", "2026-12-08"]}
    with pytest.raises(InputError, match="is deleted"):
        desk.set("project", uid, {"name": "Back"})


def test_a_field_without_a_column_is_set_with_its_own_type(desk: Desk) -> None:
    client = desk.add("account", {"name": "A", "tier": "gold"})
    signer = desk.add("contact", {"name": "王丽", "account": client, "inactive": "no"})
    uid = desk.add("project", {"name": "P", "sponsor": "王丽", "approved_end": "2026-12-01"})
    change = desk.add("task", {"title": "CR", "project": uid, "change_cost": "1,200.50", "change_days": "0"})
    with desk.db.read() as tx:
        assert hub.read(tx, "project", [uid])[uid].values["sponsor"] == signer
        values = hub.read(tx, "task", [change])[change].values
        assert (values["change_cost"], values["change_days"]) == ("1200.5", "0")
        assert hub.read(tx, "contact", [signer])[signer].values["inactive"] is False
    assert desk.set("task", change, {"change_cost": ""}) == (change, ["change_cost"])
    with pytest.raises(InputError, match="expected one of escalate, avoid"):
        desk.set("task", change, {"response": "pray"})


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"titel": "x"}, 'task has no field "titel"; did you mean "title"?'),
        ({"zzzz": "x"}, "known:"),
        ({"title": "x", "due": "tomorrow"}, "due: expected a day such as 2026-12-01, found 'tomorrow'"),
        ({"title": "x", "due": "2026-02-30"}, "expected a day"),
        ({"title": "x", "status": "doing"}, "status: expected one of not_started, in_progress"),
        ({"title": "x", "severity": "S1"}, "computed by duban"),
        ({"title": "x", "key": "1"}, "computed by duban"),
        ({"title": "x", "owner": "nobody"}, "expected an e-mail address"),
        ({"title": "x", "project": "nothing"}, 'no project "nothing"'),
        ({"title": "x", "done_at": "noon"}, "expected a time"),
        ({"title": "x" * 200_000}, "longer than"),
        ({"due": "2026-12-01"}, "task needs title="),
        ({"title": "  "}, "task needs title="),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(desk: Desk, typed: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        desk.add("task", typed)
    assert said in caught.value.text()
    assert caught.value.text("zh") != caught.value.text("en")
    with desk.db.read() as tx:
        assert hub.count(tx, "task") == 0


def test_typed_values_take_their_normal_forms(desk: Desk) -> None:
    uid = desk.add(
        "contact",
        {
            "name": " 张三 ",
            "email": "Zhang@Client.Example",
            "mobile": "138 0013 8000",
            "opt_out": "是",
            "roles": "it,sponsor,it",
        },
    )
    with desk.db.read() as tx:
        values = hub.read(tx, "contact", [uid])[uid].values
    assert values["email"] == "zhang@client.example"
    assert values["mobile"] == "+8613800138000"
    assert values["opt_out"] is True
    assert values["roles"] == ["it", "sponsor"]
    assert desk.set("contact", uid, {"opt_out": "no", "mobile": "", "roles": ""})[1] == ["mobile", "opt_out", "roles"]
    with pytest.raises(InputError, match="true or false"):
        desk.set("contact", uid, {"opt_out": "perhaps"})
    with pytest.raises(InputError, match="cannot be blank"):
        desk.set("contact", uid, {"name": ""})


def test_numbers_instants_links_and_parents_are_read(desk: Desk) -> None:
    task = desk.add("task", {"title": "Sign", "done_at": "2026-11-24T08:00"})
    note = desk.add("comment", {"body": "two\nlines", "parent": f"task:{task}"})
    feedback = desk.add("feedback", {"subject": "s", "score": "-0.0"})
    account = desk.add("account", {"name": "a", "website": "HTTPS://Example.COM/"})
    with desk.db.read() as tx:
        assert hub.read(tx, "task", [task])[task].values["done_at"] == 1_763_942_400_000 + 365 * 86_400_000
        assert hub.read(tx, "comment", [note])[note].values["parent"] == f"task:{task}"
        assert hub.read(tx, "feedback", [feedback])[feedback].values["score"] == "0"
        assert hub.read(tx, "account", [account])[account].values["website"] == "https://example.com"
    for bad in ({"parent": "task"}, {"parent": "thing:1"}, {"parent": "task:none"}):
        with pytest.raises(InputError):
            desk.set("comment", note, bad)
    for bad in ({"score": "NaN"}, {"score": "1e400"}, {"score": "many"}):
        with pytest.raises(InputError):
            desk.set("feedback", feedback, bad)


def test_a_record_is_found_by_every_name_it_has(desk: Desk) -> None:
    uid = desk.add("task", {"title": "Send the data"})
    linked(desk, uid, "zoho", "5501")
    linked(desk, uid, "fxiaoke", "6a5b")
    for ref in (uid, "5501", "zoho:5501", "fxiaoke:6a5b", "https://crm.example/Tasks/5501", " Send the data "):
        assert desk.find(ref) == ("task", uid)
    for ref in ("zoho:6a5b", "https://elsewhere.example/1", "5502", ""):
        with pytest.raises(InputError, match="no record"):
            desk.find(ref)
    with pytest.raises(InputError, match="no contact"):
        desk.find("5501", "contact")
    desk.add("task", {"title": "Send the data"})
    with pytest.raises(InputError, match="may be several records"):
        desk.find("Send the data")
    with pytest.raises(InputError, match='no kind "tsak"'):
        desk.add("tsak", {})


def conflict(desk: Desk, uid: str, name: str, hub_value: object, **sides: object) -> int:
    with desk.db.edit() as tx:
        data = {"hub": hub_value, "sides": sides, "reason": "both_changed"}
        return reviews.put(tx, [Review(None, "conflict", "task", uid, field=name, data=data, opened_ms=NOW_MS)])[0]


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"take": "hub"}, "2026-12-01"),
        ({"take": "zoho"}, "2026-12-02"),
        ({"value": "2026-12-24"}, "2026-12-24"),
        ({"value": ""}, None),
    ],
)
def test_a_conflict_is_shown_and_decided(desk: Desk, answer: dict[str, str], value: object) -> None:
    uid = desk.add("task", {"title": "Sign"})
    id = conflict(desk, uid, "due", "2026-12-01", zoho="2026-12-02")
    shown = desk.conflicts()
    assert [(one.id, one.title, dict(one.sides)) for one in shown] == [
        (id, "Sign", {"hub": "2026-12-01", "zoho": "2026-12-02"})
    ]
    assert desk.conflict(id) == shown[0]
    desk.resolve_conflict(id, **answer, who="li")  # type: ignore[arg-type]
    with desk.db.read() as tx:
        review = reviews.get(tx, id)
    assert review is not None
    assert review.state == "resolved"
    assert review.resolution is not None
    assert review.resolution["value"] == value
    assert dirty(desk)[uid] == "resolve"
    assert history(desk, uid)[-1] == ("resolve", "li", {"due": ["2026-12-01", value]})
    assert desk.conflicts() == []
    with pytest.raises(InputError, match="decided already"):
        desk.resolve_conflict(id, take="hub")


def test_a_conflict_takes_no_stranger_and_no_nonsense(desk: Desk) -> None:
    uid = desk.add("task", {"title": "Sign"})
    id = conflict(desk, uid, "status", "done", zoho="In Progress", fxiaoke="in_progress")
    with pytest.raises(InputError, match="is no side of this conflict; sides: hub, fxiaoke, zoho"):
        desk.resolve_conflict(id, take="sap")
    with pytest.raises(InputError, match="give one with --value"):
        desk.resolve_conflict(id, take="zoho")
    with pytest.raises(InputError, match="expected one of"):
        desk.resolve_conflict(id, value="doing")
    with pytest.raises(InputError, match="no conflict 99"):
        desk.conflict(99)
    desk.resolve_conflict(id, take="fxiaoke")


def test_a_side_that_names_a_remote_record_is_taken_as_the_hub_row(desk: Desk) -> None:
    project = desk.add("project", {"name": "P"})
    task = desk.add("task", {"title": "Sign"})
    with desk.db.edit() as tx:
        links.insert(tx, [Link(None, "project", project, "zoho", "Deals", "77")])
    id = conflict(desk, task, "project", None, zoho="77", fxiaoke="88")
    with pytest.raises(InputError, match="give one with --value"):
        desk.resolve_conflict(id, take="fxiaoke")
    desk.resolve_conflict(id, take="zoho")
    with desk.db.read() as tx:
        review = reviews.get(tx, id)
    assert review is not None
    assert review.resolution is not None
    assert review.resolution["value"] == project


def test_a_side_is_taken_in_the_hub_s_own_words(desk: Desk) -> None:
    uid = desk.add("task", {"title": "Sign"})
    with desk.db.edit() as tx:
        data = {"hub": "done", "sides": {"zoho": "Waiting for input"}, "values": {"zoho": "waiting_client"}}
        (id,) = reviews.put(tx, [Review(None, "conflict", "task", uid, field="status", data=data)])
    assert dict(desk.conflict(id).sides) == {"hub": "done", "zoho": "waiting_client"}
    desk.resolve_conflict(id, take="zoho")
    with desk.db.read() as tx:
        review = reviews.get(tx, id)
    assert review is not None
    assert review.resolution is not None
    assert review.resolution["value"] == "waiting_client"


def match_review(desk: Desk, connection: str, remote_id: str, *candidates: tuple[str, str]) -> int:
    data = {"candidates": [list(one) for one in candidates], "reason": "ambiguous_match"}
    with desk.db.edit() as tx:
        one = Review(None, "match", "task", connection=connection, object="Tasks", remote_id=remote_id, data=data)
        return reviews.put(tx, [one])[0]


def answered(desk: Desk, id: int) -> dict[str, object]:
    with desk.db.read() as tx:
        review = reviews.get(tx, id)
    assert review is not None
    assert review.state == "resolved"
    assert review.resolution is not None
    return {key: value for key, value in review.resolution.items() if key != "who"}


def test_a_doubtful_record_is_accepted_or_refused(desk: Desk) -> None:
    one, two = desk.add("task", {"title": "One"}), desk.add("task", {"title": "Two"})
    with desk.db.edit() as tx:
        inbox.put(tx, [item("zoho", "5", title="One"), item("zoho", "6", title="Six")])
    many = match_review(desk, "zoho", "5", ("", one), ("", two))
    single = match_review(desk, "zoho", "6", ("", two))
    shown = desk.reviews()
    assert [(case.title, [candidate.title for candidate in case.candidates]) for case in shown] == [
        ("One", ["One", "Two"]), ("Six", ["Two"]),
    ]  # fmt: skip
    assert desk.review(many) == shown[0]
    with pytest.raises(InputError, match="name one of the candidates"):
        desk.accept(many)
    with pytest.raises(InputError, match="no task"):
        desk.accept(many, "nobody")
    desk.accept(many, one, who="li")
    assert answered(desk, many) == {"match": one}
    desk.reject(single)
    assert answered(desk, single) == {"new": True}
    with pytest.raises(InputError, match="decided already"):
        desk.reject(single)
    with pytest.raises(InputError, match="no review 99"):
        desk.review(99)
    assert desk.reviews() == []


def test_two_newcomers_that_are_one_answer_both_doubts(desk: Desk) -> None:
    left, right = item("zoho", "5", title="One"), item("fxiaoke", "a", title="One")
    with desk.db.edit() as tx:
        inbox.put(tx, [left, right])
    here = match_review(desk, "zoho", "5", ("fxiaoke", "a"))
    there = match_review(desk, "fxiaoke", "a", ("zoho", "5"))
    assert desk.review(here).candidates[0].title == "One"
    desk.accept(here, "fxiaoke:a")
    assert answered(desk, here) == answered(desk, there) == {"match": uid_for(right)}


def test_a_guarded_delete_is_accepted_or_refused(desk: Desk) -> None:
    uid = desk.add("task", {"title": "Sign"})
    with desk.db.edit() as tx:
        ids = reviews.put(tx, [Review(None, "delete", "task", uid, connection="zoho")])
    assert desk.reviews()[0].title == "Sign"
    desk.accept(ids[0])
    assert answered(desk, ids[0]) == {"accept": True}
    assert dirty(desk)[uid] == "decide"


def test_an_unlinked_record_is_linked_to_a_row_for_a_first_contact(desk: Desk) -> None:
    uid = desk.add("task", {"title": "Sign"})
    with desk.db.edit() as tx:
        inbox.put(tx, [item("zoho", "5", title="sign it")])
    assert desk.link("task", "zoho:5", uid, who="li") == uid
    with desk.db.read() as tx:
        link = links.by_remote(tx, "zoho", "Tasks", ["5"])["5"]
        assert (link.uid, link.state, link.shadow_hub, link.shadow_remote) == (uid, "live", {}, {})
        assert inbox.linked_uids(tx, "task") == [uid]
    with pytest.raises(InputError, match="already has a record at zoho"):
        with desk.db.edit() as tx:
            inbox.put(tx, [item("zoho", "6", title="other")])
        desk.link("task", uid, "zoho:6")
    with pytest.raises(InputError, match="neither"):
        with desk.db.edit() as tx:
            inbox.put(tx, [item("fxiaoke", "b", title="b")])
        desk.link("task", "zoho:6", "fxiaoke:b")


def test_two_rows_become_one_and_meet_anew(desk: Desk) -> None:
    keep, drop = desk.add("task", {"title": "Sign"}), desk.add("task", {"title": "Sign!"})
    linked(desk, keep, "zoho", "5")
    linked(desk, drop, "fxiaoke", "a")
    assert desk.link("task", "zoho:5", "fxiaoke:a") == keep
    with desk.db.read() as tx:
        row = hub.read(tx, "task", [drop])[drop]
        assert (row.state, row.meta["merged_into"]) == ("merged", keep)
        link = links.by_remote(tx, "fxiaoke", "Tasks", ["a"])["a"]
        assert (link.uid, link.shadow_remote) == (keep, {})
        assert inbox.by_remote(tx, "fxiaoke", "Tasks", ["a"])["a"].doc == {"title": "x"}
    assert desk.link("task", keep, keep) == keep


def test_an_unlinked_record_is_out_until_it_is_linked_again(desk: Desk) -> None:
    uid = desk.add("task", {"title": "Sign"})
    linked(desk, uid, "zoho", "5")
    linked(desk, uid, "fxiaoke", "a")
    with pytest.raises(InputError, match="names 2 linked remote records"):
        desk.unlink(uid)
    assert desk.unlink("zoho:5", who="li") == uid
    with desk.db.read() as tx:
        link = links.by_remote(tx, "zoho", "Tasks", ["5"])["5"]
    assert (link.state, link.notes["unlinked"]) == ("retired", True)
    assert desk.unlink(uid) == uid
    with pytest.raises(InputError, match="names 0"):
        desk.unlink(uid)
    assert desk.link("task", uid, "zoho:5") == uid
    with desk.db.read() as tx:
        assert links.by_remote(tx, "zoho", "Tasks", ["5"])["5"].state == "live"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_pairs_come_from_a_file_all_or_none(desk: Desk, tmp_path: Path, encoding: str) -> None:
    first, second = desk.add("task", {"title": "签字"}), desk.add("task", {"title": "验收"})
    with desk.db.edit() as tx:
        inbox.put(tx, [item("zoho", "5", title="a"), item("zoho", "6", title="b")])
    path = tmp_path / "pairs.csv"
    path.write_text("entity,a,b\ntask,签字,zoho:5\n\ntask,验收,zoho:7\n", encoding=encoding)
    with pytest.raises(InputError, match=r'line 4: no task "zoho:7"'):
        desk.import_links(path)
    with desk.db.read() as tx:
        assert links.by_uids(tx, "task", [first, second]) == {}
    path.write_text("task,签字,zoho:5\ntask,验收,zoho:6\n", encoding=encoding)
    assert desk.import_links(path) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"task,a\n", "line 1: expected entity,a,b"),
        (b"entity,a,b\nthing,a,b\n", "line 2"),
        (b"\xff\xff\xff", "neither UTF-8 nor GBK"),
    ],
)
def test_a_file_that_is_no_list_of_pairs_says_where(desk: Desk, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        desk.import_links(path)


def test_the_quarantine_is_shown_and_retried(desk: Desk) -> None:
    with desk.db.edit() as tx:
        ids = quarantine.put(tx, [Held(None, "zoho", "task", "Tasks", str(n), code="INVALID_DATA") for n in range(3)])
    assert [one.id for one in desk.quarantined()] == ids
    with pytest.raises(InputError, match=r"not in the quarantine: \[999\]"):
        desk.retry([ids[0], 999])
    assert desk.retry([ids[0]]) == 1
    assert desk.retry(None) == 3
    with desk.db.read() as tx:
        assert len(quarantine.due(tx, NOW_MS)) == 3


def test_runs_are_listed_newest_first(desk: Desk) -> None:
    with desk.db.edit() as tx:
        for n in range(3):
            runs.start(tx, Run(f"r{n}", "sync", NOW_MS + n))
    assert [one.id for one in desk.runs(2)] == ["r2", "r1"]


def test_the_only_candidate_may_be_a_newcomer_or_gone_by_now(desk: Desk) -> None:
    newcomer = item("fxiaoke", "a", title="One")
    with desk.db.edit() as tx:
        inbox.put(tx, [item("zoho", "5", title="One"), item("zoho", "6", title="Two"), newcomer])
    desk.accept(match_review(desk, "zoho", "5", ("fxiaoke", "a")))
    gone = match_review(desk, "zoho", "6", ("fxiaoke", "vanished"))
    assert desk.review(gone).candidates[0].title == ""
    with pytest.raises(InputError, match='no task "fxiaoke:vanished"'):
        desk.accept(gone)
    uid = desk.add("task", {"title": "Sign"})
    linked(desk, uid, "fxiaoke", "b")
    tied = match_review(desk, "zoho", "7", ("fxiaoke", "b"))
    desk.accept(tied)
    assert answered(desk, tied) == {"match": uid}


def test_codes_and_blanks_of_a_side_need_no_translation(desk: Desk) -> None:
    uid = desk.add("contact", {"name": "张三"})
    for sides, value in (({"zoho": ["it"]}, ["it"]), ({"zoho": None}, None)):
        with desk.db.edit() as tx:
            data = {"hub": None, "sides": sides}
            (id,) = reviews.put(tx, [Review(None, "conflict", "contact", uid, field="roles", data=data)])
        desk.resolve_conflict(id, take="zoho")
        with desk.db.read() as tx:
            review = reviews.get(tx, id)
        assert review is not None
        assert review.resolution is not None
        assert review.resolution["value"] == value


def test_without_connections_no_address_names_a_record(tmp_path: Path) -> None:
    db = Database.open(f"sqlite:///{tmp_path / 'duban.db'}", clock=StoppedClock(NOW_MS))
    with pytest.raises(InputError, match="no record"):
        Desk(db=db, clock=StoppedClock(NOW_MS)).find("https://crm.example/Tasks/5")
    db.close()
