"""Observe, plan, live; first contact; plans as files; rails that people open."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import RemoteUser
from mapping.errors import ConfigError, InputError, NeedsOperator
from store import runs, streams
from sync import planfile
from sync.checking import check_connections, diagnose, propose
from sync.engine import RoundOptions
from sync.spokes import Directory
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def plan_of(rig: Rig) -> tuple[Any, frozenset[str]]:
    report = rig.round("plan")
    return report, frozenset(line.digest for line in report.lines if line.digest)


@pytest.mark.parametrize("mode", ["observe", "plan"])
def test_only_a_live_connection_is_written_to(tmp_path: Path, mode: str) -> None:
    rig = Rig(tmp_path, each={"b": {"mode": mode}})
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.b.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    for _ in range(3):
        rig.round()
    assert rig.writes() == 0
    assert [row.values["name"] for row in rig.rows("contact")] == ["Ann Lee"]
    report, _ = plan_of(rig)
    assert report.counts["create"] == 2
    assert rig.writes() == 0


def test_a_first_contact_waits_for_its_approved_plan(tmp_path: Path) -> None:
    rig = Rig(tmp_path, first_contact="approve")
    rig.a.plant("contacts", {"name": "Ann Lee", "email": "ann@x.example"})
    rig.round()
    assert rig.rows("contact") == []
    assert rig.writes() == 0
    _, digests = plan_of(rig)
    for name in ("a", "b", "nobody"):
        rig.opener.approve(name)
        rig.opener.approve(name)
    report = rig.round("apply", approved=digests)
    assert report.exit_code == 0
    assert len(rig.b.live("contacts")) == 1


def test_items_whose_ground_moved_are_stale_and_only_they(rig: Rig) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.a.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    _, digests = plan_of(rig)
    rig.b.edit("contacts", theirs, {"title": "Chair"})
    report = rig.round("apply", approved=digests)
    assert report.counts["stale"] == 1
    assert report.counts["not_in_plan"] == 1
    assert report.exit_code == 4
    assert rig.b.live("contacts")[theirs]["title"] == "Chair"
    assert sorted(row["name"] for row in rig.b.live("contacts").values()) == ["Ann Lee", "Bo"]


def test_a_plan_of_many_planners_is_the_same_plan(rig: Rig) -> None:
    for number in range(20):
        rig.a.plant("contacts", {"name": f"C{number}", "email": f"c{number}@x.example"})
    assert plan_of(rig)[1] == plan_of(rig)[1]


# --- rails --------------------------------------------------------------------------------------------------------


def many(rig: Rig, count: int = 30) -> list[str]:
    rows = [{"name": f"C{n}", "email": f"c{n}@x.example", "title": "x"} for n in range(count)]
    ids = [rig.a.plant("contacts", row) for row in rows]
    rig.rest()
    return ids


def test_a_short_listing_is_accepted_as_far_as_it_was_named_and_no_farther(rig: Rig) -> None:
    ids = many(rig)
    for id_ in ids[15:]:
        rig.a.rows["contacts"].pop(id_)
    report = rig.round(full=True)
    assert report.guard is not None
    assert report.guard["allow"] == "listing=15"
    rig.a.rows["contacts"].pop(ids[14])
    assert rig.round(full=True, allow={"listing": 15}).exit_code == 8
    assert rig.round(full=True, allow={"listing": 14}).exit_code == 0


@pytest.mark.parametrize(("value", "rail"), [("y", "changes"), (None, "clears")])
def test_one_field_moving_on_many_records_is_held_shown_in_plans_and_accepted_by_number(
    rig: Rig, value: str | None, rail: str
) -> None:
    ids = many(rig)
    for id_ in ids[:25]:
        rig.a.edit("contacts", id_, {"title": value})
    shown, _ = plan_of(rig)
    assert shown.guard is not None
    assert shown.guard["allow"] == f"{rail}=25"
    assert shown.counts["patch"] == 25
    assert rig.round().exit_code == 8
    assert rig.round(allow={rail: 24}).exit_code == 8
    assert rig.round(allow={rail: 25}).exit_code == 0
    rig.rest()
    assert sum(row["title"] == value for row in rig.b.live("contacts").values()) == 25


def test_many_edits_in_the_hub_itself_are_held_too(rig: Rig) -> None:
    many(rig)
    rig.plain("UPDATE contact SET title = 'same'")
    assert rig.round().exit_code == 8
    assert all(row["title"] == "x" for row in rig.b.live("contacts").values())


def test_many_deletes_in_the_hub_itself_are_held_too(rig: Rig) -> None:
    many(rig)
    rig.plain("DELETE FROM contact WHERE name LIKE 'C1%'")
    report = rig.round()
    assert report.exit_code == 8
    assert report.guard is not None
    assert report.guard["rail"] == "deletes"
    assert len(rig.a.live("contacts")) == 30


def test_a_run_that_a_rail_stopped_is_kept_with_its_lines(rig: Rig) -> None:
    ids = many(rig)
    for id_ in ids[:9]:
        rig.a.remove("contacts", id_)
    report = rig.round()
    with rig.db.read() as tx:
        kept = runs.get(tx, report.run_id)
        lines = runs.items(tx, report.run_id)
    assert kept is not None
    assert kept.exit_code == 8
    assert sum(line["action"] == "archive" for line in lines) == 9


# --- plan files ---------------------------------------------------------------------------------------------------


def test_a_plan_file_is_read_back_to_the_letter_and_is_its_owners_alone(rig: Rig, tmp_path: Path) -> None:
    rig.a.plant("contacts", {"name": "王伟 \ud800?", "email": "wang@x.example"})
    rig.a.plant("contacts", {"name": "Ann", "email": "ann@x.example"})
    report, digests = plan_of(rig)
    path = tmp_path / "plan.json"
    planfile.write(path, report, {"a": "f1"}, {"a": "org-a"})
    assert path.stat().st_mode & 0o777 == 0o600
    body = planfile.read(path)
    assert frozenset(body["digests"]) == digests
    assert (body["run"], body["connections"], body["organisations"]) == (report.run_id, {"a": "f1"}, {"a": "org-a"})
    assert len(body["lines"]) == len(report.lines)
    rig.round("apply", approved=frozenset(body["digests"]))
    assert len(rig.b.live("contacts")) == 2


def test_a_changed_plan_file_is_refused(rig: Rig, tmp_path: Path) -> None:
    rig.a.plant("contacts", {"name": "Ann", "email": "ann@x.example"})
    report, _ = plan_of(rig)
    path = tmp_path / "plan.json"
    planfile.write(path, report, {}, {})
    text = path.read_text()
    path.write_text(text.replace("Ann", "Eve"))
    with pytest.raises(InputError, match="changed since"):
        planfile.read(path)


@pytest.mark.parametrize("text", ["", "not json\n{}", '{"sha256": 1}\n', "[]\n{}", '{"other": ""}\n{}'])
def test_what_is_no_plan_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError, match="is not a plan"):
        planfile.read(path)


def test_a_plan_of_another_program_version_is_refused(tmp_path: Path) -> None:
    import hashlib

    body = json.dumps({"schema": 99})
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest()}) + "\n" + body + "\n")
    with pytest.raises(InputError):
        planfile.read(path)


# --- opening ------------------------------------------------------------------------------------------------------


def test_another_organisation_behind_the_same_name_stops_that_connection_alone(rig: Rig) -> None:
    rig.ann()
    rig.b.org_id = "org-other"
    rig.clock.sleep(4000)
    report = rig.round()
    assert report.exit_code == 3
    assert "org-other" in (report.connections["b"].error or "")
    before = len(rig.b.writes())
    rig.a.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    rig.round()
    assert len(rig.b.writes()) == before
    with rig.db.read() as tx:
        state = streams.connection(tx, "b")
    assert state is not None
    assert "org-other" in (state.stopped or "")
    rig.b.org_id = "org-b"
    rig.rest()
    assert len(rig.b.live("contacts")) == 2
    with rig.db.read() as tx:
        healed = streams.connection(tx, "b")
    assert healed is not None
    assert healed.stopped is None


@pytest.mark.parametrize(("kind", "code"), [("auth", 5), ("transient", 6)])
def test_a_login_that_fails_is_named_and_the_other_connection_goes_on(rig: Rig, kind: Any, code: int) -> None:
    rig.b.fault(kind, "identify")
    rig.a.plant("contacts", {"name": "Ann", "email": "ann@x.example"})
    report = rig.round()
    assert report.exit_code == code
    assert len(rig.rows("contact")) == 1
    rig.rest()
    assert len(rig.b.live("contacts")) == 1


def test_metadata_is_asked_once_an_hour_and_at_once_for_other_settings(rig: Rig) -> None:
    def asked() -> int:
        return sum(call.name == "identify" for call in rig.a.calls)

    rig.round()
    rig.round()
    assert asked() == 1
    rig.clock.sleep(4000)
    rig.round()
    assert asked() == 2
    rig.configured[0] = replace(rig.configured[0], fingerprint="other")
    rig.round()
    assert asked() == 3


def test_a_map_that_cannot_work_stops_before_anything_is_read(rig: Rig) -> None:
    rig.fields("a", "contacts", title={"type": "bool"})
    report = rig.engine.begin("sync", {one.name: one.settings for one in rig.configured})
    with pytest.raises(ConfigError, match="title"):
        rig.spokes(report)
    assert not any(call.name == "pull" for call in rig.a.calls)


def test_an_optional_object_that_is_not_there_stays_in_the_hub(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps={"task": {"optional": True}})
    del rig.b.schemas["tasks"]
    rig.a.plant("tasks", {"title": "Sign"})
    rig.rest()
    assert len(rig.rows("task")) == 1
    assert rig.b.writes() == []


def test_people_are_known_by_mail_by_alias_by_id_and_by_their_stand_in() -> None:
    users = [
        RemoteUser(id="1", name="Wang", email="Wang@V.example"),
        RemoteUser(id="2", name="Li", email="li.old@v.example"),
        RemoteUser(id="3", name="Zhao", email=None),
        RemoteUser(id="4", name="Gone", email="gone@v.example", active=False),
    ]
    aliases = {"li@v.example": {"b": "li.old@v.example"}, "zhao@v.example": {"b": "3"}, "x@v.example": {"c": "9"}}
    who = Directory.build(users, aliases, "b", "wang@v.example")
    assert dict(who.emails) == {
        "1": "wang@v.example",
        "2": "li@v.example",
        "3": "zhao@v.example",
        "4": "gone@v.example",
    }
    assert dict(who.ids) == {"wang@v.example": "1", "li@v.example": "2", "zhao@v.example": "3"}
    assert who.fallback == "1"
    assert Directory.build(users, {}, "b", "3").fallback == "3"
    assert Directory.build(users, {}, "b", "nobody").fallback is None


# --- looking before a run -----------------------------------------------------------------------------------------


def levels(findings: Any, where: str) -> list[tuple[str, str]]:
    return [(one.level, one.message) for one in findings if one.where.startswith(where)]


def test_a_check_logs_in_everywhere_and_names_what_has_no_home(tmp_path: Path) -> None:
    rig = Rig(tmp_path, maps={"task": {"optional": True}, "contact": {"fields": {"title": {"optional": True}}}})
    del rig.b.schemas["tasks"]
    schema = rig.b.schemas["contacts"]
    fields = {name: field for name, field in schema.fields.items() if name not in ("title", "mobile")}
    rig.b.schemas["contacts"] = replace(schema, fields=fields)
    found = check_connections(rig.opener, rig.configured)
    assert levels(found, "a") == [("ok", "logged in at Memory (org-a, production)")]
    mine = levels(found, "b")
    assert ("warn", "no object tasks there: task stays in the hub") in mine
    assert any(level == "error" and "mobile" in message for level, message in mine)
    assert any(level == "warn" and "title" in message for level, message in mine)
    rig.a.fault("auth", "identify")
    assert levels(check_connections(rig.opener, rig.configured), "a")[0][0] == "error"


def test_a_doctor_looks_at_disk_journal_clocks_and_what_waits(rig: Rig, tmp_path: Path) -> None:
    mine, theirs = rig.ann(title="CTO")
    rig.a.edit("contacts", mine, {"title": "CEO"})
    rig.b.edit("contacts", theirs, {"title": "CFO"})
    rig.round()
    rig.b.org_id = "other"
    rig.clock.sleep(4000)
    rig.round()
    connector: Any = rig.configured[0].connector
    connector.server_ms = lambda: rig.clock.now_ms() - 600_000
    found = diagnose(rig.db, rig.clock, rig.opener, rig.configured, tmp_path)
    assert [one.level for one in found if one.where == "journal"] == ["ok"]
    assert [one.where for one in found if "clock" in one.where] == ["a clock"]
    assert any(one.where == "store" and "conflict" in one.message for one in found)
    assert any(one.level == "error" and one.where == "b" for one in found)
    connector.server_ms = rig.clock.now_ms
    rig.plain("UPDATE journal SET who = 'somebody' WHERE seq = 2")
    again = diagnose(rig.db, rig.clock, rig.opener, rig.configured, tmp_path)
    assert [one.level for one in again if one.where == "journal"] == ["error"]
    assert not [one for one in again if "clock" in one.where]


def test_discover_proposes_a_map_that_names_what_is_missing_and_unused(tmp_path: Path) -> None:
    homes = {"remote": "job", "optional": True, "otherwise": "title"}
    rig = Rig(tmp_path, maps_at={"a": {"contact": {"fields": {"title": homes, "locale": False, "zone": False}}}})
    del rig.a.schemas["tasks"]
    out = propose(rig.configured[0])
    assert out["maps"]["task"] == {"object": "tasks", "missing": True}
    assert out["maps"]["contact"]["fields"]["email"] == "email"
    assert "# [map.task.a]  object 'tasks' is not there" in out["toml"]
    assert '# title = "job"  # not there: stays in the hub' in out["toml"]
    assert 'title = "title"  # text' in out["toml"]
    assert "# hub fields without a home: locale, zone" in out["toml"]
    assert "# remote fields not used: locale, zone" in out["toml"]


def test_a_round_reports_progress_and_its_end_whatever_happens(rig: Rig) -> None:
    seen: dict[str, int] = {}
    rig.engine._progress = lambda what, count: seen.__setitem__(what, seen.get(what, 0) + count)
    rig.a.plant("contacts", {"name": "Ann", "email": "ann@x.example"})
    rig.round()
    assert seen["a.contact"] == 1
    assert seen["b.write"] == 1
    assert seen["plan.contact"] >= 1


def test_a_lost_organisation_pin_is_an_error_a_person_must_mend(rig: Rig) -> None:
    rig.round()
    rig.a.org_id = "elsewhere"
    with pytest.raises(NeedsOperator, match="elsewhere"):
        rig.opener.open(rig.configured[0], refresh=True)
    assert RoundOptions().kind == "sync"


def test_a_field_that_is_back_is_seen_at_once_and_not_an_hour_later(rig: Rig) -> None:
    schema = rig.a.schemas["contacts"]
    rig.a.schemas["contacts"] = replace(schema, fields={k: v for k, v in schema.fields.items() if k != "title"})
    with pytest.raises(ConfigError):
        rig.round()
    rig.a.schemas["contacts"] = schema
    assert rig.round().exit_code == 0


def test_an_organisation_in_a_zone_that_nobody_knows_stops_its_connection_alone(rig: Rig) -> None:
    rig.a.zone = "Mars/Olympus"
    rig.b.plant("contacts", {"name": "Bo", "email": "bo@x.example"})
    report = rig.round()
    assert report.exit_code == 3
    assert report.problems_in("en")[0].startswith("a: the organisation's time zone is not known here: Mars/Olympus")
    assert [row.values["name"] for row in rig.rows("contact")] == ["Bo"]
    rig.a.zone = "Asia/Shanghai"
    assert rig.round().exit_code == 0
